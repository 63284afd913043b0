//! Making connections.

use crate::{Answers, TlsStream};
use handfast::config::{ConfigSource, Limits};
use handfast::crypto::Provider;
use handfast::pki_types::ServerName;
use handfast::{Answer, ClientConfig, Connection, Error, ServerConfig, Time, Wait};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};

/// Makes clients' connections.
#[derive(Clone, Debug)]
pub struct Connector {
    config: Arc<ClientConfig>,
    answers: Option<Answers>,
}

impl Connector {
    /// All with this config.
    pub fn new(config: Arc<ClientConfig>) -> Self {
        Self { config, answers: None }
    }

    /// With someone who answers what the config will only answer later. Without one such a question is an error.
    pub fn with_answers<F, A>(mut self, answer: F) -> Self
    where
        F: Fn(Wait) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        self.answers = Some(Answers::new(answer));
        self
    }

    /// A handshake with the server of this name, over `io`.
    pub fn connect<IO>(&self, name: ServerName<'static>, io: IO) -> Handshake<IO>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        match Connection::client(self.config.clone(), name, Time::now()) {
            Ok(connection) => Handshake::of(connection, io, self.answers.clone()),
            Err(error) => Handshake(Place::Failed(error)),
        }
    }
}

/// Makes servers' connections.
#[derive(Clone)]
pub struct Acceptor {
    listen: Listen,
    answers: Option<Answers>,
}

#[derive(Clone)]
enum Listen {
    Config(Arc<ServerConfig>),
    Source(Arc<dyn ConfigSource>, Arc<dyn Provider>, Limits),
}

impl Acceptor {
    /// All with this config.
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self { listen: Listen::Config(config), answers: None }
    }

    /// Each with a config that is chosen when the client has said whom it wants. `provider` and `limits` serve until then.
    pub fn by_hello(source: Arc<dyn ConfigSource>, provider: Arc<dyn Provider>, limits: Limits) -> Self {
        Self { listen: Listen::Source(source, provider, limits), answers: None }
    }

    /// With someone who answers what the config will only answer later. Without one such a question is an error.
    pub fn with_answers<F, A>(mut self, answer: F) -> Self
    where
        F: Fn(Wait) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        self.answers = Some(Answers::new(answer));
        self
    }

    /// A handshake with a client, over `io`.
    pub fn accept<IO>(&self, io: IO) -> Handshake<IO>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let connection = match &self.listen {
            Listen::Config(config) => Connection::server(config.clone()),
            Listen::Source(source, provider, limits) => {
                Connection::server_by_hello(source.clone(), provider.clone(), limits.clone())
            }
        };
        Handshake::of(connection, io, self.answers.clone())
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").field("answers", &self.answers).finish_non_exhaustive()
    }
}

/// A handshake: gives a [`TlsStream`] with all of its own flight on the wire. If it fails, the alert is on the wire when it says so, and the
/// [`io::Error`] has an [`Error`] inside.
///
/// On failure `IO` is dropped. A socket that is closed while bytes wait in it unread is reset, and the peer may then never
/// see the alert: a server that cares gives `&mut` of its socket, and after a failure shuts that down for writing, and
/// reads on for a moment before it closes it.
///
/// All that was done is kept in it between polls, so that it can stand in a `select!` by reference and be polled again.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Handshake<IO>(Place<IO>);

#[allow(clippy::large_enum_variant, reason = "the large one is the one that there is")]
enum Place<IO> {
    Going(TlsStream<IO>),
    Failed(Error),
    Done,
}

impl<IO> Handshake<IO> {
    /// Over any connection: one that is watched from its first message on, say.
    pub fn new(connection: Connection, io: IO) -> Self {
        Self::of(connection, io, None)
    }

    fn of(connection: Connection, io: IO, answers: Option<Answers>) -> Self {
        Self(Place::Going(TlsStream::new(connection, io, answers)))
    }

    /// With someone who answers what the config will only answer later. Without one such a question is an error.
    pub fn with_answers(mut self, answers: Answers) -> Self {
        if let Place::Going(stream) = &mut self.0 {
            stream.set_answers(answers);
        }
        self
    }

    /// With early data that is sent again if the server takes none of it: see [`Buffered::resend_early_data`]. The handshake then fails
    /// with [`handfast::ErrorKind::EarlyDataProtocol`] if the server chooses another application protocol.
    ///
    /// [`Buffered::resend_early_data`]: handfast::buffered::Buffered::resend_early_data
    pub fn resending_early_data(mut self) -> Self {
        if let Place::Going(stream) = &mut self.0 {
            stream.resend_early_data();
        }
        self
    }

    /// For a server: it is over as soon as early data is there, which is read as it comes, like all other plaintext, and may be answered
    /// at once; reading on does the rest of the handshake. Until that is done, as [`Connection::is_connected`] says, what is read may
    /// come from someone who is not there any more: see [`Buffered::read_early_data`].
    ///
    /// [`Buffered::read_early_data`]: handfast::buffered::Buffered::read_early_data
    pub fn reading_early_data(mut self) -> Self {
        if let Place::Going(stream) = &mut self.0 {
            stream.read_early_data();
        }
        self
    }

    /// Early data, which goes out when the handshake is polled; gives how much was taken, which is 0 if there is no room (any more), or
    /// not known to be any: the store is still being asked. What may be said so is told at [`Connection::send_early`], and whether the
    /// server has taken it is known after the handshake ([`handfast::Negotiated::early_data`]).
    ///
    /// # Errors
    /// Whatever ended the connection.
    pub fn send_early(&mut self, plaintext: &[u8]) -> Result<usize, Error> {
        match &mut self.0 {
            Place::Going(stream) => stream.send_early(plaintext),
            Place::Failed(error) => Err(error.clone()),
            Place::Done => Ok(0),
        }
    }

    /// The connection, as far as it has come; `None` once the handshake is over.
    pub fn connection(&self) -> Option<&Connection> {
        match &self.0 {
            Place::Going(stream) => Some(stream.connection()),
            Place::Failed(_) | Place::Done => None,
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Future for Handshake<IO> {
    type Output = io::Result<TlsStream<IO>>;

    /// # Panics
    /// If it is polled after it was done.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Place::Going(stream) = &mut self.0 {
            let done = ready!(stream.poll_handshake(cx));
            return Poll::Ready(match (std::mem::replace(&mut self.0, Place::Done), done) {
                (Place::Going(stream), Ok(())) => Ok(stream),
                (_, done) => Err(done.err().unwrap_or_else(|| io::ErrorKind::NotConnected.into())),
            });
        }
        match std::mem::replace(&mut self.0, Place::Done) {
            Place::Failed(error) => Poll::Ready(Err(error.into())),
            Place::Going(_) | Place::Done => panic!("a handshake was polled after it was done"),
        }
    }
}

impl<IO> fmt::Debug for Handshake<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Place::Going(_) => "Handshake(going)",
            Place::Failed(_) => "Handshake(failed)",
            Place::Done => "Handshake(done)",
        })
    }
}

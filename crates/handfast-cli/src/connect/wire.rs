//! A client's engine and its socket.

use super::fallback::{self, Ended};
use crate::events::{self, Translator};
use crate::exit::{Code, Failure};
use handfast::alert::AlertDescription;
use handfast::event::Event;
use handfast::message::{Dialect, Message};
use handfast::trace::{Direction, Observer, Trace};
use handfast::{Connection, Error, ErrorKind, Time};
use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// How many bytes are read at once: a record, and the start of the next.
const PIECE: usize = 32 << 10;

/// A client's engine and its socket. Both directions are driven by one task, and share the engine.
pub(super) struct Wire {
    pub(super) tls: RefCell<Connection>,
    pub(super) input: Input,
    pub(super) output: OwnedWriteHalf,
    /// What was said as early data, and in which application protocol.
    pub(super) early: Option<(Vec<u8>, Option<Vec<u8>>)>,
    last: Last,
}

/// What came from the socket, and was not taken yet.
pub(super) struct Input {
    socket: OwnedReadHalf,
    bytes: Vec<u8>,
    /// Where what is not taken begins and ends.
    start: usize,
    end: usize,
}

/// How far a handshake came, to say at which message it ended.
#[derive(Clone, Default)]
pub(super) struct Last(Arc<Mutex<Known>>);

#[derive(Clone, Copy, Default)]
struct Known {
    /// The newest message.
    newest: Option<(Direction, &'static str)>,
    /// We were asked for a certificate, and had none.
    without_certificate: bool,
}

impl Last {
    /// One that is kept by this observer, which hands on to another.
    pub(super) fn watching(mut next: impl Observer) -> (Self, impl Observer) {
        let last = Self::default();
        let keep = last.0.clone();
        let mut translator = Translator::default();
        let observer = move |trace: &Trace<'_>| {
            match translator.event(trace) {
                // A disguise: it says nothing of how far things came.
                Some(events::Event::Message { name: "ChangeCipherSpec", dialect: Dialect::Tls13, .. }) => {}
                Some(events::Event::Message { direction, name, raw, dialect, .. }) => {
                    let mut known = keep.lock().unwrap_or_else(PoisonError::into_inner);
                    known.newest = Some((direction, name));
                    known.without_certificate |= direction == Direction::Sent && is_empty_certificate(raw, dialect);
                }
                _ => {}
            }
            next.see(trace);
        };
        (last, observer)
    }

    fn known(&self) -> Known {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the handshake failed. Before TLS 1.3 an alert does not say that a certificate is missing (RFC 5246 7.4.6); we know.
    fn reason(&self, error: &Error) -> Failure {
        let mut failure = Failure::tls(error);
        let refused = matches!(error.kind(), ErrorKind::PeerAlert(AlertDescription::HANDSHAKE_FAILURE));
        if refused && self.known().without_certificate {
            let e = &mut failure.explanation;
            e.why = "the peer sent the alert handshake_failure: it asked for a client certificate, and we sent none."
                .into();
            if let Some(before) = error.before() {
                e.why += &format!(" Before, {before}.");
            }
            e.rule = "RFC 5246 7.4.6";
            e.remedy = "Give --cert and --key.".into();
        }
        failure
    }

    /// The failure, with the newest message where it names none.
    pub(super) fn name_in(&self, mut failure: Failure) -> Failure {
        let last = self.known().newest;
        if let Some((direction, name)) = last
            && failure.explanation.during.is_empty()
        {
            let whose = if direction == Direction::Sent { "our" } else { "the peer's" };
            failure.explanation.why += &format!(" The last message was {whose} {name}.");
            failure = failure.during(name);
        }
        failure
    }
}

fn is_empty_certificate(raw: &[u8], dialect: Dialect) -> bool {
    matches!(Message::decode(raw, dialect), Ok(Message::Certificate(m)) if m.list.is_empty())
}

/// Why nothing more comes.
#[derive(Debug)]
pub(super) enum End {
    Tls(Error),
    Io(io::Error),
}

impl Input {
    /// More from the socket; 0 bytes at its end.
    pub(super) async fn read(&mut self) -> io::Result<usize> {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        self.bytes.resize(self.end + PIECE, 0);
        let n = self.socket.read(&mut self.bytes[self.end..]).await?;
        self.end += n;
        Ok(n)
    }

    /// Lets the engine take what is there, up to the next event.
    pub(super) fn receive(&mut self, tls: &mut Connection) -> Result<Option<Event<'_>>, Error> {
        let received = tls.receive(&mut self.bytes[self.start..self.end], Time::now())?;
        self.start += received.used;
        Ok(received.event)
    }
}

impl Wire {
    pub(super) fn new(tls: Connection, socket: TcpStream, last: Last) -> Self {
        let (socket, output) = socket.into_split();
        let input = Input { socket, bytes: Vec::new(), start: 0, end: 0 };
        Self { tls: RefCell::new(tls), input, output, early: None, last }
    }

    /// Sends the beginning of stdin as early data, if the session allows that; or gives the reason why not, in a clause.
    pub(super) async fn say_early(&mut self) -> Result<Option<&'static str>, Failure> {
        let tls = self.tls.get_mut();
        let Some(room) = tls.early_data_room() else {
            return Ok(Some("there is no session of this server's that allows it"));
        };
        let protocol = tls.early_protocol().map(<[u8]>::to_vec);
        let mut said = vec![0; room.min(PIECE)];
        let read = tokio::io::stdin().read(&mut said).await;
        let n = read.map_err(|e| Failure::io(format!("stdin failed: {e}.")))?;
        said.truncate(n);
        if n == 0 {
            return Ok(Some("stdin is empty"));
        }
        let mut out = Vec::new();
        self.tls.get_mut().send_early(&said, &mut out).map_err(|e| Failure::tls(&e))?;
        self.early = Some((said, protocol));
        // If the peer is gone, the handshake will tell.
        let _ = self.output.write_all(&out).await;
        Ok(None)
    }

    /// After the handshake: what the server did not take is sealed again, unless the protocol is another (RFC 9846 4.3.10).
    pub(super) async fn say_again(&mut self) -> Result<(), Failure> {
        let tls = self.tls.get_mut();
        let Some((said, protocol)) = &self.early else { return Ok(()) };
        if tls.negotiated().early_data != Some(false) {
            return Ok(());
        }
        if tls.negotiated().alpn != *protocol {
            return Err(Failure::tls(&ErrorKind::EarlyDataProtocol.into()));
        }
        let mut out = Vec::new();
        tls.send(said, &mut out).map_err(|e| Failure::tls(&e))?;
        // If the peer is gone, reading will tell.
        let _ = self.output.write_all(&out).await;
        Ok(())
    }

    /// After the handshake: new keys for both directions. Whether there is such a thing.
    pub(super) async fn update_keys(&mut self) -> bool {
        let updated = self.tls.get_mut().update_keys(true, Time::now()).is_ok();
        // If the peer is gone, reading will tell.
        let _ = self.flush().await;
        updated
    }

    /// The handshake.
    pub(super) async fn handshake(&mut self) -> Result<(), Ended> {
        let end = match self.try_handshake().await {
            Ok(()) => return Ok(()),
            Err(end) => end,
        };
        // The alert, if there is one.
        let _ = self.flush().await;
        let intolerant = fallback::is_intolerant(&end, &self.tls.borrow());
        let failure = self.last.name_in(match end {
            End::Tls(error) => self.last.reason(&error),
            End::Io(error) => Failure::network(
                Code::Handshake,
                format!("the connection was cut during the handshake ({error})."),
                "Often a server that dislikes the offered versions or suites, or a firewall. Look at the peer's log; try \
                 another --policy or --max-version.",
            ),
        });
        Err(Ended { failure, intolerant })
    }

    async fn try_handshake(&mut self) -> Result<(), End> {
        loop {
            match self.input.receive(self.tls.get_mut()).map_err(End::Tls)? {
                Some(Event::Connected) => return self.flush().await.map_err(End::Io),
                Some(Event::Parked) => {
                    return Err(End::Tls(ErrorKind::AnswerFailed("what the tool never asks of others").into()));
                }
                Some(_) => continue,
                None => {}
            }
            // If the peer is gone, what it said before tells why.
            let unsent = self.flush().await.err();
            match (self.input.read().await, unsent) {
                (Ok(0) | Err(_), Some(error)) | (Err(error), None) => return Err(End::Io(error)),
                (Ok(0), None) => self.tls.get_mut().receive_eof().map_err(End::Tls)?,
                (Ok(_), _) => {}
            }
        }
    }

    /// Sends what waits to be sent.
    async fn flush(&mut self) -> io::Result<()> {
        let mut out = Vec::new();
        self.tls.get_mut().transmit(&mut out);
        self.output.write_all(&out).await
    }
}

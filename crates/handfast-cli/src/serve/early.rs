//! A connection whose first request may have come as early data, and is answered before the handshake is done (RFC 8470 3).
//!
//! That does no harm here: what is served is looked at and never changed by a request, early data is taken once, and an answer can be
//! read only by the client that asked. What is known of the client is known once it has finished, and is told then.

use super::lent::Lent;
use handfast::Connection;
use handfast_tokio::TlsStream;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The connection, which has time until some moment to be done with its handshake.
pub(super) struct Prompt<S> {
    stream: Lent<TlsStream<S>>,
    unfinished: Option<Unfinished>,
}

/// While the client has not finished.
struct Unfinished {
    until: Pin<Box<Sleep>>,
    finished: Finished,
}

/// Hears of it when the client has finished.
type Finished = Box<dyn FnOnce(&Connection) + Send>;

impl<S: AsyncRead + AsyncWrite + Unpin> Prompt<S> {
    /// `finished` is told at once if the handshake is done.
    pub(super) fn new(
        stream: Lent<TlsStream<S>>,
        until: Instant,
        finished: impl FnOnce(&Connection) + Send + 'static,
    ) -> Self {
        let unfinished = Unfinished { until: Box::pin(sleep_until(until)), finished: Box::new(finished) };
        let mut it = Self { stream, unfinished: Some(unfinished) };
        it.look();
        it
    }

    /// Tells when the client has finished.
    fn look(&mut self) {
        let stream = self.stream.stream();
        let connection = stream.connection();
        if connection.is_connected()
            && let Some(Unfinished { finished, .. }) = self.unfinished.take()
        {
            finished(connection);
        }
    }

    /// Whether what was read is early data: all is that comes before the client has finished.
    pub(super) fn is_early(&self) -> bool {
        self.unfinished.is_some()
    }

    /// Whether it has not, and it is too late.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        self.unfinished.as_mut().is_some_and(|u| u.until.as_mut().poll(cx).is_ready())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Prompt<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        self.look();
        match read.is_pending() && self.is_late(cx) {
            true => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            false => read,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Prompt<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// The client finishes first: it gets its tickets only then, and nothing after our close_notify. What else it says is not wanted any
    /// more.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.unfinished.is_some() {
            // The answer is on its way meanwhile.
            let _ = Pin::new(&mut self.stream).poll_flush(cx)?;
            let mut unwanted = [0; 1024];
            let read = self.as_mut().poll_read(cx, &mut ReadBuf::new(&mut unwanted));
            // If it has finished now, nothing more need come.
            if self.unfinished.is_some() {
                ready!(read)?;
            }
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handfast::config::EarlyDataRules;
    use handfast::crypto::Credential;
    use handfast::session::MemoryReplayStore;
    use handfast::verify::NotChecked;
    use handfast::{ClientConfig, Policy, ServerConfig, Time};
    use handfast_tokio::{Connector, Handshake};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::task::yield_now;

    /// A client that has said "early" and goes on if it is polled; and the server that has heard it.
    async fn half_way() -> (Handshake<DuplexStream>, TlsStream<DuplexStream>) {
        let key = rcgen::KeyPair::generate().expect("a key");
        let names = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let cert = names.self_signed(&key).expect("a certificate").pem();
        let own = Credential::from_pem(cert.as_bytes(), key.serialize_pem().as_bytes()).expect("both");
        let mut server = ServerConfig::new(Policy::default(), Arc::new(own));
        server.early_data = Some(EarlyDataRules::new(100, Arc::new(MemoryReplayStore::new(Time::default(), 10))));
        let mut client = ClientConfig::new(Policy::default(), Arc::new(NotChecked));
        client.early_data = true;
        let (connector, server) = (Connector::new(Arc::new(client)), Arc::new(server));
        let begin = || {
            let (near, far) = duplex(1 << 16);
            let name = "localhost".try_into().expect("a name");
            let far = Handshake::new(Connection::server(server.clone()), far).reading_early_data();
            (connector.connect(name, near), far)
        };
        let (near, far) = begin();
        let (near, far) = tokio::join!(near, far);
        let (mut near, mut far) = (near.expect("a client"), far.expect("a server"));
        far.write_all(b"!").await.expect("room");
        near.read_exact(&mut [0]).await.expect("tickets come before this");
        let (mut near, far) = begin();
        assert_eq!(near.send_early(b"early").expect("a session"), 5);
        tokio::select! {
            biased;
            _ = &mut near => panic!("nobody has answered"),
            () = yield_now() => {}
        }
        (near, far.await.expect("early data"))
    }

    fn prompt<S: AsyncRead + AsyncWrite + Unpin>(stream: TlsStream<S>, time: u64) -> (Prompt<S>, Arc<AtomicUsize>) {
        let (told, until) = (Arc::new(AtomicUsize::new(0)), Instant::now() + Duration::from_millis(time));
        let count = told.clone();
        let finished = move |_: &Connection| {
            count.fetch_add(1, Ordering::Relaxed);
        };
        (Prompt::new(Lent::new(stream), until, finished), told)
    }

    #[tokio::test]
    async fn the_client_finishes_before_we_close() {
        let (near, far) = half_way().await;
        let (mut far, told) = prompt(far, 20_000);
        far.read_exact(&mut [0; 5]).await.expect("early data");
        far.write_all(b"answer").await.expect("it may be answered");
        assert_eq!(told.load(Ordering::Relaxed), 0);
        // In a task of its own: nobody else wakes it.
        let shut = tokio::spawn(async move { far.shutdown().await });
        let hear = async {
            let mut all = String::new();
            near.await.expect("a handshake").read_to_string(&mut all).await.expect("close_notify");
            all
        };
        let heard = tokio::time::timeout(Duration::from_secs(10), hear).await.expect("it is closed");
        shut.await.expect("a task").expect("the client is there");
        assert_eq!((&*heard, told.load(Ordering::Relaxed)), ("answer", 1));
    }

    #[tokio::test]
    async fn one_that_never_finishes_is_not_waited_for() {
        for close in [false, true] {
            let (_near, far) = half_way().await;
            let (mut far, told) = prompt(far, 50);
            far.read_exact(&mut [0; 5]).await.expect("early data");
            let error = match close {
                true => far.shutdown().await,
                false => far.read(&mut [0]).await.map(drop),
            };
            assert_eq!(error.expect_err("it is late").kind(), io::ErrorKind::TimedOut);
            assert_eq!(told.load(Ordering::Relaxed), 0);
        }
    }
}

//! A stream that is lent, to hyper or to TLS: what they leave without a word is still ours to end properly.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a peer has to close its end of the socket too.
const LINGER: Duration = Duration::from_secs(2);

/// A handle of the stream. Only one task uses them, so that none waits for another.
pub(super) struct Lent<S>(Arc<Shared<S>>);

struct Shared<S> {
    stream: Mutex<S>,
    /// Whether something was read.
    heard: AtomicBool,
}

impl<S> Lent<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(Arc::new(Shared { stream: Mutex::new(stream), heard: AtomicBool::new(false) }))
    }

    /// Another handle of the same.
    pub(super) fn again(&self) -> Self {
        Self(self.0.clone())
    }

    /// Whether the peer has said anything.
    pub(super) fn has_heard(&self) -> bool {
        self.0.heard.load(Ordering::Relaxed)
    }

    /// The stream itself.
    pub(super) fn stream(&self) -> MutexGuard<'_, S> {
        self.0.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lent<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut *self.stream()).poll_read(cx, into);
        self.0.heard.fetch_or(into.filled().len() > before, Ordering::Relaxed);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lent<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream()).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream()).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream().is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_shutdown(cx)
    }
}

/// Closes a socket when the peer has heard all. One that is closed while bytes wait in it unread is reset: the peer's writes
/// then fail, and many peers never read what had come for them before, such as the alert that says why.
pub(super) async fn close(mut socket: Lent<TcpStream>) {
    let gently = async {
        socket.shutdown().await?;
        let mut unwanted = [0; 4096];
        while socket.read(&mut unwanted).await? > 0 {}
        io::Result::Ok(())
    };
    // A peer that resets it, or never closes, is no matter any more.
    let _ = timeout(LINGER, gently).await;
}

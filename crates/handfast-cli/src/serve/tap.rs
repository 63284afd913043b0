//! A stream whose data are events, too.

use super::early::Prompt;
use crate::events::{Connection, Event, Teller};
use handfast::trace::Direction;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Tells what is read and written.
pub(super) struct Tap<S> {
    stream: Prompt<S>,
    teller: Teller,
    connection: Connection,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Tap<S> {
    pub(super) fn new(stream: Prompt<S>, teller: Teller, connection: Connection) -> Self {
        Self { stream, teller, connection }
    }

    fn tell(&self, direction: Direction, bytes: &[u8], early: bool) {
        if !bytes.is_empty() {
            self.teller.tell(Some(self.connection), &Event::Data { direction, bytes, early });
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Tap<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        self.tell(Direction::Received, into.filled().get(before..).unwrap_or_default(), self.stream.is_early());
        Poll::Ready(Ok(()))
    }
}

/// Not vectored: what is told is what was taken of one piece.
impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let n = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.tell(Direction::Sent, bytes.get(..n).unwrap_or_default(), false);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

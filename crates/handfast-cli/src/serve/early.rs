//! A stream in front of which early data stands. It is handed on once the handshake is done: from then on it is known that the client
//! is there, and that nobody plays back what was heard before (RFC 8470 3).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Early data, then the stream.
pub(super) struct Behind<S> {
    early: Vec<u8>,
    taken: usize,
    stream: S,
}

impl<S> Behind<S> {
    pub(super) fn new(early: Vec<u8>, stream: S) -> Self {
        Self { early, taken: 0, stream }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Behind<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let rest = self.early.get(self.taken..).unwrap_or_default();
        if rest.is_empty() {
            self.early = Vec::new();
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let part = rest.get(..into.remaining()).unwrap_or(rest);
        into.put_slice(part);
        self.taken += part.len();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Behind<S> {
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

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn early_data_comes_first_whatever_the_pieces() {
        for size in 1..12 {
            let mut stream = Behind::new(b"early ".to_vec(), &b"and late"[..]);
            let (mut all, mut piece) = (Vec::new(), vec![0; size]);
            loop {
                match stream.read(&mut piece).await.expect("it is in memory") {
                    0 => break,
                    n => all.extend_from_slice(&piece[..n]),
                }
            }
            assert_eq!(all, b"early and late", "{size}");
        }
    }
}

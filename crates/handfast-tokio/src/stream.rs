//! The stream.

use crate::{Answering, Answers};
use handfast::buffered::{Buffered, Next};
use handfast::wire::numbers::ProtocolVersion;
use handfast::{Connection, Error, Time};
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

/// A connection over anything that tokio reads and writes.
///
/// [`AsyncBufRead`] gives plaintext without a copy, [`AsyncRead`] with one. A write takes its bytes and seals them at once, so
/// that it is never pending after it took something; what the socket would not have yet goes out first at the next write, flush or
/// shutdown. While a second handshake goes on ([`Connection::renegotiate`]) a write is pending; it reads, and holds what comes for whoever
/// reads next, 1 MiB at most. Shutting down says close_notify, then shuts `IO` down; reading may go on. Dropping it says nothing, which the
/// peer takes for a cut.
///
/// Errors of the connection are [`io::Error`]s with a [`handfast::Error`] inside; the alert is sent before they are
/// returned. An end without close_notify is [`io::ErrorKind::UnexpectedEof`].
pub struct TlsStream<IO> {
    io: IO,
    buffered: Buffered,
    answers: Option<Answers>,
    answering: Option<Answering>,
    failed: Option<Error>,
    /// The task that waits to write.
    writer: Option<Waker>,
    /// The tasks that wait for something to read: for data, and to write once a second handshake is done.
    readers: [Option<Waker>; 2],
}

/// What a task reads for: its place among [`TlsStream::readers`].
#[derive(Clone, Copy)]
enum Reading {
    /// Data, or the handshake.
    ForData,
    /// The end of a second handshake, behind which it can write.
    ToWrite,
}

impl<IO> TlsStream<IO> {
    pub(crate) fn new(connection: Connection, io: IO, answers: Option<Answers>) -> Self {
        Self {
            io,
            buffered: Buffered::new(connection),
            answers,
            answering: None,
            failed: None,
            writer: None,
            readers: [None, None],
        }
    }

    pub(crate) fn set_answers(&mut self, answers: Answers) {
        self.answers = Some(answers);
    }

    pub(crate) fn resend_early_data(&mut self) {
        self.buffered.resend_early_data();
    }

    pub(crate) fn read_early_data(&mut self) {
        self.buffered.read_early_data();
    }

    pub(crate) fn send_early(&mut self, plaintext: &[u8]) -> Result<usize, Error> {
        self.buffered.send_early(plaintext)
    }

    /// What came as early data and was not taken yet, apart from what is read: see
    /// [`Buffered::take_early_data`].
    pub fn take_early_data(&mut self) -> Vec<u8> {
        self.buffered.take_early_data()
    }

    /// The connection: all that was negotiated, exporters.
    pub fn connection(&self) -> &Connection {
        self.buffered.connection()
    }

    /// The connection, to update keys or to watch. What it then has to send goes out with the next write or flush.
    pub fn connection_mut(&mut self) -> &mut Connection {
        self.buffered.connection_mut()
    }

    /// What it stands on.
    pub fn get_ref(&self) -> &IO {
        &self.io
    }

    /// What it stands on. Bytes read or written past the connection break it.
    pub fn get_mut(&mut self) -> &mut IO {
        &mut self.io
    }

    /// What it stands on. Bytes that were read ahead are lost.
    pub fn into_inner(self) -> IO {
        self.io
    }

    /// The connection and what it stands on. Bytes that were read ahead are lost.
    pub fn into_parts(self) -> (Connection, IO) {
        (self.buffered.into_connection(), self.io)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> TlsStream<IO> {
    /// Until the handshake is done and our own flight on the wire; or early data is there to be read.
    pub(crate) fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.buffered.is_connected() {
            match ready!(self.poll_next(cx))? {
                Next::Closed => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
                Next::Data => break,
                Next::Read | Next::Answer | Next::Connected | Next::Renegotiated => {}
            }
        }
        let sent = self.poll_output_beside(cx);
        // Until the peer has our flight it reads, so this ends. A TLS 1.3 server's tickets it may leave until it wants data.
        let connection = self.buffered.connection();
        if connection.is_client() || connection.negotiated().version < Some(ProtocolVersion::TLS1_3) {
            ready!(sent)?;
        }
        Poll::Ready(Ok(()))
    }

    /// Goes on until there is data, or none any more, or the handshake is done.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Next>> {
        self.poll_next_for(cx, Reading::ForData, |_| false)
    }

    /// The same for one that reads for something, or until the connection is as `done` would have it.
    fn poll_next_for(
        &mut self,
        cx: &mut Context<'_>,
        reading: Reading,
        done: impl Fn(&Connection) -> bool,
    ) -> Poll<io::Result<Next>> {
        loop {
            if let Some(error) = self.failed.clone() {
                // A task that waits to write sends the alert too.
                if self.poll_output_beside(cx).is_pending() && error.alert().is_some() && self.writer.is_none() {
                    return Poll::Pending;
                }
                return Poll::Ready(Err(error.into()));
            }
            let advanced = match reading {
                Reading::ForData => self.buffered.advance(Time::now()),
                Reading::ToWrite => self.buffered.advance_to_write(Time::now()),
            };
            match advanced {
                Ok(Next::Read) if done(self.buffered.connection()) => return Poll::Ready(Ok(Next::Read)),
                Ok(Next::Read) => ready!(self.poll_fill(cx, reading))?,
                Ok(Next::Answer) => ready!(self.poll_answer(cx, reading))?,
                Ok(Next::Closed) => {
                    // Up to TLS 1.2 it has been answered. A peer that is gone already does not need that.
                    let _ = self.poll_output_beside(cx);
                    return Poll::Ready(Ok(Next::Closed));
                }
                Ok(next) => return Poll::Ready(Ok(next)),
                Err(error) => self.failed = Some(error),
            }
        }
    }

    /// Sends what can be sent, and reads: neither waits for the other.
    fn poll_fill(&mut self, cx: &mut Context<'_>, reading: Reading) -> Poll<io::Result<()>> {
        let unsent = match self.poll_output_beside(cx) {
            // If the peer is gone, what it said before tells why.
            Poll::Ready(Err(e)) if matches!(e.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {
                Some(e)
            }
            Poll::Ready(Err(e)) => return Poll::Ready(Err(e)),
            Poll::Ready(Ok(())) | Poll::Pending => None,
        };
        let all = self.all_readers(cx, reading);
        let mut room = ReadBuf::new(self.buffered.room());
        let read = match &all {
            Some(all) => Pin::new(&mut self.io).poll_read(&mut Context::from_waker(all), &mut room),
            None => Pin::new(&mut self.io).poll_read(cx, &mut room),
        };
        let filled = room.filled().len();
        match (read, unsent) {
            (Poll::Pending, _) => {
                self.buffered.relax();
                return Poll::Pending;
            }
            (Poll::Ready(Ok(())), _) if filled > 0 => self.buffered.filled(filled),
            (Poll::Ready(_), Some(unsent)) => return Poll::Ready(Err(unsent)),
            (Poll::Ready(Ok(())), None) => self.failed = self.buffered.eof().err(),
            (Poll::Ready(Err(e)), None) => return Poll::Ready(Err(e)),
        }
        Poll::Ready(Ok(()))
    }

    /// Notes that this task reads. If another one does too, gives what wakes both: a stream below remembers one, and either may be the one
    /// that goes on by what comes.
    fn all_readers(&mut self, cx: &Context<'_>, reading: Reading) -> Option<Waker> {
        let [data, write] = &mut self.readers;
        let (own, other) = match reading {
            Reading::ForData => (data, write),
            Reading::ToWrite => (write, data),
        };
        if !own.as_ref().is_some_and(|own| own.will_wake(cx.waker())) {
            *own = Some(cx.waker().clone());
        }
        let other = other.as_ref().filter(|other| !other.will_wake(cx.waker()))?;
        Some(Arc::new(Both(other.clone(), cx.waker().clone())).into())
    }

    /// Something has come that a task waits for.
    fn wake(&mut self, reading: Reading) {
        if let Some(waker) = self.readers[reading as usize].take() {
            waker.wake();
        }
    }

    /// Goes on until the connection is as `done` would have it, or over: sends and reads, and holds what comes for whoever reads next,
    /// 1 MiB at most. For a server that has started something by [`TlsStream::connection_mut`], and waits for what the client makes of
    /// it: a second handshake ([`Connection::awaits_renegotiation`]), a request for its certificate
    /// ([`Connection::open_certificate_requests`]).
    ///
    /// # Errors
    /// Those of the connection, and of `IO`.
    pub fn poll_until(&mut self, cx: &mut Context<'_>, done: impl Fn(&Connection) -> bool) -> Poll<io::Result<()>> {
        while !done(self.buffered.connection()) && !self.buffered.connection().peer_closed() {
            let polled = self.poll_next_for(cx, Reading::ToWrite, &done);
            if polled.is_ready() || !self.buffered.plaintext().is_empty() {
                self.wake(Reading::ForData);
            }
            ready!(polled)?;
        }
        self.readers[Reading::ToWrite as usize] = None;
        // What the client waits for goes out by whoever writes next, if not now.
        let _ = self.poll_output_beside(cx);
        Poll::Ready(Ok(()))
    }

    /// Goes on until a second handshake is done, if one goes on.
    fn poll_renegotiated(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.buffered.connection().is_renegotiating() {
            true => self.poll_until(cx, |connection| !connection.is_renegotiating()),
            false => Poll::Ready(Ok(())),
        }
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>, reading: Reading) -> Poll<io::Result<()>> {
        let mut answering = match (self.answering.take(), &self.answers, self.buffered.wait()) {
            (Some(answering), ..) => answering,
            (None, Some(answers), Some(wait)) => answers.ask(wait.clone()),
            _ => return Poll::Ready(Err(Buffered::unanswered().into())),
        };
        // What was said before the question may be what the peer is waiting for.
        let _ = self.poll_output_beside(cx);
        let all = self.all_readers(cx, reading);
        let polled = match &all {
            Some(all) => answering.as_mut().poll(&mut Context::from_waker(all)),
            None => answering.as_mut().poll(cx),
        };
        match polled {
            Poll::Ready(answer) => {
                self.failed = self.buffered.answer(answer, Time::now()).err();
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                self.answering = Some(answering);
                Poll::Pending
            }
        }
    }

    /// Writes and flushes what is sealed, for a task that does more than that. It does not take the place of the task that waits to
    /// write: both are woken.
    fn poll_output_beside(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.buffered.output().is_empty() {
            return Poll::Ready(Ok(()));
        }
        let both = match &self.writer {
            Some(writer) if !writer.will_wake(cx.waker()) => Arc::new(Both(writer.clone(), cx.waker().clone())).into(),
            _ => cx.waker().clone(),
        };
        let cx = &mut Context::from_waker(&both);
        ready!(self.poll_output(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Writes all that is sealed.
    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let output = self.buffered.output();
            if output.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let n = ready!(Pin::new(&mut self.io).poll_write(cx, output))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.buffered.wrote(n);
        }
    }

    /// Writes all that is sealed, for a task that waits for it.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let drained = self.poll_output(cx);
        self.writer = drained.is_pending().then(|| cx.waker().clone());
        drained
    }

    fn poll_seal(
        &mut self,
        cx: &mut Context<'_>,
        seal: impl FnOnce(&mut Buffered) -> Result<usize, Error>,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_renegotiated(cx))?;
        ready!(self.poll_drain(cx))?;
        let taken = seal(&mut self.buffered)?;
        match self.poll_output(cx) {
            Poll::Ready(Err(e)) => Poll::Ready(Err(e)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncBufRead for TlsStream<IO> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        loop {
            let polled = this.poll_next(cx);
            if !this.buffered.connection().is_renegotiating() {
                this.wake(Reading::ToWrite);
            }
            if matches!(ready!(polled)?, Next::Data | Next::Closed) {
                return Poll::Ready(Ok(this.buffered.plaintext()));
            }
        }
    }

    fn consume(self: Pin<&mut Self>, bytes: usize) {
        self.get_mut().buffered.consume(bytes);
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let plaintext = ready!(self.as_mut().poll_fill_buf(cx))?;
        let part = plaintext.get(..out.remaining()).unwrap_or(plaintext);
        out.put_slice(part);
        let taken = part.len();
        self.consume(taken);
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, plaintext: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_seal(cx, |b| b.send(plaintext))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_seal(cx, |b| b.send_vectored(pieces))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.buffered.close();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}

impl<IO> fmt::Debug for TlsStream<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream").field("connected", &self.buffered.is_connected()).finish_non_exhaustive()
    }
}

/// Wakes two tasks: a stream below remembers one waker a direction.
struct Both(Waker, Waker);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
        self.1.wake_by_ref();
    }
}

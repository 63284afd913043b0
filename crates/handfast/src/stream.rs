//! The blocking stream.

use crate::buffered::{Buffered, Next};
use crate::{Answer, Connection, Error, Time, Wait};
use std::io::{self, BufRead, IoSlice, Read, Write};

/// Who answers what the connection is parked on.
type Answers = Box<dyn FnMut(&Wait) -> Answer + Send>;

/// A [`Connection`] over anything that reads and writes.
///
/// The handshake is done at the first read or write, or by [`Stream::handshake`]. [`BufRead`] gives plaintext without a
/// copy, [`Read`] with one. What is written is sealed at once; it is on the wire when `write` returns, but for a socket that
/// times out: then `flush` sends the rest. While a second handshake goes on ([`Connection::renegotiate`]), a write waits for its end, and
/// holds what comes meanwhile for the next read, 1 MiB at most.
///
/// Errors of the connection are [`io::Error`]s with an [`Error`] inside; the alert has then been sent. An end without
/// close_notify is [`io::ErrorKind::UnexpectedEof`].
pub struct Stream<S> {
    buffered: Buffered,
    io: S,
    answers: Option<Answers>,
}

impl<S: Read + Write> Stream<S> {
    /// Over `io`. Nothing is read or written yet.
    pub fn new(connection: Connection, io: S) -> Self {
        Self { buffered: Buffered::new(connection), io, answers: None }
    }

    /// With someone who answers what the config will only answer later, at whatever time it takes. Without one such a question
    /// is an error.
    pub fn answer_with(mut self, answers: impl FnMut(&Wait) -> Answer + Send + 'static) -> Self {
        self.answers = Some(Box::new(answers));
        self
    }

    /// Does the handshake, unless it is done; with [`Stream::reading_early_data`] no further than up to early data, while some is there
    /// to be read.
    ///
    /// # Errors
    /// Whatever ends it, and those of `io`. With `WouldBlock` and `TimedOut` it may be called again.
    pub fn handshake(&mut self) -> io::Result<()> {
        while !self.buffered.is_connected() {
            match self.step()? {
                Next::Closed => return Err(io::ErrorKind::NotConnected.into()),
                // Early data: it is to be read first.
                Next::Data => break,
                Next::Read | Next::Answer | Next::Connected | Next::Renegotiated => {}
            }
        }
        self.flush_output()
    }

    /// The same, for use in a chain: `Stream::new(connection, socket).complete()?`.
    ///
    /// # Errors
    /// As [`Stream::handshake`].
    pub fn complete(mut self) -> io::Result<Self> {
        self.handshake()?;
        Ok(self)
    }

    /// With early data that is sent again if the server takes none of it: see [`Buffered::resend_early_data`]. The handshake then ends
    /// with [`crate::ErrorKind::EarlyDataProtocol`] if the server chooses another application protocol.
    pub fn resending_early_data(mut self) -> Self {
        self.buffered.resend_early_data();
        self
    }

    /// For a server: early data is read as it comes, like all other plaintext, and may be answered before the handshake is done: see
    /// [`Buffered::read_early_data`]. Reading on does the rest of the handshake.
    pub fn reading_early_data(mut self) -> Self {
        self.buffered.read_early_data();
        self
    }

    /// Sends early data, before the handshake; gives how much was taken, which is 0 if there is no room (any more). What may be said so
    /// is told at [`Connection::send_early`], and whether the server has taken it is known after the handshake
    /// ([`crate::Negotiated::early_data`]).
    ///
    /// # Errors
    /// Those of the connection, and of `io`.
    pub fn send_early(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        // The store may have to be asked before there is room.
        while self.buffered.wait().is_some() {
            self.answer()?;
        }
        let taken = self.buffered.send_early(plaintext)?;
        self.flush_taken(taken)
    }

    /// What came as early data and was not taken yet, apart from what is read: see [`Buffered::take_early_data`].
    pub fn take_early_data(&mut self) -> Vec<u8> {
        self.buffered.take_early_data()
    }

    /// Says close_notify. Reading may go on, until the peer says it too: up to TLS 1.2 that is at once, whatever it had to send.
    ///
    /// # Errors
    /// Those of `io`.
    pub fn shutdown(&mut self) -> io::Result<()> {
        self.buffered.close();
        self.flush()
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
    pub fn get_ref(&self) -> &S {
        &self.io
    }

    /// What it stands on. Bytes read or written past the connection break it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.io
    }

    /// The connection and what it stands on. Bytes that were read ahead are lost.
    pub fn into_parts(self) -> (Connection, S) {
        (self.buffered.into_connection(), self.io)
    }

    /// One step towards data: advances, answers, or sends and then reads. Gives what it came to.
    fn step(&mut self) -> io::Result<Next> {
        self.step_by(Buffered::advance)
    }

    fn step_by(&mut self, advance: fn(&mut Buffered, Time) -> Result<Next, Error>) -> io::Result<Next> {
        let next = match advance(&mut self.buffered, Time::now()) {
            Ok(next) => next,
            Err(error) => return Err(self.failed(error)),
        };
        match next {
            Next::Read => self.fill()?,
            Next::Answer => self.answer()?,
            // Up to TLS 1.2 it has been answered. A peer that is gone already does not need that.
            Next::Closed => drop(self.flush_output()),
            Next::Data | Next::Connected | Next::Renegotiated => {}
        }
        Ok(next)
    }

    /// Sends what is to be sent, then reads.
    fn fill(&mut self) -> io::Result<()> {
        let unsent = match self.flush_output() {
            // The peer is gone; what it said before tells why.
            Err(e) if matches!(e.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => Some(e),
            // Once connected there is nothing to send that reading has to wait for.
            Err(e) if is_pause(&e) && self.buffered.is_connected() => None,
            other => {
                other?;
                None
            }
        };
        let read = retry(|| self.io.read(self.buffered.room()));
        match (read, unsent) {
            (Ok(0) | Err(_), Some(unsent)) => return Err(unsent),
            (Ok(0), None) => {
                if let Err(error) = self.buffered.eof() {
                    return Err(self.failed(error));
                }
            }
            (Ok(n), _) => self.buffered.filled(n),
            (Err(e), None) => {
                self.buffered.relax();
                return Err(e);
            }
        }
        Ok(())
    }

    fn answer(&mut self) -> io::Result<()> {
        let (Some(answers), Some(wait)) = (&mut self.answers, self.buffered.wait()) else {
            return Err(Buffered::unanswered().into());
        };
        let answer = answers(wait);
        self.buffered.answer(answer, Time::now()).map_err(|e| self.failed(e))
    }

    /// The alert goes out as far as it can; the error matters more than whether it did.
    fn failed(&mut self, error: Error) -> io::Error {
        let _ = self.flush_output();
        error.into()
    }

    fn flush_output(&mut self) -> io::Result<()> {
        loop {
            let output = self.buffered.output();
            if output.is_empty() {
                return Ok(());
            }
            let n = retry(|| self.io.write(output))?;
            if n == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.buffered.wrote(n);
        }
    }

    /// Seals what `seal` seals, behind what was sealed before.
    fn seal(&mut self, seal: impl FnOnce(&mut Buffered) -> Result<usize, Error>) -> io::Result<usize> {
        if !self.connection().can_send() {
            self.handshake()?;
        }
        while self.buffered.connection().is_renegotiating() {
            self.step_by(Buffered::advance_to_write)?;
        }
        self.flush_output()?;
        let taken = seal(&mut self.buffered)?;
        self.flush_taken(taken)
    }

    /// Sends what was sealed, as far as it goes now. So much plaintext is taken, and must not be offered again: a pause is no error.
    fn flush_taken(&mut self, taken: usize) -> io::Result<usize> {
        match self.flush_output() {
            Err(e) if !is_pause(&e) => Err(e),
            _ => Ok(taken),
        }
    }
}

impl<S: Read + Write> BufRead for Stream<S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while !matches!(self.step()?, Next::Data | Next::Closed) {}
        Ok(self.buffered.plaintext())
    }

    fn consume(&mut self, bytes: usize) {
        self.buffered.consume(bytes);
        self.buffered.relax();
    }
}

impl<S: Read + Write> Read for Stream<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

impl<S: Read + Write> Write for Stream<S> {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        self.seal(|b| b.send(plaintext))
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.seal(|b| b.send_vectored(pieces))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_output()?;
        self.io.flush()
    }
}

impl<S> std::fmt::Debug for Stream<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("connected", &self.buffered.is_connected()).finish_non_exhaustive()
    }
}

/// Whether the socket only wants to be asked again.
fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn retry<T>(mut io: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match io() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

//! A connection with buffers of its own: what stands between the engine and a stream, blocking or not.

use crate::error::Limit;
use crate::{Answer, Connection, Error, ErrorKind, Event, Time, Wait};
use std::io;
use std::ops::Range;

/// The longest record there is, header included (RFC 5246 6.2.3): 5 bytes, 2^14, and 2048 for protection.
const LONGEST_RECORD: usize = 5 + (1 << 14) + 2048;
/// The input buffer grows to this where records come faster than they are read.
const MOST_INPUT: usize = 4 * LONGEST_RECORD;
/// The most plaintext that is held for later while a second handshake goes on.
const MOST_HELD: usize = 1 << 20;
/// The most plaintext that is sealed at once.
const MOST_OUTPUT: usize = 64 << 10;

/// A [`Connection`] and the bytes on their way in and out of it. It does no I/O; [`crate::Stream`] and the asynchronous
/// streams move bytes between it and a socket, as [`Buffered::advance`] tells them.
///
/// Plaintext stays where it was decrypted, in the input buffer, until it is consumed. Buffers live only while they hold
/// something, or while bytes are awaited in them.
pub struct Buffered {
    connection: Connection,
    input: Vec<u8>,
    /// Where plaintext stands in `input`.
    plain: Range<usize>,
    /// Where bytes stand in `input` that the connection has not taken.
    fresh: Range<usize>,
    /// How large `input` is made when it is needed.
    size: usize,
    output: Vec<u8>,
    /// How much of `output` is on the wire.
    written: usize,
    connected: bool,
    early: Option<Box<Early>>,
    /// Plaintext that came while someone waited to write, and how much of it was consumed. It goes before `plain`.
    held: Option<Box<Held>>,
}

/// Plaintext that is held for later.
#[derive(Default)]
struct Held {
    plaintext: Vec<u8>,
    consumed: usize,
}

/// Early data.
#[derive(Default)]
struct Early {
    /// What came, to a server, and was not taken yet.
    received: Vec<u8>,
    /// What a client has sent and would send again.
    kept: Option<Vec<u8>>,
    /// In which application protocol.
    protocol: Option<Vec<u8>>,
    /// What comes is read as all other plaintext.
    read: bool,
}

/// What a [`Buffered`] needs to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Plaintext is there to be consumed.
    Data,
    /// The handshake has just been done; said once.
    Connected,
    /// A second handshake has just been done ([`Connection::renegotiate`]).
    Renegotiated,
    /// More bytes from the peer; what is to go to it should go first.
    Read,
    /// An answer to [`Buffered::wait`].
    Answer,
    /// Nothing: the peer has said close_notify.
    Closed,
}

impl Buffered {
    /// With empty buffers.
    pub fn new(connection: Connection) -> Self {
        let (input, output) = (Vec::new(), Vec::new());
        Self {
            connection,
            input,
            plain: 0..0,
            fresh: 0..0,
            size: LONGEST_RECORD,
            output,
            written: 0,
            connected: false,
            early: None,
            held: None,
        }
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The connection, to update keys or to watch. What it then has to send goes out with the next flush.
    pub fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The connection; what was buffered is gone.
    pub fn into_connection(self) -> Connection {
        self.connection
    }

    /// Whether the handshake is done.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Goes on as far as the input allows. Alerts that are mere warnings are passed over.
    ///
    /// # Errors
    /// Whatever ends the connection. [`Buffered::output`] then has the alert.
    pub fn advance(&mut self, now: Time) -> Result<Next, Error> {
        match self.plaintext().is_empty() {
            true => self.go_on(now),
            false => Ok(Next::Data),
        }
    }

    /// The same for one that cannot write because a second handshake goes on ([`Connection::is_renegotiating`]): plaintext that comes
    /// meanwhile is held until it is consumed, 1 MiB at most. Never gives [`Next::Data`].
    ///
    /// # Errors
    /// As [`Buffered::advance`], and [`crate::error::Limit::RenegotiationData`].
    pub fn advance_to_write(&mut self, now: Time) -> Result<Next, Error> {
        loop {
            self.hold()?;
            match self.go_on(now)? {
                Next::Data => {}
                next => return Ok(next),
            }
        }
    }

    /// Makes room for more plaintext.
    fn hold(&mut self) -> Result<(), Error> {
        if self.plain.is_empty() {
            return Ok(());
        }
        let held = self.held.get_or_insert_default();
        let plaintext = self.input.get(std::mem::take(&mut self.plain)).unwrap_or_default();
        if held.plaintext.len() + plaintext.len() > MOST_HELD {
            return Err(ErrorKind::TooMuch(Limit::RenegotiationData).into());
        }
        held.plaintext.extend_from_slice(plaintext);
        Ok(())
    }

    /// Goes on, where `plain` is empty.
    fn go_on(&mut self, now: Time) -> Result<Next, Error> {
        loop {
            if !self.plain.is_empty() {
                return Ok(Next::Data);
            }
            if self.connection.wait().is_some() {
                return Ok(Next::Answer);
            }
            let base = self.input.as_ptr() as usize;
            let fresh = self.input.get_mut(self.fresh.clone()).unwrap_or_default();
            let received = self.connection.receive(fresh, now)?;
            self.fresh.start += received.used;
            match received.event {
                Some(Event::Data(data)) => {
                    let start = data.as_ptr() as usize - base;
                    self.plain = start..start + data.len();
                }
                Some(Event::EarlyData(data)) => match &mut self.early {
                    Some(early) if early.read => {
                        let start = data.as_ptr() as usize - base;
                        self.plain = start..start + data.len();
                    }
                    early => early.get_or_insert_default().received.extend_from_slice(data),
                },
                Some(Event::Connected) => {
                    self.connected = true;
                    self.resend()?;
                    return Ok(Next::Connected);
                }
                Some(Event::Renegotiated) => return Ok(Next::Renegotiated),
                Some(_) => {}
                None if self.connection.peer_closed() => return Ok(Next::Closed),
                None => return Ok(Next::Read),
            }
        }
    }

    // --- early data ---

    /// Sends early data (RFC 9846 4.3.10), as much as there is room for; gives how much was taken, which is 0 where there is no room.
    /// What may be said so is told at [`Connection::send_early`].
    ///
    /// # Errors
    /// Whatever ended the connection.
    pub fn send_early(&mut self, plaintext: &[u8]) -> Result<usize, Error> {
        let room = self.connection.early_data_room().unwrap_or(0).min(MOST_OUTPUT);
        let part = plaintext.get(..room).unwrap_or(plaintext);
        if part.is_empty() {
            return Ok(0);
        }
        self.connection.send_early(part, &mut self.output)?;
        if let Some(Early { kept: Some(kept), protocol, .. }) = self.early.as_deref_mut() {
            kept.extend_from_slice(part);
            *protocol = self.connection.early_protocol().map(<[u8]>::to_vec);
        }
        Ok(part.len())
    }

    /// Early data that is sent from here on is kept, no more than the server allows, and if the server takes none of it, is sent again
    /// as soon as the handshake is done, before all else. Not by default: whoever wants that has thought of what it means if a
    /// server hears it in the end, though another heard it before (RFC 9846 8).
    ///
    /// In a connection of another application protocol it is not sent: then [`Buffered::advance`] gives
    /// [`ErrorKind::EarlyDataProtocol`] in place of [`Next::Connected`].
    pub fn resend_early_data(&mut self) {
        self.early.get_or_insert_default().kept.get_or_insert_default();
    }

    /// What came as early data and was not taken yet: apart from all other plaintext, and what must not be done twice has to wait until
    /// the handshake is done ([`Event::EarlyData`]). No more than [`crate::ServerConfig::early_data`] allows.
    pub fn take_early_data(&mut self) -> Vec<u8> {
        self.early.as_mut().map(|e| std::mem::take(&mut e.received)).unwrap_or_default()
    }

    /// For a server, before the first bytes: early data is read as it comes, like and before all other plaintext, and may be answered
    /// while [`Connection::can_send`] says so, which saves the client a round trip. Not by default: whoever wants that has thought of
    /// what it means that it may come from someone who is not there any more ([`Event::EarlyData`]). Whether the client is there is
    /// known from [`Next::Connected`] on.
    pub fn read_early_data(&mut self) {
        self.early.get_or_insert_default().read = true;
    }

    /// Sends again what was not taken, where that is wanted.
    fn resend(&mut self) -> Result<(), Error> {
        let Some(early) = &mut self.early else { return Ok(()) };
        let (kept, protocol) = (early.kept.take().unwrap_or_default(), early.protocol.take());
        let negotiated = self.connection.negotiated();
        if negotiated.early_data != Some(false) || kept.is_empty() {
            return Ok(());
        }
        if negotiated.alpn != protocol {
            return Err(ErrorKind::EarlyDataProtocol.into());
        }
        self.connection.send(&kept, &mut self.output)
    }

    // --- in ---

    /// Where more bytes from the peer go. Never empty where [`Next::Read`] asked for it; [`Buffered::filled`] says how many
    /// came.
    pub fn room(&mut self) -> &mut [u8] {
        if !self.plain.is_empty() {
            return &mut [];
        }
        if self.fresh.start > 0 {
            self.input.copy_within(self.fresh.clone(), 0);
            self.fresh = 0..self.fresh.len();
        }
        if self.input.len() < self.size.max(self.fresh.end + 1) {
            self.input.resize(self.size.max(self.fresh.end + LONGEST_RECORD), 0);
        }
        self.input.get_mut(self.fresh.end..).unwrap_or_default()
    }

    /// So many bytes came into [`Buffered::room`].
    pub fn filled(&mut self, bytes: usize) {
        self.fresh.end = (self.fresh.end + bytes).min(self.input.len());
        if self.fresh.end == self.input.len() {
            self.size = (2 * self.size).min(MOST_INPUT);
        }
    }

    /// The stream ended.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] if no close_notify had come.
    pub fn eof(&mut self) -> Result<(), Error> {
        self.connection.receive_eof()
    }

    /// Plaintext, if there is some.
    pub fn plaintext(&self) -> &[u8] {
        if let Some(held) = &self.held {
            return held.plaintext.get(held.consumed..).unwrap_or_default();
        }
        self.input.get(self.plain.clone()).unwrap_or_default()
    }

    /// So much of the plaintext is not needed any more.
    pub fn consume(&mut self, bytes: usize) {
        if let Some(held) = &mut self.held {
            held.consumed += bytes;
            if held.consumed >= held.plaintext.len() {
                self.held = None;
            }
            return;
        }
        self.plain.start = (self.plain.start + bytes).min(self.plain.end);
    }

    /// Gives the input buffer back if there is nothing in it.
    pub fn relax(&mut self) {
        if self.plain.is_empty() && self.fresh.is_empty() {
            (self.input, self.fresh) = (Vec::new(), 0..0);
        }
    }

    // --- out ---

    /// Seals plaintext, 64 KiB at most; gives how much was taken.
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] before the handshake is done, while a second one goes on and after [`Buffered::close`], else whatever ended the connection.
    pub fn send(&mut self, plaintext: &[u8]) -> Result<usize, Error> {
        let part = plaintext.get(..MOST_OUTPUT).unwrap_or(plaintext);
        self.connection.send(part, &mut self.output)?;
        Ok(part.len())
    }

    /// Seals plaintext that stands in several places: small pieces share a record.
    ///
    /// # Errors
    /// As [`Buffered::send`].
    pub fn send_vectored(&mut self, pieces: &[io::IoSlice<'_>]) -> Result<usize, Error> {
        const RECORD: usize = 1 << 14;
        let start = pieces.iter().position(|p| !p.is_empty()).unwrap_or(0);
        let pieces = match pieces.get(start..).unwrap_or_default() {
            [] => return self.send(&[]),
            [one] => return self.send(one),
            [first, ..] if first.len() >= RECORD => return self.send(first),
            several => several,
        };
        let mut record = Vec::with_capacity(RECORD);
        for piece in pieces {
            let left = RECORD - record.len();
            record.extend_from_slice(piece.get(..left).unwrap_or(piece));
        }
        self.send(&record)
    }

    /// Says close_notify.
    pub fn close(&mut self) {
        self.connection.close();
    }

    /// What is to go to the peer.
    pub fn output(&mut self) -> &[u8] {
        self.connection.transmit(&mut self.output);
        self.output.get(self.written..).unwrap_or_default()
    }

    /// So much of [`Buffered::output`] is on the wire.
    pub fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
        if self.written >= self.output.len() {
            (self.output, self.written) = (Vec::new(), 0);
        }
    }

    // --- questions ---

    /// What the connection is parked on.
    pub fn wait(&self) -> Option<&Wait> {
        self.connection.wait()
    }

    /// The answer.
    ///
    /// # Errors
    /// As [`Connection::answer`].
    pub fn answer(&mut self, answer: Answer, now: Time) -> Result<(), Error> {
        self.connection.answer(answer, now)
    }

    /// What a stream says if the connection is parked and no one has been set to answer.
    pub fn unanswered() -> Error {
        ErrorKind::Misuse("the connection is parked on a question, and no one has been set to answer it").into()
    }
}

/// A cut connection is `UnexpectedEof`, a misuse `InvalidInput`, all else `InvalidData`. The [`Error`] is inside:
/// `get_ref` and `downcast_ref` give it back.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Truncated { .. } => io::ErrorKind::UnexpectedEof,
            ErrorKind::Misuse(_) | ErrorKind::Config(_) => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

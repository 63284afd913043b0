//! A socket and the engine over it.

use crate::Stop;
use crate::config::Clock;
use crate::errors;
use crate::later::Gate;
use handfast::{Connection, Error, ErrorKind, Event};
use std::collections::VecDeque;
use std::io::{ErrorKind as Io, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;

/// What came from the peer.
#[derive(Debug)]
pub(crate) enum Came {
    Connected,
    Data(Vec<u8>),
    /// Early data.
    Early(Vec<u8>),
    /// A second handshake is done.
    Renegotiated,
    Closed,
    /// The stream ended.
    Eof,
}

/// A connection.
pub(crate) struct Pipe {
    socket: TcpStream,
    pub(crate) engine: Connection,
    clock: Clock,
    /// If there is one, bytes reach the engine one at a time, and its questions are answered through it.
    gate: Option<Arc<Gate>>,
    /// How many questions were answered through it.
    answers: usize,
    /// Arrived, and not yet shown to the engine.
    arrived: VecDeque<u8>,
    /// Shown to the engine, and not yet taken.
    input: Vec<u8>,
    /// Sealed, and not yet sent.
    out: Vec<u8>,
    /// Nothing is to be sent for now.
    pub(crate) held: bool,
    pub(crate) connected: bool,
    /// Keying material must be had whenever more bytes are needed.
    pub(crate) exports: bool,
    eof: bool,
}

/// Connects, and says which test it is.
pub(crate) fn dial(port: u16, ipv6: bool, shim_id: u64) -> std::io::Result<TcpStream> {
    let address: SocketAddr = match ipv6 {
        true => (Ipv6Addr::LOCALHOST, port).into(),
        false => (Ipv4Addr::LOCALHOST, port).into(),
    };
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.write_all(&shim_id.to_le_bytes())?;
    Ok(socket)
}

impl Pipe {
    pub(crate) fn new(socket: TcpStream, engine: Connection, clock: Clock, gate: Option<Arc<Gate>>) -> Self {
        let (arrived, input, out) = Default::default();
        Self {
            socket,
            engine,
            clock,
            gate,
            answers: 0,
            arrived,
            input,
            out,
            held: false,
            connected: false,
            exports: false,
            eof: false,
        }
    }

    /// Drives the connection until something comes.
    pub(crate) fn next(&mut self) -> Result<Came, Stop> {
        loop {
            if self.engine.wait().is_some() {
                self.answer()?;
                continue;
            }
            let received = match self.engine.receive(&mut self.input, self.clock.now()) {
                Ok(received) => received,
                Err(error) => return Err(self.failed(error)),
            };
            let used = received.used;
            let (came, more) = match received.event {
                Some(Event::Data(data)) => (Some(Came::Data(data.to_vec())), false),
                Some(Event::EarlyData(data)) => (Some(Came::Early(data.to_vec())), false),
                Some(Event::Connected) => (Some(Came::Connected), false),
                Some(Event::Renegotiated) => (Some(Came::Renegotiated), false),
                Some(Event::Closed) => (Some(Came::Closed), false),
                Some(Event::Parked | Event::Warning(_)) => (None, false),
                Some(event) => return Err(Stop::broken(format!("an event that is not known here: {event:?}"))),
                None => (None, true),
            };
            self.input.drain(..used);
            if let Some(Came::Connected) = came {
                // A client asks for a session at least, a server for its config.
                if self.gate.is_some() && self.answers == 0 {
                    return Err(Stop::broken("all is to be answered later, and nothing was asked"));
                }
                self.connected = true;
            }
            match came {
                Some(came) => return Ok(came),
                None if more && self.eof => return Ok(Came::Eof),
                None if more => {
                    if self.exports && self.connected {
                        let exported = self.engine.export(&mut [0; 16], b"label", None);
                        exported.map_err(|e| Stop::Failed(format!("failed to export keying material: {e}")))?;
                    }
                    self.flush();
                    self.read();
                }
                None => {}
            }
        }
    }

    fn answer(&mut self) -> Result<(), Stop> {
        let (Some(wait), Some(gate)) = (self.engine.wait(), &self.gate) else {
            return Err(Stop::broken("parked, although everything answers at once"));
        };
        // While it is parked it takes nothing.
        let wait = wait.clone();
        let mut nothing = [];
        match self.engine.receive(&mut nothing, self.clock.now()) {
            Ok(received) if received.used == 0 && matches!(received.event, Some(Event::Parked)) => {}
            other => return Err(Stop::broken(format!("parked, and yet it did not say so: {other:?}"))),
        }
        let Some(answer) = gate.answer(&wait, self.clock.now()) else {
            return Err(Stop::broken(format!("no answer to {wait:?}")));
        };
        self.answers += 1;
        let answered = self.engine.answer(answer, self.clock.now());
        answered.map_err(|error| self.failed(error))
    }

    /// Shows the engine more bytes: all that came, or one. A broken stream is one that ended: what the peer said before that
    /// is what counts.
    fn read(&mut self) {
        if self.arrived.is_empty() {
            let mut buffer = vec![0; 32 << 10];
            let came = loop {
                match self.socket.read(&mut buffer) {
                    Err(e) if e.kind() == Io::Interrupted => {}
                    other => break other.unwrap_or(0),
                }
            };
            self.arrived.extend(buffer.iter().take(came));
            self.eof = came == 0;
        }
        let most = if self.gate.is_some() { 1 } else { self.arrived.len() };
        self.input.extend(self.arrived.drain(..most.min(self.arrived.len())));
    }

    /// Sends all that waits to be sent. If the peer is gone, reading will tell.
    pub(crate) fn flush(&mut self) {
        self.engine.transmit(&mut self.out);
        if !self.held {
            let _ = self.socket.write_all(&self.out);
            self.out.clear();
        }
    }

    /// Sends the first byte of what waits, and holds back the rest.
    pub(crate) fn send_one_byte(&mut self) {
        self.engine.transmit(&mut self.out);
        if let Some(first) = self.out.first().copied() {
            let _ = self.socket.write_all(&[first]);
            self.out.remove(0);
        }
        self.held = true;
    }

    /// Handshakes, if that is not done.
    pub(crate) fn handshake(&mut self) -> Result<(), Stop> {
        while !self.connected {
            match self.next()? {
                Came::Connected => {}
                Came::Early(data) => self.answer_early(&data)?,
                Came::Eof => return Err(self.eof_error()),
                came => return Err(Stop::broken(format!("{came:?} before the handshake was done"))),
            }
        }
        Ok(())
    }

    /// Early data is answered at once, as other data is: the client may wait for that.
    fn answer_early(&mut self, data: &[u8]) -> Result<(), Stop> {
        let inverted: Vec<u8> = data.iter().map(|byte| byte ^ 0xff).collect();
        if let Err(error) = self.engine.send(&inverted, &mut self.out) {
            return Err(self.failed(error));
        }
        self.flush();
        Ok(())
    }

    /// Whether early data may be sent.
    pub(crate) fn offers_early(&mut self) -> Result<bool, Stop> {
        while self.engine.wait().is_some() {
            self.answer()?;
        }
        Ok(self.engine.early_data_room().is_some())
    }

    /// Sends this as early data, as far as there is room; gives how much that was.
    pub(crate) fn write_early(&mut self, data: &[u8]) -> Result<usize, Stop> {
        let room = self.engine.early_data_room().unwrap_or(0);
        let part = data.get(..room).unwrap_or(data);
        if part.is_empty() {
            return Ok(0);
        }
        if let Err(error) = self.engine.send_early(part, &mut self.out) {
            return Err(self.failed(error));
        }
        self.flush();
        Ok(part.len())
    }

    /// Seals data; sends it unless the pipe is held.
    pub(crate) fn write(&mut self, data: &[u8]) -> Result<(), Stop> {
        self.handshake()?;
        while self.engine.is_renegotiating() {
            match self.next()? {
                Came::Renegotiated => {}
                Came::Eof => return Err(self.eof_error()),
                came => return Err(Stop::broken(format!("{came:?} in a second handshake"))),
            }
        }
        if let Err(error) = self.engine.send(data, &mut self.out) {
            return Err(self.failed(error));
        }
        self.flush();
        Ok(())
    }

    /// Data as it comes, a record at a time; `None` at the end of the stream, clean or not.
    pub(crate) fn read_data(&mut self) -> Result<Option<Vec<u8>>, Stop> {
        loop {
            match self.next()? {
                Came::Data(data) => return Ok(Some(data)),
                Came::Connected | Came::Renegotiated => {}
                Came::Early(data) => self.answer_early(&data)?,
                Came::Eof if !self.connected => return Err(self.eof_error()),
                Came::Closed | Came::Eof => return Ok(None),
            }
        }
    }

    /// Changes our keys.
    pub(crate) fn update_keys(&mut self) -> Result<(), Stop> {
        self.handshake()?;
        let updated = self.engine.update_keys(false, self.clock.now());
        updated.map_err(|error| self.failed(error))
    }

    /// What the engine makes of the end of the stream.
    pub(crate) fn eof_error(&mut self) -> Stop {
        match self.engine.receive_eof() {
            Err(error) => self.failed(error),
            Ok(()) => Stop::broken("the stream was cut, and nobody minded"),
        }
    }

    /// The connection failed. It has to say so again, and to send its alert.
    fn failed(&mut self, error: Error) -> Stop {
        let again = self.engine.receive(&mut self.input, self.clock.now());
        let ours = matches!(error.kind(), ErrorKind::Misuse(_) | ErrorKind::BadAnswer);
        if ours || again.err().as_ref() != Some(&error) {
            return Stop::broken(format!("{error} ({:?}), and not a second time", error.kind()));
        }
        self.held = false;
        self.flush();
        let early = self.engine.negotiated().version.is_none();
        Stop::Failed(errors::describe(&error, early))
    }

    /// Ends the stream, and reads what still comes: without that a reset could overtake our alert.
    pub(crate) fn hang_up(mut self) {
        self.held = false;
        self.flush();
        if self.socket.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let mut buffer = [0; 4 << 10];
        while !matches!(self.socket.read(&mut buffer), Ok(0) | Err(_)) {}
    }
}

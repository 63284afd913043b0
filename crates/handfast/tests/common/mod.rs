//! Both ends of a connection in memory.
//!
//! A [`Pair`] carries bytes between two [`End`]s, in chunks of any size, answers what they are parked on, and keeps all that
//! happened. [`later`] makes any part of a config take its time.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

pub mod certificates;
pub mod forge;
pub mod later;
pub mod scenarios;
pub mod told;

use handfast::alert::{Alert, AlertDescription};
use handfast::config::{ConfigSource, Limits};
use handfast::crypto::aws_lc;
use handfast::extension::Extensions;
use handfast::message::{Dialect, HEADER, Message, ServerHello};
use handfast::pki_types::ServerName;
use handfast::trace::{Direction, Trace};
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientConfig, Connection, Error, Event, Negotiated, ServerConfig, Time};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The name that servers are asked for.
pub const NAME: &str = "server.test";

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What an end came upon: [`Event`], owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Data(Vec<u8>),
    EarlyData(Vec<u8>),
    Parked(&'static str),
    Connected,
    Renegotiated,
    Closed,
    Warning(Alert),
    ClientCertificate(u32, bool),
}

/// One end, with the wire that leads to it.
pub struct End {
    pub connection: Connection,
    /// What came from the peer and was not taken.
    pub input: Vec<u8>,
    /// What is sealed and not yet on the wire.
    pub output: Vec<u8>,
    /// Every byte that was put on the wire, as this end meant it.
    pub sent: Vec<u8>,
    pub events: Vec<Seen>,
    /// The plaintext of all events, but what was early data.
    pub data: Vec<u8>,
    /// What came as early data.
    pub early: Vec<u8>,
    pub error: Option<Error>,
    /// For how many deliveries a question stays open; `None`: the test answers.
    pub patience: Option<usize>,
    waited: usize,
    /// The questions that were answered.
    pub answered: Vec<&'static str>,
    log: Arc<Mutex<Log>>,
}

/// The handshake messages that were sent under the same keys, as they are.
#[derive(Debug, Default)]
pub struct Flight {
    pub protected: bool,
    pub messages: Vec<Vec<u8>>,
}

/// What the observer saw.
#[derive(Debug, Default)]
pub struct Log {
    pub lines: Vec<String>,
    /// Records sealed under the newest write keys.
    pub sealed: u64,
    /// Bytes of handshake messages received before the handshake was done.
    pub handshake_bytes: usize,
    /// What was sent, from one change of write keys to the next.
    pub flights: Vec<Flight>,
    /// All of it.
    pub told: Vec<told::Told>,
}

impl End {
    pub fn new(mut connection: Connection) -> Self {
        let log = Arc::default();
        connection.observe(Box::new(observer(Arc::clone(&log))));
        Self::watched(connection, log)
    }

    fn watched(connection: Connection, log: Arc<Mutex<Log>>) -> Self {
        Self {
            connection,
            input: Vec::new(),
            output: Vec::new(),
            sent: Vec::new(),
            events: Vec::new(),
            data: Vec::new(),
            early: Vec::new(),
            error: None,
            patience: Some(0),
            waited: 0,
            answered: Vec::new(),
            log,
        }
    }

    pub fn client(config: &Arc<ClientConfig>, now: Time) -> Self {
        let log = Arc::default();
        let name = ServerName::try_from(NAME).unwrap();
        let observer = Box::new(observer(Arc::clone(&log)));
        let connection = Connection::client_observed(config.clone(), name, now, Some(observer)).unwrap();
        Self::watched(connection, log)
    }

    pub fn server(config: &Arc<ServerConfig>) -> Self {
        Self::new(Connection::server(config.clone()))
    }

    pub fn server_by_hello(source: Arc<dyn ConfigSource>) -> Self {
        Self::new(Connection::server_by_hello(source, aws_lc::provider(), Limits::default()))
    }

    /// Lets the connection take what it can of the input, and answers its questions.
    pub fn drive(&mut self, now: Time) {
        while self.error.is_none() {
            if self.connection.wait().is_some() && !self.answer(now) {
                return;
            }
            match self.connection.receive(&mut self.input, now) {
                Ok(received) => {
                    let (used, event) = (received.used, received.event.map(|e| seen(&e)));
                    self.input.drain(..used);
                    match event {
                        None => return,
                        Some(Seen::Parked(_)) => {
                            self.events.push(Seen::Parked(later::kind(self.connection.wait().unwrap())));
                            self.waited = 0;
                        }
                        Some(event) => {
                            if let Seen::Data(data) = &event {
                                self.data.extend_from_slice(data);
                            }
                            if let Seen::EarlyData(data) = &event {
                                self.early.extend_from_slice(data);
                            }
                            self.events.push(event);
                        }
                    }
                }
                Err(error) => self.failed(error),
            }
        }
    }

    /// Answers the open question, if it has been open for long enough.
    fn answer(&mut self, now: Time) -> bool {
        let Some(patience) = self.patience else { return false };
        self.waited += 1;
        if self.waited <= patience {
            return false;
        }
        let wait = self.connection.wait().unwrap();
        self.answered.push(later::kind(wait));
        let answer = later::answer(wait, now);
        self.waited = 0;
        if let Err(error) = self.connection.answer(answer, now) {
            self.failed(error);
        }
        true
    }

    fn failed(&mut self, error: Error) {
        self.input.clear();
        self.error = Some(error);
    }

    /// More bytes from the peer.
    pub fn receive(&mut self, bytes: &[u8], now: Time) {
        if self.error.is_none() {
            self.input.extend_from_slice(bytes);
            self.drive(now);
        }
    }

    /// The peer's stream ended.
    pub fn eof(&mut self) {
        if self.error.is_none()
            && let Err(error) = self.connection.receive_eof()
        {
            self.failed(error);
        }
    }

    /// Seals data, to go out with the next run.
    pub fn send(&mut self, data: &[u8]) {
        self.connection.send(data, &mut self.output).unwrap();
    }

    /// Seals early data, to go out with the next run.
    pub fn send_early(&mut self, data: &[u8]) {
        self.connection.send_early(data, &mut self.output).unwrap();
    }

    /// All that is to go on the wire now.
    pub fn transmit(&mut self) -> Vec<u8> {
        let mut out = std::mem::take(&mut self.output);
        self.connection.transmit(&mut out);
        self.sent.extend_from_slice(&out);
        out
    }

    /// What the observer saw, a line each: `sent ClientHello`, `received alert fatal decode_error`, ...
    pub fn trace(&self) -> Vec<String> {
        self.log.lock().unwrap().lines.clone()
    }

    /// What the observer was told.
    pub fn told(&self) -> Vec<told::Told> {
        self.log.lock().unwrap().told.clone()
    }

    /// What the observer counted.
    pub fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    /// The alerts that this end sent: `fatal decode_error`, ...
    pub fn alerts(&self) -> Vec<String> {
        self.trace().iter().filter_map(|l| l.strip_prefix("sent alert ").map(Into::into)).collect()
    }

    /// The alert that its error is to be told by.
    pub fn expected_alert(&self) -> Option<AlertDescription> {
        let alert = self.error.as_ref()?.alert()?;
        let ssl3 = self.negotiated().version == Some(ProtocolVersion::SSL3_0);
        Some(if ssl3 { alert.in_ssl3() } else { alert })
    }

    /// The handshake messages and ChangeCipherSpecs that this end sent, by name.
    pub fn flight(&self) -> Vec<String> {
        let skip = |l: &&str| !l.starts_with("alert") && !l.starts_with("keys") && !l.starts_with("record");
        self.trace().iter().filter_map(|l| l.strip_prefix("sent ")).filter(skip).map(Into::into).collect()
    }

    pub fn is_connected(&self) -> bool {
        self.error.is_none() && self.connection.is_connected()
    }

    pub fn negotiated(&self) -> &Negotiated {
        self.connection.negotiated()
    }
}

fn seen(event: &Event<'_>) -> Seen {
    match event {
        Event::Data(data) => Seen::Data(data.to_vec()),
        Event::EarlyData(data) => Seen::EarlyData(data.to_vec()),
        Event::Parked => Seen::Parked(""),
        Event::Connected => Seen::Connected,
        Event::Renegotiated => Seen::Renegotiated,
        Event::Closed => Seen::Closed,
        Event::Warning(alert) => Seen::Warning(*alert),
        Event::ClientCertificate { request, given } => Seen::ClientCertificate(*request, *given),
        other => panic!("an event that the tests do not know: {other:?}"),
    }
}

fn observer(log: Arc<Mutex<Log>>) -> impl FnMut(&Trace<'_>) + Send {
    move |trace| {
        let mut log = log.lock().unwrap();
        log.told.push(told::Told::of(trace));
        let way = |d: &Direction| if *d == Direction::Sent { "sent" } else { "received" };
        let line = match trace {
            Trace::Message { direction, name, raw, protected, .. } => {
                if *direction == Direction::Received && !log.lines.contains(&"connected".to_owned()) {
                    log.handshake_bytes += raw.len();
                }
                if *direction == Direction::Sent {
                    if log.flights.is_empty() {
                        log.flights.push(Flight { protected: *protected, messages: Vec::new() });
                    }
                    log.flights.last_mut().unwrap().messages.push(raw.to_vec());
                }
                format!("{} {name}", way(direction))
            }
            Trace::ChangeCipherSpec { direction } => format!("{} ChangeCipherSpec", way(direction)),
            Trace::Alert { direction, alert } => format!("{} alert {alert}", way(direction)),
            Trace::Keys { direction, secret, .. } => {
                if *direction == Direction::Sent {
                    log.sealed = 0;
                    log.flights.push(Flight { protected: true, messages: Vec::new() });
                }
                format!("{} keys {secret}", way(direction))
            }
            Trace::Verified { how } => format!("verified {how}"),
            Trace::Connected => "connected".into(),
            Trace::Record { direction: Direction::Sent, protected, .. } => {
                log.sealed += u64::from(*protected);
                return;
            }
            _ => return,
        };
        log.lines.push(line);
    }
}

/// Changes one byte on its way.
#[derive(Clone, Copy, Debug)]
pub struct Flip {
    /// Who sent it.
    pub from: Side,
    /// Which of the bytes that this end sends, from 0.
    pub at: usize,
    /// What it is combined with by exclusive or.
    pub with: u8,
}

/// Both ends.
pub struct Pair {
    pub client: End,
    pub server: End,
    /// How many bytes are delivered at once.
    pub chunk: usize,
    pub now: Time,
    pub flip: Option<Flip>,
    /// Delivers what this end sends up to this byte apart from the rest.
    pub cut: Option<(Side, usize)>,
    /// What this end sends from this byte on never arrives.
    pub lost: Option<(Side, usize)>,
}

/// A moment at which the tests' certificates are valid.
pub fn noon() -> Time {
    Time(Duration::from_secs(1_790_000_000))
}

impl Pair {
    pub fn new(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Self {
        Self::at(client, server, noon())
    }

    pub fn at(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, now: Time) -> Self {
        Self::of(End::client(client, now), End::server(server), now)
    }

    pub fn of(client: End, server: End, now: Time) -> Self {
        Self { client, server, chunk: usize::MAX, now, flip: None, cut: None, lost: None }
    }

    pub fn chunk(mut self, chunk: usize) -> Self {
        self.chunk = chunk;
        self
    }

    /// Both ends connected, or a panic that says why not.
    pub fn connected(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Self {
        let mut pair = Self::new(client, server);
        pair.run().assert_connected();
        pair
    }

    pub fn end(&mut self, side: Side) -> &mut End {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Carries bytes both ways until nothing moves any more.
    pub fn run(&mut self) -> &mut Self {
        for _ in 0..10_000 {
            if !(self.carry(Side::Client) | self.carry(Side::Server)) {
                return self;
            }
        }
        panic!("the two never come to rest: {:?} / {:?}", self.client.trace(), self.server.trace());
    }

    /// Carries what `from` has to say to the other end; whether there was anything, or a question still open.
    pub fn carry(&mut self, from: Side) -> bool {
        let (now, chunk, flip) = (self.now, self.chunk, self.flip);
        let sender = self.end(from);
        let waits = |e: &End| e.error.is_none() && e.patience.is_some() && e.connection.wait().is_some();
        let waiting = waits(sender);
        sender.drive(now);
        let start = sender.sent.len();
        let mut bytes = sender.transmit();
        if let Some(flip) = flip.filter(|f| f.from == from)
            && let Some(byte) = flip.at.checked_sub(start).and_then(|i| bytes.get_mut(i))
        {
            *byte ^= flip.with;
        }
        let moved = !bytes.is_empty();
        if let Some((side, at)) = self.lost
            && side == from
        {
            bytes.truncate(at.saturating_sub(start));
        }
        let cut = match self.cut {
            Some((side, at)) if side == from => at.saturating_sub(start).min(bytes.len()),
            _ => 0,
        };
        let receiver = self.end(from.other());
        let (before, after) = bytes.split_at(cut);
        for part in before.chunks(chunk).chain(after.chunks(chunk)) {
            receiver.receive(part, now);
        }
        waiting || moved
    }

    pub fn assert_connected(&self) {
        let why = |e: &End| e.error.as_ref().map(|e| format!("{:?} {e}", e.moment()));
        assert!(
            self.client.is_connected() && self.server.is_connected(),
            "client: {:?}\nserver: {:?}\nclient's trace: {:#?}\nserver's trace: {:#?}",
            why(&self.client),
            why(&self.server),
            self.client.trace(),
            self.server.trace(),
        );
    }

    /// Sends data both ways and checks that it comes as it was.
    pub fn exchange(&mut self, size: usize) {
        for side in Side::BOTH {
            let data = pattern(size);
            self.end(side.other()).data.clear();
            self.end(side).send(&data);
            self.run();
            assert!(self.end(side.other()).data == data, "what {side:?} sent did not come as it was");
        }
    }

    /// Both ends have negotiated the same.
    pub fn assert_agreed(&self) {
        assert_eq!(facts(&self.client), facts(&self.server));
    }
}

/// What both ends must see alike: all but whom they saw.
pub fn facts(end: &End) -> Negotiated {
    let mut facts = end.negotiated().clone();
    facts.peer_is_server = false;
    facts.peer_chain.clear();
    facts.peer_raw_key = None;
    facts.certificate_compression = None;
    facts.verified = None;
    facts.peer_record_size_limit = None;
    facts.stapled = None;
    facts
}

/// Bytes that tell when they are lost, doubled or out of place.
pub fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i ^ i >> 8 ^ i >> 16) as u8).collect()
}

/// A record as it stands on the wire, unprotected.
pub fn record(content_type: u8, version: u16, body: &[u8]) -> Vec<u8> {
    let mut out = vec![content_type];
    out.extend(version.to_be_bytes());
    out.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    out.extend(body);
    out
}

/// The records in these bytes, which are whole.
pub fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while let [_, _, _, high, low, ..] = *bytes {
        let (record, rest) = bytes.split_at(5 + usize::from(u16::from_be_bytes([high, low])));
        out.push(record.to_vec());
        bytes = rest;
    }
    assert!(bytes.is_empty());
    out
}

/// The ServerHello that is first in these bytes, changed, in a record of its own, and what comes behind it.
pub fn change_server_hello(flight: &[u8], change: impl Fn(&mut Extensions<'_>)) -> Vec<u8> {
    let all = records(flight);
    let first = &all[0][5..];
    let (hello, behind) = first.split_at(HEADER + usize::from(u16::from_be_bytes([first[2], first[3]])));
    let hello = Message::decode(hello, Dialect::Hello).unwrap();
    let Message::ServerHello(ServerHello { fixed, mut extensions }) = hello else { panic!("{hello:?}") };
    change(&mut extensions);
    let raw = Message::ServerHello(ServerHello { fixed, extensions }).to_bytes();
    let version = u16::from_be_bytes([all[0][1], all[0][2]]);
    [record(22, version, &[&raw, behind].concat()), all[1..].concat()].concat()
}

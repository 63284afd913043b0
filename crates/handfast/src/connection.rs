//! The engine.
use crate::Time;
use crate::alert::{Alert, AlertDescription};
use crate::config::{ClientConfig, ConfigSource, Limits, ServerConfig};
use crate::error::{Error, ErrorKind, Limit};
use crate::event::{Event, Negotiated};
use crate::handshake::{self, Flow, Input, Listen, Shared, Side, State};
use crate::keys::{Transcript, made};
use crate::message::Message;
use crate::policy::HAS_LEGACY;
use crate::record::{Joiner, Reader, Sslv2, Writer};
use crate::trace::{Direction, Inside, Observer, Trace, Watch};
use crate::wait::{Answer, Wait};
use crate::wire::Problem;
use crate::wire::numbers::{ContentType, HandshakeType, ProtocolVersion};
use rustls_pki_types::ServerName;
use std::mem;
use std::sync::Arc;

mod after;
mod alerts;
mod early;
mod exports;
mod hints;
mod renegotiate;
mod sslv2;
mod watched;
pub use exports::ChannelBinding;

/// One end of a connection.
///
/// The caller owns every buffer: it hands what came from the peer to [`Connection::receive`], and sends what
/// [`Connection::transmit`] gives. After an error, [`Connection::transmit`] has the alert.
pub struct Connection {
    state: State,
    shared: Shared,
    transcript: Transcript,
    joiner: Joiner,
    reader: Reader,
    writer: Writer,
    wait: Option<Wait>,
    /// The message that came last, which led to whatever is asked.
    newest: Option<&'static str>,
    error: Option<Error>,
    counts: Counts,
    /// The peer said close_notify, or the stream ended.
    read_closed: bool,
}

/// What is counted against the limits.
#[derive(Default)]
struct Counts {
    handshake_bytes: usize,
    empty_records: u32,
    warnings: u32,
    change_cipher_specs: u32,
    /// Handshakes that are done.
    handshakes: u32,
    /// Bytes of data that came in the middle of a second handshake under the old keys; `None` once those are changed.
    old_data: Option<usize>,
}

/// What [`Connection::receive`] did.
#[derive(Debug)]
pub struct Received<'b> {
    /// How many bytes of the input were taken: whole records only. The rest is to be given again, with more behind it.
    pub used: usize,
    /// What came up; `None` if more bytes are needed.
    pub event: Option<Event<'b>>,
}

impl Connection {
    /// A client's end, to a server of this name; an address sends no server_name. Its ClientHello is ready to be transmitted, unless
    /// the session store parks it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the config cannot work, [`ErrorKind::Crypto`] if no key can be made.
    pub fn client(config: Arc<ClientConfig>, name: ServerName<'static>, now: Time) -> Result<Self, Error> {
        Self::client_observed(config, name, now, None)
    }

    /// The same, watched from the first message on.
    ///
    /// # Errors
    /// As [`Connection::client`].
    pub fn client_observed(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        now: Time,
        observer: Option<Box<dyn Observer>>,
    ) -> Result<Self, Error> {
        let mut it = Self::new(Side::Client, config.provider.clone(), config.limits.clone(), config.max_fragment);
        it.shared.watch = Watch::of(observer);
        it.shared.watch.at(now);
        it.shared.policy = Some(config.policy.name);
        it.shared.key_log = config.key_log.clone();
        it.writer.pad(config.padding.clone());
        it.shared.compat_ccs_may_come = config.policy.max_version == ProtocolVersion::TLS1_3;
        let Self { shared, transcript, reader, writer, .. } = &mut it;
        let mut flow = Flow::new(now, shared, transcript, None, writer, reader);
        let started = handshake::connect(&mut flow, config, name).and_then(|state| {
            it.state = state;
            it.settle(now)
        });
        started.inspect_err(|error| it.shared.watch.see(Trace::Failed { error }))?;
        Ok(it)
    }

    /// A server's end with one config for every client.
    pub fn server(config: Arc<ServerConfig>) -> Self {
        let mut it = Self::new(Side::Server, config.provider.clone(), config.limits.clone(), config.max_fragment);
        it.shared.policy = Some(config.policy.name);
        it.shared.key_log = config.key_log.clone();
        it.writer.pad(config.padding.clone());
        // Where nothing is remembered, the disguise of a second ClientHello comes first (RFC 9846 4.3.2).
        it.shared.compat_ccs_may_come = config.cookies.is_some();
        it.reader.sslv2 = if config.policy.sslv2_hello && HAS_LEGACY { Sslv2::Read } else { Sslv2::Refused };
        it.state = handshake::listen(Listen::Config(config));
        it
    }

    /// A server's end whose config is chosen when the client has said whom it wants. `provider` and `limits` serve until then.
    pub fn server_by_hello(
        source: Arc<dyn ConfigSource>,
        provider: Arc<dyn crate::crypto::Provider>,
        limits: Limits,
    ) -> Self {
        let mut it = Self::new(Side::Server, provider, limits, crate::record::MAX_FRAGMENT);
        // The config may have them, too; if not, the state machine refuses what came.
        it.shared.compat_ccs_may_come = true;
        it.reader.sslv2 = if HAS_LEGACY { Sslv2::Read } else { Sslv2::Refused };
        it.state = handshake::listen(Listen::Source(source));
        it
    }

    fn new(side: Side, provider: Arc<dyn crate::crypto::Provider>, limits: Limits, max_fragment: usize) -> Self {
        let mut writer = Writer::new();
        writer.set_max_fragment(max_fragment);
        Self {
            state: State::Failed,
            shared: Shared::new(side, provider, limits),
            transcript: Transcript::new(),
            joiner: Joiner::default(),
            reader: Reader::new(),
            writer,
            wait: None,
            newest: None,
            error: None,
            counts: Counts::default(),
            read_closed: false,
        }
    }

    /// Takes what came from the peer, and opens it in place. Stops at the first event: call again, with what is left, until
    /// `event` is `None`. While parked it takes nothing.
    ///
    /// # Errors
    /// Whatever ends the connection: its alert is then ready to be transmitted, and the same error comes at every call.
    pub fn receive<'b>(&mut self, input: &'b mut [u8], now: Time) -> Result<Received<'b>, Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        self.shared.watch.at(now);
        match self.receive_records(input, now) {
            Ok(received) => Ok(received),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// The stream ended. Fine after close_notify; before it, someone cut the connection.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] if no close_notify had come.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        if mem::replace(&mut self.read_closed, true) {
            return Ok(());
        }
        let established = self.is_connected();
        let error: Error = ErrorKind::Truncated { established }.into();
        Err(self.fail(error))
    }

    /// Seals `plaintext` behind whatever waits to be transmitted, and appends all to `out`. A server that has accepted early data may
    /// answer it before the handshake is done; what it says then is to someone who may not be there any more
    /// (see [`Event::EarlyData`]).
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] before the handshake is done and while a second one goes on, after [`Connection::close`], and up to
    /// TLS 1.2 after the peer's close_notify; [`Limit::Records`] if the keys are worn out and there can be no others.
    pub fn send(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        if !self.can_send() {
            let why = "data can be sent once connected, but for the time of a second handshake, until closed: by either side up to \
                       TLS 1.2, by this one in TLS 1.3";
            return Err(ErrorKind::Misuse(why).into());
        }
        self.renew_keys(plaintext.len())?;
        self.writer.data(plaintext, out, &mut self.shared.watch)
    }

    /// Appends all that waits to be sent to the peer: flights, alerts. Also after an error.
    pub fn transmit(&mut self, out: &mut Vec<u8>) {
        self.writer.transmit(out);
    }

    /// Whether [`Connection::transmit`] has something.
    pub fn wants_transmit(&self) -> bool {
        self.writer.has_queued()
    }

    /// What the connection is parked on.
    pub fn wait(&self) -> Option<&Wait> {
        self.wait.as_ref()
    }

    /// Goes on with the answer to [`Connection::wait`]. Then call [`Connection::receive`] again, with whatever input is left,
    /// even none.
    ///
    /// # Errors
    /// [`ErrorKind::BadAnswer`] if it answers another question, or none; the connection stays as it is. Else whatever the
    /// answer leads to.
    pub fn answer(&mut self, answer: Answer, now: Time) -> Result<(), Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        if !self.wait.as_ref().is_some_and(|w| w.fits(&answer)) {
            return Err(ErrorKind::BadAnswer.into());
        }
        self.wait = None;
        self.shared.watch.at(now);
        let done = self.step(now, answer).and_then(|()| self.settle(now));
        done.map_err(|e| self.fail(e))
    }

    /// Says close_notify. In TLS 1.3 the peer may still send, and what it sends still comes; up to TLS 1.2 it drops what it has not
    /// sent (RFC 5246 7.2.1). Before the handshake is done this says user_canceled too, and ends the connection: every later
    /// call gives [`ErrorKind::Misuse`]. Not so where a server may send already, since it has accepted early data: there is an end to
    /// what it says, and the client's part of the handshake still comes.
    pub fn close(&mut self) {
        if self.error.is_some() || self.writer.is_closed() {
            return;
        }
        if self.state.is_established() || self.shared.answers_early {
            self.say(Alert::warning(AlertDescription::CLOSE_NOTIFY));
            return self.leave_renegotiation();
        }
        // SSL 3.0 has no way to say that nothing is wrong.
        if self.shared.negotiated.version != Some(ProtocolVersion::SSL3_0) {
            self.say(Alert::warning(AlertDescription::USER_CANCELED));
        }
        self.say(Alert::warning(AlertDescription::CLOSE_NOTIFY));
        self.fail(ErrorKind::Misuse("the connection was closed before its handshake was done").into());
    }

    /// Whether the handshake is done and nothing has failed. While a second one goes on it stays so.
    pub fn is_connected(&self) -> bool {
        self.state.is_established() && self.error.is_none()
    }

    /// Whether this is a client's end.
    pub fn is_client(&self) -> bool {
        self.shared.side == Side::Client
    }

    /// Whether data can be sent now.
    pub fn can_send(&self) -> bool {
        let may = self.is_connected() && !self.is_renegotiating() || self.shared.answers_early && self.error.is_none();
        may && !self.writer.is_closed()
    }

    /// Whether the peer has said close_notify.
    pub fn peer_closed(&self) -> bool {
        self.read_closed
    }

    /// All that was negotiated, as far as it has come. While a second handshake goes on, it is what the one before has agreed.
    pub fn negotiated(&self) -> &Negotiated {
        match &self.shared.before {
            Some(before) => &before.negotiated,
            None => &self.shared.negotiated,
        }
    }

    // --- the loop ---

    fn receive_records<'b>(&mut self, input: &'b mut [u8], now: Time) -> Result<Received<'b>, Error> {
        let total = input.len();
        let mut rest = input; // own the slice, split it, never borrow it again
        macro_rules! stop {
            ($event:expr) => {
                return Ok(Received { used: total - rest.len(), event: $event })
            };
        }
        loop {
            // What the joiner holds goes before new records: the engine may have been parked on it.
            if self.joiner.pending() && self.wait.is_none() {
                self.drain(&[], now)?;
            }
            if self.wait.is_some() {
                stop!(Some(Event::Parked));
            }
            if mem::take(&mut self.shared.connected) {
                stop!(Some(self.established()));
            }
            if !self.shared.answered.is_empty() {
                let (request, given) = self.shared.answered.remove(0);
                stop!(Some(Event::ClientCertificate { request, given }));
            }
            if self.read_closed {
                // Nothing counts after close_notify (RFC 9846 6.1).
                rest = &mut [];
                stop!(None);
            }
            let framed = self.reader.frame(rest).map_err(|e| self.refuse_header(rest, e))?;
            let Some(length) = framed else { stop!(None) };
            let (record, tail) = mem::take(&mut rest).split_at_mut(length);
            rest = tail;
            if let Some(hello) = self.reader.sslv2_hello(record) {
                self.sslv2_hello(record, hello, now)?;
                continue;
            }
            self.shared.watch.keep(record);
            // What has no keys is as it came, and nothing is wrong with it yet.
            let opened =
                self.reader.open(record).inspect_err(|_| self.shared.watch.received(true, Inside::Unreadable))?;
            self.shared.watch.received(opened.protected, opened.inside());
            if opened.skipped {
                continue;
            }
            let (content, body) = (opened.content, opened.body);
            self.count_empty(content, body)?;
            let old_data = content == ContentType::APPLICATION_DATA && self.is_renegotiating();
            if self.reader.is_armed()
                && !old_data
                && !matches!(content, ContentType::CHANGE_CIPHER_SPEC | ContentType::ALERT)
            {
                let got = body.first().map_or(HandshakeType(0), |t| HandshakeType(*t));
                return Err(match content {
                    ContentType::HANDSHAKE => ErrorKind::UnexpectedMessage { got, expected: "ChangeCipherSpec" }.into(),
                    got => ErrorKind::UnexpectedRecord { got, expected: "ChangeCipherSpec" }.into(),
                });
            }
            match content {
                ContentType::HANDSHAKE => self.drain(body, now)?,
                ContentType::APPLICATION_DATA if self.takes_early_data() => {
                    self.count_early(body.len())?;
                    if !body.is_empty() {
                        stop!(Some(Event::EarlyData(body)));
                    }
                }
                ContentType::APPLICATION_DATA => {
                    if self.joiner.pending() || !(self.state.takes_data() || self.takes_old_data(body.len())?) {
                        let expected = "a handshake message";
                        return Err(ErrorKind::UnexpectedRecord { got: content, expected }.into());
                    }
                    if !body.is_empty() {
                        self.counts.warnings = 0;
                        self.shared.key_updates = 0;
                        stop!(Some(Event::Data(body)));
                    }
                }
                ContentType::ALERT => {
                    if let Some(event) = self.alert(body, now)? {
                        stop!(Some(event));
                    }
                }
                ContentType::CHANGE_CIPHER_SPEC => self.change_cipher_spec(body)?,
                got => {
                    let expected = "one of the four content types";
                    return Err(ErrorKind::UnexpectedRecord { got, expected }.into());
                }
            }
        }
    }

    /// Whether we are a server that has accepted early data, whose end has not come.
    fn takes_early_data(&self) -> bool {
        let open = self.shared.early.as_ref().is_some_and(|e| e.open);
        open && self.shared.side == Side::Server && !self.joiner.pending()
    }

    /// No more early data than the ticket allows (RFC 9846 4.7.1).
    fn count_early(&mut self, bytes: usize) -> Result<(), Error> {
        let Some(early) = &mut self.shared.early else { return Ok(()) };
        early.room = early.room.checked_sub(bytes).ok_or(ErrorKind::TooMuch(Limit::EarlyData))?;
        Ok(())
    }

    /// Steps over every whole message: from the joiner while that has bytes, else straight from the record. Parked, it keeps
    /// the rest.
    fn drain(&mut self, mut content: &[u8], now: Time) -> Result<(), Error> {
        if matches!(self.state, State::Handshake(_) | State::Again(_)) {
            self.counts.handshake_bytes += content.len();
            if self.counts.handshake_bytes > self.shared.limits.handshake_bytes {
                return Err(ErrorKind::TooMuch(Limit::HandshakeBytes).into());
            }
        }
        loop {
            // The application is told that a handshake is done before another begins.
            if self.wait.is_some() || self.shared.connected {
                self.joiner.push(content);
                return Ok(());
            }
            let Self { state, shared, transcript, joiner, reader, writer, newest, .. } = self;
            let Some((raw, aligned)) = joiner.next(&mut content, shared.limits.message_size)? else { return Ok(()) };
            if reader.is_armed() {
                // The keys were armed by a message before this one in the same record.
                let got = HandshakeType(raw.first().copied().unwrap_or_default());
                return Err(ErrorKind::UnexpectedMessage { got, expected: "ChangeCipherSpec" }.into());
            }
            let (name, dialect, protected) = (Message::name(raw), shared.dialect, reader.protects());
            *newest = Some(name);
            shared.watch.see(Trace::Message { direction: Direction::Received, name, raw, dialect, protected });
            let message = Message::decode(raw, dialect).map_err(|m| match m.problem {
                // A type that this dialect does not have is a message out of place, not a malformed one.
                Problem::Misplaced if m.at <= crate::message::HEADER => {
                    let expected = "a message of the agreed version";
                    ErrorKind::UnexpectedMessage { got: HandshakeType(raw[0]), expected }.into()
                }
                _ => Error::from(m).during(name, true),
            })?;
            let old = mem::replace(state, State::Failed);
            let mut flow = Flow::new(now, shared, transcript, Some(raw), writer, reader);
            let new = old.step(&mut flow, Input::Message(message, aligned)).map_err(|e| e.during(name, true))?;
            flow.now();
            *state = new;
            self.settle(now)?;
        }
    }

    /// Lets the config answer what it can answer at once, then sends what waits to be sent together. While parked, the flight is
    /// not complete: what was said so far goes with what follows the answer, in the same records as if that had come at once.
    fn settle(&mut self, now: Time) -> Result<(), Error> {
        while let Some(question) = self.shared.question.take() {
            match question.ask(now) {
                Some(answer) => self.step(now, answer)?,
                None => self.wait = Some(question),
            }
        }
        if self.wait.is_none() {
            self.writer.flush(&mut self.shared.watch)?;
        }
        self.tell_state();
        Ok(())
    }

    /// Goes on with an answer.
    fn step(&mut self, now: Time, answer: Answer) -> Result<(), Error> {
        let Self { state, shared, transcript, reader, writer, newest, .. } = self;
        let old = mem::replace(state, State::Failed);
        let mut flow = Flow::new(now, shared, transcript, None, writer, reader);
        *state = old.step(&mut flow, Input::Answer(answer)).map_err(|e| match *newest {
            Some(name) => e.during(name, true),
            None => e,
        })?;
        Ok(())
    }

    fn change_cipher_spec(&mut self, body: &[u8]) -> Result<(), Error> {
        let unexpected = |expected| ErrorKind::UnexpectedRecord { got: ContentType::CHANGE_CIPHER_SPEC, expected };
        self.shared.watch.see(Trace::ChangeCipherSpec { direction: Direction::Received });
        if body != [1] {
            return Err(unexpected("a ChangeCipherSpec of one byte, 1").into());
        }
        if self.joiner.pending() {
            return Err(unexpected("the rest of a handshake message").into());
        }
        if self.reader.change() {
            self.counts.old_data = None;
            let (secret, suite) = (made::MASTER.name, self.shared.agreed_suite());
            self.shared.watch.see(Trace::Keys { direction: Direction::Received, secret, suite });
            self.tell_state();
            return Ok(());
        }
        // TLS 1.3's disguise: between the first ClientHello and the peer's Finished (RFC 9846 5).
        let may_come = self.shared.compat_ccs_may_come && matches!(self.state, State::Handshake(_));
        if !may_come {
            return Err(unexpected("a handshake message").into());
        }
        self.shared.compat_ccs_came = true;
        self.counts.change_cipher_specs += 1;
        if self.counts.change_cipher_specs > self.shared.limits.change_cipher_specs {
            return Err(ErrorKind::TooMuch(Limit::ChangeCipherSpecs).into());
        }
        Ok(())
    }

    fn count_empty(&mut self, content: ContentType, body: &[u8]) -> Result<(), Error> {
        if !body.is_empty() {
            // An alert between empty records does not make them fewer.
            if content != ContentType::ALERT {
                self.counts.empty_records = 0;
            }
            return Ok(());
        }
        // Only application data may be empty (RFC 9846 5.1).
        if content == ContentType::HANDSHAKE {
            let expected = "a record with content";
            return Err(ErrorKind::UnexpectedRecord { got: content, expected }.into());
        }
        self.counts.empty_records += 1;
        if self.counts.empty_records > self.shared.limits.empty_records {
            return Err(ErrorKind::TooMuch(Limit::EmptyRecords).into());
        }
        Ok(())
    }

    /// The handshake's own memory goes. Gives what the application is told.
    fn established<'b>(&mut self) -> Event<'b> {
        self.transcript = Transcript::default();
        self.joiner.shrink();
        self.shared.watch.shrink();
        self.counts.change_cipher_specs = 0;
        self.counts.handshake_bytes = 0;
        self.counts.old_data = Some(0);
        self.counts.handshakes = self.counts.handshakes.saturating_add(1);
        if self.shared.negotiated.early_data != Some(true) {
            self.shared.early = None;
        }
        self.shared.watch.see(Trace::Connected);
        if self.counts.handshakes == 1 { Event::Connected } else { Event::Renegotiated }
    }

    /// Keeps the error, queues its alert, and forgets the session where it must not be resumed.
    fn fail(&mut self, error: Error) -> Error {
        let error = self.with_hints(error);
        self.state = State::Failed;
        self.wait = None;
        self.shared.question = None;
        self.joiner = Joiner::default();
        if let Some(description) = error.alert() {
            self.say(Alert::fatal(description));
        }
        if error.ends_session()
            && let Some(kept) = self.shared.kept.take()
        {
            kept.forget();
        }
        self.shared.watch.see(Trace::Failed { error: &error });
        self.error = Some(error.clone());
        error
    }

    /// From here on our keys are good for so many records of data.
    #[cfg(test)]
    pub(crate) fn wear(&mut self, left: u64) {
        self.writer.wear(left);
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("negotiated", &self.shared.negotiated)
            .field("wait", &self.wait)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

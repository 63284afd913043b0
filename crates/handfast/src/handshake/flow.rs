//! All that a state may touch: send this message, use these keys from here on, tell the application, ask a question.

use super::classic::Session;
use super::{Established, Input, State};
use crate::Time;
use crate::alert::Alert;
use crate::config::{Limits, RecordPadding};
use crate::crypto::{Credential, HashAlgorithm, Provider};
use crate::error::{Error, ErrorKind};
use crate::event::Negotiated;
use crate::keys::made::{self, Made};
use crate::keys::{KeyLog, Secret, Transcript};
use crate::message::{Dialect, Message};
use crate::record::{Aligned, HeaderVersion, Opener, Reader, Sealer, Writer};
use crate::session::Kept;
use crate::trace::{By, Direction, Trace, Verdict, Watch};
use crate::wait::Wait;
use crate::wire::CipherSuite;
use crate::wire::numbers::ProtocolVersion;
use std::sync::Arc;

/// Which end we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    /// The peer's.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What states and the connection share, and neither owns.
pub(crate) struct Shared {
    pub(crate) side: Side,
    /// How the next message is to be read.
    pub(crate) dialect: Dialect,
    /// What our policy is called, once it is chosen.
    pub(crate) policy: Option<&'static str>,
    /// The question that a state has asked in this step.
    pub(crate) question: Option<Wait>,
    pub(crate) negotiated: Negotiated,
    /// Why we showed no certificate when we were asked for one; or which pre-shared keys the server has not taken.
    pub(crate) unshown: Option<Box<str>>,
    /// The client has named a pre-shared key that is unknown here, and was not told.
    pub(crate) unknown_psk: bool,
    /// When the peer's chain was judged, be it in an earlier handshake.
    pub(crate) judged: Time,
    pub(crate) limits: Limits,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
    pub(crate) client_random: [u8; 32],
    pub(crate) server_random: [u8; 32],
    /// Early data, where there is any.
    pub(crate) early: Option<Box<Early>>,
    /// A server that has accepted early data, and may answer it before the client has finished.
    pub(crate) answers_early: bool,
    /// The exporter's secret, once there is one.
    pub(crate) exporter: Option<Exporter>,
    /// A server's certificate in this handshake, as the client saw it; `None` if a session is resumed.
    pub(crate) own: Option<Arc<Credential>>,
    /// The verify_data of the first Finished in the newest handshake, where it has 12 bytes: in TLS up to 1.2.
    pub(crate) first_finished: Option<[u8; 12]>,
    /// In a second handshake: the one before.
    pub(crate) before: Option<Box<Before>>,
    /// The handshake is done; the application has not been told yet.
    pub(crate) connected: bool,
    /// Requests for the client's certificate that it has answered, and whether with one; the application has not been told yet.
    pub(crate) answered: Vec<(u32, bool)>,
    /// ChangeCipherSpec is a disguise that may come at any time in the handshake, and is dropped (RFC 9846 5).
    pub(crate) compat_ccs_may_come: bool,
    /// One has come.
    pub(crate) compat_ccs_came: bool,
    pub(crate) compat_ccs_sent: bool,
    /// TLS 1.3: KeyUpdates since the last data.
    pub(crate) key_updates: u32,
    /// Where the session is to be forgotten if the connection fails.
    pub(crate) kept: Option<Box<Kept>>,
    pub(crate) watch: Watch,
}

impl Shared {
    /// Before anything is known.
    pub(crate) fn new(side: Side, provider: Arc<dyn Provider>, limits: Limits) -> Self {
        Self {
            side,
            dialect: Dialect::Hello,
            policy: None,
            question: None,
            negotiated: Negotiated { peer_is_server: side == Side::Client, ..Negotiated::default() },
            unshown: None,
            unknown_psk: false,
            judged: Time::default(),
            limits,
            provider,
            key_log: None,
            client_random: [0; 32],
            server_random: [0; 32],
            early: None,
            answers_early: false,
            exporter: None,
            own: None,
            first_finished: None,
            before: None,
            connected: false,
            answered: Vec::new(),
            compat_ccs_may_come: false,
            compat_ccs_came: false,
            compat_ccs_sent: false,
            key_updates: 0,
            kept: None,
            watch: Watch::default(),
        }
    }
}

impl Shared {
    /// The suite that the newest hellos agreed on. Where there are keys, there is one.
    pub(crate) fn agreed_suite(&self) -> CipherSuite {
        self.negotiated.suite.unwrap_or(CipherSuite(0))
    }

    /// What the renegotiation_info of this side holds: nothing in a first handshake (RFC 5746 3.2).
    pub(crate) fn renegotiated(&self, side: Side) -> Vec<u8> {
        self.before.as_ref().map(|before| before.session.renegotiated(side)).unwrap_or_default()
    }
}

/// What holds while a second handshake goes on: all that was agreed before. The second one is bound to it (RFC 5746).
pub(crate) struct Before {
    pub(crate) session: Session,
    pub(crate) negotiated: Negotiated,
    pub(crate) client_random: [u8; 32],
    pub(crate) exporter: Option<Exporter>,
    pub(crate) first_finished: Option<[u8; 12]>,
    pub(crate) own: Option<Arc<Credential>>,
    /// The most bytes in records that the second handshake has agreed on: theirs, ours.
    pub(crate) limits: Option<(usize, usize)>,
}

impl Before {
    /// There is no second handshake after all.
    pub(crate) fn restore(self, shared: &mut Shared) -> State {
        shared.negotiated = self.negotiated;
        shared.client_random = self.client_random;
        shared.exporter = self.exporter;
        shared.first_finished = self.first_finished;
        shared.own = self.own;
        State::Established(Established::Classic(self.session))
    }
}

/// Early data that a client may send, or that a server accepts.
pub(crate) struct Early {
    /// How many bytes may still go, or come.
    pub(crate) room: usize,
    /// Whether any may.
    pub(crate) open: bool,
    /// The application protocol that it is of.
    pub(crate) alpn: Option<Vec<u8>>,
    /// The early exporter's secret (RFC 9846 7.5).
    pub(crate) exporter: Secret,
    pub(crate) hash: HashAlgorithm,
    /// How a client pads its records when it is over.
    pub(crate) padding: Option<Arc<dyn RecordPadding>>,
}

/// What an exporter works from.
pub(crate) enum Exporter {
    /// The master secret; the randoms are the connection's (RFC 5705).
    Classic { master: Secret, hash: HashAlgorithm },
    /// The exporter master secret (RFC 9846 7.5).
    Tls13 { secret: Secret, hash: HashAlgorithm },
}

/// Borrows of named fields of the connection, for one step.
pub(crate) struct Flow<'f> {
    pub(crate) now: Time,
    pub(crate) shared: &'f mut Shared,
    pub(super) transcript: &'f mut Transcript,
    /// The message being stepped, until it is absorbed.
    pub(super) newest: Option<Newest<'f>>,
    pub(super) writer: &'f mut Writer,
    pub(super) reader: &'f mut Reader,
}

/// A message being stepped, header included: as it was read, and as the transcript absorbs it. These differ where it came in another
/// form than the one that it was read from: SSL 2.0's.
#[derive(Clone, Copy)]
pub(super) struct Newest<'f> {
    read: &'f [u8],
    absorbed: &'f [u8],
}

impl<'f> Flow<'f> {
    /// For the connection only.
    pub(crate) fn new(
        now: Time,
        shared: &'f mut Shared,
        transcript: &'f mut Transcript,
        newest: Option<&'f [u8]>,
        writer: &'f mut Writer,
        reader: &'f mut Reader,
    ) -> Self {
        let newest = newest.map(|raw| Newest { read: raw, absorbed: raw });
        Self { now, shared, transcript, newest, writer, reader }
    }

    /// The message being stepped has come in this form.
    pub(crate) fn came_as(mut self, absorbed: &'f [u8]) -> Self {
        self.newest = self.newest.map(|newest| Newest { absorbed, ..newest });
        self
    }

    /// The primitives.
    pub(crate) fn provider(&self) -> Arc<dyn Provider> {
        self.shared.provider.clone()
    }

    // --- transcript ---

    /// The transcript without the message being stepped: a received CertificateVerify or Finished is checked against it.
    pub(crate) fn before(&self) -> &Transcript {
        self.transcript
    }

    /// The transcript with the message being stepped.
    pub(crate) fn now(&mut self) -> &mut Transcript {
        if let Some(newest) = self.newest.take() {
            self.transcript.absorb(newest.absorbed);
        }
        self.transcript
    }

    /// The message being stepped, header included, while it is not absorbed.
    pub(crate) fn newest(&self) -> Option<&'f [u8]> {
        self.newest.map(|newest| newest.read)
    }

    /// Whether it has come in SSL 2.0's form.
    pub(crate) fn came_in_sslv2(&self) -> bool {
        self.newest.is_some_and(|newest| newest.read != newest.absorbed)
    }

    /// From here on messages are absorbed here: one exchange after the handshake has a transcript of its own.
    pub(super) fn enter_transcript(&mut self, transcript: Transcript) {
        *self.transcript = transcript;
    }

    /// A fresh transcript: the message being stepped, if any, does not belong to the old one nor (post-handshake) to any.
    pub(crate) fn leave_transcript(&mut self) {
        self.newest = None;
    }

    // --- out ---

    /// Sends a message, and absorbs it.
    pub(crate) fn send(&mut self, message: &Message<'_>) {
        let raw = message.to_bytes();
        self.send_raw(&raw);
    }

    /// Sends a message that is encoded already, and absorbs it.
    pub(crate) fn send_raw(&mut self, raw: &[u8]) {
        self.now().absorb(raw);
        self.send_apart(raw);
    }

    /// Sends a message that belongs to no transcript: NewSessionTicket of TLS 1.3, KeyUpdate, HelloRequest.
    pub(crate) fn send_apart(&mut self, raw: &[u8]) {
        self.writer.handshake(raw);
        let (dialect, protected) = (self.shared.dialect, self.writer.protects());
        let name = Message::name(raw);
        self.shared.watch.see(Trace::Message { direction: Direction::Sent, name, raw, dialect, protected });
    }

    /// What the peer takes in a protected record, and what we take, in bytes of content: the one holds for what is sent from here on,
    /// the other for what is opened from here on (RFC 8449 4).
    /// In a second handshake they wait until it is done.
    pub(crate) fn limit_records(&mut self, theirs: usize, ours: usize) {
        if let Some(before) = &mut self.shared.before {
            before.limits = Some((theirs, ours));
            return;
        }
        self.writer.limit(theirs);
        self.reader.limit(ours);
    }

    /// Early data comes in records of any size: its sender had not heard of our limit.
    pub(crate) fn lift_read_limit(&mut self) {
        self.reader.lift_limit();
    }

    /// A warning to the peer.
    pub(crate) fn warn(&mut self, alert: Alert) -> Result<(), Error> {
        self.writer.alert(alert, &mut self.shared.watch)
    }

    /// Whether close_notify was the last thing to say.
    pub(crate) fn is_closed(&self) -> bool {
        self.writer.is_closed()
    }

    /// Seals what waits to share records with what comes, so that it does not.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.writer.flush(&mut self.shared.watch)
    }

    // --- keys, classic ---

    /// Sends ChangeCipherSpec under the old keys, then writes under the new.
    pub(crate) fn change_write_keys(&mut self, keys: Sealer) -> Result<(), Error> {
        self.writer.change_cipher_spec(&mut self.shared.watch)?;
        let suite = self.shared.agreed_suite();
        self.write_keys(keys, made::MASTER.name, suite)
    }

    /// ChangeCipherSpec is the one legal next thing; these keys read what comes after it.
    pub(crate) fn arm_read_keys(&mut self, keys: Opener) {
        self.reader.arm(keys);
    }

    // --- keys, TLS 1.3 ---

    /// Writes under these keys, which are for this suite, from here on. `secret` names what they are made from.
    pub(crate) fn write_keys(&mut self, keys: Sealer, secret: &'static str, suite: CipherSuite) -> Result<(), Error> {
        self.writer.install(keys, &mut self.shared.watch)?;
        self.shared.watch.see(Trace::Keys { direction: Direction::Sent, secret, suite });
        Ok(())
    }

    /// Writes in the clear again: a second ClientHello, after early data that the server takes none of.
    pub(crate) fn write_plain(&mut self) -> Result<(), Error> {
        self.writer.install(Sealer::null(), &mut self.shared.watch)?;
        self.shared.watch.see(Trace::Plain { direction: Direction::Sent });
        Ok(())
    }

    /// Reads under these keys from here on. The token proves that no handshake bytes of the old keys are pending.
    pub(crate) fn read_keys(&mut self, keys: Opener, secret: &'static str, suite: CipherSuite, _: Aligned) {
        self.reader.install(keys);
        self.shared.watch.see(Trace::Keys { direction: Direction::Received, secret, suite });
    }

    // --- secrets ---

    /// Whether anybody wants to know.
    pub(crate) fn is_watched(&self) -> bool {
        self.shared.watch.is_watched()
    }

    /// A secret was made: the trace learns how, and the key log what it is, if it is one of those that it gets. Then the trace has it, too.
    pub(crate) fn made(&mut self, made: &Made, secret: &Secret) {
        let shared = &mut *self.shared;
        if shared.key_log.is_none() && !shared.watch.is_watched() {
            return;
        }
        let log = shared.key_log.as_ref().filter(|_| !made.log.is_empty());
        if let Some(log) = log {
            log.log(made.log, &shared.client_random, secret.bytes());
        }
        shared.watch.see(made.trace(secret.bytes().len(), log.map(|_| secret)));
    }

    /// The same of one that is held in a form of its own, and has so many bytes.
    pub(crate) fn made_unseen(&mut self, made: &Made, length: usize) {
        if self.is_watched() {
            self.shared.watch.see(made.trace(length, None));
        }
    }

    /// The client offered early data that we do not accept: what of it cannot be opened is dropped, up to this many bytes
    /// (RFC 9846 4.3.10). For a server, when it answers with ServerHello and again with HelloRetryRequest.
    pub(crate) fn skip_early_data(&mut self, bytes: usize) {
        self.reader.skip_early_data(bytes);
    }

    /// A ticket has said how much may come, be it under rules that hold no more: so much is dropped at least.
    pub(crate) fn skip_early_data_at_least(&mut self, bytes: usize) {
        self.reader.skip_early_data_at_least(bytes);
    }

    /// Early data is not padded: the server counts all that it cannot read (RFC 9846 4.7.1).
    pub(crate) fn take_padding(&mut self) -> Option<Arc<dyn RecordPadding>> {
        self.writer.take_padding()
    }

    /// Records are padded so from here on.
    pub(crate) fn pad(&mut self, padding: Option<Arc<dyn RecordPadding>>) {
        self.writer.pad(padding);
    }

    /// TLS 1.3's ChangeCipherSpec: changes nothing, looks familiar to middleboxes. Once a side.
    pub(crate) fn compat_ccs(&mut self) -> Result<(), Error> {
        if std::mem::replace(&mut self.shared.compat_ccs_sent, true) {
            return Ok(());
        }
        self.writer.change_cipher_spec(&mut self.shared.watch)
    }

    // --- agreements ---

    /// From here on messages are read, and headers checked, as this version's.
    pub(crate) fn agree(&mut self, version: ProtocolVersion, dialect: Dialect) {
        self.shared.dialect = dialect;
        self.shared.negotiated.version = Some(version);
        let tls13 = dialect == Dialect::Tls13;
        self.reader.header_version = if tls13 { HeaderVersion::Ignored } else { HeaderVersion::Exactly(version) };
        self.write_version(version);
    }

    /// From here on the headers that we write name this version, an alert's too; TLS 1.3's look like those of TLS 1.2.
    pub(crate) fn write_version(&mut self, version: ProtocolVersion) {
        self.writer.version = version.clamp(ProtocolVersion::SSL3_0, ProtocolVersion::TLS1_2);
    }

    /// A server's config is chosen: its limits, primitives and key log hold from here on.
    pub(crate) fn serve(&mut self, config: &crate::config::ServerConfig) {
        self.shared.policy = Some(config.policy.name);
        self.shared.limits = config.limits.clone();
        self.shared.provider = config.provider.clone();
        self.shared.key_log = config.key_log.clone();
        self.writer.set_max_fragment(config.max_fragment);
        self.writer.pad(config.padding.clone());
    }

    /// What is negotiated so far.
    pub(crate) fn negotiated(&mut self) -> &mut Negotiated {
        &mut self.shared.negotiated
    }

    /// A session, or a pre-shared key, is offered, taken or not.
    pub(crate) fn resumption(&mut self, by: By, verdict: Verdict) {
        self.shared.watch.see(Trace::Resumption { by, verdict });
    }

    /// Of what a client has offered, the server takes this, if any.
    pub(crate) fn accepted(&mut self, offered: [Option<By>; 2], taken: Option<By>) {
        for by in offered.into_iter().flatten() {
            self.resumption(by, if taken == Some(by) { Verdict::Accepted } else { Verdict::Declined });
        }
    }

    /// We are asked for a certificate, and show none.
    pub(crate) fn shows_none(&mut self, why: Box<str>) {
        self.shared.watch.see(Trace::NotShown { why: &why });
        self.shared.unshown = Some(why);
    }

    /// The handshake is done.
    pub(crate) fn connected(&mut self) {
        self.shared.connected = true;
    }

    /// Asks a question. The answer is the next input of the state that is returned; nothing else comes before it.
    pub(crate) fn ask(&mut self, question: Wait) {
        self.shared.question = Some(question);
    }

    /// The last arm of every table.
    pub(crate) fn unexpected(&self, input: &Input<'_>, expected: &'static str) -> Error {
        match input {
            Input::Message(message, _) => ErrorKind::UnexpectedMessage { got: message.kind(), expected }.into(),
            Input::Answer(_) => ErrorKind::BadAnswer.into(),
        }
    }
}

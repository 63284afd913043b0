//! What happens, as the tool tells it: to a person on stderr, or to a program on stdout.

pub(crate) mod json;

use crate::bytes::Record;
use crate::exit::Failure;
use crate::human::View;
use crate::words;
use handfast::alert::Alert;
use handfast::crypto::Credential;
use handfast::message::{Dialect, Message};
use handfast::trace::{By, Direction, Observer, Trace, Verdict};
use handfast::verify::CertificateError;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{Negotiated, Time};
use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'e> {
    /// The tool runs.
    Start { verb: &'static str },
    /// `serve` is ready.
    Listening { url: &'e str },
    /// `serve` has read its files anew.
    Reloaded { cause: Cause, certificates: &'e [Arc<Credential>], sessions_kept: bool },
    /// It could not, and goes on with what it had.
    ReloadFailed { cause: Cause, failure: &'e Failure },
    /// A whole handshake message, or a ChangeCipherSpec.
    Message { direction: Direction, name: &'static str, raw: &'e [u8], dialect: Dialect, protection: Protection },
    /// A record, if they are asked for.
    Record { direction: Direction, record: Record<'e> },
    /// A secret was made.
    Secret { secret: Secret<'e> },
    /// Something else is awaited.
    State { awaiting: &'static str },
    /// What became of a session, or of an external pre-shared key.
    Resumption { by: By, verdict: Verdict },
    /// An alert.
    Alert { direction: Direction, alert: Alert, protection: Protection },
    /// Keys came into use.
    Keys { direction: Direction, secret: &'static str, suite: CipherSuite },
    /// They came out of use.
    Plain { direction: Direction },
    /// The peer's chain was judged, and found good.
    Verified { how: &'e str },
    /// It was refused.
    Refused { error: &'e CertificateError },
    /// We were asked for a certificate, and show none.
    NotShown { why: &'e str },
    /// `connect` tries again with an older version as the newest.
    Fallback { from: ProtocolVersion, to: ProtocolVersion, failure: &'e Failure },
    /// The handshake is done.
    Connected { negotiated: &'e Negotiated },
    /// A second handshake is done.
    Renegotiated { negotiated: &'e Negotiated },
    /// `serve`: a TLS 1.3 client has answered who it is, after the handshake.
    ClientCertificate { negotiated: &'e Negotiated },
    /// What the connection gives to another protocol: a channel binding, keying material; or why it has none.
    Exported { kind: &'static str, name: &'e str, got: Result<&'e [u8], &'e str> },
    /// What a person may wonder about.
    Remark { words: &'e str },
    /// Data of the application. `early`: it came, or was taken, as early data.
    Data { direction: Direction, bytes: &'e [u8], early: bool },
    /// The connection is over.
    Closed { clean: bool },
    /// It ended otherwise.
    Failed { failure: &'e Failure },
}

/// A secret, and how it was made.
#[derive(Clone, Copy)]
pub(crate) struct Secret<'e> {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) from: &'static str,
    pub(crate) with: &'static str,
    pub(crate) length: usize,
    /// What it is, where there is a key log that gets it.
    pub(crate) value: Option<&'e [u8]>,
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How something is protected on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Not at all.
    Clear,
    /// Against change alone: a NULL suite encrypts nothing.
    Integrity,
    /// Nobody between can read it, either.
    Encrypted,
}

impl Protection {
    /// That of records which this suite protects.
    pub(crate) fn of(suite: CipherSuite) -> Self {
        if words::encrypts(suite) { Self::Encrypted } else { Self::Integrity }
    }

    /// Whether there is one.
    pub(crate) fn protects(self) -> bool {
        self != Self::Clear
    }
}

/// Why files are read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Somebody sent SIGHUP.
    Signal,
    /// They have changed.
    Change,
}

/// Makes events of a connection's trace.
#[derive(Default)]
pub(crate) struct Translator {
    /// ServerHello chose TLS 1.3, in which a ChangeCipherSpec means nothing; or early data comes, which is of it.
    tls13: bool,
    /// Whether records are told: there are many.
    records: bool,
    /// How keys that are in use protect: what is sent, what is received.
    keys: [Option<Protection>; 2],
    /// Whether the record that came last was protected. An alert may come in the clear though there are keys: of a peer that has none yet.
    came_protected: bool,
}

impl Translator {
    /// One that tells records, too.
    pub(crate) fn with_records() -> Self {
        Self { records: true, ..Self::default() }
    }

    fn keys(&mut self, direction: Direction) -> &mut Option<Protection> {
        let [sent, received] = &mut self.keys;
        match direction {
            Direction::Sent => sent,
            Direction::Received => received,
        }
    }

    /// How what goes this way is protected, if it is.
    fn protection(&mut self, direction: Direction, protected: bool) -> Protection {
        match protected {
            // Where no keys are known it is early data that cannot be read.
            true => self.keys(direction).unwrap_or(Protection::Encrypted),
            false => Protection::Clear,
        }
    }

    /// The event that a trace stands for, if it is one.
    pub(crate) fn event<'t>(&mut self, trace: &Trace<'t>) -> Option<Event<'t>> {
        Some(match *trace {
            Trace::Message { direction, name, raw, dialect, protected } => {
                self.tls13 = is_tls13(raw, dialect).unwrap_or(self.tls13);
                Event::Message { direction, name, raw, dialect, protection: self.protection(direction, protected) }
            }
            Trace::ChangeCipherSpec { direction } => {
                let (dialect, protection) = match self.tls13 {
                    true => (Dialect::Tls13, Protection::Clear),
                    // Under the keys of the handshake before, if it is a second one.
                    false => (Dialect::Hello, self.keys(direction).unwrap_or(Protection::Clear)),
                };
                Event::Message { direction, name: "ChangeCipherSpec", raw: &[1], dialect, protection }
            }
            Trace::Record { direction, outer, version, length, protected, inside, raw } => {
                if direction == Direction::Received {
                    self.came_protected = protected;
                }
                if !self.records {
                    return None;
                }
                let protection = self.protection(direction, protected);
                Event::Record { direction, record: Record { outer, version, length, protection, inside, raw } }
            }
            Trace::Alert { direction, alert } => {
                let protected = match direction {
                    Direction::Sent => self.keys(direction).is_some(),
                    Direction::Received => self.came_protected,
                };
                Event::Alert { direction, alert, protection: self.protection(direction, protected) }
            }
            Trace::Secret { name, label, from, with, length, value } => {
                let value = value.map(|secret| secret.bytes());
                Event::Secret { secret: Secret { name, label, from, with, length, value } }
            }
            Trace::Keys { direction, secret, suite } => {
                *self.keys(direction) = Some(Protection::of(suite));
                Event::Keys { direction, secret, suite }
            }
            Trace::Plain { direction } => {
                *self.keys(direction) = None;
                Event::Plain { direction }
            }
            Trace::Verified { how } => Event::Verified { how },
            Trace::Refused { error } => Event::Refused { error },
            Trace::NotShown { why } => Event::NotShown { why },
            Trace::Resumption { by, verdict } => Event::Resumption { by, verdict },
            Trace::State { awaiting } => Event::State { awaiting },
            _ => return None,
        })
    }
}

/// Whether a ChangeCipherSpec behind this message is one of TLS 1.3's, if the message says.
fn is_tls13(raw: &[u8], dialect: Dialect) -> Option<bool> {
    if dialect == Dialect::Tls13 {
        return Some(true);
    }
    match Message::decode(raw, Dialect::Hello) {
        Ok(Message::ClientHello(hello)) => hello.extensions.early_data().map(|_| true),
        Ok(Message::HelloRetryRequest(_)) => Some(true),
        Ok(Message::ServerHello(hello)) => Some(hello.extensions.supported_versions().is_some()),
        _ => None,
    }
}

/// One of `serve`'s connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    /// Counted from 1.
    pub(crate) number: u64,
    pub(crate) peer: SocketAddr,
}

/// Tells events, in the form that was asked for. Shared by whoever has something to tell.
#[derive(Clone)]
pub(crate) struct Teller {
    inner: Arc<Inner>,
    /// Of which end it tells, where it tells of both.
    end: Option<&'static str>,
}

struct Inner {
    json: bool,
    records: bool,
    view: Mutex<View>,
    /// Why nothing more is written to stdout.
    unheard: Mutex<Option<io::Error>>,
}

impl Teller {
    /// Objects on stdout if `json`, else whatever `view` shows on stderr.
    pub(crate) fn new(json: bool, view: View) -> Self {
        let records = json || view.shows_records();
        let inner = Inner { json, records, view: Mutex::new(view), unheard: Mutex::new(None) };
        Self { inner: Arc::new(inner), end: None }
    }

    /// The same, of one of two ends.
    pub(crate) fn of(&self, end: &'static str) -> Self {
        Self { end: Some(end), ..self.clone() }
    }

    /// Whether stdout is for events, and not for data.
    pub(crate) fn is_json(&self) -> bool {
        self.inner.json
    }

    /// Whether nothing can be written to stdout any more.
    pub(crate) fn unheard(&self) -> bool {
        self.inner.unheard.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What is wrong with stdout; that nobody reads it any more is nothing.
    pub(crate) fn fault(&self) -> Result<(), Failure> {
        let error = self.inner.unheard.lock().unwrap_or_else(PoisonError::into_inner).take();
        error.map_or(Ok(()), crate::quietly).map_err(|e| Failure::io(format!("stdout failed: {e}.")))
    }

    /// Tells what happened, on one of several connections if it is one's.
    pub(crate) fn tell(&self, connection: Option<Connection>, event: &Event<'_>) {
        let mut view = self.inner.view.lock().unwrap_or_else(PoisonError::into_inner);
        if self.inner.json
            && let Some(mut line) = json::line(json::Whose { connection, end: self.end }, Time::now(), event)
        {
            line.push('\n');
            let mut out = io::stdout().lock();
            if let Err(error) = out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
                self.inner.unheard.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
        // A failure is always said in words, too; and what must never go unseen.
        if !self.inner.json
            || matches!(event, Event::Failed { .. } | Event::ReloadFailed { .. } | Event::Fallback { .. })
        {
            view.show(connection, event);
        }
    }

    /// An observer that tells what it sees of this connection.
    pub(crate) fn observer(&self, connection: Option<Connection>) -> impl Observer + use<> {
        let translator = if self.inner.records { Translator::with_records() } else { Translator::default() };
        let (teller, mut translator) = (self.clone(), translator);
        move |trace: &Trace<'_>| {
            if let Some(event) = translator.event(trace) {
                teller.tell(connection, &event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handfast::alert::{AlertDescription, AlertLevel};
    use handfast::trace::Inside;
    use handfast::wire::numbers::ContentType;

    const SENT: Direction = Direction::Sent;
    const RECEIVED: Direction = Direction::Received;

    fn keys(direction: Direction, suite: CipherSuite) -> Trace<'static> {
        Trace::Keys { direction, secret: "master secret", suite }
    }

    fn protection(translator: &mut Translator, trace: &Trace<'_>) -> Protection {
        match translator.event(trace) {
            Some(Event::Message { protection, .. } | Event::Alert { protection, .. }) => protection,
            other => panic!("{other:?}"),
        }
    }

    fn finished(direction: Direction) -> Trace<'static> {
        let (raw, dialect) = (&[20, 0, 0, 0], Dialect::Tls13);
        Trace::Message { direction, name: "Finished", raw, dialect, protected: true }
    }

    fn alert(direction: Direction) -> Trace<'static> {
        let alert = Alert { level: AlertLevel::Fatal, description: AlertDescription::ILLEGAL_PARAMETER };
        Trace::Alert { direction, alert }
    }

    #[test]
    fn what_is_only_guarded_is_not_encrypted() {
        let mut translator = Translator::default();
        translator.event(&keys(SENT, CipherSuite::TLS_RSA_WITH_NULL_SHA256));
        translator.event(&keys(RECEIVED, CipherSuite::TLS_AES_128_GCM_SHA256));
        assert_eq!(protection(&mut translator, &finished(SENT)), Protection::Integrity);
        assert_eq!(protection(&mut translator, &finished(RECEIVED)), Protection::Encrypted);
        translator.event(&keys(SENT, CipherSuite::TLS_AES_128_GCM_SHA256));
        assert_eq!(protection(&mut translator, &finished(SENT)), Protection::Encrypted);
        assert_eq!(protection(&mut translator, &alert(SENT)), Protection::Encrypted);
        translator.event(&Trace::Plain { direction: SENT });
        assert_eq!(protection(&mut translator, &alert(SENT)), Protection::Clear);
    }

    #[test]
    fn an_alert_is_protected_as_it_came() {
        let mut translator = Translator::default();
        translator.event(&keys(RECEIVED, CipherSuite::TLS_AES_128_GCM_SHA256));
        let (outer, version, raw) = (ContentType::ALERT, ProtocolVersion::TLS1_2, &[21, 3, 3, 0, 2, 2, 47]);
        for (protected, expected) in [(false, Protection::Clear), (true, Protection::Encrypted)] {
            let inside = Inside::Content { kind: outer, length: 2 };
            let record = Trace::Record { direction: RECEIVED, outer, version, length: 2, protected, inside, raw };
            assert!(translator.event(&record).is_none(), "they are not asked for");
            assert_eq!(protection(&mut translator, &alert(RECEIVED)), expected);
        }
    }

    #[test]
    fn a_second_change_cipher_spec_is_protected_by_the_keys_before() {
        let mut translator = Translator::default();
        let change = Trace::ChangeCipherSpec { direction: SENT };
        assert_eq!(protection(&mut translator, &change), Protection::Clear);
        translator.event(&keys(SENT, CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256));
        assert_eq!(protection(&mut translator, &change), Protection::Encrypted);
        // TLS 1.3's is a disguise, and has none.
        translator.event(&finished(SENT));
        assert_eq!(protection(&mut translator, &change), Protection::Clear);
    }
}

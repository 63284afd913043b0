//! What a connection shows on its way, for the checks after it.

use handfast::alert::AlertLevel;
use handfast::keys::KeyLog;
use handfast::message::Dialect;
use handfast::trace::{Direction, Trace};
use handfast::wire::numbers::SignatureScheme;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one connection has shown so far.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// What the peer says it can verify.
    pub(crate) peer_schemes: Vec<SignatureScheme>,
    /// The authorities that a server would like a certificate of.
    pub(crate) authorities: Vec<Vec<u8>>,
    /// What a client offers.
    pub(crate) alpn: Vec<Vec<u8>>,
    /// Which credential's key was used; -1 is the default one.
    pub(crate) selected: Option<i32>,
    /// Sessions that a client was given.
    pub(crate) new_sessions: usize,
    /// By how many seconds a client's ticket seems older than it is, if early data was looked at.
    pub(crate) skew: Option<i64>,
    /// Whether a server kept the session under its ID.
    pub(crate) cached: bool,
    /// What went to the key log, by label.
    pub(crate) secrets: BTreeMap<&'static str, Vec<u8>>,
    /// Messages, ChangeCipherSpecs and alerts, a line each.
    pub(crate) trace: String,
}

/// Shared by all parts of a connection's config.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness(Arc<Mutex<Seen>>);

impl Witness {
    pub(crate) fn see(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the trace in the runner's words.
    pub(crate) fn trace(&self, trace: &Trace<'_>) {
        let word = |d: &Direction| if *d == Direction::Sent { "write" } else { "read" };
        let out = &mut self.see().trace;
        // Writing to a string cannot fail.
        let _ = match trace {
            Trace::Message { direction, dialect: Dialect::Sslv2, .. } => {
                writeln!(out, "{} v2clienthello", word(direction))
            }
            Trace::Message { direction, raw: [kind, ..], .. } => writeln!(out, "{} hs {kind}", word(direction)),
            Trace::ChangeCipherSpec { direction } => writeln!(out, "{} ccs", word(direction)),
            Trace::Alert { direction, alert } => {
                let level = if alert.level == AlertLevel::Warning { 1 } else { 2 };
                writeln!(out, "{} alert {level} {}", word(direction), alert.description.0)
            }
            _ => Ok(()),
        };
    }
}

impl KeyLog for Witness {
    fn log(&self, label: &'static str, _: &[u8; 32], secret: &[u8]) {
        self.see().secrets.insert(label, secret.to_vec());
    }
}

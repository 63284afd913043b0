//! How each secret is made: what it is called, by which label, from which other (RFC 9846 7.1, 7.3; RFC 5246 6.3, 8.1; RFC 4279 2).
//! The label here is the one that it is derived with, and all this is what the trace tells.

use super::label as log;
use super::{PskKind, Secret};
use crate::trace::Trace;

/// How a secret is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// What the RFCs call it.
    pub(crate) name: &'static str,
    /// The label of HKDF-Expand-Label or the PRF; empty for HKDF-Extract, and what is agreed or cut.
    pub(crate) label: &'static str,
    /// What it is derived or cut from; of an HKDF-Extract the salt. Empty: it is agreed, or zeros.
    pub(crate) from: &'static str,
    /// What is mixed with that. Empty: nothing, or zeros.
    pub(crate) with: &'static str,
    /// By which label the key log gets it; empty: it does not.
    pub(crate) log: &'static str,
}

const fn agreed(name: &'static str) -> Made {
    Made { name, label: "", from: "", with: "", log: "" }
}

const fn derived(name: &'static str, label: &'static str, from: &'static str) -> Made {
    Made { name, label, from, with: "", log: "" }
}

impl Made {
    const fn logged(self, log: &'static str) -> Self {
        Self { log, ..self }
    }

    /// The same, of another.
    pub(crate) const fn from(self, from: &'static str) -> Self {
        Self { from, ..self }
    }

    /// The same, with this mixed in.
    pub(crate) const fn with(self, with: &'static str) -> Self {
        Self { with, ..self }
    }

    /// What the trace tells of one that has so many bytes.
    pub(crate) fn trace<'t>(&self, length: usize, value: Option<&'t Secret>) -> Trace<'t> {
        let Self { name, label, from, with, .. } = *self;
        Trace::Secret { name, label, from, with, length, value }
    }

    /// The label in bytes.
    pub(crate) const fn label(&self) -> &'static [u8] {
        self.label.as_bytes()
    }
}

pub(crate) const PSK: Made = agreed("PSK");

// --- TLS 1.3 ---

pub(crate) const EARLY: Made = agreed("Early Secret");
pub(crate) const CLIENT_EARLY: Made =
    derived("client_early_traffic_secret", "c e traffic", EARLY.name).logged(log::CLIENT_EARLY);
pub(crate) const EARLY_EXPORTER: Made =
    derived("early_exporter_secret", "e exp master", EARLY.name).logged(log::EARLY_EXPORTER);
pub(crate) const EARLY_DERIVED: Made = derived("Early Secret, derived", "derived", EARLY.name);
pub(crate) const ASYMMETRIC: Made = agreed("asymmetric shared secret");
pub(crate) const HANDSHAKE: Made = agreed("Handshake Secret").from(EARLY_DERIVED.name);
pub(crate) const CLIENT_HANDSHAKE: Made =
    derived("client_handshake_traffic_secret", "c hs traffic", HANDSHAKE.name).logged(log::CLIENT_HANDSHAKE);
pub(crate) const SERVER_HANDSHAKE: Made =
    derived("server_handshake_traffic_secret", "s hs traffic", HANDSHAKE.name).logged(log::SERVER_HANDSHAKE);
pub(crate) const HANDSHAKE_DERIVED: Made = derived("Handshake Secret, derived", "derived", HANDSHAKE.name);
pub(crate) const MAIN: Made = agreed("Main Secret").from(HANDSHAKE_DERIVED.name);
pub(crate) const CLIENT_APPLICATION: Made =
    derived("client_application_traffic_secret", "c ap traffic", MAIN.name).logged(log::CLIENT_TRAFFIC);
pub(crate) const SERVER_APPLICATION: Made =
    derived("server_application_traffic_secret", "s ap traffic", MAIN.name).logged(log::SERVER_TRAFFIC);
pub(crate) const EXPORTER: Made = derived("exporter_secret", "exp master", MAIN.name).logged(log::EXPORTER);
pub(crate) const RESUMPTION: Made = derived("resumption_secret", "res master", MAIN.name);
pub(crate) const TICKET_PSK: Made = derived("PSK of the ticket", "resumption", RESUMPTION.name);
/// From a traffic secret, or a binder_key.
pub(crate) const FINISHED_KEY: Made = derived("finished_key", "finished", "");
/// The label of a traffic secret that follows one of the same name (RFC 9846 7.2).
pub(crate) const UPDATE: &str = "traffic upd";

impl PskKind {
    /// The binder_key of a PSK of this kind.
    pub(crate) const fn binder(self) -> Made {
        let label = match self {
            Self::Resumption => "res binder",
            Self::External => "ext binder",
            Self::Imported => "imp binder",
        };
        derived("binder_key", label, EARLY.name)
    }
}

/// What one side's records are protected with, from a traffic secret (RFC 9846 7.3).
pub(crate) struct WriteKeys {
    pub(crate) key: Made,
    pub(crate) iv: Made,
}

pub(crate) const CLIENT_KEYS: WriteKeys =
    WriteKeys { key: derived("client_write_key", "key", ""), iv: derived("client_write_iv", "iv", "") };
pub(crate) const SERVER_KEYS: WriteKeys =
    WriteKeys { key: derived("server_write_key", "key", ""), iv: derived("server_write_iv", "iv", "") };

// --- TLS 1.2 and older ---

/// What is agreed beside a pre-shared key.
pub(crate) const OTHER: Made = agreed("other_secret");
pub(crate) const PREMASTER: Made = agreed("premaster secret");
pub(crate) const MASTER: Made = derived("master secret", "master secret", PREMASTER.name).logged(log::MASTER);
pub(crate) const EXTENDED_MASTER: Made = Made { label: "extended master secret", ..MASTER };
/// That of a session that is resumed.
pub(crate) const OLD_MASTER: Made = Made { label: "", from: "", ..MASTER };
pub(crate) const KEY_BLOCK: Made = derived("key_block", "key expansion", MASTER.name);
/// The slices of the key block, in their order.
pub(crate) const SLICES: [Made; 6] = [
    derived("client_write_MAC_key", "", KEY_BLOCK.name),
    derived("server_write_MAC_key", "", KEY_BLOCK.name),
    derived("client_write_key", "", KEY_BLOCK.name),
    derived("server_write_key", "", KEY_BLOCK.name),
    derived("client_write_IV", "", KEY_BLOCK.name),
    derived("server_write_IV", "", KEY_BLOCK.name),
];

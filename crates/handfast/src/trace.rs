//! The trace: every record, message, state, secret, key change, verdict and alert, as it happens, for whoever watches.
//!
//! The connection hands out raw bytes and dialect; [`crate::message::Message::describe`] makes fields of them on demand.

mod resumption;

pub use resumption::{By, Verdict};

use crate::Time;
use crate::alert::Alert;
use crate::error::Error;
use crate::keys::Secret;
use crate::message::Dialect;
use crate::verify::CertificateError;
use crate::wire::CipherSuite;
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::fmt;

/// Which way something went, seen from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From us.
    Sent,
    /// From the peer.
    Received,
}

/// What is in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Content.
    Content {
        /// Its type; in TLS 1.3 the one that is encrypted with it.
        kind: ContentType,
        /// How many bytes of plaintext it has, without padding.
        length: usize,
    },
    /// Early data that is not accepted: it is dropped unread (RFC 9846 4.3.10).
    Dropped,
    /// It cannot be opened, or its header or its content is none that may come: the connection fails.
    Unreadable,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Trace<'t> {
    /// A record went by. A received one is told before what is in it; one that is sent, behind that.
    Record {
        /// Which way.
        direction: Direction,
        /// The type in its header; handshake for a ClientHello in SSL 2.0's form, whose header has none.
        outer: ContentType,
        /// The version in its header; 0x0002 for a ClientHello in SSL 2.0's form.
        version: ProtocolVersion,
        /// The length in its header, in bytes.
        length: usize,
        /// Whether it was protected.
        protected: bool,
        /// What is in it.
        inside: Inside,
        /// All of it as it travelled: the header, and the ciphertext where it is protected. Of one whose header is refused, what has
        /// come of it.
        raw: &'t [u8],
    },
    /// A handshake message, whole.
    Message {
        /// Which way.
        direction: Direction,
        /// Its RFC name.
        name: &'static str,
        /// All of it, header included.
        raw: &'t [u8],
        /// How to read it.
        dialect: Dialect,
        /// Whether it went protected.
        protected: bool,
    },
    /// A ChangeCipherSpec; in TLS 1.3 a disguise without meaning.
    ChangeCipherSpec {
        /// Which way.
        direction: Direction,
    },
    /// An alert.
    Alert {
        /// Which way.
        direction: Direction,
        /// Level and description.
        alert: Alert,
    },
    /// A secret was made, or came in from outside. Told before the keys that are made of it come into use.
    Secret {
        /// Its name in the RFCs, in TLS 1.3 those of RFC 9846 7.1: `master secret`, `client_handshake_traffic_secret`, ... After a
        /// KeyUpdate it is that of the one before, whose number the RFC counts up. One that has the name of an earlier one takes its
        /// place.
        name: &'static str,
        /// The label of the PRF or of HKDF-Expand-Label, such as `c hs traffic` (without `tls13 `); empty for HKDF-Extract, for what is
        /// cut from a key block, for what SSL 3.0 derives, and for what was agreed on.
        label: &'static str,
        /// The name of what it is derived or cut from; of an HKDF-Extract, of the salt. Empty if that is zeros, or if it was
        /// agreed on, in this handshake or before.
        from: &'static str,
        /// The name of what is mixed with that: the input keying material of an HKDF-Extract, or the pre-shared key in a premaster secret
        /// (RFC 4279 2). Empty if that is zeros, or if there is none.
        with: &'static str,
        /// Its length in bytes.
        length: usize,
        /// What it is: only where there is a key log ([`crate::ClientConfig::key_log`]), and only of a secret that this gets. The key log
        /// has a label only for the first application traffic secrets.
        value: Option<&'t Secret>,
    },
    /// Keys came into use.
    Keys {
        /// For which way.
        direction: Direction,
        /// What they are made from: `master secret`, `client_handshake_traffic_secret`, ...
        secret: &'static str,
        /// The suite that says how they protect.
        suite: CipherSuite,
    },
    /// Keys came out of use, and what follows is in the clear again: a second ClientHello, after early data (RFC 9846 4.2.2).
    Plain {
        /// For which way.
        direction: Direction,
    },
    /// The peer's chain, or its raw key, was judged, and found good.
    Verified {
        /// How, in words.
        how: &'t str,
    },
    /// It was judged, and refused: the connection fails.
    Refused {
        /// Why.
        error: &'t CertificateError,
    },
    /// We were asked for a certificate, and show none.
    NotShown {
        /// What was asked for, and what is in the way of ours, in words.
        why: &'t str,
    },
    /// What became of a session that was offered to be resumed, or of an external pre-shared key. A server tells of each that it looks at,
    /// until it takes one.
    Resumption {
        /// What it is.
        by: By,
        /// What became of it.
        verdict: Verdict,
    },
    /// Something else is awaited than before.
    State {
        /// What: a message by its name, data, or an answer of the config's or the application's, in words. A question that the config answers at once does
        /// not show.
        awaiting: &'static str,
    },
    /// A time was handed in, and it is another than the one before. [`crate::Connection::send`] and others that take none go by the last.
    Now {
        /// The time.
        time: Time,
    },
    /// A handshake is done: the first, or a later one on the same connection.
    Connected,
    /// The connection has failed. Told once, and last.
    Failed {
        /// Why.
        error: &'t Error,
    },
}

/// Watches a connection. Called synchronously; it must not block.
pub trait Observer: Send {
    /// Something happened.
    fn see(&mut self, trace: &Trace<'_>);
}

impl<F: FnMut(&Trace<'_>) + Send> Observer for F {
    fn see(&mut self, trace: &Trace<'_>) {
        self(trace);
    }
}

/// The place of an observer, who may be absent.
#[derive(Default)]
pub(crate) struct Watch(Option<Box<Watching>>);

/// An observer, and what is kept for it alone.
struct Watching {
    observer: Box<dyn Observer>,
    /// A received record as it travelled: it is opened in place.
    record: Vec<u8>,
    /// The time that was handed in last.
    time: Option<Time>,
    /// What was awaited last.
    awaiting: &'static str,
}

impl Watching {
    #[cold]
    fn see(&mut self, trace: &Trace<'_>) {
        self.observer.see(trace);
    }

    #[cold]
    fn at(&mut self, time: Time) {
        if self.time != Some(time) {
            self.time = Some(time);
            self.observer.see(&Trace::Now { time });
        }
    }

    #[cold]
    fn keep(&mut self, record: &[u8]) {
        self.record.clear();
        self.record.extend_from_slice(record);
    }

    #[cold]
    fn received(&mut self, protected: bool, inside: Inside) {
        if let Some(trace) = record_of(Direction::Received, protected, inside, &self.record) {
            self.observer.see(&trace);
        }
    }

    #[cold]
    fn sent(&mut self, protected: bool, inside: Inside, raw: &[u8]) {
        if let Some(trace) = record_of(Direction::Sent, protected, inside, raw) {
            self.observer.see(&trace);
        }
    }
}

impl Watch {
    /// A place that this observer has taken, if there is one.
    pub(crate) fn of(observer: Option<Box<dyn Observer>>) -> Self {
        let watching = |observer| Watching { observer, record: Vec::new(), time: None, awaiting: "" };
        Self(observer.map(|observer| Box::new(watching(observer))))
    }

    /// Tells the observer, if there is one. Here, and in what follows, the question whether there is one stands with whoever asks, and all
    /// else out of their way: most connections have none.
    #[inline(always)]
    pub(crate) fn see(&mut self, trace: Trace<'_>) {
        if let Some(watching) = &mut self.0 {
            watching.see(&trace);
        }
    }

    /// Whether there is one.
    #[inline(always)]
    pub(crate) fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// Tells what is awaited, if it is news.
    pub(crate) fn awaits(&mut self, awaiting: &'static str) {
        if let Some(watching) = &mut self.0
            && watching.awaiting != awaiting
        {
            watching.awaiting = awaiting;
            watching.see(&Trace::State { awaiting });
        }
    }

    /// Tells the time that is handed in, if it is news.
    #[inline(always)]
    pub(crate) fn at(&mut self, time: Time) {
        if let Some(watching) = &mut self.0 {
            watching.at(time);
        }
    }

    /// Keeps a received record as it is, for [`Watch::received`], if anyone watches.
    #[inline(always)]
    pub(crate) fn keep(&mut self, record: &[u8]) {
        if let Some(watching) = &mut self.0 {
            watching.keep(record);
        }
    }

    /// Tells of the record that is kept: it is opened now, or will not be.
    #[inline(always)]
    pub(crate) fn received(&mut self, protected: bool, inside: Inside) {
        if let Some(watching) = &mut self.0 {
            watching.received(protected, inside);
        }
    }

    /// Tells of a record that is sealed.
    #[inline(always)]
    pub(crate) fn sent(&mut self, protected: bool, kind: ContentType, length: usize, raw: &[u8]) {
        if let Some(watching) = &mut self.0 {
            watching.sent(protected, Inside::Content { kind, length }, raw);
        }
    }

    /// The memory of what is kept goes.
    pub(crate) fn shrink(&mut self) {
        if let Some(watching) = &mut self.0 {
            watching.record = Vec::new();
        }
    }
}

/// A record as its header has it, if it has one.
fn record_of(direction: Direction, protected: bool, inside: Inside, raw: &[u8]) -> Option<Trace<'_>> {
    let [outer, major, minor, high, low, ..] = *raw else { return None };
    let version = ProtocolVersion(u16::from_be_bytes([major, minor]));
    let length = usize::from(u16::from_be_bytes([high, low]));
    Some(Trace::Record { direction, outer: ContentType(outer), version, length, protected, inside, raw })
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({})", self.0.is_some())
    }
}

//! The trace: every record, message, key change and alert, as it happens, for whoever watches.
//!
//! The connection hands out raw bytes and dialect; [`crate::message::Message::describe`] makes fields of them on demand.

use crate::alert::Alert;
use crate::message::Dialect;
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
    /// Keys came into use.
    Keys {
        /// For which way.
        direction: Direction,
        /// What they are made from: `master secret`, `client_handshake_traffic_secret`, ...
        secret: &'static str,
    },
    /// The peer's chain was judged.
    Verified {
        /// How, in words.
        how: &'t str,
    },
    /// We were asked for a certificate, and show none.
    NotShown {
        /// What was asked for, and what is in the way of ours, in words.
        why: &'t str,
    },
    /// The handshake is done.
    Connected,
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
}

impl Watch {
    /// A place that this observer has taken, if there is one.
    pub(crate) fn of(observer: Option<Box<dyn Observer>>) -> Self {
        Self(observer.map(|observer| Box::new(Watching { observer, record: Vec::new() })))
    }

    /// Tells the observer, if there is one.
    pub(crate) fn see(&mut self, trace: Trace<'_>) {
        if let Some(watching) = &mut self.0 {
            watching.observer.see(&trace);
        }
    }

    /// Keeps a received record as it is, for [`Watch::received`], if anyone watches.
    pub(crate) fn keep(&mut self, record: &[u8]) {
        if let Some(watching) = &mut self.0 {
            watching.record.clear();
            watching.record.extend_from_slice(record);
        }
    }

    /// Tells of the record that is kept: it is opened now, or will not be.
    pub(crate) fn received(&mut self, protected: bool, inside: Inside) {
        if let Some(Watching { observer, record }) = self.0.as_deref_mut()
            && let Some(trace) = record_of(Direction::Received, protected, inside, record)
        {
            observer.see(&trace);
        }
    }

    /// Tells of a record that is sealed.
    pub(crate) fn sent(&mut self, protected: bool, kind: ContentType, length: usize, raw: &[u8]) {
        if let Some(watching) = &mut self.0
            && let Some(trace) = record_of(Direction::Sent, protected, Inside::Content { kind, length }, raw)
        {
            watching.observer.see(&trace);
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

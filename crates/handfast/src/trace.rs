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

/// Something that happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Trace<'t> {
    /// A record went by.
    Record {
        /// Which way.
        direction: Direction,
        /// The type in its header.
        outer: ContentType,
        /// The type of its content.
        content: ContentType,
        /// The version in its header.
        version: ProtocolVersion,
        /// The length in its header, in bytes.
        length: usize,
        /// Whether it was protected.
        protected: bool,
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
pub(crate) struct Watch(pub(crate) Option<Box<dyn Observer>>);

impl Watch {
    /// Tells the observer, if there is one.
    pub(crate) fn see(&mut self, trace: Trace<'_>) {
        if let Some(observer) = &mut self.0 {
            observer.see(&trace);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({})", self.0.is_some())
    }
}

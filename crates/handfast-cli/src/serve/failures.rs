//! The connections that failed last, kept in memory for a page that only visitors on this machine see.

use super::page::{Story, Told};
use crate::events::Connection;
use crate::exit::Failure;
use handfast::{Negotiated, ServerConfig};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

/// How many are kept. A story is bounded, and so are these.
const MOST: usize = 32;

/// A connection that failed.
pub(super) struct Failed {
    pub(super) connection: Connection,
    pub(super) at: SystemTime,
    pub(super) failure: Failure,
    /// What was negotiated, if its handshake was done.
    pub(super) negotiated: Option<Negotiated>,
    /// What it went through. No secrets are kept.
    pub(super) told: Told,
    /// What it was negotiated by, as long as that is in use: a key that is taken out of use is not kept in memory for this.
    pub(super) config: Weak<ServerConfig>,
}

impl Failed {
    /// Now, of what has been told of it; the story is over.
    pub(super) fn now(
        connection: Connection,
        failure: Failure,
        story: &Story,
        negotiated: Option<Negotiated>,
        config: Weak<ServerConfig>,
    ) -> Self {
        Self { connection, at: SystemTime::now(), failure, negotiated, told: story.end(), config }
    }
}

/// Those that are kept.
#[derive(Default)]
pub(super) struct Failures(Mutex<VecDeque<Arc<Failed>>>);

impl Failures {
    /// Keeps one more; the oldest goes where there are too many.
    pub(super) fn keep(&self, failed: Failed) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.truncate(MOST - 1);
        all.push_front(Arc::new(failed));
    }

    /// All of them, the newest first.
    pub(super) fn all(&self) -> Vec<Arc<Failed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The connection of this number, if it is one of them.
    pub(super) fn find(&self, number: u64) -> Option<Arc<Failed>> {
        self.all().into_iter().find(|f| f.connection.number == number)
    }
}

/// Whether somebody at this address sits at this machine.
pub(super) fn is_local(peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Code;

    fn failed(number: u64) -> Failed {
        let connection = Connection { number, peer: "127.0.0.1:1".parse().expect("an address") };
        let failure = Failure::network(Code::Handshake, format!("{number}."), "");
        Failed::now(connection, failure, &Story::default(), None, Weak::new())
    }

    #[test]
    fn the_last_are_kept_and_no_more() {
        let failures = Failures::default();
        assert!(failures.all().is_empty() && failures.find(1).is_none());
        (1..=100).for_each(|n| failures.keep(failed(n)));
        let numbers: Vec<_> = failures.all().iter().map(|f| f.connection.number).collect();
        assert_eq!(numbers, (69..=100).rev().collect::<Vec<_>>());
        assert_eq!(failures.find(70).map(|f| f.failure.explanation.why.clone()), Some("70.".into()));
        assert!(failures.find(68).is_none());
    }

    #[test]
    fn who_is_local() {
        let local = |text: &str| is_local(text.parse().expect("an address"));
        assert!(local("127.0.0.1") && local("127.1.2.3") && local("::1") && local("::ffff:127.0.0.1"));
        assert!(!local("192.0.2.1") && !local("::ffff:192.0.2.1") && !local("::2") && !local("0.0.0.0"));
    }
}

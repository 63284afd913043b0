//! What a server remembers of early data, so that none is taken twice (RFC 9846 8).

use crate::Time;
use crate::wait::Reply;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A ClientHello that comes with early data: its binder has been verified, and it is fresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlyHello {
    /// The SHA-256 hash of the ticket.
    pub ticket: [u8; 32],
    /// The first moment at which this ClientHello would have been taken for fresh.
    pub from: Time,
    /// The last one. After it, it need not be remembered: it is refused for its age (RFC 9846 8.3).
    pub until: Time,
}

/// Remembers which tickets came with early data. Servers that take each other's tickets have to share it, or early data can be
/// taken once by each of them.
pub trait ReplayStore: Send + Sync + fmt::Debug {
    /// Whether early data may be taken with this ticket: it is now marked as used, and was not before. At least until
    /// [`EarlyHello::until`] it is then refused. To be refused, too, is what could have come before the store began to remember: all
    /// whose [`EarlyHello::from`] is earlier (RFC 9846 8.2). When in doubt, it is refused: the data then comes a round trip later.
    fn first_use(&self, hello: &EarlyHello, now: Time) -> Reply<bool>;
}

/// In memory, for one process. A ticket is remembered for as long as there is room, and at least until its ClientHello is too old;
/// where there is no room for that, early data is refused. Each entry takes about 200 bytes.
pub struct MemoryReplayStore {
    started: Time,
    most: usize,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    tickets: HashMap<[u8; 32], Time>,
    /// The same, by when they may be forgotten.
    by_time: BTreeSet<(Time, [u8; 32])>,
    /// The newest that was forgotten: nothing as old is taken, even if the clock is set back.
    forgotten: Option<Time>,
}

impl MemoryReplayStore {
    /// One that remembers from `started` on, and so many tickets at most.
    pub fn new(started: Time, most: usize) -> Self {
        Self { started, most, used: Mutex::default() }
    }

    fn is_first(&self, hello: &EarlyHello, now: Time) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let too_old = used.forgotten.is_some_and(|f| hello.until <= f);
        if hello.from < self.started || too_old || used.tickets.contains_key(&hello.ticket) {
            return false;
        }
        if used.tickets.len() >= self.most && !used.forget(now) {
            return false;
        }
        used.tickets.insert(hello.ticket, hello.until);
        used.by_time.insert((hello.until, hello.ticket));
        true
    }
}

impl Used {
    /// Forgets the oldest, if its time is over.
    fn forget(&mut self, now: Time) -> bool {
        let Some((until, ticket)) = self.by_time.first().copied().filter(|(until, _)| *until < now) else {
            return false;
        };
        self.by_time.remove(&(until, ticket));
        self.tickets.remove(&ticket);
        self.forgotten = self.forgotten.max(Some(until));
        true
    }
}

impl ReplayStore for MemoryReplayStore {
    fn first_use(&self, hello: &EarlyHello, now: Time) -> Reply<bool> {
        Reply::Now(self.is_first(hello, now))
    }
}

impl fmt::Debug for MemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "MemoryReplayStore({} of {})", used.tickets.len(), self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(seconds: u64) -> Time {
        Time(Duration::from_secs(seconds))
    }

    /// A hello of this ticket, sent at this second, with a window of ten.
    fn hello(ticket: u8, sent: u64) -> EarlyHello {
        EarlyHello { ticket: [ticket; 32], from: at(sent - 10), until: at(sent + 10) }
    }

    fn first(store: &MemoryReplayStore, ticket: u8, sent: u64, now: u64) -> bool {
        let Reply::Now(first) = store.first_use(&hello(ticket, sent), at(now)) else { panic!("it is in memory") };
        first
    }

    #[test]
    fn a_ticket_is_used_once() {
        let store = MemoryReplayStore::new(at(100), 10);
        assert!(first(&store, 1, 1000, 1000));
        assert!(!first(&store, 1, 1000, 1005) && !first(&store, 1, 1003, 1005) && !first(&store, 1, 5000, 5000));
        assert!(first(&store, 2, 1000, 1000));
    }

    #[test]
    fn what_may_have_come_before_the_start_is_refused() {
        let store = MemoryReplayStore::new(at(1000), 10);
        // Sent after the start, but a clock that is slow could have taken it before.
        for sent in [990, 1000, 1009] {
            assert!(!first(&store, 1, sent, 1005), "{sent}");
        }
        assert!(first(&store, 1, 1010, 1010));
    }

    #[test]
    fn what_is_fresh_is_not_forgotten_for_want_of_room() {
        let store = MemoryReplayStore::new(at(0), 2);
        assert!(first(&store, 1, 1000, 1000) && first(&store, 2, 1004, 1004));
        assert!(!first(&store, 3, 1005, 1005), "there is no room");
        assert!(!first(&store, 3, 1010, 1010), "the first may still come again");
        assert!(first(&store, 3, 1011, 1011), "it would be too old");
        assert!(!first(&store, 4, 1012, 1012));
        assert_eq!(format!("{store:?}"), "MemoryReplayStore(2 of 2)");
        // The first comes again, and the clock is where it was.
        assert!(!first(&store, 1, 1000, 1000));
        assert!(!MemoryReplayStore::new(at(0), 0).is_first(&hello(1, 1000), at(1000)));
    }
}

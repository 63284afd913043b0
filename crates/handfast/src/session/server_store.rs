//! A server's cache by session ID (TLS 1.2 and older).

use crate::Time;
use crate::bounded::Bounded;
use crate::keys::Secret;
use crate::wait::Reply;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A server's cache.
pub trait ServerStore: Send + Sync + fmt::Debug {
    /// What was kept under this ID.
    fn find(&self, id: &[u8], now: Time) -> Reply<Option<Secret>>;
    /// Keeps a session; whether it did.
    fn keep(&self, id: &[u8], session: &Secret, now: Time) -> Reply<bool>;
    /// Forgets what was kept under this ID: a connection of this session ended with a fatal alert, so that it must not be
    /// resumed (RFC 5246 7.2.2).
    fn forget(&self, id: &[u8]);
}

/// In memory. When it is full, what was used longest ago goes. The default keeps 8192 sessions, 16 MiB in all, for 12 hours.
#[derive(Debug)]
pub struct MemoryServerStore {
    lifetime: u32,
    sessions: Mutex<Sessions>,
}

/// Under the ID, what was kept and when.
type Sessions = Bounded<Box<[u8]>, (Secret, Time)>;

impl MemoryServerStore {
    /// A cache of this many sessions and this many bytes in all, each for `lifetime` seconds.
    pub fn new(sessions: usize, bytes: usize, lifetime: u32) -> Self {
        Self { lifetime, sessions: Mutex::new(Bounded::new(sessions, bytes)) }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryServerStore {
    fn default() -> Self {
        Self::new(8192, 16 << 20, 12 * 3600)
    }
}

impl ServerStore for MemoryServerStore {
    fn find(&self, id: &[u8], now: Time) -> Reply<Option<Secret>> {
        let mut sessions = self.sessions();
        Reply::Now(match sessions.get(id) {
            Some((session, since)) if now.seconds_since(*since) < self.lifetime.into() => Some(session.clone()),
            Some(_) => {
                sessions.remove(id);
                None
            }
            None => None,
        })
    }

    fn keep(&self, id: &[u8], session: &Secret, now: Time) -> Reply<bool> {
        let weight = id.len() + session.bytes().len() + size_of::<(Secret, Time)>();
        Reply::Now(!id.is_empty() && self.sessions().put(id.into(), (session.clone(), now), weight))
    }

    fn forget(&self, id: &[u8]) {
        self.sessions().remove(id);
    }
}

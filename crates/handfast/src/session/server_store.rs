//! A server's cache by session ID (TLS 1.2 and older).

use crate::Time;
use crate::keys::Secret;
use crate::wait::Reply;
use std::fmt;

/// A server's cache.
pub trait ServerStore: Send + Sync + fmt::Debug {
    /// What was kept under this ID.
    fn find(&self, id: &[u8], now: Time) -> Reply<Option<Secret>>;
    /// Keeps a session; whether it did.
    fn keep(&self, id: &[u8], session: &Secret, now: Time) -> Reply<bool>;
}

/// In memory, bounded.
#[derive(Debug, Default)]
pub struct MemoryServerStore {}

impl ServerStore for MemoryServerStore {
    fn find(&self, _: &[u8], _: Time) -> Reply<Option<Secret>> {
        todo!()
    }
    fn keep(&self, _: &[u8], _: &Secret, _: Time) -> Reply<bool> {
        todo!()
    }
}

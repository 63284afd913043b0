//! What a client keeps.

use super::ClientSession;
use crate::Time;
use crate::wait::Reply;
use std::fmt;

/// What a session is kept under: the server's name, its port where known, and whatever else must not differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey(pub String);

/// A client's store. A TLS 1.3 session is given out once (RFC 9846 C.4); a classic one may be given again.
pub trait ClientStore: Send + Sync + fmt::Debug {
    /// A session that may be resumed now, if there is one.
    fn take(&self, key: &SessionKey, now: Time) -> Reply<Option<ClientSession>>;
    /// Keeps a session.
    fn put(&self, key: &SessionKey, session: ClientSession);
    /// Forgets the classic session, which the server did not like.
    fn forget(&self, key: &SessionKey);
}

/// In memory, bounded.
#[derive(Debug, Default)]
pub struct MemoryClientStore {}

impl ClientStore for MemoryClientStore {
    fn take(&self, _: &SessionKey, _: Time) -> Reply<Option<ClientSession>> {
        todo!()
    }
    fn put(&self, _: &SessionKey, _: ClientSession) {
        todo!()
    }
    fn forget(&self, _: &SessionKey) {
        todo!()
    }
}

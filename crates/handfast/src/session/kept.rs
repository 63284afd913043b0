//! Where a connection's session is kept, for as long as the connection lives: if it fails, its session is not resumed.

use super::{ClientStore, ServerStore, SessionKey};
use std::sync::Arc;

/// The place of a session. Tickets of a server's are in nobody's hands but the client's.
pub(crate) enum Kept {
    /// In a client's store, with whatever else is kept of this server.
    OfServer(Arc<dyn ClientStore>, SessionKey),
    /// In a server's cache, under this ID.
    UnderId(Arc<dyn ServerStore>, Vec<u8>),
}

impl Kept {
    /// The connection ended with a fatal alert (RFC 5246 7.2.2, RFC 9846 6).
    pub(crate) fn forget(&self) {
        match self {
            Self::OfServer(store, key) => store.forget(key),
            Self::UnderId(store, id) => store.forget(id),
        }
    }
}

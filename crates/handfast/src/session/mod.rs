//! What is remembered from one connection to the next: a client's store, a server's tickets and its cache by ID.

mod client_store;
mod kept;
mod replay;
mod server_store;
mod state;
#[cfg(test)]
mod tests;
mod tickets;

pub use client_store::{ClientStore, MemoryClientStore, Remembered, SessionKey};
pub(crate) use kept::Kept;
pub use replay::{EarlyHello, MemoryReplayStore, ReplayStore};
pub use server_store::{MemoryServerStore, ServerStore};
pub use state::{ClassicClientSession, ClientSession, ClientSession13, ClientSessionKind};
pub(crate) use state::{ServerSession, ServerSessionKind, context};
pub use tickets::{RotatingTickets, Tickets};

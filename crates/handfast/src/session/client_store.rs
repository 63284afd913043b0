//! What a client keeps.

use super::{ClientSession, ClientSessionKind};
use crate::Time;
use crate::bounded::Bounded;
use crate::wait::Reply;
use crate::wire::numbers::NamedGroup;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a session is kept under: the server's name, as the connection was given it. The engine knows of no ports. Where several servers
/// of one name stand behind different ones, each wants a config with a store of its own, or they forget each other's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey(pub String);

/// What a store remembers of a server.
#[derive(Clone, Debug, Default)]
pub struct Remembered {
    /// A session that may be resumed now.
    pub session: Option<Box<ClientSession>>,
    /// The group that the server chose last ([`ClientStore::remember_group`]).
    pub group: Option<NamedGroup>,
}

impl From<Option<ClientSession>> for Remembered {
    /// Nothing but a session.
    fn from(session: Option<ClientSession>) -> Self {
        Self { session: session.map(Box::new), group: None }
    }
}

/// A client's store. A TLS 1.3 session is given out once (RFC 9846 C.4); a classic one may be given again.
pub trait ClientStore: Send + Sync + fmt::Debug {
    /// What is remembered of this server. A session that has expired is not offered.
    fn take(&self, key: &SessionKey, now: Time) -> Reply<Remembered>;
    /// Keeps a session.
    fn put(&self, key: &SessionKey, session: ClientSession);
    /// Keeps which group a server of TLS 1.3 chose, when it is none for which a share is sent anyway, or another than before: the next
    /// handshake sends a share for it, and is spared a HelloRetryRequest (RFC 9846 4.3.8). By default it is not kept.
    fn remember_group(&self, _key: &SessionKey, _group: NamedGroup) {}
    /// Forgets all that is kept of this server: a connection to it ended with a fatal alert (RFC 5246 7.2.2, RFC 9846 6), or it
    /// keeps no sessions.
    fn forget(&self, key: &SessionKey);
}

/// In memory: of each server the group, the newest classic session and the newest tickets of TLS 1.3, of which the newest is given out first.
/// When there are too many servers, the one used longest ago is forgotten. The default keeps 256 servers, 8 tickets of each, and
/// 8 MiB in all.
#[derive(Debug)]
pub struct MemoryClientStore {
    tickets: usize,
    servers: Mutex<Bounded<SessionKey, Server>>,
}

/// What is kept of one server.
#[derive(Default)]
struct Server {
    classic: Option<ClientSession>,
    /// The newest last.
    tickets: VecDeque<ClientSession>,
    group: Option<NamedGroup>,
}

impl MemoryClientStore {
    /// A store of this many servers, this many TLS 1.3 tickets of each, and this many bytes in all.
    pub fn new(servers: usize, tickets: usize, bytes: usize) -> Self {
        Self { tickets, servers: Mutex::new(Bounded::new(servers, bytes)) }
    }

    fn servers(&self) -> MutexGuard<'_, Bounded<SessionKey, Server>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is kept of a server.
    fn change<T>(&self, key: &SessionKey, f: impl FnOnce(&mut Server) -> T) -> T {
        let mut servers = self.servers();
        let mut server = servers.remove(key).unwrap_or_default();
        let out = f(&mut server);
        let group = if server.group.is_some() { size_of::<Server>() } else { 0 };
        let weight = server.classic.iter().chain(&server.tickets).map(weight).sum::<usize>() + group;
        if weight > 0 {
            servers.put(key.clone(), server, weight + key.0.len());
        }
        out
    }
}

impl Default for MemoryClientStore {
    fn default() -> Self {
        Self::new(256, 8, 8 << 20)
    }
}

impl ClientStore for MemoryClientStore {
    fn take(&self, key: &SessionKey, now: Time) -> Reply<Remembered> {
        Reply::Now(self.change(key, |server| {
            server.tickets.retain(|s| !s.expired(now));
            server.classic.take_if(|s| s.expired(now));
            let session = match (server.tickets.back(), &server.classic) {
                // Whichever is newer tells what the server speaks now.
                (Some(ticket), Some(classic)) if ticket.since < classic.since => server.classic.clone(),
                (Some(_), _) => server.tickets.pop_back(),
                (None, _) => server.classic.clone(),
            };
            Remembered { session: session.map(Box::new), group: server.group }
        }))
    }

    fn remember_group(&self, key: &SessionKey, group: NamedGroup) {
        self.change(key, |server| server.group = Some(group));
    }

    fn put(&self, key: &SessionKey, session: ClientSession) {
        self.change(key, |server| match session.kind {
            ClientSessionKind::Classic(_) => server.classic = Some(session),
            ClientSessionKind::Tls13(_) => {
                server.tickets.push_back(session);
                while server.tickets.len() > self.tickets {
                    server.tickets.pop_front();
                }
            }
        });
    }

    fn forget(&self, key: &SessionKey) {
        self.servers().remove(key);
    }
}

/// About how many bytes a session takes.
fn weight(session: &ClientSession) -> usize {
    let own = match &session.kind {
        ClientSessionKind::Classic(s) => s.id.len() + s.ticket.len(),
        ClientSessionKind::Tls13(s) => s.ticket.len(),
    };
    let chain = session.chain.iter().map(|c| c.len() + size_of_val(c)).sum::<usize>();
    let chain = chain + session.raw_key.as_ref().map_or(0, |key| key.len());
    size_of::<ClientSession>() + own + chain + session.alpn.as_ref().map_or(0, Vec::len)
}

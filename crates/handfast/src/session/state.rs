//! What is remembered of a session.

use crate::Time;
use crate::keys::Secret;
use crate::wire::CipherSuite;
use crate::wire::numbers::{NamedGroup, ProtocolVersion};
use rustls_pki_types::CertificateDer;

/// What a client remembers of a session.
#[derive(Clone, Debug)]
pub struct ClientSession {
    /// The version, which must be agreed again.
    pub version: ProtocolVersion,
    /// The suite.
    pub suite: CipherSuite,
    /// When it was kept.
    pub since: Time,
    /// For how many seconds it may be used.
    pub lifetime: u32,
    /// The server's chain, judged when the session was made.
    pub chain: Vec<CertificateDer<'static>>,
    /// The application protocol.
    pub alpn: Option<Vec<u8>>,
    /// What differs between the families.
    pub kind: ClientSessionKind,
}

/// The two families' forms.
#[derive(Clone, Debug)]
pub enum ClientSessionKind {
    /// TLS 1.2 and older.
    Classic(ClassicClientSession),
    /// TLS 1.3.
    Tls13(ClientSession13),
}

/// TLS 1.2 and older.
#[derive(Clone, Debug)]
pub struct ClassicClientSession {
    /// The ID, if the server gave one.
    pub id: Vec<u8>,
    /// The ticket, if the server gave one.
    pub ticket: Vec<u8>,
    /// The master secret.
    pub master: Secret,
    /// Whether it is an extended one, which must not change (RFC 7627 5.3).
    pub extended_master_secret: bool,
}

/// TLS 1.3.
#[derive(Clone, Debug)]
pub struct ClientSession13 {
    /// The ticket.
    pub ticket: Vec<u8>,
    /// The key that stands behind it.
    pub psk: Secret,
    /// Hides the ticket's age on the wire.
    pub age_add: u32,
    /// The group of the first handshake: a good guess for the next.
    pub group: Option<NamedGroup>,
}

/// What a server finds in a ticket or under an ID.
#[derive(Clone, Debug)]
pub(crate) struct ServerSession {
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: CipherSuite,
    pub(crate) since: Time,
    pub(crate) lifetime: u32,
    /// The name that the client had asked for: a session is good for that name only.
    pub(crate) server_name: Option<String>,
    pub(crate) alpn: Option<Vec<u8>>,
    /// The client's chain, if it gave one.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) kind: ServerSessionKind,
    /// Ties it to the config that made it (what it asks of clients): another config does not take it.
    pub(crate) context: [u8; 32],
}

/// The two families' forms.
#[derive(Clone, Debug)]
pub(crate) enum ServerSessionKind {
    Classic { master: Secret, extended_master_secret: bool },
    Tls13 { psk: Secret, age_add: u32 },
}

impl ServerSession {
    pub(crate) fn encode(&self) -> Secret {
        todo!()
    }
    pub(crate) fn decode(_: &Secret) -> Option<Self> {
        todo!()
    }
}

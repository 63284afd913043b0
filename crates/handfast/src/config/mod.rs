//! What the user decides. Required choices are arguments of `new`, the rest documented public fields.

mod by_issuer;
mod by_name;
mod client;
mod cookies;
mod padding;
mod replaceable;
mod server;

pub use by_issuer::ByIssuer;
pub use by_name::ByName;
pub use client::{CertificateWanted, ClientConfig, ClientCredentials};
pub use cookies::Cookies;
pub use padding::{PadToMultiple, RecordPadding};
pub use replaceable::ReplaceableConfig;
pub use server::{ClientAuth, ConfigSource, EarlyDataRules, ServerConfig, ServerCredentials};

/// Bounds on what a peer may make us do. Each is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one handshake message, its header of four apart; 64 KiB.
    pub message_size: usize,
    /// Bytes of handshake messages that a whole handshake takes from the peer, headers and all; 256 KiB.
    pub handshake_bytes: usize,
    /// Certificates in a chain; 10.
    pub chain: usize,
    /// Records without content in a row; 32. Alerts between them do not count as content.
    pub empty_records: u32,
    /// Warning alerts without data between; 4.
    pub warnings: u32,
    /// KeyUpdates without data between; 32.
    pub key_updates: u32,
    /// ChangeCipherSpec records in a TLS 1.3 handshake; 32.
    pub change_cipher_specs: u32,
    /// A peer's requests for a new handshake in a whole connection, up to TLS 1.2, be they granted or refused with no_renegotiation; 4.
    pub renegotiations: u32,
    /// Bytes of data that come in the middle of a new handshake, under the old keys, once the peer takes part in it; 1 MiB.
    pub renegotiation_data: usize,
    /// Tickets of TLS 1.3 from a server that are kept, per connection; more are dropped; 16.
    pub tickets: u32,
    /// Requests for a client's certificate after the handshake, in a whole connection; 32.
    pub certificate_requests: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_size: 64 << 10,
            handshake_bytes: 256 << 10,
            chain: 10,
            empty_records: 32,
            warnings: 4,
            key_updates: 32,
            change_cipher_specs: 32,
            renegotiations: 4,
            renegotiation_data: 1 << 20,
            tickets: 16,
            certificate_requests: 32,
        }
    }
}

//! What the user decides. Required choices are arguments of `new`, the rest documented public fields.

use crate::error::{Error, ErrorKind};
use crate::extension::RecordSizeLimit;

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

/// What must be right in both sides' configs.
fn check(alpn: &[Vec<u8>], max_fragment: usize, record_size_limit: Option<u16>) -> Result<(), Error> {
    const LIMIT: std::ops::RangeInclusive<u16> = RecordSizeLimit::LEAST..=RecordSizeLimit::MOST;
    let bytes = alpn.iter().map(Vec::len).sum::<usize>();
    let why = match () {
        () if alpn.iter().any(|name| !(1..=255).contains(&name.len())) || bytes > MOST_ALPN => {
            "the names of application protocols have 1 to 255 bytes each, and 16384 in all at most"
        }
        () if !(1..=1 << 14).contains(&max_fragment) => "max_fragment is 1 to 16384 bytes",
        () if record_size_limit.is_some_and(|limit| !LIMIT.contains(&limit)) => {
            "a record_size_limit is 64 to 16385 bytes"
        }
        () => return Ok(()),
    };
    Err(ErrorKind::Config(why.into()).into())
}

/// Bytes of all names of application protocols, which in a ClientHello have to leave room for all else.
const MOST_ALPN: usize = 1 << 14;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Credential;
    use crate::verify::NotChecked;
    use crate::{Connection, Policy, Time};
    use std::sync::Arc;

    fn client() -> ClientConfig {
        ClientConfig::new(Policy::default(), Arc::new(NotChecked))
    }

    /// What a connection of this config, which is to answer a good client, ends with.
    fn answer(config: &ServerConfig) -> Option<Error> {
        let mut good =
            Connection::client(Arc::new(client()), "server.test".try_into().unwrap(), Time::default()).unwrap();
        let mut hello = Vec::new();
        good.transmit(&mut hello);
        Connection::server(Arc::new(config.clone())).receive(&mut hello, Time::default()).err()
    }

    #[test]
    fn what_cannot_work_is_refused_and_not_bent() {
        let server = || ServerConfig::new(Policy::default(), Arc::new(Vec::<Arc<Credential>>::new()));
        assert_eq!(server().check(), Ok(()));
        assert_eq!(client().check(), Ok(()));
        // Field by field, on both sides.
        macro_rules! bad {
            ($field:ident = $value:expr) => {
                let (mut c, mut s) = (client(), server());
                (c.$field, s.$field) = ($value, $value);
                let error = s.check().unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Config(_)), "{error}");
                assert_eq!(answer(&s).map(|e| e.kind().clone()), Some(error.kind().clone()));
                let name = "server.test".try_into().unwrap();
                let refused = Connection::client(Arc::new(c), name, Time::default()).unwrap_err();
                assert_eq!(refused.kind(), error.kind());
            };
        }
        bad!(record_size_limit = Some(1));
        bad!(record_size_limit = Some(63));
        bad!(record_size_limit = Some(16_386));
        bad!(max_fragment = 0);
        bad!(max_fragment = 16_385);
        bad!(alpn = vec![Vec::new()]);
        bad!(alpn = vec![vec![1; 256]]);
        let mut none = server();
        none.policy.suites.clear();
        assert!(none.check().is_err());
        let mut asks = server();
        asks.client_auth = ClientAuth::Optional(Arc::new(NotChecked));
        assert_eq!(asks.check(), Ok(()));
        asks.client_certificate_types.clear();
        assert!(asks.check().is_err());
    }
}

//! TLS 1.3's key schedule (RFC 9846 7.1), a type for each of its stages: one is used up in making the next.

use super::Secret;
use crate::crypto::{Aead, AeadAlgorithm, Digest, Failure, HashAlgorithm, Provider};
use std::sync::Arc;

/// Early Secret.
pub(crate) struct EarlySecret {}
/// Handshake Secret, and the two traffic secrets under it.
pub(crate) struct HandshakeSecrets {
    pub(crate) client: TrafficSecret,
    pub(crate) server: TrafficSecret,
}
/// Master Secret.
pub(crate) struct MasterOf13 {}
/// The application's traffic secrets, and the exporter's.
pub(crate) struct ApplicationSecrets {
    pub(crate) client: TrafficSecret,
    pub(crate) server: TrafficSecret,
    pub(crate) exporter: Secret,
}
/// A traffic secret: of one direction, of one epoch.
#[derive(Clone, Debug)]
pub(crate) struct TrafficSecret {
    pub(crate) hash: HashAlgorithm,
    pub(crate) secret: Secret,
}

impl EarlySecret {
    pub(crate) fn new(_: Arc<dyn Provider>, _: HashAlgorithm, _psk: Option<&Secret>) -> Self {
        todo!()
    }
    /// The binder of a resumption PSK over a truncated ClientHello (RFC 9846 4.3.11.2).
    pub(crate) fn binder(&self, _truncated: &Digest) -> Digest {
        todo!()
    }
    /// `hello` is the transcript up to ServerHello.
    pub(crate) fn handshake(self, _shared: Option<&Secret>, _hello: &Digest) -> HandshakeSecrets {
        todo!()
    }
}
impl HandshakeSecrets {
    /// On to the master secret.
    pub(crate) fn master(&self) -> MasterOf13 {
        todo!()
    }
}
impl MasterOf13 {
    /// `finished` is the transcript up to the server's Finished.
    pub(crate) fn application(&self, _finished: &Digest) -> ApplicationSecrets {
        todo!()
    }
    /// The resumption master secret; `finished` is the transcript up to the client's Finished.
    pub(crate) fn resumption(self, _finished: &Digest) -> TrafficSecret {
        todo!()
    }
}
impl TrafficSecret {
    /// The verify_data of a Finished made under this secret (RFC 9846 4.5.3).
    pub(crate) fn verify_data(&self, _: &dyn Provider, _transcript: &Digest) -> Digest {
        todo!()
    }
    /// Key and IV for records.
    pub(crate) fn keys(&self, _: &dyn Provider, _: AeadAlgorithm) -> Result<(Box<dyn Aead>, [u8; 12]), Failure> {
        todo!()
    }
    /// The secret after a KeyUpdate (RFC 9846 7.2).
    pub(crate) fn next(&self, _: &dyn Provider) -> Self {
        todo!()
    }
    /// Of a resumption master secret: the PSK of a ticket (RFC 9846 4.7.1).
    pub(crate) fn ticket_psk(&self, _: &dyn Provider, _nonce: &[u8]) -> Secret {
        todo!()
    }
}
/// An exporter's output (RFC 9846 7.5).
pub(crate) fn export(
    _: &dyn Provider,
    _: HashAlgorithm,
    _exporter: &Secret,
    _label: &[u8],
    _context: &[u8],
    _out: &mut [u8],
) {
    todo!()
}

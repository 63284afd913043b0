//! TLS 1.2 and older: master secret, key block, Finished (RFC 5246 8.1, 6.3, 7.4.9; RFC 7627).

use super::Secret;
use crate::crypto::{Digest, HashAlgorithm, Provider, Suite};

/// The master secret, 48 bytes.
#[derive(Clone, Debug)]
pub(crate) struct MasterSecret(pub(crate) Secret);

/// The keys of both directions.
pub(crate) struct KeyBlock {
    pub(crate) client_mac: Secret,
    pub(crate) server_mac: Secret,
    pub(crate) client_key: Secret,
    pub(crate) server_key: Secret,
    /// Fixed part of an AEAD's nonce; the IV of CBC under implicit IVs; else empty.
    pub(crate) client_iv: Secret,
    pub(crate) server_iv: Secret,
}

impl MasterSecret {
    /// From a premaster secret and both randoms (RFC 5246 8.1). `hash` is the PRF's.
    pub(crate) fn new(
        _: &dyn Provider,
        _hash: HashAlgorithm,
        _premaster: &Secret,
        _client_random: &[u8; 32],
        _server_random: &[u8; 32],
    ) -> Self {
        todo!()
    }
    /// From a premaster secret and the hash of the handshake up to ClientKeyExchange (RFC 7627 4).
    pub(crate) fn extended(
        _: &dyn Provider,
        _hash: HashAlgorithm,
        _premaster: &Secret,
        _session_hash: &Digest,
    ) -> Self {
        todo!()
    }
    /// Cuts the key block (RFC 5246 6.3).
    pub(crate) fn key_block(
        &self,
        _: &dyn Provider,
        _hash: HashAlgorithm,
        _suite: &Suite,
        _implicit_iv: bool,
        _client_random: &[u8; 32],
        _server_random: &[u8; 32],
    ) -> KeyBlock {
        todo!()
    }
    /// The 12 bytes of a Finished (RFC 5246 7.4.9).
    pub(crate) fn verify_data(
        &self,
        _: &dyn Provider,
        _hash: HashAlgorithm,
        _client: bool,
        _transcript: &Digest,
    ) -> [u8; 12] {
        todo!()
    }
    /// A keying material exporter (RFC 5705 4).
    pub(crate) fn export(
        &self,
        _: &dyn Provider,
        _hash: HashAlgorithm,
        _randoms: (&[u8; 32], &[u8; 32]),
        _label: &[u8],
        _context: Option<&[u8]>,
        _out: &mut [u8],
    ) {
        todo!()
    }
}

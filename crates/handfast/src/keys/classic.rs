//! TLS 1.2 and older: master secret, key block, Finished (RFC 5246 8.1, 6.3, 7.4.9; RFC 7627).

use super::{Secret, prf};
use crate::crypto::{BulkCipher, Digest, HashAlgorithm, Provider, Suite};

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
        provider: &dyn Provider,
        hash: HashAlgorithm,
        premaster: &Secret,
        client_random: &[u8; 32],
        server_random: &[u8; 32],
    ) -> Self {
        Self::derive(provider, hash, premaster, b"master secret", &[client_random, server_random])
    }

    /// From a premaster secret and the hash of the handshake up to ClientKeyExchange (RFC 7627 4).
    pub(crate) fn extended(
        provider: &dyn Provider,
        hash: HashAlgorithm,
        premaster: &Secret,
        session_hash: &Digest,
    ) -> Self {
        Self::derive(provider, hash, premaster, b"extended master secret", &[session_hash])
    }

    fn derive(provider: &dyn Provider, hash: HashAlgorithm, premaster: &Secret, label: &[u8], seed: &[&[u8]]) -> Self {
        Self(Secret::filled(48, |out| prf(provider, hash, premaster.bytes(), label, seed, out)))
    }

    /// Cuts the key block (RFC 5246 6.3).
    pub(crate) fn key_block(
        &self,
        provider: &dyn Provider,
        hash: HashAlgorithm,
        suite: &Suite,
        implicit_iv: bool,
        client_random: &[u8; 32],
        server_random: &[u8; 32],
    ) -> KeyBlock {
        let (mac, key, iv) = match suite.bulk {
            BulkCipher::Aead(aead) => (0, aead.key_len(), aead.fixed_iv_len()),
            BulkCipher::Cbc(cipher, mac) if implicit_iv => (mac.len(), cipher.key_len(), cipher.block_len()),
            BulkCipher::Cbc(cipher, mac) => (mac.len(), cipher.key_len(), 0),
        };
        let block = Secret::filled(2 * (mac + key + iv), |out| {
            let seed: &[&[u8]] = &[server_random, client_random];
            prf(provider, hash, self.0.bytes(), b"key expansion", seed, out);
        });
        let mut rest = block.bytes();
        let mut cut = |len| {
            let (part, after) = rest.split_at(len);
            rest = after;
            Secret::copy(part)
        };
        KeyBlock {
            client_mac: cut(mac),
            server_mac: cut(mac),
            client_key: cut(key),
            server_key: cut(key),
            client_iv: cut(iv),
            server_iv: cut(iv),
        }
    }

    /// The 12 bytes of a Finished (RFC 5246 7.4.9).
    pub(crate) fn verify_data(
        &self,
        provider: &dyn Provider,
        hash: HashAlgorithm,
        client: bool,
        transcript: &Digest,
    ) -> [u8; 12] {
        let label: &[u8] = if client { b"client finished" } else { b"server finished" };
        let mut out = [0; 12];
        prf(provider, hash, self.0.bytes(), label, &[transcript], &mut out);
        out
    }

    /// A keying material exporter (RFC 5705 4). A context has at most 65,535 bytes; what is beyond them does not count.
    pub(crate) fn export(
        &self,
        provider: &dyn Provider,
        hash: HashAlgorithm,
        (client_random, server_random): (&[u8; 32], &[u8; 32]),
        label: &[u8],
        context: Option<&[u8]>,
        out: &mut [u8],
    ) {
        let context = context.map(|c| &c[..c.len().min(0xffff)]);
        let length = context.map(|c| (c.len() as u16).to_be_bytes());
        let length = length.as_ref().map_or(&[][..], |l| l);
        let seed: &[&[u8]] = &[client_random, server_random, length, context.unwrap_or_default()];
        prf(provider, hash, self.0.bytes(), label, seed, out);
    }
}

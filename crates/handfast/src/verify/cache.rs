//! The cache of verified signatures: the one thing about a chain that may be remembered is the pure fact that *this* key signed
//! *these* bytes with *this* signature by *this* algorithm. All that depends on time, name or list is checked each time.

use super::der;
use crate::bounded::Bounded;
use aws_lc_rs::digest::{Context, SHA256};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};
use std::sync::{Mutex, PoisonError};

/// How many signatures are remembered, about 150 bytes each.
const MAX: usize = 1024;

/// Hashes of key, bytes, signature and algorithm of those that were found to be good.
#[derive(Debug)]
pub(super) struct SignatureCache(Mutex<Bounded<[u8; 32], ()>>);

impl Default for SignatureCache {
    fn default() -> Self {
        Self(Mutex::new(Bounded::new(MAX, MAX)))
    }
}

/// An algorithm that looks into the cache first, if the key is long enough.
#[derive(Debug)]
pub(super) struct Cached<'a> {
    pub(super) algorithm: &'static dyn SignatureVerificationAlgorithm,
    pub(super) cache: &'a SignatureCache,
    /// The fewest bits of an RSA key.
    pub(super) min_rsa_bits: usize,
}

impl Cached<'_> {
    /// A hash of all that decides; each part behind its length, so that no two inputs look the same.
    fn fact(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Option<[u8; 32]> {
        let (of_key, of_signature) = (self.algorithm.public_key_alg_id(), self.algorithm.signature_alg_id());
        let mut hash = Context::new(&SHA256);
        for part in [of_key.as_ref(), of_signature.as_ref(), key, message, signature] {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finish().as_ref().try_into().ok()
    }
}

impl SignatureVerificationAlgorithm for Cached<'_> {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        if der::is_rsa(self.public_key_alg_id().as_ref())
            && der::modulus_bits(key).is_none_or(|n| n < self.min_rsa_bits)
        {
            return Err(InvalidSignature);
        }
        let lock = || self.cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fact = self.fact(key, message, signature).ok_or(InvalidSignature)?;
        if lock().get(&fact).is_some() {
            return Ok(());
        }
        self.algorithm.verify_signature(key, message, signature)?;
        lock().put(fact, (), 1);
        Ok(())
    }
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use webpki::aws_lc_rs::ED25519;

    static ASKED: AtomicUsize = AtomicUsize::new(0);

    /// Good is a signature that equals the message.
    #[derive(Debug)]
    struct Counting;
    impl SignatureVerificationAlgorithm for Counting {
        fn verify_signature(&self, _: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
            ASKED.fetch_add(1, Ordering::Relaxed);
            if message == signature { Ok(()) } else { Err(InvalidSignature) }
        }
        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            ED25519.public_key_alg_id()
        }
        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            ED25519.signature_alg_id()
        }
    }

    #[test]
    fn only_good_signatures_are_remembered_and_only_the_same_ones_found() {
        let cache = SignatureCache::default();
        let cached = Cached { algorithm: &Counting, cache: &cache, min_rsa_bits: 0 };
        let mut asked = 0;
        let mut check = |key: &[u8], message: &[u8], signature: &[u8], good, asks| {
            assert_eq!(cached.verify_signature(key, message, signature).is_ok(), good);
            asked += asks;
            assert_eq!(ASKED.load(Ordering::Relaxed), asked);
        };
        check(b"key", b"m", b"m", true, 1);
        check(b"key", b"m", b"m", true, 0);
        check(b"key", b"m", b"n", false, 1);
        check(b"key", b"m", b"n", false, 1);
        check(b"kez", b"m", b"m", true, 1);
        check(b"keym", b"", b"", true, 1);
    }
}

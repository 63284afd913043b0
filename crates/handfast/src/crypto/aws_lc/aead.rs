//! The record AEADs.

use crate::crypto::{Aead, AeadAlgorithm, Failure};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

/// The record layer counts nonces; so the key is one that is told them.
struct Key(LessSafeKey);

pub(super) fn aead(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn Aead>, Failure> {
    let algorithm = match algorithm {
        AeadAlgorithm::Aes128Gcm => &AES_128_GCM,
        AeadAlgorithm::Aes256Gcm => &AES_256_GCM,
        AeadAlgorithm::ChaCha20Poly1305 => &CHACHA20_POLY1305,
    };
    Ok(Box::new(Key(LessSafeKey::new(UnboundKey::new(algorithm, key)?))))
}

impl Aead for Key {
    fn seal(&self, nonce: [u8; 12], ad: &[u8], data: &mut [u8]) -> Result<[u8; 16], Failure> {
        let tag = self.0.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(ad), data)?;
        tag.as_ref().try_into().map_err(|_| Failure)
    }
    fn open(&self, nonce: [u8; 12], ad: &[u8], data: &mut [u8]) -> Result<usize, Failure> {
        Ok(self.0.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(ad), data)?.len())
    }
}

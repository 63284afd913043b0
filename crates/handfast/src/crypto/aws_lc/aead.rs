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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::tests::unhex;

    const ALL: [AeadAlgorithm; 3] =
        [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes256Gcm, AeadAlgorithm::ChaCha20Poly1305];

    #[test]
    fn what_is_sealed_opens_and_nothing_else_does() {
        for algorithm in ALL {
            let key = aead(algorithm, &vec![7; algorithm.key_len()]).unwrap();
            let mut record = b"plaintext".to_vec();
            let tag = key.seal([1; 12], b"ad", &mut record).unwrap();
            assert_ne!(record, b"plaintext");
            record.extend_from_slice(&tag);
            for bit in 0..8 * record.len() {
                let mut changed = record.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(key.open([1; 12], b"ad", &mut changed), Err(Failure));
            }
            assert_eq!(key.open([2; 12], b"ad", &mut record.clone()), Err(Failure));
            assert_eq!(key.open([1; 12], b"AD", &mut record.clone()), Err(Failure));
            assert_eq!(key.open([1; 12], b"ad", &mut record[..15].to_vec()), Err(Failure));
            assert_eq!(key.open([1; 12], b"ad", &mut []), Err(Failure));
            assert_eq!(key.open([1; 12], b"ad", &mut record), Ok(9));
            assert_eq!(&record[..9], b"plaintext");
            assert!(aead(algorithm, &vec![7; algorithm.key_len() - 1]).is_err());
        }
    }

    #[test]
    fn seals_with_the_known_answers() {
        // A zero block under a zero key and nonce: test cases 2 and 14 of the GCM specification (McGrew and Viega), and the
        // same with ChaCha20-Poly1305 by Python's `cryptography`.
        for (algorithm, expected) in [
            (AeadAlgorithm::Aes128Gcm, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"),
            (AeadAlgorithm::Aes256Gcm, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
            (AeadAlgorithm::ChaCha20Poly1305, "9f07e7be5551387a98ba977c732d080dc34a88047320f52aa2c6683ef8084d2f"),
        ] {
            let mut block = [0; 16];
            let tag = aead(algorithm, &vec![0; algorithm.key_len()]).unwrap().seal([0; 12], &[], &mut block).unwrap();
            assert_eq!([block, tag].concat(), unhex(expected));
        }
    }
}

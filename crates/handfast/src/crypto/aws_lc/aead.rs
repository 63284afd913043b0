//! The record AEADs: from AWS-LC, but for CCM, which it has with other nonces and tags than TLS.

use crate::crypto::{Aead, AeadAlgorithm, Failure, Tag};
use aes::cipher::consts::{U8, U12, U16};
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, KeyInit};
use aes::{Aes128, Aes256};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ccm::aead::AeadInOut;
use ccm::aead::array::{Array, ArraySize};

/// The record layer counts nonces; so the key is one that is told them.
struct Key(LessSafeKey);

pub(super) fn aead(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn Aead>, Failure> {
    let algorithm = match algorithm {
        AeadAlgorithm::Aes128Gcm => &AES_128_GCM,
        AeadAlgorithm::Aes256Gcm => &AES_256_GCM,
        AeadAlgorithm::ChaCha20Poly1305 => &CHACHA20_POLY1305,
        AeadAlgorithm::Aes128Ccm => return ccm::<Aes128, U16>(key),
        AeadAlgorithm::Aes256Ccm => return ccm::<Aes256, U16>(key),
        AeadAlgorithm::Aes128Ccm8 => return ccm::<Aes128, U8>(key),
        AeadAlgorithm::Aes256Ccm8 => return ccm::<Aes256, U8>(key),
    };
    Ok(Box::new(Key(LessSafeKey::new(UnboundKey::new(algorithm, key)?))))
}

impl Aead for Key {
    fn seal(&self, nonce: [u8; 12], ad: &[u8], data: &mut [u8]) -> Result<Tag, Failure> {
        let tag = self.0.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(ad), data)?;
        <[u8; 16]>::try_from(tag.as_ref()).map(Tag::from).map_err(|_| Failure)
    }
    fn open(&self, nonce: [u8; 12], ad: &[u8], data: &mut [u8]) -> Result<usize, Failure> {
        Ok(self.0.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(ad), data)?.len())
    }
}

/// CCM with a tag of `M` bytes. A nonce of 12 bytes leaves three for the length, which is more than a record has (RFC 5116 5.3).
struct Ccm<C, M>(ccm::Ccm<C, M, U12>)
where
    C: BlockSizeUser<BlockSize = U16> + BlockCipherEncrypt,
    M: ArraySize + ccm::TagSize;

fn ccm<C, M>(key: &[u8]) -> Result<Box<dyn Aead>, Failure>
where
    C: BlockSizeUser<BlockSize = U16> + BlockCipherEncrypt + KeyInit + Send + Sync + 'static,
    M: ArraySize + ccm::TagSize + Send + Sync + 'static,
    Tag: From<M::ArrayType<u8>>,
{
    let cipher = C::new_from_slice(key).map_err(|_| Failure)?;
    Ok(Box::new(Ccm::<C, M>(cipher.into())))
}

impl<C, M> Aead for Ccm<C, M>
where
    C: BlockSizeUser<BlockSize = U16> + BlockCipherEncrypt + Send + Sync,
    M: ArraySize + ccm::TagSize + Send + Sync,
    Tag: From<M::ArrayType<u8>>,
{
    fn seal(&self, nonce: [u8; 12], ad: &[u8], data: &mut [u8]) -> Result<Tag, Failure> {
        let tag = self.0.encrypt_inout_detached(&nonce.into(), ad, data.into()).map_err(|_| Failure)?;
        Ok(Tag::from(tag.0))
    }
    fn open(&self, nonce: [u8; 12], ad: &[u8], data: &mut [u8]) -> Result<usize, Failure> {
        let length = data.len().checked_sub(M::USIZE).ok_or(Failure)?;
        let (text, tag) = data.split_at_mut_checked(length).ok_or(Failure)?;
        let tag = <&Array<u8, M>>::try_from(&*tag).map_err(|_| Failure)?;
        self.0.decrypt_inout_detached(&nonce.into(), ad, text.into(), tag).map_err(|_| Failure)?;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::tests::unhex;

    const ALL: [AeadAlgorithm; 7] = [
        AeadAlgorithm::Aes128Gcm,
        AeadAlgorithm::Aes256Gcm,
        AeadAlgorithm::ChaCha20Poly1305,
        AeadAlgorithm::Aes128Ccm,
        AeadAlgorithm::Aes256Ccm,
        AeadAlgorithm::Aes128Ccm8,
        AeadAlgorithm::Aes256Ccm8,
    ];

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
        // same with ChaCha20-Poly1305 and CCM by Python's `cryptography`.
        for (algorithm, expected) in [
            (AeadAlgorithm::Aes128Gcm, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"),
            (AeadAlgorithm::Aes256Gcm, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
            (AeadAlgorithm::ChaCha20Poly1305, "9f07e7be5551387a98ba977c732d080dc34a88047320f52aa2c6683ef8084d2f"),
            (AeadAlgorithm::Aes128Ccm, "6ec75fb2e2b487461eddcbb8971192ba4d4fa3af0bf6d3454171306ffadd9afd"),
            (AeadAlgorithm::Aes256Ccm, "c1944044c8e7aa95d2de9513c7f3dd8c4b0a3e5e51f151eb0ffae7c43d010fdb"),
            (AeadAlgorithm::Aes128Ccm8, "6ec75fb2e2b487461eddcbb8971192ba83fa37659f23b79a"),
            (AeadAlgorithm::Aes256Ccm8, "c1944044c8e7aa95d2de9513c7f3dd8c0a9e644f9e268427"),
        ] {
            let mut block = [0; 16];
            let tag = aead(algorithm, &vec![0; algorithm.key_len()]).unwrap().seal([0; 12], &[], &mut block).unwrap();
            assert_eq!([&block, &*tag].concat(), unhex(expected));
            assert_eq!(tag.len(), algorithm.tag_len());
        }
        // NIST SP 800-38C, example 3.
        let bytes = |range: std::ops::Range<u8>| range.collect::<Vec<u8>>();
        let key = aead(AeadAlgorithm::Aes128Ccm8, &bytes(0x40..0x50)).unwrap();
        let nonce: [u8; 12] = bytes(0x10..0x1c).try_into().unwrap();
        let mut text = bytes(0x20..0x38);
        let tag = key.seal(nonce, &bytes(0..20), &mut text).unwrap();
        assert_eq!(text, unhex("e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5"));
        assert_eq!(*tag, unhex("484392fbc1b09951"));
    }
}

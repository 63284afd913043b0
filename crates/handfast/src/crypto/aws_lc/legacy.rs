//! The legacy half, over `handfast-legacy`.

use super::{ffdhe, old_hash as hash};
use crate::crypto::{
    BlockCbc, CbcCipher, CbcRecord, DhExchange, DhGroup, Failure, Hasher, Hmac, KeyStream, Legacy, Mac,
};
#[allow(deprecated, reason = "that is what it is for")]
use aws_lc_rs::cipher::DES_EDE3_FOR_LEGACY_USE_ONLY;
use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use handfast_legacy::{CbcContext, CbcSuite, Direction, encrypt_pkcs1};
use rc4::{KeyInit, Rc4, StreamCipher};
use std::ops::Range;

#[derive(Debug)]
pub(super) struct AwsLcLegacy;

impl Legacy for AwsLcLegacy {
    fn hmac_old(&self, sha1: bool, key: &[u8]) -> Box<dyn Hmac> {
        if sha1 { hash::hmac_sha1(key) } else { hash::hmac_md5(key) }
    }

    fn cbc(
        &self,
        cipher: CbcCipher,
        mac: Mac,
        implicit_iv: bool,
        seal: bool,
        key: &[u8],
    ) -> Result<Box<dyn CbcRecord>, Failure> {
        let suite = match (cipher, mac, implicit_iv) {
            (CbcCipher::Aes128, Mac::Sha1, false) => CbcSuite::Aes128Sha1Tls,
            (CbcCipher::Aes128, Mac::Sha1, true) => CbcSuite::Aes128Sha1TlsImplicitIv,
            (CbcCipher::Aes256, Mac::Sha1, false) => CbcSuite::Aes256Sha1Tls,
            (CbcCipher::Aes256, Mac::Sha1, true) => CbcSuite::Aes256Sha1TlsImplicitIv,
            (CbcCipher::TripleDes, Mac::Sha1, false) => CbcSuite::Des3Sha1Tls,
            (CbcCipher::TripleDes, Mac::Sha1, true) => CbcSuite::Des3Sha1TlsImplicitIv,
            (CbcCipher::Aes128, Mac::Sha256, false) => CbcSuite::Aes128Sha256Tls,
            (CbcCipher::Aes256, Mac::Sha384, false) => CbcSuite::Aes256Sha384Tls,
            _ => return Err(Failure),
        };
        let direction = if seal { Direction::Seal } else { Direction::Open };
        Ok(Box::new(Cbc(CbcContext::new(suite, direction, key)?)))
    }

    fn hash_old(&self, sha1: bool) -> Box<dyn Hasher> {
        hash::hash_old(sha1)
    }

    fn block_cbc(&self, cipher: CbcCipher, seal: bool, key: &[u8]) -> Result<Box<dyn BlockCbc>, Failure> {
        #[allow(deprecated, reason = "that is what it is for")]
        let algorithm = match cipher {
            CbcCipher::Aes128 => &AES_128,
            CbcCipher::Aes256 => &AES_256,
            CbcCipher::TripleDes => &DES_EDE3_FOR_LEGACY_USE_ONLY,
        };
        let key = UnboundCipherKey::new(algorithm, key).map_err(|_| Failure)?;
        Ok(match seal {
            true => Box::new(Encrypting(EncryptingKey::cbc(key).map_err(|_| Failure)?)),
            false => Box::new(Decrypting(DecryptingKey::cbc(key).map_err(|_| Failure)?)),
        })
    }

    fn rc4(&self, key: &[u8]) -> Result<Box<dyn KeyStream>, Failure> {
        let cipher = Some(key).filter(|k| k.len() == 16).and_then(|k| Rc4::new_from_slice(k).ok());
        Ok(Box::new(Rc4Stream(cipher.ok_or(Failure)?)))
    }

    fn rsa_encrypt(&self, spki: &[u8], premaster: &[u8]) -> Result<Vec<u8>, Failure> {
        Ok(encrypt_pkcs1(spki, premaster)?)
    }

    fn dh(&self, group: &DhGroup) -> Result<Box<dyn DhExchange>, Failure> {
        Ok(Box::new(ffdhe::Dhe::generate(group)?))
    }
}

struct Rc4Stream(Rc4);

impl KeyStream for Rc4Stream {
    fn apply(&mut self, data: &mut [u8]) {
        self.0.apply_keystream(data);
    }
}

struct Encrypting(EncryptingKey);
struct Decrypting(DecryptingKey);

impl BlockCbc for Encrypting {
    fn apply(&self, iv: &[u8], blocks: &mut [u8]) -> Result<(), Failure> {
        let context = match iv.len() {
            16 => EncryptionContext::Iv128(fixed(iv)?),
            _ => EncryptionContext::Iv64(fixed(iv)?),
        };
        self.0.less_safe_encrypt(blocks, context).map(drop).map_err(|_| Failure)
    }
}

impl BlockCbc for Decrypting {
    fn apply(&self, iv: &[u8], blocks: &mut [u8]) -> Result<(), Failure> {
        let context = match iv.len() {
            16 => DecryptionContext::Iv128(fixed(iv)?),
            _ => DecryptionContext::Iv64(fixed(iv)?),
        };
        self.0.decrypt(blocks, context).map(drop).map_err(|_| Failure)
    }
}

fn fixed<const N: usize>(iv: &[u8]) -> Result<FixedLength<N>, Failure> {
    FixedLength::try_from(iv).map_err(|_| Failure)
}

struct Cbc(CbcContext);

impl CbcRecord for Cbc {
    fn seal(&mut self, iv: &[u8], ad: &[u8; 11], plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let start = out.len();
        out.extend_from_slice(iv);
        let body = out.len();
        out.resize(body + self.0.suite().sealed_len(plaintext.len()), 0);
        let sealed = self.0.seal(iv, ad, plaintext, &mut out[body..]);
        // On failure there is nothing of the record in `out`.
        out.truncate(sealed.map_or(start, |n| body + n));
        sealed.map(drop).map_err(Failure::from)
    }

    fn open(&mut self, ad: &[u8; 11], fragment: &mut [u8]) -> Result<Range<usize>, Failure> {
        let start = self.0.suite().explicit_iv_len();
        let (iv, body) = fragment.split_at_mut_checked(start).ok_or(Failure)?;
        let plaintext = self.0.open_in_place(iv, ad, body)?;
        Ok(start..start + plaintext)
    }
}

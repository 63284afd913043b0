//! The legacy half, over `handfast-legacy`.

use super::hash;
use crate::crypto::{CbcCipher, CbcMac, CbcRecord, Failure, Hmac, Legacy};
use handfast_legacy::{CbcContext, CbcSuite, Direction, encrypt_pkcs1};
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
        mac: CbcMac,
        implicit_iv: bool,
        seal: bool,
        key: &[u8],
    ) -> Result<Box<dyn CbcRecord>, Failure> {
        let suite = match (cipher, mac, implicit_iv) {
            (CbcCipher::Aes128, CbcMac::Sha1, false) => CbcSuite::Aes128Sha1Tls,
            (CbcCipher::Aes128, CbcMac::Sha1, true) => CbcSuite::Aes128Sha1TlsImplicitIv,
            (CbcCipher::Aes256, CbcMac::Sha1, false) => CbcSuite::Aes256Sha1Tls,
            (CbcCipher::Aes256, CbcMac::Sha1, true) => CbcSuite::Aes256Sha1TlsImplicitIv,
        };
        let direction = if seal { Direction::Seal } else { Direction::Open };
        Ok(Box::new(Cbc(CbcContext::new(suite, direction, key)?)))
    }

    fn rsa_encrypt(&self, spki: &[u8], premaster: &[u8]) -> Result<Vec<u8>, Failure> {
        Ok(encrypt_pkcs1(spki, premaster)?)
    }
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

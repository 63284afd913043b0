//! MD5 and SHA-1, from RustCrypto, for what is older than TLS 1.2.

use super::hash::{Running, keyed};
use crate::crypto::{Digest, Hasher, Hmac};
use hmac::digest::{FixedOutput, Update};
use md5::Md5;
use sha1::Sha1;
use zeroize::{Zeroize, Zeroizing};

/// MD5, or SHA-1.
pub(super) fn hash_old(sha1: bool) -> Box<dyn Hasher> {
    if sha1 { Box::new(Running::<Sha1>::default()) } else { Box::new(Running::<Md5>::default()) }
}

pub(super) fn hmac_md5(key: &[u8]) -> Box<dyn Hmac> {
    keyed::<hmac::Hmac<Md5>>(key)
}

pub(super) fn hmac_sha1(key: &[u8]) -> Box<dyn Hmac> {
    keyed::<hmac::Hmac<Sha1>>(key)
}

/// MD5 and SHA-1 side by side.
#[derive(Clone, Default)]
pub(super) struct Md5Sha1 {
    md5: Md5,
    sha1: Sha1,
}

impl Hasher for Md5Sha1 {
    fn update(&mut self, bytes: &[u8]) {
        Update::update(&mut self.md5, bytes);
        Update::update(&mut self.sha1, bytes);
    }
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(self.clone())
    }
    fn current(&self) -> Digest {
        let mut both = Zeroizing::new([0; 36]);
        self.current_into(&mut *both);
        Digest::of(&*both)
    }
    fn current_into(&self, out: &mut [u8]) {
        let (mut md5, mut sha1) = (self.md5.clone().finalize_fixed(), self.sha1.clone().finalize_fixed());
        out.iter_mut().zip(md5.iter().chain(&sha1)).for_each(|(to, from)| *to = *from);
        md5.as_mut_slice().zeroize();
        sha1.as_mut_slice().zeroize();
    }
}

//! Hashes and HMAC, from RustCrypto.

use crate::crypto::{Digest, HashAlgorithm, Hasher, Hmac};
use hmac::digest::{self, FixedOutput, KeyInit, Output, Update};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroize;

pub(super) fn hasher(algorithm: HashAlgorithm) -> Box<dyn Hasher> {
    match algorithm {
        HashAlgorithm::Md5Sha1 => Box::new(Md5Sha1::default()),
        HashAlgorithm::Sha256 => Box::new(Running::<Sha256>::default()),
        HashAlgorithm::Sha384 => Box::new(Running::<Sha384>::default()),
    }
}

/// The trait says that [`HashAlgorithm::Md5Sha1`] is not asked for; were it so, SHA-256 is no less safe.
pub(super) fn hmac(algorithm: HashAlgorithm, key: &[u8]) -> Box<dyn Hmac> {
    match algorithm {
        HashAlgorithm::Sha384 => keyed::<hmac::Hmac<Sha384>>(key),
        HashAlgorithm::Sha256 | HashAlgorithm::Md5Sha1 => keyed::<hmac::Hmac<Sha256>>(key),
    }
}

pub(super) fn hmac_md5(key: &[u8]) -> Box<dyn Hmac> {
    keyed::<hmac::Hmac<Md5>>(key)
}

pub(super) fn hmac_sha1(key: &[u8]) -> Box<dyn Hmac> {
    keyed::<hmac::Hmac<Sha1>>(key)
}

#[derive(Clone, Default)]
struct Running<D>(D);

impl<D: digest::Digest + Clone + Send + Sync + 'static> Hasher for Running<D> {
    fn update(&mut self, bytes: &[u8]) {
        digest::Digest::update(&mut self.0, bytes);
    }
    fn fork(&self) -> Box<dyn Hasher> {
        Box::new(Self(self.0.clone()))
    }
    fn current(&self) -> Digest {
        Digest::of(&self.0.clone().finalize())
    }
}

/// MD5 and SHA-1 side by side.
#[derive(Clone, Default)]
struct Md5Sha1 {
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
        let (md5, sha1) = (self.md5.clone().finalize_fixed(), self.sha1.clone().finalize_fixed());
        Digest::of(&[&md5[..], &sha1[..]].concat())
    }
}

/// An HMAC that has taken its key in: a MAC starts with a copy of it.
struct Keyed<M>(M);

fn keyed<M>(key: &[u8]) -> Box<dyn Hmac>
where
    M: KeyInit + Update + FixedOutput + Clone + Send + Sync + 'static,
{
    // HMAC takes keys of any length (RFC 2104 2), so that the empty one below is never taken.
    Box::new(Keyed(M::new_from_slice(key).unwrap_or_else(|_| M::new(&Default::default()))))
}

impl<M: Update + FixedOutput + Clone + Send + Sync> Hmac for Keyed<M> {
    fn sign(&self, parts: &[&[u8]], out: &mut [u8]) {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        if let Ok(out) = <&mut Output<M>>::try_from(&mut *out) {
            return mac.finalize_into(out);
        }
        let mut whole = mac.finalize_fixed();
        for (to, from) in out.iter_mut().zip(&whole) {
            *to = *from;
        }
        whole.as_mut_slice().zeroize();
    }
}

//! Hashes and HMAC, from RustCrypto.

use crate::crypto::{Digest, HashAlgorithm, Hasher, Hmac};
use hmac::digest::{self, FixedOutput, KeyInit, Output, Update};
use sha2::{Sha256, Sha384};
use zeroize::Zeroize;

pub(super) fn hasher(algorithm: HashAlgorithm) -> Box<dyn Hasher> {
    match algorithm {
        #[cfg(feature = "legacy")]
        HashAlgorithm::Md5Sha1 => Box::new(super::old_hash::Md5Sha1::default()),
        // No version has it that is spoken then; were it asked for all the same, SHA-256 is no less safe.
        #[cfg(not(feature = "legacy"))]
        HashAlgorithm::Md5Sha1 => Box::new(Running::<Sha256>::default()),
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

#[derive(Clone, Default)]
pub(super) struct Running<D>(D);

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
    fn current_into(&self, out: &mut [u8]) {
        let mut whole = self.0.clone().finalize();
        out.iter_mut().zip(&whole).for_each(|(to, from)| *to = *from);
        whole.as_mut_slice().zeroize();
    }
}

/// An HMAC that has taken its key in: a MAC starts with a copy of it.
struct Keyed<M>(M);

pub(super) fn keyed<M>(key: &[u8]) -> Box<dyn Hmac>
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

#[cfg(test)]
mod tests {
    use super::super::old_hash::{hmac_md5, hmac_sha1};
    use super::*;
    use crate::keys::tests::unhex;

    #[test]
    fn hashes_give_the_known_answers_at_any_split() {
        // FIPS 180-4's and RFC 1321's "abc".
        for (algorithm, expected) in [
            (HashAlgorithm::Md5Sha1, "900150983cd24fb0d6963f7d28e17f72a9993e364706816aba3e25717850c26c9cd0d89d"),
            (HashAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                HashAlgorithm::Sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            ),
        ] {
            let mut hasher = hasher(algorithm);
            hasher.update(b"a");
            let mut fork = hasher.fork();
            hasher.update(b"something else");
            let current = fork.current();
            assert_eq!(current.len(), algorithm.len());
            fork.update(b"bc");
            assert_eq!(*fork.current(), unhex(expected));
            assert_ne!(*fork.current(), *current);
            assert_ne!(*fork.current(), *hasher.current());
        }
    }

    #[test]
    fn hmac_gives_the_known_answers() {
        // RFC 4231 4.3 (SHA-2) and RFC 2202 (MD5, SHA-1), test case 2.
        let data: &[&[u8]] = &[b"what do ya ", b"", b"want for nothing?"];
        for (hmac, expected) in [
            (hmac_md5(b"Jefe"), "750c783e6ab0b503eaa86e310a5db738"),
            (hmac_sha1(b"Jefe"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (hmac(HashAlgorithm::Sha256, b"Jefe"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                hmac(HashAlgorithm::Sha384, b"Jefe"),
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
        ] {
            let expected = unhex(expected);
            // The state is used again, and for fewer bytes.
            for len in [expected.len(), 1, 0, 12] {
                let mut out = vec![0; len];
                hmac.sign(data, &mut out);
                assert_eq!(out, expected[..len]);
            }
        }
        // RFC 4231 4.7: a key longer than the block.
        let mut out = [0; 32];
        hmac(HashAlgorithm::Sha256, &[0xaa; 131])
            .sign(&[b"Test Using Larger Than Block-Size Key - Hash Key First"], &mut out);
        assert_eq!(out[..], unhex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
    }
}

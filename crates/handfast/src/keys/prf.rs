//! The PRF (RFC 5246 5, RFC 2246 5).

use super::Secret;
use crate::crypto::{HashAlgorithm, Hmac, Provider};
use zeroize::Zeroizing;

/// A secret that the PRF has taken in, once for all that is asked of it.
pub(crate) struct Prf(Keyed);

enum Keyed {
    /// Of TLS 1.2: P_hash with this MAC, of so many bytes.
    One(Box<dyn Hmac>, usize),
    /// Of TLS 1.0 and 1.1: that of MD5 and that of SHA-1, each with half of the secret, one over the other.
    Two([Box<dyn Hmac>; 2]),
}

impl Prf {
    /// A provider without the legacy half speaks no version that has [`HashAlgorithm::Md5Sha1`]. Were it asked all the same, it
    /// would be answered by SHA-256: no less secret, and never what the peer has.
    pub(crate) fn new(provider: &dyn Provider, hash: HashAlgorithm, secret: &[u8]) -> Self {
        Self(match (hash, provider.legacy()) {
            (HashAlgorithm::Md5Sha1, Some(legacy)) => {
                // Each half of the secret has half of its bytes, rounded up: of an odd number, both have the middle one.
                let (left, right) = (secret.len().div_ceil(2), secret.len() / 2);
                let (left, right) = (&secret[..left], &secret[right..]);
                Keyed::Two([legacy.hmac_old(false, left), legacy.hmac_old(true, right)])
            }
            (HashAlgorithm::Md5Sha1 | HashAlgorithm::Sha256, _) => {
                Keyed::One(provider.hmac(HashAlgorithm::Sha256, secret), 32)
            }
            (HashAlgorithm::Sha384, _) => Keyed::One(provider.hmac(hash, secret), 48),
        })
    }

    /// Fills `out`. `seed` is given in parts.
    pub(crate) fn fill(&self, label: &[u8], seed: &[&[u8]], out: &mut [u8]) {
        // Room for any label of the RFCs with two randoms.
        let mut whole = Vec::with_capacity(128);
        std::iter::once(&label).chain(seed).for_each(|part| whole.extend_from_slice(part));
        match &self.0 {
            Keyed::One(mac, size) => p_hash(&**mac, *size, &whole, out),
            Keyed::Two([md5, sha1]) => {
                p_hash(&**md5, 16, &whole, out);
                let sha1 = Secret::filled(out.len(), |half| p_hash(&**sha1, 20, &whole, half));
                for (to, with) in out.iter_mut().zip(sha1.bytes()) {
                    *to ^= with;
                }
            }
        }
    }
}

/// P_hash (RFC 5246 5): `size` is of the MAC, in bytes.
fn p_hash(mac: &dyn Hmac, size: usize, seed: &[u8], out: &mut [u8]) {
    let mut chain = Zeroizing::new([0; 48]);
    let chain = &mut chain[..size];
    mac.sign(&[seed], chain);
    let mut first = true;
    for block in out.chunks_mut(size) {
        if !std::mem::take(&mut first) {
            let mut next = Zeroizing::new([0; 48]);
            mac.sign(&[chain], &mut next[..size]);
            chain.copy_from_slice(&next[..size]);
        }
        mac.sign(&[chain, seed], block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::aws_lc;
    use crate::keys::tests::unhex;

    #[track_caller]
    fn gives(hash: HashAlgorithm, secret: &[u8], label: &[u8], seed: &[u8], expected: &str) {
        let expected = unhex(expected);
        let (left, right) = seed.split_at(seed.len() / 3);
        let mut out = vec![0; expected.len()];
        let prf = Prf::new(&*aws_lc::provider(), hash, secret);
        prf.fill(label, &[left, right], &mut out);
        assert_eq!(out, expected);
        // It is asked again, for fewer bytes: they are its beginning.
        let mut out = [0; 12];
        prf.fill(label, &[seed], &mut out);
        assert_eq!(out, expected[..12]);
    }

    #[test]
    fn tls_1_2_has_the_published_answers() {
        // https://www.ietf.org/mail-archive/web/tls/current/msg03416.html
        gives(
            HashAlgorithm::Sha256,
            &unhex("9bbe436ba940f017b17652849a71db35"),
            b"test label",
            &unhex("a0ba9f936cda311827a6f796ffd5198c"),
            concat!(
                "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af",
                "0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701",
                "87347b66",
            ),
        );
        gives(
            HashAlgorithm::Sha384,
            &unhex("b80b733d6ceefcdc71566ea48e5567df"),
            b"test label",
            &unhex("cd665cf6a8447dd6ff8b27555edb7465"),
            concat!(
                "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0",
                "e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425",
                "9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e099070",
                "3d73e56f",
            ),
        );
    }

    #[test]
    fn tls_1_0_has_the_answers_of_openssl() {
        // By `openssl kdf ... TLS1-PRF` with MD5-SHA1: secrets that count up, of even and of odd length.
        let count = |from: u8, to: u8| (from..to).collect::<Vec<u8>>();
        gives(
            HashAlgorithm::Md5Sha1,
            &count(0, 48),
            b"key expansion",
            &count(100, 164),
            concat!(
                "7c2a8c1e1e7756ec8bc5c0448a030fe12d127c89b9eb1e0718f45abbfa9de22ebcadc4b01bdecddbdc4a2db401ed4418",
                "3c73e1d5eab2fd9c329d090d3f0d9a574c1c0a05f4d0273996c3c1f362a6a580a4ccefcb4cc6ee4a5482bafbe3099802",
                "b24beba0a87c0b36",
            ),
        );
        gives(
            HashAlgorithm::Md5Sha1,
            &count(1, 34),
            b"master secret",
            &count(100, 164),
            "6a703fb73308e6254186bd1e954caeef5a6d3586260866f8d9ae786452a7c978e30176e865ec5447",
        );
    }
}

//! The finite-field groups of RFC 7919, in TLS 1.3 (RFC 9846 4.3.8.1).

use crate::crypto::{Failure, KeyExchange};
use crate::keys::Secret;
use crate::wire::numbers::NamedGroup;
use handfast_legacy::DhKey;

/// A group: a safe prime, and 2 as the generator of its large subgroup.
pub(super) struct Group {
    group: NamedGroup,
    /// Big-endian.
    prime: &'static [u8],
    /// How long secret exponents are, in bits: twice the group's strength (RFC 7919 5.2).
    exponent_bits: u32,
}

const GENERATOR: &[u8] = &[2];

impl Group {
    /// The group of this number, if it is one of these.
    pub(super) fn find(group: NamedGroup) -> Option<&'static Self> {
        GROUPS.iter().find(|g| g.group == group)
    }

    pub(super) fn generate(&self) -> Result<Ffdhe, Failure> {
        let key = DhKey::generate(self.prime, GENERATOR, Some(self.exponent_bits))?;
        Ok(Ffdhe { group: self.group, key })
    }
}

/// A key pair for one exchange. Shares and secrets are as long as the prime (RFC 9846 4.3.8.1, 7.4.1).
pub(super) struct Ffdhe {
    group: NamedGroup,
    key: DhKey,
}

impl Ffdhe {
    pub(super) fn agree(self, peer: &[u8]) -> Result<Secret, Failure> {
        if peer.len() != self.key.public().len() {
            return Err(Failure);
        }
        // That the peer's number lies between 1 and p - 1, both excluded, is checked there.
        Ok(Secret::copy(self.key.agree(peer)?.padded()))
    }
}

impl KeyExchange for Ffdhe {
    fn group(&self) -> NamedGroup {
        self.group
    }
    fn share(&self) -> &[u8] {
        self.key.public()
    }
    fn finish(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure> {
        self.agree(peer)
    }
}

/// The bytes of hexadecimal digits, as many as there are.
const fn unhex<const N: usize>(digits: &[u8]) -> [u8; N] {
    const fn digit(c: u8) -> u8 {
        match c {
            b'0'..=b'9' => c - b'0',
            _ => c - b'a' + 10,
        }
    }
    let mut out = [0; N];
    let mut at = 0;
    while at < N {
        out[at] = digit(digits[2 * at]) << 4 | digit(digits[2 * at + 1]);
        at += 1;
    }
    out
}

/// ffdhe2048 (RFC 7919 A.1).
static FFDHE2048: [u8; 256] = unhex(
    concat!(
        "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce249b3ef9",
        "7d2fe363630c75d8f681b202aec4617ad3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935",
        "984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797abc0ab182b324fb61d108a94bb2c8e3fb",
        "b96adab760d7f4681d4f42a3de394df4ae56ede76372bb190b07a7c8ee0a6d709e02fce1cdf7e2ecc03404cd28342f61",
        "9172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005c58ef1837d1683b2c6f34a26c1b2effa",
        "886b423861285c97ffffffffffffffff",
    )
    .as_bytes(),
);
/// ffdhe3072 (RFC 7919 A.2).
static FFDHE3072: [u8; 384] = unhex(
    concat!(
        "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce249b3ef9",
        "7d2fe363630c75d8f681b202aec4617ad3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935",
        "984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797abc0ab182b324fb61d108a94bb2c8e3fb",
        "b96adab760d7f4681d4f42a3de394df4ae56ede76372bb190b07a7c8ee0a6d709e02fce1cdf7e2ecc03404cd28342f61",
        "9172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005c58ef1837d1683b2c6f34a26c1b2effa",
        "886b4238611fcfdcde355b3b6519035bbc34f4def99c023861b46fc9d6e6c9077ad91d2691f7f7ee598cb0fac186d91c",
        "aefe130985139270b4130c93bc437944f4fd4452e2d74dd364f2e21e71f54bff5cae82ab9c9df69ee86d2bc522363a0d",
        "abc521979b0deada1dbf9a42d5c4484e0abcd06bfa53ddef3c1b20ee3fd59d7c25e41d2b66c62e37ffffffffffffffff",
    )
    .as_bytes(),
);
/// ffdhe4096 (RFC 7919 A.3).
static FFDHE4096: [u8; 512] = unhex(
    concat!(
        "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce249b3ef9",
        "7d2fe363630c75d8f681b202aec4617ad3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935",
        "984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797abc0ab182b324fb61d108a94bb2c8e3fb",
        "b96adab760d7f4681d4f42a3de394df4ae56ede76372bb190b07a7c8ee0a6d709e02fce1cdf7e2ecc03404cd28342f61",
        "9172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005c58ef1837d1683b2c6f34a26c1b2effa",
        "886b4238611fcfdcde355b3b6519035bbc34f4def99c023861b46fc9d6e6c9077ad91d2691f7f7ee598cb0fac186d91c",
        "aefe130985139270b4130c93bc437944f4fd4452e2d74dd364f2e21e71f54bff5cae82ab9c9df69ee86d2bc522363a0d",
        "abc521979b0deada1dbf9a42d5c4484e0abcd06bfa53ddef3c1b20ee3fd59d7c25e41d2b669e1ef16e6f52c3164df4fb",
        "7930e9e4e58857b6ac7d5f42d69f6d187763cf1d5503400487f55ba57e31cc7a7135c886efb4318aed6a1e012d9e6832",
        "a907600a918130c46dc778f971ad0038092999a333cb8b7a1a1db93d7140003c2a4ecea9f98d0acc0a8291cdcec97dcf",
        "8ec9b55a7f88a46b4db5a851f44182e1c68a007e5e655f6affffffffffffffff",
    )
    .as_bytes(),
);

static GROUPS: [Group; 3] = [
    Group { group: NamedGroup::FFDHE2048, prime: &FFDHE2048, exponent_bits: 225 },
    Group { group: NamedGroup::FFDHE3072, prime: &FFDHE3072, exponent_bits: 275 },
    Group { group: NamedGroup::FFDHE4096, prime: &FFDHE4096, exponent_bits: 325 },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::aws_lc::agreement::respond;

    /// p = 2^b - 2^(b-64) + {[2^(b-130) e] + X} * 2^64 - 1 (RFC 7919 A): the ends are ones, and the digits of e follow.
    #[test]
    fn the_primes_have_the_form_of_rfc_7919() {
        for g in &GROUPS {
            let ones = [0xff; 8];
            assert!(g.prime.starts_with(&ones) && g.prime.ends_with(&ones));
            // e less 2, in binary, which stands there behind its first two bits: b7e15162 8aed2a6a bf715880 9cf4f3c7.
            assert_eq!(&g.prime[8..16], [0xad, 0xf8, 0x54, 0x58, 0xa2, 0xbb, 0x4a, 0x9a]);
        }
        assert_eq!(GROUPS.each_ref().map(|g| g.prime.len()), [256, 384, 512]);
    }

    #[test]
    fn numbers_out_of_range_or_not_padded_are_refused() {
        for g in &GROUPS {
            let number = |low: u8| {
                let mut out = vec![0; g.prime.len()];
                out[g.prime.len() - 1] = low;
                out
            };
            let mut minus_one = g.prime.to_vec();
            minus_one[g.prime.len() - 1] -= 1;
            let mut minus_two = minus_one.clone();
            minus_two[g.prime.len() - 1] -= 1;
            for bad in [&number(0)[..], &number(1), &minus_one, g.prime, &[2], &[0], &[], &vec![0xff; g.prime.len()]] {
                assert!(respond(g.group, bad).is_err(), "{:?}", g.group);
                assert!(g.generate().unwrap().agree(bad).is_err(), "{:?}", g.group);
            }
            assert!(respond(g.group, &[&[0][..], &number(2)].concat()).is_err(), "padded beyond the length");
            for good in [number(2), minus_two] {
                let response = respond(g.group, &good).unwrap();
                assert_eq!((response.share.len(), response.secret.bytes().len()), (g.prime.len(), g.prime.len()));
            }
        }
    }

    /// With the generator as the peer's share the secret is our share, zeros and all.
    #[test]
    fn secrets_are_padded() {
        let two = [&[0; 255][..], &[2]].concat();
        let response = respond(NamedGroup::FFDHE2048, &two).unwrap();
        assert!(response.secret.same(&response.share));
    }
}

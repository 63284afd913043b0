//! Diffie-Hellman over prime fields: with the groups of RFC 7919 in TLS 1.3 (RFC 9846 4.3.8.1), with any before it.

use crate::crypto::{DhExchange, DhGroup, Failure, KeyExchange};
use crate::keys::Secret;
use crate::wire::numbers::NamedGroup;
use handfast_legacy::DhKey;

/// Makes a key pair, if this is one of these groups.
pub(super) fn generate(group: NamedGroup) -> Option<Result<Ffdhe, Failure>> {
    let field = DhGroup::named(group)?;
    Some(key(&field).map(|key| Ffdhe { group, key }))
}

fn key(group: &DhGroup) -> Result<DhKey, Failure> {
    Ok(DhKey::generate(group.p(), group.g(), group.exponent_bits())?)
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

/// A key pair for one exchange up to TLS 1.2.
pub(super) struct Dhe(DhKey);

impl Dhe {
    pub(super) fn generate(group: &DhGroup) -> Result<Self, Failure> {
        key(group).map(Self)
    }
}

impl DhExchange for Dhe {
    fn public(&self) -> &[u8] {
        self.0.public()
    }
    fn finish(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure> {
        Ok(Secret::copy(self.0.agree(peer)?.stripped()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::aws_lc::agreement::respond;
    use crate::crypto::safe_primes::SAFE_PRIMES;

    fn named() -> impl Iterator<Item = (NamedGroup, &'static [u8])> {
        SAFE_PRIMES.iter().filter_map(|p| Some((p.name?, p.prime)))
    }

    #[test]
    fn numbers_out_of_range_or_not_padded_are_refused() {
        for (group, prime) in named() {
            let number = |low: u8| {
                let mut out = vec![0; prime.len()];
                out[prime.len() - 1] = low;
                out
            };
            let mut minus_one = prime.to_vec();
            minus_one[prime.len() - 1] -= 1;
            let mut minus_two = minus_one.clone();
            minus_two[prime.len() - 1] -= 1;
            for bad in [&number(0)[..], &number(1), &minus_one, prime, &[2], &[0], &[], &vec![0xff; prime.len()]] {
                assert!(respond(group, bad).is_err(), "{group}");
                assert!(generate(group).unwrap().unwrap().agree(bad).is_err(), "{group}");
            }
            assert!(respond(group, &[&[0][..], &number(2)].concat()).is_err(), "padded beyond the length");
            for good in [number(2), minus_two] {
                let response = respond(group, &good).unwrap();
                assert_eq!((response.share.len(), response.secret.bytes().len()), (prime.len(), prime.len()));
            }
        }
        assert!(generate(NamedGroup::X25519).is_none());
    }

    /// With the generator as the peer's share the secret is our share, zeros and all; before TLS 1.3 without them.
    #[test]
    fn secrets_are_padded_in_tls_1_3_and_stripped_before() {
        let two = [&[0; 255][..], &[2]].concat();
        let response = respond(NamedGroup::FFDHE2048, &two).unwrap();
        assert!(response.secret.same(&response.share));
        let group = DhGroup::named(NamedGroup::FFDHE2048).unwrap();
        let (mut short, mut tries) = (false, 0);
        while !short && tries < 20_000 {
            let own = Box::new(Dhe::generate(&group).unwrap());
            let public = own.public().to_vec();
            let secret = own.finish(&[2]).unwrap();
            let zeros = public.iter().take_while(|b| **b == 0).count();
            assert!(secret.same(&public[zeros..]));
            (short, tries) = (zeros > 0, tries + 1);
        }
        assert!(short, "one in 256 begins with a zero");
    }
}

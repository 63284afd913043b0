//! Key exchange: X25519 and the NIST curves (RFC 9846 4.3.8.2), and X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem 4).

use crate::crypto::{Failure, KeyExchange, Response};
use crate::keys::Secret;
use crate::wire::numbers::NamedGroup;
use aws_lc_rs::agreement::{self, Algorithm, PrivateKey, PublicKey, UnparsedPublicKey};
use aws_lc_rs::kem::{DecapsulationKey, EncapsulationKey, ML_KEM_768};

pub(super) const GROUPS: &[NamedGroup] = &[
    NamedGroup::X25519MLKEM768,
    NamedGroup::X25519,
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
    NamedGroup::SECP521R1,
];

/// The sizes in bytes of an ML-KEM-768 encapsulation key and ciphertext (FIPS 203, table 3). In a share, what is
/// X25519's comes after.
const ENCAPSULATION_KEY: usize = 1184;
const CIPHERTEXT: usize = 1088;

pub(super) fn start(group: NamedGroup) -> Result<Box<dyn KeyExchange>, Failure> {
    match group {
        NamedGroup::X25519MLKEM768 => Ok(Box::new(Hybrid::generate()?)),
        _ => Ok(Box::new(Ecdh::generate(group)?)),
    }
}

pub(super) fn respond(group: NamedGroup, peer: &[u8]) -> Result<Response, Failure> {
    if group != NamedGroup::X25519MLKEM768 {
        let own = Ecdh::generate(group)?;
        return Ok(Response { secret: own.agree(peer, Secret::copy)?, share: own.share().to_vec() });
    }
    let (encapsulation_key, x25519) = peer.split_at_checked(ENCAPSULATION_KEY).ok_or(Failure)?;
    let own = Ecdh::generate(NamedGroup::X25519)?;
    let (ciphertext, kem_secret) = EncapsulationKey::new(&ML_KEM_768, encapsulation_key)?.encapsulate()?;
    let secret = own.agree(x25519, |secret| concat(kem_secret.as_ref(), secret))?;
    Ok(Response { share: [ciphertext.as_ref(), own.share()].concat(), secret })
}

/// One key pair on a curve.
struct Ecdh {
    group: NamedGroup,
    key: PrivateKey,
    public: PublicKey,
}

impl Ecdh {
    fn generate(group: NamedGroup) -> Result<Self, Failure> {
        let algorithm: &'static Algorithm = match group {
            NamedGroup::X25519 => &agreement::X25519,
            NamedGroup::SECP256R1 => &agreement::ECDH_P256,
            NamedGroup::SECP384R1 => &agreement::ECDH_P384,
            NamedGroup::SECP521R1 => &agreement::ECDH_P521,
            _ => return Err(Failure),
        };
        let key = PrivateKey::generate(algorithm)?;
        let public = key.compute_public_key()?;
        Ok(Self { group, key, public })
    }

    /// The secret, as `with` keeps it. AWS-LC checks that a point lies on its curve, and that a secret of X25519 is not
    /// all zero (RFC 9846 7.4.2); that a point is uncompressed is checked here.
    fn agree(&self, peer: &[u8], with: impl FnOnce(&[u8]) -> Secret) -> Result<Secret, Failure> {
        let uncompressed = self.group == NamedGroup::X25519 || peer.first() == Some(&4);
        if peer.len() != self.share().len() || !uncompressed {
            return Err(Failure);
        }
        let peer = UnparsedPublicKey::new(self.key.algorithm(), peer);
        agreement::agree(&self.key, peer, Failure, |secret| Ok(with(secret)))
    }
}

impl KeyExchange for Ecdh {
    fn group(&self) -> NamedGroup {
        self.group
    }
    fn share(&self) -> &[u8] {
        self.public.as_ref()
    }
    fn finish(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure> {
        self.agree(peer, Secret::copy)
    }
}

/// A client's ML-KEM-768 and X25519 keys. The latter is offered by itself too.
struct Hybrid {
    kem: DecapsulationKey,
    x25519: Ecdh,
    share: Vec<u8>,
}

impl Hybrid {
    fn generate() -> Result<Self, Failure> {
        let kem = DecapsulationKey::generate(&ML_KEM_768)?;
        let x25519 = Ecdh::generate(NamedGroup::X25519)?;
        let share = [kem.encapsulation_key()?.key_bytes()?.as_ref(), x25519.share()].concat();
        Ok(Self { kem, x25519, share })
    }
}

impl KeyExchange for Hybrid {
    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
    fn share(&self) -> &[u8] {
        &self.share
    }
    fn finish(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure> {
        let (ciphertext, x25519) = peer.split_at_checked(CIPHERTEXT).ok_or(Failure)?;
        let kem_secret = self.kem.decapsulate(ciphertext.into())?;
        self.x25519.agree(x25519, |secret| concat(kem_secret.as_ref(), secret))
    }
    fn hybrid_part(&self) -> Option<(NamedGroup, &[u8])> {
        Some((NamedGroup::X25519, self.x25519.share()))
    }
    fn finish_part(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure> {
        self.x25519.agree(peer, Secret::copy)
    }
}

fn concat(a: &[u8], b: &[u8]) -> Secret {
    Secret::filled(a.len() + b.len(), |out| {
        let (left, right) = out.split_at_mut(a.len());
        left.copy_from_slice(a);
        right.copy_from_slice(b);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::rfc8448::full;
    use crate::keys::tests::unhex;

    fn refused(group: NamedGroup, peer: &[u8]) {
        assert!(respond(group, peer).is_err());
        assert!(start(group).unwrap().finish(peer).is_err());
    }

    #[test]
    fn both_sides_agree() {
        for (group, sizes, secret) in [
            (NamedGroup::X25519, (32, 32), 32),
            (NamedGroup::SECP256R1, (65, 65), 32),
            (NamedGroup::SECP384R1, (97, 97), 48),
            (NamedGroup::SECP521R1, (133, 133), 66),
            (NamedGroup::X25519MLKEM768, (1216, 1120), 64),
        ] {
            let client = start(group).unwrap();
            assert_eq!(client.group(), group);
            let server = respond(group, client.share()).unwrap();
            assert_eq!((client.share().len(), server.share.len()), sizes);
            assert_eq!(server.secret.bytes().len(), secret);
            assert!(client.finish(&server.share).unwrap().same(server.secret.bytes()));
        }
        assert!(start(NamedGroup::X448).is_err());
        assert!(respond(NamedGroup::X448, &[0; 56]).is_err());
    }

    #[test]
    fn x25519_agrees_with_rfc_7748_and_8448() {
        // RFC 7748 6.1: Alice's private key, Bob's public key, their secret; and RFC 8448 3: the client's, the server's.
        for (private, public, shared) in [
            (
                "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
                "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
                "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
            ),
            (full::CLIENT_PRIVATE, full::SERVER_PUBLIC, full::SHARED_SECRET),
        ] {
            let key = PrivateKey::from_private_key(&agreement::X25519, &unhex(private)).unwrap();
            let own = Ecdh { group: NamedGroup::X25519, public: key.compute_public_key().unwrap(), key };
            assert_eq!(Box::new(own).finish(&unhex(public)).unwrap().bytes(), unhex(shared));
        }
    }

    #[test]
    fn a_hybrid_secret_is_the_kem_s_and_then_the_curve_s() {
        let client = Hybrid::generate().unwrap();
        let server = respond(NamedGroup::X25519MLKEM768, client.share()).unwrap();
        let (ciphertext, x25519) = server.share.split_at(CIPHERTEXT);
        let kem = client.kem.decapsulate(ciphertext.into()).unwrap();
        let curve = client.x25519.agree(x25519, Secret::copy).unwrap();
        assert_eq!(server.secret.bytes(), [kem.as_ref(), curve.bytes()].concat());
    }

    #[test]
    fn the_x25519_key_of_a_hybrid_serves_by_itself() {
        let client = start(NamedGroup::X25519MLKEM768).unwrap();
        let (group, share) = client.hybrid_part().unwrap();
        assert_eq!((group, share), (NamedGroup::X25519, &client.share()[ENCAPSULATION_KEY..]));
        let server = respond(NamedGroup::X25519, share).unwrap();
        assert!(client.finish_part(&server.share).unwrap().same(server.secret.bytes()));

        let plain = start(NamedGroup::X25519).unwrap();
        assert!(plain.hybrid_part().is_none());
        assert!(plain.finish_part(&server.share).is_err());
    }

    #[test]
    fn shares_that_are_not_of_the_group_are_refused() {
        for group in GROUPS {
            let good = respond(*group, start(*group).unwrap().share()).unwrap().share;
            refused(*group, &[]);
            assert!(start(*group).unwrap().finish(&good[1..]).is_err());
            assert!(start(*group).unwrap().finish(&[&good[..], &[0]].concat()).is_err());
        }
        // Points of small order make an all-zero secret (RFC 7748 6.1).
        refused(NamedGroup::X25519, &[0; 32]);
        let mut one = [0; 32];
        one[0] = 1;
        refused(NamedGroup::X25519, &one);

        let point = start(NamedGroup::SECP256R1).unwrap().share().to_vec();
        let mut off_curve = point.clone();
        off_curve[64] ^= 1;
        refused(NamedGroup::SECP256R1, &off_curve);
        let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
        refused(NamedGroup::SECP256R1, &compressed);
        let mut hybrid_form = point.clone();
        hybrid_form[0] = 6 + (point[64] & 1);
        refused(NamedGroup::SECP256R1, &hybrid_form);

        // Each half of a hybrid is checked: coefficients of the encapsulation key (FIPS 203 7.2), and the point.
        let share = start(NamedGroup::X25519MLKEM768).unwrap().share().to_vec();
        let bad_kem = [&[0xff; ENCAPSULATION_KEY], &share[ENCAPSULATION_KEY..]].concat();
        assert!(respond(NamedGroup::X25519MLKEM768, &bad_kem).is_err());
        let bad_point = [&share[..ENCAPSULATION_KEY], &[0; 32]].concat();
        assert!(respond(NamedGroup::X25519MLKEM768, &bad_point).is_err());
    }
}

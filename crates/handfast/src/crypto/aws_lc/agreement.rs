//! Key exchange: X25519 and the NIST curves (RFC 9846 4.3.8.2), hybrids of a curve and ML-KEM (draft-ietf-tls-ecdhe-mlkem 4), ML-KEM
//! alone, and finite fields ([`ffdhe`]).

use super::ffdhe;
use crate::crypto::{Failure, KeyExchange, Response};
use crate::keys::Secret;
use crate::wire::numbers::NamedGroup;
use aws_lc_rs::agreement::{self, PrivateKey, PublicKey, UnparsedPublicKey};
use aws_lc_rs::kem::{self, AlgorithmId, DecapsulationKey, EncapsulationKey, ML_KEM_512, ML_KEM_768, ML_KEM_1024};

pub(super) const GROUPS: &[NamedGroup] = &[
    NamedGroup::X25519MLKEM768,
    NamedGroup::X25519,
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
    NamedGroup::SECP521R1,
    NamedGroup::SECP256R1MLKEM768,
    NamedGroup::SECP384R1MLKEM1024,
    #[cfg(feature = "legacy")]
    NamedGroup::FFDHE2048,
    #[cfg(feature = "legacy")]
    NamedGroup::FFDHE3072,
    #[cfg(feature = "legacy")]
    NamedGroup::FFDHE4096,
    #[cfg(feature = "legacy")]
    NamedGroup::FFDHE6144,
    #[cfg(feature = "legacy")]
    NamedGroup::FFDHE8192,
    NamedGroup::MLKEM512,
    NamedGroup::MLKEM768,
    NamedGroup::MLKEM1024,
];

pub(super) fn start(group: NamedGroup) -> Result<Box<dyn KeyExchange>, Failure> {
    if let Some(form) = Form::find(group) {
        return Ok(Box::new(Hybrid::generate(form)?));
    }
    if let Some(kem) = bare_kem(group) {
        return Ok(Box::new(Kem::generate(group, kem)?));
    }
    match ffdhe::generate(group) {
        Some(own) => Ok(Box::new(own?)),
        None => Ok(Box::new(Ecdh::generate(group)?)),
    }
}

pub(super) fn respond(group: NamedGroup, peer: &[u8]) -> Result<Response, Failure> {
    if let Some(form) = Form::find(group) {
        return form.respond(peer);
    }
    if let Some(kem) = bare_kem(group) {
        let (ciphertext, secret) = EncapsulationKey::new(kem, peer)?.encapsulate()?;
        return Ok(Response { share: ciphertext.as_ref().to_vec(), secret: Secret::copy(secret.as_ref()) });
    }
    if let Some(own) = ffdhe::generate(group) {
        let own = own?;
        let share = own.share().to_vec();
        return Ok(Response { secret: own.agree(peer)?, share });
    }
    let own = Ecdh::generate(group)?;
    Ok(Response { secret: own.agree(peer, Secret::copy)?, share: own.share().to_vec() })
}

/// One key pair on a curve.
struct Ecdh {
    group: NamedGroup,
    key: PrivateKey,
    public: PublicKey,
}

impl Ecdh {
    fn generate(group: NamedGroup) -> Result<Self, Failure> {
        let algorithm: &'static agreement::Algorithm = match group {
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

/// What a hybrid is made of.
struct Form {
    group: NamedGroup,
    curve: NamedGroup,
    /// The size of the curve's public keys in bytes.
    point: usize,
    kem: &'static kem::Algorithm<AlgorithmId>,
    /// In shares and in the secret what is the curve's stands first; in X25519MLKEM768, which was there before, it stands last.
    curve_first: bool,
}

static FORMS: [Form; 3] = [
    Form {
        group: NamedGroup::X25519MLKEM768,
        curve: NamedGroup::X25519,
        point: 32,
        kem: &ML_KEM_768,
        curve_first: false,
    },
    Form {
        group: NamedGroup::SECP256R1MLKEM768,
        curve: NamedGroup::SECP256R1,
        point: 65,
        kem: &ML_KEM_768,
        curve_first: true,
    },
    Form {
        group: NamedGroup::SECP384R1MLKEM1024,
        curve: NamedGroup::SECP384R1,
        point: 97,
        kem: &ML_KEM_1024,
        curve_first: true,
    },
];

impl Form {
    fn find(group: NamedGroup) -> Option<&'static Self> {
        FORMS.iter().find(|f| f.group == group)
    }

    /// The halves of a peer's share: the curve's, and the KEM's, whose length is for the KEM to check.
    fn split<'s>(&self, share: &'s [u8]) -> Result<(&'s [u8], &'s [u8]), Failure> {
        if self.curve_first {
            return share.split_at_checked(self.point).ok_or(Failure);
        }
        let at = share.len().checked_sub(self.point).ok_or(Failure)?;
        share.split_at_checked(at).map(|(kem, curve)| (curve, kem)).ok_or(Failure)
    }

    /// Which half stands first.
    fn in_order<'s>(&self, curve: &'s [u8], kem: &'s [u8]) -> [&'s [u8]; 2] {
        if self.curve_first { [curve, kem] } else { [kem, curve] }
    }

    /// Both secrets, one after the other.
    fn secret(&self, curve: &[u8], kem: &[u8]) -> Secret {
        Secret::filled(curve.len() + kem.len(), |out| {
            let [first, second] = self.in_order(curve, kem);
            let (left, right) = out.split_at_mut(first.len());
            left.copy_from_slice(first);
            right.copy_from_slice(second);
        })
    }

    fn respond(&self, peer: &[u8]) -> Result<Response, Failure> {
        let (point, encapsulation_key) = self.split(peer)?;
        let own = Ecdh::generate(self.curve)?;
        let (ciphertext, kem_secret) = EncapsulationKey::new(self.kem, encapsulation_key)?.encapsulate()?;
        let secret = own.agree(point, |secret| self.secret(secret, kem_secret.as_ref()))?;
        Ok(Response { share: self.in_order(own.share(), ciphertext.as_ref()).concat(), secret })
    }
}

/// A client's keys of both kinds. That on the curve is offered by itself too.
struct Hybrid {
    form: &'static Form,
    kem: DecapsulationKey,
    curve: Ecdh,
    share: Vec<u8>,
}

impl Hybrid {
    fn generate(form: &'static Form) -> Result<Self, Failure> {
        let kem = DecapsulationKey::generate(form.kem)?;
        let curve = Ecdh::generate(form.curve)?;
        let share = form.in_order(curve.share(), kem.encapsulation_key()?.key_bytes()?.as_ref()).concat();
        Ok(Self { form, kem, curve, share })
    }
}

impl KeyExchange for Hybrid {
    fn group(&self) -> NamedGroup {
        self.form.group
    }
    fn share(&self) -> &[u8] {
        &self.share
    }
    fn finish(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure> {
        let (point, ciphertext) = self.form.split(peer)?;
        let kem_secret = self.kem.decapsulate(ciphertext.into())?;
        self.curve.agree(point, |secret| self.form.secret(secret, kem_secret.as_ref()))
    }
    fn hybrid_part(&self) -> Option<(NamedGroup, &[u8])> {
        Some((self.form.curve, self.curve.share()))
    }
    fn finish_part(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure> {
        self.curve.agree(peer, Secret::copy)
    }
}

/// The ML-KEM of a group that has no curve beside it (draft-ietf-tls-mlkem 4). No named policy has any: whoever breaks the one has all.
fn bare_kem(group: NamedGroup) -> Option<&'static kem::Algorithm<AlgorithmId>> {
    match group {
        NamedGroup::MLKEM512 => Some(&ML_KEM_512),
        NamedGroup::MLKEM768 => Some(&ML_KEM_768),
        NamedGroup::MLKEM1024 => Some(&ML_KEM_1024),
        _ => None,
    }
}

/// A client's key of ML-KEM.
struct Kem {
    group: NamedGroup,
    key: DecapsulationKey,
    share: Vec<u8>,
}

impl Kem {
    fn generate(group: NamedGroup, kem: &'static kem::Algorithm<AlgorithmId>) -> Result<Self, Failure> {
        let key = DecapsulationKey::generate(kem)?;
        let share = key.encapsulation_key()?.key_bytes()?.as_ref().to_vec();
        Ok(Self { group, key, share })
    }
}

impl KeyExchange for Kem {
    fn group(&self) -> NamedGroup {
        self.group
    }
    fn share(&self) -> &[u8] {
        &self.share
    }
    fn finish(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure> {
        Ok(Secret::copy(self.key.decapsulate(peer.into())?.as_ref()))
    }
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
            (NamedGroup::SECP256R1MLKEM768, (1249, 1153), 64),
            (NamedGroup::SECP384R1MLKEM1024, (1665, 1665), 80),
            (NamedGroup::FFDHE2048, (256, 256), 256),
            (NamedGroup::FFDHE3072, (384, 384), 384),
            (NamedGroup::FFDHE4096, (512, 512), 512),
            (NamedGroup::FFDHE6144, (768, 768), 768),
            (NamedGroup::FFDHE8192, (1024, 1024), 1024),
            (NamedGroup::MLKEM512, (800, 768), 32),
            (NamedGroup::MLKEM768, (1184, 1088), 32),
            (NamedGroup::MLKEM1024, (1568, 1568), 32),
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

    /// The order is not the same in all (draft-ietf-tls-ecdhe-mlkem 4.1 to 4.3).
    #[test]
    fn halves_stand_in_the_order_of_the_draft() {
        const POINTS: [(NamedGroup, Option<usize>); 3] = [
            (NamedGroup::X25519MLKEM768, None),
            (NamedGroup::SECP256R1MLKEM768, Some(65)),
            (NamedGroup::SECP384R1MLKEM1024, Some(97)),
        ];
        for (group, curve_first) in POINTS {
            let client = Hybrid::generate(Form::find(group).unwrap()).unwrap();
            let (own, server) = (client.share().to_vec(), respond(group, client.share()).unwrap());
            let halves = |share: &[u8]| {
                let (first, second) = share.split_at(curve_first.unwrap_or(share.len() - 32));
                let halves = (first.to_vec(), second.to_vec());
                if curve_first.is_some() { halves } else { (halves.1, halves.0) }
            };
            assert_eq!(halves(&own).0, client.curve.share());
            let (point, ciphertext) = halves(&server.share);
            let kem = client.kem.decapsulate(ciphertext.as_slice().into()).unwrap();
            let curve = client.curve.agree(&point, Secret::copy).unwrap();
            let parts =
                if curve_first.is_some() { [curve.bytes(), kem.as_ref()] } else { [kem.as_ref(), curve.bytes()] };
            assert_eq!(server.secret.bytes(), parts.concat());
        }
    }

    #[test]
    fn the_curve_s_key_of_a_hybrid_serves_by_itself() {
        for form in &FORMS {
            let client = start(form.group).unwrap();
            let (group, share) = client.hybrid_part().unwrap();
            assert_eq!(group, form.curve);
            assert_eq!(form.split(client.share()).unwrap().0, share);
            let server = respond(group, share).unwrap();
            assert!(client.finish_part(&server.share).unwrap().same(server.secret.bytes()));

            let plain = start(form.curve).unwrap();
            assert!(plain.hybrid_part().is_none());
            assert!(plain.finish_part(&server.share).is_err());
        }
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
        for form in &FORMS {
            let share = start(form.group).unwrap().share().to_vec();
            let (point, key) = form.split(&share).unwrap();
            let bad_key = form.in_order(point, &vec![0xff; key.len()]).concat();
            assert!(respond(form.group, &bad_key).is_err());
            let bad_point = form.in_order(&vec![0; point.len()], key).concat();
            assert!(respond(form.group, &bad_point).is_err());
            assert!(respond(form.group, &share).is_ok());
        }
        for group in [NamedGroup::MLKEM512, NamedGroup::MLKEM768, NamedGroup::MLKEM1024] {
            let length = start(group).unwrap().share().len();
            assert!(respond(group, &vec![0xff; length]).is_err());
        }
    }
}

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

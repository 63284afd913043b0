//! Private keys in memory.

use super::der::{Der, INTEGER, KeyType, SEQUENCE, private_key_info, push_element, spki};
use super::old_key::{OldEcdsa, OldRsa};
use crate::crypto::{Failure, KeyKind, PrivateKey};
use crate::keys::Secret;
use crate::policy::HAS_LEGACY;
use crate::wait::Reply;
use crate::wire::numbers::SignatureScheme;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{self as alg, EcdsaKeyPair, Ed25519KeyPair, KeyPair, PqdsaKeyPair, RsaEncoding};
use rustls_pki_types::PrivateKeyDer;
use std::fmt;
use std::sync::Arc;

/// A private key in memory: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 A.1.2) or SEC 1 (RFC 5915), of RSA with 1024 to 8192 bits,
/// ECDSA on P-256, P-384 or P-521, or Ed25519; and in PKCS#8 also of RSASSA-PSS with 2048 to 8192 bits (RFC 4055), and of ML-DSA as
/// a seed, expanded, or both (RFC 9881 6). RSA under 2048 bits signs with PKCS#1 v1.5
/// only, and takes cargo feature `legacy`.
///
/// # Errors
/// [`Failure`] if it is malformed, inconsistent, or of another kind.
pub fn private_key(der: PrivateKeyDer<'_>) -> Result<Arc<dyn PrivateKey>, Failure> {
    Ok(Arc::new(Key::parse(&der)?))
}

/// The key, and the contents of the subjectPublicKey that belongs to it.
pub(in crate::crypto) fn private_and_public(
    der: &PrivateKeyDer<'_>,
) -> Result<(Arc<dyn PrivateKey>, Vec<u8>), Failure> {
    let key = Key::parse(der)?;
    let public = key.public(der)?;
    Ok((Arc::new(key), public))
}

/// The key, and the SubjectPublicKeyInfo that belongs to it, in DER.
pub(in crate::crypto) fn private_and_spki(der: &PrivateKeyDer<'_>) -> Result<(Arc<dyn PrivateKey>, Vec<u8>), Failure> {
    let key = Key::parse(der)?;
    let info = matches!(der, PrivateKeyDer::Pkcs8(_)).then(|| der.secret_der());
    let spki = spki(key.key_type(), info, &key.public(der)?)?;
    Ok((Arc::new(key), spki))
}

enum Key {
    Rsa {
        /// Of 2048 bits or more. There is this, or the other, or both.
        strong: Option<rsa::KeyPair>,
        old: Option<OldRsa>,
    },
    Ecdsa {
        key: EcdsaKeyPair,
        curve: Curve,
        old: Option<OldEcdsa>,
    },
    Ed25519(Ed25519KeyPair),
    RsaPss {
        key: rsa::KeyPair,
        /// The one scheme that its parameters leave, if it has any.
        only: Option<SignatureScheme>,
    },
    MlDsa {
        key: PqdsaKeyPair,
        scheme: SignatureScheme,
    },
}

/// The curves of ECDSA keys (RFC 8422 5.1.1).
#[derive(Clone, Copy)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Key {
    fn parse(der: &PrivateKeyDer<'_>) -> Result<Self, Failure> {
        let bytes = der.secret_der();
        match der {
            PrivateKeyDer::Pkcs1(_) => Self::rsa(rsa::KeyPair::from_der(bytes).ok(), OldRsa::from_pkcs1(bytes)),
            // It names its curve, and no other takes it.
            PrivateKeyDer::Sec1(_) => [Curve::P256, Curve::P384, Curve::P521]
                .into_iter()
                .find_map(|curve| Self::ecdsa(curve, bytes, OldEcdsa::from_sec1(bytes)).ok())
                .ok_or(Failure),
            PrivateKeyDer::Pkcs8(_) => Self::pkcs8(bytes),
            _ => Err(Failure),
        }
    }

    fn pkcs8(bytes: &[u8]) -> Result<Self, Failure> {
        let (key_type, inner) = private_key_info(bytes)?;
        match key_type {
            KeyType::Rsa => Self::rsa(rsa::KeyPair::from_pkcs8(bytes).ok(), OldRsa::from_pkcs8(bytes)),
            KeyType::RsaPss(only) => Ok(Self::RsaPss { key: rsa::KeyPair::from_der(inner)?, only }),
            KeyType::P256 => Self::ecdsa(Curve::P256, bytes, OldEcdsa::from_pkcs8(bytes)),
            KeyType::P384 => Self::ecdsa(Curve::P384, bytes, OldEcdsa::from_pkcs8(bytes)),
            KeyType::P521 => Self::ecdsa(Curve::P521, bytes, OldEcdsa::from_pkcs8(bytes)),
            KeyType::Ed25519 => Ok(Self::Ed25519(Ed25519KeyPair::from_pkcs8(bytes)?)),
            KeyType::MlDsa(scheme) => {
                let algorithm = match scheme {
                    SignatureScheme::MLDSA44 => &alg::ML_DSA_44_SIGNING,
                    SignatureScheme::MLDSA65 => &alg::ML_DSA_65_SIGNING,
                    _ => &alg::ML_DSA_87_SIGNING,
                };
                Ok(Self::MlDsa { key: PqdsaKeyPair::from_pkcs8(algorithm, bytes)?, scheme })
            }
        }
    }

    fn rsa(strong: Option<rsa::KeyPair>, old: Option<OldRsa>) -> Result<Self, Failure> {
        // Where both can be had, one that only one of them takes is no good key.
        match strong.is_none() && old.is_none() || HAS_LEGACY && old.is_none() {
            true => Err(Failure),
            false => Ok(Self::Rsa { strong, old }),
        }
    }

    fn ecdsa(curve: Curve, bytes: &[u8], old: Option<OldEcdsa>) -> Result<Self, Failure> {
        let algorithm = match curve {
            Curve::P256 => &alg::ECDSA_P256_SHA256_ASN1_SIGNING,
            Curve::P384 => &alg::ECDSA_P384_SHA384_ASN1_SIGNING,
            Curve::P521 => &alg::ECDSA_P521_SHA512_ASN1_SIGNING,
        };
        if HAS_LEGACY && old.is_none() {
            return Err(Failure);
        }
        Ok(Self::Ecdsa { key: EcdsaKeyPair::from_private_key_der(algorithm, bytes)?, curve, old })
    }

    fn key_type(&self) -> KeyType {
        match self {
            Self::Rsa { .. } => KeyType::Rsa,
            Self::Ecdsa { curve: Curve::P256, .. } => KeyType::P256,
            Self::Ecdsa { curve: Curve::P384, .. } => KeyType::P384,
            Self::Ecdsa { curve: Curve::P521, .. } => KeyType::P521,
            Self::Ed25519(_) => KeyType::Ed25519,
            Self::RsaPss { only, .. } => KeyType::RsaPss(*only),
            Self::MlDsa { scheme, .. } => KeyType::MlDsa(*scheme),
        }
    }

    /// The contents of the subjectPublicKey.
    fn public(&self, der: &PrivateKeyDer<'_>) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Rsa { .. } | Self::RsaPss { .. } => rsa_public(der),
            Self::MlDsa { key, .. } => Ok(key.public_key().as_ref().to_vec()),
            Self::Ecdsa { key, .. } => Ok(key.public_key().as_ref().to_vec()),
            Self::Ed25519(key) => Ok(key.public_key().as_ref().to_vec()),
        }
    }

    fn try_sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Failure> {
        if !self.schemes().contains(&scheme) && !self.classic_schemes().contains(&scheme) {
            return Err(Failure);
        }
        if let Self::Rsa { old: Some(old), .. } = self
            && let Some(signed) = old.sign_old(scheme, message)
        {
            return signed;
        }
        match (self, scheme) {
            (Self::Rsa { strong: Some(key), .. } | Self::RsaPss { key, .. }, _) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(rsa_encoding(scheme).ok_or(Failure)?, &SystemRandom::new(), message, &mut signature)?;
                Ok(signature)
            }
            (Self::Rsa { old: Some(old), .. }, _) => old.sign(scheme, message),
            (Self::Rsa { .. }, _) => Err(Failure),
            (Self::Ecdsa { key, .. }, own) if self.schemes().first() == Some(&own) => {
                Ok(key.sign(&SystemRandom::new(), message)?.as_ref().to_vec())
            }
            (Self::Ecdsa { old: Some(old), .. }, _) => old.sign(scheme, message),
            (Self::Ecdsa { .. }, _) => Err(Failure),
            (Self::MlDsa { key, .. }, _) => {
                let mut signature = vec![0; key.algorithm().signature_len()];
                key.sign(message, &mut signature)?;
                Ok(signature)
            }
            (Self::Ed25519(key), _) => Ok(key.try_sign(message)?.as_ref().to_vec()),
        }
    }
}

/// The RSAPublicKey of a private key: modulus and public exponent stand in it just as they do there (RFC 8017 A.1).
fn rsa_public(der: &PrivateKeyDer<'_>) -> Result<Vec<u8>, Failure> {
    let pkcs1 = match der {
        PrivateKeyDer::Pkcs8(_) => private_key_info(der.secret_der())?.1,
        _ => der.secret_der(),
    };
    let mut key = Der::new(pkcs1).sequence()?;
    key.element(INTEGER)?;
    let (modulus, exponent) = (key.element(INTEGER)?, key.element(INTEGER)?);
    let mut contents = Vec::new();
    push_element(&mut contents, INTEGER, modulus);
    push_element(&mut contents, INTEGER, exponent);
    let mut public = Vec::new();
    push_element(&mut public, SEQUENCE, &contents);
    Ok(public)
}

fn rsa_encoding(scheme: SignatureScheme) -> Option<&'static dyn RsaEncoding> {
    use SignatureScheme as S;
    Some(match scheme {
        S::RSA_PSS_RSAE_SHA256 | S::RSA_PSS_PSS_SHA256 => &alg::RSA_PSS_SHA256,
        S::RSA_PSS_RSAE_SHA384 | S::RSA_PSS_PSS_SHA384 => &alg::RSA_PSS_SHA384,
        S::RSA_PSS_RSAE_SHA512 | S::RSA_PSS_PSS_SHA512 => &alg::RSA_PSS_SHA512,
        S::RSA_PKCS1_SHA256 => &alg::RSA_PKCS1_SHA256,
        S::RSA_PKCS1_SHA384 => &alg::RSA_PKCS1_SHA384,
        S::RSA_PKCS1_SHA512 => &alg::RSA_PKCS1_SHA512,
        _ => return None,
    })
}

impl PrivateKey for Key {
    fn kind(&self) -> KeyKind {
        match self {
            Self::Rsa { .. } => KeyKind::Rsa,
            Self::Ecdsa { .. } => KeyKind::Ecdsa,
            Self::Ed25519(_) => KeyKind::Ed25519,
            Self::RsaPss { .. } => KeyKind::RsaPss,
            Self::MlDsa { .. } => KeyKind::MlDsa,
        }
    }

    fn schemes(&self) -> &[SignatureScheme] {
        use SignatureScheme as S;
        const RSA: &[S] = &[
            S::RSA_PSS_RSAE_SHA256,
            S::RSA_PSS_RSAE_SHA384,
            S::RSA_PSS_RSAE_SHA512,
            S::RSA_PKCS1_SHA256,
            S::RSA_PKCS1_SHA384,
            S::RSA_PKCS1_SHA512,
            S::RSA_PKCS1_SHA1,
            S::RSA_PKCS1_MD5_SHA1,
            S::RSA_PKCS1_SSL3,
        ];
        let ecdsa = |schemes: &'static [S], old: bool| if old { schemes } else { &schemes[..1] };
        match self {
            Self::Rsa { strong: Some(_), old: Some(_) } => RSA,
            Self::Rsa { strong: Some(_), old: None } => &RSA[..6],
            Self::Rsa { strong: None, .. } => &RSA[3..],
            Self::Ecdsa { curve, old, .. } => ecdsa(
                match curve {
                    Curve::P256 => &[S::ECDSA_SECP256R1_SHA256, S::ECDSA_SHA1],
                    Curve::P384 => &[S::ECDSA_SECP384R1_SHA384, S::ECDSA_SHA1],
                    Curve::P521 => &[S::ECDSA_SECP521R1_SHA512, S::ECDSA_SHA1],
                },
                old.is_some(),
            ),
            Self::Ed25519(_) => &[S::ED25519],
            Self::RsaPss { only: Some(only), .. } => std::slice::from_ref(only),
            Self::RsaPss { only: None, .. } => &[S::RSA_PSS_PSS_SHA256, S::RSA_PSS_PSS_SHA384, S::RSA_PSS_PSS_SHA512],
            Self::MlDsa { scheme, .. } => std::slice::from_ref(scheme),
        }
    }

    fn classic_schemes(&self) -> &[SignatureScheme] {
        use SignatureScheme as S;
        match self {
            // The curve's own hash first, then the others, from the longest on.
            Self::Ecdsa { old: None, .. } => self.schemes(),
            Self::Ecdsa { curve, .. } => match curve {
                Curve::P256 => {
                    &[S::ECDSA_SECP256R1_SHA256, S::ECDSA_SECP521R1_SHA512, S::ECDSA_SECP384R1_SHA384, S::ECDSA_SHA1]
                }
                Curve::P384 => {
                    &[S::ECDSA_SECP384R1_SHA384, S::ECDSA_SECP521R1_SHA512, S::ECDSA_SECP256R1_SHA256, S::ECDSA_SHA1]
                }
                Curve::P521 => {
                    &[S::ECDSA_SECP521R1_SHA512, S::ECDSA_SECP384R1_SHA384, S::ECDSA_SECP256R1_SHA256, S::ECDSA_SHA1]
                }
            },
            Self::MlDsa { .. } => &[],
            Self::Rsa { .. } | Self::RsaPss { .. } | Self::Ed25519(_) => self.schemes(),
        }
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Reply<Result<Vec<u8>, Failure>> {
        Reply::Now(self.try_sign(scheme, message))
    }

    fn decrypts(&self) -> bool {
        matches!(self, Self::Rsa { old: Some(_), .. })
    }

    fn premaster(&self, encrypted: &[u8], client_version: u16, fallback: &Secret) -> Reply<Result<Secret, Failure>> {
        Reply::Now(match self {
            Self::Rsa { old: Some(old), .. } => old.premaster(encrypted, client_version, fallback),
            _ => Err(Failure),
        })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrivateKey").field(&self.kind()).finish()
    }
}

//! Private keys, which may be elsewhere.

use super::Failure;
use crate::keys::Secret;
use crate::wait::Reply;
use crate::wire::numbers::SignatureScheme;
use std::fmt;

/// What kind of key it is: decides which suites and schemes it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA.
    Rsa,
    /// ECDSA on some curve.
    Ecdsa,
    /// Ed25519.
    Ed25519,
    /// RSA for RSASSA-PSS only (RFC 4055 1.2): it signs, and decrypts nothing.
    RsaPss,
    /// ML-DSA (FIPS 204), in TLS 1.3 only.
    MlDsa,
}

impl KeyKind {
    /// The kind of key that signs by this scheme; `None` if it is not spoken here.
    pub fn of(scheme: SignatureScheme) -> Option<Self> {
        use SignatureScheme as S;
        Some(match scheme {
            S::RSA_PKCS1_SSL3 | S::RSA_PKCS1_MD5_SHA1 | S::RSA_PKCS1_SHA1 | S::RSA_PKCS1_SHA224 => Self::Rsa,
            S::RSA_PKCS1_SHA256 | S::RSA_PKCS1_SHA384 | S::RSA_PKCS1_SHA512 => Self::Rsa,
            S::RSA_PSS_RSAE_SHA256 | S::RSA_PSS_RSAE_SHA384 | S::RSA_PSS_RSAE_SHA512 => Self::Rsa,
            S::RSA_PSS_PSS_SHA256 | S::RSA_PSS_PSS_SHA384 | S::RSA_PSS_PSS_SHA512 => Self::RsaPss,
            S::ECDSA_SHA1 | S::ECDSA_SHA224 | S::ECDSA_SECP256R1_SHA256 => Self::Ecdsa,
            S::ECDSA_SECP384R1_SHA384 | S::ECDSA_SECP521R1_SHA512 => Self::Ecdsa,
            S::ED25519 => Self::Ed25519,
            S::MLDSA44 | S::MLDSA65 | S::MLDSA87 => Self::MlDsa,
            _ => return None,
        })
    }
}

/// A private key. In memory it answers at once; in an HSM or behind a network, [`Reply::Later`].
pub trait PrivateKey: Send + Sync + fmt::Debug {
    /// Its kind.
    fn kind(&self) -> KeyKind;
    /// What it can sign with, best first; `RSA_PKCS1_MD5_SHA1`, `RSA_PKCS1_SSL3` and the SHA-1 schemes too if it can.
    fn schemes(&self) -> &[SignatureScheme];
    /// What it can sign with in TLS 1.2 and older, where ECDSA's schemes name the hash and any curve goes with it (RFC 5246
    /// 7.4.1.4.1): all of [`PrivateKey::schemes`], and what more there is.
    fn classic_schemes(&self) -> &[SignatureScheme] {
        self.schemes()
    }
    /// Signs `message`, hashing it as the scheme says. For `RSA_PKCS1_MD5_SHA1` the message is hashed with both; for
    /// `RSA_PKCS1_SSL3` it is both digests already, 36 bytes, which are signed as they are.
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Reply<Result<Vec<u8>, Failure>>;
    /// Whether [`PrivateKey::premaster`] can be had: RSA keys, unless whoever holds this one only lets it sign. A certificate whose
    /// keyUsage lacks keyEncipherment should not come with a key that says yes: clients refuse it.
    fn decrypts(&self) -> bool {
        false
    }
    /// Decrypts and unwraps a premaster secret of 48 bytes (RFC 5246 7.4.7.1). On *any* fault, a wrong version inside
    /// included, it must give `fallback` in the same time, never an error that tells.
    fn premaster(&self, _encrypted: &[u8], _client_version: u16, _fallback: &Secret) -> Reply<Result<Secret, Failure>> {
        Reply::Now(Err(Failure))
    }
}

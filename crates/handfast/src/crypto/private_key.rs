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
}

/// A private key. In memory it answers at once; in an HSM or behind a network, [`Reply::Later`].
pub trait PrivateKey: Send + Sync + fmt::Debug {
    /// Its kind.
    fn kind(&self) -> KeyKind;
    /// What it can sign with, best first; `RSA_PKCS1_MD5_SHA1` and the SHA-1 schemes too if it can.
    fn schemes(&self) -> &[SignatureScheme];
    /// Signs `message`, hashing it as the scheme says. For `RSA_PKCS1_MD5_SHA1` the message is hashed with both.
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

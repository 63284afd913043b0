//! The default provider: public keys, AEADs and randomness from AWS-LC, hashes from RustCrypto.
//!
//! Hashing is RustCrypto's because a hash or MAC that runs along is copied often, and there a copy is a plain value; in
//! AWS-LC it is an allocation. A whole TLS 1.3 key schedule takes two thirds of the time so.

mod aead;
mod agreement;
mod der;
#[cfg(feature = "legacy")]
mod ffdhe;
#[cfg(not(feature = "legacy"))]
#[path = "no_ffdhe.rs"]
mod ffdhe;
mod hash;
#[cfg(feature = "legacy")]
mod legacy;
#[cfg(feature = "legacy")]
mod old_hash;
#[cfg(feature = "legacy")]
mod old_key;
#[cfg(not(feature = "legacy"))]
#[path = "no_old_key.rs"]
mod old_key;
#[cfg(feature = "legacy")]
mod old_signature;
mod private_key;
mod signature;
#[cfg(test)]
mod tests;

pub(super) use der::Spki;
pub(crate) use der::{mldsa_scheme, pss_scheme};
pub use private_key::private_key;
pub(super) use private_key::{private_and_public, private_and_spki};

use super::{Aead, AeadAlgorithm, Failure, HashAlgorithm, Hasher, Hmac, KeyExchange, Legacy, Provider, Response};
use crate::wire::numbers::{NamedGroup, SignatureScheme};
use std::sync::{Arc, OnceLock};

/// The default provider: AWS-LC. Each call gives the same one.
pub fn provider() -> Arc<dyn Provider> {
    static PROVIDER: OnceLock<Arc<AwsLc>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(AwsLc)).clone()
}

#[derive(Debug)]
struct AwsLc;

impl Provider for AwsLc {
    fn random(&self, out: &mut [u8]) -> Result<(), Failure> {
        Ok(aws_lc_rs::rand::fill(out)?)
    }
    fn groups(&self) -> &'static [NamedGroup] {
        agreement::GROUPS
    }
    fn start(&self, group: NamedGroup) -> Result<Box<dyn KeyExchange>, Failure> {
        agreement::start(group)
    }
    fn respond(&self, group: NamedGroup, peer: &[u8]) -> Result<Response, Failure> {
        agreement::respond(group, peer)
    }
    fn hash(&self, algorithm: HashAlgorithm) -> Box<dyn Hasher> {
        hash::hasher(algorithm)
    }
    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8]) -> Box<dyn Hmac> {
        hash::hmac(algorithm, key)
    }
    fn aead(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn Aead>, Failure> {
        aead::aead(algorithm, key)
    }
    fn schemes(&self) -> &'static [SignatureScheme] {
        signature::SCHEMES
    }
    fn verify(
        &self,
        scheme: SignatureScheme,
        spki: &[u8],
        any_curve: bool,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Failure> {
        signature::verify(scheme, spki, any_curve, message, signature)
    }
    fn legacy(&self) -> Option<&dyn Legacy> {
        #[cfg(feature = "legacy")]
        return Some(&legacy::AwsLcLegacy);
        #[cfg(not(feature = "legacy"))]
        None
    }
}

impl From<aws_lc_rs::error::Unspecified> for Failure {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}
impl From<aws_lc_rs::error::KeyRejected> for Failure {
    fn from(_: aws_lc_rs::error::KeyRejected) -> Self {
        Self
    }
}
#[cfg(feature = "legacy")]
impl From<handfast_legacy::Error> for Failure {
    fn from(_: handfast_legacy::Error) -> Self {
        Self
    }
}

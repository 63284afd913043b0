//! What private keys do for TLS 1.2 and older only: sign over SHA-1, over MD5 and SHA-1, by short RSA keys, and by ECDSA over a hash
//! that is not the curve's; and decrypt premaster secrets.

use super::old_signature::{md5_sha1, sha1};
use crate::crypto::Failure;
use crate::keys::Secret;
use crate::wire::numbers::SignatureScheme as S;
use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use handfast_legacy::{EcdsaPrivateKey, HashKind, RsaPrivateKey};

/// An RSA key of 1024 bits or more.
pub(super) struct OldRsa(RsaPrivateKey);

impl OldRsa {
    pub(super) fn from_pkcs1(der: &[u8]) -> Option<Self> {
        RsaPrivateKey::from_pkcs1(der).ok().map(Self)
    }
    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        RsaPrivateKey::from_pkcs8(der).ok().map(Self)
    }

    /// Signs, if the scheme is one over SHA-1, or over MD5 and SHA-1.
    pub(super) fn sign_old(&self, scheme: S, message: &[u8]) -> Option<Result<Vec<u8>, Failure>> {
        let signed = match scheme {
            S::RSA_PKCS1_MD5_SHA1 => self.0.sign_md5_sha1(&md5_sha1(message)),
            S::RSA_PKCS1_SSL3 => match message.try_into() {
                Ok(digests) => self.0.sign_md5_sha1(digests),
                Err(_) => return Some(Err(Failure)),
            },
            S::RSA_PKCS1_SHA1 => self.0.sign_sha1(&sha1(message)),
            _ => return None,
        };
        Some(signed.map_err(Failure::from))
    }

    /// Signs, by PKCS#1 v1.5.
    pub(super) fn sign(&self, scheme: S, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let (kind, hash) = match scheme {
            S::RSA_PKCS1_SHA256 => (HashKind::Sha256, &SHA256),
            S::RSA_PKCS1_SHA384 => (HashKind::Sha384, &SHA384),
            S::RSA_PKCS1_SHA512 => (HashKind::Sha512, &SHA512),
            _ => return Err(Failure),
        };
        Ok(self.0.sign(kind, digest(hash, message).as_ref())?)
    }

    /// The premaster secret, or the fallback.
    pub(super) fn premaster(
        &self,
        encrypted: &[u8],
        client_version: u16,
        fallback: &Secret,
    ) -> Result<Secret, Failure> {
        let fallback = fallback.bytes().try_into().map_err(|_| Failure)?;
        Ok(Secret::copy(self.0.unwrap_premaster(encrypted, client_version, fallback).as_bytes()))
    }
}

/// An ECDSA key.
pub(super) struct OldEcdsa(EcdsaPrivateKey);

impl OldEcdsa {
    pub(super) fn from_sec1(der: &[u8]) -> Option<Self> {
        EcdsaPrivateKey::from_sec1(der).ok().map(Self)
    }
    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        EcdsaPrivateKey::from_pkcs8(der).ok().map(Self)
    }

    /// Signs, whatever the curve's own hash is.
    pub(super) fn sign(&self, scheme: S, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let hash = match scheme {
            S::ECDSA_SHA1 => return Ok(self.0.sign_digest(&sha1(message))?),
            S::ECDSA_SECP256R1_SHA256 => &SHA256,
            S::ECDSA_SECP384R1_SHA384 => &SHA384,
            _ => &SHA512,
        };
        Ok(self.0.sign_digest(digest(hash, message).as_ref())?)
    }
}

//! Verification of handshake signatures that TLS 1.2 and older have: over SHA-1, over MD5 and SHA-1, and by RSA keys under 2048 bits.

use super::der::KeyType;
use super::hash;
use crate::crypto::{Failure, HashAlgorithm};
use crate::wire::numbers::SignatureScheme;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use handfast_legacy::{HashKind, verify_ecdsa_sha1, verify_rsa_pkcs1, verify_rsa_pss};

/// Those that are verified here, whatever the key.
pub(super) const SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_SHA1,
    SignatureScheme::RSA_PKCS1_SHA1,
    SignatureScheme::RSA_PKCS1_MD5_SHA1,
    SignatureScheme::RSA_PKCS1_SSL3,
];

pub(super) fn verify(
    scheme: SignatureScheme,
    key: KeyType,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Failure> {
    use KeyType::{P256, P384, P521, Rsa};
    use SignatureScheme as S;
    match (scheme, key) {
        (S::RSA_PKCS1_MD5_SHA1, Rsa) => Ok(verify_rsa_pkcs1(spki, HashKind::Md5Sha1, &md5_sha1(message), signature)?),
        (S::RSA_PKCS1_SSL3, Rsa) => Ok(verify_rsa_pkcs1(spki, HashKind::Md5Sha1, message, signature)?),
        (S::RSA_PKCS1_SHA1, Rsa) => Ok(verify_rsa_pkcs1(spki, HashKind::Sha1, &sha1(message), signature)?),
        (S::ECDSA_SHA1, P256 | P384 | P521) => Ok(verify_ecdsa_sha1(spki, &sha1(message), signature)?),
        _ => Err(Failure),
    }
}

/// The same by an RSA key that is too short for that: of 1024 bits or more. Whether it may be so short is not asked here.
pub(super) fn verify_short(
    scheme: SignatureScheme,
    key: KeyType,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Failure> {
    use SignatureScheme as S;
    // A signature is as long as the modulus.
    if key != KeyType::Rsa || signature.len() >= 2048 / 8 {
        return Err(Failure);
    }
    let (verify, kind, hash): (VerifyRsa, _, _) = match scheme {
        S::RSA_PKCS1_SHA256 => (verify_rsa_pkcs1, HashKind::Sha256, &SHA256),
        S::RSA_PKCS1_SHA384 => (verify_rsa_pkcs1, HashKind::Sha384, &SHA384),
        S::RSA_PKCS1_SHA512 => (verify_rsa_pkcs1, HashKind::Sha512, &SHA512),
        S::RSA_PSS_RSAE_SHA256 => (verify_rsa_pss, HashKind::Sha256, &SHA256),
        S::RSA_PSS_RSAE_SHA384 => (verify_rsa_pss, HashKind::Sha384, &SHA384),
        _ => return Err(Failure),
    };
    Ok(verify(spki, kind, digest(hash, message).as_ref(), signature)?)
}

type VerifyRsa = fn(&[u8], HashKind, &[u8], &[u8]) -> handfast_legacy::Result<()>;

/// Both digests of what TLS 1.1 and older sign with RSA (RFC 4346 7.4.3).
pub(super) fn md5_sha1(message: &[u8]) -> [u8; 36] {
    let mut hasher = hash::hasher(HashAlgorithm::Md5Sha1);
    hasher.update(message);
    fixed(&hasher.current())
}

pub(super) fn sha1(message: &[u8]) -> [u8; 20] {
    fixed(digest(&SHA1_FOR_LEGACY_USE_ONLY, message).as_ref())
}

fn fixed<const N: usize>(digest: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(digest) {
        *to = *from;
    }
    out
}

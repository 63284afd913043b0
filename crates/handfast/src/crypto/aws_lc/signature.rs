//! Verification of handshake signatures.

use super::der::{KeyType, Spki};
use super::hash;
use crate::crypto::{Failure, HashAlgorithm};
use crate::wire::numbers::SignatureScheme;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use aws_lc_rs::signature::{self as alg, UnparsedPublicKey, VerificationAlgorithm};
use handfast_legacy::{HashKind, verify_ecdsa_sha1, verify_rsa_pkcs1, verify_rsa_pss};

pub(super) const SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_SECP256R1_SHA256,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PSS_RSAE_SHA256,
    SignatureScheme::RSA_PSS_RSAE_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA512,
    SignatureScheme::ECDSA_SECP384R1_SHA384,
    SignatureScheme::ECDSA_SECP521R1_SHA512,
    SignatureScheme::RSA_PSS_PSS_SHA256,
    SignatureScheme::RSA_PSS_PSS_SHA384,
    SignatureScheme::RSA_PSS_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::MLDSA44,
    SignatureScheme::MLDSA65,
    SignatureScheme::MLDSA87,
    SignatureScheme::ECDSA_SHA1,
    SignatureScheme::RSA_PKCS1_SHA1,
    SignatureScheme::RSA_PKCS1_MD5_SHA1,
    SignatureScheme::RSA_PKCS1_SSL3,
];

pub(super) fn verify(
    scheme: SignatureScheme,
    spki: &[u8],
    any_curve: bool,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Failure> {
    use KeyType::{P256, P384, P521, Rsa};
    use SignatureScheme as S;
    let Spki { key_type, key } = Spki::parse(spki)?;
    match (scheme, key_type) {
        (S::RSA_PKCS1_MD5_SHA1, Rsa) => Ok(verify_rsa_pkcs1(spki, HashKind::Md5Sha1, &md5_sha1(message), signature)?),
        (S::RSA_PKCS1_SSL3, Rsa) => Ok(verify_rsa_pkcs1(spki, HashKind::Md5Sha1, message, signature)?),
        (S::RSA_PKCS1_SHA1, Rsa) => Ok(verify_rsa_pkcs1(spki, HashKind::Sha1, &sha1(message), signature)?),
        (S::ECDSA_SHA1, P256 | P384 | P521) => Ok(verify_ecdsa_sha1(spki, &sha1(message), signature)?),
        _ => {
            let algorithm = algorithm(scheme, key_type, any_curve).ok_or(Failure)?;
            let verified = UnparsedPublicKey::new(algorithm, key).verify(message, signature);
            verified.or_else(|_| verify_short(scheme, key_type, spki, message, signature))
        }
    }
}

/// The same by an RSA key that is too short for that: of 1024 bits or more. Whether it may be so short is not asked here.
fn verify_short(
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

/// What checks this scheme by a key of this type, if they fit. From TLS 1.3 on an ECDSA scheme names its curve; in TLS 1.2
/// the same numbers name only the hash (RFC 8422 5.1.1, RFC 9846 4.3.3).
fn algorithm(scheme: SignatureScheme, key: KeyType, any_curve: bool) -> Option<&'static dyn VerificationAlgorithm> {
    use KeyType::{Ed25519, MlDsa, P256, P384, P521, Rsa, RsaPss};
    use SignatureScheme as S;
    if let RsaPss(Some(only)) | MlDsa(only) = key
        && only != scheme
    {
        return None;
    }
    Some(match (scheme, key) {
        (S::ECDSA_SECP256R1_SHA256, P256) => &alg::ECDSA_P256_SHA256_ASN1,
        (S::ECDSA_SECP384R1_SHA384, P384) => &alg::ECDSA_P384_SHA384_ASN1,
        (S::ECDSA_SECP521R1_SHA512, P521) => &alg::ECDSA_P521_SHA512_ASN1,
        (S::ED25519, Ed25519) => &alg::ED25519,
        (S::RSA_PSS_RSAE_SHA256, Rsa) => &alg::RSA_PSS_2048_8192_SHA256,
        (S::RSA_PSS_RSAE_SHA384, Rsa) => &alg::RSA_PSS_2048_8192_SHA384,
        (S::RSA_PSS_RSAE_SHA512, Rsa) => &alg::RSA_PSS_2048_8192_SHA512,
        (S::RSA_PKCS1_SHA256, Rsa) => &alg::RSA_PKCS1_2048_8192_SHA256,
        (S::RSA_PKCS1_SHA384, Rsa) => &alg::RSA_PKCS1_2048_8192_SHA384,
        (S::RSA_PKCS1_SHA512, Rsa) => &alg::RSA_PKCS1_2048_8192_SHA512,
        (S::RSA_PSS_PSS_SHA256, RsaPss(_)) => &alg::RSA_PSS_2048_8192_SHA256,
        (S::RSA_PSS_PSS_SHA384, RsaPss(_)) => &alg::RSA_PSS_2048_8192_SHA384,
        (S::RSA_PSS_PSS_SHA512, RsaPss(_)) => &alg::RSA_PSS_2048_8192_SHA512,
        (S::MLDSA44, MlDsa(_)) => &alg::ML_DSA_44,
        (S::MLDSA65, MlDsa(_)) => &alg::ML_DSA_65,
        (S::MLDSA87, MlDsa(_)) => &alg::ML_DSA_87,
        _ if !any_curve => return None,
        (S::ECDSA_SECP256R1_SHA256, P384) => &alg::ECDSA_P384_SHA256_ASN1,
        (S::ECDSA_SECP256R1_SHA256, P521) => &alg::ECDSA_P521_SHA256_ASN1,
        (S::ECDSA_SECP384R1_SHA384, P256) => &alg::ECDSA_P256_SHA384_ASN1,
        (S::ECDSA_SECP384R1_SHA384, P521) => &alg::ECDSA_P521_SHA384_ASN1,
        (S::ECDSA_SECP521R1_SHA512, P256) => &alg::ECDSA_P256_SHA512_ASN1,
        (S::ECDSA_SECP521R1_SHA512, P384) => &alg::ECDSA_P384_SHA512_ASN1,
        _ => return None,
    })
}

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

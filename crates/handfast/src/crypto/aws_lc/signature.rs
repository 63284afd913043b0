//! Verification of handshake signatures.

use super::der::{KeyType, Spki};
#[cfg(feature = "legacy")]
use super::old_signature;
use crate::crypto::Failure;
use crate::wire::numbers::SignatureScheme;
use aws_lc_rs::signature::{self as alg, UnparsedPublicKey, VerificationAlgorithm};

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
    #[cfg(feature = "legacy")]
    SignatureScheme::ECDSA_SHA1,
    #[cfg(feature = "legacy")]
    SignatureScheme::RSA_PKCS1_SHA1,
    #[cfg(feature = "legacy")]
    SignatureScheme::RSA_PKCS1_MD5_SHA1,
    #[cfg(feature = "legacy")]
    SignatureScheme::RSA_PKCS1_SSL3,
];

pub(super) fn verify(
    scheme: SignatureScheme,
    spki: &[u8],
    any_curve: bool,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Failure> {
    let Spki { key_type, key } = Spki::parse(spki)?;
    #[cfg(feature = "legacy")]
    if old_signature::SCHEMES.contains(&scheme) {
        return old_signature::verify(scheme, key_type, spki, message, signature);
    }
    let algorithm = algorithm(scheme, key_type, any_curve).ok_or(Failure)?;
    let verified = UnparsedPublicKey::new(algorithm, key).verify(message, signature).map_err(Failure::from);
    #[cfg(feature = "legacy")]
    let verified = verified.or_else(|_| old_signature::verify_short(scheme, key_type, spki, message, signature));
    verified
}

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

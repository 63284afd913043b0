//! Old signatures in certificates.

use super::super::CertificateRules;
use super::super::rules::MIN_RSA_BITS;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use handfast_legacy::{EcCurve, HashKind, verify_ecdsa_sha1_point, verify_rsa_pkcs1};
use md5::{Digest, Md5};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

/// One kind of key, and one of signature.
#[derive(Debug)]
struct Old {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    how: How,
}

#[derive(Debug)]
enum How {
    /// RSASSA-PKCS1-v1_5, with keys of 1024 bits or more.
    Rsa(HashKind),
    /// ECDSA with SHA-1.
    EcdsaSha1(EcCurve),
}

impl SignatureVerificationAlgorithm for Old {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let verified = match self.how {
            How::Rsa(HashKind::Md5) => verify_rsa_pkcs1(key, HashKind::Md5, &Md5::digest(message), signature),
            How::Rsa(hash) => {
                let algorithm = match hash {
                    HashKind::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
                    HashKind::Sha256 => &SHA256,
                    HashKind::Sha384 => &SHA384,
                    HashKind::Sha512 => &SHA512,
                    HashKind::Md5 | HashKind::Md5Sha1 => return Err(InvalidSignature),
                };
                verify_rsa_pkcs1(key, hash, digest(algorithm, message).as_ref(), signature)
            }
            How::EcdsaSha1(curve) => {
                let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, message);
                let hash = hash.as_ref().try_into().map_err(|_| InvalidSignature)?;
                verify_ecdsa_sha1_point(curve, key, hash, signature)
            }
        };
        verified.map_err(|_| InvalidSignature)
    }
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

/// 1.2.840.113549.1.1.4 and NULL (RFC 3279 2.2.1)
const RSA_MD5: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4, 5, 0]);
/// 1.2.840.113549.1.1.5 and NULL (RFC 3279 2.2.1)
const RSA_SHA1: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0]);
/// The same without NULL, which RFC 4055 2.1 says to take.
const RSA_SHA1_BARE: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5]);
/// 1.2.840.10045.4.1 (RFC 3279 2.2.3)
const ECDSA_SHA1: AlgorithmIdentifier = AlgorithmIdentifier::from_slice(&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]);

const fn rsa(signature: AlgorithmIdentifier, hash: HashKind) -> Old {
    Old { key: alg_id::RSA_ENCRYPTION, signature, how: How::Rsa(hash) }
}
const fn ecdsa(key: AlgorithmIdentifier, curve: EcCurve) -> Old {
    Old { key, signature: ECDSA_SHA1, how: How::EcdsaSha1(curve) }
}

/// What is as it was, but for the length of the key.
static SHORT: [Old; 3] = [
    rsa(alg_id::RSA_PKCS1_SHA256, HashKind::Sha256),
    rsa(alg_id::RSA_PKCS1_SHA384, HashKind::Sha384),
    rsa(alg_id::RSA_PKCS1_SHA512, HashKind::Sha512),
];
static SHA1: [Old; 5] = [
    rsa(RSA_SHA1, HashKind::Sha1),
    rsa(RSA_SHA1_BARE, HashKind::Sha1),
    ecdsa(alg_id::ECDSA_P256, EcCurve::P256),
    ecdsa(alg_id::ECDSA_P384, EcCurve::P384),
    ecdsa(alg_id::ECDSA_P521, EcCurve::P521),
];
static MD5: [Old; 1] = [rsa(RSA_MD5, HashKind::Md5)];

/// Those that these rules accept besides, which go before the others: of two for the same kinds of key and signature the first one
/// counts. How short an RSA key may be is looked at apart.
pub(in super::super) fn algorithms(
    rules: &CertificateRules,
) -> impl Iterator<Item = &'static dyn SignatureVerificationAlgorithm> {
    let if_so = |so: bool, list: &'static [Old]| if so { list } else { &[] };
    let short = if_so(rules.min_rsa_bits < MIN_RSA_BITS, &SHORT);
    let (sha1, md5) = (if_so(rules.sha1, &SHA1), if_so(rules.md5, &MD5));
    short.iter().chain(sha1).chain(md5).map(|old| old as _)
}

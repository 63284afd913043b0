//! Certificates signed by RSASSA-PSS keys (RFC 4055 3.1), which webpki knows with rsaEncryption keys only.

use aws_lc_rs::signature::{
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, UnparsedPublicKey,
};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

/// One hash, and one form of the issuer's key.
#[derive(Debug)]
pub(super) struct Pss {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    verification: &'static RsaParameters,
}

impl SignatureVerificationAlgorithm for Pss {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = UnparsedPublicKey::new(self.verification, public_key);
        key.verify(message, signature).map_err(|_| InvalidSignature)
    }
    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }
    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

/// A key without parameters, which leaves the hash open.
const OPEN: AlgorithmIdentifier =
    AlgorithmIdentifier::from_slice(&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10]);

/// The two forms of a key for one hash: without parameters, and with those of its signatures, which must be the same (RFC 9846 4.3.3).
const fn forms(signature: AlgorithmIdentifier, verification: &'static RsaParameters) -> [Pss; 2] {
    [Pss { key: OPEN, signature, verification }, Pss { key: signature, signature, verification }]
}

pub(super) static SHA256: [Pss; 2] = forms(alg_id::RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256);
pub(super) static SHA384: [Pss; 2] = forms(alg_id::RSA_PSS_SHA384, &RSA_PSS_2048_8192_SHA384);
pub(super) static SHA512: [Pss; 2] = forms(alg_id::RSA_PSS_SHA512, &RSA_PSS_2048_8192_SHA512);

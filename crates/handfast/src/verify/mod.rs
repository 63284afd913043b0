//! Judging the peer's certificates.

mod der;
mod error;
pub use error::CertificateError;

use crate::Time;
use crate::crypto::{KeyExchangeKind, KeyKind};
use crate::wait::Reply;
use crate::wire::numbers::SignatureScheme;
use rustls_pki_types::{CertificateDer, ServerName};
use std::fmt;
use webpki::EndEntityCert;

/// Who is to be judged.
#[derive(Clone, Debug)]
pub struct PeerToVerify {
    /// The chain as the peer sent it: its own certificate first. Never empty.
    pub chain: Vec<CertificateDer<'static>>,
    /// A server's expected name; `None` if the peer is a client.
    pub name: Option<ServerName<'static>>,
    /// What the leaf's key does in this handshake: decides which keyUsage it must have (RFC 5246 7.4.2).
    pub key_exchange: KeyExchangeKind,
    /// The signatures that may stand in its certificates.
    pub schemes: Vec<SignatureScheme>,
}

/// Proof of a verdict in favour.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How it was judged, in words, for the trace: "chain to …", "pinned", "not checked".
    pub how: String,
}

impl Verified {
    /// A verdict in favour; `how` goes into the trace.
    pub fn because(how: impl Into<String>) -> Self {
        Self { how: how.into() }
    }
}

/// Judges chains: [`WebPki`], or the user's own.
pub trait Verifier: Send + Sync + fmt::Debug {
    /// The verdict.
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>>;
    /// DER names of the authorities that a client should have its certificate from; for CertificateRequest.
    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// Whether the first certificate of a chain stands for this name: a DNS name, where a wildcard may be the left-most label of what
/// the certificate says (RFC 9525 6.3), or an IP address.
pub fn stands_for(chain: &[CertificateDer<'_>], name: &str) -> bool {
    let (Some(leaf), Ok(name)) = (chain.first(), ServerName::try_from(name)) else { return false };
    EndEntityCert::try_from(leaf).is_ok_and(|c| c.verify_is_valid_for_subject_name(&name).is_ok())
}

/// The key of a peer's own certificate.
#[derive(Clone, Debug)]
pub(crate) struct PeerKey {
    pub(crate) kind: KeyKind,
    /// The SubjectPublicKeyInfo in DER.
    pub(crate) spki: Vec<u8>,
}

/// The key of the first certificate of a chain. That the certificate is good is the verifier's to say.
pub(crate) fn public_key(chain: &[CertificateDer<'_>]) -> Result<PeerKey, CertificateError> {
    let malformed = |what: &str| CertificateError::Malformed(what.into());
    let leaf = chain.first().ok_or_else(|| malformed("there is no certificate in the chain"))?;
    let certificate =
        der::Certificate::read(leaf).ok_or_else(|| malformed("the peer's own certificate is not X.509 in DER"))?;
    let algorithm =
        der::key_algorithm(certificate.spki).ok_or_else(|| malformed("the peer's certificate holds no key"))?;
    let kind = match algorithm {
        RSA_ENCRYPTION | RSASSA_PSS => KeyKind::Rsa,
        EC_PUBLIC_KEY => KeyKind::Ecdsa,
        ED25519 => KeyKind::Ed25519,
        other => {
            let oid = der::dotted(other);
            return Err(CertificateError::WrongUsage(format!(
                "the key in the peer's certificate is of the algorithm {oid}, which is neither RSA, ECDSA nor Ed25519"
            )));
        }
    };
    Ok(PeerKey { kind, spki: certificate.spki.to_vec() })
}

/// 1.2.840.113549.1.1.1 (RFC 3279 2.3.1)
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
/// 1.2.840.113549.1.1.10 (RFC 4055 1.2)
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
/// 1.2.840.10045.2.1 (RFC 5480 2.1.1)
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// 1.3.101.112 (RFC 8410 3)
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

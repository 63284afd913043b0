//! How the certificates of a chain are signed, for whoever chooses among several chains.

use super::OldForm;
use super::der::{Certificate, Key, SignedBy, algorithm};
use super::rules::MIN_RSA_BITS;
use crate::wire::numbers::SignatureScheme;
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

/// Whether a certificate is signed in one of these ways, as far as it can be read.
pub(super) fn is_signed_by(certificate: &Certificate<'_>, accepted: &[SignatureScheme]) -> bool {
    SignedBy::read(certificate.signature).is_some_and(|by| accepted.iter().any(|s| by.is(*s)))
}

/// Whether all certificates of a chain are signed in ways that a peer can verify, as far as they can be read. Which key an issuer has
/// is not looked at: its certificate need not be there. Of one that signed itself the signature is not verified (RFC 9846 4.3.3).
pub(crate) fn signed_by(chain: &[CertificateDer<'_>], accepted: &[SignatureScheme]) -> bool {
    chain.iter().all(|der| {
        let Some(certificate) = Certificate::read(der) else { return false };
        certificate.issuer == certificate.subject || is_signed_by(&certificate, accepted)
    })
}

/// Whether a certificate of this chain is signed over MD5. Of one that signed itself the signature does not matter.
pub(crate) fn has_md5(chain: &[CertificateDer<'_>]) -> bool {
    has(chain, OldForm::Md5)
}

/// The same with SHA-1.
pub(crate) fn has_sha1(chain: &[CertificateDer<'_>]) -> bool {
    has(chain, OldForm::Sha1)
}

fn has(chain: &[CertificateDer<'_>], form: OldForm) -> bool {
    let mut certificates = chain.iter().filter_map(|c| Certificate::read(c)).filter(|c| c.issuer != c.subject);
    certificates.any(|c| OldForm::of_signature(&algorithm(c.signature)) == Some(form))
}

/// Whether the peer's own certificate has no subjectAltName.
pub(crate) fn is_named_by_common_name(chain: &[CertificateDer<'_>]) -> bool {
    chain.first().and_then(|c| Certificate::read(c)).is_some_and(|c| !c.has_alternative_names())
}

/// Whether the peer's own certificate is of X.509 version 1.
pub(crate) fn is_of_version_1(chain: &[CertificateDer<'_>]) -> bool {
    chain.first().and_then(|c| Certificate::read(c)).is_some_and(|c| c.is_version_1())
}

/// Whether a key in this chain, or this one, is for RSA with less than 2048 bits.
pub(crate) fn has_short_key(chain: &[CertificateDer<'_>], raw: Option<&SubjectPublicKeyInfoDer<'_>>) -> bool {
    let keys = chain.iter().filter_map(|c| Certificate::read(c)).map(|c| c.spki).chain(raw.map(|key| &**key));
    keys.filter_map(|spki| Key::read(spki)?.rsa_bits()).any(|bits| bits < MIN_RSA_BITS)
}

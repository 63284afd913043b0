//! How the certificates of a chain are signed, for whoever chooses among several chains.

use super::der::{Certificate, SignedBy};
use crate::wire::numbers::SignatureScheme;
use rustls_pki_types::CertificateDer;

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

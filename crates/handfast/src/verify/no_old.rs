//! What stands in for old forms of certificates, where cargo feature `legacy` is off: none is accepted, and only recognised.

use super::diagnose::Case;
use super::{CertificateError, CertificateRules, der};
use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm};

/// None besides the others.
pub(super) fn algorithms(
    _: &CertificateRules,
) -> impl Iterator<Item = &'static dyn SignatureVerificationAlgorithm> + use<> {
    std::iter::empty()
}

/// Never: a common name stands for nothing.
pub(super) fn stands_for(_: &CertificateDer<'_>, _: &ServerName<'_>) -> bool {
    false
}

/// Whether a certificate is of version 1.
pub(super) fn is_version_1(certificate: &CertificateDer<'_>) -> bool {
    der::Certificate::read(certificate).is_some_and(|c| c.is_version_1())
}

/// There is none.
pub(super) fn path<'a>(
    case: &Case<'a>,
    _: &[&dyn SignatureVerificationAlgorithm],
) -> Result<Vec<&'a CertificateDer<'a>>, CertificateError> {
    Err(case.unknown_issuer())
}

//! A path for a peer's own certificate of X.509 version 1, which webpki does not read.
//!
//! Such a certificate has no extensions: nothing says that its key is not an authority's. So it is only ever the first of a path.
//! Those above it are of version 3, read by webpki, and are held to what their extensions say; a root is a root by being trusted. What
//! takes judging beyond that is refused: name constraints, which do not speak of common names.

use super::super::der::{Certificate, Key};
use super::super::diagnose::{self, Case};
use super::super::{CertificateError, CertificateField, Detail, words};
use ::webpki::EndEntityCert;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};

/// The most authorities in a path that are not roots, as with webpki.
const MAX_AUTHORITIES: usize = 6;
/// keyCertSign (RFC 5280 4.2.1.3).
const KEY_CERT_SIGN: u8 = 0x04;
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// Whether a certificate is of version 1, and well made: no version, no extensions, no unique identifiers, the same algorithm in both
/// places, nothing behind it.
pub(in super::super) fn is_version_1(certificate: &CertificateDer<'_>) -> bool {
    Certificate::read(certificate).is_some_and(|c| c.is_version_1())
}

/// The issuers of the peer's own certificate, the nearest first, up to a root, which is the last one.
///
/// # Errors
/// As of any chain.
pub(in super::super) fn path<'a>(
    case: &Case<'a>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<Vec<&'a CertificateDer<'a>>, CertificateError> {
    let (own, sent) = case.chain.split_first().ok_or_else(|| case.unknown_issuer())?;
    let mut at = Certificate::read(own).ok_or_else(|| case.unknown_issuer())?;
    let mut issuers: Vec<&CertificateDer<'_>> = Vec::new();
    in_time(case, &at, 0)?;
    loop {
        let signed_by = |issuer: &Certificate<'_>| {
            let key = Key::read(issuer.spki).filter(|_| issuer.subject == at.issuer);
            key.is_some_and(|key| at.signed.is_some_and(|signed| signed.is_by(&key, algorithms)))
        };
        let read = |der| Certificate::read(der);
        if let Some(root) = case.roots.certificates.iter().find(|root| read(root).is_some_and(|c| signed_by(&c))) {
            if read(root).is_some_and(|c| c.has_name_constraints()) {
                return Err(constrained(case, "the root"));
            }
            issuers.push(root);
            return Ok(issuers);
        }
        let unused = sent.iter().filter(|c| !issuers.contains(c));
        let issuer = unused.filter_map(|der| Some((der, read(der)?))).find(|(_, c)| signed_by(c));
        let Some((der, issuer)) = issuer.filter(|_| issuers.len() < MAX_AUTHORITIES) else {
            return Err(case.no_issuer(&at));
        };
        let place = case.chain.iter().position(|c| c == der).unwrap_or_default();
        may_issue(case, der, &issuer, place, issuers.len())?;
        issuers.push(der);
        at = issuer;
    }
}

/// Whether a certificate that was sent may stand above so many other authorities.
fn may_issue(
    case: &Case<'_>,
    der: &CertificateDer<'_>,
    issuer: &Certificate<'_>,
    place: usize,
    below: usize,
) -> Result<(), CertificateError> {
    use ::webpki::Error as E;
    // Reads it strictly, and finds critical extensions that nobody knows.
    EndEntityCert::try_from(der).map_err(|e| case.explain(e))?;
    if !issuer.is_authority() {
        return Err(case.explain(E::EndEntityUsedAsCa));
    }
    if issuer.path_length().is_some_and(|most| below > most) {
        return Err(case.explain(E::PathLenConstraintViolated));
    }
    if issuer.has_name_constraints() {
        return Err(constrained(case, &case.nth(place).to_string()));
    }
    if issuer.key_usage().is_some_and(|bits| bits & KEY_CERT_SIGN == 0) {
        let words = format!("{} may not sign certificates (its keyUsage lacks keyCertSign)", case.nth(place));
        return Err(CertificateError::WrongUsage(
            Detail::new(words).of(case.nth(place).0).field(CertificateField::KeyUsage),
        ));
    }
    let wanted = if case.clients { CLIENT_AUTH } else { SERVER_AUTH };
    if issuer.has_extended_key_usage() && !issuer.extended_key_usage().iter().any(|p| p == wanted) {
        return Err(CertificateError::WrongUsage(case.wrong_purpose()));
    }
    in_time(case, issuer, place)
}

fn in_time(case: &Case<'_>, certificate: &Certificate<'_>, place: usize) -> Result<(), CertificateError> {
    let Some((from, until)) = words::validity(certificate.validity) else {
        let who = case.nth(place);
        let detail = Detail::new(format!("the dates of {who} cannot be read")).of(who.0);
        return Err(CertificateError::Malformed(detail.field(CertificateField::Validity)));
    };
    match () {
        () if case.now < from => Err(diagnose::not_yet(case.nth(place), from, case.now)),
        () if case.now > until => Err(diagnose::expired(case.nth(place), until, case.now)),
        () => Ok(()),
    }
}

fn constrained(case: &Case<'_>, by: &str) -> CertificateError {
    let words = format!(
        "{} is of X.509 version 1, and {by} may issue for certain names only (nameConstraints), which it cannot be held to then",
        case.nth(0)
    );
    CertificateError::WrongUsage(Detail::new(words).of(case.nth(0).0).field(CertificateField::NameConstraints))
}

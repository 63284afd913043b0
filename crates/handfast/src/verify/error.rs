//! Why a chain is refused.

use super::detail::{CertificateField, CertificatePlace, Detail};
use super::{OldForm, words};
use crate::alert::AlertDescription;
use std::fmt;

/// Why a chain is refused. Each detail is a clause that says which certificate is meant, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not a certificate, or one that cannot be read.
    Malformed(Detail),
    /// No path to a root that is trusted.
    UnknownIssuer {
        /// The name of the issuer that nobody knows.
        issuer: String,
        /// Whose issuer it is, or that the certificate is self-signed: in words.
        detail: Detail,
    },
    /// The certificate stands for other names.
    WrongName {
        /// The name that was wanted.
        wanted: String,
        /// The names that it has: DNS names and addresses of its subjectAltName.
        found: Vec<String>,
        /// Whether it has no such name, but a common name that fits: what a policy could accept.
        common_name: bool,
        /// Which certificate: the peer's own.
        certificate: Option<CertificatePlace>,
    },
    /// Its time is over.
    Expired {
        /// Whose, and until when: in words.
        detail: Detail,
    },
    /// Its time has not come.
    NotYetValid {
        /// Whose, and from when: in words.
        detail: Detail,
    },
    /// It was revoked.
    Revoked {
        /// Which, by which list: in words.
        detail: Detail,
    },
    /// Whether it is revoked cannot be told, and must be.
    UnknownRevocation(Detail),
    /// The OCSP response that came with it is of no use: it is about another certificate, out of date, badly signed, or says that
    /// nothing is known. Nobody is let in by it (RFC 6066 8).
    BadStaple(Detail),
    /// No OCSP response came with it, and one must: the certificate says so (RFC 7633), or the verifier.
    NoStaple(Detail),
    /// It may not be used for this.
    WrongUsage(Detail),
    /// Signed in a way that is not accepted.
    BadSignature(Detail),
    /// The peer shows a raw public key (RFC 7250), which the verifier does not believe.
    RawKey(Detail),
    /// Any other rule of the verifier.
    Other(Detail),
    /// A rule of the application's own, which chooses the alert too.
    Refused {
        /// What the peer is told.
        alert: AlertDescription,
        /// What is wrong with it.
        detail: Detail,
    },
}

impl CertificateError {
    /// The certificate of the chain that is meant, if it is a single one.
    pub fn certificate(&self) -> Option<&CertificatePlace> {
        match self {
            Self::WrongName { certificate, .. } => certificate.as_ref(),
            other => other.detail().and_then(Detail::certificate),
        }
    }

    /// The field of it that is at fault, if it is a single one.
    pub fn field(&self) -> Option<CertificateField> {
        match self {
            Self::WrongName { .. } => Some(CertificateField::SubjectAltName),
            other => other.detail().and_then(Detail::faulty),
        }
    }

    /// The old form that it is refused for, if a policy could accept it ([`CertificateRules`](super::CertificateRules)).
    pub fn old_form(&self) -> Option<OldForm> {
        match self {
            Self::WrongName { common_name, .. } => common_name.then_some(OldForm::CommonName),
            other => other.detail().and_then(Detail::old_form),
        }
    }

    fn detail(&self) -> Option<&Detail> {
        match self {
            Self::WrongName { .. } => None,
            Self::Malformed(detail)
            | Self::UnknownIssuer { detail, .. }
            | Self::Expired { detail }
            | Self::NotYetValid { detail }
            | Self::Revoked { detail }
            | Self::UnknownRevocation(detail)
            | Self::BadStaple(detail)
            | Self::NoStaple(detail)
            | Self::WrongUsage(detail)
            | Self::BadSignature(detail)
            | Self::RawKey(detail)
            | Self::Other(detail)
            | Self::Refused { detail, .. } => Some(detail),
        }
    }

    /// The alert.
    pub fn alert(&self) -> AlertDescription {
        match self {
            Self::Malformed(_) | Self::BadSignature(_) | Self::WrongName { .. } => AlertDescription::BAD_CERTIFICATE,
            Self::UnknownIssuer { .. } => AlertDescription::UNKNOWN_CA,
            Self::Expired { .. } | Self::NotYetValid { .. } => AlertDescription::CERTIFICATE_EXPIRED,
            Self::Revoked { .. } => AlertDescription::CERTIFICATE_REVOKED,
            Self::BadStaple(_) | Self::NoStaple(_) => AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE,
            Self::WrongUsage(_) | Self::RawKey(_) => AlertDescription::UNSUPPORTED_CERTIFICATE,
            Self::UnknownRevocation(_) | Self::Other(_) => AlertDescription::CERTIFICATE_UNKNOWN,
            Self::Refused { alert, .. } => *alert,
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongName { wanted, common_name: true, .. } => {
                write!(f, "it is for {wanted} by its common name only, and has no subjectAltName")
            }
            Self::WrongName { wanted, found, .. } if found.is_empty() => {
                write!(f, "it is not for {wanted}: it names no host at all (no DNS name or address in subjectAltName)")
            }
            Self::WrongName { wanted, found, .. } => {
                write!(f, "it is not for {wanted}: it is for {}", words::list(found))
            }
            other => other.detail().map_or(Ok(()), |detail| detail.fmt(f)),
        }
    }
}
impl std::error::Error for CertificateError {}

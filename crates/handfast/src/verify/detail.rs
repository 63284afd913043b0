//! What a refusal says of the certificate that is meant, for people and for programs.

use super::{OldForm, der, words};
use rustls_pki_types::CertificateDer;
use std::fmt;

/// What is wrong with a chain: a clause in words, and, as far as there is one that is to blame, which certificate and which field of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    words: String,
    certificate: Option<CertificatePlace>,
    field: Option<CertificateField>,
    old: Option<OldForm>,
}

/// A certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePlace {
    /// Its place in the chain as it was sent; 0 is the peer's own.
    pub position: usize,
    /// How many there are.
    pub of: usize,
    /// Its subject, in words; what could mislead a terminal is replaced.
    pub subject: String,
}

impl CertificatePlace {
    /// The certificate in this place. `None` if there is none, or it cannot be read.
    pub(super) fn find(chain: &[CertificateDer<'_>], position: usize) -> Option<Self> {
        let certificate = der::Certificate::read(chain.get(position)?)?;
        Some(Self { position, of: chain.len(), subject: words::name(certificate.subject) })
    }
}

/// As errors call it: the peer's own certificate (CN=...), certificate 2 of 3 in its chain (CN=...).
impl fmt::Display for CertificatePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            0 => write!(f, "the peer's own certificate ({})", self.subject),
            n => write!(f, "certificate {} of {} in its chain ({})", n + 1, self.of, self.subject),
        }
    }
}

impl Detail {
    /// In words alone.
    pub fn new(words: impl Into<String>) -> Self {
        Self(Box::new(Inner { words: words.into(), certificate: None, field: None, old: None }))
    }
    /// The same, of this certificate.
    pub fn of(mut self, certificate: Option<CertificatePlace>) -> Self {
        self.0.certificate = certificate;
        self
    }
    /// The same, in this field.
    pub fn field(mut self, field: CertificateField) -> Self {
        self.0.field = Some(field);
        self
    }
    /// The same, where only the policy is against this old form.
    pub fn old(mut self, form: Option<OldForm>) -> Self {
        self.0.old = form;
        self
    }
    /// The words.
    pub fn words(&self) -> &str {
        &self.0.words
    }
    /// The certificate that is meant, if it is a single one.
    pub fn certificate(&self) -> Option<&CertificatePlace> {
        self.0.certificate.as_ref()
    }
    /// The field that is at fault, if it is a single one.
    pub fn faulty(&self) -> Option<CertificateField> {
        self.0.field
    }
    /// The old form that it is refused for, if a policy could accept it.
    pub fn old_form(&self) -> Option<OldForm> {
        self.0.old
    }
}

impl From<String> for Detail {
    fn from(words: String) -> Self {
        Self::new(words)
    }
}
impl From<&str> for Detail {
    fn from(words: &str) -> Self {
        Self::new(words)
    }
}
impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

macro_rules! fields {
    ($( $variant:ident = $name:literal, $section:literal; )*) => {
        /// A field or an extension of a certificate, by its name in the RFCs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum CertificateField {
            $( #[doc = concat!("`", $name, "`: ", $section, ".")] $variant, )*
        }
        impl CertificateField {
            /// All of them.
            pub const ALL: &[Self] = &[$( Self::$variant ),*];
            /// Its name, as the RFC writes it.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $name ),* }
            }
            /// The section that defines it.
            pub fn section(self) -> &'static str {
                match self { $( Self::$variant => $section ),* }
            }
        }
    };
}

fields! {
    Version = "version", "RFC 5280 4.1.2.1";
    SerialNumber = "serialNumber", "RFC 5280 4.1.2.2";
    SignatureAlgorithm = "signatureAlgorithm", "RFC 5280 4.1.1.2, 4.1.2.3";
    SignatureValue = "signatureValue", "RFC 5280 4.1.1.3";
    Issuer = "issuer", "RFC 5280 4.1.2.4";
    Validity = "validity", "RFC 5280 4.1.2.5";
    NotBefore = "notBefore", "RFC 5280 4.1.2.5";
    NotAfter = "notAfter", "RFC 5280 4.1.2.5";
    SubjectPublicKeyInfo = "subjectPublicKeyInfo", "RFC 5280 4.1.2.7";
    Extensions = "extensions", "RFC 5280 4.2";
    KeyUsage = "keyUsage", "RFC 5280 4.2.1.3";
    SubjectAltName = "subjectAltName", "RFC 5280 4.2.1.6, RFC 9525 6";
    BasicConstraints = "basicConstraints", "RFC 5280 4.2.1.9";
    PathLenConstraint = "pathLenConstraint", "RFC 5280 4.2.1.9";
    NameConstraints = "nameConstraints", "RFC 5280 4.2.1.10";
    ExtendedKeyUsage = "extendedKeyUsage", "RFC 5280 4.2.1.12";
    TlsFeature = "TLS feature", "RFC 7633 4";
}

impl fmt::Display for CertificateField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;

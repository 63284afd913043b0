//! Roots: the authorities that are trusted.

use super::{CertificateError, der, words};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor};
use std::fmt;

/// The certificates of the authorities that are trusted.
#[derive(Clone, Default)]
pub struct Roots {
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    /// The same, in the same order.
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// Their names in words, which every verdict tells.
    words: Vec<String>,
}

impl Roots {
    /// No roots.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts this authority. Its dates and extensions do not matter, but for name constraints.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if it is not a certificate.
    pub fn add(&mut self, root: CertificateDer<'_>) -> Result<(), CertificateError> {
        let anchor = ::webpki::anchor_from_trusted_cert(&root)
            .map_err(|e| CertificateError::Malformed(format!("a root cannot be read ({e})").into()))?;
        let name = der::Certificate::read(&root).map_or_else(|| "a root".into(), |c| words::name(c.subject));
        self.anchors.push(anchor.to_owned());
        self.words.push(name);
        self.certificates.push(root.into_owned());
        Ok(())
    }

    /// Trusts all authorities whose certificates stand in this PEM text.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if one cannot be read, or there is none.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        let mut roots = Self::new();
        for root in CertificateDer::pem_slice_iter(pem) {
            roots.add(
                root.map_err(|e| CertificateError::Malformed(format!("the PEM text cannot be read ({e})").into()))?,
            )?;
        }
        match roots.is_empty() {
            false => Ok(roots),
            true => Err(CertificateError::Malformed("there is no CERTIFICATE block in the PEM text".into())),
        }
    }

    /// Trusts whom the system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured. Reads files: call it once. What of the
    /// system's certificates cannot be read is left out.
    ///
    /// # Errors
    /// [`CertificateError::Other`] if there is none that can be read.
    pub fn platform() -> Result<Self, CertificateError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = Self::new();
        for root in found.certs {
            let _ = roots.add(root);
        }
        match roots.is_empty() {
            false => Ok(roots),
            true => {
                let why = found.errors.first().map_or_else(String::new, |e| format!(": {e}"));
                Err(CertificateError::Other(
                    format!("this system has no list of trusted roots that can be read{why}").into(),
                ))
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// Their names in DER, each as a whole Name.
    pub(super) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().filter_map(|c| der::Certificate::read(c)).map(|c| c.subject)
    }

    /// The name, in words, of one of [`Roots::certificates`].
    pub(super) fn words(&self, root: &CertificateDer<'_>) -> &str {
        let position = self.certificates.iter().position(|c| std::ptr::eq::<u8>(c.as_ptr(), root.as_ptr()));
        position.and_then(|n| self.words.get(n)).map_or("a root", String::as_str)
    }

    /// The certificate of one of them.
    pub(super) fn certificate(&self, anchor: &TrustAnchor<'_>) -> Option<&CertificateDer<'static>> {
        self.anchors.iter().position(|a| std::ptr::eq(a, anchor)).and_then(|n| self.certificates.get(n))
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} roots", self.len())
    }
}

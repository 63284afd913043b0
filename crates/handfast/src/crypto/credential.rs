//! A certificate chain and its key.

use super::PrivateKey;
use super::aws_lc::{Spki, private_and_public, private_and_spki};
use crate::verify;
use crate::wire::Opaque;
use crate::wire::numbers::CertificateType;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer};
use std::fmt;
use std::sync::Arc;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroize;

/// How many bytes of an OCSP response, and of timestamps, there is room for beside each other in the extensions of a certificate.
const MOST_RESPONSE: usize = 1 << 15;
const MOST_TIMESTAMPS: usize = 1 << 14;

/// A certificate chain, own certificate first, and its key; or a raw key alone.
#[derive(Clone, Debug)]
pub struct Credential {
    /// DER, the own certificate first, roots need not be there. Empty if there is nothing but the raw key.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the first.
    pub key: Arc<dyn PrivateKey>,
    /// An OCSP response for the first (RFC 6960), DER, which goes to whoever asks for one (RFC 6066 8); none by default. It is
    /// sent as it is: that it is fresh and good is for whoever renews it to see to, by putting a new credential in place. One of
    /// more than 32 KiB is not sent.
    pub ocsp: Option<Vec<u8>>,
    /// Signed certificate timestamps for the first (RFC 6962 3.2), one by one, which go to whoever asks for them; none by default.
    /// Of more than 16 KiB in all, the first are sent.
    pub scts: Vec<Vec<u8>>,
    /// Its SubjectPublicKeyInfo in DER, if it may be shown raw to a peer that takes that (RFC 7250).
    pub raw_key: Option<SubjectPublicKeyInfoDer<'static>>,
}

/// Why a chain and a key make no [`Credential`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// What should be PEM is damaged.
    Pem {
        /// Which of the two: "certificates" or "private key".
        what: &'static str,
        /// How.
        why: String,
    },
    /// There is no certificate.
    NoCertificate,
    /// There is no private key.
    NoKey,
    /// The private key is encrypted.
    EncryptedKey,
    /// The private key is malformed, or of a kind that is not spoken.
    Key,
    /// The first certificate is not X.509, or its key is of a kind that is not spoken.
    Certificate,
    /// The private key is not that of the first certificate.
    Mismatch,
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pem { what, why } => return write!(f, "the PEM of the {what} is damaged: {why}"),
            Self::NoCertificate => "there is no certificate: PEM has it behind a line -----BEGIN CERTIFICATE-----",
            Self::NoKey => {
                "there is no private key: PEM has it behind a line -----BEGIN PRIVATE KEY-----, -----BEGIN RSA PRIVATE \
                 KEY----- or -----BEGIN EC PRIVATE KEY-----"
            }
            Self::EncryptedKey => "the private key is encrypted: decrypt it first, as `openssl pkey` does",
            Self::Key => {
                "the private key cannot be used: it is not well-formed PKCS#8, PKCS#1 or SEC 1, or is neither RSA of 1024 \
                 to 8192 bits (2048 and SHA-2 if it is for RSA-PSS), nor ECDSA on P-256, P-384 or P-521, nor Ed25519, nor \
                 ML-DSA"
            }
            Self::Certificate => {
                "the first certificate cannot be used: it is not well-formed X.509, or its key is neither RSA, nor RSA-PSS \
                 with SHA-2, nor ECDSA on P-256, P-384 or P-521, nor Ed25519, nor ML-DSA"
            }
            Self::Mismatch => {
                "the private key does not belong to the first certificate: the own certificate must stand before those \
                 of the authorities"
            }
        })
    }
}
impl std::error::Error for CredentialError {}

impl Credential {
    /// This chain and its key, whatever they are: that the key is that of the first certificate is not checked.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: Arc<dyn PrivateKey>) -> Self {
        Self { chain, key, raw_key: None, ocsp: None, scts: Vec::new() }
    }

    /// The OCSP response, if there is one that can be sent.
    pub(crate) fn response(&self) -> Option<&[u8]> {
        self.ocsp.as_deref().filter(|r| (1..=MOST_RESPONSE).contains(&r.len()))
    }

    /// The timestamps that can be sent.
    pub(crate) fn timestamps(&self) -> Vec<Opaque<'_, 2, 1, 0xffff>> {
        let mut room = MOST_TIMESTAMPS;
        let mut fits = |sct: &&Vec<u8>| {
            room = room.saturating_sub(sct.len() + 2);
            !sct.is_empty() && room > 0
        };
        self.scts.iter().take_while(|sct| fits(sct)).map(|sct| Opaque(sct)).collect()
    }

    /// From PEM (RFC 7468): `chain_pem` has the certificates, own first, and `key_pem` the private key, unencrypted, as
    /// PKCS#8, PKCS#1 or SEC 1. Sections of other kinds are passed over, so that both may be the same file.
    ///
    /// # Errors
    /// [`CredentialError`], which says what is wrong.
    pub fn from_pem(chain_pem: &[u8], key_pem: &[u8]) -> Result<Self, CredentialError> {
        let chain: Result<_, _> = CertificateDer::pem_slice_iter(chain_pem).collect();
        let chain = chain.map_err(damaged("certificates"))?;
        Self::from_der(chain, key_from_pem(key_pem)?)
    }

    /// From DER: the certificates, own first, and the private key, which is wiped after it is read.
    ///
    /// # Errors
    /// [`CredentialError`], which says what is wrong.
    pub fn from_der(
        chain: Vec<CertificateDer<'static>>,
        mut key: PrivateKeyDer<'static>,
    ) -> Result<Self, CredentialError> {
        let pair = private_and_public(&key);
        key.zeroize();
        let leaf = chain.first().ok_or(CredentialError::NoCertificate)?;
        let (key, public) = pair.map_err(|_| CredentialError::Key)?;
        let (_, certificate) = X509Certificate::from_der(leaf).map_err(|_| CredentialError::Certificate)?;
        let spki = Spki::parse(certificate.public_key().raw).map_err(|_| CredentialError::Certificate)?;
        if spki.key != public {
            return Err(CredentialError::Mismatch);
        }
        Ok(Self::new(chain, key))
    }

    /// A raw key without a certificate (RFC 7250), from PEM: unencrypted, as PKCS#8, PKCS#1 or SEC 1.
    ///
    /// # Errors
    /// [`CredentialError`], which says what is wrong.
    pub fn raw_from_pem(key_pem: &[u8]) -> Result<Self, CredentialError> {
        Self::raw_from_der(key_from_pem(key_pem)?)
    }

    /// A raw key without a certificate (RFC 7250), from DER. What is given is wiped after it is read.
    ///
    /// # Errors
    /// [`CredentialError::Key`].
    pub fn raw_from_der(mut key: PrivateKeyDer<'static>) -> Result<Self, CredentialError> {
        let pair = private_and_spki(&key);
        key.zeroize();
        let (key, spki) = pair.map_err(|_| CredentialError::Key)?;
        Ok(Self { raw_key: Some(spki.into()), ..Self::new(Vec::new(), key) })
    }

    /// The same, whose key may also be shown raw, without its certificate.
    pub fn with_raw_key(mut self) -> Self {
        self.raw_key = self.spki().map(|spki| spki.to_vec().into());
        self
    }

    /// What it can show: a raw key goes first, since who has made one wants to use it.
    pub fn types(&self) -> Vec<CertificateType> {
        let all = [CertificateType::RAW_PUBLIC_KEY, CertificateType::X509];
        all.into_iter().filter(|t| self.shows(*t)).collect()
    }

    /// Whether it has this to show.
    pub fn shows(&self, what: CertificateType) -> bool {
        match what {
            CertificateType::X509 => !self.chain.is_empty(),
            CertificateType::RAW_PUBLIC_KEY => self.raw_key.is_some(),
            _ => false,
        }
    }

    /// The SubjectPublicKeyInfo of its key, as far as it can be read.
    pub(crate) fn spki(&self) -> Option<&[u8]> {
        self.raw_key.as_deref().or_else(|| verify::spki_of(&self.chain))
    }
}

fn damaged(what: &'static str) -> impl Fn(pem::Error) -> CredentialError {
    move |e| CredentialError::Pem { what, why: in_words(&e) }
}

fn key_from_pem(pem: &[u8]) -> Result<PrivateKeyDer<'static>, CredentialError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|e| match e {
        _ if contains(pem, b"ENCRYPTED") => CredentialError::EncryptedKey,
        pem::Error::NoItemsFound => CredentialError::NoKey,
        e => damaged("private key")(e),
    })
}

/// What is wrong with PEM. The library's own words show bytes as numbers, and could show those of a key.
fn in_words(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!("the line -----END {}----- is missing", String::from_utf8_lossy(end_marker))
        }
        pem::Error::IllegalSectionStart { .. } => "a line -----BEGIN is not complete".into(),
        pem::Error::Base64Decode(_) => "what stands between the lines BEGIN and END is not base64".into(),
        _ => "it cannot be read".into(),
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|w| w == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::KeyKind;

    macro_rules! pem {
        ($name:literal) => {
            include_bytes!(concat!("../../tests/pem/", $name, ".pem"))
        };
    }

    /// The raw key of a private key is the one that stands in its certificate, however the private key is written.
    #[test]
    fn raw_keys_are_those_of_certificates() {
        let pairs: [(&[u8], &[u8]); 8] = [
            (pem!("p256.cert"), pem!("p256.pkcs8")),
            (pem!("p256.cert"), pem!("p256.sec1")),
            (pem!("rsa.cert"), pem!("rsa.pkcs8")),
            (pem!("rsa.cert"), pem!("rsa.pkcs1")),
            (pem!("ed25519.cert"), pem!("ed25519.pkcs8")),
            (pem!("p384.cert"), pem!("p384.sec1")),
            (pem!("p521.cert"), pem!("p521.sec1")),
            (pem!("pss384.cert"), pem!("pss384.pkcs8")),
        ];
        for (chain, key) in pairs {
            let certified = Credential::from_pem(chain, key).unwrap();
            assert_eq!(certified.types(), [CertificateType::X509]);
            let both = certified.with_raw_key();
            assert_eq!(both.types(), [CertificateType::RAW_PUBLIC_KEY, CertificateType::X509]);
            let raw = Credential::raw_from_pem(key).unwrap();
            assert_eq!(raw.types(), [CertificateType::RAW_PUBLIC_KEY]);
            assert!(raw.raw_key.is_some() && raw.raw_key == both.raw_key);
        }
        assert_eq!(Credential::raw_from_pem(b"").unwrap_err(), CredentialError::NoKey);
    }

    fn error(chain: &[u8], key: &[u8]) -> CredentialError {
        Credential::from_pem(chain, key).unwrap_err()
    }

    #[test]
    fn every_form_of_key_is_read_with_its_certificate() {
        let forms: [(&[u8], &[u8], KeyKind); 11] = [
            (pem!("rsa.cert"), pem!("rsa.pkcs1"), KeyKind::Rsa),
            (pem!("rsa.cert"), pem!("rsa.pkcs8"), KeyKind::Rsa),
            (pem!("rsa1024.cert"), pem!("rsa1024.pkcs1"), KeyKind::Rsa),
            (pem!("p256.cert"), pem!("p256.sec1"), KeyKind::Ecdsa),
            (pem!("p256.cert"), pem!("p256.pkcs8"), KeyKind::Ecdsa),
            // Behind a section EC PARAMETERS.
            (pem!("p384.cert"), pem!("p384.sec1"), KeyKind::Ecdsa),
            (pem!("p384.cert"), pem!("p384.pkcs8"), KeyKind::Ecdsa),
            (pem!("p521.cert"), pem!("p521.sec1"), KeyKind::Ecdsa),
            (pem!("ed25519.cert"), pem!("ed25519.pkcs8"), KeyKind::Ed25519),
            (pem!("pss.cert"), pem!("pss.pkcs8"), KeyKind::RsaPss),
            (pem!("pss384.cert"), pem!("pss384.pkcs8"), KeyKind::RsaPss),
        ];
        for (chain, key, kind) in forms {
            let credential = Credential::from_pem(chain, key).unwrap();
            assert_eq!((credential.key.kind(), credential.chain.len()), (kind, 1));
            // All in one file, with an authority behind.
            let all = [key, chain, pem!("ed25519.cert")].concat();
            assert_eq!(Credential::from_pem(&all, &all).unwrap().chain.len(), 2);
        }
    }

    #[test]
    fn only_so_much_is_sent_as_there_is_room_for() {
        let mut own = Credential::from_pem(pem!("p256.cert"), pem!("p256.sec1")).unwrap();
        assert_eq!((own.response(), own.timestamps().len()), (None, 0));
        for (length, sent) in [(0, false), (1, true), (1 << 15, true), ((1 << 15) + 1, false)] {
            own.ocsp = Some(vec![7; length]);
            assert_eq!(own.response().is_some(), sent, "{length}");
        }
        own.scts = vec![vec![1; 6000]; 3];
        assert_eq!(own.timestamps().len(), 2);
        own.scts = vec![Vec::new(), vec![1]];
        assert_eq!(own.timestamps().len(), 0);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let (chain, key) = (pem!("p256.cert"), pem!("p256.sec1"));
        assert_eq!(error(b"", key), CredentialError::NoCertificate);
        assert_eq!(error(key, key), CredentialError::NoCertificate);
        assert_eq!(error(chain, b""), CredentialError::NoKey);
        assert_eq!(error(chain, chain), CredentialError::NoKey);
        assert_eq!(error(chain, pem!("p256.encrypted")), CredentialError::EncryptedKey);
        for other in
            [&pem!("p384.sec1")[..], pem!("pss.pkcs8"), pem!("rsa.pkcs8"), pem!("rsa1024.pkcs1"), pem!("ed25519.pkcs8")]
        {
            assert_eq!(error(chain, other), CredentialError::Mismatch);
        }
        assert_eq!(error(pem!("rsa1024.cert"), pem!("rsa.pkcs1")), CredentialError::Mismatch);
        let not_x509 = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert_eq!(error(not_x509, key), CredentialError::Certificate);
        let not_a_key = b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        assert_eq!(error(chain, not_a_key), CredentialError::Key);
        assert_eq!(error(chain, pem!("pss-sha1.pkcs8")), CredentialError::Key);
        let cut = error(&chain[..chain.len() - 30], key).to_string();
        assert_eq!(cut, "the PEM of the certificates is damaged: the line -----END CERTIFICATE----- is missing");
        let not_base64 = b"-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----\n";
        assert!(error(chain, not_base64).to_string().starts_with("the PEM of the private key is damaged: what stands"));
    }
}

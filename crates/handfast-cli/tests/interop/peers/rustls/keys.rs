//! How rustls chooses between certificates, and takes raw public keys: its users decide that.

use super::super::super::material::Material;
use super::super::{Lacks, Said};
use super::{chain, failed, key};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, ClientHello, ResolvesServerCert, ResolvesServerCertUsingSni};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

fn certified((cert, private): (String, String)) -> Result<Arc<CertifiedKey>, Lacks> {
    let signer = any_supported_type(&key(&private)?).map_err(failed)?;
    Ok(Arc::new(CertifiedKey::new(chain(&cert)?, signer)))
}

/// A certificate for each of two names.
pub fn by_name(
    of_localhost: (String, String),
    other: (&str, (String, String)),
) -> Result<Arc<dyn ResolvesServerCert>, Lacks> {
    let mut resolver = ResolvesServerCertUsingSni::new();
    for (name, files) in [("localhost", of_localhost), other] {
        resolver.add(name, Arc::unwrap_or_clone(certified(files)?)).map_err(failed)?;
    }
    Ok(Arc::new(resolver))
}

/// A server's certificates: the first is shown that the client can verify, and whose issuer it names, if it names any.
pub fn of_server(files: [(String, String); 2], said: Said) -> Result<Arc<dyn ResolvesServerCert>, Lacks> {
    let [first, second] = files.map(certified);
    Ok(Arc::new(OfServer { both: [first?, second?], said }))
}

#[derive(Debug)]
struct OfServer {
    both: [Arc<CertifiedKey>; 2],
    said: Said,
}

impl ResolvesServerCert for OfServer {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let authorities = hello.certificate_authorities();
        for name in authorities.unwrap_or_default() {
            let name = X509Name::from_der(name.as_ref()).map(|(_, name)| name.to_string());
            self.said.add(&format!("the client trusts {}", name.unwrap_or_default()));
        }
        let fits = |c: &&Arc<CertifiedKey>| {
            c.key.choose_scheme(hello.signature_schemes()).is_some()
                && authorities.is_none_or(|names| names.iter().any(|name| is_from(c, name.as_ref())))
        };
        self.both.iter().find(fits).cloned()
    }
}

/// A client's certificates: the first is shown whose issuer the server names.
pub fn of_client(files: [(String, String); 2]) -> Result<Arc<dyn ResolvesClientCert>, Lacks> {
    let [first, second] = files.map(certified);
    Ok(Arc::new(OfClient([first?, second?])))
}

#[derive(Debug)]
struct OfClient([Arc<CertifiedKey>; 2]);

impl ResolvesClientCert for OfClient {
    fn resolve(&self, authorities: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.iter().find(|c| authorities.iter().any(|name| is_from(c, name))).cloned()
    }
    fn has_certs(&self) -> bool {
        true
    }
}

/// Whether this is the name, DER, of who issued it.
fn is_from(certified: &CertifiedKey, name: &[u8]) -> bool {
    let own = certified.cert.first().and_then(|own| X509Certificate::from_der(own).ok());
    own.is_some_and(|(_, own)| own.issuer().as_raw() == name)
}

/// A key without a certificate.
fn raw(spki: &str, private: &str) -> Result<Arc<CertifiedKey>, Lacks> {
    let spki = std::fs::read(spki).map_err(failed)?;
    let signer = any_supported_type(&key(private)?).map_err(failed)?;
    Ok(Arc::new(CertifiedKey::new(vec![CertificateDer::from(spki)], signer)))
}

pub fn raw_server(spki: &str, private: &str) -> Result<Arc<dyn ResolvesServerCert>, Lacks> {
    Ok(Arc::new(AlwaysResolvesServerRawPublicKeys::new(raw(spki, private)?)))
}

pub fn raw_client(material: &Material) -> Result<Arc<dyn ResolvesClientCert>, Lacks> {
    let raw = raw(&material.client_spki(), &material.client().1)?;
    Ok(Arc::new(AlwaysResolvesClientRawPublicKeys::new(raw)))
}

/// Takes one raw key.
#[derive(Debug)]
pub struct Pinned {
    spki: Vec<u8>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    pub fn new(spki: &str) -> Result<Arc<Self>, Lacks> {
        let algorithms = default_provider().signature_verification_algorithms;
        Ok(Arc::new(Self { spki: std::fs::read(spki).map_err(failed)?, algorithms }))
    }
    fn is(&self, shown: &CertificateDer<'_>) -> Result<(), Error> {
        match shown.as_ref() == self.spki {
            true => Ok(()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }
    fn signed(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        by: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let spki = SubjectPublicKeyInfoDer::from(shown.as_ref());
        verify_tls13_signature_with_raw_key(message, &spki, by, &self.algorithms)
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.is(shown).map(|()| ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("raw keys are for TLS 1.3".into()))
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        by: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, shown, by)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }
    fn verify_client_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.is(shown).map(|()| ClientCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("raw keys are for TLS 1.3".into()))
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        by: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, shown, by)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// Judges as ever, and tells the server by whom.
#[derive(Debug)]
pub struct Naming {
    inner: Arc<WebPkiServerVerifier>,
    names: Vec<DistinguishedName>,
}

impl Naming {
    pub fn new(roots: RootCertStore) -> Result<Arc<Self>, Lacks> {
        let names = roots.subjects();
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
        Ok(Arc::new(Self { inner: inner.build().map_err(failed)?, names }))
    }
}

impl ServerCertVerifier for Naming {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.inner.verify_server_cert(shown, others, name, ocsp, now)
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        by: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, shown, by)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        by: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, shown, by)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        Some(&self.names)
    }
}

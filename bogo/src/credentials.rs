//! The shim's certificates, and the choice among them.

use crate::Stop;
use crate::flags::{CredentialFlags, Flags};
use crate::later::{Gate, Later};
use crate::seen::Witness;
use handfast::Reply;
use handfast::config::{CertificateWanted, ClientCredentials, ServerCredentials};
use handfast::crypto::{Credential, Failure, KeyKind, PrivateKey, aws_lc};
use handfast::keys::Secret;
use handfast::pki_types::pem::PemObject;
use handfast::pki_types::{CertificateDer, PrivateKeyDer};
use handfast::verify::leads_to;
use handfast::wait::HelloSummary;
use handfast::wire::numbers::{CertificateType, SignatureScheme};
use std::sync::Arc;

/// All that a connection may prove itself with, in the order in which they are tried: the default one is the last.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    list: Vec<Own>,
    /// What a client says that it has.
    types: Vec<CertificateType>,
    seen: Witness,
}

/// One of them.
#[derive(Clone, Debug)]
struct Own {
    credential: Arc<Credential>,
    /// Only if the peer names an issuer of it.
    must_match_issuer: bool,
}

impl Own {
    fn may_go_to<A: AsRef<[u8]>>(&self, authorities: &[A]) -> bool {
        !self.must_match_issuer || leads_to(&self.credential.chain, authorities)
    }
}

impl Credentials {
    /// `gate`: the keys answer later.
    pub(crate) fn load(flags: &Flags, seen: &Witness, gate: Option<&Arc<Gate>>) -> Result<Self, Stop> {
        let mut list = Vec::new();
        let types = flags.available_client_cert_types.clone();
        let Some((default, others)) = flags.credentials.split_first() else { return Ok(Self::of(list, types, seen)) };
        for (index, credential) in (0..).zip(others).chain([(-1, default)]) {
            let loaded = load(credential, index, flags, seen, gate)?;
            let must_match_issuer = credential.must_match_issuer;
            list.extend(loaded.map(|credential| Own { credential, must_match_issuer }));
        }
        Ok(Self::of(list, types, seen))
    }

    fn of(list: Vec<Own>, mut types: Vec<CertificateType>, seen: &Witness) -> Self {
        if types.is_empty() {
            for one in list.iter().flat_map(|own| own.credential.types()) {
                if !types.contains(&one) {
                    types.push(one);
                }
            }
        }
        Self { list, types, seen: seen.clone() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

fn load(
    flags: &CredentialFlags,
    index: i32,
    all: &Flags,
    seen: &Witness,
    gate: Option<&Arc<Gate>>,
) -> Result<Option<Arc<Credential>>, Stop> {
    let Some(key) = &flags.key_file else { return Ok(None) };
    let (chain, raw_key) = match &flags.cert_file {
        Some(cert) => (chain_of(cert)?, None),
        None if flags.raw => {
            let der = PrivateKeyDer::from_pem_file(key).map_err(|e| Stop::broken(format!("{key}: {e}")))?;
            let own = Credential::raw_from_der(der).map_err(|e| Stop::broken(format!("{key}: {e}")))?;
            (Vec::new(), own.raw_key)
        }
        None => return Ok(None),
    };
    let der = PrivateKeyDer::from_pem_file(key).map_err(|e| Stop::broken(format!("{key}: {e}")))?;
    let inner = aws_lc::private_key(der).map_err(|_| Stop::Unimplemented(format!("the private key in {key}")))?;
    let chosen = |able: &[SignatureScheme]| match flags.signing_prefs.as_slice() {
        [] => able.to_vec(),
        prefs => prefs.iter().copied().filter(|s| able.contains(s)).collect(),
    };
    let (schemes, classic_schemes) = (chosen(inner.schemes()), chosen(inner.classic_schemes()));
    let key: Arc<dyn PrivateKey> =
        Arc::new(Key { inner, schemes, classic_schemes, index, fails: all.fail_cert_callback, seen: seen.clone() });
    let key = match gate {
        Some(gate) => Arc::new(Later { inner: key, gate: gate.clone() }),
        None => key,
    };
    let mut credential = Credential::new(chain, key);
    credential.raw_key = raw_key;
    // A callback that declines: no response is put in place.
    credential.ocsp = flags.ocsp.clone().filter(|_| !all.decline_ocsp_callback);
    credential.scts = flags.scts.clone();
    Ok(Some(Arc::new(credential)))
}

/// The certificates in a PEM file.
pub(crate) fn chain_of(path: &str) -> Result<Vec<CertificateDer<'static>>, Stop> {
    let wrong = |e| Stop::broken(format!("{path}: {e}"));
    CertificateDer::pem_file_iter(path).map_err(wrong)?.collect::<Result<_, _>>().map_err(wrong)
}

/// A key that signs as the flags say, and says that it was used.
#[derive(Debug)]
struct Key {
    inner: Arc<dyn PrivateKey>,
    schemes: Vec<SignatureScheme>,
    /// Those of TLS 1.2, where any curve goes with any hash.
    classic_schemes: Vec<SignatureScheme>,
    index: i32,
    fails: bool,
    seen: Witness,
}

impl PrivateKey for Key {
    fn kind(&self) -> KeyKind {
        self.inner.kind()
    }
    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }
    fn classic_schemes(&self) -> &[SignatureScheme] {
        &self.classic_schemes
    }
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Reply<Result<Vec<u8>, Failure>> {
        self.seen.see().selected = Some(self.index);
        if self.fails { Reply::Now(Err(Failure)) } else { self.inner.sign(scheme, message) }
    }
    fn decrypts(&self) -> bool {
        self.inner.decrypts()
    }
    fn premaster(&self, encrypted: &[u8], client_version: u16, fallback: &Secret) -> Reply<Result<Secret, Failure>> {
        self.seen.see().selected = Some(self.index);
        if self.fails { Reply::Now(Err(Failure)) } else { self.inner.premaster(encrypted, client_version, fallback) }
    }
}

impl ServerCredentials for Credentials {
    fn candidates(self: Arc<Self>, hello: &HelloSummary) -> Vec<Arc<Credential>> {
        let mut seen = self.seen.see();
        seen.peer_schemes = hello.schemes.clone();
        seen.alpn = hello.alpn.clone();
        let may = |own: &&Own| own.may_go_to(&hello.authorities);
        self.list.iter().filter(may).map(|own| own.credential.clone()).collect()
    }
}

impl ClientCredentials for Credentials {
    /// The first that fits. If none does, the last all the same, or one that cannot sign, so that the handshake fails, as the runner
    /// wants it, rather than goes on without a certificate.
    fn choose(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        self.pick(CertificateType::X509, wanted.schemes, wanted.authorities)
    }

    fn certificate_types(&self) -> Vec<CertificateType> {
        self.types.clone()
    }

    fn choose_raw_key(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        self.pick(CertificateType::RAW_PUBLIC_KEY, wanted.schemes, &[])
    }
}

impl Credentials {
    fn pick(
        &self,
        what: CertificateType,
        schemes: &[SignatureScheme],
        authorities: &[&[u8]],
    ) -> Option<Arc<Credential>> {
        let mut seen = self.seen.see();
        seen.peer_schemes = schemes.to_vec();
        seen.authorities = authorities.iter().map(|a| a.to_vec()).collect();
        let may: Vec<_> =
            self.list.iter().filter(|own| own.may_go_to(authorities)).map(|own| &own.credential).collect();
        let fits = |c: &&&Arc<Credential>| c.shows(what) && c.key.schemes().iter().any(|s| schemes.contains(s));
        match (may.iter().find(fits).or_else(|| may.iter().find(|c| c.shows(what))).or(may.last()), self.list.last()) {
            (Some(chosen), _) => Some((*chosen).clone()),
            (None, Some(own)) => {
                let key = own.credential.key.clone();
                let key = Key {
                    inner: key,
                    schemes: Vec::new(),
                    classic_schemes: Vec::new(),
                    index: -1,
                    fails: true,
                    seen: self.seen.clone(),
                };
                Some(Arc::new(Credential::new(own.credential.chain.clone(), Arc::new(key))))
            }
            (None, None) => None,
        }
    }
}

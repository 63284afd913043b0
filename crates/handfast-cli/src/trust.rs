//! Whom we trust, and who we are: verifiers and credentials from files.

use crate::args::connect::Pins;
use crate::args::{self, Ocsp};
use crate::exit::Failure;
use crate::home::Home;
use handfast::crypto::{Authentication, Credential, KeyExchangeKind, KeyKind, Suite};
use handfast::pki_types::pem::PemObject;
use handfast::pki_types::{CertificateDer, CertificateRevocationListDer};
use handfast::verify::{AllOf, NotChecked, PinnedLeaf, Roots, Verifier, WebPki};
use handfast::wire::numbers::{ProtocolVersion, SignatureScheme};
use handfast::{ClientAuth, Policy};
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whom a client trusts: all that is needed to judge, read before the network is touched.
pub(crate) struct Trust {
    wanted: Wanted,
    /// In PEM.
    crl: Option<Vec<u8>>,
    /// Hashes of keys, of which the server's must be one besides.
    pins: Option<Pins>,
    ocsp: Ocsp,
}

enum Wanted {
    Anyone,
    These { roots: Roots, pem: Vec<u8> },
    Pinned { verifier: PinnedLeaf, pins: Vec<u8> },
    System,
}

impl Trust {
    /// As the command line says.
    pub(crate) fn of(args: &args::connect::Trust) -> Result<Self, Failure> {
        if args.raw_public_key && args.pin_key.is_empty() && !args.insecure {
            let why = "a raw public key says nothing of whose it is.";
            return Err(Failure::usage(why, "Give the key that the server must have with --pin-key."));
        }
        let wanted = match &args.ca {
            _ if args.insecure => Wanted::Anyone,
            _ if !args.pin_cert.is_empty() => Wanted::Pinned {
                verifier: PinnedLeaf::certificates(args.pin_cert.clone()),
                pins: args.pin_cert.concat(),
            },
            _ if !args.pin_key.is_empty() => {
                Wanted::Pinned { verifier: PinnedLeaf::keys(args.pin_key.clone()), pins: args.pin_key.concat() }
            }
            Some(path) => {
                let pem = read(path)?;
                Wanted::These { roots: Roots::from_pem(&pem).map_err(|e| Failure::file("read", path, e))?, pem }
            }
            None => Wanted::System,
        };
        let crl = args.crl.as_deref().map(read).transpose()?;
        if let (Some(pem), Some(path)) = (&crl, &args.crl) {
            lists(pem, path)?;
        }
        if args.ocsp == Ocsp::Require && matches!(wanted, Wanted::Anyone | Wanted::Pinned { .. }) {
            let why = "--ocsp require has no meaning where no authority is asked.";
            return Err(Failure::usage(why, "Leave --insecure, --pin-cert or --pin-key out."));
        }
        Ok(Self { wanted, crl, pins: args.pin.clone(), ocsp: args.ocsp })
    }

    /// What a session that was judged by this is bound to: whoever trusts otherwise must judge for himself.
    pub(crate) fn binding(&self) -> Vec<&[u8]> {
        let (kind, roots): (&[u8], &[u8]) = match &self.wanted {
            Wanted::Anyone => (b"anyone", &[]),
            Wanted::These { pem, .. } => (b"these", pem),
            Wanted::Pinned { pins, .. } => (b"pinned", pins),
            Wanted::System => (b"system", &[]),
        };
        // Nor may a session whose certificate was not asked for a response be gone on with where one is due.
        let ocsp: &[u8] = match self.ocsp {
            Ocsp::Off => b"off",
            Ocsp::Ask => b"ask",
            Ocsp::Require => b"require",
        };
        let pins = self.pins.as_deref().unwrap_or_default().as_flattened();
        vec![kind, roots, self.crl.as_deref().unwrap_or_default(), ocsp, pins]
    }

    /// The verifier for a server at this address. At loopback the development CA is trusted too.
    pub(crate) fn verifier(&self, args: &args::connect::Trust, address: IpAddr) -> Result<Arc<dyn Verifier>, Failure> {
        let pinned = self.pins.as_deref().map(|pins| {
            let mut pinned = PinnedLeaf::keys(pins.iter().copied());
            // What else there is to check, others do, or nobody shall.
            pinned.check_dates = false;
            Arc::new(pinned) as Arc<dyn Verifier>
        });
        // A self-signed certificate that is named is trusted as it is; the system's roots are authorities only.
        let named = matches!(self.wanted, Wanted::These { .. });
        let roots = match &self.wanted {
            Wanted::Anyone => return Ok(pinned.unwrap_or_else(|| Arc::new(NotChecked))),
            Wanted::Pinned { verifier, .. } => return Ok(Arc::new(verifier.clone())),
            Wanted::These { roots, .. } => roots.clone(),
            Wanted::System => {
                let development = if address.is_loopback() { development_ca()? } else { None };
                let mut roots = match Roots::platform() {
                    Ok(roots) => roots,
                    Err(_) if development.is_some() => Roots::new(),
                    Err(e) => return Err(no_roots(&e.to_string())),
                };
                if let Some((path, der)) = development {
                    roots.add(der).map_err(|e| Failure::file("read", &path, e))?;
                }
                roots
            }
        };
        let mut verifier = WebPki::for_servers(roots);
        verifier.accept_root_as_leaf = named;
        verifier.require_ocsp = self.ocsp == Ocsp::Require;
        if let (Some(pem), Some(path)) = (&self.crl, &args.crl) {
            verifier = verifier.with_crls(lists(pem, path)?).map_err(|e| Failure::file("use", path, e))?;
        }
        let verifier = Arc::new(verifier);
        Ok(match pinned {
            Some(pinned) => Arc::new(AllOf::new(verifier, [pinned])),
            None => verifier,
        })
    }
}

/// How a server judges its clients.
pub(crate) struct Clients {
    pub(crate) auth: ClientAuth,
    /// Whether their certificates may come with OCSP responses.
    pub(crate) ocsp: bool,
    /// All that the verdict hangs on, as it was read.
    pub(crate) judged_by: Vec<Vec<u8>>,
}

impl Clients {
    /// As the command line says.
    pub(crate) fn of(args: &args::serve::Clients) -> Result<Self, Failure> {
        let auth = |verifier: Arc<dyn Verifier>| match args.client_optional {
            true => ClientAuth::Optional(verifier),
            false => ClientAuth::Required(verifier),
        };
        if !args.client_pin_key.is_empty() {
            let verifier = PinnedLeaf::keys(args.client_pin_key.iter().copied());
            return Ok(Self { auth: auth(Arc::new(verifier)), ocsp: false, judged_by: Vec::new() });
        }
        let Some(path) = &args.client_ca else {
            if args.client_optional {
                let why = "--client-optional is for clients that are asked for a certificate.";
                return Err(Failure::usage(why, "Give --client-ca or --client-pin-key."));
            }
            return Ok(Self { auth: ClientAuth::None, ocsp: false, judged_by: Vec::new() });
        };
        let mut judged_by = vec![read(path)?];
        let roots = Roots::from_pem(&judged_by[0]).map_err(|e| Failure::file("read", path, e))?;
        let mut verifier = WebPki::for_clients(roots);
        verifier.accept_root_as_leaf = true;
        verifier.require_ocsp = args.client_ocsp == Some(Ocsp::Require);
        judged_by.push(if verifier.require_ocsp { b"OCSP".to_vec() } else { Vec::new() });
        if let Some(path) = &args.client_crl {
            let pem = read(path)?;
            verifier = verifier.with_crls(lists(&pem, path)?).map_err(|e| Failure::file("use", path, e))?;
            judged_by.push(pem);
        }
        let ocsp = args.client_ocsp.is_some_and(|ocsp| ocsp != Ocsp::Off);
        Ok(Self { auth: auth(Arc::new(verifier)), ocsp, judged_by })
    }
}

/// The chains and keys of the command line.
pub(crate) fn credentials(certs: &[PathBuf], keys: &[PathBuf]) -> Result<Vec<Credential>, Failure> {
    if certs.len() != keys.len() {
        let why = format!("--cert was given {} times, and --key {}.", certs.len(), keys.len());
        return Err(Failure::usage(why, "Give each --cert its --key."));
    }
    certs.iter().zip(keys).map(|(cert, key)| credential(cert, key)).collect()
}

/// A chain and its key, in PEM: PKCS#8, PKCS#1 or SEC1.
fn credential(cert: &Path, key: &Path) -> Result<Credential, Failure> {
    Credential::from_pem(&read(cert)?, &read(key)?).map_err(|e| {
        Failure::io(format!("cannot use the certificate {} with the key {}: {e}.", cert.display(), key.display()))
    })
}

/// Gives each certificate the OCSP response that stands at its place behind this flag, if there is one.
pub(crate) fn staple(credentials: &mut [Credential], flag: &str, responses: &[PathBuf]) -> Result<(), Failure> {
    has_places(flag, responses, credentials)?;
    for (credential, path) in credentials.iter_mut().zip(responses) {
        credential.ocsp = response(path)?;
    }
    Ok(())
}

/// The same with signed certificate timestamps.
pub(crate) fn add_timestamps(credentials: &mut [Credential], flag: &str, lists: &[PathBuf]) -> Result<(), Failure> {
    has_places(flag, lists, credentials)?;
    for (credential, path) in credentials.iter_mut().zip(lists) {
        credential.scts = timestamps(path)?;
    }
    Ok(())
}

/// Whether what was given by this flag has a certificate each.
fn has_places(flag: &str, given: &[PathBuf], credentials: &[Credential]) -> Result<(), Failure> {
    if given.len() <= credentials.len() {
        return Ok(());
    }
    let why = format!("{flag} was given {} times, and --cert {}.", given.len(), credentials.len());
    Err(Failure::usage(why, format!("Give each {flag} its --cert.")))
}

/// An OCSP response in DER, for this certificate to be shown with. Of `none` there is none.
fn response(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    if path.as_os_str() == "none" {
        return Ok(None);
    }
    let der = read(path)?;
    // An OCSPResponse is a SEQUENCE (RFC 6960 4.2.1), which begins so; PEM, or a request's error page, does not.
    match der.first() {
        Some(0x30) => Ok(Some(der)),
        _ => Err(Failure::file("use", path, "it is not an OCSP response in DER")),
    }
}

/// The items of a SignedCertificateTimestampList (RFC 6962 3.3), for this certificate to be shown with. Of `none` there is none.
fn timestamps(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    if path.as_os_str() == "none" {
        return Ok(Vec::new());
    }
    let list = read(path)?;
    items(&list).ok_or_else(|| Failure::file("use", path, "it is not a SignedCertificateTimestampList (RFC 6962 3.3)"))
}

/// The items of a list, each behind two bytes of length, all behind two more; `None` if it is anything else, or empty.
fn items(list: &[u8]) -> Option<Vec<Vec<u8>>> {
    fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
        bytes.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest))
    }
    let (all, mut rest) = length(list)?;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (one, behind) = length(rest).filter(|(n, _)| *n > 0).and_then(|(n, b)| b.split_at_checked(n))?;
        out.push(one.to_vec());
        rest = behind;
    }
    (all + 2 == list.len() && !out.is_empty()).then_some(out)
}

/// Keys that are shown raw; those that have certificates may show these, too.
pub(crate) fn raw_credentials(certs: &[PathBuf], keys: &[PathBuf]) -> Result<Vec<Credential>, Failure> {
    if certs.is_empty() {
        return keys.iter().map(|key| raw_key(key)).collect();
    }
    Ok(credentials(certs, keys)?.into_iter().map(Credential::with_raw_key).collect())
}

/// A private key that is shown raw, in PEM: PKCS#8, PKCS#1 or SEC1.
fn raw_key(key: &Path) -> Result<Credential, Failure> {
    Credential::raw_from_pem(&read(key)?)
        .map_err(|e| Failure::io(format!("cannot use the key {}: {e}.", key.display())))
}

/// Whether a server can prove itself with this in some version, by some suite of the policy.
pub(crate) fn usable(credential: &Credential, policy: &Policy) -> bool {
    let signs = |by: &[SignatureScheme]| by.iter().any(|s| policy.signs_with().contains(s));
    let serves = |suite: &Suite| match (suite.key_exchange, suite.authentication, credential.kind()) {
        (KeyExchangeKind::Tls13, ..) => signs(credential.key.schemes()),
        (KeyExchangeKind::Rsa | KeyExchangeKind::RsaPsk, ..) => credential.key.decrypts(),
        // Before TLS 1.2 there was no choice of schemes.
        (_, Authentication::Rsa, KeyKind::Rsa | KeyKind::RsaPss)
        | (_, Authentication::Ecdsa, KeyKind::Ecdsa | KeyKind::Ed25519) => {
            signs(credential.key.classic_schemes()) || policy.min_version < ProtocolVersion::TLS1_2
        }
        _ => false,
    };
    policy.suites.iter().filter_map(|s| Suite::find(*s)).any(serves)
}

/// A chain and its key that were just made.
pub(crate) fn made(pem: &str, key_pem: &str) -> Result<Credential, Failure> {
    Credential::from_pem(pem.as_bytes(), key_pem.as_bytes())
        .map_err(|e| Failure::io(format!("cannot use a certificate that was just made: {e}.")))
}

/// The development CA, if there is one.
fn development_ca() -> Result<Option<(PathBuf, CertificateDer<'static>)>, Failure> {
    let Ok(home) = Home::find() else { return Ok(None) };
    let path = home.ca_path();
    if !path.exists() {
        return Ok(None);
    }
    let der = CertificateDer::from_pem_slice(&read(&path)?).map_err(|e| Failure::file("read", &path, e))?;
    Ok(Some((path, der)))
}

fn no_roots(why: &str) -> Failure {
    let mut failure = Failure::io(format!("{why}."));
    failure.explanation.remedy = "Install the system's certificates (ca-certificates), or give --ca.".into();
    failure
}

fn lists(pem: &[u8], path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, Failure> {
    let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|e| Failure::file("read", path, e))?;
    match lists.is_empty() {
        false => Ok(lists),
        true => Err(Failure::file("use", path, "there is no X509 CRL block in it")),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    bounded(path).map_err(|e| Failure::file("read", path, e))
}

/// A file's contents, unless it has no end.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    /// More than the lists of revoked certificates of a large authority.
    const MOST: u64 = 64 << 20;
    let mut out = Vec::new();
    let n = std::fs::File::open(path)?.take(MOST + 1).read_to_end(&mut out)?;
    if n as u64 > MOST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(out) }
}

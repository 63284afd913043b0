//! What `serve` reads from files, at its start and at each reload: certificates with their keys, whom clients are judged by, and
//! pre-shared keys.

use crate::args::Serve;
use crate::exit::Failure;
use crate::home::{Home, Use};
use crate::{psks, trust};
use handfast::config::ByName;
use handfast::crypto::Credential;
use handfast::psk::ExternalPsk;
use handfast::session::{MemoryServerStore, RotatingTickets};
use handfast::wire::numbers::CertificateType;
use handfast::{Policy, ServerConfig};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// For how many days the certificates are valid that are made at each start.
const DAYS: u32 = 90;

/// All of it. What is new in here is read again at a reload, and its file is one of [`files`].
pub(super) struct Material {
    own: Arc<ByName>,
    /// Whether raw keys are shown, and taken.
    raw: bool,
    clients: trust::Clients,
    psks: Arc<Vec<ExternalPsk>>,
    /// Where the development CA is, if it signed what we show.
    pub(super) ca: Option<PathBuf>,
}

/// The files that are read.
pub(super) fn files(args: &Serve) -> Vec<PathBuf> {
    let clients = [&args.clients.client_ca, &args.clients.client_crl];
    let extras = args.own.ocsp.iter().chain(&args.own.sct).filter(|path| path.as_os_str() != "none");
    let own = args.own.cert.iter().chain(&args.own.key).chain(extras);
    own.chain(clients.into_iter().flatten()).cloned().chain(psks::files(&args.psks)).collect()
}

impl Material {
    /// What the files hold now.
    pub(super) fn read(args: &Serve, policy: &Policy) -> Result<Self, Failure> {
        let raw = args.own.raw_public_key;
        let (mut credentials, ca) = match args.own.cert.is_empty() && args.own.key.is_empty() {
            _ if args.own.no_certificate => (Vec::new(), None),
            true => development(args.listen)?,
            false => (given(args)?, None),
        };
        if raw {
            credentials = credentials.into_iter().map(Credential::with_raw_key).collect();
        }
        if !args.own.no_certificate && !credentials.iter().any(|c| trust::usable(c, policy)) {
            let why = format!("none of the certificates can be used with these suites of the policy {}.", policy.name);
            let remedy =
                "Take a certificate of another kind (ECDSA P-256 or RSA-2048 suit almost all), or other --suites.";
            return Err(Failure::usage(why, remedy));
        }
        let mut own = ByName::new(credentials.into_iter().map(Arc::new));
        own.strict = args.own.strict_sni;
        let psks = Arc::new(psks::psks(&args.psks)?);
        Ok(Self { own: Arc::new(own), raw, clients: trust::Clients::of(&args.clients)?, psks, ca })
    }

    /// The certificates, in order.
    pub(super) fn certificates(&self) -> &[Arc<Credential>] {
        self.own.all()
    }

    /// Whether clients are judged as by the other.
    pub(super) fn judges_as(&self, other: &Self) -> bool {
        self.clients.judged_by == other.clients.judged_by
    }

    /// Puts it into a config.
    pub(super) fn serve_by(&self, config: &mut ServerConfig) {
        config.credentials = self.own.clone();
        config.client_auth = self.clients.auth.clone();
        config.client_ocsp = self.clients.ocsp;
        config.psks = (!self.psks.is_empty()).then(|| self.psks.clone() as _);
        if self.raw {
            config.client_certificate_types = vec![CertificateType::RAW_PUBLIC_KEY, CertificateType::X509];
        }
    }
}

/// Forgets all sessions of a config, and remembers new ones where it remembered old ones.
pub(super) fn forget_sessions(config: &mut ServerConfig) {
    config.tickets = config.tickets.take().map(|_| Arc::new(RotatingTickets::default()) as _);
    config.store = config.store.take().map(|_| Arc::new(MemoryServerStore::default()) as _);
}

/// The certificates of the command line.
fn given(args: &Serve) -> Result<Vec<Credential>, Failure> {
    let mut credentials = match args.own.raw_public_key {
        true => trust::raw_credentials(&args.own.cert, &args.own.key)?,
        false => trust::credentials(&args.own.cert, &args.own.key)?,
    };
    trust::staple(&mut credentials, "--ocsp", &args.own.ocsp)?;
    trust::add_timestamps(&mut credentials, "--sct", &args.own.sct)?;
    Ok(credentials)
}

/// The development CA's certificates for this host: ECDSA for all that is new, RSA for what needs it.
fn development(listen: SocketAddr) -> Result<(Vec<Credential>, Option<PathBuf>), Failure> {
    let home = Home::find()?;
    let ca = home.ca()?;
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(String::from).into();
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    if handfast::pki_types::DnsName::try_from(host.as_str()).is_ok() {
        names.push(host);
    }
    if !listen.ip().is_unspecified() {
        names.push(listen.ip().to_string());
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|n| seen.insert(n.clone()));
    let mut credentials = Vec::new();
    for key in home.server_keys()? {
        let pem = ca.issue(&names, Use::Server, DAYS, &key)?;
        credentials.push(trust::made(&pem, &key.serialize_pem())?);
    }
    Ok((credentials, Some(ca.path)))
}

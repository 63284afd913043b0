//! A server's answer: from the ClientHello to the choice of config, version, protocol and certificates.

use super::hello::{self, Listen};
use super::{Flow, Input, certificate_types, classic, tls13};
use crate::config::ServerConfig;
use crate::crypto::Credential;
use crate::error::{Error, ErrorKind, NothingInCommon, illegal};
use crate::extension::{CertificateTypes, StatusRequest, SupportedVersions};
use crate::message::{ClientHello, HEADER, Message};
use crate::record::Aligned;
use crate::wait::{Answer, HelloSummary, Wait};
use crate::wire::CipherSuite;
use crate::wire::numbers::{CertificateType, CompressionMethod, ContentType, ProtocolVersion};
use std::sync::Arc;

/// How many of a client's application protocols count: a hello has room for thousands, and each is kept.
const PROTOCOLS: usize = 128;

/// How many of the authorities that a client names count, likewise.
const AUTHORITIES: usize = 512;

/// A server's states before the fork.
pub(crate) enum State {
    /// Waiting for a ClientHello.
    Listening(Listen),
    /// Waiting for the config. The hello is read again from the transcript, which has its bytes.
    Config(Box<HelloSummary>, Option<Aligned>),
}

/// What both families need of the client's hello and of our config. The hello itself is read again from
/// `flow.now().raw()` where more is needed.
pub(crate) struct Chosen {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) summary: HelloSummary,
    pub(crate) session_id: Vec<u8>,
    /// Our certificates that fit the name asked for, best first; none if only a pre-shared key will do.
    pub(crate) candidates: Vec<Arc<Credential>>,
    /// What the client is to show, if it is asked for a certificate.
    pub(crate) client_type: CertificateType,
    /// The application protocol, chosen.
    pub(crate) alpn: Option<Vec<u8>>,
    /// Nothing followed the ClientHello in its record.
    pub(crate) aligned: Option<Aligned>,
}

impl State {
    pub(super) fn step(self, flow: &mut Flow<'_>, input: Input<'_>) -> Result<super::State, Error> {
        match (self, input) {
            (Self::Listening(Listen::Config(config)), Input::Message(Message::ClientHello(hello), aligned)) => {
                speak_as(flow, &hello);
                let summary = summarize(flow, &hello);
                choose(flow, config, summary, &hello, aligned)
            }
            (Self::Listening(Listen::Source(source)), Input::Message(Message::ClientHello(hello), aligned)) => {
                speak_as(flow, &hello);
                let summary = Box::new(summarize(flow, &hello));
                flow.ask(Wait::Config { source, hello: summary.clone() });
                Ok(Self::Config(summary, aligned).into())
            }
            (Self::Config(summary, _), Input::Answer(Answer::Config(None))) => {
                Err(ErrorKind::UnrecognizedName(summary.server_name.unwrap_or_default()).into())
            }
            (Self::Config(summary, aligned), Input::Answer(Answer::Config(Some(config)))) => {
                flow.serve(&config);
                // Before a ClientHello the disguise may come only where none need be remembered (RFC 9846 4.3.2).
                if flow.shared.compat_ccs_came && config.cookies.is_none() {
                    let got = ContentType::CHANGE_CIPHER_SPEC;
                    return Err(ErrorKind::UnexpectedRecord { got, expected: "a handshake message" }.into());
                }
                let raw = summary.raw.clone();
                let hello = ClientHello::from_body(raw.get(HEADER..).unwrap_or_default())?;
                choose(flow, config, *summary, &hello, aligned)
            }
            (state, input) => Err(flow.unexpected(&input, state.expected())),
        }
    }

    pub(super) const fn expected(&self) -> &'static str {
        match self {
            Self::Listening(_) => "ClientHello",
            Self::Config(..) => "an answer",
        }
    }
}

/// A client's hello on a live connection, whose config is chosen.
pub(crate) fn again(
    flow: &mut Flow<'_>,
    config: Arc<ServerConfig>,
    hello: &ClientHello<'_>,
    aligned: Option<Aligned>,
) -> Result<super::State, Error> {
    let summary = summarize(flow, hello);
    classic::keeps_name(flow, summary.server_name.as_deref())?;
    choose(flow, config, summary, hello, aligned)
}

/// Until a version is agreed on, headers name the client's: an alert must be of one that it reads (RFC 7507 3).
fn speak_as(flow: &mut Flow<'_>, hello: &ClientHello<'_>) {
    flow.write_version(hello.fixed.legacy_version);
}

/// The choices that do not depend on the family, then the fork.
fn choose(
    flow: &mut Flow<'_>,
    config: Arc<ServerConfig>,
    summary: HelloSummary,
    hello: &ClientHello<'_>,
    aligned: Option<Aligned>,
) -> Result<super::State, Error> {
    config.check()?;
    if summary.sslv2 && !config.policy.sslv2_hello {
        return Err(ErrorKind::Sslv2Hello(hello.fixed.legacy_version).into());
    }
    let version = hello::choose_version(hello, &config.policy)?;
    let newest = config.policy.versions().first().copied().unwrap_or(version);
    if version < newest && hello.offers(CipherSuite::TLS_FALLBACK_SCSV) {
        return Err(ErrorKind::InappropriateFallback.into());
    }
    let compression = &hello.fixed.compression_methods;
    if !compression.contains(CompressionMethod::NULL) {
        return Err(NothingInCommon::Compression.into());
    }
    let tls13 = version == ProtocolVersion::TLS1_3;
    if tls13 && compression.iter().count() != 1 {
        return Err(illegal("legacy_compression_methods", "has more than null in it", "RFC 9846 4.2.2"));
    }
    let alpn = choose_alpn(&config.alpn, &summary.alpn)?;
    let candidates = config.credentials.clone().candidates(&summary);
    // Pre-shared keys do without, in versions and suites that have them.
    let by_psk = config.psks.is_some() && (tls13 || classic::has_psk_alone(&config.policy, version));
    if candidates.is_empty() && config.psks.is_some() && !by_psk {
        return Err(NothingInCommon::Version { theirs: summary.versions, ours: vec![ProtocolVersion::TLS1_3] }.into());
    }
    if candidates.is_empty() && !by_psk {
        return Err(ErrorKind::UnrecognizedName(summary.server_name.unwrap_or_default()).into());
    }
    let (candidates, client_type) = match by_psk {
        // Where there are none in common, a pre-shared key may do without.
        true => (
            certificate_types::fitting(&summary, candidates).unwrap_or_default(),
            certificate_types::wanted(&config, &summary).unwrap_or(CertificateType::X509),
        ),
        false => (certificate_types::fitting(&summary, candidates)?, certificate_types::wanted(&config, &summary)?),
    };
    let session_id = hello.fixed.session_id.to_vec();
    flow.shared.client_random = *hello.fixed.random;
    flow.shared.compat_ccs_may_come = tls13;
    let negotiated = flow.negotiated();
    negotiated.server_name = summary.server_name.clone();
    negotiated.alpn = alpn.clone();
    let chosen = Box::new(Chosen { config, summary, session_id, candidates, client_type, alpn, aligned });
    if tls13 { tls13::server::start(flow, chosen, hello) } else { classic::server::start(flow, chosen, hello, version) }
}

/// The first of ours that the client has too. Without any on one side there is nothing to choose (RFC 7301 3.2).
fn choose_alpn(ours: &[Vec<u8>], theirs: &[Vec<u8>]) -> Result<Option<Vec<u8>>, Error> {
    if ours.is_empty() || theirs.is_empty() {
        return Ok(None);
    }
    match ours.iter().find(|p| theirs.contains(p)) {
        Some(common) => Ok(Some(common.clone())),
        None => Err(NothingInCommon::protocol(theirs, ours).into()),
    }
}

/// What the client says of itself, owned. Absorbs the hello.
fn summarize(flow: &mut Flow<'_>, hello: &ClientHello<'_>) -> HelloSummary {
    let raw = flow.newest().unwrap_or_default().to_vec();
    let sslv2 = flow.came_in_sslv2();
    flow.now();
    let e = &hello.extensions;
    HelloSummary {
        server_name: e.server_name().and_then(|n| n.host()).map(|n| n.trim_end_matches('.').to_ascii_lowercase()),
        alpn: e.alpn().map(|a| a.0.iter().take(PROTOCOLS).map(|p| p.to_vec()).collect()).unwrap_or_default(),
        versions: match e.supported_versions() {
            Some(SupportedVersions::Offered(list)) => list.iter().collect(),
            _ => vec![hello.fixed.legacy_version],
        },
        suites: hello.fixed.cipher_suites.iter().collect(),
        groups: e.supported_groups().map(|g| g.0.iter().collect()).unwrap_or_default(),
        authorities: e
            .certificate_authorities()
            .map(|a| a.0.iter().take(AUTHORITIES).map(|n| n.to_vec()).collect())
            .unwrap_or_default(),
        ocsp: matches!(e.status_request(), Some(StatusRequest::Ocsp { .. })),
        scts: e.signed_certificate_timestamps().is_some(),
        schemes: e.signature_algorithms().map(|s| s.0.iter().collect()).unwrap_or_default(),
        cert_schemes: e.signature_algorithms_cert().map(|s| s.0.iter().collect()),
        server_certificate_types: certificate_types(e.server_certificate_type()),
        client_certificate_types: certificate_types(e.client_certificate_type()),
        sslv2,
        raw,
    }
}

fn certificate_types(offered: Option<&CertificateTypes<'_>>) -> Vec<CertificateType> {
    match offered {
        Some(CertificateTypes::Offered(list)) => list.iter().collect(),
        _ => Vec::new(),
    }
}

//! What a ClientHello says, but for the PSKs at its end and how it looks.

use super::super::{Flow, Side, certificate_types, classic};
use crate::Time;
use crate::config::ClientConfig;
use crate::crypto::{BulkCipher, Provider, Suite};
use crate::error::{Error, ErrorKind};
use crate::extension::{
    Alpn, Bytes, CertificateAuthorities, CertificateTypes, CompressCertificate, EarlyData, EcPointFormats, Empty,
    Extension, Extensions, KeyShare, KeyShareEntry, Name, PskKeyExchangeModes, RecordSizeLimit, RenegotiationInfo,
    ServerNameExtension, SignatureAlgorithms, SignatureAlgorithmsCert, SignedCertificateTimestamps, StatusRequest,
    SupportedGroups, SupportedVersions, TicketRequest,
};
use crate::message::{ClientHello, ClientHelloFixed};
use crate::psk::{ExternalPsk, Psk};
use crate::session::{ClientSession, ClientSessionKind};
use crate::wire::numbers::{
    CertificateCompressionAlgorithm, CertificateType, CompressionMethod, EcPointFormat, NamedGroup, ProtocolVersion,
    SignatureScheme,
};
use crate::wire::{CipherSuite, List, Opaque, Vector};
use rustls_pki_types::ServerName;

/// The longest ticket that is offered. A server may give twice as much, but a ClientHello has to hold all else too.
const MOST_TICKET: usize = 1 << 15;

/// Bytes of all names of authorities, which have to leave room for all else.
const MOST_AUTHORITIES: usize = 1 << 15;

/// Bytes of all that may be long, together: authorities, protocols, PSKs, a ticket. What is left of 64 KiB is for all else, and for
/// what a second ClientHello has more.
const MOST_TOGETHER: usize = 48 << 10;

/// How many bytes a ticket may have beside all else that may be long.
///
/// # Errors
/// [`ErrorKind::Config`] if there is too much of that already.
pub(super) fn room_for_ticket(config: &ClientConfig, external: &[Psk]) -> Result<usize, Error> {
    let names: usize = config.authorities.iter().chain(&config.alpn).map(|name| name.len() + 2).sum();
    let psks: usize = external.iter().map(|psk| psk.wire.len() + 64).sum();
    MOST_TOGETHER.checked_sub(names + psks).map(|room| room.min(MOST_TICKET)).ok_or_else(|| {
        let why = "the names of authorities and protocols and the external PSKs have 49152 bytes together at most";
        ErrorKind::Config(why.into()).into()
    })
}

/// What of a policy can be spoken here.
pub(super) struct Spoken {
    /// Newest first.
    versions: Vec<ProtocolVersion>,
    pub(super) suites: Vec<&'static Suite>,
    pub(super) groups: Vec<NamedGroup>,
    newest: ProtocolVersion,
    oldest: ProtocolVersion,
}

impl Spoken {
    /// As much of it as there is. `psk`: there is a pre-shared key for suites up to TLS 1.2.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if that is not enough for a handshake.
    pub(super) fn of(config: &ClientConfig, provider: &dyn Provider, psk: bool) -> Result<Self, Error> {
        let policy = &config.policy;
        let versions = policy.versions();
        let (Some(newest), Some(oldest)) = (versions.first().copied(), versions.last().copied()) else {
            return Err(ErrorKind::Config(format!("the policy {} allows no version", policy.name)).into());
        };
        let suites = policy
            .suites
            .iter()
            .filter_map(|s| Suite::find(*s))
            .filter(|s| versions.iter().any(|v| s.fits(*v)))
            .filter(|s| s.is_spoken_by(provider) && s.opens_in_constant_time())
            .filter(|s| psk || !s.key_exchange.has_psk())
            .collect();
        let mut it = Self { versions, suites, groups: Vec::new(), newest, oldest };
        // Hybrids exist in TLS 1.3 only. Before it, who offers a prime field by name is given no other (RFC 7919 4).
        let of_use = |g: NamedGroup| {
            it.has_13() || (it.has_ecdhe() && classic::is_curve(g)) || (it.has_dhe() && classic::is_field(g))
        };
        let spoken = |g: &NamedGroup| provider.groups().contains(g) && of_use(*g);
        it.groups = policy.groups.iter().copied().filter(spoken).collect();
        if it.suites.is_empty() || (it.needs_groups() && it.groups.is_empty()) {
            return Err(ErrorKind::Config("no suite, or no group, of the policy can be spoken".into()).into());
        }
        Ok(it)
    }

    pub(super) fn has_13(&self) -> bool {
        self.newest >= ProtocolVersion::TLS1_3
    }

    fn has_classic(&self) -> bool {
        self.oldest < ProtocolVersion::TLS1_3
    }

    /// A server of nothing newer than SSL 3.0 may know none.
    fn has_extensions(&self) -> bool {
        self.newest > ProtocolVersion::SSL3_0
    }

    fn has_ecdhe(&self) -> bool {
        self.suites.iter().any(|s| s.key_exchange.has_ecdhe())
    }

    fn has_dhe(&self) -> bool {
        self.suites.iter().any(|s| s.key_exchange.has_dhe())
    }

    fn needs_groups(&self) -> bool {
        self.has_ecdhe() || self.has_13()
    }

    /// Whether this session can be offered. `psks` are those that this server would be offered.
    pub(super) fn can_resume(
        &self,
        config: &ClientConfig,
        psks: &[ExternalPsk],
        session: &ClientSession,
        now: Time,
    ) -> bool {
        let by_psk = session.version < ProtocolVersion::TLS1_3 || !config.policy.psk_modes.is_empty();
        let spoken = self.versions.contains(&session.version) && self.suites.iter().any(|s| s.number == session.suite);
        // It must not go on without (RFC 7366 3.1).
        let protected = match &session.kind {
            ClientSessionKind::Classic(classic) => config.policy.encrypt_then_mac || !classic.encrypt_then_mac,
            ClientSessionKind::Tls13(_) => true,
        };
        spoken && by_psk && protected && is_still_good(config, psks, session) && !session.expired(now)
    }
}

/// Whether the server was authenticated, when the session was made, by something that this config would take today. Nothing is
/// judged anew in a resumption, and the store may be shared with a config that asks for less.
fn is_still_good(config: &ClientConfig, psks: &[ExternalPsk], session: &ClientSession) -> bool {
    let takes = |what| config.server_certificate_types.contains(&what);
    let has_key = session.psk_identity.as_ref().is_none_or(|name| psks.iter().any(|psk| psk.identity == *name));
    let judged_here = || session.rules.are_within(&config.policy.certificates);
    let certified = session.raw_key.is_some() || !session.chain.is_empty();
    has_key
        && (!certified || judged_here())
        && match (&session.raw_key, &session.psk_identity) {
            (Some(_), _) => takes(CertificateType::RAW_PUBLIC_KEY),
            // With RSA_PSK there was a certificate beside the key.
            (None, Some(_)) if session.chain.is_empty() => true,
            (None, _) => takes(CertificateType::X509),
        }
}

/// All that is said: the message borrows from it, and from the config.
pub(super) struct Content {
    spoken: Spoken,
    suites: Vec<CipherSuite>,
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    legacy_version: ProtocolVersion,
    /// What the handshake before ended with; empty in a first one.
    renegotiated: Vec<u8>,
    /// A classic session's.
    ticket: Vec<u8>,
    pub(super) server_name: Option<String>,
    schemes: Vec<SignatureScheme>,
    schemes_in_certificates: Option<Vec<SignatureScheme>>,
    own_types: Vec<CertificateType>,
    server_types: Vec<CertificateType>,
    compression: Vec<CertificateCompressionAlgorithm>,
}

impl Content {
    /// What is to be said to this server. `session` is offered.
    pub(super) fn new(
        flow: &Flow<'_>,
        config: &ClientConfig,
        spoken: Spoken,
        name: &ServerName<'_>,
        session: Option<&ClientSession>,
    ) -> Result<Self, Error> {
        let (policy, provider) = (&config.policy, &*flow.shared.provider);
        let mut suites: Vec<CipherSuite> = spoken.suites.iter().map(|s| s.number).collect();
        // Without extensions this is how renegotiation is said to be secure (RFC 5746 3.3, 4.5).
        if !spoken.has_extensions() && flow.shared.before.is_none() {
            suites.push(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
        }
        // What was agreed in an earlier handshake is no fallback (RFC 7507 4).
        if config.fallback.is_some() && session.is_none_or(|s| s.version != spoken.newest) {
            suites.push(CipherSuite::TLS_FALLBACK_SCSV);
        }
        let mut random = [0; 32];
        provider.random(&mut random)?;
        let (ticket, mut session_id) = match session.map(|s| &s.kind) {
            Some(ClientSessionKind::Classic(c)) => (c.ticket.clone(), c.id.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        // A disguise for middleboxes (RFC 9846 D.4), and with a ticket the sign by which its acceptance is known (RFC 5077 3.4).
        if session_id.is_empty() && (spoken.has_13() || !ticket.is_empty()) {
            session_id = vec![0; 32];
            provider.random(&mut session_id)?;
        }
        let server_name = match name {
            // Without the dot that makes a name absolute (RFC 6066 3).
            ServerName::DnsName(dns) if config.send_server_name && spoken.has_extensions() => {
                Some(dns.as_ref().trim_end_matches('.').to_owned())
            }
            _ => None,
        };
        let schemes = match spoken.newest >= ProtocolVersion::TLS1_2 {
            true => policy.accepts(provider, spoken.newest)?,
            false => Vec::new(),
        };
        let schemes_in_certificates = policy.accepts_in_certificates(spoken.newest).filter(|_| !schemes.is_empty());
        let [own_types, server_types] = certificate_types::offered(config);
        let compression = config.certificate_compression.as_ref().filter(|_| spoken.has_13());
        let compression = compression.map(|c| c.numbers()).unwrap_or_default();
        // Some servers want to see the version of the first hello in each.
        let before = flow.shared.before.as_ref().and_then(|b| b.session.hello_version());
        let legacy_version = before.unwrap_or(spoken.newest.min(ProtocolVersion::TLS1_2));
        let renegotiated = flow.shared.renegotiated(Side::Client);
        Ok(Self {
            spoken,
            suites,
            random,
            session_id,
            legacy_version,
            renegotiated,
            ticket,
            server_name,
            schemes,
            schemes_in_certificates,
            own_types,
            server_types,
            compression,
        })
    }

    /// The message, with these shares. `early`: early data comes behind it.
    pub(super) fn hello<'c>(
        &'c self,
        config: &'c ClientConfig,
        shares: &'c [KeyShareEntry<'c>],
        early: bool,
    ) -> Result<ClientHello<'c>, Error> {
        let mut list = Vec::with_capacity(16);
        if self.spoken.has_extensions() {
            self.common(config, &mut list);
            self.classic(config, &mut list);
            self.certificates(config, &mut list);
        } else if !self.renegotiated.is_empty() {
            // What cannot be said by a suite (RFC 5746 3.5, 4.5).
            list.push(Extension::RenegotiationInfo(RenegotiationInfo(&self.renegotiated)));
        }
        if self.spoken.has_13() {
            self.tls13(config, shares, &mut list)?;
        }
        if early {
            list.push(Extension::EarlyData(EarlyData(None)));
        }
        Ok(ClientHello {
            fixed: ClientHelloFixed {
                legacy_version: self.legacy_version,
                random: &self.random,
                session_id: Opaque(&self.session_id),
                cipher_suites: Vector(List::of(&self.suites)),
                compression_methods: Vector(List::of(&[CompressionMethod::NULL])),
            },
            extensions: Extensions { present: self.spoken.has_extensions() || !list.is_empty(), list },
        })
    }

    /// What is of use in every version.
    fn common<'c>(&'c self, config: &'c ClientConfig, list: &mut Vec<Extension<'c>>) {
        if let Some(name) = &self.server_name {
            list.push(Extension::ServerName(ServerNameExtension(vec![Name::Host(name)])));
        }
        if !self.spoken.groups.is_empty() {
            list.push(Extension::SupportedGroups(SupportedGroups(List::of(&self.spoken.groups))));
        }
        list.extend(protocols(&config.alpn));
        if let Some(limit) = config.record_size_limit {
            let most = if self.spoken.has_13() { RecordSizeLimit::MOST } else { RecordSizeLimit::MOST_CLASSIC };
            list.push(Extension::RecordSizeLimit(RecordSizeLimit(limit.min(most))));
        }
    }

    /// What is of use up to TLS 1.2.
    fn classic<'c>(&'c self, config: &ClientConfig, list: &mut Vec<Extension<'c>>) {
        if self.spoken.has_classic() {
            list.push(Extension::ExtendedMasterSecret(Empty));
            let has_cbc = || self.spoken.suites.iter().any(|s| matches!(s.bulk, BulkCipher::Cbc(..)));
            if config.policy.encrypt_then_mac && has_cbc() {
                list.push(Extension::EncryptThenMac(Empty));
            }
            list.push(Extension::RenegotiationInfo(RenegotiationInfo(&self.renegotiated)));
        }
        if self.spoken.has_ecdhe() {
            list.push(Extension::EcPointFormats(EcPointFormats(List::of(&[EcPointFormat::UNCOMPRESSED]))));
        }
        if self.spoken.has_classic() && config.store.is_some() {
            list.push(Extension::SessionTicket(Bytes(&self.ticket)));
        }
    }

    /// What the server should show of itself, and how.
    fn certificates<'c>(&'c self, config: &ClientConfig, list: &mut Vec<Extension<'c>>) {
        if !self.schemes.is_empty() {
            list.push(Extension::SignatureAlgorithms(SignatureAlgorithms(List::of(&self.schemes))));
        }
        if let Some(schemes) = &self.schemes_in_certificates {
            list.push(Extension::SignatureAlgorithmsCert(SignatureAlgorithmsCert(List::of(schemes))));
        }
        if config.ocsp {
            list.push(Extension::StatusRequest(StatusRequest::WANTED));
        }
        if config.scts {
            list.push(Extension::SignedCertificateTimestamps(SignedCertificateTimestamps::Wanted));
        }
        if !self.own_types.is_empty() {
            list.push(Extension::ClientCertificateType(CertificateTypes::Offered(List::of(&self.own_types))));
        }
        if !self.server_types.is_empty() {
            list.push(Extension::ServerCertificateType(CertificateTypes::Offered(List::of(&self.server_types))));
        }
        if !self.compression.is_empty() {
            list.push(Extension::CompressCertificate(CompressCertificate(List::of(&self.compression))));
        }
    }

    fn tls13<'c>(
        &'c self,
        config: &'c ClientConfig,
        shares: &'c [KeyShareEntry<'c>],
        list: &mut Vec<Extension<'c>>,
    ) -> Result<(), Error> {
        // Newest first; SSL 3.0, which comes last, is not said there: who knows nothing newer does not know the extension, and some who do
        // refuse it.
        let versions = self.spoken.versions.strip_suffix(&[ProtocolVersion::SSL3_0]).unwrap_or(&self.spoken.versions);
        list.push(Extension::SupportedVersions(SupportedVersions::Offered(List::of(versions))));
        list.extend(authorities(&config.authorities)?);
        let modes = &config.policy.psk_modes;
        if !modes.is_empty() {
            list.push(Extension::PskKeyExchangeModes(PskKeyExchangeModes(List::of(modes))));
        }
        list.push(Extension::KeyShare(KeyShare::Client(List::of(shares))));
        if let (Some(counts), true) = (config.ticket_request, config.store.is_some()) {
            list.push(Extension::TicketRequest(TicketRequest::Wanted(counts)));
        }
        if config.post_handshake_auth {
            list.push(Extension::PostHandshakeAuth(Empty));
        }
        Ok(())
    }
}

/// Application protocols, if there are any.
fn protocols(names: &[Vec<u8>]) -> Option<Extension<'_>> {
    (!names.is_empty()).then(|| Extension::Alpn(Alpn(names.iter().map(Vec::as_slice).collect())))
}

/// Whom the server should have its certificate from, if that is said.
fn authorities(names: &[Vec<u8>]) -> Result<Option<Extension<'_>>, Error> {
    if names.is_empty() {
        return Ok(None);
    }
    let bytes: usize = names.iter().map(|name| name.len() + 2).sum();
    if names.iter().any(Vec::is_empty) || bytes > MOST_AUTHORITIES {
        let why = "the names of authorities have 1 byte each at least, and 32768 in all at most";
        return Err(ErrorKind::Config(why.into()).into());
    }
    let names = names.iter().map(|name| Opaque(name.as_slice())).collect();
    Ok(Some(Extension::CertificateAuthorities(CertificateAuthorities(names))))
}

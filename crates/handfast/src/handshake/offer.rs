//! A client's offer: the ClientHello, and the wait for what the server makes of it.

use super::tls13::early;
use super::{Flow, Input, certificate_types, classic, hello, psks, shape, tls13};
use crate::config::ClientConfig;
use crate::crypto::{BulkCipher, KeyExchange, KeyExchangeKind, Suite};
use crate::error::{Error, ErrorKind, illegal};
use crate::extension::{
    Alpn, Bytes, CertificateAuthorities, CertificateTypes, CompressCertificate, Cookie, EarlyData, EcPointFormats,
    Empty, Extension, Extensions, KeyShare, KeyShareEntry, Name, PskKeyExchangeModes, RecordSizeLimit,
    RenegotiationInfo, ServerNameExtension, SignatureAlgorithms, SignatureAlgorithmsCert, SignedCertificateTimestamps,
    StatusRequest, SupportedGroups, SupportedVersions, TicketRequest,
};
use crate::message::{ClientHello, ClientHelloFixed, HEADER, Message};
use crate::policy::Policy;
use crate::psk::{ExternalPsk, Psk};
use crate::session::{ClientSession, ClientSessionKind, Kept, Remembered, SessionKey};
use crate::wait::{Answer, Wait};
use crate::wire::numbers::{CompressionMethod, EcPointFormat, ExtensionType, NamedGroup, ProtocolVersion};
use crate::wire::{CipherSuite, List, Opaque, Vector};
use rustls_pki_types::ServerName;
use std::borrow::Cow;
use std::sync::Arc;

/// The longest ticket that is offered. A server may give twice as much, but a ClientHello has to hold all else too.
const MOST_TICKET: usize = 1 << 15;
/// Bytes by which a second ClientHello may be longer than the first, cookie apart: another share.
const MOST_SHARE: usize = 1 << 12;

/// Bytes of all names of application protocols, which have to leave room for all else.
const MOST_ALPN: usize = 1 << 14;

/// Bytes of all names of authorities, likewise.
const MOST_AUTHORITIES: usize = 1 << 15;

/// A client's states before the fork.
pub(crate) enum State {
    /// The store is looking for a session.
    Session(Draft),
    /// External PSKs are being chosen.
    Psks(Draft, Remembered),
    /// ClientHello is sent.
    Hello(Box<Offered>),
}

/// What is known before the ClientHello is made.
pub(crate) struct Draft {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    key: SessionKey,
}

/// What was offered: all that the families need to go on.
pub(crate) struct Offered {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
    /// Under which sessions of this server are kept.
    pub(crate) key: SessionKey,
    /// The session ID sent: a session's, or random bytes as a disguise, or none.
    pub(crate) session_id: Vec<u8>,
    /// The key exchanges of the shares that were sent.
    pub(crate) shares: Vec<Box<dyn KeyExchange>>,
    /// The groups that they were sent for: a hybrid's elliptic half may stand for its curve too.
    pub(crate) sent_shares: Vec<NamedGroup>,
    /// The session that was offered.
    pub(crate) session: Option<ClientSession>,
    /// The external PSKs that were offered, behind a session of TLS 1.3.
    pub(crate) external: Vec<Psk>,
    /// Early data was offered, and the server has not said no.
    pub(crate) early: bool,
    /// The group that was remembered of this server.
    pub(super) remembered: Option<NamedGroup>,
    /// The extensions sent: a server may answer these and no others.
    pub(crate) extensions: Vec<ExtensionType>,
    /// After a HelloRetryRequest: the suite it named, which ServerHello must repeat.
    pub(crate) retried: Option<CipherSuite>,
    /// The ClientHello itself, of which a second one is made.
    pub(crate) hello: Vec<u8>,
}

/// Looks for a session, if there is where to look.
pub(crate) fn start(
    flow: &mut Flow<'_>,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> Result<super::State, Error> {
    let key = SessionKey(name.to_str().into_owned());
    let draft = Draft { config, name, key };
    let Some(store) = draft.config.store.clone() else { return draft.choose_psks(flow, Remembered::default()) };
    flow.shared.kept = Some(Box::new(Kept::OfServer(store.clone(), draft.key.clone())));
    flow.ask(Wait::ClientSession { store, key: draft.key.clone() });
    Ok(State::Session(draft).into())
}

impl State {
    pub(super) fn step(self, flow: &mut Flow<'_>, input: Input<'_>) -> Result<super::State, Error> {
        match (self, input) {
            (Self::Session(draft), Input::Answer(Answer::ClientSession(remembered))) => {
                draft.choose_psks(flow, remembered)
            }
            (Self::Psks(draft, remembered), Input::Answer(Answer::Psks(psks))) => draft.offer(flow, remembered, &psks),
            (Self::Hello(offered), Input::Message(Message::HelloRetryRequest(hello), aligned)) => {
                tls13::client::retry(flow, *offered, &hello, aligned)
            }
            (Self::Hello(offered), Input::Message(Message::ServerHello(hello), aligned)) => {
                hello::client_fork(flow, *offered, &hello, aligned)
            }
            // A request for what is going on already is ignored, and no part of the handshake (RFC 5246 7.4.1.1).
            (state @ Self::Hello(_), Input::Message(Message::HelloRequest, _)) => {
                flow.leave_transcript();
                Ok(state.into())
            }
            (_, input) => Err(flow.unexpected(&input, "ServerHello or HelloRetryRequest")),
        }
    }
}

impl Draft {
    /// Looks for external PSKs, if there is where to look.
    fn choose_psks(self, flow: &mut Flow<'_>, remembered: Remembered) -> Result<super::State, Error> {
        let Some(psks) = self.config.psks.clone() else { return self.offer(flow, remembered, &[]) };
        flow.ask(Wait::OfferPsks { psks, server: self.name.clone(), hint: None });
        Ok(State::Psks(self, remembered).into())
    }

    /// Makes and sends the ClientHello.
    fn offer(self, flow: &mut Flow<'_>, remembered: Remembered, psks: &[ExternalPsk]) -> Result<super::State, Error> {
        let Self { config, name, key } = self;
        let Remembered { session, group: remembered } = remembered;
        let session = session.map(|s| *s);
        let (policy, provider) = (&config.policy, flow.provider());
        let versions = policy.versions();
        let (Some(newest), Some(oldest)) = (versions.first().copied(), versions.last().copied()) else {
            return Err(ErrorKind::Config(format!("the policy {} allows no version", policy.name)).into());
        };
        let (has_13, has_classic) = (newest >= ProtocolVersion::TLS1_3, oldest < ProtocolVersion::TLS1_3);

        let spoken: Vec<&Suite> = policy
            .suites
            .iter()
            .filter_map(|s| Suite::find(*s))
            .filter(|s| versions.iter().any(|v| s.fits(*v)))
            .filter(|s| matches!(s.bulk, BulkCipher::Aead(_)) || provider.legacy().is_some())
            .collect();
        let by_psk = |s: &ClientSession| s.version < ProtocolVersion::TLS1_3 || !policy.psk_modes.is_empty();
        let usable = |s: &ClientSession| {
            versions.contains(&s.version) && spoken.iter().any(|o| o.number == s.suite) && by_psk(s)
        };
        let session = session.filter(|s| usable(s) && !s.expired(flow.now) && s.ticket().len() <= MOST_TICKET);
        let external = psks::external(flow, &config, &spoken, psks)?;
        let mut suites: Vec<CipherSuite> = spoken.iter().map(|s| s.number).collect();
        // What was agreed in an earlier handshake is no fallback (RFC 7507 4).
        if config.fallback && session.as_ref().is_none_or(|s| s.version != newest) {
            suites.push(CipherSuite::TLS_FALLBACK_SCSV);
        }
        let ecdhe = spoken.iter().any(|s| s.key_exchange == KeyExchangeKind::Ecdhe);
        // Hybrids exist in TLS 1.3 only.
        let spoken_group = |g: &NamedGroup| provider.groups().contains(g) && (has_13 || classic::is_curve(*g));
        let groups: Vec<NamedGroup> = policy.groups.iter().copied().filter(spoken_group).collect();
        if suites.is_empty() || ((ecdhe || has_13) && groups.is_empty()) {
            return Err(ErrorKind::Config("no suite, or no group, of the policy can be spoken".into()).into());
        }

        let mut random = [0; 32];
        provider.random(&mut random)?;
        let (ticket, mut session_id) = match session.as_ref().map(|s| &s.kind) {
            Some(ClientSessionKind::Classic(c)) => (c.ticket.clone(), c.id.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        // A disguise for middleboxes (RFC 9846 D.4), and with a ticket the sign by which its acceptance is known (RFC 5077 3.4).
        if session_id.is_empty() && (has_13 || !ticket.is_empty()) {
            session_id = vec![0; 32];
            provider.random(&mut session_id)?;
        }
        let last_group = remembered.or_else(|| session.as_ref().and_then(ClientSession::group));
        let shared = shared_groups(&groups, policy, last_group);
        let shares = if has_13 { start_shares(flow, &shared)? } else { Vec::new() };

        let mut list = Vec::with_capacity(16);
        let server_name = match &name {
            // Without the dot that makes a name absolute (RFC 6066 3).
            ServerName::DnsName(dns) if config.send_server_name => Some(dns.as_ref().trim_end_matches('.').to_owned()),
            _ => None,
        };
        if let Some(name) = &server_name {
            list.push(Extension::ServerName(ServerNameExtension(vec![Name::Host(name)])));
        }
        if has_classic {
            list.push(Extension::ExtendedMasterSecret(Empty));
            list.push(Extension::RenegotiationInfo(RenegotiationInfo(&[])));
        }
        if ecdhe || has_13 {
            list.push(Extension::SupportedGroups(SupportedGroups(List::of(&groups))));
        }
        if ecdhe {
            list.push(Extension::EcPointFormats(EcPointFormats(List::of(&[EcPointFormat::UNCOMPRESSED]))));
        }
        if has_classic && config.store.is_some() {
            list.push(Extension::SessionTicket(Bytes(&ticket)));
        }
        let (names, bytes) = (&config.alpn, config.alpn.iter().map(Vec::len).sum::<usize>());
        if names.iter().any(|name| !(1..=255).contains(&name.len())) || bytes > MOST_ALPN {
            let why = "the names of application protocols have 1 to 255 bytes each, and 16384 in all at most";
            return Err(ErrorKind::Config(why.into()).into());
        }
        if !config.alpn.is_empty() {
            list.push(Extension::Alpn(Alpn(config.alpn.iter().map(Vec::as_slice).collect())));
        }
        if config.ocsp {
            list.push(Extension::StatusRequest(StatusRequest::WANTED));
        }
        if config.scts {
            list.push(Extension::SignedCertificateTimestamps(SignedCertificateTimestamps::Wanted));
        }
        let schemes = match newest >= ProtocolVersion::TLS1_2 {
            true => policy.accepts(&*provider, newest)?,
            false => Vec::new(),
        };
        if !schemes.is_empty() {
            list.push(Extension::SignatureAlgorithms(SignatureAlgorithms(List::of(&schemes))));
        }
        let in_certificates = policy.accepts_in_certificates(newest).filter(|_| !schemes.is_empty());
        if let Some(list_of) = &in_certificates {
            list.push(Extension::SignatureAlgorithmsCert(SignatureAlgorithmsCert(List::of(list_of))));
        }
        let entries = share_entries(&shares, &shared);
        let [own_types, server_types] = certificate_types::offered(&config);
        if !own_types.is_empty() {
            list.push(Extension::ClientCertificateType(CertificateTypes::Offered(List::of(&own_types))));
        }
        if !server_types.is_empty() {
            list.push(Extension::ServerCertificateType(CertificateTypes::Offered(List::of(&server_types))));
        }
        let compression = config.certificate_compression.as_ref().filter(|_| has_13);
        let compression = compression.map(|c| c.numbers()).unwrap_or_default();
        if !compression.is_empty() {
            list.push(Extension::CompressCertificate(CompressCertificate(List::of(&compression))));
        }
        if has_13 {
            list.push(Extension::SupportedVersions(SupportedVersions::Offered(List::of(&versions))));
            list.extend(authorities(&config.authorities)?);
            if !policy.psk_modes.is_empty() {
                list.push(Extension::PskKeyExchangeModes(PskKeyExchangeModes(List::of(&policy.psk_modes))));
            }
            list.push(Extension::KeyShare(KeyShare::Client(List::of(&entries))));
        }
        if let (Some(counts), true) = (config.tickets, has_13 && config.store.is_some()) {
            list.push(Extension::TicketRequest(TicketRequest::Wanted(counts)));
        }
        if has_13 && config.post_handshake_auth {
            list.push(Extension::PostHandshakeAuth(Empty));
        }
        if let Some(limit) = config.record_size_limit {
            if !(RecordSizeLimit::LEAST..=RecordSizeLimit::MOST).contains(&limit) {
                return Err(ErrorKind::Config("a record_size_limit is 64 to 16385 bytes".into()).into());
            }
            let most = if has_13 { RecordSizeLimit::MOST } else { RecordSizeLimit::MOST_CLASSIC };
            list.push(Extension::RecordSizeLimit(RecordSizeLimit(limit.min(most))));
        }
        let early = early::of(&config, session.as_ref(), server_name.as_deref());
        if early.is_some() {
            list.push(Extension::EarlyData(EarlyData(None)));
        }
        let hello = ClientHello {
            fixed: ClientHelloFixed {
                legacy_version: newest.min(ProtocolVersion::TLS1_2),
                random: &random,
                session_id: Opaque(&session_id),
                cipher_suites: Vector(List::of(&suites)),
                compression_methods: Vector(List::of(&[CompressionMethod::NULL])),
            },
            extensions: Extensions::of(list),
        };
        flow.shared.client_random = random;
        let shaped = shape::shaped(&config, &*provider, &hello)?;
        let hello = match &shaped {
            Some(raw) => ClientHello::from_body(raw.get(HEADER..).unwrap_or_default())?,
            None => hello,
        };
        let (hello, extensions) = psks::send(flow, &config, hello, session.as_ref(), &external);
        let has_early = early.is_some();
        if let Some(early) = early {
            early::begin(flow, early, !session_id.is_empty())?;
        }
        flow.negotiated().server_name = server_name;
        let sent_shares = entries.iter().map(|e| e.group).collect();
        Ok(State::Hello(Box::new(Offered {
            config,
            name,
            key,
            session_id,
            shares,
            sent_shares,
            session,
            external,
            early: has_early,
            remembered,
            extensions,
            retried: None,
            hello,
        }))
        .into())
    }
}

/// The groups that shares are sent for: those that the policy names, or the first ones. One that the server chose when it was last met takes the place of the last of
/// them, never that of the first unless it is the only one: so a server that has learnt a better group is still offered it.
fn shared_groups<'g>(groups: &'g [NamedGroup], policy: &Policy, last: Option<NamedGroup>) -> Cow<'g, [NamedGroup]> {
    if let Some(chosen) = &policy.shared_groups {
        return Cow::Owned(groups.iter().copied().filter(|g| chosen.contains(g)).collect());
    }
    let first = groups.get(..policy.key_shares).unwrap_or(groups);
    match last.filter(|g| groups.contains(g) && !first.contains(g)) {
        None => Cow::Borrowed(first),
        Some(group) => {
            let mut shared = first.to_vec();
            if let Some(place) = shared.last_mut() {
                *place = group;
            }
            Cow::Owned(shared)
        }
    }
}

impl Offered {
    /// The server has chosen this group. Remembers it where that spares a HelloRetryRequest, or undoes what was remembered before.
    pub(super) fn remember(&self, group: NamedGroup) {
        let Some(store) = &self.config.store else { return };
        let policy = &self.config.policy;
        if policy.shared_groups.is_some() {
            return;
        }
        let usual = policy.groups.iter().take(policy.key_shares).any(|g| *g == group);
        let news = match self.remembered {
            Some(before) => before != group,
            None => !usual,
        };
        if news {
            store.remember_group(&self.key, group);
        }
    }

    /// The version in the ClientHello, as it stands again in the premaster secret of RSA key exchange (RFC 5246 7.4.7.1).
    pub(crate) fn legacy_version(&self) -> [u8; 2] {
        self.hello.get(HEADER..HEADER + 2).and_then(|v| v.try_into().ok()).unwrap_or_default()
    }

    /// Offers again, after a HelloRetryRequest, for this group (`None`: the same shares) and with this cookie. The
    /// transcript has been replaced by its hash and the HelloRetryRequest absorbed.
    pub(crate) fn again(
        mut self,
        flow: &mut Flow<'_>,
        group: Option<NamedGroup>,
        cookie: Option<&[u8]>,
        suite: &'static Suite,
    ) -> Result<super::State, Error> {
        let first = std::mem::take(&mut self.hello);
        if cookie.is_some_and(|c| first.len() + MOST_SHARE + c.len() > 0xffff) {
            return Err(illegal("cookie", "is too long for a ClientHello to hold", "RFC 9846 4.3.2"));
        }
        let mut hello = ClientHello::from_body(first.get(HEADER..).unwrap_or_default())?;
        if let Some(group) = group {
            self.shares = vec![flow.provider().start(group)?];
            self.sent_shares = vec![group];
        }
        let entries: Vec<KeyShareEntry<'_>> = match group {
            Some(group) => share_entries(&self.shares, &[group]),
            None => Vec::new(),
        };
        for extension in &mut hello.extensions.list {
            if let (Extension::KeyShare(_), true) = (&extension, group.is_some()) {
                *extension = Extension::KeyShare(KeyShare::Client(List::of(&entries)));
            }
        }
        // Binders are made afresh below; a PSK under another hash is of no use any more, nor is there early data (RFC 9846 4.2.2).
        let goes = [ExtensionType::PRE_SHARED_KEY, ExtensionType::EARLY_DATA, ExtensionType::PADDING];
        hello.extensions.list.retain(|e| !goes.contains(&e.kind()));
        if let Some(cookie) = cookie {
            hello.extensions.list.push(Extension::Cookie(Cookie(cookie)));
        }
        self.session = self.session.filter(|s| Suite::find(s.suite).is_some_and(|s| s.hash == suite.hash));
        self.external.retain(|psk| psk.hash == suite.hash);
        if std::mem::take(&mut self.early) {
            early::refused(flow);
            flow.write_plain()?;
        }
        (self.hello, self.extensions) = psks::send(flow, &self.config, hello, self.session.as_ref(), &self.external);
        self.retried = Some(suite.number);
        flow.negotiated().retried = true;
        Ok(State::Hello(Box::new(self)).into())
    }
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

/// Key pairs for these groups; the elliptic half of a hybrid before it serves for a curve too.
fn start_shares(flow: &Flow<'_>, groups: &[NamedGroup]) -> Result<Vec<Box<dyn KeyExchange>>, Error> {
    let mut out: Vec<Box<dyn KeyExchange>> = Vec::new();
    for group in groups {
        if share_of(&out, *group).is_none() {
            out.push(flow.shared.provider.start(*group)?);
        }
    }
    Ok(out)
}

/// The shares of these groups, one each (RFC 9846 4.3.8), in order of preference.
fn share_entries<'s>(shares: &'s [Box<dyn KeyExchange>], groups: &[NamedGroup]) -> Vec<KeyShareEntry<'s>> {
    let entry = |group: &NamedGroup| Some((*group, share_of(shares, *group)?));
    groups.iter().filter_map(entry).map(|(group, share)| KeyShareEntry { group, key_exchange: Opaque(share) }).collect()
}

fn share_of(shares: &[Box<dyn KeyExchange>], group: NamedGroup) -> Option<&[u8]> {
    let own = shares.iter().find(|x| x.group() == group).map(|x| x.share());
    let mut parts = shares.iter().filter_map(|x| x.hybrid_part());
    own.or_else(|| parts.find(|(part, _)| *part == group).map(|(_, share)| share))
}

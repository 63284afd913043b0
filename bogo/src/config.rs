//! Configs made from flags, and what lives on from one connection to the next.

use crate::Stop;
use crate::compression;
use crate::credentials::Credentials;
use crate::flags::{Flags, PskFlags};
use crate::judge::Judge;
use crate::later::{Gate, Later};
use crate::seen::Witness;
use handfast::config::{ConfigSource, EarlyDataRules, Limits};
use handfast::crypto::{AeadAlgorithm, BulkCipher, CbcCipher, HashAlgorithm, KeyExchangeKind, SUITES, Suite, aws_lc};
use handfast::keys::Secret;
use handfast::policy::Renegotiation;
use handfast::psk::{ClientPsks, ExternalPsk, PskUsage, ServerPsks};
use handfast::session::{
    ClientSession, ClientSessionKind, ClientStore, EarlyHello, MemoryReplayStore, MemoryServerStore, Remembered,
    ReplayStore, RotatingTickets, ServerStore, SessionKey, Tickets,
};
use handfast::verify::{NoCertificates, Stapled, Verifier};
use handfast::wait::HelloSummary;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion, SignatureScheme};
use handfast::{ClientAuth, ClientConfig, Policy, Reply, ServerConfig, Time};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What lives on.
pub(crate) struct Memory {
    pub(crate) clock: Clock,
    /// A client's newest session.
    pub(crate) session: Option<ClientSession>,
    tickets: Arc<RotatingTickets>,
    cache: Arc<MemoryServerStore>,
    replays: Arc<MemoryReplayStore>,
    /// Whether the verifier refused the last peer that it saw.
    pub(crate) refused: Arc<AtomicBool>,
    /// The group of the first handshake, which a classic resumption does not say again.
    pub(crate) group: Option<NamedGroup>,
    /// What came with the chain of the first handshake, which a resumption does not say again.
    pub(crate) stapled: Stapled,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            session: None,
            tickets: Arc::default(),
            cache: Arc::default(),
            // It has been there for ever.
            replays: Arc::new(MemoryReplayStore::new(Time::default(), 100)),
            refused: Arc::default(),
            group: None,
            stapled: Stapled::default(),
        }
    }
}

/// A clock that stands still between connections: the runner wants ages exact to the millisecond.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Time);

impl Default for Clock {
    fn default() -> Self {
        Self(Time::now())
    }
}

impl Clock {
    pub(crate) fn advance(&mut self, seconds: u64) {
        self.0.0 += Duration::from_secs(seconds);
    }
    pub(crate) fn now(self) -> Time {
        self.0
    }
}

/// A client's store for one connection: gives out the session of the connection before, and takes new ones.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    offer: Mutex<Option<ClientSession>>,
    newest: Mutex<Option<ClientSession>>,
    seen: Witness,
}

impl Shelf {
    pub(crate) fn new(offer: Option<ClientSession>, seen: &Witness) -> Self {
        Self { offer: Mutex::new(offer), newest: Mutex::default(), seen: seen.clone() }
    }

    /// The session for the connection after.
    pub(crate) fn newest(&self) -> Option<ClientSession> {
        let classic = |s: &ClientSession| matches!(s.kind, ClientSessionKind::Classic(_));
        let offered = || lock(&self.offer).clone().filter(classic);
        lock(&self.newest).take().or_else(offered)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientStore for Shelf {
    fn take(&self, _: &SessionKey, now: Time) -> Reply<Remembered> {
        let young = |s: &ClientSession| {
            matches!(s.kind, ClientSessionKind::Classic(_)) || now.seconds_since(s.since) < u64::from(s.lifetime)
        };
        Reply::Now(lock(&self.offer).clone().filter(young).into())
    }
    fn put(&self, _: &SessionKey, mut session: ClientSession) {
        self.seen.see().new_sessions += 1;
        // BoringSSL sends the same shares again, whatever the server chose.
        if let ClientSessionKind::Tls13(own) = &mut session.kind {
            own.group = None;
        }
        *lock(&self.newest) = Some(session);
    }
    fn forget(&self, _: &SessionKey) {
        *lock(&self.offer) = None;
    }
}

/// Tickets of which none is sealed.
#[derive(Debug)]
struct Unsealed(Arc<RotatingTickets>);

impl Tickets for Unsealed {
    fn seal(&self, _: &Secret, _: Time) -> Reply<Option<(Vec<u8>, u32)>> {
        Reply::Now(None)
    }
    fn open(&self, ticket: &[u8], now: Time) -> Reply<Option<Secret>> {
        self.0.open(ticket, now)
    }
}

/// A cache that says when it keeps something.
#[derive(Debug)]
struct Cache {
    inner: Arc<MemoryServerStore>,
    seen: Witness,
}

impl ServerStore for Cache {
    fn find(&self, id: &[u8], now: Time) -> Reply<Option<Secret>> {
        self.inner.find(id, now)
    }
    fn keep(&self, id: &[u8], session: &Secret, now: Time) -> Reply<bool> {
        self.seen.see().cached = true;
        self.inner.keep(id, session, now)
    }
    fn forget(&self, id: &[u8]) {
        self.inner.forget(id);
    }
}

/// One config, whoever the client is.
#[derive(Debug)]
struct Always(Arc<ServerConfig>);

impl ConfigSource for Always {
    fn choose(&self, _: &HelloSummary) -> Reply<Option<Arc<ServerConfig>>> {
        Reply::Now(Some(self.0.clone()))
    }
}

/// This part itself, or behind the gate if there is one.
macro_rules! gated {
    ($part:expr, $gate:expr, $kind:ty) => {{
        let part: Arc<$kind> = $part;
        match $gate {
            Some(gate) => Arc::new(Later { inner: part, gate: gate.clone() }) as Arc<$kind>,
            None => part,
        }
    }};
}

/// The most early data that BoringSSL takes.
const MOST_EARLY: u32 = 14_336;

/// A store that remembers across connections, and says how old the client's ticket seems.
#[derive(Debug)]
struct Replays {
    inner: Arc<MemoryReplayStore>,
    seen: Witness,
}

impl ReplayStore for Replays {
    fn first_use(&self, hello: &EarlyHello, now: Time) -> Reply<bool> {
        let middle = (hello.from.0 + hello.until.0) / 2;
        let seconds = |d: Duration| i64::try_from((d + Duration::from_millis(500)).as_secs()).unwrap_or(i64::MAX);
        let skew = seconds(middle.saturating_sub(now.0)) - seconds(now.0.saturating_sub(middle));
        self.seen.see().skew = Some(skew);
        self.inner.first_use(hello, now)
    }
}

fn psks(flags: &Flags) -> Vec<ExternalPsk> {
    let one = |psk: &PskFlags| ExternalPsk {
        hash: if psk.sha384 { HashAlgorithm::Sha384 } else { HashAlgorithm::Sha256 },
        usage: PskUsage::Imported { context: psk.context.clone() },
        ..ExternalPsk::new(psk.identity.clone(), Secret::copy(&psk.key))
    };
    let classic = flags.classic_psk.as_ref().map(|key| ExternalPsk {
        usage: PskUsage::Classic,
        ..ExternalPsk::plain(flags.classic_psk_identity.clone(), Secret::copy(key))
    });
    flags.psks().map(|(_, psk)| one(psk)).chain(classic).collect()
}

/// A client's config.
pub(crate) fn client(
    flags: &Flags,
    memory: &Memory,
    shelf: Arc<Shelf>,
    seen: &Witness,
    gate: Option<&Arc<Gate>>,
) -> Result<Arc<ClientConfig>, Stop> {
    let judge = gated!(Arc::new(Judge::new(flags, &memory.refused)), gate, dyn Verifier);
    let mut config = ClientConfig::new(policy(flags)?, judge);
    let credentials = Credentials::load(flags, seen, gate)?;
    if !credentials.is_empty() || !flags.available_client_cert_types.is_empty() {
        config.credentials = Some(Arc::new(credentials));
    }
    if !flags.accepted_peer_cert_types.is_empty() {
        config.server_certificate_types = flags.accepted_peer_cert_types.clone();
    }
    config.early_data = flags.enable_early_data;
    let psks = psks(flags);
    if !psks.is_empty() {
        if !flags.verify_peer && flags.classic_psk.is_none() {
            // Then nothing else will do, nor a version that has no such keys.
            config.verifier = gated!(Arc::new(NoCertificates), gate, dyn Verifier);
            config.policy.min_version = ProtocolVersion::TLS1_3;
        }
        config.psks = Some(gated!(Arc::new(psks), gate, dyn ClientPsks));
    }
    (config.ocsp, config.scts) = (flags.enable_ocsp_stapling, flags.enable_signed_cert_timestamps);
    config.certificate_compression = compression::of(flags.cert_compression);
    config.alpn = protocols(&flags.advertise_alpn)?;
    config.store = Some(gated!(shelf, gate, dyn ClientStore));
    config.key_log = Some(Arc::new(seen.clone()));
    config.send_server_name = flags.host_name.is_some();
    config.fallback = flags.fallback_scsv.then_some(config.policy.max_version);
    config.limits = limits(flags);
    config.max_fragment = flags.max_send_fragment.unwrap_or(config.max_fragment);
    config.grease = flags.enable_grease;
    config.shuffle_extensions = flags.permute_extensions;
    if flags.no_ticket {
        // The runner's clients have tickets only.
        config.store = None;
    }
    Ok(Arc::new(config))
}

/// A server's config.
pub(crate) fn server(
    flags: &Flags,
    memory: &Memory,
    seen: &Witness,
    gate: Option<&Arc<Gate>>,
) -> Result<Arc<ServerConfig>, Stop> {
    let credentials = Credentials::load(flags, seen, gate)?;
    let mut config = ServerConfig::new(policy(flags)?, Arc::new(credentials));
    let judge = gated!(Arc::new(Judge::new(flags, &memory.refused)), gate, dyn Verifier);
    config.client_auth = match (flags.verify_peer, flags.require_any_client_certificate) {
        (true, _) => ClientAuth::Optional(judge),
        (false, true) => ClientAuth::Required(judge),
        (false, false) => ClientAuth::None,
    };
    config.certificate_compression = compression::of(flags.cert_compression);
    if !flags.accepted_peer_cert_types.is_empty() {
        config.client_certificate_types = flags.accepted_peer_cert_types.clone();
    }
    config.alpn = match (&flags.select_alpn, flags.decline_alpn, flags.reject_alpn) {
        (_, true, _) => Vec::new(),
        // A name that no client of the runner's has.
        (_, _, true) => vec![b"nothing in common".into()],
        // An empty one is none: nothing of it may go into a ticket.
        (protocol, ..) => protocol.iter().filter(|name| !name.is_empty()).cloned().collect(),
    };
    let tickets: Arc<dyn Tickets> = match flags.skip_ticket {
        true => Arc::new(Unsealed(memory.tickets.clone())),
        false => memory.tickets.clone(),
    };
    config.tickets = (!flags.no_ticket).then(|| gated!(tickets, gate, dyn Tickets));
    let cache = Cache { inner: memory.cache.clone(), seen: seen.clone() };
    config.store = Some(gated!(Arc::new(cache), gate, dyn ServerStore));
    config.key_log = Some(Arc::new(seen.clone()));
    config.limits = limits(flags);
    config.max_fragment = flags.max_send_fragment.unwrap_or(config.max_fragment);
    // As BoringSSL's servers always do.
    config.grease = true;
    let psks = psks(flags);
    if !psks.is_empty() {
        config.psks = Some(gated!(Arc::new(psks), gate, dyn ServerPsks));
        // The runner's clients want to be told the name.
        config.psk_hint.clone_from(&flags.classic_psk_identity);
    }
    if flags.enable_early_data {
        let store = Arc::new(Replays { inner: memory.replays.clone(), seen: seen.clone() });
        let mut rules = EarlyDataRules::new(MOST_EARLY, gated!(store, gate, dyn ReplayStore));
        // As BoringSSL has it.
        rules.window = Duration::from_secs(60);
        config.early_data = Some(rules);
    }
    Ok(Arc::new(config))
}

/// The same config, handed out when the client has spoken.
pub(crate) fn source(config: Arc<ServerConfig>, gate: Option<&Arc<Gate>>) -> Arc<dyn ConfigSource> {
    gated!(Arc::new(Always(config)), gate, dyn ConfigSource)
}

fn limits(flags: &Flags) -> Limits {
    let mut limits = Limits::default();
    // BoringSSL's bound for a Certificate message.
    limits.message_size = flags.max_cert_list.unwrap_or(102_400);
    // It bounds a chain by its bytes alone.
    limits.chain = limits.message_size;
    // BoringSSL refuses the first one that it does not want.
    limits.renegotiations = if flags.refuses_renegotiations { 100 } else { flags.renegotiations };
    limits
}

/// What BoringSSL speaks by default, as far as we have it, then what the flags change.
fn policy(flags: &Flags) -> Result<Policy, Stop> {
    use SignatureScheme as S;
    let mut policy = Policy::legacy();
    (policy.min_version, policy.max_version) = versions(flags)?;
    policy.suites = suites(flags.cipher.as_deref())?;
    policy.renegotiation = match flags.renegotiations {
        0 => Renegotiation::Never,
        _ => Renegotiation::Either,
    };
    policy.sslv2_hello = true;
    policy.server_preference = flags.server_preference || flags.cipher.is_some();
    let spoken = aws_lc::provider().groups();
    policy.groups = match flags.curves.as_slice() {
        [] => {
            let default =
                [NamedGroup::X25519MLKEM768, NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];
            default.into_iter().filter(|g| spoken.contains(g)).collect()
        }
        chosen => chosen.to_vec(),
    };
    if let Some(group) = policy.groups.iter().find(|g| !spoken.contains(g)) {
        return Err(Stop::Unimplemented(format!("the group {group}")));
    }
    policy.shared_groups = Some(shared_groups(flags, &policy.groups));
    policy.own_schemes = Some(own_schemes(flags));
    policy.schemes = match flags.verify_prefs.as_slice() {
        [] => vec![
            S::ECDSA_SECP256R1_SHA256,
            S::RSA_PSS_RSAE_SHA256,
            S::RSA_PKCS1_SHA256,
            S::ECDSA_SECP384R1_SHA384,
            S::RSA_PSS_RSAE_SHA384,
            S::RSA_PKCS1_SHA384,
            S::RSA_PSS_RSAE_SHA512,
            S::RSA_PKCS1_SHA512,
            S::RSA_PKCS1_SHA1,
        ],
        chosen => chosen.to_vec(),
    };
    Ok(policy)
}

/// What the flags say to sign with, else all that BoringSSL does, in its order.
fn own_schemes(flags: &Flags) -> Vec<SignatureScheme> {
    use SignatureScheme as S;
    let chosen: Vec<S> = flags.credentials.iter().flat_map(|c| c.signing_prefs.iter().copied()).collect();
    let all = [
        S::ED25519,
        S::ECDSA_SECP256R1_SHA256,
        S::RSA_PSS_RSAE_SHA256,
        S::RSA_PKCS1_SHA256,
        S::ECDSA_SECP384R1_SHA384,
        S::RSA_PSS_RSAE_SHA384,
        S::RSA_PKCS1_SHA384,
        S::ECDSA_SECP521R1_SHA512,
        S::RSA_PSS_RSAE_SHA512,
        S::RSA_PKCS1_SHA512,
        S::MLDSA44,
        S::MLDSA65,
        S::MLDSA87,
        S::ECDSA_SHA1,
        S::RSA_PKCS1_SHA1,
    ];
    if chosen.is_empty() { all.into() } else { chosen }
}

/// The first and the last of a range without holes.
fn versions(flags: &Flags) -> Result<(ProtocolVersion, ProtocolVersion), Stop> {
    let in_range = |v: &ProtocolVersion| (flags.min_version..=flags.max_version).contains(v);
    let on = |v: &ProtocolVersion| *v >= ProtocolVersion::TLS1_0 && in_range(v) && !flags.versions_off.contains(v);
    let versions: Vec<_> = ProtocolVersion::NAMED.iter().copied().filter(on).collect();
    match versions.as_slice() {
        // A range with nothing in it.
        [] => Ok((ProtocolVersion::TLS1_3, ProtocolVersion::SSL3_0)),
        [one] => Ok((*one, *one)),
        [first, .., last] if usize::from(last.0 - first.0) + 1 == versions.len() => Ok((*first, *last)),
        _ => Err(Stop::Unimplemented("versions with a hole between them".into())),
    }
}

/// For which groups shares are sent: like BoringSSL's, the first, and the first of the other kind (post-quantum or classical).
fn shared_groups(flags: &Flags, groups: &[NamedGroup]) -> Vec<NamedGroup> {
    if let Some(chosen) = &flags.key_shares {
        return chosen.clone();
    }
    let quantum = |g: &NamedGroup| g.name().is_some_and(|name| name.contains("MLKEM"));
    let Some(first) = groups.first() else { return Vec::new() };
    let other = groups.iter().find(|g| quantum(g) != quantum(first));
    [first].into_iter().chain(other).copied().collect()
}

/// The suites of an OpenSSL cipher string, as far as the runner uses them. Those of TLS 1.3 are always there.
fn suites(string: Option<&str>) -> Result<Vec<CipherSuite>, Stop> {
    let is_aes = |s: &Suite| !matches!(s.bulk, BulkCipher::Aead(AeadAlgorithm::ChaCha20Poly1305));
    let is_aes128 = |s: &Suite| {
        matches!(s.bulk, BulkCipher::Aead(AeadAlgorithm::Aes128Gcm) | BulkCipher::Cbc(CbcCipher::Aes128, _))
    };
    // BoringSSL has no other key exchanges.
    let has = |s: &Suite| !s.key_exchange.has_dhe() && s.key_exchange != KeyExchangeKind::RsaPsk;
    let is_common =
        |s: &Suite| matches!(s.bulk, BulkCipher::Aead(_) | BulkCipher::Cbc(CbcCipher::Aes128 | CbcCipher::Aes256, _));
    let (mut list, classic): (Vec<&Suite>, Vec<&Suite>) =
        SUITES.iter().filter(|s| has(s)).partition(|s| s.from >= ProtocolVersion::TLS1_3);
    let mut chosen: Vec<&Suite> = Vec::new();
    for word in string.unwrap_or("ALL").split(':') {
        match word {
            // What BoringSSL calls so: no Triple DES, no RC4, and nothing without encryption.
            "ALL" | "DEFAULT" => chosen.extend(classic.iter().filter(|s| is_common(s))),
            "AES128" => chosen.extend(classic.iter().filter(|s| is_aes128(s))),
            "!AES" => chosen.retain(|s| !is_aes(s)),
            "3DES" => {
                chosen.extend(classic.iter().filter(|s| matches!(s.bulk, BulkCipher::Cbc(CbcCipher::TripleDes, _))));
            }
            name => match classic.iter().find(|s| s.number.name() == Some(name)) {
                Some(suite) => chosen.push(suite),
                None => return Err(Stop::Unimplemented(format!("the cipher string {word}"))),
            },
        }
    }
    list.extend(chosen);
    // Without AES in hardware, ChaCha20 is the better choice.
    if !has_aes() {
        list.sort_by_key(|s| is_aes(s));
    }
    Ok(list.into_iter().map(|s| s.number).collect())
}

/// Whether the CPU has instructions for AES.
pub(crate) fn has_aes() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return std::arch::is_x86_feature_detected!("aes");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("aes");
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

/// Protocol names from their wire form.
pub(crate) fn protocols(mut wire: &[u8]) -> Result<Vec<Vec<u8>>, Stop> {
    let mut out = Vec::new();
    while let Some((length, rest)) = wire.split_first() {
        let whole = rest.split_at_checked(usize::from(*length));
        let (name, rest) = whole.ok_or_else(|| Stop::broken("a list of protocols is cut short"))?;
        out.push(name.to_vec());
        wire = rest;
    }
    Ok(out)
}

//! A server's config.

use super::{ByName, Cookies, Limits, RecordPadding, by_name};
use crate::compression::Compression;
use crate::crypto::{Credential, DhGroup, KeyKind, Provider, aws_lc};
use crate::error::{Error, ErrorKind};
use crate::keys::KeyLog;
use crate::policy::Policy;
use crate::psk::ServerPsks;
use crate::session::{MemoryServerStore, ReplayStore, RotatingTickets, ServerStore, Tickets};
use crate::verify::Verifier;
use crate::wait::{HelloSummary, Reply};
use crate::wire::numbers::{CertificateType, SignatureScheme};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Whether clients are asked for a certificate.
#[derive(Clone, Debug, Default)]
pub enum ClientAuth {
    /// No.
    #[default]
    None,
    /// Asked, and judged if one comes.
    Optional(Arc<dyn Verifier>),
    /// Required.
    Required(Arc<dyn Verifier>),
}

impl ClientAuth {
    /// Who judges, if a certificate is asked for.
    pub fn verifier(&self) -> Option<&Arc<dyn Verifier>> {
        match self {
            Self::None => None,
            Self::Optional(v) | Self::Required(v) => Some(v),
        }
    }
}

/// How early data is taken (RFC 9846 4.3.10, 8).
#[derive(Clone, Debug)]
pub struct EarlyDataRules {
    /// How many bytes of it a connection takes. Tickets say so, and early data is taken with those only that were given with this
    /// bound or a lower one.
    pub max_early_data_size: u32,
    /// By how much the age that a client gives its ticket may differ from the age that the server sees, either way (RFC 9846 8.3);
    /// 10 seconds. What differs by more is refused, so that the store need not remember for longer.
    pub window: Duration,
    /// Remembers what came, so that nothing is taken twice.
    pub store: Arc<dyn ReplayStore>,
}

impl EarlyDataRules {
    /// So many bytes, and this store.
    pub fn new(max_early_data_size: u32, store: Arc<dyn ReplayStore>) -> Self {
        Self { max_early_data_size, window: Duration::from_secs(10), store }
    }
}

/// A server's config.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// What may be spoken.
    pub policy: Policy,
    /// The server's certificates.
    pub credentials: Arc<dyn ServerCredentials>,
    /// The primitives.
    pub provider: Arc<dyn Provider>,
    /// Whether clients are asked for a certificate; not by default.
    pub client_auth: ClientAuth,
    /// Whether a client's certificate may come with an OCSP response, in TLS 1.3 (RFC 9846 4.5.1.1); not by default.
    pub client_ocsp: bool,
    /// What clients may show, best first (RFC 7250): X.509 alone by default. A raw public key says nothing of whose it is: the
    /// verifier must know it, as [`crate::verify::PinnedLeaf::keys`] does. What the server itself shows is up to its credentials.
    pub client_certificate_types: Vec<CertificateType>,
    /// How certificates may be compressed, our own and the clients', in TLS 1.3 (RFC 8879); not by default.
    pub certificate_compression: Option<Arc<Compression>>,
    /// External pre-shared keys; none by default. A client that proves to have one is authenticated by it: it is not asked for a
    /// certificate, whatever `client_auth` says, and is shown none. Where `credentials` has no certificate at all (an empty `Vec`,
    /// say), only such clients are served. A key that is taken out, or changed, ends the sessions that go back to it.
    ///
    /// Up to TLS 1.2 they are for the suites that take one, of which the policy must have some; the policy's order says whether these
    /// go before others. There RSA_PSK shows a certificate all the same, and may ask for one, beside the key.
    pub psks: Option<Arc<dyn ServerPsks>>,
    /// What helps clients up to TLS 1.2 to choose among their pre-shared keys (RFC 4279 5.2), 65535 bytes at most; empty by default:
    /// none. It is for applications that have agreed on what it says; all others ignore it.
    pub psk_hint: Vec<u8>,
    /// Whether a client up to TLS 1.2 that names a pre-shared key which is unknown here is told so, by unknown_psk_identity. Not by
    /// default: it fails as if it did not have the key that it names, so that nobody finds out by asking which names there are
    /// (RFC 4279 2).
    pub tell_unknown_psk: bool,
    /// The group of Diffie-Hellman over a prime field for clients up to TLS 1.2 that know no group by name, and have to take what they
    /// get (RFC 7919 4); ffdhe2048 by default. Others get one of `policy.groups`.
    pub dh_group: DhGroup,
    /// Application protocols in order of preference; none by default. If both sides have some and none in common, the
    /// handshake fails (RFC 7301 3.2).
    pub alpn: Vec<Vec<u8>>,
    /// Who makes tickets; keys that rotate by themselves by default. `None`: no tickets. Configs that share it resume each other's
    /// sessions if they ask clients for certificates alike and name the same authorities; so if their verifiers judge differently
    /// all the same, give each its own.
    pub tickets: Option<Arc<dyn Tickets>>,
    /// The cache by session ID; none by default, since tickets do. To be shared as little as `tickets`.
    pub store: Option<Arc<dyn ServerStore>>,
    /// Cookies in HelloRetryRequests, so that nothing need be remembered until the client has answered; none by default.
    pub cookies: Option<Cookies>,
    /// How many tickets a TLS 1.3 client gets that does not say how many it wants; 2.
    pub ticket_count: usize,
    /// How many tickets a TLS 1.3 client gets at most that asks for more (RFC 9149 3); 8.
    pub most_tickets: u8,
    /// Whether early data is taken, and how much; none by default. Whoever takes it has to know what it means: see
    /// [`crate::Event::EarlyData`]. The client is told that it was taken, so a stream's user must take it, too: by `take_early_data`, or by
    /// `reading_early_data`. Whoever only reads does not see it.
    pub early_data: Option<EarlyDataRules>,
    /// Where secrets are logged; nowhere by default.
    pub key_log: Option<Arc<dyn KeyLog>>,
    /// Bounds on what the client may make us do.
    pub limits: Limits,
    /// The most bytes of plaintext in a record; 16384.
    pub max_fragment: usize,
    /// The most bytes of plaintext that a client may send in a protected record, in TLS 1.3 with content type and padding: 64 to
    /// 16385, said to clients that know record_size_limit (RFC 8449). `None`, the default: as much as the version allows. A
    /// client's own limit is kept either way. 16385 counts as 16384 up to TLS 1.2.
    pub record_size_limit: Option<u16>,
    /// How much our TLS 1.3 records are padded; not at all by default.
    pub padding: Option<Arc<dyn RecordPadding>>,
    /// Whether clients that can be asked for a certificate after the handshake (RFC 9846 4.3.6) will be, by
    /// [`crate::Connection::request_client_certificate`]; not by default, since a connection has to remember more for it.
    pub post_handshake_auth: bool,
    /// Whether TLS 1.3's CertificateRequest and NewSessionTicket have extensions in them that nobody knows, so that clients stay used
    /// to that (RFC 8701); not by default.
    pub grease: bool,
}

/// A server's certificates.
pub trait ServerCredentials: Send + Sync + fmt::Debug {
    /// Those that fit the name the client asks for, best first; all of them if the name is unknown or none was given, unless
    /// unknown names shall be refused. The handshake takes the first whose key serves what is negotiated, and that has what the
    /// client can judge: a certificate, or a raw key (RFC 7250).
    fn candidates(self: Arc<Self>, hello: &HelloSummary) -> Vec<Arc<Credential>>;
}

/// One certificate for every name.
impl ServerCredentials for Credential {
    fn candidates(self: Arc<Self>, _: &HelloSummary) -> Vec<Arc<Credential>> {
        vec![self]
    }
}

/// Several certificates, chosen as [`ByName`] does. Their names are read at each handshake: where there are many, or unknown names
/// shall be refused, make a [`ByName`] once.
impl ServerCredentials for Vec<Arc<Credential>> {
    fn candidates(self: Arc<Self>, hello: &HelloSummary) -> Vec<Arc<Credential>> {
        match &hello.server_name {
            Some(_) if self.len() > 1 => Arc::new(ByName::new(self.iter().cloned())).candidates(hello),
            _ => by_name::guided(Self::clone(&self), hello),
        }
    }
}

/// Chooses a config once the client has spoken.
pub trait ConfigSource: Send + Sync + fmt::Debug {
    /// The config for this client; `None` refuses it with `unrecognized_name`.
    fn choose(&self, hello: &HelloSummary) -> Reply<Option<Arc<ServerConfig>>>;
}

impl Credential {
    /// The schemes among `accepted` that this key can sign with, in `accepted`'s order.
    pub fn schemes_among(&self, accepted: &[SignatureScheme]) -> Vec<SignatureScheme> {
        accepted.iter().copied().filter(|s| self.key.schemes().contains(s)).collect()
    }
    /// Whether this key can sign by one of these.
    pub(crate) fn can_sign(&self, accepted: &[SignatureScheme]) -> bool {
        self.key.schemes().iter().any(|s| accepted.contains(s))
    }
    /// The scheme among `accepted` that this key signs with in TLS 1.2 and older: the first in `accepted`'s order of those that it
    /// would use anyway ([`PrivateKey::schemes`](crate::crypto::PrivateKey::schemes)), else the best of what is left to it.
    pub(crate) fn classic_scheme_among(&self, accepted: &[SignatureScheme]) -> Option<SignatureScheme> {
        let own = accepted.iter().find(|s| self.key.schemes().contains(s));
        own.or_else(|| self.key.classic_schemes().iter().find(|s| accepted.contains(s))).copied()
    }
    /// The kind of its key.
    pub fn kind(&self) -> KeyKind {
        self.key.kind()
    }
}

impl ServerConfig {
    /// A config of this policy, in which the server proves itself with these certificates.
    pub fn new(policy: Policy, credentials: Arc<dyn ServerCredentials>) -> Self {
        Self {
            policy,
            credentials,
            provider: aws_lc::provider(),
            client_auth: ClientAuth::None,
            client_ocsp: false,
            client_certificate_types: vec![CertificateType::X509],
            certificate_compression: None,
            psks: None,
            psk_hint: Vec::new(),
            tell_unknown_psk: false,
            dh_group: DhGroup::default(),
            alpn: Vec::new(),
            tickets: Some(Arc::new(RotatingTickets::default())),
            store: None,
            cookies: None,
            ticket_count: 2,
            most_tickets: 8,
            early_data: None,
            key_log: None,
            limits: Limits::default(),
            max_fragment: 1 << 14,
            record_size_limit: None,
            padding: None,
            post_handshake_auth: false,
            grease: false,
        }
    }

    /// Whether the config can work: what does not hang on the client. Each connection asks; who wants to know before the first client
    /// comes asks, too.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], which says what is wrong.
    pub fn check(&self) -> Result<(), Error> {
        self.policy.check(&*self.provider)?;
        super::check(&self.alpn, self.max_fragment, self.record_size_limit)?;
        let why = match () {
            () if self.policy.versions().is_empty() => format!("the policy {} allows no version", self.policy.name),
            () if self.client_auth.verifier().is_some() && self.client_certificate_types.is_empty() => {
                "clients are asked for a certificate, of no type".into()
            }
            () if self.psk_hint.len() > 0xffff => "a hint for pre-shared keys has 65535 bytes at most".into(),
            () => return Ok(()),
        };
        Err(ErrorKind::Config(why).into())
    }

    /// With a cache by session ID, in memory.
    pub fn with_session_cache(mut self) -> Self {
        self.store = Some(Arc::new(MemoryServerStore::default()));
        self
    }
}

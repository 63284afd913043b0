//! Parts of a config that take their time: each says [`Reply::Later`], until the harness asks in their stead.

use handfast::config::{CertificateWanted, ClientCredentials, ConfigSource, ServerCredentials};
use handfast::crypto::{Credential, Failure, KeyKind, PrivateKey};
use handfast::keys::Secret;
use handfast::pki_types::ServerName;
use handfast::psk::{ClientPsks, ExternalPsk, ServerPsks};
use handfast::session::{
    ClientSession, ClientStore, EarlyHello, Remembered, ReplayStore, ServerStore, SessionKey, Tickets,
};
use handfast::verify::{CertificateError, PeerToVerify, RawKeyToVerify, Verified, Verifier};
use handfast::wait::HelloSummary;
use handfast::wire::numbers::{CertificateType, NamedGroup, SignatureScheme};
use handfast::{Answer, ClientAuth, ClientConfig, Reply, ServerConfig, Time, Wait};
use std::cell::Cell;
use std::sync::Arc;

thread_local! {
    /// Whether the one who asks is the harness, which wants its answer now.
    static HARNESS: Cell<bool> = const { Cell::new(false) };
}

/// Something that says `Later` to the connection, and answers the harness.
#[derive(Debug)]
pub struct Later<T: ?Sized>(Arc<T>);

fn defer<T>(reply: impl FnOnce() -> Reply<T>) -> Reply<T> {
    if HARNESS.get() { reply() } else { Reply::Later }
}

/// The name of a question.
pub fn kind(wait: &Wait) -> &'static str {
    match wait {
        Wait::Signature { .. } => "Signature",
        Wait::Premaster { .. } => "Premaster",
        Wait::Verdict { .. } | Wait::RawKeyVerdict { .. } => "Verdict",
        Wait::Config { .. } => "Config",
        Wait::ClientSession { .. } => "ClientSession",
        Wait::OfferPsks { .. } => "OfferPsks",
        Wait::FindPsk { .. } => "FindPsk",
        Wait::FirstUse { .. } => "FirstUse",
        Wait::OpenTicket { .. } => "OpenTicket",
        Wait::SealTicket { .. } => "SealTicket",
        Wait::FindSession { .. } => "FindSession",
        Wait::KeepSession { .. } => "KeepSession",
        other => panic!("a question that the tests do not know: {other:?}"),
    }
}

/// Asks the one whom the question names.
pub fn answer(wait: &Wait, now: Time) -> Answer {
    fn now_of<T>(reply: Reply<T>) -> T {
        match reply {
            Reply::Now(value) => value,
            Reply::Later => panic!("still later"),
        }
    }
    HARNESS.set(true);
    let answer = match wait {
        Wait::Signature { key, scheme, message } => Answer::Signature(now_of(key.sign(*scheme, message))),
        Wait::Premaster { key, encrypted, client_version, fallback } => {
            Answer::Premaster(now_of(key.premaster(encrypted, *client_version, fallback)))
        }
        Wait::Verdict { verifier, peer } => Answer::Verdict(now_of(verifier.verify(peer, now))),
        Wait::RawKeyVerdict { verifier, peer } => Answer::Verdict(now_of(verifier.verify_raw_key(peer, now))),
        Wait::Config { source, hello } => Answer::Config(now_of(source.choose(hello))),
        Wait::ClientSession { store, key } => Answer::ClientSession(now_of(store.take(key, now))),
        Wait::OfferPsks { psks, server, hint } => Answer::Psks(now_of(psks.offer(server, hint.as_deref()))),
        Wait::FindPsk { psks, identity, context } => Answer::Psk(now_of(psks.find(identity, context.as_deref()))),
        Wait::FirstUse { store, hello } => Answer::FirstUse(now_of(store.first_use(hello, now))),
        Wait::OpenTicket { tickets, ticket } => Answer::Session(now_of(tickets.open(ticket, now))),
        Wait::SealTicket { tickets, session } => Answer::Ticket(now_of(tickets.seal(session, now))),
        Wait::FindSession { store, id } => Answer::Session(now_of(store.find(id, now))),
        Wait::KeepSession { store, id, session } => Answer::Kept(now_of(store.keep(id, session, now))),
        other => panic!("a question that the tests do not know: {other:?}"),
    };
    HARNESS.set(false);
    answer
}

impl PrivateKey for Later<dyn PrivateKey> {
    fn kind(&self) -> KeyKind {
        self.0.kind()
    }
    fn schemes(&self) -> &[SignatureScheme] {
        self.0.schemes()
    }
    fn classic_schemes(&self) -> &[SignatureScheme] {
        self.0.classic_schemes()
    }
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Reply<Result<Vec<u8>, Failure>> {
        defer(|| self.0.sign(scheme, message))
    }
    fn decrypts(&self) -> bool {
        self.0.decrypts()
    }
    fn premaster(&self, encrypted: &[u8], client_version: u16, fallback: &Secret) -> Reply<Result<Secret, Failure>> {
        defer(|| self.0.premaster(encrypted, client_version, fallback))
    }
}

impl Verifier for Later<dyn Verifier> {
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        defer(|| self.0.verify(peer, now))
    }
    fn verify_raw_key(&self, peer: &RawKeyToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        defer(|| self.0.verify_raw_key(peer, now))
    }
    fn authorities(&self) -> Vec<Vec<u8>> {
        self.0.authorities()
    }
}

impl ConfigSource for Later<dyn ConfigSource> {
    fn choose(&self, hello: &HelloSummary) -> Reply<Option<Arc<ServerConfig>>> {
        defer(|| self.0.choose(hello))
    }
}

impl ClientStore for Later<dyn ClientStore> {
    fn take(&self, key: &SessionKey, now: Time) -> Reply<Remembered> {
        defer(|| self.0.take(key, now))
    }
    fn remember_group(&self, key: &SessionKey, group: NamedGroup) {
        self.0.remember_group(key, group);
    }
    fn put(&self, key: &SessionKey, session: ClientSession) {
        self.0.put(key, session);
    }
    fn forget(&self, key: &SessionKey) {
        self.0.forget(key);
    }
}

impl Tickets for Later<dyn Tickets> {
    fn seal(&self, session: &Secret, now: Time) -> Reply<Option<(Vec<u8>, u32)>> {
        defer(|| self.0.seal(session, now))
    }
    fn open(&self, ticket: &[u8], now: Time) -> Reply<Option<Secret>> {
        defer(|| self.0.open(ticket, now))
    }
}

impl ClientPsks for Later<dyn ClientPsks> {
    fn offer(&self, server: &ServerName<'_>, hint: Option<&[u8]>) -> Reply<Vec<ExternalPsk>> {
        defer(|| self.0.offer(server, hint))
    }
}

impl ServerPsks for Later<dyn ServerPsks> {
    fn find(&self, identity: &[u8], context: Option<&[u8]>) -> Reply<Option<ExternalPsk>> {
        defer(|| self.0.find(identity, context))
    }
}

impl ReplayStore for Later<dyn ReplayStore> {
    fn first_use(&self, hello: &EarlyHello, now: Time) -> Reply<bool> {
        defer(|| self.0.first_use(hello, now))
    }
}

impl ServerStore for Later<dyn ServerStore> {
    fn find(&self, id: &[u8], now: Time) -> Reply<Option<Secret>> {
        defer(|| self.0.find(id, now))
    }
    fn keep(&self, id: &[u8], session: &Secret, now: Time) -> Reply<bool> {
        defer(|| self.0.keep(id, session, now))
    }
    fn forget(&self, id: &[u8]) {
        self.0.forget(id);
    }
}

impl ServerCredentials for Later<dyn ServerCredentials> {
    fn candidates(self: Arc<Self>, hello: &HelloSummary) -> Vec<Arc<Credential>> {
        self.0.clone().candidates(hello).iter().map(|c| Arc::new(credential(c))).collect()
    }
}

impl ClientCredentials for Later<dyn ClientCredentials> {
    fn choose(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        self.0.choose(wanted).map(|c| Arc::new(credential(&c)))
    }
    fn certificate_types(&self) -> Vec<CertificateType> {
        self.0.certificate_types()
    }
    fn choose_raw_key(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        self.0.choose_raw_key(wanted).map(|c| Arc::new(credential(&c)))
    }
}

fn credential(of: &Credential) -> Credential {
    Credential { key: Arc::new(Later(of.key.clone())), ..of.clone() }
}

pub fn verifier(of: &Arc<dyn Verifier>) -> Arc<dyn Verifier> {
    Arc::new(Later(of.clone()))
}

pub fn source(of: Arc<dyn ConfigSource>) -> Arc<dyn ConfigSource> {
    Arc::new(Later(of))
}

/// The same config, in which everything that decides takes its time.
pub fn client(config: &ClientConfig) -> ClientConfig {
    let mut config = config.clone();
    config.verifier = verifier(&config.verifier);
    config.credentials = config.credentials.map(|c| Arc::new(Later(c)) as _);
    config.store = config.store.map(|s| Arc::new(Later(s)) as _);
    config.psks = config.psks.map(|p| Arc::new(Later(p)) as _);
    config
}

/// The same config, in which everything that decides takes its time.
pub fn server(config: &ServerConfig) -> ServerConfig {
    let mut config = config.clone();
    config.credentials = Arc::new(Later(config.credentials));
    config.client_auth = match &config.client_auth {
        ClientAuth::None => ClientAuth::None,
        ClientAuth::Optional(v) => ClientAuth::Optional(verifier(v)),
        ClientAuth::Required(v) => ClientAuth::Required(verifier(v)),
    };
    config.tickets = config.tickets.map(|t| Arc::new(Later(t)) as _);
    config.psks = config.psks.map(|p| Arc::new(Later(p)) as _);
    if let Some(rules) = &mut config.early_data {
        rules.store = Arc::new(Later(rules.store.clone()));
    }
    config.store = config.store.map(|s| Arc::new(Later(s)) as _);
    config
}

/// A source that has one config for everyone.
#[derive(Debug)]
pub struct Always(pub Option<Arc<ServerConfig>>);

impl ConfigSource for Always {
    fn choose(&self, _: &HelloSummary) -> Reply<Option<Arc<ServerConfig>>> {
        Reply::Now(self.0.clone())
    }
}

//! Parts of a config that never answer at once.
//!
//! The engine asks, [`Later`] says [`Reply::Later`], and the connection parks. The loop then opens the gate, asks the same
//! question again through [`answer`], and hands the answer to the engine.

use handfast::config::ConfigSource;
use handfast::crypto::{Failure, KeyKind, PrivateKey};
use handfast::keys::Secret;
use handfast::pki_types::ServerName;
use handfast::psk::{ClientPsks, ExternalPsk, ServerPsks};
use handfast::session::{
    ClientSession, ClientStore, EarlyHello, Remembered, ReplayStore, ServerStore, SessionKey, Tickets,
};
use handfast::verify::{CertificateError, PeerToVerify, RawKeyToVerify, Verified, Verifier};
use handfast::wait::HelloSummary;
use handfast::wire::numbers::SignatureScheme;
use handfast::{Answer, Reply, ServerConfig, Time, Wait};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether questions are answered: only while the loop asks.
#[derive(Debug, Default)]
pub(crate) struct Gate(AtomicBool);

impl Gate {
    fn pass<T>(&self, ask: impl FnOnce() -> Reply<T>) -> Reply<T> {
        if self.0.load(Ordering::Relaxed) { ask() } else { Reply::Later }
    }

    /// Answers what a connection is parked on; `None` if even now it is to be later.
    pub(crate) fn answer(&self, wait: &Wait, now: Time) -> Option<Answer> {
        self.0.store(true, Ordering::Relaxed);
        let answer = answer(wait, now);
        self.0.store(false, Ordering::Relaxed);
        answer
    }
}

fn answer(wait: &Wait, now: Time) -> Option<Answer> {
    fn at_once<T>(reply: Reply<T>, answer: impl FnOnce(T) -> Answer) -> Option<Answer> {
        match reply {
            Reply::Now(value) => Some(answer(value)),
            Reply::Later => None,
        }
    }
    match wait {
        Wait::Signature { key, scheme, message } => at_once(key.sign(*scheme, message), Answer::Signature),
        Wait::Premaster { key, encrypted, client_version, fallback } => {
            at_once(key.premaster(encrypted, *client_version, fallback), Answer::Premaster)
        }
        Wait::Verdict { verifier, peer } => at_once(verifier.verify(peer, now), Answer::Verdict),
        Wait::RawKeyVerdict { verifier, peer } => at_once(verifier.verify_raw_key(peer, now), Answer::Verdict),
        Wait::Config { source, hello } => at_once(source.choose(hello), Answer::Config),
        Wait::ClientSession { store, key } => at_once(store.take(key, now), Answer::ClientSession),
        Wait::OfferPsks { psks, server, hint } => at_once(psks.offer(server, hint.as_deref()), Answer::Psks),
        Wait::FindPsk { psks, identity, context } => at_once(psks.find(identity, context.as_deref()), Answer::Psk),
        Wait::FirstUse { store, hello } => at_once(store.first_use(hello, now), Answer::FirstUse),
        Wait::OpenTicket { tickets, ticket } => at_once(tickets.open(ticket, now), Answer::Session),
        Wait::SealTicket { tickets, session } => at_once(tickets.seal(session, now), Answer::Ticket),
        Wait::FindSession { store, id } => at_once(store.find(id, now), Answer::Session),
        Wait::KeepSession { store, id, session } => at_once(store.keep(id, session, now), Answer::Kept),
        _ => None,
    }
}

/// A part of a config behind the gate.
#[derive(Debug)]
pub(crate) struct Later<T: ?Sized> {
    pub(crate) inner: Arc<T>,
    pub(crate) gate: Arc<Gate>,
}

impl PrivateKey for Later<dyn PrivateKey> {
    fn kind(&self) -> KeyKind {
        self.inner.kind()
    }
    fn schemes(&self) -> &[SignatureScheme] {
        self.inner.schemes()
    }
    fn classic_schemes(&self) -> &[SignatureScheme] {
        self.inner.classic_schemes()
    }
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Reply<Result<Vec<u8>, Failure>> {
        self.gate.pass(|| self.inner.sign(scheme, message))
    }
    fn decrypts(&self) -> bool {
        self.inner.decrypts()
    }
    fn premaster(&self, encrypted: &[u8], client_version: u16, fallback: &Secret) -> Reply<Result<Secret, Failure>> {
        self.gate.pass(|| self.inner.premaster(encrypted, client_version, fallback))
    }
}

impl Verifier for Later<dyn Verifier> {
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        self.gate.pass(|| self.inner.verify(peer, now))
    }
    fn verify_raw_key(&self, peer: &RawKeyToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        self.gate.pass(|| self.inner.verify_raw_key(peer, now))
    }
    fn authorities(&self) -> Vec<Vec<u8>> {
        self.inner.authorities()
    }
}

impl ConfigSource for Later<dyn ConfigSource> {
    fn choose(&self, hello: &HelloSummary) -> Reply<Option<Arc<ServerConfig>>> {
        self.gate.pass(|| self.inner.choose(hello))
    }
}

impl ClientStore for Later<dyn ClientStore> {
    fn take(&self, key: &SessionKey, now: Time) -> Reply<Remembered> {
        self.gate.pass(|| self.inner.take(key, now))
    }
    fn put(&self, key: &SessionKey, session: ClientSession) {
        self.inner.put(key, session);
    }
    fn forget(&self, key: &SessionKey) {
        self.inner.forget(key);
    }
}

impl Tickets for Later<dyn Tickets> {
    fn seal(&self, session: &Secret, now: Time) -> Reply<Option<(Vec<u8>, u32)>> {
        self.gate.pass(|| self.inner.seal(session, now))
    }
    fn open(&self, ticket: &[u8], now: Time) -> Reply<Option<Secret>> {
        self.gate.pass(|| self.inner.open(ticket, now))
    }
}

impl ClientPsks for Later<dyn ClientPsks> {
    fn offer(&self, server: &ServerName<'_>, hint: Option<&[u8]>) -> Reply<Vec<ExternalPsk>> {
        self.gate.pass(|| self.inner.offer(server, hint))
    }
}

impl ServerPsks for Later<dyn ServerPsks> {
    fn find(&self, identity: &[u8], context: Option<&[u8]>) -> Reply<Option<ExternalPsk>> {
        self.gate.pass(|| self.inner.find(identity, context))
    }
}

impl ReplayStore for Later<dyn ReplayStore> {
    fn first_use(&self, hello: &EarlyHello, now: Time) -> Reply<bool> {
        self.gate.pass(|| self.inner.first_use(hello, now))
    }
}

impl ServerStore for Later<dyn ServerStore> {
    fn find(&self, id: &[u8], now: Time) -> Reply<Option<Secret>> {
        self.gate.pass(|| self.inner.find(id, now))
    }
    fn keep(&self, id: &[u8], session: &Secret, now: Time) -> Reply<bool> {
        self.gate.pass(|| self.inner.keep(id, session, now))
    }
    fn forget(&self, id: &[u8]) {
        self.inner.forget(id);
    }
}

//! A client's offer: the ClientHello, and the wait for what the server makes of it.

mod content;
mod psks;
mod shape;
mod shares;

use super::tls13::early;
use super::{Flow, Input, hello, tls13};
use crate::config::ClientConfig;
use crate::crypto::{KeyExchange, Suite};
use crate::error::{Error, illegal};
use crate::extension::{Cookie, Extension, KeyShare, KeyShareEntry};
use crate::message::{ClientHello, HEADER, Message};
use crate::psk::{ExternalPsk, Psk};
use crate::session::{ClientSession, Kept, Remembered, SessionKey};
use crate::trace::{By, Verdict};
use crate::wait::{Answer, Wait};
use crate::wire::numbers::{ExtensionType, NamedGroup, ProtocolVersion};
use crate::wire::{CipherSuite, List};
use content::{Content, Spoken};
use rustls_pki_types::ServerName;
use std::sync::Arc;

/// Bytes by which a second ClientHello may be longer than the first, cookie apart: another share.
const MOST_SHARE: usize = 1 << 12;

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
    /// External PSKs are offered, these or the next.
    pub(crate) offers_psk: bool,
    /// The external PSK for the suites up to TLS 1.2 that take one, which are offered only if there is one.
    pub(crate) psk: Option<ExternalPsk>,
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
    config.check()?;
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
                tls13::client::retry(flow, offered, &hello, aligned)
            }
            (Self::Hello(offered), Input::Message(Message::ServerHello(hello), aligned)) => {
                hello::client_fork(flow, offered, &hello, aligned)
            }
            // A request for what is going on already is ignored, and no part of the handshake (RFC 5246 7.4.1.1).
            (state @ Self::Hello(_), Input::Message(Message::HelloRequest, _)) => {
                flow.leave_transcript();
                Ok(state.into())
            }
            (state, input) => Err(flow.unexpected(&input, state.expected())),
        }
    }

    pub(super) const fn expected(&self) -> &'static str {
        match self {
            Self::Hello(_) => "ServerHello or HelloRetryRequest",
            Self::Session(_) | Self::Psks(..) => "an answer",
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
        let psk = psks.iter().find(|psk| psk.is_classic()).cloned();
        let spoken = Spoken::of(&config, &*flow.provider(), psk.is_some())?;
        let external = psks::external(flow, &config, &spoken.suites, psks)?;
        flow.shared.unshown = psks::not_taken(&external);
        let room = content::room_for_ticket(&config, &external)?;
        let fits = |s: &ClientSession| spoken.can_resume(&config, psks, s, flow.now) && s.ticket().len() <= room;
        let (found, session) = (session.as_ref().map(|s| s.by()), session.map(|s| *s).filter(fits));
        if let Some(by) = found {
            flow.resumption(by, if session.is_some() { Verdict::Offered } else { Verdict::Unfit });
        }
        let offers_psk = !external.is_empty() || spoken.suites.iter().any(|s| s.key_exchange.has_psk());
        if offers_psk {
            flow.resumption(By::ExternalPsk, Verdict::Offered);
        }
        let last_group = remembered.or_else(|| session.as_ref().and_then(ClientSession::group));
        let shared = shares::groups(&spoken.groups, &config.policy, last_group);
        let shares = if spoken.has_13() { shares::start(flow, &shared)? } else { Vec::new() };
        let entries = shares::entries(&shares, &shared);

        let content = Content::new(flow, &config, spoken, &name, session.as_ref())?;
        let early = early::of(&config, session.as_ref(), content.server_name.as_deref());
        let hello = content.hello(&config, &entries, early.is_some())?;
        flow.shared.client_random = content.random;
        // In a first record TLS 1.0 is named, unless that is too new for the server (RFC 9846 5.1).
        if flow.shared.before.is_none() {
            flow.write_version(hello.fixed.legacy_version.min(ProtocolVersion::TLS1_0));
        }
        let shaped = shape::shaped(&config, &*flow.provider(), &hello)?;
        let hello = match &shaped {
            Some(raw) => ClientHello::from_body(raw.get(HEADER..).unwrap_or_default())?,
            None => hello,
        };
        let (hello, extensions) = psks::send(flow, &config, hello, session.as_ref(), &external);
        let (has_early, sent_shares) = (early.is_some(), entries.iter().map(|e| e.group).collect());
        let Content { session_id, server_name, .. } = content;
        if let Some(early) = early {
            early::begin(flow, early, !session_id.is_empty())?;
        }
        flow.negotiated().server_name = server_name;
        Ok(State::Hello(Box::new(Offered {
            config,
            name,
            key,
            session_id,
            shares,
            sent_shares,
            session,
            external,
            offers_psk,
            psk,
            early: has_early,
            remembered,
            extensions,
            retried: None,
            hello,
        }))
        .into())
    }
}

impl Offered {
    /// By what resumption, or authentication, is offered.
    pub(crate) fn by(&self) -> [Option<By>; 2] {
        let external = self.offers_psk.then_some(By::ExternalPsk);
        [self.session.as_ref().map(ClientSession::by), external]
    }

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
        mut self: Box<Self>,
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
            Some(group) => shares::entries(&self.shares, &[group]),
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
        let before = self.by();
        self.session = self.session.take().filter(|s| Suite::find(s.suite).is_some_and(|s| s.hash == suite.hash));
        self.external.retain(|psk| psk.hash == suite.hash);
        self.offers_psk = !self.external.is_empty();
        for by in before.into_iter().flatten().filter(|by| !self.by().contains(&Some(*by))) {
            flow.resumption(by, Verdict::Declined);
        }
        if std::mem::take(&mut self.early) {
            early::refused(flow);
            flow.write_plain()?;
        }
        (self.hello, self.extensions) = psks::send(flow, &self.config, hello, self.session.as_ref(), &self.external);
        self.retried = Some(suite.number);
        flow.negotiated().retried = true;
        Ok(State::Hello(self).into())
    }
}

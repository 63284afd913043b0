//! After the handshake: KeyUpdate, NewSessionTicket (RFC 9846 4.7). What is here lives as long as the connection.

use super::super::{Established, Flow, Input, Side, State};
use super::post::Post;
use super::secrets::{self, read_under, ticket_psk, write_under};
use super::{WEEK, last_in_record};
use crate::config::{ClientAuth, ClientConfig, ServerConfig};
use crate::crypto::Suite;
use crate::error::{Error, ErrorKind, Limit, illegal};
use crate::keys::{TrafficSecret, Transcript};
use crate::message::{KeyUpdate, Message, NewSessionTicket13};
use crate::record::Aligned;
use crate::session::{ClientSession, ClientSession13, ClientSessionKind, ClientStore, SessionKey};
use crate::verify::CertificateRules;
use crate::wire::numbers::{CertificateType, HandshakeType, ProtocolVersion};
use std::sync::Arc;

/// What may come, unless an exchange goes on.
const AWAITED: &str = "application data or KeyUpdate";

/// What an established connection keeps.
pub(crate) struct Traffic {
    suite: &'static Suite,
    read: TrafficSecret,
    write: TrafficSecret,
    /// We have asked the peer to change its keys, and it has not done so yet.
    requested: bool,
    /// The newest change of our own keys answered a request of the peer's.
    answered: bool,
    /// How many more requests have come since, while we were silent.
    unanswered: u32,
    /// A client that keeps tickets.
    keeper: Option<Box<Keeper>>,
    /// A client that can be asked for a certificate, or a server that asks such a one.
    post: Option<Box<Post>>,
}

/// What turns a ticket into a session.
pub(crate) struct Keeper {
    store: Arc<dyn ClientStore>,
    key: SessionKey,
    resumption: TrafficSecret,
    /// By which the server's chain was judged.
    rules: CertificateRules,
    kept: u32,
}

impl Keeper {
    pub(super) fn new(
        store: Arc<dyn ClientStore>,
        key: SessionKey,
        resumption: TrafficSecret,
        rules: CertificateRules,
    ) -> Box<Self> {
        Box::new(Self { store, key, resumption, rules, kept: 0 })
    }
}

impl From<Traffic> for State {
    fn from(traffic: Traffic) -> Self {
        Self::Established(Established::Tls13(Box::new(traffic)))
    }
}

impl Traffic {
    pub(super) fn new(
        suite: &'static Suite,
        read: TrafficSecret,
        write: TrafficSecret,
        keeper: Option<Box<Keeper>>,
    ) -> Self {
        Self { suite, read, write, requested: false, answered: false, unanswered: 0, keeper, post: None }
    }

    /// A client that will answer requests for its certificate, which holds this. `handshake` goes up to its Finished.
    pub(super) fn answers(&mut self, config: Arc<ClientConfig>, holds: CertificateType, handshake: Transcript) {
        self.post = Some(Post::asked(config, holds, handshake));
    }

    /// A server that may ask for a certificate, which holds this. `handshake` goes up to the client's Finished.
    pub(super) fn asks(&mut self, config: Arc<ServerConfig>, holds: CertificateType, handshake: Transcript) {
        self.post = Some(Post::asking(config, holds, handshake));
    }

    /// Whether an exchange has begun that nothing may come into.
    pub(crate) fn is_exchanging(&self) -> bool {
        self.post.as_ref().is_some_and(|post| post.is_exchanging())
    }

    /// What comes next.
    pub(in super::super) fn expected(&self) -> &'static str {
        self.post.as_ref().and_then(|post| post.expected()).unwrap_or(AWAITED)
    }

    /// How many requests for the client's certificate are not answered yet.
    pub(crate) fn open_requests(&self) -> usize {
        self.post.as_ref().map_or(0, |post| post.open_requests())
    }

    /// Asks the client for a certificate, and gives the request's number.
    pub(crate) fn request_certificate(&mut self, flow: &mut Flow<'_>, auth: ClientAuth) -> Result<u32, Error> {
        match self.post.as_deref_mut() {
            Some(Post::Server(asking)) => asking.request(flow, auth),
            _ => Err(ErrorKind::Misuse("this peer, or this config, has no authentication after the handshake").into()),
        }
    }

    pub(in super::super) fn step(mut self: Box<Self>, flow: &mut Flow<'_>, input: Input<'_>) -> Result<State, Error> {
        if let Some(post) = self.post.as_mut().filter(|post| post.takes(&input)) {
            let client = match flow.shared.side {
                Side::Client => &self.write,
                Side::Server => &self.read,
            };
            post.step(flow, client, input)?;
            return Ok(State::Established(Established::Tls13(self)));
        }
        flow.leave_transcript();
        match (flow.shared.side, input) {
            (_, Input::Message(Message::KeyUpdate(m), aligned)) => self.peer_updates(flow, m, aligned)?,
            (Side::Client, Input::Message(Message::NewSessionTicket13(m), _)) => self.keep(flow, &m)?,
            (_, input) => return Err(flow.unexpected(&input, AWAITED)),
        }
        Ok(State::Established(Established::Tls13(self)))
    }

    /// Whether our keys have to change before our next data. Who waits for an answer before he asks again, as he must, has asked once
    /// more since the last one, and would wait for ever; who has asked more often does not wait, and has had his answer.
    pub(crate) fn owes_update(&self) -> bool {
        self.unanswered == 1
    }

    /// Changes our own keys, and asks the peer to if `request`. A request that is still open is not made twice. That more than 2^48-1
    /// times are too many (RFC 9846 4.7.3) is not counted: at a microsecond each, for which none is quick enough, they would take nine
    /// years.
    pub(crate) fn update(&mut self, flow: &mut Flow<'_>, request: bool) -> Result<(), Error> {
        let message = match request && !self.requested {
            true => KeyUpdate::UpdateRequested,
            false => KeyUpdate::UpdateNotRequested,
        };
        self.requested |= request;
        (self.answered, self.unanswered) = (false, 0);
        flow.send_apart(&Message::KeyUpdate(message).to_bytes());
        self.write = secrets::next(flow, &self.write);
        write_under(flow, self.suite, &self.write)
    }

    fn peer_updates(&mut self, flow: &mut Flow<'_>, message: KeyUpdate, aligned: Option<Aligned>) -> Result<(), Error> {
        let aligned = last_in_record(aligned, HandshakeType::KEY_UPDATE, "nothing behind KeyUpdate in its record")?;
        // One that we have asked for is no burden.
        flow.shared.key_updates += u32::from(!self.requested);
        if flow.shared.key_updates > flow.shared.limits.key_updates {
            return Err(ErrorKind::TooMuch(Limit::KeyUpdates).into());
        }
        self.requested = false;
        self.read = secrets::next(flow, &self.read);
        read_under(flow, self.suite, &self.read, aligned)?;
        // While we are silent, one answer does for many requests (RFC 9846 4.7.3), so that nobody can have them pile up. A change that we
        // made by ourselves is none.
        let silent = self.answered && flow.writer.sequence() == 0;
        match message {
            // Nothing follows our close_notify.
            KeyUpdate::UpdateRequested if flow.writer.is_closed() => {}
            KeyUpdate::UpdateRequested if silent && flow.writer.has_queued() => {}
            KeyUpdate::UpdateRequested if silent => self.unanswered = self.unanswered.saturating_add(1),
            KeyUpdate::UpdateRequested => {
                self.update(flow, false)?;
                self.answered = true;
            }
            KeyUpdate::UpdateNotRequested => {}
        }
        Ok(())
    }

    fn keep(&mut self, flow: &mut Flow<'_>, ticket: &NewSessionTicket13<'_>) -> Result<(), Error> {
        if ticket.lifetime > WEEK {
            return Err(illegal("ticket_lifetime", "is longer than seven days", "RFC 9846 4.7.1"));
        }
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        if ticket.lifetime == 0 || keeper.kept == flow.shared.limits.tickets {
            return Ok(());
        }
        keeper.kept += 1;
        let psk = ticket_psk(flow, &keeper.resumption, ticket.nonce);
        let negotiated = &flow.shared.negotiated;
        let session = ClientSession {
            version: ProtocolVersion::TLS1_3,
            suite: self.suite.number,
            since: flow.now,
            judged: flow.shared.judged,
            lifetime: ticket.lifetime,
            chain: negotiated.peer_chain.clone(),
            rules: keeper.rules,
            psk_identity: negotiated.psk_identity.clone(),
            raw_key: negotiated.peer_raw_key.clone(),
            alpn: negotiated.alpn.clone(),
            kind: ClientSessionKind::Tls13(ClientSession13 {
                ticket: ticket.ticket.to_vec(),
                psk,
                age_add: ticket.age_add,
                group: negotiated.group,
                server_name: negotiated.server_name.clone(),
                max_early_data: ticket.extensions.early_data().and_then(|e| e.0).unwrap_or(0),
            }),
        };
        keeper.store.put(&keeper.key, session);
        Ok(())
    }
}

//! An established connection, and the second handshake that it may come to (RFC 5246 7.4.1.1, RFC 5746).

use super::super::{Before, Established, Flow, Input, Side, State, answer, offer};
use super::renegotiation::{Proofs, is_sound};
use super::rules::Rules;
use crate::alert::{Alert, AlertDescription};
use crate::config::{ClientAuth, ClientConfig, ServerConfig};
use crate::error::{Error, ErrorKind, Limit};
use crate::event::Negotiated;
use crate::keys::Transcript;
use crate::message::{ClientHello, Message};
use crate::policy::{Policy, Renegotiation};
use crate::record::{Aligned, MAX_FRAGMENT};
use crate::wire::numbers::ProtocolVersion;
use rustls_pki_types::ServerName;
use std::mem;
use std::sync::Arc;

/// An established connection. Small: it lives as long as the connection.
pub(crate) struct Session {
    /// The peer's requests for a new handshake so far.
    requests: u32,
    /// What a second handshake needs, where there may be one.
    bound: Option<Box<Bound>>,
}

/// What a second handshake needs of the one before.
pub(super) struct Bound {
    with: With,
    proofs: Proofs,
    /// A server: we have asked for it.
    asked: bool,
}

/// With what a second handshake is done.
pub(super) enum With {
    Client {
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        /// The version in the first ClientHello, which some servers want to see in each.
        hello_version: ProtocolVersion,
    },
    Server {
        config: Arc<ServerConfig>,
    },
}

impl With {
    fn policy(&self) -> &Policy {
        match self {
            Self::Client { config, .. } => &config.policy,
            Self::Server { config } => &config.policy,
        }
    }
}

impl Session {
    /// After a handshake, the first or a later one.
    pub(super) fn new(flow: &mut Flow<'_>, proofs: Proofs, with: With) -> Self {
        let before = leave(flow);
        let may = with.policy().renegotiation != Renegotiation::Never && is_sound(&flow.shared.negotiated);
        let bound = may.then(|| Box::new(Bound { with, proofs, asked: false }));
        Self { requests: before.map_or(0, |session| session.requests), bound }
    }

    pub(in super::super) fn step(self, flow: &mut Flow<'_>, input: Input<'_>) -> Result<State, Error> {
        match (flow.shared.side, input) {
            (Side::Client, Input::Message(Message::HelloRequest, _)) => self.requested(flow),
            (Side::Server, Input::Message(Message::ClientHello(hello), aligned)) => self.greeted(flow, &hello, aligned),
            (_, input) => Err(flow.unexpected(&input, self.expected())),
        }
    }

    /// What comes next.
    pub(in super::super) const fn expected(&self) -> &'static str {
        "application data, or a request for a new handshake"
    }

    /// What the renegotiation_info of this side holds in a second handshake.
    pub(crate) fn renegotiated(&self, side: Side) -> Vec<u8> {
        self.bound.as_ref().map(|b| b.proofs.renegotiated(side)).unwrap_or_default()
    }

    /// The version in the first ClientHello, for a client.
    pub(crate) fn hello_version(&self) -> Option<ProtocolVersion> {
        match self.bound.as_ref().map(|b| &b.with) {
            Some(With::Client { hello_version, .. }) => Some(*hello_version),
            _ => None,
        }
    }

    /// Whether the policy lets the peer become another.
    pub(super) fn identity_may_change(&self) -> bool {
        self.bound.as_ref().is_some_and(|b| b.with.policy().identity_may_change)
    }

    // --- the peer wants one ---

    /// A server's HelloRequest.
    fn requested(mut self, flow: &mut Flow<'_>) -> Result<State, Error> {
        flow.leave_transcript();
        self.count(flow)?;
        match self.is_granted() && !flow.is_closed() {
            true => self.offer(flow),
            false => self.refuse(flow),
        }
    }

    /// A client's ClientHello.
    fn greeted(
        mut self,
        flow: &mut Flow<'_>,
        hello: &ClientHello<'_>,
        aligned: Option<Aligned>,
    ) -> Result<State, Error> {
        let asked = self.bound.as_mut().is_some_and(|b| mem::take(&mut b.asked));
        if !asked {
            self.count(flow)?;
        }
        let config = match self.bound.as_ref().map(|b| &b.with) {
            Some(With::Server { config }) if (asked || self.is_granted()) && !flow.is_closed() => config.clone(),
            _ => {
                flow.leave_transcript();
                return self.refuse(flow);
            }
        };
        let config = narrowed_server(flow, &config);
        begin(flow, self);
        answer::again(flow, Arc::new(config), hello, aligned)
    }

    /// Whether the peer may start one.
    fn is_granted(&self) -> bool {
        self.bound.as_ref().is_some_and(|b| b.with.policy().renegotiation == Renegotiation::Either)
    }

    /// One request more of the peer's.
    fn count(&mut self, flow: &Flow<'_>) -> Result<(), Error> {
        self.requests += 1;
        match self.requests > flow.shared.limits.renegotiations {
            true => Err(ErrorKind::TooMuch(Limit::Renegotiations).into()),
            false => Ok(()),
        }
    }

    /// There is no second handshake; the connection goes on as it is (RFC 5246 7.2.2), where that can be said (RFC 5746 4.5).
    fn refuse(self, flow: &mut Flow<'_>) -> Result<State, Error> {
        let rules = flow.shared.negotiated.version.and_then(Rules::of);
        if rules.is_some_and(|rules| !rules.no_renegotiation_alert) {
            return Err(ErrorKind::RenegotiationRefused.into());
        }
        flow.warn(Alert::warning(AlertDescription::NO_RENEGOTIATION))?;
        Ok(State::Established(Established::Classic(self)))
    }

    // --- we want one ---

    /// Why there cannot be one that we start; for a server, with this to judge its client by.
    pub(crate) fn hindrance(&self, negotiated: &Negotiated, auth: Option<&ClientAuth>) -> Option<&'static str> {
        if !negotiated.secure_renegotiation {
            return Some("the peer cannot renegotiate securely (RFC 5746)");
        }
        let Some(bound) = &self.bound else {
            return Some(match is_sound(negotiated) {
                true => "the policy has no second handshake (its field `renegotiation`)",
                false => "without an extended master secret none is safe after a resumed session (RFC 7627 5.3)",
            });
        };
        match &bound.with {
            With::Client { .. } if auth.is_some() => Some("a client does not ask for certificates"),
            With::Server { .. } if bound.asked => Some("a second handshake was asked for already"),
            With::Client { .. } | With::Server { .. } => None,
        }
    }

    /// A client offers anew; a server asks its client to, and judges it by `auth` from then on. Where nothing hinders it.
    pub(crate) fn start(mut self, flow: &mut Flow<'_>, auth: Option<ClientAuth>) -> Result<State, Error> {
        match self.bound.as_deref_mut() {
            Some(Bound { with: With::Server { config }, asked, .. }) => {
                if let Some(auth) = auth {
                    *config = Arc::new(ServerConfig { client_auth: auth, ..ServerConfig::clone(config) });
                }
                *asked = true;
                // It is part of no handshake (RFC 5246 7.4.1.1).
                flow.send_apart(&Message::HelloRequest.to_bytes());
                Ok(State::Established(Established::Classic(self)))
            }
            _ => self.offer(flow),
        }
    }

    /// A server: whether its client has been asked to begin, and has not.
    pub(crate) fn is_asking(&self) -> bool {
        self.bound.as_ref().is_some_and(|b| b.asked)
    }

    /// The peer has said no_renegotiation: it may be asked again.
    pub(crate) fn declined(&mut self) {
        if let Some(bound) = &mut self.bound {
            bound.asked = false;
        }
    }

    /// A client's second ClientHello.
    fn offer(self, flow: &mut Flow<'_>) -> Result<State, Error> {
        let Some(With::Client { config, name, .. }) = self.bound.as_ref().map(|b| &b.with) else {
            return self.refuse(flow);
        };
        let (config, name) = (narrowed_client(flow, config), name.clone());
        begin(flow, self);
        offer::start(flow, Arc::new(config), name)
    }
}

/// A second handshake begins, with a transcript of its own. All that the one before has agreed holds until it is done.
fn begin(flow: &mut Flow<'_>, session: Session) {
    flow.enter_transcript(Transcript::new());
    let shared = &mut *flow.shared;
    let new = Negotiated { peer_is_server: shared.negotiated.peer_is_server, ..Negotiated::default() };
    shared.unshown = None;
    shared.before = Some(Box::new(Before {
        session,
        negotiated: mem::replace(&mut shared.negotiated, new),
        client_random: shared.client_random,
        exporter: shared.exporter.take(),
        first_finished: shared.first_finished.take(),
        own: shared.own.take(),
        limits: None,
    }));
}

/// The handshake is done: if it was a second one, then what the one before has agreed holds no more. Gives the session that it was in.
fn leave(flow: &mut Flow<'_>) -> Option<Session> {
    let before = *flow.shared.before.take()?;
    // Records are bound by the limits of the handshake that made their keys (RFC 8449 4).
    let (theirs, ours) = before.limits.unwrap_or((MAX_FRAGMENT, MAX_FRAGMENT));
    flow.limit_records(theirs, ours);
    // A peer that says nothing of the application protocol goes on in it; and SSL 3.0 has no names.
    let negotiated = flow.negotiated();
    negotiated.alpn = negotiated.alpn.take().or(before.negotiated.alpn);
    negotiated.server_name = negotiated.server_name.take().or(before.negotiated.server_name);
    Some(before.session)
}

/// What a second handshake may not change is all that it offers: version, and application protocol.
fn narrowed_client(flow: &Flow<'_>, config: &ClientConfig) -> ClientConfig {
    let negotiated = &flow.shared.negotiated;
    ClientConfig {
        policy: narrowed(flow, &config.policy),
        alpn: negotiated.alpn.iter().cloned().collect(),
        // It is no fallback any more (RFC 7507 4).
        fallback: None,
        ..config.clone()
    }
}

/// The same for a server: these are all that it chooses from.
fn narrowed_server(flow: &Flow<'_>, config: &ServerConfig) -> ServerConfig {
    let negotiated = &flow.shared.negotiated;
    ServerConfig {
        policy: narrowed(flow, &config.policy),
        alpn: negotiated.alpn.iter().cloned().collect(),
        ..config.clone()
    }
}

fn narrowed(flow: &Flow<'_>, policy: &Policy) -> Policy {
    policy.only(flow.shared.negotiated.version.unwrap_or(policy.max_version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Time;
    use crate::config::Limits;
    use crate::crypto::aws_lc;
    use crate::message::ClientHelloFixed;
    use crate::record::{Reader, Writer};
    use crate::wire::numbers::CompressionMethod;
    use crate::wire::{CipherSuite, List, Opaque, Vector};

    /// What one end says to these requests, one after the other: the records, and whether it goes on.
    fn says(side: Side, requests: usize) -> (Vec<u8>, Result<(), ErrorKind>) {
        let mut shared = crate::handshake::Shared::new(side, aws_lc::provider(), Limits::default());
        let (mut transcript, mut writer, mut reader) = (Transcript::default(), Writer::new(), Reader::new());
        let mut state = State::Established(Established::Classic(Session { requests: 0, bound: None }));
        let (suites, random) = ([CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA], [7; 32]);
        let hello = || ClientHello {
            fixed: ClientHelloFixed {
                legacy_version: ProtocolVersion::TLS1_2,
                random: &random,
                session_id: Opaque(&[]),
                cipher_suites: Vector(List::of(&suites)),
                compression_methods: Vector(List::of(&[CompressionMethod::NULL])),
            },
            extensions: Default::default(),
        };
        let mut outcome = Ok(());
        for _ in 0..requests {
            let mut flow =
                Flow::new(Time::default(), &mut shared, &mut transcript, Some(&[0; 4]), &mut writer, &mut reader);
            let message = if side == Side::Client { Message::HelloRequest } else { Message::ClientHello(hello()) };
            match state.step(&mut flow, Input::Message(message, None)) {
                Ok(next) => state = next,
                Err(error) => {
                    outcome = Err(error.kind().clone());
                    break;
                }
            }
        }
        let mut out = Vec::new();
        writer.transmit(&mut out);
        (out, outcome)
    }

    /// RFC 5246 7.2.2
    #[test]
    fn a_new_handshake_is_refused_and_the_connection_goes_on() {
        const NO_RENEGOTIATION: [u8; 7] = [21, 3, 1, 0, 2, 1, 100];
        for side in [Side::Client, Side::Server] {
            let most = Limits::default().renegotiations as usize;
            for n in 1..=most {
                assert_eq!(says(side, n), (NO_RENEGOTIATION.repeat(n), Ok(())), "{side:?}");
            }
            let too_much = ErrorKind::TooMuch(Limit::Renegotiations);
            assert_eq!(says(side, most + 1), (NO_RENEGOTIATION.repeat(most), Err(too_much)), "{side:?}");
        }
    }

    /// RFC 5746 4.2, 4.4; RFC 7627 5.3
    #[test]
    fn only_a_sound_handshake_can_be_renegotiated() {
        use crate::verify::NotChecked;
        let config = Arc::new(ClientConfig::new(Policy::legacy(), Arc::new(NotChecked)));
        for [secure, extended, resumed] in [0, 1, 2, 3, 4, 5, 6, 7].map(|n| [n & 1 != 0, n & 2 != 0, n & 4 != 0]) {
            let mut shared = crate::handshake::Shared::new(Side::Client, aws_lc::provider(), Limits::default());
            let (mut transcript, mut writer, mut reader) = (Transcript::default(), Writer::new(), Reader::new());
            let negotiated = &mut shared.negotiated;
            negotiated.version = Some(ProtocolVersion::TLS1_2);
            (negotiated.secure_renegotiation, negotiated.extended_master_secret) = (secure, extended);
            negotiated.resumed = resumed;
            let mut flow = Flow::new(Time::default(), &mut shared, &mut transcript, None, &mut writer, &mut reader);
            let name = ServerName::try_from("server.test").unwrap();
            let with = With::Client { config: config.clone(), name, hello_version: ProtocolVersion::TLS1_2 };
            let session = Session::new(&mut flow, Proofs::default(), with);
            let sound = secure && (extended || !resumed);
            assert_eq!(session.hindrance(&flow.shared.negotiated, None).is_none(), sound);
            let state = session.step(&mut flow, Input::Message(Message::HelloRequest, None)).unwrap();
            assert_eq!(matches!(state, State::Handshake(_)), sound, "{secure} {extended} {resumed}");
        }
    }
}

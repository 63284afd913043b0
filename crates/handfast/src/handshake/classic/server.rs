//! The classic handshake, seen from the server.
//!
//! ```text
//!                                 <-  ClientHello
//! ServerHello, Certificate, CertificateStatus*,
//! ServerKeyExchange*, CertificateRequest*, ServerHelloDone ->
//!                                 <-  Certificate*, ClientKeyExchange, CertificateVerify*, [ChangeCipherSpec], Finished
//! NewSessionTicket*, [ChangeCipherSpec], Finished ->
//! ```
//! Where a pre-shared key proves both, there is no Certificate, no CertificateRequest and no CertificateVerify; RSA_PSK has them all.
//! When a session is resumed, our last flight goes right behind ServerHello, and the client's answers it.

mod answered;
mod greeting;

use super::super::answer::Chosen;
use super::super::{self as handshake, Flow, Input, certificate_types};
use super::certificates;
use super::choice::{Agreeable, Choice, Resumption, choose, resumable};
use super::key_exchange::{ClientSecret, OwnHalf};
use super::renegotiation::{check_client, keeps_encrypt_then_mac, keeps_extended};
use super::rules::Rules;
use super::secrets::{Agreed, Secrets};
use super::session::With;
use crate::config::{ClientAuth, ServerConfig};
use crate::crypto::{BulkCipher, Credential, Failure, KeyExchangeKind, KeyKind, Suite};
use crate::error::{Error, ErrorKind, illegal, not_signed};
use crate::keys::Secret;
use crate::message::{
    Certificate, CertificateRequest, CertificateVerify, ClientHello, ClientKeyExchange, Finished, Message,
    NewSessionTicket, RawPublicKey,
};
use crate::psk::{ExternalPsk, PskMark};
use crate::record::{Opener, Sealer};
use crate::session::{Kept, ServerSession, ServerSessionKind, ServerStore, Tickets, context};
use crate::trace::{By, Verdict};
use crate::verify::{CertificateError, PeerKey, Verified};
use crate::wait::{Answer, Wait};
use crate::wire::numbers::{
    CertificateType, ClientCertificateType, EcPointFormat, HandshakeType, ProtocolVersion, SignatureScheme,
};
use crate::wire::{List, Opaque};
use answered::Answered;
use std::sync::Arc;

/// The states: what comes next, and what is known by then.
#[allow(
    clippy::large_enum_variant,
    reason = "it lives in a box as a whole; which variant is large hangs on cargo features"
)]
pub(crate) enum State {
    /// The session that a ticket or an ID stands for is being looked for.
    Session(Draft),
    /// The pre-shared key is being looked for that the session goes back to.
    GoingBack {
        draft: Draft,
        resumption: Resumption,
    },
    /// ServerKeyExchange is being signed.
    Signature {
        server: Server,
        scheme: SignatureScheme,
    },
    /// We have asked for it.
    Certificate(Server),
    /// The client's chain is being judged.
    Verdict {
        server: Server,
        peer: PeerKey,
    },
    ClientKeyExchange {
        server: Server,
        peer: Option<PeerKey>,
    },
    /// The pre-shared key that the client names is being looked for.
    Psk {
        answered: Answered,
        theirs: ClientSecret,
    },
    /// The premaster secret is being decrypted.
    Premaster {
        answered: Answered,
        psk: Option<Secret>,
        fallback: Secret,
    },
    CertificateVerify {
        end: End,
        read: Opener,
        peer: PeerKey,
    },
    /// After ChangeCipherSpec, for which the keys are armed.
    Finished(End),
    /// The session is being sealed into a ticket.
    Ticket(End),
    /// The session is being kept under its ID.
    Kept(End),
}

impl State {
    pub(in super::super) fn step(self, flow: &mut Flow<'_>, input: Input<'_>) -> Result<handshake::State, Error> {
        use Answer as A;
        use Input::{Answer as Told, Message as Got};
        use Message as M;
        match (self, input) {
            (Self::Session(s), Told(A::Session(session))) => s.found(flow, session),
            (Self::GoingBack { draft, resumption }, Told(A::Psk(psk))) => {
                draft.went_back(flow, resumption, psk.as_ref())
            }
            (Self::Signature { server, scheme }, Told(A::Signature(signature))) => server.sign(flow, scheme, signature),
            (Self::Certificate(s), Got(M::Certificate(m), _)) => s.judge(flow, &m),
            (Self::Certificate(s), Got(M::RawPublicKey(m), _)) => s.judge_raw(flow, &m),
            (Self::Verdict { server, peer }, Told(A::Verdict(verdict))) => server.judged(flow, peer, verdict),
            (Self::ClientKeyExchange { server, peer }, Got(M::ClientKeyExchange(m), _)) => {
                server.exchange(flow, peer, &m)
            }
            (Self::Psk { answered, theirs }, Told(A::Psk(psk))) => answered.found(flow, theirs, psk),
            (Self::Premaster { answered, psk, fallback }, Told(A::Premaster(premaster))) => {
                answered.decrypted(flow, psk, fallback, premaster)
            }
            (Self::CertificateVerify { end, read, peer }, Got(M::CertificateVerify(m), Some(_))) => {
                end.proven(flow, read, &peer, &m)
            }
            (Self::Finished(s), Got(M::Finished(m), Some(_))) => s.finished(flow, &m),
            (Self::Ticket(s), Told(A::Ticket(ticket))) => s.ticket(flow, ticket),
            (Self::Kept(s), Told(A::Kept(_))) => s.send(flow),
            (state, input) => Err(flow.unexpected(&input, state.expects())),
        }
    }

    pub(in super::super) fn expects(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "Certificate",
            Self::ClientKeyExchange { .. } => "ClientKeyExchange",
            Self::CertificateVerify { .. } => "CertificateVerify, and nothing behind it",
            Self::Finished(_) => "Finished, and nothing behind it",
            Self::Session(_)
            | Self::GoingBack { .. }
            | Self::Signature { .. }
            | Self::Verdict { .. }
            | Self::Psk { .. }
            | Self::Premaster { .. }
            | Self::Ticket(_)
            | Self::Kept(_) => "nothing, before the question is answered",
        }
    }
}

/// What the client's hello says.
pub(crate) struct Draft {
    chosen: Box<Chosen>,
    rules: &'static Rules,
    /// The version in the hello.
    client_version: u16,
    extended_master_secret: bool,
    /// The client has encrypt-then-MAC.
    encrypt_then_mac: bool,
    /// The client lists forms of points.
    point_formats: bool,
    /// Who makes tickets, if the client takes them.
    tickets: Option<Arc<dyn Tickets>>,
    /// By what a session is offered, if one is.
    by: By,
}

/// What the hellos agreed, and our half of the key exchange.
pub(crate) struct Server {
    config: Arc<ServerConfig>,
    agreed: Agreed,
    half: OwnHalf,
    keep: Keep,
}

/// All that is left to the end of the handshake.
pub(crate) struct End {
    config: Arc<ServerConfig>,
    secrets: Secrets,
    keep: Keep,
    /// The pre-shared key that a session will go back to.
    psk: Option<PskMark>,
    /// The keys of our Finished, while it is still to be sent.
    write: Option<Sealer>,
}

/// Where the session goes once the client's Finished is right.
enum Keep {
    Nowhere,
    Ticket(Arc<dyn Tickets>),
    Id { store: Arc<dyn ServerStore>, id: Vec<u8> },
}

/// From the fork on: the version is agreed; the ClientHello is absorbed already, so that `flow.now().raw()` has it.
pub(crate) fn start(
    flow: &mut Flow<'_>,
    from: Box<Chosen>,
    hello: &ClientHello<'_>,
    version: ProtocolVersion,
) -> Result<handshake::State, Error> {
    let (rules, config, e) = (Rules::agreed(version)?, &from.config, &hello.extensions);
    if from.aligned.is_none() {
        let expected = "nothing behind ClientHello before it is answered";
        return Err(ErrorKind::UnexpectedMessage { got: HandshakeType::CLIENT_HELLO, expected }.into());
    }
    let secure_renegotiation = check_client(flow, hello, &config.policy)?;
    if e.ec_point_formats().is_some_and(|formats| !formats.0.contains(EcPointFormat::UNCOMPRESSED)) {
        return Err(illegal("ec_point_format_list", "lacks uncompressed", "RFC 8422 5.1.2"));
    }
    let extended_master_secret = rules.extensions && e.extended_master_secret().is_some();
    let encrypt_then_mac = rules.extensions && config.policy.encrypt_then_mac && e.encrypt_then_mac().is_some();
    if config.policy.require_extended_master_secret && !extended_master_secret {
        return Err(ErrorKind::InsufficientSecurity("an extended master secret").into());
    }
    keeps_extended(flow, extended_master_secret)?;
    flow.negotiated().secure_renegotiation = secure_renegotiation;
    flow.negotiated().peer_record_size_limit = e.record_size_limit().filter(|_| rules.extensions).map(|limit| limit.0);

    // A client with a ticket has made up its ID (RFC 5077 3.4).
    let ticket = e.session_ticket().filter(|_| rules.extensions).map(|t| t.0);
    let tickets = config.tickets.clone().filter(|_| ticket.is_some());
    let question = match (&tickets, ticket, &config.store) {
        (Some(tickets), Some(ticket @ [_, ..]), _) => {
            Some(Wait::OpenTicket { tickets: tickets.clone(), ticket: ticket.to_vec() })
        }
        (_, _, Some(store)) if !from.session_id.is_empty() => {
            Some(Wait::FindSession { store: store.clone(), id: from.session_id.clone() })
        }
        _ => None,
    };
    if let Some(Wait::FindSession { store, id }) = &question {
        flow.shared.kept = Some(Box::new(Kept::UnderId(store.clone(), id.clone())));
    }
    let (client_version, point_formats) = (hello.fixed.legacy_version.0, e.ec_point_formats().is_some());
    let has_ticket = ticket.is_some_and(|ticket| !ticket.is_empty());
    // What comes with a ticket names nothing by itself, nor does what a client of TLS 1.3 sends.
    let has_id =
        !has_ticket && !from.session_id.is_empty() && !from.summary.versions.contains(&ProtocolVersion::TLS1_3);
    let by = match question {
        Some(Wait::FindSession { .. }) => By::SessionId,
        _ if has_ticket => By::Ticket,
        _ => By::SessionId,
    };
    let draft = Draft {
        chosen: from,
        rules,
        client_version,
        extended_master_secret,
        encrypt_then_mac,
        point_formats,
        tickets,
        by,
    };
    match question {
        Some(question) => {
            flow.ask(question);
            Ok(State::Session(draft).into())
        }
        None if has_ticket || has_id => draft.decline(flow, Verdict::NotKept),
        None => draft.full(flow),
    }
}

impl Draft {
    fn found(self, flow: &mut Flow<'_>, found: Option<Secret>) -> Result<handshake::State, Error> {
        let agreeable =
            Agreeable { extended_master_secret: self.extended_master_secret, encrypt_then_mac: self.encrypt_then_mac };
        match resumable(flow, &self.chosen, self.rules, agreeable, found)? {
            Ok(resumption) => self.go_back(flow, resumption),
            Err(verdict) => self.decline(flow, verdict),
        }
    }

    /// The session is of no use.
    fn decline(self, flow: &mut Flow<'_>, verdict: Verdict) -> Result<handshake::State, Error> {
        flow.resumption(self.by, verdict);
        self.full(flow)
    }

    /// A session that goes back to a pre-shared key goes with it.
    fn go_back(self, flow: &mut Flow<'_>, resumption: Resumption) -> Result<handshake::State, Error> {
        match (&resumption.session.psk_identity, self.chosen.config.psks.clone()) {
            (Some(identity), Some(psks)) => {
                flow.ask(Wait::FindPsk { psks, identity: identity.clone(), context: None });
                Ok(State::GoingBack { draft: self, resumption }.into())
            }
            _ => self.resume(flow, resumption),
        }
    }

    fn went_back(
        self,
        flow: &mut Flow<'_>,
        resumption: Resumption,
        found: Option<&ExternalPsk>,
    ) -> Result<handshake::State, Error> {
        match (found, &resumption.session.psk) {
            (Some(psk), Some(mark)) if mark.is_of(psk) => self.resume(flow, resumption),
            _ => self.decline(flow, Verdict::PskGone),
        }
    }

    /// ServerHello and, right behind it, our last flight. The ticket is not renewed: the session ends when it was to end.
    fn resume(self, flow: &mut Flow<'_>, resumption: Resumption) -> Result<handshake::State, Error> {
        let Resumption { suite, master, session } = resumption;
        let agreed = self.agree(suite);
        keeps_encrypt_then_mac(flow, &agreed)?;
        flow.resumption(self.by, Verdict::Taken);
        agreed.settle(flow, true);
        let negotiated = flow.negotiated();
        negotiated.verified = session.is_certified().then(|| handshake::JUDGED_BEFORE.into());
        negotiated.peer_chain = session.chain;
        negotiated.peer_raw_key = session.raw_key;
        negotiated.psk_identity = session.psk_identity;
        self.greet(flow, agreed, &self.chosen.session_id, false, None)?;
        let mut secrets = Secrets::resume(flow, agreed, master);
        let (read, write) = secrets.keys(flow)?;
        secrets.finish(flow, write)?;
        flow.arm_read_keys(read);
        Ok(State::Finished(End { config: self.chosen.config, secrets, keep: Keep::Nowhere, psk: None, write: None })
            .into())
    }

    fn agree(&self, suite: &'static Suite) -> Agreed {
        let encrypt_then_mac = self.encrypt_then_mac && matches!(suite.bulk, BulkCipher::Cbc(..));
        Agreed { rules: self.rules, suite, extended_master_secret: self.extended_master_secret, encrypt_then_mac }
    }

    fn full(self, flow: &mut Flow<'_>) -> Result<handshake::State, Error> {
        let choice = choose(flow, &self.chosen, self.rules, self.encrypt_then_mac)?;
        let Choice { suite, credential, scheme, over } = choice;
        let agreed = self.agree(suite);
        keeps_encrypt_then_mac(flow, &agreed)?;
        let config = self.chosen.config.clone();
        let keep = match (&self.tickets, &config.store) {
            (Some(tickets), _) => Keep::Ticket(tickets.clone()),
            (None, Some(store)) => {
                let mut id = vec![0; 32];
                flow.shared.provider.random(&mut id)?;
                Keep::Id { store: store.clone(), id }
            }
            (None, None) => Keep::Nowhere,
        };
        flow.shared.kept = match &keep {
            Keep::Id { store, id } => Some(Box::new(Kept::UnderId(store.clone(), id.clone()))),
            Keep::Ticket(_) | Keep::Nowhere => None,
        };
        let id = match &keep {
            Keep::Id { id, .. } => id.as_slice(),
            Keep::Ticket(_) | Keep::Nowhere => &[],
        };
        agreed.settle(flow, false);
        self.greet(flow, agreed, id, matches!(keep, Keep::Ticket(_)), credential.as_deref())?;
        if let Some(credential) = &credential {
            self.show(flow, credential);
        }
        let key = credential.map(|c| c.key.clone());
        let half = OwnHalf::start(flow, suite, over, key.clone(), self.client_version)?;
        let server = Server { config, agreed, half, keep };
        match (key, scheme) {
            (Some(key), Some(scheme)) => {
                flow.ask(Wait::Signature { key, scheme, message: server.half.to_sign(flow) });
                Ok(State::Signature { server, scheme }.into())
            }
            _ => server.unsigned(flow),
        }
    }

    /// Sends Certificate, and CertificateStatus if there is one.
    fn show(&self, flow: &mut Flow<'_>, credential: &Arc<Credential>) {
        let shows = certificate_types::shown(&self.chosen.summary, credential);
        certificates::hold(flow, shows);
        certificates::send(flow, Some(credential));
        certificates::hold(flow, self.chosen.client_type);
        let certified = shows == CertificateType::X509;
        flow.shared.own = certified.then(|| credential.clone());
        if let Some(response) = credential.response().filter(|_| certified && self.chosen.summary.ocsp) {
            certificates::send_status(flow, response);
        }
    }
}

impl Server {
    /// Sends ServerKeyExchange, then what follows it.
    fn sign(
        self,
        flow: &mut Flow<'_>,
        scheme: SignatureScheme,
        signature: Result<Vec<u8>, Failure>,
    ) -> Result<handshake::State, Error> {
        let signature = signature.map_err(|Failure| not_signed("ServerKeyExchange"))?;
        self.half.send(flow, self.agreed.rules, None, Some((scheme, &signature)));
        flow.negotiated().scheme = Some(scheme);
        self.done(flow)
    }

    /// Sends ServerKeyExchange as it is, if there is something to say, then what follows it.
    fn unsigned(self, flow: &mut Flow<'_>) -> Result<handshake::State, Error> {
        let hint = self.agreed.suite.key_exchange.has_psk().then_some(self.config.psk_hint.as_slice());
        if hint.is_some_and(|hint| hint.len() > 0xffff) {
            return Err(ErrorKind::Config("a hint for pre-shared keys has 65535 bytes at most".into()).into());
        }
        self.half.send(flow, self.agreed.rules, hint, None);
        self.done(flow)
    }

    /// Sends CertificateRequest, if a certificate is asked for, and ServerHelloDone.
    fn done(self, flow: &mut Flow<'_>) -> Result<handshake::State, Error> {
        // Whom a pre-shared key proves is not asked for a certificate (RFC 4279 2, RFC 5489 2).
        let certified = self.agreed.suite.key_exchange.has_certificate();
        let Some(verifier) = self.config.client_auth.verifier().filter(|_| certified) else {
            flow.send(&Message::ServerHelloDone);
            flow.now().forget();
            return Ok(State::ClientKeyExchange { server: self, peer: None }.into());
        };
        let rules = self.agreed.rules;
        let schemes = rules.ours(&self.config.policy.schemes, &*flow.shared.provider);
        let is_rsa = |s: &SignatureScheme| matches!(KeyKind::of(*s), Some(KeyKind::Rsa | KeyKind::RsaPss));
        let rsa = schemes.iter().any(is_rsa);
        let ecdsa = !schemes.iter().all(is_rsa) && rules.extensions;
        let types: Vec<_> =
            [rsa.then_some(ClientCertificateType::RSA_SIGN), ecdsa.then_some(ClientCertificateType::ECDSA_SIGN)]
                .into_iter()
                .flatten()
                .collect();
        let mut authorities = verifier.authorities();
        // A hint, which is left out where it does not fit.
        if authorities.iter().map(|n| n.len() + 2).sum::<usize>() > 0xffff {
            authorities.clear();
        }
        flow.send(&Message::CertificateRequest(CertificateRequest {
            certificate_types: List::of(&types),
            schemes: rules.names_schemes().then_some(List::of(&schemes)),
            authorities: authorities.iter().map(|name| Opaque(name)).collect(),
        }));
        flow.send(&Message::ServerHelloDone);
        Ok(State::Certificate(self).into())
    }

    /// Reads the client's chain, and asks for a verdict.
    fn judge(self, flow: &mut Flow<'_>, message: &Certificate<'_>) -> Result<handshake::State, Error> {
        self.take(flow, message.list.is_empty(), |flow| certificates::read(flow, message))
    }

    /// The same with a raw key.
    fn judge_raw(self, flow: &mut Flow<'_>, message: &RawPublicKey<'_>) -> Result<handshake::State, Error> {
        self.take(flow, message.0.is_empty(), |flow| certificates::read_raw(flow, message))
    }

    fn take(
        self,
        flow: &mut Flow<'_>,
        empty: bool,
        read: impl FnOnce(&mut Flow<'_>) -> Result<PeerKey, Error>,
    ) -> Result<handshake::State, Error> {
        let verifier = match (&self.config.client_auth, empty) {
            (ClientAuth::Required(_), true) => {
                return Err(ErrorKind::NoCertificate { version: self.agreed.rules.version }.into());
            }
            (_, true) | (ClientAuth::None, _) => {
                return Ok(State::ClientKeyExchange { server: self, peer: None }.into());
            }
            (ClientAuth::Optional(verifier) | ClientAuth::Required(verifier), false) => verifier.clone(),
        };
        let peer = read(flow)?;
        // A client's key signs, whatever the key exchange.
        certificates::judge(flow, verifier, None, KeyExchangeKind::Ecdhe, &self.config.policy, false);
        Ok(State::Verdict { server: self, peer }.into())
    }

    fn judged(
        self,
        flow: &mut Flow<'_>,
        peer: PeerKey,
        verdict: Result<Verified, CertificateError>,
    ) -> Result<handshake::State, Error> {
        certificates::judged(flow, verdict)?;
        Ok(State::ClientKeyExchange { server: self, peer: Some(peer) }.into())
    }

    fn exchange(
        self,
        flow: &mut Flow<'_>,
        peer: Option<PeerKey>,
        message: &ClientKeyExchange<'_>,
    ) -> Result<handshake::State, Error> {
        let Self { config, agreed, half, keep } = self;
        let theirs = half.finish(flow, message.half)?;
        let answered = Answered { config, agreed, keep, peer, psk: None };
        match (message.identity, answered.config.psks.clone()) {
            (Some(identity), Some(psks)) => {
                flow.ask(Wait::FindPsk { psks, identity: identity.to_vec(), context: None });
                Ok(State::Psk { answered, theirs }.into())
            }
            _ => answered.with(flow, theirs, None),
        }
    }
}

impl End {
    /// ChangeCipherSpec is the one thing that may come.
    fn listen(self, flow: &mut Flow<'_>, read: Opener) -> Result<handshake::State, Error> {
        flow.now().forget();
        flow.arm_read_keys(read);
        Ok(State::Finished(self).into())
    }

    /// Checks the client's proof, over all messages before it.
    fn proven(
        self,
        flow: &mut Flow<'_>,
        read: Opener,
        peer: &PeerKey,
        message: &CertificateVerify<'_>,
    ) -> Result<handshake::State, Error> {
        let (provider, rules) = (flow.provider(), self.secrets.agreed.rules);
        let ours = rules.ours(&self.config.policy.schemes, &*provider);
        let scheme = rules.scheme(message.scheme, peer, &ours)?;
        let (signed_by, signed) = self.secrets.proof(flow.provider(), flow.before(), scheme);
        let old = &self.config.policy.certificates;
        peer.verify(&*provider, old, signed_by, true, &signed, message.signature)?;
        flow.negotiated().client_scheme = Some(scheme);
        self.listen(flow, read)
    }

    fn finished(mut self, flow: &mut Flow<'_>, message: &Finished<'_>) -> Result<handshake::State, Error> {
        self.secrets.check(flow, message)?;
        if self.write.is_none() {
            return Ok(self.secrets.connected(flow, With::Server { config: self.config }));
        }
        match &self.keep {
            Keep::Nowhere => self.send(flow),
            Keep::Ticket(tickets) => {
                let session = self.session(flow);
                flow.ask(Wait::SealTicket { tickets: tickets.clone(), session });
                Ok(State::Ticket(self).into())
            }
            Keep::Id { store, id } => {
                let session = self.session(flow);
                flow.ask(Wait::KeepSession { store: store.clone(), id: id.clone(), session });
                Ok(State::Kept(self).into())
            }
        }
    }

    /// What is to be found again in a ticket or under an ID.
    fn session(&self, flow: &Flow<'_>) -> Secret {
        let (agreed, negotiated) = (self.secrets.agreed, &flow.shared.negotiated);
        let session = ServerSession {
            psk_identity: negotiated.psk_identity.clone(),
            psk: self.psk.clone(),
            version: agreed.rules.version,
            suite: agreed.suite.number,
            since: flow.now,
            lifetime: LIFETIME,
            server_name: negotiated.server_name.clone(),
            alpn: negotiated.alpn.clone(),
            chain: negotiated.peer_chain.clone(),
            raw_key: negotiated.peer_raw_key.clone(),
            kind: ServerSessionKind::Classic {
                master: self.secrets.master.secret.clone(),
                extended_master_secret: agreed.extended_master_secret,
                encrypt_then_mac: agreed.encrypt_then_mac,
            },
            context: context(&self.config),
        };
        session.encode()
    }

    /// Sends the promised ticket; an empty one takes the promise back (RFC 5077 3.3).
    fn ticket(self, flow: &mut Flow<'_>, ticket: Option<(Vec<u8>, u32)>) -> Result<handshake::State, Error> {
        let (ticket, lifetime) = ticket.filter(|(t, _)| t.len() <= 0xffff).unwrap_or_default();
        let ticket_lifetime_hint = lifetime.min(LIFETIME);
        flow.send(&Message::NewSessionTicket(NewSessionTicket { ticket_lifetime_hint, ticket: Opaque(&ticket) }));
        self.send(flow)
    }

    /// Sends ChangeCipherSpec and Finished: the end.
    fn send(mut self, flow: &mut Flow<'_>) -> Result<handshake::State, Error> {
        if let Some(write) = self.write.take() {
            self.secrets.finish(flow, write)?;
        }
        Ok(self.secrets.connected(flow, With::Server { config: self.config }))
    }
}

/// For how many seconds a session may be resumed: a day (RFC 5246 F.1.4).
const LIFETIME: u32 = 86_400;

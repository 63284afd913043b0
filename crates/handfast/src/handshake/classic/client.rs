//! The classic handshake, seen from the client.
//!
//! ```text
//! ClientHello                     ->
//!                                 <-  ServerHello, Certificate, CertificateStatus*, ServerKeyExchange*,
//!                                     CertificateRequest*, ServerHelloDone
//! Certificate*, ClientKeyExchange,
//! CertificateVerify*,
//! [ChangeCipherSpec], Finished    ->
//!                                 <-  NewSessionTicket*, [ChangeCipherSpec], Finished
//! ```
//! Where a pre-shared key proves both, there is no Certificate, no CertificateRequest and no CertificateVerify; RSA_PSK has them all.
//! When a session is resumed, the server's last flight comes right after its ServerHello, and ours answers it.

use super::super::offer::Offered;
use super::super::{self as handshake, Flow, Input, certificate_types};
use super::key_exchange::{ServerHalf, proves};
use super::rules::Rules;
use super::secrets::{Agreed, Secrets};
use super::session::With;
use super::{certificates, server_hello};
use crate::alert::{Alert, AlertDescription};
use crate::config::{CertificateWanted, ClientConfig};
use crate::crypto::{Credential, Failure, KeyExchangeKind, KeyKind};
use crate::error::{Error, NothingInCommon, illegal, not_signed};
use crate::extension::SignedCertificateTimestamps;
use crate::message::{
    Certificate, CertificateRequest, CertificateStatus, CertificateVerify, Finished, Message, NewSessionTicket,
    RawPublicKey, ServerHello, ServerKeyExchange,
};
use crate::psk::ExternalPsk;
use crate::record::{Aligned, Opener, Sealer};
use crate::session::{ClassicClientSession, ClientSession, ClientSessionKind, SessionKey};
use crate::trace::By;
use crate::verify::{CertificateError, PeerKey, Verified};
use crate::wait::{Answer, Wait};
use crate::wire::numbers::{CertificateType, ClientCertificateType, ProtocolVersion, SignatureScheme};
use crate::wire::{Malformed, Problem};
use rustls_pki_types::ServerName;
use std::sync::Arc;

/// The states: what comes next, and what is known by then.
pub(crate) enum State {
    Certificate(Agreement),
    /// CertificateStatus, which was promised, or what follows it.
    CertificateStatus(Peer),
    /// The server's chain is being judged.
    Verdict(Peer),
    /// The same, where CertificateStatus did not come: then this message is next.
    Unstapled {
        peer: Peer,
        raw: Vec<u8>,
        aligned: Option<Aligned>,
    },
    /// ServerKeyExchange; or what follows it, where there is only a hint that it could bring.
    ServerKeyExchange(Peer),
    /// A pre-shared key is being chosen, by the server's hint.
    Psk(Server),
    /// CertificateRequest, or ServerHelloDone at once.
    CertificateRequest(Server),
    ServerHelloDone {
        server: Server,
        identity: Option<Identity>,
    },
    /// Our CertificateVerify is being signed.
    Signature {
        end: End,
        read: Opener,
        scheme: SignatureScheme,
    },
    /// The server has promised a ticket.
    NewSessionTicket {
        end: End,
        read: Opener,
    },
    /// After ChangeCipherSpec, for which the keys are armed.
    Finished(End),
}

impl State {
    pub(in super::super) fn step(self, flow: &mut Flow<'_>, input: Input<'_>) -> Result<handshake::State, Error> {
        use Answer as A;
        use Input::{Answer as Told, Message as Got};
        use Message as M;
        match (self, input) {
            (Self::Certificate(s), Got(M::Certificate(m), _)) => s.judge(flow, &m),
            (Self::Certificate(s), Got(M::RawPublicKey(m), _)) => s.judge_raw(flow, &m),
            (Self::CertificateStatus(s), Got(M::CertificateStatus(m), _)) => s.stapled(flow, &m),
            (
                Self::CertificateStatus(s),
                Got(M::ServerKeyExchange(_) | M::CertificateRequest(_) | M::ServerHelloDone, aligned),
            ) => s.unstapled(flow, aligned),
            (Self::Verdict(s), Told(A::Verdict(verdict))) => s.judged(flow, verdict),
            (Self::Unstapled { peer, raw, aligned }, Told(A::Verdict(verdict))) => {
                let next = peer.judged(flow, verdict)?;
                next.step(flow, Got(Message::decode(&raw, flow.shared.dialect)?, aligned))
            }
            (Self::ServerKeyExchange(s), Got(M::ServerKeyExchange(m), _)) => s.exchange(flow, &m),
            (Self::ServerKeyExchange(s), next @ Got(M::CertificateRequest(_) | M::ServerHelloDone, _))
                if s.may_be_silent() =>
            {
                s.unheard().step(flow, next)
            }
            (Self::Psk(s), Told(A::Psks(psks))) => s.hinted(psks),
            (Self::CertificateRequest(s), Got(M::CertificateRequest(m), _)) => s.requested(flow, &m),
            (Self::CertificateRequest(s), Got(M::ServerHelloDone, Some(_))) => s.reply(flow, None),
            (Self::ServerHelloDone { server, identity }, Got(M::ServerHelloDone, Some(_))) => {
                server.reply(flow, identity)
            }
            (Self::Signature { end, read, scheme }, Told(A::Signature(signature))) => {
                end.prove(flow, read, scheme, signature)
            }
            (Self::NewSessionTicket { end, read }, Got(M::NewSessionTicket(m), Some(_))) => end.ticket(flow, read, &m),
            (Self::Finished(s), Got(M::Finished(m), Some(_))) => s.finished(flow, &m),
            // A request for what is going on already is ignored, and no part of the handshake (RFC 5246 7.4.1.1).
            (state, Got(M::HelloRequest, _)) => {
                flow.leave_transcript();
                Ok(state.into())
            }
            (state, input) => Err(flow.unexpected(&input, state.expects())),
        }
    }

    pub(in super::super) fn expects(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "Certificate",
            Self::CertificateStatus(_) => "CertificateStatus, or what follows it",
            Self::ServerKeyExchange(s) if s.may_be_silent() => "ServerKeyExchange, or what follows it",
            Self::ServerKeyExchange(_) => "ServerKeyExchange",
            Self::CertificateRequest(_) => "CertificateRequest or ServerHelloDone, and nothing behind it",
            Self::ServerHelloDone { .. } => "ServerHelloDone, and nothing behind it",
            Self::NewSessionTicket { .. } => "NewSessionTicket, and nothing behind it",
            Self::Finished(_) => "Finished, and nothing behind it",
            Self::Verdict(_) | Self::Unstapled { .. } | Self::Psk(_) | Self::Signature { .. } => {
                "nothing, before the question is answered"
            }
        }
    }
}

/// What the hellos agreed.
pub(crate) struct Agreement {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    key: SessionKey,
    agreed: Agreed,
    /// The version in the ClientHello.
    offered_version: [u8; 2],
    /// The session's ID, if the server gave it one.
    session_id: Vec<u8>,
    /// The server has promised a ticket.
    promised: bool,
    /// The server has said that CertificateStatus may come.
    status: bool,
    /// What certificates hold.
    types: certificate_types::Agreed,
    /// The pre-shared key, where the suite takes one: that which is used without a hint.
    psk: Option<ExternalPsk>,
}

/// ... and the server's key, from its certificate; none where a pre-shared key proves it.
pub(crate) struct Peer {
    agreement: Agreement,
    key: Option<PeerKey>,
}

/// ... and its half of the key exchange.
pub(crate) struct Server {
    agreement: Agreement,
    half: ServerHalf,
}

/// What a CertificateRequest is answered with: a credential and a scheme for its key, or an empty list.
pub(crate) struct Identity(Option<(Arc<Credential>, SignatureScheme)>);

/// All that is left to the end of the handshake.
pub(crate) struct End {
    agreement: Agreement,
    secrets: Secrets,
    /// The keys of our Finished, while it is still to be sent.
    write: Option<Sealer>,
    /// A new ticket, and its lifetime in seconds as the server sees it.
    ticket: Option<(Vec<u8>, u32)>,
}

/// From the fork on: the version is agreed, the ServerHello is being stepped.
pub(crate) fn start(
    flow: &mut Flow<'_>,
    mut from: Box<Offered>,
    hello: &ServerHello<'_>,
    version: ProtocolVersion,
) -> Result<handshake::State, Error> {
    let agreed = server_hello::accept(flow, &from, hello, Rules::agreed(version)?)?;
    let offered = from.by();
    let resumed = server_hello::resumed(&mut from, hello, agreed)?;
    let by_psk = agreed.suite.key_exchange.has_psk().then_some(By::ExternalPsk);
    flow.accepted(offered, resumed.as_ref().map(|(session, _)| session.by()).or(by_psk));
    flow.shared.server_random = *hello.fixed.random;
    let types = certificate_types::answered(&from.config, &hello.extensions, resumed.is_some())?;
    agreed.settle(flow, resumed.is_some());
    certificates::hold(flow, types.server);
    let agreement = Agreement {
        offered_version: from.legacy_version(),
        config: from.config,
        name: from.name,
        key: from.key,
        agreed,
        session_id: hello.fixed.session_id.to_vec(),
        promised: hello.extensions.session_ticket().is_some(),
        status: hello.extensions.status_request().is_some() && types.server == CertificateType::X509,
        types,
        psk: from.psk.filter(|_| agreed.suite.key_exchange.has_psk()),
    };
    match resumed {
        None if !agreed.suite.key_exchange.has_certificate() => Ok(Peer { agreement, key: None }.next().into()),
        None => {
            if let Some(SignedCertificateTimestamps::List(scts)) = hello.extensions.signed_certificate_timestamps() {
                flow.negotiated().stapled.get_or_insert_default().scts = scts.iter().map(|sct| sct.to_vec()).collect();
            }
            Ok(State::Certificate(agreement).into())
        }
        // What there is said of a certificate is of no matter: none is shown (RFC 6962 3.3.1).
        Some((session, classic)) => agreement.resume(flow, session, classic),
    }
}

impl Agreement {
    fn resume(
        self,
        flow: &mut Flow<'_>,
        session: ClientSession,
        classic: ClassicClientSession,
    ) -> Result<handshake::State, Error> {
        flow.shared.judged = session.judged;
        flow.negotiated().peer_chain = session.chain;
        flow.negotiated().verified =
            self.agreed.suite.key_exchange.has_certificate().then(|| handshake::JUDGED_BEFORE.into());
        flow.negotiated().peer_raw_key = session.raw_key;
        flow.negotiated().psk_identity = session.psk_identity;
        let secrets = Secrets::resume(flow, self.agreed, classic.master);
        let (read, write) = secrets.keys(flow)?;
        End { agreement: self, secrets, write: Some(write), ticket: None }.listen(flow, read)
    }

    /// Reads the server's chain. It is judged before anything secret is sent.
    fn judge(self, flow: &mut Flow<'_>, message: &Certificate<'_>) -> Result<handshake::State, Error> {
        if message.list.is_empty() {
            return Err(Malformed { field: "certificate_list", at: 0, problem: Problem::Length }.into());
        }
        let key = certificates::read(flow, message)?;
        self.take(flow, key)
    }

    /// The same with a raw key.
    fn judge_raw(self, flow: &mut Flow<'_>, message: &RawPublicKey<'_>) -> Result<handshake::State, Error> {
        if message.0.is_empty() {
            return Err(Malformed { field: "ASN.1_subjectPublicKeyInfo", at: 0, problem: Problem::Length }.into());
        }
        let key = certificates::read_raw(flow, message)?;
        self.take(flow, key)
    }

    fn take(self, flow: &mut Flow<'_>, key: PeerKey) -> Result<handshake::State, Error> {
        let (policy, suite) = (&self.config.policy, self.agreed.suite);
        // The next one is our own.
        certificates::hold(flow, self.types.client);
        if !proves(key.kind, suite) {
            return Err(illegal("certificate_list", "holds a key that does not fit the suite", "RFC 5246 7.4.2"));
        }
        if key.curve.is_some_and(|curve| !policy.groups.contains(&curve)) {
            return Err(illegal("certificate_list", "holds a key on a curve that was not offered", "RFC 8422 5.3"));
        }
        let (status, peer) = (self.status, Peer { agreement: self, key: Some(key) });
        if status {
            return Ok(State::CertificateStatus(peer).into());
        }
        peer.ask(flow);
        Ok(State::Verdict(peer).into())
    }
}

impl Peer {
    /// Asks for a verdict.
    fn ask(&self, flow: &mut Flow<'_>) {
        let Agreement { config, name, agreed, .. } = &self.agreement;
        let (verifier, name, policy) = (config.verifier.clone(), Some(name.clone()), &config.policy);
        certificates::judge(flow, verifier, name, agreed.suite.key_exchange, policy, config.ocsp);
    }

    fn stapled(self, flow: &mut Flow<'_>, message: &CertificateStatus<'_>) -> Result<handshake::State, Error> {
        certificates::read_status(flow, message);
        self.ask(flow);
        Ok(State::Verdict(self).into())
    }

    /// A server may change its mind (RFC 6066 8). What it sends instead waits for the verdict.
    fn unstapled(self, flow: &mut Flow<'_>, aligned: Option<Aligned>) -> Result<handshake::State, Error> {
        let raw = flow.newest().unwrap_or_default().to_vec();
        self.ask(flow);
        Ok(State::Unstapled { peer: self, raw, aligned }.into())
    }

    fn judged(
        self,
        flow: &mut Flow<'_>,
        verdict: Result<Verified, CertificateError>,
    ) -> Result<handshake::State, Error> {
        certificates::judged(flow, verdict)?;
        // A key that encrypts signs nothing, where its length would be looked at.
        let Agreement { config, agreed, .. } = &self.agreement;
        if let Some(key) = self.key.as_ref().filter(|_| agreed.suite.key_exchange.has_rsa()) {
            key.is_long_enough(&config.policy.certificates)?;
        }
        Ok(self.next().into())
    }

    /// What comes once there is no doubt who the server is.
    fn next(self) -> State {
        match self.agreement.agreed.suite.key_exchange {
            KeyExchangeKind::Rsa => self.unheard(),
            _ => State::ServerKeyExchange(self),
        }
    }

    /// Whether ServerKeyExchange could bring only a hint, without which it is left out (RFC 4279 2, 4).
    fn may_be_silent(&self) -> bool {
        matches!(self.agreement.agreed.suite.key_exchange, KeyExchangeKind::Psk | KeyExchangeKind::RsaPsk)
    }

    /// Without ServerKeyExchange.
    fn unheard(self) -> State {
        let Self { agreement, key } = self;
        Server { agreement, half: ServerHalf::without(key) }.next()
    }

    /// A hint has the pre-shared key chosen once more.
    fn exchange(self, flow: &mut Flow<'_>, message: &ServerKeyExchange<'_>) -> Result<handshake::State, Error> {
        let Self { agreement, key } = self;
        let half = ServerHalf::read(flow, agreement.agreed.rules, &agreement.config.policy, key, message)?;
        let (psks, hint) = (agreement.config.psks.clone(), message.hint.filter(|hint| !hint.is_empty()));
        let name = agreement.name.clone();
        let server = Server { agreement, half };
        match (psks, hint) {
            (Some(psks), Some(hint)) => {
                flow.ask(Wait::OfferPsks { psks, server: name, hint: Some(hint.to_vec()) });
                Ok(State::Psk(server).into())
            }
            _ => Ok(server.next().into()),
        }
    }
}

impl Server {
    /// What comes behind ServerKeyExchange: whom a pre-shared key proves is not asked for a certificate (RFC 4279 2, RFC 5489 2).
    fn next(self) -> State {
        match self.agreement.agreed.suite.key_exchange.has_certificate() {
            true => State::CertificateRequest(self),
            false => State::ServerHelloDone { server: self, identity: None },
        }
    }

    /// The first key that goes with the hint is used.
    fn hinted(mut self, psks: Vec<ExternalPsk>) -> Result<handshake::State, Error> {
        let Some(psk) = psks.into_iter().find(ExternalPsk::is_classic) else {
            return Err(NothingInCommon::PskHint.into());
        };
        self.agreement.psk = Some(psk);
        Ok(self.next().into())
    }

    /// Chooses a certificate that the server can take.
    fn requested(self, flow: &mut Flow<'_>, message: &CertificateRequest<'_>) -> Result<handshake::State, Error> {
        let (config, rules) = (&self.agreement.config, self.agreement.agreed.rules);
        let listed = message.schemes.iter().flat_map(|list| list.iter());
        let mut theirs = rules.theirs(listed);
        theirs.retain(|s| message.certificate_types.contains(type_of(*s)));
        let mut common = rules.ours(config.policy.signs_with(), &*flow.shared.provider);
        common.retain(|s| theirs.contains(s));
        let authorities: Vec<&[u8]> = message.authorities.iter().map(|a| a.0).collect();
        let what = self.agreement.types.client;
        // The list is for certificates, too (RFC 5246 7.4.4).
        let in_certificates: Vec<_> = message.schemes.iter().flat_map(|list| list.iter()).collect();
        let wanted = CertificateWanted::new(rules.version, &common).signed_by(&in_certificates).of(&authorities);
        let identity = match config.credential(&wanted, what) {
            Err(why) => {
                flow.shows_none(why);
                Identity(None)
            }
            Ok(credential) => match credential.classic_scheme_among(&common) {
                _ if !credential.shows(what) => return Err(certificate_types::cannot_show(&credential, what)),
                Some(scheme) => Identity(Some((credential, scheme))),
                None => {
                    return Err(
                        NothingInCommon::Scheme { theirs, ours: credential.key.classic_schemes().to_vec() }.into()
                    );
                }
            },
        };
        Ok(State::ServerHelloDone { server: self, identity: Some(identity) }.into())
    }

    /// Our flight, up to what needs a signature.
    fn reply(self, flow: &mut Flow<'_>, identity: Option<Identity>) -> Result<handshake::State, Error> {
        let Self { agreement, half } = self;
        let (agreed, rules) = (agreement.agreed, agreement.agreed.rules);
        let shows_none = matches!(identity, Some(Identity(None)));
        let proof = match identity {
            None => None,
            // SSL 3.0 says by a warning what is said by an empty list from TLS 1.0 on (RFC 6101 5.5.2).
            Some(Identity(None)) if rules.no_certificate_alert => {
                flow.warn(Alert::warning(AlertDescription::NO_CERTIFICATE))?;
                None
            }
            Some(Identity(identity)) => {
                certificates::send(flow, identity.as_ref().map(|(credential, _)| &**credential));
                identity
            }
        };
        let psk = agreement.psk.as_ref();
        if let Some(psk) = psk {
            flow.negotiated().psk_identity = Some(psk.identity.clone());
            if !shows_none {
                let name = String::from_utf8_lossy(&psk.identity).escape_debug().to_string();
                let why = "was used: see that the server has the same under this name";
                flow.shared.unshown = Some(format!("the pre-shared key \"{name}\" {why}").into());
            }
            // That the server has it will have to be seen at its Finished.
            flow.shared.judged = flow.now;
        }
        let premaster = half.answer(flow, rules, agreement.offered_version, psk)?;
        let secrets = Secrets::agree(flow, agreed, &premaster);
        let (read, write) = secrets.keys(flow)?;
        let end = End { agreement, secrets, write: Some(write), ticket: None };
        let Some((credential, scheme)) = proof else { return end.send(flow, read) };
        let (signed_by, message) = end.secrets.proof(flow.provider(), flow.now(), scheme);
        flow.ask(Wait::Signature { key: credential.key.clone(), scheme: signed_by, message });
        Ok(State::Signature { end, read, scheme }.into())
    }
}

impl End {
    /// Sends CertificateVerify, then what follows it.
    fn prove(
        self,
        flow: &mut Flow<'_>,
        read: Opener,
        scheme: SignatureScheme,
        signature: Result<Vec<u8>, Failure>,
    ) -> Result<handshake::State, Error> {
        let signature = signature.map_err(|Failure| not_signed("CertificateVerify"))?;
        let named = self.secrets.agreed.rules.names_schemes().then_some(scheme);
        flow.send(&Message::CertificateVerify(CertificateVerify { scheme: named, signature: &signature }));
        flow.negotiated().client_scheme = Some(scheme);
        self.send(flow, read)
    }

    /// Sends ChangeCipherSpec and Finished, then waits for the server's.
    fn send(mut self, flow: &mut Flow<'_>, read: Opener) -> Result<handshake::State, Error> {
        flow.now().forget();
        if let Some(write) = self.write.take() {
            self.secrets.finish(flow, write)?;
        }
        self.listen(flow, read)
    }

    /// The read keys are armed once ChangeCipherSpec is the one thing that may come.
    fn listen(self, flow: &mut Flow<'_>, read: Opener) -> Result<handshake::State, Error> {
        if self.agreement.promised {
            return Ok(State::NewSessionTicket { end: self, read }.into());
        }
        flow.arm_read_keys(read);
        Ok(State::Finished(self).into())
    }

    /// An empty ticket takes the promise back (RFC 5077 3.3).
    fn ticket(
        mut self,
        flow: &mut Flow<'_>,
        read: Opener,
        message: &NewSessionTicket<'_>,
    ) -> Result<handshake::State, Error> {
        let ticket = message.ticket.0;
        self.ticket = (!ticket.is_empty()).then(|| (ticket.to_vec(), message.ticket_lifetime_hint));
        flow.arm_read_keys(read);
        Ok(State::Finished(self).into())
    }

    fn finished(mut self, flow: &mut Flow<'_>, message: &Finished<'_>) -> Result<handshake::State, Error> {
        self.secrets.check(flow, message)?;
        if let Some(write) = self.write.take() {
            self.secrets.finish(flow, write)?;
        }
        // The server is content with what it was shown.
        flow.shared.unshown = None;
        self.remember(flow);
        let Agreement { config, name, offered_version, .. } = self.agreement;
        let hello_version = ProtocolVersion(u16::from_be_bytes(offered_version));
        Ok(self.secrets.connected(flow, With::Client { config, name, hello_version }))
    }

    /// Keeps the session, by ticket rather than by ID. What was resumed without a new ticket is kept already.
    fn remember(&mut self, flow: &mut Flow<'_>) {
        let Agreement { config, key, agreed, session_id, .. } = &self.agreement;
        let Some(store) = &config.store else { return };
        // A lifetime of 0 leaves it to us (RFC 5077 3.3).
        let (id, ticket, lifetime) = match self.ticket.take() {
            Some((ticket, hint)) => (Vec::new(), ticket, hint),
            None if flow.negotiated().resumed => return,
            None if session_id.is_empty() => return store.forget(key),
            None => (session_id.clone(), Vec::new(), 0),
        };
        let negotiated = flow.negotiated();
        let (chain, alpn) = (negotiated.peer_chain.clone(), negotiated.alpn.clone());
        let (raw_key, psk_identity) = (negotiated.peer_raw_key.clone(), negotiated.psk_identity.clone());
        let session = ClientSession {
            psk_identity,
            version: agreed.rules.version,
            suite: agreed.suite.number,
            since: flow.now,
            judged: flow.shared.judged,
            lifetime,
            chain,
            rules: config.policy.certificates,
            raw_key,
            alpn,
            kind: ClientSessionKind::Classic(ClassicClientSession {
                id,
                ticket,
                master: self.secrets.master.secret.clone(),
                extended_master_secret: agreed.extended_master_secret,
                encrypt_then_mac: agreed.encrypt_then_mac,
            }),
        };
        store.put(key, session);
    }
}

/// The type of a client certificate whose key signs by this scheme (RFC 8422 5.5).
fn type_of(scheme: SignatureScheme) -> ClientCertificateType {
    match KeyKind::of(scheme) {
        Some(KeyKind::Ecdsa | KeyKind::Ed25519) => ClientCertificateType::ECDSA_SIGN,
        _ => ClientCertificateType::RSA_SIGN,
    }
}

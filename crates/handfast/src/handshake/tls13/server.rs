//! The TLS 1.3 handshake, seen from the server.

use super::super::answer::Chosen;
use super::super::{Flow, Input};
use super::accept::{self, GoingBack, Resuming, Using};
use super::authentication::{
    ask_verdict, check_finished, check_signature, decompress, judged, send_finished, send_signature, take_chain,
};
use super::choice;
use super::retry::{Remembering, Retried, remember};
use super::secrets::{application_secrets, read_under, resumption_secret, ticket_psk, write_under};
use super::{Traffic, WEEK, early, last_in_record};
use crate::Time;
use crate::config::{ClientAuth, ServerConfig};
use crate::crypto::{Failure, Suite};
use crate::error::{Error, ErrorKind};
use crate::extension::{
    CertificateAuthorities, CompressCertificate, EarlyData, Extension, Extensions, SignatureAlgorithms,
    SignatureAlgorithmsCert, StatusRequest,
};
use crate::keys::{ApplicationSecrets, HandshakeSecrets, MasterOf13, Secret, TrafficSecret};
use crate::message::{
    Certificate, CertificateRequest13, CertificateVerify, ClientHello, CompressedCertificate, Dialect, Finished,
    HEADER, Message, NewSessionTicket13, ServerHelloFixed,
};
use crate::psk::PskMark;
use crate::record::Aligned;
use crate::session::{self, ServerSession, ServerSessionKind};
use crate::verify::{CertificateError, Verified, Verifier};
use crate::wait::{Answer, HelloSummary, Wait};
use crate::wire::numbers::{CompressionMethod, ExtensionType, HandshakeType, ProtocolVersion, SignatureScheme};
use crate::wire::{List, Opaque, grease};
use std::sync::Arc;

/// The states, in the order of the handshake.
pub(crate) enum State {
    /// A cookie is being opened, which came with what is a first ClientHello to us.
    Cookie(Remembering),
    /// A cookie is being sealed.
    Baking(Retried),
    /// HelloRetryRequest is sent.
    Retried(Retried),
    /// A ticket is being opened.
    Ticket(Resuming),
    /// The external PSK is being looked for that a session goes back to.
    GoingBack(GoingBack),
    /// An external PSK is being looked for.
    Psk(Resuming),
    /// Whether early data comes for the first time is being looked up.
    FirstUse(Using),
    /// Our CertificateVerify is being signed.
    Signature(Signing),
    /// Our flight is sent; the client shall show a certificate.
    Certificate(Answered),
    /// The client's chain is being judged.
    Verdict(Answered),
    /// Its chain is good; is it the client's?
    CertificateVerify(Answered),
    /// Our flight is sent; early data comes, up to its end.
    EarlyData(Answered),
    /// The end of the client's flight.
    Finished(Answered),
    /// The client has finished too; a ticket is being sealed.
    Sealing(Sealing),
}

/// ServerHello is sent, and the handshake's keys are in use.
pub(crate) struct Keyed {
    pub(super) chosen: Box<Chosen>,
    pub(super) suite: &'static Suite,
    pub(super) secrets: HandshakeSecrets,
    /// How many tickets the client will get.
    pub(super) tickets: usize,
    /// When the client was authenticated, if it was: now, or in the handshake that is resumed.
    pub(super) since: Time,
    /// By a PSK, so that there are no certificates.
    pub(super) by_psk: bool,
    /// Which, if it is an external one, or a session goes back to one.
    pub(super) psk: Option<PskMark>,
    /// Early data is accepted.
    pub(super) early: bool,
}

/// And our signature is being made.
pub(crate) struct Signing {
    pub(super) keyed: Keyed,
    pub(super) scheme: SignatureScheme,
}

/// Our Finished is sent.
pub(crate) struct Answered {
    keyed: Keyed,
    master: MasterOf13,
    application: ApplicationSecrets,
}

/// Tickets are being sealed, one by one.
pub(crate) struct Sealing {
    config: Arc<ServerConfig>,
    traffic: Traffic,
    resumption: TrafficSecret,
    /// What goes into a ticket, with a key of its own in each.
    session: ServerSession,
    /// How many the client will get.
    wanted: usize,
    /// How many were asked for: the nonce of the newest.
    count: u32,
    age_add: u32,
}

pub(super) type Next = Result<super::super::State, Error>;

impl State {
    pub(in super::super) fn step(self, flow: &mut Flow<'_>, input: Input<'_>) -> Next {
        use Input::Message as In;
        match (self, input) {
            (Self::Cookie(s), Input::Answer(Answer::Session(found))) => s.opened(flow, found),
            (Self::Baking(s), Input::Answer(Answer::Ticket(cookie))) => s.sealed(flow, cookie),
            (Self::Retried(s), In(Message::ClientHello(m), aligned)) => s.hello(flow, &m, aligned),
            (Self::Ticket(s), Input::Answer(Answer::Session(found))) => s.opened(flow, found),
            (Self::GoingBack(s), Input::Answer(Answer::Psk(found))) => s.found(flow, found),
            (Self::Psk(s), Input::Answer(Answer::Psk(found))) => s.found(flow, found),
            (Self::FirstUse(s), Input::Answer(Answer::FirstUse(first))) => s.first(flow, first),
            (Self::Signature(s), Input::Answer(Answer::Signature(a))) => s.signed(flow, a),
            (Self::Certificate(s), In(Message::Certificate(m), _)) => s.certificate(flow, &m),
            (Self::Certificate(s), In(Message::CompressedCertificate(m), _)) => s.compressed(flow, &m),
            (Self::Verdict(s), Input::Answer(Answer::Verdict(v))) => s.judged(flow, v),
            (Self::CertificateVerify(s), In(Message::CertificateVerify(m), _)) => s.verify(flow, &m),
            (Self::EarlyData(s), In(Message::EndOfEarlyData, aligned)) => s.end_of_early_data(flow, aligned),
            (Self::Finished(s), In(Message::Finished(m), aligned)) => s.finished(flow, &m, aligned),
            (Self::Sealing(s), Input::Answer(Answer::Ticket(sealed))) => s.sealed(flow, sealed),
            (state, input) => Err(flow.unexpected(&input, state.expected())),
        }
    }

    pub(in super::super) const fn expected(&self) -> &'static str {
        match self {
            Self::Retried(_) => "a second ClientHello",
            Self::Certificate(_) => "Certificate",
            Self::CertificateVerify(_) => "CertificateVerify",
            Self::EarlyData(_) => "EndOfEarlyData",
            Self::Finished(_) => "Finished",
            Self::Cookie(_)
            | Self::Baking(_)
            | Self::Ticket(_)
            | Self::GoingBack(_)
            | Self::Psk(_)
            | Self::FirstUse(_)
            | Self::Signature(_)
            | Self::Verdict(_)
            | Self::Sealing(_) => "an answer",
        }
    }
}

/// From the fork on: TLS 1.3 is agreed; the ClientHello is absorbed already, so that `flow.now().raw()` has it.
pub(crate) fn start(flow: &mut Flow<'_>, from: Box<Chosen>, hello: &ClientHello<'_>) -> Next {
    if hello.fixed.legacy_version != ProtocolVersion::TLS1_2 {
        return Err(ErrorKind::LegacyVersion(hello.fixed.legacy_version).into());
    }
    flow.agree(ProtocolVersion::TLS1_3, Dialect::Tls13);
    flow.shared.compat_ccs_may_come = true;
    if hello.extensions.early_data().is_some() {
        early::expect(flow, &from);
    }
    let suite = choice::suite(&from.config, hello)?;
    flow.negotiated().suite = Some(suite.number);
    let group = choice::group(&from.config, &*flow.provider(), hello);
    let Some(cookies) = from.config.cookies.clone() else {
        return accept::start(flow, from, suite, group, hello, None);
    };
    match hello.extensions.cookie() {
        Some(cookie) => remember(flow, from, suite, cookies, cookie),
        None => accept::start(flow, from, suite, group, hello, None),
    }
}

/// What ServerHello and HelloRetryRequest have in common.
pub(super) fn fixed<'a>(chosen: &'a Chosen, suite: &Suite, random: &'a [u8; 32]) -> ServerHelloFixed<'a> {
    ServerHelloFixed {
        legacy_version: ProtocolVersion::TLS1_2,
        random,
        session_id: Opaque(&chosen.session_id),
        cipher_suite: suite.number,
        compression_method: CompressionMethod::NULL,
    }
}

/// Asks the client for a certificate, if the config wants one.
pub(super) fn request_certificate(flow: &mut Flow<'_>, config: &ServerConfig) -> Result<(), Error> {
    let Some(verifier) = config.client_auth.verifier() else { return Ok(()) };
    let raw = certificate_request(flow, config, verifier, &[])?;
    flow.send_raw(&raw);
    Ok(())
}

/// A CertificateRequest for what this verifier judges.
pub(super) fn certificate_request(
    flow: &Flow<'_>,
    config: &ServerConfig,
    verifier: &Arc<dyn Verifier>,
    context: &[u8],
) -> Result<Vec<u8>, Error> {
    let schemes = config.policy.accepts(&*flow.provider(), ProtocolVersion::TLS1_3)?;
    let algorithms = SignatureAlgorithms(List::of(&schemes));
    let mut list = vec![Extension::SignatureAlgorithms(algorithms)];
    let in_certificates = config.policy.accepts_in_certificates(ProtocolVersion::TLS1_3);
    list.extend(
        in_certificates.as_ref().map(|s| Extension::SignatureAlgorithmsCert(SignatureAlgorithmsCert(List::of(s)))),
    );
    let names = verifier.authorities();
    // A hint, which is left out where it does not fit into its extension.
    if (1..=0xff00_usize).contains(&names.iter().map(|n| n.len() + 2).sum()) {
        list.push(Extension::CertificateAuthorities(CertificateAuthorities(names.iter().map(|n| Opaque(n)).collect())));
    }
    if config.client_ocsp {
        list.push(Extension::StatusRequest(StatusRequest::Empty));
    }
    let compression = config.certificate_compression.as_ref().map(|c| c.numbers()).unwrap_or_default();
    if !compression.is_empty() {
        list.push(Extension::CompressCertificate(CompressCertificate(List::of(&compression))));
    }
    list.extend(greased(flow, config)?);
    let request = CertificateRequest13 { context, extensions: Extensions::of(list) };
    Ok(Message::CertificateRequest13(request).to_bytes())
}

/// An extension that nobody knows, if the config wants one (RFC 8701 4).
fn greased(flow: &Flow<'_>, config: &ServerConfig) -> Result<Option<Extension<'static>>, Error> {
    let mut random = [0];
    if config.grease {
        flow.shared.provider.random(&mut random)?;
    }
    Ok(config.grease.then(|| Extension::Unknown(ExtensionType(grease::grease(random[0])), &[])))
}

impl Signing {
    fn signed(self, flow: &mut Flow<'_>, signature: Result<Vec<u8>, Failure>) -> Next {
        send_signature(flow, self.scheme, signature)?;
        self.keyed.finish(flow)
    }
}

impl Keyed {
    /// The end of our flight. We write under the application's keys from here on, and still read under the handshake's, or those of
    /// early data.
    pub(super) fn finish(self, flow: &mut Flow<'_>) -> Next {
        send_finished(flow, &self.secrets.server);
        let master = self.secrets.master();
        let application = application_secrets(flow, self.suite, &master);
        write_under(flow, self.suite, &application.server)?;
        let asks = self.chosen.config.client_auth.verifier().is_some() && !self.by_psk;
        let early = self.early;
        flow.shared.answers_early = early;
        let answered = Answered { keyed: self, master, application };
        Ok(match (early, asks) {
            (true, _) => State::EarlyData(answered),
            (false, true) => State::Certificate(answered),
            (false, false) => State::Finished(answered),
        }
        .into())
    }
}

impl Answered {
    /// No more early data comes: what follows is under the handshake's keys.
    fn end_of_early_data(self, flow: &mut Flow<'_>, aligned: Option<Aligned>) -> Next {
        let expected = "nothing behind EndOfEarlyData in its record";
        let aligned = last_in_record(aligned, HandshakeType::END_OF_EARLY_DATA, expected)?;
        early::close(flow);
        let Keyed { suite, secrets, .. } = &self.keyed;
        read_under(flow, suite, &secrets.client, aligned)?;
        Ok(State::Finished(self).into())
    }

    fn compressed(self, flow: &mut Flow<'_>, message: &CompressedCertificate<'_>) -> Next {
        let compression = self.keyed.chosen.config.certificate_compression.as_deref();
        let certificate = decompress(flow, compression, message)?;
        self.certificate(flow, &Certificate::from_body(&certificate)?)
    }

    fn certificate(self, flow: &mut Flow<'_>, message: &Certificate<'_>) -> Next {
        let config = &self.keyed.chosen.config;
        take_chain(flow, message, self.keyed.chosen.client_type, |kind| {
            config.client_ocsp && kind == ExtensionType::STATUS_REQUEST
        })?;
        match &config.client_auth {
            ClientAuth::Required(_) if message.list.is_empty() => {
                Err(ErrorKind::NoCertificate { version: ProtocolVersion::TLS1_3 }.into())
            }
            ClientAuth::Required(verifier) | ClientAuth::Optional(verifier) if !message.list.is_empty() => {
                ask_verdict(flow, verifier, None, &config.policy, config.client_ocsp);
                Ok(State::Verdict(self).into())
            }
            _ => Ok(State::Finished(self).into()),
        }
    }

    fn judged(self, flow: &mut Flow<'_>, verdict: Result<Verified, CertificateError>) -> Next {
        judged(flow, verdict)?;
        Ok(State::CertificateVerify(self).into())
    }

    fn verify(self, flow: &mut Flow<'_>, message: &CertificateVerify<'_>) -> Next {
        let scheme = check_signature(flow, &self.keyed.chosen.config.policy, message)?;
        flow.negotiated().client_scheme = Some(scheme);
        Ok(State::Finished(self).into())
    }

    /// The client is done, and so is the handshake.
    fn finished(self, flow: &mut Flow<'_>, message: &Finished<'_>, aligned: Option<Aligned>) -> Next {
        let Self { keyed: Keyed { chosen, suite, secrets, tickets, since, psk, .. }, master, application } = self;
        check_finished(flow, &secrets.client, message)?;
        let aligned = last_in_record(aligned, HandshakeType::FINISHED, "nothing behind Finished in its record")?;
        flow.shared.compat_ccs_may_come = false;
        read_under(flow, suite, &application.client, aligned)?;
        let resumption = resumption_secret(flow, master);
        let mut traffic = Traffic::new(suite, application.client, application.server, None);
        if chosen.config.post_handshake_auth && can_be_asked(&chosen.summary)? {
            traffic.asks(chosen.config.clone(), chosen.client_type, flow.now().fork());
        }
        // Nothing follows our close_notify, which may have answered early data.
        if tickets == 0 || flow.writer.is_closed() {
            flow.connected();
            return Ok(traffic.into());
        }
        let Chosen { config, summary, alpn, .. } = *chosen;
        let session = ServerSession {
            version: ProtocolVersion::TLS1_3,
            suite: suite.number,
            since,
            lifetime: WEEK,
            server_name: summary.server_name,
            alpn,
            chain: flow.negotiated().peer_chain.clone(),
            psk_identity: flow.negotiated().psk_identity.clone(),
            psk,
            kind: ServerSessionKind::Tls13 { psk: Secret::copy(&[]), age_add: 0, issued: flow.now, max_early_data: 0 },
            raw_key: flow.negotiated().peer_raw_key.clone(),
            context: session::context(&config),
        };
        Sealing { config, traffic, resumption, session, wanted: tickets, count: 0, age_add: 0 }.next(flow)
    }
}

/// Whether the client may be asked for a certificate after the handshake (RFC 9846 4.3.6).
fn can_be_asked(summary: &HelloSummary) -> Result<bool, Error> {
    let hello = ClientHello::from_body(summary.raw.get(HEADER..).unwrap_or_default())?;
    Ok(hello.extensions.post_handshake_auth().is_some())
}

impl Sealing {
    /// Has one more ticket sealed; when there are enough, the connection is made.
    fn next(mut self, flow: &mut Flow<'_>) -> Next {
        let tickets =
            self.config.tickets.clone().filter(|_| (self.count as usize) < self.wanted && !flow.writer.is_closed());
        let Some(tickets) = tickets else {
            flow.connected();
            return Ok(self.traffic.into());
        };
        let provider = flow.provider();
        let mut age_add = [0; 4];
        provider.random(&mut age_add)?;
        self.age_add = u32::from_be_bytes(age_add);
        self.count += 1;
        let psk = ticket_psk(flow, &self.resumption, &self.count.to_be_bytes());
        let (age_add, issued) = (self.age_add, flow.now);
        self.session.kind = ServerSessionKind::Tls13 { psk, age_add, issued, max_early_data: self.max_early_data() };
        flow.ask(Wait::SealTicket { tickets, session: self.session.encode() });
        Ok(State::Sealing(self).into())
    }

    /// How much early data may come with a ticket.
    fn max_early_data(&self) -> u32 {
        self.config.early_data.as_ref().map_or(0, |e| e.max_early_data_size)
    }

    /// Sends it. A chain of resumptions ends a week after the handshake that it began with.
    fn sealed(self, flow: &mut Flow<'_>, sealed: Option<(Vec<u8>, u32)>) -> Next {
        let age = flow.now.seconds_since(self.session.since);
        let left = WEEK.saturating_sub(u32::try_from(age).unwrap_or(WEEK));
        let good = |(ticket, lifetime): &(Vec<u8>, u32)| *lifetime > 0 && (1..=0xffff).contains(&ticket.len());
        if let Some((ticket, lifetime)) = sealed.filter(good)
            && left > 0
            && !flow.writer.is_closed()
        {
            let nonce = self.count.to_be_bytes();
            let early = Some(self.max_early_data()).filter(|most| *most > 0);
            let early = early.map(|most| Extension::EarlyData(EarlyData(Some(most))));
            let extensions = early.into_iter().chain(greased(flow, &self.config)?).collect();
            let ticket = NewSessionTicket13 {
                lifetime: lifetime.min(left),
                age_add: self.age_add,
                nonce: &nonce,
                ticket: &ticket,
                extensions: Extensions::of(extensions),
            };
            flow.send_apart(&Message::NewSessionTicket13(ticket).to_bytes());
        }
        self.next(flow)
    }
}

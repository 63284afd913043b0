//! The TLS 1.3 handshake, seen from the server.

use super::super::answer::Chosen;
use super::super::{Flow, Input, JUDGED_BEFORE};
use super::authentication::{
    Extras, ask_signature, ask_verdict, check_finished, check_signature, decompress, judged, send_certificate,
    send_finished, send_signature, take_chain,
};
use super::choice::{self, Group, Offer, TicketCount};
use super::{
    CLIENT_APPLICATION, SERVER_APPLICATION, Traffic, WEEK, application_secrets, last_in_record, read_under,
    use_handshake_keys, write_under,
};
use crate::Time;
use crate::config::{ClientAuth, ServerConfig};
use crate::crypto::{Digest, Failure, Response, Suite};
use crate::error::{Error, ErrorKind};
use crate::extension::{
    Alpn, CertificateAuthorities, CompressCertificate, Extension, Extensions, KeyShare, KeyShareEntry, PreSharedKey,
    RecordSizeLimit, ServerNameExtension, SignatureAlgorithms, StatusRequest, SupportedVersions, TicketRequest,
};
use crate::keys::{ApplicationSecrets, EarlySecret, HandshakeSecrets, MasterOf13, Secret, TrafficSecret};
use crate::message::{
    Certificate, CertificateRequest13, CertificateVerify, ClientHello, CompressedCertificate, Dialect,
    EncryptedExtensions, Finished, HEADER, HELLO_RETRY_REQUEST_RANDOM, Message, NewSessionTicket13, ServerHello,
    ServerHelloFixed,
};
use crate::record::Aligned;
use crate::session::{self, ServerSession, ServerSessionKind};
use crate::verify::{CertificateError, Verified, Verifier};
use crate::wait::{Answer, HelloSummary, Wait};
use crate::wire::numbers::{
    CertificateCompressionAlgorithm, CompressionMethod, ExtensionType, HandshakeType, NamedGroup, ProtocolVersion,
    SignatureScheme,
};
use crate::wire::{List, Opaque};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// How many bytes of early data are skipped, at most.
const SKIPPED: usize = 1 << 14;

/// The states, in the order of the handshake.
pub(crate) enum State {
    /// HelloRetryRequest is sent.
    Retried(Retried),
    /// A ticket is being opened.
    Ticket(Resuming),
    /// Our CertificateVerify is being signed.
    Signature(Signing),
    /// Our flight is sent; the client shall show a certificate.
    Certificate(Answered),
    /// The client's chain is being judged.
    Verdict(Answered),
    /// Its chain is good; is it the client's?
    CertificateVerify(Answered),
    /// The end of the client's flight.
    Finished(Answered),
    /// The client has finished too; a ticket is being sealed.
    Sealing(Sealing),
}

/// What was agreed when a share was asked for.
pub(crate) struct Retried {
    chosen: Chosen,
    suite: &'static Suite,
    group: NamedGroup,
}

/// What the hellos agree on, before ServerHello is sent.
pub(crate) struct Agreed {
    chosen: Chosen,
    suite: &'static Suite,
    group: NamedGroup,
    exchange: Response,
    tickets: TicketCount,
    /// By what our certificate is compressed.
    compression: Option<CertificateCompressionAlgorithm>,
}

/// Whether a session is resumed hangs on a ticket.
pub(crate) struct Resuming {
    agreed: Agreed,
    offer: Offer,
    /// Those to be tried after this one, the next one last.
    others: Vec<Offer>,
    /// What binders cover.
    truncated: Digest,
}

/// ServerHello is sent, and the handshake's keys are in use.
pub(crate) struct Keyed {
    chosen: Chosen,
    suite: &'static Suite,
    secrets: HandshakeSecrets,
    /// How many tickets the client will get.
    tickets: usize,
    /// When the client was authenticated, if it was: now, or in the handshake that is resumed.
    since: Time,
}

/// And our signature is being made.
pub(crate) struct Signing {
    keyed: Keyed,
    scheme: SignatureScheme,
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

type Next = Result<super::super::State, Error>;

impl State {
    pub(in super::super) fn step(self, flow: &mut Flow<'_>, input: Input<'_>) -> Next {
        use Input::Message as In;
        match (self, input) {
            (Self::Retried(s), In(Message::ClientHello(m), aligned)) => s.hello(flow, &m, aligned),
            (Self::Ticket(s), Input::Answer(Answer::Session(found))) => s.opened(flow, found),
            (Self::Signature(s), Input::Answer(Answer::Signature(a))) => s.signed(flow, a),
            (Self::Certificate(s), In(Message::Certificate(m), _)) => s.certificate(flow, &m),
            (Self::Certificate(s), In(Message::CompressedCertificate(m), _)) => s.compressed(flow, &m),
            (Self::Verdict(s), Input::Answer(Answer::Verdict(v))) => s.judged(flow, v),
            (Self::CertificateVerify(s), In(Message::CertificateVerify(m), _)) => s.verify(flow, &m),
            (Self::Finished(s), In(Message::Finished(m), aligned)) => s.finished(flow, &m, aligned),
            (Self::Sealing(s), Input::Answer(Answer::Ticket(sealed))) => s.sealed(flow, sealed),
            (state, input) => Err(flow.unexpected(&input, state.expected())),
        }
    }

    const fn expected(&self) -> &'static str {
        match self {
            Self::Retried(_) => "a second ClientHello",
            Self::Certificate(_) => "Certificate",
            Self::CertificateVerify(_) => "CertificateVerify",
            Self::Finished(_) => "Finished",
            Self::Ticket(_) | Self::Signature(_) | Self::Verdict(_) | Self::Sealing(_) => "an answer",
        }
    }
}

/// From the fork on: TLS 1.3 is agreed; the ClientHello is absorbed already, so that `flow.now().raw()` has it.
pub(crate) fn start(flow: &mut Flow<'_>, from: Chosen, hello: &ClientHello<'_>) -> Next {
    if hello.fixed.legacy_version != ProtocolVersion::TLS1_2 {
        return Err(ErrorKind::LegacyVersion(hello.fixed.legacy_version).into());
    }
    flow.agree(ProtocolVersion::TLS1_3, Dialect::Tls13);
    flow.shared.compat_ccs_may_come = true;
    if hello.extensions.early_data().is_some() {
        // It is never accepted: it could be anybody's, and come twice (RFC 9846 8).
        flow.skip_early_data(SKIPPED);
    }
    let suite = choice::suite(&from.config, hello)?;
    flow.negotiated().suite = Some(suite.number);
    match choice::group(&from.config, &*flow.provider(), hello)? {
        Group::Shared(share) => accept(flow, from, suite, share, hello),
        Group::Wanted(group) => retry(flow, from, suite, group),
    }
}

/// Sends HelloRetryRequest: the client can do this group, and sent no share for it (RFC 9846 4.2.4).
fn retry(flow: &mut Flow<'_>, mut chosen: Chosen, suite: &'static Suite, group: NamedGroup) -> Next {
    let expected = "nothing behind ClientHello in its record";
    last_in_record(chosen.aligned.take(), HandshakeType::CLIENT_HELLO, expected)?;
    let provider = flow.provider();
    flow.now().replace_with_hash(&*provider, suite.hash);
    let extensions = Extensions::of(vec![
        Extension::SupportedVersions(SupportedVersions::Selected(ProtocolVersion::TLS1_3)),
        Extension::KeyShare(KeyShare::Retry(group)),
    ]);
    let fixed = fixed(&chosen, suite, &HELLO_RETRY_REQUEST_RANDOM);
    flow.send(&Message::HelloRetryRequest(ServerHello { fixed, extensions }));
    if !chosen.session_id.is_empty() {
        flow.compat_ccs()?;
    }
    flow.negotiated().retried = true;
    Ok(State::Retried(Retried { chosen, suite, group }).into())
}

/// What ServerHello and HelloRetryRequest have in common.
fn fixed<'a>(chosen: &'a Chosen, suite: &Suite, random: &'a [u8; 32]) -> ServerHelloFixed<'a> {
    ServerHelloFixed {
        legacy_version: ProtocolVersion::TLS1_2,
        random,
        session_id: Opaque(&chosen.session_id),
        cipher_suite: suite.number,
        compression_method: CompressionMethod::NULL,
    }
}

impl Retried {
    fn hello(self, flow: &mut Flow<'_>, hello: &ClientHello<'_>, aligned: Option<Aligned>) -> Next {
        let Self { mut chosen, suite, group } = self;
        let first = ClientHello::from_body(chosen.summary.raw.get(HEADER..).unwrap_or_default())?;
        let share = choice::check_second(&first, hello, group)?;
        chosen.aligned = aligned;
        accept(flow, chosen, suite, share, hello)
    }
}

/// The client has sent all that is needed: ends the key exchange, and looks at the tickets.
fn accept(
    flow: &mut Flow<'_>,
    chosen: Chosen,
    suite: &'static Suite,
    share: KeyShareEntry<'_>,
    hello: &ClientHello<'_>,
) -> Next {
    let (provider, group) = (flow.provider(), share.group);
    let bad_share = |_| Error::from(ErrorKind::BadKeyShare(group));
    let exchange = provider.respond(group, share.key_exchange.0).map_err(bad_share)?;
    let negotiated = flow.negotiated();
    negotiated.group = Some(group);
    negotiated.peer_record_size_limit = hello.extensions.record_size_limit().map(|limit| limit.0);
    let tickets = choice::tickets(&chosen.config, hello)?;
    let truncated = choice::truncated(&*provider, suite, flow.now(), hello);
    flow.now().start(&*provider, suite.hash);
    flow.now().forget();
    let counts = choice::ticket_count(&chosen.config, hello);
    let how = chosen.config.certificate_compression.as_ref().zip(hello.extensions.compress_certificate());
    let compression = how.and_then(|(ours, theirs)| ours.common(theirs.0));
    Agreed { chosen, suite, group, exchange, tickets: counts, compression }.resume(flow, tickets, truncated)
}

impl Agreed {
    /// Has the next ticket opened; when there is none left, the handshake is a full one.
    fn resume(self, flow: &mut Flow<'_>, mut offers: Vec<Offer>, truncated: Digest) -> Next {
        match (offers.pop(), &self.chosen.config.tickets) {
            (Some(mut offer), Some(tickets)) => {
                flow.ask(Wait::OpenTicket { tickets: tickets.clone(), ticket: std::mem::take(&mut offer.ticket) });
                Ok(State::Ticket(Resuming { agreed: self, offer, others: offers, truncated }).into())
            }
            _ => self.full(flow),
        }
    }

    /// ServerHello, under whose keys all that follows goes.
    fn hello(self, flow: &mut Flow<'_>, early: EarlySecret, resumed: Option<(u16, Time)>) -> Result<Keyed, Error> {
        let Self { mut chosen, suite, group, exchange, tickets, .. } = self;
        let expected = "nothing behind ClientHello in its record";
        let aligned = last_in_record(chosen.aligned.take(), HandshakeType::CLIENT_HELLO, expected)?;
        let mut random = [0; 32];
        flow.shared.provider.random(&mut random)?;
        flow.shared.server_random = random;
        let share = KeyShareEntry { group, key_exchange: Opaque(&exchange.share) };
        let selected = resumed.map(|(index, _)| Extension::PreSharedKey(PreSharedKey::Selected(index)));
        let mut extensions: Vec<_> = selected.into_iter().collect();
        extensions.extend([
            Extension::KeyShare(KeyShare::Server(share)),
            Extension::SupportedVersions(SupportedVersions::Selected(ProtocolVersion::TLS1_3)),
        ]);
        let fixed = fixed(&chosen, suite, &random);
        flow.send(&Message::ServerHello(ServerHello { fixed, extensions: Extensions::of(extensions) }));
        if !chosen.session_id.is_empty() {
            flow.compat_ccs()?;
        }
        let secrets = early.handshake(Some(&exchange.secret), &flow.now().hash());
        use_handshake_keys(flow, suite, &secrets, aligned)?;

        let mut extensions = Vec::new();
        // Not when a session is resumed (RFC 6066 3).
        if chosen.summary.server_name.is_some() && resumed.is_none() {
            extensions.push(Extension::ServerName(ServerNameExtension(Vec::new())));
        }
        extensions.extend(chosen.alpn.as_deref().map(|protocol| Extension::Alpn(Alpn(vec![protocol]))));
        let count = tickets.of(resumed.is_some());
        if tickets.asked {
            let expected = u8::try_from(count).unwrap_or(u8::MAX);
            flow.negotiated().tickets = Some(expected);
            extensions.push(Extension::TicketRequest(TicketRequest::Expected(expected)));
        }
        if let Some(theirs) = flow.shared.negotiated.peer_record_size_limit {
            let most = RecordSizeLimit::MOST;
            let ours = chosen.config.record_size_limit.map_or(most, |n| n.clamp(RecordSizeLimit::LEAST, most));
            // Both count the content type (RFC 8449 4).
            flow.limit_records(usize::from(theirs) - 1, usize::from(ours) - 1);
            extensions.push(Extension::RecordSizeLimit(RecordSizeLimit(ours)));
        }
        flow.send(&Message::EncryptedExtensions(EncryptedExtensions(Extensions::of(extensions))));
        let since = resumed.map_or(flow.now, |(_, since)| since);
        Ok(Keyed { chosen, suite, secrets, tickets: count, since })
    }

    /// A handshake with certificates.
    fn full(self, flow: &mut Flow<'_>) -> Next {
        let chosen = &self.chosen;
        let (credential, scheme) = choice::credential(&chosen.config, &chosen.candidates, &chosen.summary)?;
        let (early, compression) = (EarlySecret::new(flow.provider(), self.suite.hash, None), self.compression);
        let keyed = self.hello(flow, early, None)?;
        flow.negotiated().scheme = Some(scheme);
        request_certificate(flow, &keyed.chosen.config)?;
        let (summary, ours) = (&keyed.chosen.summary, keyed.chosen.config.certificate_compression.as_deref());
        let wanted = Extras { ocsp: summary.ocsp, scts: summary.scts, compression };
        send_certificate(flow, Some(&credential), wanted, ours);
        ask_signature(flow, &credential, scheme);
        flow.shared.own = Some(credential);
        Ok(State::Signature(Signing { keyed, scheme }).into())
    }
}

impl Resuming {
    fn opened(self, flow: &mut Flow<'_>, found: Option<Secret>) -> Next {
        let Self { agreed, offer, others, truncated } = self;
        let Some(session) = found.as_ref().and_then(ServerSession::decode) else {
            return agreed.resume(flow, others, truncated);
        };
        let config = &agreed.chosen.config;
        let fits = session.usable(config, &session::context(config), flow.now)
            && session.version == ProtocolVersion::TLS1_3
            && Suite::find(session.suite).is_some_and(|old| old.hash == agreed.suite.hash)
            && session.server_name == agreed.chosen.summary.server_name;
        let psk = match session.kind {
            ServerSessionKind::Tls13 { psk, .. } if fits => psk,
            _ => return agreed.resume(flow, others, truncated),
        };
        let early = EarlySecret::new(flow.provider(), agreed.suite.hash, Some(&psk));
        if !bool::from(early.binder(&truncated).ct_eq(&offer.binder)) {
            return Err(Error::from(ErrorKind::BadBinder).during("ClientHello", true));
        }
        let negotiated = flow.negotiated();
        negotiated.resumed = true;
        negotiated.verified = (!session.chain.is_empty()).then(|| JUDGED_BEFORE.into());
        negotiated.peer_chain = session.chain;
        agreed.hello(flow, early, Some((offer.index, session.since)))?.finish(flow)
    }
}

/// Asks the client for a certificate, if the config wants one.
fn request_certificate(flow: &mut Flow<'_>, config: &ServerConfig) -> Result<(), Error> {
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
    let names = verifier.authorities();
    // A hint, which is left out where it does not fit into its extension.
    if (1..=0xfff0_usize).contains(&names.iter().map(|n| n.len() + 2).sum()) {
        list.push(Extension::CertificateAuthorities(CertificateAuthorities(names.iter().map(|n| Opaque(n)).collect())));
    }
    if config.client_ocsp {
        list.push(Extension::StatusRequest(StatusRequest::Empty));
    }
    let compression = config.certificate_compression.as_ref().map(|c| c.numbers()).unwrap_or_default();
    if !compression.is_empty() {
        list.push(Extension::CompressCertificate(CompressCertificate(List::of(&compression))));
    }
    let request = CertificateRequest13 { context, extensions: Extensions::of(list) };
    Ok(Message::CertificateRequest13(request).to_bytes())
}

impl Signing {
    fn signed(self, flow: &mut Flow<'_>, signature: Result<Vec<u8>, Failure>) -> Next {
        send_signature(flow, self.scheme, signature)?;
        self.keyed.finish(flow)
    }
}

impl Keyed {
    /// The end of our flight. We write under the application's keys from here on, and still read under the handshake's.
    fn finish(self, flow: &mut Flow<'_>) -> Next {
        send_finished(flow, &self.secrets.server);
        let master = self.secrets.master();
        let application = application_secrets(flow, self.suite, &master);
        write_under(flow, self.suite, &application.server, SERVER_APPLICATION)?;
        let asks = self.chosen.config.client_auth.verifier().is_some() && !flow.negotiated().resumed;
        let answered = Answered { keyed: self, master, application };
        Ok(if asks { State::Certificate(answered) } else { State::Finished(answered) }.into())
    }
}

impl Answered {
    fn compressed(self, flow: &mut Flow<'_>, message: &CompressedCertificate<'_>) -> Next {
        let compression = self.keyed.chosen.config.certificate_compression.as_deref();
        let certificate = decompress(flow, compression, message)?;
        flow.negotiated().certificate_compression = Some(message.algorithm);
        self.certificate(flow, &Certificate::from_body(&certificate)?)
    }

    fn certificate(self, flow: &mut Flow<'_>, message: &Certificate<'_>) -> Next {
        let config = &self.keyed.chosen.config;
        take_chain(flow, message, |kind| config.client_ocsp && kind == ExtensionType::STATUS_REQUEST)?;
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
        let Self { keyed: Keyed { chosen, suite, secrets, tickets, since }, master, application } = self;
        check_finished(flow, &secrets.client, message)?;
        let aligned = last_in_record(aligned, HandshakeType::FINISHED, "nothing behind Finished in its record")?;
        flow.shared.compat_ccs_may_come = false;
        read_under(flow, suite, &application.client, CLIENT_APPLICATION, aligned)?;
        let resumption = master.resumption(&flow.now().hash());
        let mut traffic = Traffic::new(suite, application.client, application.server, None);
        if chosen.config.post_handshake_auth && can_be_asked(&chosen.summary)? {
            traffic.asks(chosen.config.clone(), flow.now().fork());
        }
        if tickets == 0 {
            flow.connected();
            return Ok(traffic.into());
        }
        let Chosen { config, summary, alpn, .. } = chosen;
        let session = ServerSession {
            version: ProtocolVersion::TLS1_3,
            suite: suite.number,
            since,
            lifetime: WEEK,
            server_name: summary.server_name,
            alpn,
            chain: flow.negotiated().peer_chain.clone(),
            kind: ServerSessionKind::Tls13 { psk: Secret::copy(&[]), age_add: 0 },
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
        let tickets = self.config.tickets.clone().filter(|_| (self.count as usize) < self.wanted);
        let Some(tickets) = tickets else {
            flow.connected();
            return Ok(self.traffic.into());
        };
        let provider = flow.provider();
        let mut age_add = [0; 4];
        provider.random(&mut age_add)?;
        self.age_add = u32::from_be_bytes(age_add);
        self.count += 1;
        let psk = self.resumption.ticket_psk(&*provider, &self.count.to_be_bytes());
        self.session.kind = ServerSessionKind::Tls13 { psk, age_add: self.age_add };
        flow.ask(Wait::SealTicket { tickets, session: self.session.encode() });
        Ok(State::Sealing(self).into())
    }

    /// Sends it. A chain of resumptions ends a week after the handshake that it began with.
    fn sealed(self, flow: &mut Flow<'_>, sealed: Option<(Vec<u8>, u32)>) -> Next {
        let age = flow.now.seconds_since(self.session.since);
        let left = WEEK.saturating_sub(u32::try_from(age).unwrap_or(WEEK));
        let good = |(ticket, lifetime): &(Vec<u8>, u32)| *lifetime > 0 && (1..=0xffff).contains(&ticket.len());
        if let Some((ticket, lifetime)) = sealed.filter(good)
            && left > 0
        {
            let nonce = self.count.to_be_bytes();
            let ticket = NewSessionTicket13 {
                lifetime: lifetime.min(left),
                age_add: self.age_add,
                nonce: &nonce,
                ticket: &ticket,
                extensions: Extensions::of(Vec::new()),
            };
            flow.send_apart(&Message::NewSessionTicket13(ticket).to_bytes());
        }
        self.next(flow)
    }
}

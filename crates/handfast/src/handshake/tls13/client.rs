//! The TLS 1.3 handshake, seen from the client.

use super::super::offer::Offered;
use super::super::{Flow, Input, JUDGED_BEFORE, certificate_types};
use super::authentication::{
    Extras, ask_signature, ask_verdict, check_finished, check_signature, decompress, judged, send_certificate,
    send_finished, send_signature, take_chain,
};
use super::secrets::{
    application_secrets, early_secret, handshake_secrets, read_under, resumption_secret, write_under,
};
use super::{Traffic, early, last_in_record, no_context, only_asked, signs_handshakes};
use crate::config::{CertificateWanted, ClientConfig};
use crate::crypto::{Credential, Failure, KeyExchange, Suite};
use crate::error::{Error, ErrorKind, NothingInCommon, illegal};
use crate::extension::{KeyShare, PreSharedKey, RecordSizeLimit, SupportedVersions, TicketRequest};
use crate::keys::{ApplicationSecrets, HandshakeSecrets, MasterOf13, Secret};
use crate::message::{
    Certificate, CertificateRequest13, CertificateVerify, CompressedCertificate, Dialect, EncryptedExtensions,
    Finished, Message, ServerHello,
};
use crate::record::Aligned;
use crate::session::{ClientSession, ClientSessionKind};
use crate::trace::By;
use crate::verify::{CertificateError, Verified};
use crate::wait::Answer;
use crate::wire::numbers::{
    CertificateType, CompressionMethod, ExtensionType, HandshakeType, ProtocolVersion, PskKeyExchangeMode,
    SignatureScheme,
};
use crate::wire::{Malformed, Problem};
use std::sync::Arc;

/// The states, in the order of the handshake.
pub(crate) enum State {
    /// ServerHello has come; what need not be in the clear is next.
    EncryptedExtensions(Agreed),
    /// The server asks for our certificate, or shows its own.
    CertificateOrRequest(Agreed),
    /// It has asked, and must show its own.
    Certificate(Asked),
    /// Its chain is being judged.
    Verdict(Asked),
    /// Its chain is good; is it the server's?
    CertificateVerify(Asked),
    /// The end of the server's flight.
    Finished(Asked),
    /// Our own CertificateVerify is being signed.
    Signature(Signing),
}

/// What the hellos have agreed on.
pub(crate) struct Agreed {
    offered: Box<Offered>,
    suite: &'static Suite,
    secrets: HandshakeSecrets,
    /// A PSK authenticates the server: there are no certificates.
    by_psk: bool,
    /// What certificates hold: X.509, unless EncryptedExtensions says otherwise.
    types: certificate_types::Agreed,
}

/// And what the server wants of us.
pub(crate) struct Asked {
    agreed: Agreed,
    own: Own,
}

/// What we have to show.
pub(super) enum Own {
    /// Nothing was asked for.
    Unasked,
    /// Nothing that would do, and why.
    Nothing(Box<str>),
    /// This, with what the server would like with it, and how we sign.
    Certificate(Arc<Credential>, Extras, SignatureScheme),
}

/// The server has finished; we have not.
pub(crate) struct Ending {
    agreed: Agreed,
    master: MasterOf13,
    application: ApplicationSecrets,
}

/// And our signature is being made.
pub(crate) struct Signing {
    ending: Ending,
    scheme: SignatureScheme,
}

type Next = Result<super::super::State, Error>;

impl State {
    pub(in super::super) fn step(self, flow: &mut Flow<'_>, input: Input<'_>) -> Next {
        use Input::Message as In;
        match (self, input) {
            (Self::EncryptedExtensions(s), In(Message::EncryptedExtensions(m), _)) => s.extensions(flow, &m),
            (Self::CertificateOrRequest(s), In(Message::CertificateRequest13(m), _)) => s.request(flow, &m),
            (Self::CertificateOrRequest(s), In(Message::Certificate(m), _)) => s.unasked().certificate(flow, &m),
            (Self::CertificateOrRequest(s), In(Message::CompressedCertificate(m), _)) => {
                s.unasked().compressed(flow, &m)
            }
            (Self::Certificate(s), In(Message::Certificate(m), _)) => s.certificate(flow, &m),
            (Self::Certificate(s), In(Message::CompressedCertificate(m), _)) => s.compressed(flow, &m),
            (Self::Verdict(s), Input::Answer(Answer::Verdict(v))) => s.judged(flow, v),
            (Self::CertificateVerify(s), In(Message::CertificateVerify(m), _)) => s.verify(flow, &m),
            (Self::Finished(s), In(Message::Finished(m), aligned)) => s.finished(flow, &m, aligned),
            (Self::Signature(s), Input::Answer(Answer::Signature(a))) => s.signed(flow, a),
            (state, input) => Err(flow.unexpected(&input, state.expected())),
        }
    }

    pub(in super::super) const fn expected(&self) -> &'static str {
        match self {
            Self::EncryptedExtensions(_) => "EncryptedExtensions",
            Self::CertificateOrRequest(_) => "CertificateRequest or Certificate",
            Self::Certificate(_) => "Certificate",
            Self::CertificateVerify(_) => "CertificateVerify",
            Self::Finished(_) => "Finished",
            Self::Verdict(_) | Self::Signature(_) => "an answer",
        }
    }
}

/// From the fork on: the ServerHello, which selects TLS 1.3, is being stepped.
pub(crate) fn start(
    flow: &mut Flow<'_>,
    mut from: Box<Offered>,
    hello: &ServerHello<'_>,
    aligned: Option<Aligned>,
) -> Result<super::super::State, Error> {
    let suite = check_fixed(&from, hello)?;
    only_asked(&hello.extensions, |kind| from.extensions.contains(&kind))?;
    flow.agree(ProtocolVersion::TLS1_3, Dialect::Tls13);
    flow.shared.server_random = *hello.fixed.random;
    flow.negotiated().suite = Some(suite.number);
    let offered = from.by();
    let taken = selected_psk(&mut from, hello, suite)?;
    flow.accepted(offered, taken.as_ref().map(|taken| taken.whose.by()));
    let shared = finish_exchange(flow, &mut from, hello)?;
    let aligned = last_in_record(aligned, HandshakeType::SERVER_HELLO, "nothing behind ServerHello in its record")?;

    let provider = flow.provider();
    flow.now().start(&*provider, suite.hash);
    flow.now().forget();
    let early = early_secret(flow, suite.hash, taken.as_ref().map(|t| &t.secret));
    let secrets = handshake_secrets(flow, suite, early, shared.as_ref());
    // Early data is of the session, and of its suite.
    let of_session = taken.as_ref().is_some_and(|t| matches!(&t.whose, Whose::Session(s) if s.suite == suite.number));
    if from.early && !of_session {
        from.early = false;
        early::refused(flow);
        use_own_handshake_keys(flow, suite, &secrets)?;
    } else if !from.early {
        if !from.session_id.is_empty() {
            flow.compat_ccs()?;
        }
        use_own_handshake_keys(flow, suite, &secrets)?;
    }
    read_under(flow, suite, &secrets.server, aligned)?;
    let by_psk = taken.is_some();
    let negotiated = flow.negotiated();
    match taken.map(|t| t.whose) {
        Some(Whose::Session(session)) => {
            negotiated.resumed = true;
            let certified = !session.chain.is_empty() || session.raw_key.is_some();
            negotiated.verified = certified.then(|| JUDGED_BEFORE.into());
            negotiated.peer_chain = session.chain;
            negotiated.peer_raw_key = session.raw_key;
            negotiated.psk_identity = session.psk_identity;
            flow.shared.unshown = None;
            flow.shared.judged = session.judged;
        }
        Some(Whose::External(identity)) => {
            negotiated.psk_identity = Some(identity);
            flow.shared.unshown = None;
            flow.shared.judged = flow.now;
        }
        None => {}
    }
    Ok(State::EncryptedExtensions(Agreed { offered: from, suite, secrets, by_psk, types: certificate_types::X509 })
        .into())
}

/// From here on we write under the handshake's keys.
fn use_own_handshake_keys(flow: &mut Flow<'_>, suite: &Suite, secrets: &HandshakeSecrets) -> Result<(), Error> {
    write_under(flow, suite, &secrets.client)
}

/// A HelloRetryRequest is being stepped: checks it, replaces the transcript by its hash, and offers again
/// ([`Offered::again`](super::super::offer::Offered::again)).
pub(crate) fn retry(
    flow: &mut Flow<'_>,
    from: Box<Offered>,
    hello: &ServerHello<'_>,
    aligned: Option<Aligned>,
) -> Next {
    if from.retried.is_some() {
        let got = HandshakeType::SERVER_HELLO;
        return Err(ErrorKind::UnexpectedMessage { got, expected: "ServerHello, after one HelloRetryRequest" }.into());
    }
    let suite = check_fixed(&from, hello)?;
    only_asked(&hello.extensions, |kind| kind == ExtensionType::COOKIE || from.extensions.contains(&kind))?;
    match hello.extensions.supported_versions() {
        Some(SupportedVersions::Selected(ProtocolVersion::TLS1_3)) => {}
        Some(_) => return Err(illegal("supported_versions", "does not select TLS 1.3", "RFC 9846 4.2.4")),
        None => return Err(ErrorKind::MissingExtension(ExtensionType::SUPPORTED_VERSIONS).into()),
    }
    last_in_record(aligned, HandshakeType::SERVER_HELLO, "nothing behind HelloRetryRequest in its record")?;
    let provider = flow.provider();
    let group = match hello.extensions.key_share() {
        Some(KeyShare::Retry(group)) => Some(*group),
        _ => None,
    };
    let bad = |why| Err(illegal("key_share", why, "RFC 9846 4.3.8"));
    match group {
        Some(g) if !from.config.policy.groups.contains(&g) || !provider.groups().contains(&g) => {
            return bad("asks for a group that was not offered");
        }
        Some(g) if from.sent_shares.contains(&g) => return bad("asks for a share that was sent already"),
        _ => {}
    }
    let cookie = hello.extensions.cookie().map(|c| c.0);
    if group.is_none() && cookie.is_none() {
        return Err(illegal("HelloRetryRequest", "asks for no change", "RFC 9846 4.2.4"));
    }
    flow.agree(ProtocolVersion::TLS1_3, Dialect::Tls13);
    flow.transcript.replace_with_hash(&*provider, suite.hash);
    flow.now();
    if !from.session_id.is_empty() {
        flow.compat_ccs()?;
    }
    from.again(flow, group, cookie, suite)
}

/// What ServerHello and HelloRetryRequest have in common. Gives the suite.
fn check_fixed(from: &Offered, hello: &ServerHello<'_>) -> Result<&'static Suite, Error> {
    const RULE: &str = "RFC 9846 4.2.3";
    let fixed = &hello.fixed;
    if fixed.legacy_version != ProtocolVersion::TLS1_2 {
        return Err(ErrorKind::LegacyVersion(fixed.legacy_version).into());
    }
    if fixed.session_id.0 != from.session_id {
        return Err(illegal("legacy_session_id_echo", "is not the ID that was sent", RULE));
    }
    if fixed.compression_method != CompressionMethod::NULL {
        return Err(illegal("legacy_compression_method", "is not null", RULE));
    }
    let offered = from.config.policy.suites.contains(&fixed.cipher_suite);
    let suite = Suite::find(fixed.cipher_suite).filter(|s| offered && s.fits(ProtocolVersion::TLS1_3));
    let Some(suite) = suite else {
        return Err(illegal("cipher_suite", "is not one of TLS 1.3 that was offered", RULE));
    };
    if from.retried.is_some_and(|before| before != suite.number) {
        return Err(illegal("cipher_suite", "is not the one that the HelloRetryRequest named", "RFC 9846 4.2.4"));
    }
    Ok(suite)
}

/// The PSK that the server takes.
struct Taken {
    secret: Secret,
    whose: Whose,
}

/// What it says of the server.
#[allow(clippy::large_enum_variant, reason = "there is one, for as long as the server's flight takes")]
enum Whose {
    /// That it is who it was.
    Session(ClientSession),
    /// That it has an external PSK of this name.
    External(Vec<u8>),
}

impl Whose {
    fn by(&self) -> By {
        match self {
            Self::Session(_) => By::Psk,
            Self::External(_) => By::ExternalPsk,
        }
    }
}

/// The PSK, if the server takes one: the session's, if one was offered, stands first.
fn selected_psk(from: &mut Offered, hello: &ServerHello<'_>, suite: &Suite) -> Result<Option<Taken>, Error> {
    const RULE: &str = "RFC 9846 4.3.11";
    let Some(PreSharedKey::Selected(index)) = hello.extensions.pre_shared_key() else { return Ok(None) };
    let (own, sessions) = match &from.session {
        Some(ClientSession { kind: ClientSessionKind::Tls13(own), .. }) => (Some(own), 1),
        _ => (None, 0),
    };
    let external = usize::from(*index).checked_sub(sessions);
    let (hash, taken) = match (external, own, &from.session) {
        (None, Some(own), Some(session)) => {
            let taken = Taken { secret: own.psk.clone(), whose: Whose::Session(session.clone()) };
            (Suite::find(session.suite).map(|s| s.hash), taken)
        }
        (Some(n), ..) if n < from.external.len() => {
            let psk = from.external.swap_remove(n);
            (Some(psk.hash), Taken { secret: psk.secret, whose: Whose::External(psk.identity) })
        }
        _ => return Err(illegal("selected_identity", "lies outside of what was offered", RULE)),
    };
    match hash == Some(suite.hash) {
        true => Ok(Some(taken)),
        false => Err(illegal("cipher_suite", "has another hash than the key that was selected", RULE)),
    }
}

/// Ends the key exchange with the server's share; ours are used up. None where a PSK is used alone.
fn finish_exchange(flow: &mut Flow<'_>, from: &mut Offered, hello: &ServerHello<'_>) -> Result<Option<Secret>, Error> {
    let by_psk = hello.extensions.pre_shared_key().is_some();
    let modes = &from.config.policy.psk_modes;
    let share = match hello.extensions.key_share() {
        Some(KeyShare::Server(_)) if by_psk && !modes.contains(&PskKeyExchangeMode::PSK_DHE_KE) => {
            return Err(illegal("key_share", "is there, though only psk_ke was offered", "RFC 9846 4.3.9"));
        }
        Some(KeyShare::Server(share)) => share,
        _ if by_psk && modes.contains(&PskKeyExchangeMode::PSK_KE) => return Ok(None),
        _ if by_psk => {
            let why = "is missing, though a key is resumed only with a fresh exchange";
            return Err(illegal("key_share", why, "RFC 9846 4.3.11"));
        }
        _ => return Err(ErrorKind::MissingExtension(ExtensionType::KEY_SHARE).into()),
    };
    let group = share.group;
    let part = |of: &dyn KeyExchange| of.hybrid_part().map(|(group, _)| group);
    let mut shares = std::mem::take(&mut from.shares).into_iter();
    let own = shares.find(|x| x.group() == group || part(&**x) == Some(group));
    let Some(own) = own.filter(|_| from.sent_shares.contains(&group)) else {
        return Err(illegal("key_share", "is of a group that no share was sent for", "RFC 9846 4.3.8"));
    };
    flow.negotiated().group = Some(group);
    let peer = share.key_exchange.0;
    let shared = if own.group() == group { own.finish(peer) } else { own.finish_part(peer) };
    shared.map(Some).map_err(|_| ErrorKind::BadKeyShare(group).into())
}

impl Agreed {
    fn extensions(mut self, flow: &mut Flow<'_>, message: &EncryptedExtensions<'_>) -> Next {
        let extensions = &message.0;
        only_asked(extensions, |kind| self.offered.extensions.contains(&kind))?;
        self.types = certificate_types::answered(&self.offered.config, extensions, self.by_psk)?;
        if let Some(alpn) = extensions.alpn() {
            let chosen = self.offered.config.alpn.iter().find(|own| alpn.0 == [own.as_slice()]);
            let Some(chosen) = chosen else {
                return Err(illegal("protocol_name", "is not one of those offered", "RFC 7301 3.1"));
            };
            flow.negotiated().alpn = Some(chosen.clone());
        }
        if let Some(TicketRequest::Expected(count)) = extensions.ticket_request() {
            flow.negotiated().tickets = Some(*count);
        }
        if let Some(theirs) = extensions.record_size_limit() {
            flow.negotiated().peer_record_size_limit = Some(theirs.0);
            // Both count the content type (RFC 8449 4). Without a limit of ours the extension was not asked for.
            let ours = self.offered.config.record_size_limit.unwrap_or(RecordSizeLimit::MOST);
            flow.limit_records(usize::from(theirs.0) - 1, usize::from(ours) - 1);
        }
        self.early_data(flow, extensions.early_data().is_some())?;
        Ok(match self.by_psk {
            true => State::Finished(self.unasked()),
            false => State::CertificateOrRequest(self),
        }
        .into())
    }

    /// Whether the server takes early data.
    fn early_data(&mut self, flow: &mut Flow<'_>, accepted: bool) -> Result<(), Error> {
        const RULE: &str = "RFC 9846 4.3.10";
        match (accepted, self.offered.early) {
            (false, false) => Ok(()),
            (true, false) => Err(illegal("early_data", "is accepted without the session that it is of", RULE)),
            (false, true) => {
                self.offered.early = false;
                early::refused(flow);
                use_own_handshake_keys(flow, self.suite, &self.secrets)
            }
            (true, true) => {
                let of = flow.shared.early.as_ref().and_then(|e| e.alpn.clone());
                if flow.negotiated().alpn != of {
                    return Err(illegal("protocol_name", "is not that of the early data that is accepted", RULE));
                }
                flow.negotiated().early_data = Some(true);
                Ok(())
            }
        }
    }

    fn unasked(self) -> Asked {
        Asked { agreed: self, own: Own::Unasked }
    }

    /// Looks at once for what we have to show.
    fn request(self, _: &mut Flow<'_>, message: &CertificateRequest13<'_>) -> Next {
        no_context(message.context)?;
        let own = choose(&self.offered.config, message, self.types.client)?;
        Ok(State::Certificate(Asked { agreed: self, own }).into())
    }
}

/// What we have to show to one who asks so.
pub(super) fn choose(
    config: &ClientConfig,
    message: &CertificateRequest13<'_>,
    what: CertificateType,
) -> Result<Own, Error> {
    let Some(theirs) = message.extensions.signature_algorithms() else {
        return Err(ErrorKind::MissingExtension(ExtensionType::SIGNATURE_ALGORITHMS).into());
    };
    let common = |s: &SignatureScheme| signs_handshakes(*s) && theirs.0.contains(*s);
    let schemes: Vec<_> = config.policy.signs_with().iter().copied().filter(common).collect();
    let authorities = message.extensions.certificate_authorities();
    let authorities: Vec<&[u8]> = authorities.map(|a| a.0.iter().map(|n| n.0).collect()).unwrap_or_default();
    let raw_key = what == CertificateType::RAW_PUBLIC_KEY;
    let in_certificates = message.extensions.signature_algorithms_cert().map_or(theirs.0, |own| own.0);
    let in_certificates: Vec<_> = in_certificates.iter().collect();
    let wanted = CertificateWanted::new(ProtocolVersion::TLS1_3, &schemes).signed_by(&in_certificates).of(&authorities);
    let chosen = config.credential(&wanted, what);
    match chosen.map(|c| (c.schemes_among(&schemes).first().copied(), c)) {
        Err(why) => Ok(Own::Nothing(why)),
        Ok((_, credential)) if !credential.shows(what) => Err(certificate_types::cannot_show(&credential, what)),
        Ok((Some(scheme), credential)) => {
            let extensions = &message.extensions;
            let ocsp = extensions.status_request().is_some();
            let scts = extensions.signed_certificate_timestamps().is_some();
            let how = config.certificate_compression.as_ref().zip(extensions.compress_certificate());
            let compression = how.and_then(|(ours, theirs)| ours.common(theirs.0));
            Ok(Own::Certificate(credential, Extras { ocsp, scts, raw_key, compression }, scheme))
        }
        Ok((None, credential)) => {
            let (theirs, ours) = (theirs.0.iter().collect(), credential.key.schemes().to_vec());
            Err(NothingInCommon::Scheme { theirs, ours }.into())
        }
    }
}

impl Asked {
    fn compressed(self, flow: &mut Flow<'_>, message: &CompressedCertificate<'_>) -> Next {
        let compression = self.agreed.offered.config.certificate_compression.as_deref();
        let certificate = decompress(flow, compression, message)?;
        self.certificate(flow, &Certificate::from_body(&certificate)?)
    }

    fn certificate(self, flow: &mut Flow<'_>, message: &Certificate<'_>) -> Next {
        if message.list.is_empty() {
            // A server must have one (RFC 9846 4.5.1.3).
            return Err(Malformed { field: "certificate_list", at: 0, problem: Problem::Length }.into());
        }
        let offered = &self.agreed.offered;
        take_chain(flow, message, self.agreed.types.server, |kind| offered.extensions.contains(&kind))?;
        let (config, name) = (&offered.config, Some(offered.name.clone()));
        ask_verdict(flow, &config.verifier, name, &config.policy, config.ocsp);
        Ok(State::Verdict(self).into())
    }

    fn judged(self, flow: &mut Flow<'_>, verdict: Result<Verified, CertificateError>) -> Next {
        judged(flow, verdict)?;
        Ok(State::CertificateVerify(self).into())
    }

    fn verify(self, flow: &mut Flow<'_>, message: &CertificateVerify<'_>) -> Next {
        let scheme = check_signature(flow, &self.agreed.offered.config.policy, message)?;
        flow.negotiated().scheme = Some(scheme);
        Ok(State::Finished(self).into())
    }

    /// The server is done. Reads its data from here on, and makes our own flight.
    fn finished(self, flow: &mut Flow<'_>, message: &Finished<'_>, aligned: Option<Aligned>) -> Next {
        let Self { agreed, own } = self;
        check_finished(flow, &agreed.secrets.server, message)?;
        let aligned = last_in_record(aligned, HandshakeType::FINISHED, "nothing behind Finished in its record")?;
        flow.shared.compat_ccs_may_come = false;
        let master = agreed.secrets.master();
        let application = application_secrets(flow, agreed.suite, &master);
        read_under(flow, agreed.suite, &application.server, aligned)?;
        if agreed.offered.early {
            early::close(flow);
            flow.send(&Message::EndOfEarlyData);
            use_own_handshake_keys(flow, agreed.suite, &agreed.secrets)?;
        }
        let ending = Ending { agreed, master, application };
        match own {
            Own::Unasked => ending.finish(flow),
            Own::Nothing(why) => {
                flow.shows_none(why);
                send_certificate(flow, None, Extras::default(), None);
                ending.finish(flow)
            }
            Own::Certificate(credential, wanted, scheme) => {
                let config = ending.agreed.offered.config.clone();
                send_certificate(flow, Some(&credential), wanted, config.certificate_compression.as_deref());
                ask_signature(flow, &credential, scheme);
                Ok(State::Signature(Signing { ending, scheme }).into())
            }
        }
    }
}

impl Signing {
    fn signed(self, flow: &mut Flow<'_>, signature: Result<Vec<u8>, Failure>) -> Next {
        send_signature(flow, self.scheme, signature)?;
        flow.negotiated().client_scheme = Some(self.scheme);
        self.ending.finish(flow)
    }
}

impl Ending {
    fn finish(self, flow: &mut Flow<'_>) -> Next {
        let Self { agreed: Agreed { offered, suite, secrets, types, .. }, master, application } = self;
        send_finished(flow, &secrets.client);
        write_under(flow, suite, &application.client)?;
        let resumption = resumption_secret(flow, master);
        flow.connected();
        if let Some(group) = flow.negotiated().group {
            offered.remember(group);
        }
        let Offered { config, key, .. } = *offered;
        let store = config.store.clone();
        let keeper = store.map(|store| super::traffic::Keeper::new(store, key, resumption, config.policy.certificates));
        let mut traffic = Traffic::new(suite, application.server, application.client, keeper);
        if config.post_handshake_auth {
            traffic.answers(config, types.client, flow.now().fork());
        }
        Ok(traffic.into())
    }
}

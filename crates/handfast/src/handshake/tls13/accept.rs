//! A server's way from a ClientHello to its own hello: the PSK, if one is to be had, the key exchange, early data.

use super::super::answer::Chosen;
use super::super::{Flow, JUDGED_BEFORE, certificate_types};
use super::authentication::{Extras, ask_signature, send_certificate};
use super::choice::{self, Group, Kind, Offer, Psks, TicketCount};
use super::early::{self, Accepted};
use super::retry::retry;
use super::secrets::{binder, early_secret, handshake_secrets, read_under, write_under};
use super::server::{self, Keyed, Next, Signing, State};
use super::{last_in_record, own_and_theirs};
use crate::crypto::{HashAlgorithm, Response, Suite};
use crate::error::{Error, ErrorKind, NothingInCommon, illegal};
use crate::extension::{
    Alpn, EarlyData, Extension, Extensions, KeyShare, KeyShareEntry, PreSharedKey, RecordSizeLimit,
    ServerNameExtension, SupportedVersions, TicketRequest,
};
use crate::keys::{EarlySecret, PskKind, Secret};
use crate::message::{ClientHello, EncryptedExtensions, Message, ServerHello};
use crate::psk::{ExternalPsk, Name, PskMark};
use crate::session::{self, ServerSession, ServerSessionKind};
use crate::trace::{By, Verdict};
use crate::wait::Wait;
use crate::wire::Opaque;
use crate::wire::numbers::{
    CertificateCompressionAlgorithm, CertificateType, ExtensionType, HandshakeType, NamedGroup, ProtocolVersion,
    PskKeyExchangeMode,
};
use subtle::ConstantTimeEq;

/// What the hellos agree on, before ServerHello is sent.
pub(crate) struct Agreed {
    chosen: Box<Chosen>,
    suite: &'static Suite,
    exchange: Exchange,
    /// How a PSK may be used.
    mode: Option<PskKeyExchangeMode>,
    /// How many bytes the binders take at the end of the hello.
    binders_len: usize,
    tickets: TicketCount,
    /// By what our certificate is compressed.
    compression: Option<CertificateCompressionAlgorithm>,
    /// Early data comes behind the hello.
    early: bool,
    /// The client has to show a cookie first, which a HelloRetryRequest will give it.
    cookie: bool,
    /// After a HelloRetryRequest.
    retried: Option<Before>,
}

/// What a HelloRetryRequest was sent for.
#[derive(Clone, Copy)]
pub(super) struct Before {
    /// The group that a share was asked for.
    pub(super) share: Option<NamedGroup>,
    /// The first hello had an external PSK that is known here.
    pub(super) psk: bool,
}

/// The key exchange, as far as it is known whether there is to be one.
enum Exchange {
    Made(NamedGroup, Response),
    /// The client's share, untouched: with psk_ke, or before a HelloRetryRequest, it may not be needed.
    Share(NamedGroup, Vec<u8>),
    /// To be asked for by a HelloRetryRequest.
    Wanted(NamedGroup),
    /// There can be none.
    Impossible(Error),
    /// Taken out, to be carried on.
    Used,
}

impl Exchange {
    fn make(flow: &Flow<'_>, group: NamedGroup, share: &[u8]) -> Result<(NamedGroup, Response), Error> {
        let response = flow.shared.provider.respond(group, share);
        Ok((group, response.map_err(|_| Error::from(ErrorKind::BadKeyShare(group)))?))
    }
}

/// Whether a PSK is used hangs on what is found.
pub(crate) struct Resuming {
    agreed: Agreed,
    offer: Offer,
    /// Those to be tried after this one, the next one last.
    others: Vec<Offer>,
}

/// A PSK is chosen, and early data may be accepted with it if it never came before.
pub(crate) struct Using {
    agreed: Agreed,
    exchange: Option<(NamedGroup, Response)>,
    taken: Taken,
    secret: EarlySecret,
    room: u32,
}

/// The PSK that is used.
struct Taken {
    index: u16,
    secret: Secret,
    hash: HashAlgorithm,
    kind: PskKind,
    whose: Whose,
}

/// What a PSK says of the client.
enum Whose {
    Session(Box<ServerSession>),
    /// Its name, and how it is known again.
    External(Vec<u8>, PskMark),
}

impl Whose {
    fn by(&self) -> By {
        match self {
            Self::Session(_) => By::Psk,
            Self::External(..) => By::ExternalPsk,
        }
    }

    /// The external PSK by which the client was authenticated, now or in the handshake that is resumed.
    fn mark(&self) -> Option<&PskMark> {
        match self {
            Self::Session(session) => session.psk.as_ref(),
            Self::External(_, mark) => Some(mark),
        }
    }
}

/// A session that could be resumed goes back to an external PSK, which has to be known still.
pub(crate) struct GoingBack {
    resuming: Resuming,
    session: Box<ServerSession>,
}

/// Looks at what the client offers. `group` says what there is for a key exchange; `retried` is as in [`Agreed`].
pub(super) fn start(
    flow: &mut Flow<'_>,
    chosen: Box<Chosen>,
    suite: &'static Suite,
    group: Result<Group<'_>, Error>,
    hello: &ClientHello<'_>,
    retried: Option<Before>,
) -> Next {
    let Psks { mut mode, mut offers, binders_len } = choice::psks(&chosen.config, hello)?;
    if offers.is_empty() && hello.extensions.pre_shared_key().is_some() {
        flow.resumption(By::Psk, if mode.is_none() { Verdict::NoMode } else { Verdict::NotKept });
    }
    // Who was asked for a share has to use it.
    if retried.is_some_and(|r| r.share.is_some()) && mode == Some(PskKeyExchangeMode::PSK_KE) {
        mode = choice::mode_among(&[PskKeyExchangeMode::PSK_DHE_KE], &chosen.config, hello);
        offers.retain(|_| mode.is_some());
    }
    let cookie = retried.is_none() && chosen.config.cookies.as_ref().is_some_and(|c| c.always);
    let may_do_without = mode == Some(PskKeyExchangeMode::PSK_KE) && !offers.is_empty();
    let exchange = match group {
        Ok(Group::Shared(share)) if may_do_without || cookie => {
            Exchange::Share(share.group, share.key_exchange.to_vec())
        }
        Ok(Group::Shared(share)) => {
            let (group, response) = Exchange::make(flow, share.group, share.key_exchange.0)?;
            Exchange::Made(group, response)
        }
        Ok(Group::Wanted(group)) => Exchange::Wanted(group),
        Err(error) if offers.is_empty() => return Err(error),
        Err(error) => Exchange::Impossible(error),
    };
    if retried.is_some_and(|r| r.psk) && chosen.candidates.is_empty() && hello.extensions.pre_shared_key().is_none() {
        return Err(ErrorKind::MissingExtension(ExtensionType::PRE_SHARED_KEY).into());
    }
    flow.negotiated().peer_record_size_limit = hello.extensions.record_size_limit().map(|limit| limit.0);
    let tickets = choice::ticket_count(&chosen.config, hello);
    let how = chosen.config.certificate_compression.as_ref().zip(hello.extensions.compress_certificate());
    let compression = how.and_then(|(ours, theirs)| ours.common(theirs.0));
    let early = hello.extensions.early_data().is_some();
    Agreed { chosen, suite, exchange, mode, binders_len, tickets, compression, early, cookie, retried }
        .next(flow, offers)
}

impl Agreed {
    /// Looks for the next PSK; when there is none left, the handshake is one with certificates.
    fn next(self, flow: &mut Flow<'_>, mut offers: Vec<Offer>) -> Next {
        let Some(mut offer) = offers.pop() else { return self.full(flow) };
        let config = &self.chosen.config;
        match (offer.kind, &config.tickets, &config.psks) {
            (Kind::Ticket, Some(tickets), _) => {
                // Its name is of use again with early data only.
                let ticket = if self.early { offer.name.clone() } else { std::mem::take(&mut offer.name) };
                flow.ask(Wait::OpenTicket { tickets: tickets.clone(), ticket });
                Ok(State::Ticket(Resuming { agreed: self, offer, others: offers }).into())
            }
            (Kind::External, _, Some(psks)) => {
                let name = Name::read(&offer.name);
                let (identity, context) = (name.identity.to_vec(), name.imported.map(|(context, _)| context.to_vec()));
                flow.ask(Wait::FindPsk { psks: psks.clone(), identity, context });
                Ok(State::Psk(Resuming { agreed: self, offer, others: offers }).into())
            }
            _ => self.next(flow, offers),
        }
    }

    /// The PSK is one of ours, with a suite that it goes with: whether the client has it, too, is in its binder.
    fn with(mut self, flow: &mut Flow<'_>, taken: Taken, offer: &Offer) -> Next {
        let external = matches!(taken.whose, Whose::External(..));
        if self.cookie {
            let group = match (self.mode, self.exchange) {
                (Some(PskKeyExchangeMode::PSK_DHE_KE), Exchange::Wanted(group)) => Some(group),
                _ => None,
            };
            return retry(flow, self.chosen, self.suite, group, external);
        }
        let exchange = match (self.mode, self.exchange) {
            (Some(PskKeyExchangeMode::PSK_KE), _) => None,
            (_, Exchange::Made(group, response)) => Some((group, response)),
            (_, Exchange::Share(group, share)) => Some(Exchange::make(flow, group, &share)?),
            (_, Exchange::Wanted(group)) => {
                return retry(flow, self.chosen, self.suite, Some(group), external);
            }
            (_, Exchange::Impossible(error)) => return Err(error),
            (_, Exchange::Used) => return Err(ErrorKind::BadAnswer.into()),
        };
        self.exchange = Exchange::Used;
        let provider = flow.provider();
        let truncated = flow.now().without_last(&*provider, taken.hash, self.binders_len);
        let secret = early_secret(flow, taken.hash, Some(&taken.secret));
        let expected = binder(flow, &secret, taken.hash, taken.kind, &truncated);
        if !bool::from(expected.ct_eq(&offer.binder)) {
            return Err(Error::from(ErrorKind::BadBinder).during("ClientHello", true));
        }
        if let (Whose::Session(session), true) = (&taken.whose, self.early && self.retried.is_none())
            && let Some(early) = early::acceptable(flow, &self.chosen, self.suite, session, offer)
        {
            flow.ask(Wait::FirstUse { store: early.store, hello: early.hello });
            return Ok(State::FirstUse(Using { agreed: self, exchange, taken, secret, room: early.room }).into());
        }
        self.by_psk(flow, exchange, taken, secret, None)
    }

    fn by_psk(
        self,
        flow: &mut Flow<'_>,
        exchange: Option<(NamedGroup, Response)>,
        taken: Taken,
        secret: EarlySecret,
        room: Option<u32>,
    ) -> Next {
        flow.resumption(taken.whose.by(), Verdict::Taken);
        let negotiated = flow.negotiated();
        match &taken.whose {
            Whose::Session(session) => {
                negotiated.resumed = true;
                negotiated.verified = session.is_certified().then(|| JUDGED_BEFORE.into());
                negotiated.peer_chain.clone_from(&session.chain);
                negotiated.peer_raw_key.clone_from(&session.raw_key);
                negotiated.psk_identity.clone_from(&session.psk_identity);
            }
            Whose::External(identity, _) => negotiated.psk_identity = Some(identity.clone()),
        }
        let Chosen { summary, candidates, .. } = &*self.chosen;
        // None is shown, and some clients want to know all the same.
        let shows = candidates.first().map_or(CertificateType::X509, |c| certificate_types::shown(summary, c));
        self.hello(flow, exchange, secret, Some(taken), room, shows)?.finish(flow)
    }

    /// A handshake with certificates.
    fn full(mut self, flow: &mut Flow<'_>) -> Next {
        let exchange = match std::mem::replace(&mut self.exchange, Exchange::Used) {
            Exchange::Made(group, response) => (group, response),
            Exchange::Share(..) if self.cookie && !self.chosen.candidates.is_empty() => {
                return retry(flow, self.chosen, self.suite, None, false);
            }
            Exchange::Share(group, share) => Exchange::make(flow, group, &share)?,
            Exchange::Impossible(error) => return Err(error),
            Exchange::Used => return Err(ErrorKind::BadAnswer.into()),
            Exchange::Wanted(group) if !self.chosen.candidates.is_empty() => {
                return retry(flow, self.chosen, self.suite, Some(group), false);
            }
            Exchange::Wanted(_) => return Err(NothingInCommon::Psk.into()),
        };
        if self.chosen.candidates.is_empty() {
            return Err(match self.retried {
                Some(Before { psk: true, .. }) => {
                    illegal("pre_shared_key", "has none any more of those known here", "RFC 9846 4.2.2")
                }
                _ => NothingInCommon::Psk.into(),
            });
        }
        let chosen = &self.chosen;
        let (credential, scheme) = choice::credential(&chosen.config, &chosen.candidates, &chosen.summary)?;
        let (secret, compression) = (early_secret(flow, self.suite.hash, None), self.compression);
        let shows = certificate_types::shown(&chosen.summary, &credential);
        let keyed = self.hello(flow, Some(exchange), secret, None, None, shows)?;
        flow.negotiated().scheme = Some(scheme);
        server::request_certificate(flow, &keyed.chosen.config)?;
        let (summary, ours) = (&keyed.chosen.summary, keyed.chosen.config.certificate_compression.as_deref());
        let raw_key = shows == CertificateType::RAW_PUBLIC_KEY;
        let wanted = Extras { ocsp: summary.ocsp, scts: summary.scts, raw_key, compression };
        send_certificate(flow, Some(&credential), wanted, ours);
        ask_signature(flow, &credential, scheme);
        flow.shared.own = Some(credential).filter(|_| !raw_key);
        Ok(State::Signature(Signing { keyed, scheme }).into())
    }

    /// ServerHello, under whose keys all that follows goes, and EncryptedExtensions. `room` is how much early data may come, if it
    /// is accepted, and `shows` what our Certificate holds, or would.
    fn hello(
        self,
        flow: &mut Flow<'_>,
        exchange: Option<(NamedGroup, Response)>,
        secret: EarlySecret,
        taken: Option<Taken>,
        room: Option<u32>,
        shows: CertificateType,
    ) -> Result<Keyed, Error> {
        let Self { mut chosen, suite, tickets, .. } = self;
        let expected = "nothing behind ClientHello in its record";
        let aligned = last_in_record(chosen.aligned.take(), HandshakeType::CLIENT_HELLO, expected)?;
        let provider = flow.provider();
        flow.now().start(&*provider, suite.hash);
        flow.now().forget();
        let accepted = room.map(|room| Accepted::new(flow, &secret, suite, room));

        let mut random = [0; 32];
        provider.random(&mut random)?;
        flow.shared.server_random = random;
        let mut extensions = Vec::with_capacity(3);
        extensions.extend(taken.as_ref().map(|t| Extension::PreSharedKey(PreSharedKey::Selected(t.index))));
        extensions.extend(exchange.as_ref().map(|(group, response)| {
            Extension::KeyShare(KeyShare::Server(KeyShareEntry {
                group: *group,
                key_exchange: Opaque(&response.share),
            }))
        }));
        extensions.push(Extension::SupportedVersions(SupportedVersions::Selected(ProtocolVersion::TLS1_3)));
        let fixed = server::fixed(&chosen, suite, &random);
        flow.send(&Message::ServerHello(ServerHello { fixed, extensions: Extensions::of(extensions) }));
        if !chosen.session_id.is_empty() {
            flow.compat_ccs()?;
        }
        flow.negotiated().group = exchange.as_ref().map(|(group, _)| *group);
        let shared = exchange.as_ref().map(|(_, response)| &response.secret);
        let secrets = handshake_secrets(flow, suite, secret, shared);
        let early = accepted.is_some();
        let (own, theirs) = own_and_theirs(flow, &secrets);
        write_under(flow, suite, own)?;
        match accepted {
            Some(accepted) => accepted.begin(flow, suite, aligned)?,
            None => read_under(flow, suite, theirs, aligned)?,
        }
        let session = taken.as_ref().and_then(|t| match &t.whose {
            Whose::Session(session) => Some(session),
            Whose::External(..) => None,
        });
        let count = tickets.of(session.is_some());
        let may_ask = chosen.config.client_auth.verifier().is_some() || chosen.config.post_handshake_auth;
        let asks = may_ask && taken.is_none();
        let client_type = asks.then_some(chosen.client_type);
        chosen.client_type = client_type.unwrap_or(CertificateType::X509);
        let types = certificate_types::answers(&chosen.summary, shows, client_type);
        send_extensions(flow, &chosen, session.is_some(), early, tickets.asked.then_some(count), types);
        let since = session.map_or(flow.now, |session| session.since);
        let psk = taken.as_ref().and_then(|t| t.whose.mark()).cloned();
        Ok(Keyed { chosen, suite, secrets, tickets: count, since, by_psk: taken.is_some(), psk, early })
    }
}

/// EncryptedExtensions.
fn send_extensions(
    flow: &mut Flow<'_>,
    chosen: &Chosen,
    resumed: bool,
    early: bool,
    tickets: Option<usize>,
    types: impl Iterator<Item = Extension<'static>>,
) {
    let mut extensions: Vec<Extension<'_>> = types.collect();
    // Not when a session is resumed (RFC 6066 3).
    if chosen.summary.server_name.is_some() && !resumed {
        extensions.push(Extension::ServerName(ServerNameExtension(Vec::new())));
    }
    extensions.extend(chosen.alpn.as_deref().map(|protocol| Extension::Alpn(Alpn(vec![protocol]))));
    if let Some(count) = tickets {
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
    if early {
        flow.lift_read_limit();
        extensions.push(Extension::EarlyData(EarlyData(None)));
    }
    flow.send(&Message::EncryptedExtensions(EncryptedExtensions(Extensions::of(extensions))));
}

impl Resuming {
    /// A ticket was opened, or not.
    pub(super) fn opened(self, flow: &mut Flow<'_>, found: Option<Secret>) -> Next {
        let Self { agreed, offer, others } = self;
        let Some(session) = found.as_ref().and_then(ServerSession::decode) else {
            flow.resumption(By::Psk, Verdict::Unknown);
            return agreed.next(flow, others);
        };
        let config = &agreed.chosen.config;
        let hindrance = session.hindrance(config, &session::context(config), flow.now).or_else(|| match () {
            () if session.version != ProtocolVersion::TLS1_3 => Some(Verdict::OtherVersion),
            () if Suite::find(session.suite).is_none_or(|old| old.hash != agreed.suite.hash) => {
                Some(Verdict::OtherSuite)
            }
            () if session.server_name != agreed.chosen.summary.server_name => Some(Verdict::OtherName),
            () => None,
        });
        if let (ServerSessionKind::Tls13 { max_early_data, .. }, true) = (&session.kind, agreed.early) {
            flow.skip_early_data_at_least(*max_early_data as usize);
        }
        let resuming = |agreed| Self { agreed, offer, others };
        if let Some(verdict) = hindrance {
            return resuming(agreed).others(flow, By::Psk, verdict);
        }
        match (&session.psk_identity, &config.psks) {
            (Some(identity), Some(psks)) => {
                let context = session.psk.as_ref().and_then(|psk| psk.context.clone());
                flow.ask(Wait::FindPsk { psks: psks.clone(), identity: identity.clone(), context });
                Ok(State::GoingBack(GoingBack { resuming: resuming(agreed), session: Box::new(session) }).into())
            }
            _ => resuming(agreed).resume(flow, Box::new(session)),
        }
    }

    /// This PSK is of no use.
    fn others(self, flow: &mut Flow<'_>, by: By, verdict: Verdict) -> Next {
        flow.resumption(by, verdict);
        self.agreed.next(flow, self.others)
    }

    fn resume(self, flow: &mut Flow<'_>, session: Box<ServerSession>) -> Next {
        let Self { agreed, offer, others } = self;
        let ServerSessionKind::Tls13 { psk, .. } = &session.kind else { return agreed.next(flow, others) };
        let (secret, hash) = (psk.clone(), agreed.suite.hash);
        let whose = Whose::Session(session);
        agreed.with(flow, Taken { index: offer.index, secret, hash, kind: PskKind::Resumption, whose }, &offer)
    }

    /// An external PSK was found, or not.
    pub(super) fn found(self, flow: &mut Flow<'_>, found: Option<ExternalPsk>) -> Next {
        let Self { mut agreed, offer, others } = self;
        let accepted = found.as_ref().and_then(|p| p.accept(&*flow.shared.provider, &offer.name));
        let (Some(psk), Some(mark)) = (accepted, found.as_ref().map(ExternalPsk::mark)) else {
            flow.resumption(By::ExternalPsk, Verdict::Unknown);
            return agreed.next(flow, others);
        };
        if psk.hash != agreed.suite.hash {
            // A suite was chosen without knowledge of the PSK; once a HelloRetryRequest has named it, it stays (RFC 9846 4.3.11).
            let chosen = &agreed.chosen;
            let other = choice::suite_of(&chosen.config, &chosen.summary.suites, |s| s.hash == psk.hash);
            match other.filter(|_| agreed.retried.is_none()) {
                Some(suite) => agreed.suite = suite,
                None => {
                    flow.resumption(By::ExternalPsk, Verdict::OtherSuite);
                    return agreed.next(flow, others);
                }
            }
            flow.negotiated().suite = Some(agreed.suite.number);
        }
        let (secret, hash, kind, whose) = (psk.secret, psk.hash, psk.kind, Whose::External(psk.identity, mark));
        agreed.with(flow, Taken { index: offer.index, secret, hash, kind, whose }, &offer)
    }
}

impl GoingBack {
    /// The external PSK was found, or not.
    pub(super) fn found(self, flow: &mut Flow<'_>, found: Option<ExternalPsk>) -> Next {
        match (found, &self.session.psk) {
            (Some(psk), Some(mark)) if mark.is_of(&psk) => self.resuming.resume(flow, self.session),
            _ => self.resuming.others(flow, By::Psk, Verdict::PskGone),
        }
    }
}

impl Using {
    /// Whether this is the first time that the ticket comes with early data.
    pub(super) fn first(self, flow: &mut Flow<'_>, first: bool) -> Next {
        let Self { agreed, exchange, taken, secret, room } = self;
        agreed.by_psk(flow, exchange, taken, secret, first.then_some(room))
    }
}

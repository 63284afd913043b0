//! HelloRetryRequest, and what comes of it (RFC 9846 4.2.4); with cookies the server need not remember that it sent one.

use super::super::Flow;
use super::super::answer::Chosen;
use super::accept::{self, Before};
use super::choice::{self, Group};
use super::cookie::{self, Cookie};
use super::last_in_record;
use super::server::{Next, State, fixed};
use crate::config::Cookies;
use crate::crypto::Suite;
use crate::error::{ErrorKind, illegal};
use crate::extension::{self, Extension, Extensions, KeyShare, SupportedVersions};
use crate::keys::{Secret, Transcript};
use crate::message::{ClientHello, HEADER, HELLO_RETRY_REQUEST_RANDOM, Message, ServerHello};
use crate::record::Aligned;
use crate::wait::Wait;
use crate::wire::numbers::{HandshakeType, NamedGroup, ProtocolVersion};

/// The longest cookie: the second ClientHello has to hold all else too.
const MOST_COOKIE: usize = 1 << 15;

/// What was agreed when a share was asked for, or a cookie.
pub(crate) struct Retried {
    chosen: Box<Chosen>,
    suite: &'static Suite,
    group: Option<NamedGroup>,
    /// The hello had an external PSK that is known here.
    psk: bool,
    cookie: Option<Vec<u8>>,
}

/// What is agreed with a client that was sent a HelloRetryRequest, if its cookie says so.
pub(crate) struct Remembering {
    chosen: Box<Chosen>,
    suite: &'static Suite,
}

/// The client can do this group, and sent no share for it; or it shall show a cookie. Has one sealed, if there are cookies.
pub(super) fn retry(
    flow: &mut Flow<'_>,
    chosen: Box<Chosen>,
    suite: &'static Suite,
    group: Option<NamedGroup>,
    psk: bool,
) -> Next {
    let retried = Retried { chosen, suite, group, psk, cookie: None };
    let Some(cookies) = retried.chosen.config.cookies.clone() else { return retried.send(flow) };
    let provider = flow.provider();
    let first = flow.now().truncated(&*provider, suite.hash, &[]);
    let hello = ClientHello::from_body(retried.chosen.summary.raw.get(HEADER..).unwrap_or_default())?;
    let cookie =
        Cookie { suite: suite.number, group, psk, first: first.to_vec(), same: cookie::same(&hello), made: flow.now };
    flow.ask(Wait::SealTicket { tickets: cookies.sealer, session: cookie.encode() });
    Ok(State::Baking(retried).into())
}

/// A client has a cookie, though it is new to us: what did we say to it?
pub(super) fn remember(
    flow: &mut Flow<'_>,
    chosen: Box<Chosen>,
    suite: &'static Suite,
    cookies: Cookies,
    cookie: &extension::Cookie<'_>,
) -> Next {
    flow.ask(Wait::OpenTicket { tickets: cookies.sealer, ticket: cookie.0.to_vec() });
    Ok(State::Cookie(Remembering { chosen, suite }).into())
}

/// HelloRetryRequest (RFC 9846 4.2.4), always the same for the same.
fn hello_retry_request(chosen: &Chosen, suite: &Suite, group: Option<NamedGroup>, cookie: Option<&[u8]>) -> Vec<u8> {
    let version = Extension::SupportedVersions(SupportedVersions::Selected(ProtocolVersion::TLS1_3));
    let group = group.map(|group| Extension::KeyShare(KeyShare::Retry(group)));
    let cookie = cookie.map(|cookie| Extension::Cookie(extension::Cookie(cookie)));
    let extensions = Extensions::of([Some(version), group, cookie].into_iter().flatten().collect());
    let fixed = fixed(chosen, suite, &HELLO_RETRY_REQUEST_RANDOM);
    Message::HelloRetryRequest(ServerHello { fixed, extensions }).to_bytes()
}

impl Retried {
    pub(super) fn sealed(mut self, flow: &mut Flow<'_>, cookie: Option<(Vec<u8>, u32)>) -> Next {
        let cookie = cookie.map(|(cookie, _)| cookie).filter(|cookie| (1..=MOST_COOKIE).contains(&cookie.len()));
        self.cookie = Some(cookie.ok_or(ErrorKind::AnswerFailed("sealing a cookie"))?);
        self.send(flow)
    }

    /// Sends HelloRetryRequest.
    fn send(mut self, flow: &mut Flow<'_>) -> Next {
        let expected = "nothing behind ClientHello in its record";
        last_in_record(self.chosen.aligned.take(), HandshakeType::CLIENT_HELLO, expected)?;
        let provider = flow.provider();
        flow.now().replace_with_hash(&*provider, self.suite.hash);
        flow.send_raw(&hello_retry_request(&self.chosen, self.suite, self.group, self.cookie.as_deref()));
        if !self.chosen.session_id.is_empty() {
            flow.compat_ccs()?;
        }
        flow.negotiated().retried = true;
        Ok(State::Retried(self).into())
    }

    pub(super) fn hello(self, flow: &mut Flow<'_>, hello: &ClientHello<'_>, aligned: Option<Aligned>) -> Next {
        let Self { mut chosen, suite, group, psk, cookie } = self;
        let first = ClientHello::from_body(chosen.summary.raw.get(HEADER..).unwrap_or_default())?;
        choice::check_second(&first, hello, group)?;
        if cookie.is_some() && cookie.as_deref() != hello.extensions.cookie().map(|c| c.0) {
            return Err(illegal("cookie", "is not that of the HelloRetryRequest", "RFC 9846 4.3.2"));
        }
        chosen.aligned = aligned;
        go_on(flow, chosen, suite, hello, Before { share: group, psk })
    }
}

impl Remembering {
    /// Goes on as if the first ClientHello had come here too.
    pub(super) fn opened(self, flow: &mut Flow<'_>, found: Option<Secret>) -> Next {
        let Self { chosen, suite } = self;
        let lifetime = chosen.config.cookies.as_ref().map(|c| c.lifetime).unwrap_or_default();
        let raw = chosen.summary.raw.clone();
        let hello = ClientHello::from_body(raw.get(HEADER..).unwrap_or_default())?;
        let found = found.as_ref().and_then(Cookie::decode).filter(|c| c.is_young(lifetime, flow.now));
        let (Some(cookie), Some(sealed)) = (found, hello.extensions.cookie()) else {
            return Err(illegal("cookie", "is none of ours, or too old", "RFC 9846 4.3.2"));
        };
        // An external PSK may have led to another than we would choose without (RFC 9846 4.3.11).
        let policy = &chosen.config.policy;
        let named = Suite::find(cookie.suite).filter(|s| s.number == suite.number || cookie.psk);
        let Some(suite) = named.filter(|s| policy.suites.contains(&s.number) && hello.offers(s.number)) else {
            return Err(illegal("cookie", "is for another cipher suite", "RFC 9846 4.3.2"));
        };
        flow.negotiated().suite = Some(suite.number);
        if cookie.same != cookie::same(&hello) {
            return Err(illegal("ClientHello", "is not the same as before the HelloRetryRequest", "RFC 9846 4.2.2"));
        }
        if hello.extensions.early_data().is_some() {
            return Err(illegal("early_data", "is offered after a HelloRetryRequest", "RFC 9846 4.3.10"));
        }
        let mut transcript = Transcript::new();
        transcript.absorb(&cookie.message_hash());
        transcript.absorb(&hello_retry_request(&chosen, suite, cookie.group, Some(sealed.0)));
        transcript.absorb(&raw);
        flow.enter_transcript(transcript);
        // Our disguise went with the HelloRetryRequest.
        flow.shared.compat_ccs_sent = true;
        flow.negotiated().retried = true;
        go_on(flow, chosen, suite, &hello, Before { share: cookie.group, psk: cookie.psk })
    }
}

/// The second ClientHello has what was asked for. No other share can be asked for now.
fn go_on(
    flow: &mut Flow<'_>,
    chosen: Box<Chosen>,
    suite: &'static Suite,
    hello: &ClientHello<'_>,
    before: Before,
) -> Next {
    let group = match before.share {
        Some(group) => Ok(Group::Shared(choice::asked_share(hello, group)?)),
        None => choice::group(&chosen.config, &*flow.provider(), hello),
    };
    // A PSK may do without.
    let group = match group {
        Ok(Group::Wanted(_)) => Err(illegal("key_share", "is not the one share that was asked for", "RFC 9846 4.3.8")),
        other => other,
    };
    accept::start(flow, chosen, suite, group, hello, Some(before))
}

//! What a server chooses of what a client offers: suite, group, certificate, ticket.

use super::signs_handshakes;
use crate::config::ServerConfig;
use crate::crypto::{Credential, Digest, KeyExchangeKind, Provider, Suite};
use crate::error::{Error, ErrorKind, NothingInCommon, illegal};
use crate::extension::{Extension, Extensions, KeyShare, KeyShareEntry, PreSharedKey, TicketRequest};
use crate::keys::Transcript;
use crate::message::ClientHello;
use crate::verify::allows;
use crate::wait::HelloSummary;
use crate::wire::numbers::{ExtensionType, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme};
use std::sync::Arc;

/// How many of a client's tickets are tried. One is the rule; a second may come from before our keys were changed.
const TICKETS: usize = 2;

/// The suite: first in our order, or in the client's, as the policy says.
pub(super) fn suite(config: &ServerConfig, hello: &ClientHello<'_>) -> Result<&'static Suite, Error> {
    let ours: Vec<&'static Suite> = config
        .policy
        .suites
        .iter()
        .filter_map(|number| Suite::find(*number))
        .filter(|suite| suite.fits(ProtocolVersion::TLS1_3))
        .collect();
    let chosen = match config.policy.server_preference {
        true => ours.iter().copied().find(|suite| hello.offers(suite.number)),
        false => hello.fixed.cipher_suites.iter().find_map(|n| ours.iter().copied().find(|suite| suite.number == n)),
    };
    chosen.ok_or_else(|| NothingInCommon::suite(hello.fixed.cipher_suites.iter(), &ours).into())
}

/// The group, and the client's share if it sent one.
pub(super) enum Group<'m> {
    /// Shared already.
    Shared(KeyShareEntry<'m>),
    /// To be asked for.
    Wanted(NamedGroup),
}

/// The group: the first of ours that the client sent a share for, else the first that it can do.
pub(super) fn group<'m>(
    config: &ServerConfig,
    provider: &dyn Provider,
    hello: &ClientHello<'m>,
) -> Result<Group<'m>, Error> {
    let missing = |kind| Error::from(ErrorKind::MissingExtension(kind));
    let theirs = hello.extensions.supported_groups().ok_or_else(|| missing(ExtensionType::SUPPORTED_GROUPS))?.0;
    let Some(KeyShare::Client(shares)) = hello.extensions.key_share() else {
        return Err(missing(ExtensionType::KEY_SHARE));
    };
    let common: Vec<NamedGroup> = config
        .policy
        .groups
        .iter()
        .copied()
        .filter(|group| provider.groups().contains(group) && theirs.contains(*group))
        .collect();
    for group in &common {
        let mut of_group = shares.iter().filter(|share| share.group == *group);
        if let Some(share) = of_group.next() {
            return match of_group.next() {
                None => Ok(Group::Shared(share)),
                Some(_) => Err(illegal("key_share", "has two shares of one group", "RFC 9846 4.3.8")),
            };
        }
    }
    match common.first() {
        Some(group) => Ok(Group::Wanted(*group)),
        None => {
            Err(NothingInCommon::Group { theirs: theirs.iter().collect(), ours: config.policy.groups.clone() }.into())
        }
    }
}

/// The certificate, and how to sign with its key: the first certificate that can sign in a way that both allow.
pub(super) fn credential(
    config: &ServerConfig,
    candidates: &[Arc<Credential>],
    summary: &HelloSummary,
) -> Result<(Arc<Credential>, SignatureScheme), Error> {
    if summary.schemes.is_empty() {
        return Err(ErrorKind::MissingExtension(ExtensionType::SIGNATURE_ALGORITHMS).into());
    }
    let ours = config.policy.signs_with().iter().copied().filter(|s| signs_handshakes(*s));
    let common: Vec<SignatureScheme> = ours.clone().filter(|s| summary.schemes.contains(s)).collect();
    let signs = |c: &Arc<Credential>| c.schemes_among(&common).first().map(|s| (c.clone(), *s));
    // One whose keyUsage allows it goes before one that does not, which many clients take all the same.
    let may = |c: &&Arc<Credential>| allows(&c.chain, KeyExchangeKind::Tls13);
    let first = candidates.iter().filter(may).find_map(signs).or_else(|| candidates.iter().find_map(signs));
    first.ok_or_else(|| {
        let can_sign = |s: &SignatureScheme| candidates.iter().any(|c| c.key.schemes().contains(s));
        NothingInCommon::Scheme { theirs: summary.schemes.clone(), ours: ours.filter(can_sign).collect() }.into()
    })
}

/// A ticket that the client offers, and the proof that it knows the key in it.
pub(super) struct Offer {
    /// Where it stands in the list.
    pub(super) index: u16,
    pub(super) ticket: Vec<u8>,
    pub(super) binder: Vec<u8>,
}

/// The tickets that can be tried, the first one last.
pub(super) fn tickets(config: &ServerConfig, hello: &ClientHello<'_>) -> Result<Vec<Offer>, Error> {
    let Some(PreSharedKey::Offered(offered)) = hello.extensions.pre_shared_key() else { return Ok(Vec::new()) };
    if hello.extensions.psk_key_exchange_modes().is_none() {
        return Err(ErrorKind::MissingExtension(ExtensionType::PSK_KEY_EXCHANGE_MODES).into());
    }
    if config.tickets.is_none() || !takes_tickets(hello) {
        return Ok(Vec::new());
    }
    let pairs = offered.identities.iter().zip(offered.binders.iter()).zip(0..).take(TICKETS);
    let mut out: Vec<Offer> = pairs
        .map(|((identity, binder), index)| Offer { index, ticket: identity.identity.to_vec(), binder: binder.to_vec() })
        .collect();
    out.reverse();
    Ok(out)
}

/// How many tickets a client gets.
#[derive(Clone, Copy)]
pub(super) struct TicketCount {
    /// Of a new session, and where one is resumed.
    new: usize,
    resumed: usize,
    /// The client said how many it wants, and hears how many will come (RFC 9149 3).
    pub(super) asked: bool,
}

impl TicketCount {
    pub(super) fn of(self, resumed: bool) -> usize {
        if resumed { self.resumed } else { self.new }
    }
}

/// How many tickets this client gets: none if it cannot use them or we have none, as many as it asks for within our bound, else
/// as many as everyone.
pub(super) fn ticket_count(config: &ServerConfig, hello: &ClientHello<'_>) -> TicketCount {
    let none = TicketCount { new: 0, resumed: 0, asked: false };
    if config.tickets.is_none() || !takes_tickets(hello) {
        return none;
    }
    match hello.extensions.ticket_request() {
        Some(TicketRequest::Wanted(wanted)) => TicketCount {
            new: wanted.new_session_count.min(config.most_tickets).into(),
            resumed: wanted.resumption_count.min(config.most_tickets).into(),
            asked: true,
        },
        _ => TicketCount { new: config.ticket_count, resumed: config.ticket_count, asked: false },
    }
}

/// Whether the client can resume in the one way that we do: with a fresh key exchange (RFC 9846 4.3.9).
pub(super) fn takes_tickets(hello: &ClientHello<'_>) -> bool {
    hello.extensions.psk_key_exchange_modes().is_some_and(|modes| modes.0.contains(PskKeyExchangeMode::PSK_DHE_KE))
}

/// The hash that binders cover: all messages up to this hello, without its binders (RFC 9846 4.3.11.2). Of nothing if it has none.
pub(super) fn truncated(
    provider: &dyn Provider,
    suite: &Suite,
    transcript: &Transcript,
    hello: &ClientHello<'_>,
) -> Digest {
    match hello.extensions.pre_shared_key() {
        Some(PreSharedKey::Offered(offered)) => transcript.without_last(provider, suite.hash, offered.binders_len),
        _ => Digest::of(&[]),
    }
}

/// Whether a second ClientHello is the first one but for what a HelloRetryRequest may change (RFC 9846 4.2.2). Gives its share.
pub(super) fn check_second<'s>(
    first: &ClientHello<'_>,
    second: &ClientHello<'s>,
    group: NamedGroup,
) -> Result<KeyShareEntry<'s>, Error> {
    const RULE: &str = "RFC 9846 4.2.2";
    if first.fixed != second.fixed {
        return Err(illegal("ClientHello", "is not the same as before the HelloRetryRequest", RULE));
    }
    // Some clients write the second one in another order, which changes nothing that was said. Each type stands once.
    let same = |e: &Extension<'_>| kept(&first.extensions).any(|other| other == e);
    if kept(&first.extensions).count() != kept(&second.extensions).count() || !kept(&second.extensions).all(same) {
        return Err(illegal("extensions", "are not the same as before the HelloRetryRequest", RULE));
    }
    if second.extensions.early_data().is_some() {
        return Err(illegal("early_data", "is offered after a HelloRetryRequest", "RFC 9846 4.3.10"));
    }
    let Some(KeyShare::Client(shares)) = second.extensions.key_share() else {
        return Err(ErrorKind::MissingExtension(ExtensionType::KEY_SHARE).into());
    };
    let mut shares = shares.iter();
    match (shares.next(), shares.next()) {
        (Some(share), None) if share.group == group => Ok(share),
        _ => Err(illegal("key_share", "is not the one share that was asked for", "RFC 9846 4.3.8")),
    }
}

/// The extensions that stay the same. Those that are not spoken here may follow rules of their own.
fn kept<'e, 'm>(extensions: &'e Extensions<'m>) -> impl Iterator<Item = &'e Extension<'m>> {
    use Extension as E;
    let changes = |e: &E<'_>| {
        matches!(
            e,
            E::KeyShare(_) | E::EarlyData(_) | E::Cookie(_) | E::PreSharedKey(_) | E::Padding(_) | E::Unknown(..)
        )
    };
    extensions.list.iter().filter(move |e| !changes(e))
}

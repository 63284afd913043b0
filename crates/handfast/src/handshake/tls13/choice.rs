//! What a server chooses of what a client offers: suite, group, certificate, ticket.

use super::signs_handshakes;
use crate::config::ServerConfig;
use crate::crypto::{Credential, KeyExchangeKind, Provider, Suite};
use crate::error::{Error, ErrorKind, NothingInCommon, illegal};
use crate::extension::{Extension, Extensions, KeyShare, KeyShareEntry, PreSharedKey, TicketRequest};
use crate::message::ClientHello;
use crate::psk::Name;
use crate::verify::{allows, signed_by};
use crate::wait::HelloSummary;
use crate::wire::CipherSuite;
use crate::wire::numbers::{ExtensionType, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme};
use std::sync::Arc;

/// How many of a client's tickets are tried. One is the rule; a second may come from before our keys were changed.
const TICKETS: usize = 2;
/// How many of a client's PSKs are looked at, if there are external ones. Each that is imported comes once for each hash.
const PSKS: usize = 16;

/// The suite: first in our order, or in the client's, as the policy says.
pub(super) fn suite(config: &ServerConfig, hello: &ClientHello<'_>) -> Result<&'static Suite, Error> {
    let theirs: Vec<CipherSuite> = hello.fixed.cipher_suites.iter().collect();
    suite_of(config, &theirs, |_| true)
        .ok_or_else(|| NothingInCommon::suite(theirs.into_iter(), &ours(config).collect::<Vec<_>>()).into())
}

/// The first that will do.
pub(super) fn suite_of(
    config: &ServerConfig,
    theirs: &[CipherSuite],
    will_do: impl Fn(&Suite) -> bool,
) -> Option<&'static Suite> {
    let mut ours = ours(config).filter(|suite| will_do(suite));
    match config.policy.server_preference {
        true => ours.find(|suite| theirs.contains(&suite.number)),
        false => {
            let ours: Vec<_> = ours.collect();
            theirs.iter().find_map(|n| ours.iter().copied().find(|suite| suite.number == *n))
        }
    }
}

/// Our suites of TLS 1.3, best first.
fn ours(config: &ServerConfig) -> impl Iterator<Item = &'static Suite> {
    config
        .policy
        .suites
        .iter()
        .filter_map(|number| Suite::find(*number))
        .filter(|suite| suite.fits(ProtocolVersion::TLS1_3))
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
    // One whose keyUsage allows it goes before one that does not, which many clients take all the same; and before both, one whose
    // chain the client says that it can verify. If there is none, any must do (RFC 9846 4.5.1.2).
    let may = |c: &&Arc<Credential>| allows(&c.chain, KeyExchangeKind::Tls13);
    let fits = |c: &&Arc<Credential>| may(c) && signed_by(&c.chain, summary.in_certificates());
    let first = match candidates {
        [one] => signs(one),
        several => {
            let fitting = several.iter().filter(fits).find_map(signs);
            let allowed = || several.iter().filter(may).find_map(signs);
            fitting.or_else(allowed).or_else(|| several.iter().find_map(signs))
        }
    };
    first.ok_or_else(|| {
        let can_sign = |s: &SignatureScheme| candidates.iter().any(|c| c.key.schemes().contains(s));
        NothingInCommon::Scheme { theirs: summary.schemes.clone(), ours: ours.filter(can_sign).collect() }.into()
    })
}

/// A PSK that the client offers, and the proof that it knows it.
pub(super) struct Offer {
    /// Where it stands in the list.
    pub(super) index: u16,
    pub(super) kind: Kind,
    /// Its name on the wire.
    pub(super) name: Vec<u8>,
    /// Its obfuscated age.
    pub(super) age: u32,
    pub(super) binder: Vec<u8>,
}

/// What a PSK's name is taken for.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Ticket,
    External,
}

/// The PSKs of a hello.
pub(super) struct Psks {
    /// How they may be used.
    pub(super) mode: Option<PskKeyExchangeMode>,
    /// Those that can be tried, the first one last. Where both kinds are known here, a name is first taken for a ticket.
    pub(super) offers: Vec<Offer>,
    /// How many bytes the binders take.
    pub(super) binders_len: usize,
}

/// The PSKs that can be tried.
pub(super) fn psks(config: &ServerConfig, hello: &ClientHello<'_>) -> Result<Psks, Error> {
    let mut out = Psks { mode: mode(config, hello), offers: Vec::new(), binders_len: 0 };
    let Some(PreSharedKey::Offered(offered)) = hello.extensions.pre_shared_key() else { return Ok(out) };
    if hello.extensions.psk_key_exchange_modes().is_none() {
        return Err(ErrorKind::MissingExtension(ExtensionType::PSK_KEY_EXCHANGE_MODES).into());
    }
    if out.mode.is_none() {
        return Ok(out);
    }
    out.binders_len = offered.binders_len;
    let mut tickets = if config.tickets.is_some() { TICKETS } else { 0 };
    for ((identity, binder), index) in offered.identities.iter().zip(offered.binders.iter()).zip(0..).take(PSKS) {
        let name = identity.identity.0;
        let imported = config.psks.is_some() && Name::read(name).imported.is_some();
        let mut offer = |kind| {
            let (name, age, binder) = (name.to_vec(), identity.obfuscated_ticket_age, binder.to_vec());
            out.offers.push(Offer { index, kind, name, age, binder });
        };
        if tickets > 0 && !imported {
            tickets -= 1;
            offer(Kind::Ticket);
        }
        if config.psks.is_some() {
            offer(Kind::External);
        }
    }
    out.offers.reverse();
    Ok(out)
}

/// How a PSK may be used: the best of our ways that the client has too (RFC 9846 4.3.9).
pub(super) fn mode(config: &ServerConfig, hello: &ClientHello<'_>) -> Option<PskKeyExchangeMode> {
    mode_among(&[PskKeyExchangeMode::PSK_DHE_KE, PskKeyExchangeMode::PSK_KE], config, hello)
}

/// The same, if only these will do.
pub(super) fn mode_among(
    good: &[PskKeyExchangeMode],
    config: &ServerConfig,
    hello: &ClientHello<'_>,
) -> Option<PskKeyExchangeMode> {
    let theirs = hello.extensions.psk_key_exchange_modes()?;
    config.policy.psk_modes.iter().copied().find(|mode| good.contains(mode) && theirs.0.contains(*mode))
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
    if config.tickets.is_none() || mode(config, hello).is_none() {
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

/// Whether a second ClientHello is the first one but for what a HelloRetryRequest may change (RFC 9846 4.2.2); whether its share
/// is of the group that was asked for is left to [`asked_share`].
pub(super) fn check_second(
    first: &ClientHello<'_>,
    second: &ClientHello<'_>,
    group: Option<NamedGroup>,
) -> Result<(), Error> {
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
    if group.is_none() && first.extensions.key_share() != second.extensions.key_share() {
        return Err(illegal("key_share", "has changed, though no other share was asked for", RULE));
    }
    Ok(())
}

/// The one share of a second ClientHello, of the group that was asked for.
pub(super) fn asked_share<'s>(second: &ClientHello<'s>, group: NamedGroup) -> Result<KeyShareEntry<'s>, Error> {
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
pub(super) fn kept<'e, 'm>(extensions: &'e Extensions<'m>) -> impl Iterator<Item = &'e Extension<'m>> {
    use Extension as E;
    let changes = |e: &E<'_>| {
        matches!(
            e,
            E::KeyShare(_) | E::EarlyData(_) | E::Cookie(_) | E::PreSharedKey(_) | E::Padding(_) | E::Unknown(..)
        )
    };
    extensions.list.iter().filter(move |e| !changes(e))
}

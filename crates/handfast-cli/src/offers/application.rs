//! The name of the site, and the application protocol.

use super::case::{Case, bounded};
use super::{Offer, Topic, Verdict, listed};
use crate::words::{self, harmless};
use handfast::extension::Name;
use handfast::verify::stands_for;
use handfast::wire::is_grease;

/// server_name.
pub(super) fn name(case: &Case<'_>) -> Topic {
    let offers = case.extensions().server_name().map(|n| n.0.iter().map(|n| one_name(case, n)).collect());
    let chosen = case.host().filter(|_| is_ours(case)).map(harmless);
    Topic { name: "Name", chosen, why: why_name(case), offers: offers.unwrap_or_default() }
}

/// Whether the certificate that was shown, or one that would be, stands for the name.
fn is_ours(case: &Case<'_>) -> bool {
    let Some(host) = case.host() else { return false };
    match case.credential() {
        Some(shown) => stands_for(&shown.chain, host),
        None => case.own().iter().any(|c| stands_for(&c.chain, host)),
    }
}

fn why_name(case: &Case<'_>) -> String {
    let who = case.capital();
    match case.host() {
        None => format!(
            "{who} names no site: it went to an address, say. This server shows its first certificate that will do."
        ),
        Some(_) if case.own().is_empty() => {
            format!("{who} says whom it wants, so that a server with several names knows.")
        }
        Some(_) if is_ours(case) => format!(
            "{who} says whom it wants, so that a server with several names knows; and a certificate here has that name."
        ),
        Some(_) if case.candidates().is_empty() => {
            "No certificate here has that name, and this server is told to refuse whoever asks for another.".into()
        }
        Some(_) => {
            let has = case.credential().and_then(|c| c.chain.first().map(|leaf| words::subject(leaf)));
            let has = has.map(|h| format!(" It is: {h}.")).unwrap_or_default();
            format!("The certificate here does not have that name: whoever checks it is warned.{has}")
        }
    }
}

fn one_name(case: &Case<'_>, name: &Name<'_>) -> Offer {
    const RULE: &str = "RFC 6066 3";
    let clear = "It went in the clear: whoever listens knows which site it was.";
    match name {
        Name::Host(host) => {
            let verdict = if is_ours(case) { Verdict::Heeded } else { Verdict::Unfit };
            Offer::named(harmless(host), "server_name").is(verdict, clear, RULE)
        }
        Name::Other(kind, _) => {
            let offer = Offer::numbered("a name of another kind", (u16::from(*kind), 1), "server_name");
            offer.is(Verdict::Unknown, "No other kind than host names was ever defined.", RULE)
        }
    }
}

/// ALPN.
pub(super) fn protocol(case: &Case<'_>) -> Topic {
    let theirs = case.extensions().alpn().map(|a| bounded(a.0.iter().copied())).unwrap_or_default();
    let offers = theirs.iter().map(|p| one_protocol(case, p)).collect();
    let chosen = case.alpn.as_deref().map(called);
    Topic { name: "Protocol", chosen, why: why_protocol(case, &theirs), offers }
}

fn why_protocol(case: &Case<'_>, theirs: &[&[u8]]) -> String {
    let (who, ours) = (case.who(), &case.config.alpn);
    let common: Vec<_> = ours.iter().filter(|p| theirs.contains(&p.as_slice())).collect();
    match (&case.alpn, common.first()) {
        (Some(chosen), Some(first)) if *first == chosen && theirs.first() == Some(&chosen.as_slice()) => {
            "Both put it first.".into()
        }
        (Some(chosen), Some(first)) if *first == chosen => {
            "Of those that both speak, this server puts it first: its order counts (RFC 7301 3.2).".into()
        }
        (Some(_), _) => "Both speak it.".into(),
        (None, _) if theirs.is_empty() => format!("{} names none, and so none was agreed on.", case.capital()),
        (None, _) if ours.is_empty() => "This server names none, and so none was agreed on.".into(),
        (None, None) => {
            let ours = listed(ours.iter().map(|p| called(p)));
            format!("None is common: this server speaks {ours}. The handshake cannot go on then (RFC 7301 3.2).")
        }
        (None, Some(first)) => format!(
            "It did not come to that. Of those that {who} speaks, this server would have taken {}.",
            called(first)
        ),
    }
}

fn one_protocol(case: &Case<'_>, protocol: &[u8]) -> Offer {
    let offer = Offer::named(harmless(&String::from_utf8_lossy(protocol)), "application_layer_protocol_negotiation");
    // Two bytes like those of a number that means nothing (RFC 8701 2).
    if let [high, low] = protocol
        && is_grease(u16::from_be_bytes([*high, *low]))
    {
        return offer.grease();
    }
    let (verdict, meaning) = match () {
        () if case.alpn.as_deref() == Some(protocol) => {
            (Verdict::Chosen, format!("What is said over this connection is {}.", called(protocol)))
        }
        () if case.config.alpn.iter().any(|p| p == protocol) => {
            (Verdict::Usable, format!("Both speak {}.", called(protocol)))
        }
        () => (Verdict::NotOurs, format!("This server does not speak {} here.", called(protocol))),
    };
    offer.is(verdict, meaning, "RFC 7301")
}

fn called(protocol: &[u8]) -> String {
    match protocol {
        b"h2" => "HTTP/2".into(),
        b"http/1.1" => "HTTP/1.1".into(),
        b"http/1.0" => "HTTP/1.0".into(),
        other => harmless(&String::from_utf8_lossy(other)),
    }
}

//! Sessions: what was offered to go on from, and what was asked for next time.

use super::case::{Case, bounded};
use super::{Offer, Topic, Verdict, Who};
use crate::words::{harmless, size};
use handfast::extension::{PreSharedKey, TicketRequest};
use handfast::wire::numbers::PskKeyExchangeMode;

pub(super) fn topic(case: &Case<'_>) -> Topic {
    let by_psk = case.done.is_some_and(|n| n.psk_identity.is_some() && !n.resumed);
    let chosen = match (case.resumed, by_psk) {
        (true, _) => Some("resumed".to_owned()),
        (false, true) => Some("by a pre-shared key".to_owned()),
        (false, false) => case.done.map(|_| "a full handshake".to_owned()),
    };
    let mut offers = Vec::new();
    offers.extend(session_id(case));
    offers.extend(ticket(case));
    offers.extend(keys(case));
    offers.extend(modes(case));
    offers.extend(early_data(case));
    offers.extend(ticket_request(case));
    Topic { name: "Session", chosen, why: why(case, by_psk), offers }
}

/// Whether there is something to go on from.
fn offers_session(case: &Case<'_>) -> bool {
    let psks = case.extensions().pre_shared_key().is_some();
    psks || case.is_classic() && (has_ticket(case) || offers_id(case))
}

/// Whether the session ID names a session: a client of TLS 1.3 sends one for looks (RFC 9846 4.2.2), and one with a ticket as a mark
/// (RFC 5077 3.4).
fn offers_id(case: &Case<'_>) -> bool {
    !case.hello.session_id.is_empty() && case.extensions().key_share().is_none() && !has_ticket(case)
}

fn has_ticket(case: &Case<'_>) -> bool {
    case.extensions().session_ticket().is_some_and(|t| !t.0.is_empty())
}

fn why(case: &Case<'_>, by_psk: bool) -> String {
    let who = case.capital();
    match () {
        () if case.resumed && case.is_tls13() && case.group.is_some() => {
            format!(
                "{who} showed a ticket from a handshake before: so no certificate was sent and nothing signed, while the keys are fresh all the same."
            )
        }
        () if case.resumed => {
            format!("{who} went on from a handshake before: so no certificate was sent and nothing signed.")
        }
        () if by_psk && case.shown => {
            "Both have a key that they were given before; it is mixed with the secret that went under the certificate's key.".into()
        }
        () if by_psk => "Both have a key that they were given before, and needed no certificate.".into(),
        () if !case.answered() => "It did not come to that.".into(),
        () if offers_session(case) => {
            format!(
                "{who} would have gone on from a handshake before, and could not: what it showed is too old, from another server, or does not fit."
            )
        }
        () => {
            let again = if case.who == Who::You { " Come again, and it may be shorter." } else { "" };
            format!("{who} had nothing to go on from: it was not here before, or has forgotten.{again}")
        }
    }
}

fn session_id(case: &Case<'_>) -> Option<Offer> {
    let length = case.hello.session_id.len();
    if length == 0 {
        return None;
    }
    let offer = Offer::named("session ID", "legacy_session_id");
    Some(match () {
        () if case.is_tls13() || case.extensions().key_share().is_some() => {
            let why = format!(
                "It is {} without meaning, so that TLS 1.3 looks like a resumption of TLS 1.2 and old boxes on the way let it pass.",
                size(length)
            );
            offer.is(Verdict::OtherVersion, why, "RFC 9846 D.4")
        }
        () if has_ticket(case) => {
            offer.is(Verdict::Heeded, "It is sent back if the ticket is good, and names nothing else.", "RFC 5077 3.4")
        }
        () if case.resumed => {
            offer.is(Verdict::Chosen, "The name of a session that this server remembers.", "RFC 5246 7.4.1.2")
        }
        () => {
            offer.is(Verdict::Unfit, "The name of a session that this server does not go on with.", "RFC 5246 7.4.1.2")
        }
    })
}

fn ticket(case: &Case<'_>) -> Option<Offer> {
    let ticket = case.extensions().session_ticket()?.0;
    let (offer, who) = (Offer::numbered("session_ticket", (35, 2), "session_ticket"), case.capital());
    let (verdict, meaning) = match () {
        () if case.is_tls13() => {
            (Verdict::OtherVersion, "For TLS 1.2 and older; TLS 1.3 has tickets of another kind.".to_owned())
        }
        () if ticket.is_empty() && case.config.tickets.is_none() => {
            (Verdict::NotOurs, format!("{who} would take a ticket to come back with; this server gives none."))
        }
        () if ticket.is_empty() => (Verdict::Heeded, format!("{who} would take a ticket to come back with.")),
        () if case.resumed => {
            (Verdict::Chosen, format!("A ticket of {}, from which both went on.", size(ticket.len())))
        }
        () => (Verdict::Unfit, format!("A ticket of {}, from which this server does not go on.", size(ticket.len()))),
    };
    Some(offer.is(verdict, meaning, "RFC 5077 3.2"))
}

fn keys(case: &Case<'_>) -> Vec<Offer> {
    let Some(PreSharedKey::Offered(offered)) = case.extensions().pre_shared_key() else { return Vec::new() };
    let taken = case.taken_psk();
    let one = |name: &[u8], age: u32| {
        // A ticket has an age; what both have been given has none (RFC 9846 4.3.11).
        let (called, what) = match age {
            0 => (
                format!("the key \"{}\"", harmless(&String::from_utf8_lossy(name))),
                "A key that was given to both before",
            ),
            _ => ("ticket".into(), "A ticket from a handshake before"),
        };
        let (verdict, then) = match taken {
            Some(taken) if taken == name => (Verdict::Chosen, "from which both went on."),
            Some(_) => (Verdict::Usable, "beside the one that was taken."),
            None if !case.is_tls13() => (Verdict::OtherVersion, "for TLS 1.3."),
            None => (Verdict::Unfit, "which this server does not know, or not any more."),
        };
        Offer::named(called, "pre_shared_key").is(verdict, format!("{what}, {then}"), "RFC 9846 4.3.11")
    };
    bounded(offered.identities.iter().map(|i| one(i.identity.0, i.obfuscated_ticket_age)))
}

fn modes(case: &Case<'_>) -> Vec<Offer> {
    type Mode = PskKeyExchangeMode;
    let Some(list) = case.extensions().psk_key_exchange_modes() else { return Vec::new() };
    let used = case.taken_psk().is_some();
    let in_use = |m: Mode| used && (m == Mode::PSK_DHE_KE) == case.group.is_some();
    let one = |mode: Mode| {
        let meaning = match mode {
            Mode::PSK_DHE_KE => {
                "Tickets and shared keys only together with fresh keys: what was recorded stays secret."
            }
            Mode::PSK_KE => "Tickets and shared keys alone, without fresh ones: quicker, and no forward secrecy.",
            _ => "A way to use tickets that is not known here.",
        };
        let known = [Mode::PSK_DHE_KE, Mode::PSK_KE].contains(&mode);
        let verdict = match () {
            () if !known => Verdict::Unknown,
            () if case.is_classic() => Verdict::OtherVersion,
            () if in_use(mode) => Verdict::Heeded,
            () if !case.policy().psk_modes.contains(&mode) => Verdict::NotOurs,
            () => Verdict::Usable,
        };
        Offer::numbered(mode, (mode.0.into(), 1), "psk_key_exchange_modes").is(verdict, meaning, "RFC 9846 4.3.9")
    };
    list.0.iter().map(one).collect()
}

fn early_data(case: &Case<'_>) -> Option<Offer> {
    case.extensions().early_data()?;
    let offer = Offer::numbered("early_data", (42, 2), "early_data");
    let (verdict, meaning) = match case.done.and_then(|n| n.early_data) {
        Some(true) => {
            (Verdict::Heeded, "Data came along with the first message, and was taken: without any round trip.")
        }
        _ if case.config.early_data.is_none() => (
            Verdict::NotOurs,
            "Data came along with the first message. This server takes none so early: it has to be said again.",
        ),
        _ => (
            Verdict::Unfit,
            "Data came along with the first message, and could not be taken this time: it has to be said again.",
        ),
    };
    Some(offer.is(verdict, meaning, "RFC 9846 4.3.10"))
}

fn ticket_request(case: &Case<'_>) -> Option<Offer> {
    let Some(TicketRequest::Wanted(wanted)) = case.extensions().ticket_request() else { return None };
    let offer = Offer::numbered("ticket_request", (58, 2), "ticket_request");
    let asked = format!(
        "{} would like {} tickets after a full handshake, and {} after a resumption.",
        case.capital(),
        wanted.new_session_count,
        wanted.resumption_count
    );
    Some(match case.done.and_then(|n| n.tickets) {
        Some(count) => offer.is(Verdict::Heeded, format!("{asked} This server sends {count}."), "RFC 9149"),
        None if case.is_classic() => offer.is(Verdict::OtherVersion, asked, "RFC 9149"),
        None => offer.is(Verdict::NotOurs, asked, "RFC 9149"),
    })
}

//! The version.

use super::case::Case;
use super::{Offer, Topic, Verdict, listed};
use crate::words;
use handfast::policy::SPOKEN;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{Negotiated, Weakness};

const RULE: &str = "RFC 9846 4.3.1";

pub(super) fn topic(case: &Case<'_>) -> Topic {
    let chosen = case.version.map(|v| v.to_string());
    Topic { name: "Version", chosen, why: why(case), offers: offers(case) }
}

fn why(case: &Case<'_>) -> String {
    match case.version.and_then(weakness) {
        Some(weak) => format!("{} It is weak: {}.", choice(case), weak.words()),
        None => choice(case),
    }
}

fn choice(case: &Case<'_>) -> String {
    let (who, ours) = (case.who(), case.policy().versions());
    let theirs = theirs(case);
    let Some(version) = case.likely_version() else {
        let (theirs, ours) = (named(&theirs), named(&ours));
        return format!("There is none that both may speak: {who} offers {theirs}, and this server takes {ours}.");
    };
    let newest_of = |list: &[ProtocolVersion]| list.iter().copied().filter(|v| v.name().is_some()).max();
    let newest_theirs = newest_of(&theirs).unwrap_or(version);
    let newest_ours = newest_of(&ours).unwrap_or(version);
    let verb = if case.version.is_some() { "is" } else { "would have been" };
    match () {
        () if newest_theirs > version => format!(
            "It {verb} the newest that this server may speak. {} would have taken {newest_theirs}.",
            case.capital()
        ),
        () if newest_ours > version => {
            format!("It {verb} the newest that {who} speaks. This server would have taken {newest_ours}.")
        }
        () if version == ProtocolVersion::TLS1_3 => {
            format!("It {verb} the newest version that there is, and both speak it.")
        }
        () => format!("It {verb} the newest that both speak."),
    }
}

/// What the client offers, in its order.
fn theirs(case: &Case<'_>) -> Vec<ProtocolVersion> {
    case.hello.listed_versions().unwrap_or_else(|| vec![case.hello.version])
}

fn named(versions: &[ProtocolVersion]) -> String {
    listed(versions.iter().filter(|v| !v.is_grease()).map(|v| called(*v)))
}

fn offers(case: &Case<'_>) -> Vec<Offer> {
    match case.hello.listed_versions() {
        Some(list) => list.into_iter().map(|v| offer(case, v)).collect(),
        None => vec![up_to(case)],
    }
}

/// Without supported_versions the client names the newest, and means all that are older, too.
fn up_to(case: &Case<'_>) -> Offer {
    let newest = case.hello.version;
    let name = if newest.name().is_some() { format!("{newest} or older") } else { called(newest) };
    let offer = Offer { name, ..Offer::numbered(newest, (newest.0, 2), "legacy_version") };
    let meaning = match case.version {
        Some(version) if version < newest => format!("{version} was chosen: what is newer, this server may not speak."),
        _ => "It names the newest version, and means all that came before it, too.".into(),
    };
    let verdict = match case.likely_version() {
        None => Verdict::NotOurs,
        Some(_) if case.version.is_some() => Verdict::Chosen,
        Some(_) => Verdict::Usable,
    };
    offer.is(verdict, meaning, "RFC 5246 E.1")
}

fn offer(case: &Case<'_>, version: ProtocolVersion) -> Offer {
    let offer = Offer { name: called(version), ..Offer::numbered(version, (version.0, 2), "supported_versions") };
    if version.is_grease() {
        return offer.grease();
    }
    let (spoken, ours) = (SPOKEN.contains(&version), case.policy().versions());
    let weak = weakness(version);
    let rule = weak.map_or(RULE, Weakness::section);
    match case.version {
        Some(chosen) if chosen == version && case.retry.is_some() => {
            let why = format!(
                "{} This time it took a round trip more, for what the HelloRetryRequest asked for.",
                good(version)
            );
            offer.is(Verdict::Chosen, why, rule)
        }
        Some(chosen) if chosen == version => offer.is(Verdict::Chosen, good(version), rule),
        None if case.likely_version() == Some(version) => {
            offer.is(Verdict::Usable, format!("It would have been this one. {}", good(version)), rule)
        }
        _ if !spoken => offer.is(Verdict::Unknown, unknown(version), RULE),
        _ if ours.contains(&version) => {
            let why =
                format!("{} would have taken it, had this server nothing newer. {}", case.capital(), good(version));
            offer.is(Verdict::Usable, why, rule)
        }
        _ => {
            let why = format!("This server could speak it, and is not allowed to. {}", good(version));
            offer.is(Verdict::NotOurs, why, rule)
        }
    }
}

/// What is good or bad in it.
fn good(version: ProtocolVersion) -> String {
    match (weakness(version), version) {
        (Some(weak), _) => format!("It is weak: {}.", weak.words()),
        (None, ProtocolVersion::TLS1_3) => {
            "As a rule it takes one round trip, and it hides the certificate and most else of the handshake from who listens.".into()
        }
        (None, _) => {
            "It is as safe as the suite that is taken with it; who listens can read the handshake, certificate and all."
                .into()
        }
    }
}

fn weakness(version: ProtocolVersion) -> Option<Weakness> {
    let mut negotiated = Negotiated::default();
    negotiated.version = Some(version);
    let of_versions = [Weakness::Ssl3, Weakness::OldVersion];
    negotiated.weaknesses().into_iter().find(|w| of_versions.contains(w))
}

/// Drafts of TLS 1.3 had numbers of their own.
fn draft(version: ProtocolVersion) -> Option<u8> {
    match version.0.to_be_bytes() {
        [0x7f, draft] => Some(draft),
        _ => None,
    }
}

fn called(version: ProtocolVersion) -> String {
    match (draft(version), version.name()) {
        (Some(draft), _) => format!("TLS 1.3, draft {draft}"),
        (None, Some(name)) => name.into(),
        (None, None) => "a version without a name".into(),
    }
}

fn unknown(version: ProtocolVersion) -> &'static str {
    match draft(version) {
        Some(_) => "TLS 1.3 as it was before it was done. Nobody needs it any more.",
        None => "This server has never heard of it, and passes over it.",
    }
}

/// A version in a sentence.
pub(super) fn in_words(version: Option<ProtocolVersion>) -> String {
    version.map_or_else(|| "this version".into(), |v| words::version(Some(v)))
}

//! The key exchange: groups, and the shares that came for them.

use super::case::{Case, bounded};
use super::version::in_words;
use super::{Offer, Topic, Verdict, listed};
use crate::words::{self, size};
use handfast::Weakness;
use handfast::crypto::KeyExchangeKind;
use handfast::extension::KeyShare;
use handfast::wire::numbers::NamedGroup;

const FIELD: &str = "supported_groups";
const RULE: &str = "RFC 9846 4.3.7";

pub(super) fn topic(case: &Case<'_>) -> Topic {
    let chosen = case.answered().then(|| {
        let group = case.group.map(words::group);
        group.unwrap_or_else(|| words::agreement(case.suite, case.group, case.resumed))
    });
    let mut offers: Vec<Offer> = groups(case).into_iter().map(|g| offer(case, g)).collect();
    offers.extend(strays(case));
    Topic { name: "Key exchange", chosen, why: why(case), offers }
}

fn groups(case: &Case<'_>) -> Vec<NamedGroup> {
    case.extensions().supported_groups().map(|g| bounded(g.0.iter())).unwrap_or_default()
}

/// Shares for groups that the client does not say that it can do.
fn strays(case: &Case<'_>) -> Vec<Offer> {
    let (groups, mut seen) = (groups(case), Vec::new());
    let mut out = Vec::new();
    for (group, _) in case.shares() {
        if groups.contains(&group) || seen.contains(&group) {
            continue;
        }
        seen.push(group);
        let why = format!("A share for a group that {} does not say it can do: it is passed over.", case.who());
        out.push(Offer::numbered(group, (group.0, 2), "key_share").is(Verdict::Unknown, why, "RFC 9846 4.3.8"));
    }
    out
}

/// Groups of both that the version has, each side's in its order.
fn common(case: &Case<'_>) -> (Vec<NamedGroup>, Vec<NamedGroup>) {
    let will_do = |g: &NamedGroup| matches!(judge(case, *g), Verdict::Chosen | Verdict::Usable);
    let theirs: Vec<_> = groups(case).into_iter().filter(will_do).collect();
    let ours = case.policy().groups.iter().copied().filter(|g| theirs.contains(g)).collect();
    (ours, theirs)
}

fn why(case: &Case<'_>) -> String {
    let how = match (case.answered(), case.is_tls13()) {
        (false, _) => nothing_yet(case),
        (true, true) => of_tls13(case),
        (true, false) => of_classic(case),
    };
    match post_quantum(case) {
        Some(more) => format!("{how} {more}"),
        None => how,
    }
}

fn nothing_yet(case: &Case<'_>) -> String {
    let (ours, _) = common(case);
    match ours.first() {
        Some(first) => format!(
            "It did not come to that. Of the groups that both have, this server puts {} first.",
            words::group(*first)
        ),
        None if groups(case).is_empty() => format!("{} names no group.", case.capital()),
        None => "There is no group that both may use.".into(),
    }
}

fn of_tls13(case: &Case<'_>) -> String {
    let who = case.who();
    let Some(group) = case.group else {
        return format!(
            "Both went on from a key that they share already, and made no fresh one: {}.",
            Weakness::NoForwardSecrecy.words()
        );
    };
    let shares: Vec<NamedGroup> = case.shares().into_iter().map(|(g, _)| g).collect();
    let (ours, _) = common(case);
    let wanted = case.retry.as_ref().and_then(|r| match r.extensions.key_share() {
        Some(KeyShare::Retry(group)) => Some(*group),
        _ => None,
    });
    if wanted.is_some() {
        let had = listed(shares.iter().filter(|g| !g.is_grease()).map(|g| words::group(*g)));
        return format!(
            "Both have it, but {who} had sent no share for it, only for {had}. A HelloRetryRequest asked for one, which cost a round trip."
        );
    }
    let first = ours.iter().find(|g| shares.contains(g)) == Some(&group);
    let mut out = match first {
        true => format!(
            "Of the groups for which {who} sent a share at once, this server puts it first: so the secret was there without another round trip."
        ),
        false => format!("Both have it, and {who} sent a share for it."),
    };
    if case.retry.is_some() {
        out += " The round trip more was for a cookie, by which a client shows that it is where it says.";
    }
    out
}

fn of_classic(case: &Case<'_>) -> String {
    let who = case.who();
    if case.resumed {
        return "No fresh keys were made: both went on with the secret of the session that was resumed.".into();
    }
    match case.suite_row().map(|s| s.key_exchange) {
        Some(exchange) if exchange.has_ecdhe() && groups(case).is_empty() => {
            format!("{} names no curve: P-256 is what such clients have.", case.capital())
        }
        Some(exchange) if exchange.has_ecdhe() => {
            let (ours, theirs) = common(case);
            let server = case.policy().server_preference;
            let first = if server { ours.first() } else { theirs.first() };
            match (first == case.group.as_ref(), server) {
                (true, true) => {
                    format!("Of the curves that both have for {}, this server puts it first.", in_words(case.version))
                }
                (true, false) => {
                    format!("Of the curves that both have for {}, {who} puts it first.", in_words(case.version))
                }
                (false, _) => "Both have it, and it went with everything else that was agreed on.".into(),
            }
        }
        Some(exchange) if exchange.has_dhe() => {
            "The suite makes keys over a prime field, whose prime this server names.".into()
        }
        Some(KeyExchangeKind::Rsa | KeyExchangeKind::RsaPsk) => {
            format!(
                "The suite makes no fresh keys, {who} chose the secret and encrypted it: {}.",
                Weakness::NoForwardSecrecy.words()
            )
        }
        _ => format!(
            "Both went on from a key that they share already, and made no fresh one: {}.",
            Weakness::NoForwardSecrecy.words()
        ),
    }
}

/// Whether it holds against a quantum computer; and if not, why not.
fn post_quantum(case: &Case<'_>) -> Option<String> {
    let who = case.who();
    // Whoever breaks the group has the secret all the same only if there was no other in it.
    let by_psk = case.done.is_some_and(|n| n.psk_identity.is_some() && !n.resumed);
    match case.group {
        Some(group) if is_post_quantum(group) => {
            return Some("What is recorded today stays secret even from a quantum computer.".into());
        }
        _ if by_psk => return None,
        None if !case.answered() || case.resumed => return None,
        _ => {}
    }
    let lacking = "so a quantum computer of the future could read what somebody recorded today";
    let theirs: Vec<_> = groups(case).into_iter().filter(|g| is_post_quantum(*g)).collect();
    Some(match theirs.as_slice() {
        _ if case.is_classic() => {
            format!("{} has no group against quantum computers: {lacking}.", in_words(case.version))
        }
        [] => format!("{} offered none against quantum computers: {lacking}.", case.capital()),
        _ if !theirs.iter().any(|g| case.policy().groups.contains(g)) => {
            format!(
                "The policy of this server has none of those against quantum computers that {who} offered: {lacking}."
            )
        }
        _ => format!(
            "{} had sent no share for a group against quantum computers that this server takes: {lacking}.",
            case.capital()
        ),
    })
}

/// ML-KEM, alone or with a curve (draft-ietf-tls-ecdhe-mlkem), and what came before it.
fn is_post_quantum(group: NamedGroup) -> bool {
    group.name().is_some_and(|n| n.contains("MLKEM") || n.contains("Kyber"))
}

fn judge(case: &Case<'_>, group: NamedGroup) -> Verdict {
    let (spoken, ours) = (case.config.provider.groups().contains(&group), case.policy().groups.contains(&group));
    match () {
        () if case.group == Some(group) => Verdict::Chosen,
        () if !spoken => Verdict::Unknown,
        () if !ours => Verdict::NotOurs,
        () if case.is_classic() && is_post_quantum(group) => Verdict::OtherVersion,
        () => Verdict::Usable,
    }
}

fn offer(case: &Case<'_>, group: NamedGroup) -> Offer {
    let offer = Offer::numbered(group, (group.0, 2), FIELD);
    let verdict = judge(case, group);
    if group.is_grease() {
        return offer.grease();
    }
    let about = about(group);
    let mut meaning = match verdict {
        Verdict::Chosen => format!("The secret was agreed on with it. {about}"),
        Verdict::Usable => format!("Both could. {about}"),
        Verdict::OtherVersion => format!("It is for TLS 1.3 alone. {about}"),
        Verdict::NotOurs => format!("This server could, and its policy does not have it. {about}"),
        _ => format!("This server does not speak it. {about}"),
    };
    if let Some(more) = share(case, group) {
        meaning += &format!(" {more}");
    }
    offer.is(verdict, meaning, RULE)
}

/// What became of a share.
fn share(case: &Case<'_>, group: NamedGroup) -> Option<String> {
    let of = |list: Vec<(NamedGroup, usize)>| list.into_iter().find(|(g, _)| *g == group).map(|(_, n)| n);
    let used = case.group == Some(group);
    match (of(case.shares()), of(case.later_shares())) {
        (Some(n), _) if used => Some(format!("Its share, {}, came at once.", size(n))),
        (Some(n), _) if !case.answered() => Some(format!("A share came along, {}.", size(n))),
        (Some(n), _) => Some(format!("A share came along, {}, and was not needed.", size(n))),
        (None, Some(n)) => Some(format!("Its share, {}, came when it was asked for.", size(n))),
        (None, None) => None,
    }
}

fn about(group: NamedGroup) -> &'static str {
    use NamedGroup as G;
    let name = group.name().unwrap_or_default();
    match group {
        G::X25519 => "A fast curve, made so that it is hard to use wrongly.",
        G::X448 => "The larger sister of X25519.",
        G::SECP256R1 | G::SECP384R1 | G::SECP521R1 => "A curve of NIST's, which nearly everyone has.",
        _ if name.contains("Kyber") => "What X25519 with ML-KEM was before it was done.",
        _ if name.starts_with("MLKEM") => {
            "A lattice alone, which holds against a quantum computer as far as anyone knows."
        }
        _ if name.contains("MLKEM") => {
            "A curve and a lattice together: whoever wants the secret has to break both, and against the second no quantum computer is \
             known to help."
        }
        _ if name.starts_with("ffdhe") => "A prime field: many times as slow as a curve, for no more safety.",
        _ if name.starts_with("brainpool") || name.starts_with("curveSM2") => {
            "A curve that few use outside of where it comes from."
        }
        _ if name.starts_with("arbitrary") => "A curve that is spelt out and has no name, which could be a bad one.",
        _ if !name.is_empty() => "An old curve, which nobody should need any more.",
        _ => "It has no name that is known here.",
    }
}

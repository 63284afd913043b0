//! The key schedule of a connection, as a tree of what was made of what.

use super::story::{Secret, Seen, What};
use crate::words;
use handfast::trace::Direction;
use maud::{Markup, html};

/// All secrets of a connection, in the order in which they were made.
struct Schedule<'s> {
    secrets: Vec<&'s Secret>,
    /// What keys are made of that came into use, and for which way.
    used: Vec<(&'static str, Direction)>,
}

impl<'s> Schedule<'s> {
    fn of(events: &'s [Seen]) -> Self {
        let (mut secrets, mut used): (Vec<&Secret>, _) = (Vec::new(), Vec::new());
        for seen in events {
            match &seen.what {
                // One of the same name and origin is the same, told again: of a second binder, or a second key share.
                What::Secret(secret) => {
                    let same = |s: &&Secret| (s.name, s.from, s.label) == (secret.name, secret.from, secret.label);
                    match secrets.iter().position(same) {
                        Some(place) => secrets[place] = secret,
                        None => secrets.push(secret),
                    }
                }
                What::Keys { direction, secret, .. } => used.push((*secret, *direction)),
                _ => {}
            }
        }
        Self { secrets, used }
    }

    /// What nothing here was made into, or that was made of nothing here.
    fn roots(&self) -> impl Iterator<Item = &'s Secret> {
        let is_mixed = |name: &str| self.secrets.iter().any(|s| s.with == name);
        self.secrets.iter().copied().filter(move |s| s.from.is_empty() && !is_mixed(s.name))
    }

    fn children(&self, of: &Secret) -> impl Iterator<Item = &'s Secret> {
        let (name, label) = (of.name, of.label);
        // What is made anew of one of its own name hangs on the one before.
        let own = move |s: &&Secret| s.from == name && !(s.name == name && label == s.label);
        self.secrets.iter().copied().filter(own)
    }

    /// Whose words are protected by keys that are made of this.
    fn whose(&self, name: &str) -> Option<&'static str> {
        let used = |direction| self.used.contains(&(name, direction));
        match (used(Direction::Received), used(Direction::Sent)) {
            (true, true) => Some("both say"),
            (true, false) => Some("your browser says"),
            (false, true) => Some("Handfast says"),
            (false, false) => None,
        }
    }

    fn named(&self, name: &str) -> Option<&'s Secret> {
        self.secrets.iter().copied().find(|s| s.name == name)
    }
}

/// The tree; `revealed` says that what is secret may be seen.
pub(super) fn html(events: &[Seen], revealed: bool) -> Markup {
    let schedule = Schedule::of(events);
    html! {
        p.about-part {
            "Every key grows from a secret, and every secret from the one before. This is what was made in your connection, by the labels that keep \
             one thing from passing for another, and with their lengths. "
            @if revealed {
                "The server was started with " code { "--reveal" } ", so what a key log would get is shown, too."
            } @else {
                "The secrets themselves are not shown."
            }
        }
        @if schedule.secrets.is_empty() { p.about-part { "None were made." } }
        ul.schedule { @for root in schedule.roots() { (node(&schedule, root, revealed, 0)) } }
    }
}

/// Deeper than any schedule: what a key update makes of itself must not go on for ever.
const DEEPEST: usize = 16;

fn node(schedule: &Schedule<'_>, secret: &Secret, revealed: bool, depth: usize) -> Markup {
    let side = side(secret);
    let mixed = Some(secret.with).filter(|with| !with.is_empty());
    html! {
        li {
            div.secret.(side) {
                p {
                    span.k { (secret.name) }
                    @if !secret.label.is_empty() { " " span.label { "“" (secret.label) "”" } }
                    " " span.size { (words::size(secret.length)) }
                }
                @if let Some(with) = mixed {
                    p.mixed { "mixed with " span.k { (with) }
                        @if let Some(with) = schedule.named(with) { ", " (words::size(with.length)) ": " (about(with)) }
                    }
                }
                p.t {
                    (words::capital(about(secret)))
                    @if let Some(whose) = schedule.whose(secret.name) { " " b { "Came into use for what " (whose) "." } }
                }
                @if let Some(value) = secret.value.as_deref().filter(|_| revealed) { p.value { (words::hex(value)) } }
            }
            @if depth < DEEPEST && schedule.children(secret).next().is_some() {
                ul { @for child in schedule.children(secret) { (node(schedule, child, revealed, depth + 1)) } }
            }
        }
    }
}

/// Whose words a secret protects, or proves: where its own name does not say so, that of what it is made of does.
fn side(secret: &Secret) -> &'static str {
    let of = |name: &str| match name {
        n if n.starts_with("client_") => Some("received"),
        n if n.starts_with("server_") => Some("sent"),
        _ => None,
    };
    of(secret.name).or_else(|| of(secret.from)).unwrap_or_default()
}

/// What a secret is for.
fn about(secret: &Secret) -> &'static str {
    match secret.name {
        "PSK" => "what you two knew already: from a ticket, or given by other means.",
        "Early Secret" => "Where it begins. Without a pre-shared key it is made of zeros, and no secret yet.",
        // RFC 9846 7.1 tells them apart by their labels; that of an imported key is RFC 9258's.
        "binder_key" if secret.label.starts_with("res") => {
            "Proves in the first message already that the ticket is its owner's."
        }
        "binder_key" => "Proves in the first message already that the client has the key that both were given before.",
        "client_early_traffic_secret" => "For what is said before the server has answered.",
        "early_exporter_secret" => "For protocols above that want a key before the server has answered.",
        "asymmetric shared secret" => "what both key shares make together, and nobody can make who only heard them.",
        "Handshake Secret" => "From here on there is a secret that only the two ends have.",
        "client_handshake_traffic_secret" => "Protects the rest of the client's handshake.",
        "server_handshake_traffic_secret" => "Protects the rest of the server's handshake.",
        "Main Secret" => "What all that outlives the handshake is made of.",
        "client_application_traffic_secret" => "Protects what the client says from its Finished on.",
        "server_application_traffic_secret" => "Protects what the server says from its Finished on.",
        "exporter_secret" => "For protocols above that want a key of their own.",
        "resumption_secret" => "What tickets are made of.",
        "PSK of the ticket" => "What the next handshake begins with, if the ticket comes back.",
        "finished_key" if secret.from == "binder_key" => "Makes that proof, the binder.",
        "finished_key" => "Makes the check in Finished.",
        "premaster secret" => "what the key exchange gave.",
        "other_secret" => "what the key exchange gave, beside the pre-shared key.",
        "master secret" => "What all keys are made of, by both sides' random bytes.",
        "key_block" => "Cut into keys, in a fixed order.",
        n if n.ends_with("MAC_key") => "Makes the MAC of each record.",
        n if n.ends_with("_key") => "Encrypts records.",
        // A block cipher's has the size of a block: 8 or 16 bytes (RFC 2246 6.3). A nonce has 12, of which TLS 1.2 draws 4 from here.
        n if n.to_ascii_lowercase().ends_with("_iv") && matches!(secret.length, 8 | 16) => {
            "Goes before the first block of the first record."
        }
        n if n.to_ascii_lowercase().ends_with("_iv") => "Makes each record's nonce another.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn made(name: &'static str, label: &'static str, from: &'static str, with: &'static str) -> Seen {
        let secret = Secret { name, label, from, with, length: 32, value: Some(vec![0xab; 4].into()) };
        Seen { at: Duration::ZERO, what: What::Secret(secret) }
    }

    fn events() -> Vec<Seen> {
        vec![
            made("PSK", "", "", ""),
            made("Early Secret", "", "", "PSK"),
            made("Early Secret, derived", "derived", "Early Secret", ""),
            made("Handshake Secret", "", "Early Secret, derived", ""),
            made("client_handshake_traffic_secret", "c hs traffic", "Handshake Secret", ""),
            made("client_handshake_traffic_secret", "traffic upd", "client_handshake_traffic_secret", ""),
        ]
    }

    #[test]
    fn every_secret_stands_once_below_what_it_is_made_of() {
        let events = events();
        let html = html(&events, false).into_string();
        assert_eq!(
            html.matches("<div class=\"secret").count(),
            5,
            "what is mixed in stands with what it is mixed with: {html}"
        );
        assert!(html.contains("mixed with <span class=\"k\">PSK</span>"), "{html}");
        let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} in {html}"));
        assert!(
            place("Early Secret, derived") < place("Handshake Secret<") && place("c hs traffic") < place("traffic upd")
        );
    }

    #[test]
    fn what_a_secret_is_for_may_hang_on_its_origin() {
        let all = [
            made("finished_key", "finished", "client_handshake_traffic_secret", ""),
            made("finished_key", "finished", "server_handshake_traffic_secret", ""),
            made("binder_key", "ext binder", "Early Secret", ""),
            made("binder_key", "res binder", "Early Secret", ""),
            made("finished_key", "finished", "binder_key", ""),
        ];
        let secrets: Vec<_> =
            all.iter().filter_map(|s| if let What::Secret(s) = &s.what { Some(s) } else { None }).collect();
        assert_eq!(secrets.iter().map(|s| side(s)).collect::<Vec<_>>(), ["received", "sent", "", "", ""]);
        assert!(about(secrets[0]).contains("Finished") && !about(secrets[4]).contains("Finished"));
        let iv = |length| about(&Secret { name: "client_write_IV", length, ..secrets[0].clone() });
        assert!(iv(4).contains("nonce") && iv(12).contains("nonce") && iv(16).contains("first record"));

        assert!(!about(secrets[2]).contains("ticket") && about(secrets[3]).contains("ticket"));
    }

    #[test]
    fn secrets_are_seen_only_if_they_are_revealed() {
        let events = events();
        assert!(!html(&events, false).into_string().contains("abab"));
        assert!(html(&events, true).into_string().contains("abababab"));
    }
}

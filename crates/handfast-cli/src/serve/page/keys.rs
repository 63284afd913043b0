//! The key schedule of a connection, as a tree of what was made of what.

use super::message::Ends;
use super::story::{Secret, Seen, What};
use crate::words;
use handfast::trace::Direction;
use maud::{Markup, html};

/// All secrets of a connection, in the order in which they were made.
struct Schedule<'s> {
    secrets: Vec<Made<'s>>,
    /// Whose words are protected by keys that are made of a secret of this name.
    used: Vec<(&'static str, Direction)>,
    ends: Ends,
}

/// A secret, and what it was made of: where that stands.
struct Made<'s> {
    secret: &'s Secret,
    of: Option<usize>,
}

impl<'s> Schedule<'s> {
    fn of(events: &'s [Seen], ends: Ends) -> Self {
        let mut it = Self { secrets: Vec::new(), used: Vec::new(), ends };
        for seen in events {
            match &seen.what {
                What::Secret(secret) => it.made(secret),
                What::Keys { direction, secret, .. } => it.used.push((*secret, *direction)),
                _ => {}
            }
        }
        it
    }

    fn made(&mut self, secret: &'s Secret) {
        // Of several of one name, each made of the one before it, what comes is made of the newest.
        let of = self.secrets.iter().rposition(|made| made.secret.name == secret.from);
        let same =
            |made: &Made<'_>| made.of == of && (made.secret.name, made.secret.label) == (secret.name, secret.label);
        match self.secrets.iter_mut().find(|made| same(made)) {
            // Told again: of a second binder, or a second key share.
            Some(made) => made.secret = secret,
            None => self.secrets.push(Made { secret, of }),
        }
    }

    /// What was made of this one; without one, what nothing here was made into, or that was made of nothing here.
    fn children(&self, of: Option<usize>) -> impl Iterator<Item = (usize, &'s Secret)> {
        let is_mixed = |name: &str| self.secrets.iter().any(|made| made.secret.with == name);
        let all = self.secrets.iter().enumerate().filter(move |(_, made)| made.of == of);
        all.map(|(n, made)| (n, made.secret)).filter(move |(_, secret)| of.is_some() || !is_mixed(secret.name))
    }

    /// What is protected by keys that are made of this.
    fn use_of(&self, name: &str) -> Option<String> {
        let used = |direction| self.used.contains(&(name, direction));
        match (used(Direction::Received), used(Direction::Sent)) {
            (true, true) => Some("what both say".into()),
            (true, false) => Some(format!("what {} says", self.ends.client)),
            (false, true) => Some(format!("what {} says", self.ends.server)),
            (false, false) => None,
        }
    }

    fn named(&self, name: &str) -> Option<&'s Secret> {
        self.secrets.iter().map(|made| made.secret).find(|secret| secret.name == name)
    }
}

/// The tree; `revealed` says that what is secret may be seen.
pub(super) fn html(events: &[Seen], revealed: bool, ends: Ends) -> Markup {
    let schedule = Schedule::of(events, ends);
    html! {
        p.about-part {
            "Every key grows from a secret, and every secret from the one before. This is what was made in this connection, by the labels that keep \
             one thing from passing for another, and with their lengths. "
            @if revealed {
                "The server was started with " code { "--reveal" } ", so what a key log would get is shown, too."
            } @else {
                "The secrets themselves are not shown."
            }
        }
        @if schedule.secrets.is_empty() { p.about-part { "None were made." } }
        ul.schedule { (nodes(&schedule, None, revealed, 0)) }
    }
}

/// Deeper than any schedule: of key updates, each of which stands below the one before, there may be any number.
const DEEPEST: usize = 16;

fn nodes(schedule: &Schedule<'_>, of: Option<usize>, revealed: bool, depth: usize) -> Markup {
    html! { @for (n, secret) in schedule.children(of) { (node(schedule, n, secret, revealed, depth)) } }
}

fn node(schedule: &Schedule<'_>, n: usize, secret: &Secret, revealed: bool, depth: usize) -> Markup {
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
                    @if let Some(what) = schedule.use_of(secret.name) { " " b { "Came into use for " (what) "." } }
                }
                @if let Some(value) = secret.value.as_deref().filter(|_| revealed) { p.value { (words::hex(value)) } }
            }
            @if schedule.children(Some(n)).next().is_some() {
                @if depth < DEEPEST { ul { (nodes(schedule, Some(n), revealed, depth + 1)) } } @else { p.t { "And so on." } }
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
        "PSK" => "what both knew already: from a ticket, or given by other means.",
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

    const ENDS: Ends = Ends { prefix: "m", server: "Handfast", client: "the client" };

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
        let html = html(&events, false, ENDS).into_string();
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
    fn each_key_update_hangs_on_the_one_before() {
        let update =
            || made("server_application_traffic_secret", "traffic upd", "server_application_traffic_secret", "");
        let key = || made("server_write_key", "key", "server_application_traffic_secret", "");
        let first = made("server_application_traffic_secret", "s ap traffic", "Main Secret", "");
        let events = [first, key(), update(), key(), update(), key()];
        let schedule = Schedule::of(&events, ENDS);
        let of: Vec<_> = schedule.secrets.iter().map(|made| (made.secret.label, made.of)).collect();
        let expected = [
            ("s ap traffic", None),
            ("key", Some(0)),
            ("traffic upd", Some(0)),
            ("key", Some(2)),
            ("traffic upd", Some(2)),
        ];
        assert_eq!(of[..5], expected);
        assert_eq!(of[5..], [("key", Some(4))]);
    }

    #[test]
    fn what_is_told_again_stands_once() {
        let binder = || made("binder_key", "res binder", "Early Secret", "");
        let events = [made("Early Secret", "", "", ""), binder(), made("Early Secret", "", "", ""), binder()];
        assert_eq!(Schedule::of(&events, ENDS).secrets.len(), 2);
    }

    #[test]
    fn ends_are_called_as_the_page_calls_them() {
        let mut events = events();
        let (at, direction, secret) = (Duration::ZERO, Direction::Received, "client_handshake_traffic_secret");
        events.push(Seen { at, what: What::Keys { direction, secret, suite: handfast::wire::CipherSuite(0x1301) } });
        let html = html(&events, false, ENDS).into_string();
        assert!(html.contains("Came into use for what the client says."), "{html}");
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
        assert!(!html(&events, false, ENDS).into_string().contains("abab"));
        assert!(html(&events, true, ENDS).into_string().contains("abababab"));
    }
}

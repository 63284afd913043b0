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

/// A secret in its place.
struct Made<'s> {
    /// Which of all that were told it is.
    number: usize,
    secret: &'s Secret,
    /// The number of what it was made of.
    of: Option<usize>,
    /// How many key updates it comes from.
    updates: usize,
}

impl<'s> Schedule<'s> {
    fn of(events: &'s [Seen], ends: Ends) -> Self {
        let mut it = Self { secrets: Vec::new(), used: Vec::new(), ends };
        for (number, seen) in events.iter().enumerate() {
            match &seen.what {
                What::Secret(secret) => it.made(number, secret),
                What::Keys { direction, secret, .. } => it.used.push((*secret, *direction)),
                _ => {}
            }
        }
        it
    }

    fn made(&mut self, number: usize, secret: &'s Secret) {
        let before = self.secrets.iter().rfind(|made| made.secret.name == secret.from);
        let (of, updates) = match before {
            // A key update makes a secret of one of its own name. All hang on the first, and the newest stands for them.
            Some(before) if secret.name == secret.from => match before.updates {
                0 => (Some(before.number), 1),
                n => (before.of, n + 1),
            },
            before => (before.map(|before| before.number), 0),
        };
        let is_same =
            |made: &Made<'_>| made.of == of && (made.secret.name, made.secret.label) == (secret.name, secret.label);
        // Made anew: by a second handshake, or of another pre-shared key. What was made of the old one goes with it.
        let mut gone: Vec<usize> = self.secrets.iter().filter(|made| is_same(made)).map(|made| made.number).collect();
        self.secrets.retain(|made| {
            if made.of.is_some_and(|of| gone.contains(&of)) {
                gone.push(made.number);
            }
            !gone.contains(&made.number)
        });
        self.secrets.push(Made { number, secret, of, updates });
    }

    /// What was made of this one; without one, what nothing here was made into, or that was made of nothing here.
    fn children(&self, of: Option<usize>) -> impl Iterator<Item = &Made<'s>> {
        let is_mixed = |name: &str| self.secrets.iter().any(|made| made.secret.with == name);
        let all = self.secrets.iter().filter(move |made| made.of == of);
        all.filter(move |made| of.is_some() || !is_mixed(made.secret.name))
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
        ul.schedule { (nodes(&schedule, None, revealed)) }
    }
}

fn nodes(schedule: &Schedule<'_>, of: Option<usize>, revealed: bool) -> Markup {
    html! { @for made in schedule.children(of) { (node(schedule, made, revealed)) } }
}

fn node(schedule: &Schedule<'_>, made: &Made<'_>, revealed: bool) -> Markup {
    let Made { number, secret, updates, .. } = *made;
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
                    @if updates > 1 { " There were " (updates) " of them." }
                    @if let Some(what) = schedule.use_of(secret.name) { " " b { "Came into use for " (what) "." } }
                }
                @if let Some(value) = secret.value.as_deref().filter(|_| revealed) { p.value { (words::hex(value)) } }
            }
            @if schedule.children(Some(number)).next().is_some() { ul { (nodes(schedule, Some(number), revealed)) } }
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
        // RFC 9846 7.2.
        _ if secret.label == "traffic upd" => {
            "What it became by a KeyUpdate: whoever learns this one cannot read what was said before."
        }
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

    /// Name and label of all secrets in their places, each with those of what it is made of.
    fn tree(events: &[Seen]) -> Vec<(&str, &str, Option<&str>)> {
        let schedule = Schedule::of(events, ENDS);
        let label = |of| schedule.secrets.iter().find(|made| made.number == of).map(|made| made.secret.label);
        let all = schedule.secrets.iter();
        all.map(|made| (made.secret.name, made.secret.label, made.of.and_then(label))).collect()
    }

    #[test]
    fn of_key_updates_the_newest_stands_with_its_keys() {
        const NAME: &str = "server_application_traffic_secret";
        let update = || made(NAME, "traffic upd", NAME, "");
        let key = || made("server_write_key", "key", NAME, "");
        let events = [made(NAME, "s ap traffic", "Main Secret", ""), key(), update(), key(), update(), key()];
        let key_of = |label| ("server_write_key", "key", Some(label));
        let expected = [
            (NAME, "s ap traffic", None),
            key_of("s ap traffic"),
            (NAME, "traffic upd", Some("s ap traffic")),
            key_of("traffic upd"),
        ];
        assert_eq!(tree(&events), expected);
        let html = html(&events, false, ENDS).into_string();
        assert!(html.contains("There were 2 of them."), "{html}");
    }

    #[test]
    fn what_is_made_anew_takes_what_was_made_of_the_old_with_it() {
        let (premaster, master) =
            (|| made("premaster secret", "", "", ""), |l| made("master secret", l, "premaster secret", ""));
        let (block, mac) = (
            || made("key_block", "key expansion", "master secret", ""),
            made("client_write_MAC_key", "", "key_block", ""),
        );
        let old = made("master secret", "", "", "");
        // A handshake; a second one, resumed; and a third, whose suite has no MAC of its own.
        let events = [premaster(), master("m"), block(), mac, old, block(), premaster(), master("m"), block()];
        let expected = [
            ("master secret", "", None),
            ("key_block", "key expansion", Some("")),
            ("premaster secret", "", None),
            ("master secret", "m", Some("")),
            ("key_block", "key expansion", Some("m")),
        ];
        assert_eq!(tree(&events), expected);
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

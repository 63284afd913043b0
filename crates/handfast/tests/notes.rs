//! Every field with a name, of every message in every dialect, tells what it is for, and which section defines it.

mod common;

use common::{Pair, scenarios};
use handfast::message::{ClassicForm, Dialect, Message};
use handfast::trace::Trace;
use handfast::wire::Field;
use handfast::wire::numbers::{ExtensionType, HandshakeType};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// What may be cited. TLS 1.3 is RFC 9846, and not RFC 8446; what a newer one replaces is not among them.
const RFCS: [u16; 36] = [
    4279, 4681, 5054, 5077, 5246, 5489, 5746, 5764, 5878, 6066, 6091, 6101, 6520, 6961, 6962, 7250, 7301, 7366, 7627,
    7685, 7924, 8422, 8449, 8472, 8701, 8773, 8879, 9001, 9102, 9146, 9149, 9162, 9258, 9345, 9846, 9849,
];

/// `RFC 9846 4.2.2`: a number that is known, and a section.
fn is_citation(text: &str) -> bool {
    let mut words = text.split(' ');
    let number = |n: &str| n.parse().is_ok_and(|n| RFCS.contains(&n));
    let section = |s: &str| {
        let mut parts = s.split('.');
        let first = parts.next().unwrap_or_default();
        let appendix = first.len() == 1 && first.bytes().all(|b| b.is_ascii_uppercase());
        (appendix || first.parse::<u8>().is_ok()) && parts.all(|part| part.parse::<u8>().is_ok())
    };
    words.next() == Some("RFC")
        && words.next().is_some_and(number)
        && words.next().is_some_and(section)
        && words.next().is_none()
}

/// A clause: with a capital, without a full stop, without the section, and short enough to be read.
fn is_note(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && !text.ends_with('.')
        && !text.contains(". ")
        && !text.contains("RFC ")
        && text.len() <= 110
}

#[derive(Default)]
struct Walk {
    /// The names of all fields.
    names: BTreeSet<&'static str>,
    citations: BTreeSet<&'static str>,
}

impl Walk {
    #[track_caller]
    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            if !field.name.is_empty() {
                assert!(is_note(field.note), "{}: {:?}", field.name, field.note);
                assert!(field.rfc.split(", ").all(is_citation), "{}: {:?}", field.name, field.rfc);
                self.names.insert(field.name);
                self.citations.extend(field.rfc.split(", "));
            }
            self.fields(&field.parts);
        }
    }

    /// Whole, cut anywhere, and with something behind it.
    #[track_caller]
    fn message(&mut self, raw: &[u8], dialect: Dialect) {
        self.fields(&Message::describe(raw, dialect).0);
        let step = raw.len() / 200 + 1;
        for n in (1..raw.len()).step_by(step) {
            self.fields(&Message::describe(&raw[..n], dialect).0);
        }
        self.fields(&Message::describe(&[raw, &[0]].concat(), dialect).0);
    }
}

/// A message, and how it is to be read.
type Seen = (Vec<u8>, Dialect);

/// All messages that either side of this conversation saw.
fn messages(scenario: &scenarios::Scenario) -> Vec<Seen> {
    let all: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let mut pair: Pair = scenario.pair();
    for end in [&mut pair.client, &mut pair.server] {
        let seen = Arc::clone(&all);
        end.connection.observe(Box::new(move |trace: &Trace<'_>| {
            if let Trace::Message { raw, dialect, .. } = trace {
                seen.lock().unwrap().push((raw.to_vec(), *dialect));
            }
        }));
    }
    pair.run().assert_connected();
    drop(pair);
    let mut all = all.lock().unwrap();
    std::mem::take(&mut all)
}

#[test]
fn of_every_message_of_every_scenario() {
    let mut walk = Walk::default();
    let mut kinds = BTreeSet::new();
    for scenario in scenarios::all() {
        let messages = messages(&scenario);
        assert!(messages.len() > 3, "{}", scenario.name);
        for (raw, dialect) in messages {
            kinds.insert(HandshakeType(raw[0]));
            walk.message(&raw, dialect);
        }
    }
    // The scenarios have nearly all there is.
    for name in [
        "cert_data",
        "dh_Ys",
        "ecdh_Yc",
        "encrypted_pre_master_secret",
        "psk_identity_hint",
        "response",
        "binders",
        "cookie",
        "obfuscated_ticket_age",
        "max_early_data_size",
        "ASN.1_subjectPublicKeyInfo",
        "compressed_certificate_message",
        "ticket_lifetime_hint",
        "certificate_types",
        "renegotiated_connection",
        "selected_group",
        "server_share",
        "host_name",
    ] {
        assert!(walk.names.contains(name), "{name} in {:?}", walk.names);
    }
    assert!(kinds.len() >= 14, "{kinds:?}");
    println!("{}", walk.citations.iter().copied().collect::<Vec<_>>().join("\n"));
}

/// Every type of message and of extension, known or not, with contents that make no sense, in every dialect.
#[test]
fn of_what_makes_no_sense() {
    let mut walk = Walk::default();
    let form = |raw_public_key| ClassicForm {
        schemes: true,
        premaster_length: true,
        no_certificate_alert: false,
        key_exchange: handfast::crypto::KeyExchangeKind::Ecdhe,
        raw_public_key,
    };
    let dialects =
        [Dialect::Hello, Dialect::Sslv2, Dialect::Tls13, Dialect::Classic(form(false)), Dialect::Classic(form(true))];
    for dialect in dialects {
        for kind in 0..=255 {
            for body in [&[][..], &[0], &[0, 0, 2, 0, 1], &[1; 40]] {
                let raw = [&[kind, 0, 0, body.len() as u8][..], body].concat();
                walk.message(&raw, dialect);
            }
        }
    }
    for kind in ExtensionType::NAMED.iter().map(|t| t.0).chain([0x0a0a, 0xfafa, 0x1234]) {
        let [high, low] = kind.to_be_bytes();
        for body in [&[][..], &[0, 1, 0], &[0, 2, 0, 0], &[7; 20]] {
            let one = [&[high, low, 0, body.len() as u8][..], body].concat();
            // Twice: that it stands twice is a fault, which is described, too.
            let block = [&one[..], &one].concat();
            let block = [&[0, block.len() as u8][..], &block].concat();
            let before = [&[3, 3][..], &[5; 32], &[0]].concat();
            for (kind, before) in [
                (1, [&before[..], &[0, 2, 0x13, 1, 1, 0]].concat()),
                (2, [&before[..], &[0x13, 1, 0]].concat()),
                (8, Vec::new()),
                (13, vec![0]),
            ] {
                let body = [&before[..], &block].concat();
                let raw = [&[kind, 0, 0, body.len() as u8][..], &body].concat();
                let dialect = if kind < 3 { Dialect::Hello } else { Dialect::Tls13 };
                walk.message(&raw, dialect);
            }
        }
    }
    for name in ["unknown extension", "extension_data", "unknown message", "heartbeat"] {
        assert!(walk.names.contains(name), "{name}");
    }
    println!("{}", walk.citations.iter().copied().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_checks_can_fail() {
    assert!(is_citation("RFC 9846 4.2.2") && is_citation("RFC 5246 E.2") && is_citation("RFC 7301 3.1"));
    for not in ["RFC 8446 4.1.2", "RFC 9846", "9846 4.2", "RFC 9846 4.", "RFC 9846 4.2 3", "RFC 9846 AB.1", ""] {
        assert!(!is_citation(not), "{not}");
    }
    assert!(
        is_note("Fresh random bytes") && !is_note("") && !is_note("Fresh.") && !is_note("fresh") && !is_note("RFC 1")
    );
}

//! A step of the course as HTML: a line that opens.

use super::course::{Change, Kind, Message, Part, Step};
use super::hex;
use super::story::Record;
use crate::events::Protection;
use crate::gist::Of;
use crate::{bytes, words};
use handfast::alert::{Alert, AlertLevel};
use handfast::message::Dialect;
use handfast::trace::{Direction, Inside};
use handfast::wire::Field;
use handfast::wire::numbers::ProtocolVersion;
use maud::{Markup, html};
use std::time::Duration;

/// How the two ends are called: us, and the client.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    /// What the ids of messages begin with.
    pub(super) prefix: &'static str,
    pub(super) server: &'static str,
    pub(super) client: &'static str,
}

impl Ends {
    fn sender(&self, direction: Direction) -> &'static str {
        match direction {
            Direction::Sent => self.server,
            Direction::Received => self.client,
        }
    }
}

/// What a resumed handshake does without, and behind which message it would have stood.
pub(super) struct Skipped {
    pub(super) behind: &'static str,
    pub(super) messages: Vec<(&'static str, Direction)>,
}

/// All steps, in order.
pub(super) fn steps(steps: &[Step<'_>], ends: Ends, skipped: Option<&Skipped>) -> Markup {
    let (mut numbers, mut protected) = (0.., Vec::new());
    // Only the first handshake: a second one on the same connection is told as it was.
    let first = |behind: &str| steps.iter().position(|s| matches!(s, Step::Message(m) if m.is(behind)));
    let place = skipped.filter(|s| !s.messages.is_empty()).and_then(|s| first(s.behind));
    html! {
        @for (n, step) in steps.iter().enumerate() {
            @match step {
                Step::Message(message) => {
                    @let id = format!("{}{}", ends.prefix, numbers.next().unwrap_or_default());
                    (card(message, &id, ends))
                    @if let Some(skipped) = skipped.filter(|_| place == Some(n)) { (ghosts(skipped, ends)) }
                }
                Step::Keys(changes) => (key_change(changes, &mut protected, ends)),
                Step::Data { direction, records, count, length, protection, at } => {
                    (data(*direction, records, *count, *length, *protection, *at, ends))
                }
                Step::Loose { record, at } => (loose(record, *at, ends)),
                Step::Gap(many) => p.verdict { "Here " (many) " things are left out: there was no room to keep them." },
                Step::Verdict(words) => p.verdict { (words::sentence(words)) },
            }
        }
    }
}

/// What would have been said, had the two not known each other.
fn ghosts(skipped: &Skipped, ends: Ends) -> Markup {
    html! {
        div.skipped {
            @for (name, direction) in &skipped.messages {
                p.ghost.(class(*direction)) { span.name { (name) } span.rule {} span.size { "skipped" } }
            }
            p { "Skipped: both go on from an earlier handshake, in which it was proved who " (ends.server) " is." }
        }
    }
}

fn class(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "sent",
        Direction::Received => "received",
    }
}

/// The line of a step: what went which way.
fn line(direction: Direction, name: &str, gist: &str, size: &str, protection: Protection, ends: Ends) -> Markup {
    let how = match protection {
        Protection::Clear => "",
        Protection::Integrity => ", guarded against change",
        Protection::Encrypted => ", protected",
    };
    let way = match direction {
        Direction::Sent => format!("{} to {}", ends.server, ends.client),
        Direction::Received => format!("{} to {}", ends.client, ends.server),
    };
    html! {
        summary {
            span.name.lock[protection == Protection::Encrypted] { (name) }
            span.gist { (gist) }
            span.rule role="img" aria-label={ "from " (way) (how) } {}
            span.size { (size) }
        }
    }
}

/// A message: closed a line, open all that it says.
pub(super) fn card(message: &Message<'_>, id: &str, ends: Ends) -> Markup {
    let Message { direction, protection, .. } = *message;
    let told = Told::of(message);
    let (fields, fault) = &told.fields;
    html! {
        details.message.(class(direction)) id=(id) data-name=(told.name) data-length=(told.raw.len()) data-protected=(protection.protects()) {
            (line(direction, told.name, told.gist, &words::size(told.raw.len()), protection, ends))
            div.open {
                div.about {
                    @if !told.why.is_empty() { p.why { (told.why) } }
                    @if !told.facts.is_empty() { p.short { (told.facts) "." } }
                    p.when { (words::capital(ends.sender(direction))) " said this " (after(message.at)) " " a href={ "#" (id) } { "Link to this message" } }
                }
                (travelled(&message.travelled, id, told.name))
                h3.layer {
                    @match protection {
                        Protection::Clear => "The message",
                        Protection::Integrity => "The same, without what guards it",
                        Protection::Encrypted => "The same, decrypted",
                    }
                }
                div.inner {
                    div.bytes tabindex="0" role="group" aria-label={ "Bytes of " (told.name) } { (hex::spans(&told.raw, fields, id)) }
                    div.fields role="group" aria-label={ "Fields of " (told.name) } { (hex::rows(&told.raw, fields, id)) }
                }
                @if let Some(fault) = fault { p.fault { "It breaks its grammar: " (fault) "." } }
            }
        }
    }
}

/// What there is to tell of a message.
struct Told {
    name: &'static str,
    raw: Vec<u8>,
    gist: &'static str,
    why: &'static str,
    facts: String,
    fields: (Vec<Field>, Option<String>),
}

impl Told {
    fn of(message: &Message<'_>) -> Self {
        let from_client = message.direction == Direction::Received;
        match message.kind {
            Kind::Handshake { name, raw, dialect } => {
                let of = Of { name, from_client, dialect, raw, again: message.again };
                let (fields, fault) = bytes::tree(name, raw, dialect);
                let facts = match name {
                    "ChangeCipherSpec" => String::new(),
                    // It begins with a name, which is as it is.
                    "Certificate" => words::facts(name, raw, dialect),
                    _ => words::capital(&words::facts(name, raw, dialect)),
                };
                let fields = (fields, fault.map(|f| f.to_string()));
                Self { name, raw: raw.to_vec(), gist: of.gist(), why: of.why(), facts, fields }
            }
            Kind::Alert(alert) => Self::alert(alert, from_client),
        }
    }

    fn alert(alert: Alert, from_client: bool) -> Self {
        let description = alert.description.name().unwrap_or("unknown alert");
        let of = Of { name: description, from_client, dialect: Dialect::Hello, raw: &[], again: false };
        let gist = match (of.gist(), alert.level) {
            ("", AlertLevel::Fatal) => "this cannot go on",
            ("", AlertLevel::Warning) => "a warning",
            (gist, _) => gist,
        };
        let (raw, fields) = bytes::alert(alert);
        let facts = if of.why().is_empty() { words::capital(&alert.to_string()) } else { String::new() };
        Self { name: "alert", raw: raw.to_vec(), gist, why: of.why(), facts, fields: (fields.to_vec(), None) }
    }
}

fn after(at: Duration) -> String {
    match at.as_micros() {
        0..100 => "at the beginning.".into(),
        us => format!("{}.{} ms after the beginning.", us / 1000, us % 1000 / 100),
    }
}

/// The records that a message travelled in.
fn travelled(parts: &[Part<'_>], id: &str, name: &str) -> Markup {
    html! {
        @if !parts.is_empty() {
            div.travelled {
                h3.layer {
                    "As it travelled: "
                    @match parts.len() { 1 => "in a record", n => { "in " (n) " records" } }
                }
                @for (n, part) in parts.iter().enumerate() { (envelope(part.record, Some(part), &format!("{id}-r{n}"), name)) }
            }
        }
    }
}

/// A record: its header, and what is behind it, where that is not shown as what it is.
fn envelope(record: &Record, part: Option<&Part<'_>>, id: &str, name: &str) -> Markup {
    // A hello in SSL 2.0's form has a length, and no more.
    let header = if record.version < ProtocolVersion::SSL3_0 { 2 } else { 5 };
    let (head, body) = record.raw.split_at_checked(header).unwrap_or((&record.raw, &[]));
    html! {
        div.record {
            @if let Some(part) = part { (bar(part, name)) }
            div.head {
                @if let [kind, version @ .., high, low] = head {
                    span.piece { b.hex { (hex::plain(&[*kind])) } span { (record.outer) @if record.protection.protects() && is_disguised(record) { ", it says" } } }
                    span.piece { b.hex { (hex::plain(version)) } span { (record.version) } }
                    span.piece { b.hex { (hex::plain(&[*high, *low])) } span { (words::size(record.length)) } }
                } @else {
                    span.piece { b.hex { (hex::plain(head)) } }
                }
                span.piece.rest { (contents(record, part)) }
            }
            @if record.protection.protects() && !body.is_empty() {
                details.cipher id=(id) {
                    summary { span.hex { (hex::plain(body.get(..16).unwrap_or(body))) } " … all " (words::size(body.len())) ", as they went" }
                    div.hex tabindex="0" role="group" aria-label="The record as it went" { (hex::plain(body)) }
                }
            }
        }
    }
}

/// Whether the header hides the type of the content, as in TLS 1.3.
fn is_disguised(record: &Record) -> bool {
    matches!(record.inside, Inside::Content { kind, .. } if kind != record.outer)
}

/// What is in a record, in words.
fn contents(record: &Record, part: Option<&Part<'_>>) -> String {
    let part = match part {
        Some(Part { content, range, .. }) if range.len() < *content => {
            format!("; of its {} of content {} are this message's", words::size(*content), range.len())
        }
        _ => String::new(),
    };
    match record.inside {
        Inside::Content { kind, length } if record.protection.protects() => {
            let more = record.length.saturating_sub(length);
            format!("inside: {kind}, {}{part}; the other {more} protect it", words::size(length))
        }
        Inside::Content { .. } => format!("in the clear{part}"),
        Inside::Dropped => "early data that was not accepted: it was dropped unread".into(),
        Inside::Unreadable => "it could not be opened".into(),
    }
}

/// The record as a bar: header, what comes before, the message, what comes behind, and what protects it.
fn bar(part: &Part<'_>, name: &str) -> Markup {
    let Part { record, content, ref range } = *part;
    let whole = (5 + record.length).max(1);
    let protection = record.length.saturating_sub(content);
    let pieces = [
        ("head", 5),
        ("other", range.start),
        ("own", range.len()),
        ("other", content - range.end),
        ("seal", protection),
    ];
    let mut end = 0;
    let pieces = pieces.map(|(class, bytes)| {
        let (x, width) = (end, bytes * 1000 / whole);
        end += width;
        (class, x, if bytes > 0 { width.max(4) } else { 0 })
    });
    html! {
        svg.bar viewBox="0 0 1000 8" preserveAspectRatio="none" role="img"
            aria-label={ "A record of " (whole) " bytes, " (range.len()) " of which are this " (name) } {
            @for (class, x, width) in pieces {
                @if width > 0 { rect.(class) x=(x) y="0" width=(width) height="8" {} }
            }
        }
    }
}

/// The moment when keys change. `protected` are the directions that had some before.
fn key_change(changes: &[Change], protected: &mut Vec<Direction>, ends: Ends) -> Markup {
    let (class, who) = match changes {
        [change] => (class(change.direction), format!("what {} says", ends.sender(change.direction))),
        _ => ("both", "what both say".into()),
    };
    let again = changes.iter().all(|change| protected.contains(&change.direction));
    protected.extend(changes.iter().map(|change| change.direction));
    let is = match (again, changes.iter().all(|change| words::encrypts(change.suite))) {
        (true, true) => ("under ", "new keys", ""),
        (false, true) => ("", "encrypted", ""),
        (_, false) => ("", "guarded against change", ", and not encrypted: anyone can read it"),
    };
    let mut secrets: Vec<String> = changes.iter().map(|change| change.secret.replace('_', " ")).collect();
    secrets.dedup();
    html! {
        div.keychange.(class) {
            svg viewBox="0 0 24 24" aria-hidden="true" {
                path d="M7 11V8a5 5 0 0 1 10 0v3" {}
                rect x="5" y="11" width="14" height="10" rx="2" {}
            }
            p { "From here on, " (who) " is " (is.0) b { (is.1) } (is.2) "." }
            p.from { "Keys of the " (secrets.join(", and the ")) }
        }
    }
}

/// Data of the application.
fn data(
    direction: Direction,
    records: &[&Record],
    count: usize,
    length: usize,
    protection: Protection,
    at: Duration,
    ends: Ends,
) -> Markup {
    // With h2 a server speaks first: it need not be a request and its answer.
    let gist = match direction {
        Direction::Received => "what the client has to say",
        Direction::Sent => "what the server has to say",
    };
    html! {
        details.data.(class(direction)) {
            (line(direction, "application data", gist, &words::size(length), protection, ends))
            div.open {
                div.about {
                    p.why { "What it is all for: what the two ends have to say to each other." }
                    p.when { (words::capital(ends.sender(direction))) " said this " (after(at)) " It went in " @match count { 1 => "one record.", n => { (n) " records." } } }
                }
                div.travelled {
                    h3.layer { "As it travelled" }
                    @for (n, record) in records.iter().enumerate() {
                        (envelope(record, None, &format!("{}-d{}-{n}", ends.prefix, at.as_nanos()), "data"))
                    }
                    @if records.len() < count { p.when { "The bytes of the others were not kept." } }
                }
            }
        }
    }
}

/// A record in which nothing whole came.
fn loose(record: &Record, at: Duration, ends: Ends) -> Markup {
    let gist = match record.inside {
        Inside::Content { length: 0, .. } => "nothing is in it",
        Inside::Content { .. } => "part of a message, the rest of which did not come",
        Inside::Dropped => "early data, dropped unread",
        Inside::Unreadable => "a record that could not be opened",
    };
    html! {
        details.data.loose.(class(record.direction)) {
            (line(record.direction, "record", gist, &words::size(record.raw.len()), record.protection, ends))
            div.open {
                div.about { p.when { (words::capital(ends.sender(record.direction))) " said this " (after(at)) } }
                div.travelled {
                    (envelope(record, None, &format!("{}-l{}", ends.prefix, at.as_nanos()), "record"))
                    @if !record.protection.protects() && record.raw.len() > 5 { div.hex { (hex::plain(record.raw.get(5..).unwrap_or_default())) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handfast::wire::CipherSuite;
    use handfast::wire::numbers::ContentType;

    const ENDS: Ends = Ends { prefix: "m", server: "Handfast", client: "your browser" };

    fn record(length: usize) -> Record {
        let (kind, version) = (ContentType::HANDSHAKE, ProtocolVersion::TLS1_2);
        let (direction, inside) = (Direction::Received, Inside::Content { kind, length });
        Record {
            direction,
            outer: kind,
            version,
            length,
            protection: Protection::Clear,
            inside,
            raw: vec![0; 5 + length],
        }
    }

    /// Whoever listens to a connection with a NULL suite reads it all: nothing says otherwise.
    #[test]
    fn a_lock_is_on_what_nobody_between_can_read() {
        let card = |protection| {
            let kind = Kind::Handshake { name: "ServerHelloDone", raw: &[14, 0, 0, 0], dialect: Dialect::Hello };
            let (direction, at) = (Direction::Sent, Duration::ZERO);
            let message = Message { direction, kind, protection, again: false, travelled: Vec::new(), at };
            card(&message, "m1", ENDS).into_string()
        };
        let encrypted = card(Protection::Encrypted);
        assert!(encrypted.contains("class=\"name lock\"") && encrypted.contains("decrypted"), "{encrypted}");
        let guarded = card(Protection::Integrity);
        assert!(!guarded.contains("lock\"") && !guarded.contains("crypted"), "{guarded}");
        assert!(guarded.contains("data-protected=\"true\"") && guarded.contains("guarded against change"));
        let (direction, secret, suite) = (Direction::Sent, "master secret", CipherSuite::TLS_RSA_WITH_NULL_SHA256);
        let change = key_change(&[Change { direction, secret, suite }], &mut Vec::new(), ENDS).into_string();
        assert!(change.contains("anyone can read it"), "{change}");
    }

    #[test]
    fn a_record_without_content_is_no_part_of_anything() {
        let told = |length| loose(&record(length), Duration::ZERO, ENDS).into_string();
        assert!(told(3).contains("part of a message"));
        assert!(told(0).contains("nothing is in it") && !told(0).contains("part of"), "{}", told(0));
    }
}

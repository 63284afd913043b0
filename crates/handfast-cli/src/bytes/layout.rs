//! A field and its bytes: side by side, or on a narrow terminal one below the other.

use super::Paper;
use crate::events::Protection;
use crate::words;
use anstyle::{AnsiColor, Style};
use handfast::wire::Field;

/// From so many columns on, all bytes stand beside their fields: sixteen in a line, or eight.
const WIDE: usize = 100;
const BESIDE: usize = 72;
/// What a line of sixteen bytes takes. From here on a few bytes stand beside their field, and more below it.
const SIXTEEN: usize = 57;
const FEW: usize = 5;
/// How deep fields are moved in.
const DEEPEST: usize = 6;

/// What bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Of a message, as they went.
    Clear,
    /// Of a message that went encrypted.
    Decrypted,
    /// The header of a record, which is of no message and has no place in one.
    Header,
    /// What is behind it, as it travelled.
    Ciphertext,
    /// The same, if it is only guarded against change.
    Guarded,
    /// The same, if it cannot be read.
    Unread,
}

impl Ink {
    pub(super) fn of(protection: Protection) -> Self {
        match protection {
            Protection::Encrypted => Self::Decrypted,
            Protection::Clear | Protection::Integrity => Self::Clear,
        }
    }
}

/// How many bytes a line has.
pub(super) fn each(paper: &Paper) -> usize {
    match paper.width {
        BESIDE..WIDE | ..SIXTEEN => 8,
        _ => 16,
    }
}

/// A field, beside or above its bytes.
pub(super) fn row(paper: &Paper, bytes: &[u8], field: &Field, depth: usize, ink: Ink) -> String {
    let each = each(paper);
    // How many of them, at most, stand beside a field.
    let beside = match paper.width {
        BESIDE.. => each,
        SIXTEEN.. => FEW,
        _ => 0,
    };
    let column = if beside == 0 { 2 } else { 2 + 4 + 2 + 3 * beside + 1 };
    let hex = hex(paper, bytes, field.range.start, each, ink);
    let words = told(paper, bytes, field, depth, paper.width - column);
    if beside < each && bytes.len() > beside {
        let words = words.iter().map(|line| format!("{:column$}{}", "", line.text));
        return words.chain(hex.into_iter().map(|h| h.text)).map(|line| line + "\n").collect();
    }
    let mut out = String::new();
    for n in 0..hex.len().max(words.len()) {
        let (left, right) = (hex.get(n), words.get(n));
        if let Some(left) = left {
            out += &left.text;
        }
        if let Some(right) = right {
            let fill = column - left.map_or(0, |l| l.columns);
            out += &format!("{:fill$}{}", "", right.text);
        }
        out.push('\n');
    }
    out
}

/// A line, and how many columns it takes, which its colours hide.
struct Painted {
    text: String,
    columns: usize,
}

/// Lines of so many bytes each, with the place of the first.
fn hex(paper: &Paper, bytes: &[u8], start: usize, each: usize, ink: Ink) -> Vec<Painted> {
    let style = match ink {
        Ink::Clear => Style::new(),
        Ink::Decrypted => AnsiColor::Green.on_default(),
        Ink::Header => AnsiColor::Magenta.on_default(),
        Ink::Ciphertext | Ink::Guarded => AnsiColor::Magenta.on_default().dimmed(),
        Ink::Unread => AnsiColor::Red.on_default(),
    };
    let lines = bytes.chunks(each).enumerate().map(|(n, chunk)| {
        let place = match ink {
            Ink::Header => "rec ".into(),
            Ink::Ciphertext => "enc ".into(),
            Ink::Guarded | Ink::Unread => "raw ".into(),
            Ink::Clear | Ink::Decrypted => format!("{:04x}", start + n * each),
        };
        let pairs = chunk.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
        let columns = 2 + place.len() + 2 + pairs.len();
        let place = paper.paint(Style::new().dimmed(), &place);
        Painted { text: format!("  {place}  {}", paper.paint(style, &pairs)), columns }
    });
    lines.collect()
}

/// Name and value, and below them the note.
fn told(paper: &Paper, bytes: &[u8], field: &Field, depth: usize, width: usize) -> Vec<Painted> {
    let indent = " ".repeat(2 * depth.min(DEEPEST));
    let hang = format!("{indent}  ");
    let wrapped = |text: &str| -> Vec<String> {
        let options = textwrap::Options::new(width).initial_indent(&indent).subsequent_indent(&hang);
        textwrap::wrap(text, options).iter().map(|line| line.trim_end().to_owned()).collect()
    };
    let value = words::shown(&value(bytes, field));
    let (name, bold) = (field.name, Style::new().bold());
    let text = format!("{name}{}{value}", if name.is_empty() { "" } else { "  " });
    let mut lines = wrapped(text.trim_end());
    if let Some(first) = lines.first_mut()
        && let Some(rest) = first.strip_prefix(&format!("{indent}{name}"))
    {
        *first = format!("{indent}{}{rest}", paper.paint(bold, name));
    }
    let note = note(field).map_or_else(Vec::new, |note| wrapped(&format!("  {note}.")));
    let note = note.iter().map(|line| paper.paint(Style::new().dimmed(), line));
    lines.into_iter().chain(note).map(|text| Painted { columns: 0, text }).collect()
}

/// What a field is for, and its section. What stands before every message and every other field explains itself.
pub(crate) fn note(field: &Field) -> Option<String> {
    match (field.name, field.note) {
        ("msg_type" | "length" | "extension_type", _) | (_, "") => None,
        (_, note) => Some(format!("{note} ({})", field.rfc)),
    }
}

/// The value in words. Where that would be the bytes again, it is how many there are.
pub(crate) fn value(bytes: &[u8], field: &Field) -> String {
    if field.value.is_empty() {
        return if field.parts.is_empty() { "empty".into() } else { String::new() };
    }
    // In front there may be an extension's type, and a length.
    for skip in 0..=4 {
        let Some(content) = bytes.get(skip..).filter(|c| !c.is_empty()) else { break };
        let whole = content.len() <= 40 && field.value == words::hex(content);
        let cut = || content.get(..16).is_some_and(|c| field.value.starts_with(&words::hex(c)));
        if whole || cut() && field.value.contains(&format!("…({} bytes)…", content.len())) {
            let behind = if skip == 0 { "" } else { ", and before them their length" };
            return words::size(content.len()) + behind;
        }
    }
    field.value.clone()
}

#[cfg(test)]
mod tests {
    use super::super::Record;
    use super::super::tree::{tests::hello, tree};
    use super::*;
    use handfast::message::Dialect;
    use handfast::trace::{Direction, Inside};
    use handfast::wire::numbers::{ContentType, ProtocolVersion};

    fn paper(width: usize) -> Paper {
        Paper { width, color: false, ciphertext: false }
    }

    /// The bytes that are shown, in order.
    fn bytes_of(text: &str) -> Vec<u8> {
        let is_place = |l: &&str| l.get(2..6).is_some_and(|p| p.bytes().all(|b| b.is_ascii_hexdigit()));
        let pairs = |line: &str| -> Vec<u8> {
            let pairs = line[8..].split(' ').take(16);
            pairs.map_while(|p| u8::from_str_radix(p, 16).ok().filter(|_| p.len() == 2)).collect()
        };
        text.lines().filter(is_place).flat_map(pairs).collect()
    }

    #[test]
    fn bytes_stand_beside_their_fields() {
        let text = paper(110).message("ClientHello", &hello(), Dialect::Hello, Protection::Clear);
        let mut lines = text.lines();
        let mut next = || lines.next().unwrap_or_default();
        assert_eq!(next(), format!("  0000  01{:47}msg_type  ClientHello", ""));
        assert_eq!(next(), format!("{:57}ClientHello", ""));
        let note: String = (0..3).map(|_| next().trim_start().to_owned() + " ").collect();
        let begins =
            "The client begins: what it speaks, and whom it wants to talk to (RFC 9846 4.2.2, RFC 5246 7.4.1.2). ";
        assert_eq!(note, begins);
        // What a length is for need not be said.
        assert_eq!(next(), format!("  0001  00 00 3e{:43}length  62 bytes", ""));
        assert_eq!(next(), format!("  0004  03 03{:46}legacy_version  TLS 1.2", ""));
    }

    #[test]
    fn at_any_width_every_byte_is_shown_once_and_no_line_is_too_long() {
        let raw = hello();
        for width in [40, 56, 57, 60, 71, 72, 80, 99, 100, 110, 200] {
            let text = paper(width).message("ClientHello", &raw, Dialect::Hello, Protection::Encrypted);
            assert_eq!(bytes_of(&text), raw, "{width}:\n{text}");
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn a_value_is_not_the_bytes_again() {
        let field = |bytes: &[u8]| Field { value: words::hex(bytes), ..Field::default() };
        assert_eq!(value(&[1, 2, 3], &field(&[1, 2, 3])), "3 bytes");
        assert_eq!(value(&[2, 5, 6], &field(&[5, 6])), "2 bytes, and before them their length");
        assert_eq!(value(&[0, 0], &Field::default()), "empty");
        assert_eq!(value(&[1], &Field { value: "yes".into(), ..Field::default() }), "yes");
    }

    #[test]
    fn a_malformed_message_shows_what_there_is_and_the_fault() {
        let raw = &hello()[..50];
        let text = paper(80).message("ClientHello", raw, Dialect::Hello, Protection::Clear);
        assert_eq!(bytes_of(&text), raw);
        assert!(text.contains("  malformed: ") && tree("ClientHello", raw, Dialect::Hello).1.is_some(), "{text}");
    }

    #[test]
    fn what_the_peer_says_does_not_drive_the_terminal() {
        let field = Field { name: "host_name", range: 0..9, value: "a\x1b[31m\u{202e}b".into(), ..Field::default() };
        let text = row(&paper(80), &[0; 9], &field, 0, Ink::Clear);
        assert!(text.contains("a\u{fffd}[31m\u{fffd}b") && !text.contains('\x1b'), "{text}");
    }

    #[test]
    fn colour_is_put_on_and_what_is_left_without_it_is_the_same() {
        let (plain, color) = (paper(80), Paper { width: 80, color: true, ciphertext: false });
        let show = |p: &Paper| p.message("ClientHello", &hello(), Dialect::Hello, Protection::Encrypted);
        let colored = show(&color);
        assert!(colored.contains("\x1b[1mmsg_type\x1b[0m") && colored.contains("\x1b[32m"), "{colored}");
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), show(&plain));
    }

    /// A record with this inside and 40 bytes behind its header.
    fn record(paper: &Paper, inside: Inside, protection: Protection) -> String {
        let raw = [&[23, 3, 3, 0, 40][..], &[0xee; 40]].concat();
        let (outer, version) = (ContentType::APPLICATION_DATA, ProtocolVersion::TLS1_2);
        paper.record(Direction::Received, Record { outer, version, length: 40, protection, inside, raw: &raw })
    }

    #[test]
    fn of_a_record_its_header_and_the_beginning_of_its_ciphertext() {
        let inside = Inside::Content { kind: ContentType::HANDSHAKE, length: 23 };
        for (width, first, more) in [(110, 16, 24), (80, 8, 32), (60, 16, 24), (40, 8, 32)] {
            let text = record(&paper(width), inside, Protection::Encrypted);
            let encrypted: Vec<_> = text.lines().filter(|l| l.starts_with("  enc   ")).collect();
            assert_eq!(encrypted.len(), 1, "{text}");
            assert_eq!(encrypted[0].matches("ee").count(), first, "{text}");
            assert!(
                text.contains("rec   17 03 03 00 28") && text.contains(&format!("and {more} bytes more")),
                "{text}"
            );
            let whole = record(&Paper { ciphertext: true, ..paper(width) }, inside, Protection::Encrypted);
            assert_eq!(whole.matches(" ee").count(), 40, "{whole}");
            assert!(!whole.contains("more"), "{whole}");
        }
        assert!(
            !record(&paper(80), inside, Protection::Clear).contains("enc "),
            "what went in the clear is shown as what it is"
        );
    }

    #[test]
    fn what_is_dropped_or_cannot_be_read_is_told_from_the_rest() {
        let finished = Inside::Content { kind: ContentType::HANDSHAKE, length: 20 };
        for (inside, protection, words, place) in [
            (Inside::Dropped, Protection::Encrypted, "early data that is not accepted, dropped unread", "enc "),
            (Inside::Unreadable, Protection::Encrypted, "which cannot be read", "enc "),
            (Inside::Unreadable, Protection::Clear, "which cannot be read", "raw "),
            (finished, Protection::Integrity, "guarded against change", "raw "),
        ] {
            let text = record(&paper(200), inside, protection);
            assert!(text.contains(words) && text.contains(&format!("  {place}  ee")), "{text}");
        }
    }
}

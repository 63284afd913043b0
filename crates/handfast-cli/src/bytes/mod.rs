//! `--bytes`: messages with their fields against their bytes, as wide as the terminal is.

mod layout;
mod tree;

pub(crate) use layout::value;
pub(crate) use tree::tree;

use crate::events::{Event, Protection};
use crate::words::{self, harmless};
use anstyle::{AnsiColor, Style};
use handfast::alert::{Alert, AlertLevel};
use handfast::message::Dialect;
use handfast::trace::{Direction, Inside};
use handfast::wire::numbers::{ContentType, ProtocolVersion};
use handfast::wire::{CipherSuite, Field};
use layout::{Ink, row};

/// Where neither a terminal nor `COLUMNS` says how wide lines may be.
const WIDTH: usize = 110;
/// Less than this has no room for bytes.
const NARROWEST: usize = 40;

/// What is written on: how wide it is, and whether it has colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paper {
    width: usize,
    color: bool,
    /// Whether records are shown whole, whose content is shown decrypted.
    ciphertext: bool,
}

/// A record: what its header says, what is in it, and how it travelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'r> {
    pub(crate) outer: ContentType,
    pub(crate) version: ProtocolVersion,
    pub(crate) length: usize,
    pub(crate) protection: Protection,
    pub(crate) inside: Inside,
    pub(crate) raw: &'r [u8],
}

impl Paper {
    /// stdout. With all the `ciphertext`, or with the beginning of each record's.
    pub(crate) fn stdout(ciphertext: bool) -> Self {
        let out = std::io::stdout();
        let color = anstream::AutoStream::choice(&out) != anstream::ColorChoice::Never;
        Self { width: width(terminal_size::terminal_size_of(&out)), color, ciphertext }
    }

    /// The same on stderr.
    pub(crate) fn stderr(ciphertext: bool) -> Self {
        let out = std::io::stderr();
        let color = anstream::AutoStream::choice(&out) != anstream::ColorChoice::Never;
        Self { width: width(terminal_size::terminal_size_of(&out)), color, ciphertext }
    }

    /// What `connect` shows of an event in this form; `None` of those that have no bytes.
    pub(crate) fn event(&self, event: &Event<'_>) -> Option<String> {
        let text = match *event {
            Event::Message { direction, name, raw, dialect, protection } => {
                let facts = words::facts(name, raw, dialect);
                self.heading(direction, name, raw.len(), protection, &facts)
                    + &self.message(name, raw, dialect, protection)
            }
            Event::Alert { direction, alert, protection } => {
                let heading = self.heading(direction, "alert", 2, protection, &alert.to_string());
                heading + &self.alert(alert, protection)
            }
            Event::Record { direction, record } => self.record(direction, record),
            Event::Keys { direction, secret, suite } => self.keys(words::way(direction), secret, suite),
            _ => return None,
        };
        Some(text)
    }

    /// A heading: what went which way, how large, and what it says in short.
    fn heading(&self, direction: Direction, name: &str, length: usize, protection: Protection, facts: &str) -> String {
        let (arrow, color) = match direction {
            Direction::Sent => ('→', AnsiColor::Cyan),
            Direction::Received => ('←', AnsiColor::Yellow),
        };
        let how = match (protection, direction) {
            (Protection::Clear, _) => "",
            (Protection::Integrity, _) => ", guarded against change",
            (Protection::Encrypted, Direction::Sent) => ", before it is encrypted",
            (Protection::Encrypted, Direction::Received) => ", decrypted",
        };
        let title = self.lines(&format!("{arrow} {name}, {}{how}", words::size(length)), color.on_default().bold());
        format!("\n{title}{}", self.lines(&format!("  {}", harmless(facts)), Style::new().dimmed()))
    }

    /// A handshake message, or a ChangeCipherSpec, field by field.
    pub(crate) fn message(&self, name: &str, raw: &[u8], dialect: Dialect, protection: Protection) -> String {
        let (fields, fault) = tree(name, raw, dialect);
        let mut out = self.fields(raw, &fields, Ink::of(protection));
        if let Some(fault) = fault {
            out += &self.lines(&format!("  malformed: {fault}"), AnsiColor::Red.on_default());
        }
        out
    }

    /// An alert, field by field.
    pub(crate) fn alert(&self, alert: Alert, protection: Protection) -> String {
        let (raw, fields) = self::alert(alert);
        self.fields(&raw, &fields, Ink::of(protection))
    }

    /// The header of a record. It comes before what is in it if that was received, and behind it if it was sent.
    pub(crate) fn record(&self, direction: Direction, record: Record<'_>) -> String {
        let Record { outer, version, length, protection, inside, raw } = record;
        // SSL 2.0's has two bytes, a length.
        let header = if version.0 == 2 { 2 } else { 5 };
        let name = match direction {
            Direction::Sent => "→ record",
            Direction::Received => "← record",
        };
        let secret = match inside {
            Inside::Dropped => ", encrypted: early data that is not accepted, dropped unread".into(),
            Inside::Unreadable if protection == Protection::Integrity => ", which fails its check".into(),
            Inside::Unreadable => ", which cannot be read".into(),
            Inside::Content { kind, .. } => match protection {
                Protection::Encrypted if outer != kind => format!(", encrypted, {kind} inside"),
                Protection::Encrypted => ", encrypted".into(),
                Protection::Integrity => ", guarded against change".into(),
                Protection::Clear => String::new(),
            },
        };
        let value = format!("{outer} ({}), {version}, {}{secret}", outer.0, words::size(length));
        let (header, fragment) = raw.split_at(header.min(raw.len()));
        let field = Field { name, range: 0..header.len(), value, ..Field::default() };
        let header = self.fields(header, &[field], Ink::Header);
        // What travelled in the clear is shown as what it is.
        match inside {
            Inside::Content { .. } if !protection.protects() => header,
            _ => header + &self.fragment(fragment, protection, inside),
        }
    }

    /// What is behind a record's header, of which nothing, or something else, is shown.
    fn fragment(&self, bytes: &[u8], protection: Protection, inside: Inside) -> String {
        let (name, ink) = match protection {
            Protection::Clear => ("not read", Ink::Unread),
            Protection::Integrity if inside == Inside::Unreadable => ("content and MAC", Ink::Unread),
            Protection::Integrity => ("content and MAC", Ink::Guarded),
            Protection::Encrypted => ("ciphertext", Ink::Ciphertext),
        };
        let shown = if self.ciphertext { bytes.len() } else { bytes.len().min(layout::each(self)) };
        let value = match bytes.len() - shown {
            0 => String::new(),
            more => format!("and {} more", words::size(more)),
        };
        match shown {
            0 => String::new(),
            _ => self.fields(bytes, &[Field { name, range: 0..shown, value, ..Field::default() }], ink),
        }
    }

    /// Bytes of the application.
    pub(crate) fn data(&self, bytes: &[u8], protection: Protection) -> String {
        let text = String::from_utf8_lossy(bytes).trim_end().to_owned();
        self.fields(
            bytes,
            &[Field { name: "text", range: 0..bytes.len(), value: text, ..Field::default() }],
            Ink::of(protection),
        )
    }

    /// That there are new keys, of this suite, for this.
    pub(crate) fn keys(&self, what: &str, secret: &str, suite: CipherSuite) -> String {
        let words = format!("─── {} ───", words::keys(what, secret, suite));
        format!("\n{}", self.lines(&words, AnsiColor::Green.on_default()))
    }

    /// The same text, in lines that are not too long.
    pub(crate) fn fitted(&self, text: &str) -> String {
        text.lines().map(|line| if line.is_empty() { "\n".into() } else { self.lines(line, Style::new()) }).collect()
    }

    /// Lines of so many columns at most, each in this style. What is behind a line's beginning stays as far in as that.
    fn lines(&self, text: &str, style: Style) -> String {
        let indent = text.len() - text.trim_start().len();
        let hang = " ".repeat(indent + 2);
        let wrapped = textwrap::wrap(text, textwrap::Options::new(self.width).subsequent_indent(&hang));
        wrapped.iter().map(|line| self.paint(style, line.trim_end()) + "\n").collect()
    }

    fn fields(&self, raw: &[u8], fields: &[Field], ink: Ink) -> String {
        fields.iter().map(|field| self.field(raw, field, 0, ink)).collect()
    }

    /// A field, and what is inside of it below. Elements that have no name and parts of their own stand as their parts.
    fn field(&self, raw: &[u8], field: &Field, depth: usize, ink: Ink) -> String {
        let inside = if field.parts.is_empty() || field.name.is_empty() { depth } else { depth + 1 };
        let mut out = String::new();
        if !field.name.is_empty() || field.parts.is_empty() {
            let bytes = if field.parts.is_empty() { field.range.clone() } else { field.range.start..field.range.start };
            let bytes = raw.get(bytes).unwrap_or_default();
            out += &row(self, bytes, field, depth, ink);
        }
        out.extend(field.parts.iter().map(|part| self.field(raw, part, inside, ink)));
        out
    }

    fn paint(&self, style: Style, text: &str) -> String {
        match self.color && !text.is_empty() && style != Style::new() {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }
}

/// As the terminal has it; `COLUMNS` goes before it.
fn width(terminal: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).filter(|c| *c > 0);
    let has = terminal.map(|(terminal_size::Width(columns), _)| columns.into());
    said.or(has).unwrap_or(WIDTH).max(NARROWEST)
}

/// The bytes of an alert, and its fields.
pub(crate) fn alert(alert: Alert) -> ([u8; 2], [Field; 2]) {
    let (level, name) = match alert.level {
        AlertLevel::Warning => (1, "warning (1)"),
        AlertLevel::Fatal => (2, "fatal (2)"),
    };
    let number = alert.description.0;
    let rfc = "RFC 9846 6, RFC 5246 7.2";
    let field = |name, at, value, note| Field { name, range: at..at + 1, value, note, rfc, parts: Vec::new() };
    let fields = [
        field("level", 0, name.into(), "How grave it is; TLS 1.3 goes by the description alone"),
        field("description", 1, format!("{} ({number})", alert.description), "What is the matter"),
    ];
    ([level, number], fields)
}

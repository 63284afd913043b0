//! The fields of a message such that each of its bytes stands in exactly one field without parts.
//!
//! The library names what the RFCs name. The lengths between, and what nobody read because of a fault, are filled in here.

use crate::words;
use handfast::message::{Dialect, Message};
use handfast::wire::numbers::ExtensionType;
use handfast::wire::{Field, Malformed};
use std::ops::Range;

/// All fields, and what is wrong with the message, if something is.
pub(crate) fn tree(name: &str, raw: &[u8], dialect: Dialect) -> (Vec<Field>, Option<Malformed>) {
    if name == "ChangeCipherSpec" {
        return (vec![change_cipher_spec(dialect)], None);
    }
    let (parts, fault) = Message::describe(raw, dialect);
    let mut whole = Field { range: 0..raw.len(), parts, ..Field::default() };
    fill(&mut whole, raw);
    if whole.parts.is_empty() && !raw.is_empty() {
        whole.parts.push(unread(whole.range));
    }
    (whole.parts, fault)
}

fn change_cipher_spec(dialect: Dialect) -> Field {
    let note = match dialect {
        Dialect::Tls13 => "Changes nothing; old middleboxes like to see it (RFC 9846 5).",
        _ => "What this side sends from here on is protected (RFC 5246 7.1).",
    };
    Field { name: "type", range: 0..1, value: "change_cipher_spec (1)".into(), note, parts: Vec::new() }
}

/// Names what lies between the parts of a field, and all that lies in them.
fn fill(field: &mut Field, raw: &[u8]) {
    let (mut at, end) = (field.range.start, field.range.end.min(raw.len()));
    let parts = std::mem::take(&mut field.parts);
    if parts.is_empty() {
        return;
    }
    for (n, mut part) in parts.into_iter().enumerate() {
        match n {
            0 => before(field, at..part.range.start, raw),
            _ if at < part.range.start => field.parts.push(unread(at..part.range.start)),
            _ => {}
        }
        at = at.max(part.range.end);
        fill(&mut part, raw);
        field.parts.push(part);
    }
    if at < end {
        field.parts.push(unread(at..end));
    }
}

/// What stands before the first part: the type of an extension, and lengths.
fn before(field: &mut Field, gap: Range<usize>, raw: &[u8]) {
    let mut at = gap.start;
    let kind = raw.get(at..at + 2).map(|b| ExtensionType(u16::from_be_bytes([b[0], b[1]])));
    if let Some(kind) = kind.filter(|k| gap.len() > 2 && k.name() == Some(field.name)) {
        let value = format!("{kind} ({})", kind.0);
        field.parts.push(Field { name: "extension_type", range: at..at + 2, value, ..Field::default() });
        at += 2;
    }
    while at < gap.end {
        // A length says how much of the field follows. Where a fault cut that short, what is left is one all the same.
        let says = |n: &usize| number(raw, at..at + n) == Some(field.range.end.saturating_sub(at + n));
        let left = gap.end - at;
        let length = (1..=left.min(3)).rev().find(says).or((left <= 3).then_some(left));
        let Some((length, n)) = length.and_then(|l| Some((l, number(raw, at..at + l)?))) else {
            return field.parts.push(unread(at..gap.end));
        };
        field.parts.push(Field { name: "length", range: at..at + length, value: words::size(n), ..Field::default() });
        at += length;
    }
}

fn number(raw: &[u8], range: Range<usize>) -> Option<usize> {
    Some(raw.get(range)?.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)))
}

fn unread(range: Range<usize>) -> Field {
    Field { name: "not read", value: words::size(range.len()), range, ..Field::default() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The fields without parts.
    pub(crate) fn leaves(fields: &[Field]) -> Vec<&Field> {
        let mut out = Vec::new();
        for field in fields {
            match field.parts.as_slice() {
                [] => out.push(field),
                parts => out.extend(leaves(parts)),
            }
        }
        out
    }

    /// Every byte stands in one leaf.
    #[track_caller]
    pub(crate) fn tiles(fields: &[Field], length: usize) {
        let mut at = 0;
        for leaf in leaves(fields) {
            assert_eq!(leaf.range.start, at, "{leaf:?}");
            at = leaf.range.end;
        }
        assert_eq!(at, length);
    }

    /// A ClientHello with server_name and an extension that nobody knows.
    pub(crate) fn hello() -> Vec<u8> {
        let mut raw = vec![1, 0, 0, 62, 3, 3];
        raw.extend([7; 32]);
        raw.extend([0, 0, 2, 0x13, 1, 1, 0, 0, 19]);
        raw.extend([0, 0, 0, 9, 0, 7, 0, 0, 4]);
        raw.extend(b"host");
        raw.extend([0x99, 0x99, 0, 2, 5, 6]);
        raw
    }

    #[test]
    fn lengths_and_types_are_filled_in() {
        let raw = hello();
        let (fields, fault) = tree("ClientHello", &raw, Dialect::Hello);
        assert_eq!(fault, None);
        tiles(&fields, raw.len());
        let named: Vec<_> = leaves(&fields).iter().map(|f| (f.name, f.range.clone(), f.value.clone())).collect();
        assert_eq!(named[1], ("length", 1..4, "62 bytes".into()));
        assert!(named.contains(&("extension_type", 47..49, "server_name (0)".into())), "{named:?}");
        assert!(named.contains(&("length", 49..51, "9 bytes".into())) && named.iter().all(|f| f.0 != "not read"));
    }

    #[test]
    fn of_a_message_that_is_cut_or_has_too_much_every_byte_is_shown_too() {
        let raw = hello();
        for n in 1..raw.len() {
            let (fields, fault) = tree("ClientHello", &raw[..n], Dialect::Hello);
            tiles(&fields, n);
            assert!(fault.is_some(), "{n}");
        }
        // server_name stands twice.
        let mut twice = raw.clone();
        twice[60..62].fill(0);
        let (fields, fault) = tree("ClientHello", &twice, Dialect::Hello);
        tiles(&fields, twice.len());
        assert!(fault.is_some() && leaves(&fields).last().is_some_and(|f| f.name == "not read"));
        let (fields, _) = tree("unknown message", &[99, 0, 0, 1, 5], Dialect::Tls13);
        tiles(&fields, 5);
        tiles(&tree("nothing", &[], Dialect::Tls13).0, 0);
    }
}

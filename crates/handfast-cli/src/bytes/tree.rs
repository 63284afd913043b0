//! The fields of a message such that each of its bytes stands in exactly one field without parts.
//!
//! The library names what the RFCs name. The lengths between, and what nobody read because of a fault, are filled in here.

use crate::words;
use handfast::message::{Dialect, Message};
use handfast::wire::numbers::ExtensionType;
use handfast::wire::{Field, Malformed};
use std::ops::Range;

/// How many fields of a message are told; real ones have some hundreds.
const MOST: usize = 2048;

/// All fields, as far as they are not too many, and what is wrong with the message, if something is.
pub(crate) fn tree(name: &str, raw: &[u8], dialect: Dialect) -> (Vec<Field>, Option<Malformed>) {
    if name == "ChangeCipherSpec" {
        return (vec![change_cipher_spec(dialect)], None);
    }
    let (parts, fault) = Message::describe(raw, dialect);
    let mut whole = Field { range: 0..raw.len(), parts, ..Field::default() };
    fill(&mut whole, raw);
    name_certificates(&mut whole.parts, raw);
    if whole.parts.is_empty() && !raw.is_empty() {
        whole.parts.push(unread(whole.range));
    }
    shorten(&mut whole.parts, &mut { MOST });
    (whole.parts, fault)
}

/// Leaves so many fields. What follows in a list is one, which has their bytes.
fn shorten(fields: &mut Vec<Field>, left: &mut usize) {
    for n in 0..fields.len() {
        if *left == 0 {
            let (more, end) = (fields.len() - n, fields.last().map_or(0, |f| f.range.end));
            let range = fields[n].range.start..end;
            fields.truncate(n);
            let value = format!("{more} more, which are not told one by one");
            return fields.push(Field { name: "more", range, value, ..Field::default() });
        }
        *left -= 1;
        shorten(&mut fields[n].parts, left);
    }
}

fn change_cipher_spec(dialect: Dialect) -> Field {
    let (note, rfc) = match dialect {
        Dialect::Tls13 => ("Changes nothing; old middleboxes like to see it", "RFC 9846 5, RFC 9846 E.4"),
        _ => ("What this side sends from here on is protected", "RFC 5246 7.1"),
    };
    Field { name: "type", range: 0..1, value: "change_cipher_spec (1)".into(), note, rfc, parts: Vec::new() }
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
        match part.parts.is_empty() && field.name == "extensions" {
            true => split(&mut part, raw),
            false => fill(&mut part, raw),
        }
        field.parts.push(part);
    }
    if at < end {
        field.parts.push(unread(at..end));
    }
}

/// An extension whose contents have no fields of their own: its type, its length, and its contents, which have its value then.
fn split(extension: &mut Field, raw: &[u8]) {
    let Range { start, end } = extension.range;
    let length = number(raw, start + 2..start + 4).filter(|n| start + 4 + n == end);
    let (Some(kind), Some(n)) = (number(raw, start..start + 2), length) else { return };
    extension.parts = vec![extension_type(ExtensionType(kind as u16), start), length_of(n, start + 2..start + 4)];
    if n > 0 {
        let (name, note, rfc) = ("extension_data", "What the extension says", EXTENSION);
        let value = std::mem::take(&mut extension.value);
        extension.parts.push(Field { name, range: start + 4..end, value, note, rfc, parts: Vec::new() });
    }
}

const EXTENSION: &str = "RFC 9846 4.3, RFC 5246 7.4.1.4";

fn extension_type(kind: ExtensionType, at: usize) -> Field {
    let (name, value) =
        ("extension_type", if kind.name().is_some() { format!("{kind} ({})", kind.0) } else { kind.to_string() });
    Field { name, range: at..at + 2, value, note: "Says which extension this is", rfc: EXTENSION, parts: Vec::new() }
}

fn length_of(n: usize, range: Range<usize>) -> Field {
    // Behind the type of a message stands the length of all of it.
    let (note, rfc) = match range {
        Range { start: 1, end: 4 } => {
            ("How long the message is, without this and its type", "RFC 9846 4, RFC 5246 7.4")
        }
        _ => ("How much follows", "RFC 9846 3.4, RFC 5246 4.3"),
    };
    Field { name: "length", range, value: words::size(n), note, rfc, parts: Vec::new() }
}

/// Says of certificates, and of bare keys, whose they are, and what authorities are called.
fn name_certificates(fields: &mut [Field], raw: &[u8]) {
    for field in fields {
        // Behind its length, of three bytes or two.
        let der = |length| raw.get(field.range.start + length..field.range.end).filter(|der| !der.is_empty());
        let value = match field.name {
            _ if !field.parts.is_empty() => None,
            "cert_data" | "certificate" | "ASN.1_subjectPublicKeyInfo" => der(3).map(words::certified),
            "authority" => der(2).map(words::authority),
            _ => None,
        };
        field.value = value.unwrap_or(std::mem::take(&mut field.value));
        name_certificates(&mut field.parts, raw);
    }
}

/// What stands before the first part: the type of an extension, and lengths.
fn before(field: &mut Field, gap: Range<usize>, raw: &[u8]) {
    let mut at = gap.start;
    let kind = raw.get(at..at + 2).map(|b| ExtensionType(u16::from_be_bytes([b[0], b[1]])));
    let is_its = |k: &ExtensionType| gap.len() > 2 && k.name().unwrap_or("unknown extension") == field.name;
    if let Some(kind) = kind.filter(is_its) {
        field.parts.push(extension_type(kind, at));
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
        field.parts.push(length_of(n, at..at + length));
        at += length;
    }
}

fn number(raw: &[u8], range: Range<usize>) -> Option<usize> {
    Some(raw.get(range)?.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)))
}

fn unread(range: Range<usize>) -> Field {
    let (note, rfc) = ("Nobody reads on behind a fault", "RFC 9846 6.2, RFC 5246 7.2.2");
    Field { name: "not read", value: words::size(range.len()), range, note, rfc, parts: Vec::new() }
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
    fn an_extension_without_fields_has_its_type_its_length_and_its_contents() {
        let mut raw = hello();
        // Behind the one that nobody knows: extended_master_secret, which has no contents, and padding.
        raw.extend([0, 23, 0, 0, 0, 21, 0, 2, 0, 0]);
        raw[3] += 10;
        raw[46] += 10;
        let (fields, fault) = tree("ClientHello", &raw, Dialect::Hello);
        assert_eq!(fault, None);
        tiles(&fields, raw.len());
        let of = |name: &str| {
            let extensions = fields[1].parts.iter().find(|f| f.name == "extensions").expect("the block");
            let one = extensions.parts.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("{name}"));
            let parts = one.parts.iter().map(|f| format!("{} {}", f.name, f.value));
            (one.value.clone(), parts.collect::<Vec<_>>())
        };
        let (value, parts) = of("unknown extension");
        assert_eq!(value, "0x9999");
        assert_eq!(parts, ["extension_type 0x9999", "length 2 bytes", "extension_data 0506"]);
        let (value, parts) = of("extended_master_secret");
        assert_eq!(value, "yes");
        assert_eq!(parts, ["extension_type extended_master_secret (23)", "length 0 bytes"]);
        let (value, parts) = of("padding");
        assert_eq!(value, "");
        assert_eq!(parts, ["extension_type padding (21)", "length 2 bytes", "extension_data 2 zeros"]);
    }

    #[test]
    fn certificates_and_bare_keys_say_whose_they_are() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
        let der = made.cert.der();
        let of = |n: usize| [(n >> 16) as u8, (n >> 8) as u8, n as u8];
        let list = [&of(der.len())[..], der, &[0, 0]].concat();
        let body = [&[0][..], &of(list.len()), &list].concat();
        let raw = [&[11][..], &of(body.len()), &body].concat();
        let (fields, fault) = tree("Certificate", &raw, Dialect::Tls13);
        assert_eq!(fault, None);
        let data = *leaves(&fields).iter().find(|f| f.name == "cert_data").expect("the certificate");
        let words =
            "rcgen self signed cert, signed by rcgen self signed cert, valid from 1975-01-01 until 4096-01-01; ";
        assert!(data.value.starts_with(words) && data.value.ends_with(&words::size(der.len())), "{data:?}");
        let mut broken = raw;
        broken[11] ^= 1;
        let (fields, _) = tree("Certificate", &broken, Dialect::Tls13);
        assert!(leaves(&fields).iter().any(|f| f.value.starts_with("cannot be read; ")));
        let spki = rcgen::PublicKeyData::subject_public_key_info(&made.signing_key);
        assert!(words::certified(&spki).starts_with("a raw public key, SHA-256 "));
    }

    #[test]
    fn of_a_message_of_too_many_fields_the_rest_is_one() {
        let suites = 30_000_u16;
        let mut raw = vec![1, 0, 0, 0, 3, 3];
        raw.extend([7; 32]);
        raw.push(0);
        raw.extend((2 * suites).to_be_bytes());
        raw.extend((0..suites).flat_map(u16::to_be_bytes));
        raw.extend([1, 0]);
        let length = (raw.len() - 4) as u32;
        raw[1..4].copy_from_slice(&length.to_be_bytes()[1..]);
        let (fields, fault) = tree("ClientHello", &raw, Dialect::Hello);
        assert_eq!(fault, None);
        tiles(&fields, raw.len());
        let leaves = leaves(&fields);
        assert!(leaves.len() <= MOST + 2, "{}", leaves.len());
        assert!(leaves.iter().any(|f| f.name == "more" && f.value.starts_with("2")), "{:?}", leaves.last());
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

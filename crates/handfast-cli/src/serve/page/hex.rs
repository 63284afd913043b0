//! Bytes and fields of a message, tied to each other: what lights the one lights the other.

use crate::bytes;
use crate::words;
use handfast::wire::Field;
use maud::{Markup, PreEscaped, html};
use std::fmt::Write;

/// How many bytes stand in a line.
const EACH: usize = 16;

/// Bytes in hexadecimal, in lines.
pub(super) fn plain(bytes: &[u8]) -> Markup {
    let mut out = String::with_capacity(3 * bytes.len());
    for (n, byte) in bytes.iter().enumerate() {
        between(&mut out, n);
        let _ = write!(out, "{byte:02x}");
    }
    PreEscaped(out)
}

/// The bytes of a message, in a span for each field, nested as fields are. Every byte stands in exactly one innermost span.
pub(super) fn spans(raw: &[u8], fields: &[Field], id: &str) -> Markup {
    let mut out = String::with_capacity(8 * raw.len());
    let mut number = 0;
    for field in fields {
        between(&mut out, field.range.start);
        span(&mut out, raw, field, id, &mut number);
    }
    PreEscaped(out)
}

fn span(out: &mut String, raw: &[u8], field: &Field, id: &str, number: &mut usize) {
    let _ = write!(out, "<span class=\"b\" id=\"{id}-f{number}\" data-f=\"{number}\">");
    *number += 1;
    for part in &field.parts {
        if part.range.start > field.range.start {
            between(out, part.range.start);
        }
        span(out, raw, part, id, number);
    }
    if field.parts.is_empty() {
        for (n, byte) in field.range.clone().zip(raw.get(field.range.clone()).unwrap_or_default()) {
            if n > field.range.start {
                between(out, n);
            }
            let _ = write!(out, "{byte:02x}");
        }
    }
    out.push_str("</span>");
}

/// What stands before a byte.
fn between(out: &mut String, n: usize) {
    match n {
        0 => {}
        n if n % EACH == 0 => out.push('\n'),
        _ => out.push(' '),
    }
}

/// The fields, as a tree of rows, numbered as their spans are.
pub(super) fn rows(raw: &[u8], fields: &[Field], id: &str) -> Markup {
    let mut number = 0;
    tree(raw, fields, id, &mut number)
}

fn tree(raw: &[u8], fields: &[Field], id: &str, number: &mut usize) -> Markup {
    html! {
        ul {
            @for field in fields {
                @let n = std::mem::replace(number, *number + 1);
                li data-f=(n) data-start=(field.range.start) data-end=(field.range.end) {
                    a.row href={ "#" (id) "-f" (n) } { (row(raw, field)) }
                    @if !field.parts.is_empty() { (tree(raw, &field.parts, id, number)) }
                }
            }
        }
    }
}

fn row(raw: &[u8], field: &Field) -> Markup {
    let own = raw.get(field.range.clone()).unwrap_or_default();
    let mut value = words::shown(&bytes::value(own, field));
    // An element of a list that is more than a value is called by what it begins with: a key share by its group.
    if let (true, true, Some(first)) = (field.name.is_empty(), value.is_empty(), field.parts.first()) {
        value = words::shown(&bytes::value(raw.get(first.range.clone()).unwrap_or_default(), first));
    }
    html! {
        @if !field.name.is_empty() { span.k { (field.name) } " " }
        @if !value.is_empty() { span.v { (value) } " " }
        @if !field.note.is_empty() || !field.rfc.is_empty() { span.t { (field.note) " " span.r { (field.rfc) } } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &'static str, range: std::ops::Range<usize>, parts: Vec<Field>) -> Field {
        Field { name, range, value: "<b>".into(), parts, ..Field::default() }
    }

    #[test]
    fn spans_nest_as_fields_do_and_hold_every_byte_once() {
        let raw: Vec<u8> = (0..20).collect();
        let parts = vec![field("in", 1..2, Vec::new()), field("in", 2..18, Vec::new())];
        let fields = [field("out", 1..18, parts), field("end", 18..20, Vec::new())];
        let fields = [vec![field("first", 0..1, Vec::new())], fields.to_vec()].concat();
        let html = spans(&raw, &fields, "m1").into_string();
        let text: String = html.split('<').flat_map(|tag| tag.rsplit('>').next()).collect();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines, ["00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f", "10 11 12 13"]);
        let nested =
            "<span class=\"b\" id=\"m1-f1\" data-f=\"1\"><span class=\"b\" id=\"m1-f2\" data-f=\"2\">01</span> <span";
        assert!(html.contains(nested), "{html}");
        let rows = rows(&raw, &fields, "m1").into_string();
        assert!(
            rows.contains("<li data-f=\"3\" data-start=\"2\" data-end=\"18\"><a class=\"row\" href=\"#m1-f3\">"),
            "{rows}"
        );
        assert!(rows.contains("&lt;b&gt;") && !rows.contains("<b>"), "what a peer says is text");
    }
}

//! Names and dates of certificates in words. The bytes are the peer's: what is shown is bounded, and holds nothing that could
//! mislead a terminal.

use crate::Time;
use std::time::Duration;
use x509_parser::certificate::Validity;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

/// The most characters of a name that are shown.
const MAX_NAME: usize = 200;

/// A Name (RFC 5280 4.1.2.4), given whole: `CN=example.org, O=Example`.
pub(super) fn name(der: &[u8]) -> String {
    match X509Name::from_der(der) {
        Ok((_, name)) if name.iter_rdn().next().is_none() => "an empty name".into(),
        Ok((_, name)) => clean(&name.to_string()),
        Err(_) => "a name that cannot be read".into(),
    }
}

/// Text that the peer chose, fit to be printed: control characters, and those that turn the direction of writing, are replaced;
/// what is too long is cut.
pub(super) fn clean(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out: String =
        text.chars().take(MAX_NAME).map(|c| if harmful(c) { char::REPLACEMENT_CHARACTER } else { c }).collect();
    if text.chars().nth(MAX_NAME).is_some() {
        out.push('…');
    }
    out
}

/// notBefore and notAfter of a Validity (RFC 5280 4.1.2.5), given whole. Before 1970 is 1970.
pub(super) fn validity(der: &[u8]) -> Option<(Time, Time)> {
    let time = |t: ASN1Time| Time(Duration::from_secs(u64::try_from(t.timestamp()).unwrap_or(0)));
    let (_, validity) = Validity::from_der(der).ok()?;
    Some((time(validity.not_before), time(validity.not_after)))
}

/// A moment, as `2026-03-01 23:59:59 UTC`.
pub(super) fn date(time: Time) -> String {
    let Some(time) = i64::try_from(time.0.as_secs()).ok().and_then(|s| ASN1Time::from_timestamp(s).ok()) else {
        return "a time far in the future".into();
    };
    let t = time.to_datetime();
    let (year, month, day) = (t.year(), u8::from(t.month()), t.day());
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC", t.hour(), t.minute(), t.second())
}

/// How far two moments lie apart, in the largest unit of which there are two: `3 days`.
pub(super) fn between(a: Time, b: Time) -> String {
    const UNITS: [(u64, &str); 4] = [(365 * 86400, "years"), (86400, "days"), (3600, "hours"), (60, "minutes")];
    let seconds = a.0.abs_diff(b.0).as_secs();
    match UNITS.iter().find(|(unit, _)| seconds >= 2 * unit) {
        Some((unit, name)) => format!("{} {name}", seconds / unit),
        None if seconds == 1 => "1 second".into(),
        None => format!("{seconds} seconds"),
    }
}

/// `a`, `a and b`, `a, b and c`, and no more than eight: `a, …, h and 12 more`.
pub(super) fn list(items: &[String]) -> String {
    const SHOWN: usize = 8;
    match items {
        [] => "nothing".into(),
        [one] => one.clone(),
        [first @ .., last] if items.len() <= SHOWN => format!("{} and {last}", first.join(", ")),
        _ => {
            let shown: Vec<_> = items.iter().take(SHOWN).map(String::as_str).collect();
            format!("{} and {} more", shown.join(", "), items.len() - SHOWN)
        }
    }
}

/// An algorithm or a purpose by its OID in dotted decimals: its name if it has one here.
pub(super) fn oid(dotted: &str) -> &str {
    match dotted {
        "1.2.840.113549.1.1.2" => "RSA with MD2",
        "1.2.840.113549.1.1.4" => "RSA with MD5",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "RSA with SHA-1",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.11" => "RSA with SHA-256",
        "1.2.840.113549.1.1.12" => "RSA with SHA-384",
        "1.2.840.113549.1.1.13" => "RSA with SHA-512",
        "1.2.840.113549.1.1.14" => "RSA with SHA-224",
        "1.2.840.113549.1.1.1" => "RSA",
        "1.2.840.10045.2.1" => "an elliptic curve",
        "1.2.840.10045.4.1" => "ECDSA with SHA-1",
        "1.2.840.10045.4.3.1" => "ECDSA with SHA-224",
        "1.2.840.10045.4.3.2" => "ECDSA with SHA-256",
        "1.2.840.10045.4.3.3" => "ECDSA with SHA-384",
        "1.2.840.10045.4.3.4" => "ECDSA with SHA-512",
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.10040.4.3" => "DSA with SHA-1",
        "2.16.840.1.101.3.4.3.2" => "DSA with SHA-256",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "1.3.6.1.5.5.7.3.1" => "serverAuth",
        "1.3.6.1.5.5.7.3.2" => "clientAuth",
        "1.3.6.1.5.5.7.3.3" => "codeSigning",
        "1.3.6.1.5.5.7.3.4" => "emailProtection",
        "1.3.6.1.5.5.7.3.8" => "timeStamping",
        "1.3.6.1.5.5.7.3.9" => "OCSPSigning",
        "2.5.29.37.0" => "anyExtendedKeyUsage",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time(Duration::from_secs(seconds))
    }

    #[test]
    fn dates_and_spans() {
        assert_eq!(date(at(0)), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(at(1_709_164_799)), "2024-02-28 23:59:59 UTC");
        assert_eq!(date(at(1_709_251_199)), "2024-02-29 23:59:59 UTC");
        assert_eq!(date(at(u64::MAX)), "a time far in the future");
        assert_eq!(between(at(100), at(101)), "1 second");
        assert_eq!(between(at(0), at(119)), "119 seconds");
        assert_eq!(between(at(7200), at(0)), "2 hours");
        assert_eq!(between(at(0), at(47 * 3600)), "47 hours");
        assert_eq!(between(at(0), at(3 * 365 * 86400)), "3 years");
    }

    #[test]
    fn text_is_bounded_and_harmless() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\n"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}");
        assert_eq!(clean(&"x".repeat(5000)).chars().count(), MAX_NAME + 1);
        let names: Vec<_> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(list(&names), "0, 1, 2, 3, 4, 5, 6, 7 and 12 more");
        assert_eq!(list(&names[..3]), "0, 1 and 2");
        assert_eq!(name(&[0x30, 0]), "an empty name");
        assert_eq!(name(&[0x30]), "a name that cannot be read");
    }
}

//! The common name as a server's name, as it was before subjectAltName (RFC 2818 3.1).

use super::super::der::{Certificate, Der, tag};
use rustls_pki_types::{CertificateDer, DnsName, ServerName};
use std::net::IpAddr;

/// Whether a certificate without subjectAltName has a common name that stands for this: a DNS name, where a wildcard may be the
/// left-most label, or an address as text.
pub(in super::super) fn stands_for(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    let Some(leaf) = Certificate::read(leaf).filter(|leaf| !leaf.has_alternative_names()) else { return false };
    common_name(leaf.subject).is_some_and(|presented| matches(presented, name))
}

/// The most specific common name of a Name, which is the last one, if it is ASCII.
fn common_name(name: &[u8]) -> Option<&str> {
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    const SET: u8 = 0x31;
    /// UTF8String, PrintableString, TeletexString, IA5String: what ASCII looks the same in.
    const TEXT: [u8; 4] = [0x0c, 0x13, 0x14, 0x16];
    let mut sets = Der(Der(name).next(tag::SEQUENCE)?.content);
    let mut found = None;
    while let Some(set) = sets.next(SET) {
        let mut attributes = Der(set.content);
        while let Some(attribute) = attributes.next(tag::SEQUENCE) {
            let mut fields = Der(attribute.content);
            let (Some(kind), Some(value)) = (fields.next(tag::OID), fields.any()) else { return None };
            if kind.content == COMMON_NAME {
                found = Some(value);
            }
        }
    }
    let text = found.filter(|value| TEXT.contains(&value.tag) && value.content.is_ascii())?;
    std::str::from_utf8(text.content).ok()
}

fn matches(presented: &str, wanted: &ServerName<'_>) -> bool {
    match wanted {
        ServerName::IpAddress(wanted) => presented.parse() == Ok(IpAddr::from(*wanted)),
        ServerName::DnsName(wanted) => {
            let wanted = wanted.as_ref().strip_suffix('.').unwrap_or(wanted.as_ref());
            match presented.strip_prefix("*.") {
                None => is_name(presented) && presented.eq_ignore_ascii_case(wanted),
                // A wildcard stands for one label, and never for all below a top-level domain.
                Some(above) => {
                    let fits = |(_, rest): (&str, &str)| rest.eq_ignore_ascii_case(above);
                    is_name(above) && above.contains('.') && wanted.split_once('.').is_some_and(fits)
                }
            }
        }
        _ => false,
    }
}

fn is_name(text: &str) -> bool {
    DnsName::try_from(text).is_ok() && !text.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_as_they_do_in_subject_alt_name() {
        let fits = |presented: &str, wanted: &str| matches(presented, &ServerName::try_from(wanted).unwrap());
        for (presented, wanted) in [
            ("example.org", "example.org"),
            ("EXAMPLE.org", "example.ORG"),
            ("*.example.org", "www.example.org"),
            ("box", "box"),
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8:0::1", "2001:db8::1"),
        ] {
            assert!(fits(presented, wanted), "{presented} {wanted}");
        }
        for (presented, wanted) in [
            ("example.org", "www.example.org"),
            ("*.example.org", "example.org"),
            ("*.example.org", "a.b.example.org"),
            ("*.org", "example.org"),
            ("*", "box"),
            ("*.", "box"),
            ("w*.example.org", "www.example.org"),
            ("www.*.org", "www.example.org"),
            ("example.org.", "example.org"),
            ("example.org\0.evil.test", "example.org"),
            ("Example Org", "example.org"),
            ("192.0.2.1", "192.0.2.2"),
            ("*.0.2.1", "192.0.2.1"),
            ("", "box"),
        ] {
            assert!(!fits(presented, wanted), "{presented} {wanted}");
        }
    }

    #[test]
    fn the_last_common_name_counts() {
        fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
            [&[tag, content.len() as u8], content].concat()
        }
        let attribute = |kind: u8, tag: u8, text: &[u8]| {
            wrap(0x31, &wrap(0x30, &[wrap(6, &[0x55, 4, kind]), wrap(tag, text)].concat()))
        };
        let name = |parts: &[Vec<u8>]| wrap(0x30, &parts.concat());
        let (first, last) = (attribute(3, 0x0c, b"first"), attribute(3, 0x13, b"last"));
        let organization = attribute(10, 0x0c, b"organization");
        assert_eq!(common_name(&name(&[first.clone(), last, organization.clone()])), Some("last"));
        assert_eq!(common_name(&name(&[organization])), None);
        // In two bytes a character, or not in ASCII.
        assert_eq!(common_name(&name(&[first.clone(), attribute(3, 0x1e, b"\0a")])), None);
        assert_eq!(common_name(&name(&[first, attribute(3, 0x0c, "é".as_bytes())])), None);
        assert_eq!(common_name(&[0x30]), None);
    }
}

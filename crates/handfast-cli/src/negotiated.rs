//! What was negotiated, as one list, of which the object `connected`, the view on stderr and the page are made. What can newly be
//! negotiated is a row here and a line in `docs/json.md`.

use crate::words::{self, harmless, sentence};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use handfast::Negotiated;
use handfast::wire::numbers::ProtocolVersion;
use serde_json::{Value, json};
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

/// One thing that was negotiated, or was not.
#[derive(Debug)]
pub(crate) struct Fact {
    /// Its name in JSON.
    pub(crate) key: &'static str,
    /// Its value in JSON; `null` if it has none.
    pub(crate) value: Value,
    /// For a person, beyond the line that has the usual: what it is called, and what it is.
    pub(crate) told: Option<(&'static str, String)>,
}

/// A fact that [`summary`] has.
fn usual(key: &'static str, value: impl Into<Value>) -> Fact {
    Fact { key, value: value.into(), told: None }
}

/// A fact that a person is told if there is something to tell.
fn fact(key: &'static str, value: impl Into<Value>, called: &'static str, words: Option<String>) -> Fact {
    Fact { key, value: value.into(), told: words.map(|w| (called, harmless(&w))) }
}

/// A fact that is a list of our own words, however long.
fn list(key: &'static str, value: impl Into<Value>, called: &'static str, words: Option<String>) -> Fact {
    Fact { key, value: value.into(), told: words.map(|w| (called, sentence(&w))) }
}

/// All of it.
pub(crate) fn facts(n: &Negotiated) -> Vec<Fact> {
    // What these two say, TLS 1.3 has built in.
    let classic = n.version.is_some_and(|v| v < ProtocolVersion::TLS1_3);
    let lacks = |has: bool| (classic && !has).then(|| "no: the peer is old, or badly kept".to_owned());
    // It has no extensions to offer it by: it is not the peer's fault.
    let could_extend = n.version != Some(ProtocolVersion::SSL3_0);
    vec![
        usual("version", n.version.map(|v| v.to_string())),
        usual("suite", n.suite.map(|s| s.to_string())),
        usual("group", n.group.map(|g| g.to_string())),
        usual("dh_bits", n.dh_bits),
        usual("scheme", n.scheme.map(|s| s.to_string())),
        usual("alpn", n.alpn.as_deref().map(String::from_utf8_lossy)),
        usual("resumed", n.resumed),
        usual("verified", n.verified.clone()),
        fact(
            "psk_identity",
            n.psk_identity.as_deref().map(String::from_utf8_lossy),
            "by the key",
            n.psk_identity.as_deref().map(|name| String::from_utf8_lossy(name).into_owned()),
        ),
        fact(
            "early_data",
            n.early_data,
            "early data",
            n.early_data.map(|taken| if taken { "accepted" } else { "refused" }.into()),
        ),
        fact("retried", n.retried, "retried", n.retried.then(|| "the server asked for another ClientHello".into())),
        fact("tickets", n.tickets, "tickets", n.tickets.map(|t| format!("{t}, the server says"))),
        fact(
            "peer_record_size_limit",
            n.peer_record_size_limit,
            "peer's record size limit",
            n.peer_record_size_limit.map(|n| words::size(n.into())),
        ),
        fact("name", n.server_name.clone(), "name", n.server_name.clone()),
        fact(
            "client_scheme",
            n.client_scheme.map(|s| s.to_string()),
            "client's scheme",
            n.client_scheme.map(|s| s.to_string()),
        ),
        fact("peer_raw_key", n.peer_raw_key.as_ref().map(|key| raw_key(key)), "peer's raw key", raw_key_in_words(n)),
        list("peer_chain", chain(n), "peer's chain", chain_in_words(n)),
        fact(
            "ocsp",
            ocsp(n).map(|r| BASE64_STANDARD.encode(r)),
            "OCSP response",
            ocsp(n).map(|r| words::size(r.len())),
        ),
        fact("scts", scts(n).map(|s| BASE64_STANDARD.encode(s)).collect::<Vec<_>>(), "SCTs", scts_in_words(n)),
        fact(
            "certificate_compression",
            n.certificate_compression.map(|a| a.to_string()),
            "certificates by",
            n.certificate_compression.map(|a| a.to_string()),
        ),
        fact(
            "extended_master_secret",
            classic.then_some(n.extended_master_secret),
            "extended master secret",
            lacks(n.extended_master_secret).filter(|_| could_extend),
        ),
        fact(
            "secure_renegotiation",
            classic.then_some(n.secure_renegotiation),
            "secure renegotiation",
            lacks(n.secure_renegotiation),
        ),
        list("weaknesses", n.weaknesses().iter().map(|w| w.name()).collect::<Vec<_>>(), "weak", weaknesses(n)),
    ]
}

/// What is weak, and what that means; nothing, if nothing is.
pub(crate) fn weaknesses(n: &Negotiated) -> Option<String> {
    let each: Vec<_> = n.weaknesses().iter().map(|w| format!("{w} ({})", w.words())).collect();
    (!each.is_empty()).then(|| each.join("; "))
}

/// The usual, in a line.
pub(crate) fn summary(n: &Negotiated) -> String {
    let or = |value: Option<String>, none: &str| value.unwrap_or_else(|| none.into());
    let verified = match &n.verified {
        Some(how) => format!("  verified: {how}"),
        None if n.psk_identity.is_some() => "  verified: by a pre-shared key".into(),
        // A client that has not been asked for one, as most are not; or that may do without.
        None if n.peer_chain.is_empty() && n.peer_raw_key.is_none() => String::new(),
        None => "  verified: in the handshake that is resumed".into(),
    };
    harmless(&format!(
        "{}  suite {}  group {}  scheme {}  alpn {}  resumed {}{verified}",
        words::version(n.version),
        or(n.suite.map(|s| s.to_string()), "?"),
        or(
            n.group
                .map(|g| g.to_string())
                .or_else(|| n.dh_bits.map(|bits| format!("of {bits} bits, the server's own"))),
            "none"
        ),
        or(n.scheme.map(|s| s.to_string()), "none"),
        or(n.alpn.as_deref().map(|a| String::from_utf8_lossy(a).into_owned()), "none"),
        if n.resumed { "yes" } else { "no" },
    ))
}

/// What is told beyond the usual.
pub(crate) fn beyond(n: &Negotiated) -> impl Iterator<Item = (&'static str, String)> {
    facts(n).into_iter().filter_map(|f| f.told)
}

fn chain(n: &Negotiated) -> Vec<Value> {
    n.peer_chain.iter().map(|c| certificate(c)).collect()
}

/// A raw public key.
fn raw_key(spki: &[u8]) -> Value {
    json!({ "sha256": words::sha256(spki), "der": BASE64_STANDARD.encode(spki) })
}

fn raw_key_in_words(n: &Negotiated) -> Option<String> {
    n.peer_raw_key.as_ref().map(|key| format!("SHA-256 {}", words::sha256(key)))
}

/// A certificate, as far as it can be read.
pub(crate) fn certificate(der: &[u8]) -> Value {
    let sha256 = words::sha256(der);
    let read = X509Certificate::from_der(der).ok().map(|(_, c)| c);
    json!({
        "subject": read.as_ref().map(|c| c.subject().to_string()),
        "issuer": read.as_ref().map(|c| c.issuer().to_string()),
        "not_before": read.as_ref().map(|c| moment(c.validity().not_before)),
        "not_after": read.as_ref().map(|c| moment(c.validity().not_after)),
        "sha256": sha256,
        "der": BASE64_STANDARD.encode(der),
    })
}

/// As RFC 3339 writes it.
fn moment(time: ASN1Time) -> String {
    let at = time.to_datetime();
    format!("{}T{:02}:{:02}:{:02}Z", at.date(), at.hour(), at.minute(), at.second())
}

/// The OCSP response for the peer's own certificate.
fn ocsp(n: &Negotiated) -> Option<&[u8]> {
    n.stapled.as_ref().and_then(|s| s.response(0))
}

fn scts(n: &Negotiated) -> impl Iterator<Item = &Vec<u8>> {
    n.stapled.iter().flat_map(|s| &s.scts)
}

fn scts_in_words(n: &Negotiated) -> Option<String> {
    let count = scts(n).count();
    (count > 0).then(|| format!("{count}, which are not judged here"))
}

fn chain_in_words(n: &Negotiated) -> Option<String> {
    let each: Vec<_> = n.peer_chain.iter().map(|c| words::subject(c)).collect();
    (!each.is_empty()).then(|| each.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(n: &Negotiated) -> Vec<&'static str> {
        beyond(n).map(|(what, _)| what).collect()
    }

    #[test]
    fn a_person_is_told_what_is_unusual() {
        let mut n = Negotiated::default();
        n.version = Some(ProtocolVersion::TLS1_3);
        n.group = Some(handfast::wire::numbers::NamedGroup::X25519);
        assert_eq!(told(&n), [""; 0]);
        n.retried = true;
        n.server_name = Some("a\x1b".into());
        assert_eq!(told(&n), ["retried", "name"]);
        assert!(beyond(&n).any(|(_, words)| words == "a\u{fffd}"), "and it is harmless");
        n.version = Some(ProtocolVersion::TLS1_2);
        n.secure_renegotiation = true;
        assert_eq!(told(&n), ["retried", "name", "extended master secret", "weak"]);
        assert!(weaknesses(&n).is_some_and(|w| w.starts_with("no extended master secret (")));
    }

    /// SSL 3.0 has much to be said of it, and all of it counts.
    #[test]
    fn what_is_weak_is_told_to_its_end() {
        let mut n = Negotiated::default();
        n.version = Some(ProtocolVersion::SSL3_0);
        n.suite = Some(handfast::wire::CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA);
        let all = weaknesses(&n).expect("weaknesses");
        assert!(all.chars().count() > 400, "{all}");
        assert!(beyond(&n).any(|(what, words)| what == "weak" && words == all));
    }

    /// Most clients are not asked for a certificate, so that there is nothing to say of it.
    #[test]
    fn that_nobody_was_verified_is_not_told() {
        let mut n = Negotiated::default();
        assert!(!summary(&n).contains("verified"));
        n.psk_identity = Some(b"me".to_vec());
        assert!(summary(&n).ends_with("  verified: by a pre-shared key"));
    }

    #[test]
    fn keys_stand_once() {
        let facts = facts(&Negotiated::default());
        let keys: std::collections::HashSet<_> = facts.iter().map(|f| f.key).collect();
        assert_eq!(keys.len(), facts.len());
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_told_as_it_is() {
        let mut n = Negotiated::default();
        n.peer_chain.push(handfast::pki_types::CertificateDer::from(vec![0x30]));
        let chain = facts(&n).into_iter().find(|f| f.key == "peer_chain").expect("a chain").value;
        assert_eq!((&chain[0]["subject"], &chain[0]["der"]), (&Value::Null, &"MA==".into()));
        assert_eq!(chain[0]["sha256"], "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9");
    }
}

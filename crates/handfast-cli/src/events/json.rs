//! Events as JSON, one object a line. The schema stands in `docs/json.md`; what is there is changed only with [`SCHEMA`].

use super::{Cause, Connection, Event, Secret};
use crate::bytes::{self, Record};
use crate::exit::blame;
use crate::negotiated::{certificate, facts};
use crate::words;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use handfast::alert::AlertLevel;
use handfast::trace::{Direction, Inside};
use handfast::verify::CertificateError;
use handfast::wire::Field;
use handfast::wire::numbers::ContentType;
use handfast::{Negotiated, Time};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// The version of the schema: counted up when a field goes or changes its meaning, not when one is added.
pub(crate) const SCHEMA: u32 = 2;

/// Whose event it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Whose {
    /// One of `serve`'s connections.
    pub(crate) connection: Option<Connection>,
    /// Which end of the connection, where both are told of.
    pub(crate) end: Option<&'static str>,
}

/// The object; `None` for what only the human view shows.
pub(crate) fn line(whose: Whose, at: Time, event: &Event<'_>) -> Option<String> {
    let (name, fields) = object(event)?;
    // What it is, when and whose comes first, for those who read the lines themselves.
    let mut members = vec![("event".to_owned(), name.into()), ("at".to_owned(), moment(at).into())];
    if let Some(Connection { number, peer }) = whose.connection {
        members.push(("connection".into(), number.into()));
        members.push(("peer".into(), peer.to_string().into()));
    }
    members.extend(whose.end.map(|end| ("end".to_owned(), end.into())));
    if let Value::Object(fields) = fields {
        members.extend(fields);
    }
    let members: Vec<String> = members.iter().map(|(k, v)| format!("{}:{v}", Value::from(k.as_str()))).collect();
    Some(format!("{{{}}}", members.join(",")))
}

fn object(event: &Event<'_>) -> Option<(&'static str, Value)> {
    Some(match *event {
        Event::Start { verb } => (
            "start",
            json!({ "schema": SCHEMA, "tool": "handfast", "tool_version": env!("CARGO_PKG_VERSION"), "verb": verb }),
        ),
        Event::Listening { url } => ("listening", json!({ "url": url })),
        Event::Reloaded { cause, certificates, sessions_kept } => {
            let own: Vec<_> = certificates.iter().filter_map(|c| c.chain.first()).map(|c| certificate(c)).collect();
            ("reloaded", json!({ "cause": why(cause), "certificates": own, "sessions_kept": sessions_kept }))
        }
        Event::ReloadFailed { cause, failure } => {
            let e = &failure.explanation;
            ("reload_failed", json!({ "cause": why(cause), "why": e.why, "remedy": or_null(&e.remedy) }))
        }
        Event::Message { direction, name, raw, dialect, protection } => {
            let (fields, fault) = bytes::tree(name, raw, dialect);
            (
                "message",
                json!({
                    "direction": way(direction),
                    "message": name,
                    "length": raw.len(),
                    "protected": protection.protects(),
                    "base64": BASE64_STANDARD.encode(raw),
                    "fields": described(&fields),
                    "fault": fault.map(|f| f.to_string()),
                }),
            )
        }
        Event::Alert { direction, alert, protection } => {
            let level = match alert.level {
                AlertLevel::Warning => "warning",
                AlertLevel::Fatal => "fatal",
            };
            let (alert, number) = (alert.description.to_string(), alert.description.0);
            (
                "alert",
                json!({ "direction": way(direction), "level": level, "alert": alert, "number": number, "protected": protection.protects() }),
            )
        }
        Event::Record { direction, record } => ("record", of_record(direction, record)),
        Event::Secret { secret: Secret { name, label, from, with, length, value } } => (
            "secret",
            json!({
                "name": name,
                "label": or_null(label),
                "from": or_null(from),
                "with": or_null(with),
                "length": length,
                "hex": value.map(words::hex),
            }),
        ),
        Event::Keys { direction, secret, suite } => {
            ("keys", json!({ "direction": way(direction), "secret": secret, "suite": suite.to_string() }))
        }
        Event::Plain { direction } => ("plain", json!({ "direction": way(direction) })),
        Event::State { awaiting } => ("state", json!({ "awaiting": awaiting })),
        Event::Resumption { by, verdict } => (
            "resumption",
            json!({ "by": by.name(), "verdict": verdict.name(), "words": format!("the {by} {verdict}") }),
        ),
        Event::Verified { how } => ("verified", json!({ "how": how })),
        Event::Refused { error } => (
            "refused",
            json!({ "why": error.to_string(), "certificate": place(error), "field": error.field().map(|f| f.name()) }),
        ),
        Event::NotShown { why } => ("not_shown", json!({ "why": why })),
        Event::Fallback { from, to, failure } => {
            let e = &failure.explanation;
            let alert = e.alert.map(|a| a.to_string());
            ("fallback", json!({ "from": from.to_string(), "to": to.to_string(), "alert": alert, "why": e.why }))
        }
        Event::Connected { negotiated } => ("connected", agreed(negotiated)),
        Event::Renegotiated { negotiated } => ("renegotiated", agreed(negotiated)),
        Event::ClientCertificate { negotiated } => ("client_certificate", agreed(negotiated)),
        Event::Exported { kind, name, got } => (
            "exported",
            json!({
                "kind": kind,
                "name": name,
                "length": got.ok().map(<[u8]>::len),
                "hex": got.ok().map(words::hex),
                "why": got.err(),
            }),
        ),
        Event::Remark { .. } => return None,
        Event::Data { direction, bytes, early } => {
            let (length, base64) = (bytes.len(), BASE64_STANDARD.encode(bytes));
            ("data", json!({ "direction": way(direction), "early": early, "length": length, "base64": base64 }))
        }
        Event::Closed { clean } => ("closed", json!({ "clean": clean })),
        Event::Failed { failure } => {
            let (e, refusal) = (&failure.explanation, failure.refusal.as_deref());
            (
                "failed",
                json!({
                    "blame": blame(e.blame),
                    "during": or_null(e.during),
                    "alert": e.alert.map(|a| a.to_string()),
                    "why": e.why,
                    "rule": or_null(e.rule),
                    "remedy": or_null(&e.remedy),
                    "certificate": refusal.and_then(place),
                    "field": refusal.and_then(CertificateError::field).map(|f| f.name()),
                    "code": failure.code as u8,
                }),
            )
        }
    })
}

/// A record, whole; but for application data, whose plaintext is told.
fn of_record(direction: Direction, record: Record<'_>) -> Value {
    let Record { outer, version, length, protection, inside, raw } = record;
    let (state, content, plaintext) = match inside {
        Inside::Content { kind, length } => ("content", Some(kind), Some(length)),
        Inside::Dropped => ("dropped", None, None),
        Inside::Unreadable => ("unreadable", None, None),
    };
    let is_data = content == Some(ContentType::APPLICATION_DATA);
    json!({
        "direction": way(direction),
        "type": outer.to_string(),
        "version": version.to_string(),
        "length": length,
        "protected": protection.protects(),
        "inside": state,
        "content": content.map(|kind| kind.to_string()),
        "content_length": plaintext,
        "base64": (!is_data).then(|| BASE64_STANDARD.encode(raw)),
    })
}

/// Which certificate is refused.
fn place(error: &CertificateError) -> Option<Value> {
    error.certificate().map(|c| json!({ "position": c.position, "of": c.of, "subject": c.subject }))
}

/// A time as RFC 3339 has it, in UTC, to the microsecond.
fn moment(Time(since): Time) -> String {
    let at = OffsetDateTime::UNIX_EPOCH.saturating_add(since.try_into().unwrap_or(time::Duration::MAX));
    let (date, micro) = (at.date(), at.microsecond());
    format!("{date}T{:02}:{:02}:{:02}.{micro:06}Z", at.hour(), at.minute(), at.second())
}

/// All that was negotiated.
fn agreed(negotiated: &Negotiated) -> Value {
    Value::Object(facts(negotiated).into_iter().map(|fact| (fact.key.to_owned(), fact.value)).collect())
}

/// The fields of a message, and what is inside of them.
fn described(fields: &[Field]) -> Value {
    let one = |f: &Field| {
        json!({
            "name": or_null(f.name),
            "start": f.range.start,
            "end": f.range.end,
            "value": or_null(&f.value),
            "note": or_null(f.note),
            "rfc": or_null(f.rfc),
            "parts": described(&f.parts),
        })
    };
    fields.iter().map(one).collect()
}

fn why(cause: Cause) -> &'static str {
    match cause {
        Cause::Signal => "signal",
        Cause::Change => "change",
    }
}

fn or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "sent",
        Direction::Received => "received",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Protection;
    use crate::exit::{Code, Failure};
    use handfast::alert::{Alert, AlertDescription};
    use handfast::wire::CipherSuite;
    use handfast::wire::numbers::{NamedGroup, ProtocolVersion, SignatureScheme};
    use std::time::Duration;

    fn parsed(connection: Option<Connection>, event: &Event<'_>) -> Value {
        let at = Time(Duration::new(1_790_000_000, 1_234_567));
        let line = line(Whose { connection, end: None }, at, event).expect("an object");
        assert!(line.starts_with("{\"event\":\"") && !line.contains('\n'), "{line}");
        let mut told: Value = serde_json::from_str(&line).expect("JSON");
        let at = told.as_object_mut().and_then(|told| told.remove("at"));
        assert_eq!(at, Some("2026-09-21T14:13:20.001234Z".into()));
        told
    }

    #[test]
    fn connected_says_all_by_its_registered_name() {
        let mut n = Negotiated::default();
        n.version = Some(ProtocolVersion::TLS1_2);
        n.suite = Some(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
        n.group = Some(NamedGroup::X25519);
        n.scheme = Some(SignatureScheme::RSA_PSS_RSAE_SHA256);
        n.alpn = Some(b"h2".to_vec());
        n.server_name = Some("localhost".into());
        let wanted = json!({
            "event": "connected", "version": "TLS 1.2", "suite": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "group": "x25519", "scheme": "rsa_pss_rsae_sha256", "client_scheme": null, "alpn": "h2",
            "resumed": false, "verified": null, "psk_identity": null, "early_data": null, "retried": false, "tickets": null, "name": "localhost", "peer_chain": [],
            "extended_master_secret": false, "secure_renegotiation": false,
        });
        // There are more, which `docs/json.md` lists, and a test of the tool holds it to.
        let told = parsed(None, &Event::Connected { negotiated: &n });
        for (field, value) in wanted.as_object().expect("an object") {
            assert_eq!(told.get(field), Some(value), "{field}");
        }
    }

    #[test]
    fn data_is_base64() {
        for early in [false, true] {
            let event = Event::Data { direction: Direction::Received, bytes: b"\x00hi\n", early };
            let wanted = json!({
                "event": "data", "direction": "received", "early": early, "length": 4, "base64": "AGhpCg==",
            });
            assert_eq!(parsed(None, &event), wanted);
        }
    }

    #[test]
    fn alerts_and_the_connection_they_are_of() {
        let alert = Alert::fatal(AlertDescription::UNKNOWN_CA);
        let connection = Connection { number: 3, peer: "127.0.0.1:9".parse().expect("address") };
        let wanted = json!({
            "event": "alert", "connection": 3, "peer": "127.0.0.1:9",
            "direction": "sent", "level": "fatal", "alert": "unknown_ca", "number": 48, "protected": true,
        });
        assert_eq!(
            parsed(
                Some(connection),
                &Event::Alert { direction: Direction::Sent, alert, protection: Protection::Encrypted }
            ),
            wanted
        );
    }

    #[test]
    fn a_failure_has_every_field() {
        let failure = Failure::network(Code::NoName, "no such name", "");
        let wanted = json!({
            "event": "failed", "blame": "network", "during": null, "alert": null, "why": "no such name",
            "rule": null, "remedy": null, "certificate": null, "field": null, "code": 3,
        });
        assert_eq!(parsed(None, &Event::Failed { failure: &failure }), wanted);
    }

    #[test]
    fn records_are_whole_but_for_data() {
        let raw = [23, 3, 3, 0, 2, 7, 8];
        let (version, outer) = (ProtocolVersion::TLS1_2, ContentType::APPLICATION_DATA);
        let told = |inside| {
            let record = Record { outer, version, length: 2, protection: Protection::Encrypted, inside, raw: &raw };
            parsed(None, &Event::Record { direction: Direction::Received, record })
        };
        let wanted = |inside, content: Option<&str>, length: Option<u32>, base64: Option<&str>| {
            json!({
                "event": "record", "direction": "received", "type": "application_data", "version": "TLS 1.2", "length": 2,
                "protected": true, "inside": inside, "content": content, "content_length": length, "base64": base64,
            })
        };
        let whole = Some("FwMDAAIHCA==");
        let of = |kind| Inside::Content { kind, length: 1 };
        assert_eq!(told(of(ContentType::HANDSHAKE)), wanted("content", Some("handshake"), Some(1), whole));
        assert_eq!(told(of(outer)), wanted("content", Some("application_data"), Some(1), None));
        assert_eq!(told(Inside::Dropped), wanted("dropped", None, None, whole));
        assert_eq!(told(Inside::Unreadable), wanted("unreadable", None, None, whole));
    }

    #[test]
    fn secrets_are_named_and_shown_only_if_they_are_there() {
        for value in [None, Some(&[0xab; 4][..])] {
            let (name, label) = ("client_handshake_traffic_secret", "c hs traffic");
            let secret = Secret { name, label, from: "Handshake Secret", with: "", length: 4, value };
            let wanted = json!({
                "event": "secret", "name": name, "label": label, "from": "Handshake Secret", "with": null, "length": 4,
                "hex": value.map(|_| "abababab"),
            });
            assert_eq!(parsed(None, &Event::Secret { secret }), wanted);
        }
    }
}

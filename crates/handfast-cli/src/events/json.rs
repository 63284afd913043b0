//! Events as JSON, one object a line. The schema stands in `docs/json.md`; what is there is changed only with [`SCHEMA`].

use super::{Cause, Connection, Event};
use crate::bytes;
use crate::exit::blame;
use crate::negotiated::{certificate, facts};
use crate::words;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use handfast::Negotiated;
use handfast::alert::AlertLevel;
use handfast::trace::Direction;
use handfast::verify::CertificateError;
use handfast::wire::Field;
use serde_json::{Value, json};

/// The version of the schema: counted up when a field goes or changes its meaning, not when one is added.
pub(crate) const SCHEMA: u32 = 1;

/// The object; `None` for what only the human view shows.
pub(crate) fn line(connection: Option<Connection>, event: &Event<'_>) -> Option<String> {
    let (name, fields) = object(event)?;
    // What it is and whose comes first, for those who read the lines themselves.
    let mut members = vec![("event".to_owned(), name.into())];
    if let Some(Connection { number, peer }) = connection {
        members.push(("connection".into(), number.into()));
        members.push(("peer".into(), peer.to_string().into()));
    }
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
        Event::Message { direction, name, raw, dialect, protected } => {
            let (fields, fault) = bytes::tree(name, raw, dialect);
            (
                "message",
                json!({
                    "direction": way(direction),
                    "message": name,
                    "length": raw.len(),
                    "protected": protected,
                    "base64": BASE64_STANDARD.encode(raw),
                    "fields": described(&fields),
                    "fault": fault.map(|f| f.to_string()),
                }),
            )
        }
        Event::Alert { direction, alert, protected } => {
            let level = match alert.level {
                AlertLevel::Warning => "warning",
                AlertLevel::Fatal => "fatal",
            };
            let (alert, number) = (alert.description.to_string(), alert.description.0);
            (
                "alert",
                json!({ "direction": way(direction), "level": level, "alert": alert, "number": number, "protected": protected }),
            )
        }
        Event::Keys { .. } | Event::Record { .. } => return None,
        Event::Verified { how } => ("verified", json!({ "how": how })),
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
                    "certificate": refusal.and_then(CertificateError::certificate).map(|c| {
                        json!({ "position": c.position, "of": c.of, "subject": c.subject })
                    }),
                    "field": refusal.and_then(CertificateError::field).map(|f| f.name()),
                    "code": failure.code as u8,
                }),
            )
        }
    })
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
    use crate::exit::{Code, Failure};
    use handfast::alert::{Alert, AlertDescription};
    use handfast::wire::CipherSuite;
    use handfast::wire::numbers::{NamedGroup, ProtocolVersion, SignatureScheme};

    fn parsed(connection: Option<Connection>, event: &Event<'_>) -> Value {
        let line = line(connection, event).expect("an object");
        assert!(line.starts_with("{\"event\":\"") && !line.contains('\n'), "{line}");
        serde_json::from_str(&line).expect("JSON")
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
            parsed(Some(connection), &Event::Alert { direction: Direction::Sent, alert, protected: true }),
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
}

//! What our side's events must say of a row.

use super::cases::{Case, Feature};
use super::flags::{PSK, TICKETS};
use super::material::{AUTHORITY, Material};
use super::peers::Said;
use super::timestamps;
use super::tool::Tool;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;

/// What `connected` must say.
pub fn connected(event: &Value, case: &Case, resumed: bool) -> Result<(), String> {
    let want = |field: &str, expected: Value| {
        if event[field] == expected { Ok(()) } else { Err(format!("{field} is {}, not {expected}", event[field])) }
    };
    want("version", case.version_in_words().into())?;
    want("suite", case.suite.into())?;
    want("resumed", resumed.into())?;
    if !case.group.is_empty() && !resumed {
        want("group", case.group.into())?;
    }
    if case.has_psk() && !resumed {
        want("psk_identity", PSK.0.into())?;
    }
    match case.feature {
        Feature::Alpn => want("alpn", "http/1.1".into()),
        Feature::Http2 => want("alpn", "h2".into()),
        Feature::Retry | Feature::Cookie => want("retried", true.into()),
        Feature::PskOnly => want("group", Value::Null),
        Feature::ByName => want("name", case.server_name().into()),
        Feature::ByScheme if !event["scheme"].as_str().is_some_and(|s| s.starts_with("rsa_")) => {
            Err(format!("scheme is {}, not one of RSA", event["scheme"]))
        }
        Feature::RawClientKey if event["peer_raw_key"].is_null() => Err("the peer showed no raw key".into()),
        Feature::RecordSizeLimit if event["peer_record_size_limit"].is_null() => Err("the peer has no limit".into()),
        _ => Ok(()),
    }
}

/// Whether a ticket came with the first handshake, or none: before TLS 1.3 it does where the session is to be resumed by one.
pub fn session(tool: &Tool, case: &Case, direction: &str) -> Result<(), String> {
    match case.feature {
        Feature::Resumed if !case.is_13() => some(tool, "NewSessionTicket", direction),
        Feature::ResumedById => count(tool, "NewSessionTicket", direction, 0),
        _ => Ok(()),
    }
}

/// What `connected` must say of early data.
pub fn early(event: &Value, case: &Case) -> Result<(), String> {
    let expected = case.feature == Feature::EarlyData;
    let said = &event["early_data"];
    if said == expected { Ok(()) } else { Err(format!("early_data is {said}, not {expected}")) }
}

/// What our client must have sent and received when data has come back.
pub fn by_client(tool: &mut Tool, case: &Case, peer: &Said, material: &Material) -> Result<(), String> {
    if case.channel_binding().is_some() {
        let exported = tool.seen("exported").ok_or("there is no channel binding")?;
        return peer.wait_for(exported["hex"].as_str().unwrap_or_default());
    }
    match case.feature {
        Feature::ClientCertificate | Feature::ByIssuer => count(tool, "CertificateVerify", "sent", 1),
        Feature::Stapled if tool.seen("connected").is_none_or(|e| e["ocsp"].is_null()) => {
            Err("no OCSP response".into())
        }
        Feature::RawClientKey => {
            count(tool, "CertificateVerify", "sent", 1)?;
            peer.wait_for("raw public key")
        }
        Feature::ByAuthority => peer.wait_for(AUTHORITY),
        Feature::Timestamps => {
            let came = tool.seen("connected").map(|e| e["scts"].clone()).unwrap_or_default();
            let sent = timestamps::in_list(&material.timestamps(case.key));
            if came == Value::from(sent) { Ok(()) } else { Err(format!("these timestamps came: {came}")) }
        }
        Feature::Tickets => count(tool, "NewSessionTicket", "received", TICKETS),
        Feature::Zlib => compressed(tool, "zlib"),
        Feature::Brotli => compressed(tool, "brotli"),
        Feature::KeyUpdate | Feature::OwnKeyUpdate => {
            count(tool, "KeyUpdate", "received", 1)?;
            count(tool, "KeyUpdate", "sent", 1)
        }
        Feature::Renegotiated | Feature::OwnRenegotiation => renegotiated(tool),
        Feature::CertificateLater => {
            renegotiated(tool)?;
            count(tool, "CertificateVerify", "sent", 1)
        }
        Feature::PostHandshake => {
            count(tool, "CertificateRequest", "received", 1)?;
            count(tool, "CertificateVerify", "sent", 1)
        }
        Feature::Exporter => {
            let exported = tool.seen("exported").ok_or("nothing was exported")?;
            peer.wait_for(exported["hex"].as_str().unwrap_or_default())
        }
        _ => Ok(()),
    }
}

/// What our server must have received, when it has served.
pub fn by_server(tool: &mut Tool, case: &Case, material: &Material) -> Result<(), String> {
    if case.feature == Feature::Exporter || case.channel_binding().is_some() {
        let exported = tool.wait_for("exported")?;
        return material.said.wait_for(exported["hex"].as_str().unwrap_or_default());
    }
    match case.feature {
        Feature::Timestamps => with_timestamps(tool, case, material),
        Feature::ClientCertificate | Feature::ByIssuer | Feature::RawClientKey => {
            some(tool, "CertificateVerify", "received")
        }
        Feature::Renegotiated => renegotiated(tool),
        Feature::CertificateLater => shown(tool, "renegotiated"),
        Feature::PostHandshake => shown(tool, "client_certificate"),
        Feature::Stapled if !case.is_13() => some(tool, "CertificateStatus", "sent"),
        Feature::Tickets => count(tool, "NewSessionTicket", "sent", TICKETS),
        Feature::Zlib | Feature::Brotli => some(tool, "CompressedCertificate", "sent"),
        Feature::KeyUpdate => {
            // It comes after `connected`: let the events of the data after it arrive.
            tool.wait_for("data")?;
            some(tool, "KeyUpdate", "received")
        }
        _ => Ok(()),
    }
}

/// The message that has timestamps in it is longer than it could be without.
fn with_timestamps(tool: &Tool, case: &Case, material: &Material) -> Result<(), String> {
    let length = |path: String| std::fs::read(path).map(|b| b.len()).map_err(|e| e.to_string());
    let list = length(material.timestamps(case.key))?;
    let (message, least) = match case.is_13() {
        true => {
            ("Certificate", list + CertificateDer::from_pem_file(material.server(case.key).0).map_or(0, |c| c.len()))
        }
        false => ("ServerHello", list),
    };
    let size = tool.size(message, "sent");
    if size > least { Ok(()) } else { Err(format!("{message} has {size} bytes, and no timestamps")) }
}

fn compressed(tool: &Tool, by: &str) -> Result<(), String> {
    let said = tool.seen("connected").map(|e| &e["certificate_compression"]);
    if said.is_some_and(|s| s == by) { Ok(()) } else { Err(format!("certificate_compression is {said:?}, not {by}")) }
}

/// Waits for the end of a second handshake: some start it when they have already answered.
fn renegotiated(tool: &mut Tool) -> Result<(), String> {
    while tool.messages("Finished", "sent") < 2 || tool.messages("Finished", "received") < 2 {
        tool.wait_for("message")?;
    }
    Ok(())
}

/// Waits for this event, in which the client has shown a certificate.
fn shown(tool: &mut Tool, event: &str) -> Result<(), String> {
    let event = tool.wait_for(event)?;
    match event["peer_chain"].as_array().is_some_and(|chain| !chain.is_empty()) && !event["client_scheme"].is_null() {
        true => Ok(()),
        false => Err("the client has shown no certificate".into()),
    }
}

fn count(tool: &Tool, message: &str, direction: &str, wanted: usize) -> Result<(), String> {
    match tool.messages(message, direction) {
        n if n == wanted => Ok(()),
        n => Err(format!("{message} was {direction} {n} times, not {wanted}")),
    }
}

/// Browsers make more than one connection.
fn some(tool: &Tool, message: &str, direction: &str) -> Result<(), String> {
    if tool.messages(message, direction) > 0 { Ok(()) } else { Err(format!("no {message} was {direction}")) }
}

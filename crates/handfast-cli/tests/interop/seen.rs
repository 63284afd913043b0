//! What our side's events must say of a row.

use super::cases::{Case, Feature};
use super::flags::{PSK, TICKETS};
use super::peers::Said;
use super::tool::Tool;
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
    match case.feature {
        Feature::Alpn => want("alpn", "http/1.1".into()),
        Feature::Http2 => want("alpn", "h2".into()),
        Feature::Retry | Feature::Cookie => want("retried", true.into()),
        Feature::Psk => want("psk_identity", PSK.0.into()),
        Feature::PskOnly => want("psk_identity", PSK.0.into()).and_then(|()| want("group", Value::Null)),
        Feature::RecordSizeLimit if event["peer_record_size_limit"].is_null() => Err("the peer has no limit".into()),
        _ => Ok(()),
    }
}

/// What our client must have sent and received when data has come back.
pub fn by_client(tool: &Tool, case: &Case, peer: &Said) -> Result<(), String> {
    match case.feature {
        Feature::ClientCertificate => count(tool, "CertificateVerify", "sent", 1),
        Feature::Stapled if tool.seen("connected").is_none_or(|e| e["ocsp"].is_null()) => {
            Err("no OCSP response".into())
        }
        Feature::Tickets => count(tool, "NewSessionTicket", "received", TICKETS),
        Feature::Zlib => compressed(tool, "zlib"),
        Feature::Brotli => compressed(tool, "brotli"),
        Feature::KeyUpdate => {
            count(tool, "KeyUpdate", "received", 1)?;
            count(tool, "KeyUpdate", "sent", 1)
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
pub fn by_server(tool: &mut Tool, case: &Case) -> Result<(), String> {
    match case.feature {
        Feature::ClientCertificate => some(tool, "CertificateVerify", "received"),
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

fn compressed(tool: &Tool, by: &str) -> Result<(), String> {
    let said = tool.seen("connected").map(|e| &e["certificate_compression"]);
    if said.is_some_and(|s| s == by) { Ok(()) } else { Err(format!("certificate_compression is {said:?}, not {by}")) }
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

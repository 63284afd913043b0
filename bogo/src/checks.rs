//! What the flags say to check.

use crate::Stop;
use crate::config::{Memory, has_aes, protocols};
use crate::credentials::chain_of;
use crate::flags::Flags;
use crate::seen::Seen;
use handfast::Negotiated;
use handfast::crypto::{HashAlgorithm, aws_lc};
use handfast::session::{ClientSession, ClientSessionKind};
use handfast::wire::numbers::{CertificateType, ProtocolVersion, SignatureScheme};
use std::fmt::Debug;
use std::sync::atomic::Ordering;

fn same<T: PartialEq + Debug>(what: &str, found: T, wanted: T) -> Result<(), Stop> {
    match found == wanted {
        true => Ok(()),
        false => Err(Stop::broken(format!("{what}: found {found:?}, wanted {wanted:?}"))),
    }
}

/// The same, where the flag was given.
fn same_if<T: PartialEq + Debug>(what: &str, found: T, wanted: Option<T>) -> Result<(), Stop> {
    wanted.map_or(Ok(()), |wanted| same(what, found, wanted))
}

/// It must be so, if the flag was given.
fn must(flag: bool, what: &str, holds: bool) -> Result<(), Stop> {
    if flag { same(what, holds, true) } else { Ok(()) }
}

/// Right after the handshake.
pub(crate) fn handshake(
    flags: &Flags,
    memory: &mut Memory,
    agreed: &Negotiated,
    seen: &Seen,
    index: usize,
) -> Result<(), Stop> {
    let resumes = index > 0;
    let tls13 = agreed.version == Some(ProtocolVersion::TLS1_3);
    same_if("version", agreed.version, flags.expect_version.map(Some))?;
    same("resumed", agreed.resumed, resumes && !flags.expect_session_miss)?;
    if !flags.server {
        let expected = !flags.expect_no_session && (!agreed.resumed || flags.expect_ticket_renewal) && !tls13;
        // A TLS 1.3 server may send its tickets so soon that they are here already.
        if !tls13 {
            same("a new session", seen.new_sessions > 0, expected)?;
        }
    }
    if !resumes {
        must(flags.expect_session_id, "kept under its session ID", seen.cached)?;
        must(flags.expect_no_session_id, "not kept under its session ID", !seen.cached)?;
    }
    negotiated(flags, memory, agreed, seen)?;
    let early = agreed.early_data;
    must(flags.expect_accept_early_data, "early data", early == Some(true))?;
    must(flags.expect_reject_early_data, "no early data", early != Some(true))?;
    must(flags.expect_no_offer_early_data, "no offer of early data", early.is_none())?;
    if seen.skew.is_some() {
        same_if("skew of the ticket's age", seen.skew, flags.expect_ticket_age_skew.map(Some))?;
    }
    authentication(flags, memory, agreed, seen)
}

/// How many handshakes there were.
pub(crate) fn renegotiations(flags: &Flags, handshakes: u32) -> Result<(), Stop> {
    same_if("renegotiations", handshakes.saturating_sub(1), flags.expect_total_renegotiations)
}

/// What a client keeps.
pub(crate) fn session(flags: &Flags, session: Option<&ClientSession>) -> Result<(), Stop> {
    let early = session.is_none_or(|s| match &s.kind {
        ClientSessionKind::Tls13(own) => own.max_early_data > 0,
        ClientSessionKind::Classic(_) => false,
    });
    must(flags.expect_ticket_supports_early_data, "a ticket for early data", early)
}

fn negotiated(flags: &Flags, memory: &mut Memory, agreed: &Negotiated, seen: &Seen) -> Result<(), Stop> {
    if flags.server {
        same_if(
            "server name",
            &agreed.server_name,
            flags.expect_server_name.is_some().then_some(&flags.expect_server_name),
        )?;
        must(flags.expect_no_server_name, "no server name", agreed.server_name.is_none())?;
        if let Some(wanted) = &flags.expect_advertised_alpn {
            same("offered protocols", &seen.alpn, &protocols(wanted)?)?;
        }
    }
    let none = Vec::new();
    let wanted = if flags.server { flags.select_alpn.as_ref() } else { Some(&flags.expect_alpn) };
    same("protocol", agreed.alpn.as_ref().unwrap_or(&none), wanted.unwrap_or(&none))?;
    // In TLS 1.3 both are so by themselves.
    let tls13 = agreed.version == Some(ProtocolVersion::TLS1_3);
    let (ems, secure) = (agreed.extended_master_secret || tls13, agreed.secure_renegotiation || tls13);
    must(flags.expect_extended_master_secret, "extended master secret", ems)?;
    must(flags.expect_secure_renegotiation, "secure renegotiation", secure)?;
    must(flags.expect_no_secure_renegotiation, "no secure renegotiation", !secure)?;
    must(flags.expect_hrr, "a HelloRetryRequest", agreed.retried)?;
    must(flags.expect_no_hrr, "no HelloRetryRequest", !agreed.retried)?;
    if !agreed.resumed || tls13 {
        memory.group = agreed.group;
    }
    same_if("group", memory.group, flags.expect_curve_id.map(Some))?;
    let suite = agreed.suite.map_or(0, |s| s.0);
    let by_cpu = if has_aes() { flags.expect_cipher_aes } else { flags.expect_cipher_no_aes };
    same_if("suite", suite, flags.expect_cipher)?;
    same_if("suite", suite, by_cpu)
}

fn authentication(flags: &Flags, memory: &mut Memory, agreed: &Negotiated, seen: &Seen) -> Result<(), Stop> {
    let raw = agreed.peer_raw_key.as_deref();
    let shown = !agreed.peer_chain.is_empty() || raw.is_some();
    must(flags.expect_no_peer_cert, "no peer certificate", !shown)?;
    let has_to = (!flags.server || flags.require_any_client_certificate) && agreed.psk_identity.is_none();
    must(has_to && !flags.expect_no_peer_cert, "a peer certificate", shown)?;
    let found = if raw.is_some() { CertificateType::RAW_PUBLIC_KEY } else { CertificateType::X509 };
    same_if("what the peer shows", found, flags.expect_peer_certificate_type)?;
    let hash = raw.map(|key| {
        let mut hash = aws_lc::provider().hash(HashAlgorithm::Sha256);
        hash.update(key);
        hash.current().to_vec()
    });
    same_if("raw key", hash.as_ref(), flags.expect_peer_rpk_sha256.as_ref().map(Some))?;
    if let Some(file) = &flags.expect_peer_cert_file {
        same("peer chain", &agreed.peer_chain, &chain_of(file)?)?;
    }
    if !agreed.resumed {
        memory.stapled = agreed.stapled.as_deref().cloned().unwrap_or_default();
    }
    let wanted = flags.expect_ocsp_response.as_deref().map(Some);
    same_if("OCSP response", memory.stapled.response(0), wanted)?;
    same_if("SCTs", &memory.stapled.scts, flags.expect_signed_cert_timestamps.as_ref())?;
    let refused = memory.refused.load(Ordering::Relaxed);
    must(flags.expect_verify_result, "the verdict", refused == flags.verify_fail)?;
    // We do not keep it with a session, and name one where the versions before TLS 1.2 name none.
    if !agreed.resumed {
        let scheme = if flags.server { agreed.client_scheme } else { agreed.scheme };
        let named = scheme.filter(|_| agreed.version >= Some(ProtocolVersion::TLS1_2));
        same_if("peer's signature", named.map_or(0, |s| s.0), flags.expect_peer_signature_algorithm)?;
    }
    if !flags.expect_peer_verify_prefs.is_empty() {
        // BoringSSL leaves out what it does not know.
        let known = |s: &&SignatureScheme| s.name().is_some();
        let found: Vec<_> = seen.peer_schemes.iter().filter(known).copied().collect();
        same("schemes that the peer verifies", &found, &flags.expect_peer_verify_prefs)?;
    }
    same_if("authorities", &seen.authorities, flags.expect_client_ca_list.as_ref())?;
    let psk = agreed.psk_identity.as_ref();
    let psk = psk.and_then(|name| flags.psks().find(|(_, p)| p.identity == *name)).map(|(index, _)| index);
    same_if("credential", psk.or(seen.selected).unwrap_or(-1), flags.expect_selected_credential)
}

/// At the end of a connection.
pub(crate) fn trace(flags: &Flags, seen: &Seen) -> Result<(), Stop> {
    // Up to TLS 1.2 a close_notify is answered at once (RFC 5246 7.2.1); BoringSSL's answer comes after this check.
    let answered =
        seen.trace.strip_suffix("read alert 1 0\nwrite alert 1 0\n").map(|before| format!("{before}read alert 1 0\n"));
    same_if("trace", answered.as_ref().unwrap_or(&seen.trace), flags.expect_msg_callback.as_ref())
}

//! What a client makes of a ServerHello.

use super::super::Flow;
use super::super::offer::Offered;
use super::Rules;
use super::renegotiation::{check_server, keeps_encrypt_then_mac, keeps_extended};
use super::secrets::Agreed;
use crate::crypto::{BulkCipher, Suite};
use crate::error::{Error, ErrorKind, illegal};
use crate::extension::{Extension, RecordSizeLimit};
use crate::message::ServerHello;
use crate::session::{ClassicClientSession, ClientSession, ClientSessionKind};
use crate::wire::numbers::{CompressionMethod, EcPointFormat, ExtensionType};

/// Checks a ServerHello against what was offered.
pub(super) fn accept(
    flow: &mut Flow<'_>,
    offered: &Offered,
    hello: &ServerHello<'_>,
    rules: &'static Rules,
) -> Result<Agreed, Error> {
    let (policy, fixed) = (&offered.config.policy, &hello.fixed);
    // After a fallback it is more than is offered.
    let newest = policy.versions().first().copied().max(offered.config.fallback);
    if newest.is_some_and(|newest| rules.downgraded(newest, fixed.random)) {
        return Err(ErrorKind::Downgrade.into());
    }
    if fixed.compression_method != CompressionMethod::NULL {
        return Err(illegal("compression_method", "is not null", "RFC 5246 7.4.1.3"));
    }
    let suite = Suite::find(fixed.cipher_suite)
        .filter(|s| policy.suites.contains(&s.number) && s.fits(rules.version))
        .filter(|s| s.is_spoken_by(&*flow.shared.provider) && s.opens_in_constant_time())
        .filter(|s| offered.psk.is_some() || !s.key_exchange.has_psk())
        .ok_or_else(|| illegal("cipher_suite", "is none that was offered for this version", "RFC 5246 7.4.1.3"))?;
    extensions(flow, offered, hello, rules)?;
    let e = &hello.extensions;
    let extended_master_secret = e.extended_master_secret().is_some();
    let encrypt_then_mac = e.encrypt_then_mac().is_some();
    if encrypt_then_mac && !matches!(suite.bulk, BulkCipher::Cbc(..)) {
        return Err(illegal("encrypt_then_mac", "stands where nothing is a block cipher in CBC mode", "RFC 7366 3"));
    }
    keeps_extended(flow, extended_master_secret)?;
    if policy.require_extended_master_secret && !extended_master_secret {
        return Err(ErrorKind::InsufficientSecurity("an extended master secret").into());
    }
    let agreed = Agreed { rules, suite, extended_master_secret, encrypt_then_mac };
    keeps_encrypt_then_mac(flow, &agreed)?;
    Ok(agreed)
}

/// Checks the extensions, and notes what they say.
fn extensions(flow: &mut Flow<'_>, offered: &Offered, hello: &ServerHello<'_>, rules: &Rules) -> Result<(), Error> {
    let e = &hello.extensions;
    // A ClientHello without any has said by a suite what is answered by one (RFC 5746 3.4, 4.5).
    let solicited = |kind: &ExtensionType| match *kind {
        ExtensionType::RENEGOTIATION_INFO => offered.extensions.is_empty() || offered.extensions.contains(kind),
        _ => rules.extensions && offered.extensions.contains(kind),
    };
    if let Some(kind) = e.list.iter().map(Extension::kind).find(|k| !solicited(k)) {
        return Err(ErrorKind::UnsolicitedExtension(kind).into());
    }
    let secure_renegotiation = check_server(flow, e.renegotiation_info().map(|info| info.0), &offered.config.policy)?;
    if e.ec_point_formats().is_some_and(|formats| !formats.0.contains(EcPointFormat::UNCOMPRESSED)) {
        return Err(illegal("ec_point_format_list", "lacks uncompressed", "RFC 8422 5.1.2"));
    }
    if e.session_ticket().is_some_and(|ticket| !ticket.0.is_empty()) {
        return Err(illegal("session_ticket", "is not empty", "RFC 5077 3.2"));
    }
    let alpn = e.alpn().and_then(|chosen| chosen.0.first()).map(|name| name.to_vec());
    if alpn.as_ref().is_some_and(|name| !offered.config.alpn.contains(name)) {
        return Err(illegal("protocol_name", "is none that was offered", "RFC 7301 3.1"));
    }
    if let Some(theirs) = e.record_size_limit() {
        flow.negotiated().peer_record_size_limit = Some(theirs.0);
        let ours = offered.config.record_size_limit.unwrap_or(RecordSizeLimit::MOST_CLASSIC);
        flow.limit_records(theirs.0.into(), ours.into());
    }
    let negotiated = flow.negotiated();
    negotiated.alpn = alpn;
    negotiated.secure_renegotiation = secure_renegotiation;
    Ok(())
}

/// The session that the server resumes: it says so by sending back the ID, the session's or the one that came with its ticket
/// (RFC 5246 7.4.1.3, RFC 5077 3.4).
pub(super) fn resumed(
    offered: &mut Offered,
    hello: &ServerHello<'_>,
    agreed: Agreed,
) -> Result<Option<(ClientSession, ClassicClientSession)>, Error> {
    let bad = |field, why| Err(illegal(field, why, "RFC 5246 7.4.1.3"));
    let id = hello.fixed.session_id.0;
    if id.is_empty() || id != offered.session_id {
        return Ok(None);
    }
    let Some(session) = offered.session.take() else {
        return bad("session_id", "comes back although it names no session");
    };
    let ClientSessionKind::Classic(classic) = session.kind.clone() else {
        return bad("session_id", "comes back although it names no session of this version");
    };
    if session.version != agreed.rules.version {
        return bad("server_version", "is not that of the session resumed");
    }
    if session.suite != agreed.suite.number {
        return bad("cipher_suite", "is not that of the session resumed");
    }
    // Neither way may it change (RFC 7627 5.3).
    if classic.extended_master_secret != agreed.extended_master_secret {
        return Err(ErrorKind::InsufficientSecurity("the same extended_master_secret as in the session resumed").into());
    }
    if classic.encrypt_then_mac && !agreed.encrypt_then_mac {
        return Err(ErrorKind::InsufficientSecurity("the encrypt_then_mac of the session resumed").into());
    }
    Ok(Some((session, classic)))
}

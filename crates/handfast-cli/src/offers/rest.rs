//! What mends older versions; and all other extensions.

use super::case::Case;
use super::{Offer, Topic, Verdict, listed};
use crate::words::size;
use handfast::Weakness;
use handfast::crypto::BulkCipher;
use handfast::extension::Extension;
use handfast::wire::numbers::{CompressionMethod, EcPointFormat, ExtensionType, ProtocolVersion};

/// What TLS 1.3 has built in, or has no use for.
pub(super) fn older(case: &Case<'_>) -> Topic {
    let mut offers: Vec<Offer> =
        [ExtensionType::EXTENDED_MASTER_SECRET, ExtensionType::ENCRYPT_THEN_MAC, ExtensionType::RENEGOTIATION_INFO]
            .into_iter()
            .filter(|kind| case.extensions().find(*kind).is_some())
            .map(|kind| mend(case, kind))
            .collect();
    offers.extend(case.extensions().ec_point_formats().iter().flat_map(|f| f.0.iter()).map(|f| point_format(case, f)));
    offers.extend(case.hello.compression.iter().map(|c| compression(*c)));
    Topic { name: "For older versions", chosen: None, why: why(case), offers }
}

fn why(case: &Case<'_>) -> String {
    if case.is_tls13() {
        return "TLS 1.3 has no use for them: what they mend is right from the start.".into();
    }
    let lacks = [
        (ExtensionType::EXTENDED_MASTER_SECRET, Weakness::NoExtendedMasterSecret),
        (ExtensionType::RENEGOTIATION_INFO, Weakness::InsecureRenegotiation),
    ];
    let by_suite = case.hello.suites.contains(&handfast::wire::CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
    let lacks = lacks.into_iter().filter(|(kind, _)| case.extensions().find(*kind).is_none());
    let lacks = lacks.filter(|(kind, _)| !(by_suite && *kind == ExtensionType::RENEGOTIATION_INFO));
    let missing: Vec<String> = lacks.map(|(kind, weak)| format!("{kind} ({})", weak.words())).collect();
    match missing.is_empty() {
        true => {
            let version = case.likely_version().unwrap_or(ProtocolVersion::TLS1_2);
            format!("They mend what was found wrong with {version} and older.")
        }
        false => format!("{} does not offer {}.", case.capital(), listed(missing)),
    }
}

/// An extension that mends something, with the library's own words for what it does.
fn mend(case: &Case<'_>, kind: ExtensionType) -> Offer {
    let field = kind.name().unwrap_or_default();
    let (words, rule) = case.note(field).unwrap_or_default();
    let offer = Offer::numbered(kind, (kind.0, 2), field);
    let cbc = case.suite_row().is_some_and(|s| matches!(s.bulk, BulkCipher::Cbc(..)));
    let (verdict, then) = match (kind, case.done) {
        _ if case.is_tls13() => (Verdict::OtherVersion, "TLS 1.3 has it built in."),
        (_, None) => (Verdict::Usable, "Both could."),
        (ExtensionType::EXTENDED_MASTER_SECRET, Some(n)) if n.extended_master_secret => (Verdict::Heeded, "It is so."),
        (ExtensionType::RENEGOTIATION_INFO, Some(n)) if n.secure_renegotiation => (Verdict::Heeded, "It would be so."),
        (ExtensionType::ENCRYPT_THEN_MAC, Some(n)) if n.encrypt_then_mac => (Verdict::Heeded, "It is so."),
        (ExtensionType::ENCRYPT_THEN_MAC, _) if !cbc => (Verdict::Usable, "The suite has no use for it."),
        _ => (Verdict::NotOurs, "This server is told not to."),
    };
    offer.is(verdict, format!("{words}. {then}"), rule)
}

fn point_format(case: &Case<'_>, format: EcPointFormat) -> Offer {
    let offer = Offer::numbered(format, (format.0.into(), 1), "ec_point_formats");
    let rule = "RFC 8422 5.1.2";
    match format {
        EcPointFormat::UNCOMPRESSED if case.is_classic() => {
            offer.is(Verdict::Heeded, "Points of curves are sent whole, as they always are.", rule)
        }
        EcPointFormat::UNCOMPRESSED => {
            offer.is(Verdict::OtherVersion, "In TLS 1.3 each group has one form, and this says nothing.", rule)
        }
        _ => offer.is(Verdict::Unknown, "Nobody sends points in this form any more.", rule),
    }
}

fn compression(method: CompressionMethod) -> Offer {
    let offer = Offer::numbered(method, (method.0.into(), 1), "legacy_compression_methods");
    match method {
        CompressionMethod::NULL => offer.is(
            Verdict::Heeded,
            "Nothing is compressed: how small it gets would tell of what is in it (CRIME).",
            "RFC 9846 4.2.2",
        ),
        _ => offer.is(
            Verdict::Unknown,
            "Never: how small something gets tells of what is in it (CRIME).",
            "RFC 9325 3.3",
        ),
    }
}

/// What other topics, or the one above, are about.
const TOLD: &[ExtensionType] = &[
    ExtensionType::SERVER_NAME,
    ExtensionType::STATUS_REQUEST,
    ExtensionType::SUPPORTED_GROUPS,
    ExtensionType::EC_POINT_FORMATS,
    ExtensionType::SIGNATURE_ALGORITHMS,
    ExtensionType::SIGNATURE_ALGORITHMS_CERT,
    ExtensionType::APPLICATION_LAYER_PROTOCOL_NEGOTIATION,
    ExtensionType::SIGNED_CERTIFICATE_TIMESTAMP,
    ExtensionType::CLIENT_CERTIFICATE_TYPE,
    ExtensionType::SERVER_CERTIFICATE_TYPE,
    ExtensionType::COMPRESS_CERTIFICATE,
    ExtensionType::EXTENDED_MASTER_SECRET,
    ExtensionType::ENCRYPT_THEN_MAC,
    ExtensionType::SESSION_TICKET,
    ExtensionType::RENEGOTIATION_INFO,
    ExtensionType::SUPPORTED_VERSIONS,
    ExtensionType::PSK_KEY_EXCHANGE_MODES,
    ExtensionType::CERTIFICATE_AUTHORITIES,
    ExtensionType::KEY_SHARE,
    ExtensionType::PRE_SHARED_KEY,
    ExtensionType::EARLY_DATA,
    ExtensionType::TICKET_REQUEST,
];

/// All that no other topic is about.
pub(super) fn others(case: &Case<'_>) -> Topic {
    let offers: Vec<Offer> =
        case.extensions().list.iter().filter(|e| !TOLD.contains(&e.kind())).map(|e| other(case, e)).collect();
    let unknown = offers.iter().filter(|o| o.verdict == Verdict::Unknown).count();
    let why = match (offers.len(), unknown) {
        (0, _) => format!("{} sent none.", case.capital()),
        (_, 0) => "This server knows all of them.".into(),
        _ => "Those that this server does not speak, it passes over: so clients and servers can learn new things at different times.".into(),
    };
    Topic { name: "Other extensions", chosen: None, why, offers }
}

fn other(case: &Case<'_>, extension: &Extension<'_>) -> Offer {
    let (kind, who) = (extension.kind(), case.capital());
    let field = kind.name().unwrap_or("unknown extension");
    let offer = Offer::numbered(kind, (kind.0, 2), field);
    if kind.is_grease() {
        return offer.grease();
    }
    let note = case.note(field);
    let rule = note.map_or("", |(_, rule)| rule);
    match extension {
        Extension::RecordSizeLimit(limit) => {
            let limit = size(limit.0.into());
            offer.is(
                Verdict::Heeded,
                format!("{who} takes no more than {limit} in a record, and this server keeps to that."),
                rule,
            )
        }
        Extension::Padding(padding) => {
            let why = format!(
                "There are {} that say nothing, so that the message has a length at which no old server stumbles.",
                size(padding.0)
            );
            offer.is(Verdict::Heeded, why, rule)
        }
        Extension::Cookie(_) => {
            offer.is(Verdict::Heeded, format!("{who} shows what this server gave it to show again."), rule)
        }
        Extension::PostHandshakeAuth(_) if case.is_tls13() && case.config.post_handshake_auth => {
            offer.is(Verdict::Heeded, format!("{who} may be asked later who it is."), rule)
        }
        Extension::PostHandshakeAuth(_) => {
            offer.is(Verdict::Usable, format!("{who} could be asked later who it is; this server does not ask."), rule)
        }
        Extension::Unknown(_, body) => offer.is(Verdict::Unknown, strange(case, kind, body), rule),
        _ => offer.is(Verdict::Heeded, note.map_or("", |(words, _)| words), rule),
    }
}

/// What is not spoken here, with the library's words for what it would be for.
fn strange(case: &Case<'_>, kind: ExtensionType, body: &[u8]) -> String {
    let what = kind.name().and_then(|name| case.note(name)).map(|(words, _)| words);
    match (kind, what) {
        (ExtensionType::ENCRYPTED_CLIENT_HELLO, _) => encrypted_hello(case, body),
        (_, Some(what)) => format!("{what}. This server does not speak it, and {} does without.", case.who()),
        (_, None) => "This server does not know it, and passes over it, as everyone should.".into(),
    }
}

/// Whether it is real, only who has the key can tell (RFC 9849 6.2).
fn encrypted_hello(case: &Case<'_>, body: &[u8]) -> String {
    const OUTER: u8 = 0;
    let who = case.who();
    match body.first() {
        Some(&OUTER) => format!(
            "A second hello, encrypted, could hide in it which site {who} wants. Whether there is one, only who has published a key for that \
             can see; this server has none, so it is most likely filler, sent so that nobody gets used to its absence."
        ),
        _ => "The inner hello of an encrypted one, which has no place here.".into(),
    }
}

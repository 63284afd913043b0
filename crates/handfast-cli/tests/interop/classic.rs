//! The versions before TLS 1.3, whole: every suite that is spoken in each, then, for each key exchange, what follows a first
//! handshake. The peers are libraries that have these versions: curl, Firefox, Chromium and rustls have rows elsewhere.

use super::cases::{Case, Feature, Key};
use handfast::crypto::{Authentication, KeyExchangeKind, SUITES, Suite};
use handfast::wire::numbers::ProtocolVersion;

/// As the tool writes them.
const VERSIONS: [(&str, ProtocolVersion); 4] = [
    ("ssl3", ProtocolVersion::SSL3_0),
    ("tls1.0", ProtocolVersion::TLS1_0),
    ("tls1.1", ProtocolVersion::TLS1_1),
    ("tls1.2", ProtocolVersion::TLS1_2),
];

/// One suite for each key exchange up to TLS 1.1. SSL 3.0 has the first two.
const OLD: [&str; 8] = [
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_PSK_WITH_AES_128_CBC_SHA",
    "TLS_DHE_PSK_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA",
    "TLS_RSA_PSK_WITH_AES_128_CBC_SHA",
];

/// In TLS 1.2. No peer has ECDHE_PSK with GCM.
const TLS12: [&str; 8] = [
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_PSK_WITH_AES_128_GCM_SHA256",
    "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_PSK_WITH_AES_128_GCM_SHA256",
];

/// Every row.
pub fn cases() -> Vec<Case> {
    VERSIONS.iter().flat_map(|&(name, version)| [full(name, version), after(name)].concat()).collect()
}

/// A full handshake with every suite of this version.
fn full(name: &'static str, version: ProtocolVersion) -> Vec<Case> {
    let mut suites: Vec<&Suite> = SUITES.iter().filter(|s| s.fits(version)).collect();
    suites.sort_by_key(|s| place(s));
    suites.iter().filter_map(|s| Some(row(name, s.number.name()?, Feature::Full))).collect()
}

/// Where rows of its key exchange stand.
fn place(suite: &Suite) -> u8 {
    match (suite.key_exchange, suite.authentication) {
        (KeyExchangeKind::Rsa, _) => 0,
        (KeyExchangeKind::Dhe, _) => 1,
        (KeyExchangeKind::Ecdhe, Authentication::Rsa) => 2,
        (KeyExchangeKind::Ecdhe, _) => 3,
        (KeyExchangeKind::Psk, _) => 4,
        (KeyExchangeKind::DhePsk, _) => 5,
        (KeyExchangeKind::EcdhePsk, _) => 6,
        (KeyExchangeKind::RsaPsk | KeyExchangeKind::Tls13, _) => 7,
    }
}

/// Sessions, second handshakes and client certificates, as far as the version and the key exchange have them.
fn after(version: &'static str) -> Vec<Case> {
    use Feature::{CertificateLater, ClientCertificate, OwnRenegotiation, Renegotiated, Resumed, ResumedById};
    let suites = match version {
        "ssl3" => &OLD[..2],
        "tls1.2" => &TLS12,
        _ => &OLD,
    };
    let mut out = Vec::new();
    for suite in suites {
        // A ticket is an extension's, of which SSL 3.0 has none.
        let tickets = (version != "ssl3").then_some(Resumed);
        // Where there is a pre-shared key, no certificate is asked for (RFC 4279 2).
        let certificates = [ClientCertificate, CertificateLater].into_iter().filter(|_| !suite.contains("PSK_"));
        let features = tickets.into_iter().chain([ResumedById, Renegotiated, OwnRenegotiation]).chain(certificates);
        out.extend(features.map(|feature| row(version, suite, feature)));
    }
    out
}

fn row(version: &'static str, suite: &'static str, feature: Feature) -> Case {
    let key = if suite.contains("ECDSA") { Key::Ecdsa } else { Key::Rsa };
    Case { version, suite, group: "", key, feature }
}

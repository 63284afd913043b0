//! Messages, and what was negotiated, in words: for the human view, the demo, and the page.

use handfast::crypto::{
    AeadAlgorithm, Authentication, BulkCipher, CbcCipher, HashAlgorithm, KeyExchangeKind, Mac, Suite, aws_lc,
};
use handfast::extension::{
    Extensions, KeyShare, PreSharedKey, SignedCertificateTimestamps, StatusRequest, SupportedVersions,
};
use handfast::message::{
    Certificate, CertificateRequest, CertificateRequest13, ClientHalf, ClientHello, ClientKeyExchange, Dialect,
    KeyUpdate, Message, Params, ServerHello, ServerKeyExchange, Signed,
};
use handfast::trace::Direction;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion, SignatureScheme};
use std::fmt::{Display, Write};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo, X509Certificate, X509Name};

/// The key facts of a message, in a line. What comes from the peer is made harmless.
pub(crate) fn facts(name: &str, raw: &[u8], dialect: Dialect) -> String {
    if name == "ChangeCipherSpec" {
        return match dialect {
            Dialect::Tls13 => "changes nothing; old middleboxes like to see it".into(),
            _ => "what this side sends from here on is protected".into(),
        };
    }
    let words = match Message::decode(raw, dialect) {
        Err(fault) => format!("malformed: {fault}"),
        Ok(message) => match message {
            Message::HelloRequest => "the server would like a new handshake".into(),
            Message::ClientHello(m) => client_hello(&m),
            Message::Sslv2Hello(m) => {
                format!("in SSL 2.0's form; up to {}; {}", m.version, counted(m.cipher_specs.iter().count(), "cipher"))
            }
            Message::ServerHello(m) => server_hello(&m),
            Message::HelloRetryRequest(m) => retry(&m),
            Message::EncryptedExtensions(m) => extensions(&m.0),
            Message::Certificate(m) => certificate(&m),
            Message::RawPublicKey(m) if m.0.is_empty() => "none to give".into(),
            Message::RawPublicKey(m) => raw_key(m.0),
            Message::CertificateStatus(m) => format!("an OCSP response, {}", size(m.response.len())),
            Message::CompressedCertificate(m) => {
                format!(
                    "{} of certificates in {}, by {}",
                    size(m.uncompressed_length),
                    size(m.compressed.len()),
                    m.algorithm
                )
            }
            Message::ServerKeyExchange(m) => server_key_exchange(&m),
            Message::CertificateRequest(m) => certificate_request(&m),
            Message::CertificateRequest13(m) => certificate_request_13(&m),
            Message::ServerHelloDone => "the server has said all for now".into(),
            Message::CertificateVerify(m) => match m.scheme {
                Some(scheme) => format!("signed with {scheme}, {}", size(m.signature.len())),
                None => format!("signed, {}", size(m.signature.len())),
            },
            Message::ClientKeyExchange(m) => client_key_exchange(&m),
            Message::Finished(m) => format!("a check over all messages so far, {}", size(m.0.len())),
            Message::NewSessionTicket(m) => {
                format!(
                    "a ticket of {} to resume by, good for {}",
                    size(m.ticket.len()),
                    lasting(m.ticket_lifetime_hint)
                )
            }
            Message::NewSessionTicket13(m) => {
                format!("a ticket of {} to resume by, good for {}", size(m.ticket.len()), lasting(m.lifetime))
            }
            Message::EndOfEarlyData => "no more early data".into(),
            Message::KeyUpdate(KeyUpdate::UpdateNotRequested) => "new keys for this direction".into(),
            Message::KeyUpdate(KeyUpdate::UpdateRequested) => {
                "new keys for this direction; the other shall follow".into()
            }
        },
    };
    harmless(&words)
}

fn client_hello(hello: &ClientHello<'_>) -> String {
    let e = &hello.extensions;
    let mut parts = Vec::new();
    match e.supported_versions() {
        Some(SupportedVersions::Offered(list)) => parts.push(listed(list.iter().filter(|v| v.name().is_some()))),
        _ => parts.push(format!("up to {}", hello.fixed.legacy_version)),
    }
    parts.push(counted(hello.fixed.cipher_suites.iter().count(), "suite"));
    match e.key_share() {
        Some(KeyShare::Client(list)) => {
            parts.push(format!("shares for {}", listed(list.iter().map(|s| s.group).filter(|g| g.name().is_some()))));
        }
        _ => parts.extend(e.supported_groups().map(|g| format!("groups {}", listed(g.0.iter())))),
    }
    parts.extend(e.server_name().and_then(|n| n.host()).map(|n| format!("for {n}")));
    parts.extend(e.alpn().map(|a| format!("to speak {}", listed(a.0.iter().map(|p| String::from_utf8_lossy(p))))));
    let offered = match e.pre_shared_key() {
        Some(PreSharedKey::Offered(offered)) => Some(offered.identities),
        _ => None,
    };
    // A ticket has an age; what both sides have been given has none (RFC 9846 4.3.11).
    let has = |aged: bool| offered.is_some_and(|all| all.iter().any(|i| (i.obfuscated_ticket_age != 0) == aged));
    if has(true) || e.session_ticket().is_some_and(|t| !t.0.is_empty()) {
        parts.push("would resume by ticket".into());
    }
    if has(false) {
        parts.push("has a pre-shared key".into());
    }
    parts.join("; ")
}

fn server_hello(hello: &ServerHello<'_>) -> String {
    let e = &hello.extensions;
    let version = match e.supported_versions() {
        Some(SupportedVersions::Selected(version)) => *version,
        _ => hello.fixed.legacy_version,
    };
    let mut parts = vec![version.to_string(), hello.fixed.cipher_suite.to_string()];
    if let Some(KeyShare::Server(share)) = e.key_share() {
        parts.push(format!("share for {}", share.group));
    }
    if matches!(e.pre_shared_key(), Some(PreSharedKey::Selected(_))) {
        // Which it is stands in the ClientHello.
        parts.push("goes on from the ticket, or the pre-shared key".into());
    }
    parts.extend(e.alpn().and_then(|a| a.0.first()).map(|p| format!("speaks {}", String::from_utf8_lossy(p))));
    parts.join(", ")
}

fn retry(hello: &ServerHello<'_>) -> String {
    let mut parts = Vec::new();
    if let Some(KeyShare::Retry(group)) = hello.extensions.key_share() {
        parts.push(format!("wants a share for {group}"));
    }
    if hello.extensions.cookie().is_some() {
        parts.push("wants to see its cookie again".into());
    }
    parts.join(", ")
}

fn extensions(e: &Extensions<'_>) -> String {
    let mut parts: Vec<String> = e
        .alpn()
        .and_then(|a| a.0.first())
        .map(|p| format!("speaks {}", String::from_utf8_lossy(p)))
        .into_iter()
        .collect();
    let others = e.list.iter().map(|x| x.kind().to_string()).filter(|n| !n.starts_with("application_layer"));
    parts.extend(others);
    if parts.is_empty() { "nothing besides".into() } else { parts.join(", ") }
}

fn certificate(m: &Certificate<'_>) -> String {
    let Some(leaf) = m.list.first() else { return "none to give".into() };
    // Where a raw public key was agreed on, it is the one entry.
    if SubjectPublicKeyInfo::from_der(leaf.cert_data).is_ok() {
        return raw_key(leaf.cert_data);
    }
    let chain = match m.list.len() {
        1 => String::new(),
        n => format!(", and {} above it", counted(n - 1, "certificate")),
    };
    let status = match leaf.extensions.status_request() {
        Some(StatusRequest::Status(status)) => format!("; with an OCSP response, {}", size(status.response.len())),
        _ => String::new(),
    };
    let scts = match leaf.extensions.signed_certificate_timestamps() {
        Some(SignedCertificateTimestamps::List(list)) => format!("; with {}", counted(list.iter().count(), "SCT")),
        _ => String::new(),
    };
    format!("{}{chain}{status}{scts}", subject(leaf.cert_data))
}

/// A raw public key: of which kind, and its hash, by which it is pinned.
pub(crate) fn raw_key(spki: &[u8]) -> String {
    format!("a raw public key, SHA-256 {}", sha256(spki))
}

/// In hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut hash = aws_lc::provider().hash(HashAlgorithm::Sha256);
    hash.update(bytes);
    hash.current().iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Whose certificate this is, whose signature it bears, until when: of one that cannot be read, that.
pub(crate) fn subject(der: &[u8]) -> String {
    let Ok((_, c)) = X509Certificate::from_der(der) else { return "a certificate that cannot be read".into() };
    let until = c.validity().not_after.to_datetime().date();
    harmless(&format!("{}, signed by {}, until {until}", titled(c.subject()), titled(c.issuer())))
}

/// A certificate, or a raw public key where one was agreed on: whose it is, when it is valid, and its size.
pub(crate) fn certified(der: &[u8]) -> String {
    let of = size(der.len());
    if let Ok((_, c)) = X509Certificate::from_der(der) {
        let (subject, issuer) = (harmless(&titled(c.subject())), harmless(&titled(c.issuer())));
        let (from, until) = (c.validity().not_before, c.validity().not_after);
        let (from, until) = (from.to_datetime().date(), until.to_datetime().date());
        return format!("{subject}, signed by {issuer}, valid from {from} until {until}; {of}");
    }
    match SubjectPublicKeyInfo::from_der(der) {
        Ok(_) => format!("{}; {of}", raw_key(der)),
        Err(_) => format!("cannot be read; {of}"),
    }
}

/// A DistinguishedName of an authority, and its size.
pub(crate) fn authority(der: &[u8]) -> String {
    let name =
        X509Name::from_der(der).map_or_else(|_| "cannot be read".into(), |(_, name)| harmless(&name.to_string()));
    format!("{name}; {}", size(der.len()))
}

/// A name's common name, or all of it.
fn titled(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|n| n.as_str().ok()).map(str::to_owned);
    let whole = name.to_string();
    common.filter(|n| !n.is_empty()).unwrap_or(if whole.is_empty() { "someone without a name".into() } else { whole })
}

fn server_key_exchange(m: &ServerKeyExchange<'_>) -> String {
    let key = match m.params {
        Some(Params::Ecdhe { group, .. }) => Some(format!("public key for {group}")),
        Some(Params::Dhe { p, .. }) => Some(format!("public key over a prime of {} bits", 8 * p.len())),
        None => None,
    };
    let signed = match m.signature {
        Some(Signed { scheme: Some(scheme), .. }) => Some(format!("signed with {scheme}")),
        Some(_) => Some("signed".into()),
        None => None,
    };
    let hint = m.hint.filter(|h| !h.is_empty()).map(|h| format!("hint \"{}\"", harmless(&String::from_utf8_lossy(h))));
    [key, signed, hint].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn certificate_request(m: &CertificateRequest<'_>) -> String {
    let types = listed(m.certificate_types.iter());
    match m.authorities.len() {
        0 => format!("from any authority; {types}"),
        n => format!("from {}; {types}", one_of(n)),
    }
}

fn one_of(authorities: usize) -> String {
    let of = if authorities == 1 { "" } else { "one of " };
    format!("{of}{}", counted(authorities, "authority"))
}

fn certificate_request_13(m: &CertificateRequest13<'_>) -> String {
    let schemes = m.extensions.signature_algorithms().map_or(0, |s| s.0.iter().count());
    match m.extensions.certificate_authorities() {
        Some(a) => format!("from {}; {}", one_of(a.0.len()), counted(schemes, "scheme")),
        None => format!("from any authority; {}", counted(schemes, "scheme")),
    }
}

fn client_key_exchange(m: &ClientKeyExchange<'_>) -> String {
    let half = m.half.map(|half| match half {
        ClientHalf::Rsa { encrypted, .. } => {
            format!("the premaster secret, encrypted under the server's RSA key, {}", size(encrypted.len()))
        }
        ClientHalf::Ecdhe(key) | ClientHalf::Dhe(key) => format!("public key, {}", size(key.len())),
    });
    let name = |n: &[u8]| format!("by the key \"{}\"", harmless(&String::from_utf8_lossy(n)));
    [m.identity.map(name), half].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A group, in words.
pub(crate) fn group(group: NamedGroup) -> String {
    match group {
        NamedGroup::X25519 => "X25519".into(),
        NamedGroup::X25519MLKEM768 => "X25519 + ML-KEM-768".into(),
        NamedGroup::SECP256R1MLKEM768 => "P-256 + ML-KEM-768".into(),
        NamedGroup::SECP384R1MLKEM1024 => "P-384 + ML-KEM-1024".into(),
        NamedGroup::SECP256R1 => "P-256".into(),
        NamedGroup::SECP384R1 => "P-384".into(),
        NamedGroup::SECP521R1 => "P-521".into(),
        other => other.to_string(),
    }
}

/// How records are protected, in words.
pub(crate) fn protection(suite: CipherSuite) -> String {
    match Suite::find(suite).map(|s| s.bulk) {
        Some(BulkCipher::Aead(aead)) => match aead {
            AeadAlgorithm::Aes128Gcm => "AES-128-GCM".into(),
            AeadAlgorithm::Aes256Gcm => "AES-256-GCM".into(),
            AeadAlgorithm::ChaCha20Poly1305 => "ChaCha20-Poly1305".into(),
            AeadAlgorithm::Aes128Ccm => "AES-128-CCM".into(),
            AeadAlgorithm::Aes256Ccm => "AES-256-CCM".into(),
            AeadAlgorithm::Aes128Ccm8 => "AES-128-CCM, short tag".into(),
            AeadAlgorithm::Aes256Ccm8 => "AES-256-CCM, short tag".into(),
        },
        Some(BulkCipher::Cbc(cipher, with)) => {
            let cipher = match cipher {
                CbcCipher::Aes128 => "AES-128-CBC",
                CbcCipher::Aes256 => "AES-256-CBC",
                CbcCipher::TripleDes => "3DES-CBC",
            };
            format!("{cipher} with {}", mac(with))
        }
        Some(BulkCipher::Rc4(with)) => format!("RC4 with {}", mac(with)),
        Some(BulkCipher::Null(with)) => format!("no encryption, {}", mac(with)),
        None => suite.to_string(),
    }
}

/// What goes this way, as one end calls it.
pub(crate) fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "what we send",
        Direction::Received => "what the peer sends",
    }
}

/// That there are new keys, of this suite, for this.
pub(crate) fn keys(what: &str, secret: &str, suite: CipherSuite) -> String {
    let done = if encrypts(suite) { "encrypted" } else { "guarded against change" };
    format!("from here on {what} is {done}, with keys of the {}", secret.replace('_', " "))
}

/// Whether records that this suite protects cannot be read by who listens: a NULL suite only guards them against change.
pub(crate) fn encrypts(suite: CipherSuite) -> bool {
    !Suite::find(suite).is_some_and(|s| matches!(s.bulk, BulkCipher::Null(_)))
}

fn mac(mac: Mac) -> &'static str {
    match mac {
        Mac::Md5 => "MD5",
        Mac::Sha1 => "SHA-1",
        Mac::Sha256 => "SHA-256",
        Mac::Sha384 => "SHA-384",
    }
}

/// How a signature is made, in words.
pub(crate) fn scheme(scheme: SignatureScheme) -> String {
    match scheme.name().unwrap_or_default() {
        "ecdsa_secp256r1_sha256" => "ECDSA P-256".into(),
        "ecdsa_secp384r1_sha384" => "ECDSA P-384".into(),
        "ecdsa_secp521r1_sha512" => "ECDSA P-521".into(),
        "ed25519" => "Ed25519".into(),
        "mldsa44" => "ML-DSA-44".into(),
        "mldsa65" => "ML-DSA-65".into(),
        "mldsa87" => "ML-DSA-87".into(),
        name if name.starts_with("rsa_pss") => "RSA-PSS".into(),
        name if name.starts_with("rsa_pkcs1") => "RSA (PKCS#1)".into(),
        _ => scheme.to_string(),
    }
}

/// How the secret came about, in words.
pub(crate) fn agreement(suite: Option<CipherSuite>, with: Option<NamedGroup>, resumed: bool) -> String {
    let kind = suite.and_then(Suite::find).map(|s| (s.key_exchange, s.authentication));
    match (with, kind) {
        (Some(g), Some((kind, _))) if kind.has_psk() => format!("{}, and a pre-shared key", group(g)),
        (Some(g), _) => group(g),
        // A session of TLS 1.3 is a pre-shared key, too: without a group it is all that there is.
        (None, _) if resumed => "an earlier handshake".into(),
        (None, Some((KeyExchangeKind::Rsa, Authentication::Rsa))) => "RSA key transport".into(),
        (None, Some((KeyExchangeKind::RsaPsk, _))) => "RSA key transport and a pre-shared key".into(),
        // In TLS 1.3 there is a group, unless the pre-shared key is all (psk_ke, RFC 9846 4.3.9).
        (None, Some((KeyExchangeKind::Psk | KeyExchangeKind::Tls13, _))) => "the pre-shared key alone".into(),
        (None, Some((KeyExchangeKind::EcdhePsk, _))) => "a curve, and a pre-shared key".into(),
        (None, Some((KeyExchangeKind::DhePsk, _))) => "a prime field of the server's, and a pre-shared key".into(),
        (None, Some((KeyExchangeKind::Dhe, _))) => "a prime field of the server's".into(),
        (None, _) => "unknown".into(),
    }
}

/// A version that was agreed, or a question mark.
pub(crate) fn version(version: Option<ProtocolVersion>) -> String {
    version.map_or_else(|| "?".into(), |v| v.to_string())
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A number of bytes.
pub(crate) fn size(bytes: usize) -> String {
    counted(bytes, "byte")
}

fn counted(n: usize, what: &str) -> String {
    match (n, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        (_, None) => format!("{n} {what}s"),
    }
}

fn lasting(seconds: u32) -> String {
    let seconds = seconds as usize;
    match seconds {
        0 => "as long as we like".into(),
        s if s % 86400 == 0 => counted(s / 86400, "day"),
        s if s % 3600 == 0 => counted(s / 3600, "hour"),
        s if s % 60 == 0 => counted(s / 60, "minute"),
        s => counted(s, "second"),
    }
}

fn listed<T: Display>(items: impl Iterator<Item = T>) -> String {
    items.map(|i| i.to_string()).collect::<Vec<_>>().join(", ")
}

/// With a capital at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// Harmless, and not longer than a few lines.
pub(crate) fn harmless(text: &str) -> String {
    clipped(text, 400)
}

/// A sentence that is harmless, and long enough for every list that we write into one.
pub(crate) fn sentence(text: &str) -> String {
    clipped(text, 4000)
}

fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => shown(text.get(..end).unwrap_or_default()) + "…",
        None => shown(text),
    }
}

/// Without characters that do something: what a peer says may not drive a terminal.
pub(crate) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_bidi(c) { '\u{fffd}' } else { c }).collect()
}

/// Characters that turn the direction of the text around them.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_says_is_harmless() {
        assert_eq!(harmless("a\x1b[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(harmless(&"x".repeat(1000)).chars().count(), 401);
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!((size(1), size(2)), ("1 byte".into(), "2 bytes".into()));
        assert_eq!(counted(2, "authority"), "2 authorities");
        assert_eq!((lasting(7200), lasting(61)), ("2 hours".into(), "61 seconds".into()));
    }

    #[test]
    fn malformed_messages_are_said_to_be() {
        assert_eq!(authority(b"no"), "cannot be read; 2 bytes");
        let der = [48, 13, 49, 11, 48, 9, 6, 3, 85, 4, 3, 12, 2, b'C', b'A'];
        assert_eq!(authority(&der), "CN=CA; 15 bytes");
        assert!(facts("Finished", &[20, 0, 0], Dialect::Tls13).starts_with("malformed: "));
        assert_eq!(subject(b"no"), "a certificate that cannot be read");
    }

    #[test]
    fn a_secret_comes_from_somewhere() {
        let rsa = Some(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA);
        assert_eq!(agreement(rsa, None, false), "RSA key transport");
        assert_eq!(agreement(rsa, None, true), "an earlier handshake");
        assert_eq!(agreement(None, Some(NamedGroup::X25519MLKEM768), false), "X25519 + ML-KEM-768");
        for alone in [CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA] {
            assert_eq!(agreement(Some(alone), None, false), "the pre-shared key alone", "{alone}");
        }
        let both = Some(CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA);
        assert_eq!(agreement(both, Some(NamedGroup::X25519), false), "X25519, and a pre-shared key");
    }
}

//! Signed certificate timestamps, by a log of our own.

use super::cases::Key;
use super::material::Material;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use handfast::crypto::{HashAlgorithm, aws_lc};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SigningKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::time::{SystemTime, UNIX_EPOCH};

/// How many come with a certificate: two are longer than all else in a ServerHello.
pub const COUNT: usize = 2;

/// The extension's number (RFC 6962 3.3).
const SIGNED_CERTIFICATE_TIMESTAMP: u16 = 18;

/// Where OpenSSL puts an extension: in ClientHello and the ServerHello of TLS 1.2.
const TLS12: u32 = 0x0010 | 0x0080 | 0x0100;
/// In ClientHello and the Certificate of TLS 1.3.
const TLS13: u32 = 0x0020 | 0x0080 | 0x1000;

/// For the certificates of these keys: the lists, the same for s_server, and the log's key as s_client wants it.
pub fn make(material: &Material, keys: &[Key]) {
    let log = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a log");
    let spki = log.subject_public_key_info();
    let known = format!(
        "enabled_logs = interop\n[interop]\ndescription = Interop log\nkey = {}\n",
        BASE64_STANDARD.encode(&spki)
    );
    std::fs::write(material.logs(), known).expect("a file");
    for &key in keys {
        let certificate = CertificateDer::from_pem_file(material.server(key).0).expect("a certificate");
        let list = list(&log, &spki, &certificate);
        for (version, context) in [("tls1.2", TLS12), ("tls1.3", TLS13)] {
            std::fs::write(material.server_info(key, version), server_info(context, &list)).expect("a file");
        }
        std::fs::write(material.timestamps(key), list).expect("a file");
    }
}

/// What is in such a file, each in base64.
pub fn in_list(path: &str) -> Vec<String> {
    let list = std::fs::read(path).unwrap_or_default();
    let mut rest = list.get(2..).unwrap_or_default();
    let mut out = Vec::new();
    while let Some(([a, b], after)) = rest.split_first_chunk() {
        let (one, others) = after.split_at(usize::from(u16::from_be_bytes([*a, *b])));
        out.push(BASE64_STANDARD.encode(one));
        rest = others;
    }
    out
}

/// A SignedCertificateTimestampList (RFC 6962 3.3).
fn list(log: &KeyPair, spki: &[u8], certificate: &[u8]) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let now = u64::try_from(now).expect("not that far in the future");
    let each = (1..=COUNT as u64).map(|minutes| prefixed(&timestamp(log, spki, certificate, now - 60_000 * minutes)));
    prefixed(&each.collect::<Vec<_>>().concat())
}

/// A SignedCertificateTimestamp of version 1, without extensions (RFC 6962 3.2).
fn timestamp(log: &KeyPair, spki: &[u8], certificate: &[u8], at: u64) -> Vec<u8> {
    let mut hash = aws_lc::provider().hash(HashAlgorithm::Sha256);
    hash.update(spki);
    let length = u32::try_from(certificate.len()).expect("it is short").to_be_bytes();
    // Version, certificate_timestamp; the time; x509_entry, the certificate; no extensions.
    let signed = [&[0, 0][..], &at.to_be_bytes(), &[0, 0], &length[1..], certificate, &[0, 0]].concat();
    let signature = prefixed(&log.sign(&signed).expect("a signature"));
    // SHA-256 and ECDSA, as TLS 1.2 numbers them.
    [&[0][..], &hash.current(), &at.to_be_bytes(), &[0, 0], &[4, 3], &signature].concat()
}

/// With its length before it, in two bytes.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("it is short");
    [&length.to_be_bytes()[..], bytes].concat()
}

/// An extension as OpenSSL's `-serverinfo` reads it.
fn server_info(context: u32, list: &[u8]) -> String {
    let number = SIGNED_CERTIFICATE_TIMESTAMP.to_be_bytes();
    let bytes = [&context.to_be_bytes()[..], &number, &prefixed(list)].concat();
    let text = BASE64_STANDARD.encode(bytes);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    let name = "SERVERINFOV2 FOR SIGNED CERTIFICATE TIMESTAMPS";
    format!("-----BEGIN {name}-----\n{}\n-----END {name}-----\n", lines.join("\n"))
}

//! With hellos of real clients, which our server answers, and with whole handshakes of our own client.

use super::*;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use handfast::compression::{Brotli, Compression, Zlib};
use handfast::config::{ByName, Cookies};
use handfast::crypto::Credential;
use handfast::extension::{CertificateTypes, Extension, KeyShare, PreSharedKey, SupportedVersions};
use handfast::keys::Secret;
use handfast::message::Message;
use handfast::psk::ExternalPsk;
use handfast::trace::{Direction, Trace};
use handfast::verify::NotChecked;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme};
use handfast::{ClientConfig, Connection, Policy, Time};
use std::sync::{Arc, Mutex};

const NAME: &str = "server.test";

/// Hellos as they came: of Chromium 156, Firefox 153 and OpenSSL 3.6, base64, a line each.
const RECORDED: &[(&str, &str)] = &[
    ("chromium156", include_str!("hellos/chromium156")),
    ("chromium156-retried", include_str!("hellos/chromium156-retried")),
    ("chromium156-resuming", include_str!("hellos/chromium156-resuming")),
    ("chromium156-resuming-1.2", include_str!("hellos/chromium156-resuming-1.2")),
    ("firefox153", include_str!("hellos/firefox153")),
    ("openssl3.6", include_str!("hellos/openssl3.6")),
    ("openssl3.6-1.2", include_str!("hellos/openssl3.6-1.2")),
    ("openssl3.6-1.1", include_str!("hellos/openssl3.6-1.1")),
];

macro_rules! pem {
    ($name:literal) => {
        include_bytes!(concat!("../../../handfast/tests/pem/", $name, ".pem"))
    };
}

/// For ECDSA, with the name.
fn named() -> Arc<Credential> {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec![NAME.to_owned()]).expect("names");
    let certificate = params.self_signed(&key).expect("a certificate");
    let credential = Credential::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes());
    Arc::new(credential.expect("a credential"))
}

/// For RSA, without a name.
fn rsa() -> Arc<Credential> {
    Arc::new(Credential::from_pem(pem!("rsa.cert"), pem!("rsa.pkcs8")).expect("a credential"))
}

fn ed25519() -> Arc<Credential> {
    Arc::new(Credential::from_pem(pem!("ed25519.cert"), pem!("ed25519.pkcs8")).expect("a credential"))
}

fn server(policy: Policy, own: &[Arc<Credential>]) -> ServerConfig {
    let mut config = ServerConfig::new(policy, Arc::new(ByName::new(own.iter().cloned())));
    config.alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

fn client(policy: Policy) -> ClientConfig {
    let mut config = ClientConfig::new(policy, Arc::new(NotChecked));
    config.alpn = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    config
}

/// The messages that a server saw.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Owned>>>);

/// Whether it came from the client, all of it, and how to read it.
type Owned = (bool, Vec<u8>, Dialect);

impl Heard {
    fn observe(&self, connection: &mut Connection) {
        let heard = self.0.clone();
        connection.observe(Box::new(move |trace: &Trace<'_>| {
            if let Trace::Message { direction, raw, dialect, .. } = trace {
                heard.lock().expect("the messages").push((*direction == Direction::Received, raw.to_vec(), *dialect));
            }
        }));
    }

    fn topics(&self, config: &ServerConfig, negotiated: Option<&Negotiated>) -> Vec<Topic> {
        let heard = self.0.lock().expect("the messages");
        let spoken: Vec<_> = heard
            .iter()
            .map(|(received, raw, dialect)| Spoken { received: *received, raw, dialect: *dialect })
            .collect();
        let topics = topics(Who::You, config, negotiated, &spoken);
        if let Some((_, raw, dialect)) = heard.iter().find(|(received, ..)| *received) {
            check(&topics, raw, *dialect);
        }
        topics
    }
}

/// What a server makes of hellos that were recorded: there is no more to come from that client.
fn answered(name: &str, config: &ServerConfig) -> Vec<Topic> {
    let (_, lines) = RECORDED.iter().find(|(n, _)| *n == name).expect("a recording");
    let (heard, mut connection) = (Heard::default(), Connection::server(Arc::new(config.clone())));
    heard.observe(&mut connection);
    let mut going = true;
    for line in lines.lines() {
        let hello = BASE64_STANDARD.decode(line).expect("base64");
        let length = u16::try_from(hello.len()).expect("a record");
        let mut record = [&[22, 3, 1][..], &length.to_be_bytes(), &hello].concat();
        going = going && connection.receive(&mut record, Time::now()).is_ok();
    }
    // It is as good as done once the server has said all that it will of its own.
    let done = going.then(|| connection.negotiated().clone()).filter(|n| n.suite.is_some());
    heard.topics(config, done.as_ref())
}

/// A handshake in memory; what the server says of it.
fn shaken(client: &Arc<ClientConfig>, config: &ServerConfig) -> Vec<Topic> {
    let name = NAME.try_into().expect("a name");
    let mut one = Connection::client(client.clone(), name, Time::now()).expect("a client");
    let mut other = Connection::server(Arc::new(config.clone()));
    let heard = Heard::default();
    heard.observe(&mut other);
    let mut failed = false;
    for _ in 0..6 {
        failed |= !carry(&mut one, &mut other);
        failed |= !carry(&mut other, &mut one);
    }
    let done = other.is_connected() && !failed;
    let negotiated = done.then(|| other.negotiated().clone());
    heard.topics(config, negotiated.as_ref())
}

/// Whether the receiver went along.
fn carry(from: &mut Connection, to: &mut Connection) -> bool {
    let mut wire = Vec::new();
    from.transmit(&mut wire);
    while !wire.is_empty() {
        let Ok(used) = to.receive(&mut wire, Time::now()).map(|r| r.used) else { return false };
        if used == 0 {
            return true;
        }
        wire.drain(..used);
    }
    true
}

fn topic<'t>(topics: &'t [Topic], name: &str) -> &'t Topic {
    topics.iter().find(|t| t.name == name).unwrap_or_else(|| panic!("no {name}"))
}

#[track_caller]
fn offer<'t>(topics: &'t [Topic], name: &str) -> &'t Offer {
    let found: Vec<_> = topics.iter().flat_map(|t| &t.offers).filter(|o| o.name == name).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0]
}

/// Each offer of the hello stands there once, with words that can be read.
#[track_caller]
fn check(topics: &[Topic], raw: &[u8], dialect: Dialect) {
    let Ok(Message::ClientHello(hello)) = Message::decode(raw, dialect) else { return };
    for topic in topics {
        let chosen = topic.offers.iter().filter(|o| o.verdict == Verdict::Chosen).count();
        assert!(chosen <= 1, "{topic:?}");
        readable(&topic.why);
        topic.offers.iter().for_each(|o| {
            readable(&o.meaning);
            assert!(!o.name.is_empty() && !o.name.contains("0x"), "{o:?}");
            assert!(o.number.as_ref().is_none_or(|n| n.starts_with("0x")), "{o:?}");
            assert!(!o.rfc.is_empty() || o.verdict == Verdict::Unknown, "{o:?}");
        });
    }
    let in_field =
        |field: &str| -> Vec<&Offer> { topics.iter().flat_map(|t| &t.offers).filter(|o| o.field == field).collect() };
    let numbers = |field: &str| -> Vec<String> { in_field(field).iter().filter_map(|o| o.number.clone()).collect() };
    let of_two = |n: u16| format!("{n:#06x}");
    let methods = of_one(hello.fixed.compression_methods.iter().map(|m| m.0));
    assert_eq!(numbers("legacy_compression_methods"), methods);
    assert_eq!(in_field("legacy_session_id").is_empty(), hello.fixed.session_id.is_empty());
    let suites: Vec<_> = hello.fixed.cipher_suites.iter().map(|s| of_two(s.0)).collect();
    assert_eq!(numbers("cipher_suites"), suites);
    let e = &hello.extensions;
    // What came later stands in the second hello.
    let is_shared = |o: &Offer| o.meaning.contains("share") && !o.meaning.contains("when it was asked for");
    for one in &e.list {
        let wanted: Vec<String> = match one {
            Extension::SupportedVersions(SupportedVersions::Offered(list)) => {
                list.iter().map(|v| of_two(v.0)).collect()
            }
            Extension::SupportedGroups(list) => list.0.iter().map(|g| of_two(g.0)).collect(),
            Extension::SignatureAlgorithms(list) => list.0.iter().map(|s| of_two(s.0)).collect(),
            Extension::SignatureAlgorithmsCert(list) => list.0.iter().map(|s| of_two(s.0)).collect(),
            Extension::CompressCertificate(list) => list.0.iter().map(|a| of_two(a.0)).collect(),
            Extension::EcPointFormats(list) => of_one(list.0.iter().map(|f| f.0)),
            Extension::PskKeyExchangeModes(list) => of_one(list.0.iter().map(|m| m.0)),
            Extension::ServerCertificateType(CertificateTypes::Offered(list))
            | Extension::ClientCertificateType(CertificateTypes::Offered(list)) => of_one(list.iter().map(|t| t.0)),
            Extension::CertificateAuthorities(list) => {
                assert_eq!(in_field("certificate_authorities").len(), list.0.len());
                continue;
            }
            Extension::Alpn(list) => {
                let names: Vec<_> =
                    in_field("application_layer_protocol_negotiation").iter().map(|o| &o.name).collect();
                assert_eq!(names.len(), list.0.len());
                continue;
            }
            Extension::PreSharedKey(PreSharedKey::Offered(psks)) => {
                assert_eq!(in_field("pre_shared_key").len(), psks.identities.iter().count());
                continue;
            }
            Extension::ServerName(names) => {
                assert_eq!(in_field("server_name").len(), names.0.len());
                continue;
            }
            // Each share is told of with its group.
            Extension::KeyShare(KeyShare::Client(list)) => {
                let told = in_field("supported_groups").into_iter().filter(|o| is_shared(o)).count();
                let grease = list.iter().filter(|s| s.group.is_grease()).count();
                assert_eq!(told + in_field("key_share").len() + grease, list.iter().count());
                continue;
            }
            other => {
                let field = other.kind().name().unwrap_or("unknown extension");
                let all = in_field(field);
                let this: Vec<_> = all.iter().filter(|o| o.number == Some(of_two(other.kind().0))).collect();
                assert_eq!(this.len(), 1, "{field}: {all:?}");
                continue;
            }
        };
        assert_eq!(numbers(one.kind().name().expect("a name")), wanted, "{}", one.kind());
    }
}

fn of_one(numbers: impl Iterator<Item = u8>) -> Vec<String> {
    numbers.map(|n| format!("{n:#04x}")).collect()
}

/// Sentences, and no number that has no name.
#[track_caller]
fn readable(text: &str) {
    let bad =
        text.is_empty() || text.contains("0x") || text.contains("  ") || text.contains("..") || text.contains(" .");
    assert!(!bad && text.ends_with('.') && text.starts_with(char::is_uppercase), "{text:?}");
    // "h2" and "http/1.1" are names, too: they stand where they are called something else.
    assert!(!text.contains("None)") && !text.contains("Some("), "{text:?}");
}

#[test]
fn every_offer_of_real_clients_stands_there_once_whatever_the_server_is() {
    let own: [&[Arc<Credential>]; 4] = [&[named()], &[rsa()], &[named(), rsa()], &[ed25519()]];
    let mut policies: Vec<Policy> = Policy::NAMES.iter().filter_map(|n| Policy::named(n)).collect();
    policies.push(Policy { max_version: ProtocolVersion::TLS1_2, ..Policy::default() });
    policies.push(Policy { groups: vec![NamedGroup::SECP384R1], server_preference: false, ..Policy::default() });
    policies.push(Policy { suites: vec![CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA], ..Policy::compatible() });
    for (name, _) in RECORDED {
        for own in own {
            for policy in &policies {
                // Checked as they are made.
                let topics = answered(name, &server(policy.clone(), own));
                assert_eq!(topics.len(), 10, "{name}");
                let version = topic(&topics, "Version");
                let chosen = |t: &Topic| t.offers.iter().any(|o| o.verdict == Verdict::Chosen);
                assert_eq!(version.chosen.is_some(), chosen(version), "{name}: {version:?}");
                let suite = topic(&topics, "Cipher suite");
                assert_eq!(suite.chosen.is_some(), chosen(suite), "{name}: {suite:?}");
            }
        }
    }
}

#[test]
fn chromium_is_told_what_was_chosen_and_what_was_not_needed() {
    let topics = answered("chromium156", &server(Policy::default(), &[named(), rsa()]));
    let version = topic(&topics, "Version");
    assert_eq!(version.chosen.as_deref(), Some("TLS 1.3"));
    assert!(version.why.contains("the newest version that there is, and both speak it"), "{}", version.why);
    assert_eq!(offer(&topics, "TLS 1.2").verdict, Verdict::Usable);

    assert_eq!(topic(&topics, "Cipher suite").chosen.as_deref(), Some("AES-128-GCM"));
    let old = offer(&topics, "TLS_RSA_WITH_AES_128_CBC_SHA");
    assert_eq!(old.verdict, Verdict::NotOurs);
    assert!(old.meaning.contains("no forward secrecy") && old.rfc == "RFC 9325 4.1", "{old:?}");
    let other = offer(&topics, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_eq!(other.verdict, Verdict::OtherVersion);
    assert!(other.meaning.contains("For TLS 1.2"), "{other:?}");

    let group = topic(&topics, "Key exchange");
    assert_eq!(group.chosen.as_deref(), Some("X25519 + ML-KEM-768"));
    assert!(group.why.contains("without another round trip") && group.why.contains("quantum"), "{}", group.why);
    assert!(offer(&topics, "X25519MLKEM768").meaning.contains("1216 bytes, came at once"));
    assert!(offer(&topics, "x25519").meaning.contains("32 bytes, and was not needed"));

    let signature = topic(&topics, "Certificate and signature");
    assert_eq!(signature.chosen.as_deref(), Some("ECDSA P-256"));
    let [ml_dsa, rsa] = ["mldsa65", "rsa_pss_rsae_sha256"].map(|n| offer(&topics, n));
    assert_eq!((ml_dsa.verdict, rsa.verdict), (Verdict::Unfit, Verdict::Usable));
    assert!(ml_dsa.meaning.contains("an ML-DSA key") && ml_dsa.meaning.contains("ECDSA P-256 and RSA"), "{ml_dsa:?}");

    // It asked for localhost.
    assert_eq!((topic(&topics, "Name").chosen.as_deref(), offer(&topics, "localhost").verdict), (None, Verdict::Unfit));
    assert_eq!(topic(&topics, "Protocol").chosen.as_deref(), Some("HTTP/2"));
    for (name, words) in [
        ("encrypted_client_hello", "most likely filler"),
        ("application_settings", "settings of the protocol inside"),
        ("trust_anchors", "authorities that the client trusts"),
    ] {
        let offer = offer(&topics, name);
        assert_eq!(offer.verdict, Verdict::Unknown);
        assert!(offer.meaning.to_lowercase().contains(&words.to_lowercase()), "{offer:?}");
    }
    let grease: Vec<_> = topics.iter().flat_map(|t| &t.offers).filter(|o| o.verdict == Verdict::Grease).collect();
    assert!(grease.len() > 4 && grease[0].meaning.contains("on purpose"), "{grease:?}");
    assert!(grease[1..].iter().all(|o| o.meaning == "Another value that means nothing (GREASE)."), "once is enough");
}

#[test]
fn a_retry_is_told_with_what_it_cost() {
    let policy = Policy { groups: vec![NamedGroup::SECP384R1], ..Policy::default() };
    let topics = answered("chromium156-retried", &server(policy, &[named()]));
    let said = &offer(&topics, "TLS 1.3").meaning;
    assert!(
        said.contains("As a rule it takes one round trip") && said.contains("This time it took a round trip more"),
        "{said}"
    );
    let group = topic(&topics, "Key exchange");
    assert_eq!(group.chosen.as_deref(), Some("P-384"));
    assert!(group.why.contains("only for X25519 + ML-KEM-768 and X25519"), "{}", group.why);
    assert!(
        group.why.contains("which cost a round trip") && group.why.contains("The policy of this server"),
        "{}",
        group.why
    );
    assert!(offer(&topics, "secp384r1").meaning.contains("came when it was asked for"));
    assert_eq!(offer(&topics, "x25519").verdict, Verdict::NotOurs);

    let mut config = server(Policy::default(), &[named()]);
    config.cookies = Some(Cookies { always: true, ..Cookies::default() });
    let topics = shaken(&Arc::new(client(Policy::default())), &config);
    assert!(topic(&topics, "Key exchange").why.contains("for a cookie"), "{topics:?}");
}

#[test]
fn in_tls_1_2_it_is_said_what_is_lost_and_what_is_mended() {
    let policy = Policy { max_version: ProtocolVersion::TLS1_2, ..Policy::default() };
    let topics = answered("firefox153", &server(policy.clone(), &[rsa()]));
    assert!(topic(&topics, "Version").why.contains("would have taken TLS 1.3"));
    assert_eq!(offer(&topics, "TLS 1.3").verdict, Verdict::NotOurs);
    let group = topic(&topics, "Key exchange");
    assert!(group.why.contains("TLS 1.2 has no group against quantum computers"), "{}", group.why);
    assert_eq!(offer(&topics, "X25519MLKEM768").verdict, Verdict::OtherVersion);
    let ecdsa = offer(&topics, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
    assert_eq!(ecdsa.verdict, Verdict::Unfit);
    assert!(ecdsa.meaning.contains("a certificate with an ECDSA key"), "{ecdsa:?}");
    assert_eq!(offer(&topics, "extended_master_secret").verdict, Verdict::Heeded);
    assert_eq!(offer(&topics, "TLS_AES_128_GCM_SHA256").verdict, Verdict::OtherVersion);
    assert!(offer(&topics, "delegated_credential").rfc.starts_with("RFC 9345"));

    let ticket = offer(&answered("chromium156-resuming-1.2", &server(policy, &[named()])), "session_ticket").clone();
    assert_eq!(ticket.verdict, Verdict::Unfit, "it is another server's");

    let old = answered("openssl3.6-1.1", &server(Policy::museum(), &[named()]));
    let or_older = offer(&old, "TLS 1.1 or older");
    assert_eq!((or_older.verdict, topic(&old, "Version").chosen.as_deref()), (Verdict::Chosen, Some("TLS 1.1")));
}

#[test]
fn a_resumption_says_what_it_spared() {
    for max_version in [ProtocolVersion::TLS1_3, ProtocolVersion::TLS1_2] {
        let policy = Policy { max_version, ..Policy::default() };
        let (client, config) = (Arc::new(client(policy.clone())), server(policy, &[named()]));
        let first = shaken(&client, &config);
        assert_eq!(topic(&first, "Session").chosen.as_deref(), Some("a full handshake"));
        assert!(topic(&first, "Session").why.contains("nothing to go on from"));
        assert_eq!(
            (topic(&first, "Name").chosen.as_deref(), offer(&first, NAME).verdict),
            (Some(NAME), Verdict::Heeded)
        );
        let second = shaken(&client, &config);
        let session = topic(&second, "Session");
        assert_eq!(session.chosen.as_deref(), Some("resumed"));
        assert!(session.why.contains("no certificate was sent"), "{}", session.why);
        assert_eq!(session.offers.iter().filter(|o| o.verdict == Verdict::Chosen).count(), 1, "{session:?}");
        assert!(topic(&second, "Certificate and signature").why.contains("in the handshake that was resumed"));
    }
    let stranger = answered("chromium156-resuming", &server(Policy::default(), &[named()]));
    assert!(topic(&stranger, "Session").why.contains("could not"), "{stranger:?}");
    assert_eq!(offer(&stranger, "ticket").verdict, Verdict::Unfit);
}

#[test]
fn keys_that_were_given_before_and_suites_without_fresh_ones() {
    let psk = || ExternalPsk::new("me", Secret::copy(&[7; 32]));
    let (mut one, mut other) = (client(Policy::default()), server(Policy::default(), &[named()]));
    let psks = Arc::new(vec![psk()]);
    (one.psks, other.psks) = (Some(psks.clone() as _), Some(psks as _));
    let topics = shaken(&Arc::new(one.clone()), &other);
    assert_eq!(topic(&topics, "Session").chosen.as_deref(), Some("by a pre-shared key"));
    assert!(topic(&topics, "Certificate and signature").why.contains("given before"));

    one.policy.psk_modes = vec![PskKeyExchangeMode::PSK_KE];
    other.policy.psk_modes = vec![PskKeyExchangeMode::PSK_KE];
    let alone = shaken(&Arc::new(one), &other);
    assert!(topic(&alone, "Key exchange").why.contains("no fresh one"), "{alone:?}");
    assert_eq!(offer(&alone, "psk_ke").verdict, Verdict::Heeded);
    // One that remembers no session has that key alone.
    let policy = Policy { psk_modes: vec![PskKeyExchangeMode::PSK_KE], ..Policy::default() };
    let mut fresh = client(policy);
    fresh.psks = Some(Arc::new(vec![psk()]) as _);
    let alone = shaken(&Arc::new(fresh), &other);
    let exchange = topic(&alone, "Key exchange");
    assert_eq!(exchange.chosen.as_deref(), Some("the pre-shared key alone"));
    assert!(!exchange.why.contains("quantum"), "the key is in the secret, too: {}", exchange.why);

    let suites = vec![CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256];
    let policy = Policy { max_version: ProtocolVersion::TLS1_2, suites, ..Policy::compatible() };
    let topics = shaken(&Arc::new(client(policy.clone())), &server(policy, &[rsa()]));
    assert_eq!(topic(&topics, "Key exchange").chosen.as_deref(), Some("RSA key transport"));
    assert!(topic(&topics, "Certificate and signature").why.contains("by decrypting"));
}

#[test]
fn what_comes_beside_a_certificate_is_said_with_what_it_spares() {
    let mut credential = Credential::clone(&rsa());
    (credential.ocsp, credential.scts) = (Some(vec![0x30, 0]), vec![vec![1; 50]; 2]);
    // Something that can be made smaller.
    credential.chain = vec![credential.chain[0].clone(); 3];
    let mut config = server(Policy::default(), &[Arc::new(credential)]);
    config.certificate_compression = Some(Arc::new(Compression::new([Arc::new(Brotli) as _])));
    let topics = answered("firefox153", &config);
    let beside = topic(&topics, "Beside the certificate");
    assert_eq!(beside.chosen.as_deref(), Some("compressed by brotli"));
    assert!(beside.why.contains(" less."), "{}", beside.why);
    for (name, verdict) in [
        ("brotli", Verdict::Chosen),
        ("zlib", Verdict::NotOurs),
        ("zstd", Verdict::Unknown),
        ("status_request", Verdict::Heeded),
        ("signed_certificate_timestamp", Verdict::Heeded),
        ("record_size_limit", Verdict::Heeded),
    ] {
        assert_eq!(offer(&topics, name).verdict, verdict, "{name}");
    }
    config.certificate_compression = Some(Arc::new(Compression::new([Arc::new(Zlib) as _, Arc::new(Brotli) as _])));
    assert_eq!(offer(&answered("firefox153", &config), "brotli").verdict, Verdict::Usable);
    let plain = answered("firefox153", &server(Policy::default(), &[rsa()]));
    for name in ["brotli", "status_request", "signed_certificate_timestamp"] {
        assert_eq!(offer(&plain, name).verdict, Verdict::NotOurs, "{name}");
    }
}

#[test]
fn a_failure_says_how_far_it_came_and_what_would_have_fitted() {
    // No version.
    let newest = Policy { min_version: ProtocolVersion::TLS1_3, ..Policy::modern() };
    let topics = answered("openssl3.6-1.2", &server(newest, &[named()]));
    let version = topic(&topics, "Version");
    assert_eq!((version.chosen.as_deref(), offer(&topics, "TLS 1.2 or older").verdict), (None, Verdict::NotOurs));
    assert!(version.why.contains("offers TLS 1.2, and this server takes TLS 1.3"), "{}", version.why);
    // No certificate.
    let topics = answered("chromium156", &server(Policy::default(), &[ed25519()]));
    let signature = topic(&topics, "Certificate and signature");
    assert_eq!(signature.chosen, None);
    assert!(
        signature.why.contains("keys (Ed25519) make no signature that your browser can check"),
        "{}",
        signature.why
    );
    assert!(offer(&topics, "ecdsa_secp256r1_sha256").meaning.contains("an ECDSA P-256 key"));
    assert_eq!(offer(&topics, "TLS_AES_128_GCM_SHA256").verdict, Verdict::Usable);
    // No protocol.
    let mut config = server(Policy::default(), &[named()]);
    config.alpn = vec![b"imap".to_vec()];
    let topics = answered("chromium156", &config);
    assert!(topic(&topics, "Protocol").why.contains("this server speaks imap"));
    assert_eq!(offer(&topics, "h2").verdict, Verdict::NotOurs);
    // No group, and no suite.
    let groups = Policy { groups: vec![NamedGroup::FFDHE4096], ..Policy::compatible() };
    let topics = answered("chromium156", &server(groups, &[named()]));
    assert!(topic(&topics, "Key exchange").why.contains("no group that both may use"));
    let suites = Policy { suites: vec![CipherSuite::TLS_AES_128_CCM_SHA256], ..Policy::modern() };
    let topics = answered("chromium156", &server(suites, &[named()]));
    assert!(topic(&topics, "Cipher suite").why.contains("none for TLS 1.3 that both may speak"));
    // A name that nobody has, where that matters.
    let mut strict = ByName::new([named()]);
    strict.strict = true;
    let mut config = server(Policy::default(), &[]);
    config.credentials = Arc::new(strict);
    let topics = answered("chromium156", &config);
    assert!(topic(&topics, "Name").why.contains("told to refuse"));
}

#[test]
fn what_cannot_be_read_is_not_talked_about_and_of_several_handshakes_it_is_the_last() {
    let config = server(Policy::default(), &[named()]);
    assert_eq!(topics(Who::Client, &config, None, &[]), []);
    let garbage = Spoken { received: true, raw: &[1, 0, 0, 9, 3], dialect: Dialect::Hello };
    assert_eq!(topics(Who::Client, &config, None, &[garbage]), []);
    // A second hello that nobody answered does not hide the first.
    let of = |name| {
        let (_, lines) = RECORDED.iter().find(|(n, _)| *n == name).expect("a recording");
        BASE64_STANDARD.decode(lines.lines().next().expect("a line")).expect("base64")
    };
    let (one, other) = (of("openssl3.6-1.2"), of("openssl3.6-1.1"));
    let spoken = |raw| Spoken { received: true, raw, dialect: Dialect::Hello };
    let both = topics(Who::Client, &config, None, &[spoken(&one), spoken(&other)]);
    assert_eq!(topic(&both, "Version").offers[0].name, "TLS 1.1 or older");
    assert!(topic(&both, "Name").offers.iter().all(|o| !o.meaning.contains("browser")));
}

#[test]
fn hellos_of_our_own_are_told_whatever_is_in_them() {
    let mut all = client(Policy::museum());
    (all.grease, all.post_handshake_auth, all.scts, all.pad_hello) = (true, true, true, Some(4000));
    all.record_size_limit = Some(1000);
    all.policy.cert_schemes = Some(vec![SignatureScheme::RSA_PKCS1_SHA256]);
    all.authorities = vec![vec![0x30, 0]];
    all.ticket_request = Some(handfast::extension::TicketCounts { new_session_count: 3, resumption_count: 1 });
    all.server_certificate_types =
        vec![handfast::wire::numbers::CertificateType::RAW_PUBLIC_KEY, handfast::wire::numbers::CertificateType::X509];
    let topics = shaken(&Arc::new(all), &server(Policy::museum(), &[named(), rsa()]));
    for (name, verdict) in [
        ("padding", Verdict::Heeded),
        ("ticket_request", Verdict::Heeded),
        ("post_handshake_auth", Verdict::Usable),
        ("RawPublicKey", Verdict::NotOurs),
        ("X509", Verdict::Usable),
        ("TLS_RSA_WITH_RC4_128_MD5", Verdict::OtherVersion),
    ] {
        assert_eq!(offer(&topics, name).verdict, verdict, "{name}");
    }
    assert!(offer(&topics, "record_size_limit").meaning.contains("1000 bytes"));
    assert!(offer(&topics, "TLS 1.0").meaning.contains("It is weak"));
}

#[test]
fn json_has_it_all() {
    let topics = answered("chromium156", &server(Policy::default(), &[named()]));
    let json = to_json(&topics);
    assert_eq!(json[0]["chosen"], "TLS 1.3");
    let offers = json[0]["offers"].as_array().expect("offers");
    assert_eq!(offers.len(), topics[0].offers.len());
    let tls13 = offers.iter().find(|o| o["name"] == "TLS 1.3").expect("TLS 1.3");
    assert_eq!((&tls13["number"], &tls13["verdict"]), (&"0x0304".into(), &"chosen".into()));
    assert_eq!((&tls13["field"], &tls13["verdict_in_words"]), (&"supported_versions".into(), &"chosen".into()));
    let page = include_str!("../../../../docs/json.md");
    let names: std::collections::HashSet<_> = Verdict::ALL.iter().map(|v| v.name()).collect();
    assert!(names.len() == Verdict::ALL.len() && names.iter().all(|name| page.contains(&format!("`\"{name}\"`"))));
}

#[test]
fn of_a_hello_without_end_the_beginning_is_told() {
    let grease = [0x1a, 0x1a].repeat(1000);
    let suites = [&[0x13, 1][..], &grease, &[0x13, 2].repeat(20_000)].concat();
    let mut raw = vec![3, 3];
    raw.extend([7; 32]);
    raw.push(0);
    raw.extend(u16::try_from(suites.len()).expect("a length").to_be_bytes());
    raw.extend(suites);
    raw.extend([1, 0, 0, 7, 0, 43, 0, 3, 2, 3, 4]);
    let length = u32::try_from(raw.len()).expect("a length").to_be_bytes();
    let raw = [&[1][..], &length[1..], &raw].concat();
    let hello = Spoken { received: true, raw: &raw, dialect: Dialect::Hello };
    let topics = topics(Who::Client, &server(Policy::default(), &[named()]), None, &[hello]);
    let suites = topic(&topics, "Cipher suite");
    assert_eq!((suites.offers.len(), suites.offers[0].name.as_str()), (MOST, "TLS_AES_128_GCM_SHA256"));
    assert!(suites.why.ends_with("the first are shown."), "{}", suites.why);
    assert!(!topic(&topics, "Version").why.contains("the first"));
}

#[test]
fn a_hello_in_the_form_of_ssl_2_is_told_too() {
    let mut raw = vec![1, 3, 1, 0, 9, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 0x2f, 0, 0, 0x0a];
    raw.extend([7; 16]);
    let hello = Spoken { received: true, raw: &raw, dialect: Dialect::Sslv2 };
    let topics = topics(Who::Client, &server(Policy::museum(), &[rsa()]), None, &[hello]);
    assert_eq!(topic(&topics, "Version").offers[0].name, "TLS 1.0 or older");
    let old = offer(&topics, "a cipher of SSL 2.0");
    assert_eq!((old.number.as_deref(), old.verdict), (Some("0x010080"), Verdict::Unknown));
    assert_eq!(offer(&topics, "TLS_RSA_WITH_AES_128_CBC_SHA").verdict, Verdict::Usable);
    topics.iter().for_each(|t| readable(&t.why));
}

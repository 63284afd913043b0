//! What each named policy says in a ClientHello, and what it answers, to the last item. The lists stand in `policies/`; a test that is
//! run with `HANDFAST_UPDATE=1` writes them anew, to be read before they are committed.

mod common;

use common::Pair;
use common::certificates::{Known, Setup, spoken};
use handfast::crypto::{Authentication, BulkCipher, KeyKind, SUITES, Suite};
use handfast::extension::SupportedVersions;
use handfast::message::{ClientHello, HEADER};
use handfast::policy::SPOKEN;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientConfig, Policy, ServerConfig};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

fn list(out: &mut String, what: &str, items: impl Iterator<Item = String>) {
    writeln!(out, "{what}").unwrap();
    items.for_each(|item| writeln!(out, "  {item}").unwrap());
}

/// The ClientHello of a client with this policy, and nothing else configured.
fn says(policy: Policy) -> String {
    let config = Arc::new(ClientConfig::new(policy, Arc::new(Known)));
    let server = Setup::new(ProtocolVersion::TLS1_3).server_config();
    let mut pair = Pair::new(&config, &Arc::new(server));
    let sent = pair.client.transmit();
    // One record with one message.
    let hello = ClientHello::from_body(&sent[5 + HEADER..]).unwrap();
    let e = &hello.extensions;
    let mut out = String::new();
    writeln!(out, "record version {}", ProtocolVersion(u16::from_be_bytes([sent[1], sent[2]]))).unwrap();
    writeln!(out, "legacy_version {}", hello.fixed.legacy_version).unwrap();
    if let Some(SupportedVersions::Offered(versions)) = e.supported_versions() {
        list(&mut out, "supported_versions", versions.iter().map(|v| v.to_string()));
    }
    list(&mut out, "cipher_suites", hello.fixed.cipher_suites.iter().map(|s| s.to_string()));
    list(&mut out, "extensions", e.list.iter().map(|e| e.kind().to_string()));
    list(&mut out, "supported_groups", e.supported_groups().iter().flat_map(|g| g.0.iter()).map(|g| g.to_string()));
    let schemes = e.signature_algorithms();
    list(&mut out, "signature_algorithms", schemes.iter().flat_map(|s| s.0.iter()).map(|s| s.to_string()));
    out
}

/// A setup in which this suite can be agreed on.
fn setup(version: ProtocolVersion, suite: &Suite) -> Setup {
    let rsa = suite.authentication == Authentication::Rsa;
    let setup = Setup::new(version).suite(suite.number);
    let setup = if rsa { setup.server(KeyKind::Rsa) } else { setup };
    if suite.key_exchange.has_psk() { setup.psk() } else { setup }
}

/// Every version and suite that a server with this policy agrees on with a client that offers just that.
fn answers(policy: &Policy) -> String {
    let mut out = String::new();
    for version in SPOKEN.iter().copied() {
        let agrees = |suite: &&Suite| {
            let setup = setup(version, suite);
            let mut server: ServerConfig = setup.server_config();
            server.policy = policy.clone();
            let mut pair = Pair::new(&Arc::new(setup.client_config()), &Arc::new(server));
            pair.run();
            let agreed = pair.client.is_connected() && pair.server.is_connected();
            assert!(agreed || pair.server.error.is_some() || pair.client.error.is_some());
            agreed
        };
        let agreed: Vec<String> = spoken(version).filter(agrees).map(|s| s.number.to_string()).collect();
        if !agreed.is_empty() {
            list(&mut out, &version.to_string(), agreed.into_iter());
        }
    }
    out
}

fn compare(name: &str, is: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies").join(format!("{name}.txt"));
    if std::env::var_os("HANDFAST_UPDATE").is_some() {
        std::fs::write(&path, is).unwrap();
    }
    let was = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(was == is, "{name} differs from {}; it is:\n{is}", path.display());
}

#[test]
fn what_each_says() {
    for name in Policy::NAMES {
        compare(&format!("{name}-says"), &says(Policy::named(name).unwrap()));
    }
}

#[test]
fn what_each_answers() {
    for name in Policy::NAMES {
        compare(&format!("{name}-answers"), &answers(&Policy::named(name).unwrap()));
    }
}

/// TLS 1.2 and 1.3, forward secrecy, AEADs, no SHA-1 and no MD5.
#[test]
fn default_has_nothing_old() {
    let policy = Policy::default();
    assert_eq!(policy.min_version, ProtocolVersion::TLS1_2);
    for number in &policy.suites {
        let suite = Suite::find(*number).unwrap();
        assert!(suite.key_exchange.is_forward_secret() && !suite.is_legacy(), "{number}");
        assert!(matches!(suite.bulk, BulkCipher::Aead(_)), "{number}");
    }
    let said = says(policy);
    for old in
        ["sha1", "md5", "ffdhe", "CBC", "RC4", "3DES", "NULL", "_PSK_", "TLS_RSA_", "TLS_DHE_", "encrypt_then_mac"]
    {
        assert!(!said.contains(old), "{old}:\n{said}");
    }
}

/// Each policy has all that a stricter one has.
#[test]
fn each_has_what_the_stricter_have() {
    let policies: Vec<Policy> = Policy::NAMES.iter().map(|n| Policy::named(n).unwrap()).collect();
    for pair in policies.windows(2) {
        assert!(pair[1].min_version <= pair[0].min_version);
        assert!(pair[0].suites.iter().all(|s| pair[1].suites.contains(s)));
        assert!(pair[0].groups.iter().all(|g| pair[1].groups.contains(g)));
        assert!(pair[0].schemes.iter().all(|s| pair[1].schemes.contains(s)));
    }
    // What encrypts nothing is in none.
    let null = SUITES.iter().filter(|s| matches!(s.bulk, BulkCipher::Null(_)));
    assert!(null.clone().count() > 10 && null.clone().all(|s| !policies[4].suites.contains(&s.number)));
}

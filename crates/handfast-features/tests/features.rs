//! What cargo feature `legacy` of crate handfast brings, and what is said where it is off.

use handfast::crypto::{Credential, Suite, aws_lc};
use handfast::event::Weakness;
use handfast::pki_types::ServerName;
use handfast::policy::{HAS_LEGACY, Renegotiation};
use handfast::verify::NotChecked;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion, SignatureScheme};
use handfast::{ClientConfig, Connection, ErrorKind, Policy, ServerConfig, Time};
use std::sync::Arc;

/// Why a policy cannot be had, of both sides.
fn refused(policy: Policy) -> Option<String> {
    let client = Arc::new(ClientConfig::new(policy.clone(), Arc::new(NotChecked)));
    let name = ServerName::try_from("localhost").expect("a name");
    let client = Connection::client(client, name, Time::default()).map(drop);
    let server = ServerConfig::new(policy, Arc::new(Vec::<Arc<Credential>>::new())).check();
    let why = |result: Result<(), handfast::Error>| {
        result.err().map(|error| match error.kind() {
            ErrorKind::Config(why) => why.clone(),
            _ => panic!("{error}"),
        })
    };
    let (client, server) = (why(client), why(server));
    assert_eq!(client, server);
    client
}

#[test]
fn what_is_old_is_there_with_the_feature_and_named_without() {
    let with = |edit: fn(&mut Policy)| {
        let mut policy = Policy::default();
        edit(&mut policy);
        policy
    };
    let old = [
        ("the policy compatible has second handshakes", Policy::compatible()),
        // Whatever is taken out of it, it says what is left out.
        (
            "the policy compatible has TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256",
            Policy { renegotiation: Renegotiation::Never, groups: Policy::default().groups, ..Policy::compatible() },
        ),
        ("the policy legacy has TLS 1.0", Policy::legacy()),
        ("the policy museum has SSL 3.0", Policy::museum()),
        ("the policy default has TLS 1.1", with(|p| p.min_version = ProtocolVersion::TLS1_1)),
        (
            "the policy default has TLS_RSA_WITH_AES_128_CBC_SHA",
            with(|p| p.suites.push(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA)),
        ),
        ("the policy default has ffdhe2048", with(|p| p.groups.push(NamedGroup::FFDHE2048))),
        ("the policy default has rsa_pkcs1_sha1", with(|p| p.schemes.push(SignatureScheme::RSA_PKCS1_SHA1))),
        ("the policy default has old forms of certificates", with(|p| p.certificates.common_names = true)),
        ("the policy default has RSA keys of 1024 bits", with(|p| p.certificates.min_rsa_bits = 1024)),
        ("the policy default has a ClientHello in SSL 2.0's form", with(|p| p.sslv2_hello = true)),
    ];
    for (what, policy) in old {
        let wanted = format!("{what}, and this build does not: turn on the cargo feature `legacy` of crate handfast");
        assert_eq!(refused(policy), (!HAS_LEGACY).then_some(wanted));
    }
    for policy in [Policy::modern(), Policy::default(), with(|p| p.certificates.min_rsa_bits = 3072)] {
        assert_eq!(refused(policy), None);
    }
}

#[test]
fn there_is_nothing_of_it_without() {
    let provider = aws_lc::provider();
    assert_eq!(provider.legacy().is_some(), HAS_LEGACY);
    assert_eq!(provider.groups().contains(&NamedGroup::FFDHE2048), HAS_LEGACY);
    for scheme in [SignatureScheme::RSA_PKCS1_SHA1, SignatureScheme::ECDSA_SHA1, SignatureScheme::RSA_PKCS1_MD5_SHA1] {
        assert_eq!(provider.schemes().contains(&scheme), HAS_LEGACY, "{scheme}");
    }
    for suite in [
        CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
        CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_RSA_WITH_RC4_128_MD5,
    ] {
        assert_eq!(Suite::find(suite).is_some(), HAS_LEGACY, "{suite}");
    }
    let modern = Policy::default().suites;
    assert!(modern.len() >= 9 && modern.iter().all(|s| Suite::find(*s).is_some()));
}

/// What is not old works all the same.
#[test]
fn modern_handshakes_are_there_either_way() {
    macro_rules! pem {
        ($name:literal) => {
            include_bytes!(concat!("../../handfast/tests/pem/", $name, ".pem"))
        };
    }
    let rsa = || Credential::from_pem(pem!("rsa.cert"), pem!("rsa.pkcs8"));
    let p384 = || Credential::from_pem(pem!("p384.cert"), pem!("p384.sec1"));
    let ed25519 = || Credential::from_pem(pem!("ed25519.cert"), pem!("ed25519.pkcs8"));
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        for credential in [rsa(), p384(), ed25519()] {
            let policy = Policy { min_version: version, max_version: version, ..Policy::default() };
            let server = ServerConfig::new(policy.clone(), Arc::new(credential.expect("a credential")));
            let mut server = Connection::server(Arc::new(server));
            let client = Arc::new(ClientConfig::new(policy, Arc::new(NotChecked)));
            let name = ServerName::try_from("localhost").expect("a name");
            let mut client = Connection::client(client, name, Time::default()).expect("a client");
            for _ in 0..3 {
                carry(&mut client, &mut server);
                carry(&mut server, &mut client);
            }
            assert!(client.is_connected() && server.is_connected());
            assert_eq!(client.negotiated().version, Some(version));
            // The tests' certificates have a common name only.
            assert_eq!(client.negotiated().weaknesses(), [Weakness::CommonName]);
        }
    }
}

fn carry(from: &mut Connection, to: &mut Connection) {
    let mut bytes = Vec::new();
    from.transmit(&mut bytes);
    let mut at = 0;
    loop {
        let received = to.receive(&mut bytes[at..], Time::default()).expect("no error");
        at += received.used;
        if received.event.is_none() {
            return assert_eq!(at, bytes.len());
        }
    }
}

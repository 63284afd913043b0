//! A policy's rules for certificates, whoever judges these: where the key encrypts, and where a session is resumed.

mod common;

use common::certificates::{Known, Setup, server_credential};
use common::{Pair, later};
use handfast::crypto::KeyKind;
use handfast::session::MemoryClientStore;
use handfast::verify::{CertificateError, CertificateRules, NotChecked, PinnedLeaf, Verifier};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientConfig, ErrorKind, ServerConfig};
use std::sync::Arc;

fn run(client: &ClientConfig, server: &ServerConfig) -> Pair {
    let mut pair = Pair::new(&Arc::new(client.clone()), &Arc::new(server.clone()));
    pair.run();
    pair
}

/// Nothing is signed by such a key, and it is the one thing that the premaster secret hangs on.
#[test]
fn a_key_that_encrypts_is_long_enough_whoever_judges_it() {
    let rsa = [
        (ProtocolVersion::TLS1_2, CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256),
        (ProtocolVersion::TLS1_2, CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256),
        (ProtocolVersion::TLS1_0, CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA),
        (ProtocolVersion::SSL3_0, CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA),
        // Here it signs.
        (ProtocolVersion::TLS1_2, CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ];
    let leaf = &server_credential(KeyKind::Rsa).chain[0];
    let pinned = || Arc::new(PinnedLeaf::certificates([handfast::verify::fingerprint(leaf)]));
    for (version, suite) in rsa {
        let setup = Setup::new(version).suite(suite).server(KeyKind::Rsa);
        // No extension says so in SSL 3.0.
        let raw = (version > ProtocolVersion::SSL3_0).then(|| (setup.clone().raw_keys(), Arc::new(NotChecked) as _));
        let verifiers: [Arc<dyn Verifier>; 3] = [Arc::new(Known), Arc::new(NotChecked), pinned()];
        for (setup, verifier) in verifiers.map(|v| (setup.clone(), v)).into_iter().chain(raw) {
            let (mut client, server) = (setup.client_config(), setup.server_config());
            client.store = None;
            client.verifier = verifier;
            client.policy.certificates.min_rsa_bits = 2048;
            run(&client, &server).assert_connected();
            client.policy.certificates.min_rsa_bits = 2049;
            for client in [client.clone(), later::client(&client)] {
                let pair = run(&client, &server);
                let Some(ErrorKind::Certificate(CertificateError::WrongUsage(why))) =
                    pair.client.error.as_ref().map(|e| e.kind())
                else {
                    panic!("{version}, {suite}, {:?}: {:?}", client.verifier, pair.client.error)
                };
                assert!(why.words().contains("2048 bits, and 2049 is the least"), "{why}");
                assert!(!pair.server.is_connected());
            }
        }
    }
}

/// Nothing is judged anew in a resumption: what passed by laxer rules does not go on under stricter ones.
#[test]
fn a_session_is_resumed_by_rules_that_accept_no_less() {
    let (modern, legacy, museum) = (CertificateRules::modern(), CertificateRules::legacy(), CertificateRules::museum());
    let setups = [
        Setup::new(ProtocolVersion::TLS1_2),
        Setup::new(ProtocolVersion::TLS1_0).by_id(),
        Setup::new(ProtocolVersion::TLS1_3),
        Setup::new(ProtocolVersion::TLS1_2).raw_keys(),
    ];
    for setup in setups {
        for (made, wanted, resumes) in [
            (modern, modern, true),
            (modern, museum, true),
            (legacy, museum, true),
            (legacy, legacy, true),
            (legacy, modern, false),
            (museum, legacy, false),
            (museum, CertificateRules { common_names: false, ..museum }, false),
            (museum, CertificateRules { version_1: false, ..museum }, false),
            (museum, CertificateRules { sha1: false, ..museum }, false),
            (museum, CertificateRules { min_rsa_bits: 1025, ..museum }, false),
        ] {
            let (mut client, server) = (setup.client_config(), setup.server_config());
            client.store = Some(Arc::new(MemoryClientStore::default()));
            client.policy.certificates = made;
            let mut pair = run(&client, &server);
            pair.assert_connected();
            pair.exchange(10);
            client.policy.certificates = wanted;
            let pair = run(&client, &server);
            pair.assert_connected();
            assert_eq!(pair.client.negotiated().resumed, resumes, "{setup:?}: {made:?}, {wanted:?}");
        }
    }
}

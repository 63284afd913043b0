//! The trace tells how every secret of a handshake is made, and what it is only where the key log gets it.

mod common;

use common::certificates::Setup;
use common::told::{Secret, Told};
use common::{Pair, Side, scenarios};
use handfast::crypto::KeyKind;
use handfast::keys::KeyLog;
use handfast::trace::Direction;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::ProtocolVersion;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// The secrets that an end was told of.
fn secrets(pair: &mut Pair, side: Side) -> Vec<Secret> {
    pair.end(side).told().iter().filter_map(|t| t.secret().cloned()).collect()
}

/// How each is made, once: `name [label] <- from + with`.
fn tree(pair: &mut Pair, side: Side) -> BTreeSet<String> {
    let line = |s: Secret| format!("{} [{}] <- {} + {}", s.name, s.label, s.from, s.with);
    secrets(pair, side).into_iter().map(line).collect()
}

#[test]
fn secrets_form_a_tree_and_keys_hang_on_it() {
    for scenario in scenarios::all() {
        let mut pair = scenario.pair();
        scenario.play(&mut pair);
        for side in Side::BOTH {
            let mut known = BTreeSet::from([""]);
            let (mut read, mut written) = (None, None);
            for told in pair.end(side).told() {
                match told {
                    Told::Secret(s) => {
                        assert!(known.contains(s.from) && known.contains(s.with), "{}: {s:?}", scenario.name);
                        assert!(s.length > 0 && s.value.is_none(), "{}: {s:?}", scenario.name);
                        known.insert(s.name);
                    }
                    Told::Keys { direction, secret, suite } => {
                        assert!(known.contains(secret), "{}: {secret}", scenario.name);
                        let newest = if direction == Direction::Sent { &mut written } else { &mut read };
                        *newest = Some((secret, suite));
                    }
                    _ => {}
                }
            }
            let suite = pair.end(side).negotiated().suite;
            assert_eq!(read.map(|(_, suite)| suite), suite, "{}", scenario.name);
            assert_eq!(written.map(|(_, suite)| suite), suite, "{}", scenario.name);
        }
    }
}

#[test]
fn what_one_end_writes_under_the_other_reads_under() {
    for scenario in scenarios::all() {
        let mut pair = scenario.pair();
        scenario.play(&mut pair);
        let keys = |pair: &mut Pair, side: Side, way| -> Vec<_> {
            let keys = pair.end(side).told().into_iter().filter_map(|t| match t {
                Told::Keys { direction, secret, suite } if direction == way => Some((secret, suite)),
                _ => None,
            });
            keys.collect()
        };
        for side in Side::BOTH {
            let mut written = keys(&mut pair, side, Direction::Sent);
            if side == Side::Client && scenario.early_in_vain() {
                // Nobody reads it.
                assert_eq!(written.remove(0).0, "client_early_traffic_secret");
                assert!(pair.client.told().contains(&Told::Plain(Direction::Sent)));
            }
            assert_eq!(written, keys(&mut pair, side.other(), Direction::Received), "{}: {side:?}", scenario.name);
        }
    }
}

/// Both ends derive alike.
#[test]
fn both_ends_make_the_same_secrets() {
    for scenario in scenarios::all() {
        let mut pair = scenario.pair();
        scenario.play(&mut pair);
        let (mut client, server) = (tree(&mut pair, Side::Client), tree(&mut pair, Side::Server));
        // A client does not know yet what the server takes: it makes a binder for each PSK, and keys for early data.
        client.retain(|s| server.contains(s) || !(s.contains("binder") || s.contains("early")));
        assert_eq!(client, server, "{}", scenario.name);
    }
}

/// RFC 9846 7.1, 7.3
#[test]
fn the_schedule_of_tls13_is_the_one_of_the_rfc() {
    let common = [
        "Early Secret, derived [derived] <- Early Secret + ",
        "Handshake Secret, derived [derived] <- Handshake Secret + ",
        "Main Secret [] <- Handshake Secret, derived + ",
        "PSK of the ticket [resumption] <- resumption_secret + ",
        "client_application_traffic_secret [c ap traffic] <- Main Secret + ",
        "client_handshake_traffic_secret [c hs traffic] <- Handshake Secret + ",
        "client_write_iv [iv] <- client_application_traffic_secret + ",
        "client_write_iv [iv] <- client_handshake_traffic_secret + ",
        "client_write_key [key] <- client_application_traffic_secret + ",
        "client_write_key [key] <- client_handshake_traffic_secret + ",
        "exporter_secret [exp master] <- Main Secret + ",
        "finished_key [finished] <- client_handshake_traffic_secret + ",
        "finished_key [finished] <- server_handshake_traffic_secret + ",
        "resumption_secret [res master] <- Main Secret + ",
        "server_application_traffic_secret [s ap traffic] <- Main Secret + ",
        "server_handshake_traffic_secret [s hs traffic] <- Handshake Secret + ",
        "server_write_iv [iv] <- server_application_traffic_secret + ",
        "server_write_iv [iv] <- server_handshake_traffic_secret + ",
        "server_write_key [key] <- server_application_traffic_secret + ",
        "server_write_key [key] <- server_handshake_traffic_secret + ",
    ];
    let exchanged = [
        "asymmetric shared secret [] <-  + ",
        "Handshake Secret [] <- Early Secret, derived + asymmetric shared secret",
    ];
    let alone = ["Handshake Secret [] <- Early Secret, derived + "];
    let by_psk = ["PSK [] <-  + ", "Early Secret [] <-  + PSK", "finished_key [finished] <- binder_key + "];
    let resumed = ["binder_key [res binder] <- Early Secret + "];
    let early = [
        "client_early_traffic_secret [c e traffic] <- Early Secret + ",
        "early_exporter_secret [e exp master] <- Early Secret + ",
        "client_write_iv [iv] <- client_early_traffic_secret + ",
        "client_write_key [key] <- client_early_traffic_secret + ",
    ];
    let expected = |parts: &[&[&str]]| -> BTreeSet<String> {
        parts.iter().flat_map(|p| p.iter()).chain(&common).map(|s| (*s).to_owned()).collect()
    };
    for scenario in scenarios::all() {
        let without = ["Early Secret [] <-  + "];
        let expected = match scenario.name {
            "TLS 1.3" => expected(&[&exchanged, &without]),
            "TLS 1.3, resumed" => expected(&[&exchanged, &by_psk, &resumed]),
            "TLS 1.3, resumed, early data" => expected(&[&exchanged, &by_psk, &resumed, &early]),
            "TLS 1.3, resumed, early data, alone" => expected(&[&alone, &by_psk, &resumed, &early]),
            "TLS 1.3, external PSK" => {
                expected(&[&exchanged, &by_psk, &["binder_key [imp binder] <- Early Secret + "]])
            }
            _ => continue,
        };
        let mut pair = scenario.pair();
        scenario.play(&mut pair);
        assert_eq!(tree(&mut pair, Side::Server), expected, "{}", scenario.name);
    }
}

/// RFC 5246 6.3, 8.1; RFC 4279 2, 3, 4; RFC 5489 2; RFC 6101 6
#[test]
fn the_older_versions_make_all_of_a_premaster_secret() {
    const PLAIN: &str = "premaster secret [] <-  + ";
    const WITH_PSK: &str = "premaster secret [] <- other_secret + PSK";
    let by = |suite| Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa).suite(suite);
    for (setup, premaster) in [
        (by(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256), PLAIN),
        (by(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), PLAIN),
        (by(CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256), PLAIN),
        (by(CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256), "premaster secret [] <-  + PSK"),
        (by(CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256), WITH_PSK),
        (by(CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256), WITH_PSK),
        (by(CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256), WITH_PSK),
    ] {
        let (client, server) = setup.configs();
        let mut pair = Pair::connected(&client, &server);
        for side in Side::BOTH {
            let mut tree = tree(&mut pair, side);
            assert!(tree.remove(premaster), "{:?}: {tree:?}", setup.suite);
            tree.retain(|s| !s.starts_with("PSK") && !s.starts_with("other_secret"));
            assert_eq!(
                tree.into_iter().collect::<Vec<_>>(),
                [
                    "client_write_IV [] <- key_block + ",
                    "client_write_key [] <- key_block + ",
                    "key_block [key expansion] <- master secret + ",
                    "master secret [extended master secret] <- premaster secret + ",
                    "server_write_IV [] <- key_block + ",
                    "server_write_key [] <- key_block + ",
                ]
            );
        }
    }
    // SSL 3.0 has no labels, and MAC keys.
    let (client, server) = Setup::new(ProtocolVersion::SSL3_0).server(KeyKind::Rsa).configs();
    let tree = tree(&mut Pair::connected(&client, &server), Side::Client);
    for one in [
        "master secret [] <- premaster secret + ",
        "key_block [] <- master secret + ",
        "client_write_MAC_key [] <- key_block + ",
    ] {
        assert!(tree.contains(one), "{tree:?}");
    }
}

/// The parts of a key block are all of it.
#[test]
fn a_key_block_is_cut_into_what_it_has() {
    for scenario in scenarios::all() {
        let mut pair = scenario.pair();
        scenario.play(&mut pair);
        let (mut block, mut cut) = (0, 0);
        for secret in secrets(&mut pair, Side::Client) {
            if secret.name == "key_block" {
                assert_eq!(block, cut, "{}", scenario.name);
                (block, cut) = (secret.length, 0);
            } else if secret.from == "key_block" {
                cut += secret.length;
            }
        }
        assert_eq!(block, cut, "{}", scenario.name);
    }
}

/// A KeyUpdate's secret follows from the one before (RFC 9846 7.2).
#[test]
fn a_key_update_shows_as_well() {
    let (client, server) = Setup::new(ProtocolVersion::TLS1_3).configs();
    let mut pair = Pair::connected(&client, &server);
    let now = pair.now;
    pair.client.connection.update_keys(true, now).unwrap();
    pair.exchange(5);
    for side in Side::BOTH {
        let tree = tree(&mut pair, side);
        for name in ["client_application_traffic_secret", "server_application_traffic_secret"] {
            assert!(tree.contains(&format!("{name} [traffic upd] <- {name} + ")), "{side:?}: {tree:?}");
            let told = pair.end(side).told();
            let keys = told.iter().filter(|t| matches!(t, Told::Keys { secret, .. } if *secret == name)).count();
            assert_eq!(keys, 2, "{side:?}");
        }
    }
}

/// What a key log gets, by label.
#[derive(Debug, Default)]
struct Log(Mutex<BTreeMap<&'static str, Vec<u8>>>);

impl KeyLog for Log {
    fn log(&self, label: &'static str, _: &[u8; 32], secret: &[u8]) {
        self.0.lock().unwrap().insert(label, secret.to_vec());
    }
}

#[test]
fn values_are_told_only_with_a_key_log_and_only_those_that_it_gets() {
    for scenario in scenarios::all() {
        let (mut client, server) = scenario.configs();
        let log = Arc::new(Log::default());
        client.key_log = Some(log.clone());
        let (client, server) = (Arc::new(client), Arc::new(server));
        if scenario.resumed {
            Pair::connected(&client, &server);
            log.0.lock().unwrap().clear();
        }
        let mut pair = Pair::new(&client, &server);
        scenario.play(&mut pair);
        let log: BTreeSet<Vec<u8>> = log.0.lock().unwrap().values().cloned().collect();
        let told: BTreeSet<Vec<u8>> = secrets(&mut pair, Side::Client).into_iter().filter_map(|s| s.value).collect();
        assert!(!told.is_empty() && log.is_subset(&told), "{}", scenario.name);
        // A second handshake has another under the same label.
        if !scenario.name.contains("second handshake") {
            assert_eq!(told, log, "{}", scenario.name);
        }
        for secret in secrets(&mut pair, Side::Client).iter().filter(|s| s.value.is_some()) {
            assert_eq!(secret.value.as_ref().map(Vec::len), Some(secret.length));
            let logged = secret.name.ends_with("traffic_secret") || secret.name.ends_with("exporter_secret");
            assert!(logged || secret.name == "master secret", "{secret:?}");
        }
        assert!(secrets(&mut pair, Side::Server).iter().all(|s| s.value.is_none()), "{}", scenario.name);
    }
}

/// A trace that is printed shows no secret.
#[test]
fn no_secret_is_printed() {
    let secret = handfast::keys::Secret::copy(b"not to be seen");
    let (name, label, from, with) = ("master secret", "", "", "");
    let trace = handfast::trace::Trace::Secret { name, label, from, with, length: 14, value: Some(&secret) };
    let shown = format!("{trace:?}");
    assert!(!shown.contains("not to be seen") && !shown.contains("110, 111"), "{shown}");
}

//! Flags that change how things look on the wire, and what a connection gives to other protocols.

use super::reload::Watched;
use super::run::{Dir, Server, run};
use handfast::ChannelBinding;
use serde_json::Value;

const REQUEST: &str = "GET /favicon.ico HTTP/1.0\r\n\r\n";

#[test]
fn a_hello_of_any_look_is_answered() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--grease", "--record-size-limit", "500", "--pad-records", "64"]);
    let at = server.at("localhost");
    for version in ["tls1.2", "tls1.3"] {
        let flags =
            ["--grease", "--shuffle", "--pad-hello", "5000", "--record-size-limit", "400", "--pad-records", "300"];
        let args = [&["connect", &at, "--json", "--max-version", version][..], &flags].concat();
        for _ in 0..3 {
            let done = run(&dir, &args, REQUEST);
            done.ends(0, &[]);
            let connected = done.event("connected");
            assert_eq!(connected["peer_record_size_limit"], 500, "{connected}");
            let hello = done.events().into_iter().find(|e| e["message"] == "ClientHello").expect("a hello");
            assert_eq!(hello["length"], 5000);
        }
    }
    let done = run(&dir, &["connect", &at, "--record-size-limit", "400"], REQUEST);
    done.ends(0, &["peer's record size limit", "500 bytes"]);
}

#[test]
fn shares_are_sent_for_the_groups_that_are_wanted() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let at = server.at("localhost");
    let with = |more: &[&str]| run(&dir, &[&["connect", &at][..], more].concat(), REQUEST);
    for (shares, said) in [
        ("1", "shares for X25519MLKEM768;"),
        ("secp256r1", "shares for secp256r1;"),
        // In the order of preference.
        ("secp256r1, X25519", "shares for x25519, secp256r1;"),
    ] {
        let done = with(&["--key-shares", shares]);
        done.ends(0, &[said]);
        assert!(!done.stderr.contains("HelloRetryRequest"), "{}", done.stderr);
    }
    with(&["--key-shares", "0"]).ends(0, &["HelloRetryRequest", "group X25519MLKEM768"]);
    with(&["--key-shares", "9", "--groups", "x25519,secp256r1"]).ends(0, &["shares for x25519, secp256r1;"]);
    with(&["--key-shares", "secp384r1", "--groups", "x25519"]).ends(2, &["--groups has no secp384r1"]);
    with(&["--key-shares", "ffdhe2048"]).ends(2, &["--policy compatible"]);
    with(&["--key-shares", "x448"]).ends(2, &["no group called x448"]);
}

#[test]
fn a_cookie_is_sent_back() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--cookie"]);
    let done = run(&dir, &["connect", &server.at("localhost")], REQUEST);
    done.ends(0, &["HelloRetryRequest"]);
    assert_eq!(done.stderr.matches("→ ClientHello").count(), 2, "{}", done.stderr);
    // Where there are none, there is none.
    run(&dir, &["connect", &server.at("localhost"), "--max-version", "tls1.2"], REQUEST).ends(0, &["TLS 1.2"]);
}

#[test]
fn keys_are_changed_if_that_is_asked_for() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let connect = ["connect", &server.at("localhost"), "--update-keys"];
    let done = run(&dir, &connect, REQUEST);
    done.ends(0, &["→ KeyUpdate", "the other shall follow", "← KeyUpdate"]);
    assert!(done.text().starts_with("HTTP/1.0 "), "{}", done.text());
    let done = run(&dir, &[&connect[..], &["--max-version", "tls1.2"]].concat(), REQUEST);
    done.ends(0, &["there is no KeyUpdate"]);
}

#[test]
fn what_a_connection_gives_to_other_protocols() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let at = server.at("localhost");
    let args =
        ["connect", &at, "--json", "--channel-binding", "tls-exporter", "--channel-binding", "tls-server-end-point"];
    let done = run(&dir, &[&args[..], &["--export", "EXPORTER-test:20"]].concat(), REQUEST);
    done.ends(0, &[]);
    let exported: Vec<_> = done.events().into_iter().filter(|e| e["event"] == "exported").collect();
    let told: Vec<_> =
        exported.iter().map(|e| (e["kind"].as_str(), e["name"].as_str(), e["length"].as_u64())).collect();
    let [exporter, end_point, unique] = ChannelBinding::ALL.map(ChannelBinding::name);
    assert_eq!(
        told,
        [
            (Some("channel_binding"), Some(exporter), Some(32)),
            (Some("channel_binding"), Some(end_point), Some(32)),
            (Some("keying_material"), Some("EXPORTER-test"), Some(20)),
        ]
    );
    assert!(
        exported.iter().all(|e| e["hex"].as_str().is_some_and(|h| h.len() as u64 == 2 * e["length"].as_u64().unwrap()))
    );
    // The certificate's own hash, as the chain has it.
    assert_eq!(exported[1]["hex"], done.event("connected")["peer_chain"][0]["sha256"]);

    let done = run(&dir, &["connect", &at, "--channel-binding", unique, "--max-version", "tls1.2"], REQUEST);
    done.ends(0, &["tls-unique: "]);
    let done = run(&dir, &["connect", &at, "--channel-binding", unique], REQUEST);
    // That is no fault of the connection's.
    done.ends(0, &["tls-unique: none: TLS 1.3 has no tls-unique", "closed"]);
    let done = run(&dir, &["connect", &at, "--channel-binding", unique, "--json"], REQUEST);
    let exported = done.event("exported");
    assert_eq!((&exported["hex"], &exported["length"], done.code), (&Value::Null, &Value::Null, 0));
    assert_eq!(exported["why"], "TLS 1.3 has no tls-unique");
    // A server has the same, of each connection.
    let wanted =
        ["--channel-binding", "tls-exporter", "--channel-binding", "tls-server-end-point", "--export", "EXPORTER-x:9"];
    let server = Watched::start(&dir, &wanted);
    for version in ["tls1.2", "tls1.3", "tls1.3"] {
        let connect = ["connect", &server.at(), "--json", "--max-version", version];
        let ours = run(&dir, &[&connect[..], &wanted].concat(), REQUEST);
        let ours: Vec<_> =
            ours.events().into_iter().filter(|e| e["event"] == "exported").map(|e| e["hex"].clone()).collect();
        assert!(ours.len() == 3 && ours.iter().all(Value::is_string), "{ours:?}");
        assert_eq!(ours, [(); 3].map(|()| server.next("exported")["hex"].clone()));
    }
    run(&dir, &["connect", &at, "--channel-binding", "tls-other"], REQUEST).ends(2, &["the types are tls-exporter"]);
}

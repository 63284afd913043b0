//! Early data.

use super::codes::peer;
use super::material::{Authority, Leaf};
use super::run::{Dir, Server, run};
use handfast::config::EarlyDataRules;
use handfast::crypto::Credential;
use handfast::session::MemoryReplayStore;
use handfast::{Connection, Policy, ServerConfig, Stream, Time};
use std::io::{Read, Write};
use std::sync::Arc;

const REQUEST: &str = "GET / HTTP/1.0\r\n\r\n";

/// A server of the library's that takes early data, and says what of its request came so.
fn server(dir: &Dir) -> (String, String) {
    let ca = Authority::new("Tests");
    let path = dir.write("ca.pem", ca.pem());
    let (cert, key) = ca.leaf(dir, "leaf", &Leaf::default());
    let read = |p: &str| std::fs::read(p).expect("a file");
    let credential = Credential::from_pem(&read(&cert), &read(&key)).expect("a credential");
    let mut config = ServerConfig::new(Policy::default(), Arc::new(credential));
    // It has remembered since long ago.
    let store = MemoryReplayStore::new(Time::default(), 10);
    config.early_data = Some(EarlyDataRules::new(10, Arc::new(store)));
    let config = Arc::new(config);
    let port = peer(move |socket| {
        let mut stream = Stream::new(Connection::server(config.clone()), socket).complete().expect("a handshake");
        let early = stream.take_early_data();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("close_notify");
        let [early, rest] = [early, rest].map(|b| String::from_utf8_lossy(&b).into_owned());
        stream.write_all(format!("early {early:?} then {rest:?}").as_bytes()).expect("room");
        stream.shutdown().expect("the end");
    });
    (format!("localhost:{port}"), path)
}

#[test]
fn the_beginning_of_stdin_goes_early() {
    let dir = Dir::new();
    let (at, ca) = server(&dir);
    let session = dir.text("session");
    let args = ["connect", &at, "--ca", &ca, "--session", &session, "--early-data", "--half-close"];
    let first = run(&dir, &args, "first");
    first.ends(0, &[]);
    assert_eq!(first.text(), "early \"\" then \"first\"");
    let second = run(&dir, &args, "second, and more");
    second.ends(0, &["→ EndOfEarlyData", "early data", "accepted"]);
    assert_eq!(second.text(), "early \"second, an\" then \"d more\"");
    let third = run(&dir, &[&args[..], &["--json"]].concat(), "third");
    assert_eq!(third.event("connected")["early_data"], true);
    assert_eq!(third.event("data")["base64"], "dGhpcmQ=");
    // With nothing to say it is no worse.
    run(&dir, &args, "").ends(0, &["accepted"]);
}

/// A server that has just begun takes none; what was said is said again.
#[test]
fn what_is_refused_is_said_again() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--early-data", "16384"]);
    let (at, session) = (server.at("localhost"), dir.text("session"));
    let args = ["connect", &at, "--alpn", "http/1.1", "--session", &session, "--early-data"];
    run(&dir, &args, REQUEST).ends(0, &["← NewSessionTicket"]);
    let done = run(&dir, &args, REQUEST);
    done.ends(0, &["early data", "refused"]);
    assert!(done.text().starts_with("HTTP/1.0 200"), "{}", done.text());
    run(&dir, &["connect", &at, "--early-data"], "").ends(2, &["--session"]);
}

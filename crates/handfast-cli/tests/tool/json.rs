//! The events of `--json` are those of `docs/json.md`.

use super::run::{Dir, Running, Server, run};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

/// The fields of each event, as the page has them.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let page = include_str!("../../../../docs/json.md");
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut event = None;
    for line in page.lines() {
        let quoted = |prefix: &str| line.strip_prefix(prefix).and_then(|l| l.split('`').next()).map(str::to_owned);
        if let Some(name) = quoted("## `") {
            event = Some(name);
        } else if let (Some(other), Some(event)) = (quoted("Has the fields of `"), &event) {
            let fields = out.get(&other).unwrap_or_else(|| panic!("{other} comes later")).clone();
            out.insert(event.clone(), fields);
        } else if let (Some(field), Some(event)) = (quoted("| `"), &event) {
            out.entry(event.clone()).or_default().insert(field);
        }
    }
    out
}

#[track_caller]
pub(crate) fn check(events: &[Value], of_serve: bool) {
    let documented = documented();
    for event in events {
        let kind = event["event"].as_str().expect("a kind");
        let mut wanted = documented.get(kind).unwrap_or_else(|| panic!("{kind} is not documented")).clone();
        wanted.insert("event".into());
        if of_serve && !matches!(kind, "start" | "listening" | "reloaded" | "reload_failed") {
            wanted.extend(["connection".to_string(), "peer".to_string()]);
        }
        let has: BTreeSet<String> = event.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(has, wanted, "{kind}");
    }
    assert_eq!(events.first().map(|e| (&e["event"], &e["schema"])), Some((&"start".into(), &1.into())));
}

#[test]
fn connect_tells_what_is_documented() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let done = run(&dir, &["connect", &server.at("localhost"), "--json", "--alpn", "http/1.1"], request);
    done.ends(0, &[]);
    assert!(!done.stderr.contains("ClientHello"), "the human view is for people: {}", done.stderr);
    let events = done.events();
    check(&events, false);

    let connected = done.event("connected");
    for (field, value) in [
        ("version", Value::from("TLS 1.3")),
        ("group", "X25519MLKEM768".into()),
        ("scheme", "ecdsa_secp256r1_sha256".into()),
        ("alpn", "http/1.1".into()),
        ("resumed", false.into()),
        ("name", "localhost".into()),
    ] {
        assert_eq!(connected[field], value, "{field}");
    }
    let own = &connected["peer_chain"][0];
    assert_eq!(own["subject"], "CN=localhost");
    assert!(own["not_after"].as_str().is_some_and(|t| t.len() == 20 && t.ends_with('Z')), "{own}");
    let messages: Vec<_> = events.iter().filter(|e| e["event"] == "message").collect();
    assert_eq!((&messages[0]["message"], &messages[0]["direction"]), (&"ClientHello".into(), &"sent".into()));
    assert!(messages[0]["length"].as_u64().is_some_and(|n| n > 100));
    let data: Vec<_> = events.iter().filter(|e| e["event"] == "data").collect();
    assert_eq!((&data[0]["direction"], &data[0]["length"]), (&"sent".into(), &request.len().into()));
    use base64::Engine as _;
    let decode =
        |e: &Value| base64::prelude::BASE64_STANDARD.decode(e["base64"].as_str().expect("text")).expect("base64");
    assert_eq!(decode(data[0]), request.as_bytes());
    let received: Vec<u8> = data.iter().filter(|e| e["direction"] == "received").flat_map(|e| decode(e)).collect();
    assert!(received.starts_with(b"HTTP/1.1 200 OK"));
    assert_eq!(events.last().map(|e| (&e["event"], &e["clean"])), Some((&"closed".into(), &true.into())));
}

#[test]
fn a_failure_is_the_last_line_and_a_sentence_on_stderr() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let done = run(&dir, &["connect", &server.at("127.0.0.1"), "--json", "--name", "example.com"], "");
    done.ends(7, &["example.com"]);
    let events = done.events();
    check(&events, false);
    let failed = events.last().expect("events");
    assert_eq!((&failed["event"], &failed["blame"], &failed["code"]), (&"failed".into(), &"peer".into(), &7.into()));
    assert_eq!((&failed["during"], &failed["alert"]), (&"Certificate".into(), &"bad_certificate".into()));
    let alert = done.event("alert");
    assert_eq!((&alert["direction"], &alert["level"]), (&"sent".into(), &"fatal".into()));
}

#[test]
fn serve_tells_which_connection() {
    let dir = Dir::new();
    let mut server = Running::start(&dir, &["serve", "--listen", "127.0.0.1:0", "--json"]);
    let mut events: Vec<Value> = Vec::new();
    let mut next = |server: &mut Running, kind: &str| {
        loop {
            let line = server.line();
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
            events.push(event.clone());
            if event["event"] == kind {
                return event;
            }
        }
    };
    let url = next(&mut server, "listening")["url"].as_str().expect("a URL").to_owned();
    let at = url.strip_prefix("https://").expect("https").to_owned();
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for number in 1..=2 {
        // A server that nobody listens to stops.
        thread::scope(|scope| {
            let client = scope.spawn(|| run(&dir, &["connect", &at, "--alpn", "http/1.1"], request));
            assert_eq!(next(&mut server, "connected")["connection"], number);
            assert_eq!(next(&mut server, "closed")["connection"], number);
            client.join().expect("a client").ends(0, &[]);
        });
    }
    run(&dir, &["connect", &at, "--alpn", "imap"], "").ends(5, &[]);
    let failed = next(&mut server, "failed");
    assert_eq!((&failed["connection"], &failed["alert"]), (&3.into(), &"no_application_protocol".into()));
    check(&events, true);
    let sent = |e: &&Value| e["event"] == "data" && e["direction"] == "sent";
    assert!(events.iter().any(|e| sent(&e)), "what is served is told");
}

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
    check_of(events, if of_serve { &["connection", "peer"] } else { &[] });
}

/// Those of a connection have these fields besides.
#[track_caller]
fn check_of(events: &[Value], besides: &[&str]) {
    let documented = documented();
    let times: Vec<&str> = events.iter().map(|e| e["at"].as_str().expect("a time")).collect();
    assert!(times.iter().all(|t| t.len() == "2026-11-26T22:50:01.123456Z".len() && t.ends_with('Z')), "{times:?}");
    for event in events {
        let kind = event["event"].as_str().expect("a kind");
        let mut wanted = documented.get(kind).unwrap_or_else(|| panic!("{kind} is not documented")).clone();
        wanted.extend(["event".into(), "at".into()]);
        if !matches!(kind, "start" | "listening" | "reloaded" | "reload_failed") {
            wanted.extend(besides.iter().map(|field| (*field).to_owned()));
        }
        let has: BTreeSet<String> = event.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(has, wanted, "{kind}");
    }
    assert_eq!(events.first().map(|e| (&e["event"], &e["schema"])), Some((&"start".into(), &2.into())));
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
    let refused = done.event("refused");
    assert!(refused["why"].as_str().is_some_and(|why| why.contains("example.com")), "{refused}");
    assert_eq!(refused["field"], failed["field"]);
}

/// The bytes of an event.
fn bytes(event: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.decode(event["base64"].as_str().expect("text")).expect("base64")
}

/// Those of this kind.
fn of<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events.iter().filter(|e| e["event"] == kind).collect()
}

#[test]
fn records_keys_and_secrets_are_told() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let log = dir.path("keys.log");
    let log = log.to_str().expect("a path");
    let at = server.at("localhost");
    for more in [&[][..], &["--keylog", log]] {
        let args = [&["connect", &at, "--json", "--max-version", "tls1.3"][..], more].concat();
        let done = run(&dir, &args, "");
        done.ends(0, &[]);
        let events = done.events();
        check(&events, false);
        let mut plaintext = 0;
        for record in of(&events, "record") {
            assert_eq!(record["inside"], "content");
            if record["content"] == "handshake" {
                plaintext += record["content_length"].as_u64().expect("a length");
            }
            if record["content"] == "application_data" {
                assert!(record["base64"].is_null(), "{record}");
                continue;
            }
            let raw = bytes(record);
            assert_eq!(record["length"], raw.len() - 5);
            assert_eq!(record["type"] == "application_data", record["protected"] == true, "{record}");
        }
        let messages: u64 = of(&events, "message")
            .iter()
            .filter(|m| m["message"] != "ChangeCipherSpec")
            .map(|m| m["length"].as_u64().expect("a length"))
            .sum();
        assert_eq!(plaintext, messages);
        let mut known = BTreeSet::new();
        for secret in of(&events, "secret") {
            for from in ["from", "with"].iter().filter_map(|f| secret[f].as_str()) {
                assert!(known.contains(from), "{secret}");
            }
            known.insert(secret["name"].as_str().expect("a name").to_owned());
            let name = secret["name"].as_str().expect("a name");
            let logged = !more.is_empty() && (name.ends_with("traffic_secret") || name == "exporter_secret");
            assert_eq!(
                secret["hex"].as_str().map(str::len),
                logged.then_some(2 * secret["length"].as_u64().expect("a length") as usize),
                "{secret}"
            );
            if logged {
                let text = std::fs::read_to_string(log).expect("the key log");
                assert!(text.contains(secret["hex"].as_str().expect("hex")), "{secret}");
            }
        }
        let keys: Vec<_> = of(&events, "keys").iter().map(|k| k["secret"].as_str().expect("a name")).collect();
        assert!(keys.len() == 4 && keys.iter().all(|k| known.contains(*k)), "{keys:?}");
        let states: Vec<_> = of(&events, "state").iter().map(|s| s["awaiting"].clone()).collect();
        assert_eq!(states.first(), Some(&"ServerHello or HelloRetryRequest".into()));
        assert!(states.contains(&"application data or KeyUpdate".into()), "{states:?}");
    }
}

/// What the trace of one end has, the other's has too, and both are told as `connect` and `serve` tell it.
#[test]
fn the_demo_tells_of_both_ends() {
    for version in ["ssl3", "tls1.0", "tls1.1", "tls1.2", "tls1.3"] {
        let dir = Dir::new();
        let done = run(&dir, &["demo", "--json", "--version", version], "");
        done.ends(0, &[]);
        let events = done.events();
        check_of(&events, &["end"]);
        let what = |kind: &str, end: &str, direction: &str| -> Vec<Value> {
            let of = of(&events, kind).into_iter().filter(|e| e["end"] == end && e["direction"] == direction);
            of.map(|e| if e["base64"].is_null() { e["length"].clone() } else { e["base64"].clone() }).collect()
        };
        for kind in ["record", "message", "data"] {
            for (from, to) in [("client", "server"), ("server", "client")] {
                let sent = what(kind, from, "sent");
                assert!(!sent.is_empty() && sent == what(kind, to, "received"), "{version}: {kind} from {from}");
            }
        }
        for kind in ["connected", "closed", "verified", "state", "secret", "keys"] {
            for end in ["client", "server"] {
                assert!(of(&events, kind).iter().any(|e| e["end"] == end), "{version}: {kind}, {end}");
            }
        }
    }
    run(&Dir::new(), &["demo", "--json", "--bytes"], "").ends(2, &["--json", "--bytes"]);
    let done = run(&Dir::new(), &["demo", "--json", "--version", "tls9"], "");
    done.ends(2, &["tls1.3"]);
    assert_eq!(done.events().last().map(|e| e["event"].clone()), Some("failed".into()));
}

#[test]
fn a_session_that_is_resumed_is_told_by_both() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let session = dir.path("session");
    let session = session.to_str().expect("a path");
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let verdicts = |events: &[Value]| -> Vec<String> {
        of(events, "resumption").iter().map(|r| format!("{} {}", r["by"], r["verdict"]).replace('"', "")).collect()
    };
    let at = server.at("localhost");
    for expected in [&[][..], &["psk offered", "psk accepted"]] {
        let args = ["connect", &at, "--json", "--alpn", "http/1.1", "--session", session];
        let done = run(&dir, &args, request);
        done.ends(0, &[]);
        let events = done.events();
        check(&events, false);
        assert_eq!(verdicts(&events), expected);
    }
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

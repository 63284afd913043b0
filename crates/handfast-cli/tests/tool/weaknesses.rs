//! What is weak is said: to people, to programs, on the page and in the demo.

use super::run::{Dir, Server, run};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;

#[test]
fn nothing_is_weak_by_default() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    for version in ["tls1.2", "tls1.3"] {
        let connect = ["connect", &server.at("localhost"), "--max-version", version];
        let done = run(&dir, &connect, "");
        done.ends(0, &[]);
        assert!(!done.stderr.contains("weak"), "{}", done.stderr);
        let done = run(&dir, &[&connect[..], &["--json"]].concat(), "");
        assert_eq!(done.event("connected")["weaknesses"], json!([]));
    }
}

#[test]
fn what_is_old_is_named() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--policy", "legacy", "--max-version", "tls1.0"]);
    let suites = "TLS_RSA_WITH_3DES_EDE_CBC_SHA";
    let at = server.at("localhost");
    let connect = ["connect", &at, "--policy", "legacy", "--suites", suites];
    let done = run(&dir, &connect, "GET / HTTP/1.0\r\n\r\n");
    done.ends(0, &["weak: TLS before 1.2 (", "no forward secrecy (whoever learns the long-lived key later"]);
    assert!(done.text().contains("no forward secrecy (whoever"), "on the page: {}", done.text());
    let done = run(&dir, &[&connect[..], &["--json"]].concat(), "");
    let mut named = done.event("connected")["weaknesses"].clone();
    // Both sides have encrypt-then-MAC.
    assert_eq!(named, json!(["TLS before 1.2", "3DES: Sweet32", "no forward secrecy"]));
    let without = [&connect[..], &["--json", "--no-encrypt-then-mac"]].concat();
    named = run(&dir, &without, "").event("connected")["weaknesses"].clone();
    let wanted = json!(["TLS before 1.2", "3DES: Sweet32", "no forward secrecy", "MAC-then-encrypt"]);
    assert_eq!(named, wanted);
    // A server may do without, too.
    let flags = ["--policy", "legacy", "--max-version", "tls1.0", "--no-encrypt-then-mac"];
    let server = Server::start(&dir, &flags);
    let connect = ["connect", &server.at("localhost"), "--policy", "legacy", "--suites", suites, "--json"];
    assert_eq!(run(&dir, &connect, "").event("connected")["weaknesses"], wanted);
    let done = run(&dir, &["demo", "--version", "tls1.2"], "");
    done.ends(0, &[]);
    assert!(done.text().contains("What was agreed is weak: no forward secrecy ("), "{}", done.text());
}

/// SSL 3.0 is had of a server that knows newer versions only by asking for it, which is said; what the version lacks is not the peer's fault.
#[test]
fn ssl3_is_asked_for() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--policy", "museum", "--max-version", "ssl3"]);
    let at = server.at("localhost");
    let museum = ["connect", &at, "--policy", "museum"];
    run(&dir, &museum, "")
        .ends(5, &["SSL 3.0 is offered, too", "protocol_version", "--max-version ssl3, or --fallback"]);
    let done = run(&dir, &[&museum[..], &["--max-version", "ssl3"]].concat(), "");
    done.ends(0, &["SSL 3.0: POODLE ("]);
    assert!(!done.stderr.contains("is offered, too") && !done.stderr.contains("badly kept"), "{}", done.stderr);
}

/// A ClientHello in SSL 2.0's form, of a client that speaks up to TLS 1.0.
#[test]
fn an_sslv2_hello_is_read_by_museum_only() {
    let dir = Dir::new();
    let mut hello = vec![0x80, 34, 1, 3, 1, 0, 9, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 0x2f, 0, 0, 0xff];
    hello.extend([7; 16]);
    for (policy, first) in [("museum", 22), ("legacy", 21)] {
        let server = Server::start(&dir, &["--policy", policy]);
        let mut socket = TcpStream::connect(("127.0.0.1", server.port)).expect("a connection");
        socket.write_all(&hello).expect("it is sent");
        let mut answer = [0; 7];
        socket.read_exact(&mut answer).expect("an answer");
        assert_eq!(answer[0], first, "{policy}");
        drop(socket);
        if policy == "legacy" {
            assert_eq!(answer[5..], [2, 70], "protocol_version");
            server.running.signal("TERM");
            let (_, said) = server.running.end();
            assert!(said.contains("an SSLv2 hello") || said.contains("An SSLv2 hello"), "{said}");
            assert!(said.contains("--policy museum"), "{said}");
        }
    }
}

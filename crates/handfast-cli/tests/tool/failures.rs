//! The page of the last failures: who fails in several ways finds itself there, and nobody else does.

use super::material::Authority;
use super::run::{Dir, Running, Server, run};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use handfast::pki_types::ServerName;
use handfast::verify::NotChecked;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientConfig, Policy, Stream, Time};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::sync::Arc;

/// The page at this path, over a connection of its own.
fn ask(dir: &Dir, at: &str, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let done = run(dir, &["connect", at, "--insecure", "--alpn", "http/1.1"], request);
    done.ends(0, &[]);
    done.text()
}

/// Says this over TCP, and waits until the server is done with it.
fn say(at: &str, bytes: &[u8]) {
    let mut socket = TcpStream::connect(at).expect("the server");
    socket.write_all(bytes).expect("it takes that");
    let _ = socket.shutdown(Shutdown::Write);
    let _ = socket.read_to_end(&mut Vec::new());
}

/// Where the page of the newest failure is.
fn newest(list: &str) -> String {
    let path = list.split("href=\"/failures/").nth(1).and_then(|rest| rest.split('"').next());
    format!("/failures/{}", path.unwrap_or_else(|| panic!("none in:\n{list}")))
}

#[test]
fn every_way_to_fail_is_shown_with_what_was_said() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--policy", "modern"]);
    let at = server.at("127.0.0.1");
    let list = || ask(&dir, &at, "/failures");
    let empty = list();
    assert!(empty.contains("No connection has failed since this server started."), "{empty}");
    assert!(ask(&dir, &at, "/").contains("href=\"/failures\""));

    // No common version: both are named, and every offer.
    run(&dir, &["connect", &at, "--insecure", "--max-version", "tls1.2"], "").ends(5, &[]);
    let page = ask(&dir, &at, &newest(&list()));
    for part in
        ["protocol_version", "<span class=\"name\">ClientHello</span>", "TLS 1.2", "There is none that both may speak"]
    {
        assert!(page.contains(part), "{part} in:\n{page}");
    }
    assert!(page.contains("content-security-policy: default-src 'none'") && page.contains("cache-control: no-store"));
    assert!(!page.contains("your browser") && !page.contains(" style="), "it is someone else's");

    // A client that trusts nobody: the alert, and all that had been said before.
    let other = dir.write("other.pem", Authority::new("Other").pem());
    run(&dir, &["connect", &at, "--ca", &other], "").ends(6, &[]);
    let page = ask(&dir, &at, &newest(&list()));
    let file =
        page.split("data:application/json;base64,").nth(1).and_then(|rest| rest.split('"').next()).expect("a file");
    let file: Value = serde_json::from_slice(&BASE64_STANDARD.decode(file).expect("base64")).expect("JSON");
    let last = file["events"].as_array().and_then(|all| all.last()).expect("events");
    assert_eq!((&last["event"], &last["alert"]), (&"failed".into(), &"unknown_ca".into()));
    assert_eq!(file["offers"][0]["chosen"], "TLS 1.3");
    for part in [
        "unknown_ca",
        "Let the client trust that authority",
        "<span class=\"name lock\">CertificateVerify</span>",
        "X25519 + ML-KEM-768",
    ] {
        assert!(page.contains(part), "{part} in:\n{page}");
    }

    say(&at, b"\x00\x01\x02 this is no hello, and never was one");
    let garbage = ask(&dir, &at, &newest(&list()));
    assert!(garbage.contains("The client sent no hello that can be read"), "{garbage}");

    say(&at, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let plain = ask(&dir, &at, &newest(&list()));
    assert!(plain.contains("Whoever it is has to use https:// here") && !plain.contains("often 443"), "{plain}");

    // One that hangs up in the middle, after a hello that was good.
    let hello = BASE64_STANDARD.decode(include_str!("../../src/offers/hellos/openssl3.6").trim()).expect("base64");
    let length = u16::try_from(hello.len()).expect("a record").to_be_bytes();
    say(&at, &[&[22, 3, 1][..], &length, &hello].concat());
    let cut = ask(&dir, &at, &newest(&list()));
    for part in [
        "The client cut the connection during the handshake",
        "<span class=\"name lock\">Finished</span>",
        "Only who sits",
    ] {
        assert!(cut.contains(part), "{part} in:\n{cut}");
    }

    // One that begins a record, and no more: it has no message, but bytes came.
    say(&at, &[22, 3]);
    let begun = ask(&dir, &at, &newest(&list()));
    for part in ["The client cut the connection during the handshake", "Nothing came that could be shown"] {
        assert!(begun.contains(part), "{part} in:\n{begun}");
    }
    // One that says nothing at all, as browsers do, has not failed.
    say(&at, b"");

    let all = list();
    let count = all.matches("<article class=\"failure\"").count();
    assert!(all.contains("The last 6 connections that failed") && count == 6, "{all}");
    assert!(all.contains("the client's doing"), "{all}");
    for path in ["/failures/999", "/failures/", "/failures/x", "/failures/1/2"] {
        assert!(ask(&dir, &at, path).starts_with("HTTP/1.1 404"), "{path}");
    }
}

#[test]
fn no_more_than_the_last_are_kept() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let at = server.at("127.0.0.1");
    (0..40).for_each(|_| say(&at, b"no hello at all"));
    let list = ask(&dir, &at, "/failures");
    assert_eq!(list.matches("<article class=\"failure\"").count(), 32);
    assert!(list.contains("\"/failures/40\"") && list.contains("\"/failures/9\"") && !list.contains("\"/failures/8\""));
}

#[test]
fn a_folder_has_no_such_page() {
    let dir = Dir::new();
    let site = dir.path("site");
    std::fs::create_dir(&site).expect("a folder");
    let server = Server::start(&dir, &["--dir", &site.to_string_lossy()]);
    let at = server.at("127.0.0.1");
    say(&at, b"no hello at all");
    assert!(ask(&dir, &at, "/failures").starts_with("HTTP/1.1 404"));
}

/// An address of this machine that is not a loopback one. No packet is sent.
fn elsewhere() -> Option<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then(|| ip.to_string())
}

#[test]
fn who_is_elsewhere_sees_nothing_of_it() {
    let dir = Dir::new();
    let mut server = Running::start(&dir, &["serve", "--listen", "0.0.0.0:0"]);
    let line = server.line();
    let port = line.rsplit(':').next().expect("a port");
    let here = format!("127.0.0.1:{port}");
    say(&here, b"no hello at all");
    assert!(ask(&dir, &here, "/failures").contains("<article class=\"failure\""));
    // A machine without a network has nobody elsewhere.
    let Some(ip) = elsewhere() else { return };
    let there = format!("{ip}:{port}");
    for path in ["/failures", "/failures/1"] {
        assert!(ask(&dir, &there, path).starts_with("HTTP/1.1 404"), "{path}");
    }
    assert!(!ask(&dir, &there, "/").contains("/failures"), "no link");
    assert!(ask(&dir, &here, "/").contains("/failures"));
}

/// A connection that has been used, and then says what cannot be opened: after many requests, and between two, where HTTP/1.1 hears of nothing.
#[test]
fn what_fails_long_after_its_handshake_is_shown_with_its_end() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let at = server.at("127.0.0.1");
    let mut config = ClientConfig::new(Policy::default(), Arc::new(NotChecked));
    config.alpn = vec![b"http/1.1".to_vec()];
    for (version, requests) in [(ProtocolVersion::TLS1_3, 1), (ProtocolVersion::TLS1_2, 300)] {
        config.policy.max_version = version;
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let tls = handfast::Connection::client(Arc::new(config.clone()), name, Time::now()).expect("a client");
        let socket = TcpStream::connect(&at).expect("the server");
        let mut stream = Stream::new(tls, socket.try_clone().expect("another")).complete().expect("a handshake");
        for _ in 0..requests {
            stream.write_all(b"GET /icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it reads");
            stream.flush().expect("it reads");
            let (mut heard, mut piece) = (Vec::new(), [0; 4096]);
            while !heard.ends_with(b"</svg>\n") {
                let n = stream.read(&mut piece).expect("it answers");
                heard.extend_from_slice(&piece[..n]);
            }
        }
        let mut socket = socket;
        socket.write_all(&[&[0x17, 3, 3, 0, 0x30][..], &[7; 0x30]].concat()).expect("it reads");
        let _ = socket.read_to_end(&mut Vec::new());
        let page = ask(&dir, &at, &newest(&ask(&dir, &at, "/failures")));
        for part in ["a record that could not be opened", "bad_record_mac", &version.to_string()] {
            assert!(page.contains(part), "{version}: {part} in:\n{page}");
        }
    }
}

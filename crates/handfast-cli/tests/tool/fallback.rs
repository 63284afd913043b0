//! `connect --fallback`, by servers that choke on what they do not know.

use super::run::{Dir, Server, run};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// What a server that chokes does with a ClientHello.
#[derive(Clone, Copy)]
enum Chokes {
    Alert(u8),
    HangsUp,
}

/// A server in front of another one, that chokes on hellos whose newest version is newer than this. Gives its port.
fn intolerant(newest: u16, how: Chokes, behind: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let _ = choke(client, newest, how, behind);
        }
    });
    port
}

fn choke(mut client: TcpStream, newest: u16, how: Chokes, behind: u16) -> std::io::Result<()> {
    let mut hello = vec![0; 5];
    client.read_exact(&mut hello)?;
    hello.resize(5 + usize::from(u16::from_be_bytes([hello[3], hello[4]])), 0);
    client.read_exact(&mut hello[5..])?;
    // supported_versions is there if the newest is TLS 1.3; else it is the field of old.
    let tls13 = hello.windows(2).any(|w| w == [0x03, 0x04]) && hello.windows(2).any(|w| w == [0x00, 0x2b]);
    let version = if tls13 { 0x0304 } else { u16::from_be_bytes([hello[9], hello[10]]) };
    if version > newest {
        return match how {
            Chokes::Alert(alert) => client.write_all(&[21, 3, 1, 0, 2, 2, alert]),
            Chokes::HangsUp => Ok(()),
        };
    }
    let mut server = TcpStream::connect(("127.0.0.1", behind))?;
    server.write_all(&hello)?;
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    std::io::copy(&mut client, &mut server).map(drop)
}

const CHOKES: [Chokes; 5] =
    [Chokes::Alert(40), Chokes::Alert(70), Chokes::Alert(47), Chokes::Alert(50), Chokes::HangsUp];

#[test]
fn one_version_after_the_other_is_tried_and_told() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--policy", "legacy", "--max-version", "tls1.1"]);
    for how in CHOKES {
        let at = format!("localhost:{}", intolerant(0x0302, how, server.port));
        let connect = |more: &[&str]| run(&dir, &[&["connect", &at, "--policy", "legacy"], more].concat(), "");
        // Never unasked.
        let refused = connect(&[]);
        refused.ends(5, &[]);
        assert!(!refused.stderr.contains("Trying again"), "{}", refused.stderr);
        let said = [
            "Up to TLS 1.3 it did not work. Trying again up to TLS 1.2",
            "Trying again up to TLS 1.1",
            "TLS 1.1  suite",
        ];
        connect(&["--fallback"]).ends(0, &said);
    }
    let at = format!("localhost:{}", intolerant(0x0302, Chokes::Alert(70), server.port));
    let json = run(&dir, &["connect", &at, "--policy", "legacy", "--fallback", "--json"], "");
    json.ends(0, &["Trying again up to TLS 1.1"]);
    super::json::check(&json.events(), false);
    let told: Vec<_> = json.events().into_iter().filter(|e| e["event"] == "fallback").collect();
    let steps: Vec<_> = told.iter().map(|e| (e["from"].as_str(), e["to"].as_str(), e["alert"].as_str())).collect();
    let alert = Some("protocol_version");
    assert_eq!(steps, [(Some("TLS 1.3"), Some("TLS 1.2"), alert), (Some("TLS 1.2"), Some("TLS 1.1"), alert)]);
    assert_eq!(json.event("connected")["version"], "TLS 1.1");
}

/// Who knows newer versions, and was made to look as if it choked, says so; then that is the end.
#[test]
fn a_server_that_knows_better_ends_it() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--policy", "legacy"]);
    let at = format!("localhost:{}", intolerant(0x0303, Chokes::HangsUp, server.port));
    let done = run(&dir, &["connect", &at, "--policy", "legacy", "--fallback"], "");
    done.ends(5, &["Trying again up to TLS 1.2", "inappropriate_fallback"]);
    assert!(!done.stderr.contains("Trying again up to TLS 1.1"), "{}", done.stderr);
}

/// Only within the policy, only where the server has not chosen a version, and not at an alert that means something else.
#[test]
fn not_beyond_that() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--policy", "legacy", "--max-version", "tls1.1"]);
    let at = format!("localhost:{}", intolerant(0x0302, Chokes::HangsUp, server.port));
    let done = run(&dir, &["connect", &at, "--fallback"], "");
    done.ends(5, &["Trying again up to TLS 1.2"]);
    let at = format!("localhost:{}", intolerant(0, Chokes::Alert(80), server.port));
    let done = run(&dir, &["connect", &at, "--fallback"], "");
    done.ends(5, &["internal_error"]);
    assert!(!done.stderr.contains("Trying again"), "{}", done.stderr);
    let done =
        run(&dir, &["connect", &server.at("localhost"), "--policy", "legacy", "--fallback", "--name", "a.test"], "");
    done.ends(7, &[]);
    assert!(!done.stderr.contains("Trying again"), "{}", done.stderr);
}

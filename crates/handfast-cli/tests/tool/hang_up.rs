//! A peer that hangs up after each message, and one that resets.

use super::codes::peer;
use super::material::{Authority, Leaf};
use super::run::{Dir, run};
use handfast::crypto::Credential;
use handfast::verify::{Roots, WebPki};
use handfast::{ClientAuth, Connection, Policy, ServerConfig, Time};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// What the server sends, in pieces: a handshake message, or where it is encrypted a record.
fn pieces(output: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = output;
    let mut encrypted = false;
    while let [kind, v0, v1, l0, l1, ..] = *rest {
        let (record, tail) = rest.split_at(5 + usize::from(u16::from_be_bytes([l0, l1])));
        rest = tail;
        let mut body = &record[5..];
        if kind != 22 || encrypted {
            encrypted |= kind == 20;
            out.push(record.to_vec());
            continue;
        }
        while !body.is_empty() {
            let length = 4 + usize::from(u16::from_be_bytes([body[2], body[3]]));
            let (message, more) = body.split_at(length);
            let mut piece = vec![kind, v0, v1];
            piece.extend(u16::try_from(length).expect("a small message").to_be_bytes());
            piece.extend(message);
            out.push(piece);
            body = more;
        }
    }
    out
}

/// Serves one client, and hangs up after so many pieces.
fn serve(mut socket: TcpStream, config: &Arc<ServerConfig>, mut allowed: usize) {
    let mut connection = Connection::server(config.clone());
    let (mut input, mut output) = (Vec::new(), Vec::new());
    loop {
        loop {
            let received = connection.receive(&mut input, Time::now()).expect("a good client");
            let (used, more) = (received.used, received.event.is_some());
            input.drain(..used);
            if !more {
                break;
            }
        }
        connection.transmit(&mut output);
        if !send(&mut socket, &output, &mut allowed) {
            return;
        }
        output.clear();
        let mut piece = [0; 16384];
        match socket.read(&mut piece) {
            Ok(n) if n > 0 => input.extend(&piece[..n]),
            _ => return,
        }
    }
}

/// Sends as many pieces as are allowed; whether that was all.
fn send(socket: &mut TcpStream, output: &[u8], allowed: &mut usize) -> bool {
    for piece in pieces(output) {
        if *allowed == 0 {
            return false;
        }
        *allowed -= 1;
        socket.write_all(&piece).expect("the client reads");
    }
    true
}

#[test]
fn a_peer_that_hangs_up_after_any_message_is_5_and_the_message_is_named() {
    let dir = Dir::new();
    let ca = Authority::new("Tests");
    let path = dir.write("ca.pem", ca.pem());
    let read = |p: &str| std::fs::read(p).expect("a file");
    let (cert, key) = ca.leaf(&dir, "leaf", &Leaf::default());
    let credential = Credential::from_pem(&read(&cert), &read(&key)).expect("a credential");
    let client = ca.leaf(&dir, "client", &Leaf { client: true, ..Leaf::default() });
    let roots = Roots::from_pem(ca.pem().as_bytes()).expect("roots");
    let mut config = ServerConfig::new(Policy::default(), Arc::new(credential));
    config.client_auth = ClientAuth::Required(Arc::new(WebPki::for_clients(roots)));
    let config = Arc::new(config);

    // Classic: ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone; ChangeCipherSpec, Finished.
    // TLS 1.3: ServerHello, ChangeCipherSpec, then one record or more.
    for (version, names) in [
        (
            "tls1.2",
            &[
                "ClientHello",
                "ServerHello",
                "Certificate",
                "ServerKeyExchange",
                "CertificateRequest",
                "Finished",
                "ChangeCipherSpec",
            ][..],
        ),
        ("tls1.3", &["ClientHello", "ServerHello", "ServerHello"][..]),
    ] {
        for (allowed, name) in names.iter().enumerate() {
            let config = config.clone();
            let port = peer(move |socket| serve(socket, &config, allowed));
            let at = format!("localhost:{port}");
            let args =
                ["connect", &at, "--ca", &path, "--cert", &client.0, "--key", &client.1, "--max-version", version];
            let done = run(&dir, &args, "");
            done.ends(5, &["cut during the handshake", &format!("last message was {}", whose(name, version)), name]);
        }
    }
}

fn whose(name: &str, version: &str) -> &'static str {
    match (name, version) {
        ("ClientHello", _) | ("Finished", "tls1.2") => "our",
        _ => "the peer's",
    }
}

#[test]
fn a_reset_is_5_too() {
    let dir = Dir::new();
    // Closed with unread bytes in its buffer, a socket says reset.
    let port = peer(|mut socket| drop(socket.read(&mut [0; 1])));
    let done = run(&dir, &["connect", &format!("127.0.0.1:{port}")], "");
    done.ends(5, &["cut during the handshake", "ClientHello"]);
}

//! Early data.

use super::codes::peer;
use super::material::{Authority, Leaf};
use super::reload::Watched;
use super::run::{Dir, PATIENCE, Server, run};
use handfast::config::EarlyDataRules;
use handfast::crypto::Credential;
use handfast::session::MemoryReplayStore;
use handfast::verify::{Roots, WebPki};
use handfast::{ClientConfig, Connection, Policy, ServerConfig, Stream, Time};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

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
    first.ends(0, &["nothing is sent early: there is no session"]);
    assert_eq!(first.text(), "early \"\" then \"first\"");
    let second = run(&dir, &args, "second, and more");
    second.ends(0, &["→ EndOfEarlyData", "early data", "accepted"]);
    assert_eq!(second.text(), "early \"second, an\" then \"d more\"");
    // The ChangeCipherSpec before early data is no more than a disguise.
    assert!(second.stderr.contains("old middleboxes") && !second.stderr.contains("sends from here on is protected"));
    let third = run(&dir, &[&args[..], &["--json"]].concat(), "third");
    assert_eq!(third.event("connected")["early_data"], true);
    let data: Vec<_> = third.events().into_iter().filter(|e| e["event"] == "data").collect();
    assert_eq!(
        (&data[0]["base64"], &data[0]["early"], &data[1]["early"]),
        (&"dGhpcmQ=".into(), &true.into(), &false.into())
    );
    // With nothing to say it is no worse.
    run(&dir, &args, "").ends(0, &["accepted", "nothing is sent early: stdin is empty"]);
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
    let json = run(&dir, &[&args[..], &["--json"]].concat(), REQUEST);
    assert_eq!((&json.event("data")["early"], &json.event("connected")["early_data"]), (&false.into(), &false.into()));
    assert!(done.text().starts_with("HTTP/1.0 200"), "{}", done.text());
    run(&dir, &["connect", &at, "--early-data"], "").ends(2, &["--session"]);
}

/// A client of the library's, whose own part of the handshake waits for a word.
struct Slow {
    tls: Connection,
    socket: TcpStream,
    input: Vec<u8>,
    heard: String,
}

impl Slow {
    fn begin(config: &Arc<ClientConfig>, port: u16) -> Self {
        let name = "localhost".try_into().expect("a name");
        let mut tls = Connection::client(config.clone(), name, Time::now()).expect("a client");
        let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time");
        let mut out = Vec::new();
        match tls.early_data_room() {
            Some(_) => tls.send_early(REQUEST.as_bytes(), &mut out).expect("room"),
            None => tls.transmit(&mut out),
        }
        socket.write_all(&out).expect("it reads");
        Self { tls, socket, input: Vec::new(), heard: String::new() }
    }

    /// Reads until this is true of it.
    fn until(&mut self, enough: impl Fn(&Self) -> bool) {
        while !enough(self) {
            let mut piece = [0; 4096];
            let n = self.socket.read(&mut piece).expect("a socket");
            assert!(n > 0, "it ended: {}", self.heard);
            self.input.extend_from_slice(&piece[..n]);
            loop {
                let received = self.tls.receive(&mut self.input, Time::now()).expect("TLS");
                let (used, more) = (received.used, received.event.is_some());
                if let Some(handfast::Event::Data(data)) = received.event {
                    self.heard += &String::from_utf8_lossy(data);
                }
                self.input.drain(..used);
                if !more {
                    break;
                }
            }
        }
    }

    /// Ends the handshake, and says all of this.
    fn finish(&mut self, data: &str) {
        let mut out = Vec::new();
        self.tls.send(data.as_bytes(), &mut out).expect("connected");
        self.socket.write_all(&out).expect("it reads");
    }
}

/// It does not wait for the client to finish; that it has not is said if it never does.
#[test]
fn a_server_answers_early_data_at_once() {
    let dir = Dir::new();
    let ca = Authority::new("Tests");
    let (cert, key) = ca.leaf(&dir, "leaf", &Leaf::default());
    let server = Watched::start(&dir, &["--early-data", "1000", "--cert", &cert, "--key", &key]);
    let port = server.port;
    let events = |until: &str| {
        let mut seen: Vec<String> = Vec::new();
        while seen.last().is_none_or(|last| last != until) {
            let event = server.events.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{seen:?}: {e}"));
            let word = |of: &str| event[of].as_str().unwrap_or_default().to_owned();
            if matches!(&*word("event"), "connected" | "data" | "closed" | "failed") {
                let early = if event["early"] == true { " early" } else { "" };
                seen.push(format!("{} {}{early}", word("event"), word("direction")).trim_end().into());
            }
        }
        // The page is sent in pieces.
        seen.dedup();
        seen
    };
    let roots = Roots::from_pem(ca.pem().as_bytes()).expect("a root");
    let mut config = ClientConfig::new(Policy::default(), Arc::new(WebPki::for_servers(roots)));
    config.early_data = true;
    let config = Arc::new(config);

    let mut first = Slow::begin(&config, port);
    first.until(|c| c.tls.is_connected());
    first.finish(REQUEST);
    first.until(|c| c.tls.peer_closed());
    assert_eq!(first.tls.negotiated().early_data, None);
    assert_eq!(events("closed"), ["connected", "data received", "data sent", "closed"]);
    // Until then what was heard before its start could be played back.
    thread::sleep(Duration::from_millis(10_500));

    let mut second = Slow::begin(&config, port);
    second.until(|c| c.heard.ends_with("</html>\n"));
    assert!(second.heard.starts_with("HTTP/1.0 200"), "{}", second.heard);
    second.finish("");
    second.until(|c| c.tls.peer_closed());
    assert_eq!(second.tls.negotiated().early_data, Some(true));
    assert_eq!(events("closed"), ["data received early", "data sent", "connected", "closed"]);

    let mut third = Slow::begin(&config, port);
    third.until(|c| c.heard.starts_with("HTTP/1.0 200"));
    drop(third);
    assert_eq!(events("failed"), ["data received early", "data sent", "failed"]);
}

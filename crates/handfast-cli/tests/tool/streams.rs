//! Data: both ways at once, to their end, and no further.

use super::codes::peer;
use super::material::{Authority, Leaf};
#[cfg(unix)]
use super::run::mode;
use super::run::{Dir, Running, Server, run, run_with};
use handfast::crypto::Credential;
use handfast::{Connection, Policy, ServerConfig, Stream};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// A server of the library's, which does this with each connection; its port, and its authority in a file.
fn server(dir: &Dir, f: impl Fn(Stream<TcpStream>) + Send + Sync + 'static) -> (String, String) {
    let ca = Authority::new("Tests");
    let path = dir.write("ca.pem", ca.pem());
    let (cert, key) = ca.leaf(dir, "leaf", &Leaf::default());
    let read = |p: &str| std::fs::read(p).expect("a file");
    let credential = Credential::from_pem(&read(&cert), &read(&key)).expect("a credential");
    let config = Arc::new(ServerConfig::new(Policy::default(), Arc::new(credential)));
    let port = peer(move |socket| {
        let stream = Stream::new(Connection::server(config.clone()), socket);
        f(stream.complete().expect("a handshake"));
    });
    (format!("localhost:{port}"), path)
}

fn echo(mut stream: Stream<TcpStream>) {
    let mut piece = vec![0; 16384];
    while let Ok(n) = stream.read(&mut piece) {
        if n == 0 || stream.write_all(&piece[..n]).is_err() {
            break;
        }
    }
    let _ = stream.shutdown();
}

#[test]
fn half_close_sends_close_notify_and_reads_on() {
    let dir = Dir::new();
    let (at, ca) = server(&dir, |mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("close_notify");
        stream.write_all(format!("{} bytes", all.len()).as_bytes()).expect("room");
        stream.shutdown().expect("the end");
    });
    let done = run(&dir, &["connect", &at, "--ca", &ca, "--half-close"], "seven..");
    done.ends(0, &[]);
    assert_eq!(done.text(), "7 bytes");
}

#[test]
fn after_data_it_reads_until_the_peer_closes() {
    let dir = Dir::new();
    let (at, ca) = server(&dir, |mut stream| {
        let mut got = [0; 4];
        stream.read_exact(&mut got).expect("a question");
        thread::sleep(Duration::from_secs(3));
        stream.write_all(b"late").expect("room");
        stream.shutdown().expect("the end");
    });
    let done = run(&dir, &["connect", &at, "--ca", &ca], "ask?");
    done.ends(0, &[]);
    assert_eq!(done.text(), "late");
}

#[test]
fn empty_stdin_closes_at_once_even_if_the_peer_does_not() {
    let dir = Dir::new();
    let (at, ca) = server(&dir, |_stream| thread::sleep(Duration::from_secs(30)));
    let start = Instant::now();
    run(&dir, &["connect", &at, "--ca", &ca], "").ends(0, &["→ alert", "close_notify"]);
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn much_goes_both_ways_at_once() {
    let dir = Dir::new();
    let (at, ca) = server(&dir, echo);
    let data: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let done = run(&dir, &["connect", &at, "--ca", &ca, "--half-close"], &data);
    done.ends(0, &[]);
    assert_eq!(done.stdout.len(), data.len());
    assert!(done.stdout == data);
}

#[test]
fn stdin_goes_on_while_nobody_reads_stdout() {
    let dir = Dir::new();
    let (seen, sees) = std::sync::mpsc::channel();
    let (at, ca) = server(&dir, move |mut stream| {
        // More than any pipe and socket holds, so that stdout is stuck; then all of stdin is awaited.
        let socket = stream.get_ref().try_clone().expect("a socket");
        socket.set_write_timeout(Some(Duration::from_millis(500))).expect("a time-out");
        while stream.write_all(&[0; 16384]).is_ok() {}
        let mut all = vec![0; 500_000];
        let _ = seen.send(stream.read_exact(&mut all).is_ok());
    });
    let mut tool = Running::start(&dir, &["connect", &at, "--ca", &ca]);
    tool.stdin.as_mut().expect("stdin").write_all(&vec![1; 500_000]).expect("it is taken");
    assert_eq!(sees.recv_timeout(Duration::from_secs(60)), Ok(true));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let dir = Dir::new();
    let (at, ca) = server(&dir, |mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    let mut tool = Running::start(&dir, &["connect", &at, "--ca", &ca]);
    let mut some = [0; 10];
    tool.stdout.as_mut().expect("stdout").read_exact(&mut some).expect("data");
    drop(tool.stdout.take());
    let stdin = tool.stdin.take();
    let (code, stderr) = tool.end();
    drop(stdin);
    assert_eq!(code, 0, "{stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains("roken"), "{stderr}");
}

#[test]
fn a_cut_connection_is_not_clean() {
    let dir = Dir::new();
    let (at, ca) = server(&dir, |mut stream| {
        let mut got = [0; 4];
        stream.read_exact(&mut got).expect("a question");
        stream.write_all(b"half of an ans").expect("room");
    });
    let done = run(&dir, &["connect", &at, "--ca", &ca], "ask?");
    done.ends(1, &["without close_notify"]);
    assert_eq!(done.text(), "half of an ans");
    let done = run(&dir, &["connect", &at, "--ca", &ca, "--json"], "ask?");
    done.ends(1, &[]);
    assert_eq!(done.event("closed")["clean"], false);
}

#[test]
fn sessions_are_kept_and_bound() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    for version in ["tls1.2", "tls1.3"] {
        let file = dir.text(&format!("session-{version}"));
        let resumed = |host: &str, more: &[&str]| {
            let at = server.at(host);
            let mut args = vec!["connect", &at, "--session", &file, "--max-version", version, "--json"];
            args.extend(more);
            let done = run(&dir, &args, "");
            done.ends(0, &[]);
            done.event("connected")["resumed"].as_bool().expect("yes or no")
        };
        assert!(!resumed("localhost", &[]));
        #[cfg(unix)]
        assert_eq!(mode(file.as_ref()), 0o600);
        assert!(resumed("localhost", &[]));
        assert!(resumed("localhost", &[]));
        // Another host; and one that was not judged, or judged otherwise.
        assert!(!resumed("127.0.0.1", &[]));
        assert!(!resumed("localhost", &["--insecure"]));
        assert!(!resumed("localhost", &["--ca", &dir.text("home/ca.pem")]));
        assert!(resumed("localhost", &["--ca", &dir.text("home/ca.pem")]));
    }
}

#[test]
fn secrets_are_logged_where_that_is_asked_for() {
    let dir = Dir::new();
    let server_log = dir.text("server.log");
    let server = Server::start(&dir, &["--keylog", &server_log]);
    let (log, other) = (dir.text("client.log"), dir.text("environment.log"));
    let at = server.at("localhost");
    run(&dir, &["connect", &at, "--keylog", &log], "").ends(0, &[]);
    run_with(&dir, &[("SSLKEYLOGFILE", &other)], &["connect", &at, "--max-version", "tls1.2"]).ends(0, &[]);
    let read = |p: &str| std::fs::read_to_string(p).expect("a log");
    assert!(read(&log).contains("CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
    assert!(read(&other).contains("CLIENT_RANDOM "));
    for line in read(&log).lines().chain(read(&other).lines()) {
        assert!(read(&server_log).contains(line), "both ends have the same: {line}");
    }
    #[cfg(unix)]
    assert_eq!(mode(log.as_ref()), 0o600);
}

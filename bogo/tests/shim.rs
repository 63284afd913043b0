//! Keeps the shim alive where there is no runner: it is started as the runner starts it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

fn shim(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handfast-bogo"));
    command.args(flags).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(flags: &[&str]) -> (Option<i32>, String, String) {
    told(shim(flags).output().expect("the shim starts"))
}

fn told(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn there_is_no_handshaker() {
    assert_eq!(run(&["-is-handshaker-supported"]), (Some(0), "No\n".into(), String::new()));
}

#[test]
fn an_unknown_flag_is_not_implemented() {
    let (code, _, stderr) = run(&["-port", "1", "-shim-id", "1", "-enable-ech-grease"]);
    assert_eq!(code, Some(89));
    assert!(stderr.contains("-enable-ech-grease"), "{stderr}");
}

#[test]
fn nobody_to_connect_to_is_what_no_test_wants() {
    let (code, _, stderr) = run(&["-port", "1", "-shim-id", "1"]);
    assert_eq!(code, Some(90), "{stderr}");
}

/// A panic that is easily had: nobody reads what it prints.
#[test]
fn a_panic_is_what_no_test_wants() -> io::Result<()> {
    let (nobody, out) = io::pipe()?;
    drop(nobody);
    let (code, _, stderr) = told(shim(&["-is-handshaker-supported"]).stdout(out).output()?);
    assert_eq!(code, Some(90));
    assert!(stderr.starts_with("panic: "), "{stderr}");
    Ok(())
}

/// A certificate and its key, in files.
struct Files {
    cert: PathBuf,
    key: PathBuf,
}

impl Files {
    fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["example.com".to_owned()]).expect("a certificate");
        let path = |end| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{end}"));
        let files = Self { cert: path("cert"), key: path("key") };
        std::fs::write(&files.cert, made.cert.pem()).expect("a file");
        std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("a file");
        files
    }
}

/// A shim that has connected, and its 8 bytes of ID are read.
fn start(listener: &TcpListener, id: &str, flags: &[&str]) -> (Child, TcpStream) {
    let port = listener.local_addr().expect("an address").port().to_string();
    let flags = [&["-port", &port, "-shim-id", id], flags].concat();
    let child = shim(&flags).spawn().expect("the shim starts");
    (child, accept(listener, id))
}

fn accept(listener: &TcpListener, id: &str) -> TcpStream {
    let (mut stream, _) = listener.accept().expect("the shim connects");
    let mut said = [0; 8];
    stream.read_exact(&mut said).expect("an ID");
    assert_eq!(u64::from_le_bytes(said).to_string(), id);
    stream
}

/// Passes on all that one side sends.
fn relay(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from, to);
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn pair(client: &TcpStream, server: &TcpStream) {
    thread::scope(|scope| {
        scope.spawn(|| relay(client, server));
        relay(server, client);
    });
}

/// A client of ours and a server of ours, which both dial, with a relay between.
fn handshake(name: &str, connections: usize, client: &[&str], server: &[&str]) -> io::Result<()> {
    let files = Files::new(name);
    let (cert, key) = (files.cert.to_string_lossy(), files.key.to_string_lossy());
    let (at_client, at_server) =
        (TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?, TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?);
    let server = [&["-server", "-cert-file", &cert, "-key-file", &key], server].concat();
    // The client writes and ends; the server inverts it and ends with it.
    let client = [&["-shim-writes-first", "-shim-shuts-down", "-check-close-notify"], client].concat();
    let (server, server_stream) = start(&at_server, "2", &server);
    let (client, client_stream) = start(&at_client, "1", &client);
    pair(&client_stream, &server_stream);
    for _ in 1..connections {
        pair(&accept(&at_client, "1"), &accept(&at_server, "2"));
    }
    for child in [client, server] {
        let (code, _, stderr) = told(child.wait_with_output()?);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
    }
    Ok(())
}

#[test]
fn two_shims_shake_hands() -> io::Result<()> {
    handshake("tls13", 1, &["-expect-version", "772"], &["-check-close-notify"])
}

#[test]
fn two_shims_shake_hands_later() -> io::Result<()> {
    handshake("later", 1, &["-handfast-later"], &["-handfast-later", "-check-close-notify"])
}

#[test]
fn two_shims_resume() -> io::Result<()> {
    let resume: &[&str] = &["-max-version", "771", "-resume-count", "1", "-expect-extended-master-secret"];
    handshake("tls12", 2, resume, &[&["-check-close-notify"], resume].concat())
}

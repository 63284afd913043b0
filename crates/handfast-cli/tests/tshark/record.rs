//! Records the hellos anew: each of the clients and servers that are here says its own to our tool.
//!
//! `cargo test -p handfast-cli --test tshark -- --ignored record`, before which `HANDFAST_HELLOS=chromium,go` picks some. What is not here
//! keeps the hello that it has.

use super::peers::{Peer, Pick, SAID, Way};
use super::{Hello, folder};
use base64::prelude::{BASE64_STANDARD, Engine};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_RSA_SHA256};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A page that fetches more at once than its connections carry, when these had time to bring tickets: the others resume.
const PAGE: &str = r#"<!doctype html><title>Handfast</title><body>Handfast<script>
setTimeout(() => { for (let i = 0; i < 6; i++) fetch("large.bin?" + i).then(r => r.arrayBuffer()); }, 200)
</script>"#;

/// The same for a browser that goes when all is loaded.
const IMAGES: &str = r#"<!doctype html><title>Handfast</title><body>Handfast <img src="large.bin?1"><img src="large.bin?2">
<img src="large.bin?3"><img src="large.bin?4"><img src="large.bin?5">"#;

/// Certificates and a site, in a folder that every peer may write to.
fn material(dir: &Path) {
    let key = || KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Handfast hellos");
    let ca = CertifiedIssuer::self_signed(params, key()).expect("a CA");
    let leaf = key();
    let names = vec!["localhost".into(), "127.0.0.1".into()];
    let cert = CertificateParams::new(names).expect("parameters").signed_by(&leaf, &ca).expect("a leaf");
    let write = |name: &str, content: &[u8]| std::fs::write(dir.join(name), content).expect("a file");
    write("ca.pem", ca.pem().as_bytes());
    write("cert.pem", cert.pem().as_bytes());
    write("key.pem", leaf.serialize_pem().as_bytes());
    std::fs::create_dir_all(dir.join("site")).expect("a folder");
    write("site/index.html", PAGE.as_bytes());
    write("site/images.html", IMAGES.as_bytes());
    write("site/large.bin", &vec![0; 1_000_000]);
}

fn tool(dir: &Path, args: &[&str]) -> (Child, Receiver<Value>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_handfast"))
        .args(args)
        .current_dir(dir)
        .env("HANDFAST_HOME", dir.join("home"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the tool starts");
    let stdout = child.stdout.take().expect("stdout");
    let (to, from) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if serde_json::from_str(&line).is_ok_and(|event: Value| to.send(event).is_err()) {
                break;
            }
        }
    });
    (child, from)
}

fn shell(dir: &Path, port: u16, script: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=2", "170", "sh", "-c", script]).current_dir(dir);
    command.env("PORT", port.to_string()).env("HOME", dir);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// All hellos that were received, each with the number of its connection.
fn received(
    events: &Receiver<Value>,
    until: Instant,
    mut enough: impl FnMut(&[(u64, Vec<u8>)]) -> bool,
) -> Vec<(u64, Vec<u8>)> {
    let mut all = Vec::new();
    while let Ok(event) = events.recv_timeout(until.saturating_duration_since(Instant::now())) {
        let is = |name: &str| event["message"] == name;
        if event["direction"] == "received" && (is("ClientHello") || is("ServerHello") || is("HelloRetryRequest")) {
            let raw = BASE64_STANDARD.decode(event["base64"].as_str().expect("text")).expect("base64");
            all.push((event["connection"].as_u64().unwrap_or_default(), raw));
            if enough(&all) {
                break;
            }
        }
    }
    all
}

fn pick(pick: Pick, all: &[(u64, Vec<u8>)]) -> Option<Vec<u8>> {
    let found = match pick {
        Pick::First => all.first(),
        Pick::Last => all.last().filter(|_| all.len() > 1),
        Pick::Retried => all.windows(2).find(|two| two[0].0 == two[1].0).map(|two| &two[1]),
        Pick::With(extension) => all.iter().find(|(_, raw)| has_extension(raw, extension)),
    };
    found.map(|(_, raw)| raw.clone())
}

fn has_extension(raw: &[u8], kind: u16) -> bool {
    use handfast::message::{Dialect, Message};
    let Ok(Message::ClientHello(hello)) = Message::decode(raw, Dialect::Hello) else { return false };
    hello.extensions.list.iter().any(|e| e.kind().0 == kind)
}

/// A client speaks to our server.
fn of_client(dir: &Path, peer: &Peer, flags: &[&str]) -> Option<Vec<u8>> {
    let serve = ["serve", "--listen", "127.0.0.1:0", "--json", "--cert", "cert.pem", "--key", "key.pem"];
    let (mut server, events) = tool(dir, &[&serve, flags].concat());
    let port = events.iter().find_map(|event| {
        let text = event.to_string();
        event["event"].as_str().filter(|e| *e == "listening")?;
        text.split_once("https://127.0.0.1:")?.1.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    })?;
    let mut client = shell(dir, port, peer.run).spawn().ok()?;
    let until = Instant::now() + Duration::from_secs(180);
    let all = match peer.pick {
        // All that the script makes.
        Pick::Last => {
            let _ = client.wait();
            received(&events, Instant::now() + Duration::from_secs(1), |_| false)
        }
        wanted => received(&events, until, |all| pick(wanted, all).is_some()),
    };
    let _ = client.wait();
    let _ = server.kill();
    let _ = server.wait();
    pick(peer.pick, &all)
}

/// A server is spoken to by our client.
fn of_server(dir: &Path, peer: &Peer, flags: &[&str]) -> Option<Vec<u8>> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let mut server = shell(dir, port, peer.run).spawn().ok()?;
    let until = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    let at = format!("localhost:{port}");
    let (mut client, events) = tool(dir, &[&["connect", &at, "--json", "--ca", "ca.pem"], flags].concat());
    let all = received(&events, until, |all| pick(peer.pick, all).is_some());
    for child in [&mut client, &mut server] {
        let _ = child.kill();
        let _ = child.wait();
    }
    pick(peer.pick, &all)
}

fn of_rustls() -> Option<Vec<u8>> {
    let config = rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty());
    let mut config = config.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".into(), b"http/1.1".into()];
    let name = "localhost".try_into().ok()?;
    let mut client = rustls::ClientConnection::new(std::sync::Arc::new(config), name).ok()?;
    let mut record = Vec::new();
    client.write_tls(&mut record).ok()?;
    // Behind the header of the one record that it is in.
    Some(record.split_off(5))
}

fn version(command: &str) -> Option<String> {
    let out = Command::new("sh").args(["-c", command]).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout);
    let line = text.lines().next()?.split_whitespace().collect::<Vec<_>>().join(" ");
    (out.status.success() && !line.is_empty()).then_some(line)
}

#[test]
#[ignore = "records the hellos anew"]
fn record() {
    let dir = std::env::temp_dir().join(format!("handfast-hellos-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    material(&dir);
    let wanted = std::env::var("HANDFAST_HELLOS").unwrap_or_default();
    let is_wanted = |file: &str| wanted.is_empty() || wanted.split(',').any(|w| file.starts_with(w));
    let mut missing = Vec::new();
    for peer in SAID.iter().filter(|peer| is_wanted(peer.file)) {
        let Some(version) = version(peer.version) else {
            println!("{}: not here", peer.file);
            continue;
        };
        // With nothing left by the one before.
        let own = dir.join(peer.file);
        std::fs::create_dir_all(&own).expect("a folder");
        for name in ["ca.pem", "cert.pem", "key.pem", "site"] {
            std::os::unix::fs::symlink(dir.join(name), own.join(name)).expect("a link");
        }
        let hello = match peer.way {
            Way::Client(flags) => of_client(&own, peer, flags),
            Way::Rustls => of_rustls(),
            Way::Server(flags) => of_server(&own, peer, flags),
        };
        match hello {
            Some(raw) => {
                println!("{}: {} bytes, {version}", peer.file, raw.len());
                Hello { file: peer.file.into(), version, what: peer.what.into(), raw }.write();
            }
            None => missing.push(peer.file),
        }
    }
    let _ = std::fs::remove_dir_all(&dir);
    index();
    assert!(missing.is_empty(), "nothing was recorded of {missing:?}");
}

/// The list of what there is.
fn index() {
    let mut text = String::from(
        "# Hellos of real clients and servers\n\n\
         Recorded by our own server and client; `tests/tshark` holds what we read in them to what tshark reads. To record them anew:\n\
         `cargo test -p handfast-cli --test tshark -- --ignored record`, with `HANDFAST_HELLOS=chromium,go` before it those whose names\n\
         begin so. Who says what, and how, is in `tests/tshark/peers.rs`. This list is written with them.\n\n\
         | file | who | what |\n|---|---|---|\n",
    );
    for hello in super::hellos() {
        let _ = writeln!(text, "| `{}` | {} | {} |", hello.file, hello.version, hello.what);
    }
    std::fs::write(folder().join("README.md"), text).expect("the list");
}

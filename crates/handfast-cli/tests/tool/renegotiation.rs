//! A second handshake on a live connection, and what TLS 1.3 has in its place.

use super::run::{Dir, Done, Server, run};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn a_client_starts_one() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--policy", "compatible"]);
    let at = server.at("localhost");
    let args = ["connect", &at, "--max-version", "tls1.2", "--renegotiate"];
    let done = run(&dir, &args, REQUEST);
    done.ends(0, &["\nTLS 1.2  suite", "\nrenegotiated: TLS 1.2  suite"]);
    assert!(done.text().contains("You and this server just shook hands."));
    assert_eq!(done.stderr.matches("→ ClientHello").count(), 2, "{}", done.stderr);
    let done = run(&dir, &[&args[..], &["--json"]].concat(), REQUEST);
    let kinds: Vec<_> = done.events().iter().map(|e| e["event"].as_str().unwrap_or_default().to_owned()).collect();
    let place = |kind: &str| kinds.iter().position(|k| k == kind);
    let first_data = place("data");
    assert!(place("connected") < place("renegotiated") && place("renegotiated") < first_data, "{kinds:?}");
    assert_eq!(done.event("renegotiated")["version"], "TLS 1.2");
    // With nothing to say it is done, too.
    run(&dir, &args, "").ends(0, &["renegotiated: "]);
}

#[test]
fn there_may_be_none() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let at = server.at("localhost");
    let args = ["connect", &at, "--renegotiate"];
    run(&dir, &args, REQUEST).ends(5, &["no second handshake: TLS 1.3 has no second handshake", "--max-version"]);
    let done = run(&dir, &[&args[..], &["--max-version", "tls1.2", "--json"]].concat(), REQUEST);
    done.ends(5, &["refuses a second handshake"]);
    assert_eq!(done.event("failed")["alert"], "no_renegotiation");
}

/// Asks for these paths on one connection.
fn ask(dir: &Dir, server: &Server, args: &[&str], paths: &[&str]) -> Done {
    let at = server.at("localhost");
    let mut request = String::new();
    for (n, path) in paths.iter().enumerate() {
        let last = if n + 1 == paths.len() { "Connection: close\r\n" } else { "" };
        request += &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{last}\r\n");
    }
    run(dir, &[&["connect", &at, "--policy", "compatible"], args].concat(), request)
}

#[cfg(unix)]
#[test]
fn a_server_asks_for_what_needs_it() {
    let dir = Dir::new();
    let out = dir.text("made");
    run(&dir, &["cert", "--client", "Ada Lovelace", "--out", &out], "").ends(0, &[]);
    let (cert, key) = (format!("{out}/Ada_Lovelace.pem"), format!("{out}/Ada_Lovelace-key.pem"));
    let ca = dir.text("home/ca.pem");
    std::fs::create_dir_all(dir.path("site/members")).expect("a folder");
    dir.write("site/index.html", "for all\n");
    dir.write("site/members/index.html", "for members\n");
    let site = dir.text("site");
    let args = ["--dir", &site, "--client-ca", &ca, "--renegotiate", "/members"];
    let server = Server::start(&dir, &args);
    let own = ["--cert", &cert, "--key", &key];
    let old = [&own[..], &["--max-version", "tls1.2"]].concat();
    let new = [&own[..], &["--post-handshake-auth"]].concat();
    for (with, handshakes) in [(&old, 2), (&new, 1)] {
        let done = ask(&dir, &server, with, &["/", "/members/", "/%6dembers/", "/"]);
        done.ends(0, &[]);
        let text = done.text();
        assert_eq!((text.matches("for all").count(), text.matches("for members").count()), (2, 2), "{text}");
        assert_eq!(done.stderr.matches("← CertificateRequest").count(), 1, "asked once: {}", done.stderr);
        assert_eq!(done.stderr.matches("→ ClientHello").count(), handshakes, "{}", done.stderr);
    }
    // Who wants nothing of it is not asked.
    for version in ["tls1.2", "tls1.3"] {
        let done = ask(&dir, &server, &["--max-version", version, "--post-handshake-auth"], &["/"]);
        done.ends(0, &[]);
        assert!(done.text().contains("for all") && !done.stderr.contains("CertificateRequest"));
        // Who has none, or cannot be asked, hears why it is refused.
        let none = ask(&dir, &server, &["--max-version", version, "--post-handshake-auth"], &["/members/"]);
        assert!(none.text().contains("403") && none.text().contains("none was shown"), "{}", none.text());
        let never = ["--policy", "default", "--max-version", version];
        let at = server.at("localhost");
        let request = "GET /members/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let never = run(&dir, &[&["connect", &at], &never[..]].concat(), request);
        assert!(never.text().contains("403") && never.text().contains("is needed here"), "{}", never.text());
    }
    let (_, told) = server.running.end_after("TERM");
    assert!(told.contains("renegotiated: TLS 1.2") && told.contains("client: Ada Lovelace"), "{told}");
    assert!(told.contains("asked for a certificate  client: Ada Lovelace"), "{told}");

    let optional = Server::start(&dir, &[&args[..], &["--client-optional"]].concat());
    let done = ask(&dir, &optional, &["--max-version", "tls1.2"], &["/members/"]);
    assert!(done.text().contains("for members"), "{}", done.text());
    assert!(done.stderr.contains("← CertificateRequest"));

    run(&dir, &["serve", "--renegotiate", "/x"], "").ends(2, &["--client-ca"]);
    run(&dir, &["serve", "--renegotiate", "x", "--client-ca", &ca], "").ends(2, &["path of a URL"]);
}

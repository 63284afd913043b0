//! Every exit code, and the sentence with it.

use super::material::{Authority, Leaf};
use super::run::{Dir, Server, run, run_with};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use handfast::crypto::{HashAlgorithm, aws_lc};
use handfast::pki_types::CertificateDer;
use handfast::pki_types::pem::PemObject;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A server with this certificate of an authority that is in `ca.pem`.
fn serving(dir: &Dir, leaf: &Leaf, more: &[&str]) -> (Server, Authority, String) {
    let ca = Authority::new("Tests");
    let path = dir.write("ca.pem", ca.pem());
    let (cert, key) = ca.leaf(dir, "leaf", leaf);
    let mut args = vec!["--cert", &cert, "--key", &key];
    args.extend(more);
    (Server::start(dir, &args), ca, path)
}

/// Something that speaks TCP, and does this with each connection.
pub(crate) fn peer(f: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("address").port();
    thread::spawn(move || listener.incoming().flatten().for_each(f));
    port
}

/// Where connections are accepted, and nothing is said.
fn accepting() -> String {
    let port = peer(|mut socket| drop(socket.read(&mut [0; 1])));
    format!("127.0.0.1:{port}")
}

#[test]
fn done_is_0() {
    let dir = Dir::new();
    let (server, _, ca) = serving(&dir, &Leaf::default(), &[]);
    let done = run(&dir, &["connect", &server.at("localhost"), "--ca", &ca], "");
    done.ends(
        0,
        &["→ ClientHello", "← ServerHello", "← Finished", "→ Finished", "TLS 1.3  suite TLS_", "verified: chain"],
    );
    assert_eq!(done.text(), "", "nothing but data goes to stdout");
}

#[test]
fn a_self_signed_certificate_is_trusted_if_it_is_named() {
    let dir = Dir::new();
    let (cert, key) = Authority::self_signed(&dir, "own");
    let (other, _) = Authority::self_signed(&dir, "other");
    let server = Server::start(&dir, &["--cert", &cert, "--key", &key, "--client-ca", &cert]);
    let at = server.at("localhost");
    let client = ["connect", &at, "--cert", &cert, "--key", &key];
    let with = |more: &[&'static str], ca| run(&dir, &[&client[..], &["--ca", ca], more].concat(), "");
    with(&[], &cert).ends(0, &["is trusted itself"]);
    with(&["--name", "elsewhere.test"], &cert).ends(7, &["elsewhere.test"]);
    with(&[], &other).ends(6, &["self-signed"]);
}

/// SHA-256.
fn hash(bytes: &[u8]) -> Vec<u8> {
    let mut hash = aws_lc::provider().hash(HashAlgorithm::Sha256);
    hash.update(bytes);
    hash.current().to_vec()
}

#[test]
fn a_pinned_certificate_or_key_is_trusted_and_no_other() {
    let dir = Dir::new();
    let (cert, key) = Authority::self_signed(&dir, "own");
    let server = Server::start(&dir, &["--cert", &cert, "--key", &key]);
    let at = server.at("localhost");
    let der = CertificateDer::from_pem_file(&cert).expect("a certificate");
    let spki = X509Certificate::from_der(&der).expect("X.509").1.public_key().raw.to_vec();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let (of_cert, of_key, other) = (hex(&hash(&der)), BASE64_STANDARD.encode(hash(&spki)), "00".repeat(32));
    let with = |args: &[&str]| run(&dir, &[&["connect", &at], args].concat(), "");
    with(&["--pin-cert", &of_cert]).ends(0, &["verified: pinned certificate"]);
    with(&["--pin-cert", &of_cert, "--name", "elsewhere.test"]).ends(0, &["pinned certificate"]);
    with(&["--pin-cert", &other, "--pin-cert", &of_cert]).ends(0, &["pinned certificate"]);
    with(&["--pin-key", &format!("sha256//{of_key}")]).ends(0, &["verified: pinned key"]);
    with(&["--pin-cert", &other]).ends(6, &["is not one that is pinned", &of_cert]);
    with(&["--pin-key", &of_cert]).ends(6, &["is not one that is pinned", &hex(&hash(&spki))]);
    // A session that was judged by a pin is not for whoever has another.
    let session = dir.text("session");
    let request = "GET / HTTP/1.0\r\n\r\n";
    let keep = |pin: &str| {
        run(&dir, &["connect", &at, "--alpn", "http/1.1", "--session", &session, "--pin-cert", pin], request)
    };
    keep(&of_cert).ends(0, &["resumed no"]);
    keep(&of_cert).ends(0, &["resumed yes"]);
    keep(&other).ends(6, &["is not one that is pinned"]);
}

#[test]
fn of_several_client_certificates_the_one_that_is_wanted_is_sent() {
    let dir = Dir::new();
    let (_server, ours, ours_pem) = serving(&dir, &Leaf::default(), &[]);
    let others = Authority::new("Others");
    let others_pem = dir.write("others.pem", others.pem());
    let client = |ca: &Authority, name: &str, rsa| {
        let (cert, key) = ca.leaf(&dir, name, &Leaf { names: &[], client: true, rsa, ..Leaf::default() });
        ["--cert".to_owned(), cert, "--key".to_owned(), key]
    };
    let own =
        [client(&others, "of others", false), client(&ours, "with rsa", true), client(&ours, "with ecdsa", false)];
    let own: Vec<&str> = own.iter().flatten().map(String::as_str).collect();
    let (cert, key) = (dir.text("leaf.pem"), dir.text("leaf-key.pem"));
    let sent = |asked: &str, schemes: &[&str]| {
        let files = ["--cert", &cert, "--key", &key, "--client-ca", asked, "--client-optional"];
        let server = Server::start(&dir, &[&files, schemes].concat());
        let done = run(&dir, &[&["connect", &server.at("localhost"), "--ca", &ours_pem], &own[..]].concat(), "");
        done.ends(0, &[]);
        done.stderr.lines().find(|l| l.contains("→ Certificate ")).expect("a certificate").to_owned()
    };
    assert!(sent(&ours_pem, &[]).contains("with rsa"));
    assert!(sent(&others_pem, &[]).contains("of others"));
    assert!(sent(&ours_pem, &["--schemes", "ecdsa_secp256r1_sha256"]).contains("with ecdsa"));
    assert!(sent(&others_pem, &["--schemes", "ecdsa_secp256r1_sha256"]).contains("of others"));
    let stranger = dir.write("stranger.pem", Authority::new("Strangers").pem());
    assert!(sent(&stranger, &[]).contains("none to give"));
}

#[test]
fn files_are_1() {
    let dir = Dir::new();
    let none = dir.text("none.pem");
    run(&dir, &["connect", "localhost:1", "--ca", &none], "").ends(1, &["annot read", "none.pem"]);
    let garbage = dir.write("garbage.pem", "not PEM");
    run(&dir, &["connect", "localhost:1", "--ca", &garbage], "").ends(1, &["garbage.pem"]);
    run(&dir, &["connect", "localhost:1", "--crl", &garbage], "").ends(1, &["garbage.pem", "no X509 CRL"]);
    run(&dir, &["connect", "localhost:1", "--session", &garbage], "").ends(1, &["garbage.pem", "not a session file"]);
    run(&dir, &["serve", "--listen", "127.0.0.1:0", "--dir", &none], "").ends(1, &["none.pem"]);
    let ca = Authority::new("Tests");
    let (cert, _) = ca.leaf(&dir, "one", &Leaf::default());
    let (_, key) = ca.leaf(&dir, "two", &Leaf::default());
    run(&dir, &["serve", "--listen", "127.0.0.1:0", "--cert", &cert, "--key", &key], "").ends(1, &["does not belong"]);
    let label = "ENCRYPTED PRIVATE KEY";
    let locked = dir.write("locked.pem", format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n"));
    let args = ["connect", "localhost:1", "--cert", &cert, "--key", &locked];
    run(&dir, &args, "").ends(1, &["locked.pem", "is encrypted", "decrypt it"]);
    let nowhere = dir.text("nowhere");
    let no_roots = [("SSL_CERT_FILE", nowhere.as_str()), ("SSL_CERT_DIR", &nowhere)];
    // Where there is no development CA either.
    run_with(&Dir::new(), &no_roots, &["connect", &accepting()]).ends(1, &["no list of trusted roots", "--ca"]);
    // A certificate that nothing can be done with is no use at all.
    let ec = ca.leaf(&dir, "ec", &Leaf::default());
    let rsa_only = ["--cert", &ec.0, "--key", &ec.1, "--suites", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"];
    run(&dir, &[&["serve", "--listen", "127.0.0.1:0"], &rsa_only[..]].concat(), "")
        .ends(2, &["one of the certificates"]);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("address").to_string();
    run(&dir, &["serve", "--listen", &address], "").ends(1, &["handfast: Cannot listen on", &address, "--listen"]);
}

#[test]
fn a_name_that_is_not_found_is_3() {
    let dir = Dir::new();
    let done = run(&dir, &["connect", "no-such-host.invalid", "--timeout", "60"], "");
    done.ends(3, &["no-such-host.invalid was not found"]);
}

#[test]
fn no_tcp_connection_is_4() {
    let dir = Dir::new();
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    run(&dir, &["connect", &format!("127.0.0.1:{port}")], "").ends(4, &["no TCP connection", "Nothing listens there"]);
}

#[test]
fn nothing_in_common_is_5() {
    let dir = Dir::new();
    let fails = |serve: &[&str], connect: &[&str], said: &[&str]| {
        let (server, _, ca) = serving(&dir, &Leaf::default(), serve);
        let at = server.at("localhost");
        let mut args = vec!["connect", &at, "--ca", &ca];
        args.extend(connect);
        run(&dir, &args, "").ends(5, said);
    };
    fails(&["--policy", "modern"], &["--max-version", "tls1.2"], &["protocol_version", "versions"]);
    let (aes, chacha) = ("TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256");
    fails(&["--suites", aes], &["--suites", chacha], &["handshake_failure", "suites"]);
    // The certificate's key is on P-256.
    fails(&[], &["--schemes", "ed25519"], &["handshake_failure", "signature"]);
    fails(&["--alpn", "h2"], &["--alpn", "imap"], &["no_application_protocol", "--alpn"]);
}

#[test]
fn no_group_in_common_is_5() {
    use handfast::crypto::Credential;
    use handfast::wire::numbers::NamedGroup;
    let dir = Dir::new();
    let ca = Authority::new("Tests");
    let path = dir.write("ca.pem", ca.pem());
    let (cert, key) = ca.leaf(&dir, "leaf", &Leaf::default());
    let read = |p: &str| std::fs::read(p).expect("a file");
    let credential = Credential::from_pem(&read(&cert), &read(&key)).expect("a credential");
    let policy = handfast::Policy { groups: vec![NamedGroup::SECP256R1], ..handfast::Policy::default() };
    let config = std::sync::Arc::new(handfast::ServerConfig::new(policy, std::sync::Arc::new(credential)));
    let port = peer(move |socket| {
        let connection = handfast::Connection::server(config.clone());
        drop(handfast::Stream::new(connection, socket).handshake());
    });
    let at = format!("localhost:{port}");
    let done = run(&dir, &["connect", &at, "--ca", &path, "--groups", "x25519"], "");
    done.ends(5, &["handshake_failure", "groups"]);
}

#[test]
fn peers_that_do_not_speak_tls_are_5_by_name() {
    let dir = Dir::new();
    for (greeting, name, remedy) in [
        ("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "plain HTTP", "TLS port"),
        ("SSH-2.0-OpenSSH_9.2p1\r\n", "SSH", "port 22"),
        ("220 mail.example.com ESMTP\r\n", "SMTP", "STARTTLS"),
        ("<!DOCTYPE HTML>\n<html>", "plain HTTP", "TLS port"),
        ("+OK ready\r\n", "POP3", "995"),
        ("* OK ready\r\n", "IMAP", "993"),
    ] {
        let port = peer(move |mut socket| {
            let _ = socket.read(&mut [0; 4096]);
            let _ = socket.write_all(greeting.as_bytes());
        });
        let done = run(&dir, &["connect", &format!("127.0.0.1:{port}")], "");
        done.ends(5, &["not TLS", name]);
        assert!(remedy.split(' ').any(|w| done.stderr.contains(w)), "{}", done.stderr);
    }
}

#[test]
fn not_trusted_is_6() {
    let dir = Dir::new();
    let (server, _, _) = serving(&dir, &Leaf::default(), &[]);
    let other = dir.write("other.pem", Authority::new("Others").pem());
    let at = server.at("localhost");
    run(&dir, &["connect", &at, "--ca", &other], "").ends(6, &["Tests", "Certificate"]);
    run(&dir, &["connect", &at], "").ends(6, &["Tests"]);
    // --insecure says so.
    run(&dir, &["connect", &at, "--insecure"], "").ends(0, &["not checked"]);
}

#[test]
fn another_name_is_7() {
    let dir = Dir::new();
    let (server, _, ca) = serving(&dir, &Leaf { names: &["example.com"], ..Leaf::default() }, &[]);
    run(&dir, &["connect", &server.at("localhost"), "--ca", &ca], "").ends(7, &["localhost", "example.com"]);
    run(&dir, &["connect", &server.at("127.0.0.1"), "--ca", &ca], "").ends(7, &["127.0.0.1", "example.com"]);
    run(&dir, &["connect", &server.at("127.0.0.1"), "--ca", &ca, "--name", "example.com"], "")
        .ends(0, &["for example.com"]);
}

#[test]
fn out_of_date_is_8() {
    let dir = Dir::new();
    let expired = Leaf { from: Duration::days(-9), until: Duration::days(-2), ..Leaf::default() };
    let (server, _, ca) = serving(&dir, &expired, &[]);
    run(&dir, &["connect", &server.at("localhost"), "--ca", &ca], "").ends(8, &["expired"]);
    let early = Leaf { from: Duration::days(2), until: Duration::days(9), ..Leaf::default() };
    let (server, _, ca) = serving(&dir, &early, &[]);
    run(&dir, &["connect", &server.at("localhost"), "--ca", &ca], "").ends(8, &["is valid from"]);
}

#[test]
fn revoked_is_9() {
    let dir = Dir::new();
    let (server, authority, ca) = serving(&dir, &Leaf::default(), &[]);
    let at = server.at("localhost");
    let crl = dir.write("revoked.crl", authority.revokes(&[7]));
    run(&dir, &["connect", &at, "--ca", &ca, "--crl", &crl], "").ends(9, &["revoked"]);
    let crl = dir.write("others.crl", authority.revokes(&[8]));
    run(&dir, &["connect", &at, "--ca", &ca, "--crl", &crl], "").ends(0, &[]);
}

#[test]
fn time_out_is_10() {
    let dir = Dir::new();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = silent.local_addr().expect("address").to_string();
    let done = run(&dir, &["connect", &at, "--timeout", "0.5"], "");
    done.ends(10, &["ime-out during the handshake", "our ClientHello", "--timeout", "0.5 s"]);
    let done = run(&dir, &["connect", &at, "--timeout", "0.5", "--json"], "");
    done.ends(10, &[]);
    assert_eq!(done.event("failed")["during"], "ClientHello");
}

#[test]
fn the_table_stands_in_the_help() {
    let dir = Dir::new();
    for args in
        [&["--help"][..], &["connect", "--help"], &["serve", "--help"], &["cert", "--help"], &["demo", "--help"]]
    {
        let done = run(&dir, args, "");
        done.ends(0, &[]);
        for line in ["  0  done", "  3  the name was not found", " 10  time-out"] {
            assert!(done.text().contains(line), "{line}: {}", done.text());
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn stdout_that_fails_is_1() {
    let dir = Dir::new();
    let (server, _, ca) = serving(&dir, &Leaf::default(), &[]);
    let at = server.at("localhost");
    for args in
        [&["connect", &at, "--ca", &ca, "--json"][..], &["demo"], &["serve", "--listen", "127.0.0.1:0", "--json"]]
    {
        let done = super::run::run_into(&dir, "/dev/full", args);
        done.ends(1, &["tdout failed"]);
    }
}

/// To replace a device by a file would be a surprise.
#[cfg(unix)]
#[test]
fn a_session_is_kept_in_a_file_only() {
    let dir = Dir::new();
    std::os::unix::net::UnixListener::bind(dir.path("socket")).expect("a socket");
    for path in [dir.text("socket"), dir.text("")] {
        run(&dir, &["connect", "localhost:1", "--session", &path], "").ends(1, &["not a regular file"]);
    }
}

#[cfg(unix)]
#[test]
fn a_file_without_end_is_1() {
    run(&Dir::new(), &["connect", "localhost:1", "--crl", "/dev/zero"], "").ends(1, &["/dev/zero"]);
}

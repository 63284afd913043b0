//! `cert`, and what `serve` and `connect` make of it.

#[cfg(unix)]
use super::run::mode;
use super::run::{Dir, Server, run};

#[test]
fn a_certificate_of_the_development_ca_serves() {
    let dir = Dir::new();
    let out = dir.text("made");
    let done = run(&dir, &["cert", "example.com", "*.example.com", "127.0.0.1", "--out", &out], "");
    done.ends(0, &[]);
    let (cert, key) = (format!("{out}/example.com.pem"), format!("{out}/example.com-key.pem"));
    assert!(done.text().contains(&cert) && done.text().contains(&key), "{}", done.text());
    #[cfg(unix)]
    assert_eq!((mode(key.as_ref()), mode(dir.path("home/ca-key.pem").as_ref())), (0o600, 0o600));

    let server = Server::start(&dir, &["--cert", &cert, "--key", &key]);
    // At loopback the development CA is trusted without a word.
    for name in ["example.com", "www.example.com"] {
        run(&dir, &["connect", &server.at("127.0.0.1"), "--name", name], "").ends(0, &["verified"]);
    }
    run(&dir, &["connect", &server.at("127.0.0.1")], "").ends(0, &["verified"]);
    run(&dir, &["connect", &server.at("localhost")], "").ends(7, &["localhost"]);
}

/// Each kind of key, held against what `connect` says of the signature.
#[test]
fn keys_of_every_kind() {
    let dir = Dir::new();
    let out = dir.text("made");
    let files = [format!("{out}/localhost.pem"), format!("{out}/localhost-key.pem")];
    for (kind, scheme) in [
        ("ecdsa-p256", "ecdsa_secp256r1_sha256"),
        ("ecdsa-p384", "ecdsa_secp384r1_sha384"),
        ("ecdsa-p521", "ecdsa_secp521r1_sha512"),
        ("ed25519", "ed25519"),
        ("rsa-2048", "rsa_pss_rsae_sha256"),
        ("rsa-3072", "rsa_pss_rsae_sha256"),
        ("mldsa44", "mldsa44"),
        ("mldsa65", "mldsa65"),
        ("mldsa87", "mldsa87"),
    ] {
        run(&dir, &["cert", "localhost", "--key-type", kind, "--out", &out], "").ends(0, &[]);
        let key = std::fs::read_to_string(&files[1]).expect("a key");
        assert!(key.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{kind}");
        let server = Server::start(&dir, &["--cert", &files[0], "--key", &files[1]]);
        let done = run(&dir, &["connect", &server.at("localhost"), "--json"], "");
        done.ends(0, &[]);
        let connected = done.events().into_iter().find(|e| e["event"] == "connected").expect("connected");
        assert_eq!(connected["scheme"], scheme, "{kind}");
    }
    run(&dir, &["cert", "localhost", "--key-type", "dsa"], "").ends(2, &["ecdsa-p256", "mldsa65", "rsa-4096"]);
}

#[test]
fn the_certificate_is_chosen_by_name() {
    let dir = Dir::new();
    let out = dir.text("made");
    let mut args: Vec<String> = Vec::new();
    for name in ["one.example", "two.example"] {
        run(&dir, &["cert", name, "--out", &out], "").ends(0, &[]);
        args.extend(["--cert".into(), format!("{out}/{name}.pem"), "--key".into(), format!("{out}/{name}-key.pem")]);
    }
    let server = Server::start(&dir, &args.iter().map(String::as_str).collect::<Vec<_>>());
    for name in ["two.example", "one.example"] {
        let done = run(&dir, &["connect", &server.at("127.0.0.1"), "--name", name], "");
        done.ends(0, &[&format!("{name}, signed by Handfast development CA")]);
    }
}

#[test]
fn clients_show_certificates() {
    let dir = Dir::new();
    let out = dir.text("made");
    run(&dir, &["cert", "--client", "Ada Lovelace", "--out", &out], "").ends(0, &[]);
    let (cert, key) = (format!("{out}/Ada_Lovelace.pem"), format!("{out}/Ada_Lovelace-key.pem"));
    let ca = dir.text("home/ca.pem");
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    let server = Server::start(&dir, &["--client-ca", &ca]);
    let at = server.at("localhost");
    for version in ["tls1.2", "tls1.3"] {
        let with = ["connect", &at, "--cert", &cert, "--key", &key, "--max-version", version];
        let done = run(&dir, &with, request);
        done.ends(0, &["→ CertificateVerify"]);
        assert!(done.text().contains("Ada Lovelace"), "{}", done.text());
        let done = run(&dir, &["connect", &at, "--max-version", version, "--json"], request);
        done.ends(5, &["and we sent none", "Give --cert and --key"]);
        // TLS 1.3 clients are done before the server has seen their certificate.
        let connected = done.events().iter().any(|e| e["event"] == "connected");
        assert_eq!(connected, version == "tls1.3");
        // With nothing to say, it hears of it, too.
        run(&dir, &["connect", &at, "--max-version", version], "").ends(5, &["certificate"]);
    }
    let server = Server::start(&dir, &["--client-ca", &ca, "--client-optional"]);
    run(&dir, &["connect", &server.at("localhost")], "").ends(0, &["← CertificateRequest"]);
}

#[test]
fn a_long_name_stands_beside_the_subject() {
    let dir = Dir::new();
    let name = format!("{}.example.com", ["x".repeat(60), "y".repeat(60)].join("."));
    let out = dir.text("made");
    run(&dir, &["cert", &name, "--out", &out], "").ends(0, &[]);
    let server =
        Server::start(&dir, &["--cert", &format!("{out}/{name}.pem"), "--key", &format!("{out}/{name}-key.pem")]);
    run(&dir, &["connect", &server.at("127.0.0.1"), "--name", &name], "").ends(0, &["verified"]);
}

#[test]
fn a_ca_that_lost_its_key_signs_nothing() {
    let dir = Dir::new();
    let args = ["cert", "localhost", "--out", &dir.text("made")];
    run(&dir, &args, "").ends(0, &[]);
    let key = dir.path("home/ca-key.pem");
    let kept = std::fs::read(&key).expect("the key");
    std::fs::remove_file(&key).expect("removed");
    run(&dir, &args, "").ends(1, &["ca-key.pem", "no key any more", "Remove"]);
    std::fs::write(&key, rcgen::KeyPair::generate().expect("a key").serialize_pem()).expect("another key");
    run(&dir, &args, "").ends(1, &["ca.pem", "not the certificate of the key", "Remove"]);
    std::fs::write(&key, "garbage").expect("no key");
    run(&dir, &args, "").ends(1, &["ca-key.pem", "not a private key"]);
    std::fs::write(&key, kept).expect("the key again");
    run(&dir, &args, "").ends(0, &[]);
}

//! `--raw-public-key` and `--client-pin-key`.

use super::material::{Authority, Leaf};
use super::run::{Dir, Server, run};

/// A key pair: the file of the private key, and the hash of the public one.
fn pair(dir: &Dir, name: &str) -> (String, String) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let file = dir.write(&format!("{name}.pem"), key.serialize_pem());
    let done = run(dir, &["connect", "127.0.0.1:1", "--raw-public-key", "--insecure", "--key", &file], "");
    assert_ne!(done.code, 2, "{}", done.stderr);
    let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
    (file, hash(&spki))
}

fn hash(bytes: &[u8]) -> String {
    use handfast::crypto::{HashAlgorithm, aws_lc};
    let mut hash = aws_lc::provider().hash(HashAlgorithm::Sha256);
    hash.update(bytes);
    hash.current().iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn both_sides_show_keys_and_no_certificates() {
    let dir = Dir::new();
    let ((server_key, server_pin), (key, pin)) = (pair(&dir, "server"), pair(&dir, "client"));
    let server = Server::start(&dir, &["--raw-public-key", "--key", &server_key, "--client-pin-key", &pin]);
    let at = server.at("localhost");
    for version in ["tls1.2", "tls1.3"] {
        let args =
            ["connect", &at, "--raw-public-key", "--pin-key", &server_pin, "--key", &key, "--max-version", version];
        let done = run(&dir, &args, "");
        done.ends(0, &[&format!("pinned raw key, SHA-256 {server_pin}"), "peer's raw key"]);
        assert!(done.stderr.contains("← Certificate") && done.stderr.contains("a raw public key, SHA-256"));
        let done = run(&dir, &[&args[..], &["--json"]].concat(), "");
        let connected = done.event("connected");
        assert_eq!(connected["peer_raw_key"]["sha256"], server_pin.as_str());
        assert_eq!(connected["peer_chain"].as_array().map(Vec::len), Some(0));
    }
    // Another key than the one that is pinned, on either side.
    let (other, _) = pair(&dir, "other");
    let wrong = ["connect", &at, "--raw-public-key", "--pin-key", &pin, "--key", &key];
    run(&dir, &wrong, "").ends(6, &["not one that is pinned"]);
    let wrong =
        ["connect", &at, "--raw-public-key", "--pin-key", &server_pin, "--key", &other, "--max-version", "tls1.2"];
    assert_ne!(run(&dir, &wrong, "").code, 0);
    // It has no certificate for those who want one.
    run(&dir, &["connect", &at, "--insecure"], "").ends(5, &["unsupported_certificate"]);
}

#[test]
fn certificates_are_pinned_by_their_keys() {
    let dir = Dir::new();
    let authority = Authority::new("nobody's CA");
    let (cert, key) = authority.leaf(&dir, "server", &Leaf::default());
    let server = Server::start(&dir, &["--cert", &cert, "--key", &key, "--raw-public-key"]);
    let at = server.at("localhost");
    // Its hash, as the raw key says it.
    let raw = run(&dir, &["connect", &at, "--raw-public-key", "--insecure", "--json"], "");
    let pin = raw.event("connected")["peer_raw_key"]["sha256"].as_str().expect("a hash").to_owned();
    run(&dir, &["connect", &at, "--pin-key", &pin], "").ends(0, &["pinned key, SHA-256"]);
}

#[test]
fn what_makes_no_sense() {
    let dir = Dir::new();
    let refused = |args: &[&str], said: &str| run(&dir, args, "").ends(2, &[said]);
    refused(&["connect", "localhost", "--raw-public-key"], "--pin-key");
    refused(&["connect", "localhost", "--key", "x"], "--cert");
    refused(&["serve", "--key", "x"], "each --cert its --key");
}

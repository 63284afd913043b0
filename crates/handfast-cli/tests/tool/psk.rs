//! External pre-shared keys.

use super::reload::Watched;
use super::run::{Dir, Server, run};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const REQUEST: &str = "GET / HTTP/1.0\r\n\r\n";

#[test]
fn a_key_stands_for_both_sides() {
    let dir = Dir::new();
    let file = dir.write("key", format!("{KEY}\n"));
    let server =
        Server::start(&dir, &["--psk-identity", "other", "--psk-key", "00", "--psk-identity", "me", "--psk-key", KEY]);
    let at = server.at("localhost");
    let me = ["connect", &at, "--alpn", "http/1.1", "--psk-identity", "me", "--psk-key", &format!("@{file}")];
    let done = run(&dir, &me, REQUEST);
    done.ends(0, &["by a pre-shared key", "by the key", "me"]);
    assert!(done.text().starts_with("HTTP/1.0 200"), "{}", done.text());
    assert!(!done.stderr.contains("Certificate"), "{}", done.stderr);
    let done = run(&dir, &[&me[..], &["--json"]].concat(), REQUEST);
    assert_eq!(
        (&done.event("connected")["psk_identity"], done.event("connected")["peer_chain"].as_array().map(Vec::len)),
        (&"me".into(), Some(0))
    );
    // Alone, it needs a server that does that.
    run(&dir, &[&me[..], &["--psk-only"]].concat(), REQUEST).ends(0, &["← Certificate"]);
    // A wrong key is told by its proof.
    let wrong = ["connect", &at, "--psk-identity", "me", "--psk-key", "0011"];
    run(&dir, &wrong, REQUEST).ends(5, &["decrypt_error"]);
}

#[test]
fn a_server_may_have_nothing_else() {
    let dir = Dir::new();
    let key = ["--psk-identity", "me", "--psk-key", KEY];
    let server = Server::start(&dir, &[&key[..], &["--no-certificate"]].concat());
    let at = server.at("localhost");
    let done = run(&dir, &[&["connect", &at, "--alpn", "http/1.1"], &key[..]].concat(), REQUEST);
    done.ends(0, &["has a pre-shared key", "by a pre-shared key"]);
    run(&dir, &["connect", &at, "--insecure"], REQUEST).ends(5, &["handshake_failure"]);
    let other = ["connect", &at, "--psk-identity", "you", "--psk-key", KEY];
    run(&dir, &other, REQUEST).ends(5, &["handshake_failure", "pre-shared key \"you\", and had taken none"]);
    run(&dir, &["connect", &at, "--max-version", "tls1.2"], REQUEST).ends(5, &["protocol_version"]);
    run(&dir, &["serve", "--no-certificate"], "").ends(2, &["--psk-identity"]);
}

/// Up to TLS 1.2 the suite says that there is a key; with keys, such suites go first.
#[test]
fn before_tls_1_3() {
    let dir = Dir::new();
    let key = ["--psk-identity", "me", "--psk-key", KEY];
    let old = ["--policy", "legacy", "--max-version", "tls1.2"];
    let oldest = ["--policy", "legacy", "--max-version", "tls1.0"];
    let server = Server::start(&dir, &[&key[..], &["--policy", "legacy", "--psk-hint", "a name"]].concat());
    let at = server.at("localhost");
    let me = |old: &[&'static str]| [&["connect", at.as_str(), "--alpn", "http/1.1"], old, &key[..]].concat();
    let done = run(&dir, &me(&old), REQUEST);
    done.ends(0, &["ECDHE_PSK", "by a pre-shared key", "by the key: me", "hint \"a name\""]);
    for (suite, group) in [
        ("TLS_PSK_WITH_AES_128_CBC_SHA", "group none"),
        ("TLS_DHE_PSK_WITH_AES_128_CBC_SHA", "group ffdhe2048"),
        ("TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA", "group x25519"),
        ("TLS_RSA_PSK_WITH_AES_128_CBC_SHA", "group none"),
    ] {
        let done = run(&dir, &[&me(&oldest)[..], &["--suites", suite]].concat(), REQUEST);
        done.ends(0, &["TLS 1.0", suite, group, "by the key: me"]);
        assert_eq!(done.stderr.contains("← Certificate"), suite.contains("RSA_PSK"), "{}", done.stderr);
    }
    // A wrong key and an unknown one look alike; imported, it is none.
    for (name, value) in [("me", "0011"), ("you", KEY)] {
        let wrong = [&["connect", &at], &old[..], &["--psk-identity", name, "--psk-key", value]].concat();
        run(&dir, &wrong, REQUEST).ends(5, &["bad_record_mac"]);
    }
    let suites = ["--suites", "TLS_PSK_WITH_AES_128_CBC_SHA", "--psk-import", ""];
    run(&dir, &[&me(&old)[..], &suites].concat(), REQUEST).ends(2, &["no suite"]);
}

#[test]
fn a_group_of_the_servers_own() {
    let dir = Dir::new();
    let rsa = ["--suites", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"];
    let server = Server::start(&dir, &[&["--policy", "compatible", "--dh-group", "ffdhe3072"], &rsa[..]].concat());
    let at = server.at("localhost");
    let old = ["connect", &at, "--policy", "compatible", "--alpn", "http/1.1", "--insecure"];
    // Who names one gets that; who names none, the server's.
    let named = [&old[..], &rsa, &["--groups", "ffdhe4096"]].concat();
    run(&dir, &named, REQUEST).ends(0, &["group ffdhe4096"]);
    let unnamed = [&old[..], &rsa, &["--groups", "x25519"]].concat();
    let done = run(&dir, &[&unnamed[..], &["--json"]].concat(), REQUEST);
    assert_eq!(done.event("connected")["dh_bits"], 3072);
    let more = [&unnamed[..], &["--min-dh-bits", "4096"]].concat();
    run(&dir, &more, REQUEST).ends(5, &["3072 bits, and 4096 is the least", "--min-dh-bits"]);
    let nothing = [&old[..], &rsa, &["--groups", "ffdhe8192"]].concat();
    run(&dir, &nothing, REQUEST).ends(5, &["insufficient_security"]);
    run(&dir, &["serve", "--dh-group", "x25519"], "").ends(2, &["ffdhe2048"]);
    run(&dir, &["connect", &at, "--suites", "TLS_DH_anon_WITH_AES_128_CBC_SHA"], "")
        .ends(2, &["never", "nobody proves"]);
}

#[test]
fn imported_and_alone() {
    let dir = Dir::new();
    let key = ["--psk-identity", "me", "--psk-key", KEY, "--psk-import", "here", "--psk-only"];
    let server = Server::start(&dir, &key);
    let at = server.at("localhost");
    let done = run(&dir, &[&["connect", &at, "--alpn", "http/1.1"], &key[..]].concat(), REQUEST);
    done.ends(0, &["group none", "by a pre-shared key"]);
    // Another context is another key: the server shows its certificate.
    let other = ["connect", &at, "--psk-identity", "me", "--psk-key", KEY, "--psk-import", "there"];
    run(&dir, &other, REQUEST).ends(0, &["← Certificate", "the server did not take the pre-shared key"]);
    // Who means that key and nothing else does not go on; nor by a session that was made so.
    let session = ["--session", &dir.text("session")];
    run(&dir, &[&other[..], &session].concat(), REQUEST).ends(0, &["resumed no"]);
    run(&dir, &[&other[..], &session].concat(), REQUEST).ends(0, &["resumed yes"]);
    run(&dir, &[&other[..], &session, &["--psk-required"]].concat(), REQUEST).ends(6, &["→ alert"]);
    let done = run(&dir, &[&["connect", &at, "--psk-required", "--alpn", "http/1.1"], &key[..]].concat(), REQUEST);
    done.ends(0, &["by a pre-shared key"]);
    assert!(!done.stderr.contains("did not take"), "{}", done.stderr);
    run(&dir, &["connect", &at, "--psk-required"], "").ends(2, &["--psk-identity"]);
}

/// The file of a key is read again; who has been let in by what stood in it before is not let in again.
#[test]
fn a_key_that_is_replaced_lets_nobody_in() {
    let dir = Dir::new();
    let file = dir.write("key", KEY);
    let server = Watched::start(&dir, &["--no-certificate", "--psk-identity", "me", "--psk-key", &format!("@{file}")]);
    let (at, session) = (server.at(), dir.text("session"));
    let visit = |key: &str| {
        let me =
            ["connect", &at, "--alpn", "http/1.1", "--psk-identity", "me", "--psk-key", key, "--session", &session];
        run(&dir, &me, REQUEST)
    };
    visit(KEY).ends(0, &["resumed no"]);
    visit(KEY).ends(0, &["resumed yes"]);
    dir.write("key", KEY.replace("00", "77"));
    server.next("reloaded");
    visit(KEY).ends(5, &["→ ClientHello"]);
    visit(&KEY.replace("00", "77")).ends(0, &["resumed no"]);
}

#[test]
fn keys_that_make_no_sense() {
    let dir = Dir::new();
    for (args, said) in [
        (&["--psk-identity", "me"][..], "--psk-identity was given 1 times, and --psk-key 0"),
        (&["--psk-identity", "me", "--psk-key", "xy"], "hexadecimal"),
        (&["--psk-identity", "me", "--psk-key", "00", "--psk-hash", "md5"], "sha256, sha384"),
        (&["--psk-identity", "", "--psk-key", "00"], "is empty"),
        (&["--psk-import", "x"], "--psk-identity"),
    ] {
        run(&dir, &[&["connect", "localhost:1"], args].concat(), "").ends(2, &[said]);
    }
}

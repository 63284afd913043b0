//! The demo's order.

use super::run::{Dir, run};

/// The messages that are told: number, name, who to whom.
fn told(args: &[&str]) -> Vec<(String, bool)> {
    let mut all = vec!["demo"];
    all.extend(args);
    let done = run(&Dir::new(), &all, "");
    done.ends(0, &[]);
    let mut out = Vec::new();
    for line in done.text().lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        if let [number, name, "client", arrow @ ("→" | "←"), "server", ..] = words[..] {
            assert_eq!(number, (out.len() + 1).to_string());
            out.push((name.to_owned(), arrow == "→"));
        }
    }
    out
}

fn list(messages: &[(&str, bool)]) -> Vec<(String, bool)> {
    messages.iter().map(|(n, sent)| (n.to_string(), *sent)).collect()
}

const END: [(&str, bool); 4] = [("data", true), ("data", false), ("close_notify", true), ("close_notify", false)];

#[test]
fn by_default_the_classic_handshake_with_rsa_key_exchange() {
    let wanted = [
        ("ClientHello", true),
        ("ServerHello", false),
        ("Certificate", false),
        ("CertificateRequest", false),
        ("ServerHelloDone", false),
        ("Certificate", true),
        ("ClientKeyExchange", true),
        ("CertificateVerify", true),
        ("ChangeCipherSpec", true),
        ("Finished", true),
        ("ChangeCipherSpec", false),
        ("Finished", false),
    ];
    assert_eq!(told(&[]), list(&[&wanted[..], &END].concat()));
}

#[test]
fn with_ephemeral_keys_the_thirteen_messages_of_the_classic_handshake() {
    let wanted = [
        ("ClientHello", true),
        ("ServerHello", false),
        ("Certificate", false),
        ("ServerKeyExchange", false),
        ("CertificateRequest", false),
        ("ServerHelloDone", false),
        ("Certificate", true),
        ("ClientKeyExchange", true),
        ("CertificateVerify", true),
        ("ChangeCipherSpec", true),
        ("Finished", true),
        ("ChangeCipherSpec", false),
        ("Finished", false),
    ];
    let args = ["--suites", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"];
    assert_eq!(told(&args), list(&[&wanted[..], &END].concat()));
}

#[test]
fn with_ephemeral_keys_and_without_a_client_certificate() {
    let wanted = [
        ("ClientHello", true),
        ("ServerHello", false),
        ("Certificate", false),
        ("ServerKeyExchange", false),
        ("ServerHelloDone", false),
        ("ClientKeyExchange", true),
        ("ChangeCipherSpec", true),
        ("Finished", true),
        ("ChangeCipherSpec", false),
        ("Finished", false),
    ];
    let args = ["--suites", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "--no-client-certificate"];
    assert_eq!(told(&args), list(&[&wanted[..], &END].concat()));
}

#[test]
fn every_version_tells_its_own() {
    let tls10 = told(&["--version", "tls1.0"]);
    assert_eq!(tls10, told(&[]), "the order did not change between them");
    let names: Vec<_> = told(&["--version", "tls1.3"]).into_iter().map(|(n, _)| n).collect();
    for name in ["EncryptedExtensions", "CertificateRequest", "CertificateVerify", "Finished", "close_notify"] {
        assert!(names.contains(&name.to_string()), "{name} in {names:?}");
    }
    assert!(!names.contains(&"ServerHelloDone".to_string()));
}

#[test]
fn fields_are_real_ones() {
    let text = run(&Dir::new(), &["demo"], "").text();
    for part in [
        "cipher_suites  TLS_RSA_WITH_",
        "host_name  localhost",
        "encrypted_pre_master_secret",
        "certificate_types  rsa_sign",
        "verify_data",
        "Ada Lovelace",
        "Hello, server.",
    ] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
}

#[test]
fn elements_with_fields_of_their_own_are_told() {
    let text = run(&Dir::new(), &["demo", "--version", "tls1.3"], "").text();
    let (_, shares) = text.split_once("client_shares").expect("the client's shares");
    let lines: Vec<_> = shares.lines().skip(1).take(4).map(str::trim).collect();
    assert_eq!((lines[0], lines[2]), ("group  X25519MLKEM768", "group  x25519"), "{lines:?}");
    assert!(lines[1].starts_with("key_exchange  ") && lines[3].starts_with("key_exchange  "), "{lines:?}");
}

#[test]
fn two_versions_stand_side_by_side() {
    let text = run(&Dir::new(), &["demo", "--compare", "tls1.3"], "").text();
    let row = |left: &str, right: &str| {
        let fits = |line: &&str| line.split_once('│').is_some_and(|(l, r)| l.contains(left) && r.contains(right));
        assert!(text.lines().any(|l| fits(&l)), "{left} | {right}:\n{text}");
    };
    row("TLS 1.2", "TLS 1.3");
    row("→ ClientHello", "→ ClientHello");
    row("← ServerHelloDone", "");
    row("", "← EncryptedExtensions");
    row("→ CertificateVerify", "→ CertificateVerify");
    row("→ data", "→ data");
    row("waits 2 times", "waits once");
    row("everybody between sees", "nobody between sees");
    assert!(text.lines().all(|l| l.chars().count() <= 110), "{text}");
    run(&Dir::new(), &["demo", "--compare", "tls9"], "").ends(2, &["tls1.3"]);
}

#[test]
fn a_suite_that_encrypts_nothing_is_not_said_to() {
    let null = ["demo", "--version", "tls1.2", "--suites", "TLS_RSA_WITH_NULL_SHA256"];
    for more in [&[][..], &["--bytes"], &["--compare", "tls1.2"]] {
        let text = run(&Dir::new(), &[&null[..], more].concat(), "").text();
        let has = |one: &str, other: &str| text.lines().any(|l| l.contains(one) && l.contains(other));
        assert!(has("Finished   ", "guarded"), "{text}");
        if more.contains(&"--compare") {
            assert!(has("whoever listens can read it all", "whoever gets the server's key"), "{text}");
            continue;
        }
        let (_, later) = text.split_once("ChangeCipherSpec").expect("a ChangeCipherSpec");
        assert!(!later.contains("encrypted") && !later.contains("decrypted"), "{later}");
        assert!(later.contains("nothing encrypts it") && later.contains("Everybody who listens."), "{later}");
    }
}

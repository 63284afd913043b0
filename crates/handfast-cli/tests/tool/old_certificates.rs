//! Certificates of old forms: each has its flag, and a policy that accepts it.

use super::run::{Dir, Server, run};

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("../../../handfast/src/verify/testdata/old/", $name, ".pem"))
    };
}

/// Refused by default, where flags are named that help; accepted by these flags, and by this policy alone.
#[track_caller]
fn case(cert: &str, key: &str, own: &[&str], flags: &[&str], policy: &str, refused: i32, said: &[&str]) {
    let dir = Dir::new();
    let ca = dir.write("ca.pem", pem!("rsa-root"));
    let (cert, key) = (dir.write("cert.pem", cert), dir.write("key.pem", key));
    let server = Server::start(&dir, &[&["--cert", &cert, "--key", &key], own].concat());
    let at = server.at("localhost");
    let connect = |more: &[&str]| run(&dir, &[&["connect", &at, "--ca", &ca], more].concat(), "");
    connect(&[]).ends(refused, said);
    connect(flags).ends(0, &["verified: chain of 1 to CN=RSA Root"]);
    connect(&["--policy", policy]).ends(0, &["verified: chain of 1 to CN=RSA Root"]);
}

#[test]
fn version_1_over_sha1() {
    let flags = ["--allow-x509v1", "--allow-common-name", "--allow-sha1"];
    let said = ["is of X.509 version 1", "--allow-x509v1", "certificates.version_1", "the policy legacy"];
    case(pem!("v1-sha1"), pem!("v1-sha1.key"), &[], &flags, "legacy", 6, &said);
}

#[test]
fn short_keys() {
    let said = ["has 1024 bits, and 2048 is the least", "--min-rsa-bits", "the policy legacy"];
    let own = ["--max-version", "tls1.2"];
    case(pem!("rsa1024"), pem!("rsa1024.key"), &own, &["--min-rsa-bits", "1024"], "legacy", 6, &said);
}

#[test]
fn md5() {
    let said = ["is signed with RSA with MD5", "--allow-md5", "the policy museum"];
    case(pem!("rsa-md5"), pem!("rsa-md5.key"), &[], &["--allow-md5"], "museum", 6, &said);
}

/// What was accepted once by a flag is not had again without it.
#[test]
fn a_session_is_bound_to_the_rules() {
    let dir = Dir::new();
    let ca = dir.write("ca.pem", pem!("rsa-root"));
    let (cert, key) = (dir.write("cert.pem", pem!("rsa1024")), dir.write("key.pem", pem!("rsa1024.key")));
    let server = Server::start(&dir, &["--cert", &cert, "--key", &key, "--max-version", "tls1.2"]);
    let (at, session) = (server.at("localhost"), dir.path("session").to_string_lossy().into_owned());
    let connect = ["connect", &at, "--ca", &ca, "--session", &session];
    let short = [&connect[..], &["--min-rsa-bits", "1024"]].concat();
    run(&dir, &short, "").ends(0, &["resumed no"]);
    run(&dir, &short, "").ends(0, &["resumed yes"]);
    run(&dir, &connect, "").ends(6, &["has 1024 bits"]);
}

//! What cannot be asked for.

use super::run::{Dir, run};

#[track_caller]
fn refused(args: &[&str], said: &[&str]) {
    run(&Dir::new(), args, "").ends(2, said);
}

#[test]
fn the_command_line_must_make_sense() {
    refused(&[], &["Usage"]);
    refused(&["frobnicate"], &["frobnicate"]);
    refused(&["connect"], &["HOST"]);
    refused(&["connect", "a b"], &["neither a DNS name nor an address"]);
    refused(&["connect", "localhost:0"], &["not a port"]);
    refused(&["connect", "https://localhost:8443/x"], &["URL", "localhost:8443\n"]);
    refused(&["connect", "1::2::3:443"], &["[::1]:443"]);
    refused(&["connect", "localhost", "--name", "a b"], &["a b", "neither a DNS name nor an address"]);
    refused(&["connect", "localhost", "--timeout", "0"], &["seconds"]);
    refused(&["connect", "localhost", "--cert", "x"], &["--key"]);
    refused(&["connect", "localhost", "--ca", "x", "--insecure"], &["--insecure"]);
    refused(&["connect", "localhost", "--cert", "x", "--key", "x", "--cert", "y"], &["each --cert its --key"]);
    refused(&["connect", "localhost", "--pin-cert", "00"], &["--pin-cert", "SHA-256"]);
    refused(&["connect", "localhost", "--pin-key", &"00".repeat(32), "--ca", "x"], &["--pin-key", "--ca"]);
    refused(&["serve", "--cert", "x"], &["each --cert its --key"]);
    refused(&["serve", "--client-optional"], &["--client-ca"]);
    refused(&["serve", "--listen", "localhost"], &["--listen", "127.0.0.1:8443"]);
    refused(&["serve", "--max-fragment", "63"], &["--max-fragment", "64..=16384"]);
    refused(&["serve", "--tickets", "17"], &["--tickets", "0..=16"]);
    refused(&["cert", "--client", ""], &["name is empty"]);
    refused(&["cert", "--client", &"x".repeat(65)], &["too long"]);
    refused(&["cert"], &["NAME"]);
    refused(&["cert", "--days", "0", "localhost"], &["--days"]);
}

#[test]
fn what_lies_outside_of_the_policy_names_the_one_that_has_it() {
    let cbc = "TLS_RSA_WITH_AES_128_CBC_SHA";
    refused(&["connect", "localhost", "--suites", cbc], &[cbc, "policy default", "--policy compatible"]);
    refused(&["serve", "--suites", cbc], &[cbc, "policy default", "--policy compatible"]);
    refused(&["connect", "localhost", "--min-version", "tls1.0"], &["policy default", "--policy legacy"]);
    refused(&["serve", "--min-version", "tls1.0"], &["policy default", "--policy legacy"]);
    refused(&["connect", "localhost", "--policy", "modern", "--max-version", "tls1.2"], &["--policy default"]);
    refused(&["connect", "localhost", "--schemes", "rsa_pkcs1_sha1"], &["--policy legacy"]);
}

#[test]
fn what_this_build_lacks_lists_what_there_is() {
    // From the first to the last.
    let all = ["TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_CCM_8"];
    let unspoken = "TLS_OF_NOBODY_WITH_NOTHING";
    refused(&["connect", "localhost", "--policy", "compatible", "--suites", unspoken], &all);
    refused(
        &["connect", "localhost", "--suites", "TLS_NULL_WITH_NULL_NULL"],
        &["never spoken", "without any protection"],
    );
    refused(&["connect", "localhost", "--suites", "TLS_RSA_WITH_RC4_128_MD5"], &["--policy museum"]);
    refused(&["connect", "localhost", "--groups", "x448"], &["x25519", "secp256r1"]);
    refused(&["connect", "localhost", "--schemes", "ed448"], &["ed25519"]);
    refused(&["connect", "localhost", "--min-version", "ssl3"], &["--policy museum"]);
    refused(&["connect", "localhost", "--min-version", "tls7"], &["ssl3", "tls1.3"]);
    refused(&["connect", "localhost", "--policy", "lax"], &["modern, default, compatible, legacy, museum"]);
    refused(&["demo", "--version", "tls1.3", "--suites", "TLS_RSA_WITH_AES_128_CBC_SHA"], &["TLS 1.3"]);
}

#[test]
fn flags_without_effect_are_refused() {
    let said = |flag| [flag, "has no effect"];
    refused(&["connect", "localhost", "--policy", "modern", "--renegotiate"], &said("--renegotiate"));
    refused(&["connect", "localhost", "--min-version", "tls1.3", "--renegotiate"], &said("--renegotiate"));
    refused(&["connect", "localhost", "--min-dh-bits", "1024"], &said("--min-dh-bits"));
    refused(&["connect", "localhost", "--min-version", "tls1.3", "--fallback"], &said("--fallback"));
    refused(&["serve", "--dh-group", "ffdhe3072"], &said("--dh-group"));
    refused(&["serve", "--psk-identity", "me", "--psk-key", "00", "--psk-hint", "x"], &said("--psk-hint"));
}

/// A client cannot know in time whether the server has encrypt-then-MAC.
#[test]
fn what_a_client_cannot_open_safely_is_refused_with_the_reason() {
    let suites = "TLS_RSA_WITH_AES_256_CBC_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA";
    let args = ["connect", "localhost", "--policy", "compatible", "--suites", suites];
    refused(&args, &["TLS_RSA_WITH_AES_256_CBC_SHA256 is not spoken by a client", "constant time"]);
}

#[test]
fn names_are_said_as_they_are_written() {
    refused(&["connect", "localhost", "--schemes", "rsa_pkcs1_sha1"], &["The signature scheme rsa_pkcs1_sha1 is"]);
    refused(&["connect", "localhost", "--min-version", "tls1.0"], &["The version TLS 1.0 is outside"]);
}

#[test]
fn help_lists_flags_by_group() {
    let groups = ["Peer and trust:", "Own certificate:", "What may be spoken:", "Sessions:", "Records:", "Output:"];
    let served = ["What is served:", "Own certificate:", "Clients:", "What may be spoken:", "Sessions:", "Records:"];
    for (verb, groups) in [("connect", groups), ("serve", served)] {
        let done = run(&Dir::new(), &[verb, "--help"], "");
        let help = done.text();
        let mut rest = help.as_str();
        for group in groups {
            rest = rest.split_once(group).unwrap_or_else(|| panic!("no {group} in its place:\n{help}")).1;
        }
    }
}

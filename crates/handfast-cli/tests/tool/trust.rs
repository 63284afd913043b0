//! Whom one trusts, and by what: OCSP responses, pins, fingerprints, and a client's own certificates.

use super::material::{Authority, Leaf};
use super::run::{Dir, Server, run};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use handfast::pki_types::CertificateDer;
use handfast::pki_types::pem::PemObject;
use handfast::verify::{fingerprint, key_fingerprint};

/// An authority in `ca.pem`, and a certificate of its with number 7.
fn issued(dir: &Dir) -> (Authority, String, String, String) {
    let ca = Authority::new("Tests");
    let path = dir.write("ca.pem", ca.pem());
    let (cert, key) = ca.leaf(dir, "leaf", &Leaf::default());
    (ca, path, cert, key)
}

#[test]
fn an_ocsp_response_is_sent_and_judged() {
    let dir = Dir::new();
    let (ca, roots, cert, key) = issued(&dir);
    let serving = |response: Vec<u8>| {
        let file = dir.write("response.der", response);
        Server::start(&dir, &["--cert", &cert, "--key", &key, "--ocsp", &file])
    };
    let connect = |server: &Server, more: &[&str]| {
        run(&dir, &[&["connect", &server.at("localhost"), "--ca", &roots][..], more].concat(), "")
    };
    for version in ["tls1.2", "tls1.3"] {
        let spoken = ["--max-version", version];
        let server = serving(ca.response(7, true));
        connect(&server, &spoken).ends(0, &["not revoked as of", "OCSP response: "]);
        connect(&server, &[&spoken[..], &["--ocsp", "require"]].concat()).ends(0, &["not revoked as of"]);
        let json = connect(&server, &[&spoken[..], &["--json"]].concat());
        let der = json.event("connected")["ocsp"].as_str().map(|text| BASE64_STANDARD.decode(text));
        assert_eq!(der.expect("a response").expect("base64")[0], 0x30);
        let json = connect(&server, &[&spoken[..], &["--json", "--sct"]].concat());
        assert_eq!(json.event("connected")["scts"], serde_json::json!([]));
        let server = serving(ca.response(7, false));
        connect(&server, &spoken).ends(9, &["was revoked on", "says its OCSP response"]);
        connect(&server, &[&spoken[..], &["--ocsp", "off"]].concat()).ends(0, &["verified: chain of 1"]);
        let server = serving(ca.response(8, true));
        let said =
            ["an OCSP response that is about another certificate", "bad_certificate_status_response", "--ocsp off"];
        connect(&server, &spoken).ends(6, &said);
        let server = Server::start(&dir, &["--cert", &cert, "--key", &key]);
        connect(&server, &spoken).ends(0, &["verified: chain of 1"]);
        let said = ["no OCSP response came", "this verifier requires one"];
        connect(&server, &[&spoken[..], &["--ocsp", "require"]].concat()).ends(6, &said);
    }
    // What was judged without a response is not gone on with where one is asked for.
    let server = Server::start(&dir, &["--cert", &cert, "--key", &key]);
    let session = ["--session", &dir.text("session")];
    for (ocsp, resumed) in [("off", "no"), ("off", "yes"), ("ask", "no"), ("ask", "yes"), ("off", "no")] {
        let done = connect(&server, &[&session[..], &["--ocsp", ocsp]].concat());
        done.ends(0, &[&format!("resumed {resumed}")]);
    }
    run(&dir, &["connect", "localhost:1", "--insecure", "--ocsp", "require"], "").ends(2, &["no meaning"]);
    let garbage = dir.write("garbage.der", "not DER");
    run(&dir, &["serve", "--cert", &cert, "--key", &key, "--ocsp", &garbage], "").ends(1, &["garbage.der", "in DER"]);
    let twice = ["serve", "--cert", &cert, "--key", &key, "--ocsp", "none", "--ocsp", "none"];
    run(&dir, &twice, "").ends(2, &["--ocsp was given 2 times, and --cert 1"]);
}

#[test]
fn timestamps_are_handed_over() {
    let dir = Dir::new();
    let (_, roots, cert, key) = issued(&dir);
    // Two of them, of three bytes and of one.
    let list = dir.write("sct", [0, 8, 0, 3, 1, 2, 3, 0, 1, 4].as_slice());
    let serving = ["--cert", &cert, "--key", &key, "--sct", &list];
    let server = Server::start(&dir, &serving);
    for version in ["tls1.2", "tls1.3"] {
        let connect = ["connect", &server.at("localhost"), "--ca", &roots, "--max-version", version, "--sct", "--json"];
        let scts = run(&dir, &connect, "").event("connected")["scts"].clone();
        assert_eq!(scts, serde_json::json!(["AQID", "BA=="]), "{version}");
    }
    for bad in [&[][..], &[0, 0], &[0, 2, 0, 0], &[0, 3, 0, 1, 7, 7], &[0, 4, 0, 1, 7]] {
        let list = dir.write("bad", bad);
        let serve = ["serve", "--cert", &cert, "--key", &key, "--sct", &list];
        run(&dir, &serve, "").ends(1, &["SignedCertificateTimestampList"]);
    }
}

#[test]
fn a_server_is_told_whom_one_trusts() {
    let dir = Dir::new();
    let (a, b) = (Authority::new("Alpha"), Authority::new("Beta"));
    let (path_a, path_b) = (dir.write("a.pem", a.pem()), dir.write("b.pem", b.pem()));
    let (cert_a, key_a) = a.leaf(&dir, "leaf-a", &Leaf::default());
    let (cert_b, key_b) = b.leaf(&dir, "leaf-b", &Leaf::default());
    let server = Server::start(&dir, &["--cert", &cert_a, "--key", &key_a, "--cert", &cert_b, "--key", &key_b]);
    let at = server.at("localhost");
    run(&dir, &["connect", &at, "--ca", &path_a], "").ends(0, &["verified: chain of 1"]);
    run(&dir, &["connect", &at, "--ca", &path_b], "").ends(6, &["Alpha"]);
    run(&dir, &["connect", &at, "--ca", &path_b, "--name-authorities"], "").ends(0, &["verified: chain of 1"]);
}

#[test]
fn a_client_may_have_to_bring_one() {
    let dir = Dir::new();
    let (ca, roots, cert, key) = issued(&dir);
    let (own, own_key) = ca.leaf(&dir, "client", &Leaf { client: true, serial: 9, ..Leaf::default() });
    let [good, revoked, other] = [("good", 9, true), ("revoked", 9, false), ("other", 7, true)]
        .map(|(name, serial, good)| dir.write(&format!("{name}.der"), ca.response(serial, good)));
    let server = ["--cert", &cert, "--key", &key, "--client-ca", &roots, "--client-ocsp"];
    let at = |whether, more: &[&str]| {
        let server = Server::start(&dir, &[&server[..], &[whether]].concat());
        let to = server.at("localhost");
        let args = ["connect", &to, "--ca", &roots, "--cert", &own, "--key", &own_key];
        run(&dir, &[&args[..], more].concat(), "GET / HTTP/1.0\r\n\r\n")
    };
    at("ask", &[]).ends(0, &["verified: chain of 1"]);
    at("ask", &["--cert-ocsp", "none"]).ends(0, &["verified: chain of 1"]);
    at("ask", &["--cert-ocsp", &revoked]).ends(5, &["the alert certificate_revoked"]);
    at("require", &[]).ends(5, &["the alert bad_certificate_status_response"]);
    at("require", &["--cert-ocsp", &good]).ends(0, &["verified: chain of 1"]);
    at("require", &["--cert-ocsp", &other]).ends(5, &["the alert bad_certificate_status_response"]);
    // Whoever does not ask is not sent it.
    at("off", &["--cert-ocsp", &revoked]).ends(0, &["verified: chain of 1"]);
    let twice = ["--cert", &own, "--key", &own_key, "--cert-ocsp", "none", "--cert-ocsp", &good];
    run(&dir, &[&["connect", "localhost:1"], &twice[..]].concat(), "").ends(2, &["--cert-ocsp was given 2 times"]);
    run(&dir, &["connect", "localhost:1", "--cert-ocsp", &good], "").ends(2, &["--cert"]);
}

#[test]
fn a_peer_is_told_what_certificates_may_be_signed_by() {
    let dir = Dir::new();
    let (one, other) = (Authority::new("One"), Authority::ed25519("Other"));
    let roots = dir.write("roots.pem", one.pem() + &other.pem());
    let mut served = Vec::new();
    for (name, ca) in [("one", &one), ("other", &other)] {
        let (cert, key) = ca.leaf(&dir, name, &Leaf::default());
        served.extend(["--cert".to_owned(), cert, "--key".to_owned(), key]);
    }
    let served: Vec<&str> = served.iter().map(String::as_str).collect();
    let server = Server::start(&dir, &served);
    let at = server.at("localhost");
    for version in ["tls1.2", "tls1.3"] {
        let issuer = |more: &[&str]| {
            let args = ["connect", &at, "--ca", &roots, "--json", "--max-version", version];
            run(&dir, &[&args[..], more].concat(), "").event("connected")["peer_chain"][0]["issuer"].to_string()
        };
        assert!(issuer(&[]).contains("One"));
        assert!(issuer(&["--cert-schemes", "ed25519"]).contains("Other"));
        assert!(issuer(&["--cert-schemes", "ecdsa_secp256r1_sha256,ed25519"]).contains("One"));
    }
    run(&dir, &["connect", "localhost:1", "--cert-schemes", "ed25519,"], "").ends(2, &["--cert-schemes"]);
    run(&dir, &["serve", "--cert-schemes", "rsa_pkcs1_sha1"], "").ends(2, &["--policy legacy"]);
}

#[test]
fn a_key_is_pinned_besides_what_authorities_say() {
    let dir = Dir::new();
    let (_, roots, cert, key) = issued(&dir);
    let der = CertificateDer::from_pem_file(&cert).expect("a certificate");
    let pin = |hash: [u8; 32]| format!("sha256//{}", BASE64_STANDARD.encode(hash));
    let right = pin(key_fingerprint(&der).expect("its key"));
    let (wrong, either) = (pin([7; 32]), format!("{};{right}", pin([7; 32])));
    let server = Server::start(&dir, &["--cert", &cert, "--key", &key]);
    let at = server.at("localhost");
    let with = |more: &[&str]| run(&dir, &[&["connect", &at][..], more].concat(), "");
    with(&["--ca", &roots, "--pin", &right]).ends(0, &["verified: chain of 1 to", "; pinned key"]);
    with(&["--ca", &roots, "--pin", &either]).ends(0, &["pinned key"]);
    with(&["--ca", &roots, "--pin", &wrong]).ends(6, &["its key is not one that is pinned"]);
    // As with curl, a pin does not stand for an authority, unless that is said.
    with(&["--pin", &right]).ends(6, &["neither sent nor is trusted"]);
    with(&["--insecure", "--pin", &right]).ends(0, &["verified: pinned key"]);
    with(&["--insecure", "--pin", &wrong]).ends(6, &["its key is not one that is pinned"]);
    with(&["--pin", "sha256//AAAA"]).ends(2, &["a SHA-256 hash is wanted"]);
}

#[test]
fn a_self_signed_certificate_is_trusted_by_its_fingerprint() {
    let dir = Dir::new();
    let (cert, key) = Authority::self_signed(&dir, "own");
    let der = CertificateDer::from_pem_file(&cert).expect("a certificate");
    let bytes: Vec<_> = fingerprint(&der).iter().map(|b| format!("{b:02X}")).collect();
    let server = Server::start(&dir, &["--cert", &cert, "--key", &key]);
    let at = server.at("127.0.0.1");
    let with = |hex: &str| run(&dir, &["connect", &at, "--fingerprint", hex], "");
    // As OpenSSL writes it, and bare; the name does not matter.
    with(&bytes.join(":")).ends(0, &["verified: pinned certificate"]);
    with(&bytes.concat().to_lowercase()).ends(0, &["verified: pinned certificate"]);
    with(&"07".repeat(32)).ends(6, &["its certificate is not one that is pinned"]);
    with("0707").ends(2, &["a SHA-256 hash is wanted"]);
    run(&dir, &["connect", &at, "--fingerprint", &"07".repeat(32), "--insecure"], "").ends(2, &["cannot be used with"]);
}

#[test]
fn of_several_certificates_the_server_s_wishes_choose() {
    let dir = Dir::new();
    let (_, roots, cert, key) = issued(&dir);
    let (one, other) = (Authority::new("One"), Authority::new("Other"));
    let client = Leaf { client: true, ..Leaf::default() };
    let (one_cert, one_key) = one.leaf(&dir, "from-one", &client);
    let (other_cert, other_key) = other.leaf(&dir, "from-other", &client);
    let clients = dir.write("other.pem", other.pem());
    let server = Server::start(&dir, &["--cert", &cert, "--key", &key, "--client-ca", &clients]);
    let at = server.at("localhost");
    for version in ["tls1.2", "tls1.3"] {
        let with = |more: &[&str]| {
            let args = ["connect", &at, "--ca", &roots, "--max-version", version];
            run(&dir, &[&args[..], more].concat(), "GET / HTTP/1.0\r\n\r\n")
        };
        let (one, other) = (["--cert", &one_cert, "--key", &one_key], ["--cert", &other_cert, "--key", &other_key]);
        let done = with(&[one, other].concat());
        done.ends(0, &["→ CertificateVerify"]);
        assert!(done.stderr.contains("  from-other, signed by Other,"), "{}", done.stderr);
        // What is in the way of each is said once the server has refused.
        let why = "Before, the peer had asked for a certificate from CN=Other, and was shown none: CN=from-one is issued by CN=One";
        with(&[one, one].concat()).ends(5, &[why]);
        with(&[]).ends(5, &["had asked for a certificate from CN=Other, and was shown none: none is configured"]);
    }
    run(&dir, &["connect", &at, "--cert", &one_cert], "").ends(2, &["--key <PEM>"]);
}

/// A program can read what is wrong with which certificate.
#[test]
fn a_refusal_names_certificate_and_field() {
    let dir = Dir::new();
    let ca = Authority::new("Tests");
    let roots = dir.write("ca.pem", ca.pem());
    let failed = |leaf: &Leaf, more: &[&str]| {
        let (cert, key) = ca.leaf(&dir, "leaf", leaf);
        let server = Server::start(&dir, &["--cert", &cert, "--key", &key]);
        let at = server.at("localhost");
        run(&dir, &[&["connect", &at, "--ca", &roots, "--json"][..], more].concat(), "").event("failed")
    };
    let past = Leaf { from: time::Duration::days(-9), until: time::Duration::days(-1), ..Leaf::default() };
    let expired = failed(&past, &[]);
    assert_eq!((&expired["field"], &expired["code"]), (&"notAfter".into(), &8.into()), "{expired}");
    assert_eq!((&expired["certificate"]["position"], &expired["certificate"]["of"]), (&0.into(), &1.into()));
    assert!(expired["certificate"]["subject"].as_str().is_some_and(|s| s.contains("CN=leaf")), "{expired}");
    assert_eq!(expired["rule"], "RFC 5280 4.1.2.5");
    let elsewhere = failed(&Leaf::default(), &["--name", "elsewhere.test"]);
    assert_eq!((&elsewhere["field"], &elsewhere["code"]), (&"subjectAltName".into(), &7.into()), "{elsewhere}");
    // Where it is no certificate's fault.
    let refused = failed(&Leaf::default(), &["--alpn", "nobody-speaks-this"]);
    assert_eq!((&refused["field"], &refused["certificate"]), (&serde_json::Value::Null, &serde_json::Value::Null));
}

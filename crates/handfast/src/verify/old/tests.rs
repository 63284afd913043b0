//! Old certificates: refused unless the rules say otherwise, and then for nothing but what is said. `testdata/old/make.sh` made them.

use super::super::tests::{Authority, LATER, NOW, peer, refused, test_data, verdict};
use super::super::{
    CertificateError, CertificateField as Field, CertificateRules, OldForm, PeerToVerify, Roots, SelfSigned, WebPki,
};
use rustls_pki_types::CertificateDer;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("../testdata/old/", $name, ".pem"))
    };
}

fn servers(root: &str) -> WebPki {
    WebPki::for_servers(Roots::from_pem(root.as_bytes()).unwrap())
}

fn under(rules: CertificateRules, chain: &[&str], name: &str) -> PeerToVerify {
    let chain: Vec<_> = chain.iter().map(|pem| test_data(pem)).collect();
    PeerToVerify { rules, ..peer(&chain.iter().collect::<Vec<_>>(), name) }
}

const NONE: CertificateRules = CertificateRules::modern();
const ALL: CertificateRules = CertificateRules::museum();

/// Refused by default, accepted by this rule alone, and refused by all the others together; each time for this old form.
#[track_caller]
fn by_rule(root: &str, chain: &[&str], form: OldForm, only: CertificateRules, others: CertificateRules, words: &str) {
    let verifier = servers(root);
    for rules in [NONE, others] {
        let error = refused(&verifier, &under(rules, chain, "localhost"), LATER, words);
        assert_eq!(error.old_form(), Some(form), "{error}");
    }
    // Twice: the second time the cache knows the signatures.
    for rules in [only, only, ALL] {
        assert!(verdict(&verifier, &under(rules, chain, "localhost"), LATER).is_ok());
    }
    refused(&verifier, &under(NONE, chain, "localhost"), LATER, words);
    assert!(verdict(&servers(pem!("ec-root")), &under(ALL, &[pem!("rsa-sha1")], "localhost"), LATER).is_err());
    let mut forged = under(ALL, chain, "localhost");
    let mut own = forged.chain[0].to_vec();
    *own.last_mut().unwrap() ^= 1;
    forged.chain[0] = own.into();
    assert!(verdict(&verifier, &forged, LATER).is_err());
}

#[test]
fn sha1_and_md5() {
    let sha1 = CertificateRules { sha1: true, ..NONE };
    let words =
        |hash| format!("the peer's own certificate (CN=localhost) is signed with {hash}, which is not accepted");
    let others = CertificateRules { sha1: false, ..ALL };
    let rsa = words("RSA with SHA-1");
    by_rule(pem!("rsa-root"), &[pem!("rsa-sha1")], OldForm::Sha1, sha1, others, &rsa);
    by_rule(pem!("ec-root"), &[pem!("ec-sha1")], OldForm::Sha1, sha1, others, &words("ECDSA with SHA-1"));
    let md5 = CertificateRules { md5: true, ..NONE };
    let legacy = CertificateRules::legacy();
    by_rule(pem!("rsa-root"), &[pem!("rsa-md5")], OldForm::Md5, md5, legacy, &words("RSA with MD5"));
}

#[test]
fn short_keys() {
    let short = CertificateRules { min_rsa_bits: 1024, ..NONE };
    let others = CertificateRules { min_rsa_bits: 1025, ..ALL };
    let own = |least| format!("the RSA key in the peer's certificate has 1024 bits, and {least} is the least");
    let issuer = |least| format!("CN=Short Root signs with an RSA key of 1024 bits, and {least} is the least");
    let root = include_str!("../testdata/root-rsa1024.pem");
    let chains: [(_, _, &dyn Fn(usize) -> String); 2] =
        [(pem!("rsa-root"), [pem!("rsa1024")], &own), (root, [include_str!("../testdata/under-rsa1024.pem")], &issuer)];
    for (root, chain, words) in chains {
        let verifier = servers(root);
        for rules in [NONE, others] {
            let said = words(rules.min_rsa_bits);
            let error = refused(&verifier, &under(rules, &chain, "localhost"), LATER, &said);
            assert_eq!(error.old_form(), Some(OldForm::ShortRsa));
        }
        assert!(verdict(&verifier, &under(short, &chain, "localhost"), LATER).is_ok());
        // What the cache knows is not long enough for that.
        refused(&verifier, &under(NONE, &chain, "localhost"), LATER, &words(2048));
    }
    // More can be asked for, too, of issuers as of the peer.
    let strict = CertificateRules { min_rsa_bits: 3072, ..NONE };
    let words = "CN=RSA Root signs with an RSA key of 2048 bits, and 3072 is the least";
    refused(&servers(pem!("rsa-root")), &under(strict, &[pem!("leaf")], "localhost"), LATER, words);
}

#[test]
fn common_names() {
    let only = CertificateRules { common_names: true, ..NONE };
    let others = CertificateRules { common_names: false, ..ALL };
    let words = "it is for localhost by its common name only, and has no subjectAltName";
    let chain = [pem!("bare")];
    by_rule(pem!("rsa-root"), &chain, OldForm::CommonName, only, others, words);
    let verifier = servers(pem!("rsa-root"));
    let error = refused(
        &verifier,
        &under(only, &chain, "example.org"),
        LATER,
        "it is not for example.org: it names no host at all (no DNS name or address in subjectAltName)",
    );
    assert_eq!(error.old_form(), None);
    // An authority that may issue for certain names only could have another in the common name.
    let constrained = [pem!("bare-under-constrained"), pem!("constrained")];
    assert!(verdict(&verifier, &under(only, &constrained, "localhost"), LATER).is_err());
    // Where there is a subjectAltName, the common name means nothing.
    let root = Authority::root("Root");
    let named = root.leaf(&["elsewhere.test"], |p| {
        p.distinguished_name = Default::default();
        p.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
    });
    let here = PeerToVerify { rules: only, ..peer(&[&named], "localhost") };
    refused(&root.servers(), &here, NOW, "it is not for localhost: it is for elsewhere.test");
    // One that is trusted itself may have its name there, too.
    let known = SelfSigned::new([test_data(pem!("bare"))]);
    assert!(verdict(&known, &under(only, &chain, "localhost"), LATER).is_ok());
    refused(&known, &under(NONE, &chain, "localhost"), LATER, words);
}

#[test]
fn version_1() {
    let only = CertificateRules { version_1: true, common_names: true, ..NONE };
    let others = CertificateRules { version_1: false, ..ALL };
    let words = "the peer's own certificate (CN=localhost) is of X.509 version 1, and only version 3 is accepted";
    let root = pem!("rsa-root");
    by_rule(root, &[pem!("v1")], OldForm::Version1, only, others, words);
    by_rule(root, &[pem!("v1-under-middle"), pem!("middle")], OldForm::Version1, only, others, words);
    // Its name is its common name, which is another rule.
    let nameless = CertificateRules { version_1: true, ..NONE };
    let error = verdict(&servers(root), &under(nameless, &[pem!("v1")], "localhost"), LATER).unwrap_err();
    assert_eq!(error.old_form(), Some(OldForm::CommonName));
    assert!(verdict(&servers(root), &under(only, &[pem!("v1")], "elsewhere.test"), LATER).is_err());
    // So is how it is signed.
    let error = verdict(&servers(root), &under(only, &[pem!("v1-sha1")], "localhost"), LATER).unwrap_err();
    assert_eq!(error.old_form(), Some(OldForm::Sha1), "{error}");
    assert!(verdict(&servers(root), &under(ALL, &[pem!("v1-sha1")], "localhost"), LATER).is_ok());
    // A client's has no name to fit.
    let clients = WebPki::for_clients(Roots::from_pem(root.as_bytes()).unwrap());
    assert!(verdict(&clients, &under(nameless, &[pem!("v1")], ""), LATER).is_ok());
    // Its root may be sent too, and be of version 1 as well; dates count.
    let old_root = servers(pem!("v1-authority"));
    for chain in [&[pem!("v1-under-v1-authority")][..], &[pem!("v1-under-v1-authority"), pem!("v1-authority")]] {
        assert!(verdict(&old_root, &under(only, chain, "localhost"), LATER).is_ok());
    }
    assert!(verdict(&old_root, &under(NONE, &[pem!("under-v1-authority")], "localhost"), LATER).is_ok());
    let early = verdict(&servers(root), &under(only, &[pem!("v1")], "localhost"), NOW);
    assert!(matches!(early, Err(CertificateError::NotYetValid { .. })));
}

/// Who has a certificate of version 1 is no authority, and who stands above one is held to what its own certificate says.
#[test]
fn version_1_gives_nobody_more_than_he_has() {
    let verifier = servers(pem!("rsa-root"));
    let refuse = |chain: &[&str], field| {
        let error = verdict(&verifier, &under(ALL, chain, "localhost"), LATER).expect_err("must be refused");
        assert_eq!(error.field(), field, "{error}");
        assert_eq!(error.old_form(), None, "{error}");
    };
    // An authority of version 1, above a certificate of either version.
    refuse(&[pem!("under-v1-authority"), pem!("v1-authority")], Some(Field::Version));
    refuse(&[pem!("v1-under-v1-authority"), pem!("v1-authority")], Some(Field::Version));
    // A peer's certificate, one that signs lists only, one for clients, one too far up, one that is held to other names.
    refuse(&[pem!("v1-under-leaf"), pem!("leaf")], Some(Field::BasicConstraints));
    refuse(&[pem!("v1-under-no-signer"), pem!("no-signer")], Some(Field::KeyUsage));
    refuse(&[pem!("v1-under-clients"), pem!("clients")], Some(Field::ExtendedKeyUsage));
    refuse(&[pem!("v1-under-deep"), pem!("deep"), pem!("shallow")], Some(Field::PathLenConstraint));
    refuse(&[pem!("v1-under-constrained"), pem!("constrained")], Some(Field::NameConstraints));
    // Nobody above it.
    refuse(&[pem!("v1-under-middle")], Some(Field::Issuer));
    refuse(&[pem!("v1-under-middle"), pem!("leaf")], Some(Field::Issuer));
    let mut strict = servers(pem!("rsa-root"));
    strict.require_crls = true;
    let error = verdict(&strict, &under(ALL, &[pem!("v1")], "localhost"), LATER).unwrap_err();
    assert!(matches!(error, CertificateError::UnknownRevocation(_)), "{error}");
    strict.require_crls = false;
    strict.require_ocsp = true;
    let error = verdict(&strict, &under(ALL, &[pem!("v1")], "localhost"), LATER).unwrap_err();
    assert!(matches!(error, CertificateError::NoStaple(_)), "{error}");
}

/// Changed anywhere or cut, it is refused.
#[test]
fn any_change_of_version_1_is_refused() {
    let (verifier, good) = (servers(pem!("rsa-root")), test_data(pem!("v1")));
    let judge = |bytes: Vec<u8>| {
        let chain = [CertificateDer::from(bytes)];
        let here = PeerToVerify { rules: ALL, ..peer(&[&chain[0]], "localhost") };
        assert!(verdict(&verifier, &here, LATER).is_err_and(|e| !e.to_string().is_empty()));
    };
    for at in 0..good.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut bytes = good.to_vec();
            bytes[at] ^= mask;
            judge(bytes);
        }
        judge(good[..at].to_vec());
    }
    judge([&good[..], &[0]].concat());
}

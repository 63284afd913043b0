//! Chains of every kind, good and bad, and what is said of them.

use super::*;
use crate::wire::numbers::SignatureScheme;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose as Purpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose as Usage, NameConstraints, RevocationReason,
    RevokedCertParams, SigningKey, date_time_ymd,
};
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;
use std::sync::Arc;
use std::time::Duration;

/// 2025-06-01: what is made here is valid from the first day of that year to the last.
pub(super) const NOW: Time = Time(Duration::from_secs(1_748_736_000));
/// 2030-01-01: for the certificates of `testdata`, which rcgen cannot make.
pub(super) const LATER: Time = Time(Duration::from_secs(1_893_456_000));

fn params(name: &str) -> CertificateParams {
    let mut p = CertificateParams::default();
    p.distinguished_name = Default::default();
    p.distinguished_name.push(DnType::CommonName, name);
    (p.not_before, p.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2025, 12, 31));
    p
}

pub(super) struct Authority {
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) der: CertificateDer<'static>,
}

impl Authority {
    pub(super) fn root(name: &str) -> Self {
        Self::root_with(name, KeyPair::generate().unwrap(), |_| ())
    }
    pub(super) fn root_with(name: &str, key: KeyPair, edit: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut p = params(name);
        p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        edit(&mut p);
        let der = p.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(p, key), der }
    }
    pub(super) fn authority(&self, name: &str, edit: impl FnOnce(&mut CertificateParams)) -> Self {
        let (mut p, key) = (params(name), KeyPair::generate().unwrap());
        p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        edit(&mut p);
        let der = p.signed_by(&key, &self.issuer).unwrap().der().clone();
        Self { issuer: Issuer::new(p, key), der }
    }
    pub(super) fn leaf(&self, names: &[&str], edit: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        self.leaf_of(&key, names, edit)
    }
    pub(super) fn leaf_of(
        &self,
        key: &impl SigningKey,
        names: &[&str],
        edit: impl FnOnce(&mut CertificateParams),
    ) -> CertificateDer<'static> {
        let mut p = params("leaf");
        let names: Vec<_> = names.iter().map(|n| n.to_string()).collect();
        p.subject_alt_names = CertificateParams::new(names).unwrap().subject_alt_names;
        p.serial_number = Some(vec![0x0a, 0x1b].into());
        edit(&mut p);
        p.signed_by(key, &self.issuer).unwrap().der().clone()
    }
    /// A list that is renewed in 2025-07, or in `next` if given.
    pub(super) fn list(&self, serials: &[&[u8]], next: Option<(i32, u8)>) -> CertificateRevocationListDer<'static> {
        let (year, month) = next.unwrap_or((2025, 7));
        let revoked = |serial: &&[u8]| RevokedCertParams {
            serial_number: serial.to_vec().into(),
            revocation_time: date_time_ymd(2025, 5, 17),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(year, month - 1, 1),
            next_update: date_time_ymd(year, month, 1),
            crl_number: vec![1].into(),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().der().clone()
    }
    pub(super) fn roots(&self) -> Roots {
        let mut roots = Roots::new();
        roots.add(self.der.clone()).unwrap();
        roots
    }
    pub(super) fn servers(&self) -> WebPki {
        WebPki::for_servers(self.roots())
    }
}

pub(super) fn peer(chain: &[&CertificateDer<'static>], name: &str) -> PeerToVerify {
    PeerToVerify {
        chain: chain.iter().map(|c| (*c).clone()).collect(),
        name: (!name.is_empty()).then(|| ServerName::try_from(name.to_string()).unwrap()),
        key_exchange: KeyExchangeKind::Tls13,
        schemes: vec![SignatureScheme::ECDSA_SECP256R1_SHA256],
        rules: CertificateRules::modern(),
        stapled: Stapled::default(),
        ocsp_wanted: true,
    }
}

pub(super) fn verdict(verifier: &dyn Verifier, peer: &PeerToVerify, now: Time) -> Result<Verified, CertificateError> {
    match verifier.verify(peer, now) {
        Reply::Now(verdict) => verdict,
        Reply::Later => panic!("these verifiers answer at once"),
    }
}

/// The error's kind, as its alert says, and its words.
#[track_caller]
pub(super) fn refused(verifier: &dyn Verifier, peer: &PeerToVerify, now: Time, words: &str) -> CertificateError {
    let error = verdict(verifier, peer, now).expect_err("must be refused");
    assert_eq!(error.to_string(), words);
    error
}

pub(super) fn test_data(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

#[test]
fn a_pin_may_hold_besides_the_roots() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["example.org"], |_| ());
    let (key, of_leaf) = (key_fingerprint(&leaf).unwrap(), peer(&[&leaf], "example.org"));
    let roots: Arc<dyn Verifier> = Arc::new(root.servers());
    let pin = |hash| Arc::new(PinnedLeaf::keys([hash])) as Arc<dyn Verifier>;
    let both = AllOf::new(roots.clone(), [pin(key)]);
    let how = verdict(&both, &of_leaf, NOW).unwrap().how;
    assert!(
        how.starts_with("chain of 1 to CN=Root, valid until 2025-12-31 00:00:00 UTC; pinned key, SHA-256 "),
        "{how}"
    );
    assert_eq!(both.authorities(), roots.authorities());
    assert!(verdict(&AllOf::new(roots.clone(), [pin([0; 32])]), &of_leaf, NOW).is_err());
    assert!(
        verdict(&AllOf::new(pin(key), [Arc::new(Authority::root("Other").servers()) as _]), &of_leaf, NOW).is_err()
    );
    // Later is later for all, whoever says it.
    #[derive(Debug)]
    struct Slow;
    impl Verifier for Slow {
        fn verify(&self, _: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
            Reply::Later
        }
    }
    assert!(matches!(AllOf::new(pin(key), [Arc::new(Slow) as _, pin(key)]).verify(&of_leaf, NOW), Reply::Later));
    // A certificate by its own fingerprint, whoever it is from.
    let own = PinnedLeaf::certificates([fingerprint(&leaf)]);
    assert!(verdict(&own, &peer(&[&leaf], "elsewhere.test"), NOW).is_ok());
}

/// What the policy says of signatures in certificates holds where that is asked for, and of the whole path but the root.
#[test]
fn a_chain_may_be_held_to_the_policys_signatures() {
    let other = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let root = Authority::root_with("Root", other, |_| ());
    let middle = root.authority("Middle", |_| ());
    let leaf = middle.leaf(&["example.org"], |_| ());
    let mut servers = root.servers();
    let mut of = peer(&[&leaf, &middle.der], "example.org");
    let (p256, p384) = (SignatureScheme::ECDSA_SECP256R1_SHA256, SignatureScheme::ECDSA_SECP384R1_SHA384);
    for (schemes, bad) in [(vec![p256, p384], None), (vec![p256], Some(1)), (vec![p384], Some(0)), (vec![], Some(0))] {
        of.schemes = schemes;
        servers.enforce_schemes = false;
        assert!(verdict(&servers, &of, NOW).is_ok());
        servers.enforce_schemes = true;
        let told = verdict(&servers, &of, NOW).map_err(|e| (e.certificate().unwrap().position, e.field(), e));
        match (told, bad) {
            (Ok(_), None) => {}
            (
                Err((place, Some(CertificateField::SignatureAlgorithm), CertificateError::BadSignature(_))),
                Some(bad),
            ) => {
                assert_eq!(place, bad);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_chain_is_told_in_words() {
    let root = Authority::root("Root");
    let middle = root.authority("Middle", |_| ());
    let leaf = middle.leaf(&["example.org", "*.example.org", "192.0.2.1", "2001:db8::1"], |_| ());
    let servers = root.servers();
    for name in ["example.org", "EXAMPLE.org", "www.example.org", "192.0.2.1", "2001:db8::1"] {
        // Twice: the second time the cache knows the signatures.
        for _ in 0..2 {
            let how = verdict(&servers, &peer(&[&leaf, &middle.der], name), NOW).unwrap().how;
            assert_eq!(how, "chain of 2 to CN=Root, valid until 2025-12-31 00:00:00 UTC");
        }
        assert!(stands_for(std::slice::from_ref(&leaf), name));
    }
    // The root may be sent too, and the order of the others does not matter.
    assert!(verdict(&servers, &peer(&[&leaf, &root.der, &middle.der], "example.org"), NOW).is_ok());
    for name in ["example.com", "a.b.example.org", "192.0.2.2", "not a name"] {
        assert!(!stands_for(std::slice::from_ref(&leaf), name), "{name}");
    }
    assert!(!stands_for(&[], "example.org"));
    assert_eq!(servers.authorities(), [der::Certificate::read(&root.der).unwrap().subject]);
}

#[test]
fn wrong_names() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["a.example", "*.b.example", "192.0.2.1"], |_| ());
    let servers = root.servers();
    let error = refused(
        &servers,
        &peer(&[&leaf], "c.example"),
        NOW,
        "it is not for c.example: it is for a.example, *.b.example and 192.0.2.1",
    );
    assert!(matches!(error, CertificateError::WrongName { .. }));
    refused(
        &servers,
        &peer(&[&leaf], "192.0.2.9"),
        NOW,
        "it is not for 192.0.2.9: it is for a.example, *.b.example and 192.0.2.1",
    );
    let nameless = root.leaf(&[], |p| p.distinguished_name.push(DnType::CommonName, "c.example"));
    let words = "it is for c.example by its common name only, and has no subjectAltName";
    refused(&servers, &peer(&[&nameless], "c.example"), NOW, words);
    let words = "it is not for d.example: it names no host at all (no DNS name or address in subjectAltName)";
    refused(&servers, &peer(&[&nameless], "d.example"), NOW, words);
}

/// Nobody gets by because the wrong one was asked: a judge of clients looks at no name.
#[test]
fn each_judges_its_own_side() {
    let root = Authority::root("Root");
    let purposes = vec![Purpose::ServerAuth, Purpose::ClientAuth];
    let leaf = root.leaf(&["localhost"], |p| p.extended_key_usages = purposes);
    let (servers, clients) = (root.servers(), WebPki::for_clients(root.roots()));
    let words = "this verifier judges clients, and is asked about a server";
    for name in ["localhost", "other.example"] {
        refused(&clients, &peer(&[&leaf], name), NOW, words);
    }
    refused(&servers, &peer(&[&leaf], ""), NOW, "this verifier judges servers, and is asked about a client");
    assert!(verdict(&servers, &peer(&[&leaf], "localhost"), NOW).is_ok());
    assert!(verdict(&clients, &peer(&[&leaf], ""), NOW).is_ok());
}

#[test]
fn dates() {
    let root = Authority::root("Root");
    let middle = root.authority("Middle", |p| p.not_after = date_time_ymd(2025, 5, 30));
    let leaf = middle.leaf(&["localhost"], |_| ());
    let error = refused(
        &root.servers(),
        &peer(&[&leaf, &middle.der], "localhost"),
        NOW,
        "certificate 2 of 2 in its chain (CN=Middle) expired at 2025-05-30 00:00:00 UTC, 2 days ago (by the clock here, which \
         says 2025-06-01 00:00:00 UTC)",
    );
    assert!(matches!(error, CertificateError::Expired { .. }));
    let young = root.leaf(&["localhost"], |p| p.not_before = date_time_ymd(2025, 6, 2));
    let error = refused(
        &root.servers(),
        &peer(&[&young], "localhost"),
        NOW,
        "the peer's own certificate (CN=leaf) is valid from 2025-06-02 00:00:00 UTC, in 24 hours (by the clock here, which says \
         2025-06-01 00:00:00 UTC)",
    );
    assert!(matches!(error, CertificateError::NotYetValid { .. }));
}

#[test]
fn issuers_that_nobody_knows() {
    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let middle = root.authority("Middle", |_| ());
    let leaf = middle.leaf(&["localhost"], |_| ());
    let unknown = |servers: &WebPki, chain: &[&CertificateDer<'static>], words: &str| {
        let error = refused(servers, &peer(chain, "localhost"), NOW, words);
        assert!(matches!(error, CertificateError::UnknownIssuer { .. }));
    };
    unknown(
        &root.servers(),
        &[&leaf],
        "the peer's own certificate (CN=leaf) is issued by CN=Middle, which was neither sent nor is trusted here",
    );
    unknown(
        &other.servers(),
        &[&leaf, &middle.der],
        "certificate 2 of 2 in its chain (CN=Middle) is issued by CN=Root, which was neither sent nor is trusted here",
    );
    unknown(
        &other.servers(),
        &[&leaf, &middle.der, &root.der],
        "its chain ends in the root CN=Root, which is not trusted here",
    );
    unknown(
        &WebPki::for_servers(Roots::new()),
        &[&leaf],
        "no roots are trusted at all; the peer's own certificate (CN=leaf) is issued by CN=Middle",
    );
    // Two that issue each other end nowhere.
    let a = Authority::root("A");
    let b = a.authority("B", |_| ());
    let a_by_b = b.leaf_of(a.issuer.key(), &[], |p| {
        p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        p.distinguished_name = params("A").distinguished_name;
    });
    let leaf = a.leaf(&["localhost"], |_| ());
    let error = verdict(&root.servers(), &peer(&[&leaf, &a_by_b, &b.der], "localhost"), NOW).unwrap_err();
    assert!(matches!(error, CertificateError::UnknownIssuer { .. }), "{error}");
}

#[test]
fn self_signed() {
    let key = KeyPair::generate().unwrap();
    let mut p = params("leaf");
    p.subject_alt_names = CertificateParams::new(vec!["localhost".to_string()]).unwrap().subject_alt_names;
    let leaf = p.self_signed(&key).unwrap().der().clone();
    p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = p.self_signed(&key).unwrap().der().clone();
    let words = "the peer's own certificate (CN=leaf) is self-signed, and not one that is trusted";
    let here = |leaf| peer(&[leaf], "localhost");
    refused(&Authority::root("Root").servers(), &here(&leaf), NOW, words);
    refused(&Authority::root("Root").servers(), &here(&authority), NOW, words);

    // As a root of its own, it is refused or accepted by name.
    let mut roots = Roots::new();
    roots.add(authority.clone()).unwrap();
    let mut servers = WebPki::for_servers(roots);
    let words =
        "the peer's own certificate (CN=leaf) is an authority's (basicConstraints), and may not stand for a peer";
    refused(&servers, &here(&authority), NOW, words);
    servers.accept_root_as_leaf = true;
    let how = "CN=leaf is trusted itself, valid until 2025-12-31 00:00:00 UTC";
    assert_eq!(verdict(&servers, &here(&authority), NOW).unwrap().how, how);
    refused(&servers, &peer(&[&authority], "c.example"), NOW, "it is not for c.example: it is for localhost");

    let known = SelfSigned::new([leaf.clone()]);
    assert_eq!(verdict(&known, &here(&leaf), NOW).unwrap().how, how);
    refused(&known, &peer(&[&leaf], "c.example"), NOW, "it is not for c.example: it is for localhost");
    let words = "the certificate of CN=leaf is not one of those that are accepted by name";
    refused(&known, &here(&authority), NOW, words);
    assert!(matches!(verdict(&known, &here(&leaf), LATER), Err(CertificateError::Expired { .. })));
    assert!(matches!(verdict(&known, &here(&leaf), Time::default()), Err(CertificateError::NotYetValid { .. })));
}

#[test]
fn signatures_that_are_wrong() {
    let (root, same_name) = (Authority::root("Root"), Authority::root("Root"));
    let leaf = same_name.leaf(&["localhost"], |_| ());
    let words = "the signature in the peer's own certificate (CN=leaf) is not by the key of the issuer that it names: it was \
                 changed, or the issuer has another key by now";
    let error = refused(&root.servers(), &peer(&[&leaf], "localhost"), NOW, words);
    assert!(matches!(error, CertificateError::BadSignature(_)));
    // A good one stays in the cache; a changed one is not taken for it.
    let good = root.leaf(&["localhost"], |_| ());
    let servers = root.servers();
    assert!(verdict(&servers, &peer(&[&good], "localhost"), NOW).is_ok());
    let mut bytes = good.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    assert!(verdict(&servers, &peer(&[&bytes.into()], "localhost"), NOW).is_err());
}

#[test]
fn every_modern_algorithm() {
    use KeyKind::{Ecdsa, Ed25519, MlDsa, Rsa};
    use rcgen::*;
    for (algorithm, kind) in [
        (&PKCS_ECDSA_P256_SHA256, Ecdsa),
        (&PKCS_ECDSA_P384_SHA384, Ecdsa),
        (&PKCS_ECDSA_P521_SHA256, Ecdsa),
        (&PKCS_ECDSA_P521_SHA512, Ecdsa),
        (&PKCS_ED25519, Ed25519),
        (&PKCS_RSA_SHA256, Rsa),
        (&PKCS_RSA_SHA384, Rsa),
        (&PKCS_RSA_SHA512, Rsa),
        (&PKCS_ML_DSA_44, MlDsa),
        (&PKCS_ML_DSA_65, MlDsa),
        (&PKCS_ML_DSA_87, MlDsa),
    ] {
        let root = Authority::root_with("Root", KeyPair::generate_for(algorithm).unwrap(), |_| ());
        let leaf = root.leaf_of(root.issuer.key(), &["localhost"], |_| ());
        assert!(verdict(&root.servers(), &peer(&[&leaf], "localhost"), NOW).is_ok(), "{algorithm:?}");
        let key = public_key(&[leaf]).unwrap();
        assert_eq!(key.kind, kind);
        assert_eq!(key.spki, root.issuer.key().subject_public_key_info());
    }
}

/// Keys for RSASSA-PSS sign certificates too, without parameters or with those of their signatures; with others they do not (RFC 9846
/// 4.3.3). Made by OpenSSL.
#[test]
fn pss_keys_sign_certificates() {
    let pem = [
        (include_str!("testdata/root-pss-open.pem"), include_str!("testdata/under-pss-open.pem")),
        (include_str!("testdata/root-pss-salted.pem"), include_str!("testdata/under-pss-salted.pem")),
    ];
    for (index, (root, leaf)) in pem.iter().enumerate() {
        let servers = WebPki::for_servers(Roots::from_pem(root.as_bytes()).unwrap());
        let leaf = test_data(leaf);
        assert!(verdict(&servers, &peer(&[&leaf], "localhost"), LATER).is_ok(), "{index}");
        let mut forged = leaf.to_vec();
        *forged.last_mut().unwrap() ^= 1;
        assert!(verdict(&servers, &peer(&[&forged.into()], "localhost"), LATER).is_err(), "{index}");
        // The roots are called the same; none but its own signed it.
        let (other, _) = pem[(index + 1) % pem.len()];
        let servers = WebPki::for_servers(Roots::from_pem(other.as_bytes()).unwrap());
        assert!(verdict(&servers, &peer(&[&leaf], "localhost"), LATER).is_err(), "{index}");
    }
    // The salt's least length is 20 bytes in the key, and 48 in the signature.
    let servers = WebPki::for_servers(Roots::from_pem(include_bytes!("testdata/root-pss-unsalted.pem")).unwrap());
    let leaf = test_data(include_str!("testdata/under-pss-unsalted.pem"));
    assert!(verdict(&servers, &peer(&[&leaf], "localhost"), LATER).is_err());
}

/// RFC 9846 4.3.3, RFC 4055 3.3
#[test]
fn schemes_fit_keys() {
    use SignatureScheme as S;
    let pss = |pem| public_key(&[test_data(pem)]).unwrap();
    let open = pss(include_str!("../../tests/pem/pss.cert.pem"));
    let only384 = pss(include_str!("../../tests/pem/pss384.cert.pem"));
    assert_eq!((open.kind, only384.kind), (KeyKind::RsaPss, KeyKind::RsaPss));
    for any_curve in [false, true] {
        let fits = |key: &PeerKey| -> Vec<S> { S::NAMED.iter().copied().filter(|s| key.fits(*s, any_curve)).collect() };
        assert_eq!(fits(&open), [S::RSA_PSS_PSS_SHA256, S::RSA_PSS_PSS_SHA384, S::RSA_PSS_PSS_SHA512]);
        assert_eq!(fits(&only384), [S::RSA_PSS_PSS_SHA384]);
        let of = |algorithm| {
            let root = Authority::root_with("Root", KeyPair::generate_for(algorithm).unwrap(), |_| ());
            public_key(&[root.der]).unwrap()
        };
        assert_eq!(fits(&of(&rcgen::PKCS_ML_DSA_65)), [S::MLDSA65]);
        assert_eq!(fits(&of(&rcgen::PKCS_ED25519)), [S::ED25519]);
        let p384 = of(&rcgen::PKCS_ECDSA_P384_SHA384);
        assert_eq!(fits(&p384).contains(&S::ECDSA_SECP256R1_SHA256), any_curve);
        assert!(p384.fits(S::ECDSA_SECP384R1_SHA384, any_curve) && !p384.fits(S::ED25519, any_curve));
    }
}

#[test]
fn old_certificates_are_refused() {
    let servers = |pem: &str| WebPki::for_servers(Roots::from_pem(pem.as_bytes()).unwrap());
    let root = servers(include_str!("testdata/root.pem"));
    let case = |servers: &WebPki, pem, words| refused(servers, &peer(&[&test_data(pem)], "localhost"), LATER, words);
    let short = "CN=Short Root signs with an RSA key of 1024 bits, and 2048 is the least";
    let short_root = servers(include_str!("testdata/root-rsa1024.pem"));
    case(&short_root, include_str!("testdata/under-rsa1024.pem"), short);
    let sha1 = "the peer's own certificate (CN=localhost) is signed with ECDSA with SHA-1, which is not accepted";
    case(&root, include_str!("testdata/sha1.pem"), sha1);
    let rsa = "the RSA key in the peer's certificate has 1024 bits, and 2048 is the least";
    case(&root, include_str!("testdata/rsa1024.pem"), rsa);
    let v1 = "the peer's own certificate (CN=localhost) is of X.509 version 1, and only version 3 is accepted";
    case(&root, include_str!("testdata/v1.pem"), v1);
}

#[test]
fn keys_of_other_kinds() {
    let pss = "RSA-PSS with SHA-1 or two hashes";
    let kinds = [(include_str!("testdata/pss-sha1.pem"), pss), (include_str!("testdata/ed448.pem"), "Ed448")];
    for (pem, kind) in kinds {
        let error = public_key(&[test_data(pem)]).unwrap_err();
        let spoken = "RSA, RSA-PSS with SHA-2, ECDSA, Ed25519 or ML-DSA";
        let words = format!("the key in the peer's certificate is for {kind}, and not {spoken}");
        assert_eq!((error.to_string(), error.field()), (words, Some(CertificateField::SubjectPublicKeyInfo)));
    }
    assert!(matches!(public_key(&[]), Err(CertificateError::Malformed(_))));
    assert!(matches!(public_key(&[vec![0x30, 0x80].into()]), Err(CertificateError::Malformed(_))));
    // A key can be had of a certificate that is not accepted.
    assert_eq!(public_key(&[test_data(include_str!("testdata/v1.pem"))]).unwrap().kind, KeyKind::Ecdsa);
}

#[test]
fn key_usage() {
    let root = Authority::root("Root");
    let leaf = |usages: &[Usage]| root.leaf(&["localhost"], |p| p.key_usages = usages.to_vec());
    let (signs, deciphers) = (leaf(&[Usage::DigitalSignature]), leaf(&[Usage::KeyEncipherment, Usage::KeyAgreement]));
    let does = |leaf: &CertificateDer<'static>, key_exchange, client: bool| {
        let verifier = if client { WebPki::for_clients(root.roots()) } else { root.servers() };
        let name = if client { "" } else { "localhost" };
        verdict(&verifier, &PeerToVerify { key_exchange, ..peer(&[leaf], name) }, NOW).map(|_| ())
    };
    let refused = |name: &str, does: &str| {
        let words = format!("the peer's certificate does not allow its key the use {name} (keyUsage), which {does}");
        let place = CertificatePlace { position: 0, of: 1, subject: "CN=leaf".into() };
        Err(CertificateError::WrongUsage(Detail::new(words).of(Some(place)).field(CertificateField::KeyUsage)))
    };
    let no_signing = || refused("digitalSignature", "signing the handshake needs");
    for kind in [KeyExchangeKind::Ecdhe, KeyExchangeKind::Tls13] {
        assert_eq!(does(&signs, kind, false), Ok(()));
        assert_eq!(does(&deciphers, kind, false), no_signing());
        assert_eq!(does(&deciphers, kind, true), no_signing());
    }
    assert_eq!(does(&deciphers, KeyExchangeKind::Rsa, false), Ok(()));
    let no_enciphering = refused("keyEncipherment", "RSA key exchange needs");
    assert_eq!(does(&signs, KeyExchangeKind::Rsa, false), no_enciphering);
    // A client signs, whatever the key exchange.
    assert_eq!(does(&signs, KeyExchangeKind::Rsa, true), Ok(()));
    assert_eq!(does(&deciphers, KeyExchangeKind::Rsa, true), no_signing());
    assert_eq!(does(&leaf(&[]), KeyExchangeKind::Rsa, false), Ok(()));
    // What cannot be read allows nothing.
    for content in [&[5, 0][..], &[3, 1, 0], &[3, 2, 0], &[]] {
        let extension = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 15], content.to_vec());
        let odd = root.leaf(&["localhost"], |p| p.custom_extensions.push(extension));
        assert_eq!(does(&odd, KeyExchangeKind::Tls13, false), no_signing(), "{content:?}");
    }
}

#[test]
fn extended_key_usage() {
    let root = Authority::root("Root");
    let leaf = |purposes: &[Purpose]| root.leaf(&["localhost"], |p| p.extended_key_usages = purposes.to_vec());
    let (server, client) = (leaf(&[Purpose::ServerAuth, Purpose::CodeSigning]), leaf(&[Purpose::ClientAuth]));
    let clients = WebPki::for_clients(root.roots());
    assert!(verdict(&root.servers(), &peer(&[&server], "localhost"), NOW).is_ok());
    assert!(verdict(&clients, &peer(&[&client], ""), NOW).is_ok());
    let words =
        "the peer's own certificate (CN=leaf) is for clientAuth only, and not for serverAuth (extendedKeyUsage)";
    let error = refused(&root.servers(), &peer(&[&client], "localhost"), NOW, words);
    assert!(matches!(error, CertificateError::WrongUsage(_)));
    let words = "the peer's own certificate (CN=leaf) is for serverAuth and codeSigning only, and not for clientAuth \
                 (extendedKeyUsage)";
    refused(&clients, &peer(&[&server], ""), NOW, words);
}

#[test]
fn constraints_of_authorities() {
    let root = Authority::root("Root");
    let fake = root.authority("Fake", |p| p.is_ca = IsCa::NoCa);
    let leaf = fake.leaf(&["localhost"], |_| ());
    let words = "certificate 2 of 2 in its chain (CN=Fake) has issued another one, and is not an authority's \
                 (basicConstraints)";
    refused(&root.servers(), &peer(&[&leaf, &fake.der], "localhost"), NOW, words);

    let narrow = root.authority("Narrow", |p| {
        let permitted_subtrees = vec![GeneralSubtree::DnsName("example.org".into())];
        p.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: vec![] });
    });
    let leaf = narrow.leaf(&["localhost"], |_| ());
    let words = "the peer's own certificate (CN=leaf) is for localhost, and certificate 2 of 2 in its chain (CN=Narrow) may not \
                 issue for that (nameConstraints)";
    refused(&root.servers(), &peer(&[&leaf, &narrow.der], "localhost"), NOW, words);

    let last = root.authority("Last", |p| p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let beyond = last.authority("Beyond", |_| ());
    let leaf = beyond.leaf(&["localhost"], |_| ());
    let words =
        "there are more authorities below certificate 3 of 3 in its chain (CN=Last) than it allows (pathLenConstraint)";
    refused(&root.servers(), &peer(&[&leaf, &beyond.der, &last.der], "localhost"), NOW, words);
}

#[test]
fn revocation() {
    let root = Authority::root("Root");
    let middle = root.authority("Middle", |p| p.serial_number = Some(vec![0x77].into()));
    let leaf = middle.leaf(&["localhost"], |_| ());
    let here = peer(&[&leaf, &middle.der], "localhost");
    let with = |lists: Vec<_>| root.servers().with_crls(lists).unwrap();

    let words = "the peer's own certificate (CN=leaf), serial number 0a:1b, was revoked on 2025-05-17 00:00:00 UTC \
                 (KeyCompromise), says the list of CN=Middle";
    let error = refused(&with(vec![middle.list(&[&[1], &[0x0a, 0x1b]], None)]), &here, NOW, words);
    assert!(matches!(error, CertificateError::Revoked { .. }));
    let words = "certificate 2 of 2 in its chain (CN=Middle), serial number 77, was revoked on 2025-05-17 00:00:00 UTC \
                 (KeyCompromise), says the list of CN=Root";
    refused(&with(vec![root.list(&[&[0x77]], None)]), &here, NOW, words);

    // Lists that do not name it, or are not of its issuers, let it pass, unless each issuer must have one.
    assert!(verdict(&with(vec![middle.list(&[&[1]], None), root.list(&[], None)]), &here, NOW).is_ok());
    assert!(verdict(&with(vec![Authority::root("Other").list(&[&[0x0a, 0x1b]], None)]), &here, NOW).is_ok());
    for (lists, who) in [
        (vec![], "the peer's own certificate (CN=leaf)"),
        (vec![root.list(&[], None)], "the peer's own certificate (CN=leaf)"),
        (vec![middle.list(&[], None)], "certificate 2 of 2 in its chain (CN=Middle)"),
    ] {
        let mut strict = with(lists);
        strict.require_crls = true;
        let error = refused(&strict, &here, NOW, &format!("no list says whether {who} is revoked"));
        assert!(matches!(error, CertificateError::UnknownRevocation(_)));
    }
    let mut strict = with(vec![middle.list(&[], None), root.list(&[], None)]);
    strict.require_crls = true;
    assert!(verdict(&strict, &here, NOW).is_ok());

    // A list by someone else in the issuer's name.
    let error = verdict(&with(vec![Authority::root("Middle").list(&[], None)]), &here, NOW).unwrap_err();
    assert!(matches!(error, CertificateError::UnknownRevocation(_)), "{error}");
}

#[test]
fn lists_that_are_out_of_date() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["localhost"], |_| ());
    let here = peer(&[&leaf], "localhost");
    let (old, new) = (root.list(&[], Some((2025, 5))), root.list(&[&[0x0a, 0x1b]], None));
    let words = "the list of revoked certificates of CN=Root was to be renewed by 2025-05-01 00:00:00 UTC, 31 days ago";
    let mut servers = root.servers().with_crls([old.clone()]).unwrap();
    refused(&servers, &here, NOW, words);
    servers.allow_expired_crls = true;
    assert!(verdict(&servers, &here, NOW).is_ok());
    // The newer one counts, in whichever order they come.
    for lists in [[old.clone(), new.clone()], [new, old]] {
        let servers = root.servers().with_crls(lists).unwrap();
        assert!(matches!(verdict(&servers, &here, NOW), Err(CertificateError::Revoked { .. })));
    }
    assert!(root.servers().with_crls([CertificateRevocationListDer::from(&b"\x30\x00"[..])]).is_err());
}

#[test]
fn pins() {
    use aws_lc_rs::digest::{SHA256, digest};
    let root = Authority::root("Root");
    let leaf = root.leaf(&["localhost"], |_| ());
    let hash = |bytes: &[u8]| <[u8; 32]>::try_from(digest(&SHA256, bytes).as_ref()).unwrap();
    let (whole, key) = (hash(&leaf), hash(&public_key(std::slice::from_ref(&leaf)).unwrap().spki));
    let here = peer(&[&leaf], "c.example");
    let how = verdict(&PinnedLeaf::certificates([whole]), &here, NOW).unwrap().how;
    assert_eq!(how, format!("pinned certificate, SHA-256 {}", crate::wire::hex(&whole)));
    let mut pinned = PinnedLeaf::keys([whole, key]);
    assert!(verdict(&pinned, &here, NOW).is_ok());
    let words = format!("its key is not one that is pinned (SHA-256 {})", crate::wire::hex(&key));
    refused(&PinnedLeaf::keys([whole]), &here, NOW, &words);
    assert!(matches!(verdict(&pinned, &here, LATER), Err(CertificateError::Expired { .. })));
    (pinned.check_dates, pinned.check_name) = (false, true);
    assert!(verdict(&pinned, &peer(&[&leaf], "localhost"), LATER).is_ok());
    assert!(matches!(verdict(&pinned, &here, LATER), Err(CertificateError::WrongName { .. })));
}

#[test]
fn not_checked_says_so() {
    let rubbish = CertificateDer::from(vec![1, 2, 3]);
    assert_eq!(verdict(&NotChecked, &peer(&[&rubbish], "localhost"), NOW).unwrap().how, "not checked");
}

#[test]
fn roots_from_pem() {
    let text = [include_str!("testdata/root.pem"), "some words\n", include_str!("testdata/root-rsa1024.pem")].concat();
    let roots = Roots::from_pem(text.as_bytes()).unwrap();
    assert_eq!((roots.len(), roots.is_empty()), (2, false));
    let names: Vec<_> = roots.names().map(words::name).collect();
    assert_eq!(names, ["CN=Old Root", "CN=Short Root"]);
    for bad in ["", "no block", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(Roots::from_pem(bad.as_bytes()), Err(CertificateError::Malformed(_))), "{bad}");
    }
}

/// A certificate that was changed anywhere, or cut, is refused, and nothing panics on it.
#[test]
fn any_change_is_refused() {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["localhost", "192.0.2.1"], |p| {
        p.key_usages = vec![Usage::DigitalSignature];
        p.extended_key_usages = vec![Purpose::ServerAuth];
    });
    let servers = root.servers().with_crls([root.list(&[], None)]).unwrap();
    assert!(verdict(&servers, &peer(&[&leaf], "localhost"), NOW).is_ok());
    let known = SelfSigned::new([leaf.clone()]);
    let judge = |bytes: Vec<u8>| {
        let changed = [CertificateDer::from(bytes)];
        let here = peer(&[&changed[0]], "localhost");
        assert!(verdict(&servers, &here, NOW).is_err_and(|e| !e.to_string().is_empty()));
        assert!(verdict(&known, &here, NOW).is_err());
        let _ = (public_key(&changed), stands_for(&changed, "localhost"));
    };
    for at in 0..leaf.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut bytes = leaf.to_vec();
            bytes[at] ^= mask;
            judge(bytes);
        }
        judge(leaf[..at].to_vec());
    }
}

#[test]
fn a_short_key_is_named_where_a_signature_is_by_it() {
    let chain = [test_data(include_str!("testdata/rsa1024.pem"))];
    let (key, provider) = (public_key(&chain).unwrap(), crate::crypto::aws_lc::provider());
    for (rules, short) in [(CertificateRules::modern(), true), (CertificateRules::legacy(), false)] {
        for scheme in [SignatureScheme::RSA_PKCS1_SHA256, SignatureScheme::RSA_PKCS1_SHA1] {
            match key.verify(&*provider, &rules, scheme, true, b"message", &[0; 128]) {
                Err(ErrorKind::Certificate(CertificateError::WrongUsage(why))) if short => {
                    assert!(why.words().contains("1024 bits"), "{why}");
                }
                said => assert_eq!((said, short), (Err(ErrorKind::BadSignature), false)),
            }
        }
    }
}

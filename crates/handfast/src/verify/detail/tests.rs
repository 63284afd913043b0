//! A chain for each field that can be at fault: which certificate is named, and which field.

use super::super::tests::{Authority, LATER, NOW, peer, test_data, verdict};
use super::super::{CertificateError, PeerToVerify, PinnedLeaf, Roots, SelfSigned, Verifier, WebPki, public_key};
use super::{CertificateField as F, CertificatePlace};
use crate::Time;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose as Purpose, GeneralSubtree, IsCa,
    KeyUsagePurpose as Usage, NameConstraints, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

/// What was refused, and of which chain.
struct Cases(Vec<F>);

impl Cases {
    /// This verifier refuses this peer for this field of the certificate in this place.
    #[track_caller]
    fn at(&mut self, verifier: &dyn Verifier, of: &PeerToVerify, now: Time, place: (usize, &str), field: F) {
        let error = verdict(verifier, of, now).expect_err("must be refused");
        self.check(&error, of.chain.len(), place, field);
    }

    #[track_caller]
    fn check(&mut self, error: &CertificateError, of: usize, (position, subject): (usize, &str), field: F) {
        let wanted = CertificatePlace { position, of, subject: subject.into() };
        assert_eq!((error.field(), error.certificate()), (Some(field), Some(&wanted)), "{error}");
        self.0.push(field);
    }
}

/// A chain of this leaf and this authority, for this name.
fn under(leaf: &CertificateDer<'static>, above: &Authority) -> PeerToVerify {
    peer(&[leaf, &above.der], "localhost")
}

#[test]
fn every_refusal_names_certificate_and_field() {
    let mut cases = Cases(Vec::new());
    dates_names_and_issuers(&mut cases);
    uses_and_constraints(&mut cases);
    signatures_and_forms(&mut cases);
    for field in F::ALL {
        assert!(cases.0.contains(field), "no chain is refused for {field}");
        assert!(field.section().starts_with("RFC "), "{field}");
    }
}

fn dates_names_and_issuers(cases: &mut Cases) {
    let root = Authority::root("Root");
    let servers = root.servers();
    let old = root.authority("Old", |p| p.not_after = date_time_ymd(2025, 5, 1));
    let new = root.authority("New", |p| p.not_before = date_time_ymd(2025, 7, 1));
    let never = root.authority("Never", |p| p.not_before = date_time_ymd(2026, 7, 1));
    let leaf = |by: &Authority| by.leaf(&["localhost"], |_| ());
    cases.at(&servers, &under(&leaf(&old), &old), NOW, (1, "CN=Old"), F::NotAfter);
    cases.at(&servers, &under(&leaf(&new), &new), NOW, (1, "CN=New"), F::NotBefore);
    cases.at(&servers, &under(&leaf(&never), &never), NOW, (1, "CN=Never"), F::Validity);
    // The same of the verifiers that ask no authority.
    let past = leaf(&root);
    let pinned = PinnedLeaf::certificates([super::super::fingerprint(&past)]);
    cases.at(&pinned, &peer(&[&past], "localhost"), LATER, (0, "CN=leaf"), F::NotAfter);
    cases.at(
        &SelfSigned::new([past.clone()]),
        &peer(&[&past], "localhost"),
        Time::default(),
        (0, "CN=leaf"),
        F::NotBefore,
    );

    let middle = root.authority("Middle", |_| ());
    let other = Authority::root("Other").servers();
    cases.at(&other, &under(&leaf(&middle), &middle), NOW, (1, "CN=Middle"), F::Issuer);
    let elsewhere = PeerToVerify { name: peer(&[], "elsewhere.test").name, ..under(&leaf(&middle), &middle) };
    cases.at(&servers, &elsewhere, NOW, (0, "CN=leaf"), F::SubjectAltName);

    let listed = root.servers().with_crls([root.list(&[&[0x33]], None)]).unwrap();
    let revoked = root.authority("Revoked", |p| p.serial_number = Some(vec![0x33].into()));
    cases.at(&listed, &under(&leaf(&revoked), &revoked), NOW, (1, "CN=Revoked"), F::SerialNumber);
}

fn uses_and_constraints(cases: &mut Cases) {
    let root = Authority::root("Root");
    let servers = root.servers();
    let issue = |by: &Authority, edit: fn(&mut CertificateParams)| by.leaf(&["localhost"], edit);
    let plain = |by: &Authority| issue(by, |_| ());
    let deciphers = issue(&root, |p| p.key_usages = vec![Usage::KeyEncipherment]);
    cases.at(&servers, &under(&deciphers, &root), NOW, (0, "CN=leaf"), F::KeyUsage);
    let mails = root.authority("Mails", |p| p.extended_key_usages = vec![Purpose::EmailProtection]);
    cases.at(&servers, &under(&plain(&mails), &mails), NOW, (1, "CN=Mails"), F::ExtendedKeyUsage);
    let fake = root.authority("Fake", |p| p.is_ca = IsCa::NoCa);
    cases.at(&servers, &under(&plain(&fake), &fake), NOW, (1, "CN=Fake"), F::BasicConstraints);
    let authority = issue(&root, |p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    cases.at(&servers, &under(&authority, &root), NOW, (0, "CN=leaf"), F::BasicConstraints);
    let last = root.authority("Last", |p| p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let beyond = last.authority("Beyond", |_| ());
    let chain = peer(&[&plain(&beyond), &beyond.der, &last.der], "localhost");
    cases.at(&servers, &chain, NOW, (2, "CN=Last"), F::PathLenConstraint);
    let narrow = root.authority("Narrow", |p| {
        let permitted_subtrees = vec![GeneralSubtree::DnsName("example.org".into())];
        p.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: vec![] });
    });
    cases.at(&servers, &under(&plain(&narrow), &narrow), NOW, (0, "CN=leaf"), F::NameConstraints);
    // NULL, in an extension of nobody's.
    let strange = root.authority("Strange", |p| {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(true);
        p.custom_extensions = vec![extension];
    });
    let chain = under(&plain(&strange), &strange);
    cases.at(&servers, &chain, NOW, (1, "CN=Strange"), F::Extensions);
    assert!(verdict(&servers, &chain, NOW).unwrap_err().to_string().ends_with("is not known here (1.2.3.4)"));
    // SEQUENCE of INTEGER 5.
    let staples = issue(&root, |p| {
        let features = vec![0x30, 3, 2, 1, 5];
        p.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], features)];
    });
    cases.at(&servers, &under(&staples, &root), NOW, (0, "CN=leaf"), F::TlsFeature);
}

fn signatures_and_forms(cases: &mut Cases) {
    let root = Authority::root("Root");
    let middle = root.authority("Middle", |_| ());
    let leaf = middle.leaf(&["localhost"], |_| ());
    let changed = |der: &CertificateDer<'static>| {
        let mut bytes = der.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        CertificateDer::from(bytes)
    };
    for (chain, place) in [
        ([changed(&leaf), middle.der.clone()], (0, "CN=leaf")),
        ([leaf.clone(), changed(&middle.der)], (1, "CN=Middle")),
    ] {
        let chain = peer(&[&chain[0], &chain[1]], "localhost");
        cases.at(&root.servers(), &chain, NOW, place, F::SignatureValue);
    }
    // ecdsa-with-SHA256, which stands twice, changed to another in one place.
    let oid = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let mut bytes = middle.der.to_vec();
    let at = bytes.windows(8).rposition(|w| w == oid).unwrap();
    bytes[at + 7] = 3;
    let two = peer(&[&leaf, &bytes.into()], "localhost");
    cases.at(&root.servers(), &two, NOW, (1, "CN=Middle"), F::SignatureAlgorithm);

    let pem_roots = WebPki::for_servers(Roots::from_pem(include_bytes!("../testdata/root.pem")).unwrap());
    for (pem, field) in [
        (include_str!("../testdata/sha1.pem"), F::SignatureAlgorithm),
        (include_str!("../testdata/rsa1024.pem"), F::SubjectPublicKeyInfo),
        (include_str!("../testdata/v1.pem"), F::Version),
    ] {
        cases.at(&pem_roots, &peer(&[&test_data(pem)], "localhost"), LATER, (0, "CN=localhost"), field);
    }
    let ed448 = test_data(include_str!("../testdata/ed448.pem"));
    let error = public_key(std::slice::from_ref(&ed448)).unwrap_err();
    cases.check(&error, 1, (0, "CN=localhost"), F::SubjectPublicKeyInfo);
}

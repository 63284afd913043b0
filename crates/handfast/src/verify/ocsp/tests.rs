//! Responses of every kind, good and bad, and what is said of them.

use super::super::tests::{Authority, NOW, peer, verdict};
use super::super::{CertificateError, PeerToVerify, Stapled};
use super::*;
use crate::alert::AlertDescription;
use rcgen::{
    CertificateParams, CustomExtension, ExtendedKeyUsagePurpose as Purpose, KeyPair, SigningKey, date_time_ymd,
};

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        n @ ..=0x7f => vec![n as u8],
        n => vec![0x82, (n >> 8) as u8, n as u8],
    };
    [&[tag][..], &length, &content].concat()
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, parts)
}

/// What a response is to say.
struct Made<'a> {
    issuer: &'a Authority,
    /// Under which hash the issuer is named.
    hash: &'static [u8],
    serial: &'a [u8],
    status: Vec<u8>,
    this_update: &'static str,
    next_update: Option<&'static str>,
    /// Who signs, if it is not the issuer: certificate and key.
    responder: Option<(&'a CertificateDer<'static>, &'a KeyPair)>,
    by_key: bool,
    critical: bool,
}

const SERIAL: &[u8] = &[0x0a, 0x1b];

impl<'a> Made<'a> {
    fn good(issuer: &'a Authority) -> Self {
        Self {
            issuer,
            hash: SHA1_OID,
            serial: SERIAL,
            status: tlv(GOOD, &[]),
            this_update: "20250530000000Z",
            next_update: Some("20250606000000Z"),
            responder: None,
            by_key: false,
            critical: false,
        }
    }

    fn revoked(issuer: &'a Authority) -> Self {
        let when = tlv(tag::GENERALIZED_TIME, &[b"20250517120000Z"]);
        let status = tlv(REVOKED, &[&when, &tlv(tag::EXPLICIT_0, &[&tlv(ENUMERATED, &[&[1]])])]);
        Self { status, ..Self::good(issuer) }
    }

    fn data(&self) -> Vec<u8> {
        let algorithm: &'static digest::Algorithm =
            if self.hash == SHA1_OID { &SHA1_FOR_LEGACY_USE_ONLY } else { &SHA256 };
        let issuer = Certificate::read(&self.issuer.der).unwrap();
        let hash = |of: &[u8]| tlv(tag::OCTET_STRING, &[digest(algorithm, of).as_ref()]);
        let id = sequence(&[
            &sequence(&[&tlv(tag::OID, &[self.hash])]),
            &hash(issuer.subject),
            &hash(Key::read(issuer.spki).unwrap().bits),
            &tlv(tag::INTEGER, &[self.serial]),
        ]);
        let time = |text: &str| tlv(tag::GENERALIZED_TIME, &[text.as_bytes()]);
        let next = self.next_update.map_or(Vec::new(), |t| tlv(tag::EXPLICIT_0, &[&time(t)]));
        let extension = sequence(&[&tlv(tag::OID, &[&[0x2a, 3]]), &tlv(tag::BOOLEAN, &[&[0xff]]), &tlv(4, &[])]);
        let extensions = tlv(EXPLICIT_1, &[&sequence(&[&extension])]);
        let extensions: &[u8] = if self.critical { &extensions } else { &[] };
        let single = sequence(&[&id, &self.status, &time(self.this_update), &next, extensions]);
        let signer = Certificate::read(self.responder.map_or(&self.issuer.der, |r| r.0)).unwrap();
        let key = digest(&SHA1_FOR_LEGACY_USE_ONLY, Key::read(signer.spki).unwrap().bits);
        let responder = match self.by_key {
            true => tlv(BY_KEY, &[&tlv(tag::OCTET_STRING, &[key.as_ref()])]),
            false => tlv(BY_NAME, &[signer.subject]),
        };
        sequence(&[&responder, &time("20250530000100Z"), &sequence(&[&single])])
    }

    fn der(&self) -> Vec<u8> {
        let data = self.data();
        let key = self.responder.map_or(self.issuer.issuer.key(), |r| r.1);
        let signature = tlv(tag::BIT_STRING, &[&[0], &key.sign(&data).unwrap()]);
        // ecdsa-with-SHA256
        let algorithm = sequence(&[&tlv(tag::OID, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]])]);
        let certificates = self.responder.map_or(Vec::new(), |(c, _)| tlv(tag::EXPLICIT_0, &[&sequence(&[c])]));
        let basic = sequence(&[&data, &algorithm, &signature, &certificates]);
        let bytes = sequence(&[&tlv(tag::OID, &[BASIC_RESPONSE]), &tlv(tag::OCTET_STRING, &[&basic])]);
        sequence(&[&tlv(ENUMERATED, &[&[0]]), &tlv(tag::EXPLICIT_0, &[&bytes])])
    }
}

/// A certificate of one whom this authority makes a responder, if `purpose` says so.
fn responder(
    by: &Authority,
    purpose: Purpose,
    edit: impl FnOnce(&mut CertificateParams),
) -> (CertificateDer<'static>, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let der = by.leaf_of(&key, &[], |p| {
        p.distinguished_name.push(rcgen::DnType::CommonName, "Responder");
        p.extended_key_usages = vec![purpose];
        edit(p);
    });
    (der, key)
}

fn with(mut peer: PeerToVerify, ocsp: Vec<Vec<u8>>) -> PeerToVerify {
    peer.stapled = Stapled { ocsp, scts: Vec::new() };
    peer
}

/// A root, and a certificate of its.
fn issued() -> (Authority, CertificateDer<'static>) {
    let root = Authority::root("Root");
    let leaf = root.leaf(&["example.org"], |_| ());
    (root, leaf)
}

#[track_caller]
fn good(root: &Authority, leaf: &CertificateDer<'static>, response: &Made<'_>) {
    let peer = with(peer(&[leaf], "example.org"), vec![response.der()]);
    let how = verdict(&root.servers(), &peer, NOW).unwrap().how;
    let words =
        "chain of 1 to CN=Root, valid until 2025-12-31 00:00:00 UTC, not revoked as of 2025-05-30 00:00:00 UTC (OCSP)";
    assert_eq!(how, words);
}

/// The words behind "has come with an OCSP response that".
#[track_caller]
fn bad(root: &Authority, leaf: &CertificateDer<'static>, response: &[u8]) -> String {
    let peer = with(peer(&[leaf], "example.org"), vec![response.to_vec()]);
    let error = verdict(&root.servers(), &peer, NOW).expect_err("must be refused");
    assert!(matches!(error, CertificateError::BadStaple(_)), "{error:?}");
    assert_eq!(error.alert(), AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE);
    let words = error.to_string();
    words.strip_prefix("the peer's own certificate (CN=leaf) has come with an OCSP response that ").unwrap().to_owned()
}

#[test]
fn a_good_response_is_told() {
    let (root, leaf) = issued();
    for hash in [SHA1_OID, SHA256_OID] {
        for by_key in [false, true] {
            good(&root, &leaf, &Made { hash, by_key, ..Made::good(&root) });
        }
    }
    // Without an end it counts for a week.
    good(&root, &leaf, &Made { next_update: None, ..Made::good(&root) });
    // An empty one is none.
    let none = with(peer(&[&leaf], "example.org"), vec![Vec::new()]);
    assert!(!verdict(&root.servers(), &none, NOW).unwrap().how.contains("OCSP"));
}

#[test]
fn a_revoked_certificate_is_refused() {
    let (root, leaf) = issued();
    let peer = with(peer(&[&leaf], "example.org"), vec![Made::revoked(&root).der()]);
    let error = verdict(&root.servers(), &peer, NOW).unwrap_err();
    assert_eq!(error.alert(), AlertDescription::CERTIFICATE_REVOKED);
    let words = "the peer's own certificate (CN=leaf) was revoked on 2025-05-17 12:00:00 UTC (keyCompromise), says its OCSP response";
    assert_eq!(error.to_string(), words);
    // A responder that knows nothing of it.
    let unknown = Made { status: tlv(0x82, &[]), ..Made::good(&root) };
    assert_eq!(bad(&root, &leaf, &unknown.der()), "says that its responder knows no such certificate");
}

#[test]
fn a_response_is_for_one_certificate_of_one_issuer() {
    let (root, leaf) = issued();
    let other = Authority::root("Root");
    let words = "is about another certificate";
    assert_eq!(bad(&root, &leaf, &Made { serial: &[0x0a, 0x1c], ..Made::good(&root) }.der()), words);
    assert_eq!(bad(&root, &leaf, &Made::good(&other).der()), words);
}

#[test]
fn a_response_counts_while_it_is_fresh() {
    let (root, leaf) = issued();
    let future = Made { this_update: "20250601000600Z", ..Made::good(&root) };
    assert_eq!(bad(&root, &leaf, &future.der()), "is of 2025-06-01 00:06:00 UTC, which is yet to come");
    let past = Made { next_update: Some("20250531235400Z"), ..Made::good(&root) };
    assert_eq!(bad(&root, &leaf, &past.der()), "is out of date since 2025-05-31 23:54:00 UTC, 6 minutes ago");
    let endless = Made { this_update: "20250520000000Z", next_update: None, ..Made::good(&root) };
    assert_eq!(bad(&root, &leaf, &endless.der()), "is out of date since 2025-05-27 00:00:00 UTC, 5 days ago");
    // Clocks differ by a few minutes.
    let peer = |made: &Made<'_>| with(peer(&[&leaf], "example.org"), vec![made.der()]);
    for (this_update, next_update) in [("20250601000400Z", "20250606000000Z"), ("20250530000000Z", "20250531235600Z")] {
        let made = Made { this_update, next_update: Some(next_update), ..Made::good(&root) };
        assert!(verdict(&root.servers(), &peer(&made), NOW).is_ok(), "{this_update}");
    }
}

#[test]
fn an_issuer_may_have_a_responder() {
    let (root, leaf) = issued();
    let (der, key) = responder(&root, Purpose::OcspSigning, |_| ());
    for by_key in [false, true] {
        good(&root, &leaf, &Made { responder: Some((&der, &key)), by_key, ..Made::good(&root) });
    }
    let not_one = "is signed by one whom the certificate's issuer has not made a responder";
    let refused = |(der, key): &(CertificateDer<'static>, KeyPair)| {
        let words = bad(&root, &leaf, &Made { responder: Some((der, key)), ..Made::good(&root) }.der());
        assert!(words.starts_with(not_one), "{words}");
    };
    // Made for something else, by someone else, or long ago.
    refused(&responder(&root, Purpose::ServerAuth, |_| ()));
    refused(&responder(&Authority::root("Root"), Purpose::OcspSigning, |_| ()));
    refused(&responder(&root.authority("Middle", |_| ()), Purpose::OcspSigning, |_| ()));
    refused(&responder(&root, Purpose::OcspSigning, |p| p.not_after = date_time_ymd(2025, 5, 1)));
    // Signed by another key than the one shown.
    let other = KeyPair::generate().unwrap();
    let forged = Made { responder: Some((&der, &other)), ..Made::good(&root) };
    assert_eq!(
        bad(&root, &leaf, &forged.der()),
        "has a signature that is not by the key of the responder that it names"
    );
}

#[test]
fn what_else_is_of_no_use() {
    let (root, leaf) = issued();
    let failed = |status: u8| bad(&root, &leaf, &sequence(&[&tlv(ENUMERATED, &[&[status]])]));
    assert_eq!(failed(3), "says no more than that its responder had none to give (tryLater)");
    assert_eq!(failed(6), "says no more than that its responder had none to give (unauthorized)");
    assert_eq!(failed(0), UNREADABLE);
    assert_eq!(bad(&root, &leaf, b"nonsense"), UNREADABLE);
    assert_eq!(bad(&root, &leaf, &Made { critical: true, ..Made::good(&root) }.der()), CRITICAL);
    // ecdsa-with-SHA1
    let der = Made::good(&root).der();
    let at = der.windows(8).position(|w| w == [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]).unwrap();
    let mut old = der;
    old[at + 6] = 1;
    // One arc less makes it shorter in meaning only: 1.2.840.10045.4.1.2.
    assert_eq!(bad(&root, &leaf, &old), "is signed with 1.2.840.10045.4.1.2, which is not accepted");
}

/// Whatever the bytes: no panic, and no signed byte can be changed.
#[test]
fn no_bytes_do_harm() {
    let (root, leaf) = issued();
    let (by, key) = responder(&root, Purpose::OcspSigning, |_| ());
    let made = Made { responder: Some((&by, &key)), ..Made::revoked(&root) };
    let (der, data) = (made.der(), made.data());
    let at = der.windows(data.len()).position(|w| w == data).unwrap();
    let servers = root.servers();
    let judge = |response: Vec<u8>| verdict(&servers, &with(peer(&[&leaf], "example.org"), vec![response]), NOW);
    assert!(matches!(judge(der.clone()), Err(CertificateError::Revoked { .. })));
    for n in 1..der.len() {
        assert!(matches!(judge(der[..n].to_vec()), Err(CertificateError::BadStaple(_))), "cut to {n} bytes");
        let mut changed = der.clone();
        changed[n] ^= 1 << (n % 8);
        let signed = (at..at + data.len()).contains(&n);
        match judge(changed) {
            Err(CertificateError::BadStaple(_)) => {}
            // What stands around what is signed may have some play.
            Err(CertificateError::Revoked { .. }) if !signed => {}
            other => panic!("changed at {n}: {other:?}"),
        }
    }
}

#[test]
fn a_response_may_be_required() {
    let (root, leaf) = issued();
    let mut servers = root.servers();
    servers.require_ocsp = true;
    let without = peer(&[&leaf], "example.org");
    let error = verdict(&servers, &without, NOW).unwrap_err();
    assert_eq!(error.alert(), AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE);
    let words = "no OCSP response came with the peer's own certificate (CN=leaf), and this verifier requires one";
    assert_eq!(error.to_string(), words);
    assert!(verdict(&servers, &with(without, vec![Made::good(&root).der()]), NOW).is_ok());
}

/// RFC 7633
#[test]
fn a_certificate_may_demand_one() {
    let root = Authority::root("Root");
    let features = |numbers: &[u8]| {
        let list: Vec<_> = numbers.iter().flat_map(|n| tlv(tag::INTEGER, &[&[*n]])).collect();
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], sequence(&[&list]))
    };
    let leaf = root.leaf(&["example.org"], |p| p.custom_extensions = vec![features(&[17, 5])]);
    let asked = peer(&[&leaf], "example.org");
    let words = "no OCSP response came with the peer's own certificate (CN=leaf), and the certificate says that one must (TLS \
                 feature status_request)";
    let error = verdict(&root.servers(), &asked, NOW).unwrap_err();
    assert!(matches!(error, CertificateError::NoStaple(_)));
    assert_eq!(error.to_string(), words);
    good(&root, &leaf, &Made::good(&root));
    // Nobody can give what was not asked for; and other features are none of ours.
    let not_asked = PeerToVerify { ocsp_wanted: false, ..asked };
    assert!(verdict(&root.servers(), &not_asked, NOW).is_ok());
    let other = root.leaf(&["example.org"], |p| p.custom_extensions = vec![features(&[17])]);
    assert!(verdict(&root.servers(), &peer(&[&other], "example.org"), NOW).is_ok());
}

/// RFC 9846 4.5.1.1
#[test]
fn an_authority_in_the_chain_may_have_one_too() {
    let root = Authority::root("Root");
    let middle = root.authority("Middle", |p| p.serial_number = Some(vec![0x33].into()));
    let leaf = middle.leaf(&["example.org"], |_| ());
    let of_leaf = Made::good(&middle).der();
    let chain = || peer(&[&leaf, &middle.der], "example.org");
    let of_middle = |made: Made<'_>| Made { serial: &[0x33], ..made }.der();
    let both = with(chain(), vec![of_leaf.clone(), of_middle(Made::good(&root))]);
    assert!(verdict(&root.servers(), &both, NOW).unwrap().how.ends_with("(OCSP)"));
    let revoked = with(chain(), vec![of_leaf, of_middle(Made::revoked(&root))]);
    let error = verdict(&root.servers(), &revoked, NOW).unwrap_err().to_string();
    assert!(error.starts_with("certificate 2 of 2 in its chain (CN=Middle) was revoked on 2025-05-17"), "{error}");
    // Of a certificate that is not needed, whatever is said of it does not matter.
    let spare = with(peer(&[&leaf, &middle.der, &root.der], "example.org"), vec![Vec::new(), Vec::new(), vec![1]]);
    assert!(verdict(&root.servers(), &spare, NOW).is_ok());
}

//! Private keys against the verification, and the legacy half.

use super::*;
use crate::crypto::{CbcCipher, Credential, KeyKind, Mac, PrivateKey};
use crate::keys::Secret;
use crate::keys::tests::unhex;
use crate::wait::Reply;
use x509_parser::prelude::{FromDer, X509Certificate};

macro_rules! credential {
    ($certificate:literal, $key:literal) => {
        Credential::from_pem(
            include_bytes!(concat!("../../../tests/pem/", $certificate, ".cert.pem")),
            include_bytes!(concat!("../../../tests/pem/", $key, ".pem")),
        )
        .unwrap()
    };
}

/// Its SubjectPublicKeyInfo.
fn spki(credential: &Credential) -> Vec<u8> {
    X509Certificate::from_der(&credential.chain[0]).unwrap().1.public_key().raw.to_vec()
}

fn sign(key: &dyn PrivateKey, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Failure> {
    match key.sign(scheme, message) {
        Reply::Now(signature) => signature,
        Reply::Later => panic!("a key in memory answers at once"),
    }
}

#[test]
fn what_a_key_signs_its_public_key_verifies_and_no_other() {
    let credentials = [
        credential!("rsa", "rsa.pkcs8"),
        credential!("rsa1024", "rsa1024.pkcs1"),
        credential!("p256", "p256.sec1"),
        credential!("p384", "p384.pkcs8"),
        credential!("p521", "p521.sec1"),
        credential!("ed25519", "ed25519.pkcs8"),
        credential!("pss", "pss.pkcs8"),
        credential!("pss384", "pss384.pkcs8"),
        mldsa(&rcgen::PKCS_ML_DSA_44),
        mldsa(&rcgen::PKCS_ML_DSA_65),
        mldsa(&rcgen::PKCS_ML_DSA_87),
    ];
    // As long as both digests, which is what SSL 3.0 signs.
    const MESSAGE: &[u8] = &[5; 36];
    let provider = provider();
    for credential in &credentials {
        let own = spki(credential);
        for &scheme in credential.key.schemes() {
            assert!(credential.key.classic_schemes().contains(&scheme) || credential.kind() == KeyKind::MlDsa);
            assert!(provider.schemes().contains(&scheme), "{scheme}");
            let signature = sign(&*credential.key, scheme, MESSAGE).unwrap();
            assert_eq!(provider.verify(scheme, &own, false, MESSAGE, &signature), Ok(()), "{scheme}");

            for other in credentials.iter().filter(|c| c.chain != credential.chain) {
                assert!(provider.verify(scheme, &spki(other), true, MESSAGE, &signature).is_err(), "{scheme}");
            }
            let refused = |message: &[u8], signature: &[u8]| {
                assert_eq!(provider.verify(scheme, &own, true, message, signature), Err(Failure), "{scheme}");
            };
            refused(&[7; 36], &signature);
            refused(MESSAGE, &[]);
            refused(MESSAGE, &signature[1..]);
            let mut tampered = signature.clone();
            tampered[signature.len() / 2] ^= 1;
            refused(MESSAGE, &tampered);
            // Any other scheme that the key could be verified by.
            for &wrong in provider.schemes().iter().filter(|s| **s != scheme) {
                assert!(provider.verify(wrong, &own, true, MESSAGE, &signature).is_err(), "{scheme} as {wrong}");
            }
        }
        let can =
            |s: &SignatureScheme| credential.key.schemes().contains(s) || credential.key.classic_schemes().contains(s);
        let not_its = provider.schemes().iter().filter(|s| !can(s));
        for &scheme in not_its {
            assert_eq!(sign(&*credential.key, scheme, MESSAGE), Err(Failure), "{scheme}");
        }
    }
}

/// A certificate with a key of ML-DSA, both made here.
fn mldsa(algorithm: &'static rcgen::SignatureAlgorithm) -> Credential {
    let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    let der = rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    Credential::from_der(vec![certificate.der().clone()], der.into()).unwrap()
}

/// The three forms of an ML-DSA private key (RFC 9881 6): a seed, expanded, both.
#[test]
fn keys_of_ml_dsa_are_read_in_every_form() {
    use super::der::{INTEGER, OCTET_STRING, SEQUENCE, push_element};
    use aws_lc_rs::encoding::AsRawBytes;
    use aws_lc_rs::signature::{KeyPair, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair};
    let element = |tag, contents: &[u8]| {
        let mut out = Vec::new();
        push_element(&mut out, tag, contents);
        out
    };
    let seed: Vec<u8> = (0..32).collect();
    for (algorithm, last, scheme) in [
        (&ML_DSA_44_SIGNING, 17, SignatureScheme::MLDSA44),
        (&ML_DSA_65_SIGNING, 18, SignatureScheme::MLDSA65),
        (&ML_DSA_87_SIGNING, 19, SignatureScheme::MLDSA87),
    ] {
        let pair = PqdsaKeyPair::from_seed(algorithm, &seed).unwrap();
        let expanded = element(OCTET_STRING, pair.private_key().as_raw_bytes().unwrap().as_ref());
        let both = element(SEQUENCE, &[element(OCTET_STRING, &seed), expanded.clone()].concat());
        let oid = element(SEQUENCE, &[&[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3][..], &[last]].concat());
        for inner in [element(0x80, &seed), expanded, both] {
            let info = [element(INTEGER, &[0]), oid.clone(), element(OCTET_STRING, &inner)].concat();
            let info = element(SEQUENCE, &info);
            let der = rustls_pki_types::PrivatePkcs8KeyDer::from(info);
            let (key, public) = private_and_public(&der.into()).unwrap();
            assert_eq!(public, pair.public_key().as_ref());
            assert_eq!((key.kind(), key.schemes()), (KeyKind::MlDsa, &[scheme][..]));
            assert!(sign(&*key, scheme, b"message").is_ok());
        }
    }
}

/// Any hash goes with any curve.
#[test]
fn ecdsa_keys_sign_with_every_hash_in_tls_1_2() {
    use SignatureScheme as S;
    for credential in
        [credential!("p256", "p256.sec1"), credential!("p384", "p384.sec1"), credential!("p521", "p521.sec1")]
    {
        let own = spki(&credential);
        let schemes = [S::ECDSA_SECP256R1_SHA256, S::ECDSA_SECP384R1_SHA384, S::ECDSA_SECP521R1_SHA512, S::ECDSA_SHA1];
        assert_eq!(credential.key.classic_schemes()[0], credential.key.schemes()[0]);
        for scheme in schemes {
            assert!(credential.key.classic_schemes().contains(&scheme));
            let signature = sign(&*credential.key, scheme, b"message").unwrap();
            assert_eq!(provider().verify(scheme, &own, true, b"message", &signature), Ok(()), "{scheme}");
            let strict = provider().verify(scheme, &own, false, b"message", &signature);
            assert_eq!(strict.is_ok(), credential.key.schemes().contains(&scheme), "{scheme}");
        }
        // The hash of its curve goes first, wherever it stands in the other's list; then the longest.
        assert_eq!(credential.classic_scheme_among(&schemes), Some(credential.key.schemes()[0]));
        let others: Vec<_> = schemes[..3].iter().copied().filter(|s| *s != credential.key.schemes()[0]).collect();
        assert_eq!(credential.classic_scheme_among(&others), others.last().copied());
        assert_eq!(credential.classic_scheme_among(&[S::ED25519]), None);
    }
}

#[test]
fn tls_1_2_lets_hash_and_curve_differ_and_tls_1_3_does_not() {
    use SignatureScheme as S;
    let p256 = spki(&credential!("p256", "p256.sec1"));
    let p384 = spki(&credential!("p384", "p384.sec1"));
    let p521 = spki(&credential!("p521", "p521.sec1"));
    // Over "message", by `openssl dgst -sign`.
    for (spki, scheme, signature) in [
        (
            &p256,
            S::ECDSA_SECP384R1_SHA384,
            concat!(
                "30440220593cf704da6bfea4721172165f5e8016d8ba4441820fdbc149397089c08bd3e802204233dc63f38d378e6f09",
                "708b91392f3759c0be3820ea10b8e865c2c6d7539a61"
            ),
        ),
        (
            &p256,
            S::ECDSA_SECP521R1_SHA512,
            concat!(
                "30450221009a88bdefda47ec93129a14ebdeb4909dda3d952b003da57de99832a59bd6d21702207e34d2fdf81e8ceffc",
                "3d171d1541408a3ae05aeef5e42c6baed30d1b4ed70cda"
            ),
        ),
        (
            &p384,
            S::ECDSA_SECP256R1_SHA256,
            concat!(
                "3065023100b9d5dc1a4d4fe8bf6104872685250e25e01ab29034d4d8b8b658466e6fd242deb29322a035e7dedc498a4d",
                "61b41d0bfd02303418c9e9429e3e27054e537dd95648fbb2090255cda5f0d3b506abbb53c888eb77ebf8ab5222420e74",
                "63c1718793b5eb"
            ),
        ),
        (
            &p384,
            S::ECDSA_SECP521R1_SHA512,
            concat!(
                "3066023100c9b79d93ccd7555f66e513ff29f61ac9986553b1c0db4e691c7ac4fa3c481bac830894d138c0c4e24c21b4",
                "4da062fc8402310093c5b4d500078b36185dc89fa2c2d11557320f80ba5781e19979a3fb892a3ccc49e968816eb650e8",
                "c66dfc67e6ae8222"
            ),
        ),
        (
            &p521,
            S::ECDSA_SECP256R1_SHA256,
            concat!(
                "308188024201969feafe36e3f900750eaad89ca7b64bfa00c43e1598e80eaf6c31a1ad7cdb797f420c5804bc09941231",
                "aa8f871003e621a37409481955f0958aa42562733da571024201821aae212157f40bab1ac5d368d876c5a2e29406f5ab",
                "90650b4ab4c659cf89dd2d146872bc16d28218f9db837c9cd9c0017d4c22bb6f68040c241674615a05098d"
            ),
        ),
        (
            &p521,
            S::ECDSA_SECP384R1_SHA384,
            concat!(
                "30818802420183173b541d0451c22be915da6427956e303974946ba8b0fadf1c6d22344bd3efbf04be9f94ae94a84cee",
                "f4e44a3686decb12da9f9ef263b1d44eb4fcd87348ebf2024200c344e617e8b7b378d340eec1f1bbe24050428493c137",
                "d0e7a9d12d41f7a16ab68fa4a6caa085d3c1c5f1c341a415b8d2aa333fd2788e783477b392368eecc4c07f"
            ),
        ),
    ] {
        let signature = unhex(signature);
        assert_eq!(provider().verify(scheme, spki, true, b"message", &signature), Ok(()));
        assert_eq!(provider().verify(scheme, spki, false, b"message", &signature), Err(Failure));
        assert_eq!(provider().verify(scheme, spki, true, b"massage", &signature), Err(Failure));
    }
}

#[test]
fn what_is_no_spki_is_refused() {
    let credential = credential!("p256", "p256.sec1");
    let good = spki(&credential);
    let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
    let signature = sign(&*credential.key, scheme, b"message").unwrap();
    let verdict = |spki: &[u8]| provider().verify(scheme, spki, true, b"message", &signature);
    assert_eq!(verdict(&good), Ok(()));
    for len in 0..good.len() {
        assert_eq!(verdict(&good[..len]), Err(Failure));
    }
    assert_eq!(verdict(&[&good[..], &[0]].concat()), Err(Failure));
    for bit in 0..8 * good.len() {
        let mut changed = good.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verdict(&changed), Err(Failure), "bit {bit}");
    }
}

#[test]
fn a_premaster_secret_comes_back_and_any_fault_gives_the_fallback() {
    let credential = credential!("rsa", "rsa.pkcs1");
    let legacy = provider();
    let legacy = legacy.legacy().unwrap();
    let fallback = Secret::copy(&[9; 48]);
    let unwrap =
        |encrypted: &[u8], version, fallback: &Secret| match credential.key.premaster(encrypted, version, fallback) {
            Reply::Now(answer) => answer,
            Reply::Later => panic!("a key in memory answers at once"),
        };
    let premaster = [&[3, 3][..], &[7; 46]].concat();
    let encrypted = legacy.rsa_encrypt(&spki(&credential), &premaster).unwrap();
    assert!(credential.key.decrypts());
    assert_eq!(unwrap(&encrypted, 0x0303, &fallback).unwrap().bytes(), premaster);
    // Another version, another length, another key, no ciphertext at all.
    assert!(unwrap(&encrypted, 0x0302, &fallback).unwrap().same(&[9; 48]));
    assert!(unwrap(&encrypted[1..], 0x0303, &fallback).unwrap().same(&[9; 48]));
    assert!(unwrap(&[], 0x0303, &fallback).unwrap().same(&[9; 48]));
    let short = legacy.rsa_encrypt(&spki(&credential), &premaster[..47]).unwrap();
    assert!(unwrap(&short, 0x0303, &fallback).unwrap().same(&[9; 48]));
    // A fallback that is none.
    assert!(unwrap(&encrypted, 0x0303, &Secret::copy(&[9; 47])).is_err());

    let ecdsa = credential!("p256", "p256.sec1");
    assert!(!ecdsa.key.decrypts());
    assert!(matches!(ecdsa.key.premaster(&encrypted, 0x0303, &fallback), Reply::Now(Err(Failure))));
    assert!(legacy.rsa_encrypt(&spki(&ecdsa), &premaster).is_err());
}

#[test]
fn cbc_records_open_in_order_and_tampered_ones_do_not() {
    let provider = provider();
    let legacy = provider.legacy().unwrap();
    for (cipher, implicit_iv) in
        [CbcCipher::Aes128, CbcCipher::Aes256].into_iter().flat_map(|c| [(c, true), (c, false)])
    {
        let iv_len = if implicit_iv { 16 } else { 0 };
        let key: Vec<u8> = (0..).take(Mac::Sha1.len() + cipher.key_len() + iv_len).collect();
        let context = |seal| legacy.cbc(cipher, Mac::Sha1, implicit_iv, seal, &key).unwrap();
        let (mut sealer, mut opener) = (context(true), context(false));
        let iv: &[u8] = if implicit_iv { &[] } else { &[5; 16] };
        for (sequence, plaintext) in [&b"first"[..], b"", &[1; 1000]].into_iter().enumerate() {
            let ad = [0, 0, 0, 0, 0, 0, 0, sequence as u8, 23, 3, 3];
            let mut out = b"before".to_vec();
            sealer.seal(iv, &ad, plaintext, &mut out).unwrap();
            let fragment = out.strip_prefix(b"before").unwrap();
            assert!(fragment.starts_with(iv));
            assert_eq!(fragment.len(), iv.len() + (plaintext.len() + 20) / 16 * 16 + 16);
            if !implicit_iv {
                for at in 0..fragment.len().min(64) {
                    let mut changed = fragment.to_vec();
                    changed[at] ^= 1;
                    assert_eq!(opener.open(&ad, &mut changed), Err(Failure));
                    assert_eq!(opener.open(&ad, &mut fragment[..at].to_vec()), Err(Failure));
                }
            }
            let mut fragment = fragment.to_vec();
            let range = opener.open(&ad, &mut fragment).unwrap();
            assert_eq!(&fragment[range], plaintext);
        }
        let mut out = b"before".to_vec();
        assert_eq!(opener.seal(iv, &[0; 11], b"", &mut out), Err(Failure));
        assert_eq!(out, b"before");
        assert!(legacy.cbc(cipher, Mac::Sha1, !implicit_iv, true, &key).is_err());
    }
}

#[test]
fn randomness_is_not_the_same_twice_and_nothing_prints_a_key() {
    let (mut a, mut b) = ([0; 32], [0; 32]);
    provider().random(&mut a).unwrap();
    provider().random(&mut b).unwrap();
    assert_ne!(a, b);
    assert_eq!(format!("{:?}", credential!("rsa", "rsa.pkcs1").key), "PrivateKey(Rsa)");
}

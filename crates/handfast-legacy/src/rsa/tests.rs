use super::*;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize, Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use std::sync::LazyLock;

const FALLBACK: [u8; 48] = [0xfa; 48];

/// RSAPrivateKey and RSAPublicKey, both in DER: the safe API makes no key under 2048 bits.
fn generate(bits: c_int) -> (Vec<u8>, Vec<u8>) {
    type ToBytes = unsafe extern "C" fn(*mut *mut u8, *mut usize, *const RSA) -> c_int;
    let e = Owned::from_be_bytes(&[1, 0, 1]).expect("a number");
    // SAFETY: a constructor whose result we own.
    let rsa = unsafe { Owned::new(aws_lc_sys::RSA_new()) }.expect("a key");
    // SAFETY: the key and the exponent are live; a null callback is none.
    let made = unsafe { aws_lc_sys::RSA_generate_key_ex(rsa.as_ptr(), bits, e.as_ptr(), core::ptr::null_mut()) };
    assert_eq!(made, 1);
    let encode = |to_bytes: ToBytes| {
        let (mut der, mut len) = (core::ptr::null_mut(), 0);
        // SAFETY: one of the two encoders below; the key is live, and it writes a buffer that we then own.
        assert_eq!(unsafe { to_bytes(&mut der, &mut len, rsa.as_ptr()) }, 1);
        // SAFETY: written by the encoder.
        let bytes = unsafe { core::slice::from_raw_parts(der, len) }.to_vec();
        // SAFETY: ours, and not used again.
        unsafe { aws_lc_sys::OPENSSL_free(der.cast()) };
        bytes
    };
    (encode(aws_lc_sys::RSA_private_key_to_bytes), encode(aws_lc_sys::RSA_public_key_to_bytes))
}

struct Fixture {
    key: RsaPrivateKey,
    public: Vec<u8>,
}

/// A key of 1024 bits by PKCS #1, and one of 2048 by PKCS #8 with SubjectPublicKeyInfo.
static KEYS: LazyLock<[Fixture; 2]> = LazyLock::new(|| {
    let (private, public) = generate(1024);
    let small = Fixture { key: RsaPrivateKey::from_pkcs1(&private).expect("PKCS #1"), public };
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("generates");
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("PKCS #8");
    let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("SPKI");
    let key = RsaPrivateKey::from_pkcs8(pkcs8.as_ref()).expect("PKCS #8");
    [small, Fixture { key, public: spki.as_ref().to_vec() }]
});

/// A public key with a modulus of `bits` ones: no RSA modulus, but nothing public can tell.
fn public_of_bits(bits: usize) -> Vec<u8> {
    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let len = (content.len() as u16).to_be_bytes();
        let header = if len[0] == 0 { vec![tag, 0x81, len[1]] } else { vec![tag, 0x82, len[0], len[1]] };
        [&header[..], content].concat()
    }
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= (8 - bits % 8) % 8;
    if modulus[0] >= 0x80 {
        modulus.insert(0, 0);
    }
    tlv(0x30, &[&tlv(0x02, &modulus)[..], &[0x02, 3, 1, 0, 1]].concat())
}

fn premaster(version: u16) -> [u8; 48] {
    let mut premaster = core::array::from_fn(|i| i as u8);
    premaster[..2].copy_from_slice(&version.to_be_bytes());
    premaster
}

/// A right block for a modulus of `len` bytes.
fn block(len: usize, version: u16) -> Vec<u8> {
    let mut block = vec![0x5c; len];
    block[..2].copy_from_slice(&[0, 2]);
    block[len - 49] = 0;
    block[len - 48..].copy_from_slice(&premaster(version));
    block
}

#[test]
fn what_is_encrypted_is_unwrapped() {
    for Fixture { key, public } in KEYS.iter() {
        for version in [0x0300, 0x0301, 0x0303] {
            let sent = premaster(version);
            let ciphertext = encrypt_pkcs1(public, &sent).expect("encrypts");
            assert_eq!(ciphertext.len(), key.modulus_len());
            assert_eq!(*key.unwrap_premaster(&ciphertext, version, &FALLBACK).as_bytes(), sent);
        }
    }
    let Fixture { key, public } = &KEYS[1];
    let theirs = PublicEncryptingKey::from_der(public).expect("a key");
    let theirs = Pkcs1PublicEncryptingKey::new(theirs).expect("a key");
    let mut ciphertext = vec![0; key.modulus_len()];
    theirs.encrypt(&premaster(0x0303), &mut ciphertext).expect("encrypts");
    assert_eq!(*key.unwrap_premaster(&ciphertext, 0x0303, &FALLBACK).as_bytes(), premaster(0x0303));
}

#[test]
fn another_version_gives_the_fallback() {
    let Fixture { key, public } = &KEYS[0];
    let ciphertext = encrypt_pkcs1(public, &premaster(0x0303)).expect("encrypts");
    for version in [0x0302, 0x0304, 0x0203, 0x0403, 0xfcfc, 0] {
        assert_eq!(*key.unwrap_premaster(&ciphertext, version, &FALLBACK).as_bytes(), FALLBACK);
    }
}

#[test]
fn a_premaster_of_another_length_gives_the_fallback() {
    for Fixture { key, public } in KEYS.iter() {
        let long: [u8; 64] = core::array::from_fn(|i| [3, 3, 0, 9][i % 4]);
        for len in [0, 1, 2, 46, 47, 49, 50, 64] {
            let ciphertext = encrypt_pkcs1(public, &long[..len]).expect("encrypts");
            assert_eq!(*key.unwrap_premaster(&ciphertext, 0x0303, &FALLBACK).as_bytes(), FALLBACK, "{len}");
        }
    }
}

#[test]
fn a_wrong_byte_anywhere_in_the_padding_gives_the_fallback() {
    for Fixture { key, public } in KEYS.iter() {
        let len = key.modulus_len();
        let unwrap = |block: &[u8]| {
            let ciphertext = encrypt(public, block, RSA_NO_PADDING).expect("encrypts");
            assert_eq!(*key.decrypt_raw(&ciphertext).expect("decrypts").as_bytes(), *block);
            *key.unwrap_premaster(&ciphertext, 0x0303, &FALLBACK).as_bytes()
        };
        let right = block(len, 0x0303);
        assert_eq!(unwrap(&right), premaster(0x0303));
        for at in 0..len - 46 {
            let mut wrong = right.clone();
            // Zero where it must not be, and otherwise something else than it must be.
            wrong[at] = if (2..len - 49).contains(&at) { 0 } else { wrong[at] ^ 1 };
            assert_eq!(unwrap(&wrong), FALLBACK, "{at}");
        }
    }
}

#[test]
fn every_value_of_every_byte_is_judged_by_the_grammar() {
    let right = block(128, 0x0303);
    for at in 0..128 {
        for value in 0..=255 {
            let mut block = right.clone();
            block[at] = value;
            let good = match at {
                0 | 1 | 79..=81 => value == right[at],
                2..79 => value != 0,
                _ => true,
            };
            let mut found = [0; 48];
            unpad_premaster(&block, 0x0303, &FALLBACK, &mut found);
            assert_eq!(found[..], if good { &block[80..] } else { &FALLBACK }[..], "{at} {value}");
        }
    }
}

#[test]
fn what_is_no_ciphertext_gives_the_fallback() {
    for Fixture { key, .. } in KEYS.iter() {
        let len = key.modulus_len();
        let mut one = vec![0; len];
        one[len - 1] = 1;
        for not in [vec![], vec![7], vec![7; len - 1], vec![7; len + 1], vec![0xff; len], vec![0; len], one] {
            assert_eq!(key.decrypt_raw(&not).err(), Some(Error));
            assert_eq!(*key.unwrap_premaster(&not, 0x0303, &FALLBACK).as_bytes(), FALLBACK);
            // Not even a version that the block of zeros holds.
            assert_eq!(*key.unwrap_premaster(&not, 0, &FALLBACK).as_bytes(), FALLBACK);
        }
    }
}

#[test]
fn signatures_verify_and_nothing_else_does() {
    for Fixture { key, public } in KEYS.iter() {
        for hash in [HashKind::Md5Sha1, HashKind::Sha1, HashKind::Sha256, HashKind::Sha384, HashKind::Sha512] {
            let digest: Vec<u8> = (0..hash.digest_len() as u8).collect();
            let signature = key.sign(hash, &digest).expect("signs");
            assert_eq!(signature.len(), key.modulus_len());
            assert_eq!(verify_rsa_pkcs1(public, hash, &digest, &signature), Ok(()));

            let mut other = digest.clone();
            other[5] ^= 1;
            assert_eq!(verify_rsa_pkcs1(public, hash, &other, &signature), Err(Error));
            let mut other = signature.clone();
            other[5] ^= 1;
            assert_eq!(verify_rsa_pkcs1(public, hash, &digest, &other), Err(Error));
            assert_eq!(verify_rsa_pkcs1(public, hash, &digest, &signature[1..]), Err(Error));
            assert_eq!(verify_rsa_pkcs1(public, hash, &digest, &[]), Err(Error));
            assert_eq!(verify_rsa_pkcs1(public, hash, &digest[1..], &signature), Err(Error));
            assert_eq!(key.sign(hash, &digest[1..]), Err(Error));
        }
        // A digest signed without DigestInfo is not one signed with it.
        let bare = key.sign_md5_sha1(&[7; 36]).expect("signs");
        assert_eq!(verify_rsa_pkcs1(public, HashKind::Sha1, &[7; 20], &bare), Err(Error));
    }
}

#[test]
fn the_safe_api_accepts_our_sha1_signature() {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
    let Fixture { key, public } = &KEYS[0];
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, b"handfast");
    let digest = digest.as_ref().try_into().expect("20 bytes");
    let theirs = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, public);
    assert!(theirs.verify(b"handfast", &key.sign_sha1(digest).expect("signs")).is_ok());
}

#[test]
fn keys_have_1024_to_8192_bits() {
    for (bits, accepted) in [(1023, false), (1024, true), (1025, true), (8192, true), (8193, false)] {
        let ciphertext = encrypt_pkcs1(&public_of_bits(bits), &[3; 48]);
        assert_eq!(ciphertext.map(|bytes| bytes.len()).ok(), accepted.then_some(bits.div_ceil(8)), "{bits}");
    }
    let (private, public) = generate(768);
    assert!(RsaPrivateKey::from_pkcs1(&private).is_err());
    assert_eq!(verify_rsa_pkcs1(&public, HashKind::Sha1, &[7; 20], &[7; 96]), Err(Error));
}

#[test]
fn what_is_no_key_is_refused() {
    let (private, public) = generate(1024);
    let trailing = [&private[..], &[0]].concat();
    for not in [&[][..], &[0x30], &private[..private.len() - 1], &trailing, &public] {
        assert!(RsaPrivateKey::from_pkcs1(not).is_err());
        assert!(RsaPrivateKey::from_pkcs8(not).is_err());
        if *not != *public {
            assert_eq!(encrypt_pkcs1(not, &[3; 48]), Err(Error));
        }
    }
    assert!(RsaPrivateKey::from_pkcs8(&private).is_err());
    assert_eq!(encrypt_pkcs1(&public, &[3; 128 - 10]), Err(Error));
    assert!(encrypt_pkcs1(&public, &[3; 128 - 11]).is_ok());
    let mut broken = private.clone();
    *broken.last_mut().expect("not empty") ^= 1;
    assert!(RsaPrivateKey::from_pkcs1(&broken).is_err(), "the parts of a key must fit together");
}

#[test]
fn a_key_may_cross_threads_and_is_not_shown() {
    let Fixture { key, public } = &KEYS[0];
    let ciphertext = encrypt_pkcs1(public, &premaster(0x0303)).expect("encrypts");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(*key.unwrap_premaster(&ciphertext, 0x0303, &FALLBACK).as_bytes(), premaster(0x0303));
                    assert!(key.sign_sha1(&[7; 20]).is_ok());
                }
            });
        }
    });
    let unwrapped = key.unwrap_premaster(&ciphertext, 0x0303, &FALLBACK);
    assert_eq!(format!("{unwrapped:?}"), "Premaster(..)");
    assert_eq!(format!("{:?}", key.decrypt_raw(&ciphertext)), "Ok(RawBlock(..))");
    assert_eq!(format!("{key:?}"), "RsaPrivateKey { modulus_len: 128, .. }");
}

#[test]
fn pss_signatures_verify_and_nothing_else_does() {
    use aws_lc_rs::digest::{SHA256, SHA384, digest};
    use aws_lc_rs::signature::{RSA_PSS_SHA256, RSA_PSS_SHA384};
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("generates");
    let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("SPKI");
    for (encoding, hash, algorithm, other) in
        [(&RSA_PSS_SHA256, HashKind::Sha256, &SHA256, &SHA384), (&RSA_PSS_SHA384, HashKind::Sha384, &SHA384, &SHA256)]
    {
        let mut signature = vec![0; 256];
        pair.sign(encoding, &aws_lc_rs::rand::SystemRandom::new(), b"message", &mut signature).expect("signs");
        let verify = |hash, digest: &[u8], signature: &[u8]| verify_rsa_pss(spki.as_ref(), hash, digest, signature);
        let right = digest(algorithm, b"message");
        assert_eq!(verify(hash, right.as_ref(), &signature), Ok(()));
        assert_eq!(verify(hash, digest(algorithm, b"another").as_ref(), &signature), Err(Error));
        assert_eq!(verify(hash, digest(other, b"message").as_ref(), &signature), Err(Error));
        assert_eq!(verify(HashKind::Sha512, &[0; 64], &signature), Err(Error));
        assert_eq!(verify(HashKind::Sha1, &[0; 20], &signature), Err(Error));
        assert_eq!(verify_rsa_pkcs1(spki.as_ref(), hash, right.as_ref(), &signature), Err(Error));
        signature[255] ^= 1;
        assert_eq!(verify(hash, right.as_ref(), &signature), Err(Error));
    }
}

#[test]
fn md5_signatures_verify() {
    let [small, _] = &*KEYS;
    let signature = small.key.sign(HashKind::Md5, &[7; 16]).expect("signs");
    assert_eq!(verify_rsa_pkcs1(&small.public, HashKind::Md5, &[7; 16], &signature), Ok(()));
    assert_eq!(verify_rsa_pkcs1(&small.public, HashKind::Md5, &[8; 16], &signature), Err(Error));
    assert_eq!(verify_rsa_pkcs1(&small.public, HashKind::Md5Sha1, &[7; 36], &signature), Err(Error));
}

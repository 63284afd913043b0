use super::*;
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::hmac;

const ALL: [CbcSuite; 8] = [
    CbcSuite::Aes128Sha1Tls,
    CbcSuite::Aes128Sha1TlsImplicitIv,
    CbcSuite::Aes256Sha1Tls,
    CbcSuite::Aes256Sha1TlsImplicitIv,
    CbcSuite::Aes128Sha256Tls,
    CbcSuite::Aes256Sha384Tls,
    CbcSuite::Des3Sha1Tls,
    CbcSuite::Des3Sha1TlsImplicitIv,
];
const AD: [u8; AD_LEN] = [0, 0, 0, 0, 0, 0, 0, 7, 23, 3, 3];

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 256) as u8).collect()
}

fn pair(suite: CbcSuite) -> (CbcContext, CbcContext) {
    let key = bytes(suite.key_len());
    let new = |direction| CbcContext::new(suite, direction, &key).expect("a key of the right length");
    (new(Direction::Seal), new(Direction::Open))
}

fn iv(suite: CbcSuite) -> Vec<u8> {
    vec![0xa5; suite.explicit_iv_len()]
}

fn seal(context: &mut CbcContext, plaintext: &[u8]) -> Vec<u8> {
    let suite = context.suite();
    let mut out = vec![0; plaintext.len() + suite.max_overhead()];
    let len = context.seal(&iv(suite), &AD, plaintext, &mut out).expect("seals");
    assert_eq!(len, suite.sealed_len(plaintext.len()));
    out.truncate(len);
    out
}

/// AES-128-CBC over whole blocks with the test's IV, made of ECB: the safe API's CBC would pad.
fn encrypt(key: &[u8], blocks: &mut [u8]) {
    let key = UnboundCipherKey::new(&AES_128, key).expect("a key of 16 bytes");
    let ecb = EncryptingKey::ecb(key).expect("ECB");
    let mut chain = [0xa5; 16];
    for block in blocks.chunks_exact_mut(16) {
        block.iter_mut().zip(chain).for_each(|(to, from)| *to ^= from);
        ecb.less_safe_encrypt(block, EncryptionContext::None).expect("encrypts a block");
        chain.copy_from_slice(block);
    }
}

#[test]
fn the_lengths_are_those_of_the_c_tables() {
    for suite in ALL {
        // SAFETY: pointers to static tables.
        let (key, nonce, overhead) = unsafe {
            let aead = suite.aead();
            (
                aws_lc_sys::EVP_AEAD_key_length(aead),
                aws_lc_sys::EVP_AEAD_nonce_length(aead),
                aws_lc_sys::EVP_AEAD_max_overhead(aead),
            )
        };
        assert_eq!(
            (key, nonce, overhead),
            (suite.key_len(), suite.explicit_iv_len(), suite.max_overhead()),
            "{suite:?}"
        );
    }
}

#[test]
fn what_is_sealed_opens_at_every_length() {
    for suite in ALL {
        let (mut sealer, mut opener) = pair(suite);
        // One context for all: with an implicit IV, each record depends on the one before.
        for len in (0..=600).chain([16384, 1]) {
            let plaintext = bytes(len);
            let mut record = seal(&mut sealer, &plaintext);
            let opened = opener.open_in_place(&iv(suite), &AD, &mut record);
            assert_eq!(opened, Ok(len), "{suite:?}");
            assert_eq!(record[..len], plaintext);
        }
    }
}

#[test]
fn sealing_in_place_gives_the_same_record() {
    for suite in ALL {
        let ((mut one, _), (mut other, _)) = (pair(suite), pair(suite));
        for len in (0..=100).chain([16384]) {
            let plaintext = bytes(len);
            let mut buf = plaintext.clone();
            buf.resize(suite.sealed_len(len), 0xee);
            assert_eq!(other.seal_in_place(&iv(suite), &AD, &mut buf, len), Ok(buf.len()));
            assert_eq!(buf, seal(&mut one, &plaintext), "{suite:?} {len}");
        }
    }
}

#[test]
fn a_record_is_mac_then_pad_then_encrypt() {
    let suite = CbcSuite::Aes128Sha1Tls;
    let key = bytes(suite.key_len());
    let plaintext = b"a record of TLS 1.1";
    let mac_key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key[..20]);
    let mut mac = hmac::Context::with_key(&mac_key);
    mac.update(&AD);
    mac.update(&(plaintext.len() as u16).to_be_bytes());
    mac.update(plaintext);
    let mut expected = [&plaintext[..], mac.sign().as_ref()].concat();
    let padding = 15 - expected.len() % 16;
    expected.extend(std::iter::repeat_n(padding as u8, padding + 1));
    encrypt(&key[20..], &mut expected);
    assert_eq!(seal(&mut pair(suite).0, plaintext), expected);
}

#[test]
fn any_changed_byte_is_refused_and_the_buffer_zeroed() {
    for suite in ALL {
        let record = seal(&mut pair(suite).0, &bytes(60));
        for at in 0..record.len() {
            let mut broken = record.clone();
            broken[at] ^= 0x80;
            assert_eq!(pair(suite).1.open_in_place(&iv(suite), &AD, &mut broken), Err(Error), "{suite:?} {at}");
            assert!(broken.iter().all(|&byte| byte == 0));
        }
    }
}

#[test]
fn other_data_or_another_key_is_refused() {
    for suite in ALL {
        let record = seal(&mut pair(suite).0, &bytes(60));
        for at in 0..AD_LEN {
            let mut ad = AD;
            ad[at] ^= 1;
            assert_eq!(pair(suite).1.open_in_place(&iv(suite), &ad, &mut record.clone()), Err(Error));
        }
        let mut key = bytes(suite.key_len());
        key[0] ^= 1;
        let mut opener = CbcContext::new(suite, Direction::Open, &key).expect("a key of the right length");
        assert_eq!(opener.open_in_place(&iv(suite), &AD, &mut record.clone()), Err(Error));
    }
}

#[test]
fn a_truncated_record_is_refused() {
    for suite in ALL {
        let record = seal(&mut pair(suite).0, &bytes(60));
        for len in 0..record.len() {
            let mut short = record[..len].to_vec();
            assert_eq!(pair(suite).1.open_in_place(&iv(suite), &AD, &mut short), Err(Error), "{suite:?} {len}");
        }
    }
}

#[test]
fn after_a_refusal_an_explicit_iv_still_opens() {
    let suite = CbcSuite::Aes128Sha256Tls;
    let (mut sealer, mut opener) = pair(suite);
    let record = seal(&mut sealer, b"whole");
    assert_eq!(opener.open_in_place(&iv(suite), &AD, &mut record[..record.len() - 5].to_vec()), Err(Error));
    let mut record = record;
    assert_eq!(opener.open_in_place(&iv(suite), &AD, &mut record), Ok(5));
    assert_eq!(&record[..5], b"whole");
}

#[test]
fn longer_padding_than_needed_opens() {
    // RFC 5246 6.2.3.2: up to 255 bytes, to hide the length.
    let suite = CbcSuite::Aes128Sha1Tls;
    let key = bytes(suite.key_len());
    let mac_key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key[..20]);
    for (wrong, opened) in [(0, Ok(0)), (1, Err(Error))] {
        let mut record = hmac::sign(&mac_key, &[&AD[..], &[0, 0]].concat()).as_ref().to_vec();
        record.extend([235; 236]);
        record[20] ^= wrong;
        encrypt(&key[20..], &mut record);
        assert_eq!(pair(suite).1.open_in_place(&iv(suite), &AD, &mut record), opened);
    }
}

#[test]
fn wrong_uses_are_errors() {
    for suite in ALL {
        let (mut sealer, mut opener) = pair(suite);
        let iv = iv(suite);
        let room = suite.sealed_len(5);
        assert_eq!(sealer.seal(&iv, &AD, b"hello", &mut vec![0; room - 1]), Err(Error));
        assert_eq!(sealer.seal_in_place(&iv, &AD, &mut vec![0; room - 1], 5), Err(Error));
        assert_eq!(sealer.seal(&[0; 5], &AD, b"hello", &mut vec![0; room]), Err(Error));
        assert_eq!(sealer.seal(&iv, &AD, &[0; 65536], &mut vec![0; 70000]), Err(Error));
        assert_eq!(sealer.seal_in_place(&iv, &AD, &mut vec![0; 70000], usize::MAX), Err(Error));
        assert_eq!(opener.seal(&iv, &AD, b"hello", &mut vec![0; room]), Err(Error));
        assert_eq!(sealer.open_in_place(&iv, &AD, &mut vec![0; room]), Err(Error));
        assert_eq!(opener.open_in_place(&iv, &AD, &mut vec![0; 65536]), Err(Error));
        let short = vec![0; suite.key_len() - 1];
        assert!(CbcContext::new(suite, Direction::Open, &short).is_err());
        assert_eq!(format!("{opener:?}"), format!("CbcContext {{ suite: {suite:?}, direction: Open, .. }}"));
    }
}

#[test]
fn a_context_may_cross_threads() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<CbcContext>();
}

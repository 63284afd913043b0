use super::*;
use crate::crypto::{HashAlgorithm, aws_lc};
use crate::keys::made;
use crate::wire::CipherSuite;
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

/// The two ends of one direction.
pub(in crate::record) struct Pair {
    pub(in crate::record) name: String,
    pub(in crate::record) version: ProtocolVersion,
    pub(in crate::record) sealer: Sealer,
    pub(in crate::record) opener: Opener,
}

impl Sealer {
    /// From here on the keys are good for so many full records of data.
    pub(in crate::record) fn set_left(&mut self, records: u64) {
        self.blocks_left = records * FULL;
    }
}

fn secret(len: usize, first: u8) -> Secret {
    Secret::filled(len, |out| out.iter_mut().zip(first..).for_each(|(o, b)| *o = b))
}

fn suite(number: CipherSuite) -> &'static Suite {
    Suite::find(number).unwrap()
}

/// Under these rules: TLS 1.2's, TLS 1.0's with implicit IVs, either with encrypt-then-MAC, SSL 3.0's.
const TLS1_2: Forms = Forms { implicit_iv: false, split: false, ssl3: false, encrypt_then_mac: false };
const TLS1_0: Forms = Forms { implicit_iv: true, ..TLS1_2 };
const SSL3: Forms = Forms { ssl3: true, ..TLS1_0 };
const ETM: Forms = Forms { encrypt_then_mac: true, ..TLS1_2 };

pub(in crate::record) fn classic(number: CipherSuite, implicit_iv: bool, split: bool) -> Pair {
    formed(number, Forms { implicit_iv, split, ..TLS1_2 })
}

fn formed(number: CipherSuite, forms: Forms) -> Pair {
    let (provider, suite) = (aws_lc::provider(), suite(number));
    let [mac, key, iv] = suite.bulk.key_sizes(forms.implicit_iv);
    let (mac, key, iv) = (secret(mac, 1), secret(key, 60), secret(iv, 120));
    let keys = || ClassicKeys { mac: &mac, key: &key, iv: &iv, forms };
    let version = match forms {
        Forms { ssl3: true, .. } => ProtocolVersion::SSL3_0,
        Forms { implicit_iv: true, .. } => ProtocolVersion::TLS1_0,
        _ => ProtocolVersion::TLS1_2,
    };
    Pair {
        name: format!("{number} {forms:?}"),
        version,
        sealer: Sealer::classic(&provider, suite, keys()).unwrap(),
        opener: Opener::classic(&provider, suite, keys()).unwrap(),
    }
}

fn traffic(suite: &Suite) -> TrafficSecret {
    TrafficSecret { hash: suite.hash, made: &made::CLIENT_APPLICATION, secret: secret(suite.hash.len(), 7) }
}

pub(in crate::record) fn tls13(number: CipherSuite) -> Pair {
    let (provider, suite) = (aws_lc::provider(), suite(number));
    Pair {
        name: number.to_string(),
        version: ProtocolVersion::TLS1_2,
        sealer: Sealer::tls13(&*provider, suite, &traffic(suite)).unwrap(),
        opener: Opener::tls13(&*provider, suite, &traffic(suite)).unwrap(),
    }
}

const GCM: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;
const CHACHA: CipherSuite = CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256;
const CBC: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
const GCM13: CipherSuite = CipherSuite::TLS_AES_128_GCM_SHA256;
const CCM_8: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_CCM_8;
const CCM13: CipherSuite = CipherSuite::TLS_AES_128_CCM_SHA256;

const DES: CipherSuite = CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA;
const CBC_256: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA256;

/// Every protection there is.
pub(in crate::record) fn protections() -> Vec<Pair> {
    vec![
        formed(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA256, TLS1_2),
        formed(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, TLS1_2),
        formed(DES, TLS1_2),
        formed(DES, TLS1_0),
        formed(DES, SSL3),
        formed(CBC, SSL3),
        formed(CBC, ETM),
        formed(CBC, Forms { implicit_iv: true, ..ETM }),
        formed(CBC_256, ETM),
        formed(DES, ETM),
        formed(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, ETM),
        formed(CipherSuite::TLS_RSA_WITH_RC4_128_MD5, TLS1_2),
        formed(CipherSuite::TLS_RSA_WITH_RC4_128_SHA, TLS1_0),
        formed(CipherSuite::TLS_RSA_WITH_RC4_128_MD5, SSL3),
        formed(CipherSuite::TLS_RSA_WITH_RC4_128_SHA, SSL3),
        classic(GCM, false, false),
        classic(CipherSuite::TLS_RSA_WITH_AES_256_GCM_SHA384, false, false),
        classic(CHACHA, false, false),
        classic(CBC, false, false),
        classic(CBC, true, false),
        classic(CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA, false, false),
        classic(CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA, true, true),
        tls13(GCM13),
        tls13(CipherSuite::TLS_AES_256_GCM_SHA384),
        tls13(CipherSuite::TLS_CHACHA20_POLY1305_SHA256),
        classic(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CCM, false, false),
        classic(CCM_8, false, false),
        tls13(CCM13),
        tls13(CipherSuite::TLS_AES_128_CCM_8_SHA256),
    ]
}

fn seal(pair: &mut Pair, plaintext: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let protected = pair.sealer.seal(ContentType::APPLICATION_DATA, pair.version, plaintext, &mut out).unwrap();
    assert_eq!(protected, pair.sealer.protects());
    out
}

fn open(opener: &mut Opener, mut record: Vec<u8>) -> Result<(ContentType, Vec<u8>), ErrorKind> {
    let (header, fragment) = record.split_first_chunk_mut().unwrap();
    let (content, range) = opener.open(header, fragment).map_err(|e| e.kind().clone())?;
    Ok((content, fragment[range].to_vec()))
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + 3) as u8).collect()
}

#[test]
fn what_is_sealed_opens() {
    let null =
        Pair { name: "null".into(), version: ProtocolVersion::TLS1_0, sealer: Sealer::null(), opener: Opener::null() };
    for mut pair in protections().into_iter().chain([null]) {
        for n in [0, 1, 2, 15, 16, 17, 31, 32, 255, 256, 16383, 16384] {
            let plaintext = bytes(n);
            let record = seal(&mut pair, &plaintext);
            assert_eq!(record.len() - HEADER, usize::from(u16::from_be_bytes([record[3], record[4]])), "{}", pair.name);
            assert!(record.len() <= n + pair.sealer.overhead(), "{} {n}", pair.name);
            assert!(record.len() - HEADER <= pair.opener.max_fragment(), "{} {n}", pair.name);
            if n > 15 && pair.sealer.protects() {
                assert!(!record.windows(8).any(|w| w == &plaintext[..8]), "{} {n}", pair.name);
            }
            let opened = open(&mut pair.opener, record);
            assert_eq!(opened, Ok((ContentType::APPLICATION_DATA, plaintext)), "{} {n}", pair.name);
        }
    }
}

#[test]
fn more_than_a_fragment_inside_is_too_much() {
    for mut pair in protections() {
        let record = seal(&mut pair, &bytes(MAX_FRAGMENT + 1));
        assert_eq!(open(&mut pair.opener, record), Err(ErrorKind::RecordOverflow), "{}", pair.name);
    }
}

#[test]
fn every_changed_byte_is_refused() {
    for i in 0..protections().len() {
        let whole = seal(&mut protections()[i], &bytes(20));
        // The length is not covered as it stands in the header, but as it is. The version is not covered in SSL 3.0.
        let ssl3 = whole[1..3] == [3, 0];
        for at in (0..whole.len()).filter(|at| !((3..5).contains(at) || ssl3 && (1..3).contains(at))) {
            for bit in [1, 0x80] {
                let Pair { mut opener, name, .. } = protections().remove(i);
                let mut record = whole.clone();
                record[at] ^= bit;
                assert_eq!(open(&mut opener, record), Err(ErrorKind::BadRecordMac), "{name} at {at}");
            }
        }
        for len in HEADER..whole.len() {
            let Pair { mut opener, name, .. } = protections().remove(i);
            let mut record = whole[..len].to_vec();
            record[3..5].copy_from_slice(&((len - HEADER) as u16).to_be_bytes());
            assert_eq!(open(&mut opener, record), Err(ErrorKind::BadRecordMac), "{name} cut to {len}");
        }
        let Pair { mut opener, name, .. } = protections().remove(i);
        let mut record = whole.clone();
        record.push(0);
        let length = (record.len() - HEADER) as u16;
        record[3..5].copy_from_slice(&length.to_be_bytes());
        assert_eq!(open(&mut opener, record), Err(ErrorKind::BadRecordMac), "{name} made longer");
    }
}

#[test]
fn repeated_and_left_out_records_are_refused() {
    for i in 0..protections().len() {
        let mut pair = protections().remove(i);
        let (first, second) = (seal(&mut pair, b"first"), seal(&mut pair, b"second"));
        assert_eq!(open(&mut pair.opener, second), Err(ErrorKind::BadRecordMac), "{} left out", pair.name);
        let Pair { mut opener, name, .. } = protections().remove(i);
        assert!(open(&mut opener, first.clone()).is_ok());
        assert_eq!(open(&mut opener, first), Err(ErrorKind::BadRecordMac), "{name} repeated");
    }
}

#[test]
fn numbers_do_not_wrap() {
    for mut pair in protections() {
        pair.sealer.sequence = u64::MAX - 1;
        pair.opener.sequence = u64::MAX - 1;
        let last = seal(&mut pair, b"last");
        assert_eq!(open(&mut pair.opener, last.clone()), Ok((ContentType::APPLICATION_DATA, b"last".to_vec())));
        let mut out = b"before".to_vec();
        let e = pair.sealer.seal(ContentType::ALERT, pair.version, &[1, 0], &mut out).unwrap_err();
        assert_eq!((e.kind(), &out[..]), (&ErrorKind::TooMuch(Limit::Records), &b"before"[..]), "{}", pair.name);
        assert_eq!(open(&mut pair.opener, last), Err(ErrorKind::TooMuch(Limit::Records)), "{}", pair.name);
    }
}

#[test]
fn keys_of_aes_are_good_for_so_many_records_and_no_more() {
    for (mut pair, limit) in [
        (classic(GCM, false, false), 23_726_566),
        (tls13(GCM13), 23_726_566),
        (classic(CCM_8, false, false), 1 << 23),
        (tls13(CCM13), 1 << 23),
    ] {
        assert_eq!(pair.sealer.left(), limit);
        seal(&mut pair, b"");
        assert_eq!(pair.sealer.left(), limit - 1);
        // It is blocks that count: 1026 of a full record, three of the least.
        pair.sealer.set_left(1);
        for left in (0..1026 / 3).rev() {
            assert!(pair.sealer.is_good_for(std::iter::repeat_n(1, left + 1)));
            assert!(!pair.sealer.is_good_for(std::iter::repeat_n(1, left + 2)));
            seal(&mut pair, b"x");
        }
        assert_eq!(pair.sealer.left(), 0);
        seal(&mut pair, b"beyond");
        assert!(!pair.sealer.is_good_for([1].into_iter()));
    }
    // Of half as long blocks, two of which are like one of the others.
    assert_eq!(formed(DES, TLS1_0).sealer.left(), (1 << 28) / FULL);
    assert_eq!(classic(CHACHA, false, false).sealer.left(), u64::MAX);
}

/// Triple DES is counted by whoever opens, too: a peer that does not count goes on for ever.
#[test]
fn keys_of_triple_des_open_so_much_data_and_no_more() {
    for forms in [TLS1_2, TLS1_0, SSL3, ETM] {
        let mut pair = formed(DES, forms);
        assert_eq!(pair.opener.blocks_left, pair.sealer.blocks_left);
        let record = seal(&mut pair, &[7; 100]);
        assert!(open(&mut pair.opener, record).is_ok());
        assert_eq!(pair.opener.blocks_left, pair.sealer.blocks_left);
        pair.opener.blocks_left = 4;
        let last = seal(&mut pair, &[7; 100]);
        assert!(open(&mut pair.opener, last).is_ok());
        let beyond = seal(&mut pair, b"x");
        assert_eq!(open(&mut pair.opener, beyond), Err(ErrorKind::TooMuch(Limit::Records)));
        // The end can still be said; it has the number of what was not taken.
        pair.sealer.sequence -= 1;
        let mut alert = Vec::new();
        pair.sealer.seal(ContentType::ALERT, pair.version, &[1, 0], &mut alert).unwrap();
        assert_eq!(pair.opener.blocks_left, 0);
    }
    assert_eq!(classic(GCM, false, false).opener.blocks_left, u64::MAX);
}

#[test]
fn keys_of_a_wrong_length_are_a_failure() {
    let provider = aws_lc::provider();
    let implicit = |forms| Forms { implicit_iv: true, ..forms };
    let (rc4, null) = (CipherSuite::TLS_RSA_WITH_RC4_128_SHA, CipherSuite::TLS_RSA_WITH_NULL_SHA);
    for (number, forms, parts) in [
        (GCM, TLS1_2, 1..3),
        (CHACHA, TLS1_2, 1..3),
        (CBC, TLS1_0, 0..3),
        (CCM_8, TLS1_2, 1..3),
        (CBC, SSL3, 0..3),
        (CBC, implicit(ETM), 0..3),
        (rc4, TLS1_0, 0..2),
        (rc4, SSL3, 0..2),
        (null, TLS1_2, 0..2),
    ] {
        for wrong in parts {
            let mut lens = suite(number).bulk.key_sizes(forms.implicit_iv);
            lens[wrong] += 1;
            let [mac, key, iv] = lens.map(|n| secret(n, 0));
            let keys = ClassicKeys { mac: &mac, key: &key, iv: &iv, forms };
            assert_eq!(Sealer::classic(&provider, suite(number), keys).err(), Some(Failure), "{number} {wrong}");
        }
    }
    // There is no code that opens it in constant time.
    let [mac, key, iv] = suite(CBC_256).bulk.key_sizes(false).map(|n| secret(n, 0));
    let keys = ClassicKeys { mac: &mac, key: &key, iv: &iv, forms: TLS1_2 };
    assert_eq!(Opener::classic(&provider, suite(CBC_256), keys).err(), Some(Failure));
    let suite = suite(CBC);
    assert_eq!(Opener::tls13(&*provider, suite, &traffic(suite)).err(), Some(Failure));
}

// --- AEAD ---

/// RFC 8448 3: what the client sends under its application keys.
#[test]
fn tls13_agrees_with_the_traces() {
    let hex = |s: &str| -> Vec<u8> {
        let digits: Vec<char> = s.chars().filter(|c| !c.is_whitespace()).collect();
        digits.chunks(2).map(|c| u8::from_str_radix(&c.iter().collect::<String>(), 16).unwrap()).collect()
    };
    let secret = hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
    let secret =
        TrafficSecret { hash: HashAlgorithm::Sha256, made: &made::CLIENT_APPLICATION, secret: Secret::copy(&secret) };
    let data = hex("17 03 03 00 43 a2 3f 70 54 b6 2c 94 d0 af fa fe 82 28 ba 55 cb ef ac ea 42 f9 14 aa 66 bc ab 3f 2b
        98 19 a8 a5 b4 6b 39 5b d5 4a 9a 20 44 1e 2b 62 97 4e 1f 5a 62 92 a2 97 70 14 bd 1e 3d ea e6 3a ee bb 21 69 49
        15 e4");
    let close = hex("17 03 03 00 13 c9 87 27 60 65 56 66 b7 4d 7f f1 15 3e fd 6d b6 d0 b0 e3");
    let payload: Vec<u8> = (0..50).collect();

    let provider = aws_lc::provider();
    let mut sealer = Sealer::tls13(&*provider, suite(GCM13), &secret).unwrap();
    let mut out = Vec::new();
    sealer.seal(ContentType::APPLICATION_DATA, ProtocolVersion::TLS1_2, &payload, &mut out).unwrap();
    sealer.seal(ContentType::ALERT, ProtocolVersion::TLS1_2, &[1, 0], &mut out).unwrap();
    assert_eq!(out, [data.clone(), close.clone()].concat());

    let mut opener = Opener::tls13(&*provider, suite(GCM13), &secret).unwrap();
    assert_eq!(open(&mut opener, data), Ok((ContentType::APPLICATION_DATA, payload)));
    assert_eq!(open(&mut opener, close), Ok((ContentType::ALERT, vec![1, 0])));
}

/// A record of TLS 1.3 with this inner plaintext, padding and all.
fn record13(outer: ContentType, inner: &[u8]) -> Vec<u8> {
    let (provider, suite) = (aws_lc::provider(), suite(GCM13));
    let (aead, iv) = traffic(suite).keys(&*provider, AeadAlgorithm::Aes128Gcm).unwrap();
    let header = header(outer, ProtocolVersion::TLS1_2, inner.len() + 16);
    let mut inner = inner.to_vec();
    let tag = aead.seal(iv, &header, &mut inner).unwrap();
    [&header[..], &inner, &tag].concat()
}

#[test]
fn tls13_takes_off_padding_and_inner_type() {
    let data = ContentType::APPLICATION_DATA;
    let opened = |inner: &[u8]| open(&mut tls13(GCM13).opener, record13(data, inner));
    for zeros in [0, 1, 2, 255, 16000] {
        let inner = [b"\0content\0".to_vec(), vec![22], vec![0; zeros]].concat();
        assert_eq!(opened(&inner), Ok((ContentType::HANDSHAKE, b"\0content\0".to_vec())), "{zeros}");
        assert_eq!(opened(&[vec![23], vec![0; zeros]].concat()), Ok((data, vec![])), "{zeros}");
    }
    let most = |content: usize, zeros: usize| opened(&[bytes(content), vec![23], vec![0; zeros]].concat()).map(|o| o.1);
    assert_eq!(most(MAX_FRAGMENT, 0), Ok(bytes(MAX_FRAGMENT)));
    assert_eq!(most(8192, 8192), Ok(bytes(8192)));
    assert_eq!(most(8192, 8193), Err(ErrorKind::RecordOverflow));
    assert_eq!(most(MAX_FRAGMENT + 1, 0), Err(ErrorKind::RecordOverflow));
}

#[test]
fn tls13_refuses_what_may_not_be_inside() {
    let unexpected = |outer, inner: &[u8]| match open(&mut tls13(GCM13).opener, record13(outer, inner)) {
        Err(ErrorKind::UnexpectedRecord { got, .. }) => got.0,
        other => panic!("{other:?}"),
    };
    let data = ContentType::APPLICATION_DATA;
    assert_eq!(unexpected(data, &[]), 0, "nothing at all");
    assert_eq!(unexpected(data, &[0]), 0, "only padding");
    assert_eq!(unexpected(data, &[0; 1000]), 0, "only padding");
    assert_eq!(unexpected(data, &[1, 20]), 20, "a ChangeCipherSpec");
    assert_eq!(unexpected(data, &[1, 24, 0]), 24, "a heartbeat");
    assert_eq!(unexpected(data, &[22, 0]), 22, "no handshake content");
    assert_eq!(unexpected(data, &[21]), 21, "no alert content");
    assert_eq!(unexpected(ContentType::HANDSHAKE, &[14, 0, 0, 0, 22]), 22, "the inner type outside");
    assert_eq!(open(&mut tls13(GCM13).opener, vec![23, 3, 3, 0, 0]), Err(ErrorKind::BadRecordMac), "no tag");
}

#[test]
fn tls13_change_cipher_spec_stays_bare_and_does_not_count() {
    let mut pair = tls13(GCM13);
    let mut out = Vec::new();
    let protected = pair.sealer.seal(ContentType::CHANGE_CIPHER_SPEC, ProtocolVersion::TLS1_2, &[1], &mut out);
    assert_eq!((protected, &out[..]), (Ok(false), &[20, 3, 3, 0, 1, 1][..]));
    let record = seal(&mut pair, b"data");
    assert!(open(&mut pair.opener, record).is_ok());
}

/// The number travels as the explicit nonce, but a peer may send any other.
#[test]
fn gcm_of_tls12_has_an_explicit_nonce() {
    let mut pair = classic(GCM, false, false);
    assert_eq!(seal(&mut pair, b"a")[5..13], [0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(seal(&mut pair, b"a")[5..13], [0, 0, 0, 0, 0, 0, 0, 1]);

    let aead = aws_lc::provider().aead(AeadAlgorithm::Aes128Gcm, secret(16, 60).bytes()).unwrap();
    let nonce = [120, 121, 122, 123, 9, 8, 7, 6, 5, 4, 3, 2];
    let ad = [0, 0, 0, 0, 0, 0, 0, 0, 22, 3, 3, 0, 5];
    let mut body = b"hello".to_vec();
    let tag = aead.seal(nonce, &ad, &mut body).unwrap();
    let record = [&[22, 3, 3, 0, 29], &nonce[4..], &body, &tag].concat();
    assert_eq!(open(&mut pair.opener, record), Ok((ContentType::HANDSHAKE, b"hello".to_vec())));
}

#[test]
fn chacha_of_tls12_has_none() {
    let mut pair = classic(CHACHA, false, false);
    seal(&mut pair, b"");
    let aead = aws_lc::provider().aead(AeadAlgorithm::ChaCha20Poly1305, secret(32, 60).bytes()).unwrap();
    let mut nonce: [u8; 12] = secret(12, 120).bytes().try_into().unwrap();
    nonce[11] ^= 1;
    let mut body = b"hello".to_vec();
    let tag = aead.seal(nonce, &[0, 0, 0, 0, 0, 0, 0, 1, 23, 3, 3, 0, 5], &mut body).unwrap();
    assert_eq!(seal(&mut pair, b"hello"), [&[23, 3, 3, 0, 21][..], &body, &tag].concat());
}

// --- CBC ---

/// A record of AES-128-CBC with HMAC-SHA-1 whose padding, MAC and all, is `tail` behind the plaintext.
fn record_cbc(implicit: bool, plaintext: &[u8], mac_wrong: bool, padding: &[u8]) -> Vec<u8> {
    let version = if implicit { 1 } else { 3 };
    let length = (plaintext.len() as u16).to_be_bytes();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret(20, 1).bytes());
    let covered = [&[0, 0, 0, 0, 0, 0, 0, 0, 23, 3, version, length[0], length[1]], plaintext].concat();
    let mut mac = hmac::sign(&key, &covered).as_ref().to_vec();
    mac[19] ^= u8::from(mac_wrong);
    let mut body = [plaintext, &mac, padding].concat();
    let iv: [u8; 16] = secret(16, 120).bytes().try_into().unwrap();
    if body.len() % 16 == 0 {
        let key = UnboundCipherKey::new(&AES_128, secret(16, 60).bytes()).unwrap();
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        EncryptingKey::cbc(key).unwrap().less_safe_encrypt(&mut body, context).unwrap();
    }
    let body = if implicit { body } else { [&iv[..], &body].concat() };
    [&[23, 3, version], &(body.len() as u16).to_be_bytes()[..], &body].concat()
}

#[test]
fn cbc_takes_good_padding_and_no_other() {
    for implicit in [false, true] {
        let opened = |plaintext: &[u8], mac_wrong, padding: &[u8]| {
            let record = record_cbc(implicit, plaintext, mac_wrong, padding);
            open(&mut classic(CBC, implicit, false).opener, record).map(|o| o.1)
        };
        let bad = Err(ErrorKind::BadRecordMac);
        // 12 bytes and a MAC are two blocks: the padding is whole blocks, of 16 to 256 bytes.
        let text = b"twelve bytes";
        for blocks in 1..=16 {
            let padding = vec![(blocks * 16 - 1) as u8; blocks * 16];
            assert_eq!(opened(text, false, &padding), Ok(text.to_vec()), "{blocks} blocks of padding");
            assert_eq!(opened(text, true, &padding), bad, "a wrong MAC and {blocks} blocks");
            for at in 0..padding.len() {
                let mut wrong = padding.clone();
                wrong[at] ^= 0x40;
                assert_eq!(opened(text, false, &wrong), bad, "{blocks} blocks, wrong at {at}");
            }
        }
        // As many zeros as SSL 3.0 would take.
        assert_eq!(opened(text, false, &[&[0; 15][..], &[15]].concat()), bad);
        // More padding than there are bytes, or as much as would leave no MAC.
        for length in [47, 48, 200, 255] {
            assert_eq!(opened(text, false, &[length; 16]), bad, "{length}");
        }
        // No padding, not a block, nothing.
        assert_eq!(opened(text, false, &[]), bad);
        assert_eq!(opened(text, false, &[1, 1]), bad);
        assert_eq!(open(&mut classic(CBC, implicit, false).opener, vec![23, 3, 3, 0, 0]), Err(ErrorKind::BadRecordMac));
        // Nothing but MAC and padding is an empty record.
        assert_eq!(opened(b"", false, &[11; 12]), Ok(vec![]));
    }
}

#[test]
fn cbc_draws_a_fresh_explicit_iv() {
    let mut pair = classic(CBC, false, false);
    let ivs: Vec<Vec<u8>> = (0..8).map(|_| seal(&mut pair, b"")[HEADER..HEADER + 16].to_vec()).collect();
    for (i, iv) in ivs.iter().enumerate() {
        assert!(!ivs[..i].contains(iv) && iv != &vec![0; 16]);
    }
}

#[test]
fn cbc_goes_on_from_the_last_block_if_the_iv_is_implicit() {
    let mut pair = classic(CBC, true, false);
    assert_eq!(seal(&mut pair, b"twelve bytes"), record_cbc(true, b"twelve bytes", false, &[15; 16]));
    assert!(pair.sealer.overhead() > HEADER && !pair.sealer.splits());
    assert!(classic(CBC, true, true).sealer.splits());
}

impl Sealer {
    /// Without padding.
    pub(in crate::record) fn seal(
        &mut self,
        content: ContentType,
        version: ProtocolVersion,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        self.seal_padded(content, version, plaintext, 0, out)
    }
}

// --- MACs done here ---

/// The expected records are by Python's hmac, hashlib and openssl's AES, put together by hand.
#[test]
fn null_and_ssl3_agree_with_what_others_compute() {
    let hex = crate::keys::tests::unhex;
    let seal = |number, forms| seal(&mut formed(number, forms), b"hello");
    assert_eq!(
        seal(CipherSuite::TLS_RSA_WITH_NULL_SHA, TLS1_2),
        hex("170303001968656c6c6f1df97e09c8ec0226a15c4a4fd01cbf3df3468f83")
    );
    assert_eq!(
        seal(CipherSuite::TLS_RSA_WITH_NULL_SHA256, TLS1_2),
        hex("170303002568656c6c6f9bc24a29b2d4b2937f0b1dfbb47697ec72c927a7110e706b805694931d7d328f")
    );
    assert_eq!(
        seal(CipherSuite::TLS_RSA_WITH_NULL_MD5, SSL3),
        hex("170300001568656c6c6fad17c10cc203b471e669e45bf33d8867")
    );
    assert_eq!(
        seal(CipherSuite::TLS_RSA_WITH_NULL_SHA, SSL3),
        hex("170300001968656c6c6f479d48bd371619517ce514a4da161799bba0bfd3")
    );
    assert_eq!(
        seal(CipherSuite::TLS_RSA_WITH_RC4_128_SHA, TLS1_0),
        hex("17030100196e4af4ed677652e88afd3b55ab9dabb67ab970537d3a8e82f4")
    );
    assert_eq!(
        seal(CBC, Forms { implicit_iv: true, ..ETM }),
        hex("1703010024486ab838e580ef20fae0990bf21b121caa1bab20f8451aa7cd00647600d6082d592c500f")
    );
    assert_eq!(seal(CBC, SSL3), hex("1703000020676554735fc55eddc690f00b7b79cf37c6628c2d59bd6499f5071fcf829d3923"));
    assert_eq!(seal(DES, SSL3), hex("170300002073a16122f51ca7816c0f6d2c92fe822f1330ca629bf4d6e92662f004a88441f0"));
}

#[test]
fn what_has_a_mac_only_can_be_read_but_not_changed() {
    for (number, forms) in [
        (CipherSuite::TLS_RSA_WITH_NULL_MD5, SSL3),
        (CipherSuite::TLS_RSA_WITH_NULL_SHA, TLS1_0),
        (CipherSuite::TLS_RSA_WITH_NULL_SHA256, TLS1_2),
        (CipherSuite::TLS_PSK_WITH_NULL_SHA384, TLS1_2),
    ] {
        let mut pair = formed(number, forms);
        assert!(pair.sealer.protects());
        let record = seal(&mut pair, b"for everyone");
        assert_eq!(&record[HEADER..][..12], b"for everyone");
        for at in HEADER..record.len() {
            let mut changed = record.clone();
            changed[at] ^= 1;
            assert_eq!(open(&mut formed(number, forms).opener, changed), Err(ErrorKind::BadRecordMac), "{number}");
        }
        assert!(open(&mut pair.opener, record).is_ok());
    }
}

/// Encrypt-then-MAC: padding that is not what it should be, under a good MAC, is no less an error.
#[test]
fn paddings_are_checked_after_the_mac() {
    let [mac, key, iv] = suite(CBC).bulk.key_sizes(true);
    let (mac, key, iv) = (secret(mac, 1), secret(key, 60), secret(iv, 120));
    let provider = aws_lc::provider();
    let legacy = provider.legacy().unwrap();
    let forms = Forms { implicit_iv: true, ..ETM };
    let sealed = |plaintext: [u8; 16]| {
        let mut body = plaintext.to_vec();
        legacy.block_cbc(CbcCipher::Aes128, true, key.bytes()).unwrap().apply(iv.bytes(), &mut body).unwrap();
        let header = header(ContentType::APPLICATION_DATA, ProtocolVersion::TLS1_0, 16 + 20);
        let mut tag = [0; 20];
        let covered = covered(0, ContentType::APPLICATION_DATA, ProtocolVersion::TLS1_0);
        legacy.hmac_old(true, mac.bytes()).sign(&[&covered, &[0, 16], &body], &mut tag);
        [&header[..], &body, &tag].concat()
    };
    let opened = |plaintext| open(&mut formed(CBC, forms).opener, sealed(plaintext));
    let padded = |n: u8, last: u8| {
        let mut out = [b'x'; 16];
        out[16 - usize::from(n)..].fill(last);
        out
    };
    assert_eq!(opened(padded(4, 3)), Ok((ContentType::APPLICATION_DATA, b"xxxxxxxxxxxx".to_vec())));
    assert_eq!(opened(padded(16, 15)), Ok((ContentType::APPLICATION_DATA, Vec::new())));
    for bad in [padded(3, 3), padded(1, 16), padded(16, 16), padded(1, 255)] {
        assert_eq!(opened(bad), Err(ErrorKind::BadRecordMac));
    }
}

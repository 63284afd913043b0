//! The key schedule by the traces of RFC 8448, which fix every secret, and each record that the traffic keys open.

use super::rfc8448::{full, resumed};
use super::*;
use crate::crypto::{AeadAlgorithm, Digest, HashAlgorithm, aws_lc};

/// The bytes of a string of hexadecimal digits.
pub(crate) fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn secret(digits: &str) -> Secret {
    Secret::copy(&unhex(digits))
}

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;

/// The transcript hash of these messages.
fn hash_of(messages: &[&str]) -> Digest {
    let mut transcript = Transcript::new();
    transcript.start(&*aws_lc::provider(), SHA256);
    messages.iter().for_each(|m| transcript.absorb(&unhex(m)));
    transcript.hash()
}

/// Opens a record by keys of this secret, checks its inner type, and gives its content.
#[track_caller]
fn opened(secret: &TrafficSecret, sequence: u8, record: &str, content_type: u8) -> Vec<u8> {
    let (aead, mut nonce) = secret.keys(&*aws_lc::provider(), AeadAlgorithm::Aes128Gcm).unwrap();
    nonce[11] ^= sequence;
    let mut record = unhex(record);
    let (header, body) = record.split_at_mut(5);
    let n = aead.open(nonce, header, body).unwrap();
    assert_eq!(body[n - 1], content_type);
    body[..n - 1].to_vec()
}

#[test]
fn a_full_handshake_has_the_secrets_of_rfc_8448() {
    let provider = aws_lc::provider();
    let hello = hash_of(&[full::CLIENT_HELLO, full::SERVER_HELLO]);
    assert_eq!(*hello, unhex(full::HELLO_HASH));
    let handshake =
        EarlySecret::new(provider.clone(), SHA256, None).handshake(Some(&secret(full::SHARED_SECRET)), &hello);
    assert_eq!(handshake.client.secret.bytes(), unhex(full::CLIENT_HANDSHAKE));
    assert_eq!(handshake.server.secret.bytes(), unhex(full::SERVER_HANDSHAKE));

    let mut messages = vec![full::CLIENT_HELLO, full::SERVER_HELLO];
    let flight = [full::ENCRYPTED_EXTENSIONS, full::CERTIFICATE, full::CERTIFICATE_VERIFY, full::SERVER_FINISHED];
    assert_eq!(opened(&handshake.server, 0, full::SERVER_FLIGHT_RECORD, 22), unhex(&flight.concat()));
    messages.extend(&flight[..3]);
    let verify_data = handshake.server.verify_data(&*provider, &hash_of(&messages));
    assert_eq!(*verify_data, unhex(full::SERVER_FINISHED)[4..]);

    messages.push(full::SERVER_FINISHED);
    let finished = hash_of(&messages);
    assert_eq!(*finished, unhex(full::FINISHED_HASH));
    let master = handshake.master();
    let application = master.application(&finished);
    assert_eq!(application.client.secret.bytes(), unhex(full::CLIENT_TRAFFIC));
    assert_eq!(application.server.secret.bytes(), unhex(full::SERVER_TRAFFIC));
    assert_eq!(application.exporter.bytes(), unhex(full::EXPORTER));
    let verify_data = handshake.client.verify_data(&*provider, &finished);
    assert_eq!(*verify_data, unhex(full::CLIENT_FINISHED)[4..]);
    assert_eq!(opened(&handshake.client, 0, full::CLIENT_FINISHED_RECORD, 22), unhex(full::CLIENT_FINISHED));

    messages.push(full::CLIENT_FINISHED);
    let resumption = master.resumption(&hash_of(&messages));
    assert_eq!(resumption.secret.bytes(), unhex(full::RESUMPTION));
    assert_eq!(resumption.ticket_psk(&*provider, &unhex(full::TICKET_NONCE)).bytes(), unhex(full::TICKET_PSK));
    assert_eq!(opened(&application.server, 0, full::TICKET_RECORD, 22), unhex(full::TICKET));
    assert_eq!(opened(&application.server, 1, full::SERVER_DATA_RECORD, 23), unhex(full::DATA));
    assert_eq!(opened(&application.client, 0, full::CLIENT_DATA_RECORD, 23), unhex(full::DATA));
}

#[test]
fn a_resumed_handshake_has_the_secrets_of_rfc_8448() {
    let provider = aws_lc::provider();
    let early = EarlySecret::new(provider.clone(), SHA256, Some(&secret(full::TICKET_PSK)));
    let truncated = Transcript::new().truncated(&*provider, SHA256, &unhex(resumed::CLIENT_HELLO_PREFIX));
    assert_eq!(*truncated, unhex(resumed::BINDER_HASH));
    assert_eq!(*early.binder(PskKind::Resumption, &truncated), unhex(resumed::BINDER));

    let traffic = early.early(&hash_of(&[resumed::CLIENT_HELLO]));
    assert_eq!(traffic.client.secret.bytes(), unhex(resumed::CLIENT_EARLY));
    assert_eq!(traffic.exporter.bytes(), unhex(resumed::EARLY_EXPORTER));

    let hello = hash_of(&[resumed::CLIENT_HELLO, resumed::SERVER_HELLO]);
    assert_eq!(*hello, unhex(resumed::HELLO_HASH));
    let handshake = early.handshake(Some(&secret(resumed::SHARED_SECRET)), &hello);
    assert_eq!(handshake.client.secret.bytes(), unhex(resumed::CLIENT_HANDSHAKE));
    assert_eq!(handshake.server.secret.bytes(), unhex(resumed::SERVER_HANDSHAKE));
    let mut messages = vec![resumed::CLIENT_HELLO, resumed::SERVER_HELLO, resumed::ENCRYPTED_EXTENSIONS];
    let verify_data = handshake.server.verify_data(&*provider, &hash_of(&messages));
    assert_eq!(*verify_data, unhex(resumed::SERVER_FINISHED)[4..]);
    let flight = [resumed::ENCRYPTED_EXTENSIONS, resumed::SERVER_FINISHED].concat();
    assert_eq!(opened(&handshake.server, 0, resumed::SERVER_FLIGHT_RECORD, 22), unhex(&flight));

    messages.push(resumed::SERVER_FINISHED);
    let finished = hash_of(&messages);
    assert_eq!(*finished, unhex(resumed::FINISHED_HASH));
    let master = handshake.master();
    let application = master.application(&finished);
    assert_eq!(application.client.secret.bytes(), unhex(resumed::CLIENT_TRAFFIC));
    assert_eq!(application.server.secret.bytes(), unhex(resumed::SERVER_TRAFFIC));
    assert_eq!(application.exporter.bytes(), unhex(resumed::EXPORTER));

    messages.push(resumed::END_OF_EARLY_DATA);
    let verify_data = handshake.client.verify_data(&*provider, &hash_of(&messages));
    assert_eq!(*verify_data, unhex(resumed::CLIENT_FINISHED)[4..]);
    assert_eq!(opened(&handshake.client, 0, resumed::CLIENT_FINISHED_RECORD, 22), unhex(resumed::CLIENT_FINISHED));
    messages.push(resumed::CLIENT_FINISHED);
    assert_eq!(master.resumption(&hash_of(&messages)).secret.bytes(), unhex(resumed::RESUMPTION));
    assert_eq!(opened(&application.server, 0, resumed::SERVER_DATA_RECORD, 23), unhex(resumed::DATA));
    assert_eq!(opened(&application.client, 0, resumed::CLIENT_DATA_RECORD, 23), unhex(resumed::DATA));
}

#[test]
fn what_is_derived_from_nothing_is_right() {
    for hash in [SHA256, HashAlgorithm::Sha384] {
        let (provider, zeros) = (aws_lc::provider(), vec![0; hash.len()]);
        let empty = provider.hash(hash).current();
        assert_eq!(*empty, *schedule::empty_hash(hash));
        let early = hkdf::extract(&*provider, hash, &zeros, &zeros);
        let derived = hkdf::derive(&*early, hash, b"derived", &empty);
        assert_eq!(derived.bytes(), schedule::derived_from_nothing(hash));
    }
}

#[test]
fn exporters_of_tls_1_3_expand_twice() {
    // By Python's `hmac` and `hashlib`, from the exporter secret of RFC 8448's section 3, over three blocks, and one of 48
    // bytes that count up.
    let mut out = [0; 80];
    export13(&*aws_lc::provider(), SHA256, &secret(full::EXPORTER), b"EXPORTER-handfast", b"context", &mut out);
    let expected = concat!(
        "b8ecdb40691c07868ebdcdc8bdc04508f3e1b4aa2d53c4603ee399b5a8757aeaf192244bfacaaf56fbf26bddd826d632",
        "793aa28ade5c87d4cad3e9870fc651007fdad33d19fbb4b002680a9952273806",
    );
    assert_eq!(out[..], unhex(expected));
    let mut out = [0; 20];
    let exporter = Secret::copy(&std::array::from_fn::<u8, 48, _>(|n| n as u8));
    export13(&*aws_lc::provider(), HashAlgorithm::Sha384, &exporter, b"EXPORTER-handfast", b"", &mut out);
    assert_eq!(out[..], unhex("1804e50687961a6363637966b6952514769c2022"));
}

#[test]
fn key_update_makes_the_next_secret() {
    // By Python's `hmac`, from 32 bytes that count up.
    let secret = Secret::copy(&std::array::from_fn::<u8, 32, _>(|n| n as u8));
    let next = TrafficSecret { hash: SHA256, made: &made::CLIENT_APPLICATION, secret }.next(&*aws_lc::provider());
    assert_eq!(next.secret.bytes(), unhex("2cecd0a17506ef5fa73edc062d6e7b5397cf074ec1b4d8f99a120772932f0b45"));
}

#[test]
fn a_psk_or_a_shared_secret_that_is_not_there_is_zeros() {
    let provider = aws_lc::provider();
    let hello = Digest::of(&[1; 32]);
    let client = |shared: Option<&Secret>| {
        EarlySecret::new(provider.clone(), SHA256, None).handshake(shared, &hello).client.secret
    };
    let zeros = Secret::copy(&[0; 32]);
    assert!(client(None).same(client(Some(&zeros)).bytes()));
    // Nor is there then a PSK, which is zeros too.
    let (none, psk) = (None, Some(&zeros));
    let binder = |psk| EarlySecret::new(provider.clone(), SHA256, psk).binder(PskKind::Resumption, &hello);
    assert_eq!(*binder(none), *binder(psk));
    let client = |psk| EarlySecret::new(provider.clone(), SHA256, psk).handshake(None, &hello).client.secret;
    assert!(client(none).same(client(psk).bytes()));
}

/// RFC 9258 5.1, by its formula over plain HMAC.
#[test]
fn an_imported_psk_is_what_the_formula_says() {
    let provider = aws_lc::provider();
    let hmac = |hash: HashAlgorithm, key: &[u8], parts: &[&[u8]]| {
        let mut out = vec![0; hash.len()];
        provider.hmac(hash, key).sign(parts, &mut out);
        out
    };
    let (epsk, name) = (Secret::copy(b"a key that both sides have"), b"an ImportedIdentity".as_slice());
    for (hash, target) in [
        (SHA256, SHA256),
        (SHA256, HashAlgorithm::Sha384),
        (HashAlgorithm::Sha384, SHA256),
        (HashAlgorithm::Sha384, HashAlgorithm::Sha384),
    ] {
        let epskx = hmac(hash, &vec![0; hash.len()], &[epsk.bytes()]);
        let mut hasher = provider.hash(hash);
        hasher.update(name);
        let digest = hasher.current();
        let info = [&[0, target.len() as u8, 17], &b"tls13 derived psk"[..], &[hash.len() as u8], &digest].concat();
        let mut expected = hmac(hash, &epskx, &[&info, &[1]]);
        if expected.len() < target.len() {
            let more = hmac(hash, &epskx, &[&expected, &info, &[2]]);
            expected.extend(more);
        }
        expected.truncate(target.len());
        assert!(import(&*provider, hash, &epsk, name, target).same(&expected), "{hash:?} {target:?}");
    }
}

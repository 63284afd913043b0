//! Certificates that go compressed (RFC 8879), and each way in which that can be done wrong.

use super::*;
use crate::compression::{Brotli, Compression, Zlib};
use crate::error::Limit;
use crate::extension::CompressCertificate;
use crate::message::{Certificate, CompressedCertificate};
use crate::wire::List;
use crate::wire::numbers::CertificateCompressionAlgorithm as Algorithm;

fn both() -> Arc<Compression> {
    Arc::new(Compression::new([Arc::new(Brotli) as _, Arc::new(Zlib) as _]))
}

/// Both show certificates, and compress them by whatever these have in common.
fn configs(client: Option<Arc<Compression>>, server: Option<Arc<Compression>>) -> (ClientConfig, ServerConfig) {
    let mut configs = mutual();
    configs.0.certificate_compression = client;
    configs.1.certificate_compression = server;
    configs
}

fn conversation(
    (client, server): (ClientConfig, ServerConfig),
    change: impl FnMut(usize, Side, Vec<u8>) -> Vec<(Vec<u8>, bool)>,
) -> Outcome {
    let (client, server) = pair(&Arc::new(client), &Arc::new(server));
    talk(client, server, change)
}

#[test]
fn both_certificates_by_the_first_that_both_have() {
    let zlib = || Some(Arc::new(Compression::new([Arc::new(Zlib) as _])));
    for (client, server, expected) in [
        (Some(both()), Some(both()), Some(Algorithm::BROTLI)),
        (zlib(), Some(both()), Some(Algorithm::ZLIB)),
        (Some(both()), zlib(), Some(Algorithm::ZLIB)),
        (None, Some(both()), None),
        (Some(both()), None, None),
        (zlib(), Some(Arc::new(Compression::new([Arc::new(Brotli) as _]))), None),
        (Some(both()), Some(Arc::new(Compression::new([]))), None),
    ] {
        let outcome = conversation(configs(client, server), as_it_is).connected();
        let name = if expected.is_some() { "CompressedCertificate" } else { "Certificate" };
        for side in [Side::Client, Side::Server] {
            let names = outcome.names(side);
            assert_eq!(names.iter().filter(|n| n.ends_with("Certificate")).collect::<Vec<_>>(), [&name], "{names:?}");
        }
        for machine in [&outcome.client, &outcome.server] {
            let negotiated = &machine.shared.negotiated;
            assert_eq!(negotiated.certificate_compression, expected);
            assert_eq!(negotiated.peer_chain, credential().chain);
        }
    }
}

/// Whose algorithms stand where.
#[test]
fn the_extension_stands_in_hello_and_request() {
    let outcome = conversation(configs(Some(both()), Some(both())), as_it_is).connected();
    let mut found = 0;
    for (_, raw) in &outcome.said {
        let extensions = match Message::decode(raw, Dialect::Tls13).unwrap() {
            Message::ClientHello(m) => m.extensions,
            Message::CertificateRequest13(m) => m.extensions,
            _ => continue,
        };
        let list = extensions.compress_certificate().unwrap().0;
        assert_eq!(list.iter().collect::<Vec<_>>(), [Algorithm::BROTLI, Algorithm::ZLIB]);
        found += 1;
    }
    assert_eq!(found, 2);
}

#[test]
fn an_empty_certificate_goes_as_it_is() {
    let (mut client, mut server) = configs(Some(both()), Some(both()));
    client.credentials = None;
    server.client_auth = ClientAuth::Optional(Arc::new(Anyone));
    let outcome = conversation((client, server), as_it_is).connected();
    assert_eq!(outcome.names(Side::Client), ["ClientHello", "Certificate", "Finished"]);
}

/// What the other side makes of a CompressedCertificate of this side that is changed.
fn broken(from: Side, f: impl Fn(&mut CompressedCertificate<'_>)) -> ErrorKind {
    let change = |_, side, raw: Vec<u8>| {
        if side != from || Message::name(&raw) != "CompressedCertificate" {
            return vec![(raw, true)];
        }
        let Ok(Message::CompressedCertificate(mut m)) = Message::decode(&raw, Dialect::Tls13) else { panic!() };
        f(&mut m);
        vec![(Message::CompressedCertificate(m).to_bytes(), true)]
    };
    let outcome = conversation(configs(Some(both()), Some(both())), change);
    outcome.failed(if from == Side::Client { Side::Server } else { Side::Client }).clone()
}

/// A body under zlib that is not compressed at all: one stored block (RFC 1950 2.2, RFC 1951 3.2.4).
fn packed(body: &[u8]) -> &'static [u8] {
    let length = (body.len() as u16).to_le_bytes();
    let (mut a, mut b) = (1u32, 0u32);
    for byte in body {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    let stored = [&[0x78, 0x01, 1][..], &length, &length.map(|x| !x), body, &(b << 16 | a).to_be_bytes()].concat();
    Vec::leak(stored)
}

#[test]
fn refusals() {
    for from in [Side::Client, Side::Server] {
        let unknown = broken(from, |m| m.algorithm = Algorithm::ZSTD);
        assert_illegal(&unknown, "CertificateCompressionAlgorithm");
        // Offered, but not what it is.
        assert_eq!(broken(from, |m| m.algorithm = Algorithm::ZLIB), ErrorKind::BadCompression(Algorithm::ZLIB));
        for off in [-1, 1, -20] {
            let length = broken(from, |m| m.uncompressed_length = m.uncompressed_length.strict_add_signed(off));
            assert_eq!(length, ErrorKind::BadCompression(Algorithm::BROTLI));
        }
        let most = Limits::default().message_size;
        assert_eq!(broken(from, |m| m.uncompressed_length = most), ErrorKind::BadCompression(Algorithm::BROTLI));
        assert_eq!(broken(from, |m| m.uncompressed_length = most + 1), ErrorKind::TooMuch(Limit::MessageSize));
        assert_eq!(broken(from, |m| m.compressed = &[1, 2, 3]), ErrorKind::BadCompression(Algorithm::BROTLI));
        let cut = broken(from, |m| m.compressed = &m.compressed[..m.compressed.len() - 1]);
        assert_eq!(cut, ErrorKind::BadCompression(Algorithm::BROTLI));
    }
    assert_eq!(
        ErrorKind::BadCompression(Algorithm::BROTLI).alert(),
        Some(crate::alert::AlertDescription::BAD_CERTIFICATE)
    );
}

/// What comes out is read as if it had come as it is.
#[test]
fn what_comes_out_is_a_certificate_like_any_other() {
    let with = |body: &'static [u8]| {
        move |m: &mut CompressedCertificate<'_>| {
            *m = CompressedCertificate {
                algorithm: Algorithm::ZLIB,
                uncompressed_length: body.len(),
                compressed: packed(body),
            }
        }
    };
    for from in [Side::Client, Side::Server] {
        let garbage = broken(from, with(b"no certificate"));
        assert!(matches!(garbage, ErrorKind::Malformed(_)), "{garbage:?}");
        let trailing = broken(from, with(&[0, 0, 0, 0, 0]));
        assert!(matches!(trailing, ErrorKind::Malformed(m) if m.problem == Problem::Trailing), "{trailing:?}");
        let context = broken(from, with(&[1, 7, 0, 0, 0]));
        match from {
            Side::Client => assert_illegal(&context, "certificate_request_context"),
            // That it is empty is seen first.
            Side::Server => assert!(matches!(context, ErrorKind::Malformed(_)), "{context:?}"),
        }
    }
    // An empty list is none that a server may show, and one that a client may, if none is required.
    assert!(matches!(broken(Side::Server, with(&[0, 0, 0, 0])), ErrorKind::Malformed(_)));
    assert!(matches!(broken(Side::Client, with(&[0, 0, 0, 0])), ErrorKind::NoCertificate { .. }));
}

/// Who has offered nothing gets nothing.
#[test]
fn unasked() {
    for from in [Side::Client, Side::Server] {
        let change = |_, side, raw: Vec<u8>| {
            if side != from || Message::name(&raw) != "Certificate" {
                return vec![(raw, true)];
            }
            let body = raw[HEADER..].to_vec();
            let (algorithm, uncompressed_length) = (Algorithm::ZLIB, body.len());
            let m = CompressedCertificate { algorithm, uncompressed_length, compressed: packed(&body) };
            vec![(Message::CompressedCertificate(m).to_bytes(), true)]
        };
        let outcome = conversation(configs(None, None), change);
        let receiver = if from == Side::Client { Side::Server } else { Side::Client };
        let got = HandshakeType::COMPRESSED_CERTIFICATE;
        assert!(
            matches!(outcome.failed(receiver), ErrorKind::UnexpectedMessage { got: g, .. } if *g == got),
            "{:?}",
            outcome.error
        );
    }
}

/// Each stands in the other's place, so each is refused where there is none.
#[test]
fn the_places_of_a_certificate_are_its_places() {
    let certificate = Message::Certificate(Certificate { context: Some(&[]), list: Vec::new() }).to_bytes();
    let (algorithm, compressed) = (Algorithm::ZLIB, packed(&certificate[HEADER..]));
    let m = CompressedCertificate { algorithm, uncompressed_length: certificate.len() - HEADER, compressed };
    let raw = Message::CompressedCertificate(m).to_bytes();
    for name in ["EncryptedExtensions", "CertificateVerify", "Finished"] {
        let outcome = conversation(configs(Some(both()), Some(both())), |_, from, message| {
            let here = from == Side::Server && Message::name(&message) == name;
            vec![(if here { raw.clone() } else { message }, true)]
        });
        assert!(matches!(outcome.failed(Side::Client), ErrorKind::UnexpectedMessage { .. }), "{name}");
    }
}

/// The extension is for hello and request: in an answer it is out of place.
#[test]
fn no_answer_to_it() {
    let list = [Algorithm::BROTLI];
    let answer = edit!(EncryptedExtensions, |m| {
        m.0.list.push(Extension::CompressCertificate(CompressCertificate(List::of(Vec::leak(list.to_vec())))));
    });
    let outcome = conversation(configs(Some(both()), Some(both())), change("EncryptedExtensions", answer));
    assert!(matches!(outcome.failed(Side::Client), ErrorKind::Malformed(m) if m.problem == Problem::Misplaced));
}

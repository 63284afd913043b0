//! A certificate that is asked for after the handshake (RFC 9846 4.7.2).

mod common;

use common::certificates::{Known, Setup, client_credential};
use common::forge::Forge;
use common::{Pair, Seen, Side, later, noon};
use handfast::alert::AlertDescription;
use handfast::crypto::KeyKind;
use handfast::error::Limit;
use handfast::extension::{Extension, Extensions, SignatureAlgorithms};
use handfast::message::{
    Certificate, CertificateEntry, CertificateRequest13, CompressedCertificate, Dialect, Finished, HEADER, Message,
};
use handfast::verify::{CertificateError, PeerToVerify, Verified, Verifier};
use handfast::wire::List;
use handfast::wire::numbers::{ContentType, ExtensionType, HandshakeType, ProtocolVersion, SignatureScheme};
use handfast::{ClientAuth, ClientConfig, ErrorKind, Reply, ServerConfig, Time};
use std::sync::Arc;

const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

/// A client with a certificate of this kind, or none, that nobody asks for in the handshake.
fn configs(client: Option<KeyKind>) -> (ClientConfig, ServerConfig) {
    let setup = Setup { client, ..Setup::new(ProtocolVersion::TLS1_3) };
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    client.post_handshake_auth = true;
    server.post_handshake_auth = true;
    (client, server)
}

fn pair(client: Option<KeyKind>) -> Pair {
    let (client, server) = configs(client);
    Pair::connected(&Arc::new(client), &Arc::new(server))
}

fn required() -> ClientAuth {
    ClientAuth::Required(Arc::new(Known))
}

fn optional() -> ClientAuth {
    ClientAuth::Optional(Arc::new(Known))
}

fn ask(pair: &mut Pair, auth: ClientAuth) -> u32 {
    let now = pair.now;
    pair.server.connection.request_client_certificate(auth, now).unwrap()
}

/// What the server was told of its requests.
fn answers(pair: &Pair) -> Vec<(u32, bool)> {
    let answer = |e: &Seen| if let Seen::ClientCertificate(n, given) = e { Some((*n, *given)) } else { None };
    pair.server.events.iter().filter_map(answer).collect()
}

#[test]
fn a_client_proves_itself_while_data_goes_on() {
    for kind in [KeyKind::Rsa, KeyKind::Ecdsa, KeyKind::Ed25519] {
        for (chunk, slow) in [(usize::MAX, false), (1, false), (1, true)] {
            let (mut client, mut server) = configs(Some(kind));
            let mut auth = required();
            if slow {
                (client, server) = (later::client(&client), later::server(&server));
                auth = ClientAuth::Required(later::verifier(&(Arc::new(Known) as Arc<dyn Verifier>)));
            }
            let mut pair = Pair::new(&Arc::new(client), &Arc::new(server)).chunk(chunk);
            pair.run().assert_connected();
            assert!(pair.server.negotiated().peer_chain.is_empty());
            pair.server.send(b"before");
            let request = ask(&mut pair, auth);
            pair.server.send(b", after");
            pair.client.send(b"meanwhile");
            pair.run().assert_connected();
            assert_eq!(answers(&pair), [(request, true)]);
            assert_eq!(pair.server.connection.open_certificate_requests(), 0);
            assert_eq!(pair.server.negotiated().peer_chain, client_credential(kind).chain);
            assert!(pair.server.negotiated().verified.is_some());
            assert_eq!(pair.server.negotiated().client_scheme, pair.client.negotiated().client_scheme);
            assert_eq!((&pair.client.data[..], &pair.server.data[..]), (&b"before, after"[..], &b"meanwhile"[..]));
            pair.exchange(1000);
            // The keys are the same; both go on from them.
            let now = pair.now;
            pair.client.connection.update_keys(true, now).unwrap();
            pair.run();
            assert_eq!(ask(&mut pair, required()), request + 1);
            pair.run().assert_connected();
            pair.exchange(10);
            let expected = ["Certificate", "CertificateVerify", "Finished"];
            assert!(
                pair.client.flight().windows(3).filter(|w| *w == expected).count() >= 2,
                "{:?}",
                pair.client.flight()
            );
        }
    }
}

#[test]
fn while_the_signature_is_being_made_data_is_sent_and_nothing_comes_into_the_answer() {
    let (client, server) = configs(Some(KeyKind::Ecdsa));
    let mut pair = Pair::connected(&Arc::new(later::client(&client)), &Arc::new(server));
    pair.client.patience = None;
    let request = ask(&mut pair, required());
    pair.run();
    assert_eq!(pair.client.events.last(), Some(&Seen::Parked("Signature")));
    pair.client.send(b"one");
    pair.run();
    assert_eq!((&pair.server.data[..], answers(&pair)), (&b"one"[..], vec![]), "it is not kept waiting");
    pair.server.send(b"two");
    pair.run();
    assert_eq!(pair.client.data, b"", "parked, it takes nothing");
    pair.client.patience = Some(0);
    pair.client.send(b"three");
    pair.run().assert_connected();
    assert_eq!(answers(&pair), [(request, true)]);
    assert_eq!((&pair.client.data[..], &pair.server.data[..]), (&b"two"[..], &b"onethree"[..]));
}

#[test]
fn several_requests_are_open_at_once_within_a_bound() {
    let mut pair = pair(Some(KeyKind::Ecdsa));
    let asked: Vec<u32> = (0..8).map(|_| ask(&mut pair, optional())).collect();
    let now = pair.now;
    let error = pair.server.connection.request_client_certificate(optional(), now).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Misuse(_)), "{error}");
    assert_eq!(pair.server.connection.open_certificate_requests(), asked.len());
    pair.run().assert_connected();
    assert_eq!(answers(&pair), asked.iter().map(|n| (*n, true)).collect::<Vec<_>>());
    assert_eq!(ask(&mut pair, optional()), asked.len() as u32 + 1);
    pair.run().assert_connected();
    pair.exchange(10);
}

#[test]
fn a_client_without_a_certificate() {
    let mut pair = pair(None);
    let request = ask(&mut pair, optional());
    pair.run().assert_connected();
    assert_eq!(answers(&pair), [(request, false)]);
    assert!(pair.server.negotiated().peer_chain.is_empty() && pair.server.negotiated().verified.is_none());
    pair.exchange(10);
    // Where one is required, it is the end.
    ask(&mut pair, required());
    pair.run();
    let error = pair.server.error.clone().unwrap();
    assert_eq!(*error.kind(), ErrorKind::NoCertificate { version: ProtocolVersion::TLS1_3 });
    let heard = ErrorKind::PeerAlert(AlertDescription::CERTIFICATE_REQUIRED);
    assert_eq!(*pair.client.error.unwrap().kind(), heard);
}

/// Believes the first, and nobody after.
#[derive(Debug)]
struct Nobody;

impl Verifier for Nobody {
    fn verify(&self, _: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        Reply::Now(Err(CertificateError::Other("nobody is believed".into())))
    }
}

#[test]
fn who_is_not_believed_is_not_named() {
    let (client, server) = configs(Some(KeyKind::Ecdsa));
    let mut pair = Pair::connected(&Arc::new(client), &Arc::new(server));
    ask(&mut pair, ClientAuth::Required(Arc::new(Nobody)));
    pair.run();
    assert!(matches!(pair.server.error.as_ref().unwrap().kind(), ErrorKind::Certificate(_)));
    assert!(pair.server.negotiated().peer_chain.is_empty());
    assert!(answers(&pair).is_empty());
}

#[test]
fn a_claim_is_not_believed_before_it_is_proven() {
    let (client, server) = configs(Some(KeyKind::Ecdsa));
    let server = Arc::new(server);
    let mut pair = Pair::connected(&Arc::new(client), &server);
    pair.server.patience = None;
    ask(&mut pair, ClientAuth::Required(later::verifier(&(Arc::new(Known) as Arc<dyn Verifier>))));
    pair.run();
    assert_eq!(pair.server.events.last(), Some(&Seen::Parked("Verdict")));
    assert!(pair.server.negotiated().peer_chain.is_empty(), "it is a claim so far");
    assert_eq!(pair.server.connection.open_certificate_requests(), 1);
    // The server may still send.
    pair.server.send(b"wait");
    pair.server.patience = Some(0);
    pair.run().assert_connected();
    assert_eq!(pair.client.data, b"wait");
    assert_eq!(pair.server.negotiated().peer_chain, client_credential(KeyKind::Ecdsa).chain);
}

#[test]
fn who_did_not_say_so_is_not_asked() {
    let (with, server) = configs(Some(KeyKind::Ecdsa));
    let mut without = with.clone();
    without.post_handshake_auth = false;
    let mut never = server.clone();
    never.post_handshake_auth = false;
    for (client, server) in [(&without, &server), (&with, &never)] {
        let mut pair = Pair::connected(&Arc::new(client.clone()), &Arc::new(server.clone()));
        let now = pair.now;
        let error = pair.server.connection.request_client_certificate(required(), now).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Misuse(_)), "{error}");
        pair.assert_connected();
        pair.exchange(10);
    }
    // Not by a client, not without a verifier, not before the handshake is done, not after close_notify, not in TLS 1.2.
    let mut pair = pair(None);
    let now = pair.now;
    assert!(pair.client.connection.request_client_certificate(required(), now).is_err());
    assert!(pair.server.connection.request_client_certificate(ClientAuth::None, now).is_err());
    pair.server.connection.close();
    assert!(pair.server.connection.request_client_certificate(required(), now).is_err());
    let mut fresh = Pair::new(&Arc::new(with), &Arc::new(server));
    assert!(fresh.server.connection.request_client_certificate(required(), now).is_err());
    let (client, server) = Setup::new(ProtocolVersion::TLS1_2).configs();
    let mut old = Pair::connected(&client, &server);
    assert!(old.server.connection.request_client_certificate(required(), now).is_err());
    old.exchange(10);
}

/// A CertificateRequest with an extension that nobody knows.
fn request(context: &[u8]) -> Vec<u8> {
    let schemes = [SignatureScheme::ECDSA_SECP256R1_SHA256];
    let list = vec![
        Extension::Unknown(ExtensionType(0x0a0a), &[]),
        Extension::SignatureAlgorithms(SignatureAlgorithms(List::of(&schemes))),
        Extension::Unknown(ExtensionType(0xdada), &[1, 2, 3]),
    ];
    Message::CertificateRequest13(CertificateRequest13 { context, extensions: Extensions::of(list) }).to_bytes()
}

#[test]
fn a_client_that_did_not_say_so_refuses_to_be_asked() {
    let (mut client, server) = configs(Some(KeyKind::Ecdsa));
    client.post_handshake_auth = false;
    let mut forge = Forge::of(client, server).connect();
    let record = forge.seal(Side::Server, HANDSHAKE, &request(&[1]));
    forge.pair.client.receive(&record, noon());
    let error = forge.pair.client.error.unwrap();
    let got = HandshakeType::CERTIFICATE_REQUEST;
    assert!(matches!(error.kind(), ErrorKind::UnexpectedMessage { got: g, .. } if *g == got), "{error}");
}

#[test]
fn a_client_is_not_asked_without_end() {
    let (client, server) = configs(None);
    let most = client.limits.certificate_requests;
    let mut forge = Forge::of(client, server).connect();
    for n in 0..most {
        let record = forge.seal(Side::Server, HANDSHAKE, &request(&n.to_be_bytes()));
        forge.pair.client.receive(&record, noon());
        assert!(forge.pair.client.error.is_none());
    }
    assert_eq!(forge.pair.client.flight().iter().filter(|m| *m == "Certificate").count() as u32, most);
    let record = forge.seal(Side::Server, HANDSHAKE, &request(b"once more"));
    forge.pair.client.receive(&record, noon());
    let error = forge.pair.client.error.unwrap();
    assert_eq!(*error.kind(), ErrorKind::TooMuch(Limit::CertificateRequests));
    assert_eq!(error.alert(), Some(AlertDescription::UNEXPECTED_MESSAGE));
}

/// What the server makes of these records of a client, after one request that is open. Each is content type and body.
fn said(open: bool, records: &[(u8, &[u8])]) -> ErrorKind {
    let (client, server) = configs(None);
    let mut forge = Forge::of(client, server).connect();
    if open {
        // It never reaches the client.
        forge.pair.server.connection.request_client_certificate(optional(), noon()).unwrap();
    }
    let context = match &forge.pair.server.log().flights.last().unwrap().messages.last() {
        Some(raw) if open => raw[5..21].to_vec(),
        _ => vec![7; 16],
    };
    for (content, body) in records {
        // The context's place in a Certificate of ours.
        let body = match body {
            [11, a, b, c, 16, ..] => [&[11, *a, *b, *c, 16], &context[..], &body[21..]].concat(),
            _ => body.to_vec(),
        };
        let record = forge.seal(Side::Client, *content, &body);
        forge.pair.server.receive(&record, noon());
    }
    let error = forge.pair.server.error.expect("it is refused");
    assert!(forge.pair.server.connection.negotiated().peer_chain.is_empty());
    error.kind().clone()
}

#[test]
fn an_answer_is_whole_and_to_what_was_asked() {
    let nothing = Message::Certificate(Certificate { context: Some(&[0; 16]), list: Vec::new() }).to_bytes();
    let finished = Message::Finished(Finished(&[7; 32])).to_bytes();
    let unexpected =
        |kind: &ErrorKind, wanted| matches!(kind, ErrorKind::UnexpectedMessage { got, .. } if *got == wanted);

    // Nothing was asked.
    assert!(unexpected(&said(false, &[(HANDSHAKE, &nothing)]), HandshakeType::CERTIFICATE));
    assert!(unexpected(&said(false, &[(HANDSHAKE, &finished)]), HandshakeType::FINISHED));
    assert!(unexpected(&said(true, &[(HANDSHAKE, &finished)]), HandshakeType::FINISHED));
    // Another context.
    for context in [&[][..], &[1]] {
        let other = Message::Certificate(Certificate { context: Some(context), list: Vec::new() }).to_bytes();
        let kind = said(true, &[(HANDSHAKE, &other)]);
        assert!(matches!(kind, ErrorKind::IllegalParameter { field: "certificate_request_context", .. }), "{kind:?}");
    }
    // A Finished that proves nothing.
    assert_eq!(said(true, &[(HANDSHAKE, &nothing), (HANDSHAKE, &finished)]), ErrorKind::BadFinished);
    // Something in between.
    let kind = said(true, &[(HANDSHAKE, &nothing), (DATA, b"data")]);
    assert!(matches!(kind, ErrorKind::UnexpectedRecord { got: ContentType::APPLICATION_DATA, .. }), "{kind:?}");
    assert!(unexpected(&said(true, &[(HANDSHAKE, &nothing), (HANDSHAKE, &nothing)]), HandshakeType::CERTIFICATE));
    let update = [24, 0, 0, 1, 0];
    assert!(unexpected(&said(true, &[(HANDSHAKE, &nothing), (HANDSHAKE, &update)]), HandshakeType::KEY_UPDATE));
}

#[test]
fn a_close_while_the_signature_is_being_made_is_the_last_word() {
    let (client, server) = configs(Some(KeyKind::Ecdsa));
    let mut pair = Pair::connected(&Arc::new(later::client(&client)), &Arc::new(server));
    pair.client.patience = None;
    ask(&mut pair, optional());
    pair.run();
    pair.client.connection.close();
    pair.client.patience = Some(0);
    pair.run();
    assert!(
        pair.client.error.is_none() && pair.server.error.is_none(),
        "{:?} {:?}",
        pair.client.error,
        pair.server.error
    );
    assert!(answers(&pair).is_empty() && pair.server.connection.peer_closed());
}

/// RFC 7250: the type is agreed on in the handshake.
#[test]
fn a_raw_key_after_the_handshake() {
    let setup = Setup { client: Some(KeyKind::Ecdsa), ..Setup::new(ProtocolVersion::TLS1_3) }.raw_keys();
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    (client.post_handshake_auth, server.post_handshake_auth) = (true, true);
    let mut pair = Pair::connected(&Arc::new(client), &Arc::new(server));
    assert!(pair.server.negotiated().peer_raw_key.is_none());
    let request = ask(&mut pair, required());
    pair.run().assert_connected();
    assert_eq!(answers(&pair), [(request, true)]);
    let key = client_credential(KeyKind::Ecdsa).as_ref().clone().with_raw_key().raw_key;
    assert!(key.is_some() && pair.server.negotiated().peer_raw_key == key);
    assert!(pair.server.negotiated().peer_chain.is_empty());
}

/// RFC 8879 4: what comes out is an answer like any other.
#[test]
fn a_compressed_answer() {
    use handfast::compression::Algorithm as _;
    let compressed = |context: &[u8]| {
        let entry = CertificateEntry { cert_data: &[0x30; 500], extensions: Extensions::of(Vec::new()) };
        let certificate = Message::Certificate(Certificate { context: Some(context), list: vec![entry] }).to_bytes();
        let body = &certificate[HEADER..];
        let (zlib, uncompressed_length) = (handfast::compression::Zlib, body.len());
        let compressed = zlib.compress(body).unwrap();
        let (algorithm, compressed) = (zlib.number(), compressed.as_slice());
        Message::CompressedCertificate(CompressedCertificate { algorithm, uncompressed_length, compressed }).to_bytes()
    };
    let asked = |offers: bool| {
        let (client, mut server) = configs(Some(KeyKind::Ecdsa));
        server.certificate_compression = offers.then(common::certificates::compression);
        let mut forge = Forge::of(client, server).connect();
        let request = ask(&mut forge.pair, required());
        assert_eq!(request, 1);
        forge
    };
    // With the context of the request it is taken for what it is: no certificate at all.
    let mut forge = asked(true);
    let raw = forge.pair.server.log().flights.last().unwrap().messages.last().unwrap().clone();
    let Ok(Message::CertificateRequest13(request)) = Message::decode(&raw, Dialect::Tls13) else { panic!() };
    assert!(request.extensions.compress_certificate().is_some());
    forge.say(Side::Client, HANDSHAKE, &compressed(request.context));
    let error = forge.pair.server.error.clone().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Certificate(_)), "{error}");
    // With another one it is no answer.
    let mut forge = asked(true);
    forge.say(Side::Client, HANDSHAKE, &compressed(&[7; 16]));
    let error = forge.pair.server.error.clone().unwrap();
    let field = "certificate_request_context";
    assert!(matches!(error.kind(), ErrorKind::IllegalParameter { field: f, .. } if *f == field), "{error}");
    // Nobody has said that it may be compressed.
    let mut forge = asked(false);
    forge.say(Side::Client, HANDSHAKE, &compressed(&[7; 16]));
    let error = forge.pair.server.error.clone().unwrap();
    let got = HandshakeType::COMPRESSED_CERTIFICATE;
    assert!(matches!(error.kind(), ErrorKind::UnexpectedMessage { got: g, .. } if *g == got), "{error}");
}

//! What comes with a chain: OCSP responses and signed certificate timestamps, from whoever has them to whoever asks.

mod common;

use common::certificates::{Known, RESPONSE, SCTS, Setup};
use common::{End, Pair, Side, noon, record, records};
use handfast::alert::AlertDescription as A;
use handfast::crypto::KeyKind;
use handfast::message::{Dialect, Message};
use handfast::verify::{CertificateError, PeerToVerify, Stapled, Verified, Verifier};
use handfast::wait::HelloSummary;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{HandshakeType, ProtocolVersion};
use handfast::{ClientAuth, ClientConfig, ErrorKind, Reply, ServerConfig, Time};
use std::sync::{Arc, Mutex};

/// Remembers what it was shown.
#[derive(Debug, Default)]
struct Looks(Mutex<Vec<(Stapled, bool)>>);

impl Verifier for Looks {
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        self.0.lock().unwrap().push((peer.stapled.clone(), peer.ocsp_wanted));
        Known.verify(peer, now)
    }
}

impl Looks {
    fn last(&self) -> (Stapled, bool) {
        self.0.lock().unwrap().last().cloned().expect("nobody was judged")
    }
}

/// Every way in which a certificate is shown.
fn setups() -> Vec<Setup> {
    let v12 = Setup::new(ProtocolVersion::TLS1_2);
    vec![
        v12.clone().server(KeyKind::Rsa).suite(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256).stapled(),
        v12.stapled(),
        Setup::new(ProtocolVersion::TLS1_0).stapled(),
        Setup::new(ProtocolVersion::TLS1_3).stapled(),
        Setup::new(ProtocolVersion::TLS1_3).retried().mutual(KeyKind::Ecdsa).stapled(),
    ]
}

fn given(scts: bool) -> Stapled {
    let scts = if scts { SCTS.iter().map(|s| s.to_vec()).collect() } else { Vec::new() };
    Stapled { ocsp: vec![RESPONSE.to_vec()], scts }
}

/// Both ends connected; and what the two verifiers were shown.
fn judged(
    setup: &Setup,
    edit: impl Fn(&mut ClientConfig, &mut ServerConfig),
) -> (Pair, (Stapled, bool), Option<(Stapled, bool)>) {
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    let (of_server, of_client) = (Arc::new(Looks::default()), Arc::new(Looks::default()));
    client.verifier = of_server.clone();
    if setup.client.is_some() {
        server.client_auth = ClientAuth::Required(of_client.clone());
    }
    edit(&mut client, &mut server);
    let pair = Pair::connected(&Arc::new(client), &Arc::new(server));
    let of_client = setup.client.map(|_| of_client.last());
    (pair, of_server.last(), of_client)
}

#[test]
fn what_is_asked_for_comes_to_the_verifier_and_the_application() {
    for setup in setups() {
        let (pair, of_server, of_client) = judged(&setup, |_, _| ());
        assert_eq!(of_server, (given(true), true), "{setup:?}");
        assert_eq!(pair.client.negotiated().stapled.as_deref(), Some(&given(true)), "{setup:?}");
        let has_message = pair.client.trace().contains(&"received CertificateStatus".to_owned());
        assert_eq!(has_message, setup.version < ProtocolVersion::TLS1_3, "{setup:?}");
        if let Some(of_client) = of_client {
            assert_eq!(of_client, (given(false), true));
            assert_eq!(pair.server.negotiated().stapled.as_deref(), Some(&given(false)));
        }
    }
}

#[test]
fn what_is_not_asked_for_does_not_come() {
    for setup in setups() {
        let (pair, of_server, of_client) = judged(&setup, |client, server| {
            (client.ocsp, client.scts, server.client_ocsp) = (false, false, false);
        });
        assert_eq!(of_server, (Stapled::default(), false), "{setup:?}");
        assert_eq!(of_client.unwrap_or_default(), (Stapled::default(), false));
        assert_eq!((&pair.client.negotiated().stapled, &pair.server.negotiated().stapled), (&None, &None));
        // Nor what nobody has.
        let without = Setup { stapled: false, ..setup };
        let (pair, of_server, _) = judged(&without, |client, _| client.scts = true);
        assert_eq!(of_server, (Stapled::default(), true));
        assert_eq!(pair.client.negotiated().stapled, None);
    }
}

#[test]
fn nothing_comes_with_a_session_that_is_resumed() {
    for setup in setups() {
        let (client, server) = setup.configs();
        Pair::connected(&client, &server);
        let pair = Pair::connected(&client, &server);
        assert!(pair.client.negotiated().resumed);
        assert_eq!(pair.client.negotiated().stapled, None);
        assert!(!pair.client.trace().contains(&"received CertificateStatus".to_owned()));
    }
}

/// The messages of the server's first flight of TLS 1.2, as `edit` leaves them, to a client. Gives the client.
fn edited(setup: &Setup, edit: impl Fn(&mut Vec<Vec<u8>>)) -> Pair {
    let (client, server) = setup.configs();
    let mut pair = Pair::new(&client, &server);
    pair.carry(Side::Client);
    pair.server.drive(noon());
    let flight = pair.server.transmit();
    let joined: Vec<u8> = records(&flight).iter().flat_map(|r| r[5..].to_vec()).collect();
    let (mut messages, mut rest) = (Vec::new(), &joined[..]);
    while let [_, a, b, c, ..] = *rest {
        let (message, behind) = rest.split_at(4 + u32::from_be_bytes([0, a, b, c]) as usize);
        messages.push(message.to_vec());
        rest = behind;
    }
    edit(&mut messages);
    pair.client.receive(&record(22, 0x0303, &messages.concat()), noon());
    pair
}

fn at(messages: &[Vec<u8>], kind: HandshakeType) -> usize {
    messages.iter().position(|m| m[0] == kind.0).expect("it was sent")
}

fn answers(client: &End) -> bool {
    client.error.is_none() && client.flight().contains(&"ClientKeyExchange".to_owned())
}

/// RFC 6066 8: it may be left out although it was promised.
#[test]
fn a_status_that_was_promised_need_not_come() {
    let v12 = Setup::new(ProtocolVersion::TLS1_2);
    let rsa = v12.clone().server(KeyKind::Rsa).suite(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256);
    for setup in [v12.clone(), v12.mutual(KeyKind::Ecdsa), rsa.clone(), rsa.mutual(KeyKind::Rsa)] {
        let mut pair = edited(&setup.stapled(), |messages| {
            messages.remove(at(messages, HandshakeType::CERTIFICATE_STATUS));
        });
        assert!(answers(&pair.client), "{:?}", pair.client.error);
        assert_eq!(pair.client.negotiated().stapled.as_ref().map(|s| s.ocsp.len()), Some(0));
        assert!(pair.client.trace().contains(&"verified known to the tests".to_owned()));
        // The server has sent it all the same: the secrets, or the check values, differ.
        pair.run();
        assert!(matches!(pair.server.error.as_ref().unwrap().alert(), Some(A::DECRYPT_ERROR | A::BAD_RECORD_MAC)));
    }
}

#[test]
fn a_status_out_of_place_is_refused() {
    let stapled = Setup::new(ProtocolVersion::TLS1_2).stapled();
    let refused = |setup: &Setup, edit: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let pair = edited(setup, edit);
        let error = pair.client.error.as_ref().expect("must be refused");
        let got = HandshakeType::CERTIFICATE_STATUS;
        assert!(matches!(error.kind(), ErrorKind::UnexpectedMessage { got: g, .. } if *g == got), "{error}");
        assert_eq!(error.alert(), Some(A::UNEXPECTED_MESSAGE));
    };
    // Behind what follows it, before what it follows, twice.
    refused(&stapled, &|m| {
        let n = at(m, HandshakeType::CERTIFICATE_STATUS);
        m.swap(n, n + 1);
    });
    refused(&stapled, &|m| {
        let n = at(m, HandshakeType::CERTIFICATE_STATUS);
        m.swap(n - 1, n);
    });
    refused(&stapled, &|m| {
        let n = at(m, HandshakeType::CERTIFICATE_STATUS);
        m.insert(n, m[n].clone());
    });
    // Not promised.
    let status = handfast::message::CertificateStatus { response: RESPONSE };
    let raw = Message::CertificateStatus(status).to_bytes();
    refused(&Setup::new(ProtocolVersion::TLS1_2), &|m| m.insert(2, raw.clone()));
}

/// A message of another kind than what may stand there says what may.
#[test]
fn what_may_come_instead_is_said() {
    let pair = edited(&Setup::new(ProtocolVersion::TLS1_2).stapled(), |m| m.truncate(2));
    assert!(pair.client.error.is_none());
    let pair = edited(&Setup::new(ProtocolVersion::TLS1_2).stapled(), |m| {
        let certificate = m[1].clone();
        m.insert(2, certificate);
    });
    let error = pair.client.error.as_ref().unwrap().to_string();
    assert!(error.contains("only CertificateStatus, or what follows it may come now"), "{error}");
}

/// Credentials may go by what a client would like.
#[test]
fn a_hello_says_what_the_client_would_like() {
    #[derive(Debug)]
    struct Sees(Arc<dyn handfast::config::ServerCredentials>, Mutex<Option<HelloSummary>>);
    impl handfast::config::ServerCredentials for Sees {
        fn candidates(self: Arc<Self>, hello: &HelloSummary) -> Vec<Arc<handfast::crypto::Credential>> {
            *self.1.lock().unwrap() = Some(hello.clone());
            self.0.clone().candidates(hello)
        }
    }
    for (ocsp, scts) in [(true, false), (false, true)] {
        let setup = Setup::new(ProtocolVersion::TLS1_3);
        let (mut client, mut server) = (setup.client_config(), setup.server_config());
        let sees = Arc::new(Sees(server.credentials.clone(), Mutex::default()));
        server.credentials = sees.clone();
        client.authorities = vec![b"one name".to_vec(), b"another".to_vec()];
        (client.ocsp, client.scts) = (ocsp, scts);
        let authorities = client.authorities.clone();
        let pair = Pair::connected(&Arc::new(client), &Arc::new(server));
        let hello = sees.1.lock().unwrap().take().unwrap();
        assert_eq!((hello.ocsp, hello.scts, hello.authorities), (ocsp, scts, authorities));
        let raw = pair.client.log().flights[0].messages[0].clone();
        let Ok(Message::ClientHello(sent)) = Message::decode(&raw, Dialect::Hello) else { panic!("no ClientHello") };
        assert_eq!(sent.extensions.certificate_authorities().unwrap().0.len(), 2);
    }
}

/// A ClientHello has no room for all that a config can hold.
#[test]
fn names_of_authorities_are_bounded() {
    for authorities in [vec![Vec::new()], vec![vec![1; 1 << 14]; 2]] {
        let mut config = Setup::new(ProtocolVersion::TLS1_3).client_config();
        config.store = None;
        config.authorities = authorities;
        let name = handfast::pki_types::ServerName::try_from(common::NAME).unwrap();
        let error = handfast::Connection::client(Arc::new(config), name, noon()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Config(_)), "{error}");
    }
}

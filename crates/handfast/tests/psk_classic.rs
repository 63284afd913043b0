//! Pre-shared keys up to TLS 1.2: alone, with Diffie-Hellman, with RSA (RFC 4279, RFC 5489).

mod common;

use common::certificates::{Setup, plain_psk};
use common::{Pair, Side};
use handfast::alert::AlertDescription;
use handfast::crypto::{Credential, HashAlgorithm, KeyExchangeKind, KeyKind, Suite};
use handfast::error::NothingInCommon;
use handfast::keys::Secret;
use handfast::message::{Dialect, Message};
use handfast::pki_types::ServerName;
use handfast::policy::Renegotiation;
use handfast::psk::{ClientPsks, ExternalPsk, PskUsage};
use handfast::verify::NoCertificates;
use handfast::wire::CipherSuite as S;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientConfig, ErrorKind, Policy, Reply, ServerConfig};
use std::sync::{Arc, Mutex};

/// One suite of each key exchange.
const EACH: [S; 4] = [
    S::TLS_PSK_WITH_AES_128_GCM_SHA256,
    S::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256,
    S::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256,
    S::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256,
];

fn kind(suite: S) -> KeyExchangeKind {
    Suite::find(suite).unwrap().key_exchange
}

fn configs(suite: S) -> (ClientConfig, ServerConfig) {
    let setup = Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa).suite(suite);
    (setup.client_config(), setup.server_config())
}

fn named(identity: &str, n: u8) -> ExternalPsk {
    ExternalPsk::plain(identity, Secret::copy(&[n; 32]))
}

fn run(client: &ClientConfig, server: &ServerConfig) -> Pair {
    let mut pair = Pair::new(&Arc::new(client.clone()), &Arc::new(server.clone()));
    pair.run();
    pair
}

fn assert_by(pair: &mut Pair, identity: &[u8]) {
    pair.assert_connected();
    pair.assert_agreed();
    for end in [&pair.client, &pair.server] {
        assert_eq!(end.negotiated().psk_identity.as_deref(), Some(identity));
    }
    pair.exchange(100);
}

fn server_error(pair: &Pair) -> &ErrorKind {
    pair.server.error.as_ref().expect("an error of the server's").kind()
}

/// Answers by the hint, and keeps what it was asked.
#[derive(Debug, Default)]
struct ByHint {
    keys: Vec<(Option<&'static [u8]>, ExternalPsk)>,
    asked: Mutex<Vec<Option<Vec<u8>>>>,
}

impl ClientPsks for ByHint {
    fn offer(&self, server: &ServerName<'_>, hint: Option<&[u8]>) -> Reply<Vec<ExternalPsk>> {
        assert_eq!(server.to_str(), common::NAME);
        self.asked.lock().unwrap().push(hint.map(Into::into));
        Reply::Now(self.keys.iter().filter(|(h, _)| *h == hint).map(|(_, psk)| psk.clone()).collect())
    }
}

/// RFC 4279 2, 5.2: without a hint there is nothing to say unless there is a half of an exchange.
#[test]
fn hints() {
    for suite in EACH {
        for hint in [&b""[..], b"me, or you"] {
            let (mut client, mut server) = configs(suite);
            server.psk_hint = hint.into();
            server.psks = Some(Arc::new(vec![named("me", 1), named("you", 2)]));
            let keys = vec![(None, named("me", 1)), (Some(&b"me, or you"[..]), named("you", 2))];
            let psks = Arc::new(ByHint { keys, ..ByHint::default() });
            client.psks = Some(psks.clone());
            let mut pair = run(&client, &server);
            assert_by(&mut pair, if hint.is_empty() { b"me" } else { b"you" });
            let said = pair.server.flight().contains(&"ServerKeyExchange".to_owned());
            assert_eq!(said, !hint.is_empty() || kind(suite).has_dhe() || kind(suite).has_ecdhe(), "{suite}");
            let asked = psks.asked.lock().unwrap().clone();
            let again = (!hint.is_empty()).then(|| Some(hint.to_vec()));
            assert_eq!(asked, [None].into_iter().chain(again).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_hint_that_no_key_goes_with() {
    for suite in EACH {
        let (mut client, mut server) = configs(suite);
        server.psk_hint = b"another".into();
        client.psks = Some(Arc::new(ByHint { keys: vec![(None, named("me", 1))], ..ByHint::default() }));
        let pair = run(&client, &server);
        let nothing = ErrorKind::NothingInCommon(NothingInCommon::PskHint);
        assert_eq!(*pair.client.error.as_ref().unwrap().kind(), nothing);
        assert_eq!(pair.client.alerts(), ["fatal handshake_failure"]);
    }
    let (mut client, mut server) = configs(EACH[0]);
    client.limits.message_size = 1 << 17;
    server.psk_hint = vec![b'x'; 0xffff];
    assert_by(&mut run(&client, &server), b"the tests");
    server.psk_hint.push(b'x');
    client.store.as_ref().unwrap().forget(&handfast::session::SessionKey(common::NAME.into()));
    assert!(matches!(server_error(&run(&client, &server)), ErrorKind::Config(_)) && server.check().is_err());
}

/// RFC 4279 2: from outside a key that is wrong and one that is unknown look alike; inside the one is said.
#[test]
fn a_wrong_key_and_an_unknown_one() {
    for suite in EACH {
        let (client, mut server) = configs(suite);
        let wrong = ExternalPsk { key: Secret::copy(&[9; 32]), ..plain_psk() };
        let mut seen = Vec::new();
        for psks in [vec![wrong], vec![named("somebody", 1)]] {
            let known = psks[0].identity == plain_psk().identity;
            server.psks = Some(Arc::new(psks));
            let mut pair = run(&client, &server);
            assert_eq!(*server_error(&pair), ErrorKind::BadRecordMac);
            let said = pair.server.error.as_ref().unwrap().explain();
            assert_eq!(said.why.contains("not known here"), !known);
            assert_eq!(
                said.why.contains("the client has another key under the name \"the tests\""),
                known,
                "{}",
                said.why
            );
            assert!(
                said.remedy.contains("the same pre-shared key") && !said.remedy.contains("proxy"),
                "{}",
                said.remedy
            );
            let got = ErrorKind::PeerAlert(AlertDescription::BAD_RECORD_MAC);
            let told = pair.client.error.as_ref().unwrap();
            assert_eq!(*told.kind(), got);
            let said = told.explain();
            assert!(said.why.contains("has another key, or none, under the name \"the tests\""), "{told}");
            assert!(
                said.remedy.contains("the same pre-shared key") && !said.remedy.contains("certificate"),
                "{}",
                said.remedy
            );
            let records: Vec<_> = common::records(&pair.end(Side::Server).sent).iter().map(Vec::len).collect();
            seen.push((records, pair.server.alerts(), pair.server.flight()));
        }
        assert_eq!(seen[0], seen[1], "{suite}");
        server.tell_unknown_psk = true;
        let pair = run(&client, &server);
        assert_eq!(*server_error(&pair), ErrorKind::UnknownPsk);
        assert_eq!(pair.server.alerts(), ["fatal unknown_psk_identity"]);
    }
}

/// What is encrypted under the server's key tells nothing either, whether the key is known or not (RFC 4279 7.4).
#[test]
fn a_wrong_premaster_secret_tells_nothing() {
    for known in [true, false] {
        let (client, mut server) = configs(EACH[3]);
        if !known {
            server.psks = Some(Arc::new(vec![named("somebody", 1)]));
        }
        let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
        pair.carry(Side::Client);
        pair.carry(Side::Server);
        let now = pair.now;
        pair.client.drive(now);
        let mut flight = pair.client.transmit();
        // ClientKeyExchange comes first, in a record of its own or not: its last byte is of the ciphertext.
        let length = usize::from(u16::from_be_bytes([flight[7], flight[8]]));
        assert_eq!(flight[5], 16);
        flight[9 + length - 1] ^= 1;
        pair.server.receive(&flight, now);
        assert_eq!(*server_error(&pair), ErrorKind::BadRecordMac);
        let answered = &pair.server.error.as_ref().unwrap();
        assert_eq!(answered.before().is_some(), !known);
    }
}

#[test]
fn names_and_keys_of_every_length() {
    for suite in EACH {
        for (identity, key) in [(1, 1), (128, 64), (300, 65), (0x4000, 1000), (0x8000, 0xffff)] {
            let psk = ExternalPsk::plain(vec![b'n'; identity], Secret::copy(&vec![3; key]));
            let (mut client, mut server) = configs(suite);
            client.psks = Some(Arc::new(vec![psk.clone()]));
            server.psks = Some(Arc::new(vec![psk.clone()]));
            assert_by(&mut run(&client, &server), &psk.identity);
        }
    }
    // One that does not fit is none: no suite is left to offer.
    let (mut client, _) = configs(EACH[0]);
    let long = ExternalPsk::plain("me", Secret::copy(&vec![3; 0x10000]));
    for psk in [long, ExternalPsk::plain("me", Secret::copy(&[]))] {
        client.psks = Some(Arc::new(vec![psk]));
        assert!(cannot_connect(&client));
    }
}

/// Whether the config is not good enough for a ClientHello.
fn cannot_connect(client: &ClientConfig) -> bool {
    let name = ServerName::try_from(common::NAME).unwrap();
    let connection = handfast::Connection::client(Arc::new(client.clone()), name, common::noon());
    matches!(connection.map(drop).map_err(|e| e.kind().clone()), Err(ErrorKind::Config(_)))
}

/// An imported key is for TLS 1.3 (RFC 9258 3); one of another hash is as good as any.
#[test]
fn which_keys_are_used() {
    for suite in EACH {
        let (mut client, mut server) = configs(suite);
        let imported = ExternalPsk { usage: PskUsage::Imported { context: Vec::new() }, ..plain_psk() };
        client.psks = Some(Arc::new(vec![imported.clone()]));
        assert!(cannot_connect(&client));
        let (with_plain, _) = configs(suite);
        server.psks = Some(Arc::new(vec![imported.clone()]));
        assert_eq!(*server_error(&run(&with_plain, &server)), ErrorKind::BadRecordMac);
        let other = ExternalPsk { hash: HashAlgorithm::Sha384, ..plain_psk() };
        client.psks = Some(Arc::new(vec![imported, other.clone()]));
        server.psks = Some(Arc::new(vec![other]));
        assert_by(&mut run(&client, &server), b"the tests");
    }
}

/// The suites of a ClientHello that take a key.
fn offered(pair: &Pair) -> usize {
    let hello = pair.client.log().flights[0].messages[0].clone();
    let Ok(Message::ClientHello(hello)) = Message::decode(&hello, Dialect::Hello) else { panic!("no ClientHello") };
    let takes = |s: &S| Suite::find(*s).is_some_and(|s| s.key_exchange.has_psk());
    hello.fixed.cipher_suites.iter().filter(takes).count()
}

#[test]
fn suites_are_offered_and_served_only_where_there_are_keys() {
    let setup = Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa);
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    (client.policy, server.policy) = (Policy::compatible(), Policy::compatible());
    client.policy.max_version = ProtocolVersion::TLS1_2;
    client.store = None;
    server.policy.suites.sort_by_key(|s| !Suite::find(*s).unwrap().key_exchange.has_psk());
    let keys = || vec![plain_psk()];
    for (ours, theirs, by_key) in [(true, true, true), (true, false, false), (false, true, false)] {
        client.psks = ours.then(|| Arc::new(keys()) as _);
        server.psks = theirs.then(|| Arc::new(keys()) as _);
        let pair = run(&client, &server);
        pair.assert_connected();
        assert_eq!(offered(&pair) > 0, ours);
        assert_eq!(pair.client.negotiated().psk_identity.is_some(), by_key);
        assert_eq!(pair.client.negotiated().peer_chain.is_empty(), by_key);
    }
    // No key for this server is none.
    client.psks = Some(Arc::new(ByHint::default()));
    let pair = run(&client, &server);
    assert_eq!(offered(&pair), 0);
    // Without certificates there are the suites with keys alone.
    server.credentials = Arc::new(Vec::<Arc<Credential>>::new());
    let pair = run(&client, &server);
    let ErrorKind::NothingInCommon(NothingInCommon::Suite { ours, .. }) = server_error(&pair) else { panic!() };
    assert!(!ours.is_empty() && ours.iter().all(|s| s.contains("_PSK") && !s.contains("RSA_PSK")), "{ours:?}");
    client.psks = Some(Arc::new(keys()));
    client.verifier = Arc::new(NoCertificates);
    assert_by(&mut run(&client, &server), b"the tests");
}

/// The policy's order says whether a key goes before a certificate.
#[test]
fn the_order_of_suites_decides() {
    let (key, certificate) = (EACH[2], S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
    for suites in [vec![key, certificate], vec![certificate, key]] {
        for server_preference in [true, false] {
            let (mut client, mut server) = configs(S::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256);
            let back: Vec<_> = suites.iter().rev().copied().collect();
            server.policy.server_preference = server_preference;
            (server.policy.suites, client.policy.suites) =
                if server_preference { (suites.clone(), back) } else { (back, suites.clone()) };
            let pair = run(&client, &server);
            pair.assert_connected();
            assert_eq!(pair.server.negotiated().suite, Some(suites[0]));
        }
    }
}

/// RFC 4279 2, RFC 5489 2: whoever has the key is not asked for a certificate, but with RSA_PSK.
#[test]
fn client_certificates() {
    for suite in EACH {
        let setup = Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa).suite(suite).mutual(KeyKind::Ecdsa);
        let (client, server) = setup.configs();
        for resumed in [false, true] {
            let mut pair = Pair::new(&client, &server);
            pair.run();
            assert_by(&mut pair, b"the tests");
            assert_eq!(pair.client.negotiated().resumed, resumed);
            let asks = kind(suite) == KeyExchangeKind::RsaPsk;
            assert_eq!(pair.server.flight().contains(&"CertificateRequest".to_owned()), asks && !resumed);
            assert_eq!(pair.server.negotiated().peer_chain.is_empty(), !asks);
        }
    }
}

/// A session goes where the key goes.
#[test]
fn sessions_need_the_key() {
    for suite in EACH {
        for by_id in [true, false] {
            let mut setup = Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa).suite(suite);
            if by_id {
                setup = setup.by_id();
            }
            let (client, server) = (setup.client_config(), setup.server_config());
            assert_by(&mut run(&client, &server), b"the tests");
            let mut pair = run(&client, &server);
            assert!(pair.client.negotiated().resumed);
            assert_by(&mut pair, b"the tests");
            let without = ServerConfig { psks: None, ..server.clone() };
            assert!(run(&client, &without).server.error.is_some());
            // Nor does a client without keys name such a session: it is not even that it can offer the suite.
            let (mut other, mut both) = (client.clone(), server.clone());
            other.psks = None;
            other.policy.suites.push(S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
            other.verifier = Arc::new(common::certificates::Known);
            both.policy.suites.push(S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
            both.credentials = Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa).server_config().credentials;
            let pair = run(&other, &both);
            pair.assert_connected();
            assert!(!pair.client.negotiated().resumed && pair.client.negotiated().psk_identity.is_none());
        }
    }
}

/// A key that is taken out, or changed, ends the sessions that go back to it; the handshake goes on without.
#[test]
fn sessions_end_with_their_key() {
    for by_id in [true, false] {
        let mut setup = Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa).suite(EACH[2]);
        if by_id {
            setup = setup.by_id();
        }
        let (client, mut server) = (setup.client_config(), setup.server_config());
        assert_by(&mut run(&client, &server), b"the tests");
        let other = ExternalPsk { key: Secret::copy(&[9; 32]), ..plain_psk() };
        server.psks = Some(Arc::new(vec![other.clone()]));
        assert_eq!(*server_error(&run(&client, &server)), ErrorKind::BadRecordMac, "not resumed, and the key is wrong");
        let (client, mut server) = (setup.client_config(), setup.server_config());
        assert_by(&mut run(&client, &server), b"the tests");
        // The client has a new one, too: its session is still there, and is of no use.
        server.psks = Some(Arc::new(vec![other.clone()]));
        let client = ClientConfig { psks: Some(Arc::new(vec![other])), ..client };
        let mut pair = run(&client, &server);
        assert_by(&mut pair, b"the tests");
        assert!(!pair.client.negotiated().resumed);
    }
}

/// A second handshake is with the same key, unless the policy says otherwise.
#[test]
fn a_second_handshake() {
    for suite in EACH {
        for same in [true, false] {
            let (mut client, mut server) = configs(suite);
            let second = if same { named("me", 1) } else { named("you", 2) };
            server.psks = Some(Arc::new(vec![named("me", 1), named("you", 2)]));
            client.psks = Some(Arc::new(Changing(Mutex::new(vec![second, named("me", 1)]))));
            client.store = None;
            client.policy.renegotiation = Renegotiation::Either;
            server.policy.renegotiation = Renegotiation::Either;
            let mut pair = run(&client, &server);
            assert_by(&mut pair, b"me");
            let now = pair.now;
            pair.client.connection.renegotiate(now).unwrap();
            pair.run();
            match same {
                true => assert_by(&mut pair, b"me"),
                false => assert_eq!(*server_error(&pair), ErrorKind::IdentityChanged),
            }
        }
    }
}

/// Another key each time.
#[derive(Debug)]
struct Changing(Mutex<Vec<ExternalPsk>>);

impl ClientPsks for Changing {
    fn offer(&self, _: &ServerName<'_>, _: Option<&[u8]>) -> Reply<Vec<ExternalPsk>> {
        Reply::Now(self.0.lock().unwrap().pop().into_iter().collect())
    }
}

/// A key that is for TLS 1.2 alone, whose name may be empty, and one that is imported for TLS 1.3.
#[test]
fn a_key_for_each_family() {
    let old = ExternalPsk { usage: PskUsage::Classic, ..ExternalPsk::plain("", plain_psk().key) };
    let keys = || vec![old.clone(), ExternalPsk::new("new", Secret::copy(&[4; 32]))];
    for (newest, name) in [(ProtocolVersion::TLS1_3, &b"new"[..]), (ProtocolVersion::TLS1_2, b"")] {
        let (mut client, mut server) = configs(EACH[2]);
        (client.policy, server.policy) = (Policy::compatible(), Policy::compatible());
        client.psks = Some(Arc::new(keys()));
        server.psks = Some(Arc::new(keys()));
        server.policy.max_version = newest;
        assert_by(&mut run(&client, &server), name);
    }
    // As it is, it is of no use in TLS 1.3, not even to whoever names it.
    let (mut client, mut server) = configs(EACH[2]);
    (client.policy, server.policy) = (Policy::modern(), Policy::modern());
    client.psks = Some(Arc::new(vec![ExternalPsk::plain("it", plain_psk().key)]));
    server.psks =
        Some(Arc::new(vec![ExternalPsk { usage: PskUsage::Classic, ..ExternalPsk::plain("it", plain_psk().key) }]));
    assert_eq!(*server_error(&run(&client, &server)), ErrorKind::NothingInCommon(NothingInCommon::Psk));
}

/// One plain key for both families: TLS 1.3 goes first.
#[test]
fn beside_tls_1_3() {
    for newest in [ProtocolVersion::TLS1_3, ProtocolVersion::TLS1_2] {
        let (mut client, mut server) = configs(EACH[2]);
        (client.policy, server.policy) = (Policy::compatible(), Policy::compatible());
        server.policy.max_version = newest;
        let mut pair = run(&client, &server);
        assert_by(&mut pair, b"the tests");
        assert_eq!(pair.client.negotiated().version, Some(newest));
    }
}

/// A server may not choose what was not offered, nor ask for a certificate where there is a key.
#[test]
fn a_server_that_breaks_the_rules() {
    let (mut client, server) = configs(EACH[0]);
    client.policy.suites.push(S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256);
    let both = client.policy.suites.clone();
    let without = ClientConfig { psks: None, ..client.clone() };
    // A ServerHello for a suite that this client would have offered with a key.
    let mut pair = Pair::new(&Arc::new(without), &Arc::new(server.clone()));
    let mut keyed = Pair::new(&Arc::new(client), &Arc::new(server));
    keyed.carry(Side::Client);
    let flight = keyed.server.transmit();
    pair.client.transmit();
    let now = pair.now;
    pair.client.receive(&flight, now);
    let kind = pair.client.error.as_ref().expect("an error").kind().clone();
    // The extensions that it answers were offered by both.
    assert!(matches!(kind, ErrorKind::IllegalParameter { field: "cipher_suite", .. }), "{kind:?} {both:?}");
    // CertificateRequest behind ServerHello.
    let (client, server) = configs(EACH[0]);
    let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
    pair.carry(Side::Client);
    let mut flight = pair.server.transmit();
    assert_eq!(flight[flight.len() - 4..], [14, 0, 0, 0]);
    flight.truncate(flight.len() - 4);
    let request = [13, 0, 0, 8, 1, 1, 0, 2, 4, 1, 0, 0];
    flight.extend(request);
    let length = (flight.len() - 5) as u16;
    flight[3..5].copy_from_slice(&length.to_be_bytes());
    pair.client.receive(&flight, now);
    let kind = pair.client.error.as_ref().expect("an error").kind().clone();
    assert!(matches!(kind, ErrorKind::UnexpectedMessage { .. }), "{kind:?}");
    assert_eq!(pair.client.alerts(), ["fatal unexpected_message"]);
}

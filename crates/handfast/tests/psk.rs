//! External pre-shared keys, imported and plain (RFC 9846 4.3.11, RFC 9258), and pre-shared keys used alone (psk_ke).

mod common;

use common::certificates::Setup;
use common::{End, Pair, noon};
use handfast::alert::AlertDescription;
use handfast::crypto::{Credential, HashAlgorithm};
use handfast::error::NothingInCommon;
use handfast::keys::Secret;
use handfast::message::{Dialect, Message};
use handfast::psk::{ExternalPsk, PskUsage};
use handfast::verify::NoCertificates;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion, PskKeyExchangeMode};
use handfast::{ClientConfig, ErrorKind, ServerConfig};
use std::sync::Arc;

const SHA256: CipherSuite = CipherSuite::TLS_AES_128_GCM_SHA256;
const SHA384: CipherSuite = CipherSuite::TLS_AES_256_GCM_SHA384;

fn key(n: u8) -> Secret {
    Secret::copy(&[n; 32])
}

fn imported(identity: &str, context: &str) -> ExternalPsk {
    let usage = PskUsage::Imported { context: context.into() };
    ExternalPsk { usage, ..ExternalPsk::new(identity, key(1)) }
}

fn plain(identity: &str, hash: HashAlgorithm) -> ExternalPsk {
    ExternalPsk { hash, ..ExternalPsk::plain(identity, key(2)) }
}

/// Both sides with these keys, and without certificates.
fn configs(client: Vec<ExternalPsk>, server: Vec<ExternalPsk>) -> (ClientConfig, ServerConfig) {
    let setup = Setup::new(ProtocolVersion::TLS1_3);
    let (mut c, mut s) = (setup.client_config(), setup.server_config());
    c.psks = Some(Arc::new(client));
    c.verifier = Arc::new(NoCertificates);
    s.psks = Some(Arc::new(server));
    s.credentials = Arc::new(Vec::<Arc<Credential>>::new());
    (c, s)
}

fn run(client: &ClientConfig, server: &ServerConfig) -> Pair {
    let mut pair = Pair::new(&Arc::new(client.clone()), &Arc::new(server.clone()));
    pair.run();
    pair
}

/// Connected by the key of this name, and without a certificate.
fn assert_by(pair: &mut Pair, identity: &str) {
    pair.assert_connected();
    pair.assert_agreed();
    for end in [&pair.client, &pair.server] {
        assert_eq!(end.negotiated().psk_identity.as_deref(), Some(identity.as_bytes()));
        assert!(end.negotiated().peer_chain.is_empty() && end.negotiated().scheme.is_none());
        assert!(!end.flight().iter().any(|m| m.starts_with("Certificate")));
    }
    pair.exchange(100);
}

#[test]
fn both_sides_know_the_key() {
    for suite in [SHA256, SHA384] {
        for psk in [imported("me", ""), imported("me", "some context"), plain("me", HashAlgorithm::Sha256)] {
            let is_plain = psk.usage == PskUsage::Plain;
            let (mut client, server) = configs(vec![psk.clone()], vec![psk]);
            client.policy.suites = vec![suite];
            let mut pair = run(&client, &server);
            if is_plain && suite == SHA384 {
                // It goes with the other hash only, and is not even offered.
                let nothing = ErrorKind::NothingInCommon(NothingInCommon::Psk);
                assert_eq!(*pair.server.error.as_ref().unwrap().kind(), nothing);
                assert_eq!(pair.server.alerts(), ["fatal handshake_failure"]);
                continue;
            }
            assert_by(&mut pair, "me");
            assert_eq!(pair.client.negotiated().suite, Some(suite));
            assert!(pair.client.negotiated().group.is_some() && !pair.client.negotiated().resumed);
        }
    }
}

/// A plain key has the server take a suite that it goes with, even if another would be chosen without it.
#[test]
fn a_plain_key_decides_the_suite() {
    for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384] {
        for suites in [vec![SHA256, SHA384], vec![SHA384, SHA256]] {
            for server_preference in [true, false] {
                let (mut client, mut server) = configs(vec![plain("me", hash)], vec![plain("me", hash)]);
                server.policy.suites = suites.clone();
                server.policy.server_preference = server_preference;
                client.policy.suites = suites.clone();
                let mut pair = run(&client, &server);
                assert_by(&mut pair, "me");
                let wanted = if hash == HashAlgorithm::Sha256 { SHA256 } else { SHA384 };
                assert_eq!(pair.server.negotiated().suite, Some(wanted));
            }
        }
    }
}

/// Whatever suite a HelloRetryRequest names, the key goes on with it if it can.
#[test]
fn after_a_retry() {
    for psk in [imported("me", "ctx"), plain("me", HashAlgorithm::Sha384), plain("me", HashAlgorithm::Sha256)] {
        let (mut client, server) = configs(vec![imported("other", ""), psk.clone()], vec![psk]);
        client.policy.groups = vec![NamedGroup::SECP256R1, NamedGroup::X25519];
        let mut pair = run(&client, &server);
        assert_by(&mut pair, "me");
        assert!(pair.client.negotiated().retried);
    }
}

#[test]
fn one_of_several() {
    let offered = vec![imported("a", ""), plain("b", HashAlgorithm::Sha256), imported("c", "x"), imported("d", "")];
    for (known, by) in [
        (vec![imported("d", "")], "d"),
        (vec![imported("d", ""), imported("c", "x")], "c"),
        (vec![plain("b", HashAlgorithm::Sha256)], "b"),
        (vec![imported("c", "y"), imported("d", "")], "d"),
    ] {
        let (client, server) = configs(offered.clone(), known);
        assert_by(&mut run(&client, &server), by);
    }
}

#[test]
fn what_is_not_the_same_is_not_taken() {
    let same_name = |usage| ExternalPsk { usage, ..imported("me", "") };
    for (ours, theirs) in [
        (imported("me", ""), imported("you", "")),
        (imported("me", "a"), imported("me", "b")),
        (imported("me", ""), same_name(PskUsage::Plain)),
        (same_name(PskUsage::Plain), imported("me", "")),
        (plain("me", HashAlgorithm::Sha256), plain("you", HashAlgorithm::Sha256)),
    ] {
        let (client, server) = configs(vec![ours], vec![theirs]);
        let pair = run(&client, &server);
        assert_eq!(*pair.server.error.as_ref().unwrap().kind(), ErrorKind::NothingInCommon(NothingInCommon::Psk));
        let got = ErrorKind::PeerAlert(AlertDescription::HANDSHAKE_FAILURE);
        assert_eq!(*pair.client.error.as_ref().unwrap().kind(), got);
    }
}

/// The same name, and another key, or another hash that the key is said to be of: the binder tells.
#[test]
fn a_wrong_key_is_noticed() {
    let other_key = |psk: ExternalPsk| ExternalPsk { key: key(9), ..psk };
    let other_hash = ExternalPsk { hash: HashAlgorithm::Sha384, ..imported("me", "") };
    for (ours, theirs) in [
        (imported("me", ""), other_key(imported("me", ""))),
        (imported("me", ""), other_hash),
        (plain("me", HashAlgorithm::Sha256), other_key(plain("me", HashAlgorithm::Sha256))),
        (plain("me", HashAlgorithm::Sha256), plain("me", HashAlgorithm::Sha384)),
    ] {
        for certificate in [true, false] {
            let (client, mut server) = configs(vec![ours.clone()], vec![theirs.clone()]);
            if certificate {
                server.credentials = Setup::new(ProtocolVersion::TLS1_3).server_config().credentials;
            }
            let pair = run(&client, &server);
            assert_eq!(*pair.server.error.as_ref().unwrap().kind(), ErrorKind::BadBinder);
            assert_eq!(pair.server.alerts(), ["fatal decrypt_error"]);
        }
    }
}

/// A server with certificates too shows one to those whose keys it does not know.
#[test]
fn a_certificate_where_no_key_is_known() {
    let setup = Setup::new(ProtocolVersion::TLS1_3);
    for (psks, by_psk) in [(vec![imported("you", "")], false), (vec![imported("me", "")], true)] {
        let (mut client, mut server) = configs(vec![imported("me", "")], psks);
        server.credentials = setup.server_config().credentials;
        client.verifier = setup.client_config().verifier;
        let mut pair = run(&client, &server);
        pair.assert_connected();
        assert_eq!(pair.client.negotiated().peer_chain.is_empty(), by_psk);
        pair.exchange(10);
        // For who trusts nothing but the key, a certificate is none.
        client.verifier = Arc::new(NoCertificates);
        client.store = None;
        let pair = run(&client, &server);
        assert_eq!(pair.client.is_connected(), by_psk);
        if !by_psk {
            assert!(matches!(pair.client.error.as_ref().unwrap().kind(), ErrorKind::Certificate(_)));
        }
    }
    // Up to TLS 1.2 there is nothing to show.
    let (mut client, mut server) = configs(vec![imported("me", "")], vec![imported("me", "")]);
    (client.policy, server.policy) = (Default::default(), Default::default());
    client.policy.max_version = ProtocolVersion::TLS1_2;
    let pair = run(&client, &server);
    let kind = pair.server.error.as_ref().unwrap().kind();
    assert!(matches!(kind, ErrorKind::NothingInCommon(NothingInCommon::Version { .. })), "{kind:?}");
    assert_eq!(pair.server.alerts(), ["fatal protocol_version"]);
}

/// The client's error says what it had offered, where that may be why.
#[test]
fn a_refusal_names_the_keys_that_were_offered() {
    let (client, server) = configs(vec![imported("me", ""), imported("us", "")], vec![imported("you", "")]);
    let pair = run(&client, &server);
    let why = pair.client.error.unwrap().to_string();
    assert!(
        why.contains("handshake_failure") && why.contains("pre-shared keys \"me\", \"us\", and had taken none"),
        "{why}"
    );
    // One that was taken is none of them.
    let (client, server) = configs(vec![imported("me", "")], vec![imported("me", "")]);
    let mut pair = run(&client, &server);
    assert_by(&mut pair, "me");
    pair.server.receive(&[[23, 3, 3, 0, 20].as_slice(), &[0; 20]].concat(), noon());
    pair.run();
    let why = pair.client.error.unwrap().to_string();
    assert!(why.contains("bad_record_mac") && !why.contains("pre-shared"), "{why}");
}

/// Who has the key needs no certificate, and gets none; nor does it later, in resumptions.
#[test]
fn a_key_stands_for_a_client_certificate() {
    let required = Setup::new(ProtocolVersion::TLS1_3).mutual(handfast::crypto::KeyKind::Ecdsa).server_config();
    let (client, mut server) = configs(vec![imported("me", "")], vec![imported("me", "")]);
    server.client_auth = required.client_auth;
    let mut pair = run(&client, &server);
    assert_by(&mut pair, "me");
    for resumed in [true, true] {
        let mut pair = run(&client, &server);
        assert_by(&mut pair, "me");
        assert_eq!(pair.server.negotiated().resumed, resumed);
    }
}

/// A ticket goes before the keys, which stand behind it where it is of no use.
#[test]
fn behind_a_ticket() {
    let (client, mut server) = configs(vec![imported("me", "")], vec![imported("me", "")]);
    assert_by(&mut run(&client, &server), "me");
    server.tickets = Some(Arc::new(handfast::session::RotatingTickets::default()));
    let mut pair = run(&client, &server);
    assert_by(&mut pair, "me");
    assert!(!pair.client.negotiated().resumed);
    let mut pair = run(&client, &server);
    assert!(pair.client.negotiated().resumed);
    assert_by(&mut pair, "me");
    // With a retry, too.
    server.tickets = Some(Arc::new(handfast::session::RotatingTickets::default()));
    let mut client = client;
    client.policy.groups = vec![NamedGroup::X25519, NamedGroup::SECP256R1];
    server.policy.groups = vec![NamedGroup::SECP256R1];
    let mut pair = run(&client, &server);
    assert!(pair.client.negotiated().retried && !pair.client.negotiated().resumed);
    assert_by(&mut pair, "me");
}

fn modes(list: &[PskKeyExchangeMode]) -> Vec<PskKeyExchangeMode> {
    list.to_vec()
}

/// psk_ke is used where both want it, and only there; then there is no key share.
#[test]
fn alone_or_with_a_fresh_exchange() {
    const KE: PskKeyExchangeMode = PskKeyExchangeMode::PSK_KE;
    const DHE: PskKeyExchangeMode = PskKeyExchangeMode::PSK_DHE_KE;
    for (client_modes, server_modes, used) in [
        (modes(&[DHE]), modes(&[DHE]), Some(DHE)),
        (modes(&[KE]), modes(&[KE]), Some(KE)),
        (modes(&[DHE, KE]), modes(&[KE, DHE]), Some(KE)),
        (modes(&[KE, DHE]), modes(&[DHE, KE]), Some(DHE)),
        (modes(&[KE]), modes(&[DHE]), None),
        (modes(&[DHE]), modes(&[KE]), None),
        (modes(&[]), modes(&[KE, DHE]), None),
        (modes(&[DHE]), modes(&[]), None),
    ] {
        for retried in [false, true] {
            let (mut client, mut server) = configs(vec![imported("me", "")], vec![imported("me", "")]);
            client.policy.psk_modes = client_modes.clone();
            server.policy.psk_modes = server_modes.clone();
            if retried {
                client.policy.groups = vec![NamedGroup::SECP256R1, NamedGroup::X25519];
            }
            for resumed in [false, true] {
                let mut pair = run(&client, &server);
                let Some(used) = used else {
                    let nothing = ErrorKind::NothingInCommon(NothingInCommon::Psk);
                    assert_eq!(*pair.server.error.as_ref().unwrap().kind(), nothing);
                    continue;
                };
                assert_by(&mut pair, "me");
                let negotiated = pair.client.negotiated();
                assert_eq!(negotiated.group.is_some(), used == DHE, "{client_modes:?} {server_modes:?}");
                // No exchange, no reason to ask for a share; nor is there one the second time, when the group is known.
                let asked = retried && used == DHE && !resumed;
                assert_eq!((negotiated.retried, negotiated.resumed), (asked, resumed));
            }
        }
    }
}

/// A session made with certificates is resumed with psk_ke too, by opt-in.
#[test]
fn a_ticket_alone() {
    let setup = Setup::new(ProtocolVersion::TLS1_3);
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    client.policy.psk_modes = modes(&[PskKeyExchangeMode::PSK_KE]);
    server.policy.psk_modes = modes(&[PskKeyExchangeMode::PSK_DHE_KE, PskKeyExchangeMode::PSK_KE]);
    run(&client, &server).assert_connected();
    let mut pair = run(&client, &server);
    pair.assert_connected();
    assert_eq!((pair.client.negotiated().resumed, pair.client.negotiated().group), (true, None));
    pair.exchange(20);
    // The tickets are of no use to a server that wants a fresh exchange, and so are those it gives.
    server.policy.psk_modes = modes(&[PskKeyExchangeMode::PSK_DHE_KE]);
    let mut pair = run(&client, &server);
    pair.run().assert_connected();
    assert!(!pair.client.negotiated().resumed);
    assert!(!pair.server.flight().contains(&"NewSessionTicket".into()));
}

/// The server's hello, changed by hand: what a client must not take.
#[test]
fn a_client_checks_what_the_server_selects() {
    use handfast::extension::{Extension, PreSharedKey};
    let psks = vec![imported("a", ""), imported("b", "")];
    let answer = |client: &ClientConfig, index: u16, without_share: bool| {
        let (_, server) = configs(Vec::new(), psks.clone());
        let (mut client, mut server) = (End::client(&Arc::new(client.clone()), noon()), End::server(&Arc::new(server)));
        server.receive(&client.transmit(), noon());
        let flight = common::change_server_hello(&server.transmit(), |extensions| {
            extensions.list.retain(|e| !(without_share && matches!(e, Extension::KeyShare(_))));
            for e in &mut extensions.list {
                if let Extension::PreSharedKey(selected) = e {
                    *selected = PreSharedKey::Selected(index);
                }
            }
        });
        client.receive(&flight, noon());
        client.error.unwrap().kind().clone()
    };
    let (mut client, _) = configs(psks.clone(), Vec::new());
    let field = |kind: ErrorKind| match kind {
        ErrorKind::IllegalParameter { field, .. } => field,
        other => panic!("{other:?}"),
    };
    // Two keys for two hashes each, 256 and 384; the server would take the first, with AES-128.
    assert_eq!(field(answer(&client, 4, false)), "selected_identity");
    assert_eq!(field(answer(&client, 0xffff, false)), "selected_identity");
    assert_eq!(field(answer(&client, 1, false)), "cipher_suite");
    assert_eq!(field(answer(&client, 0, true)), "key_share");
    client.policy.psk_modes = modes(&[PskKeyExchangeMode::PSK_KE, PskKeyExchangeMode::PSK_DHE_KE]);
    assert_eq!(answer(&client, 2, false), ErrorKind::BadRecordMac, "the other's key");
}

/// The binders stand in the hello in the order of the names, and each is of its hash.
#[test]
fn what_is_offered() {
    let psks = vec![imported("a", "x"), plain("b", HashAlgorithm::Sha384)];
    let (mut client, _) = configs(psks, Vec::new());
    client.policy.suites = vec![SHA384, SHA256];
    let hello = End::client(&Arc::new(client), noon()).transmit();
    let Ok(Message::ClientHello(hello)) = Message::decode(&hello[5..], Dialect::Hello) else { panic!("no hello") };
    let Some(handfast::extension::PreSharedKey::Offered(offered)) = hello.extensions.pre_shared_key() else {
        panic!("no PSK")
    };
    let names: Vec<_> = offered.identities.iter().map(|i| (i.identity.0.to_vec(), i.obfuscated_ticket_age)).collect();
    let wanted = [&b"\0\x01a\0\x01x\x03\x04\0\x02"[..], b"\0\x01a\0\x01x\x03\x04\0\x01", b"b"];
    assert_eq!(names, wanted.map(|w| (w.to_vec(), 0)));
    assert_eq!(offered.binders.iter().map(|b| b.0.len()).collect::<Vec<_>>(), [48, 32, 48]);
}

#[test]
fn too_many_keys_are_refused_before_anything_is_sent() {
    let (client, _) = configs((0..200).map(|n| imported(&format!("key {n}"), "")).collect(), Vec::new());
    let name = handfast::pki_types::ServerName::try_from(common::NAME).unwrap();
    let error = handfast::Connection::client(Arc::new(client), name, noon()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Config(_)), "{error}");
}

/// A session goes back to a pre-shared key: where those are not taken any more, it lets nobody in.
#[test]
fn a_session_ends_with_the_keys() {
    let (client, mut server) = configs(vec![imported("me", "")], vec![imported("me", "")]);
    server.tickets = Some(Arc::new(handfast::session::RotatingTickets::default()));
    server.client_auth = handfast::ClientAuth::Required(Arc::new(common::certificates::Known));
    let (client, kept) = (Arc::new(client), Arc::new(server.clone()));
    Pair::connected(&client, &kept);
    let mut pair = Pair::new(&client, &kept);
    pair.run().assert_connected();
    assert!(pair.server.negotiated().resumed);
    server.psks = None;
    let mut pair = Pair::new(&client, &Arc::new(server));
    pair.run();
    assert!(!pair.server.is_connected() && !pair.server.negotiated().resumed);
}

/// The server has this key no more, or another one under its name: sessions that go back to it let nobody in, at once.
#[test]
fn a_session_ends_with_its_key() {
    let tickets: Arc<handfast::session::RotatingTickets> = Arc::default();
    let other_key = ExternalPsk { key: key(9), ..imported("me", "") };
    for (theirs, resumed) in [
        (vec![imported("you", ""), imported("me", "")], true),
        (vec![imported("you", "")], false),
        (vec![other_key], false),
        (vec![imported("me", "other context")], false),
    ] {
        let (client, mut server) = configs(vec![imported("me", "")], vec![imported("me", "")]);
        server.tickets = Some(tickets.clone());
        run(&client, &server).assert_connected();
        server.psks = Some(Arc::new(theirs));
        let pair = run(&client, &server);
        assert_eq!(pair.server.negotiated().resumed, resumed);
        assert_eq!(pair.server.is_connected(), resumed);
        // What was found out in a resumption is in its tickets, too.
        if resumed {
            server.psks = Some(Arc::new(vec![imported("you", "")]));
            let pair = run(&client, &server);
            assert!(!pair.server.is_connected() && !pair.server.negotiated().resumed);
        }
    }
}

/// That is asked as the key itself is, and may be answered later.
#[test]
fn whether_the_key_is_still_there_may_be_answered_later() {
    let (client, server) = configs(vec![imported("me", "x")], vec![imported("me", "x")]);
    let (client, server) = (Arc::new(client), Arc::new(common::later::server(&server)));
    Pair::connected(&client, &server);
    let pair = Pair::connected(&client, &server);
    assert!(pair.client.negotiated().resumed);
    let questions: Vec<_> = pair.server.answered.iter().filter(|q| **q != "SealTicket").collect();
    assert_eq!(questions, [&"OpenTicket", &"FindPsk"]);
}

/// A client that shares its store with one that had the key: it has to judge for itself.
#[test]
fn a_client_without_the_key_does_not_resume_by_it() {
    let setup = Setup::new(ProtocolVersion::TLS1_3);
    for others in [None, Some(vec![imported("you", "")]), Some(Vec::new())] {
        let (client, mut server) = configs(vec![imported("me", "")], vec![imported("me", "")]);
        server.credentials = setup.server_config().credentials;
        assert_by(&mut run(&client, &server), "me");
        let mut judging = client.clone();
        judging.psks = others.map(|psks| Arc::new(psks) as _);
        let pair = run(&judging, &server);
        assert!(matches!(pair.client.error.as_ref().unwrap().kind(), ErrorKind::Certificate(_)));
        judging.verifier = setup.client_config().verifier;
        let pair = run(&judging, &server);
        pair.assert_connected();
        assert!(!pair.client.negotiated().resumed && !pair.client.negotiated().peer_chain.is_empty());
    }
}

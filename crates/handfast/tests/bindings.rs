//! Channel bindings (RFC 5929, RFC 9266), as both ends have them.

mod common;

use common::certificates::{Setup, server_credential};
use common::{End, Pair, Side, later, noon};
use handfast::crypto::KeyKind;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ChannelBinding, ErrorKind};
use std::sync::Arc;

/// What both ends have of this type, which must be the same; or that neither has it.
fn both(pair: &Pair, kind: ChannelBinding) -> Option<Vec<u8>> {
    let get = |end: &End| end.connection.channel_binding(kind).map_err(|e| e.kind().clone());
    match (get(&pair.client), get(&pair.server)) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one, other, "{}", kind.name());
            Some(one)
        }
        (Err(ErrorKind::NoChannelBinding(_)), Err(ErrorKind::NoChannelBinding(_))) => None,
        other => panic!("{}: {other:?}", kind.name()),
    }
}

fn lengths(pair: &Pair) -> [Option<usize>; 3] {
    ChannelBinding::ALL.map(|kind| both(pair, kind).map(|binding| binding.len()))
}

#[test]
fn each_version_has_those_that_are_sound() {
    for (version, wanted) in [
        (ProtocolVersion::TLS1_0, [Some(32), Some(32), Some(12)]),
        (ProtocolVersion::TLS1_2, [Some(32), Some(32), Some(12)]),
        (ProtocolVersion::TLS1_3, [Some(32), Some(32), None]),
    ] {
        let setup = Setup::new(version);
        let (client, server) = setup.configs();
        let pair = Pair::connected(&client, &server);
        assert_eq!(lengths(&pair), wanted, "{version}");
        // No two connections share what is their own; the certificate is the same.
        let (client, server) = setup.configs();
        let other = Pair::connected(&client, &server);
        assert_ne!(both(&pair, ChannelBinding::Exporter), both(&other, ChannelBinding::Exporter));
        let end_point = ChannelBinding::ServerEndPoint;
        assert_eq!(both(&pair, end_point), both(&other, end_point));
        // One byte at a time, and with every answer later, too.
        let (client, server) = (later::client(&setup.client_config()), later::server(&setup.server_config()));
        let mut slow = Pair::new(&Arc::new(client), &Arc::new(server)).chunk(1);
        slow.run().assert_connected();
        assert_eq!(lengths(&slow), wanted, "{version}");
    }
}

#[test]
fn a_resumption_has_its_own_tls_unique() {
    for by_id in [false, true] {
        let mut setup = Setup::new(ProtocolVersion::TLS1_2);
        if by_id {
            setup = setup.by_id();
        }
        let (client, server) = setup.configs();
        let first = Pair::connected(&client, &server);
        let second = Pair::connected(&client, &server);
        assert!(second.client.negotiated().resumed);
        let [one, two] = [&first, &second].map(|pair| both(pair, ChannelBinding::Unique).unwrap());
        assert_ne!(one, two);
        let error = second.server.connection.channel_binding(ChannelBinding::ServerEndPoint).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NoChannelBinding(_)) && error.alert().is_none(), "{error}");
    }
}

/// In a resumption no certificate is shown, so that neither end has this one, though the client remembers the certificate.
#[test]
fn a_resumption_has_no_end_point_at_either_end() {
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let (client, server) = Setup::new(version).configs();
        assert!(both(&Pair::connected(&client, &server), ChannelBinding::ServerEndPoint).is_some());
        let second = Pair::connected(&client, &server);
        assert!(second.client.negotiated().resumed && !second.client.negotiated().peer_chain.is_empty());
        assert_eq!(both(&second, ChannelBinding::ServerEndPoint), None);
        assert!(both(&second, ChannelBinding::Exporter).is_some());
    }
}

#[test]
fn every_kind_of_key_whose_issuer_signs_with_a_hash_has_an_end_point() {
    for kind in [KeyKind::Rsa, KeyKind::Ecdsa] {
        let (client, server) = Setup::new(ProtocolVersion::TLS1_3).server(kind).configs();
        let pair = Pair::connected(&client, &server);
        // The tests' root signs with ECDSA and SHA-256.
        let leaf = &pair.client.negotiated().peer_chain[0];
        let hash: [u8; 32] = sha2::Digest::finalize(sha2::Digest::chain_update(sha2::Sha256::default(), leaf)).into();
        assert_eq!(both(&pair, ChannelBinding::ServerEndPoint).unwrap(), hash);
    }
}

#[test]
fn before_the_handshake_is_done_there_is_none() {
    let (client, server) = Setup::new(ProtocolVersion::TLS1_3).configs();
    let mut pair = Pair::new(&client, &server);
    for kind in ChannelBinding::ALL {
        assert_eq!(ChannelBinding::from_name(kind.name()), Some(kind));
        for side in Side::BOTH {
            let error = pair.end(side).connection.channel_binding(kind).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Misuse(_)), "{error}");
        }
    }
    assert_eq!(ChannelBinding::from_name("tls-unique-for-telnet"), None);
    pair.client.receive(b"GET / HTTP/1.1\r\n\r\n", noon());
    assert!(pair.client.connection.channel_binding(ChannelBinding::Exporter).is_err());
}

#[test]
fn where_no_certificate_is_shown_there_is_no_end_point() {
    let versions = [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];
    let raw = versions.map(|version| Setup::new(version).raw_keys());
    for setup in raw.into_iter().chain([Setup::new(ProtocolVersion::TLS1_3).psk()]) {
        let (client, server) = setup.configs();
        let pair = Pair::connected(&client, &server);
        assert_eq!(both(&pair, ChannelBinding::ServerEndPoint), None);
        assert_eq!(both(&pair, ChannelBinding::Exporter).map(|b| b.len()), Some(32));
    }
    // A server that has both shows one of them.
    let (client, mut server) = (
        Setup::new(ProtocolVersion::TLS1_3).raw_keys().client_config(),
        Setup::new(ProtocolVersion::TLS1_3).server_config(),
    );
    server.credentials = Arc::new((*server_credential(KeyKind::Ecdsa)).clone().with_raw_key());
    let pair = Pair::connected(&Arc::new(client), &Arc::new(server));
    assert!(pair.client.negotiated().peer_chain.is_empty());
    assert_eq!(both(&pair, ChannelBinding::ServerEndPoint), None);
}

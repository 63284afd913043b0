//! How long records are: padding (RFC 9846 5.4) and record_size_limit (RFC 8449).

mod common;

use common::certificates::Setup;
use common::forge::Forge;
use common::{Pair, Side, noon, pattern, records};
use handfast::config::{PadToMultiple, RecordPadding};
use handfast::crypto::KeyKind;
use handfast::wire::numbers::{ContentType, ProtocolVersion};
use handfast::{ClientConfig, ErrorKind, ServerConfig};
use std::sync::Arc;

const DATA: u8 = 23;
/// Content type and tag.
const OVERHEAD: usize = 17;

fn lengths(bytes: &[u8]) -> Vec<usize> {
    records(bytes).iter().filter(|r| r[0] == DATA).map(|r| r.len() - 5).collect()
}

fn configs(version: ProtocolVersion) -> (ClientConfig, ServerConfig) {
    let setup = Setup::new(version).mutual(KeyKind::Ecdsa);
    (setup.client_config(), setup.server_config())
}

fn connected(client: &ClientConfig, server: &ServerConfig) -> Pair {
    Pair::connected(&Arc::new(client.clone()), &Arc::new(server.clone()))
}

#[test]
fn every_protected_record_is_padded_as_the_config_says() {
    let (mut client, mut server) = configs(ProtocolVersion::TLS1_3);
    client.padding = Some(Arc::new(PadToMultiple(256)));
    server.padding = Some(Arc::new(PadToMultiple(1024)));
    for chunk in [usize::MAX, 1] {
        let mut pair = Pair::new(&Arc::new(client.clone()), &Arc::new(server.clone())).chunk(chunk);
        pair.run().assert_connected();
        pair.exchange(1);
        pair.exchange(40_000);
        for side in Side::BOTH {
            let now = pair.now;
            pair.end(side).connection.update_keys(false, now).unwrap();
            pair.end(side).connection.close();
        }
        pair.run();
        for (end, multiple) in [(&pair.client, 256), (&pair.server, 1024)] {
            let lengths = lengths(&end.sent);
            assert!(
                lengths.len() > 5 && lengths.iter().all(|n| (n - OVERHEAD).is_multiple_of(multiple)),
                "{lengths:?}"
            );
            assert!(end.error.is_none() && end.connection.peer_closed());
        }
    }
}

/// Only data, and to more than there may be.
#[derive(Debug)]
struct DataToTheFull;

impl RecordPadding for DataToTheFull {
    fn padded(&self, content: ContentType, length: usize) -> usize {
        if content == ContentType::APPLICATION_DATA { usize::MAX } else { length / 2 }
    }
}

#[test]
fn padding_fills_a_record_at_most() {
    let (mut client, mut server) = configs(ProtocolVersion::TLS1_3);
    client.padding = Some(Arc::new(DataToTheFull));
    for (fragment, limit, most) in [(1 << 14, None, 1 << 14), (1000, None, 1000), (1 << 14, Some(500), 499)] {
        client.max_fragment = fragment;
        client.record_size_limit = limit.map(|_| 16385);
        server.record_size_limit = limit;
        let mut pair = connected(&client, &server);
        let before = pair.client.sent.len();
        pair.exchange(3);
        assert_eq!(lengths(&pair.client.sent[before..]), [most + OVERHEAD]);
        // Short of what is there, it pads nothing.
        let before = pair.client.sent.len();
        pair.client.connection.close();
        pair.run();
        assert_eq!(lengths(&pair.client.sent[before..]), [2 + OVERHEAD]);
    }
}

#[test]
fn older_versions_are_not_padded() {
    let (mut client, server) = configs(ProtocolVersion::TLS1_2);
    let mut plain = connected(&client, &server);
    client.padding = Some(Arc::new(PadToMultiple(4096)));
    let mut padded = connected(&client, &server);
    let [without, with] = [&mut plain, &mut padded].map(|pair| {
        let before = pair.client.sent.len();
        pair.exchange(100);
        lengths(&pair.client.sent[before..])
    });
    assert_eq!(without, with);
}

/// The content of protected records, in bytes, that `from` has sent, AEAD's own taken off.
fn contents(pair: &mut Pair, from: Side, tls13: bool) -> Vec<usize> {
    let overhead = if tls13 { 16 } else { 24 };
    lengths(&pair.end(from).sent).iter().map(|n| n - overhead).collect()
}

#[test]
fn each_side_keeps_the_other_s_limit() {
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let tls13 = version == ProtocolVersion::TLS1_3;
        for (ours, theirs) in [(64, 64), (64, 16384), (1000, 200), (16385, 100)] {
            let (mut client, mut server) = configs(version);
            client.record_size_limit = Some(ours);
            server.record_size_limit = Some(theirs);
            let mut pair = connected(&client, &server);
            pair.exchange(20_000);
            let said = if tls13 { ours } else { ours.min(16384) };
            assert_eq!(pair.server.negotiated().peer_record_size_limit, Some(said));
            assert_eq!(pair.client.negotiated().peer_record_size_limit, Some(theirs));
            for (from, limit) in [(Side::Client, theirs), (Side::Server, said)] {
                let longest = contents(&mut pair, from, tls13).into_iter().max().unwrap();
                assert_eq!(longest, usize::from(limit), "{version} {from:?}");
            }
            // A resumption negotiates it again.
            let mut again = connected(&client, &server);
            again.exchange(1000);
        }
    }
}

#[test]
fn a_limit_of_one_side_only() {
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let (mut client, mut server) = configs(version);
        // A server that has no limit of its own keeps the client's, and says so.
        client.record_size_limit = Some(500);
        let mut pair = connected(&client, &server);
        pair.exchange(5000);
        let most = if version == ProtocolVersion::TLS1_3 { 16385 } else { 16384 };
        assert_eq!(pair.client.negotiated().peer_record_size_limit, Some(most));
        // A client that says nothing cannot be told.
        (client.record_size_limit, server.record_size_limit) = (None, Some(500));
        let mut pair = connected(&client, &server);
        pair.exchange(5000);
        for side in Side::BOTH {
            assert_eq!(pair.end(side).negotiated().peer_record_size_limit, None);
        }
    }
}

#[test]
fn a_config_says_64_to_16385() {
    for limit in [0, 63, 16386] {
        let (mut client, _) = configs(ProtocolVersion::TLS1_3);
        client.record_size_limit = Some(limit);
        let name = handfast::pki_types::ServerName::try_from(common::NAME).unwrap();
        client.store = None;
        let error = handfast::Connection::client(Arc::new(client), name, noon()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Config(_)), "{error}");
    }
}

#[test]
fn a_record_over_our_limit_is_refused() {
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let tls13 = version == ProtocolVersion::TLS1_3;
        for side in Side::BOTH {
            for (length, padding, good) in
                [(100, 0, true), (101, 0, false), (60, 40, true), (60, 41, false), (0, 101, false)]
            {
                if padding > 0 && !tls13 {
                    continue;
                }
                let (mut client, mut server) = configs(version);
                let limit = if tls13 { 101 } else { 100 };
                (client.record_size_limit, server.record_size_limit) = (Some(limit), Some(limit));
                let mut forge = Forge::of(client, server).connect();
                let data = pattern(length);
                let record = forge.seal_padded(side, DATA, &data, padding);
                let end = forge.pair.end(side.other());
                end.receive(&record, noon());
                match good {
                    true => assert_eq!(end.data, data),
                    false => assert_eq!(*end.error.as_ref().unwrap().kind(), ErrorKind::RecordOverflow),
                }
            }
        }
    }
}

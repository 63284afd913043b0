//! The trace tells everything, on both sides, whether it ends well or not.

mod common;

use common::certificates::Setup;
use common::told::{Record, Told};
use common::{End, Flip, Pair, Side, later, noon, scenarios};
use handfast::crypto::KeyKind;
use handfast::session::SessionKey;
use handfast::trace::{Direction, Inside};
use handfast::wire::numbers::{ContentType, ProtocolVersion};
use handfast::{ErrorKind, Time};
use std::sync::Arc;
use std::time::Duration;

const VERSIONS: [ProtocolVersion; 5] = [
    ProtocolVersion::SSL3_0,
    ProtocolVersion::TLS1_0,
    ProtocolVersion::TLS1_1,
    ProtocolVersion::TLS1_2,
    ProtocolVersion::TLS1_3,
];

/// The records that went this way.
fn records(end: &End, way: Direction) -> Vec<Record> {
    let records = end.told().into_iter().filter_map(|t| t.record().cloned());
    records.filter(|r| r.direction == way).collect()
}

/// The bytes of the records that went this way.
fn bytes(end: &End, way: Direction) -> Vec<u8> {
    records(end, way).into_iter().flat_map(|r| r.raw).collect()
}

/// The bytes of the handshake messages that went this way.
fn messages(end: &End, way: Direction) -> Vec<u8> {
    let messages = end.told().into_iter().filter_map(|t| match t {
        Told::Message { direction, raw, .. } if direction == way => Some(raw),
        _ => None,
    });
    messages.flatten().collect()
}

fn setup(version: ProtocolVersion) -> Setup {
    let setup = Setup::new(version);
    if version == ProtocolVersion::SSL3_0 { setup.server(KeyKind::Rsa) } else { setup }
}

/// A handshake of this version in which a byte of what this end sends is another when it arrives.
fn flipped(version: ProtocolVersion, flip: Flip) -> Pair {
    let (client, server) = setup(version).configs();
    let mut pair = Pair::new(&client, &server);
    pair.flip = Some(flip);
    pair.run();
    pair
}

#[test]
fn records_are_what_went_over_the_wire() {
    for scenario in scenarios::all() {
        for chunk in [usize::MAX, 1] {
            let mut pair = scenario.pair().chunk(chunk);
            scenario.play(&mut pair);
            for side in Side::BOTH {
                let sent = pair.end(side).sent.clone();
                assert_eq!(bytes(pair.end(side), Direction::Sent), sent, "{}: {side:?}", scenario.name);
                let received = bytes(pair.end(side.other()), Direction::Received);
                assert_eq!(received, sent, "{}: from {side:?}", scenario.name);
            }
        }
    }
}

#[test]
fn records_have_what_messages_say_and_say_how_much() {
    for scenario in scenarios::all() {
        let mut pair = scenario.pair();
        scenario.play(&mut pair);
        for side in Side::BOTH {
            let sent = messages(pair.end(side), Direction::Sent);
            assert_eq!(sent, messages(pair.end(side.other()), Direction::Received), "{}: {side:?}", scenario.name);
            for (end, way) in [(side, Direction::Sent), (side.other(), Direction::Received)] {
                let all = records(pair.end(end), way);
                let length: usize = all.iter().map(|r| handshake(r.inside)).sum();
                assert_eq!(length, sent.len(), "{}: {side:?}, seen by {end:?}", scenario.name);
                let dropped = all.iter().filter(|r| r.inside == Inside::Dropped).count();
                let in_vain = scenario.early_in_vain() && (end, way) == (Side::Server, Direction::Received);
                assert_eq!(dropped > 0, in_vain, "{}: {side:?}", scenario.name);
                for r in all {
                    assert_eq!(r.raw.len(), 5 + r.length, "{}: {r:?}", scenario.name);
                    assert_eq!((r.raw[0], &r.raw[1..3]), (r.outer.0, &r.version.0.to_be_bytes()[..]));
                    assert!(r.inside != Inside::Unreadable, "{}: {r:?}", scenario.name);
                }
            }
        }
    }
}

/// How many bytes of handshake messages are in it.
fn handshake(inside: Inside) -> usize {
    match inside {
        Inside::Content { kind: ContentType::HANDSHAKE, length } => length,
        _ => 0,
    }
}

#[test]
fn what_cannot_be_opened_is_told() {
    for version in VERSIONS {
        let (client, server) = setup(version).configs();
        let mut whole = Pair::connected(&client, &server);
        let last = whole.client.sent.len() - 1;
        whole.exchange(10);
        let pair = flipped(version, Flip { from: Side::Client, at: last, with: 1 });
        let error = pair.server.error.as_ref().expect("a flipped byte is noticed");
        assert_eq!(*error.kind(), ErrorKind::BadRecordMac, "{version}");
        let record = records(&pair.server, Direction::Received).pop().expect("a record");
        assert_eq!((record.inside, record.protected), (Inside::Unreadable, true), "{version}");
        // As it came, not as opening it left it.
        let mut came = pair.client.sent.clone();
        *came.last_mut().unwrap() ^= 1;
        assert!(came.ends_with(&record.raw), "{version}");
    }
}

#[test]
fn headers_that_are_refused_are_told_as_far_as_they_came() {
    let (_, server) = setup(ProtocolVersion::TLS1_2).configs();
    let hello = [22, 3, 1, 0, 1, 1];
    for (input, told) in [
        (&[22, 3, 1, 0x7f, 0xff, 1, 2][..], &[22, 3, 1, 0x7f, 0xff, 1, 2][..]),
        // In SSL 2.0's form, and shorter than any.
        (&[0x80, 3, 1, 3, 1, 9, 9], &[0x80, 3, 1, 3, 1]),
    ] {
        let mut end = End::server(&server);
        end.receive(input, noon());
        assert!(matches!(end.error.as_ref().unwrap().kind(), ErrorKind::RecordOverflow | ErrorKind::Malformed(_)));
        let [record] = &records(&end, Direction::Received)[..] else { panic!("one record: {:?}", end.told()) };
        assert_eq!((&record.raw[..], record.inside), (told, Inside::Unreadable));
    }
    // Behind a good one; and of what is no record at all, nothing.
    let mut end = End::server(&server);
    end.receive(&[&hello[..], &[22, 9, 9, 0, 2, 1, 2, 3]].concat(), noon());
    assert!(matches!(end.error.as_ref().map(|e| e.kind()), Some(ErrorKind::RecordVersion { .. })));
    assert_eq!(bytes(&end, Direction::Received), [&hello[..], &[22, 9, 9, 0, 2, 1, 2]].concat());
    let mut end = End::server(&server);
    end.receive(b"GET / HTTP/1.1\r\n\r\n", noon());
    assert!(end.error.is_some() && records(&end, Direction::Received).is_empty());
}

// --- states ---

/// What an end said that it awaits, in order.
fn awaited(end: &End) -> Vec<&'static str> {
    let states = end.told().into_iter().filter_map(|t| match t {
        Told::State(awaiting) => Some(awaiting),
        _ => None,
    });
    states.collect()
}

#[test]
fn what_is_awaited_is_told_when_it_changes() {
    let established = "application data or KeyUpdate";
    let (client, server) = setup(ProtocolVersion::TLS1_3).mutual(KeyKind::Ecdsa).configs();
    for chunk in [usize::MAX, 1] {
        let mut pair = Pair::new(&client, &server).chunk(chunk);
        pair.run().assert_connected();
        let expected = ["Certificate", "CertificateVerify", "Finished", established];
        assert_eq!(awaited(&pair.server), [&["ClientHello"], &expected[..]].concat());
        let hellos = ["ServerHello or HelloRetryRequest", "EncryptedExtensions", "CertificateRequest or Certificate"];
        if chunk == 1 {
            assert_eq!(awaited(&pair.client), [&hellos[..], &expected].concat());
        }
        client.store.as_ref().unwrap().forget(&SessionKey(common::NAME.into()));
    }
    let (client, server) = setup(ProtocolVersion::TLS1_2).configs();
    let pair = Pair::connected(&client, &server);
    let end =
        ["ChangeCipherSpec", "Finished, and nothing behind it", "application data, or a request for a new handshake"];
    assert_eq!(awaited(&pair.server), [&["ClientHello", "ClientKeyExchange"], &end[..]].concat());
}

#[test]
fn what_the_application_is_asked_shows_as_an_answer() {
    for version in VERSIONS {
        let (client, server) = setup(version).configs();
        let (client, server) = (Arc::new(later::client(&client)), Arc::new(later::server(&server)));
        let at_once =
            Pair::connected(&Arc::new(setup(version).client_config()), &Arc::new(setup(version).server_config()));
        let mut pair = Pair::new(&client, &server);
        pair.run().assert_connected();
        for (later, at_once) in [(&pair.client, &at_once.client), (&pair.server, &at_once.server)] {
            let (mut later, at_once) = (awaited(later), awaited(at_once));
            assert!(later.contains(&"an answer") && !at_once.contains(&"an answer"), "{version}");
            later.retain(|s| *s != "an answer");
            later.dedup();
            assert_eq!(later, at_once, "{version}");
        }
    }
}

#[test]
fn times_are_told_as_they_are_handed_in() {
    let (client, server) = setup(ProtocolVersion::TLS1_3).configs();
    let mut pair = Pair::new(&client, &server);
    pair.run().assert_connected();
    pair.now = Time(noon().0 + Duration::from_secs(60));
    pair.exchange(3);
    pair.exchange(3);
    for end in [&pair.client, &pair.server] {
        let times = end.told().into_iter().filter_map(|t| match t {
            Told::Now(time) => Some(time),
            _ => None,
        });
        assert_eq!(times.collect::<Vec<_>>(), [noon(), pair.now]);
    }
    assert_eq!(pair.client.told().first(), Some(&Told::Now(noon())), "before anything that hangs on it");
}

#[test]
fn later_exchanges_show_as_well_as_the_first() {
    for scenario in scenarios::all() {
        let again = scenario.name.contains("second handshake");
        if !again && !scenario.name.contains("afterwards") {
            continue;
        }
        let mut pair = scenario.pair();
        scenario.play(&mut pair);
        for side in Side::BOTH {
            let end = pair.end(side);
            let told = end.told();
            let first = told.iter().position(|t| *t == Told::Connected).expect("connected");
            let behind = &told[first + 1..];
            let verified = behind.iter().any(|t| matches!(t, Told::Verified(_)));
            match again {
                true => {
                    assert!(behind.contains(&Told::Connected), "{}", scenario.name);
                    assert!(behind.iter().any(|t| matches!(t, Told::Keys { .. })), "{}", scenario.name);
                    assert!(behind.iter().any(|t| t.secret().is_some_and(|s| s.name == "master secret")));
                    assert!(behind.iter().any(|t| matches!(t, Told::State(s) if s.starts_with("Finished"))));
                }
                false if side == Side::Server => {
                    assert!(verified && behind.contains(&Told::State("Finished")), "{}", scenario.name)
                }
                false => {}
            }
        }
    }
}

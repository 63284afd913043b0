//! Whatever a config decides, it may decide at once or later.

mod common;

use common::certificates::{Setup, authority};
use common::later::{self, Always};
use common::{End, Pair, Side, noon, scenarios};
use handfast::crypto::{Failure, KeyKind};
use handfast::keys::Secret;
use handfast::verify::CertificateError;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{Answer, ErrorKind};
use scenarios::{Course, Scenario};
use std::collections::BTreeSet;
use std::sync::Arc;

const EVERY_KIND: [&str; 12] = [
    "ClientSession",
    "Config",
    "FindPsk",
    "FindSession",
    "FirstUse",
    "KeepSession",
    "OfferPsks",
    "OpenTicket",
    "Premaster",
    "SealTicket",
    "Signature",
    "Verdict",
];

/// Plays the scenario with everything later, but as `adjust` wants the pair.
fn play_later(scenario: &Scenario, adjust: impl Fn(&mut Pair)) -> ([Course; 2], Pair) {
    let (client, server) = scenario.configs();
    let (client, server) = (Arc::new(later::client(&client)), Arc::new(later::server(&server)));
    let pair = || {
        let source = later::source(Arc::new(Always(Some(server.clone()))));
        Pair::of(End::client(&client, noon()), End::server_by_hello(source), noon())
    };
    if scenario.resumed {
        pair().run().assert_connected();
    }
    let mut pair = pair();
    adjust(&mut pair);
    (scenario.play(&mut pair), pair)
}

/// What happened, but for the questions.
fn happened(courses: &[Course; 2]) -> Vec<(&[common::Seen], &[String])> {
    courses.iter().map(|c| (&c.events[..], &c.trace[..])).collect()
}

/// The content types of what was sent, a record each.
fn records(mut sent: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let [kind, _, _, high, low, rest @ ..] = sent {
        out.push(*kind);
        sent = &rest[usize::from(u16::from_be_bytes([*high, *low]))..];
    }
    out
}

#[test]
fn later_is_as_good_as_at_once() {
    let mut kinds = BTreeSet::new();
    for scenario in scenarios::all() {
        let mut pair = scenario.pair();
        let at_once = scenario.play(&mut pair);
        let in_records = Side::BOTH.map(|side| records(&pair.end(side).sent));
        assert!(at_once.iter().all(|c| c.answered.is_empty()), "nothing was asked of the caller");
        for chunk in [usize::MAX, 1, 2, 3, 7, 50, 600] {
            for patience in [0, 1, 5] {
                let (later, mut pair) = play_later(&scenario, |pair| {
                    pair.chunk = chunk;
                    (pair.client.patience, pair.server.patience) = (Some(patience), Some(patience));
                });
                assert_eq!(happened(&later), happened(&at_once), "{}: {chunk}, {patience}", scenario.name);
                let sent = Side::BOTH.map(|side| records(&pair.end(side).sent));
                assert_eq!(sent, in_records, "{}: a flight shares its records", scenario.name);
                kinds.extend(later.iter().flat_map(|c| c.answered.iter().copied()));
            }
        }
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), EVERY_KIND);
}

#[test]
fn later_at_every_cut() {
    for scenario in scenarios::all() {
        let (expected, mut whole) = play_later(&scenario, |_| {});
        for side in Side::BOTH {
            for at in 1..whole.end(side).sent.len() + 8 {
                let (courses, _) = play_later(&scenario, |pair| {
                    pair.cut = Some((side, at));
                    // So that the rest comes while the question is open.
                    (pair.client.patience, pair.server.patience) = (Some(1), Some(1));
                });
                assert_eq!(courses, expected, "{}, {side:?} cut at {at}", scenario.name);
            }
        }
    }
}

/// Both ends with everything later, run until the first question of this kind is open at that end.
fn parked_at(kind: &str, side: Side, scenario: &Scenario) -> Pair {
    let (client, server) = scenario.configs();
    let (client, server) = (Arc::new(later::client(&client)), Arc::new(later::server(&server)));
    let start = || {
        let source = later::source(Arc::new(Always(Some(server.clone()))));
        Pair::of(End::client(&client, noon()), End::server_by_hello(source), noon())
    };
    if scenario.resumed {
        start().run().assert_connected();
    }
    let mut pair = start();
    (pair.client.patience, pair.server.patience) = (None, None);
    for _ in 0..100 {
        pair.run();
        for asker in Side::BOTH {
            let end = pair.end(asker);
            let Some(wait) = end.connection.wait() else { continue };
            if asker != side || later::kind(wait) != kind {
                let answer = later::answer(wait, noon());
                end.connection.answer(answer, noon()).unwrap();
            }
        }
        if pair.end(side).connection.wait().is_some_and(|w| later::kind(w) == kind) {
            return pair;
        }
    }
    panic!("{side:?} never asks for {kind}");
}

/// Answers the open question of this end, then everything else as it should be.
fn answer(mut pair: Pair, side: Side, answer: Answer) -> Pair {
    let end = pair.end(side);
    if let Err(error) = end.connection.answer(answer, noon()) {
        end.error = Some(error);
    }
    (pair.client.patience, pair.server.patience) = (Some(0), Some(0));
    pair.run();
    pair
}

fn scenario(setup: Setup, resumed: bool) -> Scenario {
    Scenario { name: "a question answered badly", setup, resumed }
}

fn tls12() -> Setup {
    Setup::new(ProtocolVersion::TLS1_2)
}

fn tls13() -> Setup {
    Setup::new(ProtocolVersion::TLS1_3)
}

fn kind(end: &End) -> &ErrorKind {
    end.error.as_ref().expect("an error").kind()
}

/// The message at which it failed, and whether that was the peer's.
fn moment(end: &End) -> (&'static str, bool) {
    let moment = end.error.as_ref().and_then(|e| e.moment()).expect("a message");
    (moment.message, moment.received)
}

#[test]
fn an_answer_must_fit() {
    let mut pair = parked_at("Signature", Side::Server, &scenario(tls13(), false));
    let connection = &mut pair.server.connection;
    let error = connection.answer(Answer::Kept(true), noon()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BadAnswer));
    assert!(connection.wait().is_some(), "it is still parked");
    let right = later::answer(connection.wait().unwrap(), noon());
    let pair = answer(pair, Side::Server, right);
    pair.assert_connected();
    let mut pair = pair;
    let error = pair.server.connection.answer(Answer::Kept(true), noon()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BadAnswer), "there is no question");
    pair.exchange(10);
}

#[test]
fn a_failed_signature_ends_it() {
    for (setup, side) in [
        (tls13(), Side::Server),
        (tls12(), Side::Server),
        (tls13().mutual(KeyKind::Ecdsa), Side::Client),
        (tls12().mutual(KeyKind::Ecdsa), Side::Client),
    ] {
        let mut pair = answer(
            parked_at("Signature", side, &scenario(setup.clone(), false)),
            side,
            Answer::Signature(Err(Failure)),
        );
        assert!(matches!(kind(pair.end(side)), ErrorKind::AnswerFailed(_)));
        let expected = if (setup.version, side) == (ProtocolVersion::TLS1_2, Side::Server) {
            "ServerKeyExchange"
        } else {
            "CertificateVerify"
        };
        assert_eq!(moment(pair.end(side)), (expected, false));
        assert_eq!(pair.end(side).alerts(), ["fatal internal_error"]);
        assert!(matches!(kind(pair.end(side.other())), ErrorKind::PeerAlert(_)));
    }
}

#[test]
fn a_wrong_signature_is_noticed() {
    for (setup, side) in [
        (tls13(), Side::Server),
        (tls12(), Side::Server),
        (tls13().mutual(KeyKind::Ecdsa), Side::Client),
        (tls12().mutual(KeyKind::Ecdsa), Side::Client),
    ] {
        let mut pair = answer(
            parked_at("Signature", side, &scenario(setup, false)),
            side,
            Answer::Signature(Ok(vec![0x30, 6, 2, 1, 1, 2, 1, 1])),
        );
        let judge = pair.end(side.other());
        assert!(matches!(kind(judge), ErrorKind::BadSignature));
        assert_eq!(judge.alerts(), ["fatal decrypt_error"]);
    }
}

#[test]
fn a_verdict_against_ends_it() {
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        for side in Side::BOTH {
            let setup = Setup::new(version).mutual(KeyKind::Ecdsa);
            let verdict = CertificateError::Revoked { detail: "by the test".into() };
            let parked = parked_at("Verdict", side, &scenario(setup, false));
            let mut pair = answer(parked, side, Answer::Verdict(Err(verdict)));
            assert!(matches!(kind(pair.end(side)), ErrorKind::Certificate(CertificateError::Revoked { .. })));
            assert_eq!(moment(pair.end(side)), ("Certificate", true));
            assert_eq!(pair.end(side).alerts(), ["fatal certificate_revoked"]);
            assert!(!pair.end(side.other()).is_connected() || version == ProtocolVersion::TLS1_3);
            assert!(matches!(kind(pair.end(side.other())), ErrorKind::PeerAlert(_)));
        }
    }
}

#[test]
fn no_config_refuses_the_name() {
    let parked = parked_at("Config", Side::Server, &scenario(tls13(), false));
    let pair = answer(parked, Side::Server, Answer::Config(None));
    assert!(matches!(kind(&pair.server), ErrorKind::UnrecognizedName(_)));
    assert_eq!(moment(&pair.server), ("ClientHello", true));
    assert_eq!(pair.server.alerts(), ["fatal unrecognized_name"]);
}

/// What is wrong with a premaster secret must not show before Finished (RFC 5246 7.4.7.1).
#[test]
fn a_failed_premaster_fails_at_finished() {
    let setup = tls12().server(KeyKind::Rsa).suite(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA);
    for bad in [Err(Failure), Ok(Secret::copy(&[1; 48])), Ok(Secret::copy(&[1; 47]))] {
        let parked = parked_at("Premaster", Side::Server, &scenario(setup.clone(), false));
        let pair = answer(parked, Side::Server, Answer::Premaster(bad));
        assert!(matches!(kind(&pair.server), ErrorKind::BadRecordMac));
        assert_eq!(pair.server.alerts(), ["fatal bad_record_mac"]);
    }
}

#[test]
fn a_session_that_is_not_found_makes_a_full_handshake() {
    for (setup, kind, side, nothing) in [
        (tls13(), "ClientSession", Side::Client, Answer::ClientSession(handfast::session::Remembered::default())),
        (tls12(), "ClientSession", Side::Client, Answer::ClientSession(handfast::session::Remembered::default())),
        (tls13(), "OpenTicket", Side::Server, Answer::Session(None)),
        (tls12(), "OpenTicket", Side::Server, Answer::Session(None)),
        (tls12().by_id(), "FindSession", Side::Server, Answer::Session(None)),
        (tls13(), "OpenTicket", Side::Server, Answer::Session(Some(Secret::copy(b"not a session")))),
        (tls12(), "OpenTicket", Side::Server, Answer::Session(Some(Secret::copy(b"not a session")))),
        (tls12().by_id(), "FindSession", Side::Server, Answer::Session(Some(Secret::copy(&[])))),
    ] {
        let mut pair = answer(parked_at(kind, side, &scenario(setup, true)), side, nothing);
        pair.assert_connected();
        pair.assert_agreed();
        assert!(!pair.client.negotiated().resumed);
        pair.exchange(100);
    }
}

#[test]
fn no_ticket_and_no_place_are_no_error() {
    for (setup, kind, nothing) in [
        (tls13(), "SealTicket", Answer::Ticket(None)),
        (tls12(), "SealTicket", Answer::Ticket(None)),
        (tls12().by_id(), "KeepSession", Answer::Kept(false)),
    ] {
        let mut pair = answer(parked_at(kind, Side::Server, &scenario(setup, false)), Side::Server, nothing);
        pair.assert_connected();
        pair.exchange(100);
    }
}

/// While parked nothing is taken, and what has come before is not lost.
#[test]
fn parked_it_takes_nothing() {
    let mut pair = parked_at("Verdict", Side::Client, &scenario(tls13(), false));
    let mut more = vec![0x17, 3, 3, 0, 1, 0];
    let received = pair.client.connection.receive(&mut more, noon()).unwrap();
    assert_eq!(received.used, 0);
    assert!(matches!(received.event, Some(handfast::Event::Parked)));
    assert!(!pair.client.connection.wants_transmit(), "nothing is said before the verdict");
    assert!(!authority().root.is_empty());
}

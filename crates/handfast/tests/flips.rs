//! Every byte of every flight changed on its way, one at a time. The handshake must not get by with it: it ends in an error,
//! with its alert, or waits for bytes that never come. Only the version in the header of a record is passed over where
//! RFC 9846 5.1 says so.

mod common;

use common::certificates::Setup;
use common::certificates::spoken;
use common::scenarios::{self, Scenario};
use common::{Flip, Pair, Side, facts};
use handfast::ErrorKind;
use handfast::crypto::{Authentication, KeyKind};
use handfast::policy::SPOKEN;
use handfast::wire::numbers::ProtocolVersion;

/// Plays the handshake with this byte changed. False if so many bytes were not sent.
fn flip(scenario: &Scenario, flip: Flip) -> bool {
    let mut pair = scenario.pair();
    pair.flip = Some(flip);
    pair.run();
    if pair.end(flip.from).sent.len() <= flip.at {
        pair.assert_connected();
        return false;
    }
    let what = || format!("{}, {flip:?}", scenario.name);
    let mut failed = false;
    for side in Side::BOTH {
        let end = pair.end(side);
        let Some(error) = end.error.clone() else { continue };
        failed = true;
        match error.alert() {
            // A client may have said before that it has no certificate.
            Some(_) if end.negotiated().version == Some(ProtocolVersion::SSL3_0) => {
                let expected = end.expected_alert().map(|a| format!("fatal {a}"));
                assert_eq!(end.alerts().last(), expected.as_ref(), "{}", what());
            }
            Some(alert) => assert_eq!(end.alerts(), [format!("fatal {alert}")], "{}", what()),
            None => {}
        }
        assert!(!matches!(error.kind(), ErrorKind::Misuse(_) | ErrorKind::Config(_)), "{}: {error}", what());
    }
    let (client, server) = (pair.client.is_connected(), pair.server.is_connected());
    if client && server {
        assert_eq!(facts(&pair.client), facts(&pair.server), "{}", what());
        // A ticket comes after the handshake, and may be waited for.
        let waits = !pair.end(flip.from.other()).input.is_empty();
        assert!(failed || waits || is_ignored(&mut pair, scenario, flip), "{}: it got by", what());
    } else if !failed {
        pair.client.eof();
        pair.server.eof();
        for (end, connected) in [(&pair.client, client), (&pair.server, server)] {
            let kind = end.error.as_ref().map(|e| e.kind().clone());
            assert_eq!(kind, Some(ErrorKind::Truncated { established: connected }), "{}", what());
        }
    }
    true
}

/// Whether the record that begins here is early data that the server takes none of: it comes before a second ClientHello.
fn is_skipped(sent: &[u8], at: usize, scenario: &Scenario, flip: Flip) -> bool {
    let types: Vec<u8> = common::records(&sent[at..]).iter().map(|r| r[0]).collect();
    scenario.early_in_vain() && flip.from == Side::Client && types[0] == 23 && types.contains(&22)
}

/// Whether this byte is in the version of a record's header that is to be ignored: in TLS 1.3 that of any record that is not
/// protected (what protects a record covers its header), before that the one of each side's first record, which comes
/// before a version is agreed.
fn is_ignored(pair: &mut Pair, scenario: &Scenario, flip: Flip) -> bool {
    let tls13 = scenario.setup.version == ProtocolVersion::TLS1_3;
    let sent = &pair.end(flip.from).sent;
    let mut at = 0;
    while let Some([kind, _, _, high, low, ..]) = sent.get(at..) {
        if (at + 1..=at + 2).contains(&flip.at) {
            // A warning of SSL 3.0 that there is no certificate may come under any version, as alerts may while nothing is protected.
            let warning = scenario.setup.version == ProtocolVersion::SSL3_0 && *kind == 21;
            return tls13 && *kind != 23 || at == 0 || warning || is_skipped(sent, at, scenario, flip);
        }
        let next = at + 5 + usize::from(u16::from_be_bytes([*high, *low]));
        if (at + 5..next).contains(&flip.at) && is_skipped(sent, at, scenario, flip) {
            return true;
        }
        at += 5 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    false
}

fn every_byte(version: ProtocolVersion, mask: impl Fn(usize) -> u8) {
    for scenario in scenarios::all().iter().filter(|s| s.setup.version == version) {
        for from in Side::BOTH {
            let mut at = 0;
            while flip(scenario, Flip { from, at, with: mask(at) }) {
                at += 1;
            }
            assert!(at > 50, "{}: {from:?} sent {at} bytes only", scenario.name);
        }
    }
}

/// A bit that moves along.
fn moving(at: usize) -> u8 {
    1 << (at % 8)
}

#[test]
fn ssl_3_0() {
    every_byte(ProtocolVersion::SSL3_0, moving);
}

#[test]
fn tls_1_1() {
    every_byte(ProtocolVersion::TLS1_1, moving);
}

#[test]
fn tls_1_0() {
    every_byte(ProtocolVersion::TLS1_0, moving);
}

#[test]
fn tls_1_2() {
    every_byte(ProtocolVersion::TLS1_2, moving);
}

#[test]
fn tls_1_3() {
    every_byte(ProtocolVersion::TLS1_3, moving);
}

/// Every bit of the hellos, and what is in one record with them.
#[test]
fn hellos() {
    for scenario in scenarios::all() {
        let mut plain = scenario.pair();
        plain.run();
        for from in Side::BOTH {
            let [_, _, _, high, low, ..] = plain.end(from).sent[..] else { panic!("nothing was sent") };
            for at in 0..250.min(5 + usize::from(u16::from_be_bytes([high, low]))) {
                for bit in 0..8 {
                    assert!(flip(&scenario, Flip { from, at, with: 1 << bit }));
                }
            }
        }
    }
}

/// Every byte of a record of data, under every protection: it is never data for the application.
#[test]
fn data() {
    for version in SPOKEN.iter().copied() {
        for suite in spoken(version) {
            let setup = Setup::new(version).suite(suite.number);
            let setup = if suite.authentication == Authentication::Rsa { setup.server(KeyKind::Rsa) } else { setup };
            let (client, server) = setup.configs();
            for at in 0.. {
                let mut pair = Pair::connected(&client, &server);
                let before = pair.client.sent.len();
                pair.flip = Some(Flip { from: Side::Client, at: before + at, with: moving(at) });
                pair.client.send(b"so much");
                pair.run();
                if pair.client.sent.len() <= before + at {
                    assert_eq!(pair.server.data, b"so much");
                    break;
                }
                pair.server.eof();
                let error = pair.server.error.as_ref().expect("it got by").clone();
                match error.alert() {
                    Some(_) => {
                        let alert = pair.server.expected_alert().expect("one is said");
                        assert_eq!(pair.server.alerts(), [format!("fatal {alert}")]);
                    }
                    None => assert_eq!(*error.kind(), ErrorKind::Truncated { established: true }),
                }
                // TLS 1.0's first byte goes by itself, and may have come whole.
                assert!(b"so much".starts_with(&pair.server.data) && pair.server.data.len() <= 1);
            }
        }
    }
}

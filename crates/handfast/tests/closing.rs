//! How connections end: close_notify, cuts, alerts.

mod common;

use common::certificates::Setup;
use common::forge::Forge;
use common::{End, Pair, Seen, Side, noon, pattern, scenarios};
use handfast::alert::{Alert, AlertDescription, AlertLevel};
use handfast::error::Blame;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{Error, ErrorKind};
use std::sync::Arc;

const ALERT: u8 = 21;
const DATA: u8 = 23;

/// What forged records can be made for.
const FORGED: [ProtocolVersion; 2] = [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];
const CLASSIC: [ProtocolVersion; 2] = [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2];
const CLOSE: &str = "warning close_notify";

fn setup(version: ProtocolVersion) -> Setup {
    Setup::new(version)
}

fn connected(version: ProtocolVersion) -> Pair {
    let (client, server) = setup(version).configs();
    Pair::connected(&client, &server)
}

#[track_caller]
fn kind(error: &Option<Error>) -> &ErrorKind {
    error.as_ref().expect("an error").kind()
}

// --- the end of the stream ---

/// Where a stream may be cut: at the ends of records, right behind their headers, and now and then between.
fn cuts(bytes: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let mut out: Vec<usize> = (0..bytes.len()).step_by(83).collect();
    while let Some([_, _, _, high, low, ..]) = bytes.get(at..) {
        let end = at + 5 + usize::from(u16::from_be_bytes([*high, *low]));
        out.extend([at + 1, at + 5, end - 1, end]);
        at = end;
    }
    out.retain(|n| *n < bytes.len());
    out
}

/// What a client of SSL 3.0 may have said before.
const NO_CERTIFICATE: &str = "warning no_certificate";

/// The alerts by which an end has closed.
fn closing(end: &End) -> Vec<String> {
    end.alerts().into_iter().filter(|a| a != NO_CERTIFICATE).collect()
}

/// Those of one that closes in a handshake. SSL 3.0 cannot say that it just wants to.
fn end_of(cancels: bool) -> Vec<String> {
    ["warning user_canceled", CLOSE].into_iter().skip(usize::from(!cancels)).map(Into::into).collect()
}

#[test]
fn a_cut_is_told_at_every_point_of_the_handshake() {
    for scenario in scenarios::all() {
        let mut whole = scenario.pair();
        whole.run().assert_connected();
        for from in Side::BOTH {
            for at in cuts(&whole.end(from).sent) {
                let mut pair = scenario.pair();
                pair.lost = Some((from, at));
                pair.run();
                let cut_off = pair.end(from.other());
                assert!(cut_off.error.is_none(), "{}: {from:?} {at}: {:?}", scenario.name, cut_off.error);
                let established = cut_off.is_connected();
                cut_off.eof();
                let expected = ErrorKind::Truncated { established };
                assert_eq!(*kind(&cut_off.error), expected, "{}: {from:?} cut at {at}", scenario.name);
                let said = cut_off.alerts().into_iter().filter(|a| a != NO_CERTIFICATE).count();
                assert_eq!(said, 0, "there is nobody to tell");
                assert!(!cut_off.is_connected() && !cut_off.connection.can_send());
            }
        }
    }
}

#[test]
fn a_cut_in_the_midst_of_data_is_told() {
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        for from in Side::BOTH {
            // In the header, in the content, between two records.
            for cut in [0, 3, 5, 100] {
                let mut pair = connected(version);
                pair.end(from).send(b"whole");
                pair.run();
                let before = pair.end(from).sent.len();
                pair.end(from).send(&pattern(1000));
                pair.lost = Some((from, before + cut));
                pair.run();
                let receiver = pair.end(from.other());
                receiver.eof();
                assert_eq!(*kind(&receiver.error), ErrorKind::Truncated { established: true });
                assert!(receiver.data.len() <= b"whole".len() + 1 && receiver.data.starts_with(b"whole"));
                assert!(!receiver.connection.peer_closed() || receiver.error.is_some());
            }
        }
    }
}

#[test]
fn after_close_notify_the_end_of_the_stream_is_clean() {
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        for from in Side::BOTH {
            let mut pair = connected(version);
            pair.end(from).send(b"the last");
            pair.end(from).connection.close();
            pair.run();
            let receiver = pair.end(from.other());
            assert_eq!(receiver.data, b"the last");
            assert_eq!(receiver.events.last(), Some(&Seen::Closed));
            assert!(receiver.connection.peer_closed());
            for _ in 0..2 {
                receiver.eof();
                assert!(receiver.error.is_none());
            }
            assert_eq!(pair.end(from).alerts(), [CLOSE], "once");
            pair.end(from).connection.close();
            pair.run();
            assert_eq!(pair.end(from).alerts(), [CLOSE], "however often");
        }
    }
}

#[test]
fn what_comes_after_close_notify_is_ignored() {
    for version in FORGED {
        for from in Side::BOTH {
            let mut forge = Forge::connected(&setup(version));
            forge.say(from, ALERT, &[1, 0]);
            let events = forge.pair.end(from.other()).events.len();
            forge.say(from, DATA, b"too late");
            forge.say(from, ALERT, &[2, 80]);
            let receiver = forge.pair.end(from.other());
            receiver.receive(b"not even TLS", noon());
            assert_eq!((receiver.events.len(), &receiver.error, receiver.input.len()), (events, &None, 0));
            assert!(receiver.data.is_empty());
            receiver.eof();
            assert!(receiver.error.is_none());
        }
    }
}

// --- half-closed ---

/// RFC 9846 6.1: close_notify closes one direction.
#[test]
fn in_tls13_the_other_direction_stays_open() {
    for first in Side::BOTH {
        let mut pair = connected(ProtocolVersion::TLS1_3);
        pair.end(first).connection.close();
        pair.run();
        let now = pair.now;
        let closed = pair.end(first);
        assert!(closed.is_connected() && !closed.connection.can_send() && !closed.connection.peer_closed());
        let refused = closed.connection.send(b"more", &mut Vec::new()).unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Misuse(_)));
        assert!(matches!(closed.connection.update_keys(false, now).unwrap_err().kind(), ErrorKind::Misuse(_)));
        assert!(pair.end(first.other()).alerts().is_empty(), "it need not answer yet");

        let data = pattern(100_000);
        let second = pair.end(first.other());
        assert!(second.connection.peer_closed() && second.connection.can_send());
        second.send(&data[..50_000]);
        // Its keys may change; a request for ours goes unanswered, since nothing may follow close_notify.
        second.connection.update_keys(true, now).unwrap();
        second.send(&data[50_000..]);
        let before = pair.end(first).sent.len();
        pair.run();
        assert!(pair.end(first).data == data);
        assert_eq!(pair.end(first).sent.len(), before, "nothing after close_notify");

        pair.end(first.other()).connection.close();
        pair.run();
        for side in Side::BOTH {
            let end = pair.end(side);
            end.eof();
            assert!(end.error.is_none() && end.connection.peer_closed() && !end.connection.can_send());
            assert_eq!((end.events.last(), end.alerts()), (Some(&Seen::Closed), vec![CLOSE.to_owned()]));
        }
    }
}

/// RFC 5246 7.2.1: it is answered at once, and nothing is sent any more.
#[test]
fn up_to_tls12_close_notify_closes_both_directions() {
    for version in CLASSIC {
        for first in Side::BOTH {
            let mut pair = connected(version);
            pair.end(first).connection.close();
            pair.run();
            for side in Side::BOTH {
                let end = pair.end(side);
                assert_eq!((end.events.last(), end.alerts()), (Some(&Seen::Closed), vec![CLOSE.to_owned()]));
                assert!(end.connection.peer_closed() && !end.connection.can_send());
                let refused = end.connection.send(b"more", &mut Vec::new()).unwrap_err();
                assert!(matches!(refused.kind(), ErrorKind::Misuse(_)), "{refused}");
                end.connection.close();
                assert!(!end.connection.wants_transmit(), "it has been said");
                end.eof();
                assert!(end.error.is_none());
            }
        }
    }
}

#[test]
fn both_may_close_at_once() {
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let mut pair = connected(version);
        for side in Side::BOTH {
            pair.end(side).connection.close();
        }
        pair.run();
        for side in Side::BOTH {
            let end = pair.end(side);
            assert_eq!((end.events.last(), end.alerts()), (Some(&Seen::Closed), vec![CLOSE.to_owned()]));
            assert!(end.error.is_none());
        }
    }
}

// --- before the handshake is done ---

/// Whoever closes says user_canceled and close_notify; the peer hears both, answers, and fails; nothing else is said.
#[test]
fn closing_ends_a_handshake() {
    for scenario in scenarios::all() {
        for closer in Side::BOTH {
            for steps in 0..8 {
                let mut pair = scenario.pair();
                for step in 0..steps {
                    pair.carry(Side::BOTH[step % 2]);
                }
                // A server that may answer early data already can come to an end of that: see the tests of early data.
                if pair.end(closer).is_connected() || pair.end(closer).connection.can_send() {
                    continue;
                }
                // An alert among early data that the server takes none of is skipped with it.
                if scenario.early_in_vain() && closer == Side::Client && steps < 2 {
                    continue;
                }
                let what = format!("{}: {closer:?} closes after {steps}", scenario.name);
                let flight = pair.end(closer).flight();
                pair.end(closer).connection.close();
                pair.run();
                let end = pair.end(closer);
                let cancels = end.negotiated().version != Some(ProtocolVersion::SSL3_0);
                assert_eq!(closing(end), end_of(cancels), "{what}");
                assert_eq!(end.flight(), flight, "{what}: nothing follows");
                assert!(matches!(kind(&end.error), ErrorKind::Misuse(_)), "{what}");
                assert!(!end.is_connected() && !end.connection.can_send());
                let canceled = Seen::Warning(Alert::warning(AlertDescription::USER_CANCELED));
                let peer = pair.end(closer.other());
                assert!(!cancels || peer.events.contains(&canceled), "{what}: {:?} {:?}", peer.events, peer.error);
                if peer.events.contains(&Seen::Connected) {
                    assert_eq!(peer.events.last(), Some(&Seen::Closed), "{what}");
                } else {
                    let closed = ErrorKind::PeerAlert(AlertDescription::CLOSE_NOTIFY);
                    assert_eq!((kind(&peer.error), closing(peer)), (&closed, vec![CLOSE.to_owned()]), "{what}");
                }
            }
        }
    }
}

/// A connection that waits for an answer can be closed, and can be cut: the answer is then of no use.
#[test]
fn a_parked_connection_may_end() {
    for scenario in scenarios::all() {
        for side in Side::BOTH {
            for closes in [true, false] {
                let (client, server) = scenario.configs();
                let (client, server) = (common::later::client(&client), common::later::server(&server));
                let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
                pair.end(side).patience = None;
                // As far as it comes: the client to its first question, which is about sessions, the server to its own.
                pair.run();
                let end = pair.end(side);
                let answer = common::later::answer(end.connection.wait().expect("a question"), noon());
                if closes {
                    end.connection.close();
                    assert!(matches!(end.connection.receive_eof().unwrap_err().kind(), ErrorKind::Misuse(_)));
                } else {
                    let error = end.connection.receive_eof().unwrap_err();
                    assert_eq!(*error.kind(), ErrorKind::Truncated { established: false });
                }
                assert!(end.connection.wait().is_none());
                let error = end.connection.answer(answer, noon()).unwrap_err();
                let fits = matches!(error.kind(), ErrorKind::Misuse(_) | ErrorKind::Truncated { .. });
                assert!(fits, "{}: {error}", scenario.name);
                assert_eq!(end.connection.receive(&mut [], noon()).unwrap_err(), error);
                let cancels = end.negotiated().version != Some(ProtocolVersion::SSL3_0);
                assert_eq!(closing(end), if closes { end_of(cancels) } else { vec![] });
            }
        }
    }
}

// --- alerts ---

/// What a receiver has to make of an established connection's alert.
fn heard(version: ProtocolVersion, alert: Alert) -> Result<Seen, ErrorKind> {
    let tls13 = version == ProtocolVersion::TLS1_3;
    match alert.description {
        AlertDescription::CLOSE_NOTIFY => Ok(Seen::Closed),
        AlertDescription::USER_CANCELED if tls13 => Ok(Seen::Warning(alert)),
        description if tls13 || alert.level == AlertLevel::Fatal => Err(ErrorKind::PeerAlert(description)),
        _ => Ok(Seen::Warning(alert)),
    }
}

/// Every description, known or not, at both levels (RFC 9846 6, RFC 5246 7.2): an error alert is an error that names it and
/// says whose it is, and is not answered.
#[test]
fn alerts_of_every_kind() {
    for version in FORGED {
        let (client, server) = setup(version).configs();
        let (client, server) = ((*client).clone(), (*server).clone());
        for from in Side::BOTH {
            for level in [AlertLevel::Warning, AlertLevel::Fatal] {
                for description in (0..=255).map(AlertDescription) {
                    let mut forge = Forge::of(client.clone(), server.clone()).connect();
                    forge.say(from, ALERT, &[1 + u8::from(level == AlertLevel::Fatal), description.0]);
                    let end = forge.pair.end(from.other());
                    let alert = Alert { level, description };
                    match heard(version, alert) {
                        Ok(event) => {
                            assert_eq!((&end.error, end.events.last()), (&None, Some(&event)), "{version} {alert}");
                            assert!(end.is_connected());
                        }
                        Err(expected) => {
                            let error = end.error.clone().expect("an error");
                            assert_eq!(*error.kind(), expected, "{version} {alert}");
                            assert!(end.alerts().is_empty() && !end.connection.wants_transmit());
                            assert!(error.to_string().contains(&description.to_string()), "{error}");
                            assert_eq!((error.alert(), error.explain().alert), (None, Some(description)));
                            // The peer blames nobody between but for a fallback that was not its doing.
                            let network = description == AlertDescription::INAPPROPRIATE_FALLBACK;
                            assert_eq!(error.explain().blame == Blame::Network, network, "{description}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn alerts_in_a_handshake() {
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        for from in Side::BOTH {
            for description in (1..=255).map(AlertDescription) {
                let mut pair =
                    Pair::new(&Arc::new(setup(version).client_config()), &Arc::new(setup(version).server_config()));
                if from == Side::Client {
                    pair.carry(from);
                }
                let alert =
                    common::record(ALERT, if version.0 > 0x0303 { 0x0303 } else { version.0 }, &[2, description.0]);
                let end = pair.end(from.other());
                end.receive(&alert, noon());
                let canceled = version == ProtocolVersion::TLS1_3
                    && from == Side::Client
                    && description == AlertDescription::USER_CANCELED;
                match canceled {
                    true => assert!(end.error.is_none()),
                    false => assert_eq!(*kind(&end.error), ErrorKind::PeerAlert(description)),
                }
                assert!(end.alerts().is_empty());
            }
        }
    }
}

#[test]
fn alerts_without_form_are_refused() {
    for version in FORGED {
        for from in Side::BOTH {
            for (body, answer) in [
                (&[0, 80][..], "fatal illegal_parameter"),
                (&[3, 80], "fatal illegal_parameter"),
                (&[255, 0], "fatal illegal_parameter"),
                (&[2], "fatal decode_error"),
                (&[2, 80, 0], "fatal decode_error"),
                (&[1, 0, 1, 0], "fatal decode_error"),
                (
                    &[],
                    if version == ProtocolVersion::TLS1_3 { "fatal unexpected_message" } else { "fatal decode_error" },
                ),
            ] {
                let mut forge = Forge::connected(&setup(version));
                forge.say(from, ALERT, body);
                forge.pair.run();
                let end = forge.pair.end(from.other());
                assert!(end.error.is_some());
                assert_eq!(end.alerts(), [answer], "{version} {body:?}");
            }
        }
    }
}

/// An error that we find goes out as its alert, once, and comes again from every call.
#[test]
fn errors_repeat_and_alerts_do_not() {
    for version in FORGED {
        for from in Side::BOTH {
            let mut forge = Forge::connected(&setup(version));
            let mut record = forge.seal(from, DATA, b"spoiled");
            if let Some(last) = record.last_mut() {
                *last ^= 1;
            }
            forge.pair.end(from.other()).receive(&record, noon());
            let end = forge.pair.end(from.other());
            let error = end.error.clone().expect("an error");
            assert_eq!((error.kind(), error.explain().blame), (&ErrorKind::BadRecordMac, Blame::Network));
            assert_eq!(end.alerts(), ["fatal bad_record_mac"]);
            let alert = end.transmit();
            assert!(!alert.is_empty());
            for _ in 0..3 {
                let (mut out, connection) = (Vec::new(), &mut end.connection);
                assert_eq!(connection.receive(&mut [23, 3, 3, 0, 0], noon()).unwrap_err(), error);
                assert_eq!(connection.receive(&mut [], noon()).unwrap_err(), error);
                assert_eq!(connection.receive_eof().unwrap_err(), error);
                assert_eq!(connection.send(b"data", &mut out).unwrap_err(), error);
                assert_eq!(connection.answer(handfast::Answer::Kept(true), noon()).unwrap_err(), error);
                assert!(connection.update_keys(true, noon()).is_err());
                connection.close();
                connection.transmit(&mut out);
                assert!(out.is_empty() && !connection.wants_transmit());
                assert!(!connection.is_connected() && !connection.can_send() && connection.wait().is_none());
            }
            // The peer hears what we found, and from whom.
            let peer = forge.pair.end(from);
            peer.receive(&alert, noon());
            assert_eq!(*kind(&peer.error), ErrorKind::PeerAlert(AlertDescription::BAD_RECORD_MAC));
        }
    }
}

// --- sessions of connections that failed ---

/// What becomes of the first connection's session, by how that ended.
fn resumed_after(setup: &Setup, end: impl Fn(&mut Forge)) -> bool {
    let (client, server) = (setup.client_config(), setup.server_config());
    let mut forge = Forge::of(client.clone(), server.clone()).connect();
    end(&mut forge);
    let again = Pair::connected(&Arc::new(client), &Arc::new(server));
    again.assert_agreed();
    again.client.negotiated().resumed
}

/// RFC 5246 7.2.2, RFC 9846 6: a session must not be resumed if a connection of it ended with a fatal alert, sent or received.
/// Since TLS 1.1 a mere cut does not count.
#[test]
fn a_fatal_alert_ends_the_session() {
    let v12 = || setup(ProtocolVersion::TLS1_2);
    for setup in [v12(), v12().by_id(), setup(ProtocolVersion::TLS1_3)] {
        assert!(resumed_after(&setup, |_| ()));
        assert!(resumed_after(&setup, |forge| {
            forge.pair.client.eof();
            forge.pair.server.eof();
        }));
        assert!(resumed_after(&setup, |forge| {
            forge.pair.client.connection.close();
            forge.pair.run();
        }));
        assert!(!resumed_after(&setup, |forge| forge.say(Side::Server, ALERT, &[2, 80])), "the client was told");
        assert!(!resumed_after(&setup, |forge| forge.say(Side::Server, ALERT, &[7, 7])), "the client tells");
        // The server alone knows of it: what it keeps itself is gone. A ticket is the client's.
        let kept = setup.tickets;
        assert_eq!(resumed_after(&setup, |forge| forge.say(Side::Client, ALERT, &[2, 80])), kept);
        assert_eq!(resumed_after(&setup, |forge| forge.say(Side::Client, ALERT, &[7, 7])), kept);
    }
}

/// It holds for a resumed connection of the session, and for one that fails in its handshake.
#[test]
fn a_resumption_that_fails_ends_the_session() {
    for setup in [setup(ProtocolVersion::TLS1_2), setup(ProtocolVersion::TLS1_2).by_id()] {
        let (client, server) = (setup.client_config(), setup.server_config());
        let pair = || Pair::new(&Arc::new(client.clone()), &Arc::new(server.clone()));
        pair().run().assert_connected();
        for by in Side::BOTH {
            let mut resumed = pair();
            resumed.run().assert_connected();
            assert!(resumed.client.negotiated().resumed);
            let mut failed = pair();
            failed.carry(Side::Client);
            if by == Side::Client {
                failed.client.receive(&common::record(ALERT, 0x0303, &[2, 80]), noon());
            } else {
                failed.server.receive(&common::record(ALERT, 0x0303, &[2, 80]), noon());
            }
            let mut after = pair();
            after.run().assert_connected();
            // A ticket of the server's is the client's to forget.
            assert_eq!(after.client.negotiated().resumed, by == Side::Server && setup.tickets, "{by:?}");
        }
    }
}

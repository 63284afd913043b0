//! Records out of their turn: ChangeCipherSpec, data, fragments, and what comes when nothing may. The order of handshake
//! messages is tested with each family's handshake.

mod common;

use common::certificates::Setup;
use common::forge::Forge;
use common::{End, Pair, Seen, Side, noon, record, records};
use handfast::alert::{Alert, AlertDescription};
use handfast::crypto::KeyKind;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{ContentType, ProtocolVersion};
use handfast::{ErrorKind, Event};

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;
const FORGED: [ProtocolVersion; 2] = [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];

fn setup(version: ProtocolVersion) -> Setup {
    Setup::new(version)
}

/// Setups whose records come in another order each.
fn setups() -> Vec<Setup> {
    let v12 = setup(ProtocolVersion::TLS1_2);
    let rsa = v12.clone().server(KeyKind::Rsa).suite(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256);
    let v13 = setup(ProtocolVersion::TLS1_3);
    vec![
        v12.clone(),
        v12.clone().by_id(),
        v12.mutual(KeyKind::Ecdsa),
        rsa,
        setup(ProtocolVersion::TLS1_0).mutual(KeyKind::Rsa),
        v13.clone(),
        v13.clone().retried(),
        v13.mutual(KeyKind::Ecdsa),
    ]
}

fn is_tls13(setup: &Setup) -> bool {
    setup.version == ProtocolVersion::TLS1_3
}

fn header_version(setup: &Setup) -> u16 {
    setup.version.0.min(0x0303)
}

/// Runs the handshake, full or resumed. `change` sees each record of `from`, with its number, and gives what shall come instead.
fn relay(setup: &Setup, resumed: bool, from: Side, mut change: impl FnMut(usize, Vec<u8>) -> Vec<Vec<u8>>) -> Pair {
    let (client, server) = setup.configs();
    if resumed {
        Pair::connected(&client, &server);
    }
    let (mut pair, mut number) = (Pair::new(&client, &server), 0);
    for _ in 0..6 {
        for side in Side::BOTH {
            pair.end(side).drive(noon());
            let bytes = pair.end(side).transmit();
            for record in records(&bytes) {
                let instead = if side == from { change(number, record) } else { vec![record] };
                number += usize::from(side == from);
                instead.iter().for_each(|r| pair.end(side.other()).receive(r, noon()));
            }
        }
    }
    pair
}

/// The records that `from` sends in this handshake, up to its Finished.
fn flights(setup: &Setup, resumed: bool, from: Side) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut pair = relay(setup, resumed, from, |_, record| {
        all.push(record.clone());
        vec![record]
    });
    pair.assert_connected();
    if is_tls13(setup) && from == Side::Server {
        // Tickets come after the handshake.
        all.truncate(all.len() - pair.end(from).flight().iter().filter(|m| *m == "NewSessionTicket").count().min(1));
    }
    all
}

/// `end` has refused with unexpected_message.
#[track_caller]
fn unexpected(end: &End, what: &str) {
    let error = end.error.as_ref().unwrap_or_else(|| panic!("{what}: no error"));
    let fits = matches!(error.kind(), ErrorKind::UnexpectedMessage { .. } | ErrorKind::UnexpectedRecord { .. });
    assert!(fits, "{what}: {:?}", error.kind());
    assert_eq!(end.alerts(), ["fatal unexpected_message"], "{what}");
}

// --- ChangeCipherSpec ---

/// Up to TLS 1.2 it is there, once, in its place, and whole (RFC 5246 7.1).
#[test]
fn change_cipher_spec_has_one_place() {
    for setup in setups().into_iter().filter(|s| !is_tls13(s)) {
        for (resumed, from) in
            [(false, Side::Client), (false, Side::Server), (true, Side::Client), (true, Side::Server)]
        {
            let is_ccs = |r: &[u8]| r[0] == CHANGE_CIPHER_SPEC;
            let what = format!("{setup:?}, {from:?}");
            let mut missing = relay(&setup, resumed, from, |_, r| if is_ccs(&r) { vec![] } else { vec![r] });
            unexpected(missing.end(from.other()), &format!("missing: {what}"));
            let twice = |_, r: Vec<u8>| if is_ccs(&r) { vec![r.clone(), r] } else { vec![r] };
            let mut twice = relay(&setup, resumed, from, twice);
            let error = twice.end(from.other()).error.clone().expect("twice");
            // The second comes under the new keys, and is none of theirs.
            let fits = matches!(error.kind(), ErrorKind::BadRecordMac | ErrorKind::UnexpectedRecord { .. });
            assert!(fits, "{error}");
            for body in [&[][..], &[0], &[2], &[1, 1]] {
                let version = header_version(&setup);
                let other =
                    |_, r: Vec<u8>| vec![if is_ccs(&r) { record(CHANGE_CIPHER_SPEC, version, body) } else { r }];
                let mut other = relay(&setup, resumed, from, other);
                unexpected(other.end(from.other()), &format!("{body:?}: {what}"));
            }
        }
    }
}

/// CVE-2014-0224: keys must not change before they were agreed, nor in the midst of a message, whatever the family.
#[test]
fn change_cipher_spec_stands_in_no_message() {
    for setup in setups() {
        for from in Side::BOTH {
            for at in 0.. {
                let mut split = false;
                let version = header_version(&setup);
                let mut pair = relay(&setup, false, from, |number, record| {
                    let plain = record[0] == HANDSHAKE && number == at;
                    if !plain || split {
                        return vec![record];
                    }
                    split = true;
                    let (a, b) = record[5..].split_at(record.len() - 5 - 1);
                    vec![
                        common::record(HANDSHAKE, version, a),
                        common::record(CHANGE_CIPHER_SPEC, version, &[1]),
                        common::record(HANDSHAKE, version, b),
                    ]
                });
                if !split {
                    // The rest is protected.
                    assert!(at > 0);
                    break;
                }
                unexpected(pair.end(from.other()), &format!("{setup:?}: in record {at} of the {from:?}"));
            }
        }
    }
}

#[test]
fn after_the_handshake_there_is_no_change_cipher_spec() {
    for version in FORGED {
        for from in Side::BOTH {
            let mut forge = Forge::connected(&setup(version));
            forge.say(from, CHANGE_CIPHER_SPEC, &[1]);
            unexpected(forge.pair.end(from.other()), "protected");
        }
    }
}

/// The disguise is never protected (RFC 9846 5).
#[test]
fn in_tls13_a_protected_change_cipher_spec_is_unexpected_in_a_handshake_too() {
    let mut forge = early(Side::Server);
    let record = forge.seal_early(Side::Server, 0, CHANGE_CIPHER_SPEC, &[1]);
    forge.pair.client.receive(&record, noon());
    unexpected(&forge.pair.client, "from the server");
    let mut forge = early(Side::Client);
    let record = forge.seal_early(Side::Client, 0, CHANGE_CIPHER_SPEC, &[1]);
    forge.pair.server.receive(&record, noon());
    unexpected(&forge.pair.server, "from the client");
}

/// A TLS 1.3 pair just before the first protected record of `from` arrives.
fn early(from: Side) -> Forge {
    let mut forge = Forge::new(&setup(ProtocolVersion::TLS1_3));
    forge.pair.carry(Side::Client);
    if from == Side::Client {
        forge.pair.carry(Side::Server);
        forge.pair.client.drive(noon());
        return forge;
    }
    for record in records(&forge.pair.server.transmit()).iter().take_while(|r| r[0] != DATA) {
        forge.pair.client.receive(record, noon());
    }
    forge
}

// --- data ---

#[test]
fn data_has_no_place_in_a_handshake() {
    for setup in setups() {
        for resumed in [false, true] {
            for from in Side::BOTH {
                let flights = flights(&setup, resumed, from);
                for at in 0..flights.len() {
                    let data = record(DATA, header_version(&setup), b"GET / HTTP/1.1\r\n");
                    let put = |number, r: Vec<u8>| if number == at { vec![data.clone(), r] } else { vec![r] };
                    let mut pair = relay(&setup, resumed, from, put);
                    let end = pair.end(from.other());
                    let what = format!("{setup:?}, {resumed}: before record {at} of the {from:?}");
                    // Where keys are in use it is a record that does not open.
                    match end.error.as_ref().map(|e| e.kind()) {
                        Some(ErrorKind::BadRecordMac) => assert!(keyed(&setup, &flights, at), "{what}"),
                        _ => unexpected(end, &what),
                    }
                    assert!(end.data.is_empty() && !end.is_connected(), "{what}");
                }
            }
        }
    }
}

/// Whether the receiver may have keys already when this record comes. In TLS 1.3 it has them before the disguise.
fn keyed(setup: &Setup, flights: &[Vec<u8>], at: usize) -> bool {
    let first = if is_tls13(setup) { [CHANGE_CIPHER_SPEC, DATA] } else { [CHANGE_CIPHER_SPEC; 2] };
    let changed = flights.iter().position(|r| first.contains(&r[0])).unwrap();
    if is_tls13(setup) { at >= changed } else { at > changed }
}

/// Sealed as it should be, and still too early.
#[test]
fn protected_data_has_no_place_in_a_handshake() {
    for from in Side::BOTH {
        for body in [&b"too early"[..], &[]] {
            let mut forge = early(from);
            let data = forge.seal_early(from, 0, DATA, body);
            forge.pair.end(from.other()).receive(&data, noon());
            unexpected(forge.pair.end(from.other()), "TLS 1.3");
        }
    }
    // Between ChangeCipherSpec and Finished.
    for (from, resumed) in [(Side::Client, false), (Side::Server, false), (Side::Client, true), (Side::Server, true)] {
        let (client, server) = (setup(FORGED[0]).client_config(), setup(FORGED[0]).server_config());
        if resumed {
            Forge::of(client.clone(), server.clone()).connect();
        }
        let mut forge = Forge::of(client, server);
        for _ in 0..3 {
            for side in Side::BOTH {
                forge.pair.end(side).drive(noon());
                for record in records(&forge.pair.end(side).transmit()) {
                    let ccs = side == from && record[0] == CHANGE_CIPHER_SPEC;
                    forge.pair.end(side.other()).receive(&record, noon());
                    if ccs {
                        let data = forge.seal_early(from, 0, DATA, b"too early");
                        forge.pair.end(side.other()).receive(&data, noon());
                    }
                }
            }
        }
        unexpected(forge.pair.end(from.other()), "TLS 1.2");
        assert!(forge.pair.end(from.other()).data.is_empty());
    }
}

// --- fragments ---

/// A handshake record without content, at each place (RFC 9846 5.1).
#[test]
fn empty_fragments_of_handshake_messages() {
    for setup in setups() {
        for from in Side::BOTH {
            for at in 0.. {
                let mut reached = false;
                let mut pair = relay(&setup, false, from, |number, record| {
                    if number != at || record[0] != HANDSHAKE {
                        return vec![record];
                    }
                    reached = true;
                    vec![common::record(HANDSHAKE, header_version(&setup), &[]), record]
                });
                if !reached {
                    break;
                }
                unexpected(pair.end(from.other()), &format!("{setup:?}: before record {at} of the {from:?}"));
            }
        }
    }
    for version in FORGED {
        for from in Side::BOTH {
            let mut forge = Forge::connected(&setup(version));
            for padding in [0, 100] {
                let empty = forge.seal_padded(from, HANDSHAKE, &[], padding);
                forge.pair.end(from.other()).receive(&empty, noon());
            }
            unexpected(forge.pair.end(from.other()), "protected");
        }
    }
}

/// What each side may send after the handshake: KeyUpdate, HelloRequest, or a ClientHello.
fn late_message(forge: &mut Forge, from: Side, version: ProtocolVersion) -> Vec<u8> {
    match (version, from) {
        (ProtocolVersion::TLS1_3, _) => vec![24, 0, 0, 1, 0],
        (_, Side::Server) => vec![0; 4],
        (_, Side::Client) => records(&forge.pair.client.sent)[0][5..].to_vec(),
    }
}

/// Between the fragments of a message nothing else may stand (RFC 9846 5.1); up to TLS 1.2 an alert may.
#[test]
fn nothing_stands_between_fragments() {
    for version in FORGED {
        let tls13 = version == ProtocolVersion::TLS1_3;
        for from in Side::BOTH {
            for cut in 1..4 {
                let begun = || {
                    let mut forge = Forge::connected(&setup(version));
                    let message = late_message(&mut forge, from, version);
                    forge.say(from, HANDSHAKE, &message[..cut]);
                    assert!(forge.pair.end(from.other()).error.is_none());
                    (forge, message)
                };
                // Whole, it is fine.
                let (mut forge, message) = begun();
                forge.say(from, HANDSHAKE, &message[cut..]);
                forge.pair.run().assert_connected();

                let (mut forge, _) = begun();
                forge.say(from, DATA, b"between");
                unexpected(forge.pair.end(from.other()), "data");
                assert!(forge.pair.end(from.other()).data.is_empty());

                let (mut forge, message) = begun();
                forge.say(from, ALERT, &[1, 90]);
                let end = forge.pair.end(from.other());
                if tls13 {
                    unexpected(end, "user_canceled");
                } else {
                    let canceled = Alert::warning(AlertDescription::USER_CANCELED);
                    assert_eq!(end.events.last(), Some(&Seen::Warning(canceled)));
                    forge.say(from, HANDSHAKE, &message[cut..]);
                    forge.pair.run().assert_connected();
                }

                let (mut forge, _) = begun();
                forge.say(from, ALERT, &[1, 0]);
                let end = forge.pair.end(from.other());
                match tls13 {
                    true => unexpected(end, "close_notify"),
                    false => assert_eq!(end.events.last(), Some(&Seen::Closed)),
                }

                // Who fails says so at once.
                let (mut forge, _) = begun();
                forge.say(from, ALERT, &[2, 80]);
                let error = forge.pair.end(from.other()).error.clone().unwrap();
                assert_eq!(*error.kind(), ErrorKind::PeerAlert(AlertDescription::INTERNAL_ERROR));
            }
        }
    }
}

/// A message that changes the keys ends its record: not even part of another may stand behind it (RFC 9846 5.1, RFC 5246 7.1).
#[test]
fn no_message_goes_on_under_other_keys() {
    for setup in setups() {
        for from in Side::BOTH {
            // The last plaintext record of each flight.
            let plain: Vec<usize> = flights(&setup, false, from)
                .iter()
                .take_while(|r| r[0] == HANDSHAKE)
                .enumerate()
                .map(|(number, _)| number)
                .collect();
            let at = *plain.last().unwrap();
            for part in [&[20][..], &[20, 0, 0], &[20, 0, 0, 12, 1, 2, 3]] {
                let mut pair = relay(&setup, false, from, |number, record| {
                    if number != at {
                        return vec![record];
                    }
                    vec![common::record(HANDSHAKE, header_version(&setup), &[&record[5..], part].concat())]
                });
                unexpected(pair.end(from.other()), &format!("{setup:?}: behind record {at} of the {from:?}"));
            }
        }
    }
    for from in Side::BOTH {
        let mut forge = Forge::connected(&setup(ProtocolVersion::TLS1_3));
        forge.say(from, HANDSHAKE, &[24, 0, 0, 1, 0, 24]);
        unexpected(forge.pair.end(from.other()), "behind KeyUpdate");
    }
}

// --- what is never in turn ---

#[test]
fn content_types_that_nobody_knows() {
    for version in FORGED {
        for from in Side::BOTH {
            for content in (0..20).chain(24..=255) {
                // TLS 1.3 hides it in the record.
                let mut forge = Forge::connected(&setup(version));
                forge.say(from, content, b"what is it");
                let end = forge.pair.end(from.other());
                match end.error.as_ref().map(|e| e.kind()) {
                    // Zero is padding, and what is before it is the type.
                    Some(ErrorKind::UnexpectedRecord { got, .. }) => {
                        let expected = if version == ProtocolVersion::TLS1_3 && content == 0 { b't' } else { content };
                        assert_eq!(*got, ContentType(expected));
                    }
                    other => panic!("{version} {content}: {other:?}"),
                }
                assert_eq!(end.alerts(), ["fatal unexpected_message"]);
            }
            let mut forge = Forge::connected(&setup(ProtocolVersion::TLS1_3));
            let zeros = forge.seal_padded(from, 0, &[], 40);
            forge.pair.end(from.other()).receive(&zeros, noon());
            unexpected(forge.pair.end(from.other()), "nothing but padding");
        }
    }
}

/// The first message is a ClientHello, and its answer a ServerHello.
#[test]
fn a_handshake_begins_with_hellos() {
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let (client, server) = setup(version).configs();
        let mut pair = Pair::new(&client, &server);
        pair.carry(Side::Client);
        // What each says itself, to the wrong side.
        let hellos = [pair.client.sent.clone(), records(&pair.server.transmit())[0].clone()];
        for kind in (0..=255).filter(|k| *k != 1) {
            let mut end = End::server(&server);
            match kind {
                2 => end.receive(&hellos[1], noon()),
                _ => end.receive(&record(HANDSHAKE, 0x0301, &[kind, 0, 0, 0]), noon()),
            }
            unexpected(&end, &format!("{kind} to a server"));
        }
        for kind in (3..=255).chain([1]) {
            let mut end = End::client(&client, noon());
            match kind {
                1 => end.receive(&hellos[0], noon()),
                _ => end.receive(&record(HANDSHAKE, 0x0303, &[kind, 0, 0, 0]), noon()),
            }
            unexpected(&end, &format!("{kind} to a client"));
        }
        for content in [CHANGE_CIPHER_SPEC, DATA] {
            let mut end = End::server(&server);
            end.receive(&record(content, 0x0301, &[1]), noon());
            let error = end.error.expect("it is no handshake");
            assert!(matches!(error.kind(), ErrorKind::UnexpectedRecord { .. } | ErrorKind::NotTls(_)), "{error}");
        }
    }
}

/// TLS 1.3 has no HelloRequest and no second ClientHello; TLS 1.2 has no KeyUpdate, and tickets in the handshake only.
#[test]
fn messages_of_the_other_family_after_the_handshake() {
    for version in FORGED {
        for from in Side::BOTH {
            for kind in 0..=25 {
                let mut forge = Forge::connected(&setup(version));
                let message = match kind {
                    1 => records(&forge.pair.client.sent)[0][5..].to_vec(),
                    _ => vec![kind, 0, 0, 0],
                };
                let refused_politely =
                    version == ProtocolVersion::TLS1_2 && kind == if from == Side::Client { 1 } else { 0 };
                let spoken = version == ProtocolVersion::TLS1_3 && (kind == 24 || kind == 4 && from == Side::Server);
                forge.say(from, HANDSHAKE, &message);
                let end = forge.pair.end(from.other());
                if refused_politely {
                    assert_eq!((&end.error, end.alerts()), (&None, vec!["warning no_renegotiation".to_owned()]));
                } else if spoken {
                    assert_eq!(end.alerts(), ["fatal decode_error"], "it is empty");
                } else {
                    let error = end.error.as_ref().unwrap_or_else(|| panic!("{version} {kind} from the {from:?}"));
                    // What is malformed, too, is out of place.
                    assert!(!end.is_connected(), "{error}");
                    let told = end.alerts();
                    assert!(told == ["fatal unexpected_message"] || told == ["fatal decode_error"], "{kind}: {told:?}");
                }
            }
        }
    }
}

/// Records that came before the failure are of no use after it.
#[test]
fn nothing_is_taken_after_a_failure() {
    let mut forge = Forge::connected(&setup(ProtocolVersion::TLS1_3));
    let mut stream = [
        forge.seal(Side::Client, DATA, b"good"),
        forge.seal(Side::Client, CHANGE_CIPHER_SPEC, &[1]),
        forge.seal(Side::Client, DATA, b"bad"),
    ]
    .concat();
    let connection = &mut forge.pair.server.connection;
    let received = connection.receive(&mut stream, noon()).unwrap();
    let used = received.used;
    assert!(matches!(received.event, Some(Event::Data(data)) if *data == *b"good"));
    let error = connection.receive(&mut stream[used..], noon()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnexpectedRecord { .. }));
    assert_eq!(connection.receive(&mut stream[used..], noon()).unwrap_err(), error);
}

//! Messages changed at random, but always in the same way for the same seed: nothing panics, nothing hangs, both ends come to an
//! end, and what decoders take they would write just so again.

mod common;

use common::certificates::Setup;
use common::{End, noon, record, records};
use handfast::crypto::{KeyExchangeKind, KeyKind, Suite};
use handfast::message::{ClassicForm, Dialect, Message};
use handfast::policy::SPOKEN;
use handfast::trace::Trace;
use handfast::wire::numbers::ProtocolVersion;
use handfast::wire::{CipherSuite, Field};
use std::sync::{Arc, Mutex};

const VERSIONS: &[ProtocolVersion] = SPOKEN;

/// A key that a client can sign with. SSL 3.0 knows no curves.
fn signs(version: ProtocolVersion) -> KeyKind {
    if version == ProtocolVersion::SSL3_0 { KeyKind::Rsa } else { KeyKind::Ecdsa }
}
const HANDSHAKE: u8 = 22;
const HEADER: usize = 4;

/// Numbers that look random (xorshift).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }

    /// Whether this one of so many comes up.
    fn one_of(&mut self, n: usize) -> bool {
        self.throw(n) == 0
    }

    /// Up to three changes of the kinds that parsers stumble over.
    fn change(&mut self, body: &mut Vec<u8>) {
        const EDGES: [u8; 7] = [0, 1, 2, 3, 127, 128, 255];
        for _ in 0..self.throw(4) {
            if body.is_empty() {
                return;
            }
            let at = self.throw(body.len());
            let end = (at + self.throw(40)).min(body.len());
            match self.throw(7) {
                0 => body[at] ^= 1 << self.throw(8),
                1 => body[at] = EDGES[self.throw(EDGES.len())],
                2 => drop(body.remove(at)),
                3 => body.insert(at, self.throw(256) as u8),
                4 => drop(body.drain(at..end)),
                5 => {
                    let piece = body[at..end].to_vec();
                    let to = self.throw(body.len());
                    drop(body.splice(to..to, piece));
                }
                _ => {
                    // What may be a length.
                    let length = [self.throw(4) as u8, self.throw(256) as u8];
                    body.iter_mut().skip(at).zip(length).for_each(|(to, from)| *to = from);
                }
            }
        }
        body.truncate(1 << 14);
    }

    /// Changes what is in these records, and leaves one out now and then. Mostly the header of a handshake message is made to fit.
    fn change_flight(&mut self, flight: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for whole in records(flight) {
            let (header, body) = whole.split_at(5);
            let (kind, version, mut body) = (header[0], u16::from_be_bytes([header[1], header[2]]), body.to_vec());
            self.change(&mut body);
            if kind == HANDSHAKE && body.len() >= HEADER && !self.one_of(3) {
                let [_, length @ ..] = ((body.len() - HEADER) as u32).to_be_bytes();
                body[1..HEADER].copy_from_slice(&length);
            }
            if !self.one_of(40) {
                out.extend(record(kind, version, &body));
            }
        }
        out
    }
}

/// With ECDHE and ECDSA; or, if so wanted, with RSA and another key exchange, where the version has it.
fn setup(version: ProtocolVersion, other: Option<usize>) -> Setup {
    const OTHERS: [CipherSuite; 6] = [
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA,
        CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA,
        CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA,
        CipherSuite::TLS_DHE_PSK_WITH_AES_128_CBC_SHA,
        CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA,
        CipherSuite::TLS_RSA_PSK_WITH_AES_128_CBC_SHA,
    ];
    let setup = Setup::new(version);
    let fits = |s: &CipherSuite| Suite::find(*s).is_some_and(|s| s.fits(version));
    match other.and_then(|n| OTHERS.get(n).copied()).filter(fits) {
        Some(suite) => setup.server(KeyKind::Rsa).suite(suite).hinted(),
        None => setup,
    }
}

#[test]
fn changed_flights_come_to_an_end() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut failed = 0;
    const ROUNDS: usize = 2500;
    for round in 0..ROUNDS {
        let version = VERSIONS[round % VERSIONS.len()];
        let mut setup = setup(version, (round % 2 == 0).then(|| dice.throw(6)));
        if dice.one_of(5) {
            setup = setup.mutual(signs(version));
        } else if round % 7 == 0 && setup.version == ProtocolVersion::TLS1_3 {
            setup = setup.psk();
        }
        if round % 8 == 0 && setup.version == ProtocolVersion::TLS1_3 {
            setup = setup.early();
        }
        let (client, server) = setup.configs();
        if round % 4 == 0 {
            // So that a session is offered.
            common::Pair::connected(&client, &server);
        }
        let (mut client, mut server) = (End::client(&client, noon()), End::server(&server));
        let chosen = dice.throw(4);
        let early = client.connection.early_data_room().map_or(&b""[..], |_| b"early");
        if !early.is_empty() {
            client.send_early(early);
        }
        for turn in 0..12 {
            let (from, to) = if turn % 2 == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
            from.drive(noon());
            let mut flight = from.transmit();
            if turn == chosen {
                flight = dice.change_flight(&flight);
            }
            to.receive(&flight, noon());
        }
        client.eof();
        server.eof();
        assert!(early.starts_with(&server.early), "what was not said is not heard");
        // Whoever did not fail has waited, and was cut off.
        for end in [&client, &server] {
            let words = end.error.as_ref().expect("an end without close_notify").explain();
            assert!(!words.why.is_empty());
        }
        failed += usize::from(!client.alerts().is_empty() || !server.alerts().is_empty());
    }
    assert!(failed > ROUNDS / 2, "most changes are noticed: {failed}");
}

/// Every message of every handshake, and how it is read.
fn messages() -> Vec<(Vec<u8>, Dialect)> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    for version in VERSIONS.iter().copied() {
        for other in (0..6).map(Some).chain([None]) {
            let (client, server) = setup(version, other).mutual(signs(version)).configs();
            for _ in 0..2 {
                let mut pair = common::Pair::new(&client, &server);
                for end in [&mut pair.client, &mut pair.server] {
                    let seen = seen.clone();
                    end.connection.observe(Box::new(move |trace: &Trace<'_>| {
                        if let Trace::Message { raw, dialect, .. } = trace {
                            seen.lock().unwrap().push((raw.to_vec(), *dialect));
                        }
                    }));
                }
                pair.run().assert_connected();
            }
        }
    }
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[test]
fn what_is_read_is_written_the_same_and_described() {
    /// Parts lie inside of what they are parts of.
    fn check(fields: &[Field], from: usize, to: usize) {
        for field in fields {
            assert!(from <= field.range.start && field.range.start <= field.range.end && field.range.end <= to);
            check(&field.parts, field.range.start, field.range.end);
        }
    }

    let messages = messages();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut read = 0;
    const ROUNDS: usize = 20_000;
    for _ in 0..ROUNDS {
        let (raw, dialect) = &messages[dice.throw(messages.len())];
        let mut raw = raw.clone();
        dice.change(&mut raw);
        if raw.len() >= HEADER && !dice.one_of(3) {
            let [_, length @ ..] = ((raw.len() - HEADER) as u32).to_be_bytes();
            raw[1..HEADER].copy_from_slice(&length);
        }
        use KeyExchangeKind as K;
        const EXCHANGES: [K; 8] = [K::Rsa, K::Dhe, K::Ecdhe, K::Psk, K::DhePsk, K::EcdhePsk, K::RsaPsk, K::Tls13];
        let dialect = match dice.throw(5) {
            0 => Dialect::Hello,
            1 => Dialect::Tls13,
            2 => Dialect::Classic(ClassicForm {
                schemes: dice.one_of(2),
                premaster_length: dice.one_of(2),
                no_certificate_alert: dice.one_of(2),
                key_exchange: EXCHANGES[dice.throw(8)],
                raw_public_key: dice.one_of(2),
            }),
            _ => *dialect,
        };
        let (fields, fault) = Message::describe(&raw, dialect);
        check(&fields, 0, raw.len());
        match Message::decode(&raw, dialect) {
            Ok(message) => {
                assert_eq!((message.to_bytes(), fault), (raw, None));
                read += 1;
            }
            Err(malformed) => assert_eq!(Some(malformed), fault),
        }
    }
    assert!((ROUNDS / 10..ROUNDS).contains(&read), "{read}");
}

//! A peer that sends anything: more or less like TLS, in any order, for ever. Whatever it is, the engine goes on or ends with a
//! typed error and its alert; it has little to say, and keeps to its word.

mod common;

use common::certificates::Setup;
use common::forge::Forge;
use common::{End, Pair, Side, noon, record};
use handfast::ErrorKind;
use handfast::crypto::KeyKind;
use handfast::policy::SPOKEN;
use handfast::wire::numbers::ProtocolVersion;

/// Numbers that are the same in every run (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Mostly short.
    fn bytes(&mut self) -> Vec<u8> {
        let most = [4, 40, 400, 4000][self.below(4)];
        (0..self.below(most)).map(|_| self.next() as u8).collect()
    }

    /// A message whose header is right, and perhaps its kind.
    fn message(&mut self) -> Vec<u8> {
        let body = self.bytes();
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[self.below(27) as u8], &length[1..], &body].concat()
    }

    /// Content and its type: an alert, part of a message, some messages, or anything.
    fn content(&mut self) -> (u8, Vec<u8>) {
        match self.below(6) {
            0 => (21, vec![1 + self.below(2) as u8, self.next() as u8]),
            1 => (22, self.message()),
            2 => (22, [self.message(), self.message()].concat()),
            3 => {
                let message = self.message();
                let cut = 1 + self.below(message.len());
                (22, message[..cut].to_vec())
            }
            4 => (20, vec![1]),
            _ => (20 + self.below(4) as u8, self.bytes()),
        }
    }
}

/// It has failed with an error that it stands by, or goes on; either way it is not talkative.
fn check(end: &mut End, what: &str) {
    let said = end.transmit();
    assert!(said.len() < 20_000, "{what}: it says {} bytes", said.len());
    let Some(error) = end.error.clone() else { return };
    assert!(
        !matches!(error.kind(), ErrorKind::Misuse(_) | ErrorKind::Config(_) | ErrorKind::BadAnswer),
        "{what}: {error}"
    );
    assert!(error.to_string().len() > 10);
    assert_eq!(end.connection.receive(&mut [22, 3, 3, 0, 0], noon()).unwrap_err(), error, "{what}");
    assert!(!end.is_connected() && !end.connection.can_send() && end.connection.wait().is_none());
    match end.expected_alert() {
        Some(alert) => assert_eq!(end.alerts().last(), Some(&format!("fatal {alert}")), "{what}: {error}"),
        None => assert!(!end.alerts().iter().any(|a| a.starts_with("fatal")), "{what}: {error}"),
    }
}

const EVERY: &[ProtocolVersion] = SPOKEN;

#[test]
fn before_anything_is_agreed() {
    let mut dice = Dice(1);
    for version in EVERY.iter().copied() {
        let (client, server) = Setup::new(version).configs();
        for n in 0..1500 {
            for side in Side::BOTH {
                let mut end = if side == Side::Client { End::client(&client, noon()) } else { End::server(&server) };
                for _ in 0..20 {
                    let bytes = match dice.below(10) {
                        0 => dice.bytes(),
                        _ => {
                            let (kind, content) = dice.content();
                            record(kind, 0x0300 + dice.below(5) as u16, &content)
                        }
                    };
                    end.receive(&bytes, noon());
                }
                assert!(!end.is_connected());
                check(&mut end, &format!("{version} {side:?} {n}"));
            }
        }
    }
}

/// After some steps of an honest handshake.
#[test]
fn in_the_midst_of_a_handshake() {
    let mut dice = Dice(2);
    for version in EVERY.iter().copied() {
        for setup in [Setup::new(version), Setup::new(version).mutual(KeyKind::Ecdsa)] {
            let (client, server) = setup.configs();
            for n in 0..300 {
                let mut pair = Pair::new(&client, &server);
                for step in 0..n % 4 {
                    pair.carry(Side::BOTH[step % 2]);
                }
                for side in Side::BOTH {
                    let was_connected = pair.end(side).is_connected();
                    for _ in 0..20 {
                        let (kind, content) = dice.content();
                        let bytes = record(kind, version.0.min(0x0303), &content);
                        pair.end(side).receive(&bytes, noon());
                    }
                    assert!(was_connected || !pair.end(side).is_connected());
                    check(pair.end(side), &format!("{setup:?} {side:?} {n}"));
                }
            }
        }
    }
}

/// From a peer that has the keys.
#[test]
fn inside_of_the_protection() {
    let mut dice = Dice(3);
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        let setup = Setup::new(version);
        let (client, server) = (setup.client_config(), setup.server_config());
        for n in 0..300 {
            for liar in Side::BOTH {
                let mut forge = Forge::of(client.clone(), server.clone()).connect();
                for _ in 0..20 {
                    let (kind, content) = dice.content();
                    forge.say(liar, kind, &content);
                }
                check(forge.pair.end(liar.other()), &format!("{version} {liar:?} {n}"));
            }
        }
        for n in 0..300 {
            for liar in Side::BOTH {
                let mut forge = Forge::of(client.clone(), server.clone());
                forge.pair.carry(Side::Client);
                forge.pair.server.drive(noon());
                if liar == Side::Client {
                    forge.pair.carry(Side::Server);
                    forge.pair.client.drive(noon());
                } else {
                    // Up to the server's first protected record, or all there is.
                    let sent = common::records(&forge.pair.server.transmit());
                    sent.iter().take_while(|r| r[0] != 23).for_each(|r| forge.pair.client.receive(r, noon()));
                    forge.pair.client.drive(noon());
                }
                if version == ProtocolVersion::TLS1_2 {
                    // The keys come with ChangeCipherSpec; who has none yet cannot be lied to.
                    if liar == Side::Server {
                        continue;
                    }
                    let sent = common::records(&forge.pair.client.transmit());
                    sent.iter().take(sent.len() - 1).for_each(|r| forge.pair.server.receive(r, noon()));
                }
                let connected = forge.pair.end(liar.other()).is_connected();
                assert!(!connected);
                for number in 0..20 {
                    let (kind, content) = dice.content();
                    let record = forge.seal_early(liar, number, kind, &content);
                    forge.pair.end(liar.other()).receive(&record, noon());
                }
                assert!(!forge.pair.end(liar.other()).is_connected());
                check(forge.pair.end(liar.other()), &format!("{version} {liar:?} {n}, early"));
            }
        }
    }
}

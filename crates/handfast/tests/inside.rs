//! What is wrong inside of the protection: messages that an authenticated peer seals as it should, and that are not as they
//! should be. (Outside of it, every byte is flipped in `flips.rs`.)

mod common;

use common::certificates::Setup;
use common::forge::Forge;
use common::{Pair, Side, noon, records};
use handfast::crypto::KeyKind;
use handfast::message::HEADER;
use handfast::wire::numbers::{HandshakeType, ProtocolVersion};
use handfast::{ClientConfig, ErrorKind, ServerConfig};

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

/// A conversation of TLS 1.3, or TLS 1.2, and who is to lie in it.
struct Scene {
    client: ClientConfig,
    server: ServerConfig,
    resumed: bool,
    liar: Side,
}

impl Scene {
    fn all(version: ProtocolVersion) -> Vec<Self> {
        let mut out = Vec::new();
        for (setup, resumed) in [
            (Setup::new(version), false),
            (Setup::new(version).mutual(KeyKind::Ecdsa), false),
            (Setup::new(version), true),
        ] {
            for liar in Side::BOTH {
                let (client, server) = (setup.client_config(), setup.server_config());
                out.push(Self { client, server, resumed, liar });
            }
        }
        out
    }

    /// Just before the liar's protected messages arrive; and these messages.
    fn before_the_lie(&self) -> (Forge, Vec<Vec<u8>>) {
        if self.resumed {
            // Each is used once.
            Forge::of(self.client.clone(), self.server.clone()).connect();
        }
        let mut forge = Forge::of(self.client.clone(), self.server.clone());
        for _ in 0..3 {
            for side in Side::BOTH {
                forge.pair.end(side).drive(noon());
                let sent = records(&forge.pair.end(side).transmit());
                let lie = sent.iter().position(|r| r[0] == DATA).or_else(|| {
                    // Up to TLS 1.2 behind ChangeCipherSpec.
                    sent.iter().position(|r| r[0] == CHANGE_CIPHER_SPEC).map(|at| at + 1)
                });
                match lie {
                    Some(at) if side == self.liar && sent.len() > at => {
                        let deliver = |pair: &mut Pair| {
                            for record in &sent[..at] {
                                pair.end(side.other()).receive(record, noon());
                            }
                        };
                        deliver(&mut forge.pair);
                        let messages = self.protected_messages(&forge);
                        return (forge, messages);
                    }
                    _ => sent.iter().for_each(|r| forge.pair.end(side.other()).receive(r, noon())),
                }
            }
        }
        panic!("{:?} sends nothing protected", self.liar);
    }

    /// The messages that the liar meant to send under its first keys.
    fn protected_messages(&self, forge: &Forge) -> Vec<Vec<u8>> {
        let end = if self.liar == Side::Client { &forge.pair.client } else { &forge.pair.server };
        end.log().flights.iter().find(|f| f.protected && !f.messages.is_empty()).expect("a flight").messages.clone()
    }

    /// Sends the changed messages in the place of the true ones. The peer must not be connected by them.
    fn lie(&self, what: &str, change: impl Fn(&mut Vec<Vec<u8>>)) -> Option<ErrorKind> {
        let (mut forge, mut messages) = self.before_the_lie();
        change(&mut messages);
        let bytes = messages.concat();
        if !bytes.is_empty() {
            let record = forge.seal_early(self.liar, 0, HANDSHAKE, &bytes);
            forge.pair.end(self.liar.other()).receive(&record, noon());
        }
        let end = forge.pair.end(self.liar.other());
        let what = format!("{what}, resumed: {}, by the {:?}", self.resumed, self.liar);
        assert!(!end.is_connected(), "{what}: it got by");
        let Some(error) = end.error.clone() else {
            // It waits for the rest of a message, or for one that does not come.
            end.eof();
            let kind = end.error.as_ref().map(|e| e.kind().clone());
            assert_eq!(kind, Some(ErrorKind::Truncated { established: false }), "{what}");
            return None;
        };
        let alert = error.alert().unwrap_or_else(|| panic!("{what}: {error}"));
        assert_eq!(end.alerts(), [format!("fatal {alert}")], "{what}");
        let ours = matches!(error.kind(), ErrorKind::BadRecordMac | ErrorKind::Misuse(_) | ErrorKind::Config(_));
        assert!(!ours, "{what}: {error}");
        Some(error.kind().clone())
    }

    fn lengths(&self) -> Vec<(HandshakeType, usize)> {
        self.before_the_lie().1.iter().map(|m| (HandshakeType(m[0]), m.len())).collect()
    }
}

#[test]
fn unchanged_it_is_taken() {
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        for scene in Scene::all(version) {
            let (mut forge, messages) = scene.before_the_lie();
            let record = forge.seal_early(scene.liar, 0, HANDSHAKE, &messages.concat());
            forge.pair.end(scene.liar.other()).receive(&record, noon());
            let end = forge.pair.end(scene.liar.other());
            assert!(end.is_connected(), "{version} {:?}: {:?}", scene.liar, end.error);
        }
    }
}

/// One bit of each byte.
#[test]
fn every_byte_of_every_protected_message() {
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        for scene in Scene::all(version) {
            for (n, (kind, length)) in scene.lengths().into_iter().enumerate() {
                for at in 0..length {
                    scene.lie(&format!("{version}, {kind}, byte {at}"), |messages| {
                        if let Some(byte) = messages[n].get_mut(at) {
                            *byte ^= 1 << (at % 8);
                        } else {
                            // An ECDSA signature is shorter now and then.
                            messages[n].pop();
                        }
                    });
                }
            }
        }
    }
}

/// Messages that are shorter or longer than what is in them: decode_error, before anything is believed.
#[test]
fn messages_too_short_and_too_long() {
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        for scene in Scene::all(version) {
            for (n, (kind, length)) in scene.lengths().into_iter().enumerate() {
                for by in [-4, -1, 1, 100] {
                    let body = usize::try_from(length as isize - HEADER as isize + by).unwrap_or(0);
                    let what = format!("{version}, {kind}, {body} bytes");
                    let refusal = scene.lie(&what, |messages| {
                        let now = messages[n].len() as isize + by;
                        messages[n].resize(usize::try_from(now).unwrap_or(0).max(HEADER), 0);
                        let body = u32::try_from(messages[n].len() - HEADER).unwrap().to_be_bytes();
                        messages[n][1..HEADER].copy_from_slice(&body[1..]);
                    });
                    let refusal = refusal.unwrap_or_else(|| panic!("{what}: it waits"));
                    // Finished is as long as it is: in TLS 1.3 nothing in it says how long that should be.
                    let fits = matches!(refusal, ErrorKind::Malformed(_))
                        || kind == HandshakeType::FINISHED && refusal == ErrorKind::BadFinished;
                    assert!(fits, "{what}: {refusal:?}");
                }
            }
        }
    }
}

/// Each left out, and each twice.
#[test]
fn messages_left_out_and_doubled() {
    for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        for scene in Scene::all(version) {
            for (n, (kind, _)) in scene.lengths().into_iter().enumerate() {
                let left_out = scene.lie(&format!("{version}, no {kind}"), |messages| {
                    messages.remove(n);
                });
                let unexpected = |kind: &ErrorKind| matches!(kind, ErrorKind::UnexpectedMessage { .. });
                // Without its CertificateRequest a flight is whole, and its Finished wrong; without its Finished it has not ended.
                let fits = match left_out {
                    None => kind == HandshakeType::FINISHED,
                    Some(why) if kind == HandshakeType::CERTIFICATE_REQUEST => {
                        matches!(why, ErrorKind::BadSignature | ErrorKind::BadFinished)
                    }
                    Some(why) => unexpected(&why),
                };
                assert!(fits, "{version}: no {kind}");
                let doubled = scene.lie(&format!("{version}, two {kind}"), |messages| {
                    let again = messages[n].clone();
                    messages.insert(n, again);
                });
                assert!(doubled.as_ref().is_some_and(unexpected), "{version}, two {kind}: {doubled:?}");
            }
        }
    }
}

/// After the handshake: every value and every length of a KeyUpdate.
#[test]
fn key_updates_of_every_form() {
    for liar in Side::BOTH {
        for value in 0..=255 {
            let mut forge = Forge::connected(&Setup::new(ProtocolVersion::TLS1_3));
            forge.say(liar, HANDSHAKE, &[24, 0, 0, 1, value]);
            let end = forge.pair.end(liar.other());
            let told: &[&str] = if value < 2 { &[] } else { &["fatal illegal_parameter"] };
            assert_eq!(end.alerts(), told, "{value}");
        }
        for body in [&[][..], &[0, 0], &[1, 0, 0]] {
            let mut forge = Forge::connected(&Setup::new(ProtocolVersion::TLS1_3));
            forge.say(liar, HANDSHAKE, &[&[24, 0, 0, body.len() as u8], body].concat());
            assert_eq!(forge.pair.end(liar.other()).alerts(), ["fatal decode_error"]);
        }
    }
}

/// A ticket is taken as it is, or refused, and never more.
#[test]
fn every_byte_of_a_ticket() {
    let setup = Setup::new(ProtocolVersion::TLS1_3);
    let (client, server) = (setup.client_config(), setup.server_config());
    // lifetime, age_add, nonce, ticket, extensions
    let ticket =
        [&[0, 0, 14, 16][..], &[1, 2, 3, 4], &[2, 0, 1], &[0, 5], b"opens", &[0, 6, 90, 90, 0, 2, 7, 7]].concat();
    let mut taken = 0;
    for at in 0..=ticket.len() {
        for bit in 0..8 {
            let mut body = ticket.clone();
            if let Some(byte) = body.get_mut(at) {
                *byte ^= 1 << bit;
            }
            let mut forge = Forge::of(client.clone(), server.clone()).connect();
            forge.say(Side::Server, HANDSHAKE, &[&[4, 0, 0, body.len() as u8][..], &body].concat());
            let end = &forge.pair.client;
            match &end.error {
                None => taken += 1,
                Some(error) => {
                    let fits = matches!(error.kind(), ErrorKind::Malformed(_) | ErrorKind::IllegalParameter { .. });
                    assert!(fits, "{at}: {error}");
                    assert_eq!(end.alerts(), [format!("fatal {}", error.alert().unwrap())]);
                }
            }
        }
    }
    assert!(taken > 8 * 10, "{taken}");
}

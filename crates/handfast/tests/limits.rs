//! Every row of the table of limits in SECURITY.md, at the limit and one past it.

mod common;

use common::certificates::{Setup, client_credential, server_credential};
use common::forge::Forge;
use common::{End, Pair, Seen, Side, noon, pattern, record};
use handfast::alert::{Alert, AlertDescription};
use handfast::buffered::{Buffered, Next};
use handfast::config::Limits;
use handfast::crypto::{Credential, KeyKind};
use handfast::error::Limit;
use handfast::extension::{Extension, Extensions};
use handfast::message::{ClientHello, HEADER, Message, NewSessionTicket13, ServerHello};
use handfast::pki_types::CertificateDer;
use handfast::policy::SPOKEN;
use handfast::session::{ClientStore, MemoryClientStore, SessionKey};
use handfast::verify::{CertificateError, PeerToVerify, Verified, Verifier};
use handfast::wire::Problem;
use handfast::wire::numbers::{ExtensionType, ProtocolVersion};
use handfast::{ClientAuth, ClientConfig, ErrorKind, Event, Reply, ServerConfig, Time};
use std::sync::Arc;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

const FORGED: [ProtocolVersion; 2] = [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];
const EVERY: &[ProtocolVersion] = SPOKEN;

/// Believes everyone: chains here are long, not good.
#[derive(Debug)]
struct Anyone;

impl Verifier for Anyone {
    fn verify(&self, _: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        Reply::Now(Ok(Verified::because("not checked")))
    }
}

fn setup(version: ProtocolVersion) -> Setup {
    Setup::new(version)
}

/// Refused for this limit, with this alert, which the peer hears.
#[track_caller]
fn refused(pair: &mut Pair, by: Side, limit: Limit, alert: AlertDescription) {
    pair.run();
    let end = pair.end(by);
    let error = end.error.clone().expect("it went too far");
    assert_eq!(*error.kind(), ErrorKind::TooMuch(limit), "{error}");
    assert_eq!((error.alert(), end.alerts()), (Some(alert), vec![Alert::fatal(alert).to_string()]));
    assert!(!end.is_connected());
    let heard = pair.end(by.other()).error.as_ref().map(|e| e.kind().clone());
    assert_eq!(heard, Some(ErrorKind::PeerAlert(alert)));
}

/// Both ends' configs, in which both show certificates and believe anything.
struct Configs {
    client: ClientConfig,
    server: ServerConfig,
}

impl Configs {
    /// Keys whose signatures are always of one length, where the version has such.
    fn new(version: ProtocolVersion) -> Self {
        let kind = if version < ProtocolVersion::TLS1_2 { KeyKind::Rsa } else { KeyKind::Ed25519 };
        let setup = setup(version).server(kind).mutual(kind);
        let (mut client, mut server) = (setup.client_config(), setup.server_config());
        client.verifier = Arc::new(Anyone);
        client.store = None;
        server.client_auth = ClientAuth::Required(Arc::new(Anyone));
        let mut configs = Self { client, server };
        for side in Side::BOTH {
            configs.chain(side, &[]);
        }
        configs
    }

    fn kind(&self) -> KeyKind {
        if self.client.policy.max_version < ProtocolVersion::TLS1_2 { KeyKind::Rsa } else { KeyKind::Ed25519 }
    }

    /// Behind the own certificate of `side` come others of these lengths.
    fn chain(&mut self, side: Side, more: &[usize]) {
        let own = match side {
            Side::Client => client_credential(self.kind()),
            Side::Server => server_credential(self.kind()),
        };
        let filler = more.iter().map(|n| CertificateDer::from(vec![0x5a; *n]));
        let chain = own.chain.iter().cloned().chain(filler).collect();
        let credential = Arc::new(Credential::new(chain, own.key.clone()));
        match side {
            Side::Client => self.client.credentials = Some(credential),
            Side::Server => self.server.credentials = credential,
        }
    }

    /// The limits of `side`.
    fn limits(&mut self, side: Side) -> &mut Limits {
        match side {
            Side::Client => &mut self.client.limits,
            Side::Server => &mut self.server.limits,
        }
    }

    fn run(&self) -> Pair {
        let mut pair = Pair::new(&Arc::new(self.client.clone()), &Arc::new(self.server.clone()));
        pair.run();
        pair
    }

    /// Makes the Certificate message of `side` this long, its header apart.
    fn certificate_of(&mut self, side: Side, bytes: usize) {
        let own = match side {
            Side::Client => client_credential(self.kind()),
            Side::Server => server_credential(self.kind()),
        };
        let tls13 = self.client.policy.max_version == ProtocolVersion::TLS1_3;
        let (head, each) = if tls13 { (1 + 3, 3 + 2) } else { (3, 3) };
        self.chain(side, &[bytes - head - each - own.chain[0].len() - each]);
    }
}

/// What the table says.
#[test]
fn the_defaults() {
    let limits = Limits::default();
    assert_eq!((limits.message_size, limits.handshake_bytes, limits.chain), (65_536, 262_144, 10));
    assert_eq!((limits.empty_records, limits.warnings, limits.key_updates), (32, 4, 32));
    assert_eq!((limits.change_cipher_specs, limits.renegotiations, limits.tickets), (32, 4, 16));
    assert_eq!(limits.renegotiation_data, 1 << 20);
}

// --- messages, handshakes, chains ---

#[test]
fn bytes_of_a_message() {
    for version in EVERY.iter().copied() {
        for receiver in Side::BOTH {
            for most in [65_536, 20_000] {
                let mut configs = Configs::new(version);
                if most != Limits::default().message_size {
                    configs.limits(receiver).message_size = most;
                }
                configs.certificate_of(receiver.other(), most);
                configs.run().assert_connected();
                configs.certificate_of(receiver.other(), most + 1);
                refused(&mut configs.run(), receiver, Limit::MessageSize, AlertDescription::ILLEGAL_PARAMETER);
            }
        }
    }
}

#[test]
fn bytes_of_a_handshake() {
    for version in EVERY.iter().copied() {
        for receiver in Side::BOTH {
            for most in [262_144, 30_000] {
                let mut configs = Configs::new(version);
                configs.limits(receiver).message_size = 1 << 20;
                if most != Limits::default().handshake_bytes {
                    configs.limits(receiver).handshake_bytes = most;
                }
                configs.certificate_of(receiver.other(), 20_000);
                let mut pair = configs.run();
                pair.assert_connected();
                let all = pair.end(receiver).log().handshake_bytes;
                configs.certificate_of(receiver.other(), 20_000 + most - all);
                let mut pair = configs.run();
                pair.assert_connected();
                assert_eq!(pair.end(receiver).log().handshake_bytes, most, "{version} {receiver:?}");
                configs.certificate_of(receiver.other(), 20_001 + most - all);
                refused(&mut configs.run(), receiver, Limit::HandshakeBytes, AlertDescription::ILLEGAL_PARAMETER);
            }
        }
    }
}

/// Messages that are ignored count too: HelloRequests, which a server may send without end.
#[test]
fn hello_requests_have_an_end() {
    let (client, _) = setup(ProtocolVersion::TLS1_2).configs();
    let mut client = End::client(&client, noon());
    let requests = record(HANDSHAKE, 0x0303, &[0; 1 << 14]);
    for _ in 0..16 {
        client.receive(&requests, noon());
        assert!(client.error.is_none());
    }
    client.receive(&record(HANDSHAKE, 0x0303, &[0; 4]), noon());
    assert_eq!(*client.error.unwrap().kind(), ErrorKind::TooMuch(Limit::HandshakeBytes));
}

#[test]
fn certificates_in_a_chain() {
    for version in EVERY.iter().copied() {
        for receiver in Side::BOTH {
            for most in [10, 1, 3, 50] {
                let mut configs = Configs::new(version);
                if most != Limits::default().chain {
                    configs.limits(receiver).chain = most;
                }
                configs.chain(receiver.other(), &vec![40; most - 1]);
                let mut pair = configs.run();
                pair.assert_connected();
                assert_eq!(pair.end(receiver).negotiated().peer_chain.len(), most);
                for over in [1, 500] {
                    configs.chain(receiver.other(), &vec![40; most - 1 + over]);
                    refused(&mut configs.run(), receiver, Limit::Chain, AlertDescription::BAD_CERTIFICATE);
                }
            }
        }
    }
}

// --- records and alerts ---

/// Forges as many records as the limit says, which pass, then data, and again; then one more, which does not.
#[track_caller]
fn until_refused(forge: &mut Forge, from: Side, content: u8, body: &[u8], most: u32) {
    for round in 0..2 {
        for _ in 0..most {
            forge.say(from, content, body);
        }
        let end = forge.pair.end(from.other());
        assert!(end.error.is_none(), "{round}: {:?}", end.error);
        forge.say(from, DATA, b"data");
    }
    assert_eq!(forge.pair.end(from.other()).data, b"datadata");
    for _ in 0..=most {
        forge.say(from, content, body);
    }
}

/// Configs of this version in which this side has other limits.
fn with_limits(version: ProtocolVersion, side: Side, change: impl Fn(&mut Limits)) -> (ClientConfig, ServerConfig) {
    let (mut client, mut server) = (setup(version).client_config(), setup(version).server_config());
    change(if side == Side::Client { &mut client.limits } else { &mut server.limits });
    (client, server)
}

#[test]
fn empty_records() {
    for version in FORGED {
        for from in Side::BOTH {
            for most in [32, 0, 3] {
                let configs = with_limits(version, from.other(), |limits| {
                    if most != 32 {
                        limits.empty_records = most;
                    }
                });
                let mut forge = Forge::of(configs.0, configs.1).connect();
                until_refused(&mut forge, from, DATA, &[], most);
                let events = forge.pair.end(from.other()).events.clone();
                assert!(!events.contains(&Seen::Data(vec![])), "an empty record is no event");
                refused(&mut forge.pair, from.other(), Limit::EmptyRecords, AlertDescription::UNEXPECTED_MESSAGE);
            }
        }
    }
}

/// Those that TLS 1.3 pads are as empty.
#[test]
fn empty_records_with_padding() {
    let mut forge = Forge::connected(&setup(ProtocolVersion::TLS1_3));
    for n in 0..=32 {
        assert!(forge.pair.server.error.is_none());
        let padded = forge.seal_padded(Side::Client, DATA, &[], 500 * n);
        forge.pair.server.receive(&padded, noon());
    }
    refused(&mut forge.pair, Side::Server, Limit::EmptyRecords, AlertDescription::UNEXPECTED_MESSAGE);
}

#[test]
fn warnings() {
    for version in FORGED {
        for from in Side::BOTH {
            for most in [4, 0, 9] {
                let configs = with_limits(version, from.other(), |limits| {
                    if most != 4 {
                        limits.warnings = most;
                    }
                });
                let mut forge = Forge::of(configs.0, configs.1).connect();
                let warning = Alert::warning(AlertDescription::USER_CANCELED);
                until_refused(&mut forge, from, ALERT, &[1, warning.description.0], most);
                let told = forge.pair.end(from.other()).events.iter().filter(|e| **e == Seen::Warning(warning)).count();
                assert_eq!(told, 3 * most as usize);
                refused(&mut forge.pair, from.other(), Limit::Warnings, AlertDescription::UNEXPECTED_MESSAGE);
            }
        }
    }
}

#[test]
fn warnings_in_a_handshake() {
    for version in EVERY.iter().copied() {
        let header = version.0.min(0x0303);
        let (client, server) = setup(version).configs();
        for over in [0, 1] {
            let mut pair = Pair::new(&client, &server);
            pair.carry(Side::Client);
            for _ in 0..4 + over {
                pair.server.receive(&record(ALERT, header, &[1, 90]), noon());
            }
            if over == 0 {
                pair.run().assert_connected();
            } else {
                refused(&mut pair, Side::Server, Limit::Warnings, AlertDescription::UNEXPECTED_MESSAGE);
            }
        }
    }
}

#[test]
fn key_updates() {
    for from in Side::BOTH {
        for request in [false, true] {
            for most in [32, 0, 2] {
                let configs = with_limits(ProtocolVersion::TLS1_3, from.other(), |limits| {
                    if most != 32 {
                        limits.key_updates = most;
                    }
                });
                let mut forge = Forge::of(configs.0, configs.1).connect();
                let pair = &mut forge.pair;
                let update = |pair: &mut Pair| {
                    pair.end(from).connection.update_keys(request, noon()).unwrap();
                    pair.run();
                };
                for _ in 0..2 {
                    (0..most).for_each(|_| update(pair));
                    pair.assert_connected();
                    pair.end(from).send(b"data");
                    pair.run();
                }
                for _ in 0..most {
                    update(pair);
                }
                pair.assert_connected();
                update(pair);
                refused(pair, from.other(), Limit::KeyUpdates, AlertDescription::UNEXPECTED_MESSAGE);
            }
        }
        // A record without content is no data.
        let mut forge = Forge::connected(&setup(ProtocolVersion::TLS1_3));
        for n in 0..=32 {
            forge.pair.assert_connected();
            if n == 32 {
                forge.say(from, DATA, &[]);
                forge.say(from, HANDSHAKE, &[24, 0, 0, 1, 0]);
                break;
            }
            forge.pair.end(from).connection.update_keys(false, noon()).unwrap();
            forge.pair.run();
        }
        let error = forge.pair.end(from.other()).error.clone().unwrap();
        assert_eq!(*error.kind(), ErrorKind::TooMuch(Limit::KeyUpdates));
    }
}

#[test]
fn change_cipher_specs() {
    let disguise = record(CHANGE_CIPHER_SPEC, 0x0303, &[1]);
    for receiver in Side::BOTH {
        for most in [32, 1, 7] {
            let (client, server) = with_limits(ProtocolVersion::TLS1_3, receiver, |limits| {
                if most != 32 {
                    limits.change_cipher_specs = most;
                }
            });
            let (client, server) = (Arc::new(client), Arc::new(server));
            // The peer's own is one of them.
            for (more, passes) in [(most - 1, true), (most, false)] {
                let mut pair = Pair::new(&client, &server);
                if receiver == Side::Server {
                    pair.carry(Side::Client);
                }
                for _ in 0..more {
                    pair.end(receiver).receive(&disguise, noon());
                }
                pair.run();
                if passes {
                    pair.assert_connected();
                } else {
                    refused(&mut pair, receiver, Limit::ChangeCipherSpecs, AlertDescription::UNEXPECTED_MESSAGE);
                }
            }
        }
    }
}

/// A client's second hello, and a server's wish for one: refused, with no_renegotiation, and the connection goes on.
#[test]
fn requests_for_a_new_handshake() {
    let no = Alert::warning(AlertDescription::NO_RENEGOTIATION);
    for from in Side::BOTH {
        for most in [4, 0, 2] {
            let configs = with_limits(ProtocolVersion::TLS1_2, from.other(), |limits| {
                if most != 4 {
                    limits.renegotiations = most;
                }
            });
            let mut forge = Forge::of(configs.0, configs.1).connect();
            let hello = forge.pair.client.sent[5..].to_vec();
            let length = HEADER + usize::from(u16::from_be_bytes([hello[2], hello[3]]));
            let request = if from == Side::Client { &hello[..length] } else { &[0, 0, 0, 0] };
            for n in 0..most {
                forge.say(from, HANDSHAKE, request);
                // Data between makes no difference: it is the connection's.
                forge.say(from, DATA, b"data");
                assert_eq!(forge.pair.end(from.other()).alerts(), vec![no.to_string(); n as usize + 1]);
            }
            let answers = forge.pair.end(from.other()).transmit();
            let asker = forge.pair.end(from);
            asker.receive(&answers, noon());
            assert_eq!(asker.events.iter().filter(|e| **e == Seen::Warning(no)).count(), most as usize);
            assert!(asker.is_connected() && asker.alerts().is_empty());
            forge.pair.assert_connected();
            forge.say(from, HANDSHAKE, request);
            forge.pair.run();
            let end = forge.pair.end(from.other());
            assert_eq!(*end.error.as_ref().unwrap().kind(), ErrorKind::TooMuch(Limit::Renegotiations));
            assert_eq!(end.alerts().last().map(String::as_str), Some("fatal unexpected_message"));
        }
    }
}

#[test]
fn tickets_that_are_kept() {
    for (most, given) in [(16, 15), (16, 16), (16, 17), (16, 40), (0, 1), (3, 9)] {
        let (mut client, mut server) = with_limits(ProtocolVersion::TLS1_3, Side::Client, |limits| {
            if most != 16 {
                limits.tickets = most;
            }
        });
        let store = Arc::new(MemoryClientStore::new(1, 1000, 1 << 20));
        client.store = Some(store.clone());
        server.ticket_count = given;
        let mut pair = Pair::connected(&Arc::new(client), &Arc::new(server));
        pair.exchange(10);
        let key = SessionKey(common::NAME.into());
        let taken = std::iter::from_fn(|| match store.take(&key, noon()) {
            Reply::Now(remembered) => remembered.session,
            Reply::Later => panic!("it is in memory"),
        });
        assert_eq!(taken.count(), given.min(most as usize));
    }
}

#[test]
fn content_of_a_record() {
    const MOST: usize = 16_384;
    let overflow = "fatal record_overflow";
    let check = |forge: &mut Forge, receiver: Side, what: &str| {
        forge.pair.run();
        let end = forge.pair.end(receiver);
        assert_eq!(*end.error.as_ref().expect(what).kind(), ErrorKind::RecordOverflow, "{what}");
        assert_eq!(end.alerts(), [overflow], "{what}");
        assert!(end.data.is_empty());
    };
    for version in FORGED {
        for from in Side::BOTH {
            let mut forge = Forge::connected(&setup(version));
            forge.say(from, DATA, &pattern(MOST));
            assert!(forge.pair.end(from.other()).data == pattern(MOST));
            let mut forge = Forge::connected(&setup(version));
            forge.say(from, DATA, &pattern(MOST + 1));
            check(&mut forge, from.other(), "content");
            // The whole fragment, at its header.
            let most = MOST + if version == ProtocolVersion::TLS1_3 { 256 } else { 2048 };
            for (length, passes) in [(most, true), (most + 1, false)] {
                let mut forge = Forge::connected(&setup(version));
                let header = [&[DATA, 3, 3][..], &u16::try_from(length).unwrap().to_be_bytes()].concat();
                forge.pair.end(from.other()).receive(&header, noon());
                match passes {
                    true => assert!(forge.pair.end(from.other()).error.is_none()),
                    false => check(&mut forge, from.other(), "fragment"),
                }
            }
        }
    }
    // TLS 1.3's padding counts as content.
    for (padding, passes) in [(MOST - 100, true), (MOST - 99, false)] {
        let mut forge = Forge::connected(&setup(ProtocolVersion::TLS1_3));
        let padded = forge.seal_padded(Side::Client, DATA, &pattern(100), padding);
        forge.pair.server.receive(&padded, noon());
        match passes {
            true => assert_eq!(forge.pair.server.data, pattern(100)),
            false => check(&mut forge, Side::Server, "padding"),
        }
    }
    // Without protection.
    let (client, server) = setup(ProtocolVersion::TLS1_2).configs();
    for side in Side::BOTH {
        for (length, passes) in [(MOST, true), (MOST + 1, false)] {
            let mut end = if side == Side::Client { End::client(&client, noon()) } else { End::server(&server) };
            let header = [&[HANDSHAKE, 3, 1][..], &u16::try_from(length).unwrap().to_be_bytes()].concat();
            end.receive(&header, noon());
            match (&end.error, passes) {
                (None, true) => {}
                (Some(error), false) => assert_eq!(*error.kind(), ErrorKind::RecordOverflow),
                (error, _) => panic!("{length}: {error:?}"),
            }
        }
    }
}

/// Extensions that nobody knows, so that there are `n` in all.
fn padded(extensions: &mut Extensions<'_>, n: usize) {
    let more = n - extensions.list.len();
    extensions.list.extend((0..more).map(|i| Extension::Unknown(ExtensionType(0x5a00 + i as u16), &[])));
}

#[test]
fn extensions_in_a_block() {
    const MOST: usize = 128;
    let too_many = |end: &End| {
        let error = end.error.clone().expect("too many");
        assert!(matches!(error.kind(), ErrorKind::Malformed(m) if m.problem == Problem::Length), "{error}");
        assert_eq!(end.alerts(), ["fatal decode_error"]);
    };
    for version in FORGED {
        let (client, server) = setup(version).configs();
        // The ClientHello: at the limit the server goes on.
        for (n, passes) in [(MOST, true), (MOST + 1, false)] {
            let sent = End::client(&client, noon()).transmit();
            let mut hello = ClientHello::from_body(&sent[5 + HEADER..]).unwrap();
            padded(&mut hello.extensions, n);
            let mut end = End::server(&server);
            end.receive(&record(HANDSHAKE, 0x0301, &Message::ClientHello(hello).to_bytes()), noon());
            match passes {
                true => assert!(end.error.is_none() && end.flight().contains(&"ServerHello".to_owned())),
                false => too_many(&end),
            }
        }
        // The ServerHello: what was not asked for is refused, but not for how much it is.
        for (n, passes) in [(MOST, true), (MOST + 1, false)] {
            let mut pair = Pair::new(&client, &server);
            pair.carry(Side::Client);
            let sent = pair.server.transmit();
            let length = HEADER + usize::from(u16::from_be_bytes([sent[5 + 2], sent[5 + 3]]));
            let hello = Message::decode(&sent[5..5 + length], handfast::message::Dialect::Hello).unwrap();
            let Message::ServerHello(ServerHello { fixed, mut extensions }) = hello else { panic!("{hello:?}") };
            padded(&mut extensions, n);
            let raw = Message::ServerHello(ServerHello { fixed, extensions }).to_bytes();
            pair.client.receive(&record(HANDSHAKE, 0x0303, &raw), noon());
            let kind = pair.client.error.as_ref().unwrap().kind();
            match passes {
                true => assert_eq!(*kind, ErrorKind::UnsolicitedExtension(ExtensionType(0x5a00))),
                false => too_many(&pair.client),
            }
        }
    }
    // A ticket's, where unknown ones are passed over.
    for (n, passes) in [(MOST, true), (MOST + 1, false)] {
        let mut forge = Forge::connected(&setup(ProtocolVersion::TLS1_3));
        let mut extensions = Extensions::of(Vec::new());
        padded(&mut extensions, n);
        let ticket = NewSessionTicket13 { lifetime: 60, age_add: 1, nonce: &[1], ticket: &[2], extensions };
        forge.say(Side::Server, HANDSHAKE, &Message::NewSessionTicket13(ticket).to_bytes());
        match passes {
            true => forge.pair.assert_connected(),
            false => too_many(&forge.pair.client),
        }
    }
}

/// Until a server's config is chosen by the ClientHello, the limits given beside the source hold; then the config's.
#[test]
fn limits_before_the_config_is_known() {
    let (client, server) = setup(ProtocolVersion::TLS1_2).configs();
    let listen = |limits: Limits, server: ServerConfig| {
        let source = Arc::new(common::later::Always(Some(Arc::new(server))));
        let connection = handfast::Connection::server_by_hello(source, handfast::crypto::aws_lc::provider(), limits);
        let mut pair = Pair::of(End::client(&client, noon()), End::new(connection), noon());
        pair.run();
        pair
    };
    let hello = End::client(&client, noon()).transmit().len() - 5 - HEADER;
    let mut limits = Limits::default();
    limits.message_size = hello;
    listen(limits.clone(), (*server).clone()).assert_connected();
    limits.message_size = hello - 1;
    let mut pair = listen(limits, (*server).clone());
    refused(&mut pair, Side::Server, Limit::MessageSize, AlertDescription::ILLEGAL_PARAMETER);

    let mut strict = (*server).clone();
    strict.limits.message_size = 20;
    let mut pair = listen(Limits::default(), strict);
    assert!(pair.server.flight().contains(&"ServerHelloDone".to_owned()));
    refused(&mut pair, Side::Server, Limit::MessageSize, AlertDescription::ILLEGAL_PARAMETER);
}

// --- memory ---

/// Four bytes are enough to know: nothing is kept, and nothing is waited for.
#[test]
fn a_message_of_16_mib_is_refused_at_its_header() {
    for version in EVERY.iter().copied() {
        let (client, server) = setup(version).configs();
        for side in Side::BOTH {
            let mut end = if side == Side::Client { End::client(&client, noon()) } else { End::server(&server) };
            let kind = if side == Side::Client { 2 } else { 1 };
            for byte in [kind, 0xff, 0xff] {
                end.receive(&record(HANDSHAKE, 0x0301, &[byte]), noon());
                assert!(end.error.is_none());
            }
            end.receive(&record(HANDSHAKE, 0x0301, &[0xff]), noon());
            assert_eq!(*end.error.unwrap().kind(), ErrorKind::TooMuch(Limit::MessageSize));
        }
    }
    for version in FORGED {
        for from in Side::BOTH {
            let mut forge = Forge::connected(&setup(version));
            forge.say(from, HANDSHAKE, &[1, 0xff, 0xff, 0xff]);
            refused(&mut forge.pair, from.other(), Limit::MessageSize, AlertDescription::ILLEGAL_PARAMETER);
        }
    }
}

/// Data is handed out record by record, from the caller's buffer: what the user does not ask for is not looked at.
#[test]
fn data_that_nobody_takes_is_not_kept() {
    for version in EVERY.iter().copied() {
        let (client, server) = setup(version).configs();
        for from in Side::BOTH {
            let mut pair = Pair::connected(&client, &server);
            pair.end(from).send(&pattern(1 << 20));
            let mut stream = pair.end(from).transmit();
            let sealed = stream.clone();
            let end = pair.end(from.other());
            let received = end.connection.receive(&mut stream, noon()).unwrap();
            let used = received.used;
            assert!(matches!(received.event, Some(Event::Data(data)) if data.len() <= 16_384));
            assert_eq!(used, 5 + usize::from(u16::from_be_bytes([sealed[3], sealed[4]])), "one record");
            assert!(stream[used..] == sealed[used..], "the rest is as it came");
            assert!(!end.connection.wants_transmit());
        }
    }
}

/// A stream's buffer takes some records, then nothing more until the user has taken what is there.
#[test]
fn a_stream_that_nobody_reads_takes_no_more() {
    let (client, server) = setup(ProtocolVersion::TLS1_3).configs();
    let mut pair = Pair::connected(&client, &server);
    pair.client.send(&pattern(1 << 22));
    let stream = pair.client.transmit();
    let mut buffered = Buffered::new(pair.server.connection);
    let (mut rest, mut largest, mut got) = (&stream[..], 0, Vec::new());
    while got.len() < 1 << 22 {
        match buffered.advance(noon()).unwrap() {
            Next::Read => {
                let room = buffered.room();
                largest = largest.max(room.len());
                let n = room.len().min(rest.len());
                room[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                buffered.filled(n);
            }
            Next::Data => {
                for _ in 0..3 {
                    assert_eq!(buffered.advance(noon()).unwrap(), Next::Data);
                    assert!(buffered.room().is_empty());
                }
                got.extend_from_slice(buffered.plaintext());
                let n = buffered.plaintext().len();
                buffered.consume(n);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(got == pattern(1 << 22));
    assert!(largest <= 4 * (5 + 16_384 + 2048), "{largest}");
}

/// What we have to say stays small, though nobody sends it: of all that a peer can ask for, only the first is answered.
#[test]
fn answers_that_nobody_sends_do_not_pile_up() {
    let (client, server) = setup(ProtocolVersion::TLS1_3).configs();
    for from in Side::BOTH {
        let mut pair = Pair::connected(&client, &server);
        for _ in 0..1000 {
            let asker = pair.end(from);
            asker.connection.update_keys(true, noon()).unwrap();
            asker.send(b"data");
            let bytes = asker.transmit();
            pair.end(from.other()).receive(&bytes, noon());
        }
        let answers = pair.end(from.other()).transmit();
        assert!(answers.len() < 100, "{} bytes", answers.len());
        pair.assert_connected();
    }
    for from in Side::BOTH {
        let mut forge = Forge::connected(&setup(ProtocolVersion::TLS1_2));
        let hello = forge.pair.client.sent[5..].to_vec();
        let length = HEADER + usize::from(u16::from_be_bytes([hello[2], hello[3]]));
        let request = if from == Side::Client { &hello[..length] } else { &[0, 0, 0, 0] };
        for _ in 0..1000 {
            forge.say(from, HANDSHAKE, request);
            forge.say(from, DATA, b"data");
        }
        let answers = forge.pair.end(from.other()).transmit();
        assert!(answers.len() < 6 * 100, "{} bytes", answers.len());
    }
}

/// A connection that waits for an answer reads on not at all.
#[test]
fn a_parked_connection_reads_nothing() {
    for version in EVERY.iter().copied() {
        let (client, server) = setup(version).configs();
        let client = Arc::new(common::later::client(&client));
        let mut pair = Pair::new(&client, &server);
        pair.client.patience = Some(0);
        // The session store is asked first, then the verifier.
        pair.carry(Side::Client);
        pair.client.patience = None;
        pair.run();
        let connection = &mut pair.client.connection;
        assert!(connection.wait().is_some());
        let mut flood = record(HANDSHAKE, 0x0303, &[0; 16_384]).repeat(64);
        let before = flood.clone();
        for _ in 0..3 {
            let received = connection.receive(&mut flood, noon()).unwrap();
            assert_eq!(received.used, 0);
            assert!(matches!(received.event, Some(Event::Parked)));
            assert!(flood == before && !connection.wants_transmit());
        }
    }
}

/// A ticket or a cookie may be almost as long as all extensions together may be: one that leaves no room for the others is not
/// offered, or refused.
#[test]
fn a_hello_never_outgrows_its_lengths() {
    #[derive(Debug)]
    struct Long;
    impl handfast::session::Tickets for Long {
        fn seal(&self, _: &handfast::keys::Secret, _: Time) -> Reply<Option<(Vec<u8>, u32)>> {
            Reply::Now(Some((vec![7; 65_400], 3600)))
        }
        fn open(&self, _: &[u8], _: Time) -> Reply<Option<handfast::keys::Secret>> {
            Reply::Now(None)
        }
    }
    for version in EVERY.iter().copied() {
        let (client, mut server) = (setup(version).client_config(), setup(version).server_config());
        server.tickets = Some(Arc::new(Long));
        let (client, server) = (Arc::new(client), Arc::new(server));
        for _ in 0..2 {
            let pair = Pair::connected(&client, &server);
            assert!(!pair.client.negotiated().resumed && pair.client.sent.len() < 2000);
        }
    }

    let setup = setup(ProtocolVersion::TLS1_3).retried();
    for (length, passes) in [(50_000, true), (65_400, false)] {
        let mut pair = Pair::new(&Arc::new(setup.client_config()), &Arc::new(setup.server_config()));
        pair.carry(Side::Client);
        let sent = pair.server.transmit();
        let end = HEADER + usize::from(u16::from_be_bytes([sent[5 + 2], sent[5 + 3]]));
        let hello = Message::decode(&sent[5..5 + end], handfast::message::Dialect::Hello).unwrap();
        let Message::HelloRetryRequest(ServerHello { fixed, mut extensions }) = hello else { panic!("{hello:?}") };
        let cookie = vec![1; length];
        extensions.list.push(Extension::Cookie(handfast::extension::Cookie(&cookie)));
        let raw = Message::HelloRetryRequest(ServerHello { fixed, extensions }).to_bytes();
        for fragment in raw.chunks(16_384) {
            pair.client.receive(&record(HANDSHAKE, 0x0303, fragment), noon());
        }
        match (&pair.client.error, passes) {
            (None, true) => assert!(pair.client.flight().len() >= 3, "{:?}", pair.client.flight()),
            (Some(error), false) => {
                assert!(matches!(error.kind(), ErrorKind::IllegalParameter { field: "cookie", .. }), "{error}");
            }
            (error, _) => panic!("{length}: {error:?}"),
        }
    }
}

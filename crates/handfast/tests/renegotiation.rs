//! A second handshake on a live connection (RFC 5746).

mod common;

use common::certificates::{Auth, Known, Setup, client_credential, server_credential};
use common::forge::Forge;
use common::later::{self, Always};
use common::{End, Pair, Seen, Side, noon, pattern, records};
use handfast::alert::{Alert, AlertDescription};
use handfast::crypto::{Credential, KeyKind};
use handfast::error::Limit;
use handfast::extension::{Extension, Extensions, Name, RenegotiationInfo, ServerNameExtension};
use handfast::message::{ClientHello, Dialect, HEADER, Message};
use handfast::policy::Renegotiation;
use handfast::wire::numbers::{ExtensionType, ProtocolVersion};
use handfast::wire::{CipherSuite, List, Vector};
use handfast::{ChannelBinding, ClientAuth, ClientConfig, ErrorKind, Policy, ServerConfig};
use std::sync::{Arc, Mutex};

const V30: ProtocolVersion = ProtocolVersion::SSL3_0;
const V10: ProtocolVersion = ProtocolVersion::TLS1_0;
const V11: ProtocolVersion = ProtocolVersion::TLS1_1;
const V12: ProtocolVersion = ProtocolVersion::TLS1_2;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

/// Setups of every kind of key exchange and protection, in every version.
fn setups() -> Vec<Setup> {
    let v12 = |suite| Setup::new(V12).suite(suite).server(KeyKind::Rsa);
    let v10 = |suite| Setup::new(V10).suite(suite).server(KeyKind::Rsa);
    vec![
        Setup::new(V12),
        v12(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256),
        v12(CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
        v12(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA),
        v12(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256),
        Setup::new(V11),
        Setup::new(V10),
        Setup::new(V30).server(KeyKind::Rsa),
        v10(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA),
        v10(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA).mac_then_encrypt(),
        v12(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256).mac_then_encrypt(),
    ]
}

fn pair(setup: &Setup, later: bool) -> Pair {
    let (client, server) = setup.configs();
    match later {
        false => Pair::new(&client, &server),
        true => {
            let source = later::source(Arc::new(Always(Some(Arc::new(later::server(&server))))));
            let client = Arc::new(later::client(&client));
            Pair::of(End::client(&client, noon()), End::server_by_hello(source), noon())
        }
    }
}

fn kind(end: &End) -> ErrorKind {
    end.error.as_ref().expect("an error").kind().clone()
}

fn misuse(result: Result<(), handfast::Error>) -> bool {
    result.is_err_and(|e| matches!(e.kind(), ErrorKind::Misuse(_)))
}

fn renegotiated(end: &End) -> usize {
    end.events.iter().filter(|e| **e == Seen::Renegotiated).count()
}

#[test]
fn either_side_starts_one_and_data_goes_on() {
    for setup in setups() {
        for starts in Side::BOTH {
            // Without an extended master secret there is none after one that was resumed.
            let kinds = if setup.version == V30 { &[false][..] } else { &[false, true] };
            for &resumed in kinds {
                for (chunk, later) in [(usize::MAX, false), (1, false), (usize::MAX, true), (1, true)] {
                    let setup = Setup { tickets: resumed, ..setup.clone().again(starts) };
                    let mut pair = pair(&setup, later).chunk(chunk);
                    pair.run().exchange(1000);
                    let before = pair.client.negotiated().clone();
                    let binding = |end: &End| end.connection.channel_binding(ChannelBinding::Unique).ok();
                    let unique = binding(&pair.client);
                    for count in 1..=3 {
                        pair.end(starts).connection.renegotiate(noon()).unwrap();
                        pair.run().assert_connected();
                        pair.assert_agreed();
                        for end in [&pair.client, &pair.server] {
                            assert_eq!(renegotiated(end), count);
                            assert!(!end.connection.is_renegotiating() && end.connection.can_send());
                            assert_eq!(end.negotiated().resumed, resumed, "{setup:?}");
                        }
                        pair.exchange(20_000);
                    }
                    assert_eq!(pair.client.negotiated().peer_chain, before.peer_chain);
                    assert_eq!(unique.is_none(), setup.version == V30);
                    assert!(binding(&pair.client) != unique || unique.is_none(), "it is the newest handshake's");
                    assert_eq!(binding(&pair.client), binding(&pair.server));
                    if !before.extended_master_secret {
                        continue;
                    }
                    let mut keys = [[0; 32]; 2];
                    let [ours, theirs] = &mut keys;
                    pair.client.connection.export(ours, b"EXPORTER-test", None).unwrap();
                    pair.server.connection.export(theirs, b"EXPORTER-test", None).unwrap();
                    assert_eq!(ours, theirs);
                }
            }
        }
    }
}

#[test]
fn sessions_are_resumed_by_id_too() {
    let mut pair = pair(&Setup::new(V12).by_id().again(Side::Client), false);
    pair.run().assert_connected();
    pair.client.connection.renegotiate(noon()).unwrap();
    pair.run().assert_agreed();
    assert!(pair.client.negotiated().resumed);
    // RFC 7627 5.3: then there is no third without an extended master secret.
    let mut ssl3 = crate::pair(&Setup::new(V30).server(KeyKind::Rsa).by_id().again(Side::Client), false);
    ssl3.run().assert_connected();
    ssl3.client.connection.renegotiate(noon()).unwrap();
    ssl3.run().assert_agreed();
    assert!(ssl3.client.negotiated().resumed && !ssl3.client.negotiated().extended_master_secret);
    for side in Side::BOTH {
        assert!(misuse(ssl3.end(side).connection.renegotiate(noon())));
    }
}

/// SSL 3.0 has no no_renegotiation: whoever refuses ends it (RFC 5746 4.5).
#[test]
fn ssl_3_0_cannot_refuse_and_go_on() {
    for starts in Side::BOTH {
        let setup = Setup::new(V30).server(KeyKind::Rsa);
        let (client, server) = match starts {
            Side::Client => (Renegotiation::Ours, Renegotiation::Never),
            Side::Server => (Renegotiation::Never, Renegotiation::Ours),
        };
        let (client, server) = with_policy(&setup, client, server);
        let mut pair = Pair::connected(&Arc::new(client), &Arc::new(server));
        pair.end(starts).connection.renegotiate(noon()).unwrap();
        pair.run();
        assert_eq!(kind(pair.end(starts.other())), ErrorKind::RenegotiationRefused);
        assert!(matches!(kind(pair.end(starts)), ErrorKind::PeerAlert(AlertDescription::HANDSHAKE_FAILURE)));
    }
}

/// The name was said in the first hello, whose version was newer, and cannot be said in the second.
#[test]
fn ssl_3_0_keeps_the_name() {
    let setup = Setup::new(V30).server(KeyKind::Rsa).again(Side::Client);
    let (mut client, server) = (setup.client_config(), setup.server_config());
    client.policy.max_version = V12;
    client.policy.suites = Policy::museum().suites;
    let mut pair = Pair::connected(&Arc::new(client), &Arc::new(server));
    assert!(pair.server.negotiated().server_name.is_some());
    for starts in [Side::Client, Side::Server] {
        pair.end(starts).connection.renegotiate(noon()).unwrap();
        pair.run().assert_agreed();
        assert!(pair.server.negotiated().server_name.is_some());
    }
    assert_eq!((renegotiated(&pair.client), renegotiated(&pair.server)), (2, 2));
}

/// As IIS does: nobody is asked at first, but for what needs it.
#[test]
fn a_certificate_is_asked_for_in_the_second_only() {
    for version in [V30, V10, V11, V12] {
        for (kind, raw) in [(KeyKind::Rsa, false), (KeyKind::Ecdsa, false), (KeyKind::Ecdsa, true)] {
            for later in [false, true] {
                if version == V30 && (raw || kind != KeyKind::Rsa) {
                    continue;
                }
                let mut setup = Setup::new(version).asked_again(kind);
                if version == V30 {
                    setup = setup.server(KeyKind::Rsa);
                }
                setup.raw = raw;
                let mut pair = pair(&setup, later);
                pair.run().assert_connected();
                assert!(pair.server.negotiated().peer_chain.is_empty());
                let verifier = later::verifier(&(Arc::new(Known) as _));
                pair.server.connection.renegotiate_with(ClientAuth::Required(verifier), noon()).unwrap();
                pair.run().assert_agreed();
                let shown = pair.server.negotiated();
                assert!(!shown.resumed && shown.verified.is_some());
                let chain = (shown.peer_chain.clone(), shown.peer_raw_key.clone());
                assert_eq!(chain.0 == client_credential(kind).chain, !raw);
                assert_eq!(chain.1.is_some(), raw);
                // From then on it is asked each time; it may be by what it has shown before.
                let resumed = version != V30;
                for starts in Side::BOTH {
                    pair.end(starts).connection.renegotiate(noon()).unwrap();
                    pair.run().assert_agreed();
                    let shown = pair.server.negotiated();
                    assert_eq!((shown.peer_chain.clone(), shown.peer_raw_key.clone()), chain);
                    assert_eq!(shown.resumed, resumed);
                }
                pair.exchange(100);
            }
        }
    }
}

#[test]
fn one_that_has_none_is_told_so() {
    for version in [V30, V10, V12] {
        let setup = Setup::new(version).server(KeyKind::Rsa).again(Side::Server);
        let mut optional = pair(&setup, false);
        optional.run();
        optional.server.connection.renegotiate_with(ClientAuth::Optional(Arc::new(Known)), noon()).unwrap();
        optional.run().assert_connected();
        assert_eq!(renegotiated(&optional.server), 1);
        assert!(optional.server.negotiated().peer_chain.is_empty());
        let mut required = pair(&setup, false);
        required.run();
        required.server.connection.renegotiate_with(ClientAuth::Required(Arc::new(Known)), noon()).unwrap();
        required.run();
        assert!(matches!(kind(&required.server), ErrorKind::NoCertificate { .. }));
        assert!(matches!(kind(&required.client), ErrorKind::PeerAlert(AlertDescription::HANDSHAKE_FAILURE)));
    }
}

/// What was said under the old keys comes, though the other side has begun; after its own hello nobody says any.
#[test]
fn data_that_is_on_its_way_comes() {
    for version in [V10, V12] {
        for tickets in [false, true] {
            let setup = Setup { tickets, ..Setup::new(version).again(Side::Client) };
            let mut from_client = pair(&setup, false);
            from_client.run();
            from_client.client.send(b"first");
            from_client.client.connection.renegotiate(noon()).unwrap();
            let end = &mut from_client.client;
            assert!(end.connection.is_renegotiating() && end.is_connected() && !end.connection.can_send());
            assert!(misuse(end.connection.send(b"no", &mut Vec::new())));
            assert!(misuse(end.connection.export(&mut [0; 16], b"EXPORTER-test", None)));
            assert!(misuse(end.connection.channel_binding(ChannelBinding::Unique).map(drop)));
            // As much as one likes: the server has not begun.
            let much = pattern(3 << 20);
            from_client.server.send(&much);
            from_client.carry(Side::Server);
            assert!(from_client.client.data == much && from_client.client.connection.is_renegotiating());
            from_client.run().exchange(100);
            let order: Vec<_> =
                from_client.server.events.iter().filter(|e| **e != Seen::Connected).take(2).cloned().collect();
            let first: Vec<u8> = match version {
                V10 => b"f".to_vec(), // one byte goes alone
                _ => b"first".to_vec(),
            };
            assert_eq!(order[0], Seen::Data(first));

            let mut from_server = pair(&setup, false);
            from_server.run();
            from_server.server.connection.renegotiate(noon()).unwrap();
            assert!(!from_server.server.connection.is_renegotiating(), "the client has not begun");
            from_server.server.send(b"behind HelloRequest");
            from_server.client.send(b"before it is heard");
            from_server.run().exchange(100);
            assert_eq!((renegotiated(&from_server.client), renegotiated(&from_server.server)), (1, 1));
        }
    }
}

/// What holds is what the first has agreed, until the second is done.
#[test]
fn nothing_is_told_before_it_is_proved() {
    let setup = Setup::new(V12).asked_again(KeyKind::Ecdsa);
    let mut pair = pair(&setup, false);
    pair.run();
    let before = pair.server.negotiated().clone();
    pair.server.connection.renegotiate_with(ClientAuth::Required(Arc::new(Known)), noon()).unwrap();
    pair.carry(Side::Server);
    pair.carry(Side::Client);
    pair.carry(Side::Server);
    let flight = pair.client.transmit();
    let parts = records(&flight);
    assert!(parts.len() >= 3, "messages, ChangeCipherSpec, Finished");
    for (n, part) in parts.iter().enumerate() {
        assert_eq!(pair.server.negotiated(), &before, "{n}");
        pair.server.receive(part, noon());
    }
    assert!(!pair.server.negotiated().peer_chain.is_empty());
    assert_eq!(renegotiated(&pair.server), 1);
}

// --- whether, and how often ---

fn with_policy(setup: &Setup, client: Renegotiation, server: Renegotiation) -> (ClientConfig, ServerConfig) {
    let (mut c, mut s) = (setup.client_config(), setup.server_config());
    (c.policy.renegotiation, s.policy.renegotiation) = (client, server);
    (c, s)
}

#[test]
fn a_policy_says_who_may() {
    for (name, may) in [("modern", false), ("default", false), ("compatible", true), ("legacy", true), ("museum", true)]
    {
        let policy = Policy::named(name).unwrap();
        assert_eq!(policy.renegotiation == Renegotiation::Either, may, "{name}");
        assert_eq!(policy.renegotiation == Renegotiation::Never, !may, "{name}");
        assert!(!policy.identity_may_change);
    }
    let no = Seen::Warning(Alert::warning(AlertDescription::NO_RENEGOTIATION));
    for starts in Side::BOTH {
        for other in [Renegotiation::Never, Renegotiation::Ours, Renegotiation::Either] {
            let (ours, theirs) = (Renegotiation::Ours, other);
            let (client, server) = match starts {
                Side::Client => (ours, theirs),
                Side::Server => (theirs, ours),
            };
            let (client, server) = with_policy(&Setup::new(V12), client, server);
            let mut pair = Pair::connected(&Arc::new(client), &Arc::new(server));
            let passive = &mut pair.end(starts.other()).connection;
            assert_eq!(misuse(passive.renegotiate(noon())), other == Renegotiation::Never);
            if other != Renegotiation::Never {
                continue;
            }
            // Twice: whoever was refused may ask again.
            for count in 1..=2 {
                let before = pair.end(starts).negotiated().clone();
                let mut key = [[0; 16]; 2];
                pair.end(starts).connection.export(&mut key[0], b"EXPORTER-test", None).unwrap();
                pair.end(starts).connection.renegotiate(noon()).unwrap();
                pair.run().assert_connected();
                let end = pair.end(starts);
                assert_eq!(end.events.iter().filter(|e| **e == no).count(), count);
                assert!(!end.connection.is_renegotiating() && renegotiated(end) == 0);
                assert_eq!(end.negotiated(), &before);
                end.connection.export(&mut key[1], b"EXPORTER-test", None).unwrap();
                assert_eq!(key[0], key[1], "all is as it was");
                pair.exchange(100);
            }
        }
    }
}

#[test]
fn a_peer_may_want_it_so_often() {
    for starts in Side::BOTH {
        for most in [0, 1, 3] {
            let (mut client, mut server) = with_policy(&Setup::new(V12), Renegotiation::Either, Renegotiation::Either);
            match starts {
                Side::Client => server.limits.renegotiations = most,
                Side::Server => client.limits.renegotiations = most,
            }
            let mut pair = Pair::connected(&Arc::new(client), &Arc::new(server));
            for _ in 0..most {
                pair.end(starts).connection.renegotiate(noon()).unwrap();
                pair.run().exchange(10);
            }
            assert_eq!(renegotiated(&pair.client), most as usize);
            // What the other side starts itself does not count.
            pair.end(starts.other()).connection.renegotiate(noon()).unwrap();
            pair.run().exchange(10);
            pair.end(starts).connection.renegotiate(noon()).unwrap();
            pair.run();
            assert_eq!(kind(pair.end(starts.other())), ErrorKind::TooMuch(Limit::Renegotiations));
        }
    }
}

#[test]
fn where_there_is_none_the_call_is_a_misuse() {
    let v13 = Pair::connected(
        &Setup::new(ProtocolVersion::TLS1_3).configs().0,
        &Setup::new(ProtocolVersion::TLS1_3).configs().1,
    );
    let setup = Setup::new(V12).again(Side::Client);
    let fresh = pair(&setup, false);
    let mut closed = pair(&setup, false);
    closed.run();
    closed.client.connection.close();
    closed.run();
    let mut begun = pair(&setup, false);
    begun.run();
    begun.client.connection.renegotiate(noon()).unwrap();
    begun.server.connection.renegotiate(noon()).unwrap();
    for mut pair in [v13, fresh, closed, begun] {
        for side in Side::BOTH {
            assert!(misuse(pair.end(side).connection.renegotiate(noon())));
        }
    }
    let mut pair = pair(&setup, false);
    pair.run();
    assert!(misuse(pair.client.connection.renegotiate_with(ClientAuth::None, noon())), "a client asks nobody");
    pair.run().exchange(10);
}

// --- the wrong ways ---

fn drop_info(extensions: &mut Extensions<'_>) {
    extensions.list.retain(|e| e.kind() != ExtensionType::RENEGOTIATION_INFO);
}

/// This ClientHello, changed.
fn hello_with(raw: &[u8], change: impl FnOnce(&mut ClientHello<'_>, &mut Vec<CipherSuite>)) -> Vec<u8> {
    let length = HEADER + usize::from(u16::from_be_bytes([raw[2], raw[3]]));
    let mut hello = ClientHello::from_body(&raw[HEADER..length]).unwrap();
    let mut suites: Vec<CipherSuite> = hello.fixed.cipher_suites.iter().collect();
    change(&mut hello, &mut suites);
    let mut fixed = hello.fixed.clone();
    fixed.cipher_suites = Vector(List::of(&suites));
    Message::ClientHello(ClientHello { fixed, extensions: hello.extensions.clone() }).to_bytes()
}

/// A server, and a client's second hello, changed: what the server says to it.
fn second_hello(setup: &Setup, change: impl FnOnce(&mut ClientHello<'_>, &mut Vec<CipherSuite>, &[u8])) -> End {
    let mut forge = Forge::connected(setup);
    let first = forge.pair.client.sent[5..].to_vec();
    let proof = forge.pair.server.connection.channel_binding(ChannelBinding::Unique).unwrap();
    // As it would be if nothing were wrong with it.
    let message = hello_with(&first, |hello, suites| {
        drop_info(&mut hello.extensions);
        change(hello, suites, &proof);
    });
    forge.say(Side::Client, HANDSHAKE, &message);
    forge.pair.server
}

fn setup() -> Setup {
    Setup { tickets: false, ..Setup::new(V12).again(Side::Client) }
}

/// RFC 5746 3.7
#[test]
fn a_second_hello_is_bound_to_the_first_handshake() {
    let good = second_hello(&setup(), |hello, _, proof| {
        let proof: &'static [u8] = Box::leak(proof.to_vec().into_boxed_slice());
        hello.extensions.list.push(Extension::RenegotiationInfo(RenegotiationInfo(proof)));
    });
    assert!(good.error.is_none() && good.connection.is_renegotiating(), "{:?}", good.error);
    type Wrong = fn(&[u8]) -> Option<Vec<u8>>;
    let wrong: [(&str, Wrong); 5] = [
        ("none", |_| None),
        ("an empty one", |_| Some(Vec::new())),
        ("another", |proof| Some(proof.iter().map(|b| b ^ 1).collect())),
        ("half", |proof| Some(proof[..6].to_vec())),
        ("a server's", |proof| Some([proof, proof].concat())),
    ];
    for (what, wrong) in wrong {
        let end = second_hello(&setup(), |hello, _, proof| {
            if let Some(info) = wrong(proof) {
                hello.extensions.list.push(Extension::RenegotiationInfo(RenegotiationInfo(info.leak())));
            }
        });
        assert!(matches!(kind(&end), ErrorKind::InsufficientSecurity(_)), "{what}");
        assert_eq!(end.alerts(), ["fatal handshake_failure"]);
    }
    let signalled = second_hello(&setup(), |hello, suites, proof| {
        suites.push(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
        hello.extensions.list.push(Extension::RenegotiationInfo(RenegotiationInfo(proof.to_vec().leak())));
    });
    assert!(matches!(kind(&signalled), ErrorKind::InsufficientSecurity(_)));
}

#[test]
fn what_was_agreed_stays() {
    let bound = |hello: &mut ClientHello<'_>, proof: &[u8]| {
        hello.extensions.list.push(Extension::RenegotiationInfo(RenegotiationInfo(proof.to_vec().leak())));
    };
    let end = second_hello(&setup(), |hello, _, proof| {
        bound(hello, proof);
        hello.extensions.list.retain(|e| e.kind() != ExtensionType::EXTENDED_MASTER_SECRET);
    });
    assert!(matches!(kind(&end), ErrorKind::InsufficientSecurity(_)), "the extended master secret");
    for name in [None, Some("another.test")] {
        let end = second_hello(&setup(), |hello, _, proof| {
            bound(hello, proof);
            hello.extensions.list.retain(|e| e.kind() != ExtensionType::SERVER_NAME);
            let name = name.map(|n| Extension::ServerName(ServerNameExtension(vec![Name::Host(n)])));
            hello.extensions.list.extend(name);
        });
        let server_name = matches!(kind(&end), ErrorKind::IllegalParameter { field: "server_name", .. });
        assert!(server_name, "{name:?}");
    }
    // An older version, though the server's policy has it.
    let mut server = setup().server_config();
    server.policy.min_version = V10;
    server.policy.max_version = ProtocolVersion::TLS1_3;
    let mut forge = Forge::of(setup().client_config(), server).connect();
    let first = forge.pair.client.sent[5..].to_vec();
    let proof = forge.pair.server.connection.channel_binding(ChannelBinding::Unique).unwrap();
    let message = hello_with(&first, |hello, _| {
        drop_info(&mut hello.extensions);
        bound(hello, &proof);
        hello.fixed.legacy_version = V10;
    });
    forge.say(Side::Client, HANDSHAKE, &message);
    assert_eq!(forge.pair.server.alerts(), ["fatal protocol_version"]);
}

/// The server's first ServerHello, changed, in answer to a client's second hello: what the client says to it.
fn second_server_hello(setup: &Setup, change: impl FnOnce(&mut Extensions<'_>, &mut ProtocolVersion)) -> End {
    let mut forge = Forge::connected(setup);
    answered(&mut forge, change);
    forge.pair.client
}

fn answered(forge: &mut Forge, change: impl FnOnce(&mut Extensions<'_>, &mut ProtocolVersion)) -> &End {
    forge.pair.client.connection.renegotiate(noon()).unwrap();
    let first = forge.pair.server.sent[5..].to_vec();
    let length = HEADER + usize::from(u16::from_be_bytes([first[2], first[3]]));
    let Message::ServerHello(mut hello) = Message::decode(&first[..length], Dialect::Hello).unwrap() else {
        panic!("no ServerHello")
    };
    change(&mut hello.extensions, &mut hello.fixed.legacy_version);
    forge.say(Side::Server, HANDSHAKE, &Message::ServerHello(hello).to_bytes());
    &forge.pair.client
}

/// RFC 7366 3.1: what was agreed is not taken back, neither by a client nor by a server.
#[test]
fn encrypt_then_mac_stays() {
    let suite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA;
    let cbc = setup().suite(suite);
    let bound = |extensions: &mut Extensions<'_>, info: &[u8], stays: bool| {
        extensions.list.retain(|e| stays || e.kind() != ExtensionType::ENCRYPT_THEN_MAC);
        extensions.list.push(Extension::RenegotiationInfo(RenegotiationInfo(info.to_vec().leak())));
    };
    for stays in [true, false] {
        let end = second_hello(&cbc, |hello, _, proof| bound(&mut hello.extensions, proof, stays));
        match stays {
            true => assert!(end.error.is_none() && end.connection.is_renegotiating(), "{:?}", end.error),
            false => refuses_without(&end),
        }
        let mut forge = Forge::connected(&cbc);
        // Both Finished messages, without their headers.
        let proofs = [Side::Client, Side::Server].map(|side| forge.last(side)[HEADER..].to_vec()).concat();
        let end = answered(&mut forge, |extensions, _| {
            drop_info(extensions);
            bound(extensions, &proofs, stays);
        });
        match stays {
            true => assert!(end.error.is_none() && end.connection.is_renegotiating(), "{:?}", end.error),
            false => refuses_without(end),
        }
    }
}

#[track_caller]
fn refuses_without(end: &End) {
    let what = "the encrypt_then_mac of the handshake before";
    assert_eq!(kind(end), ErrorKind::InsufficientSecurity(what));
    assert_eq!(end.alerts(), ["fatal handshake_failure"]);
}

/// RFC 5746 3.5
#[test]
fn a_second_server_hello_is_bound_to_the_first_handshake() {
    for info in [None, Some(&[][..]), Some(&[7; 12][..]), Some(&[7; 24][..])] {
        let end = second_server_hello(&setup(), |extensions, _| {
            drop_info(extensions);
            extensions.list.extend(info.map(|info| Extension::RenegotiationInfo(RenegotiationInfo(info))));
        });
        assert!(matches!(kind(&end), ErrorKind::InsufficientSecurity(_)), "{info:?}");
        assert_eq!(end.alerts(), ["fatal handshake_failure"]);
    }
    // Another version is refused before all else.
    let mut wide = setup();
    wide.again = Some(Side::Client);
    for version in [V10, ProtocolVersion::TLS1_1, ProtocolVersion::TLS1_3] {
        let end = second_server_hello(&wide, |_, v| *v = version);
        assert_eq!(end.alerts(), ["fatal protocol_version"], "{version}");
    }
}

/// A certificate that is changed between two handshakes.
fn identities(side: Side, allowed: bool) -> Pair {
    let setup = Setup { tickets: false, ..Setup::new(V12).mutual(KeyKind::Ecdsa).again(Side::Client) };
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    let changing = |all: Vec<Arc<Credential>>| Arc::new(Changing(Mutex::new(all)));
    match side {
        Side::Client => {
            server.policy.identity_may_change = allowed;
            client.credentials =
                Some(changing(vec![client_credential(KeyKind::Rsa), client_credential(KeyKind::Ecdsa)]));
        }
        Side::Server => {
            client.policy.identity_may_change = allowed;
            server.credentials = changing(vec![server_credential(KeyKind::Rsa), server_credential(KeyKind::Ecdsa)]);
        }
    }
    let mut pair = Pair::connected(&Arc::new(client), &Arc::new(server));
    pair.client.connection.renegotiate(noon()).unwrap();
    pair.run();
    pair
}

/// Gives each once, the last first.
#[derive(Debug)]
struct Changing(Mutex<Vec<Arc<Credential>>>);

impl handfast::config::ServerCredentials for Changing {
    fn candidates(self: Arc<Self>, _: &handfast::wait::HelloSummary) -> Vec<Arc<Credential>> {
        self.0.lock().unwrap().pop().into_iter().collect()
    }
}

impl handfast::config::ClientCredentials for Changing {
    fn choose(&self, _: &handfast::config::CertificateWanted<'_>) -> Option<Arc<Credential>> {
        self.0.lock().unwrap().pop()
    }
}

#[test]
fn a_peer_stays_who_it_is() {
    for side in Side::BOTH {
        let mut refused = identities(side, false);
        let end = refused.end(side.other());
        assert_eq!(kind(end), ErrorKind::IdentityChanged, "{side:?}");
        assert_eq!(end.alerts(), ["fatal illegal_parameter"]);
        let mut allowed = identities(side, true);
        allowed.assert_connected();
        assert_eq!(renegotiated(allowed.end(side.other())), 1);
    }
}

/// One that had shown a certificate shows none any more.
#[test]
fn a_client_does_not_become_nobody() {
    let mut setup = Setup { tickets: false, ..Setup::new(V12).mutual(KeyKind::Ecdsa).again(Side::Client) };
    setup.auth = Auth::Optional;
    let mut client = setup.client_config();
    client.credentials = Some(Arc::new(Changing(Mutex::new(vec![client_credential(KeyKind::Ecdsa)]))));
    let mut pair = Pair::connected(&Arc::new(client), &setup.configs().1);
    assert!(!pair.server.negotiated().peer_chain.is_empty());
    pair.client.connection.renegotiate(noon()).unwrap();
    pair.run();
    assert_eq!(kind(&pair.server), ErrorKind::IdentityChanged);
}

/// Old-key data between the messages of a handshake: within a bound, and not between the parts of one message.
#[test]
fn data_in_the_middle_has_a_bound() {
    let begun = |limit: usize| {
        let mut server = setup().server_config();
        server.limits.renegotiation_data = limit;
        let mut forge = Forge::of(setup().client_config(), server).connect();
        let first = forge.pair.client.sent[5..].to_vec();
        let proof = forge.pair.server.connection.channel_binding(ChannelBinding::Unique).unwrap();
        let message = hello_with(&first, |hello, _| {
            drop_info(&mut hello.extensions);
            hello.extensions.list.push(Extension::RenegotiationInfo(RenegotiationInfo(proof.leak())));
        });
        forge.say(Side::Client, HANDSHAKE, &message);
        assert!(forge.pair.server.connection.is_renegotiating());
        forge
    };
    let mut forge = begun(100);
    forge.say(Side::Client, DATA, &[7; 60]);
    forge.say(Side::Client, DATA, &[8; 40]);
    assert_eq!(forge.pair.server.data, [[7; 60].to_vec(), [8; 40].to_vec()].concat());
    forge.say(Side::Client, DATA, &[9]);
    assert_eq!(kind(&forge.pair.server), ErrorKind::TooMuch(Limit::RenegotiationData));
    assert_eq!(forge.pair.server.alerts(), ["fatal unexpected_message"]);

    let mut forge = begun(100);
    forge.say(Side::Client, HANDSHAKE, &[16, 0, 0]);
    forge.say(Side::Client, DATA, &[7]);
    assert!(matches!(kind(&forge.pair.server), ErrorKind::UnexpectedRecord { .. }));

    // What may not come at all: Finished before ChangeCipherSpec, ChangeCipherSpec before the keys are agreed, and a third hello.
    for (content, body) in [(HANDSHAKE, vec![20, 0, 0, 0]), (20, vec![1]), (HANDSHAKE, vec![1, 0, 0, 0])] {
        let mut forge = begun(100);
        forge.say(Side::Client, content, &body);
        let told = forge.pair.server.alerts();
        assert!(told == ["fatal unexpected_message"] || told == ["fatal decode_error"], "{told:?}");
    }
}

/// Nothing is said behind our close_notify: no second handshake is begun.
#[test]
fn none_begins_after_the_end() {
    for closes in Side::BOTH {
        let mut pair = pair(&setup(), false);
        pair.run();
        pair.end(closes.other()).connection.renegotiate(noon()).unwrap();
        pair.end(closes).connection.close();
        let request = pair.end(closes.other()).transmit();
        let end = pair.end(closes);
        let said = end.transmit();
        end.receive(&request, noon());
        assert!(end.error.is_none() && end.transmit().is_empty() && !end.connection.is_renegotiating());
        let other = pair.end(closes.other());
        other.receive(&said, noon());
        assert!(other.error.is_none() && other.connection.peer_closed());
    }
}

#[test]
fn closing_in_the_middle_ends_it() {
    for closes in Side::BOTH {
        let mut pair = pair(&setup(), false);
        pair.run();
        pair.client.connection.renegotiate(noon()).unwrap();
        pair.carry(Side::Client);
        pair.end(closes).connection.close();
        pair.run();
        for end in [&mut pair.client, &mut pair.server] {
            assert!(end.error.is_none() && end.connection.peer_closed(), "{closes:?}");
            end.eof();
            assert!(end.error.is_none());
        }
    }
}

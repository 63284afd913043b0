//! The classic handshake: its order, its checks, what is resumed and what is not.

mod common;

use common::certificates::{Auth, Setup, client_credential, spoken};
use common::{End, Pair, Seen, Side, change_server_hello, facts, later, noon};
use handfast::config::{CertificateWanted, ClientCredentials};
use handfast::crypto::{Authentication, Credential, KeyExchangeKind, KeyKind, Suite};
use handfast::error::{Limit, NothingInCommon};
use handfast::extension::{Extension, SupportedGroups};
use handfast::wire::numbers::{HandshakeType, NamedGroup, ProtocolVersion, SignatureScheme};
use handfast::wire::{CipherSuite, List};
use handfast::{ClientConfig, Error, ErrorKind, ServerConfig, Time};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const VERSIONS: [ProtocolVersion; 3] = [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_1, ProtocolVersion::TLS1_2];

/// A setup in which this suite can be spoken.
fn with(version: ProtocolVersion, suite: &Suite) -> Setup {
    let server = if suite.authentication == Authentication::Rsa { KeyKind::Rsa } else { KeyKind::Ecdsa };
    Setup::new(version).suite(suite.number).server(server)
}

/// The setups whose order of messages differs.
fn orders() -> Vec<Setup> {
    let ecdhe = Setup::new(ProtocolVersion::TLS1_2);
    let rsa = ecdhe.clone().server(KeyKind::Rsa).suite(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256);
    let old = Setup::new(ProtocolVersion::TLS1_0);
    vec![
        ecdhe.clone(),
        ecdhe.clone().by_id(),
        ecdhe.mutual(KeyKind::Ecdsa),
        rsa.clone(),
        rsa.mutual(KeyKind::Rsa),
        old.clone().mutual(KeyKind::Rsa),
        old.by_id(),
    ]
}

// --- what must work ---

/// Some servers answer supported_groups with a list of their own, for which RFC 8422 has no use: it does no harm.
#[test]
fn a_server_may_list_its_groups() {
    let (client, server) = Setup::new(ProtocolVersion::TLS1_2).configs();
    let mut pair = Pair::new(&client, &server);
    pair.carry(Side::Client);
    let flight = change_server_hello(&pair.server.transmit(), |extensions| {
        static GROUPS: [NamedGroup; 2] = [NamedGroup::SECP256R1, NamedGroup::X25519];
        extensions.list.push(Extension::SupportedGroups(SupportedGroups(List::of(&GROUPS))));
    });
    pair.client.receive(&flight, noon());
    assert_eq!(pair.client.error, None);
    assert_eq!(pair.client.flight().last().map(String::as_str), Some("Finished"));
}

#[test]
fn every_suite_full_and_resumed() {
    for version in VERSIONS {
        for suite in spoken(version) {
            for setup in [with(version, suite), with(version, suite).by_id()] {
                let (client, server) = setup.configs();
                let first = Pair::connected(&client, &server);
                let mut again = Pair::connected(&client, &server);
                again.assert_agreed();
                again.exchange(20_000);
                let (first, again) = (first.client.negotiated(), again.client.negotiated());
                assert_eq!((first.suite, first.version), (Some(suite.number), Some(version)));
                assert!(!first.resumed && again.resumed, "{setup:?}");
                assert!(again.extended_master_secret && again.secure_renegotiation);
                assert_eq!(again.peer_chain, first.peer_chain);
                let kind = suite.key_exchange;
                assert_eq!(first.group.is_some(), kind.has_ecdhe() || kind.has_dhe());
                assert_eq!(first.scheme.is_some(), kind.is_signed());
                assert_eq!((again.group, again.scheme), (None, None));
            }
        }
    }
}

#[test]
fn client_certificates_of_every_kind() {
    for (version, kinds) in [
        (ProtocolVersion::TLS1_0, &[KeyKind::Rsa, KeyKind::Ecdsa][..]),
        (ProtocolVersion::TLS1_2, &[KeyKind::Rsa, KeyKind::Ecdsa, KeyKind::Ed25519]),
    ] {
        for suite in spoken(version).filter(|s| s.key_exchange.has_certificate()) {
            for kind in kinds {
                let (client, server) = with(version, suite).mutual(*kind).configs();
                let pair = Pair::connected(&client, &server);
                pair.assert_agreed();
                assert!(pair.client.negotiated().client_scheme.is_some());
                // The certificate is known again when the session is resumed.
                let again = Pair::connected(&client, &server);
                assert!(again.server.negotiated().resumed);
                assert_eq!(again.server.negotiated().peer_chain, pair.server.negotiated().peer_chain);
            }
        }
    }
}

#[test]
fn one_byte_at_a_time_and_later() {
    for setup in orders() {
        let (client, server) = setup.configs();
        let at_once = Pair::connected(&client, &server);
        let (slow_client, slow_server) = (later::client(&client), later::server(&server));
        for _ in 0..2 {
            let mut slow = Pair::new(&Arc::new(slow_client.clone()), &Arc::new(slow_server.clone())).chunk(1);
            slow.client.patience = Some(3);
            slow.server.patience = Some(3);
            slow.run().assert_connected();
            slow.assert_agreed();
            slow.exchange(300);
        }
        let mut once_more = Pair::new(&client, &server).chunk(1);
        once_more.run().assert_connected();
        assert!(!facts(&at_once.client).resumed && facts(&once_more.client).resumed, "{setup:?}");
    }
}

#[test]
fn flights_are_those_of_the_rfc() {
    let (client, server) = Setup::new(ProtocolVersion::TLS1_2).mutual(KeyKind::Ecdsa).configs();
    let full = Pair::connected(&client, &server);
    assert_eq!(
        full.server.flight(),
        [
            "ServerHello",
            "Certificate",
            "ServerKeyExchange",
            "CertificateRequest",
            "ServerHelloDone",
            "NewSessionTicket",
            "ChangeCipherSpec",
            "Finished"
        ]
    );
    let ours = ["ClientHello", "Certificate", "ClientKeyExchange", "CertificateVerify", "ChangeCipherSpec", "Finished"];
    assert_eq!(full.client.flight(), ours);
    let resumed = Pair::connected(&client, &server);
    assert_eq!(resumed.server.flight(), ["ServerHello", "ChangeCipherSpec", "Finished"]);
    assert_eq!(resumed.client.flight(), ["ClientHello", "ChangeCipherSpec", "Finished"]);
}

#[test]
fn both_export_the_same() {
    for version in VERSIONS {
        let (client, server) = Setup::new(version).configs();
        for _ in 0..2 {
            let pair = Pair::connected(&client, &server);
            let export = |e: &End, context| {
                let mut out = [0; 40];
                e.connection.export(&mut out, b"EXPORTER-test", context).unwrap();
                out
            };
            let (some, none) = (export(&pair.client, Some(b"")), export(&pair.client, None));
            assert_eq!(some, export(&pair.server, Some(b"")));
            assert_eq!(none, export(&pair.server, None));
            assert_ne!(some, none);
        }
    }
}

/// The first byte of a fragment goes alone where an IV is the block before (RFC 4346 F.3): nobody can choose what it meets.
#[test]
fn data_is_split_where_ivs_are_implicit() {
    let cbc = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA;
    for (version, first) in [(ProtocolVersion::TLS1_0, Some(1)), (ProtocolVersion::TLS1_2, None)] {
        let (client, server) = Setup::new(version).suite(cbc).configs();
        let mut pair = Pair::connected(&client, &server);
        for side in Side::BOTH {
            for size in [1, 2, 100, 16_384, 16_385, 40_000] {
                let data = common::pattern(size);
                pair.end(side.other()).events.clear();
                pair.end(side).send(&data);
                pair.run();
                let got = &pair.end(side.other()).events;
                let sizes: Vec<_> = got.iter().map(|e| if let Seen::Data(d) = e { d.len() } else { 0 }).collect();
                let expected = data.chunks(16_384).map(<[u8]>::len).flat_map(|size| match first {
                    Some(first) if size > first => vec![first, size - first],
                    _ => vec![size],
                });
                let expected: Vec<_> = expected.collect();
                assert_eq!(sizes, expected, "{version}, {side:?}");
            }
        }
    }
}

// --- the order of messages ---

/// What is done to one plaintext handshake message on its way.
#[derive(Clone, Debug)]
enum Meddling {
    Drop,
    /// The second one under this version.
    Double(ProtocolVersion),
    /// This record goes before it.
    Before(Vec<u8>),
}

/// Splits what an end sent into records, and plaintext handshake records into one for each message. Fragments are never seen: our
/// own flights fit.
fn pieces(bytes: &[u8], protected: &mut bool) -> Vec<(bool, Vec<u8>)> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let [kind, major, minor, high, low, ..] = *rest {
        let end = 5 + usize::from(u16::from_be_bytes([high, low]));
        let (record, tail) = rest.split_at(end);
        rest = tail;
        if kind == 20 {
            *protected = true;
        }
        if kind != 22 || *protected {
            out.push((false, record.to_vec()));
            continue;
        }
        let mut messages = &record[5..];
        while let [_, a, b, c, ..] = *messages {
            let n = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
            out.push((true, common::record(22, u16::from_be_bytes([major, minor]), &messages[..n])));
            messages = &messages[n..];
        }
    }
    out
}

/// Runs a handshake in which the plaintext message number `at` of `from` is meddled with. Gives its type, if there is such a message.
fn meddle(pair: &mut Pair, from: Side, at: usize, meddling: &Meddling) -> Option<HandshakeType> {
    let (mut count, mut protected, mut hit) = (0, [false; 2], None);
    for _ in 0..8 {
        for side in Side::BOTH {
            let now = pair.now;
            pair.end(side).drive(now);
            let bytes = pair.end(side).transmit();
            for (message, record) in pieces(&bytes, &mut protected[side as usize]) {
                let here = message && side == from && count == at;
                count += usize::from(message && side == from);
                let records = match meddling {
                    _ if !here => vec![record.clone()],
                    Meddling::Drop => vec![],
                    Meddling::Double(version) => {
                        // A ClientHello's header has another version than all that follows.
                        vec![record.clone(), common::record(22, version.0, &record[5..])]
                    }
                    Meddling::Before(first) => vec![first.clone(), record.clone()],
                };
                if here {
                    hit = Some(HandshakeType(record[5]));
                }
                records.iter().for_each(|r| pair.end(side.other()).receive(r, now));
            }
        }
    }
    hit
}

/// Every message of the setup's handshakes, full and resumed, meddled with in turn.
fn meddle_with_all(setup: &Setup, meddling: &Meddling, mut check: impl FnMut(&mut Pair, Side, HandshakeType)) {
    for resumed in [false, true] {
        for from in Side::BOTH {
            for at in 0.. {
                let (client, server) = setup.configs();
                if resumed {
                    Pair::connected(&client, &server);
                }
                let mut pair = Pair::new(&client, &server);
                let Some(kind) = meddle(&mut pair, from, at, meddling) else { break };
                check(&mut pair, from, kind);
            }
        }
    }
}

/// Somebody said unexpected_message; or, if that may be, both wait for more.
fn assert_unexpected(pair: &mut Pair, may_wait: bool, what: &str) {
    let errors: Vec<Error> = [&pair.client, &pair.server].iter().filter_map(|e| e.error.clone()).collect();
    let unexpected = |e: &Error| {
        matches!(e.kind(), ErrorKind::UnexpectedMessage { .. } | ErrorKind::UnexpectedRecord { .. })
            && e.alert().is_some_and(|a| a.name() == Some("unexpected_message"))
    };
    if errors.is_empty() && may_wait {
        assert!(!pair.client.is_connected() || !pair.server.is_connected(), "{what}: connected");
        pair.client.eof();
        let error = pair.client.error.clone();
        assert!(error.is_some_and(|e| matches!(e.kind(), ErrorKind::Truncated { .. })), "{what}");
    } else {
        assert!(errors.iter().any(unexpected), "{what}: {errors:?}");
    }
}

#[test]
fn no_message_may_be_missing() {
    for setup in orders() {
        meddle_with_all(&setup, &Meddling::Drop, |pair, _, kind| {
            assert_unexpected(pair, true, &format!("{setup:?}: {kind} is missing"));
        });
    }
}

#[test]
fn no_message_may_come_twice() {
    for setup in orders() {
        meddle_with_all(&setup, &Meddling::Double(setup.version), |pair, _, kind| {
            assert_unexpected(pair, false, &format!("{setup:?}: {kind} came twice"));
        });
    }
}

#[test]
fn no_message_may_come_early_or_from_another_protocol() {
    let finished = [&[20, 0, 0, 12][..], &[0; 12]].concat();
    let strangers: [(&str, Vec<u8>); 5] = [
        ("Finished", finished),
        ("EncryptedExtensions", vec![8, 0, 0, 2, 0, 0]),
        ("EndOfEarlyData", vec![5, 0, 0, 0]),
        ("CertificateStatus", vec![22, 0, 0, 5, 1, 0, 0, 1, 0]),
        ("an unknown message", vec![99, 0, 0, 0]),
    ];
    for setup in orders() {
        let version = setup.version.0;
        for (name, message) in &strangers {
            let meddling = Meddling::Before(common::record(22, version, message));
            meddle_with_all(&setup, &meddling, |pair, _, kind| {
                assert_unexpected(pair, false, &format!("{setup:?}: {name} before {kind}"));
            });
        }
        let meddling = Meddling::Before(common::record(20, version, &[1]));
        meddle_with_all(&setup, &meddling, |pair, _, kind| {
            assert_unexpected(pair, false, &format!("{setup:?}: ChangeCipherSpec before {kind}"));
        });
    }
}

#[test]
fn a_client_ignores_hello_requests_in_a_handshake() {
    for setup in orders() {
        let meddling = Meddling::Before(common::record(22, setup.version.0, &[0, 0, 0, 0]));
        meddle_with_all(&setup, &meddling, |pair, from, kind| match from {
            Side::Server => pair.assert_connected(),
            Side::Client => assert_unexpected(pair, false, &format!("HelloRequest before {kind}")),
        });
    }
}

// --- what is checked ---

/// Both configs, ready to be changed.
fn configs(setup: &Setup) -> (ClientConfig, ServerConfig) {
    (setup.client_config(), setup.server_config())
}

/// Runs a handshake that fails; gives the errors of client and server.
fn failure(client: ClientConfig, server: ServerConfig) -> (Error, Error) {
    let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
    pair.run();
    errors(&pair)
}

fn errors(pair: &Pair) -> (Error, Error) {
    let error = |e: &End| e.error.clone().unwrap_or_else(|| panic!("no error: {:?}", e.trace()));
    (error(&pair.client), error(&pair.server))
}

fn alert(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::PeerAlert(alert) => alert.name().unwrap_or_default(),
        kind => panic!("not an alert: {kind:?}"),
    }
}

/// Runs a handshake in which an extension of the ClientHello gets a number that nobody knows, so that the server does not see it.
fn hiding(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, extension: [u8; 4]) -> Pair {
    let mut pair = Pair::new(client, server);
    let now = pair.now;
    let mut hello = pair.client.transmit();
    let at = hello.windows(4).position(|w| w == extension).expect("the extension is there");
    hello[at..at + 2].copy_from_slice(&[0x5a, 0x5a]);
    pair.server.receive(&hello, now);
    pair.run();
    pair
}

const EXTENDED_MASTER_SECRET: [u8; 4] = [0, 23, 0, 0];

#[test]
fn extended_master_secret_can_be_required() {
    let wanted = ErrorKind::InsufficientSecurity("an extended master secret");
    for by in Side::BOTH {
        let (mut client, mut server) = configs(&Setup::new(ProtocolVersion::TLS1_2));
        client.policy.require_extended_master_secret = by == Side::Client;
        server.policy.require_extended_master_secret = by == Side::Server;
        let (client, server) = (Arc::new(client), Arc::new(server));
        Pair::connected(&client, &server);
        Pair::connected(&client, &server);
        let mut pair = hiding(&Arc::new(fresh(&client)), &server, EXTENDED_MASTER_SECRET);
        assert_eq!(pair.end(by).error.as_ref().map(Error::kind), Some(&wanted));
        let told = pair.end(by.other()).error.clone().unwrap();
        assert_eq!(alert(&told), "handshake_failure");
    }
}

/// The same client without its sessions.
fn fresh(config: &ClientConfig) -> ClientConfig {
    let mut config = config.clone();
    config.store = None;
    config
}

#[test]
fn extended_master_secret_may_not_go_away() {
    let (client, server) = Setup::new(ProtocolVersion::TLS1_2).configs();
    Pair::connected(&client, &server);
    let pair = hiding(&client, &server, EXTENDED_MASTER_SECRET);
    let (client, server) = errors(&pair);
    assert!(matches!(server.kind(), ErrorKind::InsufficientSecurity(_)), "{server:?}");
    assert_eq!(alert(&client), "handshake_failure");
}

#[test]
fn what_neither_has_in_common_is_named() {
    let setup = Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa);
    let nothing = |change: &dyn Fn(&mut ClientConfig, &mut ServerConfig)| {
        let (mut client, mut server) = configs(&setup);
        change(&mut client, &mut server);
        let (client, server) = failure(client, server);
        assert_eq!(alert(&client), "handshake_failure");
        match server.kind() {
            ErrorKind::NothingInCommon(nothing) => nothing.clone(),
            kind => panic!("{kind:?}"),
        }
    };
    let (gcm, chacha) =
        (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256);
    assert_eq!(
        nothing(&|client, server| {
            client.policy.suites = vec![gcm];
            server.policy.suites = vec![chacha];
        }),
        NothingInCommon::Suite { theirs: vec![gcm.to_string()], ours: vec![chacha.to_string()] }
    );
    // A suite that no certificate fits is no common suite.
    let ecdsa = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
    assert!(matches!(
        nothing(&|client, _| client.policy.suites = vec![ecdsa]),
        NothingInCommon::Suite { theirs, .. } if theirs == [ecdsa.to_string()]
    ));
    assert_eq!(
        nothing(&|client, server| {
            for policy in [&mut client.policy, &mut server.policy] {
                policy.suites = vec![gcm];
            }
            client.policy.groups = vec![NamedGroup::SECP256R1];
        }),
        NothingInCommon::Group { theirs: vec![NamedGroup::SECP256R1], ours: vec![NamedGroup::X25519] }
    );
    assert!(matches!(
        nothing(&|client, server| {
            client.policy.schemes = vec![SignatureScheme::ECDSA_SECP256R1_SHA256];
            server.policy.suites = vec![gcm];
        }),
        NothingInCommon::Scheme { theirs, ours }
            if theirs == [SignatureScheme::ECDSA_SECP256R1_SHA256] && ours.contains(&SignatureScheme::RSA_PKCS1_SHA256)
    ));
}

/// RFC 8422 5.3
#[test]
fn a_certificate_is_on_a_curve_that_the_client_has() {
    for version in VERSIONS {
        let (mut client, mut server) = configs(&Setup::new(version));
        client.policy.groups = vec![NamedGroup::X25519];
        client.policy.suites =
            vec![CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA];
        server.policy.server_preference = false;
        let (client, server) = failure(client, server);
        assert_eq!(alert(&client), "handshake_failure");
        // Not that it lacks an RSA certificate for the other suites.
        let (theirs, ours) = (vec![NamedGroup::X25519], vec![NamedGroup::SECP256R1]);
        assert_eq!(server.kind(), &ErrorKind::NothingInCommon(NothingInCommon::Group { theirs, ours }));

        // A server that does not see the list may take any curve, but the client has said which it takes.
        let (mut client, mut server) = configs(&Setup::new(version));
        client.policy.groups = vec![NamedGroup::X25519];
        server.policy.groups = vec![NamedGroup::SECP256R1];
        let (client, server) = errors(&hiding(&Arc::new(client), &Arc::new(server), [0, 10, 0, 4]));
        assert!(matches!(client.kind(), ErrorKind::IllegalParameter { field: "certificate_list", .. }), "{client:?}");
        assert_eq!(alert(&server), "illegal_parameter");
    }
}

/// Gives a certificate whatever is asked for.
#[derive(Debug)]
struct Stubborn(Arc<Credential>);

impl ClientCredentials for Stubborn {
    fn choose(&self, _: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        Some(self.0.clone())
    }
}

/// A request's certificate types bound its schemes (RFC 5246 7.4.4).
#[test]
fn a_client_certificate_is_of_a_type_that_was_asked_for() {
    let (mut client, server) = configs(&Setup::new(ProtocolVersion::TLS1_2).mutual(KeyKind::Ecdsa));
    client.credentials = Some(Arc::new(Stubborn(client_credential(KeyKind::Ecdsa))));
    let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
    let now = pair.now;
    pair.carry(Side::Client);
    let mut flight = pair.server.transmit();
    // rsa_sign and ecdsa_sign, before the list of schemes.
    let at = flight.windows(4).position(|w| w == [2, 1, 64, 0]).expect("the types are there");
    flight[at + 2] = 1;
    pair.client.receive(&flight, now);
    pair.run();
    let (client, server) = errors(&pair);
    assert_eq!(alert(&server), "handshake_failure");
    let ErrorKind::NothingInCommon(NothingInCommon::Scheme { theirs, ours }) = client.kind() else {
        panic!("{client:?}");
    };
    assert!(theirs.contains(&SignatureScheme::RSA_PKCS1_SHA256));
    assert!(ours.contains(&SignatureScheme::ECDSA_SECP256R1_SHA256));
    assert!(!theirs.iter().any(|s| ours.contains(s)), "{theirs:?}, {ours:?}");
}

#[test]
fn a_client_certificate_can_be_required() {
    for version in VERSIONS {
        let mut setup = Setup::new(version);
        setup.auth = Auth::Optional;
        let (client, server) = setup.configs();
        let pair = Pair::connected(&client, &server);
        assert!(pair.server.negotiated().peer_chain.is_empty());
        assert!(pair.client.flight().contains(&"Certificate".to_owned()));

        setup.auth = Auth::Required;
        let (client, server) = configs(&setup);
        let (client, server) = failure(client, server);
        assert_eq!(server.kind(), &ErrorKind::NoCertificate { version });
        assert_eq!(alert(&client), "handshake_failure");
    }
}

#[test]
fn chains_are_bounded() {
    let (mut client, server) = configs(&Setup::new(ProtocolVersion::TLS1_2));
    client.limits.chain = 0;
    let (client, _) = failure(client, server);
    assert_eq!(client.kind(), &ErrorKind::TooMuch(Limit::Chain));
    let (client, mut server) = configs(&Setup::new(ProtocolVersion::TLS1_2).mutual(KeyKind::Ecdsa));
    server.limits.chain = 0;
    let (_, server) = failure(client, server);
    assert_eq!(server.kind(), &ErrorKind::TooMuch(Limit::Chain));
}

#[test]
fn application_protocols() {
    for version in VERSIONS {
        let (mut client, mut server) = configs(&Setup::new(version));
        client.alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        server.alpn = vec![b"http/1.1".to_vec()];
        let (client, server) = (Arc::new(client), Arc::new(server));
        for _ in 0..2 {
            let pair = Pair::connected(&client, &server);
            pair.assert_agreed();
            assert_eq!(pair.client.negotiated().alpn.as_deref(), Some(&b"http/1.1"[..]));
        }
    }
}

/// Runs a handshake in which the last byte of a plaintext message of this type is changed.
fn spoiled(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, kind: HandshakeType) -> Pair {
    let mut pair = Pair::new(client, server);
    let mut protected = [false; 2];
    for _ in 0..8 {
        for side in Side::BOTH {
            let now = pair.now;
            pair.end(side).drive(now);
            let bytes = pair.end(side).transmit();
            for (message, mut record) in pieces(&bytes, &mut protected[side as usize]) {
                if message
                    && record[5] == kind.0
                    && let Some(last) = record.last_mut()
                {
                    *last ^= 1;
                }
                pair.end(side.other()).receive(&record, now);
            }
        }
    }
    pair
}

#[test]
fn a_wrong_signature_is_noticed() {
    for version in VERSIONS {
        for kind in [KeyKind::Rsa, KeyKind::Ecdsa] {
            let (client, server) = Setup::new(version).server(kind).mutual(kind).configs();
            let pair = spoiled(&client, &server, HandshakeType::SERVER_KEY_EXCHANGE);
            let (by_client, peer_is_server) = errors(&pair);
            assert_eq!(by_client.kind(), &ErrorKind::BadSignature);
            assert_eq!(alert(&peer_is_server), "decrypt_error");
            let pair = spoiled(&client, &server, HandshakeType::CERTIFICATE_VERIFY);
            let (by_client, peer_is_server) = errors(&pair);
            assert_eq!(peer_is_server.kind(), &ErrorKind::BadSignature);
            assert_eq!(alert(&by_client), "decrypt_error");
        }
    }
}

/// What was wrong with an RSA premaster secret cannot be told from a wrong Finished.
#[test]
fn a_wrong_premaster_secret_tells_nothing() {
    for version in VERSIONS {
        for suite in spoken(version).filter(|s| s.key_exchange == KeyExchangeKind::Rsa) {
            let (client, server) = with(version, suite).configs();
            let pair = spoiled(&client, &server, HandshakeType::CLIENT_KEY_EXCHANGE);
            let (by_client, peer_is_server) = errors(&pair);
            assert_eq!(peer_is_server.kind(), &ErrorKind::BadRecordMac);
            assert_eq!(alert(&by_client), "bad_record_mac");
        }
    }
}

// --- what is resumed ---

/// Whether a second handshake resumes the first, when the configs have changed and time has passed.
fn resumes(setup: &Setup, seconds: u64, change: impl Fn(&mut ClientConfig, &mut ServerConfig)) -> bool {
    let (mut client, mut server) = configs(setup);
    Pair::connected(&Arc::new(client.clone()), &Arc::new(server.clone()));
    change(&mut client, &mut server);
    let now = Time(noon().0 + Duration::from_secs(seconds));
    let mut pair = Pair::at(&Arc::new(client), &Arc::new(server), now);
    pair.run().assert_connected();
    pair.assert_agreed();
    pair.exchange(10);
    pair.client.negotiated().resumed
}

#[test]
fn a_session_is_resumed_only_where_nothing_has_changed() {
    for version in VERSIONS {
        for setup in [Setup::new(version), Setup::new(version).by_id()] {
            let mut setup = setup.mutual(KeyKind::Ecdsa);
            setup.auth = Auth::Optional;
            let suites = |version| spoken(version).filter(|s| s.authentication == Authentication::Ecdsa);
            assert!(resumes(&setup, 3600, |_, _| ()));
            assert!(!resumes(&setup, 86_401, |_, _| ()), "too old");
            let first = suites(version).next().unwrap().number;
            assert!(!resumes(&setup, 0, |client, _| client.policy.suites.retain(|s| *s != first)), "suite not offered");
            assert!(!resumes(&setup, 0, |_, server| server.policy.suites.retain(|s| *s != first)), "suite not allowed");
            let none = Setup::new(version).server_config().client_auth;
            assert!(!resumes(&setup, 0, |_, server| server.client_auth = none.clone()), "asks clients for less");
            assert!(!resumes(&setup, 0, |client, _| client.store = None), "nothing kept");
            assert!(
                !resumes(&setup, 0, |_, server| {
                    server.tickets = None;
                    server.store = None;
                }),
                "nothing found"
            );
            assert!(!resumes(&setup, 0, |client, _| client.send_server_name = false), "another name");
        }
    }
}

#[test]
fn a_session_of_another_version_is_not_resumed() {
    let mut setup = Setup::new(ProtocolVersion::TLS1_2);
    setup.suite = Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA);
    assert!(!resumes(&setup, 0, |client, server| {
        for policy in [&mut client.policy, &mut server.policy] {
            (policy.min_version, policy.max_version) = (ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_0);
        }
    }));
}

#[test]
fn tickets_go_before_ids() {
    let mut setup = Setup::new(ProtocolVersion::TLS1_2);
    setup.cache = true;
    let (client, server) = setup.configs();
    let first = Pair::connected(&client, &server);
    assert!(first.server.flight().contains(&"NewSessionTicket".to_owned()));
    assert!(Pair::connected(&client, &server).client.negotiated().resumed);
}

/// A session may be resumed many times, and each time the keys are others.
#[test]
fn every_resumption_has_its_own_keys() {
    let (client, server) = Setup::new(ProtocolVersion::TLS1_2).configs();
    let exported: BTreeSet<[u8; 32]> = (0..4)
        .map(|i| {
            let pair = Pair::connected(&client, &server);
            assert_eq!(pair.server.negotiated().resumed, i > 0);
            let mut out = [0; 32];
            pair.client.connection.export(&mut out, b"EXPORTER-test", None).unwrap();
            out
        })
        .collect();
    assert_eq!(exported.len(), 4);
}

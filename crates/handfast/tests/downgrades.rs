//! What keeps a connection from being talked down: fallback SCSV, sentinels, extended master secret, renegotiation_info.

mod common;

use common::certificates::Setup;
use common::{End, Pair, Side, change_server_hello, noon, record};
use handfast::crypto::KeyKind;
use handfast::error::NothingInCommon;
use handfast::extension::{Empty, Extension, Extensions, RenegotiationInfo};
use handfast::keys::{KeyLog, Secret};
use handfast::message::{ClientHello, Dialect, HEADER, Message};
use handfast::session::{
    ClientSession, ClientSessionKind, ClientStore, MemoryClientStore, MemoryServerStore, Remembered, ServerStore,
    SessionKey,
};
use handfast::wire::numbers::{ExtensionType, ProtocolVersion};
use handfast::wire::{CipherSuite, List, Vector};
use handfast::{ClientConfig, ErrorKind, Policy, Reply, ServerConfig, Time};
use std::sync::{Arc, Mutex};

const HANDSHAKE: u8 = 22;
const V10: ProtocolVersion = ProtocolVersion::TLS1_0;
const V12: ProtocolVersion = ProtocolVersion::TLS1_2;
const V13: ProtocolVersion = ProtocolVersion::TLS1_3;
const EVERY: [ProtocolVersion; 3] = [V10, V12, V13];

/// Both configs, the client's of these versions, the server's of those; tickets are nobody's.
fn configs(client: [ProtocolVersion; 2], server: [ProtocolVersion; 2]) -> (ClientConfig, ServerConfig) {
    let setup = Setup::new(V12);
    let (mut c, mut s) = (setup.client_config(), setup.server_config());
    c.store = None;
    let within = |policy: &mut Policy, [oldest, newest]: [ProtocolVersion; 2]| {
        (policy.min_version, policy.max_version) = (oldest, newest);
    };
    within(&mut c.policy, client);
    within(&mut s.policy, server);
    (c, s)
}

fn run(client: &ClientConfig, server: &ServerConfig) -> Pair {
    let mut pair = Pair::new(&Arc::new(client.clone()), &Arc::new(server.clone()));
    pair.run();
    pair
}

#[track_caller]
fn kind(end: &End) -> &ErrorKind {
    end.error.as_ref().expect("an error").kind()
}

// --- RFC 7507 ---

/// A client that fell back says so, and is refused if that was not needed.
#[test]
fn a_fallback_that_was_not_needed_is_refused() {
    for newest in EVERY {
        for spoken in EVERY {
            let (mut client, server) = configs([V10, newest], [V10, spoken]);
            client.fallback = Some(newest);
            let pair = run(&client, &server);
            if newest < spoken {
                assert_eq!(*kind(&pair.server), ErrorKind::InappropriateFallback);
                assert_eq!(pair.server.alerts(), ["fatal inappropriate_fallback"]);
                assert_eq!(pair.server.sent[1..3], newest.0.to_be_bytes(), "an alert of the client's version");
                assert!(
                    matches!(kind(&pair.client), ErrorKind::PeerAlert(a) if a.name() == Some("inappropriate_fallback"))
                );
            } else {
                pair.assert_connected();
            }
            client.fallback = None;
            run(&client, &server).assert_connected();
        }
    }
}

/// What was agreed in an earlier handshake is no fallback: the session goes on, although the server can do better by now.
#[test]
fn a_session_is_no_fallback() {
    let (mut client, old) = configs([V10, V12], [V10, V12]);
    let mut new = old.clone();
    new.policy.max_version = V13;
    client.fallback = Some(V12);
    client.store = Some(Arc::new(MemoryClientStore::default()));
    run(&client, &old).assert_connected();
    let pair = run(&client, &new);
    pair.assert_connected();
    assert!(pair.client.negotiated().resumed);
    client.store = None;
    assert_eq!(*kind(&run(&client, &new).server), ErrorKind::InappropriateFallback);
}

// --- RFC 9846 4.2.3 ---

/// The last eight bytes of a ServerHello's random.
fn sentinel(pair: &Pair) -> [u8; 8] {
    let random = &pair.server.sent[5 + HEADER + 2..][..32];
    random[24..].try_into().unwrap()
}

#[test]
fn a_server_says_what_it_could_have_done() {
    for newest in EVERY {
        for spoken in EVERY {
            let (client, server) = configs([V10, newest], [V10, spoken]);
            let pair = run(&client, &server);
            pair.assert_connected();
            let agreed = newest.min(spoken);
            assert_eq!(pair.client.negotiated().version, Some(agreed));
            let expected = match (agreed, spoken) {
                (V10, V12 | V13) => Some(*b"DOWNGRD\x00"),
                (V12, V13) => Some(*b"DOWNGRD\x01"),
                _ => None,
            };
            let said = sentinel(&pair);
            assert_eq!(said.starts_with(b"DOWNGRD").then_some(said), expected, "{newest}, {spoken}");
        }
    }
}

/// A server's first record, in which this replaces the end of its random; what the client makes of it.
fn with_sentinel(client: &ClientConfig, server: &ServerConfig, sentinel: [u8; 8]) -> Pair {
    let mut pair = Pair::new(&Arc::new(client.clone()), &Arc::new(server.clone()));
    pair.carry(Side::Client);
    let mut flight = pair.server.transmit();
    flight[5 + HEADER + 2 + 24..][..8].copy_from_slice(&sentinel);
    pair.client.receive(&flight, noon());
    pair
}

#[test]
fn a_client_heeds_it() {
    let (one, zero, none) = (*b"DOWNGRD\x01", *b"DOWNGRD\x00", *b"DOWNGRD\x02");
    for (newest, agreed, heeded) in [
        (V13, V12, &[one, zero][..]),
        (V13, V10, &[one, zero]),
        // Since it could do no better itself, the other one is chance.
        (V12, V10, &[zero]),
        (V12, V12, &[]),
        (V10, V10, &[]),
        (V13, V13, &[]),
    ] {
        let (client, server) = configs([V10, newest], [agreed, agreed]);
        for sentinel in [one, zero, none] {
            let pair = with_sentinel(&client, &server, sentinel);
            let downgrade = pair.client.error.as_ref().is_some_and(|e| *e.kind() == ErrorKind::Downgrade);
            assert_eq!(
                downgrade,
                heeded.contains(&sentinel),
                "{newest}, {agreed}, {sentinel:?}: {:?}",
                pair.client.error
            );
            if downgrade {
                assert_eq!(pair.client.alerts(), ["fatal illegal_parameter"]);
            }
        }
    }
}

/// A client that fell back measures the warning by what it speaks, not by what it offers now.
#[test]
fn a_fallback_does_not_hide_it() {
    let (one, zero) = (*b"DOWNGRD\x01", *b"DOWNGRD\x00");
    for (spoken, offered, heeded) in
        [(V13, V12, &[one, zero][..]), (V13, V10, &[one, zero]), (V12, V10, &[zero]), (V12, V12, &[]), (V10, V10, &[])]
    {
        let (mut client, server) = configs([V10, offered], [offered, offered]);
        client.fallback = Some(spoken);
        for sentinel in [one, zero, *b"DOWNGRD\x02"] {
            let pair = with_sentinel(&client, &server, sentinel);
            let downgrade = pair.client.error.as_ref().is_some_and(|e| *e.kind() == ErrorKind::Downgrade);
            assert_eq!(downgrade, heeded.contains(&sentinel), "{spoken}, {offered}, {sentinel:?}");
        }
    }
}

/// Someone hides the newer versions from the server: what it then chooses, it marks, and the client sees.
#[test]
fn versions_that_are_hidden_are_missed() {
    for (newest, oldest, hello, expected) in [
        // Without supported_versions legacy_version decides.
        (V13, V12, 0x0303, *b"DOWNGRD\x01"),
        (V13, V10, 0x0303, *b"DOWNGRD\x01"),
        (V13, V10, 0x0301, *b"DOWNGRD\x00"),
        (V12, V10, 0x0301, *b"DOWNGRD\x00"),
    ] {
        let (client, server) = configs([oldest, newest], [oldest, newest]);
        let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
        let sent = pair.client.transmit();
        let mut changed = ClientHello::from_body(&sent[5 + HEADER..]).unwrap();
        changed.fixed.legacy_version = ProtocolVersion(hello);
        changed.extensions.list.retain(|e| e.kind() != ExtensionType::SUPPORTED_VERSIONS);
        pair.server.receive(&record(HANDSHAKE, 0x0301, &Message::ClientHello(changed).to_bytes()), noon());
        pair.run();
        assert_eq!(sentinel(&pair), expected);
        assert_eq!(*kind(&pair.client), ErrorKind::Downgrade);
        assert!(matches!(kind(&pair.server), ErrorKind::PeerAlert(a) if a.name() == Some("illegal_parameter")));
    }
}

// --- RFC 7627 5.3 ---

/// A client's store that forgets that the master secret is an extended one.
#[derive(Debug, Default)]
struct Forgetful(MemoryClientStore);

impl ClientStore for Forgetful {
    fn take(&self, key: &SessionKey, now: Time) -> Reply<Remembered> {
        match self.0.take(key, now) {
            Reply::Now(Remembered { session: Some(mut session), group }) => {
                let ClientSessionKind::Classic(classic) = &mut session.kind else { panic!("of TLS 1.3") };
                assert!(classic.extended_master_secret);
                classic.extended_master_secret = false;
                Reply::Now(Remembered { session: Some(session), group })
            }
            other => other,
        }
    }
    fn put(&self, key: &SessionKey, session: ClientSession) {
        self.0.put(key, session);
    }
    fn forget(&self, key: &SessionKey) {
        self.0.forget(key);
    }
}

#[test]
fn a_client_refuses_a_session_that_has_become_extended() {
    for setup in [Setup::new(V12), Setup::new(V12).by_id(), Setup::new(V10)] {
        let (mut client, server) = (setup.client_config(), setup.server_config());
        client.store = Some(Arc::new(Forgetful::default()));
        run(&client, &server).assert_connected();
        let pair = run(&client, &server);
        assert!(matches!(kind(&pair.client), ErrorKind::InsufficientSecurity(_)));
        assert_eq!(pair.client.alerts(), ["fatal handshake_failure"]);
        // It is not tried again.
        let pair = run(&client, &server);
        pair.assert_connected();
        assert!(!pair.client.negotiated().resumed);
    }
}

#[test]
fn a_client_refuses_a_session_that_is_extended_no_more() {
    for setup in [Setup::new(V12), Setup::new(V12).by_id(), Setup::new(V10)] {
        let (client, server) = setup.configs();
        Pair::connected(&client, &server);
        let mut pair = Pair::new(&client, &server);
        pair.carry(Side::Client);
        let flight = change_server_hello(&pair.server.transmit(), |extensions| {
            extensions.list.retain(|e| e.kind() != ExtensionType::EXTENDED_MASTER_SECRET);
        });
        pair.client.receive(&flight, noon());
        assert!(matches!(kind(&pair.client), ErrorKind::InsufficientSecurity(_)));
        assert_eq!(pair.client.alerts(), ["fatal handshake_failure"]);
    }
}

/// The master secret, as the key log has it.
#[derive(Debug, Default)]
struct Master(Mutex<Vec<u8>>);

impl KeyLog for Master {
    fn log(&self, _: &'static str, _: &[u8; 32], secret: &[u8]) {
        *self.0.lock().unwrap() = secret.to_vec();
    }
}

/// A server's cache that forgets it: what is found says that the master secret is a plain one.
#[derive(Debug)]
struct ForgetfulCache(MemoryServerStore, Arc<Master>);

impl ServerStore for ForgetfulCache {
    fn find(&self, id: &[u8], now: Time) -> Reply<Option<Secret>> {
        let Reply::Now(Some(session)) = self.0.find(id, now) else { panic!("it was kept") };
        // The secret stands at the end, behind its length; before that, whether it is an extended one, and of CBC whether it is used as
        // encrypt-then-MAC.
        let mut bytes = session.bytes().to_vec();
        let at = bytes.len() - 48;
        assert!(bytes[at..] == self.1.0.lock().unwrap()[..] && bytes[at - 2] & 1 == 1 && bytes[at - 1] == 48);
        bytes[at - 2] &= !1;
        Reply::Now(Some(Secret::copy(&bytes)))
    }
    fn keep(&self, id: &[u8], session: &Secret, now: Time) -> Reply<bool> {
        self.0.keep(id, session, now)
    }
    fn forget(&self, id: &[u8]) {
        self.0.forget(id);
    }
}

/// To a client that offers extended_master_secret, a session without it is none: the handshake is a full one.
#[test]
fn a_server_resumes_no_session_that_was_not_extended() {
    for version in [V10, V12] {
        let (client, mut server) = (Setup::new(version).client_config(), Setup::new(version).by_id().server_config());
        let master = Arc::new(Master::default());
        server.key_log = Some(master.clone());
        server.store = Some(Arc::new(ForgetfulCache(MemoryServerStore::default(), master)));
        run(&client, &server).assert_connected();
        let pair = run(&client, &server);
        pair.assert_connected();
        pair.assert_agreed();
        assert!(!pair.client.negotiated().resumed && pair.client.negotiated().extended_master_secret);
    }
}

// --- RFC 7366 ---

fn cbc(version: ProtocolVersion) -> Setup {
    Setup::new(version).suite(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA)
}

fn drop_encrypt_then_mac(extensions: &mut Extensions<'_>) {
    extensions.list.retain(|e| e.kind() != ExtensionType::ENCRYPT_THEN_MAC);
}

/// Either side may do without, and a session that had it is then not offered.
#[test]
fn encrypt_then_mac_is_agreed_on_by_both() {
    for version in [V10, ProtocolVersion::TLS1_1, V12] {
        let setup = cbc(version);
        for (offers, takes) in [(true, true), (true, false), (false, true), (false, false)] {
            let (mut client, mut server) = (setup.client_config(), setup.server_config());
            (client.policy.encrypt_then_mac, server.policy.encrypt_then_mac) = (offers, takes);
            for resumed in [false, true] {
                let mut pair = run(&client, &server);
                pair.assert_connected();
                let (c, s) = (pair.client.negotiated(), pair.server.negotiated());
                assert_eq!((c.encrypt_then_mac, s.encrypt_then_mac), (offers && takes, offers && takes));
                assert_eq!((c.resumed, s.resumed), (resumed, resumed));
                pair.exchange(1000);
            }
            client.policy.encrypt_then_mac = false;
            let pair = run(&client, &server);
            pair.assert_connected();
            assert_eq!(pair.client.negotiated().resumed, !(offers && takes), "{version}: {offers}, {takes}");
            assert!(!pair.client.negotiated().encrypt_then_mac);
        }
    }
}

/// RFC 7366 3.1: to a client that offers it no more, a session that had it is none.
#[test]
fn a_server_resumes_no_session_without_its_encrypt_then_mac() {
    for setup in [cbc(V12), cbc(V12).by_id(), cbc(V10)] {
        let (mut client, server) = (setup.client_config(), setup.server_config());
        client.store = Some(Arc::new(Careless::default()));
        for resumed in [false, true] {
            let pair = run(&client, &server);
            pair.assert_connected();
            assert_eq!((pair.server.negotiated().resumed, pair.server.negotiated().encrypt_then_mac), (resumed, true));
        }
        client.policy.encrypt_then_mac = false;
        let pair = run(&client, &server);
        pair.assert_connected();
        pair.assert_agreed();
        assert!(!pair.server.negotiated().resumed && !pair.server.negotiated().encrypt_then_mac);
    }
}

/// A client's store that forgets that records were protected by encrypt-then-MAC.
#[derive(Debug, Default)]
struct Careless(MemoryClientStore);

impl ClientStore for Careless {
    fn take(&self, key: &SessionKey, now: Time) -> Reply<Remembered> {
        let Reply::Now(mut found) = self.0.take(key, now) else { panic!("it answers at once") };
        if let Some(ClientSessionKind::Classic(classic)) = found.session.as_mut().map(|s| &mut s.kind) {
            classic.encrypt_then_mac = false;
        }
        Reply::Now(found)
    }
    fn put(&self, key: &SessionKey, session: ClientSession) {
        self.0.put(key, session);
    }
    fn forget(&self, key: &SessionKey) {
        self.0.forget(key);
    }
}

#[test]
fn a_client_refuses_a_session_that_has_lost_encrypt_then_mac() {
    for setup in [cbc(V12), cbc(V12).by_id(), cbc(V10)] {
        let (client, server) = setup.configs();
        Pair::connected(&client, &server);
        let mut pair = Pair::new(&client, &server);
        pair.carry(Side::Client);
        let flight = change_server_hello(&pair.server.transmit(), drop_encrypt_then_mac);
        pair.client.receive(&flight, noon());
        let what = "the encrypt_then_mac of the session resumed";
        assert_eq!(*kind(&pair.client), ErrorKind::InsufficientSecurity(what));
        assert_eq!(pair.client.alerts(), ["fatal handshake_failure"]);
    }
}

/// RFC 7366 3: it is for block ciphers in CBC mode only.
#[test]
fn encrypt_then_mac_is_not_taken_where_it_means_nothing() {
    for (version, suite) in [
        (V12, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        (V12, CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
        (V10, CipherSuite::TLS_ECDHE_ECDSA_WITH_RC4_128_SHA),
    ] {
        let setup = Setup::new(version).suite(suite);
        let mut client = setup.client_config();
        // So that it is offered.
        client.policy.suites.push(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA);
        let mut pair = Pair::new(&Arc::new(client), &Arc::new(setup.server_config()));
        pair.carry(Side::Client);
        let flight = pair.server.transmit();
        let flight = change_server_hello(&flight, |extensions| {
            assert!(extensions.encrypt_then_mac().is_none());
            extensions.list.push(Extension::EncryptThenMac(Empty));
        });
        pair.client.receive(&flight, noon());
        assert!(matches!(kind(&pair.client), ErrorKind::IllegalParameter { field: "encrypt_then_mac", .. }), "{suite}");
        assert_eq!(pair.client.alerts(), ["fatal illegal_parameter"]);
    }
}

// --- RFC 5746 ---

fn renegotiation_info(extensions: &mut Extensions<'_>, info: Option<&'static [u8]>) {
    extensions.list.retain(|e| e.kind() != ExtensionType::RENEGOTIATION_INFO);
    extensions.list.extend(info.map(|info| Extension::RenegotiationInfo(RenegotiationInfo(info))));
}

/// RFC 5746 3.4, 3.6: in a first handshake it is empty, on both sides; else handshake_failure.
#[test]
fn a_first_handshake_is_tied_to_none() {
    for version in [V10, V12] {
        let setup = Setup::new(version);
        let (client, server) = setup.configs();
        for info in [&[1][..], &[0; 12], &[0; 255]] {
            let mut pair = Pair::new(&client, &server);
            let sent = pair.client.transmit();
            let mut hello = ClientHello::from_body(&sent[5 + HEADER..]).unwrap();
            renegotiation_info(&mut hello.extensions, Some(info));
            pair.server.receive(&record(HANDSHAKE, 0x0301, &Message::ClientHello(hello).to_bytes()), noon());
            assert!(matches!(kind(&pair.server), ErrorKind::InsufficientSecurity(_)));
            assert_eq!(pair.server.alerts(), ["fatal handshake_failure"]);

            let mut pair = Pair::new(&client, &server);
            pair.carry(Side::Client);
            let flight = pair.server.transmit();
            let flight = change_server_hello(&flight, |extensions| renegotiation_info(extensions, Some(info)));
            pair.client.receive(&flight, noon());
            assert!(matches!(kind(&pair.client), ErrorKind::InsufficientSecurity(_)));
            assert_eq!(pair.client.alerts(), ["fatal handshake_failure"]);
        }
    }
}

/// A client may say it with a suite instead; a server answers either, and nothing that was not asked.
#[test]
fn a_server_answers_the_signal_too() {
    for version in [V10, V12] {
        let setup = Setup::new(version).server(KeyKind::Ecdsa);
        let (client, server) = setup.configs();
        for (signal, extension) in [(false, false), (false, true), (true, false), (true, true)] {
            let sent = End::client(&client, noon()).transmit();
            let mut hello = ClientHello::from_body(&sent[5 + HEADER..]).unwrap();
            let mut suites: Vec<CipherSuite> = hello.fixed.cipher_suites.iter().collect();
            suites.retain(|s| *s != CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
            if signal {
                suites.push(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
            }
            hello.fixed.cipher_suites = Vector(List::of(&suites));
            renegotiation_info(&mut hello.extensions, extension.then_some(&[]));
            let mut end = End::server(&server);
            end.receive(&record(HANDSHAKE, 0x0301, &Message::ClientHello(hello).to_bytes()), noon());
            let sent = end.transmit();
            let length = HEADER + usize::from(u16::from_be_bytes([sent[5 + 2], sent[5 + 3]]));
            let answer = Message::decode(&sent[5..5 + length], Dialect::Hello).unwrap();
            let Message::ServerHello(answer) = answer else { panic!("{answer:?}") };
            let info = answer.extensions.renegotiation_info().map(|i| i.0);
            assert_eq!(info, (signal || extension).then_some(&[][..]), "{signal} {extension}");
            assert_eq!(end.negotiated().secure_renegotiation, signal || extension);
        }
    }
}

/// A peer without RFC 5746 is a matter of the policy (RFC 5746 4.1, 4.3).
#[test]
fn secure_renegotiation_can_be_required() {
    for version in [V10, V12] {
        for required in [false, true] {
            let (mut client, mut server) = configs([version, version], [version, version]);
            client.policy.require_secure_renegotiation = required;
            server.policy.require_secure_renegotiation = required;
            run(&client, &server).assert_connected();
            let (client, server) = (Arc::new(client), Arc::new(server));

            let mut pair = Pair::new(&client, &server);
            let sent = pair.client.transmit();
            let mut hello = ClientHello::from_body(&sent[5 + HEADER..]).unwrap();
            renegotiation_info(&mut hello.extensions, None);
            pair.server.receive(&record(HANDSHAKE, 0x0301, &Message::ClientHello(hello).to_bytes()), noon());
            assert_eq!(pair.server.error.is_some(), required);

            let mut pair = Pair::new(&client, &server);
            pair.carry(Side::Client);
            let flight = pair.server.transmit();
            pair.client.receive(&change_server_hello(&flight, |e| renegotiation_info(e, None)), noon());
            assert_eq!(pair.client.error.is_some(), required);
            if required {
                assert_eq!(*kind(&pair.client), ErrorKind::InsufficientSecurity("secure renegotiation"));
                assert_eq!(pair.client.alerts(), ["fatal handshake_failure"]);
            }
        }
    }
}

// --- RFC 7366 ---

/// A suite that is opened in constant time with encrypt-then-MAC only is refused by that reason to a client without it.
#[test]
fn a_suite_that_takes_encrypt_then_mac_is_named() {
    let suite = CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA256;
    let setup = Setup::new(V12).server(KeyKind::Rsa);
    let (client, mut server) = (setup.client_config(), setup.server_config());
    server.policy.suites = vec![suite];
    let server = Arc::new(server);
    let sent = End::client(&Arc::new(client), noon()).transmit();
    for with in [true, false] {
        let mut hello = ClientHello::from_body(&sent[5 + HEADER..]).unwrap();
        hello.fixed.cipher_suites = Vector(List::of(std::slice::from_ref(&suite)));
        hello.extensions.list.retain(|e| e.kind() != ExtensionType::ENCRYPT_THEN_MAC);
        hello.extensions.list.extend(with.then_some(Extension::EncryptThenMac(Empty)));
        let mut end = End::server(&server);
        end.receive(&record(HANDSHAKE, 0x0301, &Message::ClientHello(hello).to_bytes()), noon());
        if with {
            assert!(end.error.is_none() && end.negotiated().suite == Some(suite), "{:?}", end.error);
        } else {
            assert_eq!(*kind(&end), ErrorKind::NothingInCommon(NothingInCommon::EncryptThenMac(suite)));
            assert_eq!(end.alerts(), ["fatal handshake_failure"]);
        }
    }
}

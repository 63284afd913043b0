//! Conversations that between them pass every state.

use super::certificates::{EARLY, Known, Setup};
use super::{End, Pair, Seen, Side};
use handfast::crypto::KeyKind;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion};
use handfast::{ClientAuth, ClientConfig, ServerConfig};
use std::sync::Arc;

/// One conversation: how it is set up, and whether a session is resumed in it.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: &'static str,
    pub setup: Setup,
    pub resumed: bool,
}

/// Every one.
pub fn all() -> Vec<Scenario> {
    let v10 = || Setup::new(ProtocolVersion::TLS1_0);
    let v11 = || Setup::new(ProtocolVersion::TLS1_1);
    let v30 = || Setup::new(ProtocolVersion::SSL3_0).server(KeyKind::Rsa);
    let v12 = || Setup::new(ProtocolVersion::TLS1_2);
    let v13 = || Setup::new(ProtocolVersion::TLS1_3);
    let rsa12 = || v12().server(KeyKind::Rsa).suite(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256);
    let rsa10 = || v10().server(KeyKind::Rsa).suite(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA);
    let by = |setup: Setup, suite| setup.server(KeyKind::Rsa).suite(suite);
    let dhe12 = || by(v12(), CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256);
    let rsa_psk12 = || by(v12(), CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256);
    let psk12 = || by(v12(), CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256);
    let scenario = |name, setup, resumed| Scenario { name, setup, resumed };
    vec![
        scenario("TLS 1.3", v13(), false),
        scenario("TLS 1.3, both sides with certificates", v13().mutual(KeyKind::Ecdsa), false),
        scenario("TLS 1.3, with OCSP on both sides", v13().mutual(KeyKind::Ecdsa).stapled(), false),
        scenario("TLS 1.3, both sides with certificates, compressed", v13().mutual(KeyKind::Ecdsa).compressed(), false),
        scenario("TLS 1.3, both sides with raw keys", v13().mutual(KeyKind::Ecdsa).raw_keys(), false),
        scenario("TLS 1.3, resumed", v13(), true),
        scenario("TLS 1.3, retried", v13().retried(), false),
        scenario("TLS 1.3, retried with a cookie", v13().retried().cookies(), false),
        scenario("TLS 1.3, asked for a certificate afterwards", v13().asked_later(KeyKind::Ecdsa), false),
        scenario("TLS 1.3, external PSK", v13().psk(), false),
        scenario("TLS 1.3, external PSK, retried", v13().psk().retried(), false),
        scenario("TLS 1.3, external PSK, alone", v13().psk().psk_only(), false),
        scenario("TLS 1.3, resumed, early data", v13().early(), true),
        scenario("TLS 1.3, resumed, early data, alone", v13().psk().psk_only().early(), true),
        scenario("TLS 1.3, resumed, retried, early data in vain", v13().retried().early(), true),
        scenario("TLS 1.2, ECDHE", v12(), false),
        scenario("TLS 1.2, ECDHE, both sides with certificates", v12().mutual(KeyKind::Ecdsa), false),
        scenario("TLS 1.2, ECDHE, with OCSP", v12().stapled(), false),
        scenario("TLS 1.2, both sides with raw keys", v12().mutual(KeyKind::Ed25519).raw_keys(), false),
        scenario("TLS 1.2, RSA", rsa12(), false),
        scenario("TLS 1.2, DHE", dhe12().group(NamedGroup::FFDHE2048), false),
        scenario("TLS 1.2, PSK", psk12(), false),
        scenario("TLS 1.2, PSK with a hint", psk12().hinted(), false),
        scenario("TLS 1.2, DHE_PSK", by(v12(), CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256), false),
        scenario("TLS 1.2, ECDHE_PSK", by(v12(), CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256).hinted(), false),
        scenario("TLS 1.2, RSA_PSK", rsa_psk12(), false),
        scenario("TLS 1.2, RSA_PSK, both sides with certificates", rsa_psk12().hinted().mutual(KeyKind::Rsa), false),
        scenario("TLS 1.2, resumed by ticket", v12(), true),
        scenario("TLS 1.2, by ID", v12().by_id(), false),
        scenario("TLS 1.2, resumed by ID", v12().by_id(), true),
        scenario("TLS 1.1, ECDHE, both sides with certificates", v11().mutual(KeyKind::Ecdsa), false),
        scenario("TLS 1.2, a second handshake", Setup { tickets: false, ..v12().again(Side::Client) }, false),
        scenario("TLS 1.2, a second handshake, resumed", rsa12().again(Side::Server), false),
        scenario("TLS 1.2, a second handshake with a client certificate", v12().asked_again(KeyKind::Ecdsa), false),
        scenario("TLS 1.0, a second handshake with a client certificate", rsa10().asked_again(KeyKind::Rsa), false),
        scenario("TLS 1.0, ECDHE", v10(), false),
        scenario("TLS 1.0, DHE", by(v10(), CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA), false),
        scenario("TLS 1.0, RSA, both sides with certificates", rsa10().mutual(KeyKind::Rsa), false),
        scenario("SSL 3.0, both sides with certificates", v30().mutual(KeyKind::Rsa), false),
        scenario("SSL 3.0, by ID, asked for a certificate in vain", v30().by_id().asked(), false),
        scenario("SSL 3.0, resumed by ID", v30().by_id(), true),
        scenario("SSL 3.0, a second handshake with a client certificate", v30().asked_again(KeyKind::Rsa), false),
    ]
}

/// What an end may be seen to do, whatever the bytes are cut into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    pub events: Vec<Seen>,
    pub trace: Vec<String>,
    pub answered: Vec<&'static str>,
}

impl Course {
    fn of(end: &End) -> Self {
        let events = end.events.iter().filter(|e| !matches!(e, Seen::Parked(_))).cloned().collect();
        Self { events, trace: end.trace(), answered: end.answered.clone() }
    }
}

impl Scenario {
    pub fn configs(&self) -> (ClientConfig, ServerConfig) {
        (self.setup.client_config(), self.setup.server_config())
    }

    /// Whether early data is sent that the server takes none of.
    pub fn early_in_vain(&self) -> bool {
        self.setup.early && self.resumed && self.setup.hoped.is_some()
    }

    /// Both ends, ready to begin, with stores of their own; if a session is to be resumed, it has been made before.
    pub fn pair(&self) -> Pair {
        let (client, server) = self.setup.configs();
        if self.resumed {
            Pair::connected(&client, &server);
        }
        let mut pair = Pair::new(&client, &server);
        self.say_early(&mut pair);
        pair
    }

    /// Early data, once, where there is to be some.
    fn say_early(&self, pair: &mut Pair) {
        for _ in 0..100 {
            if !self.setup.early || !self.resumed || pair.client.connection.early_data_room() == Some(0) {
                return;
            }
            if let Some(room) = pair.client.connection.early_data_room() {
                let early = super::pattern(room);
                let (first, second) = early.split_at(3);
                pair.client.send_early(first);
                pair.client.send_early(second);
            }
            // The store is still being asked.
            let now = pair.now;
            pair.client.drive(now);
        }
        panic!("there is no early data");
    }

    /// Handshake, data both ways, and the close. Gives what the client and the server did.
    pub fn play(&self, pair: &mut Pair) -> [Course; 2] {
        self.say_early(pair);
        pair.run().assert_connected();
        pair.assert_agreed();
        let accepted = (self.setup.early && self.resumed).then_some(self.setup.hoped.is_none());
        assert_eq!(pair.server.negotiated().early_data, accepted, "{}", self.name);
        let early = if accepted == Some(true) { super::pattern(EARLY as usize) } else { Vec::new() };
        assert_eq!(pair.server.early, early, "{}", self.name);
        let facts = pair.client.negotiated();
        assert_eq!((facts.resumed, facts.retried), (self.resumed, self.setup.hoped.is_some()), "{}", self.name);
        if self.setup.asked_later {
            let (auth, now) = (ClientAuth::Required(Arc::new(Known)), pair.now);
            pair.server.connection.request_client_certificate(auth, now).unwrap();
            pair.run().assert_connected();
            assert!(!pair.server.negotiated().peer_chain.is_empty(), "{}", self.name);
        }
        self.setup.renegotiate(pair);
        pair.client.send(b"ping");
        pair.client.send(b"ping again");
        pair.run();
        pair.server.send(b"pong");
        pair.server.connection.close();
        pair.run();
        pair.client.connection.close();
        pair.run();
        assert_eq!(pair.server.data, b"pingping again");
        assert_eq!(pair.client.data, b"pong");
        for end in [&pair.client, &pair.server] {
            assert!(end.connection.peer_closed() && end.error.is_none(), "{}", self.name);
        }
        [Course::of(&pair.client), Course::of(&pair.server)]
    }
}

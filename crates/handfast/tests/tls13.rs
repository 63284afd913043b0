//! TLS 1.3 through connections: what needs records, or both ends' whole configs.

mod common;

use common::certificates::{Known, Setup, client_credential, server_credential};
use common::{End, NAME, Pair, Seen, Side, later, noon, record};
use handfast::alert::AlertDescription;
use handfast::crypto::KeyKind;
use handfast::error::Limit;
use handfast::extension::PreSharedKey;
use handfast::keys::KeyLog;
use handfast::message::{ClientHello, HEADER};
use handfast::wire::numbers::{ContentType, NamedGroup, ProtocolVersion};
use handfast::{ClientAuth, ClientConfig, ErrorKind, Policy, ServerConfig};
use std::sync::{Arc, Mutex};

fn setup() -> Setup {
    Setup::new(ProtocolVersion::TLS1_3)
}

/// The default policy's client against servers of one group each.
#[test]
fn groups_by_share_by_half_and_by_retry() {
    for (group, retried) in
        [(NamedGroup::X25519MLKEM768, false), (NamedGroup::X25519, false), (NamedGroup::SECP256R1, true)]
    {
        let mut server = ServerConfig::new(Policy::default(), server_credential(KeyKind::Ecdsa));
        server.policy.groups = vec![group];
        // Each with a store of its own: what is remembered spares the retry.
        let client = || ClientConfig::new(Policy::default(), Arc::new(Known));
        for (client, server, chunk) in
            [(client(), server.clone(), usize::MAX), (later::client(&client()), later::server(&server), 1)]
        {
            let mut pair = Pair::new(&Arc::new(client), &Arc::new(server)).chunk(chunk);
            pair.run().assert_connected();
            pair.assert_agreed();
            let negotiated = pair.client.negotiated();
            assert_eq!((negotiated.group, negotiated.retried), (Some(group), retried));
            let disguise = |end: &End| end.flight().iter().filter(|m| *m == "ChangeCipherSpec").count();
            assert_eq!((disguise(&pair.client), disguise(&pair.server)), (1, 1));
            pair.exchange(20_000);
        }
    }
}

#[test]
fn keys_change_while_data_goes_both_ways() {
    let (client, server) = setup().configs();
    let mut pair = Pair::connected(&client, &server);
    // More often than may be without data between.
    for round in 0..100 {
        let side = Side::BOTH[round % 2];
        let now = pair.now;
        pair.end(side).connection.update_keys(round % 3 == 0, now).unwrap();
        pair.exchange(50);
    }
    pair.assert_connected();
    // Both at once, each asking the other.
    for side in Side::BOTH {
        let now = pair.now;
        pair.end(side).connection.update_keys(true, now).unwrap();
    }
    pair.run().assert_connected();
    pair.exchange(50);
}

/// A request is answered before the next data, even if we have just changed our keys by ourselves (RFC 9846 4.7.3). While we are silent one
/// answer does for several requests; those that come when it has gone are answered before we speak again.
#[test]
fn a_request_is_answered_whatever_was_done_before() {
    for side in Side::BOTH {
        for (before, sent) in [(0, true), (1, true), (2, true), (1, false)] {
            let (client, server) = setup().configs();
            let mut pair = Pair::connected(&client, &server);
            let now = pair.now;
            let updates = |pair: &mut Pair| pair.end(side).flight().iter().filter(|m| *m == "KeyUpdate").count();
            (0..before).for_each(|_| pair.end(side).connection.update_keys(false, now).unwrap());
            if sent {
                pair.run();
            }
            for requests in 1..4 {
                pair.end(side.other()).connection.update_keys(true, now).unwrap();
                pair.run();
                assert_eq!(updates(&mut pair), before + 1, "{requests}");
            }
            pair.exchange(10);
            assert_eq!(updates(&mut pair), before + 2);
            // Several come before the answer to the first is sent.
            for _ in 0..3 {
                let request = pair.end(side.other());
                request.connection.update_keys(true, now).unwrap();
                let bytes = request.transmit();
                pair.end(side).receive(&bytes, now);
            }
            pair.exchange(10);
            assert_eq!(updates(&mut pair), before + 3);
        }
    }
}

#[test]
fn key_updates_without_data_have_a_bound() {
    let (client, server) = setup().configs();
    let mut pair = Pair::connected(&client, &server);
    for _ in 0..=server.limits.key_updates {
        let now = pair.now;
        pair.client.connection.update_keys(false, now).unwrap();
        pair.run();
    }
    assert_eq!(*pair.server.error.unwrap().kind(), ErrorKind::TooMuch(Limit::KeyUpdates));
}

#[test]
fn exporters_agree() {
    let (client, server) = setup().configs();
    let pair = Pair::connected(&client, &server);
    let export = |end: &End, label: &[u8], context: Option<&[u8]>| {
        let mut out = [0; 48];
        end.connection.export(&mut out, label, context).unwrap();
        out
    };
    let one = export(&pair.client, b"EXPORTER-one", Some(b"context"));
    assert_eq!(one, export(&pair.server, b"EXPORTER-one", Some(b"context")));
    assert_ne!(one, export(&pair.server, b"EXPORTER-two", Some(b"context")));
    assert_ne!(one, export(&pair.server, b"EXPORTER-one", Some(b"other")));
    // There is no difference between no context and an empty one here.
    assert_eq!(export(&pair.client, b"EXPORTER-one", None), export(&pair.server, b"EXPORTER-one", Some(b"")));
}

/// Label, client random, secret.
type Line = (&'static str, [u8; 32], Vec<u8>);

#[derive(Debug, Default)]
struct Log(Mutex<Vec<Line>>);

impl KeyLog for Log {
    fn log(&self, label: &'static str, client_random: &[u8; 32], secret: &[u8]) {
        self.0.lock().unwrap().push((label, *client_random, secret.to_vec()));
    }
}

#[test]
fn both_log_the_same_secrets() {
    let logs = [Arc::new(Log::default()), Arc::new(Log::default())];
    let (mut client, mut server) = (setup().client_config(), setup().server_config());
    client.key_log = Some(logs[0].clone());
    server.key_log = Some(logs[1].clone());
    Pair::connected(&Arc::new(client), &Arc::new(server));
    let [a, b] = logs.map(|log| log.0.lock().unwrap().clone());
    assert_eq!(a, b);
    assert_eq!(
        a.iter().map(|(label, ..)| *label).collect::<Vec<_>>(),
        [
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0",
            "SERVER_TRAFFIC_SECRET_0",
            "EXPORTER_SECRET"
        ]
    );
}

/// The client has finished when the server says no.
#[test]
fn a_certificate_that_is_required() {
    let mut server = setup().server_config();
    server.client_auth = ClientAuth::Required(Arc::new(Known));
    let mut pair = Pair::new(&Arc::new(setup().client_config()), &Arc::new(server));
    pair.run();
    assert!(pair.client.events.contains(&Seen::Connected));
    assert!(!pair.server.events.contains(&Seen::Connected));
    assert_eq!(*pair.server.error.unwrap().kind(), ErrorKind::NoCertificate { version: ProtocolVersion::TLS1_3 });
    assert_eq!(*pair.client.error.unwrap().kind(), ErrorKind::PeerAlert(AlertDescription::CERTIFICATE_REQUIRED));
}

/// Every ticket is used once; each connection brings new ones.
#[test]
fn sessions_are_used_once() {
    let setup = setup().mutual(KeyKind::Ecdsa);
    let (client, server) = setup.configs();
    let first = Pair::connected(&client, &server);
    let mut tickets = Vec::new();
    for _ in 0..5 {
        let mut pair = Pair::connected(&client, &server);
        pair.assert_agreed();
        pair.exchange(10);
        assert!(pair.client.negotiated().resumed);
        assert_eq!(pair.server.negotiated().peer_chain, client_credential(KeyKind::Ecdsa).chain);
        assert_eq!(pair.client.negotiated().peer_chain, first.client.negotiated().peer_chain);
        assert_eq!(pair.server.negotiated().server_name.as_deref(), Some(NAME));
        let ticket = ticket(&pair.client.sent);
        assert!(!tickets.contains(&ticket));
        tickets.push(ticket);
    }
}

/// The one ticket in a first flight.
fn ticket(flight: &[u8]) -> Vec<u8> {
    let length = usize::from(u16::from_be_bytes([flight[3], flight[4]]));
    let hello = ClientHello::from_body(&flight[5 + HEADER..5 + length]).unwrap();
    let Some(PreSharedKey::Offered(offered)) = hello.extensions.pre_shared_key() else { panic!("there is no ticket") };
    let identities: Vec<_> = offered.identities.iter().map(|i| i.identity.to_vec()).collect();
    <[Vec<u8>; 1]>::try_from(identities).unwrap()[0].clone()
}

const DISGUISE: u8 = 20;

#[test]
fn change_cipher_spec_means_nothing_and_has_its_time() {
    let (client, server) = setup().configs();
    let ccs = record(DISGUISE, 0x0303, &[1]);
    let now = noon();

    // Between the first hello and the peer's Finished, as often as the limit says.
    let mut pair = Pair::new(&client, &server);
    pair.carry(Side::Client);
    for _ in 0..20 {
        pair.server.receive(&ccs, now);
    }
    pair.run().assert_connected();
    pair.server.receive(&ccs, now);
    assert!(matches!(pair.server.error.unwrap().kind(), ErrorKind::UnexpectedRecord { .. }));
    pair.client.receive(&ccs, now);
    assert!(matches!(pair.client.error.unwrap().kind(), ErrorKind::UnexpectedRecord { .. }));

    // Too often.
    let mut pair = Pair::new(&client, &server);
    pair.carry(Side::Client);
    for _ in 0..=server.limits.change_cipher_specs {
        pair.server.receive(&ccs, now);
    }
    assert_eq!(*pair.server.error.unwrap().kind(), ErrorKind::TooMuch(Limit::ChangeCipherSpecs));

    // Too early, and with something else in it.
    let mut pair = Pair::new(&client, &server);
    pair.server.receive(&ccs, now);
    assert!(matches!(pair.server.error.unwrap().kind(), ErrorKind::UnexpectedRecord { .. }));
    for body in [&[0][..], &[2], &[1, 1]] {
        let mut pair = Pair::new(&client, &server);
        pair.carry(Side::Client);
        pair.server.receive(&record(DISGUISE, 0x0303, body), now);
        let error = pair.server.error.unwrap();
        let got = ContentType::CHANGE_CIPHER_SPEC;
        assert!(matches!(error.kind(), ErrorKind::UnexpectedRecord { got: g, .. } if *g == got), "{error}");
    }
}

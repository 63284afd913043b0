//! A config that is replaced while it serves.

mod common;

use common::certificates::{Setup, server_credential};
use common::{End, Pair, noon};
use handfast::config::ReplaceableConfig;
use handfast::crypto::KeyKind;
use handfast::session::{MemoryServerStore, RotatingTickets};
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientConfig, ServerConfig};
use std::sync::Arc;

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];

/// Both ends of a new connection, the server's config chosen by the hello.
fn pair(client: &Arc<ClientConfig>, source: &Arc<ReplaceableConfig>) -> Pair {
    Pair::of(End::client(client, noon()), End::server_by_hello(source.clone()), noon())
}

/// The old config with another certificate.
fn renewed(source: &ReplaceableConfig, kind: KeyKind) -> ServerConfig {
    let old = source.current();
    ServerConfig { credentials: Arc::new((*server_credential(kind)).clone()), ..(*old).clone() }
}

#[test]
fn handshakes_see_one_config_or_the_other_and_connections_go_on() {
    for version in VERSIONS {
        let setup = Setup { server: KeyKind::Ecdsa, ..Setup::new(version) };
        let (mut client, server) = (setup.client_config(), setup.server_config());
        client.store = None;
        let (client, source) = (Arc::new(client), Arc::new(ReplaceableConfig::new(Arc::new(server))));
        let shown = |pair: &Pair| pair.client.negotiated().peer_chain.clone();

        let mut before = pair(&client, &source);
        before.run().assert_connected();
        assert_eq!(shown(&before), server_credential(KeyKind::Ecdsa).chain);

        // One whose ClientHello was taken, and no more: it goes on with what it began with.
        let mut between = pair(&client, &source);
        between.server.input = between.client.transmit();
        between.server.drive(noon());
        let old = source.replace(Arc::new(renewed(&source, KeyKind::Ed25519)));
        assert!(!Arc::ptr_eq(&old, &source.current()));
        between.run().assert_connected();
        assert_eq!(shown(&between), server_credential(KeyKind::Ecdsa).chain);

        let mut after = pair(&client, &source);
        after.run().assert_connected();
        assert_eq!(shown(&after), server_credential(KeyKind::Ed25519).chain);
        // Of the first nothing was cut off.
        before.exchange(1000);
    }
}

#[test]
fn sessions_go_on_unless_they_shall_not() {
    for version in VERSIONS {
        for by_id in [false, true] {
            let setup = Setup { server: KeyKind::Ecdsa, ..Setup::new(version) };
            let setup = if by_id && version < ProtocolVersion::TLS1_3 { setup.by_id() } else { setup };
            let (client, server) = (Arc::new(setup.client_config()), setup.server_config());
            let (tickets, cache) = (server.tickets.is_some(), server.store.is_some());
            let source = Arc::new(ReplaceableConfig::new(Arc::new(server)));
            let resumed = || {
                let mut pair = pair(&client, &source);
                pair.run().assert_connected();
                assert_eq!(pair.client.negotiated().resumed, pair.server.negotiated().resumed);
                pair.server.negotiated().resumed
            };
            assert!(!resumed());
            source.replace(Arc::new(renewed(&source, KeyKind::Ed25519)));
            assert!(resumed(), "{version}, by ID: {by_id}");
            source.replace(Arc::new(ServerConfig {
                tickets: tickets.then(|| Arc::new(RotatingTickets::default()) as _),
                store: cache.then(|| Arc::new(MemoryServerStore::default()) as _),
                ..renewed(&source, KeyKind::Ecdsa)
            }));
            assert!(!resumed(), "{version}, by ID: {by_id}");
            assert!(resumed(), "{version}, by ID: {by_id}");
        }
    }
}

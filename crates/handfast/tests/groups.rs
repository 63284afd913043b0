//! Which shares a TLS 1.3 client sends, and what it remembers of a server's choice (RFC 9846 4.3.8).

mod common;

use common::certificates::{Known, server_credential};
use common::{NAME, Pair, later};
use handfast::crypto::KeyKind;
use handfast::extension::KeyShare;
use handfast::message::{Dialect, Message};
use handfast::session::{ClientStore, MemoryClientStore, SessionKey};
use handfast::wire::numbers::NamedGroup;
use handfast::{ClientConfig, Policy, ServerConfig};
use std::sync::Arc;

const FIRST: [NamedGroup; 2] = [NamedGroup::X25519MLKEM768, NamedGroup::X25519];

fn client(store: &Arc<MemoryClientStore>) -> ClientConfig {
    let mut config = ClientConfig::new(Policy::default(), Arc::new(Known));
    config.store = Some(store.clone());
    config
}

/// Speaks these groups, and gives no tickets.
fn server(groups: &[NamedGroup]) -> ServerConfig {
    let mut config = ServerConfig::new(Policy::default(), server_credential(KeyKind::Ecdsa));
    config.policy.groups = groups.to_vec();
    config.tickets = None;
    config
}

/// The groups of the shares in a ClientHello, and whether there was a HelloRetryRequest.
fn connect(client: ClientConfig, server: ServerConfig) -> (Vec<NamedGroup>, bool) {
    let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
    pair.run().assert_connected();
    pair.assert_agreed();
    let hello = pair.client.log().flights[0].messages[0].clone();
    let Ok(Message::ClientHello(hello)) = Message::decode(&hello, Dialect::Hello) else { panic!("no ClientHello") };
    let Some(KeyShare::Client(shares)) = hello.extensions.key_share() else { panic!("no shares") };
    (shares.iter().map(|s| s.group).collect(), pair.client.negotiated().retried)
}

#[test]
fn a_group_that_was_asked_for_is_remembered() {
    use NamedGroup as G;
    let store = Arc::new(MemoryClientStore::default());
    let only = |group| server(&[group]);
    assert_eq!(connect(client(&store), only(G::SECP384R1)), (FIRST.into(), true));
    // The first group's share goes along: should the server have learnt it, it is taken.
    let next = vec![FIRST[0], G::SECP384R1];
    assert_eq!(connect(client(&store), only(G::SECP384R1)), (next.clone(), false));
    assert_eq!(connect(client(&store), server(&[FIRST[0], G::SECP384R1])), (next, false));
    // That undoes it.
    assert_eq!(connect(client(&store), only(G::SECP256R1)), (FIRST.into(), true));
    assert_eq!(connect(client(&store), only(G::SECP521R1)), (vec![FIRST[0], G::SECP256R1], true));
    assert_eq!(connect(client(&store), only(G::SECP521R1)), (vec![FIRST[0], G::SECP521R1], false));
    // A policy without it.
    let mut other = client(&store);
    other.policy.groups = vec![G::X25519, G::SECP256R1];
    assert_eq!(connect(other, only(G::X25519)), (vec![G::X25519, G::SECP256R1], false));
}

#[test]
fn an_answer_that_comes_later_has_it_too() {
    let store = Arc::new(MemoryClientStore::default());
    let connect = || {
        let (client, server) = (client(&store), server(&[NamedGroup::SECP384R1]));
        connect(later::client(&client), later::server(&server))
    };
    assert!(connect().1);
    assert_eq!(connect(), (vec![FIRST[0], NamedGroup::SECP384R1], false));
}

/// As many shares as the policy says, and none where it says none.
#[test]
fn no_more_shares_are_sent_for_it() {
    for count in [0, 1, 2, 3] {
        let store = Arc::new(MemoryClientStore::default());
        store.remember_group(&SessionKey(NAME.into()), NamedGroup::SECP521R1);
        let mut client = client(&store);
        client.policy.key_shares = count;
        let (shares, retried) = connect(client, server(&[NamedGroup::SECP521R1]));
        assert_eq!((shares.len(), retried), (count, count == 0));
    }
}

/// A policy may say for which groups, in the order of its groups (RFC 9846 4.3.8).
#[test]
fn shares_of_one_s_own_choice() {
    use NamedGroup as G;
    let store = Arc::new(MemoryClientStore::default());
    store.remember_group(&SessionKey(NAME.into()), G::SECP521R1);
    let with = |chosen: &[G], server_has| {
        let mut client = client(&store);
        client.policy.shared_groups = Some(chosen.to_vec());
        connect(client, server(&[server_has]))
    };
    assert_eq!(with(&[G::SECP384R1, G::X25519, G::X448], G::SECP384R1), (vec![G::X25519, G::SECP384R1], false));
    assert_eq!(with(&[], G::SECP384R1), (vec![], true));
    // The half of a hybrid that is not shared by itself.
    assert_eq!(with(&[G::X25519MLKEM768], G::X25519), (vec![G::X25519MLKEM768], true));
}

/// Nothing is written down where the usual shares do.
#[test]
fn what_is_sent_anyway_is_not_kept() {
    let store = Arc::new(MemoryClientStore::default());
    for group in FIRST {
        assert_eq!(connect(client(&store), server(&[group])), (FIRST.into(), false));
        let handfast::Reply::Now(remembered) = store.take(&SessionKey(NAME.into()), common::noon()) else {
            panic!("it answers at once")
        };
        assert_eq!(remembered.group, None);
    }
}

/// A session of TLS 1.3 has the group in it, for stores that keep none.
#[test]
fn a_session_tells_the_group_too() {
    let store = Arc::new(MemoryClientStore::default());
    let with_tickets = || {
        let mut config = server(&[NamedGroup::SECP384R1]);
        config.tickets = ServerConfig::new(Policy::default(), server_credential(KeyKind::Ecdsa)).tickets;
        config
    };
    assert!(connect(client(&store), with_tickets()).1);
    let handfast::Reply::Now(remembered) = store.take(&SessionKey(NAME.into()), common::noon()) else {
        panic!("it answers at once")
    };
    let fresh = Arc::new(MemoryClientStore::default());
    fresh.put(&SessionKey(NAME.into()), *remembered.session.expect("a ticket"));
    assert_eq!(connect(client(&fresh), with_tickets()), (vec![FIRST[0], NamedGroup::SECP384R1], false));
}

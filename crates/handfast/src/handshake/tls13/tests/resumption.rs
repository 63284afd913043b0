//! Tickets: those that are given, those that are taken, and those that are not.

use super::*;
use crate::extension::PreSharedKey;
use crate::message::NewSessionTicket13;
use crate::session::{ClientSessionKind, ClientStore, MemoryClientStore, Remembered, SessionKey};
use crate::wire::{CipherSuite, List, Opaque};

/// Makes a session, and gives its store.
fn remembered(client: &mut ClientConfig, server: &Arc<ServerConfig>) -> Arc<MemoryClientStore> {
    let store = Arc::new(MemoryClientStore::default());
    client.store = Some(store.clone());
    let (a, b) = pair(&Arc::new(client.clone()), server);
    talk(a, b, as_it_is).connected();
    store
}

#[test]
fn resumption() {
    let (mut client, server) = mutual();
    let server = Arc::new(server);
    remembered(&mut client, &server);
    let client = Arc::new(client);
    // Two tickets, each good for one more handshake, in which two more come.
    let (a, b) = pair(&client, &server);
    let outcome = talk(a, b, as_it_is).connected();
    assert_eq!(outcome.names(Side::Client), ["ClientHello", "Finished"]);
    assert_eq!(
        outcome.names(Side::Server),
        ["ServerHello", "EncryptedExtensions", "Finished", "NewSessionTicket", "NewSessionTicket"]
    );
    for shared in [&outcome.client.shared, &outcome.server.shared] {
        let negotiated = &shared.negotiated;
        assert!(negotiated.resumed && negotiated.verified.is_some());
        assert_eq!(negotiated.peer_chain, credential().chain);
        assert_eq!((negotiated.scheme, negotiated.client_scheme), (None, None));
        assert_eq!(negotiated.group, Some(NamedGroup::X25519));
    }
}

#[test]
fn resumption_after_a_retry() {
    let (mut client, server) = plain();
    let server = Arc::new(server);
    remembered(&mut client, &server);
    let mut picky = ServerConfig::clone(&server);
    picky.policy.groups = vec![NamedGroup::SECP256R1];
    let (a, b) = pair(&Arc::new(client), &Arc::new(picky));
    let outcome = talk(a, b, as_it_is).connected();
    let negotiated = &outcome.server.shared.negotiated;
    assert!(negotiated.resumed && negotiated.retried);
}

#[test]
fn a_wrong_binder() {
    let (mut client, server) = plain();
    let server = Arc::new(server);
    remembered(&mut client, &server);
    let (a, b) = pair(&Arc::new(client), &server);
    let outcome = talk(a, b, |_, _, mut raw| {
        if Message::name(&raw) == "ClientHello" {
            *raw.last_mut().unwrap() ^= 1;
        }
        vec![(raw, true)]
    });
    assert_eq!(*outcome.failed(Side::Server), ErrorKind::BadBinder);
}

/// RFC 9846 4.3.11: it is not the extension that is missing, but what was agreed on by taking the key.
#[test]
fn a_key_without_an_exchange() {
    let (mut client, server) = plain();
    let server = Arc::new(server);
    remembered(&mut client, &server);
    let (a, b) = pair(&Arc::new(client), &server);
    let bare =
        change("ServerHello", edit!(ServerHello, |m| drop_extension(&mut m.extensions, ExtensionType::KEY_SHARE)));
    assert_illegal(talk(a, b, bare).failed(Side::Client), "key_share");
}

#[test]
fn a_ticket_without_modes() {
    let (mut client, server) = plain();
    let server = Arc::new(server);
    remembered(&mut client, &server);
    let drop = edit!(ClientHello, |m| drop_extension(&mut m.extensions, ExtensionType::PSK_KEY_EXCHANGE_MODES));
    let (a, b) = pair(&Arc::new(client), &server);
    let outcome = talk(a, b, change("ClientHello", drop));
    assert_eq!(*outcome.failed(Side::Server), ErrorKind::MissingExtension(ExtensionType::PSK_KEY_EXCHANGE_MODES));
}

/// What the server may not or cannot resume becomes a full handshake.
#[test]
fn a_ticket_that_does_not_do() {
    let full = |name: &str, client: ClientConfig, server: ServerConfig, now: Time| {
        let (client, server) = (Arc::new(client), Arc::new(server));
        let outcome = talk(Machine::client(&client, now), Machine::server(&server, now), as_it_is).connected();
        assert!(!outcome.server.shared.negotiated.resumed && !outcome.client.shared.negotiated.resumed, "{name}");
        assert_eq!(outcome.server.shared.negotiated.peer_chain, Vec::new(), "{name}");
    };
    let (mut client, server) = plain();
    let shared = Arc::new(server.clone());

    remembered(&mut client, &shared);
    full("other keys", client.clone(), super::server(), noon());

    remembered(&mut client, &shared);
    let mut asks = server.clone();
    asks.client_auth = ClientAuth::Optional(Arc::new(Anyone));
    full("asks for certificates", client.clone(), asks, noon());

    remembered(&mut client, &shared);
    let mut other_hash = server.clone();
    other_hash.policy.suites = vec![CipherSuite::TLS_AES_256_GCM_SHA384];
    full("other hash", client.clone(), other_hash, noon());

    remembered(&mut client, &shared);
    full("too old", client.clone(), server.clone(), Time(noon().0 + Duration::from_secs(8 * 86_400)));

    remembered(&mut client, &shared);
    let mut unnamed = client.clone();
    unnamed.send_server_name = false;
    full("other name", unnamed, server, noon());
}

/// A chain of resumptions does not outlive the week that began with its certificates.
#[test]
fn resumptions_end() {
    let (mut client, server) = plain();
    let server = Arc::new(server);
    let store = remembered(&mut client, &server);
    let client = Arc::new(client);
    let mut now = noon();
    let mut resumed = 0;
    loop {
        let outcome = talk(Machine::client(&client, now), Machine::server(&server, now), as_it_is).connected();
        if !outcome.server.shared.negotiated.resumed {
            break;
        }
        resumed += 1;
        assert!(now.seconds_since(noon()) < 7 * 86_400);
        now = Time(now.0 + Duration::from_secs(3_600));
        let key = SessionKey("server.test".into());
        if let Reply::Now(Remembered { session: Some(session), .. }) = store.take(&key, now) {
            assert!(session.lifetime <= 7 * 86_400);
            // The client's own bound, should a server go on: the certificate was judged once, in the first handshake.
            assert_eq!((session.judged, session.since), (noon(), Time(now.0 - Duration::from_secs(3_600))));
            store.put(&key, *session);
        }
    }
    assert!(resumed > 100, "{resumed}");
}

#[test]
fn tickets_on_the_client() {
    let (mut client, server) = plain();
    client.limits.tickets = 3;
    let store = Arc::new(MemoryClientStore::default());
    client.store = Some(store.clone());
    let (a, b) = pair(&Arc::new(client), &Arc::new(server));
    let mut outcome = talk(a, b, as_it_is).connected();
    outcome.client.shared.limits.tickets = 3;
    let ticket = |lifetime| {
        let (nonce, ticket, extensions) = (&b"nonce"[..], &b"a ticket"[..], Extensions::of(vec![UNKNOWN]));
        Message::NewSessionTicket13(NewSessionTicket13 { lifetime, age_add: 7, nonce, ticket, extensions }).to_bytes()
    };
    outcome.client.take(&ticket(0), true).unwrap();
    for _ in 0..5 {
        outcome.client.take(&ticket(604_800), true).unwrap();
    }
    let mut kept = Vec::new();
    while let Reply::Now(Remembered { session: Some(session), .. }) =
        store.take(&SessionKey("server.test".into()), noon())
    {
        let ClientSessionKind::Tls13(session) = session.kind else { panic!("not one of TLS 1.3") };
        kept.push(session.ticket);
    }
    assert_eq!(kept.len(), 3);
    assert_eq!(kept.iter().filter(|t| *t == b"a ticket").count(), 1);
    assert_illegal(outcome.client.take(&ticket(604_801), true).unwrap_err().kind(), "ticket_lifetime");
}

/// A client that cannot use tickets gets none; one that keeps none ignores them.
#[test]
fn no_tickets() {
    let (mut client, server) = plain();
    client.store = None;
    let (a, b) = pair(&Arc::new(client.clone()), &Arc::new(server.clone()));
    talk(a, b, as_it_is).connected();
    let mut without = server;
    without.tickets = None;
    let (a, b) = pair(&Arc::new(client), &Arc::new(without));
    let outcome = talk(a, b, as_it_is).connected();
    assert_eq!(outcome.names(Side::Server).last(), Some(&"Finished"));
}

/// The server takes a ticket of another kind of key for none at all, and tries the next.
#[test]
fn the_second_ticket() {
    use crate::extension::{OfferedPsks, PskIdentity};
    let (mut client, server) = plain();
    let server = Arc::new(server);
    remembered(&mut client, &server);
    let (a, b) = pair(&Arc::new(client), &server);
    // Its binder does not fit, and it is looked at only because the first cannot be opened.
    let outcome = talk(
        a,
        b,
        change(
            "ClientHello",
            edit!(ClientHello, |m| {
                let Some(Extension::PreSharedKey(PreSharedKey::Offered(own))) = m.extensions.list.pop() else {
                    panic!("no ticket")
                };
                let (identity, binder) = (own.identities.iter().next().unwrap(), own.binders.iter().next().unwrap());
                let unknown = PskIdentity { identity: Opaque(b"unknown"), obfuscated_ticket_age: 0 };
                let (identities, binders) = (vec![unknown, identity].leak(), vec![binder, binder].leak());
                let offered =
                    OfferedPsks { identities: List::of(identities), binders: List::of(binders), binders_len: 0 };
                m.extensions.list.push(Extension::PreSharedKey(PreSharedKey::Offered(offered)));
            }),
        ),
    );
    assert_eq!(*outcome.failed(Side::Server), ErrorKind::BadBinder);
}

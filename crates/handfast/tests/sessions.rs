//! How long a client goes on with a session.

mod common;

use common::certificates::Setup;
use common::{NAME, Pair, noon};
use handfast::extension::TicketCounts;
use handfast::message::{Dialect, Message};
use handfast::session::{ClientSession, ClientStore, MemoryClientStore, Remembered, SessionKey};
use handfast::wire::numbers::ProtocolVersion;
use handfast::{Reply, Time};
use std::sync::Arc;
use std::time::Duration;

const VERSIONS: [ProtocolVersion; 3] = [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];

/// What was judged once has to be judged again, though a server may renew its tickets for ever.
#[test]
fn a_session_remembers_when_its_chain_was_judged() {
    for version in VERSIONS {
        let by_id = Some(Setup::new(version).by_id()).filter(|_| version < ProtocolVersion::TLS1_3);
        for setup in [Setup::new(version)].into_iter().chain(by_id) {
            let store = Arc::new(MemoryClientStore::default());
            let (mut client, server) = (setup.client_config(), setup.server_config());
            client.store = Some(store.clone());
            let (client, server) = (Arc::new(client), Arc::new(server));
            let later = |hours: u64| Time(noon().0 + Duration::from_secs(3600 * hours));
            for hours in [0, 5, 10] {
                let mut pair = Pair::at(&client, &server, later(hours));
                pair.run().assert_connected();
                assert_eq!(pair.client.negotiated().resumed, hours > 0);
                let Reply::Now(Remembered { session: Some(session), .. }) =
                    store.take(&SessionKey(NAME.into()), later(hours))
                else {
                    panic!("no session is kept")
                };
                assert_eq!(session.judged, noon());
                assert!(!session.expired(later(10)) && session.expired(later(7 * 24)));
            }
        }
    }
}

/// A store that keeps sessions for too long, as one behind a network may.
#[derive(Debug)]
struct Hoard(MemoryClientStore);

impl ClientStore for Hoard {
    fn take(&self, key: &SessionKey, _: Time) -> Reply<Remembered> {
        self.0.take(key, noon())
    }
    fn put(&self, key: &SessionKey, session: ClientSession) {
        self.0.put(key, session);
    }
    fn forget(&self, key: &SessionKey) {
        self.0.forget(key);
    }
}

#[test]
fn a_session_that_has_expired_is_not_offered() {
    for version in VERSIONS {
        let resumed = |seconds: u64| {
            let (mut client, server) = (Setup::new(version).client_config(), Setup::new(version).server_config());
            client.store = Some(Arc::new(Hoard(MemoryClientStore::default())));
            let (client, server) = (Arc::new(client), Arc::new(server));
            Pair::connected(&client, &server);
            let hello = Pair::at(&client, &server, Time(noon().0 + Duration::from_secs(seconds))).client.transmit();
            let Ok(Message::ClientHello(hello)) = Message::decode(&hello[5..], Dialect::Hello) else {
                panic!("not a ClientHello")
            };
            let ticket = hello.extensions.session_ticket().is_some_and(|t| !t.0.is_empty());
            ticket || hello.extensions.pre_shared_key().is_some()
        };
        assert!(resumed(60), "{version}");
        assert!(!resumed(7 * 86_400), "{version}");
    }
}

/// How many tickets come where the client says how many it wants, and where it says nothing (RFC 9149).
#[test]
fn a_server_heeds_how_many_tickets_are_wanted() {
    let wanted = |new_session_count, resumption_count| Some(TicketCounts { new_session_count, resumption_count });
    // Wanted; given of a new session, and of a resumed one.
    for (tickets, new, resumed) in
        [(None, 2, 2), (wanted(3, 1), 3, 1), (wanted(1, 0), 1, 0), (wanted(8, 8), 8, 8), (wanted(255, 9), 8, 8)]
    {
        for setup in [Setup::new(ProtocolVersion::TLS1_3), Setup::new(ProtocolVersion::TLS1_3).retried()] {
            let (mut client, server) = (setup.client_config(), setup.server_config());
            client.ticket_request = tickets;
            let (client, server) = (Arc::new(client), Arc::new(server));
            for given in [new, resumed] {
                let mut pair = Pair::connected(&client, &server);
                pair.run().assert_agreed();
                assert_eq!(pair.client.negotiated().tickets, tickets.map(|_| given as u8), "{tickets:?}");
                let sent = pair.server.flight().iter().filter(|m| *m == "NewSessionTicket").count();
                assert_eq!(sent, given, "{tickets:?}");
            }
        }
    }
}

/// Without tickets nothing is said of them, and a client that keeps none does not ask.
#[test]
fn nobody_speaks_of_tickets_that_will_not_be() {
    let setup = Setup::new(ProtocolVersion::TLS1_3);
    for (keeps, gives) in [(false, true), (true, false)] {
        let (mut client, mut server) = (setup.client_config(), setup.server_config());
        client.ticket_request = Some(TicketCounts { new_session_count: 4, resumption_count: 4 });
        client.store = client.store.filter(|_| keeps);
        server.tickets = server.tickets.filter(|_| gives);
        let pair = Pair::connected(&Arc::new(client), &Arc::new(server));
        pair.assert_agreed();
        assert_eq!(pair.client.negotiated().tickets, None);
        let sent = pair.server.flight().iter().filter(|m| *m == "NewSessionTicket").count();
        assert_eq!(sent, if gives { 2 } else { 0 });
    }
}

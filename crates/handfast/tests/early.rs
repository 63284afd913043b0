//! Early data (RFC 9846 4.3.10, 8): taken once, or not at all.

mod common;

use common::certificates::Setup;
use common::forge::Forge;
use common::{End, Pair, Seen, Side, noon, pattern, record, records};
use handfast::alert::AlertDescription;
use handfast::config::{EarlyDataRules, PadToMultiple};
use handfast::error::Limit;
use handfast::session::{
    ClientSession, ClientSessionKind, ClientStore, MemoryClientStore, MemoryReplayStore, Remembered, RotatingTickets,
    SessionKey,
};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion};
use handfast::{ClientConfig, ErrorKind, Reply, ServerConfig, Time};
use std::sync::Arc;
use std::time::Duration;

const MOST: u32 = 20_000;

/// A store that has remembered for a long time.
fn store() -> Arc<MemoryReplayStore> {
    Arc::new(MemoryReplayStore::new(Time::default(), 1000))
}

fn setup() -> Setup {
    Setup::new(ProtocolVersion::TLS1_3)
}

/// Both sides, ready for early data.
fn configs() -> (ClientConfig, ServerConfig) {
    let (mut client, mut server) = (setup().client_config(), setup().server_config());
    client.early_data = true;
    server.early_data = Some(EarlyDataRules::new(MOST, store()));
    (client, server)
}

fn later(millis: u64) -> Time {
    Time(noon().0 + Duration::from_millis(millis))
}

/// Both ends after a first connection, that much later.
fn again(client: &ClientConfig, server: &ServerConfig, millis: u64) -> Pair {
    let (client, server) = (Arc::new(client.clone()), Arc::new(server.clone()));
    Pair::connected(&client, &server);
    Pair::at(&client, &server, later(millis))
}

/// What came as early data, and whether both say that it was accepted.
#[track_caller]
fn outcome(pair: &mut Pair) -> (Vec<u8>, bool) {
    pair.run().assert_connected();
    pair.assert_agreed();
    let accepted = pair.client.negotiated().early_data.expect("early data was offered");
    assert!(pair.client.connection.early_data_room().is_none(), "it is over");
    pair.exchange(100);
    (std::mem::take(&mut pair.server.early), accepted)
}

#[test]
fn early_data_comes_before_the_handshake_is_done_and_is_marked() {
    let (client, server) = configs();
    for chunk in [usize::MAX, 1, 7, 100] {
        let mut pair = again(&client, &server, 1000).chunk(chunk);
        assert_eq!(pair.client.connection.early_data_room(), Some(MOST as usize));
        pair.client.send_early(b"GET ");
        pair.client.send_early(b"/");
        assert_eq!(pair.client.connection.early_data_room(), Some(MOST as usize - 5));
        assert_eq!(outcome(&mut pair), (b"GET /".to_vec(), true));
        let connected = pair.server.events.iter().position(|e| *e == Seen::Connected).unwrap();
        let early = pair.server.events.iter().rposition(|e| matches!(e, Seen::EarlyData(_))).unwrap();
        assert!(early < connected);
        assert!(pair.client.negotiated().resumed);
        // The disguise is where a middlebox looks for it (RFC 9846 E.4).
        let wanted = ["ClientHello", "ChangeCipherSpec", "EndOfEarlyData", "Finished"];
        assert_eq!(pair.client.flight(), wanted);
        assert_eq!(records(&pair.client.sent)[..2].iter().map(|r| r[0]).collect::<Vec<_>>(), [22, 20]);
        assert_eq!(records(&pair.client.sent)[0][1..3], [3, 1]);
        assert_eq!(records(&pair.client.sent)[1][1..3], [3, 3]);
    }
}

/// Until the server's part is done, more may be said.
#[test]
fn early_data_may_go_on_while_the_server_answers() {
    let (client, server) = configs();
    let mut pair = again(&client, &server, 1000);
    pair.client.send_early(b"one ");
    pair.carry(Side::Client);
    pair.client.send_early(b"two ");
    pair.carry(Side::Client);
    let room = pair.client.connection.early_data_room().unwrap();
    pair.client.send_early(&pattern(room));
    assert_eq!(pair.client.connection.early_data_room(), Some(0));
    let error = pair.client.connection.send_early(b"x", &mut Vec::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Misuse(_)));
    let wanted = [&b"one two "[..], &pattern(room)].concat();
    assert_eq!(outcome(&mut pair), (wanted, true));
    assert!(pair.client.connection.send_early(b"x", &mut Vec::new()).is_err());
}

/// A server may answer early data before the client has finished; without early data it has to wait.
#[test]
fn early_data_may_be_answered_at_once() {
    let (client, server) = configs();
    let mut pair = again(&client, &server, 1000);
    pair.client.send_early(b"question");
    pair.carry(Side::Client);
    assert!(!pair.server.is_connected() && pair.server.connection.can_send());
    pair.server.send(b"answer");
    pair.carry(Side::Server);
    assert!(pair.client.is_connected() && pair.client.data == b"answer");
    pair.client.data.clear();
    assert_eq!(outcome(&mut pair), (b"question".to_vec(), true));
    let silent = ClientConfig { early_data: false, ..client };
    let mut pair = Pair::new(&Arc::new(silent), &Arc::new(server));
    pair.carry(Side::Client);
    assert!(!pair.server.connection.can_send());
}

/// Nothing follows the server's close_notify, no ticket either; what the client has still to say is heard.
#[test]
fn an_early_answer_may_be_the_last_word() {
    let (client, server) = configs();
    for slow in [false, true] {
        let served = if slow { common::later::server(&server) } else { server.clone() };
        let mut pair = again(&client, &served, 1000);
        pair.client.send_early(b"question");
        pair.carry(Side::Client);
        while !pair.server.connection.can_send() {
            pair.server.drive(later(1000));
        }
        pair.server.send(b"answer");
        pair.server.connection.close();
        assert!(pair.server.error.is_none() && !pair.server.connection.can_send());
        pair.run().assert_connected();
        assert_eq!((&pair.server.early[..], &pair.client.data[..]), (&b"question"[..], &b"answer"[..]));
        assert!(pair.client.connection.peer_closed());
        assert!(!pair.server.flight().contains(&"NewSessionTicket".to_owned()), "{:?}", pair.server.flight());
        pair.client.send(b"late");
        pair.run();
        assert_eq!(pair.server.data, b"late");
    }
}

#[test]
fn a_client_that_says_nothing_early_is_no_worse() {
    let (client, server) = configs();
    assert_eq!(outcome(&mut again(&client, &server, 1000)), (Vec::new(), true));
}

#[test]
fn off_by_default() {
    let (client, mut server) = configs();
    let mut silent = client.clone();
    silent.early_data = false;
    let mut pair = again(&silent, &server, 1000);
    assert_eq!(pair.client.connection.early_data_room(), None);
    pair.run().assert_connected();
    assert_eq!(pair.client.negotiated().early_data, None);
    server.early_data = None;
    let mut pair = again(&client, &server, 1000);
    assert_eq!(pair.client.connection.early_data_room(), None);
    pair.run().assert_connected();
    assert_eq!((pair.client.negotiated().early_data, pair.client.negotiated().resumed), (None, true));
}

#[test]
fn keys_and_exporters_are_the_same_on_both_sides() {
    let (client, server) = configs();
    let mut pair = again(&client, &server, 1000);
    pair.client.send_early(b"x");
    pair.carry(Side::Client);
    let export = |end: &End, label: &[u8], context: &[u8]| {
        let mut out = [0; 40];
        end.connection.export_early(&mut out, label, context).map(|()| out)
    };
    let one = export(&pair.client, b"EXPORTER-early", b"context").unwrap();
    assert_eq!(one, export(&pair.server, b"EXPORTER-early", b"context").unwrap());
    assert_ne!(one, export(&pair.server, b"EXPORTER-early", b"").unwrap());
    assert_ne!(one, export(&pair.server, b"EXPORTER-other", b"context").unwrap());
    pair.run().assert_connected();
    assert_eq!(one, export(&pair.client, b"EXPORTER-early", b"context").unwrap());
    assert!(pair.client.connection.export_early(&mut [], b"label", b"").is_err());
    let (client, server) = setup().configs();
    let pair = Pair::connected(&client, &server);
    assert!(export(&pair.client, b"EXPORTER-early", b"").is_err());
}

/// The flight of a client that is heard once, given to another connection of the server: heard once.
#[test]
fn a_replay_is_not_heard_again() {
    let (client, server) = configs();
    let mut pair = again(&client, &server, 1000);
    pair.client.send_early(b"once");
    let flight = pair.client.transmit();
    let server = Arc::new(server);
    let hear = |millis| {
        let mut end = End::server(&server);
        end.receive(&flight, later(millis));
        (end.early.clone(), end.negotiated().early_data, end)
    };
    assert!(matches!(hear(1000), (early, Some(true), _) if early == b"once"));
    for millis in [1000, 1001, 5000, 10_999, 11_001, 60_000, 3_600_000] {
        let (early, accepted, end) = hear(millis);
        assert_eq!((early, accepted), (Vec::new(), Some(false)), "{millis}");
        // It is skipped: the server still waits for a client that is there.
        assert!(end.error.is_none() && !end.is_connected());
    }
    // The one who was there all the time goes on, and says it again.
    let mut pair = Pair::of(pair.client, End::server(&server), later(2000));
    pair.server.receive(&flight, later(2000));
    assert_eq!(outcome(&mut pair), (Vec::new(), false));
}

/// Nor is another hello with the same ticket.
#[test]
fn a_ticket_is_good_for_one_time() {
    let (mut client, server) = configs();
    let store = Arc::new(MemoryClientStore::default());
    client.store = Some(store.clone());
    let (client, server) = (Arc::new(client), Arc::new(server));
    Pair::connected(&client, &server);
    let key = SessionKey(common::NAME.into());
    let Reply::Now(Remembered { session: Some(session), .. }) = store.take(&key, noon()) else { panic!("no session") };
    for (accepted, millis) in [(true, 1000), (false, 1500), (false, 30_000)] {
        store.forget(&key);
        store.put(&key, (*session).clone());
        let mut pair = Pair::at(&client, &server, later(millis));
        pair.client.send_early(b"data");
        let heard = if accepted { b"data".to_vec() } else { Vec::new() };
        assert_eq!(outcome(&mut pair), (heard, accepted), "{millis}");
    }
}

/// What comes in another order than it was sent is not read: records are numbered.
#[test]
fn reordered_it_is_an_error() {
    let (client, server) = configs();
    let mut pair = again(&client, &server, 1000);
    pair.client.send_early(b"first");
    pair.client.send_early(b"second");
    let mut flight = records(&pair.client.transmit());
    let last = flight.len() - 1;
    flight.swap(last, last - 1);
    pair.server.receive(&flight.concat(), later(1000));
    assert_eq!(*pair.server.error.as_ref().unwrap().kind(), ErrorKind::BadRecordMac);
    assert!(pair.server.early.is_empty());
    // Doubled, neither.
    let mut pair = again(&client, &server, 1000);
    pair.client.send_early(b"first");
    let flight = records(&pair.client.transmit());
    let doubled = [flight.concat(), flight.last().unwrap().clone()].concat();
    pair.server.receive(&doubled, later(1000));
    assert_eq!(*pair.server.error.as_ref().unwrap().kind(), ErrorKind::BadRecordMac);
    assert_eq!(pair.server.early, b"first");
}

/// A hello that comes too late, or too early, is not fresh: the clocks may differ by ten seconds.
#[test]
fn what_is_not_fresh_is_skipped() {
    for (sent, arrived, accepted) in [
        (1000, 1000, true),
        (1000, 11_000, true),
        (1000, 11_001, false),
        (1000, 3_600_000, false),
        (20_000, 10_000, true),
        (20_000, 9_999, false),
        (20_000, 0, false),
        // After longer than 2^32 milliseconds, the age comes around.
        (1000, (1 << 32) + 1000, false),
    ] {
        let (client, server) = configs();
        let mut pair = again(&client, &server, sent);
        pair.now = later(arrived);
        pair.client.send_early(b"fresh?");
        let heard = if accepted { b"fresh?".to_vec() } else { Vec::new() };
        assert_eq!(outcome(&mut pair), (heard, accepted), "{sent} {arrived}");
    }
}

/// A store that has just begun refuses what another may have heard before.
#[test]
fn after_a_restart() {
    let (client, mut server) = configs();
    for (started, accepted) in [(0, true), (990_000, true), (990_001, false), (1_000_000, false), (1_010_000, false)] {
        let rules = server.early_data.as_mut().unwrap();
        rules.store = Arc::new(MemoryReplayStore::new(later(started), 10));
        let mut pair = again(&client, &server, 1_000_000);
        pair.client.send_early(b"old?");
        let heard = if accepted { b"old?".to_vec() } else { Vec::new() };
        assert_eq!(outcome(&mut pair), (heard, accepted), "{started}");
    }
    // Tickets of a server that has lost its keys are not even opened.
    let mut pair = again(&client, &server, 2_000_000);
    pair.client.send_early(b"lost");
    server.tickets = Some(Arc::new(RotatingTickets::default()));
    let mut pair = Pair::of(pair.client, End::server(&Arc::new(server)), later(2_000_000));
    assert_eq!(outcome(&mut pair), (Vec::new(), false));
    assert!(!pair.client.negotiated().resumed);
}

/// Where anything is not as it was, early data is skipped and the handshake goes on.
#[test]
fn another_config() {
    type Change = fn(&mut ServerConfig);
    let changes: [(&str, Change, bool); 6] = [
        ("off", |s| s.early_data = None, true),
        ("a smaller bound", |s| s.early_data.as_mut().unwrap().max_early_data_size -= 1, true),
        ("another suite of the hash", |s| s.policy.suites = vec![CipherSuite::TLS_CHACHA20_POLY1305_SHA256], true),
        ("another hash", |s| s.policy.suites = vec![CipherSuite::TLS_AES_256_GCM_SHA384], false),
        ("another protocol", |s| s.alpn = vec![b"http/1.1".to_vec()], true),
        ("no protocol", |s| s.alpn = Vec::new(), true),
    ];
    for (what, change, resumed) in changes {
        let (mut client, mut server) = configs();
        client.alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        server.alpn = vec![b"h2".to_vec()];
        server.policy.suites = vec![CipherSuite::TLS_AES_128_GCM_SHA256];
        let mut pair = again(&client, &server, 1000);
        assert_eq!(pair.client.connection.early_protocol(), Some(&b"h2"[..]));
        pair.client.send_early(b"was it so?");
        pair.client.send_early(&pattern(10_000));
        change(&mut server);
        let mut pair = Pair::of(pair.client, End::server(&Arc::new(server)), later(1000));
        assert_eq!(outcome(&mut pair), (Vec::new(), false), "{what}");
        assert_eq!(pair.client.negotiated().resumed, resumed, "{what}");
        assert!(!pair.client.flight().contains(&"EndOfEarlyData".into()));
        // One disguise does, even if the server answers in another way than was hoped.
        assert_eq!(pair.client.flight().iter().filter(|m| *m == "ChangeCipherSpec").count(), 1);
    }
}

/// A HelloRetryRequest refuses early data; the second hello goes in the clear.
#[test]
fn a_retry_refuses_it() {
    let (mut client, mut server) = configs();
    client.policy.groups = vec![NamedGroup::X25519, NamedGroup::SECP256R1];
    let mut pair = again(&client, &server, 1000);
    pair.client.send_early(b"in vain");
    server.policy.groups = vec![NamedGroup::SECP256R1];
    let mut pair = Pair::of(pair.client, End::server(&Arc::new(server)), later(1000));
    assert_eq!(outcome(&mut pair), (Vec::new(), false));
    assert!(pair.client.negotiated().retried && pair.client.negotiated().resumed);
}

/// A client does not offer what could not be as it was.
#[test]
fn a_client_that_has_changed_offers_none() {
    type Change = fn(&mut ClientConfig);
    let changes: [(&str, Change); 4] = [
        ("another protocol", |c| c.alpn = vec![b"http/1.1".to_vec()]),
        ("no protocol", |c| c.alpn = Vec::new()),
        ("no name", |c| c.send_server_name = false),
        ("off", |c| c.early_data = false),
    ];
    for (what, change) in changes {
        let (mut client, mut server) = configs();
        client.alpn = vec![b"h2".to_vec()];
        server.alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Pair::connected(&Arc::new(client.clone()), &Arc::new(server.clone()));
        change(&mut client);
        let mut pair = Pair::at(&Arc::new(client), &Arc::new(server), later(1000));
        assert_eq!(pair.client.connection.early_data_room(), None, "{what}");
        pair.run().assert_connected();
        assert_eq!(pair.client.negotiated().early_data, None, "{what}");
    }
}

/// A server that went back to TLS 1.2 cannot skip what it gets, so the client gives up (RFC 9846 E.3).
#[test]
fn an_older_version_ends_it() {
    let (mut client, mut server) = configs();
    client.policy.min_version = ProtocolVersion::TLS1_2;
    // The curve of the certificate is asked for, too (RFC 8422 5.3).
    client.policy.groups.push(NamedGroup::SECP256R1);
    let mut pair = again(&client, &server, 1000);
    pair.client.send_early(b"in vain");
    let hello = records(&pair.client.transmit())[0].clone();
    server.policy = Setup::new(ProtocolVersion::TLS1_2).policy();
    let mut end = End::server(&Arc::new(server));
    end.receive(&hello, later(1000));
    assert!(end.error.is_none(), "{:?}", end.error);
    pair.client.receive(&end.transmit(), later(1000));
    assert_eq!(*pair.client.error.as_ref().unwrap().kind(), ErrorKind::EarlyDataVersion(ProtocolVersion::TLS1_2));
    assert_eq!(pair.client.alerts(), ["fatal protocol_version"]);
    assert_eq!(pair.client.transmit(), record(21, 0x0303, &[2, 70]));
}

/// More than the ticket allows ends the connection, at the first byte too many.
#[test]
fn too_much() {
    for extra in [0, 1] {
        let (mut client, server) = configs();
        let store = Arc::new(MemoryClientStore::default());
        client.store = Some(store.clone());
        let client = Arc::new(client);
        Pair::connected(&client, &Arc::new(server.clone()));
        let key = SessionKey(common::NAME.into());
        let Reply::Now(Remembered { session: Some(mut session), .. }) = store.take(&key, noon()) else {
            panic!("no session")
        };
        let ClientSessionKind::Tls13(own) = &mut session.kind else { panic!("not of TLS 1.3") };
        own.max_early_data += extra;
        store.put(&key, *session);
        let mut pair = Pair::at(&client, &Arc::new(server), later(1000));
        let most = MOST as usize;
        pair.client.send_early(&pattern(most));
        pair.client.send_early(&pattern(extra as usize));
        pair.run();
        assert_eq!(pair.server.early, pattern(most));
        if extra == 0 {
            pair.assert_connected();
            continue;
        }
        assert_eq!(*pair.server.error.as_ref().unwrap().kind(), ErrorKind::TooMuch(Limit::EarlyData));
        assert_eq!(pair.server.alerts(), ["fatal unexpected_message"]);
        let kind = pair.client.error.as_ref().unwrap().kind().clone();
        assert_eq!(kind, ErrorKind::PeerAlert(AlertDescription::UNEXPECTED_MESSAGE));
    }
}

/// What is skipped is bounded by what could have been accepted, if it is not known what the ticket said.
#[test]
fn skipping_has_a_bound() {
    for (most, sent, skipped) in
        [(0, 16_000, true), (0, 17_000, false), (40_000, 40_000, true), (40_000, 60_000, false)]
    {
        let (mut client, mut server) = configs();
        server.early_data.as_mut().unwrap().max_early_data_size = 100_000;
        let mut pair = {
            client.early_data = true;
            again(&client, &server, 1000)
        };
        pair.client.send_early(&pattern(sent));
        server.early_data = (most > 0).then(|| EarlyDataRules::new(most, store()));
        server.tickets = Some(Arc::new(RotatingTickets::default()));
        let mut pair = Pair::of(pair.client, End::server(&Arc::new(server)), later(1000));
        pair.run();
        assert_eq!(pair.server.is_connected(), skipped, "{most} {sent}");
        assert!(pair.server.early.is_empty());
        if !skipped {
            assert_eq!(*pair.server.error.as_ref().unwrap().kind(), ErrorKind::BadRecordMac);
        }
    }
}

/// Every byte of a flight with early data changed: nothing is heard that was not said.
#[test]
fn changed_it_is_never_heard() {
    let (client, server) = configs();
    let flight = |client: &ClientConfig| {
        let mut pair = again(client, &server, 1000);
        pair.client.send_early(b"said");
        pair.client.transmit()
    };
    let length = flight(&client).len();
    let mut heard = 0;
    for at in 0..length {
        let mut flight = flight(&client);
        flight[at] ^= 1 << (at % 8);
        let mut end = End::server(&Arc::new(server.clone()));
        end.receive(&flight, later(1000));
        assert!(b"said".starts_with(&end.early), "at {at}: {:?}", end.early);
        heard += usize::from(!end.early.is_empty());
    }
    // Only the version in the two headers that nobody looks at.
    assert!(heard <= 4, "{heard}");
}

/// EndOfEarlyData comes from a client whose early data was accepted, once, and from nobody else.
#[test]
fn the_end_of_early_data_in_its_place() {
    let (client, server) = configs();
    let end = [5, 0, 0, 0];
    // A server's.
    let mut forge = Forge::of(client.clone(), server.clone()).connect();
    forge.say(Side::Server, 22, &end);
    let kind = forge.pair.client.error.as_ref().unwrap().kind().clone();
    assert!(matches!(kind, ErrorKind::UnexpectedMessage { .. }), "{kind:?}");
    // A client's without early data.
    let mut forge = Forge::of(client, server);
    forge.pair.carry(Side::Client);
    forge.pair.carry(Side::Server);
    let early = forge.seal_early(Side::Client, 0, 22, &end);
    forge.pair.server.receive(&early, noon());
    let kind = forge.pair.server.error.as_ref().unwrap().kind().clone();
    assert!(matches!(kind, ErrorKind::UnexpectedMessage { .. }), "{kind:?}");
}

/// Within the bound that the ticket has told, whatever the records: what is refused is dropped, and the connection goes on.
#[test]
fn what_is_refused_and_within_the_bound_does_no_harm() {
    // Many small writes; a client that pads all else; a server that takes none any more.
    for (pad, writes, size, off) in [(0, 1000, 20, false), (4096, 10, 100, false), (0, 2, 10_000, true)] {
        let (mut client, mut server) = configs();
        if pad > 0 {
            client.padding = Some(Arc::new(PadToMultiple(pad)));
        }
        let client = Arc::new(client);
        Pair::connected(&client, &Arc::new(server.clone()));
        match off {
            true => server.early_data = None,
            false => server.early_data = Some(EarlyDataRules::new(MOST, Arc::new(MemoryReplayStore::new(noon(), 0)))),
        }
        let mut pair = Pair::new(&client, &Arc::new(server));
        for _ in 0..writes {
            pair.client.send_early(&vec![7; size]);
        }
        assert_eq!(outcome(&mut pair), (Vec::new(), false), "{writes} writes of {size}");
    }
}

/// Padding is for what comes after.
#[test]
fn early_data_is_not_padded() {
    let (mut client, server) = configs();
    client.padding = Some(Arc::new(PadToMultiple(4096)));
    let mut pair = again(&client, &server, 0);
    let hello = pair.client.transmit().len();
    pair.client.send_early(b"early");
    let early = pair.client.transmit();
    assert!(hello > 0 && early.len() < 100, "{} bytes", early.len());
}

/// A hello that would outgrow its length goes without the ticket.
#[test]
fn a_ticket_for_which_there_is_no_room_is_not_offered() {
    /// Its tickets are as long as a server may make them.
    #[derive(Debug, Default)]
    struct Long(MemoryClientStore);
    impl ClientStore for Long {
        fn take(&self, key: &SessionKey, now: Time) -> Reply<Remembered> {
            let Reply::Now(mut remembered) = self.0.take(key, now) else { return Reply::Later };
            if let Some(ClientSessionKind::Tls13(own)) = remembered.session.as_mut().map(|s| &mut s.kind) {
                own.ticket.resize(1 << 15, 1);
            }
            Reply::Now(remembered)
        }
        fn put(&self, key: &SessionKey, session: ClientSession) {
            self.0.put(key, session);
        }
        fn forget(&self, key: &SessionKey) {
            self.0.forget(key);
        }
    }
    let (mut client, server) = configs();
    client.store = Some(Arc::new(Long::default()));
    client.authorities = vec![vec![1; 1022]; 31];
    let (client, server) = (Arc::new(client), Arc::new(server));
    Pair::connected(&client, &server);
    let mut pair = Pair::new(&client, &server);
    pair.run().assert_connected();
    assert!(!pair.client.negotiated().resumed);
}

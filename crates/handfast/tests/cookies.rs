//! Cookies in HelloRetryRequest, and a server that remembers nothing (RFC 9846 4.3.2).

mod common;

use common::certificates::{NoGroups, Setup};
use common::{End, Pair, Side, later, noon, record, records};
use handfast::config::Cookies;
use handfast::crypto::{Credential, HashAlgorithm, KeyKind};
use handfast::error::Limit;
use handfast::extension::{Alpn, Extension};
use handfast::keys::Secret;
use handfast::message::{ClientHello, HEADER, Message};
use handfast::psk::ExternalPsk;
use handfast::session::{RotatingTickets, Tickets};
use handfast::verify::NoCertificates;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{ContentType, NamedGroup, ProtocolVersion, PskKeyExchangeMode};
use handfast::{ClientConfig, ErrorKind, Reply, ServerConfig, Time};
use std::sync::Arc;
use std::time::Duration;

/// A client whose share is wrong, or right; and a server with cookies.
fn configs(retried: bool, always: bool) -> (ClientConfig, ServerConfig) {
    let mut setup = Setup::new(ProtocolVersion::TLS1_3);
    if retried {
        setup = setup.retried();
    }
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    client.store = Some(Arc::new(NoGroups::default()));
    server.cookies = Some(Cookies { always, ..Cookies::default() });
    (client, server)
}

/// Carries both ClientHellos, the second to a server that has not seen the first.
fn passed_on(client: &ClientConfig, first: &ServerConfig, second: &ServerConfig, wait: u64, chunk: usize) -> Pair {
    passed_to(client, first, End::server(&Arc::new(second.clone())), wait, chunk)
}

/// A server whose config is chosen by the hello: always this one.
fn by_hello(config: &ServerConfig) -> End {
    End::server_by_hello(Arc::new(later::Always(Some(Arc::new(config.clone())))))
}

/// The same, where the other server is there already.
fn passed_to(client: &ClientConfig, first: &ServerConfig, fresh: End, wait: u64, chunk: usize) -> Pair {
    let client = Arc::new(client.clone());
    let mut pair = Pair::new(&client, &Arc::new(first.clone())).chunk(chunk);
    pair.carry(Side::Client);
    pair.carry(Side::Server);
    // A question may be open, of either side.
    for _ in 0..20 {
        if pair.client.flight().iter().filter(|m| *m == "ClientHello").count() < 2 {
            pair.carry(Side::Client);
            pair.carry(Side::Server);
        }
    }
    pair.now = Time(pair.now.0 + Duration::from_secs(wait));
    let mut pair = Pair { server: fresh, ..pair };
    pair.run();
    pair
}

#[test]
fn a_cookie_comes_back_to_the_same_connection() {
    for (retried, always, expected) in
        [(false, false, false), (true, false, true), (false, true, true), (true, true, true)]
    {
        for slow in [false, true] {
            let (mut client, mut server) = configs(retried, always);
            if slow {
                (client, server) = (later::client(&client), later::server(&server));
            }
            let (client, server) = (Arc::new(client), Arc::new(server));
            for resumed in [false, true] {
                let mut pair = Pair::new(&client, &server).chunk(if slow { 1 } else { usize::MAX });
                pair.run().assert_connected();
                pair.assert_agreed();
                let facts = pair.client.negotiated();
                assert_eq!((facts.retried, facts.resumed), (expected, resumed));
                pair.exchange(1000);
            }
        }
    }
}

#[test]
fn a_cookie_is_good_for_a_server_that_has_not_seen_the_first_hello() {
    for (retried, always) in [(true, false), (false, true), (true, true)] {
        for suite in [CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384] {
            let (client, mut server) = configs(retried, always);
            server.policy.suites = vec![suite];
            for resumed in [false, true] {
                let mut pair = passed_on(&client, &server, &server, 29, usize::MAX);
                pair.assert_connected();
                pair.assert_agreed();
                let facts = pair.server.negotiated();
                assert_eq!((facts.retried, facts.resumed, facts.suite), (true, resumed, Some(suite)));
                // The disguise went with the HelloRetryRequest, that of the client is passed over.
                assert!(!pair.server.flight().contains(&"ChangeCipherSpec".to_owned()));
                assert!(pair.server.trace().contains(&"received ChangeCipherSpec".to_owned()));
                pair.exchange(1000);
            }
            let (client, served) = (later::client(&client), later::server(&server));
            let pair = passed_on(&client, &served, &served, 0, 1);
            pair.assert_connected();
            assert!(pair.server.answered.contains(&"OpenTicket"));
        }
    }
}

#[test]
fn client_certificates_and_exporters_go_on_as_ever() {
    let setup = Setup::new(ProtocolVersion::TLS1_3).retried().mutual(KeyKind::Ecdsa);
    let (client, mut server) = (setup.client_config(), setup.server_config());
    server.cookies = Some(Cookies::default());
    let pair = passed_on(&client, &server, &server, 0, usize::MAX);
    pair.assert_connected();
    let [one, two] = [&pair.client, &pair.server].map(|end| {
        let mut out = [0; 32];
        end.connection.export(&mut out, b"EXPORTER-test", None).unwrap();
        out
    });
    assert_eq!(one, two);
}

fn is_illegal(pair: &Pair, wanted: &str) -> bool {
    let kind = pair.server.error.as_ref().map(|e| e.kind());
    matches!(kind, Some(ErrorKind::IllegalParameter { field, .. }) if *field == wanted)
}

#[test]
fn old_and_foreign_cookies_are_refused() {
    let (client, server) = configs(true, false);
    assert!(is_illegal(&passed_on(&client, &server, &server, 30, usize::MAX), "cookie"), "too old");
    let mut other = server.clone();
    other.cookies = Some(Cookies::default());
    assert!(is_illegal(&passed_on(&client, &server, &other, 0, usize::MAX), "cookie"), "other keys");
    let mut other = server.clone();
    other.policy.suites = vec![CipherSuite::TLS_CHACHA20_POLY1305_SHA256];
    assert!(is_illegal(&passed_on(&client, &server, &other, 0, usize::MAX), "cookie"), "another suite");
    let mut other = server.clone();
    let lifetime = other.cookies.as_mut().map(|c| &mut c.lifetime).unwrap();
    *lifetime = Duration::from_secs(100);
    passed_on(&client, &server, &other, 99, usize::MAX).assert_connected();
    // A ticket by the same keys is none.
    #[derive(Debug)]
    struct Mixed(RotatingTickets);
    impl Tickets for Mixed {
        fn seal(&self, _: &Secret, now: Time) -> Reply<Option<(Vec<u8>, u32)>> {
            self.0.seal(&Secret::copy(&[0x22; 100]), now)
        }
        fn open(&self, ticket: &[u8], now: Time) -> Reply<Option<Secret>> {
            self.0.open(ticket, now)
        }
    }
    let mut mixed = server.clone();
    mixed.cookies = Some(Cookies { sealer: Arc::new(Mixed(RotatingTickets::default())), ..Cookies::default() });
    assert!(is_illegal(&passed_on(&client, &mixed, &mixed, 0, usize::MAX), "cookie"), "no cookie");
}

#[test]
fn a_cookie_that_cannot_be_sealed_ends_it() {
    #[derive(Debug)]
    struct Never;
    impl Tickets for Never {
        fn seal(&self, _: &Secret, _: Time) -> Reply<Option<(Vec<u8>, u32)>> {
            Reply::Now(None)
        }
        fn open(&self, _: &[u8], _: Time) -> Reply<Option<Secret>> {
            Reply::Now(None)
        }
    }
    let (client, mut server) = configs(true, false);
    server.cookies = Some(Cookies { sealer: Arc::new(Never), ..Cookies::default() });
    let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
    pair.run();
    assert_eq!(*pair.server.error.unwrap().kind(), ErrorKind::AnswerFailed("sealing a cookie"));
}

/// The second ClientHello of a client, with something changed, to the same connection or to a fresh one.
fn changed(fresh: bool, always: bool, change: impl Fn(&mut ClientHello<'_>)) -> Pair {
    let (client, server) = configs(!always, always);
    let server = Arc::new(server);
    let mut pair = Pair::new(&Arc::new(client), &server);
    pair.carry(Side::Client);
    pair.carry(Side::Server);
    pair.client.drive(noon());
    let flight = pair.client.transmit();
    let hello = records(&flight).into_iter().find(|r| r[0] == 22).unwrap();
    let mut read = ClientHello::from_body(&hello[5 + HEADER..]).unwrap();
    change(&mut read);
    if fresh {
        pair.server = End::server(&server);
    }
    pair.server.receive(&record(22, 0x0303, &Message::ClientHello(read).to_bytes()), noon());
    pair
}

#[test]
fn what_a_second_hello_may_not_change() {
    for fresh in [false, true] {
        for always in [false, true] {
            assert!(changed(fresh, always, |_| {}).server.error.is_none(), "the change itself is what matters");
            let forged = |hello: &mut ClientHello<'_>| {
                for e in &mut hello.extensions.list {
                    if let Extension::Cookie(cookie) = e {
                        let mut bytes = cookie.0.to_vec();
                        *bytes.last_mut().unwrap() ^= 1;
                        cookie.0 = Box::leak(bytes.into_boxed_slice());
                    }
                }
            };
            assert!(is_illegal(&changed(fresh, always, forged), "cookie"));
            let more = |hello: &mut ClientHello<'_>| hello.extensions.list.push(Extension::Alpn(Alpn(vec![b"h3"])));
            let field = if fresh { "ClientHello" } else { "extensions" };
            assert!(is_illegal(&changed(fresh, always, more), field));
            let random = |hello: &mut ClientHello<'_>| hello.fixed.random = &[7; 32];
            assert!(is_illegal(&changed(fresh, always, random), "ClientHello"));
            // In another order, which changes nothing.
            let turned = |hello: &mut ClientHello<'_>| hello.extensions.list.rotate_left(3);
            assert!(changed(fresh, always, turned).server.error.is_none());
        }
        let none = |hello: &mut ClientHello<'_>| hello.extensions.list.retain(|e| !matches!(e, Extension::Cookie(_)));
        let pair = changed(fresh, false, none);
        match fresh {
            // Another first hello, to a server that remembers nothing.
            true => assert!(pair.server.error.is_none()),
            false => assert!(is_illegal(&pair, "cookie")),
        }
    }
}

#[test]
fn the_share_is_the_one_that_was_asked_for() {
    for fresh in [false, true] {
        // The first share once more.
        let (client, server) = configs(true, false);
        let (client, server) = (Arc::new(client), Arc::new(server));
        let mut pair = Pair::new(&client, &server);
        let first = pair.client.transmit();
        let first = ClientHello::from_body(&first[5 + HEADER..]).unwrap();
        let share = *first.extensions.key_share().unwrap();
        pair.server.receive(&pair.client.sent.clone(), noon());
        pair.carry(Side::Server);
        pair.client.drive(noon());
        let flight = pair.client.transmit();
        let hello = records(&flight).into_iter().find(|r| r[0] == 22).unwrap();
        let mut read = ClientHello::from_body(&hello[5 + HEADER..]).unwrap();
        for e in &mut read.extensions.list {
            if let Extension::KeyShare(s) = e {
                *s = share;
            }
        }
        if fresh {
            pair.server = End::server(&server);
        }
        pair.server.receive(&record(22, 0x0303, &Message::ClientHello(read).to_bytes()), noon());
        assert!(is_illegal(&pair, "key_share"), "{:?}", pair.server.error);
        assert_eq!(pair.client.negotiated().group, None::<NamedGroup>);
    }
}

#[test]
fn without_cookies_of_our_own_one_that_comes_is_passed_over() {
    let (client, server) = configs(true, false);
    let mut without = server.clone();
    without.cookies = None;
    let pair = passed_on(&client, &server, &without, 0, usize::MAX);
    // It is a first hello to this server, whose answer does not fit the client's.
    assert!(!pair.server.is_connected() && !pair.client.is_connected());
}

#[test]
fn a_config_that_is_chosen_by_the_hello_may_have_cookies() {
    let (client, server) = configs(false, true);
    let source = later::source(Arc::new(later::Always(Some(Arc::new(server)))));
    let client = End::client(&Arc::new(client), noon());
    let mut pair = Pair::of(client, End::server_by_hello(source), noon()).chunk(1);
    pair.run().assert_connected();
    pair.assert_agreed();
    assert!(pair.client.negotiated().retried);
}

/// The client's disguise comes before its second hello, which is the first that such a server sees: before it knows whether there are
/// cookies.
#[test]
fn a_cookie_is_good_for_a_config_that_is_chosen_by_the_hello() {
    let (client, server) = configs(true, false);
    for chunk in [1, usize::MAX] {
        let mut pair = passed_to(&client, &server, by_hello(&server), 0, chunk);
        pair.assert_connected();
        pair.assert_agreed();
        assert!(pair.server.negotiated().retried);
        let trace = pair.server.trace();
        let place = |what: &str| trace.iter().position(|t| t.contains(what)).expect("it came");
        assert!(place("received ChangeCipherSpec") < place("ClientHello"));
        pair.exchange(1000);
    }
    let source = later::source(Arc::new(later::Always(Some(Arc::new(server.clone())))));
    passed_to(&client, &server, End::server_by_hello(source), 0, 1).assert_connected();
    // Without cookies nothing comes before a ClientHello.
    let mut without = server.clone();
    without.cookies = None;
    let pair = passed_to(&client, &server, by_hello(&without), 0, usize::MAX);
    let kind = pair.server.error.as_ref().map(|e| e.kind());
    assert!(matches!(kind, Some(ErrorKind::UnexpectedRecord { got: ContentType::CHANGE_CIPHER_SPEC, .. })), "{kind:?}");
    // And it does not come for ever.
    let mut end = by_hello(&server);
    end.receive(&record(20, 0x0303, &[1]).repeat(33), noon());
    let kind = end.error.as_ref().map(|e| e.kind());
    assert!(matches!(kind, Some(ErrorKind::TooMuch(Limit::ChangeCipherSpecs))), "{kind:?}");
}

/// What a cookie is asked for with is chosen with the PSK in sight: its hash, its mode.
#[test]
fn a_cookie_each_time_and_a_psk() {
    let configs = |psk: ExternalPsk| {
        let setup = Setup::new(ProtocolVersion::TLS1_3);
        let (mut client, mut server) = (setup.client_config(), setup.server_config());
        client.psks = Some(Arc::new(vec![psk.clone()]));
        server.psks = Some(Arc::new(vec![psk]));
        client.verifier = Arc::new(NoCertificates);
        server.credentials = Arc::new(Vec::<Arc<Credential>>::new());
        server.cookies = Some(Cookies { always: true, ..Cookies::default() });
        (client, server)
    };
    let key = || Secret::copy(&[2; 32]);
    let mut psk = ExternalPsk::plain("me", key());
    psk.hash = HashAlgorithm::Sha384;
    let (mut client, mut server) = configs(psk);
    let suites = vec![CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384];
    (client.policy.suites, server.policy.suites) = (suites.clone(), suites);
    let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
    pair.run().assert_connected();
    assert!(pair.client.negotiated().retried);
    assert_eq!(pair.client.negotiated().suite, Some(CipherSuite::TLS_AES_256_GCM_SHA384));

    for modes in [&[PskKeyExchangeMode::PSK_KE][..], &[PskKeyExchangeMode::PSK_KE, PskKeyExchangeMode::PSK_DHE_KE]] {
        let (mut client, mut server) = configs(ExternalPsk::new("me", key()));
        (client.policy.psk_modes, server.policy.psk_modes) = (modes.to_vec(), modes.to_vec());
        client.policy.groups = vec![NamedGroup::SECP256R1, NamedGroup::X25519];
        client.policy.key_shares = 1;
        server.policy.groups = vec![NamedGroup::X25519];
        let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
        pair.run().assert_connected();
        assert!(pair.client.negotiated().retried && pair.client.negotiated().psk_identity.is_some(), "{modes:?}");
    }
}

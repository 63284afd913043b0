//! Stores, tickets and forms over simulated time.

use super::*;
use crate::Time;
use crate::config::{ClientAuth, ServerConfig};
use crate::crypto::Credential;
use crate::keys::Secret;
use crate::policy::Policy;
use crate::verify::{CertificateError, CertificateRules, PeerToVerify, Verified, Verifier};
use crate::wait::{HelloSummary, Reply};
use crate::wire::CipherSuite;
use crate::wire::numbers::{NamedGroup, ProtocolVersion};
use rustls_pki_types::CertificateDer;
use std::sync::Arc;
use std::time::Duration;

fn now<T>(reply: Reply<T>) -> T {
    match reply {
        Reply::Now(value) => value,
        Reply::Later => panic!("these answer at once"),
    }
}

const HOUR: u64 = 3600;

fn at(seconds: u64) -> Time {
    Time(Duration::from_secs(1_750_000_000 + seconds))
}

fn ticket(name: &str, since: Time) -> ClientSession {
    ClientSession {
        version: ProtocolVersion::TLS1_3,
        suite: CipherSuite::TLS_AES_128_GCM_SHA256,
        since,
        judged: since,
        lifetime: 100,
        chain: vec![CertificateDer::from(vec![1, 2, 3]), CertificateDer::from(vec![4; 300])],
        rules: CertificateRules { sha1: true, version_1: true, min_rsa_bits: 1500, ..CertificateRules::modern() },
        psk_identity: Some(b"an identity".to_vec()),
        raw_key: Some(vec![9; 44].into()),
        alpn: Some(b"h2".to_vec()),
        kind: ClientSessionKind::Tls13(ClientSession13 {
            ticket: name.into(),
            psk: Secret::copy(&[7; 32]),
            age_add: 0xdead_beef,
            group: Some(NamedGroup::X25519),
            server_name: Some("example.org".into()),
            max_early_data: 0x1234_5678,
        }),
    }
}

fn classic(id: &str, since: Time) -> ClientSession {
    ClientSession {
        version: ProtocolVersion::TLS1_2,
        suite: CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        alpn: None,
        kind: ClientSessionKind::Classic(ClassicClientSession {
            id: id.into(),
            ticket: vec![9; 200],
            master: Secret::copy(&[8; 48]),
            extended_master_secret: true,
            encrypt_then_mac: true,
        }),
        ..ticket("", since)
    }
}

/// Its ticket or ID, by which the tests know it.
fn known_as(session: Option<ClientSession>) -> Option<String> {
    let name = match session?.kind {
        ClientSessionKind::Tls13(s) => s.ticket,
        ClientSessionKind::Classic(s) => s.id,
    };
    Some(String::from_utf8(name).unwrap())
}

fn take(store: &MemoryClientStore, key: &str, time: Time) -> Option<String> {
    known_as(now(store.take(&SessionKey(key.into()), time)).session.map(|s| *s))
}

fn put(store: &MemoryClientStore, key: &str, session: ClientSession) {
    store.put(&SessionKey(key.into()), session);
}

mod client_store {
    use super::*;

    #[test]
    fn a_ticket_is_given_out_once_newest_first() {
        let store = MemoryClientStore::default();
        put(&store, "a", ticket("1", at(0)));
        put(&store, "a", ticket("2", at(0)));
        assert_eq!(take(&store, "b", at(1)), None);
        assert_eq!(take(&store, "a", at(1)).as_deref(), Some("2"));
        assert_eq!(take(&store, "a", at(1)).as_deref(), Some("1"));
        assert_eq!(take(&store, "a", at(1)), None);
    }

    #[test]
    fn groups_are_kept_within_the_bounds_and_forgotten_with_the_rest() {
        let store = MemoryClientStore::new(3, 1, 1 << 20);
        let key = |n: u32| SessionKey(n.to_string());
        let group = |n| now(store.take(&key(n), at(1))).group;
        for n in 0..10 {
            store.remember_group(&key(n), NamedGroup::SECP384R1);
        }
        assert_eq!((0..10).filter(|n| group(*n).is_some()).count(), 3);
        put(&store, "9", ticket("1", at(0)));
        store.remember_group(&key(9), NamedGroup::SECP521R1);
        let remembered = now(store.take(&key(9), at(1)));
        assert!(remembered.session.is_some());
        assert_eq!(remembered.group, Some(NamedGroup::SECP521R1));
        store.forget(&key(9));
        assert_eq!(group(9), None);
        // No room at all.
        let none = MemoryClientStore::new(3, 1, 10);
        none.remember_group(&key(1), NamedGroup::SECP384R1);
        assert_eq!(now(none.take(&key(1), at(1))).group, None);
    }

    #[test]
    fn a_classic_session_is_given_until_forgotten() {
        let store = MemoryClientStore::default();
        put(&store, "a", classic("1", at(0)));
        put(&store, "a", classic("2", at(0)));
        for _ in 0..3 {
            assert_eq!(take(&store, "a", at(1)).as_deref(), Some("2"));
        }
        store.forget(&SessionKey("a".into()));
        assert_eq!(take(&store, "a", at(1)), None);
    }

    #[test]
    fn of_both_families_the_newer_is_given() {
        let store = MemoryClientStore::default();
        put(&store, "a", ticket("new", at(0)));
        put(&store, "a", classic("old", at(1)));
        assert_eq!(take(&store, "a", at(1)).as_deref(), Some("old"));
        put(&store, "a", ticket("newer", at(2)));
        assert_eq!(take(&store, "a", at(2)).as_deref(), Some("newer"));
        // Forgetting is about both, and about no other server.
        put(&store, "b", ticket("other", at(2)));
        store.forget(&SessionKey("a".into()));
        assert_eq!(take(&store, "a", at(2)), None);
        assert_eq!(take(&store, "b", at(2)).as_deref(), Some("other"));
    }

    #[test]
    fn what_is_too_old_is_dropped() {
        let store = MemoryClientStore::default();
        put(&store, "a", ticket("1", at(50)));
        put(&store, "a", ticket("2", at(0)));
        put(&store, "a", classic("3", at(0)));
        assert_eq!(take(&store, "a", at(100)).as_deref(), Some("1"));
        assert_eq!(take(&store, "a", at(0)), None, "the others were dropped for good");
    }

    #[test]
    fn lifetimes_are_capped() {
        let day = 24 * HOUR;
        let mut session = classic("", at(0));
        for lifetime in [0, u32::MAX] {
            session.lifetime = lifetime;
            assert!(!session.expired(at(day - 1)) && session.expired(at(day)));
        }
        let mut session = ticket("", at(0));
        session.lifetime = u32::MAX;
        assert!(!session.expired(at(7 * day - 1)) && session.expired(at(7 * day)));
        for mut session in [ticket("", at(6 * day)), classic("", at(6 * day))] {
            session.lifetime = u32::MAX;
            session.judged = at(0);
            assert!(!session.expired(at(7 * day - 1)) && session.expired(at(7 * day)), "judged a week ago");
        }
        session.lifetime = 0;
        assert!(session.expired(at(0)), "RFC 9846 4.7.1: 0 is to be dropped at once");
    }

    #[test]
    fn servers_tickets_and_bytes_are_bounded() {
        let store = MemoryClientStore::new(2, 3, 1 << 20);
        for n in 0..5 {
            put(&store, "a", ticket(&n.to_string(), at(n)));
        }
        put(&store, "b", classic("b", at(0)));
        assert_eq!(take(&store, "a", at(5)).as_deref(), Some("4"));
        put(&store, "c", classic("c", at(0)));
        assert_eq!(take(&store, "b", at(5)), None, "used longest ago");
        assert_eq!(take(&store, "a", at(5)).as_deref(), Some("3"));
        assert_eq!(take(&store, "a", at(5)).as_deref(), Some("2"));
        assert_eq!(take(&store, "a", at(5)), None, "three at most");

        let store = MemoryClientStore::new(100, 8, 10_000);
        let mut large = ticket("large", at(0));
        large.chain = vec![CertificateDer::from(vec![0; 10_000])];
        put(&store, "a", large);
        assert_eq!(take(&store, "a", at(0)), None);
        for n in 0..100 {
            put(&store, &n.to_string(), ticket("x", at(0)));
        }
        let kept = (0..100).filter(|n| take(&store, &n.to_string(), at(0)).is_some()).count();
        assert!((5..=20).contains(&kept), "{kept}");
    }
}

mod server_store {
    use super::*;

    fn find(store: &MemoryServerStore, id: &[u8], time: Time) -> Option<Vec<u8>> {
        now(store.find(id, time)).map(|s| s.bytes().to_vec())
    }

    #[test]
    fn keeps_for_a_while_and_not_too_many() {
        let store = MemoryServerStore::new(2, 1 << 20, 60);
        let keep = |id: &[u8], time| now(store.keep(id, &Secret::copy(id), time));
        assert!(keep(b"a", at(0)) && keep(b"b", at(0)));
        assert_eq!(find(&store, b"a", at(59)).as_deref(), Some(&b"a"[..]));
        assert!(keep(b"c", at(59)));
        assert_eq!(find(&store, b"b", at(59)), None);
        assert_eq!(find(&store, b"a", at(60)), None);
        assert_eq!(find(&store, b"a", at(0)), None, "dropped for good");
        assert_eq!(find(&store, b"c", at(60)).as_deref(), Some(&b"c"[..]));
        assert!(!keep(b"", at(0)), "an empty ID is none");
    }

    #[test]
    fn bytes_are_bounded() {
        let store = MemoryServerStore::new(100, 1000, 60);
        assert!(!now(store.keep(b"a", &Secret::copy(&[0; 1000]), at(0))));
        for n in 0..100u8 {
            assert!(now(store.keep(&[n], &Secret::copy(&[n; 200]), at(0))));
        }
        assert_eq!((0..100u8).filter(|n| find(&store, &[*n], at(0)).is_some()).count(), 4);
    }
}

mod tickets {
    use super::*;

    fn seal(tickets: &RotatingTickets, time: Time) -> Vec<u8> {
        let (ticket, lifetime) = now(tickets.seal(&Secret::copy(b"session"), time)).unwrap();
        assert_eq!(u64::from(lifetime), 12 * HOUR);
        ticket
    }
    fn opens(tickets: &RotatingTickets, ticket: &[u8], time: Time) -> bool {
        let session = now(tickets.open(ticket, time));
        session.inspect(|s| assert_eq!(s.bytes(), b"session")).is_some()
    }

    #[test]
    fn keys_rotate_and_every_ticket_opens_for_its_lifetime() {
        let tickets = RotatingTickets::default();
        let made: Vec<_> = (0..72).map(|hour| (hour, seal(&tickets, at(hour * HOUR)))).collect();
        let mut names: Vec<_> = made.iter().map(|(_, t)| &t[..16]).collect();
        names.dedup();
        assert_eq!(names.len(), 12, "one key every six hours");
        assert_eq!(format!("{tickets:?}"), "RotatingTickets(3 keys)");

        let tickets = RotatingTickets::default();
        let mut made = Vec::new();
        for hour in 0..72 {
            made.push((hour, seal(&tickets, at(hour * HOUR))));
            for (then, ticket) in &made {
                match hour - then {
                    0..=11 => assert!(opens(&tickets, ticket, at(hour * HOUR)), "{then} at {hour}"),
                    18.. => assert!(!opens(&tickets, ticket, at(hour * HOUR)), "{then} at {hour}"),
                    _ => (),
                }
            }
        }
    }

    #[test]
    fn a_clock_that_jumps_does_no_lasting_harm() {
        let tickets = RotatingTickets::default();
        let ahead = seal(&tickets, at(1_000_000 * HOUR));
        let here = seal(&tickets, at(0));
        assert_ne!(ahead[..16], here[..16], "the key of the far future does not seal");
        assert!(opens(&tickets, &here, at(1)));
        assert!(!opens(&tickets, &ahead, at(1)));
        for n in 0..100 {
            seal(&tickets, at((n % 2) * 10 * HOUR));
        }
        assert_eq!(format!("{tickets:?}"), "RotatingTickets(8 keys)", "bounded");
    }

    #[test]
    fn forged_and_foreign_tickets_do_not_open() {
        let tickets = RotatingTickets::default();
        let ticket = seal(&tickets, at(0));
        assert_eq!(ticket.len(), 16 + 12 + b"session".len() + 16);
        assert!(opens(&tickets, &ticket, at(0)));
        for bit in 0..ticket.len() * 8 {
            let mut forged = ticket.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(!opens(&tickets, &forged, at(0)), "bit {bit}");
        }
        for len in 0..ticket.len() {
            assert!(!opens(&tickets, &ticket[..len], at(0)));
        }
        assert!(!opens(&tickets, &[&ticket[..], &[0]].concat(), at(0)));
        assert!(!opens(&RotatingTickets::default(), &ticket, at(0)));
        assert_ne!(seal(&tickets, at(0)), ticket, "nonces differ");
    }

    #[test]
    fn size_is_bounded() {
        let tickets = RotatingTickets::default();
        let seal = |len| now(tickets.seal(&Secret::filled(len, |_| ()), at(0)));
        let (ticket, _) = seal(16 << 10).unwrap();
        assert_eq!(now(tickets.open(&ticket, at(0))).unwrap().bytes().len(), 16 << 10);
        assert!(seal((16 << 10) + 1).is_none());
        assert!(now(tickets.open(&vec![0; 1 << 20], at(0))).is_none());
    }
}

mod forms {
    use super::*;
    use crate::psk::PskMark;
    use crate::session::state::{ServerSession, ServerSessionKind, context};

    fn server_sessions() -> [ServerSession; 2] {
        let base = ServerSession {
            version: ProtocolVersion::TLS1_3,
            suite: CipherSuite::TLS_AES_256_GCM_SHA384,
            since: at(0),
            lifetime: 100,
            server_name: Some("example.org".into()),
            alpn: None,
            chain: vec![CertificateDer::from(vec![5; 70])],
            raw_key: None,
            psk_identity: None,
            psk: None,
            kind: ServerSessionKind::Tls13 {
                psk: Secret::copy(&[3; 48]),
                age_add: 17,
                issued: at(3),
                max_early_data: 9,
            },
            context: [6; 32],
        };
        let classic = ServerSession {
            version: ProtocolVersion::TLS1_0,
            server_name: None,
            alpn: Some(b"http/1.1".to_vec()),
            chain: vec![],
            psk_identity: Some(b"me".to_vec()),
            psk: Some(PskMark { context: Some(b"context".to_vec()), hash: [2; 32] }),
            raw_key: Some(vec![6; 91].into()),
            kind: ServerSessionKind::Classic {
                master: Secret::copy(&[4; 48]),
                extended_master_secret: true,
                encrypt_then_mac: false,
            },
            ..base.clone()
        };
        [base, classic]
    }

    /// Debug shows all but the secrets, which are compared apart.
    fn same(a: &impl std::fmt::Debug, b: &impl std::fmt::Debug) {
        assert_eq!(format!("{a:?}"), format!("{b:?}"));
    }

    #[test]
    fn sessions_come_back_as_they_were() {
        for session in [ticket("t", at(5)), classic("i", at(6))] {
            let bytes = session.to_bytes();
            let back = ClientSession::from_bytes(bytes.bytes()).unwrap();
            same(&session, &back);
            assert!(back.to_bytes().same(bytes.bytes()));
            match back.kind {
                ClientSessionKind::Tls13(s) => assert!(s.psk.same(&[7; 32])),
                ClientSessionKind::Classic(s) => assert!(s.master.same(&[8; 48])),
            }
        }
        for session in server_sessions() {
            let bytes = session.encode();
            let back = ServerSession::decode(&bytes).unwrap();
            same(&session, &back);
            assert!(back.encode().same(bytes.bytes()));
        }
        let mut groupless = ticket("t", at(0));
        groupless.alpn = Some(vec![]);
        if let ClientSessionKind::Tls13(s) = &mut groupless.kind {
            s.group = None;
        }
        same(&groupless, &ClientSession::from_bytes(groupless.to_bytes().bytes()).unwrap());
    }

    /// Whatever the bytes: no panic; and what is read is written the same way again.
    #[test]
    fn any_bytes_are_read_or_refused() {
        let mut forms: Vec<_> = server_sessions().iter().map(ServerSession::encode).collect();
        forms.extend([ticket("t", at(0)).to_bytes(), classic("i", at(0)).to_bytes()]);
        let check = |bytes: &[u8]| {
            if let Some(session) = ServerSession::decode(&Secret::copy(bytes)) {
                assert!(session.encode().same(bytes));
            }
            if let Some(session) = ClientSession::from_bytes(bytes) {
                assert!(session.to_bytes().same(bytes));
            }
        };
        for form in &forms {
            let form = form.bytes();
            for at in 0..form.len() {
                for mask in [1, 0x80, 0xff] {
                    let mut bytes = form.to_vec();
                    bytes[at] ^= mask;
                    check(&bytes);
                }
                let cut = Secret::copy(&form[..at]);
                assert!(ServerSession::decode(&cut).is_none() && ClientSession::from_bytes(cut.bytes()).is_none());
            }
            assert!(ClientSession::from_bytes(&[form, &[0]].concat()).is_none());
        }
        // A stream of bytes that looks random, the first of each being that of a form.
        let mut state = 1u64;
        let mut byte = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        for n in 0..20_000 {
            let mut bytes: Vec<_> = (0..n % 200).map(|_| byte() & byte() & byte()).collect();
            if let Some(first) = bytes.first_mut() {
                *first = [0x11, 0x12, 0x21, 0x22][n % 4];
            }
            check(&bytes);
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?} {:?}", server_sessions(), ticket("t", at(0)));
        assert!(!shown.contains("3, 3, 3") && !shown.contains("7, 7, 7"), "{shown}");
    }

    #[derive(Debug)]
    struct Authorities(Vec<Vec<u8>>);
    impl Verifier for Authorities {
        fn verify(&self, _: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
            Reply::Later
        }
        fn authorities(&self) -> Vec<Vec<u8>> {
            self.0.clone()
        }
    }

    #[derive(Debug)]
    struct NoCredentials;
    impl crate::config::ServerCredentials for NoCredentials {
        fn candidates(self: Arc<Self>, _: &HelloSummary) -> Vec<Arc<Credential>> {
            Vec::new()
        }
    }

    #[test]
    fn a_session_is_bound_to_what_is_asked_of_clients() {
        let config =
            |client_auth| ServerConfig { client_auth, ..ServerConfig::new(Policy::default(), Arc::new(NoCredentials)) };
        let names = |names: &[&str]| Arc::new(Authorities(names.iter().map(|n| n.as_bytes().to_vec()).collect()));
        let configs = [
            config(ClientAuth::None),
            config(ClientAuth::Optional(names(&["a", "b"]))),
            config(ClientAuth::Required(names(&["a", "b"]))),
            config(ClientAuth::Required(names(&["ab"]))),
            config(ClientAuth::Required(names(&[]))),
        ];
        for (n, a) in configs.iter().enumerate() {
            for (m, b) in configs.iter().enumerate() {
                assert_eq!(context(a) == context(b), n == m, "{n} and {m}");
            }
        }

        let [mut session, _] = server_sessions();
        let (open, required) = (&configs[0], &configs[2]);
        session.context = context(required);
        let usable = |s: &ServerSession, c: &ServerConfig, time| s.hindrance(c, &context(c), time).is_none();
        assert!(usable(&session, required, at(99)) && !usable(&session, required, at(100)));
        assert!(!usable(&session, open, at(0)));
        session.chain.clear();
        session.raw_key = None;
        assert!(!usable(&session, required, at(0)), "no client certificate, and one is required");
    }
}

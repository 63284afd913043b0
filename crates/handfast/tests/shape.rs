//! How a ClientHello looks: GREASE (RFC 8701), the order of its extensions, its length (RFC 7685); and that what nobody knows is
//! passed over.

mod common;

use common::certificates::{NoGroups, Setup};
use common::{End, Pair, change_server_hello, later, noon, record, records};
use handfast::crypto::KeyKind;
use handfast::extension::{Extension, Extensions, KeyShare, Padding, SupportedVersions};
use handfast::message::{ClientHello, Dialect, HEADER, Message};
use handfast::wire::is_grease;
use handfast::wire::numbers::{ExtensionType, ProtocolVersion};
use handfast::{ClientConfig, ErrorKind, ServerConfig};
use std::collections::HashSet;
use std::sync::Arc;

const VERSIONS: [ProtocolVersion; 3] = [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];

/// The ClientHellos that this end has sent, headers included.
fn hellos(end: &End) -> Vec<Vec<u8>> {
    let log = end.log();
    let all = log.flights.iter().flat_map(|f| f.messages.clone());
    all.filter(|m| m[0] == 1).collect()
}

fn kinds(hello: &[u8]) -> Vec<ExtensionType> {
    ClientHello::from_body(&hello[HEADER..]).unwrap().extensions.list.iter().map(Extension::kind).collect()
}

fn connected(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Pair {
    let mut pair = Pair::connected(client, server);
    pair.assert_agreed();
    pair.exchange(100);
    pair
}

/// Every way to say hello in this version: at first, resumed, retried.
fn pairs(version: ProtocolVersion, change: impl Fn(&mut ClientConfig, &mut ServerConfig)) -> Vec<Pair> {
    let mut out = Vec::new();
    let retried = (version == ProtocolVersion::TLS1_3).then(|| Setup::new(version).retried());
    for setup in [Some(Setup::new(version)), retried].into_iter().flatten() {
        let (mut client, mut server) = (setup.client_config(), setup.server_config());
        (client.alpn, server.alpn) = (vec![b"h2".to_vec()], vec![b"h2".to_vec()]);
        client.store = Some(Arc::new(NoGroups::default()));
        change(&mut client, &mut server);
        let (client, server) = (Arc::new(client), Arc::new(server));
        for resumed in [false, true] {
            let pair = connected(&client, &server);
            assert_eq!(pair.client.negotiated().resumed, resumed, "{version}");
            assert_eq!(pair.server.negotiated().alpn.as_deref(), Some(&b"h2"[..]));
            out.push(pair);
        }
        let (slow, served) = (Arc::new(later::client(&client)), Arc::new(later::server(&server)));
        let mut pair = Pair::new(&slow, &served).chunk(1);
        pair.run().assert_connected();
        out.push(pair);
    }
    out
}

/// The reserved values in a hello: suites, groups, shares, versions, schemes, protocols, extensions.
fn reserved(hello: &[u8]) -> [Vec<u16>; 7] {
    let hello = ClientHello::from_body(&hello[HEADER..]).unwrap();
    let e = &hello.extensions;
    let mut out: [Vec<u16>; 7] = [
        hello.fixed.cipher_suites.iter().map(|s| s.0).collect(),
        e.supported_groups().map(|l| l.0.iter().map(|g| g.0).collect()).unwrap_or_default(),
        match e.key_share() {
            Some(KeyShare::Client(list)) => list.iter().map(|s| s.group.0).collect(),
            _ => Vec::new(),
        },
        match e.supported_versions() {
            Some(SupportedVersions::Offered(list)) => list.iter().map(|v| v.0).collect(),
            _ => Vec::new(),
        },
        e.signature_algorithms().map(|l| l.0.iter().map(|s| s.0).collect()).unwrap_or_default(),
        e.alpn()
            .map(|a| a.0.iter().filter_map(|p| Some(u16::from_be_bytes((*p).try_into().ok()?))).collect())
            .unwrap_or_default(),
        e.list.iter().map(|e| e.kind().0).collect(),
    ];
    out.iter_mut().for_each(|list| list.retain(|n| is_grease(*n)));
    out
}

#[test]
fn values_that_nobody_knows_are_offered_and_not_chosen() {
    for version in VERSIONS {
        let mut seen = HashSet::new();
        for pair in pairs(version, |client, _| client.grease = true) {
            let hellos = hellos(&pair.client);
            let [suites, groups, shares, versions, schemes, protocols, extensions] = reserved(&hellos[0]);
            let tls13 = usize::from(version == ProtocolVersion::TLS1_3);
            let lists = [suites.len(), groups.len(), shares.len(), versions.len(), protocols.len(), extensions.len()];
            assert_eq!(lists, [1, 1, tls13, tls13, 1, 2], "{version}");
            assert_eq!(schemes.len(), usize::from(version >= ProtocolVersion::TLS1_2));
            assert!(tls13 == 0 || groups == shares, "a share is of a group that is offered");
            let kinds = kinds(&hellos[0]);
            assert!(kinds[0].is_grease());
            // The second hello has the same, but for the shares.
            if let [first, second] = hellos.as_slice() {
                let (mut first, mut second) = (reserved(first), reserved(second));
                assert!(second[2].is_empty());
                (first[2], second[2]) = Default::default();
                assert_eq!(first, second);
            }
            seen.insert(reserved(&hellos[0]));
        }
        assert!(seen.len() > 1, "they are drawn anew");
    }
}

#[test]
fn a_server_must_not_choose_them() {
    let mut client = Setup::new(ProtocolVersion::TLS1_2).client_config();
    client.grease = true;
    let server = Arc::new(Setup::new(ProtocolVersion::TLS1_2).server_config());
    let mut pair = Pair::new(&Arc::new(client), &server);
    pair.carry(common::Side::Client);
    let kind = *kinds(&hellos(&pair.client)[0]).last().unwrap();
    assert!(kind.is_grease());
    let flight = pair.server.transmit();
    let answered = change_server_hello(&flight, |extensions| extensions.list.push(Extension::Unknown(kind, &[])));
    pair.client.receive(&answered, noon());
    assert_eq!(*pair.client.error.unwrap().kind(), ErrorKind::UnsolicitedExtension(kind));
}

#[test]
fn a_server_s_unknown_extensions_are_passed_over() {
    let setup = Setup::new(ProtocolVersion::TLS1_3).mutual(KeyKind::Ecdsa);
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    server.grease = true;
    server.post_handshake_auth = true;
    client.post_handshake_auth = true;
    let (client, server) = (Arc::new(client), Arc::new(server));
    let mut first = connected(&client, &server);
    let now = first.now;
    first.server.connection.request_client_certificate(server.client_auth.clone(), now).unwrap();
    first.run().assert_connected();
    let log = first.server.log();
    let mut greased = HashSet::new();
    for raw in log.flights.iter().flat_map(|f| &f.messages) {
        let extensions = match Message::decode(raw, Dialect::Tls13) {
            Ok(Message::CertificateRequest13(m)) => m.extensions,
            Ok(Message::NewSessionTicket13(m)) => m.extensions,
            _ => continue,
        };
        assert_eq!(extensions.list.iter().filter(|e| e.kind().is_grease()).count(), 1);
        greased.insert(raw[0]);
    }
    assert_eq!(greased, HashSet::from([4, 13]));
    drop(log);
    assert!(connected(&client, &server).client.negotiated().resumed, "the tickets are good");
}

/// A client's hello, changed on its way: whether the server answers it.
fn answered(version: ProtocolVersion, change: impl Fn(&mut Extensions<'_>)) -> Result<(), ErrorKind> {
    let (client, server) = Setup::new(version).configs();
    let mut pair = Pair::new(&client, &server);
    pair.client.transmit();
    let raw = hellos(&pair.client)[0].clone();
    let mut hello = ClientHello::from_body(&raw[HEADER..]).unwrap();
    change(&mut hello.extensions);
    pair.server.receive(&record(22, 0x0301, &Message::ClientHello(hello).to_bytes()), noon());
    match pair.server.error {
        None => {
            assert!(pair.server.flight().contains(&"ServerHello".to_owned()));
            Ok(())
        }
        Some(error) => Err(error.kind().clone()),
    }
}

#[test]
fn a_client_s_unknown_extensions_are_passed_over() {
    for version in VERSIONS {
        for kind in [ExtensionType::ENCRYPTED_CLIENT_HELLO, ExtensionType::MAX_FRAGMENT_LENGTH, ExtensionType(0x4a4a)] {
            for body in [&[][..], &[0], &[0xa5; 300]] {
                let unknown = Extension::Unknown(kind, body);
                assert_eq!(answered(version, |e| e.list.insert(0, unknown.clone())), Ok(()), "{version} {kind}");
                assert_eq!(answered(version, |e| e.list.push(unknown.clone())), Ok(()), "{version} {kind}");
            }
        }
        for zeros in [0, 1, 700] {
            assert_eq!(answered(version, |e| e.list.push(Extension::Padding(Padding(zeros)))), Ok(()));
        }
        let kind = answered(version, |e| e.list.push(Extension::Unknown(ExtensionType::PADDING, &[0, 1])));
        assert!(matches!(kind, Err(ErrorKind::Malformed(m)) if m.field == "padding"));
    }
}

#[test]
fn extensions_stand_in_any_order() {
    for version in VERSIONS {
        let mut orders = HashSet::new();
        for grease in [false, true] {
            for pair in pairs(version, |client, _| (client.shuffle_extensions, client.grease) = (true, grease)) {
                let hellos = hellos(&pair.client);
                let order = kinds(&hellos[0]);
                if let Some(psk) = order.iter().position(|k| *k == ExtensionType::PRE_SHARED_KEY) {
                    assert_eq!(psk, order.len() - 1);
                }
                if let [_, second] = hellos.as_slice() {
                    let kept = |k: &ExtensionType| *k != ExtensionType::PRE_SHARED_KEY;
                    let second = kinds(second);
                    assert!(order.iter().filter(|k| kept(k)).eq(second.iter().filter(|k| kept(k))));
                }
                orders.insert(order.into_iter().filter(|k| !k.is_grease()).collect::<Vec<_>>());
            }
        }
        assert!(orders.len() >= 5, "{version}: {} orders", orders.len());
    }
}

#[test]
fn a_hello_is_as_long_as_is_wanted() {
    for version in VERSIONS {
        for wanted in [1, 512, 1024, 5000] {
            for grease in [false, true] {
                for pair in pairs(version, |client, _| (client.pad_hello, client.grease) = (Some(wanted), grease)) {
                    for hello in hellos(&pair.client) {
                        let zeros = |e: &Extension<'_>| if let Extension::Padding(p) = e { Some(p.0) } else { None };
                        let read = ClientHello::from_body(&hello[HEADER..]).unwrap();
                        match read.extensions.list.iter().find_map(zeros) {
                            Some(1) => assert!((wanted.into()..usize::from(wanted) + 5).contains(&hello.len())),
                            Some(_) => assert_eq!(hello.len(), usize::from(wanted)),
                            None => assert!(hello.len() >= wanted.into()),
                        }
                    }
                    // In whatever records it goes.
                    assert!(!records(&pair.client.sent).is_empty());
                }
            }
        }
    }
}

//! Raw public keys (RFC 7250), in every version.

mod common;

use common::certificates::{Auth, KINDS, Known, Setup, client_credential, raw, server_credential};
use common::{Pair, Side, later};
use handfast::alert::AlertDescription;
use handfast::config::CertificateWanted;
use handfast::crypto::{Credential, KeyKind};
use handfast::error::NothingInCommon;
use handfast::verify::{NotChecked, PinnedLeaf, Verifier, WebPki};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{CertificateType, ProtocolVersion};
use handfast::{ClientAuth, ClientConfig, ErrorKind, ServerConfig};
use std::sync::Arc;

const RAW: CertificateType = CertificateType::RAW_PUBLIC_KEY;
const X509: CertificateType = CertificateType::X509;
const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];

fn play(client: ClientConfig, server: ServerConfig) -> Pair {
    let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
    pair.run();
    pair
}

/// Whom each end has seen: a raw key, or a chain.
#[track_caller]
fn seen(pair: &Pair, client: Option<&Credential>, server: &Credential) {
    pair.assert_connected();
    for (end, peer) in [(&pair.client, Some(server)), (&pair.server, client)] {
        let n = end.negotiated();
        assert_eq!(n.peer_raw_key, peer.and_then(|c| c.raw_key.clone()));
        assert_eq!(n.peer_chain, peer.map(|c| c.chain.clone()).unwrap_or_default());
        assert_eq!(n.verified.is_some(), peer.is_some());
    }
}

#[test]
fn every_version_and_kind_of_key() {
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
        for kind in KINDS.into_iter().filter(|k| version > ProtocolVersion::TLS1_0 || *k != KeyKind::Ed25519) {
            let setup = Setup::new(version).server(kind).mutual(kind).raw_keys();
            let (client, server) = (setup.client_config(), setup.server_config());
            let own = [client_credential(kind), server_credential(kind)].map(|c| raw(&c));
            seen(&play(client.clone(), server.clone()), Some(&own[0]), &own[1]);
            let mut slow = Pair::new(&Arc::new(later::client(&client)), &Arc::new(later::server(&server))).chunk(1);
            slow.run();
            seen(&slow, Some(&own[0]), &own[1]);
            slow.exchange(1000);
        }
    }
}

/// The server's key decrypts the premaster secret.
#[test]
fn rsa_key_exchange() {
    let suite = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;
    let setup = Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa).suite(suite).raw_keys();
    let pair = play(setup.client_config(), setup.server_config());
    seen(&pair, None, &raw(&server_credential(KeyKind::Rsa)));
}

#[test]
fn a_session_remembers_the_key() {
    let setups = [
        Setup::new(ProtocolVersion::TLS1_2),
        Setup::new(ProtocolVersion::TLS1_2).by_id(),
        Setup::new(ProtocolVersion::TLS1_3),
    ];
    for setup in setups {
        let setup = setup.mutual(KeyKind::Ecdsa).raw_keys();
        let (client, server) = setup.configs();
        Pair::connected(&client, &server);
        let pair = Pair::connected(&client, &server);
        assert!(pair.client.negotiated().resumed && pair.server.negotiated().resumed);
        let own = [client_credential(KeyKind::Ecdsa), server_credential(KeyKind::Ecdsa)].map(|c| raw(&c));
        seen(&pair, Some(&own[0]), &own[1]);
        // Where other types are asked for, the session is of no use.
        let mut other = setup.server_config();
        (other.tickets, other.store) = (server.tickets.clone(), server.store.clone());
        other.client_certificate_types = vec![RAW, X509];
        let pair = Pair::connected(&client, &Arc::new(other));
        assert!(!pair.client.negotiated().resumed);
    }
}

/// A client that takes no raw keys, or nothing else, does not go on with what another let in by the store that they share.
#[test]
fn a_session_is_resumed_by_who_would_take_its_kind() {
    for version in VERSIONS {
        let (first, mut server) = (Setup::new(version).client_config(), Setup::new(version).server_config());
        server.credentials = Arc::new((*server_credential(KeyKind::Ecdsa)).clone().with_raw_key());
        for (made, wanted) in [(X509, RAW), (RAW, X509)] {
            let mut client = first.clone();
            client.store = Some(Arc::new(handfast::session::MemoryClientStore::default()));
            client.verifier = Arc::new(NotChecked);
            client.server_certificate_types = vec![made];
            let resumed = |client: &ClientConfig| {
                let pair = play(client.clone(), server.clone());
                pair.assert_connected();
                pair.client.negotiated().resumed
            };
            assert!(!resumed(&client) && resumed(&client), "{version}");
            let mut other = client.clone();
            other.server_certificate_types = vec![wanted];
            assert!(!resumed(&other), "{version}");
            resumed(&client);
            other.server_certificate_types = vec![wanted, made];
            assert!(resumed(&other), "{version}");
        }
    }
}

/// Who can do both, and what comes of it.
#[test]
fn types_are_agreed_on_one_by_one() {
    let (own, peers) = (client_credential(KeyKind::Ecdsa), server_credential(KeyKind::Ecdsa));
    let both = |c: &Arc<Credential>| Arc::new((**c).clone().with_raw_key());
    // What the client takes, what the server has; and what the server shows.
    let of_server: [(&[CertificateType], Arc<Credential>, CertificateType); 6] = [
        (&[X509], both(&peers), X509),
        (&[RAW], both(&peers), RAW),
        (&[RAW, X509], both(&peers), RAW),
        (&[X509, RAW], both(&peers), X509),
        (&[RAW, X509], peers.clone(), X509),
        (&[X509, RAW], Arc::new(raw(&peers)), RAW),
    ];
    // What the client has, what the server takes; and what the client shows.
    let of_client: [(Arc<Credential>, &[CertificateType], CertificateType); 5] = [
        (both(&own), &[X509], X509),
        (both(&own), &[RAW], RAW),
        (both(&own), &[X509, RAW], X509),
        (own.clone(), &[RAW, X509], X509),
        (Arc::new(raw(&own)), &[X509, RAW], RAW),
    ];
    for version in VERSIONS {
        for (takes, has, server_shows) in &of_server {
            for (shows, wants, client_shows) in &of_client {
                let setup = Setup::new(version).mutual(KeyKind::Ecdsa);
                let (mut client, mut server) = (setup.client_config(), setup.server_config());
                client.server_certificate_types = takes.to_vec();
                client.credentials = Some(shows.clone());
                server.credentials = has.clone();
                server.client_certificate_types = wants.to_vec();
                let pair = play(client, server);
                let shown = |whose: &Credential, what| match what {
                    RAW => raw(whose),
                    _ => whose.clone(),
                };
                seen(&pair, Some(&shown(&own, *client_shows)), &shown(&peers, *server_shows));
            }
        }
    }
}

/// Not asked for its key, the client is not told a type either; and one without a key shows none.
#[test]
fn clients_without_a_key() {
    let peers = raw(&server_credential(KeyKind::Ecdsa));
    for version in VERSIONS {
        let mut setup = Setup::new(version).raw_keys();
        seen(&play(setup.client_config(), setup.server_config()), None, &peers);
        setup.client = Some(KeyKind::Ecdsa);
        seen(&play(setup.client_config(), setup.server_config()), None, &peers);
        (setup.auth, setup.client) = (Auth::Optional, None);
        let mut server = setup.server_config();
        server.client_certificate_types.push(X509);
        seen(&play(setup.client_config(), server), None, &peers);
        // It offers one and then has none for these schemes.
        setup.client = Some(KeyKind::Ecdsa);
        let mut client = setup.client_config();
        client.credentials = Some(Arc::new(Forgetful));
        seen(&play(client.clone(), setup.server_config()), None, &peers);
        setup.auth = Auth::Required;
        let pair = play(client, setup.server_config());
        let error = pair.server.error.expect("a key is required");
        assert!(matches!(error.kind(), ErrorKind::NoCertificate { .. }), "{error}");
    }
}

/// Who has nothing but a raw key has no certificate to show.
#[test]
fn a_raw_key_is_no_certificate() {
    use handfast::config::ClientCredentials;
    let certified = server_credential(KeyKind::Ecdsa);
    let wanted = CertificateWanted::new(ProtocolVersion::TLS1_3, certified.key.schemes());
    let bare = raw(&certified);
    assert!(bare.choose(&wanted).is_none() && bare.choose_raw_key(&wanted).is_some());
    assert!(certified.choose(&wanted).is_some() && certified.choose_raw_key(&wanted).is_none());
}

/// Says that it has a raw key, and has none.
#[derive(Debug)]
struct Forgetful;
impl handfast::config::ClientCredentials for Forgetful {
    fn choose(&self, _: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        None
    }
    fn certificate_types(&self) -> Vec<CertificateType> {
        vec![RAW]
    }
}

/// RFC 7250 4.2
#[test]
fn nothing_in_common() {
    let nothing = |pair: &mut Pair, at: Side| {
        let error = pair.end(at).error.clone().expect("no type in common");
        let kind = error.kind();
        assert!(matches!(kind, ErrorKind::NothingInCommon(NothingInCommon::CertificateType { .. })), "{kind:?}");
        let received = pair.end(at.other()).error.clone().expect("an alert");
        assert_eq!(*received.kind(), ErrorKind::PeerAlert(AlertDescription::UNSUPPORTED_CERTIFICATE));
    };
    for version in VERSIONS {
        let setup = Setup::new(version).mutual(KeyKind::Ecdsa);
        let (plain_client, plain_server) = (setup.client_config(), setup.server_config());
        let raw_setup = setup.clone().raw_keys();
        let (raw_client, raw_server) = (raw_setup.client_config(), raw_setup.server_config());
        nothing(&mut play(plain_client.clone(), raw_server.clone()), Side::Server);
        nothing(&mut play(raw_client.clone(), plain_server.clone()), Side::Server);
        // Of the client's types alone.
        let mut client = raw_client.clone();
        client.server_certificate_types = vec![X509];
        nothing(&mut play(client, plain_server.clone()), Side::Server);
        let mut server = raw_server;
        server.credentials = Arc::new((*server_credential(KeyKind::Ecdsa)).clone().with_raw_key());
        nothing(&mut play(plain_client, server), Side::Server);
        // The server does not ask, so it is no matter what the client has.
        let (mut client, mut server) = (raw_client, plain_server);
        client.server_certificate_types = vec![X509];
        server.client_auth = ClientAuth::None;
        seen(&play(client, server), None, &server_credential(KeyKind::Ecdsa));
    }
}

/// Nothing in a key says whose it is: most verifiers refuse it, and those that take it name it.
#[test]
fn verifiers() {
    let key = raw(&server_credential(KeyKind::Ecdsa)).raw_key.unwrap();
    let hash: [u8; 32] = {
        let provider = handfast::crypto::aws_lc::provider();
        let mut hash = provider.hash(handfast::crypto::HashAlgorithm::Sha256);
        hash.update(&key);
        hash.current().as_ref().try_into().unwrap()
    };
    let roots = handfast::verify::Roots::new();
    let mut named = PinnedLeaf::keys([hash]);
    named.check_name = true;
    let verifiers: [(Arc<dyn Verifier>, bool, &str); 7] = [
        (Arc::new(NotChecked), true, "not checked"),
        (Arc::new(PinnedLeaf::keys([[1; 32], hash])), true, "pinned raw key"),
        (Arc::new(PinnedLeaf::keys([[1; 32]])), false, "not one that is pinned"),
        (Arc::new(PinnedLeaf::certificates([hash])), false, "certificates are pinned"),
        (Arc::new(named), false, "no name"),
        (Arc::new(WebPki::for_servers(roots)), false, "judges certificates only"),
        (Arc::new(handfast::verify::SelfSigned::new([])), false, "judges certificates only"),
    ];
    for version in VERSIONS {
        let setup = Setup::new(version).raw_keys();
        for (verifier, good, words) in &verifiers {
            let mut client = setup.client_config();
            client.verifier = verifier.clone();
            let pair = play(client, setup.server_config());
            if *good {
                pair.assert_connected();
                let how = pair.client.negotiated().verified.clone().unwrap();
                assert!(how.contains(words), "{how}");
                continue;
            }
            let error = pair.client.error.clone().expect("a refusal");
            assert_eq!(error.alert(), Some(AlertDescription::UNSUPPORTED_CERTIFICATE), "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}

/// A key that is shown is not proven: another one signs.
#[test]
fn a_key_that_is_not_the_peers() {
    for version in VERSIONS {
        let setup = Setup::new(version).mutual(KeyKind::Ecdsa).raw_keys();
        let mixed =
            |shown: &Credential, signs: &Credential| Arc::new(Credential { key: signs.key.clone(), ..raw(shown) });
        let (own, other) = (client_credential(KeyKind::Ecdsa), server_credential(KeyKind::Ecdsa));
        let (mut client, mut server) = (setup.client_config(), setup.server_config());
        client.credentials = Some(mixed(&own, &other));
        let pair = play(client, setup.server_config());
        assert_eq!(pair.server.error.as_ref().map(|e| e.kind()), Some(&ErrorKind::BadSignature));
        server.credentials = mixed(&other, &own);
        let pair = play(setup.client_config(), server);
        assert_eq!(pair.client.error.as_ref().map(|e| e.kind()), Some(&ErrorKind::BadSignature));
    }
}

/// What is shown as a key is one, and nothing behind it.
#[test]
fn keys_that_are_none() {
    let own = raw(&server_credential(KeyKind::Ecdsa));
    let key = own.raw_key.clone().unwrap().to_vec();
    let certificate = server_credential(KeyKind::Ecdsa).chain[0].to_vec();
    for version in VERSIONS {
        let setup = Setup::new(version).raw_keys();
        for wrong in [vec![0x30], vec![0x30, 0], [&key[..], &[0]].concat(), key[1..].to_vec(), certificate.clone()] {
            let mut client = setup.client_config();
            client.verifier = Arc::new(NotChecked);
            let mut server = setup.server_config();
            server.credentials = Arc::new(Credential { raw_key: Some(wrong.into()), ..own.clone() });
            if version < ProtocolVersion::TLS1_3 {
                // Its curve cannot be read, so it is taken to fit.
                server.policy.groups = client.policy.groups.clone();
            }
            let pair = play(client, server);
            let error = pair.client.error.clone().expect("no key");
            assert_eq!(error.alert(), Some(AlertDescription::BAD_CERTIFICATE), "{error}");
        }
    }
    assert!(Known.authorities().is_empty());
}

//! Both ends over the whole product: versions, suites, groups, keys, client certificates, ways to resume, sizes of what is
//! delivered at once.

mod common;

use common::certificates::{Auth, Setup, by_scheme, spoken};
use common::{End, Pair, noon};
use handfast::crypto::{Authentication, BulkCipher, KeyExchangeKind, KeyKind, SUITES, Suite, aws_lc};
use handfast::policy::SPOKEN;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion, SignatureScheme};
use handfast::{ClientConfig, ErrorKind, ServerConfig, Time};
use std::sync::Arc;
use std::time::Duration;

const ALPN: &[u8] = b"h2";

#[test]
fn ssl_3_0() {
    whole(ProtocolVersion::SSL3_0);
}

#[test]
fn tls_1_0() {
    whole(ProtocolVersion::TLS1_0);
}

#[test]
fn tls_1_1() {
    whole(ProtocolVersion::TLS1_1);
}

#[test]
fn tls_1_2_with_ecdhe() {
    over(ProtocolVersion::TLS1_2, |s| s.key_exchange == KeyExchangeKind::Ecdhe);
}

#[test]
fn tls_1_2_with_rsa() {
    over(ProtocolVersion::TLS1_2, |s| s.key_exchange == KeyExchangeKind::Rsa);
}

#[test]
fn tls_1_2_with_dhe() {
    over(ProtocolVersion::TLS1_2, |s| s.key_exchange == KeyExchangeKind::Dhe);
}

#[test]
fn tls_1_2_with_psk() {
    over(ProtocolVersion::TLS1_2, |s| s.key_exchange.has_psk());
}

#[test]
fn tls_1_3() {
    whole(ProtocolVersion::TLS1_3);
}

fn whole(version: ProtocolVersion) {
    over(version, |_| true);
}

fn over(version: ProtocolVersion, which: impl Fn(&Suite) -> bool) {
    let mut handshakes = 0;
    for suite in spoken(version).filter(|s| which(s)) {
        for (index, group) in groups(suite, version).into_iter().enumerate() {
            for server in server_kinds(suite, version) {
                // How a client proves itself has nothing to do with the group.
                let clients = if index == 0 { clients(version) } else { vec![(Auth::None, None)] };
                for (auth, client) in clients {
                    for by_id in [false, true] {
                        // There are no IDs in TLS 1.3, and no tickets in SSL 3.0.
                        let only = match version {
                            ProtocolVersion::TLS1_3 => Some(false),
                            ProtocolVersion::SSL3_0 => Some(true),
                            _ => None,
                        };
                        if only.is_some_and(|only| only != by_id) {
                            continue;
                        }
                        let mut setup = Setup::new(version).suite(suite.number).server(server);
                        (setup.group, setup.auth, setup.client) = (group, auth, client);
                        if by_id {
                            setup = setup.by_id();
                        }
                        for setup in protections(suite, setup) {
                            for chunk in [usize::MAX, 1] {
                                case(suite, &setup, chunk);
                                handshakes += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(handshakes > 0, "no suite fits");
}

/// Both ways in which CBC and its MAC go together, where there are two.
fn protections(suite: &Suite, setup: Setup) -> Vec<Setup> {
    let two = matches!(suite.bulk, BulkCipher::Cbc(..)) && setup.version != ProtocolVersion::SSL3_0;
    let second = two.then(|| setup.clone().mac_then_encrypt());
    std::iter::once(setup).chain(second).collect()
}

/// Every other kind of key, on both sides, with every suite that it serves.
#[test]
fn signatures() {
    for (scheme, credential) in by_scheme() {
        let serves = |s: &&Suite| match (s.key_exchange, s.authentication, credential.kind()) {
            (KeyExchangeKind::Tls13, ..) => true,
            (KeyExchangeKind::Ecdhe, Authentication::Ecdsa, kind) => kind == KeyKind::Ecdsa,
            (KeyExchangeKind::Ecdhe | KeyExchangeKind::Dhe, Authentication::Rsa, kind) => kind == KeyKind::RsaPss,
            _ => false,
        };
        let mut cases = 0;
        for suite in SUITES.iter().filter(serves).filter(|s| s.opens_in_constant_time()) {
            let setup = Setup::new(suite.to).suite(suite.number).signing(*scheme).mutual(KeyKind::Ecdsa);
            for chunk in [usize::MAX, 1] {
                case(suite, &setup, chunk);
                cases += 1;
            }
        }
        assert!(cases > 0, "{scheme}");
    }
}

/// Those that TLS 1.2 has no use for.
#[test]
fn keys_that_do_not_serve() {
    let tls12 = || Setup::new(ProtocolVersion::TLS1_2);
    let rsa = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;
    for setup in
        [tls12().signing(SignatureScheme::MLDSA44), tls12().signing(SignatureScheme::RSA_PSS_PSS_SHA256).suite(rsa)]
    {
        let (client, server) = setup.configs();
        let mut pair = Pair::new(&client, &server);
        pair.run();
        let error = pair.server.error.as_ref().expect("nothing in common");
        assert!(matches!(error.kind(), ErrorKind::NothingInCommon(_)), "{error}");
        assert_eq!(pair.server.alerts(), ["fatal handshake_failure"]);
    }
}

fn groups(suite: &Suite, version: ProtocolVersion) -> Vec<NamedGroup> {
    match suite.key_exchange {
        KeyExchangeKind::Tls13 => aws_lc::provider().groups().to_vec(),
        kind if kind.has_ecdhe() => {
            vec![NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1, NamedGroup::SECP521R1]
        }
        // Nothing can be said of groups; and the first is no field: then the server chooses.
        kind if kind.has_dhe() && version == ProtocolVersion::SSL3_0 => vec![NamedGroup::X25519],
        kind if kind.has_dhe() => vec![NamedGroup::X25519, NamedGroup::FFDHE2048, NamedGroup::FFDHE3072],
        _ => vec![NamedGroup::X25519],
    }
}

fn server_kinds(suite: &Suite, version: ProtocolVersion) -> Vec<KeyKind> {
    match suite.authentication {
        Authentication::Rsa => vec![KeyKind::Rsa],
        Authentication::Ecdsa if version < ProtocolVersion::TLS1_2 => vec![KeyKind::Ecdsa],
        Authentication::Ecdsa => vec![KeyKind::Ecdsa, KeyKind::Ed25519],
        // It is not shown.
        Authentication::Psk => vec![KeyKind::Ecdsa],
        Authentication::Tls13 => vec![KeyKind::Rsa, KeyKind::Ecdsa, KeyKind::Ed25519],
    }
}

fn clients(version: ProtocolVersion) -> Vec<(Auth, Option<KeyKind>)> {
    let mut out = vec![(Auth::None, None), (Auth::Optional, None), (Auth::Required, Some(KeyKind::Rsa))];
    // SSL 3.0 knows no curves.
    if version > ProtocolVersion::SSL3_0 {
        out.push((Auth::Optional, Some(KeyKind::Ecdsa)));
    }
    if version >= ProtocolVersion::TLS1_2 {
        out.push((Auth::Required, Some(KeyKind::Ed25519)));
    }
    out
}

/// One full handshake, and one that resumes it.
fn case(suite: &Suite, setup: &Setup, chunk: usize) {
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    client.alpn = vec![b"h3".into(), ALPN.into()];
    server.alpn = vec![ALPN.into(), b"http/1.1".into()];
    let (client, server) = (Arc::new(client), Arc::new(server));
    connect(suite, setup, chunk, &client, &server, noon(), false);
    let soon = Time(noon().0 + Duration::from_secs(10));
    connect(suite, setup, chunk, &client, &server, soon, true);
}

fn connect(
    suite: &Suite,
    setup: &Setup,
    chunk: usize,
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    now: Time,
    resumed: bool,
) {
    let mut pair = Pair::at(client, server, now).chunk(chunk);
    pair.run().assert_connected();
    pair.assert_agreed();
    let tls13 = setup.version == ProtocolVersion::TLS1_3;
    let facts = pair.client.negotiated();
    assert_eq!(facts.version, Some(setup.version));
    assert_eq!(facts.suite, Some(suite.number));
    assert_eq!(facts.resumed, resumed, "{setup:?}");
    let ssl3 = setup.version == ProtocolVersion::SSL3_0;
    assert_eq!(facts.alpn.as_deref(), Some(ALPN).filter(|_| !ssl3));
    assert_eq!(facts.server_name.as_deref(), Some(common::NAME).filter(|_| !ssl3));
    assert!(!facts.retried);
    assert!(tls13 || facts.secure_renegotiation);
    assert_eq!(facts.extended_master_secret, !tls13 && !ssl3);
    let cbc = matches!(suite.bulk, BulkCipher::Cbc(..));
    assert_eq!(facts.encrypt_then_mac, cbc && !ssl3 && setup.encrypt_then_mac);

    let kind = suite.key_exchange;
    let group = match kind {
        KeyExchangeKind::Tls13 => Some(setup.group),
        _ if resumed => None,
        _ if kind.has_ecdhe() => Some(setup.group),
        _ if kind.has_dhe() && setup.group == NamedGroup::X25519 => Some(NamedGroup::FFDHE2048),
        _ if kind.has_dhe() => Some(setup.group),
        _ => None,
    };
    assert_eq!(facts.group, group);
    assert_eq!(facts.dh_bits.is_some(), kind.has_dhe() && !resumed);
    assert_eq!(facts.psk_identity.is_some(), kind.has_psk());
    let signs = (suite.key_exchange.is_signed() || tls13) && !resumed;
    assert_eq!(facts.scheme.is_some(), signs);
    if let Some(scheme) = facts.scheme {
        assert!(setup.server_credential().key.schemes().contains(&scheme));
        assert!(setup.scheme.is_none_or(|s| s == scheme));
    }
    let chain = setup.server_credential().chain.clone();
    assert_eq!(facts.peer_chain, if kind.has_certificate() { chain } else { Vec::new() });
    assert_eq!(facts.verified.is_some(), kind.has_certificate());

    let proves = setup.client_credential().filter(|_| setup.auth != Auth::None && kind.has_certificate());
    let seen = pair.server.negotiated();
    assert_eq!(seen.peer_chain, proves.as_ref().map_or(Vec::new(), |c| c.chain.clone()), "{setup:?}");
    assert_eq!(seen.client_scheme.is_some(), proves.is_some() && !resumed);
    assert_eq!(seen.verified.is_some(), proves.is_some());

    for size in [1, 1000] {
        pair.exchange(size);
    }
    // SSL 3.0 exports nothing.
    if ssl3 {
        assert!(pair.client.connection.export(&mut [0; 48], b"EXPORTER-handfast-test", None).is_err());
        return;
    }
    let exports = |end: &End| {
        [None, Some(&b""[..]), Some(b"context")].map(|context| {
            let mut out = [0; 48];
            end.connection.export(&mut out, b"EXPORTER-handfast-test", context).unwrap();
            out
        })
    };
    let keys = exports(&pair.client);
    assert_eq!(keys, exports(&pair.server));
    assert_eq!(keys[0] == keys[1], tls13, "only TLS 1.3 takes no context for an empty one");
    assert_ne!(keys[1], keys[2]);
}

#[test]
fn data_of_every_size() {
    for version in SPOKEN.iter().copied() {
        for suite in spoken(version) {
            let Some(kind) = server_kinds(suite, version).first().copied() else { continue };
            for setup in protections(suite, Setup::new(version).suite(suite.number).server(kind)) {
                let (client, server) = setup.configs();
                let mut pair = Pair::connected(&client, &server);
                for size in (0..70).chain([255, 256, 16383, 16384, 16385, 100_000]) {
                    pair.exchange(size);
                }
            }
        }
    }
}

/// The records' plaintext is as small as a byte.
#[test]
fn fragments_of_every_size() {
    for version in SPOKEN.iter().copied() {
        for (max_fragment, encrypt_then_mac) in
            [1, 2, 3, 5, 17, 100, 1000, 16384].into_iter().flat_map(|n| [(n, true), (n, false)])
        {
            let setup = Setup::new(version).server(KeyKind::Rsa).mutual(KeyKind::Rsa);
            let setup = Setup { encrypt_then_mac, ..setup };
            let (mut client, mut server) = (setup.client_config(), setup.server_config());
            (client.max_fragment, server.max_fragment) = (max_fragment, max_fragment);
            let mut pair = Pair::connected(&Arc::new(client), &Arc::new(server));
            pair.assert_agreed();
            pair.exchange(300);
        }
    }
}

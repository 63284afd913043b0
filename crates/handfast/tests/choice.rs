//! What a server chooses by the ClientHello: the certificate, by name and by what the client can verify; and whether to go on at all.

mod common;

use common::certificates::Setup;
use common::{End, NAME, Pair, noon};
use handfast::config::{ByName, CertificateWanted, ClientCredentials};
use handfast::crypto::{Credential, KeyKind, aws_lc};
use handfast::error::NothingInCommon;
use handfast::message::{Dialect, Message};
use handfast::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use handfast::verify::{CertificateError, Roots, WebPki};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion, SignatureScheme};
use handfast::{ClientAuth, ClientConfig, Connection, Error, ErrorKind, Policy, ServerConfig};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, SignatureAlgorithm,
};
use std::sync::{Arc, Mutex};

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];

/// A root that issues server certificates.
struct Authority {
    root: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        Self::of(&PKCS_ECDSA_P256_SHA256)
    }

    fn of(algorithm: &'static SignatureAlgorithm) -> Self {
        Self::named("a root", algorithm)
    }

    fn named(name: &str, algorithm: &'static SignatureAlgorithm) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).unwrap().der().clone();
        Self { root, issuer: Issuer::new(params, key) }
    }

    fn leaf(&self, algorithm: &'static SignatureAlgorithm, names: &[&str]) -> Arc<Credential> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "leaf");
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Arc::new(Credential::new(vec![certificate.der().clone()], aws_lc::private_key(der).unwrap()))
    }

    /// A client of the default policy at this version, which judges as the web does.
    fn client(&self, version: ProtocolVersion) -> ClientConfig {
        let mut roots = Roots::new();
        roots.add(self.root.clone()).unwrap();
        let mut config = ClientConfig::new(at(version), Arc::new(WebPki::for_servers(roots)));
        config.store = None;
        config
    }
}

fn at(version: ProtocolVersion) -> Policy {
    Policy { min_version: version, max_version: version, ..Policy::default() }
}

fn server(version: ProtocolVersion, credentials: &[&Arc<Credential>]) -> Arc<ServerConfig> {
    let credentials: Vec<Arc<Credential>> = credentials.iter().map(|c| (*c).clone()).collect();
    Arc::new(ServerConfig::new(at(version), Arc::new(credentials)))
}

/// The certificate that a client sees who asks for this name; or its error, and the server's.
fn shown(
    client: ClientConfig,
    server: &Arc<ServerConfig>,
    name: &str,
) -> Result<CertificateDer<'static>, (Error, Option<Error>)> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let client = Connection::client(Arc::new(client), name, noon()).unwrap();
    let mut pair = Pair::of(End::new(client), End::server(server), noon());
    pair.run();
    match pair.client.error {
        None => Ok(pair.client.connection.negotiated().peer_chain[0].clone()),
        Some(error) => Err((error, pair.server.error)),
    }
}

#[test]
fn a_certificate_by_name() {
    let authority = Authority::new();
    let plain = authority.leaf(&PKCS_ECDSA_P256_SHA256, &["a.example"]);
    let wild = authority.leaf(&PKCS_ECDSA_P256_SHA256, &["*.b.example"]);
    let exact = authority.leaf(&PKCS_ECDSA_P256_SHA256, &["www.b.example", "198.51.100.7"]);
    for version in VERSIONS {
        let server = server(version, &[&plain, &wild, &exact]);
        for (name, expected) in [
            ("a.example", &plain),
            ("A.Example", &plain),
            ("a.example.", &plain),
            ("other.b.example", &wild),
            // Both fit: the name itself goes before a wildcard.
            ("www.b.example", &exact),
        ] {
            let shown = shown(authority.client(version), &server, name);
            assert_eq!(shown.expect("a handshake"), expected.chain[0], "{name}");
        }
        // A wildcard is one label. What has no certificate gets the first, and says so to whoever asks.
        for name in ["b.example", "x.y.b.example", "198.51.100.7"] {
            let (client, server) = shown(authority.client(version), &server, name).expect_err("no certificate fits");
            assert!(client.to_string().contains("it is for a.example"), "{client}");
            assert!(matches!(server.unwrap().kind(), ErrorKind::PeerAlert(_)));
        }
    }
}

#[test]
fn a_strict_server_refuses_unknown_names_and_serves_who_names_nobody() {
    let authority = Authority::new();
    let credentials = [authority.leaf(&PKCS_ECDSA_P256_SHA256, &["a.example", "198.51.100.7"])];
    let mut by_name = ByName::new(credentials.clone());
    by_name.strict = true;
    let by_name = Arc::new(by_name);
    for version in VERSIONS {
        let server = Arc::new(ServerConfig::new(at(version), by_name.clone()));
        for name in ["a.example", "198.51.100.7"] {
            assert_eq!(shown(authority.client(version), &server, name), Ok(credentials[0].chain[0].clone()), "{name}");
        }
        let (client, refused) = shown(authority.client(version), &server, "b.example").expect_err("unknown");
        assert_eq!(refused.expect("an error").kind(), &ErrorKind::UnrecognizedName("b.example".into()));
        assert_eq!(client.alert(), None);
        assert!(client.to_string().contains("unrecognized_name"), "{client}");
    }
}

#[test]
fn a_certificate_by_what_the_client_can_verify() {
    let authority = Authority::new();
    let ecdsa = authority.leaf(&PKCS_ECDSA_P256_SHA256, &[NAME]);
    let rsa = authority.leaf(&PKCS_RSA_SHA256, &[NAME]);
    let other = authority.leaf(&PKCS_RSA_SHA256, &["other.example"]);
    for version in VERSIONS {
        let server = server(version, &[&other, &ecdsa, &rsa]);
        let with = |schemes: &[SignatureScheme]| {
            let mut client = authority.client(version);
            client.policy.schemes = schemes.to_vec();
            shown(client, &server, NAME)
        };
        let (p256, pss) = (SignatureScheme::ECDSA_SECP256R1_SHA256, SignatureScheme::RSA_PSS_RSAE_SHA256);
        assert_eq!(with(&[p256, pss]).unwrap(), ecdsa.chain[0]);
        assert_eq!(with(&[pss]).unwrap(), rsa.chain[0]);
        assert_eq!(with(&[p256]).unwrap(), ecdsa.chain[0]);
        let (_, server) = with(&[SignatureScheme::ED25519]).unwrap_err();
        assert!(matches!(server.unwrap().kind(), ErrorKind::NothingInCommon(_)));
    }
}

/// RFC 9846 4.3.3, RFC 5246 7.4.2: a chain that the client can verify goes before one that it cannot, which is better than none.
#[test]
fn a_certificate_by_how_its_chain_is_signed() {
    use SignatureScheme as S;
    let (by_ecdsa, by_rsa) = (Authority::new(), Authority::of(&PKCS_RSA_SHA256));
    let [first, second] = [&by_ecdsa, &by_rsa].map(|a| a.leaf(&PKCS_ECDSA_P256_SHA256, &[NAME]));
    let mut roots = Roots::new();
    for authority in [&by_ecdsa, &by_rsa] {
        roots.add(authority.root.clone()).unwrap();
    }
    let verifier = Arc::new(WebPki::for_servers(roots));
    for version in VERSIONS {
        let server = server(version, &[&first, &second]);
        let with = |schemes: &[S], cert_schemes: Option<&[S]>| {
            let mut client = ClientConfig::new(at(version), verifier.clone());
            client.policy.schemes = schemes.to_vec();
            client.policy.cert_schemes = cert_schemes.map(<[S]>::to_vec);
            shown(client, &server, NAME).unwrap()
        };
        let (p256, rsa) = (S::ECDSA_SECP256R1_SHA256, S::RSA_PKCS1_SHA256);
        assert_eq!(with(&[p256, rsa], None), first.chain[0]);
        assert_eq!(with(&[p256], None), first.chain[0]);
        assert_eq!(with(&[p256], Some(&[rsa])), second.chain[0]);
        assert_eq!(with(&[p256, rsa], Some(&[p256])), first.chain[0]);
        assert_eq!(with(&[p256], Some(&[p256, rsa])), first.chain[0]);
        // None fits.
        assert_eq!(with(&[p256], Some(&[S::ED25519])), first.chain[0]);
    }
}

/// signature_algorithms_cert is sent where it says something, by both sides, and is what a verifier hears.
#[test]
fn signatures_in_certificates_may_be_others() {
    use SignatureScheme as S;
    let sent = |raw: &[u8], dialect| match Message::decode(raw, dialect) {
        Ok(Message::ClientHello(m)) => m.extensions.signature_algorithms_cert().map(|s| s.0.iter().collect::<Vec<_>>()),
        Ok(Message::CertificateRequest13(m)) => m.extensions.signature_algorithms_cert().map(|s| s.0.iter().collect()),
        other => panic!("{other:?}"),
    };
    let setup = Setup::new(ProtocolVersion::TLS1_3).mutual(KeyKind::Ecdsa);
    for (list, expected) in [
        (None, None),
        (Some(setup.policy().schemes), None),
        (Some(vec![S::RSA_PKCS1_MD5_SHA1]), None),
        (Some(vec![S::RSA_PKCS1_SHA256, S::MLDSA65]), Some(vec![S::RSA_PKCS1_SHA256, S::MLDSA65])),
    ] {
        let (mut client, mut server) = (setup.client_config(), setup.server_config());
        client.policy.cert_schemes = list.clone();
        server.policy.cert_schemes = list;
        assert_eq!(
            client.policy.in_certificates(),
            client.policy.cert_schemes.as_ref().unwrap_or(&client.policy.schemes)
        );
        let pair = Pair::connected(&Arc::new(client), &Arc::new(server));
        let hello = pair.client.log().flights[0].messages[0].clone();
        assert_eq!(sent(&hello, Dialect::Hello), expected);
        let log = pair.server.log();
        let request = log.flights.iter().flat_map(|f| &f.messages).find(|m| m[0] == 13).unwrap();
        assert_eq!(sent(request, Dialect::Tls13), expected);
    }
    // Of a client that speaks TLS 1.2 only, no ML-DSA is heard.
    let mut client = Setup::new(ProtocolVersion::TLS1_2).client_config();
    client.policy.cert_schemes = Some(vec![S::RSA_PKCS1_SHA256, S::MLDSA65]);
    let hello = End::client(&Arc::new(client), noon()).transmit();
    assert_eq!(sent(&hello[5..], Dialect::Hello), Some(vec![S::RSA_PKCS1_SHA256]));
}

/// Version, schemes, and those of certificates.
type Question = (ProtocolVersion, Vec<SignatureScheme>, Vec<SignatureScheme>);

/// What a client's credentials are asked.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<Question>>);

impl ClientCredentials for Heard {
    fn choose(&self, wanted: &CertificateWanted<'_>) -> Option<Arc<Credential>> {
        let CertificateWanted { version, schemes, cert_schemes, .. } = *wanted;
        self.0.lock().unwrap().push((version, schemes.to_vec(), cert_schemes.to_vec()));
        None
    }
}

/// A client's credentials are told the version, what the key may sign by, and what the chain may be signed by.
#[test]
fn what_is_asked_of_a_client_is_told_whole() {
    use ProtocolVersion as V;
    use SignatureScheme as S;
    let (p256, rsa) = (S::ECDSA_SECP256R1_SHA256, S::RSA_PKCS1_SHA256);
    for (version, cert_schemes, schemes, in_certificates) in [
        (V::TLS1_3, None, vec![p256], vec![p256, rsa]),
        (V::TLS1_3, Some(vec![S::ED25519, rsa]), vec![p256], vec![S::ED25519, rsa]),
        // It has no such extension in its CertificateRequest, and lists all in one.
        (V::TLS1_2, None, vec![p256, rsa], vec![p256, rsa]),
        (V::TLS1_0, None, vec![S::ECDSA_SHA1, S::RSA_PKCS1_MD5_SHA1], vec![]),
    ] {
        let setup = Setup::new(version).mutual(KeyKind::Ecdsa);
        let (mut client, mut server) = (setup.client_config(), setup.server_config());
        server.client_auth = ClientAuth::Optional(server.client_auth.verifier().unwrap().clone());
        if version > V::TLS1_0 {
            server.policy.schemes = vec![p256, rsa];
        }
        server.policy.cert_schemes = cert_schemes;
        let heard = Arc::new(Heard::default());
        client.credentials = Some(heard.clone());
        Pair::connected(&Arc::new(client), &Arc::new(server));
        let all = heard.0.lock().unwrap().clone();
        let [(told, mut by, of)] = all.try_into().expect("one question");
        by.sort_by_key(|s| s.0);
        let mut schemes = schemes;
        schemes.sort_by_key(|s| s.0);
        assert_eq!((told, by, of), (version, schemes, in_certificates));
    }
}

/// RFC 8422 5.1.1: in TLS 1.2 the list of groups is for the curves of certificates too.
#[test]
fn a_certificate_by_its_curve() {
    let authority = Authority::new();
    let p384 = authority.leaf(&PKCS_ECDSA_P384_SHA384, &[NAME]);
    let rsa = authority.leaf(&PKCS_RSA_SHA256, &[NAME]);
    for version in VERSIONS {
        // What the default policy can verify it lists.
        let alone = server(version, &[&p384]);
        assert_eq!(shown(authority.client(version), &alone, NAME).unwrap(), p384.chain[0]);
        let mut client = authority.client(version);
        client.policy.groups = vec![NamedGroup::X25519, NamedGroup::SECP256R1];
        let expected = if version == ProtocolVersion::TLS1_2 { &rsa } else { &p384 };
        assert_eq!(shown(client.clone(), &server(version, &[&p384, &rsa]), NAME).unwrap(), expected.chain[0]);
        match shown(client, &alone, NAME) {
            Ok(chain) => assert!(version == ProtocolVersion::TLS1_3 && chain == p384.chain[0]),
            Err((_, error)) => {
                let (theirs, ours) = (vec![NamedGroup::X25519, NamedGroup::SECP256R1], vec![NamedGroup::SECP384R1]);
                let expected = ErrorKind::NothingInCommon(NothingInCommon::Group { theirs, ours });
                assert_eq!((version, error.unwrap().kind()), (ProtocolVersion::TLS1_2, &expected));
            }
        }
    }
}

/// A config that cannot be said on the wire is refused before anything is.
#[test]
fn names_of_protocols_must_fit() {
    let name = || ServerName::try_from(NAME).unwrap();
    let connect = |alpn: Vec<Vec<u8>>| {
        let mut config = Setup::new(ProtocolVersion::TLS1_3).client_config();
        config.alpn = alpn;
        Connection::client(Arc::new(config), name(), noon())
    };
    for bad in [vec![Vec::new()], vec![b"h2".to_vec(), vec![b'x'; 256]], vec![vec![b'x'; 255]; 65]] {
        let error = connect(bad).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Config(_)), "{error}");
    }
    assert!(connect(vec![vec![b'x'; 255]; 64]).is_ok());
}

/// A hello that says as much as it can costs no more than it says.
#[test]
fn long_lists_are_cut() {
    for server_preference in [true, false] {
        for version in VERSIONS {
            let setup = Setup::new(version).server(KeyKind::Rsa);
            let (mut client, mut server) = (setup.client_config(), setup.server_config());
            client.alpn = (0..5000).map(|n: u32| n.to_be_bytes()[1..].to_vec()).collect();
            server.alpn = vec![vec![0, 0, 0]];
            server.policy.server_preference = server_preference;
            let run = |client: &ClientConfig, server: &ServerConfig| {
                let mut pair = Pair::new(&Arc::new(client.clone()), &Arc::new(server.clone()));
                pair.run();
                pair.server
            };
            assert_eq!(run(&client, &server).negotiated().alpn, Some(vec![0, 0, 0]));
            server.alpn = vec![vec![0, 0, 200]];
            let error = run(&client, &server).error.expect("beyond what counts");
            let ErrorKind::NothingInCommon(NothingInCommon::Protocol { theirs, .. }) = error.kind() else {
                panic!("{error}")
            };
            assert_eq!(theirs.len(), 64);

            // For an RSA certificate only, though the client says it thousands of times.
            let suite = match version {
                ProtocolVersion::TLS1_2 => CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                _ => CipherSuite::TLS_AES_128_GCM_SHA256,
            };
            client.alpn.clear();
            client.policy.suites = vec![suite; 20_000];
            if version == ProtocolVersion::TLS1_3 {
                server.policy.suites = vec![CipherSuite::TLS_AES_256_GCM_SHA384];
            }
            let error = run(&client, &server).error.expect("nothing in common");
            let ErrorKind::NothingInCommon(NothingInCommon::Suite { theirs, .. }) = error.kind() else {
                panic!("{error}")
            };
            assert_eq!(*theirs, vec![suite.to_string(); 64]);
        }
    }
}

/// What is asked for goes without a trailing dot (RFC 6066 3); addresses are not told at all, nor names that are to be kept.
#[test]
fn the_name_on_the_wire() {
    let asked = |name: &str, send_server_name| {
        let mut config = Setup::new(ProtocolVersion::TLS1_3).client_config();
        config.send_server_name = send_server_name;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut client = Connection::client(Arc::new(config), name, noon()).unwrap();
        let mut record = Vec::new();
        client.transmit(&mut record);
        let Ok(Message::ClientHello(hello)) = Message::decode(&record[5..], Dialect::Hello) else {
            panic!("not a ClientHello")
        };
        let on_the_wire = hello.extensions.server_name().and_then(|n| n.host()).map(str::to_owned);
        assert_eq!(client.negotiated().server_name, on_the_wire);
        on_the_wire
    };
    for name in ["example.org", "example.org."] {
        assert_eq!(asked(name, true).as_deref(), Some("example.org"));
        assert_eq!(asked(name, false), None);
    }
    assert_eq!(asked("192.0.2.1", true), None);
    assert_eq!(asked("2001:db8::1", true), None);
}

/// keyUsage (RFC 5246 7.4.2): what allows the key its part goes before what does not, in certificates and in suites.
#[test]
fn a_certificate_by_its_usage() {
    let authority = Authority::new();
    let with = |usages: &[KeyUsagePurpose]| {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
        params.key_usages = usages.to_vec();
        let certificate = params.signed_by(&key, &authority.issuer).unwrap();
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Arc::new(Credential::new(vec![certificate.der().clone()], aws_lc::private_key(der).unwrap()))
    };
    let (signs, deciphers) = (with(&[KeyUsagePurpose::DigitalSignature]), with(&[KeyUsagePurpose::KeyEncipherment]));
    let (ecdhe, rsa) =
        (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256);
    let shown = |version, suites: &[CipherSuite], credentials: &[&Arc<Credential>]| {
        let credentials: Vec<Arc<Credential>> = credentials.iter().map(|c| (*c).clone()).collect();
        let policy = Policy { suites: suites.to_vec(), ..at(version) };
        let mut client = authority.client(version);
        client.policy = policy.clone();
        shown(client, &Arc::new(ServerConfig::new(policy, Arc::new(credentials))), NAME)
    };
    let v12 = ProtocolVersion::TLS1_2;
    for order in [[&signs, &deciphers], [&deciphers, &signs]] {
        assert_eq!(shown(v12, &[ecdhe, rsa], &order).unwrap(), signs.chain[0]);
        assert_eq!(shown(v12, &[rsa, ecdhe], &order).unwrap(), deciphers.chain[0]);
        let v13 = shown(ProtocolVersion::TLS1_3, &[CipherSuite::TLS_AES_128_GCM_SHA256], &order);
        assert_eq!(v13.unwrap(), signs.chain[0]);
    }
    // The second suite, since it is what the one certificate is for.
    assert_eq!(shown(v12, &[ecdhe, rsa], &[&deciphers]).unwrap(), deciphers.chain[0]);
    // With nothing better it is shown all the same; this client is one that minds.
    let (client, _) = shown(v12, &[ecdhe], &[&deciphers]).unwrap_err();
    assert!(matches!(client.kind(), ErrorKind::Certificate(CertificateError::WrongUsage(_))), "{client}");
}

/// Of several client certificates, the one whose authority the server names and that can sign as it wants.
#[test]
fn a_client_certificate_by_issuer_and_scheme() {
    let named = |name| Authority::named(name, &PKCS_ECDSA_P256_SHA256);
    let (site, ours, other) = (named("site"), named("ours"), named("other"));
    let own = site.leaf(&PKCS_ECDSA_P256_SHA256, &[NAME]);
    let credentials = [
        other.leaf(&PKCS_ECDSA_P256_SHA256, &["other"]),
        ours.leaf(&PKCS_RSA_SHA256, &["ours with RSA"]),
        ours.leaf(&PKCS_ECDSA_P256_SHA256, &["ours with ECDSA"]),
    ];
    let rsa = [SignatureScheme::RSA_PSS_RSAE_SHA256, SignatureScheme::RSA_PKCS1_SHA256];
    for version in VERSIONS {
        let shown = |asked: &Authority, schemes: Option<&[SignatureScheme]>| {
            let mut roots = Roots::new();
            roots.add(asked.root.clone()).unwrap();
            let mut server = ServerConfig::new(at(version), own.clone());
            if let Some(schemes) = schemes {
                server.policy.own_schemes = Some(server.policy.schemes.clone());
                server.policy.schemes = schemes.to_vec();
            }
            server.client_auth = ClientAuth::Optional(Arc::new(WebPki::for_clients(roots)));
            let mut client = site.client(version);
            client.credentials = Some(Arc::new(credentials.to_vec()));
            let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
            pair.run().assert_connected();
            let chain = &pair.server.negotiated().peer_chain;
            chain.first().map(|c| credentials.iter().position(|own| own.chain[0] == *c).expect("one of these"))
        };
        assert_eq!(shown(&other, None), Some(0), "{version}");
        assert_eq!(shown(&ours, None), Some(1), "{version}");
        assert_eq!(shown(&ours, Some(&rsa)), Some(1), "{version}");
        assert_eq!(shown(&ours, Some(&[SignatureScheme::ECDSA_SECP256R1_SHA256])), Some(2), "{version}");
        assert_eq!(shown(&other, Some(&rsa)), None, "{version}");
        assert_eq!(shown(&site, None), None, "{version}");
    }
}

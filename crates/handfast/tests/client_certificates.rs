//! Whom a server would like to see, what a client shows, and what is said when it shows nothing; and the same for a client's wishes.

mod common;

use common::certificates::{Auth, Known, Setup, client_credential, server_credential};
use common::{NAME, Pair};
use handfast::config::{ByIssuer, ByName, ServerCredentials};
use handfast::crypto::KeyKind;
use handfast::verify::{CertificateError, PeerToVerify, Verified, Verifier, authority_name};
use handfast::wait::HelloSummary;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientAuth, Error, Reply, Time};
use std::sync::Arc;

const VERSIONS: [ProtocolVersion; 3] = [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];

/// Names these authorities, and judges as [`Known`] does.
#[derive(Debug)]
struct From(Vec<Vec<u8>>);

impl Verifier for From {
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        Known.verify(peer, now)
    }
    fn authorities(&self) -> Vec<Vec<u8>> {
        self.0.clone()
    }
}

/// CN and these words.
fn name(words: &str) -> Vec<u8> {
    let text = [&[0x0c, words.len() as u8][..], words.as_bytes()].concat();
    let attribute = [&[0x30, text.len() as u8 + 5, 0x06, 3, 0x55, 4, 3][..], &text].concat();
    let set = [&[0x31, attribute.len() as u8][..], &attribute].concat();
    [&[0x30, set.len() as u8][..], &set].concat()
}

fn root() -> Vec<u8> {
    authority_name(&common::certificates::authority().root).unwrap()
}

/// Both ends, where the server asks for a certificate of these authorities, and the client has these.
fn pair(version: ProtocolVersion, auth: Auth, authorities: Vec<Vec<u8>>, kinds: &[KeyKind]) -> Pair {
    let setup = Setup { auth, ..Setup::new(version) };
    let (mut client, mut server) = (setup.client_config(), setup.server_config());
    let judge = Arc::new(From(authorities));
    server.client_auth = match auth {
        Auth::None => ClientAuth::None,
        Auth::Optional => ClientAuth::Optional(judge),
        Auth::Required => ClientAuth::Required(judge),
    };
    if !kinds.is_empty() {
        client.credentials = Some(Arc::new(ByIssuer::new(kinds.iter().map(|k| client_credential(*k)))));
    }
    let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
    pair.run();
    pair
}

#[test]
fn a_certificate_of_a_named_issuer_is_shown() {
    for version in VERSIONS {
        let authorities = vec![name("nobody"), root()];
        // There is no scheme for Ed25519 before TLS 1.2.
        let mut pair = pair(version, Auth::Required, authorities, &[KeyKind::Ed25519, KeyKind::Ecdsa]);
        pair.assert_connected();
        let first = if version < ProtocolVersion::TLS1_2 { KeyKind::Ecdsa } else { KeyKind::Ed25519 };
        assert_eq!(pair.server.negotiated().peer_chain, client_credential(first).chain, "{version}");
        pair.exchange(10);
    }
}

#[track_caller]
fn refused(pair: &Pair) -> &Error {
    pair.client.error.as_ref().expect("the server refuses")
}

#[test]
fn what_was_not_shown_and_why_is_said_when_the_server_refuses() {
    for version in VERSIONS {
        let of_nobody = pair(version, Auth::Required, vec![name("nobody"), name("no one")], &[KeyKind::Ecdsa]);
        let said = "Before, the peer had asked for a certificate from one of CN=nobody, CN=no one, and was shown none: \
                    CN=client.test is issued by CN=the tests' root.";
        assert!(refused(&of_nobody).to_string().ends_with(said), "{}", refused(&of_nobody));
        let none = pair(version, Auth::Required, Vec::new(), &[]);
        let said = "Before, the peer had asked for a certificate, and was shown none: none is configured.";
        assert!(refused(&none).to_string().ends_with(said), "{}", refused(&none));
        // Who needs none, gets none.
        let optional = pair(version, Auth::Optional, vec![name("nobody")], &[KeyKind::Ecdsa]);
        optional.assert_connected();
        assert!(optional.server.negotiated().peer_chain.is_empty());
    }
}

/// RFC 9846 4.3.4
#[test]
fn a_server_prefers_a_certificate_of_whom_the_client_trusts() {
    let all = || [KeyKind::Ecdsa, KeyKind::Rsa].map(server_credential);
    let other = {
        // Of the same name, and of nobody that is known.
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec![NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
        let pem = (certificate.pem(), key.serialize_pem());
        Arc::new(handfast::crypto::Credential::from_pem(pem.0.as_bytes(), pem.1.as_bytes()).unwrap())
    };
    let by_name: Arc<dyn ServerCredentials> = Arc::new(ByName::new([other.clone()].into_iter().chain(all())));
    let list: Arc<dyn ServerCredentials> = Arc::new([&[other.clone()][..], &all()].concat());
    for credentials in [by_name, list] {
        for server_name in [Some(NAME.to_owned()), None] {
            let first = |authorities| {
                let hello = HelloSummary { server_name: server_name.clone(), authorities, ..HelloSummary::default() };
                credentials.clone().candidates(&hello)[0].chain.clone()
            };
            assert_eq!(first(Vec::new()), other.chain);
            assert_eq!(first(vec![name("nobody")]), other.chain, "none of them: the order stays");
            assert_eq!(first(vec![name("nobody"), root()]), server_credential(KeyKind::Ecdsa).chain);
        }
        let setup = Setup::new(ProtocolVersion::TLS1_3);
        let (mut client, mut server) = (setup.client_config(), setup.server_config());
        server.credentials = credentials;
        client.authorities = vec![root()];
        // The client knows the tests' certificates only.
        Pair::connected(&Arc::new(client), &Arc::new(server));
    }
}

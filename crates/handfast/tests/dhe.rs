//! Diffie-Hellman over prime fields with RSA certificates, up to TLS 1.2: groups by name (RFC 7919), and those that a server chooses.

mod common;

use common::certificates::{Auth, Setup};
use common::{End, Pair, Side, noon};
use handfast::alert::AlertDescription;
use handfast::crypto::{
    Aead, AeadAlgorithm, BlockCbc, CbcCipher, CbcRecord, DhExchange, DhGroup, Failure, HashAlgorithm, Hasher, Hmac,
    KeyExchange, KeyKind, KeyStream, Legacy, Mac, Provider, Response, aws_lc,
};
use handfast::error::NothingInCommon;
use handfast::keys::Secret;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup as G, ProtocolVersion, SignatureScheme};
use handfast::{ClientConfig, ErrorKind, ServerConfig};
use std::sync::Arc;

const DHE: CipherSuite = CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256;
const ECDHE: CipherSuite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
const RSA: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;

/// A prime of 2048 bits that nobody else has.
fn p2048() -> Vec<u8> {
    unhex(concat!(
        "ecc83dc10a4768b6ce017615758af4e600fef4989f13c4ffc45275bb5c3a2a51fd4d8b29b0407d39db3e0e2f5b10cbbc7ca7",
        "e31d797ed768b00322e4eee73ac4d004adf7b0a7ba95dcf14317e0908d0be2b327d35ddb82869eb9631b50bdc57250f7c522",
        "544947c52136158b107c84766e12b530f0d794105b349cec152037642c4e53b042918c52b6d059f6be947ca27e930b2e456c",
        "027d06ad8a99fb3af47cc2deafc225821292af3fdaf1c5ae43c68722792ae4f0f014c800a12a1c267f0dc5f09b81c5fe09cf",
        "85472688cfe81947e53daa5f7cbf4c05c71465e4767bb894ae0a24a78a268c2fe034cd29d206c88289d1bb8552510f150c00",
        "0b22dad5f25b",
    ))
}

/// One of 1024.
fn p1024() -> Vec<u8> {
    unhex(concat!(
        "f533e2e2fad4258efff38bb570b3fdf2cb5340abecdd390d3425f6a6d3cffa4faadde379d6aa495b8e348f9aa034f3da29d3",
        "3b693cd69553b3585bfb4705239e8f576aa305e77d64fcf562778a02e60c36ab958bcdd3ba8558718a4cb1c85fda2eab2bfd",
        "a03860e7919d95884711db93da0c2bd9790816621e04d4f8129b626d",
    ))
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// Both sides with these suites; the client with these groups, and the server with those.
fn configs(suites: &[CipherSuite], client: &[G], server: &[G]) -> (ClientConfig, ServerConfig) {
    let setup = Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa);
    let (mut c, mut s) = (setup.client_config(), setup.server_config());
    (c.policy.suites, s.policy.suites) = (suites.to_vec(), suites.to_vec());
    (c.policy.groups, s.policy.groups) = (client.to_vec(), server.to_vec());
    c.store = None;
    (c, s)
}

fn run(client: ClientConfig, server: ServerConfig) -> Pair {
    let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
    pair.run();
    pair
}

/// The group that both have agreed on, and its size; or what the server has against it.
fn agreed(client: ClientConfig, server: ServerConfig) -> Result<(Option<G>, Option<u16>), ErrorKind> {
    let mut pair = run(client, server);
    if let Some(error) = &pair.server.error {
        return Err(error.kind().clone());
    }
    pair.assert_connected();
    pair.assert_agreed();
    assert_eq!(pair.client.negotiated().suite, Some(DHE));
    pair.exchange(100);
    let facts = pair.client.negotiated();
    Ok((facts.group, facts.dh_bits))
}

#[test]
fn groups_by_name() {
    let all = [G::FFDHE2048, G::FFDHE3072, G::FFDHE4096, G::FFDHE6144, G::FFDHE8192];
    for (group, bits) in all.into_iter().zip([2048, 3072, 4096, 6144, 8192]) {
        let (client, server) = configs(&[DHE], &[group], &all);
        assert_eq!(agreed(client, server), Ok((Some(group), Some(bits))));
    }
    // The server's order, or the client's; curves and hybrids between them are no matter.
    let ours = [G::X25519, G::FFDHE3072, G::X25519MLKEM768, G::FFDHE2048];
    let (client, mut server) = configs(&[DHE], &all, &ours);
    assert_eq!(agreed(client.clone(), server.clone()), Ok((Some(G::FFDHE3072), Some(3072))));
    server.policy.server_preference = false;
    assert_eq!(agreed(client, server), Ok((Some(G::FFDHE2048), Some(2048))));
}

/// RFC 7919 4
#[test]
fn without_a_group_in_common_there_is_no_dhe() {
    for suites in [vec![DHE, ECDHE], vec![DHE, RSA]] {
        let (client, server) = configs(&suites, &[G::FFDHE4096, G::X25519], &[G::FFDHE2048, G::X25519]);
        let pair = run(client, server);
        pair.assert_connected();
        assert_eq!(pair.client.negotiated().suite, Some(suites[1]));
    }
    for ours in [&[G::FFDHE2048, G::X25519][..], &[G::X25519]] {
        let (client, server) = configs(&[DHE], &[G::FFDHE4096], ours);
        let pair = run(client, server);
        let error = pair.server.error.as_ref().expect("an error");
        let fields = ours.iter().copied().filter(|g| *g == G::FFDHE2048).collect();
        let nothing = NothingInCommon::Field { theirs: vec![G::FFDHE4096], ours: fields };
        assert_eq!(*error.kind(), ErrorKind::NothingInCommon(nothing));
        assert_eq!(pair.server.alerts(), ["fatal insufficient_security"]);
    }
    // What else is lacking has no alert of its own.
    let (client, mut server) = configs(&[ECDHE, DHE], &[G::FFDHE4096, G::X25519], &[G::FFDHE2048, G::X25519]);
    server.policy.own_schemes = Some(vec![SignatureScheme::ED25519]);
    let pair = run(client, server);
    assert_eq!(pair.server.alerts(), ["fatal insufficient_security"]);
}

/// RFC 7919 4: to a client that names none, the server's own.
#[test]
fn a_group_of_the_servers_own() {
    let (client, mut server) = configs(&[DHE], &[G::X25519], &[G::FFDHE4096]);
    assert_eq!(agreed(client.clone(), server.clone()), Ok((Some(G::FFDHE2048), Some(2048))), "by default");
    server.dh_group = DhGroup::named(G::FFDHE3072).unwrap();
    assert_eq!(agreed(client.clone(), server.clone()), Ok((Some(G::FFDHE3072), Some(3072))));
    server.dh_group = DhGroup::new(&p2048(), &[5]).unwrap();
    assert_eq!(agreed(client.clone(), server.clone()), Ok((None, Some(2048))));
    // Who names some is not given it.
    let (named, _) = configs(&[DHE], &[G::FFDHE4096], &[]);
    assert_eq!(agreed(named, server.clone()), Ok((Some(G::FFDHE4096), Some(4096))));
    // In every version; SSL 3.0 has no way to name one.
    for version in [ProtocolVersion::SSL3_0, ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_1] {
        let setup =
            Setup::new(version).server(KeyKind::Rsa).suite(CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA).by_id();
        let (client, mut server) = (setup.client_config(), setup.server_config());
        server.dh_group = DhGroup::new(&p2048(), &[2]).unwrap();
        let mut pair = run(client, server);
        pair.assert_connected();
        assert_eq!((pair.client.negotiated().group, pair.client.negotiated().dh_bits), (None, Some(2048)));
        pair.exchange(50);
    }
}

#[test]
fn a_small_group_is_refused_unless_the_policy_is_lowered() {
    let (mut client, mut server) = configs(&[DHE], &[G::X25519], &[]);
    server.dh_group = DhGroup::new(&p1024(), &[2]).unwrap();
    let pair = run(client.clone(), server.clone());
    let error = pair.client.error.as_ref().expect("an error");
    assert_eq!(*error.kind(), ErrorKind::SmallDhGroup { bits: 1024, least: 2048 });
    assert_eq!(pair.client.alerts(), ["fatal insufficient_security"]);
    let words = error.explain();
    assert!(
        words.why.contains("1024 bits, and 2048 is the least") && words.remedy.contains("min_dh_bits"),
        "{words:?}"
    );
    let got = ErrorKind::PeerAlert(AlertDescription::INSUFFICIENT_SECURITY);
    assert_eq!(*pair.server.error.as_ref().unwrap().kind(), got);
    client.policy.min_dh_bits = 1025;
    assert!(run(client.clone(), server.clone()).client.error.is_some());
    client.policy.min_dh_bits = 1024;
    assert_eq!(agreed(client, server), Ok((None, Some(1024))));
}

/// The signature is looked at first: nobody in between can have the client say that the server's group is bad.
#[test]
fn a_group_that_was_changed_on_its_way_is_a_bad_signature() {
    let (client, mut server) = configs(&[DHE], &[G::X25519], &[]);
    server.dh_group = DhGroup::new(&p1024(), &[2]).unwrap();
    let mut pair = Pair::new(&Arc::new(client), &Arc::new(server));
    pair.carry(Side::Client);
    let now = pair.now;
    let mut flight = pair.server.transmit();
    let at = flight.windows(128).position(|w| w == p1024()).expect("the prime");
    flight[at + 60] ^= 1;
    pair.client.receive(&flight, now);
    assert_eq!(*pair.client.error.as_ref().unwrap().kind(), ErrorKind::BadSignature);
}

#[test]
fn a_client_certificate_signs_over_it() {
    for auth in [Auth::Required, Auth::Optional] {
        for kind in [KeyKind::Rsa, KeyKind::Ecdsa] {
            let mut setup = Setup::new(ProtocolVersion::TLS1_2).server(KeyKind::Rsa).suite(DHE).mutual(kind);
            setup.auth = auth;
            let (client, server) = setup.configs();
            let pair = Pair::connected(&client, &server);
            assert!(pair.server.negotiated().client_scheme.is_some());
        }
    }
}

/// A public key that its owner would not choose.
#[derive(Clone, Copy, Debug)]
enum Public {
    /// So many times the prime, and this much more or less.
    Near(u8, i8),
    /// A good one, with zeros before it.
    Padded,
}

#[derive(Debug)]
struct Strange(Arc<dyn Provider>, Public);

struct StrangeExchange(Box<dyn DhExchange>, Vec<u8>);

impl DhExchange for StrangeExchange {
    fn public(&self) -> &[u8] {
        &self.1
    }
    fn finish(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure> {
        self.0.finish(peer)
    }
}

impl Strange {
    fn public(&self, group: &DhGroup, own: &[u8]) -> Vec<u8> {
        match self.1 {
            Public::Padded => [&[0; 5][..], own].concat(),
            Public::Near(0, more) => vec![more.try_into().unwrap()],
            Public::Near(_, more) => {
                let mut p = group.p().to_vec();
                let low = p.last_mut().unwrap();
                // The prime in the tests ends in ones, or in a digit with room on both sides.
                *low = low.checked_add_signed(more).unwrap_or(*low);
                p
            }
        }
    }
}

impl Provider for Strange {
    fn random(&self, out: &mut [u8]) -> Result<(), Failure> {
        self.0.random(out)
    }
    fn groups(&self) -> &'static [G] {
        self.0.groups()
    }
    fn start(&self, group: G) -> Result<Box<dyn KeyExchange>, Failure> {
        self.0.start(group)
    }
    fn respond(&self, group: G, peer: &[u8]) -> Result<Response, Failure> {
        self.0.respond(group, peer)
    }
    fn hash(&self, algorithm: HashAlgorithm) -> Box<dyn Hasher> {
        self.0.hash(algorithm)
    }
    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8]) -> Box<dyn Hmac> {
        self.0.hmac(algorithm, key)
    }
    fn aead(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn Aead>, Failure> {
        self.0.aead(algorithm, key)
    }
    fn schemes(&self) -> &'static [SignatureScheme] {
        self.0.schemes()
    }
    fn verify(&self, s: SignatureScheme, spki: &[u8], any: bool, m: &[u8], signature: &[u8]) -> Result<(), Failure> {
        self.0.verify(s, spki, any, m, signature)
    }
    fn legacy(&self) -> Option<&dyn Legacy> {
        Some(self)
    }
}

impl Legacy for Strange {
    fn hmac_old(&self, sha1: bool, key: &[u8]) -> Box<dyn Hmac> {
        self.0.legacy().unwrap().hmac_old(sha1, key)
    }
    fn hash_old(&self, sha1: bool) -> Box<dyn Hasher> {
        self.0.legacy().unwrap().hash_old(sha1)
    }
    fn cbc(&self, c: CbcCipher, m: Mac, implicit: bool, seal: bool, key: &[u8]) -> Result<Box<dyn CbcRecord>, Failure> {
        self.0.legacy().unwrap().cbc(c, m, implicit, seal, key)
    }
    fn block_cbc(&self, cipher: CbcCipher, seal: bool, key: &[u8]) -> Result<Box<dyn BlockCbc>, Failure> {
        self.0.legacy().unwrap().block_cbc(cipher, seal, key)
    }
    fn rc4(&self, key: &[u8]) -> Result<Box<dyn KeyStream>, Failure> {
        self.0.legacy().unwrap().rc4(key)
    }
    fn rsa_encrypt(&self, spki: &[u8], premaster: &[u8]) -> Result<Vec<u8>, Failure> {
        self.0.legacy().unwrap().rsa_encrypt(spki, premaster)
    }
    fn dh(&self, group: &DhGroup) -> Result<Box<dyn DhExchange>, Failure> {
        let own = self.0.legacy().unwrap().dh(group)?;
        let public = self.public(group, own.public());
        Ok(Box::new(StrangeExchange(own, public)))
    }
}

/// RFC 7919 3, 4, 5.1: the peer's public key lies between 1 and p - 1.
#[test]
fn public_keys_out_of_range_are_refused_by_both_sides() {
    for group in [DhGroup::named(G::FFDHE2048).unwrap(), DhGroup::new(&p2048(), &[2]).unwrap()] {
        for (public, good) in [
            (Public::Near(0, 0), false),
            (Public::Near(0, 1), false),
            (Public::Near(1, -1), false),
            (Public::Near(1, 0), false),
            (Public::Padded, true),
        ] {
            for side in Side::BOTH {
                let (mut client, mut server) = configs(&[DHE], &[G::X25519], &[]);
                server.dh_group = group.clone();
                let strange = Arc::new(Strange(aws_lc::provider(), public));
                match side {
                    Side::Client => client.provider = strange,
                    Side::Server => server.provider = strange,
                }
                let mut pair = Pair::of(End::client(&Arc::new(client), noon()), End::server(&Arc::new(server)), noon());
                pair.run();
                if good {
                    pair.assert_connected();
                    continue;
                }
                let judge = pair.end(side.other());
                assert_eq!(judge.error.as_ref().map(|e| e.kind().clone()), Some(ErrorKind::BadDhShare), "{public:?}");
                assert_eq!(judge.alerts(), ["fatal handshake_failure"]);
            }
        }
    }
}

//! How a handshake ends shows on both sides: what became of a session that was offered, and why it failed if it did.

mod common;

use common::certificates::{Setup, server_credential};
use common::told::Told;
use common::{End, Flip, Pair, Side, noon, scenarios};
use handfast::crypto::{Credential, KeyKind};
use handfast::session::{MemoryClientStore, RotatingTickets};
use handfast::trace::{By, Direction, Verdict};
use handfast::verify::{CertificateError, PeerToVerify, Verified, Verifier};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ClientAuth, ClientConfig, ErrorKind, Reply, ServerConfig, Time};
use std::sync::Arc;
use std::time::Duration;

const V12: ProtocolVersion = ProtocolVersion::TLS1_2;
const V13: ProtocolVersion = ProtocolVersion::TLS1_3;
const VERSIONS: [ProtocolVersion; 5] =
    [ProtocolVersion::SSL3_0, ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_1, V12, V13];

fn setup(version: ProtocolVersion) -> Setup {
    let setup = Setup::new(version);
    if version == ProtocolVersion::SSL3_0 { setup.server(KeyKind::Rsa) } else { setup }
}

/// Both have failed, and their traces end by saying so, once, with the error that they gave.
#[track_caller]
fn assert_failed(pair: &Pair, what: &str) {
    for end in [&pair.client, &pair.server] {
        let told = end.told();
        let kind = end.error.as_ref().unwrap_or_else(|| panic!("{what}: no error")).kind();
        assert_eq!(told.last(), Some(&Told::Failed(kind.clone())), "{what}");
        assert_eq!(told.iter().filter(|t| matches!(t, Told::Failed(_))).count(), 1, "{what}");
        // The alert that it is to be told by went out before, as a message and as a record.
        let alerts = |way| told.iter().filter(|t| matches!(t, Told::Alert(w, _) if *w == way)).count();
        let fatal = end.expected_alert().is_some();
        assert_eq!(alerts(Direction::Sent), usize::from(fatal), "{what}: {kind:?}");
        let sent = told.iter().filter_map(Told::record).filter(|r| r.direction == Direction::Sent);
        assert_eq!(sent.flat_map(|r| r.raw.clone()).collect::<Vec<_>>(), end.sent, "{what}");
    }
}

/// Plays it, with the end of the stream where one end has nothing more to say.
fn run(mut pair: Pair) -> Pair {
    pair.run();
    for side in Side::BOTH {
        if pair.end(side.other()).error.is_some() {
            pair.end(side).eof();
        }
    }
    pair.run();
    pair
}

/// Trusts nobody.
#[derive(Debug)]
struct Nobody;

fn nobody() -> CertificateError {
    CertificateError::UnknownIssuer { issuer: "anybody".into(), detail: "nobody is trusted".into() }
}

impl Verifier for Nobody {
    fn verify(&self, _: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        Reply::Now(Err(nobody()))
    }
}

#[test]
fn a_chain_that_is_refused_is_told() {
    for version in VERSIONS {
        let (mut client, server) = (setup(version).client_config(), setup(version).server_config());
        client.verifier = Arc::new(Nobody);
        let pair = run(Pair::new(&Arc::new(client), &Arc::new(server)));
        assert_failed(&pair, &version.to_string());
        assert!(pair.client.told().contains(&Told::Refused(nobody())), "{version}");
        assert!(!pair.client.told().iter().any(|t| matches!(t, Told::Verified(_))));
        // The same for a client's.
        let setup = setup(version).mutual(KeyKind::Rsa);
        let mut server = setup.server_config();
        server.client_auth = ClientAuth::Required(Arc::new(Nobody));
        let pair = run(Pair::new(&Arc::new(setup.client_config()), &Arc::new(server)));
        assert_failed(&pair, &version.to_string());
        assert!(pair.server.told().contains(&Told::Refused(nobody())), "{version}");
    }
}

#[test]
fn nothing_in_common_is_told() {
    for (client, server) in [(V12, V13), (V13, V12), (ProtocolVersion::TLS1_0, V12), (V12, ProtocolVersion::SSL3_0)] {
        let (client, server) = (setup(client).client_config(), setup(server).server_config());
        let pair = run(Pair::new(&Arc::new(client), &Arc::new(server)));
        assert_failed(&pair, "version");
    }
    let by = |suite| Setup::new(V12).server(KeyKind::Rsa).suite(suite);
    let client = by(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256).client_config();
    let server = by(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384).server_config();
    assert_failed(&run(Pair::new(&Arc::new(client), &Arc::new(server))), "suite");
}

/// Whatever byte is another on the way, in every version: what fails says so last.
#[test]
fn any_flipped_byte_ends_in_a_failure_that_is_told() {
    for scenario in scenarios::all().into_iter().filter(|s| !s.name.contains("second") && !s.name.contains("after")) {
        let mut whole = scenario.pair();
        whole.run().assert_connected();
        for from in Side::BOTH {
            let length = whole.end(from).sent.len();
            for at in (0..length).step_by(length / 24 + 1) {
                let mut pair = scenario.pair();
                pair.flip = Some(Flip { from, at, with: 0x55 });
                let pair = run(pair);
                for end in [&pair.client, &pair.server] {
                    let failed: Vec<_> = end.told().into_iter().filter(|t| matches!(t, Told::Failed(_))).collect();
                    let expected = end.error.as_ref().map(|e| Told::Failed(e.kind().clone()));
                    assert_eq!(failed.first(), expected.as_ref(), "{}: {from:?} {at}", scenario.name);
                    assert!(failed.len() < 2);
                    if expected.is_some() {
                        assert_eq!(end.told().last(), expected.as_ref(), "{}: {from:?} {at}", scenario.name);
                    }
                }
            }
        }
    }
}

#[test]
fn a_hello_that_is_malformed_and_a_stream_that_is_cut_are_told() {
    for version in VERSIONS {
        let (client, server) = setup(version).configs();
        // The length of the session ID.
        let mut pair = Pair::new(&client, &server);
        pair.flip = Some(Flip { from: Side::Client, at: 5 + 4 + 2 + 32, with: 0xff });
        let pair = run(pair);
        assert_failed(&pair, &version.to_string());
        assert!(matches!(pair.server.error.as_ref().unwrap().kind(), ErrorKind::Malformed(_)), "{version}");
        let mut end = End::server(&server);
        end.eof();
        assert_eq!(end.told().last(), Some(&Told::Failed(ErrorKind::Truncated { established: false })));
    }
}

/// A connection that cannot begin says why.
#[test]
fn a_config_that_cannot_work_is_told() {
    use handfast::pki_types::ServerName;
    use handfast::trace::Trace;
    use std::sync::Mutex;
    let mut config = Setup::new(V13).client_config();
    config.policy.suites.clear();
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = told.clone();
    let observer = Box::new(move |trace: &Trace<'_>| sink.lock().unwrap().push(Told::of(trace)));
    let name = ServerName::try_from(common::NAME).unwrap();
    let error = handfast::Connection::client_observed(Arc::new(config), name, noon(), Some(observer)).unwrap_err();
    assert_eq!(*told.lock().unwrap(), [Told::Now(noon()), Told::Failed(error.kind().clone())]);
}

// --- resumption ---

/// What an end was told of sessions.
fn verdicts(end: &End) -> Vec<(By, Verdict)> {
    let verdicts = end.told().into_iter().filter_map(|t| match t {
        Told::Resumption(by, verdict) => Some((by, verdict)),
        _ => None,
    });
    verdicts.collect()
}

/// A session is made between these, and offered `seconds` later to this server.
fn offered(client: ClientConfig, first: ServerConfig, second: ServerConfig, seconds: u64) -> Pair {
    let client = Arc::new(client);
    Pair::connected(&client, &Arc::new(first));
    let mut pair = Pair::at(&client, &Arc::new(second), Time(noon().0 + Duration::from_secs(seconds)));
    pair.run();
    pair
}

#[track_caller]
fn assert_verdicts(pair: &Pair, client: &[(By, Verdict)], server: &[(By, Verdict)]) {
    assert_eq!((&verdicts(&pair.client)[..], &verdicts(&pair.server)[..]), (client, server));
}

#[test]
fn a_session_that_is_resumed_is_offered_taken_and_accepted() {
    for scenario in scenarios::all().into_iter().filter(|s| s.resumed && !s.setup.psk) {
        let mut pair = scenario.pair();
        scenario.play(&mut pair);
        let by = match (scenario.setup.version, scenario.setup.cache) {
            (V13, _) => By::Psk,
            (_, true) => By::SessionId,
            (_, false) => By::Ticket,
        };
        assert_verdicts(&pair, &[(by, Verdict::Offered), (by, Verdict::Accepted)], &[(by, Verdict::Taken)]);
    }
    for scenario in scenarios::all().into_iter().filter(|s| s.name.contains("external PSK")) {
        let mut pair = scenario.pair();
        scenario.play(&mut pair);
        let by = By::ExternalPsk;
        assert_eq!(verdicts(&pair.client).first(), Some(&(by, Verdict::Offered)), "{}", scenario.name);
        assert_eq!(verdicts(&pair.client).last(), Some(&(by, Verdict::Accepted)), "{}", scenario.name);
        assert_eq!(verdicts(&pair.server).last(), Some(&(by, Verdict::Taken)), "{}", scenario.name);
    }
    for scenario in scenarios::all().into_iter().filter(|s| s.name == "TLS 1.2, PSK") {
        let mut pair = scenario.pair();
        scenario.play(&mut pair);
        let by = By::ExternalPsk;
        assert_verdicts(&pair, &[(by, Verdict::Offered), (by, Verdict::Accepted)], &[(by, Verdict::Taken)]);
    }
}

#[test]
fn a_session_that_is_not_resumed_has_its_reason() {
    for (version, by) in [(V12, By::Ticket), (V13, By::Psk)] {
        let setup = Setup::new(version);
        let declined = [(by, Verdict::Offered), (by, Verdict::Declined)];
        let refused = |pair: &Pair, verdict| {
            pair.assert_connected();
            assert!(!pair.client.negotiated().resumed);
            assert_verdicts(pair, &declined, &[(by, verdict)]);
        };
        let (first, client) = (setup.server_config(), || setup.client_config());
        // Sealed by another.
        let mut second = first.clone();
        second.tickets = Some(Arc::new(RotatingTickets::default()));
        refused(&offered(client(), first.clone(), second, 0), Verdict::Unknown);
        // Nobody opens any.
        let mut second = first.clone();
        second.tickets = None;
        refused(&offered(client(), first.clone(), second, 0), Verdict::NotKept);
        // What is asked of clients is another.
        let mut second = first.clone();
        second.client_auth = ClientAuth::Optional(Arc::new(common::certificates::Known));
        refused(&offered(client(), first.clone(), second, 0), Verdict::OtherAuthentication);
        // It is too old for the client.
        let mut config = client();
        config.store = Some(Arc::new(MemoryClientStore::default()));
        let pair = offered(config, first.clone(), first.clone(), 8 * 86_400);
        assert!(verdicts(&pair.server).is_empty());
        assert!(verdicts(&pair.client).iter().all(|v| *v == (by, Verdict::Unfit)), "{:?}", verdicts(&pair.client));
    }
}

/// Those that hang on one version.
#[test]
fn a_session_of_the_older_versions_that_is_not_resumed_has_its_reason() {
    let by = |suite| Setup::new(V12).server(KeyKind::Rsa).suite(suite);
    let (gcm, chacha) =
        (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256);
    // The suite is gone.
    let mut client = by(gcm).client_config();
    client.policy.suites = vec![gcm, chacha];
    let first = by(gcm).server_config();
    let second = ServerConfig { policy: by(chacha).policy(), ..first.clone() };
    let declined = |by| [(by, Verdict::Offered), (by, Verdict::Declined)];
    let pair = offered(client.clone(), first.clone(), second, 0);
    assert_verdicts(&pair, &declined(By::Ticket), &[(By::Ticket, Verdict::OtherSuite)]);
    // An ID that nobody knows; and a server that keeps none.
    let first = Setup::new(V12).by_id().server_config();
    let client = || Setup::new(V12).by_id().client_config();
    let pair = offered(client(), first.clone(), Setup::new(V12).by_id().server_config(), 0);
    assert_verdicts(&pair, &declined(By::SessionId), &[(By::SessionId, Verdict::Unknown)]);
    let mut second = Setup::new(V12).server_config();
    second.tickets = None;
    let pair = offered(client(), first, second, 0);
    assert_verdicts(&pair, &declined(By::SessionId), &[(By::SessionId, Verdict::NotKept)]);
    // The pre-shared key is one that the server does not have.
    let setup = by(CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256);
    let mut server = setup.server_config();
    server.psks = Some(Arc::new(Vec::<handfast::psk::ExternalPsk>::new()));
    let pair = run(Pair::new(&Arc::new(setup.client_config()), &Arc::new(server)));
    assert_failed(&pair, "an unknown PSK");
    assert_eq!(verdicts(&pair.server), [(By::ExternalPsk, Verdict::Unknown)]);
}

#[test]
fn a_session_of_tls13_that_is_not_resumed_has_its_reason() {
    let setup = Setup::new(V13);
    let server = setup.server_config();
    let declined = [(By::Psk, Verdict::Offered), (By::Psk, Verdict::Declined)];
    // Another hash.
    let mut client = setup.client_config();
    client.policy.suites = vec![CipherSuite::TLS_AES_128_GCM_SHA256, CipherSuite::TLS_AES_256_GCM_SHA384];
    let second =
        ServerConfig { policy: setup.clone().suite(CipherSuite::TLS_AES_256_GCM_SHA384).policy(), ..server.clone() };
    let pair = offered(client.clone(), server.clone(), second, 0);
    assert_verdicts(&pair, &declined, &[(By::Psk, Verdict::OtherSuite)]);
    // No way to use it.
    let mut second = server.clone();
    second.policy.psk_modes.clear();
    let pair = offered(client, server, second, 0);
    assert_verdicts(&pair, &declined, &[(By::Psk, Verdict::NoMode)]);
    // Another server, with keys of its own.
    let own: Arc<Credential> = server_credential(KeyKind::Ecdsa);
    let pair = offered(setup.client_config(), setup.server_config(), ServerConfig::new(setup.policy(), own), 0);
    assert_verdicts(&pair, &declined, &[(By::Psk, Verdict::Unknown)]);
}

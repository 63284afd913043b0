//! RFC 8448: the client's part of section 3, byte by byte, and the server's hello.

use super::{Anyone, Machine, credential, policy};
use crate::config::{ClientConfig, ServerConfig};
use crate::crypto::{
    Aead, AeadAlgorithm, Failure, HashAlgorithm, Hasher, Hmac, KeyExchange, Legacy, Provider, Response, aws_lc,
};
use crate::handshake::offer::{self, Offered};
use crate::handshake::{Exporter, Flow, Side};
use crate::keys::rfc8448::{full, resumed};
use crate::keys::{KeyLog, Secret, label};
use crate::message::{ClientHello, HEADER};
use crate::session::{ClientSessionKind, MemoryClientStore, Remembered, SessionKey};
use crate::wait::Reply;
use crate::wire::numbers::{NamedGroup, SignatureScheme};
use crate::{Connection, ErrorKind};
use rustls_pki_types::ServerName;
use std::sync::{Arc, Mutex};

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The default provider, but with the trace's randomness, and a verdict of its own on the trace's RSA key, which is too short
/// for the default one.
#[derive(Debug)]
struct Traced(Arc<dyn Provider>);

impl Provider for Traced {
    fn random(&self, out: &mut [u8]) -> Result<(), Failure> {
        out.copy_from_slice(&unhex(full::SERVER_HELLO)[6..6 + out.len()]);
        Ok(())
    }
    fn groups(&self) -> &'static [NamedGroup] {
        self.0.groups()
    }
    fn start(&self, group: NamedGroup) -> Result<Box<dyn KeyExchange>, Failure> {
        self.0.start(group)
    }
    fn respond(&self, _: NamedGroup, _: &[u8]) -> Result<Response, Failure> {
        Ok(Response { share: unhex(full::SERVER_PUBLIC), secret: Secret::copy(&unhex(full::SHARED_SECRET)) })
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
    fn verify(
        &self,
        scheme: SignatureScheme,
        spki: &[u8],
        any_curve: bool,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Failure> {
        self.0.verify(scheme, spki, any_curve, message, signature)
    }
    fn legacy(&self) -> Option<&dyn Legacy> {
        None
    }
}

/// The trace's key pair.
struct Share(Vec<u8>);

impl KeyExchange for Share {
    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
    fn share(&self) -> &[u8] {
        &self.0
    }
    fn finish(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure> {
        assert_eq!(peer, unhex(full::SERVER_PUBLIC));
        Ok(Secret::copy(&unhex(full::SHARED_SECRET)))
    }
}

#[derive(Debug, Default)]
struct Secrets(Mutex<Vec<(&'static str, Vec<u8>)>>);

impl KeyLog for Secrets {
    fn log(&self, label: &'static str, client_random: &[u8; 32], secret: &[u8]) {
        assert_eq!(client_random[..], unhex(full::CLIENT_HELLO)[6..38]);
        self.0.lock().unwrap().push((label, secret.to_vec()));
    }
}

impl Secrets {
    #[track_caller]
    fn assert(&self, expected: &[(&'static str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(label, secret)| (*label, unhex(secret))).collect();
        assert_eq!(*self.0.lock().unwrap(), expected);
    }
}

#[test]
fn the_client_s_part() {
    let (log, store) = (Arc::new(Secrets::default()), Arc::new(MemoryClientStore::default()));
    let mut config = ClientConfig::new(policy(), Arc::new(Anyone));
    // The server's key.
    config.policy.certificates.min_rsa_bits = 1024;
    config.provider = Arc::new(Traced(aws_lc::provider()));
    config.store = Some(store.clone());
    let config = Arc::new(config);

    let hello = unhex(full::CLIENT_HELLO);
    let parsed = ClientHello::from_body(&hello[HEADER..]).unwrap();
    let mut machine = Machine::new(Side::Client);
    machine.shared.provider = config.provider.clone();
    machine.shared.key_log = Some(log.clone());
    machine.shared.client_random = *parsed.fixed.random;
    let Machine { shared, transcript, writer, reader, now, .. } = &mut machine;
    Flow::new(*now, shared, transcript, None, writer, reader).send_raw(&hello);
    let key = SessionKey("server".into());
    machine.state = offer::State::Hello(Box::new(Offered {
        config,
        name: ServerName::try_from("server").unwrap(),
        key: key.clone(),
        session_id: Vec::new(),
        shares: vec![Box::new(Share(Vec::new()))],
        sent_shares: vec![NamedGroup::X25519],
        session: None,
        external: Vec::new(),
        offers_psk: false,
        psk: None,
        early: false,
        remembered: None,
        extensions: parsed.extensions.list.iter().map(|e| e.kind()).collect(),
        retried: None,
        hello: hello.clone(),
    }))
    .into();

    machine.writer.flush(&mut machine.shared.watch).unwrap();
    machine.writer.transmit(&mut Vec::new());
    for message in [
        full::SERVER_HELLO,
        full::ENCRYPTED_EXTENSIONS,
        full::CERTIFICATE,
        full::CERTIFICATE_VERIFY,
        full::SERVER_FINISHED,
        full::TICKET,
    ] {
        machine.take(&unhex(message), true).unwrap();
    }
    assert!(machine.is_established());
    assert_eq!(machine.sent(), [hello, unhex(full::CLIENT_FINISHED)]);
    let mut wire = Vec::new();
    machine.writer.transmit(&mut wire);
    assert_eq!(wire, unhex(full::CLIENT_FINISHED_RECORD));
    machine.writer.data(&unhex(full::DATA), &mut wire, &mut machine.shared.watch).unwrap();
    assert_eq!(wire[unhex(full::CLIENT_FINISHED_RECORD).len()..], unhex(full::CLIENT_DATA_RECORD));
    log.assert(&[
        (label::CLIENT_HANDSHAKE, full::CLIENT_HANDSHAKE),
        (label::SERVER_HANDSHAKE, full::SERVER_HANDSHAKE),
        (label::CLIENT_TRAFFIC, full::CLIENT_TRAFFIC),
        (label::SERVER_TRAFFIC, full::SERVER_TRAFFIC),
        (label::EXPORTER, full::EXPORTER),
    ]);
    let Some(Exporter::Tls13 { secret, .. }) = &machine.shared.exporter else { panic!("there is no exporter") };
    assert_eq!(secret.bytes(), unhex(full::EXPORTER));
    use crate::session::ClientStore;
    let Reply::Now(Remembered { session: Some(session), .. }) = store.take(&key, machine.now) else {
        panic!("no session was kept")
    };
    let ClientSessionKind::Tls13(session) = session.kind else { panic!("it is not one of TLS 1.3") };
    assert_eq!(session.psk.bytes(), unhex(full::TICKET_PSK));
    assert_eq!(session.age_add, 0xfad6_aac5);
}

#[test]
fn the_server_s_hello() {
    let log = Arc::new(Secrets::default());
    let mut config = ServerConfig::new(policy(), credential());
    config.policy.schemes = vec![SignatureScheme::ECDSA_SECP256R1_SHA256];
    config.provider = Arc::new(Traced(aws_lc::provider()));
    config.key_log = Some(log.clone());
    let mut machine = Machine::server(&Arc::new(config), super::noon());
    machine.shared.provider = Arc::new(Traced(aws_lc::provider()));
    machine.take(&unhex(full::CLIENT_HELLO), true).unwrap();
    assert_eq!(machine.sent()[0], unhex(full::SERVER_HELLO));
    log.0.lock().unwrap().truncate(2);
    log.assert(&[(label::CLIENT_HANDSHAKE, full::CLIENT_HANDSHAKE), (label::SERVER_HANDSHAKE, full::SERVER_HANDSHAKE)]);
}

/// Section 4's client offers a ticket that we do not know, and sends early data.
#[test]
fn early_data_is_skipped_up_to_a_bound() {
    let wrapped =
        |content: u8, body: &[u8]| [&[content, 3, 3, (body.len() >> 8) as u8, body.len() as u8], body].concat();
    let mut config = ServerConfig::new(policy(), credential());
    for (group, answer) in [(NamedGroup::X25519, "ServerHello"), (NamedGroup::SECP256R1, "HelloRetryRequest")] {
        config.policy.groups = vec![group];
        let mut connection = Connection::server(Arc::new(config.clone()));
        let now = super::noon();
        let mut receive = |mut bytes: Vec<u8>| connection.receive(&mut bytes, now).map(|r| r.used);
        receive(wrapped(22, &unhex(resumed::CLIENT_HELLO))).unwrap();
        for _ in 0..4 {
            assert_eq!(receive(wrapped(23, &[0x5a; 4096])).unwrap(), 5 + 4096);
        }
        // A full record's content, less what these four have.
        let error = receive(wrapped(23, &[0x5a; 17 + 52])).unwrap_err();
        match error.kind() {
            ErrorKind::BadRecordMac if answer == "ServerHello" => {}
            ErrorKind::UnexpectedRecord { .. } if answer == "HelloRetryRequest" => {}
            other => panic!("after {answer}: {other:?}"),
        }
        let mut sent = Vec::new();
        connection.transmit(&mut sent);
        assert_eq!(crate::message::Message::name(&sent[5..]), answer);
    }
}

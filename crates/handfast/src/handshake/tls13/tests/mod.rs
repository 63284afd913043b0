//! The handshake without records: two machines that hand each other messages, which a test can change on their way.

mod compression;
mod conversation;
mod refusals;
mod resumption;
mod rfc8448;
mod wear;

use crate::config::{ClientAuth, Limits};
use crate::crypto::{Credential, aws_lc};
use crate::extension::{Extension, Extensions};
use crate::handshake::{Flow, Input, Listen, Shared, Side, State, connect, listen};
use crate::keys::Transcript;
use crate::message::{Dialect, HEADER, Message};
use crate::record::{Joiner, Reader, Writer};
use crate::trace::{Direction, Trace, Watch};
use crate::verify::{CertificateError, PeerToVerify, Verified, Verifier};
use crate::wire::Problem;
use crate::wire::numbers::{ExtensionType, HandshakeType, NamedGroup};
use crate::{ClientConfig, Error, ErrorKind, Policy, Reply, ServerConfig, Time};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use std::mem;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// One end: what [`crate::Connection`] has, but for the way of messages through records.
pub(super) struct Machine {
    state: State,
    shared: Shared,
    transcript: Transcript,
    writer: Writer,
    reader: Reader,
    now: Time,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Machine {
    fn new(side: Side) -> Self {
        let mut shared = Shared::new(side, aws_lc::provider(), Limits::default());
        let sent = Arc::new(Mutex::new(Vec::new()));
        let log = sent.clone();
        shared.watch = Watch::of(Some(Box::new(move |trace: &Trace<'_>| {
            if let Trace::Message { direction: Direction::Sent, raw, .. } = trace {
                log.lock().unwrap().push(raw.to_vec());
            }
        })));
        Self {
            state: State::Failed,
            shared,
            transcript: Transcript::new(),
            writer: Writer::new(),
            reader: Reader::new(),
            now: Time(Duration::from_secs(1_790_000_000)),
            sent,
        }
    }

    fn client(config: &Arc<ClientConfig>, now: Time) -> Self {
        let mut it = Self { now, ..Self::new(Side::Client) };
        it.shared.provider = config.provider.clone();
        it.shared.key_log = config.key_log.clone();
        let name = ServerName::try_from("server.test").unwrap();
        let mut flow = Flow::new(now, &mut it.shared, &mut it.transcript, None, &mut it.writer, &mut it.reader);
        it.state = connect(&mut flow, config.clone(), name).unwrap();
        it.settle().unwrap();
        it
    }

    fn server(config: &Arc<ServerConfig>, now: Time) -> Self {
        let mut it = Self { now, ..Self::new(Side::Server) };
        it.shared.key_log = config.key_log.clone();
        it.shared.limits = config.limits.clone();
        it.state = listen(Listen::Config(config.clone()));
        it
    }

    /// One message from the peer, last in its record or not.
    fn take(&mut self, raw: &[u8], last: bool) -> Result<(), Error> {
        let message = Message::decode(raw, self.shared.dialect).map_err(|m| match m.problem {
            // As the connection does.
            Problem::Misplaced if m.at <= HEADER => {
                ErrorKind::UnexpectedMessage { got: HandshakeType(raw[0]), expected: "a message of the version" }.into()
            }
            _ => Error::from(m),
        })?;
        let aligned = Joiner::default().aligned().filter(|_| last);
        self.step(Some(raw), Input::Message(message, aligned))?;
        self.settle()
    }

    fn step(&mut self, newest: Option<&[u8]>, input: Input<'_>) -> Result<(), Error> {
        let old = mem::replace(&mut self.state, State::Failed);
        let Self { shared, transcript, writer, reader, now, .. } = self;
        let mut flow = Flow::new(*now, shared, transcript, newest, writer, reader);
        let new = old.step(&mut flow, input)?;
        flow.now();
        self.state = new;
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Error> {
        while let Some(question) = self.shared.question.take() {
            let answer = question.ask(self.now).expect("these configs answer at once");
            self.step(None, Input::Answer(answer))?;
        }
        Ok(())
    }

    fn sent(&self) -> Vec<Vec<u8>> {
        mem::take(&mut self.sent.lock().unwrap())
    }

    fn is_established(&self) -> bool {
        matches!(self.state, State::Established(_))
    }
}

/// A conversation: every message that was sent, by whom, in order.
type Said = Vec<(Side, Vec<u8>)>;

/// What came of one.
struct Outcome {
    client: Machine,
    server: Machine,
    /// What was sent, before any change.
    said: Said,
    /// Who failed, if someone did.
    error: Option<(Side, Error)>,
}

impl Outcome {
    #[track_caller]
    fn connected(self) -> Self {
        if let Some((side, error)) = &self.error {
            panic!("the {side:?} fails at {:?}: {error}", error.moment());
        }
        assert!(self.client.is_established() && self.server.is_established());
        self
    }

    #[track_caller]
    fn failed(&self, at: Side) -> &ErrorKind {
        match &self.error {
            Some((side, error)) if *side == at => error.kind(),
            other => panic!("the {at:?} should have failed: {other:?}"),
        }
    }

    fn names(&self, side: Side) -> Vec<&'static str> {
        self.said.iter().filter(|(from, _)| *from == side).map(|(_, raw)| Message::name(raw)).collect()
    }
}

/// Lets both talk until nobody has anything to say. `change` sees each message, and how many there were before it, and puts
/// in its place what shall be delivered, each with whether it is the last in its record.
fn talk(
    mut client: Machine,
    mut server: Machine,
    mut change: impl FnMut(usize, Side, Vec<u8>) -> Vec<(Vec<u8>, bool)>,
) -> Outcome {
    let mut said = Said::new();
    let mut error = None;
    'talk: loop {
        let before = said.len();
        for from in [Side::Client, Side::Server] {
            let (sender, receiver) = match from {
                Side::Client => (&mut client, &mut server),
                Side::Server => (&mut server, &mut client),
            };
            for raw in sender.sent() {
                let place = said.len();
                said.push((from, raw.clone()));
                for (raw, last) in change(place, from, raw) {
                    if let Err(e) = receiver.take(&raw, last) {
                        error = Some((receiver.shared.side, e));
                        break 'talk;
                    }
                }
            }
        }
        if said.len() == before {
            break;
        }
    }
    Outcome { client, server, said, error }
}

/// Without any change.
fn as_it_is(_: usize, _: Side, raw: Vec<u8>) -> Vec<(Vec<u8>, bool)> {
    vec![(raw, true)]
}

/// Changes the messages of this name.
fn change(
    name: &'static str,
    f: impl Fn(&mut Message<'_>),
) -> impl FnMut(usize, Side, Vec<u8>) -> Vec<(Vec<u8>, bool)> {
    move |_, _, raw| {
        if Message::name(&raw) != name {
            return vec![(raw, true)];
        }
        let mut message = Message::decode(&raw, Dialect::Tls13).unwrap();
        f(&mut message);
        vec![(message.to_bytes(), true)]
    }
}

/// An edit of a message of one type.
macro_rules! edit {
    ($variant:ident, |$m:ident| $body:expr) => {
        |message: &mut Message<'_>| match message {
            Message::$variant($m) => $body,
            other => panic!("{other:?}"),
        }
    };
}
use edit;

/// Believes everyone.
#[derive(Debug)]
struct Anyone;

impl Verifier for Anyone {
    fn verify(&self, _: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        Reply::Now(Ok(Verified::because("not checked")))
    }
    fn authorities(&self) -> Vec<Vec<u8>> {
        vec![b"an authority".to_vec()]
    }
}

/// A certificate that everyone has.
fn credential() -> Arc<Credential> {
    static CREDENTIAL: OnceLock<Arc<Credential>> = OnceLock::new();
    CREDENTIAL.get_or_init(|| issued(&rcgen::PKCS_ECDSA_P256_SHA256)).clone()
}

/// A certificate with a key of this kind.
fn issued(kind: &'static rcgen::SignatureAlgorithm) -> Arc<Credential> {
    let key = rcgen::KeyPair::generate_for(kind).unwrap();
    let params = rcgen::CertificateParams::new(vec!["server.test".into()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Arc::new(Credential::new(vec![certificate.der().clone()], aws_lc::private_key(der).unwrap()))
}

fn client() -> ClientConfig {
    let mut config = ClientConfig::new(policy(), Arc::new(Anyone));
    config.alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

fn server() -> ServerConfig {
    let mut config = ServerConfig::new(policy(), credential());
    config.alpn = vec![b"http/1.1".to_vec()];
    config
}

/// One share is enough, and the cheapest.
fn policy() -> Policy {
    let mut policy = Policy::modern();
    policy.groups = vec![NamedGroup::X25519, NamedGroup::SECP256R1];
    policy.key_shares = 1;
    policy
}

/// A moment.
fn noon() -> Time {
    Time(Duration::from_secs(1_790_000_000))
}

fn pair(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> (Machine, Machine) {
    (Machine::client(client, noon()), Machine::server(server, noon()))
}

fn plain() -> (ClientConfig, ServerConfig) {
    (client(), server())
}

/// In which the client has to show a certificate too.
fn mutual() -> (ClientConfig, ServerConfig) {
    let mut configs = plain();
    configs.0.credentials = Some(credential());
    configs.1.client_auth = ClientAuth::Required(Arc::new(Anyone));
    configs
}

/// Refused for the value of this field.
#[track_caller]
fn assert_illegal(kind: &ErrorKind, wanted: &str) {
    let fits = matches!(kind, ErrorKind::IllegalParameter { field, .. } if *field == wanted);
    assert!(fits, "{wanted}: {kind:?}");
}

fn drop_extension(extensions: &mut Extensions<'_>, kind: ExtensionType) {
    extensions.list.retain(|e| e.kind() != kind);
}

/// An extension that nobody knows.
const UNKNOWN: Extension<'static> = Extension::Unknown(ExtensionType(0x5a5a), &[]);

//! `handfast connect`: shows the handshake, then copies stdin to the peer and the peer to stdout.

mod copy;
mod dial;
mod fallback;
mod wire;

use crate::args::{self, Ocsp, Target};
use crate::bytes::Paper;
use crate::events::{Event, Teller};
use crate::exit::{Code, Failure};
use crate::human::{Detail, View};
use crate::session::SessionFile;
use crate::trust::{self, Trust};
use crate::{exports, keylog, lists, psks};
use fallback::Ended;
use handfast::compression::Compression;
use handfast::config::{ByIssuer, ClientCredentials};
use handfast::crypto::Credential;
use handfast::extension::TicketCounts;
use handfast::keys::KeyLog;
use handfast::pki_types::ServerName;
use handfast::policy::Renegotiation;
use handfast::psk::ExternalPsk;
use handfast::trace::Direction;
use handfast::verify::NoCertificates;
use handfast::wire::numbers::{CertificateType, ProtocolVersion};
use handfast::{ClientConfig, Connection, Policy, Time};
use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::timeout;
use wire::Wire;

pub(crate) fn run(args: &args::Connect) -> Code {
    let detail = if args.bytes { Detail::Bytes(Paper::stderr(args.ciphertext)) } else { Detail::Messages };
    let teller = Teller::new(args.output.json, View::new(detail));
    teller.tell(None, &Event::Start { verb: "connect" });
    let done = Plan::of(args).and_then(|plan| crate::on_runtime(async { plan.carry_out(&teller).await }));
    match done.and_then(|()| teller.fault()) {
        Ok(()) => Code::Done,
        Err(failure) => {
            teller.tell(None, &Event::Failed { failure: &failure });
            failure.code
        }
    }
}

/// All that the command line and its files say, before the network is touched.
struct Plan<'a> {
    args: &'a args::Connect,
    name: ServerName<'static>,
    policy: Policy,
    trust: Trust,
    credentials: Vec<Credential>,
    alpn: Vec<Vec<u8>>,
    compression: Option<Arc<Compression>>,
    key_log: Option<Arc<dyn KeyLog>>,
    session: Option<Arc<SessionFile>>,
    psks: Vec<ExternalPsk>,
}

impl<'a> Plan<'a> {
    fn of(args: &'a args::Connect) -> Result<Self, Failure> {
        let mut policy = lists::spoken(&args.spoken)?;
        lists::key_shares(args.hello.key_shares.as_deref(), &mut policy)?;
        lists::openable(&policy, &args.spoken.within)?;
        effective(args, &policy)?;
        if args.renegotiate {
            policy.renegotiation = Renegotiation::Either;
        }
        let alpn = args.alpn.as_deref().map(lists::protocols).transpose()?.unwrap_or_default();
        let compression = lists::compression(args.spoken.cert_compression.as_deref())?;
        let name = server_name(args.trust.name.as_deref().unwrap_or(&args.target.host))?;
        let trust = Trust::of(&args.trust)?;
        let mut credentials = match args.trust.raw_public_key {
            true => trust::raw_credentials(&args.own.cert, &args.own.key)?,
            false => trust::credentials(&args.own.cert, &args.own.key)?,
        };
        trust::staple(&mut credentials, "--cert-ocsp", &args.own.cert_ocsp)?;
        let key_log = keylog(args.output.keylog.as_deref())?;
        psks::modes(args.psk_only, &mut policy, true);
        psks::prefer(&args.psks, &args.spoken, &mut policy);
        let psks = psks::psks(&args.psks)?;
        policy.min_dh_bits = args.min_dh_bits.map_or(policy.min_dh_bits, Into::into);
        let session = match &args.sessions.session {
            Some(path) => {
                let wanted = name.to_str();
                let mut parts = trust.binding();
                let wants: &[u8] = if args.trust.raw_public_key { b"raw" } else { b"X.509" };
                // Nor is a chain judged again by stricter rules.
                let rules = format!("{:?}", policy.certificates);
                parts.extend([wanted.as_bytes(), wants, rules.as_bytes()]);
                parts.extend(credentials.iter().filter_map(|c| c.chain.first()).map(|c| &**c));
                parts.extend(credentials.iter().filter_map(|c| c.raw_key.as_deref()));
                // Nor may a session outlive the keys that stood for the server.
                let marks: Vec<_> = psks.iter().map(psks::mark).collect();
                parts.extend(psks.iter().zip(&marks).flat_map(|(psk, mark)| [&*psk.identity, mark.as_bytes()]));
                parts.push(if args.psk_required { b"no certificates" } else { b"" });
                Some(Arc::new(SessionFile::open(path, &args.target.to_string(), &parts)?))
            }
            None => None,
        };
        Ok(Self { args, name, policy, trust, credentials, alpn, compression, key_log, session, psks })
    }

    async fn carry_out(self, teller: &Teller) -> Result<(), Failure> {
        let (args, session) = (self.args, self.session.clone());
        let stage = RefCell::new(Stage::Name);
        let wire = match timeout(args.timeout, self.connect(teller, &stage)).await {
            Ok(wire) => wire?,
            Err(_) => return Err(stage.into_inner().timed_out(args)),
        };
        exports::tell(&wire.tls.borrow(), &args.exports, teller, None);
        let copied = copy::copy(wire, teller, args).await;
        copied.and_then(|()| session.and_then(|s| s.error()).map_or(Ok(()), Err))
    }

    /// Name, TCP and handshake; by --fallback again, each time with one version less, while the server may be one that chokes on those.
    async fn connect(self, teller: &Teller, stage: &RefCell<Stage>) -> Result<Wire, Failure> {
        let Target { host, port } = &self.args.target;
        let addresses = dial::resolve(host, *port).await?;
        let (mut versions, mut policy) = (self.policy.versions().into_iter(), self.policy.clone());
        let mut from = versions.next();
        let (newest, mut fallback) = (from, None);
        if let Some(words) = of_ssl3(&policy) {
            teller.tell(None, &Event::Remark { words });
        }
        loop {
            let Ended { failure, intolerant } = match self.attempt(&addresses, &policy, fallback, teller, stage).await {
                Ok(wire) => return Ok(wire),
                Err(ended) => ended,
            };
            let next = versions.next().filter(|_| self.args.fallback && intolerant);
            let (Some(old), Some(new)) = (from, next) else { return Err(failure) };
            teller.tell(None, &Event::Fallback { from: old, to: new, failure: &failure });
            (policy.max_version, from, fallback) = (new, Some(new), newest);
        }
    }

    /// TCP and handshake.
    async fn attempt(
        &self,
        addresses: &[SocketAddr],
        policy: &Policy,
        fallback: Option<ProtocolVersion>,
        teller: &Teller,
        stage: &RefCell<Stage>,
    ) -> Result<Wire, Ended> {
        stage.replace(Stage::Tcp);
        let socket = dial::connect(addresses, &self.args.target).await?;
        let address = socket.peer_addr().map_err(|e| Failure::io(format!("the socket has no peer: {e}.")))?;
        let early = self.args.sessions.early_data;
        let (args, offers_keys) = (self.args, !self.psks.is_empty());
        let (connection, last) = self.client(policy.clone(), fallback, teller, address.ip())?;
        stage.replace(Stage::Handshake(last.clone()));
        let mut wire = Wire::new(connection, socket, last);
        if early && let Some(why) = wire.say_early().await? {
            teller.tell(None, &Event::Remark { words: &format!("nothing is sent early: {why}") });
        }
        wire.handshake().await?;
        wire.say_again().await?;
        let taken = wire.tls.borrow().negotiated().early_data == Some(true);
        teller.tell(None, &Event::Connected { negotiated: wire.tls.borrow().negotiated() });
        if offers_keys && wire.tls.borrow().negotiated().psk_identity.is_none() {
            teller.tell(None, &Event::Remark { words: "the server did not take the pre-shared key" });
        }
        if let Some((bytes, _)) = &wire.early {
            teller.tell(None, &Event::Data { direction: Direction::Sent, bytes, early: taken });
        }
        if args.update_keys && !wire.update_keys().await {
            teller.tell(None, &Event::Remark { words: "the keys stay: before TLS 1.3 there is no KeyUpdate" });
        }
        Ok(wire)
    }

    fn client(
        &self,
        policy: Policy,
        fallback: Option<ProtocolVersion>,
        teller: &Teller,
        address: IpAddr,
    ) -> Result<(Connection, wire::Last), Failure> {
        let verifier = match self.args.psk_required {
            true => Arc::new(NoCertificates),
            false => self.trust.verifier(&self.args.trust, address)?,
        };
        let authorities = if self.args.trust.name_authorities { verifier.authorities() } else { Vec::new() };
        let mut config = ClientConfig::new(policy, verifier);
        config.fallback = fallback;
        config.authorities = authorities;
        config.credentials = own(self.credentials.clone());
        config.ocsp = self.args.trust.ocsp != Ocsp::Off;
        config.scts = self.args.trust.sct;
        config.certificate_compression = self.compression.clone();
        if self.args.trust.raw_public_key {
            config.server_certificate_types = vec![CertificateType::RAW_PUBLIC_KEY];
        }
        config.alpn = self.alpn.clone();
        config.max_fragment = self.args.records.max_fragment.into();
        config.record_size_limit = self.args.records.record_size_limit;
        config.padding = self.args.records.padding();
        config.post_handshake_auth = self.args.own.post_handshake_auth;
        config.grease = self.args.hello.grease;
        config.shuffle_extensions = self.args.hello.shuffle;
        config.pad_hello = self.args.hello.pad_hello;
        config.key_log = self.key_log.clone();
        config.store = self.session.clone().map(|s| s as _);
        config.early_data = self.args.sessions.early_data;
        config.psks = (!self.psks.is_empty()).then(|| Arc::new(self.psks.clone()) as _);
        config.ticket_request =
            self.args.sessions.tickets.map(|n| TicketCounts { new_session_count: n, resumption_count: n });
        let (last, observer) = wire::Last::watching(teller.observer(None));
        let connection =
            Connection::client_observed(Arc::new(config), self.name.clone(), Time::now(), Some(Box::new(observer)));
        Ok((connection.map_err(|e| Failure::tls(&e))?, last))
    }
}

/// Flags that can have no effect under this policy are refused.
fn effective(args: &args::Connect, policy: &Policy) -> Result<(), Failure> {
    if args.renegotiate && policy.min_version >= ProtocolVersion::TLS1_3 {
        let remedy = "TLS 1.3 has no second handshake: take --max-version tls1.2.";
        return Err(lists::without_effect("--renegotiate", "version before TLS 1.3", policy, remedy));
    }
    if args.min_dh_bits.is_some() && !lists::has(policy, |s| s.key_exchange.has_dhe()) {
        let remedy = "Take --policy compatible, or suites with DHE.";
        return Err(lists::without_effect("--min-dh-bits", "suite with DHE up to TLS 1.2", policy, remedy));
    }
    if args.fallback && policy.versions().len() < 2 {
        return Err(lists::without_effect("--fallback", "second version to fall back to", policy, "Do without it."));
    }
    Ok(())
}

/// Servers that know supported_versions choose by that alone, and SSL 3.0 does not stand there: who wants it of them has to ask for it.
fn of_ssl3(policy: &Policy) -> Option<&'static str> {
    let versions = policy.versions();
    let listed = versions.first() > Some(&ProtocolVersion::TLS1_2);
    (listed && versions.contains(&ProtocolVersion::SSL3_0)).then_some(
        "SSL 3.0 is offered, too, but to servers only that do not know supported_versions, as few of now do not; of the others it is had by \
         --max-version ssl3 or --fallback",
    )
}

/// One is shown to whoever asks for any; of several the server's wishes choose.
fn own(mut credentials: Vec<Credential>) -> Option<Arc<dyn ClientCredentials>> {
    match credentials.len() {
        0 | 1 => credentials.pop().map(|c| Arc::new(c) as _),
        _ => Some(Arc::new(ByIssuer::new(credentials.into_iter().map(Arc::new)))),
    }
}

/// The name to ask for and to find in the certificate. A dot at the end is the resolver's business only.
fn server_name(name: &str) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(name.strip_suffix('.').unwrap_or(name).to_owned())
        .map_err(|_| Failure::usage(format!("\"{name}\" is neither a DNS name nor an address."), ""))
}

/// How far things came.
enum Stage {
    Name,
    Tcp,
    Handshake(wire::Last),
}

impl Stage {
    fn timed_out(self, args: &args::Connect) -> Failure {
        let (target, seconds) = (&args.target, args.timeout.as_secs_f64());
        let (what, who, remedy) = match &self {
            Self::Name => (
                "the lookup of the name",
                format!("nobody answered where {} is", target.host),
                "the system's name service",
            ),
            Self::Tcp => {
                ("the TCP connection", format!("{target} did not answer"), "address and port, and firewalls between")
            }
            Self::Handshake(_) => {
                ("the handshake", format!("{target} did not go on"), "that the peer speaks TLS there, and its log")
            }
        };
        let why = format!("time-out during {what}: {who} within {seconds} s.");
        let failure = Failure::network(Code::TimeOut, why, format!("Check {remedy}; or wait longer with --timeout."));
        match self {
            Self::Handshake(last) => last.name_in(failure),
            _ => failure,
        }
    }
}

/// A socket that sends at once.
fn prompt(socket: TcpStream) -> TcpStream {
    // Without it things go a little slower, and that is all.
    let _ = socket.set_nodelay(true);
    socket
}

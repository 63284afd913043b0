//! `handfast demo`: a client and a server of ours over a loopback socket, and the handshake as the client sees it, told.

mod compare;

use crate::args::{self, Within};
use crate::bytes::Paper;
use crate::events::{self, Event, Protection, Translator};
use crate::exit::{Code, Failure};
use crate::gist::Of;
use crate::home::{self, Use};
use crate::human::{self, Detail, View};
use crate::{lists, negotiated, trust, words};
use handfast::crypto::{Credential, KeyExchangeKind, Suite};
use handfast::message::{Dialect, Message};
use handfast::pki_types::ServerName;
use handfast::trace::{Direction, Observer, Trace};
use handfast::verify::{Roots, WebPki};
use handfast::wire::Field;
use handfast::{ClientAuth, ClientConfig, Connection, Negotiated, Policy, ServerConfig, Stream, Time};
use rcgen::{Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SignatureAlgorithm};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

const REQUEST: &[u8] = b"Hello, server. Can anyone else read this?\n";
/// Longer than anything between two threads takes: a demo does not hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes what is told of one end beside what its observer sees: that it is connected, its data, and its end.
type Tell<'t> = dyn Fn(&Event<'_>) + Sync + 't;

pub(crate) fn run(args: &args::Demo) -> Code {
    if args.json {
        return json(args);
    }
    match told(args) {
        Ok(()) => Code::Done,
        Err(failure) => {
            eprintln!("handfast: {}", human::told(&failure));
            failure.code
        }
    }
}

/// Tells the events of both ends.
fn json(args: &args::Demo) -> Code {
    let teller = events::Teller::new(true, View::new(Detail::Connections));
    teller.tell(None, &Event::Start { verb: "demo" });
    let (client, server) = (teller.of("client"), teller.of("server"));
    let watched =
        Watched { client: Some(Box::new(client.observer(None))), server: Some(Box::new(server.observer(None))) };
    let ends: [&Tell<'_>; 2] = [&|event| client.tell(None, event), &|event| server.tell(None, event)];
    let done = policy(&args.version, args.suites.as_deref()).and_then(|policy| {
        let (listener, _) = listen()?;
        shake_hands(&listener, &policy, !args.no_client_certificate, watched, ends)
    });
    match done.and_then(|_| teller.fault()) {
        Ok(()) => Code::Done,
        Err(failure) => {
            teller.tell(None, &Event::Failed { failure: &failure });
            failure.code
        }
    }
}

/// Tells the handshake to a person.
fn told(args: &args::Demo) -> Result<(), Failure> {
    if let Some(other) = &args.compare {
        return compare(args, other);
    }
    let policy = policy(&args.version, args.suites.as_deref())?;
    let (listener, address) = listen()?;
    let teller = Teller::new(args.bytes.then(|| Paper::stdout(args.ciphertext)));
    teller.say(&teller.fitted(&format!(
        "A client and a server shake hands over a socket at {address}: {}{}.\nHere is every message, in order.\n",
        policy.max_version,
        if args.no_client_certificate { "" } else { ", and the client shows a certificate too" },
    )));
    let data = |event: &Event<'_>| {
        if let Event::Data { direction, bytes, .. } = *event {
            teller.data(direction, bytes);
        }
    };
    let watched = Watched { client: Some(Box::new(teller.observer())), server: None };
    let agreed = shake_hands(&listener, &policy, !args.no_client_certificate, watched, [&data, &|_| {}])?;
    if let Some(weak) = negotiated::weaknesses(&agreed) {
        teller.say(&teller.fitted(&format!("\n     What was agreed is weak: {weak}.\n")));
    }
    teller.done().map_err(|e| Failure::io(format!("stdout failed: {e}.")))
}

/// Two handshakes, one after the other, told in columns.
fn compare(args: &args::Demo, other: &str) -> Result<(), Failure> {
    let one = |version: &str, suites: Option<&str>| -> Result<(Policy, compare::Seen, Negotiated), Failure> {
        let policy = policy(version, suites)?;
        let seen = compare::Seen::default();
        let data = |event: &Event<'_>| {
            if let Event::Data { direction, bytes, .. } = *event {
                seen.data(direction, bytes);
            }
        };
        let (listener, _) = listen()?;
        let watched = Watched { client: Some(Box::new(seen.observer())), server: None };
        let agreed = shake_hands(&listener, &policy, !args.no_client_certificate, watched, [&data, &|_| {}])?;
        Ok((policy, seen, agreed))
    };
    let teller = Teller::default();
    teller.say(&compare::table(&one(&args.version, args.suites.as_deref())?, &one(other, None)?));
    teller.done().map_err(|e| Failure::io(format!("stdout failed: {e}.")))
}

fn listen() -> Result<(TcpListener, SocketAddr), Failure> {
    let failed = |e: io::Error| failure(&e);
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// A TLS 1.2 handshake with this suite, in which the client shows a certificate, too. The observer sees what the server sees.
pub(crate) fn classic(suite: &str, server: Box<dyn Observer>) -> Result<(), Failure> {
    let policy = policy("tls1.2", Some(suite))?;
    let (listener, _) = listen()?;
    let watched = Watched { client: None, server: Some(server) };
    shake_hands(&listener, &policy, true, watched, [&|_| {}, &|_| {}]).map(drop)
}

/// Who watches which end.
struct Watched {
    client: Option<Box<dyn Observer>>,
    server: Option<Box<dyn Observer>>,
}

/// A handshake, and data both ways. `client` and `server` are told what `watched` does not see. Gives what the client has negotiated.
fn shake_hands(
    listener: &TcpListener,
    policy: &Policy,
    ask: bool,
    watched: Watched,
    [tell_client, tell_server]: [&Tell<'_>; 2],
) -> Result<Negotiated, Failure> {
    let (client, server) = configs(policy, ask)?;
    let failed = |e: io::Error| failure(&e);
    let address = listener.local_addr().map_err(failed)?;
    thread::scope(|scope| {
        let Watched { client: at_client, server: at_server } = watched;
        let serving = scope.spawn(move || serve(listener, server, at_server, tell_server));
        // Without a connection the server would wait for ever.
        let socket = TcpStream::connect(address).map_err(failed)?;
        let told = connect(socket, client, at_client, tell_client);
        let served = serving.join().unwrap_or_else(|_| Err(io::Error::other("the server's thread failed")));
        told.and_then(|agreed| served.map(|()| agreed)).map_err(failed)
    })
}

/// The strictest policy that can do it, from the classic ones on, cut to one version; RSA key exchange is preferred, where there is
/// such a thing.
fn policy(version: &str, suites: Option<&str>) -> Result<Policy, Failure> {
    let within = Within {
        min_version: Some(version.to_owned()),
        max_version: Some(version.to_owned()),
        suites: suites.map(str::to_owned),
        ..Within::default()
    };
    let from = Policy::NAMES.iter().skip_while(|n| **n != "compatible");
    let mut tried = from.map(|n| lists::policy(n).and_then(|p| lists::within(p, &within)));
    let first = tried.next().unwrap_or_else(|| lists::within(Policy::default(), &within));
    let mut policy = tried.fold(first, |best, next| best.or(next))?;
    if suites.is_none() {
        let rsa = |s| Suite::find(s).is_some_and(|s| s.key_exchange == KeyExchangeKind::Rsa);
        policy.suites.sort_by_key(|s| !rsa(*s));
    }
    Ok(policy)
}

/// Both configs, with certificates of a CA that lives as long as this.
fn configs(policy: &Policy, ask: bool) -> Result<(ClientConfig, ServerConfig), Failure> {
    let ca_key = key(&PKCS_ECDSA_P256_SHA256)?;
    let params = home::ca_params("Handfast demo CA");
    let ca = params.self_signed(&ca_key).map_err(|e| Failure::io(format!("cannot make a CA: {e}.")))?;
    let issuer = Issuer::from_params(&params, &ca_key);
    let made = |name: &str, usage: Use, algorithm| -> Result<Credential, Failure> {
        let key = key(algorithm)?;
        let pem = home::leaf_params(&[name.into()], usage, 1, &key)?.signed_by(&key, &issuer);
        trust::made(
            &pem.map_err(|e| Failure::io(format!("cannot make a certificate: {e}.")))?.pem(),
            &key.serialize_pem(),
        )
    };
    let roots = || -> Result<Roots, Failure> {
        let mut roots = Roots::new();
        roots.add(ca.der().clone()).map_err(|e| Failure::io(format!("cannot use a CA that was just made: {e}.")))?;
        Ok(roots)
    };

    let credentials = vec![
        Arc::new(made("localhost", Use::Server, &PKCS_RSA_SHA256)?),
        Arc::new(made("localhost", Use::Server, &PKCS_ECDSA_P256_SHA256)?),
    ];
    let mut server = ServerConfig::new(policy.clone(), Arc::new(credentials));
    // A ticket would be one message more than the handshake has.
    server.tickets = None;
    let mut client = ClientConfig::new(policy.clone(), Arc::new(WebPki::for_servers(roots()?)));
    if ask {
        server.client_auth = ClientAuth::Required(Arc::new(WebPki::for_clients(roots()?)));
        client.credentials = Some(Arc::new(made("Ada Lovelace", Use::Client, &PKCS_RSA_SHA256)?));
    }
    Ok((client, server))
}

fn key(algorithm: &'static SignatureAlgorithm) -> Result<KeyPair, Failure> {
    KeyPair::generate_for(algorithm).map_err(|e| Failure::io(format!("cannot make a key: {e}.")))
}

fn serve(
    listener: &TcpListener,
    config: ServerConfig,
    observer: Option<Box<dyn Observer>>,
    tell: &Tell<'_>,
) -> io::Result<()> {
    let (socket, _) = listener.accept()?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut connection = Connection::server(Arc::new(config));
    if let Some(observer) = observer {
        connection.observe(observer);
    }
    let mut stream = Stream::new(connection, socket).complete()?;
    tell(&Event::Connected { negotiated: stream.connection().negotiated() });
    let mut request = vec![0; REQUEST.len()];
    stream.read_exact(&mut request)?;
    tell(&data(Direction::Received, &request));
    let reply = reply(stream.connection().negotiated());
    stream.write_all(reply)?;
    stream.flush()?;
    tell(&data(Direction::Sent, reply));
    stream.read_to_end(&mut request)?;
    stream.shutdown()?;
    tell(&Event::Closed { clean: true });
    Ok(())
}

/// What the server says to that.
fn reply(agreed: &Negotiated) -> &'static [u8] {
    match agreed.suite.map_or(Protection::Clear, Protection::of) {
        Protection::Encrypted => b"Hello, client. Nobody but you and me.\n",
        Protection::Integrity | Protection::Clear => b"Hello, client. Everybody who listens.\n",
    }
}

fn data(direction: Direction, bytes: &[u8]) -> Event<'_> {
    Event::Data { direction, bytes, early: false }
}

fn connect(
    socket: TcpStream,
    config: ClientConfig,
    observer: Option<Box<dyn Observer>>,
    tell: &Tell<'_>,
) -> io::Result<Negotiated> {
    socket.set_read_timeout(Some(PATIENCE))?;
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let connection = Connection::client_observed(Arc::new(config), name, Time::now(), observer)?;
    let mut stream = Stream::new(connection, socket).complete()?;
    tell(&Event::Connected { negotiated: stream.connection().negotiated() });
    stream.write_all(REQUEST)?;
    stream.flush()?;
    tell(&data(Direction::Sent, REQUEST));
    let mut reply = vec![0; reply(stream.connection().negotiated()).len()];
    stream.read_exact(&mut reply)?;
    tell(&data(Direction::Received, &reply));
    stream.shutdown()?;
    stream.read_to_end(&mut reply)?;
    tell(&Event::Closed { clean: true });
    Ok(stream.connection().negotiated().clone())
}

fn failure(error: &io::Error) -> Failure {
    match error.get_ref().and_then(|e| e.downcast_ref::<handfast::Error>()) {
        Some(error) => Failure::tls(error),
        None => Failure::io(format!("the demo's socket failed: {error}.")),
    }
}

/// Tells the messages on stdout, numbered.
#[derive(Clone, Default)]
struct Teller(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    messages: usize,
    /// Whether the server has asked for another hello.
    retried: bool,
    error: Option<io::Error>,
    /// What the keys do that are in use.
    protection: Option<Protection>,
    /// Bytes are shown on this.
    paper: Option<Paper>,
}

impl Teller {
    fn new(paper: Option<Paper>) -> Self {
        Self(Arc::new(Mutex::new(Told { paper, ..Told::default() })))
    }

    fn paper(&self) -> Option<Paper> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).paper
    }

    /// Lines that are not wider than what bytes are shown on.
    fn fitted(&self, text: &str) -> String {
        self.paper().map_or_else(|| text.to_owned(), |paper| paper.fitted(text))
    }

    fn observer(&self) -> impl Observer + use<> {
        let teller = self.clone();
        let mut translator = match teller.paper() {
            Some(_) => Translator::with_records(),
            None => Translator::default(),
        };
        move |trace: &Trace<'_>| match translator.event(trace) {
            Some(Event::Message { direction, name, raw, dialect, protection }) => {
                teller.message(direction, name, raw, dialect, protection);
            }
            Some(Event::Alert { direction, alert, protection }) => {
                let name = alert.description.to_string();
                let fields = match teller.paper() {
                    Some(paper) => paper.alert(alert, protection),
                    None => format!("      level        {}\n      description  {name}\n", level(alert)),
                };
                teller.tell(direction, &name, 2, protection, why_alert(&name), &fields);
            }
            Some(Event::Verified { how }) => {
                teller.say(&teller.fitted(&format!("      The client has judged the server: {how}.\n")))
            }
            Some(Event::Record { direction, record }) => {
                teller.say(&teller.paper().map(|p| p.record(direction, record)).unwrap_or_default())
            }
            Some(Event::Keys { direction, secret, suite }) => {
                teller.0.lock().unwrap_or_else(PoisonError::into_inner).protection = Some(Protection::of(suite));
                let what = match direction {
                    Direction::Sent => "what the client sends",
                    Direction::Received => "what the server sends",
                };
                teller.say(&teller.paper().map(|p| p.keys(what, secret, suite)).unwrap_or_default())
            }
            _ => {}
        }
    }

    fn message(&self, direction: Direction, name: &'static str, raw: &[u8], dialect: Dialect, protection: Protection) {
        let again = self.again(name);
        let of = Of { name, from_client: direction == Direction::Sent, dialect, raw, again };
        let (mut about, mut fields_of) = (of.why().to_owned(), String::new());
        if name != "ChangeCipherSpec" {
            let _ = write!(about, "\n      In short: {}.", words::facts(name, raw, dialect));
        }
        if let Some(paper) = self.paper() {
            fields_of = paper.message(name, raw, dialect, protection);
        } else if name == "ChangeCipherSpec" {
            fields_of.push_str("      type  change_cipher_spec (1)\n");
        } else {
            let (fields, fault) = Message::describe(raw, dialect);
            // The heading says type and name already.
            let inside = fields.iter().filter(|f| f.name != "msg_type").flat_map(|f| &f.parts).cloned();
            list(&mut fields_of, &inside.collect::<Vec<_>>(), 6);
            if let Some(fault) = fault {
                let _ = writeln!(fields_of, "      malformed: {fault}");
            }
        }
        self.tell(direction, name, raw.len(), protection, &about, &fields_of);
    }

    /// Whether a message of this name answers a HelloRetryRequest; and this one may be that.
    fn again(&self, name: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retried |= name == "HelloRetryRequest";
        told.retried && name == "ClientHello"
    }

    fn data(&self, direction: Direction, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let protection = self.0.lock().unwrap_or_else(PoisonError::into_inner).protection.unwrap_or(Protection::Clear);
        let who_reads = match protection {
            Protection::Encrypted => "only the two ends can read it",
            Protection::Integrity | Protection::Clear => "nothing encrypts it, and whoever is between can read it",
        };
        let fields = match self.paper() {
            Some(paper) => paper.data(bytes, protection),
            None => format!("      text  {}\n", text.trim_end()),
        };
        self.tell(direction, "data", bytes.len(), protection, &format!("What it is all for: {who_reads}."), &fields);
    }

    fn tell(&self, direction: Direction, name: &str, length: usize, protection: Protection, about: &str, fields: &str) {
        let who = match direction {
            Direction::Sent => "client → server",
            Direction::Received => "client ← server",
        };
        let n = {
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            told.messages += 1;
            told.messages
        };
        let lock = match (protection, self.paper()) {
            (Protection::Clear, _) => "",
            (Protection::Integrity, _) => ", guarded against change",
            (Protection::Encrypted, Some(_)) => ", shown decrypted",
            (Protection::Encrypted, None) => ", encrypted",
        };
        let heading = format!("{n:>3}  {name:<20} {who}   {}{lock}\n      {about}\n", words::size(length));
        self.say(&format!("\n{}{fields}", self.fitted(&heading)));
    }

    fn say(&self, text: &str) {
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).error.get_or_insert(error);
        }
    }

    /// What went wrong on stdout; that nobody reads it is nothing.
    fn done(&self) -> io::Result<()> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).error.take() {
            Some(error) => crate::quietly(error),
            None => Ok(()),
        }
    }
}

/// How many columns the fields of a message take.
const WIDTH: usize = 110;

/// The fields of a message, one a line, with what is inside of them below; elements of lists in one.
fn list(out: &mut String, fields: &[Field], indent: usize) {
    for field in fields {
        // Elements of a list have no name: plain ones stand in one line, those with fields of their own below.
        let plain = |p: &&Field| p.name.is_empty() && p.parts.is_empty();
        let items: Vec<&str> = field.parts.iter().filter(plain).map(|p| p.value.as_str()).collect();
        let value = if items.is_empty() { field.value.clone() } else { items.join(", ") };
        let mut line = format!("{:indent$}{} ", "", field.name);
        let hang = line.chars().count() + 1;
        let mut column = hang;
        for word in words::shown(&value).split(' ') {
            let width = word.chars().count() + 1;
            if column + width > WIDTH && column > hang {
                let _ = write!(line, "\n{:hang$}{word}", "");
                column = hang + width;
            } else {
                let _ = write!(line, " {word}");
                column += width;
            }
        }
        let _ = writeln!(out, "{}", line.trim_end());
        for part in &field.parts {
            match (part.name, part.parts.as_slice()) {
                ("", inside) => list(out, inside, indent + 2),
                _ => list(out, std::slice::from_ref(part), indent + 2),
            }
        }
    }
}

fn level(alert: handfast::alert::Alert) -> &'static str {
    match alert.level {
        handfast::alert::AlertLevel::Warning => "warning",
        handfast::alert::AlertLevel::Fatal => "fatal",
    }
}

fn why_alert(name: &str) -> &'static str {
    match name {
        "close_notify" => "Says that nothing more comes, so that nobody between can cut the end off unseen.",
        _ => "Says what is wrong.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handfast::wire::numbers::ProtocolVersion;

    #[test]
    fn rsa_key_exchange_is_preferred_unless_suites_are_named() {
        let p = policy("tls1.2", None).expect("a policy");
        assert_eq!(p.max_version, ProtocolVersion::TLS1_2);
        assert_eq!(p.suites.first().and_then(|s| Suite::find(*s)).map(|s| s.key_exchange), Some(KeyExchangeKind::Rsa));
        let named = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        let p = policy("tls1.2", Some(named)).expect("a policy");
        assert_eq!(p.suites.iter().filter_map(|s| s.name()).collect::<Vec<_>>(), [named]);
        assert!(policy("tls1.3", Some(named)).is_err());
    }

    #[test]
    fn lists_stand_in_a_line() {
        let item = |v: &str| Field { value: v.into(), ..Field::default() };
        let field = Field { name: "suites", parts: vec![item("a"), item("b")], ..Field::default() };
        let mut out = String::new();
        list(&mut out, &[Field { name: "hello", parts: vec![field], ..Field::default() }], 0);
        assert_eq!(out, "hello\n  suites  a, b\n");
        let long = Field { name: "suites", value: "x".repeat(60) + " " + &"y".repeat(60), ..Field::default() };
        let mut out = String::new();
        list(&mut out, &[long], 0);
        assert_eq!(out, format!("suites  {}\n        {}\n", "x".repeat(60), "y".repeat(60)));
    }
}

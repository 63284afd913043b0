//! `handfast serve`: HTTPS, over HTTP/1.1 and h2.

mod asking;
mod early;
mod failures;
mod files;
mod http;
mod lent;
mod material;
mod page;
mod pages;
mod reload;
mod tap;

use crate::args;
use crate::events::{Connection, Event, Teller};
use crate::exit::{Code, Failure};
use crate::human::{Detail, View};
use crate::{exports, keylog, lists, psks};
use asking::{Asking, Guard, Tls};
use early::Prompt;
use failures::Failed;
use files::Folder;
use handfast::alert::AlertDescription;
use handfast::config::{Cookies, EarlyDataRules, ReplaceableConfig};
use handfast::keys::KeyLog;
use handfast::policy::Renegotiation;
use handfast::session::MemoryReplayStore;
use handfast::trace::{Direction, Observer, Trace};
use handfast::{ClientAuth, ErrorKind, Policy, ServerConfig, Time};
use handfast_tokio::Handshake;
use lent::Lent;
use material::Material;
use page::Story;
use pages::Own;
use reload::{Files, Hangups, Reloader};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tap::Tap;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

/// How long a client has for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long connections have to finish what they are at, once the server shall end.
const DRAIN: Duration = Duration::from_secs(10);
/// How many connections there are at once; others wait to be accepted.
const MOST: usize = 1024;

pub(crate) fn run(args: args::Serve) -> Code {
    let teller = Teller::new(args.output.json, View::new(Detail::Connections));
    teller.tell(None, &Event::Start { verb: "serve" });
    let done = Plan::of(args).and_then(|plan| crate::on_runtime(plan.carry_out(&teller)));
    match done.and_then(|()| teller.fault()) {
        Ok(()) => Code::Done,
        Err(failure) => {
            teller.tell(None, &Event::Failed { failure: &failure });
            failure.code
        }
    }
}

/// All that the command line and its files say.
struct Plan {
    args: Arc<args::Serve>,
    config: ServerConfig,
    material: Material,
    /// As they were before they were read.
    files: Files,
    site: http::Site,
}

/// How many tickets are remembered that came with early data.
const TICKETS: usize = 1 << 15;

/// What every connection needs.
struct Server {
    config: Arc<ReplaceableConfig>,
    site: Arc<http::Site>,
    args: Arc<args::Serve>,
    teller: Teller,
    /// Whether the server shall end.
    ending: watch::Receiver<bool>,
}

impl Plan {
    fn of(args: args::Serve) -> Result<Self, Failure> {
        let mut policy = lists::spoken(&args.spoken)?;
        effective(&args, &policy)?;
        psks::modes(args.psk_only, &mut policy, false);
        psks::prefer(&args.psks, &args.spoken, &mut policy);
        let guard = guard(&args, &mut policy)?;
        let mut alpn = lists::protocols(&args.alpn)?;
        // Neither is there in h2 (RFC 9113 9.2.1, RFC 8740).
        alpn.retain(|protocol| guard.is_none() || protocol != b"h2");
        let files = Files::of(material::files(&args));
        let material = Material::read(&args, &policy)?;
        // What the material is made of is put in its place.
        let mut config = ServerConfig::new(policy, Arc::new(Vec::new())).with_session_cache();
        material.serve_by(&mut config);
        config.alpn = alpn;
        config.certificate_compression = lists::compression(args.spoken.cert_compression.as_deref())?;
        let tickets = args.sessions.tickets.unwrap_or(if args.dir.is_some() { 2 } else { 4 });
        config.ticket_count = tickets.into();
        config.tickets = config.tickets.filter(|_| tickets > 0);
        config.psk_hint = args.psk_hint.clone().unwrap_or_default().into_bytes();
        config.dh_group = args.dh_group.clone().unwrap_or(config.dh_group);
        config.early_data = args.sessions.early_data.map(|most| {
            let store = MemoryReplayStore::new(Time::now(), TICKETS);
            EarlyDataRules::new(most, Arc::new(store))
        });
        config.post_handshake_auth = guard.is_some();
        config.max_fragment = args.records.max_fragment.into();
        config.record_size_limit = args.records.record_size_limit;
        config.padding = args.records.padding();
        config.cookies = args.cookie.then(|| Cookies { always: true, ..Cookies::default() });
        config.grease = args.grease;
        config.key_log = keylog(args.output.keylog.as_deref())?;
        if args.reveal {
            local(args.listen)?;
            // The trace has secrets only where there is a key log.
            config.key_log.get_or_insert_with(|| Arc::new(Unwritten));
        }
        config.check().map_err(|e| Failure::tls(&e))?;
        let folder = match &args.dir {
            Some(dir) => Some(Folder::new(dir).map_err(|e| Failure::file("serve", dir, e))?),
            None => None,
        };
        Ok(Self { args: Arc::new(args), config, material, files, site: http::Site::new(folder, guard) })
    }

    async fn carry_out(self, teller: &Teller) -> Result<(), Failure> {
        let mut ends = Ends::new().map_err(|e| Failure::io(format!("cannot wait for signals: {e}.")))?;
        let hangups = Hangups::new().map_err(|e| Failure::io(format!("cannot wait for signals: {e}.")))?;
        let listen = self.args.listen;
        let bad = |e: io::Error| {
            let mut failure = Failure::io(format!("cannot listen on {listen}: {e}."));
            if e.kind() == io::ErrorKind::AddrInUse {
                failure.explanation.remedy = "Take another port with --listen; port 0 takes a free one.".into();
            }
            failure
        };
        let listener = TcpListener::bind(listen).await.map_err(bad)?;
        let address = listener.local_addr().map_err(bad)?;
        self.announce(address, teller)?;

        let (end, ending) = watch::channel(false);
        let (config, site) = (Arc::new(ReplaceableConfig::new(Arc::new(self.config))), Arc::new(self.site));
        let args = self.args;
        let server = Server { config: config.clone(), site, args: args.clone(), teller: teller.clone(), ending };
        let (server, teller, material) = (Arc::new(server), teller.clone(), Arc::new(self.material));
        let reloader = Reloader { args, config, teller, material, files: self.files };
        let mut connections = JoinSet::new();
        if let Some(pages) = server.site.pages().cloned() {
            tokio::spawn(async move {
                pages.classic().await;
            });
        }
        tokio::select! {
            () = server.accept(&listener, &mut connections) => {}
            () = reloader.run(hangups) => {}
            () = ends.next() => {}
        }
        drop(listener);
        let _ = end.send(true);
        // Who asks again does not want to wait.
        tokio::select! {
            () = async { while connections.join_next().await.is_some() {} } => {}
            () = sleep(DRAIN) => {}
            () = ends.next() => {}
        }
        Ok(())
    }

    fn announce(&self, address: SocketAddr, teller: &Teller) -> Result<(), Failure> {
        let url = format!("https://{address}");
        if let Some(ca) = &self.material.ca {
            eprintln!("{}", trust_hint(&ca.display().to_string(), address));
        }
        teller.tell(None, &Event::Listening { url: &url });
        if !teller.is_json() {
            let mut out = io::stdout().lock();
            let told = writeln!(out, "listening {url}").and_then(|()| out.flush());
            told.or_else(crate::quietly).map_err(|e| Failure::io(format!("stdout failed: {e}.")))?;
        }
        teller.fault()
    }
}

/// Flags that can have no effect under this policy are refused.
fn effective(args: &args::Serve, policy: &Policy) -> Result<(), Failure> {
    let refused =
        |flag, lacking| Err(lists::without_effect(flag, lacking, policy, "Take --policy compatible, or such suites."));
    if args.dh_group.is_some() && !lists::has(policy, |s| s.key_exchange.has_dhe()) {
        return refused("--dh-group", "suite with DHE up to TLS 1.2");
    }
    if args.psk_hint.is_some() && !lists::has(policy, |s| s.key_exchange.has_psk()) {
        return refused("--psk-hint", "suite with a pre-shared key up to TLS 1.2");
    }
    Ok(())
}

/// What clients are asked for a certificate for, and how: the flag names a second handshake, so that there may be one.
fn guard(args: &args::Serve, policy: &mut Policy) -> Result<Option<Guard>, Failure> {
    let Some(path) = &args.clients.renegotiate else { return Ok(None) };
    if args.clients.client_ca.is_none() && args.clients.client_pin_key.is_empty() {
        let why = "--renegotiate is for clients that are asked for a certificate.";
        return Err(Failure::usage(why, "Give --client-ca or --client-pin-key."));
    }
    if policy.renegotiation == Renegotiation::Never {
        policy.renegotiation = Renegotiation::Ours;
    }
    let none =
        || Failure::usage(format!("nothing can be served at {path}."), "Give the path of a URL, as in /members.");
    Guard::of(path).map(Some).ok_or_else(none)
}

/// Secrets are shown on this machine only.
fn local(listen: SocketAddr) -> Result<(), Failure> {
    match listen.ip().is_loopback() {
        true => Ok(()),
        false => {
            let why = format!("--reveal shows secrets, and {listen} can be reached from elsewhere.");
            Err(Failure::usage(why, "Listen on 127.0.0.1 or [::1]."))
        }
    }
}

/// A key log that writes nothing.
#[derive(Debug)]
struct Unwritten;

impl KeyLog for Unwritten {
    fn log(&self, _: &'static str, _: &[u8; 32], _: &[u8]) {}
}

fn trust_hint(ca: &str, address: SocketAddr) -> String {
    let (file, at) = (quoted(ca), known_as(address));
    format!(
        "The certificate is signed by the development CA of this user: {ca}\n\
         To trust it:  curl --cacert {file} https://{at}/\n\
         \x20             handfast connect {at}   (trusts it by itself)\n\
         \x20             browsers: import it as an authority for web sites; only for this machine, and only yourself"
    )
}

/// Where a client on this machine finds us.
fn known_as(address: SocketAddr) -> String {
    match address.ip() {
        ip if ip == Ipv4Addr::LOCALHOST || ip.is_unspecified() => format!("localhost:{}", address.port()),
        _ => address.to_string(),
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// SIGTERM and Ctrl-C.
struct Ends {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Ends {
    /// Listens from here on, so that none is missed.
    fn new() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
            #[cfg(unix)]
            interrupt: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

impl Server {
    /// Accepts for ever.
    async fn accept(self: &Arc<Self>, listener: &TcpListener, connections: &mut JoinSet<()>) {
        let places = Arc::new(Semaphore::new(MOST));
        let mut number = 0;
        loop {
            while connections.try_join_next().is_some() {}
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((socket, peer)) => {
                    number += 1;
                    let (server, connection) = (self.clone(), Connection { number, peer });
                    connections.spawn(async move {
                        server.serve(socket, connection).await;
                        drop(place);
                    });
                }
                // Out of descriptors, say: some will be free again.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// One connection, from its handshake to its end.
    async fn serve(&self, socket: TcpStream, connection: Connection) {
        // Without it things go a little slower, and that is all.
        let _ = socket.set_nodelay(true);
        let socket = Lent::new(socket);
        self.speak(socket.again(), connection).await;
        lent::close(socket).await;
    }

    /// TLS over it, and HTTP over that.
    async fn speak(&self, socket: Lent<TcpStream>, connection: Connection) {
        let story = self.site.pages().map_or_else(Story::unkept, |_| Story::new(self.args.reveal));
        let end = Arc::new(End::default());
        let until = Instant::now() + HANDSHAKE;
        let current = self.config.current();
        let went_by = Arc::downgrade(&current);
        let (config, auth) = match self.site.is_guarded() {
            true => Guard::part(&current),
            false => (current, ClientAuth::None),
        };
        let fail = |failure: Failure, negotiated| {
            self.tell(connection, &Event::Failed { failure: &failure });
            if let Some(pages) = self.site.pages() {
                pages.keep(Failed::now(connection, failure, &story, negotiated, went_by.clone()));
            }
        };
        let stream = match self.handshake(config.clone(), socket, connection, &story, &end, until).await {
            Ok(Some(stream)) => stream,
            Ok(None) => return self.tell(connection, &Event::Closed { clean: false }),
            Err(failure) => return fail(failure, None),
        };
        let alpn = stream.connection().negotiated().alpn.clone();
        let stream = Lent::new(stream);
        let asking = Arc::new(Asking::new(stream.again(), auth, self.teller.clone(), connection));
        let visit = http::Visit {
            site: self.site.clone(),
            alpn,
            asking: asking.clone(),
            own: Arc::new(Own::new(story.clone(), config, failures::is_local(connection.peer.ip()))),
        };
        let ending = self.ending.clone();
        let finished = Arc::new(AtomicBool::new(false));
        let (teller, args, is_finished) = (self.teller.clone(), self.args.clone(), finished.clone());
        let stream = Prompt::new(stream, until, move |tls| {
            is_finished.store(true, Ordering::Relaxed);
            teller.tell(Some(connection), &Event::Connected { negotiated: tls.negotiated() });
            exports::tell(tls, &args.exports, &teller, Some(connection));
        });
        let done = match self.teller.is_json() {
            true => visit.serve(Tap::new(stream, self.teller.clone(), connection), ending).await,
            false => visit.serve(stream, ending).await,
        };
        let finished = finished.load(Ordering::Relaxed);
        // Over HTTP/1.1 an error between two requests is not heard of in any other way.
        match end.failed.get().cloned().map_or(done, Err) {
            Err(error) if !finished || !matches!(error.kind(), ErrorKind::Truncated { .. }) => {
                fail(Failure::tls(&error), finished.then(|| asking.negotiated()));
            }
            Ok(()) if !finished => {
                let why = "the client did not finish its handshake, though its early data was answered.";
                fail(Failure::network(Code::Handshake, why, ""), None);
            }
            _ => self.tell(connection, &Event::Closed { clean: end.closed.load(Ordering::Relaxed) }),
        }
    }

    /// The handshake, up to early data if some comes; `None` if there was none to speak of.
    async fn handshake(
        &self,
        config: Arc<ServerConfig>,
        socket: Lent<TcpStream>,
        connection: Connection,
        story: &Story,
        end: &Arc<End>,
        until: Instant,
    ) -> Result<Option<Tls>, Failure> {
        let mut tls = handfast::Connection::server(config);
        let (mut teller, mut story_teller) = (self.teller.observer(Some(connection)), story.observer());
        let end = end.clone();
        tls.observe(Box::new(move |trace: &Trace<'_>| {
            teller.see(trace);
            story_teller.see(trace);
            end.see(trace);
        }));
        let (mut ending, line) = (self.ending.clone(), socket.again());
        let done = tokio::select! {
            done = timeout_at(until, Handshake::new(tls, socket).reading_early_data()) => done,
            () = ended(&mut ending) => return Ok(None),
        };
        match done {
            Ok(Ok(stream)) => Ok(Some(stream)),
            // Browsers open connections that they then do not use.
            Ok(Err(_)) | Err(_) if !line.has_heard() && is_silence(&done) => Ok(None),
            Ok(Err(error)) => Err(match http::tls_error(&error) {
                Some(error) => Failure::tls(error),
                None => Failure::network(
                    Code::Handshake,
                    format!("the connection was cut during the handshake ({error})."),
                    "",
                ),
            }),
            Err(_) => {
                let why = format!("the handshake was not done within {} s.", HANDSHAKE.as_secs());
                Err(Failure::network(Code::TimeOut, why, ""))
            }
        }
    }

    fn tell(&self, connection: Connection, event: &Event<'_>) {
        self.teller.tell(Some(connection), event);
    }
}

/// How TLS ended, as the trace has it.
#[derive(Default)]
struct End {
    /// Whether the client has said close_notify.
    closed: AtomicBool,
    failed: OnceLock<handfast::Error>,
}

impl End {
    fn see(&self, trace: &Trace<'_>) {
        match trace {
            Trace::Alert { direction: Direction::Received, alert }
                if alert.description == AlertDescription::CLOSE_NOTIFY =>
            {
                self.closed.store(true, Ordering::Relaxed);
            }
            Trace::Failed { error } => {
                self.failed.get_or_init(|| (*error).clone());
            }
            _ => {}
        }
    }
}

/// Waits until the server shall end.
async fn ended(ending: &mut watch::Receiver<bool>) {
    // The sender lives as long as the server: it does not end without a word.
    drop(ending.wait_for(|e| *e).await);
}

/// Whether nothing came at all.
fn is_silence<T>(done: &Result<io::Result<T>, tokio::time::error::Elapsed>) -> bool {
    match done {
        Ok(Ok(_)) => false,
        Ok(Err(error)) => {
            http::tls_error(error).is_none_or(|e| matches!(e.kind(), ErrorKind::Truncated { established: false }))
        }
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_names_what_can_be_reached() {
        let at = |text: &str| known_as(text.parse().expect("an address"));
        assert_eq!(at("127.0.0.1:1"), "localhost:1");
        assert_eq!(at("0.0.0.0:1"), "localhost:1");
        assert_eq!(at("[::]:1"), "localhost:1");
        // Where localhost is 127.0.0.1 only, nothing answers there.
        assert_eq!(at("[::1]:1"), "[::1]:1");
        assert_eq!(at("127.0.0.2:1"), "127.0.0.2:1");
        assert_eq!(quoted("/a/b.pem"), "/a/b.pem");
        assert_eq!(quoted("/a b/it's"), "'/a b/it'\\''s'");
    }
}

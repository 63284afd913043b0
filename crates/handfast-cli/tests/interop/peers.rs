//! The peers: how each is told to do what a row says.

mod chromium;
mod companion;
mod curl;
mod firefox;
mod gnutls;
mod jsse;
mod nss;
mod openssl;
mod rustls;
mod tlslite;

use super::cases::Case;
use super::material::Material;
use super::tool::{PATIENCE, read_into, reader};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Why a peer does not do it.
pub enum Lacks {
    /// It does not have it.
    It(&'static str),
    /// It should, and failed.
    Failed(String),
}

impl From<String> for Lacks {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

/// Why some rows have no peer as a client.
const TELLS_NOT: &str = "nobody can be told what it exports";

/// A peer's running server.
pub struct Server {
    pub port: u16,
    /// Once connected, makes it do what the row is about.
    pub poke: Option<Box<dyn FnMut()>>,
    /// What it has to be sent, if that makes it do what the row is about.
    pub request: Option<&'static str>,
    /// What it has printed.
    pub said: Said,
    process: Option<Child>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Server {
    fn new(process: Child, port: u16, said: Said) -> Self {
        Self { port, poke: None, request: None, said, process: Some(process) }
    }

    /// Once connected, types these lines, slowly: some are commands, which are only seen at the start of what one read gives.
    fn types(mut self, lines: &'static [&'static str]) -> Self {
        let Some(mut stdin) = self.process.as_mut().and_then(|p| p.stdin.take()) else { return self };
        self.poke = Some(Box::new(move || {
            for line in lines {
                std::thread::sleep(Duration::from_millis(200));
                let _ = stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush());
            }
        }));
        self
    }
}

/// What a peer's server prints, so far.
#[derive(Clone, Debug, Default)]
pub struct Said(Arc<Mutex<String>>);

impl Said {
    fn add(&self, line: &str) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *text += line;
        text.push('\n');
    }
    /// From here on it is another connection's.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
    /// All of it.
    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// Waits until it has said this, in whatever case, and whatever is put between the bytes of what is exported.
    pub fn wait_for(&self, wanted: &str) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            let close = |text: &str| text.to_lowercase().replace([':', ' ', '\n'], "");
            if !wanted.is_empty() && close(&text).contains(&close(wanted)) {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(format!("the peer did not say {wanted:?}: {}", text.replace('\n', " | ")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A peer. Several cells of it may be tried at a time, in threads of their own.
pub trait Peer: Send + Sync {
    fn name(&self) -> &'static str;
    /// `None` if it is not here.
    fn version(&self) -> Option<String>;
    fn serves(&self) -> bool;
    fn connects(&self) -> bool;
    /// Whether it has what was before TLS 1.3 as a library has it, not as curl or a browser lets one see of it.
    fn has_classic(&self) -> bool {
        false
    }
    /// Whether there is one of it on each side, so that it can do one cell at a time.
    fn is_one(&self) -> bool {
        false
    }
    /// Starts a server that echoes, or answers somehow with what it got.
    fn serve(&self, case: &Case, material: &Material) -> Result<Server, Lacks>;
    /// Why this cannot be tried as a client, if so.
    fn cannot_connect(&self, case: &Case) -> Option<&'static str>;
    /// Whether its server prints early data that it takes, or sends it back.
    fn shows_early_data(&self) -> bool {
        true
    }
    /// A page that our server must have for this row, beside a megabyte at `/large.bin`; any of the connections that it
    /// makes may then be the resumed one.
    fn site(&self, _: &Case) -> Option<&'static str> {
        None
    }
    /// Fetches `/` and checks that a page comes; twice where a session is to be resumed.
    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks>;
}

/// All of them.
pub fn peers() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(openssl::OpenSsl::installed()),
        Box::new(openssl::OpenSsl::newest()),
        Box::new(gnutls::GnuTls::new()),
        Box::new(nss::Nss),
        Box::<tlslite::TlsLite>::default(),
        Box::<jsse::Jsse>::default(),
        Box::new(rustls::Rustls),
        Box::new(curl::Curl),
        Box::new(chromium::Chromium),
        Box::new(firefox::Firefox),
    ]
}

/// The first line of what a program says of its version.
fn version_of(program: &str, arg: &str) -> Option<String> {
    let out = Command::new(program).arg(arg).stderr(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&out.stdout).lines().next().map(str::to_owned)
}

/// A port that was free a moment ago, for programs that cannot say which they got. It is below those that the system gives out, and given
/// once: other cells are tried meanwhile.
fn free_port() -> std::io::Result<u16> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 18_000;
    let start = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap_or_default();
    for _ in 0..COUNT {
        let port = FIRST + start.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(std::io::ErrorKind::AddrInUse.into())
}

/// Runs a client with this input, closing its stdin only when `done` is seen in what it prints, or the time is up.
fn converse(mut command: Command, input: &[&str], done: &str) -> Result<String, Lacks> {
    let failed = |e: std::io::Error| Lacks::Failed(e.to_string());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(Lacks::Failed("no pipes".into()));
    };
    let (out, err) = (reader(stdout), reader(stderr));
    for (n, part) in input.iter().enumerate() {
        // Commands are only seen at the start of what one read gives.
        std::thread::sleep(Duration::from_millis(if n == 0 { 250 } else { 200 }));
        let _ = stdin.write_all(part.as_bytes()).and_then(|()| stdin.flush());
    }
    let until = Instant::now() + Duration::from_secs(15);
    let mut text = String::new();
    while !text.contains(done) {
        match out.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => text += &(line + "\n"),
            Err(_) => break,
        }
    }
    drop(stdin);
    std::thread::sleep(Duration::from_millis(50));
    let _ = child.kill();
    let _ = child.wait();
    text.extend(out.try_iter().map(|l| l + "\n"));
    if text.contains(done) {
        return Ok(text);
    }
    let words: Vec<String> = err.try_iter().collect();
    let tail: String = text.lines().rev().take(4).collect::<Vec<_>>().join(" | ");
    Err(Lacks::Failed(format!("{done:?} did not come: {tail} / {}", words.join(" | "))))
}

/// Starts a server process and waits until a line that it prints, to either stream, gives the port that it is ready on. What it
/// prints is read to the end: a full pipe would stop it.
fn start(mut command: Command, ready: impl Fn(&str) -> Option<u16>) -> Result<Server, Lacks> {
    let failed = |e: std::io::Error| Lacks::Failed(e.to_string());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Lacks::Failed("no pipes".into()));
    };
    let (to, lines) = channel();
    read_into(stdout, to.clone());
    read_into(stderr, to);
    let until = Instant::now() + Duration::from_secs(10);
    let said = Said::default();
    let mut text = String::new();
    while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if let Some(port) = ready(&line) {
            let rest = said.clone();
            std::thread::spawn(move || lines.into_iter().for_each(|line| rest.add(&line)));
            return Ok(Server::new(child, port, said));
        }
        text += &(line + " | ");
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(Lacks::Failed(format!("the peer did not start: {text}")))
}

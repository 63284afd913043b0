//! The same work through Handfast and rustls, in one process, in turn: handshakes a second for each side, and bulk.
//!
//! Both ends of a connection live here and hand bytes to each other through memory. Each side's time is what passes
//! inside its own calls. The two libraries take turns, round by round, so that a machine whose speed drifts is fair to
//! both; the median round is shown. Chains are verified, Finisheds checked, data compared in length.
//!
//! One thing is to be known when reading the clients' rows: a Handfast verifier remembers which signatures in chains it has
//! found good, so that a client that meets the same authority again verifies the CertificateVerify or ServerKeyExchange
//! only. That is how it behaves in use, too; with `--cold` its clients forget before each full handshake.

mod handfast_side;
mod material;
mod rustls_side;

use material::{Key, Material};
use std::time::{Duration, Instant};

/// One kind of handshake.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub title: &'static str,
    pub tls13: bool,
    pub group: &'static str,
    pub suite: &'static str,
    pub key: Key,
    pub resumed: bool,
}

/// One end of a connection.
pub trait End {
    /// Takes what came, appends what goes out. Data that came is counted, not kept.
    fn turn(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>);
    fn is_connected(&self) -> bool;
    fn resumed(&self) -> bool;
    /// Seals `data` in one call.
    fn send(&mut self, data: &[u8], output: &mut Vec<u8>);
    /// Opens all records in `input`; gives how many bytes of plaintext they held.
    fn open(&mut self, input: &mut Vec<u8>) -> usize;
}

/// A library: makes both ends of one kind.
pub trait Library {
    fn name(&self) -> &'static str;
    fn client(&self) -> Box<dyn End>;
    fn server(&self) -> Box<dyn End>;
    /// Forgets what was found good in earlier handshakes, if such a thing is kept.
    fn forget(&mut self);
}

#[derive(Clone, Copy, Default)]
struct Times {
    client: Duration,
    server: Duration,
}

fn timed<T>(total: &mut Duration, f: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let out = f();
    *total += start.elapsed();
    out
}

/// One whole handshake, tickets included.
fn handshake(library: &dyn Library, times: &mut Times) -> (Box<dyn End>, Box<dyn End>) {
    let mut client = timed(&mut times.client, || library.client());
    let mut server = timed(&mut times.server, || library.server());
    let (mut to_server, mut to_client) = (Vec::with_capacity(8192), Vec::with_capacity(8192));
    for _ in 0..8 {
        timed(&mut times.client, || client.turn(&mut to_client, &mut to_server));
        timed(&mut times.server, || server.turn(&mut to_server, &mut to_client));
        if to_client.is_empty() && to_server.is_empty() && client.is_connected() && server.is_connected() {
            return (client, server);
        }
    }
    panic!("{}: no handshake after eight turns", library.name());
}

/// Handshakes a second, client and server, in one round of this length.
fn round(library: &mut dyn Library, kind: &Kind, length: Duration, cold: bool) -> (f64, f64) {
    let mut times = Times::default();
    let (start, mut n) = (Instant::now(), 0u32);
    while start.elapsed() < length || n < 2 {
        if cold && !kind.resumed {
            library.forget();
        }
        let (client, _) = handshake(library, &mut times);
        assert_eq!(client.resumed(), kind.resumed, "{}: {}", library.name(), kind.title);
        n += 1;
    }
    (f64::from(n) / times.client.as_secs_f64(), f64::from(n) / times.server.as_secs_f64())
}

/// Bytes a second, sent and received, in one round.
fn bulk(library: &dyn Library, write: usize, length: Duration) -> (f64, f64) {
    let (mut client, mut server) = handshake(library, &mut Times::default());
    let data = vec![0x5a; write];
    let mut wire = Vec::with_capacity(2 * write + 4096);
    let (mut sent, mut received, mut bytes) = (Duration::ZERO, Duration::ZERO, 0usize);
    let start = Instant::now();
    while start.elapsed() < length || bytes == 0 {
        wire.clear();
        timed(&mut sent, || client.send(&data, &mut wire));
        let got = timed(&mut received, || server.open(&mut wire));
        assert_eq!(got, write, "{}", library.name());
        bytes += write;
    }
    (bytes as f64 / sent.as_secs_f64() / 1e9, bytes as f64 / received.as_secs_f64() / 1e9)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Takes turns, and gives the median of each: ours, theirs.
fn turns(rounds: usize, mut one: impl FnMut(usize) -> (f64, f64)) -> [(f64, f64); 2] {
    let mut all = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for _ in 0..rounds {
        for (which, (a, b)) in all.iter_mut().enumerate() {
            let (x, y) = one(which);
            a.push(x);
            b.push(y);
        }
    }
    all.map(|(a, b)| (median(a), median(b)))
}

fn main() {
    let smoke = std::env::args().any(|a| a == "--smoke");
    let cold = std::env::args().any(|a| a == "--cold");
    let filter = std::env::args().skip(1).find(|a| !a.starts_with("--"));
    let (rounds, length) = if smoke { (1, Duration::from_millis(20)) } else { (9, Duration::from_millis(300)) };
    let material = Material::make();
    let row = |title, tls13, group, suite, key, resumed| Kind { title, tls13, group, suite, key, resumed };
    let gcm13 = "TLS_AES_128_GCM_SHA256";
    let kinds = [
        row("1.3 full, X25519, ECDSA P-256", true, "x25519", gcm13, Key::Ecdsa, false),
        row("1.3 full, X25519MLKEM768, ECDSA", true, "X25519MLKEM768", gcm13, Key::Ecdsa, false),
        row("1.3 full, X25519, RSA-2048", true, "x25519", gcm13, Key::Rsa, false),
        row("1.3 resumed, X25519", true, "x25519", gcm13, Key::Ecdsa, true),
        row("1.2 full, ECDHE-RSA-2048", false, "x25519", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Key::Rsa, false),
        row("1.2 resumed by ticket", false, "x25519", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Key::Rsa, true),
    ];
    println!("handshakes a second, client / server; median of {rounds} rounds of {} ms", length.as_millis());
    println!("{:<34} {:>17} {:>17}   ratio", "", "handfast", "rustls");
    for kind in &kinds {
        if filter.as_ref().is_some_and(|f| !kind.title.contains(f.as_str())) {
            continue;
        }
        let mut ours = handfast_side::library(&material, kind);
        let mut theirs = rustls_side::library(&material, kind);
        let mut libraries: [&mut dyn Library; 2] = [&mut ours, &mut theirs];
        if kind.resumed {
            // The first handshake fills the stores, from which each later one takes.
            libraries.iter().for_each(|l| drop(handshake(&**l, &mut Times::default())));
        }
        let [a, b] = turns(rounds, |which| round(libraries[which], kind, length, cold));
        println!(
            "{:<34} {:>7.0} / {:>7.0} {:>7.0} / {:>7.0}   {:.2} / {:.2}",
            kind.title,
            a.0,
            a.1,
            b.0,
            b.1,
            a.0 / b.0,
            a.1 / b.1
        );
    }
    println!("\nGB/s, sent / received, {gcm13}");
    for (title, write) in [("1 KiB writes", 1 << 10), ("16 KiB writes", 16 << 10), ("1 MiB writes", 1 << 20)] {
        if filter.as_ref().is_some_and(|f| !title.contains(f.as_str())) {
            continue;
        }
        let ours = handfast_side::library(&material, &kinds[0]);
        let theirs = rustls_side::library(&material, &kinds[0]);
        let libraries: [&dyn Library; 2] = [&ours, &theirs];
        let [a, b] = turns(rounds, |which| bulk(libraries[which], write, length));
        println!(
            "{title:<34} {:>7.2} / {:>7.2} {:>7.2} / {:>7.2}   {:.2} / {:.2}",
            a.0,
            a.1,
            b.0,
            b.1,
            a.0 / b.0,
            a.1 / b.1
        );
    }
}

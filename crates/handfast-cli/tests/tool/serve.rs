//! What `serve` serves, and how it ends.

use super::run::{Dir, Server, run};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

fn ask(dir: &Dir, server: &Server, request: &str) -> String {
    let request = format!("{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let done = run(dir, &["connect", &server.at("localhost"), "--alpn", "http/1.1"], request);
    done.ends(0, &[]);
    done.text()
}

#[test]
fn the_page_says_what_was_negotiated() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--policy", "compatible"]);
    let page = ask(&dir, &server, "GET /");
    for part in [
        "200 OK",
        "content-security-policy: default-src 'none'; style-src 'self'; script-src 'self'; ",
        "TLS 1.3",
        "X25519 + ML-KEM-768",
        "<span class=\"name\">ClientHello</span>",
        "<span class=\"name lock\">CertificateVerify</span>",
        "shares for X25519MLKEM768",
    ] {
        assert!(page.contains(part), "{part} in:\n{page}");
    }
    assert_eq!(page.matches("<script").count(), 1, "and that is a file");
    assert!(!page.contains(" style=") && !page.contains(" onclick=") && !page.contains("http:"));
    // The RSA certificate is there for those who need it.
    let request = "GET / HTTP/1.0\r\n\r\n";
    let at = server.at("localhost");
    let suite = "TLS_RSA_WITH_AES_128_CBC_SHA";
    let done = run(&dir, &["connect", &at, "--policy", "compatible", "--suites", suite], request);
    done.ends(0, &[suite, "→ ClientKeyExchange"]);
    assert!(done.text().contains("RSA key transport"), "{}", done.text());

    assert!(ask(&dir, &server, "GET /favicon.ico").starts_with("HTTP/1.1 404"));
    assert!(ask(&dir, &server, "POST /").starts_with("HTTP/1.1 405"));
    let head = ask(&dir, &server, "HEAD /");
    assert!(head.contains("content-length: ") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn h2_is_spoken_where_it_is_agreed() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let mut request = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS: windows of 16 MiB for streams, and WINDOW_UPDATE for the connection's (RFC 9113 6.5.2, 6.9): the page is large.
    request.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0]);
    request.extend([0, 0, 4, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    // HEADERS of stream 1, its first and last: GET, /, https, and an authority that is written out (RFC 7541 6.2.2).
    let mut headers = vec![0x82, 0x84, 0x87, 0x01, 9];
    headers.extend(b"localhost");
    request.extend([0, 0, headers.len() as u8, 1, 5, 0, 0, 0, 1]);
    request.extend(headers);
    request.extend([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // GOAWAY
    let done = run(&dir, &["connect", &server.at("localhost"), "--alpn", "h2,http/1.1"], request);
    done.ends(0, &["alpn h2"]);
    assert!(done.text().contains("You and this server just shook hands."));
}

#[test]
fn who_speaks_nonsense_is_told_the_end() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    for alpn in ["h2", "http/1.1"] {
        run(&dir, &["connect", &server.at("localhost"), "--alpn", alpn], "nonsense\r\n\r\n")
            .ends(0, &["← alert", "closed"]);
    }
}

#[test]
fn who_sends_what_is_not_wanted_hears_the_answer() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    // More than all buffers between: an answer that does not wait for it would be followed by a reset.
    let length = 8 << 20;
    let mut request =
        format!("PUT /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    request.push_str(&"x".repeat(length));
    let done = run(&dir, &["connect", &server.at("localhost"), "--alpn", "http/1.1"], request);
    done.ends(0, &[]);
    assert!(done.text().starts_with("HTTP/1.1 405"), "{}", done.text());
}

#[test]
fn who_is_refused_while_still_sending_hears_why() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    let mut socket = TcpStream::connect(server.at("127.0.0.1")).expect("a connection");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    // A ClientHello without anything in it, and more behind than all buffers between: none of it is ever read as TLS.
    socket.write_all(&[22, 3, 1, 0, 4, 1, 0, 0, 0]).expect("a ClientHello");
    for _ in 0..8 {
        socket.write_all(&[0; 1 << 20]).expect("no reset");
    }
    socket.shutdown(Shutdown::Write).expect("no reset");
    let mut heard = Vec::new();
    socket.read_to_end(&mut heard).expect("no reset");
    assert!(matches!(heard[..], [21, 3, _, 0, 2, 2, 50]), "decode_error: {heard:?}");
}

#[test]
fn what_is_spoken_is_cut_to_what_is_wanted() {
    let dir = Dir::new();
    let server = Server::start(&dir, &["--max-version", "tls1.2", "--groups", "secp256r1", "--max-fragment", "100"]);
    let done = run(&dir, &["connect", &server.at("localhost")], "");
    done.ends(0, &["TLS 1.2  suite", "group secp256r1"]);
    let refused = run(&dir, &["connect", &server.at("localhost"), "--policy", "modern"], "");
    refused.ends(5, &["none of the versions that we offered"]);
}

#[test]
fn a_client_gets_as_many_tickets_as_it_asks_for_up_to_eight() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    for (asked, given) in [("0", 0), ("5", 5), ("8", 8), ("9", 8), ("255", 8)] {
        let session = dir.text(&format!("session-{asked}"));
        let args = [
            "connect",
            &server.at("localhost"),
            "--alpn",
            "http/1.1",
            "--session",
            &session,
            "--tickets",
            asked,
            "--json",
        ];
        let done = run(&dir, &args, "GET / HTTP/1.0\r\n\r\n");
        done.ends(0, &[]);
        assert_eq!(done.event("connected")["tickets"], given);
        let of_a_ticket = |e: &&serde_json::Value| e["message"] == "NewSessionTicket";
        assert_eq!(done.events().iter().filter(of_a_ticket).count(), given);
    }
}

#[test]
fn a_client_gets_as_many_tickets_as_is_said() {
    let dir = Dir::new();
    for n in ["0", "1", "4"] {
        let server = Server::start(&dir, &["--tickets", n]);
        let done = run(&dir, &["connect", &server.at("localhost"), "--alpn", "http/1.1"], "GET / HTTP/1.0\r\n\r\n");
        done.ends(0, &[]);
        let tickets = done.stderr.matches("← NewSessionTicket").count();
        assert_eq!(tickets.to_string(), n, "{}", done.stderr);
    }
}

#[test]
fn files_of_a_folder_and_nothing_else() {
    let dir = Dir::new();
    std::fs::create_dir_all(dir.path("site/sub")).expect("folders");
    dir.write("secret.txt", "outside");
    dir.write("site/index.html", "<p>the index</p>");
    dir.write("site/sub/index.html", "below");
    dir.write("site/a b.txt", "spaced");
    dir.write("site/.hidden", "hidden");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.path("secret.txt"), dir.path("site/escape.txt")).expect("a link");
        std::os::unix::fs::symlink(dir.path("site/a b.txt"), dir.path("site/inside.txt")).expect("a link");
    }
    let server = Server::start(&dir, &["--dir", &dir.text("site")]);
    let status = |path: &str, wanted: &str| {
        let answer = ask(&dir, &server, &format!("GET {path}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {wanted}")), "{path}: {answer}");
        assert!(!answer.contains("outside") && !answer.contains("hidden"), "{path}: {answer}");
        answer
    };
    let index = status("/", "200");
    assert!(index.contains("text/html") && index.ends_with("<p>the index</p>"), "{index}");
    assert!(index.contains("x-content-type-options: nosniff") && index.contains("content-length: 16"), "{index}");
    assert!(status("/sub/", "200").ends_with("below"));
    assert!(status("/sub", "301").contains("location: /sub/\r\n"));
    assert!(status("/sub?a=b", "301").contains("location: /sub/?a=b\r\n"));
    assert!(status("/a%20b.txt?query", "200").ends_with("spaced"));
    #[cfg(unix)]
    assert!(status("/inside.txt", "200").ends_with("spaced"));
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/sub/../../secret.txt",
        "//secret.txt",
        "/escape.txt",
        "/.hidden",
        "/none",
        "/index.html/",
        "/%00",
        "/%ff",
    ] {
        status(path, "404");
    }
    let head = ask(&dir, &server, "HEAD /");
    assert!(head.contains("content-length: 16") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(ask(&dir, &server, "PUT /x").contains("allow: GET, HEAD"));
}

#[test]
fn it_says_how_to_trust_it() {
    let dir = Dir::new();
    let server = Server::start(&dir, &[]);
    server.running.signal("TERM");
    let (code, stderr) = server.running.end();
    assert_eq!(code, 0);
    assert!(stderr.contains("home/ca.pem") && stderr.contains("curl --cacert"), "{stderr}");
}

#[test]
fn signals_drain_and_end_with_0() {
    let dir = Dir::new();
    for signal in ["TERM", "INT"] {
        let server = Server::start(&dir, &[]);
        let at = server.at("localhost");
        let mut idle = super::run::Running::start(&dir, &["connect", &at, "--alpn", "http/1.1", "--json"]);
        while !idle.line().contains("\"connected\"") {}
        // And one that is not even in its handshake.
        let _silent = TcpStream::connect(("127.0.0.1", server.port)).expect("a connection");
        let start = Instant::now();
        server.running.signal(signal);
        assert_eq!(server.running.end().0, 0);
        assert!(start.elapsed() < Duration::from_secs(8), "nothing was under way");
        let (code, stderr) = idle.end();
        assert_eq!(code, 0, "it was told with close_notify: {stderr}");
    }
}

/// The server is told to end while a client takes a large file, which reads on or does not: how much it got, and how long the
/// server took.
fn drained(dir: &Dir, reads_on: bool) -> (usize, Duration) {
    use std::io::{Read, Write};
    let server = Server::start(dir, &["--dir", &dir.text("site")]);
    let mut client = super::run::Running::start(dir, &["connect", &server.at("localhost"), "--alpn", "http/1.1"]);
    let request = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.stdin.as_mut().expect("stdin").write_all(request).expect("it is taken");
    let mut stdout = client.stdout.take().expect("stdout");
    let mut piece = vec![0; 1 << 20];
    stdout.read_exact(&mut piece).expect("it has begun");
    let start = Instant::now();
    server.running.signal("TERM");
    let reading = std::thread::spawn(move || {
        let mut taken = piece.len();
        while reads_on && let Ok(n @ 1..) = stdout.read(&mut piece) {
            taken += n;
        }
        (taken, stdout)
    });
    assert_eq!(server.running.end().0, 0);
    let took = start.elapsed();
    let (taken, _stdout) = reading.join().expect("a reader");
    (taken, took)
}

#[cfg(unix)]
#[test]
fn a_download_under_way_is_finished_but_not_for_ever() {
    let dir = Dir::new();
    std::fs::create_dir_all(dir.path("site")).expect("a folder");
    let length = 32 << 20;
    std::fs::File::create(dir.path("site/large")).and_then(|f| f.set_len(length)).expect("a file");
    let (taken, _) = drained(&dir, true);
    assert!(taken as u64 > length, "all of it came, and its head: {taken}");
    // One that takes nothing more.
    let (_, took) = drained(&dir, false);
    assert!(took > Duration::from_secs(5) && took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn ipv6_is_listened_on_and_connected_to() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return eprintln!("skipped: there is no IPv6 here");
    }
    let dir = Dir::new();
    let mut server = super::run::Running::start(&dir, &["serve", "--listen", "[::1]:0"]);
    let line = server.line();
    let at = line.strip_prefix("listening https://").expect("it is ready").to_owned();
    assert!(at.starts_with("[::1]:"), "{at}");
    run(&dir, &["connect", &at], "").ends(0, &["verified"]);
    server.signal("TERM");
    let (code, stderr) = server.end();
    assert_eq!(code, 0);
    assert!(stderr.contains(&format!("https://{at}/")), "{stderr}");
}

#[test]
fn a_development_ca_that_is_there_is_kept() {
    let dir = Dir::new();
    drop(Server::start(&dir, &[]));
    let ca = std::fs::read(dir.path("home/ca.pem")).expect("the CA");
    let server = Server::start(&dir, &[]);
    assert_eq!(std::fs::read(dir.path("home/ca.pem")).expect("the CA"), ca);
    run(&dir, &["connect", &server.at("localhost")], "").ends(0, &["verified"]);
    run(&dir, &["connect", &server.at("127.0.0.1")], "").ends(0, &["verified"]);
    #[cfg(unix)]
    for file in ["ca-key.pem", "server-ecdsa-key.pem", "server-rsa-key.pem"] {
        assert_eq!(super::run::mode(&dir.path("home").join(file)), 0o600, "{file}");
    }
}

/// Secrets are seen on the page only where that is asked for, and only on this machine.
#[test]
fn secrets_are_revealed_only_on_this_machine() {
    let dir = Dir::new();
    run(&dir, &["serve", "--reveal", "--listen", "0.0.0.0:0"], "").ends(2, &["can be reached from elsewhere"]);
    run(&dir, &["serve", "--reveal", "--dir", "."], "").ends(2, &["--dir"]);
    let keylog = dir.text("keys.log");
    for reveal in [true, false] {
        let server = Server::start(&dir, if reveal { &["--reveal"] } else { &[] });
        let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let _ = std::fs::remove_file(&keylog);
        let done = run(&dir, &["connect", &server.at("localhost"), "--alpn", "http/1.1", "--keylog", &keylog], request);
        done.ends(0, &[]);
        let (page, log) = (done.text(), std::fs::read_to_string(&keylog).expect("a key log"));
        assert!(page.contains("client_handshake_traffic_secret") && page.contains("“c hs traffic”"));
        let secrets: Vec<_> = log.lines().filter_map(|line| line.split(' ').nth(2)).collect();
        assert!(secrets.len() >= 5, "{log}");
        for secret in secrets {
            assert_eq!(page.contains(secret), reveal, "--reveal {reveal}");
        }
    }
}

//! Several certificates, and reading them anew while connections go on.

use super::material::{Authority, Leaf};
use super::run::{Dir, PATIENCE, Running, Server, run};
use serde_json::Value;
use std::io::{BufRead, Write};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// `serve --json`, whose events are waited for.
pub(crate) struct Watched {
    running: Running,
    pub(crate) events: Receiver<Value>,
    pub(crate) port: u16,
}

impl Watched {
    #[track_caller]
    pub(crate) fn start(dir: &Dir, args: &[&str]) -> Self {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0", "--json"];
        all.extend(args);
        let mut running = Running::start(dir, &all);
        let (stdout, (sender, events)) = (running.stdout.take().expect("stdout"), channel());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).expect("JSON")).is_err() {
                    return;
                }
            }
        });
        let mut it = Self { running, events, port: 0 };
        let url = it.next("listening")["url"].as_str().expect("a URL").to_owned();
        it.port = url.rsplit(':').next().and_then(|p| p.parse().ok()).expect("a port");
        it
    }

    /// The next event of this kind.
    #[track_caller]
    pub(crate) fn next(&self, kind: &str) -> Value {
        loop {
            let event = self.events.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("no {kind}: {e}"));
            if event["event"] == kind {
                return event;
            }
        }
    }

    pub(crate) fn at(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// The common name of the certificate that is shown to a client with these arguments.
#[track_caller]
fn shown(dir: &Dir, at: &str, args: &[&str]) -> String {
    let mut all = vec!["connect", at, "--json", "--alpn", "http/1.1"];
    all.extend(args);
    let done = run(dir, &all, "");
    done.ends(0, &[]);
    let subject = done.event("connected")["peer_chain"][0]["subject"].as_str().map(str::to_owned);
    subject.and_then(|s| Some(s.strip_prefix("CN=")?.to_owned())).expect("a common name")
}

/// A CA, in a file of this name.
fn authority(dir: &Dir, name: &str) -> (Authority, String) {
    let ca = Authority::new(name);
    let path = dir.write(&format!("{name}.pem"), ca.pem());
    (ca, path)
}

#[test]
fn a_client_sees_the_certificate_that_has_its_name_and_that_it_can_verify() {
    let dir = Dir::new();
    let (ca, ca_pem) = authority(&dir, "ca");
    let leaf = |name: &str, names: &'static [&'static str], rsa| {
        let (cert, key) = ca.leaf(&dir, name, &Leaf { names, rsa, ..Leaf::default() });
        ["--cert".to_owned(), cert, "--key".to_owned(), key]
    };
    let certs = [
        leaf("first", &["localhost"], false),
        leaf("wild", &["*.example.test"], false),
        leaf("wild-rsa", &["*.example.test"], true),
        leaf("exact", &["www.example.test"], false),
    ];
    let mut args: Vec<&str> = certs.iter().flatten().map(String::as_str).collect();
    for strict in [false, true] {
        if strict {
            args.push("--strict-sni");
        }
        let server = Server::start(&dir, &args);
        let at = server.at("127.0.0.1");
        let see = |args: &[&str]| shown(&dir, &at, &[&["--ca", ca_pem.as_str()], args].concat());
        for policy in ["modern", "default"] {
            let see = |name: &str, args: &[&str]| see(&[&["--policy", policy, "--name", name], args].concat());
            assert_eq!(see("localhost", &[]), "first");
            assert_eq!(see("www.example.test", &[]), "exact");
            assert_eq!(see("ftp.example.test", &[]), "wild");
            let rsa = ["--schemes", "rsa_pss_rsae_sha256,rsa_pkcs1_sha256"];
            assert_eq!(see("ftp.example.test", &rsa), "wild-rsa");
            assert_eq!(see("www.example.test", &rsa), "wild-rsa", "before none at all");
        }
        let suite = ["--name", "ftp.example.test", "--suites", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"];
        assert_eq!(see(&suite), "wild-rsa");
        // Who goes to an address asks for no name.
        assert_eq!(shown(&dir, &at, &["--insecure"]), "first");

        let unknown = ["connect", &at, "--insecure", "--alpn", "http/1.1", "--name", "no.such.test"];
        match strict {
            false => assert_eq!(shown(&dir, &at, &["--insecure", "--name", "no.such.test"]), "first"),
            true => run(&dir, &unknown, "").ends(5, &["← alert", "unrecognized_name"]),
        }
    }
}

#[test]
fn changed_files_are_read_while_connections_and_sessions_go_on() {
    let dir = Dir::new();
    let (ca, ca_pem) = authority(&dir, "ca");
    let (cert, key) = ca.leaf(&dir, "own", &Leaf::default());
    let server = Watched::start(&dir, &["--cert", &cert, "--key", &key]);
    let (at, session) = (server.at(), dir.text("session"));
    let see = |args: &[&str]| shown(&dir, &at, &[&["--ca", ca_pem.as_str()], args].concat());
    assert_eq!(see(&[]), "own");
    let connect = ["connect", &at, "--ca", &ca_pem, "--alpn", "http/1.1", "--session", &session];
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    run(&dir, &connect, request).ends(0, &["resumed no"]);

    let mut live = Running::start(&dir, &["connect", &at, "--ca", &ca_pem, "--alpn", "http/1.1"]);
    let ask = |live: &mut Running, connection: &str| {
        let request = format!("GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n");
        live.stdin.as_mut().expect("stdin").write_all(request.as_bytes()).expect("it is taken");
        assert_eq!(live.line(), "HTTP/1.1 404 Not Found");
        while !live.line().is_empty() {}
        // The body, which is a line.
        live.line();
    };
    ask(&mut live, "keep-alive");

    // Others in the place of both, one after the other.
    let (new_cert, new_key) = ca.leaf(&dir, "renewed", &Leaf::default());
    std::fs::rename(new_cert, &cert).expect("renamed");
    std::fs::rename(new_key, &key).expect("renamed");
    let reloaded = server.next("reloaded");
    assert_eq!((&reloaded["cause"], &reloaded["sessions_kept"]), (&"change".into(), &true.into()));
    assert_eq!(reloaded["certificates"][0]["subject"], "CN=renewed");
    assert_eq!(see(&[]), "renewed");
    ask(&mut live, "close");
    run(&dir, &connect, request).ends(0, &["resumed yes"]);
    assert_eq!(live.end().0, 0);

    // Written over.
    let (newer_cert, newer_key) = ca.leaf(&dir, "newest", &Leaf::default());
    std::fs::copy(newer_cert, &cert).expect("copied");
    std::fs::copy(newer_key, &key).expect("copied");
    assert_eq!(server.next("reloaded")["certificates"][0]["subject"], "CN=newest");
    assert_eq!(see(&[]), "newest");
}

#[test]
fn files_that_cannot_be_used_change_nothing() {
    let dir = Dir::new();
    let (ca, ca_pem) = authority(&dir, "ca");
    let (cert, key) = ca.leaf(&dir, "own", &Leaf::default());
    let (other_cert, other_key) = ca.leaf(&dir, "other", &Leaf::default());
    let whole = std::fs::read(&other_cert).expect("a certificate");
    let server = Watched::start(&dir, &["--cert", &cert, "--key", &key]);
    let (at, ca) = (server.at(), ["--ca", ca_pem.as_str()]);
    for (broken, said) in [
        (&b"nonsense"[..], "there is no certificate"),
        (&whole[..whole.len() / 2], "END CERTIFICATE"),
        (&whole, "the private key does not belong to the first certificate"),
    ] {
        std::fs::write(&cert, broken).expect("a file");
        let failed = server.next("reload_failed");
        assert_eq!(failed["cause"], "change");
        assert!(failed["why"].as_str().is_some_and(|w| w.contains(said) && w.contains(&cert)), "{failed}");
        assert_eq!(shown(&dir, &at, &ca), "own");
    }
    std::fs::remove_file(&cert).expect("removed");
    assert!(server.next("reload_failed")["why"].as_str().is_some_and(|w| w.contains(&cert)));
    assert_eq!(shown(&dir, &at, &ca), "own");

    // And on it goes when they can.
    std::fs::rename(other_cert, &cert).expect("renamed");
    std::fs::rename(other_key, &key).expect("renamed");
    server.next("reloaded");
    assert_eq!(shown(&dir, &at, &ca), "other");
    server.running.signal("TERM");
    let (code, stderr) = server.running.end();
    assert_eq!(code, 0);
    assert!(stderr.contains("reload failed: ") && stderr.contains("stays in use"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn symbolic_links_that_are_turned_are_followed() {
    use std::os::unix::fs::symlink;
    let dir = Dir::new();
    let (ca, ca_pem) = authority(&dir, "ca");
    // As Kubernetes mounts a secret: own.pem -> data/own.pem, data -> a folder of its own for each state.
    for (folder, name) in [("one", "before"), ("two", "after")] {
        std::fs::create_dir(dir.path(folder)).expect("a folder");
        let (cert, key) = ca.leaf(&dir, name, &Leaf::default());
        std::fs::rename(cert, dir.path(folder).join("own.pem")).expect("renamed");
        std::fs::rename(key, dir.path(folder).join("own-key.pem")).expect("renamed");
    }
    symlink("one", dir.path("data")).expect("a link");
    for name in ["own.pem", "own-key.pem"] {
        symlink(format!("data/{name}"), dir.path(name)).expect("a link");
    }
    let server = Watched::start(&dir, &["--cert", &dir.text("own.pem"), "--key", &dir.text("own-key.pem")]);
    assert_eq!(shown(&dir, &server.at(), &["--ca", &ca_pem]), "before");
    symlink("two", dir.path("data.new")).expect("a link");
    std::fs::rename(dir.path("data.new"), dir.path("data")).expect("turned");
    server.next("reloaded");
    assert_eq!(shown(&dir, &server.at(), &["--ca", &ca_pem]), "after");
}

#[cfg(unix)]
#[test]
fn sighup_reloads_and_ends_nothing() {
    let dir = Dir::new();
    let (ca, ca_pem) = authority(&dir, "ca");
    let (cert, key) = ca.leaf(&dir, "own", &Leaf::default());
    let server = Watched::start(&dir, &["--cert", &cert, "--key", &key]);
    server.running.signal("HUP");
    assert_eq!(server.next("reloaded")["cause"], "signal");
    std::fs::write(&key, "nonsense").expect("a file");
    server.running.signal("HUP");
    assert_eq!(server.next("reload_failed")["cause"], "signal");
    assert_eq!(shown(&dir, &server.at(), &["--ca", &ca_pem]), "own");
    // Without a file of ours there is something to do, too: the development certificates are made anew.
    let server = Watched::start(&dir, &[]);
    server.running.signal("HUP");
    let made = server.next("reloaded");
    assert_eq!(made["certificates"].as_array().map(Vec::len), Some(2));
    assert_eq!(made["certificates"][0]["subject"], "CN=localhost");
}

#[test]
fn clients_are_judged_by_the_newest_files() {
    let dir = Dir::new();
    let (ca, ca_pem) = authority(&dir, "ca");
    let (cert, key) = ca.leaf(&dir, "own", &Leaf::default());
    let client =
        |name: &str, serial| ca.leaf(&dir, name, &Leaf { names: &["client"], client: true, serial, ..Leaf::default() });
    let (ada, bob) = (client("ada", 21), client("bob", 22));
    let client_ca = dir.write("clients.pem", ca.pem());
    let crl = dir.write("crl.pem", ca.revokes(&[99]));
    let files = ["--cert", &cert, "--key", &key, "--client-ca", &client_ca, "--client-crl", &crl];
    let server = Watched::start(&dir, &files);
    let at = server.at();
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let visit = |who: &(String, String), session: &str| {
        let own = ["connect", &at, "--ca", &ca_pem, "--alpn", "http/1.1", "--cert", &who.0, "--key", &who.1];
        run(&dir, &[&own[..], &["--session", &dir.text(session)]].concat(), request)
    };
    visit(&ada, "ada.session").ends(0, &["resumed no"]);
    visit(&ada, "ada.session").ends(0, &["resumed yes"]);
    visit(&bob, "bob.session").ends(0, &["resumed no"]);

    // Bob is revoked: nor does the session help that was judged before.
    dir.write("crl.pem", ca.revokes(&[22]));
    let reloaded = server.next("reloaded");
    assert_eq!(reloaded["sessions_kept"], false);
    visit(&bob, "bob.session").ends(5, &["certificate_revoked"]);
    visit(&ada, "ada.session").ends(0, &["resumed no"]);
    visit(&ada, "ada.session").ends(0, &["resumed yes"]);

    // Another authority.
    let (others, _) = authority(&dir, "others");
    dir.write("clients.pem", others.pem());
    assert_eq!(server.next("reloaded")["sessions_kept"], false);
    visit(&ada, "ada.session").ends(5, &["← alert", "unknown_ca"]);
}

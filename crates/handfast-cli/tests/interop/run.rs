//! One cell: our tool on one side, the peer on the other, and what our events say of it.

use super::Cell;
use super::cases::{Case, Feature};
use super::material::Material;
use super::peers::{Lacks, Peer};
use base64::Engine;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How long anything may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(8);

/// The tool, its events line by line.
struct Tool {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: Vec<Value>,
    stderr: Receiver<String>,
}

impl Tool {
    fn start(args: &[String], material: &Material) -> Result<Self, String> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_handfast"))
            .args(args)
            .env("HANDFAST_HOME", material.dir().join("home"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| e.to_string())?;
        let lines = reader(child.stdout.take().ok_or("no stdout")?);
        let stderr = reader(child.stderr.take().ok_or("no stderr")?);
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, lines, seen: Vec::new(), stderr })
    }

    fn say(&mut self, text: &str) -> Result<(), String> {
        let stdin = self.stdin.as_mut().ok_or("stdin is closed")?;
        stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).map_err(|e| format!("writing to the tool: {e}"))
    }

    /// The next event of this kind. A `failed` ends the search.
    fn wait_for(&mut self, kind: &str) -> Result<Value, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).map_err(|_| {
                let words: Vec<String> = self.stderr.try_iter().collect();
                format!("no {kind} event came; {} events, stderr: {}", self.seen.len(), words.join(" | "))
            })?;
            let event: Value = serde_json::from_str(&line).map_err(|e| format!("{line:?} is not JSON: {e}"))?;
            self.seen.push(event.clone());
            match event["event"].as_str() {
                Some(k) if k == kind => return Ok(event),
                Some("failed") => return Err(format!("failed: {} / {}", event["during"], event["why"])),
                _ => {}
            }
        }
    }

    fn messages(&self, name: &str, direction: &str) -> usize {
        let is = |e: &&Value| e["event"] == "message" && e["message"] == name && e["direction"] == direction;
        self.seen.iter().filter(is).count()
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a pipe, read by a thread so that the other side never blocks.
pub fn reader(pipe: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (to, from) = channel();
    read_into(pipe, to);
    from
}

/// Sends on the lines of a pipe as they come.
pub fn read_into(pipe: impl std::io::Read + Send + 'static, to: Sender<String>) {
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if to.send(text).is_err() {
                break;
            }
        }
    });
}

fn args(list: &[&str]) -> Vec<String> {
    list.iter().map(|s| s.to_string()).collect()
}

/// What `connected` must say.
fn check(event: &Value, case: &Case, resumed: bool) -> Result<(), String> {
    let want = |field: &str, expected: Value| {
        if event[field] == expected { Ok(()) } else { Err(format!("{field} is {}, not {expected}", event[field])) }
    };
    want("version", case.version_in_words().into())?;
    want("suite", case.suite.into())?;
    want("resumed", resumed.into())?;
    if !case.group.is_empty() && !resumed {
        want("group", case.group.into())?;
    }
    match case.feature {
        Feature::Alpn => want("alpn", "http/1.1".into()),
        Feature::Http2 => want("alpn", "h2".into()),
        Feature::RecordSizeLimit if event["peer_record_size_limit"].is_null() => Err("no limit was said".into()),
        _ => Ok(()),
    }
}

/// The peer serves, we connect.
pub fn our_client(peer: &dyn Peer, case: &Case, material: &Material) -> Cell {
    if case.feature == Feature::Cookie {
        return Cell::Lacks("a cookie is the server's to send");
    }
    let mut server = match peer.serve(case, material) {
        Ok(server) => server,
        Err(Lacks::It(why)) => return Cell::Lacks(why),
        Err(Lacks::Failed(why)) => return Cell::Failed(why),
    };
    let session = material.path(&format!("session-{}-{}", peer.name(), server.port));
    let go = |resumed: bool, poke: &mut dyn FnMut()| -> Result<(), String> {
        let target = format!("127.0.0.1:{}", server.port);
        let mut a = args(&["connect", &target, "--name", "localhost", "--ca", &material.ca(), "--json"]);
        a.extend(args(&["--policy", "legacy", "--min-version", case.version, "--max-version", case.version]));
        a.extend(args(&["--suites", case.suite]));
        match (case.feature, case.group) {
            // Shares go out for the first two.
            (Feature::Retry, group) => a.extend(args(&["--groups", &format!("X25519MLKEM768,x25519,{group}")])),
            (_, "") => {}
            (_, group) => a.extend(args(&["--groups", group])),
        }
        if matches!(case.feature, Feature::ClientCertificate | Feature::PostHandshakeAuth) {
            let (cert, key) = material.client();
            a.extend(args(&["--cert", &cert, "--key", &key]));
        }
        match case.feature {
            Feature::PostHandshakeAuth => a.extend(args(&["--post-handshake-auth"])),
            Feature::Shaped => {
                a.extend(args(&["--grease", "--shuffle", "--pad-hello", "2000", "--pad-records", "300"]));
            }
            Feature::RecordSizeLimit => a.extend(args(&["--record-size-limit", "600"])),
            _ => {}
        }
        if case.feature == Feature::Alpn {
            a.extend(args(&["--alpn", "http/1.1"]));
        }
        if case.resumes() {
            a.extend(args(&["--half-close", "--session", &session]));
        }
        let mut tool = Tool::start(&a, material)?;
        check(&tool.wait_for("connected")?, case, resumed)?;
        poke();
        tool.say("hello from handfast\n")?;
        let mut got = String::new();
        while !(got.contains("hello from handfast") || got.contains("tsafdnah morf olleh") || got.contains("pong")) {
            let data = tool.wait_for("data")?;
            if data["direction"] == "received" {
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(data["base64"].as_str().unwrap_or_default())
                    .map_err(|e| e.to_string())?;
                got += &String::from_utf8_lossy(&bytes);
            }
        }
        if case.feature == Feature::Retry && tool.messages("HelloRetryRequest", "received") != 1 {
            return Err("there was no HelloRetryRequest".into());
        }
        let proves = matches!(case.feature, Feature::ClientCertificate | Feature::PostHandshakeAuth);
        if proves && tool.messages("CertificateVerify", "sent") != 1 {
            return Err("we sent no CertificateVerify".into());
        }
        if case.feature == Feature::KeyUpdate
            && (tool.messages("KeyUpdate", "received"), tool.messages("KeyUpdate", "sent")) != (1, 1)
        {
            return Err("there was no KeyUpdate each way".into());
        }
        // A peer may forget the session of a connection that is not closed in order.
        drop(tool.stdin.take());
        if case.resumes() {
            tool.wait_for("closed")?;
        }
        Ok(())
    };
    let pokes = matches!(case.feature, Feature::KeyUpdate | Feature::PostHandshakeAuth);
    let result = match case.feature {
        _ if case.resumes() => go(false, &mut || {}).and_then(|()| go(true, &mut || {})),
        _ => {
            let mut poke = server.poke.take();
            go(false, &mut || {
                if let (true, Some(poke)) = (pokes, &mut poke) {
                    poke();
                }
            })
        }
    };
    match result {
        Ok(()) => Cell::Ok,
        Err(why) => Cell::Failed(why),
    }
}

/// We serve, the peer connects.
pub fn our_server(peer: &dyn Peer, case: &Case, material: &Material) -> Cell {
    let run = || -> Result<(), Lacks> {
        let (cert, key) = material.server(case.key);
        let mut a = args(&["serve", "--listen", "127.0.0.1:0", "--cert", &cert, "--key", &key, "--json"]);
        a.extend(args(&["--policy", "legacy", "--suites", case.suite]));
        if case.feature == Feature::ClientCertificate {
            a.extend(args(&["--client-ca", &material.ca()]));
        }
        a.extend(args(&["--alpn", if case.feature == Feature::Http2 { "h2,http/1.1" } else { "http/1.1" }]));
        match case.feature {
            Feature::Shaped => a.extend(args(&["--grease", "--pad-records", "300"])),
            Feature::Cookie => a.extend(args(&["--cookie"])),
            Feature::RecordSizeLimit => a.extend(args(&["--record-size-limit", "600"])),
            Feature::PostHandshakeAuth => return Err(Lacks::It("`serve` asks for none after the handshake")),
            _ => {}
        }
        let site = peer.site(case);
        if let Some(page) = site {
            a.extend(args(&["--dir", &material.site(page)]));
        }
        if let Some(why) = peer.cannot_connect(case) {
            return Err(Lacks::It(why));
        }
        let mut tool = Tool::start(&a, material).map_err(Lacks::Failed)?;
        let listening = tool.wait_for("listening").map_err(Lacks::Failed)?.to_string();
        let port = listening
            .split_once("https://127.0.0.1:")
            .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
            .ok_or_else(|| Lacks::Failed(format!("no port in {listening}")))?;
        peer.connect(case, material, port)?;
        check(&tool.wait_for("connected").map_err(Lacks::Failed)?, case, false).map_err(Lacks::Failed)?;
        if case.resumes() {
            let mut next = tool.wait_for("connected").map_err(Lacks::Failed)?;
            while site.is_some() && next["resumed"] == false {
                next = tool.wait_for("connected").map_err(Lacks::Failed)?;
            }
            check(&next, case, true).map_err(Lacks::Failed)?;
        }
        let expected = match case.feature {
            Feature::Retry | Feature::Cookie => ("HelloRetryRequest", "sent"),
            Feature::ClientCertificate => ("CertificateVerify", "received"),
            Feature::KeyUpdate => ("KeyUpdate", "received"),
            _ => return Ok(()),
        };
        // A KeyUpdate comes after `connected`: let the events of the data after it arrive.
        if case.feature == Feature::KeyUpdate {
            tool.wait_for("data").map_err(Lacks::Failed)?;
        }
        if tool.messages(expected.0, expected.1) == 0 {
            return Err(Lacks::Failed(format!("no {} was {}", expected.0, expected.1)));
        }
        Ok(())
    };
    match run() {
        Ok(()) => Cell::Ok,
        Err(Lacks::It(why)) => Cell::Lacks(why),
        Err(Lacks::Failed(why)) => Cell::Failed(why),
    }
}

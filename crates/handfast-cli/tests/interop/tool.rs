//! Our tool, and what its events say.

use super::material::Material;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How long anything may take before it counts as failed.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// The tool, its events line by line.
pub struct Tool {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    seen: Vec<Value>,
    stderr: Receiver<String>,
}

impl Tool {
    /// Starts it.
    pub fn start(args: &[String], material: &Material) -> Result<Self, String> {
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

    /// What it shall send.
    pub fn say(&mut self, text: &str) -> Result<(), String> {
        let stdin = self.stdin.as_mut().ok_or("stdin is closed")?;
        stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()).map_err(|e| format!("writing to the tool: {e}"))
    }

    /// The next event of this kind. A `failed` ends the search.
    pub fn wait_for(&mut self, kind: &str) -> Result<Value, String> {
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

    /// Ends what we say, and waits for the peer to end, too: it may forget the session of a connection that is not closed in order.
    pub fn end(&mut self, orderly: bool) -> Result<(), String> {
        drop(self.stdin.take());
        if orderly { self.wait_for("closed").map(drop) } else { Ok(()) }
    }

    /// The first event of this kind, if it came already.
    pub fn seen(&self, kind: &str) -> Option<&Value> {
        self.seen.iter().find(|e| e["event"] == kind)
    }

    /// The size of the first such message, header included.
    pub fn size(&self, name: &str, direction: &str) -> usize {
        let is = |e: &&Value| e["event"] == "message" && e["message"] == name && e["direction"] == direction;
        let length = self.seen.iter().find(is).and_then(|e| e["length"].as_u64());
        length.and_then(|n| usize::try_from(n).ok()).unwrap_or_default()
    }

    /// How many messages of this name there were so far in the first connection that had one: browsers open several.
    pub fn messages(&self, name: &str, direction: &str) -> usize {
        let is = |e: &&Value| e["event"] == "message" && e["message"] == name && e["direction"] == direction;
        let connections = || self.seen.iter().filter(is).map(|e| &e["connection"]);
        connections().next().map_or(0, |first| connections().filter(|c| *c == first).count())
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

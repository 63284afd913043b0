//! A program of ours around a library that has no tool: it lives for many rows, and is told each in a line.

use super::super::cases::Case;
use super::super::flags::{EXPORT, PSK, RECORD_SIZE, TICKETS};
use super::super::material::Material;
use super::super::tool::{read_into, reader};
use super::{Lacks, Said, Server};
use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long it may take to answer: it may have to start, and gives up by itself before.
const PATIENCE: Duration = Duration::from_secs(25);

/// The program, as far as it was needed yet.
#[derive(Default)]
pub struct Companion(Mutex<Option<Running>>);

struct Running {
    /// How it was started: for other arguments, it is started anew.
    arguments: Vec<String>,
    process: Child,
    stdin: ChildStdin,
    answers: Receiver<String>,
    /// What it says between answers goes to the server of the row.
    said: Arc<Mutex<Said>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Companion {
    /// Has it serve for a row; it does so until it is told to serve for another.
    pub fn serve(&self, arguments: Vec<String>, case: &Case, material: &Material) -> Result<Server, Lacks> {
        let said = Said::default();
        let answer = self.ask(arguments, &format!("serve{}", words(case, material)), &said)?;
        let port = answer.strip_prefix("port ").and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| Lacks::Failed(format!("no port in {answer:?}")))?;
        Ok(Server { port, poke: None, request: None, said, process: None })
    }

    /// Has it connect for a row.
    pub fn connect(&self, arguments: Vec<String>, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        let asked = format!("connect{}\tport={port}", words(case, material));
        self.ask(arguments, &asked, &material.said).map(drop)
    }

    /// Its answer to this, if that is not that it failed.
    fn ask(&self, arguments: Vec<String>, line: &str, said: &Said) -> Result<String, Lacks> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match &mut *place {
            Some(running) if running.arguments == arguments => running,
            other => other.insert(Running::start(arguments)?),
        };
        *running.said.lock().unwrap_or_else(PoisonError::into_inner) = said.clone();
        let written = writeln!(running.stdin, "{line}").and_then(|()| running.stdin.flush());
        let answer = written.ok().and_then(|()| running.answers.recv_timeout(PATIENCE).ok());
        let Some(answer) = answer else {
            // What it may still answer would be taken for the answer to another row.
            *place = None;
            return Err(Lacks::Failed(format!("no answer came: {}", said.text().replace('\n', " | "))));
        };
        match answer.split_once(' ') {
            // It is told once a reason and row, and there are few.
            Some(("lacks", why)) => Err(Lacks::It(Box::leak(why.to_owned().into_boxed_str()))),
            Some(("failed", why)) => Err(Lacks::Failed(why.to_owned())),
            _ => Ok(answer),
        }
    }
}

impl Running {
    fn start(arguments: Vec<String>) -> Result<Self, Lacks> {
        let failed = |why: String| Lacks::Failed(format!("{}: {why}", arguments.join(" ")));
        let (program, rest) = arguments.split_first().ok_or_else(|| failed("no program".into()))?;
        let mut command = Command::new(program);
        command.args(rest).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(|e| failed(e.to_string()))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (process.stdin.take(), process.stdout.take(), process.stderr.take())
        else {
            return Err(failed("no pipes".into()));
        };
        let (answer, answers) = channel();
        let (to, lines) = channel();
        read_into(stdout, to);
        let said = Arc::new(Mutex::new(Said::default()));
        for (lines, all_is_said) in [(lines, false), (reader(stderr), true)] {
            let (said, answer) = (said.clone(), answer.clone());
            std::thread::spawn(move || {
                for line in lines {
                    match line.strip_prefix("said ") {
                        None if !all_is_said => drop(answer.send(line)),
                        told => said.lock().unwrap_or_else(PoisonError::into_inner).add(told.unwrap_or(&line)),
                    }
                }
            });
        }
        Ok(Self { arguments, process, stdin, answers, said })
    }
}

/// A row and what it needs, in the words of the programs.
fn words(case: &Case, material: &Material) -> String {
    let (cert, private) = material.server(case.key);
    let (client_cert, client_key) = material.client();
    let mut words = vec![
        ("version", case.version.to_owned()),
        ("suite", case.suite.to_owned()),
        ("suites", case.suites().join(",")),
        ("name", case.server_name().to_owned()),
        ("group", case.group.to_owned()),
        ("key", case.key.name().to_owned()),
        ("feature", format!("{:?}", case.feature)),
        ("cert", cert),
        ("private", private),
        ("chain", material.server_with_ca(case.key).0),
        ("ca", material.ca()),
        ("client_cert", client_cert),
        ("client_key", client_key),
        ("ocsp", material.ocsp(case.key)),
        ("export", case.exporter().0.to_owned()),
        ("export_length", EXPORT.1.to_string()),
        ("psk_identity", PSK.0.to_owned()),
        ("psk_key", PSK.1.to_owned()),
        ("tickets", TICKETS.to_string()),
        ("record_size", RECORD_SIZE.to_owned()),
    ];
    let (other_cert, other_key) = material.other_client();
    words.extend([("other_client_cert", other_cert), ("other_client_key", other_key)]);
    if let Some((cert, private)) = material.besides(case) {
        words.extend([("besides_cert", cert), ("besides_private", private)]);
    }
    if case.retries() {
        words.push(("retries", String::from("yes")));
    }
    words.iter().map(|(name, value)| format!("\t{name}={value}")).collect()
}

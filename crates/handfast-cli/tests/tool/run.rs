//! Running the tool.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of its own for each test, that goes with it.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("handfast-tool-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        // Where the system links its temporary folder, names are compared without the link.
        Self(path.canonicalize().expect("the folder's name"))
    }
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).expect("a file");
        self.text(name)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The mode of a file or folder, for its owner, group and others.
#[cfg(unix)]
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Done {
    /// It ended with this code, and said all of this on stderr.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32, said: &[&str]) {
        assert_eq!(self.code, code, "{}\n{}", self.stderr, self.text());
        for part in said {
            assert!(self.stderr.contains(part), "{part:?} is not said in:\n{}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
    /// The events of `--json`.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        self.text().lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
    }
    /// The first event of a kind.
    #[track_caller]
    pub(crate) fn event(&self, kind: &str) -> Value {
        let found = self.events().into_iter().find(|e| e["event"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in:\n{}\n{}", self.text(), self.stderr))
    }
}

fn command(home: &Dir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handfast"));
    command.args(args).env("HANDFAST_HOME", home.path("home")).env("NO_COLOR", "1").env_remove("SSLKEYLOGFILE");
    // A resolver that cannot be reached is given up at once.
    command.env("RES_OPTIONS", "timeout:1 attempts:1");
    command
}

/// Runs to the end, with this on stdin.
#[track_caller]
pub(crate) fn run(home: &Dir, args: &[&str], stdin: impl AsRef<[u8]>) -> Done {
    run_command(command(home, args), stdin.as_ref().to_vec())
}

/// The same with variables of the environment, and an empty stdin.
#[track_caller]
pub(crate) fn run_with(home: &Dir, variables: &[(&str, &str)], args: &[&str]) -> Done {
    let mut command = command(home, args);
    command.envs(variables.iter().copied());
    run_command(command, Vec::new())
}

/// Runs to the end with an empty stdin, and stdout in this file, which is there.
#[track_caller]
pub(crate) fn run_into(home: &Dir, stdout: &str, args: &[&str]) -> Done {
    let file = std::fs::OpenOptions::new().write(true).open(stdout).expect("the file");
    let child = command(home, args).stdin(Stdio::null()).stdout(file).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the tool starts");
    let stderr = all(child.stderr.take().expect("stderr"));
    let code = wait(&mut child);
    let stderr = stderr.join().expect("a reader");
    Done { code, stdout: Vec::new(), stderr: String::from_utf8_lossy(&stderr).into_owned() }
}

fn run_command(mut command: Command, stdin: Vec<u8>) -> Done {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the tool starts");
    let mut pipe = child.stdin.take().expect("stdin");
    // In threads: a tool that stops reading must not stop the test.
    thread::spawn(move || drop(pipe.write_all(&stdin)));
    let stdout = all(child.stdout.take().expect("stdout"));
    let stderr = all(child.stderr.take().expect("stderr"));
    let code = wait(&mut child);
    let join = |t: JoinHandle<Vec<u8>>| t.join().expect("a reader");
    Done { code, stdout: join(stdout), stderr: String::from_utf8_lossy(&join(stderr)).into_owned() }
}

fn all(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut out = Vec::new();
        let _ = pipe.read_to_end(&mut out);
        out
    })
}

/// The exit code; a tool that hangs is ended, and that is a failure.
#[track_caller]
fn wait(child: &mut Child) -> i32 {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().expect("status") {
            return status.code().expect("an exit code");
        }
        thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    panic!("the tool did not end");
}

/// The tool while it runs.
pub(crate) struct Running {
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<BufReader<std::process::ChildStdout>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

impl Running {
    pub(crate) fn start(home: &Dir, args: &[&str]) -> Self {
        let mut command = command(home, args);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the tool starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(BufReader::new);
        let stderr = Some(all(child.stderr.take().expect("stderr")));
        Self { child, stdin, stdout, stderr }
    }
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().expect("stdout").read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        // The shell's own, which is there where no package brings the program.
        let kill = format!("kill -s {name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
    }
    /// Ends it by this signal: the exit code, and stderr.
    #[cfg(unix)]
    #[track_caller]
    pub(crate) fn end_after(self, signal: &str) -> (i32, String) {
        self.signal(signal);
        self.end()
    }
    /// Waits for its end: the exit code, and stderr.
    #[track_caller]
    pub(crate) fn end(mut self) -> (i32, String) {
        drop(self.stdin.take());
        let code = wait(&mut self.child);
        let stderr = self.stderr.take().map(|t| t.join().expect("a reader")).unwrap_or_default();
        (code, String::from_utf8_lossy(&stderr).into_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `serve` on a free port of 127.0.0.1.
pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) port: u16,
}

impl Server {
    #[track_caller]
    pub(crate) fn start(home: &Dir, args: &[&str]) -> Self {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(args);
        let mut running = Running::start(home, &all);
        let line = running.line();
        let port = line.strip_prefix("listening https://127.0.0.1:").and_then(|p| p.parse().ok());
        let Some(port) = port else { panic!("not ready: {line:?}, {}", running.end().1) };
        Self { running, port }
    }
    /// `HOST:PORT`
    pub(crate) fn at(&self, host: &str) -> String {
        format!("{host}:{}", self.port)
    }
}

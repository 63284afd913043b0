//! Reading certificates anew, when a file changes and on SIGHUP, while connections go on.
//!
//! Files are looked at each second, by where their names lead, rather than watched by the system's means: so it does not matter
//! whether a file is written over, replaced by another, or reached by symbolic links of which any is turned (as certbot and Kubernetes
//! do), nor what it is stored on: a network's or a container's folders tell nobody of changes. Looking is a system call a file.

use super::material::{self, Material};
use crate::args::Serve;
use crate::events::{Cause, Event, Teller};
use crate::exit::Failure;
use handfast::config::ReplaceableConfig;
use std::fs::Metadata;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How often files are looked at, and for how long they must have stood still before they are read.
const PERIOD: Duration = Duration::from_secs(1);

/// What can read it all anew.
pub(super) struct Reloader {
    pub(super) args: Arc<Serve>,
    pub(super) config: Arc<ReplaceableConfig>,
    pub(super) teller: Teller,
    /// What is in use.
    pub(super) material: Arc<Material>,
    pub(super) files: Files,
}

impl Reloader {
    /// Reloads whenever it is time to. It ends when the terminal that the server was started from is gone.
    pub(super) async fn run(mut self, mut hangups: Hangups) {
        loop {
            let cause = tokio::select! {
                signalled = hangups.next() => match signalled {
                    Hangup::Reload => Cause::Signal,
                    Hangup::End => return,
                },
                () = self.files.changed() => Cause::Change,
            };
            if cause == Cause::Signal {
                // What is read now need not be read again because it has changed.
                self.files.look().await;
            }
            match self.reload().await {
                Ok(sessions_kept) => {
                    let certificates = self.material.certificates();
                    self.teller.tell(None, &Event::Reloaded { cause, certificates, sessions_kept });
                }
                Err(failure) => self.teller.tell(None, &Event::ReloadFailed { cause, failure: &failure }),
            }
        }
    }

    /// Reads all, and if all is good begins to use it: whether sessions can still be resumed. Else what is in use stays.
    async fn reload(&mut self) -> Result<bool, Failure> {
        let old = self.config.current();
        let (args, policy) = (self.args.clone(), old.policy.clone());
        let read = spawn_blocking(move || Material::read(&args, &policy)).await;
        let material = read.map_err(|e| Failure::io(format!("a task failed: {e}.")))??;
        let mut config = (*old).clone();
        material.serve_by(&mut config);
        // A session that is resumed is not judged again.
        let sessions_kept = material.judges_as(&self.material);
        if !sessions_kept {
            material::forget_sessions(&mut config);
        }
        self.config.replace(Arc::new(config));
        self.material = Arc::new(material);
        Ok(sessions_kept)
    }
}

/// Files that may change.
pub(super) struct Files {
    names: Arc<[PathBuf]>,
    /// As they were when they were last read.
    read: Vec<Option<Print>>,
}

impl Files {
    /// As they are now: before they are read, so that no change is missed.
    pub(super) fn of(names: Vec<PathBuf>) -> Self {
        Self { read: names.iter().map(|n| Print::of(n)).collect(), names: names.into() }
    }

    /// Waits until they are others than were read, and have stood still for a while: who writes one may not be done, or has yet to
    /// write the other that belongs to it.
    async fn changed(&mut self) {
        let mut before = self.read.clone();
        loop {
            sleep(PERIOD).await;
            let now = self.prints().await;
            if now != self.read && now == before {
                self.read = now;
                return;
            }
            before = now;
        }
    }

    /// Takes them as they are now for read.
    async fn look(&mut self) {
        self.read = self.prints().await;
    }

    /// On a thread that may wait: a network may be between.
    async fn prints(&self) -> Vec<Option<Print>> {
        let names = self.names.clone();
        let prints = spawn_blocking(move || names.iter().map(|n| Print::of(n)).collect()).await;
        prints.unwrap_or_else(|_| self.read.clone())
    }
}

/// By what a changed file is known. One that cannot be looked at has none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Print {
    length: u64,
    modified: Option<SystemTime>,
    /// Device, number, and when the file or what is known of it was last changed.
    which: Option<(u64, u64, i64, i64)>,
}

impl Print {
    fn of(name: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(name).ok()?;
        Some(Self { length: metadata.len(), modified: metadata.modified().ok(), which: which(&metadata) })
    }
}

#[cfg(unix)]
fn which(metadata: &Metadata) -> Option<(u64, u64, i64, i64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
}

#[cfg(not(unix))]
fn which(_: &Metadata) -> Option<(u64, u64, i64, i64)> {
    None
}

/// What SIGHUP means.
#[cfg_attr(not(unix), allow(dead_code, reason = "there is no such signal"))]
pub(super) enum Hangup {
    Reload,
    /// The terminal is closed that the server was started from, and whoever started it sees it no more.
    End,
}

/// SIGHUP.
pub(super) struct Hangups {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
    #[cfg(unix)]
    had_terminal: bool,
}

impl Hangups {
    /// Listens from here on, so that none is missed.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?,
            #[cfg(unix)]
            had_terminal: io::stderr().is_terminal(),
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) -> Hangup {
        if self.signal.recv().await.is_none() {
            std::future::pending().await
        }
        // One that was closed is none any more.
        if self.had_terminal && !io::stderr().is_terminal() { Hangup::End } else { Hangup::Reload }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> Hangup {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_changes_a_file_is_seen() {
        let folder = std::env::temp_dir().join(format!("handfast-reload-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (name, other) = (folder.join("a"), folder.join("b"));
        assert_eq!(Print::of(&name), None);
        std::fs::write(&name, "one").expect("a file");
        let first = Print::of(&name);
        assert!(first.is_some() && first == Print::of(&name));
        // Another of the same length and the same age in its place.
        std::fs::write(&other, "two").expect("a file");
        let age = std::fs::metadata(&name).and_then(|m| m.modified()).expect("its age");
        std::fs::File::options().append(true).open(&other).and_then(|f| f.set_modified(age)).expect("its age");
        std::fs::rename(&other, &name).expect("renamed");
        let second = Print::of(&name);
        #[cfg(unix)]
        assert_ne!(first, second);
        std::fs::write(&name, "three").expect("written over");
        assert_ne!(Print::of(&name), second);
        std::fs::remove_dir_all(&folder).expect("clean");
    }
}

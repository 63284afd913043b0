//! `--session`: sessions in a file that only its owner can read, bound to the host, and to how it was judged.
//!
//! The file is text: a first line that says what it is, `host` with the host in the clear, `bound` with a hash of all that a
//! session must not outlive, `group` with the group that the server chose last if it takes remembering, and a line for each session in
//! base64. A session of TLS 1.3 leaves the file when it is used.

use crate::exit::Failure;
use crate::home;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use handfast::Time;
use handfast::crypto::{HashAlgorithm, aws_lc};
use handfast::session::{ClientSession, ClientSessionKind, ClientStore, Remembered, SessionKey};
use handfast::wait::Reply;
use handfast::wire::numbers::NamedGroup;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const HEAD: &str = "handfast session 1";
/// What a line begins with that names the group which the server chose last.
const GROUP: &str = "group ";
/// How many tickets are kept.
const MOST: usize = 8;

/// A store of one host's sessions.
#[derive(Debug)]
pub(crate) struct SessionFile {
    path: PathBuf,
    host: String,
    bound: String,
    /// The newest last.
    sessions: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    sessions: Vec<ClientSession>,
    /// The group that the server chose last.
    group: Option<NamedGroup>,
    /// What went wrong when they were written.
    error: Option<io::Error>,
}

impl SessionFile {
    /// The sessions in this file, of this host and judged as the other parts say. Those of others are not used, and replaced.
    ///
    /// # Errors
    /// A file that is there and cannot be read, or is none of ours.
    pub(crate) fn open(path: &Path, host: &str, parts: &[&[u8]]) -> Result<Self, Failure> {
        let text = read(path).map_err(|e| Failure::file("use", path, e))?;
        let bound = binding(host, parts);
        let kept = match text.is_empty() {
            true => Kept::default(),
            false => parse(&text, &bound).ok_or_else(|| Failure::file("use", path, "it is not a session file"))?,
        };
        let sessions = Mutex::new(kept);
        Ok(Self { path: path.into(), host: host.into(), bound, sessions })
    }

    /// What went wrong when sessions were written.
    pub(crate) fn error(&self) -> Option<Failure> {
        let mut kept = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        kept.error.take().map(|e| Failure::file("write", &self.path, e))
    }

    /// Changes what is kept, then writes it if it changed.
    fn change<T>(&self, f: impl FnOnce(&mut Kept) -> (bool, T)) -> T {
        let mut kept = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let (changed, out) = f(&mut kept);
        if changed && let Err(e) = home::replace_private(&self.path, self.text(&kept).as_bytes()) {
            kept.error = Some(e);
        }
        out
    }

    fn text(&self, kept: &Kept) -> String {
        let mut out = format!("{HEAD}\nhost {}\nbound {}\n", self.host, self.bound);
        if let Some(group) = kept.group {
            let _ = writeln!(out, "{GROUP}{group}");
        }
        for session in &kept.sessions {
            let _ = writeln!(out, "{}", BASE64_STANDARD.encode(session.to_bytes().bytes()));
        }
        out
    }
}

/// The file is one host's, so the engine's key does not matter.
impl ClientStore for SessionFile {
    fn take(&self, _: &SessionKey, now: Time) -> Reply<Remembered> {
        Reply::Now(self.change(|Kept { sessions, group, .. }| {
            let before = sessions.len();
            sessions.retain(|s| !s.expired(now));
            let newest = match sessions.last() {
                Some(s) if is_classic(s) => Some(s.clone()),
                _ => sessions.pop(),
            };
            (sessions.len() != before, Remembered { session: newest.map(Box::new), group: *group })
        }))
    }

    fn put(&self, _: &SessionKey, session: ClientSession) {
        self.change(|Kept { sessions, .. }| {
            if is_classic(&session) {
                sessions.retain(|s| !is_classic(s));
            }
            sessions.push(session);
            let over = sessions.len().saturating_sub(MOST);
            sessions.drain(..over);
            (true, ())
        });
    }

    fn remember_group(&self, _: &SessionKey, group: NamedGroup) {
        self.change(|kept| {
            kept.group = Some(group);
            (true, ())
        });
    }

    fn forget(&self, _: &SessionKey) {
        self.change(|kept| {
            let group = kept.group.take();
            (group.is_some() | !std::mem::take(&mut kept.sessions).is_empty(), ())
        });
    }
}

fn is_classic(session: &ClientSession) -> bool {
    matches!(session.kind, ClientSessionKind::Classic(_))
}

/// The file's text, empty if there is none. What is no file is not touched: it would be replaced by one.
fn read(path: &Path) -> io::Result<String> {
    /// Many times more than [`MOST`] sessions need, each with a chain.
    const LARGEST: u64 = 16 << 20;
    match std::fs::metadata(path) {
        Ok(m) if m.is_file() && m.len() <= LARGEST => std::fs::read_to_string(path),
        Ok(m) if m.is_file() => Err(io::ErrorKind::FileTooLarge.into()),
        Ok(_) => Err(io::Error::other("it is not a regular file")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(e),
    }
}

/// What is kept in a file: nothing if it is bound otherwise; `None` if it is not such a file.
fn parse(text: &str, bound: &str) -> Option<Kept> {
    let mut lines = text.lines().peekable();
    if lines.next() != Some(HEAD) {
        return None;
    }
    lines.next()?.strip_prefix("host ")?;
    if lines.next()?.strip_prefix("bound ")? != bound {
        return Some(Kept::default());
    }
    let group = lines.next_if(|l| l.starts_with(GROUP)).and_then(|l| NamedGroup::from_name(l.strip_prefix(GROUP)?));
    let session = |l: &str| ClientSession::from_bytes(&BASE64_STANDARD.decode(l).ok()?);
    let sessions = lines.take(MOST).map(session).collect::<Option<_>>()?;
    Some(Kept { sessions, group, error: None })
}

/// A hash of the parts, each with its length.
fn binding(host: &str, parts: &[&[u8]]) -> String {
    let mut hash = aws_lc::provider().hash(HashAlgorithm::Sha256);
    for part in [host.as_bytes()].iter().chain(parts) {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    BASE64_STANDARD.encode(&*hash.current())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_tells_parts_apart() {
        assert_ne!(binding("a", &[b"b", b""]), binding("a", &[b"", b"b"]));
        assert_ne!(binding("ab", &[]), binding("a", &[b"b"]));
        assert_eq!(binding("a", &[b"b"]), binding("a", &[b"b"]));
    }

    #[test]
    fn files_of_others_are_refused_and_hosts_of_others_not_used() {
        assert!(parse("whatever\n", "x").is_none());
        assert!(parse(HEAD, "x").is_none());
        assert!(parse(&format!("{HEAD}\nhost a\nbound x\nnot a session\n"), "x").is_none());
        assert_eq!(parse(&format!("{HEAD}\nhost a\nbound y\nwhatever\n"), "x").map(|k| k.sessions.len()), Some(0));
        assert_eq!(parse(&format!("{HEAD}\nhost a\nbound x\n"), "x").map(|k| k.sessions.len()), Some(0));
        let kept = parse(&format!("{HEAD}\nhost a\nbound x\ngroup secp384r1\n"), "x").expect("a group");
        assert_eq!((kept.group, kept.sessions.len()), (Some(NamedGroup::SECP384R1), 0));
        let kept = parse(&format!("{HEAD}\nhost a\nbound x\ngroup of another build\n"), "x").expect("no group");
        assert_eq!(kept.group, None);
    }
}

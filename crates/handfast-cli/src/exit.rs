//! How the tool ends: exit codes, and failures in words.

use handfast::ErrorKind;
use handfast::error::{Blame, Error, Explanation};
use handfast::verify::CertificateError;
use std::fmt::Display;
use std::path::Path;

/// The exit codes. [`HELP`] says them to the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    Done = 0,
    Io = 1,
    Usage = 2,
    NoName = 3,
    NoConnection = 4,
    Handshake = 5,
    Untrusted = 6,
    WrongName = 7,
    Expired = 8,
    Revoked = 9,
    TimeOut = 10,
}

/// The table of `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
   0  done
   1  a file, or input or output, failed; or the connection was cut after the handshake
   2  usage
   3  the name was not found
   4  no TCP connection
   5  the handshake failed, or the peer ended TLS with an alert
   6  the certificate is not trusted
   7  the certificate is for another name
   8  the certificate has expired, or is not yet valid
   9  the certificate is revoked
  10  time-out";

/// Why the tool ends with another code than 0.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) explanation: Explanation,
    /// Why the peer's certificate is refused, if it is that.
    pub(crate) refusal: Option<Box<CertificateError>>,
}

impl Failure {
    fn new(code: Code, blame: Blame, why: String, remedy: String) -> Self {
        let explanation = Explanation { blame, during: "", alert: None, why, rule: "", remedy };
        Self { code, explanation, refusal: None }
    }

    /// The command line asks for what cannot be.
    pub(crate) fn usage(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Code::Usage, Blame::Us, why.into(), remedy.into())
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(what: &str, path: &Path, error: impl Display) -> Self {
        Self::new(Code::Io, Blame::Us, format!("cannot {what} {}: {error}.", path.display()), String::new())
    }

    /// Any other trouble of this side.
    pub(crate) fn io(why: impl Into<String>) -> Self {
        Self::new(Code::Io, Blame::Us, why.into(), String::new())
    }

    /// Trouble on the way to the peer.
    pub(crate) fn network(code: Code, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(code, Blame::Network, why.into(), remedy.into())
    }

    /// The same, at this message.
    pub(crate) fn during(mut self, message: &'static str) -> Self {
        if self.explanation.during.is_empty() {
            self.explanation.during = message;
        }
        self
    }

    /// The code that a TLS error ends with.
    pub(crate) fn tls(error: &Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Certificate(refusal) => match refusal {
                CertificateError::WrongName { .. } => Code::WrongName,
                CertificateError::Expired { .. } | CertificateError::NotYetValid { .. } => Code::Expired,
                CertificateError::Revoked { .. } => Code::Revoked,
                _ => Code::Untrusted,
            },
            ErrorKind::Truncated { established: true } => Code::Io,
            ErrorKind::Config(_) => Code::Usage,
            _ => Code::Handshake,
        };
        let refusal = match error.kind() {
            ErrorKind::Certificate(refusal) => Some(Box::new(refusal.clone())),
            _ => None,
        };
        Self { code, explanation: error.explain(), refusal }
    }
}

/// Who is to blame, in a word.
pub(crate) fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Peer => "peer",
        Blame::Us => "us",
        Blame::Neither => "neither",
        Blame::Network => "network",
    }
}

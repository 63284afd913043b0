//! An error in words.

use super::{Blame, Error, ErrorKind};
use crate::alert::AlertDescription;

/// What someone needs to know at three in the morning.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Who is to blame.
    pub blame: Blame,
    /// The message that it happened at, by its RFC name; empty if none.
    pub during: &'static str,
    /// The alert that was sent or, from a [`ErrorKind::PeerAlert`], received.
    pub alert: Option<AlertDescription>,
    /// What happened, a sentence.
    pub why: String,
    /// The rule that was broken: a section of an RFC; empty if none.
    pub rule: &'static str,
    /// What to do; empty if nothing can be said.
    pub remedy: String,
}

impl Error {
    /// The error in words.
    pub fn explain(&self) -> Explanation {
        let alert = match self.kind() {
            ErrorKind::PeerAlert(a) => Some(*a),
            kind => kind.alert(),
        };
        Explanation {
            blame: Blame::Peer,
            during: self.moment().map_or("", |d| d.message),
            alert,
            why: format!("{:?}", self.kind()),
            rule: "",
            remedy: String::new(),
        }
    }
}

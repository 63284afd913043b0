//! `handfast demo --compare`: two handshakes side by side, message against message.

use crate::events::{Event, Protection, Translator};
use crate::words;
use handfast::message::Dialect;
use handfast::trace::{Direction, Observer, Trace};
use handfast::{Negotiated, Policy};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// What went one way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    direction: Direction,
    name: String,
    bytes: usize,
    protection: Protection,
}

impl Step {
    /// Whether two steps are the same of two handshakes.
    fn matches(&self, other: &Self) -> bool {
        self.direction == other.direction && self.name == other.name
    }

    fn shown(&self) -> String {
        let arrow = if self.direction == Direction::Sent { '→' } else { '←' };
        let lock = match self.protection {
            Protection::Clear => "",
            Protection::Integrity => "  guarded",
            Protection::Encrypted => "  encrypted",
        };
        format!("{arrow} {:<20} {:>10}{lock}", self.name, words::size(self.bytes))
    }
}

/// One handshake, as the client saw it.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Vec<Step>>>);

impl Seen {
    pub(super) fn observer(&self) -> impl Observer + use<> {
        let (seen, mut translator) = (self.clone(), Translator::default());
        move |trace: &Trace<'_>| {
            match translator.event(trace) {
                // TLS 1.3's changes nothing, and says nothing: it is there for old middleboxes.
                Some(Event::Message { name: "ChangeCipherSpec", dialect: Dialect::Tls13, .. }) | None => {}
                Some(Event::Message { direction, name, raw, protection, .. }) => {
                    seen.add(direction, name, raw.len(), protection);
                }
                Some(_) => {}
            }
        }
    }

    pub(super) fn data(&self, direction: Direction, bytes: &[u8]) {
        // As the Finished did that was said before it, or what came behind that.
        let protection =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).last().map_or(Protection::Clear, |s| s.protection);
        self.add(direction, DATA, bytes.len(), protection);
    }

    fn add(&self, direction: Direction, name: &str, bytes: usize, protection: Protection) {
        let step = Step { direction, name: name.to_owned(), bytes, protection };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    fn steps(&self) -> Vec<Step> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

const DATA: &str = "data";

/// How many columns each handshake takes.
const COLUMN: usize = 48;

/// Both handshakes in columns, and what of it counts.
pub(super) fn table(left: &(Policy, Seen, Negotiated), right: &(Policy, Seen, Negotiated)) -> String {
    let (one, other) = (left.1.steps(), right.1.steps());
    let mut out = String::new();
    let mut row = |left: &str, right: &str| {
        let fill = COLUMN.saturating_sub(left.chars().count());
        let _ = writeln!(out, "{}", format!("{left}{:fill$} │ {right}", "").trim_end());
    };
    row(&left.0.max_version.to_string(), &right.0.max_version.to_string());
    row(&title(&left.2), &title(&right.2));
    row(&"─".repeat(COLUMN), &"─".repeat(COLUMN));
    for (one, other) in aligned(&one, &other) {
        let shown = |step: Option<&Step>| step.map(Step::shown).unwrap_or_default();
        row(&shown(one), &shown(other));
    }
    row(&"─".repeat(COLUMN), &"─".repeat(COLUMN));
    for (one, other) in summary(&one, &left.2).iter().zip(&summary(&other, &right.2)) {
        row(one, other);
    }
    out
}

/// How the key came about, and how records are protected.
fn title(n: &Negotiated) -> String {
    let protection = n.suite.map_or_else(|| "?".into(), words::protection);
    format!("{}, {protection}", words::agreement(n.suite, n.group, n.resumed))
}

/// What of a handshake counts.
fn summary(steps: &[Step], n: &Negotiated) -> [String; 4] {
    let handshake = || steps.iter().take_while(|s| s.name != DATA);
    let clear = handshake().filter(|s| s.protection != Protection::Encrypted && s.name == "Certificate").count();
    let forward = n.suite.and_then(handfast::crypto::Suite::find).is_some_and(|s| s.key_exchange.is_forward_secret());
    [
        format!("{} messages, {} before data", handshake().count(), words::size(handshake().map(|s| s.bytes).sum())),
        match waits(steps) {
            1 => "the client waits once for the server".into(),
            n => format!("the client waits {n} times for the server"),
        },
        match clear {
            0 => "nobody between sees a certificate".into(),
            _ => "everybody between sees the certificates".into(),
        },
        match (n.suite.is_some_and(words::encrypts), forward) {
            (false, _) => "whoever listens can read it all".into(),
            (true, true) => "what is recorded stays unread if a key leaks".into(),
            (true, false) => "whoever gets the server's key can read it all".into(),
        },
    ]
}

/// How often the client has to hear of the server before it says its first data: round trips.
fn waits(steps: &[Step]) -> usize {
    let before = steps.iter().take_while(|s| s.name != DATA || s.direction == Direction::Received);
    let directions: Vec<Direction> = before.map(|s| s.direction).collect();
    directions.windows(2).filter(|pair| *pair == [Direction::Sent, Direction::Received]).count()
}

/// The steps of both, those that match beside each other: as many as can be (a longest common subsequence).
fn aligned<'s>(one: &'s [Step], other: &'s [Step]) -> Vec<(Option<&'s Step>, Option<&'s Step>)> {
    // The most matches from here on.
    let mut most = vec![vec![0; other.len() + 1]; one.len() + 1];
    for (i, a) in one.iter().enumerate().rev() {
        for (j, b) in other.iter().enumerate().rev() {
            most[i][j] = match a.matches(b) {
                true => most[i + 1][j + 1] + 1,
                false => most[i + 1][j].max(most[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < one.len() || j < other.len() {
        match (one.get(i), other.get(j)) {
            (Some(a), Some(b)) if a.matches(b) => {
                out.push((Some(a), Some(b)));
                (i, j) = (i + 1, j + 1);
            }
            (Some(a), b) if b.is_none() || most[i + 1][j] >= most[i][j + 1] => {
                out.push((Some(a), None));
                i += 1;
            }
            (_, b) => {
                out.push((None, b));
                j += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(direction: Direction, name: &str) -> Step {
        Step { direction, name: name.into(), bytes: 1, protection: Protection::Clear }
    }

    #[test]
    fn what_is_alike_stands_side_by_side() {
        use Direction::{Received as R, Sent as S};
        let one = [step(S, "ClientHello"), step(R, "ServerHello"), step(R, "Certificate"), step(S, "Finished")];
        let other =
            [step(S, "ClientHello"), step(R, "EncryptedExtensions"), step(R, "Certificate"), step(R, "Finished")];
        let names: Vec<_> = aligned(&one, &other)
            .into_iter()
            .map(|(a, b)| (a.map_or("", |s| &s.name), b.map_or("", |s| &s.name)))
            .collect();
        assert_eq!(
            names,
            [
                ("ClientHello", "ClientHello"),
                ("ServerHello", ""),
                ("", "EncryptedExtensions"),
                ("Certificate", "Certificate"),
                ("Finished", ""),
                ("", "Finished"),
            ]
        );
    }

    #[test]
    fn round_trips_are_counted_up_to_the_first_data() {
        use Direction::{Received as R, Sent as S};
        let classic = [S, R, R, S, S, R].map(|d| step(d, "message"));
        assert_eq!(waits(&[&classic[..], &[step(S, DATA), step(R, DATA)]].concat()), 2);
        let new = [S, R, R, S].map(|d| step(d, "message"));
        assert_eq!(waits(&[&new[..], &[step(S, DATA), step(R, DATA)]].concat()), 1);
        assert_eq!(waits(&[]), 0);
    }
}

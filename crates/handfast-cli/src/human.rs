//! What happens, for a person, on stderr.

use crate::bytes::Paper;
use crate::events::{Connection, Event};
use crate::exit::Failure;
use crate::negotiated;
use crate::words::{self, capital, harmless, sentence};
use handfast::Negotiated;
use handfast::error::Blame;
use handfast::trace::Direction;
use std::io::Write;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Every message of a handshake: `connect`.
    Messages,
    /// The same, with fields and bytes, and records: `connect --bytes`.
    Bytes(Paper),
    /// A line for each connection: `serve`.
    Connections,
}

/// The view on stderr. Nobody reading it is no reason to stop.
pub(crate) struct View {
    detail: Detail,
    color: bool,
}

/// Sequences that a terminal understands.
const CYAN: &str = "\x1b[36m";
const AMBER: &str = "\x1b[33m";
const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

impl View {
    /// In colour if stderr is a terminal that has some, and nobody asks for none.
    pub(crate) fn new(detail: Detail) -> Self {
        let choice = anstream::AutoStream::choice(&std::io::stderr());
        Self { detail, color: choice != anstream::ColorChoice::Never }
    }

    /// Whether records are of interest.
    pub(crate) fn shows_records(&self) -> bool {
        matches!(self.detail, Detail::Bytes(_))
    }

    /// Shows what happened.
    pub(crate) fn show(&mut self, connection: Option<Connection>, event: &Event<'_>) {
        let text = match (event, self.detail) {
            (Event::Failed { failure }, _) if connection.is_none() => {
                Some(self.paint(RED, "handfast: ") + &told(failure))
            }
            (Event::ReloadFailed { failure, .. }, _) => {
                let stays = "What was read before stays in use.";
                Some(self.paint(RED, "reload failed: ") + &format!("{} {stays}", sentences(failure)))
            }
            (_, Detail::Messages) => self.message(event),
            (_, Detail::Bytes(paper)) => {
                let text = paper.event(event).or_else(|| Some(paper.fitted(&self.message(event)?)));
                text.map(|t| t.trim_end_matches('\n').to_owned())
            }
            (_, Detail::Connections) => connection_line(event),
        };
        let Some(mut text) = text else { return };
        if let Some(Connection { number, peer }) = connection {
            text = format!("#{number} {peer}  {text}");
        }
        text.push('\n');
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    fn message(&self, event: &Event<'_>) -> Option<String> {
        Some(match *event {
            Event::Message { direction, name, raw, dialect, .. } => {
                let (arrow, color) = way(direction);
                let facts = self.paint(DIM, &words::facts(name, raw, dialect));
                let (name, size) = (self.paint(color, &format!("{arrow} {name:<20}")), words::size(raw.len()));
                format!("  {name} {size:>12}  {facts}")
            }
            Event::Alert { direction, alert, .. } => {
                let (arrow, color) = way(direction);
                format!("  {} {:>12}  {alert}", self.paint(color, &format!("{arrow} {:<20}", "alert")), words::size(2))
            }
            Event::Keys { direction, secret, suite } => {
                self.paint(DIM, &format!("    {}", words::keys(words::way(direction), secret, suite)))
            }
            Event::Resumption { by, verdict } => self.paint(DIM, &format!("    the {by} {verdict}")),
            Event::Verified { how } => self.paint(GREEN, &format!("    verified: {}", harmless(how))),
            Event::Connected { negotiated: n } | Event::Renegotiated { negotiated: n } => {
                let again = matches!(event, Event::Renegotiated { .. });
                let mut out = format!("{}{}", if again { "renegotiated: " } else { "" }, negotiated::summary(n));
                for (what, words) in negotiated::beyond(n) {
                    out += &self.paint(DIM, &format!("\n    {what}: {words}"));
                }
                out
            }
            Event::Exported { name, got, .. } => format!("    {}", exported(name, got)),
            Event::Remark { words } => format!("    {}", harmless(words)),
            Event::Fallback { from, to, failure } => {
                let why = capital(&sentence(&failure.explanation.why));
                let again = format!(
                    "Up to {from} it did not work. Trying again up to {to}, and saying so (TLS_FALLBACK_SCSV)."
                );
                self.paint(AMBER, &format!("    {why} {again}"))
            }
            Event::Closed { clean: true } => self.paint(DIM, "closed"),
            Event::Failed { .. }
            | Event::Closed { clean: false }
            | Event::Start { .. }
            | Event::Record { .. }
            | Event::Secret { .. }
            | Event::State { .. }
            | Event::Plain { .. }
            | Event::Refused { .. }
            | Event::NotShown { .. }
            | Event::ClientCertificate { .. }
            | Event::Listening { .. }
            | Event::Reloaded { .. }
            | Event::ReloadFailed { .. }
            | Event::Data { .. } => {
                return None;
            }
        })
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.color { format!("{color}{text}{PLAIN}") } else { text.to_owned() }
    }
}

fn connection_line(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Connected { negotiated: n } => {
            let beyond = negotiated::beyond(n).map(|(what, words)| format!("  {what}: {words}"));
            Some(negotiated::summary(n) + &beyond.collect::<String>())
        }
        Event::Exported { name, got, .. } => Some(exported(name, *got)),
        Event::Renegotiated { negotiated: n } => Some(format!("renegotiated: {}{}", negotiated::summary(n), shown(n))),
        Event::ClientCertificate { negotiated: n } => Some(format!("asked for a certificate{}", shown(n))),
        Event::Failed { failure } => Some(format!("failed: {}", sentences(failure))),
        Event::Reloaded { certificates, sessions_kept, .. } => {
            let own = certificates.iter().filter_map(|c| c.chain.first()).map(|c| words::subject(c));
            let sessions =
                if *sessions_kept { "" } else { "; clients are judged otherwise now, and no session is resumed" };
            Some(format!("reloaded: {}{sessions}", own.collect::<Vec<_>>().join("; ")))
        }
        _ => None,
    }
}

/// What the connection gives to another protocol; or why it does not.
fn exported(name: &str, got: Result<&[u8], &str>) -> String {
    let words = got.map_or_else(|why| format!("none: {why}"), words::hex);
    format!("{}: {}", harmless(name), sentence(&words))
}

/// Whom a client has shown itself to be.
fn shown(n: &Negotiated) -> String {
    match n.peer_chain.first() {
        Some(own) => format!("  client: {}", words::subject(own)),
        None if n.peer_raw_key.is_some() => "  client: known by its key".into(),
        None => "  client: has shown no certificate".into(),
    }
}

fn way(direction: Direction) -> (char, &'static str) {
    match direction {
        Direction::Sent => ('→', CYAN),
        Direction::Received => ('←', AMBER),
    }
}

/// What went wrong, by which rule, and what to do, in a line.
pub(crate) fn sentences(failure: &Failure) -> String {
    let e = &failure.explanation;
    let mut out = capital(&sentence(&e.why));
    if !e.rule.is_empty() {
        out += &format!(" ({})", e.rule);
    }
    if !e.remedy.is_empty() {
        out += &format!(" {}", sentence(&e.remedy));
    }
    out
}

/// The same in lines of its own, with whose doing it was, where that is a question.
pub(crate) fn told(failure: &Failure) -> String {
    let e = &failure.explanation;
    if e.rule.is_empty() && e.during.is_empty() {
        return sentences(failure);
    }
    let who = match e.blame {
        Blame::Peer => "the peer",
        Blame::Us => "this side",
        Blame::Neither => "neither side: both are within their rights",
        Blame::Network => "the network, or something on the way",
    };
    let mut out = capital(&sentence(&e.why));
    for (name, value) in [("who", who), ("rule", e.rule), ("remedy", &sentence(&e.remedy))] {
        if !value.is_empty() {
            out += &format!("\n  {name:<6}  {value}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use handfast::message::Dialect;

    #[test]
    fn a_message_is_a_line_with_arrow_name_and_size() {
        let view = View { detail: Detail::Messages, color: false };
        let raw = [14, 0, 0, 0];
        let form = handfast::message::ClassicForm {
            schemes: true,
            premaster_length: true,
            no_certificate_alert: false,
            key_exchange: handfast::crypto::KeyExchangeKind::Rsa,
            raw_public_key: false,
        };
        let (dialect, protection) = (Dialect::Classic(form), crate::events::Protection::Clear);
        let event =
            Event::Message { direction: Direction::Received, name: "ServerHelloDone", raw: &raw, dialect, protection };
        let wanted = "  ← ServerHelloDone           4 bytes  the server has said all for now";
        assert_eq!(view.message(&event).as_deref(), Some(wanted));
    }

    #[test]
    fn a_failure_is_sentences() {
        let failure = Failure::usage("there is no such thing.", "Take another.");
        assert_eq!(sentences(&failure), "There is no such thing. Take another.");
        assert_eq!(told(&failure), sentences(&failure));
    }

    #[test]
    fn a_failure_of_a_handshake_says_who_and_by_which_rule() {
        let mut failure = Failure::network(crate::exit::Code::Handshake, "it broke.", "Mend it.");
        failure.explanation.rule = "RFC 9846 4";
        let wanted =
            "It broke.\n  who     the network, or something on the way\n  rule    RFC 9846 4\n  remedy  Mend it.";
        assert_eq!(told(&failure), wanted);
        assert_eq!(sentences(&failure), "It broke. (RFC 9846 4) Mend it.");
    }

    #[test]
    fn long_lists_are_not_cut() {
        let list = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, ".repeat(40) + "the end.";
        assert!(sentences(&Failure::usage("no.", list)).ends_with("the end."));
    }
}

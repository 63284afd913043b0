//! The page: what was negotiated, and the messages of this very connection's handshake. Plain HTML, and nothing from elsewhere.

use crate::events::{Event, Translator};
use crate::{negotiated, words};
use handfast::Negotiated;
use handfast::crypto::{HashAlgorithm, aws_lc};
use handfast::trace::{Direction, Observer, Trace};
use std::fmt::{Display, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// The style sheet, which the page's policy names by its hash.
const STYLE: &str = include_str!("page.css");
/// How many lines of a handshake are kept: more than any has.
const MOST: usize = 64;

/// What a connection went through, as the page shows it.
#[derive(Clone, Default)]
pub(crate) struct Story(Arc<Mutex<Vec<Line>>>);

#[derive(Debug)]
enum Line {
    Message { direction: Direction, name: &'static str, size: usize, facts: String, protected: bool },
    Keys { direction: Direction, secret: &'static str },
}

impl Story {
    /// Whether nothing has happened yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// An observer that writes the story.
    pub(crate) fn observer(&self) -> impl Observer + use<> {
        let (lines, mut translator) = (self.0.clone(), Translator::default());
        move |trace: &Trace<'_>| {
            let line = match translator.event(trace) {
                Some(Event::Message { direction, name, raw, dialect, protected }) => {
                    let facts = words::facts(name, raw, dialect);
                    Line::Message { direction, name, size: raw.len(), facts, protected }
                }
                Some(Event::Keys { direction, secret }) => Line::Keys { direction, secret },
                _ => return,
            };
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() < MOST {
                lines.push(line);
            }
        }
    }
}

/// What the page may load: its own style, and nothing else.
pub(crate) fn content_security_policy() -> String {
    use base64::Engine as _;
    let mut hash = aws_lc::provider().hash(HashAlgorithm::Sha256);
    hash.update(STYLE.as_bytes());
    let hash = base64::prelude::BASE64_STANDARD.encode(&*hash.current());
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The page of a connection.
pub(crate) fn html(n: &Negotiated, story: &Story) -> String {
    let mut out = String::with_capacity(16 << 10);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Handfast: your connection</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <h1>You and this server just shook hands.</h1>\n\
         <p>This is your own connection, not a sample: every message that your browser and Handfast exchanged, in \
         order.</p>\n<dl class=\"facts\">\n"
    );
    for (what, value) in facts(n) {
        let _ = writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", words::capital(what), Escaped(&value));
    }
    out += "</dl>\n</header>\n<main>\n<p class=\"ends\"><span class=\"you\">Your browser</span> <span class=\"us\">Handfast</span></p>\n<ol>\n";
    for line in story.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let _ = write!(out, "{line}");
    }
    out += "</ol>\n</main>\n</body>\n</html>\n";
    out
}

/// What was agreed: words for a label, and a value.
fn facts(n: &Negotiated) -> Vec<(&'static str, String)> {
    let mut out = vec![
        ("Version", words::version(n.version)),
        ("Secret agreed by", words::agreement(n.suite, n.group, n.resumed)),
    ];
    out.extend(n.suite.map(|s| ("Protected with", words::protection(s))));
    out.push((
        "Server proved itself",
        match n.scheme {
            Some(scheme) => format!("with {}", words::scheme(scheme)),
            None if n.resumed => "in an earlier handshake".into(),
            None => "by decrypting".into(),
        },
    ));
    let protocol = n.alpn.as_deref().map(String::from_utf8_lossy);
    out.push(("Protocol", protocol.map_or_else(|| "none agreed".into(), |p| words::harmless(&p))));
    out.push(("Handshake", if n.resumed { "resumed" } else { "full" }.into()));
    out.extend(n.server_name.clone().map(|name| ("You asked for", words::harmless(&name))));
    out.extend(n.peer_chain.first().map(|c| ("You showed", words::subject(c))));
    out.extend(n.suite.map(|s| ("Cipher suite", s.to_string())));
    // The name and the chain stand above already.
    let others = negotiated::facts(n).into_iter().filter(|f| !["name", "peer_chain"].contains(&f.key));
    out.extend(others.filter_map(|f| f.told));
    out
}

impl Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Message { direction, name, size, facts, protected } => {
                let (class, way) = match direction {
                    Direction::Sent => ("sent", "Handfast to you"),
                    Direction::Received => ("received", "you to Handfast"),
                };
                let lock = if *protected { " <span class=\"lock\">encrypted</span>" } else { "" };
                writeln!(
                    f,
                    "<li class=\"message {class}\"><p class=\"head\"><b>{name}</b><span class=\"line\" role=\"img\" \
                     aria-label=\"{way}\"></span><span class=\"size\">{}{lock}</span></p><p class=\"words\">{}</p></li>",
                    words::size(*size),
                    Escaped(facts),
                )
            }
            Self::Keys { direction, secret } => {
                let who = match direction {
                    Direction::Sent => "Handfast says",
                    Direction::Received => "your browser says",
                };
                let secret = secret.replace('_', " ");
                writeln!(
                    f,
                    "<li class=\"keys\">From here on, what {who} is <b>encrypted</b>, with keys of the {secret}.</li>"
                )
            }
        }
    }
}

/// Text as HTML.
struct Escaped<'t>(&'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handfast::wire::CipherSuite;
    use handfast::wire::numbers::{NamedGroup, ProtocolVersion};

    #[test]
    fn the_page_says_what_was_negotiated_and_escapes_what_the_peer_says() {
        let mut n = Negotiated::default();
        n.version = Some(ProtocolVersion::TLS1_3);
        n.suite = Some(CipherSuite::TLS_AES_128_GCM_SHA256);
        n.group = Some(NamedGroup::X25519MLKEM768);
        n.alpn = Some(b"<script>".to_vec());
        let story = Story::default();
        let facts = "for <b>".into();
        let line =
            Line::Message { direction: Direction::Received, name: "ClientHello", size: 1, facts, protected: false };
        story.0.lock().expect("the story").push(line);
        let html = html(&n, &story);
        for wanted in ["TLS 1.3", "X25519 + ML-KEM-768", "AES-128-GCM", "&lt;script&gt;", "for &lt;b&gt;", "1 byte<"] {
            assert!(html.contains(wanted), "{wanted}");
        }
        assert!(!html.contains("<script") && !html.contains("http"), "nothing is run, nothing is fetched");
    }

    #[test]
    fn a_story_is_bounded() {
        let story = Story::default();
        let mut observer = story.observer();
        for _ in 0..1000 {
            observer.see(&Trace::ChangeCipherSpec { direction: Direction::Received });
        }
        assert_eq!(story.0.lock().expect("the story").len(), MOST);
    }
}

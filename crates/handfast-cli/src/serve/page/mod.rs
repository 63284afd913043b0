//! The page: a visitor's own connection, every byte explained. Plain HTML, made here; style and scripts are files of their own beside
//! it, and nothing comes from elsewhere. It says all without scripts, which add light, tabs and keys.

mod agreed;
mod assets;
mod classic;
mod course;
pub(super) mod failures;
mod hex;
mod keys;
mod message;
mod story;

pub(super) use assets::asset;
pub(super) use classic::Classic;
pub(super) use story::{Story, Told};

use crate::offers::{self, Who};
use crate::{negotiated, words};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use handfast::crypto::{KeyExchangeKind, Suite};
use handfast::trace::Direction;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{Negotiated, ServerConfig};
use maud::{DOCTYPE, Markup, html};
use message::{Ends, Skipped};

/// What the page may load, and do: files of this server, and nothing else.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; \
                                 form-action 'none'; frame-ancestors 'none'";

/// The two ends of the visitor's own connection.
const OWN: Ends = Ends { prefix: "m", server: "Handfast", client: "your browser" };

/// What a resumed handshake does without, in the order of one that is not.
fn skipped(n: &Negotiated) -> Skipped {
    use Direction::{Received, Sent};
    if n.version >= Some(ProtocolVersion::TLS1_3) {
        let proofs =
            if n.psk_identity.is_some() { vec![] } else { vec![("Certificate", Sent), ("CertificateVerify", Sent)] };
        return Skipped { behind: "EncryptedExtensions", messages: proofs };
    }
    let suite = n.suite.and_then(Suite::find);
    let exchange = |is: fn(KeyExchangeKind) -> bool| suite.is_none_or(|s| is(s.key_exchange));
    let mut messages = vec![];
    messages.extend(exchange(KeyExchangeKind::has_certificate).then_some(("Certificate", Sent)));
    messages.extend(exchange(|kind| kind != KeyExchangeKind::Rsa).then_some(("ServerKeyExchange", Sent)));
    messages.extend([("ServerHelloDone", Sent), ("ClientKeyExchange", Received)]);
    Skipped { behind: "ServerHello", messages }
}

/// What is shown.
pub(super) struct Page<'p> {
    pub(super) negotiated: &'p Negotiated,
    pub(super) story: &'p Story,
    pub(super) config: &'p ServerConfig,
    pub(super) classic: &'p Classic,
    /// Whether the visitor is on this machine.
    pub(super) is_local: bool,
}

impl Page<'_> {
    /// The page of a connection.
    pub(super) fn html(&self) -> String {
        let Self { negotiated: n, story, config, classic, is_local } = *self;
        // What happens meanwhile does not wait for the page.
        let told = story.told().clone();
        let steps = course::course(&told);
        let topics = offers::topics(Who::You, config, Some(n), &told.spoken());
        // The file is in the page: whoever asks for it later may do so over another connection.
        let data = file(&told.json(n, None, &topics));
        let skipped = n.resumed.then(|| skipped(n));
        let top = html! {
            (welcome(n))
            (listed(&facts(n)))
        };
        let others = html! {
            a.download href=(data) download="handfast-connection.json" { "Download as JSON" }
            a.again href="/again" { "Shake hands again" }
            @if is_local { a.failed href="/failures" { "Failures" } }
        };
        let part = |id, title, body| Part { id, title, body };
        let parts = [
            part("connection", "Your connection", stage(OWN, &message::steps(&steps, OWN, skipped.as_ref()))),
            part("negotiated", "What was agreed, and why", agreed::html(&topics, Who::You)),
            part("keys", "The keys", keys::html(&told.events, told.reveals, OWN)),
            part("classic", "Beside the classic thirteen", classic::html(classic, &steps, n, OWN.prefix)),
        ];
        shell(
            "Handfast: your connection",
            &top,
            &parts,
            &others,
            "Nobody but you sees this page: it is not kept, and it sets no cookie.",
        )
    }
}

/// A part of a page, which has a tab.
struct Part {
    id: &'static str,
    title: &'static str,
    body: Markup,
}

/// A page: what stands above its parts, these, and where else one may go.
fn shell(title: &str, top: &Markup, parts: &[Part], others: &Markup, who_sees_it: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body {
                header.top {
                    (top)
                    nav {
                        div.tabs aria-label="Parts of this page" {
                            @for Part { id, title, .. } in parts { a href={ "#" (id) } id={ "tab-" (id) } { (title) } }
                        }
                        span.actions { (others) }
                    }
                }
                main {
                    @for Part { id, title, body } in parts {
                        section id=(id) aria-labelledby={ "tab-" (id) } {
                            h2.title { (title) }
                            (body)
                        }
                    }
                }
                (foot(who_sees_it))
            }
        }
    };
    page.into_string() + "\n"
}

/// The two ends, and what went to and fro between them.
fn stage(ends: Ends, course: &Markup) -> Markup {
    html! {
        div.stage {
            p.end.client { (words::capital(ends.client)) }
            div.course { (course) }
            p.end.server { (words::capital(ends.server)) }
        }
    }
}

/// Facts, each with what it is.
fn listed(facts: &[(&str, String)]) -> Markup {
    html! { dl.facts { @for (what, value) in facts { div { dt { (words::capital(what)) } dd { (value) } } } } }
}

/// A file that is in the page itself.
fn file(json: &str) -> String {
    format!("data:application/json;base64,{}", BASE64_STANDARD.encode(json))
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) }
            link rel="icon" href="/icon.svg" type="image/svg+xml";
            link rel="stylesheet" href="/page.css";
            script type="module" src="/page.js" {}
        }
    }
}

fn welcome(n: &Negotiated) -> Markup {
    html! {
        @if n.resumed {
            h1 { "You and this server knew each other." }
            p.lead {
                "This is your own connection, not a sample. Both ends remembered an earlier handshake, so that much could be \
                 skipped. Open a message, and touch a field to see its bytes."
            }
        } @else {
            h1 { "You and this server just shook hands." }
            p.lead {
                "This is your own connection, not a sample: every message that your browser and Handfast exchanged a moment ago, in \
                 order. Open one, and touch a field to see its bytes."
            }
        }
    }
}

fn foot(who_sees_it: &str) -> Markup {
    html! {
        footer {
            p {
                "Made by " b { "Handfast" } ", SSL and TLS in memory-safe Rust, of the events that it tells of every connection. "
                (who_sees_it)
            }
        }
    }
}

/// What was agreed: words for a label, and a value.
fn facts(n: &Negotiated) -> Vec<(&'static str, String)> {
    let mut out = vec![
        ("Version", words::version(n.version)),
        ("Secret agreed by", words::agreement(n.suite, n.group, n.resumed)),
    ];
    out.extend(n.suite.map(|s| ("Protected with", words::protection(s))));
    out.extend(n.suite.map(|s| ("Cipher suite", s.to_string())));
    out.push((
        "Server proved itself",
        match n.scheme {
            Some(scheme) => format!("with {}", words::scheme(scheme)),
            None if n.psk_identity.is_some() => "by a key that both had".into(),
            None if n.resumed => "in an earlier handshake".into(),
            None => "by decrypting".into(),
        },
    ));
    let protocol = n.alpn.as_deref().map(String::from_utf8_lossy);
    out.push(("Protocol", protocol.map_or_else(|| "none agreed".into(), |p| words::harmless(&p))));
    let is_tls13 = n.version >= Some(ProtocolVersion::TLS1_3);
    let how = match n.resumed {
        true => "resumed",
        false if is_tls13 && n.psk_identity.is_some() => "by a pre-shared key, without certificates",
        false => "full",
    };
    out.push(("Handshake", how.into()));
    out.extend(n.server_name.clone().map(|name| ("You asked for", words::harmless(&name))));
    out.extend(n.peer_chain.first().map(|c| ("You showed", words::subject(c))));
    // The name and the chain stand above already.
    let others = negotiated::facts(n).into_iter().filter(|f| !["name", "peer_chain"].contains(&f.key));
    out.extend(others.filter_map(|f| f.told));
    out
}

//! The classic handshake beside the visitor's own, message against message. It is a real one, made when the server starts.

use super::course::{Kind, Message, Step, course};
use super::message::{self, Ends};
use super::story::{Story, Told};
use crate::demo;
use handfast::Negotiated;
use handfast::trace::Direction;
use handfast::wire::numbers::ProtocolVersion;
use maud::{Markup, html};

/// The two ends of the classic handshake.
const ENDS: Ends = Ends { prefix: "c", server: "the server", client: "the client" };
/// It has every one of the thirteen messages with this suite, and keys of its own for each connection.
const SUITE: &str = "TLS_DHE_RSA_WITH_AES_128_CBC_SHA";

/// A handshake of thirteen messages; or why there is none.
pub(in super::super) struct Classic(Result<Told, String>);

impl Classic {
    /// Shakes hands over a socket of this machine. Takes as long as making a key takes.
    pub(in super::super) fn new() -> Self {
        let story = Story::default();
        let made = demo::classic(SUITE, Box::new(story.observer()));
        Self(made.map(|()| story.end()).map_err(|failure| failure.explanation.why))
    }

    /// There is none.
    pub(in super::super) fn none() -> Self {
        Self(Err("it could not be made.".into()))
    }
}

/// A message of the visitor's own handshake.
struct Own {
    id: String,
    name: &'static str,
    from_client: bool,
}

/// What the visitor's own handshake was.
struct Yours {
    messages: Vec<Own>,
    is_tls13: bool,
    resumed: bool,
    /// Whether a HelloRetryRequest cost a round trip.
    retried: bool,
    /// Whether a key that both had proved the server.
    psk: bool,
    /// Whether ServerHello has a half of a key: in TLS 1.3 a pre-shared key may do without.
    shared: bool,
}

/// A message of the visitor's own, if there is one that stands for it, and words.
type Counterpart<'y> = (Option<&'y Own>, &'static str);

const YOU_WERE_NOT_ASKED: &str = "You were not asked who you are.";
const YOU_HAD_NONE: &str = "You were asked who you are, and had no certificate to show.";
const NOTHING_TO_PROVE: &str = "You had nothing to prove.";
const NO_HALVES: &str = "Not needed: all keys are made of the one that both had, and no fresh one was made.";
const SKIPPED: &str = "Skipped: you two knew each other.";
const BOTH_HAD_A_KEY: &str = "Not needed: a key that both had proves who they are.";

impl Yours {
    fn find(&self, name: &str, from_client: bool) -> Option<&Own> {
        self.messages.iter().find(|m| m.name == name && m.from_client == from_client)
    }

    /// What a message of the classic handshake is in the visitor's.
    fn counterpart(&self, name: &str, from_client: bool) -> Counterpart<'_> {
        match (self.is_tls13, self.find(name, from_client)) {
            (true, same) => self.in_tls13(name, from_client, same),
            (false, Some(same)) => (Some(same), "The same."),
            (false, None) => self.without(name, from_client),
        }
    }

    /// The same in TLS 1.3, where the same message may mean another thing.
    fn in_tls13<'y>(&'y self, name: &str, from_client: bool, same: Option<&'y Own>) -> Counterpart<'y> {
        let gone = |into, from_client, words| (self.find(into, from_client), words);
        match (name, from_client) {
            ("ClientHello", _) if !self.shared => (same, "The same, and it names a key that both have already."),
            ("ClientHello", _) if self.retried => (
                same,
                "The same. The half of a key in it was not of a group that the server wanted, so that another hello followed.",
            ),
            ("ClientHello", _) => {
                (same, "The same, but half of a key is in it already: a guess that saves a round trip.")
            }
            ("ServerHello", _) if !self.shared => (
                same,
                "The same, and it takes the key that both have already: no fresh one is made. All that follows is encrypted.",
            ),
            ("ServerHello", _) => (same, "The same, and the other half of the key. All that follows is encrypted."),
            ("Certificate", _) if same.is_some() => (same, "The same, but nobody between can read it."),
            ("Certificate", false) if self.find("CompressedCertificate", false).is_some() => {
                gone("CompressedCertificate", false, "The same, made smaller, and nobody between can read it.")
            }
            ("ServerKeyExchange" | "ClientKeyExchange", _) if !self.shared => (None, NO_HALVES),
            ("ServerKeyExchange", _) if self.psk || self.resumed => gone(
                "ServerHello",
                false,
                "Gone: it is the key_share of ServerHello. Nobody signs it: a key that both had goes into the secret, too.",
            ),
            ("ServerKeyExchange", _) => gone(
                "ServerHello",
                false,
                "Gone: it is the key_share of ServerHello, and what signs it is a message of its own.",
            ),
            ("ServerHelloDone", _) => gone("Finished", false, "Gone: the server's Finished ends its turn."),
            ("ClientKeyExchange", _) => {
                gone("ClientHello", true, "Gone: it is the key_share of ClientHello, sent before anything was agreed.")
            }
            ("CertificateVerify", true) if same.is_none() && self.find(name, false).is_some() => {
                (None, "You had nothing to prove. In TLS 1.3 the server proves itself by such a message, too.")
            }
            ("ChangeCipherSpec", _) if same.is_none() => {
                (None, "Gone: keys change by themselves, at places that both know.")
            }
            ("ChangeCipherSpec", _) => {
                (same, "Still sent, but it means nothing: keys change by themselves. Old middleboxes like to see it.")
            }
            ("Finished", false) if self.retried => (same, "The same, but it comes before yours."),
            ("Finished", false) => (same, "The same, but it comes a round trip earlier, before yours."),
            _ if same.is_some() => (same, "The same."),
            _ => self.without(name, from_client),
        }
    }

    /// Why there is none.
    fn without(&self, name: &str, from_client: bool) -> Counterpart<'_> {
        let words = match (name, from_client) {
            ("Certificate" | "ServerKeyExchange", false) if self.resumed => SKIPPED,
            ("Certificate" | "ServerKeyExchange", false) if self.psk => BOTH_HAD_A_KEY,
            ("ServerKeyExchange", _) => {
                "Not needed: the secret went encrypted under the key of the server's certificate."
            }
            ("ServerHelloDone", _) => {
                return (self.find("Finished", false), "Skipped: the server's Finished follows at once.");
            }
            ("ClientKeyExchange", _) => {
                "Skipped: the secret is the one of the last time, made new with fresh random bytes."
            }
            // SSL 3.0 has an alert for it (RFC 6101 5.4.2).
            ("Certificate", true) if self.find("CertificateRequest", false).is_some() => YOU_HAD_NONE,
            ("CertificateRequest", _) | ("Certificate", true) => YOU_WERE_NOT_ASKED,
            ("CertificateVerify", _) => NOTHING_TO_PROVE,
            _ => "Not there.",
        };
        (None, words)
    }

    /// What is there and has no place among the thirteen.
    fn besides(&self) -> impl Iterator<Item = (&Own, &'static str)> {
        let first = |own: &&Own| self.find(own.name, own.from_client).is_some_and(|m| m.id == own.id);
        self.messages.iter().filter(first).filter_map(|own| {
            let words = match own.name {
                "EncryptedExtensions" => "what ServerHello used to say in the clear",
                "CertificateVerify" if !own.from_client => "the server's proof, which was part of ServerKeyExchange",
                "NewSessionTicket" => "so that the next handshake is shorter",
                "HelloRetryRequest" => "asks the client to begin again, which costs a round trip",
                "CompressedCertificate" => "the Certificate, made smaller",
                "CertificateStatus" => "that the certificate is not revoked",
                _ => return None,
            };
            Some((own, words))
        })
    }
}

fn handshakes<'s>(steps: &'s [Step<'s>]) -> impl Iterator<Item = (&'static str, &'s Message<'s>)> {
    steps.iter().filter_map(|step| match step {
        Step::Message(message) => match message.kind {
            Kind::Handshake { name, .. } => Some((name, message)),
            Kind::Alert(_) => None,
        },
        _ => None,
    })
}

/// Both, beside each other.
pub(super) fn html(classic: &Classic, own: &[Step<'_>], n: &Negotiated, prefix: &str) -> Markup {
    let told = match &classic.0 {
        Ok(told) => told,
        Err(why) => return html! { p.about-part { "There is none: " (why) } },
    };
    // Alerts are numbered, too.
    let numbered = own.iter().filter_map(|s| if let Step::Message(m) = s { Some(m) } else { None }).enumerate();
    let messages = numbered.filter_map(|(n, m)| match m.kind {
        Kind::Handshake { name, .. } => {
            Some(Own { id: format!("{prefix}{n}"), name, from_client: m.direction == Direction::Received })
        }
        Kind::Alert(_) => None,
    });
    let has_share = |m: &Message<'_>| match m.kind {
        Kind::Handshake { name: "ServerHello", raw, dialect } => match handfast::message::Message::decode(raw, dialect)
        {
            Ok(handfast::message::Message::ServerHello(hello)) => hello.extensions.key_share().is_some(),
            _ => false,
        },
        _ => false,
    };
    let yours = Yours {
        messages: messages.collect(),
        is_tls13: n.version >= Some(ProtocolVersion::TLS1_3),
        resumed: n.resumed,
        retried: n.retried,
        psk: n.psk_identity.is_some(),
        shared: own.iter().any(|s| matches!(s, Step::Message(m) if has_share(m))),
    };
    let steps = course(told);
    let thirteen: Vec<_> = handshakes(&steps).collect();
    html! {
        p.about-part {
            "This is how TLS was spoken from 1999 on: " (thirteen.len()) " messages, two round trips before the first byte of data, and certificates \
             that everybody between can read. It is a real handshake, which this server had with itself when it started: open its messages as you \
             open your own. On the right is what became of each of them in yours."
        }
        ol.pairs {
            @for (n, (name, message)) in thirteen.iter().enumerate() {
                @let (own, words) = yours.counterpart(name, message.direction == Direction::Received);
                li.pair {
                    div.course { (message::card(message, &format!("{}{n}", ENDS.prefix), ENDS)) }
                    @let gone = own.is_none_or(|o| o.name != *name);
                    p.yours.gone[gone] {
                        @if let Some(own) = own.filter(|_| !gone) { a href={ "#" (own.id) } { (own.name) } " " }
                        (words)
                        @if let Some(own) = own.filter(|_| gone) { " See " a href={ "#" (own.id) } { (own.name) } "." }
                    }
                }
            }
        }
        @if yours.besides().next().is_some() {
            h3 { "And what yours has besides" }
            ul.besides {
                @for (own, words) in yours.besides() { li { a href={ "#" (own.id) } { (own.name) } ": " (words) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yours(names: &[(&'static str, bool)], is_tls13: bool, resumed: bool) -> Yours {
        let messages = names.iter().enumerate();
        let messages =
            messages.map(|(n, (name, from_client))| Own { id: format!("m{n}"), name, from_client: *from_client });
        Yours { messages: messages.collect(), is_tls13, resumed, retried: false, psk: false, shared: true }
    }

    const THIRTEEN: [(&str, bool); 13] = [
        ("ClientHello", true),
        ("ServerHello", false),
        ("Certificate", false),
        ("ServerKeyExchange", false),
        ("CertificateRequest", false),
        ("ServerHelloDone", false),
        ("Certificate", true),
        ("ClientKeyExchange", true),
        ("CertificateVerify", true),
        ("ChangeCipherSpec", true),
        ("Finished", true),
        ("ChangeCipherSpec", false),
        ("Finished", false),
    ];

    #[test]
    fn it_is_the_one_of_thirteen_messages() {
        let classic = Classic::new();
        let steps = course(classic.0.as_ref().expect("a handshake"));
        let names: Vec<_> = handshakes(&steps).map(|(name, m)| (name, m.direction == Direction::Received)).collect();
        assert_eq!(names, THIRTEEN);
        assert!(steps.iter().any(|s| matches!(s, Step::Data { .. })), "and then data");
        for (name, message) in handshakes(&steps) {
            assert!(!message.travelled.is_empty(), "{name}");
            let Kind::Handshake { raw, .. } = message.kind else { continue };
            let travelled: usize = message.travelled.iter().map(|p| p.range.len()).sum();
            assert_eq!(travelled, raw.len(), "{name} travelled whole");
        }
    }

    #[test]
    fn one_of_the_same_version_has_the_same() {
        let same = yours(&THIRTEEN, false, false);
        for (name, from_client) in THIRTEEN {
            let (own, words) = same.counterpart(name, from_client);
            assert_eq!((own.map(|o| (o.name, o.from_client)), words), (Some((name, from_client)), "The same."));
        }
    }

    /// Nobody signs where a pre-shared key proves both; and with psk_ke there are no halves of a key.
    #[test]
    fn of_a_pre_shared_key_no_halves_and_no_signature_are_told_that_are_not_there() {
        let names = [("ClientHello", true), ("ServerHello", false), ("Finished", false), ("Finished", true)];
        let with = |shared| Yours { psk: true, shared, ..yours(&names, true, false) };
        let (fresh, alone) = (with(true), with(false));
        let words = fresh.counterpart("ServerKeyExchange", false).1;
        assert!(words.contains("Nobody signs it") && !words.contains("a message of its own"), "{words}");
        for (name, from_client) in
            [("ClientHello", true), ("ServerHello", false), ("ServerKeyExchange", false), ("ClientKeyExchange", true)]
        {
            let words = alone.counterpart(name, from_client).1;
            assert!(!words.contains("half") && !words.contains("key_share"), "{name}: {words}");
        }
    }

    #[test]
    fn what_went_elsewhere_or_is_gone_is_said() {
        let new = [
            ("ClientHello", true),
            ("ServerHello", false),
            ("EncryptedExtensions", false),
            ("Certificate", false),
            ("CertificateVerify", false),
            ("Finished", false),
            ("Finished", true),
        ];
        let new = yours(&new, true, false);
        let went = |name, from_client| new.counterpart(name, from_client).0.map(|o| o.name);
        assert_eq!(went("ClientKeyExchange", true), Some("ClientHello"));
        assert_eq!(went("ServerKeyExchange", false), Some("ServerHello"));
        assert_eq!(went("ChangeCipherSpec", true), None);
        assert_eq!(
            new.besides().map(|(o, _)| o.name).collect::<Vec<_>>(),
            ["EncryptedExtensions", "CertificateVerify"]
        );
        let asked = [("ClientHello", true), ("ServerHello", false), ("CertificateRequest", false)];
        assert_eq!(yours(&asked, false, false).counterpart("Certificate", true).1, YOU_HAD_NONE);
        let resumed = [("ClientHello", true), ("ServerHello", false), ("Finished", false), ("Finished", true)];
        for is_tls13 in [false, true] {
            let resumed = yours(&resumed, is_tls13, true);
            assert_eq!(resumed.counterpart("Certificate", false).1, SKIPPED);
        }
    }
}

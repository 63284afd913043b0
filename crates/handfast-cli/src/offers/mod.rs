//! What was negotiated and why, what the client offered that was not used, and what each means for it: data and words, for whoever shows
//! them.
//!
//! All of it comes from the messages of the handshake, the server's config, and what was negotiated. A reason is given only where the
//! choice can be made again from these and comes out the same. What is weak in something, the library says ([`handfast::Weakness`],
//! [`handfast::crypto::NeverSpoken`]); what an extension is for, its description of the hello.

mod application;
mod beside;
mod case;
mod certificate;
mod group;
mod rest;
mod session;
mod suite;
mod version;

#[cfg(test)]
mod tests;

use case::{Case, MOST};
use handfast::message::Dialect;
use handfast::{Negotiated, ServerConfig};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Who the words are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The one who reads them.
    You,
    /// Someone else.
    Client,
}

impl Who {
    /// As a sentence has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::You => "your browser",
            Self::Client => "the client",
        }
    }
}

/// A message of the handshake, whole; those of both sides, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spoken<'h> {
    /// Whether it came from the client.
    pub(crate) received: bool,
    /// Header included.
    pub(crate) raw: &'h [u8],
    /// How to read it.
    pub(crate) dialect: Dialect,
}

/// One thing that is negotiated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Topic {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What was chosen, in words; `None` if nothing was, or there is nothing to choose.
    pub(crate) chosen: Option<String>,
    /// Why this, and not another: a few plain sentences.
    pub(crate) why: String,
    /// All that the client offered, in its order.
    pub(crate) offers: Vec<Offer>,
}

/// One thing that the client offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Its registered name, if it has one.
    pub(crate) name: String,
    /// Its number as the registries write it, if it has one.
    pub(crate) number: Option<String>,
    /// The field or extension of the hello that it stands in.
    pub(crate) field: &'static str,
    pub(crate) verdict: Verdict,
    /// What it means for the client, or for who uses it.
    pub(crate) meaning: String,
    /// The sections that say so.
    pub(crate) rfc: &'static str,
}

macro_rules! verdicts {
    ($( $(#[$doc:meta])* $verdict:ident = $name:literal, $words:literal; )*) => {
        /// What became of an offer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Verdict { $( $(#[$doc])* $verdict ),* }

        impl Verdict {
            #[cfg(test)]
            const ALL: &[Self] = &[$( Self::$verdict ),*];
            /// Its name, for programs: it does not change.
            pub(crate) fn name(self) -> &'static str {
                match self { $( Self::$verdict => $name ),* }
            }
            /// The same for people, in a word or two.
            pub(crate) fn words(self) -> &'static str {
                match self { $( Self::$verdict => $words ),* }
            }
        }
    };
}

verdicts! {
    /// Of several, this one it is.
    Chosen = "chosen", "chosen";
    /// It is no alternative to others, and was heeded.
    Heeded = "heeded", "heeded";
    /// Both sides could; it was not needed, or another was preferred.
    Usable = "usable", "not needed";
    /// It has no place in the version that was agreed on.
    OtherVersion = "other_version", "for another version";
    /// This server could, and does not: its policy says so, or it has nothing to give.
    NotOurs = "not_ours", "not set up here";
    /// It does not fit what this server has: its certificates, its sessions.
    Unfit = "unfit", "does not fit";
    /// This server does not speak it.
    Unknown = "unknown", "not spoken here";
    /// It means nothing (RFC 8701).
    Grease = "grease", "means nothing";
}

/// What is to be said of a connection whose handshake had these messages. Empty if no hello came that can be read. `negotiated` is `None`
/// after a failure: then it is said how far it came, and what would have fitted.
pub(crate) fn topics(
    who: Who,
    config: &ServerConfig,
    negotiated: Option<&Negotiated>,
    messages: &[Spoken<'_>],
) -> Vec<Topic> {
    let Some(case) = Case::of(who, config, negotiated, messages) else { return Vec::new() };
    let mut topics = vec![
        version::topic(&case),
        suite::topic(&case),
        group::topic(&case),
        certificate::topic(&case),
        application::name(&case),
        application::protocol(&case),
        session::topic(&case),
        beside::topic(&case),
        rest::older(&case),
        rest::others(&case),
    ];
    topics.iter_mut().for_each(shorten);
    explain_grease(&case, topics.iter_mut().flat_map(|t| &mut t.offers));
    topics
}

/// Leaves out what no real client offers so much of, and says so.
fn shorten(topic: &mut Topic) {
    let (mut of_field, before) = (HashMap::new(), topic.offers.len());
    topic.offers.retain(|offer| {
        let count: &mut usize = of_field.entry(offer.field).or_default();
        *count += 1;
        *count <= MOST
    });
    if topic.offers.len() < before {
        topic.why += " There are more offers than anyone wants to read; the first are shown.";
    }
}

/// Says what these values are for where the first one stands.
fn explain_grease<'t>(case: &Case<'_>, offers: impl Iterator<Item = &'t mut Offer>) {
    for (nth, offer) in offers.filter(|o| o.verdict == Verdict::Grease).enumerate() {
        offer.meaning = match nth {
            0 => format!(
                "It means nothing, on purpose: {} sends a value that nobody knows, so that servers stay used to passing over what is \
                 new to them (GREASE).",
                case.who()
            ),
            _ => "Another value that means nothing (GREASE).".into(),
        };
        offer.rfc = "RFC 8701";
    }
}

/// As the page's data have it.
pub(crate) fn to_json(topics: &[Topic]) -> Value {
    topics.iter().map(Topic::to_json).collect()
}

impl Topic {
    fn to_json(&self) -> Value {
        let offers: Value = self.offers.iter().map(Offer::to_json).collect();
        json!({ "name": self.name, "chosen": self.chosen, "why": self.why, "offers": offers })
    }
}

impl Offer {
    /// One of a list of the hello; the number has so many bytes.
    fn numbered(name: impl ToString, (number, bytes): (u16, usize), field: &'static str) -> Self {
        let name = name.to_string();
        // A number that has no name is shown as one.
        let name = if name.contains("0x") { "without a registered name".into() } else { name };
        let number = Some(format!("{number:#0width$x}", width = 2 + 2 * bytes));
        Self { name, number, field, verdict: Verdict::Unknown, meaning: String::new(), rfc: "" }
    }

    /// One that has no number.
    fn named(name: impl Into<String>, field: &'static str) -> Self {
        let name = name.into();
        Self { name, number: None, field, verdict: Verdict::Unknown, meaning: String::new(), rfc: "" }
    }

    fn is(self, verdict: Verdict, meaning: impl Into<String>, rfc: &'static str) -> Self {
        Self { verdict, meaning: meaning.into(), rfc, ..self }
    }

    fn grease(self) -> Self {
        Self { name: "GREASE".into(), ..self }.is(Verdict::Grease, "", "")
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "number": self.number,
            "field": self.field,
            "verdict": self.verdict.name(),
            "verdict_in_words": self.verdict.words(),
            "meaning": self.meaning,
            "rfc": self.rfc,
        })
    }
}

/// "a", "a and b", "a, b and c".
fn listed(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    match items.as_slice() {
        [] => "none".into(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

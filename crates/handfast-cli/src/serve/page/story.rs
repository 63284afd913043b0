//! What a connection went through, kept for its page.

use crate::bytes;
use crate::events::json::{self, Whose};
use crate::events::{self, Event, Protection, Translator};
use crate::exit::Failure;
use crate::offers::{self, Spoken, Topic};
use handfast::alert::Alert;
use handfast::message::Dialect;
use handfast::trace::{By, Direction, Inside, Observer, Trace, Verdict};
use handfast::verify::CertificateError;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{ContentType, ProtocolVersion};
use handfast::{Negotiated, Time};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use zeroize::Zeroizing;

/// How much of a connection is kept: more than any handshake has.
const MOST_EVENTS: usize = 256;
const MOST_BYTES: usize = 128 << 10;
/// And of what comes after that: the end, which is often the point.
const LAST_EVENTS: usize = 16;
const LAST_BYTES: usize = 32 << 10;
/// Of how many records of data the bytes are kept, too: those of the first request. Of later ones that follow each other in one direction only their
/// number and length is; and nothing after so many such runs, since a connection may be used for long.
const MOST_DATA: usize = 4;
const MOST_RUNS: usize = 64;

/// What a connection went through, in order. Clones are of the same one.
#[derive(Clone, Default)]
pub(crate) struct Story(Arc<Mutex<Told>>);

/// What is kept.
#[derive(Clone, Default)]
pub(crate) struct Told {
    /// Whether secrets are kept, too.
    pub(crate) reveals: bool,
    /// Whether nothing is, because nobody will ask.
    unkept: bool,
    began: Option<Instant>,
    pub(crate) events: Vec<Seen>,
    bytes: usize,
    data: usize,
    runs: usize,
    /// What came last, once there was no room left.
    pub(crate) last: VecDeque<Seen>,
    last_bytes: usize,
    /// How much came between these.
    pub(crate) left_out: usize,
}

/// Something that was seen, and how long after the first thing.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Duration,
    pub(crate) what: What,
}

/// A trace, and its bytes.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Record(Record),
    /// So many records of data, with so many bytes of plaintext in them all.
    Data {
        direction: Direction,
        records: usize,
        length: usize,
        protection: Protection,
    },
    Message {
        direction: Direction,
        name: &'static str,
        raw: Vec<u8>,
        dialect: Dialect,
        protection: Protection,
    },
    Alert {
        direction: Direction,
        alert: Alert,
        protection: Protection,
    },
    Keys {
        direction: Direction,
        secret: &'static str,
        suite: CipherSuite,
    },
    Secret(Secret),
    Plain {
        direction: Direction,
    },
    State {
        awaiting: &'static str,
    },
    Resumption {
        by: By,
        verdict: Verdict,
    },
    Verified {
        how: String,
    },
    Refused {
        error: Box<CertificateError>,
    },
    Connected,
}

/// A secret, and what it was made of, as [`Trace::Secret`] has it.
#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) from: &'static str,
    pub(crate) with: &'static str,
    pub(crate) length: usize,
    /// The secret itself, only if it may be shown.
    pub(crate) value: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A record as it travelled.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) direction: Direction,
    pub(crate) outer: ContentType,
    pub(crate) version: ProtocolVersion,
    pub(crate) length: usize,
    pub(crate) protection: Protection,
    pub(crate) inside: Inside,
    /// Header and all.
    pub(crate) raw: Vec<u8>,
}

impl Story {
    /// One that has secrets, too, if it `reveals` them.
    pub(crate) fn new(reveals: bool) -> Self {
        Self(Arc::new(Mutex::new(Told { reveals, ..Told::default() })))
    }

    /// One of which nothing is kept.
    pub(crate) fn unkept() -> Self {
        Self(Arc::new(Mutex::new(Told { unkept: true, ..Told::default() })))
    }

    /// What has happened so far.
    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of it, for whoever keeps it longer: without any secret itself. What happens later is another story.
    pub(crate) fn end(&self) -> Told {
        let mut told = std::mem::take(&mut *self.told());
        told.reveals = false;
        for seen in told.events.iter_mut().chain(&mut told.last) {
            if let What::Secret(secret) = &mut seen.what {
                secret.value = None;
            }
        }
        told
    }

    /// An observer that writes the story.
    pub(crate) fn observer(&self) -> impl Observer + use<> {
        let (story, mut translator) = (self.clone(), Translator::with_records());
        move |trace: &Trace<'_>| story.told().add(&mut translator, trace)
    }
}

impl Told {
    fn add(&mut self, translator: &mut Translator, trace: &Trace<'_>) {
        if self.unkept {
            return;
        }
        let Some(what) = self.what(translator, trace) else { return };
        // That somebody is waited for is nothing that happened.
        if self.began.is_none() && matches!(what, What::State { .. }) {
            return;
        }
        let began = *self.began.get_or_insert_with(Instant::now);
        if let What::Data { direction, length, .. } = what {
            if self.joins(direction, length) || self.runs == MOST_RUNS {
                return;
            }
            self.runs += 1;
        }
        let (bytes, seen) = (what.bytes(), Seen { at: began.elapsed(), what });
        if self.last.is_empty() && self.events.len() < MOST_EVENTS && self.bytes + bytes <= MOST_BYTES {
            self.bytes += bytes;
            return self.events.push(seen);
        }
        self.last.push_back(seen);
        self.last_bytes += bytes;
        while self.last.len() > LAST_EVENTS || self.last_bytes > LAST_BYTES && self.last.len() > 1 {
            self.last_bytes -= self.last.pop_front().map_or(0, |seen| seen.what.bytes());
            self.left_out += 1;
        }
    }

    /// Data that follows data is counted there.
    fn joins(&mut self, more: Direction, bytes: usize) -> bool {
        match self.last.back_mut().or(self.events.last_mut()).map(|seen| &mut seen.what) {
            Some(What::Data { direction, records, length, .. }) if *direction == more => {
                *records += 1;
                *length += bytes;
                true
            }
            _ => false,
        }
    }

    fn what(&mut self, translator: &mut Translator, trace: &Trace<'_>) -> Option<What> {
        if let Trace::Connected = trace {
            return Some(What::Connected);
        }
        Some(match translator.event(trace)? {
            Event::Record { direction, record } => self.record(direction, record),
            Event::Secret { secret: events::Secret { name, label, from, with, length, value } } => {
                let value = value.filter(|_| self.reveals).map(|v| Zeroizing::new(v.to_vec()));
                What::Secret(Secret { name, label, from, with, length, value })
            }
            Event::Message { direction, name, raw, dialect, protection } => {
                What::Message { direction, name, raw: raw.to_vec(), dialect, protection }
            }
            Event::Alert { direction, alert, protection } => What::Alert { direction, alert, protection },
            Event::Keys { direction, secret, suite } => What::Keys { direction, secret, suite },
            Event::Plain { direction } => What::Plain { direction },
            Event::State { awaiting } => What::State { awaiting },
            Event::Resumption { by, verdict } => What::Resumption { by, verdict },
            Event::Verified { how } => What::Verified { how: how.to_owned() },
            Event::Refused { error } => What::Refused { error: Box::new(error.clone()) },
            _ => return None,
        })
    }

    /// A record; of data only so many are kept whole.
    fn record(&mut self, direction: Direction, record: bytes::Record<'_>) -> What {
        let bytes::Record { outer, version, length, protection, inside, raw } = record;
        if let Some(length) = data_in(inside) {
            self.data += 1;
            if self.data > MOST_DATA {
                return What::Data { direction, records: 1, length, protection };
            }
        }
        What::Record(Record { direction, outer, version, length, protection, inside, raw: raw.to_vec() })
    }
}

/// How many bytes of the application are in such a record; `None` if it has something else in it.
pub(super) fn data_in(inside: Inside) -> Option<usize> {
    match inside {
        Inside::Content { kind: ContentType::APPLICATION_DATA, length } => Some(length),
        _ => None,
    }
}

impl Told {
    /// How far it has come, but for data and what is waited for.
    pub(crate) fn handshake(&self) -> usize {
        let counts = |what: &What| match what {
            What::Record(record) => data_in(record.inside).is_none(),
            What::Data { .. } | What::State { .. } => false,
            _ => true,
        };
        let all = self.events.iter().chain(&self.last);
        all.filter(|seen| counts(&seen.what)).count() + self.left_out
    }

    /// The handshake's messages.
    pub(crate) fn spoken(&self) -> Vec<Spoken<'_>> {
        let messages = self.events.iter().filter_map(|seen| match &seen.what {
            What::Message { name: "ChangeCipherSpec", .. } => None,
            What::Message { direction, raw, dialect, .. } => {
                Some(Spoken { received: *direction == Direction::Received, raw, dialect: *dialect })
            }
            _ => None,
        });
        messages.collect()
    }

    /// All of it as JSON, in the schema of `docs/json.md`: an object that has the events in a list, with how it failed, if it did, at
    /// the end; and what became of the client's offers.
    pub(crate) fn json(
        &self,
        negotiated: &Negotiated,
        failure: Option<(&Failure, SystemTime)>,
        topics: &[Topic],
    ) -> String {
        let began = Time(Time::now().0.saturating_sub(self.began.map(|b| b.elapsed()).unwrap_or_default()));
        let start = (began, Event::Start { verb: "serve" });
        let events =
            self.events.iter().chain(&self.last).map(|seen| (Time(began.0 + seen.at), seen.what.event(negotiated)));
        let events = events.filter_map(|(at, event)| Some((at, event?)));
        let end = failure.map(|(failure, at)| {
            (Time(at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()), Event::Failed { failure })
        });
        let lines = [start]
            .into_iter()
            .chain(events)
            .chain(end)
            .filter_map(|(at, event)| json::line(Whose::default(), at, &event));
        let lines: Vec<_> = lines.collect();
        let (events, left_out, offers) = (lines.join(",\n"), self.left_out, offers::to_json(topics));
        format!("{{\"events\":[\n{events}\n],\"left_out\":{left_out},\n\"offers\":{offers}}}\n")
    }
}

impl What {
    /// The event that this was.
    /// `None` of data whose records are only counted.
    fn event<'w>(&'w self, negotiated: &'w Negotiated) -> Option<Event<'w>> {
        Some(match *self {
            Self::Data { .. } => return None,
            Self::Record(ref r) => {
                let Record { direction, outer, version, length, protection, inside, ref raw } = *r;
                Event::Record { direction, record: bytes::Record { outer, version, length, protection, inside, raw } }
            }
            Self::Message { direction, name, ref raw, dialect, protection } => {
                Event::Message { direction, name, raw, dialect, protection }
            }
            Self::Alert { direction, alert, protection } => Event::Alert { direction, alert, protection },
            Self::Keys { direction, secret, suite } => Event::Keys { direction, secret, suite },
            Self::Plain { direction } => Event::Plain { direction },
            Self::State { awaiting } => Event::State { awaiting },
            Self::Resumption { by, verdict } => Event::Resumption { by, verdict },
            Self::Verified { ref how } => Event::Verified { how },
            Self::Refused { ref error } => Event::Refused { error },
            Self::Connected => Event::Connected { negotiated },
            Self::Secret(ref s) => {
                let value = s.value.as_ref().map(|v| v.as_slice());
                let &Secret { name, label, from, with, length, .. } = s;
                Event::Secret { secret: events::Secret { name, label, from, with, length, value } }
            }
        })
    }

    /// How many bytes it holds.
    fn bytes(&self) -> usize {
        match self {
            Self::Record(record) => record.raw.len(),
            Self::Message { raw, .. } => raw.len(),
            Self::Verified { how } => how.len(),
            Self::Secret(secret) => secret.length,
            Self::Data { .. }
            | Self::Alert { .. }
            | Self::Keys { .. }
            | Self::Plain { .. }
            | Self::State { .. }
            | Self::Resumption { .. }
            | Self::Refused { .. }
            | Self::Connected => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(reveals: bool, times: usize, trace: &Trace<'_>) -> Story {
        let story = Story::new(reveals);
        let mut observer = story.observer();
        (0..times).for_each(|_| observer.see(trace));
        story
    }

    fn record(kind: ContentType, raw: &[u8]) -> Trace<'_> {
        let (version, length) = (ProtocolVersion::TLS1_2, raw.len() - 5);
        let inside = Inside::Content { kind, length };
        Trace::Record { direction: Direction::Received, outer: kind, version, length, protected: true, inside, raw }
    }

    #[test]
    fn a_story_is_bounded_in_number_and_in_bytes() {
        let many = observed(false, 1000, &Trace::ChangeCipherSpec { direction: Direction::Received });
        let many = many.told();
        let kept = MOST_EVENTS + LAST_EVENTS;
        assert_eq!((many.events.len() + many.last.len(), many.left_out), (kept, 1000 - kept));
        let large = observed(false, 20, &record(ContentType::HANDSHAKE, &[0; (16 << 10) + 5]));
        let large = large.told();
        assert!(
            large.bytes <= MOST_BYTES && large.events.len() == (MOST_BYTES - 5) / ((16 << 10) + 5),
            "{}",
            large.events.len()
        );
    }

    #[test]
    fn of_one_that_nobody_asks_for_nothing_is_kept() {
        let story = Story::unkept();
        let mut observer = story.observer();
        observer.see(&Trace::State { awaiting: "ClientHello" });
        observer.see(&record(ContentType::HANDSHAKE, &[0; 100]));
        assert!(story.told().events.is_empty());
    }

    #[test]
    fn of_data_the_first_records_are_kept_and_the_others_counted() {
        let story = observed(false, 100, &record(ContentType::APPLICATION_DATA, &[0; 4096]));
        let told = story.told();
        let counted = 100 - MOST_DATA;
        assert_eq!(told.events.len(), MOST_DATA + 1);
        assert!(
            matches!(told.events[MOST_DATA].what, What::Data { records, length, .. } if records == counted && length == counted * 4091)
        );
    }

    #[test]
    fn however_much_came_before_it_the_end_is_told() {
        let story = Story::new(false);
        let mut observer = story.observer();
        let alert = Alert::fatal(handfast::alert::AlertDescription::BAD_RECORD_MAC);
        for n in 0..2000 {
            let direction = if n % 2 == 0 { Direction::Sent } else { Direction::Received };
            let (raw, version) = (&[0; 100], ProtocolVersion::TLS1_2);
            let (outer, inside) =
                (ContentType::APPLICATION_DATA, Inside::Content { kind: ContentType::APPLICATION_DATA, length: 95 });
            observer.see(&Trace::Record { direction, outer, version, length: 95, protected: true, inside, raw });
        }
        observer.see(&Trace::Alert { direction: Direction::Sent, alert });
        let told = story.told();
        assert!(matches!(told.events.last().map(|e| &e.what), Some(What::Alert { .. })), "data takes no room from it");
        drop(told);
        (0..1000).for_each(|_| observer.see(&Trace::ChangeCipherSpec { direction: Direction::Received }));
        observer.see(&Trace::Alert { direction: Direction::Sent, alert });
        let told = story.told();
        assert!(matches!(told.last.back().map(|e| &e.what), Some(What::Alert { .. })) && told.left_out > 0);
    }
}

//! What went to and fro, in order: each message with the records that it travelled in.
//!
//! The trace tells records and messages apart. Of each direction and content type both are one stream of bytes, cut twice: into
//! messages, and into records (RFC 9846 5.1). Where the cuts overlap, a message travelled in a record.

use super::story::{Record, Seen, Told, What, data_in};
use crate::events::Protection;
use handfast::alert::Alert;
use handfast::message::Dialect;
use handfast::trace::{By, Direction, Inside, Verdict};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::ContentType;
use std::ops::Range;
use std::time::Duration;

/// A step of the course.
pub(super) enum Step<'s> {
    Message(Message<'s>),
    /// Keys changed, for one direction or for both at once.
    Keys(Vec<Change>),
    /// Data of the application, in so many records; those are here whose bytes were kept.
    Data {
        direction: Direction,
        records: Vec<&'s Record>,
        count: usize,
        length: usize,
        protection: Protection,
        at: Duration,
    },
    /// So many things are not kept.
    Gap(usize),
    /// A record in which nothing whole came: part of a message, what could not be opened, what was dropped.
    Loose {
        record: &'s Record,
        at: Duration,
    },
    /// Something was judged: the peer's chain, or what it would go on from.
    Verdict(String),
}

/// Keys for a direction, made from a secret, and how they protect.
#[derive(Clone, Copy)]
pub(super) struct Change {
    pub(super) direction: Direction,
    pub(super) secret: &'static str,
    pub(super) suite: CipherSuite,
}

/// A handshake message, an alert, or a ChangeCipherSpec.
pub(super) struct Message<'s> {
    pub(super) direction: Direction,
    pub(super) kind: Kind<'s>,
    pub(super) protection: Protection,
    /// Whether it is a hello that answers a HelloRetryRequest.
    pub(super) again: bool,
    /// The records that it travelled in, wholly or in part.
    pub(super) travelled: Vec<Part<'s>>,
    pub(super) at: Duration,
}

impl Message<'_> {
    /// Whether it is the handshake message of this name.
    pub(super) fn is(&self, wanted: &str) -> bool {
        matches!(self.kind, Kind::Handshake { name, .. } if name == wanted)
    }
}

/// What a message is.
#[derive(Clone, Copy)]
pub(super) enum Kind<'s> {
    Handshake { name: &'static str, raw: &'s [u8], dialect: Dialect },
    Alert(Alert),
}

/// A record, and where in its content the message stands.
pub(super) struct Part<'s> {
    pub(super) record: &'s Record,
    /// How long its content is, in bytes.
    pub(super) content: usize,
    /// Which bytes of it are the message's.
    pub(super) range: Range<usize>,
}

/// Of which direction and content type something is.
type Stream = (Direction, ContentType);

/// A piece of a stream: what it is made of, and which bytes of the stream.
struct Piece {
    event: usize,
    stream: Stream,
    range: Range<usize>,
}

impl Piece {
    /// The bytes that are in both.
    fn shared(&self, other: &Self) -> Option<Range<usize>> {
        let range = self.range.start.max(other.range.start)..self.range.end.min(other.range.end);
        (self.stream == other.stream && !range.is_empty()).then_some(range)
    }
}

/// The course of a connection, with a gap where something was left out.
pub(super) fn course(told: &Told) -> Vec<Step<'_>> {
    let mut steps = of(told.events.iter());
    steps.extend((told.left_out > 0).then_some(Step::Gap(told.left_out)));
    steps.extend(of(told.last.iter()));
    steps
}

/// What these events are.
fn of<'s>(events: impl Iterator<Item = &'s Seen>) -> Vec<Step<'s>> {
    let events: &[&Seen] = &events.collect::<Vec<_>>();
    let (records, messages) = (cut(events, content), cut(events, message));
    let travelled = |n: usize| -> Vec<Part<'_>> {
        let pieces = messages.iter().filter(|m| m.event == n);
        let parts = pieces.flat_map(|m| records.iter().filter_map(move |r| part(events, r, m.shared(r)?)));
        parts.collect()
    };
    let is_met = |n: usize| records.iter().any(|r| r.event == n && messages.iter().any(|m| m.shared(r).is_some()));
    let (mut steps, mut retried) = (Vec::new(), false);
    for (n, Seen { at, what }) in events.iter().enumerate() {
        let at = *at;
        match what {
            What::Message { direction, name, raw, dialect, protection } => {
                let (kind, travelled) = (Kind::Handshake { name, raw, dialect: *dialect }, travelled(n));
                let (direction, protection) = (*direction, *protection);
                retried = *name == "HelloRetryRequest" || retried && *name != "ServerHello";
                let again = retried && *name == "ClientHello";
                steps.push(Step::Message(Message { direction, kind, protection, again, travelled, at }));
            }
            What::Alert { direction, alert, protection } => {
                let (kind, travelled) = (Kind::Alert(*alert), travelled(n));
                let (direction, protection, again) = (*direction, *protection, false);
                steps.push(Step::Message(Message { direction, kind, protection, again, travelled, at }));
            }
            What::Record(record) => match data_in(record.inside) {
                Some(length) => {
                    data(&mut steps, (record.direction, record.protection), Some(record), 1, length, at);
                }
                _ if is_met(n) => {}
                _ => steps.push(Step::Loose { record, at }),
            },
            What::Data { direction, records, length, protection } => {
                data(&mut steps, (*direction, *protection), None, *records, *length, at)
            }
            What::Keys { direction, secret, suite } => {
                keys(&mut steps, Change { direction: *direction, secret, suite: *suite })
            }
            What::Verified { how } => steps.push(Step::Verdict(format!("The certificate was judged: {how}."))),
            What::Refused { error } => steps.push(Step::Verdict(format!("The certificate was refused: {error}."))),
            // A session ID of a TLS 1.3 client stands for nothing, and is not meant to.
            What::Resumption { by: By::SessionId, verdict: Verdict::Unknown | Verdict::NotKept } => {}
            // A name that no ticket has is looked for among the pre-shared keys then: if it is there, it never was a ticket.
            What::Resumption { by: By::Psk, verdict: Verdict::Unknown } if is_external(&events[n + 1..]) => {}
            What::Resumption { by, verdict } => steps.push(Step::Verdict(format!("The {by} {verdict}."))),
            What::Plain { .. } | What::State { .. } | What::Secret(_) | What::Connected => {}
        }
    }
    steps
}

/// Whether the next thing that is judged is a pre-shared key which both had been given, and it is taken.
fn is_external(later: &[&Seen]) -> bool {
    let next = later.iter().find(|seen| matches!(seen.what, What::Resumption { .. }));
    next.is_some_and(|s| matches!(s.what, What::Resumption { by: By::ExternalPsk, verdict: Verdict::Taken }))
}

/// Where everything stands in its stream, of what `of` says the stream and the length.
fn cut(events: &[&Seen], of: impl Fn(&What) -> Option<(Stream, usize)>) -> Vec<Piece> {
    let mut ends: Vec<(Stream, usize)> = Vec::new();
    let pieces = events.iter().enumerate().filter_map(|(event, seen)| {
        let (stream, length) = of(&seen.what)?;
        let place = ends.iter().position(|(s, _)| *s == stream).unwrap_or_else(|| {
            ends.push((stream, 0));
            ends.len() - 1
        });
        let start = ends[place].1;
        ends[place].1 += length;
        Some(Piece { event, stream, range: start..start + length })
    });
    pieces.collect()
}

/// The content of a record.
fn content(what: &What) -> Option<(Stream, usize)> {
    match what {
        What::Record(Record { direction, inside: Inside::Content { kind, length }, .. }) => {
            Some(((*direction, *kind), *length))
        }
        _ => None,
    }
}

/// What is cut into records.
fn message(what: &What) -> Option<(Stream, usize)> {
    match what {
        What::Message { direction, name: "ChangeCipherSpec", raw, .. } => {
            Some(((*direction, ContentType::CHANGE_CIPHER_SPEC), raw.len()))
        }
        What::Message { direction, raw, .. } => Some(((*direction, ContentType::HANDSHAKE), raw.len())),
        What::Alert { direction, .. } => Some(((*direction, ContentType::ALERT), 2)),
        _ => None,
    }
}

/// The record that a piece is of, and which bytes of its content these bytes of the stream are.
fn part<'s>(events: &[&'s Seen], piece: &Piece, shared: Range<usize>) -> Option<Part<'s>> {
    let What::Record(record) = &events.get(piece.event)?.what else { return None };
    let start = piece.range.start;
    Some(Part { record, content: piece.range.len(), range: shared.start - start..shared.end - start })
}

/// Data joins the data before it.
fn data<'s>(
    steps: &mut Vec<Step<'s>>,
    (way, protection): (Direction, Protection),
    kept: Option<&'s Record>,
    more: usize,
    bytes: usize,
    at: Duration,
) {
    if let Some(Step::Data { direction, records, count, length, .. }) = steps.last_mut()
        && *direction == way
    {
        records.extend(kept);
        *count += more;
        *length += bytes;
        return;
    }
    let records = kept.into_iter().collect();
    steps.push(Step::Data { direction: way, records, count: more, length: bytes, protection, at });
}

/// Keys of both directions that change at once are one change.
fn keys(steps: &mut Vec<Step<'_>>, change: Change) {
    match steps.last_mut() {
        Some(Step::Keys(keys)) if keys.iter().all(|k| k.direction != change.direction) => keys.push(change),
        _ => steps.push(Step::Keys(vec![change])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handfast::wire::numbers::ProtocolVersion;

    const SENT: Direction = Direction::Sent;

    fn course(events: &[Seen]) -> Vec<Step<'_>> {
        of(events.iter())
    }

    fn seen(what: What) -> Seen {
        Seen { at: Duration::ZERO, what }
    }

    fn message(name: &'static str, length: usize) -> Seen {
        let (raw, dialect) = (vec![0; length], Dialect::Tls13);
        seen(What::Message { direction: SENT, name, raw, dialect, protection: Protection::Clear })
    }

    fn record(kind: ContentType, length: usize) -> Seen {
        let (outer, version, inside) = (kind, ProtocolVersion::TLS1_2, Inside::Content { kind, length });
        let raw = vec![0; 5 + length];
        seen(What::Record(Record {
            direction: SENT,
            outer,
            version,
            length,
            protection: Protection::Clear,
            inside,
            raw,
        }))
    }

    fn parts(step: &Step<'_>) -> Vec<(usize, Range<usize>)> {
        match step {
            Step::Message(message) => message.travelled.iter().map(|p| (p.content, p.range.clone())).collect(),
            _ => panic!("a message is wanted"),
        }
    }

    #[test]
    fn messages_that_share_a_record_each_have_their_part_of_it() {
        let events = [message("ServerHello", 10), message("Certificate", 20), record(ContentType::HANDSHAKE, 30)];
        let steps = course(&events);
        assert_eq!(steps.len(), 2);
        assert_eq!((parts(&steps[0]), parts(&steps[1])), (vec![(30, 0..10)], vec![(30, 10..30)]));
    }

    #[test]
    fn a_message_in_several_records_has_them_all_whatever_is_between() {
        let ccs = ContentType::CHANGE_CIPHER_SPEC;
        let records = [record(ContentType::HANDSHAKE, 7), record(ccs, 1), record(ContentType::HANDSHAKE, 9)];
        let events =
            [&[message("Certificate", 12)][..], &records, &[message("ChangeCipherSpec", 1), message("Finished", 4)]]
                .concat();
        let steps = course(&events);
        assert_eq!(parts(&steps[0]), [(7, 0..7), (9, 0..5)]);
        assert_eq!((parts(&steps[1]), parts(&steps[2])), (vec![(1, 0..1)], vec![(9, 5..9)]));
    }

    #[test]
    fn what_came_of_a_message_that_is_not_whole_is_told_and_data_is_counted() {
        let data = ContentType::APPLICATION_DATA;
        let events = [record(ContentType::HANDSHAKE, 3), record(data, 100), record(data, 50)];
        let steps = course(&events);
        assert!(matches!(steps[0], Step::Loose { .. }));
        assert!(matches!(steps[1], Step::Data { count: 2, length: 150, .. }) && steps.len() == 2);
    }

    #[test]
    fn a_key_that_both_were_given_is_not_called_a_ticket() {
        let judged = |by, verdict| seen(What::Resumption { by, verdict });
        let (unknown, taken) = (judged(By::Psk, Verdict::Unknown), judged(By::ExternalPsk, Verdict::Taken));
        let told = |events: &[Seen]| course(events).len();
        let waits = seen(What::State { awaiting: "an answer" });
        assert_eq!(told(&[unknown.clone(), waits, taken.clone()]), 1);
        assert_eq!(told(&[unknown.clone(), unknown.clone(), taken]), 2, "one was a ticket");
        assert_eq!(told(&[unknown]), 1);
    }

    #[test]
    fn only_the_hello_after_a_retry_is_one_that_is_said_again() {
        let names = ["ClientHello", "HelloRetryRequest", "ClientHello", "ServerHello", "ClientHello"];
        let events = names.map(|name| message(name, 4));
        let steps = course(&events);
        let again = steps.iter().map(|s| matches!(s, Step::Message(m) if m.again));
        assert_eq!(again.collect::<Vec<_>>(), [false, false, true, false, false]);
    }

    #[test]
    fn keys_of_both_ways_that_change_at_once_are_one_change() {
        let suite = CipherSuite::TLS_AES_128_GCM_SHA256;
        let keys = |direction| seen(What::Keys { direction, secret: "master secret", suite });
        let events = [keys(SENT), keys(Direction::Received), keys(SENT)];
        let changes: Vec<_> =
            course(&events).iter().map(|s| matches!(s, Step::Keys(both) if both.len() == 2)).collect();
        assert_eq!(changes, [true, false]);
    }
}

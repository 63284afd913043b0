//! What an observer is told, owned.

use handfast::alert::Alert;
use handfast::trace::{By, Direction, Inside, Trace, Verdict};
use handfast::verify::CertificateError;
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{ContentType, ProtocolVersion};
use handfast::{ErrorKind, Time};

/// [`Trace`], owned.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Record(Record),
    Message { direction: Direction, name: &'static str, raw: Vec<u8>, protected: bool },
    ChangeCipherSpec(Direction),
    Alert(Direction, Alert),
    Secret(Secret),
    Keys { direction: Direction, secret: &'static str, suite: CipherSuite },
    Plain(Direction),
    Verified(String),
    Refused(CertificateError),
    NotShown(String),
    Resumption(By, Verdict),
    State(&'static str),
    Now(Time),
    Connected,
    Failed(ErrorKind),
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub direction: Direction,
    pub outer: ContentType,
    pub version: ProtocolVersion,
    pub length: usize,
    pub protected: bool,
    pub inside: Inside,
    pub raw: Vec<u8>,
}

/// A secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub name: &'static str,
    pub label: &'static str,
    pub from: &'static str,
    pub with: &'static str,
    pub length: usize,
    pub value: Option<Vec<u8>>,
}

impl Told {
    pub fn of(trace: &Trace<'_>) -> Self {
        match *trace {
            Trace::Record { direction, outer, version, length, protected, inside, raw } => {
                Self::Record(Record { direction, outer, version, length, protected, inside, raw: raw.to_vec() })
            }
            Trace::Message { direction, name, raw, protected, .. } => {
                Self::Message { direction, name, raw: raw.to_vec(), protected }
            }
            Trace::ChangeCipherSpec { direction } => Self::ChangeCipherSpec(direction),
            Trace::Alert { direction, alert } => Self::Alert(direction, alert),
            Trace::Secret { name, label, from, with, length, value } => {
                let value = value.map(|v| v.bytes().to_vec());
                Self::Secret(Secret { name, label, from, with, length, value })
            }
            Trace::Keys { direction, secret, suite } => Self::Keys { direction, secret, suite },
            Trace::Plain { direction } => Self::Plain(direction),
            Trace::Verified { how } => Self::Verified(how.into()),
            Trace::Refused { error } => Self::Refused(error.clone()),
            Trace::NotShown { why } => Self::NotShown(why.into()),
            Trace::Resumption { by, verdict } => Self::Resumption(by, verdict),
            Trace::State { awaiting } => Self::State(awaiting),
            Trace::Now { time } => Self::Now(time),
            Trace::Connected => Self::Connected,
            Trace::Failed { error } => Self::Failed(error.kind().clone()),
            ref other => panic!("a trace that the tests do not know: {other:?}"),
        }
    }

    pub fn record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) => Some(record),
            _ => None,
        }
    }

    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Secret(secret) => Some(secret),
            _ => None,
        }
    }
}

//! What an observer is told, owned.

use handfast::trace::{Direction, Inside, Trace};
use handfast::wire::numbers::{ContentType, ProtocolVersion};

/// [`Trace`], as far as tests look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Record(Record),
    Message { direction: Direction, name: &'static str, raw: Vec<u8>, protected: bool },
    Other,
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

impl Told {
    pub fn of(trace: &Trace<'_>) -> Self {
        match *trace {
            Trace::Record { direction, outer, version, length, protected, inside, raw } => {
                Self::Record(Record { direction, outer, version, length, protected, inside, raw: raw.to_vec() })
            }
            Trace::Message { direction, name, raw, protected, .. } => {
                Self::Message { direction, name, raw: raw.to_vec(), protected }
            }
            _ => Self::Other,
        }
    }

    pub fn record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) => Some(record),
            _ => None,
        }
    }
}

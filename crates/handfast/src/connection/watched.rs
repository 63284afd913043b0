//! What whoever watches is told of the connection itself: what it awaits, and records of which nothing comes.

use super::Connection;
use crate::error::{Error, ErrorKind};
use crate::record::{HEADER, SSLV2_HEADER};
use crate::trace::{Direction, Inside, Observer, Trace, Watch};
use crate::wire::numbers::{ContentType, ProtocolVersion};

impl Connection {
    /// Watches from here on, and hears at once what is awaited.
    pub fn observe(&mut self, observer: Box<dyn Observer>) {
        self.shared.watch = Watch::of(Some(observer));
        self.tell_state();
    }

    /// Tells what is awaited now, if it is something else than before.
    pub(super) fn tell_state(&mut self) {
        if !self.shared.watch.is_watched() || self.error.is_some() {
            return;
        }
        let awaiting = match self.wait {
            Some(_) => "an answer",
            None if self.reader.is_armed() => "ChangeCipherSpec",
            None => self.state.expected(),
        };
        self.shared.watch.awaits(awaiting);
    }

    /// The header at the front of `input` is refused. What has come of its record is told, if it is a header at all.
    pub(super) fn refuse_header(&mut self, input: &[u8], error: Error) -> Error {
        if matches!(error.kind(), ErrorKind::NotTls(_)) {
            return error;
        }
        if self.reader.sslv2_hello(input).is_some() {
            self.shared.watch.see(in_sslv2(input, Inside::Unreadable));
        } else if let [_, _, _, high, low, ..] = *input {
            let whole = HEADER + usize::from(u16::from_be_bytes([high, low]));
            self.shared.watch.keep(&input[..whole.min(input.len())]);
            self.shared.watch.received(self.reader.protects(), Inside::Unreadable);
        }
        error
    }
}

/// A record with SSL 2.0's header, or what has come of it (RFC 5246 E.2).
pub(super) fn in_sslv2(input: &[u8], inside: Inside) -> Trace<'_> {
    let length = match *input {
        [high, low, ..] => usize::from(u16::from_be_bytes([high & 0x7f, low])),
        _ => 0,
    };
    Trace::Record {
        direction: Direction::Received,
        outer: ContentType::HANDSHAKE,
        version: ProtocolVersion(2),
        length,
        protected: false,
        inside,
        raw: &input[..input.len().min(SSLV2_HEADER + length)],
    }
}

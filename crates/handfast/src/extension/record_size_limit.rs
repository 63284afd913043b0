//! `record_size_limit` (RFC 8449 4): `uint16 RecordSizeLimit`

use super::{Body, Place};
use crate::wire::{Malformed, Problem, Reader, Wire, Writer};

/// The most bytes of plaintext in a protected record that its sender takes; in TLS 1.3 with content type and padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordSizeLimit(pub u16);

impl RecordSizeLimit {
    /// The least that may be said.
    pub const LEAST: u16 = 64;
    /// What one says who takes all that TLS 1.3 allows.
    pub const MOST: u16 = (1 << 14) + 1;
    /// The same up to TLS 1.2.
    pub const MOST_CLASSIC: u16 = 1 << 14;
}

const LIMIT: &str = "The most that the sender takes in one encrypted record";

impl<'a> Body<'a> for RecordSizeLimit {
    fn decode(r: &mut Reader<'a>, _: Place) -> Result<Self, Malformed> {
        let fault = r.fault(Problem::Value("is less than 64 bytes"));
        let limit = r.field("record_size_limit", LIMIT, "RFC 8449 4", |r| {
            let bytes = u16::decode(r)?;
            r.say(|| format!("{bytes} bytes"));
            Ok(bytes)
        })?;
        match limit {
            less if less < Self::LEAST => Err(Malformed { field: "record_size_limit", ..fault }),
            limit => Ok(Self(limit)),
        }
    }
    fn encode(&self, w: &mut Writer) {
        w.u16(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_64_bytes_on() {
        for limit in [64, 16384, 16385, 0xffff] {
            let bytes = u16::to_be_bytes(limit);
            let read = RecordSizeLimit::decode(&mut Reader::new(&bytes), Place::ClientHello);
            assert_eq!(read, Ok(RecordSizeLimit(limit)));
            let mut w = Writer::new();
            RecordSizeLimit(limit).encode(&mut w);
            assert_eq!(w.as_bytes(), bytes);
        }
        for (bytes, problem) in [(&[0, 63][..], Problem::Value("is less than 64 bytes")), (&[0], Problem::Truncated)] {
            let fault = RecordSizeLimit::decode(&mut Reader::new(bytes), Place::ClientHello).unwrap_err();
            assert_eq!((fault.field, fault.problem), ("record_size_limit", problem));
        }
    }
}

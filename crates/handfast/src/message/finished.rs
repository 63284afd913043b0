//! Finished (RFC 9846 4.5.3, RFC 5246 7.4.9): `struct { opaque verify_data[]; }`, a MAC over the handshake so far.
//!
//! 12 bytes in TLS 1.0 to 1.2, 36 in SSL 3.0, as long as the hash in TLS 1.3; a wrong length is a wrong value.

use crate::wire::{Malformed, Reader, Writer, hex};

/// The MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished<'a>(pub &'a [u8]);

impl<'a> Finished<'a> {
    pub(super) fn decode_classic(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Self::decode(r, "RFC 5246 7.4.9")
    }
    pub(super) fn decode_13(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Self::decode(r, "RFC 9846 4.5.3")
    }
    fn decode(r: &mut Reader<'a>, rfc: &'static str) -> Result<Self, Malformed> {
        r.field("verify_data", "A keyed checksum over the whole handshake, which only both ends can make", rfc, |r| {
            let data = r.rest();
            r.say(|| hex(data));
            Ok(Self(data))
        })
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        w.bytes(self.0);
    }
}

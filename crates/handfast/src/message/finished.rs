//! Finished (RFC 9846 4.5.3, RFC 5246 7.4.9): `struct { opaque verify_data[]; }`, a MAC over the handshake so far.
//!
//! 12 bytes in TLS 1.0 to 1.2, 36 in SSL 3.0, as long as the hash in TLS 1.3; a wrong length is a wrong value.

use crate::wire::{Malformed, Reader, Writer, hex};

/// The MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished<'a>(pub &'a [u8]);

impl<'a> Finished<'a> {
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        r.field("verify_data", |r| {
            let data = r.rest();
            r.say(|| hex(data));
            Ok(Self(data))
        })
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        w.bytes(self.0);
    }
}

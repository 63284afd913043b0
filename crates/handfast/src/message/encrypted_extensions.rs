//! EncryptedExtensions (RFC 9846 4.4.1): `struct { Extension extensions<0..2^16-1>; }`

use crate::extension::{Extensions, Place};
use crate::wire::{Malformed, Reader, Writer};

/// The server's answers that need not be in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedExtensions<'a>(pub Extensions<'a>);

impl<'a> EncryptedExtensions<'a> {
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        r.field("extensions", |r| Extensions::decode(r, Place::EncryptedExtensions)).map(Self)
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        self.0.encode(w);
    }
}

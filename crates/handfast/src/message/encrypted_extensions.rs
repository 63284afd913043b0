//! EncryptedExtensions (RFC 9846 4.4.1): `struct { Extension extensions<0..2^16-1>; }`

use crate::extension::{Extensions, Place};
use crate::wire::{Malformed, Reader, Writer};

/// The server's answers that need not be in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedExtensions<'a>(pub Extensions<'a>);

impl<'a> EncryptedExtensions<'a> {
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let note = "The server's answers that decide no keys, and so can be encrypted";
        r.field("extensions", note, "RFC 9846 4.4.1", |r| Extensions::decode(r, Place::EncryptedExtensions)).map(Self)
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        self.0.encode(w);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, round_trip};
    use super::super::{Dialect, Message};
    use super::*;
    use crate::extension::{Alpn, Extension, ServerNameExtension};
    use crate::wire::Problem;
    use crate::wire::numbers::HandshakeType;

    #[test]
    fn answers_are_read_and_strangers_are_misplaced() {
        let list = vec![Extension::ServerName(ServerNameExtension(Vec::new())), Extension::Alpn(Alpn(vec![b"h2"]))];
        round_trip(&Message::EncryptedExtensions(EncryptedExtensions(Extensions::of(list))), Dialect::Tls13);
        // key_share may not stand here.
        let m = fault(HandshakeType::ENCRYPTED_EXTENSIONS, &[0, 6, 0, 51, 0, 2, 0, 29], Dialect::Tls13);
        assert_eq!(m.problem, Problem::Misplaced);
        let two = vec![Extension::Alpn(Alpn(vec![b"h2", b"h3"]))];
        let raw = Message::EncryptedExtensions(EncryptedExtensions(Extensions::of(two))).to_bytes();
        assert!(matches!(
            fault(HandshakeType::ENCRYPTED_EXTENSIONS, &raw[4..], Dialect::Tls13).problem,
            Problem::Value(_)
        ));
    }
}

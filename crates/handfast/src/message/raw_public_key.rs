//! Certificate of TLS 1.2 and older where a raw public key is agreed on (RFC 7250 3), from either side.
//!
//! ```text
//! struct { opaque ASN.1_subjectPublicKeyInfo<1..2^24-1>; } Certificate;
//! ```
//! A client that has no key to show has no other way to say so than an empty one; other implementations have it so, too. In
//! TLS 1.3 a raw key stands in the one entry of an ordinary [`super::Certificate`].

use crate::wire::{Malformed, Prefix, Reader, Writer};

/// A SubjectPublicKeyInfo in DER. Empty from a client that has none to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPublicKey<'a>(pub &'a [u8]);

impl<'a> RawPublicKey<'a> {
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let note = "The sender's public key in DER, in place of a certificate: the other side must know it already";
        r.field("ASN.1_subjectPublicKeyInfo", note, "RFC 7250 3", |r| {
            r.within(Prefix::U24, 0..=0xff_ffff, |r| {
                let bytes = r.rest();
                r.say(|| if bytes.is_empty() { "none".into() } else { crate::wire::hex(bytes) });
                Ok(Self(bytes))
            })
        })
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        w.within(Prefix::U24, |w| w.bytes(self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, round_trip};
    use super::super::{ClassicForm, Dialect, Message};
    use super::*;
    use crate::crypto::KeyExchangeKind;
    use crate::wire::Problem;
    use crate::wire::numbers::HandshakeType;

    #[test]
    fn the_dialect_tells_it_from_a_chain() {
        let form = |raw_public_key| {
            let key_exchange = KeyExchangeKind::Ecdhe;
            Dialect::Classic(ClassicForm {
                schemes: true,
                premaster_length: true,
                no_certificate_alert: false,
                key_exchange,
                raw_public_key,
            })
        };
        for key in [&[][..], &[0x30, 0]] {
            round_trip(&Message::RawPublicKey(RawPublicKey(key)), form(true));
        }
        let raw = Message::RawPublicKey(RawPublicKey(&[0x30, 0])).to_bytes();
        assert_eq!(fault(HandshakeType::CERTIFICATE, &raw[4..], form(false)).problem, Problem::Truncated);
        let trailing = fault(HandshakeType::CERTIFICATE, &[0, 0, 1, 7, 0], form(true));
        assert_eq!(trailing.problem, Problem::Trailing);
    }
}

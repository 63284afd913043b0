//! signed_certificate_timestamp (RFC 6962 3.3.1): that logs have seen the certificate. Handed over, and not judged here.
//!
//! ```text
//! opaque SerializedSCT<1..2^16-1>;
//! struct { SerializedSCT sct_list<1..2^16-1>; } SignedCertificateTimestampList
//! ```

use super::{Body, Place};
use crate::wire::{List, Malformed, Opaque, Prefix, Reader, Vector, Wire, Writer};

/// `opaque SerializedSCT<1..2^16-1>`
pub type SerializedSct<'a> = Opaque<'a, 2, 1, 0xffff>;

/// What signed_certificate_timestamp holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedCertificateTimestamps<'a> {
    /// In ClientHello and CertificateRequest: they are wanted.
    Wanted,
    /// From whoever has the certificate.
    List(List<'a, SerializedSct<'a>>),
}

impl<'a> Body<'a> for SignedCertificateTimestamps<'a> {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        match place {
            Place::ClientHello | Place::CertificateRequest => {
                r.say(|| "yes".into());
                r.finish().map(|()| Self::Wanted)
            }
            _ => {
                let list = Vector::<'a, SerializedSct<'a>, 2, 1>::decode;
                r.field("sct_list", "One of each log, signed by it", "RFC 6962 3.3", list).map(|v| Self::List(v.0))
            }
        }
    }
    fn encode(&self, w: &mut Writer) {
        if let Self::List(list) = self {
            w.within(Prefix::U16, |w| list.encode(w));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Extension, Extensions};
    use super::*;
    use crate::wire::Problem;

    #[test]
    fn wanted_and_given() {
        let scts = [Opaque(&b"one"[..]), Opaque(b"2")];
        let given = SignedCertificateTimestamps::List(List::of(&scts));
        for (body, place) in [
            (SignedCertificateTimestamps::Wanted, Place::ClientHello),
            (SignedCertificateTimestamps::Wanted, Place::CertificateRequest),
            (given, Place::ClassicServerHello),
            (given, Place::CertificateEntry),
        ] {
            let extensions = Extensions::of(vec![Extension::SignedCertificateTimestamps(body)]);
            let mut w = Writer::new();
            extensions.encode(&mut w);
            assert_eq!(Extensions::decode(&mut Reader::new(w.as_bytes()), place), Ok(extensions));
        }
    }

    #[test]
    fn no_list_is_empty_and_neither_is_an_item() {
        for bytes in [&[0, 0][..], &[0, 2, 0, 0], &[0, 6, 0, 2, 1, 2, 0, 0]] {
            let m = SignedCertificateTimestamps::decode(&mut Reader::new(bytes), Place::CertificateEntry).unwrap_err();
            assert_eq!((m.field, m.problem), ("sct_list", Problem::Length), "{bytes:?}");
        }
    }
}

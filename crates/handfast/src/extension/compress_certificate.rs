//! `compress_certificate` (RFC 8879 3): how the sender can have the other side's Certificate compressed.
//!
//! ```text
//! struct { CertificateCompressionAlgorithm algorithms<2..2^8-2>; } CertificateCompressionAlgorithms;
//! ```

use super::{Body, Place};
use crate::wire::numbers::CertificateCompressionAlgorithm;
use crate::wire::{List, Malformed, Prefix, Problem, Reader, Writer};

/// The algorithms that the sender can undo, each once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressCertificate<'a>(pub List<'a, CertificateCompressionAlgorithm>);

impl<'a> Body<'a> for CompressCertificate<'a> {
    fn decode(r: &mut Reader<'a>, _: Place) -> Result<Self, Malformed> {
        r.field("algorithms", "What the sender can undo, best first", "RFC 8879 3", |r| {
            let list = r.within(Prefix::U8, 2..=254, List::rest)?;
            // At most 127 of them.
            let twice = list.iter().enumerate().any(|(n, one)| list.iter().take(n).any(|other| other == one));
            if twice { Err(r.fault(Problem::Value("names an algorithm twice"))) } else { Ok(Self(list)) }
        })
    }

    fn encode(&self, w: &mut Writer) {
        w.within(Prefix::U8, |w| self.0.encode(w));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::{Extension, Extensions};
    use crate::wire::numbers::ExtensionType;

    fn read(body: &[u8], place: Place) -> Result<Extensions<'static>, Malformed> {
        let mut raw = vec![0, body.len() as u8 + 4, 0, 27, 0, body.len() as u8];
        raw.extend(body);
        Extensions::decode(&mut Reader::new(raw.leak()), place)
    }

    #[test]
    fn the_list_stands_in_hello_and_request() {
        use CertificateCompressionAlgorithm as A;
        for place in [Place::ClientHello, Place::CertificateRequest] {
            let extensions = read(&[4, 0, 2, 0, 1], place).unwrap();
            let list = extensions.compress_certificate().unwrap().0;
            assert_eq!(list.iter().collect::<Vec<_>>(), [A::BROTLI, A::ZLIB]);
            let mut w = Writer::new();
            extensions.encode(&mut w);
            assert_eq!(w.as_bytes(), [0, 9, 0, 27, 0, 5, 4, 0, 2, 0, 1]);
        }
        let mut w = Writer::new();
        let own = Extension::CompressCertificate(CompressCertificate(List::of(&[A::ZLIB])));
        assert_eq!(own.kind(), ExtensionType::COMPRESS_CERTIFICATE);
        Extensions::of(vec![own]).encode(&mut w);
        assert_eq!(w.as_bytes(), [0, 7, 0, 27, 0, 3, 2, 0, 1]);
    }

    #[test]
    fn no_other_place_and_no_other_form() {
        let problem = |body: &[u8], place| read(body, place).unwrap_err().problem;
        for place in [Place::ServerHello, Place::ClassicServerHello, Place::EncryptedExtensions] {
            assert_eq!(problem(&[2, 0, 1], place), Problem::Misplaced);
        }
        assert_eq!(problem(&[0], Place::ClientHello), Problem::Length);
        assert_eq!(problem(&[3, 0, 1, 0], Place::ClientHello), Problem::Truncated);
        assert_eq!(problem(&[2, 0, 1, 0], Place::ClientHello), Problem::Trailing);
        assert!(matches!(problem(&[6, 0, 1, 0, 2, 0, 1], Place::ClientHello), Problem::Value(_)));
    }
}

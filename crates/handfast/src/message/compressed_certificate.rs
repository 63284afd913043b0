//! CompressedCertificate (RFC 8879 4): Certificate of TLS 1.3 made smaller, from either side.
//!
//! ```text
//! struct { CertificateCompressionAlgorithm algorithm; uint24 uncompressed_length;
//!          opaque compressed_certificate_message<1..2^24-1>; } CompressedCertificate;
//! ```

use crate::wire::numbers::CertificateCompressionAlgorithm;
use crate::wire::{Malformed, Opaque24, Prefix, Reader, Wire, Writer};

/// A Certificate that is to be decompressed before it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressedCertificate<'a> {
    /// How it is compressed.
    pub algorithm: CertificateCompressionAlgorithm,
    /// The bytes of the Certificate, its header apart, that must come out; below 2^24.
    pub uncompressed_length: usize,
    /// What went in.
    pub compressed: &'a [u8],
}

const ALGORITHM: &str = "How it is compressed: one that the other side can undo";
const LENGTH: &str = "How long the Certificate must be again, so that nobody unpacks without end";
const MESSAGE: &str = "A Certificate message without its header, compressed";

impl<'a> CompressedCertificate<'a> {
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            algorithm: r.field("algorithm", ALGORITHM, "RFC 8879 4", CertificateCompressionAlgorithm::decode)?,
            uncompressed_length: r.field("uncompressed_length", LENGTH, "RFC 8879 4", |r| {
                let length = r.u24()?;
                r.say(|| format!("{length} bytes"));
                Ok(length)
            })?,
            compressed: r.field("compressed_certificate_message", MESSAGE, "RFC 8879 4", |r| {
                let bytes = Opaque24::decode(r)?.0;
                r.say(|| format!("{} bytes", bytes.len()));
                Ok(bytes)
            })?,
        })
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        self.algorithm.encode(w);
        w.u24(self.uncompressed_length);
        w.within(Prefix::U24, |w| w.bytes(self.compressed));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{classic, fault, round_trip};
    use super::super::{Dialect, Message};
    use super::*;
    use crate::crypto::KeyExchangeKind;
    use crate::wire::Problem;
    use crate::wire::numbers::HandshakeType;

    #[test]
    fn tls13_alone_has_it() {
        let algorithm = CertificateCompressionAlgorithm::BROTLI;
        let m = CompressedCertificate { algorithm, uncompressed_length: 0x01_02_03, compressed: &[9; 300] };
        let raw = round_trip(&Message::CompressedCertificate(m), Dialect::Tls13);
        assert_eq!(raw[..9], [25, 0, 1, 0x34, 0, 2, 1, 2, 3]);
        let (fields, _) = Message::describe(&raw, Dialect::Tls13);
        let said: Vec<_> = fields[1].parts.iter().map(|f| (f.name, f.value.as_str())).collect();
        let expected = [
            ("algorithm", "brotli"),
            ("uncompressed_length", "66051 bytes"),
            ("compressed_certificate_message", "300 bytes"),
        ];
        assert_eq!(said, expected);
        let misplaced = fault(HandshakeType::COMPRESSED_CERTIFICATE, &raw[4..], classic(KeyExchangeKind::Ecdhe, true));
        assert_eq!(misplaced.problem, Problem::Misplaced);
    }

    #[test]
    fn nothing_at_all_is_no_certificate() {
        let body = [0, 1, 0, 0, 9, 0, 0, 0];
        assert_eq!(fault(HandshakeType::COMPRESSED_CERTIFICATE, &body, Dialect::Tls13).problem, Problem::Length);
    }
}

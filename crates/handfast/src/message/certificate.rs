//! Certificate (RFC 9846 4.5.1, RFC 5246 7.4.2), from either side.
//!
//! ```text
//! TLS 1.3: struct { opaque certificate_request_context<0..2^8-1>; CertificateEntry certificate_list<0..2^24-1>; }
//!          struct { opaque cert_data<1..2^24-1>; Extension extensions<0..2^16-1>; } CertificateEntry
//! before:  struct { ASN.1Cert certificate_list<0..2^24-1>; }
//! ```

use crate::extension::{Extensions, Place};
use crate::wire::{Malformed, Opaque8, Opaque24, Prefix, Reader, Wire, Writer};

/// A chain, the sender's own certificate first. Empty from a client that has none to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// The request that this answers; `None` before TLS 1.3, where the form has no such field.
    pub context: Option<&'a [u8]>,
    /// As many as came: [`crate::config::Limits::chain`] is for the handshake to keep.
    pub list: Vec<CertificateEntry<'a>>,
}

/// One certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateEntry<'a> {
    /// DER.
    pub cert_data: &'a [u8],
    /// Always empty before TLS 1.3.
    pub extensions: Extensions<'a>,
}

const CONTEXT: &str = "Says which request this answers; empty within a handshake";
const LIST: &str = "The sender's certificate, then those that vouch for it";
const ENTRY: &str = "A certificate, and what belongs to it; each one is vouched for by the next";
const DATA: &str = "The certificate in DER, or a bare public key where that was agreed on";

impl<'a> Certificate<'a> {
    pub(super) fn decode_classic(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let list = Self::decode_list(r, |r| {
            r.note(|| ("A certificate in DER; each one is vouched for by the next", "RFC 5246 7.4.2"));
            let der = Opaque24::decode(r)?;
            Ok(CertificateEntry { cert_data: der.0, extensions: Extensions::default() })
        })?;
        Ok(Self { context: None, list })
    }

    pub(super) fn decode_13(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let context = r.field("certificate_request_context", CONTEXT, "RFC 9846 4.5.1", Opaque8::decode)?.0;
        let list = Self::decode_list(r, |r| {
            Ok(CertificateEntry {
                cert_data: r.field("cert_data", DATA, "RFC 9846 4.5.1", Opaque24::decode)?.0,
                extensions: r.field("extensions", "What belongs to this certificate", "RFC 9846 4.5.1", |r| {
                    Extensions::decode(r, Place::CertificateEntry)
                })?,
            })
        })?;
        Ok(Self { context: Some(context), list })
    }

    /// Reads a TLS 1.3 Certificate without its header, as it comes out of a CompressedCertificate.
    pub(crate) fn from_body(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let message = Self::decode_13(&mut r)?;
        r.finish()?;
        Ok(message)
    }

    fn decode_list(
        r: &mut Reader<'a>,
        one: impl Fn(&mut Reader<'a>) -> Result<CertificateEntry<'a>, Malformed>,
    ) -> Result<Vec<CertificateEntry<'a>>, Malformed> {
        r.field("certificate_list", LIST, "RFC 9846 4.5.1, RFC 5246 7.4.2", |r| {
            r.within(Prefix::U24, 0..=0xff_ffff, |r| {
                let mut list = Vec::new();
                while !r.is_empty() {
                    list.push(r.field("certificate", ENTRY, "RFC 9846 4.5.1", &one)?);
                }
                Ok(list)
            })
        })
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        if let Some(context) = self.context {
            w.within(Prefix::U8, |w| w.bytes(context));
        }
        w.within(Prefix::U24, |w| {
            for entry in &self.list {
                w.within(Prefix::U24, |w| w.bytes(entry.cert_data));
                if self.context.is_some() {
                    Extensions { present: true, list: entry.extensions.list.clone() }.encode(w);
                }
            }
        });
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

    fn entries(n: usize, present: bool) -> Vec<CertificateEntry<'static>> {
        let extensions = Extensions { list: Vec::new(), present };
        vec![CertificateEntry { cert_data: &[0x30, 0], extensions }; n]
    }

    #[test]
    fn both_forms_empty_and_not() {
        for n in [0, 1, 3] {
            let list = entries(n, false);
            round_trip(&Message::Certificate(Certificate { context: None, list }), classic(KeyExchangeKind::Rsa, true));
            let list = entries(n, true);
            round_trip(&Message::Certificate(Certificate { context: Some(&[]), list }), Dialect::Tls13);
        }
    }

    #[test]
    fn the_body_alone_can_be_read() {
        let message = Certificate { context: Some(&[]), list: entries(2, true) };
        let raw = Message::Certificate(message.clone()).to_bytes();
        assert_eq!(Certificate::from_body(&raw[4..]), Ok(message));
        let longer = [&raw[4..], &[0]].concat();
        assert_eq!(Certificate::from_body(&longer).map_err(|m| m.problem), Err(Problem::Trailing));
    }

    #[test]
    fn an_empty_certificate_is_refused() {
        let empty = fault(HandshakeType::CERTIFICATE, &[0, 0, 3, 0, 0, 0], classic(KeyExchangeKind::Rsa, true));
        assert_eq!(empty.problem, Problem::Length);
    }
}

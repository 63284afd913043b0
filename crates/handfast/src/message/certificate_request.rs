//! CertificateRequest (RFC 9846 4.4.2, RFC 5246 7.4.4).
//!
//! ```text
//! TLS 1.3: struct { opaque certificate_request_context<0..2^8-1>; Extension extensions<0..2^16-1>; }
//! before:  struct { ClientCertificateType certificate_types<1..2^8-1>;
//!                   SignatureAndHashAlgorithm supported_signature_algorithms<2..2^16-2>;  (TLS 1.2 only)
//!                   DistinguishedName certificate_authorities<0..2^16-1>; }
//! ```

use super::ClassicForm;
use crate::extension::{Extensions, Place, opaque_list};
use crate::wire::numbers::{ClientCertificateType, SignatureScheme};
use crate::wire::{List, Malformed, Opaque8, Opaque16, Prefix, Reader, Vector, Wire, Writer};

/// The classic form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest<'a> {
    /// What the certificate may be made with.
    pub certificate_types: List<'a, ClientCertificateType>,
    /// What the proof may be signed with; `None` before TLS 1.2.
    pub schemes: Option<List<'a, SignatureScheme>>,
    /// DER names of authorities; empty if any will do.
    pub authorities: Vec<Opaque16<'a>>,
}

const TYPES: &str = "Kinds of keys that the client's certificate may have";
const SCHEMES: &str = "Signatures that the server can verify";
const AUTHORITIES: &str = "Authorities that the server trusts; none means that any will do";
const AUTHORITY: &str = "The name of an authority, in DER";
const CONTEXT: &str = "Tells this request from others; the answer repeats it; empty within a handshake";
const EXTENSIONS: &str = "What the certificate must be like";

impl<'a> CertificateRequest<'a> {
    pub(super) fn decode(r: &mut Reader<'a>, form: ClassicForm) -> Result<Self, Malformed> {
        let (types, schemes) =
            (Vector::<'a, ClientCertificateType, 1, 1>::decode, Vector::<'a, SignatureScheme, 2, 2>::decode);
        Ok(Self {
            certificate_types: r.field("certificate_types", TYPES, "RFC 5246 7.4.4", types)?.0,
            schemes: match form.schemes {
                true => Some(r.field("supported_signature_algorithms", SCHEMES, "RFC 5246 7.4.4", schemes)?.0),
                false => None,
            },
            authorities: r.field("certificate_authorities", AUTHORITIES, "RFC 5246 7.4.4", |r| {
                opaque_list(r, "authority", AUTHORITY, "RFC 5246 7.4.4", 0)
            })?,
        })
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        w.within(Prefix::U8, |w| self.certificate_types.encode(w));
        if let Some(schemes) = &self.schemes {
            w.within(Prefix::U16, |w| schemes.encode(w));
        }
        w.within(Prefix::U16, |w| self.authorities.iter().for_each(|a| a.encode(w)));
    }
}

/// TLS 1.3's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest13<'a> {
    /// Empty in a handshake.
    pub context: &'a [u8],
    /// `signature_algorithms` at least.
    pub extensions: Extensions<'a>,
}

impl<'a> CertificateRequest13<'a> {
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            context: r.field("certificate_request_context", CONTEXT, "RFC 9846 4.4.2", Opaque8::decode)?.0,
            extensions: r.field("extensions", EXTENSIONS, "RFC 9846 4.4.2", |r| {
                Extensions::decode(r, Place::CertificateRequest)
            })?,
        })
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        w.within(Prefix::U8, |w| w.bytes(self.context));
        self.extensions.encode(w);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{classic, round_trip};
    use super::super::{Dialect, Message};
    use super::*;
    use crate::crypto::KeyExchangeKind;
    use crate::extension::{Extension, SignatureAlgorithms};
    use crate::wire::Opaque;

    #[test]
    fn all_three_forms() {
        let types = [ClientCertificateType::RSA_SIGN, ClientCertificateType::ECDSA_SIGN];
        let schemes = [SignatureScheme::RSA_PSS_RSAE_SHA256];
        for with in [true, false] {
            let m = CertificateRequest {
                certificate_types: List::of(&types),
                schemes: with.then_some(List::of(&schemes)),
                authorities: vec![Opaque(&[0x30, 0])],
            };
            round_trip(&Message::CertificateRequest(m), classic(KeyExchangeKind::Ecdhe, with));
        }
        let list = vec![Extension::SignatureAlgorithms(SignatureAlgorithms(List::of(&schemes)))];
        let m = CertificateRequest13 { context: &[1], extensions: Extensions::of(list) };
        round_trip(&Message::CertificateRequest13(m), Dialect::Tls13);
    }
}

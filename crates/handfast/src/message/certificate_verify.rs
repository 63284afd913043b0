//! CertificateVerify (RFC 9846 4.5.2, RFC 5246 7.4.8): proof that the sender has its certificate's key.
//!
//! ```text
//! struct { SignatureScheme algorithm;  (from TLS 1.2 on)
//!          opaque signature<0..2^16-1>; } CertificateVerify
//! ```

use crate::wire::numbers::SignatureScheme;
use crate::wire::{Malformed, Opaque16, Reader, Wire, Writer};

/// A signature over the handshake so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateVerify<'a> {
    /// How it is signed; `None` before TLS 1.2, where the key says it.
    pub scheme: Option<SignatureScheme>,
    /// The signature.
    pub signature: &'a [u8],
}

const ALGORITHM: &str = "How the handshake is signed";
const SIGNATURE: &str = "Made with the certificate's private key over the whole handshake so far";

impl<'a> CertificateVerify<'a> {
    pub(super) fn decode_classic(r: &mut Reader<'a>, schemes: bool) -> Result<Self, Malformed> {
        let scheme = match schemes {
            true => Some(r.field("algorithm", ALGORITHM, "RFC 5246 7.4.8", SignatureScheme::decode)?),
            false => None,
        };
        Ok(Self { scheme, signature: r.field("signature", SIGNATURE, "RFC 5246 7.4.8", Opaque16::decode)?.0 })
    }
    pub(super) fn decode_13(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let scheme = Some(r.field("algorithm", ALGORITHM, "RFC 9846 4.5.2", SignatureScheme::decode)?);
        Ok(Self { scheme, signature: r.field("signature", SIGNATURE, "RFC 9846 4.5.2", Opaque16::decode)?.0 })
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        if let Some(scheme) = self.scheme {
            scheme.encode(w);
        }
        Opaque16::encode(&crate::wire::Opaque(self.signature), w);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::super::testing::{classic, round_trip};
    use super::*;
    use crate::crypto::KeyExchangeKind;

    #[test]
    fn with_and_without_scheme() {
        for with in [true, false] {
            let scheme = with.then_some(SignatureScheme::ED25519);
            let m = CertificateVerify { scheme, signature: &[1, 2, 3] };
            round_trip(&Message::CertificateVerify(m), classic(KeyExchangeKind::Ecdhe, with));
        }
    }
}

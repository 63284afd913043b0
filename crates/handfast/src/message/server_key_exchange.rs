//! ServerKeyExchange (RFC 5246 7.4.3, RFC 8422 5.4): the server's half of an ephemeral key exchange, signed.
//!
//! ```text
//! struct { ECCurveType curve_type = named_curve(3); NamedCurve namedcurve; opaque point<1..2^8-1>;
//!          SignatureAndHashAlgorithm algorithm;  (from TLS 1.2 on)
//!          opaque signature<0..2^16-1>; }
//! ```

use super::ClassicForm;
use crate::crypto::KeyExchangeKind;
use crate::wire::numbers::{NamedGroup, SignatureScheme};
use crate::wire::{Malformed, Opaque, Opaque16, Prefix, Problem, Reader, Wire, Writer};

/// One form for each key exchange that has the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKeyExchange<'a> {
    /// ECDHE, signed by the certificate's key.
    Ecdhe {
        /// What is signed, after both randoms.
        params: EcdheParams<'a>,
        /// How; `None` before TLS 1.2.
        scheme: Option<SignatureScheme>,
        /// The signature.
        signature: &'a [u8],
    },
}

/// `ServerECDHParams`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EcdheParams<'a> {
    /// The curve.
    pub group: NamedGroup,
    /// The server's public key.
    pub point: &'a [u8],
}

const NAMED_CURVE: u8 = 3;

impl EcdheParams<'_> {
    /// The bytes that are signed.
    pub fn encode(&self, w: &mut Writer) {
        w.u8(NAMED_CURVE);
        self.group.encode(w);
        w.within(Prefix::U8, |w| w.bytes(self.point));
    }
}

impl<'a> ServerKeyExchange<'a> {
    pub(super) fn decode(r: &mut Reader<'a>, form: ClassicForm) -> Result<Self, Malformed> {
        match form.key_exchange {
            KeyExchangeKind::Ecdhe => {
                let curve_type = r.field("curve_type", u8::decode)?;
                if curve_type != NAMED_CURVE {
                    return Err(Malformed { field: "curve_type", ..r.fault(Problem::Value("is not named_curve")) });
                }
                let params = EcdheParams {
                    group: r.field("namedcurve", NamedGroup::decode)?,
                    point: r.field("point", Opaque::<'a, 1, 1, 255>::decode)?.0,
                };
                let scheme = match form.schemes {
                    true => Some(r.field("algorithm", SignatureScheme::decode)?),
                    false => None,
                };
                Ok(Self::Ecdhe { params, scheme, signature: r.field("signature", Opaque16::decode)?.0 })
            }
            // RSA key exchange has no such message; nor has TLS 1.3.
            KeyExchangeKind::Rsa | KeyExchangeKind::Tls13 => Err(r.fault(Problem::Misplaced)),
        }
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        match self {
            Self::Ecdhe { params, scheme, signature } => {
                params.encode(w);
                if let Some(scheme) = scheme {
                    scheme.encode(w);
                }
                w.within(Prefix::U16, |w| w.bytes(signature));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::super::testing::{classic, fault, round_trip};
    use super::*;
    use crate::wire::numbers::HandshakeType;

    #[test]
    fn ecdhe_with_and_without_scheme() {
        for with in [true, false] {
            let m = ServerKeyExchange::Ecdhe {
                params: EcdheParams { group: NamedGroup::X25519, point: &[4; 32] },
                scheme: with.then_some(SignatureScheme::RSA_PKCS1_SHA256),
                signature: &[9; 8],
            };
            let raw = round_trip(&Message::ServerKeyExchange(m), classic(KeyExchangeKind::Ecdhe, with));
            let ServerKeyExchange::Ecdhe { params, .. } = m;
            let mut w = Writer::new();
            params.encode(&mut w);
            assert!(raw[4..].starts_with(w.as_bytes()), "what is signed stands first");
        }
    }

    #[test]
    fn explicit_curves_and_rsa_have_none() {
        let body = [1, 0, 29, 1, 4, 4, 1, 0, 0];
        let m = fault(HandshakeType::SERVER_KEY_EXCHANGE, &body, classic(KeyExchangeKind::Ecdhe, true));
        assert_eq!(m.field, "curve_type");
        let m = fault(HandshakeType::SERVER_KEY_EXCHANGE, &body, classic(KeyExchangeKind::Rsa, true));
        assert_eq!(m.problem, Problem::Misplaced);
    }
}

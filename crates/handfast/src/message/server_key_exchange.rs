//! ServerKeyExchange (RFC 5246 7.4.3, RFC 8422 5.4, RFC 4279, RFC 5489): what helps the client to choose a pre-shared key, and the
//! server's half of an ephemeral key exchange, signed where a certificate proves the server.
//!
//! ```text
//! struct { opaque psk_identity_hint<0..2^16-1>;                      (with a pre-shared key)
//!          ECCurveType curve_type = named_curve(3); NamedCurve namedcurve; opaque point<1..2^8-1>;        (on a curve)
//!          opaque dh_p<1..2^16-1>; opaque dh_g<1..2^16-1>; opaque dh_Ys<1..2^16-1>;                       (over a prime field)
//!          SignatureAndHashAlgorithm algorithm;                      (if signed, from TLS 1.2 on)
//!          opaque signature<0..2^16-1>; }                            (if signed)
//! ```

use super::ClassicForm;
use crate::wire::numbers::{NamedGroup, SignatureScheme};
use crate::wire::{Malformed, Opaque, Opaque16, Prefix, Problem, Reader, Wire, Writer, hex};

/// What of it there is says the key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerKeyExchange<'a> {
    /// What helps the client to choose its pre-shared key; empty if nothing. Only with one.
    pub hint: Option<&'a [u8]>,
    /// The server's half, if keys are made for this handshake.
    pub params: Option<Params<'a>>,
    /// The signature over both randoms and `params`, by the certificate's key.
    pub signature: Option<Signed<'a>>,
}

/// The server's half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Params<'a> {
    /// `ServerECDHParams`
    Ecdhe {
        /// The curve.
        group: NamedGroup,
        /// The server's public key.
        point: &'a [u8],
    },
    /// `ServerDHParams`; big-endian numbers.
    Dhe {
        /// The prime.
        p: &'a [u8],
        /// The generator.
        g: &'a [u8],
        /// The server's public key.
        ys: &'a [u8],
    },
}

/// A signature, and how it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// How; `None` before TLS 1.2.
    pub scheme: Option<SignatureScheme>,
    /// The signature.
    pub signature: &'a [u8],
}

const NAMED_CURVE: u8 = 3;

const HINT: &str = "Helps the client to choose which of its keys to use";
const CURVE_TYPE: &str = "Says that the curve is named, not spelled out";
const CURVE: &str = "The curve that the key exchange is on";
const POINT: &str = "The server's half of the key exchange: a fresh public key";
const PRIME: &str = "The prime that all is reckoned with";
const GENERATOR: &str = "The number that both sides raise to powers";
const NUMBER: &str = "The server's half of the key exchange: a fresh public key";
const ALGORITHM: &str = "How the server's half is signed";
const SIGNATURE: &str = "Made with the certificate's private key over both randoms and the server's half";

impl<'a> Params<'a> {
    fn decode_ecdhe(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let curve_type = r.field("curve_type", CURVE_TYPE, "RFC 8422 5.4", |r| {
            let kind = u8::decode(r)?;
            if kind == NAMED_CURVE {
                r.say(|| "named_curve (3)".into());
            }
            Ok(kind)
        })?;
        if curve_type != NAMED_CURVE {
            return Err(Malformed { field: "curve_type", ..r.fault(Problem::Value("is not named_curve")) });
        }
        Ok(Self::Ecdhe {
            group: r.field("namedcurve", CURVE, "RFC 8422 5.4", NamedGroup::decode)?,
            point: r.field("point", POINT, "RFC 8422 5.4", Opaque::<'a, 1, 1, 255>::decode)?.0,
        })
    }

    fn decode_dhe(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut number = |name, note| {
            r.field(name, note, "RFC 5246 7.4.3", |r| {
                let number = Opaque::<'a, 2, 1, 0xffff>::decode(r)?.0;
                r.say(|| hex(number));
                Ok(number)
            })
        };
        Ok(Self::Dhe { p: number("dh_p", PRIME)?, g: number("dh_g", GENERATOR)?, ys: number("dh_Ys", NUMBER)? })
    }

    /// The bytes that are signed.
    pub fn encode(&self, w: &mut Writer) {
        match self {
            Self::Ecdhe { group, point } => {
                w.u8(NAMED_CURVE);
                group.encode(w);
                w.within(Prefix::U8, |w| w.bytes(point));
            }
            Self::Dhe { p, g, ys } => [p, g, ys].into_iter().for_each(|n| w.within(Prefix::U16, |w| w.bytes(n))),
        }
    }
}

impl<'a> ServerKeyExchange<'a> {
    pub(super) fn decode(r: &mut Reader<'a>, form: ClassicForm) -> Result<Self, Malformed> {
        let exchange = form.key_exchange;
        if !exchange.has_psk() && !exchange.is_signed() {
            // RSA key exchange has no such message; nor has TLS 1.3.
            return Err(r.fault(Problem::Misplaced));
        }
        let hint = match exchange.has_psk() {
            true => Some(r.field("psk_identity_hint", HINT, "RFC 4279 2", Opaque16::decode)?.0),
            false => None,
        };
        let params = match exchange {
            _ if exchange.has_ecdhe() => Some(Params::decode_ecdhe(r)?),
            _ if exchange.has_dhe() => Some(Params::decode_dhe(r)?),
            _ => None,
        };
        let signature = match exchange.is_signed() {
            true => Some(Signed::decode(r, form)?),
            false => None,
        };
        Ok(Self { hint, params, signature })
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        if let Some(hint) = self.hint {
            w.within(Prefix::U16, |w| w.bytes(hint));
        }
        if let Some(params) = self.params {
            params.encode(w);
        }
        if let Some(Signed { scheme, signature }) = self.signature {
            if let Some(scheme) = scheme {
                scheme.encode(w);
            }
            w.within(Prefix::U16, |w| w.bytes(signature));
        }
    }
}

impl<'a> Signed<'a> {
    fn decode(r: &mut Reader<'a>, form: ClassicForm) -> Result<Self, Malformed> {
        let scheme = match form.schemes {
            true => Some(r.field("algorithm", ALGORITHM, "RFC 5246 7.4.3", SignatureScheme::decode)?),
            false => None,
        };
        Ok(Self { scheme, signature: r.field("signature", SIGNATURE, "RFC 5246 7.4.3", Opaque16::decode)?.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::super::testing::{classic, fault, round_trip};
    use super::*;
    use crate::crypto::KeyExchangeKind as K;
    use crate::wire::numbers::HandshakeType;

    const ECDHE: Params<'_> = Params::Ecdhe { group: NamedGroup::X25519, point: &[4; 32] };
    const DHE: Params<'_> = Params::Dhe { p: &[7; 256], g: &[2], ys: &[9; 255] };

    #[test]
    fn each_key_exchange_with_and_without_scheme() {
        for (kind, params) in [
            (K::Ecdhe, Some(ECDHE)),
            (K::Dhe, Some(DHE)),
            (K::Psk, None),
            (K::RsaPsk, None),
            (K::EcdhePsk, Some(ECDHE)),
            (K::DhePsk, Some(DHE)),
        ] {
            for with in [true, false] {
                let scheme = with.then_some(SignatureScheme::RSA_PKCS1_SHA256);
                let signature = kind.is_signed().then_some(Signed { scheme, signature: &[9; 8] });
                let hint = kind.has_psk().then_some(&b"hint"[..]);
                let m = ServerKeyExchange { hint, params, signature };
                let raw = round_trip(&Message::ServerKeyExchange(m), classic(kind, with));
                let mut w = Writer::new();
                params.inspect(|p| p.encode(&mut w));
                let at = 4 + hint.map_or(0, |h| 2 + h.len());
                assert!(raw[at..].starts_with(w.as_bytes()), "what is signed stands first, behind the hint");
            }
        }
    }

    #[test]
    fn explicit_curves_and_rsa_have_none() {
        let body = [1, 0, 29, 1, 4, 4, 1, 0, 0];
        let m = fault(HandshakeType::SERVER_KEY_EXCHANGE, &body, classic(K::Ecdhe, true));
        assert_eq!(m.field, "curve_type");
        let m = fault(HandshakeType::SERVER_KEY_EXCHANGE, &body, classic(K::Rsa, true));
        assert_eq!(m.problem, Problem::Misplaced);
        let m = fault(HandshakeType::SERVER_KEY_EXCHANGE, &[0, 1, 5, 0, 0], classic(K::Dhe, true));
        assert_eq!(m.field, "dh_g");
    }
}

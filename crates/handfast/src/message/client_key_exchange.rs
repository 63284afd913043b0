//! ClientKeyExchange (RFC 5246 7.4.7, RFC 8422 5.7, RFC 4279, RFC 5489): the client's half of the key exchange, behind the name of
//! the pre-shared key where there is one.
//!
//! ```text
//! struct { opaque psk_identity<0..2^16-1>;                   (with a pre-shared key)
//!          opaque encrypted_pre_master_secret<0..2^16-1>;    (RSA; in SSL 3.0 without the length)
//!          opaque ecdh_Yc<1..2^8-1>;                         (on a curve)
//!          opaque dh_Yc<1..2^16-1>; }                        (over a prime field)
//! ```

use super::ClassicForm;
use crate::crypto::KeyExchangeKind;
use crate::wire::{Malformed, Opaque, Opaque16, Prefix, Problem, Reader, Wire, Writer, hex};

/// What of it there is says the key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientKeyExchange<'a> {
    /// The name of the pre-shared key.
    pub identity: Option<&'a [u8]>,
    /// The client's half, if there is more than that.
    pub half: Option<ClientHalf<'a>>,
}

/// The client's half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientHalf<'a> {
    /// The premaster secret under the server's public key.
    Rsa {
        /// The ciphertext.
        encrypted: &'a [u8],
        /// Whether a length stands before it.
        length: bool,
    },
    /// The client's public key on a curve.
    Ecdhe(&'a [u8]),
    /// The client's public key over a prime field: a big-endian number.
    Dhe(&'a [u8]),
}

const IDENTITY: &str = "The name of the key that both sides have already";
const PREMASTER: &str = "A secret of the client's making that only the server's private key can open";
const POINT: &str = "The client's half of a key exchange on a curve: a fresh public key";
const NUMBER: &str = "The client's half of a Diffie-Hellman key exchange: a fresh public key";

impl<'a> ClientKeyExchange<'a> {
    pub(super) fn decode(r: &mut Reader<'a>, form: ClassicForm) -> Result<Self, Malformed> {
        use KeyExchangeKind as K;
        let identity = match form.key_exchange.has_psk() {
            true => Some(r.field("psk_identity", IDENTITY, "RFC 4279 2", Opaque16::decode)?.0),
            false => None,
        };
        let half = match form.key_exchange {
            K::Rsa | K::RsaPsk => Some(r.field("encrypted_pre_master_secret", PREMASTER, "RFC 5246 7.4.7.1", |r| {
                let length = form.premaster_length;
                if !length {
                    r.note(|| (PREMASTER, "RFC 6101 5.6.7.1"));
                }
                let encrypted = if length { Opaque16::decode(r)?.0 } else { r.rest() };
                Ok(ClientHalf::Rsa { encrypted, length })
            })?),
            K::Ecdhe | K::EcdhePsk => {
                let point = r.field("ecdh_Yc", POINT, "RFC 8422 5.7", Opaque::<'a, 1, 1, 255>::decode)?;
                Some(ClientHalf::Ecdhe(point.0))
            }
            K::Dhe | K::DhePsk => Some(ClientHalf::Dhe(r.field("dh_Yc", NUMBER, "RFC 5246 7.4.7.2", |r| {
                let number = Opaque::<'a, 2, 1, 0xffff>::decode(r)?.0;
                r.say(|| hex(number));
                Ok(number)
            })?)),
            K::Psk => None,
            K::Tls13 => return Err(r.fault(Problem::Misplaced)),
        };
        Ok(Self { identity, half })
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        if let Some(identity) = self.identity {
            w.within(Prefix::U16, |w| w.bytes(identity));
        }
        match self.half {
            Some(ClientHalf::Rsa { encrypted, length: true }) => w.within(Prefix::U16, |w| w.bytes(encrypted)),
            Some(ClientHalf::Rsa { encrypted, length: false }) => w.bytes(encrypted),
            Some(ClientHalf::Ecdhe(point)) => w.within(Prefix::U8, |w| w.bytes(point)),
            Some(ClientHalf::Dhe(number)) => w.within(Prefix::U16, |w| w.bytes(number)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{classic, round_trip};
    use super::super::{Dialect, Message};
    use super::*;
    use KeyExchangeKind as K;

    #[test]
    fn each_form() {
        let rsa = Some(ClientHalf::Rsa { encrypted: &[1; 256], length: true });
        let (ecdhe, dhe) = (Some(ClientHalf::Ecdhe(&[4; 65])), Some(ClientHalf::Dhe(&[4; 256])));
        for (kind, half) in [
            (K::Rsa, rsa),
            (K::Ecdhe, ecdhe),
            (K::Dhe, dhe),
            (K::Psk, None),
            (K::RsaPsk, rsa),
            (K::EcdhePsk, ecdhe),
            (K::DhePsk, dhe),
        ] {
            let identity = kind.has_psk().then_some(&b"me"[..]);
            round_trip(&Message::ClientKeyExchange(ClientKeyExchange { identity, half }), classic(kind, true));
        }
        let half = Some(ClientHalf::Rsa { encrypted: &[1; 256], length: false });
        let bare = Message::ClientKeyExchange(ClientKeyExchange { identity: None, half });
        let form = ClassicForm {
            schemes: false,
            premaster_length: false,
            no_certificate_alert: true,
            key_exchange: K::Rsa,
            raw_public_key: false,
        };
        assert_eq!(Message::decode(&bare.to_bytes(), Dialect::Classic(form)).as_ref(), Ok(&bare));
    }
}

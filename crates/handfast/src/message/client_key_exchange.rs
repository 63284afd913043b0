//! ClientKeyExchange (RFC 5246 7.4.7, RFC 8422 5.7): the client's half of the key exchange.
//!
//! ```text
//! RSA:   opaque encrypted_pre_master_secret<0..2^16-1>  (in SSL 3.0 without the length)
//! ECDHE: opaque ecdh_Yc<1..2^8-1>
//! ```

use super::ClassicForm;
use crate::crypto::KeyExchangeKind;
use crate::wire::{Malformed, Opaque, Opaque16, Prefix, Problem, Reader, Wire, Writer};

/// One form for each key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKeyExchange<'a> {
    /// The premaster secret under the server's public key.
    Rsa {
        /// The ciphertext.
        encrypted: &'a [u8],
        /// Whether a length stands before it.
        length: bool,
    },
    /// The client's public key.
    Ecdhe(&'a [u8]),
}

impl<'a> ClientKeyExchange<'a> {
    pub(super) fn decode(r: &mut Reader<'a>, form: ClassicForm) -> Result<Self, Malformed> {
        match form.key_exchange {
            KeyExchangeKind::Rsa => r.field("encrypted_pre_master_secret", |r| {
                let length = form.premaster_length;
                let encrypted = if length { Opaque16::decode(r)?.0 } else { r.rest() };
                Ok(Self::Rsa { encrypted, length })
            }),
            KeyExchangeKind::Ecdhe => r.field("ecdh_Yc", Opaque::<'a, 1, 1, 255>::decode).map(|o| Self::Ecdhe(o.0)),
            KeyExchangeKind::Tls13 => Err(r.fault(Problem::Misplaced)),
        }
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        match self {
            Self::Rsa { encrypted, length: true } => w.within(Prefix::U16, |w| w.bytes(encrypted)),
            Self::Rsa { encrypted, length: false } => w.bytes(encrypted),
            Self::Ecdhe(point) => w.within(Prefix::U8, |w| w.bytes(point)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{classic, round_trip};
    use super::super::{Dialect, Message};
    use super::*;

    #[test]
    fn each_form() {
        let rsa = ClientKeyExchange::Rsa { encrypted: &[1; 256], length: true };
        round_trip(&Message::ClientKeyExchange(rsa), classic(KeyExchangeKind::Rsa, true));
        round_trip(
            &Message::ClientKeyExchange(ClientKeyExchange::Ecdhe(&[4; 65])),
            classic(KeyExchangeKind::Ecdhe, true),
        );
        let bare = Message::ClientKeyExchange(ClientKeyExchange::Rsa { encrypted: &[1; 256], length: false });
        let form = ClassicForm {
            schemes: false,
            premaster_length: false,
            key_exchange: KeyExchangeKind::Rsa,
            raw_public_key: false,
        };
        assert_eq!(Message::decode(&bare.to_bytes(), Dialect::Classic(form)).as_ref(), Ok(&bare));
    }
}

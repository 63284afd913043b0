//! KeyUpdate (RFC 9846 4.7.3): the sender's keys change after this message.

use crate::wire::{Malformed, Problem, Reader, Writer};

/// Whether the peer shall change its keys too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the RFC's names")]
pub enum KeyUpdate {
    UpdateNotRequested,
    UpdateRequested,
}

impl KeyUpdate {
    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.field("request_update", "Whether the other side shall change its keys, too", "RFC 9846 4.7.3", |r| {
            let value = match r.u8()? {
                0 => Self::UpdateNotRequested,
                1 => Self::UpdateRequested,
                _ => return Err(r.fault(Problem::Value("is neither 0 nor 1"))),
            };
            r.say(|| format!("{value:?}"));
            Ok(value)
        })
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        w.u8(match self {
            Self::UpdateNotRequested => 0,
            Self::UpdateRequested => 1,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, round_trip};
    use super::super::{Dialect, Message};
    use super::*;
    use crate::wire::numbers::HandshakeType;

    #[test]
    fn two_values_and_no_third() {
        round_trip(&Message::KeyUpdate(KeyUpdate::UpdateNotRequested), Dialect::Tls13);
        round_trip(&Message::KeyUpdate(KeyUpdate::UpdateRequested), Dialect::Tls13);
        assert!(matches!(fault(HandshakeType::KEY_UPDATE, &[2], Dialect::Tls13).problem, Problem::Value(_)));
    }
}

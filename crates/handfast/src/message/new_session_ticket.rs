//! NewSessionTicket (RFC 9846 4.7.1, RFC 5077 3.3): something to resume by.

use crate::extension::{Extensions, Place};
use crate::wire::{Malformed, Opaque, Opaque8, Opaque16, Prefix, Reader, Wire, Writer, fields};

fields! {
    /// The classic form (RFC 5077 3.3).
    pub struct NewSessionTicket<'a> {
        /// In seconds; 0 leaves it to the client.
        pub ticket_lifetime_hint: u32 = "For how many seconds the ticket may serve; 0 leaves it to the client", "RFC 5077 3.3",
        /// Empty if the server, having promised one, has none to give.
        pub ticket: Opaque16<'a> = "The session, sealed so that only the server can read it", "RFC 5077 3.3",
    }
}

/// TLS 1.3's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSessionTicket13<'a> {
    /// In seconds, 604800 at most.
    pub lifetime: u32,
    /// Hides the ticket's age on the wire.
    pub age_add: u32,
    /// Tells apart the tickets of one connection.
    pub nonce: &'a [u8],
    /// The ticket.
    pub ticket: &'a [u8],
    /// `early_data` or none.
    pub extensions: Extensions<'a>,
}

const RFC: &str = "RFC 9846 4.7.1";
const LIFETIME: &str = "For how long the ticket may be used";
const AGE_ADD: &str = "Is added to the ticket's age when it is used, so that nobody can tell by it who comes back";
const NONCE: &str = "Gives each ticket of a connection a key of its own";
const TICKET: &str = "Shown at the next visit, it spares the certificates; only the server can read it";

impl<'a> NewSessionTicket13<'a> {
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            lifetime: r.field("ticket_lifetime", LIFETIME, RFC, |r| {
                let seconds = u32::decode(r)?;
                r.say(|| format!("{seconds} seconds"));
                Ok(seconds)
            })?,
            age_add: r.field("ticket_age_add", AGE_ADD, RFC, u32::decode)?,
            nonce: r.field("ticket_nonce", NONCE, RFC, Opaque8::decode)?.0,
            ticket: r.field("ticket", TICKET, RFC, Opaque::<'a, 2, 1, 0xffff>::decode)?.0,
            extensions: r.field("extensions", "What else the ticket is good for", RFC, |r| {
                Extensions::decode(r, Place::NewSessionTicket)
            })?,
        })
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        w.u32(self.lifetime);
        w.u32(self.age_add);
        w.within(Prefix::U8, |w| w.bytes(self.nonce));
        w.within(Prefix::U16, |w| w.bytes(self.ticket));
        self.extensions.encode(w);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{classic, round_trip};
    use super::super::{Dialect, Message};
    use super::*;
    use crate::crypto::KeyExchangeKind;
    use crate::extension::{EarlyData, Extension};

    #[test]
    fn both_forms() {
        for ticket in [&[][..], &[7; 100]] {
            let m = NewSessionTicket { ticket_lifetime_hint: 300, ticket: Opaque(ticket) };
            round_trip(&Message::NewSessionTicket(m), classic(KeyExchangeKind::Rsa, true));
        }
        for list in [vec![], vec![Extension::EarlyData(EarlyData(Some(1024)))]] {
            let extensions = Extensions::of(list);
            let m = NewSessionTicket13 { lifetime: 1, age_add: 2, nonce: &[0], ticket: &[8; 50], extensions };
            round_trip(&Message::NewSessionTicket13(m), Dialect::Tls13);
        }
    }
}

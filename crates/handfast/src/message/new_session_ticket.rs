//! NewSessionTicket (RFC 9846 4.7.1, RFC 5077 3.3): something to resume by.

use crate::extension::{Extensions, Place};
use crate::wire::{Malformed, Opaque, Opaque8, Opaque16, Prefix, Reader, Wire, Writer, fields};

fields! {
    /// The classic form (RFC 5077 3.3).
    pub struct NewSessionTicket<'a> {
        /// In seconds; 0 leaves it to the client.
        pub ticket_lifetime_hint: u32,
        /// Empty if the server, having promised one, has none to give.
        pub ticket: Opaque16<'a>,
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

impl<'a> NewSessionTicket13<'a> {
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            lifetime: r.field("ticket_lifetime", u32::decode)?,
            age_add: r.field("ticket_age_add", u32::decode)?,
            nonce: r.field("ticket_nonce", Opaque8::decode)?.0,
            ticket: r.field("ticket", Opaque::<'a, 2, 1, 0xffff>::decode)?.0,
            extensions: r.field("extensions", |r| Extensions::decode(r, Place::NewSessionTicket))?,
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

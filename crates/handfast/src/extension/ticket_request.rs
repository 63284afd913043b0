//! `ticket_request` (RFC 9149 3): how many tickets a client wants, and how many the server expects to send.

use super::{Body, Place};
use crate::wire::{Malformed, Reader, Wire, Writer, fields};

fields! {
    /// `struct { uint8 new_session_count; uint8 resumption_count; } ClientTicketRequest`
    #[derive(Copy)]
    pub struct TicketCounts {
        /// How many a client wants of a new session.
        pub new_session_count: u8 = "How many the client wants if the session is a new one", "RFC 9149 3",
        /// How many it wants where the session that it offers is resumed.
        pub resumption_count: u8 = "How many it wants if a session is resumed", "RFC 9149 3",
    }
}

/// The two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketRequest {
    /// `ClientTicketRequest`
    Wanted(TicketCounts),
    /// `struct { uint8 expected_count; } ServerTicketRequestHint`
    Expected(u8),
}

impl<'a> Body<'a> for TicketRequest {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        match place {
            Place::ClientHello => TicketCounts::decode(r).map(Self::Wanted),
            _ => {
                let note = "How many the server means to send";
                r.field("expected_count", note, "RFC 9149 3", u8::decode).map(Self::Expected)
            }
        }
    }
    fn encode(&self, w: &mut Writer) {
        match self {
            Self::Wanted(counts) => counts.encode(w),
            Self::Expected(count) => w.u8(*count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::{Extension, Extensions};
    use crate::message::{Dialect, EncryptedExtensions, Message};
    use crate::wire::Problem;

    #[test]
    fn a_server_says_one_number_and_a_client_two() {
        let list = vec![Extension::TicketRequest(TicketRequest::Expected(3))];
        let raw = Message::EncryptedExtensions(EncryptedExtensions(Extensions::of(list))).to_bytes();
        let Ok(Message::EncryptedExtensions(again)) = Message::decode(&raw, Dialect::Tls13) else { panic!() };
        assert_eq!(again.0.ticket_request(), Some(&TicketRequest::Expected(3)));
        let wanted = TicketRequest::Wanted(TicketCounts { new_session_count: 4, resumption_count: 1 });
        let mut w = Writer::new();
        wanted.encode(&mut w);
        assert_eq!(w.as_bytes(), [4, 1]);
        let decode = |bytes: &'static [u8], place| TicketRequest::decode(&mut Reader::new(bytes), place);
        assert_eq!(decode(&[4, 1], Place::ClientHello), Ok(wanted));
        assert_eq!(decode(&[4], Place::ClientHello).unwrap_err().problem, Problem::Truncated);
        assert_eq!(decode(&[], Place::EncryptedExtensions).unwrap_err().problem, Problem::Truncated);
        // In a ServerHello, or longer than it is, it is refused by the table.
        let longer = [&[8, 0, 0, 8, 0, 6, 0, 58, 0, 2][..], &[3, 0]].concat();
        assert_eq!(Message::decode(&longer, Dialect::Tls13).unwrap_err().problem, Problem::Trailing);
    }
}

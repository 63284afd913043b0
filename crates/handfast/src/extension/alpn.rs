//! `application_layer_protocol_negotiation` (RFC 7301 3.1).
//!
//! ```text
//! opaque ProtocolName<1..2^8-1>;
//! struct { ProtocolName protocol_name_list<2..2^16-1> } ProtocolNameList;
//! ```

use super::{Body, Place};
use crate::wire::{Malformed, Prefix, Problem, Reader, Writer};

/// A client's protocols in order of preference, or the one that the server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alpn<'a>(pub Vec<&'a [u8]>);

impl<'a> Body<'a> for Alpn<'a> {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        r.within(Prefix::U16, 2..=0xffff, |r| {
            let mut out = Vec::new();
            while !r.is_empty() {
                out.push(r.field("protocol_name", "A protocol's registered name", "RFC 7301 3.1", |r| {
                    r.within(Prefix::U8, 1..=255, |r| {
                        let name = r.rest();
                        r.say(|| String::from_utf8_lossy(name).escape_debug().to_string());
                        Ok(name)
                    })
                })?);
            }
            if place != Place::ClientHello && out.len() != 1 {
                return Err(r.fault(Problem::Value("names more than one protocol")));
            }
            Ok(Self(out))
        })
    }

    fn encode(&self, w: &mut Writer) {
        w.within(Prefix::U16, |w| {
            for name in &self.0 {
                w.within(Prefix::U8, |w| w.bytes(name));
            }
        });
    }
}

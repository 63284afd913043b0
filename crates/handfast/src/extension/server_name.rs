//! `server_name` (RFC 6066 3).
//!
//! ```text
//! struct { NameType name_type; opaque HostName<1..2^16-1>; } ServerName;
//! struct { ServerName server_name_list<1..2^16-1> } ServerNameList;
//! ```

use super::{Body, Place};
use crate::wire::{Malformed, Opaque, Prefix, Problem, Reader, Wire, Writer};

/// A client's name of the server, or a server's empty acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerNameExtension<'a>(pub Option<&'a str>);

const HOST_NAME: u8 = 0;

impl<'a> Body<'a> for ServerNameExtension<'a> {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        if place != Place::ClientHello {
            r.say(|| "acknowledged".into());
            return r.finish().map(|()| Self(None));
        }
        r.within(Prefix::U16, 1..=0xffff, |r| {
            // One name of one type is all that was ever defined; anything else cannot be parsed past.
            let kind = r.field("name_type", u8::decode)?;
            if kind != HOST_NAME {
                return Err(r.fault(Problem::Value("is not host_name")));
            }
            r.field("host_name", |r| {
                let name = r.within(Prefix::U16, 1..=0xffff, |r| Ok(Opaque::<'a, 2, 1, 0xffff>(r.rest())))?;
                match std::str::from_utf8(name.0) {
                    Ok(text) if is_host_name(text) => {
                        r.say(|| text.into());
                        Ok(Self(Some(text)))
                    }
                    _ => Err(r.fault(Problem::Value("is not a DNS host name"))),
                }
            })
        })
    }

    fn encode(&self, w: &mut Writer) {
        if let Some(name) = self.0 {
            w.within(Prefix::U16, |w| {
                w.u8(HOST_NAME);
                w.within(Prefix::U16, |w| w.bytes(name.as_bytes()));
            });
        }
    }
}

/// Whether this can be a DNS name as SNI has it: letters, digits, hyphens, underscores (which exist in practice), dots between
/// labels of 1 to 63, at most 253 in all.
fn is_host_name(text: &str) -> bool {
    text.len() <= 253
        && text.strip_suffix('.').unwrap_or(text).split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

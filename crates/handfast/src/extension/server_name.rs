//! `server_name` (RFC 6066 3).
//!
//! ```text
//! struct { NameType name_type; opaque HostName<1..2^16-1>; } ServerName;
//! struct { ServerName server_name_list<1..2^16-1> } ServerNameList;
//! ```

use super::{Body, Place};
use crate::wire::{Malformed, Opaque16, Prefix, Problem, Reader, Wire, Writer};
use std::collections::HashSet;

/// A client's name of the server, or a server's empty acknowledgement. The one type of names that was ever defined is
/// host_name; names of others are passed over, and a client that gives only such has none.
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
            let (mut host, mut seen) = (None, HashSet::new());
            while !r.is_empty() {
                let kind = r.field("name_type", |r| match u8::decode(r)? {
                    kind if seen.insert(kind) => Ok(kind),
                    _ => Err(r.fault(Problem::Duplicate)),
                })?;
                match kind {
                    HOST_NAME => host = Some(r.field("host_name", host_name)?),
                    // Whatever the type, a name begins with its length: so that it can be passed over.
                    _ => r.field("name", |r| Opaque16::decode(r).map(drop))?,
                }
            }
            Ok(Self(host))
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

fn host_name<'a>(r: &mut Reader<'a>) -> Result<&'a str, Malformed> {
    let name = r.within(Prefix::U16, 1..=0xffff, |r| Ok(r.rest()))?;
    match std::str::from_utf8(name) {
        Ok(text) if is_host_name(text) => {
            r.say(|| text.into());
            Ok(text)
        }
        _ => Err(r.fault(Problem::Value("is not a DNS host name"))),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(list: &[u8]) -> Result<Option<&str>, Malformed> {
        let (high, low) = ((list.len() >> 8) as u8, list.len() as u8);
        let bytes = [&[high, low], list].concat().leak();
        let mut reader = Reader::new(bytes);
        let name = ServerNameExtension::decode(&mut reader, Place::ClientHello)?;
        reader.finish().map(|()| name.0)
    }

    const HOST: &[u8] = &[0, 0, 3, b'a', b'.', b'b'];
    const OTHER: &[u8] = &[7, 0, 2, 0xff, 0];

    #[test]
    fn names_of_other_types_are_passed_over() {
        assert_eq!(decode(HOST), Ok(Some("a.b")));
        assert_eq!(decode(&[HOST, OTHER].concat()), Ok(Some("a.b")));
        assert_eq!(decode(&[OTHER, HOST, &[8, 0, 0]].concat()), Ok(Some("a.b")));
        assert_eq!(decode(OTHER), Ok(None));
    }

    #[test]
    fn each_type_may_stand_once() {
        for twice in [[HOST, HOST].concat(), [HOST, OTHER, HOST].concat(), [OTHER, HOST, OTHER].concat()] {
            let fault = decode(&twice).unwrap_err();
            assert_eq!((fault.field, fault.problem), ("name_type", Problem::Duplicate));
        }
    }

    #[test]
    fn lengths_are_checked() {
        for (bytes, field, problem) in [
            (&[][..], "", Problem::Length),
            (&[0, 0, 0], "host_name", Problem::Length),
            (&[0, 0, 2, b'a'], "host_name", Problem::Truncated),
            (&[7, 0, 2, 1], "name", Problem::Truncated),
            (&[7, 0], "name", Problem::Truncated),
        ] {
            let fault = decode(bytes).unwrap_err();
            assert_eq!((fault.field, fault.problem), (field, problem), "{bytes:?}");
        }
    }
}

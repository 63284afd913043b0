//! `server_name` (RFC 6066 3).
//!
//! ```text
//! struct { NameType name_type; opaque HostName<1..2^16-1>; } ServerName;
//! struct { ServerName server_name_list<1..2^16-1> } ServerNameList;
//! ```

use super::{Body, Place};
use crate::wire::{Malformed, Opaque16, Prefix, Problem, Reader, Wire, Writer};

/// A client's names of the server, one of a type; or a server's acknowledgement, which has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerNameExtension<'a>(pub Vec<Name<'a>>);

/// A name of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// host_name, the one type that was ever defined.
    Host(&'a str),
    /// One of another type, which is no more than passed over.
    Other(u8, &'a [u8]),
}

const HOST_NAME: u8 = 0;

const NAME_TYPE: &str = "The kind of name: host_name is the only one there is";
const HOST: &str = "The server's DNS name, by which it chooses a certificate; anyone on the way can read it";
const OTHER: &str = "A name of a kind that is not known here";

impl<'a> ServerNameExtension<'a> {
    /// The host_name. A client may name none.
    pub fn host(&self) -> Option<&'a str> {
        self.0.iter().find_map(|name| match name {
            Name::Host(host) => Some(*host),
            Name::Other(..) => None,
        })
    }
}

impl Name<'_> {
    fn kind(&self) -> u8 {
        match self {
            Self::Host(_) => HOST_NAME,
            Self::Other(kind, _) => *kind,
        }
    }
}

impl<'a> Body<'a> for ServerNameExtension<'a> {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        // What it says in a CertificateRequest is of no use in a handshake, and RFC 9261 has names in a client's request alone.
        let may_name = place == Place::ClientHello || place == Place::CertificateRequest && !r.is_empty();
        if !may_name {
            r.say(|| "acknowledged".into());
            return r.finish().map(|()| Self(Vec::new()));
        }
        r.within(Prefix::U16, 1..=0xffff, |r| {
            let mut names: Vec<Name<'a>> = Vec::new();
            while !r.is_empty() {
                let kind = r.field("name_type", NAME_TYPE, "RFC 6066 3", |r| {
                    let kind = u8::decode(r)?;
                    if kind == HOST_NAME {
                        r.say(|| "host_name (0)".into());
                    }
                    match names.iter().any(|name| name.kind() == kind) {
                        true => Err(r.fault(Problem::Duplicate)),
                        false => Ok(kind),
                    }
                })?;
                names.push(match kind {
                    HOST_NAME => Name::Host(r.field("host_name", HOST, "RFC 6066 3", host_name)?),
                    // Whatever the type, a name begins with its length: so that it can be passed over.
                    other => Name::Other(other, r.field("name", OTHER, "RFC 6066 3", Opaque16::decode)?.0),
                });
            }
            Ok(Self(names))
        })
    }

    fn encode(&self, w: &mut Writer) {
        if self.0.is_empty() {
            return;
        }
        w.within(Prefix::U16, |w| {
            for name in &self.0 {
                w.u8(name.kind());
                w.within(Prefix::U16, |w| match name {
                    Name::Host(host) => w.bytes(host.as_bytes()),
                    Name::Other(_, bytes) => w.bytes(bytes),
                });
            }
        });
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
        reader.finish()?;
        let mut again = Writer::new();
        name.encode(&mut again);
        assert_eq!(again.into_bytes(), bytes, "what is passed over is kept");
        Ok(name.host())
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
    /// RFC 9846 4.3 has it there; no name that stands in it matters.
    #[test]
    fn a_certificate_request_may_have_it() {
        let of = |bytes: &'static [u8], place| {
            let mut r = Reader::new(bytes);
            ServerNameExtension::decode(&mut r, place).map(|names| names.0.len())
        };
        assert_eq!(of(&[], Place::CertificateRequest), Ok(0));
        assert_eq!(of(&[0, 6, 0, 0, 3, b'a', b'.', b'b'], Place::CertificateRequest), Ok(1));
        assert!(of(&[0, 6, 0, 0, 3, b'a', b'.'], Place::CertificateRequest).is_err());
        assert!(of(&[0, 6, 0, 0, 3, b'a', b'.', b'b'], Place::EncryptedExtensions).is_err());
    }
}

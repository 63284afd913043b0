//! The header of SSL 2.0, as far as a ClientHello for later versions has it (RFC 5246 E.2): two bytes of length, of which the highest
//! bit is set.

use crate::wire::numbers::{HandshakeType, ProtocolVersion};

/// What is done with a ClientHello in SSL 2.0's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sslv2 {
    /// It is what any other bytes are that are no TLS: we are a client.
    Unknown,
    /// It is known, and refused.
    Refused,
    /// It is read.
    Read,
}

/// The bytes of the header.
pub(crate) const HEADER: usize = 2;
/// The bytes of the message that are always there: msg_type, version, three lengths.
pub(super) const LEAST: usize = 9;
/// The most bytes of the message: as many as a thousand cipher specs take.
pub(super) const MOST: usize = 4096;

/// What the first bytes of a stream are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum First {
    /// A ClientHello in SSL 2.0's form, of so many bytes, of a client that speaks up to this version.
    Hello { version: ProtocolVersion, length: usize },
    /// That, as far as they go.
    Perhaps,
    /// Something else.
    Other,
}

/// Looks at them.
pub(super) fn look(first: &[u8]) -> First {
    const SSL2_MINOR: u8 = 2;
    match *first {
        [] | [..=0x7f, ..] => First::Other,
        [_] | [_, _] => First::Perhaps,
        [_, _, kind, ..] if kind != HandshakeType::CLIENT_HELLO.0 => First::Other,
        [_, _, _, major, ..] if major != 3 && major != 0 => First::Other,
        [_, _, _] | [_, _, _, _] => First::Perhaps,
        [_, _, _, 0, minor, ..] if minor != SSL2_MINOR => First::Other,
        [high, low, _, major, minor, ..] => First::Hello {
            version: ProtocolVersion(u16::from_be_bytes([major, minor])),
            length: usize::from(u16::from_be_bytes([high & 0x7f, low])),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_by_five_bytes() {
        let hello = |version, length| First::Hello { version: ProtocolVersion(version), length };
        for (stream, n, what) in [
            (&[0x80, 0x2e, 1, 3, 1, 0][..], 5, hello(0x0301, 0x2e)),
            (&[0x81, 0, 1, 3, 0], 5, hello(0x0300, 256)),
            (&[0xff, 0xff, 1, 3, 4], 5, hello(0x0304, 0x7fff)),
            (&[0x80, 0x2e, 1, 0, 2], 5, hello(0x0002, 0x2e)),
            (&[0x80, 0x2e, 1, 0, 3], 5, First::Other),
            (&[0x80, 0x2e, 1, 2, 0], 4, First::Other),
            (&[0x80, 0x2e, 4, 3, 1], 3, First::Other),
            (&[0x16, 3, 1], 1, First::Other),
            (&[0, 0x2e, 3, 1], 1, First::Other),
        ] {
            assert_eq!(look(&stream[..n]), what, "{stream:x?}");
            assert_eq!(look(stream), what, "{stream:x?}");
            for few in 1..n {
                assert_eq!(look(&stream[..few]), First::Perhaps, "{stream:x?}");
            }
        }
        assert_eq!(look(&[]), First::Other);
    }
}

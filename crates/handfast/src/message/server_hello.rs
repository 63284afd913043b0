//! ServerHello (RFC 9846 4.2.3, RFC 5246 7.4.1.3), and HelloRetryRequest, which is one with a fixed random (RFC 9846 4.2.4).
//!
//! ```text
//! struct {
//!     ProtocolVersion legacy_version;
//!     Random random;
//!     opaque legacy_session_id_echo<0..32>;
//!     CipherSuite cipher_suite;
//!     uint8 legacy_compression_method = 0;
//!     Extension extensions<6..2^16-1>;
//! } ServerHello;
//! ```

use crate::extension::{Extensions, Place};
use crate::wire::numbers::{CompressionMethod, ExtensionType, ProtocolVersion};
use crate::wire::{CipherSuite, Malformed, Opaque, Reader, Wire, Writer, fields};

/// SHA-256 of "HelloRetryRequest" (RFC 9846 4.2.3).
pub const HELLO_RETRY_REQUEST_RANDOM: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11,
    0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

fields! {
    /// All but the extensions, which may be missing before TLS 1.3.
    pub struct Fixed<'a> {
        /// The agreed version, up to TLS 1.2.
        pub legacy_version: ProtocolVersion = "The version agreed on; TLS 1.3 says TLS 1.2 here, as a disguise", "RFC 9846 4.2.3, RFC 5246 7.4.1.3",
        /// 32 random bytes; the last 8 may tell of a downgrade.
        pub random: &'a [u8; 32] = "Fresh random bytes; the last eight warn of a downgrade, and one fixed value means HelloRetryRequest", "RFC 9846 4.2.3, RFC 5246 7.4.1.3",
        /// A session's name, or the client's bytes again.
        pub session_id: Opaque<'a, 1, 0, 32> = "Names the session; in TLS 1.3 the client's bytes again", "RFC 9846 4.2.3, RFC 5246 7.4.1.3",
        /// The one chosen.
        pub cipher_suite: CipherSuite = "The one that the server chose", "RFC 9846 4.2.3, RFC 5246 7.4.1.3",
        /// Null.
        pub compression_method: CompressionMethod = "Null: nothing is compressed", "RFC 9846 4.2.3, RFC 5246 7.4.1.3",
    }
}

/// A ServerHello or HelloRetryRequest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello<'a> {
    /// The fields that are always there.
    pub fixed: Fixed<'a>,
    /// The extensions.
    pub extensions: Extensions<'a>,
}

const EXTENSIONS: &str = "The server's answers to the client's extensions";

impl<'a> ServerHello<'a> {
    /// Whether this is a HelloRetryRequest.
    pub fn is_retry(&self) -> bool {
        self.fixed.random == &HELLO_RETRY_REQUEST_RANDOM
    }

    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let fixed = Fixed::decode(r)?;
        // Which extensions may stand here hangs on the version, and that may be one of them.
        let place = if fixed.random == &HELLO_RETRY_REQUEST_RANDOM {
            Place::HelloRetryRequest
        } else if names_a_version(r.peek_rest()) {
            Place::ServerHello
        } else {
            Place::ClassicServerHello
        };
        Ok(Self {
            fixed,
            extensions: r.field("extensions", EXTENSIONS, "RFC 9846 4.3, RFC 5246 7.4.1.4", |r| {
                Extensions::decode_optional(r, place)
            })?,
        })
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        self.fixed.encode(w);
        self.extensions.encode(w);
    }
}

/// Whether a block of extensions has `supported_versions` in it. Faults are left for the decoder to find.
fn names_a_version(block: &[u8]) -> bool {
    let mut r = Reader::new(block.get(2..).unwrap_or_default());
    while let (Ok(kind), Ok(len)) = (r.u16(), r.u16()) {
        if kind == ExtensionType::SUPPORTED_VERSIONS.0 {
            return true;
        }
        if r.take(len.into()).is_err() {
            break;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, round_trip};
    use super::super::{Dialect, Message};
    use super::*;
    use crate::extension::{Cookie, Empty, Extension, KeyShare, KeyShareEntry, PreSharedKey, SupportedVersions};
    use crate::wire::Problem;
    use crate::wire::numbers::{HandshakeType, NamedGroup};

    fn hello<'a>(random: &'a [u8; 32], list: Vec<Extension<'a>>) -> ServerHello<'a> {
        ServerHello {
            fixed: Fixed {
                legacy_version: ProtocolVersion::TLS1_2,
                random,
                session_id: Opaque(&[1; 32]),
                cipher_suite: CipherSuite::TLS_AES_128_GCM_SHA256,
                compression_method: CompressionMethod::NULL,
            },
            extensions: Extensions::of(list),
        }
    }

    const SELECTED: Extension<'static> =
        Extension::SupportedVersions(SupportedVersions::Selected(ProtocolVersion::TLS1_3));

    #[test]
    fn each_of_the_three_forms() {
        let classic = hello(&[5; 32], vec![Extension::ExtendedMasterSecret(Empty)]);
        round_trip(&Message::ServerHello(classic), Dialect::Hello);
        let entry = KeyShareEntry { group: NamedGroup::X25519, key_exchange: Opaque(&[4; 32]) };
        let list = vec![
            Extension::KeyShare(KeyShare::Server(entry)),
            Extension::PreSharedKey(PreSharedKey::Selected(0)),
            SELECTED,
        ];
        round_trip(&Message::ServerHello(hello(&[5; 32], list)), Dialect::Hello);
        let list = vec![
            SELECTED,
            Extension::KeyShare(KeyShare::Retry(NamedGroup::SECP256R1)),
            Extension::Cookie(Cookie(&[1])),
        ];
        let raw = round_trip(&Message::HelloRetryRequest(hello(&HELLO_RETRY_REQUEST_RANDOM, list)), Dialect::Hello);
        assert_eq!(Message::name(&raw), "HelloRetryRequest");
    }

    #[test]
    fn an_extension_of_another_form_is_misplaced() {
        for (random, list) in [
            ([5; 32], vec![SELECTED, Extension::ExtendedMasterSecret(Empty)]),
            ([5; 32], vec![SELECTED, Extension::Cookie(Cookie(&[1]))]),
            ([5; 32], vec![Extension::Cookie(Cookie(&[1]))]),
            (HELLO_RETRY_REQUEST_RANDOM, vec![SELECTED, Extension::PreSharedKey(PreSharedKey::Selected(0))]),
        ] {
            let raw = Message::ServerHello(hello(&random, list)).to_bytes();
            let m = fault(HandshakeType::SERVER_HELLO, &raw[4..], Dialect::Hello);
            assert_eq!(m.problem, Problem::Misplaced, "{m}");
        }
    }
}

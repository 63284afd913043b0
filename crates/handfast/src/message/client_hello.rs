//! ClientHello (RFC 9846 4.2.2, RFC 5246 7.4.1.2).
//!
//! ```text
//! struct {
//!     ProtocolVersion legacy_version;
//!     Random random;
//!     opaque legacy_session_id<0..32>;
//!     CipherSuite cipher_suites<2..2^16-2>;
//!     opaque legacy_compression_methods<1..2^8-1>;
//!     Extension extensions<0..2^16-1>;
//! } ClientHello;
//! ```

use crate::extension::{Extensions, Place};
use crate::wire::numbers::{CompressionMethod, ProtocolVersion};
use crate::wire::{CipherSuite, Malformed, Opaque, Reader, Vector, Wire, Writer, fields};

fields! {
    /// All but the extensions, which may be missing.
    pub struct Fixed<'a> {
        /// The newest version up to TLS 1.2.
        pub legacy_version: ProtocolVersion = "Frozen at TLS 1.2; what is newer stands in supported_versions", "RFC 9846 4.2.2, RFC 5246 7.4.1.2",
        /// 32 random bytes.
        pub random: &'a [u8; 32] = "Fresh random bytes: no two handshakes are alike", "RFC 9846 4.2.2, RFC 5246 7.4.1.2",
        /// A session to resume, or random bytes for middleboxes.
        pub session_id: Opaque<'a, 1, 0, 32> = "A session to resume; in TLS 1.3 only a disguise for middleboxes", "RFC 9846 4.2.2, RFC 5246 7.4.1.2",
        /// In order of preference.
        pub cipher_suites: Vector<'a, CipherSuite, 2, 2> = "Ways to encrypt that the client speaks, best first", "RFC 9846 4.2.2, RFC 5246 7.4.1.2",
        /// Must contain null.
        pub compression_methods: Vector<'a, CompressionMethod, 1, 1> = "Null only: compressing before encrypting gave secrets away", "RFC 9846 4.2.2, RFC 5246 7.4.1.2",
    }
}

/// A ClientHello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The fields that are always there.
    pub fixed: Fixed<'a>,
    /// The extensions.
    pub extensions: Extensions<'a>,
}

const EXTENSIONS: &str = "What else the client can do and wants; servers pass over those that they do not know";

impl<'a> ClientHello<'a> {
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            fixed: Fixed::decode(r)?,
            extensions: r.field("extensions", EXTENSIONS, "RFC 9846 4.3, RFC 5246 7.4.1.4", |r| {
                Extensions::decode_optional(r, Place::ClientHello)
            })?,
        })
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        self.fixed.encode(w);
        self.extensions.encode(w);
    }
    /// The same bytes again, without the header: the form in which a parked ClientHello is read from the transcript.
    ///
    /// # Errors
    /// [`Malformed`], which names the field.
    pub fn from_body(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let hello = Self::decode(&mut r)?;
        r.finish()?;
        Ok(hello)
    }
    /// Whether this suite, or signalling value, is offered.
    pub fn offers(&self, suite: CipherSuite) -> bool {
        self.fixed.cipher_suites.contains(suite)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fault, round_trip};
    use super::super::{Dialect, Message};
    use super::*;
    use crate::extension::{
        Alpn, Bytes, Cookie, Empty, Extension, KeyShare, KeyShareEntry, Name, OfferedPsks, PreSharedKey, PskIdentity,
        ServerNameExtension, SupportedGroups, SupportedVersions,
    };
    use crate::wire::numbers::{ExtensionType, HandshakeType, NamedGroup};
    use crate::wire::{List, Problem};

    fn hello<'a>(list: Vec<Extension<'a>>, present: bool) -> Message<'a> {
        Message::ClientHello(ClientHello {
            fixed: Fixed {
                legacy_version: ProtocolVersion::TLS1_2,
                random: &[7; 32],
                session_id: Opaque(&[1, 2, 3]),
                cipher_suites: Vector(List::of(&[CipherSuite::TLS_AES_128_GCM_SHA256])),
                compression_methods: Vector(List::of(&[CompressionMethod::NULL])),
            },
            extensions: Extensions { list, present },
        })
    }

    #[test]
    fn with_and_without_extensions() {
        // Without a block, cutting is only noticed inside: the block may be missing.
        let bare = hello(Vec::new(), false);
        assert_eq!(Message::decode(&bare.to_bytes(), Dialect::Hello).as_ref(), Ok(&bare));
        let identities = [PskIdentity { identity: Opaque(&[9; 20]), obfuscated_ticket_age: 5 }];
        let binders = [Opaque(&[3; 32][..])];
        let psks = OfferedPsks { identities: List::of(&identities), binders: List::of(&binders), binders_len: 35 };
        let entries = [KeyShareEntry { group: NamedGroup::X25519, key_exchange: Opaque(&[4; 32]) }];
        let list = vec![
            Extension::ServerName(ServerNameExtension(vec![Name::Host("example.com")])),
            Extension::SupportedGroups(SupportedGroups(List::of(&[NamedGroup::X25519]))),
            Extension::ExtendedMasterSecret(Empty),
            Extension::SessionTicket(Bytes(&[])),
            Extension::Alpn(Alpn(vec![b"h2", b"http/1.1"])),
            Extension::SupportedVersions(SupportedVersions::Offered(List::of(&[ProtocolVersion::TLS1_3]))),
            Extension::Cookie(Cookie(&[1])),
            Extension::KeyShare(KeyShare::Client(List::of(&entries))),
            Extension::Unknown(ExtensionType(0x0a0a), &[1]),
            Extension::PreSharedKey(PreSharedKey::Offered(psks)),
        ];
        let raw = round_trip(&hello(list, true), Dialect::Hello);
        let Ok(Message::ClientHello(again)) = Message::decode(&raw, Dialect::Tls13) else { panic!() };
        assert_eq!(again.extensions.alpn().map(|a| a.0.len()), Some(2));
        assert_eq!(ClientHello::from_body(&raw[4..]).as_ref(), Ok(&again));
        assert!(again.offers(CipherSuite::TLS_AES_128_GCM_SHA256));
    }

    #[test]
    fn refusals() {
        let broken = |list| {
            let raw = hello(list, true).to_bytes();
            fault(HandshakeType::CLIENT_HELLO, &raw[4..], Dialect::Hello)
        };
        let name = || Extension::ServerName(ServerNameExtension(vec![Name::Host("a")]));
        assert_eq!(broken(vec![name(), name()]).problem, Problem::Duplicate);
        for bad in ["", ".", "a..b", "-a b", "127.0.0.1:443", "ä.example"] {
            let m = broken(vec![Extension::ServerName(ServerNameExtension(vec![Name::Host(bad)]))]);
            assert!(m.field == "host_name" || m.problem == Problem::Length, "{bad:?}: {m}");
        }
        assert_eq!(
            broken(vec![Extension::ExtendedMasterSecret(Empty), Extension::Alpn(Alpn(vec![]))]).problem,
            Problem::Length
        );
        let no_suites = [&[3, 3][..], &[0; 32], &[0], &[0, 0], &[1, 0]].concat();
        assert_eq!(fault(HandshakeType::CLIENT_HELLO, &no_suites, Dialect::Hello).field, "cipher_suites");
        let odd_suites = [&[3, 3][..], &[0; 32], &[0], &[0, 3, 1, 2, 3], &[1, 0]].concat();
        assert_eq!(fault(HandshakeType::CLIENT_HELLO, &odd_suites, Dialect::Hello).problem, Problem::Truncated);
        let long_id = [&[3, 3][..], &[0; 32], &[33], &[0; 33]].concat();
        assert_eq!(fault(HandshakeType::CLIENT_HELLO, &long_id, Dialect::Hello).field, "session_id");
        let psk = |binders: &'static [Opaque<'static, 1, 32, 255>]| {
            let identities: &'static [_] = &[PskIdentity { identity: Opaque(&[9; 20]), obfuscated_ticket_age: 5 }];
            let o = OfferedPsks { identities: List::of(identities), binders: List::of(binders), binders_len: 0 };
            Extension::PreSharedKey(PreSharedKey::Offered(o))
        };
        const ONE: Opaque<'static, 1, 32, 255> = Opaque(&[3; 32]);
        assert_eq!(broken(vec![psk(&[ONE]), name()]).problem, Problem::NotLast);
        assert!(matches!(broken(vec![psk(&[ONE, ONE])]).problem, Problem::Value(_)));
    }
}

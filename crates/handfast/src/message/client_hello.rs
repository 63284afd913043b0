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
        pub legacy_version: ProtocolVersion = "Frozen at TLS 1.2; the truth is in supported_versions (RFC 9846 4.2.2).",
        /// 32 random bytes.
        pub random: &'a [u8; 32] = "Fresh random bytes: no two handshakes are alike (RFC 9846 4.2.2).",
        /// A session to resume, or random bytes for middleboxes.
        pub session_id: Opaque<'a, 1, 0, 32> = "A session to resume; in TLS 1.3 only a disguise (RFC 9846 D.4).",
        /// In order of preference.
        pub cipher_suites: Vector<'a, CipherSuite, 2, 2> = "What the client can speak, best first (RFC 9846 B.4).",
        /// Must contain null.
        pub compression_methods: Vector<'a, CompressionMethod, 1, 1> = "Null only, since CRIME (RFC 9846 4.2.2).",
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

impl<'a> ClientHello<'a> {
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            fixed: Fixed::decode(r)?,
            extensions: r.field("extensions", |r| Extensions::decode_optional(r, Place::ClientHello))?,
        })
    }
    pub(super) fn encode(&self, w: &mut Writer) {
        self.fixed.encode(w);
        self.extensions.encode(w);
    }
    /// The same bytes again, without the header: the form in which a parked ClientHello is read from the transcript.
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

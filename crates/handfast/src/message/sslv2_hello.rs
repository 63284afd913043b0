//! A ClientHello in SSL 2.0's form, for servers of SSL 3.0 and later (RFC 5246 E.2, RFC 6101 E).
//!
//! ```text
//! uint8 V2CipherSpec[3];
//! struct {
//!     uint8 msg_type;
//!     Version version;
//!     uint16 cipher_spec_length;
//!     uint16 session_id_length;
//!     uint16 challenge_length;
//!     V2CipherSpec cipher_specs[V2ClientHello.cipher_spec_length];
//!     opaque session_id[V2ClientHello.session_id_length];
//!     opaque challenge[V2ClientHello.challenge_length;
//! } V2ClientHello;
//! ```
//!
//! The length before it is the header's, and no part of the message. SSL 2.0 itself is never spoken (RFC 6176).

use super::{ClientHello, ClientHelloFixed, Message};
use crate::extension::Extensions;
use crate::wire::numbers::{CompressionMethod, ProtocolVersion};
use crate::wire::{CipherSuite, List, Malformed, Opaque, Problem, Reader, Vector, Wire, Writer};

/// A cipher of SSL 2.0, or, behind a zero, a cipher suite of later versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct V2CipherSpec(pub [u8; 3]);

impl V2CipherSpec {
    /// The cipher suite, if it is one.
    pub fn suite(self) -> Option<CipherSuite> {
        match self.0 {
            [0, high, low] => Some(CipherSuite(u16::from_be_bytes([high, low]))),
            _ => None,
        }
    }

    /// The cipher of SSL 2.0, if it is a known one (RFC 6101 E).
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            [1, 0, 0x80] => "SSL_RC4_128_WITH_MD5",
            [2, 0, 0x80] => "SSL_RC4_128_EXPORT40_WITH_MD5",
            [3, 0, 0x80] => "SSL_RC2_CBC_128_CBC_WITH_MD5",
            [4, 0, 0x80] => "SSL_RC2_CBC_128_CBC_EXPORT40_WITH_MD5",
            [5, 0, 0x80] => "SSL_IDEA_128_CBC_WITH_MD5",
            [6, 0, 0x40] => "SSL_DES_64_CBC_WITH_MD5",
            [7, 0, 0xc0] => "SSL_DES_192_EDE3_CBC_WITH_MD5",
            _ => return None,
        })
    }

    fn in_words(self) -> String {
        let number = crate::wire::hex(&self.0);
        match (self.suite(), self.name()) {
            (Some(suite), _) => suite.to_string(),
            (None, Some(name)) => format!("{name} of SSL 2.0 (0x{number})"),
            (None, None) => format!("of SSL 2.0 (0x{number})"),
        }
    }
}

impl<'a> Wire<'a> for V2CipherSpec {
    fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let bytes = r.take(3)?;
        let spec = Self(bytes.try_into().map_err(|_| r.fault(Problem::Truncated))?);
        r.say(|| spec.in_words());
        Ok(spec)
    }
    fn encode(&self, w: &mut Writer) {
        w.bytes(&self.0);
    }
}

/// A ClientHello in SSL 2.0's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sslv2Hello<'a> {
    /// The newest version that the client speaks.
    pub version: ProtocolVersion,
    /// Ciphers of SSL 2.0 among the cipher suites.
    pub cipher_specs: List<'a, V2CipherSpec>,
    /// A session of SSL 2.0: means nothing here.
    pub session_id: &'a [u8],
    /// What becomes the client's random.
    pub challenge: &'a [u8],
}

const RFC: &str = "RFC 5246 E.2";
const SPECS: &str = "What the client can speak; those of SSL 2.0 do not begin with 0, and mean nothing here";

impl<'a> Sslv2Hello<'a> {
    /// All but the type.
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let version = r.field(
            "version",
            "The newest version that the client speaks",
            RFC,
            <ProtocolVersion as Wire<'a>>::decode,
        )?;
        let mut length = |name, note, may_be: fn(usize) -> bool| {
            r.field(name, note, RFC, |r| {
                let here = r.fault(Problem::Length);
                let length = usize::from(<u16 as Wire<'a>>::decode(r)?);
                r.say(|| format!("{length} bytes"));
                if may_be(length) { Ok(length) } else { Err(here) }
            })
        };
        let specs =
            length("cipher_spec_length", "How long the list of ciphers is, three bytes each", |n| n > 0 && n % 3 == 0)?;
        let session_id =
            length("session_id_length", "How long the session's name is: nothing, or 16 bytes", |n| n == 0 || n == 16)?;
        let challenge = length("challenge_length", "How long the challenge is", |n| n >= 16)?;
        let cipher_specs = r.field("cipher_specs", SPECS, RFC, |r| r.exactly(specs, List::rest))?;
        let mut bytes = |name, n, note| {
            r.field(name, note, RFC, |r| {
                let bytes = r.take(n)?;
                r.say(|| crate::wire::hex(bytes));
                Ok(bytes)
            })
        };
        let session_id = bytes("session_id", session_id, "A session of SSL 2.0: means nothing here")?;
        let challenge = bytes("challenge", challenge, "Random bytes: what becomes the client's random")?;
        r.finish()?;
        Ok(Self { version, cipher_specs, session_id, challenge })
    }

    /// All but the type.
    pub(super) fn encode(&self, w: &mut Writer) {
        self.version.encode(w);
        for length in [3 * self.cipher_specs.iter().count(), self.session_id.len(), self.challenge.len()] {
            w.u16(length as u16);
        }
        self.cipher_specs.iter().for_each(|spec| spec.encode(w));
        w.bytes(self.session_id);
        w.bytes(self.challenge);
    }

    /// The client's random: the challenge, with zeros before it; of a longer one its first 32 bytes.
    pub fn random(&self) -> [u8; 32] {
        let mut random = [0; 32];
        let challenge = self.challenge.get(..32).unwrap_or(self.challenge);
        random[32 - challenge.len()..].copy_from_slice(challenge);
        random
    }

    /// The ClientHello that means the same (RFC 5246 E.2): without compression, and without extensions. Header and all.
    pub fn to_client_hello(&self) -> Vec<u8> {
        let suites: Vec<_> = self.cipher_specs.iter().filter_map(V2CipherSpec::suite).collect();
        let fixed = ClientHelloFixed {
            legacy_version: self.version,
            random: &self.random(),
            session_id: Opaque(&[]),
            cipher_suites: Vector(List::of(&suites)),
            compression_methods: Vector(List::of(&[CompressionMethod::NULL])),
        };
        Message::ClientHello(ClientHello { fixed, extensions: Extensions::default() }).to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Dialect;
    use super::super::testing::round_trip;
    use super::*;
    use crate::wire::Field;

    const SPECS: [V2CipherSpec; 3] =
        [V2CipherSpec([1, 0, 0x80]), V2CipherSpec([0, 0, 0x2f]), V2CipherSpec([0, 0, 0xff])];

    fn hello(challenge: &[u8]) -> Sslv2Hello<'_> {
        Sslv2Hello { version: ProtocolVersion::TLS1_0, cipher_specs: List::of(&SPECS), session_id: &[], challenge }
    }

    #[test]
    fn every_length_and_its_meaning() {
        let challenge: Vec<u8> = (1..=48).collect();
        for n in 16..=48 {
            let hello = hello(&challenge[..n]);
            let raw = round_trip(&Message::Sslv2Hello(hello.clone()), Dialect::Sslv2);
            assert_eq!(raw[..3], [1, 3, 1]);
            let random = hello.random();
            let (zeros, bytes) = random.split_at(32_usize.saturating_sub(n));
            assert!(zeros.iter().all(|b| *b == 0));
            assert_eq!(bytes, &challenge[..n.min(32)]);
            let same = hello.to_client_hello();
            let Ok(Message::ClientHello(same)) = Message::decode(&same, Dialect::Hello) else { panic!() };
            assert_eq!((same.fixed.legacy_version, *same.fixed.random), (ProtocolVersion::TLS1_0, random));
            let suites: Vec<_> = same.fixed.cipher_suites.iter().collect();
            assert_eq!(suites, [CipherSuite(0x2f), CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV]);
            assert!(same.fixed.session_id.is_empty() && same.extensions.list.is_empty());
        }
        round_trip(&Message::Sslv2Hello(Sslv2Hello { session_id: &[5; 16], ..hello(&[7; 32]) }), Dialect::Sslv2);
    }

    #[test]
    fn described_field_by_field() {
        let raw = Message::Sslv2Hello(hello(&[7; 32])).to_bytes();
        let (fields, fault) = Message::describe(&raw, Dialect::Sslv2);
        assert_eq!(fault, None);
        let names: Vec<_> = fields.iter().flat_map(|f| &f.parts).map(|f| f.name).collect();
        assert_eq!(
            names,
            [
                "version",
                "cipher_spec_length",
                "session_id_length",
                "challenge_length",
                "cipher_specs",
                "session_id",
                "challenge"
            ]
        );
        let specs: Vec<_> = fields
            .iter()
            .flat_map(|f: &Field| &f.parts)
            .find(|f| f.name == "cipher_specs")
            .unwrap()
            .parts
            .iter()
            .map(|f| f.value.clone())
            .collect();
        let old = "SSL_RC4_128_WITH_MD5 of SSL 2.0 (0x010080)";
        assert_eq!(specs, [old, "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"]);
        assert_eq!(V2CipherSpec([9, 0, 0x80]).in_words(), "of SSL 2.0 (0x090080)");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let good = Message::Sslv2Hello(hello(&[7; 16])).to_bytes();
        for (at, value, field, problem) in [
            (4, 0, "cipher_spec_length", Problem::Length),
            (4, 10, "cipher_spec_length", Problem::Length),
            (6, 8, "session_id_length", Problem::Length),
            (8, 15, "challenge_length", Problem::Length),
            (8, 17, "challenge", Problem::Truncated),
            (4, 255, "cipher_specs", Problem::Truncated),
        ] {
            let mut bad = good.clone();
            bad[at] = value;
            let fault = Message::decode(&bad, Dialect::Sslv2).unwrap_err();
            assert_eq!((fault.field, fault.problem), (field, problem), "{at} {value}");
        }
        let mut other = good;
        other[0] = 4;
        assert_eq!(Message::decode(&other, Dialect::Sslv2).unwrap_err().problem, Problem::Misplaced);
    }
}

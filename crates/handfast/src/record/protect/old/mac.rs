//! The MAC of a record's content, where the cipher has none of its own: HMAC (RFC 5246 6.2.3.1), and in SSL 3.0 what came before it
//! (RFC 6101 5.2.3.1).

use super::super::covered;
use crate::crypto::{Digest, Failure, HashAlgorithm, Hasher, Hmac, Mac, Provider};
use crate::keys::Secret;
use crate::wire::numbers::{ContentType, ProtocolVersion};
use subtle::{Choice, ConstantTimeEq};

/// The MAC key of one direction, taken in.
pub(super) enum RecordMac {
    Hmac {
        key: Box<dyn Hmac>,
        len: usize,
    },
    /// Two hashes that have taken in the key and a pad each.
    Ssl3 {
        inner: Box<dyn Hasher>,
        outer: Box<dyn Hasher>,
        /// How many bytes each has taken in.
        taken: usize,
        len: usize,
    },
}

/// What goes into a MAC before the content.
#[derive(Clone, Copy)]
pub(super) struct Covered {
    pub(super) sequence: u64,
    pub(super) content: ContentType,
    pub(super) version: ProtocolVersion,
}

impl Covered {
    /// Of a record that came under this header.
    pub(super) fn of(sequence: u64, header: &[u8; crate::record::HEADER]) -> Self {
        let [content, major, minor, ..] = *header;
        Self { sequence, content: ContentType(content), version: ProtocolVersion(u16::from_be_bytes([major, minor])) }
    }
}

impl RecordMac {
    /// # Errors
    /// [`Failure`] if the key has another length than the MAC wants, or the provider has no legacy half.
    pub(super) fn new(provider: &dyn Provider, mac: Mac, key: &Secret, ssl3: bool) -> Result<Self, Failure> {
        let legacy = provider.legacy().ok_or(Failure)?;
        let (key, len) = (key.bytes(), mac.len());
        if key.len() != len {
            return Err(Failure);
        }
        if ssl3 {
            return Self::ssl3(mac, key, |sha1| legacy.hash_old(sha1));
        }
        let key = match mac {
            Mac::Md5 => legacy.hmac_old(false, key),
            Mac::Sha1 => legacy.hmac_old(true, key),
            Mac::Sha256 => provider.hmac(HashAlgorithm::Sha256, key),
            Mac::Sha384 => provider.hmac(HashAlgorithm::Sha384, key),
        };
        Ok(Self::Hmac { key, len })
    }

    /// SSL 3.0's. `hash` begins SHA-1, or MD5.
    pub(super) fn ssl3(mac: Mac, key: &[u8], hash: impl Fn(bool) -> Box<dyn Hasher>) -> Result<Self, Failure> {
        let (sha1, pad) = match mac {
            Mac::Md5 => (false, 48),
            Mac::Sha1 => (true, 40),
            Mac::Sha256 | Mac::Sha384 => return Err(Failure),
        };
        let begun = |byte| {
            let mut hash = hash(sha1);
            hash.update(key);
            hash.update(&[byte; 48][..pad]);
            hash
        };
        Ok(Self::Ssl3 { inner: begun(0x36), outer: begun(0x5c), taken: key.len() + pad, len: mac.len() })
    }

    /// The MAC's size in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Hmac { len, .. } | Self::Ssl3 { len, .. } => *len,
        }
    }

    /// The MAC of a record with this content. SSL 3.0 does not cover the version.
    pub(super) fn of(&self, covered_by: Covered, data: &[u8]) -> Digest {
        let Covered { sequence, content, version } = covered_by;
        let (head, length) = (covered(sequence, content, version), (data.len() as u16).to_be_bytes());
        match self {
            Self::Hmac { key, len } => {
                let mut out = [0; 48];
                key.sign(&[&head, &length, data], &mut out[..*len]);
                Digest::of(&out[..*len])
            }
            Self::Ssl3 { inner, outer, .. } => {
                let mut inner = inner.fork();
                [&head[..9], &length, data].into_iter().for_each(|part| inner.update(part));
                let mut outer = outer.fork();
                outer.update(&inner.current());
                outer.current()
            }
        }
    }

    /// Whether this is the MAC of a record with this content, in constant time.
    pub(super) fn is(&self, covered_by: Covered, data: &[u8], mac: &[u8]) -> Choice {
        self.of(covered_by, data).ct_eq(mac)
    }

    /// Spends the time that SSL 3.0's MAC of content of `most` bytes would have taken beyond that of `length` bytes. A hash takes blocks
    /// of 64 bytes: what it has begun with, eleven bytes, the content, and nine at least.
    pub(super) fn spend(&self, most: usize, length: usize) {
        if let Self::Ssl3 { inner, taken, .. } = self {
            let blocks = |content: usize| (taken + 11 + content + 9).div_ceil(64);
            let mut hash = inner.fork();
            (blocks(length)..blocks(most)).for_each(|_| hash.update(&[0; 64]));
            std::hint::black_box(&hash);
        }
    }
}

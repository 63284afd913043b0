//! Protection with a MAC apart: SSL 3.0 to TLS 1.2.

mod blocks;
mod cbc;
mod mac;
mod stream;

use super::ClassicKeys;
use crate::crypto::{BulkCipher, Failure, Provider};
use crate::record::HEADER;
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::ops::Range;
use std::sync::Arc;

/// The keys of one direction.
pub(super) enum Old {
    /// MAC, pad, encrypt.
    Cbc(cbc::Cbc),
    /// Pad, encrypt, MAC; and SSL 3.0.
    Blocks(blocks::Blocks),
    /// MAC, and encrypt by a stream cipher, or not at all.
    Stream(stream::Stream),
}

impl Old {
    /// For a cipher that is no AEAD.
    pub(super) fn new(
        provider: &Arc<dyn Provider>,
        bulk: BulkCipher,
        keys: ClassicKeys<'_>,
        seal: bool,
    ) -> Result<Self, Failure> {
        match bulk {
            BulkCipher::Aead(_) => Err(Failure),
            BulkCipher::Cbc(cipher, mac) if keys.forms.ssl3 || keys.forms.encrypt_then_mac => {
                blocks::Blocks::new(provider, cipher, mac, &keys, seal).map(Self::Blocks)
            }
            BulkCipher::Cbc(cipher, mac) => cbc::Cbc::new(provider, cipher, mac, keys, seal).map(Self::Cbc),
            BulkCipher::Rc4(mac) => stream::Stream::new(&**provider, true, mac, &keys).map(Self::Stream),
            BulkCipher::Null(mac) => stream::Stream::new(&**provider, false, mac, &keys).map(Self::Stream),
        }
    }

    pub(super) fn seal(
        &mut self,
        sequence: u64,
        content: ContentType,
        version: ProtocolVersion,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        match self {
            Self::Cbc(cbc) => cbc.seal(sequence, content, version, plaintext, out),
            Self::Blocks(blocks) => blocks.seal(sequence, content, version, plaintext, out),
            Self::Stream(stream) => {
                stream.seal(sequence, content, version, plaintext, out);
                Ok(())
            }
        }
    }

    pub(super) fn open(
        &mut self,
        sequence: u64,
        header: &[u8; HEADER],
        fragment: &mut [u8],
    ) -> Result<Range<usize>, Failure> {
        match self {
            Self::Cbc(cbc) => cbc.open(sequence, header, fragment),
            Self::Blocks(blocks) => blocks.open(sequence, header, fragment),
            Self::Stream(stream) => stream.open(sequence, header, fragment),
        }
    }

    /// By how many bytes, at most, a record is longer than its plaintext, the header apart.
    pub(super) fn overhead(&self) -> usize {
        match self {
            Self::Cbc(_) => cbc::OVERHEAD,
            Self::Blocks(blocks) => blocks.overhead(),
            Self::Stream(stream) => stream.overhead(),
        }
    }

    /// Whether application data is to be split behind its first byte.
    pub(super) fn splits(&self) -> bool {
        match self {
            Self::Cbc(cbc) => cbc.split,
            Self::Blocks(blocks) => blocks.split,
            Self::Stream(_) => false,
        }
    }
}

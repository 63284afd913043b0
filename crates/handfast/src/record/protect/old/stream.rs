//! A MAC, and a stream cipher or none: MAC, then encrypt (RFC 5246 6.2.3.1).

use super::super::{ClassicKeys, header};
use super::mac::{Covered, RecordMac};
use crate::crypto::{Failure, KeyStream, Mac, Provider};
use crate::record::HEADER;
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::ops::Range;

/// The keys of one direction.
pub(in super::super) struct Stream {
    /// RC4, which goes on from record to record; `None` leaves the content to be read by everyone.
    cipher: Option<Box<dyn KeyStream>>,
    mac: RecordMac,
}

impl Stream {
    pub(super) fn new(provider: &dyn Provider, rc4: bool, mac: Mac, keys: &ClassicKeys<'_>) -> Result<Self, Failure> {
        let mac = RecordMac::new(provider, mac, keys.mac, keys.forms.ssl3)?;
        let legacy = provider.legacy().ok_or(Failure)?;
        let cipher = match rc4 {
            true => Some(legacy.rc4(keys.key.bytes())?),
            false if keys.key.bytes().is_empty() => None,
            false => return Err(Failure),
        };
        Ok(Self { cipher, mac })
    }

    /// By how many bytes a record is longer than its plaintext, the header apart.
    pub(super) fn overhead(&self) -> usize {
        self.mac.len()
    }

    pub(super) fn seal(
        &mut self,
        sequence: u64,
        content: ContentType,
        version: ProtocolVersion,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(&header(content, version, plaintext.len() + self.mac.len()));
        let start = out.len();
        out.extend_from_slice(plaintext);
        out.extend_from_slice(&self.mac.of(Covered { sequence, content, version }, plaintext));
        if let Some(cipher) = &mut self.cipher {
            cipher.apply(&mut out[start..]);
        }
    }

    pub(super) fn open(
        &mut self,
        sequence: u64,
        header: &[u8; HEADER],
        fragment: &mut [u8],
    ) -> Result<Range<usize>, Failure> {
        if let Some(cipher) = &mut self.cipher {
            cipher.apply(fragment);
        }
        let length = fragment.len().checked_sub(self.mac.len()).ok_or(Failure)?;
        let (data, mac) = fragment.split_at(length);
        match self.mac.is(Covered::of(sequence, header), data, mac).into() {
            true => Ok(0..length),
            false => Err(Failure),
        }
    }
}

//! CBC with HMAC: MAC, pad, encrypt (RFC 5246 6.2.3.2, RFC 2246 6.2.3.2).

use super::super::{ClassicKeys, covered, header};
use crate::crypto::{CbcCipher, CbcRecord, Failure, Mac, Provider};
use crate::keys::Secret;
use crate::record::HEADER;
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::ops::Range;
use std::sync::Arc;

/// The most that any suite adds to a plaintext: IV, MAC of SHA-384, a block of padding.
pub(super) const OVERHEAD: usize = 16 + 48 + 16;

/// The keys of one direction, which is all that they can be used for.
pub(in super::super) struct Cbc {
    keys: Box<dyn CbcRecord>,
    /// Where explicit IVs come from, and how long they are.
    explicit: Option<(Arc<dyn Provider>, usize)>,
    /// Application data is split behind its first byte.
    pub(super) split: bool,
}

impl Cbc {
    pub(super) fn new(
        provider: &Arc<dyn Provider>,
        cipher: CbcCipher,
        mac: Mac,
        keys: ClassicKeys<'_>,
        seal: bool,
    ) -> Result<Self, Failure> {
        let iv: &[u8] = if keys.forms.implicit_iv { keys.iv.bytes() } else { &[] };
        let parts = [keys.mac.bytes(), keys.key.bytes(), iv];
        let key = Secret::filled(parts.iter().map(|p| p.len()).sum(), |out| {
            out.iter_mut().zip(parts.into_iter().flatten()).for_each(|(o, b)| *o = *b);
        });
        let legacy = provider.legacy().ok_or(Failure)?;
        Ok(Self {
            keys: legacy.cbc(cipher, mac, keys.forms.implicit_iv, seal, key.bytes())?,
            explicit: (!keys.forms.implicit_iv).then(|| (provider.clone(), cipher.block_len())),
            split: keys.forms.split,
        })
    }

    pub(super) fn seal(
        &mut self,
        sequence: u64,
        content: ContentType,
        version: ProtocolVersion,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let mut iv = [0; 16];
        let iv = match &self.explicit {
            Some((provider, n)) => {
                let iv = iv.get_mut(..*n).ok_or(Failure)?;
                provider.random(iv)?;
                &*iv
            }
            None => &[],
        };
        let start = out.len();
        out.extend_from_slice(&[0; HEADER]);
        self.keys.seal(iv, &covered(sequence, content, version), plaintext, out)?;
        // How much padding there is only shows now.
        let length = out.len().checked_sub(start + HEADER).ok_or(Failure)?;
        let place = out.get_mut(start..start + HEADER).ok_or(Failure)?;
        place.copy_from_slice(&header(content, version, length));
        Ok(())
    }

    pub(super) fn open(
        &mut self,
        sequence: u64,
        header: &[u8; HEADER],
        fragment: &mut [u8],
    ) -> Result<Range<usize>, Failure> {
        let [content, major, minor, ..] = *header;
        let version = ProtocolVersion(u16::from_be_bytes([major, minor]));
        self.keys.open(&covered(sequence, ContentType(content), version), fragment)
    }
}

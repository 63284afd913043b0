//! Protection of records (RFC 9846 5.2, RFC 5246 6.2.3): the keys of one direction, and how many records went under them.

mod aead;
mod null;
#[cfg(feature = "legacy")]
mod old;
#[cfg(not(feature = "legacy"))]
#[path = "no_old.rs"]
mod old;

use super::{HEADER, MAX_FRAGMENT};
use crate::crypto::{AeadAlgorithm, BulkCipher, CbcCipher, Failure, Provider, Suite};
use crate::error::{Error, ErrorKind, Limit};
use crate::keys::{Secret, TrafficSecret};
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::ops::Range;
use std::sync::Arc;

/// The keys of one direction of a classic connection.
#[cfg_attr(not(feature = "legacy"), allow(dead_code, reason = "only what has a MAC apart makes use of all"))]
pub(crate) struct ClassicKeys<'k> {
    pub(crate) mac: &'k Secret,
    pub(crate) key: &'k Secret,
    pub(crate) iv: &'k Secret,
    pub(crate) forms: Forms,
}

/// How records are made of what is in a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forms {
    /// CBC goes on from the last record's last block: TLS 1.0 and older.
    pub(crate) implicit_iv: bool,
    /// The first byte of a fragment of application data goes by itself under implicit IVs (BEAST).
    pub(crate) split: bool,
    /// The MAC and the padding of SSL 3.0.
    pub(crate) ssl3: bool,
    /// Both sides agreed on encrypt-then-MAC (RFC 7366); it is for CBC only.
    pub(crate) encrypt_then_mac: bool,
}

/// The forms of protection.
enum Protection {
    /// None yet.
    Null,
    /// An AEAD as TLS 1.2 uses it.
    Classic(aead::Classic),
    /// An AEAD as TLS 1.3 uses it.
    Tls13(aead::Tls13),
    /// With a MAC apart.
    Old(old::Old),
}

impl Protection {
    fn classic(
        provider: &Arc<dyn Provider>,
        suite: &Suite,
        keys: ClassicKeys<'_>,
        seal: bool,
    ) -> Result<Self, Failure> {
        match suite.bulk {
            BulkCipher::Aead(algorithm) => aead::Classic::new(&**provider, algorithm, keys).map(Self::Classic),
            BulkCipher::Cbc(..) | BulkCipher::Rc4(_) | BulkCipher::Null(_) => {
                old::Old::new(provider, suite.bulk, keys, seal).map(Self::Old)
            }
        }
    }

    fn tls13(provider: &dyn Provider, suite: &Suite, secret: &TrafficSecret) -> Result<Self, Failure> {
        match suite.bulk {
            BulkCipher::Aead(algorithm) => aead::Tls13::new(provider, algorithm, secret).map(Self::Tls13),
            BulkCipher::Cbc(..) | BulkCipher::Rc4(_) | BulkCipher::Null(_) => Err(Failure),
        }
    }
}

/// Seals records. Made with new keys, it begins at number 0.
pub(crate) struct Sealer {
    keys: Protection,
    /// The number of the next record (RFC 9846 5.3).
    sequence: u64,
    /// For how many blocks the keys are still good; `u64::MAX` if they have no end.
    blocks_left: u64,
}

impl Sealer {
    /// Protects nothing.
    pub(crate) fn null() -> Self {
        Self { keys: Protection::Null, sequence: 0, blocks_left: u64::MAX }
    }

    /// For SSL 3.0 to TLS 1.2.
    ///
    /// # Errors
    /// [`Failure`] if a key has not the length that the suite wants, or the provider cannot do the suite.
    pub(crate) fn classic(provider: &Arc<dyn Provider>, suite: &Suite, keys: ClassicKeys<'_>) -> Result<Self, Failure> {
        let keys = Protection::classic(provider, suite, keys, true)?;
        Ok(Self { keys, sequence: 0, blocks_left: limit(suite.bulk) })
    }

    /// For TLS 1.3.
    ///
    /// # Errors
    /// [`Failure`] if the provider cannot do the suite.
    pub(crate) fn tls13(provider: &dyn Provider, suite: &Suite, secret: &TrafficSecret) -> Result<Self, Failure> {
        let keys = Protection::tls13(provider, suite, secret)?;
        Ok(Self { keys, sequence: 0, blocks_left: limit(suite.bulk) })
    }

    /// Appends `plaintext`, at most [`MAX_FRAGMENT`] bytes, to `out` as one record, in TLS 1.3 with so many zeros behind the content.
    /// Gives whether it is protected: a ChangeCipherSpec of TLS 1.3 never is.
    ///
    /// # Errors
    /// [`Limit::Records`] if the numbers are used up. Nothing is then in `out`.
    pub(super) fn seal_padded(
        &mut self,
        content: ContentType,
        version: ProtocolVersion,
        plaintext: &[u8],
        padding: usize,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let disguise = content == ContentType::CHANGE_CIPHER_SPEC && matches!(self.keys, Protection::Tls13(_));
        if disguise || !self.protects() {
            null::seal(content, version, plaintext, out);
            return Ok(false);
        }
        let (start, n) = (out.len(), self.sequence);
        self.sequence = n.checked_add(1).ok_or(ErrorKind::TooMuch(Limit::Records))?;
        let sealed = match &mut self.keys {
            Protection::Null => Ok(()),
            Protection::Classic(aead) => aead.seal(n, content, version, plaintext, out),
            Protection::Tls13(aead) => aead.seal(n, content, plaintext, padding, out),
            Protection::Old(old) => old.seal(n, content, version, plaintext, out),
        };
        if sealed.is_err() {
            out.truncate(start);
        }
        if self.blocks_left != u64::MAX {
            self.blocks_left = self.blocks_left.saturating_sub(blocks(plaintext.len() + padding));
        }
        Ok(sealed.map(|()| true)?)
    }

    /// By how many bytes, at most, a record is longer than its plaintext.
    pub(super) fn overhead(&self) -> usize {
        HEADER
            + match &self.keys {
                Protection::Null => 0,
                Protection::Classic(aead) => aead.overhead(),
                Protection::Tls13(aead) => aead.overhead(),
                Protection::Old(old) => old.overhead(),
            }
    }

    /// Whether application data is to be split behind its first byte.
    pub(super) fn splits(&self) -> bool {
        match &self.keys {
            Protection::Old(old) => old.splits(),
            Protection::Null | Protection::Classic(_) | Protection::Tls13(_) => false,
        }
    }

    /// Whether records are protected.
    pub(super) fn protects(&self) -> bool {
        !matches!(self.keys, Protection::Null)
    }

    /// How many more full records of application data may be sealed. Alerts and handshake messages, which are few, may go beyond, so
    /// that the connection can still be closed, or its keys changed.
    pub(super) fn left(&self) -> u64 {
        if self.blocks_left == u64::MAX { u64::MAX } else { self.blocks_left / FULL }
    }

    /// Whether records of these lengths of plaintext may still be sealed.
    pub(super) fn is_good_for(&self, lengths: impl Iterator<Item = usize>) -> bool {
        lengths.map(blocks).sum::<u64>() <= self.blocks_left
    }

    /// Whether records can be padded: in TLS 1.3.
    pub(super) fn pads(&self) -> bool {
        matches!(self.keys, Protection::Tls13(_))
    }

    /// Records sealed so far.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// Opens records. Made with new keys, it begins at number 0.
pub(crate) struct Opener {
    keys: Protection,
    /// The number of the next record (RFC 9846 5.3).
    sequence: u64,
    /// For how many blocks the keys are still good; `u64::MAX` where that is for the peer to count.
    blocks_left: u64,
    /// The most bytes of content, and in TLS 1.3 of padding, in a protected record.
    most: usize,
}

impl Opener {
    /// Takes records as they are.
    pub(crate) fn null() -> Self {
        Self { keys: Protection::Null, sequence: 0, blocks_left: u64::MAX, most: MAX_FRAGMENT }
    }

    /// For SSL 3.0 to TLS 1.2.
    ///
    /// # Errors
    /// As [`Sealer::classic`].
    pub(crate) fn classic(provider: &Arc<dyn Provider>, suite: &Suite, keys: ClassicKeys<'_>) -> Result<Self, Failure> {
        // What RFC 9846 5.5 says of AES-GCM is for whoever seals. Of Triple DES no RFC says anything, and most peers count nothing.
        let counts = matches!(suite.bulk, BulkCipher::Cbc(CbcCipher::TripleDes, _));
        let blocks_left = if counts { limit(suite.bulk) } else { u64::MAX };
        let keys = Protection::classic(provider, suite, keys, false)?;
        Ok(Self { keys, sequence: 0, blocks_left, most: MAX_FRAGMENT })
    }

    /// For TLS 1.3.
    ///
    /// # Errors
    /// As [`Sealer::tls13`].
    pub(crate) fn tls13(provider: &dyn Provider, suite: &Suite, secret: &TrafficSecret) -> Result<Self, Failure> {
        let keys = Protection::tls13(provider, suite, secret)?;
        Ok(Self { keys, sequence: 0, blocks_left: u64::MAX, most: MAX_FRAGMENT })
    }

    /// Opens the fragment in place. Gives the type of its content, and where that lies. A record that fails does not count.
    ///
    /// # Errors
    /// [`ErrorKind::BadRecordMac`] for every fault of padding, MAC, tag or length; [`ErrorKind::RecordOverflow`] if there is
    /// too much inside; [`ErrorKind::UnexpectedRecord`] if the inner type of TLS 1.3 is none that may be protected;
    /// [`Limit::Records`] if the numbers are used up, or under Triple DES the keys: then no more application data is taken.
    pub(super) fn open(
        &mut self,
        header: &[u8; HEADER],
        fragment: &mut [u8],
    ) -> Result<(ContentType, Range<usize>), Error> {
        let n = self.sequence;
        let next = n.checked_add(1).ok_or(ErrorKind::TooMuch(Limit::Records))?;
        let outer = ContentType(header[0]);
        if self.blocks_left == 0 && outer == ContentType::APPLICATION_DATA {
            return Err(ErrorKind::TooMuch(Limit::Records).into());
        }
        let bad = |Failure| Error::new(ErrorKind::BadRecordMac);
        let (content, range) = match &mut self.keys {
            Protection::Null => (outer, 0..fragment.len()),
            Protection::Classic(aead) => (outer, aead.open(n, header, fragment).map_err(bad)?),
            Protection::Tls13(aead) => aead.open(n, header, fragment, self.most)?,
            Protection::Old(old) => (outer, old.open(n, header, fragment).map_err(bad)?),
        };
        let most = if self.protects() { self.most } else { MAX_FRAGMENT };
        if range.len() > most {
            return Err(ErrorKind::RecordOverflow.into());
        }
        self.sequence = next;
        if self.blocks_left != u64::MAX {
            self.blocks_left = self.blocks_left.saturating_sub(blocks(range.len()));
        }
        Ok((content, range))
    }

    /// From here on a protected record may have so much content, and in TLS 1.3 padding, at most (RFC 8449 4).
    pub(super) fn limit(&mut self, most: usize) {
        self.most = most.min(MAX_FRAGMENT);
    }

    /// The most bytes that a fragment may have (RFC 5246 6.2.3, RFC 9846 5.2).
    pub(super) fn max_fragment(&self) -> usize {
        match &self.keys {
            Protection::Null => MAX_FRAGMENT,
            Protection::Tls13(_) => MAX_FRAGMENT + 256,
            Protection::Classic(_) | Protection::Old(_) => MAX_FRAGMENT + 2048,
        }
    }

    /// Whether records are protected.
    pub(super) fn protects(&self) -> bool {
        !matches!(self.keys, Protection::Null)
    }

    /// Whether they are protected as in TLS 1.3.
    pub(super) fn is_tls13(&self) -> bool {
        matches!(self.keys, Protection::Tls13(_))
    }
}

/// How many blocks one key may protect: those of 2^24.5 full records under AES-GCM (RFC 9846 5.5) and of 2^23 under CCM (RFC 9147
/// 4.5.3), since it is blocks that wear a key out (and a TLS 1.2 connection of small records would have to end soon). Triple DES, of
/// half as long blocks, ends at 2^29 of its own, 4 GiB: among these two are alike, which tells how what they stand for differs, with
/// a chance of 2^-7 (Sweet32, CVE-2016-2183). For the others the numbers end first.
fn limit(bulk: BulkCipher) -> u64 {
    match bulk {
        BulkCipher::Aead(AeadAlgorithm::Aes128Gcm | AeadAlgorithm::Aes256Gcm) => 23_726_566 * FULL,
        BulkCipher::Aead(AeadAlgorithm::Aes128Ccm | AeadAlgorithm::Aes256Ccm) => FULL << 23,
        BulkCipher::Aead(AeadAlgorithm::Aes128Ccm8 | AeadAlgorithm::Aes256Ccm8) => FULL << 23,
        BulkCipher::Cbc(CbcCipher::TripleDes, _) => 1 << 28,
        BulkCipher::Aead(AeadAlgorithm::ChaCha20Poly1305) | BulkCipher::Cbc(..) => u64::MAX,
        BulkCipher::Rc4(_) | BulkCipher::Null(_) => u64::MAX,
    }
}

/// The blocks of a full record.
const FULL: u64 = blocks(MAX_FRAGMENT);

/// How many blocks of 16 bytes a record of this much plaintext makes: its own, and two for its nonce and tag.
const fn blocks(plaintext: usize) -> u64 {
    plaintext.div_ceil(16) as u64 + 2
}

/// A record's header. `length` is that of a fragment made here, which fits.
fn header(content: ContentType, version: ProtocolVersion, length: usize) -> [u8; HEADER] {
    let ([major, minor], [high, low]) = (version.0.to_be_bytes(), (length as u16).to_be_bytes());
    [content.0, major, minor, high, low]
}

/// What MACs and AEADs of classic versions cover beside the plaintext and its length: number, type, version.
fn covered(sequence: u64, content: ContentType, version: ProtocolVersion) -> [u8; 11] {
    let mut out = [0; 11];
    let (number, rest) = out.split_at_mut(8);
    number.copy_from_slice(&sequence.to_be_bytes());
    let [major, minor] = version.0.to_be_bytes();
    rest.copy_from_slice(&[content.0, major, minor]);
    out
}

#[cfg(test)]
pub(super) mod tests;

//! CBC by itself, with the MAC done here: encrypt, then MAC (RFC 7366), and SSL 3.0 (RFC 6101 5.2.3.2). MAC, then encrypt of TLS is
//! [`super::cbc`], which is one with its MAC.

use super::super::{ClassicKeys, header};
use super::mac::{Covered, RecordMac};
use crate::crypto::{BlockCbc, CbcCipher, Failure, Mac, Provider};
use crate::record::HEADER;
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::ops::Range;
use std::sync::Arc;
use subtle::{Choice, ConditionallySelectable, ConstantTimeLess};

/// The keys of one direction, which is all that they can be used for.
pub(in super::super) struct Blocks {
    cipher: Box<dyn BlockCbc>,
    block: usize,
    iv: Iv,
    mac: RecordMac,
    /// SSL 3.0's: MAC, pad, encrypt. Else pad, encrypt, MAC.
    ssl3: bool,
    /// Application data is split behind its first byte.
    pub(super) split: bool,
}

/// Where a record's IV comes from.
enum Iv {
    /// It is random, and stands before the ciphertext.
    Explicit(Arc<dyn Provider>),
    /// It is the last block of the record before.
    Chained([u8; 16]),
}

impl Blocks {
    pub(super) fn new(
        provider: &Arc<dyn Provider>,
        cipher: CbcCipher,
        mac: Mac,
        keys: &ClassicKeys<'_>,
        seal: bool,
    ) -> Result<Self, Failure> {
        let (block, forms) = (cipher.block_len(), keys.forms);
        let iv = match forms.implicit_iv {
            false => Iv::Explicit(provider.clone()),
            true if keys.iv.bytes().len() == block => {
                let mut iv = [0; 16];
                iv[..block].copy_from_slice(keys.iv.bytes());
                Iv::Chained(iv)
            }
            true => return Err(Failure),
        };
        let legacy = provider.legacy().ok_or(Failure)?;
        Ok(Self {
            cipher: legacy.block_cbc(cipher, seal, keys.key.bytes())?,
            block,
            iv,
            mac: RecordMac::new(&**provider, mac, keys.mac, forms.ssl3)?,
            ssl3: forms.ssl3,
            split: forms.split,
        })
    }

    /// By how many bytes, at most, a record is longer than its plaintext, the header apart.
    pub(super) fn overhead(&self) -> usize {
        2 * self.block + self.mac.len()
    }

    fn explicit_len(&self) -> usize {
        match self.iv {
            Iv::Explicit(_) => self.block,
            Iv::Chained(_) => 0,
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
        let covered = Covered { sequence, content, version };
        let start = out.len() + HEADER;
        out.extend_from_slice(&[0; HEADER]);
        let mut iv = [0; 16];
        match &self.iv {
            Iv::Explicit(provider) => {
                provider.random(&mut iv[..self.block])?;
                out.extend_from_slice(&iv[..self.block]);
            }
            Iv::Chained(last) => iv = *last,
        }
        let body = out.len();
        out.extend_from_slice(plaintext);
        if self.ssl3 {
            out.extend_from_slice(&self.mac.of(covered, plaintext));
        }
        let padding = self.block - 1 - (out.len() - body) % self.block;
        // Up to 15, and the last byte says how much.
        out.resize(out.len() + padding + 1, padding as u8);
        self.cipher.apply(&iv[..self.block], &mut out[body..])?;
        self.chain(&out[body..])?;
        if !self.ssl3 {
            let mac = self.mac.of(covered, &out[start..]);
            out.extend_from_slice(&mac);
        }
        let length = out.len() - start;
        out[start - HEADER..start].copy_from_slice(&header(content, version, length));
        Ok(())
    }

    /// The next record's IV, if this one's last block is that.
    fn chain(&mut self, ciphertext: &[u8]) -> Result<(), Failure> {
        if let Iv::Chained(last) = &mut self.iv {
            let at = ciphertext.len().checked_sub(self.block).ok_or(Failure)?;
            last[..self.block].copy_from_slice(&ciphertext[at..]);
        }
        Ok(())
    }

    pub(super) fn open(
        &mut self,
        sequence: u64,
        header: &[u8; HEADER],
        fragment: &mut [u8],
    ) -> Result<Range<usize>, Failure> {
        let covered = Covered::of(sequence, header);
        match self.ssl3 {
            true => self.open_ssl3(covered, fragment),
            false => self.open_etm(covered, fragment),
        }
    }

    /// Decrypts all but the explicit IV; gives where the plaintext begins.
    fn decrypt(&mut self, fragment: &mut [u8]) -> Result<usize, Failure> {
        let start = self.explicit_len();
        let (explicit, body) = fragment.split_at_mut_checked(start).ok_or(Failure)?;
        if body.is_empty() || body.len() % self.block != 0 {
            return Err(Failure);
        }
        let mut iv = [0; 16];
        match &self.iv {
            Iv::Explicit(_) => iv[..self.block].copy_from_slice(explicit),
            Iv::Chained(last) => iv = *last,
        }
        self.chain(body)?;
        self.cipher.apply(&iv[..self.block], body)?;
        Ok(start)
    }

    /// The MAC goes first, so that nobody learns anything by a padding of his own making (RFC 7366 3).
    fn open_etm(&mut self, covered: Covered, fragment: &mut [u8]) -> Result<Range<usize>, Failure> {
        let length = fragment.len().checked_sub(self.mac.len()).ok_or(Failure)?;
        let (sealed, mac) = fragment.split_at_mut(length);
        if !bool::from(self.mac.is(covered, sealed, mac)) {
            return Err(Failure);
        }
        let start = self.decrypt(sealed)?;
        let body = &sealed[start..];
        let padding = *body.last().ok_or(Failure)?;
        let end = body.len().checked_sub(usize::from(padding) + 1).ok_or(Failure)?;
        match body[end..].iter().all(|b| *b == padding) {
            true => Ok(start..start + end),
            false => Err(Failure),
        }
    }

    /// The padding but for its length is covered by nothing: whoever can have a secret sent again and again behind a prefix of his
    /// choice learns it byte by byte (POODLE, RFC 7568 4.1.1). That is SSL 3.0, and cannot be mended here. What can be kept back is
    /// which of padding and MAC is wrong: both are looked at in any case, over as many blocks.
    fn open_ssl3(&mut self, covered: Covered, fragment: &mut [u8]) -> Result<Range<usize>, Failure> {
        let start = self.decrypt(fragment)?;
        let (body, mac_len) = (&fragment[start..], self.mac.len());
        // The most that can be content.
        let most = body.len().checked_sub(mac_len + 1).ok_or(Failure)? as u64;
        let padding = u64::from(*body.last().ok_or(Failure)?);
        let good: Choice = padding.ct_lt(&(self.block as u64)) & !most.ct_lt(&padding);
        let length = u64::conditional_select(&most, &most.wrapping_sub(padding), good) as usize;
        let (data, rest) = body.split_at_checked(length).ok_or(Failure)?;
        let mac = rest.get(..mac_len).ok_or(Failure)?;
        let good = good & self.mac.is(covered, data, mac);
        self.mac.spend(most as usize, length);
        match good.into() {
            true => Ok(start..start + length),
            false => Err(Failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Digest, Hasher};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Leaves all as it is.
    struct Open;

    impl BlockCbc for Open {
        fn apply(&self, _: &[u8], _: &mut [u8]) -> Result<(), Failure> {
            Ok(())
        }
    }

    /// Gives zeros, and counts the blocks of 64 bytes that a hash would have taken.
    #[derive(Clone)]
    struct Counting {
        taken: usize,
        len: usize,
        blocks: Arc<AtomicUsize>,
    }

    impl Hasher for Counting {
        fn update(&mut self, bytes: &[u8]) {
            let before = self.taken / 64;
            self.taken += bytes.len();
            self.blocks.fetch_add(self.taken / 64 - before, Ordering::Relaxed);
        }
        fn fork(&self) -> Box<dyn Hasher> {
            Box::new(self.clone())
        }
        fn current(&self) -> Digest {
            self.blocks.fetch_add((self.taken % 64 + 9).div_ceil(64), Ordering::Relaxed);
            Digest::of(&[0; 20][..self.len])
        }
        fn current_into(&self, out: &mut [u8]) {
            out.copy_from_slice(&self.current()[..out.len()]);
        }
    }

    /// Whatever the padding says, and whether it and the MAC are right: a record of SSL 3.0 takes as many blocks.
    #[test]
    fn ssl_3_0_takes_the_same_time_for_every_padding() {
        for (mac, block) in [(Mac::Md5, 8), (Mac::Sha1, 8), (Mac::Sha1, 16)] {
            let count = Arc::new(AtomicUsize::new(0));
            let key = vec![0; mac.len()];
            let hash = |_| Box::new(Counting { taken: 0, len: key.len(), blocks: count.clone() }) as Box<dyn Hasher>;
            let mut keys = Blocks {
                cipher: Box::new(Open),
                block,
                iv: Iv::Chained([0; 16]),
                mac: RecordMac::ssl3(mac, &key, hash).unwrap(),
                ssl3: true,
                split: false,
            };
            let covered =
                Covered { sequence: 0, content: ContentType::APPLICATION_DATA, version: ProtocolVersion::SSL3_0 };
            let mut opened = 0;
            for length in (block..400).step_by(block).filter(|n| *n > mac.len()) {
                let mut taken = Vec::new();
                for padding in 0..=255 {
                    for good in [true, false] {
                        let mut fragment = vec![if good { 0 } else { 1 }; length];
                        fragment[length - 1] = padding;
                        count.store(0, Ordering::Relaxed);
                        opened += usize::from(keys.open_ssl3(covered, &mut fragment).is_ok());
                        taken.push(count.load(Ordering::Relaxed));
                    }
                }
                assert!(taken.iter().all(|n| *n == taken[0]), "{mac:?}, {length} bytes: {taken:?}");
            }
            assert!(opened > 100, "{mac:?}: {opened}");
        }
    }
}

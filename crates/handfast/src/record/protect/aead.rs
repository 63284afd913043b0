//! AEAD, as TLS 1.2 (RFC 5246 6.2.3.3, RFC 5288, RFC 7905) and TLS 1.3 (RFC 9846 5.2) use it.

use super::{ClassicKeys, covered, header};
use crate::crypto::{Aead, AeadAlgorithm, Failure, Provider};
use crate::error::{Error, ErrorKind};
use crate::keys::TrafficSecret;
use crate::record::HEADER;
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::ops::Range;

/// A key, and what its nonces are made from.
struct Key {
    aead: Box<dyn Aead>,
    iv: [u8; 12],
    /// The tag's length.
    tag: usize,
}

impl Key {
    /// The IV with the record's number XORed into its end (RFC 9846 5.3).
    fn nonce(&self, sequence: u64) -> [u8; 12] {
        let mut nonce = self.iv;
        nonce.iter_mut().skip(4).zip(sequence.to_be_bytes()).for_each(|(n, s)| *n ^= s);
        nonce
    }

    /// Seals what stands in `out` from `from` on, and appends the tag.
    fn seal(&self, nonce: [u8; 12], ad: &[u8], out: &mut Vec<u8>, from: usize) -> Result<(), Failure> {
        let tag = self.aead.seal(nonce, ad, out.get_mut(from..).ok_or(Failure)?)?;
        out.extend_from_slice(&tag);
        Ok(())
    }
}

/// The AEAD of a TLS 1.2 connection.
pub(super) struct Classic {
    key: Key,
    /// Whether the last 8 bytes of the nonce travel in the record.
    explicit: bool,
}

/// The bytes of a nonce that travel in the record.
const EXPLICIT: usize = 8;

impl Classic {
    pub(super) fn new(
        provider: &dyn Provider,
        algorithm: AeadAlgorithm,
        keys: ClassicKeys<'_>,
    ) -> Result<Self, Failure> {
        let fixed = keys.iv.bytes();
        if fixed.len() != algorithm.fixed_iv_len() {
            return Err(Failure);
        }
        // Where part of the nonce is explicit, ours is the record's number: zero XOR the number.
        let mut iv = [0; 12];
        iv.iter_mut().zip(fixed).for_each(|(iv, fixed)| *iv = *fixed);
        let aead = provider.aead(algorithm, keys.key.bytes())?;
        let tag = algorithm.tag_len();
        Ok(Self { key: Key { aead, iv, tag }, explicit: fixed.len() < iv.len() })
    }

    fn explicit_len(&self) -> usize {
        if self.explicit { EXPLICIT } else { 0 }
    }

    pub(super) fn overhead(&self) -> usize {
        self.explicit_len() + self.key.tag
    }

    pub(super) fn seal(
        &self,
        sequence: u64,
        content: ContentType,
        version: ProtocolVersion,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let nonce = self.key.nonce(sequence);
        out.extend_from_slice(&header(content, version, plaintext.len() + self.overhead()));
        if self.explicit {
            out.extend_from_slice(&nonce[4..]);
        }
        let from = out.len();
        out.extend_from_slice(plaintext);
        self.key.seal(nonce, &ad(sequence, content, version, plaintext.len()), out, from)
    }

    pub(super) fn open(
        &self,
        sequence: u64,
        header: &[u8; HEADER],
        fragment: &mut [u8],
    ) -> Result<Range<usize>, Failure> {
        let length = fragment.len().checked_sub(self.overhead()).ok_or(Failure)?;
        let (explicit, sealed) = fragment.split_at_mut(self.explicit_len());
        let mut nonce = self.key.nonce(sequence);
        // The peer may make its part of the nonce as it likes (RFC 5288 3).
        nonce.iter_mut().skip(4).zip(explicit).for_each(|(n, e)| *n = *e);
        let [content, major, minor, ..] = *header;
        let version = ProtocolVersion(u16::from_be_bytes([major, minor]));
        let n = self.key.aead.open(nonce, &ad(sequence, ContentType(content), version, length), sealed)?;
        let start = self.explicit_len();
        Ok(start..start + n)
    }
}

/// Additional data: number, type, version, length of the plaintext.
fn ad(sequence: u64, content: ContentType, version: ProtocolVersion, length: usize) -> [u8; 13] {
    let mut out = [0; 13];
    let (start, end) = out.split_at_mut(11);
    start.copy_from_slice(&covered(sequence, content, version));
    end.copy_from_slice(&(length as u16).to_be_bytes());
    out
}

/// The AEAD of a TLS 1.3 connection.
pub(super) struct Tls13(Key);

impl Tls13 {
    /// The inner content type, and the tag.
    pub(super) fn overhead(&self) -> usize {
        1 + self.0.tag
    }

    pub(super) fn new(
        provider: &dyn Provider,
        algorithm: AeadAlgorithm,
        secret: &TrafficSecret,
    ) -> Result<Self, Failure> {
        let (aead, iv) = secret.keys(provider, algorithm)?;
        Ok(Self(Key { aead, iv, tag: algorithm.tag_len() }))
    }

    pub(super) fn seal(
        &self,
        sequence: u64,
        content: ContentType,
        plaintext: &[u8],
        padding: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let length = plaintext.len() + padding + self.overhead();
        let header = header(ContentType::APPLICATION_DATA, ProtocolVersion::TLS1_2, length);
        out.extend_from_slice(&header);
        let from = out.len();
        out.extend_from_slice(plaintext);
        out.push(content.0);
        out.resize(out.len() + padding, 0);
        self.0.seal(self.0.nonce(sequence), &header, out, from)
    }

    /// Gives the inner type too. `most` is for content and padding together. The padding is looked through after the tag was checked: it needs no constant time.
    pub(super) fn open(
        &self,
        sequence: u64,
        header: &[u8; HEADER],
        fragment: &mut [u8],
        most: usize,
    ) -> Result<(ContentType, Range<usize>), Error> {
        if fragment.len() < self.0.tag {
            return Err(ErrorKind::BadRecordMac.into());
        }
        let opened = self.0.aead.open(self.0.nonce(sequence), header, fragment);
        let inner = opened.ok().and_then(|n| fragment.get(..n)).ok_or(ErrorKind::BadRecordMac)?;
        if inner.len() > most + 1 {
            return Err(ErrorKind::RecordOverflow.into());
        }
        let unexpected = |got, expected| Error::new(ErrorKind::UnexpectedRecord { got, expected });
        let outer = ContentType(header[0]);
        if outer != ContentType::APPLICATION_DATA {
            return Err(unexpected(outer, "application_data, as every protected record is called"));
        }
        // All zeros: no content type.
        let Some((end, content)) = inner.iter().enumerate().rfind(|(_, b)| **b != 0) else {
            return Err(unexpected(ContentType(0), "a content type before the padding"));
        };
        match ContentType(*content) {
            got @ (ContentType::HANDSHAKE | ContentType::ALERT) if end == 0 => {
                Err(unexpected(got, "a record with content"))
            }
            content @ (ContentType::HANDSHAKE | ContentType::ALERT | ContentType::APPLICATION_DATA) => {
                Ok((content, 0..end))
            }
            got => Err(unexpected(got, "a content type that is protected")),
        }
    }
}

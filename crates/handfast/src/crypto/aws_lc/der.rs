//! As much DER as keys need (X.690).

use crate::crypto::Failure;

pub(super) const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// Reads elements one after the other.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The contents of the next element, which has this tag.
    pub(super) fn element(&mut self, tag: u8) -> Result<&'a [u8], Failure> {
        let (&found, rest) = self.0.split_first().ok_or(Failure)?;
        let (&first, mut rest) = rest.split_first().ok_or(Failure)?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            // Lengths of keys need three bytes at most. One that a shorter form could hold is not DER.
            let (bytes, after) = rest.split_at_checked(length - 0x80).ok_or(Failure)?;
            if !(1..=3).contains(&bytes.len()) {
                return Err(Failure);
            }
            length = bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b));
            if length < 0x80 || length >> (8 * (bytes.len() - 1)) == 0 {
                return Err(Failure);
            }
            rest = after;
        }
        let (contents, rest) = rest.split_at_checked(length).ok_or(Failure)?;
        self.0 = rest;
        if found == tag { Ok(contents) } else { Err(Failure) }
    }

    pub(super) fn sequence(&mut self) -> Result<Self, Failure> {
        self.element(SEQUENCE).map(Self)
    }

    pub(super) fn end(self) -> Result<(), Failure> {
        if self.0.is_empty() { Ok(()) } else { Err(Failure) }
    }
}

/// What kind of public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::crypto) enum KeyType {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

/// A SubjectPublicKeyInfo (RFC 5280 4.1.2.7), taken apart.
#[derive(Clone, Copy, Debug)]
pub(in crate::crypto) struct Spki<'a> {
    pub(in crate::crypto) key_type: KeyType,
    /// An RSAPublicKey (RFC 8017 A.1.1), a point (SEC 1 2.3.3), or 32 bytes (RFC 8410 4).
    pub(in crate::crypto) key: &'a [u8],
}

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const SECP256R1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const SECP521R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

impl<'a> Spki<'a> {
    pub(in crate::crypto) fn parse(der: &'a [u8]) -> Result<Self, Failure> {
        let mut outer = Der::new(der);
        let mut spki = outer.sequence()?;
        outer.end()?;
        let mut algorithm = spki.sequence()?;
        let bits = spki.element(BIT_STRING)?;
        spki.end()?;

        let key_type = match algorithm.element(OBJECT_IDENTIFIER)? {
            RSA_ENCRYPTION => match algorithm.element(NULL)? {
                [] => KeyType::Rsa,
                _ => return Err(Failure),
            },
            EC_PUBLIC_KEY => match algorithm.element(OBJECT_IDENTIFIER)? {
                SECP256R1 => KeyType::P256,
                SECP384R1 => KeyType::P384,
                SECP521R1 => KeyType::P521,
                _ => return Err(Failure),
            },
            ED25519 => KeyType::Ed25519,
            _ => return Err(Failure),
        };
        algorithm.end()?;
        match bits.split_first() {
            Some((0, key)) => Ok(Self { key_type, key }),
            _ => Err(Failure),
        }
    }
}

/// Appends an element of up to 65,535 bytes; more do not fit a key.
pub(super) fn push_element(out: &mut Vec<u8>, tag: u8, contents: &[u8]) {
    let [high, low] = u16::try_from(contents.len()).unwrap_or(u16::MAX).to_be_bytes();
    out.push(tag);
    match (high, low) {
        (0, 0..0x80) => out.push(low),
        (0, _) => out.extend_from_slice(&[0x81, low]),
        _ => out.extend_from_slice(&[0x82, high, low]),
    }
    out.extend_from_slice(contents);
}

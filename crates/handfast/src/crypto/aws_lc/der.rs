//! As much DER as keys need (X.690).

use crate::crypto::Failure;
use crate::wire::numbers::SignatureScheme;

pub(super) const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// `[0]`, `[1]` and `[2]` around a value.
const EXPLICIT: [u8; 3] = [0xa0, 0xa1, 0xa2];

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

    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn end(self) -> Result<(), Failure> {
        if self.is_empty() { Ok(()) } else { Err(Failure) }
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
    /// RSASSA-PSS, and the one scheme that its parameters leave, if it has any.
    RsaPss(Option<SignatureScheme>),
    /// ML-DSA, which signs by this scheme.
    MlDsa(SignatureScheme),
}

/// A SubjectPublicKeyInfo (RFC 5280 4.1.2.7), taken apart.
#[derive(Clone, Copy, Debug)]
pub(in crate::crypto) struct Spki<'a> {
    pub(in crate::crypto) key_type: KeyType,
    /// An RSAPublicKey (RFC 8017 A.1.1), a point (SEC 1 2.3.3), 32 bytes (RFC 8410 4), or what FIPS 204 has (RFC 9881 4).
    pub(in crate::crypto) key: &'a [u8],
}

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const SECP256R1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const SECP521R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// 1.2.840.113549.1.1.10 and .8 (RFC 4055 2.2, 3.1)
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
/// 2.16.840.1.101.3.4.2 and .3: NIST's hashes and signatures, one more number each.
const NIST_HASHES: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
const NIST_SIGNATURES: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03];

impl<'a> Spki<'a> {
    pub(in crate::crypto) fn parse(der: &'a [u8]) -> Result<Self, Failure> {
        let mut outer = Der::new(der);
        let mut spki = outer.sequence()?;
        outer.end()?;
        let mut algorithm = spki.sequence()?;
        let bits = spki.element(BIT_STRING)?;
        spki.end()?;

        let key_type = Self::key_type(&mut algorithm)?;
        match bits.split_first() {
            Some((0, key)) => Ok(Self { key_type, key }),
            _ => Err(Failure),
        }
    }
}

impl Spki<'_> {
    /// What an AlgorithmIdentifier, whose contents are given, says of a key.
    fn key_type(algorithm: &mut Der<'_>) -> Result<KeyType, Failure> {
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
            RSASSA_PSS if algorithm.is_empty() => KeyType::RsaPss(None),
            RSASSA_PSS => KeyType::RsaPss(Some(pss_scheme(algorithm.element(SEQUENCE)?)?)),
            other => KeyType::MlDsa(mldsa_scheme(other).ok_or(Failure)?),
        };
        algorithm.end()?;
        Ok(key_type)
    }
}

/// The scheme of an ML-DSA key, by the contents of its OID (RFC 9881 2).
pub(crate) fn mldsa_scheme(oid: &[u8]) -> Option<SignatureScheme> {
    match oid.strip_prefix(NIST_SIGNATURES)? {
        [17] => Some(SignatureScheme::MLDSA44),
        [18] => Some(SignatureScheme::MLDSA65),
        [19] => Some(SignatureScheme::MLDSA87),
        _ => None,
    }
}

/// The one scheme that a key with these RSASSA-PSS-params may sign by (RFC 4055 3.1, 3.3): of their hash, which must be that of the
/// mask too, with a salt that is as long as the hash, and so no shorter than the least one that they name.
pub(crate) fn pss_scheme(params: &[u8]) -> Result<SignatureScheme, Failure> {
    let mut params = Der(params);
    // Each has a default that goes with SHA-1, which signs nothing in TLS; but for the salt's length, of which 20 is the least.
    let hash = hash_number(&mut Der(params.element(EXPLICIT[0])?))?;
    let mut mask = Der(params.element(EXPLICIT[1])?).sequence()?;
    if mask.element(OBJECT_IDENTIFIER)? != MGF1 || hash_number(&mut mask)? != hash {
        return Err(Failure);
    }
    mask.end()?;
    let (scheme, length) = match hash {
        1 => (SignatureScheme::RSA_PSS_PSS_SHA256, 32),
        2 => (SignatureScheme::RSA_PSS_PSS_SHA384, 48),
        3 => (SignatureScheme::RSA_PSS_PSS_SHA512, 64),
        _ => return Err(Failure),
    };
    if !params.is_empty() {
        match Der(params.element(EXPLICIT[2])?).element(INTEGER)? {
            [salt @ 0..0x80] if *salt <= length => {}
            _ => return Err(Failure),
        }
    }
    params.end()?;
    Ok(scheme)
}

/// Which of NIST's hashes an AlgorithmIdentifier names. Its parameters are NULL or absent (RFC 4055 2.1).
fn hash_number(from: &mut Der<'_>) -> Result<u8, Failure> {
    let mut identifier = from.sequence()?;
    let number = match identifier.element(OBJECT_IDENTIFIER)?.strip_prefix(NIST_HASHES) {
        Some([number]) => *number,
        _ => return Err(Failure),
    };
    if !identifier.is_empty() && !identifier.element(NULL)?.is_empty() {
        return Err(Failure);
    }
    identifier.end()?;
    Ok(number)
}

/// A PrivateKeyInfo (RFC 5958 2), taken apart: what kind of key, and the key as its algorithm has it.
pub(super) fn private_key_info(der: &[u8]) -> Result<(KeyType, &[u8]), Failure> {
    let mut info = Der::new(der).sequence()?;
    info.element(INTEGER)?;
    let mut algorithm = info.sequence()?;
    let key_type = Spki::key_type(&mut algorithm)?;
    Ok((key_type, info.element(OCTET_STRING)?))
}

/// A SubjectPublicKeyInfo of this key, whose AlgorithmIdentifier is that of its PrivateKeyInfo where it is in one (RFC 5958 2): the two
/// are the same. Else it is RSA's, or that of its curve.
pub(super) fn spki(key_type: KeyType, info: Option<&[u8]>, key: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut identifier = Vec::new();
    match (info, key_type) {
        (Some(info), _) => {
            let mut info = Der::new(info).sequence()?;
            info.element(INTEGER)?;
            push_element(&mut identifier, SEQUENCE, info.element(SEQUENCE)?);
        }
        (None, KeyType::Rsa) => {
            let mut contents = Vec::new();
            push_element(&mut contents, OBJECT_IDENTIFIER, RSA_ENCRYPTION);
            push_element(&mut contents, NULL, &[]);
            push_element(&mut identifier, SEQUENCE, &contents);
        }
        (None, curve) => {
            let mut contents = Vec::new();
            push_element(&mut contents, OBJECT_IDENTIFIER, EC_PUBLIC_KEY);
            let curve = match curve {
                KeyType::P256 => SECP256R1,
                KeyType::P384 => SECP384R1,
                KeyType::P521 => SECP521R1,
                _ => return Err(Failure),
            };
            push_element(&mut contents, OBJECT_IDENTIFIER, curve);
            push_element(&mut identifier, SEQUENCE, &contents);
        }
    }
    // No unused bits.
    push_element(&mut identifier, BIT_STRING, &[&[0], key].concat());
    let mut out = Vec::new();
    push_element(&mut out, SEQUENCE, &identifier);
    Ok(out)
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

//! What the protocol asks of cryptography: traits in a modern and a legacy half, and the table of suites.
//!
//! Nothing here computes; [`aws_lc`] does. A [`Provider`] is a plain value of the config, never a global.

pub mod aws_lc;
mod credential;
mod dh_group;
mod never;
mod private_key;
mod safe_primes;
mod suites;

pub(crate) use aws_lc::{mldsa_scheme, pss_scheme};
pub use credential::{Credential, CredentialError};
pub use dh_group::{DhGroup, DhGroupError};
pub use never::NeverSpoken;
pub use private_key::{KeyKind, PrivateKey};
pub(crate) use suites::OF_LEGACY;
pub use suites::{AeadAlgorithm, Authentication, BulkCipher, CbcCipher, KeyExchangeKind, Mac, SUITES, Suite};

use crate::keys::Secret;
use crate::wire::numbers::{NamedGroup, SignatureScheme};
use std::fmt;

/// Some primitive failed. It says no more, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cryptographic operation failed")
    }
}
impl std::error::Error for Failure {}

/// The hash of a suite: of its transcript, its PRF or HKDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// MD5 and SHA-1 side by side, 36 bytes: TLS 1.1 and older (RFC 2246 5).
    Md5Sha1,
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
}

impl HashAlgorithm {
    /// The output's size in bytes.
    #[allow(clippy::len_without_is_empty, reason = "no hash is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Md5Sha1 => 36,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// A hash's output: up to 64 bytes, on the stack. Not for secrets.
#[derive(Clone, Copy)]
pub struct Digest {
    bytes: [u8; 64],
    len: usize,
}

impl Digest {
    /// A copy of these bytes; those beyond 64 are dropped.
    pub fn of(bytes: &[u8]) -> Self {
        let len = bytes.len().min(64);
        let mut out = Self { bytes: [0; 64], len };
        out.bytes[..len].copy_from_slice(&bytes[..len]);
        out
    }
}

impl std::ops::Deref for Digest {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::wire::hex(self))
    }
}

/// A running hash.
pub trait Hasher: Send + Sync {
    /// More input.
    fn update(&mut self, bytes: &[u8]);
    /// A copy that goes its own way.
    fn fork(&self) -> Box<dyn Hasher>;
    /// The hash of all input so far; the hasher goes on.
    fn current(&self) -> Digest;
    /// The same where it is secret: written to `out`, as much of it as there is room for, and nowhere else that is not wiped.
    fn current_into(&self, out: &mut [u8]);
}

/// A keyed MAC state, made once and used many times.
pub trait Hmac: Send + Sync {
    /// The MAC of the parts one after the other, written to `out`, which has the hash's length or less: then its first bytes.
    fn sign(&self, parts: &[&[u8]], out: &mut [u8]);
}

/// What a record AEAD appends to a ciphertext: as many bytes as [`AeadAlgorithm::tag_len`] says, 16 at most.
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    bytes: [u8; 16],
    len: usize,
}

impl From<[u8; 16]> for Tag {
    fn from(bytes: [u8; 16]) -> Self {
        Self { bytes, len: bytes.len() }
    }
}

impl From<[u8; 8]> for Tag {
    fn from(short: [u8; 8]) -> Self {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(short).for_each(|(to, from)| *to = from);
        Self { bytes, len: short.len() }
    }
}

impl std::ops::Deref for Tag {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// A record AEAD with a nonce of 12 bytes.
pub trait Aead: Send + Sync {
    /// Encrypts `data` in place and gives the tag.
    ///
    /// # Errors
    /// [`Failure`], which a correct caller does not see.
    fn seal(&self, nonce: [u8; 12], ad: &[u8], data: &mut [u8]) -> Result<Tag, Failure>;
    /// Opens `data`, ciphertext and tag, in place, and gives the plaintext's length.
    ///
    /// # Errors
    /// [`Failure`], if `data` was not sealed so, whatever of it differs. What is then in `data` means nothing.
    fn open(&self, nonce: [u8; 12], ad: &[u8], data: &mut [u8]) -> Result<usize, Failure>;
}

/// One side of a key exchange that has sent its share and waits for the peer's.
pub trait KeyExchange: Send + Sync {
    /// The group.
    fn group(&self) -> NamedGroup;
    /// What goes to the peer.
    fn share(&self) -> &[u8];
    /// The shared secret.
    ///
    /// # Errors
    /// [`Failure`], if the peer's share is not a valid one of this group.
    fn finish(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure>;
    /// The elliptic half of a hybrid, if the same key may be offered by itself too.
    fn hybrid_part(&self) -> Option<(NamedGroup, &[u8])> {
        None
    }
    /// Finishes with only the part that [`KeyExchange::hybrid_part`] gave.
    ///
    /// # Errors
    /// [`Failure`], if the peer's share is not a valid one of this group, or there is no such part.
    fn finish_part(self: Box<Self>, _peer: &[u8]) -> Result<Secret, Failure> {
        Err(Failure)
    }
}

/// What the responding side of a key exchange has after it saw the peer's share.
pub struct Response {
    /// What goes to the peer: a public key, or a KEM's ciphertext.
    pub share: Vec<u8>,
    /// The shared secret.
    pub secret: Secret,
}

/// The primitives of TLS 1.2 with AEAD, and of TLS 1.3.
pub trait Provider: Send + Sync + fmt::Debug {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// [`Failure`], if the system has none to give.
    fn random(&self, out: &mut [u8]) -> Result<(), Failure>;
    /// The groups that can be spoken.
    fn groups(&self) -> &'static [NamedGroup];
    /// Starts a key exchange: makes a key pair.
    ///
    /// # Errors
    /// [`Failure`], if the group is none of [`Provider::groups`], or no key can be made.
    fn start(&self, group: NamedGroup) -> Result<Box<dyn KeyExchange>, Failure>;
    /// Answers a key exchange.
    ///
    /// # Errors
    /// [`Failure`], if the peer's share is not a valid one of this group.
    fn respond(&self, group: NamedGroup, peer: &[u8]) -> Result<Response, Failure>;
    /// A fresh hash.
    fn hash(&self, algorithm: HashAlgorithm) -> Box<dyn Hasher>;
    /// An HMAC state. For [`HashAlgorithm::Md5Sha1`] there is none: its PRF asks [`Provider::legacy`].
    fn hmac(&self, algorithm: HashAlgorithm, key: &[u8]) -> Box<dyn Hmac>;
    /// An AEAD state; `key` has the algorithm's length.
    ///
    /// # Errors
    /// [`Failure`], if the key has another length.
    fn aead(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn Aead>, Failure>;
    /// The schemes that can be verified here, [`Provider::legacy`]'s included.
    fn schemes(&self) -> &'static [SignatureScheme];
    /// Checks a handshake signature by the key of a certificate. `spki` is a SubjectPublicKeyInfo in DER; `any_curve` lets ECDSA's
    /// hash and curve differ, as TLS 1.2 does. An RSA key may have 1024 bits: whether that is enough is for others to ask.
    ///
    /// # Errors
    /// [`Failure`], if the signature is not good, or the scheme does not fit the key.
    fn verify(
        &self,
        scheme: SignatureScheme,
        spki: &[u8],
        any_curve: bool,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Failure>;
    /// What only the old versions need; `None` if it is not built in.
    fn legacy(&self) -> Option<&dyn Legacy>;
}

/// The primitives that only the old versions need.
pub trait Legacy: Send + Sync {
    /// HMAC over MD5 (`false`) or SHA-1 (`true`): the two halves of the old PRF (RFC 2246 5).
    fn hmac_old(&self, sha1: bool, key: &[u8]) -> Box<dyn Hmac>;
    /// A fresh MD5 (`false`) or SHA-1 (`true`): what SSL 3.0's MAC is made of (RFC 6101 5.2.3.1).
    fn hash_old(&self, sha1: bool) -> Box<dyn Hasher>;
    /// CBC with MAC for one direction. `key` is MAC key, encryption key, and the IV if implicit, one after the other.
    ///
    /// # Errors
    /// [`Failure`], if the key has another length than cipher and MAC want, or there is no such pair that opens in constant time: then
    /// it is spoken with encrypt-then-MAC only.
    fn cbc(
        &self,
        cipher: CbcCipher,
        mac: Mac,
        implicit_iv: bool,
        seal: bool,
        key: &[u8],
    ) -> Result<Box<dyn CbcRecord>, Failure>;
    /// A block cipher in CBC mode, without MAC and padding, for one direction.
    ///
    /// # Errors
    /// [`Failure`], if the key has another length than the cipher wants.
    fn block_cbc(&self, cipher: CbcCipher, seal: bool, key: &[u8]) -> Result<Box<dyn BlockCbc>, Failure>;
    /// RC4 with a key of 16 bytes.
    ///
    /// # Errors
    /// [`Failure`], if the key has another length.
    fn rc4(&self, key: &[u8]) -> Result<Box<dyn KeyStream>, Failure>;
    /// PKCS#1 v1.5 encryption under a certificate's RSA key: a client's premaster secret. `spki` is DER.
    ///
    /// # Errors
    /// [`Failure`], if the key is not RSA, or too short.
    fn rsa_encrypt(&self, spki: &[u8], premaster: &[u8]) -> Result<Vec<u8>, Failure>;
    /// Starts Diffie-Hellman over a prime field, or answers it: makes a key pair, whose secret is as long as
    /// [`DhGroup::exponent_bits`] says.
    ///
    /// # Errors
    /// [`Failure`], if no key can be made, as where what is said to be a prime is none.
    fn dh(&self, group: &DhGroup) -> Result<Box<dyn DhExchange>, Failure>;
}

/// One side of Diffie-Hellman over a prime field, up to TLS 1.2.
pub trait DhExchange: Send + Sync {
    /// What goes to the peer: a big-endian number, as long as the prime.
    fn public(&self) -> &[u8];
    /// The shared secret, a big-endian number without its leading zeros (RFC 5246 8.1.2).
    ///
    /// # Errors
    /// [`Failure`], if the peer's number does not lie between 1 and the prime less 1, both excluded, or the secret would be 0, 1, or
    /// the prime less 1.
    fn finish(self: Box<Self>, peer: &[u8]) -> Result<Secret, Failure>;
}

/// A block cipher in CBC mode for one direction.
pub trait BlockCbc: Send + Sync {
    /// Encrypts or decrypts whole blocks in place. `iv` is a block long.
    ///
    /// # Errors
    /// [`Failure`], if these are not whole blocks, or `iv` is not one.
    fn apply(&self, iv: &[u8], blocks: &mut [u8]) -> Result<(), Failure>;
}

/// A stream cipher for one direction, which goes on where it stopped.
pub trait KeyStream: Send + Sync {
    /// Encrypts or decrypts, which is the same, in place.
    fn apply(&mut self, data: &mut [u8]);
}

/// MAC-then-encrypt CBC for one direction.
pub trait CbcRecord: Send {
    /// Seals `plaintext` and appends the result to `out`, explicit IV first if there is one (`iv` is then 16 random bytes, else
    /// empty). `ad` is sequence number, type, version: 11 bytes.
    ///
    /// # Errors
    /// [`Failure`], which a correct caller does not see.
    fn seal(&mut self, iv: &[u8], ad: &[u8; 11], plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), Failure>;
    /// Opens a whole fragment in place, explicit IV included, in constant time; gives where the plaintext lies.
    ///
    /// # Errors
    /// [`Failure`], if the fragment was not sealed so: padding and MAC are one error.
    fn open(&mut self, ad: &[u8; 11], fragment: &mut [u8]) -> Result<std::ops::Range<usize>, Failure>;
}

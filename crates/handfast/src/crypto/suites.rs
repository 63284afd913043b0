//! The table of the suites that are spoken.

use super::{HashAlgorithm, Provider};
use crate::wire::CipherSuite;
use crate::wire::numbers::ProtocolVersion;

/// How the premaster secret comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyExchangeKind {
    /// The client encrypts it under the server's RSA key (RFC 5246 7.4.7.1). No forward secrecy.
    Rsa,
    /// Ephemeral Diffie-Hellman over a prime field (RFC 5246 7.4.3).
    Dhe,
    /// Ephemeral elliptic-curve Diffie-Hellman (RFC 8422).
    Ecdhe,
    /// A key that both have, and nothing else (RFC 4279 2). No forward secrecy.
    Psk,
    /// The same, with ephemeral Diffie-Hellman (RFC 4279 3).
    DhePsk,
    /// The same over an elliptic curve (RFC 5489 2).
    EcdhePsk,
    /// The same, with what the client encrypts under the server's RSA key (RFC 4279 4). No forward secrecy.
    RsaPsk,
    /// TLS 1.3: negotiated apart from the suite.
    Tls13,
}

impl KeyExchangeKind {
    /// Whether it takes a pre-shared key. In TLS 1.3 that is negotiated apart.
    pub const fn has_psk(self) -> bool {
        matches!(self, Self::Psk | Self::DhePsk | Self::EcdhePsk | Self::RsaPsk)
    }
    /// Whether the server shows a certificate. In TLS 1.3 it does unless a pre-shared key is agreed on.
    pub const fn has_certificate(self) -> bool {
        matches!(self, Self::Rsa | Self::Dhe | Self::Ecdhe | Self::RsaPsk | Self::Tls13)
    }
    /// Whether the client encrypts under the server's RSA key.
    pub const fn has_rsa(self) -> bool {
        matches!(self, Self::Rsa | Self::RsaPsk)
    }
    /// Whether both sides make Diffie-Hellman keys over a prime field for it.
    pub const fn has_dhe(self) -> bool {
        matches!(self, Self::Dhe | Self::DhePsk)
    }
    /// Whether both sides make keys on an elliptic curve for it.
    pub const fn has_ecdhe(self) -> bool {
        matches!(self, Self::Ecdhe | Self::EcdhePsk)
    }
    /// Whether the server signs its half of it.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Dhe | Self::Ecdhe)
    }
    /// Whether whoever learns the long-lived keys later can read nothing that was recorded. In TLS 1.3 it can be so (psk_ke) or not.
    pub const fn is_forward_secret(self) -> bool {
        self.has_dhe() || self.has_ecdhe() || matches!(self, Self::Tls13)
    }
}

/// What key the server proves itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// An RSA certificate.
    Rsa,
    /// An ECDSA certificate, or Ed25519 (RFC 8422 2).
    Ecdsa,
    /// The pre-shared key alone.
    Psk,
    /// TLS 1.3: negotiated apart from the suite.
    Tls13,
}

/// An AEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AeadAlgorithm {
    /// RFC 5116 5.1
    Aes128Gcm,
    /// RFC 5116 5.2
    Aes256Gcm,
    /// RFC 8439
    ChaCha20Poly1305,
    /// RFC 5116 5.3
    Aes128Ccm,
    /// RFC 5116 5.4
    Aes256Ccm,
    /// With a tag of eight bytes (RFC 6655 6.1).
    Aes128Ccm8,
    /// With a tag of eight bytes (RFC 6655 6.2).
    Aes256Ccm8,
}

impl AeadAlgorithm {
    /// The key's size in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Ccm | Self::Aes128Ccm8 => 16,
            Self::Aes256Gcm | Self::Aes256Ccm | Self::Aes256Ccm8 | Self::ChaCha20Poly1305 => 32,
        }
    }
    /// The tag's size in bytes.
    pub const fn tag_len(self) -> usize {
        match self {
            Self::Aes128Ccm8 | Self::Aes256Ccm8 => 8,
            Self::Aes128Gcm | Self::Aes256Gcm | Self::Aes128Ccm | Self::Aes256Ccm | Self::ChaCha20Poly1305 => 16,
        }
    }
    /// In TLS 1.2: how many bytes of the nonce come from the key block; the other `12 - n` travel in the record.
    pub const fn fixed_iv_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => 4,
            Self::Aes128Ccm | Self::Aes256Ccm | Self::Aes128Ccm8 | Self::Aes256Ccm8 => 4,
            Self::ChaCha20Poly1305 => 12,
        }
    }
}

/// A block cipher in CBC mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CbcCipher {
    /// AES with 128-bit keys.
    Aes128,
    /// AES with 256-bit keys.
    Aes256,
    /// DES three times, encrypt, decrypt, encrypt. Blocks of 8 bytes: after some 2^32 of them under one key two are alike (Sweet32,
    /// RFC 9325 4.1).
    TripleDes,
}

impl CbcCipher {
    /// The key's size in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes256 => 32,
            Self::TripleDes => 24,
        }
    }
    /// The block's, and so the IV's, size in bytes.
    pub const fn block_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes256 => 16,
            Self::TripleDes => 8,
        }
    }
}

/// The MAC of records whose cipher has none of its own: HMAC over this hash, and in SSL 3.0 what came before HMAC (RFC 6101 5.2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mac {
    /// 16 bytes.
    Md5,
    /// 20 bytes.
    Sha1,
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
}

impl Mac {
    /// The key's and the MAC's size in bytes.
    #[allow(clippy::len_without_is_empty, reason = "no MAC is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// How records are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BulkCipher {
    /// Encryption and authentication in one.
    Aead(AeadAlgorithm),
    /// A block cipher in CBC mode: MAC, pad, encrypt; or, if both sides have it, pad, encrypt, MAC (RFC 7366).
    Cbc(CbcCipher, Mac),
    /// The stream cipher RC4 with keys of 128 bits: MAC, encrypt. Its stream is not random enough (RFC 7465).
    Rc4(Mac),
    /// A MAC, and no encryption.
    Null(Mac),
}

impl BulkCipher {
    /// Whether it is no AEAD: it takes the [`super::Legacy`] half of a provider.
    pub const fn is_legacy(self) -> bool {
        !matches!(self, Self::Aead(_))
    }
    /// The MAC, where it is not the cipher's own.
    pub const fn mac(self) -> Option<Mac> {
        match self {
            Self::Aead(_) => None,
            Self::Cbc(_, mac) | Self::Rc4(mac) | Self::Null(mac) => Some(mac),
        }
    }
}

/// All that a cipher suite's number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Its number.
    pub number: CipherSuite,
    /// How keys are agreed.
    pub key_exchange: KeyExchangeKind,
    /// What the server proves itself with.
    pub authentication: Authentication,
    /// How records are protected.
    pub bulk: BulkCipher,
    /// The hash of PRF or HKDF from TLS 1.2 on; older versions have their own.
    pub hash: HashAlgorithm,
    /// The oldest version that has the suite.
    pub from: ProtocolVersion,
    /// The newest version that has it.
    pub to: ProtocolVersion,
}

impl Suite {
    /// Whether it takes the [`super::Legacy`] half of a provider.
    pub const fn is_legacy(&self) -> bool {
        self.bulk.is_legacy() || self.key_exchange.has_rsa() || self.key_exchange.has_dhe()
    }
    /// Whether records of it open in constant time even where the peer does not have encrypt-then-MAC. AES-256-CBC with SHA-256 does
    /// not: AWS-LC has no code for it. A client does not offer it, and a server takes it only with encrypt-then-MAC.
    pub const fn opens_in_constant_time(&self) -> bool {
        !matches!(self.bulk, BulkCipher::Cbc(CbcCipher::Aes256, Mac::Sha256))
    }
    /// Whether a provider has all that it takes.
    pub fn is_spoken_by(&self, provider: &dyn Provider) -> bool {
        provider.legacy().is_some() || !self.is_legacy()
    }
    /// The suite of this number, if it is spoken here.
    pub fn find(number: CipherSuite) -> Option<&'static Self> {
        SUITES.iter().find(|s| s.number == number)
    }
    /// Whether it exists in `version`.
    pub fn fits(&self, version: ProtocolVersion) -> bool {
        (self.from..=self.to).contains(&version)
    }
}

mod table;
pub(crate) use table::OF_LEGACY;
pub use table::SUITES;

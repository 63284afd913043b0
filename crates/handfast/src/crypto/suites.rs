//! The table of the suites that are spoken.

use super::HashAlgorithm;
use crate::wire::CipherSuite;
use crate::wire::numbers::ProtocolVersion;

/// How the premaster secret comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyExchangeKind {
    /// The client encrypts it under the server's RSA key (RFC 5246 7.4.7.1). No forward secrecy.
    Rsa,
    /// Ephemeral elliptic-curve Diffie-Hellman (RFC 8422).
    Ecdhe,
    /// TLS 1.3: negotiated apart from the suite.
    Tls13,
}

/// What key the server proves itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// An RSA certificate.
    Rsa,
    /// An ECDSA certificate, or Ed25519 (RFC 8422 2).
    Ecdsa,
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
}

impl CbcCipher {
    /// The key's size in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }
    /// The block's, and so the IV's, size in bytes.
    pub const fn block_len(self) -> usize {
        16
    }
}

/// The MAC of a CBC suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CbcMac {
    /// HMAC-SHA-1, 20 bytes.
    Sha1,
}

impl CbcMac {
    /// The key's and the MAC's size in bytes.
    #[allow(clippy::len_without_is_empty, reason = "no MAC is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
        }
    }
}

/// How records are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BulkCipher {
    /// Encryption and authentication in one.
    Aead(AeadAlgorithm),
    /// MAC, pad, encrypt.
    Cbc(CbcCipher, CbcMac),
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
    /// The suite of this number, if it is spoken here.
    pub fn find(number: CipherSuite) -> Option<&'static Self> {
        SUITES.iter().find(|s| s.number == number)
    }
    /// Whether it exists in `version`.
    pub fn fits(&self, version: ProtocolVersion) -> bool {
        (self.from..=self.to).contains(&version)
    }
}

macro_rules! suites {
    ($( $name:ident: $kx:ident $auth:ident $bulk:expr, $hash:ident, $from:ident..$to:ident; )*) => {
        /// Every suite that is spoken, best first.
        pub static SUITES: &[Suite] = &[$( Suite {
            number: CipherSuite::$name,
            key_exchange: KeyExchangeKind::$kx,
            authentication: Authentication::$auth,
            bulk: $bulk,
            hash: HashAlgorithm::$hash,
            from: ProtocolVersion::$from,
            to: ProtocolVersion::$to,
        } ),*];
    };
}

use AeadAlgorithm::{Aes128Ccm, Aes128Ccm8, Aes128Gcm, Aes256Ccm, Aes256Ccm8, Aes256Gcm, ChaCha20Poly1305};
use BulkCipher::{Aead, Cbc};
use CbcCipher::{Aes128, Aes256};
use CbcMac::Sha1;

suites! {
    TLS_AES_128_GCM_SHA256: Tls13 Tls13 Aead(Aes128Gcm), Sha256, TLS1_3..TLS1_3;
    TLS_AES_256_GCM_SHA384: Tls13 Tls13 Aead(Aes256Gcm), Sha384, TLS1_3..TLS1_3;
    TLS_CHACHA20_POLY1305_SHA256: Tls13 Tls13 Aead(ChaCha20Poly1305), Sha256, TLS1_3..TLS1_3;
    TLS_AES_128_CCM_SHA256: Tls13 Tls13 Aead(Aes128Ccm), Sha256, TLS1_3..TLS1_3;
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: Ecdhe Ecdsa Aead(Aes128Gcm), Sha256, TLS1_2..TLS1_2;
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: Ecdhe Rsa Aead(Aes128Gcm), Sha256, TLS1_2..TLS1_2;
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: Ecdhe Ecdsa Aead(Aes256Gcm), Sha384, TLS1_2..TLS1_2;
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: Ecdhe Rsa Aead(Aes256Gcm), Sha384, TLS1_2..TLS1_2;
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: Ecdhe Ecdsa Aead(ChaCha20Poly1305), Sha256, TLS1_2..TLS1_2;
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: Ecdhe Rsa Aead(ChaCha20Poly1305), Sha256, TLS1_2..TLS1_2;
    TLS_ECDHE_ECDSA_WITH_AES_128_CCM: Ecdhe Ecdsa Aead(Aes128Ccm), Sha256, TLS1_2..TLS1_2;
    TLS_ECDHE_ECDSA_WITH_AES_256_CCM: Ecdhe Ecdsa Aead(Aes256Ccm), Sha256, TLS1_2..TLS1_2;
    TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: Ecdhe Ecdsa Cbc(Aes128, Sha1), Sha256, TLS1_0..TLS1_2;
    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: Ecdhe Rsa Cbc(Aes128, Sha1), Sha256, TLS1_0..TLS1_2;
    TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: Ecdhe Ecdsa Cbc(Aes256, Sha1), Sha256, TLS1_0..TLS1_2;
    TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: Ecdhe Rsa Cbc(Aes256, Sha1), Sha256, TLS1_0..TLS1_2;
    TLS_RSA_WITH_AES_128_GCM_SHA256: Rsa Rsa Aead(Aes128Gcm), Sha256, TLS1_2..TLS1_2;
    TLS_RSA_WITH_AES_256_GCM_SHA384: Rsa Rsa Aead(Aes256Gcm), Sha384, TLS1_2..TLS1_2;
    TLS_RSA_WITH_AES_128_CCM: Rsa Rsa Aead(Aes128Ccm), Sha256, TLS1_2..TLS1_2;
    TLS_RSA_WITH_AES_256_CCM: Rsa Rsa Aead(Aes256Ccm), Sha256, TLS1_2..TLS1_2;
    TLS_RSA_WITH_AES_128_CBC_SHA: Rsa Rsa Cbc(Aes128, Sha1), Sha256, TLS1_0..TLS1_2;
    TLS_RSA_WITH_AES_256_CBC_SHA: Rsa Rsa Cbc(Aes256, Sha1), Sha256, TLS1_0..TLS1_2;
    // Half as long a tag as all others have: one forgery in 2^64 tries. They stand behind even CBC.
    TLS_AES_128_CCM_8_SHA256: Tls13 Tls13 Aead(Aes128Ccm8), Sha256, TLS1_3..TLS1_3;
    TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8: Ecdhe Ecdsa Aead(Aes128Ccm8), Sha256, TLS1_2..TLS1_2;
    TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8: Ecdhe Ecdsa Aead(Aes256Ccm8), Sha256, TLS1_2..TLS1_2;
    TLS_RSA_WITH_AES_128_CCM_8: Rsa Rsa Aead(Aes128Ccm8), Sha256, TLS1_2..TLS1_2;
    TLS_RSA_WITH_AES_256_CCM_8: Rsa Rsa Aead(Aes256Ccm8), Sha256, TLS1_2..TLS1_2;
}

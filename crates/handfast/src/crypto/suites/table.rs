//! The table.

#![cfg_attr(not(feature = "legacy"), allow(unused_imports, reason = "they are in rows that are left out"))]

use super::AeadAlgorithm::{Aes128Ccm, Aes128Ccm8, Aes128Gcm, Aes256Ccm, Aes256Ccm8, Aes256Gcm, ChaCha20Poly1305};
use super::BulkCipher::{Aead, Cbc, Null, Rc4};
use super::CbcCipher::{Aes128, Aes256, TripleDes};
use super::Mac::{Md5, Sha1, Sha256, Sha384};
use super::{Authentication, KeyExchangeKind, Suite};
use crate::crypto::HashAlgorithm;
use crate::wire::CipherSuite;
use crate::wire::numbers::ProtocolVersion;

macro_rules! suites {
    // By turns those that are always there, and those of cargo feature `legacy`.
    (
        { $( $a_name:ident: $a_kx:ident $a_auth:ident $a_bulk:expr, $a_hash:ident, $a_from:ident..$a_to:ident; )* }
        legacy { $( $b_name:ident: $b_kx:ident $b_auth:ident $b_bulk:expr, $b_hash:ident, $b_from:ident..$b_to:ident; )* }
        { $( $c_name:ident: $c_kx:ident $c_auth:ident $c_bulk:expr, $c_hash:ident, $c_from:ident..$c_to:ident; )* }
        legacy { $( $d_name:ident: $d_kx:ident $d_auth:ident $d_bulk:expr, $d_hash:ident, $d_from:ident..$d_to:ident; )* }
    ) => {
        /// Every suite that is spoken, best first.
        pub static SUITES: &[Suite] = &[
            $( suites!(@row $a_name $a_kx $a_auth $a_bulk, $a_hash $a_from $a_to), )*
            $( #[cfg(feature = "legacy")] suites!(@row $b_name $b_kx $b_auth $b_bulk, $b_hash $b_from $b_to), )*
            $( suites!(@row $c_name $c_kx $c_auth $c_bulk, $c_hash $c_from $c_to), )*
            $( #[cfg(feature = "legacy")] suites!(@row $d_name $d_kx $d_auth $d_bulk, $d_hash $d_from $d_to), )*
        ];
        /// The numbers of those that are there with cargo feature `legacy` only.
        pub(crate) static OF_LEGACY: &[CipherSuite] = &[$( CipherSuite::$b_name, )* $( CipherSuite::$d_name, )*];
    };
    (@row $name:ident $kx:ident $auth:ident $bulk:expr, $hash:ident $from:ident $to:ident) => {
        Suite {
            number: CipherSuite::$name,
            key_exchange: KeyExchangeKind::$kx,
            authentication: Authentication::$auth,
            bulk: $bulk,
            hash: HashAlgorithm::$hash,
            from: ProtocolVersion::$from,
            to: ProtocolVersion::$to,
        }
    };
}

suites! {
    {
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
    }
    legacy {
        // A pre-shared key with a fresh exchange on a curve (RFC 8442, RFC 7905).
        TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256: EcdhePsk Psk Aead(Aes128Gcm), Sha256, TLS1_2..TLS1_2;
        TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384: EcdhePsk Psk Aead(Aes256Gcm), Sha384, TLS1_2..TLS1_2;
        TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256: EcdhePsk Psk Aead(ChaCha20Poly1305), Sha256, TLS1_2..TLS1_2;
        TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256: EcdhePsk Psk Aead(Aes128Ccm), Sha256, TLS1_2..TLS1_2;
        // Over prime fields: slower, and for who has no curve.
        TLS_DHE_RSA_WITH_AES_128_GCM_SHA256: Dhe Rsa Aead(Aes128Gcm), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_RSA_WITH_AES_256_GCM_SHA384: Dhe Rsa Aead(Aes256Gcm), Sha384, TLS1_2..TLS1_2;
        TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256: Dhe Rsa Aead(ChaCha20Poly1305), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_RSA_WITH_AES_128_CCM: Dhe Rsa Aead(Aes128Ccm), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_RSA_WITH_AES_256_CCM: Dhe Rsa Aead(Aes256Ccm), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_PSK_WITH_AES_128_GCM_SHA256: DhePsk Psk Aead(Aes128Gcm), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_PSK_WITH_AES_256_GCM_SHA384: DhePsk Psk Aead(Aes256Gcm), Sha384, TLS1_2..TLS1_2;
        TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256: DhePsk Psk Aead(ChaCha20Poly1305), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_PSK_WITH_AES_128_CCM: DhePsk Psk Aead(Aes128Ccm), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_PSK_WITH_AES_256_CCM: DhePsk Psk Aead(Aes256Ccm), Sha256, TLS1_2..TLS1_2;
        // CBC. Those of SHA-1 first: the others are no safer here, and longer on the wire.
        TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: Ecdhe Ecdsa Cbc(Aes128, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: Ecdhe Rsa Cbc(Aes128, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: Ecdhe Ecdsa Cbc(Aes256, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: Ecdhe Rsa Cbc(Aes256, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: Ecdhe Ecdsa Cbc(Aes128, Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: Ecdhe Rsa Cbc(Aes128, Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384: Ecdhe Ecdsa Cbc(Aes256, Sha384), Sha384, TLS1_2..TLS1_2;
        TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384: Ecdhe Rsa Cbc(Aes256, Sha384), Sha384, TLS1_2..TLS1_2;
        TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA: EcdhePsk Psk Cbc(Aes128, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA: EcdhePsk Psk Cbc(Aes256, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256: EcdhePsk Psk Cbc(Aes128, Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384: EcdhePsk Psk Cbc(Aes256, Sha384), Sha384, TLS1_2..TLS1_2;
        TLS_DHE_RSA_WITH_AES_128_CBC_SHA: Dhe Rsa Cbc(Aes128, Sha1), Sha256, SSL3_0..TLS1_2;
        TLS_DHE_RSA_WITH_AES_256_CBC_SHA: Dhe Rsa Cbc(Aes256, Sha1), Sha256, SSL3_0..TLS1_2;
        TLS_DHE_RSA_WITH_AES_128_CBC_SHA256: Dhe Rsa Cbc(Aes128, Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_RSA_WITH_AES_256_CBC_SHA256: Dhe Rsa Cbc(Aes256, Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_PSK_WITH_AES_128_CBC_SHA: DhePsk Psk Cbc(Aes128, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_DHE_PSK_WITH_AES_256_CBC_SHA: DhePsk Psk Cbc(Aes256, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_DHE_PSK_WITH_AES_128_CBC_SHA256: DhePsk Psk Cbc(Aes128, Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_PSK_WITH_AES_256_CBC_SHA384: DhePsk Psk Cbc(Aes256, Sha384), Sha384, TLS1_2..TLS1_2;
        // No forward secrecy.
        TLS_RSA_WITH_AES_128_GCM_SHA256: Rsa Rsa Aead(Aes128Gcm), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_WITH_AES_256_GCM_SHA384: Rsa Rsa Aead(Aes256Gcm), Sha384, TLS1_2..TLS1_2;
        TLS_RSA_WITH_AES_128_CCM: Rsa Rsa Aead(Aes128Ccm), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_WITH_AES_256_CCM: Rsa Rsa Aead(Aes256Ccm), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_WITH_AES_128_CBC_SHA: Rsa Rsa Cbc(Aes128, Sha1), Sha256, SSL3_0..TLS1_2;
        TLS_RSA_WITH_AES_256_CBC_SHA: Rsa Rsa Cbc(Aes256, Sha1), Sha256, SSL3_0..TLS1_2;
        TLS_RSA_WITH_AES_128_CBC_SHA256: Rsa Rsa Cbc(Aes128, Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_WITH_AES_256_CBC_SHA256: Rsa Rsa Cbc(Aes256, Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_PSK_WITH_AES_128_GCM_SHA256: RsaPsk Rsa Aead(Aes128Gcm), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_PSK_WITH_AES_256_GCM_SHA384: RsaPsk Rsa Aead(Aes256Gcm), Sha384, TLS1_2..TLS1_2;
        TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256: RsaPsk Rsa Aead(ChaCha20Poly1305), Sha256, TLS1_2..TLS1_2;
        TLS_PSK_WITH_AES_128_GCM_SHA256: Psk Psk Aead(Aes128Gcm), Sha256, TLS1_2..TLS1_2;
        TLS_PSK_WITH_AES_256_GCM_SHA384: Psk Psk Aead(Aes256Gcm), Sha384, TLS1_2..TLS1_2;
        TLS_PSK_WITH_CHACHA20_POLY1305_SHA256: Psk Psk Aead(ChaCha20Poly1305), Sha256, TLS1_2..TLS1_2;
        TLS_PSK_WITH_AES_128_CCM: Psk Psk Aead(Aes128Ccm), Sha256, TLS1_2..TLS1_2;
        TLS_PSK_WITH_AES_256_CCM: Psk Psk Aead(Aes256Ccm), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_PSK_WITH_AES_128_CBC_SHA: RsaPsk Rsa Cbc(Aes128, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_RSA_PSK_WITH_AES_256_CBC_SHA: RsaPsk Rsa Cbc(Aes256, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_RSA_PSK_WITH_AES_128_CBC_SHA256: RsaPsk Rsa Cbc(Aes128, Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_PSK_WITH_AES_256_CBC_SHA384: RsaPsk Rsa Cbc(Aes256, Sha384), Sha384, TLS1_2..TLS1_2;
        TLS_PSK_WITH_AES_128_CBC_SHA: Psk Psk Cbc(Aes128, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_PSK_WITH_AES_256_CBC_SHA: Psk Psk Cbc(Aes256, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_PSK_WITH_AES_128_CBC_SHA256: Psk Psk Cbc(Aes128, Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_PSK_WITH_AES_256_CBC_SHA384: Psk Psk Cbc(Aes256, Sha384), Sha384, TLS1_2..TLS1_2;
    }
    {
        // Half as long a tag as all others have: one forgery in 2^64 tries. They stand behind even CBC.
        TLS_AES_128_CCM_8_SHA256: Tls13 Tls13 Aead(Aes128Ccm8), Sha256, TLS1_3..TLS1_3;
        TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8: Ecdhe Ecdsa Aead(Aes128Ccm8), Sha256, TLS1_2..TLS1_2;
        TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8: Ecdhe Ecdsa Aead(Aes256Ccm8), Sha256, TLS1_2..TLS1_2;
    }
    legacy {
        TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256: EcdhePsk Psk Aead(Aes128Ccm8), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_RSA_WITH_AES_128_CCM_8: Dhe Rsa Aead(Aes128Ccm8), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_RSA_WITH_AES_256_CCM_8: Dhe Rsa Aead(Aes256Ccm8), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_WITH_AES_128_CCM_8: Rsa Rsa Aead(Aes128Ccm8), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_WITH_AES_256_CCM_8: Rsa Rsa Aead(Aes256Ccm8), Sha256, TLS1_2..TLS1_2;
        TLS_PSK_WITH_AES_128_CCM_8: Psk Psk Aead(Aes128Ccm8), Sha256, TLS1_2..TLS1_2;
        TLS_PSK_WITH_AES_256_CCM_8: Psk Psk Aead(Aes256Ccm8), Sha256, TLS1_2..TLS1_2;
        TLS_PSK_DHE_WITH_AES_128_CCM_8: DhePsk Psk Aead(Aes128Ccm8), Sha256, TLS1_2..TLS1_2;
        TLS_PSK_DHE_WITH_AES_256_CCM_8: DhePsk Psk Aead(Aes256Ccm8), Sha256, TLS1_2..TLS1_2;
        // Blocks of 8 bytes.
        TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA: Ecdhe Ecdsa Cbc(TripleDes, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA: Ecdhe Rsa Cbc(TripleDes, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_PSK_WITH_3DES_EDE_CBC_SHA: EcdhePsk Psk Cbc(TripleDes, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA: Dhe Rsa Cbc(TripleDes, Sha1), Sha256, SSL3_0..TLS1_2;
        TLS_DHE_PSK_WITH_3DES_EDE_CBC_SHA: DhePsk Psk Cbc(TripleDes, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_RSA_WITH_3DES_EDE_CBC_SHA: Rsa Rsa Cbc(TripleDes, Sha1), Sha256, SSL3_0..TLS1_2;
        TLS_RSA_PSK_WITH_3DES_EDE_CBC_SHA: RsaPsk Rsa Cbc(TripleDes, Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_PSK_WITH_3DES_EDE_CBC_SHA: Psk Psk Cbc(TripleDes, Sha1), Sha256, TLS1_0..TLS1_2;
        // RC4.
        TLS_ECDHE_ECDSA_WITH_RC4_128_SHA: Ecdhe Ecdsa Rc4(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_RSA_WITH_RC4_128_SHA: Ecdhe Rsa Rc4(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_PSK_WITH_RC4_128_SHA: EcdhePsk Psk Rc4(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_DHE_PSK_WITH_RC4_128_SHA: DhePsk Psk Rc4(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_RSA_WITH_RC4_128_SHA: Rsa Rsa Rc4(Sha1), Sha256, SSL3_0..TLS1_2;
        TLS_RSA_PSK_WITH_RC4_128_SHA: RsaPsk Rsa Rc4(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_PSK_WITH_RC4_128_SHA: Psk Psk Rc4(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_RSA_WITH_RC4_128_MD5: Rsa Rsa Rc4(Md5), Sha256, SSL3_0..TLS1_2;
        // No encryption: in no policy.
        TLS_ECDHE_ECDSA_WITH_NULL_SHA: Ecdhe Ecdsa Null(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_RSA_WITH_NULL_SHA: Ecdhe Rsa Null(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_PSK_WITH_NULL_SHA: EcdhePsk Psk Null(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_DHE_PSK_WITH_NULL_SHA: DhePsk Psk Null(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_RSA_WITH_NULL_SHA: Rsa Rsa Null(Sha1), Sha256, SSL3_0..TLS1_2;
        TLS_RSA_PSK_WITH_NULL_SHA: RsaPsk Rsa Null(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_PSK_WITH_NULL_SHA: Psk Psk Null(Sha1), Sha256, TLS1_0..TLS1_2;
        TLS_ECDHE_PSK_WITH_NULL_SHA256: EcdhePsk Psk Null(Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_ECDHE_PSK_WITH_NULL_SHA384: EcdhePsk Psk Null(Sha384), Sha384, TLS1_2..TLS1_2;
        TLS_DHE_PSK_WITH_NULL_SHA256: DhePsk Psk Null(Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_DHE_PSK_WITH_NULL_SHA384: DhePsk Psk Null(Sha384), Sha384, TLS1_2..TLS1_2;
        TLS_RSA_WITH_NULL_SHA256: Rsa Rsa Null(Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_PSK_WITH_NULL_SHA256: RsaPsk Rsa Null(Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_RSA_PSK_WITH_NULL_SHA384: RsaPsk Rsa Null(Sha384), Sha384, TLS1_2..TLS1_2;
        TLS_PSK_WITH_NULL_SHA256: Psk Psk Null(Sha256), Sha256, TLS1_2..TLS1_2;
        TLS_PSK_WITH_NULL_SHA384: Psk Psk Null(Sha384), Sha384, TLS1_2..TLS1_2;
        TLS_RSA_WITH_NULL_MD5: Rsa Rsa Null(Md5), Sha256, SSL3_0..TLS1_2;
    }
}

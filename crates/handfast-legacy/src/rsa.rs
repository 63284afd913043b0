//! RSA as SSL 3.0 to TLS 1.2 use it: the key exchange (RFC 5246 7.4.7.1) and PKCS #1 v1.5 signatures over any digest of
//! theirs, with keys of 1024 to 8192 bits.

use core::ffi::c_int;
use core::fmt;

use aws_lc_sys::{
    EVP_PKEY_RSA, EVP_PKEY_get1_RSA, EVP_PKEY_id, EVP_parse_private_key, EVP_parse_public_key, EVP_sha256, EVP_sha384,
    EVP_sha512, NID_md5, NID_md5_sha1, NID_sha1, NID_sha256, NID_sha384, NID_sha512, RSA, RSA_NO_PADDING,
    RSA_PKCS1_PADDING, RSA_bits, RSA_decrypt, RSA_encrypt, RSA_get0_e, RSA_parse_private_key, RSA_parse_public_key,
    RSA_sign, RSA_size, RSA_verify, RSA_verify_pss_mgf1,
};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::owned::{Owned, parse_all};
use crate::{Error, Result, check, failed};

/// The shortest and the longest modulus, in bits.
const MODULUS_BITS: core::ops::RangeInclusive<u32> = 1024..=8192;

/// The length in bytes of a premaster secret that is sent encrypted (RFC 5246 7.4.7.1).
const PREMASTER_LEN: usize = 48;

/// A premaster secret of RSA key exchange, in an allocation of its own that is zeroized on drop.
pub struct Premaster(Box<Zeroizing<[u8; PREMASTER_LEN]>>);

impl Premaster {
    /// The secret itself: the version (2 bytes) and 46 random bytes, or all of the fallback.
    pub fn as_bytes(&self) -> &[u8; PREMASTER_LEN] {
        &self.0
    }
}

impl fmt::Debug for Premaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Premaster(..)")
    }
}

/// A decrypted block, padding and all: zeroized on drop, and never shown.
pub struct RawBlock(Zeroizing<Box<[u8]>>);

impl RawBlock {
    /// The bytes of the block, as many as the modulus has.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn zeros(len: usize) -> Self {
        Self(Zeroizing::new(vec![0; len].into_boxed_slice()))
    }
}

impl fmt::Debug for RawBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawBlock(..)")
    }
}

/// What a signature is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashKind {
    /// MD5: in certificates of old.
    Md5,
    /// An MD5 digest followed by a SHA-1 digest, signed without DigestInfo (RFC 4346 7.4.3): SSL 3.0 to TLS 1.1.
    Md5Sha1,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashKind {
    /// The length of the digest in bytes.
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Md5Sha1 => 36,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    const fn nid(self) -> c_int {
        match self {
            Self::Md5 => NID_md5,
            Self::Md5Sha1 => NID_md5_sha1,
            Self::Sha1 => NID_sha1,
            Self::Sha256 => NID_sha256,
            Self::Sha384 => NID_sha384,
            Self::Sha512 => NID_sha512,
        }
    }
}

/// A private RSA key, for decryption and for signatures.
pub struct RsaPrivateKey {
    rsa: Owned<RSA>,
    modulus_len: usize,
}

// SAFETY: a key has no ties to the thread that made it, and its reference count is atomic.
unsafe impl Send for RsaPrivateKey {}
// SAFETY: rsa.h allows functions that do not mutate the key to run at once on many threads, and counts signing and
// decryption among them: what they cache (Montgomery values, blinding) is behind the key's own lock.
unsafe impl Sync for RsaPrivateKey {}

impl RsaPrivateKey {
    /// From a DER PrivateKeyInfo (PKCS #8, RFC 5208) with the algorithm rsaEncryption.
    ///
    /// # Errors
    /// If it is malformed or inconsistent, of another algorithm, lacks its public exponent, or has a modulus of fewer
    /// than 1024 or more than 8192 bits.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        // SAFETY: the parser reads only its CBS, and returns null or a key that we own.
        let pkey = unsafe { parse_all(der, |cbs| EVP_parse_private_key(cbs)) }?;
        // SAFETY: `pkey` is live.
        if unsafe { EVP_PKEY_id(pkey.as_ptr()) } != EVP_PKEY_RSA {
            return Err(Error);
        }
        // SAFETY: `pkey` is live; the result is null, or a reference of our own.
        Self::new(unsafe { Owned::new(EVP_PKEY_get1_RSA(pkey.as_ptr())) }?)
    }

    /// From a DER RSAPrivateKey (PKCS #1, RFC 8017 A.1.2).
    ///
    /// # Errors
    /// As for [`from_pkcs8`](Self::from_pkcs8).
    pub fn from_pkcs1(der: &[u8]) -> Result<Self> {
        // SAFETY: the parser reads only its CBS, and returns null or a key that we own.
        Self::new(unsafe { parse_all(der, |cbs| RSA_parse_private_key(cbs)) }?)
    }

    fn new(rsa: Owned<RSA>) -> Result<Self> {
        let modulus_len = modulus_len(&rsa)?;
        // Without the public exponent there is no blinding.
        // SAFETY: the key is live, and what is returned is not kept.
        if unsafe { RSA_get0_e(rsa.as_ptr()) }.is_null() {
            return Err(Error);
        }
        Ok(Self { rsa, modulus_len })
    }

    /// The length of the modulus in bytes, which is that of every ciphertext and signature: 128 to 1024.
    pub fn modulus_len(&self) -> usize {
        self.modulus_len
    }

    /// The private operation alone, with no look at the padding: the result is as long as the modulus.
    ///
    /// # Errors
    /// If the ciphertext is not exactly as long as the modulus, or not between 1 and modulus - 1, both excluded. None of
    /// this depends on the key or the plaintext.
    pub fn decrypt_raw(&self, ciphertext: &[u8]) -> Result<RawBlock> {
        let mut plaintext = RawBlock::zeros(self.modulus_len);
        let mut len = 0;
        // SAFETY: the key is live; both slices are valid for their lengths and do not overlap; C fails if the ciphertext
        // is not as long as the modulus, and writes no more than `plaintext` holds.
        check(unsafe {
            RSA_decrypt(
                self.rsa.as_ptr(),
                &mut len,
                plaintext.0.as_mut_ptr(),
                plaintext.0.len(),
                ciphertext.as_ptr(),
                ciphertext.len(),
                RSA_NO_PADDING,
            )
        })?;
        if len == plaintext.0.len() { Ok(plaintext) } else { Err(Error) }
    }

    /// The premaster secret in an EncryptedPreMasterSecret, by RFC 5246 7.4.7.1: on any fault of the length, the
    /// padding or the version inside it is a copy of `fallback` instead, and nothing tells which of the two it is. So
    /// Bleichenbacher's attack, and Klima, Pokorny and Rosa's on the version, learn nothing.
    ///
    /// `ciphertext` comes without the length before it. `client_version` is the one in the ClientHello, not the one
    /// that was agreed. `fallback` has to be fresh randomness, drawn before this is called.
    pub fn unwrap_premaster(
        &self,
        ciphertext: &[u8],
        client_version: u16,
        fallback: &[u8; PREMASTER_LEN],
    ) -> Premaster {
        // A ciphertext that cannot be decrypted (its length, its number) is public, and becomes a block whose padding is
        // wrong, so that from here on there is one path.
        let block = self.decrypt_raw(ciphertext).unwrap_or_else(|Error| RawBlock::zeros(self.modulus_len));
        let mut premaster = Premaster(Box::new(Zeroizing::new([0; PREMASTER_LEN])));
        unpad_premaster(block.as_bytes(), client_version, fallback, &mut premaster.0);
        premaster
    }

    /// Signs an MD5 digest followed by a SHA-1 digest (RFC 4346 7.4.3, 7.4.8).
    ///
    /// # Errors
    /// Only if AWS-LC lacks memory or randomness.
    pub fn sign_md5_sha1(&self, digest: &[u8; 36]) -> Result<Vec<u8>> {
        self.sign(HashKind::Md5Sha1, digest)
    }

    /// Signs a SHA-1 digest (rsa_pkcs1_sha1).
    ///
    /// # Errors
    /// Only if AWS-LC lacks memory or randomness.
    pub fn sign_sha1(&self, digest: &[u8; 20]) -> Result<Vec<u8>> {
        self.sign(HashKind::Sha1, digest)
    }

    /// Signs a digest by RSASSA-PKCS1-v1_5 (RFC 8017 8.2); the signature is as long as the modulus.
    ///
    /// # Errors
    /// If the digest is not as long as `hash` says, or AWS-LC lacks memory or randomness.
    pub fn sign(&self, hash: HashKind, digest: &[u8]) -> Result<Vec<u8>> {
        if digest.len() != hash.digest_len() {
            return Err(Error);
        }
        let mut signature = vec![0; self.modulus_len];
        let mut len = 0;
        // SAFETY: `digest` is readable for its length, `signature` writable for the modulus's, which is all that C
        // writes; the key is live.
        check(unsafe {
            RSA_sign(hash.nid(), digest.as_ptr(), digest.len(), signature.as_mut_ptr(), &mut len, self.rsa.as_ptr())
        })?;
        signature.truncate(len as usize);
        Ok(signature)
    }
}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaPrivateKey").field("modulus_len", &self.modulus_len).finish_non_exhaustive()
    }
}

/// Takes the premaster secret out of a decrypted block, or else `fallback`, in the same time and over the same addresses
/// whatever `block` holds:
///
/// ```text
/// 00 02 [nonzero, the rest: 8 bytes or more] 00 [client_version, 2 bytes] [random, 46 bytes]
/// ```
///
/// The block's length is public, and so with a premaster of 48 bytes is the place of everything in it.
fn unpad_premaster(
    block: &[u8],
    client_version: u16,
    fallback: &[u8; PREMASTER_LEN],
    premaster: &mut [u8; PREMASTER_LEN],
) {
    let (head, found) = block.split_at(block.len() - PREMASTER_LEN);
    let (padding, separator) = head.split_at(head.len() - 1);
    let (prefix, random) = padding.split_at(2);
    debug_assert!(random.len() >= 8, "a modulus of 1024 bits leaves 77 bytes");
    let mut good: Choice = prefix.ct_eq(&[0x00, 0x02]) & separator.ct_eq(&[0x00]);
    for byte in random {
        good &= !byte.ct_eq(&0x00);
    }
    good &= found[..2].ct_eq(&client_version.to_be_bytes());
    for ((to, yes), no) in premaster.iter_mut().zip(found).zip(fallback) {
        *to = u8::conditional_select(no, yes, good);
    }
}

/// Encrypts a premaster secret to a server's key by RSAES-PKCS1-v1_5 (RFC 5246 7.4.7.1, RFC 8017 7.2.1); the result is as
/// long as the modulus, and comes without the length that TLS puts before it.
///
/// The key is a DER SubjectPublicKeyInfo or RSAPublicKey.
///
/// # Errors
/// If the key is malformed, has a modulus of fewer than 1024 or more than 8192 bits or a public exponent of more than
/// 33, or if `premaster` is longer than the modulus less 11 bytes.
pub fn encrypt_pkcs1(public_key_der: &[u8], premaster: &[u8]) -> Result<Vec<u8>> {
    encrypt(public_key_der, premaster, RSA_PKCS1_PADDING)
}

fn encrypt(public_key_der: &[u8], plaintext: &[u8], padding: c_int) -> Result<Vec<u8>> {
    let rsa = public_key(public_key_der)?;
    let mut ciphertext = vec![0; modulus_len(&rsa)?];
    let mut len = 0;
    // SAFETY: the key is live; both slices are valid for their lengths and do not overlap; C writes no more than
    // `ciphertext` holds.
    check(unsafe {
        RSA_encrypt(
            rsa.as_ptr(),
            &mut len,
            ciphertext.as_mut_ptr(),
            ciphertext.len(),
            plaintext.as_ptr(),
            plaintext.len(),
            padding,
        )
    })?;
    ciphertext.truncate(len);
    Ok(ciphertext)
}

/// Verifies an RSASSA-PKCS1-v1_5 signature over a digest (RFC 8017 8.2.2).
///
/// The key is a DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7) or RSAPublicKey (RFC 8017 A.1.1).
///
/// # Errors
/// If the key is malformed, has a modulus of fewer than 1024 or more than 8192 bits or a public exponent of more than
/// 33; if the digest is not as long as `hash` says; or if the signature is not by the key.
pub fn verify_rsa_pkcs1(public_key_der: &[u8], hash: HashKind, digest: &[u8], signature: &[u8]) -> Result<()> {
    if digest.len() != hash.digest_len() {
        return Err(Error);
    }
    let rsa = public_key(public_key_der)?;
    // SAFETY: both slices are readable for their lengths, and the key is live.
    check(unsafe {
        RSA_verify(hash.nid(), digest.as_ptr(), digest.len(), signature.as_ptr(), signature.len(), rsa.as_ptr())
    })
}

/// Verifies an RSASSA-PSS signature over a digest of SHA-2 (RFC 8017 8.1.2), with a salt as long as the digest and MGF1 of the same
/// hash, as TLS has it (RFC 9846 4.3.3). The key is as for [`verify_rsa_pkcs1`].
///
/// # Errors
/// As for [`verify_rsa_pkcs1`]; also if the hash is not one of SHA-2, or if the modulus is too short for it.
pub fn verify_rsa_pss(public_key_der: &[u8], hash: HashKind, digest: &[u8], signature: &[u8]) -> Result<()> {
    if digest.len() != hash.digest_len() {
        return Err(Error);
    }
    // SAFETY: these take nothing, and return a pointer to a constant.
    let md = unsafe {
        match hash {
            HashKind::Sha256 => EVP_sha256(),
            HashKind::Sha384 => EVP_sha384(),
            HashKind::Sha512 => EVP_sha512(),
            HashKind::Md5 | HashKind::Md5Sha1 | HashKind::Sha1 => return Err(Error),
        }
    };
    /// A salt as long as the digest (rsa.h).
    const AS_THE_DIGEST: c_int = -1;
    let rsa = public_key(public_key_der)?;
    // SAFETY: both slices are readable for their lengths, the key is live, and the hash is a constant, whose length the digest has.
    check(unsafe {
        RSA_verify_pss_mgf1(
            rsa.as_ptr(),
            digest.as_ptr(),
            digest.len(),
            md,
            md,
            AS_THE_DIGEST,
            signature.as_ptr(),
            signature.len(),
        )
    })
}

/// A public key from SubjectPublicKeyInfo, or else from RSAPublicKey: no DER is both, since the first begins with a
/// SEQUENCE inside the SEQUENCE and the second with an INTEGER.
fn public_key(der: &[u8]) -> Result<Owned<RSA>> {
    // SAFETY: the parser reads only its CBS, and returns null or a key that we own.
    let rsa = match unsafe { parse_all(der, |cbs| EVP_parse_public_key(cbs)) } {
        // SAFETY: `pkey` is live; the result is null, or a reference of our own.
        Ok(pkey) => unsafe {
            if EVP_PKEY_id(pkey.as_ptr()) != EVP_PKEY_RSA {
                return Err(Error);
            }
            Owned::new(EVP_PKEY_get1_RSA(pkey.as_ptr()))
        },
        // SAFETY: as for the first parser.
        Err(Error) => unsafe { parse_all(der, |cbs| RSA_parse_public_key(cbs)) },
    }?;
    modulus_len(&rsa)?;
    Ok(rsa)
}

/// The length of the modulus in bytes, if its bits are within [`MODULUS_BITS`].
fn modulus_len(rsa: &Owned<RSA>) -> Result<usize> {
    // SAFETY: the key is live, and every parser has given it a modulus.
    let (bits, len) = unsafe { (RSA_bits(rsa.as_ptr()), RSA_size(rsa.as_ptr())) };
    if MODULUS_BITS.contains(&bits) { Ok(len as usize) } else { Err(failed()) }
}

#[cfg(test)]
mod tests;

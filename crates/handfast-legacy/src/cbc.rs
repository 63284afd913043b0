//! Record protection by a block cipher in CBC mode with HMAC (RFC 5246 6.2.3.2, RFC 4346 6.2.3.2, RFC 2246 6.2.3.2):
//! MAC, then pad, then encrypt, opened in constant time by AWS-LC.

use core::fmt;
use core::mem::MaybeUninit;

use aws_lc_sys::{
    EVP_AEAD, EVP_AEAD_CTX, EVP_AEAD_CTX_cleanup, EVP_AEAD_CTX_init_with_direction, EVP_AEAD_CTX_open,
    EVP_AEAD_CTX_seal, EVP_aead_aes_128_cbc_sha1_tls, EVP_aead_aes_128_cbc_sha1_tls_implicit_iv,
    EVP_aead_aes_128_cbc_sha256_tls, EVP_aead_aes_256_cbc_sha1_tls, EVP_aead_aes_256_cbc_sha1_tls_implicit_iv,
    EVP_aead_aes_256_cbc_sha384_tls, EVP_aead_des_ede3_cbc_sha1_tls, EVP_aead_des_ede3_cbc_sha1_tls_implicit_iv,
    evp_aead_direction_t_evp_aead_open, evp_aead_direction_t_evp_aead_seal,
};

use crate::{Error, Result, check};

/// The length in bytes of the additional data of a CBC record: sequence number (8), type (1) and version (2).
///
/// The length of the plaintext, which the MAC covers too, is not in it: on opening it is a secret until the MAC has been
/// checked, and AWS-LC adds it itself.
pub const AD_LEN: usize = 11;

/// The most bytes a record may hold here, either way: what fits the length field that the MAC covers.
const MAX_LEN: usize = u16::MAX as usize;

/// A block cipher with its MAC, and where the IV comes from.
///
/// The `ImplicitIv` ones are for TLS 1.0 (RFC 2246 6.2.3.2): the first IV comes from the key block, each later one is
/// the last block of the record before. The others are for TLS 1.1 and later: each record carries an IV of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CbcSuite {
    /// AES-128-CBC with HMAC-SHA-1, an IV in each record.
    Aes128Sha1Tls,
    /// AES-128-CBC with HMAC-SHA-1, chained IV.
    Aes128Sha1TlsImplicitIv,
    /// AES-256-CBC with HMAC-SHA-1, an IV in each record.
    Aes256Sha1Tls,
    /// AES-256-CBC with HMAC-SHA-1, chained IV.
    Aes256Sha1TlsImplicitIv,
    /// AES-128-CBC with HMAC-SHA-256, an IV in each record (TLS 1.2 only).
    Aes128Sha256Tls,
    /// AES-256-CBC with HMAC-SHA-384, an IV in each record (TLS 1.2 only, RFC 5289).
    Aes256Sha384Tls,
    /// Triple DES in CBC mode with HMAC-SHA-1, an IV in each record.
    Des3Sha1Tls,
    /// Triple DES in CBC mode with HMAC-SHA-1, chained IV.
    Des3Sha1TlsImplicitIv,
}

impl CbcSuite {
    /// The length in bytes of the key that [`CbcContext::new`] takes: MAC key, cipher key, and IV if it is implicit.
    pub const fn key_len(self) -> usize {
        self.mac_len() + self.enc_key_len() + self.fixed_iv_len()
    }

    /// The length in bytes of the MAC, and of its key.
    pub const fn mac_len(self) -> usize {
        match self {
            Self::Aes128Sha1Tls
            | Self::Aes128Sha1TlsImplicitIv
            | Self::Aes256Sha1Tls
            | Self::Aes256Sha1TlsImplicitIv
            | Self::Des3Sha1Tls
            | Self::Des3Sha1TlsImplicitIv => 20,
            Self::Aes128Sha256Tls => 32,
            Self::Aes256Sha384Tls => 48,
        }
    }

    /// The length in bytes of the cipher's key.
    pub const fn enc_key_len(self) -> usize {
        match self {
            Self::Aes128Sha1Tls | Self::Aes128Sha1TlsImplicitIv | Self::Aes128Sha256Tls => 16,
            Self::Aes256Sha1Tls | Self::Aes256Sha1TlsImplicitIv | Self::Aes256Sha384Tls => 32,
            Self::Des3Sha1Tls | Self::Des3Sha1TlsImplicitIv => 24,
        }
    }

    /// The length in bytes of the cipher's block.
    pub const fn block_len(self) -> usize {
        match self {
            Self::Des3Sha1Tls | Self::Des3Sha1TlsImplicitIv => 8,
            _ => 16,
        }
    }

    /// The length in bytes of the IV that comes from the key block: a block if it is implicit, otherwise 0.
    pub const fn fixed_iv_len(self) -> usize {
        if self.has_implicit_iv() { self.block_len() } else { 0 }
    }

    /// The length in bytes of the IV that stands before each record's ciphertext, which is what [`CbcContext`] takes as
    /// `iv`: 0 if it is implicit, otherwise a block.
    pub const fn explicit_iv_len(self) -> usize {
        if self.has_implicit_iv() { 0 } else { self.block_len() }
    }

    /// By how many bytes, at most, a ciphertext is longer than its plaintext: the MAC and a block of padding. The
    /// explicit IV is not counted.
    pub const fn max_overhead(self) -> usize {
        self.mac_len() + self.block_len()
    }

    /// The length in bytes of the ciphertext of `plaintext_len` bytes, without the explicit IV.
    pub const fn sealed_len(self, plaintext_len: usize) -> usize {
        let block = self.block_len();
        ((plaintext_len + self.mac_len()) / block + 1) * block
    }

    const fn has_implicit_iv(self) -> bool {
        matches!(self, Self::Aes128Sha1TlsImplicitIv | Self::Aes256Sha1TlsImplicitIv | Self::Des3Sha1TlsImplicitIv)
    }

    fn aead(self) -> *const EVP_AEAD {
        // SAFETY: each takes no argument, and returns a pointer to a static table.
        unsafe {
            match self {
                Self::Aes128Sha1Tls => EVP_aead_aes_128_cbc_sha1_tls(),
                Self::Aes128Sha1TlsImplicitIv => EVP_aead_aes_128_cbc_sha1_tls_implicit_iv(),
                Self::Aes256Sha1Tls => EVP_aead_aes_256_cbc_sha1_tls(),
                Self::Aes256Sha1TlsImplicitIv => EVP_aead_aes_256_cbc_sha1_tls_implicit_iv(),
                Self::Aes128Sha256Tls => EVP_aead_aes_128_cbc_sha256_tls(),
                Self::Aes256Sha384Tls => EVP_aead_aes_256_cbc_sha384_tls(),
                Self::Des3Sha1Tls => EVP_aead_des_ede3_cbc_sha1_tls(),
                Self::Des3Sha1TlsImplicitIv => EVP_aead_des_ede3_cbc_sha1_tls_implicit_iv(),
            }
        }
    }
}

/// What a [`CbcContext`] is for: it does only one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Protects records that are sent.
    Seal,
    /// Opens records that are received.
    Open,
}

/// The keys of one direction of a connection, and, with an implicit IV, the last block of the record before.
pub struct CbcContext {
    /// In a box, because C does not promise that it may be moved.
    ctx: Box<EVP_AEAD_CTX>,
    suite: CbcSuite,
    direction: Direction,
}

// SAFETY: the context is a plain heap object without ties to the thread that made it.
unsafe impl Send for CbcContext {}
// SAFETY: every method that lets C at the context takes `&mut self`; what takes `&self` reads only `suite` and
// `direction`.
unsafe impl Sync for CbcContext {}

impl CbcContext {
    /// A context with `key`: the MAC key, the cipher key and, if the suite has one, the implicit IV, in this order.
    ///
    /// # Errors
    /// If `key` is not [`CbcSuite::key_len`] long.
    pub fn new(suite: CbcSuite, direction: Direction, key: &[u8]) -> Result<Self> {
        if key.len() != suite.key_len() {
            return Err(Error);
        }
        // SAFETY: null, zero and a union of integers are what the C function that empties a context writes too.
        let ctx = unsafe { MaybeUninit::<EVP_AEAD_CTX>::zeroed().assume_init() };
        let mut context = Self { ctx: Box::new(ctx), suite, direction };
        let direction = match direction {
            Direction::Seal => evp_aead_direction_t_evp_aead_seal,
            Direction::Open => evp_aead_direction_t_evp_aead_open,
        };
        // SAFETY: the context is empty and ours, `key` is readable for its length, which is copied. A tag length of 0
        // asks for the whole MAC. On failure the context is left empty, which `drop` may clean up.
        check(unsafe {
            EVP_AEAD_CTX_init_with_direction(&mut *context.ctx, suite.aead(), key.as_ptr(), key.len(), 0, direction)
        })?;
        Ok(context)
    }

    /// The suite that this context was made for.
    pub fn suite(&self) -> CbcSuite {
        self.suite
    }

    /// Seals `plaintext` into the start of `out`, and returns the ciphertext's length,
    /// [`sealed_len`](CbcSuite::sealed_len).
    ///
    /// `iv` is this record's IV, [`explicit_iv_len`](CbcSuite::explicit_iv_len) long, unpredictable (RFC 5246 6.2.3.2);
    /// it is the caller who sends it, before the ciphertext. `ad` is the sequence number, the type and the version.
    ///
    /// # Errors
    /// If the context is for opening, `iv` has the wrong length, `out` is too short, or `plaintext` is longer than
    /// 65,535 bytes. No plaintext is then in `out`.
    pub fn seal(&mut self, iv: &[u8], ad: &[u8; AD_LEN], plaintext: &[u8], out: &mut [u8]) -> Result<usize> {
        let out = self.room(plaintext.len(), out)?;
        // SAFETY: both slices are valid for their lengths, and being a shared and an exclusive one do not overlap;
        // `room` made `out` as long as is promised.
        unsafe { self.seal_raw(iv, ad, plaintext.as_ptr(), plaintext.len(), out.as_mut_ptr()) }
    }

    /// As [`seal`](Self::seal), with the plaintext in the first `plaintext_len` bytes of `buf`, which the ciphertext
    /// replaces.
    ///
    /// # Errors
    /// As for [`seal`](Self::seal); `buf` is too short if it does not hold the ciphertext. Whatever the reason, `buf` may
    /// still hold plaintext, and is not to be sent.
    pub fn seal_in_place(
        &mut self,
        iv: &[u8],
        ad: &[u8; AD_LEN],
        buf: &mut [u8],
        plaintext_len: usize,
    ) -> Result<usize> {
        let buf = self.room(plaintext_len, buf)?.as_mut_ptr();
        // SAFETY: `room` made `buf` as long as is promised, which is longer than the plaintext; C allows the input to
        // be where the output is, and both pointers come of the same borrow.
        unsafe { self.seal_raw(iv, ad, buf, plaintext_len, buf) }
    }

    /// The part of `out` that the ciphertext of `plaintext_len` bytes will fill.
    fn room<'out>(&self, plaintext_len: usize, out: &'out mut [u8]) -> Result<&'out mut [u8]> {
        if self.direction != Direction::Seal || plaintext_len > MAX_LEN {
            return Err(Error);
        }
        out.get_mut(..self.suite.sealed_len(plaintext_len)).ok_or(Error)
    }

    /// # Safety
    /// `input` is readable for `len` bytes, and `out` writable for `sealed_len(len)`; they are the same pointer, or do
    /// not overlap.
    unsafe fn seal_raw(
        &mut self,
        iv: &[u8],
        ad: &[u8; AD_LEN],
        input: *const u8,
        len: usize,
        out: *mut u8,
    ) -> Result<usize> {
        let mut out_len = 0;
        // SAFETY: the context is initialised and borrowed exclusively; `iv` and `ad` are readable for their lengths; the
        // rest is the caller's promise. C checks the length of `iv`, and writes within the room that it is told of.
        check(unsafe {
            EVP_AEAD_CTX_seal(
                &raw const *self.ctx,
                out,
                &mut out_len,
                self.suite.sealed_len(len),
                iv.as_ptr(),
                iv.len(),
                input,
                len,
                ad.as_ptr(),
                ad.len(),
            )
        })?;
        Ok(out_len)
    }

    /// Opens the ciphertext that fills `buf`, and returns the length of the plaintext, which then stands at its start.
    ///
    /// `iv` is the record's explicit IV, or empty if it is implicit. The check of padding and MAC takes a time that
    /// depends on the length of `buf` alone.
    ///
    /// # Errors
    /// If the record does not authenticate, whatever the reason, or the context is for sealing. `buf` is then zeroed.
    /// With an implicit IV no later record can be opened, since it is lost which block came last.
    pub fn open_in_place(&mut self, iv: &[u8], ad: &[u8; AD_LEN], buf: &mut [u8]) -> Result<usize> {
        if self.direction != Direction::Open || buf.len() > MAX_LEN {
            buf.fill(0);
            return Err(Error);
        }
        let mut plaintext_len = 0;
        let in_out = buf.as_mut_ptr();
        // SAFETY: the context is initialised and borrowed exclusively; `iv` and `ad` are readable for their lengths;
        // `in_out` is readable and writable for `buf.len()`, and C allows the output to be where the input is. C checks
        // the length of `iv`.
        check(unsafe {
            EVP_AEAD_CTX_open(
                &raw const *self.ctx,
                in_out,
                &mut plaintext_len,
                buf.len(),
                iv.as_ptr(),
                iv.len(),
                in_out,
                buf.len(),
                ad.as_ptr(),
                ad.len(),
            )
        })?;
        Ok(plaintext_len)
    }
}

impl Drop for CbcContext {
    fn drop(&mut self) {
        // SAFETY: initialised or empty, either of which C cleans up, wiping the keys; this is the last use.
        unsafe { EVP_AEAD_CTX_cleanup(&mut *self.ctx) }
    }
}

impl fmt::Debug for CbcContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CbcContext")
            .field("suite", &self.suite)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

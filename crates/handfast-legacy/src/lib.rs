//! What SSL 3.0 to TLS 1.2 need of AWS-LC and the safe API of `aws-lc-rs` does not give: record protection by CBC with
//! HMAC, the server's half of RSA key exchange, old signatures, and Diffie-Hellman over any prime.
//!
//! # The rule for `unsafe`
//! This is the only crate of Handfast that contains any, and it does nothing else:
//!
//! 1. It calls C, and leaves the protocol to `handfast`. The one exception is the unwrapping of a premaster secret
//!    ([`RsaPrivateKey::unwrap_premaster`]), which must not be parted from its decryption.
//! 2. Every C object has exactly one Rust owner, which frees it in `Drop`. No raw pointer leaves the crate.
//! 3. Each `unsafe` block says in a `SAFETY` comment why its pointers are live, long enough and not aliased.
//! 4. Every length that C trusts is checked in Rust; what C checks itself, the `SAFETY` comment names.
//! 5. `Send` and `Sync` are implemented by hand, each with its reason.
//!
//! # The rule for secrets
//! What C hands out in secret is written straight into an allocation of its own, which is zeroized on drop. No secret is
//! printed by `Debug`. Every failure is the one opaque [`Error`], and AWS-LC's error queue is emptied with it, so that
//! neither says why a padding, a MAC or a decryption failed.
#![deny(unsafe_op_in_unsafe_fn)]
#![deny(clippy::undocumented_unsafe_blocks)]
#![deny(missing_docs)]

mod cbc;
mod dh;
mod ecdsa;
mod owned;
mod rsa;

pub use cbc::{AD_LEN, CbcContext, CbcSuite, Direction};
pub use dh::{DhKey, DhSecret};
pub use ecdsa::{EcCurve, EcdsaPrivateKey, verify_ecdsa_sha1, verify_ecdsa_sha1_point};
pub use rsa::{HashKind, Premaster, RawBlock, RsaPrivateKey, encrypt_pkcs1, verify_rsa_pkcs1, verify_rsa_pss};

use core::ffi::c_int;

/// The operation failed: a malformed key, a bad signature, a record that does not authenticate, or no memory.
///
/// It never says which, so that no caller can tell a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error;

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the operation failed")
    }
}

impl std::error::Error for Error {}

/// What every operation here returns.
pub type Result<T> = core::result::Result<T, Error>;

/// An [`Error`], after emptying this thread's AWS-LC error queue.
fn failed() -> Error {
    // SAFETY: takes no argument, and touches only the calling thread's own queue.
    unsafe { aws_lc_sys::ERR_clear_error() };
    Error
}

/// AWS-LC's usual answer: 1 for success, anything else for failure.
fn check(answer: c_int) -> Result<()> {
    if answer == 1 { Ok(()) } else { Err(failed()) }
}

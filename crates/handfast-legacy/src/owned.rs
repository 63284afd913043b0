//! One owner for each C object.

use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use aws_lc_sys::{
    BIGNUM, BN_bin2bn, BN_free, CBS, CBS_init, CBS_len, DH, DH_free, EC_KEY, EC_KEY_free, EC_POINT, EC_POINT_free,
    EVP_PKEY, EVP_PKEY_free, RSA, RSA_free,
};

use crate::{Result, failed};

/// A C type whose objects are freed by one function.
pub(crate) trait CObject {
    /// Frees the object, and whatever it owns.
    ///
    /// # Safety
    /// `object` came from AWS-LC, the caller owns it, and nobody uses it afterwards.
    unsafe fn free(object: *mut Self);
}

macro_rules! c_object {
    ($($c_type:ty => $free:ident),* $(,)?) => {$(
        impl CObject for $c_type {
            unsafe fn free(object: *mut Self) {
                // SAFETY: the caller's promise is just what the C function asks for.
                unsafe { $free(object) }
            }
        }
    )*};
}

c_object! {
    BIGNUM => BN_free,
    DH => DH_free,
    EC_KEY => EC_KEY_free,
    EC_POINT => EC_POINT_free,
    EVP_PKEY => EVP_PKEY_free,
    RSA => RSA_free,
}

/// The one owner of a C object (or of one of its reference counts), which frees it on drop.
///
/// Neither `Send` nor `Sync`: whoever holds one says whether it may be, and why.
pub(crate) struct Owned<T: CObject>(NonNull<T>);

impl<T: CObject> Owned<T> {
    /// Takes over what a C constructor returned; a null pointer is its failure.
    ///
    /// # Safety
    /// `object` is null, or a live object that the caller owns and gives up.
    pub(crate) unsafe fn new(object: *mut T) -> Result<Self> {
        NonNull::new(object).map(Self).ok_or_else(failed)
    }

    /// The object, alive for as long as `self` is.
    pub(crate) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }

    /// Gives up the ownership, to a C function that has taken it.
    pub(crate) fn into_raw(self) -> *mut T {
        ManuallyDrop::new(self).0.as_ptr()
    }
}

impl<T: CObject> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: `new` was given the ownership, `into_raw` never lets a value get here, and this is the last use.
        unsafe { T::free(self.0.as_ptr()) }
    }
}

impl Owned<BIGNUM> {
    /// An unsigned big-endian number; leading zeros are allowed.
    pub(crate) fn from_be_bytes(bytes: &[u8]) -> Result<Self> {
        // SAFETY: the slice gives a readable pointer and its length; a null third argument asks for a new number, which
        // we own.
        unsafe { Self::new(BN_bin2bn(bytes.as_ptr(), bytes.len(), core::ptr::null_mut())) }
    }
}

/// Parses the whole of `der` with one of AWS-LC's `CBS` parsers; bytes left over are an error.
///
/// # Safety
/// `parse` is given a `CBS` over `der`, and returns null or an object that its caller owns.
pub(crate) unsafe fn parse_all<T: CObject>(der: &[u8], parse: impl FnOnce(*mut CBS) -> *mut T) -> Result<Owned<T>> {
    let mut cbs = CBS { data: core::ptr::null(), len: 0 };
    // SAFETY: `cbs` is ours, and reads no further than `der`, which outlives it.
    unsafe { CBS_init(&mut cbs, der.as_ptr(), der.len()) };
    // SAFETY: the caller's promise about `parse`.
    let object = unsafe { Owned::new(parse(&mut cbs)) }?;
    // SAFETY: `cbs` is initialised.
    match unsafe { CBS_len(&cbs) } {
        0 => Ok(object),
        _ => Err(failed()),
    }
}

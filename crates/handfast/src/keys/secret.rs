//! Secret bytes.

use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Secret bytes in an allocation of their own, zeroized when dropped. A state that is moved moves the handle, so that no
/// copy stays behind. Its length is public.
pub struct Secret(Box<[u8]>);

impl Secret {
    /// A copy of these bytes; the caller wipes its own.
    pub fn copy(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
    /// `len` zero bytes, to be filled by `f`.
    pub fn filled(len: usize, f: impl FnOnce(&mut [u8])) -> Self {
        let mut out = Self(vec![0; len].into_boxed_slice());
        f(&mut out.0);
        out
    }
    /// Like [`Secret::filled`], where filling can fail.
    ///
    /// # Errors
    /// That of `f`.
    pub fn try_filled<E>(len: usize, f: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut out = Self(vec![0; len].into_boxed_slice());
        f(&mut out.0)?;
        Ok(out)
    }
    /// The bytes. Do not copy them but into another `Secret`.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
    /// Whether both are the same, in a time that tells nothing but the lengths.
    pub fn same(&self, other: &[u8]) -> bool {
        self.0.ct_eq(other).into()
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        Self::copy(&self.0)
    }
}
impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

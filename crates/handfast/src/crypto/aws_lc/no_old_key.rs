//! What stands in for what private keys do for TLS 1.2 and older only, where cargo feature `legacy` is off: no key does that.

use crate::crypto::Failure;
use crate::keys::Secret;
use crate::wire::numbers::SignatureScheme;

/// There is none.
pub(super) enum OldRsa {}

impl OldRsa {
    pub(super) fn from_pkcs1(_: &[u8]) -> Option<Self> {
        None
    }
    pub(super) fn from_pkcs8(_: &[u8]) -> Option<Self> {
        None
    }
    pub(super) fn sign_old(&self, _: SignatureScheme, _: &[u8]) -> Option<Result<Vec<u8>, Failure>> {
        match *self {}
    }
    pub(super) fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, Failure> {
        match *self {}
    }
    pub(super) fn premaster(&self, _: &[u8], _: u16, _: &Secret) -> Result<Secret, Failure> {
        match *self {}
    }
}

/// There is none.
pub(super) enum OldEcdsa {}

impl OldEcdsa {
    pub(super) fn from_sec1(_: &[u8]) -> Option<Self> {
        None
    }
    pub(super) fn from_pkcs8(_: &[u8]) -> Option<Self> {
        None
    }
    pub(super) fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, Failure> {
        match *self {}
    }
}

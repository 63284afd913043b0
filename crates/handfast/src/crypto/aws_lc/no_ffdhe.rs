//! What stands in for finite fields, where cargo feature `legacy` is off: there is no group.

use crate::crypto::{Failure, KeyExchange};
use crate::keys::Secret;
use crate::wire::numbers::NamedGroup;

/// Never.
pub(super) fn generate(_: NamedGroup) -> Option<Result<Ffdhe, Failure>> {
    None
}

/// There is none.
pub(super) enum Ffdhe {}

impl Ffdhe {
    pub(super) fn agree(self, _: &[u8]) -> Result<Secret, Failure> {
        match self {}
    }
}

impl KeyExchange for Ffdhe {
    fn group(&self) -> NamedGroup {
        match *self {}
    }
    fn share(&self) -> &[u8] {
        match *self {}
    }
    fn finish(self: Box<Self>, _: &[u8]) -> Result<Secret, Failure> {
        match *self {}
    }
}

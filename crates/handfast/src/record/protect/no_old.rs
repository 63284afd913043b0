//! What stands in for protection with a MAC apart, where cargo feature `legacy` is off: nothing can be made of it.

use super::ClassicKeys;
use crate::crypto::{BulkCipher, Failure, Provider};
use crate::record::HEADER;
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::ops::Range;
use std::sync::Arc;

/// There is none.
pub(super) enum Old {}

impl Old {
    pub(super) fn new(_: &Arc<dyn Provider>, _: BulkCipher, _: ClassicKeys<'_>, _: bool) -> Result<Self, Failure> {
        Err(Failure)
    }
    pub(super) fn seal(
        &mut self,
        _: u64,
        _: ContentType,
        _: ProtocolVersion,
        _: &[u8],
        _: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        match *self {}
    }
    pub(super) fn open(&mut self, _: u64, _: &[u8; HEADER], _: &mut [u8]) -> Result<Range<usize>, Failure> {
        match *self {}
    }
    pub(super) fn overhead(&self) -> usize {
        match *self {}
    }
    pub(super) fn splits(&self) -> bool {
        match *self {}
    }
}

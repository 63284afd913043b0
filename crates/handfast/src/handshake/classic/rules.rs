//! What differs from one classic version to the next.

use crate::wire::numbers::ProtocolVersion;

/// One version's rules.
pub(crate) struct Rules {
    pub(crate) version: ProtocolVersion,
}

impl Rules {
    /// The rules of a version, if it is spoken here.
    pub(crate) fn of(_: ProtocolVersion) -> Option<&'static Self> {
        todo!()
    }
}

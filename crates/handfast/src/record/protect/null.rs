//! No protection.

use super::header;
use crate::wire::numbers::{ContentType, ProtocolVersion};

pub(super) fn seal(content: ContentType, version: ProtocolVersion, plaintext: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&header(content, version, plaintext.len()));
    out.extend_from_slice(plaintext);
}

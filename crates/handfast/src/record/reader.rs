//! Deframing and opening, in place.

use super::Opener;
use crate::error::Error;
use crate::wire::numbers::{ContentType, ProtocolVersion};

/// What the header's version must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderVersion {
    /// Nothing is agreed: any 3.x.
    Any,
    /// Agreed: exactly this (up to TLS 1.2).
    Exactly(ProtocolVersion),
    /// TLS 1.3: ignored, as RFC 9846 5.1 says.
    Ignored,
}

/// An opened record.
pub(crate) struct Opened<'b> {
    /// The type of the content.
    pub(crate) content: ContentType,
    /// The type in the header.
    pub(crate) outer: ContentType,
    /// The version in the header.
    pub(crate) version: ProtocolVersion,
    /// The length in the header.
    pub(crate) length: usize,
    /// Whether it was protected.
    pub(crate) protected: bool,
    /// The content, in the caller's buffer.
    pub(crate) body: &'b mut [u8],
}

/// The receiving half.
pub(crate) struct Reader {
    keys: Opener,
    armed: Option<Opener>,
    sequence: u64,
    pub(crate) header_version: HeaderVersion,
    // ...
}

impl Reader {
    pub(crate) fn new() -> Self {
        todo!()
    }
    /// The whole length of the record at the front of `input`, header included; `None` if more bytes are needed. Checks the header:
    /// type, version, length; a first record that is not TLS is named (`ErrorKind::NotTls`).
    pub(crate) fn frame(&mut self, _input: &[u8]) -> Result<Option<usize>, Error> {
        todo!()
    }
    /// Opens one whole record in place. In TLS 1.3 a ChangeCipherSpec is never protected and comes out as it is.
    pub(crate) fn open<'b>(&mut self, _record: &'b mut [u8]) -> Result<Opened<'b>, Error> {
        todo!()
    }
    /// New keys at once.
    pub(crate) fn install(&mut self, _: Opener) {
        todo!()
    }
    /// New keys at the next ChangeCipherSpec.
    pub(crate) fn arm(&mut self, _: Opener) {
        todo!()
    }
    /// Whether keys are armed: then only ChangeCipherSpec or an alert may come.
    pub(crate) fn is_armed(&self) -> bool {
        todo!()
    }
    /// The ChangeCipherSpec came: false if none was armed.
    pub(crate) fn change(&mut self) -> bool {
        todo!()
    }
    /// Whether records are protected now.
    pub(crate) fn protects(&self) -> bool {
        todo!()
    }
}

//! The record protocol (RFC 9846 5, RFC 5246 6.2): fragment, protect, header of type, version and length; and back.

mod guess;
mod joiner;
mod protect;
mod reader;
mod sslv2;
mod writer;

pub(crate) use joiner::{Aligned, Joiner};
pub(crate) use protect::{ClassicKeys, Forms, Opener, Sealer};
pub(crate) use reader::{HeaderVersion, Reader};
pub(crate) use sslv2::{HEADER as SSLV2_HEADER, Sslv2};
pub(crate) use writer::Writer;

/// The bytes of a header: type, version, length.
pub(crate) const HEADER: usize = 5;
/// The most bytes of content in a record.
pub(crate) const MAX_FRAGMENT: usize = 1 << 14;

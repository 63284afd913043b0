//! `supported_versions` (RFC 9846 4.3.1): a list from the client, one version from the server.

use super::{Body, Place};
use crate::wire::numbers::ProtocolVersion;
use crate::wire::{List, Malformed, Prefix, Reader, Vector, Wire, Writer};

/// The client's list, or the server's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportedVersions<'a> {
    /// `ProtocolVersion versions<2..254>`, in order of preference.
    Offered(List<'a, ProtocolVersion>),
    /// `ProtocolVersion selected_version`.
    Selected(ProtocolVersion),
}

impl<'a> Body<'a> for SupportedVersions<'a> {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        match place {
            Place::ClientHello => {
                let versions = Vector::<'a, ProtocolVersion, 1, 2>::decode;
                let note = "What the client speaks, best first";
                r.field("versions", note, "RFC 9846 4.3.1", versions).map(|v| Self::Offered(v.0))
            }
            _ => {
                let note = "What both speak from here on";
                r.field("selected_version", note, "RFC 9846 4.3.1", ProtocolVersion::decode).map(Self::Selected)
            }
        }
    }
    fn encode(&self, w: &mut Writer) {
        match self {
            Self::Offered(list) => w.within(Prefix::U8, |w| list.encode(w)),
            Self::Selected(version) => version.encode(w),
        }
    }
}

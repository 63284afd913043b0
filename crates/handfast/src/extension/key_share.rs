//! `key_share` (RFC 9846 4.3.8): entries from the client, one from the server, or the group that the server asks for.

use super::{Body, Place};
use crate::wire::numbers::NamedGroup;
use crate::wire::{List, Malformed, Opaque, Prefix, Reader, Vector, Wire, Writer, fields};

fields! {
    /// `struct { NamedGroup group; opaque key_exchange<1..2^16-1>; } KeyShareEntry`
    #[derive(Copy)]
    pub struct KeyShareEntry<'a> {
        /// The group that the share is for.
        pub group: NamedGroup = "The group that the share is for", "RFC 9846 4.3.8",
        /// A public key, or a KEM's ciphertext.
        pub key_exchange: Opaque<'a, 2, 1, 0xffff> = "A fresh public key, or a secret sealed with the other side's", "RFC 9846 4.3.8",
    }
}

/// The three forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyShare<'a> {
    /// `KeyShareEntry client_shares<0..2^16-1>`.
    Client(List<'a, KeyShareEntry<'a>>),
    /// `KeyShareEntry server_share`.
    Server(KeyShareEntry<'a>),
    /// `NamedGroup selected_group` of a HelloRetryRequest.
    Retry(NamedGroup),
}

const SHARES: &str = "One for each group that the client guesses the server will choose";
const SELECTED: &str = "The group that the server wants a share for";
const SHARE: &str = "The server's half, for the group that it chose";

impl<'a> Body<'a> for KeyShare<'a> {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        match place {
            Place::ClientHello => {
                let shares = Vector::<'a, KeyShareEntry<'a>, 2, 0>::decode;
                r.field("client_shares", SHARES, "RFC 9846 4.3.8", shares).map(|v| Self::Client(v.0))
            }
            Place::HelloRetryRequest => {
                r.field("selected_group", SELECTED, "RFC 9846 4.3.8", NamedGroup::decode).map(Self::Retry)
            }
            _ => r.field("server_share", SHARE, "RFC 9846 4.3.8", KeyShareEntry::decode).map(Self::Server),
        }
    }
    fn encode(&self, w: &mut Writer) {
        match self {
            Self::Client(list) => w.within(Prefix::U16, |w| list.encode(w)),
            Self::Server(entry) => entry.encode(w),
            Self::Retry(group) => group.encode(w),
        }
    }
}

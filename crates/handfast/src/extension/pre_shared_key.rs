//! `pre_shared_key` (RFC 9846 4.3.11): identities and binders from the client, an index from the server.

use super::{Body, Place};
use crate::wire::numbers::{Kdf, ProtocolVersion};
use crate::wire::{List, Malformed, Opaque, Opaque16, Prefix, Problem, Reader, Vector, Wire, Writer, fields};

fields! {
    /// `struct { opaque identity<1..2^16-1>; uint32 obfuscated_ticket_age; } PskIdentity`
    #[derive(Copy)]
    pub struct PskIdentity<'a> {
        /// The ticket, or the name of an external key.
        pub identity: Opaque<'a, 2, 1, 0xffff> = "A ticket of an earlier visit, or the name of a key", "RFC 9846 4.3.11",
        /// Milliseconds since the ticket came, plus the ticket's own `ticket_age_add`, modulo 2^32.
        pub obfuscated_ticket_age: u32 = "How many milliseconds old the ticket is, plus a number that hides it", "RFC 9846 4.3.11.1",
    }
}

fields! {
    /// The identity of an external PSK that was imported (RFC 9258 5.1): what stands in [`PskIdentity::identity`] then.
    #[derive(Copy)]
    pub struct ImportedIdentity<'a> {
        /// The name that both sides know.
        pub external_identity: Opaque<'a, 2, 1, 0xffff> = "The name that both sides know the key by", "RFC 9258 5.1",
        /// What else the key is tied to.
        pub context: Opaque16<'a> = "What else the key is tied to", "RFC 9258 5.1",
        /// The version that it is imported for.
        pub target_protocol: ProtocolVersion = "The version that it is imported for", "RFC 9258 5.1",
        /// The KDF that it is imported for.
        pub target_kdf: Kdf = "The key derivation function that it is imported for", "RFC 9258 5.1",
    }
}

/// `opaque PskBinderEntry<32..255>`
pub type PskBinder<'a> = Opaque<'a, 1, 32, 255>;

/// What the client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedPsks<'a> {
    /// `PskIdentity identities<7..2^16-1>`
    pub identities: List<'a, PskIdentity<'a>>,
    /// `PskBinderEntry binders<33..2^16-1>`: one for each identity.
    pub binders: List<'a, PskBinder<'a>>,
    /// How many bytes the binders take, their length included: the transcript of a binder ends before them.
    pub binders_len: usize,
}

/// The two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreSharedKey<'a> {
    /// `OfferedPsks`
    Offered(OfferedPsks<'a>),
    /// `uint16 selected_identity`
    Selected(u16),
}

const SELECTED: &str = "Which of the client's keys the server took, counted from 0";
const IDENTITIES: &str = "The keys that the client could go on with";
const BINDERS: &str = "One for each key: proof that the client has it, and that nobody changed this hello";

impl<'a> Body<'a> for PreSharedKey<'a> {
    fn decode(r: &mut Reader<'a>, place: Place) -> Result<Self, Malformed> {
        if place != Place::ClientHello {
            return r.field("selected_identity", SELECTED, "RFC 9846 4.3.11", u16::decode).map(Self::Selected);
        }
        let identities =
            r.field("identities", IDENTITIES, "RFC 9846 4.3.11", Vector::<'a, PskIdentity<'a>, 2, 7>::decode)?.0;
        let start = r.position();
        let binders = r.field("binders", BINDERS, "RFC 9846 4.3.11.2", Vector::<'a, PskBinder<'a>, 2, 33>::decode)?.0;
        if identities.iter().count() != binders.iter().count() {
            return Err(r.fault(Problem::Value("has not one binder for each identity")));
        }
        Ok(Self::Offered(OfferedPsks { identities, binders, binders_len: r.position() - start }))
    }
    fn encode(&self, w: &mut Writer) {
        match self {
            Self::Offered(o) => {
                w.within(Prefix::U16, |w| o.identities.encode(w));
                w.within(Prefix::U16, |w| o.binders.encode(w));
            }
            Self::Selected(index) => w.u16(*index),
        }
    }
}

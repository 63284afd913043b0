//! The extensions that are one list of numbers, or of names.

use super::{Body, Place, opaque_list};
use crate::wire::numbers::{EcPointFormat, NamedGroup, PskKeyExchangeMode, SignatureScheme};
use crate::wire::{List, Malformed, Opaque16, Prefix, Reader, Vector, Wire, Writer};

macro_rules! number_list {
    ($( $(#[$meta:meta])* $name:ident: $ty:ty, $prefix:literal, $field:literal, $note:literal, $rfc:literal; )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<'a>(pub List<'a, $ty>);
        impl<'a> Body<'a> for $name<'a> {
            fn decode(r: &mut Reader<'a>, _: Place) -> Result<Self, Malformed> {
                r.field($field, $note, $rfc, Vector::<'a, $ty, $prefix, 1>::decode).map(|v| Self(v.0))
            }
            fn encode(&self, w: &mut Writer) {
                w.within(Prefix::of($prefix), |w| self.0.encode(w));
            }
        }
    )* };
}

number_list! {
    /// `NamedGroup named_group_list<2..2^16-1>` (RFC 9846 4.3.7).
    SupportedGroups: NamedGroup, 2, "named_group_list", "The groups, best first", "RFC 9846 4.3.7, RFC 8422 5.1.1";
    /// `ECPointFormat ec_point_format_list<1..2^8-1>` (RFC 8422 5.1.2).
    EcPointFormats: EcPointFormat, 1, "ec_point_format_list", "The forms: uncompressed is the only one left", "RFC 8422 5.1.2";
    /// `SignatureScheme supported_signature_algorithms<2..2^16-2>` (RFC 9846 4.3.3).
    SignatureAlgorithms: SignatureScheme, 2, "supported_signature_algorithms",
        "The kinds of signatures, best first", "RFC 9846 4.3.3, RFC 5246 7.4.1.4.1";
    /// The same, for signatures in certificates (RFC 9846 4.3.3).
    SignatureAlgorithmsCert: SignatureScheme, 2, "supported_signature_algorithms",
        "The kinds of signatures, best first", "RFC 9846 4.3.3";
    /// `PskKeyExchangeMode ke_modes<1..255>` (RFC 9846 4.3.9).
    PskKeyExchangeModes: PskKeyExchangeMode, 1, "ke_modes",
        "The ways: with a fresh key exchange (psk_dhe_ke), or by the shared key alone (psk_ke)", "RFC 9846 4.3.9";
}

/// `DistinguishedName authorities<3..2^16-1>` (RFC 9846 4.3.4): DER names, most wanted first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateAuthorities<'a>(pub Vec<Opaque16<'a>>);

impl<'a> Body<'a> for CertificateAuthorities<'a> {
    fn decode(r: &mut Reader<'a>, _: Place) -> Result<Self, Malformed> {
        opaque_list(r, "authority", "The name of an authority, in DER", "RFC 9846 4.3.4", 3).map(Self)
    }
    fn encode(&self, w: &mut Writer) {
        w.within(Prefix::U16, |w| self.0.iter().for_each(|a| a.encode(w)));
    }
}

//! Bytes only: a reader that can take notes, a writer, lists, and the IANA numbers.
//!
//! Decoding and describing are one act. A [`Reader`] made with [`Reader::noting`] writes down the name, byte range and
//! value of every field that decoding passes, so that a description exists for whatever can be decoded, and, for a
//! malformed message, for all that comes before the fault.

mod cipher_suite;
pub(crate) mod grease;
mod list;
mod number;
pub mod numbers;
mod reader;
mod writer;

pub use cipher_suite::CipherSuite;
pub use grease::is_grease;
pub use list::{List, Vector};
pub(crate) use number::{numbers, unnamed};
pub use reader::{Field, Malformed, Problem, Reader};
pub use writer::{Prefix, Writer};

/// What can be read from and written to the wire.
pub trait Wire<'a>: Sized {
    /// Reads one value.
    ///
    /// # Errors
    /// [`Malformed`], which names the field and what is wrong with it.
    fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed>;
    /// Writes the same bytes that [`Wire::decode`] reads.
    fn encode(&self, w: &mut Writer);
}

impl<'a> Wire<'a> for u8 {
    fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let v = r.u8()?;
        r.say(|| v.to_string());
        Ok(v)
    }
    fn encode(&self, w: &mut Writer) {
        w.u8(*self);
    }
}

impl<'a> Wire<'a> for u16 {
    fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let v = r.u16()?;
        r.say(|| v.to_string());
        Ok(v)
    }
    fn encode(&self, w: &mut Writer) {
        w.u16(*self);
    }
}

impl<'a> Wire<'a> for u32 {
    fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let v = r.u32()?;
        r.say(|| v.to_string());
        Ok(v)
    }
    fn encode(&self, w: &mut Writer) {
        w.u32(*self);
    }
}

impl<'a, const N: usize> Wire<'a> for &'a [u8; N] {
    fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let bytes = r.take(N)?;
        r.say(|| hex(bytes));
        bytes.try_into().map_err(|_| r.fault(Problem::Truncated))
    }
    fn encode(&self, w: &mut Writer) {
        w.bytes(*self);
    }
}

/// Bytes behind a length of `P` (1, 2 or 3) bytes, at least `MIN` and at most `MAX` of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opaque<'a, const P: usize, const MIN: usize, const MAX: usize>(pub &'a [u8]);

/// `opaque<0..2^8-1>`
pub type Opaque8<'a> = Opaque<'a, 1, 0, 0xff>;
/// `opaque<0..2^16-1>`
pub type Opaque16<'a> = Opaque<'a, 2, 0, 0xffff>;
/// `opaque<1..2^24-1>`
pub type Opaque24<'a> = Opaque<'a, 3, 1, 0xff_ffff>;

impl<'a, const P: usize, const MIN: usize, const MAX: usize> Wire<'a> for Opaque<'a, P, MIN, MAX> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        r.within(Prefix::of(P), MIN..=MAX, |r| {
            let bytes = r.rest();
            r.say(|| hex(bytes));
            Ok(Self(bytes))
        })
    }
    fn encode(&self, w: &mut Writer) {
        w.within(Prefix::of(P), |w| w.bytes(self.0));
    }
}

impl<const P: usize, const MIN: usize, const MAX: usize> std::ops::Deref for Opaque<'_, P, MIN, MAX> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.0
    }
}

/// Lower-case hexadecimal, shortened in the middle beyond 40 bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(bytes.len().min(40) * 2 + 16);
    let put = |out: &mut String, part: &[u8]| {
        for b in part {
            let _ = write!(out, "{b:02x}");
        }
    };
    if bytes.len() <= 40 {
        put(&mut out, bytes);
    } else {
        put(&mut out, &bytes[..16]);
        let _ = write!(out, "…({} bytes)…", bytes.len());
        put(&mut out, &bytes[bytes.len() - 8..]);
    }
    out
}

/// A struct whose fields, read in this order, are its wire form: one list gives the type, decoding, encoding and the
/// description. `= "note", "RFC n s"` behind a field says what it is for, and which section defines it.
macro_rules! fields {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $(<$life:lifetime>)? {
            $( $(#[$fmeta:meta])* pub $field:ident : $ty:ty = $note:literal, $rfc:literal ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name $(<$life>)? {
            $( $(#[$fmeta])* pub $field : $ty ),*
        }
        $crate::wire::fields!(@wire $name ($($life)?) $( $field : $ty [$note $rfc] )*);
    };
    (@wire $name:ident ($life:lifetime) $( $field:ident : $ty:ty [$note:literal $rfc:literal] )*) => {
        impl<$life> $crate::wire::Wire<$life> for $name<$life> {
            $crate::wire::fields!(@body $life $( $field : $ty [$note $rfc] )*);
        }
    };
    (@wire $name:ident () $( $field:ident : $ty:ty [$note:literal $rfc:literal] )*) => {
        impl<'a> $crate::wire::Wire<'a> for $name {
            $crate::wire::fields!(@body 'a $( $field : $ty [$note $rfc] )*);
        }
    };
    (@body $life:lifetime $( $field:ident : $ty:ty [$note:literal $rfc:literal] )*) => {
        fn decode(r: &mut $crate::wire::Reader<$life>) -> Result<Self, $crate::wire::Malformed> {
            Ok(Self {
                $( $field: r.field(stringify!($field), $note, $rfc, <$ty as $crate::wire::Wire<$life>>::decode)? ),*
            })
        }
        fn encode(&self, w: &mut $crate::wire::Writer) {
            $( $crate::wire::Wire::encode(&self.$field, w); )*
        }
    };
}
pub(crate) use fields;

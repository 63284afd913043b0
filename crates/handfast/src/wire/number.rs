//! Newtypes over the registries' numbers, with their names.

/// A registry: a newtype over `u8` or `u16` with a constant, and the registered name, for every number known here. An
/// unknown number is a value like any other, shown in hexadecimal.
macro_rules! numbers {
    (
        $(#[$meta:meta])*
        pub struct $name:ident($int:ident) { $( $(#[$cmeta:meta])* $konst:ident = $value:literal, $text:literal; )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $int);
        #[allow(missing_docs, non_upper_case_globals, reason = "the registered name says it, as it is written")]
        impl $name {
            $( $(#[$cmeta])* pub const $konst: Self = Self($value); )*
        }
        impl $name {
            /// Every number that has a name here, in the registry's order.
            pub const NAMED: &'static [Self] = &[$( Self($value) ),*];
            /// The registered name, if the number is known here.
            pub fn name(self) -> Option<&'static str> {
                match self.0 { $( $value => Some($text), )* _ => None }
            }
            /// The number of a registered name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( $text => Some(Self($value)), )* _ => None }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => f.pad(&$crate::wire::unnamed(self.0.into(), size_of::<$int>())),
                }
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
        impl<'a> $crate::wire::Wire<'a> for $name {
            fn decode(r: &mut $crate::wire::Reader<'a>) -> Result<Self, $crate::wire::Malformed> {
                let v = Self(r.$int()?);
                r.say(|| v.to_string());
                Ok(v)
            }
            fn encode(&self, w: &mut $crate::wire::Writer) {
                w.$int(self.0);
            }
        }
    };
}
pub(crate) use numbers;

/// A number without a registered name, of so many bytes. Those that are reserved for nothing say so (RFC 8701).
pub(crate) fn unnamed(number: u16, bytes: usize) -> String {
    let grease = if bytes == 2 && super::is_grease(number) { "GREASE " } else { "" };
    format!("{grease}{number:#0width$x}", width = 2 + 2 * bytes)
}

#[cfg(test)]
mod tests {
    use crate::alert::AlertDescription;
    use crate::wire::CipherSuite;

    #[test]
    fn numbers_without_a_name() {
        assert_eq!(CipherSuite(0x1a1a).to_string(), "GREASE 0x1a1a");
        assert_eq!(CipherSuite(0x1a1b).to_string(), "0x1a1b");
        assert_eq!(AlertDescription(0xfa).to_string(), "0xfa");
    }
}

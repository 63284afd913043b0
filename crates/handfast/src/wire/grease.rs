//! The values that are reserved so that nobody comes to rely on unknown ones not coming (RFC 8701).

use super::CipherSuite;
use super::numbers::{ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme};

/// Whether a two-byte value is one of the sixteen: 0x0A0A, 0x1A1A, to 0xFAFA (RFC 8701 2).
pub const fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

/// One of the sixteen, by four bits of a random byte.
pub(crate) const fn grease(random: u8) -> u16 {
    (random & 0xf0 | 0x0a) as u16 * 0x0101
}

macro_rules! reserved {
    ($($ty:ident)*) => { $(
        impl $ty {
            /// Whether it is reserved for nothing (RFC 8701).
            pub const fn is_grease(self) -> bool {
                is_grease(self.0)
            }
        }
    )* };
}
reserved! { CipherSuite ExtensionType NamedGroup ProtocolVersion SignatureScheme }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_sixteen() {
        let all: Vec<u16> = (0..=0xffff).filter(|n| is_grease(*n)).collect();
        let made: Vec<u16> = (0..=15).map(|n| grease(n << 4 | 7)).collect();
        assert_eq!(all, made);
        assert_eq!((all[0], all[15], all.len()), (0x0a0a, 0xfafa, 16));
        assert!(all.iter().all(|n| CipherSuite(*n).name().is_none() && ExtensionType(*n).name().is_none()));
        assert!(!CipherSuite::TLS_AES_128_GCM_SHA256.is_grease() && ExtensionType(0x8a8a).is_grease());
    }
}

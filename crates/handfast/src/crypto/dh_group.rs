//! Groups for Diffie-Hellman over a prime field, up to TLS 1.2: a server names any by its numbers (RFC 5246 7.4.3).

use super::safe_primes::{GENERATOR, SAFE_PRIMES, SafePrime};
use crate::wire::numbers::NamedGroup;
use std::borrow::Cow;
use std::fmt;

/// The smallest prime that there may be, in bits: below is no security at all. What a policy wants is more.
const LEAST_BITS: usize = 512;
/// The largest: above, one handshake costs too much.
const MOST_BITS: usize = 8192;

/// A group: a prime, and a generator, which are big-endian numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct DhGroup {
    // Without leading zeros, both of them.
    p: Cow<'static, [u8]>,
    g: Cow<'static, [u8]>,
}

/// Why a group is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DhGroupError {
    /// The prime has fewer than 512 or more than 8192 bits.
    Size,
    /// The prime is an even number.
    Even,
    /// The generator does not lie between 1 and the prime less 1, both excluded.
    Generator,
}

impl fmt::Display for DhGroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "the prime has fewer than 512 or more than 8192 bits",
            Self::Even => "the prime is an even number",
            Self::Generator => "the generator does not lie between 1 and the prime less 1",
        })
    }
}
impl std::error::Error for DhGroupError {}

impl DhGroup {
    /// The group of the prime `p` and the generator `g`. That `p` is a prime is not checked: that costs far more than a handshake.
    ///
    /// # Errors
    /// [`DhGroupError`], if it can be none.
    pub fn new(p: &[u8], g: &[u8]) -> Result<Self, DhGroupError> {
        let (p, g) = (significant(p), significant(g));
        if !(LEAST_BITS..=MOST_BITS).contains(&bits(p)) {
            return Err(DhGroupError::Size);
        }
        if p.last().is_none_or(|low| low % 2 == 0) {
            return Err(DhGroupError::Even);
        }
        let group = Self { p: p.to_vec().into(), g: g.to_vec().into() };
        // The range that is right for a public key is right for the generator.
        if group.holds(&group.g) { Ok(group) } else { Err(DhGroupError::Generator) }
    }

    /// The group of this name: ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144, ffdhe8192 (RFC 7919 A).
    pub fn named(name: NamedGroup) -> Option<Self> {
        let known = SAFE_PRIMES.iter().find(|known| known.name == Some(name))?;
        Some(Self { p: Cow::Borrowed(known.prime), g: Cow::Borrowed(GENERATOR) })
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<NamedGroup> {
        self.known().filter(|_| *self.g == *GENERATOR).and_then(|known| known.name)
    }

    /// The prime.
    pub fn p(&self) -> &[u8] {
        &self.p
    }

    /// The generator.
    pub fn g(&self) -> &[u8] {
        &self.g
    }

    /// The prime's size in bits.
    pub fn bits(&self) -> usize {
        bits(&self.p)
    }

    /// How long secret exponents have to be, in bits; `None`: as long as the prime. Short ones are sound only where the prime is known
    /// to be safe (RFC 7919 5.2).
    pub fn exponent_bits(&self) -> Option<u32> {
        self.known().map(|known| known.exponent_bits)
    }

    /// Whether a public key, a big-endian number, lies between 1 and the prime less 1, both excluded (RFC 7919 5.1).
    pub fn holds(&self, public: &[u8]) -> bool {
        let public = significant(public);
        let one_or_less = matches!(public, [] | [1]);
        // The prime is odd: less 1 it differs in the last bit alone.
        let is_last = match (public.split_last(), self.p.split_last()) {
            (Some((low, high)), Some((last, first))) => high == first && *low == last - 1,
            _ => false,
        };
        !one_or_less && !is_last && (public.len(), public) < (self.p.len(), &*self.p)
    }

    fn known(&self) -> Option<&'static SafePrime> {
        SAFE_PRIMES.iter().find(|known| *known.prime == *self.p)
    }
}

/// ffdhe2048 (RFC 7919 A.1).
impl Default for DhGroup {
    fn default() -> Self {
        Self { p: Cow::Borrowed(SAFE_PRIMES[0].prime), g: Cow::Borrowed(GENERATOR) }
    }
}

impl fmt::Debug for DhGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => fmt::Debug::fmt(&name, f),
            None => write!(f, "DhGroup({} bits)", self.bits()),
        }
    }
}

/// Without leading zeros.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|b| **b == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The size in bits of a number without leading zeros.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (name, bits, exponent) in [
            (NamedGroup::FFDHE2048, 2048, 225),
            (NamedGroup::FFDHE3072, 3072, 275),
            (NamedGroup::FFDHE4096, 4096, 325),
            (NamedGroup::FFDHE6144, 6144, 375),
            (NamedGroup::FFDHE8192, 8192, 400),
        ] {
            let group = DhGroup::named(name).unwrap();
            let zeros = |n: &[u8]| [&[0, 0], n].concat();
            let read = DhGroup::new(&zeros(group.p()), &zeros(group.g())).unwrap();
            assert_eq!(read, group);
            assert_eq!((read.name(), read.bits(), read.exponent_bits()), (Some(name), bits, Some(exponent)));
            // With another generator it is another group, whose prime is known all the same.
            let other = DhGroup::new(group.p(), &[5]).unwrap();
            assert_eq!((other.name(), other.exponent_bits()), (None, Some(exponent)));
        }
        assert_eq!(DhGroup::named(NamedGroup::X25519), None);
        assert_eq!(DhGroup::default().name(), Some(NamedGroup::FFDHE2048));
        let any = DhGroup::new(&[0xff; 128], &[2]).unwrap();
        assert_eq!((any.name(), any.bits(), any.exponent_bits()), (None, 1024, None));
        assert_eq!(format!("{any:?}"), "DhGroup(1024 bits)");
    }

    #[test]
    fn what_is_no_group_is_refused() {
        use DhGroupError as E;
        let p = |len: usize, low: u8| [&vec![0x80; len - 1][..], &[low]].concat();
        let good = p(64, 7);
        for (p, g, why) in [
            (&[][..], &[2][..], E::Size),
            (&[0; 64], &[2], E::Size),
            (&good[1..], &[2], E::Size),
            (&p(1025, 7), &[2], E::Size),
            (&vec![0x81; 0xffff], &[2], E::Size),
            (&p(64, 8), &[2], E::Even),
            (&good, &[], E::Generator),
            (&good, &[0, 0], E::Generator),
            (&good, &[0, 1], E::Generator),
            (&good, &p(64, 6), E::Generator),
            (&good, &good, E::Generator),
            (&good, &p(64, 9), E::Generator),
            (&good, &p(65, 0), E::Generator),
        ] {
            assert_eq!(DhGroup::new(p, g), Err(why), "{} {}", p.len(), g.len());
        }
        assert!(DhGroup::new(&good, &p(64, 5)).is_ok() && DhGroup::new(&good, &[0, 2]).is_ok());
        assert!(DhGroup::new(&p(1024, 7), &[2]).is_ok());
    }
}

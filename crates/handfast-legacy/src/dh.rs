//! Diffie-Hellman over a prime field (RFC 5246 8.1.2), with the group that the peer or the configuration names.

use core::fmt;
use core::ptr::null_mut;

use aws_lc_sys::{
    BIGNUM, BN_bn2bin_padded, BN_num_bits, DH, DH_check_pub_key, DH_compute_key_padded, DH_generate_key,
    DH_get0_pub_key, DH_new, DH_set_length, DH_set0_pqg,
};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::owned::Owned;
use crate::{Error, Result, check, failed};

/// The smallest and the largest prime, in bits. Below is no security at all; above, one handshake costs too much.
const PRIME_BITS: core::ops::RangeInclusive<u32> = 512..=8192;

/// The shortest exponent, in bits: twice the strength of the weakest group that anyone would defend.
const MIN_EXPONENT_BITS: u32 = 160;

/// An ephemeral key pair over a prime field. It agrees once, and is gone.
pub struct DhKey {
    dh: Owned<DH>,
    /// As long as the prime.
    public: Box<[u8]>,
}

// SAFETY: a DH object has no ties to the thread that made it, and this is its only reference.
unsafe impl Send for DhKey {}
// SAFETY: what takes `&self` reads only `public`; C is let at the key only by `agree`, which takes it by value.
unsafe impl Sync for DhKey {}

impl DhKey {
    /// A fresh key pair with the prime `p` and the generator `g`, both big-endian (ServerDHParams, RFC 5246 7.4.3).
    ///
    /// `exponent_bits` is the length in bits of the secret exponent; `None` takes the full length. Short exponents are
    /// sound only where `p` is known to be a safe prime (RFC 7919 5.2): 225 bits for a prime of 2048 bits, 275 for 3072,
    /// 325 for 4096, 375 for 6144, 400 for 8192.
    ///
    /// # Errors
    /// If `p` is even, or has fewer than 512 or more than 8192 bits; if `g` is not between 1 and `p - 1`, both
    /// excluded; or if `exponent_bits` is under 160. Whether `p` is a prime is not checked: that costs far more than
    /// the handshake.
    pub fn generate(p: &[u8], g: &[u8], exponent_bits: Option<u32>) -> Result<Self> {
        let p = Owned::from_be_bytes(p)?;
        let g = Owned::from_be_bytes(g)?;
        // SAFETY: `p` is a live number.
        let bits = unsafe { BN_num_bits(p.as_ptr()) };
        if !PRIME_BITS.contains(&bits) || exponent_bits.is_some_and(|n| n < MIN_EXPONENT_BITS) {
            return Err(Error);
        }
        // SAFETY: a constructor whose result we own.
        let dh = unsafe { Owned::new(DH_new()) }?;
        // SAFETY: all three are live, and q is not known. C takes over `p` and `g` on success alone; until then they
        // are still ours.
        check(unsafe { DH_set0_pqg(dh.as_ptr(), p.as_ptr(), null_mut(), g.as_ptr()) })?;
        p.into_raw();
        // The key pair now owns it, and is freed after its last use here.
        let g = g.into_raw();
        // The range that is right for a public value is right for the generator.
        // SAFETY: `dh` has its parameters, and `g` lives as long as it does.
        unsafe { check_public(&dh, g) }?;
        if let Some(bits) = exponent_bits {
            // SAFETY: `dh` is live.
            check(unsafe { DH_set_length(dh.as_ptr(), bits) })?;
        }
        // SAFETY: `dh` is live, has its parameters, and nobody else has it.
        check(unsafe { DH_generate_key(dh.as_ptr()) })?;
        // SAFETY: `dh` is live; the pointer is used only while it is.
        let public = unsafe { DH_get0_pub_key(dh.as_ptr()) };
        // SAFETY: generated just now. If `p` was not a prime, it may still be worthless.
        unsafe { check_public(&dh, public) }?;
        let mut encoded = vec![0; bits.div_ceil(8) as usize].into_boxed_slice();
        // SAFETY: `encoded` is writable for its length, and C fails if that is too short.
        check(unsafe { BN_bn2bin_padded(encoded.as_mut_ptr(), encoded.len(), public) })?;
        Ok(Self { dh, public: encoded })
    }

    /// The public value, big-endian, padded with zeros on the left to the length of the prime.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The shared secret with the owner of `peer_public`, a big-endian number.
    ///
    /// # Errors
    /// If the peer's value is not between 1 and `p - 1`, both excluded, or the secret would be 0, 1 or `p - 1`.
    pub fn agree(self, peer_public: &[u8]) -> Result<DhSecret> {
        let significant = peer_public.iter().position(|&byte| byte != 0).unwrap_or(peer_public.len());
        let peer_public = &peer_public[significant..];
        if peer_public.len() > self.public.len() {
            return Err(Error);
        }
        let peer = Owned::from_be_bytes(peer_public)?;
        // SAFETY: `dh` has its parameters, and both are live.
        unsafe { check_public(&self.dh, peer.as_ptr()) }?;
        let mut padded = Zeroizing::new(vec![0; self.public.len()].into_boxed_slice());
        // SAFETY: `padded` has the length of the prime, which is all that C writes; `dh` is live and nobody else has
        // it.
        let written = unsafe { DH_compute_key_padded(padded.as_mut_ptr(), peer.as_ptr(), self.dh.as_ptr()) };
        if usize::try_from(written) != Ok(padded.len()) {
            return Err(failed());
        }
        Ok(DhSecret(padded))
    }
}

/// Checks that 1 < `value` < p - 1.
///
/// # Safety
/// `dh` has its parameters, and `value` is a live number.
unsafe fn check_public(dh: &Owned<DH>, value: *const BIGNUM) -> Result<()> {
    let mut faults = 0;
    // SAFETY: the caller's promise; `faults` is written only during the call.
    check(unsafe { DH_check_pub_key(dh.as_ptr(), value, &mut faults) })?;
    if faults == 0 { Ok(()) } else { Err(failed()) }
}

impl fmt::Debug for DhKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DhKey").field("prime_len", &self.public.len()).finish_non_exhaustive()
    }
}

/// What two key pairs have in common: zeroized on drop, and never shown.
pub struct DhSecret(Zeroizing<Box<[u8]>>);

impl DhSecret {
    /// The secret padded with zeros on the left to the length of the prime (as in TLS 1.3, RFC 9846 7.4.1).
    pub fn padded(&self) -> &[u8] {
        &self.0
    }

    /// The secret without its leading zeros: the premaster secret of TLS 1.2 and older (RFC 5246 8.1.2).
    ///
    /// That its length shows in the time of what is then computed with it is the protocol's own flaw (the Raccoon
    /// attack), and why a key pair agrees only once here.
    pub fn stripped(&self) -> &[u8] {
        // The count is made without a branch; the slice's length then says it anyway.
        let mut leading = Choice::from(1);
        let mut zeros = 0u64;
        for byte in self.0.iter() {
            leading &= byte.ct_eq(&0);
            zeros += u64::conditional_select(&0, &1, leading);
        }
        &self.0[zeros as usize..]
    }
}

impl fmt::Debug for DhSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DhSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A safe prime of 512 bits.
    const P512: &str = concat!(
        "ccbafda873fe30ab644ebcf90f4058268aad2ce43115822ee13c68bbca91ab84",
        "1231c85879d82754db587b3c16f19aeb9488cd16350ef4641a560561b85bdd83",
    );
    /// ffdhe2048 (RFC 7919 A.1).
    const P2048: &str = concat!(
        "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695",
        "a9e13641146433fbcc939dce249b3ef97d2fe363630c75d8f681b202aec4617a",
        "d3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935",
        "984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797a",
        "bc0ab182b324fb61d108a94bb2c8e3fbb96adab760d7f4681d4f42a3de394df4",
        "ae56ede76372bb190b07a7c8ee0a6d709e02fce1cdf7e2ecc03404cd28342f61",
        "9172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005",
        "c58ef1837d1683b2c6f34a26c1b2effa886b423861285c97ffffffffffffffff",
    );

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
    }

    fn minus_one(p: &[u8]) -> Vec<u8> {
        let mut p = p.to_vec();
        *p.last_mut().expect("not empty") -= 1;
        p
    }

    #[test]
    fn both_sides_agree() {
        for (p, exponent_bits) in [(P512, None), (P512, Some(160)), (P2048, Some(225)), (P2048, None)] {
            let p = hex(p);
            let new = || DhKey::generate(&p, &[2], exponent_bits).expect("generates");
            let (ours, theirs) = (new(), new());
            let (our_public, their_public) = (ours.public().to_vec(), theirs.public().to_vec());
            assert_ne!(our_public, their_public);
            assert_eq!(our_public.len(), p.len());
            let one = ours.agree(&their_public).expect("agrees");
            // The peer may pad.
            let other = theirs.agree(&[&[0, 0], &our_public[..]].concat()).expect("agrees");
            assert_eq!(one.padded(), other.padded());
            assert_eq!(one.padded().len(), p.len());
        }
    }

    #[test]
    fn with_the_generator_as_peer_the_secret_is_the_public_value() {
        let p = hex(P2048);
        let key = DhKey::generate(&p, &[2], Some(225)).expect("generates");
        let public = key.public().to_vec();
        assert_eq!(key.agree(&[2]).expect("agrees").padded(), public);
    }

    #[test]
    fn leading_zeros_are_stripped() {
        let p = hex(P512);
        let found = (0..20_000).any(|_| {
            let secret = DhKey::generate(&p, &[2], Some(160)).expect("generates").agree(&[3]).expect("agrees");
            let zeros = secret.padded().len() - secret.stripped().len();
            assert_ne!(secret.stripped()[0], 0);
            assert!(secret.padded().ends_with(secret.stripped()));
            assert!(secret.padded()[..zeros].iter().all(|&byte| byte == 0));
            zeros > 0
        });
        assert!(found, "one secret in 256 begins with a zero");
        let two = DhSecret(Zeroizing::new(Box::new([0, 0, 5, 0, 1])));
        assert_eq!(two.stripped(), [5, 0, 1]);
    }

    #[test]
    fn a_peer_value_out_of_range_is_refused() {
        let p = hex(P512);
        let long = [&[1], &p[..]].concat();
        let beyond = vec![0xff; p.len()];
        for peer in [&[][..], &[0], &[1], &[0, 0, 1], &minus_one(&p), &p, &beyond, &long, &[7; 100_000]] {
            let key = DhKey::generate(&p, &[2], None).expect("generates");
            assert!(key.agree(peer).is_err());
        }
    }

    #[test]
    fn a_group_out_of_range_is_refused() {
        let p = hex(P512);
        let ones = |bits: usize| {
            let mut p = vec![0xff; bits.div_ceil(8)];
            p[0] >>= (8 - bits % 8) % 8;
            p
        };
        for (p, g, bits) in [
            (&p[..], &[][..], None),
            (&p, &[0], None),
            (&p, &[1], None),
            (&p, &minus_one(&p), None),
            (&p, &p, None),
            (&p, &[2], Some(0)),
            (&p, &[2], Some(159)),
            (&minus_one(&p), &[2], None),
            (&[], &[2], None),
            (&[0], &[2], None),
            (&[23], &[5], None),
            (&ones(511), &[2], None),
            (&ones(8193), &[2], None),
            (&vec![0xff; 65535], &[2], None),
        ] {
            assert!(DhKey::generate(p, g, bits).is_err(), "{} {bits:?}", p.len());
        }
        // At the bounds, and with zeros before it.
        let zeros = [&[0, 0], &p[..]].concat();
        assert_eq!(DhKey::generate(&zeros, &[0, 2], None).expect("generates").public().len(), 64);
        assert_eq!(DhKey::generate(&ones(8192), &[3], Some(400)).expect("generates").public().len(), 1024);
        // More than there is counts as all.
        assert!(DhKey::generate(&p, &[2], Some(u32::MAX)).is_ok());
    }

    #[test]
    fn no_secret_is_shown_and_a_key_may_cross_threads() {
        fn is_send_and_sync<T: Send + Sync>() {}
        is_send_and_sync::<DhKey>();
        let key = DhKey::generate(&hex(P512), &[2], None).expect("generates");
        assert_eq!(format!("{key:?}"), "DhKey { prime_len: 64, .. }");
        assert_eq!(format!("{:?}", key.agree(&[3]).expect("agrees")), "DhSecret(..)");
    }
}

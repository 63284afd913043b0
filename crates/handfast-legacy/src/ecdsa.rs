//! ECDSA over a digest that is not the curve's own (RFC 8422 5.4 and 5.10): SHA-1, as TLS 1.0 and 1.1 sign with elliptic curves and
//! TLS 1.2 may, and any of SHA-2 with any curve in TLS 1.2.

use core::fmt;
use core::ptr::null_mut;

use aws_lc_sys::{
    EC_GROUP_get_curve_name, EC_KEY, EC_KEY_get0_group, EC_KEY_new_by_curve_name, EC_KEY_parse_private_key,
    EC_KEY_set_public_key, EC_POINT_new, EC_POINT_oct2point, ECDSA_sign, ECDSA_size, ECDSA_verify,
    EVP_PKEY_get1_EC_KEY, EVP_parse_private_key, EVP_parse_public_key, NID_X9_62_prime256v1, NID_secp384r1,
    NID_secp521r1,
};

use crate::owned::{Owned, parse_all};
use crate::{Error, Result, check, failed};

/// The curves that TLS still signs with (RFC 8422 5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EcCurve {
    /// secp256r1, also P-256 and prime256v1.
    P256,
    /// secp384r1, also P-384.
    P384,
    /// secp521r1, also P-521.
    P521,
}

impl EcCurve {
    const fn nid(self) -> i32 {
        match self {
            Self::P256 => NID_X9_62_prime256v1,
            Self::P384 => NID_secp384r1,
            Self::P521 => NID_secp521r1,
        }
    }

    /// The curve of `key`, if it is one of these.
    fn of(key: &Owned<EC_KEY>) -> Result<Self> {
        // SAFETY: `key` is live, and every key made here has a group, which lives as long as the key.
        let nid = unsafe { EC_GROUP_get_curve_name(EC_KEY_get0_group(key.as_ptr())) };
        [Self::P256, Self::P384, Self::P521].into_iter().find(|curve| curve.nid() == nid).ok_or(Error)
    }
}

/// A private key for ECDSA.
pub struct EcdsaPrivateKey {
    key: Owned<EC_KEY>,
    curve: EcCurve,
}

// SAFETY: a key has no ties to the thread that made it, and its reference count is atomic.
unsafe impl Send for EcdsaPrivateKey {}
// SAFETY: ec_key.h allows functions that do not mutate the key to run at once on many threads, and after the constructor
// nothing else is called: `ECDSA_sign` and `ECDSA_size` take a const key.
unsafe impl Sync for EcdsaPrivateKey {}

impl EcdsaPrivateKey {
    /// From a DER PrivateKeyInfo or OneAsymmetricKey (PKCS #8, RFC 5958).
    ///
    /// # Errors
    /// If it is malformed or inconsistent, or not a key on one of the curves of [`EcCurve`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        // SAFETY: the parser reads only its CBS, and returns null or a key that we own.
        let pkey = unsafe { parse_all(der, |cbs| EVP_parse_private_key(cbs)) }?;
        // SAFETY: `pkey` is live; the result is null, or a reference of our own.
        Self::new(unsafe { Owned::new(EVP_PKEY_get1_EC_KEY(pkey.as_ptr())) }?)
    }

    /// From a DER ECPrivateKey (SEC 1, RFC 5915) that names its curve.
    ///
    /// # Errors
    /// If it is malformed or inconsistent, or names none of the curves of [`EcCurve`].
    pub fn from_sec1(der: &[u8]) -> Result<Self> {
        // SAFETY: the parser reads only its CBS, and returns null or a key that we own; a null group makes it use the
        // one that the key names.
        Self::new(unsafe { parse_all(der, |cbs| EC_KEY_parse_private_key(cbs, null_mut())) }?)
    }

    fn new(key: Owned<EC_KEY>) -> Result<Self> {
        let curve = EcCurve::of(&key)?;
        Ok(Self { key, curve })
    }

    /// The key's curve.
    pub fn curve(&self) -> EcCurve {
        self.curve
    }

    /// Signs a digest of SHA-1 or SHA-2, whatever the curve (RFC 5246 7.4.1.4.1); the signature is a DER Ecdsa-Sig-Value (RFC
    /// 3279 2.2.3).
    ///
    /// # Errors
    /// If the digest is as long as none of these, or AWS-LC lacks memory or randomness.
    pub fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>> {
        if !matches!(digest.len(), 20 | 32 | 48 | 64) {
            return Err(Error);
        }
        // SAFETY: the key is live.
        let mut signature = vec![0; unsafe { ECDSA_size(self.key.as_ptr()) }];
        let mut len = 0;
        // SAFETY: `digest` is readable for its length, `signature` writable for what `ECDSA_size` asked, the key live.
        // The first argument is ignored.
        check(unsafe {
            ECDSA_sign(0, digest.as_ptr(), digest.len(), signature.as_mut_ptr(), &mut len, self.key.as_ptr())
        })?;
        signature.truncate(len as usize);
        Ok(signature)
    }
}

impl fmt::Debug for EcdsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcdsaPrivateKey").field("curve", &self.curve).finish_non_exhaustive()
    }
}

/// Verifies an ECDSA signature (DER) over a SHA-1 digest by a key given as SubjectPublicKeyInfo (RFC 5280 4.1.2.7).
///
/// # Errors
/// If the key is malformed or on none of the curves of [`EcCurve`], or the signature is not by it.
pub fn verify_ecdsa_sha1(spki_der: &[u8], digest: &[u8; 20], signature: &[u8]) -> Result<()> {
    // SAFETY: the parser reads only its CBS, and returns null or a key that we own.
    let pkey = unsafe { parse_all(spki_der, |cbs| EVP_parse_public_key(cbs)) }?;
    // SAFETY: `pkey` is live; the result is null, or a reference of our own.
    let key = unsafe { Owned::new(EVP_PKEY_get1_EC_KEY(pkey.as_ptr())) }?;
    EcCurve::of(&key)?;
    verify(&key, digest, signature)
}

/// As [`verify_ecdsa_sha1`], by a key given as a point in the encoding of SEC 1 2.3.3, as it stands in a certificate's
/// subjectPublicKey (RFC 5480 2.2).
///
/// # Errors
/// If the point is malformed, at infinity or not on `curve`, or the signature is not by it.
pub fn verify_ecdsa_sha1_point(curve: EcCurve, point: &[u8], digest: &[u8; 20], signature: &[u8]) -> Result<()> {
    // SAFETY: a constructor whose result we own.
    let key = unsafe { Owned::new(EC_KEY_new_by_curve_name(curve.nid())) }?;
    // SAFETY: `key` is live, and so is its group while it is.
    let group = unsafe { EC_KEY_get0_group(key.as_ptr()) };
    // SAFETY: a constructor whose result we own, over a live group.
    let public = unsafe { Owned::new(EC_POINT_new(group)) }?;
    // SAFETY: `point` is readable for its length, the others live; a null context makes C use its own.
    check(unsafe { EC_POINT_oct2point(group, public.as_ptr(), point.as_ptr(), point.len(), null_mut()) })?;
    // SAFETY: both live and of the same group; the point is copied.
    check(unsafe { EC_KEY_set_public_key(key.as_ptr(), public.as_ptr()) })?;
    verify(&key, digest, signature)
}

fn verify(key: &Owned<EC_KEY>, digest: &[u8; 20], signature: &[u8]) -> Result<()> {
    // SAFETY: both slices are readable for their lengths, and the key is live. The first argument is ignored.
    let answer =
        unsafe { ECDSA_verify(0, digest.as_ptr(), digest.len(), signature.as_ptr(), signature.len(), key.as_ptr()) };
    if answer == 1 { Ok(()) } else { Err(failed()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, PublicKeyX509Der};
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
        ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
    };

    const DIGEST: [u8; 20] = [0x5d; 20];

    fn generate(curve: EcCurve) -> EcdsaKeyPair {
        EcdsaKeyPair::generate(match curve {
            EcCurve::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            EcCurve::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            EcCurve::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        })
        .expect("generates")
    }

    fn spki(pair: &EcdsaKeyPair) -> Vec<u8> {
        AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("SPKI").as_ref().to_vec()
    }

    fn sec1(pair: &EcdsaKeyPair) -> Vec<u8> {
        let der: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().expect("SEC 1");
        der.as_ref().to_vec()
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
    }

    #[test]
    fn signatures_verify_and_nothing_else_does() {
        for curve in [EcCurve::P256, EcCurve::P384, EcCurve::P521] {
            let pair = generate(curve);
            let (spki, point) = (spki(&pair), pair.public_key().as_ref());
            let pkcs8 = pair.to_pkcs8v1().expect("PKCS #8");
            for key in [
                EcdsaPrivateKey::from_pkcs8(pkcs8.as_ref()).expect("PKCS #8"),
                EcdsaPrivateKey::from_sec1(&sec1(&pair)).expect("SEC 1"),
            ] {
                assert_eq!(key.curve(), curve);
                let signature = key.sign_digest(&DIGEST).expect("signs");
                assert_eq!(verify_ecdsa_sha1(&spki, &DIGEST, &signature), Ok(()));
                assert_eq!(verify_ecdsa_sha1_point(curve, point, &DIGEST, &signature), Ok(()));

                let mut other = DIGEST;
                other[0] ^= 1;
                assert_eq!(verify_ecdsa_sha1(&spki, &other, &signature), Err(Error));
                let mut other = signature.clone();
                *other.last_mut().expect("not empty") ^= 1;
                assert_eq!(verify_ecdsa_sha1(&spki, &DIGEST, &other), Err(Error));
                assert_eq!(verify_ecdsa_sha1(&spki, &DIGEST, &[&signature[..], &[0]].concat()), Err(Error));
                assert_eq!(verify_ecdsa_sha1(&spki, &DIGEST, &[]), Err(Error));
                assert_eq!(format!("{key:?}"), format!("EcdsaPrivateKey {{ curve: {curve:?}, .. }}"));
            }
        }
    }

    #[test]
    fn the_signature_of_rfc_6979_verifies() {
        // A.2.5: P-256, SHA-1, "sample".
        let point = hex(concat!(
            "04",
            "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
        ));
        let signature = hex(concat!(
            "3044",
            "022061340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32",
            "02206d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb",
        ));
        let sample = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, b"sample");
        let digest = sample.as_ref().try_into().expect("20 bytes");
        assert_eq!(verify_ecdsa_sha1_point(EcCurve::P256, &point, digest, &signature), Ok(()));
        assert_eq!(verify_ecdsa_sha1_point(EcCurve::P384, &point, digest, &signature), Err(Error));
        let mut off = point;
        off[64] ^= 1;
        assert_eq!(verify_ecdsa_sha1_point(EcCurve::P256, &off, digest, &signature), Err(Error));
        // The point at infinity.
        assert_eq!(verify_ecdsa_sha1_point(EcCurve::P256, &[0], digest, &signature), Err(Error));
    }

    #[test]
    fn what_is_no_key_of_these_curves_is_refused() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256K1_SHA256_ASN1_SIGNING).expect("generates");
        let pkcs8 = pair.to_pkcs8v1().expect("PKCS #8");
        assert!(EcdsaPrivateKey::from_pkcs8(pkcs8.as_ref()).is_err());
        assert!(EcdsaPrivateKey::from_sec1(&sec1(&pair)).is_err());
        let good = sec1(&generate(EcCurve::P256));
        for not in [&[][..], &[0x30], &good[..good.len() - 1], &[&good[..], &[0]].concat()] {
            assert!(EcdsaPrivateKey::from_sec1(not).is_err());
            assert!(EcdsaPrivateKey::from_pkcs8(not).is_err());
            assert_eq!(verify_ecdsa_sha1(not, &DIGEST, &[]), Err(Error));
        }
    }

    #[test]
    fn a_key_may_cross_threads() {
        fn is_send_and_sync<T: Send + Sync>() {}
        is_send_and_sync::<EcdsaPrivateKey>();
    }
}

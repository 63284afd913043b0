//! The PRF (RFC 5246 5, RFC 2246 5).

use super::Secret;
use crate::crypto::{HashAlgorithm, Hmac, Provider};
use zeroize::Zeroizing;

/// Fills `out`. `seed` is given in parts.
///
/// A provider without the legacy half speaks no version that has [`HashAlgorithm::Md5Sha1`]. Were it asked all the same, it
/// would be answered by SHA-256: no less secret, and never what the peer has.
pub(crate) fn prf(
    provider: &dyn Provider,
    hash: HashAlgorithm,
    secret: &[u8],
    label: &[u8],
    seed: &[&[u8]],
    out: &mut [u8],
) {
    let seed = [label, &seed.concat()].concat();
    match (hash, provider.legacy()) {
        (HashAlgorithm::Md5Sha1, Some(legacy)) => {
            // Each half of the secret has half of its bytes, rounded up: of an odd number, both have the middle one.
            let (left, right) = (secret.len().div_ceil(2), secret.len() / 2);
            let (left, right) = (&secret[..left], &secret[right..]);
            p_hash(&*legacy.hmac_old(false, left), 16, &seed, out);
            let sha1 = Secret::filled(out.len(), |sha1| p_hash(&*legacy.hmac_old(true, right), 20, &seed, sha1));
            for (to, with) in out.iter_mut().zip(sha1.bytes()) {
                *to ^= with;
            }
        }
        (HashAlgorithm::Md5Sha1 | HashAlgorithm::Sha256, _) => {
            p_hash(&*provider.hmac(HashAlgorithm::Sha256, secret), 32, &seed, out);
        }
        (HashAlgorithm::Sha384, _) => p_hash(&*provider.hmac(hash, secret), 48, &seed, out),
    }
}

/// P_hash (RFC 5246 5): `size` is of the MAC, in bytes.
fn p_hash(mac: &dyn Hmac, size: usize, seed: &[u8], out: &mut [u8]) {
    let mut chain = Zeroizing::new([0; 48]);
    let chain = &mut chain[..size];
    mac.sign(&[seed], chain);
    let mut first = true;
    for block in out.chunks_mut(size) {
        if !std::mem::take(&mut first) {
            let mut next = Zeroizing::new([0; 48]);
            mac.sign(&[chain], &mut next[..size]);
            chain.copy_from_slice(&next[..size]);
        }
        mac.sign(&[chain, seed], block);
    }
}

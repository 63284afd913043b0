//! The PRF (RFC 5246 5, RFC 2246 5).

use crate::crypto::{HashAlgorithm, Provider};

/// Fills `out`. `seed` is given in parts.
pub(crate) fn prf(
    _: &dyn Provider,
    _hash: HashAlgorithm,
    _secret: &[u8],
    _label: &[u8],
    _seed: &[&[u8]],
    _out: &mut [u8],
) {
    todo!()
}

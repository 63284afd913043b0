//! HKDF-Extract and HKDF-Expand-Label (RFC 5869, RFC 9846 7.1).

use super::Secret;
use crate::crypto::{HashAlgorithm, Hmac, Provider};
use zeroize::Zeroizing;

/// HKDF-Extract (RFC 5869 2.2), as the MAC state that expands from it: the secret itself is wiped.
pub(super) fn extract(provider: &dyn Provider, hash: HashAlgorithm, salt: &[u8], ikm: &[u8]) -> Box<dyn Hmac> {
    let mut secret = Zeroizing::new([0; 48]);
    let secret = &mut secret[..hash.len()];
    provider.hmac(hash, salt).sign(&[ikm], secret);
    provider.hmac(hash, secret)
}

/// HKDF-Expand-Label (RFC 9846 7.1). `label` comes without "tls13 "; it and `context` have at most 249 and 255 bytes, `out`
/// 255 hashes.
pub(super) fn expand_label(secret: &dyn Hmac, hash: HashAlgorithm, label: &[u8], context: &[u8], out: &mut [u8]) {
    debug_assert!(label.len() <= 249 && context.len() <= 255 && out.len() <= 255 * hash.len());
    let size = hash.len();
    let length = (out.len() as u16).to_be_bytes();
    let (label_len, context_len) = ([6 + label.len() as u8], [context.len() as u8]);
    let mut before = Zeroizing::new([0; 48]);
    let mut chain = 0;
    for (block, counter) in out.chunks_mut(size).zip(1..=255) {
        let info = [&before[..chain], &length, &label_len, b"tls13 ", label, &context_len, context, &[counter]];
        secret.sign(&info, block);
        if let Some(whole) = before.get_mut(..block.len()) {
            whole.copy_from_slice(block);
        }
        chain = size;
    }
}

/// HKDF-Expand-Label to one hash's length.
pub(super) fn derive(secret: &dyn Hmac, hash: HashAlgorithm, label: &[u8], context: &[u8]) -> Secret {
    Secret::filled(hash.len(), |out| expand_label(secret, hash, label, context, out))
}

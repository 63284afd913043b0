//! What the key of a peer's own certificate may be used for: webpki leaves this to us.

use super::{CertificateError, CertificateField, CertificatePlace, Detail, OldForm, PeerToVerify, der};
use crate::crypto::KeyExchangeKind;
use rustls_pki_types::CertificateDer;

/// keyUsage bits (RFC 5280 4.2.1.3), digitalSignature on top.
const DIGITAL_SIGNATURE: u8 = 0x80;
const KEY_ENCIPHERMENT: u8 = 0x20;

/// Whether the key may do what it does in this handshake, and is long enough. `client`: whose key it is. Without keyUsage it may
/// do all.
pub(super) fn check(peer: &PeerToVerify, client: bool, min_rsa_bits: usize) -> Result<(), CertificateError> {
    let Some(leaf) = peer.chain.first().and_then(|c| der::Certificate::read(c)) else {
        return Err(CertificateError::Malformed("the peer's own certificate cannot be read".into()));
    };
    if let Some(bits) = der::Key::read(leaf.spki).and_then(|k| k.rsa_bits())
        && bits < min_rsa_bits
    {
        return Err(CertificateError::WrongUsage(short(bits, min_rsa_bits).of(CertificatePlace::find(&peer.chain, 0))));
    }
    let (needed, name, does) = needed(peer.key_exchange, client);
    match leaf.key_usage() {
        Some(bits) if bits & needed == 0 => {
            let words =
                format!("the peer's certificate does not allow its key the use {name} (keyUsage), which {does}");
            let place = CertificatePlace::find(&peer.chain, 0);
            Err(CertificateError::WrongUsage(Detail::new(words).of(place).field(CertificateField::KeyUsage)))
        }
        _ => Ok(()),
    }
}

/// The bit for what a key does in this key exchange, its name, and what needs it. `client`: whose key it is.
fn needed(key_exchange: KeyExchangeKind, client: bool) -> (u8, &'static str, &'static str) {
    match key_exchange {
        KeyExchangeKind::Rsa | KeyExchangeKind::RsaPsk if !client => {
            (KEY_ENCIPHERMENT, "keyEncipherment", "RSA key exchange needs")
        }
        _ => (DIGITAL_SIGNATURE, "digitalSignature", "signing the handshake needs"),
    }
}

/// An RSA key of fewer bits than the least.
pub(super) fn too_short(bits: usize, least: usize) -> CertificateError {
    CertificateError::WrongUsage(short(bits, least))
}

fn short(bits: usize, least: usize) -> Detail {
    let words = format!("the RSA key in the peer's certificate has {bits} bits, and {least} is the least");
    Detail::new(words).field(CertificateField::SubjectPublicKeyInfo).old(OldForm::of_rsa_bits(bits))
}

/// Whether a server's own certificate lets its key do what it does in this key exchange, as far as it can be read.
pub(crate) fn allows(chain: &[CertificateDer<'_>], key_exchange: KeyExchangeKind) -> bool {
    let (needed, ..) = needed(key_exchange, false);
    let usage = chain.first().and_then(|leaf| der::Certificate::read(leaf)).and_then(|leaf| leaf.key_usage());
    usage.is_none_or(|bits| bits & needed != 0)
}

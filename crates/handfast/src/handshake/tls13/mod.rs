//! TLS 1.3 (RFC 9846).
//!
//! [`client`] and [`server`] hold one table each; what both sides do alike is here and in [`authentication`].

pub(crate) mod accept;
mod authentication;
mod choice;
pub(crate) mod client;
mod cookie;
pub(crate) mod early;
mod post;
mod retry;
pub(super) mod secrets;
pub(crate) mod server;
#[cfg(test)]
mod tests;
mod traffic;

pub(crate) use traffic::Traffic;

use super::{Flow, Side};
use crate::error::{Error, ErrorKind, illegal};
use crate::extension::{Extension, Extensions};
use crate::keys::{HandshakeSecrets, TrafficSecret};
use crate::record::Aligned;
use crate::wire::numbers::{ExtensionType, HandshakeType, SignatureScheme};

/// Seven days in seconds: no ticket lives longer (RFC 9846 4.7.1).
const WEEK: u32 = 604_800;

/// Whether a scheme may sign a TLS 1.3 handshake: RSA with PKCS#1 padding, SHA-1 and what is older are for certificates only
/// (RFC 9846 4.3.3).
fn signs_handshakes(scheme: SignatureScheme) -> bool {
    use SignatureScheme as S;
    matches!(
        scheme,
        S::ECDSA_SECP256R1_SHA256
            | S::ECDSA_SECP384R1_SHA384
            | S::ECDSA_SECP521R1_SHA512
            | S::ED25519
            | S::ED448
            | S::RSA_PSS_RSAE_SHA256
            | S::RSA_PSS_RSAE_SHA384
            | S::RSA_PSS_RSAE_SHA512
            | S::RSA_PSS_PSS_SHA256
            | S::RSA_PSS_PSS_SHA384
            | S::RSA_PSS_PSS_SHA512
            | S::MLDSA44
            | S::MLDSA65
            | S::MLDSA87
    )
}

/// An answer may hold only extensions that were asked for (RFC 9846 4.3).
fn only_asked(extensions: &Extensions<'_>, asked: impl Fn(ExtensionType) -> bool) -> Result<(), Error> {
    match extensions.list.iter().map(Extension::kind).find(|kind| !asked(*kind)) {
        Some(kind) => Err(ErrorKind::UnsolicitedExtension(kind).into()),
        None => Ok(()),
    }
}

/// Keys change after this message, so nothing may follow it in its record (RFC 9846 5.1).
fn last_in_record(aligned: Option<Aligned>, got: HandshakeType, expected: &'static str) -> Result<Aligned, Error> {
    aligned.ok_or_else(|| ErrorKind::UnexpectedMessage { got, expected }.into())
}

/// What a message of the handshake needs no context for (RFC 9846 4.4.2, 4.5.1).
fn no_context(context: &[u8]) -> Result<(), Error> {
    match context {
        [] => Ok(()),
        _ => Err(illegal("certificate_request_context", "is not empty in a handshake", "RFC 9846 4.4.2")),
    }
}

/// Our own handshake traffic secret, and the peer's.
fn own_and_theirs<'s>(flow: &Flow<'_>, secrets: &'s HandshakeSecrets) -> (&'s TrafficSecret, &'s TrafficSecret) {
    match flow.shared.side {
        Side::Client => (&secrets.client, &secrets.server),
        Side::Server => (&secrets.server, &secrets.client),
    }
}

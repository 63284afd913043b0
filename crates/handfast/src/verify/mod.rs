//! Judging the peer's certificates.

mod error;
pub use error::CertificateError;

use crate::Time;
use crate::crypto::KeyExchangeKind;
use crate::wait::Reply;
use crate::wire::numbers::SignatureScheme;
use rustls_pki_types::{CertificateDer, ServerName};
use std::fmt;

/// Who is to be judged.
#[derive(Clone, Debug)]
pub struct PeerToVerify {
    /// The chain as the peer sent it: its own certificate first. Never empty.
    pub chain: Vec<CertificateDer<'static>>,
    /// A server's expected name; `None` if the peer is a client.
    pub name: Option<ServerName<'static>>,
    /// What the leaf's key does in this handshake: decides which keyUsage it must have (RFC 5246 7.4.2).
    pub key_exchange: KeyExchangeKind,
    /// The signatures that may stand in its certificates.
    pub schemes: Vec<SignatureScheme>,
}

/// Proof of a verdict in favour.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How it was judged, in words, for the trace: "chain to …", "pinned", "not checked".
    pub how: String,
}

impl Verified {
    /// A verdict in favour; `how` goes into the trace.
    pub fn because(how: impl Into<String>) -> Self {
        Self { how: how.into() }
    }
}

/// Judges chains: [`WebPki`], or the user's own.
pub trait Verifier: Send + Sync + fmt::Debug {
    /// The verdict.
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>>;
    /// DER names of the authorities that a client should have its certificate from; for CertificateRequest.
    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// Whether the first certificate of a chain stands for this DNS name.
pub fn stands_for(_chain: &[CertificateDer<'_>], _name: &str) -> bool {
    todo!()
}

//! The transcript of one exchange: every message as it is stepped or sent, hashed once.

use crate::crypto::{Digest, HashAlgorithm, Hasher, Provider};
use crate::message::HEADER;
use crate::wire::numbers::HandshakeType;

/// Runs along with a handshake. Until the hash is agreed the bytes are kept; [`Transcript::start`] hashes them.
#[derive(Default)]
pub(crate) struct Transcript {
    hash: Option<(HashAlgorithm, Box<dyn Hasher>)>,
    raw: Option<Vec<u8>>,
}

impl Transcript {
    /// An empty one that keeps bytes.
    pub(crate) fn new() -> Self {
        Self { hash: None, raw: Some(Vec::new()) }
    }

    /// A whole message, header included.
    pub(crate) fn absorb(&mut self, message: &[u8]) {
        if let Some(raw) = &mut self.raw {
            raw.extend_from_slice(message);
        }
        if let Some((_, hash)) = &mut self.hash {
            hash.update(message);
        }
    }

    /// The hash is known from here on: all bytes so far go into it, and stay readable until [`Transcript::forget`].
    pub(crate) fn start(&mut self, provider: &dyn Provider, algorithm: HashAlgorithm) {
        let mut hash = provider.hash(algorithm);
        hash.update(self.raw());
        self.hash = Some((algorithm, hash));
    }

    /// The raw bytes are needed no more.
    pub(crate) fn forget(&mut self) {
        self.raw = None;
    }

    /// All messages so far as they went over the wire: a parked ClientHello, and what a TLS 1.2 client signs. Empty after
    /// [`Transcript::forget`].
    pub(crate) fn raw(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or_default()
    }

    /// The hash of all so far; before [`Transcript::start`], of nothing.
    pub(crate) fn hash(&self) -> Digest {
        self.hash.as_ref().map_or(Digest::of(&[]), |(_, h)| h.current())
    }

    /// The hash of all so far and of these bytes: of a ClientHello up to its binders.
    pub(crate) fn truncated(&self, provider: &dyn Provider, algorithm: HashAlgorithm, part: &[u8]) -> Digest {
        let mut hash = match &self.hash {
            Some((own, hash)) if *own == algorithm => hash.fork(),
            _ => {
                let mut hash = provider.hash(algorithm);
                hash.update(self.raw());
                hash
            }
        };
        hash.update(part);
        hash.current()
    }

    /// After a HelloRetryRequest, the first ClientHello is replaced by its hash (RFC 9846 4.4.1). Call before the
    /// HelloRetryRequest is absorbed; the raw bytes become the replacement too.
    pub(crate) fn replace_with_hash(&mut self, provider: &dyn Provider, algorithm: HashAlgorithm) {
        let mut hash = provider.hash(algorithm);
        hash.update(self.raw());
        let digest = hash.current();
        let mut message = Vec::with_capacity(HEADER + digest.len());
        message.extend_from_slice(&[HandshakeType::MESSAGE_HASH.0, 0, 0, digest.len() as u8]);
        message.extend_from_slice(&digest);
        let mut fresh = provider.hash(algorithm);
        fresh.update(&message);
        self.raw = Some(message);
        self.hash = Some((algorithm, fresh));
    }
}

impl std::fmt::Debug for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcript").field("hash", &self.hash.as_ref().map(|(a, _)| a)).finish_non_exhaustive()
    }
}

//! The transcript of one exchange: every message as it is stepped or sent, hashed once.

use crate::crypto::{Digest, HashAlgorithm, Hasher, Provider};
use crate::message::HEADER;
use crate::wire::numbers::HandshakeType;
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// Runs along with a handshake. Until the hash is agreed the bytes are kept; [`Transcript::start`] hashes them.
#[derive(Default)]
pub(crate) struct Transcript {
    hash: Option<(HashAlgorithm, Box<dyn Hasher>)>,
    raw: Option<Vec<u8>>,
    /// What a binder has been made or checked with, so that no ClientHello is hashed twice.
    begun: OnceLock<Begun>,
}

/// The hash of the first `len` bytes of an exchange.
struct Begun {
    algorithm: HashAlgorithm,
    len: usize,
    hash: Box<dyn Hasher>,
}

impl Transcript {
    /// An empty one that keeps bytes.
    pub(crate) fn new() -> Self {
        Self { raw: Some(Vec::new()), ..Self::default() }
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
        self.hash = Some((algorithm, self.take_hash(provider, algorithm)));
    }

    /// The same so far, to go on apart, without the raw bytes.
    pub(crate) fn fork(&self) -> Self {
        Self { hash: self.hash.as_ref().map(|(algorithm, hash)| (*algorithm, hash.fork())), ..Self::default() }
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

    /// MD5 and SHA-1 of all so far and of these parts behind it, which are secret, and so are they; before [`Transcript::start`], zeros.
    pub(crate) fn secret_hash_with(&self, parts: &[&[u8]]) -> Zeroizing<[u8; 36]> {
        let mut out = Zeroizing::new([0; 36]);
        if let Some((_, hash)) = &self.hash {
            let mut hash = hash.fork();
            parts.iter().for_each(|part| hash.update(part));
            hash.current_into(&mut *out);
        }
        out
    }

    /// The hash of all so far and of these bytes, with which the next message begins: of a ClientHello up to its binders,
    /// for the client that is making it.
    pub(crate) fn truncated(&self, provider: &dyn Provider, algorithm: HashAlgorithm, part: &[u8]) -> Digest {
        match &self.hash {
            Some((own, hash)) if *own == algorithm => {
                let mut hash = hash.fork();
                hash.update(part);
                hash.current()
            }
            _ => self.begin(provider, algorithm, self.raw(), part),
        }
    }

    /// The hash of all so far but the last `n` bytes: of a ClientHello without its binders, for the server that has absorbed
    /// it. Not after [`Transcript::forget`].
    pub(crate) fn without_last(&self, provider: &dyn Provider, algorithm: HashAlgorithm, n: usize) -> Digest {
        let raw = self.raw();
        self.begin(provider, algorithm, &raw[..raw.len().saturating_sub(n)], &[])
    }

    fn begin(&self, provider: &dyn Provider, algorithm: HashAlgorithm, first: &[u8], then: &[u8]) -> Digest {
        let mut hash = provider.hash(algorithm);
        hash.update(first);
        hash.update(then);
        let digest = hash.current();
        let _ = self.begun.set(Begun { algorithm, len: first.len() + then.len(), hash }); // the first stays
        digest
    }

    /// A running hash of all so far, which is taken from what there is.
    fn take_hash(&mut self, provider: &dyn Provider, algorithm: HashAlgorithm) -> Box<dyn Hasher> {
        let begun = self.begun.take();
        if let Some((_, hash)) = self.hash.take_if(|(own, _)| *own == algorithm) {
            return hash;
        }
        let (rest, mut hash) = match begun.filter(|b| b.algorithm == algorithm) {
            Some(Begun { len, hash, .. }) if len <= self.raw().len() => (&self.raw()[len..], hash),
            _ => (self.raw(), provider.hash(algorithm)),
        };
        hash.update(rest);
        hash
    }

    /// After a HelloRetryRequest, the first ClientHello is replaced by its hash (RFC 9846 4.4.1). Call before the
    /// HelloRetryRequest is absorbed; the raw bytes become the replacement too.
    pub(crate) fn replace_with_hash(&mut self, provider: &dyn Provider, algorithm: HashAlgorithm) {
        let digest = self.take_hash(provider, algorithm).current();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::aws_lc;

    const SHA256: HashAlgorithm = HashAlgorithm::Sha256;
    const SHA384: HashAlgorithm = HashAlgorithm::Sha384;

    fn of(algorithm: HashAlgorithm, bytes: &[u8]) -> Vec<u8> {
        let mut hash = aws_lc::provider().hash(algorithm);
        hash.update(bytes);
        hash.current().to_vec()
    }

    #[test]
    fn hashes_what_came_before_and_after_the_start() {
        let provider = aws_lc::provider();
        let mut transcript = Transcript::new();
        assert!(transcript.hash().is_empty());
        transcript.absorb(b"one");
        transcript.start(&*provider, SHA384);
        assert_eq!(*transcript.hash(), of(SHA384, b"one"));
        transcript.absorb(b"two");
        assert_eq!(*transcript.hash(), of(SHA384, b"onetwo"));
        assert_eq!(transcript.raw(), b"onetwo");
        transcript.forget();
        transcript.absorb(b"three");
        assert_eq!(*transcript.hash(), of(SHA384, b"onetwothree"));
        assert_eq!(transcript.raw(), b"");
    }

    #[test]
    fn a_fork_goes_its_own_way() {
        let provider = aws_lc::provider();
        let mut transcript = Transcript::new();
        transcript.absorb(b"one");
        transcript.start(&*provider, SHA256);
        let mut fork = transcript.fork();
        fork.absorb(b"two");
        transcript.absorb(b"three");
        assert_eq!((&*fork.hash(), &*transcript.hash()), (&of(SHA256, b"onetwo")[..], &of(SHA256, b"onethree")[..]));
        assert_eq!(fork.raw(), b"");
    }

    #[test]
    fn a_binder_s_hash_is_gone_on_from_whatever_the_suite_s_is() {
        let provider = aws_lc::provider();
        for (binder, suite) in [(SHA256, SHA256), (SHA256, SHA384), (SHA384, SHA256)] {
            // The client's, before the message is whole.
            let mut client = Transcript::new();
            assert_eq!(*client.truncated(&*provider, binder, b"hel"), of(binder, b"hel"));
            client.absorb(b"hello");
            client.start(&*provider, suite);
            assert_eq!(*client.hash(), of(suite, b"hello"));
            // The server's, after.
            let mut server = Transcript::new();
            server.absorb(b"hello");
            assert_eq!(*server.without_last(&*provider, binder, 2), of(binder, b"hel"));
            assert_eq!(*server.without_last(&*provider, suite, 1), of(suite, b"hell"));
            server.start(&*provider, suite);
            server.absorb(b"!");
            assert_eq!(*server.hash(), of(suite, b"hello!"));
            assert_eq!(*server.without_last(&*provider, binder, 99), of(binder, b""));
        }
    }

    #[test]
    fn a_retry_replaces_the_first_hello() {
        let provider = aws_lc::provider();
        let replaced = [&[254, 0, 0, 32][..], &of(SHA256, b"hello")].concat();
        for started in [false, true] {
            let mut transcript = Transcript::new();
            assert_eq!(*transcript.truncated(&*provider, SHA256, b"he"), of(SHA256, b"he"));
            transcript.absorb(b"hello");
            if started {
                transcript.start(&*provider, SHA256);
                transcript.forget();
            }
            transcript.replace_with_hash(&*provider, SHA256);
            assert_eq!(transcript.raw(), replaced);
            transcript.absorb(b"retry");
            let so_far = [&replaced[..], b"retry"].concat();
            assert_eq!(*transcript.hash(), of(SHA256, &so_far));
            assert_eq!(
                *transcript.truncated(&*provider, SHA256, b"again"),
                of(SHA256, &[&so_far[..], b"again"].concat())
            );
            assert_eq!(
                *transcript.truncated(&*provider, SHA384, b"again"),
                of(SHA384, &[&so_far[..], b"again"].concat())
            );
            transcript.absorb(b"again, hello");
            assert_eq!(*transcript.hash(), of(SHA256, &[&so_far[..], b"again, hello"].concat()));
            assert_eq!(*transcript.without_last(&*provider, SHA256, 7), of(SHA256, &[&so_far[..], b"again"].concat()));
        }
    }
}

//! Several verifiers, all of whom must agree.

use super::{CertificateError, PeerToVerify, RawKeyToVerify, Verified, Verifier};
use crate::Time;
use crate::wait::Reply;
use std::sync::Arc;

/// Accepts whom every one of these accepts: [`WebPki`](super::WebPki) and [`PinnedLeaf::keys`](super::PinnedLeaf::keys) together are
/// what curl means by `--pinnedpubkey`. They are asked in order, and the first refusal counts. If one answers later, all do: then
/// whoever answers for them has to ask each.
#[derive(Clone, Debug)]
pub struct AllOf {
    first: Arc<dyn Verifier>,
    others: Vec<Arc<dyn Verifier>>,
}

impl AllOf {
    /// These. There is at least one, so that nobody is accepted by mistake.
    pub fn new(first: Arc<dyn Verifier>, others: impl IntoIterator<Item = Arc<dyn Verifier>>) -> Self {
        Self { first, others: others.into_iter().collect() }
    }
}

impl AllOf {
    fn ask(
        &self,
        one: impl Fn(&dyn Verifier) -> Reply<Result<Verified, CertificateError>>,
    ) -> Reply<Result<Verified, CertificateError>> {
        let mut how = Vec::new();
        for verifier in std::iter::once(&self.first).chain(&self.others) {
            match one(&**verifier) {
                Reply::Now(Ok(verified)) => how.push(verified.how),
                refused_or_later => return refused_or_later,
            }
        }
        Reply::Now(Ok(Verified::because(how.join("; "))))
    }
}

impl Verifier for AllOf {
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        self.ask(|one| one.verify(peer, now))
    }

    fn verify_raw_key(&self, peer: &RawKeyToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        self.ask(|one| one.verify_raw_key(peer, now))
    }

    /// Those of the first that names some.
    fn authorities(&self) -> Vec<Vec<u8>> {
        let mut all = std::iter::once(&self.first).chain(&self.others).map(|v| v.authorities());
        all.find(|names| !names.is_empty()).unwrap_or_default()
    }
}

//! Answers that take their time.

use handfast::{Answer, Wait};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// An answer on its way.
pub type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Who answers what the config will only answer later: a remote signer, a session cache behind a network, and so on.
#[derive(Clone)]
pub struct Answers(Arc<dyn Fn(Wait) -> Answering + Send + Sync>);

impl Answers {
    /// By an async function or closure.
    pub fn new<F, A>(answer: F) -> Self
    where
        F: Fn(Wait) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        Self(Arc::new(move |wait| Box::pin(answer(wait))))
    }

    pub(crate) fn ask(&self, wait: Wait) -> Answering {
        (self.0)(wait)
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}

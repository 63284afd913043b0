//! The TLS 1.3 handshake, seen from the client.

use super::super::{Flow, Input};
use crate::error::Error;

/// The states.
pub(crate) enum State {}

/// From the fork on: the ServerHello, which selects TLS 1.3, is being stepped.
pub(crate) fn start(
    _flow: &mut Flow<'_>,
    _from: super::super::offer::Offered,
    _hello: &crate::message::ServerHello<'_>,
    _aligned: Option<crate::record::Aligned>,
) -> Result<super::super::State, Error> {
    todo!()
}

impl State {
    pub(in super::super) fn step(self, _: &mut Flow<'_>, _: Input<'_>) -> Result<super::super::State, Error> {
        match self {}
    }
}

/// A HelloRetryRequest is being stepped: checks it, replaces the transcript by its hash, and offers again
/// ([`Offered::again`](super::super::offer::Offered::again)).
pub(crate) fn retry(
    _flow: &mut Flow<'_>,
    _from: super::super::offer::Offered,
    _hello: &crate::message::ServerHello<'_>,
) -> Result<super::super::State, Error> {
    todo!()
}

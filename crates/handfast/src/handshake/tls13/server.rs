//! The TLS 1.3 handshake, seen from the server.

use super::super::{Flow, Input};
use crate::error::Error;

/// The states.
pub(crate) enum State {}

/// From the fork on: TLS 1.3 is agreed; the ClientHello is absorbed already, so that `flow.now().raw()` has it.
pub(crate) fn start(
    _flow: &mut Flow<'_>,
    _from: super::super::answer::Chosen,
    _hello: &crate::message::ClientHello<'_>,
) -> Result<super::super::State, Error> {
    todo!()
}

impl State {
    pub(in super::super) fn step(self, _: &mut Flow<'_>, _: Input<'_>) -> Result<super::super::State, Error> {
        match self {}
    }
}

//! The classic handshake, seen from the client.

use super::super::{Flow, Input};
use crate::error::Error;

/// The states.
pub(crate) enum State {}

/// From the fork on: the version is agreed, the ServerHello is being stepped.
pub(crate) fn start(
    _flow: &mut Flow<'_>,
    _from: super::super::offer::Offered,
    _hello: &crate::message::ServerHello<'_>,
    _version: crate::wire::numbers::ProtocolVersion,
) -> Result<super::super::State, Error> {
    todo!()
}

impl State {
    pub(in super::super) fn step(self, _: &mut Flow<'_>, _: Input<'_>) -> Result<super::super::State, Error> {
        match self {}
    }
}

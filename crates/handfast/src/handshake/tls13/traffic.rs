//! After the handshake: KeyUpdate, NewSessionTicket.

use super::super::{Flow, Input, State};
use crate::error::Error;
use crate::keys::TrafficSecret;

/// What an established connection keeps.
pub(crate) struct Traffic {
    pub(crate) read: TrafficSecret,
    pub(crate) write: TrafficSecret,
}

impl Traffic {
    pub(in super::super) fn step(self: Box<Self>, _: &mut Flow<'_>, _: Input<'_>) -> Result<State, Error> {
        todo!()
    }
    /// Changes our own keys, and asks the peer to if `request`.
    pub(crate) fn update(&mut self, _: &mut Flow<'_>, _request: bool) -> Result<(), Error> {
        todo!()
    }
}

//! SSL 3.0 to TLS 1.2. How the versions differ is a value of [`Rules`]; no state compares versions.

pub(crate) mod client;
mod rules;
pub(crate) mod server;

pub(crate) use rules::Rules;

use super::{Flow, Input, State};
use crate::error::Error;

/// An established connection.
pub(crate) struct Session {
    /// Requests for a new handshake so far.
    pub(crate) refused: u32,
}

impl Session {
    pub(super) fn step(self, _: &mut Flow<'_>, _: Input<'_>) -> Result<State, Error> {
        todo!()
    }
}

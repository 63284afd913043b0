//! A server's answer: from the ClientHello to the choice of version, config, credential, suite.

use super::hello::Listen;
use super::{Flow, Input};
use crate::config::ServerConfig;
use crate::crypto::Credential;
use crate::error::Error;
use crate::record::Aligned;
use crate::wait::HelloSummary;
use std::sync::Arc;

/// A server's states before the fork.
pub(crate) enum State {
    /// Waiting for a ClientHello.
    Listening(Listen),
    /// Waiting for the config.
    Config,
}

/// What both families need of the client's hello and of our config. The hello itself is read again from
/// `flow.now().raw()` where more is needed.
pub(crate) struct Chosen {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) summary: HelloSummary,
    pub(crate) client_random: [u8; 32],
    pub(crate) session_id: Vec<u8>,
    /// Our certificates that fit the name asked for, best first.
    pub(crate) candidates: Vec<Arc<Credential>>,
    /// The application protocol, chosen.
    pub(crate) alpn: Option<Vec<u8>>,
    /// Nothing followed the ClientHello in its record.
    pub(crate) aligned: Option<Aligned>,
}

pub(crate) fn start(with: Listen) -> State {
    State::Listening(with)
}

impl State {
    pub(super) fn step(self, _: &mut Flow<'_>, _: Input<'_>) -> Result<super::State, Error> {
        todo!()
    }
}

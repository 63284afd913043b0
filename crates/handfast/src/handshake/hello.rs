//! The one fork: which family a handshake goes on in.

use super::{Flow, State, answer, offer};
use crate::config::{ClientConfig, ConfigSource, ServerConfig};
use crate::error::Error;
use rustls_pki_types::ServerName;
use std::sync::Arc;

/// A client begins: looks for a session, then offers.
pub(crate) fn connect(
    flow: &mut Flow<'_>,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> Result<State, Error> {
    offer::start(flow, config, name)
}

/// What a server listens with.
pub(crate) enum Listen {
    /// One config for all.
    Config(Arc<ServerConfig>),
    /// One that is chosen when the client has spoken.
    Source(Arc<dyn ConfigSource>),
}

/// A server begins: waits for a ClientHello.
pub(crate) fn listen(with: Listen) -> State {
    answer::start(with).into()
}

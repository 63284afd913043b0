//! A config that can be replaced while it serves.

use super::{ConfigSource, ServerConfig};
use crate::wait::{HelloSummary, Reply};
use std::sync::{Arc, PoisonError, RwLock};

/// A server's config that can be replaced while it serves, when a certificate is renewed, say. A handshake that begins after
/// [`ReplaceableConfig::replace`] sees the new config, and all of it; one that began before, and every connection, goes on with
/// the config that it began with.
///
/// It is a [`ConfigSource`]; or ask [`ReplaceableConfig::current`] for each connection.
///
/// A config that is made from the old one, by `ServerConfig { credentials, ..(*old).clone() }`, shares its tickets and its store, so
/// that clients go on resuming their sessions. A session that is resumed is not judged again: if the new config judges clients
/// otherwise, by other authorities or a longer list of revoked certificates, give it new `tickets` and a new `store`.
///
/// ```
/// # fn example(renewed: handfast::crypto::Credential, source: &handfast::config::ReplaceableConfig) {
/// use handfast::ServerConfig;
/// use std::sync::Arc;
///
/// let old = source.current();
/// source.replace(Arc::new(ServerConfig { credentials: Arc::new(renewed), ..(*old).clone() }));
/// # }
/// ```
#[derive(Debug)]
pub struct ReplaceableConfig(RwLock<Arc<ServerConfig>>);

impl ReplaceableConfig {
    /// With this one to begin with.
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self(RwLock::new(config))
    }

    /// The config that handshakes now begin with.
    pub fn current(&self) -> Arc<ServerConfig> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another in its place, and gives the old one.
    pub fn replace(&self, config: Arc<ServerConfig>) -> Arc<ServerConfig> {
        std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), config)
    }
}

impl ConfigSource for ReplaceableConfig {
    fn choose(&self, _: &HelloSummary) -> Reply<Option<Arc<ServerConfig>>> {
        Reply::Now(Some(self.current()))
    }
}

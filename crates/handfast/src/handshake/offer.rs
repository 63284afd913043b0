//! A client's offer: the ClientHello, and the wait for the server's.

use super::{Flow, Input};
use crate::config::ClientConfig;
use crate::crypto::KeyExchange;
use crate::error::Error;
use crate::session::{ClientSession, SessionKey};
use crate::wire::numbers::ExtensionType;
use rustls_pki_types::ServerName;
use std::sync::Arc;

/// A client's states before the fork.
pub(crate) enum State {
    /// The store is looking for a session.
    Session(Draft),
    /// ClientHello is sent.
    Hello(Offered),
}

/// What is known before the ClientHello is made.
pub(crate) struct Draft {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
    pub(crate) key: SessionKey,
}

/// What was offered: all that the families need to go on.
pub(crate) struct Offered {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
    /// Under which sessions of this server are kept.
    pub(crate) key: SessionKey,
    pub(crate) random: [u8; 32],
    /// The session ID sent: a session's, or random bytes as a disguise, or none.
    pub(crate) session_id: Vec<u8>,
    /// The key exchanges of the shares that were sent.
    pub(crate) shares: Vec<Box<dyn KeyExchange>>,
    /// The session that was offered.
    pub(crate) session: Option<ClientSession>,
    /// The extensions sent: a server may answer these and no others.
    pub(crate) extensions: Vec<ExtensionType>,
    /// After a HelloRetryRequest: the suite it named, which ServerHello must repeat.
    pub(crate) retried: Option<crate::wire::CipherSuite>,
}

pub(crate) fn start(_: &mut Flow<'_>, _: Arc<ClientConfig>, _: ServerName<'static>) -> Result<super::State, Error> {
    todo!()
}

impl Offered {
    /// Offers again, after a HelloRetryRequest, for this group (`None`: the same shares) and with this cookie. The
    /// transcript has been replaced by its hash and the HelloRetryRequest absorbed.
    pub(crate) fn again(
        self,
        _flow: &mut Flow<'_>,
        _group: Option<crate::wire::numbers::NamedGroup>,
        _cookie: Option<&[u8]>,
        _suite: &'static crate::crypto::Suite,
    ) -> Result<super::State, Error> {
        todo!()
    }
}

impl State {
    pub(super) fn step(self, _: &mut Flow<'_>, _: Input<'_>) -> Result<super::State, Error> {
        todo!()
    }
}

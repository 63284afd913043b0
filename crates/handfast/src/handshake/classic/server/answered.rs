//! From the client's half of the exchange to the secrets: the pre-shared key that it names, what it has encrypted.

use super::super::super::{self as handshake, Flow};
use super::super::key_exchange::{ClientSecret, PREMASTER, premaster};
use super::super::secrets::{Agreed, Secrets};
use super::{End, Keep, State};
use crate::config::ServerConfig;
use crate::crypto::Failure;
use crate::error::{Error, ErrorKind, illegal};
use crate::keys::Secret;
use crate::psk::{ExternalPsk, PskMark};
use crate::trace::{By, Verdict};
use crate::verify::PeerKey;
use crate::wait::Wait;
use std::sync::Arc;

/// What the hellos agreed, once the client has sent its half, and who it says it is.
pub(crate) struct Answered {
    pub(super) config: Arc<ServerConfig>,
    pub(super) agreed: Agreed,
    pub(super) keep: Keep,
    pub(super) peer: Option<PeerKey>,
    /// The pre-shared key, if there is one.
    pub(super) psk: Option<PskMark>,
}

impl Answered {
    /// A client that names a key which is unknown here is not told so, unless the config wants it: it goes on with one that nobody
    /// has, and fails as if it did not have the one that it names (RFC 4279 2).
    pub(super) fn found(
        mut self,
        flow: &mut Flow<'_>,
        theirs: ClientSecret,
        found: Option<ExternalPsk>,
    ) -> Result<handshake::State, Error> {
        let key = match found.filter(ExternalPsk::is_classic) {
            Some(psk) => {
                flow.resumption(By::ExternalPsk, Verdict::Taken);
                self.psk = Some(psk.mark());
                flow.negotiated().psk_identity = Some(psk.identity);
                psk.key
            }
            None if self.config.tell_unknown_psk => {
                flow.resumption(By::ExternalPsk, Verdict::Unknown);
                return Err(ErrorKind::UnknownPsk.into());
            }
            None => {
                flow.resumption(By::ExternalPsk, Verdict::Unknown);
                flow.shared.unknown_psk = true;
                Secret::try_filled(32, |out| flow.shared.provider.random(out))?
            }
        };
        self.with(flow, theirs, Some(key))
    }

    /// What goes into the premaster secret is here, or still to be decrypted.
    pub(super) fn with(
        self,
        flow: &mut Flow<'_>,
        theirs: ClientSecret,
        psk: Option<Secret>,
    ) -> Result<handshake::State, Error> {
        match theirs {
            ClientSecret::Encrypted { key, client_version, encrypted } => {
                // Drawn before anything is decrypted: whatever is wrong, the handshake goes on, and fails at Finished.
                let fallback = Secret::try_filled(PREMASTER, |out| flow.shared.provider.random(out))?;
                flow.ask(Wait::Premaster { key, encrypted, client_version, fallback: fallback.clone() });
                Ok(State::Premaster { answered: self, psk, fallback }.into())
            }
            ClientSecret::Known(secret) => self.secured(flow, Some(secret), psk),
            ClientSecret::None => self.secured(flow, None, psk),
        }
    }

    /// No failure may be told apart from a wrong secret (RFC 5246 7.4.7.1).
    pub(super) fn decrypted(
        self,
        flow: &mut Flow<'_>,
        psk: Option<Secret>,
        fallback: Secret,
        premaster: Result<Secret, Failure>,
    ) -> Result<handshake::State, Error> {
        let premaster = premaster.ok().filter(|p| p.bytes().len() == PREMASTER).unwrap_or(fallback);
        self.secured(flow, Some(premaster), psk)
    }

    /// The secrets are there: the client's proof is next if it gave a certificate, else its Finished.
    fn secured(
        self,
        flow: &mut Flow<'_>,
        secret: Option<Secret>,
        key: Option<Secret>,
    ) -> Result<handshake::State, Error> {
        let Self { config, agreed, keep, peer, psk } = self;
        // The decoder has been told the key exchange.
        let neither = || illegal("exchange_keys", "are of another key exchange", "RFC 5246 7.4.7");
        let premaster = premaster(flow, secret, key.as_ref()).ok_or_else(neither)?;
        let secrets = Secrets::agree(flow, agreed, &premaster);
        let (read, write) = secrets.keys(flow)?;
        let end = End { config, secrets, keep, psk, write: Some(write) };
        match peer {
            Some(peer) => Ok(State::CertificateVerify { end, read, peer }.into()),
            None => end.listen(flow, read),
        }
    }
}

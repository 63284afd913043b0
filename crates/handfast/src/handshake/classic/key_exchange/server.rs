//! The server's side: it makes its half, and reads the client's.

use super::super::super::Flow;
use super::super::Rules;
use super::{Over, fields, signed};
use crate::crypto::{DhExchange, DhGroup, Failure, KeyExchange, PrivateKey, Suite};
use crate::error::{Error, ErrorKind, illegal};
use crate::keys::Secret;
use crate::message::{ClientHalf, Message, Params, ServerKeyExchange, Signed};
use crate::wire::numbers::SignatureScheme;
use std::sync::Arc;

/// The server's half, as the server has it.
pub(in super::super) enum OwnHalf {
    /// None: there is the pre-shared key alone.
    None,
    /// The key, and the ClientHello's version, which must stand in the premaster secret.
    Rsa { key: Arc<dyn PrivateKey>, client_version: u16 },
    /// A key pair for this handshake.
    Ecdhe(Box<dyn KeyExchange>),
    /// Likewise, over a prime field.
    Dhe { group: DhGroup, own: Box<dyn DhExchange> },
}

/// What the client's half comes to.
pub(crate) enum ClientSecret {
    /// Nothing: it has none.
    None,
    /// A secret that both have.
    Known(Secret),
    /// One that is still to be decrypted.
    Encrypted { key: Arc<dyn PrivateKey>, client_version: u16, encrypted: Vec<u8> },
}

impl OwnHalf {
    /// Makes it. `key` is the certificate's, if there is one.
    pub(in super::super) fn start(
        flow: &Flow<'_>,
        suite: &Suite,
        over: Over,
        key: Option<Arc<dyn PrivateKey>>,
        client_version: u16,
    ) -> Result<Self, Error> {
        let provider = &flow.shared.provider;
        Ok(match (over, key) {
            (Over::Curve(group), _) => Self::Ecdhe(provider.start(group)?),
            (Over::Field(group), _) => {
                let own = provider.legacy().ok_or(Failure)?.dh(&group)?;
                Self::Dhe { group, own }
            }
            (Over::Nothing, Some(key)) if suite.key_exchange.has_rsa() => Self::Rsa { key, client_version },
            (Over::Nothing, _) => Self::None,
        })
    }

    /// What is to be signed of this half.
    pub(in super::super) fn to_sign(&self, flow: &Flow<'_>) -> Vec<u8> {
        self.params().map(|params| signed(flow, params)).unwrap_or_default()
    }

    /// Sends ServerKeyExchange, with this signature, if there is something to say. `hint` is what helps the client to choose its
    /// pre-shared key, where the suite takes one; if it is empty and there is nothing else, the message is left out (RFC 4279 2, 4).
    pub(in super::super) fn send(
        &self,
        flow: &mut Flow<'_>,
        rules: &Rules,
        hint: Option<&[u8]>,
        signature: Option<(SignatureScheme, &[u8])>,
    ) {
        let params = self.params();
        if params.is_none() && hint.is_none_or(<[u8]>::is_empty) {
            return;
        }
        let signature =
            signature.map(|(scheme, signature)| Signed { scheme: rules.names_schemes().then_some(scheme), signature });
        flow.send(&Message::ServerKeyExchange(ServerKeyExchange { hint, params, signature }));
    }

    fn params(&self) -> Option<Params<'_>> {
        match self {
            Self::None | Self::Rsa { .. } => None,
            Self::Ecdhe(own) => Some(Params::Ecdhe { group: own.group(), point: own.share() }),
            Self::Dhe { group, own } => Some(Params::Dhe { p: group.p(), g: group.g(), ys: own.public() }),
        }
    }

    /// Takes the client's half.
    pub(in super::super) fn finish(
        self,
        flow: &mut Flow<'_>,
        theirs: Option<ClientHalf<'_>>,
    ) -> Result<ClientSecret, Error> {
        Ok(match (self, theirs) {
            (Self::None, None) => ClientSecret::None,
            (Self::Ecdhe(own), Some(ClientHalf::Ecdhe(point))) => {
                let group = own.group();
                let secret = own.finish(point).map_err(|Failure| ErrorKind::BadKeyShare(group))?;
                flow.negotiated().group = Some(group);
                ClientSecret::Known(secret)
            }
            (Self::Dhe { group, own }, Some(ClientHalf::Dhe(yc))) => {
                let secret = own.finish(yc).map_err(|Failure| ErrorKind::BadDhShare)?;
                fields::note(flow, &group);
                ClientSecret::Known(secret)
            }
            (Self::Rsa { key, client_version }, Some(ClientHalf::Rsa { encrypted, .. })) => {
                ClientSecret::Encrypted { key, client_version, encrypted: encrypted.to_vec() }
            }
            // The decoder has been told the key exchange.
            _ => return Err(illegal("exchange_keys", "are of another key exchange", "RFC 5246 7.4.7")),
        })
    }
}

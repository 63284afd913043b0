//! The key exchanges, both halves: what the server sends, what the client answers, and the premaster secret of both.

use super::super::Flow;
use super::Rules;
use crate::crypto::{Authentication, Failure, KeyExchange, KeyExchangeKind, KeyKind, PrivateKey, Suite};
use crate::error::{Error, ErrorKind, illegal};
use crate::keys::Secret;
use crate::message::{ClientHalf, ClientKeyExchange, Message, Params, ServerKeyExchange, Signed};
use crate::policy::Policy;
use crate::verify::PeerKey;
use crate::wire::Writer;
use crate::wire::numbers::{NamedGroup, SignatureScheme};
use std::sync::Arc;

/// The size of the premaster secret of RSA key exchange (RFC 5246 7.4.7.1).
pub(super) const PREMASTER: usize = 48;

/// The groups that classic versions can use: elliptic curves, not hybrids with their long shares (RFC 8422 5.1.1).
pub(crate) fn is_curve(group: NamedGroup) -> bool {
    group < NamedGroup::FFDHE2048
}

/// Whether a key of this kind can prove a server in this suite (RFC 5246 7.4.2, RFC 8422 2). One for RSASSA-PSS can where it signs
/// (RFC 9846 4.3.3).
pub(super) fn proves(key: KeyKind, suite: &Suite) -> bool {
    match suite.authentication {
        Authentication::Rsa if suite.key_exchange == KeyExchangeKind::Rsa => key == KeyKind::Rsa,
        Authentication::Rsa => matches!(key, KeyKind::Rsa | KeyKind::RsaPss),
        Authentication::Ecdsa => matches!(key, KeyKind::Ecdsa | KeyKind::Ed25519),
        Authentication::Psk | Authentication::Tls13 => false,
    }
}

/// What the server signs: both randoms and its half (RFC 5246 7.4.3).
fn signed(flow: &Flow<'_>, params: Params<'_>) -> Vec<u8> {
    let mut w = Writer::new();
    w.bytes(&flow.shared.client_random);
    w.bytes(&flow.shared.server_random);
    params.encode(&mut w);
    w.into_bytes()
}

// --- the client ---

/// The server's half, as the client has it.
pub(super) enum ServerHalf {
    /// The key of its certificate, a SubjectPublicKeyInfo.
    Rsa { spki: Vec<u8> },
    /// A public key for this handshake.
    Ecdhe { group: NamedGroup, point: Vec<u8> },
}

impl ServerHalf {
    /// From a ServerKeyExchange, if the group is one of ours and the signature is right.
    pub(super) fn read(
        flow: &mut Flow<'_>,
        rules: &Rules,
        policy: &Policy,
        key: &PeerKey,
        message: &ServerKeyExchange<'_>,
    ) -> Result<Self, Error> {
        let (Some(params @ Params::Ecdhe { group, point }), Some(Signed { scheme, signature })) =
            (message.params, message.signature)
        else {
            return Err(illegal("params", "are of another key exchange", "RFC 5246 7.4.3"));
        };
        let provider = flow.provider();
        if !is_curve(group) || !policy.groups.contains(&group) || !provider.groups().contains(&group) {
            return Err(illegal("namedcurve", "is none that was offered", "RFC 8422 5.4"));
        }
        let scheme = rules.scheme(scheme, key, &rules.ours(&policy.schemes, &*provider))?;
        let verified = provider.verify(scheme, &key.spki, true, &signed(flow, params), signature);
        verified.map_err(|Failure| Error::from(key.not_verified(scheme)))?;
        flow.negotiated().group = Some(group);
        flow.negotiated().scheme = Some(scheme);
        Ok(Self::Ecdhe { group, point: point.to_vec() })
    }

    /// Sends ClientKeyExchange; gives the premaster secret. `version` is the ClientHello's.
    pub(super) fn answer(&self, flow: &mut Flow<'_>, rules: &Rules, version: [u8; 2]) -> Result<Secret, Error> {
        let provider = flow.provider();
        match self {
            Self::Rsa { spki } => {
                let legacy = provider.legacy().ok_or(Failure)?;
                let premaster = Secret::try_filled(PREMASTER, |out| {
                    provider.random(out)?;
                    out.iter_mut().zip(version).for_each(|(to, from)| *to = from);
                    Ok::<(), Failure>(())
                })?;
                let encrypted = legacy.rsa_encrypt(spki, premaster.bytes())?;
                let half = Some(ClientHalf::Rsa { encrypted: &encrypted, length: rules.premaster_length });
                flow.send(&Message::ClientKeyExchange(ClientKeyExchange { identity: None, half }));
                Ok(premaster)
            }
            Self::Ecdhe { group, point } => {
                let response = provider.respond(*group, point).map_err(|Failure| ErrorKind::BadKeyShare(*group))?;
                let half = Some(ClientHalf::Ecdhe(&response.share));
                flow.send(&Message::ClientKeyExchange(ClientKeyExchange { identity: None, half }));
                Ok(response.secret)
            }
        }
    }
}

// --- the server ---

/// The server's half, as the server has it.
pub(super) enum OwnHalf {
    /// The key, and the ClientHello's version, which must stand in the premaster secret.
    Rsa { key: Arc<dyn PrivateKey>, client_version: u16 },
    /// A key pair for this handshake.
    Ecdhe(Box<dyn KeyExchange>),
}

impl OwnHalf {
    /// What is to be signed of this half.
    pub(super) fn to_sign(&self, flow: &Flow<'_>) -> Vec<u8> {
        self.params().map(|params| signed(flow, params)).unwrap_or_default()
    }

    /// Sends ServerKeyExchange with this signature.
    pub(super) fn send(&self, flow: &mut Flow<'_>, rules: &Rules, scheme: SignatureScheme, signature: &[u8]) {
        if let Some(params) = self.params() {
            let scheme = rules.names_schemes().then_some(scheme);
            let signature = Some(Signed { scheme, signature });
            flow.send(&Message::ServerKeyExchange(ServerKeyExchange { hint: None, params: Some(params), signature }));
        }
    }

    fn params(&self) -> Option<Params<'_>> {
        match self {
            Self::Rsa { .. } => None,
            Self::Ecdhe(own) => Some(Params::Ecdhe { group: own.group(), point: own.share() }),
        }
    }
}

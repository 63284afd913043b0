//! The client's side: it reads the server's half, and answers it.

use super::super::super::Flow;
use super::super::Rules;
use super::{PREMASTER, fields, is_curve, premaster, signed};
use crate::crypto::{DhGroup, Failure};
use crate::error::{Error, ErrorKind, illegal};
use crate::keys::Secret;
use crate::message::{ClientHalf, ClientKeyExchange, Message, Params, ServerKeyExchange, Signed};
use crate::policy::Policy;
use crate::psk::ExternalPsk;
use crate::verify::PeerKey;
use crate::wire::numbers::{NamedGroup, SignatureScheme};

/// The server's half, as the client has it.
pub(in super::super) enum ServerHalf {
    /// None: there is the pre-shared key alone.
    None,
    /// The key of its certificate, a SubjectPublicKeyInfo.
    Rsa { spki: Vec<u8> },
    /// A public key for this handshake.
    Ecdhe { group: NamedGroup, point: Vec<u8> },
    /// Likewise, over a prime field.
    Dhe { group: DhGroup, ys: Vec<u8> },
}

impl ServerHalf {
    /// From a ServerKeyExchange, if the group is one that will do and the signature is right. `key` is the certificate's, if there is
    /// one.
    pub(in super::super) fn read(
        flow: &mut Flow<'_>,
        rules: &Rules,
        policy: &Policy,
        key: Option<PeerKey>,
        message: &ServerKeyExchange<'_>,
    ) -> Result<Self, Error> {
        if let Some(Params::Ecdhe { group, .. }) = message.params {
            let spoken = policy.groups.contains(&group) && flow.shared.provider.groups().contains(&group);
            if !is_curve(group) || !spoken {
                return Err(illegal("namedcurve", "is none that was offered", "RFC 8422 5.4"));
            }
        }
        if let (Some(signed), Some(params), Some(key)) = (message.signature, message.params, &key) {
            let scheme = verify(flow, rules, policy, key, params, signed)?;
            flow.negotiated().scheme = Some(scheme);
        }
        match message.params {
            None => Ok(Self::without(key)),
            Some(Params::Ecdhe { group, point }) => {
                flow.negotiated().group = Some(group);
                Ok(Self::Ecdhe { group, point: point.to_vec() })
            }
            // Not before the signature is known to be right: else anyone could have the client find fault with the server's group
            // (RFC 7919 3, 3.1).
            Some(Params::Dhe { p, g, ys }) => {
                let group = fields::read(policy, p, g, ys)?;
                fields::note(flow, &group);
                Ok(Self::Dhe { group, ys: ys.to_vec() })
            }
        }
    }

    /// Where there is no more to it than the certificate's key, if that.
    pub(in super::super) fn without(key: Option<PeerKey>) -> Self {
        key.map_or(Self::None, |key| Self::Rsa { spki: key.spki })
    }

    /// Sends ClientKeyExchange; gives the premaster secret. `version` is the ClientHello's, `psk` the key that goes into it, too.
    pub(in super::super) fn answer(
        &self,
        flow: &mut Flow<'_>,
        rules: &Rules,
        version: [u8; 2],
        psk: Option<&ExternalPsk>,
    ) -> Result<Secret, Error> {
        let provider = flow.provider();
        let identity = psk.map(|psk| psk.identity.as_slice());
        let mut send = |half| flow.send(&Message::ClientKeyExchange(ClientKeyExchange { identity, half }));
        let secret = match self {
            Self::None => {
                send(None);
                None
            }
            Self::Rsa { spki } => {
                let legacy = provider.legacy().ok_or(Failure)?;
                let premaster = Secret::try_filled(PREMASTER, |out| {
                    provider.random(out)?;
                    out.iter_mut().zip(version).for_each(|(to, from)| *to = from);
                    Ok::<(), Failure>(())
                })?;
                let encrypted = legacy.rsa_encrypt(spki, premaster.bytes())?;
                send(Some(ClientHalf::Rsa { encrypted: &encrypted, length: rules.premaster_length }));
                Some(premaster)
            }
            Self::Ecdhe { group, point } => {
                let response = provider.respond(*group, point).map_err(|Failure| ErrorKind::BadKeyShare(*group))?;
                send(Some(ClientHalf::Ecdhe(&response.share)));
                Some(response.secret)
            }
            Self::Dhe { group, ys } => {
                let legacy = provider.legacy().ok_or(Failure)?;
                // What the server says is a prime may be none, with which nothing works.
                let own = legacy.dh(group).map_err(|Failure| ErrorKind::BadDhShare)?;
                send(Some(ClientHalf::Dhe(own.public())));
                Some(own.finish(ys).map_err(|Failure| ErrorKind::BadDhShare)?)
            }
        };
        // Without either its suite has a pre-shared key, and was not offered without.
        let none = || illegal("cipher_suite", "takes a pre-shared key, and there is none", "RFC 4279 2");
        premaster(flow, secret, psk.map(|psk| &psk.key)).ok_or_else(none)
    }
}

/// Checks the signature over the server's half.
fn verify(
    flow: &Flow<'_>,
    rules: &Rules,
    policy: &Policy,
    key: &PeerKey,
    params: Params<'_>,
    Signed { scheme, signature }: Signed<'_>,
) -> Result<SignatureScheme, Error> {
    let provider = flow.provider();
    let scheme = rules.scheme(scheme, key, &rules.ours(&policy.schemes, &*provider))?;
    key.verify(&*provider, &policy.certificates, scheme, true, &signed(flow, params), signature)?;
    Ok(scheme)
}

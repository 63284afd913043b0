//! What ties a second handshake to the one before: renegotiation_info (RFC 5746), and what must not change.

use super::super::{Flow, Side};
use super::rules::Rules;
use super::secrets::Agreed;
use crate::crypto::BulkCipher;
use crate::error::{Error, ErrorKind, illegal};
use crate::event::Negotiated;
use crate::message::ClientHello;
use crate::policy::Policy;
use crate::wire::CipherSuite;
use subtle::ConstantTimeEq;

/// The verify_data of both sides' Finished.
#[derive(Clone, Copy, Default)]
pub(crate) struct Proofs {
    client: VerifyData,
    server: VerifyData,
}

/// What a Finished holds: 12 bytes, in SSL 3.0 36 (RFC 5246 7.4.9, RFC 6101 5.6.9).
#[derive(Clone, Copy)]
struct VerifyData {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl VerifyData {
    const MOST: usize = 36;

    fn of(data: &[u8]) -> Self {
        let (mut bytes, len) = ([0; Self::MOST], data.len().min(Self::MOST));
        bytes[..len].copy_from_slice(&data[..len]);
        Self { bytes, len }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Default for VerifyData {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Proofs {
    /// Notes what this side's Finished holds.
    pub(super) fn note(&mut self, of: Side, data: &[u8]) {
        match of {
            Side::Client => self.client = VerifyData::of(data),
            Side::Server => self.server = VerifyData::of(data),
        }
    }

    /// What the renegotiation_info of this side holds: the client's, and behind it the server's if it is the server's (RFC 5746 3.5, 3.7).
    pub(super) fn renegotiated(&self, side: Side) -> Vec<u8> {
        match side {
            Side::Client => self.client.bytes().to_vec(),
            Side::Server => [self.client.bytes(), self.server.bytes()].concat(),
        }
    }
}

/// Whether a second handshake would be bound to this one: the peer has to say that it does that (RFC 5746 3.4, 3.6), and a session that
/// was resumed without an extended master secret may be known to someone in between (RFC 7627 5.3).
pub(super) fn is_sound(negotiated: &Negotiated) -> bool {
    negotiated.secure_renegotiation && (negotiated.extended_master_secret || !negotiated.resumed)
}

/// Checks a client's renegotiation_info, which the signalling suite stands for in a first handshake only. Gives whether the client can
/// renegotiate securely (RFC 5746 3.6, 3.7).
pub(super) fn check_client(flow: &Flow<'_>, hello: &ClientHello<'_>, policy: &Policy) -> Result<bool, Error> {
    let info = hello.extensions.renegotiation_info().map(|info| info.0);
    let signal = hello.offers(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
    required(check(info, expected(flow, Side::Client), signal)?, policy)
}

/// The same of a server's (RFC 5746 3.4, 3.5).
pub(super) fn check_server(flow: &Flow<'_>, info: Option<&[u8]>, policy: &Policy) -> Result<bool, Error> {
    required(check(info, expected(flow, Side::Server), false)?, policy)
}

/// Whether the peer can renegotiate securely, where the policy lets it do without (RFC 5746 4.1, 4.3).
fn required(secure: bool, policy: &Policy) -> Result<bool, Error> {
    match secure || !policy.require_secure_renegotiation {
        true => Ok(secure),
        false => Err(ErrorKind::InsufficientSecurity("secure renegotiation").into()),
    }
}

/// What the renegotiation_info of this side has to hold in a second handshake.
fn expected(flow: &Flow<'_>, of: Side) -> Option<Vec<u8>> {
    flow.shared.before.as_ref().map(|before| before.session.renegotiated(of))
}

/// `bound`: what it has to hold, in a second handshake.
fn check(info: Option<&[u8]>, bound: Option<Vec<u8>>, signal: bool) -> Result<bool, Error> {
    let Some(bound) = bound else {
        return match info {
            Some([_, ..]) => {
                Err(ErrorKind::InsufficientSecurity("an empty renegotiation_info in a first handshake").into())
            }
            info => Ok(info.is_some() || signal),
        };
    };
    match info {
        Some(info) if !signal && bool::from(info.ct_eq(&bound)) => Ok(true),
        _ => {
            let needed = "a renegotiation_info with the Finished messages of the handshake before";
            Err(ErrorKind::InsufficientSecurity(needed).into())
        }
    }
}

/// The extended master secret stays, or stays away: without it nothing would be known of whom the first handshake was with
/// (RFC 7627 6.1).
pub(super) fn keeps_extended(flow: &Flow<'_>, extended: bool) -> Result<(), Error> {
    match &flow.shared.before {
        Some(before) if before.negotiated.extended_master_secret != extended => {
            let needed = "the same extended_master_secret as in the handshake before";
            Err(ErrorKind::InsufficientSecurity(needed).into())
        }
        _ => Ok(()),
    }
}

/// Encrypt-then-MAC is not taken back where there is still a MAC to it (RFC 7366 3.1).
pub(super) fn keeps_encrypt_then_mac(flow: &Flow<'_>, agreed: &Agreed) -> Result<(), Error> {
    let cbc = matches!(agreed.suite.bulk, BulkCipher::Cbc(..));
    match &flow.shared.before {
        Some(before) if before.negotiated.encrypt_then_mac && cbc && !agreed.encrypt_then_mac => {
            Err(ErrorKind::InsufficientSecurity("the encrypt_then_mac of the handshake before").into())
        }
        _ => Ok(()),
    }
}

/// Whom the client wants stays: the config was chosen by it, and what was said before was said to it (RFC 5746 5). Where there are no
/// extensions it is not said again.
pub(crate) fn keeps_name(flow: &Flow<'_>, name: Option<&str>) -> Result<(), Error> {
    let Some(before) = &flow.shared.before else { return Ok(()) };
    let then = &before.negotiated;
    let unsaid = name.is_none() && then.version.and_then(Rules::of).is_some_and(|rules| !rules.extensions);
    match unsaid || then.server_name.as_deref() == name {
        true => Ok(()),
        false => Err(illegal("server_name", "is not that of the handshake before", "RFC 5746 5")),
    }
}

/// A peer that has proved who it is stays that one, unless the policy says otherwise.
pub(super) fn keeps_identity(flow: &Flow<'_>) -> Result<(), Error> {
    let Some(before) = &flow.shared.before else { return Ok(()) };
    let identity = |n: &Negotiated| (n.peer_chain.first().cloned(), n.peer_raw_key.clone(), n.psk_identity.clone());
    let (then, now) = (identity(&before.negotiated), identity(&flow.shared.negotiated));
    match then == now || then == (None, None, None) || before.session.identity_may_change() {
        true => Ok(()),
        false => Err(ErrorKind::IdentityChanged.into()),
    }
}

/// The same of a certificate, before it is judged: a pre-shared key is not known yet.
pub(super) fn keeps_certificate(flow: &Flow<'_>) -> Result<(), Error> {
    let Some(before) = &flow.shared.before else { return Ok(()) };
    let shown = |n: &Negotiated| (n.peer_chain.first().cloned(), n.peer_raw_key.clone());
    let (then, now) = (shown(&before.negotiated), shown(&flow.shared.negotiated));
    match then == now || then == (None, None) || before.session.identity_may_change() {
        true => Ok(()),
        false => Err(ErrorKind::IdentityChanged.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: [u8; 12] = [1; 12];
    const SERVER: [u8; 12] = [2; 12];

    /// RFC 5746 3.4 to 3.7
    #[test]
    fn a_second_handshake_is_bound_to_the_first() {
        let mut proofs = Proofs::default();
        proofs.note(Side::Client, &CLIENT);
        proofs.note(Side::Server, &SERVER);
        let (client, both) = (proofs.renegotiated(Side::Client), proofs.renegotiated(Side::Server));
        assert_eq!((&client[..], &both[..]), (&CLIENT[..], &[CLIENT, SERVER].concat()[..]));
        for bound in [client, both] {
            assert_eq!(check(Some(&bound), Some(bound.clone()), false), Ok(true));
            assert!(check(Some(&bound), Some(bound.clone()), true).is_err(), "with the signal");
            assert!(check(Some(&bound), None, false).is_err(), "in a first handshake");
            for at in 0..bound.len() {
                let mut wrong = bound.clone();
                wrong[at] ^= 1;
                assert!(check(Some(&wrong), Some(bound.clone()), false).is_err());
                assert!(check(Some(&bound[..at]), Some(bound.clone()), false).is_err());
            }
            for signal in [false, true] {
                assert!(check(None, Some(bound.clone()), signal).is_err());
                assert!(check(Some(&[]), Some(bound.clone()), signal).is_err());
            }
        }
        assert_eq!(check(None, None, false), Ok(false));
        assert_eq!((check(None, None, true), check(Some(&[]), None, false)), (Ok(true), Ok(true)));
    }

    /// RFC 6101 5.6.9, RFC 5746 4.5
    #[test]
    fn the_proofs_of_ssl_3_0_are_longer() {
        let mut proofs = Proofs::default();
        proofs.note(Side::Client, &[1; 36]);
        proofs.note(Side::Server, &[2; 36]);
        assert_eq!(proofs.renegotiated(Side::Server), [[1; 36], [2; 36]].concat());
    }
}

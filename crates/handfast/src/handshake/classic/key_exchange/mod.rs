//! The key exchanges, both halves: what the server sends, what the client answers, and the premaster secret of both.

mod client;
pub(super) mod fields;
mod psk;
mod server;

pub(super) use client::ServerHalf;
pub(super) use server::{ClientSecret, OwnHalf};

use super::super::Flow;
use crate::crypto::{Authentication, DhGroup, KeyKind, Suite};
use crate::message::Params;
use crate::wire::Writer;
use crate::wire::numbers::NamedGroup;

pub(crate) use fields::is_field;
pub(super) use psk::premaster;

/// The size of the premaster secret of RSA key exchange (RFC 5246 7.4.7.1).
pub(super) const PREMASTER: usize = 48;

/// The groups that classic versions can use as curves: not hybrids with their long shares (RFC 8422 5.1.1).
pub(crate) fn is_curve(group: NamedGroup) -> bool {
    group < NamedGroup::FFDHE2048
}

/// Over what a server makes keys for this handshake.
#[derive(Clone, Debug)]
pub(super) enum Over {
    /// None are made.
    Nothing,
    Curve(NamedGroup),
    Field(DhGroup),
}

/// Whether a key of this kind can prove a server in this suite (RFC 5246 7.4.2, RFC 8422 2). One for RSASSA-PSS can where it signs
/// (RFC 9846 4.3.3).
pub(super) fn proves(key: KeyKind, suite: &Suite) -> bool {
    match suite.authentication {
        Authentication::Rsa if suite.key_exchange.has_rsa() => key == KeyKind::Rsa,
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

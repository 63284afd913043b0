//! A client's PSKs: which it offers, and their binders at the end of the ClientHello (RFC 9846 4.3.11).

use super::super::Flow;
use super::super::tls13::secrets::{binder, early_secret};
use super::shape;
use crate::config::ClientConfig;
use crate::crypto::{HashAlgorithm, Suite};
use crate::error::{Error, ErrorKind};
use crate::extension::{Extension, OfferedPsks, PreSharedKey, PskBinder, PskIdentity};
use crate::keys::{PskKind, Secret};
use crate::message::{ClientHello, Message};
use crate::psk::{ExternalPsk, Psk};
use crate::session::{ClientSession, ClientSessionKind};
use crate::wire::numbers::{ExtensionType, ProtocolVersion};
use crate::wire::{List, Opaque};

/// Bytes of all external PSKs' names and binders, which have to leave room for all else.
const MOST_PSKS: usize = 1 << 14;

/// External PSKs as they can be offered with these suites.
pub(super) fn external(
    flow: &Flow<'_>,
    config: &ClientConfig,
    suites: &[&Suite],
    psks: &[ExternalPsk],
) -> Result<Vec<Psk>, Error> {
    let mut hashes: Vec<HashAlgorithm> = Vec::new();
    for suite in suites.iter().filter(|s| s.fits(ProtocolVersion::TLS1_3)) {
        if !hashes.contains(&suite.hash) {
            hashes.push(suite.hash);
        }
    }
    if hashes.is_empty() || config.policy.psk_modes.is_empty() {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for psk in psks {
        out.extend(psk.offers(&*flow.shared.provider, &hashes)?);
    }
    match out.iter().map(|psk| psk.wire.len() + 64).sum::<usize>() <= MOST_PSKS {
        true => Ok(out),
        false => {
            let why = "the external PSKs for one server take too much room: their names, 64 bytes more for each, and all that \
                       twice where they are imported for two hashes, have 16384 bytes in all";
            Err(ErrorKind::Config(why.into()).into())
        }
    }
}

/// What may have led to the server's alert, if these keys were offered and none was taken: a clause, for the error.
pub(super) fn not_taken(external: &[Psk]) -> Option<Box<str>> {
    let mut names: Vec<_> = external.iter().map(|psk| String::from_utf8_lossy(&psk.identity)).collect();
    names.dedup();
    let shown = names.iter().take(4).map(|name| format!("\"{}\"", name.escape_debug())).collect::<Vec<_>>().join(", ");
    let more = if names.len() > 4 { format!(" and {} more", names.len() - 4) } else { String::new() };
    let what = if names.len() == 1 { "the pre-shared key" } else { "the pre-shared keys" };
    (!names.is_empty()).then(|| {
        format!(
            "the server had been offered {what} {shown}{more}, and had taken none: see that it has the same name, context and hash"
        )
        .into()
    })
}

/// A PSK as it is offered.
struct Offer<'p> {
    identity: &'p [u8],
    /// Milliseconds modulo 2^32, obfuscated; 0 for one that has no age.
    age: u32,
    secret: &'p Secret,
    hash: HashAlgorithm,
    kind: PskKind,
}

/// The session's, if it is one of TLS 1.3, then the others.
fn offers<'p>(flow: &Flow<'_>, session: Option<&'p ClientSession>, external: &'p [Psk]) -> Vec<Offer<'p>> {
    let of_session = session.and_then(|s| {
        let ClientSessionKind::Tls13(own) = &s.kind else { return None };
        let age = (flow.now.millis_since(s.since) as u32).wrapping_add(own.age_add);
        let hash = Suite::find(s.suite)?.hash;
        Some(Offer { identity: &own.ticket, age, secret: &own.psk, hash, kind: PskKind::Resumption })
    });
    let of_external =
        |psk: &'p Psk| Offer { identity: &psk.wire, age: 0, secret: &psk.secret, hash: psk.hash, kind: psk.kind };
    of_session.into_iter().chain(external.iter().map(of_external)).collect()
}

/// Sends the hello, with PSKs and their binders at its end if there are any. Gives its bytes, and which extensions it has.
pub(super) fn send(
    flow: &mut Flow<'_>,
    config: &ClientConfig,
    mut hello: ClientHello<'_>,
    session: Option<&ClientSession>,
    external: &[Psk],
) -> (Vec<u8>, Vec<ExtensionType>) {
    let offers = offers(flow, session, external);
    if offers.is_empty() {
        shape::pad(config, &mut hello, 0);
        let extensions = shape::answerable(&hello);
        let raw = Message::ClientHello(hello).to_bytes();
        flow.send_raw(&raw);
        return (raw, extensions);
    }
    let identities: Vec<_> =
        offers.iter().map(|o| PskIdentity { identity: Opaque(o.identity), obfuscated_ticket_age: o.age }).collect();
    const BLANK: [u8; 64] = [0; 64];
    let binders: Vec<PskBinder<'_>> = offers.iter().map(|o| Opaque(&BLANK[..o.hash.len()])).collect();
    let binders_len = 2 + offers.iter().map(|o| 1 + o.hash.len()).sum::<usize>();
    // Type and length, the length of the identities, each with a length and its age.
    let before_binders = 4 + 2 + offers.iter().map(|o| 2 + o.identity.len() + 4).sum::<usize>();
    let mut hello = hello; // shorter-lived from here on
    shape::pad(config, &mut hello, before_binders + binders_len);
    let offered = OfferedPsks { identities: List::of(&identities), binders: List::of(&binders), binders_len };
    hello.extensions.list.push(Extension::PreSharedKey(PreSharedKey::Offered(offered)));
    let extensions = shape::answerable(&hello);
    let mut raw = Message::ClientHello(hello).to_bytes();
    bind(flow, &offers, &mut raw, binders_len);
    flow.send_raw(&raw);
    (raw, extensions)
}

/// Fills in the binders, each over all that comes before them (RFC 9846 4.3.11.2).
fn bind(flow: &mut Flow<'_>, offers: &[Offer<'_>], raw: &mut [u8], binders_len: usize) {
    let provider = flow.provider();
    let (truncated, tail) = raw.split_at_mut(raw.len() - binders_len);
    let mut rest = &mut tail[2..];
    for offer in offers {
        let digest = flow.now().truncated(&*provider, offer.hash, truncated);
        let secret = early_secret(flow, offer.hash, Some(offer.secret));
        let binder = binder(flow, &secret, offer.hash, offer.kind, &digest);
        let (own, others) = std::mem::take(&mut rest).split_at_mut(1 + binder.len());
        own[1..].copy_from_slice(&binder);
        rest = others;
    }
}

//! Early data (RFC 9846 4.3.10, 8): what a client offers, what a server accepts.

use super::super::answer::Chosen;
use super::super::{Early, Flow};
use super::choice::Offer;
use super::secrets::{early_secret, early_traffic, read_under, write_under};
use crate::Time;
use crate::config::ClientConfig;
use crate::crypto::Suite;
use crate::error::Error;
use crate::keys::{EarlySecret, EarlyTraffic, Secret};
use crate::record::Aligned;
use crate::session::{ClientSession, ClientSessionKind, EarlyHello, ReplayStore, ServerSession, ServerSessionKind};
use crate::wire::numbers::ProtocolVersion;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// How many bytes of early data that is not accepted are skipped, at least: what fills a record of 16384 bytes.
const SKIPPED: usize = (1 << 14) - 17;

// --- a client ---

/// Early data that can be offered with a session.
pub(in super::super) struct Offered {
    suite: &'static Suite,
    psk: Secret,
    room: u32,
    alpn: Option<Vec<u8>>,
}

/// Whether this session, which is to be offered, may carry early data: the server said so, and all that it is tied to can be
/// offered again.
pub(in super::super) fn of(
    config: &ClientConfig,
    session: Option<&ClientSession>,
    server_name: Option<&str>,
) -> Option<Offered> {
    let session = session.filter(|_| config.early_data && config.fallback.is_none())?;
    let ClientSessionKind::Tls13(own) = &session.kind else { return None };
    let same_protocol = session.alpn.as_ref().is_none_or(|protocol| config.alpn.contains(protocol));
    let may = own.max_early_data > 0 && same_protocol && own.server_name.as_deref() == server_name;
    let suite = Suite::find(session.suite).filter(|_| may)?;
    Some(Offered { suite, psk: own.psk.clone(), room: own.max_early_data, alpn: session.alpn.clone() })
}

/// The ClientHello is sent: from here on we write early data. `disguised`: the disguise of middleboxes' sake is on (RFC 9846 E.4).
pub(in super::super) fn begin(flow: &mut Flow<'_>, offered: Offered, disguised: bool) -> Result<(), Error> {
    let Offered { suite, psk, room, alpn } = offered;
    // The ClientHello's record alone may name an older version.
    flow.flush()?;
    flow.write_version(ProtocolVersion::TLS1_2);
    if disguised {
        flow.compat_ccs()?;
    }
    let provider = flow.provider();
    let hello = flow.now().truncated(&*provider, suite.hash, &[]);
    let secret = early_secret(flow, suite.hash, Some(&psk));
    let EarlyTraffic { client, exporter } = early_traffic(flow, &secret, &hello);
    let (room, hash, padding) = (room as usize, suite.hash, flow.take_padding());
    flow.shared.early = Some(Box::new(Early { room, open: true, alpn, exporter, hash, padding }));
    write_under(flow, suite, &client)
}

/// The server takes none of it.
pub(in super::super) fn refused(flow: &mut Flow<'_>) {
    flow.negotiated().early_data = Some(false);
    close(flow);
}

/// No more of it goes, or comes.
pub(in super::super) fn close(flow: &mut Flow<'_>) {
    let Some(early) = &mut flow.shared.early else { return };
    early.open = false;
    if let Some(padding) = early.padding.take() {
        flow.pad(Some(padding));
    }
}

// --- a server ---

/// Early data is on its way that may not be accepted: what cannot be read of it is dropped, up to a bound.
pub(super) fn expect(flow: &mut Flow<'_>, chosen: &Chosen) {
    let most = chosen.config.early_data.as_ref().map_or(0, |e| e.max_early_data_size as usize);
    flow.skip_early_data(SKIPPED.max(most));
    flow.negotiated().early_data = Some(false);
}

/// Early data that can be accepted, if it comes for the first time.
pub(super) struct Acceptable {
    pub(super) store: Arc<dyn ReplayStore>,
    pub(super) hello: EarlyHello,
    /// How many bytes may come.
    pub(super) room: u32,
}

/// Whether all is as it was when the ticket was made, and the hello is fresh (RFC 9846 4.3.10, 8.3). Its binder has been checked.
pub(super) fn acceptable(
    flow: &Flow<'_>,
    chosen: &Chosen,
    suite: &Suite,
    session: &ServerSession,
    offer: &Offer,
) -> Option<Acceptable> {
    let rules = chosen.config.early_data.as_ref()?;
    let ServerSessionKind::Tls13 { age_add, issued, max_early_data, .. } = &session.kind else { return None };
    let same = offer.index == 0
        && session.suite == suite.number
        && session.alpn == chosen.alpn
        && session.server_name == chosen.summary.server_name;
    if !same || !(1..=rules.max_early_data_size).contains(max_early_data) {
        return None;
    }
    let age = Duration::from_millis(offer.age.wrapping_sub(*age_add).into());
    let sent = issued.0.checked_add(age)?;
    let (from, until) = (sent.saturating_sub(rules.window), sent.checked_add(rules.window)?);
    // A ticket knows its time to the millisecond.
    let now = Duration::from_millis(flow.now.millis_since(Time::default()));
    let fresh = from <= now && now <= until;
    let ticket = Sha256::digest(&offer.name).into();
    let hello = EarlyHello { ticket, from: Time(from), until: Time(until) };
    fresh.then(|| Acceptable { store: rules.store.clone(), hello, room: *max_early_data })
}

/// Early data that is accepted.
pub(super) struct Accepted {
    traffic: EarlyTraffic,
    room: u32,
}

impl Accepted {
    /// The transcript ends with the ClientHello.
    pub(super) fn new(flow: &mut Flow<'_>, secret: &EarlySecret, suite: &Suite, room: u32) -> Self {
        debug_assert_eq!(flow.now().hash().len(), suite.hash.len());
        let hello = flow.now().hash();
        Self { traffic: early_traffic(flow, secret, &hello), room }
    }

    /// From here on early data is read.
    pub(super) fn begin(self, flow: &mut Flow<'_>, suite: &Suite, aligned: Aligned) -> Result<(), Error> {
        let EarlyTraffic { client, exporter } = self.traffic;
        let (room, alpn) = (self.room as usize, flow.negotiated().alpn.clone());
        let hash = suite.hash;
        flow.shared.early = Some(Box::new(Early { room, open: true, alpn, exporter, hash, padding: None }));
        flow.negotiated().early_data = Some(true);
        flow.skip_early_data(0);
        read_under(flow, suite, &client, aligned)
    }
}

//! Chains: ours to the peer, the peer's to the verifier.

use super::super::Flow;
use super::renegotiation::keeps_certificate;
use crate::crypto::{Credential, KeyExchangeKind};
use crate::error::{Error, ErrorKind, Limit};
use crate::extension::Extensions;
use crate::message::{Certificate, CertificateEntry, CertificateStatus, Dialect, Message, RawPublicKey};
use crate::policy::Policy;
use crate::trace::Trace;
use crate::verify::{self, CertificateError, PeerKey, PeerToVerify, RawKeyToVerify, Verified, Verifier};
use crate::wait::Wait;
use crate::wire::numbers::CertificateType;
use rustls_pki_types::{CertificateDer, ServerName};
use std::sync::Arc;

/// From here on a Certificate is one that holds this.
pub(super) fn hold(flow: &mut Flow<'_>, what: CertificateType) {
    if let Dialect::Classic(form) = &mut flow.shared.dialect {
        form.raw_public_key = what == CertificateType::RAW_PUBLIC_KEY;
    }
}

/// Sends what there is to show: a chain or a raw key; or that there is none.
pub(super) fn send(flow: &mut Flow<'_>, credential: Option<&Credential>) {
    if matches!(flow.shared.dialect, Dialect::Classic(form) if form.raw_public_key) {
        let key = credential.and_then(|c| c.raw_key.as_deref()).unwrap_or_default();
        return flow.send(&Message::RawPublicKey(RawPublicKey(key)));
    }
    let chain = credential.map(|c| c.chain.as_slice()).unwrap_or_default();
    let entry = |der| CertificateEntry { cert_data: der, extensions: Extensions::default() };
    let list = chain.iter().map(|c| entry(c.as_ref())).collect();
    flow.send(&Message::Certificate(Certificate { context: None, list }));
}

/// Reads a chain that is not empty.
pub(super) fn read(flow: &mut Flow<'_>, message: &Certificate<'_>) -> Result<PeerKey, Error> {
    if message.list.len() > flow.shared.limits.chain {
        return Err(ErrorKind::TooMuch(Limit::Chain).into());
    }
    let chain: Vec<_> = message.list.iter().map(|e| CertificateDer::from(e.cert_data).into_owned()).collect();
    let key = verify::public_key(&chain).map_err(ErrorKind::Certificate)?;
    flow.negotiated().peer_chain = chain;
    keeps_certificate(flow)?;
    Ok(key)
}

/// Reads a raw key that is not empty.
pub(super) fn read_raw(flow: &mut Flow<'_>, message: &RawPublicKey<'_>) -> Result<PeerKey, Error> {
    let key = PeerKey::raw(message.0).map_err(ErrorKind::Certificate)?;
    flow.negotiated().peer_raw_key = Some(message.0.to_vec().into());
    keeps_certificate(flow)?;
    Ok(key)
}

/// Sends CertificateStatus.
pub(super) fn send_status(flow: &mut Flow<'_>, response: &[u8]) {
    flow.send(&Message::CertificateStatus(CertificateStatus { response }));
}

/// Keeps the OCSP response that came for the peer's own certificate.
pub(super) fn read_status(flow: &mut Flow<'_>, message: &CertificateStatus<'_>) {
    flow.negotiated().stapled.get_or_insert_default().ocsp = vec![message.response.to_vec()];
}

/// Asks for a verdict on the chain, or the raw key, that was read.
pub(super) fn judge(
    flow: &mut Flow<'_>,
    verifier: Arc<dyn Verifier>,
    name: Option<ServerName<'static>>,
    key_exchange: KeyExchangeKind,
    policy: &Policy,
    ocsp_wanted: bool,
) {
    let negotiated = flow.negotiated();
    if let Some(key) = negotiated.peer_raw_key.clone() {
        return flow.ask(Wait::RawKeyVerdict { verifier, peer: Box::new(RawKeyToVerify { key, name }) });
    }
    let (chain, stapled) = (negotiated.peer_chain.clone(), negotiated.stapled.as_deref().cloned().unwrap_or_default());
    let (schemes, rules) = (policy.in_certificates().to_vec(), policy.certificates);
    let peer = PeerToVerify { chain, name, key_exchange, schemes, rules, stapled, ocsp_wanted };
    flow.ask(Wait::Verdict { verifier, peer: Box::new(peer) });
}

/// Takes the verdict.
pub(super) fn judged(flow: &mut Flow<'_>, verdict: Result<Verified, CertificateError>) -> Result<(), Error> {
    let refused = |error: &CertificateError| flow.shared.watch.see(Trace::Refused { error });
    let verified = verdict.inspect_err(refused).map_err(ErrorKind::Certificate)?;
    flow.shared.watch.see(Trace::Verified { how: &verified.how });
    flow.negotiated().verified = Some(verified.how);
    flow.shared.judged = flow.now;
    Ok(())
}

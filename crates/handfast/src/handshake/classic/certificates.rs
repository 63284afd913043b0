//! Chains: ours to the peer, the peer's to the verifier.

use super::super::Flow;
use crate::crypto::{Credential, KeyExchangeKind};
use crate::error::{Error, ErrorKind, Limit};
use crate::extension::Extensions;
use crate::message::{Certificate, CertificateEntry, CertificateStatus, Message};
use crate::trace::Trace;
use crate::verify::{self, CertificateError, PeerKey, PeerToVerify, Verified, Verifier};
use crate::wait::Wait;
use crate::wire::numbers::SignatureScheme;
use rustls_pki_types::{CertificateDer, ServerName};
use std::sync::Arc;

/// Sends a chain, or an empty list.
pub(super) fn send(flow: &mut Flow<'_>, credential: Option<&Credential>) {
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

/// Asks for a verdict on the chain that was read.
pub(super) fn judge(
    flow: &mut Flow<'_>,
    verifier: Arc<dyn Verifier>,
    name: Option<ServerName<'static>>,
    key_exchange: KeyExchangeKind,
    schemes: Vec<SignatureScheme>,
    ocsp_wanted: bool,
) {
    let negotiated = flow.negotiated();
    let (chain, stapled) = (negotiated.peer_chain.clone(), negotiated.stapled.as_deref().cloned().unwrap_or_default());
    let peer = PeerToVerify { chain, name, key_exchange, schemes, stapled, ocsp_wanted };
    flow.ask(Wait::Verdict { verifier, peer: Box::new(peer) });
}

/// Takes the verdict.
pub(super) fn judged(flow: &mut Flow<'_>, verdict: Result<Verified, CertificateError>) -> Result<(), Error> {
    let verified = verdict.map_err(ErrorKind::Certificate)?;
    flow.shared.watch.see(Trace::Verified { how: &verified.how });
    flow.negotiated().verified = Some(verified.how);
    flow.shared.judged = flow.now;
    Ok(())
}

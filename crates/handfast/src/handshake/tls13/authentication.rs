//! Certificate, CertificateVerify, Finished (RFC 9846 4.5), which both sides make and check alike.

use super::super::{Flow, Side};
use super::secrets::verify_data;
use super::{no_context, only_asked, signs_handshakes};
use crate::compression::Compression;
use crate::crypto::{Credential, Failure, KeyExchangeKind};
use crate::error::{Error, ErrorKind, Limit, illegal, not_signed};
use crate::extension::{CertificateStatus, Extension, Extensions, SignedCertificateTimestamps, StatusRequest};
use crate::keys::TrafficSecret;
use crate::message::{
    Certificate, CertificateEntry, CertificateVerify, CompressedCertificate, Finished, HEADER, Message,
};
use crate::policy::Policy;
use crate::trace::Trace;
use crate::verify::{CertificateError, PeerKey, PeerToVerify, RawKeyToVerify, Stapled, Verified, Verifier, shown_key};
use crate::wait::Wait;
use crate::wire::List;
use crate::wire::numbers::{
    CertificateCompressionAlgorithm, CertificateType, ExtensionType, HandshakeType, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// What a signature covers: 64 spaces, who signs what, and the transcript's hash (RFC 9846 4.5.2).
fn signed_content(signer: Side, transcript: &[u8]) -> Vec<u8> {
    let context: &[u8] = match signer {
        Side::Client => b"TLS 1.3, client CertificateVerify",
        Side::Server => b"TLS 1.3, server CertificateVerify",
    };
    [&[b' '; 64], context, &[0], transcript].concat()
}

/// Checks the form of the peer's Certificate and keeps its chain, or its raw key; there may be none.
pub(super) fn take_chain(
    flow: &mut Flow<'_>,
    message: &Certificate<'_>,
    holds: CertificateType,
    asked: impl Fn(ExtensionType) -> bool,
) -> Result<(), Error> {
    no_context(message.context.unwrap_or_default())?;
    keep_chain(flow, message, holds, asked)
}

/// The same whatever the context.
pub(super) fn keep_chain(
    flow: &mut Flow<'_>,
    message: &Certificate<'_>,
    holds: CertificateType,
    asked: impl Fn(ExtensionType) -> bool,
) -> Result<(), Error> {
    if message.list.len() > flow.shared.limits.chain {
        return Err(ErrorKind::TooMuch(Limit::Chain).into());
    }
    for entry in &message.list {
        only_asked(&entry.extensions, &asked)?;
    }
    if holds == CertificateType::RAW_PUBLIC_KEY {
        if message.list.len() > 1 {
            let why = "has more than one entry, where one holds the raw public key";
            return Err(illegal("certificate_list", why, "RFC 9846 4.5.1"));
        }
        if let Some(entry) = message.list.first() {
            PeerKey::raw(entry.cert_data).map_err(ErrorKind::Certificate)?;
            flow.negotiated().peer_raw_key = Some(entry.cert_data.to_vec().into());
        }
        return Ok(());
    }
    flow.negotiated().stapled = stapled(message);
    flow.negotiated().peer_chain = message.list.iter().map(|e| CertificateDer::from(e.cert_data.to_vec())).collect();
    Ok(())
}

/// What came with the chain, if anything did.
fn stapled(message: &Certificate<'_>) -> Option<Box<Stapled>> {
    if message.list.iter().all(|entry| entry.extensions.list.is_empty()) {
        return None;
    }
    let response = |entry: &CertificateEntry<'_>| match entry.extensions.status_request() {
        Some(StatusRequest::Status(status)) => status.response.to_vec(),
        _ => Vec::new(),
    };
    let scts = message.list.first().and_then(|own| own.extensions.signed_certificate_timestamps());
    let scts = match scts {
        Some(SignedCertificateTimestamps::List(list)) => list.iter().map(|sct| sct.to_vec()).collect(),
        _ => Vec::new(),
    };
    Some(Box::new(Stapled { ocsp: message.list.iter().map(response).collect(), scts }))
}

/// The peer's Certificate, its header apart, out of what may come in its stead if we have offered that; notes how it came.
pub(super) fn decompress(
    flow: &mut Flow<'_>,
    compression: Option<&Compression>,
    message: &CompressedCertificate<'_>,
) -> Result<Vec<u8>, Error> {
    let Some(compression) = compression else {
        let got = HandshakeType::COMPRESSED_CERTIFICATE;
        return Err(ErrorKind::UnexpectedMessage { got, expected: "Certificate, as no compression was offered" }.into());
    };
    let certificate = compression.decompress(message, flow.shared.limits.message_size)?;
    flow.negotiated().certificate_compression = Some(message.algorithm);
    Ok(certificate)
}

/// Asks for a verdict on the peer's chain. A server has a name to be held against.
pub(super) fn ask_verdict(
    flow: &mut Flow<'_>,
    verifier: &Arc<dyn Verifier>,
    name: Option<ServerName<'static>>,
    policy: &Policy,
    ocsp_wanted: bool,
) {
    let verifier = verifier.clone();
    if let Some(key) = flow.negotiated().peer_raw_key.clone() {
        return flow.ask(Wait::RawKeyVerdict { verifier, peer: Box::new(RawKeyToVerify { key, name }) });
    }
    let stapled = flow.negotiated().stapled.as_deref().cloned().unwrap_or_default();
    let peer = PeerToVerify {
        chain: flow.negotiated().peer_chain.clone(),
        stapled,
        ocsp_wanted,
        name,
        key_exchange: KeyExchangeKind::Tls13,
        schemes: policy.in_certificates().to_vec(),
        rules: policy.certificates,
    };
    flow.ask(Wait::Verdict { verifier, peer: Box::new(peer) });
}

/// The verdict.
pub(super) fn judged(flow: &mut Flow<'_>, verdict: Result<Verified, CertificateError>) -> Result<(), Error> {
    let refused = |error: &CertificateError| flow.shared.watch.see(Trace::Refused { error });
    let verdict = verdict.inspect_err(refused);
    let how = verdict.map_err(|e| Error::from(ErrorKind::Certificate(e)).during("Certificate", true))?.how;
    flow.shared.watch.see(Trace::Verified { how: &how });
    flow.negotiated().verified = Some(how);
    flow.shared.judged = flow.now;
    Ok(())
}

/// Whether the peer has the key of its certificate. Gives how it signed.
pub(super) fn check_signature(
    flow: &Flow<'_>,
    policy: &Policy,
    message: &CertificateVerify<'_>,
) -> Result<SignatureScheme, Error> {
    let scheme = message.scheme.filter(|s| signs_handshakes(*s) && policy.schemes.contains(s));
    let Some(scheme) = scheme else {
        return Err(illegal("algorithm", "is not a scheme that was offered for handshakes", "RFC 9846 4.5.2"));
    };
    let signer = flow.shared.side.other();
    let key = shown_key(&flow.shared.negotiated).map_err(ErrorKind::Certificate)?;
    if !key.fits(scheme, false) {
        return Err(illegal("algorithm", "does not fit the certificate's key", "RFC 9846 4.5.2"));
    }
    let content = signed_content(signer, &flow.before().hash());
    key.verify(&*flow.shared.provider, &policy.certificates, scheme, false, &content, message.signature)?;
    Ok(scheme)
}

/// Whether the peer saw what we saw, and has the same secrets.
pub(super) fn check_finished(flow: &mut Flow<'_>, base: &TrafficSecret, message: &Finished<'_>) -> Result<(), Error> {
    let transcript = flow.before().hash();
    match bool::from(verify_data(flow, base, &transcript).ct_eq(message.0)) {
        true => Ok(()),
        false => Err(ErrorKind::BadFinished.into()),
    }
}

/// What the peer would like with our chain.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extras {
    /// An OCSP response.
    pub(super) ocsp: bool,
    /// Signed certificate timestamps.
    pub(super) scts: bool,
    /// Our raw key, and no chain at all.
    pub(super) raw_key: bool,
    /// That it is compressed by this.
    pub(super) compression: Option<CertificateCompressionAlgorithm>,
}

/// Sends our chain, or an empty one if we are a client that has none. It goes compressed if both can do that.
pub(super) fn send_certificate(
    flow: &mut Flow<'_>,
    credential: Option<&Credential>,
    wanted: Extras,
    compression: Option<&Compression>,
) {
    let raw = certificate(credential, wanted, &[]);
    let body = raw.get(HEADER..).unwrap_or_default();
    match compression.zip(wanted.compression).and_then(|(how, by)| Some((by, how.compress(by, body)?))) {
        None => flow.send_raw(&raw),
        Some((algorithm, compressed)) => flow.send(&Message::CompressedCertificate(CompressedCertificate {
            algorithm,
            uncompressed_length: body.len(),
            compressed: &compressed,
        })),
    }
}

/// Certificate with this chain, in answer to the request of this context.
pub(super) fn certificate(credential: Option<&Credential>, wanted: Extras, context: &[u8]) -> Vec<u8> {
    let chain = credential.map(|c| c.chain.as_slice()).unwrap_or_default();
    let entry = |der| CertificateEntry { cert_data: der, extensions: Extensions::of(Vec::new()) };
    if let Some(credential) = credential.filter(|_| wanted.raw_key) {
        let list = credential.raw_key.iter().map(|key| entry(&**key)).collect();
        return Message::Certificate(Certificate { context: Some(context), list }).to_bytes();
    }
    let mut list: Vec<_> = chain.iter().map(|der| entry(der.as_ref())).collect();
    let scts = credential.filter(|_| wanted.scts).map(Credential::timestamps).unwrap_or_default();
    if let Some(own) = list.first_mut() {
        let response = credential.filter(|_| wanted.ocsp).and_then(Credential::response);
        let status = response.map(|response| StatusRequest::Status(CertificateStatus { response }));
        own.extensions.list.extend(status.map(Extension::StatusRequest));
        if !scts.is_empty() {
            let scts = SignedCertificateTimestamps::List(List::of(&scts));
            own.extensions.list.push(Extension::SignedCertificateTimestamps(scts));
        }
    }
    Message::Certificate(Certificate { context: Some(context), list }).to_bytes()
}

/// Has the transcript signed.
pub(super) fn ask_signature(flow: &mut Flow<'_>, credential: &Credential, scheme: SignatureScheme) {
    let side = flow.shared.side;
    let message = signed_content(side, &flow.now().hash());
    flow.ask(Wait::Signature { key: credential.key.clone(), scheme, message });
}

/// Sends CertificateVerify.
pub(super) fn send_signature(
    flow: &mut Flow<'_>,
    scheme: SignatureScheme,
    signature: Result<Vec<u8>, Failure>,
) -> Result<(), Error> {
    let signature = signature.map_err(|Failure| not_signed("CertificateVerify"))?;
    flow.send(&Message::CertificateVerify(CertificateVerify { scheme: Some(scheme), signature: &signature }));
    Ok(())
}

/// Sends Finished.
pub(super) fn send_finished(flow: &mut Flow<'_>, base: &TrafficSecret) {
    let transcript = flow.now().hash();
    let verify_data = verify_data(flow, base, &transcript);
    flow.send(&Message::Finished(Finished(&verify_data)));
}

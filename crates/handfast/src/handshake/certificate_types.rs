//! What the Certificate of either side holds: X.509 or a raw public key (RFC 7250 4).

use crate::config::{ClientConfig, ServerConfig};
use crate::crypto::Credential;
use crate::error::{Error, NothingInCommon};
use crate::extension::{CertificateTypes, Extension, Extensions};
use crate::wait::HelloSummary;
use crate::wire::numbers::CertificateType;
use std::sync::Arc;

const DEFAULT: &[CertificateType] = &[CertificateType::X509];

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) client: CertificateType,
    pub(crate) server: CertificateType,
}

/// What holds unless the two say otherwise.
pub(crate) const X509: Agreed = Agreed { client: CertificateType::X509, server: CertificateType::X509 };

/// What a client can show; that it has nothing is X.509, too.
fn own(config: &ClientConfig) -> Vec<CertificateType> {
    config.credentials.as_ref().map_or_else(|| DEFAULT.to_vec(), |c| c.certificate_types())
}

/// What a client says: what it can show, and what it takes; empty where it leaves the extension out (RFC 7250 4.1).
pub(super) fn offered(config: &ClientConfig) -> [Vec<CertificateType>; 2] {
    let said = |list: Vec<CertificateType>| match list.iter().all(|t| *t == CertificateType::X509) {
        true => Vec::new(),
        false => list.into_iter().take(255).collect(),
    };
    [said(own(config)), said(config.server_certificate_types.clone())]
}

fn selected(answer: Option<&CertificateTypes<'_>>) -> Option<CertificateType> {
    match answer {
        Some(CertificateTypes::Selected(one)) => Some(*one),
        _ => None,
    }
}

/// What the server makes of it. Where a session is resumed, no certificate is shown.
pub(super) fn answered(config: &ClientConfig, answer: &Extensions<'_>, resumed: bool) -> Result<Agreed, Error> {
    let server = selected(answer.server_certificate_type());
    let client = selected(answer.client_certificate_type());
    let agreed =
        Agreed { client: client.unwrap_or(CertificateType::X509), server: server.unwrap_or(CertificateType::X509) };
    if !resumed {
        one_of(agreed.server, &config.server_certificate_types)?;
    }
    // That it was left out means nothing unless a certificate is asked for, which is seen then.
    if client.is_some() {
        one_of(agreed.client, &own(config))?;
    }
    Ok(agreed)
}

fn one_of(theirs: CertificateType, ours: &[CertificateType]) -> Result<(), Error> {
    match ours.contains(&theirs) {
        true => Ok(()),
        false => Err(NothingInCommon::CertificateType { theirs: vec![theirs], ours: ours.to_vec() }.into()),
    }
}

/// A client's credential does not have what the server chose.
pub(super) fn cannot_show(credential: &Credential, what: CertificateType) -> Error {
    NothingInCommon::CertificateType { theirs: vec![what], ours: credential.types() }.into()
}

fn or_default(theirs: &[CertificateType]) -> &[CertificateType] {
    if theirs.is_empty() { DEFAULT } else { theirs }
}

/// Leaves a server the credentials that have something that the client can judge.
pub(super) fn fitting(
    summary: &HelloSummary,
    mut candidates: Vec<Arc<Credential>>,
) -> Result<Vec<Arc<Credential>>, Error> {
    let theirs = or_default(&summary.server_certificate_types);
    if candidates.iter().any(|c| theirs.iter().any(|t| c.shows(*t))) {
        candidates.retain(|c| theirs.iter().any(|t| c.shows(*t)));
        return Ok(candidates);
    }
    let mut ours: Vec<_> = candidates.iter().flat_map(|c| c.types()).collect();
    ours.sort_unstable();
    ours.dedup();
    Err(NothingInCommon::CertificateType { theirs: theirs.to_vec(), ours }.into())
}

/// What a server shows of a credential: the first of what the client would like.
pub(super) fn shown(summary: &HelloSummary, credential: &Credential) -> CertificateType {
    let theirs = or_default(&summary.server_certificate_types);
    theirs.iter().copied().find(|t| credential.shows(*t)).unwrap_or(CertificateType::X509)
}

/// What a client is to show if it is asked, now or after the handshake: the first of ours that it has (RFC 7250 4.2).
pub(super) fn wanted(config: &ServerConfig, summary: &HelloSummary) -> Result<CertificateType, Error> {
    let (ours, theirs) = (&config.client_certificate_types, or_default(&summary.client_certificate_types));
    match ours.iter().copied().find(|t| theirs.contains(t)) {
        Some(one) => Ok(one),
        // It is not asked in the handshake, and perhaps never.
        None if config.client_auth.verifier().is_none() => Ok(CertificateType::X509),
        None => Err(NothingInCommon::CertificateType { theirs: theirs.to_vec(), ours: ours.clone() }.into()),
    }
}

/// What a server says: an answer to each extension that the client sent. `client`: what it is asked for, if it is.
pub(super) fn answers<'e>(
    summary: &HelloSummary,
    server: CertificateType,
    client: Option<CertificateType>,
) -> impl Iterator<Item = Extension<'e>> + use<'e> {
    let server = (!summary.server_certificate_types.is_empty()).then_some(server);
    let client = client.filter(|_| !summary.client_certificate_types.is_empty());
    let client = client.map(|one| Extension::ClientCertificateType(CertificateTypes::Selected(one)));
    let server = server.map(|one| Extension::ServerCertificateType(CertificateTypes::Selected(one)));
    client.into_iter().chain(server)
}

//! ServerHello up to TLS 1.2 (RFC 5246 7.4.1.3).

use super::super::super::{Flow, Side, certificate_types};
use super::super::secrets::Agreed;
use super::Draft;
use crate::crypto::Credential;
use crate::error::Error;
use crate::extension::{
    Alpn, Bytes, EcPointFormats, Empty, Extension, Extensions, RecordSizeLimit, RenegotiationInfo, ServerNameExtension,
    SignedCertificateTimestamps, StatusRequest,
};
use crate::message::{Message, ServerHello, ServerHelloFixed};
use crate::wire::numbers::{CertificateType, CompressionMethod, EcPointFormat, ExtensionType};
use crate::wire::{List, Opaque};

impl Draft {
    /// Sends ServerHello. `shown`: what is about to be shown, if a certificate is.
    pub(super) fn greet(
        &self,
        flow: &mut Flow<'_>,
        agreed: Agreed,
        id: &[u8],
        ticket: bool,
        shown: Option<&Credential>,
    ) -> Result<(), Error> {
        let mut random = [0; 32];
        flow.shared.provider.random(&mut random)?;
        let newest = self.chosen.config.policy.versions().first().copied();
        if let (Some(sentinel), Some(end)) =
            (newest.and_then(|v| agreed.rules.sentinel(v)), random.last_chunk_mut::<8>())
        {
            *end = *sentinel;
        }
        flow.shared.server_random = random;
        let (renegotiation, resumed) = (flow.shared.negotiated.secure_renegotiation, flow.shared.negotiated.resumed);
        let renegotiated = flow.shared.renegotiated(Side::Server);
        let exchange = agreed.suite.key_exchange;
        let summary = &self.chosen.summary;
        let named = summary.server_name.is_some();
        let asks = exchange.has_certificate() && self.chosen.config.client_auth.verifier().is_some();
        let owner = shown.or_else(|| self.chosen.candidates.first().map(|c| &**c));
        let shows = owner.map_or(CertificateType::X509, |c| certificate_types::shown(summary, c));
        let client_type = (asks && !resumed).then_some(self.chosen.client_type);
        // What goes with a certificate goes only with one.
        let shown = shown.filter(|_| shows == CertificateType::X509);
        let status = shown.is_some_and(|c| summary.ocsp && c.response().is_some());
        let scts = shown.filter(|_| summary.scts).map(Credential::timestamps).unwrap_or_default();
        let limit = flow.shared.negotiated.peer_record_size_limit.map(|theirs| {
            let most = RecordSizeLimit::MOST_CLASSIC;
            let ours = self.chosen.config.record_size_limit.map_or(most, |n| n.clamp(RecordSizeLimit::LEAST, most));
            flow.limit_records(theirs.into(), ours.into());
            Extension::RecordSizeLimit(RecordSizeLimit(ours))
        });
        let list: Vec<Extension<'_>> = [
            limit,
            renegotiation.then_some(Extension::RenegotiationInfo(RenegotiationInfo(&renegotiated))),
            (named && !resumed).then_some(Extension::ServerName(ServerNameExtension(Vec::new()))),
            status.then_some(Extension::StatusRequest(StatusRequest::Empty)),
            (!scts.is_empty())
                .then(|| Extension::SignedCertificateTimestamps(SignedCertificateTimestamps::List(List::of(&scts)))),
            agreed.extended_master_secret.then_some(Extension::ExtendedMasterSecret(Empty)),
            agreed.encrypt_then_mac.then_some(Extension::EncryptThenMac(Empty)),
            ticket.then_some(Extension::SessionTicket(Bytes(&[]))),
            (self.point_formats && exchange.has_ecdhe())
                .then(|| Extension::EcPointFormats(EcPointFormats(List::of(&[EcPointFormat::UNCOMPRESSED])))),
            self.chosen.alpn.as_ref().map(|name| Extension::Alpn(Alpn(vec![name]))),
        ]
        .into_iter()
        .flatten()
        .chain(certificate_types::answers(summary, shows, client_type))
        .filter(|e| agreed.rules.extensions || e.kind() == ExtensionType::RENEGOTIATION_INFO)
        .collect();
        flow.send(&Message::ServerHello(ServerHello {
            fixed: ServerHelloFixed {
                legacy_version: agreed.rules.version,
                random: &random,
                session_id: Opaque(id),
                cipher_suite: agreed.suite.number,
                compression_method: CompressionMethod::NULL,
            },
            extensions: Extensions { present: !list.is_empty(), list },
        }));
        Ok(())
    }
}

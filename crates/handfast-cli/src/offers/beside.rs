//! What comes with a certificate: OCSP responses, timestamps of logs, and that it is compressed.

use super::case::Case;
use super::{Offer, Topic, Verdict, listed};
use crate::words::size;
use handfast::extension::StatusRequest;
use handfast::wire::numbers::CertificateCompressionAlgorithm;

pub(super) fn topic(case: &Case<'_>) -> Topic {
    let mut offers = Vec::new();
    offers.extend(status(case));
    offers.extend(timestamps(case));
    offers.extend(compression(case));
    let chosen = case.compressed.map(|c| format!("compressed by {}", c.algorithm));
    Topic { name: "Beside the certificate", chosen, why: why(case), offers }
}

fn why(case: &Case<'_>) -> String {
    if case.resumed {
        return "A session was resumed, and no certificate was sent.".into();
    }
    if !case.shown {
        return "It did not come to a certificate.".into();
    }
    let Some(compressed) = case.compressed else {
        return "The certificate was sent as it is.".into();
    };
    let (from, to) = (compressed.uncompressed_length, compressed.compressed.len());
    format!("What would have been {} was sent in {}: {} less.", size(from), size(to), size(from.saturating_sub(to)))
}

fn status(case: &Case<'_>) -> Option<Offer> {
    let (offer, who) = (Offer::numbered("status_request", (5, 2), "status_request"), case.capital());
    let rule = "RFC 6066 8";
    let asked = match case.extensions().status_request()? {
        StatusRequest::Ocsp { .. } => format!(
            "{who} asks for an OCSP response, by which an authority says that it has not revoked the certificate."
        ),
        _ => {
            return Some(offer.is(
                Verdict::Unknown,
                format!("{who} asks for a status of another kind than OCSP."),
                rule,
            ));
        }
    };
    let has = case.credential().is_some_and(|c| c.ocsp.is_some());
    Some(match () {
        () if has => offer.is(Verdict::Heeded, format!("{asked} It came along: nobody else has to be asked."), rule),
        () if case.shown => offer.is(
            Verdict::NotOurs,
            format!("{asked} This server has none: whoever wants to know has to ask the authority."),
            rule,
        ),
        () => offer.is(Verdict::Usable, format!("{asked} No certificate was sent."), rule),
    })
}

fn timestamps(case: &Case<'_>) -> Option<Offer> {
    case.extensions().signed_certificate_timestamps()?;
    let offer = Offer::numbered("signed_certificate_timestamp", (18, 2), "signed_certificate_timestamp");
    let (asked, rule) =
        (format!("{} asks for proof that public logs have seen the certificate.", case.capital()), "RFC 6962 3.3.1");
    let count = case.credential().map_or(0, |c| c.scts.len());
    Some(match count {
        0 if case.shown => offer.is(
            Verdict::NotOurs,
            format!("{asked} This server has none beside what stands in the certificate."),
            rule,
        ),
        0 => offer.is(Verdict::Usable, format!("{asked} No certificate was sent."), rule),
        n => offer.is(Verdict::Heeded, format!("{asked} Of these timestamps, {n} came along."), rule),
    })
}

fn compression(case: &Case<'_>) -> Vec<Offer> {
    type Algorithm = CertificateCompressionAlgorithm;
    let Some(list) = case.extensions().compress_certificate() else { return Vec::new() };
    let ours = case.config.certificate_compression.as_ref().map(|c| c.numbers()).unwrap_or_default();
    let spoken = |a: Algorithm| [Algorithm::BROTLI, Algorithm::ZLIB].contains(&a) || ours.contains(&a);
    let one = |algorithm: Algorithm| {
        let offer = Offer::numbered(algorithm, (algorithm.0, 2), "compress_certificate");
        let (verdict, meaning) = match () {
            () if case.compressed.is_some_and(|c| c.algorithm == algorithm) => {
                (Verdict::Chosen, "The certificate was compressed by it.".into())
            }
            () if case.is_classic() => (Verdict::OtherVersion, "Certificates are compressed in TLS 1.3 only.".into()),
            () if !spoken(algorithm) => (Verdict::Unknown, "This server cannot compress by it.".into()),
            () if ours.is_empty() => (Verdict::NotOurs, "This server could, and is not told to compress.".into()),
            () if !ours.contains(&algorithm) => (
                Verdict::NotOurs,
                format!("This server is told to compress by {} only.", listed(ours.iter().map(ToString::to_string))),
            ),
            () if case.compressed.is_some() => (Verdict::Usable, "Both could; this server puts another first.".into()),
            () if !case.shown => (Verdict::Usable, "Both could. No certificate was sent.".into()),
            () => (Verdict::Usable, "Both could, and the certificate would not have become smaller.".into()),
        };
        offer.is(verdict, meaning, "RFC 8879 3")
    };
    list.0.iter().map(one).collect()
}

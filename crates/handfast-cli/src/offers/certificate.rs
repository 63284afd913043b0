//! How the server proves who it is: its certificate, and the signature made with its key.

use super::case::{Case, bounded, kind};
use super::{Offer, Topic, Verdict, listed};
use crate::words;
use handfast::Weakness;
use handfast::crypto::{Credential, KeyExchangeKind, KeyKind};
use handfast::extension::CertificateTypes;
use handfast::wire::numbers::{CertificateType, SignatureScheme};
use std::collections::BTreeSet;
use x509_parser::prelude::{FromDer, X509Name};

const FIELD: &str = "signature_algorithms";
const RULE: &str = "RFC 9846 4.3.3";

pub(super) fn topic(case: &Case<'_>) -> Topic {
    let mut offers: Vec<Offer> = schemes(case).into_iter().map(|s| offer(case, s)).collect();
    let certs = case.extensions().signature_algorithms_cert();
    let certs = certs.map(|s| bounded(s.0.iter())).unwrap_or_default();
    offers.extend(certs.into_iter().map(|s| in_certificates(case, s)));
    offers.extend(types(case, "server_certificate_type", case.extensions().server_certificate_type()));
    offers.extend(types(case, "client_certificate_type", case.extensions().client_certificate_type()));
    offers.extend(authorities(case));
    Topic { name: "Certificate and signature", chosen: case.scheme.map(words::scheme), why: why(case), offers }
}

fn schemes(case: &Case<'_>) -> Vec<SignatureScheme> {
    case.extensions().signature_algorithms().map(|s| bounded(s.0.iter())).unwrap_or_default()
}

/// What this server's keys are for, each kind once.
fn own_keys(case: &Case<'_>) -> String {
    let keys: BTreeSet<String> = case.own().iter().map(|c| key(c)).collect();
    listed(keys)
}

/// What a key is for, of ECDSA the curve, too.
fn key(credential: &Credential) -> String {
    match (credential.kind(), credential.key.schemes().first()) {
        (KeyKind::Ecdsa | KeyKind::MlDsa, Some(scheme)) => words::scheme(*scheme),
        (other, _) => kind(other).into(),
    }
}

fn why(case: &Case<'_>) -> String {
    let who = case.who();
    let by_psk = case.done.is_some_and(|n| n.psk_identity.is_some());
    match (case.scheme, case.suite_row().map(|s| s.key_exchange)) {
        (Some(_), _) => signed(case),
        (None, _) if by_psk => "Nobody signed: both proved to have a key that they had been given before.".into(),
        (None, _) if case.resumed => format!("Nobody signed: this server had proved itself to {who} in the handshake that was resumed."),
        (None, Some(KeyExchangeKind::Rsa)) => {
            "Nobody signed: this server proved itself by decrypting what was encrypted under the RSA key of its certificate.".into()
        }
        (None, _) if case.shown => "The signature is of the form that old versions have, which names no scheme.".into(),
        (None, _) => not_signed(case),
    }
}

fn signed(case: &Case<'_>) -> String {
    let who = case.who();
    let Some(credential) = case.credential() else {
        return format!("It is a signature that {who} can check, and that a key of this server's makes.");
    };
    let (many, key) = (case.candidates().len(), key(&credential));
    match many {
        1 => format!("This server's certificate is for {key}, and {who} can check that."),
        _ => format!(
            "This server has certificates for {}. It showed the first of them whose signature {who} can check.",
            own_keys(case)
        ),
    }
}

fn not_signed(case: &Case<'_>) -> String {
    let who = case.who();
    let (fits, keys) = (schemes(case).iter().any(|s| judge(case, *s) == Verdict::Usable), own_keys(case));
    match () {
        () if case.own().is_empty() => "This server has no certificate.".into(),
        () if fits => {
            format!("It did not come to a signature. {} can check those of this server ({keys}).", case.capital())
        }
        () if schemes(case).is_empty() => {
            format!("It did not come to a signature, and {who} does not say which it can check.")
        }
        () => format!(
            "This server's keys ({keys}) make no signature that {who} can check: it needs a certificate of another kind."
        ),
    }
}

/// Whether a handshake of TLS 1.3 may be signed so (RFC 9846 4.3.3).
fn signs_tls13(scheme: SignatureScheme) -> bool {
    let name = scheme.name().unwrap_or_default();
    !name.starts_with("rsa_pkcs1") && !name.starts_with("dsa") && !name.ends_with("_sha1") && !name.ends_with("_sha224")
}

/// Whether this key makes such signatures, in the version that it is about.
fn makes(case: &Case<'_>, credential: &Credential, scheme: SignatureScheme) -> bool {
    match case.is_classic() {
        true => credential.key.classic_schemes().contains(&scheme) || credential.key.schemes().contains(&scheme),
        false => credential.key.schemes().contains(&scheme),
    }
}

fn judge(case: &Case<'_>, scheme: SignatureScheme) -> Verdict {
    match KeyKind::of(scheme) {
        _ if case.scheme == Some(scheme) => Verdict::Chosen,
        None => Verdict::Unknown,
        Some(_) if case.is_tls13() && !signs_tls13(scheme) => Verdict::OtherVersion,
        Some(KeyKind::MlDsa) if case.is_classic() => Verdict::OtherVersion,
        Some(_) if !case.policy().signs_with().contains(&scheme) => Verdict::NotOurs,
        Some(_) if !case.own().iter().any(|c| makes(case, c, scheme)) => Verdict::Unfit,
        Some(_) => Verdict::Usable,
    }
}

fn offer(case: &Case<'_>, scheme: SignatureScheme) -> Offer {
    let offer = Offer::numbered(scheme, (scheme.0, 2), FIELD);
    if scheme.is_grease() {
        return offer.grease();
    }
    let verdict = judge(case, scheme);
    let mut meaning = match verdict {
        Verdict::Chosen => "This server signed the handshake so, with the key of its certificate.".into(),
        Verdict::Usable => usable(case, scheme),
        Verdict::OtherVersion if case.is_classic() => "It is for TLS 1.3 alone.".into(),
        Verdict::OtherVersion => "In TLS 1.3 certificates may be signed so, and no handshake.".into(),
        Verdict::NotOurs => "This server could, and its policy does not have it.".into(),
        Verdict::Unfit => {
            let has = match case.own().is_empty() {
                true => "This server has no certificate.".into(),
                false => format!("This server has keys for {}.", own_keys(case)),
            };
            format!("It needs a certificate with {}. {has}", fitting(case, scheme))
        }
        _ => "This server does not speak it.".into(),
    };
    if KeyKind::of(scheme) == Some(KeyKind::MlDsa) {
        meaning += " No quantum computer is known to help whoever would forge it.";
    }
    let weak = is_weak(scheme);
    if weak {
        meaning += &format!(" Weak: {}.", Weakness::Sha1Signature.words());
    }
    offer.is(verdict, meaning, if weak { Weakness::Sha1Signature.section() } else { RULE })
}

fn usable(case: &Case<'_>, scheme: SignatureScheme) -> String {
    let same = case.credential().is_some_and(|c| makes(case, &c, scheme));
    match (case.scheme.is_some(), same) {
        (true, true) => "The key of this certificate could have signed so, too.".into(),
        (true, false) => "Another certificate of this server's could have been shown, and signed so.".into(),
        (false, _) => format!("{} can check it, and a key of this server's makes it.", case.capital()),
    }
}

fn is_weak(scheme: SignatureScheme) -> bool {
    use SignatureScheme as S;
    [S::RSA_PKCS1_MD5, S::RSA_PKCS1_SHA1, S::ECDSA_SHA1, S::DSA_SHA1].contains(&scheme)
}

/// The key that makes such a signature. Before TLS 1.3 the curve is of no matter (RFC 5246 7.4.1.4.1).
fn fitting(case: &Case<'_>, scheme: SignatureScheme) -> String {
    match KeyKind::of(scheme) {
        Some(KeyKind::Ecdsa) => match scheme.name().unwrap_or_default() {
            name if name.contains("secp") && !case.is_classic() => format!("an {} key", words::scheme(scheme)),
            _ => "an ECDSA key".into(),
        },
        Some(KeyKind::MlDsa) => "an ML-DSA key".into(),
        Some(KeyKind::Ed25519) => "an Ed25519 key".into(),
        Some(KeyKind::Rsa) => "an RSA key".into(),
        Some(KeyKind::RsaPss) => "an RSA key that is for RSA-PSS alone".into(),
        None => "another key".into(),
    }
}

/// One of signature_algorithms_cert.
fn in_certificates(case: &Case<'_>, scheme: SignatureScheme) -> Offer {
    let offer = Offer::numbered(scheme, (scheme.0, 2), "signature_algorithms_cert");
    if scheme.is_grease() {
        return offer.grease();
    }
    let meaning = format!("{} takes certificates that an authority has signed so.", case.capital());
    offer.is(Verdict::Heeded, meaning, RULE)
}

/// What a Certificate of either side may hold.
fn types(case: &Case<'_>, field: &'static str, types: Option<&CertificateTypes<'_>>) -> Vec<Offer> {
    const RAW: CertificateType = CertificateType::RAW_PUBLIC_KEY;
    let Some(CertificateTypes::Offered(list)) = types else { return Vec::new() };
    let server = field == "server_certificate_type";
    let has = |t: CertificateType| match server {
        true => case.own().iter().any(|c| c.shows(t)),
        false => case.config.client_certificate_types.contains(&t),
    };
    let one = |t: CertificateType| {
        let what = if t == RAW { "a bare public key" } else { "certificates" };
        let who = case.who();
        let (verdict, meaning) = match (has(t), t) {
            (false, CertificateType::X509 | RAW) => (Verdict::NotOurs, "This server is not set up for that.".into()),
            (false, _) => (Verdict::Unknown, "This server does not speak it.".into()),
            (true, _) if server => (Verdict::Usable, format!("{} can judge {what} of this server's.", case.capital())),
            (true, _) => (Verdict::Usable, format!("If it is asked who it is, {who} can show {what}.")),
        };
        Offer::numbered(t, (t.0.into(), 1), field).is(verdict, meaning, "RFC 7250 3")
    };
    list.iter().map(one).collect()
}

/// The authorities that the client names.
fn authorities(case: &Case<'_>) -> Vec<Offer> {
    let Some(list) = case.extensions().certificate_authorities() else { return Vec::new() };
    let one = |name: &[u8]| {
        let leads = case.own().iter().any(|c| handfast::verify::leads_to(&c.chain, &[name]));
        let (verdict, meaning) = match leads {
            true => {
                (Verdict::Heeded, "A certificate of this server's leads to that authority, and goes before others.")
            }
            false => (Verdict::Unfit, "No certificate of this server's leads to that authority."),
        };
        Offer::named(distinguished(name), "certificate_authorities").is(verdict, meaning, "RFC 9846 4.3.4")
    };
    bounded(list.0.iter().map(|name| one(name.0)))
}

/// A name in DER, in words.
fn distinguished(name: &[u8]) -> String {
    match X509Name::from_der(name).map(|(_, n)| words::harmless(&n.to_string())) {
        Ok(text) if !text.is_empty() => text,
        Ok(_) => "an authority without a name".into(),
        Err(_) => "a name that cannot be read".into(),
    }
}

//! OCSP responses that come with a chain (RFC 6960, RFC 6066 8): webpki leaves them to us. Nothing is fetched.
//!
//! A response counts if it is about this very certificate, signed by the certificate's issuer or by whom that issuer has made a
//! responder (RFC 6960 4.2.2.2), and of now. That the responder's own certificate was not revoked is not looked into.

use super::der::{Certificate, Der, Key, Signed, Value, tag};
use super::words;
use crate::Time;
use ::webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use std::time::Duration;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

/// By how much the clocks of this machine and of a responder may differ.
const SKEW: Duration = Duration::from_secs(5 * 60);
/// For how long a response counts that does not say when there will be a newer one.
const UNLIMITED: Duration = Duration::from_secs(7 * 24 * 3600);

/// Tags of OCSP's own (RFC 6960 4.2.1, 4.1.1).
const ENUMERATED: u8 = 0x0A;
const BY_NAME: u8 = 0xA1;
const BY_KEY: u8 = 0xA2;
const GOOD: u8 = 0x80;
const REVOKED: u8 = 0xA1;
const EXPLICIT_1: u8 = 0xA1;

/// 1.3.6.1.5.5.7.48.1.1 (RFC 6960 4.2.1)
const BASIC_RESPONSE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1];
/// 1.3.6.1.5.5.7.3.9 (RFC 6960 4.2.2.2)
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
/// 1.3.14.3.2.26
const SHA1_OID: &[u8] = &[0x2b, 14, 3, 2, 26];
/// 2.16.840.1.101.3.4.2.1
const SHA256_OID: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];

/// Why a response does not speak for a certificate. The clause goes on from "its OCSP response".
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// It says that the certificate was revoked: when, and why.
    Revoked(Time, Option<u8>),
    /// It is of no use.
    Bad(String),
}

fn bad<T>(why: impl Into<String>) -> Result<T, Against> {
    Err(Against::Bad(why.into()))
}

/// Of which certificate, and by whom it was issued.
pub(super) struct Question<'a> {
    pub(super) certificate: &'a Certificate<'a>,
    /// DER.
    pub(super) issuer: &'a CertificateDer<'a>,
    pub(super) now: Time,
    /// Those that may stand in certificates.
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
}

impl Question<'_> {
    /// Whether the response says that the certificate is good. Gives as of when it says so.
    pub(super) fn answered_by(&self, response: &[u8]) -> Result<Time, Against> {
        let Some(issuer) = Certificate::read(self.issuer) else { return bad("is by an issuer that cannot be read") };
        let basic = Basic::read(response)?;
        let single = self.find(basic.responses, &issuer)?;
        self.check_signer(&basic, &issuer)?;
        self.check_time(&single)?;
        match single.status.tag {
            GOOD => Ok(single.this_update),
            REVOKED => {
                let mut info = Der(single.status.content);
                let when = info.next(tag::GENERALIZED_TIME).and_then(|t| time(&t)).unwrap_or(single.this_update);
                let reason = info.optional(tag::EXPLICIT_0).and_then(|v| Der(v.content).next(ENUMERATED));
                Err(Against::Revoked(when, reason.and_then(|r| r.content.first().copied())))
            }
            _ => bad("says that its responder knows no such certificate"),
        }
    }

    /// What it says of this certificate. Of several that do, the first counts.
    fn find<'r>(&self, responses: &'r [u8], issuer: &Certificate<'_>) -> Result<Single<'r>, Against> {
        let mut list = Der(responses);
        while let Some(single) = list.next(tag::SEQUENCE) {
            let Some(single) = Single::read(single.content) else { return bad(UNREADABLE) };
            if self.is_meant(single.id, issuer) {
                return if single.critical { bad(CRITICAL) } else { Ok(single) };
            }
        }
        bad("is about another certificate")
    }

    /// Whether a CertID (RFC 6960 4.1.1), given without tag and length, is that of the certificate.
    fn is_meant(&self, id: &[u8], issuer: &Certificate<'_>) -> bool {
        let Some(key) = Key::read(issuer.spki) else { return false };
        let mut id = Der(id);
        let fields = (|| {
            let algorithm = Der(id.next(tag::SEQUENCE)?.content).next(tag::OID)?.content;
            let (name, key) = (id.next(tag::OCTET_STRING)?.content, id.next(tag::OCTET_STRING)?.content);
            Some((algorithm, name, key, id.next(tag::INTEGER)?.content))
        })();
        let Some((algorithm, name_hash, key_hash, serial)) = fields else { return false };
        let algorithm: &'static digest::Algorithm = match algorithm {
            SHA1_OID => &SHA1_FOR_LEGACY_USE_ONLY,
            SHA256_OID => &SHA256,
            _ => return false,
        };
        serial == self.certificate.serial
            && name_hash == digest(algorithm, issuer.subject).as_ref()
            && key_hash == digest(algorithm, key.bits).as_ref()
    }

    fn check_signer(&self, basic: &Basic<'_>, issuer: &Certificate<'_>) -> Result<(), Against> {
        if basic.is_by(issuer) {
            return self.check_signature(basic, issuer);
        }
        let mut certificates = Der(basic.certificates);
        let responder = std::iter::from_fn(|| certificates.next(tag::SEQUENCE))
            .find_map(|v| Certificate::read(v.whole).filter(|c| basic.is_by(c)).map(|c| (v.whole, c)));
        let Some((der, responder)) = responder else {
            return bad("is signed by a responder whose certificate is not with it");
        };
        self.check_responder(der)?;
        self.check_signature(basic, &responder)
    }

    /// Whether the issuer has made this one a responder.
    fn check_responder(&self, der: &[u8]) -> Result<(), Against> {
        let der = CertificateDer::from(der);
        let now = UnixTime::since_unix_epoch(self.now.0);
        let usage = KeyUsage::required(OCSP_SIGNING);
        let checked = anchor_from_trusted_cert(self.issuer).and_then(|anchor| {
            EndEntityCert::try_from(&der)?.verify_for_usage(self.algorithms, &[anchor], &[], now, usage, None, None)?;
            Ok(())
        });
        checked
            .or_else(|e| bad(format!("is signed by one whom the certificate's issuer has not made a responder ({e})")))
    }

    fn check_signature(&self, basic: &Basic<'_>, signer: &Certificate<'_>) -> Result<(), Against> {
        let Some(key) = Key::read(signer.spki) else { return bad("is signed by a key that cannot be read") };
        if !basic.signed.is_with_any(&key, self.algorithms) {
            let algorithm = super::der::algorithm(basic.signed.algorithm);
            return bad(format!("is signed with {}, which is not accepted", words::oid(&algorithm)));
        }
        match basic.signed.is_by(&key, self.algorithms) {
            true => Ok(()),
            false => bad("has a signature that is not by the key of the responder that it names"),
        }
    }

    fn check_time(&self, single: &Single<'_>) -> Result<(), Against> {
        let (now, from) = (self.now.0, single.this_update.0);
        let until = single.next_update.map_or(from.saturating_add(UNLIMITED), |t| t.0);
        if from > now.saturating_add(SKEW) {
            return bad(format!("is of {}, which is yet to come", words::date(single.this_update)));
        }
        if until.saturating_add(SKEW) < now {
            let until = Time(until);
            let ago = words::between(until, self.now);
            return bad(format!("is out of date since {}, {ago} ago", words::date(until)));
        }
        Ok(())
    }
}

const UNREADABLE: &str = "cannot be read";
const CRITICAL: &str = "has a critical extension that is not known here";

/// A BasicOCSPResponse (RFC 6960 4.2.1), as ranges of its bytes.
struct Basic<'a> {
    signed: Signed<'a>,
    /// The content of the list; empty if there is none.
    certificates: &'a [u8],
    /// byName: the Name, whole; byKey: the hash.
    responder: Value<'a>,
    /// The content of the list.
    responses: &'a [u8],
}

impl<'a> Basic<'a> {
    fn read(response: &'a [u8]) -> Result<Self, Against> {
        let unreadable = || Against::Bad(UNREADABLE.into());
        let mut outer = Der(Der(response).next(tag::SEQUENCE).ok_or_else(unreadable)?.content);
        let status = outer.next(ENUMERATED).ok_or_else(unreadable)?;
        let why = match status.content {
            [0] => {
                return Self::read_basic(&mut outer)
                    .ok_or_else(unreadable)
                    .and_then(|(basic, critical)| if critical { bad(CRITICAL) } else { Ok(basic) });
            }
            [1] => "malformedRequest",
            [2] => "internalError",
            [3] => "tryLater",
            [5] => "sigRequired",
            [6] => "unauthorized",
            _ => "an error that is not known here",
        };
        bad(format!("says no more than that its responder had none to give ({why})"))
    }

    /// And whether one of its extensions is critical.
    fn read_basic(outer: &mut Der<'a>) -> Option<(Self, bool)> {
        let mut bytes = Der(Der(outer.next(tag::EXPLICIT_0)?.content).next(tag::SEQUENCE)?.content);
        bytes.next(tag::OID).filter(|kind| kind.content == BASIC_RESPONSE)?;
        let mut basic = Der(Der(bytes.next(tag::OCTET_STRING)?.content).next(tag::SEQUENCE)?.content);
        let data = basic.next(tag::SEQUENCE)?;
        let algorithm = basic.next(tag::SEQUENCE)?.content;
        let (_unused, signature) = basic.next(tag::BIT_STRING)?.content.split_first()?;
        let certificates = match basic.optional(tag::EXPLICIT_0) {
            Some(list) => Der(list.content).next(tag::SEQUENCE)?.content,
            None => &[],
        };
        let mut fields = Der(data.content);
        fields.optional(tag::EXPLICIT_0); // version
        let responder = fields.any()?;
        fields.next(tag::GENERALIZED_TIME)?; // producedAt
        let responses = fields.next(tag::SEQUENCE)?.content;
        let critical = fields.optional(EXPLICIT_1).is_some_and(|e| any_critical(e.content));
        let signed = Signed { message: data.whole, algorithm, signature };
        Some((Self { signed, certificates, responder, responses }, critical))
    }

    /// Whether it names this one as its responder.
    fn is_by(&self, who: &Certificate<'_>) -> bool {
        match self.responder.tag {
            BY_NAME => self.responder.content == who.subject,
            BY_KEY => {
                let hash = Der(self.responder.content).next(tag::OCTET_STRING);
                let key = Key::read(who.spki).map(|key| digest(&SHA1_FOR_LEGACY_USE_ONLY, key.bits));
                matches!((hash, key), (Some(hash), Some(key)) if hash.content == key.as_ref())
            }
            _ => false,
        }
    }
}

/// A SingleResponse (RFC 6960 4.2.1).
struct Single<'a> {
    /// The content of the CertID.
    id: &'a [u8],
    status: Value<'a>,
    this_update: Time,
    next_update: Option<Time>,
    /// Whether one of its extensions is critical.
    critical: bool,
}

impl<'a> Single<'a> {
    fn read(content: &'a [u8]) -> Option<Self> {
        let mut fields = Der(content);
        let id = fields.next(tag::SEQUENCE)?.content;
        let status = fields.any()?;
        let this_update = time(&fields.next(tag::GENERALIZED_TIME)?)?;
        let next_update = match fields.optional(tag::EXPLICIT_0) {
            Some(next) => Some(time(&Der(next.content).next(tag::GENERALIZED_TIME)?)?),
            None => None,
        };
        let critical = fields.optional(EXPLICIT_1).is_some_and(|e| any_critical(e.content));
        Some(Self { id, status, this_update, next_update, critical })
    }
}

/// Whether one of these Extensions, which stand behind an explicit tag, is critical (RFC 6960 4.4).
fn any_critical(content: &[u8]) -> bool {
    let mut list = Der(Der(content).next(tag::SEQUENCE).map_or(&[], |l| l.content));
    std::iter::from_fn(|| list.next(tag::SEQUENCE)).any(|extension| {
        let mut fields = Der(extension.content);
        fields.next(tag::OID);
        fields.next(tag::BOOLEAN).is_some_and(|flag| flag.content != [0])
    })
}

/// A GeneralizedTime. Before 1970 is 1970.
fn time(value: &Value<'_>) -> Option<Time> {
    let (_, time) = ASN1Time::from_der(value.whole).ok()?;
    Some(Time(Duration::from_secs(u64::try_from(time.timestamp()).unwrap_or(0))))
}

/// A CRLReason in words (RFC 5280 5.3.1).
pub(super) fn reason(code: u8) -> &'static str {
    match code {
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => "unspecified",
    }
}

#[cfg(test)]
mod tests;

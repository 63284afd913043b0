//! From webpki's errors, which name the fault, to ours, which name the certificate, its dates, names and issuers too. What is found
//! here decides nothing: the chain is refused already.

use super::ocsp::{self, Against};
use super::webpki::Crl;
use super::{CertificateError, Roots, der, words};
use crate::Time;
use ::webpki::Error;
use CertificateError as C;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::time::Duration;

/// The most names of a certificate that an error lists.
const MAX_NAMES: usize = 64;

/// What was judged.
pub(super) struct Case<'a> {
    pub(super) chain: &'a [CertificateDer<'a>],
    pub(super) roots: &'a Roots,
    pub(super) crls: &'a [Crl],
    pub(super) clients: bool,
    pub(super) now: Time,
}

/// A certificate of the chain, and which: 0 is the peer's own.
struct Link<'a>(usize, der::Certificate<'a>);

impl<'a> Case<'a> {
    /// Why the chain is refused.
    pub(super) fn explain(&self, error: Error) -> CertificateError {
        match error {
            Error::CertExpired { not_after, .. } => {
                let who = self.who(|l| words::validity(l.1.validity).is_some_and(|(_, until)| same(until, not_after)));
                expired(&who, time(not_after), self.now)
            }
            Error::CertNotValidYet { not_before, .. } => {
                let who = self.who(|l| words::validity(l.1.validity).is_some_and(|(from, _)| same(from, not_before)));
                not_yet(&who, time(not_before), self.now)
            }
            Error::InvalidCertValidity => C::Malformed("a certificate of its chain ends before it begins".into()),
            Error::UnknownIssuer => self.unknown_issuer(),
            Error::CertRevoked => C::Revoked { detail: self.revoked() },
            Error::UnknownRevocationStatus => {
                let who = self.who(|l| self.lists_of(l).next().is_none());
                C::UnknownRevocation(format!("no list says whether {who} is revoked"))
            }
            Error::CrlExpired { next_update, .. } => {
                let seconds = i64::try_from(next_update.as_secs()).ok();
                let list = self.crls.iter().find(|crl| Some(crl.next_update) == seconds);
                let (issuer, since) = (list.map_or("its issuer".into(), |l| words::name(&l.issuer)), time(next_update));
                C::UnknownRevocation(format!(
                    "the list of revoked certificates of {issuer} was to be renewed by {}, {} ago",
                    words::date(since),
                    words::between(since, self.now)
                ))
            }
            Error::InvalidCrlSignatureForPublicKey => {
                C::UnknownRevocation("the list of revoked certificates is not signed by the issuer it names".into())
            }
            Error::IssuerNotCrlSigner => C::UnknownRevocation(
                "the issuer of the list of revoked certificates may not sign one (its keyUsage lacks cRLSign)".into(),
            ),
            Error::UnsupportedCrlSignatureAlgorithmContext(context) => C::UnknownRevocation(format!(
                "the list of revoked certificates is signed with {}, which is not accepted",
                words::oid(&der::algorithm(&context.signature_algorithm_id))
            )),
            Error::UnsupportedSignatureAlgorithmContext(context) => {
                self.signed_with(&context.signature_algorithm_id, "")
            }
            Error::UnsupportedSignatureAlgorithmForPublicKeyContext(context) => {
                self.signed_with(&context.signature_algorithm_id, " with its issuer's key")
            }
            Error::InvalidSignatureForPublicKey => C::BadSignature(self.bad_signature()),
            Error::SignatureAlgorithmMismatch => {
                C::Malformed("a certificate of its chain names two different signature algorithms".into())
            }
            Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => C::WrongUsage(self.wrong_purpose()),
            // What most of them are: no certificate of an authority, but one that a server made for itself.
            Error::CaUsedAsEndEntity if self.is_own_issuer() => self.unknown_issuer(),
            Error::CaUsedAsEndEntity => C::WrongUsage(format!(
                "{} is an authority's (basicConstraints), and may not stand for a peer",
                self.who(|l| l.0 == 0)
            )),
            Error::EndEntityUsedAsCa => C::WrongUsage(format!(
                "{} has issued another one, and is not an authority's (basicConstraints)",
                self.who(|l| l.0 > 0 && !l.1.is_authority())
            )),
            Error::PathLenConstraintViolated => C::WrongUsage(
                "there are more authorities in its chain than one of them allows (pathLenConstraint)".into(),
            ),
            Error::NameConstraintViolation => C::WrongUsage(format!(
                "it is for {}, and an authority in its chain may not issue for that (nameConstraints)",
                words::list(&self.links().next().map(|l| l.1.names(MAX_NAMES)).unwrap_or_default())
            )),
            Error::CertDistrusted => {
                C::Other("an authority in its chain is known to be bad, whatever the roots say".into())
            }
            Error::MaximumPathDepthExceeded => C::Other("there are more than six authorities in its chain".into()),
            Error::MaximumSignatureChecksExceeded
            | Error::MaximumPathBuildCallsExceeded
            | Error::MaximumNameConstraintComparisonsExceeded => {
                C::Other("its chain is too complex to be judged".into())
            }
            Error::UnsupportedCriticalExtension => {
                C::Other("a certificate of its chain has a critical extension that is not known here".into())
            }
            other => match self.links().any(|l| !l.1.versioned) {
                true => {
                    let who = self.who(|l| !l.1.versioned);
                    C::Malformed(format!("{who} is of X.509 version 1, and only version 3 is accepted"))
                }
                false => C::Malformed(format!("a certificate of its chain cannot be read ({other})")),
            },
        }
    }

    /// What the OCSP response says against the certificate in this place.
    pub(super) fn stapled(&self, place: usize, against: Against) -> CertificateError {
        let who = self.nth(place);
        match against {
            Against::Revoked(when, reason) => {
                let (when, reason) = (words::date(when), reason.map(ocsp::reason));
                let reason = reason.map_or_else(String::new, |r| format!(" ({r})"));
                C::Revoked { detail: format!("{who} was revoked on {when}{reason}, says its OCSP response") }
            }
            Against::Bad(why) => C::BadStaple(format!("{who} has come with an OCSP response that {why}")),
        }
    }

    /// The same, where names were compared.
    pub(super) fn explain_name(&self, error: Error, wanted: &ServerName<'_>) -> CertificateError {
        match (error, self.chain.first()) {
            (Error::CertNotValidForName(_), Some(leaf)) => wrong_name(leaf, wanted),
            (other, _) => self.explain(other),
        }
    }

    /// A certificate of the chain by its place, in words.
    pub(super) fn nth(&self, place: usize) -> String {
        self.who(|l| l.0 == place)
    }

    fn links(&self) -> impl Iterator<Item = Link<'a>> {
        let read = |(n, c): (usize, &'a CertificateDer<'a>)| Some(Link(n, der::Certificate::read(c)?));
        self.chain.iter().enumerate().filter_map(read)
    }

    /// The first certificate of which this is true, in words.
    fn who(&self, is: impl Fn(&Link<'_>) -> bool) -> String {
        self.links().find(|l| is(l)).map_or_else(|| "a certificate of its chain".into(), |l| self.which(&l))
    }

    fn which(&self, link: &Link<'_>) -> String {
        let subject = words::name(link.1.subject);
        match link.0 {
            0 => format!("the peer's own certificate ({subject})"),
            n => format!("certificate {} of {} in its chain ({subject})", n + 1, self.chain.len()),
        }
    }

    /// Whether the peer's own certificate is self-signed, and none of the roots.
    fn is_own_issuer(&self) -> bool {
        let leaf = self.chain.first().filter(|leaf| !self.roots.certificates.contains(leaf));
        leaf.and_then(|leaf| der::Certificate::read(leaf)).is_some_and(|leaf| leaf.issuer == leaf.subject)
    }

    /// Goes up from the peer's own certificate until nobody knows the issuer.
    fn unknown_issuer(&self) -> CertificateError {
        let links: Vec<_> = self.links().collect();
        let Some(mut at) = links.first() else {
            return C::Malformed("the peer's own certificate cannot be read".into());
        };
        for _ in 0..links.len() {
            match links.iter().find(|l| l.1.subject == at.1.issuer && at.1.issuer != at.1.subject) {
                Some(above) => at = above,
                None => break,
            }
        }
        let (who, issuer) = (self.which(at), words::name(at.1.issuer));
        let detail = match (at.0, at.1.issuer == at.1.subject) {
            (0, true) => format!("{who} is self-signed, and not one that is trusted"),
            (_, true) => format!("its chain ends in the root {issuer}, which is not trusted here"),
            (_, false) if self.roots.is_empty() => format!("no roots are trusted at all; {who} is issued by {issuer}"),
            (_, false) => format!("{who} is issued by {issuer}, which was neither sent nor is trusted here"),
        };
        C::UnknownIssuer { issuer, detail }
    }

    fn lists_of(&self, link: &Link<'_>) -> impl Iterator<Item = &'a Crl> {
        self.crls.iter().filter(|crl| crl.issuer == link.1.issuer)
    }

    fn revoked(&self) -> String {
        for link in self.links() {
            let entry = |crl: &'a Crl| Some((crl, crl.list.find_serial(link.1.serial).ok()??));
            let Some((crl, entry)) = self.lists_of(&link).find_map(entry) else { continue };
            let serial: Vec<_> = link.1.serial.iter().take(32).map(|b| format!("{b:02x}")).collect();
            let reason = entry.reason_code.map_or_else(String::new, |r| format!(" ({r:?})"));
            return format!(
                "{}, serial number {}, was revoked on {}{reason}, says the list of {}",
                self.which(&link),
                serial.join(":"),
                words::date(time(entry.revocation_date)),
                words::name(&crl.issuer)
            );
        }
        "a certificate of its chain was revoked".into()
    }

    fn signed_with(&self, algorithm: &[u8], key: &str) -> CertificateError {
        let who = self.who(|l| l.1.signature == algorithm);
        let algorithm = der::algorithm(algorithm);
        C::BadSignature(format!("{who} is signed with {}{key}, which is not accepted", words::oid(&algorithm)))
    }

    /// A signature that does not fit, or one by a key that is too short: both look the same to webpki.
    fn bad_signature(&self) -> String {
        let sent = self.links().skip(1).filter_map(|l| Some((l.1.subject, der::Key::read(l.1.spki)?.rsa_bits()?)));
        let roots = self.roots.certificates.iter().filter_map(|c| der::Certificate::read(c));
        let roots = roots.filter_map(|c| Some((c.subject, der::Key::read(c.spki)?.rsa_bits()?)));
        let issues = |name: &[u8]| self.links().any(|l| l.1.issuer == name);
        let short = sent.chain(roots).find(|(name, bits)| *bits < super::webpki::MIN_RSA_BITS && issues(name));
        match short {
            Some((issuer, bits)) => format!(
                "{} signs with an RSA key of {bits} bits, and {} is the least",
                words::name(issuer),
                super::webpki::MIN_RSA_BITS
            ),
            None if self.chain.len() == 1 => format!(
                "the signature in {} is not by the key of the issuer that it names: it was changed, or the issuer has another \
                 key by now",
                self.who(|l| l.0 == 0)
            ),
            None => "a signature in its chain is not by the key of the issuer that the certificate names".into(),
        }
    }

    fn wrong_purpose(&self) -> String {
        let wanted = if self.clients { "clientAuth" } else { "serverAuth" };
        for link in self.links() {
            let purposes: Vec<_> = link.1.extended_key_usage().iter().map(|p| words::oid(p).to_string()).collect();
            if !purposes.is_empty() && !purposes.iter().any(|p| p == wanted) {
                let purposes = words::list(&purposes);
                return format!(
                    "{} is for {purposes} only, and not for {wanted} (extendedKeyUsage)",
                    self.which(&link)
                );
            }
        }
        format!("a certificate of its chain is not for {wanted} (extendedKeyUsage)")
    }
}

pub(super) fn expired(who: &str, until: Time, now: Time) -> CertificateError {
    let (date, ago, now) = (words::date(until), words::between(until, now), words::date(now));
    C::Expired { detail: format!("{who} expired at {date}, {ago} ago (by the clock here, which says {now})") }
}

pub(super) fn not_yet(who: &str, from: Time, now: Time) -> CertificateError {
    let (date, ahead, now) = (words::date(from), words::between(from, now), words::date(now));
    C::NotYetValid { detail: format!("{who} is valid from {date}, in {ahead} (by the clock here, which says {now})") }
}

pub(super) fn wrong_name(leaf: &CertificateDer<'_>, wanted: &ServerName<'_>) -> CertificateError {
    let found = der::Certificate::read(leaf).map(|c| c.names(MAX_NAMES)).unwrap_or_default();
    C::WrongName { wanted: wanted.to_str().into_owned(), found }
}

fn time(t: UnixTime) -> Time {
    Time(Duration::from_secs(t.as_secs()))
}

fn same(a: Time, b: UnixTime) -> bool {
    a.0.as_secs() == b.as_secs()
}

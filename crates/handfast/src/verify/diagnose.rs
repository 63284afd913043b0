//! From webpki's errors, which name the fault, to ours, which name the certificate, its dates, names and issuers too. What is found
//! here decides nothing: the chain is refused already.

use super::ocsp::{self, Against};
use super::webpki::{self, Crl};
use super::{
    CertificateError, CertificateField as F, CertificatePlace, CertificateRules, Detail, OldForm, Roots, der, old,
    words,
};
use crate::Time;
use ::webpki::{EndEntityCert, Error};
use CertificateError as C;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::fmt;
use std::time::Duration;

/// The most names of a certificate that an error lists.
const MAX_NAMES: usize = 64;

/// What was judged.
pub(super) struct Case<'a> {
    pub(super) chain: &'a [CertificateDer<'a>],
    pub(super) roots: &'a Roots,
    pub(super) crls: &'a [Crl],
    pub(super) clients: bool,
    pub(super) rules: CertificateRules,
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
                expired(who, time(not_after), self.now)
            }
            Error::CertNotValidYet { not_before, .. } => {
                let who = self.who(|l| words::validity(l.1.validity).is_some_and(|(from, _)| same(from, not_before)));
                not_yet(who, time(not_before), self.now)
            }
            Error::InvalidCertValidity => {
                let who = self.who(|l| words::validity(l.1.validity).is_some_and(|(from, until)| from > until));
                C::Malformed(who.tells(F::Validity, |who| format!("{who} ends before it begins")))
            }
            Error::UnknownIssuer => self.unknown_issuer(),
            Error::CertRevoked => C::Revoked { detail: self.revoked() },
            Error::UnknownRevocationStatus => {
                let who = self.who(|l| self.lists_of(l).next().is_none());
                C::UnknownRevocation(who.tells(F::SerialNumber, |who| format!("no list says whether {who} is revoked")))
            }
            Error::CrlExpired { next_update, .. } => {
                let seconds = i64::try_from(next_update.as_secs()).ok();
                let list = self.crls.iter().find(|crl| Some(crl.next_update) == seconds);
                let (issuer, since) = (list.map_or("its issuer".into(), |l| words::name(&l.issuer)), time(next_update));
                let words = format!(
                    "the list of revoked certificates of {issuer} was to be renewed by {}, {} ago",
                    words::date(since),
                    words::between(since, self.now)
                );
                let who = self.who(|l| list.is_some_and(|list| list.issuer == l.1.issuer));
                C::UnknownRevocation(who.tells(F::SerialNumber, |_| words))
            }
            Error::InvalidCrlSignatureForPublicKey => {
                C::UnknownRevocation("the list of revoked certificates is not signed by the issuer it names".into())
            }
            Error::IssuerNotCrlSigner => C::UnknownRevocation(
                Detail::new(
                    "the issuer of the list of revoked certificates may not sign one (its keyUsage lacks cRLSign)",
                )
                .field(F::KeyUsage),
            ),
            Error::UnsupportedCrlSignatureAlgorithmContext(context) => C::UnknownRevocation(
                format!(
                    "the list of revoked certificates is signed with {}, which is not accepted",
                    words::oid(&der::algorithm(&context.signature_algorithm_id))
                )
                .into(),
            ),
            Error::UnsupportedSignatureAlgorithmContext(context) => {
                self.signed_with(&context.signature_algorithm_id, "")
            }
            Error::UnsupportedSignatureAlgorithmForPublicKeyContext(context) => {
                self.signed_with(&context.signature_algorithm_id, " with its issuer's key")
            }
            Error::InvalidSignatureForPublicKey => C::BadSignature(self.bad_signature()),
            Error::SignatureAlgorithmMismatch => {
                let who = self.who(|l| l.1.signed.is_some_and(|s| s.algorithm != l.1.signature));
                let words = |who: &Who| format!("{who} names two different signature algorithms");
                C::Malformed(who.tells(F::SignatureAlgorithm, words))
            }
            Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => C::WrongUsage(self.wrong_purpose()),
            // What most of them are: no certificate of an authority, but one that a server made for itself.
            Error::CaUsedAsEndEntity if self.is_own_issuer() => self.unknown_issuer(),
            Error::CaUsedAsEndEntity => C::WrongUsage(self.nth(0).tells(F::BasicConstraints, |who| {
                format!("{who} is an authority's (basicConstraints), and may not stand for a peer")
            })),
            Error::EndEntityUsedAsCa => {
                let who = self.who(|l| l.0 > 0 && !l.1.is_authority());
                C::WrongUsage(who.tells(F::BasicConstraints, |who| {
                    format!("{who} has issued another one, and is not an authority's (basicConstraints)")
                }))
            }
            Error::PathLenConstraintViolated => {
                // Of those between it and the peer's own, which come before it in most chains.
                let who = self.who(|l| l.0 > 0 && l.1.path_length().is_some_and(|most| l.0 - 1 > most));
                C::WrongUsage(who.tells(F::PathLenConstraint, |who| {
                    format!("there are more authorities below {who} than it allows (pathLenConstraint)")
                }))
            }
            Error::NameConstraintViolation => C::WrongUsage(self.nth(0).tells(F::NameConstraints, |who| {
                let names = self.links().next().map(|l| l.1.names(MAX_NAMES)).unwrap_or_default();
                let by = self.links().find(|l| l.0 > 0 && l.1.has_name_constraints());
                let by = by.map_or_else(|| "an authority in its chain".into(), |l| self.which(&l).to_string());
                format!("{who} is for {}, and {by} may not issue for that (nameConstraints)", words::list(&names))
            })),
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
                let who = self.who(|l| l.1.strange_extension().is_some());
                let oid = self.links().find_map(|l| l.1.strange_extension()).map(der::dotted);
                let oid = oid.map_or_else(String::new, |oid| format!(" ({oid})"));
                let words = |who: &Who| format!("{who} has a critical extension that is not known here{oid}");
                C::Other(who.tells(F::Extensions, words))
            }
            other => match self.links().any(|l| !l.1.versioned) {
                true => C::Malformed(
                    self.who(|l| !l.1.versioned)
                        .tells(F::Version, |who| format!("{who} is of X.509 version 1, and only version 3 is accepted"))
                        .old(self.old_version()),
                ),
                false => {
                    let unreadable =
                        |l: &Link<'_>| self.chain.get(l.0).is_some_and(|c| EndEntityCert::try_from(c).is_err());
                    let who = self.who(unreadable);
                    C::Malformed(Detail::new(format!("{who} cannot be read ({other})")).of(who.0))
                }
            },
        }
    }

    /// The certificate in this place is signed in a way that exists, and is not wanted.
    pub(super) fn unwanted_signature(&self, place: usize) -> CertificateError {
        let algorithm =
            self.chain.get(place).and_then(|c| der::Certificate::read(c)).map(|c| der::algorithm(c.signature));
        let algorithm = algorithm.unwrap_or_default();
        let words = |who: &Who| {
            format!("{who} is signed with {}, which the policy does not have in certificates", words::oid(&algorithm))
        };
        C::BadSignature(self.nth(place).tells(F::SignatureAlgorithm, words))
    }

    /// What the OCSP response says against the certificate in this place.
    pub(super) fn stapled(&self, place: usize, against: Against) -> CertificateError {
        let who = self.nth(place);
        match against {
            Against::Revoked(when, reason) => {
                let (when, reason) = (words::date(when), reason.map(ocsp::reason));
                let reason = reason.map_or_else(String::new, |r| format!(" ({r})"));
                let words = format!("{who} was revoked on {when}{reason}, says its OCSP response");
                C::Revoked { detail: Detail::new(words).of(who.0) }
            }
            Against::Bad(why) => {
                C::BadStaple(Detail::new(format!("{who} has come with an OCSP response that {why}")).of(who.0))
            }
        }
    }

    /// The same, where names were compared.
    pub(super) fn explain_name(&self, error: Error, wanted: &ServerName<'_>) -> CertificateError {
        match error {
            Error::CertNotValidForName(_) => wrong_name(self.chain, wanted),
            other => self.explain(other),
        }
    }

    /// A certificate of the chain by its place.
    pub(super) fn nth(&self, place: usize) -> Who {
        self.who(|l| l.0 == place)
    }

    fn links(&self) -> impl Iterator<Item = Link<'a>> {
        let read = |(n, c): (usize, &'a CertificateDer<'a>)| Some(Link(n, der::Certificate::read(c)?));
        self.chain.iter().enumerate().filter_map(read)
    }

    /// The first certificate of which this is true.
    fn who(&self, is: impl Fn(&Link<'_>) -> bool) -> Who {
        self.links().find(|l| is(l)).map_or(Who(None), |l| self.which(&l))
    }

    fn which(&self, link: &Link<'_>) -> Who {
        Who(CertificatePlace::find(self.chain, link.0))
    }

    /// Whether the peer's own certificate is self-signed, and none of the roots.
    fn is_own_issuer(&self) -> bool {
        let leaf = self.chain.first().filter(|leaf| !self.roots.certificates.contains(leaf));
        leaf.and_then(|leaf| der::Certificate::read(leaf)).is_some_and(|leaf| leaf.issuer == leaf.subject)
    }

    /// Goes up from the peer's own certificate until nobody knows the issuer.
    pub(super) fn unknown_issuer(&self) -> CertificateError {
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
        C::UnknownIssuer { issuer, detail: Detail::new(detail).of(who.0).field(F::Issuer) }
    }

    /// What the lists that were given say of a path that webpki has not judged: the peer's own certificate and these issuers, the root
    /// last. Whether a list is signed is not looked at: it is believed only against a certificate.
    pub(super) fn not_revoked(&self, issuers: &[&CertificateDer<'_>], old_lists: bool) -> Result<(), CertificateError> {
        for link in self.links().filter(|l| l.0 == 0 || issuers.iter().any(|c| self.chain.get(l.0) == Some(c))) {
            // Of several lists by one issuer the newest, which comes first.
            let Some(list) = self.lists_of(&link).next() else { continue };
            if list.list.find_serial(link.1.serial).is_ok_and(|entry| entry.is_some()) {
                return Err(C::Revoked { detail: self.revoked() });
            }
            let (next, now) = (u64::try_from(list.next_update).unwrap_or(0), self.now.0.as_secs());
            if next < now && !old_lists {
                let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
                return Err(self.explain(Error::CrlExpired { time: at(now), next_update: at(next) }));
            }
        }
        Ok(())
    }

    fn lists_of(&self, link: &Link<'_>) -> impl Iterator<Item = &'a Crl> {
        self.crls.iter().filter(|crl| crl.issuer == link.1.issuer)
    }

    fn revoked(&self) -> Detail {
        for link in self.links() {
            let entry = |crl: &'a Crl| Some((crl, crl.list.find_serial(link.1.serial).ok()??));
            let Some((crl, entry)) = self.lists_of(&link).find_map(entry) else { continue };
            let serial: Vec<_> = link.1.serial.iter().take(32).map(|b| format!("{b:02x}")).collect();
            let reason = entry.reason_code.map_or_else(String::new, |r| format!(" ({r:?})"));
            return self.which(&link).tells(F::SerialNumber, |who| {
                format!(
                    "{who}, serial number {}, was revoked on {}{reason}, says the list of {}",
                    serial.join(":"),
                    words::date(time(entry.revocation_date)),
                    words::name(&crl.issuer)
                )
            });
        }
        "a certificate of its chain was revoked".into()
    }

    fn signed_with(&self, algorithm: &[u8], key: &str) -> CertificateError {
        let who = self.who(|l| l.1.signature == algorithm);
        let algorithm = der::algorithm(algorithm);
        let words = |who: &Who| format!("{who} is signed with {}{key}, which is not accepted", words::oid(&algorithm));
        let old = OldForm::of_signature(&algorithm).filter(|form| match form {
            OldForm::Sha1 => !self.rules.sha1,
            _ => !self.rules.md5,
        });
        C::BadSignature(who.tells(F::SignatureAlgorithm, words).old(old))
    }

    /// A signature that does not fit, or one by a key that is too short: both look the same to webpki.
    fn bad_signature(&self) -> Detail {
        let issues = |name: &[u8]| self.links().any(|l| l.1.issuer == name);
        let least = self.rules.min_rsa_bits;
        let short = |c: &der::Certificate<'_>| {
            der::Key::read(c.spki).and_then(|k| k.rsa_bits()).filter(|bits| *bits < least && issues(c.subject))
        };
        let sent = self.links().skip(1).find_map(|l| Some((short(&l.1)?, self.which(&l), words::name(l.1.subject))));
        let root = || self.roots().find_map(|c| Some((short(&c)?, Who(None), words::name(c.subject))));
        if let Some((bits, who, issuer)) = sent.or_else(root) {
            let words = format!("{issuer} signs with an RSA key of {bits} bits, and {least} is the least");
            let detail = Detail::new(words).of(who.0).field(F::SubjectPublicKeyInfo);
            return detail.old(OldForm::of_rsa_bits(bits));
        }
        self.who(|l| self.is_forged(&l.1)).tells(F::SignatureValue, |who| {
            format!(
                "the signature in {who} is not by the key of the issuer that it names: it was changed, or the issuer has another \
                 key by now"
            )
        })
    }

    fn roots(&self) -> impl Iterator<Item = der::Certificate<'a>> {
        self.roots.certificates.iter().filter_map(|c| der::Certificate::read(c))
    }

    /// Whether there are issuers of this name, and none of the first of them has signed it.
    fn is_forged(&self, certificate: &der::Certificate<'_>) -> bool {
        /// How many are tried: signatures cost time.
        const TRIED: usize = 4;
        let Some(signed) = certificate.signed else { return false };
        let algorithms: Vec<_> = webpki::algorithms(&self.rules).map(|a| a as _).collect();
        let named = self.links().map(|l| l.1).chain(self.roots()).filter(|c| c.subject == certificate.issuer);
        let mut issuers = named.take(TRIED).filter_map(|c| der::Key::read(c.spki)).peekable();
        issuers.peek().is_some() && !issuers.any(|key| signed.is_by(&key, &algorithms))
    }

    /// That it is of version 1 can be accepted of the peer's own certificate alone.
    fn old_version(&self) -> Option<OldForm> {
        let own = self.chain.first().is_some_and(old::is_version_1);
        (own && !self.rules.version_1).then_some(OldForm::Version1)
    }

    /// Nobody of this one's issuer's name has signed it, or there is nobody of that name.
    #[cfg(feature = "legacy")]
    pub(super) fn no_issuer(&self, of: &der::Certificate<'_>) -> CertificateError {
        let named = self.links().skip(1).map(|l| l.1).chain(self.roots()).filter(|c| c.subject == of.issuer);
        let keys: Vec<_> = named.filter_map(|c| der::Key::read(c.spki)).collect();
        let algorithms: Vec<_> = webpki::algorithms(&self.rules).map(|a| a as _).collect();
        match of.signed {
            Some(signed) if !keys.is_empty() && !keys.iter().any(|key| signed.is_with_any(key, &algorithms)) => {
                self.signed_with(signed.algorithm, "")
            }
            Some(_) if !keys.is_empty() => C::BadSignature(self.bad_signature()),
            _ => self.unknown_issuer(),
        }
    }

    pub(super) fn wrong_purpose(&self) -> Detail {
        let wanted = if self.clients { "clientAuth" } else { "serverAuth" };
        for link in self.links() {
            let purposes: Vec<_> = link.1.extended_key_usage().iter().map(|p| words::oid(p).to_string()).collect();
            if !purposes.is_empty() && !purposes.iter().any(|p| p == wanted) {
                let purposes = words::list(&purposes);
                return self.which(&link).tells(F::ExtendedKeyUsage, |who| {
                    format!("{who} is for {purposes} only, and not for {wanted} (extendedKeyUsage)")
                });
            }
        }
        Who(None).tells(F::ExtendedKeyUsage, |who| format!("{who} is not for {wanted} (extendedKeyUsage)"))
    }
}

/// A certificate of a chain, if it is known which.
pub(super) struct Who(pub(super) Option<CertificatePlace>);

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(place) => place.fmt(f),
            None => f.write_str("a certificate of its chain"),
        }
    }
}

impl Who {
    /// What is wrong with this field of it.
    fn tells(self, field: F, words: impl FnOnce(&Self) -> String) -> Detail {
        Detail::new(words(&self)).of(self.0).field(field)
    }
}

pub(super) fn expired(who: Who, until: Time, now: Time) -> CertificateError {
    let (date, ago, now) = (words::date(until), words::between(until, now), words::date(now));
    let words = |who: &Who| format!("{who} expired at {date}, {ago} ago (by the clock here, which says {now})");
    C::Expired { detail: who.tells(F::NotAfter, words) }
}

pub(super) fn not_yet(who: Who, from: Time, now: Time) -> CertificateError {
    let (date, ahead, now) = (words::date(from), words::between(from, now), words::date(now));
    let words = |who: &Who| format!("{who} is valid from {date}, in {ahead} (by the clock here, which says {now})");
    C::NotYetValid { detail: who.tells(F::NotBefore, words) }
}

pub(super) fn wrong_name(chain: &[CertificateDer<'_>], wanted: &ServerName<'_>) -> CertificateError {
    let found = chain.first().and_then(|c| der::Certificate::read(c)).map(|c| c.names(MAX_NAMES)).unwrap_or_default();
    let common_name = chain.first().is_some_and(|leaf| old::stands_for(leaf, wanted));
    C::WrongName {
        wanted: wanted.to_str().into_owned(),
        found,
        common_name,
        certificate: CertificatePlace::find(chain, 0),
    }
}

fn time(t: UnixTime) -> Time {
    Time(Duration::from_secs(t.as_secs()))
}

fn same(a: Time, b: UnixTime) -> bool {
    a.0.as_secs() == b.as_secs()
}

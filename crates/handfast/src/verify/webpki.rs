//! Verification as the web does it: a path of signatures to a root (RFC 5280 6), names (RFC 9525), dates, usage, revocation.

use super::cache::{Cached, SignatureCache};
use super::diagnose::{self, Case};
use super::ocsp::Question;
use super::signed::is_signed_by;
use super::{
    CertificateError, CertificateField, CertificateRules, Detail, PeerToVerify, Roots, Verified, Verifier, der, old,
    pinned, pss, usage, words,
};
use crate::Time;
use crate::wait::Reply;
use ::webpki::{
    Cert, CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, OwnedCertRevocationList,
    RevocationOptionsBuilder, UnknownStatusPolicy, aws_lc_rs as lc,
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, SignatureVerificationAlgorithm, UnixTime};
use std::fmt;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

/// The signatures that may stand in certificates and lists of revoked ones. What a peer was told of by signature_algorithms does
/// not narrow them: a server that has no fitting chain may send another one (RFC 9846 4.5.2.2), and these are all good.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    lc::ECDSA_P256_SHA256,
    lc::ECDSA_P256_SHA384,
    lc::ECDSA_P256_SHA512,
    lc::ECDSA_P384_SHA256,
    lc::ECDSA_P384_SHA384,
    lc::ECDSA_P384_SHA512,
    lc::ECDSA_P521_SHA256,
    lc::ECDSA_P521_SHA384,
    lc::ECDSA_P521_SHA512,
    lc::ED25519,
    lc::RSA_PKCS1_2048_8192_SHA256,
    lc::RSA_PKCS1_2048_8192_SHA384,
    lc::RSA_PKCS1_2048_8192_SHA512,
    lc::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
    lc::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
    lc::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    lc::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    lc::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    lc::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    lc::ML_DSA_44,
    lc::ML_DSA_65,
    lc::ML_DSA_87,
    &pss::SHA256[0],
    &pss::SHA256[1],
    &pss::SHA384[0],
    &pss::SHA384[1],
    &pss::SHA512[0],
    &pss::SHA512[1],
];

/// Those of these rules. Of two for the same kinds of key and signature the first one counts.
pub(super) fn algorithms(
    rules: &CertificateRules,
) -> impl Iterator<Item = &'static dyn SignatureVerificationAlgorithm> {
    old::algorithms(rules).chain(ALGORITHMS.iter().copied())
}

/// Judges chains as the web does. What is checked: a path of signatures to one of the roots, of at most six authorities; dates of
/// all; CA flags, path lengths and name constraints; extendedKeyUsage and, of the peer's own certificate, keyUsage (RFC 5280
/// 4.2.1.3); a server's name, DNS or address, in subjectAltName, where the left-most label may be a wildcard; and the lists of
/// revoked certificates that were given. Signatures are RSA (PKCS#1 and PSS), ECDSA, Ed25519 and ML-DSA, whatever
/// [`PeerToVerify::schemes`] says unless it is held to them ([`WebPki::enforce_schemes`]). Old forms are accepted as far as
/// [`PeerToVerify::rules`] says, none by default: signatures over SHA-1 and MD5, shorter RSA keys than 2048 bits, a common name for want
/// of a subjectAltName, and of X.509 version 1 the peer's own certificate; that one has no path if lists of revoked certificates are
/// required, as webpki would have to read it for that.
pub struct WebPki {
    roots: Roots,
    clients: bool,
    crls: Vec<Crl>,
    cache: SignatureCache,
    /// Whether a certificate of which no list says if it is revoked is refused; no by default. If so, there must be a list of each
    /// issuer in the chain.
    pub require_crls: bool,
    /// Whether a list still counts when its nextUpdate is past; no by default: the chain is then refused.
    pub allow_expired_crls: bool,
    /// Whether the peer's own certificate is refused if no OCSP response comes with it; no by default. One that does come is always
    /// checked, and one must come if the certificate says so and the peer was asked (RFC 7633).
    pub require_ocsp: bool,
    /// Whether a chain is refused in which a certificate is signed otherwise than the policy's list of signatures in certificates says
    /// ([`PeerToVerify::schemes`]); no by default: a peer that has nothing else may show it all the same (RFC 9846 4.5.1.2). How a root
    /// is signed does not count.
    pub enforce_schemes: bool,
    /// Whether a peer may use one of the roots as its own certificate, as self-signed ones are; no by default. Of such a one only
    /// dates, name and keyUsage are checked.
    pub accept_root_as_leaf: bool,
}

/// A list of revoked certificates.
pub(super) struct Crl {
    pub(super) list: CertRevocationList<'static>,
    /// Whole, in DER.
    pub(super) issuer: Vec<u8>,
    this_update: i64,
    pub(super) next_update: i64,
}

impl WebPki {
    /// Judges servers by these roots. Clients are refused.
    pub fn for_servers(roots: Roots) -> Self {
        Self {
            roots,
            clients: false,
            crls: Vec::new(),
            cache: SignatureCache::default(),
            require_crls: false,
            allow_expired_crls: false,
            require_ocsp: false,
            enforce_schemes: false,
            accept_root_as_leaf: false,
        }
    }

    /// Judges clients by these roots, whose names they are told. Servers are refused.
    pub fn for_clients(roots: Roots) -> Self {
        Self { clients: true, ..Self::for_servers(roots) }
    }

    /// Judges servers by the roots of this system.
    ///
    /// # Errors
    /// Those of [`Roots::platform`].
    pub fn platform() -> Result<Self, CertificateError> {
        Ok(Self::for_servers(Roots::platform()?))
    }

    /// With these lists of revoked certificates. Of several by one issuer the newest counts.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`] if one cannot be read. Version 1 lists, delta lists and indirect ones are not supported.
    pub fn with_crls<'a>(
        mut self,
        lists: impl IntoIterator<Item = CertificateRevocationListDer<'a>>,
    ) -> Result<Self, CertificateError> {
        for list in lists {
            let bad = |why: &str| {
                CertificateError::Malformed(format!("a list of revoked certificates cannot be read ({why})").into())
            };
            let head = der::RevocationList::read(&list).ok_or_else(|| bad("not a list in DER"))?;
            let seconds = |der| ASN1Time::from_der(der).map(|(_, t)| t.timestamp()).map_err(|_| bad("its dates"));
            self.crls.push(Crl {
                issuer: head.issuer.to_vec(),
                this_update: seconds(head.this_update)?,
                next_update: seconds(head.next_update)?,
                list: OwnedCertRevocationList::from_der(&list).map_err(|e| bad(&e.to_string()))?.into(),
            });
        }
        self.crls.sort_by_key(|crl| std::cmp::Reverse(crl.this_update));
        Ok(self)
    }

    fn judge(&self, peer: &PeerToVerify, now: Time) -> Result<Verified, CertificateError> {
        let case = Case {
            chain: &peer.chain,
            roots: &self.roots,
            crls: &self.crls,
            clients: self.clients,
            rules: peer.rules,
            now,
        };
        let Some((first, rest)) = peer.chain.split_first() else {
            return Err(CertificateError::Malformed("there is no certificate in the chain".into()));
        };
        match (&peer.name, self.clients) {
            (None, true) | (Some(_), false) => {}
            // Made for the other side, it would pass over the name, and take any certificate for it.
            (Some(_), true) => {
                return Err(CertificateError::Other(
                    "this verifier judges clients, and is asked about a server".into(),
                ));
            }
            (None, false) => {
                return Err(CertificateError::Other(
                    "this verifier judges servers, and is asked about a client".into(),
                ));
            }
        }
        let min_rsa_bits = peer.rules.min_rsa_bits;
        let how = if self.accept_root_as_leaf && self.roots.certificates.contains(first) {
            pinned::trusted_itself(peer, now)?
        } else {
            let cached = algorithms(&peer.rules);
            let cached: Vec<_> = cached.map(|a| Cached { algorithm: a, cache: &self.cache, min_rsa_bits }).collect();
            let algorithms: Vec<_> = cached.iter().map(|c| c as &dyn SignatureVerificationAlgorithm).collect();
            match peer.rules.version_1 && old::is_version_1(first) {
                true => self.version_1(&case, peer, &algorithms)?,
                false => self.version_3(first, rest, &case, peer, &algorithms)?,
            }
        };
        usage::check(peer, self.clients, min_rsa_bits)?;
        Ok(how)
    }

    /// Whether there is a path from the leaf to a root, through some of the others; what OCSP says of it, and for whom it stands.
    fn version_3(
        &self,
        first: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        case: &Case<'_>,
        peer: &PeerToVerify,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Verified, CertificateError> {
        let leaf = EndEntityCert::try_from(first).map_err(|e| case.explain(e))?;
        let usage = if self.clients { KeyUsage::client_auth() } else { KeyUsage::server_auth() };
        let time = UnixTime::since_unix_epoch(case.now.0);
        let lists: Vec<_> = self.crls.iter().map(|crl| &crl.list).collect();
        // Without any list there is nothing to build: then `require_crls` refuses below.
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            let unknown = if self.require_crls { UnknownStatusPolicy::Deny } else { UnknownStatusPolicy::Allow };
            let expired = if self.allow_expired_crls { ExpirationPolicy::Ignore } else { ExpirationPolicy::Enforce };
            options.with_status_policy(unknown).with_expiration_policy(expired).build()
        });
        if self.require_crls && revocation.is_none() {
            return Err(case.explain(::webpki::Error::UnknownRevocationStatus));
        }
        let path = leaf.verify_for_usage(algorithms, &self.roots.anchors, others, time, usage, revocation, None);
        let path = path.map_err(|e| case.explain(e))?;
        let issuers: Vec<_> = path.intermediate_certificates().map(Cert::der).collect();
        let issuers: Vec<_> = issuers.iter().chain(self.roots.certificate(path.anchor())).collect();
        let how = self.judged(&issuers, case, peer, algorithms)?;
        if let Some(name) = &peer.name
            && let Err(error) = leaf.verify_is_valid_for_subject_name(name)
        {
            // What holds an authority to certain names does not hold it to common names.
            let constrained =
                issuers.iter().filter_map(|c| der::Certificate::read(c)).any(|c| c.has_name_constraints());
            if constrained || !peer.rules.common_names || !old::stands_for(first, name) {
                return Err(case.explain_name(error, name));
            }
        }
        Ok(how)
    }

    /// The same, where the leaf is of version 1.
    fn version_1(
        &self,
        case: &Case<'_>,
        peer: &PeerToVerify,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Verified, CertificateError> {
        if self.require_crls {
            return Err(case.explain(::webpki::Error::UnknownRevocationStatus));
        }
        let issuers = old::path(case, algorithms)?;
        case.not_revoked(&issuers, self.allow_expired_crls)?;
        let how = self.judged(&issuers, case, peer, algorithms)?;
        let leaf = peer.chain.first();
        match &peer.name {
            Some(name) if !peer.rules.common_names || !leaf.is_some_and(|leaf| old::stands_for(leaf, name)) => {
                Err(diagnose::wrong_name(&peer.chain, name))
            }
            _ => Ok(how),
        }
    }

    /// What is said of a path whose signatures, dates and uses are right: OCSP of its certificates, and for people how long it is. The
    /// last of the issuers is the root.
    fn judged(
        &self,
        issuers: &[&CertificateDer<'_>],
        case: &Case<'_>,
        peer: &PeerToVerify,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Verified, CertificateError> {
        if self.enforce_schemes {
            has_wanted_signatures(issuers, case, peer)?;
        }
        let good_as_of = self.stapled(issuers, case, peer, algorithms)?;
        let until =
            peer.chain.first().and_then(|c| der::Certificate::read(c)).and_then(|c| words::validity(c.validity));
        let until = until.map_or_else(String::new, |(_, until)| format!(", valid until {}", words::date(until)));
        let ocsp = good_as_of.map_or_else(String::new, |t| format!(", not revoked as of {} (OCSP)", words::date(t)));
        let root = issuers.last().map_or("a root", |root| self.roots.words(root));
        Ok(Verified::because(format!("chain of {} to {root}{until}{ocsp}", issuers.len())))
    }

    /// What the OCSP responses say that came with the chain. Gives as of when the peer's own certificate is good, if that is known.
    fn stapled(
        &self,
        issuers: &[&CertificateDer<'_>],
        case: &Case<'_>,
        peer: &PeerToVerify,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<Option<Time>, CertificateError> {
        let mut good_as_of = None;
        if peer.stapled.response(0).is_none() {
            self.do_without(case, peer)?;
        }
        if peer.stapled.ocsp.is_empty() {
            return Ok(None);
        }
        let own = peer.chain.first();
        for (issued, issuer) in own.into_iter().chain(issuers.iter().copied()).zip(issuers) {
            let Some(place) = peer.chain.iter().position(|c| c == issued) else { continue };
            let (Some(response), Some(certificate)) = (peer.stapled.response(place), der::Certificate::read(issued))
            else {
                continue;
            };
            let question = Question { certificate: &certificate, issuer, now: case.now, algorithms };
            let good = question.answered_by(response).map_err(|why| case.stapled(place, why))?;
            good_as_of = good_as_of.or((place == 0).then_some(good));
        }
        Ok(good_as_of)
    }

    /// Whether the peer's own certificate may do without an OCSP response.
    fn do_without(&self, case: &Case<'_>, peer: &PeerToVerify) -> Result<(), CertificateError> {
        let must = || peer.chain.first().and_then(|c| der::Certificate::read(c)).is_some_and(|c| c.must_staple());
        let why = match () {
            () if self.require_ocsp && !peer.ocsp_wanted => "this verifier requires one, and none was asked for",
            () if self.require_ocsp => "this verifier requires one",
            () if peer.ocsp_wanted && must() => "the certificate says that one must (TLS feature status_request)",
            () => return Ok(()),
        };
        let (who, words) = (case.nth(0), format!("no OCSP response came with {}, and {why}", case.nth(0)));
        let mut detail = Detail::new(words).of(who.0);
        if !self.require_ocsp {
            detail = detail.field(CertificateField::TlsFeature);
        }
        Err(CertificateError::NoStaple(detail))
    }
}

/// Whether what leads to the root is signed as the policy has it.
fn has_wanted_signatures(
    issuers: &[&CertificateDer<'_>],
    case: &Case<'_>,
    peer: &PeerToVerify,
) -> Result<(), CertificateError> {
    // Of the root, which is the last of the issuers, the signature does not matter.
    let between = issuers.split_last().map_or(&[][..], |(_, between)| between);
    for used in peer.chain.first().into_iter().chain(between.iter().copied()) {
        let wanted = der::Certificate::read(used).is_some_and(|c| is_signed_by(&c, &peer.schemes));
        if !wanted {
            return Err(case.unwanted_signature(peer.chain.iter().position(|c| c == used).unwrap_or_default()));
        }
    }
    Ok(())
}

impl Verifier for WebPki {
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        Reply::Now(self.judge(peer, now))
    }
    fn authorities(&self) -> Vec<Vec<u8>> {
        self.roots.names().map(<[u8]>::to_vec).collect()
    }
}

impl fmt::Debug for WebPki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judges = if self.clients { "clients" } else { "servers" };
        f.debug_struct("WebPki")
            .field("judges", &judges)
            .field("roots", &self.roots)
            .field("crls", &self.crls.len())
            .finish_non_exhaustive()
    }
}

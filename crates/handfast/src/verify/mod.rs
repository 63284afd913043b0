//! Judging the peer's certificates.

mod all_of;
mod cache;
mod der;
mod detail;
mod diagnose;
mod end_point;
mod error;
mod ocsp;
#[cfg(feature = "legacy")]
mod old;
#[cfg(not(feature = "legacy"))]
#[path = "no_old.rs"]
mod old;
mod pinned;
mod pss;
mod roots;
mod rules;
mod signed;
mod stapled;
mod usage;
mod webpki;
mod words;

pub use self::webpki::WebPki;
pub use all_of::AllOf;
pub use detail::{CertificateField, CertificatePlace, Detail};
pub(crate) use end_point::end_point;
pub use error::CertificateError;
pub use pinned::{NoCertificates, NotChecked, PinnedLeaf, SelfSigned, fingerprint, key_fingerprint};
pub use roots::Roots;
pub use rules::{CertificateRules, OldForm};
pub(crate) use signed::{has_md5, has_sha1, has_short_key, is_named_by_common_name, is_of_version_1, signed_by};
pub use stapled::Stapled;
pub(crate) use usage::allows;

use crate::Time;
use crate::crypto::{KeyExchangeKind, KeyKind, Provider};
use crate::error::ErrorKind;
use crate::event::Negotiated;
use crate::wait::Reply;
use crate::wire::numbers::{NamedGroup, SignatureScheme};
use ::webpki::EndEntityCert;
use rustls_pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer};
use std::fmt;

/// Who is to be judged.
#[derive(Clone, Debug)]
pub struct PeerToVerify {
    /// The chain as the peer sent it: its own certificate first. Never empty.
    pub chain: Vec<CertificateDer<'static>>,
    /// A server's expected name; `None` if the peer is a client.
    pub name: Option<ServerName<'static>>,
    /// What the leaf's key does in this handshake: decides which keyUsage it must have (RFC 5246 7.4.2).
    pub key_exchange: KeyExchangeKind,
    /// The signatures that may stand in its certificates ([`Policy::in_certificates`](crate::Policy::in_certificates)).
    pub schemes: Vec<SignatureScheme>,
    /// Which old forms of certificates the policy accepts ([`Policy::certificates`](crate::Policy::certificates)).
    pub rules: CertificateRules,
    /// What came with the chain.
    pub stapled: Stapled,
    /// Whether an OCSP response was asked for. A certificate may say that one must come then (RFC 7633 4.2.2).
    pub ocsp_wanted: bool,
}

/// A peer that shows a raw public key (RFC 7250), and no certificate. Nothing in it says whose it is: it must be known beforehand.
#[derive(Clone, Debug)]
pub struct RawKeyToVerify {
    /// The SubjectPublicKeyInfo in DER (RFC 5280 4.1.2.7).
    pub key: SubjectPublicKeyInfoDer<'static>,
    /// A server's name; `None` if the peer is a client.
    pub name: Option<ServerName<'static>>,
}

/// Proof of a verdict in favour.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How it was judged, in words, for the trace: "chain to …", "pinned", "not checked".
    pub how: String,
}

impl Verified {
    /// A verdict in favour; `how` goes into the trace.
    pub fn because(how: impl Into<String>) -> Self {
        Self { how: how.into() }
    }
}

/// Judges chains: [`WebPki`], or the user's own. It says whether these certificates are to be believed: of a server, for the name
/// that is asked for, which nobody else compares. That the peer has the key of the first one is for the handshake to check.
pub trait Verifier: Send + Sync + fmt::Debug {
    /// The verdict.
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>>;
    /// The verdict on a raw public key. Who does not say otherwise refuses it.
    fn verify_raw_key(&self, _: &RawKeyToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        let why = "it is a raw public key, and this verifier judges certificates only";
        Reply::Now(Err(CertificateError::RawKey(why.into())))
    }
    /// DER names of the authorities that a client should have its certificate from; for CertificateRequest.
    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// Whether the first certificate of a chain stands for this name: a DNS name, where a wildcard may be the left-most label of what
/// the certificate says (RFC 9525 6.3), or an IP address.
pub fn stands_for(chain: &[CertificateDer<'_>], name: &str) -> bool {
    let (Some(leaf), Ok(name)) = (chain.first(), ServerName::try_from(name)) else { return false };
    EndEntityCert::try_from(leaf).is_ok_and(|c| c.verify_is_valid_for_subject_name(&name).is_ok())
}

/// The DNS names of the first certificate of a chain, in small letters; none, if it cannot be read.
pub(crate) fn dns_names(chain: &[CertificateDer<'_>]) -> Vec<String> {
    let leaf = chain.first().and_then(|leaf| EndEntityCert::try_from(leaf).ok());
    leaf.map(|leaf| leaf.valid_dns_names().map(str::to_ascii_lowercase).collect()).unwrap_or_default()
}

/// Whether a chain leads to one of these authorities (names in DER): one of its certificates is issued by it. So a peer says which
/// certificates would be of use (RFC 9846 4.3.4, RFC 5246 7.4.4).
pub fn leads_to(chain: &[CertificateDer<'_>], authorities: &[impl AsRef<[u8]>]) -> bool {
    let issuer = |c| der::Certificate::read(c).map(|c| c.issuer);
    chain.iter().filter_map(|c| issuer(c)).any(|issuer| authorities.iter().any(|name| name.as_ref() == issuer))
}

/// The subject of an authority's certificate, a Name in DER: what it is called in certificate_authorities. `None` if the certificate
/// cannot be read.
pub fn authority_name(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    der::Certificate::read(certificate).map(|c| c.subject.to_vec())
}

/// Who the first certificate of a chain is for.
pub(crate) fn subject_in_words(chain: &[CertificateDer<'_>]) -> String {
    in_words(chain.first(), |c| c.subject)
}

/// Who has issued the last certificate of a chain: where it leads.
pub(crate) fn issuer_in_words(chain: &[CertificateDer<'_>]) -> String {
    in_words(chain.last(), |c| c.issuer)
}

fn in_words<'a>(certificate: Option<&'a CertificateDer<'_>>, name: fn(&der::Certificate<'a>) -> &'a [u8]) -> String {
    let read = certificate.and_then(|c| der::Certificate::read(c));
    read.map_or_else(|| "a certificate that cannot be read".into(), |c| words::name(name(&c)))
}

/// Names of authorities: `CN=A or CN=B`. `None` if there are none.
pub(crate) fn names_in_words(names: &[&[u8]]) -> Option<String> {
    /// How many are named.
    const SHOWN: usize = 4;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| words::name(name)).collect();
    match names.len() {
        0 => None,
        n @ ..=SHOWN => Some(format!("{}{}", if n > 1 { "one of " } else { "" }, shown.join(", "))),
        n => Some(format!("one of {} and {} more", shown.join(", "), n - SHOWN)),
    }
}

/// Whether the peer's own certificate can be read, and lets its key do what it does in this handshake (keyUsage, RFC 5280
/// 4.2.1.3): what a verifier of one's own must not forget.
///
/// # Errors
/// [`CertificateError::Malformed`], [`CertificateError::WrongUsage`].
pub fn check_key_usage(peer: &PeerToVerify) -> Result<(), CertificateError> {
    usage::check(peer, peer.name.is_none(), 0)
}

/// The key of a peer's own certificate.
#[derive(Clone, Debug)]
pub(crate) struct PeerKey {
    pub(crate) kind: KeyKind,
    /// The curve of an ECDSA key, if it is known here.
    pub(crate) curve: Option<NamedGroup>,
    /// The one scheme by which it signs in TLS 1.3, if its algorithm leaves but one.
    only: Option<SignatureScheme>,
    /// The length of an RSA key.
    rsa_bits: Option<usize>,
    /// The SubjectPublicKeyInfo in DER.
    pub(crate) spki: Vec<u8>,
}

impl PeerKey {
    /// From a SubjectPublicKeyInfo; `whose` begins a sentence about it.
    fn read(spki: &[u8], whose: &str) -> Result<Self, CertificateError> {
        let key = der::Key::read(spki)
            .ok_or_else(|| CertificateError::Malformed(format!("{whose} is no SubjectPublicKeyInfo in DER").into()))?;
        let kind = key.kind().ok_or_else(|| {
            let algorithm = der::dotted(key.algorithm);
            let what = match words::oid(&algorithm) {
                "RSA-PSS" => "RSA-PSS with SHA-1 or two hashes",
                other => other,
            };
            let kinds = "RSA, RSA-PSS with SHA-2, ECDSA, Ed25519 or ML-DSA";
            let words = format!("{whose} is for {what}, and not {kinds}");
            CertificateError::WrongUsage(Detail::new(words).field(CertificateField::SubjectPublicKeyInfo))
        })?;
        Ok(Self { kind, curve: key.curve(), only: key.only(), rsa_bits: key.rsa_bits(), spki: spki.to_vec() })
    }

    /// A raw public key.
    pub(crate) fn raw(spki: &[u8]) -> Result<Self, CertificateError> {
        match der::Der(spki).next(der::tag::SEQUENCE) {
            // Nothing behind it: a hash of it stands for this key only.
            Some(whole) if whole.whole.len() == spki.len() => Self::read(spki, "the peer's raw public key"),
            _ => Err(CertificateError::Malformed("the peer's raw public key is no SubjectPublicKeyInfo in DER".into())),
        }
    }

    /// Whether the key can sign a handshake so. From TLS 1.3 on ECDSA's schemes name the curve too (RFC 9846 4.3.3); `any_curve`: they
    /// do not yet (RFC 8422 5.1.1).
    pub(crate) fn fits(&self, scheme: SignatureScheme, any_curve: bool) -> bool {
        let ecdsa = self.kind == KeyKind::Ecdsa;
        KeyKind::of(scheme) == Some(self.kind)
            && match self.only {
                Some(only) => only == scheme || (ecdsa && any_curve),
                None => !ecdsa || any_curve,
            }
    }

    /// Whether the key is as long as these rules say: whoever judged the chain need not have asked.
    ///
    /// # Errors
    /// [`CertificateError::WrongUsage`] of a short key.
    pub(crate) fn is_long_enough(&self, rules: &CertificateRules) -> Result<(), ErrorKind> {
        match self.rsa_bits.filter(|bits| *bits < rules.min_rsa_bits) {
            Some(bits) => Err(ErrorKind::Certificate(usage::too_short(bits, rules.min_rsa_bits))),
            None => Ok(()),
        }
    }

    /// Checks a handshake's signature by this key, which must be as long as these rules say, whoever judged the chain.
    ///
    /// # Errors
    /// [`CertificateError::WrongUsage`] of a short key, else [`ErrorKind::BadSignature`].
    pub(crate) fn verify(
        &self,
        provider: &dyn Provider,
        rules: &CertificateRules,
        scheme: SignatureScheme,
        any_curve: bool,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), ErrorKind> {
        self.is_long_enough(rules)?;
        let verified = provider.verify(scheme, &self.spki, any_curve, message, signature);
        verified.map_err(|_| ErrorKind::BadSignature)
    }
}

#[cfg(test)]
impl PeerKey {
    /// A key of this kind, of which no more is known.
    pub(crate) fn of(kind: KeyKind) -> Self {
        Self { kind, curve: None, only: None, rsa_bits: None, spki: Vec::new() }
    }
}

/// The key of the first certificate of a chain. That the certificate is good is the verifier's to say.
pub(crate) fn public_key(chain: &[CertificateDer<'_>]) -> Result<PeerKey, CertificateError> {
    let malformed = |what: &str| CertificateError::Malformed(what.into());
    let leaf = chain.first().ok_or_else(|| malformed("there is no certificate in the chain"))?;
    let certificate =
        der::Certificate::read(leaf).ok_or_else(|| malformed("the peer's own certificate is not X.509 in DER"))?;
    PeerKey::read(certificate.spki, "the key in the peer's certificate").map_err(|error| match error {
        CertificateError::WrongUsage(detail) => {
            CertificateError::WrongUsage(detail.of(CertificatePlace::find(chain, 0)))
        }
        other => other,
    })
}

/// The key that the peer has shown, raw or in a certificate.
pub(crate) fn shown_key(of: &Negotiated) -> Result<PeerKey, CertificateError> {
    match &of.peer_raw_key {
        Some(spki) => PeerKey::raw(spki),
        None => public_key(&of.peer_chain),
    }
}

/// How many bits the modulus of an RSA key has.
pub(crate) fn rsa_bits(spki: &[u8]) -> Option<usize> {
    der::Key::read(spki).and_then(|key| key.rsa_bits())
}

/// The curve of an ECDSA key, if it is known here.
pub(crate) fn curve_of(spki: &[u8]) -> Option<NamedGroup> {
    der::Key::read(spki).and_then(|key| key.curve())
}

/// The SubjectPublicKeyInfo of the first certificate of a chain.
pub(crate) fn spki_of<'c>(chain: &'c [CertificateDer<'_>]) -> Option<&'c [u8]> {
    chain.first().and_then(|leaf| der::Certificate::read(leaf)).map(|certificate| certificate.spki)
}

#[cfg(test)]
mod tests;

//! Verifiers that ask no authority. Their names say what they do.

use super::{
    CertificateError, CertificateField, CertificatePlace, Detail, PeerToVerify, RawKeyToVerify, Verified, Verifier,
    der, diagnose, old, usage, words,
};
use crate::Time;
use crate::wait::Reply;
use crate::wire::hex;
use ::webpki::EndEntityCert;
use aws_lc_rs::digest::{SHA256, digest};
use rustls_pki_types::CertificateDer;

/// The SHA-256 hash of a certificate: what browsers and `openssl x509 -fingerprint -sha256` show. For [`PinnedLeaf::certificates`].
pub fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    sha256(certificate)
}

/// The SHA-256 hash of a certificate's key, as in RFC 7469 2.4, which stays when the certificate is renewed for the same key. For
/// [`PinnedLeaf::keys`]. `None` if the certificate cannot be read.
pub fn key_fingerprint(certificate: &CertificateDer<'_>) -> Option<[u8; 32]> {
    der::Certificate::read(certificate).map(|c| sha256(c.spki))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// Accepts whoever has a certificate, or a key, of a known hash. All that authorities say is left aside: issuer, usage, revocation.
/// So a self-signed certificate is accepted by its fingerprint. Where a pin shall hold besides what authorities say, see
/// [`AllOf`](super::AllOf).
/// A raw public key (RFC 7250) is judged by its hash alone, if it is keys that are pinned.
#[derive(Clone, Debug)]
pub struct PinnedLeaf {
    pins: Vec<[u8; 32]>,
    of_key: bool,
    /// Whether the certificate's dates matter; yes by default.
    pub check_dates: bool,
    /// Whether a server's name must stand in the certificate; no by default, since the pin says more than the name.
    pub check_name: bool,
}

impl PinnedLeaf {
    /// Accepts certificates of these SHA-256 hashes (over the whole certificate in DER).
    pub fn certificates(sha256: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self { pins: sha256.into_iter().collect(), of_key: false, check_dates: true, check_name: false }
    }

    /// Accepts keys of these SHA-256 hashes (over the SubjectPublicKeyInfo in DER, as in RFC 7469 2.4).
    pub fn keys(sha256: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self { of_key: true, ..Self::certificates(sha256) }
    }

    fn judge(&self, peer: &PeerToVerify, now: Time) -> Result<Verified, CertificateError> {
        let (leaf, read) = leaf(peer)?;
        let (what, bytes) = if self.of_key { ("key", read.spki) } else { ("certificate", &**leaf) };
        let hash = sha256(bytes);
        if !self.pins.contains(&hash) {
            let words = format!("its {what} is not one that is pinned (SHA-256 {})", hex(&hash));
            let detail = Detail::new(words).of(CertificatePlace::find(&peer.chain, 0));
            return Err(CertificateError::Other(match self.of_key {
                true => detail.field(CertificateField::SubjectPublicKeyInfo),
                false => detail,
            }));
        }
        if self.check_dates {
            check_dates(peer, &read, now)?;
        }
        if self.check_name {
            check_name(leaf, peer)?;
        }
        Ok(Verified::because(format!("pinned {what}, SHA-256 {}", hex(&hash))))
    }

    fn judge_raw_key(&self, peer: &RawKeyToVerify) -> Result<Verified, CertificateError> {
        if !self.of_key {
            return Err(CertificateError::RawKey("it is a raw public key, and certificates are pinned".into()));
        }
        if self.check_name && peer.name.is_some() {
            return Err(CertificateError::RawKey("it is a raw public key, which has no name to check".into()));
        }
        let hash = digest(&SHA256, &peer.key);
        match self.pins.iter().any(|pin| pin == hash.as_ref()) {
            true => Ok(Verified::because(format!("pinned raw key, SHA-256 {}", hex(hash.as_ref())))),
            false => {
                let why = format!("its raw public key is not one that is pinned (SHA-256 {})", hex(hash.as_ref()));
                Err(CertificateError::RawKey(why.into()))
            }
        }
    }
}

impl Verifier for PinnedLeaf {
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        Reply::Now(self.judge(peer, now))
    }
    fn verify_raw_key(&self, peer: &RawKeyToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        Reply::Now(self.judge_raw_key(peer))
    }
}

/// Accepts whoever has exactly one of these certificates, which are mostly self-signed; their dates, keyUsage and (of a server)
/// name are checked.
#[derive(Clone, Debug)]
pub struct SelfSigned {
    certificates: Vec<CertificateDer<'static>>,
}

impl SelfSigned {
    /// Accepts these certificates.
    pub fn new(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        Self { certificates: certificates.into_iter().collect() }
    }

    fn judge(&self, peer: &PeerToVerify, now: Time) -> Result<Verified, CertificateError> {
        let (leaf, read) = leaf(peer)?;
        if !self.certificates.contains(leaf) {
            let (subject, issuer) = (words::name(read.subject), words::name(read.issuer));
            let detail = format!("the certificate of {subject} is not one of those that are accepted by name");
            let detail = Detail::new(detail).of(CertificatePlace::find(&peer.chain, 0));
            return Err(CertificateError::UnknownIssuer { issuer, detail });
        }
        let how = trusted_itself(peer, now)?;
        usage::check(peer, peer.name.is_none(), peer.rules.min_rsa_bits)?;
        Ok(how)
    }
}

impl Verifier for SelfSigned {
    fn verify(&self, peer: &PeerToVerify, now: Time) -> Reply<Result<Verified, CertificateError>> {
        Reply::Now(self.judge(peer, now))
    }
}

/// Accepts anyone: nothing is checked. Whoever sits in between reads and changes all that is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotChecked;

impl Verifier for NotChecked {
    fn verify(&self, _: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        Reply::Now(Ok(Verified::because("not checked")))
    }
    fn verify_raw_key(&self, _: &RawKeyToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        Reply::Now(Ok(Verified::because("not checked")))
    }
}

/// Accepts no certificate at all: for a client whose servers prove themselves by a pre-shared key
/// ([`crate::ClientConfig::psks`]) and in no other way.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCertificates;

impl Verifier for NoCertificates {
    fn verify(&self, _: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        let why = "no certificate is accepted here: the peer has to prove that it has a pre-shared key";
        Reply::Now(Err(CertificateError::Other(why.into())))
    }
}

/// A peer's own certificate, which is known to be trusted as it is: its dates and its name.
pub(super) fn trusted_itself(peer: &PeerToVerify, now: Time) -> Result<Verified, CertificateError> {
    let (leaf, read) = leaf(peer)?;
    let until = check_dates(peer, &read, now)?;
    check_name(leaf, peer)?;
    let subject = words::name(read.subject);
    Ok(Verified::because(format!("{subject} is trusted itself, valid until {}", words::date(until))))
}

fn leaf(peer: &PeerToVerify) -> Result<(&CertificateDer<'static>, der::Certificate<'_>), CertificateError> {
    let leaf = peer.chain.first().and_then(|c| Some((c, der::Certificate::read(c)?)));
    leaf.ok_or_else(|| CertificateError::Malformed("the peer's own certificate cannot be read".into()))
}

/// When it ends.
fn check_dates(peer: &PeerToVerify, leaf: &der::Certificate<'_>, now: Time) -> Result<Time, CertificateError> {
    let who = || diagnose::Who(CertificatePlace::find(&peer.chain, 0));
    let Some((from, until)) = words::validity(leaf.validity) else {
        let detail = Detail::new(format!("the dates of {} cannot be read", who())).of(who().0);
        return Err(CertificateError::Malformed(detail.field(CertificateField::Validity)));
    };
    match () {
        () if now < from => Err(diagnose::not_yet(who(), from, now)),
        () if now > until => Err(diagnose::expired(who(), until, now)),
        () => Ok(until),
    }
}

/// A client has no name to check.
fn check_name(leaf: &CertificateDer<'_>, peer: &PeerToVerify) -> Result<(), CertificateError> {
    let Some(name) = &peer.name else { return Ok(()) };
    let fits = EndEntityCert::try_from(leaf).is_ok_and(|c| c.verify_is_valid_for_subject_name(name).is_ok())
        || peer.rules.common_names && old::stands_for(leaf, name);
    if fits { Ok(()) } else { Err(diagnose::wrong_name(&peer.chain, name)) }
}

//! What differs from one classic version to the next. A new version is a row.

use crate::crypto::{HashAlgorithm, KeyKind, Provider, Suite};
use crate::error::{Error, NothingInCommon, illegal};
use crate::keys::Derivation;
use crate::message::ClassicForm;
use crate::record::Forms;
use crate::verify::PeerKey;
use crate::wire::numbers::{ProtocolVersion, SignatureScheme};

/// One version's rules.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) version: ProtocolVersion,
    /// The hash of PRF and transcript; `None`: the suite's.
    hash: Option<HashAlgorithm>,
    /// Keys, Finished, CertificateVerify and records are made as in SSL 3.0, which had no HMAC and no PRF (RFC 6101 5.2.3.1, 5.6.8,
    /// 5.6.9, 6).
    ssl3: bool,
    /// The IV of CBC goes on from the last record's last block.
    implicit_iv: bool,
    /// The first byte of a fragment of application data goes by itself, so that nobody can choose what an implicit IV meets
    /// (BEAST, RFC 7457 2.3).
    split: bool,
    /// Signatures name their scheme, and both sides list those that they can check.
    schemes: bool,
    /// What RSA and what ECDSA keys sign with where no scheme is named or listed.
    implied: Implied,
    /// The encrypted premaster secret stands behind a length.
    pub(super) premaster_length: bool,
    /// A client says that it has no certificate by a warning, not by an empty list (RFC 6101 5.5.2).
    pub(super) no_certificate_alert: bool,
    /// There is a warning that refuses a second handshake, behind which the connection goes on.
    pub(super) no_renegotiation_alert: bool,
    /// There are extensions: without, extended master secret and encrypt-then-MAC cannot be had, nor tickets. What a client says of
    /// renegotiation is answered all the same (RFC 5746 4.5).
    pub(super) extensions: bool,
    /// How the random of a server ends that could have done better (RFC 9846 4.2.3).
    sentinel: &'static [u8; 8],
    /// The oldest newest version of a server that says so.
    sentinel_from: ProtocolVersion,
}

#[derive(Debug)]
struct Implied {
    rsa: SignatureScheme,
    /// SSL 3.0 has no certificates on curves (RFC 6101 5.6.4).
    ecdsa: Option<SignatureScheme>,
}

impl Implied {
    fn all(&self) -> impl Iterator<Item = SignatureScheme> {
        [Some(self.rsa), self.ecdsa].into_iter().flatten()
    }
    fn of(&self, kind: KeyKind) -> Option<SignatureScheme> {
        match kind {
            KeyKind::Rsa => Some(self.rsa),
            KeyKind::Ecdsa => self.ecdsa,
            KeyKind::RsaPss | KeyKind::Ed25519 | KeyKind::MlDsa => None,
        }
    }
}

/// How a server's random ends that has agreed to TLS 1.2, or to an older version, and could have done better; and the oldest newest
/// version of such a server (RFC 9846 4.2.3). A client looks for both, whatever else it speaks.
const SENTINELS: [([u8; 8], ProtocolVersion); 2] =
    [(*b"DOWNGRD\x01", ProtocolVersion::TLS1_3), (*b"DOWNGRD\x00", ProtocolVersion::TLS1_2)];

static RULES: &[Rules] = &[
    // RFC 5246
    Rules {
        version: ProtocolVersion::TLS1_2,
        hash: None,
        ssl3: false,
        implicit_iv: false,
        split: false,
        schemes: true,
        implied: Implied { rsa: SignatureScheme::RSA_PKCS1_SHA1, ecdsa: Some(SignatureScheme::ECDSA_SHA1) },
        premaster_length: true,
        no_certificate_alert: false,
        no_renegotiation_alert: true,
        extensions: true,
        sentinel: &SENTINELS[0].0,
        sentinel_from: SENTINELS[0].1,
    },
    // RFC 4346
    #[cfg(feature = "legacy")]
    Rules { version: ProtocolVersion::TLS1_1, implicit_iv: false, split: false, ..OLD },
    // RFC 2246
    #[cfg(feature = "legacy")]
    OLD,
    // RFC 6101
    #[cfg(feature = "legacy")]
    Rules {
        version: ProtocolVersion::SSL3_0,
        ssl3: true,
        premaster_length: false,
        no_certificate_alert: true,
        no_renegotiation_alert: false,
        extensions: false,
        implied: Implied { rsa: OLD.implied.rsa, ecdsa: None },
        ..OLD
    },
];

/// TLS 1.0.
#[cfg(feature = "legacy")]
const OLD: Rules = Rules {
    version: ProtocolVersion::TLS1_0,
    hash: Some(HashAlgorithm::Md5Sha1),
    ssl3: false,
    implicit_iv: true,
    split: true,
    schemes: false,
    implied: Implied { rsa: SignatureScheme::RSA_PKCS1_MD5_SHA1, ecdsa: Some(SignatureScheme::ECDSA_SHA1) },
    premaster_length: true,
    no_certificate_alert: false,
    no_renegotiation_alert: true,
    extensions: true,
    sentinel: &SENTINELS[1].0,
    sentinel_from: SENTINELS[1].1,
};

impl Rules {
    /// The rules of a version, if it is spoken here.
    pub(crate) fn of(version: ProtocolVersion) -> Option<&'static Self> {
        RULES.iter().find(|r| r.version == version)
    }

    /// The rules of the version that was agreed.
    pub(super) fn agreed(version: ProtocolVersion) -> Result<&'static Self, Error> {
        let nothing = NothingInCommon::Version { theirs: vec![version], ours: Vec::new() };
        Self::of(version).ok_or_else(|| nothing.into())
    }

    /// The hash of PRF and transcript.
    pub(super) fn hash(&self, suite: &Suite) -> HashAlgorithm {
        self.hash.unwrap_or(suite.hash)
    }

    /// How secrets are made of secrets.
    pub(super) fn derivation(&self, suite: &Suite) -> Derivation {
        if self.ssl3 { Derivation::Ssl3 } else { Derivation::Prf(self.hash(suite)) }
    }

    /// How records are made.
    pub(super) fn records(&self, encrypt_then_mac: bool) -> Forms {
        let Self { implicit_iv, split, ssl3, .. } = *self;
        Forms { implicit_iv, split, ssl3, encrypt_then_mac }
    }

    /// How messages are read.
    pub(super) fn form(&self, suite: &Suite) -> ClassicForm {
        ClassicForm {
            schemes: self.schemes,
            premaster_length: self.premaster_length,
            no_certificate_alert: self.no_certificate_alert,
            key_exchange: suite.key_exchange,
            raw_public_key: false,
        }
    }

    /// What a server's random ends with, if the server's policy goes up to `newest`.
    pub(super) fn sentinel(&self, newest: ProtocolVersion) -> Option<&'static [u8; 8]> {
        (newest > self.version && newest >= self.sentinel_from).then_some(self.sentinel)
    }

    /// Whether a server's random says that it could have done better, and so could we, up to `newest`.
    pub(super) fn downgraded(&self, newest: ProtocolVersion, random: &[u8; 32]) -> bool {
        newest > self.version && SENTINELS.iter().any(|(end, from)| newest >= *from && random.ends_with(end))
    }

    // --- signatures ---

    /// Those of a policy's schemes that can be had. Where a version names none, it is the version that was allowed.
    pub(super) fn ours(&self, allowed: &[SignatureScheme], provider: &dyn Provider) -> Vec<SignatureScheme> {
        let spoken = provider.schemes();
        match self.schemes {
            // A scheme without a number of its own cannot be named, and ML-DSA must not be (draft-ietf-tls-mldsa 3.3).
            true => {
                let exists = |s: &SignatureScheme| s.is_named() && KeyKind::of(*s) != Some(KeyKind::MlDsa);
                allowed.iter().copied().filter(|s| spoken.contains(s) && exists(s)).collect()
            }
            false => self.implied.all().filter(|s| spoken.contains(s)).collect(),
        }
    }

    /// The schemes that a peer accepts who listed these.
    pub(super) fn theirs(&self, listed: impl Iterator<Item = SignatureScheme>) -> Vec<SignatureScheme> {
        let listed: Vec<_> = listed.filter(|_| self.schemes).collect();
        if listed.is_empty() { self.implied.all().collect() } else { listed }
    }

    /// Whether messages carry lists and names of schemes.
    pub(super) fn names_schemes(&self) -> bool {
        self.schemes
    }

    /// The scheme of a peer's signature: the one it names, which must be one of ours and fit its key, or the implied one.
    pub(super) fn scheme(
        &self,
        named: Option<SignatureScheme>,
        key: &PeerKey,
        ours: &[SignatureScheme],
    ) -> Result<SignatureScheme, Error> {
        let bad = |why| illegal("algorithm", why, "RFC 5246 7.4.3");
        let scheme = match (named, key.kind) {
            (Some(scheme), _) => scheme,
            (None, kind) => self.implied.of(kind).ok_or_else(|| bad("cannot be told for a key of this kind"))?,
        };
        if !ours.contains(&scheme) {
            return Err(bad("is none that was offered"));
        }
        if !key.fits(scheme, true) {
            return Err(bad("does not fit the key of the certificate"));
        }
        Ok(scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::SPOKEN;

    #[test]
    fn every_classic_version_has_its_rules() {
        let classic = SPOKEN.iter().filter(|v| **v < ProtocolVersion::TLS1_3);
        assert_eq!(classic.copied().collect::<Vec<_>>(), RULES.iter().map(|r| r.version).collect::<Vec<_>>());
        assert!(Rules::agreed(ProtocolVersion::TLS1_3).is_err());
    }

    /// RFC 9846 4.2.3
    #[test]
    fn downgrades_are_told_and_noticed() {
        use ProtocolVersion as V;
        let [new, _, old, _] = RULES else { panic!("of four versions") };
        assert_eq!(new.sentinel(V::TLS1_3), Some(b"DOWNGRD\x01"));
        assert_eq!(new.sentinel(V::TLS1_2), None);
        assert_eq!(old.sentinel(V::TLS1_3), Some(b"DOWNGRD\x00"));
        assert_eq!(old.sentinel(V::TLS1_2), Some(b"DOWNGRD\x00"));
        assert_eq!(old.sentinel(V::TLS1_1), None);
        let ending = |end: &[u8; 8]| {
            let mut random = [7; 32];
            random[24..].copy_from_slice(end);
            random
        };
        let (to_12, to_older) = (ending(b"DOWNGRD\x01"), ending(b"DOWNGRD\x00"));
        assert!(new.downgraded(V::TLS1_3, &to_12) && new.downgraded(V::TLS1_3, &to_older));
        assert!(old.downgraded(V::TLS1_3, &to_12) && old.downgraded(V::TLS1_3, &to_older));
        assert!(old.downgraded(V::TLS1_2, &to_older) && !old.downgraded(V::TLS1_2, &to_12));
        assert!(!new.downgraded(V::TLS1_2, &to_12) && !old.downgraded(V::TLS1_0, &to_older));
        assert!(!new.downgraded(V::TLS1_3, &[7; 32]));
    }

    /// draft-ietf-tls-mldsa 3.3
    #[test]
    fn ml_dsa_is_for_tls_1_3() {
        use SignatureScheme as S;
        let provider = crate::crypto::aws_lc::provider();
        assert!(provider.schemes().contains(&S::MLDSA44));
        for rules in RULES {
            let ours = rules.ours(&[S::MLDSA44, S::ED25519], &*provider);
            assert!(!ours.contains(&S::MLDSA44));
            assert!(rules.scheme(Some(S::MLDSA44), &PeerKey::of(KeyKind::MlDsa), &ours).is_err());
        }
    }

    #[test]
    fn schemes_are_named_or_implied() {
        use SignatureScheme as S;
        let [new, _, old, oldest] = RULES else { panic!("of four versions") };
        let (rsa, ecdsa) = (PeerKey::of(KeyKind::Rsa), PeerKey::of(KeyKind::Ecdsa));
        let ours = [S::RSA_PKCS1_SHA256, S::ECDSA_SHA1, S::RSA_PKCS1_MD5_SHA1, S::ED25519];
        assert_eq!(new.scheme(Some(S::RSA_PKCS1_SHA256), &rsa, &ours).ok(), Some(S::RSA_PKCS1_SHA256));
        assert_eq!(old.scheme(None, &rsa, &ours).ok(), Some(S::RSA_PKCS1_MD5_SHA1));
        assert_eq!(old.scheme(None, &ecdsa, &ours).ok(), Some(S::ECDSA_SHA1));
        // Not the key's, not offered, none there is for such a key.
        assert!(new.scheme(Some(S::RSA_PKCS1_SHA256), &ecdsa, &ours).is_err());
        assert!(new.scheme(Some(S::RSA_PKCS1_SHA384), &rsa, &ours).is_err());
        assert!(old.scheme(None, &PeerKey::of(KeyKind::Ed25519), &ours).is_err());
        assert_eq!(new.theirs([S::ED25519].into_iter()), [S::ED25519]);
        assert_eq!(new.theirs([].into_iter()), [S::RSA_PKCS1_SHA1, S::ECDSA_SHA1]);
        assert_eq!(old.theirs([S::ED25519].into_iter()), [S::RSA_PKCS1_MD5_SHA1, S::ECDSA_SHA1]);
        // SSL 3.0 has RSA only.
        let provider = crate::crypto::aws_lc::provider();
        assert_eq!(oldest.theirs([].into_iter()), [S::RSA_PKCS1_MD5_SHA1]);
        assert_eq!(oldest.ours(&[S::ECDSA_SHA1], &*provider), [S::RSA_PKCS1_MD5_SHA1]);
        assert!(oldest.scheme(None, &ecdsa, &ours).is_err() && oldest.scheme(None, &rsa, &ours).is_ok());
    }
}

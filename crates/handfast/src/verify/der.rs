//! As much of a certificate as every handshake needs, read in one pass: its key, and what the key is for; and what
//! is said of it in errors.
//!
//! Values are not copied. Errors are just `None`: that a certificate is malformed is found out, and said, by those who judge it.

use crate::crypto::{KeyKind, mldsa_scheme, pss_scheme};
use crate::wire::numbers::{NamedGroup, SignatureScheme};
use rustls_pki_types::SignatureVerificationAlgorithm;
use std::net::IpAddr;

/// Tags of DER (X.690 8.1.2).
pub(super) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const EXPLICIT_0: u8 = 0xA0;
    pub(crate) const EXPLICIT_3: u8 = 0xA3;
}

/// Reads values one after the other.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

/// A value.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// With tag and length.
    pub(super) whole: &'a [u8],
}

impl<'a> Der<'a> {
    /// The next value of whatever tag. Lengths are definite, below 16 MiB, and need not be the shortest: strictness is left to
    /// those who judge.
    pub(super) fn any(&mut self) -> Option<Value<'a>> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        let (len, rest) = match first {
            ..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (len, rest) = rest.split_at_checked(usize::from(first & 3))?;
                (len.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(len)?;
        let whole = self.0.get(..self.0.len() - rest.len())?;
        self.0 = rest;
        Some(Value { tag, content, whole })
    }

    /// The next value, which must have this tag.
    pub(super) fn next(&mut self, tag: u8) -> Option<Value<'a>> {
        self.any().filter(|v| v.tag == tag)
    }

    /// The next value if it has this tag; otherwise it stays.
    pub(super) fn optional(&mut self, tag: u8) -> Option<Value<'a>> {
        let mut ahead = *self;
        let value = ahead.next(tag)?;
        *self = ahead;
        Some(value)
    }
}

/// The fields of a certificate (RFC 5280 4.1), as ranges of its bytes.
pub(super) struct Certificate<'a> {
    /// Whether a version is given: without it, the certificate is of version 1.
    pub(super) versioned: bool,
    /// Whether nothing is in it beyond what version 1 has, and nothing behind it.
    plain: bool,
    /// The content of the INTEGER.
    pub(super) serial: &'a [u8],
    /// The content of the AlgorithmIdentifier.
    pub(super) signature: &'a [u8],
    /// The Name, whole.
    pub(super) issuer: &'a [u8],
    /// Both times, whole.
    pub(super) validity: &'a [u8],
    /// The Name, whole.
    pub(super) subject: &'a [u8],
    /// The SubjectPublicKeyInfo, whole.
    pub(super) spki: &'a [u8],
    /// The content of the list; empty if there is none.
    extensions: &'a [u8],
    /// How it is signed, if that can be read.
    pub(super) signed: Option<Signed<'a>>,
}

/// A signature, and what it covers (RFC 5280 4.1.1).
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) message: &'a [u8],
    /// The content of the AlgorithmIdentifier.
    pub(super) algorithm: &'a [u8],
    pub(super) signature: &'a [u8],
}

impl Signed<'_> {
    /// Whether one of these algorithms is the one that it names, for a key of this kind.
    pub(super) fn is_with_any(&self, key: &Key<'_>, algorithms: &[&dyn SignatureVerificationAlgorithm]) -> bool {
        algorithms.iter().any(|a| self.fits(key, *a))
    }

    /// Whether it is by this key, by one of these algorithms.
    pub(super) fn is_by(&self, key: &Key<'_>, algorithms: &[&dyn SignatureVerificationAlgorithm]) -> bool {
        let mut fitting = algorithms.iter().filter(|a| self.fits(key, **a));
        fitting.any(|a| a.verify_signature(key.bits, self.message, self.signature).is_ok())
    }

    fn fits(&self, key: &Key<'_>, algorithm: &dyn SignatureVerificationAlgorithm) -> bool {
        algorithm.signature_alg_id().as_ref() == self.algorithm
            && algorithm.public_key_alg_id().as_ref() == key.identifier
    }
}

impl<'a> Certificate<'a> {
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut all = Der(der);
        let outer = all.next(tag::SEQUENCE)?;
        let mut parts = Der(outer.content);
        let message = parts.next(tag::SEQUENCE)?;
        let signed = parts.next(tag::SEQUENCE).zip(parts.next(tag::BIT_STRING)).and_then(|(algorithm, bits)| {
            // No bit of it is unused.
            let (0, signature) = bits.content.split_first().map(|(unused, bits)| (*unused, bits))? else { return None };
            Some(Signed { message: message.whole, algorithm: algorithm.content, signature })
        });
        let mut tbs = Der(message.content);
        let versioned = tbs.optional(tag::EXPLICIT_0).is_some();
        let serial = tbs.next(tag::INTEGER)?.content;
        let signature = tbs.next(tag::SEQUENCE)?.content;
        let issuer = tbs.next(tag::SEQUENCE)?.whole;
        let validity = tbs.next(tag::SEQUENCE)?.whole;
        let subject = tbs.next(tag::SEQUENCE)?.whole;
        let spki = tbs.next(tag::SEQUENCE)?.whole;
        let plain = [all, parts, tbs].iter().all(|rest| rest.0.is_empty());
        let mut extensions: &[u8] = &[];
        while let Some(value) = tbs.any() {
            if value.tag == tag::EXPLICIT_3 {
                extensions = Der(value.content).next(tag::SEQUENCE)?.content;
            }
        }
        Some(Self { versioned, plain, serial, signature, issuer, validity, subject, spki, extensions, signed })
    }

    /// Whether it is of version 1, and well made: the same algorithm in both places, and none of what later versions have.
    pub(super) fn is_version_1(&self) -> bool {
        !self.versioned && self.plain && self.signed.is_some_and(|signed| signed.algorithm == self.signature)
    }

    /// The value of the first extension with this OID (its content, not its dotted form).
    fn extension(&self, oid: &[u8]) -> Option<&'a [u8]> {
        let mut list = Der(self.extensions);
        while let Some(extension) = list.next(tag::SEQUENCE) {
            let mut fields = Der(extension.content);
            if fields.next(tag::OID)?.content == oid {
                fields.optional(tag::BOOLEAN);
                return Some(fields.next(tag::OCTET_STRING)?.content);
            }
        }
        None
    }

    /// The first eight bits of keyUsage, digitalSignature on top (RFC 5280 4.2.1.3): `None` if the extension is absent, none set
    /// if it cannot be read.
    pub(super) fn key_usage(&self) -> Option<u8> {
        let bits = Der(self.extension(&[0x55, 0x1d, 15])?).next(tag::BIT_STRING);
        Some(bits.and_then(|b| b.content.get(1).copied()).unwrap_or(0))
    }

    /// The purposes of extendedKeyUsage (RFC 5280 4.2.1.12), dotted; empty if the extension is absent.
    pub(super) fn extended_key_usage(&self) -> Vec<String> {
        let list = self.extension(&[0x55, 0x1d, 37]).and_then(|e| Der(e).next(tag::SEQUENCE));
        let mut list = Der(list.map_or(&[], |l| l.content));
        std::iter::from_fn(|| list.next(tag::OID)).map(|oid| dotted(oid.content)).collect()
    }

    /// Whether it says what it is for, readable or not.
    #[cfg(feature = "legacy")]
    pub(super) fn has_extended_key_usage(&self) -> bool {
        self.extension(&[0x55, 0x1d, 37]).is_some()
    }

    /// Whether it has a subjectAltName (RFC 5280 4.2.1.6), whatever is in it.
    pub(super) fn has_alternative_names(&self) -> bool {
        self.extension(&[0x55, 0x1d, 17]).is_some()
    }

    /// Whether basicConstraints says that it is an authority's (RFC 5280 4.2.1.9).
    pub(super) fn is_authority(&self) -> bool {
        let constraints = self.extension(&[0x55, 0x1d, 19]).and_then(|e| Der(e).next(tag::SEQUENCE));
        constraints.and_then(|c| Der(c.content).next(tag::BOOLEAN)).is_some_and(|flag| flag.content != [0])
    }

    /// How many authorities may stand below it, if basicConstraints says so (RFC 5280 4.2.1.9).
    pub(super) fn path_length(&self) -> Option<usize> {
        let constraints = self.extension(&[0x55, 0x1d, 19]).and_then(|e| Der(e).next(tag::SEQUENCE))?;
        let mut fields = Der(constraints.content);
        fields.optional(tag::BOOLEAN);
        let number = fields.next(tag::INTEGER)?.content;
        Some(number.iter().fold(0, |n: usize, b| n.saturating_mul(256).saturating_add(usize::from(*b))))
    }

    /// Whether it says for which names it may issue (RFC 5280 4.2.1.10).
    pub(super) fn has_name_constraints(&self) -> bool {
        self.extension(&[0x55, 0x1d, 30]).is_some()
    }

    /// The OID of a critical extension that no verifier here knows.
    pub(super) fn strange_extension(&self) -> Option<&'a [u8]> {
        let mut list = Der(self.extensions);
        std::iter::from_fn(|| list.next(tag::SEQUENCE)).find_map(|extension| {
            let mut fields = Der(extension.content);
            let oid = fields.next(tag::OID)?.content;
            let critical = fields.next(tag::BOOLEAN).is_some_and(|flag| flag.content != [0]);
            // keyUsage, subjectAltName, basicConstraints, nameConstraints, cRLDistributionPoints, extendedKeyUsage
            let known = matches!(oid, [0x55, 0x1d, 15 | 17 | 19 | 30 | 31 | 37]);
            (critical && !known).then_some(oid)
        })
    }

    /// Whether the TLS feature extension says that whoever shows it shows an OCSP response too, if asked (RFC 7633 4).
    pub(super) fn must_staple(&self) -> bool {
        /// 1.3.6.1.5.5.7.1.24
        const TLS_FEATURE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 24];
        /// The extension status_request (RFC 6066 8).
        const STATUS_REQUEST: &[u8] = &[5];
        let list = self.extension(TLS_FEATURE).and_then(|e| Der(e).next(tag::SEQUENCE));
        let mut list = Der(list.map_or(&[], |l| l.content));
        std::iter::from_fn(|| list.next(tag::INTEGER)).any(|feature| feature.content == STATUS_REQUEST)
    }

    /// The DNS names and addresses of subjectAltName (RFC 5280 4.2.1.6), as text, at most `max`.
    pub(super) fn names(&self, max: usize) -> Vec<String> {
        const DNS: u8 = 0x82;
        const ADDRESS: u8 = 0x87;
        let list = self.extension(&[0x55, 0x1d, 17]).and_then(|e| Der(e).next(tag::SEQUENCE));
        let mut list = Der(list.map_or(&[], |l| l.content));
        let text = |name: Value<'_>| match name.tag {
            DNS => Some(super::words::clean(&String::from_utf8_lossy(name.content))),
            ADDRESS => <[u8; 4]>::try_from(name.content)
                .map(IpAddr::from)
                .or_else(|_| <[u8; 16]>::try_from(name.content).map(IpAddr::from))
                .map(|a| a.to_string())
                .ok(),
            _ => None,
        };
        std::iter::from_fn(|| list.any()).filter_map(text).take(max).collect()
    }
}

/// What a SubjectPublicKeyInfo holds (RFC 5280 4.1.2.7).
pub(super) struct Key<'a> {
    /// The content of the AlgorithmIdentifier.
    pub(super) identifier: &'a [u8],
    /// The OID's content.
    pub(super) algorithm: &'a [u8],
    /// What goes with it, whole: a curve's OID, RSASSA-PSS-params, NULL, nothing.
    parameters: &'a [u8],
    /// The key itself.
    pub(super) bits: &'a [u8],
}

impl<'a> Key<'a> {
    /// Reads one that is given whole.
    pub(super) fn read(spki: &'a [u8]) -> Option<Self> {
        Self::of_content(Der(spki).next(tag::SEQUENCE)?.content)
    }

    /// Reads one that is given without tag and length.
    pub(super) fn of_content(spki: &'a [u8]) -> Option<Self> {
        let mut info = Der(spki);
        let identifier = info.next(tag::SEQUENCE)?.content;
        let mut fields = Der(identifier);
        let algorithm = fields.next(tag::OID)?.content;
        let parameters = fields.0;
        let (_unused, bits) = info.next(tag::BIT_STRING)?.content.split_first()?;
        Some(Self { identifier, algorithm, parameters, bits })
    }

    pub(super) fn kind(&self) -> Option<KeyKind> {
        match self.algorithm {
            RSA_ENCRYPTION => Some(KeyKind::Rsa),
            EC_PUBLIC_KEY => Some(KeyKind::Ecdsa),
            ED25519 => Some(KeyKind::Ed25519),
            RSASSA_PSS if self.parameters.is_empty() || self.pss_scheme().is_some() => Some(KeyKind::RsaPss),
            other => mldsa_scheme(other).map(|_| KeyKind::MlDsa),
        }
    }

    /// The one scheme by which the key signs handshakes of TLS 1.3, if its algorithm leaves but one.
    pub(super) fn only(&self) -> Option<SignatureScheme> {
        match self.curve() {
            Some(NamedGroup::SECP256R1) => Some(SignatureScheme::ECDSA_SECP256R1_SHA256),
            Some(NamedGroup::SECP384R1) => Some(SignatureScheme::ECDSA_SECP384R1_SHA384),
            Some(NamedGroup::SECP521R1) => Some(SignatureScheme::ECDSA_SECP521R1_SHA512),
            _ => mldsa_scheme(self.algorithm).or_else(|| self.pss_scheme()),
        }
    }

    /// The one scheme that the parameters of an RSASSA-PSS key leave, if it has any that can be used (RFC 4055 3.3).
    fn pss_scheme(&self) -> Option<SignatureScheme> {
        let params = Der(self.parameters).next(tag::SEQUENCE).filter(|_| self.algorithm == RSASSA_PSS);
        pss_scheme(params?.content).ok()
    }

    /// The curve of an ECDSA key, if it is a named one (RFC 5480 2.1.1.1).
    pub(super) fn curve(&self) -> Option<NamedGroup> {
        let oid = Der(self.parameters).next(tag::OID).map_or(&[][..], |oid| oid.content);
        match (self.algorithm, oid) {
            (EC_PUBLIC_KEY, SECP256R1) => Some(NamedGroup::SECP256R1),
            (EC_PUBLIC_KEY, SECP384R1) => Some(NamedGroup::SECP384R1),
            (EC_PUBLIC_KEY, SECP521R1) => Some(NamedGroup::SECP521R1),
            _ => None,
        }
    }

    /// How many bits the modulus of an RSA key has (RFC 8017 A.1.1).
    pub(super) fn rsa_bits(&self) -> Option<usize> {
        matches!(self.algorithm, RSA_ENCRYPTION | RSASSA_PSS).then(|| modulus_bits(self.bits))?
    }
}

/// How many bits the modulus of an RSAPublicKey has (RFC 8017 A.1.1).
pub(super) fn modulus_bits(key: &[u8]) -> Option<usize> {
    let mut modulus = Der(Der(key).next(tag::SEQUENCE)?.content).next(tag::INTEGER)?.content;
    while let [0, rest @ ..] = modulus {
        modulus = rest;
    }
    Some(modulus.len() * 8 - modulus.first().map_or(0, |b| b.leading_zeros() as usize))
}

/// Whether an AlgorithmIdentifier, given without tag and length, is of RSA keys.
pub(super) fn is_rsa(identifier: &[u8]) -> bool {
    Der(identifier).next(tag::OID).is_some_and(|oid| matches!(oid.content, RSA_ENCRYPTION | RSASSA_PSS))
}

/// By what a certificate is signed, as far as its AlgorithmIdentifier says: ECDSA's has the hash, and no curve.
pub(super) enum SignedBy {
    /// One of these: those of one hash, or of both kinds of RSA keys.
    One(&'static [SignatureScheme]),
    MlDsa(SignatureScheme),
}

impl SignedBy {
    /// Reads one that is given without tag and length; `None` if it is none that has a scheme.
    pub(super) fn read(identifier: &[u8]) -> Option<Self> {
        use SignatureScheme as S;
        let mut identifier = Der(identifier);
        let oid = identifier.next(tag::OID)?.content;
        if oid == RSASSA_PSS {
            return match pss_scheme(identifier.next(tag::SEQUENCE)?.content).ok()? {
                S::RSA_PSS_PSS_SHA256 => Some(Self::One(&[S::RSA_PSS_RSAE_SHA256, S::RSA_PSS_PSS_SHA256])),
                S::RSA_PSS_PSS_SHA384 => Some(Self::One(&[S::RSA_PSS_RSAE_SHA384, S::RSA_PSS_PSS_SHA384])),
                _ => Some(Self::One(&[S::RSA_PSS_RSAE_SHA512, S::RSA_PSS_PSS_SHA512])),
            };
        }
        let schemes: &[S] = match (oid, oid.strip_prefix(PKCS1), oid.strip_prefix(ECDSA_WITH_SHA2)) {
            (_, Some([11]), _) => &[S::RSA_PKCS1_SHA256],
            (_, Some([12]), _) => &[S::RSA_PKCS1_SHA384],
            (_, Some([13]), _) => &[S::RSA_PKCS1_SHA512],
            (_, Some([5]), _) => &[S::RSA_PKCS1_SHA1],
            (_, _, Some([2])) => &[S::ECDSA_SECP256R1_SHA256],
            (_, _, Some([3])) => &[S::ECDSA_SECP384R1_SHA384],
            (_, _, Some([4])) => &[S::ECDSA_SECP521R1_SHA512],
            (ECDSA_WITH_SHA1, ..) => &[S::ECDSA_SHA1],
            (ED25519, ..) => &[S::ED25519],
            _ => return mldsa_scheme(oid).map(Self::MlDsa),
        };
        Some(Self::One(schemes))
    }

    /// Whether this scheme stands for it.
    pub(super) fn is(&self, scheme: SignatureScheme) -> bool {
        match self {
            Self::One(schemes) => schemes.contains(&scheme),
            Self::MlDsa(own) => *own == scheme,
        }
    }
}

/// 1.2.840.113549.1.1 (RFC 8017 C), and one more number.
const PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
/// 1.2.840.10045.4.3 (RFC 5758 3.2), and one more number.
const ECDSA_WITH_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];
/// 1.2.840.10045.4.1 (RFC 3279 2.2.3)
const ECDSA_WITH_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
/// 1.2.840.113549.1.1.1 (RFC 3279 2.3.1)
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
/// 1.2.840.113549.1.1.10 (RFC 4055 3.1)
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
/// 1.2.840.10045.2.1 (RFC 5480 2.1.1)
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// 1.2.840.10045.3.1.7, 1.3.132.0.34, 1.3.132.0.35 (RFC 5480 2.1.1.1)
const SECP256R1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const SECP384R1: &[u8] = &[0x2b, 0x81, 4, 0, 34];
const SECP521R1: &[u8] = &[0x2b, 0x81, 4, 0, 35];
/// 1.3.101.112 (RFC 8410 3)
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Issuer (whole), thisUpdate and nextUpdate (whole, or empty) of a list of revoked certificates (RFC 5280 5.1.2).
pub(super) struct RevocationList<'a> {
    pub(super) issuer: &'a [u8],
    pub(super) this_update: &'a [u8],
    pub(super) next_update: &'a [u8],
}

impl<'a> RevocationList<'a> {
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let outer = Der(der).next(tag::SEQUENCE)?;
        let mut tbs = Der(Der(outer.content).next(tag::SEQUENCE)?.content);
        tbs.optional(tag::INTEGER);
        tbs.next(tag::SEQUENCE)?; // signature
        let issuer = tbs.next(tag::SEQUENCE)?.whole;
        let this_update = tbs.any()?.whole;
        let next_update = tbs.any().filter(|v| v.tag != tag::SEQUENCE).map_or(&[][..], |v| v.whole);
        Some(Self { issuer, this_update, next_update })
    }
}

/// The OID of an AlgorithmIdentifier that is given without tag and length, dotted.
pub(super) fn algorithm(content: &[u8]) -> String {
    Der(content).next(tag::OID).map_or_else(|| "unreadable".into(), |oid| dotted(oid.content))
}

/// An OID's content in dotted decimals.
pub(super) fn dotted(oid: &[u8]) -> String {
    let mut arcs = Vec::new();
    let mut arc = 0u64;
    for byte in oid {
        arc = arc.saturating_mul(128).saturating_add(u64::from(byte & 0x7f));
        if byte & 0x80 == 0 {
            arcs.push(std::mem::take(&mut arc));
        }
    }
    // The first two arcs are one number (X.690 8.19.4).
    if let Some(first) = arcs.first_mut() {
        let top = (*first / 40).min(2);
        *first -= top * 40;
        arcs.insert(0, top);
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

//! Which old forms of certificates are accepted.

/// Which old forms of certificates are accepted: a field of a [`Policy`](crate::Policy), which verifiers here heed, whichever they are.
/// The default is: none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateRules {
    /// Whether certificates may be signed over SHA-1, with RSA (RFC 3279 2.2.1) or ECDSA (RFC 3279 2.2.3). Whoever has the means to find
    /// two texts of one hash, and an authority that signs the first, has a certificate that no authority has seen. A root's own
    /// signature does not matter.
    pub sha1: bool,
    /// The same with RSA over MD5 (RFC 3279 2.2.1). Two such texts take seconds on any machine: where an authority signs so, anyone may
    /// have any certificate.
    pub md5: bool,
    /// The fewest bits of an RSA key, of the peer and of its issuers; 2048 by default. Keys of less than 1024 cannot be had.
    pub min_rsa_bits: usize,
    /// Whether the peer's own certificate may be of X.509 version 1, which says nothing of what its key is for: its holder may be
    /// server and client. It never makes an issuer, since anyone who has a certificate of an authority's would be one then (RFC 5280
    /// 6.1.4 k); as a root it is trusted whatever this says.
    pub version_1: bool,
    /// Whether a server's certificate without subjectAltName stands for what its common name says (RFC 2818 3.1, RFC 9525 1.1). An
    /// authority that was held to certain names (nameConstraints) was not held to them there: then it does not.
    pub common_names: bool,
}

impl CertificateRules {
    /// No old form.
    pub const fn modern() -> Self {
        Self { sha1: false, md5: false, min_rsa_bits: MIN_RSA_BITS, version_1: false, common_names: false }
    }
    /// All but MD5, and RSA keys of 1024 bits.
    pub const fn legacy() -> Self {
        Self { sha1: true, md5: false, min_rsa_bits: SHORTEST_RSA_BITS, version_1: true, common_names: true }
    }
    /// Whether all that these accept is accepted by the others, too.
    pub const fn are_within(&self, others: &Self) -> bool {
        let Self { sha1, md5, min_rsa_bits, version_1, common_names } = *self;
        (!sha1 || others.sha1)
            && (!md5 || others.md5)
            && min_rsa_bits >= others.min_rsa_bits
            && (!version_1 || others.version_1)
            && (!common_names || others.common_names)
    }
    /// All.
    pub const fn museum() -> Self {
        Self { md5: true, ..Self::legacy() }
    }
}

impl Default for CertificateRules {
    fn default() -> Self {
        Self::modern()
    }
}

/// The fewest bits of RSA keys, if no policy says less.
pub(super) const MIN_RSA_BITS: usize = 2048;
/// The fewest that can be had at all.
pub(super) const SHORTEST_RSA_BITS: usize = 1024;

/// An old form that a certificate is refused for, and that [`CertificateRules`] can accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OldForm {
    /// A signature over SHA-1.
    Sha1,
    /// A signature over MD5.
    Md5,
    /// An RSA key of 1024 bits or more, and less than is accepted.
    ShortRsa,
    /// A certificate of X.509 version 1.
    Version1,
    /// A common name in place of a subjectAltName.
    CommonName,
}

impl OldForm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Sha1, Self::Md5, Self::ShortRsa, Self::Version1, Self::CommonName];

    /// The field of [`CertificateRules`] that accepts it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Md5 => "md5",
            Self::ShortRsa => "min_rsa_bits",
            Self::Version1 => "version_1",
            Self::CommonName => "common_names",
        }
    }

    /// The flag of the tool that accepts it.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Sha1 => "--allow-sha1",
            Self::Md5 => "--allow-md5",
            Self::ShortRsa => "--min-rsa-bits",
            Self::Version1 => "--allow-x509v1",
            Self::CommonName => "--allow-common-name",
        }
    }

    /// The strictest of the named policies that accepts it.
    pub const fn policy(self) -> &'static str {
        match self {
            Self::Md5 => "museum",
            Self::Sha1 | Self::ShortRsa | Self::Version1 | Self::CommonName => "legacy",
        }
    }

    /// That of an algorithm by its dotted OID.
    pub(super) fn of_signature(dotted: &str) -> Option<Self> {
        match dotted {
            "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1" => Some(Self::Sha1),
            "1.2.840.113549.1.1.4" => Some(Self::Md5),
            _ => None,
        }
    }

    /// That of an RSA key of so many bits.
    pub(super) fn of_rsa_bits(bits: usize) -> Option<Self> {
        (bits >= SHORTEST_RSA_BITS).then_some(Self::ShortRsa)
    }
}

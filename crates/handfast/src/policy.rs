//! Policies: what may be spoken, by name.

use crate::crypto::{KeyExchangeKind, Provider, SUITES, Suite};
use crate::error::{Error, ErrorKind};
use crate::wire::CipherSuite;
use crate::wire::numbers::{NamedGroup, ProtocolVersion, SignatureScheme};

/// The versions that are spoken here, newest first.
pub const SPOKEN: &[ProtocolVersion] = &[ProtocolVersion::TLS1_3, ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_0];

/// What may be spoken. The named ones are starting points; each field can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What the policy is called, for errors.
    pub name: &'static str,
    /// The oldest version.
    pub min_version: ProtocolVersion,
    /// The newest version.
    pub max_version: ProtocolVersion,
    /// Suites in order of preference.
    pub suites: Vec<CipherSuite>,
    /// Groups in order of preference. Before TLS 1.3 a client's are also the curves on which it takes an ECDSA certificate
    /// (RFC 8422 5.3).
    pub groups: Vec<NamedGroup>,
    /// For how many of the groups a TLS 1.3 client sends a share at once.
    pub key_shares: usize,
    /// Signatures of handshakes that are accepted and made, in order of preference.
    pub schemes: Vec<SignatureScheme>,
    /// Those that are made, where they are others than are accepted; `None` by default.
    pub own_schemes: Option<Vec<SignatureScheme>>,
    /// Whether TLS 1.2 and older must have the extended master secret (RFC 7627).
    pub require_extended_master_secret: bool,
    /// Whether a server's order of suites goes before the client's.
    pub server_preference: bool,
}

impl Policy {
    /// Every named policy, from the strictest on.
    pub const NAMES: &'static [&'static str] = &["modern", "default", "compatible", "legacy"];

    /// The policy of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "modern" => Self::modern(),
            "default" => Self::default(),
            "compatible" => Self::compatible(),
            "legacy" => Self::legacy(),
            _ => return None,
        })
    }

    /// TLS 1.3.
    pub fn modern() -> Self {
        Self::between("modern", ProtocolVersion::TLS1_3, |_| true)
    }

    /// TLS 1.2 with RSA key exchange and CBC too.
    pub fn compatible() -> Self {
        Self::between("compatible", ProtocolVersion::TLS1_2, |_| true)
    }

    /// TLS 1.0 too, and SHA-1 signatures.
    pub fn legacy() -> Self {
        let mut policy = Self::between("legacy", ProtocolVersion::TLS1_0, |_| true);
        policy.schemes.extend([SignatureScheme::ECDSA_SHA1, SignatureScheme::RSA_PKCS1_SHA1]);
        policy
    }

    fn between(name: &'static str, min: ProtocolVersion, suite: impl Fn(&Suite) -> bool) -> Self {
        use NamedGroup as G;
        use SignatureScheme as S;
        let max = ProtocolVersion::TLS1_3;
        Self {
            name,
            min_version: min,
            max_version: max,
            suites: SUITES.iter().filter(|s| s.to >= min && suite(s)).map(|s| s.number).collect(),
            // The last is for certificates on it: a TLS 1.2 server shows none whose curve is not listed (RFC 8422 5.3).
            groups: vec![G::X25519MLKEM768, G::X25519, G::SECP256R1, G::SECP384R1],
            key_shares: 2,
            schemes: [
                S::ECDSA_SECP256R1_SHA256,
                S::ED25519,
                S::RSA_PSS_RSAE_SHA256,
                S::RSA_PSS_RSAE_SHA384,
                S::RSA_PSS_RSAE_SHA512,
                S::ECDSA_SECP384R1_SHA384,
                S::RSA_PKCS1_SHA256,
                S::RSA_PKCS1_SHA384,
                S::RSA_PKCS1_SHA512,
            ]
            .into(),
            own_schemes: None,
            require_extended_master_secret: false,
            server_preference: true,
        }
    }

    /// The signatures that a peer is told of: those accepted that have a number and can be checked.
    pub(crate) fn accepts(&self, provider: &dyn Provider) -> Result<Vec<SignatureScheme>, Error> {
        let can = |s: &SignatureScheme| s.is_named() && provider.schemes().contains(s);
        let schemes: Vec<_> = self.schemes.iter().copied().filter(can).collect();
        match schemes.is_empty() {
            true => {
                Err(ErrorKind::Config(format!("the policy {} has no signature that can be checked", self.name)).into())
            }
            false => Ok(schemes),
        }
    }

    /// The signatures of handshakes that are made.
    pub fn signs_with(&self) -> &[SignatureScheme] {
        self.own_schemes.as_ref().unwrap_or(&self.schemes)
    }

    /// Whether this version may be spoken.
    pub fn allows(&self, version: ProtocolVersion) -> bool {
        (self.min_version..=self.max_version).contains(&version)
    }

    /// The versions that it allows, that are spoken here and that some suite of it fits, newest first.
    pub fn versions(&self) -> Vec<ProtocolVersion> {
        let fits = |v| self.suites.iter().any(|s| Suite::find(*s).is_some_and(|s| s.fits(v)));
        SPOKEN.iter().copied().filter(|v| self.allows(*v) && fits(*v)).collect()
    }
}

impl Default for Policy {
    /// TLS 1.3, and TLS 1.2 with ECDHE and AEAD.
    fn default() -> Self {
        Self::between("default", ProtocolVersion::TLS1_2, |s| {
            matches!(s.bulk, crate::crypto::BulkCipher::Aead(_)) && s.key_exchange != KeyExchangeKind::Rsa
        })
    }
}

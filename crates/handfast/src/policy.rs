//! Policies: what may be spoken, by name.

use crate::crypto::{
    AeadAlgorithm, BulkCipher, CbcCipher, KeyExchangeKind, KeyKind, OF_LEGACY, Provider, SUITES, Suite,
};
use crate::error::{Error, ErrorKind};
use crate::verify::CertificateRules;
use crate::wire::CipherSuite;
use crate::wire::numbers::{NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme};

/// The versions that are spoken here, newest first.
pub const SPOKEN: &[ProtocolVersion] = &[
    ProtocolVersion::TLS1_3,
    ProtocolVersion::TLS1_2,
    #[cfg(feature = "legacy")]
    ProtocolVersion::TLS1_1,
    #[cfg(feature = "legacy")]
    ProtocolVersion::TLS1_0,
    #[cfg(feature = "legacy")]
    ProtocolVersion::SSL3_0,
];

/// Whether this build has cargo feature `legacy`: all that is older than TLS 1.2 with ECDHE and AEAD. A config whose policy asks for
/// something of that is refused without it.
pub const HAS_LEGACY: bool = cfg!(feature = "legacy");

const FINITE_FIELDS: [NamedGroup; 3] = [NamedGroup::FFDHE2048, NamedGroup::FFDHE3072, NamedGroup::FFDHE4096];
const SHA1_SCHEMES: [SignatureScheme; 2] = [SignatureScheme::ECDSA_SHA1, SignatureScheme::RSA_PKCS1_SHA1];

/// What may be spoken. The named ones are starting points; each field can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What the policy is called, for errors.
    pub name: &'static str,
    /// The oldest version.
    pub min_version: ProtocolVersion,
    /// The newest version.
    pub max_version: ProtocolVersion,
    /// cipher_suites (RFC 9846 4.2.2), in order of preference.
    pub suites: Vec<CipherSuite>,
    /// supported_groups (RFC 9846 4.3.7), in order of preference. Before TLS 1.3 a client's are also the curves on which it takes an ECDSA certificate
    /// (RFC 8422 5.3).
    pub groups: Vec<NamedGroup>,
    /// key_share (RFC 9846 4.3.8): for how many of the groups, the first ones, a TLS 1.3 client sends a share at once; 2.
    pub key_shares: usize,
    /// For which of the groups, where it is not the first ones; `None` by default. What is remembered of a server changes nothing then.
    pub shared_groups: Option<Vec<NamedGroup>>,
    /// psk_key_exchange_modes (RFC 9846 4.3.9): how pre-shared keys, tickets among them, may be used in TLS 1.3, best first. By default only psk_dhe_ke: with
    /// psk_ke there is no fresh key exchange, so that whoever learns the pre-shared key later can read what was recorded.
    pub psk_modes: Vec<PskKeyExchangeMode>,
    /// signature_algorithms (RFC 9846 4.3.3): signatures of handshakes that are accepted and made, in order of preference.
    pub schemes: Vec<SignatureScheme>,
    /// signature_algorithms_cert (RFC 9846 4.3.3): the signatures that a peer's certificates should have, where they are others than those
    /// of handshakes; `None` by default. A peer is told of them; that it heeds them is for the verifier to see to
    /// ([`crate::verify::WebPki::enforce_schemes`], [`crate::verify::PeerToVerify::schemes`]).
    pub cert_schemes: Option<Vec<SignatureScheme>>,
    /// Which old forms of certificates are accepted; none but by `legacy` and `museum`.
    pub certificates: CertificateRules,
    /// Those that are made, where they are others than are accepted; `None` by default.
    pub own_schemes: Option<Vec<SignatureScheme>>,
    /// Whether TLS 1.2 and older must have the extended master secret (RFC 7627).
    pub require_extended_master_secret: bool,
    /// Whether the peer must know secure renegotiation (RFC 5746) up to TLS 1.2; not by default. A client cannot see whether a server that
    /// does not has spoken to someone else before, and takes that for the beginning of what the client says (RFC 5746 4.1).
    pub require_secure_renegotiation: bool,
    /// How many bits the prime of Diffie-Hellman over a field has at least that a client takes of a server, up to TLS 1.2; 2048. There
    /// is no lower one than 512. Below 1024 anyone may have broken it (Logjam), and RFC 7919 3.1 forbids less than 768.
    pub min_dh_bits: usize,
    /// How many bits it has at most; 8192, and there is no higher one. A handshake with 8192 costs a client tens of times what one with 2048
    /// does, and any server can have it pay that, whether it proves who it is or not.
    pub max_dh_bits: usize,
    /// Whether suites of block ciphers in CBC mode are used as encrypt-then-MAC where the peer can (RFC 7366), up to TLS 1.2: a client
    /// offers it, a server takes it. Without, they are MAC-then-encrypt, which has been the way to many attacks (RFC 7366 1).
    pub encrypt_then_mac: bool,
    /// Whether a server reads a ClientHello that comes in SSL 2.0's form, in which some old clients say that they speak SSL 3.0 and later
    /// (RFC 5246 E.2); by `museum` only. SSL 2.0 itself is never spoken (RFC 6176).
    pub sslv2_hello: bool,
    /// Whether a server's order of suites goes before the client's.
    pub server_preference: bool,
    /// Who may start a second handshake on a live connection, up to TLS 1.2: nobody by default. Only with a peer that does it securely
    /// (RFC 5746), and only `limits.renegotiations` times where the peer wants it.
    pub renegotiation: Renegotiation,
    /// Whether the peer may prove to be another in a second handshake than in the first. Not by default: what was said before would be
    /// taken for the other's (RFC 7627 1). One that had proved nothing may prove who it is in any case.
    pub identity_may_change: bool,
}

/// Who may start a second handshake on a live connection (RFC 5246 7.4.1.1, RFC 5746).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renegotiation {
    /// Nobody. A peer that asks for one is told no_renegotiation, and the connection goes on.
    #[default]
    Never,
    /// This side, by [`crate::Connection::renegotiate`]. A peer that asks for one is told no_renegotiation.
    Ours,
    /// Either side.
    Either,
}

impl Policy {
    /// Every named policy, from the strictest on.
    pub const NAMES: &'static [&'static str] = &["modern", "default", "compatible", "legacy", "museum"];

    /// The policy of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "modern" => Self::modern(),
            "default" => Self::default(),
            "compatible" => Self::compatible(),
            "legacy" => Self::legacy(),
            "museum" => Self::museum(),
            _ => return None,
        })
    }

    /// TLS 1.3.
    pub fn modern() -> Self {
        Self::between("modern", ProtocolVersion::TLS1_3, is_fast)
    }

    /// TLS 1.2 with every key exchange, CBC and CCM too, finite fields, and secure renegotiation.
    pub fn compatible() -> Self {
        Self::between("compatible", ProtocolVersion::TLS1_2, |s| age(s) < Age::Legacy)
            .with_finite_fields()
            .with_renegotiation()
            .with_what_is_left_out()
    }

    /// TLS 1.0 and 1.1 too, Triple DES, SHA-1 signatures, and old certificates.
    pub fn legacy() -> Self {
        let certificates = CertificateRules::legacy();
        Self { certificates, ..Self::older("legacy", ProtocolVersion::TLS1_0, Age::Legacy) }
    }

    /// SSL 3.0 too, and RC4. Whoever sits in between can read what is said, with patience (RFC 7568, RFC 7465).
    pub fn museum() -> Self {
        let certificates = CertificateRules::museum();
        Self { certificates, sslv2_hello: true, ..Self::older("museum", ProtocolVersion::SSL3_0, Age::Museum) }
    }

    fn older(name: &'static str, min: ProtocolVersion, oldest: Age) -> Self {
        let mut policy = Self::between(name, min, |s| age(s) <= oldest)
            .with_finite_fields()
            .with_renegotiation()
            .with_what_is_left_out();
        policy.schemes.extend(SHA1_SCHEMES);
        policy
    }

    /// Finite fields cost a server many times what a curve does (ffdhe4096 fifty times what X25519 does), for no more security, and
    /// any client could have it pay that; whoever has them has a curve too, but for what is configured by an old rule book.
    fn with_finite_fields(mut self) -> Self {
        self.groups.extend(FINITE_FIELDS);
        self
    }

    /// Old servers ask for a certificate only when something is wanted for which one is needed, by a second handshake.
    fn with_renegotiation(mut self) -> Self {
        self.renegotiation = Renegotiation::Either;
        self
    }

    /// Without cargo feature `legacy` a policy that needs it asks for what there is not, and no config takes it.
    fn with_what_is_left_out(mut self) -> Self {
        if !HAS_LEGACY {
            self.suites.extend(OF_LEGACY);
        }
        self
    }

    /// Whether there is all that it asks for.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if cargo feature `legacy` would have to be on.
    pub(crate) fn check(&self, provider: &dyn Provider) -> Result<(), Error> {
        if HAS_LEGACY {
            return Ok(());
        }
        let (old, modern) = (&self.certificates, CertificateRules::modern());
        let old_certificates = old.sha1 || old.md5 || old.version_1 || old.common_names;
        let asked = match () {
            () if self.min_version < ProtocolVersion::TLS1_2 => Some(self.min_version.to_string()),
            () if self.renegotiation != Renegotiation::Never => Some("second handshakes".into()),
            () if self.sslv2_hello => Some("a ClientHello in SSL 2.0's form".into()),
            () if old_certificates => Some("old forms of certificates".into()),
            () if old.min_rsa_bits < modern.min_rsa_bits => Some(format!("RSA keys of {} bits", old.min_rsa_bits)),
            () => None,
        };
        let suite = || self.suites.iter().find(|s| OF_LEGACY.contains(s)).map(ToString::to_string);
        let group = || {
            // All that are prime fields, known here or not (RFC 7919 2).
            let lacks = |g: &&NamedGroup| (0x0100..=0x01ff).contains(&g.0) && !provider.groups().contains(g);
            self.groups.iter().find(lacks).map(ToString::to_string)
        };
        let scheme = || {
            let lacks = |s: &&SignatureScheme| SHA1_SCHEMES.contains(s) && !provider.schemes().contains(s);
            self.schemes.iter().find(lacks).map(ToString::to_string)
        };
        let Some(what) = asked.or_else(suite).or_else(group).or_else(scheme) else { return Ok(()) };
        let remedy = "turn on the cargo feature `legacy` of crate handfast";
        Err(ErrorKind::Config(format!("the policy {} has {what}, and this build does not: {remedy}", self.name)).into())
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
            // P-384 and P-521 are for certificates on them, too: a TLS 1.2 server shows none whose curve is not listed (RFC 8422
            // 5.3). The other hybrids are for who must have a NIST curve, and else lose to X25519MLKEM768, which all have that have
            // any.
            groups: vec![
                G::X25519MLKEM768,
                G::X25519,
                G::SECP256R1,
                G::SECP384R1,
                G::SECP521R1,
                G::SECP256R1MLKEM768,
                G::SECP384R1MLKEM1024,
            ],
            key_shares: 2,
            shared_groups: None,
            schemes: [
                S::ECDSA_SECP256R1_SHA256,
                S::ED25519,
                S::RSA_PSS_RSAE_SHA256,
                S::RSA_PSS_RSAE_SHA384,
                S::RSA_PSS_RSAE_SHA512,
                S::ECDSA_SECP384R1_SHA384,
                S::ECDSA_SECP521R1_SHA512,
                S::RSA_PSS_PSS_SHA256,
                S::RSA_PSS_PSS_SHA384,
                S::RSA_PSS_PSS_SHA512,
                S::RSA_PKCS1_SHA256,
                S::RSA_PKCS1_SHA384,
                S::RSA_PKCS1_SHA512,
                // Last: signatures and keys are forty times as long, and nobody can forge one afterwards, when there may be a machine
                // for it. A server with certificates of both kinds shows this one to whom it must.
                S::MLDSA44,
                S::MLDSA65,
                S::MLDSA87,
            ]
            .into(),
            psk_modes: vec![PskKeyExchangeMode::PSK_DHE_KE],
            cert_schemes: None,
            certificates: CertificateRules::modern(),
            own_schemes: None,
            require_extended_master_secret: false,
            require_secure_renegotiation: false,
            min_dh_bits: 2048,
            max_dh_bits: 8192,
            encrypt_then_mac: true,
            sslv2_hello: false,
            server_preference: true,
            renegotiation: Renegotiation::Never,
            identity_may_change: false,
        }
    }

    /// The same, but for this version alone.
    pub(crate) fn only(&self, version: ProtocolVersion) -> Self {
        Self { min_version: version, max_version: version, ..self.clone() }
    }

    /// The signatures that a peer is told of: those accepted that have a number, can be checked, and exist up to this version.
    pub(crate) fn accepts(
        &self,
        provider: &dyn Provider,
        newest: ProtocolVersion,
    ) -> Result<Vec<SignatureScheme>, Error> {
        let can = |s: &SignatureScheme| s.is_named() && exists(*s, newest) && provider.schemes().contains(s);
        let schemes: Vec<_> = self.schemes.iter().copied().filter(can).collect();
        match schemes.is_empty() {
            true => {
                Err(ErrorKind::Config(format!("the policy {} has no signature that can be checked", self.name)).into())
            }
            false => Ok(schemes),
        }
    }

    /// The signatures that may stand in a peer's certificates.
    pub fn in_certificates(&self) -> &[SignatureScheme] {
        self.cert_schemes.as_ref().unwrap_or(&self.schemes)
    }

    /// What a peer is told of signatures in certificates: nothing, where it is the same as of handshakes.
    pub(crate) fn accepts_in_certificates(&self, newest: ProtocolVersion) -> Option<Vec<SignatureScheme>> {
        let list = self.cert_schemes.as_ref().filter(|list| **list != self.schemes)?;
        let list: Vec<_> = list.iter().copied().filter(|s| s.is_named() && exists(*s, newest)).collect();
        (!list.is_empty()).then_some(list)
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
        let modern = |s: &Suite| matches!(s.key_exchange, KeyExchangeKind::Tls13 | KeyExchangeKind::Ecdhe);
        Self::between("default", ProtocolVersion::TLS1_2, |s| is_fast(s) && modern(s))
    }
}

/// From which policy on a suite is in it; [`Age::Never`] must be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Compatible,
    Legacy,
    Museum,
    Never,
}

fn age(suite: &Suite) -> Age {
    match suite.bulk {
        BulkCipher::Aead(_) | BulkCipher::Cbc(CbcCipher::Aes128 | CbcCipher::Aes256, _) => Age::Compatible,
        BulkCipher::Cbc(CbcCipher::TripleDes, _) => Age::Legacy,
        BulkCipher::Rc4(_) => Age::Museum,
        BulkCipher::Null(_) => Age::Never,
    }
}

/// Whether a scheme exists up to this version (draft-ietf-tls-mldsa 3.3).
fn exists(scheme: SignatureScheme, newest: ProtocolVersion) -> bool {
    newest >= ProtocolVersion::TLS1_3 || KeyKind::of(scheme) != Some(KeyKind::MlDsa)
}

/// AEADs but CCM, which takes two passes that hardware does not help as it does GCM, and with the short tag is weaker. Small devices
/// speak nothing else; who serves them asks for it.
fn is_fast(suite: &Suite) -> bool {
    use AeadAlgorithm as A;
    matches!(suite.bulk, BulkCipher::Aead(A::Aes128Gcm | A::Aes256Gcm | A::ChaCha20Poly1305))
}

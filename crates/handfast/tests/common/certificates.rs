//! Certificates of every kind, made once, and configs that use them.

use super::{Pair, Seen, Side};
use handfast::compression::{Brotli, Compression, Zlib};
use handfast::config::{Cookies, EarlyDataRules};
use handfast::crypto::{Credential, KeyExchangeKind, KeyKind, SUITES, Suite, aws_lc};
use handfast::keys::Secret;
use handfast::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use handfast::policy::Renegotiation;
use handfast::psk::{ExternalPsk, PskUsage};
use handfast::session::{
    ClientSession, ClientSessionKind, ClientStore, MemoryClientStore, MemoryReplayStore, Remembered, SessionKey,
};
use handfast::verify::{CertificateError, NoCertificates, PeerToVerify, RawKeyToVerify, Verified, Verifier};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{CertificateType, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme};
use handfast::{ClientAuth, ClientConfig, Policy, Reply, ServerConfig, Time};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use std::sync::{Arc, OnceLock};

/// A root, and what it issued.
pub struct Authority {
    pub root: CertificateDer<'static>,
    server: [Arc<Credential>; 3],
    client: [Arc<Credential>; 3],
}

fn index(kind: KeyKind) -> usize {
    match kind {
        KeyKind::Rsa => 0,
        KeyKind::Ecdsa => 1,
        KeyKind::Ed25519 => 2,
        KeyKind::RsaPss | KeyKind::MlDsa => panic!("see by_scheme"),
    }
}

/// Certificates for a server and for clients with the keys that are left, each by a scheme that it signs by. They signed themselves.
pub fn by_scheme() -> &'static [(SignatureScheme, Arc<Credential>)] {
    static MADE: OnceLock<Vec<(SignatureScheme, Arc<Credential>)>> = OnceLock::new();
    MADE.get_or_init(|| {
        let made = |algorithm| {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let certificate = CertificateParams::new(vec![super::NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
            let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
            Arc::new(Credential::from_der(vec![certificate.der().clone()], der).unwrap())
        };
        macro_rules! pem {
            ($name:literal) => {
                Arc::new(
                    Credential::from_pem(
                        include_bytes!(concat!("../pem/", $name, ".cert.pem")),
                        include_bytes!(concat!("../pem/", $name, ".pkcs8.pem")),
                    )
                    .unwrap(),
                )
            };
        }
        vec![
            (SignatureScheme::ECDSA_SECP384R1_SHA384, made(&rcgen::PKCS_ECDSA_P384_SHA384)),
            (SignatureScheme::ECDSA_SECP521R1_SHA512, made(&rcgen::PKCS_ECDSA_P521_SHA512)),
            // The first leaves the hash open, the second does not.
            (SignatureScheme::RSA_PSS_PSS_SHA256, pem!("pss")),
            (SignatureScheme::RSA_PSS_PSS_SHA384, pem!("pss384")),
            (SignatureScheme::MLDSA44, made(&rcgen::PKCS_ML_DSA_44)),
            (SignatureScheme::MLDSA65, made(&rcgen::PKCS_ML_DSA_65)),
            (SignatureScheme::MLDSA87, made(&rcgen::PKCS_ML_DSA_87)),
        ]
    })
}

/// Every suite that a client offers for this version.
pub fn spoken(version: ProtocolVersion) -> impl Iterator<Item = &'static Suite> {
    let provider = aws_lc::provider();
    // What is not sure to open in constant time is not offered.
    SUITES.iter().filter(move |s| s.fits(version) && s.is_spoken_by(&*provider) && s.opens_in_constant_time())
}

/// Every kind of key.
pub const KINDS: [KeyKind; 3] = [KeyKind::Rsa, KeyKind::Ecdsa, KeyKind::Ed25519];

/// The tests' root.
pub fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "the tests' root");
        let root = params.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(params, key);
        let issue =
            |name, usage: ExtendedKeyUsagePurpose| KINDS.map(|k| Arc::new(leaf(&issuer, k, name, usage.clone())));
        Authority {
            root,
            server: issue(super::NAME, ExtendedKeyUsagePurpose::ServerAuth),
            client: issue("client.test", ExtendedKeyUsagePurpose::ClientAuth),
        }
    })
}

fn leaf(issuer: &Issuer<'_, KeyPair>, kind: KeyKind, name: &str, usage: ExtendedKeyUsagePurpose) -> Credential {
    let key = KeyPair::generate_for(match kind {
        KeyKind::Rsa => &rcgen::PKCS_RSA_SHA256,
        KeyKind::Ecdsa => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyKind::Ed25519 => &rcgen::PKCS_ED25519,
        KeyKind::RsaPss | KeyKind::MlDsa => panic!("see by_scheme"),
    })
    .unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    if kind == KeyKind::Rsa {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    params.extended_key_usages = vec![usage];
    let certificate = params.signed_by(&key, issuer).unwrap();
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Credential::new(vec![certificate.der().clone()], aws_lc::private_key(der).unwrap())
}

/// The server's certificate with a key of this kind.
pub fn server_credential(kind: KeyKind) -> Arc<Credential> {
    authority().server[index(kind)].clone()
}

/// The client's certificate with a key of this kind.
pub fn client_credential(kind: KeyKind) -> Arc<Credential> {
    authority().client[index(kind)].clone()
}

/// Trusts what the tests' root issued, compared byte by byte: a stand-in for a verifier where verification is not the matter.
#[derive(Debug)]
pub struct Known;

impl Verifier for Known {
    fn verify(&self, peer: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        let others = by_scheme().iter().map(|(_, c)| c);
        let known = authority().server.iter().chain(&authority().client).chain(others).any(|c| c.chain == peer.chain);
        Reply::Now(if known {
            Ok(Verified::because("known to the tests"))
        } else {
            Err(CertificateError::UnknownIssuer { issuer: "nobody".into(), detail: "not known to the tests".into() })
        })
    }

    fn verify_raw_key(&self, peer: &RawKeyToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        let mut all = authority().server.iter().chain(&authority().client);
        Reply::Now(match all.any(|c| raw(c).raw_key.as_ref() == Some(&peer.key)) {
            true => Ok(Verified::because("known to the tests")),
            false => Err(CertificateError::RawKey("not known to the tests".into())),
        })
    }
}

/// Both algorithms; what they make is kept for all tests.
pub fn compression() -> Arc<Compression> {
    static COMPRESSION: OnceLock<Arc<Compression>> = OnceLock::new();
    let new = || Arc::new(Compression::new([Arc::new(Brotli) as _, Arc::new(Zlib) as _]));
    COMPRESSION.get_or_init(new).clone()
}

/// How much early data is taken.
pub const EARLY: u32 = 40;

/// The external PSK that both sides have.
fn external_psk() -> ExternalPsk {
    ExternalPsk::new("the tests", Secret::copy(b"known to both sides, and no others"))
}

/// The same, for suites up to TLS 1.2.
pub fn plain_psk() -> ExternalPsk {
    ExternalPsk { usage: PskUsage::Plain, ..external_psk() }
}

/// A client's store that remembers sessions, but not which group a server chose: that would spare the next HelloRetryRequest.
#[derive(Debug, Default)]
pub struct NoGroups(MemoryClientStore);

impl ClientStore for NoGroups {
    fn take(&self, key: &SessionKey, now: Time) -> Reply<Remembered> {
        match self.0.take(key, now) {
            Reply::Now(mut found) => {
                if let Some(ClientSessionKind::Tls13(own)) = found.session.as_mut().map(|s| &mut s.kind) {
                    own.group = None;
                }
                Reply::Now(Remembered { group: None, ..found })
            }
            Reply::Later => Reply::Later,
        }
    }
    fn put(&self, key: &SessionKey, session: ClientSession) {
        self.0.put(key, session);
    }
    fn forget(&self, key: &SessionKey) {
        self.0.forget(key);
    }
}

/// What a handshake is to negotiate.
#[derive(Clone, Debug)]
pub struct Setup {
    pub version: ProtocolVersion,
    /// The only suite; `None`: whatever the version has.
    pub suite: Option<CipherSuite>,
    pub group: NamedGroup,
    pub server: KeyKind,
    /// The certificate is the one of [`by_scheme`] instead, and the client's too if it has one.
    pub scheme: Option<SignatureScheme>,
    /// A group that the client would rather have, which the server does not: leads to a HelloRetryRequest.
    pub hoped: Option<NamedGroup>,
    /// The client's certificate.
    pub client: Option<KeyKind>,
    pub auth: Auth,
    pub tickets: bool,
    pub cache: bool,
    /// The server sends cookies.
    pub cookies: bool,
    /// The client is asked for its certificate after the handshake.
    pub asked_later: bool,
    /// Certificates come with [`RESPONSE`] and [`SCTS`], which everybody asks for.
    pub stapled: bool,
    /// Both sides show raw public keys.
    pub raw: bool,
    /// Both sides' certificates go compressed, where the version has that.
    pub compression: bool,
    /// An external PSK that both sides have, in place of the server's certificate.
    pub psk: bool,
    /// Pre-shared keys are used alone.
    pub psk_only: bool,
    /// The server gives a hint which pre-shared key it means, up to TLS 1.2.
    pub hint: bool,
    /// Early data is offered and taken.
    pub early: bool,
    /// CBC is used as encrypt-then-MAC where it can be.
    pub encrypt_then_mac: bool,
    /// Who starts a second handshake; a server's asks for a certificate, if the client has one.
    pub again: Option<Side>,
}

/// The key of this certificate, and nothing else.
pub fn raw(credential: &Credential) -> Credential {
    Credential { chain: Vec::new(), ..credential.clone().with_raw_key() }
}

/// What nobody here looks into.
pub const RESPONSE: &[u8] = b"an OCSP response";
/// Likewise.
pub const SCTS: [&[u8]; 2] = [b"one", b"another"];

fn stapled(credential: &Credential) -> Arc<Credential> {
    let scts = SCTS.iter().map(|sct| sct.to_vec()).collect();
    Arc::new(Credential { ocsp: Some(RESPONSE.to_vec()), scts, ..credential.clone() })
}

/// Whether the server wants a client certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    None,
    Optional,
    Required,
}

impl Setup {
    /// X25519 and ECDSA, in SSL 3.0 RSA; nobody asks the client; tickets.
    pub fn new(version: ProtocolVersion) -> Self {
        Self {
            version,
            suite: None,
            group: NamedGroup::X25519,
            hoped: None,
            server: if version == ProtocolVersion::SSL3_0 { KeyKind::Rsa } else { KeyKind::Ecdsa },
            scheme: None,
            client: None,
            auth: Auth::None,
            tickets: true,
            cache: false,
            stapled: false,
            raw: false,
            compression: false,
            cookies: false,
            asked_later: false,
            psk: false,
            psk_only: false,
            hint: false,
            early: false,
            encrypt_then_mac: true,
            again: None,
        }
    }

    pub fn suite(mut self, suite: CipherSuite) -> Self {
        self.suite = Some(suite);
        self
    }

    pub fn server(mut self, kind: KeyKind) -> Self {
        self.server = kind;
        self
    }

    /// With the certificate that signs by this scheme.
    pub fn signing(mut self, scheme: SignatureScheme) -> Self {
        self.scheme = Some(scheme);
        self
    }

    fn by_scheme(&self) -> Option<Arc<Credential>> {
        let scheme = self.scheme?;
        by_scheme().iter().find(|(s, _)| *s == scheme).map(|(_, c)| c.clone())
    }

    pub fn server_credential(&self) -> Arc<Credential> {
        self.by_scheme().unwrap_or_else(|| server_credential(self.server))
    }

    pub fn client_credential(&self) -> Option<Arc<Credential>> {
        let kind = self.client?;
        Some(self.by_scheme().unwrap_or_else(|| client_credential(kind)))
    }

    pub fn mutual(mut self, client: KeyKind) -> Self {
        self.client = Some(client);
        self.auth = Auth::Required;
        self
    }

    /// The client is asked for a certificate, and need not have one.
    pub fn asked(mut self) -> Self {
        self.auth = Auth::Optional;
        self
    }

    pub fn retried(mut self) -> Self {
        self.hoped = Some(NamedGroup::SECP256R1);
        self
    }

    pub fn stapled(mut self) -> Self {
        self.stapled = true;
        self
    }

    pub fn psk(mut self) -> Self {
        self.psk = true;
        self
    }

    pub fn psk_only(mut self) -> Self {
        self.psk_only = true;
        self
    }

    pub fn hinted(mut self) -> Self {
        self.hint = true;
        self
    }

    pub fn group(mut self, group: NamedGroup) -> Self {
        self.group = group;
        self
    }

    pub fn early(mut self) -> Self {
        self.early = true;
        self
    }

    pub fn by_id(mut self) -> Self {
        self.tickets = false;
        self.cache = true;
        self
    }

    /// MAC-then-encrypt.
    pub fn mac_then_encrypt(mut self) -> Self {
        self.encrypt_then_mac = false;
        self
    }

    pub fn raw_keys(mut self) -> Self {
        self.raw = true;
        self
    }

    pub fn compressed(mut self) -> Self {
        self.compression = true;
        self
    }

    pub fn cookies(mut self) -> Self {
        self.cookies = true;
        self
    }

    pub fn asked_later(mut self, client: KeyKind) -> Self {
        self.client = Some(client);
        self.asked_later = true;
        self
    }

    /// With a second handshake, which this side starts.
    pub fn again(mut self, starts: Side) -> Self {
        self.again = Some(starts);
        self
    }

    /// In which the client is asked for its certificate, as it was not in the first.
    pub fn asked_again(mut self, client: KeyKind) -> Self {
        self.client = Some(client);
        self.again(Side::Server)
    }

    /// The second handshake, if there is to be one.
    pub fn renegotiate(&self, pair: &mut Pair) {
        let (Some(starts), now) = (self.again, pair.now) else { return };
        let connection = &mut pair.end(starts).connection;
        match self.client {
            Some(_) => connection.renegotiate_with(ClientAuth::Required(Arc::new(Known)), now),
            None => connection.renegotiate(now),
        }
        .unwrap();
        pair.run().assert_connected();
        pair.assert_agreed();
        for end in [&pair.client, &pair.server] {
            assert_eq!(end.events.iter().filter(|e| **e == Seen::Renegotiated).count(), 1);
            let shown = end.connection.is_client() || self.client.is_some();
            assert_eq!(!end.negotiated().peer_chain.is_empty() || end.negotiated().peer_raw_key.is_some(), shown);
        }
    }

    /// How keys are exchanged, if the suite says so.
    fn key_exchange(&self) -> Option<KeyExchangeKind> {
        self.suite.and_then(Suite::find).map(|s| s.key_exchange)
    }

    /// A policy of exactly this version, suite and group.
    pub fn policy(&self) -> Policy {
        let mut policy = Policy::museum();
        policy.min_version = self.version;
        policy.max_version = self.version;
        policy.groups = vec![self.group];
        policy.key_shares = 1;
        policy.encrypt_then_mac = self.encrypt_then_mac;
        policy.renegotiation = if self.again.is_some() { Renegotiation::Either } else { Renegotiation::Never };
        if self.auth == Auth::Required {
            // Something else than of handshakes, so that it is said.
            policy.cert_schemes = Some(policy.schemes.iter().rev().copied().collect());
        }
        if let Some(suite) = self.suite {
            policy.suites = vec![suite];
        }
        if self.psk_only {
            policy.psk_modes = vec![PskKeyExchangeMode::PSK_KE];
        }
        policy
    }

    pub fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new(self.policy(), Arc::new(Known));
        if self.version < ProtocolVersion::TLS1_3 {
            // The curve of the ECDSA certificate, without which it must not be shown (RFC 8422 5.3).
            let curve = match self.scheme {
                Some(SignatureScheme::ECDSA_SECP384R1_SHA384) => NamedGroup::SECP384R1,
                Some(SignatureScheme::ECDSA_SECP521R1_SHA512) => NamedGroup::SECP521R1,
                _ => NamedGroup::SECP256R1,
            };
            if self.group != curve {
                config.policy.groups.push(curve);
            }
        }
        if let Some(group) = self.hoped {
            config.policy.groups.insert(0, group);
            // Each time anew, whatever the server chose before.
            config.policy.shared_groups = Some(vec![group]);
        }
        let own = self.client_credential();
        let own = if self.stapled { own.map(|c| stapled(&c)) } else { own };
        let own = if self.raw { own.map(|c| Arc::new(raw(&c))) } else { own };
        config.credentials = own.map(|c| c as _);
        if self.raw {
            config.server_certificate_types = vec![CertificateType::RAW_PUBLIC_KEY];
        }
        config.scts = self.stapled;
        config.certificate_compression = self.compression.then(compression);
        config.post_handshake_auth = self.asked_later;
        config.early_data = self.early;
        if self.psk {
            config.psks = Some(Arc::new(vec![external_psk()]));
            config.verifier = Arc::new(NoCertificates);
        }
        if let Some(kind) = self.key_exchange().filter(|kind| kind.has_psk()) {
            config.psks = Some(Arc::new(vec![plain_psk()]));
            if !kind.has_certificate() {
                config.verifier = Arc::new(NoCertificates);
            }
        }
        config
    }

    pub fn server_config(&self) -> ServerConfig {
        let own = self.server_credential();
        let own = if self.stapled { stapled(&own) } else { own };
        let own = if self.raw { Arc::new(raw(&own)) } else { own };
        let mut config = ServerConfig::new(self.policy(), own);
        if self.raw {
            config.client_certificate_types = vec![CertificateType::RAW_PUBLIC_KEY];
        }
        config.client_ocsp = self.stapled;
        config.client_auth = match self.auth {
            Auth::None => ClientAuth::None,
            Auth::Optional => ClientAuth::Optional(Arc::new(Known)),
            Auth::Required => ClientAuth::Required(Arc::new(Known)),
        };
        config.certificate_compression = self.compression.then(compression);
        config.post_handshake_auth = self.asked_later;
        config.cookies = self.cookies.then(Cookies::default);
        if !self.tickets {
            config.tickets = None;
        }
        if self.early {
            let store = MemoryReplayStore::new(Time::default(), 10);
            config.early_data = Some(EarlyDataRules::new(EARLY, Arc::new(store)));
        }
        if self.psk {
            config.psks = Some(Arc::new(vec![external_psk()]));
            config.credentials = Arc::new(Vec::<Arc<Credential>>::new());
        }
        if let Some(kind) = self.key_exchange().filter(|kind| kind.has_psk()) {
            config.psks = Some(Arc::new(vec![plain_psk()]));
            if self.hint {
                config.psk_hint = b"the one of the tests".into();
            }
            if !kind.has_certificate() {
                config.credentials = Arc::new(Vec::<Arc<Credential>>::new());
            }
        }
        if self.cache {
            config = config.with_session_cache();
        }
        config
    }

    pub fn configs(&self) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
        (Arc::new(self.client_config()), Arc::new(self.server_config()))
    }
}

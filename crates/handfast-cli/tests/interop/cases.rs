//! The rows.

use super::flags::EXPORT;

/// The kind of the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Rsa,
    /// On P-256.
    Ecdsa,
    /// ECDSA on P-384: before TLS 1.3 a server shows it only to clients that list the curve.
    P384,
    P521,
    Ed25519,
    /// An RSA key that signs by RSASSA-PSS only.
    RsaPss,
    MlDsa44,
    MlDsa65,
    MlDsa87,
    /// ECDSA on P-256; the certificate says that an OCSP response must come with it (RFC 7633).
    MustStaple,
}

impl Key {
    pub const ALL: [Self; 10] = [
        Self::Rsa,
        Self::Ecdsa,
        Self::P384,
        Self::P521,
        Self::Ed25519,
        Self::RsaPss,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
        Self::MustStaple,
    ];

    /// What its files are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ecdsa => "ecdsa",
            Self::P384 => "p384",
            Self::P521 => "p521",
            Self::Ed25519 => "ed25519",
            Self::RsaPss => "rsa-pss",
            Self::MlDsa44 => "mldsa44",
            Self::MlDsa65 => "mldsa65",
            Self::MlDsa87 => "mldsa87",
            Self::MustStaple => "must-staple",
        }
    }
    /// As a row shows it; empty where the suite says enough.
    fn in_words(self) -> &'static str {
        match self {
            Self::Rsa | Self::Ecdsa => "",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
            Self::RsaPss => "RSASSA-PSS",
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
            Self::MustStaple => "must-staple",
        }
    }
    pub fn is_ml_dsa(self) -> bool {
        matches!(self, Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87)
    }
}

/// What is special about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    /// A full handshake, data both ways.
    Full,
    /// A second connection resumes the first.
    Resumed,
    /// The same, with a peer that knows session IDs only.
    ResumedById,
    /// The client's first share is of a group that the server does not take.
    Retry,
    /// The server requires a client certificate.
    ClientCertificate,
    /// The client offers h2 and http/1.1; the server takes http/1.1.
    Alpn,
    /// Both offer h2 and http/1.1, and h2 carries a page.
    Http2,
    /// The peer changes its keys and asks for ours, then data goes on.
    KeyUpdate,
    /// Our client changes its keys and asks for the peer's, then data goes on.
    OwnKeyUpdate,
    /// Our client verifies certificates that are signed otherwise than handshakes may be (signature_algorithms_cert).
    CertSchemes,
    /// The server has the client send a cookie back; where there is a group, another share, too.
    Cookie,
    /// We say things that nobody knows; our ClientHello is shuffled and padded, too.
    Grease,
    /// The server's certificates come compressed by zlib.
    Zlib,
    /// By brotli.
    Brotli,
    /// The server's certificate comes with an OCSP response, which is required.
    Stapled,
    /// An external pre-shared key, with a fresh key exchange (psk_dhe_ke).
    Psk,
    /// The same without one (psk_ke).
    PskOnly,
    /// The server sends more tickets than usual.
    Tickets,
    /// The server's raw public key instead of a certificate (RFC 7250).
    RawKey,
    /// TLS 1.3 records are padded, both ways.
    PaddedRecords,
    /// Both say how large records may be, and it is less than usual.
    RecordSizeLimit,
    /// The server asks for a client certificate when the handshake is over.
    PostHandshake,
    /// Both export the same.
    Exporter,
    /// A second connection begins with early data, and the server takes it.
    EarlyData,
    /// The server takes none; what was said early is said again.
    EarlyRefused,
    /// The server's certificate comes with signed certificate timestamps (RFC 6962).
    Timestamps,
    /// Raw public keys, the server's and the client's.
    RawClientKey,
    /// The client has certificates from two authorities; the server names one of these.
    ByIssuer,
    /// The server has certificates from two authorities; the client names one of these (certificate_authorities).
    ByAuthority,
    /// The server has certificates for two names; the client asks for the second.
    ByName,
    /// The server has an ECDSA and an RSA certificate; the client verifies nothing but RSA.
    ByScheme,
    /// Both have the same channel binding of RFC 5929.
    TlsUnique,
    /// The same.
    TlsServerEndPoint,
    /// Both have the same channel binding of RFC 9266.
    TlsExporter,
    /// The peer starts a second handshake in the connection, and data goes on (RFC 5746).
    Renegotiated,
    /// The same; the server requires a client certificate in the second one only, and so starts it.
    CertificateLater,
    /// We start a second handshake in the connection, and data goes on.
    OwnRenegotiation,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Case {
    /// As the tool writes it.
    pub version: &'static str,
    /// By IANA name.
    pub suite: &'static str,
    /// By IANA name; empty where it is left open, or where there is none.
    pub group: &'static str,
    pub key: Key,
    pub feature: Feature,
}

impl Case {
    /// As the matrix shows it.
    pub fn name(&self) -> String {
        let suite = self.suite.trim_start_matches("TLS_");
        let mut out = format!("{} {suite}", self.version);
        if !self.group.is_empty() {
            out += &format!(" {}", self.group);
        }
        if !self.key.in_words().is_empty() {
            out += &format!(" {}", self.key.in_words());
        }
        if self.feature != Feature::Full {
            out += &format!(" {:?}", self.feature);
        }
        out
    }
    /// As events have it.
    pub fn version_in_words(&self) -> &'static str {
        match self.version {
            "ssl3" => "SSL 3.0",
            "tls1.0" => "TLS 1.0",
            "tls1.1" => "TLS 1.1",
            "tls1.2" => "TLS 1.2",
            _ => "TLS 1.3",
        }
    }
    /// Whether there is a second connection with the session of the first.
    pub fn resumes(&self) -> bool {
        matches!(self.feature, Feature::Resumed | Feature::ResumedById) || self.is_early()
    }
    /// Whether the second connection begins with early data.
    pub fn is_early(&self) -> bool {
        matches!(self.feature, Feature::EarlyData | Feature::EarlyRefused)
    }
    /// The name that the client asks for.
    pub fn server_name(&self) -> &'static str {
        if self.feature == Feature::ByName { OTHER_NAME } else { "localhost" }
    }
    /// All suites that are offered and taken, by IANA name: one, where not something else chooses.
    pub fn suites(&self) -> Vec<&'static str> {
        match self.feature {
            Feature::ByScheme if !self.is_13() => vec![ECDSA_GCM, self.suite],
            _ => vec![self.suite],
        }
    }
    /// What is exported: the label, and whether there is a context, which is then empty.
    pub fn exporter(&self) -> (&'static str, bool) {
        if self.feature == Feature::TlsExporter { ("EXPORTER-Channel-Binding", true) } else { (EXPORT.0, false) }
    }
    /// The type of the channel binding that both have, if one is wanted.
    pub fn channel_binding(&self) -> Option<&'static str> {
        match self.feature {
            Feature::TlsUnique => Some("tls-unique"),
            Feature::TlsServerEndPoint => Some("tls-server-end-point"),
            Feature::TlsExporter => Some("tls-exporter"),
            _ => None,
        }
    }
    /// Whether the client's first share is of a group that the server does not take.
    pub fn retries(&self) -> bool {
        self.feature == Feature::Retry || self.feature == Feature::Cookie && !self.group.is_empty()
    }
    /// Whether there is a second handshake in the connection.
    pub fn renegotiates(&self) -> bool {
        matches!(self.feature, Feature::Renegotiated | Feature::CertificateLater | Feature::OwnRenegotiation)
    }
    /// Whether a pre-shared key is used.
    pub fn has_psk(&self) -> bool {
        matches!(self.feature, Feature::Psk | Feature::PskOnly) || self.suite.contains("PSK_")
    }
    /// Whether it is a suite that our client does not offer, and that our server takes only with encrypt-then-MAC: it does not open in
    /// constant time.
    pub fn needs_encrypt_then_mac(&self) -> bool {
        self.suite.ends_with("AES_256_CBC_SHA256")
    }
    /// Whether a pre-shared key and a fresh exchange over a prime field or a curve are both in it.
    pub fn has_dhe_psk(&self) -> bool {
        self.suite.contains("DHE_PSK") || self.suite.contains("PSK_DHE")
    }
    /// Whether a pre-shared key proves the server, so that it shows no certificate, before TLS 1.3.
    pub fn is_by_key_alone(&self) -> bool {
        self.suite.contains("PSK_") && !self.suite.contains("RSA_PSK_")
    }
    pub fn is_13(&self) -> bool {
        self.version == "tls1.3"
    }
}

/// Every row that is not only about what was before TLS 1.3.
pub fn cases() -> Vec<Case> {
    [suites(), groups(), exchanges(), keys(), sessions(), features(), choices(), renegotiations()].concat()
}

/// The name in the server's second certificate. It needs no DNS (RFC 6761 6.3).
pub const OTHER_NAME: &str = "other.localhost";

const GCM: &str = "TLS_AES_128_GCM_SHA256";
const RSA_GCM: &str = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
const ECDSA_GCM: &str = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";

fn row(version: &'static str, suite: &'static str, group: &'static str, key: Key, feature: Feature) -> Case {
    Case { version, suite, group, key, feature }
}

fn suites() -> Vec<Case> {
    use Key::{Ecdsa, Rsa};
    let old = [
        ("TLS_RSA_WITH_AES_128_CBC_SHA", Rsa),
        ("TLS_RSA_WITH_AES_256_CBC_SHA", Rsa),
        ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Rsa),
        ("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", Ecdsa),
    ];
    let middle = [
        ("TLS_RSA_WITH_AES_128_CBC_SHA", Rsa),
        ("TLS_RSA_WITH_AES_128_GCM_SHA256", Rsa),
        ("TLS_RSA_WITH_AES_256_GCM_SHA384", Rsa),
        ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", Rsa),
        (RSA_GCM, Rsa),
        ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Rsa),
        ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Rsa),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", Ecdsa),
        (ECDSA_GCM, Ecdsa),
        ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", Ecdsa),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_CCM", Ecdsa),
        ("TLS_ECDHE_ECDSA_WITH_AES_256_CCM", Ecdsa),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", Ecdsa),
    ];
    let new = [
        GCM,
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ];
    let old = old.map(|(suite, key)| row("tls1.0", suite, "", key, Feature::Full));
    let middle = middle.map(|(suite, key)| row("tls1.2", suite, "", key, Feature::Full));
    let new = new.map(|suite| row("tls1.3", suite, "x25519", Ecdsa, Feature::Full));
    [&old[..], &middle, &new].concat()
}

fn groups() -> Vec<Case> {
    let middle = ["x25519", "secp256r1", "secp384r1", "secp521r1"];
    let new = [
        "secp256r1",
        "secp384r1",
        "secp521r1",
        "X25519MLKEM768",
        "SecP256r1MLKEM768",
        "SecP384r1MLKEM1024",
        "ffdhe2048",
        "ffdhe3072",
        "ffdhe4096",
    ];
    let middle = middle.map(|group| row("tls1.2", RSA_GCM, group, Key::Rsa, Feature::Full));
    let new = new.map(|group| row("tls1.3", GCM, group, Key::Ecdsa, Feature::Full));
    [&middle[..], &new].concat()
}

/// Finite fields before TLS 1.3.
fn exchanges() -> Vec<Case> {
    use Feature::{ClientCertificate, Full, Resumed};
    const DHE_GCM: &str = "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256";
    let fields = [
        ("tls1.0", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", ""),
        ("tls1.2", DHE_GCM, ""),
        ("tls1.2", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", ""),
        ("tls1.2", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", ""),
        ("tls1.2", "TLS_DHE_RSA_WITH_AES_128_CCM", ""),
        ("tls1.2", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", ""),
        ("tls1.2", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", ""),
        ("tls1.2", DHE_GCM, "ffdhe2048"),
        ("tls1.2", DHE_GCM, "ffdhe3072"),
        ("tls1.2", DHE_GCM, "ffdhe4096"),
        ("tls1.2", DHE_GCM, "ffdhe6144"),
        ("tls1.2", DHE_GCM, "ffdhe8192"),
    ];
    let fields = fields.map(|(version, suite, group)| row(version, suite, group, Key::Rsa, Full));
    let sessions = [Resumed, ClientCertificate].map(|feature| row("tls1.2", DHE_GCM, "", Key::Rsa, feature));
    [&fields[..], &sessions].concat()
}

/// RSA and ECDSA on P-256 are in other rows.
fn keys() -> Vec<Case> {
    use Key::{Ed25519, MlDsa44, MlDsa65, MlDsa87, P384, P521, RsaPss};
    let middle = [(ECDSA_GCM, P384), (ECDSA_GCM, P521), (ECDSA_GCM, Ed25519), (RSA_GCM, RsaPss)];
    let new = [P384, P521, Ed25519, RsaPss, MlDsa44, MlDsa65, MlDsa87];
    let middle = middle.map(|(suite, key)| row("tls1.2", suite, "", key, Feature::Full));
    let new = new.map(|key| row("tls1.3", GCM, "x25519", key, Feature::Full));
    [&middle[..], &new].concat()
}

/// Sessions, client certificates and ALPN, with each kind of key exchange.
fn sessions() -> Vec<Case> {
    use Key::{Ecdsa, Rsa};
    let mut out = Vec::new();
    for feature in [Feature::Resumed, Feature::ClientCertificate, Feature::Alpn] {
        out.push(row("tls1.0", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "", Rsa, feature));
        out.push(row("tls1.2", "TLS_RSA_WITH_AES_128_CBC_SHA", "", Rsa, feature));
        out.push(row("tls1.2", RSA_GCM, "", Rsa, feature));
        out.push(row("tls1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "", Ecdsa, feature));
        out.push(row("tls1.3", GCM, "x25519", Ecdsa, feature));
        out.push(row("tls1.3", "TLS_AES_256_GCM_SHA384", "x25519", Rsa, feature));
        out.push(row("tls1.3", GCM, "X25519MLKEM768", Ecdsa, feature));
    }
    out.push(row("tls1.0", "TLS_RSA_WITH_AES_128_CBC_SHA", "", Rsa, Feature::ResumedById));
    out.push(row("tls1.2", RSA_GCM, "", Rsa, Feature::ResumedById));
    out
}

/// All else, once in each version that has it.
fn features() -> Vec<Case> {
    use Feature::{
        Brotli, CertSchemes, Cookie, Exporter, Grease, Http2, KeyUpdate, OwnKeyUpdate, PaddedRecords, PostHandshake,
        Psk, PskOnly, RawKey, RecordSizeLimit, Retry, Stapled, Tickets, Zlib,
    };
    let middle = [Http2, Stapled, RawKey, Grease, RecordSizeLimit, Exporter];
    let new = [
        Http2,
        Stapled,
        RawKey,
        Psk,
        PskOnly,
        Tickets,
        KeyUpdate,
        OwnKeyUpdate,
        CertSchemes,
        Cookie,
        Zlib,
        Brotli,
        Grease,
        PaddedRecords,
        RecordSizeLimit,
        PostHandshake,
        Exporter,
    ];
    let middle = middle.map(|feature| row("tls1.2", RSA_GCM, "", Key::Rsa, feature));
    let new = new.map(|feature| row("tls1.3", GCM, "", Key::Ecdsa, feature));
    let retries = [Retry, Cookie].map(|feature| row("tls1.3", GCM, "secp384r1", Key::Ecdsa, feature));
    let must =
        [row("tls1.2", ECDSA_GCM, "", Key::MustStaple, Stapled), row("tls1.3", GCM, "", Key::MustStaple, Stapled)];
    [&middle[..], &new, &retries, &must].concat()
}

/// Early data, certificates that are chosen, what comes with them or instead of them, and channel bindings.
fn choices() -> Vec<Case> {
    use Feature::{
        ByAuthority, ByIssuer, ByName, ByScheme, EarlyData, EarlyRefused, RawClientKey, Timestamps, TlsExporter,
        TlsServerEndPoint, TlsUnique,
    };
    let middle = [Timestamps, RawClientKey, ByIssuer, ByName, ByScheme, TlsUnique, TlsServerEndPoint];
    let new =
        [EarlyData, EarlyRefused, Timestamps, RawClientKey, ByIssuer, ByAuthority, TlsServerEndPoint, TlsExporter];
    let middle = middle.map(|feature| row("tls1.2", RSA_GCM, "", Key::Rsa, feature));
    let new = new.map(|feature| row("tls1.3", GCM, "", Key::Ecdsa, feature));
    // All of the server's keys are of one kind where the name decides: some servers choose the kind first.
    let with_rsa = [ByName, ByScheme].map(|feature| row("tls1.3", GCM, "", Key::Rsa, feature));
    [&middle[..], &new, &with_rsa].concat()
}

/// Second handshakes, over each kind of key exchange and of protection.
fn renegotiations() -> Vec<Case> {
    use Feature::{CertificateLater, OwnRenegotiation, Renegotiated};
    let each = |feature| {
        [
            row("tls1.0", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "", Key::Rsa, feature),
            row("tls1.2", "TLS_RSA_WITH_AES_128_CBC_SHA", "", Key::Rsa, feature),
            row("tls1.2", RSA_GCM, "", Key::Rsa, feature),
        ]
    };
    [each(Renegotiated), each(CertificateLater), each(OwnRenegotiation)].concat()
}

//! The rows.

/// The kind of the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Rsa,
    /// On P-256.
    Ecdsa,
    /// ECDSA on P-384: before TLS 1.3 a server shows it only to clients that list the curve.
    P384,
    Ed25519,
}

impl Key {
    pub const ALL: [Self; 4] = [Self::Rsa, Self::Ecdsa, Self::P384, Self::Ed25519];

    /// What its files are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ecdsa => "ecdsa",
            Self::P384 => "p384",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// What is special about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Our ClientHello has GREASE, an order of its own and padding, our server's messages have GREASE; our records are padded.
    Shaped,
    /// Our server sends a cookie first.
    Cookie,
    /// Both sides say how long records may be.
    RecordSizeLimit,
    /// The server asks for a client certificate after the handshake.
    PostHandshakeAuth,
}

/// One row.
#[derive(Clone, Copy, Debug)]
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
        match self.key {
            Key::Rsa | Key::Ecdsa => {}
            Key::P384 => out += " P-384",
            Key::Ed25519 => out += " Ed25519",
        }
        if self.feature != Feature::Full {
            out += &format!(" {:?}", self.feature);
        }
        out
    }
    /// As events have it.
    pub fn version_in_words(&self) -> &'static str {
        match self.version {
            "tls1.0" => "TLS 1.0",
            "tls1.2" => "TLS 1.2",
            _ => "TLS 1.3",
        }
    }
    pub fn resumes(&self) -> bool {
        matches!(self.feature, Feature::Resumed | Feature::ResumedById)
    }
    pub fn is_13(&self) -> bool {
        self.version == "tls1.3"
    }
}

/// Every row: each version, key exchange and protection, then each feature.
pub fn cases() -> Vec<Case> {
    use Feature::{Alpn, ClientCertificate, Cookie, Full, Http2, KeyUpdate, PostHandshakeAuth, RecordSizeLimit};
    use Feature::{Resumed, ResumedById, Retry, Shaped};
    use Key::{Ecdsa, Ed25519, P384, Rsa};
    let row = |version, suite, group, key, feature| Case { version, suite, group, key, feature };
    let mut out = Vec::new();
    for (suite, key) in [
        ("TLS_RSA_WITH_AES_128_CBC_SHA", Rsa),
        ("TLS_RSA_WITH_AES_256_CBC_SHA", Rsa),
        ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Rsa),
        ("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", Ecdsa),
    ] {
        out.push(row("tls1.0", suite, "", key, Full));
    }
    for (suite, key) in [
        ("TLS_RSA_WITH_AES_128_CBC_SHA", Rsa),
        ("TLS_RSA_WITH_AES_128_GCM_SHA256", Rsa),
        ("TLS_RSA_WITH_AES_256_GCM_SHA384", Rsa),
        ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", Rsa),
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Rsa),
        ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Rsa),
        ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Rsa),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", Ecdsa),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Ecdsa),
        ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", Ecdsa),
    ] {
        out.push(row("tls1.2", suite, "", key, Full));
    }
    for suite in ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] {
        out.push(row("tls1.3", suite, "x25519", Ecdsa, Full));
    }
    out.push(row("tls1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "x25519", Rsa, Full));
    out.push(row("tls1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "secp256r1", Rsa, Full));
    let suite13 = "TLS_AES_128_GCM_SHA256";
    out.push(row("tls1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "secp384r1", Rsa, Full));
    out.push(row("tls1.3", suite13, "secp256r1", Rsa, Full));
    out.push(row("tls1.3", suite13, "secp384r1", Rsa, Full));
    out.push(row("tls1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "", P384, Full));
    out.push(row("tls1.3", suite13, "x25519", P384, Full));
    out.push(row("tls1.3", suite13, "X25519MLKEM768", Ecdsa, Full));
    out.push(row("tls1.3", suite13, "x25519", Ed25519, Full));
    for feature in [Resumed, ClientCertificate, Alpn] {
        out.push(row("tls1.0", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "", Rsa, feature));
        out.push(row("tls1.2", "TLS_RSA_WITH_AES_128_CBC_SHA", "", Rsa, feature));
        out.push(row("tls1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "", Rsa, feature));
        out.push(row("tls1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "", Ecdsa, feature));
        out.push(row("tls1.3", suite13, "x25519", Ecdsa, feature));
        out.push(row("tls1.3", "TLS_AES_256_GCM_SHA384", "x25519", Rsa, feature));
        out.push(row("tls1.3", suite13, "X25519MLKEM768", Ecdsa, feature));
    }
    out.push(row("tls1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "", Rsa, Http2));
    out.push(row("tls1.3", suite13, "", Ecdsa, Http2));
    out.push(row("tls1.0", "TLS_RSA_WITH_AES_128_CBC_SHA", "", Rsa, ResumedById));
    out.push(row("tls1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "", Rsa, ResumedById));
    out.push(row("tls1.3", suite13, "secp256r1", Ecdsa, Retry));
    out.push(row("tls1.3", suite13, "x25519", Ecdsa, KeyUpdate));
    for (version, suite) in [("tls1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"), ("tls1.3", suite13)] {
        out.push(row(version, suite, "", Ecdsa, Shaped));
        out.push(row(version, suite, "", Ecdsa, RecordSizeLimit));
    }
    out.push(row("tls1.3", suite13, "", Ecdsa, Cookie));
    out.push(row("tls1.3", suite13, "", Ecdsa, PostHandshakeAuth));
    out
}

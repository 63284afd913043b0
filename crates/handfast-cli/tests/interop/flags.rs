//! What our tool is told to do for a row.

use super::cases::{Case, Feature, Key};
use super::material::Material;

/// The label of what is exported, and how many bytes of it.
pub const EXPORT: (&str, usize) = ("EXPORTER-interop", 32);
/// The name and the value of an external pre-shared key.
pub const PSK: (&str, &str) = ("handfast", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
/// How many tickets a server sends where that is more than usual.
pub const TICKETS: usize = 5;
/// The most that is taken in a record where that is less than usual.
pub const RECORD_SIZE: &str = "512";

/// The most early data that a server takes, in bytes.
pub const EARLY: &str = "16384";
/// What a client verifies that knows nothing but RSA.
const RSA_SCHEMES: &str = "rsa_pss_rsae_sha256,rsa_pkcs1_sha256";

/// What our client verifies in certificates, where handshakes are not to be signed by RSA: all of the authority's are. Java wants to find
/// the server's own key among these, too.
const CERT_SCHEMES: &str = "rsa_pkcs1_sha256,ecdsa_secp256r1_sha256";

/// Flags, one after the other.
struct Flags(Vec<String>);

impl Flags {
    fn add(&mut self, list: &[&str]) {
        self.0.extend(list.iter().map(|s| (*s).to_owned()));
    }
    fn add_psk(&mut self, case: &Case) {
        if case.has_psk() {
            self.add(&["--psk-identity", PSK.0, "--psk-key", PSK.1]);
        }
    }
    /// What is to be told that both sides have.
    fn add_exports(&mut self, case: &Case) {
        if case.feature == Feature::Exporter {
            self.add(&["--export", &format!("{}:{}", EXPORT.0, EXPORT.1)]);
        }
        if let Some(binding) = case.channel_binding() {
            self.add(&["--channel-binding", binding]);
        }
    }
}

/// The strictest policy that has it.
fn policy(case: &Case) -> &'static str {
    let is_older = case.version == "ssl3" || case.suite.contains("RC4") || case.suite.contains("NULL");
    if is_older { "museum" } else { "legacy" }
}

/// `handfast connect`. Where the row is about sessions, they are kept in this file.
pub fn client(case: &Case, material: &Material, port: u16, session: &str) -> Vec<String> {
    let mut flags = Flags(Vec::new());
    flags.add(&["connect", &format!("127.0.0.1:{port}"), "--name", case.server_name(), "--json"]);
    match case.feature {
        Feature::RawKey | Feature::RawClientKey => {
            flags.add(&["--raw-public-key", "--pin-key", &material.key_hash(case.key)])
        }
        _ => flags.add(&["--ca", &material.ca()]),
    }
    flags.add(&["--policy", policy(case), "--min-version", case.version, "--max-version", case.version]);
    flags.add(&["--suites", &case.suites().join(",")]);
    match case.group {
        "" => {}
        // Shares go out for the first two.
        group if case.retries() => flags.add(&["--groups", &format!("X25519MLKEM768,x25519,{group}")]),
        group => flags.add(&["--groups", group]),
    }
    if case.has_dhe_psk() && !case.suite.contains("ECDHE") {
        // Without a certificate to go by, OpenSSL's tools make as little as that.
        flags.add(&["--min-dh-bits", "1024"]);
    }
    if case.resumes() {
        flags.add(&["--half-close", "--session", session]);
    }
    match case.feature {
        Feature::ClientCertificate | Feature::PostHandshake | Feature::CertificateLater => {
            let (cert, key) = material.client();
            flags.add(&["--cert", &cert, "--key", &key]);
            if case.feature == Feature::PostHandshake {
                flags.add(&["--post-handshake-auth"]);
            }
        }
        Feature::ByIssuer => {
            for (cert, key) in [material.other_client(), material.client()] {
                flags.add(&["--cert", &cert, "--key", &key]);
            }
        }
        Feature::RawClientKey => flags.add(&["--key", &material.client().1]),
        Feature::EarlyData | Feature::EarlyRefused => flags.add(&["--early-data"]),
        Feature::Timestamps => flags.add(&["--sct"]),
        Feature::ByAuthority => flags.add(&["--name-authorities"]),
        Feature::ByScheme => flags.add(&["--schemes", RSA_SCHEMES]),
        Feature::Alpn => flags.add(&["--alpn", "http/1.1"]),
        // A response is asked for anyway, and has to come where the certificate says so.
        Feature::Stapled if case.key == Key::MustStaple => {}
        Feature::Stapled => flags.add(&["--ocsp", "require"]),
        Feature::OwnKeyUpdate => flags.add(&["--update-keys"]),
        Feature::OwnRenegotiation => flags.add(&["--renegotiate"]),
        Feature::CertSchemes => flags.add(&["--schemes", "ecdsa_secp256r1_sha256", "--cert-schemes", CERT_SCHEMES]),
        Feature::Grease => flags.add(&["--grease", "--shuffle", "--pad-hello", "1500"]),
        _ => flags.add(&of_either(case)),
    }
    flags.add_psk(case);
    flags.add_exports(case);
    flags.0
}

/// `handfast serve`. The site is a folder, if the peer needs one.
pub fn server(case: &Case, material: &Material, site: Option<&str>) -> Vec<String> {
    let mut flags = Flags(Vec::new());
    let (cert, key) = match case.feature {
        // curl finds the response's issuer only in what the server sends.
        Feature::Zlib | Feature::Brotli | Feature::Stapled => material.server_with_ca(case.key),
        _ => material.server(case.key),
    };
    flags.add(&["serve", "--listen", "127.0.0.1:0", "--json"]);
    // The first is what clients see where nothing decides: by name the other is to be seen, else this one.
    let mut shown = Vec::from_iter(material.besides(case));
    let place = if case.feature == Feature::ByName { 0 } else { shown.len() };
    shown.insert(place, (cert, key));
    match case.is_by_key_alone() {
        true => flags.add(&["--no-certificate"]),
        false => shown.iter().for_each(|(cert, key)| flags.add(&["--cert", cert, "--key", key])),
    }
    flags.add(&["--policy", policy(case), "--suites", &case.suites().join(",")]);
    if !case.group.is_empty() {
        flags.add(&["--groups", case.group]);
    }
    flags.add(&["--alpn", if case.feature == Feature::Http2 { "h2,http/1.1" } else { "http/1.1" }]);
    if let Some(site) = site {
        flags.add(&["--dir", site]);
    }
    match case.feature {
        Feature::ClientCertificate | Feature::ByIssuer => flags.add(&["--client-ca", &material.ca()]),
        Feature::CertificateLater | Feature::PostHandshake => {
            flags.add(&["--client-ca", &material.ca(), "--renegotiate", "/"]);
        }
        Feature::RawClientKey => flags.add(&["--raw-public-key", "--client-pin-key", &material.client_key_hash()]),
        Feature::EarlyData | Feature::EarlyRefused => flags.add(&["--early-data", EARLY]),
        Feature::Timestamps => flags.add(&["--sct", &material.timestamps(case.key)]),
        Feature::Cookie => flags.add(&["--cookie"]),
        Feature::Stapled => flags.add(&["--ocsp", &material.ocsp(case.key)]),
        Feature::Tickets => flags.add(&["--tickets", &TICKETS.to_string()]),
        Feature::RawKey => flags.add(&["--raw-public-key"]),
        Feature::Grease => flags.add(&["--grease"]),
        _ => flags.add(&of_either(case)),
    }
    flags.add_psk(case);
    flags.add_exports(case);
    if case.feature == Feature::Psk {
        // With such a key, NSS 3.87 fails at a second ticket.
        flags.add(&["--tickets", "1"]);
    }
    flags.0
}

/// Of either.
fn of_either(case: &Case) -> Vec<&'static str> {
    match case.feature {
        Feature::Zlib => vec!["--cert-compression", "zlib"],
        Feature::Brotli => vec!["--cert-compression", "brotli"],
        Feature::PskOnly => vec!["--psk-only"],
        Feature::PaddedRecords => vec!["--pad-records", "1000"],
        Feature::RecordSizeLimit => vec!["--record-size-limit", RECORD_SIZE],
        _ => Vec::new(),
    }
}

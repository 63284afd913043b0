//! GnuTLS's own tools.

use super::super::cases::{Case, Feature, Key};
use super::super::flags::{EARLY, EXPORT, PSK, RECORD_SIZE};
use super::super::material::Material;
use super::{Lacks, Peer, Server, converse, free_port, start, version_of};
use handfast::wire::CipherSuite;
use std::process::{Command, Stdio};

pub struct GnuTls {
    /// The numbers of its suites.
    suites: Vec<CipherSuite>,
}

impl GnuTls {
    pub fn new() -> Self {
        let said = Command::new("gnutls-cli").arg("--list").stderr(Stdio::null()).output();
        let said = said.map(|out| out.stdout).unwrap_or_default();
        // Behind a name of its own, `0xc0, 0x09`.
        let number = |line: &str| {
            let (high, low) = line.split_once("\t0x")?.1.split_once(", 0x")?;
            let bytes = [high, low.get(..2)?].map(|byte| u8::from_str_radix(byte, 16).ok());
            Some(CipherSuite(u16::from_be_bytes([bytes[0]?, bytes[1]?])))
        };
        Self { suites: String::from_utf8_lossy(&said).lines().filter_map(number).collect() }
    }

    /// What it does not have, on either side.
    fn lacks(&self, case: &Case) -> Option<&'static str> {
        let has = CipherSuite::from_name(case.suite).is_some_and(|suite| self.suites.contains(&suite));
        if has { lacks(case) } else { Some("it has no such suite") }
    }
}

/// A priority string that allows just what the row says.
fn priority(case: &Case, retry: &str) -> String {
    let s = case.suite;
    let mut out = String::from("NORMAL:-VERS-ALL:-CIPHER-ALL:-MAC-ALL:%VERIFY_ALLOW_SIGN_WITH_SHA1");
    out += match case.version {
        "tls1.0" => ":+VERS-TLS1.0",
        "tls1.1" => ":+VERS-TLS1.1",
        "tls1.2" => ":+VERS-TLS1.2",
        _ => ":+VERS-TLS1.3",
    };
    out += match s {
        s if s.contains("AES_128_GCM") => ":+AES-128-GCM:+AEAD",
        s if s.contains("AES_256_GCM") => ":+AES-256-GCM:+AEAD",
        s if s.contains("AES_128_CCM_8") => ":+AES-128-CCM-8:+AEAD",
        s if s.contains("AES_256_CCM_8") => ":+AES-256-CCM-8:+AEAD",
        s if s.contains("AES_128_CCM") => ":+AES-128-CCM:+AEAD",
        s if s.contains("AES_256_CCM") => ":+AES-256-CCM:+AEAD",
        s if s.contains("CHACHA20") => ":+CHACHA20-POLY1305:+AEAD",
        s if s.contains("AES_128_CBC") => ":+AES-128-CBC",
        s if s.contains("3DES_EDE_CBC") => ":+3DES-CBC",
        s if s.contains("RC4_128") => ":+ARCFOUR-128",
        s if s.contains("WITH_NULL") => ":+NULL",
        _ => ":+AES-256-CBC",
    };
    if !out.ends_with("AEAD") {
        out += match s.rsplit('_').next() {
            Some("MD5") => ":+MD5",
            Some("SHA256") => ":+SHA256",
            Some("SHA384") => ":+SHA384",
            _ => ":+SHA1",
        };
    }
    if !case.is_13() {
        out += ":-KX-ALL";
        for suite in case.suites() {
            out += match suite {
                s if s.starts_with("TLS_RSA_PSK") => ":+RSA-PSK",
                s if s.starts_with("TLS_DHE_PSK") || s.starts_with("TLS_PSK_DHE") => ":+DHE-PSK",
                s if s.starts_with("TLS_ECDHE_PSK") => ":+ECDHE-PSK",
                s if s.starts_with("TLS_PSK") => ":+PSK",
                s if s.starts_with("TLS_DHE_RSA") => ":+DHE-RSA",
                s if s.starts_with("TLS_RSA") => ":+RSA",
                s if s.contains("ECDHE_RSA") => ":+ECDHE-RSA",
                _ => ":+ECDHE-ECDSA",
            };
        }
        // In TLS 1.0 as who is no newer: without extended master secrets, and without encrypt-then-MAC.
        out += if case.version == "tls1.0" { ":%COMPAT" } else { "" };
        out += ":+SIGN-RSA-SHA1:+SIGN-ECDSA-SHA1";
    }
    match case.feature {
        Feature::ResumedById => out += ":%NO_TICKETS",
        Feature::Psk => out += ":+ECDHE-PSK:+DHE-PSK",
        Feature::PskOnly => out += ":-KX-ALL:+PSK",
        Feature::RawKey => out += ":-CTYPE-SRV-ALL:+CTYPE-SRV-RAWPK",
        Feature::RawClientKey => out += ":-CTYPE-ALL:+CTYPE-RAWPK",
        _ => {}
    }
    let group = match case.group {
        "x25519" => ":+GROUP-X25519",
        "secp256r1" => ":+GROUP-SECP256R1",
        "secp384r1" => ":+GROUP-SECP384R1",
        "secp521r1" => ":+GROUP-SECP521R1",
        "ffdhe2048" => ":+GROUP-FFDHE2048",
        "ffdhe3072" => ":+GROUP-FFDHE3072",
        "ffdhe4096" => ":+GROUP-FFDHE4096",
        "ffdhe6144" => ":+GROUP-FFDHE6144",
        "ffdhe8192" => ":+GROUP-FFDHE8192",
        _ => return out,
    };
    out + ":-GROUP-ALL" + retry + group
}

/// What it does not have of all that is not a suite.
fn lacks(case: &Case) -> Option<&'static str> {
    match case.feature {
        _ if case.version == "ssl3" => Some("Debian builds it without SSL 3.0"),
        _ if case.group.contains("MLKEM") => Some("GnuTLS 3.7 has no ML-KEM"),
        _ if case.key.is_ml_dsa() => Some("GnuTLS 3.7 has no ML-DSA"),
        Feature::Zlib | Feature::Brotli => Some("Debian builds it without compression of certificates"),
        Feature::ByAuthority => Some("no certificate_authorities in a ClientHello"),
        Feature::Timestamps => Some("no timestamps in the handshake, only in certificates"),
        Feature::Http2 => Some("its tools speak no HTTP/2"),
        _ => None,
    }
}

impl Peer for GnuTls {
    fn name(&self) -> &'static str {
        "gnutls"
    }
    fn version(&self) -> Option<String> {
        version_of("gnutls-serv", "--version").and(version_of("gnutls-cli", "--version"))
    }
    fn serves(&self) -> bool {
        true
    }
    fn connects(&self) -> bool {
        true
    }
    fn has_classic(&self) -> bool {
        true
    }

    fn serve(&self, case: &Case, material: &Material) -> Result<Server, Lacks> {
        if let Some(why) = self.lacks(case) {
            return Err(Lacks::It(why));
        }
        match case.feature {
            Feature::KeyUpdate => return Err(Lacks::It("gnutls-serv cannot be told to change its keys")),
            Feature::Tickets => return Err(Lacks::It("gnutls-serv cannot be told how many tickets to send")),
            Feature::Cookie => return Err(Lacks::It("it sends no cookie over TCP")),
            Feature::CertificateLater => {
                return Err(Lacks::It("gnutls-serv asks for certificates in each handshake, or in none"));
            }
            _ => {}
        }
        let port = free_port().map_err(|e| Lacks::Failed(e.to_string()))?;
        let (cert, key) = material.server(case.key);
        let mut command = Command::new("gnutls-serv");
        command.args(["--echo", "--port", &port.to_string(), "--priority", &priority(case, "")]);
        let certificates = match case.feature {
            Feature::RawKey | Feature::RawClientKey => {
                command.args(["--rawpkfile", &material.public_key(case.key), "--rawpkkeyfile", &key]);
                Vec::new()
            }
            Feature::ByName => vec![(cert, key), material.other_server()],
            Feature::ByScheme => vec![material.server(Key::Ecdsa), (cert, key)],
            _ => vec![(cert, key)],
        };
        for (cert, key) in certificates {
            command.args(["--x509certfile", &cert, "--x509keyfile", &key]);
        }
        match case.feature {
            // It cannot be told which key is good: it shows the one that it was shown.
            Feature::RawClientKey => command.arg("--require-client-cert"),
            Feature::ClientCertificate | Feature::ByIssuer => {
                command.args(["--require-client-cert", "--verify-client-cert", "--x509cafile", &material.ca()])
            }
            // Not in the handshake, and yet when it is told to.
            Feature::PostHandshake => {
                command.args(["--disable-client-cert", "--verify-client-cert", "--x509cafile", &material.ca()])
            }
            _ => command.arg("--disable-client-cert"),
        };
        if case.has_psk() {
            command.args(["--pskpasswd", &material.psks()]);
        }
        match case.feature {
            Feature::EarlyData | Feature::EarlyRefused => drop(command.args(["--earlydata", "--maxearlydata", EARLY])),
            Feature::RecordSizeLimit => drop(command.args(["--recordsize", RECORD_SIZE])),
            Feature::Stapled => drop(command.args(["--ocsp-response", &material.ocsp(case.key)])),
            Feature::Exporter => {
                command.args(["--keymatexport", EXPORT.0, "--keymatexportsize", &EXPORT.1.to_string()]);
            }
            Feature::Alpn => drop(command.args(["--alpn", "http/1.1"])),
            _ => {}
        }
        let mut server = start(command, |line| line.contains("Echo Server listening on IPv4").then_some(port))?;
        if case.feature == Feature::PostHandshake {
            server.request = Some("**REAUTH**\n");
        }
        if case.feature == Feature::Renegotiated {
            server.request = Some("**REHANDSHAKE**\n");
        }
        Ok(server)
    }

    fn cannot_connect(&self, case: &Case) -> Option<&'static str> {
        match case.feature {
            Feature::ByIssuer => Some("gnutls-cli takes one certificate"),
            _ if case.has_dhe_psk() => Some("gnutls-cli 3.7 breaks when it tells of such an exchange"),
            Feature::Cookie if !case.retries() => Some("it takes no HelloRetryRequest without a group in it"),
            _ => self.lacks(case),
        }
    }

    /// It takes it, and drops it.
    fn shows_early_data(&self) -> bool {
        false
    }

    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        let mut command = Command::new("gnutls-cli");
        command.args(["--port", &port.to_string(), "--x509cafile", &material.ca(), "127.0.0.1"]);
        command.args(["--sni-hostname", case.server_name(), "--verify-hostname", case.server_name()]);
        // It takes a first group that we do not.
        let retry = if case.retries() { ":+GROUP-SECP521R1" } else { "" };
        let mut priority = priority(case, retry);
        if case.feature == Feature::ByScheme {
            priority += ":-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256";
        }
        command.args(["--priority", &priority]);
        let get = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
        let mut input = vec![get];
        let saved = material.fresh("gnutls-ocsp");
        if case.is_early() {
            let request = material.fresh("request");
            std::fs::write(&request, get).map_err(|e| Lacks::Failed(e.to_string()))?;
            command.args(["--resume", "--waitresumption", "--earlydata", &request]);
        }
        if case.feature == Feature::EarlyData {
            // All of the request goes early, and once.
            input.clear();
        }
        let server_key = match case.feature {
            // It cannot be told which key is good: it shows the one that it was shown.
            Feature::RawKey | Feature::RawClientKey => {
                command.args(["--insecure", "--print-cert"]);
                std::fs::read_to_string(material.public_key(case.key)).map_err(|e| Lacks::Failed(e.to_string()))?
            }
            _ => String::new(),
        };
        match case.feature {
            _ if case.retries() => drop(command.arg("--single-key-share")),
            // It tells of those that there are.
            _ if case.channel_binding().is_some() => drop(command.arg("--verbose")),
            Feature::Resumed | Feature::ResumedById => drop(command.args(["--resume", "--waitresumption"])),
            Feature::ClientCertificate | Feature::CertificateLater | Feature::PostHandshake => {
                let (cert, key) = material.client();
                command.args(["--x509certfile", &cert, "--x509keyfile", &key]);
                if case.feature == Feature::PostHandshake {
                    command.arg("--post-handshake-auth");
                }
            }
            Feature::RawClientKey => {
                command.args(["--rawpkfile", &material.client_public_key(), "--rawpkkeyfile", &material.client().1]);
            }
            Feature::Alpn => drop(command.args(["--alpn", "h2", "--alpn", "http/1.1"])),
            Feature::Exporter => {
                command.args(["--keymatexport", EXPORT.0, "--keymatexportsize", &EXPORT.1.to_string()]);
            }
            Feature::Renegotiated => drop(command.arg("--rehandshake")),
            Feature::KeyUpdate => {
                command.arg("--inline-commands");
                input.insert(0, "^rekey^\n");
            }
            Feature::RecordSizeLimit => drop(command.args(["--recordsize", RECORD_SIZE])),
            Feature::Stapled => drop(command.args(["--save-ocsp", &saved])),
            _ => {}
        }
        if case.has_psk() {
            command.args(["--pskusername", PSK.0, "--pskkey", PSK.1]);
        }
        let said = converse(command, &input, "HTTP/1.")?;
        material.said.add(&said);
        if !said.contains(server_key.trim()) {
            return Err(Lacks::Failed("it saw another key".into()));
        }
        let sent = std::fs::read(material.ocsp(case.key)).ok();
        if case.feature == Feature::Stapled && std::fs::read(saved).ok() != sent {
            return Err(Lacks::Failed("it saw no OCSP response, or another".into()));
        }
        Ok(())
    }
}

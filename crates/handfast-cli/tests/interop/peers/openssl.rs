//! OpenSSL's own tools.

use super::super::cases::{Case, Feature, Key};
use super::super::flags::{EARLY, EXPORT, PSK, TICKETS};
use super::super::material::Material;
use super::super::timestamps;
use super::{Lacks, Peer, Server, converse, start, version_of};
use std::collections::HashMap;
use std::process::{Command, Stdio};

/// Where `.ci/setup` puts the newest one; `HANDFAST_OPENSSL` names another.
const NEWEST: &str = "/opt/handfast-peers/openssl3.6/bin/openssl";

/// One OpenSSL.
pub struct OpenSsl {
    name: &'static str,
    program: String,
    /// As it says itself; `None` if it is not here.
    version: Option<String>,
    suites: HashMap<String, String>,
}

impl OpenSsl {
    /// The system's.
    pub fn installed() -> Self {
        Self::new("openssl", "openssl".into())
    }
    /// The one with what the system's may not have.
    pub fn newest() -> Self {
        Self::new("openssl3.6", std::env::var("HANDFAST_OPENSSL").unwrap_or_else(|_| NEWEST.into()))
    }
    fn new(name: &'static str, program: String) -> Self {
        let version = version_of(&program, "version");
        Self { name, suites: suites(&program), program, version }
    }
    fn is_since(&self, major: u32, minor: u32) -> bool {
        let number = self.version.as_deref().and_then(|v| v.split(' ').nth(1)).unwrap_or_default();
        let mut parts = number.split('.').filter_map(|p| p.parse::<u32>().ok());
        (parts.next(), parts.next()) >= (Some(major), Some(minor))
    }
    /// What it does not have, on either side.
    fn lacks(&self, case: &Case) -> Option<&'static str> {
        let is_old = case.suite.contains("RC4") || case.suite.contains("3DES");
        match case.feature {
            _ if case.version == "ssl3" && self.name == "openssl" => Some("Debian builds it without SSL 3.0"),
            _ if is_old && self.name == "openssl" => Some("Debian builds it without 3DES and RC4"),
            _ if !self.suites.contains_key(case.suite) => Some("it has no such suite"),
            _ if case.group.contains("MLKEM") && !self.is_since(3, 5) => Some("before OpenSSL 3.5 there is no ML-KEM"),
            _ if case.key.is_ml_dsa() && !self.is_since(3, 5) => Some("before OpenSSL 3.5 there is no ML-DSA"),
            _ if !case.is_13() && case.group.starts_with("ffdhe") => {
                Some("before TLS 1.3 it knows no fields by name (RFC 7919)")
            }
            Feature::Http2 => Some("its tools speak no HTTP/2"),
            Feature::Zlib | Feature::Brotli if !self.is_since(3, 2) => {
                Some("before OpenSSL 3.2 no certificate is compressed")
            }
            Feature::RawKey | Feature::RawClientKey if !self.is_since(3, 2) => {
                Some("before OpenSSL 3.2 there are no raw public keys")
            }
            Feature::RecordSizeLimit => Some("no record_size_limit"),
            _ => None,
        }
    }
}

/// Every suite that it was built with: the IANA name, and its own.
fn suites(program: &str) -> HashMap<String, String> {
    let mut command = Command::new(program);
    command.args([
        "ciphers",
        "-stdname",
        "-provider",
        "default",
        "-provider",
        "legacy",
        "ALL:COMPLEMENTOFALL:@SECLEVEL=0",
    ]);
    let said = command.stderr(Stdio::null()).output().map(|out| out.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let named = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.nth(1)?.to_owned()))
    };
    said.lines().filter_map(named).collect()
}

/// OpenSSL's names of the groups; curl's too.
pub fn group(name: &str) -> &str {
    match name {
        "x25519" => "X25519",
        "secp256r1" => "P-256",
        other => other,
    }
}

fn negotiate(command: &mut Command, case: &Case, suites: &HashMap<String, String>, retry: &str) {
    let ciphers: String = case.suites().iter().filter_map(|suite| Some(format!("{}:", suites.get(*suite)?))).collect();
    command.arg(match case.version {
        "ssl3" => "-ssl3",
        "tls1.0" => "-tls1",
        "tls1.1" => "-tls1_1",
        "tls1.2" => "-tls1_2",
        _ => "-tls1_3",
    });
    match case.is_13() {
        // The short tags of CCM_8 are below any level of security.
        true => command.args(["-ciphersuites", case.suite, "-cipher", "DEFAULT:@SECLEVEL=0"]),
        false => command.args(["-cipher", &format!("{ciphers}@SECLEVEL=0")]),
    };
    if case.suite.contains("RC4") {
        command.args(["-provider", "legacy", "-provider", "default"]);
    }
    if case.has_psk() {
        command.args(["-psk_identity", PSK.0, "-psk", PSK.1]);
    }
    if !case.group.is_empty() {
        let groups = format!("{}{}", if case.retries() { retry } else { "" }, group(case.group));
        command.args(["-groups", &groups]);
    }
}

impl Peer for OpenSsl {
    fn name(&self) -> &'static str {
        self.name
    }
    fn version(&self) -> Option<String> {
        self.version.clone()
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
        if case.feature == Feature::Cookie {
            return Err(Lacks::It("s_server ends a connection on which it sent a cookie, whoever the client is"));
        }
        if case.feature == Feature::TlsServerEndPoint {
            return Err(Lacks::It("it tells no tls-server-end-point"));
        }
        let (cert, key) = material.server(case.key);
        let mut command = Command::new(&self.program);
        command.args(["s_server", "-accept", "127.0.0.1:0", "-cert", &cert, "-key", &key]);
        negotiate(&mut command, case, &self.suites, "");
        let typed: Option<&[&str]> = match case.feature {
            // A line that begins with K asks for a KeyUpdate both ways, with c for a client certificate; any other is sent.
            Feature::KeyUpdate => Some(&["K\n", "pong\n"]),
            Feature::PostHandshake => Some(&["c\n", "pong\n"]),
            // With r for a second handshake, with R for one in which a client certificate is asked for.
            Feature::Renegotiated => Some(&["r\n", "pong\n"]),
            Feature::CertificateLater => Some(&["R\n", "pong\n"]),
            // Without -rev it tells of what was named; it does not choose by it.
            Feature::ByAuthority
            | Feature::Exporter
            | Feature::TlsExporter
            | Feature::EarlyData
            | Feature::EarlyRefused => Some(&["pong\n"]),
            _ => None,
        };
        if typed.is_none() {
            command.arg("-rev");
        }
        match case.feature {
            Feature::ClientCertificate | Feature::ByIssuer => {
                command.args(["-Verify", "2", "-verify_return_error", "-CAfile", &material.ca()]);
            }
            Feature::RawClientKey => {
                // It says that it knows no such key, and goes on: it can be told of keys only by DNS.
                command.args(["-enable_server_rpk", "-enable_client_rpk", "-Verify", "2"]);
            }
            Feature::EarlyData | Feature::EarlyRefused => drop(command.args(["-early_data", "-max_early_data", EARLY])),
            Feature::Timestamps => {
                command.args(["-serverinfo", &material.server_info(case.key, case.version)]);
            }
            Feature::ByName => {
                let (cert, key) = material.other_server();
                command.args(["-servername", case.server_name(), "-cert2", &cert, "-key2", &key]);
            }
            Feature::ByScheme => {
                let (cert, key) = material.server(Key::Ecdsa);
                command.args(["-dcert", &cert, "-dkey", &key]);
            }
            // It shows each message; the binding is the first Finished.
            Feature::TlsUnique => drop(command.arg("-msg")),
            Feature::OwnRenegotiation => drop(command.arg("-client_renegotiation")),
            Feature::PostHandshake | Feature::CertificateLater => {
                command.args(["-verify_return_error", "-CAfile", &material.ca()]);
            }
            Feature::Alpn => drop(command.args(["-alpn", "h2,http/1.1"])),
            Feature::ResumedById => drop(command.arg("-no_ticket")),
            Feature::Stapled => drop(command.args(["-status_file", &material.ocsp(case.key)])),
            Feature::Tickets => drop(command.args(["-num_tickets", &TICKETS.to_string()])),
            Feature::RawKey => drop(command.arg("-enable_server_rpk")),
            Feature::PskOnly => drop(command.arg("-allow_no_dhe_kex")),
            Feature::Zlib | Feature::Brotli => drop(command.arg("-cert_comp")),
            Feature::PaddedRecords => drop(command.args(["-record_padding", "512"])),
            Feature::Exporter | Feature::TlsExporter => {
                command.args(["-keymatexport", case.exporter().0, "-keymatexportlen", &EXPORT.1.to_string()]);
            }
            _ => {}
        }
        let server = start(command, |line| line.strip_prefix("ACCEPT ")?.rsplit(':').next()?.trim().parse().ok())?;
        Ok(match typed {
            Some(lines) => server.types(lines),
            None => server,
        })
    }

    fn cannot_connect(&self, case: &Case) -> Option<&'static str> {
        match case.feature {
            Feature::ByIssuer => {
                Some("s_client does not choose between certificates by the authorities that are named")
            }
            Feature::TlsServerEndPoint => Some("it tells no tls-server-end-point"),
            _ => self.lacks(case),
        }
    }

    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        let (session, request) = (material.fresh(self.name), material.fresh("request"));
        let get = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
        std::fs::write(&request, get).map_err(|e| Lacks::Failed(e.to_string()))?;
        // With early data a third time, by the ticket of the second: as from who only plays back.
        let times = if case.feature == Feature::EarlyData { 3 } else { 1 + usize::from(case.resumes()) };
        for time in 0..times {
            let mut command = Command::new(&self.program);
            command.args(["s_client", "-connect", &format!("127.0.0.1:{port}")]);
            negotiate(&mut command, case, &self.suites, "X448:");
            client_flags(&mut command, case, material);
            if case.resumes() {
                command.args([if time > 0 { "-sess_in" } else { "-sess_out" }, &session]);
            }
            if case.is_early() && time > 0 {
                command.args(["-early_data", &request]);
            }
            let input: &[&str] = match case.feature {
                Feature::KeyUpdate => &["K\n", get],
                Feature::Renegotiated => &["R\n", get],
                // All of the request goes early, and once.
                Feature::EarlyData if time == 1 => &[],
                _ => &[get],
            };
            let said = converse(command, input, "HTTP/1.")?;
            material.said.add(&said);
            let (seen, times) = must_say(case, time);
            if said.matches(seen).count() < times {
                return Err(Lacks::Failed(format!("it does not say {seen:?}, {times} times")));
            }
        }
        Ok(())
    }
}

/// What s_client is told for a row.
fn client_flags(command: &mut Command, case: &Case, material: &Material) {
    let name = case.server_name();
    command.args(["-servername", name, "-verify_hostname", name]);
    command.args(["-CAfile", &material.ca(), "-verify_return_error"]);
    if matches!(case.feature, Feature::RawKey | Feature::RawClientKey) {
        let key = format!("3 1 1 {}", material.key_hash(case.key));
        command.args(["-enable_server_rpk", "-dane_tlsa_domain", "localhost", "-dane_tlsa_rrdata", &key]);
    }
    match case.feature {
        Feature::ClientCertificate | Feature::RawClientKey | Feature::CertificateLater | Feature::PostHandshake => {
            let (cert, key) = material.client();
            command.args(["-cert", &cert, "-key", &key]);
            if case.feature == Feature::PostHandshake {
                command.arg("-enable_pha");
            }
            if case.feature == Feature::RawClientKey {
                command.arg("-enable_client_rpk");
            }
        }
        // It shows each message; the binding is the first Finished.
        Feature::TlsUnique => drop(command.arg("-msg")),
        Feature::Exporter | Feature::TlsExporter => {
            command.args(["-keymatexport", case.exporter().0, "-keymatexportlen", &EXPORT.1.to_string()]);
        }
        Feature::Alpn => drop(command.args(["-alpn", "h2,http/1.1"])),
        Feature::ResumedById => drop(command.arg("-no_ticket")),
        Feature::Stapled => drop(command.arg("-status")),
        Feature::Timestamps => drop(command.args(["-ct", "-ctlogfile", &material.logs()])),
        Feature::ByAuthority => drop(command.args(["-requestCAfile", &material.ca()])),
        Feature::ByScheme => drop(command.args(["-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"])),
        Feature::PskOnly => drop(command.arg("-allow_no_dhe_kex")),
        Feature::PaddedRecords => drop(command.args(["-record_padding", "512"])),
        _ => {}
    }
}

/// What s_client must say, and how often, the first, second or third time.
fn must_say(case: &Case, time: usize) -> (&'static str, usize) {
    match (case.feature, time) {
        (Feature::Stapled, _) => ("OCSP Response Status: successful", 1),
        (Feature::Timestamps, _) => ("SCT validation status: valid", timestamps::COUNT),
        (Feature::EarlyData, 1) => ("Early data was accepted", 1),
        (Feature::EarlyData, 2) | (Feature::EarlyRefused, 1) => ("Early data was rejected", 1),
        (Feature::RawKey, _) => ("Server-to-client raw public key negotiated", 1),
        (Feature::RawClientKey, _) => ("raw public key negotiated", 2),
        _ => ("", 0),
    }
}

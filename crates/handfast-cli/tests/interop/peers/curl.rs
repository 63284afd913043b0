//! curl, as a client.

use super::super::cases::{Case, Feature};
use super::super::material::Material;
use super::openssl::group;
use super::{Lacks, Peer, Server, TELLS_NOT, version_of};
use std::process::Command;

pub struct Curl;

impl Peer for Curl {
    fn name(&self) -> &'static str {
        "curl"
    }
    fn version(&self) -> Option<String> {
        version_of("curl", "--version").map(|v| v.chars().take(60).collect())
    }
    fn serves(&self) -> bool {
        false
    }
    fn connects(&self) -> bool {
        true
    }
    fn serve(&self, _: &Case, _: &Material) -> Result<Server, Lacks> {
        Err(Lacks::It("curl is a client"))
    }

    fn cannot_connect(&self, case: &Case) -> Option<&'static str> {
        match case.feature {
            _ if case.version == "ssl3" => Some("no SSL 3.0 any more"),
            _ if case.group.contains("MLKEM") => Some("this curl's OpenSSL has no ML-KEM"),
            _ if case.key.is_ml_dsa() => Some("this curl's OpenSSL has no ML-DSA"),
            _ if !case.is_13() && case.group.starts_with("ffdhe") => {
                Some("before TLS 1.3 its OpenSSL knows no fields by name (RFC 7919)")
            }
            Feature::Zlib | Feature::Brotli => Some("this curl's OpenSSL compresses no certificates"),
            Feature::Psk | Feature::PskOnly => Some("no pre-shared keys"),
            Feature::EarlyData | Feature::EarlyRefused => Some("this curl sends no early data"),
            Feature::Timestamps => Some("it asks for no timestamps"),
            Feature::ByAuthority => Some("it names no authorities"),
            Feature::ByIssuer => Some("it takes one certificate"),
            Feature::ByScheme => Some("this curl cannot be told which signatures to verify"),
            _ if case.channel_binding().is_some() => Some(TELLS_NOT),
            Feature::RawKey | Feature::RawClientKey => Some("no raw public keys"),
            Feature::RecordSizeLimit => Some("no record_size_limit"),
            Feature::Exporter => Some(TELLS_NOT),
            Feature::Renegotiated => Some("it starts no second handshake"),
            Feature::Resumed if !case.is_13() => Some("it takes no tickets before TLS 1.3"),
            Feature::KeyUpdate => Some("curl cannot be told to change its keys"),
            _ => None,
        }
    }

    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        let mut command = Command::new("curl");
        let url = format!("https://{}:{port}/", case.server_name());
        command.args(["--silent", "--show-error", "--fail", "--include", "--max-time", "15"]);
        command.args(["--cacert", &material.ca(), "--resolve", &format!("{}:{port}:127.0.0.1", case.server_name())]);
        command.args(match case.version {
            "tls1.0" => ["--tlsv1.0", "--tls-max", "1.0", "--ciphers", "ALL:@SECLEVEL=0"],
            "tls1.1" => ["--tlsv1.1", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0"],
            "tls1.2" => ["--tlsv1.2", "--tls-max", "1.2", "--ciphers", "ALL:@SECLEVEL=0"],
            _ => ["--tlsv1.3", "--tls-max", "1.3", "--tls13-ciphers", case.suite],
        });
        match case.feature {
            _ if case.retries() => drop(command.args(["--curves", &format!("X448:{}", group(case.group))])),
            _ if !case.group.is_empty() => drop(command.args(["--curves", group(case.group)])),
            _ => {}
        }
        if matches!(case.feature, Feature::ClientCertificate | Feature::CertificateLater | Feature::PostHandshake) {
            let (cert, key) = material.client();
            command.args(["--cert", &cert, "--key", &key]);
        }
        if case.feature == Feature::Stapled {
            command.arg("--cert-status");
        }
        match case.feature {
            Feature::Http2 => command.arg("--http2"),
            _ => command.args(["--http1.1", "--header", "Connection: close"]),
        };
        command.arg(&url);
        if case.resumes() {
            // A second connection of the same process: its session cache resumes.
            command.arg(&url);
        }
        let out = command.output().map_err(|e| Lacks::Failed(e.to_string()))?;
        let text = String::from_utf8_lossy(&out.stdout);
        if out.status.success() && text.contains("200") {
            return Ok(());
        }
        Err(Lacks::Failed(format!("{}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim())))
    }
}

//! Chromium, headless, as a client.

use super::super::cases::{Case, Feature, Key};
use super::super::material::Material;
use super::{Lacks, Peer, Server, TELLS_NOT, version_of};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::process::{Command, Stdio};

pub struct Chromium;

/// A page that fetches more at once than its connections carry, when these had time to bring tickets: the others resume.
const RESUMING: &str = r#"<!doctype html><title>Handfast</title><body>Handfast<script>
setTimeout(() => { for (let i = 0; i < 6; i++) fetch("large.bin?" + i).then(r => r.arrayBuffer()); }, 200)
</script>"#;

impl Peer for Chromium {
    fn name(&self) -> &'static str {
        "chromium"
    }
    fn version(&self) -> Option<String> {
        version_of("chromium", "--version")
    }
    fn serves(&self) -> bool {
        false
    }
    fn connects(&self) -> bool {
        true
    }
    fn serve(&self, _: &Case, _: &Material) -> Result<Server, Lacks> {
        Err(Lacks::It("Chromium is a client"))
    }

    fn cannot_connect(&self, case: &Case) -> Option<&'static str> {
        match (case.feature, case.version) {
            (_, "ssl3" | "tls1.0" | "tls1.1") => Some("nothing before TLS 1.2 any more"),
            (_, "tls1.2") if case.suite.contains("ECDHE_ECDSA") && case.suite.contains("CBC") => {
                Some("no ECDHE_ECDSA with CBC")
            }
            _ if case.suite.contains("CCM") => Some("no CCM"),
            _ if case.suite.contains("_DHE_") => Some("no finite fields"),
            _ if !matches!(case.group, "" | "x25519" | "secp256r1" | "secp384r1" | "X25519MLKEM768") => {
                Some("of the groups, only x25519, P-256, P-384 and X25519MLKEM768")
            }
            _ if !matches!(case.key, Key::Rsa | Key::Ecdsa | Key::P384) => {
                Some("certificates only for RSA and for ECDSA on P-256 and P-384")
            }
            (Feature::Zlib, _) => Some("of the ways to compress certificates, only brotli"),
            (Feature::Psk | Feature::PskOnly, _) => Some("no pre-shared keys"),
            (Feature::EarlyRefused, _) => {
                Some("it hangs up when its early data is refused, and comes again without any")
            }
            (Feature::ByAuthority, _) => Some("it names no authorities"),
            (Feature::ByScheme, _) => Some("cannot be told which signatures to verify"),
            _ if case.channel_binding().is_some() => Some(TELLS_NOT),
            (Feature::RawKey | Feature::RawClientKey, _) => Some("no raw public keys"),
            (Feature::RecordSizeLimit, _) => Some("no record_size_limit"),
            (Feature::Exporter, _) => Some(TELLS_NOT),
            (Feature::PostHandshake | Feature::CertificateLater, _) => {
                Some("headless, it has nobody to choose a certificate")
            }
            (Feature::Renegotiated, _) => Some("it starts no second handshake"),
            (Feature::ClientCertificate | Feature::ByIssuer, _) => {
                Some("headless, it has nobody to choose a certificate")
            }
            (Feature::ResumedById, _) => Some("it always takes tickets"),
            (Feature::KeyUpdate, _) => Some("cannot be told to"),
            _ => None,
        }
    }

    fn site(&self, case: &Case) -> Option<&'static str> {
        case.resumes().then_some(RESUMING)
    }

    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        let (profile, log) = (material.fresh("chromium"), material.fresh("chromium-log"));
        let trusting = match case.feature {
            // Of this key only.
            Feature::ByName => format!("--ignore-certificate-errors-spki-list={}", material.other_server_pin()),
            _ => "--ignore-certificate-errors".into(),
        };
        let out = Command::new("timeout")
            .args(["30", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--virtual-time-budget=3000", "--dump-dom", &format!("--user-data-dir={profile}")])
            .args([format!("--log-net-log={log}"), "--enable-features=EnableTLS13EarlyData".into()])
            .arg(trusting)
            .arg(format!("https://{}:{port}/", case.server_name()))
            .stderr(Stdio::null())
            .output()
            .map_err(|e| Lacks::Failed(e.to_string()))?;
        let text = String::from_utf8_lossy(&out.stdout);
        if case.feature == Feature::Timestamps {
            let sent = std::fs::read(material.timestamps(case.key)).map_err(|e| Lacks::Failed(e.to_string()))?;
            let log = std::fs::read_to_string(log).map_err(|e| Lacks::Failed(e.to_string()))?;
            if !log.replace("\\n", "").contains(&format!("SCT LIST-----{}", BASE64_STANDARD.encode(sent))) {
                return Err(Lacks::Failed("its log has no timestamps".into()));
            }
        }
        if text.contains("Handfast") && !text.contains("ERR_") {
            return Ok(());
        }
        let error = text.split("ERR_").nth(1).map_or("no page", |t| t.split('<').next().unwrap_or(t));
        Err(Lacks::Failed(format!("{}: {error}", out.status)))
    }
}

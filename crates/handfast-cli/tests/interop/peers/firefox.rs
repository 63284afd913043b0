//! Firefox, headless, as a client. It knows our authority from its profile, and checks names and chains itself.

use super::super::cases::{Case, Feature, Key};
use super::super::material::Material;
use super::nss::{BESIDES, SHOWN, make_database};
use super::{Lacks, Peer, Server, TELLS_NOT, version_of};
use std::process::{Command, Stdio};

pub struct Firefox;

/// A page that says on Firefox's standard output that it is there.
const PAGE: &str = r#"<!doctype html><title>Handfast</title><body>Handfast<script>dump("the page came\n")</script>"#;

/// The same, with more to load at once than its first connection carries: the others resume.
const RESUMING: &str = r#"<!doctype html><title>Handfast</title><body>Handfast
<img src="large.bin?1"><img src="large.bin?2"><img src="large.bin?3"><img src="large.bin?4"><img src="large.bin?5">
<script>dump("the page came\n")</script>"#;

/// Nothing but the page is fetched, and no connection is made before it is needed.
const QUIET: [(&str, &str); 17] = [
    ("app.update.disabledForTesting", "true"),
    ("app.normandy.enabled", "false"),
    ("browser.aboutwelcome.enabled", "false"),
    ("browser.region.network.url", "\"\""),
    ("browser.safebrowsing.malware.enabled", "false"),
    ("browser.safebrowsing.phishing.enabled", "false"),
    ("browser.shell.checkDefaultBrowser", "false"),
    ("browser.startup.homepage", "\"about:blank\""),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("extensions.systemAddon.update.enabled", "false"),
    ("extensions.update.enabled", "false"),
    ("network.captive-portal-service.enabled", "false"),
    ("network.connectivity-service.enabled", "false"),
    ("network.dns.disablePrefetch", "true"),
    ("network.http.speculative-parallel-limit", "0"),
    ("network.prefetch-next", "false"),
    ("toolkit.telemetry.enabled", "false"),
];

/// What Firefox has, but not by default.
const OLD: [(&str, &str); 2] =
    [("security.tls.version.enable-deprecated", "true"), ("security.ssl3.ecdhe_ecdsa_aes_128_sha", "true")];

/// The preferences for one row, as a profile has them.
fn preferences(case: &Case) -> String {
    let version = match case.version {
        "tls1.0" => "1",
        "tls1.1" => "2",
        "tls1.2" => "3",
        _ => "4",
    };
    // Without it, X25519 is what it likes best.
    let ml_kem = if case.group == "X25519MLKEM768" { "true" } else { "false" };
    let of_row = [
        ("security.tls.version.min", version),
        ("security.tls.version.max", version),
        ("security.tls.enable_kyber", ml_kem),
        ("security.default_personal_cert", "\"Select Automatically\""),
        // `dump`, by which a page says that it came.
        ("browser.dom.window.dump.enabled", "true"),
    ];
    let line = |(name, value): &(&str, &str)| format!("user_pref(\"{name}\", {value});\n");
    QUIET.iter().chain(&OLD).chain(&of_row).map(line).collect()
}

/// A profile for this row, in this folder: it trusts our authority, and has a certificate to show.
fn profile(dir: &str, case: &Case, material: &Material) -> Result<(), Lacks> {
    let failed = |e: std::io::Error| Lacks::Failed(e.to_string());
    std::fs::create_dir_all(dir).map_err(failed)?;
    std::fs::write(format!("{dir}/user.js"), preferences(case)).map_err(failed)?;
    let clients = match case.feature {
        Feature::ClientCertificate => vec![(SHOWN, material.client())],
        Feature::ByIssuer => vec![(BESIDES, material.other_client()), (SHOWN, material.client())],
        _ => Vec::new(),
    };
    make_database(dir, material, &clients)
}

impl Peer for Firefox {
    fn name(&self) -> &'static str {
        "firefox"
    }
    fn version(&self) -> Option<String> {
        // The tools have no --version; that they answer at all is enough.
        let tools = ["certutil", "pk12util"].iter().all(|tool| Command::new(tool).arg("-H").output().is_ok());
        version_of("firefox-esr", "--version").filter(|_| tools)
    }
    fn serves(&self) -> bool {
        false
    }
    fn connects(&self) -> bool {
        true
    }
    fn serve(&self, _: &Case, _: &Material) -> Result<Server, Lacks> {
        Err(Lacks::It("Firefox is a client"))
    }

    fn cannot_connect(&self, case: &Case) -> Option<&'static str> {
        match case.feature {
            _ if case.version == "ssl3" => Some("no SSL 3.0 any more"),
            _ if case.suite.contains("CCM") => Some("no CCM"),
            _ if case.suite.contains("_DHE_") => Some("no finite fields before TLS 1.3 any more"),
            _ if case.group.starts_with("SecP") || case.group == "ffdhe4096" => {
                Some("neither ffdhe4096 nor ML-KEM with NIST's curves")
            }
            _ if matches!(case.key, Key::Ed25519 | Key::RsaPss) || case.key.is_ml_dsa() => {
                Some("no certificates for Ed25519, RSASSA-PSS or ML-DSA")
            }
            Feature::Psk | Feature::PskOnly => Some("no pre-shared keys"),
            Feature::ByAuthority => Some("it names no authorities"),
            Feature::ByScheme => Some("cannot be told which signatures to verify"),
            _ if case.channel_binding().is_some() => Some(TELLS_NOT),
            Feature::RawKey | Feature::RawClientKey => Some("no raw public keys"),
            Feature::Exporter => Some(TELLS_NOT),
            Feature::PostHandshake | Feature::CertificateLater => {
                Some("headless, it has nobody to choose a certificate")
            }
            Feature::Renegotiated => Some("it starts no second handshake"),
            Feature::ResumedById => Some("it always takes tickets"),
            Feature::KeyUpdate => Some("cannot be told to"),
            _ => None,
        }
    }

    fn site(&self, case: &Case) -> Option<&'static str> {
        Some(if case.resumes() { RESUMING } else { PAGE })
    }

    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        let dir = material.fresh("firefox");
        profile(&dir, case, material)?;
        // A screenshot is taken when all is loaded; then it ends. It never ends over an error page.
        let out = Command::new("timeout")
            .args(["--kill-after=2", "30", "firefox-esr", "--headless", "--no-remote", "--profile", &dir])
            .args(["--screenshot", &format!("{dir}/page.png"), &format!("https://{}:{port}/", case.server_name())])
            .env("HOME", &dir)
            .env("MOZ_CRASHREPORTER_DISABLE", "1")
            .stdin(Stdio::null())
            .output()
            .map_err(|e| Lacks::Failed(e.to_string()))?;
        let text = String::from_utf8_lossy(&out.stdout);
        if text.contains("the page came") { Ok(()) } else { Err(Lacks::Failed(format!("{}: no page", out.status))) }
    }
}

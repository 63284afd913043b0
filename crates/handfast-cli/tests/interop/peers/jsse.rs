//! Java's own TLS, by a program around it.

use super::super::cases::{Case, Feature};
use super::super::material::Material;
use super::companion::Companion;
use super::{Lacks, Peer, Server, version_of};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/peers/Jsse.java");

#[derive(Default)]
pub struct Jsse {
    server: Companion,
    client: Companion,
}

/// How it is started for this row. It knows the groups of a whole process only.
fn arguments(case: &Case, classes: &str, connects: bool) -> Vec<String> {
    // It is to start fast, and to need little.
    let mut out: Vec<String> =
        ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m"].map(String::from).to_vec();
    out.push("-Djdk.tls.server.enableStatusRequestExtension=true".into());
    if case.feature == Feature::ByScheme && connects {
        out.push("-Djdk.tls.client.SignatureSchemes=rsa_pss_rsae_sha256,rsa_pkcs1_sha256".into());
    }
    if case.version == "ssl3" {
        // Else it resumes nothing as a server: it misses what SSL 3.0 does not have.
        out.push("-Djdk.tls.useExtendedMasterSecret=false".into());
    }
    if case.feature == Feature::ByAuthority {
        out.push("-Djdk.tls.client.enableCAExtension=true".into());
    }
    if !case.group.is_empty() {
        // A first group that we do not take.
        let first = if case.retries() && connects { "secp521r1," } else { "" };
        out.push(format!("-Djdk.tls.namedGroups={first}{}", case.group));
    }
    out.extend(["-cp".into(), classes.into(), "Jsse".into()]);
    out
}

/// The folder where the program is, compiled at first use.
fn classes(material: &Material) -> Result<String, Lacks> {
    static COMPILING: Mutex<()> = Mutex::new(());
    let _one = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = material.path("jsse");
    if !std::path::Path::new(&folder).join("Jsse.class").exists() {
        let out = Command::new("javac").args(["-d", &folder, SOURCE]).output();
        let out = out.map_err(|e| Lacks::Failed(format!("javac: {e}")))?;
        if !out.status.success() {
            return Err(Lacks::Failed(format!("javac: {}", String::from_utf8_lossy(&out.stderr))));
        }
    }
    Ok(folder)
}

/// What it does not have, on either side.
fn lacks(case: &Case) -> Option<&'static str> {
    match case.feature {
        _ if case.group.contains("MLKEM") => Some("Java 17 has no ML-KEM"),
        _ if case.key.is_ml_dsa() => Some("Java 17 has no ML-DSA"),
        _ if case.suite.contains("CCM") => Some("no CCM"),
        Feature::Http2 => Some("its sockets speak no HTTP/2"),
        Feature::Zlib | Feature::Brotli => Some("Java 17 compresses no certificates"),
        Feature::RawKey | Feature::RawClientKey => Some("no raw public keys"),
        Feature::EarlyData | Feature::EarlyRefused => Some("no early data"),
        Feature::Timestamps => Some("no timestamps in the handshake"),
        _ if case.channel_binding().is_some() => Some("Java 17 exports no keys, and tells no channel bindings"),
        Feature::Psk | Feature::PskOnly => Some("no pre-shared keys"),
        Feature::RecordSizeLimit => Some("no record_size_limit"),
        Feature::PostHandshake => Some("no certificates are asked for after the handshake"),
        _ => None,
    }
}

impl Peer for Jsse {
    fn name(&self) -> &'static str {
        "jsse"
    }
    fn version(&self) -> Option<String> {
        version_of("javac", "--version").and(version_of("java", "--version"))
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
    fn is_one(&self) -> bool {
        true
    }

    fn serve(&self, case: &Case, material: &Material) -> Result<Server, Lacks> {
        if let Some(why) = lacks(case) {
            return Err(Lacks::It(why));
        }
        match case.feature {
            Feature::Cookie => return Err(Lacks::It("it sends no cookie over TCP")),
            Feature::Tickets => return Err(Lacks::It("Java 17 cannot be told how many tickets to send")),
            Feature::ByScheme if !case.is_13() => {
                return Err(Lacks::It("before TLS 1.3, it chooses the suite without regard to the client's schemes"));
            }
            Feature::Exporter => return Err(Lacks::It("Java 17 exports no keys")),
            _ => {}
        }
        self.server.serve(arguments(case, &classes(material)?, false), case, material)
    }

    fn cannot_connect(&self, case: &Case) -> Option<&'static str> {
        match case.feature {
            _ if case.needs_encrypt_then_mac() => {
                Some("no encrypt-then-MAC, without which our server does not take the suite")
            }
            Feature::Exporter => Some("Java 17 exports no keys"),
            Feature::PostHandshake => Some("Java 17 shows no certificate after the handshake"),
            Feature::Cookie if !case.retries() => Some("Java 17 makes new shares where it is only sent a cookie"),
            _ => lacks(case),
        }
    }

    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        self.client.connect(arguments(case, &classes(material)?, true), case, material, port)
    }
}

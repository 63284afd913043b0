//! tlslite-ng, by a script around it.

use super::super::cases::{Case, Feature};
use super::super::material::Material;
use super::companion::Companion;
use super::{Lacks, Peer, Server};
use std::process::{Command, Stdio};

/// Where `.ci/setup` puts it.
const PYTHON: &str = "/opt/handfast-peers/tlslite/bin/python";
/// Not named after the package, which it would stand before.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/peers/tlslite-ng.py");

#[derive(Default)]
pub struct TlsLite {
    server: Companion,
    client: Companion,
}

fn arguments() -> Vec<String> {
    vec![PYTHON.into(), SCRIPT.into()]
}

/// What it does not have, on either side.
fn lacks(case: &Case) -> Option<&'static str> {
    match case.feature {
        _ if case.key.is_ml_dsa() => Some("no ML-DSA"),
        Feature::Http2 => Some("it speaks no HTTP/2"),
        _ if case.renegotiates() => Some("no second handshakes"),
        Feature::Stapled => Some("it neither shows nor sees OCSP responses"),
        Feature::RawKey | Feature::RawClientKey => Some("no raw public keys"),
        Feature::EarlyData | Feature::EarlyRefused => Some("it neither sends nor takes early data"),
        Feature::Timestamps => Some("no timestamps in the handshake"),
        Feature::ByAuthority => Some("no certificate_authorities in a ClientHello"),
        Feature::TlsUnique | Feature::TlsServerEndPoint => {
            Some("of the channel bindings, only what its exporter gives")
        }
        _ => None,
    }
}

impl Peer for TlsLite {
    fn name(&self) -> &'static str {
        "tlslite-ng"
    }
    fn version(&self) -> Option<String> {
        let ask = "import importlib.metadata; print('tlslite-ng', importlib.metadata.version('tlslite-ng'))";
        let out = Command::new(PYTHON).args(["-c", ask]).stderr(Stdio::null()).output().ok()?;
        out.status.success().then(|| String::from_utf8_lossy(&out.stdout).trim().to_owned())
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
        if case.feature == Feature::Cookie && !case.retries() {
            return Err(Lacks::It("it sends a cookie only where it asks for another share"));
        }
        if case.feature == Feature::ByIssuer && case.is_13() {
            return Err(Lacks::It("in TLS 1.3, it names no authorities"));
        }
        if case.feature == Feature::ByName {
            return Err(Lacks::It("it does not choose its certificate by name"));
        }
        self.server.serve(arguments(), case, material)
    }

    fn cannot_connect(&self, case: &Case) -> Option<&'static str> {
        match case.feature {
            Feature::ResumedById if case.version != "ssl3" => Some("it always takes tickets"),
            Feature::ByIssuer => Some("it shows the one certificate that it is given"),
            _ => lacks(case),
        }
    }

    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        self.client.connect(arguments(), case, material, port)
    }
}

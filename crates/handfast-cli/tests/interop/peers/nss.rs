//! NSS's own tools, tstclnt and selfserv: the library of Firefox, on both sides and without its preferences.

use super::super::cases::{Case, Feature, Key, OTHER_NAME};
use super::super::flags::{EXPORT, PSK};
use super::super::material::Material;
use super::super::run::RECORDING;
use super::{Lacks, Peer, Server, free_port, start};
use handfast::wire::CipherSuite;
use std::path::Path;
use std::process::{Command, Stdio};

pub struct Nss;

/// The name of what is shown.
pub const SHOWN: &str = "interop";
/// The name of what may be shown besides: selfserv takes it for that of the server, too.
pub const BESIDES: &str = OTHER_NAME;
/// The name of our authority.
const AUTHORITY: &str = "interop CA";
/// A request that comes back with the page.
const REQUEST: &str = "GET / HTTP/1.0\r\nEcho: hello from handfast\r\n\r\n";

/// Runs a program to its end.
fn run(program: &str, args: &[&str]) -> Result<(), Lacks> {
    let failed = |why: String| Lacks::Failed(format!("{program}: {why}"));
    let out = Command::new(program).args(args).stdin(Stdio::null()).output().map_err(|e| failed(e.to_string()))?;
    let why = || failed(format!("{}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim()));
    if out.status.success() { Ok(()) } else { Err(why()) }
}

/// Makes this folder a database: it trusts our authority, and has these certificates and keys.
pub fn make_database(dir: &str, material: &Material, shows: &[(&str, (String, String))]) -> Result<(), Lacks> {
    std::fs::create_dir_all(dir).map_err(|e| Lacks::Failed(e.to_string()))?;
    let database = format!("sql:{dir}");
    run("certutil", &["-N", "-d", &database, "--empty-password"])?;
    run("certutil", &["-A", "-d", &database, "-n", AUTHORITY, "-t", "CT,,", "-i", &material.ca()])?;
    for (name, (cert, key)) in shows {
        let both = format!("{dir}/shown.p12");
        let from = ["pkcs12", "-export", "-in", cert, "-inkey", key, "-name", name];
        run("openssl", &[&from[..], &["-out", &both, "-passout", "pass:"]].concat())?;
        run("pk12util", &["-i", &both, "-d", &database, "-W", "", "-K", ""])?;
    }
    Ok(())
}

/// The database of a server with this key, or of a client; made when first asked for.
fn database(material: &Material, key: Option<Key>) -> Result<String, Lacks> {
    let dir = material.path(&format!("nss-{}", key.map_or("client", Key::name)));
    if !Path::new(&dir).join("ready").exists() {
        let pair = key.map_or_else(|| material.client(), |key| material.server(key));
        make_database(&dir, material, &[(SHOWN, pair)])?;
        std::fs::write(format!("{dir}/ready"), "").map_err(|e| Lacks::Failed(e.to_string()))?;
    }
    Ok(format!("sql:{dir}"))
}

/// What both tools are told: the version, the suite and the groups.
fn negotiate(command: &mut Command, case: &Case, connects: bool) -> Result<(), Lacks> {
    let suite = |name| CipherSuite::from_name(name).ok_or_else(|| Lacks::Failed("no such suite".into()));
    let suites = case.suites().into_iter().map(|name| Ok(format!(":{:04X}", suite(name)?.0)));
    let suites = suites.collect::<Result<Vec<_>, Lacks>>()?.concat();
    command.args(["-V", &format!("{0}:{0}", case.version)]);
    // Told a suite, tstclnt fails when it connects a second time; the other side has no other one anyway.
    if !(connects && case.resumes()) {
        command.args(["-c", &suites]);
    }
    let group = match case.group {
        "secp256r1" => "P256",
        "secp384r1" => "P384",
        "secp521r1" => "P521",
        "ffdhe2048" => "FF2048",
        "ffdhe3072" => "FF3072",
        "ffdhe4096" => "FF4096",
        "ffdhe6144" => "FF6144",
        "ffdhe8192" => "FF8192",
        other => other,
    };
    if !group.is_empty() {
        // As a client, it takes a first group that we do not.
        let first = if connects && case.retries() { "P521," } else { "" };
        command.args(["-I", &format!("{first}{group}")]);
    }
    if case.key == Key::RsaPss {
        // Not said by themselves; and the authority's own signatures are of the other kind.
        command.args(["-J", "rsa_pss_pss_sha256,rsa_pss_rsae_sha256,rsa_pkcs1_sha256"]);
    }
    // Where it is left out, extended master secrets are, too.
    command.arg("-G");
    if case.feature == Feature::Resumed {
        command.arg("-u");
    }
    match case.feature {
        Feature::Psk => drop(command.args(["-z", &format!("0x{}:{}", PSK.1, PSK.0)])),
        Feature::Exporter | Feature::TlsExporter => {
            command.args(["-x", &format!("{}:{}", case.exporter().0, EXPORT.1)]);
        }
        Feature::EarlyData | Feature::EarlyRefused => drop(command.args(["-u", "-Z"])),
        Feature::ByScheme if connects => drop(command.args(["-J", "rsa_pss_rsae_sha256,rsa_pkcs1_sha256"])),
        _ => {}
    }
    Ok(())
}

/// What it does not have, on either side.
fn lacks(case: &Case) -> Option<&'static str> {
    match case.feature {
        _ if case.suite.contains("CCM") => Some("no CCM"),
        _ if case.suite.contains("PSK") => Some("no pre-shared keys before TLS 1.3"),
        _ if case.group.contains("MLKEM") => Some("NSS 3.87 has no ML-KEM"),
        _ if case.key.is_ml_dsa() || case.key == Key::Ed25519 => Some("no certificates for Ed25519 or ML-DSA"),
        Feature::Http2 => Some("its tools speak no HTTP/2"),
        Feature::Zlib | Feature::Brotli => Some("NSS 3.87 compresses no certificates"),
        Feature::RawKey | Feature::RawClientKey => Some("no raw public keys"),
        Feature::ByAuthority => Some("no certificate_authorities in a ClientHello"),
        Feature::TlsUnique | Feature::TlsServerEndPoint => {
            Some("of the channel bindings, its tools tell only what the exporter gives")
        }
        Feature::PskOnly => Some("a pre-shared key is used with a fresh exchange only"),
        _ => None,
    }
}

impl Peer for Nss {
    fn name(&self) -> &'static str {
        "nss"
    }
    fn version(&self) -> Option<String> {
        // The tools do not say it.
        let are_here = |tool: &&str| Command::new(tool).arg("-H").stdin(Stdio::null()).output().is_ok();
        let tools = ["tstclnt", "selfserv", "certutil", "pk12util"].iter().all(are_here);
        let package = ["--show", "--showformat", "NSS ${Version}", "libnss3-tools"];
        let out = Command::new("dpkg-query").args(package).stderr(Stdio::null()).output();
        let version = out.ok().filter(|out| out.status.success());
        let version = version.map_or_else(|| "NSS".into(), |out| String::from_utf8_lossy(&out.stdout).into_owned());
        tools.then_some(version)
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
        if let Some(why) = lacks(case) {
            return Err(Lacks::It(why));
        }
        match case.feature {
            Feature::Psk => return Err(Lacks::It("selfserv does not use the pre-shared key that it is given")),
            Feature::Stapled => return Err(Lacks::It("selfserv makes its OCSP responses itself, signed with SHA-1")),
            Feature::Renegotiated => {
                return Err(Lacks::It("selfserv starts a second handshake only to ask for a certificate"));
            }
            Feature::Cookie => return Err(Lacks::It("it sends no cookie over TCP")),
            Feature::ByScheme if !case.is_13() => {
                return Err(Lacks::It("before TLS 1.3, it chooses the suite without regard to the client's schemes"));
            }
            Feature::Timestamps => return Err(Lacks::It("selfserv has no timestamps to send")),
            Feature::KeyUpdate => return Err(Lacks::It("selfserv cannot be told to change its keys")),
            Feature::Tickets => return Err(Lacks::It("selfserv cannot be told how many tickets to send")),
            _ => {}
        }
        let port = free_port().map_err(|e| Lacks::Failed(e.to_string()))?;
        let mut command = Command::new("selfserv");
        let folder = match material.besides(case) {
            Some(besides) => {
                let dir = material.fresh("nss");
                make_database(&dir, material, &[(SHOWN, material.server(case.key)), (BESIDES, besides)])?;
                format!("sql:{dir}")
            }
            None => database(material, Some(case.key))?,
        };
        command.args(["-v", "-p", &port.to_string(), "-d", &folder]);
        // An elliptic key has an option of its own.
        let is_rsa = matches!(case.key, Key::Rsa | Key::RsaPss);
        command.args([if is_rsa { "-n" } else { "-e" }, SHOWN]);
        negotiate(&mut command, case, false)?;
        if case.suite.contains("_DHE_") || case.group.starts_with("ff") {
            command.args(["-H", "1"]);
        }
        match case.feature {
            // Required, in the handshake.
            Feature::ClientCertificate | Feature::ByIssuer => drop(command.args(["-r", "-r"])),
            Feature::ByName => drop(command.args(["-a", BESIDES])),
            Feature::ByScheme => drop(command.args(["-e", BESIDES])),
            // Required, when a request has come.
            Feature::PostHandshake => drop(command.args(["-E", "-r", "-r", "-r", "-r"])),
            Feature::CertificateLater => drop(command.args(["-r", "-r", "-r", "-r"])),
            Feature::Alpn => drop(command.arg("-Q")),
            _ => {}
        }
        let mut server = start(command, |line| line.contains("About to call accept").then_some(port))?;
        server.request = Some(REQUEST);
        if case.feature == Feature::EarlyData {
            // As ours does, it refuses what might have been heard before it began.
            std::thread::sleep(RECORDING);
        }
        Ok(server)
    }

    fn cannot_connect(&self, case: &Case) -> Option<&'static str> {
        match case.feature {
            _ if case.needs_encrypt_then_mac() => {
                Some("no encrypt-then-MAC, without which our server does not take the suite")
            }
            Feature::Alpn => Some("tstclnt names no protocols"),
            Feature::KeyUpdate => Some("tstclnt cannot be told to change its keys"),
            _ => lacks(case),
        }
    }

    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        let request = material.fresh("nss-request");
        std::fs::write(&request, REQUEST).map_err(|e| Lacks::Failed(e.to_string()))?;
        let mut command = Command::new("timeout");
        command.args(["10", "tstclnt", "-v", "-4", "-h", "localhost", "-p", &port.to_string(), "-A", &request]);
        let folder = match case.feature {
            Feature::ByIssuer => {
                let dir = material.fresh("nss");
                make_database(&dir, material, &[(BESIDES, material.other_client()), (SHOWN, material.client())])?;
                format!("sql:{dir}")
            }
            _ => database(material, None)?,
        };
        command.args(["-d", &folder]);
        negotiate(&mut command, case, true)?;
        if !case.is_13() && case.group.starts_with("ff") {
            // Else it names no field.
            command.arg("-H");
        }
        match case.feature {
            Feature::ClientCertificate | Feature::CertificateLater => drop(command.args(["-n", SHOWN])),
            Feature::PostHandshake => drop(command.args(["-n", SHOWN, "-E"])),
            Feature::Stapled => drop(command.arg("-T")),
            Feature::Renegotiated => drop(command.args(["-r", "1"])),
            Feature::Timestamps => drop(command.arg("-U")),
            Feature::ByName => drop(command.args(["-a", case.server_name()])),
            _ => {}
        }
        if case.resumes() {
            command.args(["-L", "2"]);
        }
        let out = command.stdin(Stdio::null()).output().map_err(|e| Lacks::Failed(e.to_string()))?;
        let said = [out.stdout, out.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        material.said.add(&said);
        let wanted = match case.feature {
            Feature::Resumed => "1 stateless resumes",
            Feature::ResumedById => "1 cache hits",
            Feature::Stapled => "Received 1 Cert Status items",
            _ => "HTTP/1.",
        };
        if said.contains("HTTP/1.") && said.contains(wanted) {
            return Ok(());
        }
        Err(Lacks::Failed(format!("{}: no {wanted:?} in {}", out.status, said.replace('\n', " | "))))
    }
}

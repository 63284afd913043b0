//! GnuTLS's own tools.

use super::super::cases::{Case, Feature, Key};
use super::super::material::Material;
use super::{Lacks, Peer, Server, converse, free_port, start, version_of};
use std::process::Command;

pub struct GnuTls;

/// A priority string that allows just what the row says.
fn priority(case: &Case, retry: &str) -> String {
    let s = case.suite;
    let mut out = String::from("NORMAL:-VERS-ALL:-CIPHER-ALL:-MAC-ALL:%VERIFY_ALLOW_SIGN_WITH_SHA1");
    out += match case.version {
        "tls1.0" => ":+VERS-TLS1.0",
        "tls1.2" => ":+VERS-TLS1.2",
        _ => ":+VERS-TLS1.3",
    };
    out += match s {
        s if s.contains("AES_128_GCM") => ":+AES-128-GCM:+AEAD",
        s if s.contains("AES_256_GCM") => ":+AES-256-GCM:+AEAD",
        s if s.contains("CHACHA20") => ":+CHACHA20-POLY1305:+AEAD",
        s if s.contains("AES_128_CBC") => ":+AES-128-CBC:+SHA1",
        _ => ":+AES-256-CBC:+SHA1",
    };
    if !case.is_13() {
        out += match s {
            s if s.starts_with("TLS_RSA") => ":-KX-ALL:+RSA",
            s if s.contains("ECDHE_RSA") => ":-KX-ALL:+ECDHE-RSA",
            _ => ":-KX-ALL:+ECDHE-ECDSA",
        };
        out += ":%COMPAT:+SIGN-RSA-SHA1:+SIGN-ECDSA-SHA1";
    }
    let group = match case.group {
        "x25519" => ":+GROUP-X25519",
        "secp256r1" => ":+GROUP-SECP256R1",
        "secp384r1" => ":+GROUP-SECP384R1",
        _ => return out,
    };
    out + ":-GROUP-ALL" + retry + group
}

/// What it does not have, on either side.
fn lacks(case: &Case) -> Option<&'static str> {
    match (case.feature, case.group) {
        (Feature::Http2, _) => Some("its tools speak no HTTP/2"),
        (Feature::Cookie, _) => Some("it refuses a HelloRetryRequest that asks for nothing but a cookie"),
        (Feature::PostHandshakeAuth, _) => Some("gnutls-serv asks when the client's data says so"),
        (_, "X25519MLKEM768") => Some("GnuTLS 3.7 has no ML-KEM"),
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

    fn serve(&self, case: &Case, material: &Material) -> Result<Server, Lacks> {
        if let Some(why) = lacks(case) {
            return Err(Lacks::It(why));
        }
        if case.feature == Feature::KeyUpdate {
            return Err(Lacks::It("gnutls-serv cannot be told to change its keys"));
        }
        let port = free_port().map_err(|e| Lacks::Failed(e.to_string()))?;
        let (cert, key) = material.server(case.key);
        let mut command = Command::new("gnutls-serv");
        command.args(["--echo", "--port", &port.to_string(), "--x509certfile", &cert, "--x509keyfile", &key]);
        command.args(["--priority", &priority(case, "")]);
        match case.feature {
            Feature::ClientCertificate => {
                command.args(["--require-client-cert", "--verify-client-cert", "--x509cafile", &material.ca()])
            }
            _ => command.arg("--disable-client-cert"),
        };
        match case.feature {
            Feature::Alpn => drop(command.args(["--alpn", "http/1.1"])),
            Feature::ResumedById => drop(command.arg("--noticket")),
            _ => {}
        }
        let (child, port) = start(command, |line| line.contains("Echo Server listening on IPv4").then_some(port))?;
        Ok(Server { port, poke: None, process: Some(child) })
    }

    fn cannot_connect(&self, case: &Case) -> Option<&'static str> {
        lacks(case)
    }

    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        let mut command = Command::new("gnutls-cli");
        command.args(["--port", &port.to_string(), "--x509cafile", &material.ca(), "127.0.0.1"]);
        command.args(["--sni-hostname", "localhost", "--verify-hostname", "localhost"]);
        // It takes a first group that we do not.
        let retry = if case.feature == Feature::Retry { ":+GROUP-SECP521R1" } else { "" };
        command.args(["--priority", &priority(case, retry)]);
        let get = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
        let mut input = vec![get];
        match case.feature {
            Feature::Retry => drop(command.arg("--single-key-share")),
            Feature::Resumed => drop(command.args(["--resume", "--waitresumption"])),
            Feature::ResumedById => drop(command.args(["--resume", "--noticket"])),
            Feature::ClientCertificate => {
                let (cert, key) = material.client();
                command.args(["--x509certfile", &cert, "--x509keyfile", &key]);
            }
            Feature::Alpn => drop(command.args(["--alpn", "h2", "--alpn", "http/1.1"])),
            Feature::KeyUpdate => {
                command.arg("--inline-commands");
                input.insert(0, "^rekey^\n");
            }
            _ => {}
        }
        debug_assert!(case.key != Key::Ed25519 || case.is_13());
        converse(command, &input, "HTTP/1.").map(drop)
    }
}

//! rustls, in threads of this process.

mod keys;

use super::super::cases::OTHER_NAME;
use super::super::cases::{Case, Feature, Key};
use super::super::flags::{EARLY, EXPORT, TICKETS};
use super::super::material::Material;
use super::{Lacks, Peer, Said, Server};
use rustls::client::{Resumption, Tls12Resumption};
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, NamedGroup, RootCertStore, ServerConfig, ServerConnection, SignatureScheme,
    StreamOwned, version,
};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub struct Rustls;

fn lacks(case: &Case) -> Option<&'static str> {
    match case.version {
        "ssl3" | "tls1.0" | "tls1.1" => Some("nothing before TLS 1.2"),
        _ if case.suite.starts_with("TLS_RSA") => Some("no RSA key exchange"),
        _ if case.suite.contains("CBC") => Some("no CBC"),
        _ if case.suite.contains("CCM") => Some("no CCM"),
        _ if case.group.starts_with("ffdhe") || case.suite.contains("_DHE_") => Some("no finite fields"),
        _ if matches!(case.group, "secp521r1" | "SecP384r1MLKEM1024") => Some("neither P-521 nor P-384 with ML-KEM"),
        _ if case.key == Key::RsaPss || case.key.is_ml_dsa() => Some("no keys for RSASSA-PSS or ML-DSA"),
        _ if case.feature == Feature::Http2 => Some("no HTTP"),
        _ if matches!(case.feature, Feature::Zlib | Feature::Brotli) => {
            Some("not built with compression of certificates")
        }
        _ if matches!(case.feature, Feature::Psk | Feature::PskOnly) => Some("no pre-shared keys"),
        "tls1.2" if matches!(case.feature, Feature::RawKey | Feature::RawClientKey) => {
            Some("raw public keys in TLS 1.3 only")
        }
        _ if case.feature == Feature::Timestamps => Some("no timestamps in the handshake"),
        _ if matches!(case.feature, Feature::TlsUnique | Feature::TlsServerEndPoint) => {
            Some("of the channel bindings, only what its exporter gives")
        }
        _ if case.feature == Feature::RecordSizeLimit => Some("no record_size_limit"),
        _ if case.renegotiates() => Some("no second handshakes"),
        _ if case.feature == Feature::PostHandshake => Some("no certificates after the handshake"),
        _ => None,
    }
}

fn provider(case: &Case, first: Option<NamedGroup>) -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    let suites = case.suites();
    provider.cipher_suites.retain(|s| suites.contains(&&*format!("{:?}", s.suite()).replace("TLS13_", "TLS_")));
    let name = |g: NamedGroup| match g {
        NamedGroup::X25519 => "x25519",
        NamedGroup::secp256r1 => "secp256r1",
        NamedGroup::secp384r1 => "secp384r1",
        NamedGroup::X25519MLKEM768 => "X25519MLKEM768",
        NamedGroup::secp256r1MLKEM768 => "SecP256r1MLKEM768",
        _ => "",
    };
    provider.kx_groups = aws_lc_rs::ALL_KX_GROUPS.to_vec();
    if !case.group.is_empty() {
        provider.kx_groups.retain(|g| name(g.name()) == case.group || Some(g.name()) == first);
        provider.kx_groups.sort_by_key(|g| Some(g.name()) != first);
    }
    Arc::new(provider)
}

/// One that verifies nothing but RSA.
fn with_rsa_only(provider: &CryptoProvider) -> Arc<CryptoProvider> {
    let known = provider.signature_verification_algorithms;
    let is_rsa = |scheme: &SignatureScheme| format!("{scheme:?}").starts_with("RSA_");
    let mapping: Vec<_> = known.mapping.iter().filter(|(scheme, _)| is_rsa(scheme)).copied().collect();
    let signature_verification_algorithms = WebPkiSupportedAlgorithms { all: known.all, mapping: mapping.leak() };
    Arc::new(CryptoProvider { signature_verification_algorithms, ..provider.clone() })
}

fn versions(case: &Case) -> &'static [&'static rustls::SupportedProtocolVersion] {
    static TLS13: [&rustls::SupportedProtocolVersion; 1] = [&version::TLS13];
    static TLS12: [&rustls::SupportedProtocolVersion; 1] = [&version::TLS12];
    if case.is_13() { &TLS13 } else { &TLS12 }
}

fn roots(material: &Material) -> Result<RootCertStore, Lacks> {
    let mut roots = RootCertStore::empty();
    for cert in chain(&material.ca())? {
        roots.add(cert).map_err(failed)?;
    }
    Ok(roots)
}

fn chain(path: &str) -> Result<Vec<CertificateDer<'static>>, Lacks> {
    CertificateDer::pem_file_iter(path).and_then(|i| i.collect()).map_err(failed)
}

fn key(path: &str) -> Result<PrivateKeyDer<'static>, Lacks> {
    PrivateKeyDer::from_pem_file(path).map_err(failed)
}

fn failed(e: impl std::fmt::Display) -> Lacks {
    Lacks::Failed(e.to_string())
}

impl Peer for Rustls {
    fn name(&self) -> &'static str {
        "rustls"
    }
    fn version(&self) -> Option<String> {
        Some("rustls 0.23, in this process".into())
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
        if case.feature == Feature::Cookie {
            return Err(Lacks::It("it sends no cookie"));
        }
        let builder = ServerConfig::builder_with_provider(provider(case, None))
            .with_protocol_versions(versions(case))
            .map_err(failed)?;
        let builder = match case.feature {
            Feature::RawClientKey => builder.with_client_cert_verifier(keys::Pinned::new(&material.client_spki())?),
            Feature::ClientCertificate | Feature::ByIssuer => {
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots(material)?), provider(case, None));
                builder.with_client_cert_verifier(verifier.build().map_err(failed)?)
            }
            _ => builder.with_no_client_auth(),
        };
        let (cert, private) = material.server(case.key);
        let said = Said::default();
        let ocsp = match case.feature {
            Feature::Stapled => std::fs::read(material.ocsp(case.key)).map_err(failed)?,
            _ => Vec::new(),
        };
        let mut config = match case.feature {
            Feature::RawKey | Feature::RawClientKey => {
                builder.with_cert_resolver(keys::raw_server(&material.spki(case.key), &private)?)
            }
            Feature::ByName => {
                let other = (OTHER_NAME, material.other_server());
                builder.with_cert_resolver(keys::by_name(material.server(case.key), other)?)
            }
            Feature::ByScheme => {
                let both = [Key::Ecdsa, case.key].map(|key| material.server(key));
                builder.with_cert_resolver(keys::of_server(both, said.clone())?)
            }
            Feature::ByAuthority => {
                let both = [material.foreign_server(), material.server(case.key)];
                builder.with_cert_resolver(keys::of_server(both, said.clone())?)
            }
            _ => {
                let with_response = builder.with_single_cert_with_ocsp(chain(&cert)?, key(&private)?, ocsp);
                with_response.map_err(failed)?
            }
        };
        if case.is_early() {
            config.max_early_data_size = EARLY.parse().map_err(failed)?;
        }
        if case.feature == Feature::Tickets {
            config.send_tls13_tickets = TICKETS;
            config.ticketer = Ticketer::new().map_err(failed)?;
        }
        if case.feature == Feature::Alpn {
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        }
        if case.feature == Feature::Resumed {
            config.ticketer = Ticketer::new().map_err(failed)?;
        }
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let update = Arc::new(AtomicBool::new(false));
        let asked = update.clone();
        let (says, of) = (said.clone(), *case);
        std::thread::spawn(move || {
            // Two connections at most: a session is resumed once.
            for stream in listener.incoming().take(2).flatten() {
                let _ = echo(stream, config.clone(), &asked, &says, of);
            }
        });
        let poke = Box::new(move || update.store(true, Ordering::SeqCst)) as Box<dyn FnMut()>;
        let poke = (case.feature == Feature::KeyUpdate).then_some(poke);
        Ok(Server { port, poke, request: None, said, process: None })
    }

    fn cannot_connect(&self, case: &Case) -> Option<&'static str> {
        if case.key == Key::P521 && !case.is_13() {
            return Some("it does not list P-521, so that before TLS 1.3 no certificate on it may be shown");
        }
        lacks(case)
    }

    fn connect(&self, case: &Case, material: &Material, port: u16) -> Result<(), Lacks> {
        let first = case.retries().then_some(NamedGroup::MLKEM1024);
        let provider = match provider(case, first) {
            all if case.feature == Feature::ByScheme => with_rsa_only(&all),
            all => all,
        };
        let builder =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(versions(case)).map_err(failed)?;
        let builder = match case.feature {
            Feature::RawKey | Feature::RawClientKey => {
                let pinned = keys::Pinned::new(&material.spki(case.key))?;
                builder.dangerous().with_custom_certificate_verifier(pinned)
            }
            Feature::ByAuthority => {
                let naming = keys::Naming::new(roots(material)?)?;
                builder.dangerous().with_custom_certificate_verifier(naming)
            }
            _ => builder.with_root_certificates(roots(material)?),
        };
        let mut config = match case.feature {
            Feature::RawClientKey => builder.with_client_cert_resolver(keys::raw_client(material)?),
            Feature::ByIssuer => {
                let both = [material.other_client(), material.client()];
                builder.with_client_cert_resolver(keys::of_client(both)?)
            }
            Feature::ClientCertificate => {
                let (cert, private) = material.client();
                builder.with_client_auth_cert(chain(&cert)?, key(&private)?).map_err(failed)?
            }
            _ => builder.with_no_client_auth(),
        };
        if case.feature == Feature::Alpn {
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        }
        config.resumption = Resumption::in_memory_sessions(8);
        if case.feature == Feature::ResumedById {
            config.resumption = config.resumption.tls12_resumption(Tls12Resumption::SessionIdOnly);
        }
        config.enable_early_data = case.is_early();
        let config = Arc::new(config);
        for _ in 0..if case.resumes() { 2 } else { 1 } {
            get(config.clone(), port, case, &material.said).map_err(failed)?;
        }
        Ok(())
    }
}

fn echo(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    update: &AtomicBool,
    says: &Said,
    case: Case,
) -> Result<(), Box<dyn std::error::Error>> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut tls = StreamOwned::new(ServerConnection::new(config)?, stream);
    while tls.conn.is_handshaking() {
        tls.conn.complete_io(&mut tls.sock)?;
    }
    let (label, has_context) = case.exporter();
    let exported = tls.conn.export_keying_material([0; EXPORT.1], label.as_bytes(), has_context.then_some(&[][..]))?;
    says.add(&exported.map(|b| format!("{b:02x}")).concat());
    if case.feature == Feature::RawClientKey && tls.conn.peer_certificates().is_some_and(|c| c.len() == 1) {
        says.add("the client showed its raw public key");
    }
    if let Some(mut early) = tls.conn.early_data() {
        let mut text = String::new();
        early.read_to_string(&mut text)?;
        says.add(&text);
    }
    let mut buffer = [0; 1024];
    loop {
        let n = tls.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        if update.swap(false, Ordering::SeqCst) {
            tls.conn.refresh_traffic_keys()?;
        }
        tls.write_all(&buffer[..n])?;
        tls.flush()?;
    }
}

fn get(config: Arc<ClientConfig>, port: u16, case: &Case, says: &Said) -> Result<(), Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut tls = StreamOwned::new(ClientConnection::new(config, ServerName::try_from(case.server_name())?)?, stream);
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", case.server_name());
    if let Some(mut early) = tls.conn.early_data() {
        early.write_all(request.as_bytes())?;
    }
    while tls.conn.is_handshaking() {
        tls.conn.complete_io(&mut tls.sock)?;
    }
    let (label, has_context) = case.exporter();
    let exported = tls.conn.export_keying_material([0; EXPORT.1], label.as_bytes(), has_context.then_some(&[][..]))?;
    says.add(&exported.map(|b| format!("{b:02x}")).concat());
    if case.feature == Feature::KeyUpdate {
        tls.conn.refresh_traffic_keys()?;
    }
    if !tls.conn.is_early_data_accepted() {
        tls.write_all(request.as_bytes())?;
    }
    tls.flush()?;
    let mut text = Vec::new();
    tls.read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    if text.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(format!("no page: {text:.80}").into()) }
}

//! rustls's ends.

use crate::material::Material;
use crate::{End, Kind, Library};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, Connection, HandshakeKind, NamedGroup, RootCertStore, ServerConfig,
    ServerConnection, version,
};
use std::io::{BufRead, Write};
use std::sync::Arc;

pub struct Rustls {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

pub fn library(material: &Material, kind: &Kind) -> Rustls {
    let [ca, chain, key] = material.of(kind.key);
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|s| format!("{:?}", s.suite()).replace("TLS13_", "TLS_") == kind.suite);
    let group = if kind.group == "x25519" { NamedGroup::X25519 } else { NamedGroup::X25519MLKEM768 };
    provider.kx_groups.retain(|g| g.name() == group);
    let provider = Arc::new(provider);
    let versions = if kind.tls13 { [&version::TLS13] } else { [&version::TLS12] };
    let mut roots = RootCertStore::empty();
    certs(ca).into_iter().for_each(|c| roots.add(c).expect("a root"));
    let mut client = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(certs(chain), PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key"))
        .expect("a certificate");
    if kind.resumed {
        server.ticketer = aws_lc_rs::Ticketer::new().expect("a ticketer");
        client.resumption = Resumption::in_memory_sessions(32);
    } else {
        server.send_tls13_tickets = 0;
        client.resumption = Resumption::disabled();
    }
    Rustls { client: Arc::new(client), server: Arc::new(server) }
}

fn certs(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(|c| c.expect("PEM")).collect()
}

impl Library for Rustls {
    fn name(&self) -> &'static str {
        "rustls"
    }
    fn client(&self) -> Box<dyn End> {
        let name = ServerName::try_from("localhost").expect("a name");
        Box::new(Side(ClientConnection::new(self.client.clone(), name).expect("a client").into()))
    }
    fn server(&self) -> Box<dyn End> {
        Box::new(Side(ServerConnection::new(self.server.clone()).expect("a server").into()))
    }
    fn forget(&mut self) {
        // It remembers no verdict of any kind.
    }
}

struct Side(Connection);

impl End for Side {
    fn turn(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) {
        let mut rest = &input[..];
        while !rest.is_empty() {
            self.0.read_tls(&mut rest).expect("read");
            self.0.process_new_packets().expect("processed");
        }
        input.clear();
        while self.0.wants_write() {
            self.0.write_tls(output).expect("written");
        }
    }
    fn is_connected(&self) -> bool {
        !self.0.is_handshaking()
    }
    fn resumed(&self) -> bool {
        self.0.handshake_kind() == Some(HandshakeKind::Resumed)
    }
    fn send(&mut self, data: &[u8], output: &mut Vec<u8>) {
        self.0.set_buffer_limit(None);
        self.0.writer().write_all(data).expect("sent");
        while self.0.wants_write() {
            self.0.write_tls(output).expect("written");
        }
    }
    fn open(&mut self, input: &mut Vec<u8>) -> usize {
        let (mut rest, mut got) = (&input[..], 0);
        while !rest.is_empty() {
            self.0.read_tls(&mut rest).expect("read");
            self.0.process_new_packets().expect("processed");
            let mut reader = self.0.reader();
            while let Ok(chunk) = reader.fill_buf() {
                let n = chunk.len();
                if n == 0 {
                    break;
                }
                got += n;
                reader.consume(n);
            }
        }
        input.clear();
        got
    }
}

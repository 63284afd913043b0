//! Handfast's ends.

use crate::material::Material;
use crate::{End, Kind, Library};
use handfast::config::{ClientConfig, ServerConfig};
use handfast::crypto::Credential;
use handfast::pki_types::ServerName;
use handfast::verify::{Roots, WebPki};
use handfast::wire::CipherSuite;
use handfast::wire::numbers::{NamedGroup, ProtocolVersion};
use handfast::{Connection, Event, Policy, Time};
use std::sync::Arc;

pub struct Handfast {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    roots: Roots,
}

pub fn library(material: &Material, kind: &Kind) -> Handfast {
    let [ca, chain, key] = material.of(kind.key);
    let mut policy = Policy::default();
    let version = if kind.tls13 { ProtocolVersion::TLS1_3 } else { ProtocolVersion::TLS1_2 };
    (policy.min_version, policy.max_version) = (version, version);
    policy.suites = vec![CipherSuite::from_name(kind.suite).expect("a suite")];
    policy.groups = vec![NamedGroup::from_name(kind.group).expect("a group")];
    policy.key_shares = 1;
    let roots = Roots::from_pem(ca.as_bytes()).expect("roots");
    let verifier = WebPki::for_servers(roots.clone());
    let credential = Credential::from_pem(chain.as_bytes(), key.as_bytes()).expect("a credential");
    let mut client = ClientConfig::new(policy.clone(), Arc::new(verifier));
    let mut server = ServerConfig::new(policy, Arc::new(credential));
    if !kind.resumed {
        client.store = None;
        server.tickets = None;
    }
    Handfast { client: Arc::new(client), server: Arc::new(server), roots }
}

impl Library for Handfast {
    fn name(&self) -> &'static str {
        "handfast"
    }
    fn client(&self) -> Box<dyn End> {
        let name = ServerName::try_from("localhost").expect("a name");
        Box::new(Side(Connection::client(self.client.clone(), name, Time::now()).expect("a client")))
    }
    fn server(&self) -> Box<dyn End> {
        Box::new(Side(Connection::server(self.server.clone())))
    }
    fn forget(&mut self) {
        let mut client = ClientConfig::clone(&self.client);
        client.verifier = Arc::new(WebPki::for_servers(self.roots.clone()));
        self.client = Arc::new(client);
    }
}

struct Side(Connection);

impl End for Side {
    fn turn(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) {
        self.open(input);
        self.0.transmit(output);
    }
    fn is_connected(&self) -> bool {
        self.0.is_connected()
    }
    fn resumed(&self) -> bool {
        self.0.negotiated().resumed
    }
    fn send(&mut self, data: &[u8], output: &mut Vec<u8>) {
        self.0.send(data, output).expect("sent");
    }
    fn open(&mut self, input: &mut Vec<u8>) -> usize {
        let (now, mut at, mut got) = (Time::now(), 0, 0);
        loop {
            let received = self.0.receive(&mut input[at..], now).expect("received");
            at += received.used;
            match received.event {
                Some(Event::Data(data)) => got += data.len(),
                Some(_) => {}
                None => break,
            }
        }
        input.drain(..at);
        got
    }
}

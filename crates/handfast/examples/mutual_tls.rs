//! Both sides show a certificate: a server that wants one of its clients, and a client that has one. They are made here, of an
//! authority that lives as long as this runs.
//!
//! ```sh
//! cargo run -p handfast --example mutual_tls
//! ```

use handfast::crypto::Credential;
use handfast::pki_types::ServerName;
use handfast::verify::{Roots, WebPki};
use handfast::{ClientAuth, ClientConfig, Connection, Policy, ServerConfig, Stream, Time};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

fn main() -> Result<(), Box<dyn Error>> {
    let authority = Authority::new()?;

    // The server shows its own certificate, and takes those of the authority. `Optional` would serve clients without one, too.
    let mut server = ServerConfig::new(Policy::default(), Arc::new(authority.issue("localhost")?));
    server.client_auth = ClientAuth::Required(Arc::new(WebPki::for_clients(authority.roots()?)));

    // The client likewise.
    let mut client = ClientConfig::new(Policy::default(), Arc::new(WebPki::for_servers(authority.roots()?)));
    client.credentials = Some(Arc::new(authority.issue("ada.example")?));

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let serving = thread::spawn(move || greet(&listener.accept()?.0, server));

    let connection = Connection::client(Arc::new(client), ServerName::try_from("localhost")?, Time::now())?;
    let mut stream = Stream::new(connection, TcpStream::connect(address)?);
    let mut greeting = String::new();
    stream.read_to_string(&mut greeting)?;
    println!("the client: the server is verified: {:?}", stream.connection().negotiated().verified);
    println!("the server: {greeting}");
    serving.join().map_err(|_| "the server's thread failed")??;
    Ok(())
}

/// One client, told how it was judged.
fn greet(socket: &TcpStream, config: ServerConfig) -> io::Result<()> {
    let mut stream = Stream::new(Connection::server(Arc::new(config)), socket).complete()?;
    let client = stream.connection().negotiated();
    let (certificates, how) = (client.peer_chain.len(), client.verified.clone().unwrap_or_default());
    write!(stream, "you showed a chain of {certificates}, and are verified: {how}")?;
    stream.shutdown()
}

/// Who signs the certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.distinguished_name.push(DnType::CommonName, "An example's authority");
        CertifiedIssuer::self_signed(params, KeyPair::generate()?).map(Self)
    }

    fn issue(&self, name: &str) -> Result<Credential, Box<dyn Error>> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &self.0)?;
        Ok(Credential::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes())?)
    }

    fn roots(&self) -> Result<Roots, Box<dyn Error>> {
        Ok(Roots::from_pem(self.0.pem().as_bytes())?)
    }
}

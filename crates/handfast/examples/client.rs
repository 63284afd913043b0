//! A client that trusts whom the system trusts, and fetches a page.
//!
//! ```sh
//! cargo run -p handfast --example client -- example.org
//! ```

use handfast::pki_types::ServerName;
use handfast::verify::WebPki;
use handfast::{ClientConfig, Connection, Policy, Stream, Time};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = std::env::args().nth(1).unwrap_or_else(|| "example.org".into());

    // Made once; it keeps sessions, so that the next connection to the same server is faster.
    let config = Arc::new(ClientConfig::new(Policy::default(), Arc::new(WebPki::platform()?)));

    let connection = Connection::client(config, ServerName::try_from(host.clone())?, Time::now())?;
    let mut stream = Stream::new(connection, TcpStream::connect((host.as_str(), 443))?);
    write!(stream, "GET / HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut page = Vec::new();
    stream.read_to_end(&mut page)?;

    let negotiated = stream.connection().negotiated();
    eprintln!("{:?}, {:?}", negotiated.version, negotiated.suite);
    io::stdout().write_all(&page)?;
    Ok(())
}

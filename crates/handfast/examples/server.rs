//! A server that greets whoever comes, each on a thread of its own.
//!
//! ```sh
//! cargo run -- cert localhost      # localhost.pem, localhost-key.pem
//! cargo run -p handfast --example server -- localhost.pem localhost-key.pem
//! ```

use handfast::crypto::Credential;
use handfast::{Connection, Policy, ServerConfig, Stream};
use std::io::{BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::{fs, io, thread};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(cert), Some(key)) = (args.next(), args.next()) else { return Err("usage: server CERT KEY".into()) };

    let credential = Credential::from_pem(&fs::read(cert)?, &fs::read(key)?)?;
    let config = Arc::new(ServerConfig::new(Policy::default(), Arc::new(credential)));

    let listener = TcpListener::bind("127.0.0.1:8443")?;
    println!("listening on https://localhost:8443");
    for socket in listener.incoming() {
        let (socket, config) = (socket?, config.clone());
        thread::spawn(move || {
            if let Err(error) = serve(socket, config) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

fn serve(socket: TcpStream, config: Arc<ServerConfig>) -> io::Result<()> {
    let mut stream = Stream::new(Connection::server(config), socket).complete()?;
    let version = stream.connection().negotiated().version;
    // The head of a request, up to its empty line; no more than so much, since whoever comes could go on for ever.
    for line in Read::by_ref(&mut stream).take(1 << 16).lines() {
        if line?.is_empty() {
            break;
        }
    }
    let version = version.map(|v| v.to_string()).unwrap_or_default();
    write!(stream, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nHello over {version}.\n")?;
    stream.shutdown()
}

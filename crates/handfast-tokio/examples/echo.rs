//! An echo server: what comes goes back, until the client closes.
//!
//! ```sh
//! cargo run -- cert localhost      # localhost.pem, localhost-key.pem
//! cargo run -p handfast-tokio --example echo -- localhost.pem localhost-key.pem
//! cargo run -- connect localhost:8443
//! ```

use handfast::crypto::Credential;
use handfast::{Policy, ServerConfig};
use handfast_tokio::Acceptor;
use std::sync::Arc;
use std::{fs, io};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(cert), Some(key)) = (args.next(), args.next()) else { return Err("usage: echo CERT KEY".into()) };
    let credential = Credential::from_pem(&fs::read(cert)?, &fs::read(key)?)?;
    let acceptor = Acceptor::new(Arc::new(ServerConfig::new(Policy::default(), Arc::new(credential))));

    let listener = TcpListener::bind("127.0.0.1:8443").await?;
    println!("listening on localhost:8443");
    loop {
        let (socket, peer) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            match echo(&acceptor, socket).await {
                Ok(bytes) => println!("{peer}: {bytes} bytes"),
                Err(error) => println!("{peer}: {error}"),
            }
        });
    }
}

async fn echo(acceptor: &Acceptor, socket: TcpStream) -> io::Result<u64> {
    let stream = acceptor.accept(socket).await?;
    let (mut from, mut to) = tokio::io::split(stream);
    let bytes = tokio::io::copy(&mut from, &mut to).await?;
    to.shutdown().await?;
    Ok(bytes)
}

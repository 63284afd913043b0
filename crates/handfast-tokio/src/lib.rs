//! Handfast over tokio: [`Connector`] and [`Acceptor`] do handshakes, [`TlsStream`] is the connection that comes of one.
//!
//! ```no_run
//! # async fn example(config: std::sync::Arc<handfast::ClientConfig>) -> std::io::Result<()> {
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! let socket = tokio::net::TcpStream::connect("example.org:443").await?;
//! let name = handfast::pki_types::ServerName::try_from("example.org").map_err(std::io::Error::other)?;
//! let mut stream = handfast_tokio::Connector::new(config).connect(name, socket).await?;
//! stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
//! let mut page = Vec::new();
//! stream.read_to_end(&mut page).await?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod answers;
mod handshake;
mod stream;

pub use answers::{Answering, Answers};
pub use handshake::{Acceptor, Connector, Handshake};
pub use stream::TlsStream;

//! Handfast: SSL and TLS, client and server, in memory-safe Rust.
//!
//! The engine is [`Connection`]: it does no I/O, starts no thread and reads no clock. [`Stream`] drives one over anything
//! that reads and writes.
//!
//! A client, which trusts whom the system trusts:
//!
//! ```no_run
//! use handfast::verify::WebPki;
//! use handfast::{ClientConfig, Connection, Policy, Stream, Time, pki_types::ServerName};
//! use std::io::{Read, Write};
//! use std::{net::TcpStream, sync::Arc};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Arc::new(ClientConfig::new(Policy::default(), Arc::new(WebPki::platform()?)));
//! let connection = Connection::client(config, ServerName::try_from("example.org")?, Time::now())?;
//! let mut stream = Stream::new(connection, TcpStream::connect("example.org:443")?).complete()?;
//! println!("{:?}", stream.connection().negotiated().version);
//! stream.write_all(b"GET / HTTP/1.0\r\nHost: example.org\r\n\r\n")?;
//! let mut page = Vec::new();
//! stream.read_to_end(&mut page)?;
//! # Ok(())
//! # }
//! ```
//!
//! A server, which answers one client:
//!
//! ```no_run
//! use handfast::crypto::Credential;
//! use handfast::{Connection, Policy, ServerConfig, Stream};
//! use std::io::{BufRead, Read, Write};
//! use std::{fs, net::TcpListener, sync::Arc};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let credential = Credential::from_pem(&fs::read("cert.pem")?, &fs::read("key.pem")?)?;
//! let config = Arc::new(ServerConfig::new(Policy::default(), Arc::new(credential)));
//! let (socket, _) = TcpListener::bind("127.0.0.1:8443")?.accept()?;
//! let mut stream = Stream::new(Connection::server(config), socket);
//! let mut line = String::new();
//! // No more than so much: whoever comes could send a line without an end.
//! Read::by_ref(&mut stream).take(4096).read_line(&mut line)?;
//! stream.write_all(line.as_bytes())?;
//! stream.shutdown()?;
//! # Ok(())
//! # }
//! ```
//!
//! The engine by itself: hand [`Connection::receive`] what came, send what [`Connection::transmit`] gives, and answer what it is
//! parked on.
//!
//! ```
//! use handfast::{Connection, Error, Event, Time};
//!
//! /// Takes `input` as far as it goes. Gives the plaintext in it; what is to be sent is appended to `output`.
//! fn drive(connection: &mut Connection, input: &mut Vec<u8>, output: &mut Vec<u8>) -> Result<Vec<u8>, Error> {
//!     let mut plaintext = Vec::new();
//!     let driven = loop {
//!         let (used, done) = match connection.receive(input, Time::now()) {
//!             Ok(received) => {
//!                 if let Some(Event::Data(data)) = &received.event {
//!                     plaintext.extend_from_slice(data);
//!                 }
//!                 // Parked: `connection.wait()` has the question, `connection.answer` takes the answer.
//!                 (received.used, matches!(received.event, None | Some(Event::Parked)))
//!             }
//!             Err(error) => break Err(error),
//!         };
//!         input.drain(..used);
//!         if done {
//!             break Ok(plaintext);
//!         }
//!     };
//!     // After an error, too: the alert.
//!     connection.transmit(output);
//!     driven
//! }
//! # use handfast::{ClientConfig, Policy, verify::NotChecked, pki_types::ServerName};
//! # let config = std::sync::Arc::new(ClientConfig::new(Policy::default(), std::sync::Arc::new(NotChecked)));
//! # let mut client = Connection::client(config, ServerName::try_from("example.org").unwrap(), Time::now()).unwrap();
//! # let (mut input, mut output) = (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Vec::new());
//! # let error = drive(&mut client, &mut input, &mut output).unwrap_err();
//! # assert!(error.explain().remedy.contains("443"), "{error}");
//! # assert_eq!(output[0], 22, "a ClientHello");
//! ```
//!
//! Where to look further:
//!
//! | | |
//! |---|---|
//! | what may be spoken | [`Policy`] |
//! | all else that is decided | [`ClientConfig`], [`ServerConfig`], and [`config`] for what their fields take |
//! | whom to trust | [`verify`] |
//! | certificates, and keys that are here or elsewhere | [`crypto::Credential`], [`crypto::PrivateKey`] |
//! | answers that take their time | [`wait`] |
//! | what is remembered: sessions, tickets, early data | [`session`] |
//! | keys that both sides have beforehand | [`psk`] |
//! | what was agreed, and what happens meanwhile | [`Negotiated`], [`trace`] |
//! | a transport of one's own | [`buffered`] |
//!
//! An [`Error`] says what to do: [`Error::explain`]. Anything older than TLS 1.2 with ECDHE and AEAD is had by a [`Policy`] of that
//! name, for one config, where the cargo feature `legacy` is on; where it is not, there is nothing of it, and a config that asks for it is
//! refused.
#![forbid(unsafe_code)]

pub mod alert;
mod bounded;
pub mod buffered;
pub mod compression;
pub mod config;
mod connection;
pub mod crypto;
pub mod error;
pub mod event;
pub mod extension;
mod handshake;
pub mod keys;
pub mod message;
pub mod policy;
pub mod psk;
mod record;
pub mod session;
mod stream;
mod time;
pub mod trace;
pub mod verify;
pub mod wait;
pub mod wire;

pub use config::{ClientAuth, ClientConfig, ServerConfig};
pub use connection::{ChannelBinding, Connection, Received};
pub use error::{Error, ErrorKind};
pub use event::{Event, Negotiated, Weakness};
pub use policy::Policy;
pub use rustls_pki_types as pki_types;
pub use stream::Stream;
pub use time::Time;
pub use wait::{Answer, Reply, Wait};

/// The README's code is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

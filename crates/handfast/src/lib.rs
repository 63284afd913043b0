//! Handfast: SSL and TLS, client and server, in memory-safe Rust.
//!
//! The engine is [`Connection`]: it does no I/O, starts no thread and reads no clock. [`Stream`] drives one over anything
//! that reads and writes.
#![forbid(unsafe_code)]

pub mod alert;
mod bounded;
pub mod buffered;
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
mod record;
pub mod session;
mod stream;
mod time;
pub mod trace;
pub mod verify;
pub mod wait;
pub mod wire;

pub use config::{ClientAuth, ClientConfig, ServerConfig};
pub use connection::{Connection, Received};
pub use error::{Error, ErrorKind};
pub use event::{Event, Negotiated};
pub use policy::Policy;
pub use rustls_pki_types as pki_types;
pub use stream::Stream;
pub use time::Time;
pub use wait::{Answer, Reply, Wait};

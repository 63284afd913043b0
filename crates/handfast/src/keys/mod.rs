//! Secrets, the transcript, the PRFs, TLS 1.3's key schedule, the key log.

mod classic;
mod hkdf;
mod log;
pub(crate) mod made;
mod prf;
#[cfg(test)]
pub(crate) mod rfc8448;
mod schedule;
mod secret;
mod ssl3;
#[cfg(test)]
pub(crate) mod tests;
mod transcript;

pub(crate) use classic::{Derivation, MasterSecret, export as export_classic};
pub(crate) use log::label;
pub use log::{KeyLog, KeyLogFile};
pub(crate) use schedule::{
    ApplicationSecrets, EarlySecret, EarlyTraffic, HandshakeSecrets, MasterOf13, PskKind, TrafficSecret,
    export as export13, import,
};
pub use secret::Secret;
pub(crate) use transcript::Transcript;

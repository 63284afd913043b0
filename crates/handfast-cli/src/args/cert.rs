//! `cert`.

use crate::exit::HELP;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Makes a certificate that the development CA signs, and its key.
///
/// Writes NAME.pem and NAME-key.pem, called after the first name. A key that is there is replaced.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Cert {
    /// A client's certificate rather than a server's
    #[arg(long)]
    pub(crate) client: bool,
    /// The kind of its key. ML-DSA is for TLS 1.3, and few clients take it
    #[arg(long, value_name = "TYPE", value_enum, default_value_t = KeyType::EcdsaP256)]
    pub(crate) key_type: KeyType,
    /// For how long it is valid
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) days: u32,
    /// Where the files go
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// Host names and addresses; for a client, whatever it is called
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

/// The kinds of keys that certificates are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyType {
    #[value(name = "ecdsa-p256")]
    EcdsaP256,
    #[value(name = "ecdsa-p384")]
    EcdsaP384,
    #[value(name = "ecdsa-p521")]
    EcdsaP521,
    Ed25519,
    #[value(name = "rsa-2048")]
    Rsa2048,
    #[value(name = "rsa-3072")]
    Rsa3072,
    #[value(name = "rsa-4096")]
    Rsa4096,
    #[value(name = "mldsa44")]
    MlDsa44,
    #[value(name = "mldsa65")]
    MlDsa65,
    #[value(name = "mldsa87")]
    MlDsa87,
}

//! `cert`.

use crate::exit::HELP;
use clap::Args;
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

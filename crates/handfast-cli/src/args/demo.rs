//! `demo`.

use crate::exit::HELP;
use clap::Args;

/// Tells a handshake, message by message, between a client and a server of ours over a loopback socket.
///
/// By default it is the classic one with RSA key exchange and a client certificate. With a suite of ECDHE, ServerKeyExchange is
/// there too, and makes it thirteen messages.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Demo {
    /// ssl3, tls1.0, tls1.1, tls1.2 or tls1.3
    #[arg(long, value_name = "V", default_value = "tls1.2")]
    pub(crate) version: String,
    /// Cipher suites by IANA name, best first, comma between
    #[arg(long, value_name = "LIST")]
    pub(crate) suites: Option<String>,
    /// Tells it side by side with the handshake of another version, message against message
    #[arg(long, value_name = "V")]
    pub(crate) compare: Option<String>,
    /// Shows the fields of each message against its bytes, and the records that carry it
    #[arg(long, conflicts_with = "compare")]
    pub(crate) bytes: bool,
    /// With --bytes: records that are encrypted whole, and not only their beginning
    #[arg(long, requires = "bytes")]
    pub(crate) ciphertext: bool,
    /// Events of both ends on stdout, one JSON object a line
    #[arg(long, conflicts_with_all = ["compare", "bytes"])]
    pub(crate) json: bool,
    /// The server asks for no client certificate
    #[arg(long)]
    pub(crate) no_client_certificate: bool,
}

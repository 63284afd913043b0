//! `serve`.

use super::{Exports, OWN, Ocsp, Output, PSKS, Psks, Records, SESSIONS, SPOKEN, Spoken};
use crate::exit::HELP;
use clap::{ArgAction, Args};
use handfast::crypto::DhGroup;
use handfast::wire::numbers::NamedGroup;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Serves HTTPS: a folder, or a page that says what was negotiated.
///
/// The page shows visitors their own connection; on this machine they find the last connections that failed, too, at /failures.
///
/// Needs no argument: it makes a development CA once, and certificates for localhost, 127.0.0.1, ::1 and this host's name.
/// Prints `listening https://ADDR:PORT` on stdout when ready. SIGTERM and Ctrl-C finish what is being served, and end with 0.
///
/// The files of --cert, --key, --ocsp, --sct, --client-ca, --client-crl and --psk-key @FILE are read again when they change, and on SIGHUP; connections
/// go on. If they cannot be used, it says so, and goes on with what it had.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8443", value_parser = listen)]
    #[arg(help_heading = "What is served")]
    pub(crate) listen: SocketAddr,
    /// Serves the files of this folder, of a folder its index.html; names that begin with a dot are not served
    #[arg(long, value_name = "DIR", help_heading = "What is served")]
    pub(crate) dir: Option<PathBuf>,
    /// Shows visitors the secrets of their own connection, too, on its page; only with a --listen that other machines cannot reach
    #[arg(long, conflicts_with = "dir", help_heading = "What is served")]
    pub(crate) reveal: bool,
    #[command(flatten)]
    pub(crate) own: Own,
    #[command(flatten)]
    pub(crate) clients: Clients,
    #[command(flatten)]
    pub(crate) spoken: Spoken,
    /// Application protocols, best first
    #[arg(long, value_name = "LIST", default_value = "h2,http/1.1", help_heading = SPOKEN)]
    pub(crate) alpn: String,
    /// TLS 1.3 clients have to send a cookie back before anything is done for them (HelloRetryRequest)
    #[arg(long, help_heading = SPOKEN)]
    pub(crate) cookie: bool,
    /// Puts extensions in messages of TLS 1.3 that nobody knows, which a client has to pass over (GREASE, RFC 8701)
    #[arg(long, help_heading = SPOKEN)]
    pub(crate) grease: bool,
    #[command(flatten)]
    pub(crate) sessions: Sessions,
    #[command(flatten)]
    pub(crate) psks: Psks,
    /// Uses pre-shared keys, tickets among them, without a fresh key exchange (psk_ke) where the client offers that: who learns the key
    /// can read what was recorded
    #[arg(long, help_heading = PSKS)]
    pub(crate) psk_only: bool,
    /// What helps clients up to TLS 1.2 to choose among their keys, if they know what it means (RFC 4279 5.2)
    #[arg(long, value_name = "TEXT", requires = "psk_identity", help_heading = PSKS)]
    pub(crate) psk_hint: Option<String>,
    /// The group of DHE suites for clients that name none (RFC 7919 4): ffdhe2048, as if not given, ffdhe3072, ffdhe4096, ffdhe6144,
    /// ffdhe8192
    #[arg(long, value_name = "GROUP", value_parser = dh_group, help_heading = SPOKEN)]
    pub(crate) dh_group: Option<DhGroup>,
    #[command(flatten)]
    pub(crate) records: Records,
    #[command(flatten)]
    pub(crate) exports: Exports,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Who we are.
#[derive(Debug, Args)]
#[command(next_help_heading = OWN)]
pub(crate) struct Own {
    /// A certificate chain, own certificate first; may be given again, each with its --key: clients see the one that has the name
    /// they ask for and that they can verify, if none has it the first
    #[arg(long, value_name = "PEM", action = ArgAction::Append)]
    pub(crate) cert: Vec<PathBuf>,
    /// The private key of the --cert at the same place: PKCS#8, PKCS#1 or SEC1
    #[arg(long, value_name = "PEM", action = ArgAction::Append)]
    pub(crate) key: Vec<PathBuf>,
    /// An OCSP response for the --cert at the same place, DER, for clients that ask for one; `none` if it has none
    #[arg(long, value_name = "FILE", action = ArgAction::Append, requires = "cert")]
    pub(crate) ocsp: Vec<PathBuf>,
    /// Signed certificate timestamps for the --cert at the same place, for clients that ask for them: a SignedCertificateTimestampList
    /// (RFC 6962 3.3); `none` if it has none
    #[arg(long, value_name = "FILE", action = ArgAction::Append, requires = "cert")]
    pub(crate) sct: Vec<PathBuf>,
    /// Shows no certificate at all: only who has one of the pre-shared keys is served
    #[arg(long, requires = "psk_identity", conflicts_with_all = ["cert", "key", "raw_public_key"])]
    pub(crate) no_certificate: bool,
    /// Refuses clients that ask for a name which no certificate has; else they are shown the first one
    #[arg(long)]
    pub(crate) strict_sni: bool,
    /// Shows its keys raw, without certificates, to clients that ask for that (RFC 7250); without --cert in no other way. Takes raw
    /// keys from clients, too: see --client-pin-key
    #[arg(long)]
    pub(crate) raw_public_key: bool,
}

/// Who the clients are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Clients")]
pub(crate) struct Clients {
    /// Asks clients for a certificate from these authorities
    #[arg(long, value_name = "PEM")]
    pub(crate) client_ca: Option<PathBuf>,
    /// Asks clients for the key of this hash, whatever its certificate says; hexadecimal, or base64 as in RFC 7469. May be given again
    #[arg(long, value_name = "SHA256", value_parser = super::connect::sha256, conflicts_with = "client_ca")]
    pub(crate) client_pin_key: Vec<[u8; 32]>,
    /// Asks clients only when they want PATH, or what is below it: by a second handshake, whatever the policy says of that; in TLS 1.3
    /// after the handshake, if they can be asked then. Not with h2, which forbids both
    #[arg(long, value_name = "PATH", value_parser = guarded)]
    pub(crate) renegotiate: Option<String>,
    /// Clients without a certificate are served too
    #[arg(long)]
    pub(crate) client_optional: bool,
    /// Client certificates that these lists revoke are refused
    #[arg(long, value_name = "PEM", requires = "client_ca")]
    pub(crate) client_crl: Option<PathBuf>,
    /// Whether an OCSP response is to come with a client's certificate, in TLS 1.3; not asked for if not given
    #[arg(long, value_enum, value_name = "WHETHER", requires = "client_ca")]
    pub(crate) client_ocsp: Option<Ocsp>,
}

/// What is remembered.
#[derive(Debug, Args)]
#[command(next_help_heading = SESSIONS)]
pub(crate) struct Sessions {
    /// How many tickets a TLS 1.3 client gets: 2 if not given, or 4 without --dir, since browsers spend some on connections that they
    /// drop; 0: none, nor does any other client
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=16))]
    pub(crate) tickets: Option<u8>,
    /// Takes so many bytes of early data with a ticket, each once, and answers them at once; not in the first seconds, when something
    /// heard before the start could be played back
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub(crate) early_data: Option<u32>,
}

fn dh_group(text: &str) -> Result<DhGroup, String> {
    let named = NamedGroup::from_name(text).and_then(DhGroup::named);
    named.ok_or_else(|| "there are ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144 and ffdhe8192".into())
}

fn guarded(path: &str) -> Result<String, String> {
    let names = path.split('/').skip(1).all(|name| !name.starts_with('.'));
    match path.starts_with('/') && names {
        true => Ok(path.into()),
        false => Err("the path of a URL is wanted, as in /members".into()),
    }
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address and a port are wanted, as in 127.0.0.1:8443 or [::1]:8443".into())
}

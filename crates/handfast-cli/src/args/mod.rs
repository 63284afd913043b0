//! The command line, parsed into plain values: a file per verb, and here what verbs share.
//!
//! Flags stand in groups, which are what `--help` shows them by. A new flag is a field of its group: of one here if both `connect`
//! and `serve` have it in the same words, else of the verb's own. The plan of the verb, which is `Plan::of`, makes use of it.

mod cert;
pub(crate) mod connect;
mod demo;
mod exports;
pub(crate) mod serve;

pub(crate) use cert::{Cert, KeyType};
pub(crate) use connect::{Connect, Target};
pub(crate) use demo::Demo;
pub(crate) use exports::{Export, Exports};
pub(crate) use serve::Serve;

use crate::exit::HELP;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use handfast::config::{PadToMultiple, RecordPadding};
use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

// Headings of `--help` that are in more than one place.
const OWN: &str = "Own certificate";
const SPOKEN: &str = "What may be spoken";
const SESSIONS: &str = "Sessions";
const PSKS: &str = "Pre-shared keys";

/// SSL and TLS that shows its work.
#[derive(Debug, Parser)]
#[command(name = "handfast", version, about, after_help = HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
pub(crate) enum Verb {
    Serve(Serve),
    Connect(Connect),
    Cert(Cert),
    Demo(Demo),
}

/// What may be spoken.
#[derive(Debug, Args)]
#[command(next_help_heading = SPOKEN)]
pub(crate) struct Spoken {
    /// A policy: modern, default, compatible, legacy, museum. What the other flags say is within it. By museum a client offers SSL 3.0 beside
    /// newer versions to servers only that know no supported_versions; to others by --max-version ssl3
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) policy: String,
    #[command(flatten)]
    pub(crate) within: Within,
    /// Block ciphers in CBC mode are used as MAC-then-encrypt even where the peer can do encrypt-then-MAC (RFC 7366), up to TLS 1.2: the
    /// way to many attacks, for a peer whose encrypt-then-MAC is broken
    #[arg(long)]
    pub(crate) no_encrypt_then_mac: bool,
    /// How certificates, ours and the peer's, may be compressed in TLS 1.3, best first: brotli, zlib; not at all if not given
    #[arg(long, value_name = "LIST")]
    pub(crate) cert_compression: Option<String>,
    #[command(flatten)]
    pub(crate) old: OldCertificates,
}

/// Which old forms of the peer's certificates are accepted, beyond what the policy says.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Old certificates")]
pub(crate) struct OldCertificates {
    /// Accepts certificates that are signed over SHA-1, as --policy legacy does: with great means they can be forged
    #[arg(long)]
    pub(crate) allow_sha1: bool,
    /// Accepts certificates that are signed over MD5, as --policy museum does: anyone can forge them
    #[arg(long)]
    pub(crate) allow_md5: bool,
    /// The fewest bits of an RSA key, 1024 at least; 2048 if not given, and 1024 with --policy legacy
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u16).range(1024..=8192))]
    pub(crate) min_rsa_bits: Option<u16>,
    /// Accepts the peer's own certificate if it is of X.509 version 1, as --policy legacy does
    #[arg(long)]
    pub(crate) allow_x509v1: bool,
    /// Accepts the common name of a certificate without subjectAltName as the server's name, as --policy legacy does
    #[arg(long)]
    pub(crate) allow_common_name: bool,
}

/// What of the policy is wanted.
#[derive(Debug, Default, Args)]
pub(crate) struct Within {
    /// The oldest version: ssl3, tls1.0, tls1.1, tls1.2, tls1.3
    #[arg(long, value_name = "V")]
    pub(crate) min_version: Option<String>,
    /// The newest version
    #[arg(long, value_name = "V")]
    pub(crate) max_version: Option<String>,
    /// Cipher suites by IANA name, best first, comma between; a name that is none has them listed. Those that encrypt nothing are in no
    /// policy, and can be named under museum
    #[arg(long, value_name = "LIST")]
    pub(crate) suites: Option<String>,
    /// Groups of the key exchange, best first; a name that is none has them listed
    #[arg(long, value_name = "LIST")]
    pub(crate) groups: Option<String>,
    /// Signature schemes, best first; a name that is none has them listed
    #[arg(long, value_name = "LIST")]
    pub(crate) schemes: Option<String>,
    /// What the peer's certificates should be signed by: it is told (signature_algorithms_cert), and not held to it. As --schemes if
    /// not given
    #[arg(long, value_name = "LIST")]
    pub(crate) cert_schemes: Option<String>,
}

/// Whether a certificate is to come with an OCSP response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ocsp {
    /// It is not asked for
    Off,
    /// It is asked for, and must be good if it comes, or if the certificate says that it must
    #[default]
    Ask,
    /// It must come, and be good
    Require,
}

/// External pre-shared keys.
#[derive(Debug, Args)]
#[command(next_help_heading = PSKS)]
pub(crate) struct Psks {
    /// The name of a key that both sides have; may be given again, each with its --psk-key. Who has such a key needs no certificate, nor
    /// does `serve` ask him for one, whatever --client-ca says. Up to TLS 1.2 it takes a policy with suites for such keys (compatible),
    /// which then go before all others, and of several keys `connect` uses the first
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub(crate) psk_identity: Vec<String>,
    /// The key of the --psk-identity at the same place, in hexadecimal; @FILE reads it from a file, where other users do not see it
    #[arg(long, value_name = "HEX", action = ArgAction::Append, value_parser = HexKey::of)]
    pub(crate) psk_key: Vec<HexKey>,
    /// The hash that the keys were made for: sha256 or sha384. Up to TLS 1.2 it is of no matter
    #[arg(long, value_name = "HASH", default_value = "sha256")]
    pub(crate) psk_hash: String,
    /// Imports the keys (RFC 9258) with this context, which may be empty; the peer has to do the same. Then they are for TLS 1.3 alone.
    /// Else they are used as they are
    #[arg(long, value_name = "CONTEXT", requires = "psk_identity")]
    pub(crate) psk_import: Option<String>,
}

/// A key as it was given, or where it is: not shown, and wiped.
#[derive(Clone)]
pub(crate) struct HexKey(pub(crate) Zeroizing<String>);

impl HexKey {
    fn of(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for HexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HexKey(..)")
    }
}

/// How records are made.
#[derive(Debug, Args)]
#[command(next_help_heading = "Records")]
pub(crate) struct Records {
    /// The most bytes of plaintext in a record that is sent
    #[arg(long, value_name = "BYTES", default_value_t = 16384, value_parser = clap::value_parser!(u16).range(64..=16384))]
    pub(crate) max_fragment: u16,
    /// The most bytes of plaintext in a record that the peer may send, in TLS 1.3 with a byte for its type; the peer is told so
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(64..=16385))]
    pub(crate) record_size_limit: Option<u16>,
    /// Pads the records of TLS 1.3 to a multiple of so many bytes
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(1..=16384))]
    pub(crate) pad_records: Option<u16>,
}

impl Records {
    /// How much TLS 1.3 records are padded.
    pub(crate) fn padding(&self) -> Option<Arc<dyn RecordPadding>> {
        self.pad_records.map(|n| Arc::new(PadToMultiple(n.into())) as _)
    }
}

/// What is told, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Events on stdout, one JSON object a line, data in base64
    #[arg(long)]
    pub(crate) json: bool,
    /// Appends secrets, for Wireshark; SSLKEYLOGFILE does the same
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn keys_are_not_shown() {
        let cli = Cli::parse_from(["handfast", "connect", "a", "--psk-identity", "me", "--psk-key", "00ff"]);
        let shown = format!("{cli:?}");
        assert!(shown.contains("HexKey(..)") && !shown.contains("00ff"), "{shown}");
    }

    #[test]
    fn every_flag_stands_in_a_group() {
        for verb in ["connect", "serve"] {
            let cli = Cli::command();
            let command = cli.find_subcommand(verb).expect("the verb");
            for flag in command.get_opts().filter(|f| f.get_id() != "help") {
                assert!(flag.get_help_heading().is_some(), "{verb} --{}", flag.get_id());
            }
        }
    }
}

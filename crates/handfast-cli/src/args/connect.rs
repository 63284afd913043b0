//! `connect`.

use super::{Exports, OWN, Ocsp, Output, PSKS, Psks, Records, SESSIONS, SPOKEN, Spoken};
use crate::exit::HELP;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

/// Connects, shows the handshake on stderr, then copies stdin to the peer and the peer to stdout.
///
/// With empty stdin it closes at once. After data it reads until the peer closes.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Connect {
    /// A name or an address; an IPv6 address with a port stands in brackets. The port is 443 if none is given
    #[arg(value_name = "HOST[:PORT]", value_parser = target)]
    pub(crate) target: Target,
    /// For name, TCP and handshake together
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, help_heading = CONNECTION)]
    pub(crate) timeout: Duration,
    /// After data, sends close_notify at the end of stdin, and goes on reading; a TLS 1.2 peer drops its reply then
    #[arg(long, help_heading = CONNECTION)]
    pub(crate) half_close: bool,
    /// Changes the keys once connected, and has the peer change its own (KeyUpdate, TLS 1.3)
    #[arg(long, help_heading = CONNECTION)]
    pub(crate) update_keys: bool,
    /// Up to TLS 1.2: starts a second handshake once connected, before stdin is sent, whatever the policy says. One that the server
    /// starts is followed under --policy compatible and below in any case
    #[arg(long, help_heading = CONNECTION)]
    pub(crate) renegotiate: bool,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) own: Own,
    #[command(flatten)]
    pub(crate) spoken: Spoken,
    /// Application protocols, best first
    #[arg(long, value_name = "LIST", help_heading = SPOKEN)]
    pub(crate) alpn: Option<String>,
    /// The fewest bits that the prime of a server's DHE group has to have, up to TLS 1.2; the policy's own bound, 2048, if not given
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u16).range(512..=8192), help_heading = SPOKEN)]
    pub(crate) min_dh_bits: Option<u16>,
    /// If the server refuses the first message or hangs up on it, tries again with the next older version of the policy as the newest,
    /// and tells the server so (RFC 7507). Whoever sits in between can bring that about
    #[arg(long, help_heading = SPOKEN, conflicts_with = "early_data")]
    pub(crate) fallback: bool,
    #[command(flatten)]
    pub(crate) hello: Hello,
    #[command(flatten)]
    pub(crate) sessions: Sessions,
    #[command(flatten)]
    pub(crate) psks: Psks,
    /// Uses pre-shared keys, tickets among them, in no other way than without a fresh key exchange (psk_ke): who learns the key can read
    /// what was recorded
    #[arg(long, help_heading = PSKS)]
    pub(crate) psk_only: bool,
    /// Goes on with nobody who does not have the key: else a server that takes none may show a certificate instead, which is then judged
    #[arg(long, requires = "psk_identity", help_heading = PSKS)]
    #[arg(conflicts_with_all = ["insecure", "ca", "crl", "pin_cert", "pin_key", "pin", "raw_public_key"])]
    pub(crate) psk_required: bool,
    #[command(flatten)]
    pub(crate) records: Records,
    #[command(flatten)]
    pub(crate) exports: Exports,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Shows the fields of each message against its bytes, and the records that carry it
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub(crate) bytes: bool,
    /// With --bytes: records that are encrypted whole, and not only their beginning
    #[arg(long, requires = "bytes", help_heading = "Output")]
    pub(crate) ciphertext: bool,
}

const CONNECTION: &str = "Connection";

/// Who the peer must be.
#[derive(Debug, Args)]
#[command(next_help_heading = "Peer and trust")]
pub(crate) struct Trust {
    /// The name that is asked for and must stand in the certificate; HOST if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Trusts these authorities only; else the system's, and for loopback the development CA too
    #[arg(long, value_name = "PEM", conflicts_with = "insecure")]
    pub(crate) ca: Option<PathBuf>,
    /// Tells a TLS 1.3 server that its certificate should be from these authorities (certificate_authorities); so does whoever listens
    /// learn whom this client trusts
    #[arg(long, requires = "ca")]
    pub(crate) name_authorities: bool,
    /// Does not check who the peer is: anyone in between can read and change everything
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Certificates that these lists revoke are refused
    #[arg(long, value_name = "PEM", conflicts_with_all = ["insecure", "pin_cert", "pin_key"])]
    pub(crate) crl: Option<PathBuf>,
    /// Trusts the certificate of this hash, self-signed or not, for whatever name, and no other; hexadecimal. May be given again
    #[arg(long, visible_alias = "fingerprint", value_name = "SHA256", value_parser = sha256)]
    #[arg(conflicts_with_all = ["insecure", "ca", "pin"])]
    pub(crate) pin_cert: Vec<Sha256>,
    /// The same of a key: the hash of its SubjectPublicKeyInfo; hexadecimal, or base64 as in RFC 7469
    #[arg(long, value_name = "SHA256", conflicts_with_all = ["insecure", "ca", "pin_cert", "pin"], value_parser = sha256)]
    pub(crate) pin_key: Vec<Sha256>,
    /// Besides, the server's key must be one of these, as with curl's --pinnedpubkey; several with a semicolon between. With
    /// --insecure nothing else is checked
    #[arg(long, value_name = "sha256//BASE64", value_parser = pins)]
    pub(crate) pin: Option<Pins>,
    /// Whether an OCSP response is to come with the server's certificate
    #[arg(long, value_enum, value_name = "WHETHER", default_value_t)]
    pub(crate) ocsp: Ocsp,
    /// Asks for signed certificate timestamps, and shows them; nobody judges them
    #[arg(long)]
    pub(crate) sct: bool,
    /// Wants the server's raw public key instead of a certificate (RFC 7250), with --pin-key or --insecure; and shows each --key so,
    /// which may then be without its --cert
    #[arg(long)]
    pub(crate) raw_public_key: bool,
}

/// Hashes of keys.
pub(crate) type Pins = std::sync::Arc<[Sha256]>;

/// Who we are.
#[derive(Debug, Args)]
#[command(next_help_heading = OWN)]
pub(crate) struct Own {
    /// A client certificate's chain, own certificate first; may be given again, each with its --key: the first is sent that the server
    /// can verify and whose authority it names
    #[arg(long, value_name = "PEM", requires = "key")]
    pub(crate) cert: Vec<PathBuf>,
    /// The private key of the --cert at the same place: PKCS#8, PKCS#1 or SEC1
    #[arg(long, value_name = "PEM")]
    pub(crate) key: Vec<PathBuf>,
    /// An OCSP response for the --cert at the same place, DER, for TLS 1.3 servers that ask for one; `none` if it has none
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) cert_ocsp: Vec<PathBuf>,
    /// Lets a TLS 1.3 server ask for the certificate after the handshake, too
    #[arg(long)]
    pub(crate) post_handshake_auth: bool,
}

/// How the ClientHello looks.
#[derive(Debug, Args)]
#[command(next_help_heading = "How the ClientHello looks")]
pub(crate) struct Hello {
    /// For which groups a TLS 1.3 server gets a share at once: names, or how many of the first; for another group it has to ask
    /// (HelloRetryRequest), with 0 for any
    #[arg(long, value_name = "N|LIST")]
    pub(crate) key_shares: Option<String>,
    /// Puts values in it that nobody knows, which a server has to pass over (GREASE, RFC 8701)
    #[arg(long)]
    pub(crate) grease: bool,
    /// Puts its extensions in another order each time
    #[arg(long)]
    pub(crate) shuffle: bool,
    /// Pads it with zeros to so many bytes at least (RFC 7685); 512 helps servers that choke on 256 to 511
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(1..=16384))]
    pub(crate) pad_hello: Option<u16>,
}

/// What is remembered.
#[derive(Debug, Args)]
#[command(next_help_heading = SESSIONS)]
pub(crate) struct Sessions {
    /// Keeps the session in this file, and resumes from it
    #[arg(long, value_name = "FILE")]
    pub(crate) session: Option<PathBuf>,
    /// Asks a TLS 1.3 server for so many tickets, whether the session is new or resumed; it may give fewer
    #[arg(long, value_name = "N", requires = "session")]
    pub(crate) tickets: Option<u8>,
    /// Sends the beginning of stdin as early data where the session allows it, and again if the server does not take it. Whoever
    /// sits in between can have it heard more than once: only for what does no harm then
    #[arg(long, requires = "session")]
    pub(crate) early_data: bool,
}

/// A hash.
pub(crate) type Sha256 = [u8; 32];

/// Where to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

const HTTPS: u16 = 443;

fn target(text: &str) -> Result<Target, String> {
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        return Err(format!("it is a URL: give its host, and its port if it has one: {host}"));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok(Target { host: text.into(), port: HTTPS });
    }
    let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, rest))) => {
            host.parse::<Ipv6Addr>().map_err(|_| format!("{host} is not an IPv6 address"))?;
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(format!("{rest} is no port: a colon and a number may follow the bracket")),
            }
        }
        Some(None) => return Err("a bracket is open".into()),
        None => match text.split_once(':') {
            Some((_, rest)) if rest.contains(':') => {
                return Err(format!("{text} is not an IPv6 address; with a port it stands in brackets: [::1]:443"));
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = match port {
        None => HTTPS,
        Some(digits) => match digits.parse() {
            Ok(0) | Err(_) => return Err(format!("{digits} is not a port: 1 to 65535")),
            Ok(port) => port,
        },
    };
    if host.parse::<IpAddr>().is_err() && handfast::pki_types::DnsName::try_from(host).is_err() {
        return Err(format!("\"{host}\" is neither a DNS name nor an address"));
    }
    Ok(Target { host: host.into(), port })
}

/// In hexadecimal, with colons or without, or in base64, with the prefixes that others write.
pub(super) fn sha256(text: &str) -> Result<Sha256, String> {
    let digits =
        ["sha256//", "sha256/", "SHA256:", "sha256:"].iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text);
    let plain: String = digits.chars().filter(|c| *c != ':').collect();
    let pair = |at: usize| plain.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes = match plain.len() {
        64 => (0..64).step_by(2).map(pair).collect(),
        _ => BASE64_STANDARD.decode(digits).ok(),
    };
    let bad = || "a SHA-256 hash is wanted: 64 digits in hexadecimal, or 44 characters of base64".into();
    bytes.and_then(|b: Vec<u8>| b.try_into().ok()).ok_or_else(bad)
}

/// As curl takes them: `sha256//` and base64, with a semicolon between several.
fn pins(text: &str) -> Result<Pins, String> {
    let pin = |pin: &str| match pin.trim() {
        curls if curls.starts_with("sha256//") => sha256(curls),
        other => Err(format!("\"{other}\" does not begin with sha256//")),
    };
    text.split(';').map(pin).collect()
}

fn seconds(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text} is not a number of seconds above 0");
    let seconds: f64 = text.parse().map_err(|_| bad())?;
    Duration::try_from_secs_f64(seconds).ok().filter(|d| !d.is_zero()).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let ok =
            |text: &str, host: &str, port| assert_eq!(target(text), Ok(Target { host: host.into(), port }), "{text}");
        ok("example.com", "example.com", 443);
        ok("example.com:8443", "example.com", 8443);
        ok("example.com.:8443", "example.com.", 8443);
        ok("127.0.0.1:1", "127.0.0.1", 1);
        ok("::1", "::1", 443);
        ok("[::1]", "::1", 443);
        ok("[::1]:443", "::1", 443);
        for bad in [
            "",
            ":443",
            "a:",
            "a:0",
            "a:65536",
            "a:b",
            "[::1",
            "[::1]443",
            "[a]:443",
            "a b",
            "a/b",
            "https://a",
            "fe80::1%eth0",
            "::1:65536",
            "ä.de",
        ] {
            assert!(target(bad).is_err(), "{bad}");
        }
        assert!(target("https://example.com:8443/a?b").is_err_and(|e| e.ends_with(": example.com:8443")));
        assert!(target("1::2::3").is_err_and(|e| e.contains("brackets")));
        assert_eq!(Target { host: "::1".into(), port: 1 }.to_string(), "[::1]:1");
    }

    #[test]
    fn hashes() {
        let wanted: Sha256 = std::array::from_fn(|n| n as u8 * 5);
        let hex: Vec<_> = wanted.iter().map(|b| format!("{b:02x}")).collect();
        let base64 = BASE64_STANDARD.encode(wanted);
        for text in [hex.concat(), hex.join(":").to_uppercase(), base64.clone(), format!("sha256//{base64}")] {
            assert_eq!(sha256(&text), Ok(wanted), "{text}");
        }
        for bad in ["", "00", "sha256//", &"é".repeat(32), &"x".repeat(64), &hex.concat()[1..], &base64[1..]] {
            assert!(sha256(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_seconds_of_a_time_out() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["0", "-1", "x", "nan", "inf", "1e300"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}

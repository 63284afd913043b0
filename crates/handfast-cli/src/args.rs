//! The command line, parsed into plain values.

use crate::exit::HELP;
use clap::{ArgAction, Args, Parser, Subcommand};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// SSL and TLS that shows its work.
#[derive(Debug, Parser)]
#[command(name = "handfast", version, about, after_help = HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Serve(Serve),
    Connect(Connect),
    Cert(Cert),
    Demo(Demo),
}

/// Serves HTTPS: a folder, or a page that says what was negotiated.
///
/// Needs no argument: it makes a development CA once, and certificates for localhost, 127.0.0.1, ::1 and this host's name.
/// Prints `listening https://ADDR:PORT` on stdout when ready. SIGTERM and Ctrl-C finish what is being served, and end with 0.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8443", value_parser = listen)]
    pub(crate) listen: SocketAddr,
    /// A certificate chain, own certificate first; may be given again, each with its --key
    #[arg(long, value_name = "PEM", action = ArgAction::Append)]
    pub(crate) cert: Vec<PathBuf>,
    /// The private key of the --cert at the same place: PKCS#8, PKCS#1 or SEC1
    #[arg(long, value_name = "PEM", action = ArgAction::Append)]
    pub(crate) key: Vec<PathBuf>,
    /// Asks clients for a certificate from these authorities
    #[arg(long, value_name = "PEM")]
    pub(crate) client_ca: Option<PathBuf>,
    /// Clients without a certificate are served too
    #[arg(long, requires = "client_ca")]
    pub(crate) client_optional: bool,
    /// Serves the files of this folder, of a folder its index.html; names that begin with a dot are not served
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// What may be spoken: modern, default, compatible, legacy
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) policy: String,
    /// Cipher suites by IANA name, best first, comma between; within the policy
    #[arg(long, value_name = "LIST")]
    pub(crate) suites: Option<String>,
    /// Application protocols, best first
    #[arg(long, value_name = "LIST", default_value = "h2,http/1.1")]
    pub(crate) alpn: String,
    /// Appends the connections' secrets, for Wireshark; SSLKEYLOGFILE does the same
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Option<PathBuf>,
    /// Events on stdout, one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Connects, shows the handshake on stderr, then copies stdin to the peer and the peer to stdout.
///
/// With empty stdin it closes at once. After data it reads until the peer closes.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Connect {
    /// A name or an address; an IPv6 address with a port stands in brackets. The port is 443 if none is given
    #[arg(value_name = "HOST[:PORT]", value_parser = target)]
    pub(crate) target: Target,
    /// The name that is asked for and must stand in the certificate; HOST if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Trusts these authorities only; else the system's, and for loopback the development CA too
    #[arg(long, value_name = "PEM", conflicts_with = "insecure")]
    pub(crate) ca: Option<PathBuf>,
    /// Does not check who the peer is: anyone in between can read and change everything
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Certificates that these lists revoke are refused
    #[arg(long, value_name = "PEM", conflicts_with = "insecure")]
    pub(crate) crl: Option<PathBuf>,
    /// A client certificate's chain, own certificate first
    #[arg(long, value_name = "PEM", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// Its private key: PKCS#8, PKCS#1 or SEC1
    #[arg(long, value_name = "PEM", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Application protocols, best first
    #[arg(long, value_name = "LIST")]
    pub(crate) alpn: Option<String>,
    /// What may be spoken: modern, default, compatible, legacy
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) policy: String,
    #[command(flatten)]
    pub(crate) within: Within,
    /// Keeps the session in this file, and resumes from it
    #[arg(long, value_name = "FILE")]
    pub(crate) session: Option<PathBuf>,
    /// Appends the connection's secrets, for Wireshark; SSLKEYLOGFILE does the same
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Option<PathBuf>,
    /// For name, TCP and handshake together
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// After data, sends close_notify at the end of stdin, and goes on reading; a TLS 1.2 peer drops its reply then
    #[arg(long)]
    pub(crate) half_close: bool,
    /// Events on stdout, one JSON object a line; data in base64
    #[arg(long)]
    pub(crate) json: bool,
}

/// What of the policy is wanted.
#[derive(Debug, Default, Args)]
pub(crate) struct Within {
    /// The oldest version: ssl3, tls1.0, tls1.1, tls1.2, tls1.3; within the policy, as all lists are
    #[arg(long, value_name = "V")]
    pub(crate) min_version: Option<String>,
    /// The newest version
    #[arg(long, value_name = "V")]
    pub(crate) max_version: Option<String>,
    /// Cipher suites by IANA name, best first, comma between
    #[arg(long, value_name = "LIST")]
    pub(crate) suites: Option<String>,
    /// Groups of the key exchange, best first
    #[arg(long, value_name = "LIST")]
    pub(crate) groups: Option<String>,
    /// Signature schemes, best first
    #[arg(long, value_name = "LIST")]
    pub(crate) schemes: Option<String>,
}

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
    /// The server asks for no client certificate
    #[arg(long)]
    pub(crate) no_client_certificate: bool,
}

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

fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address and a port are wanted, as in 127.0.0.1:8443 or [::1]:8443".into())
}

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
    fn the_seconds_of_a_time_out() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["0", "-1", "x", "nan", "inf", "1e300"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}

//! An error in words: the second exhaustive map, beside the one to alerts.

use super::{Blame, Error, ErrorKind, Limit, NotTls, NothingInCommon, PskTrouble};
use crate::alert::AlertDescription as A;
use crate::crypto::NeverSpoken;
use crate::verify::CertificateError;
use crate::wire::CipherSuite;
use crate::wire::numbers::ProtocolVersion;
use std::fmt::Display;

mod alerts;
mod remedy;

/// What someone needs to know at three in the morning.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Who is to blame.
    pub blame: Blame,
    /// The message that it happened at, by its RFC name; empty if none.
    pub during: &'static str,
    /// The alert that was sent or, from a [`ErrorKind::PeerAlert`], received.
    pub alert: Option<A>,
    /// What happened, a sentence.
    pub why: String,
    /// The rule that was broken: a section of an RFC; empty if none.
    pub rule: &'static str,
    /// What to do; empty if nothing can be said.
    pub remedy: String,
}

/// Where it happened, as far as a remedy has to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Here {
    /// What our policy is called, if that is known.
    pub(super) policy: Option<&'static str>,
    /// Whether we are the server: then the server's owner reads it, and the peer is a client.
    pub(super) is_server: bool,
}

/// What the match below gives for each kind.
struct Words {
    blame: Blame,
    why: String,
    rule: &'static str,
    remedy: String,
}

fn words(blame: Blame, why: impl Into<String>, rule: &'static str, remedy: impl Into<String>) -> Words {
    Words { blame, why: why.into(), rule, remedy: remedy.into() }
}

/// What to do about a peer that breaks the protocol.
const BROKEN_PEER: &str = "The peer's TLS is at fault, or something between changes its bytes. See the same handshake \
                           from its side, update it, or report it to its makers.";

impl Error {
    /// The error in words.
    pub fn explain(&self) -> Explanation {
        let alert = match self.kind() {
            ErrorKind::PeerAlert(a) => Some(*a),
            kind => kind.alert(),
        };
        let Words { blame, why, rule, remedy } = self.words();
        let during = self.moment().map_or("", |d| d.message);
        let why = match self.moment() {
            Some(d) if d.received => format!("At the peer's {}: {why}", d.message),
            Some(d) => format!("At our {}: {why}", d.message),
            None => why,
        };
        let why = match &self.0.before {
            Some(before) => format!("{why} Before, {before}."),
            None => why,
        };
        Explanation { blame, during, alert, why, rule, remedy }
    }
}

impl Error {
    /// What the kind gives; or, of a pre-shared key, what is more likely.
    fn words(&self) -> Words {
        let words = self.kind().words(self.0.here);
        let (why, remedy) = match &self.0.psk {
            None => return words,
            Some(PskTrouble::Unknown) => {
                (words.why, "Give both sides the same pre-shared key under the same name.".into())
            }
            Some(PskTrouble::Different(clause, name)) => (
                format!("{} Most likely {clause} under the name \"{name}\".", words.why),
                format!("Give both sides the same pre-shared key under the name \"{name}\"."),
            ),
        };
        Words { blame: Blame::Neither, why, rule: "RFC 4279 2", remedy }
    }
}

impl ErrorKind {
    fn words(&self, here: Here) -> Words {
        use Blame::{Network, Peer, Us};
        match self {
            Self::Malformed(m) => words(Peer, format!("it is malformed: {m}."), "RFC 9846 4", BROKEN_PEER),
            Self::UnexpectedMessage { got, expected } => words(
                Peer,
                format!("{got} came, but only {expected} may come now."),
                "RFC 9846 4, RFC 5246 7.3",
                BROKEN_PEER,
            ),
            Self::UnexpectedRecord { got, expected } => words(
                Peer,
                format!("a record of type {got} came, but only {expected} may come now."),
                "RFC 9846 5.1",
                BROKEN_PEER,
            ),
            Self::IllegalParameter { field, why, rule } => words(Peer, format!("{field} {why}."), rule, BROKEN_PEER),
            Self::RecordVersion { got, expected } => words(
                Peer,
                format!("a record's header says {got} although {expected} was agreed."),
                "RFC 5246 6.2.1",
                BROKEN_PEER,
            ),
            Self::LegacyVersion(got) => words(
                Peer,
                format!("legacy_version says {got}, where every hello of TLS 1.3 says TLS 1.2."),
                "RFC 9846 4.2.2, 4.2.3",
                BROKEN_PEER,
            ),
            Self::EarlyDataVersion(got) => words(
                Peer,
                format!(
                    "the server chose {got}, although it had given a ticket for early data, which came with TLS 1.3."
                ),
                "RFC 9846 E.3",
                "The server went back to an older version, or is one of several that differ. Connect again without early data.",
            ),
            Self::NotTls(what) => not_tls(*what, here),
            Self::Sslv2Hello(version) if *version < ProtocolVersion::SSL3_0 => words(
                Peer,
                "the client speaks nothing newer than SSL 2.0, which is never spoken.",
                "RFC 6176 3",
                "Update the client.",
            ),
            Self::Sslv2Hello(version) => words(
                Peer,
                format!("an SSLv2 hello came: a client that speaks up to {version} says so in SSL 2.0's form."),
                "RFC 5246 E.2, RFC 6176 3",
                "The policy `museum` reads it (sslv2_hello): --policy museum. Better, turn SSL 2.0 off in the client, or update it.",
            ),
            Self::RecordOverflow => words(
                Peer,
                "a record is longer than the 16384 bytes of content that are allowed.",
                "RFC 9846 5.1",
                BROKEN_PEER,
            ),
            Self::BadRecordMac => words(
                Network,
                "a record cannot be opened: it was changed on its way, or the two sides have different keys.",
                "RFC 9846 5.2",
                "Try again; if it comes again, look for a proxy or appliance that changes traffic, or a fault of the \
                 peer's cipher: offer another suite.",
            ),
            Self::TooMuch(limit) => too_much(*limit),
            Self::PeerAlert(alert) => alerts::peer_alert(*alert, here),
            Self::NothingInCommon(what) => nothing_in_common(what, here),
            Self::UnsolicitedExtension(e) => words(
                Peer,
                format!("it answers the extension {e}, which was not offered."),
                "RFC 9846 4.3, RFC 5246 7.4.1.4",
                BROKEN_PEER,
            ),
            Self::MissingExtension(e) => {
                words(Peer, format!("the extension {e} is missing."), "RFC 9846 9.2", BROKEN_PEER)
            }
            Self::InappropriateFallback => words(
                Network,
                "the client says that it fell back to an older version, although both sides speak a newer one: something between the \
                 two cut its first connection, by fault or on purpose.",
                "RFC 7507 3",
                "Let the client not fall back on this network, and find what cuts its connections: an appliance, or an attack.",
            ),
            Self::Downgrade => words(
                Network,
                "the server's random says that it speaks a newer version than it was brought to choose.",
                "RFC 9846 4.2.3",
                "Someone between removes the newer version from the ClientHello, or has cut the connection in which it was offered: find \
                 the appliance, or treat it as an attack.",
            ),
            Self::InsufficientSecurity(what) => words(
                Peer,
                format!("{what} is needed, and the peer does not give it."),
                "RFC 5746 3, RFC 7627 5",
                "Update the peer. If the policy asks for an extended master secret, its field \
                 `require_extended_master_secret` can be changed for this one connection; if for secure renegotiation, its field \
                 `require_secure_renegotiation`. If a session was to be resumed, let \
                 the client forget it and connect afresh.",
            ),
            Self::Certificate(e) => certificate(e),
            Self::BadCompression(algorithm) => words(
                Peer,
                format!("its certificates, compressed by {algorithm}, do not decompress to what they are said to be."),
                "RFC 8879 4",
                BROKEN_PEER,
            ),
            Self::NoCertificate { version } => words(
                Peer,
                "a client certificate is required, and none was sent.",
                match *version {
                    ProtocolVersion::TLS1_3 => "RFC 9846 4.5.1.4",
                    ProtocolVersion::SSL3_0 => "RFC 6101 5.6.6",
                    _ => "RFC 5246 7.4.6",
                },
                "Give the client a certificate from an authority that this server trusts.",
            ),
            Self::RenegotiationRefused => words(
                Blame::Neither,
                "a second handshake was asked for, which is not had here, and SSL 3.0 has no way to say so and go on.",
                "RFC 5746 4.5",
                "Allow it by the policy's field `renegotiation`, where the peer does it securely; or speak a newer version.",
            ),
            Self::IdentityChanged => words(
                Peer,
                "in a second handshake on this connection it is not any more who it was in the first.",
                "RFC 7627 1, RFC 5746 5",
                "Someone between may have joined two connections into one: connect afresh. If the peer may do so, the policy's field \
                 `identity_may_change` can be changed for this one connection.",
            ),
            Self::UnrecognizedName(name) if name.is_empty() => words(
                Us,
                "the client names no server, and there is no certificate for that.",
                "RFC 6066 3",
                "Let the client send a server name, or configure a default certificate.",
            ),
            Self::UnrecognizedName(name) => words(
                Us,
                format!("the client asks for {name:?}, which is not served here."),
                "RFC 6066 3",
                "Configure a certificate for this name, or correct the name that the client asks for.",
            ),
            Self::BadSignature => words(
                Peer,
                "its signature is wrong: the peer does not have the key of its certificate, or the handshake was changed.",
                "RFC 9846 4.5.2, RFC 5246 7.4.3",
                "Check that the peer's certificate and key belong together, and that nothing between changes traffic.",
            ),
            Self::BadFinished => words(
                Network,
                "its check value is wrong: some message was changed on its way, or the two sides have different secrets.",
                "RFC 9846 4.5.3, RFC 5246 7.4.9",
                "Look for an appliance that changes handshakes. With RSA key exchange: check that the server's key is \
                 that of its certificate.",
            ),
            Self::BadBinder => words(
                Peer,
                "the proof that the client has the secret of its session, or the pre-shared key, is wrong.",
                "RFC 9846 4.3.11.2",
                "Let the client forget its session and connect afresh; or give both sides the same pre-shared key.",
            ),
            Self::BadKeyShare(group) => words(
                Peer,
                format!("the share for {group} is not a valid one."),
                "RFC 9846 4.3.8, RFC 8422 5.11",
                BROKEN_PEER,
            ),
            Self::BadDhShare => words(
                Peer,
                "its public key does not lie between 1 and the prime less 1, or what it says is a prime is none.",
                "RFC 7919 3, 4",
                BROKEN_PEER,
            ),
            Self::SmallDhGroup { bits, least } => words(
                Peer,
                format!("the prime of its Diffie-Hellman group has {bits} bits, and {least} is the least."),
                "RFC 7919 3.1",
                "Give the server a group of its own of 2048 bits or more, or let it speak ECDHE. To take this one all the same: \
                 --min-dh-bits, or the policy's field `min_dh_bits`. Who has the means can break 1024 bits, and then reads all that was \
                 recorded.",
            ),
            Self::UnknownPsk => words(
                Blame::Neither,
                "the client names a pre-shared key that is not known here.",
                "RFC 4279 2",
                "Give both sides the same key under the same identity.",
            ),
            Self::EarlyDataProtocol => words(
                Blame::Neither,
                "early data was not accepted, and cannot be sent again: the connection is of another application protocol.",
                "RFC 9846 4.3.10",
                "Look at the protocol that was negotiated, and say in it what is to be said.",
            ),
            Self::Truncated { established: false } if here.is_server => words(
                Peer,
                "the client cut the connection during the handshake, without an alert.",
                "",
                "Whoever used it may have stopped it, a scanner may have looked what there is, or the client does not like what this \
                 server showed (an authority that it does not trust, say) and does not tell. If it comes often, look at the client's log.",
            ),
            Self::Truncated { established: false } => words(
                Peer,
                "the connection was cut during the handshake, without an alert.",
                "",
                "Often a server that dislikes the offered versions or suites, or a firewall. Look at the peer's log; try \
                 another --policy or --max-version.",
            ),
            Self::Truncated { established: true } => words(
                Network,
                "the connection was cut without close_notify: data may be missing.",
                "RFC 9846 6.1",
                "Treat what came as incomplete unless the application's own framing says that it is whole.",
            ),
            Self::BadAnswer => words(
                Us,
                "an answer was given that fits no open question.",
                "",
                "Give each Wait exactly one Answer of its own kind.",
            ),
            Self::AnswerFailed(what) => {
                words(Us, format!("{what} failed."), "", "Look at the key, HSM or service that answers for this side.")
            }
            Self::Crypto(_) => words(
                Us,
                "a cryptographic operation of ours failed.",
                "",
                "Check that the configured key is whole and of a supported kind.",
            ),
            Self::Misuse(what) => words(Us, format!("the call does not fit now: {what}."), "", ""),
            Self::NoChannelBinding(why) => words(
                Blame::Neither,
                format!("this connection has no such channel binding: {why}."),
                "RFC 9266 3, RFC 5929 3 and 4",
                "Use another type of channel binding; tls-exporter is there in TLS 1.3, and with an extended master secret.",
            ),
            Self::Config(what) => words(Us, format!("the config cannot work: {what}."), "", "Correct the config."),
        }
    }
}

fn not_tls(what: NotTls, here: Here) -> Words {
    let (protocol, remedy) = match what {
        NotTls::Http if here.is_server => (
            "plain HTTP",
            "Whoever it is has to use https:// here: this port speaks TLS alone. A link or a proxy that leads here with http:// has to be \
             corrected.",
        ),
        NotTls::Unknown if here.is_server => (
            "another protocol",
            "Correct the port in whatever came here: this one speaks TLS alone. A scanner does this, too: then there is nothing to do.",
        ),
        NotTls::Ssh if here.is_server => ("SSH", "Correct the port in the client of SSH: this one speaks TLS alone."),
        NotTls::Http => ("plain HTTP", "Use the server's TLS port (often 443), or the URL with https."),
        NotTls::Ssh => ("SSH", "This is an SSH port (often 22): use the port that speaks TLS."),
        NotTls::Smtp => ("SMTP", "The server wants STARTTLS first, or has a TLS port of its own (often 465)."),
        NotTls::Ftp => ("FTP", "The server wants AUTH TLS first, or has a TLS port of its own (often 990)."),
        NotTls::Pop3 => ("POP3", "The server wants STLS first, or has a TLS port of its own (often 995)."),
        NotTls::Imap => ("IMAP", "The server wants STARTTLS first, or has a TLS port of its own (often 993)."),
        NotTls::Unknown => ("another protocol", "Check the port: this one does not speak TLS."),
    };
    words(Blame::Peer, format!("what came is not TLS: the peer speaks {protocol}."), "RFC 9846 5.1", remedy)
}

fn too_much(limit: Limit) -> Words {
    let (what, field) = match limit {
        Limit::MessageSize => ("a handshake message is larger than allowed", "message_size"),
        Limit::HandshakeBytes => ("the handshake has more bytes than allowed", "handshake_bytes"),
        Limit::Chain => ("the chain has more certificates than allowed", "chain"),
        Limit::EmptyRecords => ("too many records without content came in a row", "empty_records"),
        Limit::Warnings => ("too many warnings came without data between", "warnings"),
        Limit::KeyUpdates => ("too many KeyUpdates came without data between", "key_updates"),
        Limit::ChangeCipherSpecs => ("too many ChangeCipherSpecs came in one handshake", "change_cipher_specs"),
        Limit::Renegotiations => ("a new handshake was asked for too often", "renegotiations"),
        Limit::RenegotiationData => ("too much data came in the middle of a new handshake", "renegotiation_data"),
        Limit::CertificateRequests => ("our certificate was asked for too often", "certificate_requests"),
        Limit::EarlyData => {
            return words(
                Blame::Peer,
                "more early data came than the ticket allows.",
                "RFC 9846 4.7.1",
                "The client's TLS is at fault. If it means it, raise the config's `early_data.max_early_data_size`, for tickets to come.",
            );
        }
        Limit::Records => {
            return words(
                Blame::Us,
                "the keys of this connection have protected as much as they may.",
                "RFC 9846 5.5",
                "Go on in a new connection. TLS 1.3 changes its keys by itself, before it comes to this.",
            );
        }
    };
    let remedy = format!(
        "A bound of ours against exhaustion. If the peer is trusted and means it, raise the config's `limits.{field}`."
    );
    words(Blame::Peer, format!("{what}."), "", remedy)
}

fn list<T: Display>(items: &[T]) -> String {
    const SHOWN: usize = 12;
    if items.is_empty() {
        return "none".into();
    }
    let mut out = items.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if items.len() > SHOWN {
        out.push_str(&format!(" and {} more", items.len() - SHOWN));
    }
    out
}

fn nothing_in_common(what: &NothingInCommon, here: Here) -> Words {
    let policy = here.policy;
    let (thing, theirs, ours, rule, remedy) = match what {
        NothingInCommon::Version { theirs, ours } => {
            ("version", list(theirs), list(ours), "RFC 9846 4.3.1, RFC 5246 E.1", remedy::for_versions(theirs, policy))
        }
        NothingInCommon::Suite { theirs, ours } => {
            // Signals that stand among suites are none.
            let suites: Vec<_> = theirs.iter().filter(|s| !s.ends_with("_SCSV")).collect();
            (
                "cipher suite",
                list(&suites),
                list(ours),
                "RFC 9846 4.2.3, RFC 5246 7.4.1.3",
                remedy::for_suites(theirs, policy),
            )
        }
        NothingInCommon::Group { theirs, ours } => {
            let remedy = "Allow one of the peer's groups: --groups, or the policy's field `groups`. Before TLS 1.3 the curve of an \
                          ECDSA certificate must be one of them too: use a certificate on such a curve, or one for RSA.";
            ("group", list(theirs), list(ours), "RFC 9846 4.3.7, RFC 8422 5.1", remedy.into())
        }
        NothingInCommon::Field { theirs, ours } => {
            let remedy = "Allow one of the peer's groups (--groups, or the policy's field `groups`), or a suite with ECDHE on both sides.";
            ("prime field", list(theirs), list(ours), "RFC 7919 4", remedy.into())
        }
        NothingInCommon::Scheme { theirs, ours } => {
            let remedy = "Use a certificate whose key can sign as the peer can verify (ECDSA P-256 or RSA-2048 suit almost \
                          all), or allow more schemes: --schemes, --policy legacy for SHA-1.";
            ("signature scheme", list(theirs), list(ours), "RFC 9846 4.3.3", remedy.into())
        }
        NothingInCommon::Protocol { theirs, ours } => {
            let remedy = match here.is_server {
                true => {
                    "Let this server have a protocol of the client's, or none: --alpn. Or let the client name another, or none."
                }
                false => "Offer a protocol that the other side has, or none, with --alpn.",
            };
            let remedy = remedy.into();
            ("application protocol", list(theirs), list(ours), "RFC 7301 3.2", remedy)
        }
        NothingInCommon::Psk => {
            return words(
                Blame::Neither,
                "the client offers no pre-shared key that is known here, with a suite of its hash, and there is no certificate to \
                 show it instead.",
                "RFC 9846 4.3.11",
                "Give both sides the same key under the same identity, imported on both (then with the same context) or on neither; \
                 or configure a certificate. Up to TLS 1.2 the policies from `compatible` on have suites for such a key.",
            );
        }
        NothingInCommon::PskHint => {
            return words(
                Blame::Neither,
                "none of our pre-shared keys goes with the hint that the server gave.",
                "RFC 4279 5.2",
                "Configure the key that the server hints at, or let those of the config answer every hint.",
            );
        }
        NothingInCommon::EncryptThenMac(suite) => {
            return words(
                Blame::Neither,
                format!(
                    "no cipher suite in common: {suite} is spoken here with encrypt-then-MAC only, since its records could not be opened in \
                     constant time else, and the client does not offer that."
                ),
                "RFC 7366 1",
                "Let the client offer encrypt_then_mac, or another suite; or allow more suites: --suites.",
            );
        }
        NothingInCommon::CertificateType { theirs, ours } => {
            let remedy = "Let both sides use X.509 certificates, or both raw public keys: --raw-public-key.".into();
            ("type of certificate", list(theirs), list(ours), "RFC 7250 4.2", remedy)
        }
        NothingInCommon::Compression => {
            return words(
                Blame::Peer,
                "the client does not offer null compression, and no other may be used.",
                "RFC 5246 7.4.1.2",
                BROKEN_PEER,
            );
        }
    };
    let mut why = format!("no {thing} in common: the peer has {theirs}; we allow {ours}.");
    if let NothingInCommon::Suite { theirs, .. } = what {
        why.extend(never_spoken(theirs));
    }
    words(Blame::Neither, why, rule, remedy)
}

/// A sentence about a peer all of whose suites are never spoken here: what they are, and why not.
fn never_spoken(theirs: &[String]) -> Option<String> {
    let mut families = Vec::new();
    let suites = theirs.iter().filter(|s| !s.ends_with("_SCSV") && !s.starts_with("GREASE"));
    for name in suites {
        let family = NeverSpoken::of(CipherSuite::from_name(name)?)?;
        if !families.contains(&family) {
            families.push(family);
        }
    }
    let (last, others) = families.split_last()?;
    let each = |f: &NeverSpoken| format!("{}, {}", f.name(), f.why());
    let mut said = others.iter().map(each).collect::<Vec<_>>().join("; ");
    said.push_str(if others.is_empty() { "" } else { "; and " });
    Some(format!(" It offers only {said}{}. They are never spoken here.", each(last)))
}

fn certificate(e: &CertificateError) -> Words {
    let remedy = match e {
        CertificateError::Malformed(_) => "The peer needs another certificate.",
        CertificateError::BadSignature(_) => {
            "The peer needs another certificate; or, if its authority has only changed its key, trust the authority's new \
             certificate (--ca; of clients, --client-ca)."
        }
        CertificateError::UnknownIssuer { .. } => {
            "If you know this authority, trust it (--ca; of clients, --client-ca); if the chain lacks an intermediate \
             certificate, configure the peer to send it."
        }
        CertificateError::WrongName { .. } => {
            "Connect by one of the names that the certificate has, give it with --name, or get a certificate for this name."
        }
        CertificateError::Expired { .. } => "The peer has to renew its certificate. Check this machine's clock, too.",
        CertificateError::NotYetValid { .. } => "Check the clocks of both machines.",
        CertificateError::Revoked { .. } => "Do not trust it. The peer needs a new certificate.",
        CertificateError::UnknownRevocation(_) => "Give a current list of this issuer with --crl.",
        CertificateError::BadStaple(_) => {
            "The peer has to fetch a new OCSP response from its certificate's authority. To go on without one, do not ask for it: \
             --ocsp off, or the config's field `ocsp`."
        }
        CertificateError::NoStaple(_) => {
            "Let the peer send an OCSP response with its certificate (OCSP stapling), or give it a certificate that does not demand \
             one."
        }
        CertificateError::WrongUsage(_) => "The peer needs a certificate that is made for this use.",
        CertificateError::RawKey(_) => {
            "Pin the keys that are to be believed (--pin-key); or let the peer show a certificate, by not asking for raw public keys."
        }
        CertificateError::Refused { .. } => {
            "The application's own rule refuses it: ask its makers what they want of a certificate."
        }
        CertificateError::Other(_) => "Look at the certificate with a tool such as openssl x509 -text.",
    };
    let remedy = match e.old_form() {
        None => remedy.to_string(),
        Some(old) => {
            let (field, flag, policy) = (old.field(), old.flag(), old.policy());
            format!(
                "The peer needs another certificate. If it has to be this one, it is accepted by {flag}, by the policy's field \
                 certificates.{field}, or by the policy {policy}."
            )
        }
    };
    words(
        Blame::Peer,
        format!("its certificate is refused: {e}."),
        match (e.field(), e) {
            (Some(field), _) => field.section(),
            // A list has an entry for its serialNumber; what says so without a field is an OCSP response.
            (None, CertificateError::Revoked { .. }) => "RFC 6960 2.2",
            (None, CertificateError::BadStaple(_)) => "RFC 6960 3.2",
            (None, _) => "RFC 5280 6, RFC 9525",
        },
        remedy,
    )
}

#[cfg(test)]
mod tests;

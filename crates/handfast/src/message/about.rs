//! What each message is for, and the section that defines it: for a reader who takes notes.

use super::Dialect;
use crate::wire::numbers::HandshakeType as T;

pub(super) const MSG_TYPE: &str = "Says which message this is";
pub(super) const SSLV2: &str = "A first word in the form of SSL 2.0, understood by servers of all later versions";

/// A message's purpose and section. In the dialect of hellos both families are cited.
pub(super) fn message(kind: T, dialect: Dialect) -> (&'static str, &'static str) {
    let (note, both, classic, tls13) = match kind {
        T::HELLO_REQUEST => ("The server asks for a new handshake", "RFC 5246 7.4.1.1", "RFC 5246 7.4.1.1", ""),
        T::CLIENT_HELLO => (
            "The client begins: what it speaks, and whom it wants to talk to",
            "RFC 9846 4.2.2, RFC 5246 7.4.1.2",
            "RFC 5246 7.4.1.2",
            "RFC 9846 4.2.2",
        ),
        T::SERVER_HELLO => (
            "The server chooses among what the client offered, or asks for another offer",
            "RFC 9846 4.2.3, RFC 5246 7.4.1.3",
            "RFC 5246 7.4.1.3",
            "RFC 9846 4.2.3",
        ),
        T::NEW_SESSION_TICKET => {
            ("Something to resume by: the next visit needs no certificates", "", "RFC 5077 3.3", "RFC 9846 4.7.1")
        }
        T::END_OF_EARLY_DATA => {
            ("The last of the early data is sent: from here on the handshake's keys serve", "", "", "RFC 9846 4.6")
        }
        T::ENCRYPTED_EXTENSIONS => ("Answers of the server's that nobody else needs to see", "", "", "RFC 9846 4.4.1"),
        T::CERTIFICATE => ("Who the sender is, and who vouches for that", "", "RFC 5246 7.4.2", "RFC 9846 4.5.1"),
        T::SERVER_KEY_EXCHANGE => ("The server's half of the key exchange", "", "RFC 5246 7.4.3", ""),
        T::CERTIFICATE_REQUEST => {
            ("The server wants to know who the client is, too", "", "RFC 5246 7.4.4", "RFC 9846 4.4.2")
        }
        T::SERVER_HELLO_DONE => ("The server has said all: it is the client's turn", "", "RFC 5246 7.4.5", ""),
        T::CERTIFICATE_VERIFY => {
            ("Proof that the sender has its certificate's private key", "", "RFC 5246 7.4.8", "RFC 9846 4.5.2")
        }
        T::CLIENT_KEY_EXCHANGE => ("The client's half of the key exchange", "", "RFC 5246 7.4.7", ""),
        T::FINISHED => (
            "Proof that both sides saw the same handshake and have the same keys",
            "",
            "RFC 5246 7.4.9",
            "RFC 9846 4.5.3",
        ),
        T::CERTIFICATE_STATUS => ("Fresh word that the certificate is not revoked", "", "RFC 6066 8", ""),
        T::KEY_UPDATE => ("The sender encrypts with new keys after this", "", "", "RFC 9846 4.7.3"),
        T::COMPRESSED_CERTIFICATE => ("A Certificate, made smaller", "", "", "RFC 8879 4"),
        T::MESSAGE_HASH => ("Stands for the first ClientHello in a hash, and is never sent", "", "", "RFC 9846 4.1"),
        _ => ("Of a type that is not known here", "", "", ""),
    };
    let rfc = match dialect {
        Dialect::Hello | Dialect::Sslv2 => both,
        Dialect::Classic(form) if form.raw_public_key && kind == T::CERTIFICATE => {
            return ("The sender's public key, bare: the other side must know it already", "RFC 7250 3");
        }
        Dialect::Classic(_) => classic,
        Dialect::Tls13 => tls13,
    };
    // One that the dialect does not have is a fault, and what defines it is the family's list of messages.
    match (rfc, dialect) {
        ("", Dialect::Hello | Dialect::Sslv2) => (note, "RFC 9846 4, RFC 5246 7.4"),
        ("", Dialect::Classic(_)) => (note, "RFC 5246 7.4"),
        ("", Dialect::Tls13) => (note, "RFC 9846 4"),
        (rfc, _) => (note, rfc),
    }
}

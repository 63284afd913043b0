//! What an alert of the peer's means, and what to do about it: a client has other peers than a server.

use super::{Here, Words, remedy, words};
use crate::alert::AlertDescription as A;
use crate::error::Blame;

pub(super) fn peer_alert(alert: A, here: Here) -> Words {
    let (why, remedy) = match here.is_server {
        true => from_client(alert),
        false => from_server(alert, here.policy),
    };
    words(blamed_by(alert), format!("the peer sent the alert {alert}: {why}."), "RFC 9846 6", remedy)
}

/// What a server says so to us, and what to do.
fn from_server(alert: A, policy: Option<&str>) -> (&'static str, &'static str) {
    match alert {
        A::CLOSE_NOTIFY => ("it closed the connection before the handshake was done", "Look at the peer's log."),
        A::HANDSHAKE_FAILURE => (
            "it found nothing acceptable in what we offered: versions, suites, groups or signatures",
            remedy::offer_more(policy),
        ),
        A::INSUFFICIENT_SECURITY => ("it wants stronger algorithms than we offered", "Offer a stricter --policy."),
        A::PROTOCOL_VERSION => ("it speaks none of the versions that we offered", remedy::other_versions(policy)),
        A::UNKNOWN_CA => (
            "it does not trust the authority of our certificate",
            "Add our authority to the peer's trusted ones, or send the missing intermediate certificates.",
        ),
        A::BAD_CERTIFICATE | A::CERTIFICATE_UNKNOWN => {
            ("it does not accept our certificate", "Check the certificate's names, chain and usage on the peer's side.")
        }
        A::UNSUPPORTED_CERTIFICATE => {
            ("it cannot use our kind of certificate", "Use a certificate of another kind, or with the right key usage.")
        }
        A::BAD_CERTIFICATE_STATUS_RESPONSE => (
            "it does not accept the OCSP response that we sent with our certificate, or misses one",
            "Fetch a new OCSP response from the certificate's authority, and give that.",
        ),
        A::CERTIFICATE_EXPIRED => ("it finds our certificate out of date", "Renew the certificate; check both clocks."),
        A::CERTIFICATE_REVOKED => ("it finds our certificate revoked", "Get a new certificate."),
        A::CERTIFICATE_REQUIRED | A::NO_CERTIFICATE => {
            ("it requires a client certificate, and we sent none", "Give --cert and --key.")
        }
        A::ACCESS_DENIED => ("our certificate is valid but not allowed in", "Ask who decides there about access."),
        A::UNRECOGNIZED_NAME => ("it does not serve the name that we asked for", "Check the name, or give --name."),
        A::NO_APPLICATION_PROTOCOL => {
            ("it speaks none of the application protocols that we offered", "Offer another with --alpn, or none.")
        }
        A::INAPPROPRIATE_FALLBACK => (
            "it speaks a newer version than our fallback offered: something between the two cut the first connection, by fault or on \
             purpose",
            "Do not fall back on this network; find what cuts the connection in which the newer version is offered: an appliance, or \
             an attack.",
        ),
        _ if says_broken(alert) => (
            "it says that we broke the protocol",
            "A fault of ours, of the peer, or of something between: keep the trace (--json) and report it.",
        ),
        _ if says_unread(alert) => (
            "it could not verify or decrypt what we sent",
            "Check that our certificate and key belong together, and that nothing between changes traffic.",
        ),
        A::INTERNAL_ERROR => ("it has a fault of its own", "Look at the peer's log."),
        A::USER_CANCELED => ("someone cancelled there", ""),
        A::NO_RENEGOTIATION => ("it refuses a second handshake", "Connect afresh."),
        A::UNKNOWN_PSK_IDENTITY => ("it does not know our pre-shared key", "Check the key's identity on both sides."),
        _ => ("it gave up", "Look at the peer's log."),
    }
}

/// What a client says so to us, and what the server's owner can do.
fn from_client(alert: A) -> (&'static str, &'static str) {
    const ITS_LOG: &str = "Look at the client's log.";
    match alert {
        A::CLOSE_NOTIFY => (
            "it closed the connection before the handshake was done",
            "Whoever used the client may have stopped it: then there is nothing to do. If it comes often, look at the client's log.",
        ),
        A::HANDSHAKE_FAILURE => (
            "it does not accept something that this server chose or showed",
            "Look at the client's log: it may refuse an old version or suite, a short key, or an old signature. A stricter --policy, or \
             another certificate, may suit it.",
        ),
        A::INSUFFICIENT_SECURITY => (
            "it wants stronger algorithms than this server chose",
            "Take a stricter --policy, or a longer key (--dh-group; a certificate for a key of 2048 bits or more).",
        ),
        A::PROTOCOL_VERSION => (
            "it does not speak the version that this server chose",
            "A client that has no list of its versions names the newest alone, and may refuse older ones: let this server speak a newer \
             one (--policy, --max-version), or update the client.",
        ),
        A::UNKNOWN_CA => (
            "it does not trust the authority of this server's certificate",
            "Let the client trust that authority, take a certificate from one that it trusts already, or serve the intermediate \
             certificates that are missing.",
        ),
        A::BAD_CERTIFICATE | A::CERTIFICATE_UNKNOWN => (
            "it does not accept this server's certificate",
            "Most often it does not trust the certificate's authority, or came by a name that the certificate does not have: let it trust \
             the authority, or take a certificate from one that it trusts, for every name that clients come by. With browsers it is \
             enough that someone has seen the warning.",
        ),
        A::UNSUPPORTED_CERTIFICATE => (
            "it cannot use this server's kind of certificate",
            "Use a certificate for another kind of key (ECDSA P-256 or RSA-2048 suit almost all), or with the right key usage.",
        ),
        A::BAD_CERTIFICATE_STATUS_RESPONSE => (
            "it does not accept the OCSP response that came with this server's certificate, or misses one",
            "Fetch a new OCSP response from the certificate's authority, and give that.",
        ),
        A::CERTIFICATE_EXPIRED => (
            "it finds this server's certificate out of date",
            "Renew the certificate; check the clocks of both machines.",
        ),
        A::CERTIFICATE_REVOKED => ("it finds this server's certificate revoked", "Get a new certificate."),
        A::NO_CERTIFICATE => (
            "it has no certificate of its own",
            "Give the client a certificate, or do not ask for one (--client-ca, --client-pin-key).",
        ),
        A::ACCESS_DENIED => (
            "this server's certificate is valid, and the client may not go on with it all the same",
            "Ask who runs the client what it may connect to.",
        ),
        A::NO_APPLICATION_PROTOCOL => (
            "it does not speak the application protocol that this server chose, or misses one",
            "Let this server have a protocol of the client's: --alpn.",
        ),
        _ if says_broken(alert) => (
            "it says that this server broke the protocol",
            "A fault of this server's, of the client's, or of something between: keep the trace (--json) and report it.",
        ),
        _ if says_unread(alert) => (
            "it could not verify or decrypt what this server sent",
            "Check that this server's certificate and key belong together, and that nothing between changes traffic.",
        ),
        A::INTERNAL_ERROR => ("it has a fault of its own", ITS_LOG),
        A::USER_CANCELED => {
            ("someone cancelled there", "Whoever used the client changed their mind: there is nothing to do.")
        }
        A::NO_RENEGOTIATION => (
            "it refuses a second handshake",
            "Ask for what is wanted of it in the first handshake (leave out --renegotiate); or let the client speak TLS 1.3.",
        ),
        A::UNKNOWN_PSK_IDENTITY => {
            ("it does not know the pre-shared key", "Give both sides the same key under the same identity.")
        }
        _ => ("it gave up", ITS_LOG),
    }
}

/// Whether it says that we broke the protocol.
const fn says_broken(alert: A) -> bool {
    matches!(
        alert,
        A::DECODE_ERROR
            | A::ILLEGAL_PARAMETER
            | A::UNEXPECTED_MESSAGE
            | A::UNSUPPORTED_EXTENSION
            | A::MISSING_EXTENSION
            | A::RECORD_OVERFLOW
    )
}

/// Whether it says that what we sent could not be verified or decrypted.
const fn says_unread(alert: A) -> bool {
    matches!(alert, A::BAD_RECORD_MAC | A::DECRYPTION_FAILED | A::DECRYPT_ERROR)
}

/// Who is to blame, if the peer is right to send this alert.
fn blamed_by(alert: A) -> Blame {
    match alert {
        A::HANDSHAKE_FAILURE
        | A::INSUFFICIENT_SECURITY
        | A::PROTOCOL_VERSION
        | A::NO_APPLICATION_PROTOCOL
        | A::UNRECOGNIZED_NAME
        | A::UNKNOWN_CA
        | A::CERTIFICATE_UNKNOWN
        | A::UNSUPPORTED_CERTIFICATE
        | A::CERTIFICATE_REQUIRED
        | A::NO_CERTIFICATE
        | A::ACCESS_DENIED
        | A::UNKNOWN_PSK_IDENTITY
        | A::NO_RENEGOTIATION => Blame::Neither,
        A::BAD_CERTIFICATE | A::CERTIFICATE_EXPIRED | A::CERTIFICATE_REVOKED | A::BAD_CERTIFICATE_STATUS_RESPONSE => {
            Blame::Us
        }
        _ if says_broken(alert) || says_unread(alert) => Blame::Us,
        A::INAPPROPRIATE_FALLBACK => Blame::Network,
        _ => Blame::Peer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever runs a server reads neither what a client could have offered nor flags that a server does not have.
    #[test]
    fn the_owner_of_a_server_is_told_what_to_do_there() {
        let server = Here { policy: Some("default"), is_server: true };
        for n in 0..=255 {
            let said = peer_alert(A(n), server);
            let all = format!("{} {}", said.why, said.remedy);
            for wrong in ["we offered", "--fallback", "--name", "peer's", "--cert and --key", "Offer"] {
                assert!(!all.contains(wrong), "{n}: {all}");
            }
            assert!(said.why.ends_with('.') && said.remedy.ends_with('.') && !all.contains("  "), "{n}: {all}");
        }
        let unknown = peer_alert(A::CERTIFICATE_UNKNOWN, server);
        assert!(unknown.remedy.contains("let it trust") && unknown.blame == Blame::Neither, "{}", unknown.remedy);
        let client = peer_alert(A::CERTIFICATE_REQUIRED, Here { is_server: false, ..server });
        assert_eq!(client.remedy, "Give --cert and --key.");
    }
}

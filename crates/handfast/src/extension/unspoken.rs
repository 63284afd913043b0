//! Extensions that are not spoken here, described all the same: those that have a name, those that nobody knows, and those that mean
//! nothing (RFC 8701).

use super::Place;
use crate::wire::numbers::ExtensionType as T;

pub(super) const DATA: &str = "What the extension says, which is not read here";

/// What such an extension is for, and the section that defines it.
pub(super) fn about(kind: T, place: Place) -> (&'static str, &'static str) {
    match kind {
        T::MAX_FRAGMENT_LENGTH => ("Asks for small records; record_size_limit took its place", "RFC 6066 4"),
        T::CLIENT_CERTIFICATE_URL => ("The client may say where its certificates are to be had", "RFC 6066 5"),
        T::TRUSTED_CA_KEYS => ("Authorities that the client trusts", "RFC 6066 6"),
        T::TRUNCATED_HMAC => ("Asks for shorter checksums, which are too short by now", "RFC 6066 7"),
        T::USER_MAPPING => ("Tells the server which account a client's certificate belongs to", "RFC 4681 2"),
        T::CLIENT_AUTHZ => ("Papers that say what the client may do", "RFC 5878 2"),
        T::SERVER_AUTHZ => ("Papers that say what the server may do", "RFC 5878 2"),
        T::CERT_TYPE => ("Kinds of certificates: X.509, or OpenPGP keys", "RFC 6091 3.1"),
        T::SRP => ("The user's name, for a handshake that proves a password", "RFC 5054 2.8.1"),
        T::USE_SRTP => ("Keys for encrypted voice and video shall come of this handshake", "RFC 5764 4.1"),
        T::HEARTBEAT => ("Asks whether the other side is still there; known for Heartbleed", "RFC 6520 2"),
        T::STATUS_REQUEST_V2 => ("Fresh word that no certificate of the chain is revoked", "RFC 6961 2.2"),
        T::TOKEN_BINDING => ("Ties cookies to a key of the client's", "RFC 8472 2"),
        T::CACHED_INFO => ("What the client remembers of the server, and need not be sent again", "RFC 7924 3"),
        T::TLS_CERT_WITH_EXTERN_PSK => ("Certificates and a key that both have already, together", "RFC 8773 4"),
        T::DNSSEC_CHAIN => ("Proof by DNSSEC of which certificate is the right one", "RFC 9102 2.1"),
        T::TLS_FLAGS => ("Small things that the client can do, a bit each: a proposal so far", "RFC 9846 4.3"),
        T::CHANNEL_ID => ("A key by which the client is known again; it never became an RFC", "RFC 9846 4.3"),
        T::TRUST_ANCHORS => {
            ("Authorities that the client trusts, by short numbers of theirs: a proposal so far", "RFC 9846 4.3")
        }
        T::DELEGATED_CREDENTIAL => {
            ("The server may sign with a short-lived key that its certificate vouches for", "RFC 9345 4.1.1")
        }
        T::OID_FILTERS => ("What must stand in the client's certificate", "RFC 9846 4.3.5"),
        T::TRANSPARENCY_INFO => ("Proof that public logs have seen the certificate", "RFC 9162 6.5"),
        T::CONNECTION_ID => ("Names the connection, so that it survives a new address (DTLS)", "RFC 9146 3"),
        T::QUIC_TRANSPORT_PARAMETERS => ("What QUIC must know to begin", "RFC 9001 8.2"),
        T::NEXT_PROTOCOL_NEGOTIATION => ("What came before ALPN; it never became an RFC", "RFC 9846 4.3"),
        T::APPLICATION_SETTINGS | T::APPLICATION_SETTINGS_OLD => {
            ("Settings of the protocol inside, sent along (ALPS): a proposal so far", "RFC 9846 4.3")
        }
        T::ENCRYPTED_CLIENT_HELLO => (
            "The true ClientHello, encrypted; or random bytes that look like one, so that nobody can tell",
            "RFC 9849 5",
        ),
        grease if grease.is_grease() => {
            ("Means nothing: it keeps the other side used to what it does not know", reserved(place))
        }
        _ => ("Not known here, and passed over, as everyone should do", "RFC 9846 4.3, RFC 5246 7.4.1.4"),
    }
}

/// Where it is said who may send values that mean nothing.
fn reserved(place: Place) -> &'static str {
    match place {
        Place::ClientHello => "RFC 8701 3.1",
        Place::CertificateRequest | Place::NewSessionTicket => "RFC 8701 4.1",
        _ => "RFC 8701 2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::Extensions;
    use crate::wire::{Field, Reader};

    fn described(kind: u16, place: Place) -> Field {
        let [high, low] = kind.to_be_bytes();
        let raw = [0, 5, high, low, 0, 1, 7];
        let mut r = Reader::noting(&raw);
        Extensions::decode(&mut r, place).unwrap();
        r.into_notes().remove(0)
    }

    #[test]
    fn the_unknown_the_unspoken_and_what_means_nothing() {
        let grease = described(0x1a1a, Place::ClientHello);
        assert_eq!((grease.name, grease.value.as_str()), ("unknown extension", "GREASE 0x1a1a"));
        assert_eq!((grease.rfc, grease.parts[0].value.as_str()), ("RFC 8701 3.1", "07"));
        assert_eq!(described(0x1a1a, Place::CertificateRequest).rfc, "RFC 8701 4.1");
        let unknown = described(0x1a1b, Place::ClientHello);
        assert_eq!((unknown.value.as_str(), unknown.rfc), ("0x1a1b", "RFC 9846 4.3, RFC 5246 7.4.1.4"));
        let heartbeat = described(15, Place::ClientHello);
        assert_eq!((heartbeat.name, heartbeat.rfc), ("heartbeat", "RFC 6520 2"));
        assert_eq!((heartbeat.parts[0].name, heartbeat.parts[0].value.as_str()), ("extension_data", "07"));
    }

    /// Every named extension that has no row in the table has one here.
    #[test]
    fn none_that_has_a_name_is_passed_off_as_unknown() {
        for kind in T::NAMED {
            let raw = [&[0, 4][..], &kind.0.to_be_bytes(), &[0, 0]].concat();
            let mut r = Reader::noting(&raw);
            let _ = Extensions::decode(&mut r, Place::ClientHello);
            let field = r.into_notes().remove(0);
            assert!(!field.note.is_empty() && !field.note.starts_with("Not known"), "{kind}");
        }
    }
}

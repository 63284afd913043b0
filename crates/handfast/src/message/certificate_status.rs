//! CertificateStatus (RFC 6066 8): a server's OCSP response, in TLS 1.2 and older. It follows Certificate, if it comes.
//!
//! ```text
//! struct { CertificateStatusType status_type; opaque OCSPResponse<1..2^24-1>; } CertificateStatus
//! ```
//! TLS 1.3 has the same in an extension of the certificate: see [`crate::extension::StatusRequest`].

pub use crate::extension::CertificateStatus;

#[cfg(test)]
mod tests {
    use super::super::testing::{classic, fault, round_trip};
    use super::super::{Dialect, Message};
    use super::*;
    use crate::crypto::KeyExchangeKind;
    use crate::wire::Problem;
    use crate::wire::numbers::HandshakeType;

    #[test]
    fn a_response_there_and_back() {
        round_trip(
            &Message::CertificateStatus(CertificateStatus { response: &[0x30, 3, 0x0a, 1, 0] }),
            classic(KeyExchangeKind::Ecdhe, true),
        );
    }

    #[test]
    fn other_types_and_empty_responses_are_refused_and_tls_1_3_has_no_such_message() {
        let form = classic(KeyExchangeKind::Ecdhe, true);
        let of = |body: &[u8], form| fault(HandshakeType::CERTIFICATE_STATUS, body, form).problem;
        assert!(matches!(of(&[2, 0, 0, 1, 0], form), Problem::Value(_)));
        assert_eq!(of(&[1, 0, 0, 0], form), Problem::Length);
        assert_eq!(of(&[1, 0, 0, 1, 0], Dialect::Tls13), Problem::Misplaced);
    }
}

//! Alerts (RFC 9846 6, RFC 5246 7.2).

use crate::wire::numbers;
use std::fmt;

/// How bad it is. TLS 1.3 ignores the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertLevel {
    /// The connection may go on.
    Warning,
    /// The connection ends.
    Fatal,
}

numbers! {
    /// What is the matter (RFC 9846 6, RFC 5246 7.2, RFC 6101 5.4).
    pub struct AlertDescription(u8) {
        CLOSE_NOTIFY = 0, "close_notify";
        UNEXPECTED_MESSAGE = 10, "unexpected_message";
        BAD_RECORD_MAC = 20, "bad_record_mac";
        DECRYPTION_FAILED = 21, "decryption_failed";
        RECORD_OVERFLOW = 22, "record_overflow";
        DECOMPRESSION_FAILURE = 30, "decompression_failure";
        HANDSHAKE_FAILURE = 40, "handshake_failure";
        NO_CERTIFICATE = 41, "no_certificate";
        BAD_CERTIFICATE = 42, "bad_certificate";
        UNSUPPORTED_CERTIFICATE = 43, "unsupported_certificate";
        CERTIFICATE_REVOKED = 44, "certificate_revoked";
        CERTIFICATE_EXPIRED = 45, "certificate_expired";
        CERTIFICATE_UNKNOWN = 46, "certificate_unknown";
        ILLEGAL_PARAMETER = 47, "illegal_parameter";
        UNKNOWN_CA = 48, "unknown_ca";
        ACCESS_DENIED = 49, "access_denied";
        DECODE_ERROR = 50, "decode_error";
        DECRYPT_ERROR = 51, "decrypt_error";
        EXPORT_RESTRICTION = 60, "export_restriction";
        PROTOCOL_VERSION = 70, "protocol_version";
        INSUFFICIENT_SECURITY = 71, "insufficient_security";
        INTERNAL_ERROR = 80, "internal_error";
        INAPPROPRIATE_FALLBACK = 86, "inappropriate_fallback";
        USER_CANCELED = 90, "user_canceled";
        NO_RENEGOTIATION = 100, "no_renegotiation";
        MISSING_EXTENSION = 109, "missing_extension";
        UNSUPPORTED_EXTENSION = 110, "unsupported_extension";
        CERTIFICATE_UNOBTAINABLE = 111, "certificate_unobtainable";
        UNRECOGNIZED_NAME = 112, "unrecognized_name";
        BAD_CERTIFICATE_STATUS_RESPONSE = 113, "bad_certificate_status_response";
        BAD_CERTIFICATE_HASH_VALUE = 114, "bad_certificate_hash_value";
        UNKNOWN_PSK_IDENTITY = 115, "unknown_psk_identity";
        CERTIFICATE_REQUIRED = 116, "certificate_required";
        GENERAL_ERROR = 117, "general_error";
        NO_APPLICATION_PROTOCOL = 120, "no_application_protocol";
        ECH_REQUIRED = 121, "ech_required";
    }
}

impl AlertDescription {
    /// The one that says it in SSL 3.0, which has few (RFC 6101 5.4.2).
    pub const fn in_ssl3(self) -> Self {
        match self {
            Self::CLOSE_NOTIFY
            | Self::UNEXPECTED_MESSAGE
            | Self::BAD_RECORD_MAC
            | Self::DECOMPRESSION_FAILURE
            | Self::HANDSHAKE_FAILURE
            | Self::NO_CERTIFICATE
            | Self::BAD_CERTIFICATE
            | Self::UNSUPPORTED_CERTIFICATE
            | Self::CERTIFICATE_REVOKED
            | Self::CERTIFICATE_EXPIRED
            | Self::CERTIFICATE_UNKNOWN
            | Self::ILLEGAL_PARAMETER => self,
            Self::DECRYPTION_FAILED => Self::BAD_RECORD_MAC,
            Self::RECORD_OVERFLOW | Self::DECODE_ERROR => Self::ILLEGAL_PARAMETER,
            Self::UNKNOWN_CA | Self::BAD_CERTIFICATE_STATUS_RESPONSE => Self::CERTIFICATE_UNKNOWN,
            _ => Self::HANDSHAKE_FAILURE,
        }
    }
}

/// An alert: level and description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// How bad.
    pub level: AlertLevel,
    /// What.
    pub description: AlertDescription,
}

impl Alert {
    /// A fatal one.
    pub const fn fatal(description: AlertDescription) -> Self {
        Self { level: AlertLevel::Fatal, description }
    }
    /// A warning.
    pub const fn warning(description: AlertDescription) -> Self {
        Self { level: AlertLevel::Warning, description }
    }
    /// Two bytes.
    pub(crate) const fn to_bytes(self) -> [u8; 2] {
        [matches!(self.level, AlertLevel::Fatal) as u8 + 1, self.description.0]
    }
    /// From two bytes; `None` if the level is none.
    pub(crate) fn from_bytes(bytes: [u8; 2]) -> Option<Self> {
        let level = match bytes[0] {
            1 => AlertLevel::Warning,
            2 => AlertLevel::Fatal,
            _ => return None,
        };
        Some(Self { level, description: AlertDescription(bytes[1]) })
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            AlertLevel::Warning => write!(f, "warning {}", self.description),
            AlertLevel::Fatal => write!(f, "fatal {}", self.description),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bytes_and_back() {
        for alert in [Alert::fatal(AlertDescription::UNKNOWN_CA), Alert::warning(AlertDescription::CLOSE_NOTIFY)] {
            assert_eq!(Alert::from_bytes(alert.to_bytes()), Some(alert));
        }
        assert_eq!(Alert::from_bytes([0, 0]), None);
        assert_eq!(Alert::from_bytes([3, 0]), None);
        assert_eq!(Alert::fatal(AlertDescription(200)).to_string(), "fatal 0xc8");
    }
}

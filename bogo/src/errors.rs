//! Our errors under the runner's names. The runner looks for one name in what we print; a kind of ours may stand for several
//! of BoringSSL's, which are then all printed. Alerts are checked by the runner apart from this, as it receives them.

use handfast::alert::AlertDescription;
use handfast::error::NotTls;
use handfast::error::{Limit, NothingInCommon};
use handfast::verify::CertificateError;
use handfast::wire::Problem;
use handfast::wire::numbers::{ContentType, ExtensionType, HandshakeType};
use handfast::{Error, ErrorKind};

/// The runner's names, a line each, then the error in words. `early`: before a version was agreed.
pub(crate) fn describe(error: &Error, early: bool) -> String {
    let message = error.moment().map_or("", |m| m.message);
    let mut lines = names(error.kind(), message, early);
    lines.push(format!("{error}"));
    lines.push(format!("during {message}: {:?}", error.kind()));
    lines.join("\n")
}

fn names(kind: &ErrorKind, message: &str, early: bool) -> Vec<String> {
    let fixed: &[&str] = match kind {
        ErrorKind::Malformed(m) => return malformed(m.field, &m.problem, message),
        ErrorKind::PeerAlert(description) => return vec![peer_alert(*description, early)],
        ErrorKind::UnexpectedMessage { got, .. } => match *got {
            // After the handshake these ask for a new one.
            HandshakeType::HELLO_REQUEST | HandshakeType::CLIENT_HELLO => {
                &[":NO_RENEGOTIATION:", ":UNEXPECTED_MESSAGE:", ":EXCESS_HANDSHAKE_DATA:"]
            }
            _ => &[":UNEXPECTED_MESSAGE:", ":EXCESS_HANDSHAKE_DATA:", ":UNEXPECTED_RECORD:"],
        },
        ErrorKind::UnexpectedRecord { got, .. } => match *got {
            ContentType::CHANGE_CIPHER_SPEC => {
                &[":UNEXPECTED_RECORD:", ":BAD_CHANGE_CIPHER_SPEC:", ":EXCESS_HANDSHAKE_DATA:", ":UNEXPECTED_MESSAGE:"]
            }
            // Only padding, which BoringSSL counts as a failure to decrypt.
            ContentType(0) => &[":UNEXPECTED_RECORD:", ":DECRYPTION_FAILED_OR_BAD_RECORD_MAC:"],
            ContentType::APPLICATION_DATA => {
                &[":UNEXPECTED_RECORD:", ":UNEXPECTED_MESSAGE:", ":TOO_MUCH_SKIPPED_EARLY_DATA:"]
            }
            // What a ClientHello in SSL 2.0's form begins with, which BoringSSL takes for a header with another version.
            ContentType(0x80..) => &[":INVALID_OUTER_RECORD_TYPE:", ":WRONG_VERSION_NUMBER:"],
            _ => &[":UNEXPECTED_RECORD:", ":INVALID_OUTER_RECORD_TYPE:", ":UNEXPECTED_MESSAGE:"],
        },
        ErrorKind::IllegalParameter { field, .. } => illegal(field),
        ErrorKind::RecordVersion { .. } => &[":WRONG_VERSION_NUMBER:"],
        ErrorKind::EarlyDataVersion(_) => &[":WRONG_VERSION_ON_EARLY_DATA:"],
        ErrorKind::LegacyVersion(_) => &[":UNSUPPORTED_PROTOCOL:", ":DECODE_ERROR:"],
        ErrorKind::NotTls(NotTls::Http) => &[":HTTP_REQUEST:", ":HTTPS_PROXY_REQUEST:"],
        ErrorKind::Sslv2Hello(_) | ErrorKind::NotTls(_) => &[":WRONG_VERSION_NUMBER:"],
        ErrorKind::RecordOverflow => &[":DATA_LENGTH_TOO_LONG:", ":ENCRYPTED_LENGTH_TOO_LONG:"],
        ErrorKind::BadRecordMac => {
            &[":DECRYPTION_FAILED_OR_BAD_RECORD_MAC:", ":BAD_DECRYPT:", ":TOO_MUCH_SKIPPED_EARLY_DATA:"]
        }
        ErrorKind::TooMuch(limit) => match limit {
            Limit::MessageSize if message == "CompressedCertificate" => &[":UNCOMPRESSED_CERT_TOO_LARGE:"],
            Limit::MessageSize | Limit::HandshakeBytes | Limit::Chain => &[":EXCESSIVE_MESSAGE_SIZE:"],
            Limit::EmptyRecords | Limit::ChangeCipherSpecs => &[":TOO_MANY_EMPTY_FRAGMENTS:"],
            Limit::Warnings => &[":TOO_MANY_WARNING_ALERTS:"],
            Limit::KeyUpdates => &[":TOO_MANY_KEY_UPDATES:"],
            Limit::Renegotiations => &[":NO_RENEGOTIATION:"],
            Limit::EarlyData => &[":TOO_MUCH_READ_EARLY_DATA:"],
            _ => &[],
        },
        ErrorKind::NothingInCommon(what) => match what {
            NothingInCommon::Version { .. } => match message {
                "ServerHello" | "HelloRetryRequest" => &[
                    ":UNSUPPORTED_PROTOCOL:",
                    ":DECODE_ERROR:",
                    ":SECOND_SERVERHELLO_VERSION_MISMATCH:",
                    ":WRONG_SSL_VERSION:",
                ],
                _ => &[":UNSUPPORTED_PROTOCOL:"],
            },
            NothingInCommon::Suite { .. } | NothingInCommon::EncryptThenMac(_) => &[":NO_SHARED_CIPHER:"],
            NothingInCommon::Group { .. } => &[":NO_SHARED_GROUP:", ":NO_SHARED_CIPHER:", ":WRONG_CURVE:"],
            // The certificate types of the request are part of the schemes that it asks for; for the issuers, see the shim's
            // credentials.
            NothingInCommon::Scheme { .. } if message == "CertificateRequest" => {
                &[":NO_COMMON_SIGNATURE_ALGORITHMS:", ":UNKNOWN_CERTIFICATE_TYPE:", ":NO_MATCHING_ISSUER:"]
            }
            NothingInCommon::Scheme { .. } => &[":NO_COMMON_SIGNATURE_ALGORITHMS:", ":NO_SHARED_CIPHER:"],
            NothingInCommon::CertificateType { .. } => &[":UNSUPPORTED_CERTIFICATE:", ":UNKNOWN_CERTIFICATE_TYPE:"],
            NothingInCommon::Field { .. } => &[":NO_SHARED_CIPHER:"],
            NothingInCommon::PskHint => &[":PSK_IDENTITY_NOT_FOUND:"],
            NothingInCommon::Protocol { .. } => &[":NO_APPLICATION_PROTOCOL:"],
            NothingInCommon::Compression => &[":INVALID_COMPRESSION_LIST:"],
            NothingInCommon::Psk => &[":PSK_IDENTITY_NOT_FOUND:", ":NO_SUPPORTED_PSK_MODE:", ":NO_CERTIFICATE_SET:"],
        },
        ErrorKind::UnsolicitedExtension(_) => &[":UNEXPECTED_EXTENSION:", ":ERROR_PARSING_EXTENSION:"],
        ErrorKind::MissingExtension(which) => match *which {
            ExtensionType::KEY_SHARE => &[":MISSING_KEY_SHARE:", ":MISSING_EXTENSION:"],
            ExtensionType::SUPPORTED_GROUPS => &[":NO_SHARED_GROUP:", ":MISSING_EXTENSION:"],
            ExtensionType::EXTENDED_MASTER_SECRET => &[":RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION:"],
            // A CertificateRequest without its one required extension is malformed to BoringSSL.
            ExtensionType::SIGNATURE_ALGORITHMS => {
                &[":MISSING_EXTENSION:", ":DECODE_ERROR:", ":NO_COMMON_SIGNATURE_ALGORITHMS:"]
            }
            _ => &[":MISSING_EXTENSION:"],
        },
        ErrorKind::InappropriateFallback => &[":INAPPROPRIATE_FALLBACK:"],
        ErrorKind::Downgrade => &[":TLS13_DOWNGRADE:"],
        ErrorKind::Certificate(CertificateError::Malformed(_)) => &[":CANNOT_PARSE_LEAF_CERT:", ":DECODE_ERROR:"],
        ErrorKind::Certificate(CertificateError::WrongUsage(_)) => {
            &[":KEY_USAGE_BIT_INCORRECT:", ":UNSUPPORTED_ALGORITHM:"]
        }
        ErrorKind::Certificate(e) if e.alert() == AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE => {
            &[":OCSP_CB_ERROR:"]
        }
        // To BoringSSL it is the key that is missing.
        ErrorKind::Certificate(CertificateError::Other(why)) if why.words().contains("pre-shared key") => {
            &[":MISSING_EXTENSION:"]
        }
        ErrorKind::Certificate(_) => &[":CERTIFICATE_VERIFY_FAILED:"],
        ErrorKind::BadCompression(_) => &[":CERT_DECOMPRESSION_FAILED:"],
        ErrorKind::NoCertificate { .. } => &[":PEER_DID_NOT_RETURN_A_CERTIFICATE:"],
        ErrorKind::BadSignature => &[":BAD_SIGNATURE:"],
        ErrorKind::BadFinished | ErrorKind::BadBinder => &[":DIGEST_CHECK_FAILED:"],
        ErrorKind::BadKeyShare(_) => &[":BAD_ECPOINT:"],
        ErrorKind::InsufficientSecurity(what) if what.contains("extended_master_secret") => &[
            ":RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION:",
            ":RESUMED_NON_EMS_SESSION_WITH_EMS_EXTENSION:",
            ":RENEGOTIATION_EMS_MISMATCH:",
        ],
        ErrorKind::InsufficientSecurity(what) if what.contains("renegotiation_info") => &[":RENEGOTIATION_MISMATCH:"],
        ErrorKind::IdentityChanged => &[":SERVER_CERT_CHANGED:"],
        // No certificate is left to choose from.
        ErrorKind::UnrecognizedName(_) => &[":NO_MATCHING_ISSUER:"],
        ErrorKind::AnswerFailed(_) => &[":CERT_CB_ERROR:"],
        ErrorKind::Config(_) => &[":NO_SUPPORTED_VERSIONS_ENABLED:"],
        _ => &[],
    };
    fixed.iter().map(|name| (*name).to_owned()).collect()
}

fn malformed(field: &str, problem: &Problem, message: &str) -> Vec<String> {
    let mut out = vec![":DECODE_ERROR:", ":PARSE_TLSEXT:", ":ERROR_PARSING_EXTENSION:"];
    match problem {
        Problem::Duplicate => out.extend([":DUPLICATE_EXTENSION:", ":DUPLICATE_KEY_SHARE:"]),
        Problem::NotLast => out.push(":PRE_SHARED_KEY_MUST_BE_LAST:"),
        // An extension that has no place in this message.
        Problem::Misplaced => out.push(":UNEXPECTED_EXTENSION:"),
        _ => {}
    }
    match message {
        "ClientHello" => out.push(":CLIENTHELLO_PARSE_FAILED:"),
        "Certificate" => out.extend([":CANNOT_PARSE_LEAF_CERT:", ":PEER_DID_NOT_RETURN_A_CERTIFICATE:"]),
        // Read before it is looked at whether it may come.
        "ServerKeyExchange" => out.extend([":UNEXPECTED_MESSAGE:", ":BAD_HELLO_REQUEST:"]),
        "HelloRequest" => out.push(":BAD_HELLO_REQUEST:"),
        "ServerHello" => out.push(":SECOND_SERVERHELLO_VERSION_MISMATCH:"),
        _ => {}
    }
    for (part, name) in [
        ("alert", ":BAD_ALERT:"),
        ("cert_data", ":INVALID_RAW_PUBLIC_KEY:"),
        ("key_exchange", ":BAD_ECPOINT:"),
        ("public", ":BAD_ECPOINT:"),
        ("point", ":BAD_ECPOINT:"),
        ("pre_shared_key", ":PSK_IDENTITY_BINDER_COUNT_MISMATCH:"),
        ("binders", ":PSK_IDENTITY_BINDER_COUNT_MISMATCH:"),
        ("compression", ":UNSUPPORTED_COMPRESSION_ALGORITHM:"),
    ] {
        if field.contains(part) {
            out.push(name);
        }
    }
    out.into_iter().map(str::to_owned).collect()
}

/// By the field: its name is one that the RFCs use.
fn illegal(field: &str) -> &'static [&'static str] {
    match field {
        "alert" => &[":UNKNOWN_ALERT_TYPE:", ":BAD_ALERT:"],
        "algorithm" | "signature" => {
            &[":WRONG_SIGNATURE_TYPE:", ":WRONG_CERTIFICATE_TYPE:", ":PEER_ERROR_UNSUPPORTED_CERTIFICATE_TYPE:"]
        }
        "cipher_suite" => &[
            ":WRONG_CIPHER_RETURNED:",
            ":WRONG_CERTIFICATE_TYPE:",
            ":OLD_SESSION_CIPHER_NOT_RETURNED:",
            ":OLD_SESSION_PRF_HASH_MISMATCH:",
            ":CIPHER_MISMATCH_ON_EARLY_DATA:",
        ],
        "key_share" | "selected_group" | "named_curve" | "namedcurve" => {
            &[":WRONG_CURVE:", ":DUPLICATE_KEY_SHARE:", ":MISSING_KEY_SHARE:", ":BAD_ECPOINT:"]
        }
        "CertificateCompressionAlgorithm" => &[":UNKNOWN_CERT_COMPRESSION_ALG:"],
        "HelloRetryRequest" => &[":EMPTY_HELLO_RETRY_REQUEST:"],
        "legacy_session_id_echo" | "session_id" => {
            &[":SERVER_ECHOED_INVALID_SESSION_ID:", ":OLD_SESSION_VERSION_NOT_RETURNED:"]
        }
        "version" | "server_version" | "supported_versions" => &[
            ":UNSUPPORTED_PROTOCOL:",
            ":OLD_SESSION_VERSION_NOT_RETURNED:",
            ":UNEXPECTED_EXTENSION:",
            ":SECOND_SERVERHELLO_VERSION_MISMATCH:",
        ],
        "selected_identity" => &[":PSK_IDENTITY_NOT_FOUND:"],
        "protocol_name" => &[":INVALID_ALPN_PROTOCOL:", ":ALPN_MISMATCH_ON_EARLY_DATA:"],
        "early_data" => {
            &[":CIPHER_MISMATCH_ON_EARLY_DATA:", ":UNEXPECTED_EXTENSION:", ":UNEXPECTED_EXTENSION_ON_EARLY_DATA:"]
        }
        "pre_shared_key" => &[":PSK_IDENTITY_NOT_FOUND:"],
        "binders" => &[":PSK_IDENTITY_BINDER_COUNT_MISMATCH:"],
        "certificate_list" => &[":WRONG_CERTIFICATE_TYPE:", ":BAD_ECC_CERT:"],
        "certificate_request_context" => &[":DECODE_ERROR:"],
        "ec_point_format_list" => &[":ERROR_PARSING_EXTENSION:"],
        "renegotiation_info" => &[":RENEGOTIATION_MISMATCH:"],
        _ if field.contains("compression") => {
            &[":UNSUPPORTED_COMPRESSION_ALGORITHM:", ":INVALID_COMPRESSION_LIST:", ":DECODE_ERROR:"]
        }
        _ => &[],
    }
}

/// An alert of the peer's. BoringSSL names those of SSL 3.0 apart from the later ones.
fn peer_alert(description: AlertDescription, early: bool) -> String {
    use AlertDescription as A;
    if early && description == A::HANDSHAKE_FAILURE {
        return ":HANDSHAKE_FAILURE_ON_CLIENT_HELLO:".into();
    }
    let ssl3 = [
        A::CLOSE_NOTIFY,
        A::UNEXPECTED_MESSAGE,
        A::BAD_RECORD_MAC,
        A::DECOMPRESSION_FAILURE,
        A::HANDSHAKE_FAILURE,
        A::NO_CERTIFICATE,
        A::BAD_CERTIFICATE,
        A::UNSUPPORTED_CERTIFICATE,
        A::CERTIFICATE_REVOKED,
        A::CERTIFICATE_EXPIRED,
        A::CERTIFICATE_UNKNOWN,
        A::ILLEGAL_PARAMETER,
    ];
    let family = if ssl3.contains(&description) { "SSLV3" } else { "TLSV1" };
    let name = match description {
        A::USER_CANCELED => "USER_CANCELLED".to_owned(),
        other => other.name().unwrap_or("UNKNOWN").to_ascii_uppercase(),
    };
    format!(":{family}_ALERT_{name}:")
}

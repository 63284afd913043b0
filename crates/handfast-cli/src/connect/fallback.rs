//! Servers that choke on versions newer than they know, where they should just choose an older one (RFC 7507 1).

use super::wire::End;
use crate::exit::Failure;
use handfast::alert::AlertDescription as A;
use handfast::{Connection, ErrorKind};

/// Why an attempt has failed.
pub(super) struct Ended {
    pub(super) failure: Failure,
    /// Whether an older version may do better.
    pub(super) intolerant: bool,
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self { failure, intolerant: false }
    }
}

/// Whether a server that ends the handshake so may be one that chokes on what is newer than it knows: before it has chosen a version it
/// refuses the hello, or cuts the connection. So can anyone in between do, who would like us to speak what is old: a server that knows
/// better then answers inappropriate_fallback, which is none of these.
pub(super) fn is_intolerant(end: &End, tls: &Connection) -> bool {
    tls.negotiated().version.is_none()
        && match end {
            End::Io(_) => true,
            End::Tls(error) => match error.kind() {
                ErrorKind::Truncated { .. } => true,
                ErrorKind::PeerAlert(alert) => matches!(
                    *alert,
                    A::HANDSHAKE_FAILURE
                        | A::PROTOCOL_VERSION
                        | A::ILLEGAL_PARAMETER
                        | A::DECODE_ERROR
                        | A::CLOSE_NOTIFY
                ),
                _ => false,
            },
        }
}

//! What is known of a failed connection beyond the error itself, for whoever reads it.

use super::Connection;
use crate::alert::AlertDescription as A;
use crate::error::{Error, ErrorKind, PskTrouble};
use crate::wire::numbers::ProtocolVersion;
use std::mem;

impl Connection {
    /// The error, with what may have led to it.
    pub(super) fn with_hints(&mut self, error: Error) -> Error {
        let mut error = error.under(self.shared.policy, !self.is_client());
        let unknown = mem::take(&mut self.shared.unknown_psk);
        if differs(error.kind()) {
            if unknown {
                error = error.by_psk(PskTrouble::Unknown);
            } else if let Some(name) = self.unproven_psk() {
                let clause = match self.is_client() {
                    true => "the server has another key, or none,",
                    false => "the client has another key",
                };
                return error.by_psk(PskTrouble::Different(clause, name));
            }
        }
        // It may well be for this that the peer gave up.
        if matches!(error.kind(), ErrorKind::PeerAlert(a) if *a != A::CLOSE_NOTIFY)
            && let Some(why) = self.shared.unshown.take()
        {
            error = error.after(why);
        }
        // What the client is not told, the server's own people are.
        if unknown {
            error = error.after("the client had named a pre-shared key that is not known here".into());
        }
        error
    }

    /// The name of the pre-shared key that this handshake goes by, up to TLS 1.2, where nothing was opened yet that only who has it could
    /// have sealed. TLS 1.3 has binders for that.
    fn unproven_psk(&self) -> Option<Box<str>> {
        let n = &self.shared.negotiated;
        let classic = n.version.is_some_and(|v| v < ProtocolVersion::TLS1_3);
        let name = n.psk_identity.as_deref().filter(|_| classic && !n.resumed && !self.is_connected())?;
        Some(String::from_utf8_lossy(name).escape_debug().to_string().into())
    }
}

/// Whether this is what comes of two sides that have different keys.
fn differs(kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::BadRecordMac | ErrorKind::BadFinished => true,
        ErrorKind::PeerAlert(alert) => matches!(*alert, A::BAD_RECORD_MAC | A::DECRYPTION_FAILED | A::DECRYPT_ERROR),
        _ => false,
    }
}

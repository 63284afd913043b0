//! The shim's verifier. The runner decides by `-verify-fail` alone: chains, names and times are not looked at.

use crate::flags::Flags;
use handfast::Reply;
use handfast::Time;
use handfast::alert::AlertDescription;
use handfast::verify::{CertificateError, PeerToVerify, RawKeyToVerify, Verified, Verifier, check_key_usage};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Judges as the flags say.
#[derive(Debug)]
pub(crate) struct Judge {
    fail: bool,
    /// Whether a refusal ends the handshake. A client of BoringSSL's need not mind.
    fatal: bool,
    alert: AlertDescription,
    authorities: Vec<Vec<u8>>,
    /// The last verdict: it is remembered with a session.
    refused: Arc<AtomicBool>,
}

impl Judge {
    pub(crate) fn new(flags: &Flags, refused: &Arc<AtomicBool>) -> Self {
        Self {
            fail: flags.verify_fail || flags.fail_ocsp_callback,
            fatal: flags.server || flags.verify_peer || flags.fail_ocsp_callback,
            // BoringSSL's callbacks differ in the alert of a refusal.
            alert: match (flags.fail_ocsp_callback, flags.use_custom_verify_callback) {
                (true, _) => AlertDescription::BAD_CERTIFICATE_STATUS_RESPONSE,
                (_, true) => AlertDescription::CERTIFICATE_UNKNOWN,
                _ => AlertDescription::HANDSHAKE_FAILURE,
            },
            authorities: flags.client_ca_list.clone(),
            refused: refused.clone(),
        }
    }
}

impl Verifier for Judge {
    fn verify(&self, peer: &PeerToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        self.refused.store(self.fail, Ordering::Relaxed);
        if self.fail && self.fatal {
            let detail = "the runner says so".into();
            return Reply::Now(Err(CertificateError::Refused { alert: self.alert, detail }));
        }
        // BoringSSL looks at this itself.
        Reply::Now(check_key_usage(peer).map(|()| Verified::because("the runner says so")))
    }
    fn verify_raw_key(&self, _: &RawKeyToVerify, _: Time) -> Reply<Result<Verified, CertificateError>> {
        self.refused.store(self.fail, Ordering::Relaxed);
        // Here BoringSSL always minds.
        Reply::Now(match self.fail {
            true => Err(CertificateError::Refused { alert: self.alert, detail: "the runner says so".into() }),
            false => Ok(Verified::because("the runner says so")),
        })
    }
    fn authorities(&self) -> Vec<Vec<u8>> {
        self.authorities.clone()
    }
}

//! SSL 3.0 to TLS 1.2. How the versions differ is a value of [`Rules`]; no state compares versions.

mod certificates;
mod choice;
pub(crate) mod client;
mod key_exchange;
mod renegotiation;
mod rules;
mod secrets;
pub(crate) mod server;
mod server_hello;
mod session;

pub(crate) use key_exchange::{is_curve, is_field};
pub(crate) use renegotiation::keeps_name;
pub(crate) use rules::Rules;
pub(crate) use session::Session;

use crate::crypto::Suite;
use crate::policy::Policy;
use crate::wire::numbers::ProtocolVersion;

/// Whether the policy has a suite for this version in which a pre-shared key proves the server, and no certificate.
pub(super) fn has_psk_alone(policy: &Policy, version: ProtocolVersion) -> bool {
    let alone = |s: &Suite| s.key_exchange.has_psk() && !s.key_exchange.has_certificate();
    policy.suites.iter().filter_map(|s| Suite::find(*s)).any(|s| s.fits(version) && alone(s))
}

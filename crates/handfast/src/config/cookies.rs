//! Cookies in HelloRetryRequest.

use crate::session::{RotatingTickets, Tickets};
use std::sync::Arc;
use std::time::Duration;

/// A server's cookies (RFC 9846 4.3.2): what the server has to remember between the two ClientHellos goes with the client, sealed. So
/// the second one may come to another server's connection, of this process or of one with the same keys, and the first can be
/// forgotten.
#[derive(Clone, Debug)]
pub struct Cookies {
    /// Who seals and opens them: keys in memory that rotate by themselves by default. It may be the one that makes tickets, too: the
    /// one is never taken for the other.
    pub sealer: Arc<dyn Tickets>,
    /// Whether every client of TLS 1.3 has to send a cookie back, which proves that it hears us, even if its first share would do;
    /// not by default. It costs a round trip, and there are clients (GnuTLS 3.7 is one) that refuse a HelloRetryRequest which asks for
    /// nothing but a cookie.
    pub always: bool,
    /// For how long a cookie is good; 30 seconds.
    pub lifetime: Duration,
}

impl Default for Cookies {
    fn default() -> Self {
        Self { sealer: Arc::new(RotatingTickets::default()), always: false, lifetime: Duration::from_secs(30) }
    }
}

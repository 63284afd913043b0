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

pub(crate) use key_exchange::is_curve;
pub(crate) use renegotiation::keeps_name;
pub(crate) use rules::Rules;
pub(crate) use session::Session;

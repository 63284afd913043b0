//! SSL 3.0 to TLS 1.2. How the versions differ is a value of [`Rules`]; no state compares versions.

mod certificates;
mod choice;
pub(crate) mod client;
mod key_exchange;
mod rules;
mod secrets;
pub(crate) mod server;
mod server_hello;

pub(crate) use key_exchange::is_curve;
pub(crate) use rules::Rules;

use super::{Established, Flow, Input, Side, State};
use crate::alert::{Alert, AlertDescription};
use crate::error::{Error, ErrorKind, Limit};
use crate::message::Message;

/// An established connection.
pub(crate) struct Session {
    /// Requests for a new handshake so far.
    pub(crate) refused: u32,
}

impl Session {
    pub(super) fn step(self, flow: &mut Flow<'_>, input: Input<'_>) -> Result<State, Error> {
        match (flow.shared.side, input) {
            (Side::Client, Input::Message(Message::HelloRequest, _)) => self.refuse(flow),
            (Side::Server, Input::Message(Message::ClientHello(_), _)) => self.refuse(flow),
            (_, input) => Err(flow.unexpected(&input, "application data, or a request for a new handshake")),
        }
    }

    /// There is no second handshake; the connection goes on as it is (RFC 5246 7.2.2).
    fn refuse(self, flow: &mut Flow<'_>) -> Result<State, Error> {
        flow.leave_transcript();
        let refused = self.refused + 1;
        if refused > flow.shared.limits.renegotiations {
            return Err(ErrorKind::TooMuch(Limit::Renegotiations).into());
        }
        flow.warn(Alert::warning(AlertDescription::NO_RENEGOTIATION))?;
        Ok(State::Established(Established::Classic(Self { refused })))
    }
}

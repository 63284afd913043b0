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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Time;
    use crate::config::Limits;
    use crate::crypto::aws_lc;
    use crate::keys::Transcript;
    use crate::message::{ClientHello, ClientHelloFixed};
    use crate::record::{Reader, Writer};
    use crate::wire::numbers::{CompressionMethod, ProtocolVersion};
    use crate::wire::{CipherSuite, List, Opaque, Vector};

    /// What one end says to these requests, one after the other: the records, and whether it goes on.
    fn says(side: Side, requests: usize) -> (Vec<u8>, Result<(), ErrorKind>) {
        let mut shared = crate::handshake::Shared::new(side, aws_lc::provider(), Limits::default());
        let (mut transcript, mut writer, mut reader) = (Transcript::default(), Writer::new(), Reader::new());
        let mut state = State::Established(Established::Classic(Session { refused: 0 }));
        let (suites, random) = ([CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA], [7; 32]);
        let hello = || ClientHello {
            fixed: ClientHelloFixed {
                legacy_version: ProtocolVersion::TLS1_2,
                random: &random,
                session_id: Opaque(&[]),
                cipher_suites: Vector(List::of(&suites)),
                compression_methods: Vector(List::of(&[CompressionMethod::NULL])),
            },
            extensions: Default::default(),
        };
        let mut outcome = Ok(());
        for _ in 0..requests {
            let mut flow =
                Flow::new(Time::default(), &mut shared, &mut transcript, Some(&[0; 4]), &mut writer, &mut reader);
            let message = if side == Side::Client { Message::HelloRequest } else { Message::ClientHello(hello()) };
            match state.step(&mut flow, Input::Message(message, None)) {
                Ok(next) => state = next,
                Err(error) => {
                    outcome = Err(error.kind().clone());
                    break;
                }
            }
        }
        let mut out = Vec::new();
        writer.transmit(&mut out);
        (out, outcome)
    }

    /// RFC 5246 7.2.2
    #[test]
    fn a_new_handshake_is_refused_and_the_connection_goes_on() {
        const NO_RENEGOTIATION: [u8; 7] = [21, 3, 1, 0, 2, 1, 100];
        for side in [Side::Client, Side::Server] {
            let most = Limits::default().renegotiations as usize;
            for n in 1..=most {
                assert_eq!(says(side, n), (NO_RENEGOTIATION.repeat(n), Ok(())), "{side:?}");
            }
            let too_much = ErrorKind::TooMuch(Limit::Renegotiations);
            assert_eq!(says(side, most + 1), (NO_RENEGOTIATION.repeat(most), Err(too_much)), "{side:?}");
        }
    }
}

//! Alerts (RFC 9846 6, RFC 5246 7.2, RFC 6101 5.4).

use super::Connection;
use crate::Time;
use crate::alert::{Alert, AlertDescription, AlertLevel};
use crate::error::{Error, ErrorKind, Limit};
use crate::event::Event;
use crate::handshake::{Flow, Input, Side, State};
use crate::message::{Certificate, Dialect, Message};
use crate::trace::{Direction, Trace};
use crate::wire::Problem;
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::mem;

impl Connection {
    /// An alert came. Gives what of it is for the application.
    ///
    /// # Errors
    /// What it says, if it ends the connection.
    pub(super) fn alert<'b>(&mut self, body: &[u8], now: Time) -> Result<Option<Event<'b>>, Error> {
        let bad = |why| crate::error::illegal("alert", why, "RFC 9846 6");
        let bytes: [u8; 2] = body
            .try_into()
            .map_err(|_| Error::from(crate::wire::Malformed { field: "alert", at: 0, problem: Problem::Length }))?;
        let alert = Alert::from_bytes(bytes).ok_or_else(|| bad("has a level that is neither warning nor fatal"))?;
        self.shared.watch.see(Trace::Alert { direction: Direction::Received, alert });
        if alert == Alert::warning(AlertDescription::NO_CERTIFICATE) && self.no_certificate_may_come() {
            return self.no_certificate(now).map(|()| None);
        }
        let tls13 = self.shared.dialect == Dialect::Tls13;
        let established = self.state.is_established();
        // In TLS 1.3 the level says nothing: all but two end the connection (RFC 9846 6).
        let closes = alert.description == AlertDescription::CLOSE_NOTIFY;
        let ends =
            if tls13 { alert.description != AlertDescription::USER_CANCELED } else { alert.level == AlertLevel::Fatal };
        if tls13 && self.joiner.pending() && (closes || !ends) {
            // Nothing may come between the fragments of a message (RFC 9846 5.1). An error is heard all the same.
            let expected = "the rest of a handshake message";
            return Err(ErrorKind::UnexpectedRecord { got: ContentType::ALERT, expected }.into());
        }
        match alert.description {
            AlertDescription::CLOSE_NOTIFY => {
                self.read_closed = true;
                // Up to TLS 1.2 it ends both directions at once (RFC 5246 7.2.1), and so it does in any handshake.
                if !tls13 || !established {
                    self.say(Alert::warning(AlertDescription::CLOSE_NOTIFY));
                }
                match established {
                    true => Ok(Some(Event::Closed)),
                    false => Err(ErrorKind::PeerAlert(alert.description).into()),
                }
            }
            description if ends => Err(ErrorKind::PeerAlert(description).into()),
            _ => {
                self.counts.warnings += 1;
                if self.counts.warnings > self.shared.limits.warnings {
                    return Err(ErrorKind::TooMuch(Limit::Warnings).into());
                }
                if alert.description == AlertDescription::NO_RENEGOTIATION {
                    self.declined();
                }
                Ok(Some(Event::Warning(alert)))
            }
        }
    }

    /// Whether a client of SSL 3.0 may say that it has no certificate.
    fn no_certificate_may_come(&self) -> bool {
        let ssl3 = matches!(self.shared.dialect, Dialect::Classic(form) if form.no_certificate_alert);
        ssl3 && self.shared.side == Side::Server && matches!(self.state, State::Handshake(_) | State::Again(_))
    }

    /// What is an empty Certificate from TLS 1.0 on. It belongs to no transcript.
    fn no_certificate(&mut self, now: Time) -> Result<(), Error> {
        const NAME: &str = "no_certificate";
        if self.joiner.pending() {
            let expected = "the rest of a handshake message";
            return Err(ErrorKind::UnexpectedRecord { got: ContentType::ALERT, expected }.into());
        }
        self.newest = Some(NAME);
        let Self { state, shared, transcript, reader, writer, .. } = self;
        let message = Message::Certificate(Certificate { context: None, list: Vec::new() });
        let old = mem::replace(state, State::Failed);
        let mut flow = Flow::new(now, shared, transcript, None, writer, reader);
        *state = old.step(&mut flow, Input::Message(message, None)).map_err(|e| e.during(NAME, true))?;
        self.settle(now)
    }

    /// Says it, in the words of the version.
    pub(super) fn say(&mut self, mut alert: Alert) {
        if self.negotiated().version == Some(ProtocolVersion::SSL3_0) {
            alert.description = alert.description.in_ssl3();
        }
        // If it cannot be sealed any more, there is nobody to tell.
        let _ = self.writer.alert(alert, &mut self.shared.watch);
    }
}

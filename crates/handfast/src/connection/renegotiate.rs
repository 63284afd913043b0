//! A second handshake on a live connection, up to TLS 1.2 (RFC 5746).

use super::Connection;
use crate::Time;
use crate::config::ClientAuth;
use crate::error::{Error, ErrorKind, Limit};
use crate::handshake::{Established, Flow, Handshake, State};
use crate::keys::Transcript;
use crate::record::Joiner;
use std::mem;

impl Connection {
    /// Up to TLS 1.2: starts a second handshake on this connection, protected by the first and bound to it (RFC 5746). A client sends a
    /// new ClientHello; a server asks its client to, by a HelloRequest. Then call [`Connection::transmit`]. When it is done
    /// [`crate::Event::Renegotiated`] comes, and [`Connection::negotiated`] is then what it has agreed: version, server name and
    /// application protocol are the same, suite and keys are new, and a certificate may have been shown. Until then no data can be sent
    /// from our hello on ([`Connection::can_send`]), since many peers take none behind it; data of the peer's still comes.
    ///
    /// A peer need not agree to it: then [`crate::Event::Warning`] comes, with no_renegotiation, and all is as it was. A client may also
    /// ignore that it is asked.
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`], after which the connection goes on, where there can be none: in TLS 1.3, before [`crate::Event::Connected`]
    /// and while one goes on, after either end was said; if the policy's field `renegotiation` allows none; if the peer cannot do it
    /// securely. Else whatever ends the connection.
    pub fn renegotiate(&mut self, now: Time) -> Result<(), Error> {
        self.start_again(None, now)
    }

    /// The same for a server that wants its client judged by `auth` from then on, whatever its config says: a certificate may be asked
    /// for in the second handshake only, when something is wanted for which one is needed.
    ///
    /// # Errors
    /// As [`Connection::renegotiate`].
    pub fn renegotiate_with(&mut self, auth: ClientAuth, now: Time) -> Result<(), Error> {
        self.start_again(Some(auth), now)
    }

    /// Whether a second handshake goes on: from the first of our messages in it until [`crate::Event::Renegotiated`], or the connection's end. A server that has
    /// asked for one is not in it until the client begins.
    pub fn is_renegotiating(&self) -> bool {
        matches!(self.state, State::Again(_)) && !self.read_closed && self.error.is_none()
    }

    /// Whether a second handshake that we have started is neither done nor refused: for a server, from its HelloRequest on. A client
    /// may ignore that for ever.
    pub fn awaits_renegotiation(&self) -> bool {
        match &self.state {
            State::Established(Established::Classic(session)) => session.is_asking(),
            _ => self.is_renegotiating(),
        }
    }

    /// How many handshakes are done on this connection: 1 once connected, more after second ones.
    pub fn handshakes(&self) -> u32 {
        self.counts.handshakes
    }

    fn start_again(&mut self, auth: Option<ClientAuth>, now: Time) -> Result<(), Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let hindrance = match &self.state {
            _ if self.writer.is_closed() || self.read_closed => Some("the connection is closed"),
            State::Established(Established::Classic(session)) if !self.shared.connected => {
                session.hindrance(&self.shared.negotiated, auth.as_ref())
            }
            State::Established(Established::Tls13(_)) => Some("TLS 1.3 has no second handshake"),
            State::Again(_) => Some("a second handshake goes on already"),
            _ => Some("a second handshake comes after the first"),
        };
        if let Some(why) = hindrance {
            return Err(ErrorKind::Misuse(why).into());
        }
        self.shared.watch.at(now);
        let Self { state, shared, transcript, reader, writer, newest, .. } = self;
        *newest = None;
        let started = match mem::replace(state, State::Failed) {
            State::Established(Established::Classic(session)) => {
                session.start(&mut Flow::new(now, shared, transcript, None, writer, reader), auth).map(State::again)
            }
            other => Ok(other),
        };
        let done = started.and_then(|new| {
            self.state = new;
            self.settle(now)
        });
        done.map_err(|e| self.fail(e))
    }

    /// The peer has said no_renegotiation. What waits for its hello waits in vain; later it means nothing any more.
    pub(super) fn declined(&mut self) {
        match &mut self.state {
            State::Established(Established::Classic(session)) => session.declined(),
            State::Again(machine) if matches!(**machine, Handshake::Offer(_)) => {
                if let Some(before) = self.shared.before.take() {
                    self.state = before.restore(&mut self.shared);
                    self.transcript = Transcript::default();
                }
            }
            _ => {}
        }
        self.tell_state();
    }

    /// Our close_notify came in the middle of a second handshake: the peer's part of it is not waited for. Up to TLS 1.2 both
    /// directions end with it (RFC 5246 7.2.1).
    pub(super) fn leave_renegotiation(&mut self) {
        if self.is_renegotiating() {
            self.read_closed = true;
            self.wait = None;
            self.shared.question = None;
            self.joiner = Joiner::default();
        }
    }

    /// Whether data may come in the middle of a second handshake: under the old keys, and within a bound once the peer takes part. Counts
    /// it.
    pub(super) fn takes_old_data(&mut self, bytes: usize) -> Result<bool, Error> {
        let State::Again(machine) = &self.state else { return Ok(false) };
        let Some(so_far) = &mut self.counts.old_data else { return Ok(false) };
        if !matches!(**machine, Handshake::Offer(_)) {
            *so_far += bytes;
        }
        match *so_far > self.shared.limits.renegotiation_data {
            true => Err(ErrorKind::TooMuch(Limit::RenegotiationData).into()),
            false => Ok(true),
        }
    }
}

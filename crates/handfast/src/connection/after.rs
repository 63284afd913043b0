//! What can be done after the handshake of TLS 1.3: new keys, and a client's certificate (RFC 9846 4.7).

use super::Connection;
use crate::Time;
use crate::config::ClientAuth;
use crate::error::{Error, ErrorKind};
use crate::handshake::{Established, Flow, State};

impl Connection {
    /// TLS 1.3 changes its keys before too many records went under them (RFC 9846 5.5), and where the peer has asked for it.
    pub(super) fn renew_keys(&mut self, bytes: usize) -> Result<(), Error> {
        let Self { state, shared, transcript, reader, writer, .. } = self;
        match state {
            State::Established(Established::Tls13(traffic)) if traffic.owes_update() || writer.is_worn(bytes) => {
                // No clock is at hand here, and none is needed.
                traffic.update(&mut Flow::new(Time::default(), shared, transcript, None, writer, reader), false)
            }
            _ => Ok(()),
        }
    }

    /// TLS 1.3: changes our keys, and asks the peer to change its own if `request`.
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] where there is no such thing: before TLS 1.3, or before the handshake is done.
    pub fn update_keys(&mut self, request: bool, now: Time) -> Result<(), Error> {
        self.shared.watch.at(now);
        let Self { state, shared, transcript, reader, writer, .. } = self;
        match state {
            State::Established(Established::Tls13(traffic)) if !writer.is_closed() => {
                traffic.update(&mut Flow::new(now, shared, transcript, None, writer, reader), request)
            }
            _ => Err(ErrorKind::Misuse("keys can be updated in an established TLS 1.3 connection only").into()),
        }
    }

    /// TLS 1.3, a server: asks the client for a certificate, by the verifier in `auth`, while data goes on. Gives the request's
    /// number, which [`crate::Event::ClientCertificate`] names when the client has answered. A client that has none where one is required
    /// ends the connection. Then call [`Connection::transmit`].
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] where there is no such thing: [`crate::ServerConfig::post_handshake_auth`] is off, the client did not say that
    /// it can be asked (RFC 9846 4.3.6), the connection is not established or its end was said, `auth` is [`ClientAuth::None`], or
    /// eight requests are open.
    pub fn request_client_certificate(&mut self, auth: ClientAuth, now: Time) -> Result<u32, Error> {
        self.shared.watch.at(now);
        let Self { state, shared, transcript, reader, writer, .. } = self;
        let request = match state {
            State::Established(Established::Tls13(traffic)) if !writer.is_closed() => {
                traffic.request_certificate(&mut Flow::new(now, shared, transcript, None, writer, reader), auth)?
            }
            _ => {
                return Err(
                    ErrorKind::Misuse("a certificate can be asked for in an established connection only").into()
                );
            }
        };
        writer.flush(&mut shared.watch)?;
        Ok(request)
    }

    /// How many of our requests for the client's certificate are not answered yet.
    pub fn open_certificate_requests(&self) -> usize {
        match &self.state {
            State::Established(Established::Tls13(traffic)) => traffic.open_requests(),
            _ => 0,
        }
    }
}

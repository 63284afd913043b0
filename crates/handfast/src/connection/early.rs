//! Early data (RFC 9846 2.3, 4.3.10).

use super::Connection;
use crate::error::{Error, ErrorKind};
use crate::handshake::{Early, Side};
use crate::keys;

impl Connection {
    /// For a client: how many bytes of early data may still be sent. `None` if none may: it was not asked for
    /// ([`crate::ClientConfig::early_data`]), no session allows it, the server has refused it, or it is over, since the server's part
    /// of the handshake is done.
    pub fn early_data_room(&self) -> Option<usize> {
        self.sending_early().map(|early| early.room)
    }

    /// The application protocol that early data is of, while some may be sent or may come; `None` also if it is of none. It was
    /// negotiated in the connection of which the session is.
    pub fn early_protocol(&self) -> Option<&[u8]> {
        self.shared.early.as_ref().filter(|e| e.open).and_then(|e| e.alpn.as_deref())
    }

    /// For a client: seals `plaintext` as early data behind whatever waits to be transmitted, and appends all to `out`. The server
    /// may take it or not: [`crate::Negotiated::early_data`] says so, once connected. If not, it was not heard, and can be sent again.
    ///
    /// Only what may safely be done twice may be said so: someone in between can have several servers hear it, each once, and it is
    /// not as well kept secret from whoever learns the session's key later (RFC 9846 8, F.5).
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] if it is more than [`Connection::early_data_room`] says, of which nothing is then sent; or whatever
    /// ended the connection.
    pub fn send_early(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let room = self.early_data_room().and_then(|room| room.checked_sub(plaintext.len()));
        let (Some(room), Some(early)) = (room, &mut self.shared.early) else {
            let why = "early data can be sent where there is room for it, and only as much";
            return Err(ErrorKind::Misuse(why).into());
        };
        early.room = room;
        self.writer.data(plaintext, out, &mut self.shared.watch)
    }

    /// Keying material from early data's own secret (RFC 9846 7.5): of use for what is sent or accepted as early data only, since
    /// a client's hello can be replayed.
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] if no early data was offered, or, by a server, accepted; or if `out` is empty or longer than 255 hashes.
    pub fn export_early(&self, out: &mut [u8], label: &[u8], context: &[u8]) -> Result<(), Error> {
        let early =
            self.shared.early.as_ref().filter(|e| {
                (1..=255 * e.hash.len()).contains(&out.len()) && label.len() <= 249 && self.error.is_none()
            });
        let Some(early) = early else {
            let why = "an early exporter works with early data, for 1 to 255 hashes of output";
            return Err(ErrorKind::Misuse(why).into());
        };
        keys::export13(&*self.shared.provider, early.hash, &early.exporter, label, context, out);
        Ok(())
    }

    fn sending_early(&self) -> Option<&Early> {
        let client = self.shared.side == Side::Client && self.error.is_none() && !self.writer.is_closed();
        self.shared.early.as_deref().filter(|e| client && e.open)
    }
}

//! Fragmenting, sealing, framing, into the engine's queue or the caller's buffer.

use super::{MAX_FRAGMENT, Sealer};
use crate::alert::Alert;
use crate::error::{Error, ErrorKind, Limit};
use crate::trace::{Direction, Trace, Watch};
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::mem;

/// With so few records left under the keys it is time for new ones: 16 GiB of full records.
const WORN: u64 = 1 << 20;

/// The sending half.
pub(crate) struct Writer {
    keys: Sealer,
    /// The version in headers: TLS 1.0 in a first ClientHello, the agreed one, TLS 1.2 in TLS 1.3.
    pub(crate) version: ProtocolVersion,
    /// The most bytes of plaintext in a record.
    max_fragment: usize,
    /// Handshake messages that wait to share records.
    flight: Vec<u8>,
    /// Sealed records that wait to be transmitted.
    queue: Vec<u8>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self {
            keys: Sealer::null(),
            version: ProtocolVersion::TLS1_0,
            max_fragment: MAX_FRAGMENT,
            flight: Vec::new(),
            queue: Vec::new(),
        }
    }

    /// The most bytes of plaintext in a record from here on; kept within 1 and 16384.
    pub(crate) fn set_max_fragment(&mut self, most: usize) {
        self.max_fragment = most.clamp(1, MAX_FRAGMENT);
    }

    /// A handshake message, to go under the present keys; coalesced with its neighbours.
    pub(crate) fn handshake(&mut self, raw: &[u8]) {
        self.flight.extend_from_slice(raw);
    }

    /// Seals what waits in the flight.
    ///
    /// # Errors
    /// [`Limit::Records`] if the keys are used up, [`ErrorKind::Crypto`] if sealing fails.
    pub(crate) fn flush(&mut self, watch: &mut Watch) -> Result<(), Error> {
        let flight = mem::take(&mut self.flight);
        let records = flight.len().div_ceil(self.max_fragment);
        self.queue.reserve(flight.len() + records * self.keys.overhead());
        for fragment in flight.chunks(self.max_fragment) {
            record(&mut self.keys, ContentType::HANDSHAKE, self.version, fragment, &mut self.queue, watch)?;
        }
        Ok(())
    }

    /// A ChangeCipherSpec record, after flushing.
    ///
    /// # Errors
    /// As [`Writer::flush`].
    pub(crate) fn change_cipher_spec(&mut self, watch: &mut Watch) -> Result<(), Error> {
        self.flush(watch)?;
        record(&mut self.keys, ContentType::CHANGE_CIPHER_SPEC, self.version, &[1], &mut self.queue, watch)
    }

    /// An alert, after flushing.
    ///
    /// # Errors
    /// As [`Writer::flush`].
    pub(crate) fn alert(&mut self, alert: Alert, watch: &mut Watch) -> Result<(), Error> {
        self.flush(watch)?;
        record(&mut self.keys, ContentType::ALERT, self.version, &alert.to_bytes(), &mut self.queue, watch)
    }

    /// New keys, after flushing.
    ///
    /// # Errors
    /// As [`Writer::flush`].
    pub(crate) fn install(&mut self, keys: Sealer, watch: &mut Watch) -> Result<(), Error> {
        self.flush(watch)?;
        self.keys = keys;
        Ok(())
    }

    /// Seals application data behind whatever waits in the queue, appending all to `out`. Takes all of `plaintext`.
    ///
    /// # Errors
    /// [`Limit::Records`] if the keys are not good for so much; nothing was then done. Else as [`Writer::flush`].
    pub(crate) fn data(&mut self, plaintext: &[u8], out: &mut Vec<u8>, watch: &mut Watch) -> Result<(), Error> {
        let split = usize::from(self.keys.splits()).min(plaintext.len());
        let (first, rest) = plaintext.split_at(split);
        let records = split + rest.len().div_ceil(self.max_fragment);
        if records as u64 > self.keys.left() {
            return Err(ErrorKind::TooMuch(Limit::Records).into());
        }
        self.flush(watch)?;
        self.transmit(out);
        out.reserve(plaintext.len() + records * self.keys.overhead());
        for fragment in first.chunks(1).chain(rest.chunks(self.max_fragment)) {
            record(&mut self.keys, ContentType::APPLICATION_DATA, self.version, fragment, out, watch)?;
        }
        Ok(())
    }

    /// Moves the queue to `out`, and gives its memory back.
    pub(crate) fn transmit(&mut self, out: &mut Vec<u8>) {
        let queue = mem::take(&mut self.queue);
        if out.capacity() == 0 {
            *out = queue;
        } else {
            out.extend_from_slice(&queue);
        }
    }

    /// Whether something waits in the queue.
    pub(crate) fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether records are protected now.
    pub(crate) fn protects(&self) -> bool {
        self.keys.protects()
    }

    /// Records sealed under the present keys.
    pub(crate) fn sequence(&self) -> u64 {
        self.keys.sequence()
    }

    /// Whether the present keys come to their end, and a KeyUpdate is due (RFC 9846 5.5).
    pub(crate) fn is_worn(&self) -> bool {
        self.keys.left() < WORN
    }
}

/// Seals one record to the end of `out`, and tells of it.
fn record(
    keys: &mut Sealer,
    content: ContentType,
    version: ProtocolVersion,
    plaintext: &[u8],
    out: &mut Vec<u8>,
    watch: &mut Watch,
) -> Result<(), Error> {
    let start = out.len();
    let protected = keys.seal(content, version, plaintext, out)?;
    if let Some([outer, major, minor, high, low, ..]) = out.get(start..) {
        watch.see(Trace::Record {
            direction: Direction::Sent,
            outer: ContentType(*outer),
            content,
            version: ProtocolVersion(u16::from_be_bytes([*major, *minor])),
            length: usize::from(u16::from_be_bytes([*high, *low])),
            protected,
        });
    }
    Ok(())
}

//! Fragmenting, sealing, framing, into the engine's queue or the caller's buffer.

use super::Sealer;
use crate::alert::Alert;
use crate::error::Error;
use crate::trace::Watch;
use crate::wire::numbers::ProtocolVersion;

/// The sending half.
pub(crate) struct Writer {
    keys: Sealer,
    sequence: u64,
    /// The version in headers: TLS 1.0 in a first ClientHello, the agreed one, TLS 1.2 in TLS 1.3.
    pub(crate) version: ProtocolVersion,
    /// The most bytes of plaintext in a record.
    pub(crate) max_fragment: usize,
    /// Handshake messages that wait to share records.
    flight: Vec<u8>,
    /// Sealed records that wait to be transmitted.
    queue: Vec<u8>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        todo!()
    }
    /// The most bytes of plaintext in a record from here on; kept within 1 and 16384.
    pub(crate) fn set_max_fragment(&mut self, most: usize) {
        self.max_fragment = most.clamp(1, super::MAX_FRAGMENT);
    }
    /// A handshake message, to go under the present keys; coalesced with its neighbours.
    pub(crate) fn handshake(&mut self, _raw: &[u8]) {
        todo!()
    }
    /// Seals what waits in the flight.
    pub(crate) fn flush(&mut self, _: &mut Watch) -> Result<(), Error> {
        todo!()
    }
    /// A ChangeCipherSpec record, after flushing.
    pub(crate) fn change_cipher_spec(&mut self, _: &mut Watch) -> Result<(), Error> {
        todo!()
    }
    /// An alert, after flushing.
    pub(crate) fn alert(&mut self, _: Alert, _: &mut Watch) -> Result<(), Error> {
        todo!()
    }
    /// New keys, after flushing.
    pub(crate) fn install(&mut self, _: Sealer, _: &mut Watch) -> Result<(), Error> {
        todo!()
    }
    /// Seals application data behind whatever waits in the queue, appending all to `out`. Takes all of `plaintext`.
    pub(crate) fn data(&mut self, _plaintext: &[u8], _out: &mut Vec<u8>, _: &mut Watch) -> Result<(), Error> {
        todo!()
    }
    /// Moves the queue to `out`.
    pub(crate) fn transmit(&mut self, _out: &mut Vec<u8>) {
        todo!()
    }
    /// Whether something waits in the queue.
    pub(crate) fn has_queued(&self) -> bool {
        todo!()
    }
    /// Whether records are protected now.
    pub(crate) fn protects(&self) -> bool {
        todo!()
    }
    /// Records sealed under the present keys.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }
}

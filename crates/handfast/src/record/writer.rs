//! Fragmenting, sealing, framing, into the engine's queue or the caller's buffer.

use super::{MAX_FRAGMENT, Sealer};
use crate::alert::{Alert, AlertDescription, AlertLevel};
use crate::config::RecordPadding;
use crate::error::{Error, ErrorKind, Limit};
use crate::trace::{Direction, Trace, Watch};
use crate::wire::numbers::{ContentType, ProtocolVersion};
use std::mem;
use std::sync::Arc;

/// With so few records left under the keys it is time for new ones: 16 GiB of full records.
const WORN: u64 = 1 << 20;

/// The sending half.
pub(crate) struct Writer {
    keys: Sealer,
    /// The version in headers: TLS 1.0 in a first ClientHello, the agreed one, TLS 1.2 in TLS 1.3.
    pub(crate) version: ProtocolVersion,
    /// The most bytes of plaintext in a record.
    max_fragment: usize,
    /// The same where it is protected, by the peer's record_size_limit (RFC 8449 4).
    limit: usize,
    /// How much TLS 1.3 records are padded.
    padding: Option<Arc<dyn RecordPadding>>,
    /// Handshake messages that wait to share records.
    flight: Vec<u8>,
    /// Sealed records that wait to be transmitted.
    queue: Vec<u8>,
    /// close_notify or a fatal alert is sealed: nothing may follow it.
    closed: bool,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self {
            keys: Sealer::null(),
            version: ProtocolVersion::TLS1_0,
            max_fragment: MAX_FRAGMENT,
            limit: MAX_FRAGMENT,
            padding: None,
            flight: Vec::new(),
            queue: Vec::new(),
            closed: false,
        }
    }

    /// The most bytes of plaintext in a record from here on; kept within 1 and 16384.
    pub(crate) fn set_max_fragment(&mut self, most: usize) {
        self.max_fragment = most.clamp(1, MAX_FRAGMENT);
    }

    /// The most bytes of content and padding that the peer takes in a protected record.
    pub(crate) fn limit(&mut self, most: usize) {
        self.limit = most.max(1);
    }

    /// How much TLS 1.3 records are padded from here on.
    pub(crate) fn pad(&mut self, padding: Option<Arc<dyn RecordPadding>>) {
        self.padding = padding;
    }

    /// Records are not padded from here on. Gives how they were.
    pub(crate) fn take_padding(&mut self) -> Option<Arc<dyn RecordPadding>> {
        self.padding.take()
    }

    /// The most bytes of content in a record under the present keys.
    fn most(&self) -> usize {
        match self.keys.protects() {
            true => self.max_fragment.min(self.limit),
            false => self.max_fragment,
        }
    }

    /// By how many bytes so much content is padded.
    fn padding(&self, content: ContentType, length: usize) -> usize {
        match &self.padding {
            Some(padding) if self.keys.pads() => {
                padding.padded(content, length).min(self.most()).saturating_sub(length)
            }
            _ => 0,
        }
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
        let most = self.most();
        self.queue.reserve(flight.len() + flight.len().div_ceil(most) * self.keys.overhead());
        for fragment in flight.chunks(most) {
            self.record(ContentType::HANDSHAKE, fragment, watch)?;
        }
        Ok(())
    }

    /// A ChangeCipherSpec record, after flushing.
    ///
    /// # Errors
    /// As [`Writer::flush`].
    pub(crate) fn change_cipher_spec(&mut self, watch: &mut Watch) -> Result<(), Error> {
        self.flush(watch)?;
        watch.see(Trace::ChangeCipherSpec { direction: Direction::Sent });
        self.record(ContentType::CHANGE_CIPHER_SPEC, &[1], watch)
    }

    /// An alert, after flushing; none once the writer is closed.
    ///
    /// # Errors
    /// As [`Writer::flush`].
    pub(crate) fn alert(&mut self, alert: Alert, watch: &mut Watch) -> Result<(), Error> {
        if self.closed {
            return Ok(());
        }
        self.closed = alert.level == AlertLevel::Fatal || alert.description == AlertDescription::CLOSE_NOTIFY;
        self.flush(watch)?;
        watch.see(Trace::Alert { direction: Direction::Sent, alert });
        self.record(ContentType::ALERT, &alert.to_bytes(), watch)
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
        // Where an IV can be foreseen, the first byte of each fragment goes alone (RFC 7457 2.3).
        let alone = usize::from(self.keys.splits());
        let parts = |f| <[u8]>::split_at_checked(f, alone).map_or([f, &[]], |(first, rest)| [first, rest]);
        let fragments = plaintext.chunks(self.most()).flat_map(parts).filter(|f| !f.is_empty());
        let records = fragments.clone().count();
        let data = ContentType::APPLICATION_DATA;
        if !self.keys.is_good_for(fragments.clone().map(|f| f.len() + self.padding(data, f.len()))) {
            return Err(ErrorKind::TooMuch(Limit::Records).into());
        }
        self.flush(watch)?;
        self.transmit(out);
        out.reserve(plaintext.len() + records * self.keys.overhead());
        for fragment in fragments {
            let padding = self.padding(data, fragment.len());
            record(&mut self.keys, data, self.version, fragment, padding, out, watch)?;
        }
        Ok(())
    }

    /// Seals one record into the queue.
    fn record(&mut self, content: ContentType, plaintext: &[u8], watch: &mut Watch) -> Result<(), Error> {
        let padding = self.padding(content, plaintext.len());
        record(&mut self.keys, content, self.version, plaintext, padding, &mut self.queue, watch)
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

    /// Whether close_notify or a fatal alert was the last thing to say.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// From here on the keys are good for so many records of data.
    #[cfg(test)]
    pub(crate) fn wear(&mut self, left: u64) {
        self.keys.set_left(left);
    }

    /// Records sealed under the present keys.
    pub(crate) fn sequence(&self) -> u64 {
        self.keys.sequence()
    }

    /// Whether the present keys come to their end before, or soon after, so many bytes of data: a KeyUpdate is due
    /// (RFC 9846 5.5).
    pub(crate) fn is_worn(&self, bytes: usize) -> bool {
        self.keys.left() < WORN.max(bytes.div_ceil(self.most()) as u64)
    }
}

/// Seals one record to the end of `out`, and tells of it.
fn record(
    keys: &mut Sealer,
    content: ContentType,
    version: ProtocolVersion,
    plaintext: &[u8],
    padding: usize,
    out: &mut Vec<u8>,
    watch: &mut Watch,
) -> Result<(), Error> {
    let start = out.len();
    let protected = keys.seal_padded(content, version, plaintext, padding, out)?;
    watch.sent(protected, content, plaintext.len(), out.get(start..).unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::protect::tests::{classic, protections, tls13};
    use super::super::{HEADER, HeaderVersion, Opener, Reader};
    use super::*;
    use crate::alert::AlertDescription;
    use crate::trace::Inside;
    use crate::wire::CipherSuite;
    use std::sync::Mutex;

    const GCM13: CipherSuite = CipherSuite::TLS_AES_128_GCM_SHA256;

    fn watch() -> Watch {
        Watch::default()
    }

    fn transmit(writer: &mut Writer) -> Vec<u8> {
        let mut out = Vec::new();
        writer.transmit(&mut out);
        out
    }

    /// The content types and bodies of these records.
    fn read(opener: Opener, mut records: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let (mut reader, mut out) = (Reader::new(), Vec::new());
        reader.header_version = HeaderVersion::Ignored;
        reader.install(opener);
        while let Some(n) = reader.frame(records).unwrap() {
            let mut record = records[..n].to_vec();
            let opened = reader.open(&mut record).unwrap();
            out.push((opened.content.0, opened.body.to_vec()));
            records = &records[n..];
        }
        assert!(records.is_empty());
        out
    }

    fn joined(records: &[(u8, Vec<u8>)]) -> Vec<u8> {
        records.iter().flat_map(|(_, body)| body.clone()).collect()
    }

    #[test]
    fn messages_share_records_up_to_the_largest_fragment() {
        let messages = [&[1; 37][..], &[2; 4], &[3; 60]];
        for most in 1..=20 {
            let mut writer = Writer::new();
            writer.set_max_fragment(most);
            messages.iter().for_each(|m| writer.handshake(m));
            assert!(!writer.has_queued(), "nothing goes before it is flushed");
            writer.flush(&mut watch()).unwrap();
            assert!(writer.has_queued());
            let records = read(Opener::null(), &transmit(&mut writer));
            assert_eq!(records.len(), 101_usize.div_ceil(most));
            assert!(records.iter().all(|(kind, body)| *kind == 22 && (1..=most).contains(&body.len())));
            assert_eq!(joined(&records), messages.concat());
        }
    }

    #[test]
    fn the_largest_fragment_is_kept_within_its_bounds() {
        let mut writer = Writer::new();
        for (asked, kept) in [(0, 1), (1, 1), (512, 512), (MAX_FRAGMENT + 1, MAX_FRAGMENT), (usize::MAX, MAX_FRAGMENT)]
        {
            writer.set_max_fragment(asked);
            assert_eq!(writer.max_fragment, kept);
        }
    }

    #[test]
    fn data_is_cut_into_full_fragments_by_every_protection() {
        for most in [1, 7, MAX_FRAGMENT] {
            for pair in protections() {
                for n in [0, 1, 2, most, most + 1, 3 * most + 5] {
                    let mut writer = Writer { version: pair.version, ..Writer::new() };
                    writer.set_max_fragment(most);
                    let fresh = protections().into_iter().find(|p| p.name == pair.name).unwrap();
                    writer.install(fresh.sealer, &mut watch()).unwrap();
                    let (plaintext, mut out) = (vec![9; n], Vec::new());
                    writer.data(&plaintext, &mut out, &mut watch()).unwrap();
                    let full = plaintext.chunks(most).map(<[u8]>::len);
                    let lengths: Vec<_> = match writer.keys.splits() {
                        true => full.flat_map(|n| [1, n - 1]).filter(|n| *n > 0).collect(),
                        false => full.collect(),
                    };
                    assert!(out.len() <= n + lengths.len() * writer.keys.overhead());
                    let records = read(fresh.opener, &out);
                    assert!(records.iter().all(|(kind, _)| *kind == 23));
                    assert_eq!(
                        records.iter().map(|(_, body)| body.len()).collect::<Vec<_>>(),
                        lengths,
                        "{}",
                        pair.name
                    );
                    assert_eq!(joined(&records), plaintext, "{}", pair.name);
                }
            }
        }
    }

    #[test]
    fn all_goes_in_the_order_in_which_it_was_said() {
        let mut pair = tls13(GCM13);
        let mut writer = Writer { version: ProtocolVersion::TLS1_2, ..Writer::new() };
        writer.handshake(b"hello");
        writer.change_cipher_spec(&mut watch()).unwrap();
        writer.handshake(b"last bare");
        writer.install(mem::replace(&mut pair.sealer, Sealer::null()), &mut watch()).unwrap();
        assert!(writer.protects());
        let bare = transmit(&mut writer);
        assert_eq!(read(Opener::null(), &bare), [(22, b"hello".to_vec()), (20, vec![1]), (22, b"last bare".to_vec())]);
        writer.handshake(b"first sealed");
        writer.change_cipher_spec(&mut watch()).unwrap();
        writer.alert(Alert::warning(AlertDescription::USER_CANCELED), &mut watch()).unwrap();
        writer.handshake(b"KeyUpdate");
        let mut out = b"before".to_vec();
        writer.data(b"data", &mut out, &mut watch()).unwrap();
        assert_eq!(out[..6], *b"before");
        assert_eq!(
            read(pair.opener, &out[6..]),
            [
                (22, b"first sealed".to_vec()),
                (20, vec![1]),
                (21, vec![1, 90]),
                (22, b"KeyUpdate".to_vec()),
                (23, b"data".to_vec())
            ]
        );
        assert_eq!(writer.sequence(), 4, "ChangeCipherSpec does not count");
    }

    #[test]
    fn the_header_has_the_version_of_its_time() {
        let mut writer = Writer::new();
        writer.handshake(b"ClientHello");
        writer.flush(&mut watch()).unwrap();
        writer.version = ProtocolVersion::TLS1_2;
        writer.handshake(b"ClientHello again");
        writer.flush(&mut watch()).unwrap();
        let out = transmit(&mut writer);
        assert_eq!((&out[..3], &out[HEADER + 11..][..3]), (&[22, 3, 1][..], &[22, 3, 3][..]));
    }

    #[test]
    fn keys_that_are_used_up_say_so_in_time() {
        let with_left = |writer: &mut Writer, left: u64| {
            let mut pair = tls13(GCM13);
            pair.sealer.set_left(left);
            writer.install(pair.sealer, &mut watch()).unwrap();
        };
        let mut writer = Writer::new();
        let mut out = Vec::new();
        with_left(&mut writer, WORN);
        assert!(!writer.is_worn(1));
        writer.data(b"x", &mut out, &mut watch()).unwrap();
        assert!(writer.is_worn(1));

        with_left(&mut writer, 1);
        out.clear();
        let e = writer.data(&[0; MAX_FRAGMENT + 1], &mut out, &mut watch()).unwrap_err();
        assert_eq!((e.kind(), out.len()), (&ErrorKind::TooMuch(Limit::Records), 0), "all or nothing");
        writer.data(&[0; MAX_FRAGMENT], &mut out, &mut watch()).unwrap();
        assert!(writer.data(b"x", &mut out, &mut watch()).is_err());
        // Still it can say so, or change its keys.
        writer.handshake(b"KeyUpdate");
        writer.alert(Alert::warning(AlertDescription::CLOSE_NOTIFY), &mut watch()).unwrap();
        writer.install(tls13(GCM13).sealer, &mut watch()).unwrap();
        writer.data(b"x", &mut out, &mut watch()).unwrap();
        assert!(!writer.is_worn(1) && !Writer::new().is_worn(1));
    }

    #[test]
    fn every_record_is_told() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        let mut watch = Watch::of(Some(Box::new(move |trace: &Trace<'_>| {
            if let Trace::Record { direction: Direction::Sent, outer, version, length, protected, inside, raw } = *trace
            {
                let Inside::Content { kind, length: inner } = inside else { panic!("{trace:?}") };
                assert_eq!(raw.len(), HEADER + length);
                sink.lock().unwrap().push((outer.0, kind.0, version.0, length, inner, protected));
            }
        })));
        let mut writer = Writer::new();
        writer.handshake(b"hello");
        writer.flush(&mut watch).unwrap();
        writer.version = ProtocolVersion::TLS1_2;
        writer.install(tls13(GCM13).sealer, &mut watch).unwrap();
        writer.change_cipher_spec(&mut watch).unwrap();
        writer.alert(Alert::fatal(AlertDescription::DECODE_ERROR), &mut watch).unwrap();
        writer.data(b"data", &mut Vec::new(), &mut watch).unwrap();
        writer.install(classic(CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256, false, false).sealer, &mut watch).unwrap();
        writer.change_cipher_spec(&mut watch).unwrap();
        assert_eq!(
            *seen.lock().unwrap(),
            [
                (22, 22, 0x0301, 5, 5, false),
                (20, 20, 0x0303, 1, 1, false),
                (23, 21, 0x0303, 19, 2, true),
                (23, 23, 0x0303, 21, 4, true),
                (20, 20, 0x0303, 25, 1, true),
            ]
        );
    }

    #[test]
    fn an_idle_writer_owns_no_memory() {
        let mut writer = Writer::new();
        writer.handshake(&[0; 1000]);
        writer.flush(&mut watch()).unwrap();
        let mut out = Vec::with_capacity(10);
        writer.transmit(&mut out);
        assert_eq!((out.len(), writer.flight.capacity(), writer.queue.capacity()), (1000 + HEADER, 0, 0));
        writer.flush(&mut watch()).unwrap();
        writer.data(b"data", &mut out, &mut watch()).unwrap();
        assert!(!writer.has_queued());
        assert_eq!((writer.flight.capacity(), writer.queue.capacity()), (0, 0));
    }
}

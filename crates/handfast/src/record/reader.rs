//! Deframing and opening, in place.

use super::guess::is_tls;
use super::sslv2::{self, First, Sslv2};
use super::{HEADER, MAX_FRAGMENT, Opener};
use crate::error::{Error, ErrorKind};
use crate::trace::Inside;
use crate::wire::numbers::{ContentType, ProtocolVersion};
use crate::wire::{Malformed, Problem};

/// What the header's version must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderVersion {
    /// Nothing is agreed: any 3.x.
    Any,
    /// Agreed: exactly this (up to TLS 1.2).
    Exactly(ProtocolVersion),
    /// TLS 1.3: ignored, as RFC 9846 5.1 says.
    Ignored,
}

/// What the protection of TLS 1.3 adds to a record of early data: content type and tag. Only the data counts (RFC 9846 4.7.1).
const AROUND: usize = 1 + 16;

/// An opened record.
pub(crate) struct Opened<'b> {
    /// The type of the content.
    pub(crate) content: ContentType,
    /// Whether it was protected.
    pub(crate) protected: bool,
    /// Early data that was not accepted: it could not be opened, and is to be dropped.
    pub(crate) skipped: bool,
    /// The content, in the caller's buffer.
    pub(crate) body: &'b mut [u8],
}

impl Opened<'_> {
    /// What the trace says of it.
    pub(crate) fn inside(&self) -> Inside {
        match self.skipped {
            true => Inside::Dropped,
            false => Inside::Content { kind: self.content, length: self.body.len() },
        }
    }
}

/// The receiving half.
pub(crate) struct Reader {
    keys: Opener,
    armed: Option<Opener>,
    pub(crate) header_version: HeaderVersion,
    /// What is done with a ClientHello in SSL 2.0's form, if the stream begins with one.
    pub(crate) sslv2: Sslv2,
    /// A whole header was seen: what comes is TLS, if perhaps bad TLS.
    begun: bool,
    /// A protected record was opened: both sides have the same keys.
    opened: bool,
    /// How many bytes of early data may still be skipped.
    skip: usize,
    /// The most bytes of content and padding in a protected record, whatever the keys.
    most: usize,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self {
            keys: Opener::null(),
            armed: None,
            header_version: HeaderVersion::Any,
            sslv2: Sslv2::Unknown,
            begun: false,
            opened: false,
            skip: 0,
            most: MAX_FRAGMENT,
        }
    }

    /// The whole length of the record at the front of `input`, header included; `None` if more bytes are needed. What is
    /// wrong with a header is told at the first byte that shows it.
    ///
    /// # Errors
    /// [`ErrorKind::NotTls`] if the stream does not begin with a record, [`ErrorKind::UnexpectedRecord`] if the type is none,
    /// [`ErrorKind::RecordVersion`] by [`HeaderVersion`], [`ErrorKind::RecordOverflow`] by the length, [`ErrorKind::Sslv2Hello`] by
    /// [`Sslv2`].
    pub(crate) fn frame(&mut self, input: &[u8]) -> Result<Option<usize>, Error> {
        if !self.begun && self.sslv2 != Sslv2::Unknown {
            match sslv2::look(input) {
                First::Perhaps => return Ok(None),
                First::Hello { version, .. } if self.sslv2 == Sslv2::Refused || version < ProtocolVersion::SSL3_0 => {
                    return Err(ErrorKind::Sslv2Hello(version).into());
                }
                First::Hello { length, .. } if length < sslv2::LEAST => {
                    return Err(Malformed { field: "length", at: 0, problem: Problem::Length }.into());
                }
                First::Hello { length, .. } if length > sslv2::MOST => return Err(ErrorKind::RecordOverflow.into()),
                First::Hello { length, .. } => {
                    return Ok((input.len() >= sslv2::HEADER + length).then_some(sslv2::HEADER + length));
                }
                First::Other => {}
            }
        }
        if !self.begun && !is_tls(input).map_err(ErrorKind::NotTls)? {
            return Ok(None);
        }
        if let Some(got) = input.first().map(|b| ContentType(*b))
            && !(ContentType::CHANGE_CIPHER_SPEC..=ContentType::APPLICATION_DATA).contains(&got)
        {
            return Err(ErrorKind::UnexpectedRecord { got, expected: "one of the four content types" }.into());
        }
        if let [kind, major, minor, ..] = *input {
            let got = ProtocolVersion(u16::from_be_bytes([major, minor]));
            let expected = match self.header_version {
                HeaderVersion::Ignored => got,
                HeaderVersion::Any if major == 3 => got,
                HeaderVersion::Any => ProtocolVersion::TLS1_2,
                // A client that gives up before it has our ServerHello cannot know what it agrees to.
                HeaderVersion::Exactly(_) if major == 3 && kind == ContentType::ALERT.0 && !self.keys.protects() => got,
                HeaderVersion::Exactly(agreed) => agreed,
            };
            if got != expected {
                return Err(ErrorKind::RecordVersion { got, expected }.into());
            }
        }
        let [_, _, _, high, low, ..] = *input else { return Ok(None) };
        self.begun = true;
        let length = usize::from(u16::from_be_bytes([high, low]));
        // Early data that is skipped is protected, even where nothing else is.
        let most = if self.skip > 0 { MAX_FRAGMENT + 256 } else { self.keys.max_fragment() };
        if length > most {
            return Err(ErrorKind::RecordOverflow.into());
        }
        Ok((input.len() >= HEADER + length).then_some(HEADER + length))
    }

    /// The message, if this is a stream's first record and holds a ClientHello in SSL 2.0's form. What follows has TLS's.
    pub(crate) fn sslv2_hello<'b>(&mut self, record: &'b [u8]) -> Option<&'b [u8]> {
        let is = !self.begun && matches!(sslv2::look(record), First::Hello { .. });
        self.begun = true;
        record.get(sslv2::HEADER..).filter(|_| is)
    }

    /// Opens one whole record in place. In TLS 1.3 a ChangeCipherSpec is never protected and comes out as it is; so does an alert
    /// of a peer that has failed before it had the keys.
    ///
    /// # Errors
    /// Those of the keys: see [`Opener::open`].
    pub(crate) fn open<'b>(&mut self, record: &'b mut [u8]) -> Result<Opened<'b>, Error> {
        let Some((header, fragment)) = record.split_first_chunk_mut::<HEADER>() else {
            return Err(ErrorKind::BadRecordMac.into());
        };
        let (outer, length) = (ContentType(header[0]), fragment.len());
        let protected = self.keys.protects() && !self.passes(outer, length);
        let opened = match protected {
            true => self.keys.open(header, fragment),
            false => Ok((outer, 0..length)),
        };
        let unreadable = match &opened {
            Ok(_) => !protected,
            Err(error) => *error.kind() == ErrorKind::BadRecordMac,
        };
        let mut out = Opened { content: outer, protected, skipped: false, body: &mut [] };
        if outer == ContentType::APPLICATION_DATA
            && unreadable
            && let Some(left) = self.skip.checked_sub(length.saturating_sub(AROUND).max(1))
        {
            self.skip = left;
            return Ok(Opened { protected: true, skipped: true, ..out });
        }
        let (content, range) = opened?;
        // The first record that is not early data ends it; a disguise is none.
        if content != ContentType::CHANGE_CIPHER_SPEC {
            self.skip = 0;
        }
        self.opened |= protected;
        out.content = content;
        out.body = fragment.get_mut(range).ok_or(ErrorKind::BadRecordMac)?;
        Ok(out)
    }

    /// Whether a record passes as it is although there are keys. A peer that refuses our ServerHello has none to seal its
    /// alert with. Once a record was opened no alert passes, or anyone could end the stream with a close_notify.
    fn passes(&self, outer: ContentType, length: usize) -> bool {
        self.keys.is_tls13()
            && match outer {
                ContentType::CHANGE_CIPHER_SPEC => true,
                ContentType::ALERT => !self.opened && length == 2,
                _ => false,
            }
    }

    /// New keys at once.
    pub(crate) fn install(&mut self, mut keys: Opener) {
        keys.limit(self.most);
        self.keys = keys;
    }

    /// From here on a protected record may have so many bytes of content, and in TLS 1.3 of padding, at most: what we have said
    /// in record_size_limit.
    pub(crate) fn limit(&mut self, most: usize) {
        self.most = most;
        self.keys.limit(most);
    }

    /// The present keys are not bound by that: whoever seals with them did not know of it.
    pub(crate) fn lift_limit(&mut self) {
        self.keys.limit(MAX_FRAGMENT);
    }

    /// New keys at the next ChangeCipherSpec.
    pub(crate) fn arm(&mut self, keys: Opener) {
        self.armed = Some(keys);
    }

    /// Whether keys are armed: then only ChangeCipherSpec or an alert may come.
    pub(crate) fn is_armed(&self) -> bool {
        self.armed.is_some()
    }

    /// The ChangeCipherSpec came: false if none was armed.
    pub(crate) fn change(&mut self) -> bool {
        let armed = self.armed.take();
        let changed = armed.is_some();
        if let Some(keys) = armed {
            self.install(keys);
        }
        changed
    }

    /// Early data was offered and is not accepted: records that cannot be opened are dropped until one can be, up to this
    /// many bytes (RFC 9846 4.3.10). Without keys, after a HelloRetryRequest, it is those of application_data.
    pub(crate) fn skip_early_data(&mut self, bytes: usize) {
        self.skip = bytes;
    }

    /// If any is dropped, then so much of it at least.
    pub(crate) fn skip_early_data_at_least(&mut self, bytes: usize) {
        if self.skip > 0 {
            self.skip = self.skip.max(bytes);
        }
    }

    /// Whether records are protected now.
    pub(crate) fn protects(&self) -> bool {
        self.keys.protects()
    }
}

#[cfg(test)]
mod tests {
    use super::super::protect::tests::{Pair, classic, protections, tls13};
    use super::*;
    use crate::error::NotTls;
    use crate::wire::CipherSuite;

    const GCM: CipherSuite = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;
    const GCM13: CipherSuite = CipherSuite::TLS_AES_128_GCM_SHA256;

    /// A reader that has seen a record.
    fn begun(header_version: HeaderVersion) -> Reader {
        Reader { begun: true, header_version, ..Reader::new() }
    }

    fn with_keys(opener: Opener) -> Reader {
        let mut reader = begun(HeaderVersion::Ignored);
        reader.install(opener);
        reader
    }

    fn sealed(pair: &mut Pair, content: ContentType, plaintext: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        pair.sealer.seal(content, pair.version, plaintext, &mut out).unwrap();
        out
    }

    /// Content type, body, whether it was protected, whether skipped.
    fn open(reader: &mut Reader, record: &[u8]) -> Result<(u8, Vec<u8>, bool, bool), ErrorKind> {
        let mut record = record.to_vec();
        let opened = reader.open(&mut record).map_err(|e| e.kind().clone())?;
        Ok((opened.content.0, opened.body.to_vec(), opened.protected, opened.skipped))
    }

    fn frame(reader: &mut Reader, input: &[u8]) -> Result<Option<usize>, ErrorKind> {
        reader.frame(input).map_err(|e| e.kind().clone())
    }

    #[test]
    fn a_record_may_come_byte_by_byte() {
        for (mut pair, n) in protections().into_iter().zip([0, 1, 2, 100, 1000].into_iter().cycle()) {
            let data = ContentType::APPLICATION_DATA;
            let stream = [sealed(&mut pair, data, &vec![7; n]), sealed(&mut pair, data, b"next")].concat();
            let mut reader = with_keys(pair.opener);
            let (mut input, mut bodies) = (Vec::new(), Vec::new());
            for byte in stream {
                input.push(byte);
                if let Some(length) = reader.frame(&input).unwrap() {
                    assert_eq!(length, input.len());
                    bodies.push(open(&mut reader, &input).unwrap().1);
                    input.clear();
                }
            }
            assert_eq!((bodies, input.len()), (vec![vec![7; n], b"next".to_vec()], 0), "{}", pair.name);
        }
    }

    #[test]
    fn only_the_first_record_is_framed() {
        let mut reader = Reader::new();
        assert_eq!(frame(&mut reader, &[22, 3, 1, 0, 2, 1, 2, 21, 3, 3]), Ok(Some(7)));
        assert_eq!(frame(&mut reader, &[21, 3, 3, 0, 0, 99, 99]), Ok(Some(5)));
    }

    #[test]
    fn too_long_a_record_is_refused_at_its_header() {
        let limits = [
            (Opener::null(), 16384),
            (classic(GCM, false, false).opener, 16384 + 2048),
            (classic(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA, true, true).opener, 16384 + 2048),
            (tls13(GCM13).opener, 16384 + 256),
        ];
        for (opener, most) in limits {
            let mut reader = with_keys(opener);
            let header = |n: u16| [&[23, 3, 3], &n.to_be_bytes()[..]].concat();
            let (fits, too_long) = (header(most), header(most + 1));
            assert_eq!(frame(&mut reader, &fits), Ok(None));
            assert_eq!(
                frame(&mut reader, &[fits, vec![0; most.into()]].concat()),
                Ok(Some(HEADER + usize::from(most)))
            );
            assert_eq!(frame(&mut reader, &too_long), Err(ErrorKind::RecordOverflow));
            assert_eq!(frame(&mut reader, &[23, 3, 3, 0xff, 0xff]), Err(ErrorKind::RecordOverflow));
        }
    }

    #[test]
    fn a_wrong_type_is_told_at_once() {
        for kind in 0..=255 {
            let told = frame(&mut begun(HeaderVersion::Any), &[kind]);
            match kind {
                20..=23 => assert_eq!(told, Ok(None)),
                _ => assert!(matches!(told, Err(ErrorKind::UnexpectedRecord { got, .. }) if got.0 == kind), "{kind}"),
            }
        }
    }

    #[test]
    fn the_version_is_any_3_x_then_the_agreed_one_then_nothing() {
        let told = |rule, version: u16| {
            let [major, minor] = version.to_be_bytes();
            frame(&mut begun(rule), &[22, major, minor]).err()
        };
        let wrong = |got, expected| Some(ErrorKind::RecordVersion { got: ProtocolVersion(got), expected });
        for version in [0x0300, 0x0301, 0x0303, 0x0304, 0x03ff] {
            assert_eq!(told(HeaderVersion::Any, version), None);
        }
        assert_eq!(told(HeaderVersion::Any, 0x0200), wrong(0x0200, ProtocolVersion::TLS1_2));
        let agreed = ProtocolVersion::TLS1_1;
        assert_eq!(told(HeaderVersion::Exactly(agreed), 0x0302), None);
        for version in [0x0301, 0x0303, 0x0402] {
            assert_eq!(told(HeaderVersion::Exactly(agreed), version), wrong(version, agreed));
        }
        assert_eq!(told(HeaderVersion::Ignored, 0xbadc), None);
        // An alert of one who does not know the agreed version, while there are no keys.
        let alert = |reader: &mut Reader, version: u16| {
            let [major, minor] = version.to_be_bytes();
            frame(reader, &[21, major, minor]).err()
        };
        let mut reader = begun(HeaderVersion::Exactly(agreed));
        assert_eq!((alert(&mut reader, 0x0301), alert(&mut reader, 0x0402)), (None, wrong(0x0402, agreed)));
        reader.install(classic(GCM, false, false).opener);
        assert_eq!(alert(&mut reader, 0x0301), wrong(0x0301, agreed));
    }

    #[test]
    fn what_is_not_tls_is_named_while_nothing_else_came() {
        let not_tls = |what| Err(ErrorKind::NotTls(what));
        assert_eq!(frame(&mut Reader::new(), b""), Ok(None));
        assert_eq!(frame(&mut Reader::new(), b"GE"), Ok(None));
        assert_eq!(frame(&mut Reader::new(), b"GET "), not_tls(NotTls::Http));
        assert_eq!(frame(&mut Reader::new(), b"SSH-"), not_tls(NotTls::Ssh));
        assert_eq!(frame(&mut Reader::new(), &[22, 2]), not_tls(NotTls::Unknown));
        assert_eq!(frame(&mut Reader::new(), &[0x80, 0x2e, 1, 3, 1]), not_tls(NotTls::Unknown));
        let version = ProtocolVersion::TLS1_0;
        let hello = [0x80, 9, 1, 3, 1, 0, 3, 0, 0, 0, 16, 9];
        let with = |sslv2| Reader { sslv2, ..Reader::new() };
        assert_eq!(frame(&mut with(Sslv2::Refused), &hello), Err(ErrorKind::Sslv2Hello(version)));
        let mut reader = with(Sslv2::Read);
        assert_eq!(frame(&mut reader, &hello[..4]), Ok(None));
        assert_eq!(frame(&mut reader, &hello), Ok(Some(11)));
        assert_eq!(reader.sslv2_hello(&hello[..11]), Some(&hello[2..11]));
        // Only as the first, and of no great length.
        assert!(matches!(frame(&mut reader, &hello), Err(ErrorKind::UnexpectedRecord { .. })));
        let none = Err(ErrorKind::Sslv2Hello(ProtocolVersion(2)));
        assert_eq!(frame(&mut with(Sslv2::Read), &[0x80, 0x2e, 1, 0, 2]), none);
        assert_eq!(frame(&mut with(Sslv2::Read), &[0x90, 1, 1, 3, 1]), Err(ErrorKind::RecordOverflow));
        assert_eq!(frame(&mut with(Sslv2::Read), &[0x80, 0x2e, 4, 3, 1]), not_tls(NotTls::Unknown));
        // Half a header may wait, and keeps its right to be named.
        let mut reader = Reader::new();
        for n in 0..5 {
            assert_eq!(frame(&mut reader, &[22, 3, 1, 0, 9][..n]), Ok(None));
        }
        assert_eq!(frame(&mut reader, &[22, 3, 1, 0, 9]), Ok(None));
        assert!(matches!(frame(&mut reader, b"GET "), Err(ErrorKind::UnexpectedRecord { .. })));
    }

    #[test]
    fn armed_keys_wait_for_the_change() {
        let mut pair = classic(GCM, false, false);
        let finished = sealed(&mut pair, ContentType::HANDSHAKE, b"Finished");
        let change = sealed(&mut pair, ContentType::CHANGE_CIPHER_SPEC, &[1]);
        let mut reader = begun(HeaderVersion::Any);
        assert!(!reader.change() && !reader.is_armed());
        reader.arm(pair.opener);
        assert!(reader.is_armed() && !reader.protects());
        assert_eq!(open(&mut reader, &[20, 3, 3, 0, 1, 1]), Ok((20, vec![1], false, false)));
        assert!(reader.change() && !reader.is_armed() && reader.protects());
        assert_eq!(open(&mut reader, &finished), Ok((22, b"Finished".to_vec(), true, false)));
        // In a renegotiation ChangeCipherSpec is protected like all else.
        assert_eq!(open(&mut reader, &change), Ok((20, vec![1], true, false)));
        assert_eq!(open(&mut reader, &[20, 3, 3, 0, 1, 1]), Err(ErrorKind::BadRecordMac));
    }

    #[test]
    fn tls13_lets_change_cipher_spec_pass() {
        let mut pair = tls13(GCM13);
        let (first, second) =
            (sealed(&mut pair, ContentType::HANDSHAKE, b"one"), sealed(&mut pair, ContentType::ALERT, &[1, 0]));
        let mut reader = with_keys(pair.opener);
        for body in [&[1][..], &[1, 1], &[]] {
            let record = [&[20, 3, 3, 0, body.len() as u8], body].concat();
            assert_eq!(open(&mut reader, &record), Ok((20, body.to_vec(), false, false)));
        }
        assert_eq!(open(&mut reader, &first), Ok((22, b"one".to_vec(), true, false)));
        assert_eq!(open(&mut reader, &[20, 3, 3, 0, 1, 1]), Ok((20, vec![1], false, false)));
        assert_eq!(open(&mut reader, &second), Ok((21, vec![1, 0], true, false)));
    }

    #[test]
    fn tls13_takes_bare_records_no_more() {
        let mut pair = tls13(GCM13);
        let record = sealed(&mut pair, ContentType::HANDSHAKE, b"one");
        let mut reader = with_keys(pair.opener);
        for bare in [&[22, 3, 3, 0, 4, 8, 0, 0, 0][..], &[23, 3, 3, 0, 0], &[21, 3, 3, 0, 3, 2, 40, 0]] {
            assert_eq!(open(&mut reader, bare), Err(ErrorKind::BadRecordMac), "{bare:?}");
        }
        // But for the alert of a peer that never came to have keys.
        let alert = [21, 3, 3, 0, 2, 2, 40];
        assert_eq!(open(&mut reader, &alert), Ok((21, vec![2, 40], false, false)));
        assert!(open(&mut reader, &record).is_ok());
        assert_eq!(open(&mut reader, &alert), Err(ErrorKind::BadRecordMac));
        reader.install(tls13(GCM13).opener);
        assert_eq!(open(&mut reader, &alert), Err(ErrorKind::BadRecordMac), "new keys make no difference");
    }

    /// Early data: the same record under keys that we do not have.
    fn early(len: u8) -> Vec<u8> {
        [vec![23, 3, 3, 0, len], vec![0x5a; len.into()]].concat()
    }

    #[test]
    fn early_data_is_skipped_until_a_record_opens() {
        let mut pair = tls13(GCM13);
        let finished = sealed(&mut pair, ContentType::HANDSHAKE, b"Finished");
        let mut reader = with_keys(pair.opener);
        reader.skip_early_data(100);
        for record in [early(47), early(0), early(34)] {
            assert_eq!(open(&mut reader, &record), Ok((23, vec![], true, true)));
        }
        assert_eq!(open(&mut reader, &[20, 3, 3, 0, 1, 1]), Ok((20, vec![1], false, false)));
        assert_eq!(open(&mut reader, &early(69)), Ok((23, vec![], true, true)));
        assert_eq!(open(&mut reader, &finished), Ok((22, b"Finished".to_vec(), true, false)));
        assert_eq!(open(&mut reader, &early(1)), Err(ErrorKind::BadRecordMac), "it has ended");
    }

    #[test]
    fn early_data_is_skipped_within_a_bound() {
        let mut reader = with_keys(tls13(GCM13).opener);
        reader.skip_early_data(100);
        // What protects it does not count.
        assert!(open(&mut reader, &early(60 + 17)).is_ok());
        assert_eq!(open(&mut reader, &early(41 + 17)), Err(ErrorKind::BadRecordMac));
        reader.skip_early_data_at_least(50);
        assert!(open(&mut reader, &early(50 + 17)).is_ok());
        // Empty ones count too.
        reader.skip_early_data(3);
        assert!((0..3).all(|_| open(&mut reader, &early(0)).is_ok()));
        assert_eq!(open(&mut reader, &early(0)), Err(ErrorKind::BadRecordMac));
    }

    #[test]
    fn early_data_is_skipped_without_keys_after_a_retry() {
        let mut reader = begun(HeaderVersion::Ignored);
        reader.skip_early_data(100);
        assert_eq!(frame(&mut reader, &[23, 3, 3, 0x41, 0]), Ok(None), "it is protected, and longer");
        assert_eq!(open(&mut reader, &early(60)), Ok((23, vec![], true, true)));
        assert_eq!(open(&mut reader, &[22, 3, 3, 0, 1, 1]), Ok((22, vec![1], false, false)));
        assert_eq!(frame(&mut reader, &[23, 3, 3, 0x41, 0]), Err(ErrorKind::RecordOverflow));
        assert_eq!(open(&mut reader, &early(2)), Ok((23, vec![0x5a, 0x5a], false, false)), "not dropped any more");
    }
}

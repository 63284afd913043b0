//! Deframing and opening, in place.

use super::guess::is_tls;
use super::{HEADER, MAX_FRAGMENT, Opener};
use crate::error::{Error, ErrorKind};
use crate::wire::numbers::{ContentType, ProtocolVersion};

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

/// An opened record.
pub(crate) struct Opened<'b> {
    /// The type of the content.
    pub(crate) content: ContentType,
    /// The type in the header.
    pub(crate) outer: ContentType,
    /// The version in the header.
    pub(crate) version: ProtocolVersion,
    /// The length in the header.
    pub(crate) length: usize,
    /// Whether it was protected.
    pub(crate) protected: bool,
    /// Early data that was not accepted: it could not be opened, and is to be dropped.
    pub(crate) skipped: bool,
    /// The content, in the caller's buffer.
    pub(crate) body: &'b mut [u8],
}

/// The receiving half.
pub(crate) struct Reader {
    keys: Opener,
    armed: Option<Opener>,
    pub(crate) header_version: HeaderVersion,
    /// A whole header was seen: what comes is TLS, if perhaps bad TLS.
    begun: bool,
    /// A protected record was opened: both sides have the same keys.
    opened: bool,
    /// How many bytes of early data may still be skipped.
    skip: usize,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self {
            keys: Opener::null(),
            armed: None,
            header_version: HeaderVersion::Any,
            begun: false,
            opened: false,
            skip: 0,
        }
    }

    /// The whole length of the record at the front of `input`, header included; `None` if more bytes are needed. What is
    /// wrong with a header is told at the first byte that shows it.
    ///
    /// # Errors
    /// [`ErrorKind::NotTls`] if the stream does not begin with a record, [`ErrorKind::UnexpectedRecord`] if the type is none,
    /// [`ErrorKind::RecordVersion`] by [`HeaderVersion`], [`ErrorKind::RecordOverflow`] by the length.
    pub(crate) fn frame(&mut self, input: &[u8]) -> Result<Option<usize>, Error> {
        if !self.begun && !is_tls(input).map_err(ErrorKind::NotTls)? {
            return Ok(None);
        }
        if let Some(got) = input.first().map(|b| ContentType(*b))
            && !(ContentType::CHANGE_CIPHER_SPEC..=ContentType::APPLICATION_DATA).contains(&got)
        {
            return Err(ErrorKind::UnexpectedRecord { got, expected: "one of the four content types" }.into());
        }
        if let [_, major, minor, ..] = *input {
            let got = ProtocolVersion(u16::from_be_bytes([major, minor]));
            let expected = match self.header_version {
                HeaderVersion::Ignored => got,
                HeaderVersion::Any if major == 3 => got,
                HeaderVersion::Any => ProtocolVersion::TLS1_2,
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

    /// Opens one whole record in place. In TLS 1.3 a ChangeCipherSpec is never protected and comes out as it is; so does an alert
    /// of a peer that has failed before it had the keys.
    ///
    /// # Errors
    /// Those of the keys: see [`Opener::open`].
    pub(crate) fn open<'b>(&mut self, record: &'b mut [u8]) -> Result<Opened<'b>, Error> {
        let Some((header, fragment)) = record.split_first_chunk_mut::<HEADER>() else {
            return Err(ErrorKind::BadRecordMac.into());
        };
        let [outer, major, minor, ..] = *header;
        let (outer, length) = (ContentType(outer), fragment.len());
        let version = ProtocolVersion(u16::from_be_bytes([major, minor]));
        let protected = self.keys.protects() && !self.passes(outer, length);
        let opened = match protected {
            true => self.keys.open(header, fragment),
            false => Ok((outer, 0..length)),
        };
        let unreadable = match &opened {
            Ok(_) => !protected,
            Err(error) => *error.kind() == ErrorKind::BadRecordMac,
        };
        let mut out = Opened { content: outer, outer, version, length, protected, skipped: false, body: &mut [] };
        if outer == ContentType::APPLICATION_DATA
            && unreadable
            && let Some(left) = self.skip.checked_sub(length.max(1))
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
    pub(crate) fn install(&mut self, keys: Opener) {
        self.keys = keys;
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

    /// Whether records are protected now.
    pub(crate) fn protects(&self) -> bool {
        self.keys.protects()
    }
}

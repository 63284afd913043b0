//! As much of a certificate as every handshake needs, read in one pass without allocation: its key, and what the key is for.
//!
//! Errors are just `None`: that a certificate is malformed is found out, and said, by those who judge it.

/// Tags of DER (X.690 8.1.2).
pub(super) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const EXPLICIT_0: u8 = 0xA0;
    pub(crate) const EXPLICIT_3: u8 = 0xA3;
}

/// Reads values one after the other.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

/// A value.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// With tag and length.
    pub(super) whole: &'a [u8],
}

impl<'a> Der<'a> {
    /// The next value of whatever tag. Lengths are definite, below 16 MiB, and need not be the shortest: strictness is left to
    /// those who judge.
    fn any(&mut self) -> Option<Value<'a>> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        let (len, rest) = match first {
            ..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (len, rest) = rest.split_at_checked(usize::from(first & 3))?;
                (len.iter().fold(0, |n, b| n << 8 | usize::from(*b)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(len)?;
        let whole = self.0.get(..self.0.len() - rest.len())?;
        self.0 = rest;
        Some(Value { tag, content, whole })
    }

    /// The next value, which must have this tag.
    pub(super) fn next(&mut self, tag: u8) -> Option<Value<'a>> {
        self.any().filter(|v| v.tag == tag)
    }

    /// The next value if it has this tag; otherwise it stays.
    fn optional(&mut self, tag: u8) -> Option<Value<'a>> {
        let mut ahead = *self;
        let value = ahead.next(tag)?;
        *self = ahead;
        Some(value)
    }
}

/// The fields of a certificate (RFC 5280 4.1), as ranges of its bytes.
pub(super) struct Certificate<'a> {
    /// The content of the INTEGER.
    pub(super) serial: &'a [u8],
    /// The Name, whole.
    pub(super) issuer: &'a [u8],
    /// The Name, whole.
    pub(super) subject: &'a [u8],
    /// The SubjectPublicKeyInfo, whole.
    pub(super) spki: &'a [u8],
    /// The content of the list; empty if there is none.
    extensions: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let outer = Der(der).next(tag::SEQUENCE)?;
        let mut tbs = Der(Der(outer.content).next(tag::SEQUENCE)?.content);
        tbs.optional(tag::EXPLICIT_0);
        let serial = tbs.next(tag::INTEGER)?.content;
        tbs.next(tag::SEQUENCE)?; // signature
        let issuer = tbs.next(tag::SEQUENCE)?.whole;
        tbs.next(tag::SEQUENCE)?; // validity
        let subject = tbs.next(tag::SEQUENCE)?.whole;
        let spki = tbs.next(tag::SEQUENCE)?.whole;
        let mut extensions: &[u8] = &[];
        while let Some(value) = tbs.any() {
            if value.tag == tag::EXPLICIT_3 {
                extensions = Der(value.content).next(tag::SEQUENCE)?.content;
            }
        }
        Some(Self { serial, issuer, subject, spki, extensions })
    }

    /// The value of the first extension with this OID (its content, not its dotted form).
    pub(super) fn extension(&self, oid: &[u8]) -> Option<&'a [u8]> {
        let mut list = Der(self.extensions);
        while let Some(extension) = list.next(tag::SEQUENCE) {
            let mut fields = Der(extension.content);
            if fields.next(tag::OID)?.content == oid {
                fields.optional(tag::BOOLEAN);
                return Some(fields.next(tag::OCTET_STRING)?.content);
            }
        }
        None
    }
}

/// The OID of a SubjectPublicKeyInfo's algorithm: its content.
pub(super) fn key_algorithm(spki: &[u8]) -> Option<&[u8]> {
    let info = Der(spki).next(tag::SEQUENCE)?;
    let algorithm = Der(info.content).next(tag::SEQUENCE)?;
    Some(Der(algorithm.content).next(tag::OID)?.content)
}

/// An OID's content in dotted decimals.
pub(super) fn dotted(oid: &[u8]) -> String {
    let mut arcs = Vec::new();
    let mut arc = 0u64;
    for byte in oid {
        arc = arc.saturating_mul(128).saturating_add(u64::from(byte & 0x7f));
        if byte & 0x80 == 0 {
            arcs.push(std::mem::take(&mut arc));
        }
    }
    // The first two arcs are one number (X.690 8.19.4).
    if let Some(first) = arcs.first_mut() {
        let top = (*first / 40).min(2);
        *first -= top * 40;
        arcs.insert(0, top);
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

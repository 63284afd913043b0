//! Writing into a growing buffer; lengths are filled in once their contents are known.

/// How many bytes a length takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// One byte.
    U8,
    /// Two bytes.
    U16,
    /// Three bytes.
    U24,
}

impl Prefix {
    /// The prefix of `n` bytes; anything over 2 is three.
    pub(crate) const fn of(n: usize) -> Self {
        match n {
            1 => Self::U8,
            2 => Self::U16,
            _ => Self::U24,
        }
    }

    const fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U24 => 3,
        }
    }
}

/// A growing buffer of wire bytes.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// What was written so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// One byte.
    pub fn u8(&mut self, v: u8) {
        self.0.push(v);
    }

    /// Two bytes.
    pub fn u16(&mut self, v: u16) {
        self.0.extend_from_slice(&v.to_be_bytes());
    }

    /// Three bytes, of a number below 2^24.
    pub fn u24(&mut self, v: usize) {
        debug_assert!(v < 1 << 24, "{v} in three bytes");
        self.0.extend_from_slice(&(v as u32).to_be_bytes()[1..]);
    }

    /// Four bytes.
    pub fn u32(&mut self, v: u32) {
        self.0.extend_from_slice(&v.to_be_bytes());
    }

    /// These bytes as they are.
    pub fn bytes(&mut self, v: &[u8]) {
        self.0.extend_from_slice(v);
    }

    /// Lets `f` write, with the length of what it wrote before it. What we write ourselves always fits, since configs are
    /// checked; were it not so, the length would saturate and the peer refuse the message.
    pub fn within(&mut self, prefix: Prefix, f: impl FnOnce(&mut Self)) {
        let size = prefix.size();
        let at = self.0.len();
        self.0.extend_from_slice(&[0; 3][..size]);
        f(self);
        let n = self.0.len() - at - size;
        debug_assert!(n < 1 << (8 * size), "a vector of {n} bytes behind a length of {size}");
        let n = n.min((1 << (8 * size)) - 1) as u32;
        self.0[at..at + size].copy_from_slice(&n.to_be_bytes()[4 - size..]);
    }
}

//! How much TLS 1.3 records are padded.

use crate::wire::numbers::ContentType;
use std::fmt;

/// Decides how much TLS 1.3 records are padded, which hides how long what is in them is (RFC 9846 5.4). Older versions have no
/// padding that could be chosen.
pub trait RecordPadding: Send + Sync + fmt::Debug {
    /// To how many bytes `length` bytes of this type are padded. What is less than `length` pads nothing; what is more than a record
    /// may hold, for us by `max_fragment` and for the peer by its record_size_limit, pads up to that.
    fn padded(&self, content: ContentType, length: usize) -> usize;
}

/// Every record to a multiple of so many bytes; an empty one to one multiple. 0 pads nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PadToMultiple(pub usize);

impl RecordPadding for PadToMultiple {
    fn padded(&self, _: ContentType, length: usize) -> usize {
        match self.0 {
            0 => length,
            n => length.max(1).checked_next_multiple_of(n).unwrap_or(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples() {
        let padded = |n, length| PadToMultiple(n).padded(ContentType::APPLICATION_DATA, length);
        for (n, length, wanted) in [(0, 7, 7), (1, 7, 7), (16, 0, 16), (16, 1, 16), (16, 16, 16), (16, 17, 32)] {
            assert_eq!(padded(n, length), wanted, "{length} to a multiple of {n}");
        }
        assert_eq!(padded(usize::MAX, 5), usize::MAX);
        assert_eq!(padded(usize::MAX - 1, usize::MAX), usize::MAX, "it cannot be counted");
    }
}

//! Joins the fragments of handshake messages.

use crate::error::{Error, ErrorKind, Limit};
use crate::message::HEADER;

/// Proof that no part of a handshake message is pending: only then may read keys change (RFC 9846 5.1).
#[derive(Debug)]
pub(crate) struct Aligned(());

/// A whole message, and the token if nothing follows it.
pub(crate) type Joined<'m> = (&'m [u8], Option<Aligned>);

/// Holds what is left of handshake records: part of a message, or messages that wait while the engine is parked.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    buffer: Vec<u8>,
    at: usize,
}

impl Joiner {
    /// Whether there are bytes that were not taken yet.
    pub(crate) fn pending(&self) -> bool {
        self.at < self.buffer.len()
    }

    /// More content of a handshake record, behind what is there.
    pub(crate) fn push(&mut self, content: &[u8]) {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        self.buffer.extend_from_slice(content);
    }

    /// The next whole message, if there is one: from the joiner while that has bytes, else straight from `content`,
    /// which is shortened. What is left of a message that is not whole is kept. The token says whether nothing follows.
    pub(crate) fn next<'m, 'c: 'm>(
        &'m mut self,
        content: &mut &'c [u8],
        most: usize,
    ) -> Result<Option<Joined<'m>>, Error> {
        if self.pending() {
            if !content.is_empty() {
                self.push(content);
                *content = &[];
            }
            let Some(n) = whole(&self.buffer[self.at..], most)? else { return Ok(None) };
            let start = self.at;
            self.at += n;
            let aligned = (self.at == self.buffer.len()).then_some(Aligned(()));
            return Ok(Some((&self.buffer[start..start + n], aligned)));
        }
        self.shrink();
        let Some(n) = whole(content, most)? else {
            self.push(content);
            *content = &[];
            return Ok(None);
        };
        let (message, rest) = content.split_at(n);
        *content = rest;
        Ok(Some((message, rest.is_empty().then_some(Aligned(())))))
    }

    /// The token, if nothing is pending: for tests that step a state by hand.
    #[cfg(test)]
    pub(crate) fn aligned(&self) -> Option<Aligned> {
        (!self.pending()).then_some(Aligned(()))
    }

    /// Gives its memory back, once nothing is pending.
    pub(crate) fn shrink(&mut self) {
        if !self.pending() {
            *self = Self::default();
        }
    }
}

/// The length of the first message in `bytes`, if all of it is there. One that announces more than `most` is refused at its
/// header, before anything is kept.
fn whole(bytes: &[u8], most: usize) -> Result<Option<usize>, Error> {
    let Some([_, high, middle, low]) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
    let n = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
    if n > most {
        return Err(ErrorKind::TooMuch(Limit::MessageSize).into());
    }
    Ok((bytes.len() >= HEADER + n).then_some(HEADER + n))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 100;

    fn message(kind: u8, len: usize) -> Vec<u8> {
        [vec![kind, 0, 0, len as u8], (0..len as u8).collect()].concat()
    }

    fn too_big<T>(r: Result<T, Error>) -> bool {
        r.is_err_and(|e| *e.kind() == ErrorKind::TooMuch(Limit::MessageSize))
    }

    /// Gives these contents to a joiner one after the other: the messages, and whether each was aligned.
    fn join<'c>(contents: impl IntoIterator<Item = &'c [u8]>) -> (Vec<(Vec<u8>, bool)>, Joiner) {
        let (mut joiner, mut out) = (Joiner::default(), Vec::new());
        for mut content in contents {
            while let Some((raw, aligned)) = joiner.next(&mut content, MOST).unwrap() {
                out.push((raw.to_vec(), aligned.is_some()));
            }
            assert!(content.is_empty());
        }
        (out, joiner)
    }

    #[test]
    fn any_split_gives_the_same_messages() {
        let messages = [message(1, 0), message(2, 5), message(3, 0), message(4, 17), message(5, 1)];
        let all = messages.concat();
        for a in 0..=all.len() {
            for b in a..=all.len() {
                let (out, joiner) = join([&all[..a], &all[a..b], &all[b..]]);
                assert!(out.iter().map(|(raw, _)| raw).eq(&messages), "{a} {b}");
                // Aligned is the one before which a record ends.
                let mut end = 0;
                for (raw, aligned) in &out {
                    end += raw.len();
                    assert_eq!(*aligned, [a, b, all.len()].contains(&end), "{a} {b}, to {end}");
                }
                assert!(!joiner.pending());
                assert_eq!(joiner.buffer.capacity(), 0, "memory is given back");
            }
        }
        let (out, _) = join(all.chunks(1));
        assert!(out.iter().map(|(raw, _)| raw).eq(&messages) && out.iter().all(|(_, aligned)| *aligned));
    }

    #[test]
    fn part_of_a_message_is_pending() {
        let all = message(1, 9);
        for n in 1..all.len() {
            let (out, joiner) = join([&all[..n]]);
            assert!(out.is_empty() && joiner.pending());
        }
    }

    #[test]
    fn what_is_pushed_waits_for_its_turn() {
        let (mut joiner, all) = (Joiner::default(), [message(1, 3), message(2, 3)].concat());
        joiner.push(&all);
        let mut rest: &[u8] = &[];
        let (raw, aligned) = joiner.next(&mut rest, MOST).unwrap().unwrap();
        assert_eq!((raw, aligned.is_some()), (&all[..7], false));
        // Parked again: more comes behind.
        joiner.push(&message(3, 1));
        let mut kinds = Vec::new();
        while let Some((raw, _)) = joiner.next(&mut rest, MOST).unwrap() {
            kinds.push(raw[0]);
        }
        assert_eq!(kinds, [2, 3]);
    }

    #[test]
    fn too_big_a_message_is_refused_at_its_header() {
        assert!(join([&message(1, MOST)[..]]).0.len() == 1);
        for header in [[1, 0, 0, MOST as u8 + 1], [1, 0, 1, 0], [1, 255, 255, 255]] {
            for split in 0..4 {
                let mut joiner = Joiner::default();
                assert!(matches!(joiner.next(&mut &header[..split], MOST), Ok(None)));
                assert!(too_big(joiner.next(&mut &header[split..], MOST)), "{header:?} {split}");
                assert!(joiner.buffer.len() <= HEADER);
            }
        }
    }
}

//! Joins the fragments of handshake messages.

use crate::error::{Error, ErrorKind, Limit};
use crate::message::HEADER;

/// Proof that no part of a handshake message is pending: only then may read keys change (RFC 9846 5.1).
#[derive(Debug)]
pub(crate) struct Aligned(());

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
    ) -> Result<Option<(&'m [u8], Option<Aligned>)>, Error> {
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

    /// The token, if nothing is pending: for keys that change at an answer rather than at a message.
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

//! `padding` (RFC 7685): zeros.

use super::{Body, Place};
use crate::wire::{Malformed, Problem, Reader, Writer};

/// So many bytes, all of them zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding(pub usize);

impl<'a> Body<'a> for Padding {
    fn decode(r: &mut Reader<'a>, _: Place) -> Result<Self, Malformed> {
        let fault = r.fault(Problem::Value("is not all zeros"));
        let bytes = r.rest();
        r.say(|| format!("{} zeros", bytes.len()));
        match bytes.iter().all(|b| *b == 0) {
            true => Ok(Self(bytes.len())),
            false => Err(fault),
        }
    }
    fn encode(&self, w: &mut Writer) {
        (0..self.0).for_each(|_| w.u8(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_and_nothing_else() {
        for n in [0, 1, 300] {
            let bytes = vec![0; n];
            assert_eq!(Padding::decode(&mut Reader::new(&bytes), Place::ClientHello), Ok(Padding(n)));
            let mut w = Writer::new();
            Padding(n).encode(&mut w);
            assert_eq!(w.as_bytes(), bytes);
        }
        let fault = Padding::decode(&mut Reader::new(&[0, 0, 1]), Place::ClientHello).unwrap_err();
        assert_eq!(fault.problem, Problem::Value("is not all zeros"));
    }
}

//! A vector of values: borrowed from the wire and read on demand, or borrowed from a slice to be written.

use super::{Malformed, Problem, Reader, Wire, Writer};
use std::fmt;

/// A list without its length prefix. Elements from the wire have been checked when the list was made, and are read again,
/// without allocation, by [`List::iter`].
#[derive(Clone, Copy)]
pub struct List<'a, T>(Inner<'a, T>);

#[derive(Clone, Copy)]
enum Inner<'a, T> {
    Wire(&'a [u8]),
    Items(&'a [T]),
}

impl<'a, T: Wire<'a> + Copy + 'a> List<'a, T> {
    /// A list without elements.
    pub const EMPTY: Self = Self(Inner::Items(&[]));

    /// A list to be written.
    pub fn of(items: &'a [T]) -> Self {
        Self(Inner::Items(items))
    }

    /// All that is left of the innermost vector, each element checked.
    ///
    /// # Errors
    /// That of the first element that cannot be read; [`Problem::Length`], if one takes no bytes.
    pub fn rest(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        // The elements are read twice: once here, to check and to describe them, and once when they are used. The bytes
        // between are the same.
        let start = r.position();
        let whole = r.peek_rest();
        while !r.is_empty() {
            let before = r.position();
            r.element(T::decode)?;
            if r.position() == before {
                return Err(r.fault(Problem::Length));
            }
        }
        Ok(Self(Inner::Wire(&whole[..r.position() - start])))
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let (mut wire, mut items) = match self.0 {
            Inner::Wire(bytes) => (Reader::new(bytes), [].iter()),
            Inner::Items(items) => (Reader::new(&[]), items.iter()),
        };
        std::iter::from_fn(move || match items.next() {
            Some(item) => Some(*item),
            None if wire.is_empty() => None,
            None => T::decode(&mut wire).ok(),
        })
    }

    /// Whether `item` is among them.
    pub fn contains(&self, item: T) -> bool
    where
        T: PartialEq,
    {
        self.iter().any(|i| i == item)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match self.0 {
            Inner::Wire(bytes) => bytes.is_empty(),
            Inner::Items(items) => items.is_empty(),
        }
    }

    /// Writes the elements, without a length.
    pub fn encode(&self, w: &mut Writer) {
        match self.0 {
            Inner::Wire(bytes) => w.bytes(bytes),
            Inner::Items(items) => items.iter().for_each(|i| i.encode(w)),
        }
    }
}

impl<'a, T: Wire<'a> + Copy + fmt::Debug + 'a> fmt::Debug for List<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Wire<'a> + Copy + PartialEq + 'a> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}
impl<'a, T: Wire<'a> + Copy + Eq + 'a> Eq for List<'a, T> {}

/// A [`List`] behind a length of `P` bytes that is at least `MIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vector<'a, T: Wire<'a> + Copy, const P: usize, const MIN: usize>(pub List<'a, T>);
impl<'a, T: Wire<'a> + Copy + 'a, const P: usize, const MIN: usize> Wire<'a> for Vector<'a, T, P, MIN> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        r.within(super::Prefix::of(P), MIN..=usize::MAX, List::rest).map(Self)
    }
    fn encode(&self, w: &mut Writer) {
        w.within(super::Prefix::of(P), |w| self.0.encode(w));
    }
}
impl<'a, T: Wire<'a> + Copy + 'a, const P: usize, const MIN: usize> std::ops::Deref for Vector<'a, T, P, MIN> {
    type Target = List<'a, T>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

//! Reading: every length is checked against what is there, and every fault names its field.

use super::Prefix;
use std::fmt;
use std::ops::{Range, RangeInclusive};

/// One field of a message as it was found on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// The RFC's name of the field.
    pub name: &'static str,
    /// Where its bytes are, counted from the first byte of the message's header.
    pub range: Range<usize>,
    /// The value in words; empty where the parts below say it all.
    pub value: String,
    /// What the field is for: a clause, without a full stop. Empty where there is no name.
    pub note: &'static str,
    /// The section that defines it: `"RFC 9846 4.3.8"`; of a field that both families have, one of each, with a comma between. Empty
    /// where there is no name.
    pub rfc: &'static str,
    /// The fields inside this one.
    pub parts: Vec<Field>,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The message ends inside the field.
    Truncated,
    /// Bytes are left over after the field.
    Trailing,
    /// The length lies outside of what the grammar allows.
    Length,
    /// The bytes are well formed, but the value is not one that may stand here.
    Value(&'static str),
    /// It stands twice where it may stand once.
    Duplicate,
    /// It is not last, where it must be.
    NotLast,
    /// It may not stand in this message.
    Misplaced,
}

/// A message that breaks its grammar: which field, where, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The innermost named field that the fault is in.
    pub field: &'static str,
    /// The offset of the fault from the start of what was read, in bytes.
    pub at: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl Malformed {
    /// The same, in the field of this name, unless it is in one inside of that.
    fn within(self, field: &'static str) -> Self {
        if self.field.is_empty() { Self { field, ..self } } else { self }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, at, problem } = self;
        let field = if field.is_empty() { "message" } else { field };
        match problem {
            Problem::Truncated => write!(f, "the {field} field runs past the end of the message at byte {at}"),
            Problem::Trailing => write!(f, "bytes are left over after {field} at byte {at}"),
            Problem::Length => write!(f, "the length of {field} at byte {at} is outside of what may be"),
            Problem::Value(what) => write!(f, "{field} at byte {at} {what}"),
            Problem::Duplicate => write!(f, "{field} stands twice"),
            Problem::NotLast => write!(f, "{field} must be last and is not"),
            Problem::Misplaced => write!(f, "{field} may not stand in this message"),
        }
    }
}

/// Reads from a slice, front to back.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    notes: Option<Vec<Field>>,
}

impl<'a> Reader<'a> {
    /// A reader of all of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len(), notes: None }
    }

    /// A reader that notes every field it passes; [`Reader::into_notes`] gives them.
    pub fn noting(bytes: &'a [u8]) -> Self {
        Self { notes: Some(vec![Field::default()]), ..Self::new(bytes) }
    }

    /// The fields passed so far; complete or, after an error, up to the fault.
    pub fn into_notes(self) -> Vec<Field> {
        self.notes.and_then(|mut n| (!n.is_empty()).then(|| n.swap_remove(0).parts)).unwrap_or_default()
    }

    /// An error about what is being read just here.
    pub fn fault(&self, problem: Problem) -> Malformed {
        Malformed { field: "", at: self.at, problem }
    }

    /// How far reading has come, in bytes.
    pub fn position(&self) -> usize {
        self.at
    }

    /// How many bytes are left in the innermost vector.
    pub fn left(&self) -> usize {
        self.end - self.at
    }

    /// Whether the innermost vector is used up.
    pub fn is_empty(&self) -> bool {
        self.at == self.end
    }

    /// The next `n` bytes.
    ///
    /// # Errors
    /// [`Problem::Truncated`].
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        if n > self.left() {
            return Err(self.fault(Problem::Truncated));
        }
        let out = &self.bytes[self.at..self.at + n];
        self.at += n;
        Ok(out)
    }

    /// All that is left in the innermost vector.
    pub fn rest(&mut self) -> &'a [u8] {
        let out = &self.bytes[self.at..self.end];
        self.at = self.end;
        out
    }

    /// The same bytes without moving on.
    pub(crate) fn peek_rest(&self) -> &'a [u8] {
        &self.bytes[self.at..self.end]
    }

    /// One byte.
    ///
    /// # Errors
    /// [`Problem::Truncated`].
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    /// Two bytes, big-endian, as all numbers are.
    ///
    /// # Errors
    /// [`Problem::Truncated`].
    pub fn u16(&mut self) -> Result<u16, Malformed> {
        let b = self.take(2)?;
        Ok(u16::from_be_bytes([b[0], b[1]]))
    }

    /// Three bytes.
    ///
    /// # Errors
    /// [`Problem::Truncated`].
    pub fn u24(&mut self) -> Result<usize, Malformed> {
        let b = self.take(3)?;
        Ok((b[0] as usize) << 16 | (b[1] as usize) << 8 | b[2] as usize)
    }

    /// Four bytes.
    ///
    /// # Errors
    /// [`Problem::Truncated`].
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        let b = self.take(4)?;
        Ok(u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// Reads a length in bytes, then lets `f` read exactly that many.
    ///
    /// # Errors
    /// [`Problem::Truncated`]; [`Problem::Length`], if the length is not within `bounds`; those of `f`; [`Problem::Trailing`], if `f`
    /// leaves some.
    pub fn within<T>(
        &mut self,
        prefix: Prefix,
        bounds: RangeInclusive<usize>,
        f: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        let here = self.fault(Problem::Length);
        let n = match prefix {
            Prefix::U8 => self.u8()? as usize,
            Prefix::U16 => self.u16()? as usize,
            Prefix::U24 => self.u24()?,
        };
        if n > self.left() {
            return Err(self.fault(Problem::Truncated));
        }
        if !bounds.contains(&n) {
            return Err(here);
        }
        self.exactly(n, f)
    }

    /// Lets `f` read exactly `n` bytes.
    ///
    /// # Errors
    /// [`Problem::Truncated`]; those of `f`; [`Problem::Trailing`], if `f` leaves some.
    pub(crate) fn exactly<T>(
        &mut self,
        n: usize,
        f: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        if n > self.left() {
            return Err(self.fault(Problem::Truncated));
        }
        let outer = std::mem::replace(&mut self.end, self.at + n);
        let out = f(self)?;
        self.finish()?;
        self.end = outer;
        Ok(out)
    }

    /// Checks that the innermost vector is used up.
    ///
    /// # Errors
    /// [`Problem::Trailing`].
    pub fn finish(&self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(self.fault(Problem::Trailing)) }
    }

    /// Reads a named field: the name goes into the notes, if any are taken, and into an error. What the field is for, and the section that
    /// defines it, go into the notes alone: see [`Field::note`] and [`Field::rfc`].
    ///
    /// # Errors
    /// Those of `f`, with the field's name.
    pub fn field<T>(
        &mut self,
        name: &'static str,
        note: &'static str,
        rfc: &'static str,
        f: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        if self.notes.is_none() {
            return f(self).map_err(|e| e.within(name));
        }
        let start = self.at;
        if let Some(open) = &mut self.notes {
            open.push(Field { name, range: start..start, note, rfc, ..Field::default() });
        }
        let out = f(self);
        let end = self.at;
        if let Some(open) = &mut self.notes
            && let Some(mut done) = open.pop()
        {
            done.range.end = end;
            if out.is_err() && done.value.is_empty() && done.parts.is_empty() {
                done.value = "malformed".into();
            }
            if let Some(parent) = open.last_mut() {
                parent.parts.push(done);
            }
        }
        out.map_err(|e| e.within(name))
    }

    /// Reads an element of a list, which has no name, and so nothing that it is for.
    ///
    /// # Errors
    /// Those of `f`.
    pub fn element<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T, Malformed>) -> Result<T, Malformed> {
        self.field("", "", "", f)
    }

    /// The value, in words, of the field being read. Costs nothing when no notes are taken.
    pub fn say(&mut self, value: impl FnOnce() -> String) {
        if let Some(open) = &mut self.notes
            && let Some(field) = open.last_mut()
        {
            field.value = value();
        }
    }

    /// What the field being read is for, and the section that defines it, where that is not known before it is read. Costs nothing when no
    /// notes are taken.
    pub fn note(&mut self, about: impl FnOnce() -> (&'static str, &'static str)) {
        if let Some(open) = &mut self.notes
            && let Some(field) = open.last_mut()
        {
            (field.note, field.rfc) = about();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_checked() {
        let bytes = [3, 1, 2];
        let within = |bounds, f: fn(&mut Reader<'_>) -> Result<(), Malformed>| {
            Reader::new(&bytes).within(Prefix::U8, bounds, f).map_err(|m| m.problem)
        };
        assert_eq!(within(0..=9, |_| Ok(())), Err(Problem::Truncated));
        let bytes = [2, 1, 2];
        let within = |bounds, f: fn(&mut Reader<'_>) -> Result<(), Malformed>| {
            Reader::new(&bytes).within(Prefix::U8, bounds, f).map_err(|m| m.problem)
        };
        assert_eq!(within(3..=9, |_| Ok(())), Err(Problem::Length));
        assert_eq!(within(0..=1, |_| Ok(())), Err(Problem::Length));
        assert_eq!(within(0..=9, |r| r.u8().map(drop)), Err(Problem::Trailing));
        assert_eq!(within(0..=9, |r| r.u24().map(drop)), Err(Problem::Truncated));
        assert_eq!(within(0..=9, |r| r.u16().map(drop)), Ok(()));
    }

    #[test]
    fn notes_have_names_ranges_and_values_up_to_the_fault() {
        let mut r = Reader::noting(&[7, 2, 9]);
        let first = r.field("first", "what it is for", "RFC 9846 3.3", <u8 as crate::wire::Wire<'_>>::decode);
        assert_eq!(first, Ok(7));
        let fault = r.field("second", "it depends", "", |r| {
            r.note(|| ("known now", "RFC 9846 3.4"));
            r.within(Prefix::U8, 0..=9, |r| r.element(|r| r.u16()))
        });
        assert_eq!(fault.map_err(|m| m.field), Err("second"), "the length itself is at fault");
        let notes = r.into_notes();
        assert_eq!((notes[0].name, notes[0].range.clone(), notes[0].value.as_str()), ("first", 0..1, "7"));
        assert_eq!((notes[0].note, notes[0].rfc), ("what it is for", "RFC 9846 3.3"));
        assert_eq!((notes[1].name, notes[1].value.as_str()), ("second", "malformed"));
        assert_eq!((notes[1].note, notes[1].rfc), ("known now", "RFC 9846 3.4"));
    }
}

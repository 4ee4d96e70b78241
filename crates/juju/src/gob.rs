//! The few parts of gob, Go's encoding of values, that the agent's socket needs.
//!
//! The format is documented with Go's package `encoding/gob`. Whoever reads it here believes nothing: every length is
//! held against the bytes that are there.

/// Identifiers of types that gob knows without a description.
pub(crate) mod id {
    pub(crate) const INT: i64 = 2;
    pub(crate) const UINT: i64 = 3;
    pub(crate) const BYTES: i64 = 5;
    pub(crate) const STRING: i64 = 6;
}

/// No struct that is known here has more than three.
const MOST_FIELDS: u64 = 16;

/// Bytes that do not say what they should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Odd(pub(crate) &'static str);

/// Appends an unsigned integer: one byte if it is below 128; else the number of its bytes, negated, and these.
pub(crate) fn put_uint(out: &mut Vec<u8>, value: u64) {
    if let Ok(byte @ ..0x80) = u8::try_from(value) {
        out.push(byte);
        return;
    }
    let bytes = value.to_be_bytes();
    let leading = bytes.iter().take_while(|byte| **byte == 0).count();
    let significant = &bytes[leading..];
    out.push(significant.iter().fold(0, |count: u8, _| count.wrapping_sub(1)));
    out.extend(significant);
}

/// Appends a string or a slice of bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uint(out, bytes.len() as u64);
    out.extend(bytes);
}

/// The fields of a struct, written in order. Those that are zero or empty are left out, as Go leaves them out.
pub(crate) struct Fields<'a> {
    out: &'a mut Vec<u8>,
    last: u64,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(out: &'a mut Vec<u8>) -> Self {
        Self { out, last: 0 }
    }

    /// Field `number`, counted from 1, is a number or a truth.
    pub(crate) fn uint(&mut self, number: u64, value: u64) {
        if value != 0 {
            self.begin(number);
            put_uint(self.out, value);
        }
    }

    /// Field `number` is a string or a slice of bytes.
    pub(crate) fn bytes(&mut self, number: u64, value: &[u8]) {
        if !value.is_empty() {
            self.begin(number);
            put_bytes(self.out, value);
        }
    }

    /// Field `number` is a slice of strings.
    pub(crate) fn strings(&mut self, number: u64, values: &[&str]) {
        if !values.is_empty() {
            self.begin(number);
            put_uint(self.out, values.len() as u64);
            for value in values {
                put_bytes(self.out, value.as_bytes());
            }
        }
    }

    /// The struct has no further fields.
    pub(crate) fn end(self) {
        self.out.push(0);
    }

    fn begin(&mut self, number: u64) {
        put_uint(self.out, number - self.last);
        self.last = number;
    }
}

/// A message that is read from its beginning.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn uint(&mut self) -> Result<u64, Odd> {
        let (value, rest) = uint(self.0)?.ok_or(Odd("a number is cut off"))?;
        self.0 = rest;
        Ok(value)
    }

    /// A signed integer: the lowest bit says that all others are inverted.
    pub(crate) fn int(&mut self) -> Result<i64, Odd> {
        let coded = self.uint()?;
        let value = (coded >> 1).cast_signed();
        Ok(if coded & 1 == 1 { !value } else { value })
    }

    /// A string or a slice of bytes.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Odd> {
        let length = usize::try_from(self.uint()?).unwrap_or(usize::MAX);
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Odd("a text is cut off"))?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The number of the field that follows the field `last` of a struct; none at its end.
    pub(crate) fn field(&mut self, last: u64) -> Result<Option<u64>, Odd> {
        match self.uint()? {
            0 => Ok(None),
            step => last.checked_add(step).map(Some).ok_or(Odd("a field has no number")),
        }
    }

    /// Fails unless all has been read.
    pub(crate) fn end(self) -> Result<(), Odd> {
        if self.0.is_empty() { Ok(()) } else { Err(Odd("a message is longer than what it says")) }
    }
}

/// The unsigned integer at the beginning of `bytes`, and what follows; none if it is not all there yet.
pub(crate) fn uint(bytes: &[u8]) -> Result<Option<(u64, &[u8])>, Odd> {
    let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
    if *first < 0x80 {
        return Ok(Some((u64::from(*first), rest)));
    }
    let count = usize::from(first.wrapping_neg());
    if count > 8 {
        return Err(Odd("a number is too large"));
    }
    let Some((digits, rest)) = rest.split_at_checked(count) else { return Ok(None) };
    let value = digits.iter().fold(0, |value, digit| value << 8 | u64::from(*digit));
    Ok(Some((value, rest)))
}

/// A struct as a description of types tells it: its name, and its fields with their types.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Struct<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) fields: Vec<(&'a [u8], i64)>,
}

impl<'a> Struct<'a> {
    /// Reads what follows the identifier in a description: gob's own `wireType`, in which field 3 is a struct.
    pub(crate) fn read(mut reader: Reader<'a>) -> Result<Self, Odd> {
        const OTHER: Odd = Odd("a type is described that is no struct");
        if reader.field(0)? != Some(3) {
            return Err(OTHER);
        }
        let mut described = Self { name: b"", fields: Vec::new() };
        let mut last = 0;
        while let Some(field) = reader.field(last)? {
            match field {
                1 => (described.name, _) = named(&mut reader)?,
                2 => {
                    let count = reader.uint()?;
                    if count > MOST_FIELDS {
                        return Err(Odd("a type has too many fields"));
                    }
                    for _ in 0..count {
                        described.fields.push(named(&mut reader)?);
                    }
                }
                _ => return Err(OTHER),
            }
            last = field;
        }
        if reader.field(3)?.is_some() {
            return Err(OTHER);
        }
        reader.end()?;
        Ok(described)
    }
}

/// A name and the identifier of a type.
fn named<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8], i64), Odd> {
    let (mut name, mut id, mut last): (&[u8], _, _) = (b"", 0, 0);
    while let Some(field) = reader.field(last)? {
        match field {
            1 => name = reader.bytes()?,
            2 => id = reader.int()?,
            _ => return Err(Odd("a name and a type are followed by more")),
        }
        last = field;
    }
    Ok((name, id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn coded(value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        put_uint(&mut out, value);
        out
    }

    #[test]
    fn numbers_are_written_as_the_documentation_of_gob_shows_them() {
        assert_eq!(coded(0), [0]);
        assert_eq!(coded(7), [7]);
        assert_eq!(coded(127), [0x7f]);
        assert_eq!(coded(128), [0xff, 0x80]);
        assert_eq!(coded(256), [0xfe, 0x01, 0x00]);
        assert_eq!(coded(u64::MAX), [0xf8, 255, 255, 255, 255, 255, 255, 255, 255]);
        let int = |bytes: &[u8]| Reader(bytes).int();
        assert_eq!(int(&[0x04]), Ok(2));
        assert_eq!(int(&[0xff, 0x80]), Ok(64));
        assert_eq!(int(&[0x7f]), Ok(-64));
        assert_eq!(int(&[0xff, 0x81]), Ok(-65));
    }

    #[test]
    fn a_number_of_more_than_eight_bytes_is_refused() {
        assert_eq!(uint(&[0xf7]), Err(Odd("a number is too large")));
        assert_eq!(uint(&[0x80]), Err(Odd("a number is too large")));
    }

    #[test]
    fn a_length_is_not_believed() {
        let mut out = coded(u64::MAX);
        out.push(b'a');
        assert_eq!(Reader(&out).bytes(), Err(Odd("a text is cut off")));
    }

    proptest! {
        #[test]
        fn a_number_reads_back_as_itself(value: u64, rest: Vec<u8>) {
            let mut bytes = coded(value);
            let length = bytes.len();
            bytes.extend(&rest);
            prop_assert_eq!(uint(&bytes), Ok(Some((value, &rest[..]))));
            for end in 0..length {
                prop_assert_eq!(uint(&bytes[..end]), Ok(None));
            }
        }

        #[test]
        fn any_bytes_describe_a_struct_or_are_odd(bytes: Vec<u8>) {
            let _ = Struct::read(Reader(&bytes));
        }
    }
}

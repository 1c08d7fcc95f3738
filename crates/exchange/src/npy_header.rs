//! The header of a NumPy array: `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
//!
//! It is a literal of Python, of which arrays of numbers and texts need little: three keys, a text, a truth value, a tuple of
//! whole numbers. That is read in one pass; a parser of all literals takes a time that doubles with each bracket. Source:
//! NEP 1, *A Simple File Format for NumPy Arrays*.

use std::str::FromStr;

use npyz::TypeStr;

/// The first bytes of an array.
const MAGIC: &[u8] = b"\x93NUMPY";

/// What the header of an array says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NpyHeader {
    /// The type of its elements.
    pub(crate) of: TypeStr,
    /// Whether the first index runs fastest.
    pub(crate) is_column_major: bool,
    /// Its lengths.
    pub(crate) shape: Vec<u64>,
    /// The bytes before the first element.
    pub(crate) bytes: u64,
}

impl NpyHeader {
    /// The header at the front of `first`; the reason why there is none.
    pub(crate) fn of(first: &[u8]) -> Result<Self, String> {
        let rest = first.strip_prefix(MAGIC).ok_or("is no NumPy array")?;
        // The version, and the length of the text in 2 or 4 bytes.
        let (length, start) = match *rest {
            [1, _, low, high, ..] => (usize::from(u16::from_le_bytes([low, high])), 4),
            [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]) as usize, 6),
            _ => return Err("is an array in no version of its format that is known".to_owned()),
        };
        let text = rest.get(start..).and_then(|rest| rest.get(..length));
        let text = text.ok_or("has a header that does not fit into it")?;
        let text = std::str::from_utf8(text).map_err(|_| "has a header that is no UTF-8")?;
        let (of, is_column_major, shape) = Parser(text).entries().ok_or_else(|| {
            format!("has the header `{}`: expected that of an array of numbers or texts", text.trim_end())
        })?;
        let of = TypeStr::from_str(of).map_err(|error| format!("is of no type: {error}"))?;
        Ok(Self { of, is_column_major, shape, bytes: (MAGIC.len() + start + length) as u64 })
    }
}

/// What is left of a header.
struct Parser<'t>(&'t str);

impl<'t> Parser<'t> {
    /// Type, order and shape of the whole header.
    fn entries(mut self) -> Option<(&'t str, bool, Vec<u64>)> {
        let (mut of, mut order, mut shape) = (None, None, None);
        self.take("{")?;
        while self.take("}").is_none() {
            let key = self.text()?;
            self.take(":")?;
            match key {
                "descr" => of = Some(self.text()?),
                "fortran_order" => order = Some(self.truth()?),
                "shape" => shape = Some(self.lengths()?),
                _ => return None,
            }
            if self.take(",").is_none() {
                self.take("}")?;
                break;
            }
        }
        self.0.trim().is_empty().then_some((of?, order?, shape?))
    }

    /// A token, and white space before it.
    fn take(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }

    /// A text in quotes; none of NumPy's has an escape.
    fn text(&mut self) -> Option<&'t str> {
        let quote = if self.take("'").is_some() { '\'' } else { self.take("\"").map(|()| '"')? };
        let (text, rest) = self.0.split_once(quote)?;
        self.0 = rest;
        (!text.contains('\\')).then_some(text)
    }

    fn truth(&mut self) -> Option<bool> {
        match self.take("True") {
            Some(()) => Some(true),
            None => self.take("False").map(|()| false),
        }
    }

    /// `()`, `(3,)`, `(3, 4)`.
    fn lengths(&mut self) -> Option<Vec<u64>> {
        let mut lengths = Vec::new();
        self.take("(")?;
        while self.take(")").is_none() {
            let text = self.0.trim_start();
            let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
            let (number, rest) = text.split_at(digits);
            lengths.push(number.parse().ok()?);
            self.0 = rest;
            // Python 2 wrote `3L`.
            let _ = self.take("L");
            if self.take(",").is_none() {
                self.take(")")?;
                break;
            }
        }
        Some(lengths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<NpyHeader, String> {
        let mut bytes = [MAGIC, &[1, 0], &(text.len() as u16).to_le_bytes()].concat();
        bytes.extend(text.as_bytes());
        NpyHeader::of(&bytes)
    }

    #[test]
    fn headers_are_read_however_they_are_spaced_and_quoted() {
        for (text, of, is_column_major, shape) in [
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }  \n", "<f8", false, vec![3, 4]),
            ("{'descr':'|u1','fortran_order':True,'shape':(7,)}", "|u1", true, vec![7]),
            ("{\"shape\": (), \"descr\": \"<U12\", \"fortran_order\": False}\n", "<U12", false, vec![]),
            ("{'descr': '<i4', 'fortran_order': False, 'shape': (2L, 1L), }", "<i4", false, vec![2, 1]),
        ] {
            let header = header(text).unwrap();
            assert_eq!(header.of.to_string().trim_matches('\''), of);
            assert_eq!((header.is_column_major, header.shape), (is_column_major, shape));
            assert_eq!(header.bytes, 10 + text.len() as u64);
        }
    }

    #[test]
    fn headers_of_something_else_are_refused() {
        let brackets = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {}", "{".repeat(9_000));
        for text in [
            "",
            "{}",
            "{'descr': '<f8', 'fortran_order': False}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4)} 1",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': (3,)}",
            "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'more': 1}",
            "{'descr': '<f8 'fortran_order': False, 'shape': (3,)}",
            &brackets,
        ] {
            assert!(header(text).unwrap_err().contains("has the header `"), "{text}");
        }
        assert!(
            header("{'descr': 'f', 'fortran_order': False, 'shape': (3,)}")
                .unwrap_err()
                .contains("of no type")
        );
        assert_eq!(NpyHeader::of(b"\x93NUMPZ\x01\x00").unwrap_err(), "is no NumPy array");
        let error = NpyHeader::of(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}").unwrap_err();
        assert_eq!(error, "has a header that does not fit into it");
        let error = NpyHeader::of(b"\x93NUMPY\x04\x00\x02\x00\x00\x00{}").unwrap_err();
        assert_eq!(error, "is an array in no version of its format that is known");
    }
}

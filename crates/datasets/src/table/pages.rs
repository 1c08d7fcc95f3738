//! What the pages of a Parquet file say of themselves, held to the file before anyone believes it: polars takes memory for
//! whatever numbers it is told, and cannot be stopped.
//!
//! Source: [Apache Parquet's format](https://github.com/apache/parquet-format), `PageHeader` of `parquet.thrift`, in Thrift's
//! compact protocol.

/// How many bytes the pages of a column's chunk have when they are unpacked; the chunk is said to have so many values.
///
/// # Errors
/// What does not fit.
pub(super) fn unpacked_bytes(chunk: &[u8], values: u64) -> Result<u64, String> {
    let mut rest = Reader(chunk);
    let (mut seen, mut unpacked) = (0, 0_u64);
    while seen < values {
        let header = rest.header().ok_or("the header of a page cannot be read")?;
        let packed = header.packed.and_then(|packed| rest.take(packed));
        let packed = packed.ok_or("a page is longer than its column")?;
        let own = header.unpacked.ok_or("a page has no length")?;
        let count = header.values.and_then(|count| u64::try_from(count).ok());
        let count = count.ok_or("a page has no number of values")?;
        let most = match header.kind {
            Some(0) => values - seen,
            Some(3) => {
                let levels = header.levels.iter().sum::<u64>();
                if levels > packed.len() as u64 || levels > own {
                    return Err("the levels of a page are longer than the page".to_owned());
                }
                values - seen
            }
            // A dictionary has at least a byte for each of its values.
            Some(2) => own,
            _ => return Err("a page is of no known kind".to_owned()),
        };
        if count > most {
            return Err(format!("a page has {count} values, of which there can be {most}"));
        }
        unpacked = unpacked.saturating_add(own);
        if header.kind == Some(2) {
            continue;
        }
        seen += count;
        // Nothing else ends what goes on without values.
        if count == 0 && packed.is_empty() {
            return Err("a page is empty".to_owned());
        }
    }
    Ok(unpacked)
}

/// Reads the footer, which begins and ends nowhere else than it says, and has no list of more than there can be.
///
/// # Errors
/// What does not fit.
pub(super) fn check_footer(file: &[u8]) -> Result<(), String> {
    let footer = || {
        let (rest, length) = file.strip_suffix(b"PAR1")?.split_last_chunk()?;
        let start = rest.len().checked_sub(u32::from_le_bytes(*length) as usize)?;
        Reader(&rest[start..]).fields(&mut Vec::new(), &mut |_, _| {})
    };
    footer().ok_or_else(|| "the footer cannot be read".to_owned())
}

/// The header of a page, as far as it says how much there is.
#[derive(Debug, Default)]
struct Header {
    kind: Option<i64>,
    unpacked: Option<u64>,
    packed: Option<usize>,
    values: Option<i64>,
    /// Bytes of definition and repetition levels.
    levels: [u64; 2],
}

/// Structures within each other, more than any header has.
const DEEPEST: usize = 8;

/// Bytes in Thrift's compact protocol.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    /// Seven bits a byte, the lowest first.
    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Zigzag: 0, -1, 1, -2 …
    fn signed(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn header(&mut self) -> Option<Header> {
        let mut header = Header::default();
        self.fields(&mut Vec::new(), &mut |path, number| match *path {
            [1] => header.kind = Some(number),
            [2] => header.unpacked = u64::try_from(number).ok(),
            [3] => header.packed = usize::try_from(number).ok(),
            // Of a data page, a dictionary and a data page of the second version.
            [5 | 7 | 8, 1] => header.values = Some(number),
            // What is negative is longer than anything.
            [8, level @ (5 | 6)] => {
                header.levels[usize::from(level == 6)] = u64::try_from(number).unwrap_or(u64::from(u32::MAX));
            }
            _ => {}
        })?;
        Some(header)
    }

    /// Hands on the integers of a structure and of those in it, with the numbers of the fields that lead to them.
    fn fields(&mut self, path: &mut Vec<i64>, take: &mut dyn FnMut(&[i64], i64)) -> Option<()> {
        if path.len() > DEEPEST {
            return None;
        }
        let mut field = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            field = if head >> 4 == 0 { self.signed()? } else { field + i64::from(head >> 4) };
            path.push(field);
            self.value(head & 0xf, path, take)?;
            path.pop();
        }
    }

    fn value(&mut self, kind: u8, path: &mut Vec<i64>, take: &mut dyn FnMut(&[i64], i64)) -> Option<()> {
        match kind {
            // The kind says which truth value it is.
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => take(path, self.signed()?),
            7 => drop(self.take(8)?),
            8 => {
                let length = usize::try_from(self.unsigned()?).ok()?;
                self.take(length)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.unsigned()? } else { u64::from(head >> 4) };
                // Each of them has a byte at least.
                if count > self.0.len() as u64 {
                    return None;
                }
                for _ in 0..count {
                    match head & 0xf {
                        // In a list a truth value has a byte of its own.
                        1 | 2 => drop(self.byte()?),
                        // There are no lists of lists, which might lead deep.
                        9 | 10 => return None,
                        kind => self.value(kind, path, take)?,
                    }
                }
            }
            12 => self.fields(path, take)?,
            // There are no maps.
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data page of so many values in so many bytes, and the bytes.
    fn page(values: u8, bytes: u8) -> Vec<u8> {
        let (values, length) = (values << 1, bytes << 1);
        let header =
            [0x15, 0, 0x15, length, 0x15, length, 0x2c, 0x15, values, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];
        [&header[..], &vec![7; usize::from(bytes)]].concat()
    }

    #[test]
    fn pages_that_fit_have_the_bytes_that_they_say() {
        let pages = [page(3, 12), page(2, 8)].concat();
        assert_eq!(unpacked_bytes(&pages, 5), Ok(20));
        assert_eq!(unpacked_bytes(&[], 0), Ok(0));
    }

    #[test]
    fn a_footer_with_more_in_a_list_than_there_are_bytes_is_refused() {
        let file = |footer: &[u8]| [b"PAR1", footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat();
        // A version, then a list of two structures, one of which has a number.
        let good = [0x15, 4, 0x19, 0x2c, 0x15, 2, 0, 0, 0];
        assert_eq!(check_footer(&file(&good)), Ok(()));
        let many = [0x15, 4, 0x19, 0xfc, 0xff, 0xff, 0xff, 0x7f, 0, 0];
        let refused = Err("the footer cannot be read".to_owned());
        let deep = [&[0x19][..], &[0x19; 100_000]].concat();
        for bytes in [&file(&many)[..], &file(&deep), &file(&good[..8]), b"PAR1\x09\0\0\0PAR1", b"PAR1"] {
            assert_eq!(check_footer(bytes), refused);
        }
    }

    #[test]
    fn pages_that_do_not_fit_are_refused() {
        let pages = [page(3, 12), page(2, 8)].concat();
        for (bytes, values, problem) in [
            (&pages[..], 4, "a page has 2 values, of which there can be 1"),
            (&pages, 6, "the header of a page cannot be read"),
            (&pages[..pages.len() - 1], 5, "a page is longer than its column"),
            (&page(3, 4), 2, "a page has 3 values, of which there can be 2"),
            (&page(0, 0), 2, "a page is empty"),
        ] {
            assert_eq!(unpacked_bytes(bytes, values), Err(problem.to_owned()));
        }
        // Minus one, in zigzag.
        let mut negative = page(3, 4);
        negative[8] = 1;
        assert_eq!(unpacked_bytes(&negative, 3), Err("a page has no number of values".to_owned()));
    }
}

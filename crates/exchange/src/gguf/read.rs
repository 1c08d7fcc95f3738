//! The tensors of a file, and the values of their codes.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use bitsweep_quant::Quantized;

use crate::element::Element;
use crate::entry::{Entry, Place};
use crate::error::ImportError;
use crate::stored::Stored;

use super::block_type::BlockType;
use super::{ALIGNMENT, ALIGNMENT_KEY, BF16, F16, F32, MAGIC};

/// The most dimensions that ggml has.
const MOST_DIMENSIONS: u32 = 4;
/// The most bytes of a name.
const MOST_NAME_BYTES: u64 = 1 << 16;
/// The most arrays in arrays.
const MOST_DEPTH: u32 = 8;

/// The types of numbers and texts beside those of `write`, as far as they have a length.
const TYPE_U32: u32 = 4;
const TYPE_TEXT: u32 = 8;
const TYPE_ARRAY: u32 = 9;

/// The header of a file as it is read, no more of it than the file has.
struct Header<'f> {
    reader: BufReader<&'f mut File>,
    length: u64,
    position: u64,
}

/// Why a header is none.
enum Refused {
    Io(io::Error),
    Header(String),
    Tensor(String, String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn refused<T>(reason: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::Header(reason.into()))
}

/// The tensors, in the order of their bytes.
pub(crate) fn entries(path: &Path, file: &mut File, length: u64) -> Result<Vec<Entry>, ImportError> {
    let mut header = Header { reader: BufReader::new(file), length, position: 0 };
    header.entries().map_err(|refused| match refused {
        Refused::Io(error) => ImportError::new(path, error),
        Refused::Header(reason) => ImportError::new(path, format!("is no GGUF file: {reason}")),
        Refused::Tensor(name, reason) => ImportError::tensor(path, &name, reason),
    })
}

/// The values of a tensor in blocks, `(…, in)`, of its bytes.
///
/// # Errors
/// Types whose values are not known, and scales that are no numbers.
pub(crate) fn values(block_type: BlockType, shape: &[usize], bytes: &[u8]) -> Result<Vec<f64>, String> {
    let Some(block) = block_type.block() else {
        return Err(format!(
            "is {block_type}, whose values are not read: expected Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, MXFP4 or floats"
        ));
    };
    let inputs = shape.last().copied().unwrap_or(1);
    let outputs = shape.iter().rev().skip(1).product();
    let shape = if outputs == 1 { (1, inputs) } else { (inputs, outputs) };
    let quantized =
        Quantized::from_gguf_bytes(block, shape, bytes).map_err(|error| format!("is no tensor: {error}"))?;
    let values = quantized.reconstruct::<f32>();
    Ok(match outputs {
        1 => values.iter().map(|&value| value.into()).collect(),
        _ => values.t().iter().map(|&value| value.into()).collect(),
    })
}

impl Header<'_> {
    fn entries(&mut self) -> Result<Vec<Entry>, Refused> {
        if self.array()? != MAGIC {
            return refused("it does not begin with `GGUF`");
        }
        match self.u32()? {
            2 | 3 => {}
            version if matches!(version.swap_bytes(), 1..=3) => return refused("it is big-endian"),
            version => return refused(format!("its version is {version}: expected 2 or 3")),
        }
        let (tensors, keys) = (self.u64()?, self.u64()?);
        let mut alignment = u64::from(ALIGNMENT);
        for _ in 0..keys {
            let key = self.name()?;
            match (key.as_str(), self.u32()?) {
                (ALIGNMENT_KEY, TYPE_U32) => alignment = self.u32()?.into(),
                (ALIGNMENT_KEY, other) => {
                    return refused(format!("`{ALIGNMENT_KEY}` is of type {other}: expected {TYPE_U32}"));
                }
                (_, of) => self.skip_value(of, 0)?,
            }
        }
        if !alignment.is_power_of_two() {
            return refused(format!("its alignment is {alignment}: expected a power of two"));
        }
        let mut names = HashSet::new();
        let mut entries: Vec<Entry> = Vec::new();
        // Where the next tensor must begin, from where all of them do.
        let mut next = 0_u64;
        for _ in 0..tensors {
            let (entry, offset) = self.tensor()?;
            let wrong = |reason: String| Err(Refused::Tensor(entry.name.clone(), reason));
            if offset != next {
                return wrong(format!(
                    "is at byte {offset} of the tensors: expected {next}, behind those before it"
                ));
            }
            let end = next
                .checked_add(entry.bytes() as u64)
                .and_then(|end| end.checked_next_multiple_of(alignment));
            let Some(end) = end else {
                return wrong("does not fit into the file".to_owned());
            };
            if !names.insert(entry.name.clone()) {
                return wrong("is there twice".to_owned());
            }
            next = end;
            entries.push(entry);
        }
        let start = self.position.checked_next_multiple_of(alignment).unwrap_or(u64::MAX);
        for entry in &mut entries {
            let Place::At(offset) = entry.place else { continue };
            let place = start.checked_add(offset);
            let end = place.and_then(|place| place.checked_add(entry.bytes() as u64));
            match place.filter(|_| end.is_some_and(|end| end <= self.length)) {
                Some(place) => entry.place = Place::At(place),
                None => {
                    let reason = "does not fit into the file".to_owned();
                    return Err(Refused::Tensor(entry.name.clone(), reason));
                }
            }
        }
        Ok(entries)
    }

    /// A tensor, its place counted from the first one's, and that place.
    fn tensor(&mut self) -> Result<(Entry, u64), Refused> {
        let name = self.name()?;
        let dimensions = self.u32()?;
        if dimensions > MOST_DIMENSIONS {
            let reason = format!("has {dimensions} dimensions: expected at most {MOST_DIMENSIONS}");
            return Err(Refused::Tensor(name, reason));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            shape.push(self.u64()?);
        }
        let (number, offset) = (self.u32()?, self.u64()?);
        let Some(element) = stored(number) else {
            return Err(Refused::Tensor(name, format!("is of type {number}, which ggml does not have")));
        };
        let contiguous = shape.first().copied().unwrap_or(1);
        let lengths: Option<Vec<usize>> =
            shape.iter().rev().map(|&length| usize::try_from(length).ok()).collect();
        let count = lengths.as_deref().and_then(|lengths| {
            lengths.iter().try_fold(1_usize, |product, &length| product.checked_mul(length))
        });
        let block = match element {
            Stored::Blocks(block) => block.length() as u64,
            Stored::Numbers(_) => 1,
        };
        let is_whole =
            contiguous.is_multiple_of(block) && count.and_then(|count| element.bytes_of(count)).is_some();
        match lengths.filter(|_| is_whole) {
            Some(shape) => Ok((Entry { name, element, shape, place: Place::At(offset) }, offset)),
            None => Err(Refused::Tensor(
                name,
                format!(
                    "has the lengths {shape:?}: expected a multiple of {block} as the first, and no more numbers than memory holds"
                ),
            )),
        }
    }

    fn skip_value(&mut self, of: u32, depth: u32) -> Result<(), Refused> {
        match of {
            TYPE_TEXT => {
                let length = self.u64()?;
                self.skip(length)
            }
            TYPE_ARRAY if depth == MOST_DEPTH => refused("its arrays are nested too deep"),
            TYPE_ARRAY => {
                let (of, count) = (self.u32()?, self.u64()?);
                match bytes_of_value(of) {
                    Some(bytes) => self.skip(count.saturating_mul(bytes)),
                    None => (0..count).try_for_each(|_| self.skip_value(of, depth + 1)),
                }
            }
            _ => match bytes_of_value(of) {
                Some(bytes) => self.skip(bytes),
                None => refused(format!("it has a value of type {of}, which GGUF does not have")),
            },
        }
    }

    /// Refuses more bytes than are left.
    fn expect(&self, bytes: u64) -> Result<(), Refused> {
        match bytes <= self.length - self.position {
            true => Ok(()),
            false => refused(format!("its header does not fit into its {} bytes", self.length)),
        }
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Refused> {
        self.expect(bytes)?;
        // No more than the file is long.
        self.reader.seek_relative(i64::try_from(bytes).map_err(io::Error::other)?)?;
        self.position += bytes;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        self.expect(N as u64)?;
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        self.position += N as u64;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, Refused> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Refused> {
        self.array().map(u64::from_le_bytes)
    }

    fn name(&mut self) -> Result<String, Refused> {
        let length = self.u64()?;
        self.expect(length)?;
        if length > MOST_NAME_BYTES {
            return refused(format!("it has a name of {length} bytes: expected at most {MOST_NAME_BYTES}"));
        }
        let mut bytes = Vec::new();
        self.reader.by_ref().take(length).read_to_end(&mut bytes)?;
        self.position += length;
        String::from_utf8(bytes).or_else(|error| refused(format!("it has a name that is no UTF-8: {error}")))
    }
}

/// Bytes of a value; `None` of texts and arrays, and of what is no type.
const fn bytes_of_value(of: u32) -> Option<u64> {
    match of {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

fn stored(number: u32) -> Option<Stored> {
    let element = match number {
        F32 => Element::F32,
        F16 => Element::F16,
        24 => Element::I8,
        25 => Element::I16,
        26 => Element::I32,
        27 => Element::I64,
        28 => Element::F64,
        BF16 => Element::BF16,
        _ => return BlockType::of(number).map(Stored::Blocks),
    };
    Some(Stored::Numbers(element))
}

//! npz files: a zip archive with a NumPy array in each entry.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use npyz::{Endianness, TypeChar, TypeStr};
use zip::ZipArchive;

use crate::element::Element;
use crate::entry::{Entry, Place};
use crate::error::ImportError;
use crate::file;
use crate::npy_header::NpyHeader;

/// Arrays of zeros pack well, and are small.
const MOST_UNPACKED: u64 = 1 << 20;
/// A larger array has numbers, which deflate packs to a half, or with many zeros among them to less.
const MOST_RATIO: u64 = 64;
/// The most bytes of the header of an array: what NumPy itself takes.
const MOST_HEADER_BYTES: u64 = 10_000;

/// The most texts of an array: names of classes are what they are read for.
const MOST_TEXTS: usize = 1 << 16;

/// An array of texts.
#[derive(Debug)]
pub(crate) struct TextArray {
    /// What it is called.
    pub(crate) name: String,
    kind: TextKind,
    /// How many texts it has.
    count: usize,
    /// Its position in the archive.
    index: usize,
    /// The bytes before the first text.
    header: u64,
}

/// How a text is stored, zeros behind it.
#[derive(Clone, Copy, Debug)]
enum TextKind {
    /// In so many code points of 4 bytes: NumPy's `<U`.
    CodePoints(usize),
    /// In so many bytes: NumPy's `|S`.
    Bytes(usize),
}

impl TextKind {
    fn of(plain: &TypeStr) -> Option<Self> {
        let length = usize::try_from(plain.size_field()).ok().filter(|length| *length > 0)?;
        match (plain.type_char(), plain.endianness()) {
            (TypeChar::UnicodeStr, Endianness::Little) => Some(Self::CodePoints(length)),
            (TypeChar::ByteStr, _) => Some(Self::Bytes(length)),
            _ => None,
        }
    }

    /// Bytes of a text.
    fn bytes(self) -> usize {
        match self {
            Self::CodePoints(length) => length.saturating_mul(4),
            Self::Bytes(length) => length,
        }
    }
}

impl TextArray {
    /// The texts; the reason why they are none.
    pub(crate) fn read(&self, archive: &mut ZipArchive<File>) -> Result<Vec<String>, String> {
        if self.count > MOST_TEXTS {
            return Err(format!("has {} texts: expected at most {MOST_TEXTS}", self.count));
        }
        let length = self.kind.bytes();
        let bytes =
            read(archive, self.index, self.header, length * self.count).map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| match self.kind {
            TextKind::CodePoints(_) => {
                let points = bytes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
                let text: Option<String> = points.map(char::from_u32).collect();
                text.ok_or_else(|| "has a text with a code point that is none".to_owned())
            }
            TextKind::Bytes(_) => {
                String::from_utf8(bytes.to_vec()).map_err(|_| "has a text that is no UTF-8".to_owned())
            }
        };
        bytes.chunks(length).map(|bytes| Ok(text(bytes)?.trim_end_matches('\0').to_owned())).collect()
    }
}

/// What an npz file has.
pub(crate) struct Contents {
    /// Where the arrays are read from.
    pub(crate) archive: ZipArchive<File>,
    /// The arrays of numbers, as they stand in the archive.
    pub(crate) entries: Vec<Entry>,
    /// The arrays of texts.
    pub(crate) texts: Vec<TextArray>,
}

/// Opens an npz file.
pub(crate) fn open(path: &Path) -> Result<Contents, ImportError> {
    let refused =
        |reason: &dyn std::fmt::Display| ImportError::new(path, format!("is no npz file: {reason}"));
    let (file, _) = file::open(path)?;
    let mut archive = ZipArchive::new(file).map_err(|error| refused(&error))?;
    let mut entries = Vec::with_capacity(archive.len());
    let mut texts = Vec::new();
    for index in 0..archive.len() {
        let mut packed = archive.by_index(index).map_err(|error| refused(&error))?;
        let Some(name) = packed.name().strip_suffix(".npy").map(str::to_owned) else { continue };
        let wrong = |reason: &dyn std::fmt::Display| ImportError::tensor(path, &name, reason);
        let mut first = Vec::new();
        packed.by_ref().take(MOST_HEADER_BYTES).read_to_end(&mut first).map_err(|error| wrong(&error))?;
        let header = NpyHeader::of(&first).map_err(|reason| wrong(&reason))?;
        let shape: Option<Vec<usize>> =
            header.shape.iter().map(|&length| usize::try_from(length).ok()).collect();
        let (element, text_kind) = (element(&header.of), TextKind::of(&header.of));
        let Some(width) = element.map(Element::bytes).or(text_kind.map(TextKind::bytes)) else {
            return Err(wrong(&format_args!(
                "its type {} is not supported: expected little-endian floats or integers, or texts (`<U`, `|S`)",
                header.of
            )));
        };
        let numbers = shape
            .as_deref()
            .and_then(|shape| shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length)));
        let bytes = numbers.and_then(|numbers| numbers.checked_mul(width));
        let stored = packed.size().checked_sub(header.bytes);
        let (Some(shape), Some(true)) = (shape, bytes.map(|bytes| stored == Some(bytes as u64))) else {
            return Err(wrong(&format_args!(
                "its entry of {} bytes does not fit its shape {:?}",
                packed.size(),
                header.shape
            )));
        };
        if packed.size() > MOST_UNPACKED.max(MOST_RATIO.saturating_mul(packed.compressed_size())) {
            return Err(wrong(&format_args!(
                "its {} bytes unpack to {}: expected at most {MOST_RATIO} times as many",
                packed.compressed_size(),
                packed.size()
            )));
        }
        match (element, text_kind) {
            (Some(element), _) => {
                let is_column_major = header.is_column_major;
                let place = Place::InArchive { index, header: header.bytes, is_column_major };
                entries.push(Entry { name, element: element.into(), shape, place });
            }
            (None, Some(kind)) => {
                let count = shape.iter().product();
                texts.push(TextArray { name, kind, count, index, header: header.bytes });
            }
            (None, None) => {}
        }
    }
    Ok(Contents { archive, entries, texts })
}

/// The bytes of an array.
pub(crate) fn read(
    archive: &mut ZipArchive<File>,
    index: usize,
    header: u64,
    bytes: usize,
) -> io::Result<Vec<u8>> {
    let mut packed = archive.by_index(index)?;
    io::copy(&mut packed.by_ref().take(header), &mut io::sink())?;
    let mut read = Vec::new();
    packed.take(bytes as u64).read_to_end(&mut read)?;
    match read.len() == bytes {
        true => Ok(read),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn element(plain: &TypeStr) -> Option<Element> {
    if plain.endianness() == Endianness::Big && plain.size_field() > 1 {
        return None;
    }
    Some(match (plain.type_char(), plain.size_field()) {
        (TypeChar::Float, 8) => Element::F64,
        (TypeChar::Float, 4) => Element::F32,
        (TypeChar::Float, 2) => Element::F16,
        (TypeChar::Int, 8) => Element::I64,
        (TypeChar::Int, 4) => Element::I32,
        (TypeChar::Int, 2) => Element::I16,
        (TypeChar::Int, 1) => Element::I8,
        (TypeChar::Uint, 8) => Element::U64,
        (TypeChar::Uint, 4) => Element::U32,
        (TypeChar::Uint, 2) => Element::U16,
        (TypeChar::Uint, 1) => Element::U8,
        (TypeChar::Bool, 1) => Element::Bool,
        _ => return None,
    })
}

//! npz files: a zip archive with a NumPy array in each entry.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};
use zip::ZipArchive;

use crate::element::Element;
use crate::entry::{Entry, Place};
use crate::error::ImportError;

/// Arrays of zeros pack well, and are small.
const MOST_UNPACKED: u64 = 1 << 20;
/// A larger array has numbers, which deflate packs to a half, or with many zeros among them to less.
const MOST_RATIO: u64 = 64;
/// The most bytes of the header of an array: what NumPy itself takes.
const MOST_HEADER_BYTES: u64 = 10_000;

/// The arrays, as they stand in the archive.
pub(crate) fn entries(path: &Path, file: &File) -> Result<Vec<Entry>, ImportError> {
    let refused =
        |reason: &dyn std::fmt::Display| ImportError::new(path, format!("is no npz file: {reason}"));
    let mut archive = ZipArchive::new(file).map_err(|error| refused(&error))?;
    let mut entries = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let mut packed = archive.by_index(index).map_err(|error| refused(&error))?;
        let Some(name) = packed.name().strip_suffix(".npy").map(str::to_owned) else { continue };
        let wrong = |reason: &dyn std::fmt::Display| ImportError::tensor(path, &name, reason);
        let mut first = Vec::new();
        packed.by_ref().take(MOST_HEADER_BYTES).read_to_end(&mut first).map_err(|error| wrong(&error))?;
        let mut reader = Cursor::new(&first);
        let header = NpyHeader::from_reader(&mut reader).map_err(|error| wrong(&error))?;
        let shape: Option<Vec<usize>> =
            header.shape().iter().map(|&length| usize::try_from(length).ok()).collect();
        let element = element(&header.dtype()).ok_or_else(|| {
            wrong(&format_args!(
                "its type {} is not supported: expected little-endian floats or integers",
                header.dtype().descr()
            ))
        })?;
        let numbers = shape
            .as_deref()
            .and_then(|shape| shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length)));
        let bytes = numbers.and_then(|numbers| numbers.checked_mul(element.bytes()));
        let stored = packed.size().checked_sub(reader.position());
        let (Some(shape), Some(true)) = (shape, bytes.map(|bytes| stored == Some(bytes as u64))) else {
            return Err(wrong(&format_args!(
                "its entry of {} bytes does not fit its shape {:?}",
                packed.size(),
                header.shape()
            )));
        };
        if packed.size() > MOST_UNPACKED.max(MOST_RATIO.saturating_mul(packed.compressed_size())) {
            return Err(wrong(&format_args!(
                "its {} bytes unpack to {}: expected at most {MOST_RATIO} times as many",
                packed.compressed_size(),
                packed.size()
            )));
        }
        let place = Place::InArchive {
            index,
            header: reader.position(),
            is_column_major: header.order() == Order::Fortran,
        };
        entries.push(Entry { name, element, shape, place });
    }
    Ok(entries)
}

/// The bytes of an array.
pub(crate) fn read(file: &File, index: usize, header: u64, bytes: usize) -> io::Result<Vec<u8>> {
    let mut archive = ZipArchive::new(file)?;
    let mut packed = archive.by_index(index)?;
    io::copy(&mut packed.by_ref().take(header), &mut io::sink())?;
    let mut read = Vec::new();
    packed.take(bytes as u64).read_to_end(&mut read)?;
    match read.len() == bytes {
        true => Ok(read),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn element(dtype: &DType) -> Option<Element> {
    let DType::Plain(plain) = dtype else { return None };
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

//! safetensors files: a header of JSON, then the bytes of all tensors.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use ::safetensors::Dtype;
use ::safetensors::tensor::Metadata;

use crate::element::Element;
use crate::entry::{Entry, Place};
use crate::error::ImportError;

/// Bytes of the length of the header.
const LENGTH_BYTES: u64 = 8;
/// The most bytes of a header that the `safetensors` crate reads, too.
const MOST_HEADER_BYTES: u64 = 100_000_000;

/// The tensors, in the order of their bytes.
pub(crate) fn entries(path: &Path, file: &mut File, length: u64) -> Result<Vec<Entry>, ImportError> {
    let refused =
        |reason: &dyn std::fmt::Display| ImportError::new(path, format!("is no safetensors file: {reason}"));
    let mut bytes = Vec::new();
    file.take(LENGTH_BYTES).read_to_end(&mut bytes).map_err(|error| ImportError::new(path, error))?;
    let Some(header) = bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)) else {
        return Err(refused(&"it is shorter than 8 bytes"));
    };
    if header > length - LENGTH_BYTES {
        return Err(refused(&format_args!("its header of {header} bytes does not fit into its {length}")));
    }
    if header > MOST_HEADER_BYTES {
        return Err(refused(&format_args!(
            "its header has {header} bytes: expected at most {MOST_HEADER_BYTES}"
        )));
    }
    bytes.clear();
    file.take(header).read_to_end(&mut bytes).map_err(|error| ImportError::new(path, error))?;
    let metadata: Metadata = serde_json::from_slice(&bytes).map_err(|error| refused(&error))?;
    let start = LENGTH_BYTES + header;
    let expected = start + metadata.data_len() as u64;
    if expected != length {
        return Err(refused(&format_args!("its tensors end at byte {expected}, but it has {length}")));
    }
    let entry = |name: String| -> Result<Entry, ImportError> {
        let info = metadata.info(&name).ok_or_else(|| refused(&format_args!("`{name}` is not in it")))?;
        let element = element(info.dtype).ok_or_else(|| {
            ImportError::tensor(
                path,
                &name,
                format!("its type {:?} is not supported: expected floats or integers", info.dtype),
            )
        })?;
        let place = Place::At(start + info.data_offsets.0 as u64);
        Ok(Entry { name, element: element.into(), shape: info.shape.clone(), place })
    };
    metadata.offset_keys().into_iter().map(entry).collect()
}

/// The bytes of a tensor.
pub(crate) fn read(file: &mut File, start: u64, bytes: usize) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    all.try_reserve_exact(bytes).map_err(|_| too_large(bytes))?;
    read_in_parts(file, start, bytes, |part| all.extend_from_slice(part))?;
    Ok(all)
}

/// That there is no memory for so many bytes.
fn too_large(bytes: usize) -> io::Error {
    io::Error::new(io::ErrorKind::OutOfMemory, format!("has {bytes} bytes, for which there is no memory"))
}

/// The bytes of a tensor, part by part; each part is a whole number of numbers.
pub(crate) fn read_in_parts(
    file: &mut File,
    start: u64,
    bytes: usize,
    mut take: impl FnMut(&[u8]),
) -> io::Result<()> {
    /// A multiple of the bytes of every type.
    const PART: usize = 1 << 16;
    file.seek(SeekFrom::Start(start))?;
    let mut part = vec![0; PART.min(bytes)];
    let mut left = bytes;
    while left > 0 {
        let now = PART.min(left);
        file.read_exact(&mut part[..now])?;
        take(&part[..now]);
        left -= now;
    }
    Ok(())
}

fn element(dtype: Dtype) -> Option<Element> {
    Some(match dtype {
        Dtype::F64 => Element::F64,
        Dtype::F32 => Element::F32,
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::BF16,
        Dtype::I64 => Element::I64,
        Dtype::I32 => Element::I32,
        Dtype::I16 => Element::I16,
        Dtype::I8 => Element::I8,
        Dtype::U64 => Element::U64,
        Dtype::U32 => Element::U32,
        Dtype::U16 => Element::U16,
        Dtype::U8 => Element::U8,
        Dtype::BOOL => Element::Bool,
        _ => return None,
    })
}

//! The bytes of a file: read whole, unpacked where they are gzip, and never more than there is room for.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{self, Path};

use flate2::read::MultiGzDecoder;

use super::error::TableProblem;

/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reads a file of at most `most` bytes, packed and unpacked.
///
/// What is no plain file (a directory, a pipe, a device) is not opened: reading it might never end. A file is read up to
/// the length that it had when it was opened; one that is longer by then is refused.
pub(super) fn content(place: &Path, most: u64) -> Result<Vec<u8>, TableProblem> {
    let metadata = fs::metadata(place).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            TableProblem::NotFound { place: path::absolute(place).unwrap_or_else(|_| place.to_owned()) }
        }
        _ => TableProblem::Unreadable(error),
    })?;
    if metadata.is_dir() {
        return Err(TableProblem::IsDirectory);
    }
    if !metadata.is_file() {
        return Err(TableProblem::NotAFile);
    }
    let length = metadata.len();
    if length > most {
        return Err(TableProblem::TooLarge { bytes: length, most });
    }
    let file = File::open(place).map_err(TableProblem::Unreadable)?;
    let bytes = read_at_most(file, length).map_err(TableProblem::Unreadable)?.ok_or(TableProblem::Grows)?;
    unpacked(bytes, most)
}

/// The bytes themselves, or what they are packed of.
pub(super) fn unpacked(bytes: Vec<u8>, most: u64) -> Result<Vec<u8>, TableProblem> {
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    let unpacked = read_at_most(MultiGzDecoder::new(bytes.as_slice()), most);
    unpacked.map_err(TableProblem::DamagedGzip)?.ok_or(TableProblem::TooLargeUnpacked { most })
}

/// Everything that there is to read; `None` where that is more than `most` bytes.
fn read_at_most(mut reader: impl Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.by_ref().take(most).read_to_end(&mut bytes)?;
    let is_more = reader.read(&mut [0])? > 0;
    Ok((!is_more).then_some(bytes))
}

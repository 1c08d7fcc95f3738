//! Files on the disk, and no more of them than they have.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::error::ImportError;

/// Opens a file, with the bytes that it has. A folder, a pipe or a device is none.
pub(crate) fn open(path: &Path) -> Result<(File, u64), ImportError> {
    let refused = |error: std::io::Error| ImportError::new(path, error);
    let metadata = fs::metadata(path).map_err(refused)?;
    match metadata.is_file() {
        true => Ok((File::open(path).map_err(refused)?, metadata.len())),
        false => Err(ImportError::new(path, "is no file")),
    }
}

/// The bytes of a file, those that it has when it is opened.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ImportError> {
    let (file, length) = open(path)?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(|error| ImportError::new(path, error))?;
    Ok(bytes)
}

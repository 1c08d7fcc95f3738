//! What keeps a store from being read or written.

use std::io;
use std::path::{Path, PathBuf};

/// Failure to read or to write a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder has something else in it.
    #[error("`{0}` is no store of bitsweep, and is not empty: expected a folder that is, or an empty one")]
    NotAStore(PathBuf),
    /// The folder was laid out by another version.
    #[error("`{place}` is a store of another version of bitsweep ({found}): expected {expected}")]
    Version {
        /// The folder.
        place: PathBuf,
        /// What it says of itself.
        found: String,
        /// What this version writes.
        expected: &'static str,
    },
    /// A link stands where the store has a folder of its own.
    #[error("`{0}` is not a folder: nothing outside of the store is read or written")]
    NotAFolder(PathBuf),
    /// The disk refused it.
    #[error("cannot {doing} `{path}`: {source}")]
    Disk {
        /// `read`, `write`, ….
        doing: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl StoreError {
    /// For `map_err`: the disk refuses to do something with `path`.
    pub(crate) fn disk(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Disk { doing, path, source }
    }
}

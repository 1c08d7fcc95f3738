//! The tensors of a file, by name, read one at a time.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use crate::element::Element;
use crate::error::ImportError;
use crate::{npz, safetensors};

/// A tensor that a file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called.
    pub name: String,
    /// How its numbers are stored.
    pub element: Element,
    /// Its shape; empty of a single number.
    pub shape: Vec<usize>,
    /// Where its bytes are.
    pub(crate) place: Place,
}

/// Where the bytes of a tensor are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file, from this byte on.
    At(u64),
    /// An entry of an archive, with the bytes of its header.
    InArchive {
        /// The position of the entry.
        index: usize,
        /// The bytes before the first number.
        header: u64,
        /// Whether the first index runs fastest, as in Fortran.
        is_column_major: bool,
    },
}

/// A tensor that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its shape; empty of a single number.
    pub shape: Vec<usize>,
    /// Its numbers, the last index fastest.
    pub values: Vec<f64>,
}

/// A file of tensors. Only its directory is in memory.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    file: File,
    length: u64,
    entries: Vec<Entry>,
}

impl Entry {
    /// How many numbers it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no number.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of its numbers.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.len() * self.element.bytes()
    }
}

impl TensorFile {
    /// Reads the directory of a safetensors or npz file; which of them it is, its first bytes say.
    ///
    /// # Errors
    /// When it cannot be read, is neither, or its directory does not fit its length.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let refused = |error: &dyn std::fmt::Display| ImportError::new(path, error);
        let metadata = std::fs::metadata(path).map_err(|error| refused(&error))?;
        if !metadata.is_file() {
            return Err(refused(&"is no file"));
        }
        let mut file = File::open(path).map_err(|error| refused(&error))?;
        let mut first = Vec::new();
        file.by_ref().take(4).read_to_end(&mut first).map_err(|error| refused(&error))?;
        file.rewind().map_err(|error| refused(&error))?;
        let entries = match first.as_slice() {
            npz::MAGIC => npz::entries(path, &file)?,
            _ => safetensors::entries(path, &mut file, metadata.len())?,
        };
        Ok(Self { path: path.to_owned(), file, length: metadata.len(), entries })
    }

    /// The tensors, as they stand in the file.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of this name.
    ///
    /// # Errors
    /// When there is none: the names that there are.
    pub fn entry(&self, name: &str) -> Result<&Entry, ImportError> {
        self.entries.iter().find(|entry| entry.name == name).ok_or_else(|| {
            let names: Vec<String> = self.entries.iter().map(|entry| format!("`{}`", entry.name)).collect();
            let shown = names.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
            let more = if names.len() > 20 { ", …" } else { "" };
            ImportError::new(&self.path, format!("has no tensor `{name}`; it has {shown}{more}"))
        })
    }

    /// Reads a tensor of [`entries`](Self::entries).
    ///
    /// # Errors
    /// When the file cannot be read, or has changed.
    pub fn read(&mut self, entry: &Entry) -> Result<Tensor, ImportError> {
        let bytes = self.read_bytes(entry)?;
        let values = entry.element.decode(&bytes);
        let values = match entry.place {
            Place::InArchive { is_column_major: true, .. } => row_major(&values, &entry.shape),
            Place::At(_) | Place::InArchive { .. } => values,
        };
        Ok(Tensor { shape: entry.shape.clone(), values })
    }

    fn read_bytes(&mut self, entry: &Entry) -> Result<Vec<u8>, ImportError> {
        match entry.place {
            Place::At(start) => safetensors::read(&mut self.file, start, entry.bytes()),
            Place::InArchive { index, header, .. } => npz::read(&self.file, index, header, entry.bytes()),
        }
        .map_err(|error| ImportError::tensor(&self.path, &entry.name, error))
    }

    /// Bytes of the file.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The numbers with the last index fastest, of numbers with the first index fastest.
fn row_major(values: &[f64], shape: &[usize]) -> Vec<f64> {
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    let array = ndarray::ArrayView::from_shape(reversed, values).expect("as many numbers as the shape says");
    array.reversed_axes().iter().copied().collect()
}

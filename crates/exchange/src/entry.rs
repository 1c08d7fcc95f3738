//! What the directory of a file says of a tensor.

use crate::stored::Stored;

/// A tensor that a file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called.
    pub name: String,
    /// How its numbers are stored.
    pub element: Stored,
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
    /// What is in memory, by its position: a weight of a graph, an array of a JSON document.
    InMemory(usize),
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

    /// Bytes of its numbers, which fill whole blocks.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.element.bytes_of(self.len()).unwrap_or(0)
    }
}

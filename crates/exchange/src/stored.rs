//! How files store the numbers of a tensor.

use std::fmt;

use crate::element::Element;
use crate::gguf::BlockType;

/// How the numbers of a tensor are stored: one by one, or as codes in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stored {
    /// One by one.
    Numbers(Element),
    /// As codes in blocks, in GGUF files.
    Blocks(BlockType),
}

impl Stored {
    /// Bytes of so many numbers; `None` where they fill no whole blocks, or are too many.
    #[must_use]
    pub const fn bytes_of(self, count: usize) -> Option<usize> {
        match self {
            Self::Numbers(element) => count.checked_mul(element.bytes()),
            Self::Blocks(block) => block.bytes_of(count),
        }
    }

    /// Whether the numbers are floats that can be read.
    #[must_use]
    pub fn is_float(self) -> bool {
        match self {
            Self::Numbers(element) => element.is_float(),
            Self::Blocks(block) => block.has_values(),
        }
    }

    /// Whether the numbers can be read.
    #[must_use]
    pub fn has_values(self) -> bool {
        match self {
            Self::Numbers(_) => true,
            Self::Blocks(block) => block.has_values(),
        }
    }
}

impl From<Element> for Stored {
    fn from(element: Element) -> Self {
        Self::Numbers(element)
    }
}

/// `float32`, `Q4_0`.
impl fmt::Display for Stored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbers(element) => element.fmt(formatter),
            Self::Blocks(block) => block.fmt(formatter),
        }
    }
}

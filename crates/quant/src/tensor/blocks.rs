//! Which values of a matrix share parameters.

use std::borrow::Cow;

use crate::scheme::Granularity;

/// The division of a row-major matrix into blocks that share one scale and zero point.
///
/// Blocks are numbered in the order in which their first values lie in memory: rows from the top, columns from the
/// left, groups first along the first `n` rows of all columns, then the next `n` rows.
///
/// ```
/// use bitsweep_quant::{Blocks, Granularity, GroupSize};
///
/// let blocks = Blocks::new((5, 2), Granularity::Group(GroupSize::new(3).unwrap()));
/// assert_eq!(blocks.len(), 4);
/// assert_eq!(blocks.tile(), (3, 1));
/// assert_eq!(blocks.index_of(4, 1), 3);
/// assert_eq!(blocks.get(3).positions().collect::<Vec<_>>(), [7, 9]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks {
    rows: usize,
    columns: usize,
    layout: Layout,
}

/// How blocks lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A block is `length` consecutive values; the last may be shorter.
    Runs {
        /// Values of a block.
        length: usize,
    },
    /// A block is one column of `height` consecutive rows; the last rows may be fewer.
    Bands {
        /// Values of a block.
        height: usize,
    },
}

/// The values `offset`, `offset + stride`, … of a row-major matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Position of the first value.
    pub offset: usize,
    /// Number of values.
    pub length: usize,
    /// Distance between neighbouring values.
    pub stride: usize,
}

impl Block {
    /// Positions of the values in the row-major matrix.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        (0..self.length).map(move |index| self.offset + index * self.stride)
    }

    /// The values in one piece, of those of the row-major matrix; copied only where they lie apart.
    pub(crate) fn of<T: Copy>(self, values: &[T]) -> Cow<'_, [T]> {
        if self.stride == 1 {
            Cow::Borrowed(&values[self.offset..][..self.length])
        } else {
            Cow::Owned(self.positions().map(|position| values[position]).collect())
        }
    }
}

impl Blocks {
    /// The blocks of a matrix of `(rows, columns)`. An empty matrix has none.
    #[must_use]
    pub fn new((rows, columns): (usize, usize), granularity: Granularity) -> Self {
        let layout = match granularity {
            Granularity::Tensor => Layout::Runs { length: rows * columns },
            Granularity::InputChannel => Layout::Runs { length: columns },
            Granularity::Rows(count) => Layout::Runs { length: columns * rows.min(count.get() as usize) },
            Granularity::OutputChannel => Layout::Bands { height: rows },
            // A bias has no inputs to group along; its outputs are what is left.
            Granularity::Group(size) if rows == 1 => {
                Layout::Runs { length: columns.min(size.get() as usize) }
            }
            Granularity::Group(size) => Layout::Bands { height: rows.min(size.get() as usize) },
        };
        Self { rows, columns, layout }
    }

    /// Rows and columns of the matrix.
    #[must_use]
    pub const fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    pub(crate) const fn layout(&self) -> Layout {
        self.layout
    }

    /// Number of blocks.
    #[must_use]
    pub const fn len(&self) -> usize {
        if self.is_empty() {
            return 0;
        }
        match self.layout {
            Layout::Runs { length } => (self.rows * self.columns).div_ceil(length),
            Layout::Bands { height } => self.rows.div_ceil(height) * self.columns,
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0 || self.columns == 0
    }

    /// Rows and columns of a whole block: in tiles of so many the matrix is divided, the last ones perhaps smaller.
    #[must_use]
    pub const fn tile(&self) -> (usize, usize) {
        match self.layout {
            Layout::Runs { length } if length > self.columns => (length / self.columns, self.columns),
            Layout::Runs { length } => (1, length),
            Layout::Bands { height } => (height, 1),
        }
    }

    /// The block with number `index < len()`.
    #[must_use]
    pub fn get(&self, index: usize) -> Block {
        match self.layout {
            Layout::Runs { length } => {
                let offset = index * length;
                Block { offset, length: length.min(self.rows * self.columns - offset), stride: 1 }
            }
            Layout::Bands { height } => {
                let (band, column) = (index / self.columns, index % self.columns);
                let first = band * height;
                Block {
                    offset: first * self.columns + column,
                    length: height.min(self.rows - first),
                    stride: self.columns,
                }
            }
        }
    }

    /// All blocks in order.
    pub fn iter(&self) -> impl Iterator<Item = Block> + use<> {
        let blocks = *self;
        (0..self.len()).map(move |index| blocks.get(index))
    }

    /// The number of the block that holds a value.
    #[must_use]
    pub const fn index_of(&self, row: usize, column: usize) -> usize {
        match self.layout {
            Layout::Runs { length } => (row * self.columns + column) / length,
            Layout::Bands { height } => row / height * self.columns + column,
        }
    }
}

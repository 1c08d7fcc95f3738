//! Matrices whose rows are padded to whole vectors.

use ndarray::ArrayView2;

use crate::real::Real;

/// Columns that are computed together: one 256-bit vector of `f32`, two of `f64`.
pub(crate) const LANES: usize = 8;

/// Neighbouring columns of one row.
pub(crate) type Block<T> = [T; LANES];

/// A row-major matrix whose rows are padded with zeros to a multiple of [`LANES`] columns.
///
/// Kernels walk whole blocks and need no code for the last, shorter one. What is computed from padding is padding
/// again: a product of zeros is zero, and so are its ReLU and its gradient.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Panels<T> {
    rows: usize,
    columns: usize,
    blocks: Vec<Block<T>>,
}

impl<T: Real> Panels<T> {
    /// A matrix of zeros.
    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, blocks: vec![[T::ZERO; LANES]; rows * columns.div_ceil(LANES)] }
    }

    /// Takes over the shape and the elements of `values`; allocates only to grow.
    pub(crate) fn assign<S: Copy>(&mut self, values: ArrayView2<'_, S>, convert: impl Fn(S) -> T) {
        self.resize(values.nrows(), values.ncols());
        for (row, source) in values.outer_iter().enumerate() {
            for (target, &value) in self.row_mut(row).iter_mut().zip(source) {
                *target = convert(value);
            }
        }
    }

    /// Changes the shape to `rows × columns`, allocating only to grow. All elements are zero when the number of columns
    /// changed; otherwise the rows that remain keep theirs.
    pub(crate) fn resize(&mut self, rows: usize, columns: usize) {
        if self.columns != columns {
            self.blocks.clear();
        }
        self.rows = rows;
        self.columns = columns;
        self.blocks.resize(rows * self.blocks_per_row(), [T::ZERO; LANES]);
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn blocks_per_row(&self) -> usize {
        self.columns.div_ceil(LANES)
    }

    /// All blocks, row after row.
    pub(crate) fn blocks(&self) -> &[Block<T>] {
        &self.blocks
    }

    pub(crate) fn blocks_mut(&mut self) -> &mut [Block<T>] {
        &mut self.blocks
    }

    /// All elements with the padding, row after row.
    pub(crate) fn padded(&self) -> &[T] {
        self.blocks.as_flattened()
    }

    /// All elements with the padding, row after row.
    pub(crate) fn padded_mut(&mut self) -> &mut [T] {
        self.blocks.as_flattened_mut()
    }

    /// The distance of two rows in [`padded`](Self::padded).
    pub(crate) fn stride(&self) -> usize {
        self.blocks_per_row() * LANES
    }

    /// One row without its padding.
    pub(crate) fn row(&self, row: usize) -> &[T] {
        &self.padded()[row * self.stride()..][..self.columns]
    }

    /// One row without its padding.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [T] {
        let (stride, columns) = (self.stride(), self.columns);
        &mut self.blocks.as_flattened_mut()[row * stride..][..columns]
    }
}

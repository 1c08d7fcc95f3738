//! Matrices in the layout of the kernels.

use ndarray::{Array2, ArrayView2};

use crate::float::Float;

/// Columns that are computed together: one 256-bit vector of `f32`, two of `f64`.
pub(crate) const LANES: usize = 8;

/// [`LANES`] neighbouring columns of one row.
pub(crate) type Block<T> = [T; LANES];

/// A matrix cut into panels of [`LANES`] columns, one panel after the other, each row-major; the last panel is padded.
///
/// ```text
///  0  1 …  7 |  8  9  0 … 0      the elements of a matrix with 10 columns, two panels:
/// 10 11 … 17 | 18 19  0 … 0      first all rows of the left one, then all rows of the right one
/// ```
///
/// A kernel walks down one panel block by block, with no stride to compute and no shorter block at the end of a row.
/// What is computed from padding stays in padding, as a column never meets another one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Panels<T> {
    rows: usize,
    columns: usize,
    blocks: Vec<Block<T>>,
}

impl<T: Float> Panels<T> {
    /// A matrix of zeros.
    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        let mut panels = Self::default();
        panels.resize(rows, columns);
        panels
    }

    /// The matrix with these elements.
    pub(crate) fn from_fn(rows: usize, columns: usize, element: impl Fn(usize, usize) -> T) -> Self {
        let mut panels = Self::default();
        panels.assign_with(rows, columns, element);
        panels
    }

    /// Takes over the shape and the elements of `values`. Allocates only to grow, where rows are contiguous.
    pub(crate) fn assign(&mut self, values: ArrayView2<'_, T>) {
        self.resize(values.nrows(), values.ncols());
        for (row, source) in values.outer_iter().enumerate() {
            match source.as_slice() {
                Some(source) => self.set_row(row, source, |value| value),
                None => self.set_row(row, &source.to_vec(), |value| value),
            }
        }
    }

    /// Becomes the matrix with these elements; allocates only to grow.
    pub(crate) fn assign_with(&mut self, rows: usize, columns: usize, element: impl Fn(usize, usize) -> T) {
        self.resize(rows, columns);
        for panel in 0..self.panel_count() {
            let (first, width) = (panel * LANES, self.width(panel));
            for (row, block) in self.panel_mut(panel).iter_mut().enumerate() {
                for (lane, value) in block[..width].iter_mut().enumerate() {
                    *value = element(row, first + lane);
                }
                block[width..].fill(T::ZERO);
            }
        }
    }

    /// Changes the shape, allocating only to grow. The elements are to be overwritten: they are those of another shape.
    pub(crate) fn resize(&mut self, rows: usize, columns: usize) {
        self.rows = rows;
        self.columns = columns;
        self.blocks.resize(rows * columns.div_ceil(LANES), [T::ZERO; LANES]);
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn panel_count(&self) -> usize {
        self.columns.div_ceil(LANES)
    }

    /// The number of columns in a panel that are not padding.
    pub(crate) fn width(&self, panel: usize) -> usize {
        LANES.min(self.columns - panel * LANES)
    }

    /// Columns `LANES·panel` and following, a block for each row.
    pub(crate) fn panel(&self, panel: usize) -> &[Block<T>] {
        &self.blocks[panel * self.rows..][..self.rows]
    }

    pub(crate) fn panel_mut(&mut self, panel: usize) -> &mut [Block<T>] {
        &mut self.blocks[panel * self.rows..][..self.rows]
    }

    /// All blocks, panel after panel.
    pub(crate) fn blocks(&self) -> &[Block<T>] {
        &self.blocks
    }

    pub(crate) fn blocks_mut(&mut self) -> &mut [Block<T>] {
        &mut self.blocks
    }

    /// All elements with the padding, in the order of the layout.
    pub(crate) fn padded(&self) -> &[T] {
        self.blocks.as_flattened()
    }

    pub(crate) fn padded_mut(&mut self) -> &mut [T] {
        self.blocks.as_flattened_mut()
    }

    pub(crate) fn get(&self, row: usize, column: usize) -> T {
        self.panel(column / LANES)[row][column % LANES]
    }

    /// The same matrix in the usual layout.
    pub(crate) fn to_array(&self) -> Array2<T> {
        let mut values = Vec::with_capacity(self.rows * self.columns);
        self.copy_rows_to(&mut values);
        let Ok(array) = Array2::from_shape_vec((self.rows, self.columns), values) else {
            unreachable!("there is one value for each row and column")
        };
        array
    }

    /// Writes the elements to `values`, row after row.
    pub(crate) fn copy_rows_to(&self, values: &mut Vec<T>) {
        self.convert_rows_to(values, |value| value);
    }

    /// Writes the elements of one row to `values`.
    pub(crate) fn copy_row_to(&self, row: usize, values: &mut Vec<T>) {
        values.clear();
        for panel in 0..self.panel_count() {
            values.extend_from_slice(&self.panel(panel)[row][..self.width(panel)]);
        }
    }

    /// Writes the elements to `values`, row after row, converted.
    pub(crate) fn convert_rows_to<U: Copy + Default>(&self, values: &mut Vec<U>, convert: impl Fn(T) -> U) {
        let count = self.rows * self.columns;
        // Whole blocks are written: what their padding covers is the next row's, or behind the last.
        values.resize(count + LANES, U::default());
        for row in 0..self.rows {
            let blocks = self.blocks.iter().skip(row).step_by(self.rows);
            let (targets, _) = values[row * self.columns..].as_chunks_mut::<LANES>();
            blocks.zip(targets).for_each(|(block, target)| *target = block.map(&convert));
        }
        values.truncate(count);
    }

    /// Replaces all elements by those of `values`, row after row, converted.
    pub(crate) fn convert_rows_from<U: Copy>(&mut self, values: &[U], convert: impl Fn(U) -> T) {
        let columns = self.columns;
        for panel in 0..self.panel_count() {
            let rows = values.chunks_exact(columns).map(|row| &row[panel * LANES..]);
            for (block, row) in self.panel_mut(panel).iter_mut().zip(rows) {
                match row.first_chunk::<LANES>() {
                    Some(row) => *block = row.map(&convert),
                    None => block.iter_mut().zip(row).for_each(|(element, &value)| *element = convert(value)),
                }
            }
        }
    }

    /// Replaces the elements of one row by those of `values`, converted.
    pub(crate) fn set_row<U: Copy>(&mut self, row: usize, values: &[U], convert: impl Fn(U) -> T) {
        let rows = self.rows;
        let (whole, rest) = values.as_chunks::<LANES>();
        let mut targets = self.blocks.iter_mut().skip(row).step_by(rows);
        for (block, target) in whole.iter().zip(&mut targets) {
            *target = block.map(&convert);
        }
        if let (Some(target), false) = (targets.next(), rest.is_empty()) {
            *target = [T::ZERO; LANES];
            target.iter_mut().zip(rest).for_each(|(element, &value)| *element = convert(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::{LANES, Panels};

    fn numbered(rows: usize, columns: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, columns), |(row, column)| (100 * row + column + 1) as f64)
    }

    #[test]
    fn a_matrix_comes_back_as_it_went_in() {
        let mut panels = Panels::default();
        // One memory for all shapes, the smaller ones after the larger ones too.
        for (rows, columns) in [(3, 20), (1, 1), (5, 8), (2, 7), (7, 17), (1, 16)] {
            let matrix = numbered(rows, columns);
            panels.assign(matrix.view());
            assert_eq!(panels.to_array(), matrix);
            let mut values = Vec::new();
            panels.copy_rows_to(&mut values);
            assert_eq!(values, matrix.into_raw_vec_and_offset().0);
        }
    }

    #[test]
    fn a_matrix_with_columns_in_memory_comes_back_too() {
        let matrix = numbered(9, 4);
        let mut panels = Panels::default();
        panels.assign(matrix.t());
        assert_eq!(panels.to_array(), matrix.t());
    }

    #[test]
    fn padding_is_zero_whatever_the_memory_held() {
        let mut panels = Panels::default();
        panels.assign(numbered(4, 24).view());
        panels.assign(numbered(3, 10).view());
        for block in panels.panel(1) {
            assert_eq!(block[2..], [0.0; LANES - 2]);
        }
    }
}

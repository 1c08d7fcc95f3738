//! Matrices in the layout of the kernels.

use ndarray::{Array2, ArrayView2};

use crate::real::Real;

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

impl<T: Real> Panels<T> {
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

    /// Takes over the shape and the elements of `values`; allocates only to grow.
    pub(crate) fn assign(&mut self, values: ArrayView2<'_, T>) {
        let (rows, columns) = values.dim();
        self.assign_with(rows, columns, |row, column| values[[row, column]]);
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
        Array2::from_shape_fn((self.rows, self.columns), |(row, column)| self.get(row, column))
    }

    /// Writes the elements to `values`, row after row.
    pub(crate) fn copy_rows_to(&self, values: &mut Vec<T>) {
        values.clear();
        for row in 0..self.rows {
            self.append_row_to(row, values);
        }
    }

    /// Writes the elements of one row to `values`.
    pub(crate) fn copy_row_to(&self, row: usize, values: &mut Vec<T>) {
        values.clear();
        self.append_row_to(row, values);
    }

    fn append_row_to(&self, row: usize, values: &mut Vec<T>) {
        for panel in 0..self.panel_count() {
            values.extend_from_slice(&self.panel(panel)[row][..self.width(panel)]);
        }
    }

    /// Writes the elements to `values`, row after row, converted.
    pub(crate) fn convert_rows_to<U>(&self, values: &mut Vec<U>, convert: impl Fn(T) -> U) {
        values.clear();
        for row in 0..self.rows {
            for panel in 0..self.panel_count() {
                values
                    .extend(self.panel(panel)[row][..self.width(panel)].iter().map(|&value| convert(value)));
            }
        }
    }

    /// Replaces all elements by those of `values`, row after row, converted.
    pub(crate) fn convert_rows_from<U: Copy>(&mut self, values: &[U], convert: impl Fn(U) -> T) {
        let columns = self.columns;
        if columns == 0 {
            return;
        }
        for (row, values) in values.chunks(columns).enumerate() {
            for (panel, values) in values.chunks(LANES).enumerate() {
                for (element, &value) in self.panel_mut(panel)[row].iter_mut().zip(values) {
                    *element = convert(value);
                }
            }
        }
    }

    /// Replaces the elements of one row.
    pub(crate) fn set_row(&mut self, row: usize, values: &[T]) {
        for (panel, values) in values.chunks(LANES).enumerate() {
            self.panel_mut(panel)[row][..values.len()].copy_from_slice(values);
        }
    }
}

//! How much each pair of inputs counts.

use bitsweep_vector::arch;
use ndarray::{ArrayView2, Axis};
use pulp::NullaryFnOnce;

use crate::tensor::{PART, in_parts};

use super::batch::expect_batch;
use super::error::CalibrationError;

/// The second moments `H = (2/n)·XᵀX` of calibration inputs `X (n, in)`: the Hessian of the mean squared output error
/// `(1/n)·‖X·Δ‖²` in each column of the weights' change `Δ (in, out)` (Frantar et al. 2023, GPTQ, §3).
///
/// Of rank `min(n, in)` at most; an input that is always 0 has a row and a column of zeros.
#[derive(Debug, Clone, PartialEq)]
pub struct Hessian {
    inputs: usize,
    /// Row-major, symmetric.
    values: Vec<f64>,
}

impl Hessian {
    /// The Hessian of `inputs (n, in)`, summed in `f64` row by row.
    ///
    /// ```
    /// use bitsweep_quant::Hessian;
    /// use ndarray::array;
    ///
    /// let hessian = Hessian::of_inputs(array![[1.0, 2.0], [3.0, 0.0]].view()).unwrap();
    /// assert_eq!(hessian.row(0), [10.0, 2.0]);
    /// assert_eq!(hessian.row(1), [2.0, 4.0]);
    /// // A change of 0.5 in the first weight: (2/2)·((1·0.5)² + (3·0.5)²).
    /// assert_eq!(hessian.proxy_loss(array![[0.5], [0.0]].view()).unwrap(), 2.5);
    /// ```
    ///
    /// # Errors
    /// No rows, an input that is not finite, or inputs whose squares overflow.
    pub fn of_inputs(inputs: ArrayView2<'_, f64>) -> Result<Self, CalibrationError> {
        let mut sum = HessianSum::new(inputs.ncols());
        sum.add(inputs)?;
        sum.finish()
    }

    /// Number of inputs: rows, and columns, of the matrix.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    /// Row `index < inputs()` of the matrix.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.inputs..(index + 1) * self.inputs]
    }

    /// `tr(ΔᵀHΔ) = (2/n)·‖X·Δ‖²`, twice the mean squared error of an output row, for a change `Δ (in, out)` of the
    /// weights. In exact arithmetic never negative; a rounded sum below zero is 0.
    ///
    /// # Errors
    /// When `Δ` has another number of rows than the Hessian.
    pub fn proxy_loss(&self, change: ArrayView2<'_, f64>) -> Result<f64, CalibrationError> {
        if change.nrows() != self.inputs {
            return Err(CalibrationError::Inputs { weights: change.nrows(), hessian: self.inputs });
        }
        let columns = change.ncols();
        let change: Vec<f64> = change.iter().copied().collect();
        Ok(self.quadratic_form(&change, columns))
    }

    /// [`proxy_loss`](Self::proxy_loss) of a row-major change that is known to fit.
    pub(super) fn quadratic_form(&self, change: &[f64], columns: usize) -> f64 {
        let mut product = vec![0.0; change.len()];
        self.product(change, columns, &mut product);
        let sum: f64 = product.iter().zip(change).map(|(product, change)| product * change).sum();
        sum.max(0.0)
    }

    /// Writes `H·Δ (in, out)` into `product`, each entry summed in the order of the inputs.
    pub(super) fn product(&self, change: &[f64], columns: usize, product: &mut [f64]) {
        if product.is_empty() {
            return;
        }
        let blocks = blocks_of_rows(self);
        let rows = (PART / columns).max(1).next_multiple_of(ROWS);
        in_parts(product, rows * columns, &|places, product| {
            let blocks = &blocks[places.start / columns / ROWS * self.inputs..];
            arch().dispatch(Product { blocks, inputs: self.inputs, change, columns, product });
        });
    }
}

/// Columns of the product that are summed side by side, and rows.
const LANES: usize = 8;
const ROWS: usize = 4;

/// Rows of the product.
struct Product<'a> {
    /// The [blocks](blocks_of_rows) of these rows and of later ones.
    blocks: &'a [[f64; ROWS]],
    inputs: usize,
    change: &'a [f64],
    columns: usize,
    product: &'a mut [f64],
}

impl NullaryFnOnce for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { blocks, inputs, change, columns, product } = self;
        // Lanes beyond the last column are computed for nothing.
        let mut panel = vec![[0.0; LANES]; inputs];
        for first in (0..columns).step_by(LANES) {
            let width = LANES.min(columns - first);
            for (lanes, row) in panel.iter_mut().zip(change.chunks_exact(columns)) {
                match row[first..].first_chunk() {
                    Some(row) => *lanes = *row,
                    None => lanes[..width].copy_from_slice(&row[first..]),
                }
            }
            let rows = product.chunks_mut(ROWS * columns);
            for (block, rows) in blocks.chunks_exact(inputs).zip(rows) {
                for (sums, row) in sums(block, &panel).iter().zip(rows.chunks_exact_mut(columns)) {
                    match row[first..].first_chunk_mut() {
                        Some(row) => *row = *sums,
                        None => row[first..].copy_from_slice(&sums[..width]),
                    }
                }
            }
        }
    }
}

/// The rows of a Hessian in blocks of [`ROWS`], `[block][column][row]`, so that they are read as they lie in memory; beyond the last
/// row there are zeros.
fn blocks_of_rows(hessian: &Hessian) -> Vec<[f64; ROWS]> {
    let inputs = hessian.inputs.max(1);
    let mut blocks = vec![[0.0; ROWS]; inputs.div_ceil(ROWS) * inputs];
    for (block, rows) in blocks.chunks_exact_mut(inputs).zip(hessian.values.chunks(ROWS * inputs)) {
        for (row, values) in rows.chunks_exact(inputs).enumerate() {
            block.iter_mut().zip(values).for_each(|(own, value)| own[row] = *value);
        }
    }
    blocks
}

/// Rows of the product, given a block of rows of the Hessian.
#[inline(always)]
fn sums(block: &[[f64; ROWS]], panel: &[[f64; LANES]]) -> [[f64; LANES]; ROWS] {
    let mut sums = [[0.0; LANES]; ROWS];
    for (weights, changes) in block.iter().zip(panel) {
        for (sums, weight) in sums.iter_mut().zip(weights) {
            for (sum, change) in sums.iter_mut().zip(changes) {
                *sum += weight * change;
            }
        }
    }
    sums
}

/// A Hessian that is summed up batch by batch: the same bits as [`Hessian::of_inputs`] of all rows, however they are
/// divided.
///
/// ```
/// use bitsweep_quant::{Hessian, HessianSum};
/// use ndarray::{array, s};
///
/// let inputs = array![[1.0, 2.0], [3.0, 0.1], [0.7, -1.0]];
/// let mut sum = HessianSum::new(2);
/// sum.add(inputs.slice(s![..2, ..])).unwrap();
/// sum.add(inputs.slice(s![2.., ..])).unwrap();
/// assert_eq!(sum.finish().unwrap(), Hessian::of_inputs(inputs.view()).unwrap());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HessianSum {
    rows: usize,
    inputs: usize,
    /// `XᵀX` on and above the diagonal, row-major.
    sums: Vec<f64>,
    /// The largest magnitude of an input.
    largest: f64,
}

impl HessianSum {
    /// The sum over no rows of so many inputs.
    #[must_use]
    pub fn new(inputs: usize) -> Self {
        Self { rows: 0, inputs, sums: vec![0.0; inputs * inputs], largest: 0.0 }
    }

    /// Adds the rows of `batch (n, in)`, in `f64` one after the other.
    ///
    /// # Errors
    /// More or fewer inputs than before, or an input that is not finite, in a row that is counted from the first batch on:
    /// nothing of the batch is added then.
    pub fn add(&mut self, batch: ArrayView2<'_, f64>) -> Result<(), CalibrationError> {
        expect_batch(batch, self.inputs, self.rows)?;
        self.largest = batch.iter().fold(self.largest, |largest, value| largest.max(value.abs()));
        arch().dispatch(AddRows { sum: self, batch: batch.view() });
        self.rows += batch.nrows();
        Ok(())
    }

    /// The Hessian of all rows.
    ///
    /// # Errors
    /// No rows, or inputs whose squares overflow.
    pub fn finish(self) -> Result<Hessian, CalibrationError> {
        let Self { rows, inputs, sums: mut values, largest } = self;
        if rows == 0 {
            return Err(CalibrationError::NoRows);
        }
        let factor = 2.0 / rows as f64;
        for row in 0..inputs {
            for column in row..inputs {
                let value = values[row * inputs + column] * factor;
                values[row * inputs + column] = value;
                values[column * inputs + row] = value;
            }
        }
        if values.iter().all(|value| value.is_finite()) {
            Ok(Hessian { inputs, values })
        } else {
            Err(CalibrationError::TooLarge { largest })
        }
    }
}

struct AddRows<'a> {
    sum: &'a mut HessianSum,
    batch: ArrayView2<'a, f64>,
}

impl NullaryFnOnce for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { sum: HessianSum { inputs, sums, .. }, batch } = self;
        let inputs = *inputs;
        let mut memory = vec![0.0; ROWS * inputs];
        for rows in batch.axis_chunks_iter(Axis(0), ROWS) {
            for (value, input) in memory.iter_mut().zip(rows) {
                *value = *input;
            }
            for position in 0..inputs {
                let sums = &mut sums[position * inputs + position..(position + 1) * inputs];
                if rows.nrows() == ROWS {
                    add::<ROWS>(sums, &memory, position, inputs);
                } else {
                    memory
                        .chunks(inputs)
                        .take(rows.nrows())
                        .for_each(|row| add::<1>(sums, row, position, inputs));
                }
            }
        }
    }
}

/// Adds the products of an input with those from it on, of several rows one after the other.
#[inline(always)]
fn add<const N: usize>(sums: &mut [f64], rows: &[f64], position: usize, inputs: usize) {
    let mut factors = [0.0; N];
    let mut others: [&[f64]; N] = [&[]; N];
    for ((factor, others), row) in factors.iter_mut().zip(&mut others).zip(rows.chunks_exact(inputs)) {
        *factor = row[position];
        *others = &row[position..][..sums.len()];
    }
    for (index, sum) in sums.iter_mut().enumerate() {
        for row in 0..N {
            *sum += factors[row] * others[row][index];
        }
    }
}

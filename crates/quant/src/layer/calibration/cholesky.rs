//! The triangular factor that GPTQ propagates errors with.

use std::ops::Range;

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::tensor::{PART, in_parts};

/// A square upper triangular matrix, row-major; zeros below the diagonal.
pub(super) struct UpperTriangle {
    size: usize,
    values: Vec<f64>,
}

impl UpperTriangle {
    /// Row `index` from its diagonal on.
    pub(super) fn row_from_diagonal(&self, index: usize) -> &[f64] {
        &self.values[index * self.size + index..(index + 1) * self.size]
    }

    /// Takes `Uᵢⱼ·eᵢ` off each row `j` of `weights`, of which `first` is the number of the first, for each `i` of `rows` in order.
    /// `errors` are the `eᵢ`.
    pub(super) fn take_off(&self, rows: Range<usize>, errors: &[f64], first: usize, weights: &mut [f64]) {
        let outputs = errors.len() / rows.len().max(1);
        let part = (PART / outputs.max(1)).max(1) * outputs;
        in_parts(weights, part, &|places, weights| {
            let first = first + places.start / outputs;
            arch().dispatch(TakeOff { factor: self, rows: rows.clone(), errors, first, weights });
        });
    }
}

/// See [`UpperTriangle::take_off`].
struct TakeOff<'a> {
    factor: &'a UpperTriangle,
    rows: Range<usize>,
    errors: &'a [f64],
    first: usize,
    weights: &'a mut [f64],
}

impl NullaryFnOnce for TakeOff<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { factor, rows, errors, first, weights } = self;
        let outputs = errors.len() / rows.len();
        for (later, weights) in (first..).zip(weights.chunks_exact_mut(outputs)) {
            let parts = rows.clone().map(|row| factor.values[row * factor.size + later]);
            let (wide, rest) = weights.as_chunks_mut::<LANES>();
            for (lanes, weights) in wide.iter_mut().enumerate() {
                let mut own = *weights;
                for (part, errors) in parts.clone().zip(errors.chunks_exact(outputs)) {
                    let errors = &errors[lanes * LANES..(lanes + 1) * LANES];
                    for (weight, error) in own.iter_mut().zip(errors) {
                        *weight -= part * error;
                    }
                }
                *weights = own;
            }
            let start = outputs - rest.len();
            for (part, errors) in parts.zip(errors.chunks_exact(outputs)) {
                for (weight, error) in rest.iter_mut().zip(&errors[start..]) {
                    *weight -= part * error;
                }
            }
        }
    }
}

/// Weights of a row that stay in registers while all errors are taken off them.
const LANES: usize = 32;

/// The upper Cholesky factor `U` of the inverse, `UᵀU = A⁻¹`, of a symmetric positive definite `matrix`, `(size, size)`
/// in row-major order; `None` when it is not positive definite.
///
/// `A = R·Rᵀ` with an upper triangular `R` gives `A⁻¹ = R⁻ᵀ·R⁻¹`, so that `U = R⁻¹`: one factorization and one
/// triangular inverse, where forming `A⁻¹` to factorize it would square the rounding errors.
pub(super) fn upper_factor_of_inverse(matrix: &[f64], size: usize) -> Option<UpperTriangle> {
    let factor = arch().dispatch(ReversedCholesky { matrix, size })?;
    let inverse = arch().dispatch(Inverse { factor: &factor, size });
    inverse.iter().all(|value| value.is_finite()).then_some(UpperTriangle { size, values: inverse })
}

/// Before anything is added: with it even a -0 stays what it is.
const NOTHING: f64 = -0.0;

/// The upper triangular `R` with `R·Rᵀ = A`, by Cholesky's algorithm from the last column on; transposed, so that the entries of
/// a column lie side by side, which are summed side by side, each in order.
struct ReversedCholesky<'a> {
    matrix: &'a [f64],
    size: usize,
}

impl NullaryFnOnce for ReversedCholesky<'_> {
    type Output = Option<Vec<f64>>;

    #[inline(always)]
    fn call(self) -> Option<Vec<f64>> {
        let Self { matrix, size } = self;
        let mut columns = vec![0.0; size * size];
        for column in (0..size).rev() {
            let (own, later) = columns[column * size..].split_at_mut(size);
            let sums = &mut own[..=column];
            sums.fill(NOTHING);
            for later in later.chunks_exact(size) {
                let factor = later[column];
                for (sum, entry) in sums.iter_mut().zip(later) {
                    *sum += entry * factor;
                }
            }
            // The matrix is symmetric: a column is a row.
            for (sum, entry) in sums.iter_mut().zip(&matrix[column * size..]) {
                *sum = entry - *sum;
            }
            let (diagonal, above) = sums.split_last_mut()?;
            *diagonal = if *diagonal > 0.0 { diagonal.sqrt() } else { return None };
            above.iter_mut().for_each(|rest| *rest /= *diagonal);
        }
        Some(columns)
    }
}

/// The inverse of an upper triangular matrix, given its transpose: row after row from the last one on, the entries of a row side
/// by side, each summed in order.
struct Inverse<'a> {
    factor: &'a [f64],
    size: usize,
}

impl NullaryFnOnce for Inverse<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn call(self) -> Vec<f64> {
        let Self { factor, size } = self;
        let mut inverse = vec![0.0; size * size];
        for row in (0..size).rev() {
            let (own, later) = inverse[row * size..].split_at_mut(size);
            let diagonal = factor[row * size + row];
            let sums = &mut own[row + 1..];
            sums.fill(NOTHING);
            for (inner, later) in (row + 1..size).zip(later.chunks_exact(size)) {
                let factor = factor[inner * size + row];
                for (sum, entry) in sums[inner - row - 1..].iter_mut().zip(&later[inner..]) {
                    *sum += factor * entry;
                }
            }
            sums.iter_mut().for_each(|sum| *sum = -*sum / diagonal);
            own[row] = 1.0 / diagonal;
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_times_itself_is_the_inverse() {
        let matrix = [4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 2.0];
        let upper = upper_factor_of_inverse(&matrix, 3).unwrap().values;
        for row in 0..3 {
            for column in 0..3 {
                // (UᵀU)·A must be the identity.
                let entry: f64 = (0..3)
                    .flat_map(|inner| (0..3).map(move |other| (inner, other)))
                    .map(|(inner, other)| {
                        upper[inner * 3 + row] * upper[inner * 3 + other] * matrix[other * 3 + column]
                    })
                    .sum();
                assert!((entry - f64::from(u8::from(row == column))).abs() < 1e-14, "{row} {column} {entry}");
            }
        }
    }

    #[test]
    fn a_singular_matrix_has_no_factor() {
        assert!(upper_factor_of_inverse(&[1.0, 1.0, 1.0, 1.0], 2).is_none());
        assert!(upper_factor_of_inverse(&[1.0, 0.0, 0.0, -1.0], 2).is_none());
    }
}

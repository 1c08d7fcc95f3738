//! The triangular factor that GPTQ propagates errors with.

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
}

/// The upper Cholesky factor `U` of the inverse, `UᵀU = A⁻¹`, of a symmetric positive definite `matrix`, `(size, size)`
/// in row-major order; `None` when it is not positive definite.
///
/// `A = R·Rᵀ` with an upper triangular `R` gives `A⁻¹ = R⁻ᵀ·R⁻¹`, so that `U = R⁻¹`: one factorization and one
/// triangular inverse, where forming `A⁻¹` to factorize it would square the rounding errors.
pub(super) fn upper_factor_of_inverse(matrix: &[f64], size: usize) -> Option<UpperTriangle> {
    let factor = reversed_cholesky(matrix, size)?;
    let mut inverse = vec![0.0; size * size];
    for column in 0..size {
        inverse[column * size + column] = 1.0 / factor[column * size + column];
        for row in (0..column).rev() {
            let sum: f64 = (row + 1..=column)
                .map(|inner| factor[row * size + inner] * inverse[inner * size + column])
                .sum();
            inverse[row * size + column] = -sum / factor[row * size + row];
        }
    }
    inverse.iter().all(|value| value.is_finite()).then_some(UpperTriangle { size, values: inverse })
}

/// The upper triangular `R` with `R·Rᵀ = A`: Cholesky's algorithm from the last row up.
fn reversed_cholesky(matrix: &[f64], size: usize) -> Option<Vec<f64>> {
    let mut factor = vec![0.0; size * size];
    for column in (0..size).rev() {
        for row in (0..=column).rev() {
            let sum: f64 = (column + 1..size)
                .map(|inner| factor[row * size + inner] * factor[column * size + inner])
                .sum();
            let rest = matrix[row * size + column] - sum;
            factor[row * size + column] = if row < column {
                rest / factor[column * size + column]
            } else if rest > 0.0 {
                rest.sqrt()
            } else {
                return None;
            };
        }
    }
    Some(factor)
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

//! Normal values by Marsaglia's polar method.

use crate::logarithm::logarithm;

/// Two independent standard normal values by Marsaglia's polar method from uniform values in `[0, 1)`.
///
/// A point `(x, y)` is drawn in the square `[-1, 1)²` until `0 < x² + y² < 1`; with `r² = x² + y²` both `x·f` and
/// `y·f`, `f = √(-2·ln(r²)/r²)`, are standard normal (Marsaglia and Bray 1964). The order of draws and of operations
/// is that of NumPy's `legacy_gauss`.
pub(crate) fn normal_pair(mut uniform: impl FnMut() -> f64) -> (f64, f64) {
    loop {
        let x = 2.0 * uniform() - 1.0;
        let y = 2.0 * uniform() - 1.0;
        let square = x * x + y * y;
        if square < 1.0 && square != 0.0 {
            let factor = (-2.0 * logarithm(square) / square).sqrt();
            return (factor * x, factor * y);
        }
    }
}

//! Sums of squares that neither overflow nor underflow.

/// `Σx²`, exact in its exponent where squares leave the range of `f64`.
///
/// Small, ordinary and large numbers have a sum each, the small and the large ones scaled by a power of two (Blue 1978, A
/// Portable Fortran Program to Find the Euclidean Norm of a Vector). Of ordinary numbers alone it is the plain sum, bit by
/// bit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SquareSum {
    /// Of numbers times 2^`SCALING`.
    small: f64,
    ordinary: f64,
    /// Of numbers times 2^-`SCALING`.
    large: f64,
}

/// Exponent of the scaling.
const SCALING: i32 = 540;
/// Numbers whose squares are normal, with room for sums of 2⁵⁰ of them.
const ORDINARY: std::ops::RangeInclusive<f64> = 1e-150..=1e140;

impl SquareSum {
    /// A sum of squares of ordinary numbers.
    pub(super) const fn of_ordinary(ordinary: f64) -> Self {
        Self { small: 0.0, ordinary, large: 0.0 }
    }

    /// Whether a plain sum of squares has lost nothing that counts, neither beyond the largest number nor below the smallest.
    pub(super) fn is_safe(plain: f64) -> bool {
        (1e-250..1e290).contains(&plain)
    }

    /// Adds the square of a number.
    #[inline(always)]
    pub(super) fn add(&mut self, number: f64) {
        if ORDINARY.contains(&number.abs()) || number == 0.0 {
            self.ordinary += number * number;
        } else {
            self.add_extreme(number);
        }
    }

    #[cold]
    fn add_extreme(&mut self, number: f64) {
        let square = |scaled: f64| scaled * scaled;
        if number.abs() < *ORDINARY.start() {
            self.small += square(libm::scalbn(number, SCALING));
        } else {
            self.large += square(libm::scalbn(number, -SCALING));
        }
    }

    /// The squares of both together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            small: self.small + other.small,
            ordinary: self.ordinary + other.ordinary,
            large: self.large + other.large,
        }
    }

    /// The sum as `m·2^e`.
    fn scaled(self) -> (f64, i32) {
        let Self { small, ordinary, large } = self;
        let down = |sum: f64| libm::scalbn(sum, -2 * SCALING);
        if large > 0.0 {
            (large + down(ordinary), 2 * SCALING)
        } else if ordinary > 0.0 {
            (ordinary + down(small), 0)
        } else {
            (small, -2 * SCALING)
        }
    }

    /// The sum; infinite beyond the largest number.
    #[must_use]
    pub fn value(self) -> f64 {
        let (sum, exponent) = self.scaled();
        libm::scalbn(sum, exponent)
    }

    /// The sum divided by a count; infinite beyond the largest number.
    pub(super) fn mean(self, count: usize) -> f64 {
        let (sum, exponent) = self.scaled();
        libm::scalbn(sum / count as f64, exponent)
    }

    /// Whether no number but 0 was added.
    pub(super) fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// `log₁₀` of the quotient of two sums above 0.
    pub(super) fn log10_of_ratio(self, other: Self) -> f64 {
        let ((own, own_exponent), (other, other_exponent)) = (self.scaled(), other.scaled());
        let ratio = own / other;
        let logarithm =
            if ratio.is_normal() { libm::log10(ratio) } else { libm::log10(own) - libm::log10(other) };
        logarithm + f64::from(own_exponent - other_exponent) * std::f64::consts::LOG10_2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(numbers: &[f64]) -> SquareSum {
        let mut sum = SquareSum::default();
        numbers.iter().for_each(|number| sum.add(*number));
        sum
    }

    #[test]
    fn ordinary_numbers_have_the_plain_sum() {
        let numbers = [0.1, -0.7, 3e5, 0.0, 1e-120];
        let plain: f64 = numbers.iter().map(|number| number * number).sum();
        assert_eq!(sum(&numbers).value().to_bits(), plain.to_bits());
    }

    #[test]
    fn ratios_are_right_where_the_squares_have_no_number() {
        for unit in [1e308, 1e160, 1.0, 1e-160, 1e-300, 1e-320] {
            let (three, one) = (sum(&[0.3 * unit, 0.4 * unit]), sum(&[0.05 * unit]));
            assert!((three.log10_of_ratio(one) - 2.0).abs() < 1e-2 * f64::from(unit < 1e-310) + 1e-12);
        }
        // A sum of large numbers over one of small ones: (1e200/1e-200)².
        assert!((sum(&[1e200]).log10_of_ratio(sum(&[1e-200])) - 800.0).abs() < 1e-9);
        assert_eq!(sum(&[1e200]).value(), f64::INFINITY);
        assert!((sum(&[9e153]).value() / 8.1e307 - 1.0).abs() < 1e-12);
    }
}

//! Stored parameters that are far from the wanted ones.

/// Numbers stored beside the codes (scales, minimums, centroids, outliers) that their format holds worse than its rounding
/// to nearest explains: they underflow, saturate, or lose digits near the smallest numbers.
///
/// A number is far when it differs by more than half a unit in the last place of the format's normal numbers, and by more
/// than 2⁻⁸, half a step of 8 bits at the end of its range, relative to what it is measured against:
///
/// | number | half a unit | relative to |
/// |---|---|---|
/// | scale in `f16`, `bf16` | 2⁻¹¹, 2⁻⁸ | the smaller one of the wanted and the stored scale |
/// | scale in one byte (`two-level`, `double`) | 2⁻⁴, that of FP8 E4M3 | the same |
/// | power of two (`e8m0-floor`, `e8m0-ceiling`) | 1, a factor of two | the same |
/// | minimum in `f16`, `bf16` | 2⁻¹¹, 2⁻⁸ | the largest magnitude of its block |
/// | component of a centroid in `f16`, `int8` | 2⁻¹¹, 2⁻⁷ | the largest magnitude of the tensor |
/// | outlier in `f16` | 2⁻¹¹ | the smaller one of the wanted and the stored value |
///
/// What is stored as wide as the values is never far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FarParameters {
    /// How many there are.
    pub count: u64,
    /// The wanted number of the one that is off by the largest factor, the first of equal ones; 0 without any.
    pub wanted: f64,
    /// What is stored of it.
    pub stored: f64,
}

/// The part of a number that it may always differ by.
const NEAR: f64 = 1.0 / 256.0;

impl FarParameters {
    /// Notes a number that rounding may change by the part `rounding` of it; `None` of formats that round nothing.
    pub(crate) fn note(&mut self, wanted: f64, stored: f64, rounding: Option<f64>) {
        let Some(part) = rounding.map(|rounding| rounding.max(NEAR)) else { return };
        // What differs by half that part of it is near without dividing.
        let is_near = (stored - wanted).abs() <= 0.5 * part.min(1.0) * wanted.abs();
        if !is_near && factor(wanted, stored) > 1.0 + part {
            self.add(wanted, stored);
        }
    }

    /// Notes a number that rounding may change by the part `rounding` of `magnitude`.
    pub(crate) fn note_beside(&mut self, wanted: f64, stored: f64, magnitude: f64, rounding: Option<f64>) {
        if rounding.is_some_and(|rounding| (stored - wanted).abs() > rounding.max(NEAR) * magnitude) {
            self.add(wanted, stored);
        }
    }

    fn add(&mut self, wanted: f64, stored: f64) {
        self.include(Self { count: 1, wanted, stored });
    }

    fn include(&mut self, other: Self) {
        let is_worse = self.count == 0
            || other.count > 0 && factor(other.wanted, other.stored) > factor(self.wanted, self.stored);
        if is_worse {
            (self.wanted, self.stored) = (other.wanted, other.stored);
        }
        self.count += other.count;
    }

    /// Those of two sets of parameters together.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.include(other);
        self
    }
}

/// By which factor, at least 1, two numbers differ; infinite where one of them is 0 or the signs differ.
fn factor(wanted: f64, stored: f64) -> f64 {
    if wanted == stored {
        return 1.0;
    }
    let ratio = stored / wanted;
    if ratio > 0.0 { ratio.max(wanted / stored) } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::BINARY16_ROUNDING;

    #[test]
    fn what_8_bits_cannot_tell_and_what_rounding_explains_is_not_far() {
        for (rounding, most) in [(BINARY16_ROUNDING, 1.0 / 256.0), (1.0 / 16.0, 1.0 / 16.0)] {
            let mut far = FarParameters::default();
            far.note(1.0 + 0.99 * most, 1.0, Some(rounding));
            assert_eq!(far, FarParameters::default());
            far.note(1.0 + 1.01 * most, 1.0, Some(rounding));
            assert_eq!(far.count, 1);
        }
    }

    #[test]
    fn the_worst_is_the_one_off_by_the_largest_factor() {
        let far = |wanted, stored| {
            let mut far = FarParameters::default();
            far.note(wanted, stored, Some(BINARY16_ROUNDING));
            far
        };
        let all = far(1e-8, 6e-8).merge(far(1e6, 65_504.0)).merge(far(2.0, 1.0)).merge(far(3.0, 3.0));
        assert_eq!(all, FarParameters { count: 3, wanted: 1e6, stored: 65_504.0 });
        assert_eq!(all.merge(far(1e-9, 0.0)).stored, 0.0);
    }
}

//! The scales of levels and of signs, and all scales as they are stored.

use crate::number::Real;
use crate::tensor::{Affine, FarParameters};

use super::nesting::nest;
use super::rounding::ScaleRounding;

/// The scale that makes the magnitude the largest level.
#[inline]
pub(crate) fn scale_of_levels<T: Real>(magnitude: T, largest: T) -> T {
    let scale = magnitude / largest;
    // A subnormal quotient may have lost digits: the next number up keeps the range among the levels and is never 0.
    if scale < T::SMALLEST_NORMAL && scale * largest < magnitude { scale + T::SMALLEST } else { scale }
}

/// Scales as stored, those far from the wanted ones noted; a block of zeros has the scale 1, or what is left of 0 in a
/// nested format.
pub(crate) fn store<T: Real>(
    rounding: ScaleRounding,
    wanted: &[T],
    magnitudes: &[T],
    far: &mut FarParameters,
) -> Affine<T> {
    let parameters = match nest(rounding.format, wanted) {
        Some((nested, scales)) => Affine { nested: Some(nested), ..Affine::of_scales(scales) },
        None => {
            let stored = wanted.iter().zip(magnitudes).map(|(&scale, &magnitude)| match scale == T::ZERO {
                true => rounding.round(T::ONE, T::ONE),
                false => rounding.round(scale, magnitude),
            });
            Affine::of_scales(stored.collect())
        }
    };
    for (wanted, stored) in wanted.iter().zip(&parameters.scales).filter(|(wanted, _)| **wanted != T::ZERO) {
        far.note(wanted.to_f64(), stored.to_f64(), rounding.format.rounding());
    }
    parameters
}

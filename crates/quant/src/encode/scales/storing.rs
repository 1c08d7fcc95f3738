//! The scales of levels and of signs, and all scales as they are stored.

use crate::number::Real;
use crate::tensor::{Affine, QuantizeError};

use super::nesting::nest;
use super::rounding::{Rounded, ScaleRounding};

/// The scale that makes the magnitude the largest level.
#[inline]
pub(crate) fn scale_of_levels<T: Real>(magnitude: T, largest: T) -> T {
    let scale = magnitude / largest;
    // A subnormal quotient may have lost digits: the next number up keeps the range among the levels and is never 0.
    if scale < T::SMALLEST_NORMAL && scale * largest < magnitude { scale + T::SMALLEST } else { scale }
}

/// Scales as stored; a block of zeros has the scale 1, or what is left of 0 in a nested format.
pub(crate) fn store<T: Real>(
    rounding: ScaleRounding,
    wanted: &[T],
    magnitudes: &[T],
) -> Result<Affine<T>, QuantizeError> {
    if let Some((nested, scales)) = nest(rounding.format, wanted) {
        return Affine::of_scales(scales).nested_in(nested, rounding.format);
    }
    let mut scales = Vec::with_capacity(wanted.len());
    for (block, (&scale, &magnitude)) in wanted.iter().zip(magnitudes).enumerate() {
        let (scale, magnitude) = if scale == T::ZERO { (T::ONE, T::ONE) } else { (scale, magnitude) };
        match rounding.round(scale, magnitude) {
            Rounded::Scale(scale) => scales.push(scale),
            Rounded::TooLarge => {
                return Err(QuantizeError::scale_too_large(block, scale, rounding.format));
            }
        }
    }
    Ok(Affine::of_scales(scales))
}

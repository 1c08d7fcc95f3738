//! Scales and minimums rounded to the format they are stored in.

use crate::number::{Real, decode_bfloat16, decode_binary16, encode_bfloat16, encode_binary16};
use crate::scheme::{Grid, LevelTable, ScaleFormat, Scheme};
use crate::tensor::{EXPONENTS, NumberStorage, binary_places};

/// How the scales of a scheme are rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScaleRounding {
    pub(crate) format: ScaleFormat,
    /// Exponent of the largest power of two among the levels.
    element_exponent: i32,
    /// Binary places of the levels, which the stored exponent of a power of two leaves out.
    places: i32,
}

/// A scale as stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rounded<T> {
    Scale(T),
    /// Beyond the largest number of the format.
    TooLarge,
}

impl ScaleRounding {
    pub(crate) fn of(scheme: &Scheme) -> Self {
        let largest = match (scheme.grid(), scheme.levels()) {
            (Some(Grid { highest, .. }), _) => f64::from(highest.max(1)),
            (None, Some(format)) => LevelTable::new(format).largest(),
            (None, None) => 1.0,
        };
        Self {
            format: scheme.scale_format,
            element_exponent: libm::ilogb(largest),
            places: binary_places(scheme),
        }
    }

    /// `scale` as stored, given the largest magnitude of the range it was made for. Nested formats round later, when all
    /// scales are known.
    #[inline]
    pub(crate) fn round<T: Real>(self, scale: T, magnitude: T) -> Rounded<T> {
        match self.format {
            ScaleFormat::Float | ScaleFormat::TwoLevel | ScaleFormat::Double | ScaleFormat::None => {
                Rounded::Scale(scale)
            }
            ScaleFormat::F16 => {
                at_least(decode_binary16(encode_binary16(scale.to_f64())), decode_binary16(1))
            }
            ScaleFormat::Bf16 => {
                at_least(decode_bfloat16(encode_bfloat16(scale.to_f64())), decode_bfloat16(1))
            }
            ScaleFormat::E8m0Floor => {
                self.power_of_two(libm::ilogb(magnitude.to_f64()) - self.element_exponent)
            }
            ScaleFormat::E8m0Ceiling => {
                let scale = scale.to_f64();
                let floor = libm::ilogb(scale);
                self.power_of_two(if libm::scalbn(1.0, floor) < scale { floor + 1 } else { floor })
            }
        }
    }

    /// A minimum as stored.
    pub(crate) fn round_minimum<T: Real>(self, minimum: T) -> Rounded<T> {
        let rounded = match NumberStorage::of_minimums(self.format) {
            NumberStorage::F16 => decode_binary16(encode_binary16(minimum.to_f64())),
            NumberStorage::Bf16 => decode_bfloat16(encode_bfloat16(minimum.to_f64())),
            NumberStorage::Float
            | NumberStorage::Exponent { .. }
            | NumberStorage::Integer
            | NumberStorage::Nowhere => return Rounded::Scale(minimum),
        };
        if rounded.is_finite() { Rounded::Scale(T::from_f64(rounded)) } else { Rounded::TooLarge }
    }

    fn power_of_two<T: Real>(self, exponent: i32) -> Rounded<T> {
        let stored = (exponent + self.places).max(*EXPONENTS.start());
        if stored > *EXPONENTS.end() {
            return Rounded::TooLarge;
        }
        let scale = T::from_f64(libm::scalbn(1.0, stored - self.places));
        if scale.is_finite() { Rounded::Scale(scale) } else { Rounded::TooLarge }
    }
}

/// A positive scale after rounding: never 0, never infinite.
fn at_least<T: Real>(rounded: f64, smallest: f64) -> Rounded<T> {
    if rounded.is_finite() { Rounded::Scale(T::from_f64(rounded.max(smallest))) } else { Rounded::TooLarge }
}

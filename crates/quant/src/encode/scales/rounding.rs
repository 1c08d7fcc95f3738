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

    /// The finite `scale` above 0 as stored, given the largest magnitude of the range it was made for: beyond the numbers
    /// of its format the least or the largest of them, never 0. Nested formats round later, when all scales are known.
    #[inline]
    pub(crate) fn round<T: Real>(self, scale: T, magnitude: T) -> T {
        match self.format {
            ScaleFormat::Float | ScaleFormat::TwoLevel | ScaleFormat::Double | ScaleFormat::None => scale,
            ScaleFormat::F16 => T::from_f64(decode_binary16(encode_binary16(scale.to_f64()).max(1))),
            ScaleFormat::Bf16 => T::from_f64(decode_bfloat16(encode_bfloat16(scale.to_f64()).max(1))),
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
    pub(crate) fn round_minimum<T: Real>(self, minimum: T) -> T {
        match NumberStorage::of_minimums(self.format) {
            NumberStorage::F16 => T::from_f64(decode_binary16(encode_binary16(minimum.to_f64()))),
            NumberStorage::Bf16 => T::from_f64(decode_bfloat16(encode_bfloat16(minimum.to_f64()))),
            NumberStorage::Float
            | NumberStorage::Exponent { .. }
            | NumberStorage::Integer
            | NumberStorage::Nowhere => minimum,
        }
    }

    fn power_of_two<T: Real>(self, exponent: i32) -> T {
        let stored = (exponent + self.places).clamp(*EXPONENTS.start(), *EXPONENTS.end());
        T::from_f64(libm::scalbn(1.0, stored - self.places))
    }
}

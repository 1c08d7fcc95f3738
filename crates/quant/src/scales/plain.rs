//! Scale formats that store each scale by itself.

use crate::axes::{Format, Grid, ScaleFormat, Scheme};
use crate::float16::{decode_bfloat16, decode_binary16, encode_bfloat16, encode_binary16};
use crate::levels::LevelTable;
use crate::real::Real;

/// How the scales of a scheme are rounded and written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScaleStorage {
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

/// The least and the largest exponent of E8M0.
const EXPONENTS: std::ops::RangeInclusive<i32> = -127..=127;

impl ScaleStorage {
    pub(crate) fn of(scheme: &Scheme) -> Self {
        let (largest, places) = match (scheme.grid(), scheme.levels()) {
            // One bit has no binary place to leave out.
            (Some(Grid { highest, .. }), _) => (f64::from(highest.max(1)), (scheme.bits() as i32 - 2).max(0)),
            (None, Some(format)) => (LevelTable::new(format).largest(), 0),
            (None, None) => (1.0, 0),
        };
        let places = match scheme.format {
            Format::Integer { .. } => places,
            Format::Float16
            | Format::BFloat16
            | Format::Codebook(_)
            | Format::DoReFa { .. }
            | Format::Wrpn { .. }
            | Format::Levels(_)
            | Format::Gguf(_) => 0,
        };
        Self { format: scheme.scale_format, element_exponent: libm::ilogb(largest), places }
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

    /// A minimum as stored: like the scales where those are 16-bit floats.
    pub(crate) fn round_minimum<T: Real>(self, minimum: T) -> Rounded<T> {
        let rounded = match self.minimum_format() {
            ScaleFormat::F16 => decode_binary16(encode_binary16(minimum.to_f64())),
            ScaleFormat::Bf16 => decode_bfloat16(encode_bfloat16(minimum.to_f64())),
            ScaleFormat::Float
            | ScaleFormat::E8m0Floor
            | ScaleFormat::E8m0Ceiling
            | ScaleFormat::TwoLevel
            | ScaleFormat::Double
            | ScaleFormat::None => return Rounded::Scale(minimum),
        };
        if rounded.is_finite() { Rounded::Scale(T::from_f64(rounded)) } else { Rounded::TooLarge }
    }

    /// The format in which minimums are stored.
    const fn minimum_format(self) -> ScaleFormat {
        match self.format {
            ScaleFormat::F16 | ScaleFormat::Bf16 => self.format,
            ScaleFormat::Float
            | ScaleFormat::E8m0Floor
            | ScaleFormat::E8m0Ceiling
            | ScaleFormat::TwoLevel
            | ScaleFormat::Double
            | ScaleFormat::None => ScaleFormat::Float,
        }
    }

    /// How minimums are written.
    pub(crate) const fn for_minimums(self) -> Self {
        Self { format: self.minimum_format(), ..self }
    }

    fn power_of_two<T: Real>(self, exponent: i32) -> Rounded<T> {
        let stored = (exponent + self.places).max(*EXPONENTS.start());
        if stored > *EXPONENTS.end() {
            return Rounded::TooLarge;
        }
        let scale = T::from_f64(libm::scalbn(1.0, stored - self.places));
        if scale.is_finite() { Rounded::Scale(scale) } else { Rounded::TooLarge }
    }

    /// Bytes of one scale; 0 where it is nested or not stored.
    pub(crate) const fn bytes<T: Real>(self) -> usize {
        match self.format {
            ScaleFormat::Float => T::BYTES,
            ScaleFormat::F16 | ScaleFormat::Bf16 => 2,
            ScaleFormat::E8m0Floor | ScaleFormat::E8m0Ceiling => 1,
            ScaleFormat::TwoLevel | ScaleFormat::Double | ScaleFormat::None => 0,
        }
    }

    /// Appends a scale that is already rounded.
    pub(crate) fn append<T: Real>(self, scale: T, bytes: &mut Vec<u8>) {
        match self.format {
            ScaleFormat::Float => scale.append_to(bytes),
            ScaleFormat::F16 => bytes.extend(encode_binary16(scale.to_f64()).to_le_bytes()),
            ScaleFormat::Bf16 => bytes.extend(encode_bfloat16(scale.to_f64()).to_le_bytes()),
            ScaleFormat::E8m0Floor | ScaleFormat::E8m0Ceiling => {
                let stored = libm::ilogb(scale.to_f64()) + self.places;
                // Within 0 to 254.
                bytes.push((stored - EXPONENTS.start()) as u8);
            }
            ScaleFormat::TwoLevel | ScaleFormat::Double | ScaleFormat::None => {}
        }
    }

    /// Reads [`bytes`](Self::bytes) of a scale; not finite where they are no number. `None` when there are fewer or more.
    pub(crate) fn read<T: Real>(self, bytes: &[u8]) -> Option<T> {
        match self.format {
            ScaleFormat::Float => T::read_from(bytes),
            ScaleFormat::F16 => {
                bytes.try_into().ok().map(|bytes| T::from_f64(decode_binary16(u16::from_le_bytes(bytes))))
            }
            ScaleFormat::Bf16 => {
                bytes.try_into().ok().map(|bytes| T::from_f64(decode_bfloat16(u16::from_le_bytes(bytes))))
            }
            ScaleFormat::E8m0Floor | ScaleFormat::E8m0Ceiling => match bytes {
                [u8::MAX] => Some(T::from_f64(f64::NAN)),
                [byte] => {
                    let stored = i32::from(*byte) + EXPONENTS.start();
                    Some(T::from_f64(libm::scalbn(1.0, stored - self.places)))
                }
                _ => None,
            },
            ScaleFormat::TwoLevel | ScaleFormat::Double | ScaleFormat::None => None,
        }
    }
}

/// A positive scale after rounding: never 0, never infinite.
fn at_least<T: Real>(rounded: f64, smallest: f64) -> Rounded<T> {
    if rounded.is_finite() { Rounded::Scale(T::from_f64(rounded.max(smallest))) } else { Rounded::TooLarge }
}

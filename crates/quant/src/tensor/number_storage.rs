//! Numbers beside the codes as they are stored one by one.

use crate::number::{NarrowFloat, Real, decode_bfloat16, decode_binary16};
use crate::scheme::{Format, ScaleFormat, Scheme, ZeroPoint};

use super::part_name::PartElement;
use super::reader::{Reader, UnpackError};

/// How the scales or the zero points of a scheme are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum NumberStorage {
    /// As wide as the values.
    Float,
    /// IEEE 754 binary16.
    F16,
    /// bfloat16.
    Bf16,
    /// The exponent of a power of two with so many binary places left out (E8M0).
    Exponent { places: i32 },
    /// A whole number in 4 bytes.
    Integer,
    /// In no bytes at all: scales that are codes themselves, and the scale 1 of unscaled formats.
    Nowhere,
}

/// The least and the largest exponent of E8M0.
pub(crate) const EXPONENTS: std::ops::RangeInclusive<i32> = -127..=127;

impl NumberStorage {
    /// How the scales are written.
    pub(crate) fn of_scales(scheme: &Scheme) -> Self {
        match scheme.scale_format {
            ScaleFormat::Float => Self::Float,
            ScaleFormat::F16 => Self::F16,
            ScaleFormat::Bf16 => Self::Bf16,
            ScaleFormat::E8m0Floor | ScaleFormat::E8m0Ceiling => {
                Self::Exponent { places: binary_places(scheme) }
            }
            ScaleFormat::TwoLevel | ScaleFormat::Double | ScaleFormat::None => Self::Nowhere,
        }
    }

    /// How the zero points are written; `None` without them.
    pub(crate) fn of_zero_points(scheme: &Scheme) -> Option<Self> {
        scheme.zero_point().map(|zero_point| match zero_point {
            ZeroPoint::Integer => Self::Integer,
            ZeroPoint::Float => Self::Float,
            ZeroPoint::Minimum => Self::of_minimums(scheme.scale_format),
        })
    }

    /// How minimums are written: like the scales where those are 16-bit floats.
    pub(crate) const fn of_minimums(scales: ScaleFormat) -> Self {
        match scales {
            ScaleFormat::F16 => Self::F16,
            ScaleFormat::Bf16 => Self::Bf16,
            ScaleFormat::Float
            | ScaleFormat::E8m0Floor
            | ScaleFormat::E8m0Ceiling
            | ScaleFormat::TwoLevel
            | ScaleFormat::Double
            | ScaleFormat::None => Self::Float,
        }
    }

    /// Bytes of one number.
    pub(crate) const fn bytes<T: Real>(self) -> usize {
        match self {
            Self::Float => T::BYTES,
            Self::F16 | Self::Bf16 => 2,
            Self::Exponent { .. } => 1,
            Self::Integer => size_of::<i32>(),
            Self::Nowhere => 0,
        }
    }

    /// What the numbers of a part are.
    pub(crate) const fn element<T: Real>(self) -> PartElement {
        match self {
            Self::Float => PartElement::of(T::DTYPE),
            Self::F16 => PartElement::F16,
            Self::Bf16 => PartElement::Bf16,
            Self::Exponent { .. } | Self::Nowhere => PartElement::U8,
            Self::Integer => PartElement::I32,
        }
    }

    /// Appends numbers that are already rounded.
    pub(crate) fn append<T: Real>(self, numbers: &[T], bytes: &mut Vec<u8>) {
        match self {
            Self::Float => numbers.iter().for_each(|number| number.append_to(bytes)),
            Self::F16 => append_patterns(NarrowFloat::binary16(), numbers, bytes),
            Self::Bf16 => append_patterns(NarrowFloat::bfloat16(), numbers, bytes),
            Self::Exponent { places } => bytes.extend(numbers.iter().map(|number| {
                let stored = libm::ilogb(number.to_f64()) + places;
                // Within 0 to 254.
                (stored - EXPONENTS.start()) as u8
            })),
            Self::Integer => bytes.extend(numbers.iter().flat_map(|number| number.to_i32().to_le_bytes())),
            Self::Nowhere => {}
        }
    }

    /// Reads `count` numbers; 1 where none are stored.
    pub(crate) fn read<T: Real>(self, reader: &mut Reader<'_>, count: usize) -> Result<Vec<T>, UnpackError> {
        let width = self.bytes::<T>();
        if width == 0 {
            return Ok(vec![T::ONE; count]);
        }
        let bytes = reader.take(count.saturating_mul(width))?;
        let numbers: Vec<T> = bytes.chunks(width).filter_map(|bytes| self.number(bytes)).collect();
        match numbers.iter().find(|number| !number.is_finite()) {
            None => Ok(numbers),
            Some(number) => Err(UnpackError::NotFinite { value: number.to_f64() }),
        }
    }

    /// The number of [`bytes`](Self::bytes) bytes; not finite where they are no number. `None` when there are fewer or
    /// more.
    pub(crate) fn number<T: Real>(self, bytes: &[u8]) -> Option<T> {
        match (self, bytes) {
            (Self::Float, bytes) => T::read_from(bytes),
            (Self::F16, &[low, high]) => Some(T::from_f64(decode_binary16(u16::from_le_bytes([low, high])))),
            (Self::Bf16, &[low, high]) => Some(T::from_f64(decode_bfloat16(u16::from_le_bytes([low, high])))),
            (Self::Exponent { .. }, [u8::MAX]) => Some(T::from_f64(f64::NAN)),
            (Self::Exponent { places }, [byte]) => {
                let stored = i32::from(*byte) + EXPONENTS.start();
                Some(T::from_f64(libm::scalbn(1.0, stored - places)))
            }
            (Self::Integer, &[a, b, c, d]) => Some(T::from_i32(i32::from_le_bytes([a, b, c, d]))),
            (Self::F16 | Self::Bf16 | Self::Exponent { .. } | Self::Integer | Self::Nowhere, _) => None,
        }
    }
}

fn append_patterns<T: Real>(float: NarrowFloat<T>, numbers: &[T], bytes: &mut Vec<u8>) {
    bytes.extend(float.patterns(numbers).into_iter().flat_map(u16::to_le_bytes));
}

/// Binary places of the levels of integers, which the stored exponent of a power of two leaves out; 0 of other formats.
pub(crate) fn binary_places(scheme: &Scheme) -> i32 {
    match scheme.format {
        // One bit has no binary place to leave out.
        Format::Integer { bits, .. } if !scheme.is_binary() => (bits.get() as i32 - 2).max(0),
        Format::Integer { .. }
        | Format::Float16
        | Format::BFloat16
        | Format::Codebook(_)
        | Format::DoReFa { .. }
        | Format::Wrpn { .. }
        | Format::Levels(_)
        | Format::Gguf(_) => 0,
    }
}

//! The types of tensors, and their bytes.

use half::{bf16, f16};

use crate::onnx::proto::TensorProto;

/// A type of `TensorProto.DataType`, with its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementType {
    Float = 1,
    Uint8 = 2,
    Int8 = 3,
    Uint16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    Text = 8,
    Float16 = 10,
    Double = 11,
    Bfloat16 = 16,
    Float8E4M3 = 17,
    Float8E5M2 = 19,
    Uint4 = 21,
    Int4 = 22,
    Float4E2M1 = 23,
    Uint2 = 25,
    Int2 = 26,
}

impl ElementType {
    /// Its number.
    pub(super) const fn number(self) -> i32 {
        self as i32
    }

    /// Bits of one element; 0 of texts, which differ.
    pub(super) const fn bits(self) -> u32 {
        match self {
            Self::Text => 0,
            Self::Uint2 | Self::Int2 => 2,
            Self::Uint4 | Self::Int4 | Self::Float4E2M1 => 4,
            Self::Uint8 | Self::Int8 | Self::Float8E4M3 | Self::Float8E5M2 => 8,
            Self::Uint16 | Self::Int16 | Self::Float16 | Self::Bfloat16 => 16,
            Self::Float | Self::Int32 => 32,
            Self::Int64 | Self::Double => 64,
        }
    }

    /// The name in ONNX's documents: `int4`, `float8e4m3fn`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Text => "string",
            Self::Float16 => "float16",
            Self::Double => "double",
            Self::Bfloat16 => "bfloat16",
            Self::Float8E4M3 => "float8e4m3fn",
            Self::Float8E5M2 => "float8e5m2",
            Self::Uint4 => "uint4",
            Self::Int4 => "int4",
            Self::Float4E2M1 => "float4e2m1",
            Self::Uint2 => "uint2",
            Self::Int2 => "int2",
        }
    }

    /// Whole numbers that it has; of floats none.
    pub(super) const fn range(self) -> Option<(i64, i64)> {
        match self {
            Self::Int2 | Self::Int4 | Self::Int8 | Self::Int16 | Self::Int32 => {
                let half = 1_i64 << (self.bits() - 1);
                Some((-half, half - 1))
            }
            Self::Uint2 | Self::Uint4 | Self::Uint8 | Self::Uint16 => Some((0, (1_i64 << self.bits()) - 1)),
            Self::Int64 => Some((i64::MIN, i64::MAX)),
            Self::Float
            | Self::Text
            | Self::Float16
            | Self::Double
            | Self::Bfloat16
            | Self::Float8E4M3
            | Self::Float8E5M2
            | Self::Float4E2M1 => None,
        }
    }
}

/// Floats in which a graph computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Real {
    Single,
    Double,
}

impl Real {
    pub(super) const fn element(self) -> ElementType {
        match self {
            Self::Single => ElementType::Float,
            Self::Double => ElementType::Double,
        }
    }
}

/// A tensor of `kind` whose elements are the lowest bits of `patterns`, the first in the lowest bits of the first byte.
///
/// Whole numbers are their own patterns in two's complement.
pub(super) fn patterns(
    kind: ElementType,
    dims: &[usize],
    patterns: impl IntoIterator<Item = i64>,
) -> TensorProto {
    let bits = kind.bits();
    let mut bytes = Vec::new();
    if bits >= 8 {
        let length = bits as usize / 8;
        patterns.into_iter().for_each(|pattern| bytes.extend(&pattern.to_le_bytes()[..length]));
    } else {
        let (mut byte, mut held) = (0_u8, 0);
        for pattern in patterns {
            byte |= (pattern as u8 & ((1 << bits) - 1)) << held;
            held += bits;
            if held == 8 {
                bytes.push(byte);
                (byte, held) = (0, 0);
            }
        }
        if held > 0 {
            bytes.push(byte);
        }
    }
    raw(kind, dims, bytes)
}

/// A tensor of floats, each rounded to `kind`.
pub(super) fn floats(
    kind: ElementType,
    dims: &[usize],
    numbers: impl IntoIterator<Item = f64>,
) -> TensorProto {
    let mut bytes = Vec::new();
    for number in numbers {
        match kind {
            ElementType::Double => bytes.extend(number.to_le_bytes()),
            ElementType::Float16 => bytes.extend(f16::from_f64(number).to_le_bytes()),
            ElementType::Bfloat16 => bytes.extend(bf16::from_f64(number).to_le_bytes()),
            ElementType::Float => bytes.extend((number as f32).to_le_bytes()),
            other => unreachable!("{} has no floats that are written so", other.name()),
        }
    }
    raw(kind, dims, bytes)
}

/// A tensor of texts.
pub(super) fn texts(dims: &[usize], texts: &[String]) -> TensorProto {
    TensorProto {
        string_data: texts.iter().map(|text| text.as_bytes().to_vec()).collect(),
        ..raw(ElementType::Text, dims, Vec::new())
    }
}

fn raw(kind: ElementType, dims: &[usize], raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        dims: dims.iter().map(|&length| length as i64).collect(),
        data_type: kind.number(),
        raw_data,
        ..TensorProto::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_elements_fill_bytes_from_the_lowest_bit() {
        // onnx.helper.make_tensor("t", INT4, [3], [1, -1, -8]).int32_data is [0xf1, 0x08].
        assert_eq!(patterns(ElementType::Int4, &[3], [1, -1, -8]).raw_data, [0xf1, 0x08]);
        assert_eq!(patterns(ElementType::Int2, &[5], [1, -2, 0, -1, 1]).raw_data, [0b1100_1001, 1]);
        assert_eq!(patterns(ElementType::Int16, &[1], [-2]).raw_data, [0xfe, 0xff]);
    }

    #[test]
    fn ranges_are_those_of_the_bits() {
        assert_eq!(ElementType::Int2.range(), Some((-2, 1)));
        assert_eq!(ElementType::Uint8.range(), Some((0, 255)));
        assert_eq!(ElementType::Float.range(), None);
    }
}

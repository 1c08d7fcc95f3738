//! How tensors store numbers: in the types of all files, or in those of fewer bits that only ONNX has.

use bitsweep_quant::Minifloat;

use crate::element::Element;

/// How a tensor stores numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// In whole bytes, as other files do.
    Plain(Element),
    /// Whole numbers of 2 or 4 bits side by side, the first in the lowest bits.
    Integers {
        /// Bits of one.
        bits: u32,
        /// Whether they are in two's complement.
        is_signed: bool,
    },
    /// Floats of 4 or 8 bits, in the same order.
    Floats(Minifloat),
}

impl Storage {
    /// That of a number in `TensorProto.DataType`.
    pub(crate) fn of(data_type: i32) -> Result<Self, String> {
        Ok(match data_type {
            1 => Self::Plain(Element::F32),
            2 => Self::Plain(Element::U8),
            3 => Self::Plain(Element::I8),
            4 => Self::Plain(Element::U16),
            5 => Self::Plain(Element::I16),
            6 => Self::Plain(Element::I32),
            7 => Self::Plain(Element::I64),
            8 => {
                return Err(
                    "has texts: expected numbers; encode texts before the model, and give it the columns that they become".to_owned()
                );
            }
            9 => Self::Plain(Element::Bool),
            10 => Self::Plain(Element::F16),
            11 => Self::Plain(Element::F64),
            12 => Self::Plain(Element::U32),
            13 => Self::Plain(Element::U64),
            16 => Self::Plain(Element::BF16),
            17 => Self::Floats(Minifloat::E4M3),
            19 => Self::Floats(Minifloat::E5M2),
            21 => Self::Integers { bits: 4, is_signed: false },
            22 => Self::Integers { bits: 4, is_signed: true },
            23 => Self::Floats(Minifloat::E2M1),
            25 => Self::Integers { bits: 2, is_signed: false },
            26 => Self::Integers { bits: 2, is_signed: true },
            _ => {
                return Err(format!(
                    "has elements of type {data_type}: expected floats of 16 to 64 bits, float8e4m3fn, float8e5m2 or float4e2m1, or integers of 2 to 64 bits"
                ));
            }
        })
    }

    /// The type of all files that has the same numbers: that of 8 bits of narrower integers, half precision of narrower floats.
    pub(crate) const fn element(self) -> Element {
        match self {
            Self::Plain(element) => element,
            Self::Integers { is_signed: true, .. } => Element::I8,
            Self::Integers { is_signed: false, .. } => Element::U8,
            Self::Floats(_) => Element::F16,
        }
    }

    /// Bytes of `count` numbers; `None` of too many.
    pub(crate) fn bytes(self, count: usize) -> Option<usize> {
        match self {
            Self::Plain(element) => count.checked_mul(element.bytes()),
            Self::Integers { bits, .. } => count.checked_mul(bits as usize).map(|bits| bits.div_ceil(8)),
            Self::Floats(float) => count.checked_mul(float.bits() as usize).map(|bits| bits.div_ceil(8)),
        }
    }

    /// The `count` numbers of so many [`bytes`](Self::bytes).
    pub(crate) fn decode(self, bytes: &[u8], count: usize) -> Vec<f64> {
        match self {
            Self::Plain(element) => element.decode(bytes),
            Self::Integers { bits, is_signed: false } => {
                fields(bytes, bits).take(count).map(f64::from).collect()
            }
            Self::Integers { bits, is_signed: true } => {
                let unused = u32::BITS - bits;
                let number = |field: u32| f64::from((field << unused) as i32 >> unused);
                fields(bytes, bits).take(count).map(number).collect()
            }
            // Infinity, which no weight is, is NaN here.
            Self::Floats(float) => {
                let number = |pattern| float.value(pattern).unwrap_or(f64::NAN);
                fields(bytes, float.bits()).take(count).map(number).collect()
            }
        }
    }
}

/// Fields of `bits` bits, a divisor of 8.
fn fields(bytes: &[u8], bits: u32) -> impl Iterator<Item = u32> {
    let of_byte = move |byte: &u8| {
        let byte = u32::from(*byte);
        (0..8 / bits).map(move |place| (byte >> (place * bits)) & ((1 << bits) - 1))
    };
    bytes.iter().flat_map(of_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_numbers_are_those_of_onnx() {
        // onnx.numpy_helper.to_array of these bytes.
        let of = |data_type, bytes: &[u8], count| Storage::of(data_type).unwrap().decode(bytes, count);
        assert_eq!(of(22, &[0xf1, 0x08], 3), [1.0, -1.0, -8.0]);
        assert_eq!(of(21, &[0xf1, 0x08], 3), [1.0, 15.0, 8.0]);
        assert_eq!(of(26, &[0b1100_1001, 1], 5), [1.0, -2.0, 0.0, -1.0, 1.0]);
        assert_eq!(of(25, &[0b1100_1001], 4), [1.0, 2.0, 0.0, 3.0]);
        assert_eq!(of(17, &[0x38, 0xfe], 2), [1.0, -448.0]);
        assert_eq!(of(19, &[0x3c, 0x7b], 2), [1.0, 57_344.0]);
        assert_eq!(of(23, &[0x72], 2), [1.0, 6.0]);
        assert!(of(17, &[0x7f], 1)[0].is_nan());
    }
}

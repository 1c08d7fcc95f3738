//! How files store numbers.

use std::fmt;

use half::{bf16, f16};

/// The type of the numbers of a tensor, little-endian in all files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// IEEE 754 double precision.
    F64,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of a single-precision number.
    BF16,
    /// Signed integers of 64 bits.
    I64,
    /// Signed integers of 32 bits.
    I32,
    /// Signed integers of 16 bits.
    I16,
    /// Signed integers of 8 bits.
    I8,
    /// Unsigned integers of 64 bits.
    U64,
    /// Unsigned integers of 32 bits.
    U32,
    /// Unsigned integers of 16 bits.
    U16,
    /// Unsigned integers of 8 bits.
    U8,
    /// One byte, 0 or 1.
    Bool,
}

impl Element {
    /// All types.
    const ALL: [Self; 13] = [
        Self::F64,
        Self::F32,
        Self::F16,
        Self::BF16,
        Self::I64,
        Self::I32,
        Self::I16,
        Self::I8,
        Self::U64,
        Self::U32,
        Self::U16,
        Self::U8,
        Self::Bool,
    ];

    /// The type that NumPy and PyTorch call so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|element| element.to_string() == name)
    }

    /// The bytes of one number.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// Whether the numbers are floats.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F64 | Self::F32 | Self::F16 | Self::BF16)
    }

    /// Calls `push` with each number of `bytes`, which is a whole number of them.
    pub fn each(self, bytes: &[u8], mut push: impl FnMut(f64)) {
        fn of<const N: usize>(bytes: &[u8], push: &mut impl FnMut(f64), number: impl Fn([u8; N]) -> f64) {
            bytes.as_chunks::<N>().0.iter().for_each(|chunk| push(number(*chunk)));
        }
        let push = &mut push;
        match self {
            Self::F64 => of(bytes, push, f64::from_le_bytes),
            Self::F32 => of(bytes, push, |chunk| f32::from_le_bytes(chunk).into()),
            Self::F16 => of(bytes, push, |chunk| f16::from_le_bytes(chunk).into()),
            Self::BF16 => of(bytes, push, |chunk| bf16::from_le_bytes(chunk).into()),
            Self::I64 => of(bytes, push, |chunk| i64::from_le_bytes(chunk) as f64),
            Self::I32 => of(bytes, push, |chunk| i32::from_le_bytes(chunk).into()),
            Self::I16 => of(bytes, push, |chunk| i16::from_le_bytes(chunk).into()),
            Self::I8 => of(bytes, push, |chunk| i8::from_le_bytes(chunk).into()),
            Self::U64 => of(bytes, push, |chunk| u64::from_le_bytes(chunk) as f64),
            Self::U32 => of(bytes, push, |chunk| u32::from_le_bytes(chunk).into()),
            Self::U16 => of(bytes, push, |chunk| u16::from_le_bytes(chunk).into()),
            Self::U8 => of(bytes, push, |[byte]| byte.into()),
            Self::Bool => of(bytes, push, |[byte]| f64::from(u8::from(byte != 0))),
        }
    }

    /// The numbers of `bytes`.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Vec<f64> {
        let mut values = Vec::with_capacity(bytes.len() / self.bytes());
        self.each(bytes, |value| values.push(value));
        values
    }
}

/// The name that NumPy and PyTorch use: `float32`.
impl fmt::Display for Element {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::F64 => "float64",
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::I64 => "int64",
            Self::I32 => "int32",
            Self::I16 => "int16",
            Self::I8 => "int8",
            Self::U64 => "uint64",
            Self::U32 => "uint32",
            Self::U16 => "uint16",
            Self::U8 => "uint8",
            Self::Bool => "bool",
        })
    }
}

//! The parts of a quantized matrix under names of their own.

use std::fmt;

use crate::number::Dtype;

use super::quantized::Quantized;
use super::stored::with_parameters;

/// What a part of the bytes of a quantized matrix is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartName {
    /// All codes.
    Codes,
    /// The scales of all blocks, one by one.
    Scales,
    /// The codes that nested scales are.
    ScaleCodes,
    /// What the codes of nested scales are multiplied by.
    OuterScales,
    /// What is added to nested scales.
    ScaleOffset,
    /// The zero points of all blocks, or their minimums.
    ZeroPoints,
    /// The centroids of all codebooks.
    Codebooks,
    /// The values beside the codes, with their positions.
    Outliers,
}

/// The type of the numbers of a part, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartElement {
    /// Unsigned integers of 8 bits, or bytes that hold something else.
    U8,
    /// Signed integers of 8 bits.
    I8,
    /// Unsigned integers of 16 bits.
    U16,
    /// Signed integers of 16 bits.
    I16,
    /// Signed integers of 32 bits.
    I32,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of a single-precision number.
    Bf16,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
}

/// A part of the bytes of a quantized matrix, for formats that store it under a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// Which one.
    pub name: PartName,
    /// What its numbers are; [`U8`](PartElement::U8) of bytes that are no whole numbers: codes side by side, centroids behind
    /// their scale, outliers.
    pub element: PartElement,
    /// As many numbers as there are: rows and codes of a row where each code is a number, else one length.
    pub shape: Vec<usize>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl PartName {
    /// All names, in the order in which parts are packed.
    pub const ALL: [Self; 8] = [
        Self::Codes,
        Self::Scales,
        Self::ScaleCodes,
        Self::OuterScales,
        Self::ScaleOffset,
        Self::ZeroPoints,
        Self::Codebooks,
        Self::Outliers,
    ];
}

impl fmt::Display for PartName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Codes => "codes",
            Self::Scales => "scales",
            Self::ScaleCodes => "scale_codes",
            Self::OuterScales => "outer_scales",
            Self::ScaleOffset => "scale_offset",
            Self::ZeroPoints => "zero_points",
            Self::Codebooks => "codebooks",
            Self::Outliers => "outliers",
        })
    }
}

impl PartElement {
    /// Bytes of one number.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Numbers as wide as the values.
    pub(super) const fn of(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32,
            Dtype::F64 => Self::F64,
        }
    }
}

impl Quantized {
    /// The parts with their names, in the order of [`PartName::ALL`]; those of no bytes are left out. One after the other their
    /// bytes are those that [`pack`](Self::pack) writes.
    ///
    /// ```
    /// use bitsweep_quant::{PartElement, PartName, SchemeSpec, quantize};
    /// use bitsweep_random::{Generator, Stream};
    /// use ndarray::array;
    ///
    /// let scheme = toml::from_str::<SchemeSpec>("bits = 3\ngranularity = 'column'").unwrap().resolve().unwrap();
    /// let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
    /// let weights = array![[3.0_f32, -0.5, 1.0], [1.0, 0.25, 2.0]];
    /// let parts = quantize(weights.view(), &scheme, &mut stream).unwrap().stored_parts();
    /// assert_eq!((parts[0].name, parts[0].element, parts[0].bytes.len()), (PartName::Codes, PartElement::U8, 3));
    /// assert_eq!((parts[1].name, parts[1].element, &*parts[1].shape), (PartName::Scales, PartElement::F32, &[3][..]));
    /// ```
    #[must_use]
    pub fn stored_parts(&self) -> Vec<StoredPart> {
        with_parameters!(self.stored_parameters(), parameters => {
            let mut stored: Vec<StoredPart> = Vec::new();
            for part in self.parts(parameters) {
                let (name, element) = (part.name(), part.element(self.scheme().format));
                match stored.last_mut() {
                    // One codebook after the other.
                    Some(last) if last.name == name => {
                        part.append_to(&mut last.bytes);
                        last.shape = part.shape(last.bytes.len(), element);
                    }
                    Some(_) | None => {
                        let mut bytes = Vec::new();
                        part.append_to(&mut bytes);
                        let shape = part.shape(bytes.len(), element);
                        stored.push(StoredPart { name, element, shape, bytes });
                    }
                }
            }
            stored.retain(|part| !part.bytes.is_empty());
            stored
        })
    }
}

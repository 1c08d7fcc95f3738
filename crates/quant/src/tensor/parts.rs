//! What a quantized matrix is stored as, part after part.

use std::fmt;

use crate::number::{Dtype, Real};
use crate::scheme::{CodebookFormat, Format};

use super::bit_field::BitField;
use super::code_matrix::{CodeMatrix, CodeType};
use super::codebook::Codebook;
use super::number_storage::NumberStorage;
use super::outliers::SparseOutliers;
use super::parameters::Parameters;
use super::quantized::Quantized;
use super::stored::with_parameters;

/// Bytes of the parts of a packed matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Whole bytes full of codes: `⌊n·b/8⌋`.
    pub codes: u64,
    /// Scales in their format, and the scales of nested ones.
    pub scales: u64,
    /// Zero points: 4 bytes each as integers, as wide as the values as floats; minimums like the scales.
    pub zero_points: u64,
    /// Components of centroids in their format, and the scales of those in one byte.
    pub codebooks: u64,
    /// Outliers: their values as 16-bit floats, and their positions.
    pub outliers: u64,
    /// 1 where the last codes leave bits of their byte unused, else 0.
    pub padding: u64,
}

impl Size {
    /// All bytes.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.codes + self.scales + self.zero_points + self.codebooks + self.outliers + self.padding
    }

    /// The sizes of two matrices together.
    #[must_use]
    pub const fn merge(self, other: Self) -> Self {
        Self {
            codes: self.codes + other.codes,
            scales: self.scales + other.scales,
            zero_points: self.zero_points + other.zero_points,
            codebooks: self.codebooks + other.codebooks,
            outliers: self.outliers + other.outliers,
            padding: self.padding + other.padding,
        }
    }
}

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

/// One of the parts that make up the bytes of a quantized matrix.
pub(crate) enum Part<'a, T> {
    /// All codes, side by side.
    Codes(BitField, &'a CodeMatrix),
    /// The scales of all blocks, one by one.
    Scales(NumberStorage, &'a [T]),
    /// The codes that scales are.
    ScaleCodes(&'a [u8]),
    /// What those are multiplied by.
    OuterScales(&'a [f32]),
    /// What is added to that.
    ScaleOffset(f32),
    /// The zero points, or minimums, of all blocks.
    ZeroPoints(NumberStorage, &'a [T]),
    /// One codebook.
    Codebook(CodebookFormat, &'a Codebook<T>),
    /// The values beside the codes.
    Outliers(&'a SparseOutliers),
}

impl<T: Real> Part<'_, T> {
    /// Appends the part.
    pub(crate) fn append_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Codes(field, codes) => field.append(codes.iter(), bytes),
            Self::Scales(storage, numbers) | Self::ZeroPoints(storage, numbers) => {
                numbers.iter().for_each(|number| storage.append(*number, bytes));
            }
            Self::ScaleCodes(codes) => bytes.extend(*codes),
            Self::OuterScales(scales) => scales.iter().for_each(|scale| scale.append_to(bytes)),
            Self::ScaleOffset(offset) => offset.append_to(bytes),
            Self::Codebook(format, codebook) => codebook.append_to(*format, bytes),
            Self::Outliers(outliers) => outliers.append_to(bytes),
        }
    }

    /// How many bytes that appends, under the heading of the part.
    pub(crate) fn size(&self) -> Size {
        let none = Size::default();
        match self {
            Self::Codes(field, codes) => {
                let (codes, padding) = field.whole_bytes_and_padding(codes.len());
                Size { codes, padding, ..none }
            }
            Self::Scales(storage, numbers) => Size { scales: length(*storage, numbers), ..none },
            Self::ScaleCodes(codes) => Size { scales: codes.len() as u64, ..none },
            Self::OuterScales(scales) => Size { scales: size_of_val(*scales) as u64, ..none },
            Self::ScaleOffset(offset) => Size { scales: size_of_val(offset) as u64, ..none },
            Self::ZeroPoints(storage, numbers) => Size { zero_points: length(*storage, numbers), ..none },
            Self::Codebook(format, codebook) => {
                let bytes = Codebook::<T>::bytes(*format, codebook.width(), codebook.len());
                Size { codebooks: bytes as u64, ..none }
            }
            Self::Outliers(outliers) => Size { outliers: outliers.bytes() as u64, ..none },
        }
    }

    fn name(&self) -> PartName {
        match self {
            Self::Codes(..) => PartName::Codes,
            Self::Scales(..) => PartName::Scales,
            Self::ScaleCodes(_) => PartName::ScaleCodes,
            Self::OuterScales(_) => PartName::OuterScales,
            Self::ScaleOffset(_) => PartName::ScaleOffset,
            Self::ZeroPoints(..) => PartName::ZeroPoints,
            Self::Codebook(..) => PartName::Codebooks,
            Self::Outliers(_) => PartName::Outliers,
        }
    }

    /// What the numbers are, in a matrix of this format.
    fn element(&self, format: Format) -> PartElement {
        match (self, format) {
            (Self::Codes(..), Format::Float16) => PartElement::F16,
            (Self::Codes(..), Format::BFloat16) => PartElement::Bf16,
            (
                Self::Codes(field, _),
                Format::Integer { .. }
                | Format::Codebook(_)
                | Format::DoReFa { .. }
                | Format::Wrpn { .. }
                | Format::Levels(_)
                | Format::Gguf(_),
            ) => match field.whole_numbers() {
                None | Some(CodeType::U8) => PartElement::U8,
                Some(CodeType::I8) => PartElement::I8,
                Some(CodeType::U16) => PartElement::U16,
                Some(CodeType::I16) => PartElement::I16,
            },
            (Self::Scales(storage, _) | Self::ZeroPoints(storage, _), _) => storage.element::<T>(),
            (Self::Codebook(CodebookFormat::Float, _), _) => PartElement::of(T::DTYPE),
            (Self::Codebook(CodebookFormat::F16, _), _) => PartElement::F16,
            (Self::OuterScales(_) | Self::ScaleOffset(_), _) => PartElement::F32,
            (Self::ScaleCodes(_) | Self::Codebook(CodebookFormat::Int8, _) | Self::Outliers(_), _) => {
                PartElement::U8
            }
        }
    }

    /// The numbers of the part, of which there are so many bytes.
    fn shape(&self, bytes: usize, element: PartElement) -> Vec<usize> {
        let numbers = bytes / element.bytes();
        match self {
            Self::Codes(_, codes) if codes.len() == numbers => vec![codes.dim().0, codes.dim().1],
            Self::Codes(..)
            | Self::Scales(..)
            | Self::ScaleCodes(_)
            | Self::OuterScales(_)
            | Self::ScaleOffset(_)
            | Self::ZeroPoints(..)
            | Self::Codebook(..)
            | Self::Outliers(_) => vec![numbers],
        }
    }
}

fn length<T: Real>(storage: NumberStorage, numbers: &[T]) -> u64 {
    (numbers.len() * storage.bytes::<T>()) as u64
}

impl Quantized {
    /// The parts in the order in which they are packed; `parameters` are those of the matrix.
    pub(crate) fn parts<'a, T: Real>(
        &'a self,
        parameters: &'a Parameters<T>,
    ) -> impl Iterator<Item = Part<'a, T>> {
        let scheme = self.scheme();
        let (scales, zero_points) = match parameters {
            Parameters::Affine(affine) => {
                let scales = match &affine.nested {
                    None => {
                        [Some(Part::Scales(NumberStorage::of_scales(scheme), &affine.scales)), None, None]
                    }
                    Some(nested) => [
                        Some(Part::ScaleCodes(&nested.codes)),
                        Some(Part::OuterScales(&nested.scales)),
                        nested.offset.map(Part::ScaleOffset),
                    ],
                };
                let zero_points = NumberStorage::of_zero_points(scheme)
                    .map(|storage| Part::ZeroPoints(storage, &affine.zero_points));
                (scales, zero_points)
            }
            Parameters::Codebooks(_) | Parameters::Fixed(_) => ([const { None }; 3], None),
        };
        let codebooks = parameters.codebooks().iter();
        let codebooks = codebooks.map(|codebook| Part::Codebook(scheme.codebook_format, codebook));
        std::iter::once(Part::Codes(BitField::of(scheme), self.codes()))
            .chain(scales.into_iter().flatten())
            .chain(zero_points)
            .chain(codebooks)
            .chain(self.outliers().map(Part::Outliers))
    }

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

    /// Bytes of the parts: the lengths of what [`pack`](Self::pack) writes.
    #[must_use]
    pub fn size(&self) -> Size {
        with_parameters!(self.stored_parameters(), parameters => {
            self.parts(parameters).map(|part| part.size()).fold(Size::default(), Size::merge)
        })
    }

    /// Bits of everything that is stored, divided by the number of values; 0 of no values.
    #[must_use]
    pub fn bits_per_weight(&self) -> f64 {
        match self.shape() {
            (0, _) | (_, 0) => 0.0,
            (rows, columns) => (8 * self.size().total()) as f64 / (rows * columns) as f64,
        }
    }
}

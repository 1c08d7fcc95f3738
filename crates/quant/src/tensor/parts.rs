//! What a quantized matrix is stored as, part after part.

use crate::number::Real;
use crate::scheme::{CodebookFormat, Format};

use super::bit_field::BitField;
use super::code_matrix::{CodeMatrix, CodeType};
use super::codebook::Codebook;
use super::number_storage::NumberStorage;
use super::outliers::SparseOutliers;
use super::parameters::Parameters;
use super::part_name::{PartElement, PartName};
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
            Self::Codes(field, codes) => field.append(codes, bytes),
            Self::Scales(storage, numbers) | Self::ZeroPoints(storage, numbers) => {
                storage.append(numbers, bytes);
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

    /// What it is called.
    pub(crate) fn name(&self) -> PartName {
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
    pub(crate) fn element(&self, format: Format) -> PartElement {
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
    pub(crate) fn shape(&self, bytes: usize, element: PartElement) -> Vec<usize> {
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

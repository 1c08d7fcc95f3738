//! What a quantized matrix is stored as, part after part.

use crate::number::Real;
use crate::scheme::CodebookFormat;

use super::bit_field::BitField;
use super::code_matrix::CodeMatrix;
use super::codebook::Codebook;
use super::nested_scales::NestedScales;
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

/// One of the parts that make up the bytes of a quantized matrix.
pub(crate) enum Part<'a, T> {
    /// All codes, side by side.
    Codes(BitField, &'a CodeMatrix),
    /// The scales of all blocks, one by one.
    Scales(NumberStorage, &'a [T]),
    /// The codes that scales are, and what those stand for.
    NestedScales(&'a NestedScales),
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
            Self::NestedScales(nested) => nested.append_to(bytes),
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
            Self::NestedScales(nested) => Size { scales: nested.bytes() as u64, ..none },
            Self::ZeroPoints(storage, numbers) => Size { zero_points: length(*storage, numbers), ..none },
            Self::Codebook(format, codebook) => {
                let bytes = Codebook::<T>::bytes(*format, codebook.width(), codebook.len());
                Size { codebooks: bytes as u64, ..none }
            }
            Self::Outliers(outliers) => Size { outliers: outliers.bytes() as u64, ..none },
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
                    None => Part::Scales(NumberStorage::of_scales(scheme), &affine.scales),
                    Some(nested) => Part::NestedScales(nested),
                };
                let zero_points = NumberStorage::of_zero_points(scheme)
                    .map(|storage| Part::ZeroPoints(storage, &affine.zero_points));
                (Some(scales), zero_points)
            }
            Parameters::Codebooks(_) | Parameters::Fixed(_) => (None, None),
        };
        let codebooks = parameters.codebooks().iter();
        let codebooks = codebooks.map(|codebook| Part::Codebook(scheme.codebook_format, codebook));
        std::iter::once(Part::Codes(BitField::of(scheme), self.codes()))
            .chain(scales)
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

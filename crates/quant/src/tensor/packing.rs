//! The bytes of a quantized matrix, and back.

use crate::number::{Dtype, Real};
use crate::scheme::{LevelTable, Outliers, Scheme};

use super::affine::Affine;
use super::bit_field::BitField;
use super::blocks::Blocks;
use super::code_matrix::CodeMatrix;
use super::codebook::Codebook;
use super::codebooks::Codebooks;
use super::nested_scales::NestedScales;
use super::number_storage::NumberStorage;
use super::outliers::SparseOutliers;
use super::parameters::{ParameterKind, Parameters};
use super::part_name::PartName;
use super::quantized::Quantized;
use super::reader::{Reader, UnpackError};
use super::split::Split;
use super::stored::with_parameters;

/// A quantized matrix as bytes, with what a reader must know to read them (which is not counted as size).
///
/// The bytes are, in this order and little-endian: codes in row-major order, `b` bits each, the first in the lowest
/// bits of the first byte, signed ones in two's complement and signs as 0 for -1, then zero bits up to a whole byte;
/// scales of all blocks in their format (nested ones: their codes, their scales, their offset); zero points of all blocks
/// (`i32`, or floats); centroids of all codebooks in their format, those in one byte after the codebook's scale; outliers
/// with their positions, see [`SparseOutliers`]. [`Quantized::stored_parts`] tells them apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// Rows and columns of the matrix.
    pub shape: (usize, usize),
    /// How it was quantized.
    pub scheme: Scheme,
    /// The type of the numbers that are stored as wide as the values.
    pub dtype: Dtype,
    /// Centroids of each codebook, which may be fewer than the scheme asks for.
    pub centroids: Vec<usize>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Quantized {
    /// The matrix as bytes.
    #[must_use]
    pub fn pack(&self) -> Packed {
        let mut bytes = Vec::with_capacity(usize::try_from(self.size().total()).unwrap_or(0));
        BitField::of(self.scheme()).append(self.codes(), &mut bytes);
        self.packed_behind(bytes)
    }

    /// As [`pack`](Self::pack); codes that fill whole bytes stay where they are.
    #[must_use]
    pub fn into_packed(self) -> Packed {
        if BitField::of(self.scheme()).whole_numbers().is_none() {
            return self.pack();
        }
        let others = self.packed_behind(Vec::new());
        let mut bytes = self.into_codes().into_bytes();
        bytes.extend(&others.bytes);
        Packed { bytes, ..others }
    }

    /// The matrix with the bytes of all parts but the codes, behind those that are there.
    fn packed_behind(&self, mut bytes: Vec<u8>) -> Packed {
        let centroids = with_parameters!(self.stored_parameters(), parameters => {
            let others = self.parts(parameters).filter(|part| part.name() != PartName::Codes);
            others.for_each(|part| part.append_to(&mut bytes));
            parameters.codebooks().iter().map(Codebook::len).collect()
        });
        Packed { shape: self.shape(), scheme: *self.scheme(), dtype: self.dtype(), centroids, bytes }
    }

    /// The matrix that was packed: `unpack(pack(q)) = q`.
    ///
    /// # Errors
    /// A scheme that contradicts itself, and bytes that are too few, too many or no codes of the scheme.
    pub fn unpack(packed: &Packed) -> Result<Self, UnpackError> {
        match packed.dtype {
            Dtype::F32 => Self::unpack_as::<f32>(packed),
            Dtype::F64 => Self::unpack_as::<f64>(packed),
        }
    }

    fn unpack_as<T: Real>(packed: &Packed) -> Result<Self, UnpackError> {
        let Packed { shape, scheme, dtype: _, centroids, bytes } = packed;
        scheme.check()?;
        let (rows, columns) = *shape;
        let places = rows.max(1).checked_mul(columns.max(1));
        if places.is_none_or(|places| isize::try_from(places).is_err()) {
            return Err(UnpackError::Shape { shape: *shape });
        }
        let unfit = || UnpackError::Codebooks { found: centroids.len(), format: scheme.format.to_string() };
        let blocks = Blocks::new(*shape, scheme.granularity);
        let mut reader = Reader::new(bytes);
        let kind = ParameterKind::of(scheme);
        let (codes, parameters) = match kind {
            ParameterKind::Codebooks(layout) => {
                let split = Split::new(columns, layout.partition).map_err(|_| unfit())?;
                let stages = layout.stages.get() as usize;
                let expected = blocks.len().saturating_mul(split.places()).saturating_mul(stages);
                if centroids.len() != expected {
                    return Err(unfit());
                }
                let codes_per_row = split.subvectors().saturating_mul(stages);
                let codes = BitField::of(scheme).read(&mut reader, (rows, codes_per_row))?;
                let codebook = |(index, &count): (usize, &usize)| {
                    let width = split.width_at(index / stages % split.places());
                    Codebook::read(&mut reader, scheme.codebook_format, width, count)
                };
                let books: Result<_, UnpackError> = centroids.iter().enumerate().map(codebook).collect();
                (codes, Parameters::Codebooks(Codebooks::new(split, layout, &blocks, books?)))
            }
            ParameterKind::Affine
            | ParameterKind::Levels(_)
            | ParameterKind::Gguf(_)
            | ParameterKind::Fixed(_)
                if !centroids.is_empty() =>
            {
                return Err(unfit());
            }
            ParameterKind::Affine | ParameterKind::Levels(_) | ParameterKind::Gguf(_) => {
                let codes = BitField::of(scheme).read(&mut reader, *shape)?;
                (codes, Parameters::Affine(affine::<T>(&mut reader, scheme, blocks.len())?))
            }
            ParameterKind::Fixed(grid) => {
                (BitField::of(scheme).read(&mut reader, *shape)?, Parameters::Fixed(grid))
            }
        };
        let outliers = match scheme.outliers {
            Outliers::None => None,
            Outliers::Percent(percent) => {
                Some(SparseOutliers::read(&mut reader, percent, rows.saturating_mul(columns))?)
            }
        };
        reader.finish()?;
        check_codes(&codes, scheme, &parameters)?;
        Ok(Self::new(*shape, *scheme, codes, parameters).with_outliers(outliers))
    }
}

/// Scales and zero points of so many blocks.
fn affine<T: Real>(
    reader: &mut Reader<'_>,
    scheme: &Scheme,
    blocks: usize,
) -> Result<Affine<T>, UnpackError> {
    let (scales, nested) = match NestedScales::read(reader, scheme.scale_format, blocks)? {
        None => (NumberStorage::of_scales(scheme).read(reader, blocks)?, None),
        Some((nested, scales)) => (scales, Some(nested)),
    };
    let zero_points = match NumberStorage::of_zero_points(scheme) {
        None => vec![T::ZERO; blocks],
        Some(storage) => storage.read(reader, blocks)?,
    };
    Ok(Affine { scales, zero_points, nested })
}

/// Every code must be one of the grid's or the number of a centroid.
fn check_codes<T: Real>(
    codes: &CodeMatrix,
    scheme: &Scheme,
    parameters: &Parameters<T>,
) -> Result<(), UnpackError> {
    let stray = match (parameters, scheme.levels(), scheme.grid()) {
        (Parameters::Codebooks(codebooks), ..) => codebooks.first_stray(codes),
        (Parameters::Affine(_) | Parameters::Fixed(_), Some(format), _) => {
            let table = LevelTable::new(format);
            codes.iter().enumerate().find(|(_, code)| !table.contains(*code))
        }
        (Parameters::Affine(_) | Parameters::Fixed(_), None, Some(grid)) => {
            codes.iter().enumerate().find(|(_, code)| !grid.contains(*code))
        }
        // Signs and bit patterns: every code is one.
        (Parameters::Affine(_) | Parameters::Fixed(_), None, None) => None,
    };
    match stray {
        None => Ok(()),
        Some((position, code)) => Err(UnpackError::Code { code, position }),
    }
}

//! The bytes of a quantized matrix, and back.

use crate::axes::{Outliers, Scheme, SchemeError, ZeroPoint};
use crate::bit_field::BitField;
use crate::blocks::Blocks;
use crate::codebook::{Codebook, Codebooks, Split};
use crate::levels::LevelTable;
use crate::outliers::SparseOutliers;
use crate::quantized::{ParameterKind, Parameters, Quantized};
use crate::real::Real;
use crate::scales::{NestedScales, ScaleStorage};
use crate::uniform::Affine;

/// A quantized matrix as bytes, with what a reader must know to read them (which is not counted as size).
///
/// The bytes are, in this order and little-endian: codes in row-major order, `b` bits each, the first in the lowest
/// bits of the first byte, signed ones in two's complement and signs as 0 for -1, then zero bits up to a whole byte;
/// scales of all blocks in their format (nested ones: their codes, their scales, their offset); zero points of all blocks
/// (`i32`, or floats); centroids of all codebooks in their format, those in one byte after the codebook's scale; outliers
/// with their positions, see [`SparseOutliers`].
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// Rows and columns of the matrix.
    pub shape: (usize, usize),
    /// How it was quantized.
    pub scheme: Scheme,
    /// Centroids of each codebook, which may be fewer than the scheme asks for.
    pub centroids: Vec<usize>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

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

/// Why bytes are not a quantized matrix.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum UnpackError {
    /// The scheme contradicts itself.
    #[error(transparent)]
    Scheme(#[from] SchemeError),
    /// More or fewer bytes than the shape and the scheme need.
    #[error("`{found}` bytes are not as many as this shape and scheme pack to")]
    Length {
        /// Bytes given.
        found: usize,
    },
    /// A shape that no memory holds.
    #[error("a matrix of shape `{shape:?}` does not fit into memory")]
    Shape {
        /// Rows and columns.
        shape: (usize, usize),
    },
    /// A scale, zero point or centroid that is NaN or infinite.
    #[error("`{value}` is no parameter: expected a finite number")]
    NotFinite {
        /// The value.
        value: f64,
    },
    /// More or fewer codebooks than the scheme needs.
    #[error("`{found}` codebooks do not fit format `{format}` and the number of columns")]
    Codebooks {
        /// Codebooks given.
        found: usize,
        /// The format's name.
        format: String,
    },
    /// A codebook's scale that is none.
    #[error("`{value}` is no scale of a codebook: expected a positive number")]
    CodebookScale {
        /// The value.
        value: f64,
    },
    /// The code of a nested scale that stands for no number.
    #[error("`{codes:?}` are no codes of nested scales: expected codes of numbers")]
    NestedScales {
        /// The codes.
        codes: Vec<u8>,
    },
    /// An outlier beyond the matrix.
    #[error("an outlier lies beyond the `{count}` values of the matrix")]
    OutlierPosition {
        /// Values of the matrix.
        count: usize,
    },
    /// A code that the scheme does not use.
    #[error("code `{code}` at position {position} is none of the scheme's")]
    Code {
        /// The code.
        code: i32,
        /// Its position in row-major order.
        position: usize,
    },
    /// Bits beyond the last code that are not zero.
    #[error("bits `{bits:b}` follow the last code: expected zeros up to the end of the byte")]
    Padding {
        /// The bits.
        bits: u32,
    },
}

impl<T: Real> Quantized<T> {
    /// Bytes of the parts: the lengths of what [`pack`](Self::pack) writes.
    #[must_use]
    pub fn size(&self) -> Size {
        let bits = self.codes().len() as u64 * u64::from(self.scheme().bits());
        let mut size =
            Size { codes: bits / 8, padding: u64::from(!bits.is_multiple_of(8)), ..Size::default() };
        match self.parameters() {
            Parameters::Affine(Affine { scales, nested, .. }) => {
                size.scales = match nested {
                    None => scales.len() * ScaleStorage::of(self.scheme()).bytes::<T>(),
                    Some(nested) => nested.bytes(),
                } as u64;
                size.zero_points = (scales.len() * zero_point_bytes::<T>(self.scheme())) as u64;
            }
            Parameters::Codebooks(codebooks) => {
                let format = self.scheme().codebook_format;
                let bytes =
                    |codebook: &Codebook<T>| Codebook::<T>::bytes(format, codebook.width(), codebook.len());
                size.codebooks = codebooks.all().iter().map(bytes).sum::<usize>() as u64;
            }
            Parameters::Fixed(_) => {}
        }
        size.outliers = self.outliers().map_or(0, |outliers| outliers.bytes() as u64);
        size
    }

    /// Bits of everything that is stored, divided by the number of values; 0 of no values.
    #[must_use]
    pub fn bits_per_weight(&self) -> f64 {
        match self.shape() {
            (0, _) | (_, 0) => 0.0,
            (rows, columns) => (8 * self.size().total()) as f64 / (rows * columns) as f64,
        }
    }

    /// The matrix as bytes.
    #[must_use]
    pub fn pack(&self) -> Packed {
        let mut bytes = BitField::of(self.scheme()).pack(self.codes().iter().copied());
        match self.parameters() {
            Parameters::Affine(Affine { scales, zero_points, nested }) => {
                let storage = ScaleStorage::of(self.scheme());
                match nested {
                    None => scales.iter().for_each(|scale| storage.append(*scale, &mut bytes)),
                    Some(nested) => nested.append_to(&mut bytes),
                }
                for zero_point in zero_points {
                    match self.scheme().zero_point() {
                        None => {}
                        Some(ZeroPoint::Integer) => bytes.extend(zero_point.to_i32().to_le_bytes()),
                        Some(ZeroPoint::Float) => zero_point.append_to(&mut bytes),
                        Some(ZeroPoint::Minimum) => storage.for_minimums().append(*zero_point, &mut bytes),
                    }
                }
            }
            Parameters::Codebooks(codebooks) => {
                for codebook in codebooks.all() {
                    codebook.append_to(self.scheme().codebook_format, &mut bytes);
                }
            }
            Parameters::Fixed(_) => {}
        }
        if let Some(outliers) = self.outliers() {
            outliers.append_to(&mut bytes);
        }
        Packed {
            shape: self.shape(),
            scheme: *self.scheme(),
            centroids: self.codebooks().iter().map(Codebook::len).collect(),
            bytes,
        }
    }

    /// The matrix that was packed: `unpack(pack(q)) = q`.
    ///
    /// # Errors
    /// A scheme that contradicts itself, and bytes that are too few, too many or no codes of the scheme.
    pub fn unpack(packed: &Packed) -> Result<Self, UnpackError> {
        let Packed { shape, scheme, centroids, bytes } = packed;
        scheme.check()?;
        let (rows, columns) = *shape;
        let places = rows.max(1).checked_mul(columns.max(1));
        if places.is_none_or(|places| isize::try_from(places).is_err()) {
            return Err(UnpackError::Shape { shape: *shape });
        }
        let kind = ParameterKind::of(scheme);
        let unfit = || UnpackError::Codebooks { found: centroids.len(), format: scheme.format.to_string() };
        let blocks = Blocks::new(*shape, scheme.granularity);
        let (codes_per_row, codebooks) = match kind {
            ParameterKind::Codebooks(layout) => {
                let split = Split::new(columns, layout.partition).map_err(|_| unfit())?;
                let stages = layout.stages.get() as usize;
                let codebooks = blocks.len().saturating_mul(split.places()).saturating_mul(stages);
                (split.subvectors().saturating_mul(stages), codebooks)
            }
            ParameterKind::Affine
            | ParameterKind::Levels(_)
            | ParameterKind::Gguf(_)
            | ParameterKind::Fixed(_) => (columns, 0),
        };
        if centroids.len() != codebooks {
            return Err(unfit());
        }
        let mut reader = Reader::new(bytes);
        let codes = reader.codes(BitField::of(scheme), rows.saturating_mul(codes_per_row))?;
        let parameters = match kind {
            ParameterKind::Affine | ParameterKind::Levels(_) | ParameterKind::Gguf(_) => {
                let blocks = blocks.len();
                let storage = ScaleStorage::of(scheme);
                let (scales, nested) = reader.scales(storage, blocks)?;
                let zero_points = match scheme.zero_point() {
                    None => vec![T::ZERO; blocks],
                    Some(ZeroPoint::Integer) => reader.integers(blocks)?,
                    Some(ZeroPoint::Float) => reader.reals(blocks)?,
                    Some(ZeroPoint::Minimum) => reader.stored(storage.for_minimums(), blocks)?,
                };
                Parameters::Affine(Affine { scales, zero_points, nested })
            }
            ParameterKind::Codebooks(layout) => {
                let split = Split::new(columns, layout.partition).map_err(|_| unfit())?;
                let stages = layout.stages.get() as usize;
                let codebook = |(index, &count): (usize, &usize)| {
                    let width = split.width_at(index / stages % split.places());
                    let bytes = reader.take(Codebook::<T>::bytes(scheme.codebook_format, width, count))?;
                    Codebook::read(scheme.codebook_format, width, bytes)
                };
                let books: Result<_, UnpackError> = centroids.iter().enumerate().map(codebook).collect();
                Parameters::Codebooks(Codebooks::new(split, layout, &blocks, books?))
            }
            ParameterKind::Fixed(grid) => Parameters::Fixed(grid),
        };
        let outliers = match scheme.outliers {
            Outliers::None => None,
            Outliers::Percent(percent) => {
                let (outliers, rest) =
                    SparseOutliers::read(reader.rest, percent, rows.saturating_mul(columns))?;
                reader.rest = rest;
                Some(outliers)
            }
        };
        reader.finish()?;
        check_codes(&codes, scheme, &parameters)?;
        Ok(Self::new(*shape, *scheme, codes, parameters).with_outliers(outliers))
    }
}

/// Every code must be one of the grid's or the number of a centroid.
fn check_codes<T: Real>(
    codes: &[i32],
    scheme: &Scheme,
    parameters: &Parameters<T>,
) -> Result<(), UnpackError> {
    if let Parameters::Codebooks(codebooks) = parameters {
        return match codebooks.first_stray(codes) {
            None => Ok(()),
            Some((position, code)) => Err(UnpackError::Code { code, position }),
        };
    }
    let table = scheme.levels().map(LevelTable::new);
    let known = |code: i32| match scheme.grid() {
        None if table.is_some() => table.as_ref().is_some_and(|table| table.contains(code)),
        Some(grid) => grid.contains(code),
        None => true,
    };
    match codes.iter().enumerate().find(|(_, code)| !known(**code)) {
        None => Ok(()),
        Some((position, &code)) => Err(UnpackError::Code { code, position }),
    }
}

fn zero_point_bytes<T: Real>(scheme: &Scheme) -> usize {
    match scheme.zero_point() {
        None => 0,
        Some(ZeroPoint::Integer) => size_of::<i32>(),
        Some(ZeroPoint::Float) => T::BYTES,
        Some(ZeroPoint::Minimum) => ScaleStorage::of(scheme).for_minimums().bytes::<T>(),
    }
}

/// Takes bytes from the front.
struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, total: bytes.len() }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], UnpackError> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or(UnpackError::Length { found: self.total })?;
        self.rest = rest;
        Ok(taken)
    }

    fn codes(&mut self, field: BitField, count: usize) -> Result<Vec<i32>, UnpackError> {
        let bytes = self.take(field.bytes(count))?;
        field.unpack(bytes, count)
    }

    fn reals<T: Real>(&mut self, count: usize) -> Result<Vec<T>, UnpackError> {
        let bytes = self.take(count.saturating_mul(T::BYTES))?;
        finite(bytes.chunks(T::BYTES).filter_map(T::read_from).collect())
    }

    /// Scales, and the bytes behind them where they are nested.
    fn scales<T: Real>(
        &mut self,
        storage: ScaleStorage,
        blocks: usize,
    ) -> Result<(Vec<T>, Option<NestedScales>), UnpackError> {
        let Some((scales, offsets)) = NestedScales::counts(storage.format, blocks) else {
            return Ok((self.stored(storage, blocks)?, None));
        };
        let codes = self.take(blocks)?.to_vec();
        let scales = self.reals::<f32>(scales)?;
        let offset = self.reals::<f32>(offsets)?.first().copied();
        let nested = NestedScales { codes, scales, offset };
        match nested.decode(storage.format) {
            Some(scales) => Ok((finite(scales)?, Some(nested))),
            None => Err(UnpackError::NestedScales { codes: nested.codes }),
        }
    }

    /// Scales or minimums that are stored one by one; 1 where none are stored.
    fn stored<T: Real>(&mut self, storage: ScaleStorage, count: usize) -> Result<Vec<T>, UnpackError> {
        let bytes = storage.bytes::<T>();
        if bytes == 0 {
            return Ok(vec![T::ONE; count]);
        }
        let taken = self.take(count.saturating_mul(bytes))?;
        finite(taken.chunks(bytes).filter_map(|chunk| storage.read(chunk)).collect())
    }

    fn integers<T: Real>(&mut self, count: usize) -> Result<Vec<T>, UnpackError> {
        let bytes = self.take(count.saturating_mul(size_of::<i32>()))?;
        let (chunks, _) = bytes.as_chunks();
        Ok(chunks.iter().map(|&chunk| T::from_i32(i32::from_le_bytes(chunk))).collect())
    }

    fn finish(self) -> Result<(), UnpackError> {
        if self.rest.is_empty() { Ok(()) } else { Err(UnpackError::Length { found: self.total }) }
    }
}

/// The same numbers, all of which must be finite.
fn finite<T: Real>(reals: Vec<T>) -> Result<Vec<T>, UnpackError> {
    match reals.iter().find(|real| !real.is_finite()) {
        None => Ok(reals),
        Some(real) => Err(UnpackError::NotFinite { value: real.to_f64() }),
    }
}

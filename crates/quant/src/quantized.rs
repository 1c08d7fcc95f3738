//! What quantization leaves: codes and the parameters to read them by.

use std::fmt;

use bitsweep_random::Stream;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

use crate::axes::{Bits, CodebookLayout, Format, GgufType, LevelFormat, Scheme, ZeroPoint};
use crate::bit_field::BitField;
use crate::blocks::Blocks;
use crate::code_matrix::{CodeMatrix, CodeReader, PIECE};
use crate::codebook::{self, Codebook, Codebooks, LookupError};
use crate::distortion::Errors;
use crate::error::QuantizeError;
use crate::float16;
use crate::levels::{self, LevelTable};
use crate::outliers::SparseOutliers;
use crate::quantize::{encode, finite_row_major};
use crate::real::Real;
use crate::uniform::{self, Affine, weight_function};

/// A quantized matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantized<T> {
    shape: (usize, usize),
    scheme: Scheme,
    codes: CodeMatrix,
    parameters: Parameters<T>,
    outliers: Option<SparseOutliers>,
}

/// What turns codes into values.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameters<T> {
    /// Scale and zero point of each block: integer formats, levels, GGUF's blocks, and DoReFa's with 1 bit.
    Affine(Affine<T>),
    /// Tables of centroids.
    Codebooks(Codebooks<T>),
    /// Nothing beyond the format.
    Fixed(FixedGrid),
}

/// Levels that the format alone determines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixedGrid {
    /// IEEE 754 binary16; codes are bit patterns.
    Float16,
    /// bfloat16; codes are bit patterns.
    BFloat16,
    /// `2·q/(2^b-1) - 1`.
    DoReFa(Bits),
    /// `q/(2^(b-1)-1)`.
    Wrpn(Bits),
}

/// Which [`Parameters`] a scheme has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    /// Scales and zero points of an even grid, or of signs.
    Affine,
    /// Scales of levels.
    Levels(LevelFormat),
    /// Scales and minimums by ggml's rules.
    Gguf(GgufType),
    /// Tables of centroids.
    Codebooks(CodebookLayout),
    Fixed(FixedGrid),
}

impl ParameterKind {
    pub(crate) fn of(scheme: &Scheme) -> Self {
        match scheme.format {
            Format::Integer { .. } => Self::Affine,
            Format::Levels(format) => Self::Levels(format),
            Format::Gguf(block) => Self::Gguf(block),
            Format::DoReFa { .. } if scheme.is_binary() => Self::Affine,
            Format::DoReFa { bits } => Self::Fixed(FixedGrid::DoReFa(bits)),
            Format::Wrpn { bits } => Self::Fixed(FixedGrid::Wrpn(bits)),
            Format::Float16 => Self::Fixed(FixedGrid::Float16),
            Format::BFloat16 => Self::Fixed(FixedGrid::BFloat16),
            Format::Codebook(layout) => Self::Codebooks(layout),
        }
    }
}

/// One block of a quantized matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockParameters<T> {
    /// Number of the block.
    pub block: usize,
    /// Values in the block.
    pub count: usize,
    /// The step between neighbouring levels, where there is one per block.
    pub scale: Option<T>,
    /// The code of zero, where there is one per block.
    pub zero_point: Option<T>,
}

impl<T: Real> Quantized<T> {
    /// `codes` are one a value, or one a stage of each sub-vector.
    pub(crate) fn new(
        shape: (usize, usize),
        scheme: Scheme,
        codes: CodeMatrix,
        parameters: Parameters<T>,
    ) -> Self {
        Self { shape, scheme, codes, parameters, outliers: None }
    }

    /// The same with some values kept beside the codes; the codes in their places are the lowest of the grid.
    pub(crate) fn with_outliers(self, outliers: Option<SparseOutliers>) -> Self {
        let mut codes = self.codes;
        if let (Some(outliers), Some(grid)) = (&outliers, self.scheme.grid()) {
            outliers.blank(&mut codes, grid.lowest);
        }
        Self { codes, outliers, ..self }
    }

    /// The values kept beside the codes; `None` where the scheme keeps none.
    #[must_use]
    pub const fn outliers(&self) -> Option<&SparseOutliers> {
        self.outliers.as_ref()
    }

    /// Rows and columns of the matrix.
    #[must_use]
    pub const fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// How the matrix was quantized.
    #[must_use]
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The codes: one a value; with codebooks `(rows, subvectors·stages)`, those of a sub-vector side by side.
    #[must_use]
    pub const fn codes(&self) -> &CodeMatrix {
        &self.codes
    }

    /// The code that stands for one value. With codebooks it is that of the whole sub-vector: the codes of its stages as
    /// digits to the base of the number of centroids asked for, the first stage's leading.
    ///
    /// # Panics
    /// When row or column lie outside the matrix.
    #[must_use]
    pub fn code_of(&self, row: usize, column: usize) -> i64 {
        assert!(row < self.shape.0 && column < self.shape.1, "no value in row {row}, column {column}");
        match (&self.parameters, self.scheme.format) {
            (Parameters::Codebooks(codebooks), Format::Codebook(layout)) => {
                let first = row * codebooks.codes_per_row();
                let codes = codebooks.codes_of_column(column);
                let digits = codes.map(|code| i64::from(self.codes.at(first + code)));
                digits.fold(0, |number, digit| number * i64::from(layout.centroids.get()) + digit)
            }
            (Parameters::Codebooks(_) | Parameters::Affine(_) | Parameters::Fixed(_), _) => {
                i64::from(self.codes.at(row * self.shape.1 + column))
            }
        }
    }

    /// What turns the codes into values.
    #[must_use]
    pub const fn parameters(&self) -> &Parameters<T> {
        &self.parameters
    }

    /// The codebooks, in the order of [`Codebooks::all`]; none where the format has none.
    #[must_use]
    pub fn codebooks(&self) -> &[Codebook<T>] {
        match &self.parameters {
            Parameters::Codebooks(codebooks) => codebooks.all(),
            Parameters::Affine(_) | Parameters::Fixed(_) => &[],
        }
    }

    /// The division into blocks that share parameters; one block for formats without parameters per block.
    #[must_use]
    pub fn blocks(&self) -> Blocks {
        Blocks::new(self.shape, self.scheme.granularity)
    }

    /// The parameters of every block, in order.
    pub fn block_parameters(&self) -> impl Iterator<Item = BlockParameters<T>> {
        self.blocks().iter().enumerate().map(|(block, values)| {
            let (scale, zero_point) = match &self.parameters {
                Parameters::Affine(parameters) => {
                    (Some(parameters.scales[block]), self.zero_point(parameters, block))
                }
                Parameters::Codebooks(_) | Parameters::Fixed(_) => (None, None),
            };
            BlockParameters { block, count: values.length, scale, zero_point }
        })
    }

    /// The errors of every block against the values that were quantized, in order.
    ///
    /// # Errors
    /// When `original` has another shape.
    pub fn block_errors(&self, original: ArrayView2<'_, T>) -> Result<Vec<Errors>, QuantizeError> {
        self.expect_shape(original.dim())?;
        let blocks = self.blocks();
        let mut errors = vec![Errors::default(); blocks.len()];
        let reconstruction = self.reconstruct();
        for (((row, column), &original), &reconstruction) in original.indexed_iter().zip(&reconstruction) {
            errors[blocks.index_of(row, column)].add(original, reconstruction);
        }
        Ok(errors)
    }

    /// Number of blocks whose zero point is not one of the codes, as happens when a range does not contain zero.
    ///
    /// Such a zero point is kept as it is, and stored in full width; clamped, it would shift the whole block.
    #[must_use]
    pub fn zero_points_outside_codes(&self) -> usize {
        match (&self.parameters, self.scheme.grid()) {
            // A minimum is a level, wherever it lies.
            (Parameters::Affine(_), Some(_)) if self.scheme.zero_point() == Some(ZeroPoint::Minimum) => 0,
            (Parameters::Affine(Affine { zero_points, .. }), Some(grid)) => {
                let codes = T::from_i32(grid.lowest)..=T::from_i32(grid.highest);
                let outside = |zero_point: &&T| !codes.contains(*zero_point);
                zero_points.iter().filter(outside).count()
            }
            // Without a grid codes are signs, whose zero point 0 lies between them.
            (Parameters::Affine(_), None) | (Parameters::Codebooks(_) | Parameters::Fixed(_), _) => 0,
        }
    }

    /// The values that the codes stand for.
    #[must_use]
    pub fn reconstruct(&self) -> Array2<T> {
        let mut values = vec![T::ZERO; self.shape.0 * self.shape.1];
        self.decode(&mut values);
        matrix(self.shape, values)
    }

    /// Writes the values that the codes stand for into `values`.
    ///
    /// # Errors
    /// When `values` has another shape.
    pub fn reconstruct_into(&self, mut values: ArrayViewMut2<'_, T>) -> Result<(), QuantizeError> {
        self.expect_shape(values.dim())?;
        match values.as_slice_mut() {
            Some(slice) => self.decode(slice),
            None => values.assign(&self.reconstruct()),
        }
        Ok(())
    }

    fn decode(&self, values: &mut [T]) {
        self.decode_codes(values);
        if let Some(outliers) = &self.outliers {
            outliers.put_back(values);
        }
    }

    fn decode_codes(&self, values: &mut [T]) {
        let codes = &self.codes;
        match &self.parameters {
            Parameters::Affine(parameters) => self.decode_blocks(codes, parameters, values),
            Parameters::Codebooks(codebooks) => codebooks.reconstruct(codes, values),
            Parameters::Fixed(grid) => {
                let mut reader = CodeReader::new(codes);
                for piece in values.chunks_mut(PIECE) {
                    let codes = reader.take(piece.len());
                    for (value, &code) in piece.iter_mut().zip(codes) {
                        *value = grid.level(code);
                    }
                }
            }
        }
    }

    fn decode_blocks(&self, codes: &CodeMatrix, parameters: &Affine<T>, values: &mut [T]) {
        let blocks = self.blocks();
        if let Some(format) = self.scheme.levels() {
            return levels::reconstruct(codes, &blocks, parameters, &LevelTable::new(format), values);
        }
        match (self.scheme.zero_point(), self.scheme.grid()) {
            (Some(ZeroPoint::Minimum), Some(grid)) => {
                uniform::reconstruct_from_minimums(codes, &blocks, parameters, grid, values);
            }
            (None | Some(_), _) => uniform::reconstruct(codes, &blocks, parameters, values),
        }
    }

    /// Codes of other values of the same shape, e.g. of the reconstruction, with these parameters.
    ///
    /// # Errors
    /// Values of another shape, not finite, or beyond a 16-bit float.
    pub fn encode(
        &self,
        values: ArrayView2<'_, T>,
        stream: &mut Stream,
    ) -> Result<CodeMatrix, QuantizeError> {
        self.expect_shape(values.dim())?;
        let values = finite_row_major(values)?;
        let mut codes = CodeMatrix::zeros(self.codes.dim(), BitField::of(&self.scheme).code_type());
        encode(&values, &self.blocks(), &self.scheme, &self.parameters, stream, &mut codes)?;
        if let (Some(outliers), Some(grid)) = (&self.outliers, self.scheme.grid()) {
            outliers.blank(&mut codes, grid.lowest);
        }
        Ok(codes)
    }

    /// The dot product of `query` with each row, by look-up.
    ///
    /// Sub-vectors: for each code of a row a table of the dot products of its part of the query with all centroids;
    /// then a row of `M` sub-vectors and `S` stages takes `M·S` look-ups and the `M·S - 1` additions between them
    /// (Jégou, Douze & Schmid 2011, §III). The tables are made once for all rows that share codebooks. Single values: the
    /// query's entries are added up by code, so that one multiplication per centroid and stage is left. In the
    /// arithmetic of `T`, in order; equal to the dot product with the reconstruction up to rounding.
    ///
    /// # Errors
    /// When the format has no codebook, or the query another length than a row.
    pub fn lookup_products(&self, query: ArrayView1<'_, T>) -> Result<Vec<T>, LookupError> {
        if query.len() != self.shape.1 {
            return Err(LookupError::Length { expected: self.shape.1, found: query.len() });
        }
        match &self.parameters {
            Parameters::Codebooks(codebooks) => {
                Ok(codebook::products(&self.codes, codebooks, &query.to_vec()))
            }
            Parameters::Affine(_) | Parameters::Fixed(_) => {
                Err(LookupError::NoCodebook { format: self.scheme.format.to_string() })
            }
        }
    }

    /// The code of zero in a block; `lowest - m/s` beside a minimum `m`.
    fn zero_point(&self, parameters: &Affine<T>, block: usize) -> Option<T> {
        let stored = parameters.zero_points[block];
        match (self.scheme.zero_point()?, self.scheme.grid()) {
            (ZeroPoint::Minimum, Some(grid)) => {
                Some(T::from_i32(grid.lowest) - stored / parameters.scales[block])
            }
            (ZeroPoint::Integer | ZeroPoint::Float | ZeroPoint::Minimum, _) => Some(stored),
        }
    }

    fn expect_shape(&self, found: (usize, usize)) -> Result<(), QuantizeError> {
        if found == self.shape { Ok(()) } else { Err(QuantizeError::Shape { expected: self.shape, found }) }
    }
}

impl FixedGrid {
    /// The value of a code.
    pub(crate) fn level<T: Real>(self, code: i32) -> T {
        match self {
            // Codes of 16-bit floats are 16 bits wide.
            Self::Float16 => T::from_f64(float16::decode_binary16(code as u16)),
            Self::BFloat16 => T::from_f64(float16::decode_bfloat16(code as u16)),
            Self::DoReFa(bits) => weight_function::reconstruct_dorefa(code, bits),
            Self::Wrpn(bits) => weight_function::reconstruct_wrpn(code, bits),
        }
    }
}

impl fmt::Display for FixedGrid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Float16 => "f16",
            Self::BFloat16 => "bf16",
            Self::DoReFa(_) => "dorefa",
            Self::Wrpn(_) => "wrpn",
        })
    }
}

/// A row-major matrix.
fn matrix<E>(shape: (usize, usize), elements: Vec<E>) -> Array2<E> {
    Array2::from_shape_vec(shape, elements).expect("as many elements as the shape has places")
}

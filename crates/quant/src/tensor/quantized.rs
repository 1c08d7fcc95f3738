//! What quantization leaves: codes and the parameters to read them by.

use crate::number::{Dtype, OtherDtype, Real};
use crate::scheme::{Format, Scheme, ZeroPoint};

use super::affine::Affine;
use super::blocks::Blocks;
use super::code_matrix::CodeMatrix;
use super::codebook::Codebook;
use super::error::QuantizeError;
use super::far::FarParameters;
use super::outliers::SparseOutliers;
use super::parameters::{BlockParameters, Parameters};
use super::stored::{StoredParameters, with_parameters};
use super::unrepresentable::Unrepresentable;

/// A quantized matrix, which knows the [type](Dtype) of the values that it was made from: its parameters are of that type,
/// and its arithmetic is.
///
/// Two are equal where they are stored as the same.
#[derive(Debug, Clone)]
pub struct Quantized {
    shape: (usize, usize),
    scheme: Scheme,
    codes: CodeMatrix,
    parameters: StoredParameters,
    outliers: Option<SparseOutliers>,
    unheld: Unheld,
}

/// What the formats could not hold. Known to who quantized, not to who unpacked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Unheld {
    pub(crate) far: FarParameters,
    pub(crate) unrepresentable: Unrepresentable,
}

impl PartialEq for Quantized {
    fn eq(&self, other: &Self) -> bool {
        let Self { shape, scheme, codes, parameters, outliers, unheld: _ } = self;
        *shape == other.shape
            && *scheme == other.scheme
            && *codes == other.codes
            && *parameters == other.parameters
            && *outliers == other.outliers
    }
}

impl Quantized {
    /// `codes` are one a value, or one a stage of each sub-vector.
    pub(crate) fn new<T: Real>(
        shape: (usize, usize),
        scheme: Scheme,
        codes: CodeMatrix,
        parameters: Parameters<T>,
    ) -> Self {
        Self {
            shape,
            scheme,
            codes,
            parameters: StoredParameters::new(parameters),
            outliers: None,
            unheld: Unheld::default(),
        }
    }

    /// The same with some values kept beside the codes; the codes in their places are the lowest of the grid.
    pub(crate) fn with_outliers(self, outliers: Option<SparseOutliers>) -> Self {
        let mut codes = self.codes;
        if let (Some(outliers), Some(grid)) = (&outliers, self.scheme.grid()) {
            outliers.blank(&mut codes, grid.lowest);
        }
        Self { codes, outliers, ..self }
    }

    /// The same, knowing what the formats could not hold.
    pub(crate) fn with_unheld(self, unheld: Unheld) -> Self {
        Self { unheld, ..self }
    }

    /// The parameters that are stored far from the wanted ones. Of an unpacked matrix nothing is known of them: there are
    /// none.
    #[must_use]
    pub const fn far_parameters(&self) -> FarParameters {
        self.unheld.far
    }

    /// The values that a format without scales cannot represent. Of an unpacked matrix nothing is known of them: there are
    /// none.
    #[must_use]
    pub const fn unrepresentable(&self) -> Unrepresentable {
        self.unheld.unrepresentable
    }

    /// The values kept beside the codes; `None` where the scheme keeps none.
    #[must_use]
    pub const fn outliers(&self) -> Option<&SparseOutliers> {
        self.outliers.as_ref()
    }

    /// The type of the values that were quantized.
    #[must_use]
    pub const fn dtype(&self) -> Dtype {
        self.parameters.dtype()
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

    pub(crate) fn into_codes(self) -> CodeMatrix {
        self.codes
    }

    /// The code that stands for one value. With codebooks it is that of the whole sub-vector: the codes of its stages as
    /// digits to the base of the number of centroids asked for, the first stage's leading.
    ///
    /// # Panics
    /// When row or column lie outside the matrix.
    #[must_use]
    pub fn code_of(&self, row: usize, column: usize) -> i64 {
        assert!(row < self.shape.0 && column < self.shape.1, "no value in row {row}, column {column}");
        with_parameters!(&self.parameters, parameters => self.code_by(parameters, row, column))
    }

    fn code_by<T: Real>(&self, parameters: &Parameters<T>, row: usize, column: usize) -> i64 {
        match (parameters, self.scheme.format) {
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
    ///
    /// # Errors
    /// When `T` is not the type of the values that were quantized.
    pub fn parameters<T: Real>(&self) -> Result<&Parameters<T>, OtherDtype> {
        self.parameters.get().ok_or(OtherDtype { expected: self.dtype(), found: T::DTYPE })
    }

    /// What turns the codes into values, of either type.
    pub(crate) const fn stored_parameters(&self) -> &StoredParameters {
        &self.parameters
    }

    /// The codebooks with their numbers in `f64`, which is exact, in the order of [`Codebooks::all`](crate::Codebooks::all);
    /// none where the format has none.
    #[must_use]
    pub fn codebooks(&self) -> Vec<Codebook<f64>> {
        with_parameters!(&self.parameters, parameters => {
            parameters.codebooks().iter().map(Codebook::to_f64).collect()
        })
    }

    /// The division into blocks that share parameters; one block for formats without parameters per block.
    #[must_use]
    pub fn blocks(&self) -> Blocks {
        Blocks::new(self.shape, self.scheme.granularity)
    }

    /// The parameters of every block, in order.
    pub fn block_parameters(&self) -> impl Iterator<Item = BlockParameters> {
        self.blocks().iter().enumerate().map(|(block, values)| {
            let (scale, zero_point) =
                with_parameters!(&self.parameters, parameters => self.scale_and_zero_point(parameters, block));
            BlockParameters { block, count: values.length, scale, zero_point }
        })
    }

    fn scale_and_zero_point<T: Real>(
        &self,
        parameters: &Parameters<T>,
        block: usize,
    ) -> (Option<f64>, Option<f64>) {
        match parameters {
            Parameters::Affine(affine) => {
                let zero_point = self.zero_point(affine, block).map(Real::to_f64);
                (Some(affine.scales[block].to_f64()), zero_point)
            }
            Parameters::Codebooks(_) | Parameters::Fixed(_) => (None, None),
        }
    }

    /// Number of blocks whose zero point is not one of the codes, as happens when a range does not contain zero.
    ///
    /// Such a zero point is kept as it is, and stored in full width; clamped, it would shift the whole block.
    #[must_use]
    pub fn zero_points_outside_codes(&self) -> usize {
        with_parameters!(&self.parameters, parameters => self.outside_codes(parameters))
    }

    fn outside_codes<T: Real>(&self, parameters: &Parameters<T>) -> usize {
        match (parameters, self.scheme.grid()) {
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

    /// The code of zero in a block; `lowest - m/s` beside a minimum `m`, none where that is no number, as where the scale is
    /// 0 and all codes mean `m`.
    fn zero_point<T: Real>(&self, parameters: &Affine<T>, block: usize) -> Option<T> {
        let stored = parameters.zero_points[block];
        match (self.scheme.zero_point()?, self.scheme.grid()) {
            (ZeroPoint::Minimum, Some(grid)) => {
                let code = T::from_i32(grid.lowest) - stored / parameters.scales[block];
                code.is_finite().then_some(code)
            }
            (ZeroPoint::Integer | ZeroPoint::Float | ZeroPoint::Minimum, _) => Some(stored),
        }
    }

    /// Refuses values of another shape.
    pub(crate) fn expect_shape(&self, found: (usize, usize)) -> Result<(), QuantizeError> {
        if found == self.shape { Ok(()) } else { Err(QuantizeError::Shape { expected: self.shape, found }) }
    }
}

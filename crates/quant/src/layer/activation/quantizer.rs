//! From inputs to codes: range → parameters → codes, with parameters fitted before or on the spot.

use std::num::NonZeroUsize;

use bitsweep_vector::arch;
use ndarray::{Array2, ArrayView2};
use pulp::NullaryFnOnce;

use crate::encode::scales::ScaleRounding;
use crate::encode::uniform::{Fitting, range, round_and_clamp};
use crate::encode::{Elements, Interval, finite_row_major};
use crate::number::Real;
use crate::scheme::{Grid, Rounding, Scheme, ZeroPoint};
use crate::tensor::{Blocks, FarParameters, PIECE, QuantizeError};

use super::error::ActivationError;
use super::range::MovingAverage;
use super::scheme::{ActivationMode, ActivationScheme};

/// Scale `s` and zero point `z` of inputs: `x̂ = s·(q - z)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActivationParameters {
    /// The step between neighbouring levels.
    pub scale: f32,
    /// The code of zero, one of the grid's; 0 in symmetric schemes.
    pub zero_point: i32,
}

/// Encodes the inputs of one layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActivationQuantizer {
    scheme: ActivationScheme,
    grid: Grid,
    /// The parameters of a static scheme.
    fitted: Option<ActivationParameters>,
}

/// The codes of a layer's inputs, and the parameters to read them by.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantizedActivations {
    codes: Array2<i32>,
    /// The parameters of each `rows_per_range` rows.
    parameters: Vec<ActivationParameters>,
    rows_per_range: usize,
    clipped: usize,
}

impl ActivationQuantizer {
    /// Fits the parameters of a static scheme to calibration `inputs`, `(rows, in)`; a dynamic scheme looks at none.
    ///
    /// The range is found as for weights, the inputs being one block, or as a [`MovingAverage`]; then it is widened to
    /// include 0. Inputs that are 0 throughout have the scale 1, as in ONNX Runtime.
    ///
    /// # Errors
    /// No inputs for a static scheme, an input that is not finite, and a range too wide for its number type.
    pub fn fit(scheme: ActivationScheme, inputs: ArrayView2<'_, f32>) -> Result<Self, ActivationError> {
        let grid = scheme.codes.grid().ok_or(ActivationError::OneBit)?;
        let range = match scheme.mode {
            ActivationMode::DynamicBatch(_) | ActivationMode::DynamicRow => {
                return Ok(Self { scheme, grid, fitted: None });
            }
            ActivationMode::Static | ActivationMode::StaticAverage(_) if inputs.is_empty() => {
                return Err(ActivationError::NoInputs);
            }
            ActivationMode::Static => {
                let values = finite_row_major(inputs)?;
                ranges(&values, &Blocks::new(inputs.dim(), scheme.codes.granularity), &scheme.codes, grid)?
            }
            ActivationMode::StaticAverage(average) => {
                let values = finite_row_major(inputs)?;
                vec![moving_average(&values, inputs.ncols(), average, &scheme.codes, grid)?]
            }
        };
        let parameters = parameters(&range, &scheme.codes, grid)?;
        Ok(Self { scheme, grid, fitted: parameters.first().copied() })
    }

    /// The quantizer of a scheme whose parameters were [fitted](Self::fitted) before, as a file stores them: `None` of a
    /// dynamic scheme.
    ///
    /// # Errors
    /// Parameters of a dynamic scheme, none of a static one, and those that the scheme cannot have.
    ///
    /// ```
    /// use bitsweep_quant::{ActivationQuantizer, ActivationSpec};
    /// use ndarray::array;
    ///
    /// let scheme = toml::from_str::<ActivationSpec>("bits = 8\nmode = 'static'").unwrap().resolve().unwrap();
    /// let fitted = ActivationQuantizer::fit(scheme, array![[-1.0_f32, 1.5]].view()).unwrap();
    /// assert_eq!(ActivationQuantizer::restore(scheme, fitted.fitted()), Ok(fitted));
    /// assert!(ActivationQuantizer::restore(scheme, None).is_err());
    /// ```
    pub fn restore(
        scheme: ActivationScheme,
        fitted: Option<ActivationParameters>,
    ) -> Result<Self, ActivationError> {
        let grid = scheme.codes.grid().ok_or(ActivationError::OneBit)?;
        if fitted.is_some() != scheme.is_static() {
            return Err(ActivationError::Fitted { is_static: scheme.is_static() });
        }
        if let Some(ActivationParameters { scale, zero_point }) = fitted {
            let has_zero_point = scheme.codes.zero_point().is_some();
            let is_zero_point = if has_zero_point { grid.contains(zero_point) } else { zero_point == 0 };
            if !(scale.is_finite() && scale > 0.0 && is_zero_point) {
                return Err(ActivationError::Parameters { scale, zero_point });
            }
        }
        Ok(Self { scheme, grid, fitted })
    }

    /// How inputs are quantized.
    #[must_use]
    pub const fn scheme(&self) -> &ActivationScheme {
        &self.scheme
    }

    /// The fitted parameters; `None` of a dynamic scheme.
    #[must_use]
    pub const fn fitted(&self) -> Option<ActivationParameters> {
        self.fitted
    }

    /// Bytes of what is stored of a static scheme: 4 of the scale, and 4 of the zero point, where there is one, as weights
    /// have them. Of a dynamic scheme nothing is stored.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        let each = |is_stored: bool| if is_stored { size_of::<f32>() as u64 } else { 0 };
        let has_zero_point = match self.scheme.codes.zero_point() {
            None => false,
            Some(ZeroPoint::Integer | ZeroPoint::Float | ZeroPoint::Minimum) => true,
        };
        (each(self.fitted.is_some()), each(self.fitted.is_some() && has_zero_point))
    }

    /// The codes that there are.
    #[must_use]
    pub const fn grid(&self) -> Grid {
        self.grid
    }

    /// The codes of `inputs`, `(rows, in)`: `q = clip(round(x/s) + z)`.
    ///
    /// The zero point is added after rounding, as in ONNX's `QuantizeLinear`, so that it decides no tie.
    ///
    /// # Errors
    /// An input that is not finite, and a dynamic range too wide for its number type.
    pub fn quantize(&self, inputs: ArrayView2<'_, f32>) -> Result<QuantizedActivations, QuantizeError> {
        let (rows, columns) = inputs.dim();
        let values = finite_row_major(inputs)?;
        let rows_per_range = self.scheme.rows_per_range(rows);
        let parameters = match self.fitted {
            Some(fitted) => vec![fitted; rows.div_ceil(rows_per_range)],
            None if values.is_empty() => {
                vec![ActivationParameters { scale: 1.0, zero_point: 0 }; rows.div_ceil(rows_per_range)]
            }
            None => self.found_in(&values, columns, rows_per_range)?,
        };
        let mut codes = vec![0; values.len()];
        let mut clipped = 0;
        let length = (rows_per_range * columns).max(1);
        let ranges = values.chunks(length).zip(codes.chunks_mut(length));
        for ((values, codes), &parameters) in ranges.zip(&parameters) {
            let grid = self.grid;
            clipped += match self.scheme.codes.rounding {
                // Stochastic rounding is refused by `ActivationSpec::resolve`.
                Rounding::NearestEven | Rounding::Stochastic => {
                    arch().dispatch(Encode { values, codes, parameters, grid, round: f32::round_ties_even })
                }
                Rounding::HalfAway => {
                    arch().dispatch(Encode { values, codes, parameters, grid, round: f32::round })
                }
            };
        }
        let codes = Array2::from_shape_vec((rows, columns), codes).expect("there is one code for each input");
        Ok(QuantizedActivations { codes, parameters, rows_per_range, clipped })
    }

    /// The parameters of each `rows_per_range` rows of `values`, by their own range.
    fn found_in(
        &self,
        values: &[f32],
        columns: usize,
        rows_per_range: usize,
    ) -> Result<Vec<ActivationParameters>, QuantizeError> {
        let mut found = Vec::new();
        for batch in values.chunks((rows_per_range * columns).max(1)) {
            let blocks = Blocks::new((batch.len() / columns, columns), self.scheme.codes.granularity);
            let range = ranges(batch, &blocks, &self.scheme.codes, self.grid)?;
            found.extend(parameters(&range, &self.scheme.codes, self.grid)?);
        }
        Ok(found)
    }
}

impl QuantizedActivations {
    /// The codes, `(rows, in)`.
    #[must_use]
    pub const fn codes(&self) -> &Array2<i32> {
        &self.codes
    }

    /// The parameters of a row below the number of rows.
    #[must_use]
    pub fn parameters(&self, row: usize) -> ActivationParameters {
        self.parameters[row / self.rows_per_range]
    }

    /// How many inputs lie so far outside their range that their code is not the nearest whole number.
    #[must_use]
    pub const fn clipped(&self) -> usize {
        self.clipped
    }

    /// The values that the codes stand for, `x̂ = s·(q - z)`.
    #[must_use]
    pub fn reconstruct(&self) -> Array2<f32> {
        Array2::from_shape_fn(self.codes.dim(), |(row, column)| {
            let ActivationParameters { scale, zero_point } = self.parameters(row);
            scale * f32::from_i32(self.codes[[row, column]] - zero_point)
        })
    }
}

/// Fills `codes` with those of `values`; returns how many of these were clipped.
struct Encode<'a, F> {
    values: &'a [f32],
    codes: &'a mut [i32],
    parameters: ActivationParameters,
    grid: Grid,
    round: F,
}

impl<F: Fn(f32) -> f32> NullaryFnOnce for Encode<'_, F> {
    type Output = usize;

    #[inline(always)]
    fn call(self) -> usize {
        let Self { values, codes, parameters: ActivationParameters { scale, zero_point }, grid, round } =
            self;
        let around_zero = Grid { lowest: grid.lowest - zero_point, highest: grid.highest - zero_point };
        let mut clipped = 0;
        for (codes, values) in codes.chunks_mut(PIECE).zip(values.chunks(PIECE)) {
            // As wide as a code, so that vectors count.
            let mut here = 0_u32;
            for (code, &value) in codes.iter_mut().zip(values) {
                let position = value / scale;
                let step = round_and_clamp(position, around_zero, &round);
                here += u32::from(round(position) != f32::from_i32(step));
                *code = step + zero_point;
            }
            clipped += here as usize;
        }
        clipped
    }
}

/// The range of every block.
fn ranges(
    values: &[f32],
    blocks: &Blocks,
    codes: &Scheme,
    grid: Grid,
) -> Result<Vec<Interval<f32>>, QuantizeError> {
    range::estimate(values, blocks, codes, Elements::Grid(grid), ScaleRounding::of(codes))
}

/// The moving average of the ranges of batches of rows, of which there is at least one.
fn moving_average(
    values: &[f32],
    columns: usize,
    MovingAverage { momentum, batch }: MovingAverage,
    codes: &Scheme,
    grid: Grid,
) -> Result<Interval<f32>, QuantizeError> {
    let momentum = momentum as f32;
    let rows = |count: NonZeroUsize| count.get().saturating_mul(columns);
    let step = |average: Interval<f32>, next: Interval<f32>| Interval {
        low: average.low + momentum * (next.low - average.low),
        high: average.high + momentum * (next.high - average.high),
    };
    let mut average = None;
    for batch in values.chunks(rows(batch)) {
        let blocks = Blocks::new((batch.len() / columns, columns), codes.granularity);
        let found = ranges(batch, &blocks, codes, grid)?;
        average = average.into_iter().chain(found).reduce(step);
    }
    Ok(average.unwrap_or_default())
}

/// The parameters of every range, widened to include 0.
fn parameters(
    ranges: &[Interval<f32>],
    codes: &Scheme,
    grid: Grid,
) -> Result<Vec<ActivationParameters>, QuantizeError> {
    let widened =
        |range: &Interval<f32>| Interval { low: range.low.lesser(0.0), high: range.high.greater(0.0) };
    let ranges: Vec<_> = ranges.iter().map(widened).collect();
    let affine = Fitting::of(codes, grid).fit_ranges(&ranges, &mut FarParameters::default())?;
    let pairs = affine.scales.iter().zip(&affine.zero_points);
    let parameters = pairs.map(|(&scale, zero_point)| ActivationParameters {
        scale,
        zero_point: zero_point.to_i32().clamp(grid.lowest, grid.highest),
    });
    Ok(parameters.collect())
}

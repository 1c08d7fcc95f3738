//! Scaling of a layer's inputs, undone in its weights, so that what is hard to quantize meets what is easy.

use bitsweep_random::Stream;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::layer::calibration::{CalibrationError, CalibrationMethod, Hessian, calibrate};
use crate::number::{Each, ForEachDtype, Real};
use crate::scheme::Scheme;
use crate::spelling::serialize_unusual;

/// Steps of AWQ's grid from `α = 0` to 1, as its authors'.
const GRID: u32 = 20;
/// Half a unit in the last place of `f32`, relative to a number.
const ROUNDING: f64 = 1.0 / 16_777_216.0;

/// Settings of SmoothQuant (Xiao et al. 2023, *SmoothQuant: Accurate and Efficient Post-Training Quantization for Large
/// Language Models*, eq. 4).
///
/// ```toml
/// alpha = 0.7
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Smooth {
    /// How much of the difficulty moves from the inputs into the weights.
    #[schemars(range(min = 0, max = 1))]
    #[serde(deserialize_with = "migration_strength")]
    pub alpha: f64,
}

serialize_unusual!(Smooth { alpha });

impl Default for Smooth {
    fn default() -> Self {
        Self { alpha: 0.5 }
    }
}

fn migration_strength<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let alpha = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&alpha) {
        Ok(alpha)
    } else {
        Err(de::Error::custom(format!("`{alpha}` is not a migration strength: expected 0 to 1")))
    }
}

/// SmoothQuant's factor of each input, `s_j = max|X_j|^α / max|W_j|^(1-α)`, `X (n, in)` being calibration inputs and
/// `W (in, out)` the weights; the layer then computes `(X/s)·(s·W)`.
///
/// At `α = 0.5` input `j` and row `j` of the weights have the same range afterwards. That helps where inputs are quantized,
/// too; weights alone rather get harder to quantize. `s_j = 1` where an input, or the row of its
/// weights, is 0 but for rounding: where `max|X_j|·max|W_j|` is at most 2⁻²⁴ of the largest.
///
/// ```
/// use bitsweep_quant::{Smooth, smoothing_factors};
/// use ndarray::array;
///
/// let (inputs, weights) = (array![[8.0, 0.0], [-2.0, 0.0]], array![[0.5, -0.25], [1.0, 1.0]]);
/// let factors = smoothing_factors(inputs.view(), weights.view(), Smooth { alpha: 0.5 }).unwrap();
/// assert_eq!(factors, array![4.0, 1.0]);
/// ```
///
/// # Errors
/// When there are more or fewer inputs than rows of the weights.
pub fn smoothing_factors<T: Real>(
    inputs: ArrayView2<'_, f64>,
    weights: ArrayView2<'_, T>,
    smooth: Smooth,
) -> Result<Array1<T>, CalibrationError> {
    SMOOTHING_FACTORS.of()(inputs, weights, smooth)
}

struct SmoothingFactors;

impl ForEachDtype for SmoothingFactors {
    type Of<T: Real> =
        fn(ArrayView2<'_, f64>, ArrayView2<'_, T>, Smooth) -> Result<Array1<T>, CalibrationError>;
}

static SMOOTHING_FACTORS: Each<SmoothingFactors> =
    Each { of_f32: smoothing_factors_as, of_f64: smoothing_factors_as };

fn smoothing_factors_as<T: Real>(
    inputs: ArrayView2<'_, f64>,
    weights: ArrayView2<'_, T>,
    smooth: Smooth,
) -> Result<Array1<T>, CalibrationError> {
    expect_inputs(inputs, weights)?;
    let (columns, rows) = (largest_magnitudes(inputs, Axis(1)), largest_magnitudes(weights, Axis(0)));
    let parts = columns.iter().zip(&rows).map(|(column, row)| column * row).collect::<Vec<_>>();
    let factor = |((column, row), counts): ((&f64, &f64), bool)| {
        let factor = libm::pow(*column, smooth.alpha) / libm::pow(*row, 1.0 - smooth.alpha);
        if counts { positive_or_one(T::from_f64(factor)) } else { T::ONE }
    };
    Ok(columns.iter().zip(&rows).zip(that_count(&parts)).map(factor).collect())
}

/// AWQ's factor of each input (Lin et al. 2024, *AWQ: Activation-aware Weight Quantization for On-Device LLM Compression
/// and Acceleration*, eq. 5): `s_j = mean|X_j|^α`, so that weights of strong inputs lose less.
///
/// `α` is the one of 0, 0.05, …, 1 for which rounding `s·W` to nearest by `scheme` leaves the least output error on
/// `inputs (n, in)`; `α = 0`, factors of 1, wins ties. As in the authors' code factors are divided by the geometric mean of
/// the largest and the smallest; `s_j = 1` where an input (or the row of its weights) is always 0 but for rounding:
/// where `mean|X_j|·max|W_j|` is at most 2⁻²⁴ of the largest. Every candidate draws the same numbers of `stream`.
///
/// # Errors
/// Inputs that mean nothing or do not fit the weights, and whatever [`quantize`](crate::quantize) refuses.
pub fn activation_aware_factors<T: Real>(
    inputs: ArrayView2<'_, f64>,
    weights: ArrayView2<'_, T>,
    scheme: &Scheme,
    stream: &Stream,
) -> Result<Array1<T>, CalibrationError> {
    ACTIVATION_AWARE_FACTORS.of()(inputs, weights, scheme, stream)
}

struct ActivationAwareFactors;

impl ForEachDtype for ActivationAwareFactors {
    type Of<T: Real> =
        fn(ArrayView2<'_, f64>, ArrayView2<'_, T>, &Scheme, &Stream) -> Result<Array1<T>, CalibrationError>;
}

static ACTIVATION_AWARE_FACTORS: Each<ActivationAwareFactors> =
    Each { of_f32: activation_aware_factors_as, of_f64: activation_aware_factors_as };

fn activation_aware_factors_as<T: Real>(
    inputs: ArrayView2<'_, f64>,
    weights: ArrayView2<'_, T>,
    scheme: &Scheme,
    stream: &Stream,
) -> Result<Array1<T>, CalibrationError> {
    expect_inputs(inputs, weights)?;
    let count = inputs.nrows() as f64;
    let mean = |input: ArrayView1<'_, f64>| input.iter().map(|value| value.abs()).sum::<f64>() / count;
    let strengths: Vec<f64> = inputs.axis_iter(Axis(1)).map(mean).collect();
    let rows = largest_magnitudes(weights, Axis(0));
    let parts: Vec<f64> = strengths.iter().zip(&rows).map(|(strength, row)| strength * row).collect();
    let strengths: Vec<Option<f64>> = strengths
        .iter()
        .zip(that_count(&parts))
        .map(|(strength, counts)| counts.then_some(*strength))
        .collect();
    let mut best = Array1::from_elem(strengths.len(), T::ONE);
    let mut least = f64::INFINITY;
    for step in 0..=GRID {
        let factors = powers(&strengths, f64::from(step) / f64::from(GRID));
        let mut scaled_inputs = inputs.to_owned();
        for mut row in scaled_inputs.rows_mut() {
            row.zip_mut_with(&factors, |input, factor: &T| *input /= factor.to_f64());
        }
        let mut scaled = weights.to_owned();
        multiply_inputs(&factors, &mut scaled);
        let hessian = Hessian::of_inputs(scaled_inputs.view())?;
        let rounded =
            calibrate(scaled.view(), scheme, &CalibrationMethod::Nearest, &hessian, &mut stream.clone())?;
        if rounded.outcome.proxy_loss < least {
            (best, least) = (factors, rounded.outcome.proxy_loss);
        }
    }
    Ok(best)
}

/// `x^α` of all strengths, divided by the geometric mean of the largest and the smallest; 1 of what has none.
fn powers<T: Real>(strengths: &[Option<f64>], alpha: f64) -> Array1<T> {
    let powers: Vec<Option<f64>> =
        strengths.iter().map(|strength| strength.map(|strength| libm::pow(strength, alpha))).collect();
    let known = || powers.iter().flatten().copied();
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(0.0, f64::max));
    let middle = (low * high).sqrt();
    let factor =
        |power: &Option<f64>| power.map_or(T::ONE, |power| positive_or_one(T::from_f64(power / middle)));
    powers.iter().map(factor).collect()
}

/// For each channel whether its part counts: whether it is more than rounding error of `f32`, 2⁻²⁴, beside the largest.
///
/// A feature that never changes is 10⁻¹⁶ once it is standardized, not 0: a factor made of rounding errors would put the
/// weights of its channel, or all others', out of every range.
pub(crate) fn that_count(parts: &[f64]) -> impl Iterator<Item = bool> {
    let largest = parts.iter().fold(0.0, |largest: f64, part| largest.max(*part));
    parts.iter().map(move |part| *part > largest * ROUNDING)
}

/// The largest magnitude at each index along `axis`; 0 where there is no value.
pub(crate) fn largest_magnitudes<T: Real>(matrix: ArrayView2<'_, T>, axis: Axis) -> Vec<f64> {
    let largest = |lane: ArrayView1<'_, T>| {
        lane.iter().fold(T::ZERO, |largest, value| largest.greater(value.abs())).to_f64()
    };
    matrix.axis_iter(axis).map(largest).collect()
}

/// `W[j,:] *= s_j`: the weights of a layer whose inputs are divided by `factors`.
pub fn multiply_inputs<T: Real>(factors: &Array1<T>, weights: &mut Array2<T>) {
    for (mut row, &factor) in weights.rows_mut().into_iter().zip(factors) {
        row.mapv_inplace(|weight| weight * factor);
    }
}

/// `W[:,j] /= s_j` and `b_j /= s_j`: a layer whose outputs are divided by `factors`, before or after its ReLU.
pub fn divide_outputs<T: Real>(factors: &Array1<T>, weights: &mut Array2<T>, bias: &mut Array1<T>) {
    for mut row in weights.rows_mut() {
        row.zip_mut_with(factors, |weight, &factor| *weight = *weight / factor);
    }
    bias.zip_mut_with(factors, |bias, &factor| *bias = *bias / factor);
}

/// A factor that can be divided by and multiplied with: 1 for 0, infinity (a quotient by 0, or overflow) and NaN (0/0).
pub(crate) fn positive_or_one<T: Real>(factor: T) -> T {
    if factor > T::ZERO && factor.is_finite() { factor } else { T::ONE }
}

fn expect_inputs<T>(inputs: ArrayView2<'_, f64>, weights: ArrayView2<'_, T>) -> Result<(), CalibrationError> {
    if inputs.ncols() == weights.nrows() {
        Ok(())
    } else {
        Err(CalibrationError::InputColumns { weights: weights.nrows(), inputs: inputs.ncols() })
    }
}

//! Codes that know their inputs: rounding by the error of a layer's output instead of the error of its weights.
//!
//! A layer computes `y = x·W + b` with `W (in, out)`. Given calibration inputs `X (n, in)`, the change `Δ = W - Ŵ` of
//! the weights costs the output `‖X·Δ‖²`, a quadratic form in `Δ` whose matrix is the [`Hessian`] `H = (2/n)·XᵀX`.
//! Every [`CalibrationMethod`] leaves an ordinary [`Quantized`] matrix of the scheme it was given; [`calibrate`]
//! applies one and tells by a [`CalibrationOutcome`] whether it acted: how many codes differ from rounding to nearest
//! under the same scheme, and the proxy loss `tr(ΔᵀHΔ)` before and after. No method falls back to another one: a loss
//! above that of nearest is told, not mended.
//!
//! | method | chooses | looks at |
//! |---|---|---|
//! | [`Gptq`] | codes, input by input, later inputs making up for earlier errors | `H` |
//! | [`AdaRound`] | up or down for each weight, by gradient descent | `H` |
//! | [`Hqq`] | the zero point of each block | the weights alone |
//! | [`Range::OutputMse`](crate::Range::OutputMse) | the range of each block, for any method | `H` |
//! | [`LearnedScale`] | the scale of each block, by gradient descent | `H` |
//! | greedy | single codes, one step up or down, as long as the loss falls | `H` |
//!
//! Arithmetic is `f64` in a written order, except that a position on the grid is rounded in the type of the weights, as
//! [`quantize`](crate::quantize) does, so that an untouched weight keeps its code.

mod adaround;
mod batch;
mod bias_correction;
mod cholesky;
mod error;
mod fitting;
mod gptq;
mod greedy;
mod hessian;
mod hqq;
mod layer;
mod learned_scale;
mod method;
mod moments;
mod outcome;
mod output_range;

pub use adaround::AdaRound;
pub use bias_correction::{BiasCorrection, ShiftSum, mean_shift};
pub use error::CalibrationError;
pub use gptq::Gptq;
pub use hessian::{Hessian, HessianSum};
pub use hqq::Hqq;
pub use learned_scale::LearnedScale;
pub use method::CalibrationMethod;
pub use moments::{MeanSum, Moments, VarianceSum};
pub use outcome::{Calibrated, CalibrationOutcome};

use bitsweep_random::Stream;
use ndarray::ArrayView2;

use crate::encode::quantize;
use crate::number::{Each, ForEachDtype, Real};
use crate::scheme::{Range, Scheme};
use crate::tensor::QuantizeError;

use self::layer::Layer;

/// The most steps that are accepted, so that a slip of the hand does not ask for years: a hundred times the 10,000 of
/// AdaRound's paper.
const MAX_ITERATIONS: u32 = 1_000_000;

/// Quantizes `weights (in, out)` as `scheme` says, codes chosen by `method` for inputs whose `hessian` is `(in, in)`.
///
/// `stream` is drawn from by rounding to nearest alone, see [`quantize`](crate::quantize); the other methods are
/// deterministic.
///
/// ```
/// use bitsweep_quant::{Bits, Gptq, Hessian, CalibrationMethod, calibrate, presets};
/// use bitsweep_random::{Generator, Stream};
/// use ndarray::array;
///
/// // Two inputs that are always equal: only the sum of their weights matters.
/// let hessian = Hessian::of_inputs(array![[1.0, 1.0], [2.0, 2.0]].view()).unwrap();
/// let weights = array![[0.4, 1.0], [0.4, -1.0]];
/// let scheme = presets::symmetric_narrow(Bits::new(2).unwrap());
/// let mut stream = Stream::new(Generator::Modern, 0, "quantize").unwrap();
/// let gptq = CalibrationMethod::Gptq(Gptq::default());
/// let calibrated = calibrate(weights.view(), &scheme, &gptq, &hessian, &mut stream).unwrap();
/// // Rounding both to 0 loses 0.8 of their sum, rounding one of them to 1 adds only 0.2.
/// assert_eq!(calibrated.quantized.codes().to_array().column(0).to_vec(), [0, 1]);
/// assert!(calibrated.outcome.proxy_loss < calibrated.outcome.proxy_loss_nearest);
/// ```
///
/// # Errors
/// A method that does not combine with the scheme or whose settings mean nothing, a Hessian of another size than there
/// are inputs, and whatever [`quantize`](crate::quantize) refuses.
pub fn calibrate<T: Real>(
    weights: ArrayView2<'_, T>,
    scheme: &Scheme,
    method: &CalibrationMethod,
    hessian: &Hessian,
    stream: &mut Stream,
) -> Result<Calibrated, CalibrationError> {
    CALIBRATE.of()(weights, scheme, method, hessian, stream)
}

struct Calibrate;

impl ForEachDtype for Calibrate {
    type Of<T: Real> = fn(
        ArrayView2<'_, T>,
        &Scheme,
        &CalibrationMethod,
        &Hessian,
        &mut Stream,
    ) -> Result<Calibrated, CalibrationError>;
}

static CALIBRATE: Each<Calibrate> = Each { of_f32: calibrate_as, of_f64: calibrate_as };

fn calibrate_as<T: Real>(
    weights: ArrayView2<'_, T>,
    scheme: &Scheme,
    method: &CalibrationMethod,
    hessian: &Hessian,
    stream: &mut Stream,
) -> Result<Calibrated, CalibrationError> {
    method.check(scheme)?;
    if hessian.inputs() != weights.nrows() {
        return Err(CalibrationError::Inputs { weights: weights.nrows(), hessian: hessian.inputs() });
    }
    let layer = || Layer::new(weights, scheme, method.name(), hessian);
    let nearest = match scheme.range {
        Range::MinMax | Range::Percentile(_) | Range::Mse | Range::Kl => quantize(weights, scheme, stream)?,
        Range::OutputMse => {
            scheme.check().map_err(QuantizeError::from)?;
            layer()?.nearest()?
        }
    };
    let quantized = match method {
        CalibrationMethod::Nearest => nearest.clone(),
        CalibrationMethod::Gptq(settings) => gptq::quantize(&layer()?, settings, hessian)?,
        CalibrationMethod::AdaRound(settings) => adaround::quantize(&layer()?, settings, hessian)?,
        CalibrationMethod::Hqq(settings) => hqq::quantize(&layer()?, settings)?,
        CalibrationMethod::Greedy => greedy::quantize(&layer()?, hessian)?,
        CalibrationMethod::LearnedScale(settings) => {
            learned_scale::quantize(weights, &layer()?, settings, hessian, stream)?
        }
    };
    let reference = if *method == CalibrationMethod::Nearest && scheme.range == Range::OutputMse {
        quantize(weights, &Scheme { range: Range::MinMax, ..*scheme }, stream)?
    } else {
        nearest
    };
    let outcome = CalibrationOutcome::measure(weights, &reference, &quantized, hessian);
    Ok(Calibrated { quantized, reference, outcome })
}

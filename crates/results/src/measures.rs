//! What is measured of one variant of one unit.

use bitsweep_metrics::Interval;
use bitsweep_quant::Size;

use crate::flag::Flag;

/// Everything that is measured of one variant of one unit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measures {
    /// The bits of each layer's weight where they may differ, with the weight's name: `W1`, 8. No choice: the same variant
    /// may have chosen others in another unit.
    pub layer_bits: Vec<(String, u32)>,
    /// Scores on the test rows; `None` in a tensor experiment.
    pub scores: Option<Scores>,
    /// Reconstruction error over all quantized tensors, against the float values, in their units: a transform is undone. Of
    /// a training with quantization in the loop against its latent values. [Undefined](ErrorMeasures::UNDEFINED) of the
    /// majority class.
    pub error: ErrorMeasures,
    /// What the method achieved on calibration inputs; `None` without them.
    pub calibration: Option<CalibrationMeasures>,
    /// Of the inputs of all layers on the test rows, the share that lay outside the range of their codes; `None` where
    /// they stay float.
    pub clipped_activations: Option<f64>,
    /// The sizes, in bytes.
    pub size: SizeMeasures,
    /// What the reader must know.
    pub flags: Vec<Flag>,
}

/// How well a variant classifies the test rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Fraction of test rows classified correctly.
    pub accuracy: Interval,
    /// Unweighted mean of the F1 of the classes that have test rows.
    pub macro_f1: Interval,
    /// Mean negative logarithm of the probability given to the true class.
    pub log_loss: f64,
    /// Mean over the test rows of the squared distance of the probabilities from 1 for the true class and 0 for the others;
    /// 0 to 2.
    pub brier: f64,
    /// Root of the debiased squared error of the predicted class's probability as a frequency, 0 where it is not above
    /// chance; `None` of fewer than three test rows.
    pub calibration_error: Option<f64>,
    /// Fraction of test rows on which variant and float model predict the same class.
    pub agreement: f64,
    /// Test rows the float model has right and the variant wrong.
    pub lost: usize,
    /// Test rows the float model has wrong and the variant right.
    pub gained: usize,
    /// Two-sided exact McNemar test of `lost` against `gained`; `None` of the float model, which is not compared with itself.
    pub p_value: Option<f64>,
    /// The comparison with the float model on the same test rows; `None` of the float model.
    pub against_float: Option<AgainstFloat>,
}

/// A variant beside the float model, row by row of the test rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgainstFloat {
    /// Two-sided paired permutation test of the difference in macro-F1.
    pub macro_f1_p_value: f64,
    /// Mean Kullback–Leibler divergence of the variant's probabilities from the float model's, in nats.
    pub kl_mean: f64,
    /// Its standard error; `None` of a single test row.
    pub kl_standard_error: Option<f64>,
    /// Median over the test rows.
    pub kl_median: f64,
    /// 99th percentile over the test rows.
    pub kl_p99: f64,
    /// Root mean square of the change of the true class's probability.
    pub probability_change_rms: f64,
    /// Mean change of the margin by which the float model's class leads the next one.
    pub margin_change_mean: f64,
    /// The variant's Brier score less the float model's.
    pub brier_change: f64,
    /// Its standard error over the test rows; `None` of a single one.
    pub brier_change_standard_error: Option<f64>,
    /// The variant's debiased squared calibration error less the float model's; `None` of fewer than three test rows.
    pub calibration_change: Option<f64>,
    /// Its standard error by the jackknife.
    pub calibration_change_standard_error: Option<f64>,
}

/// Reconstruction error of quantized values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ErrorMeasures {
    /// Sum of squared errors (notebook 000's "MSE").
    pub sse: f64,
    /// Mean squared error (notebook 001's).
    pub mse: f64,
    /// Largest absolute error.
    pub max_error: f64,
    /// Signal-to-quantization-noise ratio in dB; infinite where nothing was lost.
    pub sqnr_db: f64,
}

impl ErrorMeasures {
    /// Of what has no weights that could be reconstructed: no numbers.
    pub const UNDEFINED: Self = Self { sse: f64::NAN, mse: f64::NAN, max_error: f64::NAN, sqnr_db: f64::NAN };
}

/// A calibrated method against rounding to nearest under the same scheme, all layers together, each in the units that its
/// outputs have without a transform.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CalibrationMeasures {
    /// Calibration rows.
    pub rows: usize,
    /// Codes that differ.
    pub codes_changed: usize,
    /// Twice the mean squared output error of the layers with rounding to nearest.
    pub proxy_loss_nearest: f64,
    /// The same with the method.
    pub proxy_loss: f64,
}

/// Sizes in bytes. `payload` is the notebooks' count; the others are lengths of what is serialized.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SizeMeasures {
    /// The notebooks' count: bits of all codes, and biases kept as f32; no scales, zero points, codebooks, padding.
    pub payload: u64,
    /// The parts of all quantized tensors together.
    pub stored: Size,
    /// Biases kept in f32.
    pub biases: u64,
    /// The numbers that features are scaled by before the model sees them: a mean and a deviation each, or one divisor. None
    /// of the float model, into whose first layer they go but for rounding (`W1'_j = W1_j/σ_j`, `b1' = b1 - Σ_j μ_j·W1'_j`),
    /// and none where a variant has gone that way or takes codes for inputs.
    pub scaler: u64,
    /// Bytes of the same tensors in f32 (f64 for f64 tensors; of those of files what the file has, where that is less).
    pub float: u64,
}

impl SizeMeasures {
    /// Everything that has to be stored.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.stored.total() + self.biases + self.scaler
    }

    /// Float bytes over all bytes stored.
    #[must_use]
    pub fn compression(&self) -> f64 {
        self.float as f64 / self.total() as f64
    }
}

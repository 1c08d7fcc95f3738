//! Whether a classifier is right as often as it says.

use ndarray::ArrayView2;

use crate::error::{MetricError, check_label, check_lengths};
use crate::probabilities::{check_row, top};

/// Most bins of confidence.
const MOST_BINS: usize = 15;
/// Samples of a bin, at least, if no confidences are equal.
const SAMPLES_OF_A_BIN: usize = 10;
/// Samples without which a bin has no debiased error that one of them could be taken from.
const LEAST_SAMPLES: usize = 3;

/// How far confidence is from accuracy: the debiased calibration error of the predicted class, and what is needed to
/// compare it between two classifiers of the same samples.
///
/// The *confidence* of a sample is the largest of its probabilities, and it is *right* when its class is that one's (the
/// first of equal ones). The samples are sorted by confidence into `B` bins of equal size, and the squared error is
///
/// `E² = Σ_b (n_b/n) [(s̄_b - ȳ_b)² - ȳ_b (1 - ȳ_b)/(n_b - 1)]`
///
/// with the mean confidence `s̄_b`, the share of right samples `ȳ_b` and the size `n_b` of a bin. What is subtracted is what
/// chance alone adds to the square: without it a perfectly calibrated classifier would have an error that shrinks with the
/// samples, and more bins would mean a larger error. With it the average over test sets is right for any number of bins, as
/// far as confidence hardly varies within one, and the estimate may be below 0.
///
/// `B = min(15, max(1, ⌊n/10⌋))`: Kumar, Liang & Ma's 15, and at least ten samples a bin on small test sets, where more
/// bins would add noise. Within a bin errors of both signs cancel, so that the true error is at least this. Equal confidences
/// share a bin, the one where the first of them falls, so that the order of the samples does not matter; a bin of
/// fewer than three samples joins the one before it. `O(n log n)`.
///
/// Source: Kumar, Liang & Ma (2019), Verified Uncertainty Calibration, NeurIPS 32, section 5 (their "debiased
/// estimator").
///
/// ```
/// use bitsweep_metrics::CalibrationError;
/// use ndarray::Array2;
///
/// // Always certain to 0.9, right in 7 of 10: the square of 0.2 less 0.21/9.
/// let probabilities = Array2::from_shape_fn((10, 2), |(_, class)| if class == 0 { 0.9 } else { 0.1 });
/// let error = CalibrationError::new(probabilities.view(), &[0, 0, 0, 0, 0, 0, 0, 1, 1, 1])?;
/// assert!((error.squared() - (0.04 - 0.21 / 9.0)).abs() < 1e-15);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationError {
    squared: f64,
    bins: usize,
    /// The estimate without each sample, its bins as they are.
    without: Vec<f64>,
}

impl CalibrationError {
    /// Of `probabilities`, (samples, classes), and the true classes.
    ///
    /// # Errors
    /// When the lengths differ or there are fewer than three samples, a label is not below the number of columns, or a value
    /// is not within [0, 1].
    pub fn new(probabilities: ArrayView2<f64>, truth: &[usize]) -> Result<Self, MetricError> {
        check_lengths(("truth", truth.len()), ("probabilities", probabilities.nrows()))?;
        if truth.len() < LEAST_SAMPLES {
            return Err(MetricError::TooFew { name: "samples", found: truth.len(), needed: LEAST_SAMPLES });
        }
        let mut samples = Vec::with_capacity(truth.len());
        for (sample, (row, &actual)) in probabilities.rows().into_iter().zip(truth).enumerate() {
            check_label("true", sample, actual, row.len())?;
            check_row(sample, row)?;
            let (class, confidence) = top(row).unwrap_or_default();
            samples.push(Sample { position: sample, confidence, is_right: class == actual });
        }
        samples.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
        let bins = bins(&samples);
        let total = samples.len() as f64;
        let terms: Vec<f64> = bins.iter().map(|bin| Sums::of(bin).term()).collect();
        let sum: f64 = terms.iter().sum();
        let mut without = vec![0.0; samples.len()];
        for (bin, term) in bins.iter().zip(&terms) {
            let sums = Sums::of(bin);
            for sample in *bin {
                without[sample.position] = (sum - term + sums.without(sample).term()) / (total - 1.0);
            }
        }
        Ok(Self { squared: sum / total, bins: bins.len(), without })
    }

    /// `E²`, below 0 where the classifier is calibrated better than chance lets it look.
    pub fn squared(&self) -> f64 {
        self.squared
    }

    /// `√max(0, E²)`, in units of probability.
    pub fn root(&self) -> f64 {
        self.squared.max(0.0).sqrt()
    }

    /// Bins of confidence.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// `E²` of this classifier minus that of `other` on the same samples in the same order, with its standard error.
    ///
    /// The standard error is the jackknife's: the difference is computed without each sample once, the samples of both
    /// classifiers left out together, the bins as they are; `SE² = ((n - 1)/n) Σ (Δ₋ᵢ - mean Δ₋ᵢ)²`. It is a function of the
    /// two estimates alone, without random numbers, in `O(n)`. Where both are calibrated perfectly, or equally badly, the squares
    /// have no linear part and the jackknife's error is some `√2` too large: it errs to the safe side.
    ///
    /// How often difference ± 1.96 SE contains the difference in the population, and the mean SE over the real deviation
    /// (2,000 pairs of test sets of three classes, `examples/coverage` with `calibration`; a model whose logits are
    /// multiplied with 1 is calibrated, more is overconfident, and the second knows the logits with some noise):
    ///
    /// | logits times | difference | 150 samples | 450 samples | 2,000 samples |
    /// |---|---|---|---|---|
    /// | 1 and 1 | -0.0002 | .998, 1.46 | .997, 1.38 | .995, 1.36 |
    /// | 1 and 1.5 | -0.0107 | .992, 1.33 | .982, 1.21 | .957, 1.04 |
    /// | 1.5 and 1.5 | -0.0029 | .998, 1.42 | .997, 1.34 | .979, 1.16 |
    /// | 1.5 and 1.5, hardly any noise | 0.0000 | .998, 1.45 | .998, 1.39 | .999, 1.38 |
    /// | 1 and 3 | -0.0427 | .962, 1.11 | .966, 1.07 | .948, 0.98 |
    ///
    /// Source: Efron & Stein (1981), Annals of Statistics 9: the jackknife's variance is too large rather than too small.
    ///
    /// # Errors
    /// When the numbers of samples differ.
    pub fn difference(&self, other: &Self) -> Result<PairedDifference, MetricError> {
        check_lengths(("the first", self.without.len()), ("the second", other.without.len()))?;
        let count = self.without.len() as f64;
        let differences = || self.without.iter().zip(&other.without).map(|(first, second)| first - second);
        let mean = differences().sum::<f64>() / count;
        let squares: f64 = differences().map(|value| (value - mean) * (value - mean)).sum();
        Ok(PairedDifference {
            difference: self.squared - other.squared,
            standard_error: ((count - 1.0) / count * squares).sqrt(),
        })
    }
}

/// A difference between two classifiers on the same samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedDifference {
    /// The first minus the second.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
}

struct Sample {
    position: usize,
    confidence: f64,
    is_right: bool,
}

/// The samples, sorted by confidence, in bins of equal size as `numpy.array_split` makes them: the larger ones first.
fn bins(samples: &[Sample]) -> Vec<&[Sample]> {
    let wanted = (samples.len() / SAMPLES_OF_A_BIN).clamp(1, MOST_BINS);
    let mut bins: Vec<&[Sample]> = Vec::with_capacity(wanted);
    let mut from = 0;
    let mut evenly = 0;
    for bin in 0..wanted {
        evenly += samples.len() / wanted + usize::from(bin < samples.len() % wanted);
        let mut to = evenly.max(from);
        // Equal confidences stay together.
        while 0 < to && to < samples.len() && samples[to].confidence == samples[to - 1].confidence {
            to += 1;
        }
        if to - from < LEAST_SAMPLES && !bins.is_empty() {
            // They join the bin before, of which they are the continuation.
            if let Some(last) = bins.last_mut() {
                *last = &samples[from - last.len()..to];
            }
        } else if to > from {
            bins.push(&samples[from..to]);
        }
        from = to;
    }
    bins
}

/// The sums over a bin.
#[derive(Clone, Copy)]
struct Sums {
    samples: f64,
    confidence: f64,
    right: f64,
}

impl Sums {
    fn of(bin: &[Sample]) -> Self {
        Self {
            samples: bin.len() as f64,
            confidence: bin.iter().map(|sample| sample.confidence).sum(),
            right: bin.iter().filter(|sample| sample.is_right).count() as f64,
        }
    }

    fn without(self, sample: &Sample) -> Self {
        Self {
            samples: self.samples - 1.0,
            confidence: self.confidence - sample.confidence,
            right: self.right - f64::from(u8::from(sample.is_right)),
        }
    }

    /// `n_b` times the debiased squared error.
    fn term(self) -> f64 {
        let (confidence, right) = (self.confidence / self.samples, self.right / self.samples);
        let gap = confidence - right;
        self.samples * (gap * gap - right * (1.0 - right) / (self.samples - 1.0))
    }
}

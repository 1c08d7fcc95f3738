//! How far the probabilities of a variant are from those of the float model.

use ndarray::{ArrayView1, ArrayView2};

use crate::error::{MetricError, check_label, check_lengths};
use crate::probabilities::{check_row, top};
use crate::repeated::mean_and_deviation;

/// How far a variant's probabilities are from the float model's on the same samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Divergence {
    /// Mean of the samples' Kullback–Leibler divergence, in nats.
    pub kl_mean: f64,
    /// Its standard error; `None` for a single sample.
    pub kl_standard_error: Option<f64>,
    /// The median over the samples.
    pub kl_median: f64,
    /// The 99th percentile over the samples.
    pub kl_p99: f64,
    /// Root of the mean squared change of the probability of the true class, `√((1/n) Σ (q[i, truth] - p[i, truth])²)`.
    pub probability_change_rms: f64,
    /// Share of samples whose most probable class is the same.
    pub same_top: f64,
    /// Its standard error, `√(s(1 - s)/(n - 1))`; `None` for a single sample. 0 where nothing changed, which does not mean
    /// that nothing can: [`accuracy_interval`](crate::accuracy_interval) of the counts says how much.
    pub same_top_standard_error: Option<f64>,
    /// Mean change of margin.
    pub margin_change_mean: f64,
    /// The 5th percentile of the changes of margin: what the samples lose that lose the most.
    pub margin_change_p5: f64,
}

/// Compares a variant's probabilities `q` with the float model's `p`, both (samples, classes), sample by sample.
///
/// - *Kullback–Leibler divergence* of a sample, in nats: `KL(p‖q) = Σ_c p_c ln(max(p_c, ε)/max(q_c, ε))`, summed from
///   the first class to the last. `ε = 2⁻⁵²`, as in [`log_loss`](crate::log_loss): where the variant gives exactly 0 to what
///   the float model holds possible, the divergence is at most 36.04 nats rather than infinite, so that one sample does not
///   hide what the mean says of the others. llama.cpp's `perplexity --kl-divergence` is finite, too: it takes the logarithms from
///   the logits, and leaves out what the base model gives less than `e⁻¹⁶`, which is kept here. Rows that sum to one have no
///   negative divergence but for rounding.
/// - *Margin* of a sample: the probability of the float model's most probable class minus the largest other one;
///   of a variant for the *same* class, so that it is negative where the class changed. The change is the variant's minus the
///   float model's, from -2 to 1.
///
/// Percentiles are linear between the sorted values (NumPy's default); of equally probable classes the first counts as the
/// most probable. Means are summed from the first sample to the last. `O(n log n)`.
///
/// Sources: Kullback & Leibler (1951), Annals of Mathematical Statistics 22; Dutta et al. (2024), Accuracy is Not All You
/// Need, NeurIPS 37, on flips and margins; the statistics are those of llama.cpp's `perplexity` tool.
///
/// # Errors
/// When the shapes differ or there are no samples, a label is not below the number of columns, or a value is not within
/// [0, 1]. Whether rows sum to one is not checked.
///
/// ```
/// use bitsweep_metrics::divergence;
/// use ndarray::array;
///
/// let float = array![[0.5, 0.5], [0.75, 0.25]];
/// let variant = array![[0.5, 0.5], [0.25, 0.75]];
/// let divergence = divergence(float.view(), variant.view(), &[0, 0])?;
/// // ½ ln 3 in the second sample, nothing in the first.
/// assert!((divergence.kl_mean - 0.25 * 3.0_f64.ln()).abs() < 1e-15);
/// assert_eq!((divergence.same_top, divergence.margin_change_mean), (0.5, -0.5));
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn divergence(
    float: ArrayView2<f64>,
    variant: ArrayView2<f64>,
    truth: &[usize],
) -> Result<Divergence, MetricError> {
    check_lengths(("truth", truth.len()), ("the float model", float.nrows()))?;
    check_lengths(("truth", truth.len()), ("the variant", variant.nrows()))?;
    if float.ncols() != variant.ncols() {
        return Err(MetricError::ClassMismatch {
            left_name: "the float model",
            left: float.ncols(),
            right_name: "the variant",
            right: variant.ncols(),
        });
    }
    let samples = truth.len();
    let (mut kl, mut margin_changes) = (Vec::with_capacity(samples), Vec::with_capacity(samples));
    let (mut squares, mut same) = (0.0, 0);
    let rows = float.rows().into_iter().zip(variant.rows()).zip(truth);
    for (sample, ((float, variant), &actual)) in rows.enumerate() {
        check_label("true", sample, actual, float.len())?;
        check_row(sample, float)?;
        check_row(sample, variant)?;
        kl.push(kullback_leibler(float, variant));
        let change = variant[actual] - float[actual];
        squares += change * change;
        let top_class = top(float).map_or(0, |(class, _)| class);
        same += usize::from(top(variant).is_some_and(|(class, _)| class == top_class));
        margin_changes.push(margin(variant, top_class) - margin(float, top_class));
    }
    let count = samples as f64;
    let kl_moments = mean_and_deviation(&kl)?;
    let margin_change_mean = mean_and_deviation(&margin_changes)?.mean;
    let same_top = same as f64 / count;
    kl.sort_by(f64::total_cmp);
    margin_changes.sort_by(f64::total_cmp);
    Ok(Divergence {
        kl_mean: kl_moments.mean,
        kl_standard_error: kl_moments.standard_error(),
        kl_median: quantile(&kl, 0.5),
        kl_p99: quantile(&kl, 0.99),
        probability_change_rms: (squares / count).sqrt(),
        same_top,
        same_top_standard_error: (samples > 1).then(|| (same_top * (1.0 - same_top) / (count - 1.0)).sqrt()),
        margin_change_mean,
        margin_change_p5: quantile(&margin_changes, 0.05),
    })
}

/// The probability of `class` minus the largest of another class: negative where another is more probable.
///
/// `row` are the probabilities of one sample. Of a single class its probability.
///
/// # Panics
/// When `class` is not below the number of classes.
pub fn margin(row: ArrayView1<f64>, class: usize) -> f64 {
    let others = row.iter().enumerate().filter(|&(other, _)| other != class);
    row[class] - others.fold(0.0, |largest: f64, (_, &value)| largest.max(value))
}

fn kullback_leibler(float: ArrayView1<f64>, variant: ArrayView1<f64>) -> f64 {
    let terms = float
        .iter()
        .zip(variant)
        .map(|(&p, &q)| if p > 0.0 { p * libm::log(p.max(f64::EPSILON) / q.max(f64::EPSILON)) } else { 0.0 });
    terms.fold(0.0, |sum, term| sum + term)
}

/// The quantile of sorted values, not none, linear between them: NumPy's default.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let below = position as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

//! A score, or how much worse one classifier is than another on the same samples, and how sure that is.

use std::borrow::Cow;

use crate::class_score::{ClassScore, Influence};
use crate::confusion::Confusion;
use crate::distributions::{normal_cdf, normal_quantile, student_cdf, student_quantile};
use crate::error::{MetricError, check_lengths};

/// The chance of deciding, where a number of samples is asked for that would.
const POWER: f64 = 0.8;

/// A number that one test set gives, a score or the loss of one classifier against another, and what each of its samples
/// contributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions<'a> {
    /// The number of each sample in the data that all test sets are drawn from, each once.
    rows: Cow<'a, [u32]>,
    /// The number.
    value: f64,
    /// `D_i`, which sum to 0.
    of_samples: Vec<f64>,
    /// The contribution of a sample that is lost or gained and was not seen.
    pseudo: f64,
}

impl<'a> Contributions<'a> {
    /// A score, with `D_i = ψ_i` of its [influences](Influence).
    ///
    /// `rows` number the samples in the data that all test sets are drawn from.
    ///
    /// # Errors
    /// When the sequences differ in length or are empty, or a label is not below `classes`.
    pub fn of_score(
        score: ClassScore,
        rows: Cow<'a, [u32]>,
        truth: &[usize],
        predicted: &[usize],
        classes: usize,
    ) -> Result<Self, MetricError> {
        check_lengths(("rows", rows.len()), ("truth", truth.len()))?;
        let confusion = Confusion::new(truth, predicted, classes)?;
        let influence = Influence::new(score, &confusion);
        let of_samples = truth.iter().zip(predicted).map(|(&truth, &own)| influence.at(truth, own)).collect();
        Ok(Self { rows, value: score.of(&confusion), of_samples, pseudo: influence.one_more() })
    }

    /// The loss of a score, `score(first) - score(second)`, with `D_i = ψ_i(first) - ψ_i(second)` of the
    /// [influences](Influence).
    ///
    /// # Errors
    /// As [`of_score`](Self::of_score).
    pub fn of_loss(
        score: ClassScore,
        rows: &'a [u32],
        truth: &[usize],
        [first, second]: [&[usize]; 2],
        classes: usize,
    ) -> Result<Self, MetricError> {
        let first = Self::of_score(score, rows.into(), truth, first, classes)?;
        let second = Self::of_score(score, rows.into(), truth, second, classes)?;
        Ok(first.less(&second))
    }

    /// The mean of what each sample has by itself: the log loss of one classifier less that of another, say. No samples are
    /// added that were not seen: what one would count has no bound.
    ///
    /// # Errors
    /// When the sequences differ in length or are empty, or a value is not finite.
    pub fn of_mean(rows: &'a [u32], values: &[f64]) -> Result<Self, MetricError> {
        check_lengths(("rows", rows.len()), ("values", values.len()))?;
        if let Some((position, &value)) = values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(MetricError::NotFinite { name: "value", position, value });
        }
        let value = values.iter().sum::<f64>() / values.len() as f64;
        Ok(Self {
            rows: rows.into(),
            value,
            of_samples: values.iter().map(|own| own - value).collect(),
            pseudo: 0.0,
        })
    }

    /// The difference of two numbers of the same samples. What an unseen sample counts stays that of the first.
    ///
    /// # Panics
    /// When the samples differ in number.
    #[must_use]
    pub fn less(mut self, other: &Self) -> Self {
        assert_eq!(self.rows.len(), other.rows.len(), "samples");
        self.value -= other.value;
        self.of_samples.iter_mut().zip(&other.of_samples).for_each(|(own, other)| *own -= other);
        self
    }

    /// The mean of several numbers of the same samples; `None` of none.
    ///
    /// # Panics
    /// When the samples differ in number.
    pub fn mean(all: &[Self]) -> Option<Self> {
        let (first, others) = all.split_first()?;
        let mut mean = first.clone();
        for other in others {
            assert_eq!(mean.rows.len(), other.rows.len(), "samples");
            mean.value += other.value;
            mean.pseudo = mean.pseudo.max(other.pseudo);
            mean.of_samples.iter_mut().zip(&other.of_samples).for_each(|(sum, own)| *sum += own);
        }
        let count = all.len() as f64;
        mean.value /= count;
        mean.of_samples.iter_mut().for_each(|sum| *sum /= count);
        Some(mean)
    }

    /// The same without the samples that were not seen: where many differences are averaged, one such sample would outweigh
    /// them all.
    #[must_use]
    pub fn as_seen(mut self) -> Self {
        self.pseudo = 0.0;
        self
    }

    /// The number.
    pub fn value(&self) -> f64 {
        self.value
    }
}

/// A score or a loss over one test set or several, with its standard error.
///
/// On one test set of `n` samples, with the contributions `D_i` of each sample,
///
/// `SE² = (Σ D_i² + 2 w²) / n²`,
///
/// where the 2 is one sample lost and one gained that were not seen (after Agresti & Min 2005): that nothing changed on few
/// samples does not mean that nothing can. `w` is [what one sample more counts](Influence::one_more), 1 but for macro-F1 over
/// classes of different size. Bounds use the normal distribution. They speak of these two
/// classifiers and of all samples like these.
///
/// Over `J` units, each with two classifiers of its own and a test set drawn from the same data, samples and units are
/// two ways of clustering: with `d_si = D_si/(J n_s)`, the values `e_s` and their mean `ē`,
///
/// `V = Σ_i (Σ_s d_si)² + Σ_s (e_s - ē)²/(J (J - 1)) - Σ_si d_si²`,
///
/// not below the larger of its first two terms, and `2 w²/N²` for the samples not seen, of `N` different ones. Bounds use
/// Student's distribution of `J - 1` degrees of freedom. They speak of all samples like these and of all units like these.
///
/// Sources: Takahashi et al. (2022), Applied Intelligence 52 (the contributions); Agresti & Min (2005), Statistics in
/// Medicine 24 (the pseudo-samples); Cameron, Gelbach & Miller (2011), Journal of Business & Economic Statistics 29, and
/// Owen (2007), Annals of Applied Statistics 1 (the two ways of clustering). That the pseudo-samples count `w`, and go over to
/// several units, is ours: for `J = 1` the second formula is the first. With `w = 1` a rare class that lost nothing by luck made
/// 5 % of picks wrong (2 classes, one of 10 %, 450 samples).
///
/// ```
/// use bitsweep_metrics::{ClassScore, Contributions, Estimate};
///
/// let rows: Vec<u32> = (0..400).collect();
/// let truth: Vec<usize> = rows.iter().map(|row| (row % 2) as usize).collect();
/// let same = Contributions::of_loss(ClassScore::MacroF1, &rows, &truth, [&truth, &truth], 2)?;
/// let loss = Estimate::of(&[same])?;
/// assert_eq!(loss.value, 0.0);
/// assert!((loss.upper_bound(0.95) - 1.6448536 * 2.0_f64.sqrt() / 400.0).abs() < 1e-9);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean over the units. A loss is negative where the second classifier is better.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Units, each with a test set.
    pub units: usize,
    /// Different samples in all test sets.
    pub samples: usize,
    /// The part of the squared standard error that shrinks with more samples, times the samples.
    per_sample: f64,
}

impl Estimate {
    /// The mean over these units.
    ///
    /// # Errors
    /// When there are none.
    pub fn of(units: &[Contributions<'_>]) -> Result<Self, MetricError> {
        let count = units.len();
        if count == 0 {
            return Err(MetricError::Empty { name: "units" });
        }
        let highest = units.iter().flat_map(|unit| unit.rows.iter()).max().map_or(0, |&row| row as usize + 1);
        let (mut sums, mut squares) = (vec![0.0; highest], 0.0);
        let mut is_seen = vec![false; highest];
        for unit in units {
            let scale = 1.0 / (count as f64 * unit.rows.len() as f64);
            for (&row, &contribution) in unit.rows.iter().zip(&unit.of_samples) {
                let own = contribution * scale;
                sums[row as usize] += own;
                squares += own * own;
                is_seen[row as usize] = true;
            }
        }
        let samples = is_seen.iter().filter(|seen| **seen).count();
        let pseudo = units.iter().map(|unit| unit.pseudo).fold(0.0, f64::max);
        let unseen = 2.0 * pseudo * pseudo / (samples * samples) as f64;
        let by_sample: f64 = sums.iter().map(|sum| sum * sum).sum();
        let value = units.iter().map(|unit| unit.value).sum::<f64>() / count as f64;
        let variance = if count == 1 {
            by_sample
        } else {
            let spread: f64 = units.iter().map(|unit| (unit.value - value) * (unit.value - value)).sum();
            let by_unit = spread / (count * (count - 1)) as f64;
            (by_sample + by_unit - squares).max(by_sample).max(by_unit)
        };
        Ok(Self {
            value,
            standard_error: (variance + unseen).sqrt(),
            units: count,
            samples,
            per_sample: (by_sample + unseen) * samples as f64,
        })
    }

    /// The value with its interval of so much confidence, two-sided.
    pub fn interval(&self, confidence: f64) -> crate::Interval {
        let half = self.quantile(0.5 * (1.0 + confidence)) * self.standard_error;
        crate::Interval { value: self.value, low: self.value - half, high: self.value + half }
    }

    /// The largest value that so much confidence allows: with the probability `confidence` the real one is not larger.
    pub fn upper_bound(&self, confidence: f64) -> f64 {
        self.value + self.quantile(confidence) * self.standard_error
    }

    /// The least value that so much confidence allows.
    pub fn lower_bound(&self, confidence: f64) -> f64 {
        self.value - self.quantile(confidence) * self.standard_error
    }

    /// The one-sided p-value of a real value of `margin` or more: small where it is shown to be below.
    pub fn p_below(&self, margin: f64) -> f64 {
        self.probability((self.value - margin) / self.standard_error)
    }

    /// The one-sided p-value of a real value of `margin` or less: small where it is shown to be above.
    pub fn p_above(&self, margin: f64) -> f64 {
        self.probability((margin - self.value) / self.standard_error)
    }

    /// The two-sided p-value of a real value of exactly `value`.
    pub fn p_two_sided(&self, value: f64) -> f64 {
        (2.0 * self.p_below(value).min(self.p_above(value))).min(1.0)
    }

    /// About how many different samples would decide whether the loss is below `margin`, with a chance of 80 %, if the real
    /// loss and the share of samples that change are as they are here: `n = σ² (z_c + z_.8)² / (margin - loss)²`, with `σ²`
    /// the variance that one sample brings. `None` where the loss is the margin, or more samples would be needed than can be
    /// counted.
    pub fn samples_needed(&self, margin: f64, confidence: f64) -> Option<usize> {
        let z = normal_quantile(confidence) + normal_quantile(POWER);
        let needed = self.per_sample * z * z / ((margin - self.value) * (margin - self.value));
        (needed < u32::MAX.into()).then(|| needed.ceil() as usize)
    }

    fn quantile(&self, p: f64) -> f64 {
        match self.units {
            1 => normal_quantile(p),
            units => student_quantile(p, units - 1),
        }
    }

    fn probability(&self, deviations: f64) -> f64 {
        if deviations.is_nan() {
            // No loss, no error, and a margin of 0.
            return 0.5;
        }
        match self.units {
            1 => normal_cdf(deviations),
            units => student_cdf(deviations, units - 1),
        }
    }
}

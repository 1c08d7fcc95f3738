//! The sampling error of macro-F1.

use crate::confusion::Confusion;
use crate::interval::{Interval, widened_wilson, wilson_high};

/// Samples added right, and as many wrong, before the variance is estimated (Agresti & Coull's two and two).
const ADDED: f64 = 2.0;

/// The 95 % interval of macro-F1: a score interval with the effective number of samples of the delta method.
///
/// Macro-F1 is no proportion, but near a given confusion matrix it varies like one in `m` samples, where `m`
/// is such that `F(1 - F)/m` is its variance. The steps:
///
/// 1. *Smooth.* Two right samples are added to the diagonal in proportion to how often each of the `K`
///    classes that have samples is true or predicted, two wrong ones evenly to the cells off it, after Agresti &
///    Coull. Without them a perfect matrix would have no variance.
/// 2. *Variance.* Under multinomial sampling `v = Σ n_ij g_ij²` over the smoothed counts, with the
///    derivatives of macro-F1 `g_ij = -(u_i + u_j)/K` off the diagonal and `g_ii = 2(1 - F_i)/(K d_i)` on it,
///    where `u_i = F_i/d_i` and `d_i` counts the samples that are or are predicted as `i`, twice those that
///    are both: Takahashi et al.'s estimate. Here `d_i - 1` stands for `d_i`, a degree of freedom that each
///    class's F1 costs. Of a class without samples `u_j` is 0: it has no part in macro-F1.
/// 3. *Interval.* Wilson's for the observed macro-F1 in `m = F(1 - F)/v` samples (`F` of the smoothed
///    matrix), widened at the ends as [`accuracy_interval`](crate::accuracy_interval) is.
/// 4. *Upper end.* A class that is mostly missed hangs on the few of its samples that are found; the smoothed variance
///    knows nothing of those that might be. Of the upper ends that follow from step 3 and from the classes' own (MOVER)
///    the higher counts. A class's F1 is `2J/(1 + J)` of Jaccard's index `J = tp/(tp + fp + fn)`, a proportion with a Wilson
///    interval; with `b_c` from `F_c` to the upper end of its F1 so found, and the correlations `r` of the F1 of two classes by the
///    delta method in the matrix as it is, the end is
///
///    `F + (1/K) √(Σ_cd r_cd b_c b_d)`, `r_cd = (n_cd + n_dc) s_c s_d`,
///    `s_c = F_c/√(4 tp (1 - F_c)² + (fp + fn) F_c²)`, `r_cc = 1`.
///
/// The interval lies in [0, 1], contains macro-F1 and always has a width. With samples of a single class `m` is the
/// number of samples. `O(K²)`: some 0.3 µs for 3 classes and 1 µs for 10.
///
/// How often it contains the macro-F1 of the population that a test set is drawn from, and its mean width
/// (20,000 test sets; `examples/coverage`), beside the percentile bootstrap:
///
/// | test set | macro-F1 | this | bootstrap |
/// |---|---|---|---|
/// | 36 samples, 3 classes (wine) | 0.90 | .943, .206 | .920, .205 |
/// | | 0.97 | .950, .145 | .661, .089 |
/// | | 0.99 | .968, .120 | .302, .034 |
/// | | 0.995 | .987, .112 | .159, .018 |
/// | … all errors in the rarest class | 0.97 | .943, .148 | .632, .093 |
/// | 450 samples, 10 classes (digits) | 0.85 | .947, .067 | .947, .067 |
/// | | 0.96 | .949, .037 | .943, .036 |
/// | | 0.99 | .949, .020 | .924, .018 |
/// | 100 samples, two classes 90 : 10 | 0.90 | .954, .195 | .934, .200 |
/// | | 0.97 | .968, .144 | .686, .094 |
/// | 50 samples, 10 classes | 0.90 | .939, .212 | .933, .193 |
/// | 200 samples, 40 : 30 : 20 : 7 : 3, all errors in the rarest | 0.90 | .966, .188 | .919, .175 |
/// | 100 samples, 90 : 10, all errors in the rare class | 0.70 | .969, .336 | .903, .330 |
///
/// Without step 4 and with it, over a grid of 1,779 settings (2, 3, 5 and 10 classes, equal but for one of 1 to 20 %; 50 to
/// 2,000 samples, five of the rare class or more on average; macro-F1 of 0.5 to 0.98; 4,000 test sets each; `examples/coverage`
/// with `rare`), least and mean coverage, and by how much step 4 widens the interval on average:
///
/// | errors | without | with | wider |
/// |---|---|---|---|
/// | even | .911, .947 | .916, .951 | 1.0 % |
/// | of the rare class alone | .419, .925 | .927, .960 | 10.8 % |
/// | between the rare class and another | .911, .947 | .919, .954 | 1.8 % |
/// | all | .419, .940 | .916, .954 | 4.3 % |
/// | 97 : 3, 2,000 samples, rare class missed, macro-F1 0.5 | .437 | 1.000 | 139 % |
/// | 3 classes, one of 3 %, 450 samples, missed, 0.7 | .600 | .998 | 55 % |
/// | 10 classes, one of 3 %, 450 samples, missed, 0.9 | .687 | .999 | 37 % |
///
/// Where every test set has the rare class missed but for a sample or two, the interval is wider than it would have to be.
///
/// Sources: Takahashi, Yamamoto, Kuchiba & Koyama (2022), Applied Intelligence 52, the variance of
/// macro-averaged F1; Agresti & Coull (1998), The American Statistician 52; Wilson (1927), Journal of the
/// American Statistical Association 22; Zou & Donner (2008), Statistics in Medicine 27, on MOVER; Hand, Christen & Kirielle
/// (2021), Machine Learning 110, on F1 and Jaccard's index.
///
/// ```
/// use bitsweep_metrics::{Confusion, macro_f1_interval};
///
/// let confusion = Confusion::from_counts(&[14, 0, 0, 0, 14, 0, 0, 0, 8], 3)?;
/// let interval = macro_f1_interval(&confusion);
/// assert_eq!((interval.value, interval.high), (1.0, 1.0));
/// assert!((interval.low - 0.898).abs() < 1e-3);
/// # Ok::<(), bitsweep_metrics::MetricError>(())
/// ```
pub fn macro_f1_interval(confusion: &Confusion) -> Interval {
    let value = confusion.macro_f1();
    let samples = effective_samples(confusion);
    let interval = widened_wilson(value, value * samples, (1.0 - value) * samples);
    Interval { high: interval.high.max(recovered_high(confusion, value)).min(1.0), ..interval }
}

/// The upper end of macro-F1 that the upper ends of its classes' F1 allow: MOVER's.
fn recovered_high(confusion: &Confusion, value: f64) -> f64 {
    let classes: Vec<RecoveredClass> =
        confusion.present().map(|class| RecoveredClass::new(confusion, class)).collect();
    let mut squares = 0.0;
    for (position, first) in classes.iter().enumerate() {
        squares += first.above * first.above;
        for second in &classes[position + 1..] {
            let shared =
                confusion.count(first.class, second.class) + confusion.count(second.class, first.class);
            let correlation = shared as f64 * first.slope * second.slope;
            squares += 2.0 * correlation * first.above * second.above;
        }
    }
    value + squares.sqrt() / classes.len() as f64
}

/// What the upper end needs of a class, in the matrix as it is.
struct RecoveredClass {
    class: usize,
    /// From F1 to the upper end of its own interval.
    above: f64,
    /// How much F1 sinks with a sample that is or is predicted as this class, not both, in standard deviations of F1: the
    /// correlation of two classes is the product of theirs times the samples that are one and predicted as the other.
    slope: f64,
}

impl RecoveredClass {
    fn new(confusion: &Confusion, class: usize) -> Self {
        let right = confusion.count(class, class) as f64;
        let size = (confusion.support()[class] + confusion.predicted()[class]) as f64;
        let union = size - right;
        let high = wilson_high(right / union, union);
        let f1 = 2.0 * right / size;
        // Without 1/d, which every derivative has.
        let (gain, loss) = (2.0 * (1.0 - f1), f1);
        let variance = right * gain * gain + (union - right) * loss * loss;
        let slope = if variance > 0.0 { loss / variance.sqrt() } else { 0.0 };
        Self { class, above: (2.0 * high / (1.0 + high) - f1).max(0.0), slope }
    }
}

/// The number of samples in which a proportion would vary as much as macro-F1 does.
fn effective_samples(confusion: &Confusion) -> f64 {
    let samples = confusion.samples() as f64;
    let present = confusion.present().count();
    if present < 2 {
        return samples;
    }
    let classes = present as f64;
    let size = |class: usize| (confusion.support()[class] + confusion.predicted()[class]) as f64;
    let sizes: f64 = confusion.present().map(size).sum();
    let wrong = ADDED / (classes * (classes - 1.0));
    let smoothed: Vec<SmoothedClass> = confusion
        .present()
        .map(|class| {
            let size = size(class);
            let right = confusion.count(class, class) as f64 + ADDED * size / sizes;
            let size = size * (1.0 + 2.0 * ADDED / sizes) + 2.0 * ADDED / classes;
            let f1 = 2.0 * right / size;
            let per_sample = 1.0 / (size - 1.0);
            SmoothedClass { class, right, f1, slope: f1 * per_sample, gain: 2.0 * (1.0 - f1) * per_sample }
        })
        .collect();
    // Both are summed without the factors 1/K and 1/K², in the order of the matrix.
    let (mut f1, mut variance) = (0.0, 0.0);
    for actual in &smoothed {
        f1 += actual.f1;
        variance += actual.right * actual.gain * actual.gain;
        let row = confusion.row(actual.class);
        let mut stray = confusion.support()[actual.class] - row[actual.class];
        for predicted in &smoothed {
            if predicted.class != actual.class {
                let loss = actual.slope + predicted.slope;
                variance += (row[predicted.class] as f64 + wrong) * loss * loss;
                stray -= row[predicted.class];
            }
        }
        variance += stray as f64 * actual.slope * actual.slope;
    }
    f1 * (classes - f1) / variance
}

/// What the variance needs of a class, in the smoothed matrix.
struct SmoothedClass {
    class: usize,
    /// Samples that are and are predicted as this class.
    right: f64,
    f1: f64,
    /// How much F1 sinks with a sample that is or is predicted as this class, not both.
    slope: f64,
    /// How much F1 rises with a sample that is both.
    gain: f64,
}

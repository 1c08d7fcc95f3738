//! The range whose histogram, once quantized, tells least from the values' own.

use crate::encode::interval::Interval;
use crate::number::Real;
use crate::scheme::{Grid, Symmetry};

/// Bins of the histogram of magnitudes, from 0 to the largest.
const BINS: usize = 2048;
/// The fewest bins with a value in them that a candidate has; so no range is shorter than a sixteenth of the largest
/// magnitude.
const LEAST: usize = 128;

/// The range, up to a threshold `t` on the magnitudes, of least Kullback–Leibler divergence (Migacz 2017, *8-bit
/// Inference with TensorRT*).
///
/// The histogram `b` of `|w|` has 2048 bins of equal width up to the largest magnitude. For each candidate of the first
/// `i` bins, largest first,
///
/// - `P` is these bins, with the mass of all bins beyond (which clip) added to the last one;
/// - `Q` is these bins *without* that mass, merged into `L` levels, each level's mass spread evenly over its bins that
///   are not empty;
///
/// both divided by their sums. The candidate of least `Σ P·ln(P/Q)` wins, the larger one of equal ones, and `t` is the
/// upper edge of its last bin: the candidate of all bins is the min-max range. A candidate whose last bin is empty has
/// a `P` where `Q` has nothing, an infinite divergence, and drops out.
///
/// `L` counts the magnitudes that codes can tell apart: half the codes, or all of them where an asymmetric grid has
/// values of one sign. The symmetric range is `-t … t`, the asymmetric one the min-max range clipped to that.
///
/// What is easily got wrong, and how it is done here:
/// - `Q` made from bins that include the tail hides the very clipping that is to be judged.
/// - Merging `⌊i/L⌋` bins a level leaves up to `L - 1` more to the last; here bin `j` belongs to level `⌊j·L/i⌋`.
/// - As many bins as levels leave one candidate; here up to 1921 are compared, for at most 8 bits.
/// - Histograms of few bins agree whatever they clip: of a single bin with a value in it `P` and `Q` are the same. At few
///   bits `i` from `L` on would compare such ones, and on values of few kinds (pixels of 17 greys) any `i` does. Here a
///   candidate has at least 128 bins that are not empty (the `L` of TensorRT's 8 bits), or it drops out.
/// - Zeros, which are exact on nearly every grid, would outweigh all else after a ReLU; they are left out.
///
/// Fewer than 128 different values leave the min-max range. A histogram of a few hundred has a bin for each of them and
/// says little; prefer least squares there.
pub(super) fn search<T: Real>(
    values: &[T],
    min_max: Interval<T>,
    symmetry: Symmetry,
    grid: Grid,
) -> Interval<T> {
    let magnitude = min_max.magnitude();
    let bins = histogram(values, magnitude.to_f64());
    let codes = grid.steps() as usize + 1;
    let has_one_sign = min_max.low >= T::ZERO || min_max.high <= T::ZERO;
    let candidate = match symmetry {
        Symmetry::Asymmetric(_) if has_one_sign => least_divergence(&bins, codes),
        Symmetry::Symmetric | Symmetry::Asymmetric(_) => least_divergence(&bins, codes.div_ceil(2)),
    };
    // All bins must end at the largest magnitude itself.
    let part = T::from_f64(candidate as f64) / T::from_f64(BINS as f64);
    let threshold = magnitude * part;
    match symmetry {
        Symmetry::Symmetric => Interval { low: -threshold, high: threshold },
        Symmetry::Asymmetric(_) => {
            Interval { low: min_max.low.greater(-threshold), high: min_max.high.lesser(threshold) }
        }
    }
}

/// Counts of the magnitudes in bins of equal width up to the largest, which is above 0; zeros are left out.
fn histogram<T: Real>(values: &[T], largest: f64) -> Vec<u64> {
    let mut bins = vec![0; BINS];
    for value in values.iter().filter(|value| **value != T::ZERO) {
        let position = value.abs().to_f64() / largest * BINS as f64;
        bins[(position as usize).min(BINS - 1)] += 1;
    }
    bins
}

/// The number of bins of the best candidate.
///
/// With counts `b_j`, their sum `N`, the sum `M` of the first `i`, the tail `t = N - M`, and `c_k` of level `k`'s bins
/// not empty, which hold `m_k`:
/// `N·KL = Σ_{j<i-1} b_j·ln b_j + (b_{i-1} + t)·ln(b_{i-1} + t) - Σ_k m_k·ln(m_k/c_k) - t·ln(m_last/c_last) - N·ln(N/M)`.
/// Sums from the first bin on make that `O(L)` a candidate.
fn least_divergence(bins: &[u64], levels: usize) -> usize {
    let mut mass = vec![0; BINS + 1];
    let mut filled = vec![0; BINS + 1];
    let mut entropy = vec![0.0; BINS + 1];
    for (bin, &count) in bins.iter().enumerate() {
        mass[bin + 1] = mass[bin] + count;
        filled[bin + 1] = filled[bin] + u64::from(count > 0);
        entropy[bin + 1] = entropy[bin] + times_logarithm(count as f64, count as f64);
    }
    let total = mass[BINS];
    let mut best = BINS;
    let mut least = f64::INFINITY;
    for candidate in (LEAST.max(levels)..=BINS).rev() {
        if bins[candidate - 1] == 0 || filled[candidate] < LEAST as u64 {
            continue;
        }
        let kept = mass[candidate];
        let tail = (total - kept) as f64;
        let clipped = bins[candidate - 1] as f64 + tail;
        let mut of_levels = 0.0;
        let mut last_mean = 1.0;
        for level in 0..levels {
            let first = (level * candidate).div_ceil(levels);
            let end = ((level + 1) * candidate).div_ceil(levels);
            let in_level = (mass[end] - mass[first]) as f64;
            if in_level > 0.0 {
                last_mean = in_level / (filled[end] - filled[first]) as f64;
                of_levels += times_logarithm(in_level, last_mean);
            }
        }
        let divergence = entropy[candidate - 1] + times_logarithm(clipped, clipped)
            - of_levels
            - times_logarithm(tail, last_mean)
            - times_logarithm(total as f64, total as f64 / kept as f64);
        if divergence < least {
            (best, least) = (candidate, divergence);
        }
    }
    best
}

/// `x·ln y`, and 0 for `x = 0`.
fn times_logarithm(x: f64, y: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * libm::log(y) }
}

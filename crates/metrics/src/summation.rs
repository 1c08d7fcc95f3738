//! Sums in NumPy's order, so that averages agree with scikit-learn's to the last bit.

/// Items that are summed by eight running sums rather than by halves.
const BLOCK: usize = 128;

/// The sum of the next `count` terms, rounded as `numpy.add.reduce` rounds it.
///
/// NumPy sums fewer than 8 terms one after the other, up to 128 in eight interleaved running sums, and more
/// by halves (`pairwise_sum` in `numpy/_core/src/umath/loops_utils.h.src`). The order matters for the last
/// bit alone.
pub(crate) fn pairwise_sum(terms: &mut impl Iterator<Item = f64>, count: usize) -> f64 {
    if count < 8 {
        return terms.take(count).fold(0.0, |sum, term| sum + term);
    }
    if count > BLOCK {
        let half = count / 2;
        let half = half - half % 8;
        return pairwise_sum(terms, half) + pairwise_sum(terms, count - half);
    }
    let mut running = [0.0; 8];
    for _ in 0..count / 8 {
        for (sum, term) in running.iter_mut().zip(&mut *terms) {
            *sum += term;
        }
    }
    let [a, b, c, d, e, f, g, h] = running;
    terms.take(count % 8).fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, term| sum + term)
}

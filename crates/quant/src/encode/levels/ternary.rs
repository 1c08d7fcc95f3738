//! Scales of ternary weights.

use crate::encode::uniform::mean_magnitude;
use crate::number::Real;
use crate::scheme::TernaryScale;
use crate::tensor::{Block, Blocks};

/// The scale of every block; 0 where all values are.
pub(super) fn fit<T: Real>(values: &[T], blocks: &Blocks, scale: TernaryScale) -> Vec<T> {
    match scale {
        TernaryScale::Absmean => blocks.iter().map(|block| mean_magnitude(values, block)).collect(),
        TernaryScale::LeastError => blocks.iter().map(|block| least_error(values, block)).collect(),
    }
}

/// The mean of the `k` largest magnitudes with the largest `(Σ)²/k`, which is by how much they reduce `Σw²`.
///
/// Sums are in `f64`, from the largest magnitude down and in units of it; the smallest of equally good `k` is taken.
fn least_error<T: Real>(values: &[T], block: Block) -> T {
    let mut magnitudes: Vec<T> = block.positions().map(|position| values[position].abs()).collect();
    magnitudes.sort_unstable_by(|a, b| b.total_cmp(a));
    let largest = magnitudes.first().map_or(0.0, |largest| largest.to_f64());
    if largest == 0.0 {
        return T::ZERO;
    }
    let (mut sum, mut best, mut mean) = (0.0, 0.0, 0.0);
    for (count, magnitude) in (1_u64..).zip(&magnitudes) {
        sum += magnitude.to_f64() / largest;
        let kept = count as f64;
        if sum * sum / kept > best {
            best = sum * sum / kept;
            mean = sum / kept;
        }
    }
    // The mean of equal numbers may round; the number itself does not.
    match magnitudes.last() {
        Some(smallest) if smallest.to_f64() == largest => *smallest,
        Some(_) | None => T::from_f64(mean * largest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Granularity;

    #[test]
    fn the_scale_has_the_least_error_of_all_thresholds() {
        let values = [0.9, -0.1, 1.1, 0.45, -1.4, 0.0, 0.2_f64];
        let scale =
            fit(&values, &Blocks::new((1, values.len()), Granularity::Tensor), TernaryScale::LeastError)[0];
        let error = |scale: f64| -> f64 {
            values
                .iter()
                .map(|value| {
                    [-scale, 0.0, scale]
                        .map(|level| (value - level).powi(2))
                        .into_iter()
                        .fold(f64::INFINITY, f64::min)
                })
                .sum()
        };
        for step in 1..2000 {
            assert!(error(scale) <= error(f64::from(step) / 1000.0) + 1e-12);
        }
    }
}

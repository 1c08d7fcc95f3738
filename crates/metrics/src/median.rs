//! Medians of samples.

/// A median with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Median {
    /// The middle sample; of an even number the mean of both.
    pub value: f64,
    /// Where the interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

/// The median of `samples` with its interval of 95 %, whatever they are distributed like; `None` of no samples.
///
/// The interval reaches from the `k`-th lowest sample to the `k`-th highest, with the greatest `k` for which at least `k`
/// samples lie on either side of the true median with 95 %: `P(B < k) ≤ 0.025` of a binomial `B` of `n` tosses (Conover,
/// *Practical Nonparametric Statistics*, 1999, section 3.2). Of fewer than six samples there is no such `k`, and the interval
/// is that of all.
///
/// ```
/// use bitsweep_metrics::median;
///
/// let samples: Vec<f64> = (1..=15).map(f64::from).collect();
/// let median = median(&samples).unwrap();
/// assert_eq!((median.value, median.low, median.high), (8.0, 4.0, 12.0));
/// ```
#[must_use]
pub fn median(samples: &[f64]) -> Option<Median> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let last = count.checked_sub(1)?;
    let beyond = samples_beyond(count);
    Some(Median {
        value: 0.5 * (sorted[last / 2] + sorted[count / 2]),
        low: sorted[beyond],
        high: sorted[last - beyond],
    })
}

/// The samples on either side of the interval: the greatest `k - 1` with `P(B < k) ≤ 0.025`.
fn samples_beyond(count: usize) -> usize {
    // P(B = 0), then P(B = k) by P(B = k - 1).
    let mut probability = libm::exp2(-(count as f64));
    let mut below = 0.0;
    for k in 0..count {
        below += probability;
        if below > 0.025 {
            return k.saturating_sub(1);
        }
        probability *= (count - k) as f64 / (k + 1) as f64;
    }
    0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn beyond(count: usize) -> usize {
        let samples: Vec<f64> = (0..count).map(|sample| sample as f64).collect();
        median(&samples).unwrap().low as usize
    }

    #[test]
    fn intervals_are_those_of_the_binomial_table() {
        // Conover's table of the sign test, two-sided 0.05: k - 1 for n = 5, 6, 8, 9, 12, 20, 25, 40.
        let found: Vec<usize> = [5, 6, 8, 9, 12, 20, 25, 40].into_iter().map(beyond).collect();
        assert_eq!(found, [0, 0, 0, 1, 2, 5, 7, 13]);
    }

    #[test]
    fn an_even_number_has_the_mean_of_both() {
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]).unwrap().value, 2.5);
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]).unwrap(), Median { value: 7.0, low: 7.0, high: 7.0 });
    }
}

//! Smallest and largest value.

use pulp::{Arch, NullaryFnOnce};

use crate::blocks::{Blocks, Layout};
use crate::real::Real;

use super::Interval;

/// Independent running extremes, so that comparisons need not wait for each other.
const LANES: usize = 16;

/// Smallest and largest value of every block.
pub(super) fn estimate<T: Real>(values: &[T], blocks: &Blocks) -> Vec<Interval<T>> {
    let mut ranges = vec![Interval::default(); blocks.len()];
    Arch::new().dispatch(MinMax { values, blocks, ranges: &mut ranges });
    ranges
}

struct MinMax<'a, T> {
    values: &'a [T],
    blocks: &'a Blocks,
    ranges: &'a mut [Interval<T>],
}

impl<T: Real> NullaryFnOnce for MinMax<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, blocks, ranges } = self;
        if blocks.is_empty() {
            return;
        }
        match blocks.layout() {
            Layout::Runs { length } => {
                for (range, run) in ranges.iter_mut().zip(values.chunks(length)) {
                    *range = min_max(run);
                }
            }
            Layout::Bands { height } => {
                let columns = blocks.shape().1;
                let bands = values.chunks(height * columns);
                for (ranges, band) in ranges.chunks_mut(columns).zip(bands) {
                    min_max_of_columns(band, ranges);
                }
            }
        }
    }
}

/// Smallest and largest of at least one value.
#[inline(always)]
fn min_max<T: Real>(values: &[T]) -> Interval<T> {
    let mut low = [values[0]; LANES];
    let mut high = low;
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            low[lane] = chunk[lane].lesser(low[lane]);
            high[lane] = chunk[lane].greater(high[lane]);
        }
    }
    for (lane, &value) in rest.iter().enumerate() {
        low[lane] = value.lesser(low[lane]);
        high[lane] = value.greater(high[lane]);
    }
    Interval {
        low: low.into_iter().fold(values[0], T::lesser),
        high: high.into_iter().fold(values[0], T::greater),
    }
}

/// Smallest and largest value of each column of at least one row.
#[inline(always)]
fn min_max_of_columns<T: Real>(band: &[T], ranges: &mut [Interval<T>]) {
    for (row, values) in band.chunks(ranges.len()).enumerate() {
        for (range, &value) in ranges.iter_mut().zip(values) {
            *range = if row == 0 {
                Interval { low: value, high: value }
            } else {
                Interval { low: value.lesser(range.low), high: value.greater(range.high) }
            };
        }
    }
}

//! Smallest and largest value.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::encode::interval::Interval;
use crate::number::{Real, fold_lanes};
use crate::tensor::{Blocks, Layout};

/// Smallest and largest value of every block.
pub(super) fn estimate<T: Real>(values: &[T], blocks: &Blocks) -> Vec<Interval<T>> {
    let mut ranges = vec![Interval::default(); blocks.len()];
    arch().dispatch(MinMax { values, blocks, ranges: &mut ranges });
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
    let first = values[0];
    let low = fold_lanes(values, first, |low, value| value.lesser(low));
    let high = fold_lanes(values, first, |high, value| value.greater(high));
    Interval { low: low.into_iter().fold(first, T::lesser), high: high.into_iter().fold(first, T::greater) }
}

/// Smallest and largest value of each column of at least one row.
#[inline(always)]
fn min_max_of_columns<T: Real>(band: &[T], ranges: &mut [Interval<T>]) {
    let columns = ranges.len();
    let (wide, rest) = ranges.as_chunks_mut::<16>();
    let (narrow, single) = rest.as_chunks_mut::<4>();
    let mut first = 0;
    for ranges in wide {
        *ranges = min_max_of_tile(band, columns, first);
        first += ranges.len();
    }
    for ranges in narrow {
        *ranges = min_max_of_tile(band, columns, first);
        first += ranges.len();
    }
    for range in single {
        [*range] = min_max_of_tile(band, columns, first);
        first += 1;
    }
}

/// Smallest and largest value of `WIDTH` neighbouring columns; a constant width keeps them in registers.
#[inline(always)]
fn min_max_of_tile<T: Real, const WIDTH: usize>(
    band: &[T],
    columns: usize,
    first: usize,
) -> [Interval<T>; WIDTH] {
    let mut low: [T; WIDTH] = std::array::from_fn(|column| band[first + column]);
    let mut high = low;
    for row in band.chunks_exact(columns) {
        let values = &row[first..first + WIDTH];
        for (low, &value) in low.iter_mut().zip(values) {
            *low = value.lesser(*low);
        }
        for (high, &value) in high.iter_mut().zip(values) {
            *high = value.greater(*high);
        }
    }
    std::array::from_fn(|column| Interval { low: low[column], high: high[column] })
}

//! Smallest and largest value.

use bitsweep_vector::arch;
use pulp::NullaryFnOnce;

use crate::encode::interval::Interval;
use crate::number::{LANES, Real, fold_lanes};
use crate::tensor::{Blocks, Layout, PART, PIECE, in_parts};

/// Smallest and largest value of every block; both NaN where a value of it is not finite.
pub(super) fn estimate<T: Real>(values: &[T], blocks: &Blocks) -> Vec<Interval<T>> {
    let mut ranges = vec![Interval::default(); blocks.len()];
    if blocks.is_empty() {
        return ranges;
    }
    // A run, or a band of columns: so many values, and so many ranges.
    let (layout, columns) = (blocks.layout(), blocks.shape().1);
    let (length, count) = match layout {
        Layout::Runs { length } => (length, 1),
        Layout::Bands { height } => (height * columns, columns),
    };
    let find = |values, ranges: &mut [Interval<T>]| {
        arch().dispatch(MinMax { values, layout, columns, ranges });
    };
    if length <= PART || values.len() / length >= MANY {
        in_parts(&mut ranges, count * (PART / length).max(1), &|numbers, ranges| {
            let [start, end] = [numbers.start, numbers.end].map(|number| number / count * length);
            find(&values[start..values.len().min(end)], ranges);
        });
        return ranges;
    }
    let part = PART.next_multiple_of(count);
    for (ranges, values) in ranges.chunks_mut(count).zip(values.chunks(length)) {
        let mut found = vec![Interval::default(); values.len().div_ceil(part) * count];
        in_parts(&mut found, count, &|numbers, ranges| {
            let start = numbers.start / count * part;
            find(&values[start..values.len().min(start + part)], ranges);
        });
        let (first, others) = found.split_at(count);
        ranges.copy_from_slice(first);
        for others in others.chunks(count) {
            ranges.iter_mut().zip(others).for_each(|(range, other)| *range = joined(*range, *other));
        }
    }
    ranges
}

/// The range of what two ranges are of; not a number where one of them is none.
fn joined<T: Real>(one: Interval<T>, other: Interval<T>) -> Interval<T> {
    let zero = one.low * T::ZERO + other.low * T::ZERO;
    range(other.low.lesser(one.low), other.high.greater(one.high), zero)
}

/// Runs or bands that are enough for all threads to have some.
const MANY: usize = 16;

/// Columns whose ends so far stay in the nearest cache.
const SEGMENT: usize = 2048;

/// As many columns are worth that.
const WIDE: usize = 512;

struct MinMax<'a, T> {
    values: &'a [T],
    layout: Layout,
    columns: usize,
    ranges: &'a mut [Interval<T>],
}

impl<T: Real> NullaryFnOnce for MinMax<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, layout, columns, ranges } = self;
        match layout {
            Layout::Runs { length } => {
                for (range, run) in ranges.iter_mut().zip(values.chunks(length)) {
                    *range = min_max(run);
                }
            }
            Layout::Bands { height } => {
                for (ranges, band) in ranges.chunks_mut(columns).zip(values.chunks(height * columns)) {
                    min_max_of_columns(band, ranges);
                }
            }
        }
    }
}

/// The ends of values, not numbers where `Σ 0·w` is not: after an infinity and after NaN, which comparing does not see.
#[inline(always)]
fn range<T: Real>(low: T, high: T, zero: T) -> Interval<T> {
    if zero == T::ZERO { Interval { low, high } } else { Interval { low: zero, high: zero } }
}

/// Smallest and largest of at least one value.
#[inline(always)]
fn min_max<T: Real>(values: &[T]) -> Interval<T> {
    let first = values[0];
    let [mut low, mut high, mut zero] = [first, first, T::ZERO].map(|start| [start; LANES]);
    for piece in values.chunks(PIECE) {
        low = fold_lanes(piece, low, |low, value| value.lesser(low));
        high = fold_lanes(piece, high, |high, value| value.greater(high));
        zero = fold_lanes(piece, zero, |zero, value| zero + value * T::ZERO);
    }
    let [low, high] = [low.into_iter().fold(first, T::lesser), high.into_iter().fold(first, T::greater)];
    range(low, high, zero.into_iter().fold(T::ZERO, T::add))
}

/// Smallest and largest value of each column of at least one row.
#[inline(always)]
fn min_max_of_columns<T: Real>(band: &[T], ranges: &mut [Interval<T>]) {
    let columns = ranges.len();
    if columns >= WIDE {
        for (segment, ranges) in ranges.chunks_mut(SEGMENT).enumerate() {
            min_max_of_segment(band, columns, segment * SEGMENT, ranges);
        }
        return;
    }
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

/// Smallest and largest value of many neighbouring columns: row by row, as they lie in memory, with what was found so far in
/// the nearest cache. Several rows at a time, so that it is read and written less often.
#[inline(always)]
fn min_max_of_segment<T: Real>(band: &[T], columns: usize, first: usize, ranges: &mut [Interval<T>]) {
    const ROWS: usize = 8;
    let [mut low, mut high, mut zero] = [[T::ZERO; SEGMENT]; 3];
    let width = ranges.len();
    let [low, high, zero] = [&mut low, &mut high, &mut zero].map(|all| &mut all[..width]);
    let row = |row: usize| &band[row * columns + first..][..width];
    low.copy_from_slice(row(0));
    high.copy_from_slice(row(0));
    let last = band.len() / columns - 1;
    for start in (0..=last).step_by(ROWS) {
        // The last row again where there are fewer.
        let rows: [&[T]; ROWS] = std::array::from_fn(|index| row(last.min(start + index)));
        for column in 0..width {
            let [mut lowest, mut highest, mut sum] = [low[column], high[column], zero[column]];
            for row in rows {
                let value = row[column];
                lowest = value.lesser(lowest);
                highest = value.greater(highest);
                sum = sum + value * T::ZERO;
            }
            [low[column], high[column], zero[column]] = [lowest, highest, sum];
        }
    }
    for (((range, &low), &high), &zero) in ranges.iter_mut().zip(&*low).zip(&*high).zip(&*zero) {
        *range = self::range(low, high, zero);
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
    let mut zero = [T::ZERO; WIDTH];
    for row in band.chunks_exact(columns) {
        let values = &row[first..first + WIDTH];
        for (low, &value) in low.iter_mut().zip(values) {
            *low = value.lesser(*low);
        }
        for (high, &value) in high.iter_mut().zip(values) {
            *high = value.greater(*high);
        }
        for (zero, &value) in zero.iter_mut().zip(values) {
            *zero = *zero + value * T::ZERO;
        }
    }
    std::array::from_fn(|column| range(low[column], high[column], zero[column]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{Granularity, GroupSize};

    #[test]
    fn columns_have_their_ends_however_many_there_are() {
        for columns in [1, 3, 4, 17, WIDE - 1, WIDE, SEGMENT, SEGMENT + 5] {
            for (rows, height) in [(1, 1), (2, 2), (7, 3), (8, 8), (21, 19)] {
                let values: Vec<f32> = (0..rows * columns)
                    .map(|place| {
                        f32::from_bits(0x3f00_0000 + (place as u32).wrapping_mul(2_654_435_761) % 0xff_ffff)
                    })
                    .map(|value| value - 1.0)
                    .collect();
                let blocks =
                    Blocks::new((rows, columns), Granularity::Group(GroupSize::new(height).unwrap()));
                for (block, range) in blocks.iter().zip(estimate(&values, &blocks)) {
                    let own = || block.positions().map(|position| values[position]);
                    let expected = Interval {
                        low: own().fold(f32::INFINITY, f32::min),
                        high: own().fold(f32::NEG_INFINITY, f32::max),
                    };
                    assert_eq!(range, expected);
                }
            }
        }
    }
}

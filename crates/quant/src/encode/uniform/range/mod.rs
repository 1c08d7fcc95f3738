//! The range of each block that the grid shall cover.

mod histogram;
mod kullback_leibler;
mod least_squares;
mod min_max;
mod percentile;
mod search;

pub(crate) use search::{Candidates, search};

use std::borrow::Cow;

use crate::encode::finite::expect_finite;
use crate::encode::interval::{Elements, Interval};
use crate::encode::scales::ScaleRounding;
use crate::number::Real;
use crate::scheme::{Percentile, Range, Scheme, Symmetry};
use crate::tensor::{Blocks, PART, QuantizeError, in_parts};

/// The range of every block of row-major `values`.
///
/// # Errors
/// A value that is not finite.
pub(crate) fn estimate<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    elements: Elements<'_>,
    rounding: ScaleRounding,
) -> Result<Vec<Interval<T>>, QuantizeError> {
    if let Range::Percentile(percentile) = scheme.range
        && let Some(ranges) = percentiles_in_one_pass(values, blocks, scheme, percentile)
    {
        return Ok(ranges);
    }
    let mut ranges = min_max(values, blocks)?;
    match scheme.range {
        // The least output error is searched from here on, by those who know the inputs: see `calibration`.
        Range::MinMax | Range::OutputMse => {}
        Range::Percentile(percentile) => {
            each_block(values, blocks, &mut ranges, |range, block| {
                let block = block.into_owned();
                match scheme.symmetry {
                    Symmetry::Symmetric => {
                        seen_by(scheme, percentile::of_magnitudes(block, percentile, range), range)
                    }
                    Symmetry::Asymmetric(_) => percentile::of_values(block, percentile),
                }
            });
        }
        Range::Mse => each_block(values, blocks, &mut ranges, |range, block| {
            least_squares::estimate(&block, range, scheme, elements, rounding)
        }),
        Range::Kl => each_block(values, blocks, &mut ranges, |range, block| match elements {
            Elements::Grid(grid) => {
                seen_by(scheme, kullback_leibler::search(&block, range, scheme.symmetry, grid), range)
            }
            // No such scheme passes `Scheme::check`.
            Elements::Levels(_) => range,
        }),
    }
    Ok(ranges)
}

/// Smallest and largest value of every block of row-major `values`.
///
/// # Errors
/// A value that is not finite.
pub(crate) fn min_max<T: Real>(values: &[T], blocks: &Blocks) -> Result<Vec<Interval<T>>, QuantizeError> {
    let ranges = min_max::estimate(values, blocks);
    if !ranges.iter().all(|range| range.low.is_finite()) {
        expect_finite(values, blocks.shape().1)?;
    }
    Ok(ranges)
}

/// Percentile ranges of blocks in one piece, if one pass is enough for each and tells all that is asked.
fn percentiles_in_one_pass<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    percentile: Percentile,
) -> Option<Vec<Interval<T>>> {
    let ranges = blocks.iter().map(|block| {
        let is_enough = block.stride == 1 && !scheme.has_signed_scales();
        let values = is_enough.then(|| &values[block.offset..][..block.length])?;
        percentile::in_one_pass(values, percentile, scheme.symmetry)
    });
    ranges.collect()
}

/// A range `-t … t` as far as there are values, where both ends and not the magnitude alone decide the scale.
fn seen_by<T: Real>(scheme: &Scheme, range: Interval<T>, min_max: Interval<T>) -> Interval<T> {
    if scheme.has_signed_scales() { range.within(min_max) } else { range }
}

/// Replaces the range of each block that is more than a point, given its values in one piece; threads share the blocks.
fn each_block<T: Real>(
    values: &[T],
    blocks: &Blocks,
    ranges: &mut [Interval<T>],
    estimate: impl Fn(Interval<T>, Cow<'_, [T]>) -> Interval<T> + Sync,
) {
    let length = values.len() / blocks.len().max(1);
    in_parts(ranges, (PART / length.max(1)).max(1), &|numbers, ranges| {
        for (number, range) in numbers.zip(ranges) {
            if !range.is_collapsed() {
                *range = estimate(*range, blocks.get(number).of(values));
            }
        }
    });
}

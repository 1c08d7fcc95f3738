//! Formats that are tables of levels: range → scale → nearest level → reconstruction.

mod nearest;
mod ternary;

pub(crate) use nearest::encode;

use crate::encode::interval::{Elements, Interval};
use crate::encode::scales::{ScaleRounding, scale_of_levels, store};
use crate::encode::uniform::range;
use crate::number::Real;
use crate::scheme::{LevelFormat, LevelTable, ScaleFormat, ScaleRule, Scheme};
use crate::tensor::{Affine, Blocks, CodeMatrix, FarParameters, QuantizeError};

/// The scales of finite row-major `values`; fills `codes`, and notes the scales stored far from the wanted ones.
pub(crate) fn quantize<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    format: LevelFormat,
    codes: &mut CodeMatrix,
    far: &mut FarParameters,
) -> Result<Affine<T>, QuantizeError> {
    let table = LevelTable::new(format);
    let parameters = fit(values, blocks, scheme, format, &table, far)?;
    encode(values, blocks, &parameters, format, &table, codes);
    Ok(parameters)
}

fn fit<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    format: LevelFormat,
    table: &LevelTable,
    far: &mut FarParameters,
) -> Result<Affine<T>, QuantizeError> {
    let rounding = ScaleRounding::of(scheme);
    if rounding.format == ScaleFormat::None {
        return Ok(Affine::of_scales(vec![T::ONE; blocks.len()]));
    }
    let largest = T::from_f64(table.largest());
    let ranges: Vec<Interval<T>> = match format.scale_rule() {
        ScaleRule::Ternary(scale) => {
            let scales = ternary::fit(values, blocks, scale);
            scales.into_iter().map(|scale| Interval { low: -scale, high: scale }).collect()
        }
        ScaleRule::Range => range::estimate(values, blocks, scheme, Elements::Levels(table), rounding)?,
    };
    // 1 is a level of every format: as the scale, the magnitude of a constant is exact.
    let is_exact = |range: &Interval<T>| range.is_collapsed() && rounding.format == ScaleFormat::Float;
    let wanted = ranges.iter().map(|range| match is_exact(range) {
        true => range.magnitude(),
        false => scale_of_levels(range.magnitude(), largest),
    });
    let magnitudes: Vec<T> = ranges.iter().map(|range| range.magnitude()).collect();
    let parameters = store(rounding, &wanted.collect::<Vec<_>>(), &magnitudes, far);
    // A scale that was rounded up may carry the largest level beyond the largest number.
    let too_wide = ranges
        .iter()
        .zip(&parameters.scales)
        .position(|(range, &scale)| !is_exact(range) && !(scale * largest).is_finite());
    match too_wide {
        None => Ok(parameters),
        Some(block) => {
            let high = magnitudes[block].to_f64();
            Err(QuantizeError::RangeTooWide { block, low: -high, high })
        }
    }
}

//! Formats that are tables of levels: range → scale → nearest level → reconstruction.

mod table;
mod ternary;

pub(crate) use table::LevelTable;

use crate::axes::{LevelFormat, ScaleFormat, ScaleRule, Scheme};
use crate::blocks::Blocks;
use crate::code_matrix::CodeMatrix;
use crate::error::QuantizeError;
use crate::real::Real;
use crate::scales::{Rounded, ScaleRounding, nest};
use crate::uniform::Affine;
use crate::uniform::range::{self, Elements, Interval};

/// The scales of finite row-major `values`; fills `codes`.
pub(crate) fn quantize<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    format: LevelFormat,
    codes: &mut CodeMatrix,
) -> Result<Affine<T>, QuantizeError> {
    let table = LevelTable::new(format);
    let parameters = fit(values, blocks, scheme, format, &table)?;
    encode(values, blocks, &parameters, &table, codes);
    Ok(parameters)
}

fn fit<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    format: LevelFormat,
    table: &LevelTable,
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
        ScaleRule::Range => range::estimate(values, blocks, scheme, Elements::Levels(table), rounding),
    };
    // 1 is a level of every format: as the scale, the magnitude of a constant is exact.
    let is_exact = |range: &Interval<T>| range.is_collapsed() && rounding.format == ScaleFormat::Float;
    let wanted = ranges.iter().map(|range| match is_exact(range) {
        true => range.magnitude(),
        false => wanted_scale(range.magnitude(), largest),
    });
    let magnitudes: Vec<T> = ranges.iter().map(|range| range.magnitude()).collect();
    let parameters = store(rounding, &wanted.collect::<Vec<_>>(), &magnitudes)?;
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

/// The scale that makes the magnitude the largest level.
#[inline]
pub(crate) fn wanted_scale<T: Real>(magnitude: T, largest: T) -> T {
    let scale = magnitude / largest;
    // A subnormal quotient may have lost digits: the next number up keeps the range among the levels and is never 0.
    if scale < T::SMALLEST_NORMAL && scale * largest < magnitude { scale + T::SMALLEST } else { scale }
}

/// Scales as stored; a block of zeros has the scale 1, or what is left of 0 in a nested format.
pub(crate) fn store<T: Real>(
    rounding: ScaleRounding,
    wanted: &[T],
    magnitudes: &[T],
) -> Result<Affine<T>, QuantizeError> {
    if let Some((nested, scales)) = nest(rounding.format, wanted) {
        return Affine::of_scales(scales).nested_in(nested, rounding.format);
    }
    let mut scales = Vec::with_capacity(wanted.len());
    for (block, (&scale, &magnitude)) in wanted.iter().zip(magnitudes).enumerate() {
        let (scale, magnitude) = if scale == T::ZERO { (T::ONE, T::ONE) } else { (scale, magnitude) };
        match rounding.round(scale, magnitude) {
            Rounded::Scale(scale) => scales.push(scale),
            Rounded::TooLarge => {
                return Err(QuantizeError::scale_too_large(block, scale, rounding.format));
            }
        }
    }
    Ok(Affine::of_scales(scales))
}

/// Fills `codes` with that of the level nearest to `w/s` of every value.
pub(crate) fn encode<T: Real>(
    values: &[T],
    blocks: &Blocks,
    parameters: &Affine<T>,
    table: &LevelTable,
    codes: &mut CodeMatrix,
) {
    for (block, &scale) in blocks.iter().zip(&parameters.scales) {
        for position in block.positions() {
            codes.set(position, table.nearest((values[position] / scale).to_f64()));
        }
    }
}

/// `ŵ = s·level(q)` for every code, in the arithmetic of `T`.
pub(crate) fn reconstruct<T: Real>(
    codes: &CodeMatrix,
    blocks: &Blocks,
    parameters: &Affine<T>,
    table: &LevelTable,
    values: &mut [T],
) {
    for (block, &scale) in blocks.iter().zip(&parameters.scales) {
        for position in block.positions() {
            values[position] = scale * T::from_f64(table.level(codes.at(position)));
        }
    }
}

//! GGUF's block types, rounded as ggml does.

use super::by_block::{EachValue, encode_by_block};
use super::interval::Interval;
use super::uniform::range;
use crate::number::{Dtype, Real, decode_binary16, encode_binary16};
use crate::scheme::{GgufType, ScaleFormat};
use crate::tensor::{Affine, Blocks, CodeMatrix, FarParameters, PART, PerBlock, QuantizeError, in_parts};

/// The parameters of row-major `values`; fills `codes`, and notes the parameters stored far from the wanted ones. By the rules of
/// ggml's reference (`quantize_row_*_ref`): codes are found with the scale and minimum before they are rounded to f16. The
/// arithmetic is that of `f32`.
///
/// # Errors
/// A value that is not finite.
pub(crate) fn quantize<T: Real>(
    values: &[T],
    blocks: &Blocks,
    block_type: GgufType,
    codes: &mut CodeMatrix,
    far: &mut FarParameters,
) -> Result<Affine<T>, QuantizeError> {
    let ranges = range::min_max(values, blocks)?;
    let own = |block: usize| blocks.get(block).positions().map(|position| values[position]);
    // With which codes are found.
    let mut singles = vec![(0.0, 0.0); blocks.len()];
    in_parts(&mut singles, PART, &|numbers, singles| {
        for (block, of_block) in numbers.zip(singles) {
            let Interval { low, high } = ranges[block];
            let range = Interval { low: single(low), high: single(high) };
            *of_block = fit(range, own(block).map(single), block_type);
        }
    });
    let mut parameters = Affine {
        scales: Vec::with_capacity(blocks.len()),
        zero_points: Vec::with_capacity(blocks.len()),
        nested: None,
    };
    let stored = |parameter: f32| match parameter == 0.0 {
        true => f64::from(parameter),
        false => decode_binary16(encode_binary16(f64::from(parameter))),
    };
    for (block, (range, &(scale, minimum))) in ranges.iter().zip(&singles).enumerate() {
        // Of the values as they are, before they became `f32`.
        let wanted = match T::DTYPE {
            Dtype::F32 => (f64::from(scale), f64::from(minimum)),
            Dtype::F64 => {
                let (scale, minimum) = fit(*range, own(block), block_type);
                (scale.to_f64(), minimum.to_f64())
            }
        };
        let stored = (stored(scale), stored(minimum));
        if wanted.0 != 0.0 {
            far.note(wanted.0, stored.0, ScaleFormat::F16.rounding());
        }
        if wanted.1 != 0.0 {
            let magnitude = range.magnitude().to_f64();
            far.note_beside(wanted.1, stored.1, magnitude, ScaleFormat::F16.rounding());
        }
        parameters.scales.push(T::from_f64(stored.0));
        parameters.zero_points.push(T::from_f64(stored.1));
    }
    encode_with(values, blocks, &singles, block_type, codes);
    Ok(parameters)
}

/// Fills `codes` with those of other values with given parameters.
pub(crate) fn encode<T: Real>(
    values: &[T],
    blocks: &Blocks,
    parameters: &Affine<T>,
    block_type: GgufType,
    codes: &mut CodeMatrix,
) {
    let both = parameters.scales.iter().zip(&parameters.zero_points);
    let both: Vec<(f32, f32)> =
        both.map(|(scale, minimum)| (scale.to_f64() as f32, minimum.to_f64() as f32)).collect();
    encode_with(values, blocks, &both, block_type, codes);
}

/// Codes with these scales and minimums.
fn encode_with<T: Real>(
    values: &[T],
    blocks: &Blocks,
    parameters: &[(f32, f32)],
    block_type: GgufType,
    codes: &mut CodeMatrix,
) {
    let inverse = |&(scale, _): &(f32, f32)| if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let inverses: Vec<f32> = parameters.iter().map(inverse).collect();
    let minimums: Vec<f32> = match block_type.has_minimum() {
        true => parameters.iter().map(|(_, minimum)| *minimum).collect(),
        false => Vec::new(),
    };
    let (inverses, both) = (&*inverses, (&*inverses, &*minimums));
    match block_type {
        GgufType::Q4_0 => {
            run(values, blocks, inverses, codes, |value, inverse| truncated(value * inverse + 8.5, 15) - 8)
        }
        GgufType::Q5_0 => {
            run(values, blocks, inverses, codes, |value, inverse| truncated(value * inverse + 16.5, 31) - 16)
        }
        GgufType::Q4_1 => run(values, blocks, both, codes, |value, (inverse, minimum)| {
            truncated((value - minimum) * inverse + 0.5, 15)
        }),
        GgufType::Q5_1 => run(values, blocks, both, codes, |value, (inverse, minimum)| {
            truncated((value - minimum) * inverse + 0.5, 31)
        }),
        GgufType::Q8_0 => run(values, blocks, inverses, codes, |value, inverse| {
            let position = value * inverse;
            // Of a zero beside an infinite inverse.
            let position = if position.is_nan() { 0.0 } else { position };
            position.round().clamp(-127.0, 127.0).whole_to_i32()
        }),
    }
}

fn run<T: Real, P: PerBlock + Sync>(
    values: &[T],
    blocks: &Blocks,
    parameters: P,
    codes: &mut CodeMatrix,
    code_of: impl Fn(f32, P::One) -> i32 + Copy + Sync,
) {
    let encoder = EachValue(move |value, own| code_of(single(value), own));
    encode_by_block(values, blocks, parameters, codes, encoder);
}

/// The whole part of a number from 0 to `highest`: with half a step added it rounds halves up, as ggml does. What is below, or
/// not a number, becomes 0.
#[inline(always)]
fn truncated(number: f32, highest: i32) -> i32 {
    number.greater(0.0).lesser(highest as f32).floor().whole_to_i32()
}

/// The value in `f32`: beyond the largest number that one.
#[inline(always)]
fn single<T: Real>(value: T) -> f32 {
    (value.to_f64() as f32).clamp(f32::MIN, f32::MAX)
}

/// Scale and minimum of values with this range; the minimum is 0 where the type has none.
fn fit<T: Real>(range: Interval<T>, values: impl Iterator<Item = T>, block_type: GgufType) -> (T, T) {
    let Interval { low, high } = range;
    let steps = |count: i32| {
        let (width, count) = (high - low, T::from_i32(count));
        if range.is_collapsed() {
            T::ZERO
        } else if width.is_finite() {
            width / count
        } else {
            high / count - low / count
        }
    };
    match block_type {
        GgufType::Q4_0 => (extreme(range, values) / T::from_i32(-8), T::ZERO),
        GgufType::Q5_0 => (extreme(range, values) / T::from_i32(-16), T::ZERO),
        GgufType::Q4_1 => (steps(15), minimum(range, values)),
        GgufType::Q5_1 => (steps(31), minimum(range, values)),
        GgufType::Q8_0 => (range.magnitude() / T::from_i32(127), T::ZERO),
    }
}

/// The first of several values of largest magnitude.
#[inline(always)]
fn extreme<T: Real>(Interval { low, high }: Interval<T>, mut values: impl Iterator<Item = T>) -> T {
    if high != -low {
        // Which one it is, no processor could foresee: there is no branch.
        let is_high = high > -low;
        return if is_high { high } else { low };
    }
    if high == T::ZERO { T::ZERO } else { values.find(|value| value.abs() == high).unwrap_or(high) }
}

/// The smallest value; of 0 and -0 the last.
fn minimum<T: Real>(Interval { low, .. }: Interval<T>, values: impl Iterator<Item = T>) -> T {
    if low == T::ZERO { values.filter(|value| *value == low).last().unwrap_or(low) } else { low }
}

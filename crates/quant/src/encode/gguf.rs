//! GGUF's block types, rounded as ggml does.

use super::by_block::{EachValue, encode_by_block};
use super::interval::Interval;
use super::uniform::range;
use crate::number::{Dtype, NarrowFloat, Real, decode_binary16};
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
    let of_blocks = |parameter: &(dyn Fn(usize, Interval<f32>) -> f32 + Sync)| {
        let mut parameters = vec![0.0; blocks.len()];
        in_parts(&mut parameters, PART, &|numbers, parameters| {
            for (block, own) in numbers.zip(parameters) {
                let Interval { low, high } = ranges[block];
                *own = parameter(block, Interval { low: single(low), high: single(high) });
            }
        });
        parameters
    };
    // With which codes are found.
    let found = ScalesAndMinimums {
        scales: of_blocks(&|block, range| scale(range, own(block).map(single), block_type)),
        minimums: match block_type.has_minimum() {
            true => of_blocks(&|block, range| minimum(range, own(block).map(single))),
            false => Vec::new(),
        },
    };
    let [scales, minimums] = [&found.scales, &found.minimums].map(|wanted| stored(wanted));
    let rounding = ScaleFormat::F16.rounding();
    for (block, (&single, &stored)) in found.scales.iter().zip(&scales).enumerate() {
        let range = ranges[block];
        let wanted_scale = wanted(single, &|| scale(range, own(block), block_type));
        if wanted_scale != 0.0 {
            far.note(wanted_scale, f64::from(stored), rounding);
        }
        if let (Some(&single), Some(&stored)) = (found.minimums.get(block), minimums.get(block)) {
            let wanted = wanted(single, &|| minimum(range, own(block)));
            if wanted != 0.0 {
                far.note_beside(wanted, f64::from(stored), range.magnitude().to_f64(), rounding);
            }
        }
    }
    encode_with(values, blocks, &found, block_type, codes);
    let numbers =
        |stored: Vec<f32>| stored.into_iter().map(|number| T::from_f64(f64::from(number))).collect();
    let zero_points = if block_type.has_minimum() { numbers(minimums) } else { vec![T::ZERO; blocks.len()] };
    Ok(Affine { scales: numbers(scales), zero_points, nested: None })
}

/// Of each block; no minimums where the type has none.
struct ScalesAndMinimums {
    scales: Vec<f32>,
    minimums: Vec<f32>,
}

/// A parameter of the values as they are: of those that became `f32` before, found again.
fn wanted<T: Real>(single: f32, of_doubles: &dyn Fn() -> T) -> f64 {
    match T::DTYPE {
        Dtype::F32 => f64::from(single),
        Dtype::F64 => of_doubles().to_f64(),
    }
}

/// The numbers as f16 holds them.
fn stored(numbers: &[f32]) -> Vec<f32> {
    let patterns = NarrowFloat::binary16().patterns(numbers);
    // As `f32` has all of them.
    patterns.into_iter().map(|pattern| decode_binary16(pattern) as f32).collect()
}

/// Fills `codes` with those of other values with given parameters.
pub(crate) fn encode<T: Real>(
    values: &[T],
    blocks: &Blocks,
    parameters: &Affine<T>,
    block_type: GgufType,
    codes: &mut CodeMatrix,
) {
    let singles = |numbers: &[T]| numbers.iter().map(|number| number.to_f64() as f32).collect();
    let scales = singles(&parameters.scales);
    let minimums = if block_type.has_minimum() { singles(&parameters.zero_points) } else { Vec::new() };
    encode_with(values, blocks, &ScalesAndMinimums { scales, minimums }, block_type, codes);
}

/// Codes with these scales and minimums.
fn encode_with<T: Real>(
    values: &[T],
    blocks: &Blocks,
    ScalesAndMinimums { scales, minimums }: &ScalesAndMinimums,
    block_type: GgufType,
    codes: &mut CodeMatrix,
) {
    let inverse = |&scale: &f32| if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let inverses: Vec<f32> = scales.iter().map(inverse).collect();
    let (inverses, both) = (&*inverses, (&*inverses, &**minimums));
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

/// The scale of values with this range.
fn scale<T: Real>(range: Interval<T>, values: impl Iterator<Item = T>, block_type: GgufType) -> T {
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
        GgufType::Q4_0 => extreme(range, values) / T::from_i32(-8),
        GgufType::Q5_0 => extreme(range, values) / T::from_i32(-16),
        GgufType::Q4_1 => steps(15),
        GgufType::Q5_1 => steps(31),
        GgufType::Q8_0 => range.magnitude() / T::from_i32(127),
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

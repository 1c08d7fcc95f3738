//! GGUF's block types, rounded as ggml does.

use std::cmp::Ordering;

use super::by_block::{EachValue, encode_by_block};
use crate::number::{Dtype, Real, decode_binary16, encode_binary16, largest_magnitude};
use crate::scheme::{GgufType, ScaleFormat};
use crate::tensor::{Affine, Blocks, CodeMatrix, FarParameters, PART, in_parts};

/// The parameters of finite row-major `values`; fills `codes`, and notes the parameters stored far from the wanted
/// ones. By the rules of ggml's reference (`quantize_row_*_ref`): codes are found with the scale and minimum before
/// they are rounded to f16. The arithmetic is that of `f32`.
pub(crate) fn quantize<T: Real>(
    values: &[T],
    blocks: &Blocks,
    block_type: GgufType,
    codes: &mut CodeMatrix,
    far: &mut FarParameters,
) -> Affine<T> {
    let mut fits = vec![Fit::default(); blocks.len()];
    // As many blocks as have the values of a part.
    let part = PART / values.len().div_ceil(blocks.len().max(1)).max(1);
    in_parts(&mut fits, part, &|numbers, fits| {
        let (mut own, mut singles) = (Vec::new(), Vec::new());
        for (number, fit) in numbers.zip(fits) {
            own.clear();
            own.extend(blocks.get(number).positions().map(|position| values[position]));
            singles.clear();
            singles.extend(own.iter().map(|&value| single(value)));
            *fit = Fit::of(&own, &singles, block_type);
        }
    });
    let mut parameters = Affine {
        scales: Vec::with_capacity(fits.len()),
        zero_points: Vec::with_capacity(fits.len()),
        nested: None,
    };
    for Fit { stored, wanted, magnitude, .. } in &fits {
        if wanted.0 != 0.0 {
            far.note(wanted.0, stored.0, ScaleFormat::F16.rounding());
        }
        if wanted.1 != 0.0 {
            far.note_beside(wanted.1, stored.1, *magnitude, ScaleFormat::F16.rounding());
        }
        parameters.scales.push(T::from_f64(stored.0));
        parameters.zero_points.push(T::from_f64(stored.1));
    }
    let own: Vec<(f32, f32)> = fits.iter().map(|fit| fit.own).collect();
    encode_with(values, blocks, &own, block_type, codes);
    parameters
}

/// Scale and minimum of a block.
#[derive(Clone, Copy, Default)]
struct Fit {
    /// With which codes are found.
    own: (f32, f32),
    /// As the file has them.
    stored: (f64, f64),
    /// Of the values as they are, before they became `f32`.
    wanted: (f64, f64),
    /// The largest magnitude of values that a minimum is wanted of.
    magnitude: f64,
}

impl Fit {
    /// Of the values of a block, and of these as `f32`.
    fn of<T: Real>(values: &[T], singles: &[f32], block_type: GgufType) -> Self {
        let own = fit(singles, block_type);
        let stored = |parameter: f32| decode_binary16(encode_binary16(f64::from(parameter)));
        let wanted = match T::DTYPE {
            Dtype::F32 => (f64::from(own.0), f64::from(own.1)),
            Dtype::F64 => {
                let (scale, minimum) = fit(values, block_type);
                (scale.to_f64(), minimum.to_f64())
            }
        };
        let magnitude = if wanted.1 == 0.0 { T::ZERO } else { largest_magnitude(values) };
        Self { own, stored: (stored(own.0), stored(own.1)), wanted, magnitude: magnitude.to_f64() }
    }
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
    let minimums: Vec<f32> = parameters.iter().map(|(_, minimum)| *minimum).collect();
    let parameters = (&*inverses, &*minimums);
    match block_type {
        GgufType::Q4_0 => run(values, blocks, parameters, codes, |value, (inverse, _)| {
            truncated(value * inverse + 8.5, 15) - 8
        }),
        GgufType::Q5_0 => run(values, blocks, parameters, codes, |value, (inverse, _)| {
            truncated(value * inverse + 16.5, 31) - 16
        }),
        GgufType::Q4_1 => run(values, blocks, parameters, codes, |value, (inverse, minimum)| {
            truncated((value - minimum) * inverse + 0.5, 15)
        }),
        GgufType::Q5_1 => run(values, blocks, parameters, codes, |value, (inverse, minimum)| {
            truncated((value - minimum) * inverse + 0.5, 31)
        }),
        GgufType::Q8_0 => run(values, blocks, parameters, codes, |value, (inverse, _)| {
            let position = value * inverse;
            // Of a zero beside an infinite inverse.
            let position = if position.is_nan() { 0.0 } else { position };
            position.round().clamp(-127.0, 127.0).whole_to_i32()
        }),
    }
}

fn run<T: Real>(
    values: &[T],
    blocks: &Blocks,
    parameters: (&[f32], &[f32]),
    codes: &mut CodeMatrix,
    code_of: impl Fn(f32, (f32, f32)) -> i32 + Copy + Sync,
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

/// The smallest and the largest of at least one value.
fn ends<T: Real>(values: &[T]) -> (T, T) {
    const LANES: usize = 8;
    let (mut low, mut high) = ([values[0]; LANES], [values[0]; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            low[lane] = low[lane].lesser(chunk[lane]);
            high[lane] = high[lane].greater(chunk[lane]);
        }
    }
    let mut low = low.into_iter().chain(rest.iter().copied()).fold(values[0], T::lesser);
    if low == T::ZERO {
        // Of 0 and -0 the last, whatever the lanes.
        low = values.iter().copied().rfind(|value| *value == low).unwrap_or(low);
    }
    let high = high.into_iter().chain(rest.iter().copied()).fold(values[0], T::greater);
    (low, high)
}

/// Scale and minimum of at least one value; the minimum is 0 where the type has none.
fn fit<T: Real>(values: &[T], block_type: GgufType) -> (T, T) {
    let (low, high) = ends(values);
    // The first of several values of largest magnitude.
    let extreme = match high.partial_cmp(&-low) {
        Some(Ordering::Greater) => high,
        Some(Ordering::Less) => low,
        Some(Ordering::Equal) | None if high == T::ZERO => T::ZERO,
        Some(Ordering::Equal) | None => {
            values.iter().copied().find(|value| value.abs() == high).unwrap_or(T::ZERO)
        }
    };
    let steps = |count: i32| {
        let (width, count) = (high - low, T::from_i32(count));
        if width.is_finite() { width / count } else { high / count - low / count }
    };
    match block_type {
        GgufType::Q4_0 => (extreme / T::from_i32(-8), T::ZERO),
        GgufType::Q5_0 => (extreme / T::from_i32(-16), T::ZERO),
        GgufType::Q4_1 => (steps(15), low),
        GgufType::Q5_1 => (steps(31), low),
        GgufType::Q8_0 => (extreme.abs() / T::from_i32(127), T::ZERO),
    }
}

//! GGUF's block types, rounded as ggml does.

use crate::number::{Real, decode_binary16, encode_binary16};
use crate::scheme::{GgufType, ScaleFormat};
use crate::tensor::{Affine, Blocks, CodeMatrix, FarParameters};

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
    let mut parameters = Affine {
        scales: Vec::with_capacity(blocks.len()),
        zero_points: Vec::with_capacity(blocks.len()),
        nested: None,
    };
    for block in blocks.iter() {
        let originals: Vec<T> = block.positions().map(|position| values[position]).collect();
        let singles: Vec<f32> = originals.iter().map(|&value| single(value)).collect();
        let (scale, minimum) = fit(&singles, block_type);
        let [stored_scale, stored_minimum] =
            [scale, minimum].map(|parameter| decode_binary16(encode_binary16(f64::from(parameter))));
        let (wanted_scale, wanted_minimum) = fit(&originals, block_type);
        if wanted_scale != T::ZERO {
            far.note(wanted_scale.to_f64(), stored_scale, ScaleFormat::F16.rounding());
        }
        let magnitude = originals.iter().fold(T::ZERO, |largest, value| largest.greater(value.abs()));
        far.note_beside(
            wanted_minimum.to_f64(),
            stored_minimum,
            magnitude.to_f64(),
            ScaleFormat::F16.rounding(),
        );
        parameters.scales.push(T::from_f64(stored_scale));
        parameters.zero_points.push(T::from_f64(stored_minimum));
        for (position, &value) in block.positions().zip(&singles) {
            codes.set(position, code(value, scale, minimum, block_type));
        }
    }
    parameters
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
    for (block, (scale, minimum)) in blocks.iter().zip(both) {
        let (scale, minimum) = (scale.to_f64() as f32, minimum.to_f64() as f32);
        for position in block.positions() {
            codes.set(position, code(single(values[position]), scale, minimum, block_type));
        }
    }
}

/// The value in `f32`: beyond the largest number that one.
fn single<T: Real>(value: T) -> f32 {
    (value.to_f64() as f32).clamp(f32::MIN, f32::MAX)
}

/// Scale and minimum of at least one value; the minimum is 0 where the type has none.
fn fit<T: Real>(values: &[T], block_type: GgufType) -> (T, T) {
    // The first of several values of largest magnitude.
    let extreme =
        values.iter().fold(T::ZERO, |most, &value| if value.abs() > most.abs() { value } else { most });
    let low = values.iter().fold(values[0], |low, &value| low.lesser(value));
    let high = values.iter().fold(values[0], |high, &value| high.greater(value));
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

/// The code of a value. Adding half a step and truncating rounds halves up, as ggml does.
fn code(value: f32, scale: f32, minimum: f32, block_type: GgufType) -> i32 {
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let half_up = |position: f32, highest: i32| ((position + 0.5) as i32).clamp(0, highest);
    match block_type {
        GgufType::Q4_0 => ((value * inverse + 8.5) as i32).clamp(0, 15) - 8,
        GgufType::Q5_0 => ((value * inverse + 16.5) as i32).clamp(0, 31) - 16,
        GgufType::Q4_1 => half_up((value - minimum) * inverse, 15),
        GgufType::Q5_1 => half_up((value - minimum) * inverse, 31),
        GgufType::Q8_0 => ((value * inverse).round() as i32).clamp(-127, 127),
    }
}

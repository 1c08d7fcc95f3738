//! GGUF's block types, rounded as ggml does.

use crate::number::{Real, decode_binary16, encode_binary16};
use crate::scheme::{GgufType, ScaleFormat};
use crate::tensor::{Affine, Block, Blocks, CodeMatrix, QuantizeError};

/// The parameters of finite row-major `values`, whose codes fill `codes`, by the rules of ggml's reference (`quantize_row_*_ref`): codes are
/// found with the scale and minimum before they are rounded to f16. The arithmetic is that of `f32`.
pub(crate) fn quantize<T: Real>(
    values: &[T],
    blocks: &Blocks,
    block_type: GgufType,
    codes: &mut CodeMatrix,
) -> Result<Affine<T>, QuantizeError> {
    let mut parameters = Affine {
        scales: Vec::with_capacity(blocks.len()),
        zero_points: Vec::with_capacity(blocks.len()),
        nested: None,
    };
    for (index, block) in blocks.iter().enumerate() {
        let gathered = gather(values, block);
        let (scale, minimum) = fit(&gathered, block_type);
        let stored = [scale, minimum].map(|parameter| {
            let stored = decode_binary16(encode_binary16(f64::from(parameter)));
            if stored.is_finite() {
                Ok(T::from_f64(stored))
            } else {
                Err(QuantizeError::scale_too_large(index, parameter, ScaleFormat::F16))
            }
        });
        let [stored_scale, stored_minimum] = stored;
        parameters.scales.push(stored_scale?);
        parameters.zero_points.push(stored_minimum?);
        for (position, &value) in block.positions().zip(&gathered) {
            codes.set(position, code(value, scale, minimum, block_type));
        }
    }
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
    for (block, (scale, minimum)) in blocks.iter().zip(both) {
        let (scale, minimum) = (scale.to_f64() as f32, minimum.to_f64() as f32);
        for position in block.positions() {
            codes.set(position, code(values[position].to_f64() as f32, scale, minimum, block_type));
        }
    }
}

fn gather<T: Real>(values: &[T], block: Block) -> Vec<f32> {
    block.positions().map(|position| values[position].to_f64() as f32).collect()
}

/// Scale and minimum, 0 where the type has none.
fn fit(values: &[f32], block_type: GgufType) -> (f32, f32) {
    // The first of several values of largest magnitude.
    let signed_extreme =
        || values.iter().fold(0.0_f32, |most, &value| if value.abs() > most.abs() { value } else { most });
    let low = values.iter().copied().fold(f32::INFINITY, f32::lesser);
    let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::greater);
    match block_type {
        GgufType::Q4_0 => (signed_extreme() / -8.0, 0.0),
        GgufType::Q5_0 => (signed_extreme() / -16.0, 0.0),
        GgufType::Q4_1 => ((high - low) / 15.0, low),
        GgufType::Q5_1 => ((high - low) / 31.0, low),
        GgufType::Q8_0 => (signed_extreme().abs() / 127.0, 0.0),
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

//! GGUF's block types: ggml's rounding, and the bytes of a file.

use crate::axes::{Format, GgufType, ScaleFormat};
use crate::blocks::{Block, Blocks};
use crate::code_matrix::CodeMatrix;
use crate::error::QuantizeError;
use crate::float16::{decode_binary16, encode_binary16};
use crate::quantized::{Parameters, Quantized};
use crate::real::Real;
use crate::uniform::Affine;

/// Why a matrix has no bytes in GGUF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GgufError {
    /// The format is none of GGUF's.
    #[error("format `{format}` is no block type of GGUF: expected `q4_0`, `q4_1`, `q5_0`, `q5_1` or `q8_0`")]
    Format {
        /// The format's name.
        format: String,
    },
    /// A block would be shorter than 32 values.
    #[error("`{length}` inputs do not fill blocks of 32: expected a multiple of 32")]
    Ragged {
        /// Values down a column, or along the row of a matrix with one row.
        length: usize,
    },
}

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

impl<T: Real> Quantized<T> {
    /// The bytes of a GGUF file's tensor `(out, in)`: the blocks of the first column (the inputs of the first output) from
    /// the top, then those of the next column; a matrix with one row is one such run.
    ///
    /// A block is `d` (f16), in types that end in 1 `m` (f16), in types of 5 bits the fifth bits of all codes (32 bits),
    /// then the codes: 4 bits each, code `i` beside code `i + 16`, or 8 bits each. Signed codes of 4 and 5 bits are stored
    /// from 0.
    ///
    /// # Errors
    /// When the format is none of GGUF's, or blocks are ragged.
    pub fn gguf_bytes(&self) -> Result<Vec<u8>, GgufError> {
        let (Format::Gguf(block_type), Parameters::Affine(parameters)) =
            (self.scheme().format, self.parameters())
        else {
            return Err(GgufError::Format { format: self.scheme().format.to_string() });
        };
        let (rows, columns) = self.shape();
        let (runs, length) = if rows == 1 { (1, columns) } else { (columns, rows) };
        if !length.is_multiple_of(GgufType::BLOCK as usize) {
            return Err(GgufError::Ragged { length });
        }
        let blocks = self.blocks();
        let mut bytes = Vec::new();
        for run in 0..runs {
            for first in (0..length).step_by(GgufType::BLOCK as usize) {
                let (row, column) = if rows == 1 { (0, first) } else { (first, run) };
                let index = blocks.index_of(row, column);
                let codes: Vec<i32> =
                    blocks.get(index).positions().map(|position| self.codes().at(position)).collect();
                let both = (parameters.scales[index].to_f64(), parameters.zero_points[index].to_f64());
                append_block(&codes, both, block_type, &mut bytes);
            }
        }
        Ok(bytes)
    }
}

fn append_block(codes: &[i32], (scale, minimum): (f64, f64), block_type: GgufType, bytes: &mut Vec<u8>) {
    bytes.extend(encode_binary16(scale).to_le_bytes());
    if block_type.has_minimum() {
        bytes.extend(encode_binary16(minimum).to_le_bytes());
    }
    let offset = match block_type {
        GgufType::Q4_0 => 8,
        GgufType::Q5_0 => 16,
        GgufType::Q4_1 | GgufType::Q5_1 | GgufType::Q8_0 => 0,
    };
    // All fit in a byte, the negative codes of Q8_0 in two's complement.
    let codes: Vec<u8> = codes.iter().map(|code| (code + offset) as u8).collect();
    match block_type {
        GgufType::Q8_0 => bytes.extend(codes),
        GgufType::Q4_0 | GgufType::Q4_1 => append_nibbles(&codes, bytes),
        GgufType::Q5_0 | GgufType::Q5_1 => {
            let fifths = codes.iter().rev().fold(0_u32, |bits, code| bits << 1 | u32::from(code >> 4));
            bytes.extend(fifths.to_le_bytes());
            append_nibbles(&codes, bytes);
        }
    }
}

/// The low 4 bits of each code, those of the first half of the codes in the low halves of the bytes.
fn append_nibbles(codes: &[u8], bytes: &mut Vec<u8>) {
    let (first, second) = codes.split_at(codes.len() / 2);
    bytes.extend(first.iter().zip(second).map(|(low, high)| low & 0xf | high << 4));
}

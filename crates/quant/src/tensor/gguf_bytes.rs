//! The bytes of a GGUF file's tensor.

use crate::number::{Real, encode_binary16};
use crate::scheme::{Format, GgufType};

use super::parameters::Parameters;
use super::quantized::Quantized;
use super::stored::with_parameters;

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

impl Quantized {
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
        with_parameters!(self.stored_parameters(), parameters => self.gguf_bytes_by(parameters))
    }

    fn gguf_bytes_by<T: Real>(&self, parameters: &Parameters<T>) -> Result<Vec<u8>, GgufError> {
        let (Format::Gguf(block_type), Parameters::Affine(parameters)) = (self.scheme().format, parameters)
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

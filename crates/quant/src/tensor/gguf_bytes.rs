//! The bytes of a GGUF file's tensor.

use crate::number::{decode_binary16, encode_binary16};
use crate::scheme::{GgufBlock, GgufType};

use super::affine::Affine;
use super::bit_field::BitField;
use super::blocks::{Block, Blocks};
use super::code_matrix::CodeMatrix;
use super::number_storage::NumberStorage;
use super::parameters::Parameters;
use super::quantized::Quantized;

/// Why a matrix has no bytes in GGUF, or bytes are no matrix.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GgufError {
    /// The format is none of GGUF's.
    #[error(
        "format `{format}` is no block type of GGUF: expected `q4_0`, `q4_1`, `q5_0`, `q5_1`, `q8_0` or `mxfp4`"
    )]
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
    /// More or fewer bytes than the blocks of the matrix have.
    #[error("`{found}` bytes are not as many as the blocks of this shape have: expected {expected}")]
    Length {
        /// Bytes of all blocks.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// A scale or minimum that is NaN or infinite.
    #[error("`{value}` is no scale or minimum: expected a finite number")]
    NotFinite {
        /// The value.
        value: f64,
    },
}

impl Quantized {
    /// The bytes of a GGUF file's tensor `(out, in)`: the blocks of the first column (the inputs of the first output) from
    /// the top, then those of the next column; a matrix with one row is one such run.
    ///
    /// A block is `d` (f16), in types that end in 1 `m` (f16), in types of 5 bits the fifth bits of all codes (32 bits),
    /// then the codes: 4 bits each, code `i` beside code `i + 16`, or 8 bits each. Signed codes of 4 and 5 bits are stored
    /// from 0. A block of MXFP4 is the exponent of its scale, from -127 on (8 bits), then the codes, 4 bits each.
    ///
    /// # Errors
    /// When [no block type](crate::Scheme::gguf_block) is the scheme's, or blocks are ragged.
    pub fn gguf_bytes(&self) -> Result<Vec<u8>, GgufError> {
        let (Some(block_type), Some(affine)) = (self.scheme().gguf_block(), self.affine()) else {
            return Err(GgufError::Format { format: self.scheme().format.to_string() });
        };
        let mut bytes = Vec::new();
        for (index, block) in runs(&self.blocks())? {
            let codes: Vec<i32> = block.positions().map(|position| self.codes().at(position)).collect();
            append_block(&codes, affine.scales[index], affine.zero_points[index], block_type, &mut bytes);
        }
        Ok(bytes)
    }

    /// The matrix `(in, out)` of a GGUF file's tensor `(out, in)`, or of a vector, which is a matrix with one row; in the
    /// [scheme](GgufBlock::scheme) of its block type. What [`gguf_bytes`](Self::gguf_bytes) writes is read as the same codes
    /// and parameters.
    ///
    /// # Errors
    /// Ragged blocks, bytes that are too few or too many, and scales and minimums that are no numbers.
    pub fn from_gguf_bytes(
        block_type: GgufBlock,
        shape: (usize, usize),
        bytes: &[u8],
    ) -> Result<Self, GgufError> {
        let scheme = block_type.scheme();
        let blocks = Blocks::new(shape, scheme.granularity);
        let runs = runs(&blocks)?;
        let expected = blocks.len().saturating_mul(block_type.bytes());
        if bytes.len() != expected {
            return Err(GgufError::Length { expected, found: bytes.len() });
        }
        let mut affine = Affine::of_scales(vec![0.0_f32; blocks.len()]);
        let mut codes = CodeMatrix::zeros(shape, BitField::of(&scheme).code_type());
        for ((index, block), bytes) in runs.zip(bytes.chunks_exact(block_type.bytes())) {
            let (scale, minimum, own) = read_block(bytes, block_type);
            if let Some(&value) = [scale, minimum].iter().find(|number| !number.is_finite()) {
                return Err(GgufError::NotFinite { value });
            }
            // Both are numbers of 16 bits, or powers of two that f32 holds.
            (affine.scales[index], affine.zero_points[index]) = (scale as f32, minimum as f32);
            block.positions().zip(own).for_each(|(position, code)| codes.set(position, code));
        }
        Ok(Self::new(shape, scheme, codes, Parameters::Affine(affine)))
    }
}

/// The blocks with their numbers in the order of a GGUF file: those of the first column from the top, then the next column.
fn runs(blocks: &Blocks) -> Result<impl Iterator<Item = (usize, Block)> + use<>, GgufError> {
    let (rows, columns) = blocks.shape();
    let length = if rows == 1 { columns } else { rows };
    if !length.is_multiple_of(GgufType::BLOCK as usize) {
        return Err(GgufError::Ragged { length });
    }
    // Blocks of a matrix are numbered along the columns first, those of one row along the row.
    let (across, down) = match (blocks.is_empty(), rows) {
        (true, _) => (0, 0),
        (false, 1) => (1, blocks.len()),
        (false, _) => (columns, blocks.len() / columns),
    };
    let blocks = *blocks;
    let indices = (0..across).flat_map(move |column| (0..down).map(move |band| band * across + column));
    Ok(indices.map(move |index| (index, blocks.get(index))))
}

/// What is added to codes, so that they begin at 0.
const fn offset(block_type: GgufBlock) -> i32 {
    match block_type {
        GgufBlock::Plain(GgufType::Q4_0) => 8,
        GgufBlock::Plain(GgufType::Q5_0) => 16,
        GgufBlock::Plain(GgufType::Q4_1 | GgufType::Q5_1 | GgufType::Q8_0) | GgufBlock::Mxfp4 => 0,
    }
}

/// How the scale of MXFP4 is stored.
const EXPONENT: NumberStorage = NumberStorage::Exponent { places: 0 };

fn append_block(codes: &[i32], scale: f64, minimum: f64, block_type: GgufBlock, bytes: &mut Vec<u8>) {
    match block_type {
        GgufBlock::Mxfp4 => EXPONENT.append(&[scale], bytes),
        GgufBlock::Plain(block) => {
            bytes.extend(encode_binary16(scale).to_le_bytes());
            if block.has_minimum() {
                bytes.extend(encode_binary16(minimum).to_le_bytes());
            }
        }
    }
    // All fit in a byte, the negative codes of Q8_0 in two's complement.
    let codes: Vec<u8> = codes.iter().map(|code| (code + offset(block_type)) as u8).collect();
    match block_type {
        GgufBlock::Plain(GgufType::Q8_0) => bytes.extend(codes),
        GgufBlock::Plain(GgufType::Q4_0 | GgufType::Q4_1) | GgufBlock::Mxfp4 => append_nibbles(&codes, bytes),
        GgufBlock::Plain(GgufType::Q5_0 | GgufType::Q5_1) => {
            let fifths = codes.iter().rev().fold(0_u32, |bits, code| bits << 1 | u32::from(code >> 4));
            bytes.extend(fifths.to_le_bytes());
            append_nibbles(&codes, bytes);
        }
    }
}

/// Scale, minimum and codes of the bytes of a block.
fn read_block(bytes: &[u8], block_type: GgufBlock) -> (f64, f64, Vec<i32>) {
    let half =
        |bytes: &[u8]| bytes.first_chunk().map_or(0.0, |bits| decode_binary16(u16::from_le_bytes(*bits)));
    let (scale, minimum, rest) = match block_type {
        GgufBlock::Mxfp4 => {
            let (exponent, rest) = bytes.split_at(1);
            (EXPONENT.number(exponent).unwrap_or(f64::NAN), 0.0, rest)
        }
        GgufBlock::Plain(block) if block.has_minimum() => (half(bytes), half(&bytes[2..]), &bytes[4..]),
        GgufBlock::Plain(_) => (half(bytes), 0.0, &bytes[2..]),
    };
    let codes: Vec<i32> = match block_type {
        GgufBlock::Plain(GgufType::Q8_0) => rest.iter().map(|&code| i32::from(code as i8)).collect(),
        GgufBlock::Plain(GgufType::Q4_0 | GgufType::Q4_1) | GgufBlock::Mxfp4 => nibbles(rest).collect(),
        GgufBlock::Plain(GgufType::Q5_0 | GgufType::Q5_1) => {
            let (fifths, rest) = rest.split_at(4);
            let fifths = fifths.first_chunk().map_or(0, |bits| u32::from_le_bytes(*bits));
            let fifth = |index: usize| ((fifths >> index & 1) as i32) << 4;
            nibbles(rest).enumerate().map(|(index, low)| low | fifth(index)).collect()
        }
    };
    (scale, minimum, codes.into_iter().map(|code| code - offset(block_type)).collect())
}

/// The low halves of all bytes, then the high ones.
fn nibbles(bytes: &[u8]) -> impl Iterator<Item = i32> {
    let low = bytes.iter().map(|byte| i32::from(byte & 0xf));
    low.chain(bytes.iter().map(|byte| i32::from(byte >> 4)))
}

/// The low 4 bits of each code, those of the first half of the codes in the low halves of the bytes.
fn append_nibbles(codes: &[u8], bytes: &mut Vec<u8>) {
    let (first, second) = codes.split_at(codes.len() / 2);
    bytes.extend(first.iter().zip(second).map(|(low, high)| low & 0xf | high << 4));
}

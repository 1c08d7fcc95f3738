//! Scales that are codes themselves, with scales of their own.

use crate::axes::{LevelFormat, Minifloat, ScaleFormat};
use crate::levels::LevelTable;
use crate::number_storage::NumberStorage;
use crate::reader::{Reader, UnpackError};
use crate::real::Real;

use super::dynamic_map;

/// The bytes behind nested scales: `s_b = level(codes[b])·scales[⌊b/n⌋] + offset`.
#[derive(Debug, Clone, PartialEq)]
pub struct NestedScales {
    /// One code a block.
    pub codes: Vec<u8>,
    /// One scale for all blocks (two-level), or one for each 256 (double quantization).
    pub scales: Vec<f32>,
    /// The mean that was subtracted from the scales; only in double quantization.
    pub offset: Option<f32>,
}

/// Blocks that share a scale of scales in double quantization.
const BLOCKS: usize = 256;

/// Nested scales of a format that has them, and `wanted` (at least 0) as they come out of them: all above 0.
///
/// `None` when the format is not nested; a scale that is not finite where `wanted` is beyond `f32`.
pub(crate) fn nest<T: Real>(format: ScaleFormat, wanted: &[T]) -> Option<(NestedScales, Vec<T>)> {
    let wanted: Vec<f64> = wanted.iter().map(|scale| scale.to_f64()).collect();
    let largest = |values: &[f64]| values.iter().fold(0.0, |largest, value| f64::max(largest, value.abs()));
    let table = table(format)?;
    let mut nested =
        NestedScales { codes: Vec::with_capacity(wanted.len()), scales: Vec::new(), offset: None };
    let differences = match format {
        ScaleFormat::TwoLevel => {
            if !wanted.is_empty() {
                nested.scales.push(positive(largest(&wanted) / table.largest()));
            }
            wanted
        }
        ScaleFormat::Double => {
            if wanted.is_empty() {
                return Some((nested, Vec::new()));
            }
            let mean = (wanted.iter().sum::<f64>() / wanted.len() as f64) as f32;
            nested.offset = Some(mean);
            let differences: Vec<f64> = wanted.iter().map(|scale| scale - f64::from(mean)).collect();
            nested.scales.extend(differences.chunks(BLOCKS).map(|chunk| positive(largest(chunk))));
            differences
        }
        ScaleFormat::Float
        | ScaleFormat::F16
        | ScaleFormat::Bf16
        | ScaleFormat::E8m0Floor
        | ScaleFormat::E8m0Ceiling
        | ScaleFormat::None => return None,
    };
    let mut scales: Vec<T> = Vec::with_capacity(differences.len());
    for (block, difference) in differences.into_iter().enumerate() {
        let mut code = table.nearest(difference / f64::from(nested.outer(block)));
        // Ascending codes are ascending levels as far as they are positive; the largest makes a positive scale.
        while nested.scale::<T>(&table, block, code) <= T::ZERO && table.contains(code + 1) {
            code += 1;
        }
        scales.push(nested.scale(&table, block, code));
        // Both tables have codes of 8 bits.
        nested.codes.push(code as u8);
    }
    Some((nested, scales))
}

impl NestedScales {
    /// The scale of each block; `None` where a code is none of the format's.
    fn decode<T: Real>(&self, table: &LevelTable) -> Option<Vec<T>> {
        let codes = self.codes.iter().enumerate();
        codes
            .map(|(block, &code)| {
                let code = i32::from(code);
                table.contains(code).then(|| self.scale(table, block, code))
            })
            .collect()
    }

    /// The nested scales of so many blocks, with what they stand for; `None` of formats that are not nested.
    pub(crate) fn read<T: Real>(
        reader: &mut Reader<'_>,
        format: ScaleFormat,
        blocks: usize,
    ) -> Result<Option<(Self, Vec<T>)>, UnpackError> {
        let (outer, offsets) = match format {
            ScaleFormat::TwoLevel => (blocks.min(1), 0),
            ScaleFormat::Double => (blocks.div_ceil(BLOCKS), blocks.min(1)),
            ScaleFormat::Float
            | ScaleFormat::F16
            | ScaleFormat::Bf16
            | ScaleFormat::E8m0Floor
            | ScaleFormat::E8m0Ceiling
            | ScaleFormat::None => return Ok(None),
        };
        let codes = reader.take(blocks)?.to_vec();
        let scales = NumberStorage::Float.read(reader, outer)?;
        let offset = NumberStorage::Float.read::<f32>(reader, offsets)?.first().copied();
        let nested = Self { codes, scales, offset };
        let Some(decoded) = table(format).and_then(|table| nested.decode::<T>(&table)) else {
            return Err(UnpackError::NestedScales { codes: nested.codes });
        };
        match decoded.iter().find(|scale| !scale.is_finite()) {
            None => Ok(Some((nested, decoded))),
            Some(scale) => Err(UnpackError::NotFinite { value: scale.to_f64() }),
        }
    }

    /// Bytes of codes, scales and offset.
    pub(crate) fn bytes(&self) -> usize {
        self.codes.len() + size_of::<f32>() * (self.scales.len() + usize::from(self.offset.is_some()))
    }

    /// Appends [`bytes`](Self::bytes): codes, scales, offset.
    pub(crate) fn append_to(&self, bytes: &mut Vec<u8>) {
        bytes.extend(&self.codes);
        for scale in self.scales.iter().chain(&self.offset) {
            scale.append_to(bytes);
        }
    }

    fn scale<T: Real>(&self, table: &LevelTable, block: usize, code: i32) -> T {
        let level = table.level(code) * f64::from(self.outer(block));
        T::from_f64(level + self.offset.map_or(0.0, f64::from))
    }

    /// The scale of the block's scale.
    fn outer(&self, block: usize) -> f32 {
        match self.offset {
            None => self.scales[0],
            Some(_) => self.scales[block / BLOCKS],
        }
    }
}

/// What the codes of nested scales stand for; `None` for formats that are not nested.
fn table(format: ScaleFormat) -> Option<LevelTable> {
    match format {
        ScaleFormat::TwoLevel => Some(LevelTable::new(LevelFormat::Minifloat(Minifloat::E4M3))),
        ScaleFormat::Double => Some(LevelTable::of_levels((0..).zip(dynamic_map::levels()).collect())),
        ScaleFormat::Float
        | ScaleFormat::F16
        | ScaleFormat::Bf16
        | ScaleFormat::E8m0Floor
        | ScaleFormat::E8m0Ceiling
        | ScaleFormat::None => None,
    }
}

/// The scale in `f32`, 1 where everything it shall scale is 0.
fn positive(scale: f64) -> f32 {
    if scale == 0.0 { 1.0 } else { (scale as f32).max(f32::MIN_POSITIVE) }
}

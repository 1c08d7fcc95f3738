//! Scales that are codes themselves, with scales of their own.

use crate::number::Real;
use crate::scheme::{LevelFormat, LevelTable, Minifloat, ScaleFormat};

use super::dynamic_map;
use super::number_storage::NumberStorage;
use super::reader::{Reader, UnpackError};

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
pub(crate) const BLOCKS: usize = 256;

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
        let Some(decoded) = nested_table(format).and_then(|table| nested.decode::<T>(&table)) else {
            return Err(UnpackError::NestedScales { codes: nested.codes });
        };
        match decoded.iter().find(|scale| !scale.is_finite()) {
            None => Ok(Some((nested, decoded))),
            Some(scale) => Err(UnpackError::NotFinite { value: scale.to_f64() }),
        }
    }

    /// The scale of a block whose code is `code`.
    pub(crate) fn scale<T: Real>(&self, table: &LevelTable, block: usize, code: i32) -> T {
        let level = table.level(code) * f64::from(self.outer(block));
        T::from_f64(level + self.offset.map_or(0.0, f64::from))
    }

    /// The scale of the block's scale.
    pub(crate) fn outer(&self, block: usize) -> f32 {
        match self.offset {
            None => self.scales[0],
            Some(_) => self.scales[block / BLOCKS],
        }
    }
}

/// What the codes of nested scales stand for; `None` for formats that are not nested.
pub(crate) fn nested_table(format: ScaleFormat) -> Option<LevelTable> {
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

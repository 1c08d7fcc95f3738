//! The even grids that a method chooses codes from.

use ndarray::ArrayView2;

use crate::encode::finite_row_major;
use crate::encode::uniform::round_and_clamp;
use crate::number::Real;
use crate::scheme::{Grid, Scheme};
use crate::tensor::{Affine, BitField, Blocks, CodeMatrix, Parameters, Quantized};

use super::error::CalibrationError;
use super::hessian::Hessian;

/// A layer to be quantized by a scheme with an even grid.
pub(super) struct Layer<'a, T> {
    pub(super) scheme: Scheme,
    pub(super) grid: Grid,
    pub(super) blocks: Blocks,
    /// Row-major.
    pub(super) weights: Vec<T>,
    pub(super) hessian: &'a Hessian,
}

/// Scale and zero point of every block.
pub(super) struct Levels<T> {
    pub(super) affine: Affine<T>,
    /// The only code of blocks whose range is a single point.
    pub(super) constants: Vec<Option<i32>>,
}

/// The levels `s·(q - z)` of one block.
#[derive(Clone, Copy)]
pub(super) struct BlockLevels<T> {
    pub(super) scale: T,
    pub(super) zero_point: T,
    pub(super) grid: Grid,
    pub(super) constant: Option<i32>,
}

impl<'a, T: Real> Layer<'a, T> {
    /// The layer that `method` shall quantize; a scheme without an even grid is refused.
    pub(super) fn new(
        weights: ArrayView2<'_, T>,
        scheme: &Scheme,
        method: &'static str,
        hessian: &'a Hessian,
    ) -> Result<Self, CalibrationError> {
        let grid = scheme
            .grid()
            .ok_or_else(|| CalibrationError::Format { method, format: scheme.format.to_string() })?;
        Ok(Self {
            scheme: *scheme,
            grid,
            blocks: Blocks::new(weights.dim(), scheme.granularity),
            weights: finite_row_major(weights)?.into_owned(),
            hessian,
        })
    }

    /// Inputs and outputs.
    pub(super) fn shape(&self) -> (usize, usize) {
        self.blocks.shape()
    }

    /// The levels of the block that holds a weight.
    pub(super) fn levels_at(&self, levels: &Levels<T>, row: usize, column: usize) -> BlockLevels<T> {
        levels.block(self.blocks.index_of(row, column), self.grid)
    }

    /// The layer with `codes`, row-major, on `levels`.
    pub(super) fn quantized(&self, codes: Vec<i32>, levels: Levels<T>) -> Quantized {
        let codes = CodeMatrix::of(self.shape(), BitField::of(&self.scheme).code_type(), codes);
        Quantized::new(self.shape(), self.scheme, codes, Parameters::Affine(levels.affine))
    }
}

impl<T: Real> Levels<T> {
    /// The levels of block `index`.
    pub(super) fn block(&self, index: usize, grid: Grid) -> BlockLevels<T> {
        BlockLevels {
            scale: self.affine.scales[index],
            zero_point: self.affine.zero_points[index],
            grid,
            constant: self.constants[index],
        }
    }
}

impl<T: Real> BlockLevels<T> {
    /// The nearest code, ties to even, as [`quantize`](crate::quantize) rounds.
    pub(super) fn nearest(&self, weight: T) -> i32 {
        let position = weight / self.scale + self.zero_point;
        self.constant.unwrap_or_else(|| round_and_clamp(position, self.grid, T::round_ties_even))
    }

    /// The value of a code.
    pub(super) fn value(&self, code: i32) -> f64 {
        (self.scale * (T::from_i32(code) - self.zero_point)).to_f64()
    }

    /// Whether there is more than one code to choose from.
    pub(super) fn is_free(&self) -> bool {
        self.constant.is_none()
    }
}

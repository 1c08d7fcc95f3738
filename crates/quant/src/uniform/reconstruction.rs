//! From codes on even grids back to values.

use pulp::{Arch, NullaryFnOnce};

use crate::axes::Grid;
use crate::blocks::{Blocks, Layout};
use crate::code_matrix::{CodeMatrix, CodeReader, PIECE};
use crate::real::Real;

use super::affine::Affine;

/// `ŵ = s·(q - z)` for every code, in the arithmetic of `T`.
pub(crate) fn reconstruct<T: Real>(
    codes: &CodeMatrix,
    blocks: &Blocks,
    parameters: &Affine<T>,
    values: &mut [T],
) {
    Arch::new().dispatch(Reconstruct { codes, blocks, parameters, values });
}

/// `ŵ = s·(q - lowest) + m` for every code, in the arithmetic of `T`.
pub(crate) fn reconstruct_from_minimums<T: Real>(
    codes: &CodeMatrix,
    blocks: &Blocks,
    parameters: &Affine<T>,
    grid: Grid,
    values: &mut [T],
) {
    let minimums = parameters.scales.iter().zip(&parameters.zero_points);
    for (block, (&scale, &minimum)) in blocks.iter().zip(minimums) {
        for position in block.positions() {
            values[position] = scale * T::from_i32(codes.at(position) - grid.lowest) + minimum;
        }
    }
}

struct Reconstruct<'a, T> {
    codes: &'a CodeMatrix,
    blocks: &'a Blocks,
    parameters: &'a Affine<T>,
    values: &'a mut [T],
}

impl<T: Real> NullaryFnOnce for Reconstruct<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { codes, blocks, parameters: Affine { scales, zero_points, .. }, values } = self;
        if blocks.is_empty() {
            return;
        }
        let mut reader = CodeReader::new(codes);
        match blocks.layout() {
            Layout::Runs { length } => {
                let runs = values.chunks_mut(length).zip(scales.iter().zip(zero_points));
                for (run, (&scale, &zero_point)) in runs {
                    for piece in run.chunks_mut(PIECE) {
                        let codes = reader.take(piece.len());
                        for (value, &code) in piece.iter_mut().zip(codes) {
                            *value = scale * (T::from_i32(code) - zero_point);
                        }
                    }
                }
            }
            Layout::Bands { height } => {
                let columns = blocks.shape().1;
                for (row, values) in values.chunks_mut(columns).enumerate() {
                    let first = row / height * columns;
                    for (values, start) in values.chunks_mut(PIECE).zip((first..).step_by(PIECE)) {
                        let end = start + values.len();
                        let parameters = scales[start..end].iter().zip(&zero_points[start..end]);
                        let codes = reader.take(values.len());
                        for ((value, &code), (&scale, &zero_point)) in
                            values.iter_mut().zip(codes).zip(parameters)
                        {
                            *value = scale * (T::from_i32(code) - zero_point);
                        }
                    }
                }
            }
        }
    }
}

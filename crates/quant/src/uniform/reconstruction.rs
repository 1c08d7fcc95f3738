//! From codes on even grids back to values.

use pulp::{Arch, NullaryFnOnce};

use crate::axes::Grid;
use crate::blocks::{Blocks, Layout};
use crate::real::Real;

use super::affine::Affine;

/// `ŵ = s·(q - z)` for every code, in the arithmetic of `T`.
pub(crate) fn reconstruct<T: Real>(codes: &[i32], blocks: &Blocks, parameters: &Affine<T>, values: &mut [T]) {
    Arch::new().dispatch(Reconstruct { codes, blocks, parameters, values });
}

/// `ŵ = s·(q - lowest) + m` for every code, in the arithmetic of `T`.
pub(crate) fn reconstruct_from_minimums<T: Real>(
    codes: &[i32],
    blocks: &Blocks,
    parameters: &Affine<T>,
    grid: Grid,
    values: &mut [T],
) {
    let minimums = parameters.scales.iter().zip(&parameters.zero_points);
    for (block, (&scale, &minimum)) in blocks.iter().zip(minimums) {
        for position in block.positions() {
            values[position] = scale * T::from_i32(codes[position] - grid.lowest) + minimum;
        }
    }
}

struct Reconstruct<'a, T> {
    codes: &'a [i32],
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
        match blocks.layout() {
            Layout::Runs { length } => {
                let runs = codes.chunks(length).zip(values.chunks_mut(length));
                for ((codes, values), (&scale, &zero_point)) in runs.zip(scales.iter().zip(zero_points)) {
                    for (value, &code) in values.iter_mut().zip(codes) {
                        *value = scale * (T::from_i32(code) - zero_point);
                    }
                }
            }
            Layout::Bands { height } => {
                let columns = blocks.shape().1;
                let bands = codes.chunks(height * columns).zip(values.chunks_mut(height * columns));
                let parameters = scales.chunks(columns).zip(zero_points.chunks(columns));
                for ((codes, values), (scales, zero_points)) in bands.zip(parameters) {
                    for (codes, values) in codes.chunks(columns).zip(values.chunks_mut(columns)) {
                        let parameters = scales.iter().zip(zero_points);
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

//! Even grids: blocks → range → affine parameters → codes → reconstruction, one file a stage.

mod affine;
mod binary;
mod codes;
pub(crate) mod range;
mod reconstruction;
mod rounding;
pub(crate) mod weight_function;

pub use affine::Affine;
pub(crate) use affine::fit as fit_ranges;
pub(crate) use affine::fit_block;
pub(crate) use binary::mean_magnitude;
pub(crate) use codes::{encode, encode_signs};
pub(crate) use reconstruction::{reconstruct, reconstruct_from_minimums};
pub(crate) use rounding::round_and_clamp;

use bitsweep_random::Stream;

use crate::axes::{Grid, Scheme};
use crate::blocks::Blocks;
use crate::code_matrix::CodeMatrix;
use crate::error::QuantizeError;
use crate::levels::store;
use crate::real::Real;
use crate::scales::ScaleRounding;

/// The parameters of finite row-major `values` on the grid of an integer scheme; fills `codes`.
pub(crate) fn quantize<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
) -> Result<Affine<T>, QuantizeError> {
    let rounding = ScaleRounding::of(scheme);
    let Some(grid) = scheme.grid() else {
        let scales = binary::fit(values, blocks);
        let mut parameters = store(rounding, &scales, &scales)?;
        if parameters.nested.is_none() {
            // Signs are found without dividing by the scale, so zeros may keep theirs.
            let zeros = scales.iter().zip(&mut parameters.scales).filter(|(mean, _)| **mean == T::ZERO);
            zeros.for_each(|(_, scale)| *scale = T::ZERO);
        }
        encode_signs(values, codes);
        return Ok(parameters);
    };
    let ranges = range::estimate(values, blocks, scheme, range::Elements::Grid(grid), rounding);
    let parameters = affine::fit(&ranges, scheme.symmetry, grid, rounding)?;
    encode(values, blocks, &parameters, scheme, grid, stream, codes);
    codes::collapse(codes, blocks, &ranges, &parameters, scheme, grid);
    Ok(parameters)
}

/// The parameters of every block of finite row-major `values`, and the code of blocks whose range is a single point.
pub(crate) fn fit<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    grid: Grid,
) -> Result<(Affine<T>, Vec<Option<i32>>), QuantizeError> {
    let rounding = ScaleRounding::of(scheme);
    let ranges = range::estimate(values, blocks, scheme, range::Elements::Grid(grid), rounding);
    let parameters = affine::fit(&ranges, scheme.symmetry, grid, rounding)?;
    let constants = ranges.iter().zip(&parameters.zero_points).map(|(range, &zero_point)| {
        range.is_collapsed().then(|| affine::constant_code(range.low, zero_point))
    });
    let constants = constants.collect();
    Ok((parameters, constants))
}

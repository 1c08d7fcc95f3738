//! Even grids: blocks → range → affine parameters → codes, one file a stage.

mod binary;
mod codes;
mod fitting;
pub(crate) mod range;
mod rounding;
pub(crate) mod weight_function;

pub(crate) use binary::mean_magnitude;
pub(crate) use codes::{encode, encode_signs};
pub(crate) use fitting::Fitting;
pub(crate) use rounding::round_and_clamp;

use bitsweep_random::Stream;

use crate::encode::interval::Elements;
use crate::encode::scales::{ScaleRounding, store};
use crate::number::Real;
use crate::scheme::{Grid, Scheme};
use crate::tensor::{Affine, Blocks, CodeMatrix, FarParameters, QuantizeError};

/// The parameters of row-major `values` on the grid of an integer scheme; fills `codes`, and notes the parameters
/// stored far from the wanted ones.
pub(crate) fn quantize<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    stream: &mut Stream,
    codes: &mut CodeMatrix,
    far: &mut FarParameters,
) -> Result<Affine<T>, QuantizeError> {
    let rounding = ScaleRounding::of(scheme);
    let Some(grid) = scheme.grid() else {
        let scales = binary::fit(values, blocks);
        let mut parameters = store(rounding, &scales, &scales, far);
        if parameters.nested.is_none() {
            // Signs are found without dividing by the scale, so zeros may keep theirs.
            let zeros = scales.iter().zip(&mut parameters.scales).filter(|(mean, _)| **mean == T::ZERO);
            zeros.for_each(|(_, scale)| *scale = T::ZERO);
        }
        encode_signs(values, codes);
        return Ok(parameters);
    };
    let ranges = range::estimate(values, blocks, scheme, Elements::Grid(grid), rounding)?;
    let parameters = Fitting::of(scheme, grid).fit_ranges(&ranges, far)?;
    encode(values, blocks, &parameters, scheme, grid, stream, codes);
    codes::collapse(codes, blocks, &ranges, &parameters, scheme, grid);
    Ok(parameters)
}

/// The parameters of every block of row-major `values`, and the code of blocks whose range is a single point.
pub(crate) fn fit<T: Real>(
    values: &[T],
    blocks: &Blocks,
    scheme: &Scheme,
    grid: Grid,
) -> Result<(Affine<T>, Vec<Option<i32>>), QuantizeError> {
    let rounding = ScaleRounding::of(scheme);
    let ranges = range::estimate(values, blocks, scheme, Elements::Grid(grid), rounding)?;
    let parameters = Fitting::of(scheme, grid).fit_ranges(&ranges, &mut FarParameters::default())?;
    let constants = ranges.iter().zip(&parameters.zero_points).map(|(range, &zero_point)| {
        range.is_collapsed().then(|| fitting::constant_code(range.low, zero_point))
    });
    let constants = constants.collect();
    Ok((parameters, constants))
}

//! The straight-through estimator of each format with an even grid.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::scheme::{Format, Grid, Scheme};
use crate::tensor::{Affine, Blocks, FixedGrid, Parameters, Quantized};

use super::error::{EstimatorError, expect_plain_parameters, expect_shape};

/// How far beyond the outermost codes, in steps, a value still counts as inside the range: what nearest rounding brings
/// back to them, half a step, and a little for scales that were rounded to `f32`.
const HALF_STEP: f64 = 0.5 + 1.0 / 64.0;

/// Refuses schemes that [`straight_through_gradient`] does not know.
///
/// # Errors
/// [`EstimatorError::NotEven`], [`EstimatorError::StoredParameters`].
pub fn check_straight_through(scheme: &Scheme) -> Result<(), EstimatorError> {
    match scheme.format {
        Format::Integer { .. } | Format::DoReFa { .. } | Format::Wrpn { .. } => {
            expect_plain_parameters(scheme)
        }
        Format::Float16 | Format::BFloat16 | Format::Codebook(_) | Format::Levels(_) | Format::Gguf(_) => {
            Err(EstimatorError::NotEven { format: scheme.format.to_string() })
        }
    }
}

/// Turns the gradient of `quantized` into that of the `latent` values it was made of (Bengio, Léonard & Courville 2013,
/// §4: rounding counts as the identity).
///
/// - Integer grids, `ŵ = s·(clip(round(w/s + z)) - z)` with scale and zero point constant: 1 where `w/s + z` is within
///   half a step of the codes, 0 where the value was clipped. A min-max range clips nothing: the gradient passes as it is.
/// - One bit, `ŵ = mean|w|·sign(w)`: the gradient passes as it is (Zhou et al. 2016, DoReFa-Net, eq. 7).
/// - DoReFa, `ŵ = t/M + constant` with `t = tanh(w)` and `M = max|t|`, through `M` as well:
///   `g_j ← (1 - t_j²)/M · (g_j - [j = m]·sign(t_m)/M·Σ gᵢ·tᵢ)`, where `m` is the position of the first `|t| = M`
///   (eq. 9 of the same). A tensor of zeros is not rescaled: `M` counts as ½.
/// - WRPN, `ŵ = clip(w, -1, 1) + constant`: 1 where `|w| ≤ 1`, else 0 (Mishra et al. 2017, §3).
///
/// ```
/// use bitsweep_quant::{Bits, Format, Scheme, estimator, presets, quantize};
/// use bitsweep_random::{Generator, Stream};
/// use ndarray::array;
///
/// let bits = Bits::new(2).unwrap();
/// let wrpn = Scheme { format: Format::Wrpn { bits }, ..presets::symmetric_narrow(bits) };
/// let latent = array![[0.7_f32, -1.5]];
/// let mut stream = Stream::new(Generator::Modern, 0, "train").unwrap();
/// let quantized = quantize(latent.view(), &wrpn, &mut stream).unwrap();
/// let mut gradient = array![[0.25, 0.25]];
/// estimator::straight_through_gradient(latent.view(), &quantized, gradient.view_mut()).unwrap();
/// assert_eq!(gradient, array![[0.25, 0.0]]);
/// ```
///
/// # Errors
/// A format without an even grid, or matrices of different shapes or types.
pub fn straight_through_gradient(
    latent: ArrayView2<'_, f32>,
    quantized: &Quantized,
    gradient: ArrayViewMut2<'_, f64>,
) -> Result<(), EstimatorError> {
    expect_shape(quantized.shape(), [latent.dim(), gradient.dim()])?;
    check_straight_through(quantized.scheme())?;
    match (quantized.parameters::<f32>()?, quantized.scheme().grid()) {
        (Parameters::Affine(parameters), Some(grid)) => {
            stop_outside(latent, &quantized.blocks(), parameters, grid, gradient);
        }
        (Parameters::Fixed(FixedGrid::DoReFa(_)), _) => through_dorefa(latent, gradient),
        (Parameters::Fixed(FixedGrid::Wrpn(_)), _) => through_clip(latent, gradient),
        // Signs: the identity. The other parameters belong to formats that the check refuses.
        (Parameters::Affine(_), None)
        | (Parameters::Fixed(FixedGrid::Float16 | FixedGrid::BFloat16), _)
        | (Parameters::Codebooks(_), _) => {}
    }
    Ok(())
}

fn stop_outside(
    latent: ArrayView2<'_, f32>,
    blocks: &Blocks,
    parameters: &Affine<f32>,
    grid: Grid,
    mut gradient: ArrayViewMut2<'_, f64>,
) {
    let inside = f64::from(grid.lowest) - HALF_STEP..=f64::from(grid.highest) + HALF_STEP;
    for (((row, column), gradient), &latent) in gradient.indexed_iter_mut().zip(latent) {
        let block = blocks.index_of(row, column);
        let (scale, zero_point) = (parameters.scales[block], parameters.zero_points[block]);
        let position = f64::from(latent) / f64::from(scale) + f64::from(zero_point);
        if !inside.contains(&position) {
            *gradient = 0.0;
        }
    }
}

fn through_dorefa(latent: ArrayView2<'_, f32>, mut gradient: ArrayViewMut2<'_, f64>) {
    // In `f32`, as the codes were made.
    let squashed = latent.mapv(|value| f64::from(libm::tanhf(value)));
    let mut largest = 0.0;
    let mut position = None;
    for (place, value) in squashed.indexed_iter() {
        if value.abs() > largest {
            largest = value.abs();
            position = Some(place);
        }
    }
    let Some(position) = position else {
        gradient.mapv_inplace(|gradient| 2.0 * gradient);
        return;
    };
    let sum: f64 = gradient.iter().zip(&squashed).map(|(gradient, squashed)| gradient * squashed).sum();
    gradient[position] -= squashed[position].signum() / largest * sum;
    for (gradient, squashed) in gradient.iter_mut().zip(&squashed) {
        *gradient *= (1.0 - squashed * squashed) / largest;
    }
}

fn through_clip(latent: ArrayView2<'_, f32>, mut gradient: ArrayViewMut2<'_, f64>) {
    for (gradient, latent) in gradient.iter_mut().zip(latent) {
        if latent.abs() > 1.0 {
            *gradient = 0.0;
        }
    }
}

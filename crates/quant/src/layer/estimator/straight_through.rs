//! The straight-through estimator of each format with an even grid.

use std::ops::Range;

use bitsweep_vector::arch;
use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::NullaryFnOnce;

use crate::number::{Real, change_row_major, largest_magnitude, row_major};
use crate::scheme::{Format, Grid, Scheme};
use crate::tensor::{Affine, Blocks, FixedGrid, Parameters, Piece, Quantized, pass_by_block};

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
    let latent = &*row_major(latent);
    let parameters = quantized.parameters::<f32>()?;
    change_row_major(gradient, |gradient| match (parameters, quantized.scheme().grid()) {
        (Parameters::Affine(parameters), Some(grid)) => {
            arch().dispatch(StopOutside { latent, blocks: &quantized.blocks(), parameters, grid, gradient });
        }
        (Parameters::Fixed(FixedGrid::DoReFa(_)), _) => arch().dispatch(ThroughDorefa { latent, gradient }),
        (Parameters::Fixed(FixedGrid::Wrpn(_)), _) => arch().dispatch(ThroughClip { latent, gradient }),
        // Signs: the identity. The other parameters belong to formats that the check refuses.
        (Parameters::Affine(_), None)
        | (Parameters::Fixed(FixedGrid::Float16 | FixedGrid::BFloat16), _)
        | (Parameters::Codebooks(_), _) => {}
    });
    Ok(())
}

struct StopOutside<'a> {
    latent: &'a [f32],
    blocks: &'a Blocks,
    parameters: &'a Affine<f32>,
    grid: Grid,
    gradient: &'a mut [f64],
}

impl NullaryFnOnce for StopOutside<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { latent, blocks, parameters: Affine { scales, zero_points, .. }, grid, gradient } = self;
        let ends = (f64::from(grid.lowest) - HALF_STEP, f64::from(grid.highest) + HALF_STEP);
        let parameters = (&**scales, &**zero_points);
        pass_by_block(blocks, 0..latent.len(), parameters, &mut Stop { latent, gradient, ends });
    }
}

struct Stop<'a> {
    latent: &'a [f32],
    gradient: &'a mut [f64],
    ends: (f64, f64),
}

impl Piece<(f32, f32)> for Stop<'_> {
    #[inline(always)]
    fn pass(&mut self, positions: Range<usize>, parameters: impl Iterator<Item = (f32, f32)>) {
        let values = self.gradient[positions.clone()].iter_mut().zip(&self.latent[positions]);
        for ((gradient, &latent), own) in values.zip(parameters) {
            stop(gradient, latent, own, self.ends);
        }
    }
}

/// Stops the gradient of a value whose place, by scale and zero point, lies outside of the ends.
#[inline(always)]
fn stop(gradient: &mut f64, value: f32, (scale, zero_point): (f32, f32), (lowest, highest): (f64, f64)) {
    let place = f64::from(value) / f64::from(scale) + f64::from(zero_point);
    *gradient = if (place >= lowest) & (place <= highest) { *gradient } else { 0.0 };
}

/// Values that are squashed at a time.
const AT_A_TIME: usize = 16;

struct ThroughDorefa<'a> {
    latent: &'a [f32],
    gradient: &'a mut [f64],
}

impl NullaryFnOnce for ThroughDorefa<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { latent, gradient } = self;
        let mut squashed = vec![0.0; latent.len()];
        let mut sum = 0.0;
        // In pieces, so that the sum is made beside the next ones.
        let pieces =
            latent.chunks(AT_A_TIME).zip(gradient.chunks(AT_A_TIME)).zip(squashed.chunks_mut(AT_A_TIME));
        for ((latent, gradient), squashed) in pieces {
            for (squashed, &latent) in squashed.iter_mut().zip(latent) {
                // In `f32`, as the codes were made.
                *squashed = f64::from(Real::tanh(latent));
            }
            for (gradient, squashed) in gradient.iter().zip(squashed) {
                sum += gradient * *squashed;
            }
        }
        let largest = largest_magnitude(&squashed);
        if largest == 0.0 {
            gradient.iter_mut().for_each(|gradient| *gradient *= 2.0);
            return;
        }
        if let Some(position) = squashed.iter().position(|value| value.abs() == largest) {
            gradient[position] -= squashed[position].signum() / largest * sum;
        }
        for (gradient, squashed) in gradient.iter_mut().zip(&squashed) {
            *gradient *= (1.0 - squashed * squashed) / largest;
        }
    }
}

struct ThroughClip<'a> {
    latent: &'a [f32],
    gradient: &'a mut [f64],
}

impl NullaryFnOnce for ThroughClip<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (gradient, latent) in self.gradient.iter_mut().zip(self.latent) {
            *gradient = if latent.abs() > 1.0 { 0.0 } else { *gradient };
        }
    }
}

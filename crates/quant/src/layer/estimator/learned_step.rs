//! Learned step size quantization (Esser et al. 2020, LSQ).

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::number::Real;
use crate::scheme::{Bits, Format, Grid, Range, Scheme, Symmetry};
use crate::tensor::{Blocks, Quantized};

use super::error::{EstimatorError, expect_plain_parameters, expect_shape};

/// The least step, as a part of the first one: a step must stay above 0, and the paper leaves open how.
const LEAST: f32 = 1.0 / 1024.0;

/// Refuses schemes whose step cannot be learned; gives the grid of the others.
///
/// # Errors
/// For anything but a symmetric integer scheme of at least 2 bits with `range = min-max`, the neutral value.
pub fn check_learned_step(scheme: &Scheme) -> Result<Grid, EstimatorError> {
    let no_step = EstimatorError::NoStep { format: scheme.format.to_string() };
    match scheme.format {
        Format::Integer { bits, .. } => match scheme.symmetry {
            Symmetry::Asymmetric(_) => Err(EstimatorError::ZeroPoint),
            Symmetry::Symmetric if bits == Bits::LEAST => Err(EstimatorError::OneBit),
            Symmetry::Symmetric if scheme.range != Range::MinMax => {
                Err(EstimatorError::Range { range: scheme.range })
            }
            Symmetry::Symmetric if scheme.has_signed_scales() => Err(EstimatorError::Sign),
            Symmetry::Symmetric => {
                expect_plain_parameters(scheme)?;
                scheme.grid().ok_or(no_step)
            }
        },
        Format::Float16
        | Format::BFloat16
        | Format::Codebook(_)
        | Format::DoReFa { .. }
        | Format::Wrpn { .. }
        | Format::Levels(_)
        | Format::Gguf(_) => Err(no_step),
    }
}

/// The first step of every block, `s₀ = 2·mean|w|/√q_p` with the highest code `q_p` (§2.1); 1 for a block of zeros.
///
/// # Errors
/// As [`check_learned_step`].
pub fn initial_steps(values: ArrayView2<'_, f32>, scheme: &Scheme) -> Result<Vec<f32>, EstimatorError> {
    let grid = check_learned_step(scheme)?;
    let blocks = Blocks::new(values.dim(), scheme.granularity);
    let mut sums = vec![0.0; blocks.len()];
    for ((row, column), value) in values.indexed_iter() {
        sums[blocks.index_of(row, column)] += f64::from(value.abs());
    }
    let step = |(block, sum): (usize, f64)| {
        let mean = sum / blocks.get(block).length as f64;
        let step = (2.0 * mean / f64::from(grid.highest).sqrt()) as f32;
        if step >= f32::MIN_POSITIVE { step } else { 1.0 }
    };
    Ok(sums.into_iter().enumerate().map(step).collect())
}

/// Turns the gradient `g` of `quantized` into that of the `latent` values it was made of, and adds that of every block's
/// step to `step_gradient` (§2.1, eq. 3, and §2.2).
///
/// With `x = w/s`, the code `q = round(x)` and the codes `-q_n … q_p`:
///
/// | | `∂ŵ/∂w` | `∂ŵ/∂s` |
/// |---|---|---|
/// | `-q_n < x < q_p` | 1 | `q - x` |
/// | `x ≤ -q_n` | 0 | `-q_n` |
/// | `x ≥ q_p` | 0 | `q_p` |
///
/// and `∂L/∂s = 1/√(N·q_p) · Σ g·∂ŵ/∂s` over the `N` values of the block: the factor keeps updates of step and weights
/// in proportion.
///
/// # Errors
/// As [`check_learned_step`]; also matrices of different shapes or types, or another number of steps than blocks.
pub fn learned_step_gradient(
    latent: ArrayView2<'_, f32>,
    quantized: &Quantized,
    mut gradient: ArrayViewMut2<'_, f64>,
    step_gradient: &mut [f64],
) -> Result<(), EstimatorError> {
    let grid = check_learned_step(quantized.scheme())?;
    expect_shape(quantized.shape(), [latent.dim(), gradient.dim()])?;
    // Steps of another type are not those of the latent values.
    quantized.parameters::<f32>()?;
    let blocks = quantized.blocks();
    if step_gradient.len() != blocks.len() {
        return Err(EstimatorError::Steps { expected: blocks.len(), found: step_gradient.len() });
    }
    let latent: Vec<f32> = latent.iter().copied().collect();
    let mut passed: Vec<f64> = gradient.iter().copied().collect();
    add_step_gradient(&latent, quantized, grid, &mut passed, step_gradient);
    gradient.iter_mut().zip(passed).for_each(|(gradient, passed)| *gradient = passed);
    Ok(())
}

/// [`learned_step_gradient`] of row-major values that are known to fit, by a scheme known to have a scale a block.
pub(crate) fn add_step_gradient<T: Real>(
    latent: &[T],
    quantized: &Quantized,
    grid: Grid,
    gradient: &mut [f64],
    step_gradient: &mut [f64],
) {
    let blocks = quantized.blocks();
    let columns = quantized.shape().1;
    let scales: Vec<f64> = quantized.block_parameters().map(|block| block.scale.unwrap_or(1.0)).collect();
    let (lowest, highest) = (f64::from(grid.lowest), f64::from(grid.highest));
    let mut sums = vec![0.0; blocks.len()];
    let values = latent.iter().zip(quantized.codes().iter());
    for ((position, gradient), (&latent, code)) in gradient.iter_mut().enumerate().zip(values) {
        let block = blocks.index_of(position / columns, position % columns);
        let place = latent.to_f64() / scales[block];
        let (through, of_step) = if place <= lowest {
            (0.0, lowest)
        } else if place >= highest {
            (0.0, highest)
        } else {
            (1.0, f64::from(code) - place)
        };
        sums[block] += *gradient * of_step;
        *gradient *= through;
    }
    for ((block, sum), step_gradient) in sums.into_iter().enumerate().zip(step_gradient) {
        *step_gradient += sum / (blocks.get(block).length as f64 * highest).sqrt();
    }
}

/// Brings steps that an update took below 1/1024 of the first ones back to it, and says how many stand there.
pub fn constrain_steps(steps: &mut [f32], first: &[f32]) -> usize {
    let mut held = 0;
    for (step, first) in steps.iter_mut().zip(first) {
        let least = (LEAST * first).max(f32::MIN_POSITIVE);
        if *step <= least {
            *step = least;
            held += 1;
        }
    }
    held
}

//! Learned step size quantization (Esser et al. 2020, LSQ).

use std::ops;

use bitsweep_vector::arch;
use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::NullaryFnOnce;

use crate::number::{Real, change_row_major, row_major};
use crate::scheme::{Bits, Format, Grid, Range, Scheme, Symmetry};
use crate::tensor::{BlockNumbers, Blocks, CodeMatrix, CodeReader, Piece, Quantized, pass_by_block};

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
    gradient: ArrayViewMut2<'_, f64>,
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
    let latent = row_major(latent);
    change_row_major(gradient, |gradient| {
        add_step_gradient(&latent, quantized, grid, gradient, step_gradient);
    });
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
    let scales: Vec<f64> = quantized.block_parameters().map(|block| block.scale.unwrap_or(1.0)).collect();
    let mut sums = vec![0.0; blocks.len()];
    let codes = quantized.codes();
    let sums_of =
        StepGradient { latent, codes, blocks: &blocks, scales: &scales, grid, gradient, sums: &mut sums };
    arch().dispatch(sums_of);
    let highest = f64::from(grid.highest);
    for ((block, sum), step_gradient) in sums.into_iter().enumerate().zip(step_gradient) {
        *step_gradient += sum / (blocks.get(block).length as f64 * highest).sqrt();
    }
}

/// Turns the gradient into that of the latent values, and adds `Σ g·∂ŵ/∂s` of each block to `sums`.
struct StepGradient<'a, T> {
    latent: &'a [T],
    codes: &'a CodeMatrix,
    blocks: &'a Blocks,
    scales: &'a [f64],
    grid: Grid,
    gradient: &'a mut [f64],
    sums: &'a mut [f64],
}

impl<T: Real> NullaryFnOnce for StepGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { latent, codes, blocks, scales, grid, gradient, sums } = self;
        let ends = (f64::from(grid.lowest), f64::from(grid.highest));
        let mut steps = Steps { latent, reader: CodeReader::new(codes, 0), gradient, sums, ends };
        pass_by_block(blocks, 0..latent.len(), (scales, BlockNumbers::default()), &mut steps);
    }
}

struct Steps<'a, T> {
    latent: &'a [T],
    reader: CodeReader<'a>,
    gradient: &'a mut [f64],
    sums: &'a mut [f64],
    ends: (f64, f64),
}

impl<T: Real> Piece<(f64, usize)> for Steps<'_, T> {
    #[inline(always)]
    fn pass(&mut self, positions: ops::Range<usize>, parameters: impl Iterator<Item = (f64, usize)>) {
        let codes = self.reader.take(positions.len());
        let values = self.gradient[positions.clone()].iter_mut().zip(&self.latent[positions]).zip(codes);
        for (((gradient, &latent), &code), (scale, block)) in values.zip(parameters) {
            self.sums[block] += pass(gradient, latent.to_f64() / scale, code, self.ends);
        }
    }
}

/// Passes the gradient of a value at a place on the grid with these ends; returns `g·∂ŵ/∂s`.
#[inline(always)]
fn pass(gradient: &mut f64, place: f64, code: i32, (lowest, highest): (f64, f64)) -> f64 {
    let (is_below, is_above) = (place <= lowest, place >= highest);
    let of_step = if is_above { highest } else { f64::from(code) - place };
    let of_scale = *gradient * if is_below { lowest } else { of_step };
    *gradient *= if is_below | is_above { 0.0 } else { 1.0 };
    of_scale
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

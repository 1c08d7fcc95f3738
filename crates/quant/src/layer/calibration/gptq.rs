//! GPTQ: input by input, the inputs still to come make up for the error.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::encode::uniform;
use crate::number::Real;
use crate::scheme::Granularity;
use crate::spelling::serialize_unusual;
use crate::tensor::{Blocks, QuantizeError, Quantized};

use super::cholesky::{UpperTriangle, upper_factor_of_inverse};
use super::error::CalibrationError;
use super::hessian::Hessian;
use super::layer::{Layer, Levels};

/// Settings of GPTQ (Frantar, Ashkboos, Hoefler & Alistarh 2023, *GPTQ: Accurate Post-Training Quantization for
/// Generative Pre-trained Transformers*, algorithm 1).
///
/// With `U` the upper Cholesky factor of `H⁻¹` (`UᵀU = H⁻¹`), for each input `i` in order: round row `i` of the weights to
/// `q`, then take `Uᵢⱼ·(wᵢ - qᵢ)/Uᵢᵢ` off each later row `j`.
///
/// An input that is 0 in every row has `H = 1` on its diagonal and its weights are taken for 0. Parameters of tensors,
/// rows and columns come from the original weights; those of groups from the weights as updated so far, when the first
/// input of the group is reached. With `act_order` the inputs of a group are not reached together, so that groups, too,
/// take theirs from the original weights (the authors' `static_groups`).
///
/// ```toml
/// act_order = true
/// damp = 0.05
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gptq {
    /// Whether inputs are visited by falling diagonal of `H`, the most active first.
    pub act_order: bool,
    /// What is added to the diagonal of `H`, as a part of its mean.
    #[schemars(range(min = 0, max = 1))]
    pub damp: f64,
}

serialize_unusual!(Gptq { act_order, damp });

impl Default for Gptq {
    fn default() -> Self {
        Self { act_order: false, damp: 0.01 }
    }
}

/// Inputs whose errors are taken off the weights of later inputs together: what is taken off each, and in which order, is the same.
const BLOCK: usize = 128;

pub(super) fn quantize<T: Real>(
    layer: &Layer<'_, T>,
    settings: &Gptq,
    hessian: &Hessian,
) -> Result<Quantized, CalibrationError> {
    let (inputs, outputs) = layer.shape();
    let Curvature { order, factor, dead } = Curvature::new(hessian, settings)?;
    let mut updated: Vec<f64> = layer.weights.iter().map(|weight| weight.to_f64()).collect();
    let mut levels = layer.levels()?;
    let mut codes = vec![0; updated.len()];
    if codes.is_empty() {
        return Ok(layer.quantized(codes, levels));
    }
    for input in (0..inputs).filter(|&input| dead[input]) {
        updated[input * outputs..(input + 1) * outputs].fill(0.0);
    }
    let group = match layer.scheme.granularity {
        // A matrix of one row is grouped along that row, and has no later input to wait for.
        Granularity::Group(size) if inputs > 1 => Some(inputs.min(size.get() as usize)),
        Granularity::Group(_)
        | Granularity::Tensor
        | Granularity::InputChannel
        | Granularity::Rows(_)
        | Granularity::OutputChannel => None,
    };
    // How many inputs the parameters of a block are for that come from updated weights.
    let awaited = group.filter(|_| !settings.act_order);
    if settings.act_order {
        if let Some(size) = group {
            for first in (0..inputs).step_by(size) {
                refit(layer, &mut levels, &updated, first..inputs.min(first + size))?;
            }
        }
        let visited = order.iter().flat_map(|input| &updated[input * outputs..(input + 1) * outputs]);
        updated = visited.copied().collect();
    }
    let mut errors = vec![0.0; inputs.min(BLOCK) * outputs];
    let mut start = 0;
    while start < inputs {
        let mut end = inputs.min(start + BLOCK);
        if let Some(size) = awaited {
            end = end.min((start / size + 1) * size);
            if start % size == 0 {
                refit(layer, &mut levels, &updated, start..inputs.min(start + size))?;
            }
        }
        for (step, errors) in (start..end).zip(errors.chunks_exact_mut(outputs)) {
            let input = order[step];
            let propagation = factor.row_from_diagonal(step);
            for (output, error) in errors.iter_mut().enumerate() {
                let weight = updated[step * outputs + output];
                let block = layer.levels_at(&levels, input, output);
                let code = block.nearest(T::from_f64(weight));
                codes[input * outputs + output] = code;
                *error = (weight - block.value(code)) / propagation[0];
            }
            let later = step + 1..end;
            let weights = &mut updated[later.start * outputs..later.end * outputs];
            factor.take_off(step..step + 1, errors, later.start, weights);
        }
        let errors = &errors[..(end - start) * outputs];
        factor.take_off(start..end, errors, end, &mut updated[end * outputs..]);
        start = end;
    }
    Ok(layer.quantized(codes, levels))
}

/// What GPTQ makes of the Hessian.
struct Curvature {
    /// The inputs in the order of their visit.
    order: Vec<usize>,
    /// `U`, rows and columns in that order.
    factor: UpperTriangle,
    /// Inputs that are 0 in every row.
    dead: Vec<bool>,
}

impl Curvature {
    fn new(hessian: &Hessian, settings: &Gptq) -> Result<Self, CalibrationError> {
        let inputs = hessian.inputs();
        let dead: Vec<bool> = (0..inputs).map(|input| hessian.row(input)[input] == 0.0).collect();
        let diagonal = |input: usize| if dead[input] { 1.0 } else { hessian.row(input)[input] };
        let mut order: Vec<usize> = (0..inputs).collect();
        if settings.act_order {
            order.sort_by(|&a, &b| diagonal(b).total_cmp(&diagonal(a)));
        }
        let damp = settings.damp * (0..inputs).map(diagonal).sum::<f64>() / inputs.max(1) as f64;
        let entry = |row: usize, column: usize| {
            if row == column { diagonal(row) + damp } else { hessian.row(row)[column] }
        };
        let matrix: Vec<f64> =
            order.iter().flat_map(|&row| order.iter().map(move |&column| entry(row, column))).collect();
        let factor = upper_factor_of_inverse(&matrix, inputs);
        let factor = factor.ok_or(CalibrationError::Singular { damp: settings.damp })?;
        Ok(Self { order, factor, dead })
    }
}

/// Gives the groups of the rows `inputs` the parameters of their updated weights.
fn refit<T: Real>(
    layer: &Layer<'_, T>,
    levels: &mut Levels<T>,
    updated: &[f64],
    inputs: std::ops::Range<usize>,
) -> Result<(), QuantizeError> {
    let outputs = layer.shape().1;
    let first = layer.blocks.index_of(inputs.start, 0);
    let values = &updated[inputs.start * outputs..inputs.end * outputs];
    let values: Vec<T> = values.iter().map(|&value| T::from_f64(value)).collect();
    let blocks = Blocks::new((inputs.len(), outputs), Granularity::OutputChannel);
    let (affine, constants) = uniform::fit(&values, &blocks, &layer.scheme, layer.grid)?;
    levels.affine.scales[first..first + outputs].copy_from_slice(&affine.scales);
    levels.affine.zero_points[first..first + outputs].copy_from_slice(&affine.zero_points);
    levels.constants[first..first + outputs].copy_from_slice(&constants);
    Ok(())
}

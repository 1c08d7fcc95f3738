//! The range of least output error.

use crate::encode::scales::ScaleRounding;
use crate::encode::uniform::range::{Candidates, search};
use crate::encode::uniform::{Fitting, range};
use crate::encode::{Elements, Interval};
use crate::number::Real;
use crate::tensor::{Block, QuantizeError};

use super::hessian::Hessian;
use super::layer::{BlockLevels, Layer, Levels};

/// The levels of [`Range::OutputMse`](crate::Range::OutputMse).
///
/// From the nearest codes over min-max ranges, block by block in order: the range, among those that
/// [`Range::Mse`](crate::Range::Mse) searches, with the least output error of the whole layer, all other blocks as they
/// are by then. A block's change `d` of its values changes `tr(ΔᵀHΔ)` by `Σ 2·dᵀ(HΔ) + dᵀHd` over its columns; the
/// min-max range changes it by 0, so that the loss never rises. Blocks of one column do not depend on each other;
/// groups, rows and tensors along a column do, and are searched once.
pub(super) fn fit<T: Real>(
    layer: &Layer<'_, T>,
    mut levels: Levels<T>,
    hessian: &Hessian,
) -> Result<Levels<T>, QuantizeError> {
    let Layer { scheme, grid, blocks, weights, .. } = layer;
    let rounding = ScaleRounding::of(scheme);
    let ranges = range::estimate(weights, blocks, scheme, Elements::Grid(*grid), rounding)?;
    let fitting = Fitting::of(scheme, *grid);
    let candidates = Candidates::of(scheme, fitting);
    let mut error = OutputError::new(layer, &levels, hessian);
    for (index, min_max) in ranges.into_iter().enumerate() {
        if min_max.is_collapsed() {
            continue;
        }
        let block = blocks.get(index);
        let candidate = |range: Interval<T>| {
            let (scale, zero_point) = fitting.fit_block(range).ok()?;
            Some(BlockLevels { scale, zero_point, ..levels.block(index, *grid) })
        };
        let added = |range| candidate(range).map(|levels| error.added_by(&error.steps(block, levels)));
        let best = search(min_max, candidates, added);
        if let Some(best) = candidate(best) {
            let steps = error.steps(block, best);
            error.take(&steps);
            levels.affine.scales[index] = best.scale;
            levels.affine.zero_points[index] = best.zero_point;
        }
    }
    Ok(levels)
}

/// The change of a layer's weights, and what it costs.
struct OutputError<'a, T> {
    hessian: &'a Hessian,
    weights: &'a [T],
    outputs: usize,
    /// `Δ = Ŵ - W`, row-major.
    change: Vec<f64>,
    /// `H·Δ`.
    slope: Vec<f64>,
}

/// A further change of some values of one column: input and amount.
type ColumnSteps = (usize, Vec<(usize, f64)>);

impl<'a, T: Real> OutputError<'a, T> {
    /// Of the nearest codes on `levels`.
    fn new(layer: &'a Layer<'_, T>, levels: &Levels<T>, hessian: &'a Hessian) -> Self {
        let outputs = layer.shape().1;
        let change = layer.weights.iter().enumerate().map(|(position, &weight)| {
            let block = layer.levels_at(levels, position / outputs, position % outputs);
            block.value(block.nearest(weight)) - weight.to_f64()
        });
        let change: Vec<f64> = change.collect();
        let mut slope = vec![0.0; change.len()];
        hessian.product(&change, outputs, &mut slope);
        Self { hessian, weights: &layer.weights, outputs, change, slope }
    }

    /// What other levels of a block change, column by column.
    fn steps(&self, block: Block, levels: BlockLevels<T>) -> Vec<ColumnSteps> {
        let mut columns: Vec<ColumnSteps> = Vec::new();
        let mut place = vec![None; self.outputs];
        for position in block.positions() {
            let (input, output) = (position / self.outputs, position % self.outputs);
            let weight = self.weights[position];
            let step = levels.value(levels.nearest(weight)) - weight.to_f64() - self.change[position];
            let place = *place[output].get_or_insert_with(|| {
                columns.push((output, Vec::new()));
                columns.len() - 1
            });
            columns[place].1.push((input, step));
        }
        columns
    }

    /// `Σ 2·dᵀ(HΔ) + dᵀHd` over the columns.
    fn added_by(&self, columns: &[ColumnSteps]) -> f64 {
        let mut added = 0.0;
        for (output, steps) in columns {
            for &(input, step) in steps.iter().filter(|(_, step)| *step != 0.0) {
                let row = self.hessian.row(input);
                let curvature: f64 = steps.iter().map(|&(other, step)| row[other] * step).sum();
                added += step * (2.0 * self.slope[input * self.outputs + output] + curvature);
            }
        }
        added
    }

    /// Makes the change.
    fn take(&mut self, columns: &[ColumnSteps]) {
        for (output, steps) in columns {
            for &(input, step) in steps {
                self.change[input * self.outputs + output] += step;
                for (other, &entry) in self.hessian.row(input).iter().enumerate() {
                    self.slope[other * self.outputs + output] += entry * step;
                }
            }
        }
    }
}

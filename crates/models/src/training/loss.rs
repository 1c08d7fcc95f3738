//! Softmax and cross-entropy.

use bitsweep_vector::arch;
use pulp::{Simd, WithSimd};

use crate::float::Float;
use crate::panels::{LANES, Panels};

/// Added to a probability before its logarithm is taken, as notebook 000 does: the loss of one row is at most
/// `-ln 1e-8 ≈ 18.4`.
const EPSILON: f64 = 1e-8;

/// Computes `p = softmax(z)` for each row of `logits`, writes the gradient of the summed loss with respect to `z`,
/// `w·(p - y)` where `y` is the one-hot label and `w` the weight of its class, into `gradient`, and returns the mean of the
/// rows' losses, `-w·ln(p[label] + 1e-8)`: their sum over the number of rows, whatever the weights.
///
/// The gradient is that of the loss without the 1e-8, as in the notebook. Its elements below 2⁻¹⁰⁰ are taken for zero
/// (see [`Float::flush`]), without which all products of the backward pass go denormal late in training. In plain
/// gradient descent this changes a step of the last layer by less than `η·2⁻¹⁰⁰·max|x|`, where `x` is its input: less
/// than half the spacing of floats, hence nothing, for every weight above 2⁻⁷⁶ as long as `η·max|x| ≤ 1/2`.
///
/// `losses` is memory for one number a row.
pub(crate) fn softmax_cross_entropy<T: Float>(
    logits: &Panels<T>,
    labels: &[usize],
    class_weights: &[T],
    gradient: &mut Panels<T>,
    losses: &mut Vec<f64>,
) -> f64 {
    arch().dispatch(Loss { logits, labels, class_weights, gradient, losses })
}

/// [`softmax_cross_entropy`] as what [`pulp::Arch::dispatch`] takes.
struct Loss<'a, T> {
    logits: &'a Panels<T>,
    labels: &'a [usize],
    class_weights: &'a [T],
    gradient: &'a mut Panels<T>,
    losses: &'a mut Vec<f64>,
}

impl<T: Float> WithSimd for Loss<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        let Self { logits, labels, class_weights, gradient, losses } = self;
        let epsilon = T::from_f64(EPSILON);
        losses.clear();
        shift_logits(logits, gradient);
        for value in gradient.padded_mut() {
            *value = value.exp();
        }
        for (row, &label) in labels.iter().enumerate() {
            let weight = class_weights[label];
            let mut sum = T::ZERO;
            for panel in 0..logits.panel_count() {
                for &exponential in &gradient.panel(panel)[row][..logits.width(panel)] {
                    sum += exponential;
                }
            }
            let probability = gradient.get(row, label) / sum;
            losses.push((weight * (probability + epsilon).ln()).into());
            for panel in 0..logits.panel_count() {
                for (lane, value) in gradient.panel_mut(panel)[row].iter_mut().enumerate() {
                    let truth = if panel * LANES + lane == label { T::ONE } else { T::ZERO };
                    *value = (weight * (*value / sum - truth)).flush();
                }
            }
        }
        -pairwise_sum(losses) / losses.len() as f64
    }
}

/// Writes the logits, less the largest of their row where the softmax needs it, to `shifted`.
#[inline(always)]
fn shift_logits<T: Float>(logits: &Panels<T>, shifted: &mut Panels<T>) {
    // Far below any logit, so that its exponential is 0, as padding has to be.
    let padding = T::from_f64(-1e4);
    for row in 0..logits.rows() {
        let mut largest = logits.panel(0)[row][0];
        for panel in 0..logits.panel_count() {
            for &logit in &logits.panel(panel)[row][..logits.width(panel)] {
                if logit > largest {
                    largest = logit;
                }
            }
        }
        let shift = if largest.abs() > T::SOFTMAX_SHIFT_ABOVE { largest } else { T::ZERO };
        for panel in 0..logits.panel_count() {
            let shifted = &mut shifted.panel_mut(panel)[row];
            for (lane, (shifted, &logit)) in shifted.iter_mut().zip(&logits.panel(panel)[row]).enumerate() {
                *shifted = if lane < logits.width(panel) { logit - shift } else { padding };
            }
        }
    }
}

/// The sum of `values` in NumPy's order: eight interleaved partial sums up to 128 numbers, halves above.
pub(crate) fn pairwise_sum(values: &[f64]) -> f64 {
    if values.len() < 8 {
        return values.iter().fold(0.0, |sum, value| sum + value);
    }
    if values.len() > 128 {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % 8);
        return pairwise_sum(left) + pairwise_sum(right);
    }
    let (blocks, rest) = values.as_chunks::<8>();
    let mut sums = blocks[0];
    for block in &blocks[1..] {
        for (sum, value) in sums.iter_mut().zip(block) {
            *sum += value;
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

#[cfg(test)]
mod tests;

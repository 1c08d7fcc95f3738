//! Softmax and cross-entropy.

use crate::panels::Panels;
use crate::real::Real;

/// Added to a probability before its logarithm is taken, as notebook 000 does: the loss of one row is at most
/// `-ln 1e-8 ≈ 18.4`.
const EPSILON: f64 = 1e-8;

/// Computes `p = softmax(z)` for each row of `logits`, writes the gradient of the summed loss with respect to `z`,
/// `p - y` where `y` is the one-hot label, into `gradient`, and returns the mean of the rows' losses,
/// `-ln(p[label] + 1e-8)`.
///
/// The gradient is that of the loss without the 1e-8, as in the notebook. Its elements below 2⁻¹⁰⁰ are taken for zero:
/// this changes a weight's mean gradient by less than `2⁻¹⁰⁰ · max|x|`, where `x` is the layer's input (and for earlier
/// layers times the norms of the weights in between), far below half the spacing of any weight above 2⁻⁷⁵; without it
/// all products of the backward pass go denormal late in training.
///
/// `losses` is memory for one number a row.
#[inline(always)]
pub(crate) fn softmax_cross_entropy<T: Real>(
    logits: &Panels<T>,
    labels: &[usize],
    gradient: &mut Panels<T>,
    losses: &mut Vec<f64>,
) -> f64 {
    let epsilon = T::from_f64(EPSILON);
    losses.clear();
    let (classes, stride) = (logits.columns(), logits.stride());
    // Far below any logit: the exponential is 0, as padding has to be.
    let padding_logit = T::from_f64(-1e4);
    for (row, shifted) in gradient.padded_mut().chunks_exact_mut(stride).enumerate() {
        let logits = logits.row(row);
        let mut largest = logits[0];
        for &logit in &logits[1..] {
            if logit > largest {
                largest = logit;
            }
        }
        let shift = if largest.abs() > T::SOFTMAX_SHIFT_ABOVE { largest } else { T::ZERO };
        for (shifted, &logit) in shifted.iter_mut().zip(logits) {
            *shifted = logit - shift;
        }
        shifted[classes..].fill(padding_logit);
    }
    // All at once, as that fills whole vectors.
    for value in gradient.padded_mut() {
        *value = value.exp();
    }
    for (row, &label) in labels.iter().enumerate() {
        let probabilities = gradient.row_mut(row);
        let mut sum = T::ZERO;
        for &exponential in &*probabilities {
            sum += exponential;
        }
        for probability in &mut *probabilities {
            *probability = *probability / sum;
        }
        losses.push((probabilities[label] + epsilon).ln().into());
        probabilities[label] = probabilities[label] - T::ONE;
        for element in probabilities {
            *element = element.flush();
        }
    }
    -pairwise_sum(losses) / losses.len() as f64
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

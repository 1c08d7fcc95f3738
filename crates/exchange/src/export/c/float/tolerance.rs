//! How far apart the outputs in C may be from those of the model: a bound on what rounding does, row by row.
//!
//! With `u = 2⁻²⁴`, half a unit in the last place of a float, a sum of `n` products and a bias differs from the exact one by at
//! most `(n + 2)·u·(Σ|x·w| + |b|)` in any order, fused or not (Higham, *Accuracy and Stability of Numerical Algorithms*, 2002,
//! §3.1), and by `Σ e·|w|` of inputs that differ by `e`. Activations hand on a difference times their steepest slope, and err by a
//! few units themselves. Outputs on a grid differ by as many levels as their position may round to.

use bitsweep_models::{Activation, Precision};
use bitsweep_quant::estimator::ClippedActivation;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, array};

use crate::packed::{Classifier, ClippedOutputs, FeatureScaling};

/// Half a unit in the last place of a float of magnitude 1.
const UNIT: f64 = f32::EPSILON as f64 / 2.0;

/// By how many of those the functions of `<math.h>`, and what few operations are made of them, may err.
const FUNCTION_UNITS: f64 = 16.0;

/// How far apart any output of each row of features may be. What the model computes in `f64` is exact beside it; what it computes
/// in `f32` is as far from exact as what C does.
pub(super) fn tolerances(classifier: &Classifier, features: ArrayView2<'_, f64>) -> Vec<f64> {
    let weights: Vec<(Array2<f64>, Array1<f64>)> = classifier
        .layers
        .iter()
        .map(|layer| {
            let bias = layer.bias.to_array().mapv(f64::from);
            (layer.weight.to_array().mapv(f64::from), bias.index_axis_move(Axis(0), 0))
        })
        .collect();
    let sides = match classifier.precision {
        Precision::Single => 2.0,
        Precision::Mixed => 1.0,
    };
    let scaled = classifier.scaling.apply(features);
    let rows = scaled.outer_iter().zip(features.outer_iter());
    rows.map(|(scaled, features)| {
        let mut values = scaled.to_owned();
        let mut errors = scaling_errors(&classifier.scaling, features, scaled);
        for (layer, (weight, bias)) in classifier.layers.iter().zip(&weights) {
            let units = (weight.nrows() + 2) as f64 * UNIT;
            let magnitudes =
                (values.mapv(f64::abs) + &errors).dot(&weight.mapv(f64::abs)) + bias.mapv(f64::abs);
            errors = errors.dot(&weight.mapv(f64::abs)) + magnitudes * units;
            values = values.dot(weight) + bias;
            for (value, error) in values.iter_mut().zip(&mut errors) {
                let sum = *value;
                *value = layer.activation.apply(sum);
                *error = *error * steepest(layer.activation) + own_error(layer.activation, sum, *error);
                if let Some(outputs) = layer.outputs {
                    (*value, *error) = on_grid(outputs, *value, *error);
                }
            }
        }
        let largest = |numbers: &Array1<f64>| numbers.iter().fold(0.0, |most: f64, own| most.max(own.abs()));
        // Outputs are compared as floats. What is left out above is of the order of the square of a unit.
        (sides * largest(&errors) + 2.0 * UNIT * largest(&values)) * (1.0 + 1e-3)
            + f64::from(f32::MIN_POSITIVE)
    })
    .collect()
}

/// What rounding a feature, subtracting and dividing may do.
fn scaling_errors(
    scaling: &FeatureScaling,
    features: ArrayView1<'_, f64>,
    scaled: ArrayView1<'_, f64>,
) -> Array1<f64> {
    let error = |(position, feature): (usize, &f64)| {
        let value = scaled[position].abs();
        match scaling {
            FeatureScaling::None => value * UNIT,
            FeatureScaling::Divide(_) | FeatureScaling::DivideEach(_) => 3.0 * value * UNIT,
            FeatureScaling::Standard { mean, scale, constant } => {
                let mean = f64::from(mean[position]).abs();
                // Which side of the limit it is on is for rounding to say.
                let limit = match constant.contains(&position) {
                    true => FeatureScaling::CONSTANT_ROUNDING * mean,
                    false => 0.0,
                };
                (feature.abs() * UNIT + limit) / f64::from(scale[position]).abs() + 4.0 * value * UNIT
            }
        }
    };
    features.iter().enumerate().map(error).collect()
}

/// The most that an activation makes of a difference.
fn steepest(activation: Activation) -> f64 {
    match activation {
        Activation::Identity
        | Activation::Relu
        | Activation::Tanh
        | Activation::Sigmoid
        | Activation::HardTanh { .. } => 1.0,
        Activation::LeakyRelu { slope: below } | Activation::Elu { alpha: below } => {
            f64::from(below).abs().max(1.0)
        }
        Activation::HardSigmoid { alpha, beta: _ } => f64::from(alpha).abs(),
        Activation::Gelu | Activation::GeluTanh => 1.13,
        Activation::HardSwish => 1.5,
    }
}

/// How far what is computed of a sum may be from the activation's formula.
fn own_error(activation: Activation, sum: f64, error: f64) -> f64 {
    let magnitude = sum.abs() + error;
    match activation {
        Activation::Identity | Activation::Relu | Activation::HardTanh { .. } => 0.0,
        Activation::LeakyRelu { slope } => magnitude * f64::from(slope).abs() * UNIT,
        Activation::Elu { alpha } => f64::from(alpha).abs() * FUNCTION_UNITS * UNIT,
        Activation::Tanh | Activation::Sigmoid => FUNCTION_UNITS * UNIT,
        // Abramowitz and Stegun's formula errs by 0.75e-7.
        Activation::Gelu => magnitude * (FUNCTION_UNITS * UNIT + 0.75e-7),
        Activation::GeluTanh | Activation::HardSwish => magnitude * FUNCTION_UNITS * UNIT,
        Activation::HardSigmoid { alpha, beta } => {
            3.0 * UNIT * (magnitude * f64::from(alpha).abs() + f64::from(beta).abs())
        }
    }
}

/// The level of a value that differs by at most `error`, and how far another one may be that it becomes.
fn on_grid(outputs: ClippedOutputs, value: f64, error: f64) -> (f64, f64) {
    let clip = outputs.clip();
    let error = error + 4.0 * UNIT * value.abs().min(clip);
    let mut levels = array![[value, value - error, value + error]];
    ClippedActivation { bits: outputs.bits }.quantize(clip, levels.view_mut());
    let (level, least, most) = (levels[[0, 0]], levels[[0, 1]], levels[[0, 2]]);
    (level, (most - level).max(level - least) + 2.0 * UNIT * level)
}

#[cfg(test)]
mod tests {
    use bitsweep_quant::Bits;

    use super::*;

    #[test]
    fn outputs_on_a_grid_differ_where_rounding_may_go_either_way() {
        let outputs = ClippedOutputs { bits: Bits::LEAST, clip: Some(2.0) };
        let near = |value: f64| on_grid(outputs, value, 1e-6).1;
        // The levels are 0 and 2.
        assert!(near(0.99) < 1e-6 && near(1.01) < 1e-6 && near(5.0) < 1e-6);
        assert!((near(1.0) - 2.0).abs() < 1e-6 && (near(1.000_000_5) - 2.0).abs() < 1e-6);
    }

    #[test]
    fn no_activation_makes_more_of_a_difference_than_its_steepest_slope() {
        for activation in [
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::HardSwish,
            Activation::Tanh,
            Activation::Elu { alpha: -1.5 },
            Activation::LeakyRelu { slope: -3.0 },
            Activation::HardSigmoid { alpha: 0.2, beta: 0.5 },
        ] {
            let positions = (-6000..6000).map(|position| f64::from(position) * 1e-3);
            let slope = |z: f64| (activation.apply(z + 1e-3) - activation.apply(z)).abs() / 1e-3;
            let most = positions.map(slope).fold(0.0, f64::max);
            let steepest = steepest(activation);
            assert!(most <= steepest * (1.0 + 1e-9) && most > 0.95 * steepest, "{activation}: {most}");
        }
    }
}

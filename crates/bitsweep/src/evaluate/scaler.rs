//! The scaler of the features: the bytes that it takes, and its folding into the first layer.

use bitsweep_datasets::{Encoder, Scaler};
use bitsweep_models::{Layer, Linear, Model, WeightId};
use bitsweep_results::FailureKind;
use ndarray::Array1;

use super::prepare::Prepared;
use super::stop::{At, Step, failed};
use crate::plan::Unit;
use bitsweep_experiment::variant::{ScalerUse, Variant};

const KIND: FailureKind = FailureKind::Transform;

/// Bytes of what makes features, as far as they are known before the model is: what the [encoder](Encoder::stored_bytes) and the
/// [scaler](Scaling::stored_bytes) store, nothing of a scaler that is folded. Factors by which a transform divides features have
/// their bytes in the scaler that is made of both.
pub(crate) fn feature_bytes(unit: &Unit, variant: &Variant, encoder: &Encoder) -> u64 {
    encoder.stored_bytes()
        + match variant.scaler {
            ScalerUse::Fold => 0,
            ScalerUse::Count => unit.scaling().stored_bytes(encoder.names().len()),
        }
}

/// A float model that takes features as they are.
pub(super) struct Folded {
    pub(super) model: Model,
    /// What the weights of each input were divided by.
    pub(super) divisors: Array1<f64>,
}

/// Folds the scaler `(x - μ)/σ` into the first layer: `W'_j = W_j/σ_j` for each input `j`, `b' = b - Σ_j μ_j·W'_j`.
///
/// Everything is computed in `f64` and rounded once; the biases are made for the rounded weights, so that at the mean of the
/// features nothing is lost.
///
/// # Errors
/// Weights or biases that `f32` cannot hold.
pub(super) fn fold(prepared: &Prepared<'_>, float: &Model) -> Step<Folded> {
    let (means, divisors) = means_and_divisors(&prepared.scaler, float.input_size());
    let mut layers = float.layers().to_vec();
    if let Some(Layer::Linear(Linear { weight, bias, .. })) = layers.first_mut() {
        let mut shifted = bias.mapv(f64::from);
        for (feature, mut weights) in weight.rows_mut().into_iter().enumerate() {
            for (weight, bias) in weights.iter_mut().zip(&mut shifted) {
                let folded = f64::from(*weight) / divisors[feature];
                let rounded = folded as f32;
                if *weight != 0.0 && !rounded.is_normal() {
                    let name = &prepared.encoder.names()[feature];
                    return Err(beyond(&format!("a weight of feature `{name}`"), folded));
                }
                *weight = rounded;
                *bias -= means[feature] * f64::from(rounded);
            }
        }
        if let Some(beyond_f32) = shifted.iter().find(|bias| !(**bias as f32).is_finite()) {
            return Err(beyond(&format!("a number of {}", WeightId::Bias(0)), *beyond_f32));
        }
        *bias = shifted.mapv(|bias| bias as f32);
    }
    let model = Model::new(layers, float.head()).at(KIND)?;
    Ok(Folded { model, divisors })
}

fn beyond(what: &str, value: f64) -> bitsweep_results::RowFailure {
    let reason = format!(
        "with the scaler folded into it {what} is `{value:e}`, which f32 cannot hold: expected `scaler = \"count\"`"
    );
    failed(KIND, reason)
}

fn means_and_divisors(scaler: &Scaler, features: usize) -> (Array1<f64>, Array1<f64>) {
    match scaler {
        Scaler::None => (Array1::zeros(features), Array1::ones(features)),
        Scaler::Divide(divisor) => (Array1::zeros(features), Array1::from_elem(features, *divisor)),
        Scaler::DivideEach(divisors) => (Array1::zeros(features), divisors.clone()),
        Scaler::Standard { mean, scale, .. } => (mean.clone(), scale.clone()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use bitsweep_datasets::{Column, Dataset, Scaling, Split, builtin, encode, fit};
    use bitsweep_models::{Activation, Head};
    use ndarray::{Array2, Axis, concatenate};

    use super::*;

    /// Wine with a constant feature beside the others.
    fn wine(constant: f64) -> Dataset {
        let wine = builtin("wine").unwrap();
        let constants = Array2::from_elem((wine.rows(), 1), constant);
        let values = concatenate![Axis(1), wine.values, constants];
        let columns = wine.columns.iter().cloned().chain([Column::numbers("constant")]).collect();
        Dataset { values, columns, ..wine }
    }

    fn prepared<'d>(dataset: &'d Dataset, scaling: &Scaling) -> Prepared<'d> {
        let split = Split {
            validation: Vec::new(),
            train: (0..dataset.rows()).step_by(2).collect(),
            test: (1..dataset.rows()).step_by(2).collect(),
        };
        let encoder = encode(dataset, &split.train).unwrap();
        let (train, test) = (encoder.apply(dataset, &split.train), encoder.apply(dataset, &split.test));
        let (train_labels, test_labels) = (dataset.labels_of(&split.train), dataset.labels_of(&split.test));
        let scaler = fit(scaling, train.view()).unwrap();
        let (train_features, test_features) =
            (scaler.apply(train.view()).unwrap(), scaler.apply(test.view()).unwrap());
        Prepared {
            validation_features: Array2::zeros((0, train.ncols())),
            validation_labels: Vec::new(),
            dataset,
            encoder,
            scaler,
            train_features,
            train_labels,
            test_features,
            test_labels,
            split,
            seen_rows: 0,
        }
    }

    /// Two layers, their weights between -1 and 1 in no pattern.
    fn model(features: usize) -> Model {
        let layer = |inputs: usize, outputs: usize, activation| {
            let number = |index: usize| ((index * 37 + 11) % 101) as f32 / 50.5 - 1.0;
            Linear {
                weight: Array2::from_shape_fn((inputs, outputs), |(row, column)| {
                    number(row * outputs + column)
                }),
                bias: (0..outputs).map(number).collect(),
                activation,
            }
        };
        let layers = [layer(features, 9, Activation::Relu), layer(9, 3, Activation::Identity)];
        Model::new(layers, Head::Softmax).unwrap()
    }

    #[test]
    fn a_folded_model_computes_the_same_logits_of_unscaled_features_but_for_rounding() {
        for scaling in [Scaling::Standard, Scaling::Divide(16.0)] {
            for constant in [0.0, 0.1, 1e6] {
                let dataset = wine(constant);
                let prepared = prepared(&dataset, &scaling);
                let float = model(dataset.columns.len());
                let Folded { model, .. } = fold(&prepared, &float).unwrap();
                let rows = prepared.unscaled().unwrap();
                let train = prepared.encoder.apply(&dataset, &prepared.split.train);
                assert_eq!(rows.train_features, train);
                let single = |features: &Array2<f64>| features.mapv(|value| value as f32);
                let plain = float.logits(single(&prepared.test_features).view());
                let folded = model.logits(single(&rows.test_features).view());
                // Half a unit in the last place of what is added up: weights are up to 1, and so many deviations of a
                // feature its largest value is.
                let scale = plain.iter().fold(0.0, |largest: f32, logit| largest.max(logit.abs()));
                let room = if constant > 1.0 { constant as f32 } else { 60.0 * scale };
                for (plain, folded) in plain.iter().zip(&folded) {
                    assert!(
                        (plain - folded).abs() <= room * 1e-6,
                        "{scaling:?} {constant}: {plain} {folded}"
                    );
                }
            }
        }
    }

    #[test]
    fn weights_that_f32_cannot_hold_are_refused_by_the_name_of_their_feature() {
        let mut dataset = wine(0.0);
        dataset.values.column_mut(13).indexed_iter_mut().for_each(|(row, value)| {
            *value = if row % 3 == 0 { 1e-44 } else { 0.0 };
        });
        let prepared = prepared(&dataset, &Scaling::Standard);
        let failure = fold(&prepared, &model(14)).err().unwrap();
        assert!(failure.reason.contains("a weight of feature `constant`"), "{failure}");
        assert!(failure.reason.contains("expected `scaler = \"count\"`"), "{failure}");
    }
}

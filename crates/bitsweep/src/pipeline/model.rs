//! A model unit: train once, then transform → quantize → score every variant.

use std::time::Instant;

use bitsweep_models::{EpochLoss, Model, fit_logistic};
use bitsweep_results::{CurveRow, Records};
use rayon::prelude::*;

use super::aware;
use super::bench::{Bench, Judged};
use super::coded::CodedModel;
use super::histogram::histogram;
use super::post_training::{QuantizedModel, quantize};
use super::prepare::{Prepared, prepare, stream};
use super::quantize::Identity;
use super::score::{Buffers, Inputs};
use super::sensitivity::baseline_sensitivity;
use super::{KeepGoing, failed};
use crate::config::ModelSpec;
use crate::failure::Failure;
use crate::plan::{Plan, Unit};
use crate::timing::{Latency, LatencyKind, PASSES, median_seconds};

/// A plan with more variants shows no histograms.
const MOST_HISTOGRAMS: usize = 16;

/// A trained unit with its records.
pub(super) struct ModelOutcome {
    pub(super) records: Records,
    pub(super) training_seconds: f64,
    pub(super) models: TrainedModels,
}

/// The models of a unit.
pub(super) struct TrainedModels {
    float: Model,
    /// For each variant the model that was trained with quantization in the loop, or whose bits were chosen; of the first
    /// unit only.
    kept: Vec<Option<QuantizedModel>>,
}

/// Trains the unit's model and measures all its variants.
pub(super) fn run(
    plan: &Plan,
    is_first: bool,
    unit: &Unit,
    keep_going: KeepGoing<'_>,
) -> Result<ModelOutcome, Failure> {
    let prepared = prepare(unit)?;
    let started = Instant::now();
    let (stack, curve) = train(unit, &prepared, keep_going)?;
    let training_seconds = started.elapsed().as_secs_f64();

    let bench = Bench::new(unit, &prepared, &stack)?;
    let mut records = Records::default();
    let wanted = plan.header.record;
    let mut add = |judged: &Judged, label: &str, position: usize| -> Result<(), Failure> {
        records.results.push(judged.row.clone());
        let identity = Identity { unit: unit.short_key(), variant: position, label };
        records.curve.extend(curve_rows(identity, &judged.curve));
        records.sensitivity.extend(judged.sensitivity.iter().cloned());
        if wanted.predictions {
            records.predictions.extend(bench.prediction_rows(identity, &judged.predictions));
            records.classes.extend(bench.class_rows(identity, &judged.confusion));
        }
        for tensor in judged.model.iter().flat_map(|model| &model.tensors) {
            if wanted.tensors {
                records.tensors.extend(tensor.tensor_rows(identity)?);
            }
            if wanted.values {
                records.values.extend(tensor.value_rows(identity));
            }
            records.codebooks.extend(tensor.codebook_rows(identity));
            if is_first && unit.variants.len() <= MOST_HISTOGRAMS {
                records.histogram.extend(histogram(identity, tensor));
            }
        }
        Ok(())
    };
    let mut baseline = bench.baseline(curve)?;
    if wanted.sensitivity {
        baseline.sensitivity = baseline_sensitivity(unit, &prepared, &stack)?;
    }
    add(&baseline, "float", 0)?;
    let judged: Vec<Result<Judged, Failure>> = unit
        .variants
        .par_iter()
        .enumerate()
        .map_init(Buffers::default, |buffers, (index, variant)| {
            if !keep_going() {
                return Err(Failure::Interrupted);
            }
            let mut judged = bench.judge(index + 1, variant, buffers, keep_going)?;
            if wanted.sensitivity {
                judged.sensitivity = bench.sensitivity(index + 1, variant, &judged)?;
            }
            Ok(judged)
        })
        .collect();
    let mut kept = Vec::new();
    for (index, (judged, variant)) in judged.into_iter().zip(&unit.variants).enumerate() {
        let judged = judged?;
        add(&judged, &variant.label, index + 1)?;
        let is_dear = variant.training.is_some() || variant.mixed.is_some();
        kept.push(judged.model.filter(|_| is_first && is_dear));
    }
    drop(bench);
    Ok(ModelOutcome { records, training_seconds, models: TrainedModels { float: stack, kept } })
}

fn train(
    unit: &Unit,
    prepared: &Prepared<'_>,
    keep_going: KeepGoing<'_>,
) -> Result<(Model, Vec<EpochLoss>), Failure> {
    let features = prepared.train_features.view();
    let (labels, classes) = (&prepared.train_labels, prepared.classes());
    let untrained = aware::initial(unit, prepared, 1)?;
    match (&unit.spec.model, untrained, &unit.spec.train) {
        (Some(ModelSpec::Mlp(_) | ModelSpec::SoftmaxRegression(_)), Some(untrained), Some(training)) => {
            let mut shuffle = stream(unit, "shuffle")?;
            match bitsweep_models::train(untrained, features, labels, training, &mut shuffle, keep_going) {
                Ok(trained) => Ok((trained.model, trained.curve)),
                Err(_) if !keep_going() => Err(Failure::Interrupted),
                Err(error) => Err(failed(unit, error)),
            }
        }
        (Some(ModelSpec::Logistic(logistic)), _, _) => {
            let stack = fit_logistic(features, labels, classes, logistic);
            Ok((stack.map_err(|error| failed(unit, error))?, Vec::new()))
        }
        (Some(ModelSpec::Mlp(_) | ModelSpec::SoftmaxRegression(_)) | None, _, _) => {
            Err(Failure::Other(format!("{} has no model to train", unit.describe())))
        }
    }
}

fn curve_rows(identity: Identity<'_>, curve: &[EpochLoss]) -> Vec<CurveRow> {
    let epochs = curve.iter().enumerate();
    let rows = epochs.map(|(epoch, loss)| CurveRow {
        unit: identity.unit.to_owned(),
        variant: identity.variant,
        label: identity.label.to_owned(),
        epoch,
        loss_sum: loss.loss_sum,
        loss: loss.loss,
    });
    rows.collect()
}

/// Prediction times of the float model and of every variant, dequantized on the fly as notebook 003 does.
pub(super) fn latencies(
    unit: &Unit,
    models: &TrainedModels,
    keep_going: KeepGoing<'_>,
) -> Result<Vec<Latency>, Failure> {
    let prepared = prepare(unit)?;
    let stack = &models.float;
    let bench = Bench::new(unit, &prepared, stack)?;
    let mut buffers = Buffers::default();
    let latency = |variant: &str, method, median_seconds| Latency {
        variant: variant.to_owned(),
        method,
        rows: prepared.test_labels.len(),
        median_seconds,
        passes: PASSES,
    };
    let float = median_seconds(|| {
        std::hint::black_box(bench.inputs.predict(stack, None, &mut buffers));
    });
    let mut latencies = vec![latency("float", LatencyKind::Float, float)];
    for (variant, kept) in unit.variants.iter().zip(&models.kept) {
        if !keep_going() {
            return Err(Failure::Interrupted);
        }
        let transformed = bench.transformed(variant)?;
        let prepared = transformed.divided.as_ref().unwrap_or(&prepared);
        let quantized;
        let model = match kept {
            Some(kept) => kept,
            None => {
                quantized = quantize(unit, prepared, &transformed.stack, variant)?;
                &quantized
            }
        };
        if let Some(activations) = &variant.activations {
            let coded = CodedModel::new(unit, prepared, model, activations)?;
            let inputs = Inputs::new(unit, &prepared.test_features);
            let features = inputs.single();
            coded.predict(features.view()).map_err(|error| failed(unit, error))?;
            let seconds = median_seconds(|| {
                std::hint::black_box(coded.predict(features.view()).is_ok());
            });
            latencies.push(latency(&variant.label, LatencyKind::SimulatedIntegers, seconds));
            continue;
        }
        let QuantizedModel { stack, tensors, activations, .. } = model;
        let mut stack = stack.clone();
        let seconds = median_seconds(|| {
            for (id, mut target) in stack.weights_mut() {
                if let Some(tensor) = tensors.iter().find(|tensor| tensor.name == id.to_string()) {
                    target.assign(&tensor.quantized.reconstruct());
                }
            }
            std::hint::black_box(bench.inputs.predict(&stack, activations.as_ref(), &mut buffers));
        });
        latencies.push(latency(&variant.label, LatencyKind::SimulatedDequantizeOnTheFly, seconds));
    }
    Ok(latencies)
}

//! A model unit: train once, then transform → quantize → score every variant.

use std::time::Instant;

use bitsweep_metrics::Confusion;
use bitsweep_models::{Activation, DenseStack, EpochLoss, Precision, fit_logistic, train_mlp};
use bitsweep_quant::Transform;
use bitsweep_results::{
    CalibrationMeasures, ClassRow, CurveRow, DatasetShape, ErrorMeasures, PredictionRow, Records, ResultRow,
    SizeMeasures,
};
use rayon::prelude::*;

use super::calibrate::{CalibratedModel, quantize_layers};
use super::failed;
use super::histogram::histogram;
use super::prepare::{Prepared, prepare, stream};
use super::quantize::{
    Identity, QuantizedTensor, error_measures, flags, quantize_tensor, result_row, size_measures,
};
use super::score::{Buffers, Inference, Inputs, score};
use crate::config::{Biases, ModelSpec};
use crate::failure::Failure;
use crate::plan::{Plan, Unit, Variant};
use crate::timing::{Latency, Method, PASSES, median_seconds};

/// A plan with more variants shows no histograms.
const MOST_HISTOGRAMS: usize = 16;

/// Bytes of one float parameter.
const FLOAT_BYTES: u64 = size_of::<f32>() as u64;

/// Asked between steps whether to go on.
type KeepGoing<'a> = &'a (dyn Fn() -> bool + Sync);

/// A trained unit with its records.
pub(super) struct ModelOutcome {
    pub(super) records: Records,
    pub(super) training_seconds: f64,
    pub(super) stack: DenseStack,
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
    let mut records = Records { curve: curve_rows(unit, &curve), ..Records::default() };
    let wanted = plan.header.record;
    let mut add = |judged: Judged, label: &str, position: usize| -> Result<(), Failure> {
        records.results.push(judged.row);
        let identity = Identity { unit: unit.short_key(), variant: position, label };
        if wanted.predictions {
            records.predictions.extend(bench.prediction_rows(identity, &judged.predictions));
            records.classes.extend(bench.class_rows(identity, &judged.confusion));
        }
        for tensor in &judged.tensors {
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
    add(bench.baseline()?, "float", 0)?;
    let judged: Vec<Result<Judged, Failure>> = unit
        .variants
        .par_iter()
        .enumerate()
        .map_init(Buffers::default, |buffers, (index, variant)| {
            if keep_going() { bench.judge(index + 1, variant, buffers) } else { Err(Failure::Interrupted) }
        })
        .collect();
    for (index, (judged, variant)) in judged.into_iter().zip(&unit.variants).enumerate() {
        add(judged?, &variant.label, index + 1)?;
    }
    drop(bench);
    Ok(ModelOutcome { records, training_seconds, stack })
}

fn train(
    unit: &Unit,
    prepared: &Prepared<'_>,
    keep_going: KeepGoing<'_>,
) -> Result<(DenseStack, Vec<EpochLoss>), Failure> {
    let features = prepared.train_features.view();
    let (labels, classes) = (&prepared.train_labels, prepared.classes());
    match (&unit.spec.model, &unit.spec.train) {
        (Some(ModelSpec::Mlp(mlp)), Some(training)) => {
            let (mut init, mut shuffle) = (stream(unit, "init")?, stream(unit, "shuffle")?);
            let trained =
                train_mlp(features, labels, classes, mlp, training, &mut init, &mut shuffle, keep_going);
            match trained {
                Ok(trained) => Ok((trained.stack, trained.curve)),
                Err(_) if !keep_going() => Err(Failure::Interrupted),
                Err(error) => Err(failed(unit, error)),
            }
        }
        (Some(ModelSpec::Logistic(logistic)), _) => {
            let stack = fit_logistic(features, labels, classes, logistic);
            Ok((stack.map_err(|error| failed(unit, error))?, Vec::new()))
        }
        (Some(ModelSpec::Mlp(_)), None) | (None, _) => {
            Err(Failure::Other(format!("{} has no model to train", unit.describe())))
        }
    }
}

fn curve_rows(unit: &Unit, curve: &[EpochLoss]) -> Vec<CurveRow> {
    let epochs = curve.iter().enumerate();
    let rows = epochs.map(|(epoch, loss)| CurveRow {
        unit: unit.short_key().to_owned(),
        epoch,
        loss_sum: loss.loss_sum,
        loss: loss.loss,
    });
    rows.collect()
}

/// A trained model on its test rows: everything that its variants are measured with.
struct Bench<'u> {
    unit: &'u Unit,
    prepared: &'u Prepared<'u>,
    inputs: Inputs,
    float: Inference,
    /// The float model under each transform that some variant asks for, and whether the transform changed it.
    transformed: Vec<(Transform, DenseStack, bool)>,
}

/// One variant with everything that is recorded of it.
struct Judged {
    row: ResultRow,
    predictions: Vec<usize>,
    confusion: Confusion,
    tensors: Vec<QuantizedTensor<f32>>,
}

/// A model whose tensors went through a scheme.
struct QuantizedModel {
    stack: DenseStack,
    tensors: Vec<QuantizedTensor<f32>>,
    /// Bytes of the biases that stay as they are.
    kept_bytes: u64,
    calibration: Option<CalibrationMeasures>,
    /// What calibration did not do.
    flags: Vec<String>,
}

impl<'u> Bench<'u> {
    fn new(unit: &'u Unit, prepared: &'u Prepared<'u>, stack: &DenseStack) -> Result<Bench<'u>, Failure> {
        let mixed = unit.spec.train.as_ref().is_some_and(|training| training.precision == Precision::Mixed);
        let features = &prepared.test_features;
        let inputs = if mixed {
            Inputs::Double(features.clone())
        } else {
            Inputs::Single(features.mapv(|value| value as f32))
        };
        let float = inputs.infer(stack, &mut Buffers::default());
        let mut transformed: Vec<(Transform, DenseStack, bool)> =
            vec![(Transform::None, stack.clone(), false)];
        for variant in &unit.variants {
            if !transformed.iter().any(|(known, ..)| *known == variant.transform) {
                let (changed, did) = transform(unit, stack, variant.transform)?;
                transformed.push((variant.transform, changed, did));
            }
        }
        Ok(Bench { unit, prepared, inputs, float, transformed })
    }

    fn stack(&self, transform: Transform) -> &(Transform, DenseStack, bool) {
        let found = self.transformed.iter().find(|(known, ..)| *known == transform);
        found.expect("`new` applied the transform of every variant")
    }

    fn shape(&self) -> DatasetShape {
        DatasetShape {
            train_rows: self.prepared.train_labels.len(),
            test_rows: self.prepared.test_labels.len(),
            features: self.prepared.train_features.ncols(),
            classes: self.prepared.classes(),
        }
    }

    fn baseline(&self) -> Result<Judged, Failure> {
        let mut row = result_row(self.unit, 0, None);
        row.format = "f32".to_owned();
        row.bits = f32::MANTISSA_DIGITS + 8;
        row.error = ErrorMeasures { sqnr_db: f64::INFINITY, ..ErrorMeasures::default() };
        let (_, stack, _) = self.stack(Transform::None);
        let bytes = stack.parameters() as u64 * FLOAT_BYTES;
        let biases: usize = stack.layers().iter().map(|layer| layer.bias.len()).sum();
        let biases = biases as u64 * FLOAT_BYTES;
        row.size = SizeMeasures {
            payload: bytes,
            codes: bytes - biases,
            biases,
            float: bytes,
            ..SizeMeasures::default()
        };
        self.finish(row, &self.float, Vec::new())
    }

    fn judge(&self, position: usize, variant: &Variant, buffers: &mut Buffers) -> Result<Judged, Failure> {
        let (_, float, did_transform) = self.stack(variant.transform);
        let model = self.quantize(float, variant)?;
        let mut row = result_row(self.unit, position, Some(variant));
        row.error = error_measures(&model.tensors);
        let bytes = float.parameters() as u64 * FLOAT_BYTES;
        row.size = size_measures(&model.tensors, model.kept_bytes, bytes);
        row.calibration = model.calibration;
        let mut flags = flags(&model.tensors);
        flags.extend(model.flags);
        if variant.transform != Transform::None && !did_transform {
            flags.push(format!("{} changed nothing", variant.transform));
        }
        row.flag = flags.join("; ");
        let inference = self.inputs.infer(&model.stack, buffers);
        self.finish(row, &inference, model.tensors)
    }

    fn quantize(&self, float: &DenseStack, variant: &Variant) -> Result<QuantizedModel, Failure> {
        if let Some(rows) = variant.calibration.rows {
            let CalibratedModel { stack, tensors, measures, flags } =
                quantize_layers(self.unit, self.prepared, float, variant, rows)?;
            let biases: usize = stack.layers().iter().map(|layer| layer.bias.len()).sum();
            let kept_bytes = match variant.biases {
                Biases::Keep => biases as u64 * FLOAT_BYTES,
                Biases::Quantize => 0,
            };
            return Ok(QuantizedModel { stack, tensors, kept_bytes, calibration: Some(measures), flags });
        }
        let mut stack = float.clone();
        let mut tensors = Vec::new();
        let mut kept_bytes = 0;
        for ((name, values), mut target) in float.tensors().zip(stack.tensors_mut()) {
            let is_bias = name.starts_with('b');
            if is_bias && variant.biases == Biases::Keep {
                kept_bytes += values.len() as u64 * FLOAT_BYTES;
                continue;
            }
            let tensor = quantize_tensor(self.unit, &name, values, &variant.scheme)?;
            target.assign(&tensor.reconstruction);
            tensors.push(tensor);
        }
        Ok(QuantizedModel { stack, tensors, kept_bytes, calibration: None, flags: Vec::new() })
    }

    fn finish(
        &self,
        mut row: ResultRow,
        inference: &Inference,
        tensors: Vec<QuantizedTensor<f32>>,
    ) -> Result<Judged, Failure> {
        let Prepared { test_labels, .. } = self.prepared;
        let scored = score(inference, test_labels, &self.float.predictions, self.prepared.classes());
        let (scores, confusion) =
            scored.map_err(|error| failed(self.unit, format!("{}: {error}", row.label)))?;
        row.shape = Some(self.shape());
        row.scores = Some(scores);
        Ok(Judged { row, predictions: inference.predictions.clone(), confusion, tensors })
    }

    fn prediction_rows(&self, identity: Identity<'_>, predictions: &[usize]) -> Vec<PredictionRow> {
        let names = &self.prepared.dataset.class_names;
        let rows = self.prepared.test_rows.iter().zip(&self.prepared.test_labels);
        let rows = rows.zip(self.float.predictions.iter().zip(predictions));
        let rows = rows.map(|((row, truth), (float, quantized))| PredictionRow {
            unit: identity.unit.to_owned(),
            variant: identity.variant,
            label: identity.label.to_owned(),
            row: *row,
            truth: names[*truth].clone(),
            float: names[*float].clone(),
            quantized: names[*quantized].clone(),
        });
        rows.collect()
    }

    fn class_rows(&self, identity: Identity<'_>, confusion: &Confusion) -> Vec<ClassRow> {
        let classes = self.prepared.dataset.class_names.iter().enumerate();
        let rows = classes.map(|(class, name)| ClassRow {
            unit: identity.unit.to_owned(),
            variant: identity.variant,
            label: identity.label.to_owned(),
            class: name.clone(),
            precision: confusion.precision(class),
            recall: confusion.recall(class),
            f1: confusion.f1(class),
            support: confusion.support()[class],
        });
        rows.collect()
    }
}

/// Applies a transform to every pair of neighbouring layers with a ReLU between them.
fn transform(unit: &Unit, stack: &DenseStack, transform: Transform) -> Result<(DenseStack, bool), Failure> {
    let mut layers = stack.layers().to_vec();
    let mut changed = false;
    for position in 1..layers.len() {
        let (before, after) = layers.split_at_mut(position);
        let (Some(first), Some(second)) = (before.last_mut(), after.first_mut()) else { continue };
        match first.activation {
            Activation::Relu => {
                let done = transform.apply(&mut first.weight, &mut first.bias, &mut second.weight);
                changed |= done.map_err(|error| failed(unit, error))?.changed();
            }
            Activation::Identity => {}
        }
    }
    let stack = DenseStack::new(layers, stack.head())
        .map_err(|error| failed(unit, format!("{transform}: {error}")))?;
    Ok((stack, changed))
}

/// Prediction times of the float model and of every variant, dequantized on the fly as notebook 003 does.
pub(super) fn latencies(
    unit: &Unit,
    stack: &DenseStack,
    keep_going: KeepGoing<'_>,
) -> Result<Vec<Latency>, Failure> {
    let prepared = prepare(unit)?;
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
        std::hint::black_box(bench.inputs.predict(stack, &mut buffers));
    });
    let mut latencies = vec![latency("float", Method::Float, float)];
    for variant in &unit.variants {
        if !keep_going() {
            return Err(Failure::Interrupted);
        }
        let (_, float, _) = bench.stack(variant.transform);
        let QuantizedModel { mut stack, tensors, .. } = bench.quantize(float, variant)?;
        let names = stack.tensor_names();
        let seconds = median_seconds(|| {
            for (name, mut target) in names.iter().zip(stack.tensors_mut()) {
                if let Some(tensor) = tensors.iter().find(|tensor| tensor.name == *name) {
                    target.assign(&tensor.quantized.reconstruct());
                }
            }
            std::hint::black_box(bench.inputs.predict(&stack, &mut buffers));
        });
        latencies.push(latency(&variant.label, Method::SimulatedDequantizeOnTheFly, seconds));
    }
    Ok(latencies)
}

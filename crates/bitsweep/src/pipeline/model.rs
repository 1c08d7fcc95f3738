//! A model unit: train once, then transform → quantize → score every variant.

use std::borrow::Cow;
use std::time::Instant;

use bitsweep_metrics::Confusion;
use bitsweep_models::{DenseStack, EpochLoss, fit_logistic};
use bitsweep_quant::Transform;
use bitsweep_results::{
    ClassRow, CurveRow, DatasetShape, ErrorMeasures, PredictionRow, Records, ResultRow, SensitivityRow,
    SizeMeasures,
};
use rayon::prelude::*;

use super::aware::{self, AwareModel, clip_bytes};
use super::coded::{CodedInference, CodedModel, clipping_flag};
use super::failed;
use super::histogram::histogram;
use super::post_training::{FLOAT_BYTES, QuantizedModel, quantize};
use super::prepare::{Prepared, prepare, stream};
use super::quantize::{Identity, error_measures, flags, layer_bits, result_row, size_measures};
use super::score::{Buffers, Inference, Inputs, score};
use super::sensitivity::{baseline_sensitivity, sensitivity};
use super::transform::{Transformed, transform};
use crate::config::ModelSpec;
use crate::failure::Failure;
use crate::plan::{Plan, Unit, Variant};
use crate::timing::{Latency, Method, PASSES, median_seconds};

/// A plan with more variants shows no histograms.
const MOST_HISTOGRAMS: usize = 16;

/// Asked between steps whether to go on.
pub(super) type KeepGoing<'a> = &'a (dyn Fn() -> bool + Sync);

/// A trained unit with its records.
pub(super) struct ModelOutcome {
    pub(super) records: Records,
    pub(super) training_seconds: f64,
    pub(super) models: TrainedModels,
}

/// The models of a unit.
pub(super) struct TrainedModels {
    float: DenseStack,
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
) -> Result<(DenseStack, Vec<EpochLoss>), Failure> {
    let features = prepared.train_features.view();
    let (labels, classes) = (&prepared.train_labels, prepared.classes());
    let untrained = aware::initial(unit, prepared, 1)?;
    match (&unit.spec.model, untrained, &unit.spec.train) {
        (Some(ModelSpec::Mlp(_) | ModelSpec::SoftmaxRegression(_)), Some(untrained), Some(training)) => {
            let mut shuffle = stream(unit, "shuffle")?;
            match bitsweep_models::train(untrained, features, labels, training, &mut shuffle, keep_going) {
                Ok(trained) => Ok((trained.stack, trained.curve)),
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

/// A trained model on its test rows: everything that its variants are measured with.
struct Bench<'u> {
    unit: &'u Unit,
    prepared: &'u Prepared<'u>,
    inputs: Inputs,
    float: Inference,
    /// The float model under each transform of weights alone that some variant asks for.
    transformed: Vec<(Transform, Transformed<'u>)>,
}

/// One variant with everything that is recorded of it.
struct Judged {
    row: ResultRow,
    predictions: Vec<usize>,
    confusion: Confusion,
    /// `None` of the float model.
    model: Option<QuantizedModel>,
    /// The losses of its own training, none where there was none.
    curve: Vec<EpochLoss>,
    /// What its parts do by themselves, where that is recorded.
    sensitivity: Vec<SensitivityRow>,
}

impl<'u> Bench<'u> {
    fn new(unit: &'u Unit, prepared: &'u Prepared<'u>, stack: &DenseStack) -> Result<Bench<'u>, Failure> {
        let inputs = Inputs::new(unit, &prepared.test_features);
        let float = inputs.infer(stack, None, &mut Buffers::default());
        let mut transformed = vec![(Transform::None, Transformed::unchanged(stack))];
        for variant in &unit.variants {
            if !variant.transform.looks_at_inputs()
                && !transformed.iter().any(|(known, _)| *known == variant.transform)
            {
                transformed.push((variant.transform, transform(unit, prepared, stack, variant)?));
            }
        }
        Ok(Bench { unit, prepared, inputs, float, transformed })
    }

    /// The trained float model.
    fn stack(&self) -> &DenseStack {
        // `new` put the model without a transform first.
        &self.transformed[0].1.stack
    }

    /// The float model under the variant's transform.
    fn transformed(&self, variant: &Variant) -> Result<Cow<'_, Transformed<'u>>, Failure> {
        match self.transformed.iter().find(|(known, _)| *known == variant.transform) {
            Some((_, transformed)) => Ok(Cow::Borrowed(transformed)),
            None => Ok(Cow::Owned(transform(self.unit, self.prepared, self.stack(), variant)?)),
        }
    }

    fn shape(&self) -> DatasetShape {
        DatasetShape {
            train_rows: self.prepared.train_labels.len(),
            test_rows: self.prepared.test_labels.len(),
            seen_rows: self.prepared.seen_rows,
            features: self.prepared.train_features.ncols(),
            classes: self.prepared.classes(),
        }
    }

    fn baseline(&self, curve: Vec<EpochLoss>) -> Result<Judged, Failure> {
        let mut row = result_row(self.unit, 0, None);
        row.set_axis("format", "f32");
        row.bits = f32::MANTISSA_DIGITS + 8;
        row.error = ErrorMeasures { sqnr_db: f64::INFINITY, ..ErrorMeasures::default() };
        let stack = self.stack();
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
        self.finish(row, &self.float, None, curve)
    }

    fn judge(
        &self,
        position: usize,
        variant: &Variant,
        buffers: &mut Buffers,
        keep_going: KeepGoing<'_>,
    ) -> Result<Judged, Failure> {
        let transformed = self.transformed(variant)?;
        let float = &transformed.stack;
        let prepared = transformed.divided.as_ref().unwrap_or(self.prepared);
        let AwareModel { model, curve, flags: training_flags } = match &variant.training {
            None => {
                let model = quantize(self.unit, prepared, float, variant)?;
                AwareModel { model, curve: Vec::new(), flags: Vec::new() }
            }
            Some(aware) => {
                let mut trained = aware::train(self.unit, prepared, float, variant, aware, keep_going)?;
                trained
                    .flags
                    .extend(unchanged(&trained.model, &quantize(self.unit, prepared, float, variant)?));
                trained
            }
        };
        let mut row = result_row(self.unit, position, Some(variant));
        row.error = error_measures(&model.tensors);
        let bytes = float.parameters() as u64 * FLOAT_BYTES;
        row.size = size_measures(&model.tensors, model.kept_bytes, bytes);
        row.size.scales += clip_bytes(model.activations.as_ref()) + transformed.factor_bytes(self.unit);
        row.calibration = model.calibration;
        if variant.is_layered() {
            row.layer_bits = layer_bits(&model.tensors);
        }
        let mut flags = flags(&model.tensors);
        flags.extend(model.flags.iter().cloned());
        flags.extend(training_flags);
        flags.extend(transformed.flags.iter().cloned());
        if variant.transform != Transform::None && !transformed.changed {
            flags.push(format!("{} changed nothing", variant.transform));
        }
        let own_inputs =
            transformed.divided.as_ref().map(|divided| Inputs::new(self.unit, &divided.test_features));
        let inputs = own_inputs.as_ref().unwrap_or(&self.inputs);
        let inference = match &variant.activations {
            None => inputs.infer(&model.stack, model.activations.as_ref(), buffers),
            Some(activations) => {
                let coded = CodedModel::new(self.unit, prepared, &model, activations)?;
                let (scales, zero_points) = coded.bytes();
                row.size.scales += scales;
                row.size.zero_points += zero_points;
                let inferred = coded.infer(inputs.single().view());
                let CodedInference { inference, clipped } =
                    inferred.map_err(|error| failed(self.unit, format!("{}: {error}", row.label)))?;
                row.clipped_activations = Some(clipped);
                flags.extend(clipping_flag(clipped));
                inference
            }
        };
        row.flag = flags.join("; ");
        self.finish(row, &inference, Some(model), curve)
    }

    /// None of a model that was trained with quantization in the loop: what it computes is no change of the float model.
    fn sensitivity(
        &self,
        position: usize,
        variant: &Variant,
        judged: &Judged,
    ) -> Result<Vec<SensitivityRow>, Failure> {
        let (Some(model), None) = (&judged.model, &variant.training) else { return Ok(Vec::new()) };
        let transformed = self.transformed(variant)?;
        let prepared = transformed.divided.as_ref().unwrap_or(self.prepared);
        let coded = variant.activations.as_ref();
        let coded =
            coded.map(|activations| CodedModel::new(self.unit, prepared, model, activations)).transpose()?;
        sensitivity(self.unit, prepared, &transformed.stack, position, variant, model, coded.as_ref())
    }

    fn finish(
        &self,
        mut row: ResultRow,
        inference: &Inference,
        model: Option<QuantizedModel>,
        curve: Vec<EpochLoss>,
    ) -> Result<Judged, Failure> {
        let Prepared { test_labels, .. } = self.prepared;
        let scored = score(inference, test_labels, &self.float.predictions, self.prepared.classes());
        let (scores, confusion) =
            scored.map_err(|error| failed(self.unit, format!("{}: {error}", row.label)))?;
        row.shape = Some(self.shape());
        row.scores = Some(scores);
        let predictions = inference.predictions.clone();
        Ok(Judged { row, predictions, confusion, model, curve, sensitivity: Vec::new() })
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

/// What to say of a training that made no difference to what quantizing the float model gives.
fn unchanged(trained: &QuantizedModel, post_training: &QuantizedModel) -> Option<String> {
    let same_activations = trained.activations.is_none();
    if same_activations && trained.stack == post_training.stack {
        return Some("training changed nothing".to_owned());
    }
    let pairs = trained.tensors.iter().zip(&post_training.tensors);
    let same_codes = trained.tensors.len() == post_training.tensors.len()
        && pairs.into_iter().all(|(ours, other)| ours.quantized.codes() == other.quantized.codes());
    same_codes.then(|| "training changed no code".to_owned())
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
    let mut latencies = vec![latency("float", Method::Float, float)];
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
            latencies.push(latency(&variant.label, Method::SimulatedIntegers, seconds));
            continue;
        }
        let QuantizedModel { stack, tensors, activations, .. } = model;
        let mut stack = stack.clone();
        let names = stack.tensor_names();
        let seconds = median_seconds(|| {
            for (name, mut target) in names.iter().zip(stack.tensors_mut()) {
                if let Some(tensor) = tensors.iter().find(|tensor| tensor.name == *name) {
                    target.assign(&tensor.quantized.reconstruct());
                }
            }
            std::hint::black_box(bench.inputs.predict(&stack, activations.as_ref(), &mut buffers));
        });
        latencies.push(latency(&variant.label, Method::SimulatedDequantizeOnTheFly, seconds));
    }
    Ok(latencies)
}

//! What every variant of a unit is made of, measured with and recorded by.

use std::sync::{Arc, OnceLock};

use bitsweep_exchange::packed::PackedModel;
use bitsweep_models::{EpochLoss, Model, TrainError, Training};
use bitsweep_quant::{Size, Transform};
use bitsweep_results::{
    Curve, ErrorMeasures, FailureKind, Flag, Measures, Metric, Origin, Predictions, Scores, SizeMeasures,
    ValidationPredictions,
};

use super::coded::{CodedInference, CodedModel, clipping_flag};
use super::evaluated::{Evaluated, PartPredicted, Predicted};
use super::float_model::{check_layers, training};
use super::histogram::histogram;
use super::latency;
use super::learned;
use super::majority::majority;
use super::packing::{Made, Provenance, check};
use super::post_training::post_training;
use super::prepare::{Prepared, stream};
use super::quantized_model::{FLOAT_BYTES, QuantizedModel, error_measures, flags};
use super::quantized_training::{self, TrainedVariant, clip_bytes};
use super::score::{Buffers, Inference, Inputs, flips, log_losses, score, score_float};
use super::sensitivity::{Subject, baseline_sensitivity};
use super::stop::{At, Step, failed};
use super::transform::{Transformed, transform};
use super::unit::{Evaluation, UnitOutcome};
use crate::plan::{PlannedVariant, Unit};
use bitsweep_experiment::variant::{ScalerUse, Variant};

/// What `refuse_unbounded` calls a row of either kind.
const TEST_ROW: &str = "a test row";
const VALIDATION_ROW: &str = "a validation row";

/// A plan with more variants shows no histograms.
const MOST_HISTOGRAMS: usize = 16;

/// Bytes that the weights of all variants evaluated at one time may take together.
const MOST_BYTES_IN_WORK: usize = 512 << 20;

/// A float model ready to be quantized, made when first asked for.
type Shared<'u> = OnceLock<Step<Transformed<'u, 'u>>>;

/// The float model on its test and validation rows: everything that variants are made of and measured with.
pub(super) struct Bench<'u> {
    evaluation: &'u Evaluation<'u>,
    unit: &'u Unit,
    prepared: &'u Prepared<'u>,
    model: &'u Model,
    inputs: Inputs,
    float: Inference,
    /// `None` where there are no rows to choose on.
    validation: Option<Validation>,
    /// What the majority class says of the test rows.
    majority: Inference,
    /// Classes that scores do not speak of, or that the model does not know.
    absent_classes: Vec<Flag>,
    /// The float model under each transform of weights alone that some variant asks for, its scaler folded or not.
    transformed: Vec<((ScalerUse, Transform), Shared<'u>)>,
    /// The rows with their features as they are, made when the first variant asks for them.
    unscaled: OnceLock<Step<Arc<Prepared<'u>>>>,
}

/// The rows to choose on, and what the float model says of them.
struct Validation {
    inputs: Inputs,
    float: PartPredicted,
}

impl<'u> Bench<'u> {
    /// Scores the float model; one whose outputs overflow is refused.
    pub(super) fn new(
        evaluation: &'u Evaluation<'u>,
        prepared: &'u Prepared<'u>,
        model: &'u Model,
    ) -> Step<Bench<'u>> {
        let unit = evaluation.unit;
        let inputs = Inputs::new(unit, &prepared.test_features);
        let float = inputs.infer(model, None, &mut Buffers::default());
        let training = training(unit).map(|(_, training)| training);
        refuse_unbounded(&float, TEST_ROW, training, FailureKind::Training)?;
        let validation = (!prepared.validation_labels.is_empty()).then(|| {
            let inputs = Inputs::new(unit, &prepared.validation_features);
            let float = inputs.infer(model, None, &mut Buffers::default());
            refuse_unbounded(&float, VALIDATION_ROW, training, FailureKind::Training)?;
            Ok(Validation { inputs, float: kept(evaluation, &float, &prepared.validation_labels) })
        });
        let validation = validation.transpose()?;
        let mut transforms: Vec<(ScalerUse, Transform)> = Vec::new();
        for planned in &unit.variants {
            let own = (planned.variant.scaler, planned.variant.transform);
            if !own.1.looks_at_inputs() && !transforms.contains(&own) {
                transforms.push(own);
            }
        }
        let transformed = transforms.into_iter().map(|transform| (transform, OnceLock::new())).collect();
        let absent_classes = prepared.absent_classes(unit);
        let majority = majority(prepared);
        Ok(Bench {
            evaluation,
            unit,
            prepared,
            model,
            inputs,
            float,
            validation,
            majority,
            absent_classes,
            transformed,
            unscaled: OnceLock::new(),
        })
    }

    /// How many variants are worked on at a time: few of a large model.
    pub(super) fn variants_in_work(&self) -> usize {
        if self.is_timed() {
            return 1;
        }
        // The weights by their codes, the values of the codes, and a layer in the layout of the kernels.
        let bytes = self.model.parameters() * 3 * size_of::<f32>();
        let threads = rayon::current_num_threads();
        let units = self.evaluation.plan.units.len().min(threads);
        (MOST_BYTES_IN_WORK / units / bytes.max(1)).clamp(1, 4 * threads)
    }

    /// Whether prediction times are measured.
    fn is_timed(&self) -> bool {
        self.evaluation.position == 0 && latency::is_measured(self.evaluation.plan)
    }

    /// The float model under the variant's transform, through `use_it`.
    fn transformed<T>(
        &self,
        variant: &Variant,
        use_it: impl FnOnce(&Transformed<'u, 'u>) -> Step<T>,
    ) -> Step<T> {
        let unscaled = || self.unscaled.get_or_init(|| self.prepared.unscaled().map(Arc::new)).clone();
        let transform = || transform(self.unit, self.prepared, self.model, variant, unscaled);
        let own = (variant.scaler, variant.transform);
        match self.transformed.iter().find(|(known, _)| *known == own) {
            None => use_it(&transform()?),
            Some((_, shared)) => match shared.get_or_init(transform) {
                Ok(transformed) => use_it(transformed),
                Err(failure) => Err(failure.clone()),
            },
        }
    }

    /// What the float model leaves behind.
    pub(super) fn float(&self, outcome: &UnitOutcome, curve: Vec<EpochLoss>) -> Evaluated {
        let identity = &self.unit.float;
        let origin = outcome.origin(0, identity);
        let mut evaluated = Evaluated::new(origin, self.unit.row_key(identity));
        evaluated.curve = curve;
        evaluated.measured = self.measure_float(&mut evaluated);
        evaluated
    }

    fn measure_float(&self, evaluated: &mut Evaluated) -> Step<Measures> {
        if self.evaluation.plan.header.record.sensitivity {
            evaluated.sensitivity =
                baseline_sensitivity(self.unit, self.prepared, self.model, &evaluated.origin)?;
        }
        if self.is_timed() {
            let mut buffers = Buffers::default();
            evaluated.latency = Some(latency::of_float(self.model, &self.inputs, &mut buffers));
        }
        let bytes = self.model.parameters() as u64 * FLOAT_BYTES;
        let biases = self.model.weights().filter(|(id, _)| id.is_bias());
        let biases = biases.map(|(_, bias)| bias.len() as u64 * FLOAT_BYTES).sum();
        let stored = Size { codes: bytes - biases, ..Size::default() };
        // The first layer takes in the scaler, but not what makes numbers of texts and fills gaps.
        let scaler = self.prepared.encoder.stored_bytes();
        let measures = Measures {
            error: ErrorMeasures { sqnr_db: f64::INFINITY, ..ErrorMeasures::default() },
            size: SizeMeasures { payload: bytes, stored, biases, scaler, float: bytes },
            ..Measures::default()
        };
        let validation = self.validation.as_ref().map(|validation| validation.float.clone());
        evaluated.predictions = Some(self.predicted(&self.float, validation));
        let scored = score_float(&self.float, &self.prepared.test_labels, self.prepared.classes());
        let mut measures = self.add_scores(measures, scored.at(FailureKind::Scoring)?);
        if let Some(scores) = &measures.scores {
            let float = (&self.float, scores);
            let majority = self.scores(&self.majority)?;
            let learned = learned::flags(self.unit, self.prepared, float, &majority, &evaluated.curve);
            measures.flags.extend(learned);
        }
        Ok(measures)
    }

    /// What the majority class leaves behind: its scores alone; `None` where the plan has no row for it.
    pub(super) fn majority(&self, outcome: &UnitOutcome) -> Option<Evaluated> {
        let identity = self.unit.majority.as_ref()?;
        let origin = outcome.origin(outcome.rows(), identity);
        let mut evaluated = Evaluated::new(origin, self.unit.row_key(identity));
        let untested = |flag: &&Flag| matches!(flag, Flag::UntestedClasses { .. });
        evaluated.measured = self.scores(&self.majority).map(|scores| Measures {
            scores: Some(scores),
            error: ErrorMeasures::UNDEFINED,
            flags: self.absent_classes.iter().filter(untested).cloned().collect(),
            ..Measures::default()
        });
        Some(evaluated)
    }

    /// What a variant leaves behind.
    pub(super) fn variant(
        &self,
        origin: Origin,
        planned: &PlannedVariant,
        buffers: &mut Buffers,
    ) -> Evaluated {
        let mut evaluated = Evaluated::new(origin, self.unit.row_key(&planned.identity));
        evaluated.measured = self.transformed(&planned.variant, |transformed| {
            self.measure(&mut evaluated, transformed, planned, buffers)
        });
        evaluated
    }

    /// Makes the variant, scores it, and leaves its rows in `evaluated`; its weights are dropped with the return.
    fn measure(
        &self,
        evaluated: &mut Evaluated,
        transformed: &Transformed<'u, 'u>,
        planned: &PlannedVariant,
        buffers: &mut Buffers,
    ) -> Step<Measures> {
        let PlannedVariant { variant, identity, .. } = planned;
        let float: &Model = &transformed.model;
        let prepared = transformed.prepared(self.prepared);
        let (model, curve) = self.quantized(transformed, variant)?;
        evaluated.curve = curve;
        let coded = self.coded(prepared, &model, variant)?;
        let mut measures = self.describe(&model, coded.as_ref(), transformed, variant);
        let own_inputs = transformed.rows.as_ref().map(|rows| Inputs::new(self.unit, &rows.test_features));
        let inputs = own_inputs.as_ref().unwrap_or(&self.inputs);
        let (inference, clipped) = inferred(&model, coded.as_ref(), inputs, buffers)?;
        measures.clipped_activations = clipped;
        measures.flags.extend(clipped.and_then(clipping_flag));
        let aware = variant.training.as_ref().zip(training(self.unit));
        let aware = aware.map(|(aware, (_, training))| aware.applied_to(training));
        refuse_unbounded(&inference, TEST_ROW, aware.as_ref(), FailureKind::QuantizedTraining)?;
        let validation = self.validation_inference(transformed, &model, coded.as_ref(), buffers)?;
        if let Some(inference) = &validation {
            refuse_unbounded(inference, VALIDATION_ROW, aware.as_ref(), FailureKind::QuantizedTraining)?;
        }
        let validation =
            validation.map(|inference| kept(self.evaluation, &inference, &self.prepared.validation_labels));
        evaluated.predictions = Some(self.predicted(&inference, validation));
        let Prepared { test_labels, split, dataset, .. } = self.prepared;
        if self.evaluation.plan.header.record.predictions {
            let tests = (test_labels.as_slice(), split.test.as_slice());
            evaluated.flips = flips(&evaluated.origin, &inference, &self.float, tests, &dataset.class_names);
        }
        let measures = self.add_scores(measures, self.scores(&inference)?);
        self.add_rows(evaluated, &model, float, variant, prepared, coded.as_ref())?;
        if self.is_timed() {
            let label = self.evaluation.plan.labels.get(&identity.row).text();
            evaluated.latency = Some(latency::of_variant(label, &model, coded.as_ref(), inputs, buffers));
        }
        Ok(measures)
    }

    /// The weights of a variant by their codes, and the losses of its training where it is trained.
    fn quantized(
        &self,
        transformed: &Transformed<'u, 'u>,
        variant: &Variant,
    ) -> Step<(QuantizedModel, Vec<EpochLoss>)> {
        check_layers(self.unit, variant).at(FailureKind::Quantization)?;
        let prepared = transformed.prepared(self.prepared);
        match &variant.training {
            None => Ok((post_training(self.unit, prepared, transformed, variant)?, Vec::new())),
            Some(aware) => {
                let float = &transformed.model;
                let trained = quantized_training::train(self.unit, prepared, float, variant, aware)?;
                let TrainedVariant { model, curve } = trained;
                Ok((model, curve))
            }
        }
    }

    /// The quantizers of the inputs of its layers, where the variant has them.
    fn coded<'m>(
        &self,
        prepared: &Prepared<'_>,
        model: &'m QuantizedModel,
        variant: &Variant,
    ) -> Step<Option<CodedModel<'m>>> {
        let activations = variant.activations.as_ref();
        activations.map(|activations| CodedModel::new(self.unit, prepared, model, activations)).transpose()
    }

    /// A variant as a model to be taken away.
    pub(super) fn packed(&self, variant: &Variant, provenance: Provenance) -> Step<PackedModel> {
        self.transformed(variant, |transformed| {
            let prepared = transformed.prepared(self.prepared);
            let (model, _) = self.quantized(transformed, variant)?;
            let coded = self.coded(prepared, &model, variant)?;
            let bytes = self.describe(&model, coded.as_ref(), transformed, variant).size.total();
            let made = Made { unit: self.unit, prepared, model: &model, coded: coded.as_ref() };
            let packed = made.packed(provenance)?;
            let own_inputs =
                transformed.rows.as_ref().map(|rows| Inputs::new(self.unit, &rows.test_features));
            let inputs = own_inputs.as_ref().unwrap_or(&self.inputs);
            let (measured, _) = inferred(&model, coded.as_ref(), inputs, &mut Buffers::default())?;
            check(&packed, self.prepared, &measured, bytes)?;
            Ok(packed)
        })
    }

    /// What a variant says of the rows to choose on; `None` where it is not asked.
    fn validation_inference(
        &self,
        transformed: &Transformed<'u, 'u>,
        model: &QuantizedModel,
        coded: Option<&CodedModel<'_>>,
        buffers: &mut Buffers,
    ) -> Step<Option<Inference>> {
        let Some(validation) = &self.validation else { return Ok(None) };
        let rows = transformed.rows.as_ref();
        let own_inputs = rows.map(|rows| Inputs::new(self.unit, &rows.validation_features));
        let inputs = own_inputs.as_ref().unwrap_or(&validation.inputs);
        Ok(Some(inferred(model, coded, inputs, buffers)?.0))
    }

    /// Errors, sizes and flags of a variant.
    fn describe(
        &self,
        model: &QuantizedModel,
        coded: Option<&CodedModel<'_>>,
        transformed: &Transformed<'u, 'u>,
        variant: &Variant,
    ) -> Measures {
        let mut size = model.size(&transformed.model);
        size.stored.scales += clip_bytes(model.activations.as_ref());
        if let Some(coded) = coded {
            let (scales, zero_points) = coded.bytes();
            size.stored.scales += scales;
            size.stored.zero_points += zero_points;
        }
        size.scaler = transformed.prepared(self.prepared).feature_bytes();
        let errors = transformed.rescaling.errors(self.model, &transformed.model, model);
        let mut all_flags = flags(&model.weights, &errors);
        all_flags.extend(model.flags.iter().chain(&transformed.flags).cloned());
        Measures {
            layer_bits: if variant.is_layered() { model.layer_bits() } else { Vec::new() },
            error: error_measures(&errors),
            calibration: model.calibration,
            size,
            flags: all_flags,
            ..Measures::default()
        }
    }

    /// What is kept of predictions.
    fn predicted(&self, test: &Inference, validation: Option<PartPredicted>) -> Predicted {
        Predicted { test: kept(self.evaluation, test, &self.prepared.test_labels), validation }
    }

    fn add_scores(&self, mut measures: Measures, scores: Scores) -> Measures {
        measures.scores = Some(scores);
        measures.flags.extend(self.absent_classes.iter().cloned());
        measures
    }

    /// What predictions for the test rows are worth, beside the float model's.
    fn scores(&self, inference: &Inference) -> Step<Scores> {
        let Prepared { test_labels, .. } = self.prepared;
        let permutation = stream(self.unit, "permutation")?;
        score(inference, test_labels, &self.float, self.prepared.classes(), permutation)
            .at(FailureKind::Scoring)
    }

    /// Rows that look into the variant's weights.
    fn add_rows(
        &self,
        evaluated: &mut Evaluated,
        model: &QuantizedModel,
        float: &Model,
        variant: &Variant,
        prepared: &Prepared<'_>,
        coded: Option<&CodedModel<'_>>,
    ) -> Step<()> {
        let wanted = self.evaluation.plan.header.record;
        let has_histogram = self.evaluation.position == 0 && self.unit.variants.len() <= MOST_HISTOGRAMS;
        let original = model.original(float);
        for weight in &model.weights {
            let Some(values) = original.weight(weight.name) else { continue };
            evaluated.large.add(&evaluated.origin, weight, values, wanted)?;
            if has_histogram {
                evaluated.histogram.extend(histogram(&evaluated.origin, weight, values));
            }
        }
        // What a model that was trained computes is no change of the float model.
        if wanted.sensitivity && variant.training.is_none() {
            let origin = &evaluated.origin;
            let subject = Subject { unit: self.unit, prepared, float, variant, model, coded, origin };
            evaluated.sensitivity = subject.sensitivity()?;
        }
        Ok(())
    }

    /// Moves what a variant left into the rows of the unit; a variant that failed leaves its failure alone.
    pub(super) fn record(&self, outcome: &mut UnitOutcome, evaluated: Evaluated) {
        let Evaluated {
            origin,
            key,
            measured,
            predictions,
            flips,
            curve,
            sensitivity,
            histogram,
            large,
            latency,
        } = evaluated;
        if measured.is_err() {
            return outcome.add(key, origin, measured);
        }
        if let Some(Predicted { test, validation }) = predictions {
            let all = outcome.predictions.get_or_insert_with(|| self.no_predictions(&origin));
            all.variants.push((origin.position, Arc::clone(&origin.variant), test.classes));
            all.log_losses.extend(test.log_losses.map(|losses| (origin.position, losses)));
            if let (Some(all), Some(own)) = (&mut all.validation, validation) {
                all.variants.push((origin.position, Arc::clone(&origin.variant), own.classes));
                all.log_losses.extend(own.log_losses.map(|losses| (origin.position, losses)));
            }
        }
        outcome.flips.extend(flips);
        if !curve.is_empty() {
            let losses = curve
                .iter()
                .map(|loss| bitsweep_results::EpochLoss { loss_sum: loss.loss_sum, loss: loss.loss });
            outcome.curves.push(Curve { origin: origin.clone(), losses: losses.collect() });
        }
        outcome.sensitivity.extend(sensitivity);
        outcome.histogram.extend(histogram);
        outcome.timing.latencies.extend(latency);
        outcome.add(key, origin, measured);
        (self.evaluation.emit)(large);
    }

    fn no_predictions(&self, origin: &Origin) -> Predictions {
        let Prepared { dataset, split, test_labels, validation_labels, .. } = self.prepared;
        let numbers = |rows: &[usize]| rows.iter().map(|&row| row as u32).collect();
        Predictions {
            unit: Arc::clone(&origin.unit),
            classes: dataset.class_names.as_slice().into(),
            rows: numbers(&split.test),
            truth: narrow(test_labels),
            float: narrow(&self.float.predictions),
            variants: Vec::new(),
            log_losses: Vec::new(),
            validation: self.validation.as_ref().map(|validation| ValidationPredictions {
                rows: numbers(&split.validation),
                truth: narrow(validation_labels),
                float: validation.float.classes.clone(),
                variants: Vec::new(),
                log_losses: Vec::new(),
            }),
        }
    }
}

/// What a model says of rows, and the share of inputs of its layers that were clipped where these are codes.
fn inferred(
    model: &QuantizedModel,
    coded: Option<&CodedModel<'_>>,
    inputs: &Inputs,
    buffers: &mut Buffers,
) -> Step<(Inference, Option<f64>)> {
    match coded {
        None => Ok((inputs.infer(&model.model, model.activations.as_ref(), buffers), None)),
        Some(coded) => {
            let inferred = coded.infer(inputs.single().view()).at(FailureKind::Scoring)?;
            let CodedInference { inference, clipped } = inferred;
            Ok((inference, Some(clipped)))
        }
    }
}

/// Refuses a model whose outputs overflow. One that was trained has diverged, in its last epoch: a loss that is not finite
/// would have ended the training before.
fn refuse_unbounded(
    inference: &Inference,
    row: &str,
    training: Option<&Training>,
    kind: FailureKind,
) -> Step<()> {
    if inference.probabilities.iter().all(|probability| probability.is_finite()) {
        return Ok(());
    }
    match training {
        Some(Training { epochs, learning_rate, .. }) => {
            let (epoch, what) = (epochs - 1, format!("an output for {row}"));
            let diverged = TrainError::Diverged { epoch, what, learning_rate: *learning_rate };
            Err(failed(kind, diverged))
        }
        None => Err(failed(
            FailureKind::Scoring,
            format!(
                "an output for {row} is not finite: weights or features are too large for the arithmetic"
            ),
        )),
    }
}

/// What is kept of what a model says of rows of these classes.
fn kept(evaluation: &Evaluation<'_>, inference: &Inference, truth: &[usize]) -> PartPredicted {
    let is_wanted = evaluation.plan.header.pick.metric == Metric::LogLoss;
    PartPredicted {
        classes: narrow(&inference.predictions),
        log_losses: is_wanted.then(|| log_losses(inference, truth)),
    }
}

/// Classes as positions of 16 bits: a dataset has no more classes than that.
fn narrow(classes: &[usize]) -> Box<[u16]> {
    classes.iter().map(|&class| class as u16).collect()
}

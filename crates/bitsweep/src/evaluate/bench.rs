//! What every variant of a unit is made of, measured with and recorded by.

use std::sync::{Arc, OnceLock};

use bitsweep_exchange::packed::PackedModel;
use bitsweep_models::{EpochLoss, Model, TrainError, Training};
use bitsweep_quant::{Size, Transform};
use bitsweep_results::{
    ErrorMeasures, Evaluated, FailureKind, Flag, HeldOut, HeldOutRows, Measures, PartPredicted, Predicted,
    Scores, SizeMeasures,
};

use super::coded::{CodedInference, CodedModel, Rows, clipping_flag};
use super::evaluation::{Evaluation, row};
use super::float_model::{check_layers, training};
use super::histogram::histogram;
use super::latency;
use super::learned;
use super::majority::majority;
use super::packing::{Made, Provenance, check, check_classes};
use super::post_training::post_training;
use super::prepare::{Prepared, stream};
use super::quantized_model::{FLOAT_BYTES, QuantizedModel, error_measures, flags};
use super::quantized_training::{self, TrainedVariant, clip_bytes};
use super::score::{Buffers, Inference, Inputs, flips, log_losses, score, score_float};
use super::sensitivity::{Subject, baseline_sensitivity};
use super::stop::{At, Step, failed};
use super::tensor_rows::add_large;
use super::transform::{Transformed, transform};
use crate::plan::{Identity, PlannedVariant, Unit};
use crate::unit_store::Latency;
use bitsweep_experiment::variant::{ScalerUse, Variant};

/// What `refuse_unbounded` calls a row of either kind.
const TEST_ROW: &str = "a test row";
const VALIDATION_ROW: &str = "a validation row";

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

/// What the float model, a variant or the majority class leaves behind.
pub(super) struct Measured {
    pub(super) evaluated: Evaluated,
    /// How long a prediction takes, where it is measured.
    pub(super) latency: Option<Latency>,
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
        self.evaluation.plan.is_timed(self.evaluation.position)
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

    /// Nothing yet of what the model at `position` of the unit leaves behind.
    fn begun(&self, position: usize, identity: &Identity) -> Measured {
        let origin = self.evaluation.origin(Some(self.prepared.shape()), position, identity);
        let row = row(self.unit.row_key(identity), origin, Ok(Measures::default()));
        Measured { evaluated: Evaluated::new(row, self.evaluation.recorded()), latency: None }
    }

    /// What the float model leaves behind.
    pub(super) fn float(&self, curve: Vec<EpochLoss>) -> Measured {
        let mut measured = self.begun(0, &self.unit.float);
        measured.evaluated.held_out = Some(self.held_out());
        measured.evaluated.curve = recorded(&curve);
        measured.evaluated.row.result = self.measure_float(&mut measured, &curve);
        measured
    }

    fn measure_float(&self, measured: &mut Measured, curve: &[EpochLoss]) -> Step<Measures> {
        let evaluated = &mut measured.evaluated;
        if self.evaluation.recorded().sensitivity {
            evaluated.sensitivity =
                baseline_sensitivity(self.unit, self.prepared, self.model, &evaluated.row.origin)?;
        }
        if self.is_timed() {
            let mut buffers = Buffers::default();
            measured.latency = Some(latency::of_float(self.model, &self.inputs, &mut buffers));
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
            let learned = learned::flags(self.unit, self.prepared, float, &majority, curve);
            measures.flags.extend(learned);
        }
        Ok(measures)
    }

    /// What the majority class leaves behind: its scores alone; `None` where the plan has no row for it.
    pub(super) fn majority(&self) -> Option<Measured> {
        let identity = self.unit.majority.as_ref()?;
        let mut measured = self.begun(self.unit.variants.len() + 1, identity);
        let untested = |flag: &&Flag| matches!(flag, Flag::UntestedClasses { .. });
        measured.evaluated.row.result = self.scores(&self.majority).map(|scores| Measures {
            scores: Some(scores),
            error: ErrorMeasures::UNDEFINED,
            flags: self.absent_classes.iter().filter(untested).cloned().collect(),
            ..Measures::default()
        });
        Some(measured)
    }

    /// What the variant at `position` among the unit's leaves behind.
    pub(super) fn variant(&self, position: usize, buffers: &mut Buffers) -> Measured {
        let planned = &self.unit.variants[position];
        let mut measured = self.begun(position + 1, &planned.identity);
        measured.evaluated.row.result = self.transformed(&planned.variant, |transformed| {
            self.measure(&mut measured, transformed, planned, buffers)
        });
        measured
    }

    /// Makes the variant, scores it, and leaves its rows in `measured`; its weights are dropped with the return.
    fn measure(
        &self,
        measured: &mut Measured,
        transformed: &Transformed<'u, 'u>,
        planned: &PlannedVariant,
        buffers: &mut Buffers,
    ) -> Step<Measures> {
        let variant = &planned.variant;
        let evaluated = &mut measured.evaluated;
        let float: &Model = &transformed.model;
        let prepared = transformed.prepared(self.prepared);
        let (model, curve) = self.quantized(transformed, variant)?;
        evaluated.curve = recorded(&curve);
        let coded = self.coded(prepared, &model, variant)?;
        let mut measures = self.describe(&model, coded.as_ref(), transformed, variant);
        let own_inputs = transformed.rows.as_ref().map(|rows| Inputs::new(self.unit, &rows.test_features));
        let inputs = own_inputs.as_ref().unwrap_or(&self.inputs);
        let tests = Rows { inputs, numbers: &self.prepared.split.test };
        let (inference, clipped) = inferred(&model, coded.as_ref(), tests, buffers)?;
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
        if evaluated.recorded.flips {
            let truth = (test_labels.as_slice(), split.test.as_slice());
            evaluated.flips =
                flips(&evaluated.row.origin, &inference, &self.float, truth, &dataset.class_names);
        }
        let measures = self.add_scores(measures, self.scores(&inference)?);
        self.add_rows(evaluated, &model, float, variant, prepared, coded.as_ref())?;
        if self.is_timed() {
            measured.latency = Some(latency::of_variant(&model, coded.as_ref(), tests, buffers));
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
        prepared: &'m Prepared<'m>,
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
            let tests = Rows { inputs, numbers: &self.prepared.split.test };
            let (measured, _) = inferred(&model, coded.as_ref(), tests, &mut Buffers::default())?;
            check(&packed, self.prepared, &measured, bytes)?;
            Ok(packed)
        })
    }

    /// The float model as one to be taken away, where that predicts what was measured.
    pub(super) fn packed_float(&self, provenance: Provenance) -> Step<PackedModel> {
        let model = QuantizedModel::float(self.model.clone());
        let made = Made { unit: self.unit, prepared: self.prepared, model: &model, coded: None };
        let packed = made.packed(provenance)?;
        check_classes(&packed, self.prepared, &self.float)?;
        Ok(packed)
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
        let rows = Rows { inputs, numbers: &self.prepared.split.validation };
        Ok(Some(inferred(model, coded, rows, buffers)?.0))
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
        let wanted = evaluated.recorded;
        let original = model.original(float);
        for weight in &model.weights {
            let Some(values) = original.weight(weight.name) else { continue };
            add_large(&mut evaluated.large, &evaluated.row.origin, weight, values, wanted)?;
            if wanted.histogram {
                evaluated.histogram.extend(histogram(&evaluated.row.origin, weight, values));
            }
        }
        // What a model that was trained computes is no change of the float model.
        if wanted.sensitivity && variant.training.is_none() {
            let origin = &evaluated.row.origin;
            let subject = Subject { unit: self.unit, prepared, float, variant, model, coded, origin };
            evaluated.sensitivity = subject.sensitivity()?;
        }
        Ok(())
    }

    /// The rows that models are asked about, and what the float model says of them.
    fn held_out(&self) -> HeldOut {
        let Prepared { split, test_labels, validation_labels, .. } = self.prepared;
        let numbers = |rows: &[usize]| rows.iter().map(|&row| row as u32).collect();
        HeldOut {
            test: HeldOutRows {
                rows: numbers(&split.test),
                truth: narrow(test_labels),
                float: narrow(&self.float.predictions),
            },
            validation: self.validation.as_ref().map(|validation| HeldOutRows {
                rows: numbers(&split.validation),
                truth: narrow(validation_labels),
                float: validation.float.classes.clone(),
            }),
        }
    }
}

/// The losses of a training as they are recorded.
fn recorded(curve: &[EpochLoss]) -> Vec<bitsweep_results::EpochLoss> {
    let loss = |own: &EpochLoss| bitsweep_results::EpochLoss { loss_sum: own.loss_sum, loss: own.loss };
    curve.iter().map(loss).collect()
}

/// What a model says of rows, and the share of inputs of its layers that were clipped where these are codes.
fn inferred(
    model: &QuantizedModel,
    coded: Option<&CodedModel<'_>>,
    rows: Rows<'_>,
    buffers: &mut Buffers,
) -> Step<(Inference, Option<f64>)> {
    match coded {
        None => Ok((rows.inputs.infer(&model.model, model.activations.as_ref(), buffers), None)),
        Some(coded) => {
            let CodedInference { inference, clipped } = coded.infer(rows)?;
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
    let is_wanted = evaluation.recorded().log_losses;
    PartPredicted {
        classes: narrow(&inference.predictions),
        log_losses: is_wanted.then(|| log_losses(inference, truth)),
    }
}

/// Classes as positions of 16 bits: a dataset has no more classes than that.
fn narrow(classes: &[usize]) -> Box<[u16]> {
    classes.iter().map(|&class| class as u16).collect()
}

//! A trained model beside its variants: each is made, scored on the test rows, and recorded.

use std::borrow::Cow;

use bitsweep_metrics::Confusion;
use bitsweep_models::{EpochLoss, Model};
use bitsweep_quant::Transform;
use bitsweep_results::{
    ClassRow, DatasetShape, ErrorMeasures, PredictionRow, ResultRow, SensitivityRow, SizeMeasures,
};

use super::aware::{self, AwareModel, clip_bytes};
use super::coded::{CodedInference, CodedModel, clipping_flag};
use super::post_training::{FLOAT_BYTES, QuantizedModel, quantize};
use super::prepare::Prepared;
use super::quantize::{Identity, error_measures, flags, layer_bits, result_row, size_measures};
use super::score::{Buffers, Inference, Inputs, score};
use super::sensitivity::sensitivity;
use super::transform::{Transformed, transform};
use super::{KeepGoing, failed};
use crate::failure::Failure;
use crate::plan::{Unit, Variant};

/// A trained model on its test rows: everything that its variants are measured with.
pub(super) struct Bench<'u> {
    unit: &'u Unit,
    prepared: &'u Prepared<'u>,
    pub(super) inputs: Inputs,
    float: Inference,
    /// The float model under each transform of weights alone that some variant asks for.
    transformed: Vec<(Transform, Transformed<'u>)>,
}

/// One variant with everything that is recorded of it.
pub(super) struct Judged {
    pub(super) row: ResultRow,
    pub(super) predictions: Vec<usize>,
    pub(super) confusion: Confusion,
    /// `None` of the float model.
    pub(super) model: Option<QuantizedModel>,
    /// The losses of its own training, none where there was none.
    pub(super) curve: Vec<EpochLoss>,
    /// What its parts do by themselves, where that is recorded.
    pub(super) sensitivity: Vec<SensitivityRow>,
}

impl<'u> Bench<'u> {
    pub(super) fn new(
        unit: &'u Unit,
        prepared: &'u Prepared<'u>,
        stack: &Model,
    ) -> Result<Bench<'u>, Failure> {
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
    fn stack(&self) -> &Model {
        // `new` put the model without a transform first.
        &self.transformed[0].1.stack
    }

    /// The float model under the variant's transform.
    pub(super) fn transformed(&self, variant: &Variant) -> Result<Cow<'_, Transformed<'u>>, Failure> {
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

    pub(super) fn baseline(&self, curve: Vec<EpochLoss>) -> Result<Judged, Failure> {
        let mut row = result_row(self.unit, 0, None);
        row.set_axis("format", "f32");
        row.bits = f32::MANTISSA_DIGITS + 8;
        row.error = ErrorMeasures { sqnr_db: f64::INFINITY, ..ErrorMeasures::default() };
        let stack = self.stack();
        let bytes = stack.parameters() as u64 * FLOAT_BYTES;
        let biases: usize = stack.linear_layers().map(|(_, layer)| layer.bias.len()).sum();
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

    pub(super) fn judge(
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
    pub(super) fn sensitivity(
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

    pub(super) fn prediction_rows(
        &self,
        identity: Identity<'_>,
        predictions: &[usize],
    ) -> Vec<PredictionRow> {
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

    pub(super) fn class_rows(&self, identity: Identity<'_>, confusion: &Confusion) -> Vec<ClassRow> {
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

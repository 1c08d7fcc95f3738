//! What each part of a variant's error does by itself, and what one bit more would do.
//!
//! All of it is measured on the training rows: it is advice for choosing bits, and what chooses must not look at test
//! rows.

use bitsweep_models::{Layer, Model, WeightId};
use bitsweep_quant::{Bits, CalibrationMethod, Range, Scheme};
use bitsweep_results::{ErrorPart, FailureKind, Origin, SensitivityRow};
use ndarray::{Array2, ArrayView2};

use super::coded::{CodedModel, Rows};
use super::prepare::Prepared;
use super::quantized_model::{FLOAT_BYTES, QuantizedModel, QuantizedWeight, quantized, size_measures};
use super::score::Inputs;
use super::stop::{At, Step};
use super::training_rows::{Reading, TrainingRows};
use crate::plan::Unit;
use bitsweep_experiment::variant::Variant;

/// The name of the model as a whole in the place of a tensor's.
const ALL: &str = "all";

/// The float model: what the others are compared with.
pub(super) fn baseline_sensitivity(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
    origin: &Origin,
) -> Step<Vec<SensitivityRow>> {
    let reading = TrainingRows::new(unit, prepared, float)?.read(float)?;
    Ok(vec![row(origin, ALL, ErrorPart::Whole, reading)])
}

/// A variant that was made from the float model, to be taken apart.
pub(super) struct Subject<'a> {
    pub(super) unit: &'a Unit,
    pub(super) prepared: &'a Prepared<'a>,
    /// The model that it was made from.
    pub(super) float: &'a Model,
    pub(super) variant: &'a Variant,
    pub(super) model: &'a QuantizedModel,
    /// The same with quantized inputs of layers, where it has them.
    pub(super) coded: Option<&'a CodedModel<'a>>,
    pub(super) origin: &'a Origin,
}

impl Subject<'_> {
    /// The rows of the variant as a whole and of each of its parts alone.
    pub(super) fn sensitivity(&self) -> Step<Vec<SensitivityRow>> {
        let mut only =
            Only { float: self.float, rows: TrainingRows::new(self.unit, self.prepared, self.float)? };
        let whole = match self.coded {
            None => only.rows.read(&self.model.model)?,
            Some(coded) => {
                let inputs = Inputs::Single(self.prepared.train_features.mapv(|value| value as f32));
                let rows = Rows { inputs: &inputs, numbers: &self.prepared.split.train };
                let (logits, _) = coded.logits(rows)?;
                only.rows.read_logits(&logits)?
            }
        };
        let mut rows = vec![row(self.origin, ALL, ErrorPart::Whole, whole)];
        for ((id, original), (_, changed)) in self.float.weights().zip(self.model.model.weights()) {
            let weight = self.model.weight(id);
            if weight.is_some() || original != changed {
                rows.extend(self.of_weight(&mut only, id, original, changed, weight)?);
            }
        }
        rows.extend(self.of_inputs(&mut only)?);
        Ok(rows)
    }

    /// A weight or a bias as a whole, and split by what made its error.
    fn of_weight(
        &self,
        only: &mut Only<'_>,
        id: WeightId,
        original: ArrayView2<'_, f32>,
        changed: ArrayView2<'_, f32>,
        weight: Option<&QuantizedWeight>,
    ) -> Step<Vec<SensitivityRow>> {
        let name = id.to_string();
        let mut whole = row(self.origin, &name, ErrorPart::Whole, only.read(id, changed)?);
        whole.bits = weight.map(|weight| weight.quantized.scheme().bits());
        let bytes = weight.map_or(original.len() as u64 * FLOAT_BYTES, true_bytes);
        whole.bytes = Some(bytes);
        if let (Some(weight), false, CalibrationMethod::Nearest) =
            (weight, id.is_bias(), self.variant.calibration.method)
            && let Some((next, values)) = self.with_one_bit_more(weight, original)?
        {
            let next_error = only.read(id, values.view())?.output_error;
            let next_bytes = true_bytes(&next);
            whole.next_bytes = Some(next_bytes);
            whole.next_output_error = Some(next_error);
            // Bits that fit into the padding are free.
            whole.gain_per_byte =
                (next_bytes > bytes).then(|| (whole.output_error - next_error) / (next_bytes - bytes) as f64);
        }
        let mut rows = vec![whole];
        match weight.filter(|_| !id.is_bias()) {
            Some(weight) => {
                let clipped = weight.quantized.clipped(original).at(FailureKind::Quantization)?;
                let rounded = &original + &(&changed - &clipped);
                for (part, values) in [(ErrorPart::Rounding, rounded), (ErrorPart::Clipping, clipped)] {
                    rows.push(row(self.origin, &name, part, only.read(id, values.view())?));
                }
            }
            // A bias is quantized, corrected, or both.
            None => rows.push(row(self.origin, &name, ErrorPart::Bias, only.read(id, changed)?)),
        }
        Ok(rows)
    }

    /// The inputs of each layer alone, where they are quantized.
    fn of_inputs(&self, only: &mut Only<'_>) -> Step<Vec<SensitivityRow>> {
        let mut rows = Vec::new();
        if let (Some(coded), Some(activations)) = (self.coded, &self.variant.activations) {
            for (layer, bytes) in coded.input_bytes().enumerate() {
                let name = format!("x{}", layer + 1);
                let logits = coded.logits_by_inputs_of(self.float, layer, &self.prepared.train_features)?;
                let reading = only.rows.read_logits(&logits)?;
                let whole = row(self.origin, &name, ErrorPart::Whole, reading);
                let bits = Some(activations.scheme.bits());
                rows.push(SensitivityRow { bits, bytes: Some(bytes), ..whole });
                rows.push(row(self.origin, &name, ErrorPart::Activations, reading));
            }
        }
        Ok(rows)
    }

    /// The weight by the same scheme with one bit more; `None` where there is no such scheme, and where its range is found
    /// by the error of outputs, which a weight by itself has not.
    fn with_one_bit_more(
        &self,
        weight: &QuantizedWeight,
        original: ArrayView2<'_, f32>,
    ) -> Step<Option<(QuantizedWeight, Array2<f32>)>> {
        let scheme = weight.quantized.scheme();
        let format = Bits::new(scheme.bits() + 1).ok().and_then(|bits| scheme.format.with_bits(bits));
        let next = format
            .map(|format| Scheme { format, ..*scheme })
            .filter(|scheme| scheme.range != Range::OutputMse && scheme.check().is_ok());
        let Some(next) = next else { return Ok(None) };
        let quantized = quantized(self.unit, &weight.name, original, &next)?;
        let values = quantized.reconstruct();
        Ok(Some((QuantizedWeight { name: weight.name, quantized }, values)))
    }
}

fn true_bytes(weight: &QuantizedWeight) -> u64 {
    size_measures(std::slice::from_ref(weight), 0, 0).total()
}

/// The float model with a single weight changed.
struct Only<'u> {
    float: &'u Model,
    rows: TrainingRows<'u>,
}

impl Only<'_> {
    fn read(&mut self, id: WeightId, values: ArrayView2<'_, f32>) -> Step<Reading> {
        let mut layers: Vec<Layer> = self.float.layers().to_vec();
        let Layer::Linear(layer) = &mut layers[id.layer()];
        match id {
            WeightId::Weight(_) => layer.weight.assign(&values),
            WeightId::Bias(_) => layer.bias.assign(&values.row(0)),
        }
        self.rows.read(&Model::new(layers, self.float.head()).at(FailureKind::Scoring)?)
    }
}

fn row(origin: &Origin, tensor: &str, part: ErrorPart, reading: Reading) -> SensitivityRow {
    SensitivityRow {
        origin: origin.clone(),
        tensor: tensor.into(),
        part,
        bits: None,
        bytes: None,
        output_error: reading.output_error,
        macro_f1: reading.macro_f1,
        next_bytes: None,
        next_output_error: None,
        gain_per_byte: None,
    }
}

//! What each part of a variant's error does by itself, and what one bit more would do.
//!
//! All of it is measured on the training rows: it is advice for choosing bits, and what chooses must not look at test
//! rows.

use bitsweep_models::{Model, WeightId};
use bitsweep_quant::{Bits, CalibrationMethod, Quantized, Range, Scheme};
use bitsweep_results::SensitivityRow;
use ndarray::{Array2, ArrayView2};

use super::coded::CodedModel;
use super::failed;
use super::post_training::{FLOAT_BYTES, QuantizedModel};
use super::prepare::Prepared;
use super::quantize::{QuantizedTensor, quantize_tensor, size_measures};
use super::training_rows::{Reading, TrainingRows};
use crate::failure::Failure;
use crate::plan::{Unit, Variant};

/// The name of the model as a whole in the place of a tensor's.
const ALL: &str = "all";
/// The name of a tensor's error as a whole.
const WHOLE: &str = "whole";

/// The float model: what the others are compared with.
pub(super) fn baseline_sensitivity(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
) -> Result<Vec<SensitivityRow>, Failure> {
    let reading = TrainingRows::new(unit, prepared, float).read(float)?;
    Ok(vec![row(unit, 0, "float", ALL, WHOLE, reading)])
}

/// The rows of `model`, which was made from `float` as `variant` says; `coded` is the same with quantized inputs of layers,
/// where it has them.
pub(super) fn sensitivity(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: &Model,
    position: usize,
    variant: &Variant,
    model: &QuantizedModel,
    coded: Option<&CodedModel<'_>>,
) -> Result<Vec<SensitivityRow>, Failure> {
    let mut only = Only { unit, float, rows: TrainingRows::new(unit, prepared, float) };
    let new_row = |tensor: &str, part, reading| row(unit, position, &variant.label, tensor, part, reading);
    let whole = match coded {
        None => only.rows.read(&model.stack)?,
        Some(coded) => {
            let features = prepared.train_features.mapv(|value| value as f32);
            let (logits, _) = coded.logits(features.view()).map_err(|error| failed(unit, error))?;
            only.rows.read_logits(&logits.mapv(f64::from))?
        }
    };
    let mut rows = vec![new_row(ALL, WHOLE, whole)];
    for ((id, original), (_, changed)) in float.weights().zip(model.stack.weights()) {
        let name = id.to_string();
        let quantized = model.tensors.iter().find(|tensor| tensor.name == name);
        if quantized.is_none() && original == changed {
            continue;
        }
        let mut whole = new_row(&name, WHOLE, only.read(id, changed)?);
        whole.bits = quantized.map(|tensor| tensor.quantized.scheme().bits());
        whole.bytes = Some(match quantized {
            Some(tensor) => true_bytes(tensor),
            None => original.len() as u64 * FLOAT_BYTES,
        });
        if let (Some(tensor), true, CalibrationMethod::Nearest) =
            (quantized, is_weight(&name), variant.calibration.method)
            && let Some(next) = with_one_bit_more(unit, tensor)?
        {
            let next_error = only.read(id, next.reconstruction.view())?.output_error;
            let (bytes, next_bytes) = (true_bytes(tensor), true_bytes(&next));
            whole.next_bytes = Some(next_bytes);
            whole.next_output_error = Some(next_error);
            // Bits that fit into the padding are free.
            whole.gain_per_byte =
                (next_bytes > bytes).then(|| (whole.output_error - next_error) / (next_bytes - bytes) as f64);
        }
        rows.push(whole);
        for (part, values) in parts(unit, quantized, &name, changed)? {
            rows.push(new_row(&name, part, only.read(id, values.view())?));
        }
    }
    if let (Some(coded), Some(activations)) = (coded, &variant.activations) {
        for (layer, bytes) in coded.input_bytes().enumerate() {
            let name = format!("x{}", layer + 1);
            let logits = coded.logits_by_inputs_of(unit, float, layer, &prepared.train_features)?;
            let reading = only.rows.read_logits(&logits)?;
            let whole = new_row(&name, WHOLE, reading);
            rows.push(SensitivityRow { bits: Some(activations.scheme.bits()), bytes: Some(bytes), ..whole });
            rows.push(new_row(&name, "activations", reading));
        }
    }
    Ok(rows)
}

/// A tensor split by what made its error: each part's values hold its error alone.
fn parts(
    unit: &Unit,
    quantized: Option<&QuantizedTensor<f32>>,
    name: &str,
    changed: ArrayView2<'_, f32>,
) -> Result<Vec<(&'static str, Array2<f32>)>, Failure> {
    match quantized.filter(|_| is_weight(name)) {
        Some(QuantizedTensor { original, reconstruction, quantized, .. }) => {
            let clipped = clipped(unit, name, quantized, original)?;
            let rounded = original + &(reconstruction - &clipped);
            Ok(vec![("rounding", rounded), ("clipping", clipped)])
        }
        // A bias is quantized, corrected, or both.
        None => Ok(vec![("bias", changed.to_owned())]),
    }
}

fn clipped(
    unit: &Unit,
    name: &str,
    quantized: &Quantized<f32>,
    original: &Array2<f32>,
) -> Result<Array2<f32>, Failure> {
    quantized.clipped(original.view()).map_err(|error| failed(unit, format!("{name}: {error}")))
}

fn is_weight(name: &str) -> bool {
    name.starts_with('W')
}

/// The tensor by the same scheme with one bit more; `None` where there is no such scheme, and where its range is found by
/// the error of outputs, which a tensor by itself has not.
fn with_one_bit_more(
    unit: &Unit,
    tensor: &QuantizedTensor<f32>,
) -> Result<Option<QuantizedTensor<f32>>, Failure> {
    let scheme = tensor.quantized.scheme();
    let format = Bits::new(scheme.bits() + 1).ok().and_then(|bits| scheme.format.with_bits(bits));
    let next = format
        .map(|format| Scheme { format, ..*scheme })
        .filter(|scheme| scheme.range != Range::OutputMse && scheme.check().is_ok());
    next.map(|next| quantize_tensor(unit, &tensor.name, tensor.original.view(), &next)).transpose()
}

fn true_bytes(tensor: &QuantizedTensor<f32>) -> u64 {
    size_measures(std::slice::from_ref(tensor), 0, 0).total()
}

/// The float model with a single tensor changed.
struct Only<'u> {
    unit: &'u Unit,
    float: &'u Model,
    rows: TrainingRows<'u>,
}

impl Only<'_> {
    fn read(&mut self, id: WeightId, values: ArrayView2<'_, f32>) -> Result<Reading, Failure> {
        let mut stack = self.float.clone();
        if let Some(mut target) = stack.weight_mut(id) {
            target.assign(&values);
        }
        stack.check_finite().map_err(|error| failed(self.unit, error))?;
        self.rows.read(&stack)
    }
}

fn row(
    unit: &Unit,
    variant: usize,
    label: &str,
    tensor: &str,
    part: &'static str,
    reading: Reading,
) -> SensitivityRow {
    SensitivityRow {
        unit: unit.short_key().to_owned(),
        variant,
        label: label.to_owned(),
        tensor: tensor.to_owned(),
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

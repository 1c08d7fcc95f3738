//! A trained float model as a file: kept, so that it need not be trained again.
//!
//! The tensors are `W1`, `(in, out)`, `b1`, `W2`, … in `F32`, and the losses of its epochs, `loss_sum` and `loss`, in `F64`.

use std::fmt::Display;

use bitsweep_models::{Activation, EpochLoss, Head, Layer, Linear, Model, Trained};
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::error::PackedError;
use super::tensors::Tensors;

const LOSS_SUM: &str = "loss_sum";
const LOSS: &str = "loss";

/// The metadata.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    kind: Kind,
    /// Inputs, then the outputs of each layer.
    widths: Vec<usize>,
    activations: Vec<Activation>,
    head: Head,
    epochs: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    TrainedModel,
}

/// The file of a trained model, in safetensors.
///
/// # Errors
/// When its header would be too long.
pub fn trained_to_bytes(trained: &Trained) -> Result<Vec<u8>, PackedError> {
    let Trained { model, curve } = trained;
    let mut tensors = Tensors::default();
    for (id, values) in model.weights() {
        let shape = if id.is_bias() { vec![values.ncols()] } else { vec![values.nrows(), values.ncols()] };
        tensors.add_floats(&id.to_string(), shape, values.iter().copied());
    }
    if !curve.is_empty() {
        tensors.add_doubles(LOSS_SUM, curve.iter().map(|epoch| epoch.loss_sum));
        tensors.add_doubles(LOSS, curve.iter().map(|epoch| epoch.loss));
    }
    let layers = model.layers();
    let widths = [model.input_size()].into_iter().chain(layers.iter().map(Layer::output_size));
    let description = Description {
        kind: Kind::TrainedModel,
        widths: widths.collect(),
        activations: layers.iter().map(Layer::activation).collect(),
        head: model.head(),
        epochs: curve.len(),
    };
    tensors.to_file(serde_json::to_string(&description).map_err(|error| refused(&error))?)
}

/// The trained model of a file of [`trained_to_bytes`], bit for bit.
///
/// # Errors
/// When the bytes are something else.
pub fn trained_from_bytes(bytes: &[u8]) -> Result<Trained, PackedError> {
    let (tensors, json) = Tensors::of_file(bytes)?;
    let description: Description = serde_json::from_str(&json).map_err(|error| refused(&error))?;
    let Description { kind: Kind::TrainedModel, widths, activations, head, epochs } = description;
    let mut layers = Vec::new();
    for ((pair, activation), number) in widths.windows(2).zip(activations).zip(1..) {
        let (inputs, outputs) = (pair[0], pair[1]);
        let count = inputs.checked_mul(outputs).ok_or_else(|| refused(&"a layer is too large"))?;
        let weight = tensors.floats(&format!("W{number}"), count)?;
        let weight = Array2::from_shape_vec((inputs, outputs), weight).map_err(|error| refused(&error))?;
        let bias = Array1::from(tensors.floats(&format!("b{number}"), outputs)?);
        layers.push(Linear { weight, bias, activation });
    }
    let losses = |name: &str| if epochs == 0 { Ok(Vec::new()) } else { tensors.doubles(name, epochs) };
    let curve = losses(LOSS_SUM)?.into_iter().zip(losses(LOSS)?);
    let curve = curve.map(|(loss_sum, loss)| EpochLoss { loss_sum, loss }).collect();
    let trained = Trained { model: Model::new(layers, head)?, curve };
    match trained_to_bytes(&trained)? == bytes {
        true => Ok(trained),
        false => Err(refused(&"it is not as trained models are written")),
    }
}

fn refused(reason: &dyn Display) -> PackedError {
    PackedError::Safetensors(reason.to_string())
}

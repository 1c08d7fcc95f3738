//! From a packed model to a GGUF file.

use bitsweep_models::WeightId;
use bitsweep_quant::{Format, GgufError, Quantized, Symmetry};
use serde_json::Value;

use crate::gguf::{self, Metadata, Numbers, Tensor};

use super::arrays::ColumnDescription;
use super::classifier::PackedModel;
use super::columns::Column;
use super::error::PackedError;
use super::function::Function;
use super::scaling::tensor_name;
use super::values::Values;

/// The version of the keys.
const VERSION: u32 = 1;
/// The version of ggml's block types.
const QUANTIZATION_VERSION: u32 = 2;

impl PackedModel {
    /// The model as a GGUF file, version 3; `name` is its `general.name`. Equal models have equal bytes.
    ///
    /// The first layer's weight is the tensor `layer.1.weight`, in NumPy's order `(out, in)`, so that blocks run along the
    /// inputs; its bias is `layer.1.bias`, `(out)`.
    ///
    /// | weights | type |
    /// |---|---|
    /// | floats | `F32` |
    /// | `f16`, `bf16` | `F16`, `BF16` |
    /// | `q4_0`, `q4_1`, `q5_0`, `q5_1`, `q8_0`, and integers that [are the same](bitsweep_quant::Scheme::gguf_block) | `Q4_0` … `Q8_0` |
    /// | `mxfp4` | `MXFP4`; ggml reads its -0 as 0 |
    ///
    /// | key | value |
    /// |---|---|
    /// | `general.architecture`, `general.name`, `general.quantization_version` | `bitsweep`, `name`, 2 |
    /// | `bitsweep.version`, `bitsweep.layer_count` | 1, the number of layers |
    /// | `bitsweep.activations` | one text a layer: `relu`, or JSON where it has numbers: `{"leaky-relu":{"slope":0.1}}` |
    /// | `bitsweep.head`, `bitsweep.precision` | `softmax`, `one-vs-rest`, `logistic`; `single`, `mixed` |
    /// | `bitsweep.classes`, `bitsweep.features` | their names |
    /// | `bitsweep.scaler` | `none`, `divide`, `divide-each`, `standard` |
    /// | `bitsweep.scaler.mean`, `….scale`, `….divisor`, `….divisors` | numbers of `f32`; see [`FeatureScaling`](super::FeatureScaling) |
    /// | `bitsweep.scaler.constant` | which features were constant |
    /// | `bitsweep.columns`, `bitsweep.provenance` | JSON |
    ///
    /// # Errors
    /// What GGUF has no type for, with the nearest that it has: other formats and block lengths, inputs that do not fill
    /// blocks of 32, inputs of layers that are codes, outputs that are clipped. Nothing is turned into another format.
    pub fn to_gguf(&self, name: &str) -> Result<Vec<u8>, PackedError> {
        // Refuses numbers beyond f32.
        self.model()?;
        let classifier = self.classifier();
        let mut tensors = Vec::new();
        for (position, layer) in classifier.layers.iter().enumerate() {
            let number = position + 1;
            let (weight, bias) = (WeightId::Weight(position), WeightId::Bias(position));
            if layer.inputs.is_some() {
                let reason =
                    "has inputs that are codes, which GGUF cannot say: expected inputs that stay floats";
                return Err(refused(weight, reason));
            }
            if layer.outputs.is_some() {
                let reason =
                    "has outputs that are clipped, which GGUF cannot say: expected outputs that stay floats";
                return Err(refused(weight, reason));
            }
            let (inputs, outputs) = layer.weight.shape();
            tensors.push(Tensor {
                name: format!("layer.{number}.weight"),
                shape: vec![outputs, inputs],
                numbers: numbers(&layer.weight, weight)?,
            });
            tensors.push(Tensor {
                name: format!("layer.{number}.bias"),
                shape: vec![outputs],
                numbers: numbers(&layer.bias, bias)?,
            });
        }
        Ok(gguf::write(&self.metadata(name)?, &tensors))
    }

    fn metadata(&self, name: &str) -> Result<Vec<(String, Metadata)>, PackedError> {
        let classifier = self.classifier();
        let json = |value: serde_json::Result<Value>| match value {
            Ok(Value::String(name)) => Ok(Metadata::Text(name)),
            Ok(value) => Ok(Metadata::Text(value.to_string())),
            Err(error) => Err(PackedError::Metadata(error.to_string())),
        };
        let mut activations = Vec::new();
        for layer in &classifier.layers {
            let Metadata::Text(text) = json(serde_json::to_value(Function(layer.activation)))? else {
                continue;
            };
            activations.push(text);
        }
        let columns: Vec<ColumnDescription<'_>> =
            classifier.columns.iter().map(ColumnDescription::of).collect();
        let features = classifier.columns.iter().flat_map(Column::features).collect();
        // Features are as many as fit into memory, too.
        let constant = classifier.scaling.constant().iter().map(|feature| *feature as u32);
        let metadata = vec![
            ("general.architecture", Metadata::Text("bitsweep".to_owned())),
            ("general.name", Metadata::Text(name.to_owned())),
            ("general.quantization_version", Metadata::U32(QUANTIZATION_VERSION)),
            ("bitsweep.version", Metadata::U32(VERSION)),
            // As many as fit into memory, each with tensors of its own.
            ("bitsweep.layer_count", Metadata::U32(classifier.layers.len() as u32)),
            ("bitsweep.activations", Metadata::Texts(activations)),
            ("bitsweep.head", json(serde_json::to_value(classifier.head))?),
            ("bitsweep.precision", json(serde_json::to_value(classifier.precision))?),
            ("bitsweep.classes", Metadata::Texts(classifier.classes.clone())),
            ("bitsweep.features", Metadata::Texts(features)),
            ("bitsweep.columns", json(serde_json::to_value(columns))?),
            ("bitsweep.provenance", json(serde_json::to_value(&classifier.provenance))?),
            ("bitsweep.scaler", Metadata::Text(classifier.scaling.name().to_owned())),
            ("bitsweep.scaler.constant", Metadata::U32s(constant.collect())),
        ];
        let mut metadata: Vec<(String, Metadata)> =
            metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        for (part, numbers) in classifier.scaling.numbers() {
            metadata.push((format!("bitsweep.{}", tensor_name(part)), Metadata::F32s(numbers)));
        }
        Ok(metadata)
    }
}

fn refused(weight: WeightId, reason: impl Into<String>) -> PackedError {
    PackedError::Gguf { weight, reason: reason.into() }
}

/// The numbers of a weight or a bias, output after output.
fn numbers(values: &Values, id: WeightId) -> Result<Numbers, PackedError> {
    match values {
        Values::Float(values) => {
            Ok(Numbers::F32(values.t().iter().flat_map(|value| value.to_le_bytes()).collect()))
        }
        Values::Coded(quantized) => coded(quantized, id),
    }
}

fn coded(quantized: &Quantized, id: WeightId) -> Result<Numbers, PackedError> {
    let scheme = quantized.scheme();
    let patterns = || {
        let codes = quantized.codes().to_array();
        // Bit patterns of 16 bits.
        codes.t().iter().flat_map(|&code| (code as u16).to_le_bytes()).collect()
    };
    match (scheme.format, scheme.gguf_block()) {
        (Format::Float16, _) => Ok(Numbers::F16(patterns())),
        (Format::BFloat16, _) => Ok(Numbers::BF16(patterns())),
        (_, Some(block)) => match quantized.gguf_bytes() {
            Ok(bytes) => Ok(Numbers::Blocks(block, bytes)),
            Err(error @ GgufError::Ragged { .. }) => {
                let rest = "or `f16`, `bf16` or floats, which have no blocks";
                Err(refused(
                    id,
                    format!("is {block} in a shape that GGUF has no blocks for: {error}, {rest}"),
                ))
            }
            Err(error) => Err(refused(id, format!("has no bytes in GGUF: {error}"))),
        },
        (_, None) => Err(refused(
            id,
            format!(
                "is `{scheme}`, which no type of GGUF is: expected {}, `f16`, `bf16` or floats",
                nearest(quantized)
            ),
        )),
    }
}

/// The block type nearest to a format that none is.
fn nearest(quantized: &Quantized) -> &'static str {
    match (quantized.scheme().bits(), quantized.scheme().symmetry) {
        (..=4, Symmetry::Symmetric) => "`q4_0`, `mxfp4`",
        (..=4, Symmetry::Asymmetric(_)) => "`q4_1`",
        (5, Symmetry::Symmetric) => "`q5_0`",
        (5, Symmetry::Asymmetric(_)) => "`q5_1`",
        (6.., _) => "`q8_0`",
    }
}

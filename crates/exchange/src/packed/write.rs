//! From a model to bytes.

use std::borrow::Cow;

use bitsweep_models::WeightId;

use super::classifier::{Classifier, PackedLayer, PackedModel};
use super::columns;
use super::error::PackedError;
use super::function::Function;
use super::header::{ClipHeader, Header, LayerHeader, VERSION};
use super::scaling;
use super::tensors::Tensors;

impl PackedModel {
    /// The bytes of the file; those behind its header are as many as [`sizes`](Self::sizes) says.
    ///
    /// # Errors
    /// Metadata that are too long for a header.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PackedError> {
        let (header, tensors) = self.encode()?;
        tensors.to_file(header.to_json()?)
    }

    /// BLAKE3 of metadata and tensors, in hexadecimal digits: what the file's metadata have as `checksum`.
    ///
    /// # Errors
    /// Metadata that are no JSON.
    pub fn checksum(&self) -> Result<String, PackedError> {
        Ok(self.encode()?.0.checksum)
    }

    /// The header and the tensors.
    pub(super) fn encode(&self) -> Result<(Header<'_>, Tensors), PackedError> {
        let Classifier { columns, scaling, layers, head, precision, classes, provenance } = self.classifier();
        let mut tensors = Tensors::default();
        let header = Header {
            format: VERSION,
            bitsweep: self.written_by.clone(),
            checksum: String::new(),
            columns: columns::write(columns, &mut tensors),
            scaler: scaling::write(scaling, &mut tensors),
            precision: *precision,
            layers: layers
                .iter()
                .enumerate()
                .map(|(position, own)| layer(own, position, &mut tensors))
                .collect(),
            head: *head,
            classes: Cow::Borrowed(classes),
            provenance: Cow::Borrowed(provenance),
        };
        Ok((header.with_checksum(&tensors)?, tensors))
    }
}

fn layer(layer: &PackedLayer, position: usize, tensors: &mut Tensors) -> LayerHeader {
    let PackedLayer { weight, bias, activation, inputs, outputs } = layer;
    if let Some(quantizer) = inputs
        && let Some(fitted) = quantizer.fitted()
    {
        tensors.add_floats(&input_scale(position), vec![1], std::iter::once(fitted.scale));
        if quantizer.scheme().codes().zero_point().is_some() {
            tensors.add_integer(&input_zero_point(position), fitted.zero_point);
        }
    }
    if let Some(clip) = outputs.and_then(|outputs| outputs.clip) {
        tensors.add_floats(&output_clip(position), vec![1], std::iter::once(clip));
    }
    LayerHeader {
        inputs: weight.shape().0,
        outputs: weight.shape().1,
        weight: weight.write(WeightId::Weight(position), tensors),
        bias: bias.write(WeightId::Bias(position), tensors),
        activation: Function(*activation),
        input_codes: inputs.map(|quantizer| *quantizer.scheme()),
        output_codes: outputs
            .map(|outputs| ClipHeader { bits: outputs.bits, learned: outputs.clip.is_some() }),
    }
}

/// The name of the scale of a layer's inputs.
pub(super) fn input_scale(position: usize) -> String {
    format!("x{}.scale", position + 1)
}

/// The name of the zero point of a layer's inputs.
pub(super) fn input_zero_point(position: usize) -> String {
    format!("x{}.zero_point", position + 1)
}

/// The name of the clip of a layer's outputs.
pub(super) fn output_clip(position: usize) -> String {
    format!("y{}.clip", position + 1)
}

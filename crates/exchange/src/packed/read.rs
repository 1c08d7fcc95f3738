//! From bytes to a model.

use std::path::Path;

use bitsweep_models::WeightId;
use bitsweep_quant::{ActivationParameters, ActivationQuantizer, ActivationScheme};

use crate::error::ImportError;
use crate::file;
use crate::format::FileFormat;

use super::classifier::{Classifier, ClippedOutputs, PackedLayer, PackedModel};
use super::columns;
use super::error::PackedError;
use super::header::{ClipHeader, Header, LayerHeader};
use super::scaling;
use super::tensors::Tensors;
use super::values::Values;
use super::write::{input_scale, input_zero_point, output_clip};

/// The most weights for each byte of the file. Vector quantization alone has more than 8, and bytes that say more
/// are not believed: whoever computes with them needs memory for all.
const WEIGHTS_PER_BYTE: usize = 256;
/// As many are believed of any file.
const FEW_WEIGHTS: usize = 1 << 20;

impl PackedModel {
    /// Reads a file; no more of it than it has now, and nothing that is no file.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes), and where the file cannot be read or is of another format.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        match FileFormat::of(path)? {
            FileFormat::Safetensors => {}
            other => {
                let reason =
                    format!("is {other}, no packed model: expected safetensors that `bitsweep export` wrote");
                return Err(ImportError::new(path, reason));
            }
        }
        Self::from_bytes(&file::read(path)?).map_err(|error| ImportError::new(path, error))
    }

    /// The model of a file's bytes: `from_bytes(to_bytes(m)) = m`.
    ///
    /// What the codes stand for is not computed: [`model`](Self::model) and [`predictor`](Self::predictor) do.
    ///
    /// # Errors
    /// Bytes that are no packed model, are damaged, or have anything in them that the model does not need.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PackedError> {
        let (tensors, json) = Tensors::of_file(bytes)?;
        let header = Header::of_json(&json)?;
        let columns = columns::read(&header.columns, &tensors)?;
        let scaling = scaling::read(&header.scaler, columns::feature_count(&columns), &tensors)?;
        check_weights(&header.layers, bytes.len())?;
        let layers = header.layers.iter().enumerate();
        let layers = layers.map(|(position, layer)| read_layer(layer, position, &tensors));
        let classifier = Classifier {
            columns,
            scaling,
            layers: layers.collect::<Result<_, _>>()?,
            head: header.head,
            precision: header.precision,
            classes: header.classes.into_owned(),
            provenance: header.provenance.into_owned(),
        };
        let model = Self::checked(classifier, header.bitsweep)?;
        let (own, own_tensors) = model.encode()?;
        own_tensors.expect_same(&tensors)?;
        // That of all that was read, as it would be written.
        match own.checksum == header.checksum {
            true => Ok(model),
            false => Err(PackedError::Checksum),
        }
    }
}

/// Refuses more weights than so many bytes can explain.
fn check_weights(layers: &[LayerHeader], bytes: usize) -> Result<(), PackedError> {
    let most = bytes.saturating_mul(WEIGHTS_PER_BYTE).max(FEW_WEIGHTS);
    let add = |sum: usize, layer: &LayerHeader| sum.checked_add(layer.inputs.checked_mul(layer.outputs)?);
    match layers.iter().try_fold(0, add).is_some_and(|sum| sum <= most) {
        true => Ok(()),
        false => Err(PackedError::TooManyWeights { bytes, most }),
    }
}

fn read_layer(layer: &LayerHeader, position: usize, tensors: &Tensors) -> Result<PackedLayer, PackedError> {
    let LayerHeader { inputs, outputs, weight, bias, activation, input_codes, output_codes } = layer;
    Ok(PackedLayer {
        weight: Values::read(weight, WeightId::Weight(position), (*inputs, *outputs), tensors)?,
        bias: Values::read(bias, WeightId::Bias(position), (1, *outputs), tensors)?,
        activation: activation.0,
        inputs: input_codes.map(|scheme| quantizer(scheme, position, tensors)).transpose()?,
        outputs: output_codes.map(|clip| clipped(clip, position, tensors)).transpose()?,
    })
}

fn quantizer(
    scheme: ActivationScheme,
    position: usize,
    tensors: &Tensors,
) -> Result<ActivationQuantizer, PackedError> {
    let fitted = match scheme.is_static() {
        false => None,
        true => Some(ActivationParameters {
            scale: tensors.float(&input_scale(position))?,
            zero_point: match scheme.codes().zero_point() {
                None => 0,
                Some(_) => tensors.integer(&input_zero_point(position))?,
            },
        }),
    };
    ActivationQuantizer::restore(scheme, fitted).map_err(|error| PackedError::inputs(position, error))
}

fn clipped(clip: ClipHeader, position: usize, tensors: &Tensors) -> Result<ClippedOutputs, PackedError> {
    let ClipHeader { bits, learned } = clip;
    let clip = if learned { Some(tensors.float(&output_clip(position))?) } else { None };
    Ok(ClippedOutputs { bits, clip })
}

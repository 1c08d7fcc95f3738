//! Packed models for other tools and devices: as ONNX, and as C and Rust.
//!
//! Those of ONNX are the same numbers in standard operators: inputs are features as they come, the outputs `label` and
//! `probabilities`, as skl2onnx calls them.
//!
//! | part | operators |
//! |---|---|
//! | columns | one input `input (rows, features)`; with texts one input a column, `LabelEncoder` and `Gather` or `Equal`; missing values (NaN, the empty text) by `IsNaN` and `Where`; NaN where nothing replaces them |
//! | scaler | `Sub`, `Div` in `double`, in the order of [`FeatureScaling`] |
//! | integers, ternary, GGUF | `DequantizeLinear`: one scale, an `axis`, or a `block_size`; `Cast`, `Sub`, `Mul` where several whole rows share a scale or a zero point is none of the codes; above a minimum `Add` |
//! | FP8 E4M3 and E5M2 (and FP4 E2M1 from opset 23 on) | `DequantizeLinear` |
//! | other tables of levels | `Gather` from the table, `Mul` by the scales |
//! | codebooks | `Gather` from the centroids, `Add` of the stages |
//! | `f16`, `bf16` | `Cast` of `float16`, `bfloat16` |
//! | outliers | `ScatterElements` into the matrix |
//! | layers of floats | `MatMul`, `Add`, the activation; in `float` or, of mixed precision, in `double` |
//! | inputs as codes | `QuantizeLinear`, or the same written out; `MatMulInteger` of whole numbers, `MatMul` in `double` of others; on request QDQ |
//! | head | `Softmax` in `double`, `ArgMax`, `Gather` of the names |
//!
//! Weights are those of the model bit for bit. So are the codes of inputs of all layers; those of up to 8 bits are `uint8`
//! there, and 128 more than they are where they have a sign. What is stored otherwise than in a packed file, or may round
//! otherwise, is told in [`OnnxFile::notes`]. Tensors are called as in a packed file: `W1.codes`, `W1.scales`, `x1.codes`.
//!
//! What onnxruntime 1.32 makes of graphs has decided how some of it is written: where it lacks a kernel of `double` (`Erf`,
//! `LeakyRelu`, `HardSigmoid`, …) or fuses what is not the same, the place says so. `tests/files/check_onnx_out.py` holds it,
//! and the reference of the standard, to all of this.

mod activation;
mod c;
mod columns;
mod element;
mod error;
mod graph;
mod head;
mod integers;
mod layer;
mod matmul_nbits;
mod metadata;
mod options;
mod plan;
mod qdq;
mod rust;
mod scaling;
#[cfg(test)]
mod tests;
mod tiling;
mod weights;

use bitsweep_models::Precision;
use bitsweep_quant::Requantize;
use prost::Message;

use crate::packed::{Classifier, FeatureScaling, PackedLayer, PackedModel, Values};

pub use c::{CError, CModel, to_c};
pub use error::ExportError;
pub use options::{FourBitGroups, InputType, OnnxOptions, Opset, StaticInputs};
pub use rust::{RustError, to_rust};

use element::{ElementType, Real};
use graph::Graph;

/// The most bytes of a Protocol Buffers message.
const MOST_BYTES: usize = (1 << 31) - 1;

/// An ONNX file.
#[derive(Clone, Debug, PartialEq)]
pub struct OnnxFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What is stored otherwise than in the packed model, or may round otherwise, as sentences.
    pub notes: Vec<String>,
}

/// Writes a packed model as an ONNX file.
///
/// # Errors
/// What ONNX cannot say, with the nearest that it can, and what makes no [`Predictor`](crate::packed::Predictor) either.
///
/// ```
/// use bitsweep_exchange::export::{OnnxOptions, to_onnx};
/// use bitsweep_exchange::packed::{Classifier, Column, FeatureScaling, PackedLayer, PackedModel, Values};
/// use bitsweep_models::{Activation, Head, Precision};
/// use bitsweep_quant::{Bits, presets, quantize};
/// use bitsweep_random::{Generator, Stream};
/// use ndarray::array;
///
/// let mut stream = Stream::new(Generator::Modern, 0, "quantize")?;
/// let scheme = presets::symmetric_narrow(Bits::new(3)?);
/// let weight = quantize(array![[0.7_f32, -0.2], [-0.1, 0.4]].view(), &scheme, &mut stream)?;
/// let layer = PackedLayer {
///     weight: Values::Coded(weight),
///     bias: Values::Float(array![[0.5, -0.5]]),
///     activation: Activation::Identity,
///     inputs: None,
///     outputs: None,
/// };
/// let model = PackedModel::new(Classifier {
///     columns: vec![Column::numbers("length"), Column::numbers("width")],
///     scaling: FeatureScaling::Divide(2.0),
///     layers: vec![layer],
///     head: Head::Softmax,
///     precision: Precision::Single,
///     classes: vec!["leaf".to_owned(), "stone".to_owned()],
///     provenance: serde_json::Map::new(),
/// })?;
/// let file = to_onnx(&model, OnnxOptions::default())?;
/// let wider = "W1: codes of 3 bits are stored as int4, in 1.33 times their bits; their values are the same";
/// assert_eq!(file.notes, [wider]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_onnx(model: &PackedModel, options: OnnxOptions) -> Result<OnnxFile, ExportError> {
    model.predictor()?;
    let Classifier { columns, scaling, layers, head, precision, classes, provenance: _ } = model.classifier();
    let requantize =
        |layer: &PackedLayer| layer.inputs.map_or(Requantize::Float, |own| own.scheme().requantize());
    if let Some(requantize) = layers.iter().map(requantize).find(|own| *own != Requantize::Float) {
        return Err(ExportError::Requantize { requantize });
    }
    let mut graph = Graph::default();
    // Outputs have their names before all others do.
    let input = match options.input {
        InputType::Float => Real::Single,
        InputType::Double => Real::Double,
    };
    let features = columns::features(&mut graph, columns, input)?;
    let is_coded = layers.iter().any(|layer| layer.inputs.is_some());
    let real = match precision {
        Precision::Mixed if !is_coded => Real::Double,
        Precision::Mixed | Precision::Single => Real::Single,
    };
    let mut values = match *scaling == FeatureScaling::None {
        true => as_real(&mut graph, features.name, features.real, real),
        false => {
            let wide = as_real(&mut graph, features.name, features.real, Real::Double);
            let scaled = scaling::scaled(&mut graph, &wide, scaling);
            as_real(&mut graph, scaled, Real::Double, real)
        }
    };
    for (position, layer) in layers.iter().enumerate() {
        values = match (&layer.inputs, &layer.weight) {
            (Some(quantizer), Values::Coded(weight)) => match (quantizer.fitted(), options.static_inputs) {
                (Some(fitted), StaticInputs::Qdq) => {
                    let values = qdq::values(&mut graph, position, quantizer, fitted, &values)?;
                    layer::float_layer(&mut graph, layer, position, &values, real, options)?
                }
                (None, _) | (Some(_), StaticInputs::Integers) => {
                    let coded = (quantizer, weight);
                    integers::coded_layer(&mut graph, layer, coded, position, &values, options)?
                }
            },
            (Some(_), Values::Float(_)) | (None, _) => {
                layer::float_layer(&mut graph, layer, position, &values, real, options)?
            }
        };
    }
    if options.groups == FourBitGroups::MatMulNBits && !graph.uses(matmul_nbits::MICROSOFT) {
        return Err(ExportError::NoMatMulNBits);
    }
    let outputs = head::outputs(&mut graph, &values, *head, classes);
    let message = metadata::model(model, graph, features.inputs, outputs, options.opset);
    let bytes = message.0.encoded_len();
    if bytes > MOST_BYTES {
        return Err(ExportError::TooLarge { bytes, most: MOST_BYTES });
    }
    Ok(OnnxFile { bytes: message.0.encode_to_vec(), notes: message.1 })
}

/// The numbers as floats of another type.
fn as_real(graph: &mut Graph, numbers: String, from: Real, to: Real) -> String {
    match (from, to) {
        (Real::Single, Real::Single) | (Real::Double, Real::Double) => numbers,
        (_, Real::Single) => graph.cast(&numbers, ElementType::Float, &format!("{numbers} as float")),
        (_, Real::Double) => graph.cast(&numbers, ElementType::Double, &format!("{numbers} as double")),
    }
}

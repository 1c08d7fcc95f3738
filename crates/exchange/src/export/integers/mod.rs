//! Layers whose inputs are codes, as [`ScaledLevels::product`] computes them: the same whole numbers, and the same floats.
//!
//! [`ScaledLevels::product`]: bitsweep_quant::ScaledLevels::product

mod inputs;
mod outliers;
mod product;
mod range;

use bitsweep_models::WeightId;
use bitsweep_quant::{ActivationQuantizer, Quantized};

use crate::packed::PackedLayer;

use super::activation::{Arithmetic, applied};
use super::element::Real;
use super::error::ExportError;
use super::graph::Graph;
use super::layer::with_bias;
use super::options::OnnxOptions;

/// Adds `a(x · W + b)` of rows of `float`, the inputs as codes.
pub(super) fn coded_layer(
    graph: &mut Graph,
    layer: &PackedLayer,
    (quantizer, weight): (&ActivationQuantizer, &Quantized),
    position: usize,
    inputs: &str,
    options: OnnxOptions,
) -> Result<String, ExportError> {
    let id = WeightId::Weight(position);
    let name = format!("x{}", position + 1);
    let inputs = inputs::codes(graph, &name, id, quantizer, (inputs, weight.shape().0))?;
    let product = product::product(graph, &id.to_string(), weight, &inputs, options)?;
    let product = match weight.outliers() {
        Some(outliers) if !outliers.is_empty() => {
            outliers::added(graph, &id.to_string(), &product, &inputs, weight.shape(), outliers)
        }
        Some(_) | None => product,
    };
    let outputs = with_bias(graph, layer, position, &product, Real::Single, options)?;
    Ok(applied(graph, layer.activation, &outputs, Arithmetic::Rounded, &format!("y{}", position + 1)))
}

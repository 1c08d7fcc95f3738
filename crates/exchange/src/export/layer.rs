//! Layers that compute with floats.

use bitsweep_models::WeightId;

use crate::packed::{ClippedOutputs, PackedLayer, Values};

use super::activation::{Arithmetic, applied};
use super::element::{ElementType, Real};
use super::error::ExportError;
use super::graph::Graph;
use super::matmul_nbits;
use super::options::{FourBitGroups, OnnxOptions};
use super::weights;

/// Adds `a(x · W + b)` of rows of `real` numbers.
pub(super) fn float_layer(
    graph: &mut Graph,
    layer: &PackedLayer,
    position: usize,
    inputs: &str,
    real: Real,
    options: OnnxOptions,
) -> Result<String, ExportError> {
    let name = WeightId::Weight(position).to_string();
    let fused = match (&layer.weight, options.groups, real) {
        (Values::Coded(weight), FourBitGroups::MatMulNBits, Real::Single) => {
            matmul_nbits::product(graph, &name, weight, inputs)
        }
        (_, FourBitGroups::Standard | FourBitGroups::MatMulNBits, _) => None,
    };
    let product = match fused {
        Some(product) => product,
        None => {
            let weight = weights::matrix(graph, &name, &layer.weight, options.opset)?;
            let weight = of_real(graph, &weight, real);
            graph.node("MatMul", &[inputs, &weight], &format!("z{}.product", position + 1))
        }
    };
    let outputs = with_bias(graph, layer, position, &product, real, options)?;
    let arithmetic = match real {
        Real::Single => Arithmetic::Single,
        Real::Double => Arithmetic::Double,
    };
    let activated = applied(graph, layer.activation, &outputs, arithmetic, &format!("y{}", position + 1));
    Ok(match layer.outputs {
        Some(clipped) => clipped_outputs(graph, clipped, position, &activated, real),
        None => activated,
    })
}

/// The outputs with the bias added.
pub(super) fn with_bias(
    graph: &mut Graph,
    layer: &PackedLayer,
    position: usize,
    product: &str,
    real: Real,
    options: OnnxOptions,
) -> Result<String, ExportError> {
    let name = WeightId::Bias(position).to_string();
    let bias = weights::matrix(graph, &name, &layer.bias, options.opset)?;
    let bias = of_real(graph, &bias, real);
    Ok(graph.node("Add", &[product, &bias], &format!("z{}", position + 1)))
}

/// A `float` matrix as these floats.
fn of_real(graph: &mut Graph, matrix: &str, real: Real) -> String {
    match real {
        Real::Single => matrix.to_owned(),
        Real::Double => graph.cast(matrix, ElementType::Double, &format!("{matrix} as double")),
    }
}

/// `α/n·round(n·clip(x/α, 0, 1))` with `n = 2^b - 1`, in `double` as [`ClippedActivation`] computes it.
///
/// [`ClippedActivation`]: bitsweep_quant::estimator::ClippedActivation
fn clipped_outputs(
    graph: &mut Graph,
    clipped: ClippedOutputs,
    position: usize,
    outputs: &str,
    real: Real,
) -> String {
    let name = format!("y{}", position + 1);
    let steps = f64::from((1_u32 << clipped.bits.get()) - 1);
    let mut number = |what: &str, number: f64| graph.scalar(&format!("{name}.{what}"), Real::Double, number);
    let (clip, steps, step) =
        (number("clip", clipped.clip()), number("steps", steps), number("step", clipped.clip() / steps));
    let (zero, one) = (number("least", 0.0), number("most", 1.0));
    let wide = match real {
        Real::Single => graph.cast(outputs, ElementType::Double, &format!("{name} as double")),
        Real::Double => outputs.to_owned(),
    };
    let part = graph.node("Div", &[&wide, &clip], &format!("{name} by clip"));
    let part = graph.node("Clip", &[&part, &zero, &one], &format!("{name} clipped"));
    let place = graph.node("Mul", &[&part, &steps], &format!("{name} position"));
    let code = graph.node("Round", &[&place], &format!("{name}.codes"));
    let value = graph.node("Mul", &[&code, &step], &format!("{name} of codes"));
    match real {
        Real::Single => graph.cast(&value, ElementType::Float, &format!("{name} rounded")),
        Real::Double => value,
    }
}

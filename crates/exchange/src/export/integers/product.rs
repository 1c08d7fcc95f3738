//! Products of codes: `y = Σ_g s_x·s_g·Σ_{i∈g} (q_i - z_x)·u_i`.

use bitsweep_quant::Quantized;

use crate::export::element::{self, ElementType, Real};
use crate::export::error::ExportError;
use crate::export::graph::{Attribute, Graph};
use crate::export::options::OnnxOptions;
use crate::export::weights::{Bands, Factors, WholeNumbers, factors};

use super::inputs::{Inputs, Zero};

/// Adds the product of the inputs with a weight, `float`, without outliers and bias.
///
/// Whole numbers of 8 bits are multiplied by `MatMulInteger`; all others in `double`, where whole numbers are exact as well.
pub(super) fn product(
    graph: &mut Graph,
    name: &str,
    weight: &Quantized,
    inputs: &Inputs,
    options: OnnxOptions,
) -> Result<String, ExportError> {
    let (factors, bands, scales) = factors(graph, name, weight, inputs.are_bytes, options.opset)?;
    let sums = match factors {
        Factors::Bytes(whole) => of_bytes(graph, name, whole, bands, inputs),
        Factors::Doubles(factors) => of_doubles(graph, name, &factors, bands, inputs),
    };
    let sums = graph.cast(&sums, ElementType::Float, &format!("{name}.sums as float"));
    let scales = match scales {
        Some(scales) => graph.node("Mul", &[&inputs.scale, &scales], &format!("{name}.scales of product")),
        None => inputs.scale.clone(),
    };
    let products = graph.node("Mul", &[&sums, &scales], &format!("{name}.products"));
    Ok(if bands.count == 1 { products } else { added_up(graph, name, &products, bands.count) })
}

/// The sums `Σ (q - z)·u` of each band as `int32`, `(rows, out)` or `(bands, rows, out)`.
///
/// Of rows with parameters of their own they are `Σ q·u - z·Σ u`: onnxruntime takes no zero points of rows, and where nothing
/// stands between the product and the scales it takes these for one number (`MatMulIntegerToFloat`).
fn of_bytes(graph: &mut Graph, name: &str, whole: WholeNumbers, bands: Bands, inputs: &Inputs) -> String {
    let codes = in_bands(graph, inputs, &inputs.codes, bands);
    let zero = match &inputs.zero {
        Zero::Fixed(zero) => {
            let tensor = element::patterns(ElementType::Uint8, &[], [i64::from(*zero)]);
            graph.initializer(&format!("{}.zero of product", inputs.name), tensor)
        }
        Zero::FixedInRows(_) | Zero::OfRows(_) => String::new(),
    };
    let operands = [codes.as_str(), &whole.codes, &zero, &whole.zero_points];
    let sums = graph.node("MatMulInteger", &operands, &format!("{name}.sums"));
    let zeros = match &inputs.zero {
        Zero::Fixed(_) => return sums,
        Zero::FixedInRows(zero) => {
            let tensor = element::patterns(ElementType::Int32, &[], [i64::from(*zero)]);
            graph.initializer(&format!("{}.zero of product", inputs.name), tensor)
        }
        Zero::OfRows(zeros) => {
            graph.cast(zeros, ElementType::Int32, &format!("{}.zeros as int32", inputs.name))
        }
    };
    let totals = graph.initializer(&format!("{name}.totals"), *whole.totals);
    let shift = graph.node("Mul", &[&zeros, &totals], &format!("{name}.shift"));
    graph.node("Sub", &[&sums, &shift], &format!("{name}.sums from zero"))
}

/// The same in `double`.
fn of_doubles(graph: &mut Graph, name: &str, factors: &str, bands: Bands, inputs: &Inputs) -> String {
    let steps = inputs.steps(graph, Real::Double);
    let steps = in_bands(graph, inputs, &steps, bands);
    graph.node("MatMul", &[&steps, factors], &format!("{name}.sums"))
}

/// `(rows, in)` as `(bands, rows, inputs of a band)`, the last band filled up with zeros, which meet factors of 0.
fn in_bands(graph: &mut Graph, inputs: &Inputs, numbers: &str, bands: Bands) -> String {
    if bands.count == 1 {
        return numbers.to_owned();
    }
    let name = &inputs.name;
    let lacking = bands.count * bands.rows - bands.inputs;
    let padded = match lacking {
        0 => numbers.to_owned(),
        _ => {
            let pads = graph.integers(&format!("{name}.band pads"), &[0, 0, 0, lacking as i64]);
            graph.node("Pad", &[numbers, &pads], &format!("{name}.padded"))
        }
    };
    let shape = graph.integers(&format!("{name}.band shape"), &[0, bands.count as i64, bands.rows as i64]);
    let apart = graph.node("Reshape", &[&padded, &shape], &format!("{name}.bands of rows"));
    let order = vec![("perm", Attribute::Integers(vec![1, 0, 2]))];
    graph.node_with("Transpose", &[&apart], &format!("{name}.bands"), order)
}

/// The products of the bands, added in their order.
fn added_up(graph: &mut Graph, name: &str, products: &str, bands: usize) -> String {
    let parts = graph.split(products, bands, &format!("{name}.band"));
    let sum = parts.into_iter().reduce(|sum, part| graph.node("Add", &[&sum, &part], &format!("{name}.sum")));
    let first = graph.integers(&format!("{name}.band axis"), &[0]);
    graph.node("Squeeze", &[&sum.unwrap_or_default(), &first], &format!("{name}.product"))
}

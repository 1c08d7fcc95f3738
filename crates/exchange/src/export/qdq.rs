//! Static inputs as `QuantizeLinear` and `DequantizeLinear`.

use bitsweep_models::WeightId;
use bitsweep_quant::{ActivationParameters, ActivationQuantizer, Grid, Rounding};

use super::element::{self, ElementType, Real};
use super::error::ExportError;
use super::graph::Graph;

/// What `QuantizeLinear` has, as far as onnxruntime clips it to fewer codes.
const TYPES: &str = "integers of 2 to 8 bits, and unsigned ones of 16";

/// Adds what makes codes of `float` inputs and values of the codes, and returns the values.
///
/// # Errors
/// Codes that `QuantizeLinear` does not make.
pub(super) fn values(
    graph: &mut Graph,
    position: usize,
    quantizer: &ActivationQuantizer,
    fitted: ActivationParameters,
    inputs: &str,
) -> Result<String, ExportError> {
    let name = format!("x{}", position + 1);
    let scheme = quantizer.scheme();
    let refused = |what: String, nearest| {
        Err(ExportError::Qdq { weight: WeightId::Weight(position), what, types: TYPES, nearest })
    };
    match scheme.codes().rounding {
        // No inputs are rounded stochastically.
        Rounding::NearestEven | Rounding::Stochastic => {}
        Rounding::HalfAway => return refused("rounding = half-away".to_owned(), "`rounding = nearest-even`"),
    }
    let Grid { lowest, highest } = scheme.codes().grid().unwrap_or(Grid { lowest: 0, highest: 0 });
    let kind = match (scheme.bits(), lowest < 0) {
        (..=8, true) => ElementType::Int8,
        (..=8, false) => ElementType::Uint8,
        (16, false) => ElementType::Uint16,
        (bits, _) => return refused(format!("bits = {bits}"), "`bits = 8`"),
    };
    let scale = graph.scalar(&format!("{name}.scale"), Real::Single, fitted.scale.into());
    let zero_point = graph
        .initializer(&format!("{name}.zero_point"), element::patterns(kind, &[], [fitted.zero_point.into()]));
    let codes = graph.quantize_linear(&name, [inputs, &scale, &zero_point], kind, (lowest, highest));
    Ok(graph.node("DequantizeLinear", &[&codes, &scale, &zero_point], &format!("{name}.values")))
}

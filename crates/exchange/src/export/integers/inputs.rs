//! Inputs as codes: `q = clip(round(x/s) + z)`, as [`ActivationQuantizer::quantize`] makes them.

use bitsweep_models::WeightId;
use bitsweep_quant::{ActivationMode, ActivationQuantizer, Grid, Rounding};

use crate::export::element::{self, ElementType, Real};
use crate::export::error::ExportError;
use crate::export::graph::Graph;

use super::range::{self, Found};

/// Codes of up to 8 bits are `uint8` in the graph, those with a sign 128 more than they are: products of two `uint8` are
/// exact on every processor, where those of `uint8` and `int8` may saturate (onnxruntime, *Quantize ONNX models*, on x86
/// without VNNI).
const BYTE_OFFSET: i32 = 128;

/// The codes of a layer's inputs `(rows, in)` in a graph.
pub(super) struct Inputs {
    /// What parts are called after.
    pub(super) name: String,
    /// The codes: `uint8` with the offset of theirs, or `float` where they have more than 8 bits.
    pub(super) codes: String,
    pub(super) are_bytes: bool,
    /// `float`, one number or `(rows, 1)`.
    pub(super) scale: String,
    /// The code of zero.
    pub(super) zero: Zero,
}

/// The code of zero, with the offset.
pub(super) enum Zero {
    /// The same in all rows, as the scale is.
    Fixed(i32),
    /// The same in all rows, whose scales differ.
    FixedInRows(i32),
    /// `float`, `(rows, 1)`.
    OfRows(String),
}

impl Inputs {
    /// `q - z` as floats of this type: whole numbers, exact.
    pub(super) fn steps(&self, graph: &mut Graph, real: Real) -> String {
        let name = &self.name;
        let kind = real.element();
        let wide = graph.cast(&self.codes, kind, &format!("{name}.codes as {}", kind.name()));
        let zero = match &self.zero {
            Zero::Fixed(0) | Zero::FixedInRows(0) => return wide,
            Zero::Fixed(zero) | Zero::FixedInRows(zero) => {
                graph.scalar(&format!("{name}.zero as {}", kind.name()), real, (*zero).into())
            }
            Zero::OfRows(zeros) => graph.cast(zeros, kind, &format!("{name}.zeros as {}", kind.name())),
        };
        graph.node("Sub", &[&wide, &zero], &format!("{name}.steps as {}", kind.name()))
    }
}

/// Adds what makes codes of the `float` inputs, rows of `width` numbers.
pub(super) fn codes(
    graph: &mut Graph,
    name: &str,
    id: WeightId,
    quantizer: &ActivationQuantizer,
    (inputs, width): (&str, usize),
) -> Result<Inputs, ExportError> {
    let scheme = quantizer.scheme();
    let grid = scheme.codes().grid().unwrap_or(Grid { lowest: 0, highest: 0 });
    let are_bytes = scheme.bits() <= 8;
    let offset = if are_bytes && grid.lowest < 0 { BYTE_OFFSET } else { 0 };
    let codes = Codes { name, grid, offset, are_bytes, rounding: scheme.codes().rounding };
    let (scale, zero) = match (quantizer.fitted(), scheme.mode()) {
        (Some(fitted), _) => {
            let scale = graph.scalar(&format!("{name}.scale"), Real::Single, fitted.scale.into());
            let zero = fitted.zero_point + offset;
            if are_bytes && codes.rounding != Rounding::HalfAway {
                let codes = codes.quantize_linear(graph, inputs, &scale, zero);
                return Ok(Inputs {
                    name: name.to_owned(),
                    codes,
                    are_bytes,
                    scale,
                    zero: Zero::Fixed(zero),
                });
            }
            (scale, Zero::Fixed(zero))
        }
        (None, mode) => {
            let rows = match mode {
                ActivationMode::DynamicBatch(batch) => Some(batch.get()),
                ActivationMode::DynamicRow | ActivationMode::Static | ActivationMode::StaticAverage(_) => {
                    None
                }
            };
            let Found { scale, zero_point } = range::found(graph, name, id, scheme, (inputs, width, rows))?;
            let zero = match zero_point {
                Some(zero_point) => Zero::OfRows(zero_point),
                None => Zero::FixedInRows(offset),
            };
            (scale, zero)
        }
    };
    let codes = codes.written_out(graph, inputs, &scale, &zero);
    Ok(Inputs { name: name.to_owned(), codes, are_bytes, scale, zero })
}

/// What codes shall be like.
struct Codes<'n> {
    name: &'n str,
    grid: Grid,
    offset: i32,
    are_bytes: bool,
    rounding: Rounding,
}

impl Codes<'_> {
    /// By `QuantizeLinear`, which rounds halves to even, adds the zero point and saturates, and `Clip` where not all 256 codes
    /// are used.
    fn quantize_linear(&self, graph: &mut Graph, inputs: &str, scale: &str, zero: i32) -> String {
        let name = self.name;
        let zero = graph.initializer(
            &format!("{name}.zero_point"),
            element::patterns(ElementType::Uint8, &[], [zero.into()]),
        );
        let range = (self.grid.lowest + self.offset, self.grid.highest + self.offset);
        graph.quantize_linear(name, [inputs, scale, &zero], ElementType::Uint8, range)
    }

    /// The same in operators of `float`.
    fn written_out(&self, graph: &mut Graph, inputs: &str, scale: &str, zero: &Zero) -> String {
        let name = self.name;
        let position = graph.node("Div", &[inputs, scale], &format!("{name}.position"));
        let mut code = self.rounded(graph, &position);
        let zero = match zero {
            Zero::Fixed(0) | Zero::FixedInRows(0) => None,
            Zero::Fixed(zero) | Zero::FixedInRows(zero) => {
                Some(graph.scalar(&format!("{name}.zero"), Real::Single, (*zero).into()))
            }
            Zero::OfRows(zeros) => Some(zeros.clone()),
        };
        if let Some(zero) = zero {
            code = graph.node("Add", &[&code, &zero], &format!("{name}.from zero"));
        }
        let (low, high) = (self.grid.lowest + self.offset, self.grid.highest + self.offset);
        let low = graph.scalar(&format!("{name}.lowest"), Real::Single, low.into());
        let high = graph.scalar(&format!("{name}.highest"), Real::Single, high.into());
        if !self.are_bytes {
            return graph.node("Clip", &[&code, &low, &high], &format!("{name}.codes"));
        }
        let clipped = graph.node("Clip", &[&code, &low, &high], &format!("{name}.clipped"));
        graph.cast(&clipped, ElementType::Uint8, &format!("{name}.codes"))
    }

    /// The nearest whole number.
    fn rounded(&self, graph: &mut Graph, position: &str) -> String {
        let name = self.name;
        match self.rounding {
            // No inputs are rounded stochastically.
            Rounding::NearestEven | Rounding::Stochastic => {
                graph.node("Round", &[position], &format!("{name}.rounded"))
            }
            // sign(p)·(⌊|p|⌋ + 1 where |p| - ⌊|p|⌋ ≥ 1/2): no sum that could be rounded up.
            Rounding::HalfAway => {
                let magnitude = graph.node("Abs", &[position], &format!("{name}.magnitude"));
                let floor = graph.node("Floor", &[&magnitude], &format!("{name}.floor"));
                let rest = graph.node("Sub", &[&magnitude, &floor], &format!("{name}.rest"));
                let half = graph.scalar(&format!("{name}.half"), Real::Single, 0.5);
                let is_up = graph.node("GreaterOrEqual", &[&rest, &half], &format!("{name}.is up"));
                let up = graph.cast(&is_up, ElementType::Float, &format!("{name}.up"));
                let rounded = graph.node("Add", &[&floor, &up], &format!("{name}.rounded magnitude"));
                let sign = graph.node("Sign", &[position], &format!("{name}.sign"));
                graph.node("Mul", &[&sign, &rounded], &format!("{name}.rounded"))
            }
        }
    }
}

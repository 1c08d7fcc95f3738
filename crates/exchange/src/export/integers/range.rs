//! Ranges that are found in the rows at hand, and what scales and zero points they lead to.
//!
//! `DynamicQuantizeLinear` knows one range for all rows, all 256 codes and no scale below 2⁻¹²⁶ that is moved; here each row or
//! each so many rows have their own, and codes have their bits and symmetry. It is written out therefore.

use bitsweep_models::WeightId;
use bitsweep_quant::{ActivationScheme, Grid, Range, Symmetry};

use crate::export::element::Real;
use crate::export::error::ExportError;
use crate::export::graph::{Attribute, Graph};
use crate::export::tiling::cut_rows;

/// The parameters of each row.
pub(super) struct Found {
    /// `float`, `(rows, 1)`.
    pub(super) scale: String,
    /// `float`, `(rows, 1)`; none of symmetric codes.
    pub(super) zero_point: Option<String>,
}

/// Rows in batches that share a range.
struct Batches {
    /// `(batches, values)`.
    values: String,
    /// Rows of a batch and of all, lists of one number; none where each row is a batch.
    rows: Option<(String, String)>,
}

/// Adds what finds the range of each `rows` rows of `width` inputs, or of each row, and makes parameters of it.
pub(super) fn found(
    graph: &mut Graph,
    name: &str,
    id: WeightId,
    scheme: &ActivationScheme,
    (inputs, width, rows): (&str, usize, Option<usize>),
) -> Result<Found, ExportError> {
    let codes = scheme.codes();
    match codes.range {
        Range::MinMax => {}
        range @ (Range::Percentile(_) | Range::Mse | Range::Kl | Range::OutputMse) => {
            return Err(ExportError::DynamicRange { weight: id, range: range.to_string() });
        }
    }
    let grid = codes.grid().unwrap_or(Grid { lowest: 0, highest: 1 });
    let batches = match rows {
        Some(rows) => in_batches(graph, name, inputs, width, rows),
        None => Batches { values: inputs.to_owned(), rows: None },
    };
    let mut writer = Writer { graph, name };
    let zero = writer.number("zero", 0.0);
    let low = writer.extreme("ReduceMin", &batches.values);
    let high = writer.extreme("ReduceMax", &batches.values);
    // A range always includes 0.
    let low = writer.of("Min", &[&low, &zero], "low");
    let high = writer.of("Max", &[&high, &zero], "high");
    let wanted = match codes.symmetry {
        Symmetry::Symmetric => {
            let below = writer.of("Neg", &[&low], "magnitude below");
            let magnitude = writer.of("Max", &[&below, &high], "magnitude");
            let highest = writer.number("highest code", grid.highest.into());
            writer.of("Div", &[&magnitude, &highest], "wanted scale")
        }
        Symmetry::Asymmetric(_) => {
            let length = writer.of("Sub", &[&high, &low], "range");
            let steps = writer.number("steps of codes", grid.steps().into());
            writer.of("Div", &[&length, &steps], "wanted scale")
        }
    };
    let scale = scale(&mut writer, &wanted, &low, &high);
    let zero_point = match codes.symmetry {
        Symmetry::Symmetric => None,
        Symmetry::Asymmetric(_) => {
            let position = writer.of("Div", &[&low, &scale], "low position");
            let position = writer.of("Neg", &[&position], "zero position");
            let rounded = writer.of("Round", &[&position], "zero rounded");
            let lowest = writer.number("lowest zero", grid.lowest.into());
            let highest = writer.number("highest zero", grid.highest.into());
            Some(writer.of("Clip", &[&rounded, &lowest, &highest], "zero_points of batches"))
        }
    };
    let scale = of_rows(writer.graph, &format!("{name}.scales"), scale, batches.rows.as_ref());
    let zero_point = zero_point.map(|zero_point| {
        of_rows(writer.graph, &format!("{name}.zero_points"), zero_point, batches.rows.as_ref())
    });
    Ok(Found { scale, zero_point })
}

/// The scale as the range leads to it: 1 of nothing but zeros, and one up where it is so small that it has lost digits.
fn scale(writer: &mut Writer<'_>, wanted: &str, low: &str, high: &str) -> String {
    let smallest_normal = writer.number("smallest normal", f32::MIN_POSITIVE.into());
    let smallest = writer.number("smallest", f64::from(f32::from_bits(1)));
    let is_small = writer.of("Less", &[wanted, &smallest_normal], "is small");
    let next = writer.of("Add", &[wanted, &smallest], "next scale");
    let scale = writer.of("Where", &[&is_small, &next, wanted], "scale of range");
    let is_zero = writer.of("Equal", &[low, high], "is zero");
    let one = writer.number("one", 1.0);
    writer.of("Where", &[&is_zero, &one, &scale], "scales of batches")
}

/// Each `rows` rows as one; the last of them with rows of zeros behind, which change no range that includes 0.
fn in_batches(graph: &mut Graph, name: &str, inputs: &str, width: usize, rows: usize) -> Batches {
    let first = vec![("start", Attribute::Integer(0)), ("end", Attribute::Integer(1))];
    let all = graph.node_with("Shape", &[inputs], &format!("{name}.row count"), first);
    let most = graph.integers(&format!("{name}.batch"), &[i64::try_from(rows).unwrap_or(i64::MAX)]);
    let one = graph.integers(&format!("{name}.least"), &[1]);
    // Not more than there are, and at least 1.
    let batch = graph.node("Min", &[&all, &most], &format!("{name}.rows at most"));
    let batch = graph.node("Max", &[&batch, &one], &format!("{name}.batch rows"));
    let rest = graph.node("Mod", &[&all, &batch], &format!("{name}.rows left"));
    let lacking = graph.node("Sub", &[&batch, &rest], &format!("{name}.rows to add"));
    let lacking = graph.node("Mod", &[&lacking, &batch], &format!("{name}.rows lacking"));
    let before = graph.integers(&format!("{name}.pad before"), &[0, 0]);
    let behind = graph.integers(&format!("{name}.pad behind"), &[0]);
    let along = || vec![("axis", Attribute::Integer(0))];
    let pads = graph.node_with("Concat", &[&before, &lacking, &behind], &format!("{name}.pads"), along());
    let padded = graph.node("Pad", &[inputs, &pads], &format!("{name}.padded rows"));
    let width = graph.integers(&format!("{name}.width"), &[width as i64]);
    let values = graph.node("Mul", &[&batch, &width], &format!("{name}.batch values"));
    let open = graph.integers(&format!("{name}.open"), &[-1]);
    let shape = graph.node_with("Concat", &[&open, &values], &format!("{name}.batch shape"), along());
    let values = graph.node("Reshape", &[&padded, &shape], &format!("{name}.batches"));
    Batches { values, rows: Some((batch, all)) }
}

/// The numbers of batches, `(batches, 1)`, as those of rows, `(rows, 1)`.
fn of_rows(graph: &mut Graph, name: &str, numbers: String, rows: Option<&(String, String)>) -> String {
    let Some((batch, all)) = rows else { return numbers };
    let one = graph.integers(&format!("{name}.one"), &[1]);
    let along = vec![("axis", Attribute::Integer(0))];
    let wide = graph.node_with("Concat", &[&one, batch], &format!("{name}.repeated shape"), along);
    let repeated = graph.node("Expand", &[&numbers, &wide], &format!("{name}.repeated"));
    let column = graph.integers(&format!("{name}.column"), &[-1, 1]);
    let padded = graph.node("Reshape", &[&repeated, &column], &format!("{name}.with padding"));
    cut_rows(graph, &padded, all, name)
}

struct Writer<'g> {
    graph: &'g mut Graph,
    name: &'g str,
}

impl Writer<'_> {
    fn number(&mut self, what: &str, number: f64) -> String {
        self.graph.scalar(&format!("{}.{what}", self.name), Real::Single, number)
    }

    fn of(&mut self, operator: &str, inputs: &[&str], what: &str) -> String {
        self.graph.node(operator, inputs, &format!("{}.{what}", self.name))
    }

    /// The smallest or largest of each row, as a column.
    fn extreme(&mut self, operator: &str, values: &str) -> String {
        let axes = self.graph.integers(&format!("{}.axes", self.name), &[1]);
        self.of(operator, &[values, &axes], operator)
    }
}

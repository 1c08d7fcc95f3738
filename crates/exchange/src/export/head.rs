//! From logits to labels and probabilities.

use bitsweep_models::Head;

use crate::onnx::proto::ValueInfoProto;

use super::columns::{LABEL, PROBABILITIES, value_info};
use super::element::{self, ElementType, Real};
use super::graph::{Attribute, Graph};

/// Adds the outputs `label (rows)` and `probabilities (rows, classes)` to the logits `(rows, classes)`, which are of `float` or
/// of `double`.
///
/// Probabilities are a softmax in `double` under every head: of the logits, or of `ln σ(z)`, which gives
/// `σ(z_j) / Σ_i σ(z_i)`.
pub(super) fn outputs(
    graph: &mut Graph,
    logits: &str,
    head: Head,
    classes: &[String],
) -> Vec<ValueInfoProto> {
    let kind = label(graph, logits, classes);
    let wide = graph.cast(logits, ElementType::Double, "logits as double");
    let scores = match head {
        Head::Softmax => wide,
        Head::OneVsRest => log_logistic(graph, &wide),
    };
    let axis = vec![("axis", Attribute::Integer(1))];
    let softmax = graph.node_with("Softmax", &[&scores], "softmax", axis);
    graph.cast(&softmax, ElementType::Float, PROBABILITIES);
    vec![value_info(LABEL, kind, None), value_info(PROBABILITIES, ElementType::Float, Some(classes.len()))]
}

/// The class of the largest logit, of equal ones the first; an integer where all classes are called by one.
fn label(graph: &mut Graph, logits: &str, classes: &[String]) -> ElementType {
    let attributes = vec![("axis", Attribute::Integer(1)), ("keepdims", Attribute::Integer(0))];
    let position = graph.node_with("ArgMax", &[logits], "class", attributes);
    let integer = |class: &String| class.parse::<i64>().ok().filter(|number| number.to_string() == *class);
    let (names, kind) = match classes.iter().map(integer).collect::<Option<Vec<_>>>() {
        Some(integers) => (graph.integers("classes", &integers), ElementType::Int64),
        None => (graph.initializer("classes", element::texts(&[classes.len()], classes)), ElementType::Text),
    };
    graph.node("Gather", &[&names, &position], LABEL);
    kind
}

/// `ln σ(z) = min(z, 0) - ln(1 + exp(-|z|))`, which neither overflows nor underflows.
fn log_logistic(graph: &mut Graph, logits: &str) -> String {
    let (zero, one) = (graph.scalar("zero", Real::Double, 0.0), graph.scalar("one", Real::Double, 1.0));
    let least = graph.node("Min", &[logits, &zero], "logits up to 0");
    let magnitude = graph.node("Abs", &[logits], "logit magnitudes");
    let exponent = graph.node("Neg", &[&magnitude], "exponents");
    let power = graph.node("Exp", &[&exponent], "powers");
    let sum = graph.node("Add", &[&power, &one], "powers and 1");
    let logarithm = graph.node("Log", &[&sum], "logarithms");
    graph.node("Sub", &[&least, &logarithm], "logarithms of logistic")
}

//! From logits to labels and probabilities.

use bitsweep_models::Head;

use crate::onnx::proto::ValueInfoProto;

use super::columns::{LABEL, PROBABILITIES, value_info};
use super::element::{self, ElementType, Real};
use super::graph::{Attribute, Graph};

/// Adds the outputs `label (rows)` and `probabilities (rows, classes)` to the logits `(rows, classes)`, which are of `float` or
/// of `double`.
pub(super) fn outputs(
    graph: &mut Graph,
    logits: &str,
    head: Head,
    classes: &[String],
) -> Vec<ValueInfoProto> {
    let position = match head {
        Head::Softmax | Head::OneVsRest => largest(graph, logits),
        Head::Logistic => is_positive(graph, logits),
    };
    let kind = label(graph, &position, classes);
    probabilities(graph, logits, head);
    vec![value_info(LABEL, kind, None), value_info(PROBABILITIES, ElementType::Float, Some(classes.len()))]
}

/// The position of the largest logit, of equal ones the first.
fn largest(graph: &mut Graph, logits: &str) -> String {
    let attributes = vec![("axis", Attribute::Integer(1)), ("keepdims", Attribute::Integer(0))];
    graph.node_with("ArgMax", &[logits], "class", attributes)
}

/// 1 where the only logit is above 0, else 0.
fn is_positive(graph: &mut Graph, logits: &str) -> String {
    let wide = graph.cast(logits, ElementType::Double, "logits as double");
    let zero = graph.scalar("zero", Real::Double, 0.0);
    let above = graph.node("Greater", &[&wide, &zero], "is above 0");
    let number = graph.cast(&above, ElementType::Int64, "class in a column");
    let flat = graph.integers("one axis", &[-1]);
    graph.node("Reshape", &[&number, &flat], "class")
}

/// The name of the class at a position, an integer where all classes are called by one.
fn label(graph: &mut Graph, position: &str, classes: &[String]) -> ElementType {
    let integer = |class: &String| class.parse::<i64>().ok().filter(|number| number.to_string() == *class);
    let (names, kind) = match classes.iter().map(integer).collect::<Option<Vec<_>>>() {
        Some(integers) => (graph.integers("classes", &integers), ElementType::Int64),
        None => (graph.initializer("classes", element::texts(&[classes.len()], classes)), ElementType::Text),
    };
    graph.node("Gather", &[&names, position], LABEL);
    kind
}

/// `softmax(z)`; `softmax(ln σ(z))`, which is `σ(z_j) / Σ_i σ(z_i)`; or `1 - σ(z), σ(z)`; in `double`.
fn probabilities(graph: &mut Graph, logits: &str, head: Head) {
    let wide = graph.cast(logits, ElementType::Double, "logits as double");
    let scores = match head {
        Head::Softmax => wide,
        Head::OneVsRest => log_logistic(graph, &wide),
        Head::Logistic => {
            let second = graph.node("Sigmoid", &[&wide], "logistic");
            let one = graph.scalar("one", Real::Double, 1.0);
            let first = graph.node("Sub", &[&one, &second], "complement");
            let axis = vec![("axis", Attribute::Integer(1))];
            let both = graph.node_with("Concat", &[&first, &second], "of both classes", axis);
            graph.cast(&both, ElementType::Float, PROBABILITIES);
            return;
        }
    };
    let axis = vec![("axis", Attribute::Integer(1))];
    let result = graph.node_with("Softmax", &[&scores], "softmax", axis);
    graph.cast(&result, ElementType::Float, PROBABILITIES);
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

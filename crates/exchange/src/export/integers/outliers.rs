//! Outliers of weights beside the codes: `s_x·(q - z)·w`, added one after the other in the order of the inputs.

use bitsweep_quant::SparseOutliers;

use crate::export::element::{self, ElementType, Real};
use crate::export::graph::{Attribute, Graph};

use super::inputs::Inputs;

/// Adds the products of outliers to `product`, `(rows, out)`: the first of each output, then the second of each, and so on;
/// where an output has no more of them, 0.
pub(super) fn added(
    graph: &mut Graph,
    name: &str,
    product: &str,
    inputs: &Inputs,
    (_, outputs): (usize, usize),
    outliers: &SparseOutliers,
) -> String {
    let mut of_output: Vec<Vec<(usize, f64)>> = vec![Vec::new(); outputs];
    for (position, weight) in outliers.entries() {
        of_output[position % outputs].push((position / outputs, weight));
    }
    let steps = inputs.steps(graph, Real::Single);
    let values = graph.node("Mul", &[&inputs.scale, &steps], &format!("{}.values", inputs.name));
    let rounds = of_output.iter().map(Vec::len).max().unwrap_or_default();
    let mut sum = product.to_owned();
    for round in 0..rounds {
        let entry = |list: &Vec<(usize, f64)>| list.get(round).copied().unwrap_or((0, 0.0));
        let weights = of_output.iter().map(|list| entry(list).1);
        let weights = element::floats(ElementType::Float16, &[1, outputs], weights);
        let weights = graph.initializer(&format!("{name}.outliers"), weights);
        let weights = graph.cast(&weights, ElementType::Float, &format!("{name}.outliers as float"));
        let positions = of_output.iter().map(|list| entry(list).0 as i64);
        let positions = element::patterns(ElementType::Int32, &[outputs], positions);
        let positions = graph.initializer(&format!("{name}.outlier_inputs"), positions);
        let along = vec![("axis", Attribute::Integer(1))];
        let chosen =
            graph.node_with("Gather", &[&values, &positions], &format!("{name}.outlier values"), along);
        let products = graph.node("Mul", &[&chosen, &weights], &format!("{name}.outlier products"));
        sum = graph.node("Add", &[&sum, &products], &format!("{name}.with outliers"));
    }
    sum
}

//! Weights that are kept beside the codes.

use bitsweep_quant::SparseOutliers;

use crate::export::element::{self, ElementType};
use crate::export::graph::Graph;

/// Puts the outliers, stored as `float16`, into their places of a `float` matrix.
pub(super) fn put_back(
    graph: &mut Graph,
    name: &str,
    matrix: &str,
    shape: (usize, usize),
    outliers: &SparseOutliers,
) -> String {
    let values = outliers.entries().map(|(_, value)| value);
    let values = element::floats(ElementType::Float16, &[outliers.len()], values);
    let values = graph.initializer(&format!("{name}.outliers"), values);
    let values = graph.cast(&values, ElementType::Float, &format!("{name}.outliers as float"));
    scattered(graph, name, matrix, shape, outliers, &values)
}

/// Puts zeros into the places of outliers of a `double` matrix.
pub(super) fn blanked(
    graph: &mut Graph,
    name: &str,
    matrix: &str,
    shape: (usize, usize),
    outliers: &SparseOutliers,
) -> String {
    let zeros = element::floats(ElementType::Double, &[outliers.len()], vec![0.0; outliers.len()]);
    let zeros = graph.initializer(&format!("{name}.zeros"), zeros);
    scattered(graph, name, matrix, shape, outliers, &zeros)
}

fn scattered(
    graph: &mut Graph,
    name: &str,
    matrix: &str,
    shape: (usize, usize),
    outliers: &SparseOutliers,
    values: &str,
) -> String {
    let positions = outliers.positions().iter().map(|&position| position as i64);
    let positions = element::patterns(ElementType::Int32, &[outliers.len()], positions);
    let positions = graph.initializer(&format!("{name}.outlier_positions"), positions);
    let list = graph.integers(&format!("{name}.as list"), &[-1]);
    let list = graph.node("Reshape", &[matrix, &list], &format!("{name}.list"));
    let whole = graph.node("ScatterElements", &[&list, &positions, values], &format!("{name}.scattered"));
    let dims = graph.integers(&format!("{name}.shape"), &[shape.0 as i64, shape.1 as i64]);
    graph.node("Reshape", &[&whole, &dims], &format!("{name}.matrix"))
}

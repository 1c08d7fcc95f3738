//! Formats whose codes mean the same in every matrix.

use bitsweep_quant::{CodeRange, Codes, FixedGrid, Grid};

use crate::export::element::{self, ElementType};
use crate::export::graph::Graph;

use super::coded::Coded;
use super::codes;

/// Adds the codes and what makes numbers of them.
pub(super) fn fixed(graph: &mut Graph, coded: &Coded<'_>, grid: FixedGrid) -> String {
    match grid {
        FixedGrid::Float16 => half(graph, coded, ElementType::Float16),
        FixedGrid::BFloat16 => half(graph, coded, ElementType::Bfloat16),
        // 2·(q/n) - 1
        FixedGrid::DoReFa(bits) => {
            let fraction = fraction(graph, coded, Grid::new(bits, Codes::Unsigned, CodeRange::Full));
            let twice = graph.node("Add", &[&fraction, &fraction], &coded.part("twice"));
            let one = graph.scalar(&coded.part("one"), coded.real, 1.0);
            graph.node("Sub", &[&twice, &one], &coded.part("around zero"))
        }
        // q/n
        FixedGrid::Wrpn(bits) => fraction(graph, coded, Grid::new(bits, Codes::Signed, CodeRange::Narrow)),
    }
}

/// Floats of 16 bits, as such.
fn half(graph: &mut Graph, coded: &Coded<'_>, kind: ElementType) -> String {
    let patterns = coded.quantized.codes().iter().map(i64::from);
    let codes = graph.initializer(&coded.part("codes"), element::patterns(kind, &coded.dims(), patterns));
    graph.cast(&codes, coded.real.element(), &coded.part("floats"))
}

/// The code by the highest one.
fn fraction(graph: &mut Graph, coded: &Coded<'_>, grid: Grid) -> String {
    let codes = codes::integers(graph, coded, grid.lowest.into(), grid.highest.into());
    let steps = graph.cast(&codes.name, coded.real.element(), &coded.part("steps"));
    let highest = graph.scalar(&coded.part("highest"), coded.real, grid.highest.into());
    graph.node("Div", &[&steps, &highest], &coded.part("fraction"))
}

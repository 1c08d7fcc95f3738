//! Even grids: `ŵ = s·(q - z)`, or `ŵ = s·(q - lowest) + m` above a minimum `m`.

use bitsweep_quant::{Affine, Real as Number, Scheme, ZeroPoint};

use crate::export::element::{self, ElementType, Real};
use crate::export::graph::Graph;

use super::coded::Coded;
use super::codes::{self, Codes};
use super::scales;

/// Adds the codes of an even grid, or of signs, and what makes numbers of them.
///
/// That is one `DequantizeLinear` where its zero point can be said in the type of the codes and its scales lie along one axis;
/// otherwise `Cast`, `Sub` and `Mul` with the scales repeated.
pub(super) fn affine<T: Number>(graph: &mut Graph, coded: &Coded<'_>, affine: &Affine<T>) -> String {
    let (lowest, highest) = code_range(coded.scheme);
    let is_minimum = coded.scheme.zero_point() == Some(ZeroPoint::Minimum);
    let zero_points: Vec<f64> = match is_minimum {
        true => vec![lowest as f64; affine.scales.len()],
        false => affine.zero_points.iter().map(|zero_point| zero_point.to_f64()).collect(),
    };
    let codes = codes::integers(graph, coded, lowest, highest);
    let scaled = scaled(graph, coded, affine, &codes, &zero_points);
    if !is_minimum {
        return scaled;
    }
    let minimums = scales::minimums(graph, coded, affine, &coded.tiling.dims());
    let minimums = coded.tiling.spread(graph, &minimums);
    graph.node("Add", &[&scaled, &minimums], &coded.part("above minimums"))
}

/// The lowest and the highest code of an even grid, or of signs.
pub(super) fn code_range(scheme: &Scheme) -> (i64, i64) {
    scheme.grid().map_or((-1, 1), |grid| (i64::from(grid.lowest), i64::from(grid.highest)))
}

/// `s·(q - z)`.
pub(super) fn scaled<T: Number>(
    graph: &mut Graph,
    coded: &Coded<'_>,
    affine: &Affine<T>,
    codes: &Codes,
    zero_points: &[f64],
) -> String {
    let fits = |zero_point: &f64| {
        let (low, high) = codes.kind.range().unwrap_or_default();
        zero_point.fract() == 0.0 && low as f64 <= *zero_point && *zero_point <= high as f64
    };
    // Beyond 16 bits the zero point of `DequantizeLinear` must be 0.
    let is_sayable = codes.kind != ElementType::Int32 && zero_points.iter().all(fits);
    let axis = coded.tiling.scale_axis().filter(|_| coded.real == Real::Single && is_sayable);
    let Some(axis) = axis else {
        let steps = steps(graph, coded, codes, zero_points);
        return multiplied(graph, coded, affine, &steps);
    };
    let dims = axis.dims(coded.tiling.dims());
    let scales = scales::scales(graph, coded, affine, &dims);
    let mut inputs = vec![codes.name.as_str(), &scales];
    let stored;
    if are_needed(zero_points) {
        let whole = zero_points.iter().map(|&zero_point| zero_point as i64);
        stored = graph.initializer(&coded.part("zero_points"), element::patterns(codes.kind, &dims, whole));
        inputs.push(&stored);
    }
    graph.node_with("DequantizeLinear", &inputs, &coded.part("dequantized"), axis.attributes())
}

/// `q - z`.
pub(super) fn steps(graph: &mut Graph, coded: &Coded<'_>, codes: &Codes, zero_points: &[f64]) -> String {
    let steps = graph.cast(&codes.name, coded.real.element(), &coded.part("steps"));
    if !are_needed(zero_points) {
        return steps;
    }
    let tensor = element::floats(coded.real.element(), &coded.tiling.dims(), zero_points.iter().copied());
    let stored = graph.initializer(&coded.part("zero_points"), tensor);
    let spread = coded.tiling.spread(graph, &stored);
    graph.node("Sub", &[&steps, &spread], &coded.part("steps from zero"))
}

/// Whether one of them is not 0.
fn are_needed(zero_points: &[f64]) -> bool {
    zero_points.iter().any(|zero_point| *zero_point != 0.0)
}

/// `s·x`, with the scale of each block.
pub(super) fn multiplied<T: Number>(
    graph: &mut Graph,
    coded: &Coded<'_>,
    affine: &Affine<T>,
    numbers: &str,
) -> String {
    if affine.scales.iter().all(|scale| *scale == T::ONE) {
        return numbers.to_owned();
    }
    let scales = scales::scales(graph, coded, affine, &coded.tiling.dims());
    let spread = coded.tiling.spread(graph, &scales);
    graph.node("Mul", &[numbers, &spread], &coded.part("scaled"))
}

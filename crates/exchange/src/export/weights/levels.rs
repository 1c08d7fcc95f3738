//! Codes that name levels: `ŵ = s·level(q)`.

use bitsweep_quant::{Affine, LevelFormat, Minifloat, Real as Number};

use crate::export::element::{self, ElementType, Real};
use crate::export::graph::Graph;
use crate::export::options::Opset;

use super::affine;
use super::coded::Coded;
use super::codes::{self, note_width};
use super::scales;

/// Adds the codes of levels and what makes numbers of them: `DequantizeLinear` of floats that ONNX has and of ternary codes,
/// otherwise the levels, and `Mul`.
pub(super) fn levels<T: Number>(
    graph: &mut Graph,
    coded: &Coded<'_>,
    affine: &Affine<T>,
    format: LevelFormat,
) -> String {
    if let LevelFormat::Ternary(_) = format {
        let codes = codes::integers(graph, coded, -1, 1);
        return affine::scaled(graph, coded, affine, &codes, &[]);
    }
    let axis = coded.tiling.scale_axis().filter(|_| coded.real == Real::Single);
    if let (Some(kind), Some(axis)) = (float_type(format, coded.opset), axis) {
        let codes = stored(graph, coded, kind);
        let scales = scales::scales(graph, coded, affine, &axis.dims(coded.tiling.dims()));
        let name = coded.part("dequantized");
        return graph.node_with("DequantizeLinear", &[&codes, &scales], &name, axis.attributes());
    }
    let numbers = numbers(graph, coded, format);
    affine::multiplied(graph, coded, affine, &numbers)
}

/// Adds the codes of levels, and the levels: `Cast` of numbers that ONNX has, otherwise `Gather` from the table.
pub(super) fn numbers(graph: &mut Graph, coded: &Coded<'_>, format: LevelFormat) -> String {
    if let LevelFormat::Ternary(_) = format {
        let codes = codes::integers(graph, coded, -1, 1);
        return affine::steps(graph, coded, &codes, &[]);
    }
    if let Some(kind) = float_type(format, coded.opset) {
        let codes = stored(graph, coded, kind);
        return graph.cast(&codes, coded.real.element(), &coded.part("levels"));
    }
    // A code without a level, which no matrix has, has the level 0 here.
    let mut table = Vec::new();
    for (code, level) in format.levels() {
        table.resize(usize::try_from(code).unwrap_or_default(), 0.0);
        table.push(level);
    }
    let kind = codes::integer_type(0, (1 << format.bits()) - 1, Opset::V21);
    note_width(graph, coded.name, format.bits(), kind);
    let codes = stored(graph, coded, kind);
    let indices = graph.cast(&codes, ElementType::Int32, &coded.part("indices"));
    let table = element::floats(coded.real.element(), &[table.len()], table);
    let table = graph.initializer(&coded.part("table"), table);
    graph.node("Gather", &[&table, &indices], &coded.part("levels"))
}

/// Whether sums of products of levels with codes of inputs are exact in `double`: whether the levels are whole multiples of a
/// power of two, with few digits.
pub(super) fn are_dyadic(format: LevelFormat) -> bool {
    const STEP: f64 = 1.0 / (1_u64 << 20) as f64;
    format.levels().iter().all(|(_, level)| (level / STEP).fract() == 0.0 && level.abs() <= 65_536.0)
}

fn stored(graph: &mut Graph, coded: &Coded<'_>, kind: ElementType) -> String {
    let patterns = coded.quantized.codes().iter().map(i64::from);
    graph.initializer(&coded.part("codes"), element::patterns(kind, &coded.dims(), patterns))
}

/// ONNX's type of a small float, where it has one.
fn float_type(format: LevelFormat, opset: Opset) -> Option<ElementType> {
    match format {
        LevelFormat::Minifloat(Minifloat::E4M3) => Some(ElementType::Float8E4M3),
        LevelFormat::Minifloat(Minifloat::E5M2) => Some(ElementType::Float8E5M2),
        LevelFormat::Minifloat(Minifloat::E2M1) if opset >= Opset::V25 => Some(ElementType::Float4E2M1),
        LevelFormat::Minifloat(_)
        | LevelFormat::NormalFloat { .. }
        | LevelFormat::StudentFloat { .. }
        | LevelFormat::Ternary(_)
        | LevelFormat::PowerOfTwo { .. }
        | LevelFormat::AdditivePowerOfTwo { .. } => None,
    }
}

//! Scales and minimums, in the types that they are stored in.

use bitsweep_quant::{Affine, Real as Number, ScaleFormat};
use half::bf16;

use crate::export::element::{self, ElementType, Real};
use crate::export::graph::Graph;

use super::coded::Coded;

/// Adds the scales, one a block, as floats of the reconstruction's arithmetic in the shape `dims`.
pub(super) fn scales<T: Number>(
    graph: &mut Graph,
    coded: &Coded<'_>,
    affine: &Affine<T>,
    dims: &[usize],
) -> String {
    let numbers: Vec<f64> = affine.scales.iter().map(|scale| scale.to_f64()).collect();
    let name = coded.part("scales");
    match (coded.scheme.scale_format, &affine.nested, coded.real) {
        (ScaleFormat::TwoLevel, Some(nested), Real::Single) => {
            let codes = nested.codes.iter().map(|&code| i64::from(code));
            let codes = element::patterns(ElementType::Float8E4M3, dims, codes);
            let codes = graph.initializer(&coded.part("scale_codes"), codes);
            let outer = nested.scales.first().map_or(1.0, |&scale| f64::from(scale));
            let outer = graph.scalar(&coded.part("outer_scale"), Real::Single, outer);
            graph.node("DequantizeLinear", &[&codes, &outer], &name)
        }
        (ScaleFormat::Double, ..) => {
            let kind = coded.real.element().name();
            let note =
                format!("scales of `scale_format = double` are stored as {kind}, not as codes of 8 bits");
            graph.note(coded.name, note);
            numbers_as(graph, coded, &name, ScaleFormat::Float, dims, &numbers)
        }
        (format, ..) => numbers_as(graph, coded, &name, format, dims, &numbers),
    }
}

/// Adds the minimums, one a block, in the type of the scales where that is one of 16 bits.
pub(super) fn minimums<T: Number>(
    graph: &mut Graph,
    coded: &Coded<'_>,
    affine: &Affine<T>,
    dims: &[usize],
) -> String {
    let numbers: Vec<f64> = affine.zero_points.iter().map(|minimum| minimum.to_f64()).collect();
    let format = match coded.scheme.scale_format {
        format @ (ScaleFormat::F16 | ScaleFormat::Bf16) => format,
        ScaleFormat::Float
        | ScaleFormat::E8m0Floor
        | ScaleFormat::E8m0Ceiling
        | ScaleFormat::TwoLevel
        | ScaleFormat::Double
        | ScaleFormat::None => ScaleFormat::Float,
    };
    numbers_as(graph, coded, &coded.part("minimums"), format, dims, &numbers)
}

fn numbers_as(
    graph: &mut Graph,
    coded: &Coded<'_>,
    name: &str,
    format: ScaleFormat,
    dims: &[usize],
    numbers: &[f64],
) -> String {
    let wide = coded.real.element();
    let kind = match format {
        ScaleFormat::F16 => ElementType::Float16,
        ScaleFormat::Bf16 => ElementType::Bfloat16,
        // Powers of two, which bfloat16 has as far down as 2⁻¹³³.
        ScaleFormat::E8m0Floor | ScaleFormat::E8m0Ceiling
            if numbers.iter().all(|&number| bf16::from_f64(number).to_f64() == number) =>
        {
            ElementType::Bfloat16
        }
        ScaleFormat::E8m0Floor
        | ScaleFormat::E8m0Ceiling
        | ScaleFormat::Float
        | ScaleFormat::TwoLevel
        | ScaleFormat::Double
        | ScaleFormat::None => wide,
    };
    let stored = graph.initializer(name, element::floats(kind, dims, numbers.iter().copied()));
    if kind == wide { stored } else { graph.cast(&stored, wide, &format!("{name} as {}", wide.name())) }
}

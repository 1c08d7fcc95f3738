//! `MatMulNBits`, onnxruntime's own operator for weights of 4 bits in groups.

use bitsweep_quant::{Granularity, Parameters, Quantized, ZeroPoint};

use super::element::{self, ElementType};
use super::graph::{Attribute, Graph};

/// The domain of onnxruntime's own operators.
pub(super) const MICROSOFT: &str = "com.microsoft";
/// The code of zero where none is given.
const USUAL_ZERO: i64 = 8;

/// Adds `x · W` where `MatMulNBits` can say the weight: 4 bits, symmetric or with whole zero points among the codes, in groups
/// of 16, 32, 64, … inputs, without outliers. Elsewhere it says so and adds nothing.
///
/// The operator takes `B (out, groups, group/2)`, two codes a byte, the first in the low bits, `scales (out, groups)` and
/// `zero_points (out, groups/2)`, packed in the same way; `ŵ = s·(q - z)`, with `z = 8` without zero points (onnxruntime,
/// *ContribOperators*).
pub(super) fn product(graph: &mut Graph, name: &str, weight: &Quantized, inputs: &str) -> Option<String> {
    let parts = parts(weight);
    let Some(Parts { group, codes, scales, zero_points }) = parts else {
        let note = format!(
            "`MatMulNBits` has no form for `{}`, which is said by standard operators: expected 4 bits, `granularity = {{ group = n }}` with n a power of 2 from 16 on, no outliers, and whole zero points among the codes",
            weight.scheme()
        );
        graph.note(name, note);
        return None;
    };
    let (rows, columns) = weight.shape();
    let groups = rows.div_ceil(group);
    let codes = element::patterns(ElementType::Uint4, &[columns, groups, group], codes).raw_data;
    let bytes = codes.into_iter().map(i64::from);
    let packed = element::patterns(ElementType::Uint8, &[columns, groups, group / 2], bytes);
    let packed = graph.initializer(&format!("{name}.codes"), packed);
    let scales = element::floats(ElementType::Float, &[columns, groups], scales);
    let scales = graph.initializer(&format!("{name}.scales"), scales);
    let mut operands = vec![inputs, &packed, &scales];
    let stored;
    if let Some(zero_points) = zero_points {
        // Each output begins a byte of its own.
        let bytes: Vec<i64> = zero_points
            .chunks(groups)
            .flat_map(|zeros| {
                element::patterns(ElementType::Uint4, &[groups], zeros.iter().copied()).raw_data
            })
            .map(i64::from)
            .collect();
        let packed = element::patterns(ElementType::Uint8, &[columns, groups.div_ceil(2)], bytes);
        stored = graph.initializer(&format!("{name}.zero_points"), packed);
        operands.push(&stored);
    }
    let attributes = vec![
        ("K", Attribute::Integer(rows as i64)),
        ("N", Attribute::Integer(columns as i64)),
        ("bits", Attribute::Integer(4)),
        ("block_size", Attribute::Integer(group as i64)),
    ];
    Some(graph.node_of(MICROSOFT, "MatMulNBits", &operands, &format!("{name}.product"), attributes))
}

/// What the operator takes, output by output.
struct Parts {
    group: usize,
    /// Filled up to whole groups.
    codes: Vec<i64>,
    scales: Vec<f64>,
    /// None where all are the usual one.
    zero_points: Option<Vec<i64>>,
}

fn parts(weight: &Quantized) -> Option<Parts> {
    let scheme = weight.scheme();
    let Granularity::Group(size) = scheme.granularity else { return None };
    let group = size.get() as usize;
    let grid = scheme.grid()?;
    let is_sayable = scheme.bits() == 4
        && group >= 16
        && group.is_power_of_two()
        && weight.outliers().is_none()
        && scheme.zero_point() != Some(ZeroPoint::Minimum);
    let Ok(Parameters::Affine(affine)) = weight.parameters::<f32>() else { return None };
    let (rows, columns) = weight.shape();
    // A single row is grouped along itself.
    if !is_sayable || rows == 1 {
        return None;
    }
    let offset = if grid.lowest < 0 { USUAL_ZERO } else { 0 };
    let zero_points = affine.zero_points.iter().map(|&zero_point| {
        let whole = zero_point as i64;
        (whole as f32 == zero_point && (0..16).contains(&(whole + offset))).then_some(whole + offset)
    });
    let zero_points = zero_points.collect::<Option<Vec<i64>>>()?;
    let groups = rows.div_ceil(group);
    let places = || (0..columns).flat_map(move |column| (0..groups).map(move |band| band * columns + column));
    let codes = (0..columns).flat_map(|column| {
        (0..groups * group)
            .map(move |row| weight.codes().get(row, column).map_or(0, |code| i64::from(code) + offset))
    });
    let is_usual = zero_points.iter().all(|zero_point| *zero_point == USUAL_ZERO);
    Some(Parts {
        group,
        codes: codes.collect(),
        scales: places().map(|place| f64::from(affine.scales[place])).collect(),
        zero_points: (!is_usual).then(|| places().map(|place| zero_points[place]).collect()),
    })
}

//! Scales made codes with scales of their own.

use crate::number::Real;
use crate::scheme::ScaleFormat;
use crate::tensor::{BLOCKS, NestedScales, nested_table};

/// Nested scales of a format that has them, and `wanted` (at least 0) as they come out of them: all above 0 and finite.
///
/// `None` when the format is not nested.
pub(crate) fn nest<T: Real>(format: ScaleFormat, wanted: &[T]) -> Option<(NestedScales, Vec<T>)> {
    let table = nested_table(format)?;
    let wanted: Vec<f64> = wanted.iter().map(|scale| scale.to_f64()).collect();
    let largest = |values: &[f64]| values.iter().fold(0.0, |largest, value| f64::max(largest, value.abs()));
    let mut nested =
        NestedScales { codes: Vec::with_capacity(wanted.len()), scales: Vec::new(), offset: None };
    let differences = match format {
        ScaleFormat::TwoLevel => {
            if !wanted.is_empty() {
                nested.scales.push(positive(largest(&wanted) / table.largest()));
            }
            wanted
        }
        ScaleFormat::Double => {
            if wanted.is_empty() {
                return Some((nested, Vec::new()));
            }
            let mean = ((wanted.iter().sum::<f64>() / wanted.len() as f64) as f32).min(f32::MAX);
            nested.offset = Some(mean);
            let differences: Vec<f64> = wanted.iter().map(|scale| scale - f64::from(mean)).collect();
            nested.scales.extend(differences.chunks(BLOCKS).map(|chunk| positive(largest(chunk))));
            differences
        }
        ScaleFormat::Float
        | ScaleFormat::F16
        | ScaleFormat::Bf16
        | ScaleFormat::E8m0Floor
        | ScaleFormat::E8m0Ceiling
        | ScaleFormat::None => return None,
    };
    let mut scales: Vec<T> = Vec::with_capacity(differences.len());
    for (block, difference) in differences.into_iter().enumerate() {
        let mut code = table.nearest(difference / f64::from(nested.outer(block)));
        // Ascending codes are ascending levels as far as they are positive; the largest makes a positive scale.
        while nested.scale::<T>(&table, block, code) <= T::ZERO && table.contains(code + 1) {
            code += 1;
        }
        scales.push(nested.scale(&table, block, code));
        // Both tables have codes of 8 bits.
        nested.codes.push(code as u8);
    }
    Some((nested, scales))
}

/// The scale in `f32`, 1 where everything it shall scale is 0.
fn positive(scale: f64) -> f32 {
    if scale == 0.0 { 1.0 } else { (scale as f32).clamp(f32::MIN_POSITIVE, f32::MAX) }
}

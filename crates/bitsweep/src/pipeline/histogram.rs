//! Where the float weights lie, and how many of them each level takes.

use bitsweep_results::HistogramRow;

use super::quantize::{Identity, QuantizedTensor};

/// Bars over the range of a tensor.
const BARS: usize = 48;

/// A tensor with more distinct levels has no grid worth drawing.
const MOST_LEVELS: usize = 256;

/// Bars of the float values and one row a level of the quantized ones.
pub(super) fn histogram(identity: Identity<'_>, tensor: &QuantizedTensor<f32>) -> Vec<HistogramRow> {
    let row = |kind, low, high, count| HistogramRow {
        variant: identity.variant,
        label: identity.label.to_owned(),
        tensor: tensor.name.clone(),
        kind,
        low,
        high,
        count,
    };
    let (low, high) =
        tensor.original.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
            (f64::min(low, value.into()), f64::max(high, value.into()))
        });
    let width = (high - low) / BARS as f64;
    // Of a constant tensor there is no distribution to show.
    if width.is_nan() || width <= 0.0 {
        return Vec::new();
    }
    let mut counts = [0; BARS];
    for &value in &tensor.original {
        counts[(((f64::from(value) - low) / width) as usize).min(BARS - 1)] += 1;
    }
    let bars = counts.into_iter().enumerate();
    let mut rows: Vec<HistogramRow> = bars
        .map(|(bar, count)| row("float", low + bar as f64 * width, low + (bar + 1) as f64 * width, count))
        .collect();

    let mut levels: Vec<f64> = tensor.reconstruction.iter().map(|&value| f64::from(value)).collect();
    levels.sort_by(f64::total_cmp);
    let levels: Vec<&[f64]> = levels.chunk_by(|left, right| left == right).collect();
    if levels.len() <= MOST_LEVELS {
        rows.extend(levels.iter().map(|level| row("level", level[0], level[0], level.len())));
    }
    rows
}

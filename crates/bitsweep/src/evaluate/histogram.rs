//! Where the float weights lie, and how many of them each level takes.

use std::sync::Arc;

use bitsweep_results::{HistogramKind, HistogramRow, Origin};
use ndarray::ArrayView2;

use super::quantized_model::QuantizedWeight;

/// Bars over the range of a tensor.
const BARS: usize = 48;

/// A tensor with more distinct levels has no grid worth drawing.
const MOST_LEVELS: usize = 256;

/// Bars of the float values and one row per level of the quantized ones.
pub(super) fn histogram(
    origin: &Origin,
    weight: &QuantizedWeight,
    original: ArrayView2<'_, f32>,
) -> Vec<HistogramRow> {
    let tensor: Arc<str> = weight.name.to_string().into();
    let row = |kind, low, high, count| HistogramRow {
        origin: origin.clone(),
        tensor: Arc::clone(&tensor),
        kind,
        low,
        high,
        count,
    };
    let (low, high) = original.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
        (f64::min(low, value.into()), f64::max(high, value.into()))
    });
    let width = (high - low) / BARS as f64;
    // Of a constant tensor there is no distribution to show.
    if width.is_nan() || width <= 0.0 {
        return Vec::new();
    }
    let mut counts = [0; BARS];
    for &value in original {
        counts[(((f64::from(value) - low) / width) as usize).min(BARS - 1)] += 1;
    }
    let bars = counts.into_iter().enumerate();
    let mut rows: Vec<HistogramRow> = bars
        .map(|(bar, count)| {
            row(HistogramKind::Float, low + bar as f64 * width, low + (bar + 1) as f64 * width, count)
        })
        .collect();

    let mut levels: Vec<f64> = weight.quantized.reconstruct().into_iter().collect();
    levels.sort_by(f64::total_cmp);
    let levels: Vec<&[f64]> = levels.chunk_by(|left, right| left == right).collect();
    if levels.len() <= MOST_LEVELS {
        rows.extend(levels.iter().map(|level| row(HistogramKind::Level, level[0], level[0], level.len())));
    }
    rows
}

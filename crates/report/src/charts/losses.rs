//! Losses of trainings as points of a line.

use bitsweep_results::Curve;

/// Most points of a line; longer curves are thinned evenly.
const MOST_POINTS: usize = 300;

/// Epoch and loss of each point of a training's line, on a logarithmic axis: every n-th and the last. `None` where fewer
/// than two have a place there.
pub(super) fn points(curve: &Curve) -> Option<Vec<(usize, f64)>> {
    let losses = curve.losses.iter().map(|epoch| epoch.loss).enumerate();
    let drawable: Vec<(usize, f64)> = losses.filter(|(_, loss)| *loss > 0.0 && loss.is_finite()).collect();
    let every = drawable.len().div_ceil(MOST_POINTS).max(1);
    let last = drawable.len().checked_sub(1).filter(|last| *last > 0)?;
    let points = drawable.iter().enumerate();
    let points = points.filter(|(index, _)| index % every == 0 || *index == last);
    Some(points.map(|(_, point)| *point).collect())
}

//! Losses of trainings as points of a line.

use bitsweep_results::Curve;

/// Most points of a line; longer curves are thinned evenly.
const MOST_POINTS: usize = 300;

/// The axis of epochs, which are counted as in curve.csv and as notebook 000 counts them.
pub(super) const FROM_ZERO: &str = "epoch, the first being 0";

/// A training's line.
pub(super) struct Line {
    /// Epoch and loss of each point.
    pub(super) points: Vec<(usize, f64)>,
    /// Epochs of the training, drawn or not.
    pub(super) epochs: usize,
}

/// The line on a logarithmic axis: every n-th point and the last. `None` where fewer than two have a place there.
pub(super) fn line(curve: &Curve) -> Option<Line> {
    let losses = curve.losses.iter().map(|epoch| epoch.loss).enumerate();
    let drawable: Vec<(usize, f64)> = losses.filter(|(_, loss)| *loss > 0.0 && loss.is_finite()).collect();
    let every = drawable.len().div_ceil(MOST_POINTS).max(1);
    let last = drawable.len().checked_sub(1).filter(|last| *last > 0)?;
    let points = drawable.iter().enumerate();
    let points = points.filter(|(index, _)| index % every == 0 || *index == last);
    Some(Line { points: points.map(|(_, point)| *point).collect(), epochs: curve.losses.len() })
}

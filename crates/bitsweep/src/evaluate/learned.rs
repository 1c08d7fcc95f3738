//! Whether the float model has learned anything and, where it has not, what shows why.

use bitsweep_datasets::Scaling;
use bitsweep_models::EpochLoss;
use bitsweep_results::{Flag, Scores};

use super::prepare::Prepared;
use super::score::Inference;
use crate::plan::{MOST_RATIO, Unit};

/// A loss that falls by more than this part of itself with every epoch has not settled.
const SETTLED: f64 = 0.01;
/// Epochs at the end of training over which the fall of the loss is measured: in one alone it is chance.
const LAST_EPOCHS: usize = 5;

/// What shows that the float model, which says `float` of the test rows, has not learned, and why; nothing where it has.
///
/// It has not where all test rows get one class though they are of several, and where its macro-F1 is not above that of the
/// majority class by its interval. Each cause is there with the numbers that show it; without such numbers there is none.
pub(super) fn flags(
    unit: &Unit,
    prepared: &Prepared<'_>,
    float: (&Inference, &Scores),
    majority: &Scores,
    curve: &[EpochLoss],
) -> Vec<Flag> {
    let (inference, scores) = float;
    let baseline = majority.macro_f1.value;
    let mut flags: Vec<Flag> = one_class(prepared, inference).into_iter().collect();
    let is_above = scores.macro_f1.low > baseline;
    if !is_above {
        flags.push(Flag::NoBetterThanMajority { macro_f1: baseline });
    }
    if !flags.is_empty() {
        flags.extend(different_scale(unit, prepared));
        flags.extend(grown_loss(curve).or_else(|| falling_loss(curve)));
    }
    flags
}

fn one_class(prepared: &Prepared<'_>, inference: &Inference) -> Option<Flag> {
    let is_one = |classes: &[usize]| classes.windows(2).all(|pair| pair[0] == pair[1]);
    let class = *inference.predictions.first()?;
    (is_one(&inference.predictions) && !is_one(&prepared.test_labels))
        .then(|| Flag::PredictsOneClass { class: prepared.dataset.class_names[class].clone() })
}

/// The features of the widest and of the narrowest range over the training rows, constant ones aside.
fn different_scale(unit: &Unit, prepared: &Prepared<'_>) -> Option<Flag> {
    let (data, _) = unit.spec.subject.rows()?;
    match data.scale {
        // One divisor for all leaves their ratio as it is.
        Scaling::None | Scaling::Divide(_) => {}
        Scaling::Standard => return None,
    }
    let features = prepared.encoder.apply(prepared.dataset, &prepared.split.train);
    let range = |feature: usize| {
        let values = || features.column(feature).into_iter().copied();
        values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
    };
    let ranges: Vec<(usize, f64)> = (0..features.ncols())
        .map(|feature| (feature, range(feature)))
        .filter(|(_, range)| *range > 0.0)
        .collect();
    // Of equal ranges the first.
    let widest = ranges.iter().copied().reduce(|best, other| if other.1 > best.1 { other } else { best })?;
    let narrowest =
        ranges.iter().copied().reduce(|best, other| if other.1 < best.1 { other } else { best })?;
    let name = |feature: usize| prepared.encoder.names()[feature].clone();
    (widest.1 > MOST_RATIO * narrowest.1).then(|| Flag::FeaturesOfDifferentScale {
        widest: name(widest.0),
        widest_range: widest.1,
        narrowest: name(narrowest.0),
        narrowest_range: narrowest.1,
    })
}

fn grown_loss(curve: &[EpochLoss]) -> Option<Flag> {
    let (first, last) = (curve.first()?.loss, curve.last()?.loss);
    (last > first || !last.is_finite()).then_some(Flag::LossGrew { first, last })
}

/// The mean fall an epoch, as a part of the loss before the last epochs: `(l₀ - lₖ)/(k·l₀)`.
fn falling_loss(curve: &[EpochLoss]) -> Option<Flag> {
    let last = curve.last()?.loss;
    let epochs = LAST_EPOCHS.min(curve.len() - 1);
    let before = curve[curve.len() - 1 - epochs].loss;
    let rate = (before - last) / (epochs as f64 * before);
    (rate > SETTLED).then_some(Flag::LossStillFalling { epochs: curve.len(), rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(losses: &[f64]) -> Vec<EpochLoss> {
        losses.iter().map(|&loss| EpochLoss { loss_sum: 10.0 * loss, loss }).collect()
    }

    #[test]
    fn a_loss_that_ends_above_its_beginning_has_grown() {
        assert_eq!(grown_loss(&curve(&[0.7, 3.0, 1.5])), Some(Flag::LossGrew { first: 0.7, last: 1.5 }));
        assert!(matches!(grown_loss(&curve(&[0.7, f64::NAN])), Some(Flag::LossGrew { first: 0.7, .. })));
        assert_eq!(grown_loss(&curve(&[0.7, 0.9, 0.7])), None);
        assert_eq!(grown_loss(&[]), None);
    }

    #[test]
    fn a_loss_is_falling_by_its_mean_fall_over_the_last_epochs() {
        // From 0.8 to 0.4 in five epochs: a tenth of it each.
        let losses = [2.0, 0.8, 0.7, 0.75, 0.6, 0.55, 0.4];
        let Some(Flag::LossStillFalling { epochs: 7, rate }) = falling_loss(&curve(&losses)) else {
            panic!()
        };
        assert!((rate - 0.1).abs() < 1e-12, "{rate}");
        assert_eq!(falling_loss(&curve(&[2.0, 0.50, 0.50, 0.49, 0.50, 0.49, 0.48])), None);
        // Of one epoch nothing is known.
        assert_eq!(falling_loss(&curve(&[0.7])), None);
        assert_eq!(falling_loss(&[]), None);
    }
}

//! What a variant loses of the recall of each class.

use std::sync::Arc;

use bitsweep_metrics::{Contributions, Estimate, Interval, holm};

use super::comparison::Comparison;
use super::effect::SIGNIFICANCE;
use super::evidence::Evidence;
use super::rule::Metric;
use crate::origin::Variant;
use crate::record::{Predictions, Records};

/// What a variant loses of the recall of one class against the float model.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassLoss {
    /// Name of the class.
    pub class: String,
    /// Test rows of the class, over all runs.
    pub support: usize,
    /// Of these, the fraction that the float model predicts to be; a mean over the runs that have some.
    pub float_recall: f64,
    /// Of these, the fraction that the variant predicts to be.
    pub recall: f64,
    /// The float model's less the variant's, with its 95 % interval: Tango's of a single run, over several that of
    /// [`Estimate`].
    pub loss: Interval,
    /// The two-sided p-value of no difference, corrected by Holm for all classes that have test rows.
    pub adjusted_p: f64,
}

impl ClassLoss {
    /// Whether the class is shown to lose recall.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.loss.value > 0.0 && self.adjusted_p <= SIGNIFICANCE
    }
}

impl Comparison {
    /// What the variant at `position` loses of each class that has test rows, in the order of the classes; nothing where its
    /// predictions are not known.
    #[must_use]
    pub fn class_losses(&self, records: &Records, position: usize) -> Vec<ClassLoss> {
        let Some(variant) = self.variants.get(position).map(|own| &own.origin.variant) else {
            return Vec::new();
        };
        let is_own = |other: &Arc<Variant>| Arc::ptr_eq(other, variant) || other.choices == variant.choices;
        let units = records.predictions.iter().filter(|own| own.unit.task.key == self.task.key);
        let units = units.filter_map(|own| {
            let (place, ..) = own.variants.iter().find(|(_, other, _)| is_own(other))?;
            Some((own, *place))
        });
        match units.collect::<Vec<_>>().as_slice() {
            [] => Vec::new(),
            [(only, place)] => of_one(only, *place),
            several => of_several(several),
        }
    }
}

fn of_one(unit: &Predictions, place: usize) -> Vec<ClassLoss> {
    // Labels are positions of classes, and p-values lie in [0, 1].
    let rows = unit.recall_rows_of(place).and_then(Result::ok).unwrap_or_default();
    let losses = rows.into_iter().filter_map(|row| {
        Some(ClassLoss {
            class: row.class.to_string(),
            support: row.support,
            float_recall: row.float_recall?,
            recall: row.recall?,
            loss: Interval { value: row.difference?, low: row.low?, high: row.high? },
            adjusted_p: row.adjusted_p_value?,
        })
    });
    losses.collect()
}

/// Rows and runs are two ways in which the losses of a class hang together.
fn of_several(units: &[(&Predictions, usize)]) -> Vec<ClassLoss> {
    let Some((first, _)) = units.first() else { return Vec::new() };
    let evidence: Vec<Evidence<'_>> =
        units.iter().map(|(unit, _)| Evidence::of(std::slice::from_ref(*unit))).collect();
    let mut losses: Vec<ClassLoss> = Vec::new();
    let mut p_values = Vec::new();
    for class in first.classes.iter() {
        let metric = Metric::Recall(class.clone());
        let of_units = units.iter().zip(&evidence).filter_map(|((unit, place), evidence)| {
            let score = |place: usize| evidence.score(&metric, (unit.unit.keys(), place));
            Some((score(0)?, score(*place)?))
        });
        let of_units: Vec<(Contributions<'_>, Contributions<'_>)> = of_units.collect();
        let mean = |of: fn(&(Contributions<'_>, Contributions<'_>)) -> f64| {
            of_units.iter().map(of).sum::<f64>() / of_units.len() as f64
        };
        let (float_recall, recall) = (mean(|(float, _)| float.value()), mean(|(_, own)| own.value()));
        let lost: Vec<Contributions<'_>> =
            of_units.into_iter().map(|(float, own)| float.less(&own)).collect();
        let Ok(loss) = Estimate::of(&lost) else { continue };
        let support = units.iter().map(|(unit, _)| {
            let of_class = |label: &&u16| unit.classes.get(usize::from(**label)) == Some(class);
            unit.truth.iter().filter(of_class).count()
        });
        p_values.push(loss.p_two_sided(0.0));
        losses.push(ClassLoss {
            class: class.clone(),
            support: support.sum(),
            float_recall,
            recall,
            loss: loss.interval(0.95),
            adjusted_p: 1.0,
        });
    }
    // p-values lie in [0, 1].
    let adjusted = holm(&p_values).unwrap_or_default();
    losses.iter_mut().zip(adjusted).for_each(|(loss, adjusted)| loss.adjusted_p = adjusted);
    losses
}

//! The predictions behind the scores: what losses, their bounds and resampled choices are made of.

use std::collections::{BTreeMap, BTreeSet};

use bitsweep_metrics::{ClassScore, Contributions, Estimate};

use super::rule::Metric;
use crate::key::Key;
use crate::record::{PredictedBy, Predictions, ValidationPredictions};

/// Test rows of a class that decide nothing.
const FEW_ROWS: usize = 5;

/// What tells units apart.
pub(super) type UnitKeys = (Key, Key);

/// Where a variant stands: units, and its position in each.
pub(super) type Places = Vec<(UnitKeys, usize)>;

/// The predictions of all units.
pub(super) struct Evidence<'a>(BTreeMap<UnitKeys, UnitEvidence<'a>>);

/// The predictions of one unit.
pub(super) struct UnitEvidence<'a> {
    /// The row of the dataset of each test row.
    pub(super) rows: &'a [u32],
    /// The true class of each.
    pub(super) truth: Vec<usize>,
    /// The names of the classes.
    classes: &'a [String],
    /// The classes that each variant predicts, by its position.
    variants: BTreeMap<usize, &'a [u16]>,
    /// The log loss of each row, where it was recorded.
    log_losses: BTreeMap<usize, &'a [f32]>,
}

impl<'a> Evidence<'a> {
    pub(super) fn of(predictions: &'a [Predictions]) -> Self {
        let units = predictions.iter().map(|own| {
            let Predictions { unit, classes, rows, truth, variants, log_losses, .. } = own;
            (unit.keys(), UnitEvidence::new(rows, truth, classes, variants, log_losses))
        });
        Self(units.collect())
    }

    /// The predictions on the validation rows of the units that have some.
    pub(super) fn of_validation(predictions: &'a [Predictions]) -> Self {
        let units = predictions.iter().filter_map(|own| {
            let validation = own.validation.as_ref()?;
            let ValidationPredictions { rows, truth, variants, log_losses, .. } = validation;
            Some((own.unit.keys(), UnitEvidence::new(rows, truth, &own.classes, variants, log_losses)))
        });
        Self(units.collect())
    }

    pub(super) fn unit(&self, keys: UnitKeys) -> Option<&UnitEvidence<'a>> {
        self.0.get(&keys)
    }

    /// The metric of the variant at a place, with what each test row contributes; `None` where the unit cannot say.
    pub(super) fn score(
        &self,
        metric: &Metric,
        (unit, position): (UnitKeys, usize),
    ) -> Option<Contributions<'a>> {
        self.unit(unit)?.score(metric, position)
    }

    /// The mean of the metric over the units of these places that can say; `None` of none.
    pub(super) fn estimate(&self, metric: &Metric, places: &Places) -> Option<Estimate> {
        let scores = places.iter().filter_map(|place| self.score(metric, *place));
        Estimate::of(&scores.collect::<Vec<_>>()).ok()
    }

    /// Whether a unit of these places has predictions.
    pub(super) fn has(&self, places: &[Places]) -> bool {
        places.iter().flatten().any(|(unit, _)| self.unit(*unit).is_some())
    }

    /// Classes that the units of these places test on so few different rows that they decide nothing, with their number.
    pub(super) fn small_classes(&self, places: &Places) -> Vec<(String, usize)> {
        let mut rows: BTreeMap<usize, BTreeSet<u32>> = BTreeMap::new();
        let units = || places.iter().filter_map(|(unit, _)| self.unit(*unit));
        for unit in units() {
            for (class, row) in unit.truth.iter().zip(unit.rows) {
                let own = rows.entry(*class).or_default();
                if own.len() <= FEW_ROWS {
                    own.insert(*row);
                }
            }
        }
        let names = units().next().map_or(&[][..], |unit| unit.classes);
        let small = rows.into_iter().filter(|(_, rows)| rows.len() <= FEW_ROWS);
        small.filter_map(|(class, rows)| Some((names.get(class)?.clone(), rows.len()))).collect()
    }

    /// What the variant at a place loses against the variant at another place of the same test rows.
    pub(super) fn loss(
        &self,
        metric: &Metric,
        against: (UnitKeys, usize),
        place: (UnitKeys, usize),
    ) -> Option<Contributions<'a>> {
        let (against, own) = (self.score(metric, against)?, self.score(metric, place)?);
        Some(if metric.is_cost() { own.less(&against) } else { against.less(&own) })
    }

    /// What the variant at a place loses against the float model of its unit.
    pub(super) fn loss_against_float(
        &self,
        metric: &Metric,
        (unit, position): (UnitKeys, usize),
    ) -> Option<Contributions<'a>> {
        self.loss(metric, (unit, 0), (unit, position))
    }
}

impl<'a> UnitEvidence<'a> {
    fn new(
        rows: &'a [u32],
        truth: &[u16],
        classes: &'a [String],
        variants: &'a [PredictedBy],
        log_losses: &'a [(usize, Box<[f32]>)],
    ) -> Self {
        Self {
            rows,
            truth: truth.iter().map(|&class| class.into()).collect(),
            classes,
            variants: variants.iter().map(|(position, _, own)| (*position, &**own)).collect(),
            log_losses: log_losses.iter().map(|(position, own)| (*position, &**own)).collect(),
        }
    }

    /// The names of the classes.
    pub(super) fn class_names(&self) -> &'a [String] {
        self.classes
    }

    /// The number of classes.
    pub(super) fn classes(&self) -> usize {
        self.classes.len()
    }

    /// The score that the metric is on the rows that it looks at; `None` of a log loss.
    pub(super) fn class_score(metric: &Metric) -> Option<ClassScore> {
        match metric {
            Metric::MacroF1 => Some(ClassScore::MacroF1),
            Metric::Accuracy | Metric::Recall(_) => Some(ClassScore::Accuracy),
            Metric::LogLoss => None,
        }
    }

    /// The positions of the rows that the metric looks at: of a recall those of its class, of which there may be none.
    pub(super) fn positions(&self, metric: &Metric) -> Vec<usize> {
        match metric {
            Metric::MacroF1 | Metric::Accuracy | Metric::LogLoss => (0..self.truth.len()).collect(),
            Metric::Recall(name) => {
                let class = self.classes.iter().position(|own| own == name);
                (0..self.truth.len()).filter(|row| Some(self.truth[*row]) == class).collect()
            }
        }
    }

    /// The classes that the variant at `position` predicts.
    pub(super) fn predicted(&self, position: usize) -> Option<&'a [u16]> {
        self.variants.get(&position).copied()
    }

    /// The log losses of the variant at `position`.
    pub(super) fn log_losses(&self, position: usize) -> Option<&'a [f32]> {
        self.log_losses.get(&position).copied()
    }

    /// The metric of the variant at `position`, with what each test row contributes; `None` where that is not known.
    pub(super) fn score(&self, metric: &Metric, position: usize) -> Option<Contributions<'a>> {
        if *metric == Metric::LogLoss {
            let losses: Vec<f64> = self.log_losses(position)?.iter().map(|&loss| loss.into()).collect();
            return Contributions::of_mean(self.rows, &losses).ok();
        }
        let score = Self::class_score(metric)?;
        let predicted: Vec<usize> = self.predicted(position)?.iter().map(|&class| class.into()).collect();
        let Metric::Recall(_) = metric else {
            let rows = self.rows.into();
            return Contributions::of_score(score, rows, &self.truth, &predicted, self.classes()).ok();
        };
        let positions = self.positions(metric);
        let rows: Vec<u32> = positions.iter().map(|row| self.rows[*row]).collect();
        let [truth, predicted] = [&self.truth, &predicted]
            .map(|all| positions.iter().map(|row| all[*row]).collect::<Vec<usize>>());
        Contributions::of_score(score, rows.into(), &truth, &predicted, self.classes()).ok()
    }
}

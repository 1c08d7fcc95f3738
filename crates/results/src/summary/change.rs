//! What changes of one variant from one result to another: scores, bytes, and what is lost on the same test rows.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use bitsweep_metrics::{
    Contributions, Estimate, Interval, PermutationTest, macro_f1_permutation, unpaired_p_above,
};
use bitsweep_random::{Generator, Stream};

use super::evidence::{Evidence, UnitEvidence};
use super::matching::common_units;
use super::rule::Metric;
use crate::measures::Scores;
use crate::record::{Predictions, ResultRow};

/// The confidence of the intervals that are told.
const CONFIDENCE: f64 = 0.95;

/// The predictions of two results, and the metric that they are held against each other by.
pub struct Changes<'a> {
    metric: &'a Metric,
    before: Evidence<'a>,
    after: Evidence<'a>,
}

/// One variant, or one of each, in two results.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// In the first.
    pub before: Side,
    /// In the second.
    pub after: Side,
    /// Units that both have measured.
    pub units: usize,
    /// What is lost, row by row, or why that is not known.
    pub loss: Result<PairedLoss, Unpaired>,
    /// Of each unit the intervals of both, the one that is to be larger first: what is known without predictions.
    unit_intervals: Vec<[Interval; 2]>,
}

/// One variant in one of two results, over the units that both have; over its own where they share none.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// The mean of the metric; `None` where there are no scores, or it takes predictions that are not known.
    pub score: Option<f64>,
    /// Its 95 % interval, by itself; `None` where it is not known. That of several units may go beyond what the metric can be.
    pub interval: Option<Interval>,
    /// The mean of all bytes stored.
    pub bytes: f64,
    /// The mean squared error of its weights.
    pub mse: f64,
    /// Units that are measured.
    pub units: usize,
}

/// What is lost from the first result to the second, on the same test rows.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedLoss {
    /// The loss: negative where the second is better.
    pub loss: Estimate,
    /// Whether both say the same of every test row: nothing to test.
    pub is_same: bool,
    /// Of a single unit and macro-F1, the permutation test of no difference.
    pub permutation: Option<PermutationTest>,
    /// A hash of all that both say: equal where another pair says the same.
    pub(super) fingerprint: u64,
}

/// Why two scores are not paired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unpaired {
    /// There is no model.
    NoScores,
    /// No seed and fold is in both.
    NoCommonUnit,
    /// The predictions of a variant are not known: in the first result, in the second.
    NoPredictions {
        /// Whether those of the first are not.
        before: bool,
        /// Whether those of the second are not.
        after: bool,
    },
    /// The metric is made of more than the predicted classes, and the first or the second has no more.
    NoLogLosses,
    /// Both have a unit that they test on other rows.
    OtherRows(String),
    /// Both have a unit whose test rows have other classes.
    OtherClasses(String),
    /// A log loss is no finite number.
    NotFinite,
}

impl Unpaired {
    /// The reason in words, which call the two results `before` and `after`.
    #[must_use]
    pub fn words(&self, before: &str, after: &str) -> String {
        match self {
            Self::NoScores => "there is no score".to_owned(),
            Self::NoCommonUnit => "no seed and fold is in both".to_owned(),
            Self::NoPredictions { before: true, after: true } => "neither has predictions".to_owned(),
            Self::NoPredictions { before: true, after: false } => format!("{before} has no predictions"),
            Self::NoPredictions { before: false, .. } => format!("{after} has no predictions"),
            Self::NoLogLosses => "the log loss of each test row is not known".to_owned(),
            Self::OtherRows(run) => format!("the test rows differ ({run})"),
            Self::OtherClasses(run) => format!("the true classes of the test rows differ ({run})"),
            Self::NotFinite => "a log loss is no finite number".to_owned(),
        }
    }
}

/// One unit of both.
type Pair<'r> = (&'r ResultRow, &'r ResultRow);

impl<'a> Changes<'a> {
    /// The changes of a metric between two results with these predictions.
    #[must_use]
    pub fn new(metric: &'a Metric, before: &'a [Predictions], after: &'a [Predictions]) -> Self {
        Self { metric, before: Evidence::of(before), after: Evidence::of(after) }
    }

    /// What changes from a variant of the first result, of these rows, to one of the second; `None` where one of them has not been
    /// measured at all.
    ///
    /// The loss is that of [`Standing`](super::Standing), between the variants of two results in place of a variant and its float
    /// model: row by row of the test rows, with rows and units as two ways of clustering ([`Estimate`]). All units that both
    /// have are paired, or none is.
    #[must_use]
    pub fn of(&self, before: &[&ResultRow], after: &[&ResultRow]) -> Option<Change> {
        let [before, after] = [before, after].map(|rows| -> Vec<&ResultRow> {
            rows.iter().copied().filter(|row| row.result.is_ok()).collect()
        });
        let pairs = common_units(&before, &after);
        let (own_before, own_after) = match pairs.is_empty() {
            true => (before, after),
            false => pairs.iter().copied().unzip(),
        };
        Some(Change {
            before: self.side(&self.before, &own_before)?,
            after: self.side(&self.after, &own_after)?,
            units: pairs.len(),
            unit_intervals: self.unit_intervals(&pairs),
            loss: self.loss(&pairs),
        })
    }

    fn side(&self, evidence: &Evidence<'_>, rows: &[&ResultRow]) -> Option<Side> {
        let measured: Vec<_> = rows.iter().filter_map(|row| row.measures()).collect();
        let count = measured.len() as f64;
        if measured.is_empty() {
            return None;
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let scores: Option<Vec<&Scores>> = measured.iter().map(|own| own.scores.as_ref()).collect();
        let recorded = scores.as_ref().and_then(|scores| {
            let recorded: Option<Vec<f64>> = scores.iter().map(|own| recorded(self.metric, own)).collect();
            Some(mean(&recorded?))
        });
        let contributions: Option<Vec<Contributions<'_>>> = rows
            .iter()
            .map(|row| evidence.score(self.metric, (row.origin.unit.keys(), row.origin.position)))
            .collect();
        let estimate = contributions.and_then(|own| Estimate::of(&own).ok());
        let measured_interval = match scores.as_deref() {
            Some([only]) => recorded_interval(self.metric, only),
            Some(_) | None => None,
        };
        Some(Side {
            score: recorded.or(estimate.map(|own| own.value)),
            interval: measured_interval.or(estimate.map(|own| own.interval(CONFIDENCE))),
            bytes: measured.iter().map(|own| own.size.total() as f64).sum::<f64>() / count,
            mse: measured.iter().map(|own| own.error.mse).sum::<f64>() / count,
            units: measured.len(),
        })
    }

    /// The intervals of each unit, the one of which a loss is taken first; none where one has none.
    fn unit_intervals(&self, pairs: &[Pair<'_>]) -> Vec<[Interval; 2]> {
        let of = |row: &ResultRow| recorded_interval(self.metric, row.measures()?.scores.as_ref()?);
        let all: Option<Vec<[Interval; 2]>> =
            pairs.iter().map(|(before, after)| Some([of(before)?, of(after)?])).collect();
        all.unwrap_or_default()
    }

    fn loss(&self, pairs: &[Pair<'_>]) -> Result<PairedLoss, Unpaired> {
        let (first, _) = pairs.first().ok_or(Unpaired::NoCommonUnit)?;
        if first.measures().is_none_or(|own| own.scores.is_none()) {
            return Err(Unpaired::NoScores);
        }
        let mut losses = Vec::with_capacity(pairs.len());
        let mut is_same = true;
        let mut said = DefaultHasher::new();
        let mut permutation = None;
        for (before, after) in pairs {
            let unit = PairedUnit::of(self, before, after)?;
            let [own_before, own_after] = unit.contributions(self.metric)?;
            losses.push(match self.metric.is_cost() {
                true => own_after.less(&own_before),
                false => own_before.less(&own_after),
            });
            is_same &= unit.is_same(self.metric);
            before.origin.unit.run().hash(&mut said);
            unit.hash(self.metric, &mut said);
            if pairs.len() == 1 && *self.metric == Metric::MacroF1 {
                permutation = unit.permutation(before.origin.unit.key.low());
            }
        }
        let loss = Estimate::of(&losses).map_err(|_| Unpaired::NoCommonUnit)?;
        if !(loss.value.is_finite() && loss.standard_error.is_finite()) {
            return Err(Unpaired::NotFinite);
        }
        Ok(PairedLoss { loss, is_same, permutation, fingerprint: said.finish() })
    }
}

impl Change {
    /// The p-value of a loss of `margin` or less, without pairs: small where a larger one is shown. Of several units whose mean has
    /// no interval the largest of all units, so that it is shown in each. `None` where no intervals are known.
    #[must_use]
    pub fn unpaired_p_above(&self, metric: &Metric, margin: f64) -> Option<f64> {
        let p_value = |[before, after]: [Interval; 2]| match metric.is_cost() {
            true => unpaired_p_above(after, before, margin),
            false => unpaired_p_above(before, after, margin),
        };
        match (self.before.interval, self.after.interval) {
            (Some(before), Some(after)) => p_value([before, after]),
            _ => {
                let all: Option<Vec<f64>> = self.unit_intervals.iter().copied().map(p_value).collect();
                all?.into_iter().reduce(f64::max)
            }
        }
    }

    /// The loss as the difference of the means, positive where the second is worse.
    #[must_use]
    pub fn loss_of_means(&self, metric: &Metric) -> Option<f64> {
        let loss = self.before.score? - self.after.score?;
        Some(if metric.is_cost() { -loss } else { loss })
    }
}

/// What the two say of the test rows of one unit, which are the same in both.
struct PairedUnit<'e, 'a> {
    before: (&'e UnitEvidence<'a>, usize),
    after: (&'e UnitEvidence<'a>, usize),
}

impl<'e, 'a> PairedUnit<'e, 'a> {
    fn of(changes: &'e Changes<'a>, before: &ResultRow, after: &ResultRow) -> Result<Self, Unpaired> {
        let of = |evidence: &'e Evidence<'a>, row: &ResultRow| {
            let unit = evidence.unit(row.origin.unit.keys())?;
            unit.predicted(row.origin.position).map(|_| (unit, row.origin.position))
        };
        let found = (of(&changes.before, before), of(&changes.after, after));
        let (Some(one), Some(other)) = found else {
            return Err(Unpaired::NoPredictions { before: found.0.is_none(), after: found.1.is_none() });
        };
        let run = before.origin.unit.run();
        if one.0.rows != other.0.rows {
            return Err(Unpaired::OtherRows(run));
        }
        let unit = Self { before: one, after: other };
        match unit.names(|own| own.0.truth.clone()) {
            (truth, other) if truth == other => Ok(unit),
            _ => Err(Unpaired::OtherClasses(run)),
        }
    }

    /// The names of some classes in both.
    fn names(
        &self,
        classes: impl Fn(&(&'e UnitEvidence<'a>, usize)) -> Vec<usize>,
    ) -> (Vec<Option<&'a str>>, Vec<Option<&'a str>>) {
        let named = |own: &(&'e UnitEvidence<'a>, usize)| {
            let names = own.0.class_names();
            classes(own).into_iter().map(|class| names.get(class).map(String::as_str)).collect()
        };
        (named(&self.before), named(&self.after))
    }

    fn predicted(&self) -> (Vec<Option<&'a str>>, Vec<Option<&'a str>>) {
        self.names(|(unit, position)| {
            unit.predicted(*position).unwrap_or_default().iter().map(|class| usize::from(*class)).collect()
        })
    }

    fn log_losses(&self) -> (Option<&'a [f32]>, Option<&'a [f32]>) {
        (self.before.0.log_losses(self.before.1), self.after.0.log_losses(self.after.1))
    }

    fn contributions(&self, metric: &Metric) -> Result<[Contributions<'a>; 2], Unpaired> {
        let why = match (metric, self.log_losses()) {
            (Metric::LogLoss, (Some(_), Some(_))) => Unpaired::NotFinite,
            (Metric::LogLoss, _) => Unpaired::NoLogLosses,
            // There is no test row of it, or no such class.
            (Metric::Recall(_) | Metric::MacroF1 | Metric::Accuracy, _) => Unpaired::NoScores,
        };
        let [before, after] =
            [&self.before, &self.after].map(|(unit, position)| unit.score(metric, *position));
        Ok([before.ok_or_else(|| why.clone())?, after.ok_or(why)?])
    }

    fn is_same(&self, metric: &Metric) -> bool {
        let ((before, after), (losses_before, losses_after)) = (self.predicted(), self.log_losses());
        before == after && (*metric != Metric::LogLoss || losses_before == losses_after)
    }

    fn hash(&self, metric: &Metric, hasher: &mut DefaultHasher) {
        self.predicted().hash(hasher);
        if *metric == Metric::LogLoss {
            let (before, after) = self.log_losses();
            let losses = before.into_iter().chain(after).flatten();
            losses.for_each(|loss| loss.to_bits().hash(hasher));
        }
    }

    /// The permutation test, its exchanges drawn from a stream of the unit.
    fn permutation(&self, seed: u64) -> Option<PermutationTest> {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut numbered = |names: Vec<Option<&'a str>>| -> Option<Vec<usize>> {
            let number = |name: Option<&'a str>| {
                let next = numbers.len();
                Some(*numbers.entry(name?).or_insert(next))
            };
            names.into_iter().map(number).collect()
        };
        let truth = numbered(self.names(|own| own.0.truth.clone()).0)?;
        let (before, after) = self.predicted();
        let (before, after) = (numbered(before)?, numbered(after)?);
        let mut random = Stream::new(Generator::Modern, seed, "permutation of two results").ok()?;
        let classes = numbers.len();
        macro_f1_permutation(&truth, &before, &after, classes, || random.next_u64()).ok()
    }
}

/// A metric as a row of the results table has it.
fn recorded(metric: &Metric, scores: &Scores) -> Option<f64> {
    match metric {
        Metric::MacroF1 => Some(scores.macro_f1.value),
        Metric::Accuracy => Some(scores.accuracy.value),
        Metric::LogLoss => Some(scores.log_loss),
        Metric::Recall(_) => None,
    }
}

/// Its interval.
fn recorded_interval(metric: &Metric, scores: &Scores) -> Option<Interval> {
    match metric {
        Metric::MacroF1 => Some(scores.macro_f1),
        Metric::Accuracy => Some(scores.accuracy),
        Metric::LogLoss | Metric::Recall(_) => None,
    }
}

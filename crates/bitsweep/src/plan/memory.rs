//! Whether a unit fits into memory: an estimate of what it holds at one time, before anything is allocated.

use std::collections::HashSet;

use bitsweep_datasets::{Column, ColumnKind, Dataset};
use bitsweep_models::Optimizer;
use bitsweep_results::Metric;
use bitsweep_results::numbers::{count, counted};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::{Plan, PlannedVariant, Unit};
use bitsweep_experiment::config::Diagnostic;
use bitsweep_experiment::subject::{Subject, TrainedModel};

const SINGLE: u64 = size_of::<f32>() as u64;
const DOUBLE: u64 = size_of::<f64>() as u64;

impl Plan {
    /// Refuses a unit that needs more memory than this machine, or the container, has. What is measured does not depend on
    /// the machine: an experiment runs as it is, or not at all.
    ///
    /// # Errors
    /// The figures, at the key that asks for most of it.
    pub(crate) fn check_memory(&self) -> Result<(), Diagnostic> {
        let (available, predictions) = (available(), predictions(self));
        self.unlike_units().find_map(|unit| refusal(self, unit, &predictions, available)).map_or(Ok(()), Err)
    }

    /// How many units fit into memory at one time, at least one.
    pub(crate) fn units_at_once(&self) -> usize {
        let most = self.unlike_units().map(|unit| sum(&parts(self, unit))).max().unwrap_or(0);
        usize::try_from(available() / most.max(1)).unwrap_or(usize::MAX).max(1)
    }

    /// The units, of those that differ in their seed and fold alone the first: the others need the same.
    fn unlike_units(&self) -> impl Iterator<Item = &Unit> {
        let mut known = HashSet::new();
        self.units.iter().filter(move |unit| known.insert(unit.task.key))
    }
}

/// The most bytes that a file of rows may have: a number takes one byte of text and the separator at least, and eight when it
/// has been read, twice.
pub(crate) fn most_bytes() -> u64 {
    available() / 8
}

/// Bytes of memory, those of the container where it has fewer.
fn available() -> u64 {
    let memory = MemoryRefreshKind::nothing().with_ram();
    let system = System::new_with_specifics(RefreshKind::nothing().with_memory(memory));
    let container = system.cgroup_limits().map(|limits| limits.total_memory).filter(|bytes| *bytes > 0);
    system.total_memory().min(container.unwrap_or(u64::MAX))
}

/// Something that a unit holds.
#[derive(Clone)]
struct Part<'u> {
    what: String,
    bytes: u64,
    place: Place<'u>,
}

impl<'u> Part<'u> {
    /// As many bytes as the product of `factors`.
    fn of(what: String, place: Place<'u>, factors: &[u64]) -> Self {
        Self { what, bytes: product(factors), place }
    }
}

/// The key that asks for it.
#[derive(Clone, Copy)]
enum Place<'u> {
    Unit(&'static str),
    Variant(&'u PlannedVariant, &'static str),
}

fn refusal<'p>(plan: &Plan, unit: &'p Unit, predictions: &Part<'p>, available: u64) -> Option<Diagnostic> {
    let mut parts = parts(plan, unit);
    parts.push(predictions.clone());
    let bytes = sum(&parts);
    let largest = parts.into_iter().max_by_key(|part| part.bytes).filter(|_| bytes > available)?;
    let message = format!(
        "{} needs about {} of memory, {} of it for {}, but there are {}: expected something smaller",
        unit.describe(),
        gigabytes(bytes),
        gigabytes(largest.bytes),
        largest.what,
        gigabytes(available)
    );
    Some(match largest.place {
        Place::Unit(key) => plan.error_in_unit(unit, key, &message),
        Place::Variant(planned, key) => plan.error_in_variant(planned, key, &message),
    })
}

fn sum(parts: &[Part<'_>]) -> u64 {
    parts.iter().fold(0, |sum, part| sum.saturating_add(part.bytes))
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

/// What a unit with a model holds at one time. A tensor is written in the file, and as small.
fn parts<'p>(plan: &Plan, unit: &'p Unit) -> Vec<Part<'p>> {
    let Some(dataset) = unit.rows() else { return Vec::new() };
    let widths = unit.widths(most_features(dataset), dataset.classes());
    let scored = scored_rows(plan, unit, dataset.rows());
    let always = [
        features(dataset),
        outputs(scored, &widths, dataset.classes()),
        confusions(dataset.classes()),
        weights(unit, &widths),
    ];
    always.into_iter().chain(second_moments(unit, &widths)).chain(widened_weights(unit, &widths)).collect()
}

/// The features that columns become, at most: of a column of levels one for each and one for others, and one more for each
/// with missing values.
fn most_features(dataset: &Dataset) -> usize {
    let of = |column: &Column| {
        let own = match &column.kind {
            ColumnKind::Number | ColumnKind::Ranks(_) => 1,
            ColumnKind::Levels { texts, most } => texts.len().min(most + 1),
        };
        own + usize::from(column.missing > 0)
    };
    dataset.columns.iter().map(of).sum()
}

/// The rows as they were read, and scaled; in the layout of the kernels while a model is trained.
fn features(dataset: &Dataset) -> Part<'static> {
    let (rows, features) = (dataset.rows(), most_features(dataset));
    let what = format!("{} of {}", counted(rows, "row", "rows"), counted(features, "feature", "features"));
    Part::of(what, Place::Unit("data.source"), &[rows as u64, features as u64, 3 * DOUBLE])
}

/// The widest layer's outputs; logits and probabilities of two models.
fn outputs(rows: usize, widths: &[usize], classes: usize) -> Part<'static> {
    let widest = widths.iter().copied().max().unwrap_or(0) as u64;
    let numbers = widest.saturating_add(4 * classes as u64);
    let what = format!("the outputs of {}", counted(rows, "row", "rows"));
    Part::of(what, Place::Unit("model"), &[rows as u64, numbers, DOUBLE])
}

/// The confusion matrices of the float model and of a variant.
fn confusions(classes: usize) -> Part<'static> {
    let what = format!("the confusion matrices of {}", counted(classes, "class", "classes"));
    let factors = [2 * classes as u64, classes as u64 + 2, size_of::<usize>() as u64];
    Part::of(what, Place::Unit("data.source"), &factors)
}

/// The weights and their training.
fn weights(unit: &Unit, widths: &[usize]) -> Part<'static> {
    let parameters = parameters(widths);
    let what = format!("{} weights and their training", count(parameters as f64));
    Part::of(what, Place::Unit("model"), &[parameters, copies(unit), SINGLE])
}

/// The second moments of the widest layer's inputs, their factor and its inverse; `None` where no variant is calibrated.
fn second_moments<'u>(unit: &'u Unit, widths: &[usize]) -> Option<Part<'u>> {
    let calibrated = unit.variants.iter().find(|planned| planned.variant.calibration.rows.is_some())?;
    let (_, inputs) = widths.split_last()?;
    let widest = inputs.iter().copied().max()?;
    let what = format!("the second moments of a layer's {}", counted(widest, "input", "inputs"));
    let factors = [widest as u64, widest as u64, 3 * DOUBLE];
    Some(Part::of(what, Place::Variant(calibrated, "method"), &factors))
}

/// The weights of the most widened variant; `None` where none is widened.
fn widened_weights<'u>(unit: &'u Unit, widths: &[usize]) -> Option<Part<'u>> {
    let widening = |planned: &PlannedVariant| {
        planned.variant.training.as_ref().map_or(1, |training| training.method.widening())
    };
    // Of equally widened ones the first.
    let widest = unit.variants.iter().rev().max_by_key(|planned| widening(planned))?;
    let widening = Some(widening(widest)).filter(|widening| *widening > 1)?;
    let mut widened = widths.to_vec();
    if let [_, hidden @ .., _] = widened.as_mut_slice() {
        hidden.iter_mut().for_each(|units| *units = units.saturating_mul(widening));
    }
    let parameters = parameters(&widened);
    let what = format!("{} weights after widening", count(parameters as f64));
    Some(Part::of(what, Place::Variant(widest, "training"), &[parameters, copies(unit), SINGLE]))
}

/// What is kept until the last unit is done: the class that each variant predicts for each row that is held out, and its log
/// loss where picks are by that.
fn predictions(plan: &Plan) -> Part<'static> {
    let log_loss = if plan.header.pick.metric == Metric::LogLoss { SINGLE } else { 0 };
    let of_unit = |unit: &Unit| {
        let rows = unit.rows().map_or(0, Dataset::rows);
        let held_out = unit.spec.subject.rows().and_then(|(_, split)| split.held_out_rows(rows).ok());
        product(&[held_out.unwrap_or(rows) as u64, unit.variants.len() as u64 + 1])
    };
    let predicted = plan.units.iter().map(of_unit).fold(0, u64::saturating_add);
    let what = format!("the predictions of {}", counted(plan.variants(), "variant", "variants"));
    Part::of(what, Place::Unit("split"), &[predicted, size_of::<u16>() as u64 + log_loss])
}

/// Of how many rows there are logits at one time: the test and validation rows, and where a solver or a choice looks at the training rows
/// as a whole, all.
fn scored_rows(plan: &Plan, unit: &Unit, rows: usize) -> usize {
    let is_fitted = match &unit.spec.subject {
        Subject::Trained(trained) => trained.model.training().is_none(),
        Subject::Given(_) | Subject::Tensor(_) => false,
    };
    let has_choices = unit.variants.iter().any(|planned| planned.variant.mixed.is_some());
    match unit.spec.subject.rows() {
        Some((_, split)) if !is_fitted && !has_choices && !plan.header.record.sensitivity => {
            split.held_out_rows(rows).unwrap_or(rows)
        }
        Some(_) | None => rows,
    }
}

fn product(factors: &[u64]) -> u64 {
    factors.iter().fold(1, |product, factor| product.saturating_mul(*factor))
}

/// Weights and biases of dense layers between these widths.
fn parameters(widths: &[usize]) -> u64 {
    let layers = widths.windows(2).map(|pair| product(&[pair[0] as u64 + 1, pair[1] as u64]));
    layers.fold(0, u64::saturating_add)
}

/// How many numbers of single precision are held for each weight: the float model, and either its training (weights,
/// gradient and what is transposed, and the optimizer's moments) or a variant (values, codes, errors, packed bytes and the
/// layout of the kernels: 7 in all of a large model, as measured).
fn copies(unit: &Unit) -> u64 {
    const VARIANT: u64 = 7;
    match &unit.spec.subject {
        Subject::Trained(trained) => match &trained.model {
            TrainedModel::Mlp(_, training) | TrainedModel::SoftmaxRegression(_, training) => {
                let moments = match training.optimizer {
                    Optimizer::Sgd(_) => 1,
                    Optimizer::Adam(_) => 2,
                };
                (5 + moments).max(VARIANT)
            }
            // L-BFGS remembers ten steps and their gradients, in double precision.
            TrainedModel::Logistic(_) => 30 * DOUBLE / SINGLE,
        },
        Subject::Given(_) | Subject::Tensor(_) => VARIANT,
    }
}

//! What can be known before anything runs: checked by `validate`, `plan` and `run` alike, and told in the same words.
//!
//! What a file says wrongly, or what leaves nothing to run, is an error at its place. What fails for some units or variants
//! alone is told, and the others run: these failures are rows, with the same reasons.

mod budget;

use std::collections::{BTreeMap, HashMap};

use bitsweep_datasets::Dataset;

use crate::config::Diagnostic;
use crate::evaluate::{check_model, scaled, split, too_many_calibration_rows};
use crate::failure::Failure;
use crate::plan::{Plan, PlannedVariant, Unit};
use crate::subject::Subject;
use crate::variant::{CalibrationRows, Variant};

/// A failure that is certain before anything runs.
#[derive(Debug)]
pub struct Foreseen<'p> {
    /// The unit that fails, or whose variant fails.
    pub unit: &'p Unit,
    /// The variant that fails; `None` where the whole unit does.
    pub variant: Option<&'p PlannedVariant>,
    /// Why, in the words of the row that will have failed, and the place that says so.
    pub diagnostic: Diagnostic,
}

/// What will fail, in the order of the plan.
///
/// # Errors
/// When nothing would be left to run, or a unit needs more memory than there is.
pub fn foresee(plan: &Plan) -> Result<Vec<Foreseen<'_>>, Failure> {
    plan.check_memory()?;
    let mut foresight = Foresight { plan, budgets: HashMap::new() };
    let foreseen: Vec<Foreseen<'_>> = plan.units.iter().flat_map(|unit| foresight.of_unit(unit)).collect();
    let lost_by = |foreseen: &Foreseen<'_>| match foreseen.variant {
        None => foreseen.unit.variants.len(),
        Some(_) => 1,
    };
    if foreseen.iter().map(lost_by).sum::<usize>() == plan.variants()
        && let Some(first) = foreseen.first()
    {
        return Err(first.diagnostic.clone().into());
    }
    Ok(foreseen)
}

/// Sentences on what will fail: each reason once, with the units or variants that it is the reason of.
pub fn sentences(foreseen: &[Foreseen<'_>], plan: &Plan) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    let mut failing: BTreeMap<String, Vec<&Foreseen<'_>>> = BTreeMap::new();
    for foreseen in foreseen {
        let reason = foreseen.diagnostic.to_string();
        if !failing.contains_key(&reason) {
            order.push(reason.clone());
        }
        failing.entry(reason).or_default().push(foreseen);
    }
    let sentence = |reason: String| {
        let failing = &failing[&reason];
        let what = match failing.as_slice() {
            [Foreseen { unit, variant: None, .. }] => unit.describe(),
            [Foreseen { unit, variant: Some(variant), .. }] => {
                format!("{}, {}", unit.describe(), plan.labels.get(&variant.identity.row).text())
            }
            [Foreseen { variant: None, .. }, ..] => {
                format!("{} of {} units", failing.len(), plan.units.len())
            }
            _ => format!("{} of {} variants", failing.len(), plan.variants()),
        };
        format!("{what} will fail: {reason}")
    };
    order.into_iter().map(sentence).collect()
}

/// What was found out for one unit and holds for others.
struct Foresight<'p> {
    plan: &'p Plan,
    budgets: HashMap<budget::Question, Option<String>>,
}

impl<'p> Foresight<'p> {
    fn of_unit(&mut self, unit: &'p Unit) -> Vec<Foreseen<'p>> {
        let whole = |key: &str, reason: &str| {
            let diagnostic = self.plan.error_in_unit(unit, key, reason);
            vec![Foreseen { unit, variant: None, diagnostic }]
        };
        match &unit.dataset {
            None => return Vec::new(),
            Some(Err(error)) => {
                return whole(&format!("data.source.csv.{}", error.problem.key()), &error.to_string());
            }
            Some(Ok(_)) => {}
        }
        let Some(dataset) = unit.rows() else { return Vec::new() };
        let split = match split(unit, dataset) {
            Ok(split) => split,
            Err(reason) => return whole("split.holdout", &reason),
        };
        let labels: Vec<usize> = split.train.iter().map(|&row| dataset.labels[row]).collect();
        if let Err(reason) = check_model(unit, dataset, &labels) {
            let key =
                if matches!(unit.spec.subject, Subject::Given(_)) { "model.given" } else { "split.holdout" };
            return whole(key, &reason);
        }
        if let Err(reason) = scaled(unit, dataset, &split) {
            return whole("data.scale", &reason);
        }
        let failing = unit.variants.iter().filter_map(|planned| {
            let (key, reason) = self.of_variant(unit, dataset, &planned.variant, split.train.len())?;
            let diagnostic = self.plan.error_in_variant(planned, key, &reason);
            Some(Foreseen { unit, variant: Some(planned), diagnostic })
        });
        failing.collect()
    }

    /// The key below `quantize` at which a variant fails, and why.
    fn of_variant(
        &mut self,
        unit: &Unit,
        dataset: &Dataset,
        variant: &Variant,
        training_rows: usize,
    ) -> Option<(&'static str, String)> {
        if let Some(asked) = asked_rows(variant).filter(|asked| *asked > training_rows) {
            return Some(("calibration.rows", too_many_calibration_rows(asked, training_rows)));
        }
        let question = budget::Question::of(unit, dataset, variant)?;
        let answer =
            self.budgets.entry(question).or_insert_with_key(|question| question.answer(unit, variant));
        Some(("mixed.budget", answer.clone()?))
    }
}

/// The most calibration rows that a variant draws; `None` where it draws none.
fn asked_rows(variant: &Variant) -> Option<usize> {
    let inputs = variant.activations.as_ref().and_then(|activations| activations.rows);
    let drawn = [variant.calibration.rows, inputs].into_iter().filter_map(|rows| match rows? {
        CalibrationRows::All => None,
        CalibrationRows::Drawn(rows) => Some(rows.get()),
    });
    drawn.max()
}

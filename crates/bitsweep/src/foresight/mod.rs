//! What can be known before anything runs: checked by `validate`, `plan` and `run` alike, and told in the same words.
//!
//! What a file says wrongly, or what leaves nothing to run, is an error at its place. What fails for some units or variants
//! alone is told, and the others run: these failures are rows, with the same reasons.

mod budget;

use std::collections::HashMap;

use bitsweep_datasets::{Dataset, Encoder};
use bitsweep_results::summary::grouped;

use crate::evaluate::{
    NO_TRAINING_ROWS, check_layers, check_model, scaled, split, too_many_calibration_rows,
};
use crate::failure::Failure;
use crate::plan::{Plan, PlannedVariant, Unit};
use bitsweep_experiment::config::Diagnostic;
use bitsweep_experiment::variant::{CalibrationRows, Variant};

/// A failure that is certain before anything runs.
#[derive(Debug)]
pub struct Foreseen {
    /// The unit that fails, or whose variant fails, by its position in the plan.
    pub unit: usize,
    /// The variant that fails, by its position in the unit; `None` where the whole unit does.
    pub variant: Option<usize>,
    /// Why, in the words of the row that will have failed, and the place that says so.
    pub diagnostic: Diagnostic,
}

impl Foreseen {
    /// How many rows of the plan will have no measures: of a unit that fails, those of its float model and its variants.
    pub fn rows(&self, plan: &Plan) -> usize {
        match self.variant {
            None => 1 + self.variants(plan),
            Some(_) => self.variants(plan),
        }
    }

    /// How many variants of the plan will have no measures.
    fn variants(&self, plan: &Plan) -> usize {
        self.variant.map_or(plan.units[self.unit].variants.len(), |_| 1)
    }

    /// What fails, for people.
    fn describe(&self, plan: &Plan) -> String {
        let unit = &plan.units[self.unit];
        let variant = self.variant.map(|position| &unit.variants[position].identity.row);
        match variant {
            None => unit.describe(),
            Some(row) => format!("{}, {}", unit.describe(), plan.labels.get(row).text()),
        }
    }
}

/// What will fail, in the order of the plan.
///
/// # Errors
/// When nothing would be left to run, or a unit needs more memory than there is.
pub fn foresee(plan: &Plan) -> Result<Vec<Foreseen>, Failure> {
    plan.check_memory()?;
    let mut foresight = Foresight { plan, budgets: HashMap::new() };
    let foreseen: Vec<Foreseen> =
        (0..plan.units.len()).flat_map(|position| foresight.of_unit(position)).collect();
    let lost: usize = foreseen.iter().map(|foreseen| foreseen.variants(plan)).sum();
    match foreseen.first() {
        Some(first) if lost == plan.variants() => Err(first.diagnostic.clone().into()),
        Some(_) | None => Ok(foreseen),
    }
}

/// Sentences on what will fail: each reason once, with the units or variants that it is the reason of.
pub fn sentences(foreseen: &[Foreseen], plan: &Plan) -> Vec<String> {
    let sentence = |failing: &Vec<&Foreseen>| {
        let first = failing.first()?;
        let what = match (failing.len(), first.variant) {
            (1, _) => first.describe(plan),
            (several, None) => format!("{several} of {} units", plan.units.len()),
            (several, Some(_)) => format!("{several} of {} variants", plan.variants()),
        };
        Some(format!("{what} will fail: {}", first.diagnostic))
    };
    grouped(foreseen, |foreseen| foreseen.diagnostic.to_string()).iter().filter_map(sentence).collect()
}

/// What was found out for one unit and holds for others.
struct Foresight<'p> {
    plan: &'p Plan,
    budgets: HashMap<budget::Question, Option<String>>,
}

impl Foresight<'_> {
    fn of_unit(&mut self, position: usize) -> Vec<Foreseen> {
        let plan = self.plan;
        let unit = &plan.units[position];
        let whole = |key: &str, reason: &str| {
            let diagnostic = plan.error_in_unit(unit, key, reason);
            vec![Foreseen { unit: position, variant: None, diagnostic }]
        };
        let dataset = match &unit.dataset {
            None => return Vec::new(),
            Some(Err(error)) => {
                return whole(&source_key(plan, unit, error.problem.key()), &error.to_string());
            }
            Some(Ok(dataset)) => dataset.as_ref(),
        };
        let split = match split(unit, dataset) {
            Ok(split) => split,
            Err(fault) => return whole(&fault.key, &fault.reason),
        };
        if let Err(fault) = check_model(unit, dataset, &split) {
            return whole(&fault.key, &fault.reason);
        }
        let encoder = match scaled(unit, dataset, &split) {
            Ok(scaled) => scaled.encoder,
            Err(reason) => return whole("data.scale", &reason),
        };
        let variants = unit.variants.iter().enumerate();
        let failing = variants.filter_map(|(variant, planned)| {
            let (key, reason) = self.of_variant(unit, dataset, &encoder, planned, split.train.len())?;
            let diagnostic = plan.error_in_variant(planned, key, &reason);
            Some(Foreseen { unit: position, variant: Some(variant), diagnostic })
        });
        failing.collect()
    }

    /// The key below `quantize` at which a variant fails, and why.
    fn of_variant(
        &mut self,
        unit: &Unit,
        dataset: &Dataset,
        encoder: &Encoder,
        planned: &PlannedVariant,
        training_rows: usize,
    ) -> Option<(&'static str, String)> {
        if let Err(refusal) = check_layers(unit, &planned.variant) {
            return Some((refusal.key, refusal.to_string()));
        }
        let looks = self.plan.header.record.sensitivity || planned.variant.looks_at_training_rows();
        if training_rows == 0 && looks {
            return Some(("", NO_TRAINING_ROWS.to_owned()));
        }
        if let Some(asked) = asked_rows(&planned.variant).filter(|asked| *asked > training_rows) {
            return Some(("calibration.rows", too_many_calibration_rows(asked, training_rows)));
        }
        let question = budget::Question::of(unit, dataset, encoder, planned)?;
        let answer = self.budgets.entry(question);
        let answer = answer.or_insert_with_key(|question| question.answer(unit, &planned.variant));
        Some(("mixed.budget", answer.clone()?))
    }
}

/// The key of the source of a unit, as its file spells it.
fn source_key(plan: &Plan, unit: &Unit, key: &str) -> String {
    let spellings: &[&str] = match key {
        "drop" => &["drop", "unused"],
        "separator" => &["separator", "delimiter"],
        "path" => &["path", "train"],
        _ => &[key],
    };
    let tables = ["data.source.csv", "data.source.parquet"].into_iter();
    let mut keys = tables.flat_map(|table| spellings.iter().map(move |key| format!("{table}.{key}")));
    keys.find(|key| plan.has_key(unit, key)).unwrap_or_else(|| format!("data.source.csv.{key}"))
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

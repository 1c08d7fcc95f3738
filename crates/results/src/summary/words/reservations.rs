//! What to know before any pick.

use super::super::comparison::{Comparison, VariantSummary};
use super::super::pick::{PickOutcome, Picks};
use super::super::rule::PickRule;
use super::super::standings::least_rows;
use super::phrases::{test_rows, trimmed, validation_rows};
use crate::numbers::{count, counted};

impl Comparison {
    /// What to know before any pick: that the float model did not learn, that the rows are too few for a claim, or that the
    /// test rows are not all new to it.
    #[must_use]
    pub fn reservations(&self, rule: &PickRule) -> Vec<String> {
        let outcomes = || self.picks.iter().flat_map(Picks::iter).map(|(_, outcome)| outcome);
        let has_estimates = outcomes()
            .any(|outcome| matches!(outcome, PickOutcome::Picked(_) | PickOutcome::NoneQualifies { .. }));
        let rows = has_estimates.then(|| self.too_few_rows(rule)).flatten();
        self.not_learned()
            .into_iter()
            .chain(rows)
            .chain(self.few_of_a_class())
            .chain(self.seen_rows())
            .collect()
    }

    fn few_of_a_class(&self) -> Option<String> {
        let told: Vec<String> = self
            .small_classes
            .iter()
            .map(|(class, rows)| format!("class `{class}` has {}", counted(*rows, "test row", "test rows")))
            .collect();
        let (first, rest) = told.split_first()?;
        let rest = rest.iter().map(|other| format!(", {other}")).collect::<String>();
        Some(format!(
            "{}{rest}: so few decide nothing, and macro-F1 counts such a class as much as any other.",
            capitalized(first)
        ))
    }

    fn seen_rows(&self) -> Option<String> {
        let seen = self.shape?.seen_rows;
        (seen > 0).then(|| {
            format!(
                "{} of the {}{} {} the values of a training row, so that scores are better than on new rows.",
                count(seen as f64),
                counted(self.shape.map_or(0, |shape| shape.test_rows), "test row", "test rows"),
                if self.units > 1 { " of the first split" } else { "" },
                if seen == 1 { "has" } else { "have" },
            )
        })
    }

    fn not_learned(&self) -> Option<String> {
        let float = self.float()?;
        let told = float.flags.iter().filter(|(flag, _)| flag.is_of_learning());
        let told = told.map(|(flag, count)| {
            let often = match float.runs {
                1 => String::new(),
                all => format!(" (in {count} of {})", self.runs(all)),
            };
            format!("{}{often}", flag.words(&float.origin.variant.choices, *count))
        });
        let mut told: Vec<String> = told.collect();
        if told.is_empty() {
            told.push(
                "over all runs its macro-F1 is not above that of the majority class by its interval"
                    .to_owned(),
            );
        }
        if self.is_float_dead() {
            Some(format!("The float model is not shown to have learned: {}.", told.join("; ")))
        } else if float.runs_of_one_class() > 0 {
            Some(format!("The float model did not learn in every run: {}.", told.join("; ")))
        } else {
            None
        }
    }

    fn too_few_rows(&self, rule: &PickRule) -> Option<String> {
        let standing = self.variants.iter().find_map(VariantSummary::choosing)?;
        let samples = standing.loss.samples;
        let least = least_rows(rule);
        (samples < least).then(|| {
            format!(
                "{} {} too few for any claim within {} at {}: {} without a single change would be the least. {}.",
                self.choice_rows(samples, rule),
                if samples == 1 { "is" } else { "are" },
                trimmed(rule.margin.min(rule.memory_margin)),
                rule.confidence_text(),
                count(least as f64),
                if self.is_chosen_on_validation_rows() {
                    "The choice goes by point estimates"
                } else {
                    "What follows are point estimates"
                }
            )
        })
    }

    /// So many of the rows that the picks go by: `36 test rows`.
    fn choice_rows(&self, rows: usize, rule: &PickRule) -> String {
        if self.is_chosen_on_validation_rows() {
            validation_rows(rows, &rule.metric)
        } else {
            test_rows(rows, &rule.metric)
        }
    }

    /// Whether there are validation rows, by which picks go instead of the test rows.
    #[must_use]
    pub fn is_chosen_on_validation_rows(&self) -> bool {
        self.variants.iter().any(|variant| variant.validation.is_some())
    }
}

/// A sentence's beginning.
fn capitalized(text: &str) -> String {
    let mut symbols = text.chars();
    symbols.next().map_or_else(String::new, |first| first.to_uppercase().chain(symbols).collect())
}
